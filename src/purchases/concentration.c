/*-------------------------------------------------------------------------
 *
 * concentration.c
 *	  How much of the revenue comes from how few: top_share and gini.
 *
 * Both are read off the Lorenz curve of what customers spent.  The curve is
 * linear between customers, so the best 20% of 7 customers are one customer
 * and four tenths of the next: no rounding rule, and shares add up.
 *
 * States are plain arrays of double precision, 8 bytes a customer.  That of
 * top_share starts with the share that was asked for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/arrayaccess.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "base/compat.h"

static char *
float8_text(float8 value)
{
	return DatumGetCString(DirectFunctionCall1(float8out, Float8GetDatum(value)));
}

static float8
check_revenue(float8 amount)
{
	if (!(amount >= 0) || isinf(amount))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount %s has no share in a revenue", float8_text(amount)),
				 errdetail("Shares are of finite amounts, none of them negative."),
				 errhint("Aggregate what each customer spent, refunds subtracted.")));
	return amount;
}

static float8
check_share(float8 share)
{
	if (!(share > 0 && share <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share must be more than 0 and at most 1"),
				 errdetail("It is %s.", float8_text(share)),
				 errhint("Write 0.2 for the best 20%%.")));
	return share;
}

static void
check_same_share(float8 one, float8 other)
{
	if (one != other)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share must be the same for every row"),
				 errdetail("It is %s in one and %s in another.",
						   float8_text(one), float8_text(other)),
				 errhint("Write one top_share for each share.")));
}

/*
 * Appends to a state that the executor owns.  array_set_element grows an
 * expanded array in place, so a row costs no copy.
 */
static Datum
append_float8(FunctionCallInfo fcinfo, Datum state, float8 value)
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
	return array_set_element(state, 1, &next, Float8GetDatum(value), false, -1,
							 sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

static int
compare_descending(const void *a, const void *b)
{
	return float8_cmp_internal(*(const float8 *) b, *(const float8 *) a);
}

/* The state's elements from `skip` on, checked and sorted, the largest first. */
static float8 *
sorted_amounts(AnyArrayType *state, int64 skip, int64 *n, float8 *total,
			   float8 *first)
{
	int64		items = ArrayGetNItems(AARR_NDIM(state), AARR_DIMS(state));
	float8	   *amounts = palloc_extended(items * sizeof(float8) + 1, MCXT_ALLOC_HUGE);
	array_iter	iterator;
	bool		isnull;

	*n = 0;
	*total = 0;
	array_iter_setup(&iterator, state);
	for (int64 i = 0; i < items; i++)
	{
		float8		value = DatumGetFloat8(array_iter_next(&iterator, &isnull, i,
														   sizeof(float8),
														   FLOAT8PASSBYVAL,
														   TYPALIGN_DOUBLE));

		if (i < skip)
			*first = value;
		else
			amounts[(*n)++] = check_revenue(value);
	}
	CHECK_FOR_INTERRUPTS();
	qsort(amounts, *n, sizeof(float8), compare_descending);

	/* Only now, so that the last bits depend on no order of rows or workers. */
	for (int64 i = 0; i < *n; i++)
		*total += amounts[i];
	return amounts;
}

PG_FUNCTION_INFO_V1(top_share_accum);
Datum
top_share_accum(PG_FUNCTION_ARGS)
{
	Datum		state = PG_GETARG_DATUM(0);
	float8		amount = PG_GETARG_FLOAT8(1);
	float8		share = check_share(PG_GETARG_FLOAT8(2));
	AnyArrayType *array = DatumGetAnyArrayP(state);
	array_iter	iterator;
	bool		isnull;

	if (AARR_NDIM(array) == 0)
		state = append_float8(fcinfo, state, share);
	else
	{
		array_iter_setup(&iterator, array);
		check_same_share(DatumGetFloat8(array_iter_next(&iterator, &isnull, 0,
														sizeof(float8),
														FLOAT8PASSBYVAL,
														TYPALIGN_DOUBLE)),
						 share);
	}
	return append_float8(fcinfo, state, check_revenue(amount));
}

/* The second worker's share must be the first's, and goes in only once. */
PG_FUNCTION_INFO_V1(top_share_combine);
Datum
top_share_combine(PG_FUNCTION_ARGS)
{
	Datum		state = PG_GETARG_DATUM(0);
	AnyArrayType *mine = DatumGetAnyArrayP(state);
	AnyArrayType *other = PG_GETARG_ANY_ARRAY_P(1);
	int64		n = ArrayGetNItems(AARR_NDIM(other), AARR_DIMS(other));
	bool		empty = AARR_NDIM(mine) == 0;
	array_iter	iterator;
	bool		isnull;

	array_iter_setup(&iterator, other);
	for (int64 i = 0; i < n; i++)
	{
		float8		value = DatumGetFloat8(array_iter_next(&iterator, &isnull, i,
														   sizeof(float8),
														   FLOAT8PASSBYVAL,
														   TYPALIGN_DOUBLE));

		if (i == 0 && !empty)
		{
			array_iter	own;

			array_iter_setup(&own, mine);
			check_same_share(DatumGetFloat8(array_iter_next(&own, &isnull, 0,
															sizeof(float8),
															FLOAT8PASSBYVAL,
															TYPALIGN_DOUBLE)),
							 value);
		}
		else
			state = append_float8(fcinfo, state, value);
	}
	PG_RETURN_DATUM(state);
}

PG_FUNCTION_INFO_V1(top_share_final);
Datum
top_share_final(PG_FUNCTION_ARGS)
{
	int64		n;
	float8		total;
	float8		share = 0;
	float8	   *amounts = sorted_amounts(PG_GETARG_ANY_ARRAY_P(0), 1, &n,
										 &total, &share);
	float8		customers = share * n;
	int64		whole = (int64) customers;
	float8		revenue = 0;

	if (n == 0 || total == 0)
		PG_RETURN_NULL();
	if (isinf(total))
		float_overflow_error();
	for (int64 i = 0; i < whole; i++)
		revenue += amounts[i];
	if (whole < n)
		revenue += (customers - whole) * amounts[whole];
	PG_RETURN_FLOAT8(Min(revenue / total, 1.0));
}

/*
 * Gini = sum((2 i - n - 1) x_i) / (n sum(x)), x ascending from i = 1 (the mean
 * absolute difference over twice the mean).  The best and the worst, the next
 * best and the next worst and so on have the same weight with opposite signs;
 * taken in pairs, equal amounts give exactly 0, and nothing becomes negative.
 */
PG_FUNCTION_INFO_V1(gini_final);
Datum
gini_final(PG_FUNCTION_ARGS)
{
	int64		n;
	float8		total;
	float8		first;
	float8	   *amounts = sorted_amounts(PG_GETARG_ANY_ARRAY_P(0), 0, &n,
										 &total, &first);
	float8		weighted = 0;

	if (n == 0 || total == 0)
		PG_RETURN_NULL();
	for (int64 i = 0; i < n / 2; i++)
		weighted += (n - 1 - 2 * i) * (amounts[i] - amounts[n - 1 - i]);
	if (isinf(total) || isinf(weighted))
		float_overflow_error();
	PG_RETURN_FLOAT8(weighted / n / total);
}
