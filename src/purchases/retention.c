/*-------------------------------------------------------------------------
 *
 * retention.c
 *	  The customer retention rate as it is published, and its complement.
 *
 * CRR = (E - N) / S: of the S customers at the start of a period, how many of
 * the E at its end are not among the N acquired during it.  The published
 * formula counts a customer who comes back after a pause as retained, so it
 * can exceed 1; the shop's view sets strict retention beside it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/compat.h"

static void
check_customers(int64 starting, int64 ending, int64 acquired)
{
	if (starting < 0 || ending < 0 || acquired < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a number of customers cannot be negative"),
				 errdetail("There are " INT64_FORMAT " at the start, " INT64_FORMAT
						   " at the end and " INT64_FORMAT " acquired.",
						   starting, ending, acquired)));
	if (acquired > ending)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("more customers acquired than there are at the end"),
				 errdetail("There are " INT64_FORMAT " acquired and " INT64_FORMAT
						   " at the end.", acquired, ending),
				 errhint("Count as acquired only those who are still customers at the end of the period.")));
}

static Datum
retention(FunctionCallInfo fcinfo, bool lost)
{
	int64		starting = PG_GETARG_INT64(0);
	int64		ending = PG_GETARG_INT64(1);
	int64		acquired = PG_GETARG_INT64(2);
	int64		kept;

	check_customers(starting, ending, acquired);
	if (starting == 0)
		PG_RETURN_NULL();
	kept = ending - acquired;
	/* Counted, since 1 - rate would give 0.09999999999999998 for 20 of 200. */
	PG_RETURN_FLOAT8((float8) (lost ? starting - kept : kept) / starting);
}

PG_FUNCTION_INFO_V1(retention_rate);
Datum
retention_rate(PG_FUNCTION_ARGS)
{
	return retention(fcinfo, false);
}

PG_FUNCTION_INFO_V1(churn_rate);
Datum
churn_rate(PG_FUNCTION_ARGS)
{
	return retention(fcinfo, true);
}
