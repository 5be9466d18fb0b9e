/*-------------------------------------------------------------------------
 *
 * sla.c
 *	  What SQL asks about one clock: its deadline, what is used up, its state.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/instants.h"
#include "base/intervals.h"
#include "base/labels.h"
#include "service/deadline.h"
#include "service/sla_states.h"

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

static void
check_target(const Interval *target)
{
	int64		amount;

	if (!target_amount(target, &amount))
		report_target(target, "A target is from 0 to 36500 days long, and not in months, which differ.");
}

static int
pauses_argument(FunctionCallInfo fcinfo, int argno, Pause **pauses)
{
	*pauses = NULL;
	return PG_ARGISNULL(argno) ? 0 : read_pauses(PG_GETARG_DATUM(argno), pauses);
}

/* NULL is the clock on the wall. */
static inline struct varlena *
hours_argument(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL : PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(argno));
}

/* Asks again what had no answer, in a way that says why. */
static void
report_deadline(const Deadline *deadline, struct varlena *hours)
{
	if (hours != NULL && deadline->failed_days != 0)
		ask_calendar(calendar_of(hours), add_business_days, deadline->failed_from,
					 deadline->failed_days, 1);
	else if (hours != NULL)
		open_after(calendar_of(hours), deadline->failed_from, deadline->failed_amount);
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("%s", deadline->problem)));
}

/* sla_due(started_at, target, hours, pauses) */
PG_FUNCTION_INFO_V1(sla_due);
Datum
sla_due(PG_FUNCTION_ARGS)
{
	TimestampTz started;
	Target		target = {NULL};
	Deadline	due;
	Pause	   *pauses;
	int			npauses;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	started = check_instant("the start of a clock", PG_GETARG_TIMESTAMPTZ(0));
	npauses = pauses_argument(fcinfo, 3, &pauses);
	target.interval = PG_GETARG_INTERVAL_P(1);
	target.hours = hours_argument(fcinfo, 2);
	check_target(target.interval);
	find_deadline(started, &target, pauses, npauses, &due);
	if (due.problem != NULL)
		report_deadline(&due, target.hours);
	if (due.at == DT_NOEND)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(due.at);
}

/* sla_elapsed(started_at, until, hours, pauses) */
PG_FUNCTION_INFO_V1(sla_elapsed);
Datum
sla_elapsed(PG_FUNCTION_ARGS)
{
	TimestampTz started;
	TimestampTz until;
	struct varlena *hours;
	Pause	   *pauses;
	int			npauses;
	int64		elapsed;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	started = check_instant("the start of a clock", PG_GETARG_TIMESTAMPTZ(0));
	until = check_instant("the end of a clock", PG_GETARG_TIMESTAMPTZ(1));
	npauses = pauses_argument(fcinfo, 3, &pauses);
	hours = hours_argument(fcinfo, 2);
	if (!find_elapsed(started, until, hours, pauses, npauses, &elapsed))
	{
		if (hours != NULL)
			open_between(calendar_of(hours), started, until);
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range"),
				 errdetail("An interval of hours, minutes and seconds holds 292,271 years.")));
	}
	PG_RETURN_INTERVAL_P(interval_of_time(elapsed));
}

static inline TimestampTz
instant_or_never(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(argno);
}

/* sla_state(due_at, stopped_at, as_of, warn_at) */
PG_FUNCTION_INFO_V1(sla_state);
Datum
sla_state(PG_FUNCTION_ARGS)
{
	const Oid  *numbers = cached_numbers(fcinfo, -1, state_names, STATES);

	if (PG_ARGISNULL(2))
		PG_RETURN_NULL();
	PG_RETURN_OID(numbers[promise_state(instant_or_never(fcinfo, 0), instant_or_never(fcinfo, 1),
										PG_GETARG_TIMESTAMPTZ(2), instant_or_never(fcinfo, 3))]);
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
