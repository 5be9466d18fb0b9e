/*-------------------------------------------------------------------------
 *
 * bgnbd.c
 *	  The type bgnbd, the aggregate that fits it, and what a customer's purchases
 *	  say to it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/timestamp.h"

#include "base/compat.h"
#include "outlook/bgnbd.h"
#include "outlook/fit.h"
#include "purchases/purchases.h"

FIT_TYPE(bgnbd, &bgnbd_model);

/*
 * Thirty thousand years of microseconds.  Beyond, sums of squares would be far from
 * anything that is counted, and orders of magnitude from anybody's age.
 */
#define GREATEST_TIME	1e18

/* What is known of a customer, by three arguments from `first` on. */
Customer
customer_argument(FunctionCallInfo fcinfo, int first)
{
	int64		x = PG_GETARG_INT64(first);
	double		t_x = PG_GETARG_FLOAT8(first + 1) + 0.0;
	double		t = PG_GETARG_FLOAT8(first + 2) + 0.0;
	Customer	customer = {x, t_x, t};

	if (unlikely(x < 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a number of repeat orders cannot be negative"),
				 errdetail("It is " INT64_FORMAT ".", x),
				 errhint("Count a customer's orders after her first.")));
	if (unlikely(!(t_x >= 0 && t_x <= t && t <= GREATEST_TIME)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a customer's last order is not between her first and now"),
				 errdetail("t_x is %g and t is %g.", t_x, t),
				 errhint("t_x is the time from the first order to the last, t that to now, both in the same unit, and at most %g.", GREATEST_TIME)));
	if (unlikely(x == 0 && t_x != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a customer without repeat orders has no time of the last one"),
				 errdetail("t_x is %g.", t_x),
				 errhint("Times count from the first order: say 0.")));
	return customer;
}

double
horizon_argument(FunctionCallInfo fcinfo, int argno)
{
	double		horizon = PG_GETARG_FLOAT8(argno);

	if (unlikely(!(horizon >= 0 && horizon <= GREATEST_TIME)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a horizon is a time from now on"),
				 errdetail("It is %g.", horizon),
				 errhint("Say it in the unit of t: 90 for 90 days. It is at most %g.", GREATEST_TIME)));
	return horizon;
}

/*
 * Fitting
 */

PG_FUNCTION_INFO_V1(bgnbd_accum);
Datum
bgnbd_accum(PG_FUNCTION_ARGS)
{
	Customer	customer = customer_argument(fcinfo, 1);
	Case		one = {PG_GETARG_INT64(1), customer.t_x, customer.t, 1};

	return add_case(fcinfo, BGNBD_CASES, &one, PG_NARGS() > 4 ? PG_GETARG_FLOAT8(4) : 0);
}

PG_FUNCTION_INFO_V1(bgnbd_final);
Datum
bgnbd_final(PG_FUNCTION_ARGS)
{
	return fit_final(fcinfo, &bgnbd_model, BGNBD_CASES, fit_bgnbd);
}

/*
 * What purchases say
 */

PG_FUNCTION_INFO_V1(repeat_purchases);
Datum
repeat_purchases(PG_FUNCTION_ARGS)
{
	Purchases  *purchases = PG_GETARG_PURCHASES_P(0);

	if (purchases->count == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(purchases->count - 1);
}

PG_FUNCTION_INFO_V1(days_to_last_purchase);
Datum
days_to_last_purchase(PG_FUNCTION_ARGS)
{
	Purchases  *purchases = PG_GETARG_PURCHASES_P(0);

	if (purchases->count == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) (purchases->last - purchases->first) / USECS_PER_DAY);
}

PG_FUNCTION_INFO_V1(days_since_first_purchase);
Datum
days_since_first_purchase(PG_FUNCTION_ARGS)
{
	Purchases  *purchases = PG_GETARG_PURCHASES_P(0);
	int64		micros;

	if (!time_until(purchases, purchases->first, PG_GETARG_TIMESTAMPTZ(1), "a customer's age", &micros))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) micros / USECS_PER_DAY);
}
