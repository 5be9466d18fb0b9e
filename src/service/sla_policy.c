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
#include "base/rule_cache.h"
#include "base/texts.h"

/*
 * Columns of sla_rule: policy_id, policy_set, metric; then what a rule may ask
 * for; then from when until when it holds, and its precedence.  What follows is
 * for the reader.
 */
#define RULE_CONDITIONS	4
#define RULE_COLUMNS	(3 + RULE_CONDITIONS + 3 + 4)

typedef struct Rule
{
	Datum		row;
	Oid			metric;
	TimestampTz from;
	TimestampTz until;
	int64		rank;
	text	   *wanted[RULE_CONDITIONS];	/* NULL: anything */
} Rule;

typedef struct Rules
{
	Rule	   *rules;
	int			nrules;
} Rules;

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

static void
read_rule(const RuleRows *rows, Rule *rule)
{
	const Datum *values = rows->values;
	const bool *nulls = rows->nulls;

	rule->row = rows->row;
	/* A rule without a metric is about nothing. */
	rule->metric = nulls[2] ? InvalidOid : DatumGetObjectId(values[2]);
	for (int i = 0; i < RULE_CONDITIONS; i++)
		rule->wanted[i] = nulls[3 + i] ? NULL : DatumGetTextPP(values[3 + i]);
	rule->from = nulls[7] ? DT_NOBEGIN : DatumGetTimestampTz(values[7]);
	rule->until = nulls[8] ? DT_NOEND : DatumGetTimestampTz(values[8]);
	rule->rank = rule_rank(rule, nulls[9] ? 0 : DatumGetInt32(values[9]));
}

static const void *
read_rules(FunctionCallInfo fcinfo, RuleRows *rows)
{
	Rules	   *rules = palloc0(sizeof(Rules));

	rules->rules = palloc(rows->n * sizeof(Rule));
	while (next_rule(rows))
		read_rule(rows, &rules->rules[rules->nrules++]);
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
	rules = cached_rules(fcinfo, 0, RULE_COLUMNS, read_rules);
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
