/*-------------------------------------------------------------------------
 *
 * tiers.c
 *	  Tiers: what a customer ordered and the rules become the spans of time
 *	  during which the customer holds a tier.
 *
 * For each window of time that rules look at, the figures of a customer are a
 * step function: an order adds to them when it is placed, a refund takes away
 * from them, and when the order is cancelled or leaves the window, what is left
 * of it goes.  A sweep over these steps and over the instants at which rules
 * begin and end tells at each what the customer is entitled to; a small state
 * machine raises at once and lowers after grace: see run_instant().
 *
 * The result depends on the orders and rules alone, not on when it is asked
 * for, and what is dated later changes nothing earlier.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/civil.h"
#include "base/compat.h"
#include "base/money.h"
#include "base/row_types.h"
#include "base/rule_cache.h"
#include "base/texts.h"
#include "calendar/zone.h"

typedef enum TierPeriod
{
	PERIOD_ROLLING,
	PERIOD_CALENDAR_YEAR,
	PERIOD_LIFETIME
} TierPeriod;

/* Rules with the same window look at the same figures. */
typedef struct TierWindow
{
	TierPeriod	period;
	Interval	length;			/* of a rolling period */
} TierWindow;

/*
 * A rule, or a time during which it has the same minimum: those with the same
 * rule_id follow each other.
 */
typedef struct TierRule
{
	int64		rule_id;
	Datum		tier;
	int			tier_number;	/* equal for equal tiers */
	int32		rank;
	int64		min_spend;
	int64		min_orders;
	bool		asks_spend;
	bool		asks_orders;
	bool		match_all;
	int			window;
	Interval	grace;
	bool		soft_landing;
	TimestampTz from;
	TimestampTz until;
} TierRule;

/* What is kept of the rules of a call, and how to write a span. */
typedef struct TierRules
{
	TierRule   *rules;
	int			nrules;
	int		   *chains;			/* first rule of each rule_id, and the end */
	int			nchains;
	TierWindow *windows;
	int			nwindows;
	TimestampTz *edges;			/* when rules begin or end, ascending */
	int			nedges;
	Oid			span_type;
	TupleDesc	span_desc;
} TierRules;

/* Arguments that orders are read from; columns of tier_rule and tier_span. */
#define ENTRY_ARRAYS	4
#define RULE_COLUMNS	12
#define SPAN_COLUMNS	7

/* An order or, with a negative amount, a refund. */
typedef struct TierEntry
{
	TimestampTz ordered;
	TimestampTz from;
	TimestampTz until;
	int64		amount;
} TierEntry;

typedef struct TierFigures
{
	int64		spent;
	int64		orders;
} TierFigures;

typedef struct TierStep
{
	TimestampTz at;
	TierFigures change;
} TierStep;

typedef struct TierSpan
{
	TimestampTz from;
	TimestampTz until;
	const TierRule *rule;
	int32		rank;
	TierFigures figures;
} TierSpan;

/* A window's steps, how many of them have been made, and where they have led. */
typedef struct TierTrack
{
	TierStep   *steps;
	int			nsteps;
	int			next;
	TierFigures figures;
} TierTrack;

typedef struct TierRun
{
	const TierRules *rules;
	const Zone *zone;
	TierTrack  *tracks;
	int		   *current;		/* of each chain, the rule now or next */
	int			next_edge;
	TierSpan   *spans;
	int			nspans;
	int			space;
	const TierRule *holding;	/* by which it was last deserved, or NULL */
	TimestampTz due;			/* when it is lost unless it is deserved again */
} TierRun;

/* Sorts that look for a cancelled query: a customer has a few steps, a caller any. */
static inline int
compare_instants(TimestampTz a, TimestampTz b)
{
	return (a > b) - (a < b);
}

#define ST_SORT				sort_many_steps
#define ST_ELEMENT_TYPE		TierStep
#define ST_COMPARE(a, b)	compare_instants((a)->at, (b)->at)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE			static
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT				sort_instants
#define ST_ELEMENT_TYPE		TimestampTz
#define ST_COMPARE(a, b)	compare_instants(*(a), *(b))
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE			static
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * The shop's clock
 */

static void
report_out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("timestamp out of range")));
}

/* local is within a day of what can be an instant; is the instant one? */
static TimestampTz
instant_of(const Zone *zone, Timestamp local)
{
	TimestampTz at;

	if (local > ZONE_FROM + USECS_PER_DAY && local < ZONE_TO - USECS_PER_DAY)
		return zone_instant(zone, local);
	at = local - zone_offset(zone, local);
	at = local - zone_offset(zone, at);
	if (!IS_VALID_TIMESTAMP(at))
		report_out_of_range();
	return at;
}

static TimestampTz
later_by(const Zone *zone, TimestampTz at, const Interval *length)
{
	Datum		local = TimestampGetDatum(at + zone_offset(zone, at));

	return instant_of(zone, DatumGetTimestamp(DirectFunctionCall2(timestamp_pl_interval, local,
																  IntervalPGetDatum(length))));
}

static TimestampTz
next_new_year(const Zone *zone, TimestampTz at)
{
	int64		day = floor_div(at + zone_offset(zone, at), USECS_PER_DAY);
	int32		year;
	int			month;
	int			mday;

	civil_from_day((int32) day, &year, &month, &mday);
	day = day_from_civil(year + 1, 1, 1);
	if (day > END_TIMESTAMP / USECS_PER_DAY)
		report_out_of_range();
	return instant_of(zone, day * USECS_PER_DAY);
}

static TimestampTz
window_end(const TierWindow *window, const Zone *zone, TimestampTz ordered)
{
	switch (window->period)
	{
		case PERIOD_ROLLING:
			return later_by(zone, ordered, &window->length);
		case PERIOD_CALENDAR_YEAR:
			return next_new_year(zone, ordered);
		case PERIOD_LIFETIME:
			break;
	}
	return DT_NOEND;
}

/*
 * Rules
 */

static void
check_length(const Interval *length, bool may_be_zero)
{
	if (INTERVAL_NOT_FINITE(length) ||
		length->month < 0 || length->day < 0 || length->time < 0 ||
		(!may_be_zero && length->month == 0 && length->day == 0 && length->time == 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot be the %s of a tier",
						DatumGetCString(DirectFunctionCall1(interval_out,
															IntervalPGetDatum(length))),
						may_be_zero ? "grace" : "period"),
				 errhint("Write a length of time, none of whose parts is negative.")));
}

static TierPeriod
period_of(const text * name)
{
	static const char *const names[] = {"rolling", "calendar_year", "lifetime"};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (VARSIZE_ANY_EXHDR(name) == strlen(names[i]) &&
			memcmp(VARDATA_ANY(name), names[i], strlen(names[i])) == 0)
			return (TierPeriod) i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown period \"%s\" of a tier", text_to_cstring(name)),
			 errhint("The periods are rolling, calendar_year and lifetime.")));
	return PERIOD_LIFETIME;		/* keep the compiler quiet */
}

static int
find_window(TierRules *rules, TierPeriod period, const Interval *length)
{
	TierWindow *window;

	for (int i = 0; i < rules->nwindows; i++)
	{
		window = &rules->windows[i];
		if (window->period == period &&
			(period != PERIOD_ROLLING ||
			 (window->length.month == length->month && window->length.day == length->day &&
			  window->length.time == length->time)))
			return i;
	}
	window = &rules->windows[rules->nwindows];
	window->period = period;
	if (period == PERIOD_ROLLING)
		window->length = *length;
	return rules->nwindows++;
}

/*
 * Columns of tier_rule: rule_id, tier, rank, min_spend, min_orders, match_all,
 * period, length, grace, soft_landing, valid_from, valid_until.
 */
static void
read_rule(TierRules *rules, const RuleRows *rows)
{
	TierRule   *rule = &rules->rules[rules->nrules];
	const Datum *values = rows->values;
	const bool *nulls = rows->nulls;
	TierPeriod	period;
	Interval   *length = NULL;

	rule->rule_id = nulls[0] ? 0 : DatumGetInt64(values[0]);
	period = nulls[6] ? PERIOD_LIFETIME : period_of(DatumGetTextPP(values[6]));
	if (nulls[0] || nulls[1] || nulls[2] || (nulls[3] && nulls[4]) || nulls[6] ||
		(nulls[7] && period == PERIOD_ROLLING))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("tier rule %lld lacks what a rule needs", (long long) rule->rule_id),
				 errdetail("It needs a key, a tier, a rank, a minimum of money or of orders, and a period, with its length if it is rolling.")));
	rule->tier = values[1];
	rule->rank = DatumGetInt32(values[2]);
	rule->asks_spend = !nulls[3];
	rule->min_spend = nulls[3] ? 0 : money_from_numeric(DatumGetNumeric(values[3]));
	rule->asks_orders = !nulls[4];
	rule->min_orders = nulls[4] ? 0 : DatumGetInt64(values[4]);
	rule->match_all = !nulls[5] && DatumGetBool(values[5]);
	if (period == PERIOD_ROLLING)
	{
		length = DatumGetIntervalP(values[7]);
		check_length(length, false);
	}
	rule->window = find_window(rules, period, length);
	memset(&rule->grace, 0, sizeof(Interval));
	if (!nulls[8])
		rule->grace = *DatumGetIntervalP(values[8]);
	check_length(&rule->grace, true);
	rule->soft_landing = !nulls[9] && DatumGetBool(values[9]);
	rule->from = nulls[10] ? DT_NOBEGIN : DatumGetTimestampTz(values[10]);
	rule->until = nulls[11] ? DT_NOEND : DatumGetTimestampTz(values[11]);

	rule->tier_number = rules->nrules;
	for (int i = 0; i < rules->nrules; i++)
	{
		if (same_text(DatumGetTextPP(rules->rules[i].tier), DatumGetTextPP(rule->tier)))
		{
			rule->tier_number = rules->rules[i].tier_number;
			break;
		}
	}

	if (rules->nrules == 0 || rule[-1].rule_id != rule->rule_id)
		rules->chains[rules->nchains++] = rules->nrules;
	else if (rule->from < rule[-1].until)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("tier rule %lld is given twice for the same time", (long long) rule->rule_id),
				 errhint("Rows of the same rule stand together, in order of time.")));
	rules->nrules++;
}

static void
collect_edges(TierRules *rules)
{
	for (int i = 0; i < rules->nrules; i++)
	{
		if (!TIMESTAMP_NOT_FINITE(rules->rules[i].from))
			rules->edges[rules->nedges++] = rules->rules[i].from;
		if (!TIMESTAMP_NOT_FINITE(rules->rules[i].until))
			rules->edges[rules->nedges++] = rules->rules[i].until;
	}
	sort_instants(rules->edges, rules->nedges);
}

static const void *
read_rules(FunctionCallInfo fcinfo, RuleRows *rows)
{
	TierRules  *rules = palloc0(sizeof(TierRules));

	rules->rules = palloc(rows->n * sizeof(TierRule));
	rules->windows = palloc(rows->n * sizeof(TierWindow));
	rules->chains = palloc((rows->n + 1) * sizeof(int));
	rules->edges = palloc(2 * rows->n * sizeof(TimestampTz));
	while (next_rule(rows))
		read_rule(rules, rows);
	rules->chains[rules->nchains] = rules->nrules;
	collect_edges(rules);
	/* (not from fn_expr, which a call by the protocol does not have) */
	get_call_result_type(fcinfo, &rules->span_type, NULL);
	rules->span_type = get_element_type(rules->span_type);
	rules->span_desc = lookup_rowtype_tupdesc_copy(rules->span_type, -1);
	check_columns(rules->span_desc, SPAN_COLUMNS);
	return rules;
}

/*
 * Orders
 */

static TierEntry *
entries_argument(FunctionCallInfo fcinfo, int *nentries)
{
	static const Oid types[ENTRY_ARRAYS] = {TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, NUMERICOID};
	Datum	   *elements[ENTRY_ARRAYS];
	bool	   *nulls[ENTRY_ARRAYS];
	int			counts[ENTRY_ARRAYS];
	TierEntry  *entries;
	int			n = 0;

	for (int i = 0; i < ENTRY_ARRAYS; i++)
	{
		bool		fixed = types[i] == TIMESTAMPTZOID;

		deconstruct_array(PG_GETARG_ARRAYTYPE_P(i), types[i], fixed ? 8 : -1,
						  fixed && FLOAT8PASSBYVAL, fixed ? TYPALIGN_DOUBLE : TYPALIGN_INT,
						  &elements[i], &nulls[i], &counts[i]);
		if (counts[i] != counts[0])
			ereport(ERROR,
					(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
					 errmsg("orders need as many of each: instants and amounts"),
					 errdetail("There are %d and %d.", counts[0], counts[i])));
	}
	entries = palloc_extended(Max(counts[0], 1) * sizeof(TierEntry), MCXT_ALLOC_HUGE);
	for (int i = 0; i < counts[0]; i++)
	{
		TierEntry  *entry = &entries[n];

		CHECK_FOR_INTERRUPTS();
		if (nulls[0][i] || nulls[1][i] || nulls[3][i])
			continue;
		entry->ordered = DatumGetTimestampTz(elements[0][i]);
		entry->from = DatumGetTimestampTz(elements[1][i]);
		entry->until = nulls[2][i] ? DT_NOEND : DatumGetTimestampTz(elements[2][i]);
		if (TIMESTAMP_NOT_FINITE(entry->ordered) || TIMESTAMP_NOT_FINITE(entry->from))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("an order cannot be placed or refunded at infinity")));
		entry->amount = money_from_numeric(DatumGetNumeric(elements[3][i]));
		n++;
	}
	*nentries = n;
	return entries;
}

/* Orders come nearly sorted, and so do their ends. */
static void
sort_steps(TierStep *steps, int n)
{
	if (n > 64)
	{
		sort_many_steps(steps, n);
		return;
	}
	for (int i = 1; i < n; i++)
	{
		TierStep	step = steps[i];
		int			j = i;

		for (; j > 0 && step.at < steps[j - 1].at; j--)
			steps[j] = steps[j - 1];
		steps[j] = step;
	}
}

static void
make_track(TierTrack *track, const TierWindow *window, const Zone *zone,
		   const TierEntry *entries, int nentries)
{
	memset(track, 0, sizeof(TierTrack));
	track->steps = palloc_extended(Max(nentries, 1) * 2 * sizeof(TierStep), MCXT_ALLOC_HUGE);
	for (int i = 0; i < nentries; i++)
	{
		const TierEntry *entry = &entries[i];
		TimestampTz until = Min(entry->until, window_end(window, zone, entry->ordered));
		TierStep   *step = &track->steps[track->nsteps];

		CHECK_FOR_INTERRUPTS();
		if (entry->from >= until)
			continue;
		step->at = entry->from;
		step->change.spent = entry->amount;
		step->change.orders = entry->amount >= 0;
		track->nsteps++;
		if (until == DT_NOEND)
			continue;
		step[1].at = until;
		step[1].change.spent = -step->change.spent;
		step[1].change.orders = -step->change.orders;
		track->nsteps++;
	}
	sort_steps(track->steps, track->nsteps);
}

/*
 * The sweep
 */

static inline bool
is_deserved(const TierRule *rule, const TierFigures *figures)
{
	bool		spend = rule->asks_spend && figures->spent >= rule->min_spend;
	bool		orders = rule->asks_orders && figures->orders >= rule->min_orders;

	if (rule->match_all)
		return (spend || !rule->asks_spend) && (orders || !rule->asks_orders);
	return spend || orders;
}

/* The rule of a chain that is valid at an instant; the instants asked for ascend. */
static inline const TierRule *
valid_rule(TierRun *run, int chain, TimestampTz at)
{
	const TierRules *rules = run->rules;
	int			last = rules->chains[chain + 1] - 1;
	const TierRule *rule;

	while (run->current[chain] < last && rules->rules[run->current[chain]].until <= at)
		run->current[chain]++;
	rule = &rules->rules[run->current[chain]];
	return rule->from <= at && at < rule->until ? rule : NULL;
}

/* The best rule that is met; of equally good ones the first. */
static const TierRule *
best_rule(TierRun *run, TimestampTz at)
{
	const TierRule *best = NULL;

	for (int i = 0; i < run->rules->nchains; i++)
	{
		const TierRule *rule = valid_rule(run, i, at);

		if (rule != NULL && (best == NULL || rule->rank > best->rank) &&
			is_deserved(rule, &run->tracks[rule->window].figures))
			best = rule;
	}
	return best;
}

/* The next rank below one that there is, if that is better than what is deserved. */
static const TierRule *
softer_landing(TierRun *run, TimestampTz at, int32 rank, const TierRule *best)
{
	const TierRule *landing = best;

	for (int i = 0; i < run->rules->nchains; i++)
	{
		const TierRule *rule = valid_rule(run, i, at);

		if (rule != NULL && rule->rank < rank &&
			(landing == NULL || rule->rank > landing->rank))
			landing = rule;
	}
	return landing;
}

static void
end_span(TierRun *run, TimestampTz at)
{
	TierSpan   *last = &run->spans[run->nspans - 1];

	if (last->from == at)
		run->nspans--;
	else
		last->until = at;
}

static void
begin_span(TierRun *run, TimestampTz at, const TierRule *rule)
{
	TierSpan   *span;

	if (run->nspans == run->space)
	{
		run->space *= 2;
		run->spans = repalloc_huge(run->spans, run->space * sizeof(TierSpan));
	}
	span = &run->spans[run->nspans++];
	span->from = at;
	span->until = DT_NOEND;
	span->rule = rule;
	span->rank = rule->rank;
	span->figures = run->tracks[rule->window].figures;
}

/* A tier's rank may have changed with the rules; whoever holds it moves along. */
static void
follow_rank(TierRun *run, TimestampTz at)
{
	const TierSpan *span = &run->spans[run->nspans - 1];

	for (int i = 0; i < run->rules->nchains; i++)
	{
		const TierRule *rule = valid_rule(run, i, at);

		if (rule != NULL && rule->tier_number == span->rule->tier_number)
		{
			if (rule->rank != span->rank)
			{
				end_span(run, at);
				begin_span(run, at, rule);
			}
			return;
		}
	}
}

static void
hold(TierRun *run, const TierRule *rule)
{
	run->holding = rule;
	run->due = DT_NOEND;
}

/*
 * What becomes of the tier at an instant, once all of the instant's steps have
 * been made.  A better one is given at once.  One that is no longer deserved is
 * kept for the grace of the rule by which it last was; then the customer falls to
 * what is deserved or, with a soft landing, one rank, with a grace of its own.
 */
static void
run_instant(TierRun *run, TimestampTz at, bool rules_change)
{
	const TierRule *best = best_rule(run, at);

	if (run->holding != NULL && rules_change)
		follow_rank(run, at);

	if (run->holding == NULL)
	{
		if (best != NULL)
		{
			begin_span(run, at, best);
			hold(run, best);
		}
		return;
	}
	if (best != NULL && best->rank >= run->spans[run->nspans - 1].rank)
	{
		if (best->rank > run->spans[run->nspans - 1].rank)
		{
			end_span(run, at);
			begin_span(run, at, best);
		}
		hold(run, best);
		return;
	}

	if (run->due == DT_NOEND)
		run->due = later_by(run->zone, at, &run->holding->grace);
	while (run->due <= at)
	{
		const TierRule *landing = best;

		CHECK_FOR_INTERRUPTS();
		if (run->holding->soft_landing)
			landing = softer_landing(run, at, run->spans[run->nspans - 1].rank, best);
		end_span(run, at);
		hold(run, landing);
		if (landing == NULL)
			return;
		begin_span(run, at, landing);
		if (landing != best)
			run->due = later_by(run->zone, at, &landing->grace);
	}
}

static void
add_figures(TierFigures *figures, const TierFigures *change)
{
	if (pg_add_s64_overflow(figures->spent, change->spent, &figures->spent))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a customer has spent more than can be counted"),
				 errdetail("The limit is 922337203685477.5807.")));
	figures->orders += change->orders;
}

static void
run_tracks(TierRun *run)
{
	const TierRules *rules = run->rules;

	for (;;)
	{
		TimestampTz at = run->due;
		bool		rules_change = false;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < rules->nwindows; i++)
		{
			const TierTrack *track = &run->tracks[i];

			if (track->next < track->nsteps)
				at = Min(at, track->steps[track->next].at);
		}
		if (run->next_edge < rules->nedges)
			at = Min(at, rules->edges[run->next_edge]);
		if (at == DT_NOEND)
			return;

		for (int i = 0; i < rules->nwindows; i++)
		{
			TierTrack  *track = &run->tracks[i];

			while (track->next < track->nsteps && track->steps[track->next].at == at)
				add_figures(&track->figures, &track->steps[track->next++].change);
		}
		while (run->next_edge < rules->nedges && rules->edges[run->next_edge] == at)
		{
			rules_change = true;
			run->next_edge++;
		}
		run_instant(run, at, rules_change);
	}
}

/* The first edge after the first order; the ones before it are about nobody. */
static int
first_edge(const TierRules *rules, const TierEntry *entries, int nentries)
{
	TimestampTz first = DT_NOEND;
	int			edge = 0;

	for (int i = 0; i < nentries; i++)
		first = Min(first, entries[i].from);
	while (edge < rules->nedges && rules->edges[edge] < first)
		edge++;
	return edge;
}

/* valid_from, valid_until, tier, rank, rule_id, spent, orders */
static Datum
span_datum(const TierRules *rules, const TierSpan *span)
{
	Datum		values[SPAN_COLUMNS];
	bool		nulls[SPAN_COLUMNS] = {false};

	values[0] = TimestampTzGetDatum(span->from);
	values[1] = TimestampTzGetDatum(span->until);
	nulls[1] = span->until == DT_NOEND;
	values[2] = span->rule->tier;
	values[3] = Int32GetDatum(span->rank);
	values[4] = Int64GetDatum(span->rule->rule_id);
	values[5] = NumericGetDatum(numeric_from_money(span->figures.spent));
	values[6] = Int64GetDatum(span->figures.orders);
	return HeapTupleGetDatum(heap_form_tuple(rules->span_desc, values, nulls));
}

/* tier_spans(ordered_at, counts_from, counts_until, amounts, rules, time_zone) */
PG_FUNCTION_INFO_V1(tier_spans);
Datum
tier_spans(PG_FUNCTION_ARGS)
{
	const TierRules *rules = cached_rules(fcinfo, 4, RULE_COLUMNS, read_rules);
	TierRun		run = {0};
	int			nentries;
	TierEntry  *entries = entries_argument(fcinfo, &nentries);
	const char *time_zone = text_to_cstring(PG_GETARG_TEXT_PP(5));
	Datum	   *datums;

	run.rules = rules;
	run.zone = find_zone(time_zone);
	if (run.zone == NULL)
		ereport(ERROR, ERR_UNKNOWN_ZONE(time_zone));
	run.tracks = palloc(Max(rules->nwindows, 1) * sizeof(TierTrack));
	for (int i = 0; i < rules->nwindows; i++)
		make_track(&run.tracks[i], &rules->windows[i], run.zone, entries, nentries);
	run.current = palloc(Max(rules->nchains, 1) * sizeof(int));
	memcpy(run.current, rules->chains, rules->nchains * sizeof(int));
	run.next_edge = first_edge(rules, entries, nentries);
	run.space = 8;
	run.spans = palloc(run.space * sizeof(TierSpan));
	run.due = DT_NOEND;
	run_tracks(&run);

	datums = palloc_extended(Max(run.nspans, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	for (int i = 0; i < run.nspans; i++)
		datums[i] = span_datum(rules, &run.spans[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(datums, run.nspans, rules->span_type, -1, false,
										  TYPALIGN_DOUBLE));
}

/* tier_period_end(ordered_at, period, length, time_zone) */
PG_FUNCTION_INFO_V1(tier_period_end);
Datum
tier_period_end(PG_FUNCTION_ARGS)
{
	TimestampTz ordered;
	TierWindow	window = {0};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	ordered = PG_GETARG_TIMESTAMPTZ(0);
	window.period = period_of(PG_GETARG_TEXT_PP(1));
	if (window.period == PERIOD_ROLLING)
	{
		if (PG_ARGISNULL(2))
			PG_RETURN_NULL();
		window.length = *PG_GETARG_INTERVAL_P(2);
		check_length(&window.length, false);
	}
	if (TIMESTAMP_NOT_FINITE(ordered))
		PG_RETURN_TIMESTAMPTZ(ordered);
	PG_RETURN_TIMESTAMPTZ(window_end(&window, zone_argument(fcinfo, 3), ordered));
}
