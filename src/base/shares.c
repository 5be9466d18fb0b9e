/*-------------------------------------------------------------------------
 *
 * shares.c
 *	  How well a share is known: Wilson's interval.
 *
 * Wilson, "Probable inference, the law of succession, and statistical
 * inference", Journal of the American Statistical Association 22, 1927: honest
 * for few cases and for shares near 0 and 1, where Wald's is too narrow, and
 * never beyond them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "fmgr.h"

#include "base/row_types.h"
#include "base/shares.h"
#include "base/stats.h"

/*
 * The interval of hits of n, n > 0, at a critical value of the normal distribution.
 * At none and at all of them one of its ends is the share itself, which rounding
 * must not leave outside.
 */
void
wilson_interval(double hits, double n, double z, double *low, double *high)
{
	double		middle = 2 * hits + z * z;
	double		margin = z * sqrt(z * z + 4 * hits * (1 - hits / n));

	*low = Max(Min((middle - margin) / (2 * (n + z * z)), hits / n), 0);
	*high = Min(Max((middle + margin) / (2 * (n + z * z)), hits / n), 1);
}

void
check_hits(const char *name, int64 hits, int64 n)
{
	if (hits < 0 || hits > n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot be %lld of %lld", name, (long long) hits, (long long) n)));
}

void
check_confidence(double confidence)
{
	if (!(confidence > 0 && confidence < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("confidence must be between 0 and 1"),
				 errdetail("It is %g.", confidence),
				 errhint("Write 0.95 for 95 per cent.")));
}

PG_FUNCTION_INFO_V1(share_interval);
Datum
share_interval(PG_FUNCTION_ARGS)
{
	int64		hits = PG_GETARG_INT64(0);
	int64		n = PG_GETARG_INT64(1);
	float8		confidence = PG_GETARG_FLOAT8(2);
	TupleDesc	desc = result_columns(fcinfo);
	Datum		values[2] = {0};
	bool		nulls[2] = {true, true};

	check_hits("hits", hits, n);
	check_confidence(confidence);
	if (n > 0)
	{
		double		low;
		double		high;

		wilson_interval(hits, n, normal_critical(confidence), &low, &high);
		values[0] = Float8GetDatum(low);
		values[1] = Float8GetDatum(high);
		memset(nulls, 0, sizeof(nulls));
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
