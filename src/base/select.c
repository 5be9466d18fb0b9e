/*-------------------------------------------------------------------------
 *
 * select.c
 *	  Selection among integers of eight bytes, which all who select share:
 *	  amounts, instants, lengths of time, and floats as keys of the same order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/select.h"

#define SELECT_NAME				select_between
#define SELECT_ELEMENT			int64
#define SELECT_COMPARE(a, b)	compare_int64(a, b)
#include "base/select_template.h"

/*
 * After the call, elements[places[i]] is what a sort would have put there; the
 * places ascend and lie in [0, n), n > 0.
 */
void
select_int64(int64 *elements, int64 n, const int64 *places, int nplaces)
{
	select_between(elements, 0, n, places, nplaces, select_budget(n));
}
