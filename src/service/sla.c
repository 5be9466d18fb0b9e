/*-------------------------------------------------------------------------
 *
 * sla.c
 *	  Service levels: what happened to a ticket becomes clocks, a clock and a
 *	  target become a deadline, and a deadline becomes a state.
 *
 * sla_clocks() collects the events of one ticket and runs them, in order of
 * time, through one small state machine.  Its state keeps the events
 * themselves (32 bytes each), unsorted; the final function sorts them.  So it
 * needs no ORDER BY inside the call, can be combined, and runs in parallel.
 * Events of one instant keep the order of event_id where one is given, else
 * that in which they came.
 *
 * Real logs are dirty, so no order of events is an error.  What makes no sense
 * where it stands is passed over: see run_event().
 *
 * Times are microseconds; a clock without opening hours counts all of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "calendar/calendar.h"

static inline int
compare_int64(int64 a, int64 b)
{
	return (a > b) - (a < b);
}

#define SELECT_NAME				select_int64
#define SELECT_ELEMENT			int64
#define SELECT_COMPARE(a, b)	compare_int64(a, b)
#include "base/select.h"

/* In the order of the enum ticket_event; sql/sla.sql holds them against it. */
static const char *const event_names[] = {
	"opened", "customer_message", "agent_reply", "auto_reply", "proposed",
	"pending", "resumed", "resolved", "reopened", "merged", "assigned", "note"
};

typedef enum EventKind
{
	EVENT_OPENED,
	EVENT_CUSTOMER_MESSAGE,
	EVENT_AGENT_REPLY,
	EVENT_AUTO_REPLY,
	EVENT_PROPOSED,
	EVENT_PENDING,
	EVENT_RESUMED,
	EVENT_RESOLVED,
	EVENT_REOPENED,
	EVENT_MERGED,
	EVENT_ASSIGNED,
	EVENT_NOTE
} EventKind;

#define EVENT_KINDS		((int) lengthof(event_names))

/* In the order of the enum sla_metric. */
static const char *const metric_names[] = {
	"first_response", "next_response", "proposal", "resolution"
};

typedef enum Metric
{
	FIRST_RESPONSE,
	NEXT_RESPONSE,
	PROPOSAL,
	RESOLUTION
} Metric;

#define METRICS			((int) lengthof(metric_names))

/* In the order of the enum sla_state. */
static const char *const state_names[] = {
	"met", "missed", "running", "at_risk", "breached", "paused"
};

typedef enum State
{
	STATE_MET,
	STATE_MISSED,
	STATE_RUNNING,
	STATE_AT_RISK,
	STATE_BREACHED,
	STATE_PAUSED
} State;

#define STATES			((int) lengthof(state_names))

/*
 * The state of sla_clocks, a bytea.  `thread` is 0 for the ticket itself, and
 * for the log of a ticket that was merged into it, any other number.
 */
typedef struct Event
{
	TimestampTz at;
	int64		tie;
	int64		thread;
	int32		kind;
	int32		reserved;		/* always zero */
} Event;

typedef struct Log
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		count;			/* of the events that there is room for */
	Event		events[FLEXIBLE_ARRAY_MEMBER];
} Log;

/* A ticket has a handful of events. */
#define LOG_FIRST_ROOM		6

/* Far more than a ticket has, and 32 MB: whoever forgot GROUP BY hears of it. */
#define LOG_MAX_EVENTS		1000000

/* A hundred years: no promise is longer, and no sum of them overflows. */
#define MAX_TARGET			(INT64CONST(36500) * USECS_PER_DAY)

#define LOG_SIZE(room)		(offsetof(Log, events) + (Size) (room) * sizeof(Event))
#define LOG_ROOM(log)		((VARSIZE(log) - offsetof(Log, events)) / sizeof(Event))

/* A stretch of time that does not count; half-open. */
typedef struct Pause
{
	TimestampTz from;
	TimestampTz until;			/* DT_NOEND: has not ended */
} Pause;

typedef struct Clock
{
	Metric		metric;
	int			cycle;
	TimestampTz started;
	TimestampTz stopped;		/* DT_NOEND while it runs */
	TimestampTz acknowledged;	/* DT_NOEND if no machine has answered */
	Pause	   *pauses;
	int			npauses;
} Clock;

#define NO_CLOCK	(-1)

/* What goes on in one log: in the ticket's own, or in one that was merged in. */
typedef struct Thread
{
	int64		id;
	bool		opened;
	bool		ended;			/* merged into another */
	TimestampTz paused;			/* since when; DT_NOEND if it is not */
	int			running[METRICS];	/* places among the clocks, or NO_CLOCK */
	int			resolution;		/* the last resolution clock, or NO_CLOCK */
} Thread;

typedef struct Machine
{
	int			nevents;
	Clock	   *clocks;
	int			nclocks;
	int			cycles[METRICS];
	Thread	   *threads;		/* the first is the ticket's own */
	int			nthreads;
} Machine;

/*
 * Enums: what their labels are is known here, their numbers the server gives.
 */

static int
label_index(const char *label, Size length, const char *const *labels, int nlabels)
{
	for (int i = 0; i < nlabels; i++)
	{
		if (strlen(labels[i]) == length && memcmp(label, labels[i], length) == 0)
			return i;
	}
	return -1;
}

/* The numbers of an enum's labels, in our order. */
static void
enum_numbers(Oid type, const char *const *labels, int nlabels, Oid *numbers)
{
	for (int i = 0; i < nlabels; i++)
	{
		numbers[i] = GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid,
									 ObjectIdGetDatum(type),
									 CStringGetDatum(labels[i]));
		if (!OidIsValid(numbers[i]))
			elog(ERROR, "type %u has no label %s", type, labels[i]);
	}
}

static int
number_index(Oid number, const Oid *numbers, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (numbers[i] == number)
			return i;
	}
	elog(ERROR, "enum value %u is not known", number);
}

/* The numbers of the enum that argument `argno` is of, or (-1) the result. */
static const Oid *
cached_numbers(FunctionCallInfo fcinfo, int argno, const char *const *labels, int nlabels)
{
	Oid		   *numbers = fcinfo->flinfo->fn_extra;

	if (numbers == NULL)
	{
		Oid			type = argno < 0 ? get_fn_expr_rettype(fcinfo->flinfo) :
		get_fn_expr_argtype(fcinfo->flinfo, argno);

		numbers = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, nlabels * sizeof(Oid));
		enum_numbers(type, labels, nlabels, numbers);
		fcinfo->flinfo->fn_extra = numbers;
	}
	return numbers;
}

/*
 * Checks, each the only one of its kind
 */

static EventKind
check_event(const text * name)
{
	int			kind = label_index(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name),
								   event_names, EVENT_KINDS);

	if (kind < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown ticket event \"%s\"", text_to_cstring(name)),
				 errhint("SELECT enum_range(NULL::loyalcs.ticket_event) lists them; what happens to a ticket and is none of the others is a note.")));
	return (EventKind) kind;
}

static void
check_log_size(int64 nevents)
{
	if (nevents > LOG_MAX_EVENTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events for one ticket"),
				 errdetail("A ticket has at most %d.", LOG_MAX_EVENTS),
				 errhint("GROUP BY the ticket.")));
}

/* A log can only be what the functions here made, or what somebody forged. */
static Log *
check_log(Log *log)
{
	if (VARSIZE(log) < LOG_SIZE(0) || log->count < 0 || log->count > LOG_MAX_EVENTS ||
		(Size) log->count > LOG_ROOM(log))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("not a state of sla_clocks"),
				 errhint("Only the aggregate calls this function.")));
	return log;
}

static void
report_target(const Interval *target, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" cannot be a target",
					DatumGetCString(DirectFunctionCall1(interval_out,
														IntervalPGetDatum(target)))),
			 errdetail("%s", detail),
			 errhint("Write hours: of open time, two days of eight hours are interval '16 hours'.")));
}

static int64
check_target(const Interval *target, bool on_the_wall)
{
	int64		days = 0;
	int64		amount = 0;

	if (target->month != 0 || target->day < 0 || target->time < 0 ||
		pg_mul_s64_overflow(target->day, USECS_PER_DAY, &days) ||
		pg_add_s64_overflow(days, target->time, &amount) || amount > MAX_TARGET)
		report_target(target, "A target is from 0 to 36500 days long, and not in months, which differ.");
	if (target->day != 0 && !on_the_wall)
		report_target(target, "Business days differ in length.");
	return amount;
}

static TimestampTz
check_instant(const char *what, TimestampTz at)
{
	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s must not be infinite", what)));
	return at;
}

/*
 * Collecting events
 */

static Log *
make_log(int room)
{
	Log		   *log = palloc0(LOG_SIZE(room));

	SET_VARSIZE(log, LOG_SIZE(room));
	log->count = 0;
	return log;
}

static inline bool
in_aggregate(FunctionCallInfo fcinfo)
{
	return fcinfo->context != NULL &&
		(IsA(fcinfo->context, AggState) || IsA(fcinfo->context, WindowAggState));
}

/*
 * The log to append to, with room for `more` events: the state itself inside an
 * aggregate, unless it is full; then, and anywhere else, a copy.  A copy is
 * made in the current context, and the executor takes it over.
 */
static Log *
own_log(FunctionCallInfo fcinfo, int more)
{
	Log		   *log;
	Log		   *copy;
	int64		room = LOG_FIRST_ROOM;

	if (PG_ARGISNULL(0))
		return make_log(Max(more, LOG_FIRST_ROOM));
	log = check_log((Log *) PG_GETARG_BYTEA_P(0));
	if (in_aggregate(fcinfo) && LOG_ROOM(log) - log->count >= (Size) more)
		return log;
	check_log_size((int64) log->count + more);
	while (room < log->count + more)
		room *= 2;
	copy = make_log(room);
	copy->count = log->count;
	memcpy(copy->events, log->events, log->count * sizeof(Event));
	return copy;
}

static Datum
append_event(FunctionCallInfo fcinfo, EventKind kind, TimestampTz at, int64 tie,
			 int64 thread)
{
	Log		   *log = own_log(fcinfo, 1);
	Event	   *event = &log->events[log->count++];

	event->at = at;
	event->tie = tie;
	event->thread = thread;
	event->kind = kind;
	event->reserved = 0;
	PG_RETURN_BYTEA_P(log);
}

static Datum
skip_event(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* sla_clocks(ticket_event, timestamptz) */
PG_FUNCTION_INFO_V1(sla_clocks_accum);
Datum
sla_clocks_accum(PG_FUNCTION_ARGS)
{
	const Oid  *numbers;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return skip_event(fcinfo);
	numbers = cached_numbers(fcinfo, 1, event_names, EVENT_KINDS);
	return append_event(fcinfo,
						(EventKind) number_index(PG_GETARG_OID(1), numbers, EVENT_KINDS),
						PG_GETARG_TIMESTAMPTZ(2), 0, 0);
}

/* sla_clocks(text, timestamptz, bigint, bigint) */
PG_FUNCTION_INFO_V1(sla_clocks_accum_text);
Datum
sla_clocks_accum_text(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return skip_event(fcinfo);
	return append_event(fcinfo, check_event(PG_GETARG_TEXT_PP(1)),
						PG_GETARG_TIMESTAMPTZ(2),
						PG_ARGISNULL(3) ? 0 : PG_GETARG_INT64(3),
						PG_ARGISNULL(4) ? 0 : PG_GETARG_INT64(4));
}

PG_FUNCTION_INFO_V1(sla_clocks_combine);
Datum
sla_clocks_combine(PG_FUNCTION_ARGS)
{
	Log		   *log;
	Log		   *more;

	if (PG_ARGISNULL(1))
		return skip_event(fcinfo);
	more = check_log((Log *) PG_GETARG_BYTEA_P(1));
	log = own_log(fcinfo, more->count);
	memcpy(&log->events[log->count], more->events, more->count * sizeof(Event));
	log->count += more->count;
	PG_RETURN_BYTEA_P(log);
}

/*
 * Running them
 */

static inline bool
is_before(const Event *a, const Event *b)
{
	return a->at != b->at ? a->at < b->at : a->tie < b->tie;
}

/*
 * Sorts by instant and tie, keeping the order of equals.  Few events, mostly
 * in order: insertion; many: merging.
 */
static void
sort_events(Event *events, int n)
{
	Event	   *from;
	Event	   *to;

	if (n <= 32)
	{
		for (int i = 1; i < n; i++)
		{
			Event		event = events[i];
			int			j = i;

			for (; j > 0 && is_before(&event, &events[j - 1]); j--)
				events[j] = events[j - 1];
			events[j] = event;
		}
		return;
	}

	from = events;
	to = palloc(n * sizeof(Event));
	for (int width = 1; width < n; width *= 2)
	{
		Event	   *swap = from;

		CHECK_FOR_INTERRUPTS();
		for (int left = 0; left < n; left += 2 * width)
		{
			int			middle = Min(left + width, n);
			int			right = Min(left + 2 * width, n);
			int			i = left;
			int			j = middle;

			for (int k = left; k < right; k++)
			{
				if (i < middle && (j >= right || !is_before(&from[j], &from[i])))
					to[k] = from[i++];
				else
					to[k] = from[j++];
			}
		}
		from = to;
		to = swap;
	}
	if (from != events)
	{
		memcpy(events, from, n * sizeof(Event));
		pfree(from);
	}
	else
		pfree(to);
}

static void
start_clock(Machine *machine, Thread *thread, Metric metric, TimestampTz at)
{
	Clock	   *clock = &machine->clocks[machine->nclocks];

	clock->metric = metric;
	/* The ticket's own clocks are numbered; a merged one's are if they move. */
	clock->cycle = thread->id == 0 ? ++machine->cycles[metric] : 0;
	clock->started = at;
	clock->stopped = DT_NOEND;
	clock->acknowledged = DT_NOEND;
	clock->pauses = NULL;
	clock->npauses = 0;
	thread->running[metric] = machine->nclocks;
	if (metric == RESOLUTION)
		thread->resolution = machine->nclocks;
	machine->nclocks++;
}

static void
add_pause(Machine *machine, Clock *clock, TimestampTz from, TimestampTz until)
{
	from = Max(from, clock->started);
	if (from >= until)
		return;
	/* One that follows directly is the same pause, as ranges see it. */
	if (clock->npauses > 0 && clock->pauses[clock->npauses - 1].until >= from)
	{
		clock->pauses[clock->npauses - 1].until =
			Max(clock->pauses[clock->npauses - 1].until, until);
		return;
	}
	if (clock->pauses == NULL)
		clock->pauses = palloc((machine->nevents + 1) * sizeof(Pause));
	clock->pauses[clock->npauses].from = from;
	clock->pauses[clock->npauses].until = until;
	clock->npauses++;
}

static inline Clock *
running_clock(const Machine *machine, const Thread *thread, Metric metric)
{
	return thread->running[metric] == NO_CLOCK ? NULL :
		&machine->clocks[thread->running[metric]];
}

/* Only the work on a matter is paused, never the duty to answer. */
static void
end_pause(Machine *machine, Thread *thread, TimestampTz at)
{
	if (thread->paused == DT_NOEND)
		return;
	for (int metric = PROPOSAL; metric <= RESOLUTION; metric++)
	{
		Clock	   *clock = running_clock(machine, thread, metric);

		if (clock != NULL)
			add_pause(machine, clock, thread->paused, at);
	}
	thread->paused = DT_NOEND;
}

static void
stop_clock(Machine *machine, Thread *thread, Metric metric, TimestampTz at)
{
	Clock	   *clock = running_clock(machine, thread, metric);

	if (clock == NULL)
		return;
	if (metric >= PROPOSAL && thread->paused != DT_NOEND)
		add_pause(machine, clock, thread->paused, at);
	clock->stopped = at;
	thread->running[metric] = NO_CLOCK;
}

/* A customer has been answered. */
static void
stop_responses(Machine *machine, Thread *thread, TimestampTz at)
{
	stop_clock(machine, thread, FIRST_RESPONSE, at);
	stop_clock(machine, thread, NEXT_RESPONSE, at);
}

static void
open_ticket(Machine *machine, Thread *thread, TimestampTz at)
{
	thread->opened = true;
	start_clock(machine, thread, FIRST_RESPONSE, at);
	start_clock(machine, thread, PROPOSAL, at);
	start_clock(machine, thread, RESOLUTION, at);
}

/*
 * A ticket is merged into another.  The clocks that ran go on there; where
 * both tickets had one running, the one that started first stays.  Clocks that
 * had stopped stay with the ticket that they were of.
 */
static void
merge_thread(Machine *machine, Thread *thread, TimestampTz at)
{
	Thread	   *own = &machine->threads[0];

	end_pause(machine, thread, at);
	thread->ended = true;
	if (thread == own)
		return;
	/* A clock that moves shares the surviving ticket's pauses from here on. */
	if (own->paused != DT_NOEND)
	{
		end_pause(machine, own, at);
		own->paused = at;
	}
	for (int metric = 0; metric < METRICS; metric++)
	{
		Clock	   *moving = running_clock(machine, thread, metric);
		Clock	   *there = running_clock(machine, own, metric);

		if (moving == NULL)
			continue;
		if (there == NULL)
		{
			moving->cycle = ++machine->cycles[metric];
			own->running[metric] = thread->running[metric];
			if (metric == RESOLUTION)
				own->resolution = own->running[metric];
		}
		else if (moving->started < there->started)
		{
			int			cycle = there->cycle;
			TimestampTz acknowledged = Min(there->acknowledged, moving->acknowledged);

			/* what ran there in the meantime is told by the earlier clock */
			*there = *moving;
			there->cycle = cycle;
			there->acknowledged = acknowledged;
			moving->cycle = 0;
		}
		thread->running[metric] = NO_CLOCK;
	}
	own->opened = true;
}

/*
 * What an event does.  Those that make no sense where they stand do nothing:
 * an agent's doings before the ticket was opened, a second opening, pending
 * while pending, resumed without pending, reopened while open, and all that
 * follows a merge.
 */
static void
run_event(Machine *machine, Thread *thread, const Event *event)
{
	TimestampTz at = event->at;

	if (thread->ended)
		return;
	if (!thread->opened)
	{
		/* A log that was cut off begins with whatever shows the ticket open. */
		if (event->kind == EVENT_OPENED || event->kind == EVENT_CUSTOMER_MESSAGE ||
			event->kind == EVENT_REOPENED)
			open_ticket(machine, thread, at);
		else if (event->kind == EVENT_MERGED)
			merge_thread(machine, thread, at);
		return;
	}

	switch ((EventKind) event->kind)
	{
		case EVENT_CUSTOMER_MESSAGE:
			end_pause(machine, thread, at);
			if (thread->running[FIRST_RESPONSE] == NO_CLOCK &&
				thread->running[NEXT_RESPONSE] == NO_CLOCK)
				start_clock(machine, thread, NEXT_RESPONSE, at);
			break;
		case EVENT_AGENT_REPLY:
			stop_responses(machine, thread, at);
			break;
		case EVENT_AUTO_REPLY:
			{
				Clock	   *clock = running_clock(machine, thread, FIRST_RESPONSE);

				if (clock != NULL && clock->acknowledged == DT_NOEND)
					clock->acknowledged = at;
				break;
			}
		case EVENT_PROPOSED:
			stop_responses(machine, thread, at);
			stop_clock(machine, thread, PROPOSAL, at);
			break;
		case EVENT_PENDING:
			if (thread->paused == DT_NOEND && thread->running[RESOLUTION] != NO_CLOCK)
				thread->paused = at;
			break;
		case EVENT_RESUMED:
			end_pause(machine, thread, at);
			break;
		case EVENT_RESOLVED:
			stop_responses(machine, thread, at);
			stop_clock(machine, thread, PROPOSAL, at);
			stop_clock(machine, thread, RESOLUTION, at);
			thread->paused = DT_NOEND;
			break;
		case EVENT_REOPENED:
			if (thread->running[RESOLUTION] == NO_CLOCK && thread->resolution != NO_CLOCK)
			{
				Clock	   *clock = &machine->clocks[thread->resolution];

				add_pause(machine, clock, clock->stopped, at);
				clock->stopped = DT_NOEND;
				thread->running[RESOLUTION] = thread->resolution;
			}
			break;
		case EVENT_MERGED:
			merge_thread(machine, thread, at);
			break;
		case EVENT_OPENED:
		case EVENT_ASSIGNED:
		case EVENT_NOTE:
			break;
	}
}

static Thread *
find_thread(Machine *machine, int64 id)
{
	Thread	   *thread;

	for (int i = 0; i < machine->nthreads; i++)
	{
		if (machine->threads[i].id == id)
			return &machine->threads[i];
	}
	if (machine->nthreads % 8 == 0)
		machine->threads = repalloc(machine->threads,
									(machine->nthreads + 8) * sizeof(Thread));
	thread = &machine->threads[machine->nthreads++];
	thread->id = id;
	thread->opened = thread->ended = false;
	thread->paused = DT_NOEND;
	for (int metric = 0; metric < METRICS; metric++)
		thread->running[metric] = NO_CLOCK;
	thread->resolution = NO_CLOCK;
	return thread;
}

/* At most three clocks for an opening, and one for any other event. */
static void
run_log(Machine *machine, Event *events, int nevents)
{
	sort_events(events, nevents);
	memset(machine, 0, sizeof(Machine));
	machine->nevents = nevents;
	machine->clocks = palloc(((Size) nevents * 3 + 1) * sizeof(Clock));
	machine->threads = palloc(8 * sizeof(Thread));
	machine->nthreads = 0;
	find_thread(machine, 0);
	for (int i = 0; i < nevents; i++)
	{
		if (events[i].kind < 0 || events[i].kind >= EVENT_KINDS)
			elog(ERROR, "ticket event %d is not known", events[i].kind);
		run_event(machine, find_thread(machine, events[i].thread), &events[i]);
	}

	/* A ticket that was merged away: what ran is counted where it went. */
	if (machine->threads[0].ended)
	{
		for (int i = 0; i < machine->nclocks; i++)
		{
			if (machine->clocks[i].stopped == DT_NOEND)
				machine->clocks[i].cycle = 0;
		}
	}
	/* A pause that has not ended. */
	else if (machine->threads[0].paused != DT_NOEND)
		end_pause(machine, &machine->threads[0], DT_NOEND);
}

/*
 * Clocks as SQL sees them
 */

typedef struct ClockOutput
{
	TupleDesc	tupdesc;
	Oid			type;
	Oid			metrics[METRICS];
	TypeCacheEntry *multirange;
	Datum		no_pauses;
} ClockOutput;

static const ClockOutput *
clock_output(FunctionCallInfo fcinfo)
{
	ClockOutput *output = fcinfo->flinfo->fn_extra;
	MemoryContext before;

	if (output != NULL)
		return output;
	before = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	output = palloc(sizeof(ClockOutput));
	output->type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	output->tupdesc = lookup_rowtype_tupdesc_copy(output->type, -1);
	enum_numbers(TupleDescAttr(output->tupdesc, 0)->atttypid, metric_names,
				 METRICS, output->metrics);
	output->multirange = lookup_type_cache(TSTZMULTIRANGEOID, TYPECACHE_MULTIRANGE_INFO);
	output->no_pauses = MultirangeTypePGetDatum(make_multirange(TSTZMULTIRANGEOID,
																output->multirange->rngtype,
																0, NULL));
	MemoryContextSwitchTo(before);
	fcinfo->flinfo->fn_extra = output;
	return output;
}

static Datum
pauses_datum(const ClockOutput *output, const Clock *clock)
{
	RangeType **ranges;

	if (clock->npauses == 0)
		return output->no_pauses;
	ranges = palloc(clock->npauses * sizeof(RangeType *));
	for (int i = 0; i < clock->npauses; i++)
	{
		RangeBound	lower = {TimestampTzGetDatum(clock->pauses[i].from), false, true, true};
		RangeBound	upper = {TimestampTzGetDatum(clock->pauses[i].until),
		clock->pauses[i].until == DT_NOEND, false, false};

		ranges[i] = make_valid_range(output->multirange->rngtype, &lower, &upper);
	}
	return MultirangeTypePGetDatum(make_multirange(TSTZMULTIRANGEOID,
												   output->multirange->rngtype,
												   clock->npauses, ranges));
}

/* metric, cycle, started_at, stopped_at, pauses, acknowledged_at */
static Datum
clock_datum(const ClockOutput *output, const Clock *clock)
{
	Datum		values[6];
	bool		nulls[6] = {false};

	values[0] = ObjectIdGetDatum(output->metrics[clock->metric]);
	values[1] = Int32GetDatum(clock->cycle);
	values[2] = TimestampTzGetDatum(clock->started);
	values[3] = TimestampTzGetDatum(clock->stopped);
	nulls[3] = clock->stopped == DT_NOEND;
	values[4] = pauses_datum(output, clock);
	values[5] = TimestampTzGetDatum(clock->acknowledged);
	nulls[5] = clock->acknowledged == DT_NOEND;
	return HeapTupleGetDatum(heap_form_tuple(output->tupdesc, values, nulls));
}

static int
compare_clocks(const void *a, const void *b)
{
	const Clock *x = a;
	const Clock *y = b;

	if (x->metric != y->metric)
		return x->metric < y->metric ? -1 : 1;
	return (x->cycle > y->cycle) - (x->cycle < y->cycle);
}

PG_FUNCTION_INFO_V1(sla_clocks_final);
Datum
sla_clocks_final(PG_FUNCTION_ARGS)
{
	const Log  *log = check_log((Log *) PG_GETARG_BYTEA_P(0));
	const ClockOutput *output = clock_output(fcinfo);
	Event	   *events;
	Machine		machine;
	Datum	   *datums;
	int			n = 0;

	/* A copy: in a window the state goes on. */
	events = palloc(Max(log->count, 1) * sizeof(Event));
	memcpy(events, log->events, log->count * sizeof(Event));
	run_log(&machine, events, log->count);

	/* Cycle 0 is a clock of another ticket, or one that was counted there. */
	for (int i = 0; i < machine.nclocks; i++)
	{
		if (machine.clocks[i].cycle > 0)
			machine.clocks[n++] = machine.clocks[i];
	}
	if (n > 1)
		qsort(machine.clocks, n, sizeof(Clock), compare_clocks);
	datums = palloc(Max(n, 1) * sizeof(Datum));
	for (int i = 0; i < n; i++)
		datums[i] = clock_datum(output, &machine.clocks[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(datums, n, output->type, -1, false,
										  TYPALIGN_DOUBLE));
}

/*
 * Deadlines
 */

/* Time that counts: open time, or all of it. */
static inline int64
counted_time(Calendar *calendar, TimestampTz from, TimestampTz until)
{
	if (calendar != NULL)
		return open_between(calendar, from, until);
	return until - from;
}

static TimestampTz
add_counted_time(Calendar *calendar, TimestampTz at, int64 amount)
{
	TimestampTz result;

	if (calendar != NULL)
		return open_after(calendar, at, amount);
	if (pg_add_s64_overflow(at, amount, &result) || !IS_VALID_TIMESTAMP(result))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return result;
}

/* The pauses of argument `argno`, ascending and apart, as a multirange has them. */
static int
pauses_argument(FunctionCallInfo fcinfo, int argno, Pause **pauses)
{
	MultirangeType *multirange;
	TypeCacheEntry *type;
	RangeType **ranges;
	int			n;

	*pauses = NULL;
	if (PG_ARGISNULL(argno))
		return 0;
	multirange = PG_GETARG_MULTIRANGE_P(argno);
	if (MultirangeIsEmpty(multirange))
		return 0;
	type = lookup_type_cache(MultirangeTypeGetOid(multirange), TYPECACHE_MULTIRANGE_INFO);
	multirange_deserialize(type->rngtype, multirange, &n, &ranges);
	*pauses = palloc(n * sizeof(Pause));
	for (int i = 0; i < n; i++)
	{
		RangeBound	lower;
		RangeBound	upper;
		bool		empty;

		range_deserialize(type->rngtype, ranges[i], &lower, &upper, &empty);
		(*pauses)[i].from = lower.infinite ? DT_NOBEGIN : DatumGetTimestampTz(lower.val);
		(*pauses)[i].until = upper.infinite ? DT_NOEND : DatumGetTimestampTz(upper.val);
	}
	return n;
}

/*
 * When the target is used up.  False if that is not known, because a pause has
 * not ended.
 */
static bool
find_due(TimestampTz started, int64 target, Calendar *calendar, const Pause *pauses,
		 int npauses, TimestampTz *due)
{
	TimestampTz at = started;
	int64		left = target;

	for (int i = 0; i < npauses; i++)
	{
		if (pauses[i].until <= at)
			continue;
		if (pauses[i].from > at)
		{
			int64		counted = counted_time(calendar, at, pauses[i].from);

			if (counted >= left)
				break;
			left -= counted;
		}
		at = pauses[i].until;
		if (at == DT_NOEND)
			return false;
	}
	*due = add_counted_time(calendar, at, left);
	return true;
}

static int64
find_elapsed(TimestampTz started, TimestampTz until, Calendar *calendar,
			 const Pause *pauses, int npauses)
{
	TimestampTz at = started;
	int64		elapsed = 0;

	for (int i = 0; i < npauses && pauses[i].from < until; i++)
	{
		if (pauses[i].until <= at)
			continue;
		if (pauses[i].from > at)
			elapsed += counted_time(calendar, at, pauses[i].from);
		at = pauses[i].until;
	}
	if (at < until)
		elapsed += counted_time(calendar, at, until);
	return elapsed;
}

/* NULL is the clock on the wall. */
static inline Calendar *
hours_argument(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL : calendar_argument(fcinfo, argno);
}

/* sla_due(started_at, target, hours, pauses) */
PG_FUNCTION_INFO_V1(sla_due);
Datum
sla_due(PG_FUNCTION_ARGS)
{
	TimestampTz started;
	TimestampTz due;
	Calendar   *calendar;
	int64		target;
	Pause	   *pauses;
	int			npauses;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	started = check_instant("the start of a clock", PG_GETARG_TIMESTAMPTZ(0));
	npauses = pauses_argument(fcinfo, 3, &pauses);
	calendar = hours_argument(fcinfo, 2);
	target = check_target(PG_GETARG_INTERVAL_P(1), calendar == NULL);
	if (!find_due(started, target, calendar, pauses, npauses, &due))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(due);
}

/* sla_elapsed(started_at, until, hours, pauses) */
PG_FUNCTION_INFO_V1(sla_elapsed);
Datum
sla_elapsed(PG_FUNCTION_ARGS)
{
	TimestampTz started;
	TimestampTz until;
	Pause	   *pauses;
	int			npauses;
	Interval   *elapsed;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	started = check_instant("the start of a clock", PG_GETARG_TIMESTAMPTZ(0));
	until = check_instant("the end of a clock", PG_GETARG_TIMESTAMPTZ(1));
	npauses = pauses_argument(fcinfo, 3, &pauses);
	elapsed = palloc0(sizeof(Interval));
	elapsed->time = find_elapsed(started, until, hours_argument(fcinfo, 2),
								 pauses, npauses);
	PG_RETURN_INTERVAL_P(elapsed);
}

/* sla_state(due_at, stopped_at, as_of, warn_at) */
PG_FUNCTION_INFO_V1(sla_state);
Datum
sla_state(PG_FUNCTION_ARGS)
{
	const Oid  *numbers = cached_numbers(fcinfo, -1, state_names, STATES);
	TimestampTz as_of;
	State		state;

	if (PG_ARGISNULL(2))
		PG_RETURN_NULL();
	as_of = PG_GETARG_TIMESTAMPTZ(2);
	if (!PG_ARGISNULL(1) && PG_GETARG_TIMESTAMPTZ(1) <= as_of)
	{
		/* What had no deadline when it stopped was in time. */
		if (PG_ARGISNULL(0) || PG_GETARG_TIMESTAMPTZ(1) <= PG_GETARG_TIMESTAMPTZ(0))
			state = STATE_MET;
		else
			state = STATE_MISSED;
	}
	else if (PG_ARGISNULL(0))
		state = STATE_PAUSED;
	else if (as_of > PG_GETARG_TIMESTAMPTZ(0))
		state = STATE_BREACHED;
	else if (!PG_ARGISNULL(3) && as_of >= PG_GETARG_TIMESTAMPTZ(3))
		state = STATE_AT_RISK;
	else
		state = STATE_RUNNING;
	PG_RETURN_OID(numbers[state]);
}

/*
 * Rules
 */

/*
 * Columns of sla_rule: policy_id, policy_set, metric; then what a rule may ask
 * for; then from when until when it holds, and its precedence.  What follows is
 * for the reader.
 */
#define RULE_CONDITIONS	4
#define RULE_COLUMNS	(3 + RULE_CONDITIONS + 3)

typedef struct Rule
{
	Datum		row;
	Oid			metric;
	TimestampTz from;
	TimestampTz until;
	int64		rank;
	text	   *wanted[RULE_CONDITIONS];	/* NULL: anything */
} Rule;

/*
 * What fn_extra keeps: the rules of the last call, and their array as it was
 * given.  A query asks with the same rules for each of a million clocks.
 */
typedef struct Rules
{
	ArrayType  *source;
	Rule	   *rules;
	int			nrules;
} Rules;

static bool
same_text(const text * a, const text * b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

/*
 * Precedence before all; then, the more conditions the more specific; among as many, the tier of the
 * customer weighs more than the reason, that more than the priority, and that
 * more than the channel.  So only rules with the same conditions rank equally.
 */
static int64
rule_rank(const Rule *rule, int32 precedence)
{
	int			conditions = 0;
	int			weights = 0;

	for (int i = 0; i < RULE_CONDITIONS; i++)
	{
		if (rule->wanted[i] != NULL)
		{
			conditions++;
			weights |= 1 << i;
		}
	}
	return precedence * INT64CONST(1024) + (conditions << RULE_CONDITIONS | weights);
}

static void
read_rule(HeapTupleHeader header, TupleDesc tupdesc, Rule *rule)
{
	HeapTupleData tuple;
	Datum		values[MaxHeapAttributeNumber];
	bool		nulls[MaxHeapAttributeNumber];

	if (tupdesc->natts < RULE_COLUMNS)
		elog(ERROR, "sla_rule has %d columns", tupdesc->natts);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, tupdesc, values, nulls);
	rule->row = HeapTupleHeaderGetDatum(header);
	/* A rule without a metric is about nothing. */
	rule->metric = nulls[2] ? InvalidOid : DatumGetObjectId(values[2]);
	for (int i = 0; i < RULE_CONDITIONS; i++)
		rule->wanted[i] = nulls[3 + i] ? NULL : DatumGetTextPP(values[3 + i]);
	rule->from = nulls[7] ? DT_NOBEGIN : DatumGetTimestampTz(values[7]);
	rule->until = nulls[8] ? DT_NOEND : DatumGetTimestampTz(values[8]);
	rule->rank = rule_rank(rule, nulls[9] ? 0 : DatumGetInt32(values[9]));
}

static const Rules *
rules_argument(FunctionCallInfo fcinfo, int argno)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(argno);
	Rules	   *rules = fcinfo->flinfo->fn_extra;
	MemoryContext before;
	TupleDesc	tupdesc;
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	if (rules != NULL && rules->source != NULL)
	{
		if (VARSIZE(rules->source) == VARSIZE(array) &&
			memcmp(rules->source, array, VARSIZE(array)) == 0)
			return rules;
		pfree(rules->source);
		pfree(rules->rules);
		rules->source = NULL;
	}

	before = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	if (rules == NULL)
		rules = fcinfo->flinfo->fn_extra = palloc0(sizeof(Rules));
	/* The rules' texts point into this copy. */
	array = memcpy(palloc(VARSIZE(array)), array, VARSIZE(array));
	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE,
					  &elements, &nulls, &n);
	tupdesc = lookup_rowtype_tupdesc(ARR_ELEMTYPE(array), -1);
	rules->rules = palloc(Max(n, 1) * sizeof(Rule));
	rules->nrules = 0;
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			read_rule(DatumGetHeapTupleHeader(elements[i]), tupdesc,
					  &rules->rules[rules->nrules++]);
	}
	ReleaseTupleDesc(tupdesc);
	pfree(elements);
	pfree(nulls);
	rules->source = array;
	MemoryContextSwitchTo(before);
	return rules;
}

/* sla_policy(rules, metric, channel, priority, reason, tier, at) */
PG_FUNCTION_INFO_V1(sla_policy);
Datum
sla_policy(PG_FUNCTION_ARGS)
{
	const Rules *rules;
	const Rule *best = NULL;
	Oid			metric;
	TimestampTz at;
	text	   *facts[RULE_CONDITIONS];

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(6))
		PG_RETURN_NULL();
	rules = rules_argument(fcinfo, 0);
	metric = PG_GETARG_OID(1);
	at = PG_GETARG_TIMESTAMPTZ(6);
	for (int i = 0; i < RULE_CONDITIONS; i++)
		facts[i] = PG_ARGISNULL(2 + i) ? NULL : PG_GETARG_TEXT_PP(2 + i);

	for (const Rule *rule = rules->rules; rule < rules->rules + rules->nrules; rule++)
	{
		bool		fits = rule->metric == metric && rule->from <= at && at < rule->until &&
		(best == NULL || rule->rank > best->rank);

		for (int i = 0; fits && i < RULE_CONDITIONS; i++)
			fits = rule->wanted[i] == NULL ||
				(facts[i] != NULL && same_text(rule->wanted[i], facts[i]));
		if (fits)
			best = rule;
	}
	if (best == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(best->row);
}

/*
 * What people say
 */

#define SECONDS_A_DAY	(24 * 60 * 60)

static char *
say_duration(int64 seconds)
{
	int64		minutes = seconds / 60 % 60;
	int64		hours = seconds / 3600 % 24;
	int64		days = seconds / SECONDS_A_DAY;

	if (seconds < 60)
		return pstrdup("less than 1 min");
	if (days > 0 && hours > 0)
		return psprintf(INT64_FORMAT " d " INT64_FORMAT " h", days, hours);
	if (days > 0)
		return psprintf(INT64_FORMAT " d", days);
	if (hours > 0 && minutes > 0)
		return psprintf(INT64_FORMAT " h " INT64_FORMAT " min", hours, minutes);
	if (hours > 0)
		return psprintf(INT64_FORMAT " h", hours);
	return psprintf(INT64_FORMAT " min", minutes);
}

/* due_in(due_at, as_of) */
PG_FUNCTION_INFO_V1(sla_due_in);
Datum
sla_due_in(PG_FUNCTION_ARGS)
{
	TimestampTz due = check_instant("a deadline", PG_GETARG_TIMESTAMPTZ(0));
	TimestampTz as_of = check_instant("as_of", PG_GETARG_TIMESTAMPTZ(1));
	char	   *text;

	if (as_of <= due)
		text = psprintf("in %s", say_duration((due - as_of) / USECS_PER_SEC));
	else
		text = psprintf("%s over", say_duration((as_of - due) / USECS_PER_SEC));
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

/*
 * latest(value, at, tie): the value of the latest instant.  A state is as long
 * as its value, and is replaced, not changed.
 */
typedef struct Latest
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		reserved;		/* always zero */
	TimestampTz at;
	int64		tie;
	char		value[FLEXIBLE_ARRAY_MEMBER];
} Latest;

static Latest *
check_latest(Latest *latest)
{
	if (VARSIZE(latest) < offsetof(Latest, value) || latest->reserved != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("not a state of latest"),
				 errhint("Only the aggregate calls this function.")));
	return latest;
}

static inline bool
is_later(TimestampTz at, int64 tie, const Latest *latest)
{
	return at != latest->at ? at > latest->at : tie >= latest->tie;
}

PG_FUNCTION_INFO_V1(latest_accum);
Datum
latest_accum(PG_FUNCTION_ARGS)
{
	TimestampTz at;
	int64		tie;
	text	   *value;
	Latest	   *latest;
	Size		length;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return skip_event(fcinfo);
	at = PG_GETARG_TIMESTAMPTZ(2);
	tie = PG_ARGISNULL(3) ? 0 : PG_GETARG_INT64(3);
	if (!PG_ARGISNULL(0) &&
		!is_later(at, tie, check_latest((Latest *) PG_GETARG_BYTEA_P(0))))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	value = PG_GETARG_TEXT_PP(1);
	length = offsetof(Latest, value) + VARSIZE_ANY_EXHDR(value);
	latest = palloc(length);
	SET_VARSIZE(latest, length);
	latest->reserved = 0;
	latest->at = at;
	latest->tie = tie;
	memcpy(latest->value, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(latest);
}

PG_FUNCTION_INFO_V1(latest_combine);
Datum
latest_combine(PG_FUNCTION_ARGS)
{
	Latest	   *a = check_latest((Latest *) PG_GETARG_BYTEA_P(0));
	Latest	   *b = check_latest((Latest *) PG_GETARG_BYTEA_P(1));

	PG_RETURN_BYTEA_P(is_later(b->at, b->tie, a) ? b : a);
}

PG_FUNCTION_INFO_V1(latest_final);
Datum
latest_final(PG_FUNCTION_ARGS)
{
	Latest	   *latest = check_latest((Latest *) PG_GETARG_BYTEA_P(0));

	PG_RETURN_TEXT_P(cstring_to_text_with_len(latest->value,
											  VARSIZE(latest) - offsetof(Latest, value)));
}

/*
 * percentiles(interval): the median, the 90th and the 95th.  The state keeps
 * the times, as microseconds.
 */
#define PERCENTILES		3

static const int percents[PERCENTILES] = {50, 90, 95};

typedef struct Times
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		count;			/* of the times that there is room for */
	int64		times[FLEXIBLE_ARRAY_MEMBER];
} Times;

#define TIMES_FIRST_ROOM	14
#define TIMES_SIZE(room)	(offsetof(Times, times) + (Size) (room) * sizeof(int64))
#define TIMES_ROOM(state)	((VARSIZE(state) - offsetof(Times, times)) / sizeof(int64))

/* What a varlena has room for. */
#define TIMES_MAX			((int64) (MaxAllocSize / sizeof(int64)) - 2)

static Times *
check_times(Times *times)
{
	if (VARSIZE(times) < TIMES_SIZE(0) || times->count < 0 ||
		(Size) times->count > TIMES_ROOM(times))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("not a state of percentiles"),
				 errhint("Only the aggregate calls this function.")));
	return times;
}

/* As own_log() does it. */
static Times *
own_times(FunctionCallInfo fcinfo, int more)
{
	Times	   *times = NULL;
	Times	   *copy;
	int64		wanted = more;
	int64		room = TIMES_FIRST_ROOM;

	if (!PG_ARGISNULL(0))
	{
		times = check_times((Times *) PG_GETARG_BYTEA_P(0));
		if (in_aggregate(fcinfo) && TIMES_ROOM(times) - times->count >= (Size) more)
			return times;
		wanted += times->count;
	}
	if (wanted > TIMES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many times for percentiles"),
				 errdetail("There can be at most " INT64_FORMAT ".", TIMES_MAX)));
	while (room < wanted)
		room = Min(room * 2, TIMES_MAX);
	copy = palloc0(TIMES_SIZE(room));
	SET_VARSIZE(copy, TIMES_SIZE(room));
	copy->count = 0;
	if (times != NULL)
	{
		copy->count = times->count;
		memcpy(copy->times, times->times, times->count * sizeof(int64));
	}
	return copy;
}

PG_FUNCTION_INFO_V1(percentiles_accum);
Datum
percentiles_accum(PG_FUNCTION_ARGS)
{
	Times	   *times;
	Interval   *value;
	int64		days;
	int64		time;

	if (PG_ARGISNULL(1))
		return skip_event(fcinfo);
	value = PG_GETARG_INTERVAL_P(1);
	/* A month has 30 days here, as where intervals are compared. */
	days = value->day + (int64) value->month * DAYS_PER_MONTH;
	if (pg_mul_s64_overflow(days, USECS_PER_DAY, &time) ||
		pg_add_s64_overflow(time, value->time, &time))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range")));
	times = own_times(fcinfo, 1);
	times->times[times->count++] = time;
	PG_RETURN_BYTEA_P(times);
}

PG_FUNCTION_INFO_V1(percentiles_combine);
Datum
percentiles_combine(PG_FUNCTION_ARGS)
{
	Times	   *times;
	Times	   *more;

	if (PG_ARGISNULL(1))
		return skip_event(fcinfo);
	more = check_times((Times *) PG_GETARG_BYTEA_P(1));
	times = own_times(fcinfo, more->count);
	memcpy(&times->times[times->count], more->times, more->count * sizeof(int64));
	times->count += more->count;
	PG_RETURN_BYTEA_P(times);
}

/*
 * Percentile p lies at place p (n - 1) / 100; what is left of the division
 * says how far towards the next.  To the microsecond, halves to even.
 */
PG_FUNCTION_INFO_V1(percentiles_final);
Datum
percentiles_final(PG_FUNCTION_ARGS)
{
	Times	   *state = check_times((Times *) PG_GETARG_BYTEA_P(0));
	int64		n = state->count;
	int64	   *times = palloc(n * sizeof(int64) + 1);
	int64		places[2 * PERCENTILES];
	Datum		datums[PERCENTILES];

	if (n == 0)
		PG_RETURN_NULL();
	/* A copy: in a window the state goes on. */
	memcpy(times, state->times, n * sizeof(int64));
	for (int k = 0; k < PERCENTILES; k++)
	{
		int64		position = percents[k] * (n - 1);

		places[2 * k] = position / 100;
		places[2 * k + 1] = Min(position / 100 + 1, n - 1);
	}

	/*
	 * Above and below may cross where n is small; selection wants them
	 * ascending.
	 */
	for (int i = 1; i < 2 * PERCENTILES; i++)
		places[i] = Max(places[i], places[i - 1]);
	select_int64(times, 0, n, places, 2 * PERCENTILES, 2 * pg_leftmost_one_pos64(n));
	for (int k = 0; k < PERCENTILES; k++)
	{
		int64		position = percents[k] * (n - 1);
		int64		low = times[position / 100];
		int64		high = times[Min(position / 100 + 1, n - 1)];
		Interval   *interval = palloc0(sizeof(Interval));

		interval->time = low + (int64) rint((float8) (high - low) * (position % 100) / 100);
		datums[k] = IntervalPGetDatum(interval);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(datums, PERCENTILES, INTERVALOID,
										  sizeof(Interval), false, TYPALIGN_DOUBLE));
}
