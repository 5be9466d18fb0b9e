-- What a customer's orders came to by an instant, out of a history of them. What is
-- compared with is worked out by hand, or by plain SQL of the orders themselves.
SET search_path = loyalcs, public;

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/errors.sql'
\i :shared

-- By hand: of 24,800, 5,000 came back after two weeks; 5,000 were cancelled; 8,000 stay.
CREATE TABLE by_hand AS
SELECT '{1,1,2,2,3}'::int[] AS number, '{2026-01-05 12:00+09,2026-01-20 12:00+09,2026-02-01 12:00+09,2026-02-02 12:00+09,2026-03-01 12:00+09}'::timestamptz[] AS at,
       '{24800,19800,5000,NULL,8000}'::numeric[] AS amount;
SELECT d AS as_of, purchase_count(p) AS orders, total_spent(p), first_purchase(p) = '2026-01-05 12:00+09' AS first, last_purchase(p) = '2026-03-01 12:00+09' AS last
  FROM by_hand h, unnest('{2026-01-05 11:59,2026-01-05 12:00,2026-01-20 11:59,2026-01-20 12:00,2026-02-01 12:00,2026-02-02 12:00,2026-03-01 12:00}'::timestamp[]) d
 CROSS JOIN LATERAL purchases(h.number, h.at, h.amount, d AT TIME ZONE 'Asia/Tokyo') p
 ORDER BY d;
SELECT order_number, ordered_at AT TIME ZONE 'Asia/Tokyo' AS ordered_at, o.amount, previous_order_at AT TIME ZONE 'Asia/Tokyo' AS previous_at, previous_amount, next_order_at AT TIME ZONE 'Asia/Tokyo' AS next_at
  FROM by_hand h, counted_orders(h.number, h.at, h.amount, 'infinity') o;
-- What was known later, of what was placed until then: cancelled is cancelled.
SELECT total_spent(purchases(number, at, amount, 'infinity', '2026-02-01 12:00+09')) AS until_february,
       total_spent(purchases(number, at, amount, '2026-02-01 12:00+09', '2026-02-01 12:00+09')) AS as_of_february FROM by_hand;

-- Histories of a thousand customers against their orders and what became of them, as of
-- instants that are those of entries, and others.
CREATE FUNCTION roll(i bigint, what int, sides int) RETURNS int LANGUAGE sql IMMUTABLE RETURN (hashint8extended(i, what) & 9223372036854775807) % sides;
CREATE TABLE placed AS
SELECT i / 8 AS customer, i AS id, timestamptz '2025-01-01 00:00+00' + roll(i, 1, 300) * interval '1 day' AS at, roll(i, 2, 100000) / 100.0 AS amount
  FROM generate_series(8::bigint, 8007) i WHERE roll(i, 3, 3) > 0;
CREATE TABLE became AS
SELECT p.customer, p.id, n, p.at + roll(p.id * 4 + n, 4, 60) * interval '1 day' - interval '5 days' AS at,
       CASE WHEN roll(p.id * 4 + n, 5, 4) > 0 THEN round(p.amount / (n + 1), 2) END AS amount
  FROM placed p, generate_series(1, 2) n WHERE roll(p.id * 4 + n, 6, 3) = 0;
CREATE INDEX ON became (id);
ANALYZE placed, became;
CREATE TABLE histories AS
SELECT customer, array_agg(number ORDER BY number, step, at, n) AS number, array_agg(at ORDER BY number, step, at, n) AS at, array_agg(amount ORDER BY number, step, at, n) AS amount
  FROM (SELECT customer, number, 0 AS step, at, amount, 0 AS n FROM (SELECT *, (row_number() OVER (PARTITION BY customer ORDER BY at, id))::int AS number FROM placed) p
        UNION ALL
        SELECT b.customer, p.number, 1, b.at, b.amount, b.n
          FROM became b JOIN (SELECT *, (row_number() OVER (PARTITION BY customer ORDER BY at, id))::int AS number FROM placed) p USING (customer, id)) e
 GROUP BY customer;
CREATE TABLE instants AS
SELECT i, CASE WHEN i % 2 = 0 THEN timestamptz '2025-01-01 00:00+00' + i * interval '17 days' ELSE timestamptz '2025-01-03 10:00+00' + i * interval '13 days' END AS as_of FROM generate_series(0, 25) i
UNION ALL VALUES (98, timestamptz '-infinity'), (99, 'infinity');
CREATE VIEW counts AS
SELECT i.as_of, p.customer, p.id, p.at, a.amount
  FROM instants i
  JOIN placed p ON p.at <= i.as_of
  LEFT JOIN LATERAL (SELECT true AS changed, b.amount FROM became b WHERE b.id = p.id AND b.at <= i.as_of ORDER BY b.at DESC, b.n DESC LIMIT 1) b ON true
 CROSS JOIN LATERAL (SELECT CASE WHEN b.changed THEN b.amount ELSE p.amount END AS amount) a
 WHERE a.amount IS NOT NULL;
SELECT count(*) > 20000 AS many, count(*) FILTER (WHERE o.all_of_it IS DISTINCT FROM h.all_of_it) AS differ
  FROM (SELECT as_of, customer, concat_ws(' ', count(*), min(at), max(at), trim_scale(sum(amount))) AS all_of_it FROM counts GROUP BY 1, 2) o
  FULL JOIN (SELECT i.as_of, h.customer, concat_ws(' ', purchase_count(p), first_purchase(p), last_purchase(p), trim_scale(total_spent(p))) AS all_of_it
               FROM instants i CROSS JOIN histories h CROSS JOIN LATERAL (SELECT purchases(h.number, h.at, h.amount, i.as_of) AS p OFFSET 0) p WHERE p IS NOT NULL) h
    USING (as_of, customer);
SELECT count(*) > 50000 AS many, count(*) FILTER (WHERE o.all_of_it IS DISTINCT FROM h.all_of_it) AS differ
  FROM (SELECT as_of, customer, row_number() OVER life AS order_number,
               concat_ws(' ', at, trim_scale(amount), '<', lag(at) OVER life, trim_scale(lag(amount) OVER life), '>', lead(at) OVER life, '1', first_value(at) OVER life) AS all_of_it
          FROM counts WINDOW life AS (PARTITION BY as_of, customer ORDER BY at, id)) o
  FULL JOIN (SELECT i.as_of, h.customer, c.order_number,
                    concat_ws(' ', c.ordered_at, trim_scale(c.amount), '<', c.previous_order_at, trim_scale(c.previous_amount), '>', c.next_order_at, '1', c.first_order_at) AS all_of_it
               FROM instants i CROSS JOIN histories h CROSS JOIN LATERAL counted_orders(h.number, h.at, h.amount, i.as_of) c) h
    USING (as_of, customer, order_number);

-- Nothing, and nobody.
SELECT purchases('{}', '{}', '{}', now()), purchases('{1}', '{2026-01-01 00:00+00}', '{1}', '-infinity'), purchases(NULL, '{}', '{}', now()), purchases('{1}', '{2026-01-01 00:00+00}', '{1}', NULL),
       (SELECT count(*) FROM counted_orders('{}', '{}', '{}', now())) AS orders;
-- Arrays that are no history.
SELECT pg_temp.error_of(format('SELECT purchases(%L::int[], %L::timestamptz[], %L::numeric[], now())', n, a, m))
  FROM (VALUES ('{1}', '{2026-01-01,2026-01-02}', '{1}'), ('{1,NULL}', '{2026-01-01,2026-01-02}', '{1,2}'), ('{2}', '{2026-01-01}', '{1}'), ('{1,3}', '{2026-01-01,2026-01-02}', '{1,1}'),
               ('{1,2}', '{2026-01-02,2026-01-01}', '{1,1}'), ('{1,1,1}', '{2026-01-02,2026-01-05,2026-01-04}', '{1,1,1}'), ('{1}', '{2026-01-02}', '{NULL}'), ('{1}', '{infinity}', '{1}'),
               ('{1}', '{2026-01-02}', '{-1}'), ('{1,1}', '{2026-01-02,2026-01-02}', '{1,-1}'), ('{1}', '{2026-01-02}', '{NaN}'), ('{{1},{2}}', '{2026-01-01,2026-01-02}', '{1,1}')) h (n, a, m);
SELECT pg_temp.error_of('SELECT * FROM counted_orders(''{1,2}'', ''{2026-01-01}'', ''{1}'', now())');

-- What purchases are as bytes, and of bytes; any others are none.
SELECT count(*) AS purchases, bool_and(purchases_from_bytes(purchases_send(p)) = p) AS the_same, bool_and(length(purchases_send(p)) = 32) AS of_32_bytes
  FROM (SELECT purchases(h.number, h.at, h.amount, 'infinity') AS p FROM histories h) p WHERE p IS NOT NULL;
SELECT purchases_from_bytes(NULL) IS NULL AS of_null, purchases_from_bytes(decode(repeat('00', 32), 'hex')) AS of_nobody;
SELECT b, pg_temp.error_of(format('SELECT purchases_from_bytes(decode(%L, ''hex''))', b))
  FROM unnest(ARRAY['', '00', repeat('00', 31), repeat('00', 33), repeat('ff', 32), repeat('00', 31) || '01', '0000000000000001' || repeat('00', 24)]) b;
