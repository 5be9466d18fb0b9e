-- An order's points are what they should be by what is true of it now, both ways.
-- What is compared with is worked out by hand.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
INSERT INTO customers (customer_id) SELECT unnest('{ann,ben,cho,dai,emi,fay,gil,hal,ida,jan,kim,lea,mia,nao,ona}'::text[]);

-- What an order has, and the postings by which it came so.
CREATE FUNCTION pg_temp.settled(who text, what text, at timestamptz)
RETURNS TABLE (posted bigint, points_due bigint, points_held bigint, balance bigint) LANGUAGE plpgsql AS $$
BEGIN
    posted := (SELECT count(*) FROM shop.settle_order_points(who, what, at));
    IF EXISTS (SELECT FROM shop.settle_order_points(who, what, at)) THEN
        RAISE EXCEPTION 'a second call posts something';
    END IF;
    RETURN QUERY SELECT settled.posted, d.points_due, d.points_held, coalesce(a.balance, 0)
                   FROM shop.order_points_due(who, what) d
                   LEFT JOIN shop.point_accounts a ON a.customer_id = who;
END
$$;

--
-- A refund that names no line is of the goods first, tax with them in proportion, and
-- of shipping last. By the default rule neither tax nor shipping earns: of 11800 with
-- 1000 tax and 800 shipping 10000 do, 100 points.
--
INSERT INTO orders (customer_id, order_id, ordered_at, amount, tax, shipping, delivered_at) VALUES
    ('ann', 'A1', '2026-07-05 12:00+09', 11800, 1000, 800, '2026-07-06 12:00+09');
SELECT * FROM pg_temp.settled('ann', 'A1', '2026-07-05 12:00+09');
INSERT INTO returns VALUES ('ann', 'half', 'A1', '2026-07-10 12:00+09', 5500);
SELECT * FROM pg_temp.settled('ann', 'A1', '2026-07-10 12:00+09');                     -- half of the goods with their tax
UPDATE returns SET refund = 11000 WHERE customer_id = 'ann';
SELECT * FROM pg_temp.settled('ann', 'A1', '2026-07-11 12:00+09');                     -- all goods, and shipping kept
UPDATE returns SET refund = 11800 WHERE customer_id = 'ann';
SELECT * FROM pg_temp.settled('ann', 'A1', '2026-07-12 12:00+09');
DELETE FROM returns WHERE customer_id = 'ann';
SELECT * FROM pg_temp.settled('ann', 'A1', '2026-07-13 12:00+09');                     -- entered by mistake
-- What it earns again lasts as long as what it earned first, and can be used when that could.
SELECT kind, points, available_at, pending, expires_at, starts_with(posting_key, 'loyalcs:order A1, after posting ') AS key_of_ours
  FROM point_postings WHERE customer_id = 'ann' AND kind = 'earn' ORDER BY posting_id;
SELECT earn_points('ann', 'A1') = max(posting_id) AS the_last FROM point_postings WHERE customer_id = 'ann' AND kind = 'earn';

--
-- Edited, then refunded.
--
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ben', 'B1', '2026-07-05 12:00+09', 10000);
SELECT earn_points('ben', 'B1', '2026-07-05 12:00+09') > 0 AS hundred;
UPDATE orders SET amount = 30000 WHERE customer_id = 'ben';
SELECT * FROM pg_temp.settled('ben', 'B1', '2026-07-06 12:00+09');
INSERT INTO returns VALUES ('ben', 'r', 'B1', '2026-07-10 12:00+09', 20000);
SELECT * FROM pg_temp.settled('ben', 'B1', '2026-07-10 12:00+09');
UPDATE orders SET amount = 20000 WHERE customer_id = 'ben';
SELECT * FROM pg_temp.settled('ben', 'B1', '2026-07-11 12:00+09');                     -- nothing of it is kept

--
-- By line: what earned most first, unless a return names its lines.
--
INSERT INTO points_campaigns (title, multiplier, category, valid) VALUES ('x3', 3, 'necklace', '(,)');
INSERT INTO orders (customer_id, order_id, ordered_at, amount)
SELECT c, 'L', '2026-07-05 12:00+09', 20000 FROM unnest('{cho,dai,emi,fay,gil}'::text[]) c;
INSERT INTO order_items (customer_id, order_id, line, product_id, category, amount, quantity)
SELECT c, 'L', l.* FROM unnest('{cho,dai,emi,fay,gil}'::text[]) c
 CROSS JOIN (VALUES (1, 'N', 'necklace', 10000, 4), (2, 'R', 'ring', 10000, 1)) l;
SELECT count(earn_points(customer_id, 'L', '2026-07-05 12:00+09')) AS four_hundred FROM orders WHERE order_id = 'L';
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES
    ('cho', 'r', 'L', '2026-07-10 12:00+09', 10000), ('dai', 'r', 'L', '2026-07-10 12:00+09', 10000),
    ('emi', 'r', 'L', '2026-07-10 12:00+09', 10000), ('fay', 'r', 'L', '2026-07-10 12:00+09', 12500),
    ('gil', 'r1', 'L', '2026-07-10 12:00+09', 2500), ('gil', 'r2', 'L', '2026-07-11 12:00+09', 2500);
INSERT INTO return_items (customer_id, return_id, order_id, line, quantity, refund) VALUES
    ('dai', 'r', 'L', 2, 1, NULL),                                   -- the ring
    ('emi', 'r', 'L', 1, 2, 2000),                                   -- 2000 for necklaces, 8000 of no line: necklaces too
    ('fay', 'r', 'L', 1, 1, NULL), ('fay', 'r', 'L', 2, 1, NULL),    -- shares by what was paid: 2500 and 10000
    ('gil', 'r2', 'L', 2, 1, NULL);                                  -- 2500 of no line, 2500 of the ring
SELECT c, s.points_due, s.points_held, s.balance
  FROM unnest('{cho,dai,emi,fay,gil}'::text[]) c
 CROSS JOIN pg_temp.settled(c, 'L', '2026-07-12 12:00+09') s ORDER BY 1;
-- cho 100; dai 300; emi 100; fay 7500 x 3: 225; gil 7500 x 3 + 7500: 300

--
-- Cancelled and not cancelled, paid for and not.
--
INSERT INTO orders (customer_id, order_id, ordered_at, amount, payment_state) VALUES ('hal', 'H1', '2026-07-05 12:00+09', 10000, 'pending');
SELECT * FROM pg_temp.settled('hal', 'H1', '2026-07-05 12:00+09');
UPDATE orders SET payment_state = 'paid' WHERE customer_id = 'hal';
SELECT * FROM pg_temp.settled('hal', 'H1', '2026-07-06 12:00+09');
UPDATE orders SET payment_state = 'pending' WHERE customer_id = 'hal';
SELECT * FROM pg_temp.settled('hal', 'H1', '2026-07-07 12:00+09');
UPDATE orders SET payment_state = 'voided', cancelled_at = '2026-07-08 12:00+09' WHERE customer_id = 'hal';
SELECT * FROM pg_temp.settled('hal', 'H1', '2026-07-08 12:00+09');
UPDATE orders SET payment_state = 'paid', cancelled_at = NULL WHERE customer_id = 'hal';
SELECT * FROM pg_temp.settled('hal', 'H1', '2026-07-09 12:00+09');
-- Points that were spent before the order was cancelled: 30 are there, 70 are short. They
-- are not given twice when it is not cancelled after all.
UPDATE orders SET delivered_at = '2026-07-06 12:00+09' WHERE customer_id = 'hal';
SELECT redeem_points('hal', 70, 'spent', posted_at => '2026-08-01 12:00+09') > 0 AS spent;
UPDATE orders SET cancelled_at = '2026-08-02 12:00+09' WHERE customer_id = 'hal';
SELECT * FROM pg_temp.settled('hal', 'H1', '2026-08-02 12:00+09');
UPDATE orders SET cancelled_at = NULL WHERE customer_id = 'hal';
SELECT * FROM pg_temp.settled('hal', 'H1', '2026-08-03 12:00+09');
SELECT kind, points, shortfall, balance FROM points_statement WHERE customer_id = 'hal' AND posted_at >= '2026-08-01 00:00+09' ORDER BY posting_id;
-- Points that lapsed before the order was cancelled are gone, and stay so.
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at) VALUES ('ida', 'I1', '2024-07-05 12:00+09', 10000, '2024-07-06 12:00+09');
SELECT * FROM pg_temp.settled('ida', 'I1', '2024-07-05 12:00+09');
SELECT points FROM expire_points('2025-07-07 00:00+09');
UPDATE orders SET cancelled_at = '2025-08-02 12:00+09' WHERE customer_id = 'ida';
SELECT * FROM pg_temp.settled('ida', 'I1', '2025-08-02 12:00+09');
UPDATE orders SET cancelled_at = NULL WHERE customer_id = 'ida';
SELECT * FROM pg_temp.settled('ida', 'I1', '2025-08-03 12:00+09');
-- What it earns more after that can be used for the day at least.
UPDATE orders SET amount = 15000 WHERE customer_id = 'ida';
SELECT * FROM pg_temp.settled('ida', 'I1', '2025-08-04 12:00+09');
SELECT available, next_expiry FROM points_balance('ida', '2025-08-04 12:00+09');

-- What somebody reversed by hand stays reversed, whatever becomes of the order.
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('jan', 'J1', '2026-07-05 12:00+09', 10000);
SELECT earn_points('jan', 'J1', '2026-07-05 12:00+09') AS lot \gset
SELECT reverse_points('jan', :lot, 30, 'fraud', '2026-07-06 12:00+09') > 0 AS by_hand;
SELECT * FROM pg_temp.settled('jan', 'J1', '2026-07-06 12:00+09');
UPDATE orders SET cancelled_at = '2026-07-07 12:00+09' WHERE customer_id = 'jan';
SELECT * FROM pg_temp.settled('jan', 'J1', '2026-07-07 12:00+09');
UPDATE orders SET cancelled_at = NULL WHERE customer_id = 'jan';
SELECT * FROM pg_temp.settled('jan', 'J1', '2026-07-08 12:00+09');

--
-- Options of a rule from August on: what is paid with points does not earn, of an
-- amount whole 500s do, shipping earns as the goods do on average.
--
UPDATE points_rules SET valid = '(,2026-08-01 00:00+09)';
INSERT INTO points_rules (points, per_amount, pending_from, paid_points_earn, valid)
VALUES (1, 100, 'earned', false, '[2026-08-01 00:00+09,2026-09-01 00:00+09)');
SELECT adjust_points('kim', 5000, 'a', NULL, '2027-02-01 00:00+09', '2026-08-01 12:00+09') > 0 AS given;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('kim', 'K1', '2026-08-05 12:00+09', 10000);
SELECT redeem_points('kim', 4000, 'till', 'K1', '2026-08-05 12:00+09') > 0 AS paid;
SELECT * FROM pg_temp.settled('kim', 'K1', '2026-08-05 12:00+09');
-- Money first: of 10000 that were paid with 6000 of money, 5000 come back in money,
-- then 1000 more and points for 2000.
INSERT INTO returns VALUES ('kim', 'r1', 'K1', '2026-08-06 12:00+09', 5000);
SELECT * FROM pg_temp.settled('kim', 'K1', '2026-08-06 12:00+09');
INSERT INTO returns VALUES ('kim', 'r2', 'K1', '2026-08-07 12:00+09', 3000);
SELECT * FROM pg_temp.settled('kim', 'K1', '2026-08-07 12:00+09');
INSERT INTO returns VALUES ('kim', 'r3', 'K1', '2026-08-08 12:00+09', 2000);
SELECT * FROM pg_temp.settled('kim', 'K1', '2026-08-08 12:00+09');
SELECT kind, points, balance FROM points_statement WHERE customer_id = 'kim' ORDER BY posting_id;
SELECT remaining, expires_at FROM point_lots WHERE customer_id = 'kim' AND remaining > 0;
-- An order that is not cancelled after all is paid for anew.
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('kim', 'K2', '2026-08-10 12:00+09', 10000);
SELECT redeem_points('kim', 4000, 'till 2', 'K2', '2026-08-10 12:00+09') > 0 AS paid;
SELECT * FROM pg_temp.settled('kim', 'K2', '2026-08-10 12:00+09');
UPDATE orders SET cancelled_at = '2026-08-11 12:00+09' WHERE order_id = 'K2';
SELECT * FROM pg_temp.settled('kim', 'K2', '2026-08-11 12:00+09');
UPDATE orders SET cancelled_at = NULL WHERE order_id = 'K2';
SELECT * FROM pg_temp.settled('kim', 'K2', '2026-08-12 12:00+09');
SELECT redeem_points('kim', 3000, 'till 3', 'K2', '2026-08-12 13:00+09') > 0 AS paid_anew;
SELECT * FROM pg_temp.settled('kim', 'K2', '2026-08-13 12:00+09');

INSERT INTO points_rules (points, per_amount, whole_amounts, shipping_earns, pending_from, valid)
VALUES (5, 500, true, true, 'earned', '[2026-09-01 00:00+09,2026-10-01 00:00+09)');
INSERT INTO points_campaigns (title, multiplier, bonus, min_amount, valid) VALUES
    ('twice from 3000', 2, NULL, 3000, '[2026-09-10 00:00+09,2026-10-01 00:00+09)'),
    ('fifty from 5000', NULL, 50, 5000, '[2026-09-10 00:00+09,2026-10-01 00:00+09)');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipping) VALUES
    ('lea', 'W1', '2026-09-01 12:00+09', 990, 0),          -- 5
    ('lea', 'W2', '2026-09-01 12:00+09', 499, 0),          -- nothing
    ('lea', 'W3', '2026-09-01 12:00+09', 1500, 500),       -- 15
    ('lea', 'W4', '2026-09-11 12:00+09', 2999, 0),         -- 25
    ('lea', 'W5', '2026-09-11 12:00+09', 3400, 0),         -- 3000 twice: 60
    ('lea', 'W6', '2026-09-11 12:00+09', 5000, 0);         -- 100 and 50
SELECT order_id, f.points, f.campaigns FROM orders o LEFT JOIN LATERAL points_for_order('lea', o.order_id) f ON true
 WHERE customer_id = 'lea' ORDER BY 1;
SELECT count(earn_points('lea', order_id, '2026-09-11 12:00+09')) FROM orders WHERE customer_id = 'lea';
INSERT INTO returns VALUES ('lea', 'r5', 'W5', '2026-09-12 12:00+09', 401), ('lea', 'r6', 'W6', '2026-09-12 12:00+09', 1),
                           ('lea', 'r3', 'W3', '2026-09-12 12:00+09', 1000);
SELECT o, s.points_due, s.points_held FROM unnest('{W3,W5,W6}'::text[]) o CROSS JOIN pg_temp.settled('lea', o, '2026-09-12 12:00+09') s ORDER BY 1;
-- shipping of 500 is kept, 5; 2999 are too few for twice, 25; 4999 for the fifty, 4500 twice: 90

-- Points of an order that came late are not lost before they can be used: they last to
-- the end of the day on which they can. A rule that would have them lapse before that
-- is refused.
INSERT INTO points_rules (points, per_amount, pending, expires_after, valid)
VALUES (1, 100, '20 days', '21 days', '[2026-10-01 00:00+09,2026-11-01 00:00+09)');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at) VALUES ('mia', 'M1', '2026-10-01 12:00+09', 1000, '2026-10-11 12:00+09');
SELECT earn_points('mia', 'M1', '2026-10-01 12:00+09') > 0 AS ten;
SELECT at, b.available, b.pending FROM (VALUES ('2026-10-31 11:59+09'), ('2026-10-31 12:00+09'), ('2026-10-31 23:59+09'), ('2026-11-01 00:00+09')) i (at)
 CROSS JOIN points_balance('mia', at::timestamptz) b;
SELECT pg_temp.outcome(statement) FROM (VALUES
    ('INSERT INTO points_rules (points, per_amount, pending, expires_after, valid) VALUES (1, 1, ''30 days'', ''1 month'', ''empty'')'),
    ('INSERT INTO points_rules (points, per_amount, pending, expires_after, valid) VALUES (1, 1, ''30 days'', NULL, ''empty'')'),
    ('INSERT INTO points_rules (points, per_amount, pending, expires_after, valid) VALUES (1, 1, ''14 days'', ''1 month'', ''empty'')'),
    ('INSERT INTO points_rules (points, per_amount, point_value, valid) VALUES (1, 1, 0, ''empty'')'),
    ('INSERT INTO points_campaigns (title, bonus, min_amount, valid) VALUES (''x'', 1, -1, ''empty'')'),
    -- no rule or campaign ends before orders that have earned by it
    ('UPDATE points_rules SET valid = ''[2026-10-01 00:00+09,2026-10-01 12:00+09)'' WHERE lower(valid) = ''2026-10-01 00:00+09'''),
    ('UPDATE points_rules SET valid = ''[2026-10-01 00:00+09,2026-10-01 12:01+09)'' WHERE lower(valid) = ''2026-10-01 00:00+09'''),
    ('UPDATE points_campaigns SET valid = ''[2026-09-10 00:00+09,2026-09-11 00:00+09)'' WHERE title = ''twice from 3000'''),
    ('UPDATE points_campaigns SET valid = ''[2026-09-10 00:00+09,2026-09-12 00:00+09)'' WHERE title = ''twice from 3000''')) s (statement);

--
-- What is not settled: a view with the reason.
--
UPDATE settings SET points_since = '2026-11-01 00:00+09';
INSERT INTO points_rules (points, per_amount, valid) VALUES (1, 100, '[2026-11-01 00:00+09,)');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('nao', 'N0', '2026-10-31 12:00+09', 10000), ('nao', 'N1', '2026-11-01 12:00+09', 10000), ('nao', 'N2', '2026-11-01 12:00+09', 10000),
    ('nao', 'N3', '2026-11-01 12:00+09', 10000), ('nao', 'N4', '2026-11-01 12:00+09', 10000), ('nao', 'N5', '2026-11-01 12:00+09', 10000),
    ('nao', 'N6', '2026-11-01 12:00+09', 10000), ('nao', 'N7', '2026-11-05 12:00+09', 10000);
SELECT adjust_points('nao', 50, 'gift', posted_at => '2026-11-01 12:00+09') > 0 AS given, redeem_points('nao', 50, 'till', 'N6', '2026-11-01 12:00+09') > 0 AS paid;
SELECT count(earn_points('nao', order_id, '2026-11-01 12:00+09')) FROM unnest('{N2,N3,N4,N5,N6}'::text[]) order_id;
UPDATE orders SET amount = 20000 WHERE order_id = 'N2';
UPDATE orders SET cancelled_at = '2026-11-02 12:00+09' WHERE order_id IN ('N3', 'N6');
UPDATE orders SET payment_state = 'pending' WHERE order_id = 'N4';
INSERT INTO returns VALUES ('nao', 'r', 'N5', '2026-11-02 12:00+09', 5000);
SELECT * FROM points_unsettled_at('2026-11-03 12:00+09') ORDER BY customer_id, order_id;
-- (what has not earned does not begin to by a reversal)
SELECT count(*) AS postings FROM reverse_order_points('nao', 'N7');

-- The job: what failed stops no other, and is tried again.
CREATE FUNCTION refuse_n2() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
CREATE TRIGGER refuse_n2 BEFORE INSERT ON point_postings FOR EACH ROW WHEN (NEW.order_id = 'N2') EXECUTE FUNCTION refuse_n2();
SELECT customers = (SELECT count(*) FROM customers) AS all_the_first_time, orders, points, failed FROM settle_points(posted_at => '2026-11-03 12:00+09');
SELECT order_id, why FROM points_unsettled;
SELECT * FROM settle_points(posted_at => '2026-11-03 12:00+09');
DROP TRIGGER refuse_n2 ON point_postings;
SELECT * FROM settle_points();
SELECT * FROM settle_points();
SELECT count(*) AS unsettled FROM points_unsettled;
SELECT order_id, sum(points) FROM point_postings WHERE customer_id = 'nao' AND order_id IS NOT NULL GROUP BY 1 ORDER BY 1;
-- Customers who changed, so many at a time.
UPDATE orders SET amount = amount + 1000 WHERE order_id IN ('A1', 'B1', 'N7');
SELECT * FROM settle_points(2);
SELECT * FROM settle_points(2);
-- A campaign for a time that is past is for orders that have earned as well; so is a tier
-- that is known later.
INSERT INTO points_campaigns (title, bonus, valid) VALUES ('ten', 10, '[2026-11-05 00:00+09,2026-11-06 00:00+09)');
SELECT * FROM settle_points();
INSERT INTO points_campaigns (title, bonus, tier, valid) VALUES ('thousand', 1000, 'VIP', '[2026-11-05 00:00+09,2026-11-06 00:00+09)');
SELECT * FROM settle_points();
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('nao', 'old', '2026-10-30 12:00+09', 200000);
SELECT * FROM settle_points();
UPDATE tier_rules SET valid = '(,2026-11-04 00:00+09)';
SELECT customers FROM evaluate_tiers('2026-11-10 00:00+09');
SELECT * FROM settle_points();
SELECT pg_temp.outcome(s.statement) FROM (VALUES ('SELECT settle_points(0)'), ('SELECT settle_points(posted_at => ''infinity'')')) s (statement);
-- Points that pay an order, and come back by hand, are looked at.
INSERT INTO points_rules (tier, points, per_amount, pending_from, paid_points_earn, valid) VALUES ('VIP', 1, 100, 'earned', false, '[2026-10-30 00:00+09,2026-10-31 00:00+09)');
SELECT earn_points('nao', 'old') > 0 AS two_thousand, customers > 0 AS looked_at FROM settle_points();
SELECT redeem_points('nao', 50, 'late', 'old') AS paid \gset
SELECT * FROM settle_points();
SELECT reverse_points('nao', :paid) > 0 AS back;
SELECT * FROM settle_points();

-- (no more than a trillion, and no error)
INSERT INTO points_rules (points, per_amount, valid, tier) VALUES (1000000, 0.0001, '[2026-11-01 00:00+09,)', 'VIP');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ona', 'O1', '2026-11-01 12:00+09', 1000000000000);
SELECT points_due FROM points_unsettled WHERE customer_id = 'ona';
SELECT pg_temp.outcome('SELECT settle_order_points(''ona'', ''O9'')');
SELECT * FROM points_audit();
SELECT loyalcs.drop_shop('shop', 'shop');

--
-- Points wait for the tier, not for the night: whoever has the same orders gets the same
-- points, whenever tiers were evaluated. The third order makes a VIP, who has 2 points for
-- each 100 of it; earned before, between and after, and by the job.
--
SELECT FROM loyalcs.create_shop('shop');
SET search_path = shop;
UPDATE settings SET live_since = '2026-10-01 00:00+09', points_since = '2026-10-01 00:00+09';
INSERT INTO points_rules (tier, points, per_amount, valid) VALUES ('VIP', 2, 100, '(,)');
INSERT INTO customers (customer_id) SELECT unnest('{before,after,later,job}'::text[]);
INSERT INTO orders (customer_id, order_id, ordered_at, amount)
SELECT c.customer_id, 'O' || n, timestamptz '2026-10-01 00:00+09' + n * interval '1 hour', 60000 FROM customers c, generate_series(1, 3) n;
SELECT earn_points('before', 'O3', '2026-10-01 03:00+09') > 0 AS earned;
SELECT customers FROM evaluate_tiers('2026-10-01 04:00+09');
SELECT earn_points('after', 'O3', '2026-10-01 05:00+09') > 0 AS earned;
SELECT customers FROM evaluate_tiers('2026-10-02 04:00+09');
SELECT earn_points('later', 'O3', '2026-10-02 05:00+09') > 0 AS earned;
SELECT customers > 0 AS looked_at FROM settle_points(posted_at => '2026-10-02 06:00+09');
SELECT order_id, array_agg(DISTINCT points) AS points, count(*) AS customers FROM point_postings WHERE kind = 'earn' GROUP BY 1 ORDER BY 1;
