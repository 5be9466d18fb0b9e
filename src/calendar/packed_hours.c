/*-------------------------------------------------------------------------
 *
 * packed_hours.c
 *	  Makes the value of what opening hours were read to, and checks one.
 *
 * business_hours.h says how it is laid out.  What pack_hours() makes of what
 * opening_hours.c has read passes check_hours(), and equal hours are equal bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/civil.h"
#include "calendar/packed_hours.h"

/*
 * Sorts spans, and merges those that overlap or touch, in place; gives how many
 * are left.  Two that would be longer than a day together stay apart, as their
 * sum could not be written; evaluation merges them anyway.
 */
int
merge_spans(OpeningSpan *spans, int nspans)
{
	int			n = 0;

	for (int i = 1; i < nspans; i++)
	{
		OpeningSpan span = spans[i];
		int			j = i;

		while (j > 0 && (spans[j - 1].open > span.open ||
						 (spans[j - 1].open == span.open && spans[j - 1].close > span.close)))
		{
			spans[j] = spans[j - 1];
			j--;
		}
		spans[j] = span;
	}
	for (int i = 0; i < nspans; i++)
	{
		if (n > 0 && spans[i].open <= spans[n - 1].close)
		{
			int			open = spans[n - 1].open;
			int			close = Max(spans[i].close, spans[n - 1].close);

			if (close - open < DAY_MINUTES || (open == 0 && close == DAY_MINUTES))
			{
				spans[n - 1].close = close;
				continue;
			}
		}
		spans[n++] = spans[i];
	}
	return n;
}

size_t
hours_size(const HoursParts *parts)
{
	return sizeof(BusinessHours) + parts->nrules * sizeof(OpeningRule) +
		parts->nspans * sizeof(OpeningSpan) + parts->ndates * sizeof(int32) +
		strlen(parts->zone) + 1;
}

/* The least that has all of it; see CALENDAR_VERSION. */
static int
version_of(const OpeningRule *rules, int nrules)
{
	for (int i = 0; i < nrules; i++)
	{
		if (rules[i].kind != RULE_WEEKLY && rules[i].days != 0)
			return CALENDAR_VERSION_SEASONS;
	}
	return 1;
}

/* Into hours_size() bytes; the varlena header is the caller's. */
void
pack_hours(const HoursParts *parts, BusinessHours *hours)
{
	hours->version = version_of(parts->rules, parts->nrules);
	hours->countries = parts->countries;
	hours->reserved = 0;
	hours->nrules = parts->nrules;
	hours->nspans = parts->nspans;
	hours->ndates = parts->ndates;
	hours->zone_length = strlen(parts->zone);
	memcpy(HOURS_RULES(hours), parts->rules, parts->nrules * sizeof(OpeningRule));
	memcpy(HOURS_SPANS(hours), parts->spans, parts->nspans * sizeof(OpeningSpan));
	memcpy(HOURS_DATES(hours), parts->dates, parts->ndates * sizeof(int32));
	strcpy(HOURS_ZONE(hours), parts->zone);
}

static bool
rule_is_valid(const OpeningRule *rule)
{
	int			month = YEAR_DAY_MONTH(rule->first);
	int			last_month = YEAR_DAY_MONTH(rule->last);

	switch (rule->kind)
	{
		case RULE_WEEKLY:
			return rule->days != 0 && rule->first == 0 && rule->last == 0;
		case RULE_YEARLY:
			return (rule->days & DAYS_WEEK) != DAYS_WEEK &&
				rule->first > 0 && rule->last > 0 &&
				month >= 1 && month <= 12 && last_month >= 1 && last_month <= 12 &&
				YEAR_DAY_MDAY(rule->first) >= 1 &&
				YEAR_DAY_MDAY(rule->first) <= month_days(ANY_YEAR, month) &&
				YEAR_DAY_MDAY(rule->last) >= 1 &&
				YEAR_DAY_MDAY(rule->last) <= month_days(ANY_YEAR, last_month) &&
				(month != last_month || rule->first <= rule->last);
		case RULE_DATED:
			return (rule->days & DAYS_WEEK) != DAYS_WEEK &&
				rule->first <= rule->last &&
				rule->first >= CIVIL_FIRST_DAY &&
				rule->last < CIVIL_END_DAY;
		default:
			return false;
	}
}

/*
 * What is wrong with a value that was stored, or NULL.  `size` is that of the
 * whole value.  It is asked once for each value that a session meets.
 */
const char *
check_hours(const BusinessHours *hours, size_t size)
{
	const OpeningSpan *spans;
	const int32 *dates;
	const char *zone;
	int			nspans = 0;

	if (size < sizeof(BusinessHours))
		return "It is shorter than any.";
	if (hours->version == 0 || hours->version > CALENDAR_VERSION)
		return "It was written by another version of loyalcs.";
	if (hours->reserved != 0 || (hours->countries & ~CALENDAR_JP) != 0)
		return "A reserved field is not zero.";
	if (hours->nrules == 0 || hours->nrules > CALENDAR_MAX_RULES ||
		hours->nspans > CALENDAR_MAX_SPANS || hours->ndates > CALENDAR_MAX_DATES ||
		hours->zone_length == 0 || hours->zone_length > CALENDAR_MAX_ZONE ||
		size != sizeof(BusinessHours) + hours->nrules * sizeof(OpeningRule) +
		hours->nspans * sizeof(OpeningSpan) + hours->ndates * sizeof(int32) +
		hours->zone_length + 1)
		return "Its lengths do not add up.";

	spans = HOURS_SPANS(hours);
	for (int i = 0; i < hours->nrules; i++)
	{
		const OpeningRule *rule = &HOURS_RULES(hours)[i];

		if (!rule_is_valid(rule) || rule->nspans > CALENDAR_DAY_SPANS ||
			rule->nspans > hours->nspans - nspans)
			return "A rule is not valid.";
		for (int j = 0; j < rule->nspans; j++)
		{
			const OpeningSpan *span = &spans[nspans + j];
			int			length = span->close - span->open;

			/* those that could have been merged would not be canonical */
			if (span->open >= DAY_MINUTES || length <= 0 || length > DAY_MINUTES ||
				(length == DAY_MINUTES && span->open != 0))
				return "A time is not valid.";
			if (j > 0)
			{
				OpeningSpan pair[2] = {span[-1], span[0]};

				if (merge_spans(pair, 2) != 2 || pair[0].open != span[-1].open ||
					pair[0].close != span[-1].close)
					return "Times are not in order.";
			}
		}
		nspans += rule->nspans;
	}
	if (nspans != hours->nspans)
		return "A time has no rule.";
	if (hours->version != version_of(HOURS_RULES(hours), hours->nrules))
		return "Its version is not that of its rules.";

	dates = HOURS_DATES(hours);
	for (int i = 0; i < hours->ndates; i++)
	{
		if (dates[i] < CIVIL_FIRST_DAY ||
			dates[i] >= CIVIL_END_DAY ||
			(i > 0 && dates[i] <= dates[i - 1]))
			return "A holiday is not valid.";
	}
	zone = HOURS_ZONE(hours);
	for (int i = 0; i < hours->zone_length; i++)
	{
		if (!is_zone_character(zone[i]))
			return "The time zone is not valid.";
	}
	return zone[hours->zone_length] == '\0' ? NULL : "The time zone does not end.";
}
