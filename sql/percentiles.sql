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

-- A state that was changed in a byte, or cut off, is read as one or refused; nothing else.
CREATE FUNCTION pg_temp.fate(query text, state bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE query USING state;
    RETURN 'answers';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat(SQLSTATE, ' ', SQLERRM, ': ', detail);
END $$;
SELECT q.query, pg_temp.fate(q.query, f.state) AS fate
  FROM (SELECT percentiles_accum(percentiles_accum(NULL, '1 hour'), '3 hours') AS state) s
 CROSS JOIN LATERAL (
           SELECT set_byte(s.state, place, value)
             FROM generate_series(0, length(s.state) - 1) place CROSS JOIN unnest('{0,1,12,127,128,255}'::integer[]) value
           UNION ALL
           SELECT substr(s.state, 1, length) FROM generate_series(0, length(s.state) - 1) length) f (state)
 CROSS JOIN (VALUES ('SELECT percentiles_final($1)'), ('SELECT percentiles_final(percentiles_combine($1, $1))'),
                    ('SELECT percentiles_final(percentiles_accum($1, ''2 hours''))')) q (query)
 GROUP BY 1, 2
 ORDER BY 1, 2;

-- States go through tuples, behind a number of four bytes, where they are not aligned.
CREATE TEMP TABLE state (key integer, state bytea);
ALTER TABLE state ALTER state SET STORAGE PLAIN;
CREATE AGGREGATE pg_temp.collect(interval) (SFUNC = loyalcs.percentiles_accum, STYPE = bytea, COMBINEFUNC = loyalcs.percentiles_combine);
CREATE TABLE source AS SELECT i % 97 AS g, i * 7919 % 10007 * interval '1 minute' AS v FROM generate_series(1, 20000) i;
INSERT INTO state SELECT g, pg_temp.collect(v) FROM source GROUP BY g;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT count(*) AS groups,
       count(*) FILTER (WHERE percentiles_final(s.state) IS DISTINCT FROM p.result) AS differ,
       count(*) FILTER (WHERE percentiles_final(percentiles_combine(s.state, s.state)) IS NULL) AS gone
  FROM state s
  JOIN (SELECT g, percentiles(v) AS result FROM source GROUP BY g) p ON p.g = s.key;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE source;

-- As far apart as can be, to the microsecond; what an interval of hours does not hold is refused.
SELECT percentiles(v) FROM unnest('{-290000 years,290000 years}'::interval[]) v;
SELECT percentiles(make_interval(secs => v)) FROM unnest('{0,0.000001}'::float8[]) v;
SELECT percentiles(make_interval(hours => v)) FROM unnest('{-2147483647,2147483647}'::integer[]) v;
SELECT percentiles(v) FROM unnest('{-150000 years,-150000 years,150000 years}'::interval[]) v;
SELECT percentiles('296000 years'::interval);
