/*-------------------------------------------------------------------------
 *
 * sla_promise.c
 *	  What was promised for the clocks of a ticket, until when, and what became of it.
 *
 * What decides a promise may change while a clock runs: the ticket gets another
 * priority, it is merged into one of another channel, a day turns out to be closed.  One
 * rule: a promise that was kept or broken stays what it was; one that is open
 * follows what is so now.  So the clock is judged by what was so when it was
 * decided: each version in turn, until it was decided in one, or there is no other.
 * While a ticket is solved that is reopened later, nothing is promised and nothing
 * decided: what changes meanwhile has changed when it is reopened.
 *
 * Nothing that stands in a row raises an error here, since it would be the end of
 * the whole board: a clock whose deadline cannot be computed has none and says
 * why.
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
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/intervals.h"
#include "base/labels.h"
#include "base/row_types.h"
#include "service/sla_policy.h"
#include "service/sla_states.h"

/*
 * metric, cycle, started_at, stopped_at, pauses, acknowledged_at, part, ended_at,
 * moved_from, moved_at, solved_at, reopened_at
 */
#define CLOCK_COLUMNS	12
#define FACTS_COLUMNS	5
#define PROMISE_COLUMNS	17

typedef struct PromisedClock
{
	Oid			metric;
	bool		metric_is_null;
	Datum		cycle;
	bool		cycle_is_null;
	TimestampTz started;
	TimestampTz stopped;		/* DT_NOEND: it has not been */
	TimestampTz ended;
	TimestampTz acknowledged;
	Pause	   *pauses;
	int			npauses;
	Pause	   *solved;			/* until it was reopened, in order of time */
	int			nsolved;
} PromisedClock;

/* What is kept of a call for the next. */
typedef struct PromiseRules
{
	Rules		rules;
	TupleDesc	tupdesc;
	Oid			states[STATES];
} PromiseRules;

/* How things stand in one version. */
typedef struct Judgement
{
	const Rule *rule;			/* NULL: nothing is promised */
	Deadline	due;
	TimestampTz stopped;
} Judgement;

static const void *
promise_rules(FunctionCallInfo fcinfo, RuleRows *rows)
{
	PromiseRules *kept = palloc(sizeof(PromiseRules));

	read_rules(rows, &kept->rules);
	/* (not from fn_expr, which a call by the protocol does not have) */
	kept->tupdesc = lookup_rowtype_tupdesc_copy(get_func_rettype(fcinfo->flinfo->fn_oid), -1);
	check_columns(kept->tupdesc, PROMISE_COLUMNS);
	enum_numbers(TupleDescAttr(kept->tupdesc, 3)->atttypid, state_names, STATES, kept->states);
	return kept;
}

/* One array has when it was solved, the other when it was reopened. */
static int
read_solved(Datum solved, Datum reopened, Pause **pauses)
{
	Datum	   *from;
	Datum	   *until;
	bool	   *from_null;
	bool	   *until_null;
	int			nfrom;
	int			nuntil;
	int			n = 0;

	deconstruct_array(DatumGetArrayTypeP(solved), TIMESTAMPTZOID, sizeof(TimestampTz),
					  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &from, &from_null, &nfrom);
	deconstruct_array(DatumGetArrayTypeP(reopened), TIMESTAMPTZOID, sizeof(TimestampTz),
					  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &until, &until_null, &nuntil);
	*pauses = palloc_extended(Max(nfrom, 1) * sizeof(Pause), MCXT_ALLOC_HUGE);
	for (int i = 0; i < Min(nfrom, nuntil); i++)
	{
		if (from_null[i] || until_null[i])
			continue;
		(*pauses)[n].from = DatumGetTimestampTz(from[i]);
		(*pauses)[n].until = DatumGetTimestampTz(until[i]);
		n++;
	}
	return n;
}

static void
read_clock(Datum datum, TupleDesc tupdesc, PromisedClock *clock)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(datum);
	HeapTupleData tuple;
	Datum		values[CLOCK_COLUMNS];
	bool		nulls[CLOCK_COLUMNS];

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, tupdesc, values, nulls);
	clock->metric_is_null = nulls[0];
	clock->metric = nulls[0] ? InvalidOid : DatumGetObjectId(values[0]);
	clock->cycle = values[1];
	clock->cycle_is_null = nulls[1];
	clock->started = nulls[2] ? DT_NOEND : DatumGetTimestampTz(values[2]);
	clock->stopped = nulls[3] ? DT_NOEND : DatumGetTimestampTz(values[3]);
	clock->npauses = nulls[4] ? 0 : read_pauses(values[4], &clock->pauses);
	clock->acknowledged = nulls[5] ? DT_NOEND : DatumGetTimestampTz(values[5]);
	clock->ended = nulls[7] ? DT_NOEND : DatumGetTimestampTz(values[7]);
	clock->nsolved = nulls[10] || nulls[11] ? 0 :
		read_solved(values[10], values[11], &clock->solved);
}

/*
 * Versions of the ticket
 */

/* What it was until it became what it is now; in order of time. */
typedef struct Versions
{
	Datum	   *rows;
	bool	   *missing;
	int			n;
	TupleDesc	tupdesc;
} Versions;

static void
open_versions(FunctionCallInfo fcinfo, int argno, Versions *versions)
{
	ArrayType  *array;

	versions->n = 0;
	if (PG_ARGISNULL(argno))
		return;
	array = PG_GETARG_ARRAYTYPE_P(argno);
	versions->tupdesc = lookup_rowtype_tupdesc_copy(ARR_ELEMTYPE(array), -1);
	check_columns(versions->tupdesc, FACTS_COLUMNS);
	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE,
					  &versions->rows, &versions->missing, &versions->n);
}

/* The first version from `i` on that was so after `at`; returns its place. */
static int
version_after(const Versions *versions, int i, TimestampTz at, TimestampTz *until, text * *facts)
{
	for (; i < versions->n; i++)
	{
		HeapTupleHeader header;
		HeapTupleData tuple;
		Datum		values[FACTS_COLUMNS];
		bool		nulls[FACTS_COLUMNS];

		if (versions->missing[i])
			continue;
		header = DatumGetHeapTupleHeader(versions->rows[i]);
		tuple.t_len = HeapTupleHeaderGetDatumLength(header);
		ItemPointerSetInvalid(&tuple.t_self);
		tuple.t_tableOid = InvalidOid;
		tuple.t_data = header;
		heap_deform_tuple(&tuple, versions->tupdesc, values, nulls);
		if (nulls[0] || DatumGetTimestampTz(values[0]) <= at)
			continue;
		*until = DatumGetTimestampTz(values[0]);
		for (int j = 0; j < RULE_CONDITIONS; j++)
			facts[j] = nulls[1 + j] ? NULL : DatumGetTextPP(values[1 + j]);
		return i;
	}
	*until = DT_NOEND;
	return i;
}

/*
 * Judging
 */

static void
judge(const PromisedClock *clock, const Rule *rule, Judgement *judgement)
{
	judgement->rule = rule;
	judgement->stopped = clock->stopped;
	if (rule == NULL)
		return;
	if (rule->auto_reply_counts)
		judgement->stopped = Min(clock->stopped, clock->acknowledged);
	find_deadline(clock->started, &rule->target, clock->pauses, clock->npauses,
				  &judgement->due);
}

/* The time in which it was solved, until it was reopened, that holds an instant. */
static const Pause *
solved_at(const PromisedClock *clock, TimestampTz at)
{
	int			low = 0;
	int			high = clock->nsolved;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (clock->solved[middle].from > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low > 0 && at <= clock->solved[low - 1].until ? &clock->solved[low - 1] : NULL;
}

/*
 * Whether it was kept or broken by what was so from one instant until something
 * changed.  While it is solved no deadline passes: one that would have has passed
 * when it is reopened, if that is still so by then.
 */
static bool
is_decided(const PromisedClock *clock, const Judgement *judgement, TimestampTz from,
		   TimestampTz change)
{
	const Pause *solved;

	if (Min(judgement->stopped, clock->ended) <= change)
		return true;
	if (judgement->rule == NULL || judgement->due.at > change)
		return false;
	solved = solved_at(clock, Max(judgement->due.at, from));
	return solved == NULL || solved->until < change;
}

/*
 * Judges the clock as of an instant; `facts` are those of now, and then those that
 * it was judged by.
 */
static void
judge_as_of(const PromisedClock *clock, const Rules *rules, const Versions *versions,
			TimestampTz as_of, text * *facts, Judgement *judgement)
{
	text	   *now[RULE_CONDITIONS];
	TimestampTz at = clock->started;
	bool		first = true;
	int			version = 0;

	memcpy(now, facts, sizeof(now));
	for (;;)
	{
		TimestampTz facts_until;
		TimestampTz next;
		const Rule *rule;

		memcpy(facts, now, sizeof(now));
		version = version_after(versions, version, at, &facts_until, facts);
		next = Min(facts_until, rules_change_after(rules, at));
		rule = find_rule(rules, clock->metric, facts, clock->started, at);
		if (first || rule != judgement->rule)
			judge(clock, rule, judgement);
		first = false;
		if (next == DT_NOEND || next > as_of || is_decided(clock, judgement, at, next))
			return;
		at = next;
	}
}

/* By then; DT_NOEND is never, even as of infinity. */
static inline bool
has_come(TimestampTz at, TimestampTz as_of)
{
	return at != DT_NOEND && at <= as_of;
}

static State
state_of(const Judgement *judgement, TimestampTz over, TimestampTz as_of, TimestampTz warn)
{
	State		state = promise_state(judgement->due.at, over, as_of, warn);

	/* (what has a problem is not paused) */
	return state == STATE_PAUSED && judgement->due.problem != NULL ? STATE_RUNNING : state;
}

static void
set_instant(Datum *values, bool *nulls, int i, TimestampTz at)
{
	values[i] = TimestampTzGetDatum(at);
	nulls[i] = TIMESTAMP_NOT_FINITE(at);
}

/*
 * Gives what was promised for the clock as a row, or false: nothing.
 */
static bool
promise_of(const PromiseRules *kept, const PromisedClock *clock, const Versions *versions,
		   text * *facts, TimestampTz as_of, Datum *promise)
{
	Judgement	judgement = {NULL};
	TimestampTz over;
	TimestampTz warn = DT_NOEND;
	int64		elapsed;
	Datum		values[PROMISE_COLUMNS] = {0};
	bool		nulls[PROMISE_COLUMNS] = {false};

	if (TIMESTAMP_NOT_FINITE(clock->started) || clock->started > as_of)
		return false;
	judge_as_of(clock, &kept->rules, versions, as_of, facts, &judgement);
	if (judgement.rule == NULL)
		return false;
	over = Min(judgement.stopped, clock->ended);
	if (!has_come(over, as_of))
		over = DT_NOEND;
	/* What ended before it was broken was never promised. */
	if (over != DT_NOEND && over < judgement.stopped && over <= judgement.due.at)
		return false;
	if (over == DT_NOEND)
		warn = find_warning(clock->started, &judgement.rule->target, clock->pauses,
							clock->npauses, &judgement.due);

	/* what is read most comes first: it is found without a look at the rest */
	values[0] = ObjectIdGetDatum(clock->metric);
	nulls[0] = clock->metric_is_null;
	values[1] = clock->cycle;
	nulls[1] = clock->cycle_is_null;
	values[2] = TimestampTzGetDatum(clock->started);
	values[3] = ObjectIdGetDatum(kept->states[state_of(&judgement, over, as_of, warn)]);
	nulls[4] = !find_elapsed(clock->started, Min(over, as_of), judgement.rule->target.hours,
							 clock->pauses, clock->npauses, &elapsed);
	if (!nulls[4])
		values[4] = PointerGetDatum(interval_of_time(elapsed));
	for (int i = 0; i < RULE_CONDITIONS; i++)
	{
		values[5 + i] = PointerGetDatum(facts[i]);
		nulls[5 + i] = facts[i] == NULL;
	}
	values[9] = judgement.rule->policy_id;
	nulls[9] = judgement.rule->policy_is_null;
	values[10] = judgement.rule->policy_set;
	nulls[10] = values[10] == (Datum) 0;
	values[11] = PointerGetDatum(judgement.rule->target.interval);
	nulls[11] = judgement.rule->target.interval == NULL;
	set_instant(values, nulls, 12, warn);
	set_instant(values, nulls, 13, judgement.due.at);
	set_instant(values, nulls, 14, over);
	nulls[15] = nulls[4] || judgement.due.amount == NO_AMOUNT;
	if (!nulls[15])
		values[15] = PointerGetDatum(interval_of_time(judgement.due.amount - elapsed));
	nulls[16] = judgement.due.problem == NULL;
	if (!nulls[16])
		values[16] = CStringGetTextDatum(judgement.due.problem);
	*promise = HeapTupleGetDatum(heap_form_tuple(kept->tupdesc, values, nulls));
	return true;
}

/*
 * One row a call
 *
 * Not by SRF_FIRSTCALL_INIT(): that makes a memory context for each ticket, and
 * takes fn_extra, where the rules are.
 */

/* What fn_extra keeps. */
typedef struct PromiseSeries
{
	void	   *rules;			/* see kept_rules() */
	TupleDesc	tupdesc;		/* of clocks */
	MemoryContext context;		/* of what follows: one ticket's */
	bool		goes_on;
	const PromiseRules *kept;
	Datum	   *clocks;
	bool	   *missing;
	int			nclocks;
	int			next;
	Versions	versions;
} PromiseSeries;

static PromiseSeries *
make_series(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	PromiseSeries *series;

	if (result == NULL || !IsA(result, ReturnSetInfo))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	series = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(PromiseSeries));
	series->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "loyalcs promises",
											ALLOCSET_SMALL_SIZES);
	fcinfo->flinfo->fn_extra = series;
	return series;
}

/* Nobody wants the rest of it. */
static void
abandon_series(Datum series)
{
	((PromiseSeries *) DatumGetPointer(series))->goes_on = false;
}

static ExprContext *
context_of_calls(FunctionCallInfo fcinfo)
{
	return ((ReturnSetInfo *) fcinfo->resultinfo)->econtext;
}

static void
begin_series(FunctionCallInfo fcinfo, PromiseSeries *series)
{
	ArrayType  *array;
	MemoryContext caller;

	MemoryContextReset(series->context);
	caller = MemoryContextSwitchTo(series->context);
	array = PG_GETARG_ARRAYTYPE_P(0);
	if (series->tupdesc == NULL)
	{
		MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		series->tupdesc = lookup_rowtype_tupdesc_copy(ARR_ELEMTYPE(array), -1);
		MemoryContextSwitchTo(series->context);
		check_columns(series->tupdesc, CLOCK_COLUMNS);
	}
	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE,
					  &series->clocks, &series->missing, &series->nclocks);
	open_versions(fcinfo, 5, &series->versions);
	MemoryContextSwitchTo(caller);
	series->kept = kept_rules(fcinfo, &series->rules, 6, RULE_COLUMNS, promise_rules);
	series->next = 0;
	series->goes_on = true;
	RegisterExprContextCallback(context_of_calls(fcinfo), abandon_series,
								PointerGetDatum(series));
}

static void
end_series(FunctionCallInfo fcinfo, PromiseSeries *series)
{
	series->goes_on = false;
	UnregisterExprContextCallback(context_of_calls(fcinfo), abandon_series,
								  PointerGetDatum(series));
}

static bool
next_promise(FunctionCallInfo fcinfo, PromiseSeries *series, Datum *promise)
{
	while (series->next < series->nclocks)
	{
		int			i = series->next++;
		PromisedClock clock;
		text	   *facts[RULE_CONDITIONS];

		CHECK_FOR_INTERRUPTS();
		if (series->missing[i])
			continue;
		read_clock(series->clocks[i], series->tupdesc, &clock);
		for (int j = 0; j < RULE_CONDITIONS; j++)
			facts[j] = PG_ARGISNULL(1 + j) ? NULL : PG_GETARG_TEXT_PP(1 + j);
		if (promise_of(series->kept, &clock, &series->versions, facts, PG_GETARG_TIMESTAMPTZ(7), promise))
			return true;
	}
	return false;
}

/* sla_promises(clocks, channel, priority, reason, tier, before, rules, as_of) */
PG_FUNCTION_INFO_V1(sla_promises);
Datum
sla_promises(PG_FUNCTION_ARGS)
{
	PromiseSeries *series = fcinfo->flinfo->fn_extra;
	ReturnSetInfo *result;
	Datum		promise;

	if (series == NULL)
		series = make_series(fcinfo);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	if (!series->goes_on && !PG_ARGISNULL(0) && !PG_ARGISNULL(6) && !PG_ARGISNULL(7))
		begin_series(fcinfo, series);
	if (series->goes_on)
	{
		if (next_promise(fcinfo, series, &promise))
		{
			result->isDone = ExprMultipleResult;
			PG_RETURN_DATUM(promise);
		}
		end_series(fcinfo, series);
	}
	result->isDone = ExprEndResult;
	PG_RETURN_NULL();
}
