-- Lengths of time as numbers of days and of minutes, against what numeric says.
SET search_path = loyalcs, public;
SET intervalstyle = 'postgres';

SELECT l AS length, in_days(l), in_minutes(l)
  FROM unnest('{0,"90 seconds","-20 minutes","1 day 12:00","1 month","1 year","0.000001 seconds","-3 years -2 months -1 day -0.5 seconds",NULL}'::interval[]) l;

-- To the last bit, short and long, and as long as there are.
CREATE TABLE lengths AS
SELECT (hashint4extended(i, 1) % 40) * interval '1 month' + (hashint4extended(i, 2) % 100000) * interval '1 day' + (hashint4extended(i, 3) / 1000 % 1000000000000) * interval '1 microsecond' AS l
  FROM generate_series(1, 20000) i
UNION ALL SELECT hashint4extended(i, 4) % 200000 * interval '1 second' FROM generate_series(1, 20000) i
UNION ALL SELECT hashint4extended(i, 5) % 5000000 * interval '1 microsecond' FROM generate_series(1, 20000) i
UNION ALL VALUES (interval '178000000 years'), ('-178000000 years'), ('2147483647 days'), ('2562047788:00:54.775807');
SELECT count(*) AS lengths, count(*) FILTER (WHERE in_days(l) IS DISTINCT FROM (EXTRACT(epoch FROM l) / 86400)::float8) AS other_days,
       count(*) FILTER (WHERE in_minutes(l) IS DISTINCT FROM (EXTRACT(epoch FROM l) / 60)::float8) AS other_minutes, max(in_days(l)), min(in_minutes(l))
  FROM lengths;

-- Of ten, not of all: what is not sorted by is computed afterwards.
EXPLAIN (VERBOSE, COSTS OFF) SELECT l, in_days(l) FROM lengths ORDER BY l LIMIT 10;

DROP TABLE lengths;
