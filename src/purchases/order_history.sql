-- order_history.sql
--
-- What one customer's orders came to, out of a history of them.
-- Needs: purchases.

CREATE FUNCTION loyalcs.purchases(
    number integer[],
    at timestamptz[],
    amount numeric[],
    as_of timestamptz,
    placed_until timestamptz DEFAULT 'infinity'
) RETURNS loyalcs.purchases
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
    AS 'MODULE_PATHNAME', 'purchases_of_history';
COMMENT ON FUNCTION loyalcs.purchases(integer[], timestamptz[], numeric[], timestamptz, timestamptz) IS
    'what a customer had bought by an instant, out of a history: three arrays, an element of each for every entry. The first entry of a number (1, 2, 3 and so on, in the order in which they were placed) is an order: placed when, for how much. Further entries of the same number are what became of it: the amount that it counts with from an instant on, NULL once it does not count any more. An order that was placed after as_of or placed_until, or does not count any more by as_of, is left out; NULL if none is left. Arrays that are no history are an error';

CREATE FUNCTION loyalcs.purchases_from_bytes(bytea) RETURNS loyalcs.purchases
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    AS 'MODULE_PATHNAME', 'purchases_from_bytes';
COMMENT ON FUNCTION loyalcs.purchases_from_bytes(bytea) IS
    'purchases of the bytes that purchases_send() made of them, 32 of them: for tables that have to outlive the type; any others are an error';

CREATE FUNCTION loyalcs.counted_orders(
    number integer[],
    at timestamptz[],
    amount numeric[],
    as_of timestamptz,
    OUT order_number bigint,
    OUT ordered_at timestamptz,
    OUT amount numeric,
    OUT previous_order_at timestamptz,
    OUT previous_amount numeric,
    OUT next_order_at timestamptz,
    OUT first_order_at timestamptz
) RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 5
    AS 'MODULE_PATHNAME', 'counted_orders';
COMMENT ON FUNCTION loyalcs.counted_orders(integer[], timestamptz[], numeric[], timestamptz) IS
    'the orders of a history, as loyalcs.purchases(number, at, amount, as_of) has it, that count as of an instant: each with its number in the customer''s life, from 1, its neighbours there, NULL at either end, and when the first of them was placed';
