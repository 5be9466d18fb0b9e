/*-------------------------------------------------------------------------
 *
 * lines.h
 *	  Text that leaves in a format of lines.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_LINES_H
#define LOYALCS_LINES_H

#include "lib/stringinfo.h"

extern text * text_as_one_line(const char *words, int length);
extern text * text_as_plain_lines(const char *words, int length);

#endif							/* LOYALCS_LINES_H */
