/*-------------------------------------------------------------------------
 *
 * values.c
 *	  Values that an aggregate collects: the state is an array of them.
 *
 * PostgreSQL's own expanded arrays grow in place, so a row costs no copy, and
 * eight bytes a value with some room to grow.  MaxArraySize bounds them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/aggregate.h"
#include "base/compat.h"
#include "base/values.h"

/* A scan only of an array that has room for NULLs, which no state of ours has. */
static bool
has_null(AnyArrayType *array)
{
	if (!VARATT_IS_EXPANDED_HEADER(array))
		return array_contains_nulls(&array->flt);
	if (array->xpn.dvalues == NULL)
		return array_contains_nulls(array->xpn.fvalue);
	for (int i = 0; array->xpn.dnulls != NULL && i < array->xpn.nelems; i++)
	{
		if (array->xpn.dnulls[i])
			return true;
	}
	return false;
}

/*
 * Checks that an array can be a state, and makes it ready to be read.  Returns
 * how many values there are.
 */
int
open_values(AnyArrayType *array, array_iter *iterator)
{
	check_state(AARR_NDIM(array) <= 1, "The array of its values has more than one dimension.");
	check_state(!has_null(array), "There is a NULL among its values.");
	array_iter_setup(iterator, array);
	return ArrayGetNItems(AARR_NDIM(array), AARR_DIMS(array));
}

/* Appends a value of eight bytes: in place where the executor owns the state. */
Datum
append_value(FunctionCallInfo fcinfo, Datum state, Datum value)
{
	MemoryContext aggregate;
	ExpandedArrayHeader *array;
	int			next;

	if (!AggCheckCallContext(fcinfo, &aggregate))
		aggregate = CurrentMemoryContext;
	if (!VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(state)))
		state = expand_array(state, aggregate, NULL);
	array = (ExpandedArrayHeader *) DatumGetEOHP(state);
	next = array->ndims == 0 ? 1 : array->lbound[0] + array->dims[0];
	return array_set_element(state, 1, &next, value, false, -1, sizeof(int64),
							 FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}
