-- value.sql
--
-- What customers are worth: how much hangs on how few, and for how long.
-- Needs: purchases.
--
-- Spent amounts and the best of them are read off the curve of concentration.c.

CREATE FUNCTION loyalcs.spent_accum(bigint[], loyalcs.purchases) RETURNS bigint[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    AS 'MODULE_PATHNAME', 'spent_accum';
COMMENT ON FUNCTION loyalcs.spent_accum(bigint[], loyalcs.purchases) IS
    'transition function: collects what a customer spent';
CREATE FUNCTION loyalcs.spent_combine(bigint[], bigint[]) RETURNS bigint[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_cat';
COMMENT ON FUNCTION loyalcs.spent_combine(bigint[], bigint[]) IS
    'combine function: the amounts of both';
CREATE AGGREGATE loyalcs.spent_agg(loyalcs.purchases) (
    SFUNC = loyalcs.spent_accum,
    STYPE = bigint[],
    COMBINEFUNC = loyalcs.spent_combine,
    INITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.spent_agg(loyalcs.purchases) IS
    'what each customer spent, in ten-thousandths, for loyalcs.top_spenders() to read; NULL is skipped, an empty array for nobody';

CREATE FUNCTION loyalcs.top_spenders(
    spent bigint[],
    shares double precision[],
    OUT top_share double precision,
    OUT customers bigint,
    OUT spent_at_least numeric,
    OUT revenue_share double precision,
    OUT gini double precision
) RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 5
    AS 'MODULE_PATHNAME', 'top_spenders';
COMMENT ON FUNCTION loyalcs.top_spenders(bigint[], double precision[]) IS
    'of what each of some customers spent, in ten-thousandths as loyalcs.spent_agg() collects it, a row for each share: how many customers are the top share of all, spent_at_least: what it takes to be one of them, and revenue_share: what the best of that share bring, as loyalcs.top_share() has it; and loyalcs.gini() of all, the same in each row. No more customers than the share of all, rounded up to whole ones: equals are all in or all out, out where with them there would be more, and whoever spent nothing is out; of none, spent_at_least is 1 more than the most. revenue_share and gini are NULL if nobody spent anything; no row for no customers';

CREATE FUNCTION loyalcs.customer_years(since timestamptz, until timestamptz) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'customer_years';
COMMENT ON FUNCTION loyalcs.customer_years(timestamptz, timestamptz) IS
    'years of 365.25 days from one instant to another, at least one: greatest(EXTRACT(epoch FROM until - since) / 31557600.00, 1)::double precision, to the last digit and many times quicker; 1 where until is not later. An error for an instant that is none of the years 1 to 9999';
