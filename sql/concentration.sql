-- How much of the revenue comes from how few: top_share and gini.  What is
-- compared with is worked out by hand, or plain SQL with window functions.
SET search_path = loyalcs, public;

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/errors.sql'
\i :shared

--
-- By hand
--

-- Ten customers with 1 to 10 of 55: the best fifth has 19, the best half 40, the
-- best 25% 19 and half of the third's 8.  Gini: sum((2 i - 11) i) = 165 over
-- 10 * 55.
SELECT round(top_share(x, 0.2)::numeric * 55, 9) AS best_fifth, round(top_share(x, 0.5)::numeric * 55, 9) AS best_half,
       round(top_share(x, 0.25)::numeric * 55, 9) AS best_quarter, top_share(x, 1) AS everybody, round(top_share(x, 0.001)::numeric * 55, 9) AS a_hundredth_of_one,
       round(gini(x)::numeric * 550, 9) AS gini
FROM generate_series(1, 10) AS x;
-- The best 20% of seven are one and four tenths: 70 + 0.4 * 10 of 100.
SELECT top_share(x, 0.2) FROM unnest('{4,10,4,70,4,4,4}'::int[]) AS x;
-- All alike: any share has itself, and Gini is 0.
SELECT n, round(top_share(x, 0.1)::numeric, 12) AS tenth, round(top_share(x, 0.75)::numeric, 12) AS three_quarters, gini(x)
FROM unnest('{1,2,3,999,1000}'::int[]) AS n, LATERAL (SELECT 0.1::float8 AS x FROM generate_series(1, n)) AS alike GROUP BY n ORDER BY n;
-- One has everything: Gini is (n - 1) / n.
SELECT n, top_share(x, 1.0 / n) AS the_one, gini(x) FROM unnest('{1,2,4,8,1024}'::int[]) AS n,
     LATERAL (SELECT CASE i WHEN 1 THEN 5 ELSE 0 END AS x FROM generate_series(1, n) AS i) AS unequal GROUP BY n ORDER BY n;
-- One customer, two, and ties.
SELECT top_share(x, 0.5), gini(x) FROM (VALUES (42)) AS one (x);
SELECT top_share(x, 0.5), gini(x) FROM (VALUES (1), (3)) AS two (x);
SELECT top_share(x, 0.4), top_share(x, 0.6), gini(x) FROM (VALUES (2), (2), (2), (2), (12)) AS ties (x);

--
-- Nothing to share
--

-- No rows, no amounts, and amounts of nothing have no shares.
SELECT top_share(x, 0.2), gini(x) FROM (SELECT 1 WHERE false) AS none (x);
SELECT top_share(x, 0.2), gini(x) FROM (VALUES (NULL::numeric), (NULL)) AS nulls (x);
SELECT top_share(x, 0.2), gini(x) FROM (VALUES (0), (0), (NULL)) AS zeros (x);
-- NULL is skipped, zero is not: among four customers the best half are two.
SELECT top_share(x, 0.5), gini(x) FROM (VALUES (NULL), (1), (1), (1), (NULL), (1)) AS v (x);
SELECT top_share(x, 0.5), gini(x) FROM (VALUES (0), (1), (1), (0)) AS v (x);
-- A row without a share is skipped, too.
SELECT top_share(x, share) FROM (VALUES (1, 0.5), (9, NULL), (3, 0.5)) AS v (x, share);

--
-- Errors
--

\pset format unaligned
\pset tuples_only on
SELECT format('%s of %s', call, x) || E'\n' || pg_temp.error_of(format('SELECT loyalcs.%s FROM (VALUES (1::float8), (%L)) AS v (x)', call, x)) FROM (VALUES
    ('gini(x)', '-1'), ('gini(x)', 'NaN'), ('gini(x)', 'Infinity'), ('gini(x)', '-Infinity'),
    ('top_share(x, 0.2)', '-0.01'), ('top_share(x, 0.2)', 'NaN'), ('top_share(x, 0.2)', 'Infinity'),
    ('top_share(x, 0)', '1'), ('top_share(x, -0.5)', '1'), ('top_share(x, 20)', '1'), ('top_share(x, 1.0000001)', '1'), ('top_share(x, ''NaN'')', '1'),
    ('top_share(x, CASE x WHEN 1 THEN 0.1 ELSE 0.2 END)', '7')
) AS wrong (call, x);
\pset format aligned
\pset tuples_only off
-- So it is when it is the only one; minus zero is zero.
SELECT gini(-5);
SELECT gini(x), top_share(x, 0.5) FROM unnest('{-0,1}'::float8[]) AS x;
-- Amounts whose total no float8 can hold are refused, not rounded off.
SELECT top_share(x, 0.5) FROM (VALUES (1.5e308), (1e308), (0)) AS v (x);
SELECT gini(x) FROM (VALUES (1e307), (1e308), (0), (0), (0), (0), (0), (0), (0), (0), (0), (0), (0), (0), (0), (0), (0), (0), (0), (0)) AS v (x);

--
-- Against plain SQL
--

-- Ten thousand customers, long-tailed, many of them alike, some with nothing.
CREATE TABLE customers AS
    SELECT id, brand, CASE WHEN hash % 17 = 0 THEN 0 WHEN id % 50 = 0 THEN NULL ELSE floor(1e6 / (1 + hash % 997)) / 100 END AS spent
    FROM (SELECT id, id % 7 AS brand, id::bigint * 2654435761 % 4294967296 AS hash FROM generate_series(1, 10000) AS id) AS g;
ALTER TABLE customers SET (parallel_workers = 3);
ANALYZE customers;

-- The Lorenz curve in numeric: whole customers, and the part of the next one.
CREATE FUNCTION lorenz(of_brand int, share numeric) RETURNS numeric LANGUAGE sql AS $$
    SELECT sum(spent * least(greatest(share * n - (place - 1), 0), 1)) / sum(spent)
    FROM (SELECT spent::numeric, row_number() OVER (ORDER BY spent DESC) AS place, count(*) OVER () AS n
          FROM customers WHERE spent IS NOT NULL AND (brand = of_brand OR of_brand IS NULL)) AS ranked
$$;
CREATE FUNCTION gini_by_hand(of_brand int) RETURNS numeric LANGUAGE sql AS $$
    SELECT sum((2 * place - n - 1) * spent) / (max(n) * sum(spent))
    FROM (SELECT spent::numeric, row_number() OVER (ORDER BY spent) AS place, count(*) OVER () AS n
          FROM customers WHERE spent IS NOT NULL AND (brand = of_brand OR of_brand IS NULL)) AS ranked
$$;
CREATE TABLE by_hand AS
    SELECT brand, share, lorenz(brand, share) AS lorenz, gini_by_hand(brand) AS gini
    FROM (SELECT generate_series(0, 6) AS brand UNION ALL SELECT NULL) AS brands,
         unnest('{0.0001,0.01,0.05,0.1,0.2,0.333,0.5,0.8,0.99,1}'::numeric[]) AS share;
SELECT count(*), round(min(gini), 3) AS min_gini, round(max(gini), 3) AS max_gini, count(*) FILTER (WHERE share = 1 AND lorenz <> 1) AS impossible FROM by_hand;
SELECT count(*) AS curves,
       count(*) FILTER (WHERE abs(ours - lorenz) <= 1e-12 IS NOT true) AS differing,
       count(*) FILTER (WHERE abs(g - gini) <= 1e-12 IS NOT true) AS gini_differing
FROM by_hand, LATERAL (SELECT top_share(spent, share) AS ours, gini(spent) AS g FROM customers WHERE brand = by_hand.brand OR by_hand.brand IS NULL) AS o;
-- Gini is the mean absolute difference over twice the mean.
SELECT abs(gini(a.spent) - (SELECT avg(abs(x.spent - y.spent)) / 2 / avg(x.spent) FROM customers AS x, customers AS y
    WHERE x.brand = 3 AND y.brand = 3)) < 1e-12 AS same
FROM customers AS a WHERE brand = 3;

-- The share of more is more, of everybody exactly everything.
SELECT count(*) AS shares, count(*) FILTER (WHERE top <= before) AS not_more, count(*) FILTER (WHERE top < share) AS below_equality, max(top) AS of_all
FROM (SELECT share, top, lag(top) OVER (ORDER BY share) AS before
      FROM generate_series(0.005, 1, 0.005) AS share, LATERAL (SELECT top_share(spent, share) AS top FROM customers WHERE brand = 2 AND spent > 0) AS t) AS s;
SELECT count(*) AS brands, count(*) FILTER (WHERE top_share <> 1) AS not_everything FROM (SELECT top_share(spent / 7, 1) FROM customers GROUP BY brand) AS b;

-- Neither the order of the rows nor the number of workers changes one bit.
CREATE FUNCTION pg_temp.is_parallel(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || statement INTO plan;
    RETURN plan::text LIKE '%"Partial"%';
END $$;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial AS SELECT top_share(spent / 7, 0.2), gini(spent / 7) FROM customers;
SELECT count(*) AS orders, count(*) FILTER (WHERE o.top_share <> s.top_share OR o.gini <> s.gini) AS differing
FROM serial AS s, generate_series(1, 20) AS k,
     LATERAL (SELECT top_share(spent / 7, 0.2 ORDER BY id * k * 7919 % 10007), gini(spent / 7 ORDER BY id * k * 7919 % 10007) FROM customers) AS o;
SET max_parallel_workers_per_gather = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT pg_temp.is_parallel('SELECT top_share(spent / 7, 0.2), gini(spent / 7) FROM customers') AS parallel;
SELECT p.top_share = s.top_share AS top_share, p.gini = s.gini AS gini
FROM (SELECT top_share(spent / 7, 0.2), gini(spent / 7) FROM customers) AS p, serial AS s;
SELECT pg_temp.is_parallel('SELECT brand, top_share(spent, 0.2), gini(spent) FROM customers GROUP BY brand') AS parallel;
SELECT count(*) AS brands, count(*) FILTER (WHERE abs(p.top_share - h.lorenz) > 1e-12 OR abs(p.gini - h.gini) > 1e-12) AS differing
FROM (SELECT brand, top_share(spent, 0.2), gini(spent) FROM customers GROUP BY brand) AS p JOIN by_hand AS h USING (brand) WHERE h.share = 0.2;
-- Workers that found no amount, and workers with different shares.
SELECT pg_temp.is_parallel('SELECT top_share(spent, 0.5), gini(spent) FROM customers WHERE id BETWEEN 101 AND 120') AS parallel;
SELECT abs(top_share - (SELECT sum(spent) / (SELECT sum(spent) FROM customers WHERE id BETWEEN 101 AND 120)
    FROM (SELECT spent FROM customers WHERE id BETWEEN 101 AND 120 ORDER BY spent DESC LIMIT 10) AS best)) < 1e-12 AS same
FROM (SELECT top_share(spent, 0.5) FROM customers WHERE id BETWEEN 101 AND 120) AS p;
SELECT top_share(spent, 0.5), gini(spent) FROM customers WHERE id < 0;
SET parallel_leader_participation = off;
SELECT split_part(pg_temp.error_of('SELECT loyalcs.top_share(spent, CASE WHEN id = 9999 THEN 0.3 ELSE 0.2 END) FROM customers'), E'\n', 1);
SELECT split_part(pg_temp.error_of('SELECT loyalcs.gini(CASE WHEN id = 9999 THEN -spent ELSE spent END) FROM customers'), E'\n', 1) ~ '^22003 amount -[0-9.]+ has no share in a revenue$';
RESET parallel_leader_participation;
RESET max_parallel_workers_per_gather;

-- Every kind of number, FILTER, DISTINCT, and a window.
SELECT top_share(x::smallint, 0.5), top_share(x, 0.5), top_share(x::bigint, 0.5), top_share(x::numeric, 0.5), top_share(x::real, 0.5::real), top_share(x::float8, 0.5),
       gini(x::smallint), gini(x), gini(x::bigint), gini(x::numeric), gini(x::real), gini(x::float8)
FROM unnest('{1,3}'::int[]) AS x;
SELECT top_share(x, 0.5) FILTER (WHERE x > 1) AS filter, gini(x) FILTER (WHERE x > 9) AS filter_none, gini(DISTINCT x) AS "distinct"
FROM unnest('{1,1,3,3,3}'::int[]) AS x;
SELECT x, round((top_share(x, 0.5) OVER w)::numeric, 6) AS top_share, round((gini(x) OVER w)::numeric, 6) AS gini,
       round((gini(x) OVER (ORDER BY x ROWS 1 PRECEDING))::numeric, 6) AS of_two
FROM unnest('{1,3,5,7}'::int[]) AS x WINDOW w AS (ORDER BY x);

--
-- The functions behind the aggregates, called by hand
--

-- They are no different there.
SELECT top_share_final(top_share_combine(top_share_accum(top_share_accum('{}', 1, 0.5), 3, 0.5), '{0.5,5,7}')) = top_share_final('{0.5,7,5,3,1}') AS same,
       top_share_final('{0.5}') AS none, top_share_final('{}') AS empty, gini_final('{}') AS gini_empty, gini_final('[7:9]={1,1,1}') AS any_bound;
-- A state that no aggregate made is checked like a row, by whoever reads it.
SELECT state, pg_temp.error_of(format(call, state))
FROM unnest('{"SELECT loyalcs.top_share_final(%L)","SELECT loyalcs.top_share_accum(%L, 1, 0.2)","SELECT loyalcs.top_share_combine(%L, ''{0.2,1}'')",
              "SELECT loyalcs.top_share_combine(''{0.2,1}'', %L)","SELECT loyalcs.gini_final(%L)"}'::text[]) WITH ORDINALITY AS c (call, n),
     unnest('{"{1e15,1,2}","{99,1,3,2}","{NaN,1}","{0,1}","{NULL}","{0.2,NULL,1}","{{0.2,1},{2,3}}","{0.2,-1}","{0.2,Infinity}","{0.2,NaN}"}'::text[]) WITH ORDINALITY AS s (state, m)
ORDER BY n, m;

--
-- Of amounts that have been collected
--

-- As the aggregates have it, for every share, in whatever order they come.
SELECT count(*) AS shares, count(*) FILTER (WHERE a.share_of_all IS DISTINCT FROM t.one) AS differing
  FROM (SELECT array_agg(spent ORDER BY id * 7919 % 10007) FILTER (WHERE spent IS NOT NULL) AS spent FROM customers) c,
       LATERAL (SELECT array_agg(n / 40.0 ORDER BY n) AS shares FROM generate_series(1, 40) n) s,
       LATERAL ROWS FROM (unnest(s.shares), unnest(top_shares(c.spent, s.shares::float8[]))) a (share, share_of_all),
       LATERAL (SELECT top_share(spent, a.share::float8) AS one FROM customers) t;
SELECT gini((SELECT array_agg(spent) FILTER (WHERE spent IS NOT NULL) FROM customers)) = (SELECT gini(spent) FROM customers) AS gini;
-- By hand: of 7, 5, 3 and 1 the best is 7 of 16, half are 12, three quarters 15, and an eighth is half of the best.
SELECT top_shares('{1,7,3,5}', '{0.25,0.5,0.75,1,0.125}') AS shares, gini('{7,1,3,5}'::float8[]) AS gini;
SELECT top_shares('{}', '{0.5}') AS none, top_shares('{0,0}', '{0.5}') AS of_nothing, top_shares('{1,2}', '{}') AS no_shares, top_shares(NULL, '{0.5}') AS of_null, top_shares('{1}', NULL) AS null_shares,
       gini('{}'::float8[]) AS gini_none, gini('{0,0}'::float8[]) AS gini_nothing;
SELECT call, pg_temp.error_of(format('SELECT loyalcs.%s', call))
  FROM unnest(ARRAY['top_shares(''{1,2}'', ''{0.5,0}'')', 'top_shares(''{1,2}'', ''{1.1}'')', 'top_shares(''{1,2}'', ''{NaN}'')', 'top_shares(''{1,2}'', ''{NULL}'')', 'top_shares(''{1,NULL}'', ''{0.5}'')', 'top_shares(''{1,-2}'', ''{0.5}'')',
                    'top_shares(''{1,Infinity}'', ''{0.5}'')', 'top_shares(''{{1,2}}'', ''{0.5}'')', 'top_shares(''{1e308,1e308}'', ''{0.5}'')', 'gini(''{1,NULL}''::float8[])', 'gini(''{-1}''::float8[])', 'gini(''{{1,2}}''::float8[])']) call;
