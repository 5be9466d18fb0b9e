-- Do customers come back? How soon, how often, for how much more?
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

-- Compiling takes longer than running, on so little.
SET jit = off;

SET search_path = shop;

CREATE FUNCTION pg_temp.r(value double precision) RETURNS numeric LANGUAGE sql
RETURN round(value::numeric, 4);

-- An empty shop.
SELECT * FROM repeat_rate_at('2024-06-01 00:00+09');
SELECT * FROM order_ladder_at('2024-06-01 00:00+09');
SELECT * FROM second_order_curve_at('2024-06-01 00:00+09');
SELECT * FROM retention_cohorts_at('2024-06-01 00:00+09');
SELECT * FROM customer_retention_at('2024-06-01 00:00+09');
SELECT * FROM revenue_mix_at('2024-06-01 00:00+09');

-- Ann buys in January, February and April; ben in January and April; cat once
-- in January, at 23:30 UTC of the 31st of December; dan twice in February; eve
-- at 23:30 UTC of the last of February, Tokyo's March. Fay's only order is
-- cancelled on the 1st of March, and half of ann's first comes back on that day.
-- Gil is a prospect.
INSERT INTO customers (customer_id, region) VALUES
    ('ann', 'east'), ('ben', 'west'), ('cat', 'east'), ('dan', 'west'), ('eve', NULL),
    ('fay', 'east'), ('gil', 'east');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, cancelled_at) VALUES
    ('ann', '1', '2024-01-10 12:00+09', 1000, NULL),
    ('ann', '2', '2024-02-09 12:00+09', 1200, NULL),
    ('ann', '3', '2024-04-09 12:00+09', 1500, NULL),
    ('ben', '1', '2024-01-20 12:00+09', 400, NULL),
    ('ben', '2', '2024-04-19 12:00+09', 800, NULL),
    ('cat', '1', '2023-12-31 23:30+00', 300, NULL),
    ('dan', '1', '2024-02-10 12:00+09', 100, NULL),
    ('dan', '2', '2024-02-11 12:00+09', 200, NULL),
    ('eve', '1', '2024-02-29 23:30+00', 600, NULL),
    ('fay', '1', '2024-02-20 12:00+09', 5000, '2024-03-01 00:00+09');
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES
    ('ann', '1', '1', '2024-03-01 00:00+09', 500);

--
-- Repeat rate
--

-- January: ann, ben and cat, all new. February: ann again, and dan, who is both
-- new and a repeat buyer (by the 29th fay too, new). March: eve. April: ann, ben.
SELECT month, buyers, repeat_buyers, repeat_rate, new_buyers FROM repeat_rate_at('2024-05-01 00:00+09');
SELECT month, buyers, repeat_buyers, round(repeat_rate::numeric, 4) AS repeat_rate, new_buyers
  FROM repeat_rate_at('2024-02-29 12:00+09');

-- How well the rate is known, and what changed: nobody of 3, then 2 of 2, 0 of 1, 2 of 2. With a hit and a miss more,
-- 1 of 5 and 3 of 4, of which the means' variances are 0.04 and 0.0625. Nothing is significant of so few.
SELECT month, pg_temp.r(repeat_rate_low) AS low, pg_temp.r(repeat_rate_high) AS high, compared_period, repeat_rate_change AS change, pg_temp.r(repeat_rate_change_low) AS change_low,
       pg_temp.r(repeat_rate_change_high) AS change_high, pg_temp.r(p_value) AS p_value, too_few, significant, comparisons
  FROM repeat_rate_at('2024-05-01 00:00+09');
BEGIN;
UPDATE settings SET minimum_answers = 1;
SELECT month, too_few, significant, comparisons FROM repeat_rate_at('2024-05-01 00:00+09');
-- Of regions, two are compared in February and in April, east and west; eve's is of one month.
SELECT part, month, compared_period, buyers, repeat_buyers, repeat_rate_change AS change, significant, comparisons FROM repeat_rate_by('region', '2024-05-01 00:00+09');
-- To somebody for whom one in five is enough, February's is a change.
UPDATE settings SET significance = 0.2;
SELECT r.month, r.p_value < 0.2 AS less, r.significant, (r.repeat_rate_low, r.repeat_rate_high) = (i.low, i.high) AS as_wilson
  FROM repeat_rate_at('2024-05-01 00:00+09') r CROSS JOIN LATERAL loyalcs.share_interval(r.repeat_buyers, r.buyers, 0.8) i;
ROLLBACK;

-- Of the three who were new in January, ann came back after 30 days to the
-- minute, ben after 90, cat never; of the one in February, dan after a day. But
-- a share is there only once the whole month has been over for that long:
-- January for 30 days with the 2nd of March, for 60 with the 1st of April, for
-- 90 with the 1st of May, for 180 with the 30th of July and for 365 with the 31st
-- of January.
SELECT a.as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, r.month,
       round(r.second_within_30_days::numeric, 3) AS d30, round(r.second_within_60_days::numeric, 3) AS d60,
       round(r.second_within_90_days::numeric, 3) AS d90, round(r.second_within_180_days::numeric, 3) AS d180,
       round(r.second_within_365_days::numeric, 3) AS d365
  FROM (VALUES (timestamptz '2024-02-09 12:00+09'),
               ('2024-03-01 23:59:59.999999+09'), ('2024-03-02 00:00+09'),
               ('2024-03-31 23:59:59.999999+09'), ('2024-04-01 00:00+09'),
               ('2024-04-30 23:59:59.999999+09'), ('2024-05-01 00:00+09'),
               ('2024-07-29 23:59:59.999999+09'), ('2024-07-30 00:00+09'),
               ('2025-01-30 23:59:59.999999+09'), ('2025-01-31 00:00+09'),
               ('infinity')) a (as_of)
 CROSS JOIN LATERAL repeat_rate_at(a.as_of) r
 WHERE r.month = '2024-01-01'
 ORDER BY a.as_of;
SELECT month, second_within_30_days AS d30, second_within_60_days AS d60, second_within_90_days AS d90,
       second_within_180_days AS d180, second_within_365_days AS d365
  FROM repeat_rate_at('2025-12-01 00:00+09') WHERE month > '2024-01-01';
-- The thirtieth day ends with its last microsecond.
BEGIN;
UPDATE orders SET ordered_at = ordered_at + interval '1 microsecond' WHERE (customer_id, order_id) = ('ann', '2');
SELECT month, second_within_30_days AS d30, round(second_within_60_days::numeric, 3) AS d60
  FROM repeat_rate_at('2024-05-01 00:00+09') WHERE month = '2024-01-01';
ROLLBACK;

--
-- The ladder of orders
--

-- By May five have bought, three of them twice, one three times. First orders:
-- ann 500 (what is left), ben 400, cat 300, dan 100, eve 600, 380 in the mean.
-- Second ones: ann 1200, ben 800, dan 200, before that 500, 400, 100; after 30
-- days, 90 and 1. Ann's third is of 1500 after 1200, 60 days later. Two still wait
-- for a second: the curve falls by a fifth after a day and another after 30 (four
-- of five, three of four), then one has been watched for no longer, and half of the
-- rest come after 90: 0.7, and that is the first time at which half have come.
SELECT order_number, customers, reached_share, round(step_share::numeric, 4) AS step_share,
       round(average_order, 4) AS average_order, round(average_previous, 4) AS average_previous, median_wait
  FROM order_ladder_at('2024-05-01 00:00+09');
SELECT part, order_number, customers, reached_share, step_share, average_order, average_previous, median_wait
  FROM order_ladder_by('region', '2024-05-01 00:00+09');
SELECT count(*), max(order_number) FROM order_ladder_at('infinity');
SELECT count(*) FROM order_ladder_at('-infinity');

--
-- The curve of second orders
--

-- The ladder's steps, in between: by May a fifth has ordered again within a week, and
-- two fifths within thirty days; eve has been watched for sixty days and a half. After
-- 90 days half of those two come who are watched so long, ben and cat. Dan waits for a third order for 80 days, and ann comes after 60.
-- Everybody's first order is of the first quarter.
SELECT cohort_quarter, order_number, days, customers, at_risk, ordered_again AS again, round(ordered_again_share::numeric, 4) AS share,
       round(ordered_again_share_low::numeric, 4) AS low, round(ordered_again_share_high::numeric, 4) AS high
  FROM second_order_curve_at('2024-05-01 00:00+09') WHERE cohort_quarter IS NULL;
SELECT count(*) AS differing
  FROM (SELECT * FROM second_order_curve_at('2024-05-01 00:00+09') WHERE cohort_quarter IS NULL) a
  FULL JOIN (SELECT * FROM second_order_curve_at('2024-05-01 00:00+09') WHERE cohort_quarter = '2024-01-01') q
    ON (q.order_number, q.days, q.customers, q.at_risk, q.ordered_again, q.ordered_again_share, q.ordered_again_share_low, q.ordered_again_share_high)
     = (a.order_number, a.days, a.customers, a.at_risk, a.ordered_again, a.ordered_again_share, a.ordered_again_share_low, a.ordered_again_share_high)
 WHERE q.order_number IS NULL OR a.order_number IS NULL;
-- One customer, after a week: cat, who in UTC would be of the last quarter of the year before.
SELECT part, cohort_quarter, order_number, days, customers, at_risk, ordered_again AS again, ordered_again_share AS share,
       round(ordered_again_share_low::numeric, 4) AS low, round(ordered_again_share_high::numeric, 4) AS high
  FROM second_order_curve_by('region', '2024-01-08 08:30+09');
-- In plain SQL, for each part of a breakdown and each quarter, once all have been
-- watched for two years: the quotients of counts.
WITH life AS (
    SELECT coalesce(c.region, 'unknown') AS part, o.customer_id, o.ordered_at, row_number() OVER w AS number, lead(o.ordered_at) OVER w AS next,
           date_trunc('quarter', first_value(o.ordered_at) OVER w AT TIME ZONE 'Asia/Tokyo')::date AS quarter
      FROM orders o JOIN customers c USING (customer_id) WHERE o.cancelled_at IS NULL
    WINDOW w AS (PARTITION BY o.customer_id ORDER BY o.ordered_at, o.order_id)
), plain AS (
    SELECT part, quarter, number + 1 AS number, d, count(*) AS customers, count(*) FILTER (WHERE next <= ordered_at + d * interval '24 hours') AS again
      FROM life, unnest('{7,14,30,60,90,120,180,365,730}'::int[]) d
     GROUP BY GROUPING SETS ((part, number, d), (part, number, d, quarter))
)
SELECT count(*), count(*) FILTER (WHERE s.ordered_again IS DISTINCT FROM p.again OR s.customers IS DISTINCT FROM p.customers
                                     OR s.ordered_again_share IS DISTINCT FROM p.again::float8 / p.customers) AS differing
  FROM second_order_curve_by('region', '2026-12-01 00:00+09') s
  FULL JOIN plain p ON p.part = s.part AND p.number = s.order_number AND p.d = s.days AND p.quarter IS NOT DISTINCT FROM s.cohort_quarter;
SELECT max(order_number), sum(customers) FROM second_order_curve_at('infinity') WHERE days = 730;
SELECT count(*) FROM second_order_curve_at('-infinity');

--
-- Cohorts
--

-- January's three: one of them in February, none in March, two in April.
SELECT cohort, cohort_size, months_later, active_customers, round(active_share::numeric, 4) AS active_share, revenue, complete
  FROM retention_cohorts_at('2024-05-01 00:00+09');
-- A microsecond earlier it is still April. On the 29th of February fay counts,
-- and ann has her first order whole.
SELECT cohort, max(months_later) FROM retention_cohorts_at('2024-04-30 23:59:59.999999+09') GROUP BY cohort ORDER BY cohort;
SELECT cohort, cohort_size, months_later, active_customers, revenue FROM retention_cohorts_at('2024-02-29 12:00+09');
-- Over the turn of a year, and to the end of time: from January 2024 to December
-- 9999 it is 12 * 7976 months, less one.
SELECT max(months_later), sum(active_customers), sum(revenue)
  FROM retention_cohorts_at('2025-02-01 00:00+09') WHERE cohort = '2024-01-01';
SELECT max(months_later), sum(active_customers), sum(revenue) FROM retention_cohorts_at('infinity');
SELECT count(*) FROM retention_cohorts_at('-infinity');
-- Each part has cohorts of its own.
SELECT part, cohort, cohort_size, months_later, active_customers, revenue
  FROM retention_cohorts_by('region', '2024-04-30 00:00+09');

-- In plain SQL: each customer's months.
WITH months AS (
    SELECT customer_id, date_trunc('month', ordered_at AT TIME ZONE 'Asia/Tokyo') AS month
      FROM orders WHERE cancelled_at IS NULL
), lives AS (
    SELECT DISTINCT customer_id, month, min(month) OVER (PARTITION BY customer_id) AS cohort FROM months
)
SELECT count(*) AS differing
  FROM (SELECT cohort::date, month::date, count(*) AS active FROM lives GROUP BY 1, 2) plain
  FULL JOIN (SELECT cohort, (cohort + months_later * interval '1 month')::date AS month, active_customers
               FROM retention_cohorts_at('2024-05-01 00:00+09') WHERE active_customers > 0) ours
    ON (ours.cohort, ours.month) = (plain.cohort, plain.month)
 WHERE ours.active_customers IS DISTINCT FROM plain.active;

--
-- Retention
--

-- January: ann, ben, cat are new. February: ann of those three, dan new. March:
-- eve, new; neither ann nor dan. April: ann and ben come back, not from March:
-- CRR (2 - 0) / 1 is 2, and nobody was retained. Quarters: ann, ben, cat, dan
-- and eve; then ann and ben of them, 2 of 5. May has only begun, and nobody has
-- bought in it.
SELECT period, period_start, starting, ending, acquired, retained, reactivated,
       round(crr::numeric, 4) AS crr, round(strict_retention::numeric, 4) AS strict, complete
  FROM customer_retention_at('2024-05-01 00:00+09');
-- What changed of it: in March 0 of 2 after 1 of 3, in April 0 of 1 after that. Of February there is nothing before.
SELECT period, period_start, pg_temp.r(strict_retention_low) AS low, pg_temp.r(strict_retention_high) AS high, compared_period, pg_temp.r(strict_retention_change) AS change,
       pg_temp.r(strict_retention_change_low) AS change_low, pg_temp.r(strict_retention_change_high) AS change_high, pg_temp.r(p_value) AS p_value, too_few, significant, comparisons
  FROM customer_retention_at('2024-05-01 00:00+09');
-- A month without a rate is no month before: by August, what April's customers did is compared with March.
WITH r AS MATERIALIZED (SELECT * FROM customer_retention_by('region', '2024-08-15 00:00+09'))
SELECT count(*) AS periods, count(r.compared_period) AS compared,
       count(*) FILTER (WHERE r.compared_period IS DISTINCT FROM b.period_start OR r.strict_retention_change IS DISTINCT FROM c.change
                           OR r.strict_retention_change_low IS DISTINCT FROM c.change_low OR r.p_value IS DISTINCT FROM c.p_value) AS differing
  FROM r
  LEFT JOIN LATERAL (SELECT * FROM r b
                      WHERE (b.part, b.period) = (r.part, r.period) AND b.period_start < r.period_start AND b.starting > 0 AND r.starting > 0
                      ORDER BY b.period_start DESC LIMIT 1) b ON true
 CROSS JOIN LATERAL share_change(b.retained, b.starting, r.retained, r.starting) c;
-- May is over when June begins in Tokyo, as is the quarter when July does.
SELECT a.as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, r.period, r.period_start, r.complete
  FROM (VALUES (timestamptz '2024-06-30 14:59:59.999999+00'), ('2024-06-30 15:00+00')) a (as_of)
 CROSS JOIN LATERAL customer_retention_at(a.as_of) r
 WHERE r.period_start >= '2024-04-01' AND (r.period = 'quarter' OR r.period_start >= '2024-06-01')
 ORDER BY a.as_of, r.period, r.period_start;
SELECT part, period_start, starting, ending, acquired, retained, reactivated, crr, strict_retention AS strict
  FROM customer_retention_by('region', '2024-04-30 00:00+09') WHERE period = 'month';
SELECT count(*) FROM customer_retention_at('-infinity');
SELECT period, count(*), max(period_start), sum(ending) AS ending FROM customer_retention_at('infinity')
 GROUP BY period ORDER BY period;

-- In plain SQL: who bought in which month.
WITH bought AS (
    SELECT DISTINCT customer_id, date_trunc('month', ordered_at AT TIME ZONE 'Asia/Tokyo') AS month
      FROM orders WHERE cancelled_at IS NULL
)
SELECT count(*), count(*) FILTER (WHERE
           r.starting = (SELECT count(*) FROM bought b WHERE b.month = r.period_start - interval '1 month')
           AND r.ending = (SELECT count(*) FROM bought b WHERE b.month = r.period_start)
           AND r.acquired = (SELECT count(*) FROM bought b WHERE b.month = r.period_start
               AND NOT EXISTS (SELECT FROM bought e WHERE e.customer_id = b.customer_id AND e.month < b.month))
           AND r.retained = (SELECT count(*) FROM bought b WHERE b.month = r.period_start
               AND EXISTS (SELECT FROM bought e WHERE e.customer_id = b.customer_id
                              AND e.month = b.month - interval '1 month'))
           AND r.reactivated = r.ending - r.acquired - r.retained) AS same
  FROM customer_retention_at('2024-07-15 00:00+09') r
 WHERE period = 'month';

--
-- Revenue of first and of repeated orders
--

-- January: 1000 of ann's, less 500 by March, 400, 300. February: 100 of dan's
-- first; 1200 of ann's and 200 of dan's second. April: 1500 and 800.
SELECT month, orders, revenue, new_revenue, repeat_revenue, round(repeat_share::numeric, 4) AS repeat_share
  FROM revenue_mix_at('2024-05-01 00:00+09');
SELECT month, orders, revenue, new_revenue, repeat_revenue FROM revenue_mix_at('2024-02-29 23:59:59+09');
SELECT part, month, orders, revenue, new_revenue, repeat_revenue FROM revenue_mix_by('region', '2024-05-01 00:00+09');
SELECT sum(orders) AS orders, sum(revenue) AS revenue FROM revenue_mix_at('infinity');
SELECT sum(amount - refunded) AS revenue FROM orders WHERE cancelled_at IS NULL;
-- A month of nothing but gifts has no share.
BEGIN;
UPDATE orders SET amount = 0 WHERE customer_id = 'eve';
SELECT month, orders, revenue, new_revenue, repeat_revenue, repeat_share
  FROM revenue_mix_at('2024-05-01 00:00+09') WHERE month = '2024-03-01';
ROLLBACK;

-- All breakdowns add up to the whole.
SELECT b, (SELECT sum(new_buyers) FROM repeat_rate_by(b, '2024-05-01 00:00+09')) AS new_buyers,
       (SELECT sum(customers) FROM order_ladder_by(b, '2024-05-01 00:00+09')) AS ladder,
       (SELECT sum(revenue) FROM retention_cohorts_by(b, '2024-05-01 00:00+09')) AS cohorts,
       (SELECT sum(acquired) FROM customer_retention_by(b, '2024-05-01 00:00+09')) AS acquired,
       (SELECT sum(revenue) FROM revenue_mix_by(b, '2024-05-01 00:00+09')) AS mix
  FROM unnest('{everyone,age_band,gender,region,sales_channel,first_category,rfm_segment}'::text[]) b
 ORDER BY b;

SELECT x, pg_temp.same_elsewhere(format('SELECT * FROM %I(''2024-05-01 00:00+09'')', x))
  FROM unnest('{repeat_rate_at,order_ladder_at,second_order_curve_at,retention_cohorts_at,customer_retention_at,revenue_mix_at}'::text[]) x;

--
-- A zone with daylight saving
--

-- In New York clocks go forward on the 10th of March 2024 and back on the 3rd of
-- November. April begins at 04:00 UTC, December at 05:00. From noon of the 1st of
-- March to noon of the 31st are 30 calendar days but an hour less.
DELETE FROM returns;
DELETE FROM orders;
UPDATE settings SET time_zone = 'America/New_York';
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('ann', '1', '2024-03-01 12:00 America/New_York', 1),
    ('ann', '2', '2024-03-31 13:00 America/New_York', 2),
    ('ben', '1', '2024-03-01 12:00 America/New_York', 4),
    ('ben', '2', timestamptz '2024-03-31 13:00 America/New_York' + interval '1 microsecond', 8),
    ('cat', '1', '2024-04-01 03:59:59+00', 16),
    ('dan', '1', '2024-04-01 04:00:00+00', 32),
    ('eve', '1', '2024-12-01 04:59:59+00', 64),
    ('fay', '1', '2024-12-01 05:00:00+00', 128);
SELECT month, revenue FROM revenue_mix_at('2025-01-01 00:00+00');
SELECT month, new_buyers, round(second_within_30_days::numeric, 4) AS d30
  FROM repeat_rate_at('2025-01-01 00:00+00') WHERE month = '2024-03-01';
SELECT a.as_of AT TIME ZONE 'America/New_York' AS as_of, r.period_start, r.complete
  FROM (VALUES (timestamptz '2024-04-01 03:59:59+00'), ('2024-04-01 04:00+00')) a (as_of)
 CROSS JOIN LATERAL customer_retention_at(a.as_of) r
 WHERE r.period = 'month'
 ORDER BY a.as_of, r.period_start;
