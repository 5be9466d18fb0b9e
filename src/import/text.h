/*-------------------------------------------------------------------------
 *
 * text.h
 *	  The encodings that exports are written in
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_IMPORT_TEXT_H
#define LOYALCS_IMPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* For each byte of a file so many of UTF-8 at most: one of half-width kana has three. */
#define MAX_GROWTH			3

typedef enum Encoding
{
	ENCODING_UTF8,
	ENCODING_CP932				/* Shift-JIS as Windows has it, with 髙 and ① */
} Encoding;

extern const char *const encoding_names[];

/* The one that has this name, in any case; false if none has. */
extern bool find_encoding(Encoding *encoding, const char *name);

/*
 * What a file is written in: each line that is not ASCII alone has a voice, and
 * next to none in Japanese is both UTF-8 and CP932.  So one damaged line does not
 * turn all others into something else.
 */
extern Encoding guess_encoding(const char *text, size_t length);

/* How long the mark is that says that a file is UTF-8. */
extern size_t byte_order_mark(const char *text, size_t length);

/*
 * Writes text as UTF-8 to where there is room for MAX_GROWTH times as much; gives
 * its length, or -1 if it is not in that encoding or has a NUL in it.
 */
extern long to_utf8(char *utf8, const char *text, size_t length, Encoding encoding);

#endif							/* LOYALCS_IMPORT_TEXT_H */
