-- What finance and customers ask of the ledger, and the audit that adds it up.
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

SELECT reverse_points('ann', 4, 60, 'return 1', '2026-03-12 00:00+09') > 0 AS reversed,
       adjust_points('ben', 100, 'welcome', 'a present', '2026-02-01 00:00+09', '2026-01-01 00:00+09') > 0 AS given,
       adjust_points('cho', 300, 'sorry', posted_at => '2026-01-01 00:00+09') > 0 AS for_ever;
SELECT redeem_points('ben', 70, 'b1', NULL, '2026-01-15 00:00+09') > 0 AS paid;

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

-- The audit finds what does not agree. (Only somebody who switches triggers off gets that far.)
BEGIN;
ALTER TABLE point_accounts DISABLE TRIGGER USER;
ALTER TABLE point_lots DISABLE TRIGGER USER;
ALTER TABLE point_allocations DISABLE TRIGGER USER;
UPDATE point_accounts SET balance = balance + 1 WHERE customer_id = 'ann';
UPDATE point_accounts SET last_posting = last_posting - 1 WHERE customer_id = 'cho';
UPDATE point_lots SET remaining = remaining + 1 WHERE customer_id = 'cho' AND remaining = 300;
UPDATE point_lots SET expires_at = '2030-01-01 00:00+09' WHERE customer_id = 'ann' AND remaining > 0;
UPDATE point_lots SET is_open = NOT is_open WHERE customer_id = 'ben';
UPDATE point_lots SET last_posting = last_posting + 1 WHERE customer_id = 'ann' AND remaining > 0;
DELETE FROM point_allocations WHERE customer_id = 'ben' AND points = 70;
SELECT customer_id, finding FROM points_audit() ORDER BY 1, 2;
SELECT customer_id, finding FROM points_audit('ben') ORDER BY 1, 2;
ROLLBACK;

-- Nothing of all that in an empty shop.
SELECT FROM loyalcs.create_shop('shop_points_reports_empty', key_type => 'uuid');
SELECT (SELECT count(*) FROM shop_points_reports_empty.points_liability) + (SELECT count(*) FROM shop_points_reports_empty.points_statement)
       + (SELECT count(*) FROM shop_points_reports_empty.points_expiring) + (SELECT count(*) FROM shop_points_reports_empty.points_audit()) AS rows;
SELECT * FROM shop_points_reports_empty.expire_points();
