-- How much customers spend on an order: the type gamma_gamma and the aggregate that
-- fits it.  What is compared with is the likelihood of the paper's (1a), worked out in
-- SQL with derivatives by differences, and customers who were drawn from parameters
-- that are known.
SET search_path = loyalcs, public;

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/errors.sql'
\i :shared
\set leavers :srcdir '/test/leavers.sql'
\set shops 60
\set customers 400
\i :leavers

--
-- Text: what is wrong is told by the same checks as for bgnbd, which its test has.
--

\pset format unaligned
\pset tuples_only on
SELECT text::gamma_gamma FROM (VALUES
    ('{"p": 6.25, "q": 3.74, "gamma": 15.44}'),
    ('{"gamma": 1544e-2, "p": 6.250, "q":3.74 }'),
    ('{"customers": 40, "repeat_buyers": 12, "iterations": 0, "penalty": 0, "problem": "too_few_repeat_buyers"}'),
    ('{"p": 6.25, "q": 3.74, "gamma": 15.44, "customers": 2357, "repeat_buyers": 946, "log_likelihood": -4055.9, "iterations": 6, "penalty": 0, "covariance": [1.4, -0.2, 0.08, -4.8, 0.9, 17]}')
) AS input (text);
SELECT pg_temp.error_of(format('SELECT %L::loyalcs.gamma_gamma', text)) FROM (VALUES
    ('{"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}'),
    ('{"p": 6.25, "q": 3.74, "gamma": 15.44, "customers": 2357, "repeat_buyers": 946, "log_likelihood": -4055.9, "iterations": 6, "penalty": 0, "covariance": [1.4, -0.2, 0.08, -4.8, 0.9, -17]}')
) AS input (text);
\pset format aligned
\pset tuples_only off

CREATE TABLE fits AS
    SELECT shop, gamma_gamma_fit(x, mean) AS f FROM leaver GROUP BY shop
    UNION ALL
    SELECT 1000 + shop, gamma_gamma_fit(x, mean, 0.1) FROM leaver WHERE shop <= 10 GROUP BY shop
    UNION ALL
    SELECT 2000 + shop, gamma_gamma_fit(x, mean) FROM leaver WHERE customer < shop + 20 GROUP BY shop;
SELECT count(*), count(DISTINCT f), count(*) FILTER (WHERE f::text::gamma_gamma <> f OR f::text::gamma_gamma::text <> f::text) AS differ,
       count(*) FILTER (WHERE f::jsonb::text::gamma_gamma <> f) AS differ_by_jsonb, count(*) FILTER (WHERE length(gamma_gamma_send(f)) <> 112) AS odd_bytes
FROM fits;
SELECT count(*) FILTER (WHERE gamma_gamma_hash(f) <> gamma_gamma_hash(f::text::gamma_gamma)) AS differ, count(DISTINCT gamma_gamma_hash(f)) = count(DISTINCT f) AS spread,
       count(DISTINCT gamma_gamma_hash_extended(f, 1)) = count(DISTINCT f) AS spread_extended FROM fits;
SELECT count(*) AS pairs, count(*) FILTER (WHERE (a.f < b.f)::int + (a.f = b.f)::int + (a.f > b.f)::int <> 1 OR (a.f <= b.f) = (a.f > b.f)
           OR (a.f >= b.f) = (a.f < b.f) OR (a.f <> b.f) = (a.f = b.f) OR gamma_gamma_cmp(a.f, b.f) <> -gamma_gamma_cmp(b.f, a.f)) AS wrong
FROM fits a, fits b;

--
-- The maximum
--

-- log(gamma(s)) by Stirling's series, from 30 on, and the recurrence.
CREATE FUNCTION pg_temp.log_gamma(s float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT (u - 0.5) * ln(u) - u + ln(2 * pi()) / 2 + 1 / (12 * u) - 1 / (360 * u ^ 3) + 1 / (1260 * u ^ 5) - (SELECT coalesce(sum(ln(s + i)), 0) FROM generate_series(0, n - 1) i)
    FROM (SELECT greatest(0, ceil(30 - s))::int AS n, s + greatest(0, ceil(30 - s)) AS u) v $$;
CREATE FUNCTION pg_temp.likelihood(shop int, p float8, q float8, gamma float8) RETURNS float8 LANGUAGE sql AS $$
    WITH by_x AS MATERIALIZED (
        SELECT x, pg_temp.log_gamma(p * x + q) - pg_temp.log_gamma(p * x) - pg_temp.log_gamma(q) AS beta
        FROM (SELECT DISTINCT l.x FROM leaver l WHERE l.shop = $1 AND l.x > 0) d)
    SELECT sum(beta + q * ln(gamma) + (p * x - 1) * ln(mean) + p * x * ln(x::float8) - (p * x + q) * ln(gamma + x * mean))
    FROM leaver l JOIN by_x USING (x) WHERE l.shop = $1 $$;
DO $$
DECLARE
    f gamma_gamma; p float8[]; q float8[]; step float8 := 1e-3; steps float8[]; here float8; h float8[]; c float8[];
    worst_likelihood float8 := 0; worst_gradient float8 := 0; worst_unit float8 := 0; e float8; corner float8[];
BEGIN
    FOR s IN 1 .. 2 LOOP
        SELECT fits.f INTO f FROM fits WHERE shop = s;
        SELECT ARRAY[w.p, w.q, w.gamma] INTO p FROM fit_parameters(f) w;
        c := fit_covariance(f);
        here := pg_temp.likelihood(s, p[1], p[2], p[3]);
        worst_likelihood := greatest(worst_likelihood, abs(here - fit_log_likelihood(f)));
        SELECT array_agg(step * sqrt(c[i][i]) ORDER BY i) INTO steps FROM generate_series(1, 3) i;
        h := array_fill(0::float8, '{3,3}');
        FOR i IN 1 .. 3 LOOP
            FOR j IN 1 .. i LOOP
                corner := '{}';
                FOR k IN 0 .. 3 LOOP
                    q := p;
                    q[i] := q[i] + (2 * (k / 2) - 1) * steps[i];
                    q[j] := q[j] + (2 * (k % 2) - 1) * steps[j];
                    corner := corner || pg_temp.likelihood(s, q[1], q[2], q[3]);
                END LOOP;
                h[i][j] := -(corner[4] - corner[3] - corner[2] + corner[1]) / (4 * steps[i] * steps[j]);
                h[j][i] := h[i][j];
                IF i = j THEN
                    -- (the slope, in standard errors)
                    worst_gradient := greatest(worst_gradient, abs(corner[4] - corner[1]) / (4 * steps[i]) * sqrt(c[i][i]));
                END IF;
            END LOOP;
        END LOOP;
        FOR i IN 1 .. 3 LOOP
            FOR j IN 1 .. 3 LOOP
                SELECT sum(h[i][k] * c[k][j]) * sqrt(c[i][i] / c[j][j]) INTO e FROM generate_series(1, 3) k;
                worst_unit := greatest(worst_unit, abs(e - (i = j)::int));
            END LOOP;
        END LOOP;
    END LOOP;
    RAISE NOTICE 'likelihood: %, slope: %, information times covariance: %',
        worst_likelihood < 1e-8, worst_gradient < 1e-3, worst_unit < 1e-3;
END $$;

-- The parameters that the customers of all shops were drawn from are near.
SELECT fit_problem(f), bool_and(abs(est - drawn_from) < 3 * se) AS near
FROM (SELECT gamma_gamma_fit(x, mean) AS f FROM leaver) all_shops, fit_parameters(f) p, fit_standard_errors(f) s,
     LATERAL (VALUES (p.p, s.p, 2), (p.q, s.q, 3), (p.gamma, s.gamma, 50)) v (est, se, drawn_from)
GROUP BY 1;
SELECT name, count(*) AS shops, count(*) FILTER (WHERE abs(ln(est / drawn_from)) < 1.96 * se / est) BETWEEN 53 AND 60 AS hold
FROM fits, fit_parameters(f) p, fit_standard_errors(f) s,
     LATERAL (VALUES ('p', p.p, s.p, 2), ('q', p.q, s.q, 3), ('gamma', p.gamma, s.gamma, 50)) v (name, est, se, drawn_from)
WHERE shop < 1000 AND fit_problem(f) IS NULL GROUP BY name ORDER BY name;

-- What is left of a penalty has its maximum where the likelihood falls as fast as the
-- penalty does.
SELECT bool_and(abs(slope - 2 * 0.1 * off) < 1e-3) AS balanced
FROM fits, fit_parameters(f) w, (SELECT shop AS s, avg(mean) FILTER (WHERE x > 0) AS spent FROM leaver GROUP BY shop) l,
     LATERAL (VALUES
         ((pg_temp.likelihood(s, p * 1.001, q, gamma) - pg_temp.likelihood(s, p / 1.001, q, gamma)) / (2 * ln(1.001::float8)), ln(p / 4)),
         ((pg_temp.likelihood(s, p, q * 1.001, gamma) - pg_temp.likelihood(s, p, q / 1.001, gamma)) / (2 * ln(1.001::float8)), ln(q / 4)),
         ((pg_temp.likelihood(s, p, q, gamma * 1.001) - pg_temp.likelihood(s, p, q, gamma / 1.001)) / (2 * ln(1.001::float8)), ln(gamma / spent / 0.75))) v (slope, off)
WHERE shop = 1000 + s AND s <= 3;

-- Amounts in thousands: gamma is in thousands, and all else the same.
SELECT bool_and(abs(k.gamma * 1000 / d.gamma - 1) < 1e-9 AND abs(k.p / d.p - 1) < 1e-9 AND abs(k.q / d.q - 1) < 1e-9) AS same
FROM (SELECT gamma_gamma_fit(x, mean / 1000) AS f FROM leaver WHERE shop = 1) thousands, fit_parameters(thousands.f) k,
     (SELECT f FROM fits WHERE shop = 1) units, fit_parameters(units.f) d;

-- The same rows, the same digits.
SELECT count(DISTINCT f::text) FROM (
    SELECT gamma_gamma_fit(x, mean) AS f FROM leaver
    UNION ALL SELECT gamma_gamma_fit(x, mean ORDER BY x, mean) FROM leaver
    UNION ALL SELECT gamma_gamma_fit(x, mean ORDER BY hashint4(customer), shop) FROM leaver
) s;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 3;
ALTER TABLE leaver SET (parallel_workers = 3);
SELECT gamma_gamma_fit(x, mean)::text AS in_parallel FROM leaver \gset
SET max_parallel_workers_per_gather = 0;
SELECT gamma_gamma_fit(x, mean)::text = :'in_parallel' AS same FROM leaver;
RESET max_parallel_workers_per_gather; RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;

--
-- What says nothing, and no fit
--

-- Who has not come back, and whose orders were for nothing, are counted alone; of a
-- row with NULL nothing is.
SELECT fit_customers(f) - fit_customers(g) AS more, fit_repeat_buyers(f) - fit_repeat_buyers(g) AS repeat_buyers,
       fit_log_likelihood(f) = fit_log_likelihood(g) AND fit_covariance(f) = fit_covariance(g) AS same
FROM (SELECT gamma_gamma_fit(x, mean) AS f FROM (SELECT x, mean FROM leaver WHERE shop = 1 UNION ALL VALUES (0, 77), (5, 0), (NULL, 5), (5, NULL)) s) f,
     (SELECT f AS g FROM fits WHERE shop = 1) g;
SELECT fit_problem(f), fit_customers(f), fit_repeat_buyers(f), fit_iterations(f), fit_log_likelihood(f), fit_covariance(f), p.*, s.p AS se
FROM (SELECT gamma_gamma_fit(x, mean) AS f FROM leaver WHERE shop = 1 AND customer < 30) few, fit_parameters(f) p, fit_standard_errors(f) s;
SELECT gamma_gamma_fit(x, mean) FROM leaver WHERE false;
-- Everybody spends the same.
SELECT fit_problem(gamma_gamma_fit(3, 50)) FROM generate_series(1, 500);
SELECT fit_problem(f), gamma * p / (q - 1) BETWEEN 45 AND 55 AS same_mean
FROM (SELECT gamma_gamma_fit(3, 50, 50) AS f FROM generate_series(1, 500)) s, fit_parameters(f);
SELECT fit_problem(f), fit_customers(f), fit_covariance(f), p.* FROM (SELECT '{"p": 6.25, "q": 3.74, "gamma": 15.44}'::gamma_gamma AS f) given, fit_parameters(f) p;

\pset format unaligned
\pset tuples_only on
SELECT format('%s, %s: ', x, mean) || pg_temp.error_of(format('SELECT loyalcs.gamma_gamma_fit(%L, %L)', x, mean)) FROM (VALUES
    (-1, '1'), (1, '-0.01'), (1, 'NaN'), (1, 'Infinity'), (1, '1.1e18')) v (x, mean);
SELECT pg_temp.error_of('SELECT loyalcs.gamma_gamma_fit(x, 1, x * 0.5) FROM generate_series(1, 2) x');
\pset format aligned
\pset tuples_only off
