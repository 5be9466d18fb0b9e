-- percentiles.sql
--
-- Median, 90th and 95th percentile of lengths of time.
-- Needs: loyalcs.

CREATE FUNCTION loyalcs.percentiles_accum(bytea, value interval) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'percentiles_accum';
COMMENT ON FUNCTION loyalcs.percentiles_accum(bytea, interval) IS
    'transition function: collects a time';
CREATE FUNCTION loyalcs.percentiles_combine(bytea, bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20
    AS 'MODULE_PATHNAME', 'percentiles_combine';
COMMENT ON FUNCTION loyalcs.percentiles_combine(bytea, bytea) IS
    'combine function: the times of both';
CREATE FUNCTION loyalcs.percentiles_final(bytea) RETURNS interval[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'percentiles_final';
COMMENT ON FUNCTION loyalcs.percentiles_final(bytea) IS
    'final function: selects the percentiles';
CREATE AGGREGATE loyalcs.percentiles(value interval) (
    SFUNC = loyalcs.percentiles_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.percentiles_final,
    COMBINEFUNC = loyalcs.percentiles_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.percentiles(interval) IS
    'median, 90th and 95th percentile of times, as an array of three: continuous, in hours, minutes and seconds; a month counts as 30 days; NULL is skipped; NULL for no values. Memory: 8 bytes a value';
