-- The months of a figure, and whether a share really changed.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- 31 December, 15:00 UTC, is the new year in Tokyo. A month is over with its last instant.
SELECT s.first, s.last, s.as_of, (SELECT string_agg(concat_ws(' ', m.period_start, m.last_day, m.complete), ', ' ORDER BY m.period_start)
                                    FROM periods_between('month', s.first::timestamptz, s.last::timestamptz, s.as_of::timestamptz) m) AS months
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
SELECT count(*), min(period_start), max(period_start) FROM periods_between('month', '0001-01-01 00:00+00', '9999-01-01 00:00+00', 'infinity');


--
-- Other periods
--

-- The days that each begins with, about a leap day; 30 days end with that of as_of.
SELECT p.period, period_length(p.period), (SELECT string_agg(concat_ws(' ', m.period_start, m.last_day, m.complete), ', ' ORDER BY m.period_start)
                                             FROM periods_between(p.period, '2024-02-28 23:30+09', '2024-03-02 12:00+09', '2024-03-04 00:00+09') m) AS periods
  FROM unnest('{day,week,month,quarter,year,2 days,3 days,30 days,9999 days}'::text[]) p (period);
-- No more than a hundred years of them, nor 4000; and none before the first February there was.
SELECT p.period, count(*), min(m.period_start), max(m.last_day)
  FROM unnest('{day,week,month,quarter,year,2 days,30 days,9999 days}'::text[]) p (period)
  LEFT JOIN LATERAL periods_between(p.period, '0001-01-01 00:00+00', '9999-01-01 00:00+00', 'infinity') m ON true
 GROUP BY p.period ORDER BY p.period;
SELECT p.period, count(*), min(m.period_start), max(m.last_day)
  FROM unnest('{day,week,month,quarter,year,30 days}'::text[]) p (period)
  LEFT JOIN LATERAL periods_between(p.period, '4000-01-01 00:00+00 BC', '0001-03-10 00:00+00', '0001-03-20 00:00+00') m ON true
 GROUP BY p.period ORDER BY p.period;
SELECT pg_temp.outcome(format('SELECT period_length(%L)', p)),
       pg_temp.outcome(format('SELECT count(*) FROM periods_between(%L, now(), now(), now())', p)) = pg_temp.outcome(format('SELECT period_length(%L)', p)) AS the_same
  FROM unnest('{fortnight,1 days,30 day,30  days,030 days,10000 days,Month,"",NULL}'::text[]) p;
SELECT p AS period, a AS at, period_of(a, 'Asia/Tokyo', p, '2024-03-04 00:00+09')
  FROM unnest('{month,3 days}'::text[]) p, unnest('{infinity,-infinity,NULL,2024-03-01 12:00+09,2024-03-09 12:00+09}'::timestamptz[]) a;

-- Each instant is in one period, the one that it is of, half hours of daylight saving included.
UPDATE settings SET time_zone = 'Australia/Lord_Howe';
SELECT p.period, count(*) > 3000 AS enough,
       bool_and((i.at AT TIME ZONE 'Australia/Lord_Howe')::date BETWEEN m.period_start AND m.last_day
                AND period_of(i.at, 'Australia/Lord_Howe', p.period, '2025-04-05 15:45+00') = m.period_start) AS of_it,
       count(*) = count(DISTINCT i.at) AS of_one
  FROM unnest('{day,week,month,quarter,year,7 days,30 days}'::text[]) p (period)
 CROSS JOIN (SELECT generate_series(timestamptz '2024-09-01 00:00+00', '2025-04-05 15:30+00', interval '50 minutes')
             UNION
             SELECT generate_series(timestamptz '2025-04-05 12:30+00', '2025-04-05 15:30+00', interval '5 minutes')) i (at)
  LEFT JOIN LATERAL (SELECT m.*
                       FROM periods_between(p.period, '2024-09-01 00:00+00', '2025-04-05 15:30+00', '2025-04-05 15:45+00') m
                      WHERE loyalcs.in_local_dates(i.at, 'Australia/Lord_Howe', m.period_start, m.last_day)) m ON true
 GROUP BY p.period ORDER BY p.period;
UPDATE settings SET time_zone = 'Asia/Tokyo';

-- Shares: 1 of 2, then 9 of 10, and so on.
SELECT s.given, round(c.change::numeric, 4) AS change, round(c.change_low::numeric, 4) AS low, round(c.change_high::numeric, 4) AS high,
       round(c.p_value::numeric, 4) AS p_value, c.too_few, c.significant
  FROM (VALUES ('{1,2,9,10}'::bigint[]), ('{2,20,18,20}'), ('{2,20,18,19}'), ('{0,9,9,9}'), ('{0,10,10,10}'), ('{0,0,1,1}'), ('{NULL,NULL,1,1}'), ('{1,1,0,0}')) s (given)
 CROSS JOIN LATERAL share_change(s.given[1], s.given[2], s.given[3], s.given[4]) c;
SELECT share_ratings(3, 5)::text, share_ratings(0, 5)::text, share_ratings(5, 5)::text, share_ratings(0, 0), share_ratings(1, NULL), share_ratings(NULL, 1);
SELECT pg_temp.outcome('SELECT share_ratings(6, 5)'), pg_temp.outcome('SELECT share_ratings(-1, 5)');

-- A year before: by the calendar, and of what has no date in it as near as can be.
SELECT p.period, d.day, period_a_year_before(d.day, p.period) AS before, period_end(period_a_year_before(d.day, p.period), p.period) AS until
  FROM (VALUES ('day', date '2024-02-29'), ('month', '2024-02-01'), ('quarter', '2024-04-01'), ('year', '2024-01-01'), ('week', '2024-03-04'), ('30 days', '2024-03-04'), ('7 days', '2024-03-04'), ('9999 days', '2024-03-04'),
               ('month', '0001-12-01'), ('month', 'infinity'), ('month', '-infinity')) d (period, day)
 CROSS JOIN LATERAL (SELECT d.period) p;
SELECT pg_temp.outcome('SELECT period_a_year_before(date ''2024-03-04'', ''fortnight'')');
