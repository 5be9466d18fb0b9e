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
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/date.h"
#include "utils/timestamp.h"

#include "civil.h"
#include "compat.h"
#include "zone.h"

/* 2000-01-01, day 0, was a Saturday: five days after its week's Monday. */
#define DAYS_SINCE_MONDAY	5

static DateADT
week_start(DateADT day)
{
	return (DateADT) (floor_div(day + DAYS_SINCE_MONDAY, 7) * 7 - DAYS_SINCE_MONDAY);
}

static DateADT
month_start(DateADT day)
{
	int32		year;
	int			month;
	int			mday;

	civil_from_day(day, &year, &month, &mday);
	return day - (mday - 1);
}

static DateADT
quarter_start(DateADT day)
{
	int32		year;
	int			month;
	int			mday;

	civil_from_day(day, &year, &month, &mday);
	return day_from_civil(year, month - (month - 1) % 3, 1);
}

static DateADT
year_start(DateADT day)
{
	int32		year;
	int			month;
	int			mday;

	civil_from_day(day, &year, &month, &mday);
	return day_from_civil(year, 1, 1);
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
