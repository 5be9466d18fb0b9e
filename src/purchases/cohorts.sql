-- cohorts.sql
--
-- Who bought in which month, quarter and year, by the one in which they began.
-- Needs: order_history.

CREATE FUNCTION loyalcs.cohorts_accum(bytea, number integer[], at timestamptz[], amount numeric[], as_of timestamptz, time_zone text) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 40
    AS 'MODULE_PATHNAME', 'cohorts_accum';
COMMENT ON FUNCTION loyalcs.cohorts_accum(bytea, integer[], timestamptz[], numeric[], timestamptz, text) IS
    'transition function: counts a customer''s orders';
CREATE FUNCTION loyalcs.cohorts_combine(bytea, bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'cohorts_combine';
COMMENT ON FUNCTION loyalcs.cohorts_combine(bytea, bytea) IS
    'combine function: the counts of both';
CREATE FUNCTION loyalcs.cohorts_final(bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'cohorts_final';
COMMENT ON FUNCTION loyalcs.cohorts_final(bytea) IS
    'final function: the counts in their order';
CREATE AGGREGATE loyalcs.cohorts_agg(number integer[], at timestamptz[], amount numeric[], as_of timestamptz, time_zone text) (
    SFUNC = loyalcs.cohorts_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.cohorts_final,
    COMBINEFUNC = loyalcs.cohorts_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.cohorts_agg(integer[], timestamptz[], numeric[], timestamptz, text) IS
    'who bought in which local month, quarter and year, by that of the first order, as of an instant: one row a customer, whose orders are a history as loyalcs.purchases(number, at, amount, as_of) has it. For loyalcs.cohorts() to read; equal counts are equal values. A row with a NULL is skipped; NULL for no orders. Memory: 136 bytes a cohort and period';

CREATE FUNCTION loyalcs.cohorts(
    counted bytea,
    OUT unit text,
    OUT cohort date,
    OUT period date,
    OUT customers bigint,
    OUT retained bigint,
    OUT repeat_customers bigint,
    OUT orders bigint,
    OUT revenue numeric,
    OUT first_orders bigint,
    OUT first_revenue numeric,
    OUT second_within_30_days bigint,
    OUT second_within_60_days bigint,
    OUT second_within_90_days bigint,
    OUT second_within_180_days bigint,
    OUT second_within_365_days bigint
) RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 400
    AS 'MODULE_PATHNAME', 'cohorts';
COMMENT ON FUNCTION loyalcs.cohorts(bytea) IS
    'what loyalcs.cohorts_agg() counted, a row for each cohort and period of it in which somebody bought. unit: month, quarter or year; cohort: the period of the first order; customers: who bought; retained: of them, in the period before as well; repeat_customers: of them, not for the first time, or more than once; first_orders, first_revenue: of those for whom it was the first; second_within_…_days: of first orders, those after which the next came within so many days of 24 hours, until the instant that was asked about';

CREATE FUNCTION loyalcs.cohorts_plus(counted bytea, more bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'cohorts_plus';
COMMENT ON FUNCTION loyalcs.cohorts_plus(bytea, bytea) IS
    'what loyalcs.cohorts_agg() counted of some customers, and of others, as if it had counted all; NULL if either is NULL';
CREATE FUNCTION loyalcs.cohorts_minus(counted bytea, less bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'cohorts_minus';
COMMENT ON FUNCTION loyalcs.cohorts_minus(bytea, bytea) IS
    'what loyalcs.cohorts_agg() counted without some of the customers, given what it counts of them; an error if they have not been counted; NULL if either is NULL';
