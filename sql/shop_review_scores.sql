-- What the stars say.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2026-01-01 00:00+09';
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 60) i;
INSERT INTO products (product_id, name) VALUES ('R', 'Ring');

-- January: ring 5, 4, 1, the last at 14:59 UTC of the 31st; box 2. None in February.
-- March: ring twelve of 5.
INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars) VALUES
    ('c1', '1', 'R', '2026-01-01 00:00+09', 5), ('c2', '1', 'R', '2026-01-15 12:00+09', 4), ('c3', '1', 'R', '2026-01-31 14:59:59+00', 1), ('c4', '1', 'B', '2026-01-31 14:59:59+00', 2);
INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars) SELECT 'c' || i, '2', 'R', '2026-03-10 12:00+09', 5 FROM generate_series(1, 12) i;
SELECT month, complete, product_id, product_name, reviews, round(stars_mean::numeric, 4) AS mean, stars_target, target_met, low_stars, round(low_stars_share::numeric, 4) AS low_share,
       compared_with, round(change::numeric, 4) AS change, too_few, significant
  FROM review_scores_at('2026-03-15 12:00+09');
SELECT r.month, r.product_id, r.stars_low = i.low AND r.stars_high = i.high AS same, r.low_stars_share_low = w.low AND r.low_stars_share_high = w.high AS same_share,
       r.change_low = c.low AND r.change_high = c.high AND r.p_value = c.p_value AS same_change
  FROM review_scores_at('2026-03-15 12:00+09') r
 CROSS JOIN loyalcs.mean_interval(CASE r.month WHEN '2026-01-01' THEN '{"1": 1, "4": 1, "5": 1}' ELSE '{"5": 12}' END::loyalcs.ratings, 1, 5, 0.95) i
 CROSS JOIN loyalcs.share_interval(CASE r.month WHEN '2026-01-01' THEN 1 ELSE 0 END, CASE r.month WHEN '2026-01-01' THEN 3 ELSE 12 END, 0.95) w
 CROSS JOIN loyalcs.mean_change('{"1": 1, "4": 1, "5": 1}', '{"5": 12}', 1, 5, 0.95) c
 WHERE product_id = 'R';
-- With less to ask for, and as it was.
BEGIN;
UPDATE settings SET minimum_answers = 3, review_target = 3.5, significance = 0.2;
SELECT month, product_id, target_met, too_few, significant, round(p_value::numeric, 4) AS p_value FROM review_scores_at('2026-03-15 12:00+09');
ROLLBACK;
SELECT month, product_id, reviews, round(stars_mean::numeric, 4) AS mean FROM review_scores_at('2026-01-15 12:00+09');
SELECT count(*) FROM review_scores_at('-infinity');
SELECT month, product_id, reviews FROM review_scores_at('infinity') WHERE month = '2026-03-01';
SELECT s.given, pg_temp.outcome('UPDATE settings SET review_target = ' || s.given) FROM (VALUES ('NULL'), ('0.9'), ('1'), ('5'), ('5.1'), ('''NaN''')) s (given);

--
-- How the stars go with how a ticket was handled
--

-- In May ten had no ticket: 5. Of those who had, five were answered within half an hour
-- and resolved: 4; three after two hours, and reopened: 3; two after two days, and not
-- resolved: 2; one not at all: 1. Not about it: a ticket of after the review, of three
-- months before, of another order, spam.
INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'c' || i, o, '2026-04-01 12:00+09', 100 FROM generate_series(20, 45) i, unnest('{o,other}'::text[]) o;
INSERT INTO reviews (customer_id, review_id, product_id, order_id, reviewed_at, stars)
SELECT 'c' || i, '5', 'R', 'o', '2026-05-10 12:00+09', CASE WHEN i < 30 THEN 5 WHEN i < 35 THEN 4 WHEN i < 38 THEN 3 WHEN i < 40 THEN 2 ELSE 1 END FROM generate_series(20, 40) i;
INSERT INTO tickets (customer_id, ticket_id, channel, order_id) SELECT 'c' || i, 't', 'email', CASE WHEN i % 2 = 0 THEN 'o' END FROM generate_series(30, 40) i;
INSERT INTO tickets (customer_id, ticket_id, channel, order_id) VALUES ('c20', 'later', 'email', NULL), ('c21', 'long ago', 'email', NULL), ('c22', 'other', 'email', 'other'), ('c23', 'spam', 'email', NULL);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind)
SELECT 'c' || i, 't', timestamptz '2026-05-01 09:00+09', 'opened' FROM generate_series(30, 40) i
UNION ALL SELECT 'c' || i, 't', timestamptz '2026-05-01 09:30+09' + CASE WHEN i < 35 THEN interval '0' WHEN i < 38 THEN '2 hours' ELSE '47 hours' END, 'agent_reply' FROM generate_series(30, 39) i
UNION ALL SELECT 'c' || i, 't', '2026-05-05 09:00+09', 'resolved' FROM generate_series(30, 37) i
UNION ALL SELECT 'c' || i, 't', '2026-05-06 09:00+09', 'reopened' FROM generate_series(35, 37) i
UNION ALL SELECT 'c' || i, 't', '2026-05-07 09:00+09', 'resolved' FROM generate_series(35, 37) i
UNION ALL SELECT 'c' || i, 't', '2026-05-10 12:01+09', 'resolved' FROM generate_series(38, 39) i
UNION ALL VALUES ('c20', 'later', timestamptz '2026-05-11 09:00+09', 'opened'), ('c21', 'long ago', '2026-02-09 12:00+09', 'opened'), ('c22', 'other', '2026-05-01 09:00+09', 'opened'),
                 ('c23', 'spam', '2026-05-01 09:00+09', 'opened'), ('c23', 'spam', '2026-05-01 10:00+09', 'discarded');
SELECT month, complete, dimension, part, reviews, stars_mean, change, round(p_value::numeric, 4) AS p_value, too_few, significant
  FROM review_handling_at('2026-06-01 00:00+09') WHERE month = '2026-05-01';
BEGIN;
UPDATE settings SET minimum_answers = 3;
SELECT part, too_few, significant, round(change_low::numeric, 4) AS low, round(change_high::numeric, 4) AS high FROM review_handling_at('2026-06-01 00:00+09') WHERE month = '2026-05-01' AND dimension = 'outcome';
ROLLBACK;
SELECT sum(reviews) FROM review_handling_at('2026-06-01 00:00+09') WHERE dimension = 'outcome';
SELECT pg_temp.same_elsewhere('SELECT * FROM review_scores_at(''2026-05-15 12:00+09'')') AS scores, pg_temp.same_elsewhere('SELECT * FROM review_handling_at(''2026-05-15 12:00+09'')') AS handling;
