-- What each customer bought, in one row.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SELECT FROM loyalcs.create_shop('shop_purchases', key_type => 'bigint');
SET search_path = shop_purchases;

-- An empty shop.
SELECT * FROM customer_purchases_at('2024-06-01 00:00+09');

-- Customer 1 buys for 1000 and 500.50, ten days apart, and 200.50 of it comes
-- back; 2 buys once; 3 buys three times, six hours and then two days apart, the
-- last one cancelled; 4 is a prospect; 5 gets all the money back; 6's only
-- order is cancelled.
INSERT INTO customers (customer_id) SELECT generate_series(1, 6);
INSERT INTO orders (customer_id, order_id, ordered_at, amount, cancelled_at) VALUES
    (1, 'a', '2024-01-01 12:00+09', 1000, NULL),
    (1, 'b', '2024-01-11 12:00+09', 500.50, NULL),
    (2, 'a', '2024-01-31 23:30+00', 300, NULL),
    (3, 'a', '2024-02-01 00:00+09', 100, NULL),
    (3, 'b', '2024-02-01 06:00+09', 200, NULL),
    (3, 'c', '2024-02-03 06:00+09', 300, '2024-02-20 00:00+09'),
    (5, 'a', '2024-02-05 00:00+09', 900, NULL),
    (6, 'a', '2024-02-05 00:00+09', 900, '2024-02-05 00:00+09');
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES
    (1, 'a', 'a', '2024-01-20 00:00+09', 200.50),
    (5, 'a', 'a', '2024-02-06 00:00+09', 900);

-- On the 11th of January 1 has spent 1500.50. On the 10th of February 3 has
-- three orders, 54 hours from the first to the last; on the 21st two, of 300.
-- All on Tokyo's clock, where 2 bought on the 1st of February.
SELECT a.as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, p.customer_id, p.orders,
       p.first_order_at AT TIME ZONE 'Asia/Tokyo' AS first_order,
       p.last_order_at AT TIME ZONE 'Asia/Tokyo' AS last_order,
       p.total_spent, p.average_order, p.recency, p.purchase_interval
  FROM (VALUES (timestamptz '2024-01-11 12:00+09'), ('2024-02-10 12:00+09'), ('2024-02-21 12:00+09')) a (as_of)
 CROSS JOIN LATERAL customer_purchases_at(a.as_of) p
 ORDER BY a.as_of, p.customer_id;

-- The same in plain SQL over the tables.
WITH counted AS (
    SELECT o.customer_id, o.ordered_at,
           o.amount - (SELECT coalesce(sum(r.refund), 0) FROM returns r
                        WHERE (r.customer_id, r.order_id) = (o.customer_id, o.order_id)
                          AND r.returned_at <= '2024-02-10 12:00+09') AS amount
      FROM orders o
     WHERE o.ordered_at <= '2024-02-10 12:00+09'
       AND NOT coalesce(o.cancelled_at <= '2024-02-10 12:00+09', false)
), plain AS (
    SELECT customer_id, count(*), min(ordered_at), max(ordered_at), sum(amount), avg(amount),
           '2024-02-10 12:00+09' - max(ordered_at),
           (max(ordered_at) - min(ordered_at)) / nullif(count(*) - 1, 0),
           extract(epoch FROM '2024-02-10 12:00+09' - max(ordered_at))::float8 / 86400,
           extract(epoch FROM (max(ordered_at) - min(ordered_at)) / nullif(count(*) - 1, 0))::float8 / 86400
      FROM counted
     GROUP BY customer_id
), ours AS (
    SELECT * FROM customer_purchases_at('2024-02-10 12:00+09')
)
SELECT (SELECT count(*) FROM plain) AS plain,
       (SELECT count(*) FROM (TABLE plain EXCEPT TABLE ours) d) AS only_plain,
       (SELECT count(*) FROM (TABLE ours EXCEPT TABLE plain) d) AS only_ours;

SELECT pg_temp.same_elsewhere('SELECT * FROM customer_purchases_at(''2024-02-10 12:00+09'')');

-- Nothing was before the first order, and whatever is, is after it.
SELECT count(*) FROM customer_purchases_at('-infinity');
SELECT customer_id, orders, total_spent FROM customer_purchases_at('infinity') ORDER BY customer_id;

-- A key in the query reaches the orders of that customer.
SELECT orders, total_spent FROM customer_purchases_at('2024-02-10 12:00+09') WHERE customer_id = 1;
