-- What the planner knows of local periods: an index on an instant finds them.
SET search_path = loyalcs, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET max_parallel_workers_per_gather = 0;

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/errors.sql'
\i :shared

-- The scans of a plan, whatever else stands in it.
CREATE FUNCTION pg_temp.scans(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN (SELECT string_agg(DISTINCT CASE WHEN t LIKE 'Index%' THEN 'Index Scan' ELSE t END, ', ')
            FROM (SELECT jsonb_path_query(plan, '$.**."Node Type"') #>> '{}' AS t) AS nodes
            WHERE t LIKE '%Scan' AND t <> 'Bitmap Heap Scan');
END $$;

-- Instants around the changes of clocks that make days odd: days that lack an hour
-- at midnight or have one twice (Sao Paulo, Havana, Gaza, Cairo), clocks that were
-- set back at a minute past midnight, so that a day went on after the next had
-- begun (St. John's until 2011), a day that never was (Apia in 2011), half an hour
-- (Lord Howe), 15 minutes (Kathmandu in 1986); and the ends of the years known.
CREATE TABLE places (zone text, around timestamptz);
INSERT INTO places
    SELECT zone, around FROM (VALUES
        ('America/Sao_Paulo', '2018-02-17'::date, '2018-11-06'::date), ('America/Havana', '2018-03-09', '2018-11-06'),
        ('Asia/Gaza', '2012-03-29', '2012-09-23'), ('Africa/Cairo', '2014-05-13', '2014-09-27'),
        ('America/St_Johns', '2005-04-01', '2005-11-01'), ('Pacific/Apia', '2011-12-25', '2012-01-04'),
        ('Australia/Lord_Howe', '2026-04-02', '2026-10-06'), ('Asia/Kathmandu', '1985-12-29', '1986-01-04'),
        ('America/New_York', '2026-10-25', '2026-11-05'), ('Europe/London', '1899-12-27', '1900-01-06'),
        ('Asia/Tokyo', '2099-12-27', '2100-01-06'), ('<-23>23:59:59', '1999-12-27', '2000-01-05')) AS v (zone, from_day, to_day),
        generate_series(from_day, to_day, interval '20 minutes') AS around
    WHERE around < from_day + 12 OR around > to_day - 12;
CREATE TABLE stamps (at timestamptz);
INSERT INTO stamps
    SELECT around + step FROM places, unnest('{0,-1 microsecond,1 minute}'::interval[]) AS step
    UNION ALL VALUES (NULL::timestamptz), ('infinity'), ('-infinity'), ('0044-03-15 12:00+00 BC'), ('9999-12-31 23:59:59.999999+00');
CREATE INDEX ON stamps (at);
ANALYZE stamps;

-- The days, months and so on that these instants fall in, those beside them, and
-- days that begin no period.
CREATE TABLE asked AS
    SELECT DISTINCT zone, unit, day FROM places, LATERAL (VALUES
        ('date', local_date(around, zone)), ('week', local_week(around, zone)), ('month', local_month(around, zone)),
        ('quarter', local_quarter(around, zone)), ('year', local_year(around, zone)), ('week', local_date(around, zone)),
        ('date', local_date(around, zone) - 1), ('month', local_date(around, zone))) AS p (unit, day)
    WHERE around::time = '12:00'
    UNION SELECT DISTINCT zone, unit, day FROM places, unnest('{date,week,month,quarter,year}'::text[]) AS unit,
        unnest('{infinity,-infinity,4714-11-24 BC,5874897-12-31,5874897-01-01,294276-12-31,294277-01-01,0045-01-01 BC,9999-12-31,1900-01-01,2100-01-01,NULL}'::date[]) AS day;
SELECT unit, count(*) FROM asked GROUP BY unit ORDER BY unit;

-- Each by the index, with a zone that is known when it is planned and one that is
-- not, against the same asked of every row.
CREATE FUNCTION pg_temp.answers(condition text) RETURNS TABLE (zone text, unit text, day date, n bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('enable_seqscan', 'off', true);
    FOR zone, unit, day IN SELECT * FROM asked LOOP
        EXECUTE format('SELECT count(*) FROM stamps WHERE ' || condition, unit, zone, day) INTO n;
        RETURN NEXT;
    END LOOP;
END $$;
CREATE TABLE by_hand AS
    SELECT zone, unit, day, count(*) AS n
    FROM stamps, (SELECT DISTINCT zone FROM places) AS zones, LATERAL (VALUES
        ('date', local_date(at, zone)), ('week', local_week(at, zone)), ('month', local_month(at, zone)),
        ('quarter', local_quarter(at, zone)), ('year', local_year(at, zone))) AS p (unit, day)
    GROUP BY 1, 2, 3;
SELECT count(*) AS asked, sum(n) > 50000 AS found, count(DISTINCT n) > 100 AS differ FROM asked JOIN by_hand USING (zone, unit, day);
SELECT known, count(*) = (SELECT count(*) FROM asked) AS complete, count(*) FILTER (WHERE a.n <> coalesce(h.n, 0)) AS wrong
FROM (SELECT true AS known, * FROM pg_temp.answers('loyalcs.in_local_%s(at, %L, %L)')
      UNION ALL SELECT false, * FROM pg_temp.answers('loyalcs.in_local_%s(at, (SELECT %L::text OFFSET 0), %L)')) AS a
LEFT JOIN by_hand AS h USING (zone, unit, day)
GROUP BY known ORDER BY known;
-- Without an index, each instant in its own period and in the one before.
SELECT count(*) > 10000 AS many, bool_and(in_local_date(at, zone, d) AND in_local_week(at, zone, w) AND in_local_month(at, zone, m) AND in_local_quarter(at, zone, q) AND in_local_year(at, zone, y)) AS own,
       bool_or(in_local_date(at, zone, d - 1) OR in_local_week(at, zone, w - 7) OR in_local_month(at, zone, m + 1) OR in_local_quarter(at, zone, q - 1) OR in_local_year(at, zone, y - 365)) AS other
FROM stamps, (SELECT DISTINCT zone FROM places) AS zones,
     LATERAL (VALUES (local_date(at, zone), local_week(at, zone), local_month(at, zone), local_quarter(at, zone), local_year(at, zone))) AS v (d, w, m, q, y)
WHERE isfinite(at);

-- From a day to a day.
SELECT count(*) FILTER (WHERE in_local_dates(at, zone, a, b) IS DISTINCT FROM (local_date(at, zone) BETWEEN a AND b)) AS wrong, count(*) > 100000 AS many
FROM stamps, (SELECT DISTINCT zone FROM places) AS zones,
     (VALUES ('2005-10-30'::date, '2005-10-30'::date), ('2011-12-30', '2012-01-01'), ('-infinity', '1999-12-31'), ('2018-02-18', 'infinity'), ('2018-02-18', '2018-02-17')) AS v (a, b);
SET enable_seqscan = off;
SELECT (SELECT count(*) FROM stamps WHERE in_local_dates(at, 'America/St_Johns', '2005-10-30', '2005-10-30')) AS st_johns,
       (SELECT count(*) FROM stamps WHERE in_local_dates(at, 'Pacific/Apia', '2011-12-30', '2011-12-30')) AS never_was,
       (SELECT count(*) FROM stamps WHERE in_local_dates(at, 'UTC', '-infinity', 'infinity')) = (SELECT count(at) FROM stamps) AS all,
       (SELECT count(*) FROM stamps WHERE in_local_dates(at, 'UTC', '2018-02-18', '2018-02-17')) AS backwards;
RESET enable_seqscan;
SELECT count(*) AS st_johns FROM stamps WHERE local_date(at, 'America/St_Johns') = '2005-10-30';

-- The index is chosen: for constants, parameters, a subquery's zone, a join's days,
-- in an OR, with an index of BRIN; but not for another row's zone, nor by a hash.
CREATE TABLE orders AS SELECT i AS id, timestamptz '2020-01-01 00:00+00' + i * interval '37 minutes' AS ordered_at FROM generate_series(1, 50000) AS i;
CREATE INDEX ON orders (ordered_at);
CREATE TABLE shop AS SELECT 'Asia/Tokyo' AS time_zone, date '2022-10-01' AS month;
ANALYZE orders, shop;
SELECT query, pg_temp.scans(query) FROM unnest(ARRAY[
    $$SELECT * FROM orders WHERE in_local_month(ordered_at, 'Asia/Tokyo', '2022-10-01')$$,
    $$SELECT * FROM orders WHERE in_local_date(ordered_at, 'America/St_Johns', '2022-10-01')$$,
    $$SELECT * FROM orders WHERE in_local_dates(ordered_at, 'Asia/Tokyo', '2022-10-01', '2022-10-07')$$,
    $$SELECT * FROM orders WHERE in_local_week(ordered_at, (SELECT time_zone FROM shop WHERE false), '2022-10-03')$$,
    $$SELECT * FROM orders WHERE in_local_week(ordered_at, 'Asia/Tokyo', now()::date)$$,
    $$SELECT * FROM orders WHERE in_local_date(ordered_at, 'Asia/Tokyo', '2022-10-03') OR in_local_date(ordered_at, 'Asia/Tokyo', '2021-10-03')$$,
    $$SELECT * FROM orders WHERE in_local_week(ordered_at, repeat('x', id), '2022-10-03')$$,
    $$SELECT * FROM orders WHERE in_local_year('2022-01-01', 'Asia/Tokyo', ordered_at::date)$$,
    $$SELECT * FROM orders WHERE local_month(ordered_at, 'Asia/Tokyo') = '2022-10-01'$$]) AS query;
PREPARE by_month (text, date) AS SELECT count(*) FROM orders WHERE in_local_month(ordered_at, $1, $2);
SET plan_cache_mode = force_generic_plan;
SELECT pg_temp.scans($$EXECUTE by_month('Asia/Tokyo', '2022-10-01')$$);
EXECUTE by_month('Asia/Tokyo', '2022-10-01');
EXECUTE by_month('America/New_York', '2022-11-01');
EXECUTE by_month(NULL, '2022-11-01');
EXECUTE by_month('Asia/Edo', '2022-11-01');
RESET plan_cache_mode;
SELECT count(*) AS new_york FROM orders WHERE local_month(ordered_at, 'America/New_York') = '2022-11-01';
DROP INDEX orders_ordered_at_idx;
CREATE INDEX ON orders USING hash (ordered_at);
SELECT pg_temp.scans($$SELECT * FROM orders WHERE in_local_month(ordered_at, 'Asia/Tokyo', '2022-10-01')$$) AS hash;
CREATE INDEX ON orders USING brin (ordered_at) WITH (pages_per_range = 4);
SET enable_seqscan = off;
SELECT pg_temp.scans($$SELECT * FROM orders WHERE in_local_month(ordered_at, 'Asia/Tokyo', '2022-10-01')$$) AS brin;
SELECT count(*) FROM orders WHERE in_local_month(ordered_at, 'Asia/Tokyo', '2022-10-01');
RESET enable_seqscan;

-- How many rows there are is known, with an index and without.
CREATE FUNCTION pg_temp.estimate(condition text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) SELECT * FROM orders WHERE ' || condition INTO plan;
    RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END $$;
SELECT condition, pg_temp.estimate(condition) / n BETWEEN 0.8 AND 1.25 AS near
FROM (VALUES ('in_local_month(ordered_at, ''Asia/Tokyo'', ''2022-10-01'')', 1207),
             ('in_local_year(ordered_at, ''America/New_York'', ''2021-01-01'')', 14205),
             ('in_local_dates(ordered_at, ''UTC'', ''2020-06-01'', ''infinity'')', 44084)) AS v (condition, n);

-- An unknown zone is reported when a row is asked about.
SELECT pg_temp.error_of($$SELECT * FROM orders WHERE in_local_month(ordered_at, 'Asia/Edo', '2022-10-01')$$);
SELECT pg_temp.error_of($$SELECT local_bound('decade', '2020-01-01', 'UTC', false)$$);
SELECT unit, local_bound(unit, '2026-01-01', 'Asia/Tokyo', false) AS first, local_bound(unit, '2026-01-01', 'Asia/Tokyo', true) AS last
FROM unnest('{day,week,month,quarter,year}'::text[]) AS unit;
