/*-------------------------------------------------------------------------
 *
 * open_time.c
 *	  Holds open_time.c against a clock that is read minute by minute.
 *
 * The first eight bytes are a zone (what its clock is ahead of UTC by, and how
 * much and when that changes) and a place among the years; the rest is a text
 * of business hours.  The oracle knows nothing of tables: for one minute it asks
 * what the local clock reads, which rule the day has, and whether that opens.
 * In and around some days every answer has to agree with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "calendar/holidays.h"
#include "calendar/open_time.h"
#include "calendar/opening_hours.h"

#include "must.h"

#define WATCHED_DAYS	9
#define WATCHED_MINUTES	(WATCHED_DAYS * DAY_MINUTES)
#define MINUTES_A_STEP	97		/* a prime: all minutes come up */

/*
 * Memory, all of which goes at once
 */

static void *allocated[64];
static int	nallocated = 0;

void *
palloc(size_t size)
{
	MUST(nallocated < (int) lengthof(allocated));
	return allocated[nallocated++] = malloc(size);
}

void *
repalloc(void *pointer, size_t size)
{
	for (int i = 0; i < nallocated; i++)
	{
		if (allocated[i] == pointer)
			return allocated[i] = realloc(pointer, size);
	}
	abort();
}

static void
forget_all(void)
{
	while (nallocated > 0)
		free(allocated[--nallocated]);
}

/* Holidays that are not Japan's: every eleventh day. */
const Holiday *
japanese_holiday_on(DateADT day)
{
	static const Holiday holiday = {"", ""};

	return day % 11 == 0 ? &holiday : NULL;
}

/*
 * The oracle
 */

static bool
day_is_holiday(const BusinessHours *hours, DateADT day)
{
	for (int i = 0; i < hours->ndates; i++)
	{
		if (HOURS_DATES(hours)[i] == day)
			return true;
	}
	return (hours->countries & CALENDAR_JP) != 0 && japanese_holiday_on(day) != NULL;
}

static bool
day_is_within(const OpeningRule *rule, DateADT day)
{
	int32		year;
	int			month;
	int			mday;
	int			year_day;

	civil_from_day(day, &year, &month, &mday);
	year_day = YEAR_DAY(month, mday);
	if (rule->kind == RULE_DATED)
		return day >= rule->first && day <= rule->last;
	return rule->kind == RULE_WEEKLY ? true :
		rule->first <= rule->last ? year_day >= rule->first && year_day <= rule->last :
		year_day >= rule->first || year_day <= rule->last;
}

static bool
day_has_rule(const BusinessHours *hours, const OpeningRule *rule, DateADT day)
{
	return day_is_within(rule, day) &&
		(rule->days == 0 || (rule->days & (1 << weekday_of(day))) != 0 ||
		 ((rule->days & DAYS_PH) != 0 && day_is_holiday(hours, day)));
}

/* Do the day's own hours have that minute, which may be of the night after it? */
static bool
day_is_open(const BusinessHours *hours, DateADT day, int minute)
{
	const OpeningSpan *spans = HOURS_SPANS(hours);
	const OpeningSpan *found = NULL;
	int			nfound = 0;

	for (int i = 0; i < hours->nrules; i++)
	{
		const OpeningRule *rule = &HOURS_RULES(hours)[i];

		if (day_has_rule(hours, rule, day))
		{
			found = spans;
			nfound = rule->nspans;
		}
		spans += rule->nspans;
	}
	for (int i = 0; i < nfound; i++)
	{
		if (found[i].open <= minute && minute < found[i].close)
			return true;
	}
	return false;
}

static bool
is_open(const Schedule *schedule, TimestampTz at)
{
	const Offsets *offsets = schedule->offsets;
	int			i = 0;
	int64		local;
	DateADT		day;
	int			minute;

	while (i + 1 < offsets->nsegments && offsets->segments[i + 1].from <= at)
		i++;
	local = at + offsets->segments[i].offset;
	day = (DateADT) floor_div(local, USECS_PER_DAY);
	minute = (int) ((local - day * USECS_PER_DAY) / USECS_PER_MINUTE);
	return day_is_open(schedule->hours, day, minute) ||
		day_is_open(schedule->hours, day - 1, minute + DAY_MINUTES);
}

/*
 * The comparison
 */

/* open[i]: is it open in minute i; before[i]: how many minutes before it were */
typedef struct Watched
{
	TimestampTz from;
	bool		open[WATCHED_MINUTES];
	int			before[WATCHED_MINUTES + 1];
} Watched;

static Watched watched;

static void
watch(const Schedule *schedule, TimestampTz from)
{
	watched.from = from;
	watched.before[0] = 0;
	for (int i = 0; i < WATCHED_MINUTES; i++)
	{
		watched.open[i] = is_open(schedule, from + i * USECS_PER_MINUTE);
		watched.before[i + 1] = watched.before[i] + watched.open[i];
	}
}

static TimestampTz
instant(int minute)
{
	return watched.from + minute * USECS_PER_MINUTE;
}

/* The first minute from i on that is open, or is not; WATCHED_MINUTES for none. */
static int
first_minute(int i, bool open)
{
	while (i < WATCHED_MINUTES && watched.open[i] != open)
		i++;
	return i;
}

/* Forward: an answer that is watched has to be right, any other lies beyond. */
static void
check_forward(const OpenTable *table, int i, int amount)
{
	TimestampTz answer;
	OpenResult	result = amount == 0 ? open_time_from(table, instant(i), 0, &answer) :
	add_open_time(table, instant(i), amount * USECS_PER_MINUTE, &answer);
	int			wanted = watched.before[i] + amount;
	int			right = i;

	if (amount == 0)
		right = first_minute(i, true);
	else
	{
		while (right <= WATCHED_MINUTES && watched.before[right] < wanted)
			right++;
	}
	if (right < WATCHED_MINUTES)
		MUST(result == OPEN_FOUND && answer == instant(right));
	else
		MUST(result != OPEN_FOUND || answer >= instant(WATCHED_MINUTES));
}

static void
check_backward(const OpenTable *table, int i, int amount)
{
	TimestampTz answer;
	OpenResult	result = subtract_open_time(table, instant(i), amount * USECS_PER_MINUTE,
											&answer);
	int			wanted = watched.before[i] - amount;
	int			right = i;

	/* the latest instant with that much open time before `at` */
	while (right > 0 && watched.before[right] > wanted)
		right--;
	if (wanted >= 0)
		MUST(result == OPEN_FOUND && answer == instant(right));
	else
		MUST(result != OPEN_FOUND || answer < instant(0));
}

static void
check_table(const OpenTable *table)
{
	for (int i = 0; i < WATCHED_MINUTES; i += MINUTES_A_STEP)
	{
		int			j = (i * 31 + 7) % WATCHED_MINUTES;
		TimestampTz answer;
		int			close = first_minute(i, false);

		MUST((table->stretches[locate(table, instant(i))].open <= instant(i)) ==
			 watched.open[i]);
		MUST(open_time_between(table, instant(i), instant(j)) ==
			 (watched.before[j] - watched.before[i]) * USECS_PER_MINUTE);
		if (watched.open[i] && close < WATCHED_MINUTES)
			MUST(open_time_close(table, instant(i), 0, &answer) == OPEN_FOUND &&
				 answer == instant(close));
		check_forward(table, i, 0);
		check_forward(table, i, 1);
		check_forward(table, i, j % 3000 + 1);
		check_backward(table, i, 1);
		check_backward(table, i, j % 3000 + 1);
	}
}

/* A zone whose clock changes up to three times near `at`, by whole minutes. */
static void
make_zone(Offsets *offsets, ZoneSegment *segments, int *buckets, const uint8 *data,
		  TimestampTz at)
{
	int			minutes = (int) ((data[0] | data[1] << 8) % (2 * DAY_MINUTES - 1)) -
	(DAY_MINUTES - 1);
	int			n = 0;

	segments[n].from = ZONE_FROM;
	segments[n++].offset = minutes * USECS_PER_MINUTE;
	for (int i = 0; i < data[2] % 4; i++)
	{
		TimestampTz from = at + (i * 3 * DAY_MINUTES + data[3] * 16 + i) * USECS_PER_MINUTE;

		minutes += (int8_t) data[4] * (i % 2 == 0 ? 1 : -1);
		if (from <= segments[n - 1].from || from >= ZONE_TO || abs(minutes) >= DAY_MINUTES)
			break;
		segments[n].from = from;
		segments[n++].offset = minutes * USECS_PER_MINUTE;
	}
	offsets->segments = segments;
	offsets->nsegments = n;
	offsets->buckets = buckets;
	index_offsets(offsets);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	HoursParts *parts;
	char	   *text;
	Scanner		scanner;

	if (size < 8)
		return 0;
	parts = malloc(sizeof(HoursParts));
	text = malloc(size - 7);
	memcpy(text, data + 8, size - 8);
	text[size - 8] = '\0';
	scan_start(&scanner, text);
	if (parse_hours(&scanner, parts) && parts->nrules <= 20)
	{
		BusinessHours *hours = calloc(1, hours_size(parts));
		uint16	   *first_spans = calloc(parts->nrules, sizeof(uint16));
		DateADT		day = CIVIL_FIRST_DAY +
		(data[5] | data[6] << 8 | data[7] << 16) % (CIVIL_END_DAY - CIVIL_FIRST_DAY - WATCHED_DAYS);
		TimestampTz at = day * USECS_PER_DAY;
		ZoneSegment segments[4];
		int		   *buckets = calloc(OFFSET_BUCKETS, sizeof(int));
		Offsets		offsets;
		Schedule	schedule = {hours, first_spans, &offsets};

		pack_hours(parts, hours);
		for (int i = 1; i < hours->nrules; i++)
			first_spans[i] = first_spans[i - 1] + HOURS_RULES(hours)[i - 1].nspans;
		make_zone(&offsets, segments, buckets, data, at);
		watch(&schedule, at);
		check_table(build_open_table(&schedule, at, at + WATCHED_DAYS * USECS_PER_DAY));
		/* what lies around must not change an answer */
		check_table(build_open_table(&schedule, Max(at - 40 * USECS_PER_DAY, ZONE_FROM),
									 Min(at + 60 * USECS_PER_DAY, ZONE_TO)));
		forget_all();
		free(buckets);
		free(first_spans);
		free(hours);
	}
	free(text);
	free(parts);
	return 0;
}
