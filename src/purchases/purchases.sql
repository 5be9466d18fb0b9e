-- purchases.sql
--
-- A customer's orders as one value: how many, from when to when, how much.
-- Needs: nothing before it.

-- The type

CREATE TYPE loyalcs.purchases;

CREATE FUNCTION loyalcs.purchases_in(cstring) RETURNS loyalcs.purchases
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'purchases_in';
COMMENT ON FUNCTION loyalcs.purchases_in(cstring) IS
    'input of purchases';
CREATE FUNCTION loyalcs.purchases_out(loyalcs.purchases) RETURNS cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'purchases_out';
COMMENT ON FUNCTION loyalcs.purchases_out(loyalcs.purchases) IS
    'output of purchases';
CREATE FUNCTION loyalcs.purchases_recv(internal) RETURNS loyalcs.purchases
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'purchases_recv';
COMMENT ON FUNCTION loyalcs.purchases_recv(internal) IS
    'binary input of purchases';
CREATE FUNCTION loyalcs.purchases_send(loyalcs.purchases) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'purchases_send';
COMMENT ON FUNCTION loyalcs.purchases_send(loyalcs.purchases) IS
    'binary output of purchases';

CREATE TYPE loyalcs.purchases (
    INPUT = loyalcs.purchases_in,
    OUTPUT = loyalcs.purchases_out,
    RECEIVE = loyalcs.purchases_recv,
    SEND = loyalcs.purchases_send,
    INTERNALLENGTH = 32,
    ALIGNMENT = double
);
COMMENT ON TYPE loyalcs.purchases IS
    'a customer''s purchases: how many, the first and the last instant, and the exact total with up to four decimals; text form is a JSON object, {"count": 2, "first": "2026-01-05T10:00:00Z", "last": "2026-03-01T08:30:00Z", "total": 24800}; 32 bytes';

CREATE FUNCTION loyalcs.jsonb(loyalcs.purchases) RETURNS jsonb
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'purchases_to_jsonb';
COMMENT ON FUNCTION loyalcs.jsonb(loyalcs.purchases) IS
    'the text of purchases as jsonb';
CREATE CAST (loyalcs.purchases AS jsonb) WITH FUNCTION loyalcs.jsonb(loyalcs.purchases);
COMMENT ON CAST (loyalcs.purchases AS jsonb) IS 'count, first, last and total';

-- Order and equality

--@ comparison purchases

-- Merging

CREATE FUNCTION loyalcs.purchases_add(loyalcs.purchases, loyalcs.purchases) RETURNS loyalcs.purchases
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_add';
COMMENT ON FUNCTION loyalcs.purchases_add(loyalcs.purchases, loyalcs.purchases) IS
    'implementation of +';
CREATE OPERATOR loyalcs.+ (
    FUNCTION = loyalcs.purchases_add,
    LEFTARG = loyalcs.purchases,
    RIGHTARG = loyalcs.purchases,
    COMMUTATOR = OPERATOR(loyalcs.+)
);
COMMENT ON OPERATOR loyalcs.+ (loyalcs.purchases, loyalcs.purchases) IS
    'the purchases of both; an error on overflow';

-- Reading

CREATE FUNCTION loyalcs.purchase_count(loyalcs.purchases) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_count';
COMMENT ON FUNCTION loyalcs.purchase_count(loyalcs.purchases) IS
    'number of purchases (frequency); 0 for none';
CREATE FUNCTION loyalcs.first_purchase(loyalcs.purchases) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_first';
COMMENT ON FUNCTION loyalcs.first_purchase(loyalcs.purchases) IS
    'instant of the first purchase; NULL for none';
CREATE FUNCTION loyalcs.last_purchase(loyalcs.purchases) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_last';
COMMENT ON FUNCTION loyalcs.last_purchase(loyalcs.purchases) IS
    'instant of the last purchase; NULL for none';
CREATE FUNCTION loyalcs.total_spent(loyalcs.purchases) RETURNS numeric
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'purchases_total';
COMMENT ON FUNCTION loyalcs.total_spent(loyalcs.purchases) IS
    'sum of the amounts (monetary value), exact, without trailing zeros; 0 for none';
CREATE FUNCTION loyalcs.total_spent_float8(loyalcs.purchases) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_total_float8';
COMMENT ON FUNCTION loyalcs.total_spent_float8(loyalcs.purchases) IS
    'total_spent() as double precision, many times quicker than by a cast of it';
CREATE FUNCTION loyalcs.average_order(loyalcs.purchases) RETURNS numeric
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 15
    AS 'MODULE_PATHNAME', 'purchases_average';
COMMENT ON FUNCTION loyalcs.average_order(loyalcs.purchases) IS
    'mean amount of a purchase; NULL for none';
CREATE FUNCTION loyalcs.recency(loyalcs.purchases, as_of timestamptz) RETURNS interval
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    AS 'MODULE_PATHNAME', 'purchases_recency';
COMMENT ON FUNCTION loyalcs.recency(loyalcs.purchases, as_of timestamptz) IS
    'time from the last purchase to `as_of`, in days of 24 hours; negative if the purchase is later; NULL for none';
CREATE FUNCTION loyalcs.purchase_interval(loyalcs.purchases) RETURNS interval
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_interval';
COMMENT ON FUNCTION loyalcs.purchase_interval(loyalcs.purchases) IS
    'mean time between one purchase and the next, in days of 24 hours; NULL below two purchases';

-- Aggregates

CREATE FUNCTION loyalcs.purchases_accum(loyalcs.purchases, timestamptz, numeric) RETURNS loyalcs.purchases
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 8
    AS 'MODULE_PATHNAME', 'purchases_accum';
COMMENT ON FUNCTION loyalcs.purchases_accum(loyalcs.purchases, timestamptz, numeric) IS
    'transition function: counts a purchase';
CREATE FUNCTION loyalcs.purchases_final(loyalcs.purchases) RETURNS loyalcs.purchases
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_final';
COMMENT ON FUNCTION loyalcs.purchases_final(loyalcs.purchases) IS
    'final function of purchases_agg and sum: NULL for none';
CREATE AGGREGATE loyalcs.purchases_agg(timestamptz, numeric) (
    SFUNC = loyalcs.purchases_accum,
    STYPE = loyalcs.purchases,
    SSPACE = 32,
    FINALFUNC = loyalcs.purchases_final,
    COMBINEFUNC = loyalcs.purchases_add,
    INITCOND = '{"count": 0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.purchases_agg(timestamptz, numeric) IS
    'purchases as one value; a row whose instant or amount is NULL is skipped; a negative amount, one with more than four decimals, or a sum beyond 922337203685477.5807 is an error; NULL if there was no purchase';
CREATE AGGREGATE loyalcs.sum(loyalcs.purchases) (
    SFUNC = loyalcs.purchases_add,
    STYPE = loyalcs.purchases,
    SSPACE = 32,
    FINALFUNC = loyalcs.purchases_final,
    COMBINEFUNC = loyalcs.purchases_add,
    INITCOND = '{"count": 0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.sum(loyalcs.purchases) IS
    'the purchases of all; NULL is skipped; NULL if there is no purchase in any';
