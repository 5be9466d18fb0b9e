-- What customers are worth: how much hangs on how few, and for how long. What is
-- compared with is worked out by hand, or by plain SQL.
SET search_path = loyalcs, public;
SET timezone = 'UTC';

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/errors.sql'
\i :shared

-- who(amounts): customers who have spent so much, each in one order.
CREATE FUNCTION pg_temp.who(amounts numeric[]) RETURNS SETOF purchases LANGUAGE sql AS $$
    SELECT purchases('{1}', '{2026-01-01 00:00+00}', ARRAY[a], 'infinity') FROM unnest(amounts) a $$;

-- By hand: seven customers. Of a tenth one is in, who has 40 of 100. A fifth are two, of whom the second has an
-- equal outside; two fifths are three; half are four, of whom the last has an equal outside. Who spent nothing never is.
SELECT t.* FROM (SELECT spent_agg(w) AS spent FROM pg_temp.who('{20,0,40,10,20,10}'::numeric[] || 0.0) w) a, top_spenders(a.spent, '{0.1,0.2,0.4,0.5,0.7,1}') t;
-- Nobody has more than the others, or anything; one customer; nobody.
SELECT t.* FROM (SELECT spent_agg(w) AS spent FROM pg_temp.who('{2.5,2.5,2.5}') w) a, top_spenders(a.spent, '{0.5,1}') t;
SELECT t.* FROM (SELECT spent_agg(w) AS spent FROM pg_temp.who('{0,0}') w) a, top_spenders(a.spent, '{0.5,1}') t;
SELECT t.* FROM (SELECT spent_agg(w) AS spent FROM pg_temp.who('{922337203685477.5807}') w) a, top_spenders(a.spent, '{0.5}') t;
SELECT spent_agg(NULL) AS skipped, (SELECT count(*) FROM top_spenders('{}', '{0.5}')) AS of_nobody, (SELECT count(*) FROM top_spenders('{1}', '{}')) AS no_shares FROM generate_series(1, 3);

-- Of two thousand, many of them alike, against plain SQL, top_share() and gini(), to the last bit.
CREATE TABLE spenders AS
SELECT i, round(amount, (i % 3)::int) AS spent, purchases('{1}', '{2026-01-01 00:00+00}', ARRAY[round(amount, (i % 3)::int)], 'infinity') AS p
  FROM (SELECT i, (hashint8extended(i, 1) & 9223372036854775807) % 40000 / 100.0 * CASE WHEN i % 50 = 0 THEN 1000 WHEN i % 9 = 0 THEN 0 ELSE 1 END AS amount FROM generate_series(1::bigint, 2000) i) s;
ALTER TABLE spenders SET (parallel_workers = 2);
CREATE FUNCTION plain(share float8, n bigint) RETURNS TABLE (customers bigint, spent_at_least numeric)
    LANGUAGE sql
BEGIN ATOMIC
    WITH s AS (SELECT * FROM spenders ORDER BY i LIMIT n),
         cuts AS (SELECT spent, count(*) OVER (ORDER BY spent DESC) AS reached FROM s WHERE spent > 0)
    SELECT coalesce(max(reached), 0), coalesce(min(spent), (SELECT max(spent) + 1 FROM s)) FROM cuts WHERE reached <= ceil(n * share::numeric);
END;
SELECT n, count(*) AS shares, count(*) FILTER (WHERE (t.customers, t.spent_at_least, t.revenue_share, t.gini) IS DISTINCT FROM (c.customers, c.spent_at_least, s.top_share, s.gini)) AS differ
  FROM unnest('{1,2,10,77,2000}'::bigint[]) n
 CROSS JOIN LATERAL (SELECT spent_agg(p) AS spent FROM (SELECT p FROM spenders ORDER BY i LIMIT n) x) a
 CROSS JOIN LATERAL top_spenders(a.spent, (SELECT array_agg(k / 60.0::float8) FROM generate_series(1, 60) k)) t
 CROSS JOIN LATERAL plain(t.top_share, n) c
 CROSS JOIN LATERAL (SELECT top_share(x.spent::float8, t.top_share), gini(x.spent::float8) FROM (SELECT spent FROM spenders ORDER BY i LIMIT n) x) s
 GROUP BY n ORDER BY n;
-- By several workers, in any order, and as a window moves.
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT spent_agg(p) FROM spenders;
CREATE TABLE by_workers AS SELECT spent_agg(p) AS spent FROM spenders;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
SELECT count(*) AS shares, count(*) FILTER (WHERE t IS DISTINCT FROM o) AS differ
  FROM (SELECT row_number() OVER () AS r, t FROM by_workers w, top_spenders(w.spent, '{0.01,0.2,0.5}') t) a
  JOIN (SELECT row_number() OVER () AS r, o FROM (SELECT spent_agg(p ORDER BY i DESC) AS spent FROM spenders) s, top_spenders(s.spent, '{0.01,0.2,0.5}') o) b USING (r);
SELECT i, (SELECT revenue_share FROM top_spenders(w.spent, '{0.5}')) = (SELECT top_share(s.spent::float8, 0.5) FROM spenders s WHERE s.i <= w.i) AS same FROM (SELECT i, spent_agg(p) OVER (ORDER BY i) AS spent FROM spenders WHERE i <= 3) w;

-- Years, as numeric says them: around one year, where 20 decimals are kept of it, around multiples, and anywhere.
CREATE TABLE spans AS
SELECT timestamptz '2001-02-03 04:05:06.789+00' + k * interval '1 microsecond' AS since, d AS micros
  FROM (SELECT 0 AS k, 31557600000000 + d AS d FROM generate_series(-3, 60) d
        UNION ALL SELECT 1, 31560000000000 + d FROM generate_series(-40, 40) d
        UNION ALL SELECT 2, 100000000000000 + d FROM generate_series(-40, 40) d
        UNION ALL SELECT 3, n * 31557600000000 + d FROM unnest('{2,3,10,100,1000,7000}'::bigint[]) n, generate_series(-20, 20) d
        UNION ALL SELECT i % 1000, (hashint8extended(i, 5) & 9223372036854775807) % (31557600000000 * CASE i % 5 WHEN 0 THEN 7900 WHEN 1 THEN 100 ELSE 8 END) FROM generate_series(1::bigint, 20000) i
        UNION ALL SELECT i % 1000, 31557600000000 + (hashint8extended(i, 6) & 9223372036854775807) % 2500000000 FROM generate_series(1::bigint, 5000) i) s;
SELECT count(*) > 25000 AS many, count(*) FILTER (WHERE customer_years(since, until) <> greatest(EXTRACT(epoch FROM until - since) / (365.25 * 86400), 1)::float8) AS differ, count(*) FILTER (WHERE customer_years(since, until) = 1) AS one, max(customer_years(since, until))
  FROM (SELECT since, since + micros / 86400000000 * interval '24 hours' + micros % 86400000000 * interval '1 microsecond' AS until FROM spans) s;
SELECT customer_years('2024-01-01', '2026-01-01') AS two, customer_years('2024-01-01', '2024-02-01') AS a_month, customer_years('2024-01-01', '2020-01-01') AS before, customer_years('2024-01-01', '-infinity') AS never,
       customer_years('0001-01-01 00:00+00', '9999-12-31 23:59:59.999999+00') AS longest, customer_years(NULL, '2024-01-01') AS of_nobody, customer_years('2024-01-01', NULL) AS at_no_time;

-- What is none is refused.
SELECT call, pg_temp.error_of(format('SELECT * FROM loyalcs.%s', call))
  FROM unnest(ARRAY['top_spenders(''{1,-1}'', ''{0.5}'')', 'top_spenders(''{1,NULL}'', ''{0.5}'')', 'top_spenders(''{{1},{2}}'', ''{0.5}'')', 'top_spenders(''{1}'', ''{0}'')', 'top_spenders(''{1}'', ''{NULL}'')',
                    'spent_accum(''{{1}}'', ''{"count": 0}'')', 'customer_years(''infinity'', ''infinity'')', 'customer_years(''0002-01-01 BC'', ''2024-01-01'')', 'customer_years(''2024-01-01'', ''infinity'')']) call;
