-- From when on points can be used: after a delivery, and where nobody reports one.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben'), ('cho'), ('dai');
SELECT pending_from, pending, assumed_delivered_after FROM points_rules;

-- What is never reported as delivered is taken for delivered thirty days after it was
-- shipped, or placed if that is not known.
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at) VALUES
    ('ann', 'placed',    '2026-01-10 12:00+09', 1000, NULL, NULL),
    ('ann', 'shipped',   '2026-01-10 12:00+09', 1000, '2026-01-15 09:00+09', NULL),
    ('ann', 'delivered', '2026-01-10 12:00+09', 1000, '2026-01-15 09:00+09', '2026-01-16 18:00+09'),
    -- (a parcel that took longer than anybody thought could be used by then)
    ('ann', 'late',      '2026-01-10 12:00+09', 1000, '2026-01-15 09:00+09', '2026-02-27 18:00+09'),
    -- (and one that was shipped after its points could be used by what was known does not wait again)
    ('ann', 'preorder',  '2026-01-10 12:00+09', 1000, '2026-03-20 09:00+09', '2026-03-21 18:00+09');
SELECT earn_points('ann', order_id, '2026-01-10 12:00+09') > 0 AS posted FROM orders WHERE customer_id = 'ann' ORDER BY order_id;
SELECT order_id, available_at AS as_of_the_end FROM open_point_lots_at('2026-06-01 00:00+09') ORDER BY order_id;
-- What is known when: what happens later changes nothing of it.
SELECT order_id, available_at AS as_of_the_order FROM open_point_lots_at('2026-01-10 12:00+09') ORDER BY order_id;

-- Whoever asks, by whichever way, is told the same, as plain SQL says it.
CREATE TABLE pg_temp.moments AS
SELECT DISTINCT t + d AS at
  FROM unnest('{2026-01-30 18:00+09,2026-02-23 12:00+09,2026-02-28 09:00+09,2026-03-13 18:00+09}'::timestamptz[]) t,
       unnest('{-1 second,0,1 day}'::interval[]) d;
SELECT m.at, b.available, b.pending,
       b.available = (SELECT coalesce(sum(remaining), 0) FROM open_point_lots_at(m.at) WHERE available_at <= m.at) AS lots_agree,
       b.available = 10 * (SELECT count(*) FROM orders o
                            WHERE least(o.delivered_at, CASE WHEN o.shipped_at < o.ordered_at + interval '44 days' THEN o.shipped_at ELSE o.ordered_at END
                                                        + interval '30 days') + interval '14 days' <= m.at) AS as_it_ought,
       pg_temp.outcome(format('SELECT redeem_points(''ann'', %s, ''all'', posted_at => %L)', greatest(b.available, 1), m.at)) ~ 'accepted' = (b.available > 0) AS all_can_be_paid,
       pg_temp.outcome(format('SELECT redeem_points(''ann'', %s, ''more'', posted_at => %L)', b.available + 1, m.at)) ~ 'cannot pay' AS no_more
  FROM pg_temp.moments m, points_balance('ann', m.at) b
 ORDER BY m.at;

-- Reported later: nothing that could be used is not any more, and nothing that was paid comes into question.
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ben', 'b', '2026-01-10 12:00+09', 1000);
SELECT earn_points('ben', 'b', '2026-01-10 12:00+09') > 0 AS posted;
SELECT at, b.available, b.pending FROM unnest('{2026-02-23 11:59:59+09,2026-02-23 12:00+09}'::timestamptz[]) at, points_balance('ben', at) b;
SELECT redeem_points('ben', 4, 'p', posted_at => '2026-02-24 12:00+09') > 0 AS paid;
UPDATE orders SET shipped_at = '2026-02-24 13:00+09', delivered_at = '2026-02-25 12:00+09' WHERE order_id = 'b';
SELECT at, b.available, b.pending FROM unnest('{2026-02-23 11:59:59+09,2026-02-23 12:00+09,2026-02-25 12:00+09}'::timestamptz[]) at, points_balance('ben', at) b;
SELECT pg_temp.outcome('SELECT redeem_points(''ben'', 6, ''q'', posted_at => ''2026-02-25 12:00+09'')');
-- Early: they can be used the sooner.
UPDATE orders SET shipped_at = '2026-01-11 12:00+09', delivered_at = '2026-01-12 12:00+09' WHERE order_id = 'b';
SELECT at, b.available, b.pending FROM unnest('{2026-01-26 11:59:59+09,2026-01-26 12:00+09,2026-02-25 12:00+09}'::timestamptz[]) at, points_balance('ben', at) b;

-- NULL: never, as in shops of before; that can be said of a rule that is in force, and nothing else can.
UPDATE points_rules SET assumed_delivered_after = NULL;
SELECT order_id, available_at FROM open_point_lots_at('2026-06-01 00:00+09') WHERE customer_id = 'ann' ORDER BY order_id;
SELECT pg_temp.outcome('UPDATE points_rules SET assumed_delivered_after = ''10 days'', pending = ''1 day''');
SELECT pg_temp.outcome('UPDATE points_rules SET assumed_delivered_after = ''-1 day''');
SELECT pg_temp.outcome('UPDATE points_rules SET assumed_delivered_after = ''40000 days''');
UPDATE points_rules SET assumed_delivered_after = '0';
SELECT order_id, available_at FROM open_point_lots_at('2026-06-01 00:00+09') WHERE customer_id = 'ann' ORDER BY order_id;

-- No lot lapses before it can be used; what waits for no delivery knows nothing of all this.
UPDATE points_rules SET valid = tstzrange(NULL, '2026-04-01 00:00+09');
INSERT INTO points_rules (points, per_amount, pending, assumed_delivered_after, expires_after, valid) VALUES
    (1, 100, '7 days', '60 days', '30 days', '[2026-04-01 00:00+09,2026-05-01 00:00+09)');
INSERT INTO points_rules (points, per_amount, pending_from, pending, expires_after, valid) VALUES
    (1, 100, 'earned', '7 days', '30 days', '[2026-05-01 00:00+09,)');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('cho', 'short', '2026-04-10 12:00+09', 1000), ('dai', 'earned', '2026-05-10 12:00+09', 1000);
SELECT earn_points(customer_id, order_id, ordered_at) > 0 AS posted FROM orders WHERE customer_id IN ('cho', 'dai');
SELECT customer_id, available_at, expires_at FROM open_point_lots_at('2026-05-10 12:00+09') WHERE customer_id IN ('cho', 'dai') ORDER BY 1;
-- An order that is there no more is waited for.
SELECT * FROM lot_usable_from('cho', 'no such order', NULL, '7 days', (SELECT max(rule_id) FROM points_rules), 'infinity');
RESET search_path;
