-- The value of the latest instant.

-- The session is nobody's: no figure may depend on it.
SET client_min_messages = warning;
SET timezone = 'Pacific/Kiritimati';
SET datestyle = 'ISO, DMY';
SET intervalstyle = 'postgres';
\set SHOW_CONTEXT never
SET search_path = loyalcs, public;
SET timezone = 'Asia/Tokyo';

SELECT latest(v, at, tie)
  FROM (VALUES ('a', timestamptz '2026-03-02', 2), ('b', '2026-03-03', 1), ('c', '2026-03-03', 2), (NULL, '2026-03-04', 1), ('d', NULL, 1), ('e', '2026-03-03', NULL)) v (v, at, tie);
SELECT latest(NULL, now(), 1) IS NULL AS none;
SELECT latest_final(latest_combine(a, b)), latest_final(latest_combine(b, a)), latest_combine(a, NULL) IS NULL AS strict
  FROM (SELECT latest_accum(NULL, 'a', '2026-03-02', 1) AS a, latest_accum(NULL, 'b', '2026-03-03', 1) AS b) s;
SELECT latest_final('\x');

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
  FROM (SELECT latest_accum(NULL, 'a value', '2026-03-02 09:00+09', 1) AS state) s
 CROSS JOIN LATERAL (
           SELECT set_byte(s.state, place, value)
             FROM generate_series(0, length(s.state) - 1) place CROSS JOIN unnest('{0,1,12,127,128,255}'::integer[]) value
           UNION ALL
           SELECT substr(s.state, 1, length) FROM generate_series(0, length(s.state) - 1) length) f (state)
 CROSS JOIN (VALUES ('SELECT latest_final($1)'), ('SELECT latest_final(latest_combine($1, $1))'),
                    ('SELECT latest_final(latest_accum($1, ''b'', ''2026-03-03 09:00+09'', 2))')) q (query)
 GROUP BY 1, 2
 ORDER BY 1, 2;

-- States go through tuples, behind a number of four bytes, where they are not aligned.
CREATE TEMP TABLE state (key integer, state bytea);
ALTER TABLE state ALTER state SET STORAGE PLAIN;
CREATE AGGREGATE pg_temp.collect(text, timestamptz, bigint) (SFUNC = loyalcs.latest_accum, STYPE = bytea, COMBINEFUNC = loyalcs.latest_combine);
CREATE TABLE source AS SELECT i % 97 AS g, repeat(i::text, 50) AS v, timestamptz '2026-03-02 00:00+09' + i * 7919 % 10007 * interval '1 minute' AS at, i::bigint AS tie FROM generate_series(1, 20000) i;
INSERT INTO state SELECT g, pg_temp.collect(v, at, tie) FROM source GROUP BY g;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT count(*) AS groups,
       count(*) FILTER (WHERE latest_final(s.state) IS DISTINCT FROM p.result) AS differ,
       count(*) FILTER (WHERE latest_final(latest_combine(s.state, s.state)) IS NULL) AS gone
  FROM state s
  JOIN (SELECT g, latest(v, at, tie) AS result FROM source GROUP BY g) p ON p.g = s.key;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE source;
