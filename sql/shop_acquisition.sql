-- Where new customers come from, and what they cost.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET purchase_within = '30 days', live_since = '2025-01-01 00:00+09';
INSERT INTO customers (customer_id, joined_at) SELECT 'c' || i, CASE WHEN i <= 5 THEN timestamptz '2026-03-01 00:00+09' ELSE '2025-01-01 00:00+09' END FROM generate_series(1, 20) i;
SELECT s.given, pg_temp.outcome('INSERT INTO referrals VALUES (' || s.given || ')')
  FROM (VALUES ('''c1'', ''c2'', ''2026-01-01'''), ('''c1'', ''c1'', ''2026-01-01'''), ('''c1'', ''c99'', ''2026-01-01'''), ('''c99'', ''c1'', ''2026-01-01'''), ('''c1'', NULL, ''2026-01-01'''), ('''c1'', ''c2'', ''infinity''')) s (given);
SELECT s.given, pg_temp.outcome('INSERT INTO marketing_costs VALUES (' || s.given || ')')
  FROM (VALUES ('''2026-03-01'', ''web'', ''acquisition'', 100'), ('''2026-03-02'', ''web'', ''acquisition'', 100'), ('''2026-03-01'', ''web'', ''fun'', 100'), ('''2026-03-01'', ''web'', ''retention'', -1'),
               ('''2026-03-01'', NULL, ''retention'', 1'), ('''infinity'', ''web'', ''retention'', 1')) s (given);

-- March: c1 to c4 order for the first time, c1 to c3 on the web; c1 for 1000, of which 400 are
-- refunded, and again after ten days for 2000; c2 for 500; c3 for 700, and again after 31 days;
-- c4 in the shop for 300. c5, who joined as they did, does not. c6 had ordered in January, and
-- orders again in March: so do the second orders of c1 (in March) and c3 (in April). A first order
-- of c7 was cancelled, so the second one is the first.
INSERT INTO orders (customer_id, order_id, ordered_at, amount, sales_channel, cancelled_at) VALUES
    ('c1', '1', '2026-03-05 12:00+09', 1000, 'web', NULL), ('c1', '2', '2026-03-15 12:00+09', 2000, 'web', NULL), ('c2', '1', '2026-03-10 12:00+09', 500, 'web', NULL),
    ('c3', '1', '2026-03-10 12:00+09', 700, 'web', NULL), ('c3', '2', '2026-04-10 12:00+09', 5000, 'web', NULL), ('c4', '1', '2026-03-31 14:59:59+00', 300, 'shop', NULL),
    ('c6', '1', '2026-01-10 12:00+09', 100, 'web', NULL), ('c6', '2', '2026-03-10 12:00+09', 100, 'web', NULL),
    ('c7', '1', '2026-01-10 12:00+09', 100, 'web', '2026-01-11 12:00+09'), ('c7', '2', '2026-03-20 12:00+09', 100, NULL, NULL);
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES ('c1', 'r', '1', '2026-03-08 12:00+09', 400);
-- On the web 3000 for new ones, 50 for the others; 600 for the shop, where nobody bought again; 200 for all.
INSERT INTO marketing_costs VALUES ('2026-03-01', 'web', 'acquisition', 3000), ('2026-03-01', 'web', 'retention', 50), ('2026-03-01', 'shop', 'acquisition', 600), ('2026-03-01', 'any', 'acquisition', 200), ('2026-04-01', 'web', 'acquisition', 100);
-- Five are new, three of the web; two orders of others. With the second order of c1, after ten days, 3000 on
-- the web are earned: 600, 500, 700 and 2000; and 3800 of all, with 300 and 100 more. 600 in the shop are not.
-- Of the five who joined three bought within thirty days (c4 a day later); of the seven orders one was followed
-- by another within them.
SELECT month, complete, sales_channel, acquisition_cost, new_customers, cost_per_new_customer, retention_cost, repeat_orders, cost_per_repeat_order, cost_ratio
  FROM acquisition_at('2026-06-01 00:00+09');
SELECT month, sales_channel, prospects, prospects_bought, prospect_share, watched_orders, followed_orders, round(followed_share::numeric, 4) AS share, payback, payback_days AS days
  FROM acquisition_at('2026-06-01 00:00+09') WHERE month = '2026-03-01';
SELECT a.prospect_share_low = p.low AND a.prospect_share_high = p.high AS same, a.followed_share_low = f.low AND a.followed_share_high = f.high AS same_followed
  FROM acquisition_at('2026-06-01 00:00+09') a, loyalcs.share_interval(3, 5) p, loyalcs.share_interval(1, 7) f WHERE month = '2026-03-01' AND sales_channel = 'all';
-- What had been seen by the 12th of April; tax that does not count.
SELECT sales_channel, prospects, watched_orders, payback FROM acquisition_at('2026-04-12 00:00+09') WHERE month = '2026-03-01';
BEGIN;
UPDATE orders SET tax = amount / 2;
INSERT INTO amount_rules VALUES ('(,)', false, true);
SELECT sales_channel, payback FROM acquisition_at('2026-06-01 00:00+09') WHERE month = '2026-03-01' AND payback IS NOT NULL;
-- The amounts are those of counted_orders.
SELECT count(*), count(*) FILTER (WHERE c.amount IS DISTINCT FROM counted_amount(o.customer_id, o.order_id, o.amount, '2026-03-20 12:00+09')) AS others
  FROM counted_orders_at('2026-03-20 12:00+09') c JOIN orders o USING (customer_id, order_id);
ROLLBACK;
SELECT count(*) FROM acquisition_at('-infinity');

-- Word of mouth: c1 by c10, who is VIP then, c2 by c11, c4 by c10 when it was VIP no more; c3 too late.
INSERT INTO tier_history (customer_id, tier, rank, valid_from, valid_until, rule_id, spent, orders) VALUES ('c10', 'VIP', 1, '2026-01-01 00:00+09', '2026-03-10 00:00+09', 1, 0, 0);
INSERT INTO referrals VALUES ('c1', 'c10', '2026-03-01 12:00+09'), ('c2', 'c11', '2026-03-01 12:00+09'), ('c4', 'c10', '2026-03-10 00:00+09'), ('c3', 'c10', '2026-06-02 00:00+09');
SELECT month, complete, tier, new_customers, referred, referred_share FROM word_of_mouth_at('2026-06-01 00:00+09');
SELECT w.tier, w.referred_share_low = i.low AND w.referred_share_high = i.high AS same FROM word_of_mouth_at('2026-06-01 00:00+09') w CROSS JOIN LATERAL loyalcs.share_interval(w.referred, w.new_customers) i;
SELECT pg_temp.same_elsewhere('SELECT * FROM acquisition_at(''2026-06-01 00:00+09'')') AS acquisition, pg_temp.same_elsewhere('SELECT * FROM word_of_mouth_at(''2026-06-01 00:00+09'')') AS word_of_mouth;
