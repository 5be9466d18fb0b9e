/*-------------------------------------------------------------------------
 *
 * sla_clocks.c
 *	  sla_clocks(): collects the events of one ticket, or of several that were
 *	  merged, and runs their clocks.
 *
 * The state keeps the events themselves (40 bytes each), unsorted; the final
 * function sorts them.  So the aggregate needs no ORDER BY inside the call, can
 * be combined, and runs in parallel.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/aggregate.h"
#include "base/compat.h"
#include "base/instants.h"
#include "base/labels.h"
#include "base/row_types.h"
#include "base/shown.h"
#include "service/ticket_clocks.h"

/* In the order of EventKind. */
static const char *const event_names[] = {
	"opened", "customer_message", "agent_reply", "auto_reply", "proposed",
	"pending", "resumed", "resolved", "reopened", "merged", "assigned", "note",
	"discarded", "auto_resolved", "auto_proposed"
};

/* In the order of Metric. */
static const char *const metric_names[] = {
	"first_response", "next_response", "proposal", "resolution"
};

/* The state, a bytea. */
typedef struct Log
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		count;			/* of the events that there is room for */
	Event		events[FLEXIBLE_ARRAY_MEMBER];
} Log;

/* A ticket has a handful of events. */
#define LOG_FIRST_ROOM		6

/* Far more than a ticket has, and 40 MB: whoever forgot GROUP BY hears of it. */
#define LOG_MAX_EVENTS		1000000

#define LOG_SIZE(room)		(offsetof(Log, events) + (Size) (room) * sizeof(Event))
#define LOG_ROOM(log)		((VARSIZE(log) - offsetof(Log, events)) / sizeof(Event))

static EventKind
check_event(const text * name)
{
	int			kind = label_index(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name),
								   event_names, EVENT_KINDS);

	if (kind < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown ticket event \"%s\"", shown_text(name)),
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

/* The log of argument `argno`: its head is checked, its events are not. */
static Log *
log_argument(FunctionCallInfo fcinfo, int argno)
{
	Log		   *log = aligned_state(fcinfo, argno);

	check_state(VARSIZE(log) >= LOG_SIZE(0), "It is too short.");
	check_state(log->count >= 0 && log->count <= LOG_MAX_EVENTS &&
				(Size) log->count <= LOG_ROOM(log),
				"It has no room for the events that it counts.");
	return log;
}

/* Before they are read for the first time. */
static void
check_events(const Event *events, int nevents)
{
	for (int i = 0; i < nevents; i++)
	{
		check_state(events[i].kind >= 0 && events[i].kind < EVENT_KINDS,
					"One of its events is of no kind.");
		check_state(events[i].merged >= 0 && events[i].merged < MERGE_TARGETS,
					"One of its events is merged into nothing that there is.");
		check_state(IS_VALID_TIMESTAMP(events[i].at), "One of its events is at no instant.");
	}
}

static Log *
make_log(int room)
{
	Log		   *log = palloc0(LOG_SIZE(room));

	SET_VARSIZE(log, LOG_SIZE(room));
	log->count = 0;
	return log;
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
	log = log_argument(fcinfo, 0);
	if (in_aggregate(fcinfo) && LOG_ROOM(log) - log->count >= (Size) more)
		return log;
	check_log_size((int64) log->count + more);
	while (room < log->count + more)
		room = Min(room * 2, LOG_MAX_EVENTS);
	copy = make_log(room);
	copy->count = log->count;
	memcpy(copy->events, log->events, log->count * sizeof(Event));
	return copy;
}

static Event *
append_event(Log *log, EventKind kind, TimestampTz at, int64 tie, int64 part)
{
	Event	   *event = &log->events[log->count++];

	event->at = check_instant("an event of a ticket", at);
	event->tie = tie;
	event->part = part;
	event->target = 0;
	event->kind = kind;
	event->merged = MERGED_NOWHERE;
	return event;
}

/* Of one ticket, number 0, and of others that were merged into it. */
static void
append_event_of_one(Log *log, EventKind kind, TimestampTz at, int64 tie, int64 part)
{
	Event	   *event = append_event(log, kind, at, tie, part);

	if (kind == EVENT_MERGED)
		event->merged = part == 0 ? MERGED_AWAY : MERGED_INTO;
}

/* sla_clocks(ticket_event, timestamptz) */
PG_FUNCTION_INFO_V1(sla_clocks_accum);
Datum
sla_clocks_accum(PG_FUNCTION_ARGS)
{
	Log		   *log;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return keep_state(fcinfo);
	log = own_log(fcinfo, 1);
	append_event_of_one(log, (EventKind) label_argument(fcinfo, 1, event_names, EVENT_KINDS),
						PG_GETARG_TIMESTAMPTZ(2), 0, 0);
	PG_RETURN_BYTEA_P(log);
}

static inline int64
number_argument(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? 0 : PG_GETARG_INT64(argno);
}

/* sla_clocks(text, timestamptz, bigint, bigint) */
PG_FUNCTION_INFO_V1(sla_clocks_accum_text);
Datum
sla_clocks_accum_text(PG_FUNCTION_ARGS)
{
	Log		   *log;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return keep_state(fcinfo);
	log = own_log(fcinfo, 1);
	append_event_of_one(log, check_event(PG_GETARG_TEXT_PP(1)), PG_GETARG_TIMESTAMPTZ(2),
						number_argument(fcinfo, 3), number_argument(fcinfo, 4));
	PG_RETURN_BYTEA_P(log);
}

/* sla_clocks(text, timestamptz, bigint, bigint, bigint) */
PG_FUNCTION_INFO_V1(sla_clocks_accum_merged);
Datum
sla_clocks_accum_merged(PG_FUNCTION_ARGS)
{
	Log		   *log;
	Event	   *event;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return keep_state(fcinfo);
	log = own_log(fcinfo, 1);
	event = append_event(log, check_event(PG_GETARG_TEXT_PP(1)), PG_GETARG_TIMESTAMPTZ(2),
						 number_argument(fcinfo, 3), number_argument(fcinfo, 4));
	if (event->kind == EVENT_MERGED && !PG_ARGISNULL(5))
	{
		event->merged = MERGED_INTO;
		event->target = PG_GETARG_INT64(5);
	}
	PG_RETURN_BYTEA_P(log);
}

PG_FUNCTION_INFO_V1(sla_clocks_combine);
Datum
sla_clocks_combine(PG_FUNCTION_ARGS)
{
	Log		   *log;
	Log		   *more;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	more = log_argument(fcinfo, 1);
	log = own_log(fcinfo, more->count);
	memcpy(&log->events[log->count], more->events, more->count * sizeof(Event));
	log->count += more->count;
	PG_RETURN_BYTEA_P(log);
}

/*
 * Clocks as SQL sees them
 */

#define CLOCK_COLUMNS	12

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
	/* (not from fn_expr, which a call by the protocol does not have) */
	output->type = get_element_type(get_func_rettype(fcinfo->flinfo->fn_oid));
	output->tupdesc = lookup_rowtype_tupdesc_copy(output->type, -1);
	check_columns(output->tupdesc, CLOCK_COLUMNS);
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

	if (clock->pauses.n == 0)
		return output->no_pauses;
	ranges = palloc(clock->pauses.n * sizeof(RangeType *));
	for (int i = 0; i < clock->pauses.n; i++)
	{
		const Pause *pause = &clock->pauses.list[i];
		RangeBound	lower = {TimestampTzGetDatum(pause->from), false, true, true};
		RangeBound	upper = {TimestampTzGetDatum(pause->until), pause->until == DT_NOEND, false, false};

		CHECK_FOR_INTERRUPTS();
		ranges[i] = make_valid_range(output->multirange->rngtype, &lower, &upper);
	}
	return MultirangeTypePGetDatum(make_multirange(TSTZMULTIRANGEOID,
												   output->multirange->rngtype,
												   clock->pauses.n, ranges));
}

/* An array of eight-byte values. */
static Datum
array_datum(Datum *datums, int n, Oid type)
{
	return PointerGetDatum(construct_array(datums, n, type, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static Datum
moves_datum(const Clock *clock, bool instants)
{
	Datum	   *datums = palloc(clock->nmoves * sizeof(Datum));

	for (int i = 0; i < clock->nmoves; i++)
		datums[i] = instants ? TimestampTzGetDatum(clock->moves[i].at) :
			Int64GetDatum(clock->moves[i].from);
	return array_datum(datums, clock->nmoves, instants ? TIMESTAMPTZOID : INT8OID);
}

static Datum
solved_datum(const Pauses *solved, bool until)
{
	Datum	   *datums = palloc(solved->n * sizeof(Datum));

	for (int i = 0; i < solved->n; i++)
		datums[i] = TimestampTzGetDatum(until ? solved->list[i].until : solved->list[i].from);
	return array_datum(datums, solved->n, TIMESTAMPTZOID);
}

/*
 * metric, cycle, started_at, stopped_at, pauses, acknowledged_at, part, ended_at,
 * moved_from, moved_at, solved_at, reopened_at
 */
static Datum
clock_datum(const ClockOutput *output, const Clock *clock, int cycle)
{
	Datum		values[CLOCK_COLUMNS];
	bool		nulls[CLOCK_COLUMNS] = {false};

	values[0] = ObjectIdGetDatum(output->metrics[clock->metric]);
	values[1] = Int32GetDatum(cycle);
	values[2] = TimestampTzGetDatum(clock->started);
	values[3] = TimestampTzGetDatum(clock->stopped);
	nulls[3] = clock->stopped == DT_NOEND;
	values[4] = pauses_datum(output, clock);
	values[5] = TimestampTzGetDatum(clock->acknowledged);
	nulls[5] = clock->acknowledged == DT_NOEND;
	values[6] = Int64GetDatum(clock->part);
	values[7] = TimestampTzGetDatum(clock->ended);
	nulls[7] = clock->ended == DT_NOEND;
	nulls[8] = nulls[9] = clock->nmoves == 0;
	if (clock->nmoves > 0)
	{
		values[8] = moves_datum(clock, false);
		values[9] = moves_datum(clock, true);
	}
	nulls[10] = nulls[11] = clock->solved.n == 0;
	if (clock->solved.n > 0)
	{
		values[10] = solved_datum(&clock->solved, false);
		values[11] = solved_datum(&clock->solved, true);
	}
	return HeapTupleGetDatum(heap_form_tuple(output->tupdesc, values, nulls));
}

/* A copy, which is sorted: in a window the state goes on. */
static int
run_log(const Log *log, const Clock ***clocks)
{
	Event	   *events = palloc(Max(log->count, 1) * sizeof(Event));

	memcpy(events, log->events, log->count * sizeof(Event));
	check_events(events, log->count);
	return run_ticket_logs(events, log->count, clocks);
}

static Datum
clocks_datum(const ClockOutput *output, Datum *datums, int n)
{
	return PointerGetDatum(construct_array(datums, n, output->type, -1, false,
										   TYPALIGN_DOUBLE));
}

/*
 * Of ticket 0: what is of another is not shown, nor what ended, as it is told by
 * the clock that goes on.
 */
PG_FUNCTION_INFO_V1(sla_clocks_final);
Datum
sla_clocks_final(PG_FUNCTION_ARGS)
{
	const Log  *log = log_argument(fcinfo, 0);
	const ClockOutput *output = clock_output(fcinfo);
	const Clock **clocks;
	int			nclocks = run_log(log, &clocks);
	Datum	   *datums = palloc(Max(nclocks, 1) * sizeof(Datum));
	int			n = 0;
	int			cycles[METRICS] = {0};

	for (int i = 0; i < nclocks; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (clocks[i]->part == 0 && clocks[i]->ended == DT_NOEND)
			datums[n++] = clock_datum(output, clocks[i], ++cycles[clocks[i]->metric]);
	}
	return clocks_datum(output, datums, n);
}

/* Of all tickets. */
PG_FUNCTION_INFO_V1(sla_clocks_merged_final);
Datum
sla_clocks_merged_final(PG_FUNCTION_ARGS)
{
	const Log  *log = log_argument(fcinfo, 0);
	const ClockOutput *output = clock_output(fcinfo);
	const Clock **clocks;
	int			n = run_log(log, &clocks);
	Datum	   *datums = palloc(Max(n, 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		datums[i] = clock_datum(output, clocks[i], clocks[i]->cycle);
	}
	return clocks_datum(output, datums, n);
}
