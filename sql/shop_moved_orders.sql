-- An order becomes another customer's: all that is of it goes along, and its points
-- are taken back from one and earned by the other.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
INSERT INTO customers (customer_id) VALUES ('guest'), ('member'), ('other');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at) VALUES
    ('guest', 'G1', '2026-07-05 12:00+09', 10000, '2026-07-06 12:00+09', '2026-07-07 12:00+09'),
    ('guest', 'G2', '2026-07-05 13:00+09', 5000, NULL, NULL),
    ('member', 'M1', '2026-07-01 12:00+09', 3000, NULL, NULL);
INSERT INTO order_items (customer_id, order_id, line, product_id, amount, quantity) VALUES
    ('guest', 'G1', 1, 'ring', 6000, 2), ('guest', 'G1', 2, 'chain', 4000, 1);
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES ('guest', 'r1', 'G1', '2026-07-08 12:00+09', 3000);
INSERT INTO return_items (customer_id, return_id, order_id, line, quantity) VALUES ('guest', 'r1', 'G1', 1, 1);
INSERT INTO shipments (customer_id, order_id, parcel) VALUES ('guest', 'G1', 1);
INSERT INTO reviews (customer_id, review_id, order_id, product_id, stars, reviewed_at) VALUES ('guest', 'v1', 'G1', 'ring', 5, '2026-07-09 12:00+09');
SELECT earn_points('guest', 'G1', '2026-07-09 12:00+09') > 0 AS seventy, earn_points('member', 'M1', '2026-07-09 12:00+09') > 0 AS thirty;

-- Whatever refers to an order, by whichever foreign key, is asked of the catalogs: it
-- goes along, or a trigger says what to do.
SELECT c.relname, f.confupdtype = 'c' AS goes_along, pg_get_functiondef('begin_to_move_order'::regproc) ~ ('FROM ' || c.relname || ' ') AS is_asked_for,
       c.relname = 'point_postings' AS is_the_ledger
  FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
 WHERE f.confrelid = 'orders'::regclass ORDER BY 1;

UPDATE orders SET customer_id = 'member' WHERE customer_id = 'guest' AND order_id = 'G1';
SELECT c.relname, (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s WHERE customer_id = ''guest'' AND order_id = ''G1''', c.oid::regclass), true, true, '')))[1]::text AS left_behind,
       (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s WHERE customer_id = ''member'' AND order_id = ''G1''', c.oid::regclass), true, true, '')))[1]::text AS came_along
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'order_id'
 WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'r' ORDER BY 1;
SELECT customer_id, kind, points, balance, order_id FROM points_statement ORDER BY customer_id, posting_id;
SELECT kind, moved_order FROM point_postings WHERE customer_id = 'guest' ORDER BY posting_id;
SELECT customer_id, order_id, refunded FROM orders ORDER BY 1, 2;
SELECT customer_id, amount FROM counted_orders_at('2026-07-31') ORDER BY 1, 2;
SELECT * FROM points_audit();
-- What was earned twice by one order is not: it can be moved back and forth.
UPDATE orders SET customer_id = 'other' WHERE order_id = 'G1';
UPDATE orders SET customer_id = 'guest' WHERE order_id = 'G1';
UPDATE orders SET order_id = 'G1b' WHERE order_id = 'G1';
SELECT a.customer_id, a.balance FROM point_accounts a ORDER BY 1;
SELECT customer_id, line, quantity FROM return_items;
SELECT * FROM points_unsettled;
SELECT * FROM points_audit();

-- What somebody wrote stays with whom it is from; what points were paid, too.
INSERT INTO tickets (customer_id, ticket_id, channel, order_id) VALUES ('guest', 'T1', 'email', 'G1b');
SELECT pg_temp.outcome('UPDATE orders SET customer_id = ''member'' WHERE order_id = ''G1b''');
UPDATE shop.tickets SET order_id = NULL WHERE customer_id = 'guest' AND order_id = 'G1b';
INSERT INTO surveys (survey, title) VALUES ('nps', 'NPS');
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at, order_id) VALUES ('guest', 'a1', 'nps', '2026-07-20 12:00+09', 'G1b');
SELECT pg_temp.outcome('UPDATE orders SET customer_id = ''member'' WHERE order_id = ''G1b''');
UPDATE shop.survey_responses SET order_id = NULL WHERE customer_id = 'guest' AND order_id = 'G1b';
SELECT adjust_points('guest', 50, 'gift') > 0 AS given, redeem_points('guest', 20, 'till', 'G2') AS paid \gset
SELECT regexp_replace(pg_temp.outcome('UPDATE orders SET customer_id = ''member'' WHERE order_id = ''G2'''), '\d+(?=\)| took)', 'N', 'g');
SELECT reverse_points('guest', :paid) > 0 AS reversed;
SELECT pg_temp.outcome('UPDATE orders SET customer_id = ''member'' WHERE order_id = ''G2''');
-- (and of what stands no posting forgets its order)
SELECT pg_temp.outcome('UPDATE point_postings SET order_id = NULL, moved_order = order_id WHERE customer_id = ''member'' AND order_id = ''M1''');

-- What was sent about an order is not sent again; what has not been goes to whose it is now. So it is of a new number.
UPDATE journey_steps SET valid = 'empty' WHERE step <> 'arrival_check';
INSERT INTO customers (customer_id, email) VALUES ('was', 'was@example.com'), ('is', 'is@example.com');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at) VALUES
    ('was', 'sent', '2026-08-01 11:00+09', 100, '2026-08-02 11:00+09'), ('was', 'waits', '2026-08-01 11:00+09', 100, '2026-08-03 11:00+09'),
    ('was', 'renamed', '2026-08-01 11:00+09', 100, '2026-08-02 11:30+09');
DELETE FROM frequency_caps;
SELECT c.subject, complete_followup(c.followup_id, 'sent', c.claim_key, at => '2026-08-05 12:00+09') FROM claim_followups(at => '2026-08-05 12:00+09') c WHERE c.customer_id = 'was' ORDER BY 1;
SELECT queue_followups('2026-08-06 12:00+09') > 0 AS queued;
UPDATE orders SET customer_id = 'is' WHERE customer_id = 'was' AND order_id IN ('sent', 'waits');
UPDATE orders SET order_id = 'has a new name' WHERE order_id = 'renamed';
SELECT c.customer_id, c.subject, complete_followup(c.followup_id, 'sent', c.claim_key, at => '2026-08-06 12:10+09') FROM claim_followups(at => '2026-08-06 12:05+09') c WHERE c.customer_id IN ('was', 'is') ORDER BY 1, 2;
SELECT customer_id, subject, outcome, reason FROM followups WHERE customer_id IN ('was', 'is') ORDER BY 1, 2;
-- (there and back again)
UPDATE orders SET customer_id = 'was' WHERE customer_id = 'is' AND order_id IN ('sent', 'waits');
SELECT customer_id, subject FROM claim_followups(at => '2026-08-06 12:20+09') WHERE customer_id IN ('was', 'is');

-- Somebody who serves customers may.
CREATE ROLE regress_moved_orders_service;
SELECT loyalcs.grant_shop('shop', 'regress_moved_orders_service', 'service');
SET ROLE regress_moved_orders_service;
UPDATE orders SET customer_id = 'member' WHERE order_id = 'G1b';
RESET ROLE;
SELECT a.customer_id, a.balance FROM point_accounts a ORDER BY 1;
SELECT * FROM points_audit();
DROP OWNED BY regress_moved_orders_service;
DROP ROLE regress_moved_orders_service;
