/*-------------------------------------------------------------------------
 *
 * sla_policy.c
 *	  Which promise a clock falls under: the most specific rule that fits.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/texts.h"
#include "service/sla_policy.h"

/*
 * Precedence before all; then, the more conditions the more specific; among as
 * many, the tier of the customer weighs more than the reason, that more than
 * the priority, and that more than the channel.  So only rules with the same
 * conditions rank equally.
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

static int64
amount_of(Datum interval)
{
	int64		amount;

	return target_amount(DatumGetIntervalP(interval), &amount) ? amount : 0;
}

/* Columns of sla_rule, in their order. */
static void
read_rule(const RuleRows *rows, Rule *rule)
{
	const Datum *values = rows->values;
	const bool *nulls = rows->nulls;

	rule->row = rows->row;
	rule->policy_id = values[0];
	rule->policy_is_null = nulls[0];
	rule->policy_set = nulls[1] ? (Datum) 0 : values[1];
	/* A rule without a metric is about nothing. */
	rule->metric = nulls[2] ? InvalidOid : DatumGetObjectId(values[2]);
	for (int i = 0; i < RULE_CONDITIONS; i++)
		rule->wanted[i] = nulls[3 + i] ? NULL : DatumGetTextPP(values[3 + i]);
	rule->from = nulls[7] ? DT_NOBEGIN : DatumGetTimestampTz(values[7]);
	rule->until = nulls[8] ? DT_NOEND : DatumGetTimestampTz(values[8]);
	rule->rank = rule_rank(rule, nulls[9] ? 0 : DatumGetInt32(values[9]));
	rule->target.interval = nulls[10] ? NULL : DatumGetIntervalP(values[10]);
	rule->target.hours = nulls[11] ? NULL : PG_DETOAST_DATUM_PACKED(values[11]);
	rule->target.warn_before = nulls[12] ? 0 : amount_of(values[12]);
	rule->auto_reply_counts = !nulls[13] && DatumGetBool(values[13]);
	rule->known_from = nulls[14] ? DT_NOBEGIN : DatumGetTimestampTz(values[14]);
	rule->known_until = nulls[15] ? DT_NOEND : DatumGetTimestampTz(values[15]);
}

static int
compare_instants(const void *a, const void *b)
{
	TimestampTz x = *(const TimestampTz *) a;
	TimestampTz y = *(const TimestampTz *) b;

	return (x > y) - (x < y);
}

/* To be read in a context that lives as long as the rules. */
void
read_rules(RuleRows *rows, Rules *rules)
{
	rules->rules = palloc(Max(rows->n, 1) * sizeof(Rule));
	rules->changes = palloc(Max(rows->n, 1) * sizeof(TimestampTz));
	rules->nrules = rules->nchanges = 0;
	while (next_rule(rows))
	{
		Rule	   *rule = &rules->rules[rules->nrules++];

		read_rule(rows, rule);
		if (rule->known_from != DT_NOBEGIN)
			rules->changes[rules->nchanges++] = rule->known_from;
	}
	qsort(rules->changes, rules->nchanges, sizeof(TimestampTz), compare_instants);
}

/* When, after `at`, other rules are known for the first time; DT_NOEND: never. */
TimestampTz
rules_change_after(const Rules *rules, TimestampTz at)
{
	int			low = 0;
	int			high = rules->nchanges;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (rules->changes[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low < rules->nchanges ? rules->changes[low] : DT_NOEND;
}

/* The rule for a clock that started then, by what was known at another instant. */
const Rule *
find_rule(const Rules *rules, Oid metric, text * const *facts, TimestampTz started,
		  TimestampTz known_at)
{
	const Rule *best = NULL;

	for (const Rule *rule = rules->rules; rule < rules->rules + rules->nrules; rule++)
	{
		bool		fits = rule->metric == metric && rule->from <= started &&
		started < rule->until && rule->known_from <= known_at &&
		(known_at < rule->known_until || rule->known_until == DT_NOEND) &&
		(best == NULL || rule->rank > best->rank);

		for (int i = 0; fits && i < RULE_CONDITIONS; i++)
			fits = rule->wanted[i] == NULL ||
				(facts[i] != NULL && same_text(rule->wanted[i], facts[i]));
		if (fits)
			best = rule;
	}
	return best;
}

static const void *
rules_of(FunctionCallInfo fcinfo, RuleRows *rows)
{
	Rules	   *rules = palloc(sizeof(Rules));

	read_rules(rows, rules);
	return rules;
}

/* sla_policy(rules, metric, channel, priority, reason, tier, at) */
PG_FUNCTION_INFO_V1(sla_policy);
Datum
sla_policy(PG_FUNCTION_ARGS)
{
	const Rule *rule;
	text	   *facts[RULE_CONDITIONS];

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(6))
		PG_RETURN_NULL();
	for (int i = 0; i < RULE_CONDITIONS; i++)
		facts[i] = PG_ARGISNULL(2 + i) ? NULL : PG_GETARG_TEXT_PP(2 + i);
	rule = find_rule(cached_rules(fcinfo, 0, RULE_COLUMNS, rules_of), PG_GETARG_OID(1),
					 facts, PG_GETARG_TIMESTAMPTZ(6), DT_NOEND);
	if (rule == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(rule->row);
}
