/*-------------------------------------------------------------------------
 *
 * business_time.c
 *	  Questions to business hours: is it open, how much open time, until when.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/intervals.h"
#include "calendar/calendar.h"

/*
 * Checks, each the only one of its kind
 */

static void
check_order(TimestampTz from, TimestampTz to)
{
	if (from > to)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("open periods must be asked from the earlier instant to the later"),
				 errdetail("They were asked from %s to %s.", pstrdup(timestamptz_to_str(from)),
						   pstrdup(timestamptz_to_str(to)))));
}

static void
check_amount(const Interval *amount)
{
	if (INTERVAL_NOT_FINITE(amount))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("an amount of business time cannot be infinite")));
	if (amount->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an amount of business time cannot have months"),
				 errdetail("It is \"%s\".",
						   DatumGetCString(DirectFunctionCall1(interval_out,
															   IntervalPGetDatum(amount)))),
				 errhint("Write business days and open hours, such as '3 days' or '8 hours'.")));
}

PG_FUNCTION_INFO_V1(business_hours_is_open);
Datum
business_hours_is_open(PG_FUNCTION_ARGS)
{
	Calendar   *calendar = calendar_argument(fcinfo, 0);
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
	const OpenTable *table = calendar_table(calendar, at, at);

	PG_RETURN_BOOL(table->stretches[locate(table, at)].open <= at);
}

PG_FUNCTION_INFO_V1(business_hours_next_open);
Datum
business_hours_next_open(PG_FUNCTION_ARGS)
{
	Calendar   *calendar = calendar_argument(fcinfo, 0);

	PG_RETURN_TIMESTAMPTZ(open_after(calendar, PG_GETARG_TIMESTAMPTZ(1), 0));
}

/* The same, but NULL where that is an error. */
PG_FUNCTION_INFO_V1(business_hours_try_next_open);
Datum
business_hours_try_next_open(PG_FUNCTION_ARGS)
{
	Calendar   *calendar = calendar_argument(fcinfo, 0);
	TimestampTz open;

	if (try_open_after(calendar, PG_GETARG_TIMESTAMPTZ(1), 0, &open) != OPEN_FOUND)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(open);
}

/* NULL if it is open from then on to the end of all years. */
PG_FUNCTION_INFO_V1(business_hours_next_close);
Datum
business_hours_next_close(PG_FUNCTION_ARGS)
{
	Calendar   *calendar = calendar_argument(fcinfo, 0);
	TimestampTz open = open_after(calendar, PG_GETARG_TIMESTAMPTZ(1), 0);
	TimestampTz close;

	if (!open_close(calendar, open, &close))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(close);
}

PG_FUNCTION_INFO_V1(business_time);
Datum
business_time(PG_FUNCTION_ARGS)
{
	TimestampTz from = PG_GETARG_TIMESTAMPTZ(0);
	TimestampTz to = PG_GETARG_TIMESTAMPTZ(1);
	Calendar   *calendar = calendar_argument(fcinfo, 2);

	PG_RETURN_INTERVAL_P(interval_of_time(open_between(calendar, from, to)));
}

PG_FUNCTION_INFO_V1(add_business_time);
Datum
add_business_time(PG_FUNCTION_ARGS)
{
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(0);
	Interval   *amount = PG_GETARG_INTERVAL_P(1);
	Calendar   *calendar = calendar_argument(fcinfo, 2);

	check_amount(amount);
	if (amount->day != 0)
		at = ask_calendar(calendar, add_business_days, at, amount->day, amount->day > 0 ? 1 : -1);
	if (amount->time < 0)
		at = ask_calendar(calendar, subtract_open_time, at,
						  -Max(amount->time, -PG_INT64_MAX), -1);
	else if (amount->time > 0 || amount->day == 0)
		at = open_after(calendar, at, amount->time);
	PG_RETURN_TIMESTAMPTZ(at);
}

/*
 * Open periods: calls `take` for each, in order, cut off at both ends.
 */

static RangeType *
instant_range(TypeCacheEntry *type, TimestampTz from, TimestampTz to)
{
	RangeBound	lower = {TimestampTzGetDatum(from), false, true, true};
	RangeBound	upper = {TimestampTzGetDatum(to), false, false, false};

	return make_valid_range(type, &lower, &upper);
}

PG_FUNCTION_INFO_V1(open_periods);
Datum
open_periods(PG_FUNCTION_ARGS)
{
	Calendar   *calendar = calendar_argument(fcinfo, 0);
	TimestampTz from = PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz to = PG_GETARG_TIMESTAMPTZ(2);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TypeCacheEntry *type = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	const OpenTable *table;

	check_order(from, to);
	table = calendar_table(calendar, from, to);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (int i = locate(table, from); table->stretches[i].open < to; i++)
	{
		Datum		range;
		bool		isnull = false;

		if (from == to)
			break;
		range = RangeTypePGetDatum(instant_range(type,
												 Max(table->stretches[i].open, from),
												 Min(table->stretches[i].close, to)));
		tuplestore_putvalues(result->setResult, result->setDesc, &range, &isnull);
		pfree(DatumGetPointer(range));
		CHECK_FOR_INTERRUPTS();
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(open_multirange);
Datum
open_multirange(PG_FUNCTION_ARGS)
{
	Calendar   *calendar = calendar_argument(fcinfo, 0);
	TimestampTz from = PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz to = PG_GETARG_TIMESTAMPTZ(2);
	TypeCacheEntry *type = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	const OpenTable *table;
	RangeType **ranges;
	int			first;
	int			n = 0;

	check_order(from, to);
	table = calendar_table(calendar, from, to);
	first = locate(table, from);
	/* 200 years of 24 times a day are 1.8 million ranges: it fits */
	ranges = palloc((table->nstretches - first + 1) * sizeof(RangeType *));
	for (int i = first; from < to && table->stretches[i].open < to; i++)
	{
		ranges[n++] = instant_range(type, Max(table->stretches[i].open, from),
									Min(table->stretches[i].close, to));
		CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_MULTIRANGE_P(make_multirange(TSTZMULTIRANGEOID, type, n, ranges));
}
