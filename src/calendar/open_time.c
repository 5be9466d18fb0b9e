/*-------------------------------------------------------------------------
 *
 * open_time.c
 *	  When a schedule is open, and how much open time passes.
 *
 * A value says on which days of a local calendar which clock times are open.
 * To be asked quickly it is turned into a table of stretches.  Everything about
 * rules, holidays, midnights and changes of the clock happens while that table
 * is built; afterwards, open time up to an instant is one lookup, so ten years
 * are counted as fast as three days.
 *
 * The semantics: intervals are half-open; an instant is open iff the local
 * clock reads open; what is counted is elapsed time, so an hour that daylight
 * saving skips does not count and one that it repeats counts twice; a shift
 * belongs to the day it starts on.  Going forward, time is used up at the
 * earliest instant at which it is, so a deadline may be closing time; going
 * back, at the latest, which may be opening time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "calendar/holidays.h"
#include "calendar/open_time.h"

/*
 * Days around the window whose rules are needed: clocks differ from UTC by
 * less than a day, and the shift of the day before may go on.
 */
#define WINDOW_MARGIN	2

/*
 * Building a table
 */

/*
 * Makes `index` the rule of the days from first to last that are in the window,
 * and of the week if the rule names such.
 */
static void
paint_days(OpenTable *table, DateADT first, DateADT last, const OpeningRule *rule, int index)
{
	int			from = Max(first - table->first_day, 0);
	int			to = Min(last - table->first_day, table->ndays - 1);
	int			days = rule->days != 0 ? rule->days : DAYS_WEEK;
	int			weekday = weekday_of(table->first_day + from);

	for (int i = from; i <= to; i++)
	{
		if ((days & (1 << weekday)) != 0 ||
			((days & DAYS_PH) != 0 && table->holidays[i]))
			table->days[i] = index;
		weekday = weekday == 6 ? 0 : weekday + 1;
	}
}

/*
 * Of every year.  day_from_civil() makes February 29 of a common year March 1,
 * which is right for a first day and one too many for a last.
 */
static void
paint_yearly(OpenTable *table, const OpeningRule *rule, int index)
{
	int			first_month = YEAR_DAY_MONTH(rule->first);
	int			last_month = YEAR_DAY_MONTH(rule->last);
	int32		year;
	int32		last_year;
	int			month;
	int			mday;

	civil_from_day(table->first_day + table->ndays, &last_year, &month, &mday);
	civil_from_day(table->first_day, &year, &month, &mday);
	/* one that began in the year before may reach into the window */
	for (year--; year <= last_year; year++)
	{
		DateADT		first = day_from_civil(year, first_month,
										   YEAR_DAY_MDAY(rule->first));
		DateADT		last = day_from_civil(year + (rule->last < rule->first),
										  last_month, YEAR_DAY_MDAY(rule->last));
		int32		ignored;

		civil_from_day(last, &ignored, &month, &mday);
		paint_days(table, first, month == last_month ? last : last - 1, rule, index);
	}
}

static void
find_holidays(OpenTable *table, const BusinessHours *hours)
{
	for (int i = 0; i < table->ndays; i++)
		table->holidays[i] = (hours->countries & CALENDAR_JP) != 0 &&
			japanese_holiday_on(table->first_day + i) != NULL;
	for (int i = 0; i < hours->ndates; i++)
	{
		int			day = HOURS_DATES(hours)[i] - table->first_day;

		if (day >= 0 && day < table->ndays)
			table->holidays[day] = true;
	}
}

/* The rule of each day: later ones go over earlier ones. */
static void
find_rules(OpenTable *table, const BusinessHours *hours)
{
	table->first_day = (DateADT) floor_div(table->from, USECS_PER_DAY) - WINDOW_MARGIN;
	table->ndays = (DateADT) floor_div(table->to, USECS_PER_DAY) + WINDOW_MARGIN + 1 -
		table->first_day;
	table->days = palloc(table->ndays * sizeof(int16));
	table->holidays = palloc(table->ndays * sizeof(uint8));
	memset(table->days, -1, table->ndays * sizeof(int16));
	find_holidays(table, hours);

	for (int i = 0; i < hours->nrules; i++)
	{
		const OpeningRule *rule = &HOURS_RULES(hours)[i];

		if (rule->kind == RULE_WEEKLY)
			paint_days(table, table->first_day, table->first_day + table->ndays - 1, rule, i);
		else if (rule->kind == RULE_YEARLY)
			paint_yearly(table, rule, i);
		else
			paint_days(table, rule->first, rule->last, rule, i);
	}
}

/* Adds an interval that starts no earlier than the last one. */
static void
add_stretch(OpenTable *table, int *space, TimestampTz open, TimestampTz close)
{
	Stretch    *last = &table->stretches[table->nstretches - 1];

	if (open >= close)
		return;
	if (table->nstretches > 0 && open <= last->close)
	{
		last->close = Max(last->close, close);
		return;
	}
	/* one place is the sentinel's */
	if (table->nstretches + 1 == *space)
	{
		*space *= 2;
		table->stretches = repalloc(table->stretches, *space * sizeof(Stretch));
	}
	table->stretches[table->nstretches].open = open;
	table->stretches[table->nstretches].close = close;
	table->nstretches++;
}

/*
 * Within a segment of the zone, local time is UTC plus a constant: there, the
 * order of clock times is that of instants, and both are cut off together.
 */
static void
find_stretches(OpenTable *table, const Schedule *schedule)
{
	const OpeningRule *rules = HOURS_RULES(schedule->hours);
	const OpeningSpan *spans = HOURS_SPANS(schedule->hours);
	const ZoneSegment *segments = schedule->offsets->segments;
	int			nsegments = schedule->offsets->nsegments;
	int			space = table->ndays + 2;

	table->nstretches = 0;
	table->stretches = palloc(space * sizeof(Stretch));
	for (int i = 0; i < nsegments; i++)
	{
		int64		offset = segments[i].offset;
		TimestampTz from = Max(segments[i].from, table->from);
		TimestampTz to = Min(i + 1 < nsegments ? segments[i + 1].from : ZONE_TO,
							 table->to);
		DateADT		day = (DateADT) floor_div(from + offset, USECS_PER_DAY) - 1;

		if (from >= to)
			continue;
		for (; day * USECS_PER_DAY - offset < to; day++)
		{
			int			rule = table->days[day - table->first_day];
			TimestampTz midnight = day * USECS_PER_DAY - offset;

			if (rule < 0)
				continue;
			for (int j = 0; j < rules[rule].nspans; j++)
			{
				const OpeningSpan *span = &spans[schedule->first_spans[rule] + j];

				add_stretch(table, &space,
							Max(midnight + span->open * USECS_PER_MINUTE, from),
							Min(midnight + span->close * USECS_PER_MINUTE, to));
			}
		}
		CHECK_FOR_INTERRUPTS();
	}
}

/* The open time before each stretch, and where to look for an instant. */
static void
index_stretches(OpenTable *table)
{
	int			nbuckets = (int) ((table->to - table->from) >> STRETCH_BUCKET_SHIFT) + 1;
	int64		before = 0;
	Stretch    *sentinel = &table->stretches[table->nstretches];

	table->has_long_gap = false;
	for (int i = 0; i < table->nstretches; i++)
	{
		Stretch    *stretch = &table->stretches[i];

		stretch->before = before;
		before += stretch->close - stretch->open;
		if (i > 0 && stretch->open - stretch[-1].close > TEN_YEARS)
			table->has_long_gap = true;
	}
	sentinel->open = sentinel->close = DT_NOEND;
	sentinel->before = before;

	table->buckets = palloc(nbuckets * sizeof(uint32));
	for (int bucket = 0, i = 0; bucket < nbuckets; bucket++)
	{
		TimestampTz start = table->from + ((int64) bucket << STRETCH_BUCKET_SHIFT);

		while (table->stretches[i].close <= start)
			i++;
		table->buckets[bucket] = i;
	}
}

/* The table of a window; memory is the caller's current. */
OpenTable *
build_open_table(const Schedule *schedule, TimestampTz from, TimestampTz to)
{
	OpenTable  *table = palloc(sizeof(OpenTable));

	Assert(ZONE_FROM <= from && from < to && to <= ZONE_TO);
	table->schedule = *schedule;
	table->from = from;
	table->to = to;
	find_rules(table, schedule->hours);
	find_stretches(table, schedule);
	index_stretches(table);
	return table;
}

/*
 * Asking a table
 */

/* The open time from the start of the window to `at`. */
static inline int64
open_until(const OpenTable *table, TimestampTz at)
{
	const Stretch *stretch = &table->stretches[locate(table, at)];

	return stretch->before + (at > stretch->open ? at - stretch->open : 0);
}

/* Negative if `to` is the earlier. */
int64
open_time_between(const OpenTable *table, TimestampTz from, TimestampTz to)
{
	return open_until(table, to) - open_until(table, from);
}

/* Is one of the gaps between the stretches from i to j too long? */
static bool
long_gap(const OpenTable *table, int i, int j)
{
	if (!table->has_long_gap)
		return false;
	for (; i < j; i++)
	{
		if (table->stretches[i + 1].open - table->stretches[i].close > TEN_YEARS)
			return true;
	}
	return false;
}

/* There was no more open time after `at` in the table. */
static OpenResult
look_ahead(const OpenTable *table, TimestampTz at)
{
	int			n = table->nstretches;

	if (table->to - (n > 0 ? Max(table->stretches[n - 1].close, at) : at) > TEN_YEARS)
		return OPEN_NEVER;
	return table->to == ZONE_TO ? OPEN_NO_YEARS : OPEN_AHEAD;
}

/* The same before `at`. */
static OpenResult
look_behind(const OpenTable *table, TimestampTz at)
{
	if ((table->nstretches > 0 ? Min(table->stretches[0].open, at) : at) - table->from > TEN_YEARS)
		return OPEN_NEVER;
	return table->from == ZONE_FROM ? OPEN_NO_YEARS : OPEN_BEHIND;
}

/* An instant that the table cannot be asked about. */
static OpenResult
look_elsewhere(const OpenTable *table, TimestampTz at)
{
	if (at < ZONE_FROM || at >= ZONE_TO)
		return OPEN_NO_YEARS;
	return at < table->from ? OPEN_BEHIND : OPEN_AHEAD;
}

/* The first instant from `at` on that is open. */
OpenResult
open_time_from(const OpenTable *table, TimestampTz at, int64 unused, TimestampTz *answer)
{
	int			i;

	if (!table_covers(table, at))
		return look_elsewhere(table, at);
	i = locate(table, at);
	if (i == table->nstretches)
		return look_ahead(table, at);
	if (table->stretches[i].open - at > TEN_YEARS)
		return OPEN_NEVER;
	*answer = Max(table->stretches[i].open, at);
	return OPEN_FOUND;
}

/* The last instant up to `at` that is open or closing time. */
OpenResult
open_time_to(const OpenTable *table, TimestampTz at, int64 unused, TimestampTz *answer)
{
	int			i;

	if (!table_covers(table, at))
		return look_elsewhere(table, at);
	*answer = at;
	/* the stretch that is open just before `at`, or the one before */
	i = locate(table, at);
	if (table->stretches[i].open < at)
		return OPEN_FOUND;
	if (i == 0)
		return look_behind(table, at);
	*answer = table->stretches[i - 1].close;
	return at - *answer > TEN_YEARS ? OPEN_NEVER : OPEN_FOUND;
}

/* When it closes that is open at `at`; OPEN_NO_YEARS if it stays open. */
OpenResult
open_time_close(const OpenTable *table, TimestampTz at, int64 unused, TimestampTz *answer)
{
	if (!table_covers(table, at))
		return look_elsewhere(table, at);
	*answer = table->stretches[locate(table, at)].close;
	if (*answer < table->to)
		return OPEN_FOUND;
	return table->to == ZONE_TO ? OPEN_NO_YEARS : OPEN_AHEAD;
}

/* The first stretch from i on with `wanted` before the next: nearly always near. */
static int
stretch_ahead(const OpenTable *table, int i, int64 wanted)
{
	const Stretch *stretches = table->stretches;
	int			low = i;
	int			high;

	for (int step = 1;; step *= 2)
	{
		high = Min(low + step, table->nstretches);
		if (stretches[high].before >= wanted)
			break;
		low = high;
	}
	while (high - low > 1)
	{
		int			middle = low + (high - low) / 2;

		if (stretches[middle].before >= wanted)
			high = middle;
		else
			low = middle;
	}
	return low;
}

/* The last stretch up to i with no more than `wanted` before it. */
static int
stretch_behind(const OpenTable *table, int i, int64 wanted)
{
	const Stretch *stretches = table->stretches;
	int			low = 0;
	int			high = i + 1;

	for (int step = 1; step < high; step *= 2)
	{
		if (stretches[high - step].before <= wanted)
		{
			low = high - step;
			break;
		}
		high -= step;
	}
	while (high - low > 1)
	{
		int			middle = low + (high - low) / 2;

		if (stretches[middle].before <= wanted)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* When `amount` of open time has passed after `at`; amount > 0. */
OpenResult
add_open_time(const OpenTable *table, TimestampTz at, int64 amount, TimestampTz *answer)
{
	const Stretch *stretches = table->stretches;
	int64		wanted;
	int			i;
	int			low;

	Assert(amount > 0);
	if (amount > ZONE_TO - ZONE_FROM)
		return OPEN_NO_YEARS;
	if (!table_covers(table, at))
		return look_elsewhere(table, at);
	i = locate(table, at);
	wanted = stretches[i].before + (at > stretches[i].open ? at - stretches[i].open : 0) + amount;
	if (wanted > stretches[table->nstretches].before)
		return look_ahead(table, at);
	low = stretch_ahead(table, i, wanted);
	if (stretches[i].open - at > TEN_YEARS || long_gap(table, i, low))
		return OPEN_NEVER;
	*answer = stretches[low].open + (wanted - stretches[low].before);
	return OPEN_FOUND;
}

/* When `amount` of open time was still to come before `at`; amount > 0. */
OpenResult
subtract_open_time(const OpenTable *table, TimestampTz at, int64 amount, TimestampTz *answer)
{
	const Stretch *stretches = table->stretches;
	int64		wanted;
	int			i;
	int			low;
	bool		closed;

	Assert(amount > 0);
	if (amount > ZONE_TO - ZONE_FROM)
		return OPEN_NO_YEARS;
	if (!table_covers(table, at))
		return look_elsewhere(table, at);
	i = locate(table, at);
	closed = stretches[i].open >= at;
	wanted = stretches[i].before + (closed ? 0 : at - stretches[i].open) - amount;
	if (wanted < 0)
		return look_behind(table, at);
	low = stretch_behind(table, i, wanted);
	if ((closed && at - stretches[i - 1].close > TEN_YEARS) ||
		long_gap(table, low, closed ? i - 1 : i))
		return OPEN_NEVER;
	*answer = stretches[low].open + (wanted - stretches[low].before);
	return OPEN_FOUND;
}

/*
 * Business days.  A day is one if its own rule opens, whatever of the night
 * before reaches into it.
 */

/* The rule of a local day, or -1; false if the table does not have the day. */
static bool
rule_of(const OpenTable *table, DateADT day, int *rule)
{
	if (day < table->first_day || day >= table->first_day + table->ndays)
		return false;
	*rule = table->days[day - table->first_day];
	return true;
}

/* Why it does not have it. */
static OpenResult
no_such_day(const OpenTable *table, DateADT day)
{
	if (day < CIVIL_FIRST_DAY || day >= CIVIL_END_DAY)
		return OPEN_NO_YEARS;
	return day < table->first_day ? OPEN_BEHIND : OPEN_AHEAD;
}

/* Does the rule's day open at that minute, or, going back, close after it? */
static bool
rule_opens_at(const Schedule *schedule, int rule, int64 clock, int direction)
{
	const OpeningSpan *spans;

	if (rule < 0)
		return false;
	spans = &HOURS_SPANS(schedule->hours)[schedule->first_spans[rule]];
	for (int i = 0; i < HOURS_RULES(schedule->hours)[rule].nspans; i++)
	{
		int64		open = spans[i].open * USECS_PER_MINUTE;
		int64		close = spans[i].close * USECS_PER_MINUTE;

		if (direction > 0 ? clock >= open && clock < close : clock > open && clock <= close)
			return true;
	}
	return false;
}

/* The day `ndays` business days from `day`, which is replaced by it. */
static OpenResult
walk_days(const OpenTable *table, DateADT *day, int64 ndays, int direction)
{
	int			closed = 0;

	while (ndays > 0)
	{
		int			rule;

		*day += direction;
		if (!rule_of(table, *day, &rule))
			return no_such_day(table, *day);
		if (rule >= 0 && HOURS_RULES(table->schedule.hours)[rule].nspans > 0)
		{
			ndays--;
			closed = 0;
		}
		else if (++closed * USECS_PER_DAY > TEN_YEARS)
			return OPEN_NEVER;
	}
	return OPEN_FOUND;
}

/*
 * The same clock time `ndays` business days on, or back if negative; the next
 * open instant (the last closing) where that is not open.  `at` itself counts
 * as the next open instant (the last closing) if it is closed, so whoever writes
 * on a Saturday has the same time as who writes when it opens on Monday.
 */
OpenResult
add_business_days(const OpenTable *table, TimestampTz at, int64 ndays, TimestampTz *answer)
{
	int			direction = ndays > 0 ? 1 : -1;
	OpenQuestion nearest = ndays > 0 ? open_time_from : open_time_to;
	const Schedule *schedule = &table->schedule;
	OpenResult	result = nearest(table, at, 0, &at);
	int64		local;
	int64		clock;
	DateADT		day;
	int			rule;
	int			rule_before;

	Assert(ndays != 0);
	if (result != OPEN_FOUND)
		return result;
	/* going back, an instant belongs to what is just before it */
	if (direction < 0 && at == ZONE_FROM)
		return OPEN_NO_YEARS;
	local = at + offset_at(schedule->offsets, direction > 0 ? at : at - 1);
	day = (DateADT) floor_div(direction > 0 ? local : local - 1, USECS_PER_DAY);
	clock = local - day * USECS_PER_DAY;

	/* a shift belongs to the day it started on */
	if (!rule_of(table, day, &rule) || !rule_of(table, day - 1, &rule_before))
		return no_such_day(table, day);
	if (!rule_opens_at(schedule, rule, clock, direction) &&
		rule_opens_at(schedule, rule_before, clock + USECS_PER_DAY, direction))
	{
		day--;
		clock += USECS_PER_DAY;
	}
	result = walk_days(table, &day, ndays * direction, direction);
	if (result != OPEN_FOUND)
		return result;
	return nearest(table, offsets_instant(schedule->offsets, day * USECS_PER_DAY + clock), 0,
				   answer);
}
