-- Survey scores: their domains, the type ratings, its aggregates, and the
-- figures that are read from it.  What is compared with is plain SQL over the
-- raw answers, figures worked out by hand, and published tables.
SET search_path = loyalcs, public;
SET client_min_messages = warning;

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/errors.sql'
\i :shared

--
-- Domains
--

-- Every score of a scale passes, and so does no answer.
SELECT count(score::nps_score) AS nps FROM generate_series(0, 10) AS score;
SELECT count(score::csat_score) AS csat FROM generate_series(1, 5) AS score;
SELECT count(score::ces_score) AS ces FROM generate_series(1, 7) AS score;
SELECT NULL::nps_score IS NULL AND NULL::csat_score IS NULL AND NULL::ces_score IS NULL AS null_is_no_answer;

-- The scores next to them do not.
SELECT (-1)::nps_score;
SELECT 11::nps_score;
SELECT 0::csat_score;
SELECT 6::csat_score;
SELECT 0::ces_score;
SELECT 8::ces_score;

--
-- Text
--

-- Blanks, zeros and the order of the keys are free; the output has one form.
SELECT text, text::ratings AS ratings FROM (VALUES
    ('{}'),
    ('{"9": 12, "10": 40}'),
    ('{"10":40,"9":12}'),
    (' { "10" : 1 , "0" : 2 } '),
    ('{"0": 0, "5": 0}'),
    ('{"0": 9007199254740992}'),
    ('{"0": 1, "1": 1, "2": 1, "3": 1, "4": 1, "5": 1, "6": 1, "7": 1, "8": 1, "9": 1, "10": 1}')
) AS input (text);
SELECT E'\t{\r\n"7": 3}\n'::ratings AS blanks, NULL::ratings IS NULL AS null_is_null;

-- An error quotes the text, says what was expected where, and shows the form.
SELECT '{"11": 1}'::ratings;
-- All others are like it: here is what each of them expects.
\pset format unaligned
\pset tuples_only on
SELECT format('%s => %s', text,
    regexp_replace(pg_temp.error_of(format('SELECT %L::loyalcs.ratings', text)),
        '^22P02 invalid input syntax for type ratings: "(.*)"\n   detail: (.*)\n   hint: Write the number of answers of each score as a JSON object, such as {"9": 12, "10": 40}.$',
        E'\\2'))
FROM (VALUES
    (''), (' '), ('null'), ('7'), ('[1]'), ('"9"'), ('{'), ('{"'), ('{"9'), ('{"9"'), ('{"9":'),
    ('{"9": '), ('{"9": 1'), ('{"9": 1,'), ('{"9": 1,}'), ('{,}'), ('{"9": 1 "10": 1}'), ('{"9" 1}'),
    ('{9: 1}'), ('{''9'': 1}'), ('{"": 1}'), ('{"09": 1}'), ('{"00": 1}'), ('{" 9": 1}'), ('{"9 ": 1}'), ('{"-1": 1}'),
    ('{"+1": 1}'), ('{"10.0": 1}'), ('{"99999999999999999999": 1}'), ('{"nine": 1}'), ('{"9": 1, "9": 1}'),
    ('{"9": 0, "9": 0}'), ('{"9": -1}'), ('{"9": +1}'), ('{"9": 1.0}'), ('{"9": 1e3}'), ('{"9": 01}'),
    ('{"9": "1"}'), ('{"9": null}'), ('{"9": {}}'), ('{"9": 9007199254740993}'), ('{"9": 9223372036854775807}'),
    ('{"9": 99999999999999999999999999}'), ('{"9": 1}}'), ('{"9": 1} x'), ('{} {}'), ('{"１": 1}')
) AS input (text);
\pset format aligned
\pset tuples_only off

-- Some thousand values, with counts from none to the largest.
CREATE TABLE tallies AS
    SELECT i AS id, format('{%s}', string_agg(format('"%s": %s', score,
        CASE (i * 31 + score * 17) % 9
            WHEN 0 THEN 9007199254740992 - i % 3
            WHEN 1 THEN 0
            WHEN 2 THEN (i::bigint << (score * 3)) % 9007199254740993
            ELSE (i * 7919 + score * 104729) % 1000
        END), ', ' ORDER BY (i * score) % 11))::ratings AS r
    FROM generate_series(1, 3000) AS i, generate_series(0, 10) AS score
    WHERE (i * 13 + score * 5) % 4 > 0
    GROUP BY i;
INSERT INTO tallies VALUES (0, '{}');

-- The text reads back as the same value, and holds the counts in order.
SELECT count(*) AS all,
       count(*) FILTER (WHERE r::text::ratings IS DISTINCT FROM r) AS changed,
       count(*) FILTER (WHERE r::text IS DISTINCT FROM (
           SELECT '{' || coalesce(string_agg(format('"%s": %s', place - 1, n), ', ' ORDER BY place) FILTER (WHERE n > 0), '') || '}'
           FROM unnest(r::bigint[]) WITH ORDINALITY AS counts (n, place))) AS differing
FROM tallies;

-- So do jsonb and the array of counts.
SELECT count(*) FILTER (WHERE r::jsonb IS DISTINCT FROM r::text::jsonb) AS jsonb_differing,
       count(*) FILTER (WHERE r::jsonb::ratings IS DISTINCT FROM r) AS jsonb_changed,
       count(*) FILTER (WHERE r::bigint[] IS DISTINCT FROM (
           SELECT array_agg(coalesce((r::text::json ->> score::text)::bigint, 0) ORDER BY score)
           FROM generate_series(0, 10) AS score)) AS array_differing,
       count(*) FILTER (WHERE histogram(r) IS DISTINCT FROM r::bigint[]) AS histogram_differing
FROM tallies;
SELECT '{"10": 40, "9": 12}'::ratings::jsonb AS jsonb, '{"10": 40, "9": 12}'::ratings::bigint[] AS counts;
-- What jsonb cannot be is refused as its text is.
SELECT v, pg_temp.error_of(format('SELECT %L::jsonb::loyalcs.ratings', v)) FROM unnest('{"{\"11\": 1}","{\"9\": -1}",null,"[1]","{\"9\": 1.5}","{}"}'::text[]) v;

--
-- Order and equality
--

-- The six operators order as arrays of the counts do.
SELECT count(*) AS pairs,
       count(*) FILTER (WHERE (a.r < b.r) <> (a.c < b.c)) AS lt,
       count(*) FILTER (WHERE (a.r <= b.r) <> (a.c <= b.c)) AS le,
       count(*) FILTER (WHERE (a.r = b.r) <> (a.c = b.c)) AS eq,
       count(*) FILTER (WHERE (a.r <> b.r) <> (a.c <> b.c)) AS ne,
       count(*) FILTER (WHERE (a.r >= b.r) <> (a.c >= b.c)) AS ge,
       count(*) FILTER (WHERE (a.r > b.r) <> (a.c > b.c)) AS gt,
       count(*) FILTER (WHERE ratings_cmp(a.r, b.r) <> btarraycmp(a.c, b.c)) AS cmp
FROM (SELECT id, r, r::bigint[] AS c FROM tallies WHERE id <= 200) AS a,
     (SELECT id, r, r::bigint[] AS c FROM tallies WHERE id % 15 = 0) AS b;

-- Equal values hash alike; the extended hash without a seed continues the
-- short one, and a seed changes it.
SELECT count(*) FILTER (WHERE ratings_hash(r) <> ratings_hash(r::text::ratings)) AS differing,
       count(*) FILTER (WHERE ratings_hash(r)::bit(32) <> ratings_hash_extended(r, 0)::bit(32)) AS not_continued,
       count(*) FILTER (WHERE ratings_hash_extended(r, 0) = ratings_hash_extended(r, 1)) AS seedless,
       count(DISTINCT ratings_hash(r)) > 2990 AS spread
FROM tallies;

-- A table in which every value stands once to three times.
CREATE TABLE repeated AS
    SELECT r, id FROM tallies, generate_series(0, id % 3);
ANALYZE repeated;

-- DISTINCT, GROUP BY, UNION and a set difference, by sorting and by hashing.
SET enable_hashagg = off;
SELECT count(*) AS "distinct" FROM (SELECT DISTINCT r FROM repeated) AS d;
SELECT count(*) AS groups, max(n) AS most FROM (SELECT r, count(*) AS n FROM repeated GROUP BY r) AS g;
SELECT count(*) AS "union" FROM (SELECT r FROM repeated UNION SELECT r FROM tallies) AS u;
SET enable_hashagg = on;
SET enable_sort = off;
SELECT count(*) AS "distinct" FROM (SELECT DISTINCT r FROM repeated) AS d;
SELECT count(*) AS groups, max(n) AS most FROM (SELECT r, count(*) AS n FROM repeated GROUP BY r) AS g;
SELECT count(*) AS "union" FROM (SELECT r FROM repeated UNION SELECT r FROM tallies) AS u;
SELECT count(*) AS except FROM (SELECT r FROM tallies EXCEPT SELECT r FROM repeated WHERE id % 3 > 0) AS e;
RESET enable_sort;

-- Three ways to join find the same rows.
SELECT count(DISTINCT r::text) AS values, count(*) AS rows,
       (SELECT sum(n * n) FROM (SELECT count(*) AS n FROM repeated GROUP BY r::text) AS g) AS joined
FROM repeated;
SET enable_mergejoin = off;
SET enable_nestloop = off;
SELECT count(*) AS hash_join FROM repeated AS a JOIN repeated AS b ON a.r = b.r;
SET enable_hashjoin = off;
SET enable_mergejoin = on;
SELECT count(*) AS merge_join FROM repeated AS a JOIN repeated AS b ON a.r = b.r;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_nestloop;

-- ORDER BY and an index agree with the order of the arrays.
SELECT count(*) FILTER (WHERE before > r::bigint[]) AS out_of_order
FROM (SELECT r, lag(r::bigint[]) OVER (ORDER BY r) AS before FROM repeated) AS o;
CREATE INDEX ON repeated (r);
SET enable_seqscan = off;
SELECT count(*) AS by_index FROM repeated WHERE r > '{"1": 500}' AND r <= '{"0": 77, "5": 2}';
SELECT count(*) AS by_array FROM repeated
WHERE r::bigint[] > '{0,500,0,0,0,0,0,0,0,0,0}' AND r::bigint[] <= '{77,0,0,0,0,2,0,0,0,0,0}';
RESET enable_seqscan;

-- A key refuses the second of two equal values, however it is written.
CREATE TABLE keyed (r ratings PRIMARY KEY);
INSERT INTO keyed VALUES ('{"9": 1}'), ('{}'), ('{"10": 1}');
INSERT INTO keyed VALUES (' {"3": 0, "9": 1}');

-- A table can be partitioned by the hash of the type.
CREATE TABLE parts (r ratings) PARTITION BY HASH (r);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO parts SELECT r FROM tallies;
SELECT count(*) AS rows, count(DISTINCT tableoid) AS partitions,
       count(*) FILTER (WHERE n < 800) AS thin
FROM (SELECT tableoid, count(*) OVER (PARTITION BY tableoid) AS n FROM parts) AS p;
SELECT count(*) AS found FROM parts WHERE r = (SELECT r FROM tallies WHERE id = 77);

--
-- + and -
--

-- They add and subtract the counts one by one; - takes back what + added.
SELECT count(*) AS pairs,
       count(*) FILTER (WHERE (a.r + b.r)::bigint[] IS DISTINCT FROM (
           SELECT array_agg(x + y ORDER BY place)
           FROM unnest(a.r::bigint[], b.r::bigint[]) WITH ORDINALITY AS counts (x, y, place))) AS differing,
       count(*) FILTER (WHERE a.r + b.r IS DISTINCT FROM b.r + a.r) AS not_commutative,
       count(*) FILTER (WHERE a.r + b.r - b.r IS DISTINCT FROM a.r) AS not_inverse
FROM tallies AS a, tallies AS b
WHERE a.r::text !~ '\d{16}' AND b.r::text !~ '\d{16}' AND a.id % 4 = 1 AND b.id < 100;
SELECT '{"9": 1, "10": 2}'::ratings + '{"0": 5, "10": 3}' AS sum,
       '{"9": 1, "10": 2}'::ratings - '{"10": 2}' AS difference,
       '{}'::ratings + '{}' AS nothing, '{"9": 1}'::ratings - '{"9": 1}' AS none_left;
SELECT '{"9": 1}'::ratings + NULL IS NULL AS null_right, NULL - '{"9": 1}'::ratings IS NULL AS null_left;
-- An operand that is a row's stays as it is.
SELECT r, r + r AS twice, r - r AS none, r FROM keyed WHERE r = '{"9": 1}';

-- No count becomes negative, and none passes 2^53.
SELECT '{"9": 1}'::ratings - '{"9": 2}';
SELECT '{"0": 3}'::ratings - '{"0": 9007199254740992}';
SELECT '{"4": 9007199254740992}'::ratings + '{"4": 1}';
SELECT '{"4": 9007199254740992}'::ratings + '{"4": 9007199254740992}';
SELECT '{"4": 9007199254740991}'::ratings + '{"4": 1}' AS limit;

--
-- Reading
--

-- By hand: 9, 10, 10, 7, 3: three promoters, one passive, one detractor;
-- 100 * (3 - 1) / 5; 39 / 5; the squares around 7.8 are 1.44 + 2 * 4.84 +
-- .64 + 23.04, over four 8.7.
SELECT responses(r), promoters(r), passives(r), detractors(r), nps(r), mean(r),
       round(stddev(r)::numeric ^ 2, 12) AS variance, share(r, 9, 10), share(r, 0, 6), share(r, 3, 3), share(r, 0, 10)
FROM (VALUES ('{"3": 1, "7": 1, "9": 1, "10": 2}'::ratings)) AS survey (r);

-- By hand: 1, 2, 4, 4, 5: mean 16 / 5, three of five satisfied, one very.
SELECT csat(r), csat_share(r), csat_share(r, 5), csat_share(r, 1), csat_share(r, 4, 7), ces(r)
FROM (VALUES ('{"1": 1, "2": 1, "4": 2, "5": 1}'::ratings)) AS survey (r);

-- In per cent it is still there.
SELECT csat_percent(r), csat_percent(r, 5), csat_percent(r, 1), csat_percent(r, 4, 7), csat_percent('{}'::ratings) AS none,
       (SELECT csat_percent(s) FROM unnest('{1,2,4,4,5}'::integer[]) s) AS integers,
       (SELECT csat_percent(s) FROM unnest('{1,2,4,4,5}'::smallint[]) s) AS smallints,
       (SELECT csat_percent(s) FROM unnest('{1,2,4,4,5}'::float8[]) s) AS floats
FROM (VALUES ('{"1": 1, "2": 1, "4": 2, "5": 1}'::ratings)) AS survey (r);

-- Each score is in the right camp.
SELECT score, promoters(r), passives(r), detractors(r), nps(r), mean(r)
FROM generate_series(0, 10) AS score, LATERAL (SELECT format('{"%s": 1}', score)::ratings AS r) AS one;

-- Figures of no answers are NULL, counts are 0, and NULL gives NULL.
SELECT responses(r), promoters(r), passives(r), detractors(r), nps(r), csat(r), csat_share(r), ces(r),
       share(r, 0, 10), mean(r), stddev(r), histogram(r), sparkline(r)
FROM (VALUES ('{}'::ratings), (NULL)) AS none (r);
-- A deviation needs two answers.
SELECT stddev('{"5": 1}'::ratings), stddev('{"5": 2}'::ratings) AS of_equal,
       round(stddev('{"4": 1, "6": 1}'::ratings)::numeric ^ 2, 12) AS variance;
-- Equal answers have none, whatever their number.
SELECT count(*) FILTER (WHERE stddev(r) <> 0) AS deviating, count(*) FILTER (WHERE mean(r) <> score) AS off
FROM generate_series(0, 10) AS score,
     LATERAL (VALUES (2::bigint), (3), (1000000007), (5404319552844597), (9007199254740991), (9007199254740992)) AS number (n),
     LATERAL (SELECT format('{"%s": %s}', score, n)::ratings AS r) AS equal;

-- A figure of another scale than the answers' is an error.
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.error_of(format('SELECT loyalcs.%s', call)) FROM (VALUES
    ('csat(''{"0": 1, "5": 3}''::loyalcs.ratings)'),
    ('csat(''{"6": 1}''::loyalcs.ratings)'),
    ('csat_share(''{"5": 1, "10": 1}''::loyalcs.ratings)'),
    ('csat_share(''{"0": 1}'', 9, 10)'),
    ('csat_share(''{"4": 1}'', 3, 3)'),
    ('ces(''{"0": 1}''::loyalcs.ratings)'),
    ('ces(''{"8": 1}''::loyalcs.ratings)')
) AS wrong (call);
-- So is a range that is none, even of no answers.
SELECT pg_temp.error_of(format('SELECT loyalcs.%s', call)) FROM (VALUES
    ('share(''{"5": 1}'', -1, 5)'),
    ('share(''{"5": 1}'', 5, 11)'),
    ('share(''{"5": 1}'', 6, 5)'),
    ('share(''{}'', 6, 5)'),
    ('csat_share(''{"5": 1}'', 4, 3)'),
    ('csat_share(''{"5": 1}'', 0)'),
    ('csat_share(''{"5": 1}'', 9, 11)'),
    ('csat_share(''{}'', -2147483648, 2147483647)')
) AS wrong (call);
\pset format aligned
\pset tuples_only off

-- A sparkline: no answer is the lowest of eight blocks, the most frequent score
-- the highest, up to a seventh of it the second.
SELECT sparkline('{"0": 1, "1": 2, "2": 3, "3": 4, "4": 5, "5": 6, "6": 7, "10": 7}');
SELECT sparkline('{"0": 1, "9": 1000, "10": 500}'), sparkline('{"5": 1}'),
       sparkline('{"0": 9007199254740992, "10": 1}');
SELECT count(*) FILTER (WHERE sparkline(r) <> (
    SELECT string_agg(chr(x'2581'::int + ceil(7 * n / max)::int), '' ORDER BY place)
    FROM (SELECT n::numeric, place, max(n) OVER () AS max
          FROM unnest(r::bigint[]) WITH ORDINALITY AS counts (n, place)) AS scaled)) AS differing
FROM tallies WHERE id > 0;

--
-- Aggregates
--

-- Some answers, one in seven missing, in teams of different sizes.
CREATE TABLE answers AS
    SELECT id, team, date '2026-01-01' + id / 40 AS day, score::smallint AS nps,
           (1 + score % 5)::smallint AS csat, (1 + score % 7)::smallint AS ces
    FROM (SELECT id, floor(sqrt(id % 100))::int AS team, nullif(least(id::bigint * 2654435761 % 4294967296 % 13, 11), 11) AS score
          FROM generate_series(1, 20000) AS id) AS generated;
ALTER TABLE answers SET (parallel_workers = 3);
ANALYZE answers;
SELECT count(*) AS rows, count(nps) AS answered, min(nps), max(nps) FROM answers;

-- What plain SQL makes of them, for each team (and, without one, for all).
CREATE TABLE by_hand AS
    SELECT team, count(nps) AS responses,
           ARRAY[count(*) FILTER (WHERE nps = 0), count(*) FILTER (WHERE nps = 1), count(*) FILTER (WHERE nps = 2),
                 count(*) FILTER (WHERE nps = 3), count(*) FILTER (WHERE nps = 4), count(*) FILTER (WHERE nps = 5),
                 count(*) FILTER (WHERE nps = 6), count(*) FILTER (WHERE nps = 7), count(*) FILTER (WHERE nps = 8),
                 count(*) FILTER (WHERE nps = 9), count(*) FILTER (WHERE nps = 10)] AS counts,
           count(*) FILTER (WHERE nps >= 9) AS promoters, count(*) FILTER (WHERE nps IN (7, 8)) AS passives,
           count(*) FILTER (WHERE nps <= 6) AS detractors,
           100.0::float8 * (count(*) FILTER (WHERE nps >= 9) - count(*) FILTER (WHERE nps <= 6)) / count(nps) AS nps,
           avg(nps)::float8 AS mean, stddev_samp(nps)::float8 AS stddev,
           count(*) FILTER (WHERE nps BETWEEN 3 AND 8)::float8 / count(nps) AS share,
           avg(csat)::float8 AS csat, count(*) FILTER (WHERE csat >= 4)::float8 / count(csat) AS csat_share,
           avg(ces)::float8 AS ces
    FROM answers GROUP BY GROUPING SETS ((team), ());
SELECT count(*) AS groups, min(responses), max(responses) FROM by_hand;

-- The type and the short aggregates agree with it.
CREATE VIEW with_type AS
    SELECT team, ratings_agg(nps) AS r, nps(nps) AS nps, csat(csat) AS csat, ratings_agg(csat) AS c,
           csat_share(csat) AS csat_share, ces(ces) AS ces, ratings_agg(ces) AS e
    FROM answers GROUP BY GROUPING SETS ((team), ());
CREATE VIEW disagreement AS
    SELECT count(*) AS groups,
           count(*) FILTER (WHERE r::bigint[] IS DISTINCT FROM h.counts) AS counts,
           count(*) FILTER (WHERE (responses(r), promoters(r), passives(r), detractors(r))
               IS DISTINCT FROM (h.responses, h.promoters, h.passives, h.detractors)) AS camps,
           count(*) FILTER (WHERE t.nps IS DISTINCT FROM h.nps OR nps(r) IS DISTINCT FROM h.nps) AS nps,
           count(*) FILTER (WHERE abs(mean(r) - h.mean) < 1e-12 IS NOT true) AS mean,
           count(*) FILTER (WHERE abs(loyalcs.stddev(r) - h.stddev) < 1e-12 IS NOT true) AS stddev,
           count(*) FILTER (WHERE share(r, 3, 8) IS DISTINCT FROM h.share) AS share,
           count(*) FILTER (WHERE abs(t.csat - h.csat) < 1e-12 IS NOT true OR csat(c) <> t.csat) AS csat,
           count(*) FILTER (WHERE t.csat_share IS DISTINCT FROM h.csat_share
               OR csat_share(c) IS DISTINCT FROM h.csat_share) AS csat_share,
           count(*) FILTER (WHERE abs(t.ces - h.ces) < 1e-12 IS NOT true OR ces(e) <> t.ces) AS ces
    FROM with_type AS t FULL JOIN by_hand AS h ON coalesce(h.team, -1) = coalesce(t.team, -1);
SET max_parallel_workers_per_gather = 0;
SELECT * FROM disagreement;
-- With parallel workers, too.
CREATE FUNCTION pg_temp.is_parallel(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || statement INTO plan;
    RETURN plan::text LIKE '%"Partial"%';
END $$;
SET max_parallel_workers_per_gather = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT pg_temp.is_parallel('SELECT ratings_agg(nps), nps(nps), csat(csat), csat_share(csat), ces(ces) FROM answers') AS parallel;
SELECT r::bigint[] = h.counts AS counts, a.nps = h.nps AS nps, abs(a.csat - h.csat) < 1e-12 AS csat,
       a.csat_share = h.csat_share AS csat_share, abs(a.ces - h.ces) < 1e-12 AS ces
FROM (SELECT ratings_agg(nps) AS r, nps(nps), csat(csat), csat_share(csat), ces(ces) FROM answers) AS a,
     (SELECT * FROM by_hand WHERE team IS NULL) AS h;
SELECT pg_temp.is_parallel('SELECT team, ratings_agg(nps), nps(nps) FROM answers GROUP BY team') AS parallel;
SELECT count(*) AS teams, count(*) FILTER (WHERE r::bigint[] <> counts) AS counts, count(*) FILTER (WHERE t.nps <> h.nps) AS nps
FROM (SELECT team, ratings_agg(nps) AS r, nps(nps) AS nps FROM answers GROUP BY team) AS t JOIN by_hand AS h USING (team);
-- Workers that find no row add nothing.
SELECT pg_temp.is_parallel('SELECT ratings_agg(nps) FROM answers WHERE id BETWEEN 4700 AND 4719') AS parallel;
SELECT ratings_agg(nps) AS twenty, nps(nps) FROM answers WHERE id BETWEEN 4700 AND 4719;
SELECT string_agg(nps::text, ',' ORDER BY id) AS answers FROM answers WHERE id BETWEEN 4700 AND 4719;
SELECT ratings_agg(nps) AS none, nps(nps), csat(csat), csat_share(csat), ces(ces) FROM answers WHERE id < 0;
SELECT ratings_agg(nps) AS all_null, nps(nps), csat(csat), csat_share(csat), ces(ces) FROM answers WHERE nps IS NULL;
-- A worker's error is the same error.
SET parallel_leader_participation = off;
SELECT split_part(pg_temp.error_of('SELECT loyalcs.csat(nps) FROM answers WHERE nps IN (5, 8)'), E'\n', 1);
RESET parallel_leader_participation;

-- Sums of stored values: of each day's is the year's, also in parallel.
CREATE TABLE days AS SELECT day, ratings_agg(nps) AS r FROM answers GROUP BY day;
INSERT INTO days VALUES ('2030-01-01', NULL), ('2030-01-02', '{}');
ALTER TABLE days SET (parallel_workers = 2);
ANALYZE days;
SELECT pg_temp.is_parallel('SELECT sum(r) FROM days') AS parallel;
SELECT count(*) AS days, sum(r)::bigint[] = (SELECT counts FROM by_hand WHERE team IS NULL) AS same FROM days;
SET max_parallel_workers_per_gather = 0;
SELECT count(*) AS days, sum(r)::bigint[] = (SELECT counts FROM by_hand WHERE team IS NULL) AS same FROM days;
SELECT sum(r) AS all_empty FROM days WHERE day > '2030-01-01';
SELECT sum(r) AS all_null FROM days WHERE day = '2030-01-01';
SELECT sum(r) AS no_rows FROM days WHERE day > '2031-01-01';
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- Scores of every type count alike: by hand, 9, 10, 10, 7, 3 again, and a NULL.
SELECT ratings_agg(s::smallint) AS smallint, ratings_agg(s::integer) AS integer, ratings_agg(s::bigint) AS bigint FROM unnest('{9,10,10,7,3,NULL}'::int[]) AS s;
SELECT ratings_agg(s::numeric) AS numeric, ratings_agg(s::real) AS real, ratings_agg(s::float8) AS float8 FROM unnest('{9,10,10,7,3,NULL}'::int[]) AS s;
SELECT ratings_agg(s::nps_score) AS domain, nps(s::nps_score), nps(s::smallint), nps(s), nps(s::bigint), nps(s::numeric(4,2)), nps(s::real), nps(s::float8)
FROM unnest('{9,10,10,7,3,NULL}'::int[]) AS s;
SELECT csat(s::csat_score), csat(s::smallint), csat(s), csat(s::bigint), csat(s::numeric), csat(s::real), csat(s::float8) FROM unnest('{1,2,4,4,5,NULL}'::int[]) AS s;
SELECT csat_share(s::csat_score), csat_share(s::smallint), csat_share(s), csat_share(s::bigint), csat_share(s::numeric), csat_share(s::real), csat_share(s::float8)
FROM unnest('{1,2,4,4,5,NULL}'::int[]) AS s;
SELECT ces(s::ces_score), ces(s::smallint), ces(s), ces(s::bigint), ces(s::numeric), ces(s::real), ces(s::float8) FROM unnest('{1,2,4,4,5,NULL}'::int[]) AS s;
SELECT ratings_agg(s) AS zero FROM unnest('{-0,0}'::float8[]) AS s;

-- The transition functions, called by hand, change a copy.
SELECT r, ratings_accum(r, 5) AS one_more, ratings_remove(r, 9) AS one_less, r AS unchanged FROM keyed WHERE r = '{"9": 1}';

-- One row, no row, and no answer.
SELECT ratings_agg(7) AS one, nps(7), csat(5), csat_share(5), ces(7);
SELECT ratings_agg(s) AS none, nps(s), csat(s), csat_share(s), ces(s), sum(r) FROM (SELECT 7, '{}'::ratings WHERE false) AS none (s, r);
SELECT ratings_agg(s) AS null, nps(s), csat(s), csat_share(s), ces(s), sum(r) FROM (VALUES (NULL::int, NULL::ratings), (NULL, NULL)) AS none (s, r);

-- A score off its scale is an error, of whatever type.
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.error_of(format('SELECT loyalcs.%s', call)) FROM (VALUES
    ('ratings_agg(11)'), ('nps(11)'), ('nps(-1)'), ('csat(0)'), ('csat(6)'), ('csat_share(0)'), ('csat_share(6)'),
    ('ces(0)'), ('ces(8)')
) AS wrong (call);
-- From here on, the first line of each.
SELECT format('%s => %s', call, split_part(pg_temp.error_of(format('SELECT loyalcs.%s', call)), E'\n', 1)) FROM (VALUES
    ('ratings_agg(-1::smallint)'), ('ratings_agg(11::smallint)'), ('nps(32767::smallint)'), ('csat(6::smallint)'), ('ces(8::smallint)'),
    ('csat_share(0::smallint)'), ('ratings_agg(2147483647)'), ('nps((-2147483648)::int)'),
    ('ratings_agg(11::bigint)'), ('nps(9223372036854775807)'), ('csat(6::float8)'), ('ces(0.0)'), ('csat_share(5.5)'),
    ('ratings_agg(9.5)'), ('ratings_agg(''NaN''::float8)'), ('ratings_agg(''infinity''::float8)'), ('ratings_agg(''-infinity''::float8)'),
    ('ratings_agg(''NaN''::numeric)'), ('nps(10.000001)'), ('nps(-0.5::real)'), ('ratings_agg(1e300)'),
    ('ratings_remove(''{}'', 7)'), ('ratings_remove(''{}'', 7::smallint)'), ('ratings_remove(''{}'', 7::float8)'), ('ratings_remove(''{}'', 11)'),
    ('ratings_accum(''{"3": 9007199254740992}'', 3)')
) AS wrong (call);
\pset format aligned
\pset tuples_only off

-- The limit holds for a sum of many, in the order in which they come, and
-- what was reached exactly is no error.
SELECT sum(r) FROM (VALUES ('{"9": 9007199254740990}'::ratings), ('{"9": 1}'), ('{"9": 1, "3": 9007199254740992}')) AS v (r);
SELECT sum(r) FROM (VALUES ('{"9": 9007199254740990}'::ratings), ('{"9": 1}'), ('{"9": 2}')) AS v (r);
SELECT sum(r) FROM (SELECT '{"0": 4503599627370496}'::ratings AS r FROM generate_series(1, 3)) AS v;
-- Eleven counts at their limit: totals stay exact.
SELECT responses(r) = 11 * 9007199254740992, promoters(r) = 2 * 9007199254740992, detractors(r) = 7 * 9007199254740992,
       round(nps(r)::numeric, 9) AS nps, mean(r), round(loyalcs.stddev(r)::numeric, 9) AS stddev, share(r, 0, 10)
FROM (SELECT format('{%s}', string_agg(format('"%s": 9007199254740992', score), ','))::ratings AS r FROM generate_series(0, 10) AS score) AS full_one;

-- FILTER, DISTINCT, ORDER BY and GROUPING SETS.
SELECT ratings_agg(s) FILTER (WHERE s > 5) AS filter, ratings_agg(s) FILTER (WHERE s > 10) AS filter_none,
       ratings_agg(DISTINCT s) AS "distinct", ratings_agg(s ORDER BY s DESC) AS ordered
FROM unnest('{9,10,10,7,3,NULL}'::int[]) AS s;
SELECT sum(DISTINCT r) AS "distinct", sum(r ORDER BY r) AS ordered FROM (VALUES ('{"9": 1}'::ratings), ('{"9": 1}'), ('{"8": 1}')) AS v (r);
SELECT shop, month, ratings_agg(s)
FROM (VALUES ('a', 1, 9), ('a', 1, 10), ('a', 2, 0), ('b', 1, 7), ('b', 2, NULL)) AS v (shop, month, s)
GROUP BY CUBE (shop, month) ORDER BY shop, month;

--
-- Windows
--

-- Days with gaps, several answers on some days, some of them missing.
CREATE TABLE sheets AS
    SELECT id, shop, date '2026-01-01' + (id / 3 + id / 50 * 9) AS day, score
    FROM (SELECT id, id % 3 AS shop, nullif(least(id * 7919 % 14, 11), 11) AS score FROM generate_series(1, 300) AS id) AS g;
SELECT count(*) AS rows, count(score) AS answered, count(DISTINCT day) AS days, max(day) - min(day) AS span FROM sheets;

-- For every row, a frame's value is that of a subquery over the rows in it.
CREATE FUNCTION pg_temp.frame_check(frame text, rows_in_it text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    said record;
BEGIN
    EXECUTE format(
        'WITH framed AS MATERIALIZED (
             SELECT id, ratings_agg(score) OVER w AS r, ratings_agg(score::smallint) OVER w AS r2,
                    ratings_agg(score::float8) OVER w AS r8, nps(score) OVER w AS nps,
                    csat(1 + score %% 5) OVER w AS csat, csat_share(1 + score %% 5) OVER w AS csat_share, ces(1 + score %% 7) OVER w AS ces,
                    sum(one) OVER w AS total
             FROM (SELECT *, format(''{"%%s": 1}'', score)::ratings AS one FROM sheets WHERE score IS NOT NULL
                   UNION ALL SELECT *, NULL FROM sheets WHERE score IS NULL) AS s
             WINDOW w AS (%s))
         SELECT count(*) AS rows, count(*) FILTER (WHERE n IS NULL) AS empty,
                count(*) FILTER (WHERE (r, r2, r8, total) IS DISTINCT FROM (h.h, h.h, h.h, h.h)
                    OR framed.nps IS DISTINCT FROM h.nps OR abs(framed.csat - h.csat) > 1e-12 OR (framed.csat IS NULL) <> (h.csat IS NULL)
                    OR framed.csat_share IS DISTINCT FROM h.csat_share OR abs(framed.ces - h.ces) > 1e-12 OR (framed.ces IS NULL) <> (h.ces IS NULL)) AS differing
         FROM framed JOIN sheets AS a USING (id), LATERAL (
             SELECT sum(n)::int AS n, (''{'' || string_agg(format(''"%%s": %%s'', score, n), '','') || ''}'')::ratings AS h,
                    100.0::float8 * (coalesce(sum(n) FILTER (WHERE score >= 9), 0) - coalesce(sum(n) FILTER (WHERE score <= 6), 0)) / sum(n) AS nps,
                    sum((1 + score %% 5) * n)::float8 / sum(n) AS csat, sum((1 + score %% 7) * n)::float8 / sum(n) AS ces,
                    (coalesce(sum(n) FILTER (WHERE score %% 5 >= 3), 0) / sum(n))::float8 AS csat_share
             FROM (SELECT score, count(*) AS n FROM sheets AS b WHERE score IS NOT NULL AND %s GROUP BY score) AS counted) AS h', frame, rows_in_it) INTO said;
    RETURN format('%s rows, %s without answers, %s differing', said.rows, said.empty, said.differing);
END $$;
SELECT frame, pg_temp.frame_check(frame, rows_in_it) FROM (VALUES
    ('ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW', 'b.id <= a.id'),
    ('ORDER BY id ROWS BETWEEN 6 PRECEDING AND CURRENT ROW', 'b.id BETWEEN a.id - 6 AND a.id'),
    ('ORDER BY id ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING', 'b.id BETWEEN a.id - 2 AND a.id + 2'),
    ('ORDER BY id ROWS BETWEEN 9 PRECEDING AND 8 PRECEDING', 'b.id BETWEEN a.id - 9 AND a.id - 8'),
    ('ORDER BY id ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING', 'b.id BETWEEN a.id + 1 AND a.id + 3'),
    ('ORDER BY id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING', 'b.id >= a.id'),
    ('ORDER BY id ROWS BETWEEN CURRENT ROW AND CURRENT ROW', 'b.id = a.id'),
    ('ORDER BY id DESC ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING', 'b.id BETWEEN a.id + 1 AND a.id + 3'),
    ('PARTITION BY shop ORDER BY id ROWS BETWEEN 4 PRECEDING AND CURRENT ROW', 'b.shop = a.shop AND b.id BETWEEN a.id - 12 AND a.id'),
    ('ORDER BY day RANGE BETWEEN ''7 days'' PRECEDING AND CURRENT ROW', 'b.day BETWEEN a.day - 7 AND a.day'),
    ('ORDER BY day RANGE BETWEEN ''5 days'' PRECEDING AND ''2 days'' PRECEDING', 'b.day BETWEEN a.day - 5 AND a.day - 2'),
    ('PARTITION BY shop ORDER BY day RANGE BETWEEN ''1 day'' FOLLOWING AND ''2 days'' FOLLOWING', 'b.shop = a.shop AND b.day BETWEEN a.day + 1 AND a.day + 2'),
    ('ORDER BY day GROUPS BETWEEN 1 PRECEDING AND 1 PRECEDING', 'b.day = (SELECT max(day) FROM sheets WHERE day < a.day)'),
    ('ORDER BY id ROWS BETWEEN 3 PRECEDING AND 3 FOLLOWING EXCLUDE CURRENT ROW', 'b.id BETWEEN a.id - 3 AND a.id + 3 AND b.id <> a.id'),
    ('ORDER BY day RANGE BETWEEN ''3 days'' PRECEDING AND CURRENT ROW EXCLUDE GROUP', 'b.day BETWEEN a.day - 3 AND a.day - 1'),
    ('ORDER BY day RANGE BETWEEN ''3 days'' PRECEDING AND CURRENT ROW EXCLUDE TIES', 'b.day BETWEEN a.day - 3 AND a.day AND (b.day < a.day OR b.id = a.id)')
) AS frames (frame, rows_in_it);

-- With FILTER, a frame forgets only what it had counted.
SELECT count(*) AS rows, count(*) FILTER (WHERE r IS DISTINCT FROM (
    SELECT ratings_agg(score ORDER BY id) FROM sheets AS b WHERE b.id BETWEEN framed.id - 4 AND framed.id AND b.shop <> 1)) AS differing
FROM (SELECT id, ratings_agg(score) FILTER (WHERE shop <> 1) OVER (ORDER BY id ROWS 4 PRECEDING) AS r FROM sheets) AS framed;

-- Results that are kept do not change when the window moves on.
SELECT count(*) AS kept, count(*) FILTER (WHERE r IS DISTINCT FROM
    (SELECT ratings_agg(score) FROM sheets WHERE id <= place)) AS changed
FROM (SELECT array_agg(r ORDER BY id DESC) AS kept
      FROM (SELECT id, ratings_agg(score) OVER (ORDER BY id) AS r FROM sheets) AS window_result) AS all_of_them,
     unnest(kept) WITH ORDINALITY AS k (r, reversed), LATERAL (SELECT 301 - reversed AS place) AS p;
SELECT count(*) AS rows, count(*) FILTER (WHERE r <> coalesce(before, '{}') + one) AS wrong
FROM (SELECT r, lag(r) OVER (ORDER BY id) AS before, one
      FROM (SELECT id, ratings_agg(score) OVER (ORDER BY id) AS r, format('{"%s": 1}', score)::ratings AS one
            FROM sheets WHERE score IS NOT NULL) AS running) AS a;

-- A sum in a window frame comes down from the limit again.
SELECT id, sum(r) OVER (ORDER BY id ROWS 1 PRECEDING)
FROM (VALUES (1, '{"9": 9007199254740991}'::ratings), (2, '{"9": 1}'), (3, '{"9": 9007199254740991}'), (4, '{}'), (5, NULL), (6, '{"9": 2}')) AS v (id, r);
SELECT id, sum(r) OVER (ORDER BY id ROWS 2 PRECEDING)
FROM (VALUES (1, '{"9": 9007199254740991}'::ratings), (2, '{"9": 1}'), (3, '{"9": 1}')) AS v (id, r);

-- A wide frame moves without being counted anew for each row: a hundred
-- thousand rows in frames of fifty thousand would be five thousand million,
-- a thousand times what the same rows take in frames of two.
SET work_mem = '64MB';
SELECT count(*) AS rows, min(responses(r)), max(responses(r)),
       count(*) FILTER (WHERE id = 100000 AND r::bigint[] = (
           SELECT array_agg(n ORDER BY score) FROM (SELECT i % 11 AS score, count(*) AS n FROM generate_series(50001, 100000) AS i GROUP BY 1) AS h)) AS last_is_right
FROM (SELECT i AS id, ratings_agg(i % 11) OVER (ORDER BY i ROWS 49999 PRECEDING) AS r FROM generate_series(1, 100000) AS i) AS moving;
CREATE FUNCTION pg_temp.moves(frame int) RETURNS bigint LANGUAGE sql AS $$
SELECT max(responses(r))
FROM (SELECT ratings_agg(i % 11) OVER (ORDER BY i ROWS frame PRECEDING) AS r FROM generate_series(1, 100000) AS i) AS moving
$$;
\i test/timing.sql
SELECT pg_temp.within(100, 'SELECT pg_temp.moves(49999)', 'SELECT pg_temp.moves(1)') AS moves;
RESET work_mem;

--
-- Intervals and changes of NPS
--

-- Quantiles of the normal distribution, from published tables.
CREATE TABLE normal (confidence float8, z float8);
INSERT INTO normal VALUES (0.0001, 0.0001253314140596669), (0.5, 0.6744897501960818), (0.8, 1.2815515655446008),
    (0.9, 1.644853626951473), (0.95, 1.959963984540054), (0.98, 2.3263478740408408), (0.99, 2.575829303548901),
    (0.999, 3.290526731491926), (0.999999, 4.891638475698995);

-- P(|Z| >= z) by Simpson's rule over the density.
CREATE FUNCTION pg_temp.normal_p(z float8) RETURNS float8 LANGUAGE sql AS $$
    SELECT 1 - 2 * least(z, 9) / 3 / 400 * sum(CASE WHEN i IN (0, 400) THEN 1 WHEN i % 2 = 1 THEN 4 ELSE 2 END
        * exp(-((least(z, 9) * i / 400) ^ 2) / 2)) / sqrt(2 * pi())
    FROM generate_series(0, 400) AS i
$$;
SELECT round(pg_temp.normal_p(1.959963984540054)::numeric, 9) AS p_at_95, round(pg_temp.normal_p(3.290526731491926)::numeric, 9) AS p_at_99_9;

-- The distribution itself has closed forms for whole degrees of freedom
-- (Abramowitz and Stegun 26.7.3 and 26.7.4).
CREATE FUNCTION pg_temp.student_p(t float8, df int) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    theta float8 := atan(abs(t) / sqrt(df));
    term float8 := 1;
    total float8 := 1;
BEGIN
    IF df = 1 THEN
        RETURN 1 - theta * 2 / pi();
    ELSIF df % 2 = 0 THEN
        FOR k IN 1 .. df / 2 - 1 LOOP
            term := term * (2 * k - 1) / (2 * k) * cos(theta) ^ 2;
            total := total + term;
        END LOOP;
        RETURN 1 - sin(theta) * total;
    ELSE
        FOR k IN 1 .. (df - 3) / 2 LOOP
            term := term * (2 * k) / (2 * k + 1) * cos(theta) ^ 2;
            total := total + term;
        END LOOP;
        RETURN 1 - (theta + sin(theta) * cos(theta) * total) * 2 / pi();
    END IF;
END $$;
SELECT round(pg_temp.student_p(12.7062047361747, 1)::numeric, 9) AS df_1, round(pg_temp.student_p(2.2281388519649, 10)::numeric, 9) AS df_10,
       round(pg_temp.student_p(2.0095752371292, 49)::numeric, 9) AS df_49;

-- And for those of Welch, which are not whole: at the angle whose tangent is t over
-- the root of df, the density is cos^(df - 1), by Simpson's rule. From 3,000 on
-- the normal distribution is near enough, and below 4 the rule itself is coarse.
CREATE FUNCTION pg_temp.student_area(angle float8, df float8) RETURNS float8 LANGUAGE sql AS $$
    SELECT angle / 3 / 600 * sum(CASE WHEN i IN (0, 600) THEN 1 WHEN i % 2 = 1 THEN 4 ELSE 2 END
        * exp(greatest(ln(greatest(cos(angle * i / 600), 1e-9)) * (df - 1), -600)))
    FROM generate_series(0, 600) AS i
$$;
CREATE FUNCTION pg_temp.p_of(t float8, df float8) RETURNS float8 LANGUAGE sql AS $$
    SELECT CASE WHEN df > 3000 THEN pg_temp.normal_p(abs(t))
                WHEN df = floor(df) THEN pg_temp.student_p(CASE WHEN df > 50 THEN least(abs(t), 40) ELSE t END, df::int)
                ELSE 1 - pg_temp.student_area(atan(abs(t) / sqrt(df)), df) / pg_temp.student_area(pi() / 2, df) END
$$;
CREATE FUNCTION pg_temp.near(p float8, q float8, df float8) RETURNS boolean LANGUAGE sql AS $$
    SELECT abs(p - q) <= CASE WHEN df > 3000 THEN 1 / df + 1e-7 WHEN df < 4 THEN 1e-4 ELSE 1e-8 END IS TRUE
$$;

-- By hand: 40 promoters, 30 passives and 30 detractors count as 40.75, 31.5
-- and 30.75 of 103, so the adjusted score is 1000 / 103 = 9.70874 with a
-- variance of 10000 * (71.5 / 103 - (10 / 103)^2) / 102 = 67.13222, whose root is
-- 8.193426; times 1.983495, Student's t of 102, that is 16.25162.
SELECT round(low::numeric, 4) AS low, round(high::numeric, 4) AS high, round(nps_margin(r)::numeric, 4) AS margin, nps(r)
FROM (VALUES ('{"0": 30, "8": 30, "10": 40}'::ratings)) AS survey (r), nps_interval(r);

-- Some hundred surveys, from one answer to the largest numbers.
CREATE TABLE surveys AS
    SELECT row_number() OVER (ORDER BY p, m, d) AS id, p, m, d, format('{"3": %s, "7": %s, "9": %s, "10": %s}', d, m, p / 2, p - p / 2)::ratings AS r
    FROM (VALUES (0::bigint), (1), (2), (7), (40), (1000), (123456789), (9007199254740992)) AS promoters (p),
         (VALUES (0::bigint), (1), (5), (60), (9999), (9007199254740992)) AS passives (m),
         (VALUES (0::bigint), (1), (3), (30), (777), (9007199254740991)) AS detractors (d)
    WHERE p + m + d > 0;

-- The adjusted score and its error in plain SQL, and in numeric, which rounds
-- nothing. The margin is so many errors that Student's t exceeds them with
-- probability 1 - confidence; the interval is around the adjusted score, reaches
-- to the score itself, and stays within its bounds.
CREATE VIEW wald AS
    SELECT id, r, n - 1 AS df, 100 * (p - d) / n AS middle,
           sqrt(10000 * ((p + 0.75 + d + 0.75) / n - ((p - d) / n) ^ 2) / (n - 1)) AS error
    FROM surveys, LATERAL (SELECT round(p + m + d + 3.0, 40) AS n) AS adjusted;
SELECT count(*) AS intervals,
       count(*) FILTER (WHERE error >= 1e-6 AND NOT pg_temp.near(pg_temp.p_of((margin / error)::float8, df::float8), 1 - confidence, df::float8)) AS margins_differing,
       count(*) FILTER (WHERE abs(low - greatest(least(middle - margin, nps(r)), -100)) <= 1e-9 IS NOT true
           OR abs(high - least(greatest(middle + margin, nps(r)), 100)) <= 1e-9 IS NOT true) AS differing,
       count(*) FILTER (WHERE low < -100 OR high > 100 OR low > nps(r) OR high < nps(r)) AS out_of_bounds,
       count(*) FILTER (WHERE low = -100 OR high = 100) AS clamped
FROM wald, (VALUES (0.5::float8), (0.95), (0.999)) AS level (confidence), nps_interval(r, confidence), LATERAL (SELECT nps_margin(r, confidence)::numeric AS margin) AS m;

-- More answers narrow it, more confidence widens it.
SELECT count(*) FILTER (WHERE margin >= before) AS not_narrower
FROM (SELECT margin, lag(margin) OVER (ORDER BY n) AS before
      FROM generate_series(1, 2000) AS n, nps_margin(format('{"2": %s, "7": %s, "9": %s}', n, n, 2 * n)::ratings) AS margin) AS m;
SELECT count(*) FILTER (WHERE margin <= before) AS not_wider
FROM (SELECT margin, lag(margin) OVER (ORDER BY c) AS before
      FROM generate_series(1, 999) AS c, nps_margin('{"2": 5, "7": 5, "9": 10}', c / 1000.0) AS margin) AS m;

-- Without answers there is none; one answer tells little.
SELECT * FROM nps_interval('{}');
SELECT nps_margin('{}'), nps_margin(NULL), nps_margin('{"9": 1}', NULL), nps_interval(NULL) AS null, nps_interval('{"9": 1}', NULL) AS null_confidence;
SELECT score, round(low::numeric, 6) AS low, round(high::numeric, 6) AS high
FROM unnest('{0,8,10}'::int[]) AS score, nps_interval(format('{"%s": 1}', score)::ratings);

-- A confidence is between 0 and 1: for 95 it says what to write.
SELECT nps_margin('{"9": 1}', 95);
\pset format unaligned
\pset tuples_only on
SELECT format('%s => %s', call, regexp_replace(pg_temp.error_of(format('SELECT loyalcs.%s', call)), '\n   hint: .*', '')) FROM (VALUES
    ('nps_margin(''{"9": 1}'', 0)'), ('nps_margin(''{}'', 1)'), ('nps_interval(''{"9": 1}'', -0.95)'), ('nps_interval(''{}'', 1)'),
    ('nps_interval(''{"9": 1}'', ''NaN'')'), ('mean_interval(''{"9": 2}'', ''infinity'')'), ('mean_interval(''{}'', 0)'),
    ('nps_change(''{"9": 1}'', ''{"9": 1}'', 2)'), ('nps_change(''{}'', ''{}'', 2)'), ('mean_change(''{"9": 2}'', ''{"9": 2}'', 1)'),
    ('mean_change(''{}'', ''{}'', 95)')
) AS wrong (call);
\pset format aligned
\pset tuples_only off

-- A change is that of the plain scores; its interval and its p-value are those
-- of the difference of the two adjusted estimates, with Welch's degrees of
-- freedom.  (Among quadrillions of nearly unanimous answers, a float8 has no
-- digits left for a p-value.)
CREATE VIEW changes AS
    SELECT a.r AS before, b.r AS after, nps(b.r) - nps(a.r) AS change, (b.middle - a.middle)::float8 AS middle,
           sqrt(a.error ^ 2 + b.error ^ 2)::float8 AS error,
           ((a.error ^ 2 + b.error ^ 2) ^ 2 / (a.error ^ 4 / a.df + b.error ^ 4 / b.df))::float8 AS df
    FROM wald AS a, wald AS b
    WHERE a.id % 19 = 4 AND b.id % 18 = 3;
SELECT count(*) AS changes,
       count(*) FILTER (WHERE c.change IS DISTINCT FROM h.change) AS change_differing,
       count(*) FILTER (WHERE error >= 1e-6 AND low > -200 AND low < c.change
           AND NOT pg_temp.near(pg_temp.p_of((middle - low) / error, df), 0.05, df)) AS low_differing,
       count(*) FILTER (WHERE error >= 1e-6 AND high < 200 AND high > c.change
           AND NOT pg_temp.near(pg_temp.p_of((high - middle) / error, df), 0.05, df)) AS high_differing,
       count(*) FILTER (WHERE low > c.change OR high < c.change) AS beside_the_change,
       count(*) FILTER (WHERE error < 1e-6) AS unanimous,
       count(*) FILTER (WHERE middle * c.change <= 0) AS speak_for_neither,
       count(*) FILTER (WHERE error >= 1e-6 AND NOT CASE WHEN middle * c.change > 0 THEN pg_temp.near(pg_temp.p_of(middle / error, df), p_value, df)
                                                        ELSE p_value = 1 END) AS p_differing
FROM changes AS h, nps_change(before, after) AS c;

-- Zero is outside the interval exactly when p < 1 - confidence.
SELECT count(*) AS changes, count(*) FILTER (WHERE p_value < 1 - confidence) AS significant,
       count(*) FILTER (WHERE (p_value < 1 - confidence) <> (low > 0 OR high < 0)) AS contradicting
FROM surveys AS a, surveys AS b, normal, nps_change(a.r, b.r, confidence)
WHERE a.id % 5 = 2 AND b.id % 7 = 3;

-- Nothing changed; turned around; from nobody, to nobody.
SELECT change, round(low::numeric, 6) AS low, round(high::numeric, 6) AS high, p_value FROM nps_change('{"9": 10, "3": 5}', '{"9": 10, "3": 5}');
SELECT change, round(low::numeric, 9) AS low, round(high::numeric, 9) AS high, p_value < 1e-6 AS beyond_doubt FROM nps_change('{"0": 9007199254740992}', '{"10": 9007199254740992}', 0.5);
SELECT count(*) FILTER (WHERE (a.change, a.low, a.high, a.p_value) IS DISTINCT FROM (-b.change, -b.high, -b.low, b.p_value)) AS not_turned_around
FROM changes, nps_change(before, after) AS a, nps_change(after, before) AS b;
SELECT * FROM nps_change('{}', '{"9": 1}');
SELECT * FROM nps_change('{"9": 1}', '{}');
SELECT nps_change(NULL, '{}') AS null_before, nps_change('{}', NULL) AS null_after, nps_change('{}', '{}', NULL) AS null_confidence;

--
-- Intervals and changes of means
--

-- The adjusted mean and its error in plain SQL: one answer more at each end of
-- the scale.
CREATE TABLE scales AS
    SELECT row_number() OVER (ORDER BY scale_low, scale_high, a, b, c) AS id, scale_low, scale_high,
           ratings_agg(score) AS r, avg(score)::float8 AS mean, count(*) + 1 AS df,
           (sum(score) + scale_low + scale_high)::numeric / (count(*) + 2) AS middle
    FROM (VALUES (1, 5), (1, 7), (0, 10), (3, 4)) AS scale (scale_low, scale_high),
         unnest('{0,1,2,30}'::int[]) AS a, unnest('{0,1,9}'::int[]) AS b, unnest('{0,3,400}'::int[]) AS c,
         LATERAL (SELECT scale_low AS score FROM generate_series(1, a) UNION ALL SELECT scale_low + 1 FROM generate_series(1, b)
                  UNION ALL SELECT scale_high FROM generate_series(1, c)) AS answer
    GROUP BY scale_low, scale_high, a, b, c;
CREATE VIEW adjusted AS
    SELECT s.*, sqrt(v.squares / df / (df + 1)) AS error
    FROM scales AS s, LATERAL (SELECT sum(n * (score - middle) ^ 2) AS squares
                               FROM (SELECT k - 1 AS score, (histogram(r))[k] + (k - 1 IN (scale_low, scale_high))::int AS n FROM generate_series(1, 11) AS k) AS h) AS v;
SELECT count(*) AS intervals,
       count(*) FILTER (WHERE low > scale_low AND low < mean AND NOT pg_temp.near(pg_temp.p_of(((middle - low::numeric) / error)::float8, df), 1 - confidence, df)) AS low_differing,
       count(*) FILTER (WHERE high < scale_high AND high > mean AND NOT pg_temp.near(pg_temp.p_of(((high::numeric - middle) / error)::float8, df), 1 - confidence, df)) AS high_differing,
       count(*) FILTER (WHERE low < scale_low OR high > scale_high OR low > mean OR high < mean) AS out_of_bounds,
       count(*) FILTER (WHERE low = scale_low OR high = scale_high) AS clamped
FROM adjusted, (VALUES (0.5::float8), (0.95), (0.999)) AS level (confidence), mean_interval(r, scale_low, scale_high, confidence);
SELECT count(*) AS changes,
       count(*) FILTER (WHERE abs(change - (b.mean - a.mean)) <= 1e-12 IS NOT true) AS change_differing,
       count(*) FILTER (WHERE low > a.scale_low - a.scale_high AND low < change AND NOT pg_temp.near(pg_temp.p_of((m - low) / e, w.df), 0.05, w.df)) AS low_differing,
       count(*) FILTER (WHERE high < a.scale_high - a.scale_low AND high > change AND NOT pg_temp.near(pg_temp.p_of((high - m) / e, w.df), 0.05, w.df)) AS high_differing,
       count(*) FILTER (WHERE low > change OR high < change) AS beside_the_change,
       count(*) FILTER (WHERE change * m <= 0) AS speak_for_neither,
       count(*) FILTER (WHERE NOT CASE WHEN change * m > 0 THEN pg_temp.near(pg_temp.p_of(m / e, w.df), p_value, w.df) ELSE p_value = 1 END) AS p_differing
FROM adjusted AS a JOIN adjusted AS b USING (scale_low, scale_high), mean_change(a.r, b.r, scale_low, scale_high),
     LATERAL (SELECT (b.middle - a.middle)::float8 AS m, sqrt(a.error ^ 2 + b.error ^ 2)::float8 AS e,
                     ((a.error ^ 2 + b.error ^ 2) ^ 2 / (a.error ^ 4 / a.df + b.error ^ 4 / b.df))::float8 AS df) AS w
WHERE a.id % 3 = 1 AND b.id % 4 = 2;
-- The function without a scale is the one of 0 to 10.
SELECT count(*) AS pairs, count(*) FILTER (WHERE (i.low, i.high) IS DISTINCT FROM (j.low, j.high) OR c IS DISTINCT FROM d) AS differing
FROM scales AS a JOIN scales AS b ON b.id = a.id + 1, mean_interval(a.r) AS i, mean_interval(a.r, 0, 10) AS j, mean_change(a.r, b.r) AS c, mean_change(a.r, b.r, 0, 10) AS d;

SELECT * FROM mean_interval('{"0": 1, "10": 1}');
SELECT * FROM mean_interval('{"7": 5}', 0.999999);
SELECT * FROM mean_interval('{"7": 1}');
SELECT * FROM mean_interval('{}');
SELECT mean_interval(NULL) AS null, mean_interval('{"9": 2}', NULL) AS null_confidence;
SELECT round((high - low)::numeric, 12) AS width FROM mean_interval('{"5": 9007199254740992, "6": 9007199254740992}');

-- More answers narrow it, more confidence widens it, also where the normal
-- distribution takes over, at a hundred million.
SELECT count(*) FILTER (WHERE width >= before) AS not_narrower
FROM (SELECT high - low AS width, lag(high - low) OVER (ORDER BY n) AS before
      FROM (SELECT n FROM generate_series(2, 2000) AS n UNION ALL SELECT 50000000 + n * 1000 FROM generate_series(-20, 20) AS n) AS numbers,
           mean_interval(format('{"5": %s, "6": %s}', n, n)::ratings)) AS m;
SELECT count(*) FILTER (WHERE width <= before) AS not_wider
FROM (SELECT high - low AS width, lag(high - low) OVER (ORDER BY c) AS before
      FROM generate_series(1, 999) AS c, mean_interval('{"4": 5, "5": 5, "6": 10}', c / 1000.0)) AS m;

-- Zero is outside the interval exactly when p < 1 - confidence.
SELECT count(*) AS changes, count(*) FILTER (WHERE p_value < 1 - confidence) AS significant,
       count(*) FILTER (WHERE (p_value < 1 - confidence) <> (low > 0 OR high < 0)) AS contradicting
FROM scales AS a JOIN scales AS b USING (scale_low, scale_high), normal, mean_change(a.r, b.r, scale_low, scale_high, confidence)
WHERE a.id % 3 = 1 AND b.id % 4 = 2;

-- Everybody agreed: few are not certain, and many are.
SELECT change, round(low::numeric, 6) AS low, round(high::numeric, 6) AS high, p_value FROM mean_change('{"5": 3}', '{"5": 9}');
SELECT change, round(low::numeric, 6) AS low, round(high::numeric, 6) AS high, round(p_value::numeric, 6) AS p_value FROM mean_change('{"5": 3}', '{"6": 2}');
SELECT change, round(low::numeric, 6) AS low, round(high::numeric, 6) AS high, round(p_value::numeric, 6) AS p_value FROM mean_change('{"0": 9007199254740992}', '{"10": 9007199254740992}', 0.999999);
-- One answer tells next to nothing; none has nothing.
SELECT change, round(low::numeric, 6) AS low, round(high::numeric, 6) AS high, round(p_value::numeric, 6) AS p_value FROM mean_change('{"5": 1}', '{"6": 3, "8": 1}');
SELECT change, round(low::numeric, 6) AS low, round(high::numeric, 6) AS high, round(p_value::numeric, 6) AS p_value FROM mean_change('{"6": 1, "7": 1}', '{"5": 1}');
SELECT * FROM mean_change('{}', '{"5": 2}');
SELECT * FROM mean_change('{"5": 2}', '{}');
SELECT mean_change(NULL, '{}') AS null_before, mean_change('{}', NULL) AS null_after, mean_change('{}', '{}', NULL) AS null_confidence;
