-- What is to be expected of each customer, by models that are kept.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set errors :srcdir '/test/errors.sql'
\i :errors

SET search_path = shop;
SET timezone = 'UTC';

-- An empty shop expects nothing, and there is nothing to keep.
SELECT count(*) FROM customer_outlook;
SELECT refresh_outlook('2024-06-01 00:00+09');
SELECT count(*) FROM outlook_models;

-- As of the 30th of April at noon, days after the first order:
--
--      kay     0, 30, 60 of 120     1000, then 3000 and 2000, of which 500 came back
--      may     0, 30 of 120         the one on day 30 is cancelled on day 125
--      one     0 of 120
--      ten     0, 100, 105, 110, 119 of 120
--      two     0, 0 of 120          at the same time: the first is the one whose key is less
INSERT INTO customers (customer_id) VALUES ('kay'), ('may'), ('one'), ('ten'), ('two'), ('prospect');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, cancelled_at)
SELECT c, i::text, timestamptz '2024-01-01 12:00+09' + d * interval '24 hours', a, CASE WHEN c = 'may' AND d = 30 THEN timestamptz '2024-05-05 12:00+09' END
  FROM (VALUES ('kay', '{0,30,60}'::int[], '{1000,3000,2000}'::int[]), ('may', '{0,30}', '{500,700}'), ('one', '{0}', '{900}'),
               ('ten', '{0,100,105,110,119}', '{100,200,300,400,500}'), ('two', '{0,0}', '{700,300}')) v (c, days, amounts),
       unnest(days, amounts) WITH ORDINALITY u (d, a, i);
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES ('kay', 'r', '3', '2024-04-01 12:00+09', 500);
\set as_of '''2024-04-30 12:00+09'''

-- Without a model there is a line for everybody who has bought, and nothing in it.
SELECT customer_id FROM customer_outlook_at(:as_of) o
 WHERE num_nonnulls(model_as_of, probability_alive, probability_alive_low, orders_30_days, orders_365_days_high, money_90_days, money_90_days_low, next_order_by, unusual) = 0
 ORDER BY 1;

-- With one, its numbers are those of the models' own functions for what is said above.
INSERT INTO outlook_models (as_of, bgnbd, gamma_gamma, penalty, customers, repeat_buyers)
VALUES ('2024-04-01 00:00+09', '{"r": 0.75, "alpha": 40, "a": 0.8, "b": 2.5}', '{"p": 6.25, "q": 3.74, "gamma": 1500}', 0, 0, 0);
CREATE TEMP TABLE said (customer_id text, x bigint, t_x float8, t float8, mean float8);
INSERT INTO said VALUES ('kay', 2, 60, 120, 2250), ('may', 1, 30, 120, 700), ('one', 0, 0, 120, NULL), ('ten', 4, 119, 120, 350), ('two', 1, 0, 120, 300);
CREATE VIEW pg_temp.expected AS
SELECT s.*, m.model_as_of, m.b, m.g,
       loyalcs.probability_alive(b, x, t_x, t) AS alive,
       ARRAY(SELECT loyalcs.expected_purchases(b, d, x, t_x, t) FROM unnest('{30,90,365}'::float8[]) d) AS orders,
       ARRAY(SELECT loyalcs.expected_value(b, g, d, x, t_x, t, mean) FROM unnest('{30,90,365}'::float8[]) d) AS money,
       ARRAY(SELECT i FROM unnest('{30,90,365}'::float8[]) d, loyalcs.expected_purchases_interval(b, d, x, t_x, t, 0.95) AS o (low, high), unnest(ARRAY[low, high]) i) AS orders_within,
       ARRAY(SELECT i FROM unnest('{30,90,365}'::float8[]) d, loyalcs.expected_value_interval(b, g, d, x, t_x, t, mean, 0, 0.95) AS o (low, high), unnest(ARRAY[low, high]) i) AS money_within,
       ARRAY(SELECT i FROM loyalcs.probability_alive_interval(b, x, t_x, t, 0.95) AS o (low, high), unnest(ARRAY[low, high]) i) AS alive_within
  FROM said s, (SELECT max(as_of) AS model_as_of, (array_agg(bgnbd ORDER BY as_of DESC))[1]::text::loyalcs.bgnbd AS b,
                       (array_agg(gamma_gamma ORDER BY as_of DESC))[1]::text::loyalcs.gamma_gamma AS g FROM outlook_models) m;
CREATE FUNCTION pg_temp.differing(as_of timestamptz) RETURNS TABLE (customer_id text) LANGUAGE sql AS $$
    SELECT coalesce(e.customer_id, o.customer_id)
      FROM pg_temp.expected e FULL JOIN customer_outlook_at(as_of) o ON o.customer_id = e.customer_id
     WHERE (o.model_as_of, o.probability_alive, ARRAY[o.probability_alive_low, o.probability_alive_high],
            ARRAY[o.orders_30_days, o.orders_90_days, o.orders_365_days], ARRAY[o.money_30_days, o.money_90_days, o.money_365_days],
            ARRAY[o.orders_30_days_low, o.orders_30_days_high, o.orders_90_days_low, o.orders_90_days_high, o.orders_365_days_low, o.orders_365_days_high],
            ARRAY[o.money_30_days_low, o.money_30_days_high, o.money_90_days_low, o.money_90_days_high, o.money_365_days_low, o.money_365_days_high])
           IS DISTINCT FROM
           (e.model_as_of, CASE WHEN e.x > 0 THEN e.alive END, e.alive_within, e.orders, e.money, e.orders_within, e.money_within) $$;
SELECT count(*) FROM pg_temp.differing(:as_of);
SELECT customer_id, round(probability_alive::numeric, 3) AS alive, round(orders_90_days::numeric, 3) AS orders_90, round(money_90_days) AS money_90,
       next_order_by, unusual
  FROM customer_outlook_at(:as_of) ORDER BY 1;
-- (parameters that were not fitted have no interval)
SELECT count(*) FROM customer_outlook_at(:as_of) WHERE num_nonnulls(probability_alive_low, orders_90_days_high, money_365_days_low) > 0;

-- By then it is as likely as not that she has ordered again: of who is still a customer a
-- share of 1 - ((alpha + t) / (alpha + t + days)) ^ (r + x) has, by the distribution of rates.
SELECT o.customer_id, round((e.alive * (1 - power((40 + e.t) / (40 + e.t + EXTRACT(epoch FROM next_order_by - :as_of)::float8 / 86400), 0.75 + e.x)))::numeric, 9) AS share
  FROM customer_outlook_at(:as_of) o JOIN pg_temp.expected e USING (customer_id) WHERE next_order_by IS NOT NULL ORDER BY 1;
SELECT o.customer_id, round((e.alive * (1 - power((40 + e.t) / (40 + e.t + 365), 0.75 + e.x)))::numeric, 3) AS share_in_a_year
  FROM customer_outlook_at(:as_of) o JOIN pg_temp.expected e USING (customer_id) WHERE next_order_by IS NULL ORDER BY 1;

-- Silent: such a silence of one who is still a customer is less likely than settings.significance.
-- Kay's is ((40 + 60) / (40 + 120)) ^ 2.75 = 0.2746 likely, two's ((40 + 0) / (40 + 120)) ^ 1.75 = 0.0884.
CREATE FUNCTION pg_temp.who_is(significance float8) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE settings SET significance = who_is.significance;
    RETURN (SELECT string_agg(unusual || ': ' || customer_id, ', ' ORDER BY unusual, customer_id) FROM customer_outlook_at('2024-04-30 12:00+09') WHERE unusual IS NOT NULL);
END $$;
SELECT s AS significance, pg_temp.who_is(s) FROM unnest('{0.0883,0.0885,0.2745,0.2747}'::float8[]) s;
-- Fast: so many in 90 days, of one who is a customer, are less likely than that. Ten had one
-- order on day 30 and four since: 1 less the chance of 0 to 3, where the rate has the shape
-- 0.75 and has been watched for 40 + 30 days. (Two in 90 days are nothing to speak of.)
SELECT round((1 - power(70 / 160.0, 0.75) * (1 + 0.75 * o + 0.75 * 1.75 / 2 * o ^ 2 + 0.75 * 1.75 * 2.75 / 6 * o ^ 3))::numeric, 12) = round(chance_of_as_many(4, 90, 0.75, 70)::numeric, 12) AS same,
       round(chance_of_as_many(4, 90, 0.75, 70)::numeric, 4) AS chance
  FROM (VALUES (90 / 160.0)) v (o);
SELECT s AS significance, pg_temp.who_is(s) FROM unnest('{0.0658,0.0660}'::float8[]) s;
-- (At least one in any case that is likely; of a thousand and more, as of a thousand.)
SELECT n, round(chance_of_as_many(n, 90, 5000, 60000)::numeric, 6) AS chance FROM unnest('{1,4,8,12,20,1000,1000000}'::bigint[]) n;
SELECT chance_of_as_many(NULL, 90, 1, 1) IS NULL AS nothing;
UPDATE settings SET significance = 0.05;

-- What happened later is not known yet: as of the 8th of May may has bought but once.
UPDATE said SET x = 0, t_x = 0, mean = NULL WHERE customer_id = 'may';
UPDATE said SET t = t + 8;
SELECT count(*) FROM pg_temp.differing('2024-05-08 12:00+09');

-- One customer is what she is among all; whoever has not bought has no line.
SELECT count(*) AS customers, count(*) FILTER (WHERE o IS NOT DISTINCT FROM a) AS same
  FROM customer_outlook_at(:as_of) a LEFT JOIN LATERAL (SELECT o.* FROM customer_outlook_at(:as_of) o WHERE o.customer_id = a.customer_id) o ON true;
SELECT count(*) FROM customer_outlook_at(:as_of) WHERE customer_id IN ('prospect', 'nobody');
SELECT count(*) FROM customer_outlook_at('2023-12-31 12:00+09');
SELECT count(*), count(model_as_of) FROM customer_outlook_at('2024-03-31 23:59+09');
SELECT a AS as_of, (SELECT count(*) FROM customer_outlook_at(a) o WHERE o::text <> '') FROM unnest('{-infinity,0001-01-01 00:00+00 BC,infinity}'::timestamptz[]) a;

--
-- Models that are fitted
--

-- Three hundred customers, most of whom have come back; gaps and amounts are scattered.
DELETE FROM outlook_models;
CREATE FUNCTION pg_temp.scattered(i bigint) RETURNS float8 LANGUAGE sql AS 'SELECT ((hashint8extended(i, 7) & 65535) + 0.5) / 65536.0';
INSERT INTO customers (customer_id) SELECT 'g' || i FROM generate_series(1, 300) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount)
SELECT customer_id, 'o' || k, at, round((1000 + 9000 * pg_temp.scattered(1000000 + i) * pg_temp.scattered(2000000 + i * 100 + k))::numeric)
  FROM (SELECT i, 'g' || i AS customer_id, k,
               timestamptz '2023-01-01 12:00+09' + i % 200 * interval '24 hours'
               + sum(CASE k WHEN 1 THEN 0 ELSE round(-ln(pg_temp.scattered(i * 100 + k)) * (20 + 200 * pg_temp.scattered(3000000 + i))) END)
                 OVER (PARTITION BY i ORDER BY k) * interval '24 hours' AS at,
               max(CASE WHEN k > 1 AND pg_temp.scattered(4000000 + i * 100 + k) < 0.1 THEN 1 ELSE 0 END) OVER (PARTITION BY i ORDER BY k) AS gone
          FROM generate_series(1, 300) i, generate_series(1, 40) k) o
 WHERE at < '2024-12-01' AND (gone = 0 OR k = 1);
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund)
SELECT customer_id, 'r', order_id, ordered_at + interval '3 days', amount FROM orders WHERE customer_id LIKE 'g%7' AND order_id = CASE WHEN customer_id LIKE '%17' THEN 'o1' ELSE 'o2' END;
SELECT refresh_outlook('2024-05-01 00:00+09'), refresh_outlook('2024-08-01 00:00+09');

-- The same of plain SQL over the orders.
CREATE TEMP TABLE plain AS
SELECT m.as_of, customer_id, count(*) - 1 AS x, EXTRACT(epoch FROM max(ordered_at) - min(ordered_at))::float8 / 86400 AS t_x,
       EXTRACT(epoch FROM m.as_of - min(ordered_at))::float8 / 86400 AS t, avg(amount) FILTER (WHERE n > 1)::float8 AS mean
  FROM outlook_models m,
       LATERAL (SELECT o.customer_id, o.ordered_at,
                       o.amount - coalesce((SELECT sum(refund) FROM returns r WHERE (r.customer_id, r.order_id) = (o.customer_id, o.order_id) AND r.returned_at <= m.as_of), 0) AS amount,
                       row_number() OVER (PARTITION BY o.customer_id ORDER BY o.ordered_at, o.order_id) AS n
                  FROM orders o WHERE o.ordered_at <= m.as_of AND (o.cancelled_at IS NULL OR o.cancelled_at > m.as_of)) o
 GROUP BY 1, 2;
SELECT m.as_of, m.customers = count(*) AS customers, m.repeat_buyers = count(*) FILTER (WHERE p.x > 0) AS repeat_buyers, m.penalty, m.problem,
       m.bgnbd::text::loyalcs.bgnbd OPERATOR(loyalcs.=) loyalcs.bgnbd_fit(p.x, p.t_x, p.t, 0.1) AS bgnbd,
       m.gamma_gamma::text::loyalcs.gamma_gamma OPERATOR(loyalcs.=) loyalcs.gamma_gamma_fit(p.x, p.mean, 0.1) AS gamma_gamma
  FROM outlook_models m JOIN plain p USING (as_of) GROUP BY m.as_of ORDER BY m.as_of;
TRUNCATE said;
INSERT INTO said SELECT customer_id, x, t_x, t, mean FROM plain WHERE as_of = '2024-08-01 00:00+09';
SELECT count(*) FROM pg_temp.differing('2024-08-01 00:00+09');
SELECT count(*) AS customers, count(probability_alive) AS known, count(probability_alive_low) AS with_interval,
       count(*) FILTER (WHERE orders_30_days BETWEEN orders_30_days_low AND orders_30_days_high AND orders_365_days BETWEEN orders_365_days_low AND orders_365_days_high
                          AND money_90_days BETWEEN money_90_days_low AND money_90_days_high
                          AND orders_30_days <= orders_90_days AND orders_90_days <= orders_365_days) AS in_order,
       count(next_order_by) > 50 AS next_orders, count(*) FILTER (WHERE unusual = 'silent') > 5 AS silent
  FROM customer_outlook_at('2024-08-01 00:00+09');
-- What was expected of all is what is expected of each.
SELECT m.as_of, m.expected_orders = sum(o.orders_90_days::numeric)::float8 AS orders, m.expected_money = sum(o.money_90_days::numeric)::float8 AS money
  FROM outlook_models m, LATERAL customer_outlook_at(m.as_of) o GROUP BY m.as_of ORDER BY 1;

-- The forecast of a day is that of its model, whatever is fitted later; from histories that
-- are kept come the same models; and fitted again it is of what is known now.
CREATE TEMP TABLE first_forecast AS SELECT * FROM customer_outlook_at('2024-06-01 00:00+09');
SELECT DISTINCT model_as_of FROM first_forecast;
CREATE TEMP TABLE first_models AS SELECT * FROM outlook_models;
SELECT refresh_outlook('2024-09-01 00:00+09');
SELECT count(*) FROM (SELECT * FROM customer_outlook_at('2024-06-01 00:00+09') EXCEPT SELECT * FROM first_forecast) d;
SELECT refresh_kept_figures('2024-09-01 00:00+09') > 0 AS kept, refresh_outlook('2024-05-01 00:00+09'), refresh_outlook('2024-08-01 00:00+09');
SELECT count(*) AS models, count(f) AS as_before FROM outlook_models m LEFT JOIN first_models f ON f = m;
BEGIN;
UPDATE orders SET cancelled_at = ordered_at WHERE customer_id LIKE 'g1%';
SELECT count(*) FROM customer_outlook_at('2024-05-01 00:00+09') WHERE customer_id LIKE 'g1%';
SELECT refresh_outlook('2024-05-01 00:00+09');
SELECT m.as_of, m.customers - f.customers AS customers, m.bgnbd <> f.bgnbd AS other FROM outlook_models m JOIN first_models f USING (as_of) ORDER BY 1;
ROLLBACK;

-- Another penalty.
BEGIN;
UPDATE settings SET outlook_penalty = 2;
SELECT refresh_outlook('2024-08-01 00:00+09');
SELECT m.penalty, m.bgnbd::text::loyalcs.bgnbd OPERATOR(loyalcs.=) (SELECT loyalcs.bgnbd_fit(x, t_x, t, 2) FROM said) AS by_it FROM outlook_models m WHERE as_of = '2024-08-01 00:00+09';
ROLLBACK;
SELECT pg_temp.outcome(format('UPDATE settings SET outlook_penalty = %L', p)) FROM unnest('{-0.1,NaN,Infinity,0,1000000}'::float8[]) p;

--
-- What was expected, and what came
--

-- The first forecast of a month counts, and what is over. What came is what the customers of then
-- ordered in the 90 days after it, as it counts as of the day that is asked about.
SELECT refresh_outlook('2024-08-20 00:00+09'), refresh_outlook('2024-11-01 00:00+09');
INSERT INTO customers (customer_id) VALUES ('later');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('later', 'o1', '2024-08-02 00:00+09', 5000);
UPDATE orders SET cancelled_at = '2024-12-10 00:00+09' WHERE ordered_at BETWEEN '2024-06-10' AND '2024-06-12';
CREATE VIEW pg_temp.came AS
SELECT d.as_of, m.as_of AS forecast_at, o.customer_id, count(l.at) AS orders, coalesce(sum(l.amount), 0) AS money
  FROM (VALUES (timestamptz '2024-10-15 00:00+09'), ('2024-12-15 00:00+09')) d (as_of),
       outlook_models m,
       LATERAL (SELECT DISTINCT customer_id FROM orders WHERE ordered_at <= m.as_of AND (cancelled_at IS NULL OR cancelled_at > m.as_of)) o
  LEFT JOIN LATERAL (SELECT l.ordered_at AS at, l.amount - coalesce((SELECT sum(refund) FROM returns r WHERE (r.customer_id, r.order_id) = (l.customer_id, l.order_id) AND r.returned_at <= d.as_of), 0) AS amount
                       FROM orders l
                      WHERE l.customer_id = o.customer_id AND l.ordered_at > m.as_of AND l.ordered_at <= m.as_of + 90 * interval '24 hours'
                        AND (l.cancelled_at IS NULL OR l.cancelled_at > d.as_of)) l ON true
 GROUP BY 1, 2, 3;
SELECT d.as_of, a.month, a.forecast_at, a.complete, a.customers, round(a.expected_orders::numeric, 1) AS expected_orders, a.actual_orders,
       round(a.expected_money) AS expected_money, a.actual_money
  FROM (VALUES (timestamptz '2024-10-15 00:00+09'), ('2024-12-15 00:00+09')) d (as_of), LATERAL outlook_accuracy_at(d.as_of) a ORDER BY 1, 2;
SELECT count(*) AS forecasts, count(*) FILTER (WHERE (a.actual_orders, a.actual_money) = (c.orders, c.money)) AS same
  FROM (SELECT as_of, forecast_at, sum(orders) AS orders, sum(money) AS money FROM pg_temp.came GROUP BY 1, 2) c
  JOIN LATERAL outlook_accuracy_at(c.as_of) a ON a.forecast_at = c.forecast_at AND a.complete;
SELECT count(*) FROM outlook_accuracy_at('2024-04-30 23:59+09');

-- Tenths of the customers by what was expected of each; equals stay together.
SELECT forecast_at, decile, customers, round(expected_orders::numeric, 1) AS expected_orders, actual_orders, round(expected_money) AS expected_money, actual_money
  FROM outlook_calibration_at('2024-12-15 00:00+09');
WITH ranked AS (
    SELECT d.as_of, f.forecast_at, o.customer_id, o.orders_90_days, o.money_90_days,
           floor(10 * ((SELECT count(*) FROM customer_outlook_at(f.forecast_at) b WHERE b.orders_90_days < o.orders_90_days)::numeric
                       / (SELECT count(*) FROM customer_outlook_at(f.forecast_at)))) + 1 AS decile
      FROM (VALUES (timestamptz '2024-10-15 00:00+09'), ('2024-12-15 00:00+09')) d (as_of),
           LATERAL (SELECT max(m.as_of) AS forecast_at FROM outlook_models m WHERE m.as_of + 90 * interval '24 hours' <= d.as_of) f,
           LATERAL (SELECT * FROM customer_outlook_at(f.forecast_at)) o
), plain AS (
    SELECT r.as_of, r.forecast_at, r.decile, count(*) AS customers, sum(r.orders_90_days::numeric)::float8 AS expected, sum(c.orders) AS orders,
           sum(r.money_90_days::numeric)::float8 AS expected_money, sum(c.money) AS money
      FROM ranked r JOIN pg_temp.came c ON (c.as_of, c.forecast_at, c.customer_id) = (r.as_of, r.forecast_at, r.customer_id)
     GROUP BY 1, 2, 3
)
SELECT p.as_of, count(*) AS tenths, count(*) FILTER (WHERE (k.customers, k.expected_orders, k.actual_orders, k.expected_money, k.actual_money)
                                                        = (p.customers, p.expected, p.orders, p.expected_money, p.money)) AS same
  FROM plain p JOIN LATERAL outlook_calibration_at(p.as_of) k ON k.forecast_at = p.forecast_at AND k.decile = p.decile GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM outlook_calibration_at('2024-07-29 23:59+09');
SELECT min(forecast_at) FROM outlook_calibration_at('2024-07-30 00:00+09');
-- A model that could not be fitted has expected nothing.
BEGIN;
UPDATE outlook_models SET expected_orders = NULL, expected_money = NULL, problem = 'no_maximum' WHERE as_of < '2024-08-10';
SELECT month, forecast_at FROM outlook_accuracy_at('2024-12-15 00:00+09');
SELECT DISTINCT forecast_at FROM outlook_calibration_at('2024-12-15 00:00+09');
ROLLBACK;

-- Now is the default, and a run is noted.
BEGIN;
DELETE FROM job_runs;
SELECT refresh_outlook() > 300 AS customers;
SELECT count(*) FROM outlook_models WHERE as_of = now();
SELECT count(*) > 300 AS customers FROM customer_outlook WHERE model_as_of = now();
SELECT count(*) FROM job_runs WHERE job = 'refresh_outlook' AND started_at = now();
ROLLBACK;

-- With fewer than thirty who have come back there is no model: nothing is expected, and why is kept.
BEGIN;
DELETE FROM returns;
DELETE FROM orders WHERE customer_id LIKE 'g%' AND customer_id !~ '^g1[0-9]$';
SELECT refresh_outlook('2024-10-01 00:00+09');
SELECT customers, repeat_buyers, problem, expected_orders, expected_money, bgnbd, gamma_gamma FROM outlook_models WHERE as_of = '2024-10-01 00:00+09';
SELECT count(*) AS customers, count(*) FILTER (WHERE model_as_of = '2024-10-01 00:00+09') AS by_it,
       count(*) FILTER (WHERE num_nonnulls(probability_alive, probability_alive_low, orders_30_days, orders_30_days_low, money_30_days, money_365_days_high, next_order_by, unusual) > 0) AS said_something
  FROM customer_outlook_at('2024-10-01 00:00+09');
ROLLBACK;
-- Of orders, but not of money: what follows the first order has come to nothing.
BEGIN;
UPDATE returns SET refund = 0;
UPDATE orders SET amount = 0 WHERE order_id <> 'o1';
SELECT refresh_outlook('2024-08-01 00:00+09');
SELECT problem, expected_orders > 0 AS orders, expected_money FROM outlook_models WHERE as_of = '2024-08-01 00:00+09';
SELECT count(orders_90_days) > 300 AS orders, count(money_90_days) AS money FROM customer_outlook_at('2024-08-01 00:00+09');
ROLLBACK;

-- What cannot be.
SELECT pg_temp.error_of(format('SELECT refresh_outlook(%L)', a)) FROM unnest('{NULL,infinity,-infinity}'::timestamptz[]) a;
SELECT pg_temp.outcome(format('UPDATE outlook_models SET %s', s))
  FROM unnest(ARRAY['as_of = ''infinity''', 'problem = ''unknown''', 'problem = ''no_maximum''']) s;
