/*-------------------------------------------------------------------------
 *
 * calendar.c
 *	  The type business_hours, and time that counts only while they are open.
 *
 * A value says on which days of a local calendar which clock times are open;
 * calendar.h has its layout, opening_hours.c its notation.  To be asked
 * quickly it is turned into a table of stretches: maximal intervals of UTC in
 * which the local clock reads open, ascending, each with the open time before
 * it.  Everything about rules, holidays, midnights and changes of the clock
 * happens while that table is built; afterwards, open time up to an instant is
 * one lookup, so ten years are counted as fast as three days.
 *
 * A table covers a window of years around what it was asked for, and is built
 * anew, at least twice as long, when asked beyond.  Each session keeps the
 * tables of the calendars that it used last: at most MAX_CALENDARS, and those
 * together within MAX_BYTES unless one alone is larger.  They are found by all
 * bytes of the value; nothing depends on their being found.
 *
 * Invariants of a table: stretches are disjoint, do not touch, and lie within
 * the window, so one that touches its edge may go on beyond; the last entry is
 * a sentinel that opens after everything.
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

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "calendar/business_time.h"
#include "base/civil.h"
#include "base/compat.h"
#include "calendar/holidays.h"
#include "calendar/opening_hours.h"
#include "calendar/zone.h"

#define DatumGetBusinessHoursP(X)		((BusinessHours *) PG_DETOAST_DATUM(X))
#define PG_GETARG_BUSINESS_HOURS_P(n)	DatumGetBusinessHoursP(PG_GETARG_DATUM(n))

/* What a shop's database uses at a time, and what a backend can spare for it. */
#define MAX_CALENDARS	64
#define MAX_BYTES		((Size) 64 * 1024 * 1024)

/* Who is closed for longer will not open again; 3653 days are ten years. */
#define TEN_YEARS		((int64) 3653 * USECS_PER_DAY)

/* A first window: two years, most of them ahead. */
#define WINDOW_BEHIND	((int64) 200 * USECS_PER_DAY)
#define WINDOW_AHEAD	((int64) 530 * USECS_PER_DAY)

/*
 * Days around the window whose rules are needed: clocks differ from UTC by
 * less than a day, and the shift of the day before may go on.
 */
#define WINDOW_MARGIN	2

/* 2^36 microseconds, 19 hours: a search starts at the right stretch or one before. */
#define BUCKET_SHIFT	36

typedef struct Stretch
{
	TimestampTz open;
	TimestampTz close;
	int64		before;			/* open time of all stretches before this one */
} Stretch;

typedef struct Window
{
	MemoryContext context;		/* of all that is in here */
	TimestampTz from;
	TimestampTz to;				/* not included */
	DateADT		first_day;		/* the day of days[0] */
	int			ndays;
	int16	   *days;			/* the rule of each local day, or -1 */
	uint8	   *holidays;		/* whether each of them is one */
	int			nstretches;		/* without the sentinel */
	Stretch    *stretches;
	uint32	   *buckets;		/* see locate() */
	bool		has_long_gap;	/* is a gap longer than TEN_YEARS? */
	Size		bytes;
} Window;

struct Calendar
{
	MemoryContext context;		/* of this and of hours */
	uint64		last_used;
	Size		size;			/* of the value without its varlena header */
	BusinessHours *hours;
	uint16	   *first_spans;	/* where the spans of each rule start */
	const Zone *zone;
	Window	   *window;			/* NULL before the first question */
};

static Calendar *calendars[MAX_CALENDARS];
static uint64 fingerprints[MAX_CALENDARS];	/* of their bytes */
static int	ncalendars = 0;
static uint64 calendar_clock = 0;

/*
 * Checks, each the only one of its kind
 */

static const char *
instant_text(TimestampTz at)
{
	if (TIMESTAMP_NOT_FINITE(at))
		return TIMESTAMP_IS_NOEND(at) ? "infinity" : "-infinity";
	return timestamptz_to_str(at);
}

/* Out of line, so that the check itself stays two comparisons. */
static void
report_instant(TimestampTz at)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("business hours are not known at %s", instant_text(at)),
			 errdetail("They are known for the years %d to %d.",
					   CALENDAR_FIRST_YEAR, CALENDAR_LAST_YEAR),
			 errhint("Leave an instant that is not known NULL.")));
}

static inline void
check_instant(TimestampTz at)
{
	if (unlikely(at < ZONE_FROM || at >= ZONE_TO))
		report_instant(at);
}

static void
report_years(TimestampTz at)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("business time leads out of the years %d to %d",
					CALENDAR_FIRST_YEAR, CALENDAR_LAST_YEAR),
			 errdetail("It starts at %s.", instant_text(at))));
}

static void
report_never_open(const Calendar *calendar, TimestampTz at, int direction)
{
	char	   *text = palloc(HOURS_TEXT_SIZE(calendar->hours));

	print_hours(calendar->hours, text);
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("no open time within ten years %s %s",
					direction > 0 ? "after" : "before", instant_text(at)),
			 errdetail("The business hours are \"%s\".", text)));
}

static void
check_order(TimestampTz from, TimestampTz to)
{
	if (from > to)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("open periods must be asked from the earlier instant to the later"),
				 errdetail("They were asked from %s to %s.", pstrdup(instant_text(from)),
						   pstrdup(instant_text(to)))));
}

static void
check_amount(const Interval *amount)
{
	if (INTERVAL_NOT_FINITE(amount))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("an amount of business time cannot be infinite")));
	if (amount->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an amount of business time cannot have months"),
				 errdetail("It is \"%s\".",
						   DatumGetCString(DirectFunctionCall1(interval_out,
															   IntervalPGetDatum(amount)))),
				 errhint("Write business days and open hours, such as '3 days' or '8 hours'.")));
}

/*
 * Building a table
 */

/* Makes `rule` the rule of the days from first to last that are in the window. */
static void
paint_days(Window *window, DateADT first, DateADT last, int rule)
{
	int			from = Max(first - window->first_day, 0);
	int			to = Min(last - window->first_day, window->ndays - 1);

	for (int i = from; i <= to; i++)
		window->days[i] = rule;
}

/*
 * Of every year.  day_from_civil() makes February 29 of a common year March 1,
 * which is right for a first day and one too many for a last.
 */
static void
paint_yearly(Window *window, const OpeningRule *rule, int index)
{
	int			first_month = YEAR_DAY_MONTH(rule->first);
	int			last_month = YEAR_DAY_MONTH(rule->last);
	int32		year;
	int32		last_year;
	int			month;
	int			mday;

	civil_from_day(window->first_day + window->ndays, &last_year, &month, &mday);
	civil_from_day(window->first_day, &year, &month, &mday);
	/* one that began in the year before may reach into the window */
	for (year--; year <= last_year; year++)
	{
		DateADT		first = day_from_civil(year, first_month,
										   YEAR_DAY_MDAY(rule->first));
		DateADT		last = day_from_civil(year + (rule->last < rule->first),
										  last_month, YEAR_DAY_MDAY(rule->last));
		int32		ignored;

		civil_from_day(last, &ignored, &month, &mday);
		paint_days(window, first, month == last_month ? last : last - 1, index);
	}
}

static void
paint_weekly(Window *window, const OpeningRule *rule, int index)
{
	/* 2000-01-01, day 0, was a Saturday: five days after its week's Monday */
	int			weekday = (int) (window->first_day + 5 -
								 floor_div(window->first_day + 5, 7) * 7);

	for (int i = 0; i < window->ndays; i++)
	{
		if ((rule->days & (1 << weekday)) != 0 ||
			((rule->days & DAYS_PH) != 0 && window->holidays[i]))
			window->days[i] = index;
		weekday = weekday == 6 ? 0 : weekday + 1;
	}
}

static void
find_holidays(Window *window, const BusinessHours *hours)
{
	for (int i = 0; i < window->ndays; i++)
		window->holidays[i] = (hours->countries & CALENDAR_JP) != 0 &&
			japanese_holiday_on(window->first_day + i) != NULL;
	for (int i = 0; i < hours->ndates; i++)
	{
		int			day = HOURS_DATES(hours)[i] - window->first_day;

		if (day >= 0 && day < window->ndays)
			window->holidays[day] = true;
	}
}

/* The rule of each day: later ones go over earlier ones. */
static void
find_rules(Window *window, const BusinessHours *hours)
{
	window->first_day = (DateADT) floor_div(window->from, USECS_PER_DAY) - WINDOW_MARGIN;
	window->ndays = (DateADT) floor_div(window->to, USECS_PER_DAY) + WINDOW_MARGIN + 1 -
		window->first_day;
	window->days = palloc(window->ndays * sizeof(int16));
	window->holidays = palloc(window->ndays * sizeof(uint8));
	memset(window->days, -1, window->ndays * sizeof(int16));
	find_holidays(window, hours);

	for (int i = 0; i < hours->nrules; i++)
	{
		const OpeningRule *rule = &HOURS_RULES(hours)[i];

		if (rule->kind == RULE_WEEKLY)
			paint_weekly(window, rule, i);
		else if (rule->kind == RULE_YEARLY)
			paint_yearly(window, rule, i);
		else
			paint_days(window, rule->first, rule->last, i);
	}
}

/* Adds an interval that starts no earlier than the last one. */
static void
add_stretch(Window *window, int *space, TimestampTz open, TimestampTz close)
{
	Stretch    *last = &window->stretches[window->nstretches - 1];

	if (open >= close)
		return;
	if (window->nstretches > 0 && open <= last->close)
	{
		last->close = Max(last->close, close);
		return;
	}
	/* one place is the sentinel's */
	if (window->nstretches + 1 == *space)
	{
		*space *= 2;
		window->stretches = repalloc(window->stretches, *space * sizeof(Stretch));
	}
	window->stretches[window->nstretches].open = open;
	window->stretches[window->nstretches].close = close;
	window->nstretches++;
}

/*
 * Within a segment of the zone, local time is UTC plus a constant: there, the
 * order of clock times is that of instants, and both are cut off together.
 */
static void
find_stretches(Window *window, const Calendar *calendar)
{
	const OpeningRule *rules = HOURS_RULES(calendar->hours);
	const OpeningSpan *spans = HOURS_SPANS(calendar->hours);
	int			nsegments;
	const ZoneSegment *segments = zone_segments(calendar->zone, &nsegments);
	int			space = window->ndays + 2;

	window->nstretches = 0;
	window->stretches = palloc(space * sizeof(Stretch));
	for (int i = 0; i < nsegments; i++)
	{
		int64		offset = segments[i].offset;
		TimestampTz from = Max(segments[i].from, window->from);
		TimestampTz to = Min(i + 1 < nsegments ? segments[i + 1].from : ZONE_TO,
							 window->to);
		DateADT		day = (DateADT) floor_div(from + offset, USECS_PER_DAY) - 1;

		if (from >= to)
			continue;
		for (; day * USECS_PER_DAY - offset < to; day++)
		{
			int			rule = window->days[day - window->first_day];
			TimestampTz midnight = day * USECS_PER_DAY - offset;

			if (rule < 0)
				continue;
			for (int j = 0; j < rules[rule].nspans; j++)
			{
				const OpeningSpan *span = &spans[calendar->first_spans[rule] + j];

				add_stretch(window, &space,
							Max(midnight + span->open * USECS_PER_MINUTE, from),
							Min(midnight + span->close * USECS_PER_MINUTE, to));
			}
		}
		CHECK_FOR_INTERRUPTS();
	}
}

/* The open time before each stretch, and where to look for an instant. */
static void
index_stretches(Window *window)
{
	int			nbuckets = (int) ((window->to - window->from) >> BUCKET_SHIFT) + 1;
	int64		before = 0;
	Stretch    *sentinel = &window->stretches[window->nstretches];

	window->has_long_gap = false;
	for (int i = 0; i < window->nstretches; i++)
	{
		Stretch    *stretch = &window->stretches[i];

		stretch->before = before;
		before += stretch->close - stretch->open;
		if (i > 0 && stretch->open - stretch[-1].close > TEN_YEARS)
			window->has_long_gap = true;
	}
	sentinel->open = sentinel->close = DT_NOEND;
	sentinel->before = before;

	window->buckets = palloc(nbuckets * sizeof(uint32));
	for (int bucket = 0, i = 0; bucket < nbuckets; bucket++)
	{
		TimestampTz start = window->from + ((int64) bucket << BUCKET_SHIFT);

		while (window->stretches[i].close <= start)
			i++;
		window->buckets[bucket] = i;
	}
}

/* Replaces the calendar's table by one that covers from .. to. */
static void
build_window(Calendar *calendar, TimestampTz from, TimestampTz to)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "loyalcs open stretches",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Window	   *window = palloc(sizeof(Window));

	window->context = context;
	window->from = from;
	window->to = to;
	find_rules(window, calendar->hours);
	find_stretches(window, calendar);
	index_stretches(window);
	window->bytes = MemoryContextMemAllocated(context, false);
	MemoryContextSwitchTo(caller);

	/* From here on nothing fails, so an error leaves nothing behind. */
	MemoryContextSetParent(context, TopMemoryContext);
	if (calendar->window != NULL)
		MemoryContextDelete(calendar->window->context);
	calendar->window = window;
}

/*
 * The calendars of this session
 */

static void
forget_calendar(int index)
{
	Calendar   *calendar = calendars[index];

	ncalendars--;
	calendars[index] = calendars[ncalendars];
	fingerprints[index] = fingerprints[ncalendars];
	if (calendar->window != NULL)
		MemoryContextDelete(calendar->window->context);
	MemoryContextDelete(calendar->context);
}

static int
least_recently_used(void)
{
	int			oldest = 0;

	for (int i = 1; i < ncalendars; i++)
	{
		if (calendars[i]->last_used < calendars[oldest]->last_used)
			oldest = i;
	}
	return oldest;
}

/* Makes room, but never by forgetting the calendar in use. */
static void
trim_calendars(const Calendar *in_use)
{
	for (;;)
	{
		Size		bytes = 0;
		int			oldest = least_recently_used();

		for (int i = 0; i < ncalendars; i++)
		{
			if (calendars[i]->window != NULL)
				bytes += calendars[i]->window->bytes;
		}
		if (bytes <= MAX_BYTES || calendars[oldest] == in_use)
			return;
		forget_calendar(oldest);
	}
}

/*
 * Builds the table that covers first .. last, and what it covered already.
 */
static void
extend_window(Calendar *calendar, TimestampTz first, TimestampTz last)
{
	Window	   *window = calendar->window;
	TimestampTz from;
	TimestampTz to;

	check_instant(first);
	check_instant(last);
	from = Max(first - WINDOW_BEHIND, ZONE_FROM);
	to = Min(last + WINDOW_AHEAD, ZONE_TO);
	if (window != NULL)
	{
		int64		length = window->to - window->from;

		/* twice as long each time: windows that creep are built seldom */
		from = first < window->from ?
			Max(Min(from, window->from - length), ZONE_FROM) : window->from;
		to = last >= window->to ?
			Min(Max(to, window->to + length), ZONE_TO) : window->to;
	}
	build_window(calendar, from, to);
	trim_calendars(calendar);
}

/* The table, covering both instants. */
static inline const Window *
cover(Calendar *calendar, TimestampTz first, TimestampTz last)
{
	const Window *window = calendar->window;

	if (unlikely(window == NULL || first < window->from || last >= window->to))
		extend_window(calendar, first, last);
	return calendar->window;
}

static Calendar *
make_calendar(const char *data, Size size, uint64 fingerprint)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "loyalcs calendar",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Calendar   *calendar = palloc0(sizeof(Calendar));
	BusinessHours *hours = palloc0(Max(VARHDRSZ + size, sizeof(BusinessHours)));
	const char *wrong;
	const Zone *zone;
	int			nspans = 0;

	SET_VARSIZE(hours, VARHDRSZ + size);
	memcpy(VARDATA(hours), data, size);
	wrong = check_hours(hours, VARHDRSZ + size);
	if (wrong != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored business hours cannot be used"),
				 errdetail("%s", wrong)));
	zone = find_zone(HOURS_ZONE(hours));
	if (zone == NULL)
		ereport(ERROR, ERR_UNKNOWN_ZONE(HOURS_ZONE(hours)),
				errdetail("The value comes from a server that knows this time zone."));

	calendar->context = context;
	calendar->size = size;
	calendar->hours = hours;
	calendar->zone = zone;
	calendar->first_spans = palloc(hours->nrules * sizeof(uint16));
	for (int i = 0; i < hours->nrules; i++)
	{
		calendar->first_spans[i] = nspans;
		nspans += HOURS_RULES(hours)[i].nspans;
	}
	MemoryContextSwitchTo(caller);

	if (ncalendars == MAX_CALENDARS)
		forget_calendar(least_recently_used());
	MemoryContextSetParent(context, TopMemoryContext);
	calendars[ncalendars] = calendar;
	fingerprints[ncalendars] = fingerprint;
	ncalendars++;
	return calendar;
}

/* Not for anybody to see; only values that are compared byte by byte meet. */
static inline uint64
fingerprint_of(const char *data, Size size)
{
	uint64		hash = size;
	uint64		word;

	for (; size >= sizeof(word); data += sizeof(word), size -= sizeof(word))
	{
		memcpy(&word, data, sizeof(word));
		hash = (hash ^ word) * UINT64CONST(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	word = 0;
	memcpy(&word, data, size);
	return (hash ^ word) * UINT64CONST(0x9e3779b97f4a7c15);
}

/* The calendar of argument `argno`; good until the next is asked for. */
Calendar *
calendar_argument(FunctionCallInfo fcinfo, int argno)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(argno));
	const char *data = VARDATA_ANY(value);
	Size		size = VARSIZE_ANY_EXHDR(value);
	uint64		fingerprint = fingerprint_of(data, size);
	Calendar   *calendar = NULL;

	for (int i = 0; i < ncalendars; i++)
	{
		if (fingerprints[i] == fingerprint && calendars[i]->size == size &&
			memcmp(VARDATA(calendars[i]->hours), data, size) == 0)
		{
			calendar = calendars[i];
			break;
		}
	}
	if (unlikely(calendar == NULL))
		calendar = make_calendar(data, size, fingerprint);
	calendar->last_used = ++calendar_clock;
	return calendar;
}

/*
 * Asking a table
 */

/* The first stretch that closes after `at`; the sentinel if none does. */
static inline int
locate(const Window *window, TimestampTz at)
{
	int			i = window->buckets[(at - window->from) >> BUCKET_SHIFT];

	while (window->stretches[i].close <= at)
		i++;
	return i;
}

/* The open time from the start of the window to `at`. */
static inline int64
open_until(const Window *window, TimestampTz at)
{
	const Stretch *stretch = &window->stretches[locate(window, at)];

	return stretch->before + (at > stretch->open ? at - stretch->open : 0);
}

int64
open_between(Calendar *calendar, TimestampTz from, TimestampTz to)
{
	const Window *window = cover(calendar, Min(from, to), Max(from, to));

	return open_until(window, to) - open_until(window, from);
}

/* Is one of the gaps between the stretches from i to j too long? */
static bool
long_gap(const Window *window, int i, int j)
{
	if (!window->has_long_gap)
		return false;
	for (; i < j; i++)
	{
		if (window->stretches[i + 1].open - window->stretches[i].close > TEN_YEARS)
			return true;
	}
	return false;
}

/*
 * There was no more open time after (before) `at` in the window.  Looks further,
 * unless it was closed for ten years up to the end, or the years end.
 */
static const Window *
look_further(Calendar *calendar, TimestampTz at, int direction)
{
	const Window *window = calendar->window;
	const Stretch *stretches = window->stretches;
	int			n = window->nstretches;

	if (direction > 0)
	{
		if (window->to - (n > 0 ? Max(stretches[n - 1].close, at) : at) > TEN_YEARS)
			report_never_open(calendar, at, direction);
		if (window->to == ZONE_TO)
			report_years(at);
		return cover(calendar, window->from, window->to);
	}
	if ((n > 0 ? Min(stretches[0].open, at) : at) - window->from > TEN_YEARS)
		report_never_open(calendar, at, direction);
	if (window->from == ZONE_FROM)
		report_years(at);
	return cover(calendar, window->from - 1, window->to - 1);
}

/* The first instant from `at` on that is open. */
static TimestampTz
open_from(Calendar *calendar, TimestampTz at)
{
	const Window *window = cover(calendar, at, at);
	int			i;

	while ((i = locate(window, at)) == window->nstretches)
		window = look_further(calendar, at, 1);
	if (window->stretches[i].open - at > TEN_YEARS)
		report_never_open(calendar, at, 1);
	return Max(window->stretches[i].open, at);
}

/* The last instant up to `at` that is open or closing time. */
static TimestampTz
open_to(Calendar *calendar, TimestampTz at)
{
	const Window *window = cover(calendar, at, at);
	int			i;

	/* the stretch that is open just before `at`, or the one before */
	for (;;)
	{
		i = locate(window, at);
		if (window->stretches[i].open < at)
			return at;
		if (i > 0)
			break;
		window = look_further(calendar, at, -1);
	}
	if (at - window->stretches[i - 1].close > TEN_YEARS)
		report_never_open(calendar, at, -1);
	return window->stretches[i - 1].close;
}

/* When `amount` of open time has passed after `at`; amount > 0. */
static TimestampTz
add_forward(Calendar *calendar, TimestampTz at, int64 amount)
{
	const Window *window = cover(calendar, at, at);
	const Stretch *stretches;
	int64		wanted;
	int			i;
	int			low;
	int			high;

	if (amount > ZONE_TO - ZONE_FROM)
		report_years(at);
	for (;;)
	{
		stretches = window->stretches;
		i = locate(window, at);
		wanted = stretches[i].before + (at > stretches[i].open ? at - stretches[i].open : 0) +
			amount;
		if (wanted <= stretches[window->nstretches].before)
			break;
		window = look_further(calendar, at, 1);
	}

	/* the first stretch with that much before the next: nearly always near */
	low = i;
	for (int step = 1;; step *= 2)
	{
		high = Min(low + step, window->nstretches);
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
	if (stretches[i].open - at > TEN_YEARS || long_gap(window, i, low))
		report_never_open(calendar, at, 1);
	return stretches[low].open + (wanted - stretches[low].before);
}

/* The same for any amount from 0 on; none leads to the next opening. */
TimestampTz
open_after(Calendar *calendar, TimestampTz at, int64 amount)
{
	check_instant(at);
	return amount > 0 ? add_forward(calendar, at, amount) : open_from(calendar, at);
}

/* When `amount` of open time was still to come before `at`; amount > 0. */
static TimestampTz
add_backward(Calendar *calendar, TimestampTz at, int64 amount)
{
	const Window *window = cover(calendar, at, at);
	const Stretch *stretches;
	int64		wanted;
	int			i;
	int			low = 0;
	int			high;

	if (amount > ZONE_TO - ZONE_FROM)
		report_years(at);
	for (;;)
	{
		stretches = window->stretches;
		i = locate(window, at);
		wanted = stretches[i].before + (at > stretches[i].open ? at - stretches[i].open : 0) -
			amount;
		if (wanted >= 0)
			break;
		window = look_further(calendar, at, -1);
	}

	/* the last stretch with no more than that before it */
	high = i + 1;
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
	if ((stretches[i].open >= at && at - stretches[i - 1].close > TEN_YEARS) ||
		long_gap(window, low, i > 0 && stretches[i].open >= at ? i - 1 : i))
		report_never_open(calendar, at, -1);
	return stretches[low].open + (wanted - stretches[low].before);
}

/*
 * Business days.  A day is one if its own rule opens, whatever of the night
 * before reaches into it.
 */

/* The rule of a local day, or -1; `at` is where the days started to be counted. */
static int
rule_of(Calendar *calendar, DateADT day, TimestampTz at)
{
	const Window *window = calendar->window;

	if (day < window->first_day || day >= window->first_day + window->ndays)
	{
		TimestampTz midnight = day * USECS_PER_DAY;

		if (midnight < ZONE_FROM || midnight >= ZONE_TO)
			report_years(at);
		window = cover(calendar, midnight, midnight);
	}
	return window->days[day - window->first_day];
}

/* Does the rule's day open at that minute, or, going back, close after it? */
static bool
rule_opens_at(const Calendar *calendar, int rule, int64 clock, int direction)
{
	const OpeningSpan *spans;

	if (rule < 0)
		return false;
	spans = &HOURS_SPANS(calendar->hours)[calendar->first_spans[rule]];
	for (int i = 0; i < HOURS_RULES(calendar->hours)[rule].nspans; i++)
	{
		int64		open = spans[i].open * USECS_PER_MINUTE;
		int64		close = spans[i].close * USECS_PER_MINUTE;

		if (direction > 0 ? clock >= open && clock < close : clock > open && clock <= close)
			return true;
	}
	return false;
}

/*
 * The same clock time `ndays` business days on, or back if negative; the next
 * open instant (the last closing) where that is not open.  `at` itself counts
 * as the next open instant (the last closing) if it is closed, so whoever writes
 * on a Saturday has the same time as who writes when it opens on Monday.
 */
static TimestampTz
add_days(Calendar *calendar, TimestampTz at, int32 ndays)
{
	int			direction = ndays > 0 ? 1 : -1;
	TimestampTz start = ndays > 0 ? open_from(calendar, at) : open_to(calendar, at);

	/* going back, an instant belongs to what is just before it */
	int64		local = start + zone_offset(calendar->zone, ndays > 0 ? start : start - 1);
	DateADT		day = (DateADT) floor_div(ndays > 0 ? local : local - 1, USECS_PER_DAY);
	int64		clock = local - day * USECS_PER_DAY;
	int			closed = 0;

	/* a shift belongs to the day it started on */
	if (!rule_opens_at(calendar, rule_of(calendar, day, at), clock, direction) &&
		rule_opens_at(calendar, rule_of(calendar, day - 1, at), clock + USECS_PER_DAY, direction))
	{
		day--;
		clock += USECS_PER_DAY;
	}
	for (int64 left = (int64) ndays * direction; left > 0;)
	{
		int			rule;

		day += direction;
		rule = rule_of(calendar, day, at);
		if (rule >= 0 && HOURS_RULES(calendar->hours)[rule].nspans > 0)
		{
			left--;
			closed = 0;
		}
		else if (++closed * USECS_PER_DAY > TEN_YEARS)
			report_never_open(calendar, at, direction);
		CHECK_FOR_INTERRUPTS();
	}

	local = day * USECS_PER_DAY + clock;
	at = zone_instant(calendar->zone, local);
	return ndays > 0 ? open_from(calendar, at) : open_to(calendar, at);
}

/*
 * Input and output
 */

static Datum
hours_from_parts(FunctionCallInfo fcinfo, HoursParts *parts)
{
	const Zone *zone = find_zone(parts->zone);
	BusinessHours *hours;
	size_t		size;

	if (zone == NULL)
		ereturn(fcinfo->context, (Datum) 0, ERR_UNKNOWN_ZONE(parts->zone));
	strlcpy(parts->zone, zone_name(zone), sizeof(parts->zone));

	size = hours_size(parts);
	hours = palloc0(size);
	SET_VARSIZE(hours, size);
	pack_hours(parts, hours);
	pfree(parts);
	PG_RETURN_POINTER(hours);
}

static Datum
report_text(FunctionCallInfo fcinfo, const char *what, const char *text,
			const Scanner *scanner)
{
	bool		holidays = strcmp(what, "holidays") == 0;

	ereturn(fcinfo->context, (Datum) 0,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for %s: \"%s\"", what, text),
			 errdetail("Expected %s at character %d.", scanner->expected,
					   scan_position(scanner)),
			 holidays ?
			 errhint("Write JP, dates such as 2026-08-13,2026-08-14, both, or nothing.") :
			 errhint("Write rules such as Mo-Fr 10:00-18:00; Sa 10:00-15:00; PH off; Dec 29-Jan 03 off; 2026 Aug 13-16 off.")));
}

static Datum
hours_from_text(FunctionCallInfo fcinfo, const char *text)
{
	HoursParts *parts = palloc(sizeof(HoursParts));
	Scanner		scanner;

	scan_start(&scanner, text);
	if (!parse_hours(&scanner, parts))
		return report_text(fcinfo, "type business_hours", text, &scanner);
	return hours_from_parts(fcinfo, parts);
}

PG_FUNCTION_INFO_V1(business_hours_in);
Datum
business_hours_in(PG_FUNCTION_ARGS)
{
	return hours_from_text(fcinfo, PG_GETARG_CSTRING(0));
}

PG_FUNCTION_INFO_V1(business_hours_out);
Datum
business_hours_out(PG_FUNCTION_ARGS)
{
	BusinessHours *hours = PG_GETARG_BUSINESS_HOURS_P(0);
	char	   *text = palloc(HOURS_TEXT_SIZE(hours));

	print_hours(hours, text);
	PG_RETURN_CSTRING(text);
}

/*
 * In binary a value is its version and its text: what comes in has one parser,
 * whichever way it comes, and every version can read it.
 */
PG_FUNCTION_INFO_V1(business_hours_recv);
Datum
business_hours_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			version = pq_getmsgint(buf, 1);
	char	   *text;
	int			nbytes;

	if (version != CALENDAR_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported version number %d of business_hours", version),
				 errdetail("The only one is %d.", CALENDAR_VERSION)));
	text = pq_getmsgtext(buf, buf->len - buf->cursor, &nbytes);
	if (strlen(text) != (size_t) nbytes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("business_hours cannot have a zero byte")));
	return hours_from_text(fcinfo, text);
}

PG_FUNCTION_INFO_V1(business_hours_send);
Datum
business_hours_send(PG_FUNCTION_ARGS)
{
	BusinessHours *hours = PG_GETARG_BUSINESS_HOURS_P(0);
	char	   *text = palloc(HOURS_TEXT_SIZE(hours));
	char	   *end = print_hours(hours, text);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint8(&buf, CALENDAR_VERSION);
	pq_sendtext(&buf, text, end - text);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* business_hours(rules, time_zone, holidays) */
PG_FUNCTION_INFO_V1(business_hours_make);
Datum
business_hours_make(PG_FUNCTION_ARGS)
{
	char	   *rules = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *zone = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *holidays = text_to_cstring(PG_GETARG_TEXT_PP(2));
	HoursParts *parts = palloc(sizeof(HoursParts));
	Scanner		scanner;

	/* holidays first: whether a rule ever opens may depend on them */
	scan_start(&scanner, holidays);
	if (!parse_holidays(&scanner, parts))
		return report_text(fcinfo, "holidays", holidays, &scanner);
	scan_start(&scanner, rules);
	if (!parse_rules(&scanner, parts))
		return report_text(fcinfo, "opening hours", rules, &scanner);
	/* one that is too long was never the name of a zone */
	strlcpy(parts->zone, zone, sizeof(parts->zone));
	return hours_from_parts(fcinfo, parts);
}

/*
 * Comparison: by the bytes.  The order has no meaning; it exists so that keys,
 * DISTINCT and statistics work.
 */

static int
compare_hours(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_GETARG_VARLENA_PP(0);
	struct varlena *b = PG_GETARG_VARLENA_PP(1);
	Size		a_size = VARSIZE_ANY_EXHDR(a);
	Size		b_size = VARSIZE_ANY_EXHDR(b);
	int			order = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(a_size, b_size));

	if (order == 0)
		order = (a_size > b_size) - (a_size < b_size);
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order;
}

PG_FUNCTION_INFO_V1(business_hours_cmp);
Datum
business_hours_cmp(PG_FUNCTION_ARGS)
{
	int			order = compare_hours(fcinfo);

	PG_RETURN_INT32((order > 0) - (order < 0));
}

#define BUSINESS_HOURS_COMPARISON(name, test) \
PG_FUNCTION_INFO_V1(business_hours_##name); \
Datum \
business_hours_##name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_BOOL(compare_hours(fcinfo) test 0); \
} \
extern Datum business_hours_##name(PG_FUNCTION_ARGS)

BUSINESS_HOURS_COMPARISON(lt, <);
BUSINESS_HOURS_COMPARISON(le, <=);
BUSINESS_HOURS_COMPARISON(eq, ==);
BUSINESS_HOURS_COMPARISON(ne, !=);
BUSINESS_HOURS_COMPARISON(ge, >=);
BUSINESS_HOURS_COMPARISON(gt, >);

PG_FUNCTION_INFO_V1(business_hours_hash);
Datum
business_hours_hash(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	Datum		hash = hash_any((unsigned char *) VARDATA_ANY(value),
								VARSIZE_ANY_EXHDR(value));

	PG_FREE_IF_COPY(value, 0);
	return hash;
}

PG_FUNCTION_INFO_V1(business_hours_hash_extended);
Datum
business_hours_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	Datum		hash = hash_any_extended((unsigned char *) VARDATA_ANY(value),
										 VARSIZE_ANY_EXHDR(value), PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(value, 0);
	return hash;
}

/*
 * Questions
 */

PG_FUNCTION_INFO_V1(business_hours_is_open);
Datum
business_hours_is_open(PG_FUNCTION_ARGS)
{
	Calendar   *calendar = calendar_argument(fcinfo, 0);
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
	const Window *window = cover(calendar, at, at);

	PG_RETURN_BOOL(window->stretches[locate(window, at)].open <= at);
}

PG_FUNCTION_INFO_V1(business_hours_next_open);
Datum
business_hours_next_open(PG_FUNCTION_ARGS)
{
	Calendar   *calendar = calendar_argument(fcinfo, 0);

	PG_RETURN_TIMESTAMPTZ(open_from(calendar, PG_GETARG_TIMESTAMPTZ(1)));
}

/* NULL if it is open from then on to the end of all years. */
PG_FUNCTION_INFO_V1(business_hours_next_close);
Datum
business_hours_next_close(PG_FUNCTION_ARGS)
{
	Calendar   *calendar = calendar_argument(fcinfo, 0);
	TimestampTz open = open_from(calendar, PG_GETARG_TIMESTAMPTZ(1));
	const Window *window = cover(calendar, open, open);
	TimestampTz close;

	while ((close = window->stretches[locate(window, open)].close) == window->to)
	{
		if (window->to == ZONE_TO)
			PG_RETURN_NULL();
		window = cover(calendar, open, window->to);
	}
	PG_RETURN_TIMESTAMPTZ(close);
}

static Interval *
interval_of(int64 time)
{
	Interval   *interval = palloc(sizeof(Interval));

	interval->time = time;
	interval->day = 0;
	interval->month = 0;
	return interval;
}

PG_FUNCTION_INFO_V1(business_time);
Datum
business_time(PG_FUNCTION_ARGS)
{
	TimestampTz from = PG_GETARG_TIMESTAMPTZ(0);
	TimestampTz to = PG_GETARG_TIMESTAMPTZ(1);
	Calendar   *calendar = calendar_argument(fcinfo, 2);

	PG_RETURN_INTERVAL_P(interval_of(open_between(calendar, from, to)));
}

PG_FUNCTION_INFO_V1(add_business_time);
Datum
add_business_time(PG_FUNCTION_ARGS)
{
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(0);
	Interval   *amount = PG_GETARG_INTERVAL_P(1);
	Calendar   *calendar = calendar_argument(fcinfo, 2);

	check_amount(amount);
	check_instant(at);
	if (amount->day != 0)
		at = add_days(calendar, at, amount->day);
	if (amount->time > 0)
		at = add_forward(calendar, at, amount->time);
	else if (amount->time < 0)
		at = add_backward(calendar, at, -Max(amount->time, -PG_INT64_MAX));
	else if (amount->day == 0)
		at = open_from(calendar, at);
	PG_RETURN_TIMESTAMPTZ(at);
}

/*
 * Open periods: calls `take` for each, in order, cut off at both ends.
 */

static RangeType *
instant_range(TypeCacheEntry *type, TimestampTz from, TimestampTz to)
{
	RangeBound	lower = {TimestampTzGetDatum(from), false, true, true};
	RangeBound	upper = {TimestampTzGetDatum(to), false, false, false};

	return make_valid_range(type, &lower, &upper);
}

PG_FUNCTION_INFO_V1(open_periods);
Datum
open_periods(PG_FUNCTION_ARGS)
{
	Calendar   *calendar = calendar_argument(fcinfo, 0);
	TimestampTz from = PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz to = PG_GETARG_TIMESTAMPTZ(2);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TypeCacheEntry *type = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	const Window *window;

	check_order(from, to);
	window = cover(calendar, from, to);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (int i = locate(window, from); window->stretches[i].open < to; i++)
	{
		Datum		range;
		bool		isnull = false;

		if (from == to)
			break;
		range = RangeTypePGetDatum(instant_range(type,
												 Max(window->stretches[i].open, from),
												 Min(window->stretches[i].close, to)));
		tuplestore_putvalues(result->setResult, result->setDesc, &range, &isnull);
		pfree(DatumGetPointer(range));
		CHECK_FOR_INTERRUPTS();
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(open_multirange);
Datum
open_multirange(PG_FUNCTION_ARGS)
{
	Calendar   *calendar = calendar_argument(fcinfo, 0);
	TimestampTz from = PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz to = PG_GETARG_TIMESTAMPTZ(2);
	TypeCacheEntry *type = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	const Window *window;
	RangeType **ranges;
	int			first;
	int			n = 0;

	check_order(from, to);
	window = cover(calendar, from, to);
	first = locate(window, from);
	/* 200 years of 24 times a day are 1.8 million ranges: it fits */
	ranges = palloc((window->nstretches - first + 1) * sizeof(RangeType *));
	for (int i = first; from < to && window->stretches[i].open < to; i++)
	{
		ranges[n++] = instant_range(type, Max(window->stretches[i].open, from),
									Min(window->stretches[i].close, to));
		CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_MULTIRANGE_P(make_multirange(TSTZMULTIRANGEOID, type, n, ranges));
}

/*
 * Explaining: the same days, walked rule by rule instead of looked up
 */

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
	const Calendar *calendar;
	int			sign;			/* of what is counted */
	int64		counted;
	bool		pending;		/* is there a row that may go on? */
	Reason		reason;
	TimestampTz from;
	TimestampTz to;
} Explanation;

static char *
reason_text(const Calendar *calendar, const Reason *reason)
{
	const OpeningRule *rule;
	char	   *rule_text;
	const Holiday *holiday;

	if (reason->rule < 0)
		return pstrdup("outside the weekly rules");
	rule = &HOURS_RULES(calendar->hours)[reason->rule];
	rule_text = palloc(RULE_TEXT_SIZE + SPAN_TEXT_SIZE * rule->nspans);
	print_rule(rule, &HOURS_SPANS(calendar->hours)[calendar->first_spans[reason->rule]],
			   rule_text);
	if (reason->holiday == DATEVAL_NOEND)
		return psprintf("%s: %s",
						rule->kind == RULE_DATED ? "dated exception" :
						rule->kind == RULE_YEARLY ? "yearly exception" : "weekly rule",
						rule_text);
	holiday = (calendar->hours->countries & CALENDAR_JP) ?
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
	why = reason_text(explanation->calendar, &explanation->reason);
	values[0] = TimestampTzGetDatum(explanation->from);
	values[1] = TimestampTzGetDatum(explanation->to);
	values[2] = BoolGetDatum(explanation->reason.is_open);
	values[3] = CStringGetTextDatum(why);
	values[4] = IntervalPGetDatum(interval_of(explanation->sign * explanation->counted));
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
reason_of(const Calendar *calendar, DateADT day, int rule, bool is_open)
{
	const Window *window = calendar->window;
	Reason		reason = {is_open, rule, DATEVAL_NOEND};

	if (rule >= 0)
	{
		const OpeningRule *of_day = &HOURS_RULES(calendar->hours)[rule];

		if ((of_day->days & DAYS_PH) != 0 && window->holidays[day - window->first_day])
			reason.holiday = day;
		else if (!is_open && of_day->kind == RULE_WEEKLY)
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
	const Calendar *calendar = explanation->calendar;
	const OpeningRule *rules = HOURS_RULES(calendar->hours);
	const OpeningSpan *spans = HOURS_SPANS(calendar->hours);
	const int16 *days = calendar->window->days + (day - calendar->window->first_day);
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
				const OpeningSpan *span = &spans[calendar->first_spans[rule] + i];

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
					  reason_of(calendar, day - open_day, days[-open_day], true) :
					  reason_of(calendar, day, days[0], false));
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
	Explanation explanation = {0};
	int			nsegments;
	const ZoneSegment *segments = zone_segments(calendar->zone, &nsegments);

	cover(calendar, first, last);
	explanation.result = (ReturnSetInfo *) fcinfo->resultinfo;
	explanation.calendar = calendar;
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
