/*-------------------------------------------------------------------------
 *
 * gamma_gamma.c
 *	  The type gamma_gamma, and the aggregate that fits it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/compat.h"
#include "outlook/fit.h"
#include "outlook/gamma_gamma.h"
#include "outlook/gamma_gamma_model.h"

FIT_TYPE(gamma_gamma, &gamma_gamma_model);

/* As for times, in bgnbd.c. */
#define GREATEST_MEAN	1e18

/* The mean of x orders; of none there is none, and it may be NULL. */
double
mean_argument(FunctionCallInfo fcinfo, int argno, int64 x)
{
	double		mean;

	if (x == 0)
		return 0;
	mean = PG_GETARG_FLOAT8(argno) + 0.0;
	if (unlikely(!(mean >= 0 && mean <= GREATEST_MEAN)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a mean of orders is an amount from 0 to %g", GREATEST_MEAN),
				 errdetail("It is %g.", mean)));
	return mean;
}

/*
 * A customer of whom there is nothing to be learnt is counted, and no more: without
 * repeat orders, or whose orders were for nothing, which no gamma distribution gives.
 */
PG_FUNCTION_INFO_V1(gamma_gamma_accum);
Datum
gamma_gamma_accum(PG_FUNCTION_ARGS)
{
	Case		one = {0, 0, 0, 1};
	int64		x = PG_GETARG_INT64(1);

	if (unlikely(x < 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a number of repeat orders cannot be negative"),
				 errdetail("It is " INT64_FORMAT ".", x),
				 errhint("Count a customer's orders after her first.")));
	one.first = mean_argument(fcinfo, 2, x);
	if (one.first > 0)
		one.x = x;
	return add_case(fcinfo, GAMMA_GAMMA_CASES, &one, PG_NARGS() > 3 ? PG_GETARG_FLOAT8(3) : 0);
}

PG_FUNCTION_INFO_V1(gamma_gamma_final);
Datum
gamma_gamma_final(PG_FUNCTION_ARGS)
{
	return fit_final(fcinfo, &gamma_gamma_model, GAMMA_GAMMA_CASES, fit_gamma_gamma);
}
