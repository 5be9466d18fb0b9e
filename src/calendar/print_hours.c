/*-------------------------------------------------------------------------
 *
 * print_hours.c
 *	  Writes opening hours in OpenStreetMap's notation.
 *
 * What opening_hours.c reads, in the one form that each value has: whole months
 * as months, the days of a week in order, a time after midnight as the next
 * day's clock shows it.  Each function writes at `end` and gives the new end, a
 * NUL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/civil.h"
#include "calendar/opening_hours.h"
#include "calendar/print_hours.h"

static char *
print_days(int days, char *end)
{
	const char *comma = "";

	for (int day = 0; day < 8; day++)
	{
		int			last = day;

		if ((days & (1 << day)) == 0)
			continue;
		while (day < 7 && last < 6 && (days & (1 << (last + 1))) != 0)
			last++;
		/* two days are a list, three are a range */
		if (last - day < 2)
			last = day;
		end += sprintf(end, "%s%s", comma, day_names[day]);
		if (last > day)
			end += sprintf(end, "-%s", day_names[last]);
		comma = ",";
		day = last;
	}
	return end;
}

/* From the first day of a month to the last of one? */
bool
covers_whole_months(const OpeningRule *rule)
{
	int32		year = ANY_YEAR;
	int			month;
	int			mday = YEAR_DAY_MDAY(rule->first);

	if (rule->kind == RULE_WEEKLY)
		return false;
	if (rule->kind == RULE_DATED)
		civil_from_day(rule->first, &year, &month, &mday);
	if (mday != 1)
		return false;
	month = YEAR_DAY_MONTH(rule->last);
	mday = YEAR_DAY_MDAY(rule->last);
	if (rule->kind == RULE_DATED)
		civil_from_day(rule->last, &year, &month, &mday);
	return mday == month_days(year, month);
}

static char *
print_months(int first, int last, char *end)
{
	end += sprintf(end, "%s", month_names[first - 1]);
	return first == last ? end : end + sprintf(end, "-%s", month_names[last - 1]);
}

static char *
print_year_days(int first, int last, char *end)
{
	end += sprintf(end, "%s %02d", month_names[YEAR_DAY_MONTH(first) - 1],
				   YEAR_DAY_MDAY(first));
	if (last == first)
		return end;
	if (YEAR_DAY_MONTH(first) == YEAR_DAY_MONTH(last))
		return end + sprintf(end, "-%02d", YEAR_DAY_MDAY(last));
	return end + sprintf(end, "-%s %02d", month_names[YEAR_DAY_MONTH(last) - 1],
						 YEAR_DAY_MDAY(last));
}

static char *
print_yearly(const OpeningRule *rule, char *end)
{
	if (covers_whole_months(rule))
		return print_months(YEAR_DAY_MONTH(rule->first), YEAR_DAY_MONTH(rule->last), end);
	return print_year_days(rule->first, rule->last, end);
}

static char *
print_dated(const OpeningRule *rule, char *end)
{
	bool		whole = covers_whole_months(rule);
	int32		year;
	int32		last_year;
	int			month;
	int			last_month;
	int			mday;
	int			last_mday;

	civil_from_day(rule->first, &year, &month, &mday);
	civil_from_day(rule->last, &last_year, &last_month, &last_mday);
	end += sprintf(end, "%04d ", year);
	if (year == last_year)
		return whole ? print_months(month, last_month, end) :
			print_year_days(YEAR_DAY(month, mday), YEAR_DAY(last_month, last_mday), end);
	if (whole)
		return end + sprintf(end, "%s-%04d %s", month_names[month - 1], last_year,
							 month_names[last_month - 1]);
	return end + sprintf(end, "%s %02d-%04d %s %02d", month_names[month - 1], mday, last_year,
						 month_names[last_month - 1], last_mday);
}

/* `spans` are the rule's own. */
char *
print_rule(const OpeningRule *rule, const OpeningSpan *spans, char *end)
{
	if (rule->kind == RULE_WEEKLY && rule->days == DAYS_WEEK && rule->nspans == 1 &&
		spans[0].open == 0 && spans[0].close == DAY_MINUTES)
		return end + sprintf(end, "24/7");

	if (rule->kind == RULE_YEARLY)
		end = print_yearly(rule, end);
	else if (rule->kind == RULE_DATED)
		end = print_dated(rule, end);
	if (rule->kind != RULE_WEEKLY && rule->days != 0)
		*end++ = ' ';
	end = print_days(rule->days, end);
	if (rule->nspans == 0)
		return end + sprintf(end, " off");
	for (int i = 0; i < rule->nspans; i++)
	{
		int			open = spans[i].open;
		int			close = spans[i].close;

		if (close > DAY_MINUTES)
			close -= DAY_MINUTES;
		end += sprintf(end, "%c%02d:%02d-%02d:%02d", i == 0 ? ' ' : ',',
					   open / 60, open % 60, close / 60, close % 60);
	}
	return end;
}

/* Into HOURS_TEXT_SIZE() bytes. */
char *
print_hours(const BusinessHours *hours, char *end)
{
	const OpeningSpan *spans = HOURS_SPANS(hours);
	const char *separator = " ";

	for (int i = 0; i < hours->nrules; i++)
	{
		const OpeningRule *rule = &HOURS_RULES(hours)[i];

		if (i > 0)
			end += sprintf(end, "; ");
		end = print_rule(rule, spans, end);
		spans += rule->nspans;
	}
	end += sprintf(end, " @ %s", HOURS_ZONE(hours));
	if (hours->countries & CALENDAR_JP)
	{
		end += sprintf(end, "%sJP", separator);
		separator = ",";
	}
	for (int i = 0; i < hours->ndates; i++)
	{
		int32		year;
		int			month;
		int			mday;

		civil_from_day(HOURS_DATES(hours)[i], &year, &month, &mday);
		end += sprintf(end, "%s%04d-%02d-%02d", separator, year, month, mday);
		separator = ",";
	}
	return end;
}
