/*-------------------------------------------------------------------------
 *
 * civil.h
 *	  Day numbers and dates of the proleptic Gregorian calendar.
 *
 * Days count from 2000-01-01, as a DateADT does, so a day number is a date
 * without conversion.  Years are astronomical: year 0 is 1 BC.  Pure and
 * inline, because a monthly grouping asks once a row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_CIVIL_H
#define LOYALCS_CIVIL_H

/*
 * The years that calendars are evaluated for, tables are made of, and dates in
 * opening hours may be in.  Japan's holidays are settled up to the same year.
 */
#define CIVIL_FIRST_YEAR	1900
#define CIVIL_LAST_YEAR		2099
#define CIVIL_YEARS			(CIVIL_LAST_YEAR - CIVIL_FIRST_YEAR + 1)

/* Their first day, and the day after their last. */
#define CIVIL_FIRST_DAY		(-36524)
#define CIVIL_END_DAY		36525

/* From 0000-03-01 to 2000-01-01; years that start in March end in the leap day. */
#define CIVIL_EPOCH_SHIFT	730425
#define CIVIL_DAYS_PER_ERA	146097	/* 400 years */

/* Division that rounds towards minus infinity; divisor > 0. */
static inline int64
floor_div(int64 value, int64 divisor)
{
	int64		quotient = value / divisor;

	return quotient - (value % divisor < 0);
}

static inline void
civil_from_day(int32 day, int32 *year, int *month, int *mday)
{
	int64		shifted = (int64) day + CIVIL_EPOCH_SHIFT;
	int64		era = floor_div(shifted, CIVIL_DAYS_PER_ERA);
	int32		doe = (int32) (shifted - era * CIVIL_DAYS_PER_ERA);
	int32		yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int32		doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int			march = (5 * doy + 2) / 153;	/* 0 = March */

	*mday = doy - (153 * march + 2) / 5 + 1;
	*month = march < 10 ? march + 3 : march - 9;
	*year = (int32) (era * 400) + yoe + (march >= 10);
}

static inline int32
day_from_civil(int32 year, int month, int mday)
{
	int32		shifted = year - (month <= 2);
	int32		era = (int32) floor_div(shifted, 400);
	int32		yoe = shifted - era * 400;
	int			march = month > 2 ? month - 3 : month + 9;
	int32		doy = (153 * march + 2) / 5 + mday - 1;
	int32		doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * CIVIL_DAYS_PER_ERA + doe - CIVIL_EPOCH_SHIFT;
}

static inline int
month_days(int32 year, int month)
{
	if (month == 12)
		return 31;
	return day_from_civil(year, month + 1, 1) - day_from_civil(year, month, 1);
}

/* 0 is Monday.  2000-01-01, day 0, was a Saturday. */
static inline int
weekday_of(int64 day)
{
	return (int) (day + 5 - floor_div(day + 5, 7) * 7);
}

#endif							/* LOYALCS_CIVIL_H */
