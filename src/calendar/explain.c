/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  Why time counted or did not: the same days as in open_time.c, walked rule
 *	  by rule instead of looked up.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/intervals.h"
#include "calendar/calendar.h"
#include "calendar/holidays.h"
#include "calendar/print_hours.h"

/* Why it is open or closed: the rule, and the day if that is a holiday. */
typedef struct Reason
{
	bool		is_open;
	int			rule;			/* -1: no weekly rule opens then */
	DateADT		holiday;		/* DATEVAL_NOEND if that is not the reason */
} Reason;

typedef struct Explanation
{
	ReturnSetInfo *result;
	const OpenTable *table;
	int			sign;			/* of what is counted */
	int64		counted;
	bool		pending;		/* is there a row that may go on? */
	Reason		reason;
	TimestampTz from;
	TimestampTz to;
} Explanation;

/* Hours of a part of the year, and no mere closure: weekly ones as long as it lasts. */
static bool
is_season(const OpeningRule *rule)
{
	return rule->kind != RULE_WEEKLY && rule->nspans > 0 &&
		(rule->days != 0 || covers_whole_months(rule));
}

static const char *
rule_noun(const OpeningRule *rule)
{
	if (rule->kind == RULE_WEEKLY)
		return "weekly rule";
	if (is_season(rule))
		return "seasonal rule";
	return rule->kind == RULE_DATED ? "dated exception" : "yearly exception";
}

static char *
reason_text(const Schedule *schedule, const Reason *reason)
{
	const OpeningRule *rule;
	char	   *rule_text;
	const Holiday *holiday;

	if (reason->rule < 0)
		return pstrdup("outside the weekly rules");
	rule = &HOURS_RULES(schedule->hours)[reason->rule];
	rule_text = palloc(RULE_TEXT_SIZE + SPAN_TEXT_SIZE * rule->nspans);
	print_rule(rule, &HOURS_SPANS(schedule->hours)[schedule->first_spans[reason->rule]],
			   rule_text);
	if (reason->holiday == DATEVAL_NOEND)
		return psprintf("%s: %s", rule_noun(rule), rule_text);
	holiday = (schedule->hours->countries & CALENDAR_JP) ?
		japanese_holiday_on(reason->holiday) : NULL;
	if (holiday == NULL)
		return psprintf("listed holiday: %s", rule_text);
	return psprintf("holiday %s: %s", holiday_name(holiday), rule_text);
}

static void
put_explanation(Explanation *explanation)
{
	Datum		values[5];
	bool		nulls[5] = {false, false, false, false, false};
	char	   *why;

	if (!explanation->pending)
		return;
	if (explanation->reason.is_open)
		explanation->counted += explanation->to - explanation->from;
	why = reason_text(&explanation->table->schedule, &explanation->reason);
	values[0] = TimestampTzGetDatum(explanation->from);
	values[1] = TimestampTzGetDatum(explanation->to);
	values[2] = BoolGetDatum(explanation->reason.is_open);
	values[3] = CStringGetTextDatum(why);
	values[4] = IntervalPGetDatum(interval_of_time(explanation->sign * explanation->counted));
	tuplestore_putvalues(explanation->result->setResult, explanation->result->setDesc,
						 values, nulls);
	explanation->pending = false;
}

/* Goes on with the row if the reason is the same, or puts it and begins one. */
static void
explain_piece(Explanation *explanation, TimestampTz from, TimestampTz to, Reason reason)
{
	if (from >= to)
		return;
	if (explanation->pending && reason.is_open == explanation->reason.is_open &&
		reason.rule == explanation->reason.rule &&
		reason.holiday == explanation->reason.holiday)
	{
		explanation->to = to;
		return;
	}
	put_explanation(explanation);
	explanation->pending = true;
	explanation->reason = reason;
	explanation->from = from;
	explanation->to = to;
}

static Reason
reason_of(const OpenTable *table, DateADT day, int rule, bool is_open)
{
	Reason		reason = {is_open, rule, DATEVAL_NOEND};

	if (rule >= 0)
	{
		const OpeningRule *of_day = &HOURS_RULES(table->schedule.hours)[rule];

		if ((of_day->days & DAYS_PH) != 0 && table->holidays[day - table->first_day])
			reason.holiday = day;
		else if (!is_open && (of_day->kind == RULE_WEEKLY || is_season(of_day)))
			reason.rule = -1;
	}
	return reason;
}

/*
 * One local day, piece by piece.  Where the night before overlaps hours of the
 * day itself, these are the reason.
 */
static void
explain_day(Explanation *explanation, DateADT day, int64 offset, TimestampTz from,
			TimestampTz to)
{
	const OpenTable *table = explanation->table;
	const Schedule *schedule = &table->schedule;
	const OpeningRule *rules = HOURS_RULES(schedule->hours);
	const OpeningSpan *spans = HOURS_SPANS(schedule->hours);
	const int16 *days = table->days + (day - table->first_day);
	TimestampTz midnight = day * USECS_PER_DAY - offset;
	int			minute = 0;

	while (minute < DAY_MINUTES)
	{
		int			until = DAY_MINUTES;
		int			open_day = -1;	/* 0: its own hours, 1: the night before */

		for (int before = 1; before >= 0; before--)
		{
			int			rule = days[-before];
			int			now = minute + before * DAY_MINUTES;

			for (int i = 0; rule >= 0 && i < rules[rule].nspans; i++)
			{
				const OpeningSpan *span = &spans[schedule->first_spans[rule] + i];

				if (span->open <= now && now < span->close)
				{
					/* up to the close, or to what goes before this */
					until = Min(DAY_MINUTES, span->close - before * DAY_MINUTES);
					open_day = before;
				}
				else if (span->open > now)
					until = Min(until, span->open - before * DAY_MINUTES);
			}
		}
		explain_piece(explanation,
					  Max(midnight + minute * USECS_PER_MINUTE, from),
					  Min(midnight + until * USECS_PER_MINUTE, to),
					  open_day >= 0 ?
					  reason_of(table, day - open_day, days[-open_day], true) :
					  reason_of(table, day, days[0], false));
		minute = until;
	}
}

PG_FUNCTION_INFO_V1(explain_business_time);
Datum
explain_business_time(PG_FUNCTION_ARGS)
{
	TimestampTz from = PG_GETARG_TIMESTAMPTZ(0);
	TimestampTz to = PG_GETARG_TIMESTAMPTZ(1);
	Calendar   *calendar = calendar_argument(fcinfo, 2);
	TimestampTz first = Min(from, to);
	TimestampTz last = Max(from, to);
	const OpenTable *table = calendar_table(calendar, first, last);
	const ZoneSegment *segments = table->schedule.offsets->segments;
	int			nsegments = table->schedule.offsets->nsegments;
	Explanation explanation = {0};

	explanation.result = (ReturnSetInfo *) fcinfo->resultinfo;
	explanation.table = table;
	explanation.sign = from <= to ? 1 : -1;
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < nsegments; i++)
	{
		int64		offset = segments[i].offset;
		TimestampTz start = Max(segments[i].from, first);
		TimestampTz end = Min(i + 1 < nsegments ? segments[i + 1].from : ZONE_TO, last);
		DateADT		day = (DateADT) floor_div(start + offset, USECS_PER_DAY);

		if (start >= end)
			continue;
		for (; day * USECS_PER_DAY - offset < end; day++)
		{
			explain_day(&explanation, day, offset, start, end);
			CHECK_FOR_INTERRUPTS();
		}
	}
	put_explanation(&explanation);
	return (Datum) 0;
}
