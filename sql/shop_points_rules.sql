-- What an order earns: rules and campaigns, and points that lapse when nothing
-- happens. What is compared with is worked out by hand.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
INSERT INTO customers (customer_id) VALUES ('fay');
-- (that a delivery is assumed is tested in shop_points_lots)
ALTER TABLE points_rules ALTER COLUMN assumed_delivered_after DROP DEFAULT;
UPDATE points_rules SET assumed_delivered_after = NULL;

--
-- Rules and campaigns. By hand: of 10000, 6000 are rings and 4000 chains; twice
-- the points for everything, five times for rings (larger: it holds for them),
-- 30 for any order with a chain in it and 7 for everybody: 6000 x 5 + 4000 x 2
-- is 38000, 380 points, and 37.
--
INSERT INTO orders (customer_id, order_id, ordered_at, amount, tax, shipping) VALUES
    ('fay', 'F1', '2026-06-01 12:00+09', 10000, 0, 0),
    ('fay', 'F2', '2026-07-01 12:00+09', 1999, 150, 50),
    ('fay', 'F3', '2026-08-01 12:00+09', 10000, 0, 0),
    ('fay', 'F4', '2026-06-01 12:00+09', 3000, 0, 0),
    ('fay', 'F5', '2026-06-01 12:00+09', 100, 0, 0);
INSERT INTO order_items (customer_id, order_id, line, product_id, category, amount) VALUES
    ('fay', 'F1', 1, 'ring', 'rings', 3000), ('fay', 'F1', 2, 'ring', 'rings', 3000), ('fay', 'F1', 3, 'chain', 'chains', 4000),
    -- lines of three thirds: 3000 in all, whatever a third is rounded to
    ('fay', 'F4', 1, 'a', 'rings', 0.3333), ('fay', 'F4', 2, 'b', 'chains', 0.3333), ('fay', 'F4', 3, 'c', NULL, 0.3333),
    ('fay', 'F5', 1, 'free', 'rings', 0);
-- (tiers are by hand below)
SELECT FROM evaluate_tiers('2026-09-01 00:00+09');
DELETE FROM tier_history;
INSERT INTO points_campaigns (title, multiplier, bonus, category, tier, valid) VALUES
    ('double June', 2, NULL, NULL, NULL, '[2026-06-01 00:00+09,2026-07-01 00:00+09)'),
    ('rings', 5, NULL, 'rings', NULL, '[2026-06-01 00:00+09,2026-06-15 00:00+09)'),
    ('chains', NULL, 30, 'chains', NULL, '[2026-06-01 00:00+09,2026-06-15 00:00+09)'),
    ('seven', NULL, 7, NULL, NULL, '[2026-06-01 00:00+09,2026-06-15 00:00+09)'),
    ('for VIPs', 9, NULL, NULL, 'VIP', '(,)');
SELECT order_id, f.points, f.campaigns
  FROM unnest('{F1,F4,F5}'::text[]) order_id CROSS JOIN points_for_order('fay', order_id) f;
-- a VIP from June on: F1 earns nine times all of it
INSERT INTO tier_history (customer_id, valid_from, tier, rank, rule_id, spent, orders) VALUES ('fay', '2026-06-01 00:00+09', 'VIP', 1, 1, 0, 0);
SELECT f.points, f.campaigns FROM points_for_order('fay', 'F1') f;
DELETE FROM tier_history;
-- another rule from July on: 5 points per 300 with tax and shipping, at least 1000, rounded up;
-- for VIPs from August on 2 per 100, and no rule at all from September on
UPDATE points_rules SET valid = '(,2026-07-01 00:00+09)';
INSERT INTO points_rules (points, per_amount, min_amount, rounding, tax_earns, shipping_earns, pending_from, pending, expires_from, expires_after, valid)
VALUES (5, 300, 1999, 'ceil', true, true, 'earned', '2 days', 'last_activity', '30 days', '[2026-07-01 00:00+09,2026-09-01 00:00+09)');
INSERT INTO points_rules (tier, points, per_amount, valid)
VALUES ('VIP', 2, 100, '[2026-08-01 00:00+09,2026-09-01 00:00+09)');
SELECT points FROM points_for_order('fay', 'F2');                              -- 1999 / 300 x 5 = 33.3
UPDATE points_rules SET rounding = 'round' WHERE rounding = 'ceil';
SELECT points FROM points_for_order('fay', 'F2');
UPDATE points_rules SET min_amount = 1999.01 WHERE rounding = 'round';
SELECT points FROM points_for_order('fay', 'F2');
UPDATE points_rules SET min_amount = 0 WHERE rounding = 'round';
SELECT points FROM points_for_order('fay', 'F3');                              -- 166.7
INSERT INTO tier_history (customer_id, valid_from, tier, rank, rule_id, spent, orders) VALUES ('fay', '2026-08-01 00:00+09', 'VIP', 1, 1, 0, 0);
SELECT points FROM points_for_order('fay', 'F3');                              -- 9 x 200
DELETE FROM tier_history;
SELECT pg_temp.outcome(statement) FROM (VALUES
    ('UPDATE points_rules SET points = 2 WHERE rule_id = 1'),
    ('UPDATE points_rules SET valid = ''empty'' WHERE rule_id = 1'),
    ('UPDATE points_rules SET valid = ''(,2026-06-01)'' WHERE rule_id = 1'),
    ('DELETE FROM points_rules WHERE rule_id = 1'),
    ('DELETE FROM points_rules WHERE rule_id = 2'),
    ('INSERT INTO points_rules (points, per_amount, valid) VALUES (1, 100, ''[2026-08-31,)'')'),
    ('INSERT INTO points_rules (points, per_amount, valid) VALUES (1, 100, ''[2026-09-01,)'')'),
    ('INSERT INTO points_rules (tier, points, per_amount, valid) VALUES (''VIP'', 1, 100, ''[2026-08-31,)'')'),
    ('INSERT INTO points_rules (tier, points, per_amount, valid) VALUES (''Gold'', 1, 100, ''[2026-08-31,)'')'),
    ('INSERT INTO points_rules (points, per_amount, valid) VALUES (0, 100, ''empty'')'),
    ('INSERT INTO points_rules (points, per_amount, valid) VALUES (1, 0, ''empty'')'),
    ('INSERT INTO points_rules (points, per_amount, valid) VALUES (1, ''NaN'', ''empty'')'),
    ('INSERT INTO points_rules (points, per_amount, min_amount, valid) VALUES (1, 1, -1, ''empty'')'),
    ('INSERT INTO points_rules (points, per_amount, rounding, valid) VALUES (1, 1, ''up'', ''empty'')'),
    ('INSERT INTO points_rules (points, per_amount, pending_from, valid) VALUES (1, 1, ''paid'', ''empty'')'),
    ('INSERT INTO points_rules (points, per_amount, pending, valid) VALUES (1, 1, ''-1 day'', ''empty'')'),
    ('INSERT INTO points_rules (points, per_amount, expires_from, valid) VALUES (1, 1, ''birth'', ''empty'')'),
    ('INSERT INTO points_rules (points, per_amount, expires_after, valid) VALUES (1, 1, ''1 hour'', ''empty'')'),
    ('INSERT INTO points_rules (points, per_amount, expires_after, valid) VALUES (1, 1, ''1 day 1 hour'', ''empty'')'),
    ('INSERT INTO points_rules (points, per_amount, valid) VALUES (1, 1, ''(2027-01-01,)'')'),
    ('INSERT INTO points_campaigns (title, multiplier, bonus, valid) VALUES (''x'', 2, 2, ''(,)'')'),
    ('INSERT INTO points_campaigns (title, valid) VALUES (''x'', ''(,)'')'),
    ('INSERT INTO points_campaigns (title, multiplier, valid) VALUES (''x'', 1, ''(,)'')'),
    ('INSERT INTO points_campaigns (title, bonus, valid) VALUES (''x'', 0, ''(,)'')'),
    ('INSERT INTO points_campaigns (title, bonus, valid) VALUES (''x'', 1, ''[2026-01-01,2026-01-02]'')'),
    ('DELETE FROM points_campaigns WHERE title = ''double June''')) s (statement);
SELECT earn_points('fay', 'F1', '2026-06-01 12:00+09') > 0 AS earned;
SELECT points, rule_id, campaigns FROM point_postings WHERE posting_key = 'F1';
SELECT pg_temp.outcome(statement) FROM (VALUES
    ('DELETE FROM points_campaigns WHERE title = ''double June'''),
    ('UPDATE points_campaigns SET multiplier = 3 WHERE title = ''double June'''),
    ('UPDATE points_campaigns SET valid = ''[2026-06-01 00:00+09,2026-06-20 00:00+09)'' WHERE title = ''double June''')) s (statement);

--
-- Points that lapse 30 days after the last activity, to the end of the day. They
-- are usable two days after they were earned, delivered or not.
--
SELECT earn_points('fay', 'F2', '2026-07-01 12:00+09') > 0 AS thirty_three;
SELECT at, b.available, b.pending, b.next_expiry
  FROM (VALUES ('2026-07-03 11:59+09'), ('2026-07-03 12:00+09'), ('2026-07-31 23:59+09'), ('2026-08-01 00:00+09')) i (at)
 CROSS JOIN points_balance('fay', at::timestamptz) b;
SELECT redeem_points('fay', 3, 'f', posted_at => '2026-07-31 23:00+09') > 0 AS activity;
SELECT at, b.available FROM (VALUES ('2026-07-31 22:59+09'), ('2026-07-31 23:00+09'), ('2026-08-30 23:59+09'), ('2026-08-31 00:00+09')) i (at)
 CROSS JOIN points_balance('fay', at::timestamptz) b;
SELECT customer_id, expires_at, points FROM points_expiring_at('2026-08-30 00:00+09') ORDER BY 1, 2;
-- Nobody has run expire_points, and yet what has lapsed cannot be used: it is
-- posted first, dated when it lapsed.
SELECT pg_temp.outcome('SELECT redeem_points(''fay'', 1, ''late'', posted_at => ''2026-09-10 00:00+09'')');
SELECT adjust_points('fay', 1, 'late', posted_at => '2026-09-10 00:00+09') > 0 AS posted;
SELECT posted_at, kind, points, balance FROM points_statement_at('2026-12-31') WHERE customer_id = 'fay' ORDER BY posted_at, posting_id;
