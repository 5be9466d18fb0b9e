-- Postings that are taken back, by hand and by what became of an order. What is
-- compared with is worked out by hand.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben'), ('cho'), ('dai'), ('emi'), ('fay');

-- By the default rule: 100 points of January, 300 of February and 50 that are
-- pending still; 150 of them are spent.
INSERT INTO orders (customer_id, order_id, ordered_at, amount, tax, shipping, delivered_at) VALUES
    ('ann', 'A1', '2026-01-10 12:00+09', 11599, 1000, 500, '2026-01-13 10:00+09'),
    ('ann', 'A2', '2026-02-10 12:00+09', 33000, 3000, 0, '2026-02-12 10:00+09'),
    ('ann', 'A3', '2026-03-10 12:00+09', 5000, 0, 0, NULL);
SELECT earn_points('ann', 'A1', '2026-01-10 12:00+09'), earn_points('ann', 'A2', '2026-02-10 12:00+09'),
       earn_points('ann', 'A3', '2026-03-10 12:00+09'), redeem_points('ann', 150, 'checkout 1', 'A3', '2026-03-11 00:00+09');
SELECT adjust_points('cho', 300, 'sorry', posted_at => '2026-01-01 00:00+09') > 0 AS for_ever;

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

-- A key is of one request, and the keys of postings that follow from others are none of the users'.
SELECT adjust_points('fay', 100, 'a', posted_at => '2026-01-01 00:00+09') AS a, adjust_points('fay', 50, 'b', posted_at => '2026-01-01 00:00+09') AS b \gset
SELECT reverse_points('fay', :a, 5, 'same', '2026-01-02 00:00+09') = reverse_points('fay', :a, 5, 'same') AS once;
SELECT pg_temp.outcome(format(s.statement, :a, :b)) AS outcome
  FROM (VALUES
    ('SELECT reverse_points(''fay'', %2$s, 7, ''same'')'),
    ('SELECT reverse_points(''fay'', %2$s, 5, ''same'')'),
    ('SELECT reverse_points(''fay'', %1$s, 6, ''same'')'),
    ('SELECT reverse_points(''fay'', %1$s, NULL, ''same'')'),
    ('SELECT reverse_points(''fay'', %2$s, NULL, ''same'')'),
    ('SELECT reverse_points(''fay'', %1$s, 5, ''same'', ''2026-01-03 00:00+09'')'),
    ('SELECT reverse_points(''fay'', %1$s, 5, ''same'', ''2026-01-02 00:00+09'')'),
    ('SELECT reverse_points(''fay'', %2$s, 5, ''loyalcs:posting %2$s'')'),
    ('SELECT reverse_points(''fay'', %2$s, NULL, ''loyalcs:mine'')'),
    ('SELECT reverse_points(''fay'', %2$s, NULL, '''')'),
    ('SELECT redeem_points(''fay'', 5, ''loyalcs:mine'')'),
    ('SELECT adjust_points(''fay'', 5, ''loyalcs:mine'')')) s (statement);
SELECT reverse_points('fay', :a, 5, 'posting ' || :b, '2026-01-03 00:00+09') > 0 AS named_like_ours;
SELECT reverse_points('fay', :b, posted_at => '2026-01-04 00:00+09') > 0 AS not_swallowed, reverse_points('fay', :b, NULL, 'anything') > 0 AS the_same;
SELECT points, reverses = :b AS of_b FROM point_postings WHERE customer_id = 'fay' AND kind = 'reverse' ORDER BY posting_id;
SELECT count(*) AS findings FROM points_audit('fay');

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

-- Orders that are a view over the brand's own earn and are reversed as others.
CREATE SCHEMA shop_points_reversal_view;
CREATE TABLE shop_points_reversal_view.sales AS
SELECT 'ann' AS customer_id, 'V1' AS order_id, timestamptz '2026-05-01 12:00+09' AS ordered_at, 10000.0 AS amount;
CREATE VIEW shop_points_reversal_view.orders AS
    SELECT s.*, 0.0 AS tax, 0.0 AS shipping, NULL::text AS sales_channel, NULL::timestamptz AS shipped_at,
           s.ordered_at + interval '2 days' AS delivered_at, NULL::timestamptz AS cancelled_at, 'paid' AS payment_state
      FROM shop_points_reversal_view.sales s;
SELECT FROM loyalcs.create_shop('shop_points_reversal_view');
SET search_path = shop_points_reversal_view;
INSERT INTO customers (customer_id) VALUES ('ann');
SELECT earn_points('ann', 'V1', '2026-05-01 12:00+09') AS earned;
INSERT INTO returns VALUES ('ann', 'R1', 'V1', '2026-05-02 00:00+09', 5001, 'half');
SELECT count(*) AS reversed FROM reverse_order_points('ann', 'V1', '2026-05-02 00:00+09');
SELECT available, pending FROM points_balance('ann', '2026-05-20 00:00+09');
RESET search_path;
