-- Subscriptions that are given up, and those that are not.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 60) i;
INSERT INTO subscriptions (customer_id, subscription_id, started_at) SELECT 'c' || i, 's', '2026-01-01 12:00+09' FROM generate_series(1, 60) i;
SELECT s.given, pg_temp.outcome('INSERT INTO cancellation_requests (customer_id, request_id, subscription_id, requested_at, outcome, decided_at) VALUES (' || s.given || ')')
  FROM (VALUES ('''c1'', ''r'', ''s'', ''2026-03-01'', NULL, NULL'), ('''c1'', ''r'', ''x'', ''2026-03-01'', NULL, NULL'), ('''c1'', ''r'', ''s'', ''2026-03-01'', ''saved'', NULL'),
               ('''c1'', ''r'', ''s'', ''2026-03-01'', NULL, ''2026-03-02'''), ('''c1'', ''r'', ''s'', ''2026-03-01'', ''saved'', ''2026-02-02'''), ('''c1'', ''r'', ''s'', ''2026-03-01'', ''lost'', ''2026-03-02'''),
               ('''c1'', ''r'', ''s'', ''2026-03-01'', ''cancelled'', ''2026-03-02''')) s (given);

-- March: twelve too dear, with an offer, of whom nine stay; ten too dear without one, of whom
-- one stays; three have too much, and one of them is decided only in April.
INSERT INTO cancellation_requests (customer_id, request_id, subscription_id, requested_at, reason, offer, outcome, decided_at)
SELECT 'c' || i, 'r', 's', '2026-03-10 12:00+09', CASE WHEN i <= 22 THEN 'price' END, CASE WHEN i <= 12 THEN 'half price' END,
       CASE WHEN i <= 9 OR i = 13 THEN 'saved' ELSE 'cancelled' END, CASE i WHEN 25 THEN timestamptz '2026-04-02 12:00+09' ELSE '2026-03-11 12:00+09' END FROM generate_series(1, 25) i
UNION ALL VALUES ('c60', 'r', 's', timestamptz '2026-03-31 15:00+00', 'price', NULL, NULL, NULL::timestamptz);
SELECT month, complete, reason, requests, decided, saved, round(saved_share::numeric, 4) AS share, offered, saved_with_offer, saved_without_offer, round(change::numeric, 4) AS change, too_few, significant
  FROM subscription_saves_at('2026-04-01 12:00+09');
SELECT s.reason, s.saved_share_low = w.low AND s.saved_share_high = w.high AS same, s.change_low = c.change_low AND s.p_value = c.p_value AS same_change
  FROM subscription_saves_at('2026-04-01 12:00+09') s, loyalcs.share_interval(10, 22) w, share_change(1, 10, 9, 12) c WHERE month = '2026-03-01' AND reason = 'price';
SELECT reason, decided FROM subscription_saves_at('2026-04-02 12:00+09') WHERE month = '2026-03-01';
SELECT count(*) FROM subscription_saves_at('-infinity');

-- Why they leave: in March 12 because of the price and 2 without a word, in April 2 and 12;
-- the last reason holds that was given before.
UPDATE subscriptions SET cancelled_at = '2026-03-12 12:00+09' WHERE customer_id IN (SELECT 'c' || i FROM generate_series(10, 12) i UNION ALL SELECT 'c' || i FROM generate_series(14, 22) i UNION ALL VALUES ('c23'), ('c24'));
UPDATE subscriptions SET cancelled_at = '2026-04-12 12:00+09' WHERE customer_id IN (SELECT 'c' || i FROM generate_series(30, 41) i UNION ALL VALUES ('c1'), ('c60'));
INSERT INTO cancellation_requests (customer_id, request_id, subscription_id, requested_at, reason) VALUES ('c1', 'again', 's', '2026-04-11 12:00+09', 'moved'), ('c1', 'later', 's', '2026-04-13 12:00+09', 'none');
SELECT month, complete, reason, cancelled, cancelled_of_all, round(cancelled_share::numeric, 4) AS share, cancelled_before, round(change::numeric, 4) AS change, too_few, significant FROM churn_reasons_at('2026-04-30 12:00+09');
SELECT r.reason, r.cancelled_share_low = w.low AND r.cancelled_share_high = w.high AS same, r.change_low = c.change_low AND r.p_value = c.p_value AS same_change
  FROM churn_reasons_at('2026-04-30 12:00+09') r CROSS JOIN LATERAL loyalcs.share_interval(r.cancelled, 14) w CROSS JOIN LATERAL share_change(r.cancelled_before, 14, r.cancelled, 14) c WHERE month = '2026-04-01';
SELECT reason, cancelled FROM churn_reasons_at('2026-03-12 12:00+09');
SELECT count(*) FROM churn_reasons_at('2026-03-12 11:59:59+09');
SELECT pg_temp.same_elsewhere('SELECT * FROM subscription_saves_at(''2026-04-01 12:00+09'')') AS saves, pg_temp.same_elsewhere('SELECT * FROM churn_reasons_at(''2026-04-30 12:00+09'')') AS churn;
