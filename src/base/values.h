/*-------------------------------------------------------------------------
 *
 * values.h
 *	  Values that an aggregate collects: the state is an array of them.
 *
 * The array is expanded while an aggregate runs and flat when it came from
 * another worker, or from whoever calls the functions by hand.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_VALUES_H
#define LOYALCS_VALUES_H

#include "fmgr.h"
#include "utils/array.h"
#include "utils/arrayaccess.h"

extern int	open_values(AnyArrayType *array, array_iter *iterator);
extern Datum append_value(FunctionCallInfo fcinfo, Datum state, Datum value);

/*
 * The next value of eight bytes: a double precision, a bigint, a timestamptz.
 * open_values() has seen to it that none is NULL.
 */
static inline Datum
next_value(array_iter *iterator, int i)
{
	bool		isnull;

	return array_iter_next(iterator, &isnull, i, sizeof(int64), FLOAT8PASSBYVAL,
						   TYPALIGN_DOUBLE);
}

#endif							/* LOYALCS_VALUES_H */
