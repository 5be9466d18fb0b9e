-- The months of a figure, and whether a share really changed.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- 31 December, 15:00 UTC, is the new year in Tokyo. A month is over with its last instant.
SELECT s.first, s.last, s.as_of, (SELECT string_agg(concat_ws(' ', m.month, m.last_day, m.complete), ', ' ORDER BY m.month)
                                    FROM months_between(s.first::timestamptz, s.last::timestamptz, s.as_of::timestamptz) m) AS months
  FROM (VALUES
    ('2023-12-31 14:59:59+00', '2024-02-29 12:00+09', '2024-03-01 00:00+09'),
    ('2023-12-31 15:00+00', '2024-02-29 12:00+09', '2024-02-29 23:59:59.999999+09'),
    ('2023-12-31 15:00+00', '2024-02-29 12:00+09', '2024-01-15 12:00+09'),
    ('2023-12-31 15:00+00', '2024-02-29 12:00+09', '2023-01-15 12:00+09'),
    (NULL, '2024-02-29 12:00+09', 'infinity'),
    ('2024-02-29 12:00+09', NULL, '2024-03-01 00:00+09'),
    ('infinity', '2024-02-29 12:00+09', 'infinity'),
    ('2024-02-28 12:00+09', '2024-02-29 12:00+09', 'infinity'),
    ('2024-02-28 12:00+09', '2024-02-29 12:00+09', '-infinity')
  ) s (first, last, as_of);
-- Of what is dated by mistake, a hundred years at most.
SELECT count(*), min(month), max(month) FROM months_between('0001-01-01 00:00+00', '9999-01-01 00:00+00', 'infinity');

-- Shares: 1 of 2, then 9 of 10, and so on.
SELECT s.given, round(c.change::numeric, 4) AS change, round(c.change_low::numeric, 4) AS low, round(c.change_high::numeric, 4) AS high,
       round(c.p_value::numeric, 4) AS p_value, c.too_few, c.significant
  FROM (VALUES ('{1,2,9,10}'::bigint[]), ('{2,20,18,20}'), ('{2,20,18,19}'), ('{0,9,9,9}'), ('{0,10,10,10}'), ('{0,0,1,1}'), ('{NULL,NULL,1,1}'), ('{1,1,0,0}')) s (given)
 CROSS JOIN LATERAL share_change(s.given[1], s.given[2], s.given[3], s.given[4]) c;
SELECT share_ratings(3, 5)::text, share_ratings(0, 5)::text, share_ratings(5, 5)::text, share_ratings(0, 0), share_ratings(1, NULL), share_ratings(NULL, 1);
SELECT pg_temp.outcome('SELECT share_ratings(6, 5)'), pg_temp.outcome('SELECT share_ratings(-1, 5)');
