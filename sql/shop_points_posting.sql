-- What is posted: when it can be used, what is taken from which lot, what is
-- refused, and what is sent twice. What is compared with is worked out by hand.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
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
-- A lot lasts longer by a posting: from then on, and not as of earlier instants.
--
SELECT pg_temp.outcome('SELECT adjust_points(''cho'', 500, ''sorry'', expires_at => ''2027-01-01 00:00+09'')') AS another_request;
SELECT adjust_points('dai', 100, 'gift', NULL, '2026-03-01 00:00+09', '2026-01-01 00:00+09') AS lot \gset
SELECT extend_points('dai', :lot, '2026-06-01 00:00+09', 'system was down', 'ticket 7', '2026-02-01 00:00+09') > 0 AS extended,
       extend_points('dai', :lot, '2026-06-01 00:00+09', 'system was down') > 0 AS once;
SELECT at, b.available, b.next_expiry, b.expiring
  FROM (VALUES ('2026-01-31 23:59+09'), ('2026-02-01 00:00+09'), ('2026-03-01 00:00+09'), ('2026-06-01 00:00+09')) i (at)
 CROSS JOIN points_balance('dai', at::timestamptz) b;
SELECT redeem_points('dai', 30, 'after it would have lapsed', posted_at => '2026-04-01 00:00+09') > 0 AS paid;
SELECT extend_points('dai', :lot, NULL, 'for ever', posted_at => '2026-05-01 00:00+09') > 0 AS for_ever;
SELECT at, e.expires_at, e.points
  FROM (VALUES ('2026-01-31 00:00+09'), ('2026-04-01 00:00+09'), ('2026-05-01 00:00+09')) i (at)
 CROSS JOIN points_expiring_at(at::timestamptz) e WHERE e.customer_id = 'dai';
SELECT posted_at, kind, points, balance, expires_at FROM points_statement_at('2026-12-31') WHERE customer_id = 'dai' ORDER BY posting_id;
SELECT * FROM points_audit('dai');
INSERT INTO customers (customer_id) VALUES ('gus');
SELECT adjust_points('gus', 10, 'short', NULL, '2026-02-01 00:00+09', '2026-01-01 00:00+09') AS short \gset
UPDATE points_rules SET valid = '(,2026-07-01 00:00+09)';
INSERT INTO points_rules (points, per_amount, pending_from, expires_from, expires_after, valid) VALUES (1, 100, 'earned', 'last_activity', '30 days', '[2026-07-01 00:00+09,)');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('fay', 'F1', '2026-07-01 12:00+09', 1000);
SELECT earn_points('fay', 'F1', '2026-07-01 12:00+09') AS idle \gset
SELECT pg_temp.outcome(format(s.statement, :lot, :short, :idle)) AS outcome
  FROM (VALUES
    ('SELECT extend_points(''dai'', %1$s, ''2026-07-01 00:00+09'', ''system was down'')'),
    ('SELECT extend_points(''dai'', %1$s, ''2027-01-01 00:00+09'', ''k'', posted_at => ''2026-05-02 00:00+09'')'),
    ('SELECT extend_points(''dai'', %1$s, NULL, ''k'', posted_at => ''2026-05-02 00:00+09'')'),
    ('SELECT extend_points(''gus'', %2$s, ''2026-01-15 00:00+09'', ''k'', posted_at => ''2026-01-02 00:00+09'')'),
    ('SELECT extend_points(''gus'', %2$s, ''2026-03-01 00:00+09'', ''k'', posted_at => ''2026-02-01 00:00+09'')'),
    ('SELECT extend_points(''fay'', %3$s, ''2027-03-01 00:00+09'', ''k'', posted_at => ''2026-07-02 00:00+09'')'),
    ('SELECT extend_points(''gus'', 4711, ''2027-03-01 00:00+09'', ''k'', posted_at => ''2026-01-02 00:00+09'')'),
    ('SELECT extend_points(''gus'', %2$s, ''2027-03-01 00:00+09'', NULL)'),
    ('SELECT extend_points(''nobody'', %2$s, ''2027-03-01 00:00+09'', ''k'')'),
    ('SELECT reverse_points(''dai'', (SELECT max(posting_id) FROM point_postings WHERE kind = ''extend''))')) s (statement);
-- What is given back to a lot that lapses by activity lasts as long as the others of that customer.
INSERT INTO customers (customer_id) VALUES ('ida');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ida', 'I1', '2026-07-01 12:00+09', 1000), ('ida', 'I2', '2026-07-20 12:00+09', 1000);
SELECT earn_points('ida', 'I1', '2026-07-01 12:00+09') > 0 AS ten;
SELECT redeem_points('ida', 10, 'i', posted_at => '2026-07-02 12:00+09') AS paid \gset
SELECT earn_points('ida', 'I2', '2026-07-20 12:00+09') > 0 AS ten_more;
SELECT reverse_points('ida', :paid, posted_at => '2026-08-10 12:00+09') > 0 AS back;
SELECT available, next_expiry FROM points_balance('ida', '2026-08-10 12:00+09');
SELECT * FROM points_audit('ida');

--
-- Who may: a service posts, a reader reads figures and no words.
--
CREATE ROLE regress_points_posting_service;
CREATE ROLE regress_points_posting_report;
SELECT loyalcs.grant_shop('shop', 'regress_points_posting_service', 'service');
SELECT loyalcs.grant_shop('shop', 'regress_points_posting_report', 'report');
SET ROLE regress_points_posting_service;
SELECT adjust_points('emi', 10, 'by the service') > 0 AS adjusted, redeem_points('emi', 5, 'by the service') > 0 AS redeemed;
SELECT reverse_points('emi', (SELECT posting_id FROM point_postings WHERE kind = 'redeem' AND customer_id = 'emi')) > 0 AS reversed;
SELECT posted_by FROM point_postings WHERE customer_id = 'emi' AND kind = 'adjust';
SELECT customers >= 0 AS expired FROM expire_points();
-- (of a rule whose points last as long as something happens: the lot that is made
-- says at once until when it lasts, or it would not be taken)
RESET ROLE;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('emi', 'E1', '2026-07-01 12:00+09', 1000), ('emi', 'E2', '2026-07-01 12:00+09', 2000);
SET ROLE regress_points_posting_service;
SELECT earn_points('emi', 'E1') > 0 AS first_of_its_kind, earn_points('emi', 'E2') > 0 AS second;
SELECT l.remaining, l.expires_at = points_last_until(a.last_posted_at, l.expires_after_idle, 'Asia/Tokyo') AS lapses_with_the_last
  FROM point_lots l JOIN point_accounts a USING (customer_id) WHERE customer_id = 'emi' AND l.expires_after_idle IS NOT NULL ORDER BY lot_id;
SET ROLE regress_points_posting_report;
SELECT count(*) > 0 AS statement FROM points_statement;
SELECT count(*) > 0 AS liability FROM points_liability;
SELECT note FROM point_postings;
SELECT redeem_points('emi', 5, 'by a reader');
RESET ROLE;
DROP OWNED BY regress_points_posting_service, regress_points_posting_report;
DROP ROLE regress_points_posting_service;
DROP ROLE regress_points_posting_report;

--
-- A session keeps its plans, and may have made them while the tables were empty:
-- nothing reads a table of the ledger whole, however many postings come.
--
SELECT FROM loyalcs.create_shop('shop_points_posting_plans');
SET search_path = shop_points_posting_plans;
ANALYZE point_accounts, point_postings, point_allocations, point_lots;
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 150) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at)
SELECT 'c' || i, 'o' || j, at, 10000, at + interval '1 day'
  FROM generate_series(1, 150) i CROSS JOIN generate_series(1, 3) j
 CROSS JOIN LATERAL (SELECT timestamptz '2026-01-01 12:00+09' + j * interval '1 day' AS at) t;
BEGIN;
DO $$
DECLARE
    who text; earned bigint; paid bigint; gift bigint;
BEGIN
    FOR i IN 1 .. 150 LOOP
        who := 'c' || i;
        FOR j IN 1 .. 3 LOOP
            earned := shop_points_posting_plans.earn_points(who, 'o' || j, '2026-01-05 12:00+09');
        END LOOP;
        gift := shop_points_posting_plans.adjust_points(who, 10, 'gift', NULL, '2026-04-01 00:00+09', '2026-02-01 12:00+09');
        paid := shop_points_posting_plans.redeem_points(who, 150, 'till', 'o2', '2026-02-02 12:00+09');
        PERFORM shop_points_posting_plans.reverse_points(who, paid, 20, 'return', '2026-02-03 12:00+09');
        PERFORM shop_points_posting_plans.reverse_points(who, gift, posted_at => '2026-02-04 12:00+09');
        UPDATE shop_points_posting_plans.orders o SET cancelled_at = '2026-02-05 12:00+09' WHERE o.customer_id = who AND o.order_id = 'o1';
        PERFORM shop_points_posting_plans.reverse_order_points(who, 'o1', '2026-02-05 12:00+09');
        PERFORM shop_points_posting_plans.extend_points(who, earned, '2028-01-01', 'more', posted_at => '2026-02-06 12:00+09');
    END LOOP;
    SET CONSTRAINTS ALL IMMEDIATE;
END
$$;
SELECT count(*) AS postings FROM point_postings;
SELECT s.relname, s.seq_tup_read < 1500 AS hardly_anything_read_whole, s.idx_scan > 150 AS by_index
  FROM pg_stat_xact_user_tables s
 WHERE s.schemaname = 'shop_points_posting_plans' AND s.relname IN ('point_accounts', 'point_postings', 'point_allocations', 'point_lots')
 ORDER BY 1;
COMMIT;
SELECT * FROM points_audit();
SELECT loyalcs.drop_shop('shop_points_posting_plans', 'shop_points_posting_plans');
SET search_path = shop;
-- What a posting came to, in one statement; of one that never was as well.
INSERT INTO customers (customer_id) VALUES ('gil');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at) VALUES
    ('gil', 'G1', '2026-01-10 12:00+09', 30000, '2026-01-11 12:00+09'), ('gil', 'G3', '2026-07-10 12:00+09', 1, NULL);
SELECT p.posting_id IS NOT NULL AS posted, p.kind, p.points, p.available, p.pending FROM points_posted('gil', earn_points('gil', 'G1', '2026-08-10 12:00+09')) p;
SELECT p.kind, p.points, p.available, p.pending FROM points_posted('gil', redeem_points('gil', 30, 'g', posted_at => '2026-08-11 12:00+09')) p;
SELECT p.kind, p.points FROM points_posted('gil', redeem_points('gil', 30, 'g')) p;
SELECT p.kind, p.points FROM points_posted('gil', earn_points('gil', 'G3')) p;
SELECT p.kind, p.points, p.available FROM points_posted('nobody', NULL) p;
SELECT pg_temp.outcome('SELECT * FROM points_posted(''gil'', redeem_points(''gil'', 1000000, ''h''))') ~ '^23514 customer gil has' AS refused;
