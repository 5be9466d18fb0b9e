/*-------------------------------------------------------------------------
 *
 * calendar.c
 *	  The calendars of a session.
 *
 * A query asks a few calendars a million times.  So each session keeps those
 * that it used last, with their tables of open time (see open_time.h), and a
 * table is replaced by a longer one when it is asked for what lies beyond.
 * Together they stay within MAX_BYTES, unless one alone is larger: what was
 * used longest ago is forgotten first.  Calendars are found by all bytes of the
 * value; nothing depends on their being found.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "calendar/calendar.h"
#include "calendar/opening_hours.h"
#include "calendar/print_hours.h"
#include "calendar/stored_hours.h"
#include "calendar/zone.h"

/*
 * What a backend can spare.  A calendar of which a year or two is asked takes
 * some 30 kB, so that is two thousand of them.
 */
#define MAX_BYTES		((Size) 64 * 1024 * 1024)

/* A first window: two years, most of them ahead. */
#define WINDOW_BEHIND	((int64) 200 * USECS_PER_DAY)
#define WINDOW_AHEAD	((int64) 530 * USECS_PER_DAY)

struct Calendar
{
	MemoryContext context;		/* of this and of what belongs to it */
	MemoryContext table_context;	/* of the table, which is replaced */
	uint64		fingerprint;	/* of the value's bytes */
	uint64		last_used;
	Size		size;			/* of the value without its varlena header */
	Size		bytes;			/* of all of it */
	BusinessHours *hours;
	Schedule	schedule;
	const OpenTable *table;		/* NULL before the first question */
};

typedef struct CalendarEntry
{
	uint64		fingerprint;
	Calendar   *calendar;
	char		status;			/* simplehash's */
} CalendarEntry;

#define SH_PREFIX			calendars
#define SH_ELEMENT_TYPE		CalendarEntry
#define SH_KEY_TYPE			uint64
#define SH_KEY				fingerprint
#define SH_HASH_KEY(tb, key)	((uint32) ((key) ^ ((key) >> 32)))
#define SH_EQUAL(tb, a, b)	((a) == (b))
#define SH_SCOPE			static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static calendars_hash * calendars = NULL;
static Calendar *last_calendar = NULL;	/* the one that was asked last */
static Size calendar_bytes = 0;
static uint64 calendar_clock = 0;

/*
 * Checks, each the only one of its kind
 */

/* Out of line, so that the check itself stays two comparisons. */
static void
report_instant(TimestampTz at)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("business hours are not known at %s", timestamptz_to_str(at)),
			 errdetail("They are known for the years %d to %d.",
					   CIVIL_FIRST_YEAR, CIVIL_LAST_YEAR),
			 errhint("Leave an instant that is not known NULL.")));
}

static inline bool
is_known(TimestampTz at)
{
	return at >= ZONE_FROM && at < ZONE_TO;
}

static inline void
check_instant(TimestampTz at)
{
	if (unlikely(!is_known(at)))
		report_instant(at);
}

static void
report_years(TimestampTz at)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("business time leads out of the years %d to %d",
					CIVIL_FIRST_YEAR, CIVIL_LAST_YEAR),
			 errdetail("It starts at %s.", timestamptz_to_str(at))));
}

static void
report_never_open(const Calendar *calendar, TimestampTz at, int direction)
{
	char	   *text = palloc(HOURS_TEXT_SIZE(calendar->hours));

	print_hours(calendar->hours, text);
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("no open time within ten years %s %s",
					direction > 0 ? "after" : "before", timestamptz_to_str(at)),
			 errdetail("The business hours are \"%s\".", text)));
}

/*
 * Keeping them
 */

static void
forget_calendar(Calendar *calendar)
{
	calendars_delete(calendars, calendar->fingerprint);
	calendar_bytes -= calendar->bytes;
	if (calendar == last_calendar)
		last_calendar = NULL;
	MemoryContextDelete(calendar->context);
}

static Calendar *
least_recently_used(void)
{
	Calendar   *oldest = NULL;
	calendars_iterator iterator;
	CalendarEntry *entry;

	calendars_start_iterate(calendars, &iterator);
	while ((entry = calendars_iterate(calendars, &iterator)) != NULL)
	{
		if (oldest == NULL || entry->calendar->last_used < oldest->last_used)
			oldest = entry->calendar;
	}
	return oldest;
}

/* What a calendar takes has changed.  Makes room, but never by forgetting it. */
static void
count_bytes(Calendar *calendar)
{
	calendar_bytes -= calendar->bytes;
	calendar->bytes = MemoryContextMemAllocated(calendar->context, true);
	calendar_bytes += calendar->bytes;
	while (calendar_bytes > MAX_BYTES)
	{
		Calendar   *oldest = least_recently_used();

		if (oldest == calendar)
			break;
		forget_calendar(oldest);
	}
}

/* Replaces the calendar's table by one that covers from .. to. */
static void
replace_table(Calendar *calendar, TimestampTz from, TimestampTz to)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "loyalcs open stretches",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	const OpenTable *table = build_open_table(&calendar->schedule, from, to);

	MemoryContextSwitchTo(caller);

	/* From here on nothing fails, so an error leaves nothing behind. */
	MemoryContextSetParent(context, calendar->context);
	if (calendar->table_context != NULL)
		MemoryContextDelete(calendar->table_context);
	calendar->table_context = context;
	calendar->table = table;
	count_bytes(calendar);
}

/*
 * Builds the table that covers first .. last, and what it covered already.
 */
static void
extend_table(Calendar *calendar, TimestampTz first, TimestampTz last)
{
	const OpenTable *table = calendar->table;
	TimestampTz from;
	TimestampTz to;

	check_instant(first);
	check_instant(last);
	from = Max(first - WINDOW_BEHIND, ZONE_FROM);
	to = Min(last + WINDOW_AHEAD, ZONE_TO);
	if (table != NULL)
	{
		int64		length = table->to - table->from;

		/* twice as long each time: windows that creep are built seldom */
		from = first < table->from ?
			Max(Min(from, table->from - length), ZONE_FROM) : table->from;
		to = last >= table->to ?
			Min(Max(to, table->to + length), ZONE_TO) : table->to;
	}
	replace_table(calendar, from, to);
}

/* The table, covering both instants; first <= last. */
const OpenTable *
calendar_table(Calendar *calendar, TimestampTz first, TimestampTz last)
{
	const OpenTable *table = calendar->table;

	if (unlikely(table == NULL || first < table->from || last >= table->to))
		extend_table(calendar, first, last);
	return calendar->table;
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

static Calendar *
make_calendar(const char *data, Size size, uint64 fingerprint)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "loyalcs calendar",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Calendar   *calendar = palloc0(sizeof(Calendar));
	BusinessHours *hours = palloc0(Max(VARHDRSZ + size, sizeof(BusinessHours)));
	uint16	   *first_spans;
	const Zone *zone;
	int			nspans = 0;
	CalendarEntry *entry;
	bool		found;

	SET_VARSIZE(hours, VARHDRSZ + size);
	memcpy(VARDATA(hours), data, size);
	check_stored_hours(hours);
	zone = find_zone(HOURS_ZONE(hours));
	if (zone == NULL)
		ereport(ERROR, ERR_UNKNOWN_ZONE(HOURS_ZONE(hours)),
				errdetail("The value comes from a server that knows this time zone."));

	first_spans = palloc(hours->nrules * sizeof(uint16));
	for (int i = 0; i < hours->nrules; i++)
	{
		first_spans[i] = nspans;
		nspans += HOURS_RULES(hours)[i].nspans;
	}
	calendar->context = context;
	calendar->fingerprint = fingerprint;
	calendar->size = size;
	calendar->hours = hours;
	calendar->schedule.hours = hours;
	calendar->schedule.first_spans = first_spans;
	calendar->schedule.offsets = zone_offsets(zone);
	MemoryContextSwitchTo(caller);

	if (calendars == NULL)
		calendars = calendars_create(TopMemoryContext, 64, NULL);
	entry = calendars_insert(calendars, fingerprint, &found);
	Assert(!found);
	entry->calendar = calendar;
	MemoryContextSetParent(context, TopMemoryContext);
	count_bytes(calendar);
	return calendar;
}

static inline bool
is_calendar_of(const Calendar *calendar, const char *data, Size size)
{
	return calendar->size == size && memcmp(VARDATA(calendar->hours), data, size) == 0;
}

static Calendar *
find_calendar(const char *data, Size size)
{
	uint64		fingerprint = fingerprint_of(data, size);
	CalendarEntry *entry = NULL;

	if (calendars != NULL)
		entry = calendars_lookup(calendars, fingerprint);
	if (entry != NULL)
	{
		if (is_calendar_of(entry->calendar, data, size))
			return entry->calendar;
		/* two values of one fingerprint take turns */
		forget_calendar(entry->calendar);
	}
	return make_calendar(data, size, fingerprint);
}

/* The calendar of business hours; good until the next is asked for. */
Calendar *
calendar_of(struct varlena *hours)
{
	struct varlena *value = pg_detoast_datum_packed(hours);
	const char *data = VARDATA_ANY(value);
	Size		size = VARSIZE_ANY_EXHDR(value);

	if (last_calendar == NULL || !is_calendar_of(last_calendar, data, size))
	{
		last_calendar = find_calendar(data, size);
		last_calendar->last_used = ++calendar_clock;
	}
	return last_calendar;
}

/* That of argument `argno`. */
Calendar *
calendar_argument(FunctionCallInfo fcinfo, int argno)
{
	return calendar_of((struct varlena *) PG_GETARG_POINTER(argno));
}

/*
 * Asking them.  What is computed from rows that others wrote asks by the
 * functions whose names begin with try_: they raise no error about what the hours
 * are, nor about when they are asked for.
 */

/*
 * Asks with longer and longer tables until there is an answer, or there can be
 * none: OPEN_NEVER or OPEN_NO_YEARS.
 */
OpenResult
try_calendar(Calendar *calendar, OpenQuestion question, TimestampTz at, int64 amount,
			 TimestampTz *answer)
{
	const OpenTable *table;

	if (!is_known(at))
		return OPEN_NO_YEARS;
	table = calendar_table(calendar, at, at);
	for (;;)
	{
		OpenResult	result = question(table, at, amount, answer);

		if (result == OPEN_AHEAD)
			table = calendar_table(calendar, table->from, table->to);
		else if (result == OPEN_BEHIND)
			table = calendar_table(calendar, table->from - 1, table->to - 1);
		else
			return result;
	}
}

/* The same, or an error.  `direction` is that in which the question looks. */
TimestampTz
ask_calendar(Calendar *calendar, OpenQuestion question, TimestampTz at, int64 amount,
			 int direction)
{
	TimestampTz answer;
	OpenResult	result;

	check_instant(at);
	result = try_calendar(calendar, question, at, amount, &answer);
	if (result == OPEN_NEVER)
		report_never_open(calendar, at, direction);
	if (result == OPEN_NO_YEARS)
		report_years(at);
	return answer;
}

/* When `amount` of open time has passed, from 0 on; none leads to the next opening. */
OpenResult
try_open_after(Calendar *calendar, TimestampTz at, int64 amount, TimestampTz *answer)
{
	return try_calendar(calendar, amount > 0 ? add_open_time : open_time_from, at, amount,
						answer);
}

/* The same for business days, from 0 on. */
OpenResult
try_business_days_after(Calendar *calendar, TimestampTz at, int64 ndays, TimestampTz *answer)
{
	return try_calendar(calendar, ndays > 0 ? add_business_days : open_time_from, at, ndays,
						answer);
}

/* False if one of the two is not within the years. */
bool
try_open_between(Calendar *calendar, TimestampTz from, TimestampTz to, int64 *open)
{
	if (!is_known(from) || !is_known(to))
		return false;
	*open = open_between(calendar, from, to);
	return true;
}

/* In words, for a row that shows it; NULL if there was an answer. */
const char *
why_not_open(OpenResult result)
{
	switch (result)
	{
		case OPEN_NEVER:
			return "no open time within ten years";
		case OPEN_NO_YEARS:
			return "business hours are known from 1900 to 2099";
		default:
			return NULL;
	}
}

int64
open_between(Calendar *calendar, TimestampTz from, TimestampTz to)
{
	return open_time_between(calendar_table(calendar, Min(from, to), Max(from, to)), from, to);
}

/* When `amount` of open time has passed, from 0 on; none leads to the next opening. */
TimestampTz
open_after(Calendar *calendar, TimestampTz at, int64 amount)
{
	return ask_calendar(calendar, amount > 0 ? add_open_time : open_time_from, at, amount, 1);
}

/* When it closes that is open at `open`; false if it stays open to the end of all years. */
bool
open_close(Calendar *calendar, TimestampTz open, TimestampTz *close)
{
	const OpenTable *table = calendar_table(calendar, open, open);
	OpenResult	result;

	while ((result = open_time_close(table, open, 0, close)) == OPEN_AHEAD)
		table = calendar_table(calendar, table->from, table->to);
	return result == OPEN_FOUND;
}
