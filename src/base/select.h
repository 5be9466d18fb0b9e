/*-------------------------------------------------------------------------
 *
 * select.h
 *	  Finds the elements that would stand at given places if an array were
 *	  sorted: for integers here, for others by select_template.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_SELECT_H
#define LOYALCS_SELECT_H

#include "port/pg_bitutils.h"

extern void select_int64(int64 *elements, int64 n, const int64 *places, int nplaces);

static inline int
compare_int64(int64 a, int64 b)
{
	return (a > b) - (a < b);
}

/* How many partitions before selection takes the slow, sure way; n > 0. */
static inline int
select_budget(int64 n)
{
	return 2 * pg_leftmost_one_pos64(n);
}

#endif							/* LOYALCS_SELECT_H */
