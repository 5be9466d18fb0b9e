-- Who bought in which month, quarter and year, by the one in which they began. What is
-- compared with is worked out by hand, or by plain SQL.
SET search_path = loyalcs, public;

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/errors.sql'
\i :shared

-- By hand: the first order is of January in Tokyo, the second half came back, the third was cancelled.
SELECT unit, cohort, period, customers, retained, repeat_customers, orders, revenue, first_orders, first_revenue, second_within_30_days AS in_30
  FROM cohorts((SELECT cohorts_agg('{1,2,2,3,3}', '{2026-01-31 23:30+09,2026-02-10 00:00+09,2026-02-20 00:00+09,2026-04-01 00:00+09,2026-04-02 00:00+09}', '{10,20.5,10.25,40,NULL}',
                                   timestamptz 'infinity', 'Asia/Tokyo')));
-- In UTC that is the same month; of half past midnight it is not.
SELECT unit, period, orders FROM cohorts((SELECT cohorts_agg('{1,2}', '{2026-01-01 00:30+09,2026-02-01 00:30+09}', '{1,1}', timestamptz 'infinity', 'UTC')));
-- 30 days to the microsecond, and one more.
SELECT cohort, first_orders, second_within_30_days AS in_30, second_within_60_days AS in_60, second_within_90_days AS in_90, second_within_180_days AS in_180, second_within_365_days AS in_365
  FROM cohorts((SELECT cohorts_agg('{1,2}', ARRAY[at, at + wait], '{1,1}', timestamptz 'infinity', 'UTC')
                  FROM (VALUES (timestamptz '2026-01-01 00:00+00', interval '30 days'), ('2026-01-01 00:00+00', '30 days 00:00:00.000001'), ('2026-01-01 00:00+00', '366 days')) w (at, wait)))
 WHERE unit = 'month' AND cohort = period;

-- Of two thousand customers, against plain SQL, in zones with half an hour and with daylight saving.
CREATE FUNCTION roll(i bigint, what int, sides int) RETURNS int LANGUAGE sql IMMUTABLE RETURN (hashint8extended(i, what) & 9223372036854775807) % sides;
CREATE TABLE placed AS
SELECT i / 4 AS customer, i AS id, timestamptz '2023-12-25 00:00+00' + roll(i, 1, 80000000) * interval '1 second' AS at, roll(i, 2, 1000000) / 100.0 AS amount
  FROM generate_series(4::bigint, 8003) i WHERE roll(i, 3, 2) > 0;
CREATE TABLE histories AS
SELECT customer, array_agg(n ORDER BY n) AS number, array_agg(at ORDER BY n) AS at, array_agg(amount ORDER BY n) AS amount
  FROM (SELECT customer, at, amount, (row_number() OVER (PARTITION BY customer ORDER BY at, id))::int AS n FROM placed) p GROUP BY customer;
CREATE TABLE zones AS SELECT zone FROM unnest('{Asia/Tokyo,America/St_Johns,Australia/Lord_Howe,UTC}'::text[]) zone;
CREATE VIEW cells AS
WITH numbered AS (
    SELECT zone, customer, at, amount, row_number() OVER (PARTITION BY zone, customer ORDER BY at, id) AS n,
           at AT TIME ZONE zone AS local, min(at AT TIME ZONE zone) OVER (PARTITION BY zone, customer) AS first_local,
           lead(at) OVER (PARTITION BY zone, customer ORDER BY at, id) - at AS wait
      FROM placed, zones
), of AS (
    SELECT u.unit, u.length, n.*, date_trunc(u.unit, n.local)::date AS period, date_trunc(u.unit, n.first_local)::date AS cohort
      FROM numbered n, (VALUES ('month', interval '1 month'), ('quarter', '3 months'), ('year', '12 months')) u (unit, length)
), buyer AS (
    SELECT zone, unit, length, cohort, period, customer, count(*) AS orders, sum(amount) AS revenue, min(n) AS n, min(amount) FILTER (WHERE n = 1) AS first, min(wait) FILTER (WHERE n = 1) AS wait
      FROM of GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT b.zone, b.unit, b.cohort, b.period,
       concat_ws(' ', count(*), count(p.customer)) AS who,
       concat_ws(' ', count(*) FILTER (WHERE b.n > 1 OR b.orders > 1), sum(b.orders), trim_scale(sum(b.revenue)), count(b.first), coalesce(trim_scale(sum(b.first)), 0),
                 count(*) FILTER (WHERE b.wait <= interval '720 hours'), count(*) FILTER (WHERE b.wait <= interval '1440 hours'), count(*) FILTER (WHERE b.wait <= interval '2160 hours'),
                 count(*) FILTER (WHERE b.wait <= interval '4320 hours'), count(*) FILTER (WHERE b.wait <= interval '8760 hours')) AS what
  FROM buyer b
  LEFT JOIN buyer p ON p.zone = b.zone AND p.unit = b.unit AND p.customer = b.customer AND p.period = (b.period - b.length)::date
 GROUP BY 1, 2, 3, 4;
CREATE VIEW counted AS
SELECT z.zone, c.unit, c.cohort, c.period, concat_ws(' ', customers, retained) AS who,
       concat_ws(' ', repeat_customers, orders, trim_scale(revenue), first_orders, trim_scale(first_revenue), second_within_30_days, second_within_60_days, second_within_90_days,
                 second_within_180_days, second_within_365_days) AS what
  FROM zones z CROSS JOIN LATERAL (SELECT cohorts_agg(number, at, amount, timestamptz 'infinity', z.zone) AS n FROM histories) a CROSS JOIN LATERAL cohorts(a.n) c;
SELECT zone, count(*) > 500 AS many, count(*) FILTER (WHERE (s.who, s.what) IS DISTINCT FROM (c.who, c.what)) AS differ
  FROM cells s FULL JOIN counted c USING (zone, unit, cohort, period) GROUP BY zone ORDER BY zone;
-- In their order, and the same bytes in whichever order they are counted.
SELECT bool_and((unit, cohort, period) > (unit_before, cohort_before, period_before)) AS in_order FROM (SELECT c.*, lag(unit) OVER () AS unit_before, lag(cohort) OVER () AS cohort_before, lag(period) OVER () AS period_before FROM (SELECT cohorts_agg(number, at, amount, 'infinity', 'UTC') n FROM histories) a, cohorts(n) c) c;
SELECT (SELECT cohorts_agg(number, at, amount, 'infinity', 'UTC') FROM (SELECT * FROM histories ORDER BY roll(customer, 7, 1000000)) h)
       = (SELECT cohorts_agg(number, at, amount, 'infinity', 'UTC') FROM (SELECT * FROM histories ORDER BY customer) h) AS same;
-- By several workers, whose counts are combined.
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
ALTER TABLE histories SET (parallel_workers = 2);
EXPLAIN (COSTS OFF) SELECT cohorts_agg(number, at, amount, 'infinity', 'UTC') FROM histories;
SELECT cohorts_agg(number, at, amount, 'infinity', 'UTC') = (SELECT cohorts_agg(number, at, amount, 'infinity', 'UTC') FROM (SELECT * FROM histories OFFSET 0) h) AS same FROM histories;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;

-- Customers are added and taken out.
CREATE TABLE parts AS
SELECT part, cohorts_agg(number, at, amount, 'infinity', 'Asia/Tokyo') AS n FROM (SELECT *, CASE WHEN customer % 3 = 0 THEN 'third' ELSE 'rest' END AS part FROM histories) h GROUP BY part
UNION ALL SELECT 'all', cohorts_agg(number, at, amount, 'infinity', 'Asia/Tokyo') FROM histories;
SELECT cohorts_plus(t.n, r.n) = a.n AS plus, cohorts_plus(r.n, t.n) = a.n AS either_way, cohorts_minus(a.n, t.n) = r.n AS minus, (SELECT count(*) FROM cohorts(cohorts_minus(a.n, a.n))) AS of_nobody,
       cohorts_plus(cohorts_minus(a.n, a.n), t.n) = t.n AS from_nobody
  FROM parts a, parts t, parts r WHERE a.part = 'all' AND t.part = 'third' AND r.part = 'rest';
SELECT cohorts_plus(NULL, n) IS NULL AND cohorts_minus(n, NULL) IS NULL AS of_null FROM parts WHERE part = 'all';
SELECT pg_temp.error_of('SELECT cohorts_minus(t.n, a.n) FROM parts t, parts a WHERE t.part = ''third'' AND a.part = ''all''');
-- So is an amount of which there is not as much.
SELECT pg_temp.error_of($$SELECT cohorts_minus(cohorts_agg('{1}', '{2026-01-01 00:00+00}', '{1}', 'infinity', 'UTC'), cohorts_agg('{1}', '{2026-01-01 00:00+00}', '{2}', 'infinity', 'UTC'))$$);

-- Of one customer who bought every month for nine years, more than a table begins with.
SELECT count(*) AS cells, sum(orders) AS orders FROM cohorts((SELECT cohorts_agg(n, at, a, 'infinity', 'UTC') FROM (SELECT array_agg(i) AS n, array_agg(timestamptz '2017-01-15 00:00+00' + i * interval '1 month' ORDER BY i) AS at, array_agg(1.0) AS a FROM generate_series(1, 108) i) h));

-- Nobody, and rows with a NULL.
SELECT cohorts_agg('{}', '{}', '{}', now(), 'UTC') AS nobody, cohorts_agg('{1}', '{2026-01-01 00:00+00}', '{1}', '-infinity', 'UTC') AS nobody_yet,
       cohorts_agg(NULL, '{2026-01-01 00:00+00}', '{1}', now(), 'UTC') AS null_number, cohorts_agg('{1}', '{2026-01-01 00:00+00}', '{1}', NULL, 'UTC') AS null_as_of,
       cohorts_agg('{1}', '{2026-01-01 00:00+00}', '{1}', now(), NULL) AS null_zone;
-- The first and the last months that there are.
SELECT unit, cohort, period, revenue FROM cohorts((SELECT cohorts_agg('{1,2}', '{0001-01-01 00:00+00,9999-12-31 23:59:59+00}', '{922337203685477.5807,0.0001}', timestamptz 'infinity', 'Pacific/Kiritimati')));
SELECT unit, cohort FROM cohorts((SELECT cohorts_agg('{1}', '{0001-01-01 00:00+00}', '{1}', timestamptz 'infinity', 'America/New_York')));
-- More money than a cell counts is told, and many times the most is counted.
SELECT orders, revenue FROM cohorts((SELECT cohorts_agg('{1}', '{2026-01-01 00:00+00}', '{922337203685477.5807}', timestamptz 'infinity', 'UTC') FROM generate_series(1, 1000))) WHERE unit = 'month';
-- What is none is refused, and so is a zone that there is not.
SELECT pg_temp.error_of('SELECT cohorts_agg(''{1}'', ''{2026-01-01 00:00+00}'', ''{1}'', now(), ''Nowhere'')');
SELECT pg_temp.error_of('SELECT cohorts_agg(''{2}'', ''{2026-01-01 00:00+00}'', ''{1}'', now(), ''UTC'')');
SELECT pg_temp.error_of(format('SELECT * FROM cohorts(%L)', n)) FROM (VALUES ('\x'::bytea), ('\x00'), (repeat('x', 200)::bytea)) f (n);
SELECT b AS byte, left(pg_temp.error_of(format('SELECT * FROM cohorts(%L)', set_byte(n, b, 255))), 20) FROM (SELECT n FROM parts WHERE part = 'third') p, unnest('{0,4,8,15,19,27,35,43,60}'::int[]) b;
SELECT pg_temp.error_of(format('SELECT cohorts_plus(%L, %L)', n, substr(n, 1, length(n) - 1))) FROM parts WHERE part = 'third';
