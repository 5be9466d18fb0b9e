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

#include "utils/date.h"
#include "utils/timestamp.h"

#include "base/civil.h"
#include "base/compat.h"
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

static inline Datum
local_period(FunctionCallInfo fcinfo, DateADT (*start) (DateADT day))
{
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(0);
	const Zone *zone = zone_argument(fcinfo, 1);
	DateADT		date;

	if (TIMESTAMP_IS_NOBEGIN(at))
		PG_RETURN_DATEADT(DATEVAL_NOBEGIN);
	if (TIMESTAMP_IS_NOEND(at))
		PG_RETURN_DATEADT(DATEVAL_NOEND);

	date = (DateADT) floor_div(at + zone_offset(zone, at), USECS_PER_DAY);
	if (start != NULL)
		date = start(date);
	check_date(date);
	PG_RETURN_DATEADT(date);
}

PG_FUNCTION_INFO_V1(local_date);
Datum
local_date(PG_FUNCTION_ARGS)
{
	return local_period(fcinfo, NULL);
}

PG_FUNCTION_INFO_V1(local_week);
Datum
local_week(PG_FUNCTION_ARGS)
{
	return local_period(fcinfo, week_start);
}

PG_FUNCTION_INFO_V1(local_month);
Datum
local_month(PG_FUNCTION_ARGS)
{
	return local_period(fcinfo, month_start);
}

PG_FUNCTION_INFO_V1(local_quarter);
Datum
local_quarter(PG_FUNCTION_ARGS)
{
	return local_period(fcinfo, quarter_start);
}

PG_FUNCTION_INFO_V1(local_year);
Datum
local_year(PG_FUNCTION_ARGS)
{
	return local_period(fcinfo, year_start);
}
