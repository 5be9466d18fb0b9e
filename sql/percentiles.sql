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

-- Of which some still run: those count for all that are longer. By hand: the one that runs
-- at 2 leaves one and a half each to 3 and 4; of the one at 5 nobody knows how long it is.
SELECT percentiles(v * interval '1 hour', e) FROM (VALUES (1, true), (2, false), (3, true), (4, true)) v (v, e);
SELECT percentiles(v * interval '1 hour', e) FROM (VALUES (1, true), (2, true), (3, true), (5, false)) v (v, e);
SELECT percentiles(v * interval '1 hour', e) FROM (VALUES (1, true), (5, false)) v (v, e);
-- At one time those that have ended come first; NULLs are nobody's; none has ended.
SELECT percentiles(v * interval '1 hour', e) FROM (VALUES (1, true), (2, false), (2, true), (NULL, true), (7, NULL)) v (v, e);
SELECT percentiles(v * interval '1 hour', false) IS NULL AS running, percentiles(NULL, true) IS NULL AS none FROM generate_series(1, 3) v;
CREATE TEMPORARY TABLE wait AS
SELECT g, 1 + abs(hashint8extended(g * 1000 + i, 1)) % (10 + g) AS v, abs(hashint8extended(g * 1000 + i, 2)) % 10 < g % 11 AS e
  FROM generate_series(0::bigint, 219) g CROSS JOIN LATERAL generate_series(1, 1 + g % 40) i;
SELECT count(*) AS groups, count(m.mine[1]) AS medians, count(m.mine[3]) AS p95s,
       count(*) FILTER (WHERE m.mine IS DISTINCT FROM h.by_hand) AS differ
  FROM (SELECT g, percentiles(v * interval '1 second', e) AS mine FROM wait GROUP BY g) m
  -- the curve, as the product of the shares that did not end at each time
  JOIN (SELECT c.g, CASE WHEN bool_or(c.ended) THEN
                    array_agg(CASE WHEN c.all_ended THEN c.plain[c.n]
                                   ELSE (c.at + CASE WHEN c.stays THEN c.next ELSE c.at END) / 2.0 * interval '1 second' END ORDER BY c.n) END AS by_hand
          FROM (SELECT p.g, p.n, p.all_ended, p.ended, p.plain,
                       min(k.v) FILTER (WHERE k.missing < 1 - p.p + 1e-9) AS at, bool_or(abs(k.missing - (1 - p.p)) < 1e-9) AS stays,
                       min(k.v) FILTER (WHERE k.missing < 1 - p.p - 1e-9) AS next
                  FROM (SELECT g, n, p, bool_and(e) AS all_ended, bool_or(e) AS ended, percentiles(v * interval '1 second') AS plain
                          FROM wait CROSS JOIN (VALUES (1, 0.5), (2, 0.9), (3, 0.95)) p (n, p) GROUP BY g, n, p) p
                  LEFT JOIN (SELECT c.g, c.v, exp(sum(CASE WHEN c.ended = c.watched THEN -700 ELSE ln(1 - c.ended / c.watched) END) OVER (PARTITION BY c.g ORDER BY c.v)) AS missing
                               FROM (SELECT w.g, w.v, count(*) FILTER (WHERE w.e)::float8 AS ended, (SELECT count(*) FROM wait x WHERE x.g = w.g AND x.v >= w.v)::float8 AS watched
                                       FROM wait w GROUP BY w.g, w.v HAVING bool_or(w.e)) c) k ON k.g = p.g
                 GROUP BY p.g, p.n, p.p, p.all_ended, p.ended, p.plain) c
         GROUP BY c.g) h ON h.g = m.g;
-- Whoever waits for longer than all makes none shorter; who waits for less than all changes nothing.
SELECT count(*) AS groups, count(*) FILTER (WHERE l.longer[1] < p.plain[1] OR l.longer[2] < p.plain[2] OR l.longer[3] < p.plain[3]) AS shorter,
       count(*) FILTER (WHERE s.sooner IS DISTINCT FROM p.plain AND NOT p.all_ended) AS changed, count(*) FILTER (WHERE s.sooner[1] IS DISTINCT FROM p.plain[1]) AS medians_changed
  FROM (SELECT g, percentiles(v * interval '1 second', e) AS plain, bool_and(e) AS all_ended FROM wait GROUP BY g) p
  JOIN (SELECT g, percentiles(v * interval '1 second', e) AS longer FROM (TABLE wait UNION ALL SELECT g, 100000, false FROM generate_series(0, 219) g) w GROUP BY g) l ON l.g = p.g
  JOIN (SELECT g, percentiles(v * interval '1 second', e) AS sooner FROM (TABLE wait UNION ALL SELECT g, 0, false FROM generate_series(0, 219) g) w GROUP BY g) s ON s.g = p.g;
-- In parts, in any order, and longer than can be told.
SELECT percentiles_final_running(percentiles_combine(a, b)) = percentiles_final_running(percentiles_combine(b, a)) AS either_way
  FROM (SELECT percentiles_accum(percentiles_accum(NULL, '1 hour', true), '2 hours', false) AS a, percentiles_accum(NULL, '5 hours', true) AS b) s;
SELECT percentiles(v::interval, e) FROM (VALUES ('1 hour', true), ('2 hours', true), ('290000 years', false)) v (v, e);
SELECT percentiles('75000 years'::interval, true);
SELECT percentiles('-75000 years'::interval, false);
SELECT percentiles_final_running(percentiles_accum(NULL, '75000 years'));
SELECT percentiles_final_running('\x');

-- Of times that were collected before, and of which some have gone since: as if these had
-- never been there, in any order, in parts, alone or many at once.
SELECT percentiles(v * interval '1 hour', e, t, g)
  FROM (VALUES (NULL, NULL, '{3600000000,7200000000,7200000000,36000000000}'::bigint[], false), (2, true, NULL, true), (3, true, NULL, false), (5, false, '{}', NULL)) v (v, e, t, g);
SELECT percentiles(v * interval '1 hour', true, NULL, true) IS NULL AS none FROM generate_series(1, 0) v;
SELECT percentiles(NULL, true, t, g) IS NULL AS all_gone FROM (VALUES ('{1,2,2}'::bigint[], false), ('{2,1,2}', true), (NULL, true)) v (t, g);
SELECT count(*) AS groups, count(*) FILTER (WHERE a.mine IS DISTINCT FROM b.plain) AS differ, count(*) FILTER (WHERE b.plain IS NULL) AS none
  FROM (SELECT g, percentiles(value, ended, times, gone) AS mine
          FROM (SELECT g, v * interval '1 second', e, NULL::bigint[], false FROM wait WHERE v % 3 = 0 OR NOT e
                UNION ALL
                SELECT g, NULL, NULL, array_agg(v * 1000000), false FROM wait WHERE v % 3 <> 0 AND e GROUP BY g, v % 5
                UNION ALL
                SELECT g, NULL, NULL, array_agg(i * 1000000), false FROM generate_series(0::bigint, 219) g CROSS JOIN generate_series(1::bigint, 7) i GROUP BY g
                UNION ALL
                SELECT g, i * interval '1 second', true, NULL, true FROM generate_series(0::bigint, 219, 2) g CROSS JOIN generate_series(1, 7) i
                UNION ALL
                SELECT g, NULL, NULL, array_agg(i * 1000000), true FROM generate_series(1::bigint, 219, 2) g CROSS JOIN generate_series(1::bigint, 7) i GROUP BY g) w (g, value, ended, times, gone)
         GROUP BY g) a
  JOIN (SELECT g, percentiles(v * interval '1 second', e) AS plain FROM wait GROUP BY g) b USING (g);
SELECT percentiles_final_counted(percentiles_combine(a, b)) = percentiles_final_counted(percentiles_combine(b, a)) AS either_way
  FROM (SELECT percentiles_accum(NULL, '1 hour', true, '{7200000000}', true) AS a, percentiles_accum(NULL, '5 hours', true, '{7200000000,3600000000}', false) AS b) s;
SELECT percentiles(v * interval '1 hour', true, NULL, v = 2) FROM generate_series(1, 2) v;
SELECT percentiles('1 hour'::interval, false, NULL, true);
SELECT percentiles('40000 years'::interval, true, NULL, false);
SELECT percentiles('40000 years'::interval, false, '{1}', false);
SELECT percentiles(NULL, NULL, '{9223372036854775807}', false);
SELECT percentiles(NULL, NULL, '{-9223372036854775808}', false);
SELECT percentiles(NULL, NULL, '{1,NULL}', false);
SELECT percentiles(NULL, NULL, '{{1},{2}}', false);
SELECT percentiles_final_counted(percentiles_accum(NULL, '75000 years'));
SELECT percentiles_final_counted('\x');

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
                    ('SELECT percentiles_final(percentiles_accum($1, ''2 hours''))'),
                    ('SELECT percentiles_final_running($1)'), ('SELECT percentiles_final_running(percentiles_accum($1, ''2 hours'', false))'),
                    ('SELECT percentiles_final_counted($1)'), ('SELECT percentiles_final_counted(percentiles_accum($1, ''2 hours'', true, ''{1}'', true))')) q (query)
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
