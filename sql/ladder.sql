-- First, second, third order and so on: who got there, for how much, and how long the
-- next one takes. What is compared with is worked out by hand, or by plain SQL.
SET search_path = loyalcs, public;
SET timezone = 'UTC';

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/errors.sql'
\i :shared

-- By hand: two customers. Of hers the first order came to 19.5 in the end and the third was cancelled;
-- ten days later there was another. He waits for 40 days.
CREATE TABLE two AS
SELECT * FROM (VALUES ('{1,1,2,3,3,4}'::int[], '{2026-01-01,2026-01-03,2026-01-11,2026-01-20,2026-01-21,2026-01-21}'::timestamptz[], '{20,19.5,30.25,1,NULL,50}'::numeric[]),
                      ('{1}', '{2026-01-01}', '{0.5}')) h (number, at, amount);
SELECT l.* FROM (SELECT ladder_agg(number, at, amount, '2026-02-10') AS counted FROM two) c, ladder(c.counted, '2026-02-10') l;
-- As of the day before the last one, and while the third still counted.
SELECT order_number, customers, revenue, previous_revenue, next_share FROM (SELECT ladder_agg(number, at, amount, '2026-01-20') AS counted FROM two) c, ladder(c.counted, '2026-01-20') l;
-- Waits can be watched for less long than orders were counted; then an order that is later waits for none.
SELECT order_number, customers, next_share, next_within FROM (SELECT ladder_agg(number, at, amount, '2026-02-10') AS counted FROM two) c, ladder(c.counted, '2026-01-20') l;

-- Of two thousand customers, against plain SQL and survival(), to the last bit.
CREATE FUNCTION roll(i bigint, what int, sides int) RETURNS int LANGUAGE sql IMMUTABLE RETURN (hashint8extended(i, what) & 9223372036854775807) % sides;
CREATE TABLE placed AS
SELECT i / 6 AS customer, i AS id, timestamptz '2024-01-01 00:00+00' + roll(i, 1, 60000000) * interval '1 second' AS at, roll(i, 2, 1000000) / 100.0 AS amount
  FROM generate_series(6::bigint, 12005) i WHERE roll(i, 3, 3) > 0;
CREATE TABLE histories AS
SELECT customer, array_agg(n ORDER BY n) AS number, array_agg(at ORDER BY n) AS at, array_agg(amount ORDER BY n) AS amount
  FROM (SELECT customer, at, amount, (row_number() OVER (PARTITION BY customer ORDER BY at, id))::int AS n FROM placed) p GROUP BY customer;
CREATE FUNCTION plain(as_of timestamptz) RETURNS TABLE (order_number bigint, customers bigint, revenue numeric, previous_revenue numeric, share float8, median interval, median_of_ended interval, within interval)
    LANGUAGE sql
BEGIN ATOMIC
    SELECT n, count(*), trim_scale(sum(amount)), trim_scale(sum(before)), (survival(array_agg(at), array_agg(next), as_of)).*
      FROM (SELECT at, amount, row_number() OVER w AS n, lag(amount) OVER w AS before, lead(at) OVER w AS next
              FROM placed p WHERE p.at <= as_of
            WINDOW w AS (PARTITION BY customer ORDER BY at, id)) o
     GROUP BY n ORDER BY n;
END;
CREATE FUNCTION counted(as_of timestamptz) RETURNS TABLE (order_number bigint, customers bigint, revenue numeric, previous_revenue numeric, share float8, median interval, median_of_ended interval, within interval)
    LANGUAGE sql
BEGIN ATOMIC
    SELECT l.order_number, l.customers, trim_scale(l.revenue), trim_scale(l.previous_revenue), l.next_share, l.next_median, l.next_median_of_ended, l.next_within
      FROM (SELECT ladder_agg(number, at, amount, as_of) AS ladder FROM histories) c, ladder(c.ladder, as_of) l;
END;
SELECT d AS as_of, (SELECT count(*) FROM counted(d)) AS rungs, (SELECT count(*) FROM (SELECT * FROM plain(d) EXCEPT ALL SELECT * FROM counted(d)) x) + (SELECT count(*) FROM (SELECT * FROM counted(d) EXCEPT ALL SELECT * FROM plain(d)) x) AS differ
  FROM unnest('{2024-01-02,2024-06-30,2025-11-25,2030-01-01}'::timestamptz[]) d;
-- In their order; and the same whatever the order of the customers.
SELECT array_agg(order_number) AS numbers, array_agg(customers ORDER BY order_number) = (SELECT array_agg(customers ORDER BY order_number) FROM plain('2030-01-01')) AS customers FROM counted('2030-01-01');
SELECT count(*) AS differ FROM (SELECT l.* FROM (SELECT ladder_agg(number, at, amount, '2030-01-01' ORDER BY roll(customer, 7, 1000000)) AS n FROM histories) c, ladder(c.n, '2030-01-01') l
                                EXCEPT SELECT l.* FROM (SELECT ladder_agg(number, at, amount, '2030-01-01' ORDER BY customer) AS n FROM histories) c, ladder(c.n, '2030-01-01') l) x;
-- The curves of the first three numbers, and what is said of the waits for all next orders: those of survival_curve() and survival().
CREATE FUNCTION waits(as_of timestamptz) RETURNS TABLE (n bigint, customers bigint, began timestamptz[], ended timestamptz[]) LANGUAGE sql
BEGIN ATOMIC
    SELECT n, count(*), array_agg(at), array_agg(next)
      FROM (SELECT at, row_number() OVER w AS n, lead(at) OVER w AS next FROM placed p WHERE p.at <= as_of WINDOW w AS (PARTITION BY customer ORDER BY at, id)) o
     GROUP BY GROUPING SETS ((n), ());
END;
CREATE FUNCTION plain_curve(as_of timestamptz) RETURNS SETOF record LANGUAGE sql AS $$
    SELECT w.n, w.customers, c.* FROM waits(as_of) w, survival_curve(w.began, w.ended, as_of, '{7 days,30 days,400 days}', 0.9) c WHERE w.n <= 3 $$;
CREATE FUNCTION counted_curve(as_of timestamptz) RETURNS SETOF record LANGUAGE sql AS $$
    SELECT c.* FROM (SELECT ladder_agg(number, at, amount, as_of) AS ladder FROM histories) h, ladder_curve(h.ladder, as_of, '{30 days,7 days,NULL,400 days}', 3, 0.9) c $$;
SELECT d AS as_of, (SELECT count(*) FROM plain_curve(d) c (n bigint, customers bigint, after interval, at_risk bigint, came bigint, share float8, low float8, high float8)) AS points,
       (SELECT count(*) FROM (SELECT * FROM plain_curve(d) c (n bigint, customers bigint, after interval, at_risk bigint, came bigint, share float8, low float8, high float8)
                              EXCEPT ALL SELECT * FROM counted_curve(d) c (n bigint, customers bigint, after interval, at_risk bigint, came bigint, share float8, low float8, high float8)) x) AS missing,
       (SELECT count(*) FROM (SELECT * FROM counted_curve(d) c (n bigint, customers bigint, after interval, at_risk bigint, came bigint, share float8, low float8, high float8)
                              EXCEPT ALL SELECT * FROM plain_curve(d) c (n bigint, customers bigint, after interval, at_risk bigint, came bigint, share float8, low float8, high float8)) x) AS other
  FROM unnest('{2024-01-02,2024-06-30,2025-11-25,2030-01-01}'::timestamptz[]) d;
SELECT d AS as_of, s.*, s IS DISTINCT FROM survival(w.began, w.ended, d) AS differs
  FROM unnest('{2024-01-02,2024-06-30,2025-11-25,2030-01-01}'::timestamptz[]) d
 CROSS JOIN LATERAL (SELECT s.* FROM (SELECT ladder_agg(number, at, amount, d) AS ladder FROM histories) h, ladder_survival(h.ladder, d) s) s
  JOIN LATERAL (SELECT * FROM waits(d) WHERE n IS NULL) w ON true;
-- No step, fewer than there are, and more; and nobody.
SELECT steps, count(order_number) AS points, max(order_number) FROM (SELECT ladder_agg(number, at, amount, '2026-02-10') AS n FROM two) c, unnest('{-1,0,1,3,100}'::int[]) steps LEFT JOIN LATERAL ladder_curve(c.n, '2026-02-10', '{0,7 days}', steps, 0.95) ON true GROUP BY 1 ORDER BY 1;
SELECT ladder_survival(NULL, '2026-02-10') AS of_none, (SELECT count(*) FROM ladder_curve(NULL, '2026-02-10', '{0}', 9, 0.95)) AS points;
-- By several workers, whose orders are combined.
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
ALTER TABLE histories SET (parallel_workers = 2);
EXPLAIN (COSTS OFF) SELECT ladder_agg(number, at, amount, '2030-01-01') FROM histories;
CREATE TABLE by_workers AS SELECT ladder_agg(number, at, amount, '2030-01-01') AS n FROM histories;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
SELECT count(*) AS rungs, count(*) FILTER (WHERE NOT EXISTS (SELECT FROM counted('2030-01-01') c WHERE (c.order_number, c.customers, c.revenue, c.share, c.within) = (l.order_number, l.customers, l.revenue, l.next_share, l.next_within))) AS differ
  FROM by_workers w, ladder(w.n, '2030-01-01') l;
-- What two have counted is combined, and nothing with something is that.
SELECT order_number, customers, revenue, previous_revenue
  FROM (SELECT ladder_agg(number, at, amount, 'infinity') AS n FROM two) c, ladder(ladder_combine(ladder_combine(NULL, c.n), ladder_combine(c.n, NULL)), '2026-02-10');
SELECT ladder_combine(NULL, NULL) IS NULL AS nothing;
-- One customer with more orders than a ladder begins with, and one with a week's.
SELECT count(*) AS rungs, sum(customers) AS orders, min(next_share), max(next_median)
  FROM (SELECT ladder_agg(n, at, a, '2030-01-01') AS c
          FROM (SELECT array_agg(i ORDER BY i) AS n, array_agg(timestamptz '2017-01-15 00:00+00' + i * interval '1 day' ORDER BY i) AS at, array_agg(1.0) AS a FROM (VALUES (1000), (7)) v (m), generate_series(1, m) i GROUP BY m) h) c, ladder(c.c, '2019-10-12')
 WHERE order_number < 1000;
-- Parts of a table, each with a ladder of its own, and as a window moves.
SELECT customer % 3 AS part, (SELECT sum(l.customers) FROM ladder(ladder_agg(number, at, amount, '2030-01-01'), '2030-01-01') l) = sum(cardinality(number)) AS same FROM histories GROUP BY 1 ORDER BY 1;
SELECT (SELECT string_agg(l.customers::text, ' ' ORDER BY order_number) FROM ladder(w.n, '2026-02-10') l) AS customers FROM (SELECT ladder_agg(number, at, amount, '2026-02-10') OVER (ORDER BY cardinality(number)) AS n FROM two) w ORDER BY 1;

-- Nobody, and rows with a NULL.
SELECT ladder_agg('{}', '{}', '{}', now()) AS nobody, ladder_agg('{1}', '{2026-01-01 00:00+00}', '{1}', '-infinity') AS nobody_yet,
       ladder_agg(NULL, '{2026-01-01 00:00+00}', '{1}', now()) AS null_number, ladder_agg('{1}', '{2026-01-01 00:00+00}', '{1}', NULL) AS null_as_of;
SELECT count(*) AS rungs FROM (SELECT ladder_agg(number, at, amount, CASE WHEN cardinality(number) = 1 THEN timestamptz '2026-02-10' END) AS n FROM two) c, ladder(c.n, '2026-02-10');
-- The first and the last instants that there are, and more money than one customer's total holds.
SELECT * FROM ladder((SELECT ladder_agg('{1,2}', '{0001-01-01 00:00+00,9999-12-31 23:59:59.999999+00}', '{922337203685477.5807,0.0001}', 'infinity')), '9999-12-31 23:59:59.999999+00');
SELECT customers, revenue FROM ladder((SELECT ladder_agg('{1}', '{2026-01-01 00:00+00}', '{922337203685477.5807}', 'infinity') FROM generate_series(1, 1000)), '2026-02-10');

-- What is none is refused: histories, instants, and what the aggregate has not counted.
SELECT pg_temp.error_of('SELECT ladder_agg(''{2}'', ''{2026-01-01 00:00+00}'', ''{1}'', now())');
SELECT pg_temp.error_of('SELECT * FROM ladder((SELECT ladder_agg(number, at, amount, now()) FROM two), ''infinity'')');
SELECT pg_temp.error_of(format('SELECT * FROM ladder(%L, now())', n)) FROM (VALUES ('\x'::bytea), (repeat('x', 2000)::bytea)) f (n);
SELECT pg_temp.error_of(format('SELECT * FROM ladder_curve(%L, %s)', n, rest))
  FROM (SELECT ladder_agg(number, at, amount, '2026-02-10') AS n FROM two) c,
       unnest(ARRAY[$$'infinity', '{7 days}', 9, 0.95$$, $$'2026-02-10', '{1 month}', 9, 0.95$$, $$'2026-02-10', '{-1 days}', 9, 0.95$$, $$'2026-02-10', '{7 days}', 9, 1$$]) rest;
SELECT pg_temp.error_of(format('SELECT * FROM ladder_curve(%L, ''2026-02-10'', ''{7 days}'', 9, 0.95)', n)), pg_temp.error_of(format('SELECT ladder_survival(%L, ''2026-02-10'')', n)) FROM (VALUES ('\x'::bytea)) f (n);
SELECT pg_temp.error_of(format('SELECT ladder_survival(%L, ''infinity'')', n)) FROM (SELECT ladder_agg(number, at, amount, '2026-02-10') AS n FROM two) c;
-- Each byte of what is counted, changed: what it says cannot be, or another amount or instant.
CREATE TABLE forged AS
SELECT byte, bit, set_byte(n, byte, get_byte(n, byte) # bit) AS n FROM (SELECT ladder_agg(number, at, amount, '2026-02-10') AS n FROM two) c, generate_series(0, length(n) - 1) byte, unnest('{1,128}'::int[]) bit;
SELECT DISTINCT regexp_replace(pg_temp.error_of(format('SELECT * FROM ladder(%L, ''2026-02-10'')', n)), '^no error.*', 'no error') AS what FROM forged ORDER BY 1;
-- In the numbers before the rungs, and in whether another order follows, all are seen.
SELECT count(*) AS changed, count(*) FILTER (WHERE pg_temp.error_of(format('SELECT * FROM ladder(%L, ''2026-02-10'')', n)) LIKE '22023%') AS seen FROM forged WHERE byte < 20 OR (byte IN (20 + 16 * 40, 20 + 16 * 40 + 8) AND bit = 1);
SELECT pg_temp.error_of(format('SELECT ladder_accum(%L, ''{1}'', ''{2026-01-01 00:00+00}'', ''{1}'', now())', substr(n, 2))) FROM forged WHERE byte = 0 LIMIT 1;
SELECT pg_temp.error_of(format('SELECT ladder_combine(%L, %L)', n, substr(n, 1, length(n) - 1))) FROM forged WHERE byte = 20 LIMIT 1;
-- A sum that no count of orders can have.
SELECT pg_temp.error_of(format('SELECT ladder_combine(%L, %L)', n, n)) FROM (SELECT set_byte(ladder_agg(number, at, amount, '2026-02-10'), 20 + 15, 127) AS n FROM two) f;
