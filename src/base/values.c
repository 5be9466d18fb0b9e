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

/*
 * Stores a value behind the others where the array has room for it.  That is
 * all that array_set_element() would do, after looking at everything that an
 * array can be.
 */
static bool
append_in_place(ExpandedArrayHeader *array, Datum value)
{
	if (array->ndims != 1 || array->lbound[0] != 1 || array->fvalue != NULL ||
		array->dvalues == NULL || array->dnulls != NULL || !array->typbyval ||
		array->nelems != array->dims[0] || array->nelems >= array->dvalueslen)
		return false;
	array->dvalues[array->nelems++] = value;
	array->dims[0]++;
	array->flat_size = 0;		/* as it was before this value */
	return true;
}

/* Appends a value of eight bytes: in place where the executor owns the state. */
Datum
append_value(FunctionCallInfo fcinfo, Datum state, Datum value)
{
	MemoryContext aggregate;
	ExpandedArrayHeader *array;
	array_iter	iterator;
	int			next;

	if (VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(state)) &&
		append_in_place((ExpandedArrayHeader *) DatumGetEOHP(state), value))
		return state;
	(void) open_values(DatumGetAnyArrayP(state), &iterator);
	if (!AggCheckCallContext(fcinfo, &aggregate))
		aggregate = CurrentMemoryContext;
	if (!VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(state)))
		state = expand_array(state, aggregate, NULL);
	array = (ExpandedArrayHeader *) DatumGetEOHP(state);
	next = array->ndims == 0 ? 1 : array->lbound[0] + array->dims[0];
	return array_set_element(state, 1, &next, value, false, -1, sizeof(int64),
							 FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

/* The transition of aggregates that only collect. */
PG_FUNCTION_INFO_V1(collect_value);
Datum
collect_value(PG_FUNCTION_ARGS)
{
	return append_value(fcinfo, PG_GETARG_DATUM(0), PG_GETARG_DATUM(1));
}
