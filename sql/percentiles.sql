-- Percentiles of lengths of time.

-- The session is nobody's: no figure may depend on it.
SET client_min_messages = warning;
SET timezone = 'Pacific/Kiritimati';
SET datestyle = 'ISO, DMY';
SET intervalstyle = 'postgres';
\set SHOW_CONTEXT never
SET search_path = loyalcs, public;
SET timezone = 'Asia/Tokyo';

SELECT percentiles(i * interval '1 minute') FROM generate_series(1, 1) i;
SELECT percentiles(i * interval '1 minute') FROM generate_series(1, 2) i;
SELECT percentiles(i * interval '1 minute') FROM generate_series(0, 100) i;
SELECT percentiles(i) FROM unnest('{NULL,1 month,-1 day,25 hours}'::interval[]) i;
SELECT percentiles(NULL) IS NULL AS none, percentiles(i) IS NULL AS empty FROM unnest('{}'::interval[]) i;
SELECT count(*) AS groups, count(*) FILTER (WHERE mine IS DISTINCT FROM theirs) AS differ
  FROM (SELECT percentiles(v) AS mine, percentile_cont('{0.5,0.9,0.95}'::float8[]) WITHIN GROUP (ORDER BY v) AS theirs
          FROM (SELECT i % 97 AS g, abs(hashint4(i)::bigint) % 86400 * interval '1 second' AS v FROM generate_series(1, 20000) i) v
         GROUP BY g
        UNION ALL
        SELECT percentiles(i * interval '1 hour'), percentile_cont('{0.5,0.9,0.95}'::float8[]) WITHIN GROUP (ORDER BY i * interval '1 hour')
          FROM generate_series(1, 30) n CROSS JOIN generate_series(1, n) i GROUP BY n) p;
SELECT percentiles_final(percentiles_combine(a, b)) = percentiles_final(percentiles_combine(b, a)) AS either_way,
       percentiles_combine(NULL, a) = a AS one
  FROM (SELECT percentiles_accum(percentiles_accum(NULL, '1 hour'), '2 hours') AS a, percentiles_accum(NULL, '5 hours') AS b) s;
SELECT percentiles_final('\x');
