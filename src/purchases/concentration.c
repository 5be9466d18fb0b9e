/*-------------------------------------------------------------------------
 *
 * concentration.c
 *	  How much of the revenue comes from how few: top_share, top_shares, gini, and
 *	  what it takes to be one of the few.
 *
 * Both are read off the Lorenz curve of what customers spent.  The curve is
 * linear between customers, so the best 20% of 7 customers are one customer
 * and four tenths of the next: no rounding rule, and shares add up.
 *
 * States are arrays of double precision, 8 bytes a customer (see values.h).
 * That of top_share starts with the share that was asked for, and that of spent_agg has
 * exact amounts of money.  A state that was made by hand is read with the same checks
 * as a row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/arrayaccess.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/numeric.h"

#include "base/compat.h"
#include "base/money.h"
#include "base/values.h"
#include "purchases/purchases.h"

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

#define ST_SORT				sort_money
#define ST_ELEMENT_TYPE		int64
#define ST_COMPARE(a, b)	(*(a) > *(b) ? -1 : *(a) < *(b))
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
static float8
gini_of_curve(const Curve *curve)
{
	float8		weighted = 0;
	int			n = curve->n;

	for (int i = 0; i < n / 2; i++)
		weighted += (n - 1 - 2 * i) * (curve->amounts[i] - curve->amounts[n - 1 - i]);
	if (isinf(curve->total) || isinf(weighted))
		float_overflow_error();
	return weighted / n / curve->total;
}

PG_FUNCTION_INFO_V1(gini_final);
Datum
gini_final(PG_FUNCTION_ARGS)
{
	Curve		curve;

	read_curve(&curve, PG_GETARG_ANY_ARRAY_P(0), false);
	if (curve.n == 0 || curve.total == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(gini_of_curve(&curve));
}

/* gini(amounts) */
PG_FUNCTION_INFO_V1(gini_of_amounts);
Datum
gini_of_amounts(PG_FUNCTION_ARGS)
{
	collected_argument(fcinfo, 0, "amounts");
	return gini_final(fcinfo);
}

/* spent_accum(state, purchases): what a customer spent, as money.h has it */
PG_FUNCTION_INFO_V1(spent_accum);
Datum
spent_accum(PG_FUNCTION_ARGS)
{
	return append_value(fcinfo, PG_GETARG_DATUM(0), Int64GetDatum(PG_GETARG_PURCHASES_P(1)->total));
}

/* How many of them a share is: up to whole ones, of a share as it is written. */
static int
customers_of_share(float8 share, int n)
{
	Datum		exact = DirectFunctionCall1(float8_numeric, Float8GetDatum(share));
	Datum		customers = DirectFunctionCall2(numeric_mul, NumericGetDatum(int64_to_numeric(n)), exact);

	customers = DirectFunctionCall1(numeric_ceil, customers);
	return Min(DatumGetInt32(DirectFunctionCall1(numeric_int4, customers)), n);
}

/*
 * How many of `most` spent more than the next one, or anything where there is none: whoever
 * has an equal outside is outside.  The most stand first.
 */
static int
reached_by(const int64 *spent, int n, int most)
{
	int64		outside = most < n ? spent[most] : 0;
	int			reached = most;

	while (reached > 0 && spent[reached - 1] <= outside)
		reached--;
	return reached;
}

/* top_spenders(spent, shares) */
PG_FUNCTION_INFO_V1(top_spenders);
Datum
top_spenders(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	array_iter	iterator;
	array_iter	share_iterator;
	int			n = open_values(collected_argument(fcinfo, 0, "amounts"), &iterator);
	int			shares = open_values(collected_argument(fcinfo, 1, "shares"), &share_iterator);
	int64	   *spent = palloc_extended((Size) Max(n, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	Curve		curve = {0};
	float8	   *so_far;
	float8		gini;

	for (int i = 0; i < n; i++)
	{
		spent[i] = DatumGetInt64(next_value(&iterator, i));
		check_revenue(float8_from_money(spent[i]));
	}
	sort_money(spent, n);
	curve.n = n;
	curve.amounts = palloc_extended((Size) Max(n, 1) * sizeof(float8), MCXT_ALLOC_HUGE);
	for (int i = 0; i < n; i++)
	{
		curve.amounts[i] = float8_from_money(spent[i]);
		curve.total += curve.amounts[i];
	}
	so_far = add_up(&curve);
	gini = curve.total > 0 ? gini_of_curve(&curve) : 0;
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < shares; i++)
	{
		float8		share = check_share(DatumGetFloat8(next_value(&share_iterator, i)));
		Datum		values[5] = {Float8GetDatum(share)};
		bool		nulls[5] = {false, false, false, true, true};
		int			reached;

		if (n == 0)
			continue;
		reached = reached_by(spent, n, customers_of_share(share, n));
		values[1] = Int64GetDatum(reached);
		values[2] = reached > 0 ? NumericGetDatum(numeric_from_money(spent[reached - 1])) :
			DirectFunctionCall2(numeric_add, NumericGetDatum(numeric_from_money(spent[0])), NumericGetDatum(int64_to_numeric(1)));
		if (curve.total > 0)
		{
			values[3] = Float8GetDatum(share_of_best(&curve, so_far, share));
			values[4] = Float8GetDatum(gini);
			nulls[3] = nulls[4] = false;
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
