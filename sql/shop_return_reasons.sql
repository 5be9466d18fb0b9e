-- Why things come back, and what that costs.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 40) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'c' || i, 'o', '2026-01-10 12:00+09', 10000 FROM generate_series(1, 40) i;
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES ('c1', 'x', 'o', '2026-01-15 12:00+09', 100);
SELECT s.given, pg_temp.outcome('UPDATE returns SET ' || s.given)
  FROM (VALUES ('remedy = ''refund'''), ('remedy = ''other'''), ('remedy = ''nothing'''), ('cost = 0'), ('cost = -1'), ('cost = 0.00001'), ('cost = ''NaN'''),
               ('completed_at = ''2026-01-15 12:00+09'''), ('completed_at = ''2026-01-15 11:59+09'''), ('cause = ''size''')) s (given);
DELETE FROM returns;

-- February: 15 of a wrong size and 5 damaged. March: 4 of a wrong size (two exchanged after
-- two and four days, at 800 each, one refunded after six, one still waits), 12 damaged (sent
-- again at once), and one of which nobody says anything.
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund, cause)
SELECT 'c' || i, 'f', 'o', '2026-02-10 12:00+09', 10, CASE WHEN i <= 15 THEN 'size' ELSE 'damaged' END FROM generate_series(1, 20) i;
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund, cause, remedy, completed_at, cost) VALUES
    ('c1', 'm', 'o', '2026-03-01 00:00+09', 0, 'size', 'exchange', '2026-03-03 00:00+09', 800), ('c2', 'm', 'o', '2026-03-01 00:00+09', 0, 'size', 'exchange', '2026-03-05 00:00+09', 800),
    ('c3', 'm', 'o', '2026-03-01 00:00+09', 5000, 'size', 'refund', '2026-03-07 00:00+09', NULL), ('c4', 'm', 'o', '2026-03-01 00:00+09', 0, 'size', NULL, NULL, NULL),
    ('c5', 'm', 'o', '2026-03-31 14:59:59+00', 700, NULL, NULL, NULL, NULL);
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund, cause, remedy, completed_at, cost)
SELECT 'c' || i, 'm', 'o', '2026-03-10 12:00+09', 0, 'damaged', 'reship', '2026-03-10 12:00+09', 1500 FROM generate_series(11, 22) i;
SELECT month, complete, cause, returns, returns_of_all, round(return_share::numeric, 4) AS share, returns_before, round(change::numeric, 4) AS change, too_few, significant,
       refunds, exchanges, reships, completed, completion_median, completion_median_days AS days, refund, handling_cost, cost_per_return
  FROM return_reasons_at('2026-04-10 12:00+09');
SELECT r.cause, r.return_share_low = w.low AND r.return_share_high = w.high AS same, r.change_low = c.change_low AND r.p_value = c.p_value AS same_change
  FROM return_reasons_at('2026-04-10 12:00+09') r CROSS JOIN LATERAL loyalcs.share_interval(r.returns, 17) w CROSS JOIN LATERAL share_change(r.returns_before, 20, r.returns, 17) c WHERE month = '2026-03-01';
-- As of the 4th of March, one of the four was completed.
SELECT cause, returns, completed, completion_median FROM return_reasons_at('2026-03-04 12:00+09') WHERE month = '2026-03-01';
SELECT count(*) FROM return_reasons_at('-infinity');
SELECT pg_temp.same_elsewhere('SELECT * FROM return_reasons_at(''2026-04-10 12:00+09'')');
