/*-------------------------------------------------------------------------
 *
 * normal.h
 *	  A text as it is matched, and where each of its characters came from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_NORMAL_H
#define LOYALCS_NORMAL_H

#include "mb/pg_wchar.h"

/*
 * A thousand pages of print.  A character may become eighteen, of twelve bytes
 * each, so a text of this size takes a gigabyte at most.
 */
#define NORMAL_MAX_TEXT		(4 * 1024 * 1024)

/*
 * Characters of a normalised text, and where those began and ended that they
 * were made of, counted in characters of the text: from 0, the end is out.
 */
typedef struct NormalText
{
	pg_wchar   *letters;
	int32	   *from;
	int32	   *to;
	bool	   *hiragana;		/* was it hiragana, which is folded to
								 * katakana? */
	int			length;
	int			room;
} NormalText;

extern void normalize_text(const char *utf8, size_t size, NormalText *text);
extern void free_normal_text(NormalText *text);

#endif							/* LOYALCS_NORMAL_H */
