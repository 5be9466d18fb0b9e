-- Which products come back.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
INSERT INTO products (product_id, name) VALUES ('R', 'Ring');
INSERT INTO customers (customer_id, region) VALUES ('ann', 'north'), ('ben', 'north'), ('cat', 'south'), ('dee', 'south');

-- Six rings in three orders, one box; another order was cancelled. The last is of
-- 13 days before the 10th of March, and not yet long enough ago.
INSERT INTO orders (customer_id, order_id, ordered_at, amount, cancelled_at) VALUES
    ('ann', '1', '2026-01-10 12:00+09', 10000, NULL), ('ben', '1', '2026-01-20 12:00+09', 2000, NULL),
    ('cat', '1', '2026-02-25 12:00+09', 4000, NULL), ('dee', '1', '2026-01-15 12:00+09', 9000, '2026-01-16 12:00+09');
INSERT INTO order_items (customer_id, order_id, line, product_id, product_name, quantity, amount) VALUES
    ('ann', '1', 1, 'R', 'ring', 3, 6000), ('ann', '1', 2, 'B', 'box', 1, 4000), ('ben', '1', 1, 'R', 'ring', 1, 2000),
    ('cat', '1', 1, 'R', 'ring', 2, 4000), ('dee', '1', 1, 'R', 'ring', 5, 9000);
-- Of the first order two rings, paid 4000 for, and the box, paid 4000 for, come back for 5000:
-- 2500 each. Then it is made good with 1000, for nothing in particular. Of the third, a
-- ring for 2000, and 500 of the return is for no line.
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES
    ('ann', 'a', '1', '2026-01-20 12:00+09', 5000), ('ann', 'b', '1', '2026-02-01 12:00+09', 1000),
    ('cat', 'c', '1', '2026-03-01 12:00+09', 2500), ('dee', 'd', '1', '2026-01-15 13:00+09', 9000);
INSERT INTO return_items (customer_id, return_id, order_id, line, quantity, refund) VALUES
    ('ann', 'a', '1', 1, 2, NULL), ('ann', 'a', '1', 2, 1, NULL), ('cat', 'c', '1', 1, 1, 2000), ('dee', 'd', '1', 1, 5, NULL);

-- Rings: 6 sold, 3 came back, 4500. Of the 4 of January, 2: 0.5, by Wilson from 0.15 to 0.85.
CREATE FUNCTION pg_temp.shown(query text) RETURNS TABLE (part text, month text, product text, counted text, refund numeric, rate text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        $q$SELECT to_jsonb(r) ->> 'part', concat_ws(' ', to_jsonb(r) ->> 'month', to_jsonb(r) ->> 'complete'), concat_ws(' ', r.product_id, r.product_name, r.category),
                  r.returned || ' of ' || r.sold, r.refund,
                  round(r.return_rate::numeric, 4) || ': ' || round(r.return_rate_low::numeric, 4) || ' to ' || round(r.return_rate_high::numeric, 4)
             FROM %s r ORDER BY to_jsonb(r) ->> 'part', to_jsonb(r) ->> 'month', r.product_id$q$, query);
END
$$;
SELECT product, counted, refund, rate FROM pg_temp.shown('product_returns_at(''2026-03-10 12:00+09'')');
SELECT month, product, counted, refund, rate FROM pg_temp.shown('monthly_product_returns_at(''2026-03-10 12:00+09'')');
SELECT part, product, counted, refund, rate FROM pg_temp.shown('product_returns_by(''region'', ''2026-03-10 12:00+09'')');
SELECT part, month, product, counted, refund, rate FROM pg_temp.shown('monthly_product_returns_by(''region'', ''2026-03-10 12:00+09'')');
-- As it was: before the second return, with no order long enough ago; when the cancelled order
-- still counted; before all.
SELECT product, counted, refund, rate FROM pg_temp.shown('product_returns_at(''2026-01-25 12:00+09'')');
SELECT product, counted, refund, rate FROM pg_temp.shown('product_returns_at(''2026-01-15 14:00+09'')');
SELECT product, counted, refund, rate FROM pg_temp.shown('product_returns_at(''-infinity'')');
-- An order of thirty days ago has had its time, a microsecond before it has not.
SELECT a, counted, rate FROM unnest('{2026-02-09 11:59:59.999999+09,2026-02-09 12:00+09,infinity}'::text[]) a, LATERAL pg_temp.shown(format('product_returns_at(%L)', a))
 WHERE product = 'B box';
BEGIN;
UPDATE settings SET returns_within = '10 days', significance = 0.1;
SELECT product, counted, refund, rate FROM pg_temp.shown('product_returns_at(''2026-03-10 12:00+09'')');
ROLLBACK;
SELECT s.given, pg_temp.outcome('UPDATE settings SET returns_within = ' || s.given)
  FROM (VALUES ('NULL'), ('''0'''), ('''1 day'''), ('''1 year'''), ('''1 year 1 day''')) s (given);

-- The same as is counted by hand, of more orders than anybody would.
INSERT INTO customers (customer_id, gender) SELECT 'c' || i, CASE i % 3 WHEN 0 THEN 'female' END FROM generate_series(1, 60) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, cancelled_at)
SELECT 'c' || 1 + i % 60, 'o' || i, timestamptz '2025-09-01 12:00+09' + i * interval '11 hours', 3000, CASE WHEN i % 13 = 0 THEN timestamptz '2026-03-20 12:00+09' END FROM generate_series(1, 400) i;
INSERT INTO order_items (customer_id, order_id, line, product_id, quantity, amount)
SELECT customer_id, order_id, l, 'P' || (substr(order_id, 2)::int + l) % 5, 1 + (substr(order_id, 2)::int + l) % 3, 1500
  FROM orders CROSS JOIN generate_series(1, 2) l WHERE order_id ~ '^o';
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund)
SELECT customer_id, 'r' || order_id, order_id, ordered_at + (substr(order_id, 2)::int % 60) * interval '1 day', 500 FROM orders WHERE order_id ~ '^o' AND substr(order_id, 2)::int % 4 = 0;
INSERT INTO return_items (customer_id, return_id, order_id, line, refund)
SELECT r.customer_id, r.return_id, r.order_id, l, CASE WHEN r.order_id LIKE '%8' THEN 100 END
  FROM returns r CROSS JOIN generate_series(1, 2) l WHERE r.order_id ~ '^o' AND (l = 1 OR r.order_id LIKE '%0');
SELECT a.day, count(*) AS products, bool_and(r.sold = h.sold AND r.returned = h.returned AND abs(r.refund - h.refund) < 0.01 AND r.return_rate IS NOT DISTINCT FROM h.rate) AS as_by_hand
  FROM unnest('{2025-12-01,2026-01-31,2026-06-01}'::timestamptz[]) a (day)
 CROSS JOIN LATERAL product_returns_at(a.day) r
 CROSS JOIN LATERAL (
           SELECT sum(i.quantity) AS sold, coalesce(sum(b.quantity), 0) AS returned,
                  coalesce(sum(coalesce(b.refund, t.refund * i.amount * b.quantity / i.quantity
                                                  / (SELECT sum(j.amount * c.quantity / j.quantity) FROM return_items c JOIN order_items j USING (customer_id, order_id, line)
                                                      WHERE (c.customer_id, c.return_id) = (b.customer_id, b.return_id)))), 0) AS refund,
                  coalesce(sum(b.quantity) FILTER (WHERE o.ordered_at <= a.day - interval '30 days'), 0)::float8
                  / sum(i.quantity) FILTER (WHERE o.ordered_at <= a.day - interval '30 days') AS rate
             FROM orders o
             JOIN order_items i USING (customer_id, order_id)
             LEFT JOIN returns t ON (t.customer_id, t.order_id) = (o.customer_id, o.order_id) AND t.returned_at <= a.day
             LEFT JOIN return_items b ON (b.customer_id, b.return_id, b.line) = (t.customer_id, t.return_id, i.line)
            WHERE o.ordered_at <= a.day AND (o.cancelled_at IS NULL OR o.cancelled_at > a.day) AND i.product_id = r.product_id AND o.order_id ~ '^o') h
 WHERE r.product_id LIKE 'P%'
 GROUP BY a.day ORDER BY a.day;
-- Months and parts add up to the whole; nothing that was refunded is lost.
SELECT p.product_id, p.sold = sum(m.sold) AS sold, p.returned = sum(m.returned) AS returned, p.refund = sum(m.refund) AS refund
  FROM product_returns_at('2026-06-01') p JOIN monthly_product_returns_by('gender', '2026-06-01') m ON m.product_id IS NOT DISTINCT FROM p.product_id
 GROUP BY p.product_id, p.sold, p.returned, p.refund ORDER BY 1;
SELECT round(sum(p.refund)) = (SELECT sum(r.refund) FROM returns r JOIN orders o USING (customer_id, order_id) WHERE o.cancelled_at IS NULL) AS all_of_it
  FROM product_returns_at('2026-06-01') p;
SELECT pg_temp.same_elsewhere('SELECT * FROM monthly_product_returns_by(''age_band'', ''2026-06-01 00:00+09'')');
