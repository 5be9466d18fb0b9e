-- The published formula of customer retention, and its complement.
SET search_path = loyalcs, public;

-- By hand: of 200 customers, 210 at the end less 30 new ones are 180.
SELECT retention_rate(200, 210, 30), churn_rate(200, 210, 30);
-- All stayed, none stayed, and more came back than had left.
SELECT retention_rate(8, 8, 0) AS all_stayed, churn_rate(8, 8, 0), retention_rate(8, 5, 5) AS none_stayed, churn_rate(8, 5, 5),
       retention_rate(8, 15, 5) AS came_back, churn_rate(8, 15, 5), retention_rate(8, 0, 0) AS none_left, churn_rate(8, 0, 0);
-- Of nobody there is no rate; NULL gives NULL.
SELECT retention_rate(0, 0, 0), churn_rate(0, 0, 0), retention_rate(0, 5, 5), retention_rate(0, 9223372036854775807, 0),
       retention_rate(NULL, 5, 5), retention_rate(5, NULL, 5), churn_rate(5, 5, NULL), churn_rate(NULL, NULL, NULL);

-- (E - N) / S for every small number, and the largest ones.
SELECT count(*) AS periods,
       count(*) FILTER (WHERE retention_rate(s, e, n) IS DISTINCT FROM (e - n)::float8 / nullif(s, 0)) AS differing,
       count(*) FILTER (WHERE churn_rate(s, e, n) IS DISTINCT FROM (s - (e - n))::float8 / nullif(s, 0)) AS churn_differing,
       count(*) FILTER (WHERE abs(retention_rate(s, e, n) + churn_rate(s, e, n) - 1) > 1e-14) AS not_complementary
FROM generate_series(0, 30) AS s, generate_series(0, 30) AS e, generate_series(0, e) AS n;
SELECT retention_rate(9223372036854775807, 9223372036854775807, 0) AS same, retention_rate(1, 9223372036854775807, 9223372036854775807) AS all_new,
       retention_rate(9223372036854775807, 4611686018427387904, 0) AS half, churn_rate(4611686018427387904, 9223372036854775807, 0) AS doubled;

-- Numbers of customers are not negative, and the new ones are among those at
-- the end, even where there were none at the start.
SELECT retention_rate(-1, 5, 0);
SELECT churn_rate(5, -2, 0);
SELECT retention_rate(5, 5, -9223372036854775808);
SELECT churn_rate(-1, -2, -3);
SELECT retention_rate(200, 30, 210);
SELECT churn_rate(0, 1, 2);

-- It is the share that is read from two lists of customers.
SELECT retention_rate(s, e, n), strict
FROM (SELECT count(*) FILTER (WHERE at_start) AS s, count(*) FILTER (WHERE at_end) AS e, count(*) FILTER (WHERE at_end AND acquired) AS n,
             count(*) FILTER (WHERE at_start AND at_end)::float8 / count(*) FILTER (WHERE at_start) AS strict
      FROM (VALUES (true, true, false), (true, true, false), (true, false, false), (true, true, false), (false, true, true)) AS customers (at_start, at_end, acquired)) AS counted;
