-- Recency, frequency, monetary value: cut points, scores and segments.  What is
-- compared with is a sort and whole-number arithmetic in plain SQL.
SET search_path = loyalcs, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/errors.sql'
\i :shared

--
-- Cut points by hand
--

-- One value is all four; of two, 0 and 5, they lie at fifths of the way; of 0 to
-- 10 they are values; of 1 to 10 they lie at 1 + 9 k / 5.
SELECT quintiles(x) AS one FROM (VALUES (42)) AS v (x);
SELECT quintiles(x) AS two FROM (VALUES (5), (0)) AS v (x);
SELECT quintiles(x) AS eleven FROM generate_series(10, 0, -1) AS x;
SELECT quintiles(x::numeric) AS ten FROM generate_series(1, 10) AS x;
SELECT quintiles(at) FROM (VALUES (timestamptz '2026-01-11 00:00:00+00'), ('2026-01-01 00:00:00+00')) AS v (at);
-- Order counts: six customers of ten bought once, so two cuts are 1.
SELECT quintiles(n) FROM unnest('{1,1,1,1,1,1,2,2,3,20}'::int[]) AS n;

-- Nothing has no cut points, and NULL is nothing.
SELECT quintiles(x) AS none, quintiles(x::numeric) AS numeric, quintiles(at) AS instants FROM (SELECT 1.0::float8, now() WHERE false) AS v (x, at);
SELECT quintiles(x) AS none, quintiles(x::numeric) AS numeric, quintiles(at) AS instants FROM (VALUES (NULL::float8, NULL::timestamptz), (NULL, NULL)) AS v (x, at);
SELECT quintiles(x) AS some, quintiles(x::numeric) AS numeric FROM unnest('{NULL,0,NULL,NULL,5}'::float8[]) AS x;

-- Every kind of number, and dates; numeric keeps no zeros at the end.
SELECT quintiles(x::smallint), quintiles(x), quintiles(x::bigint), quintiles(x::real), quintiles(x::numeric) FROM unnest('{0,5}'::int[]) AS x;
SELECT quintiles(x) FROM unnest('{1.500,3.000}'::numeric[]) AS x;
SELECT quintiles(day) FROM unnest('{2026-01-01,2026-01-06}'::date[]) AS day;

--
-- Cut points against a sort
--

-- Value k of n, k from 0, in order; cut c lies at place c * (n - 1) / 5, exact in
-- numeric.  The values here are multiples of 5, so no float8 has to round.
CREATE FUNCTION by_hand(sorted numeric[]) RETURNS numeric[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(sorted[1 + whole] + (coalesce(sorted[2 + whole], 0) - sorted[1 + whole]) * fifths * 0.2 ORDER BY cut)
    FROM generate_series(1, 4) AS cut, LATERAL (SELECT cut * (cardinality(sorted) - 1) AS place) AS p,
         LATERAL (SELECT place / 5 AS whole, place % 5 AS fifths) AS w
$$;
SELECT by_hand('{0,5}') AS two, by_hand('{1,2,3,4,5,6,7,8,9,10}') AS ten;

-- Lists in ten orders of some lengths.
CREATE TABLE lists AS
    SELECT shape, n, i, 5 * CASE shape
            WHEN 'sorted' THEN i
            WHEN 'reversed' THEN n - i
            WHEN 'organ pipe' THEN least(i, n - i)
            WHEN 'valley' THEN greatest(i, n - i)
            WHEN 'all equal' THEN 7
            WHEN 'two values' THEN i * 7919 % 2
            WHEN 'few values' THEN (i::bigint * 2654435761 % 4294967296 % 4)::int
            WHEN 'skewed' THEN (n / (1 + (i::bigint * 2654435761 % 4294967296 % n)))::int
            WHEN 'scattered' THEN (i::bigint * 2654435761 % 4294967296 % (3 * n))::int - n
            WHEN 'saw' THEN i % 17
        END AS x
    FROM unnest('{sorted,reversed,organ pipe,valley,all equal,two values,few values,skewed,scattered,saw}'::text[]) AS shape,
         (SELECT generate_series(1, 60) UNION ALL SELECT unnest('{97,256,1000,1001,4999,20000}'::int[])) AS lengths (n),
         generate_series(1, n) AS i;
CREATE TABLE answers AS
    SELECT shape, n, by_hand(array_agg(x::numeric ORDER BY x)) AS cuts FROM lists GROUP BY shape, n;
SELECT count(*) AS lists, count(DISTINCT shape) AS shapes, max(n) FROM answers;
SELECT count(*) AS lists,
       count(*) FILTER (WHERE f::numeric[] IS DISTINCT FROM cuts) AS float8_differing,
       count(*) FILTER (WHERE m IS DISTINCT FROM cuts) AS numeric_differing,
       count(*) FILTER (WHERE t IS DISTINCT FROM
           (SELECT array_agg(timestamptz '2026-01-01 00:00:00+00' + cut * interval '1 second' ORDER BY cut) FROM unnest(cuts) AS cut)) AS instants_differing
FROM (SELECT shape, n, quintiles(x::float8 ORDER BY i) AS f, quintiles(x::numeric ORDER BY i) AS m,
             quintiles(timestamptz '2026-01-01 00:00:00+00' + x * interval '1 second' ORDER BY i) AS t
      FROM lists GROUP BY shape, n) AS ours JOIN answers USING (shape, n);

-- With values that are no multiples of anything, float8 rounds at most the last
-- bit, numeric nothing, and an instant goes down to its microsecond.
SELECT count(*) AS lists,
       count(*) FILTER (WHERE (SELECT max(abs(a / b - 1)) FROM unnest(f, cuts::float8[]) AS pair (a, b)) > 3e-16) AS float8_differing,
       count(*) FILTER (WHERE m IS DISTINCT FROM cuts) AS numeric_differing,
       count(*) FILTER (WHERE t IS DISTINCT FROM
           (SELECT array_agg(timestamptz '2026-01-01 00:00:00+00' + floor(cut * 1e6) * interval '1 microsecond' ORDER BY cut) FROM unnest(cuts) AS cut)) AS instants_differing
FROM (SELECT n, quintiles(x::float8) AS f, quintiles(x) AS m, quintiles(timestamptz '2026-01-01 00:00:00+00' + (x * 1000000)::bigint * interval '1 microsecond') AS t,
             by_hand(array_agg(x ORDER BY x)) AS cuts
      FROM (SELECT n, 1000 + round((i::bigint * 2654435761 % 4294967296) / 1.7e4, 6) AS x FROM generate_series(2, 150) AS n, generate_series(1, n) AS i) AS v
      GROUP BY n) AS ours;
-- percentile_cont says the same, but for the last bits of its places.
SELECT count(*) AS lists, count(*) FILTER (WHERE (SELECT max(abs(a - b)) FROM unnest(q, p) AS pair (a, b)) > 1e-9) AS differing
FROM (SELECT quintiles(x) AS q, percentile_cont('{0.2,0.4,0.6,0.8}'::float8[]) WITHIN GROUP (ORDER BY x) AS p FROM lists GROUP BY shape, n) AS both_ways;

-- A cut that is a value of the data is that value to the bit.
SELECT count(*) AS lists, count(*) FILTER (WHERE q <> (SELECT array_agg(k / 10.0::float8 ORDER BY k) FROM unnest(ARRAY[1 + n, 1 + 2 * n, 1 + 3 * n, 1 + 4 * n]) AS k)) AS differing
FROM (SELECT n, quintiles(k / 10.0::float8 ORDER BY k * 7919 % 10007) AS q FROM generate_series(1, 60) AS n, generate_series(1, 5 * n + 1) AS k GROUP BY n) AS tenths;

-- A million values.
CREATE TABLE million AS
    SELECT i, i::bigint * 2654435761 % 4294967296 AS x FROM generate_series(1, 1000000) AS i;
SELECT quintiles(x::float8)::numeric[] = cuts AS float8, quintiles(x::numeric) = cuts AS numeric,
       quintiles(timestamptz '2026-01-01 00:00:00+00' + x * interval '1 microsecond') = instants AS instants
FROM million, (SELECT array_agg(low.x + (high.x - low.x) * fifths * 0.2 ORDER BY cut) AS cuts,
                      array_agg(timestamptz '2026-01-01 00:00:00+00' + floor(low.x + (high.x - low.x) * fifths * 0.2) * interval '1 microsecond' ORDER BY cut) AS instants
               FROM generate_series(1, 4) AS cut, LATERAL (SELECT cut * 999999 / 5 AS whole, cut * 999999 % 5 AS fifths) AS w,
                    (SELECT x::numeric, row_number() OVER (ORDER BY x) AS place FROM million) AS low,
                    (SELECT x::numeric, row_number() OVER (ORDER BY x) AS place FROM million) AS high
               WHERE low.place = whole + 1 AND high.place = whole + 2) AS sorted
GROUP BY cuts, instants;

-- An order made against the median of three: at each step the second smallest
-- value that is left is the median of the three that are looked at, so that a
-- partition takes two values off.  For it, the array is a tape: a step moves the
-- window over it by three, and puts the values it skips where the two were.
-- Without its second way, selection would look at 20 thousand million values.
CREATE FUNCTION adversary(n int, steps int) RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE
    tape int[] := array_agg(i) FROM generate_series(1, n + steps) AS i;
    result float8[] := array_agg(n::float8 + i) FROM generate_series(1, n) AS i;
    length int := n;
    start int := 1;
    second int;
    third int;
BEGIN
    FOR step IN 0 .. steps - 1 LOOP
        second := start + length / 2;
        third := start + length - 1 - length / 4;
        result[tape[third]] := 2 * step;
        result[tape[second]] := 2 * step + 1;
        tape[second] := tape[start + 2];
        tape[third] := tape[start + 1];
        tape[start + length] := tape[start];
        start := start + 3;
        length := length - 2;
    END LOOP;
    RETURN result;
END $$;
CREATE TABLE bad_order AS SELECT i, x FROM unnest(adversary(1000000, 20000)) WITH ORDINALITY AS a (x, i);
SELECT count(*), count(DISTINCT x) FROM bad_order;
CREATE TABLE found AS SELECT quintiles(x ORDER BY i) FROM bad_order;
SELECT quintiles(x ORDER BY hashint4(i::int)) = (SELECT quintiles FROM found) AS same_in_any_order FROM bad_order;
\i test/timing.sql
SELECT pg_temp.within(10, 'SELECT quintiles(x ORDER BY i) FROM bad_order', 'SELECT quintiles(x ORDER BY hashint4(i::int)) FROM bad_order') AS as_quick_as_in_any_order;
SELECT quintiles = (SELECT array_agg(cut ORDER BY cut) FROM (
    SELECT low.x + (high.x - low.x) * (cut * 999999 % 5) / 5 AS cut
    FROM generate_series(1, 4) AS cut, (SELECT x, row_number() OVER (ORDER BY x) AS place FROM bad_order) AS low,
         (SELECT x, row_number() OVER (ORDER BY x) AS place FROM bad_order) AS high
    WHERE low.place = cut * 999999 / 5 + 1 AND high.place = cut * 999999 / 5 + 2) AS c) AS right_cuts
FROM found;
DROP TABLE bad_order;

--
-- Odd values
--

-- NaN is above all, both zeros are one, and infinity is a value like others.
SELECT quintiles(x) FROM unnest('{NaN,1,2,3,4,5}'::float8[]) AS x;
SELECT quintiles(x) FROM unnest('{NaN,NaN,1,NaN,NaN}'::float8[]) AS x;
SELECT quintiles(x) FROM unnest('{-0,0,-0}'::float8[]) AS x;
SELECT quintiles(x) FROM unnest('{0,-0,1,1,1,1}'::float8[]) AS x;
SELECT quintiles(x) FROM unnest('{-infinity,1,2,3,4,infinity}'::float8[]) AS x;
SELECT quintiles(x) FROM unnest('{infinity,infinity,infinity}'::float8[]) AS x;
SELECT quintiles(x) FROM unnest('{-infinity,infinity}'::float8[]) AS x;
-- From -infinity, no way leads up, and every way leads up to infinity.
SELECT quintiles(x) FROM unnest('{-infinity,1,2,3}'::float8[]) AS x;
SELECT quintiles(x) FROM unnest('{1,2,3,infinity}'::float8[]) AS x;
SELECT quintiles(x) FROM unnest('{1,2,infinity,NaN}'::float8[]) AS x;
-- The largest numbers do not overflow, and the smallest do not vanish.
SELECT count(*) FILTER (WHERE abs(cut / by_hand - 1) > 1e-15) AS differing
FROM (SELECT quintiles(x) AS q FROM unnest('{0,1e308,1.5e308}'::float8[]) AS x) AS v, unnest(q, '{0.4e308,0.8e308,1.1e308,1.3e308}'::float8[]) AS pair (cut, by_hand);
SELECT count(*) FILTER (WHERE abs(cut / by_hand - 1) > 1e-15) AS differing
FROM (SELECT quintiles(x) AS q FROM unnest('{-1.7e308,1.7e308}'::float8[]) AS x) AS v, unnest(q, '{-1.02e308,-0.34e308,0.34e308,1.02e308}'::float8[]) AS pair (cut, by_hand);
SELECT quintiles(x) FROM unnest('{0,2.5e-323}'::float8[]) AS x;
-- The same in numeric, with numbers of any size.
SELECT quintiles(x) FROM unnest('{NaN,1,2,3,4,5}'::numeric[]) AS x;
SELECT quintiles(x) FROM unnest('{-infinity,1,2,3}'::numeric[]) AS x;
SELECT quintiles(x) FROM unnest('{-infinity,infinity}'::numeric[]) AS x;
SELECT quintiles(x) FROM unnest('{1,2,3,infinity}'::numeric[]) AS x;
SELECT quintiles(x) = ARRAY[2e999, 4e999, 6e999, 8e999] AS large FROM unnest('{0,1e1000}'::numeric[]) AS x;
SELECT quintiles(x) = ARRAY[2e-1001, 4e-1001, 6e-1001, 8e-1001] AS small FROM unnest('{0,1e-1000}'::numeric[]) AS x;
SELECT quintiles(x) = ARRAY[1e100 + 0.2, 1e100 + 0.4, 1e100 + 0.6, 1e100 + 0.8] AS long FROM unnest(ARRAY[1e100, 1e100 + 1]) AS x;
-- Instants: infinite ones, and spans that an int64 of microseconds cannot hold.
SELECT quintiles(x) FROM unnest('{-infinity,2026-01-01 00:00:00+00,2026-01-02 00:00:00+00,2026-01-03 00:00:00+00}'::timestamptz[]) AS x;
SELECT quintiles(x) FROM unnest('{2026-01-01 00:00:00+00,2026-01-02 00:00:00+00,2026-01-03 00:00:00+00,infinity}'::timestamptz[]) AS x;
SELECT quintiles(x) FROM unnest('{-infinity,infinity}'::timestamptz[]) AS x;
SELECT quintiles(x) FROM unnest('{infinity,infinity,infinity}'::timestamptz[]) AS x;
SELECT q, (SELECT array_agg(to_char((extract(epoch FROM at) - low) / (high - low), '0.000000000000') ORDER BY at) FROM unnest(q) AS at) AS of_the_way
FROM (SELECT quintiles(x) AS q, extract(epoch FROM min(x)) AS low, extract(epoch FROM max(x)) AS high
      FROM unnest('{4714-11-24 00:00:00+00 BC,294276-12-31 23:59:59.999999+00}'::timestamptz[]) AS x) AS span;
-- Of two adjacent microseconds, all cuts are the earlier, and score 1 and 5.
SELECT q, score_by('2026-01-01 00:00:00+00', q) AS earlier, score_by('2026-01-01 00:00:00.000001+00', q) AS later
FROM (SELECT quintiles(x) AS q FROM unnest('{2026-01-01 00:00:00+00,2026-01-01 00:00:00.000001+00}'::timestamptz[]) AS x) AS two;

-- Whatever the values, the cuts ascend, so that score_by takes them.
SELECT count(*) AS lists, min(score), max(score)
FROM (SELECT a, b, c, d, quintiles(x) AS cuts FROM unnest('{-infinity,-1.7e308,-1,0,1e-310,1,1.7e308,infinity,NaN}'::float8[]) WITH ORDINALITY AS a (va, a),
          unnest('{-infinity,-1.7e308,-1,0,1e-310,1,1.7e308,infinity,NaN}'::float8[]) WITH ORDINALITY AS b (vb, b),
          unnest('{-infinity,-1.7e308,-1,0,1e-310,1,1.7e308,infinity,NaN}'::float8[]) WITH ORDINALITY AS c (vc, c),
          unnest('{-infinity,-1.7e308,-1,0,1e-310,1,1.7e308,infinity,NaN}'::float8[]) WITH ORDINALITY AS d (vd, d), unnest(ARRAY[va, vb, vc, vd]) AS x
      WHERE a <= b AND b <= c AND c <= d GROUP BY a, b, c, d) AS q, LATERAL score_by(1, cuts) AS score;
SELECT count(*) AS lists, min(score), max(score)
FROM (SELECT a, b, c, quintiles(x) AS cuts FROM unnest('{-infinity,-1e40,-1,0,1e-40,1,infinity,NaN}'::numeric[]) WITH ORDINALITY AS a (va, a),
          unnest('{-infinity,-1e40,-1,0,1e-40,1,infinity,NaN}'::numeric[]) WITH ORDINALITY AS b (vb, b),
          unnest('{-infinity,-1e40,-1,0,1e-40,1,infinity,NaN}'::numeric[]) WITH ORDINALITY AS c (vc, c), unnest(ARRAY[va, vb, vc]) AS x
      WHERE a <= b AND b <= c GROUP BY a, b, c) AS q, LATERAL score_by(1, cuts) AS score;

--
-- Ways to aggregate
--

-- In parallel the same values are found; some workers find none.
CREATE FUNCTION pg_temp.is_parallel(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || statement INTO plan;
    RETURN plan::text LIKE '%"Partial"%';
END $$;
CREATE TABLE customers AS
    SELECT id, id % 7 AS brand, 1 + (hash % 97) / 30 AS orders, nullif(round(hash / 1e5, 2), 0) AS spent,
           timestamptz '2026-01-01 00:00:00+00' - hash * interval '2 milliseconds' AS last_order
    FROM (SELECT id, id::bigint * 2654435761 % 4294967296 AS hash FROM generate_series(1, 20000) AS id) AS g;
ALTER TABLE customers SET (parallel_workers = 3);
ANALYZE customers;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial AS SELECT brand, quintiles(orders) AS f, quintiles(spent) AS m, quintiles(last_order) AS r FROM customers GROUP BY brand;
CREATE TABLE serial_all AS SELECT quintiles(orders) AS f, quintiles(spent) AS m, quintiles(last_order) AS r FROM customers;
SELECT count(*) AS brands, count(*) FILTER (WHERE m <> hand) AS differing
FROM serial JOIN (SELECT brand, by_hand(array_agg(spent ORDER BY spent)) AS hand FROM customers GROUP BY brand) AS h USING (brand);
SET max_parallel_workers_per_gather = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT pg_temp.is_parallel('SELECT quintiles(orders), quintiles(spent), quintiles(last_order) FROM customers') AS parallel;
SELECT p.f = s.f AS orders, p.m = s.m AS spent, p.r = s.r AS last_order
FROM (SELECT quintiles(orders) AS f, quintiles(spent) AS m, quintiles(last_order) AS r FROM customers) AS p, serial_all AS s;
SELECT pg_temp.is_parallel('SELECT brand, quintiles(orders), quintiles(spent), quintiles(last_order) FROM customers GROUP BY brand') AS parallel;
SELECT count(*) AS brands, count(*) FILTER (WHERE (p.f, p.m, p.r) IS DISTINCT FROM (s.f, s.m, s.r)) AS differing
FROM (SELECT brand, quintiles(orders) AS f, quintiles(spent) AS m, quintiles(last_order) AS r FROM customers GROUP BY brand) AS p JOIN serial AS s USING (brand);
SELECT pg_temp.is_parallel('SELECT quintiles(id) FROM customers WHERE id BETWEEN 101 AND 121') AS parallel;
SELECT quintiles(id), quintiles(id::numeric) FROM customers WHERE id BETWEEN 101 AND 121;
SELECT quintiles(id), quintiles(spent), quintiles(last_order) FROM customers WHERE id < 0;
RESET max_parallel_workers_per_gather;

-- FILTER, DISTINCT, GROUPING SETS, and windows.
SELECT quintiles(x) FILTER (WHERE x < 6) AS filter, quintiles(x) FILTER (WHERE x > 6) AS filter_none, quintiles(DISTINCT x) AS "distinct"
FROM unnest('{0,0,0,0,5,5,6}'::int[]) AS x;
SELECT brand, quintiles(x) FROM (VALUES ('a', 0), ('a', 5), ('b', 10)) AS v (brand, x) GROUP BY ROLLUP (brand) ORDER BY brand;
SELECT x, quintiles(x) OVER (ORDER BY x) AS so_far, quintiles(x::numeric) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS of_two,
       quintiles(x) OVER (ORDER BY x ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING EXCLUDE CURRENT ROW) AS before
FROM unnest('{0,5,10,30}'::int[]) AS x;

--
-- Scores
--

-- 1 plus the number of cuts below the value.
SELECT count(*) AS customers,
       count(*) FILTER (WHERE score_by(orders, f) <> 1 + (f[1] < orders)::int + (f[2] < orders)::int + (f[3] < orders)::int + (f[4] < orders)::int) AS float8_differing,
       count(*) FILTER (WHERE score_by(spent, m) <> 1 + (m[1] < spent)::int + (m[2] < spent)::int + (m[3] < spent)::int + (m[4] < spent)::int) AS numeric_differing,
       count(*) FILTER (WHERE score_by(last_order, r) <> 1 + (r[1] < last_order)::int + (r[2] < last_order)::int + (r[3] < last_order)::int + (r[4] < last_order)::int) AS instants_differing
FROM customers, serial_all;
-- Different values make five equal parts; equal values have equal scores, where
-- ntile tears them apart.
SELECT score_by(spent, m) AS score, count(*) FROM customers, serial_all GROUP BY 1 ORDER BY 1;
SELECT orders, count(*) AS customers, count(DISTINCT score_by(orders, f)) AS scores, min(score_by(orders, f)) AS score, count(DISTINCT ntile) AS ntiles
FROM (SELECT orders, ntile(5) OVER (ORDER BY orders) FROM customers) AS c, serial_all GROUP BY orders ORDER BY orders;
-- By hand, on and around the cuts 2, 2, 4 and 8.
SELECT x, score_by(x, '{2,2,4,8}'::float8[]) AS float8, score_by(x::numeric, '{2,2,4,8}'::numeric[]) AS numeric,
       score_by('2026-01-01'::timestamptz + x * interval '1 day', '{2026-01-03,2026-01-03,2026-01-05,2026-01-09}'::timestamptz[]) AS instant
FROM unnest('{1.9,2,2.1,4,4.1,8,8.1}'::float8[]) AS x;
-- Odd values: infinities, NaN above all, zero from either side; bounds that do
-- not begin at 1 do not matter.
SELECT x, score_by(x, '{-infinity,0,infinity,NaN}'::float8[]) AS float8 FROM unnest('{-infinity,-1,-0,0,1e-320,1e308,infinity,NaN}'::float8[]) AS x;
SELECT x, score_by(x, '{-infinity,0,infinity,NaN}'::numeric[]) AS numeric FROM unnest('{-infinity,-1,0,1,infinity,NaN}'::numeric[]) AS x;
SELECT x, score_by(x, '{-infinity,-infinity,2026-01-01 00:00:00+00,infinity}'::timestamptz[]) AS instant FROM unnest('{-infinity,2025-12-31 00:00:00+00,2026-01-02 00:00:00+00,infinity}'::timestamptz[]) AS x;
-- Cut points that change from row to row, amounts of money and other numbers in turn.
SELECT count(*), count(*) FILTER (WHERE score_by(x, cuts) <> 1 + (SELECT count(*) FROM unnest(cuts) AS cut WHERE cut < x)) AS differing
FROM unnest('{-2.5,0,1,1.00001,2.5,2.50,3e20,NaN,-Infinity,Infinity,922337203685477.5807,922337203685477.5808}'::numeric[]) AS x,
     LATERAL (VALUES (0), (1)) AS again (i),
     LATERAL (VALUES ('{0,1,2.5,3}'::numeric[]), ('{1,1,1.00001,2.5}'), ('{0,1,2.5,4}'), ('{-Infinity,2.5,3e20,NaN}'), ('{1.0,1.00,2.5,922337203685477.5807}')) AS c (cuts);
SELECT score_by(3, '[0:3]={1,2,3,4}'::float8[]) AS lower_bound_0, score_by(3, '[-5:-2]={1,2,3,4}'::numeric[]) AS negative;
SELECT score_by(NULL, '{1,2,3,4}'::float8[]) AS null, score_by(1, NULL::numeric[]) AS null_cuts, score_by(NULL::timestamptz, NULL) AS both_null;

-- A score is how many cuts are below, plus 1, in whatever order they stand.
SELECT count(*) AS orders, count(DISTINCT (f.score, n.score, t.score)) AS answers, min(f.score) AS score
  FROM (SELECT ARRAY[a, b, c, d] AS cuts
          FROM (VALUES (1), (2), (4), (8)) w (a), (VALUES (1), (2), (4), (8)) x (b),
               (VALUES (1), (2), (4), (8)) y (c), (VALUES (1), (2), (4), (8)) z (d)
         WHERE a + b + c + d = 15 AND a <> b AND a <> c AND a <> d AND b <> c AND b <> d AND c <> d) p
 CROSS JOIN LATERAL score_by(5::float8, p.cuts::float8[]) f (score)
 CROSS JOIN LATERAL score_by(5::numeric, p.cuts::numeric[]) n (score)
 CROSS JOIN LATERAL score_by('2026-01-01'::timestamptz + 5 * interval '1 day',
     (SELECT array_agg('2026-01-01'::timestamptz + c * interval '1 day') FROM unnest(p.cuts) c)) t (score);

-- Cuts are four, and none of them NULL.
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.error_of('SELECT loyalcs.score_by(1, ''{1,2,3}''::float8[])');
-- All of these are told the same.
SELECT count(*), count(DISTINCT pg_temp.error_of(format('SELECT loyalcs.score_by(%L::%s, %L::%2$s[])', CASE type WHEN 'timestamptz' THEN '2026-01-02' ELSE '2' END, type,
    CASE type WHEN 'timestamptz' THEN replace(regexp_replace(cuts, '(\d)', '2026-01-0\1', 'g'), 'NaN', 'infinity') ELSE cuts END))) AS messages
FROM unnest('{float8,numeric,timestamptz}'::text[]) AS type,
     unnest(ARRAY['{}', '{1}', '{1,2,3}', '{1,2,3,4,5}', '{1,2,3,NULL}', '{NULL,NULL,NULL,NULL}', '{{1,2,3,4}}', '{{1,2},{3,4}}', '{{1},{2},{3},{4}}']) AS cuts;
\pset format aligned
\pset tuples_only off

--
-- Segments
--

-- Recency down, the rounded mean of frequency and monetary value across.
SELECT r AS recency, max(segment) FILTER (WHERE fm = 1) AS "1", max(segment) FILTER (WHERE fm = 2) AS "2", max(segment) FILTER (WHERE fm = 3) AS "3",
       max(segment) FILTER (WHERE fm = 4) AS "4", max(segment) FILTER (WHERE fm = 5) AS "5"
FROM generate_series(1, 5) AS r, generate_series(1, 5) AS fm, rfm_segment(r, fm, fm) AS segment GROUP BY r ORDER BY r DESC;

-- Each of the 125 combinations has the name of its cell, a half rounded up;
-- frequency and monetary value count alike.
SELECT count(*) AS combinations, count(segment) AS named, count(DISTINCT segment) AS names,
       count(*) FILTER (WHERE segment <> rfm_segment(r, round((f + m) / 2.0)::int, round((f + m) / 2.0)::int)) AS not_of_the_mean,
       count(*) FILTER (WHERE segment <> rfm_segment(r, m, f)) AS asymmetric
FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f, generate_series(1, 5) AS m, rfm_segment(r, f, m) AS segment;
SELECT segment, count(*) AS combinations, min(r) AS min_recency, max(r) AS max_recency
FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f, generate_series(1, 5) AS m, rfm_segment(r, f, m) AS segment
GROUP BY segment ORDER BY segment COLLATE "C";
SELECT rfm_segment(NULL, 1, 1) AS no_recency, rfm_segment(1, NULL, 9) AS no_frequency, rfm_segment(0, 0, NULL) AS no_monetary;

-- A score off 1 to 5 is an error that says which.
SELECT rfm_segment(0, 1, 1);
SELECT rfm_segment(5, 6, 1);
SELECT rfm_segment(5, 5, -2147483648);
SELECT rfm_segment(2147483647, 0, 0);

-- By names of one's own, of which there is one for each combination; none: the built-in ones.
SELECT count(*) AS combinations, count(*) FILTER (WHERE rfm_segment(r, f, m, names) = concat(r, f, m)) AS right_ones,
       count(*) FILTER (WHERE rfm_segment(r, f, m, NULL) = rfm_segment(r, f, m)) AS built_in,
       count(*) FILTER (WHERE rfm_segment(r, f, m, long) = repeat(concat(r, f, m), 1000)) AS long_ones
FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f, generate_series(1, 5) AS m,
     (SELECT array_agg(concat(r, f, m) ORDER BY r, f, m) AS names, array_agg(repeat(concat(r, f, m), 1000) ORDER BY r, f, m) AS long
        FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f, generate_series(1, 5) AS m) AS n;
-- (where their numbering begins does not matter)
SELECT rfm_segment(1, 1, 1, ('[0:124]={a' || repeat(',b', 123) || ',c}')::text[]), rfm_segment(5, 5, 5, ('[0:124]={a' || repeat(',b', 123) || ',c}')::text[]),
       rfm_segment(1, 1, 2, array_fill(''::text, '{125}')) AS empty,
       rfm_segment(NULL, 9, 9, '{}') AS no_recency, rfm_segment(9, NULL, 9, '{}') AS no_frequency, rfm_segment(9, 9, NULL, NULL) AS no_monetary;
SELECT pg_temp.error_of(call) FROM unnest(ARRAY[
    $$SELECT rfm_segment(0, 1, 1, array_fill('x'::text, '{125}'))$$,
    $$SELECT rfm_segment(1, 6, 1, NULL)$$,
    $$SELECT rfm_segment(1, 1, -1, array_fill('x'::text, '{125}'))$$,
    $$SELECT rfm_segment(1, 1, 1, '{}')$$,
    $$SELECT rfm_segment(1, 1, 1, array_fill('x'::text, '{124}'))$$,
    $$SELECT rfm_segment(1, 1, 1, array_fill('x'::text, '{126}'))$$,
    $$SELECT rfm_segment(1, 1, 1, array_fill('x'::text, '{5,25}'))$$,
    $$SELECT rfm_segment(5, 5, 5, array_fill('x'::text, '{124}') || NULL::text)$$]) AS call;

--
-- States
--

-- Anybody may call the functions behind the aggregates, with a state that none
-- made: it is checked.
SELECT pg_temp.error_of(call) FROM unnest(ARRAY[
    $$SELECT quintiles_final('{NULL}'::float8[])$$,
    $$SELECT quintiles_final('{{1,2},{3,4}}'::float8[])$$,
    $$SELECT quintiles_final('{NULL}'::timestamptz[])$$,
    $$SELECT quintiles_final('{{infinity},{-infinity}}'::timestamptz[])$$,
    $$SELECT quintiles_final('{1,NULL}'::bigint[])$$,
    $$SELECT quintiles_final('{{1},{2}}'::bigint[])$$,
    $$SELECT quintiles_accum('{NULL}'::bigint[], 1)$$,
    $$SELECT quintiles_accum('{NULL}'::float8[], 1)$$,
    $$SELECT quintiles_accum('{{2026-01-01}}'::timestamptz[], '2026-01-01')$$,
    $$SELECT quintiles_accum('{{1}}'::bigint[], 1)$$,
    $$SELECT quintiles_final('{1,-9223372036854775808}'::bigint[])$$,
    $$SELECT quintiles_final('{-9223372036854775808,0}'::bigint[])$$,
    $$SELECT quintiles_final('{-9223372036854775808,9223372036854775807,1}'::bigint[])$$,
    $$SELECT quintiles_final('{-9223372036854775808,17,1,1}'::bigint[])$$,
    $$SELECT quintiles_final('{-9223372036854775808,16,0,0}'::bigint[])$$]) AS call;

-- Numbers that are no amounts of four decimals are collected beside those that
-- are, by workers too, and come out as they are.
CREATE FUNCTION pg_temp.collected(numeric[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    state bigint[] := '{}';
    x numeric;
BEGIN
    FOREACH x IN ARRAY $1 LOOP
        state := loyalcs.quintiles_accum(state, x);
    END LOOP;
    RETURN state;
END $$;
SELECT x, quintiles_final(pg_temp.collected(ARRAY[x])) = array_fill(x, '{4}') AS comes_back, cardinality(pg_temp.collected(ARRAY[x])) AS elements
FROM unnest('{0,-0.5,12.5,922337203685477.5807,-922337203685477.5807,922337203685477.5808,-922337203685477.5808,0.00001,1e20,NaN,Infinity,-Infinity}'::numeric[]) AS x;
SELECT quintiles_final(quintiles_combine(pg_temp.collected('{1,0.00002,3}'), pg_temp.collected('{NaN,5.5,1e30}'))) AS combined, quintiles(x) AS directly
FROM unnest('{1,0.00002,3,NaN,5.5,1e30}'::numeric[]) AS x;
SELECT length((quintiles_final(quintiles_accum('{}', '1e131000')))[1]::text) = 131001 AS long;

-- Memory is what was promised: eight bytes a value.
CREATE AGGREGATE pg_temp.state(numeric) (SFUNC = loyalcs.quintiles_accum, STYPE = bigint[], INITCOND = '{}');
SELECT pg_column_size(pg_temp.state(i / 100.0)) / 8 - count(*) < 10 AS amounts, pg_column_size(pg_temp.state(i / 7.0)) / count(*) < 50 AS others
FROM generate_series(1, 10000) AS i;
