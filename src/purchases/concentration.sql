-- concentration.sql
--
-- How much of the revenue comes from how few.
-- Needs: nothing before it.

CREATE FUNCTION loyalcs.top_share_accum(double precision[], double precision, double precision) RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
    AS 'MODULE_PATHNAME', 'top_share_accum';
COMMENT ON FUNCTION loyalcs.top_share_accum(double precision[], double precision, double precision) IS
    'transition function: collects an amount';
CREATE FUNCTION loyalcs.top_share_combine(double precision[], double precision[]) RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'top_share_combine';
COMMENT ON FUNCTION loyalcs.top_share_combine(double precision[], double precision[]) IS
    'combine function: the amounts of both';
CREATE FUNCTION loyalcs.top_share_final(double precision[]) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'top_share_final';
COMMENT ON FUNCTION loyalcs.top_share_final(double precision[]) IS
    'final function: reads the Lorenz curve';
CREATE AGGREGATE loyalcs.top_share(double precision, double precision) (
    SFUNC = loyalcs.top_share_accum,
    STYPE = double precision[],
    FINALFUNC = loyalcs.top_share_final,
    COMBINEFUNC = loyalcs.top_share_combine,
    INITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.top_share(double precision, double precision) IS
    'what share of the total the best `share` of the rows bring, 0 to 1: top_share(total_spent, 0.2) for the best 20%; linear between rows (Lorenz curve); NULL amounts are skipped, a negative one is an error; NULL for no rows or a total of 0';

CREATE FUNCTION loyalcs.gini_accum(double precision[], double precision) RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'collect_value';
COMMENT ON FUNCTION loyalcs.gini_accum(double precision[], double precision) IS
    'transition function: collects an amount';
CREATE FUNCTION loyalcs.gini_combine(double precision[], double precision[]) RETURNS double precision[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_cat';
COMMENT ON FUNCTION loyalcs.gini_combine(double precision[], double precision[]) IS
    'combine function: the amounts of both';
CREATE FUNCTION loyalcs.gini_final(double precision[]) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'gini_final';
COMMENT ON FUNCTION loyalcs.gini_final(double precision[]) IS
    'final function: mean absolute difference over twice the mean';
CREATE AGGREGATE loyalcs.gini(double precision) (
    SFUNC = loyalcs.gini_accum,
    STYPE = double precision[],
    FINALFUNC = loyalcs.gini_final,
    COMBINEFUNC = loyalcs.gini_combine,
    INITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.gini(double precision) IS
    'Gini coefficient of the amounts: 0 if all are equal, towards 1 if one has everything (mean absolute difference over twice the mean); NULL is skipped, a negative amount is an error; NULL for no rows or a total of 0';

CREATE FUNCTION loyalcs.top_shares(amounts double precision[], shares double precision[]) RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'top_shares';
COMMENT ON FUNCTION loyalcs.top_shares(double precision[], double precision[]) IS
    'loyalcs.top_share() of amounts for each of several shares, which sorts them once: {0.01, 0.2} for the best 1% and 20%; a NULL or negative amount is an error, and a share that is not more than 0 and at most 1; NULL for no amounts or a total of 0';
CREATE FUNCTION loyalcs.gini(amounts double precision[]) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'gini_of_amounts';
COMMENT ON FUNCTION loyalcs.gini(double precision[]) IS
    'loyalcs.gini() of amounts that have been collected; a NULL or negative one is an error; NULL for no amounts or a total of 0';
