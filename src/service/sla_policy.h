/*-------------------------------------------------------------------------
 *
 * sla_policy.h
 *	  Which promise a clock falls under: the most specific rule that fits.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_SLA_POLICY_H
#define LOYALCS_SLA_POLICY_H

#include "base/rule_cache.h"
#include "service/deadline.h"

/* Channel, priority, reason and tier of a ticket, in this order. */
#define RULE_CONDITIONS	4
#define RULE_COLUMNS	(3 + RULE_CONDITIONS + 3 + 4 + 2)

typedef struct Rule
{
	Datum		row;
	Datum		policy_id;
	bool		policy_is_null;
	Datum		policy_set;		/* 0: NULL */
	Oid			metric;
	TimestampTz from;			/* of clocks that start from then */
	TimestampTz until;			/* until before then */
	TimestampTz known_from;		/* by what was known from then */
	TimestampTz known_until;
	int64		rank;
	text	   *wanted[RULE_CONDITIONS];	/* NULL: anything */
	Target		target;
	bool		auto_reply_counts;
} Rule;

typedef struct Rules
{
	Rule	   *rules;
	int			nrules;
	TimestampTz *changes;		/* when other rules became known, ascending */
	int			nchanges;
} Rules;

extern void read_rules(RuleRows *rows, Rules *rules);
extern TimestampTz rules_change_after(const Rules *rules, TimestampTz at);
extern const Rule *find_rule(const Rules *rules, Oid metric, text * const *facts,
							 TimestampTz started, TimestampTz known_at);

#endif							/* LOYALCS_SLA_POLICY_H */
