/*-------------------------------------------------------------------------
 *
 * sla.c
 *	  A clock and a target become a deadline, and a deadline becomes a state.
 *
 * Times are microseconds; a clock without opening hours counts all of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/instants.h"
#include "base/intervals.h"
#include "base/labels.h"
#include "calendar/calendar.h"
#include "service/ticket_clocks.h"

/* In the order of the enum sla_state. */
static const char *const state_names[] = {
	"met", "missed", "running", "at_risk", "breached", "paused"
};

typedef enum State
{
	STATE_MET,
	STATE_MISSED,
	STATE_RUNNING,
	STATE_AT_RISK,
	STATE_BREACHED,
	STATE_PAUSED
} State;

#define STATES			((int) lengthof(state_names))

/* A hundred years: no promise is longer, and no sum of them overflows. */
#define MAX_TARGET			(INT64CONST(36500) * USECS_PER_DAY)

static void
report_target(const Interval *target, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" cannot be a target",
					DatumGetCString(DirectFunctionCall1(interval_out,
														IntervalPGetDatum(target)))),
			 errdetail("%s", detail),
			 errhint("Write hours: of open time, two days of eight hours are interval '16 hours'.")));
}

static int64
check_target(const Interval *target, bool on_the_wall)
{
	int64		days = 0;
	int64		amount = 0;

	if (target->month != 0 || target->day < 0 || target->time < 0 ||
		pg_mul_s64_overflow(target->day, USECS_PER_DAY, &days) ||
		pg_add_s64_overflow(days, target->time, &amount) || amount > MAX_TARGET)
		report_target(target, "A target is from 0 to 36500 days long, and not in months, which differ.");
	if (target->day != 0 && !on_the_wall)
		report_target(target, "Business days differ in length.");
	return amount;
}

/*
 * Deadlines
 */

/*
 * Time that counts: open time, or all of it.  False if that is more than an
 * interval holds: from the first instant that there is to the last.
 */
static bool
count_time(Calendar *calendar, TimestampTz from, TimestampTz until, int64 *counted)
{
	if (until == DT_NOEND)
		return false;
	if (calendar == NULL)
		return !pg_sub_s64_overflow(until, from, counted);
	*counted = open_between(calendar, from, until);
	return true;
}

static TimestampTz
add_counted_time(Calendar *calendar, TimestampTz at, int64 amount)
{
	TimestampTz result;

	if (calendar != NULL)
		return open_after(calendar, at, amount);
	if (pg_add_s64_overflow(at, amount, &result) || !IS_VALID_TIMESTAMP(result))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return result;
}

/* The pauses of argument `argno`, ascending and apart, as a multirange has them. */
static int
pauses_argument(FunctionCallInfo fcinfo, int argno, Pause **pauses)
{
	MultirangeType *multirange;
	TypeCacheEntry *type;
	RangeType **ranges;
	int			n;

	*pauses = NULL;
	if (PG_ARGISNULL(argno))
		return 0;
	multirange = PG_GETARG_MULTIRANGE_P(argno);
	if (MultirangeIsEmpty(multirange))
		return 0;
	type = lookup_type_cache(MultirangeTypeGetOid(multirange), TYPECACHE_MULTIRANGE_INFO);
	multirange_deserialize(type->rngtype, multirange, &n, &ranges);
	*pauses = palloc(n * sizeof(Pause));
	for (int i = 0; i < n; i++)
	{
		RangeBound	lower;
		RangeBound	upper;
		bool		empty;

		range_deserialize(type->rngtype, ranges[i], &lower, &upper, &empty);
		(*pauses)[i].from = lower.infinite ? DT_NOBEGIN : DatumGetTimestampTz(lower.val);
		(*pauses)[i].until = upper.infinite ? DT_NOEND : DatumGetTimestampTz(upper.val);
	}
	return n;
}

/*
 * When the target is used up.  False if that is not known, because a pause has
 * not ended.
 */
static bool
find_due(TimestampTz started, int64 target, Calendar *calendar, const Pause *pauses,
		 int npauses, TimestampTz *due)
{
	TimestampTz at = started;
	int64		left = target;

	for (int i = 0; i < npauses; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (pauses[i].until <= at)
			continue;
		if (pauses[i].from > at)
		{
			int64		counted;

			/* no target is as long as what cannot be counted */
			if (!count_time(calendar, at, pauses[i].from, &counted) || counted >= left)
				break;
			left -= counted;
		}
		at = pauses[i].until;
		if (at == DT_NOEND)
			return false;
	}
	*due = add_counted_time(calendar, at, left);
	return true;
}

static void
add_elapsed(int64 *elapsed, Calendar *calendar, TimestampTz from, TimestampTz until)
{
	int64		counted;

	if (!count_time(calendar, from, until, &counted) ||
		pg_add_s64_overflow(*elapsed, counted, elapsed))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range"),
				 errdetail("An interval of hours, minutes and seconds holds 292,271 years.")));
}

static int64
find_elapsed(TimestampTz started, TimestampTz until, Calendar *calendar,
			 const Pause *pauses, int npauses)
{
	TimestampTz at = started;
	int64		elapsed = 0;

	for (int i = 0; i < npauses && pauses[i].from < until; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (pauses[i].until <= at)
			continue;
		if (pauses[i].from > at)
			add_elapsed(&elapsed, calendar, at, pauses[i].from);
		at = pauses[i].until;
	}
	if (at < until)
		add_elapsed(&elapsed, calendar, at, until);
	return elapsed;
}

/* NULL is the clock on the wall. */
static inline Calendar *
hours_argument(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL : calendar_argument(fcinfo, argno);
}

/* sla_due(started_at, target, hours, pauses) */
PG_FUNCTION_INFO_V1(sla_due);
Datum
sla_due(PG_FUNCTION_ARGS)
{
	TimestampTz started;
	TimestampTz due;
	Calendar   *calendar;
	int64		target;
	Pause	   *pauses;
	int			npauses;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	started = check_instant("the start of a clock", PG_GETARG_TIMESTAMPTZ(0));
	npauses = pauses_argument(fcinfo, 3, &pauses);
	calendar = hours_argument(fcinfo, 2);
	target = check_target(PG_GETARG_INTERVAL_P(1), calendar == NULL);
	if (!find_due(started, target, calendar, pauses, npauses, &due))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(due);
}

/* sla_elapsed(started_at, until, hours, pauses) */
PG_FUNCTION_INFO_V1(sla_elapsed);
Datum
sla_elapsed(PG_FUNCTION_ARGS)
{
	TimestampTz started;
	TimestampTz until;
	Pause	   *pauses;
	int			npauses;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	started = check_instant("the start of a clock", PG_GETARG_TIMESTAMPTZ(0));
	until = check_instant("the end of a clock", PG_GETARG_TIMESTAMPTZ(1));
	npauses = pauses_argument(fcinfo, 3, &pauses);
	PG_RETURN_INTERVAL_P(interval_of_time(find_elapsed(started, until,
													   hours_argument(fcinfo, 2),
													   pauses, npauses)));
}

/* sla_state(due_at, stopped_at, as_of, warn_at) */
PG_FUNCTION_INFO_V1(sla_state);
Datum
sla_state(PG_FUNCTION_ARGS)
{
	const Oid  *numbers = cached_numbers(fcinfo, -1, state_names, STATES);
	TimestampTz as_of;
	State		state;

	if (PG_ARGISNULL(2))
		PG_RETURN_NULL();
	as_of = PG_GETARG_TIMESTAMPTZ(2);
	if (!PG_ARGISNULL(1) && PG_GETARG_TIMESTAMPTZ(1) <= as_of)
	{
		/* What had no deadline when it stopped was in time. */
		if (PG_ARGISNULL(0) || PG_GETARG_TIMESTAMPTZ(1) <= PG_GETARG_TIMESTAMPTZ(0))
			state = STATE_MET;
		else
			state = STATE_MISSED;
	}
	else if (PG_ARGISNULL(0))
		state = STATE_PAUSED;
	else if (as_of > PG_GETARG_TIMESTAMPTZ(0))
		state = STATE_BREACHED;
	else if (!PG_ARGISNULL(3) && as_of >= PG_GETARG_TIMESTAMPTZ(3))
		state = STATE_AT_RISK;
	else
		state = STATE_RUNNING;
	PG_RETURN_OID(numbers[state]);
}

/*
 * What people say
 */

#define SECONDS_A_DAY	(24 * 60 * 60)

static char *
say_duration(int64 seconds)
{
	int64		minutes = seconds / 60 % 60;
	int64		hours = seconds / 3600 % 24;
	int64		days = seconds / SECONDS_A_DAY;

	if (seconds < 60)
		return pstrdup("less than 1 min");
	if (days > 0 && hours > 0)
		return psprintf(INT64_FORMAT " d " INT64_FORMAT " h", days, hours);
	if (days > 0)
		return psprintf(INT64_FORMAT " d", days);
	if (hours > 0 && minutes > 0)
		return psprintf(INT64_FORMAT " h " INT64_FORMAT " min", hours, minutes);
	if (hours > 0)
		return psprintf(INT64_FORMAT " h", hours);
	return psprintf(INT64_FORMAT " min", minutes);
}

/* due_in(due_at, as_of) */
PG_FUNCTION_INFO_V1(sla_due_in);
Datum
sla_due_in(PG_FUNCTION_ARGS)
{
	TimestampTz due = check_instant("a deadline", PG_GETARG_TIMESTAMPTZ(0));
	TimestampTz as_of = check_instant("as_of", PG_GETARG_TIMESTAMPTZ(1));
	char	   *text;

	/* The difference of two instants may exceed an int64. */
	if (as_of <= due)
		text = psprintf("in %s", say_duration(((uint64) due - (uint64) as_of) / USECS_PER_SEC));
	else
		text = psprintf("%s over", say_duration(((uint64) as_of - (uint64) due) / USECS_PER_SEC));
	PG_RETURN_TEXT_P(cstring_to_text(text));
}
