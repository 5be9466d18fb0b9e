-- latest.sql
--
-- The value of the latest instant.
-- Needs: loyalcs.

CREATE FUNCTION loyalcs.latest_accum(bytea, value text, at timestamptz, tie bigint) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'latest_accum';
COMMENT ON FUNCTION loyalcs.latest_accum(bytea, text, timestamptz, bigint) IS
    'transition function: keeps the later value';
CREATE FUNCTION loyalcs.latest_combine(bytea, bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'latest_combine';
COMMENT ON FUNCTION loyalcs.latest_combine(bytea, bytea) IS
    'combine function: the later of two';
CREATE FUNCTION loyalcs.latest_final(bytea) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'latest_final';
COMMENT ON FUNCTION loyalcs.latest_final(bytea) IS
    'final function: the value alone';
CREATE AGGREGATE loyalcs.latest(value text, at timestamptz, tie bigint) (
    SFUNC = loyalcs.latest_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.latest_final,
    COMBINEFUNC = loyalcs.latest_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.latest(text, timestamptz, bigint) IS
    'the value of the latest instant, and of the greatest tie if several have that; NULL values and instants are skipped; NULL for none';
