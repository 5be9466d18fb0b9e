-- Lengths of time as numbers of minutes and of days.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SELECT length, shop.in_minutes(length), shop.in_days(length)
  FROM (VALUES (interval '0'), ('90 seconds'), ('-20 minutes'), ('1 day 12 hours'), ('1 month'), ('1 year'),
               ('0.000001 seconds'), ('1000000 days'), (NULL)) l (length);

-- The last digit of a length is there.
SELECT count(*) AS lengths, count(*) FILTER (WHERE round(shop.in_minutes(l)::numeric * 60, 6) <> extract(epoch FROM l)) AS differ
  FROM generate_series(1, 1000) i, make_interval(secs => i * 7.000001 * i) l;

-- They depend on no setting.
SELECT pg_temp.same_elsewhere('SELECT shop.in_minutes(o) FROM generate_series(1, 3) i, make_interval(hours => i) o');
