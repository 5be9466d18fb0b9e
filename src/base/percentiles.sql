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
CREATE FUNCTION loyalcs.percentiles_accum(bytea, value interval, ended boolean) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'percentiles_accum_running';
COMMENT ON FUNCTION loyalcs.percentiles_accum(bytea, interval, boolean) IS
    'transition function: collects a time, and whether it has ended';
CREATE FUNCTION loyalcs.percentiles_final_running(bytea) RETURNS interval[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'percentiles_final_running';
COMMENT ON FUNCTION loyalcs.percentiles_final_running(bytea) IS
    'final function: finds the percentiles of times of which some still run';
CREATE AGGREGATE loyalcs.percentiles(value interval, ended boolean) (
    SFUNC = loyalcs.percentiles_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.percentiles_final_running,
    COMBINEFUNC = loyalcs.percentiles_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.percentiles(interval, boolean) IS
    'the same of times of which some have not ended yet, and are at least so long: each passes its weight on to all that are longer, in equal parts (Kaplan and Meier 1958). A percentile is the time by which so many have ended, if that is so until another has the middle of the two, and NULL if nobody knows yet; the array is NULL if none has ended. Where all have ended, the same as without the second argument. A row with a NULL is skipped. Up to 73,000 years';
CREATE FUNCTION loyalcs.percentiles_accum(bytea, value interval, ended boolean, times bigint[], gone boolean) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'percentiles_accum_counted';
COMMENT ON FUNCTION loyalcs.percentiles_accum(bytea, interval, boolean, bigint[], boolean) IS
    'transition function: collects a time, and times that were collected before, or leaves them out';
CREATE FUNCTION loyalcs.percentiles_final_counted(bytea) RETURNS interval[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'percentiles_final_counted';
COMMENT ON FUNCTION loyalcs.percentiles_final_counted(bytea) IS
    'final function: finds the percentiles of times of which some still run, and some have gone';
CREATE AGGREGATE loyalcs.percentiles(value interval, ended boolean, times bigint[], gone boolean) (
    SFUNC = loyalcs.percentiles_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.percentiles_final_counted,
    COMBINEFUNC = loyalcs.percentiles_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.percentiles(interval, boolean, bigint[], boolean) IS
    'the same of what was collected before and has changed since: each row adds a time (value, ended), times that have ended, in microseconds (times), or both; where gone, it leaves out one of each such time instead, wherever that comes, and it is an error if there is none. NULLs add nothing. Up to 36,500 years';
