/*-------------------------------------------------------------------------
 *
 * durations.c
 *	  Lengths of time as numbers of days or minutes.
 *
 * What they say is what numeric says, EXTRACT(epoch FROM length) / 86400 or / 60, and
 * then a cast of that to double precision: the same four calls, but of one function, of
 * which the planner knows what it costs.  So whoever asks for the ten best does not have
 * it computed of everybody.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "base/compat.h"

static Datum
length_in(Datum length, int64 seconds)
{
	Datum		epoch = DirectFunctionCall2(extract_interval,
											PointerGetDatum(cstring_to_text("epoch")), length);
	Datum		quotient = DirectFunctionCall2(numeric_div, epoch,
											   NumericGetDatum(int64_to_numeric(seconds)));

	return DirectFunctionCall1(numeric_float8, quotient);
}

/* in_days(length) */
PG_FUNCTION_INFO_V1(length_in_days);
Datum
length_in_days(PG_FUNCTION_ARGS)
{
	return length_in(PG_GETARG_DATUM(0), SECS_PER_DAY);
}

/* in_minutes(length) */
PG_FUNCTION_INFO_V1(length_in_minutes);
Datum
length_in_minutes(PG_FUNCTION_ARGS)
{
	return length_in(PG_GETARG_DATUM(0), SECS_PER_MINUTE);
}
