-- What customers are worth, how much hangs on how few, and who is leaving.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- An empty shop.
SELECT * FROM customer_value_at('2024-06-01 00:00+09');
SELECT * FROM top_customers_share_at('2024-06-01 00:00+09');
SELECT * FROM lapsing_customers_at('2024-06-01 00:00+09');

-- At least a year; then years of 365.25 days.
SELECT d.days, years_as_customer('2024-01-01 00:00+00', timestamptz '2024-01-01 00:00+00' + d.days * interval '24 hours')
  FROM (VALUES (-10), (0), (365), (365.25), (730.5), (3652.5)) d (days);

--
-- Value
--

-- Ann came four years (1461 days) before the instant asked about and bought for
-- 1000 four times, once 400 less; ben came 20 days before it and bought for 600.
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben'), ('cat');
INSERT INTO orders (customer_id, order_id, ordered_at, amount)
SELECT 'ann', n, timestamptz '2020-01-01 00:00+09' + n * interval '100 days', 1000 FROM generate_series(0, 3) n;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ben', '1', '2023-12-12 00:00+09', 600);
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund)
VALUES ('ann', '1', '0', '2020-02-01 00:00+09', 400);
SELECT * FROM customer_value_at('2024-01-01 00:00+09') ORDER BY customer_id;
-- Average order times orders a year is the annual value; and a customer's value
-- is what he has spent.
SELECT count(*) FILTER (WHERE abs(v.average_order::float8 * v.orders_per_year - v.annual_value) < 1e-9) AS as_said,
       count(*) FILTER (WHERE v.lifetime_value = p.total_spent) AS as_spent, count(*)
  FROM customer_value_at('2024-01-01 00:00+09') v
  JOIN customer_purchases_at('2024-01-01 00:00+09') p USING (customer_id);
-- On the 1st of May 2020 ann had ordered twice within her first year, and on the
-- day of her first order once.
SELECT * FROM customer_value_at('2020-05-01 00:00+09');
SELECT * FROM customer_value_at('2020-01-01 00:00+09');
SELECT count(*) FROM customer_value_at('-infinity');

--
-- How few
--

-- Twenty customers who spend 1 to 20: 210 in all. The best tenth, two, bring 20
-- and 19; the best fifth 20 + 19 + 18 + 17 = 74; the best half 155; the best
-- twentieth is one customer, and the best hundredth a fifth of him. Gini is
-- (n + 1 - 2 * sum((n + 1 - i) * x) / sum(x)) / n: 2870 is 1 * 1 + ... 20 * 20, so
-- 2 * 2870 / (20 * 210) - 21 / 20 = 19 / 60.
DELETE FROM returns;
DELETE FROM orders;
INSERT INTO customers (customer_id) SELECT 'c' || lpad(n::text, 2, '0') FROM generate_series(1, 20) n;
INSERT INTO orders (customer_id, order_id, ordered_at, amount)
SELECT 'c' || lpad(n::text, 2, '0'), '1', '2024-01-01 00:00+09', n FROM generate_series(1, 20) n;
SELECT top_share, customers, spent_at_least, round((revenue_share * 210)::numeric, 9) AS revenue_of_210,
       round((gini * 60)::numeric, 9) AS gini_of_60
  FROM top_customers_share_at('2024-06-01 00:00+09');
-- Of three who spend 5, 3 and 2 of 10, every share up to a third is one person;
-- the best half are two: 5 and half of 3. Gini is 0.2.
BEGIN;
DELETE FROM orders;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('ann', '1', '2024-01-01 00:00+09', 2), ('ann', '2', '2024-01-02 00:00+09', 3),
    ('ben', '1', '2024-01-01 00:00+09', 3), ('cat', '1', '2024-01-01 00:00+09', 2);
SELECT top_share, customers, spent_at_least, round(revenue_share::numeric, 9) AS revenue_share, round(gini::numeric, 9) AS gini
  FROM top_customers_share_at('2024-06-01 00:00+09');
-- One customer brings it all.
DELETE FROM orders WHERE customer_id <> 'ben';
SELECT top_share, customers, spent_at_least, round(revenue_share::numeric, 9) AS revenue_share, gini
  FROM top_customers_share_at('infinity');
-- There is no share in nothing.
UPDATE orders SET amount = 0;
SELECT * FROM top_customers_share_at('2024-06-01 00:00+09');
ROLLBACK;

--
-- Who is leaving
--

-- Days on which they order, all at noon:
--
--      ann     0, 10, 20
--      ben     0, 20
--      cat     0
--      dan     0, 30, 60, 100
--      gil     is a prospect
--
UPDATE settings SET lost_after = 'infinity';
-- From three orders on the rhythm is one's own mean gap: 10 days for ann, 33
-- days and 8 hours for dan. Before that it is the shop's median, by the survival
-- curve: from the first order to the second half of the four have come after 20
-- days and before 30, so 25; from the second to the third 30, since ben is still
-- waited for.
DELETE FROM orders;
DELETE FROM customers;
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben'), ('cat'), ('dan'), ('eve'), ('gil');
CREATE TEMP TABLE plan (customer_id text, days integer[], amount numeric);
INSERT INTO plan VALUES ('ann', '{0,10,20}', 100), ('ben', '{0,20}', 500), ('cat', '{0}', 50), ('dan', '{0,30,60,100}', 1000);
INSERT INTO orders (customer_id, order_id, ordered_at, amount)
SELECT customer_id, day, timestamptz '2024-01-01 12:00+09' + day * interval '24 hours', amount
  FROM plan, unnest(days) day;

-- On day 40 ann has been silent for 20 of 10 days, twice as long, which she was
-- not a tenth of a day before; cat is so on day 50, and ben on day 80. Nor is dan on
-- day 166.6, silent for 66.6 of 33 1/3 days.
SELECT d.day, l.customer_id, l.orders, l.last_order_at AT TIME ZONE 'Asia/Tokyo' AS last_order,
       l.silent_for, l.expected_gap, l.rhythm, l.silence
  FROM (VALUES (39.9), (40), (59.9), (60), (166.6), (166.7)) d (day)
 CROSS JOIN LATERAL lapsing_customers_at(timestamptz '2024-01-01 12:00+09' + d.day * interval '24 hours') l
 ORDER BY d.day, l.customer_id;

-- The most valuable first: what they spent in their first year, dan's 4000, ben's
-- 1000, ann's 300, cat's 50.
SELECT customer_id, annual_value, lifetime_value FROM lapsing_customers_at('2024-12-01 12:00+09');

-- By the models of the outlook: what each would bring in a year if she certainly were a
-- customer, less what is expected of her. Most at stake first; after them, most valuable first,
-- those of whom the model knows nothing. A model of later, or with a problem, says nothing.
BEGIN;
INSERT INTO outlook_models (as_of, bgnbd, gamma_gamma, penalty, customers, repeat_buyers)
VALUES ('2024-02-01 00:00+09', '{"r": 0.75, "alpha": 40, "a": 0.8, "b": 2.5}', '{"p": 6.25, "q": 3.74, "gamma": 1500}', 0, 0, 0);
SELECT l.customer_id, l.orders, round(l.annual_value) AS annual_value, round(l.probability_alive::numeric, 3) AS alive, round(l.money_at_stake) AS at_stake,
       l.probability_alive IS NOT DISTINCT FROM o.probability_alive
       AND round(l.money_at_stake::numeric, 6) IS NOT DISTINCT FROM round((o.money_365_days / o.probability_alive - o.money_365_days)::numeric, 6) AS as_in_the_outlook
  FROM lapsing_customers_at('2024-12-01 12:00+09') l JOIN customer_outlook_at('2024-12-01 12:00+09') o USING (customer_id)
 ORDER BY l.money_at_stake DESC NULLS LAST, l.annual_value DESC;
SELECT customer_id FROM lapsing_customers_at('2024-12-01 12:00+09');
UPDATE outlook_models SET as_of = '2024-12-02';
SELECT customer_id, probability_alive, money_at_stake FROM lapsing_customers_at('2024-12-01 12:00+09');
UPDATE outlook_models SET as_of = '2024-02-01 00:00+09', bgnbd = '{"penalty": 0.1, "problem": "no_maximum", "customers": 9, "iterations": 0, "repeat_buyers": 9}';
SELECT customer_id, probability_alive, money_at_stake FROM lapsing_customers_at('2024-12-01 12:00+09');
ROLLBACK;

-- The rule is a setting. On day 25 two of four had come back, after 10 and 20 days,
-- so half of them after 20; and of those with a second order, ben had been watched
-- for 5 days only, and ann was back after 10. Ann and ben have been silent for 5 of
-- 10 days, cat and dan for 25 of 20.
BEGIN;
UPDATE settings SET lapsing_after = 0.5;
SELECT customer_id, expected_gap, rhythm, round(silence::numeric, 4) AS silence
  FROM lapsing_customers_at(timestamptz '2024-01-01 12:00+09' + interval '600 hours') ORDER BY customer_id;
ROLLBACK;

-- Six times as long, and cat is no longer leaving but lost; while nobody ever is,
-- she stays.
BEGIN;
UPDATE settings SET lost_after = DEFAULT;
SELECT d.day, l.silence
  FROM (VALUES (149), (149.9), (150)) d (day)
  LEFT JOIN LATERAL lapsing_customers_at(timestamptz '2024-01-01 12:00+09' + d.day * interval '24 hours') l
    ON l.customer_id = 'cat'
 ORDER BY d.day;
ROLLBACK;
SELECT silence FROM lapsing_customers_at(timestamptz '2024-01-01 12:00+09' + interval '2880 hours') WHERE customer_id = 'cat';

-- Eve buys five times within four hours, every hour: but a rhythm is at least a
-- day, and two days later she is late.
INSERT INTO orders (customer_id, order_id, ordered_at, amount)
SELECT 'eve', n, timestamptz '2024-03-31 12:00+09' + n * interval '1 hour', 10 FROM generate_series(0, 4) n;
SELECT orders, silent_for, expected_gap, rhythm, silence
  FROM lapsing_customers_at('2024-04-02 16:00+09') WHERE customer_id = 'eve';
SELECT count(*) FROM lapsing_customers_at('2024-04-02 15:59:59+09') WHERE customer_id = 'eve';
-- Where nobody has gone further the curve of all gaps serves: of four orders two
-- were followed, half of them after 20 days.
BEGIN;
DELETE FROM orders;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('ann', '1', '2024-01-01 00:00+09', 1), ('ann', '2', '2024-01-11 00:00+09', 1),
    ('ben', '1', '2024-01-01 00:00+09', 1), ('ben', '2', '2024-01-21 00:00+09', 1);
SELECT customer_id, orders, silent_for, expected_gap, rhythm, silence
  FROM lapsing_customers_at('2024-03-01 00:00+09') ORDER BY customer_id;
-- While nobody has ordered twice nobody can be said to be late.
DELETE FROM orders WHERE order_id = '2';
SELECT count(*) FROM lapsing_customers_at('2029-03-01 00:00+09');
ROLLBACK;

-- A cancelled order is none from then on: without his second ben is one who
-- bought on day 0, 60 days ago, with the shop's rhythm of 30: two of four have
-- come back, after 10 and 30 days. Before, he was not late.
BEGIN;
DELETE FROM orders WHERE customer_id = 'eve';
UPDATE orders SET cancelled_at = timestamptz '2024-01-01 12:00+09' + interval '1440 hours'
 WHERE (customer_id, order_id) = ('ben', '20');
SELECT d.day, l.orders, l.silent_for, l.expected_gap, l.silence
  FROM (VALUES (59.9), (60)) d (day)
 CROSS JOIN LATERAL lapsing_customers_at(timestamptz '2024-01-01 12:00+09' + d.day * interval '24 hours') l
 WHERE l.customer_id = 'ben'
 ORDER BY d.day;
ROLLBACK;

-- Nobody is leaving before coming.
SELECT count(*) FROM lapsing_customers_at('-infinity');

SELECT x, pg_temp.same_elsewhere(format('SELECT * FROM %I(''2024-05-01 00:00+09'')', x))
  FROM unnest('{customer_value_at,top_customers_share_at,lapsing_customers_at}'::text[]) x;
