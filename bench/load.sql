-- load.sql: the data that bench/run works on; :scale divides the row counts.
-- Scattered by hashes, so that no branch predictor learns it and every run has
-- the same.

CREATE EXTENSION loyalcs;

CREATE FUNCTION scatter(i bigint, seed bigint, n bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(i, seed) & 9223372036854775807) % n;

CREATE UNLOGGED TABLE answers AS
SELECT scatter(i, 1, 11)::smallint AS score,
       timestamptz '2024-01-01 00:00+00' + scatter(i, 2, 63072000) * interval '1 second' AS at
  FROM generate_series(1::bigint, 10000000 / :scale) i;

CREATE UNLOGGED TABLE recent AS
SELECT a.* FROM (SELECT * FROM answers LIMIT 1000000 / :scale) a ORDER BY a.at;  -- as answers come in

CREATE UNLOGGED TABLE orders AS
SELECT scatter(i, 3, 500000 / :scale) + 1 AS customer_id,
       timestamptz '2024-01-01 00:00+00' + scatter(i, 4, 63072000) * interval '1 second' AS at,
       scatter(i, 5, 5000000)::numeric / 100 AS amount
  FROM generate_series(1::bigint, 5000000 / :scale) i;

CREATE UNLOGGED TABLE stored AS
SELECT o.customer_id, loyalcs.purchases_agg(o.at, o.amount) AS p
  FROM orders o
 GROUP BY o.customer_id;

-- Two shops whose customers have some ten orders each; the foreign keys hold by
-- construction, and checking five million of them is not what is measured.
SELECT loyalcs.create_shop('big', key_type => 'bigint');
SELECT loyalcs.create_shop('small', key_type => 'bigint');
SET session_replication_role = replica;
INSERT INTO big.customers (customer_id) SELECT generate_series(1, 500000 / :scale);
INSERT INTO big.orders (customer_id, order_id, ordered_at, amount)
SELECT o.customer_id, row_number() OVER (), o.at, o.amount FROM orders o;
INSERT INTO small.customers (customer_id) SELECT generate_series(1, 50000 / :scale);
INSERT INTO small.orders (customer_id, order_id, ordered_at, amount)
SELECT o.customer_id, row_number() OVER (), o.at, o.amount
  FROM orders o
 WHERE o.customer_id <= 50000 / :scale;
RESET session_replication_role;

VACUUM ANALYZE;

-- What is measured is warm from the start.
CREATE EXTENSION pg_prewarm;
SELECT sum(pg_prewarm(c.oid)) AS pages_read
  FROM pg_class c
 WHERE c.relkind IN ('r', 'i') AND c.relnamespace::regnamespace::text IN ('public', 'big', 'small');
SELECT big.refresh_rfm_cuts() + small.refresh_rfm_cuts() AS customers_scored;
