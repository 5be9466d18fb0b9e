/*-------------------------------------------------------------------------
 *
 * period.c
 *	  The local day, week, month, quarter or year that an instant falls in,
 *	  as the date on which it starts.
 *
 * These agree with date_trunc(unit, at, zone) brought back to that zone's
 * date, and exist because that costs 0.4 us a row.  A local period is a
 * calendar's, so it is a date: grouping by it depends on no session's time
 * zone.  Infinite instants give infinite dates.
 *
 * Months, quarters and years of 1900 to 2099 are looked up in a table of the
 * months' first days, 19 kB a backend, rather than computed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "base/civil.h"
#include "base/compat.h"
#include "calendar/period.h"
#include "calendar/zone.h"

static DateADT
week_start(DateADT day)
{
	return day - weekday_of(day);
}

#define TABLE_MONTHS	(CIVIL_YEARS * 12)

/*
 * A bucket of 16 days holds at most one first day of a month, so the month
 * that a day falls in is that of its bucket's first day or the next.  (One of
 * 32 days, begun on 31 January, would reach into March.)
 */
#define BUCKET_SHIFT	4
#define TABLE_BUCKETS	(((CIVIL_END_DAY - 1 - CIVIL_FIRST_DAY) >> BUCKET_SHIFT) + 1)

static DateADT month_starts[TABLE_MONTHS + 1];
static uint16 bucket_months[TABLE_BUCKETS];

static void
build_months(void)
{
	for (int i = 0; i <= TABLE_MONTHS; i++)
		month_starts[i] = day_from_civil(CIVIL_FIRST_YEAR + i / 12, i % 12 + 1, 1);
	for (int bucket = 0, i = 0; bucket < TABLE_BUCKETS; bucket++)
	{
		DateADT		day = month_starts[0] + (bucket << BUCKET_SHIFT);

		while (i + 1 < TABLE_MONTHS && month_starts[i + 1] <= day)
			i++;
		bucket_months[bucket] = i;
	}
}

/* The first day of the period of 1, 3 or 12 months that a day falls in. */
static inline DateADT
months_start(DateADT day, int months)
{
	int			i;

	if (unlikely(month_starts[0] == 0))
		build_months();

	if (unlikely(day < month_starts[0] || day >= month_starts[TABLE_MONTHS]))
	{
		int32		year;
		int			month;
		int			mday;

		civil_from_day(day, &year, &month, &mday);
		return day_from_civil(year, month - (month - 1) % months, 1);
	}

	i = bucket_months[(day - month_starts[0]) >> BUCKET_SHIFT];
	i += day >= month_starts[i + 1];
	return month_starts[i - i % months];
}

static DateADT
month_start(DateADT day)
{
	return months_start(day, 1);
}

static DateADT
quarter_start(DateADT day)
{
	return months_start(day, 3);
}

static DateADT
year_start(DateADT day)
{
	return months_start(day, 12);
}

static inline void
check_date(DateADT date)
{
	if (unlikely(!IS_VALID_DATE(date)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range")));
}

static DateADT
day_start(DateADT day)
{
	return day;
}

static const Period local_day = {"day", day_start, 1, 0};
static const Period local_week_of = {"week", week_start, 7, 0};
static const Period local_month_of = {"month", month_start, 0, 1};
static const Period local_quarter_of = {"quarter", quarter_start, 0, 3};
static const Period local_year_of = {"year", year_start, 0, 12};

const Period *
find_period(const char *name)
{
	static const Period *const periods[] = {
		&local_day, &local_week_of, &local_month_of, &local_quarter_of, &local_year_of
	};

	for (int i = 0; i < (int) lengthof(periods); i++)
	{
		if (strcmp(periods[i]->name, name) == 0)
			return periods[i];
	}
	return NULL;
}

static inline DateADT
local_start(const Period *period, const Zone *zone, TimestampTz at)
{
	DateADT		date;

	if (TIMESTAMP_IS_NOBEGIN(at))
		return DATEVAL_NOBEGIN;
	if (TIMESTAMP_IS_NOEND(at))
		return DATEVAL_NOEND;

	date = period->start((DateADT) floor_div(at + zone_offset(zone, at), USECS_PER_DAY));
	check_date(date);
	return date;
}

/* local_x(at, zone), and in_local_x(at, zone, x): is it that one? */
#define LOCAL_PERIOD(name, period) \
PG_FUNCTION_INFO_V1(name); \
Datum \
name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_DATEADT(local_start(&period, zone_argument(fcinfo, 1), \
								  PG_GETARG_TIMESTAMPTZ(0))); \
} \
PG_FUNCTION_INFO_V1(in_##name); \
Datum \
in_##name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_BOOL(local_start(&period, zone_argument(fcinfo, 1), \
							   PG_GETARG_TIMESTAMPTZ(0)) == PG_GETARG_DATEADT(2)); \
} \
extern Datum in_##name(PG_FUNCTION_ARGS)

LOCAL_PERIOD(local_date, local_day);
LOCAL_PERIOD(local_week, local_week_of);
LOCAL_PERIOD(local_month, local_month_of);
LOCAL_PERIOD(local_quarter, local_quarter_of);
LOCAL_PERIOD(local_year, local_year_of);

PG_FUNCTION_INFO_V1(in_local_dates);
Datum
in_local_dates(PG_FUNCTION_ARGS)
{
	DateADT		date = local_start(&local_day, zone_argument(fcinfo, 1),
								   PG_GETARG_TIMESTAMPTZ(0));

	PG_RETURN_BOOL(date >= PG_GETARG_DATEADT(2) && date <= PG_GETARG_DATEADT(3));
}

/*
 * Bounds
 */

/* Days around all instants that there are, so that their microseconds fit. */
#define FIRST_DAY	((int64) (MIN_TIMESTAMP / USECS_PER_DAY) - 2)
#define LAST_DAY	((int64) (END_TIMESTAMP / USECS_PER_DAY) + 2)

/* The day after a period that starts on a day. */
static int64
next_start(const Period *period, DateADT start)
{
	int32		year;
	int			month;
	int			mday;

	if (period->months == 0)
		return (int64) start + period->days;
	civil_from_day(start, &year, &month, &mday);
	month += period->months;
	return day_from_civil(year + (month - 1) / 12, (month - 1) % 12 + 1, mday);
}

/*
 * The instant before which the clock reads earlier than the day begins; after
 * it, too, if the clock is set back over midnight: then `settled` is when it no
 * longer does.  Outside of what segments cover, a day's room does for both.
 */
static void
find_midnight(const Zone *zone, int64 day, TimestampTz *first, TimestampTz *settled)
{
	int64		local = Min(Max(day, FIRST_DAY), LAST_DAY) * USECS_PER_DAY;

	if (local - USECS_PER_DAY > ZONE_FROM && local + USECS_PER_DAY < ZONE_TO)
	{
		*first = zone_instant(zone, local);
		*settled = zone_last_instant(zone, local);
		return;
	}
	*first = local - USECS_PER_DAY;
	*settled = local + USECS_PER_DAY;
}

/*
 * The instants of the periods that start on the days `from` to `to`.  None if
 * these are no starts; infinite days are infinite instants.
 */
PeriodBounds
period_bounds(const Period *period, DateADT from, DateADT to, const Zone *zone)
{
	PeriodBounds bounds = {DT_NOEND, DT_NOBEGIN, true};
	TimestampTz settled;
	TimestampTz end;

	if (from > to ||
		(!DATE_NOT_FINITE(from) && period->start(from) != from) ||
		(!DATE_NOT_FINITE(to) && period->start(to) != to))
		return bounds;

	if (DATE_NOT_FINITE(from))
		bounds.first = DATE_IS_NOBEGIN(from) ? DT_NOBEGIN : DT_NOEND;
	else
	{
		find_midnight(zone, from, &bounds.first, &settled);
		bounds.first = Min(Max(bounds.first, MIN_TIMESTAMP), END_TIMESTAMP - 1);
		bounds.exact = bounds.first == settled;
	}
	if (DATE_NOT_FINITE(to))
		bounds.last = DATE_IS_NOBEGIN(to) ? DT_NOBEGIN : DT_NOEND;
	else
	{
		find_midnight(zone, next_start(period, to), &end, &settled);
		bounds.last = Min(Max(settled, MIN_TIMESTAMP), END_TIMESTAMP) - 1;
		bounds.exact = bounds.exact && end == settled;
	}
	return bounds;
}

/* local_bound(unit, start, zone, is_last) */
PG_FUNCTION_INFO_V1(local_bound);
Datum
local_bound(PG_FUNCTION_ARGS)
{
	const char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const Period *period = find_period(name);
	DateADT		start = PG_GETARG_DATEADT(1);
	PeriodBounds bounds;

	if (period == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no local period of that name"),
				 errhint("The periods are day, week, month, quarter and year.")));
	bounds = period_bounds(period, start, start, zone_argument(fcinfo, 2));
	PG_RETURN_TIMESTAMPTZ(PG_GETARG_BOOL(3) ? bounds.last : bounds.first);
}
