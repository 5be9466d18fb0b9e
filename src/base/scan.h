/*-------------------------------------------------------------------------
 *
 * scan.h
 *	  Reads the small JSON objects that are the text of our types.
 *
 * The text of `ratings` and `purchases` is a flat JSON object with a fixed
 * vocabulary: no nesting, no escapes.  A scanner walks over it and, at the
 * first thing that does not fit, keeps what was expected there and where; all
 * later steps then do nothing, so a parser needs to look only once, at the
 * end.  Pure: no allocation, no ereport.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_SCAN_H
#define LOYALCS_SCAN_H

typedef struct Scanner
{
	const char *start;			/* the whole text, NUL-terminated */
	const char *at;				/* the next character */
	const char *expected;		/* what should have stood at `at`, or NULL */
} Scanner;

extern void scan_start(Scanner *scanner, const char *text);
extern void scan_blanks(Scanner *scanner);
extern bool scan_fail(Scanner *scanner, const char *expected);
extern bool scan_char(Scanner *scanner, char wanted, const char *expected);
extern bool scan_member(Scanner *scanner, bool *first);
extern bool scan_end(Scanner *scanner);
extern bool scan_digits(Scanner *scanner, int width, int *value);
extern bool scan_count(Scanner *scanner, int64 max, int64 *value,
					   const char *expected);
extern bool scan_number(Scanner *scanner, double *value, const char *expected);
extern bool scan_key(Scanner *scanner, const char *key);

/* The character's number, as people count: from 1. */
#define scan_position(scanner) ((int) ((scanner)->at - (scanner)->start) + 1)

#endif							/* LOYALCS_SCAN_H */
