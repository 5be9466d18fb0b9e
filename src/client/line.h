/*-------------------------------------------------------------------------
 *
 * line.h
 *	  Text of others, made fit for one line of a terminal, a log or JSON
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_CLIENT_LINE_H
#define LOYALCS_CLIENT_LINE_H

#include <stddef.h>

/*
 * Writes length bytes of text as one line of UTF-8 without control characters,
 * which takes no more room; gives its length.
 */
extern size_t one_line(char *line, const char *text, size_t length);

/* Length of text without a last character of which the end is missing. */
extern size_t whole_characters(const char *text, size_t length);

/*
 * A line of JSON in which each control character is written as an escape, in
 * memory of its own; NULL if there is none left.
 */
extern char *json_line(const char *line);

#endif							/* LOYALCS_CLIENT_LINE_H */
