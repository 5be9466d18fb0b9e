-- ladder.sql
--
-- First, second, third order and so on: who got there, and how long the next one takes.
-- Needs: order_history, survival.

CREATE FUNCTION loyalcs.ladder_accum(bytea, number integer[], at timestamptz[], amount numeric[], as_of timestamptz) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 40
    AS 'MODULE_PATHNAME', 'ladder_accum';
COMMENT ON FUNCTION loyalcs.ladder_accum(bytea, integer[], timestamptz[], numeric[], timestamptz) IS
    'transition function: counts a customer''s orders';
CREATE FUNCTION loyalcs.ladder_combine(bytea, bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'ladder_combine';
COMMENT ON FUNCTION loyalcs.ladder_combine(bytea, bytea) IS
    'combine function: the orders of both';
CREATE AGGREGATE loyalcs.ladder_agg(number integer[], at timestamptz[], amount numeric[], as_of timestamptz) (
    SFUNC = loyalcs.ladder_accum,
    STYPE = bytea,
    COMBINEFUNC = loyalcs.ladder_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.ladder_agg(integer[], timestamptz[], numeric[], timestamptz) IS
    'who placed a first, second, third order and so on, for how much, and when, as of an instant: one row a customer, whose orders are a history as loyalcs.purchases(number, at, amount, as_of) has it. For loyalcs.ladder() to read. A row with a NULL is skipped; NULL for no orders. Memory: 8 bytes an order, of which there can be 100 million';

CREATE FUNCTION loyalcs.ladder(
    counted bytea,
    as_of timestamptz,
    OUT order_number bigint,
    OUT customers bigint,
    OUT revenue numeric,
    OUT previous_revenue numeric,
    OUT next_share double precision,
    OUT next_median interval,
    OUT next_median_of_ended interval,
    OUT next_within interval
) RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 40000 ROWS 25
    AS 'MODULE_PATHNAME', 'ladder';
COMMENT ON FUNCTION loyalcs.ladder(bytea, timestamptz) IS
    'what loyalcs.ladder_agg() counted, a row for each number of an order that somebody reached: customers who did; revenue: of these orders; previous_revenue: of the same customers'' orders before; and of the waits for the next one, watched until as_of, what loyalcs.survival() says: next_share, next_median, next_median_of_ended and next_within. An infinite as_of is an error';

CREATE FUNCTION loyalcs.ladder_curve(
    counted bytea,
    as_of timestamptz,
    times interval[],
    steps integer,
    confidence double precision,
    OUT order_number bigint,
    OUT customers bigint,
    OUT after interval,
    OUT at_risk bigint,
    OUT came bigint,
    OUT share double precision,
    OUT low double precision,
    OUT high double precision
) RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 40000 ROWS 90
    AS 'MODULE_PATHNAME', 'ladder_curve';
COMMENT ON FUNCTION loyalcs.ladder_curve(bytea, timestamptz, interval[], integer, double precision) IS
    'of the first orders that loyalcs.ladder_agg() counted, as many numbers as steps: customers who placed one of that number, and the curve of their waits for the next one, watched until as_of, as loyalcs.survival_curve() gives it. An infinite as_of is an error';

CREATE FUNCTION loyalcs.ladder_survival(
    counted bytea,
    as_of timestamptz,
    OUT share double precision,
    OUT median interval,
    OUT median_of_ended interval,
    OUT within interval
)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 40000
    AS 'MODULE_PATHNAME', 'ladder_survival';
COMMENT ON FUNCTION loyalcs.ladder_survival(bytea, timestamptz) IS
    'what loyalcs.survival() says of all waits for a next order, of whatever number, that loyalcs.ladder_agg() counted, watched until as_of. An infinite as_of is an error';
