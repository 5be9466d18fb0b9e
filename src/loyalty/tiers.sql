-- tiers.sql
--
-- Tiers: from when to when a customer holds which, by orders and rules.
-- Needs: nothing before it.

CREATE TYPE loyalcs.tier_rule AS (
    rule_id bigint,
    tier text,
    rank integer,
    min_spend numeric,
    min_orders bigint,
    match_all boolean,
    period text,
    length interval,
    grace interval,
    soft_landing boolean,
    valid_from timestamptz,
    valid_until timestamptz
);
COMMENT ON TYPE loyalcs.tier_rule IS
    'what leads to a tier: min_spend of money, min_orders (NULL: not asked for; match_all: both, else either), within a period: rolling (the last length of time), calendar_year or lifetime, on the shop''s clock. A higher rank is better. Whoever no longer deserves the tier keeps it for the grace (NULL: none), and then falls to what is deserved or, with soft_landing, one rank. It holds from valid_from until before valid_until (NULL: no limit)';

CREATE TYPE loyalcs.tier_span AS (
    valid_from timestamptz,
    valid_until timestamptz,
    tier text,
    rank integer,
    rule_id bigint,
    spent numeric,
    orders bigint
);
COMMENT ON TYPE loyalcs.tier_span IS
    'a time during which a customer holds a tier: from valid_from until before valid_until (NULL: for good, unless something happens), by which rule, and what had been spent and ordered in the rule''s period when it began';

CREATE FUNCTION loyalcs.tier_spans(
    ordered_at timestamptz[],
    counts_from timestamptz[],
    counts_until timestamptz[],
    amounts numeric[],
    rules loyalcs.tier_rule[],
    time_zone text
) RETURNS loyalcs.tier_span[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'tier_spans';
COMMENT ON FUNCTION loyalcs.tier_spans(timestamptz[], timestamptz[], timestamptz[], numeric[], loyalcs.tier_rule[], text) IS
    'when one customer holds which tier, in order of time, tiers still to be lost if nothing more happens included. Each order, in any order, is when it was placed, from when it counts (the same), until when (cancelled; NULL: not) and its amount; a refund is an entry of its own with a negative amount, the same ordered_at and counts_until, and counts from when it was made. An order is in a period from when it counts until the period has passed since it was placed. A better tier begins the instant it is deserved; a worse one when it has been deserved without a break for the grace of the rule by which the better one was last deserved; of rules that lead to the best rank, the first decides. Rules with the same rule_id stand together, ascending. A local time that comes twice is the first one, one that is skipped is the change of the clock. Entries with NULL are skipped. Memory: 100 bytes an entry and period';

CREATE FUNCTION loyalcs.tier_period_end(
    ordered_at timestamptz,
    period text,
    length interval,
    time_zone text
) RETURNS timestamptz
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'tier_period_end';
COMMENT ON FUNCTION loyalcs.tier_period_end(timestamptz, text, interval, text) IS
    'when an order leaves the period that a tier looks at: rolling: its length later on the clock of the time zone; calendar_year: the next local new year; lifetime: infinity. NULL if an argument is that is needed';
