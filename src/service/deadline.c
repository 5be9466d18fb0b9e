/*-------------------------------------------------------------------------
 *
 * deadline.c
 *	  A clock and a target become a deadline.
 *
 * Times are microseconds; a clock without opening hours counts all of them.  Days
 * of a target are business days where there are hours, and 24 hours on the wall.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "service/deadline.h"

/* The pauses, ascending and apart, as a multirange has them. */
int
read_pauses(Datum value, Pause **pauses)
{
	MultirangeType *multirange = DatumGetMultirangeTypeP(value);
	TypeCacheEntry *type;
	RangeType **ranges;
	int			n;

	*pauses = NULL;
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

/* With days of 24 hours; false if it is not a target: negative, too long, in months. */
bool
target_amount(const Interval *interval, int64 *amount)
{
	int64		days;

	return interval->month == 0 && interval->day >= 0 && interval->time >= 0 &&
		!pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &days) &&
		!pg_add_s64_overflow(days, interval->time, amount) && *amount <= MAX_TARGET;
}

/* The calendar is good until the next is asked for. */
static inline Calendar *
calendar_or_wall(struct varlena *hours)
{
	return hours == NULL ? NULL : calendar_of(hours);
}

/*
 * Time that counts: open time, or all of it.  False if it is more than an int64
 * holds, or not known.
 */
static bool
count_time(Calendar *calendar, TimestampTz from, TimestampTz until, int64 *counted)
{
	if (TIMESTAMP_NOT_FINITE(until))
		return false;
	if (calendar == NULL)
		return !pg_sub_s64_overflow(until, from, counted);
	return try_open_between(calendar, from, until, counted);
}

static bool
fail(Deadline *deadline, const char *problem, TimestampTz from, int64 amount, int64 days)
{
	deadline->problem = problem;
	deadline->at = DT_NOEND;
	deadline->failed_from = from;
	deadline->failed_amount = amount;
	deadline->failed_days = days;
	return false;
}

/* Puts the deadline where `amount` of time that counts has passed after `at`. */
static bool
add_time(Calendar *calendar, TimestampTz at, int64 amount, Deadline *deadline)
{
	OpenResult	result;

	if (calendar == NULL)
	{
		if (pg_add_s64_overflow(at, amount, &deadline->at) || !IS_VALID_TIMESTAMP(deadline->at))
			return fail(deadline, "timestamp out of range", at, amount, 0);
		return true;
	}
	result = try_open_after(calendar, at, amount, &deadline->at);
	if (result != OPEN_FOUND)
		return fail(deadline, why_not_open(result), at, amount, 0);
	return true;
}

/* When so much of time that counts is used up outside of the pauses. */
static void
add_amount(TimestampTz started, int64 amount, Calendar *calendar, const Pause *pauses,
		   int npauses, Deadline *deadline)
{
	TimestampTz at = started;
	int64		left = amount;

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
		{
			deadline->at = DT_NOEND;
			return;
		}
	}
	add_time(calendar, at, left, deadline);
}

/*
 * The same clock time so many business days on, and then so much of open time.  A
 * pause moves that by the open time in it.
 */
static void
add_days(TimestampTz started, const Interval *interval, Calendar *calendar,
		 const Pause *pauses, int npauses, Deadline *deadline)
{
	OpenResult	result = try_business_days_after(calendar, started, interval->day,
												 &deadline->at);

	if (result != OPEN_FOUND)
	{
		fail(deadline, why_not_open(result), started, 0, interval->day);
		return;
	}
	if (interval->time > 0 && !add_time(calendar, deadline->at, interval->time, deadline))
		return;
	if (!count_time(calendar, started, deadline->at, &deadline->amount))
		deadline->amount = NO_AMOUNT;
	for (int i = 0; i < npauses && pauses[i].from < deadline->at; i++)
	{
		int64		counted;

		CHECK_FOR_INTERRUPTS();
		if (pauses[i].until <= started)
			continue;
		if (pauses[i].until == DT_NOEND)
		{
			deadline->at = DT_NOEND;
			return;
		}
		if (count_time(calendar, Max(pauses[i].from, started), pauses[i].until, &counted) &&
			counted > 0 && !add_time(calendar, deadline->at, counted, deadline))
			return;
	}
}

void
find_deadline(TimestampTz started, const Target *target, const Pause *pauses, int npauses,
			  Deadline *deadline)
{
	Calendar   *calendar;
	int64		amount;

	deadline->problem = NULL;
	deadline->at = DT_NOEND;
	deadline->amount = NO_AMOUNT;
	if (target->interval == NULL || !target_amount(target->interval, &amount))
	{
		fail(deadline, "its policy has no target, or hours, that can be used", started, 0, 0);
		return;
	}
	calendar = calendar_or_wall(target->hours);
	if (calendar != NULL && target->interval->day > 0)
	{
		add_days(started, target->interval, calendar, pauses, npauses, deadline);
		return;
	}
	deadline->amount = amount;
	add_amount(started, amount, calendar, pauses, npauses, deadline);
}

/*
 * When a deadline is near, in time that counts as its own does; DT_NOEND: never,
 * or nobody knows, as with one that is paused.
 */
TimestampTz
find_warning(TimestampTz started, const Target *target, const Pause *pauses, int npauses,
			 const Deadline *deadline)
{
	Deadline	warning = {NULL};

	if (deadline->at == DT_NOEND || deadline->amount == NO_AMOUNT)
		return DT_NOEND;
	add_amount(started, Max(deadline->amount - target->warn_before, 0),
			   calendar_or_wall(target->hours), pauses, npauses, &warning);
	return warning.at;
}

/* Time that counts outside of the pauses; false if it is not known. */
bool
find_elapsed(TimestampTz started, TimestampTz until, struct varlena *hours,
			 const Pause *pauses, int npauses, int64 *elapsed)
{
	Calendar   *calendar = calendar_or_wall(hours);
	TimestampTz at = started;
	int64		counted;

	*elapsed = 0;
	for (int i = 0; i < npauses && pauses[i].from < until; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (pauses[i].until <= at)
			continue;
		if (pauses[i].from > at &&
			(!count_time(calendar, at, pauses[i].from, &counted) ||
			 pg_add_s64_overflow(*elapsed, counted, elapsed)))
			return false;
		at = pauses[i].until;
	}
	return at >= until ||
		(count_time(calendar, at, until, &counted) &&
		 !pg_add_s64_overflow(*elapsed, counted, elapsed));
}
