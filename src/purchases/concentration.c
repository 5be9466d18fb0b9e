/*-------------------------------------------------------------------------
 *
 * concentration.c
 *	  How much of the revenue comes from how few: top_share, top_shares and gini.
 *
 * Both are read off the Lorenz curve of what customers spent.  The curve is
 * linear between customers, so the best 20% of 7 customers are one customer
 * and four tenths of the next: no rounding rule, and shares add up.
 *
 * States are arrays of double precision, 8 bytes a customer (see values.h).
 * That of top_share starts with the share that was asked for.  A state that was
 * made by hand is read with the same checks as a row.
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
#include "base/values.h"

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

/* The largest first.  A long sort looks for a cancelled query as it goes. */
#define ST_SORT				sort_amounts
#define ST_ELEMENT_TYPE		float8
#define ST_COMPARE(a, b)	float8_cmp_internal(*(b), *(a))
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE			static
#define ST_DEFINE
#include "lib/sort_template.h"

/* The Lorenz curve, as amounts in descending order and their total. */
typedef struct Curve
{
	float8		share;			/* that the state begins with, if it does */
	float8	   *amounts;
	int			n;
	float8		total;
} Curve;

static void
read_curve(Curve *curve, AnyArrayType *state, bool has_share)
{
	array_iter	iterator;
	int			items = open_values(state, &iterator);

	memset(curve, 0, sizeof(*curve));
	curve->amounts = palloc_extended(Max(items, 1) * sizeof(float8), MCXT_ALLOC_HUGE);
	for (int i = 0; i < items; i++)
	{
		float8		value = DatumGetFloat8(next_value(&iterator, i));

		if (i == 0 && has_share)
			curve->share = check_share(value);
		else
			curve->amounts[curve->n++] = check_revenue(value);
	}
	sort_amounts(curve->amounts, curve->n);

	/* Only now, so that the last bits depend on no order of rows or workers. */
	for (int i = 0; i < curve->n; i++)
		curve->total += curve->amounts[i];
}

/*
 * The share that a state of top_share begins with must be a row's or another
 * state's; an empty state begins with that.
 */
static Datum
begin_share(FunctionCallInfo fcinfo, Datum state, float8 share)
{
	array_iter	iterator;

	if (open_values(DatumGetAnyArrayP(state), &iterator) == 0)
		return append_value(fcinfo, state, Float8GetDatum(check_share(share)));
	check_same_share(check_share(DatumGetFloat8(next_value(&iterator, 0))), check_share(share));
	return state;
}

PG_FUNCTION_INFO_V1(top_share_accum);
Datum
top_share_accum(PG_FUNCTION_ARGS)
{
	Datum		state = begin_share(fcinfo, PG_GETARG_DATUM(0), PG_GETARG_FLOAT8(2));

	return append_value(fcinfo, state, Float8GetDatum(check_revenue(PG_GETARG_FLOAT8(1))));
}

/* The second worker's share must be the first's, and goes in only once. */
PG_FUNCTION_INFO_V1(top_share_combine);
Datum
top_share_combine(PG_FUNCTION_ARGS)
{
	Datum		state = PG_GETARG_DATUM(0);
	array_iter	iterator;
	int			n = open_values(PG_GETARG_ANY_ARRAY_P(1), &iterator);

	if (n > 0)
		state = begin_share(fcinfo, state, DatumGetFloat8(next_value(&iterator, 0)));
	for (int i = 1; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		state = append_value(fcinfo, state, next_value(&iterator, i));
	}
	PG_RETURN_DATUM(state);
}

/* What the best bring up to each of them: of the first none, of the second one, and so on. */
static float8 *
add_up(const Curve *curve)
{
	float8	   *so_far = palloc_extended(((Size) curve->n + 1) * sizeof(float8), MCXT_ALLOC_HUGE);

	if (isinf(curve->total))
		float_overflow_error();
	so_far[0] = 0;
	for (int i = 0; i < curve->n; i++)
		so_far[i + 1] = so_far[i] + curve->amounts[i];
	return so_far;
}

static float8
share_of_best(const Curve *curve, const float8 *so_far, float8 share)
{
	float8		customers = share * curve->n;
	int			whole = (int) customers;
	float8		revenue = so_far[whole];

	if (whole < curve->n)
		revenue += (customers - whole) * curve->amounts[whole];
	return Min(revenue / curve->total, 1.0);
}

PG_FUNCTION_INFO_V1(top_share_final);
Datum
top_share_final(PG_FUNCTION_ARGS)
{
	Curve		curve;

	read_curve(&curve, PG_GETARG_ANY_ARRAY_P(0), true);
	if (curve.n == 0 || curve.total == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(share_of_best(&curve, add_up(&curve), curve.share));
}

/* What somebody has collected: no state, whose fault would be another one's. */
static AnyArrayType *
collected_argument(FunctionCallInfo fcinfo, int argno, const char *what)
{
	AnyArrayType *array = PG_GETARG_ANY_ARRAY_P(argno);

	if (AARR_NDIM(array) > 1 || (AARR_NDIM(array) == 1 && AARR_HASNULL(array) &&
								 array_contains_nulls(DatumGetArrayTypeP(PG_GETARG_DATUM(argno)))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be an array of one dimension without NULLs", what),
				 errhint("Collect them with array_agg(x) FILTER (WHERE x IS NOT NULL).")));
	return array;
}

/* top_shares(amounts, shares): sorted once, for whoever draws the curve */
PG_FUNCTION_INFO_V1(top_shares);
Datum
top_shares(PG_FUNCTION_ARGS)
{
	Curve		curve;
	array_iter	iterator;
	int			n = open_values(collected_argument(fcinfo, 1, "shares"), &iterator);
	Datum	   *shares = palloc(Max(n, 1) * sizeof(Datum));
	float8	   *so_far;

	for (int i = 0; i < n; i++)
		shares[i] = Float8GetDatum(check_share(DatumGetFloat8(next_value(&iterator, i))));
	read_curve(&curve, collected_argument(fcinfo, 0, "amounts"), false);
	if (curve.n == 0 || curve.total == 0)
		PG_RETURN_NULL();
	so_far = add_up(&curve);
	for (int i = 0; i < n; i++)
		shares[i] = Float8GetDatum(share_of_best(&curve, so_far, DatumGetFloat8(shares[i])));
	PG_RETURN_ARRAYTYPE_P(construct_array(shares, n, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
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
	Curve		curve;
	float8		weighted = 0;
	int			n;

	read_curve(&curve, PG_GETARG_ANY_ARRAY_P(0), false);
	n = curve.n;
	if (n == 0 || curve.total == 0)
		PG_RETURN_NULL();
	for (int i = 0; i < n / 2; i++)
		weighted += (n - 1 - 2 * i) * (curve.amounts[i] - curve.amounts[n - 1 - i]);
	if (isinf(curve.total) || isinf(weighted))
		float_overflow_error();
	PG_RETURN_FLOAT8(weighted / n / curve.total);
}

/* gini(amounts) */
PG_FUNCTION_INFO_V1(gini_of_amounts);
Datum
gini_of_amounts(PG_FUNCTION_ARGS)
{
	collected_argument(fcinfo, 0, "amounts");
	return gini_final(fcinfo);
}
