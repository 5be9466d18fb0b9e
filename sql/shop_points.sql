-- Points: what orders earn, when it can be used, what takes from which lot, and
-- that the ledger adds up. What is compared with is worked out by hand, and for
-- long histories kept in a table with a row for every single point.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SELECT FROM loyalcs.create_shop('shop_points');
SET search_path = shop_points;
SET timezone = 'Asia/Tokyo';
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben'), ('cho'), ('dai'), ('emi'), ('fay');

--
-- The default: 1 point per 100 of what is left without tax and shipping, to be
-- used 14 days after delivery, until the end of the day a year after.
--
INSERT INTO orders (customer_id, order_id, ordered_at, amount, tax, shipping, delivered_at) VALUES
    ('ann', 'A1', '2026-01-10 12:00+09', 11599, 1000, 500, '2026-01-13 10:00+09'),   -- 10099: 100 points
    ('ann', 'A2', '2026-02-10 12:00+09', 33000, 3000, 0, '2026-02-12 10:00+09'),     -- 30000: 300
    ('ann', 'A3', '2026-03-10 12:00+09', 5000, 0, 0, NULL),                          -- 50
    ('ann', 'A4', '2026-03-10 13:00+09', 99, 0, 0, NULL),                            -- nothing
    ('ann', 'A5', '2026-03-10 14:00+09', 5000, 0, 0, NULL);
UPDATE orders SET cancelled_at = '2026-03-10 15:00+09' WHERE order_id = 'A5';
SELECT o.order_id, f.* FROM orders o LEFT JOIN LATERAL points_for_order(o.customer_id, o.order_id) f ON true ORDER BY 1;
SELECT earn_points('ann', 'A1', '2026-01-10 12:00+09') = 1 AS first,
       earn_points('ann', 'A1') = 1 AS again,
       earn_points('ann', 'A2', '2026-02-10 12:00+09') = 2 AS second,
       earn_points('ann', 'A3', '2026-03-10 12:00+09') = 3 AS third,
       earn_points('ann', 'A4') IS NULL AS too_small,
       earn_points('ann', 'A5') IS NULL AS cancelled;
SELECT kind, points, posted_at, available_at, pending, expires_at, order_id, posting_key, rule_id, campaigns,
       posted_by = current_user AS by_me
  FROM point_postings ORDER BY posting_id;
SELECT at, b.*
  FROM (VALUES ('2026-01-10 11:59+09'), ('2026-01-10 12:00+09'), ('2026-01-27 09:59+09'), ('2026-01-27 10:00+09'),
               ('2026-02-26 10:00+09'), ('2026-03-10 12:00+09'), ('2027-01-10 23:59+09'), ('2027-01-11 00:00+09'),
               ('2027-03-11 00:00+09')) i (at)
 CROSS JOIN points_balance('ann', at::timestamptz) b;
SELECT * FROM points_balance('ben');
SELECT * FROM points_balance('nobody');

--
-- Paying: the lot that lapses first goes first, what is pending stays.
--
SELECT redeem_points('ann', 150, 'checkout 1', 'A3', '2026-03-11 00:00+09') AS posting;
SELECT redeem_points('ann', 150, 'checkout 1', 'A3', '2026-03-11 00:00+09') AS the_same,
       redeem_points('ann', 150, 'checkout 1', 'A3') AS the_same_later;
SELECT posting_id, lot_id, points FROM point_allocations ORDER BY 1, 2;
SELECT pg_temp.outcome(statement) FROM (VALUES
    ('SELECT redeem_points(''ann'', 151, ''checkout 1'', ''A3'')'),
    ('SELECT redeem_points(''ann'', 150, ''checkout 1'')'),
    ('SELECT redeem_points(''ann'', 251, ''checkout 2'', NULL, ''2026-03-11 00:00+09'')'),
    ('SELECT redeem_points(''ben'', 1, ''checkout 2'', NULL, ''2026-03-11 00:00+09'')'),
    ('SELECT redeem_points(''nobody'', 1, ''checkout 2'')'),
    ('SELECT redeem_points(NULL, 1, ''checkout 2'')'),
    ('SELECT redeem_points(''ann'', 0, ''checkout 2'')'),
    ('SELECT redeem_points(''ann'', NULL, ''checkout 2'')'),
    ('SELECT redeem_points(''ann'', 1000000000001, ''checkout 2'')'),
    ('SELECT redeem_points(''ann'', 1, NULL)'),
    ('SELECT redeem_points(''ann'', 1, '''')'),
    ('SELECT redeem_points(''ann'', 1, ''checkout 2'', ''A9'')'),
    ('SELECT redeem_points(''ann'', 1, ''checkout 2'', NULL, ''2026-03-10 23:59+09'')'),
    ('SELECT redeem_points(''ann'', 1, ''checkout 2'', NULL, ''infinity'')'),
    ('SELECT redeem_points(''ann'', 250, ''checkout 2'', NULL, ''2026-03-11 00:00+09'')')) s (statement);
SELECT (SELECT count(*) FROM point_postings) AS postings, (SELECT count(*) FROM point_accounts) AS accounts;

--
-- Back again. In part, with a key; the rest without. The last to lapse is given
-- back first.
--
SELECT reverse_points('ann', 4, 60, 'return 1', '2026-03-12 00:00+09') AS in_part,
       reverse_points('ann', 4, 60, 'return 1') AS the_same;
SELECT lot_id, points FROM point_allocations WHERE posting_id = (SELECT max(posting_id) FROM point_allocations) ORDER BY 1;
SELECT reverse_points('ann', 4, posted_at => '2026-03-13 00:00+09') = reverse_points('ann', 4) AS the_rest_once;
SELECT kind, points, reverses FROM point_postings WHERE reverses IS NOT NULL ORDER BY posting_id;
SELECT available, pending FROM points_balance('ann', '2026-03-13 00:00+09');
SELECT pg_temp.outcome(statement) FROM (VALUES
    ('SELECT reverse_points(''ann'', 4, 1, ''return 2'')'),
    ('SELECT reverse_points(''ann'', 1, 101, ''return 2'')'),
    ('SELECT reverse_points(''ann'', 1, 1)'),
    ('SELECT reverse_points(''ann'', 1, -1, ''return 2'')'),
    ('SELECT reverse_points(''ann'', 1, 61, ''return 1'')'),
    ('SELECT reverse_points(''ann'', 99)'),
    ('SELECT reverse_points(''ann'', NULL)'),
    ('SELECT reverse_points(''ben'', 4)'),
    ('SELECT reverse_points(''ann'', (SELECT max(posting_id) FROM point_postings WHERE kind = ''reverse''))')) s (statement);

-- What is given back to a lot that has lapsed meanwhile lapses at once, and the
-- statement shows both.
SELECT adjust_points('ben', 100, 'welcome', 'a present', '2026-02-01 00:00+09', '2026-01-01 00:00+09') > 0 AS given,
       adjust_points('ben', 100, 'welcome', 'a present', '2026-02-01 00:00+09') > 0 AS once;
SELECT redeem_points('ben', 70, 'b1', NULL, '2026-01-15 00:00+09') > 0 AS paid;
SELECT reverse_points('ben', (SELECT posting_id FROM point_postings WHERE posting_key = 'b1'),
                      posted_at => '2026-03-01 00:00+09') > 0 AS came_back;
SELECT posted_at, kind, points, balance FROM points_statement_at('2026-12-31') WHERE customer_id = 'ben'
 ORDER BY posted_at, posting_id;

--
-- By hand
--
SELECT adjust_points('cho', 500, 'sorry', 'for the delay', posted_at => '2026-01-01 00:00+09') > 0 AS for_ever;
SELECT expires_at, available_at, note FROM point_postings WHERE posting_key = 'sorry';
SELECT adjust_points('cho', -200, 'oops', posted_at => '2026-01-02 00:00+09') > 0 AS corrected;
SELECT available FROM points_balance('cho', '2099-01-01');
SELECT pg_temp.outcome(statement) FROM (VALUES
    ('SELECT adjust_points(''cho'', 0, ''k'')'),
    ('SELECT adjust_points(''cho'', 1, NULL)'),
    ('SELECT adjust_points(''cho'', -301, ''k'', posted_at => ''2026-01-02 00:00+09'')'),
    ('SELECT adjust_points(''cho'', -1, ''k'', expires_at => ''2026-05-01'')'),
    ('SELECT adjust_points(''cho'', 1, ''k'', expires_at => ''2026-01-02 00:00+09'', posted_at => ''2026-01-02 00:00+09'')'),
    ('SELECT adjust_points(''cho'', 501, ''sorry'')')) s (statement);

--
-- Refunds: what an order earned is taken back in proportion, from its own lot
-- first, then from others, and never below zero.
--
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('dai', 'D1', '2026-04-01 12:00+09', 10000), ('dai', 'D2', '2026-04-02 12:00+09', 2000);
UPDATE orders SET delivered_at = '2026-04-03 12:00+09' WHERE customer_id = 'dai';
SELECT earn_points('dai', 'D1', '2026-04-01 12:00+09') > 0 AS hundred, earn_points('dai', 'D2', '2026-04-02 12:00+09') > 0 AS twenty;
SELECT redeem_points('dai', 110, 'd', posted_at => '2026-05-01 00:00+09') > 0 AS paid;
INSERT INTO returns VALUES ('dai', 'R1', 'D1', '2026-05-02 00:00+09', 333, 'scratch');
-- 9667 of 10000 are left, 96 points: 4 go, from what is left of the other lot
SELECT count(*) AS postings FROM reverse_order_points('dai', 'D1', '2026-05-02 00:00+09');
SELECT count(*) AS postings FROM reverse_order_points('dai', 'D1', '2026-05-02 00:00+09');
SELECT available FROM points_balance('dai', '2026-05-02 00:00+09');
-- all of it: 96 more, of which 6 are there
UPDATE orders SET cancelled_at = '2026-05-03 00:00+09' WHERE order_id = 'D1';
SELECT count(*) AS postings FROM reverse_order_points('dai', 'D1', '2026-05-03 00:00+09');
SELECT posted_at, kind, points, shortfall, balance, order_id FROM points_statement_at('2026-12-31')
 WHERE customer_id = 'dai' ORDER BY posted_at, posting_id;
SELECT lot_id = (SELECT posting_id FROM point_postings WHERE posting_key = 'D1') AS own_lot, a.points
  FROM point_allocations a JOIN point_postings p USING (customer_id, posting_id)
 WHERE p.customer_id = 'dai' AND p.kind IN ('redeem', 'reverse') ORDER BY posting_id, lot_id;
-- What an order earned and lapsed unused is lost already: its refund takes nothing
-- from other points. By hand: 100 earned in July 2024 lapse, 40 of them were
-- spent before; the refund of all takes back those 40 from the other 500.
INSERT INTO customers (customer_id) VALUES ('gil'), ('hal');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at) VALUES
    ('gil', 'G1', '2024-07-01 12:00+09', 10000, '2024-07-02 12:00+09');
SELECT earn_points('gil', 'G1', '2024-07-01 12:00+09') > 0 AS hundred,
       redeem_points('gil', 40, 'g', posted_at => '2024-08-01 12:00+09') > 0 AS forty,
       adjust_points('gil', 500, 'g', posted_at => '2025-08-01 12:00+09') > 0 AS others;
INSERT INTO returns VALUES ('gil', 'R1', 'G1', '2025-08-02 00:00+09', 5000, 'half');
SELECT count(*) AS half FROM reverse_order_points('gil', 'G1', '2025-08-02 00:00+09');
UPDATE orders SET cancelled_at = '2025-08-03 00:00+09' WHERE order_id = 'G1';
SELECT count(*) AS other_half FROM reverse_order_points('gil', 'G1', '2025-08-03 00:00+09');
SELECT posted_at, kind, points, shortfall, lapsed, balance FROM points_statement_at('2026-12-31')
 WHERE customer_id = 'gil' ORDER BY posted_at, posting_id;
-- A shortfall is made up for when the very points come back that were spent: who
-- earns by one order, pays another with it and gives both back has nothing.
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at) VALUES
    ('hal', 'H1', '2026-04-01 12:00+09', 10000, '2026-04-02 12:00+09'), ('hal', 'H2', '2026-05-01 12:00+09', 100, NULL);
SELECT earn_points('hal', 'H1', '2026-04-01 12:00+09') > 0 AS hundred,
       redeem_points('hal', 100, 'h', 'H2', '2026-05-01 12:00+09') > 0 AS spent;
UPDATE orders SET cancelled_at = '2026-05-02 00:00+09' WHERE customer_id = 'hal';
SELECT count(*) AS taken_back FROM reverse_order_points('hal', 'H1', '2026-05-02 00:00+09');
SELECT count(*) AS given_back FROM reverse_order_points('hal', 'H2', '2026-05-02 00:00+09');
SELECT kind, points, shortfall, balance FROM points_statement_at('2026-12-31')
 WHERE customer_id = 'hal' ORDER BY posted_at, posting_id;
SELECT count(*) AS nothing_more FROM reverse_order_points('hal', 'H1', '2026-05-03 00:00+09');
SELECT reverse_points('hal', h.earned) = h.reversed AS the_same
  FROM (SELECT min(posting_id) AS earned, min(posting_id) FILTER (WHERE shortfall > 0) AS reversed
          FROM point_postings WHERE customer_id = 'hal') h;

-- Points paid for an order come back when it is cancelled, and not when part of it is refunded.
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('cho', 'C1', '2026-05-01 12:00+09', 3000);
SELECT redeem_points('cho', 300, 'for C1', 'C1', '2026-05-01 12:00+09') > 0 AS paid;
INSERT INTO returns VALUES ('cho', 'R1', 'C1', '2026-05-02 00:00+09', 100, 'scratch');
SELECT count(*) AS postings FROM reverse_order_points('cho', 'C1', '2026-05-02 00:00+09');
UPDATE orders SET cancelled_at = '2026-05-03 00:00+09' WHERE order_id = 'C1';
SELECT count(*) AS postings FROM reverse_order_points('cho', 'C1', '2026-05-03 00:00+09');
SELECT available FROM points_balance('cho', '2026-05-03 00:00+09');
-- What was refunded before the order earned is taken back with it.
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('emi', 'E1', '2026-05-01 12:00+09', 10000), ('emi', 'E2', '2026-05-01 12:00+09', 10000);
INSERT INTO returns VALUES ('emi', 'R1', 'E1', '2026-05-02 00:00+09', 5000, 'one of two'),
                           ('emi', 'R2', 'E2', '2026-05-02 00:00+09', 10000, 'both');
SELECT earn_points('emi', 'E1', '2026-05-03 00:00+09') > 0 AS half, earn_points('emi', 'E2', '2026-05-03 00:00+09') IS NULL AS none;
SELECT kind, points FROM point_postings WHERE customer_id = 'emi' ORDER BY posting_id;
SELECT pg_temp.outcome(statement) FROM (VALUES
    ('SELECT earn_points(''emi'', ''E9'')'), ('SELECT earn_points(NULL, NULL)'),
    ('SELECT earn_points(''emi'', ''E2'', ''2026-05-02'')'),
    ('SELECT * FROM reverse_order_points(''emi'', ''E9'')')) s (statement);

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

--
-- Expiry of everybody, once.
--
SELECT customer_id, sum(remaining) AS points FROM open_point_lots_at('2026-12-31') GROUP BY 1 ORDER BY 1;
SELECT * FROM expire_points('2027-01-20 00:00+09');
SELECT * FROM expire_points('2027-01-20 00:00+09');
SELECT * FROM expire_points('2000-01-01');
SELECT month, opening, earned, redeemed, expired, reversed, adjusted, closing FROM points_liability_at('2027-01-31') ORDER BY 1;
SELECT sum(points) AS closing FROM point_postings;
SELECT * FROM points_audit();

--
-- The books stay as they are.
--
SELECT pg_temp.outcome(statement) FROM (VALUES
    ('UPDATE point_postings SET points = points + 1 WHERE posting_id = 1'),
    ('UPDATE point_postings SET note = ''words'' WHERE posting_id = 1'),
    ('DELETE FROM point_postings WHERE posting_id = 1'),
    ('DELETE FROM point_allocations'),
    ('UPDATE point_lots SET remaining = -1'),
    ('UPDATE point_accounts SET balance = -1'),
    ('DELETE FROM point_accounts WHERE customer_id = ''ann'''),
    ('DELETE FROM customers WHERE customer_id = ''ann''')) s (statement);

-- The audit finds what does not agree. (Only somebody who switches triggers off gets that far.)
BEGIN;
UPDATE point_accounts SET balance = balance + 1 WHERE customer_id = 'ann';
UPDATE point_lots SET remaining = remaining + 1 WHERE customer_id = 'cho' AND remaining = 300;
ALTER TABLE point_allocations DISABLE TRIGGER check_ledger_is_kept;
DELETE FROM point_allocations WHERE customer_id = 'ben' AND points = 70;
SELECT customer_id, finding FROM points_audit() ORDER BY 1, 2;
SELECT customer_id, finding FROM points_audit('ben') ORDER BY 1, 2;
ROLLBACK;

--
-- Long histories against a row for every single point. A payment takes the
-- points that lapse first, the reversal of one gives the same points back.
--
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 12) i;
CREATE TEMP TABLE unit (customer_id text, lot bigint, expires_at timestamptz, taken_by bigint, n bigserial);
CREATE FUNCTION pg_temp.chance(n bigint, salt text) RETURNS double precision LANGUAGE sql
RETURN (hashtextextended(salt || n, 0) & 1048575) / 1048576.0;
CREATE FUNCTION pg_temp.replay(OUT steps bigint, OUT refused bigint, OUT wrong bigint) LANGUAGE plpgsql AS $$
DECLARE
    who text; at timestamptz; lapses timestamptz; posting bigint; amount bigint; has bigint; answer text;
BEGIN
    steps := 0; refused := 0; wrong := 0;
    FOR i IN 1 .. 1200 LOOP
        who := 'c' || 1 + i % 12;
        at := '2025-01-01 00:00+09'::timestamptz + i / 12 * interval '5 days' + pg_temp.chance(i, 'at') * interval '1 day';
        amount := 1 + pg_temp.chance(i, 'amount') * 60;
        SELECT count(*) INTO has FROM unit u WHERE u.customer_id = who AND u.taken_by IS NULL AND u.expires_at > at;
        CASE
        WHEN pg_temp.chance(i, 'op') < 0.4 THEN
            lapses := at + interval '1 day' + pg_temp.chance(i, 'lapses') * interval '120 days';
            posting := shop_points.adjust_points(who, amount, i::text, NULL, lapses, at);
            INSERT INTO unit (customer_id, lot, expires_at) SELECT who, posting, lapses FROM generate_series(1, amount);
            has := has + amount;
        WHEN pg_temp.chance(i, 'op') < 0.85 THEN
            BEGIN
                posting := shop_points.redeem_points(who, amount, i::text, NULL, at);
                UPDATE unit u SET taken_by = posting
                 WHERE u.n IN (SELECT f.n FROM unit f
                                WHERE f.customer_id = who AND f.taken_by IS NULL AND f.expires_at > at
                                ORDER BY f.expires_at, f.lot, f.n LIMIT amount);
                wrong := wrong + (has < amount)::integer;
                has := has - amount;
            EXCEPTION WHEN check_violation THEN
                refused := refused + 1;
                wrong := wrong + (has >= amount)::integer;
            END;
        ELSE
            SELECT max(u.taken_by) INTO posting FROM unit u WHERE u.customer_id = who;
            CONTINUE WHEN posting IS NULL;
            PERFORM shop_points.reverse_points(who, posting, posted_at => at);
            UPDATE unit u SET taken_by = NULL WHERE u.customer_id = who AND u.taken_by = posting;
            SELECT count(*) INTO has FROM unit u WHERE u.customer_id = who AND u.taken_by IS NULL AND u.expires_at > at;
        END CASE;
        steps := steps + 1;
        wrong := wrong + (has <> (SELECT b.available FROM shop_points.points_balance(who, at) b))::integer;
    END LOOP;
END $$;
SELECT steps > 1000 AS many, refused > 50 AS refused, wrong FROM pg_temp.replay();
SELECT * FROM points_audit();
SELECT customers, points > 0 AS points FROM expire_points('2030-01-01');
SELECT * FROM points_audit();
SELECT count(*) AS left_over FROM points_balance('c1', '2030-01-01') WHERE available <> 0;
SELECT pg_temp.same_elsewhere('SELECT * FROM shop_points.points_liability_at(''2027-01-31 00:00+09'')') AS liability_elsewhere,
       pg_temp.same_elsewhere('SELECT * FROM shop_points.open_point_lots_at(''2026-07-01 00:00+09'')') AS lots_elsewhere,
       pg_temp.same_elsewhere('SELECT * FROM shop_points.points_expiring_at(''2026-03-01 00:00+09'')') AS expiring_elsewhere;

--
-- Who may: a service posts, a reader reads figures and no words.
--
CREATE ROLE regress_points_service;
CREATE ROLE regress_points_report;
SELECT loyalcs.grant_shop('shop_points', 'regress_points_service', 'service');
SELECT loyalcs.grant_shop('shop_points', 'regress_points_report', 'report');
SET ROLE regress_points_service;
SELECT adjust_points('emi', 10, 'by the service') > 0 AS adjusted, redeem_points('emi', 5, 'by the service') > 0 AS redeemed;
SELECT reverse_points('emi', (SELECT posting_id FROM point_postings WHERE kind = 'redeem' AND customer_id = 'emi')) > 0 AS reversed;
SELECT posted_by FROM point_postings WHERE customer_id = 'emi' AND kind = 'adjust';
SELECT customers >= 0 AS expired FROM expire_points('2030-01-01');
RESET ROLE;
SET ROLE regress_points_report;
SELECT count(*) > 0 AS statement FROM points_statement;
SELECT count(*) > 0 AS liability FROM points_liability;
SELECT note FROM point_postings;
SELECT redeem_points('emi', 5, 'by a reader');
RESET ROLE;
DROP OWNED BY regress_points_service, regress_points_report;
DROP ROLE regress_points_service;
DROP ROLE regress_points_report;

-- Nothing of all that in an empty shop.
SELECT FROM loyalcs.create_shop('shop_points_empty', key_type => 'uuid');
SELECT (SELECT count(*) FROM shop_points_empty.points_liability) + (SELECT count(*) FROM shop_points_empty.points_statement)
       + (SELECT count(*) FROM shop_points_empty.points_expiring) + (SELECT count(*) FROM shop_points_empty.points_audit()) AS rows;
SELECT * FROM shop_points_empty.expire_points();
SELECT loyalcs.drop_shop('shop_points_empty', 'shop_points_empty');
-- Orders that are a view over the brand's own earn and are reversed as others.
CREATE SCHEMA shop_points_view;
CREATE TABLE shop_points_view.sales AS
SELECT 'ann' AS customer_id, 'V1' AS order_id, timestamptz '2026-05-01 12:00+09' AS ordered_at, 10000.0 AS amount;
CREATE VIEW shop_points_view.orders AS
    SELECT s.*, 0.0 AS tax, 0.0 AS shipping, NULL::text AS sales_channel, NULL::timestamptz AS shipped_at,
           s.ordered_at + interval '2 days' AS delivered_at, NULL::timestamptz AS cancelled_at
      FROM shop_points_view.sales s;
SELECT FROM loyalcs.create_shop('shop_points_view');
SET search_path = shop_points_view;
INSERT INTO customers (customer_id) VALUES ('ann');
SELECT earn_points('ann', 'V1', '2026-05-01 12:00+09') AS earned;
INSERT INTO returns VALUES ('ann', 'R1', 'V1', '2026-05-02 00:00+09', 5001, 'half');
SELECT count(*) AS reversed FROM reverse_order_points('ann', 'V1', '2026-05-02 00:00+09');
SELECT available, pending FROM points_balance('ann', '2026-05-20 00:00+09');
RESET search_path;
DROP SCHEMA shop_points_view CASCADE;
SELECT loyalcs.drop_shop('shop_points', 'shop_points');
