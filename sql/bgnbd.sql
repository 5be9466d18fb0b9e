-- How often customers buy, and when they leave: the type bgnbd and the aggregate
-- that fits it.  What is compared with is the likelihood of the paper's (6), worked
-- out in SQL with derivatives by differences, and customers who were drawn from
-- parameters that are known.
SET search_path = loyalcs, public;
SET timezone = 'UTC';

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/errors.sql'
\i :shared
\set leavers :srcdir '/test/leavers.sql'
\set shops 60
\set customers 400
\i :leavers

--
-- Text
--

\pset format unaligned
\pset tuples_only on
-- Blanks, the order of the members and how a number is written are free; the output
-- has one form, which reads back to the same.
SELECT text::bgnbd FROM (VALUES
    ('{"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}'),
    (E' {"b":24.26e-1 ,\t"a": 7.93E-1,\n"r":0.2430,"alpha":44.14e-01} '),
    ('{"r": 1e15, "alpha": 1e-15, "a": 1, "b": 10.0}'),
    ('{"customers": 40, "repeat_buyers": 12, "iterations": 0, "penalty": 0, "problem": "too_few_repeat_buyers"}'),
    ('{"problem": "no_maximum", "penalty": 0.5, "iterations": 31, "repeat_buyers": 40, "customers": 9223372036854775807}'),
    ('{"customers": 40, "repeat_buyers": 40, "iterations": 800, "penalty": 1e6, "problem": "not_converged"}'),
    ('{"r": 0.2, "alpha": 4, "a": 0.8, "b": 2.5, "customers": 2357, "repeat_buyers": 946, "log_likelihood": -9582.4, "iterations": 7, "penalty": -0.0, "covariance": [0.01, 0, 4, -0, 1e-3, 0.1, 0.0001, 0.01, 0.1, 1]}'),
    ('{"r": 0.2, "alpha": 4, "a": 0.8, "b": 2.5, "customers": 30, "repeat_buyers": 30, "log_likelihood": 3, "iterations": 7, "penalty": 0.1, "covariance": [0.01, 0.2, 4, 0, 0, 0.1, 0, 0, 0, 1e-30]}')
) AS input (text);

-- An error quotes the text, says what was expected where, and what to write.
SELECT pg_temp.error_of(format('SELECT %L::loyalcs.bgnbd', text)) FROM (VALUES
    ('{"r": 0.243, "alpha": 4.414, "a": 0.793}'),
    ('{"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 0}')
) AS input (text);
-- All others are like them: here is what each is told.
SELECT format('%s => %s', text, regexp_replace(pg_temp.error_of(format('SELECT %L::loyalcs.bgnbd', text)),
    '^22P02 invalid input syntax for type bgnbd: "(.*)"\n   detail: (.*)\n   hint: .*$', '\2'))
FROM (VALUES
    (''), ('[]'), ('{}'), ('{"r"'), ('{"r": }'), ('{"r": 1'), ('{"r": 1,}'), ('{"r": 1, "r": 1}'), ('{"rr": 1}'), ('{"p": 1}'),
    ('{"r": "1"}'), ('{"r": null}'), ('{"r": NaN}'), ('{"r": 01}'), ('{"r": .5}'), ('{"r": 5.}'), ('{"r": 1e}'), ('{"r": +1}'), ('{"r": 1e999}'), ('{"r": 0x10}'), ('{"r": --1}'),
    ('{"r": 1, "alpha": 1, "a": 1, "b": 1} {}'),
    ('{"r": -1, "alpha": 1, "a": 1, "b": 1}'), ('{"r": 1e-16, "alpha": 1, "a": 1, "b": 1}'), ('{"r": 1, "alpha": 1.1e15, "a": 1, "b": 1}'),
    ('{"r": 1, "alpha": 1, "a": 1, "b": 1, "customers": 5}'),
    ('{"r": 1, "alpha": 1, "a": 1, "b": 1, "penalty": 0}'),
    ('{"r": 1, "alpha": 1, "a": 1, "b": 1, "covariance": [0,0,0,0,0,0,0,0,0,0]}'),
    ('{"r": 1, "alpha": 1, "a": 1, "b": 1, "customers": 0, "repeat_buyers": 0, "log_likelihood": 0, "iterations": 0, "penalty": 0, "covariance": [0,0,0,0,0,0,0,0,0,0]}'),
    ('{"r": 1, "alpha": 1, "a": 1, "b": 1, "customers": 5, "repeat_buyers": 6, "log_likelihood": 0, "iterations": 0, "penalty": 0, "covariance": [1,0,1,0,0,1,0,0,0,1]}'),
    ('{"r": 1, "alpha": 1, "a": 1, "b": 1, "customers": 5, "repeat_buyers": 5, "log_likelihood": 0, "iterations": 0, "penalty": -1, "covariance": [1,0,1,0,0,1,0,0,0,1]}'),
    ('{"r": 1, "alpha": 1, "a": 1, "b": 1, "customers": 5, "repeat_buyers": 5, "log_likelihood": 0, "iterations": 0, "penalty": 0, "covariance": [1,0,1,0,0,1,0,0,0]}'),
    ('{"r": 1, "alpha": 1, "a": 1, "b": 1, "customers": 5, "repeat_buyers": 5, "log_likelihood": 0, "iterations": 0, "penalty": 0, "covariance": [1,0,1,0,0,1,0,0,0,1,1]}'),
    ('{"r": 1, "alpha": 1, "a": 1, "b": 1, "customers": 5, "repeat_buyers": 5, "log_likelihood": 0, "iterations": 0, "penalty": 0, "covariance": [1,0,1,0,0,0,0,0,0,1]}'),
    ('{"r": 1, "alpha": 1, "a": 1, "b": 1, "customers": 5, "repeat_buyers": 5, "log_likelihood": 0, "iterations": 0, "penalty": 0, "covariance": [1,2,1,0,0,1,0,0,0,1]}'),
    ('{"problem": "none"}'), ('{"problem": "no_maximum"}'), ('{"problem": "no_maximum", "problem": "no_maximum"}'),
    ('{"customers": 40, "repeat_buyers": 40, "iterations": 8, "penalty": 0, "problem": "no_maximum", "r": 1}'),
    ('{"customers": -1, "repeat_buyers": 0, "iterations": 8, "penalty": 0, "problem": "no_maximum"}'),
    ('{"customers": 1, "repeat_buyers": 2, "iterations": 8, "penalty": 0, "problem": "no_maximum"}'),
    ('{"customers": 1, "repeat_buyers": 1, "iterations": 2147483648, "penalty": 0, "problem": "no_maximum"}'),
    ('{"customers": 1, "repeat_buyers": 1, "iterations": 1, "penalty": 1000001, "problem": "no_maximum"}')
) AS input (text);
\pset format aligned
\pset tuples_only off

-- Every fit reads back from its text, from jsonb, and from the bytes that it sends.
CREATE TABLE fits AS
    SELECT shop, bgnbd_fit(x, t_x, t) AS f FROM leaver GROUP BY shop
    UNION ALL
    SELECT 1000 + shop, bgnbd_fit(x, t_x, t, 0.1) FROM leaver WHERE shop <= 10 GROUP BY shop
    UNION ALL
    SELECT 2000 + shop, bgnbd_fit(x, t_x, t) FROM leaver WHERE customer < shop + 20 GROUP BY shop;
SELECT count(*), count(DISTINCT f), count(*) FILTER (WHERE f::text::bgnbd <> f OR f::text::bgnbd::text <> f::text) AS differ,
       count(*) FILTER (WHERE f::jsonb::text::bgnbd <> f) AS differ_by_jsonb, count(*) FILTER (WHERE length(bgnbd_send(f)) <> 152) AS odd_bytes
FROM fits;
-- Equal values hash alike, unequal ones do not, and the order is one.
SELECT count(*) FILTER (WHERE bgnbd_hash(f) <> bgnbd_hash(f::text::bgnbd)) AS differ, count(DISTINCT bgnbd_hash(f)) = count(DISTINCT f) AS spread,
       count(DISTINCT bgnbd_hash_extended(f, 1)) = count(DISTINCT f) AS spread_extended FROM fits;
SELECT count(*) AS pairs, count(*) FILTER (WHERE (a.f < b.f)::int + (a.f = b.f)::int + (a.f > b.f)::int <> 1 OR (a.f <= b.f) = (a.f > b.f)
           OR (a.f >= b.f) = (a.f < b.f) OR (a.f <> b.f) = (a.f = b.f) OR bgnbd_cmp(a.f, b.f) <> -bgnbd_cmp(b.f, a.f)) AS wrong
FROM fits a, fits b;
SELECT count(*) = (SELECT count(DISTINCT f::text) FROM fits) AS grouped FROM (SELECT f FROM fits GROUP BY f) g;

--
-- The maximum
--

-- log(gamma(s)) by Stirling's series, from 30 on, and the recurrence.
CREATE FUNCTION pg_temp.log_gamma(s float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT (u - 0.5) * ln(u) - u + ln(2 * pi()) / 2 + 1 / (12 * u) - 1 / (360 * u ^ 3) + 1 / (1260 * u ^ 5) - (SELECT coalesce(sum(ln(s + i)), 0) FROM generate_series(0, n - 1) i)
    FROM (SELECT greatest(0, ceil(30 - s))::int AS n, s + greatest(0, ceil(30 - s)) AS u) v $$;
-- The likelihood as the paper writes it.
CREATE FUNCTION pg_temp.likelihood(shop int, r float8, alpha float8, a float8, b float8) RETURNS float8 LANGUAGE sql AS $$
    WITH by_x AS MATERIALIZED (
        SELECT x, pg_temp.log_gamma(b + x) - pg_temp.log_gamma(a + b + x) + pg_temp.log_gamma(a + b) - pg_temp.log_gamma(b) AS beta,
               CASE WHEN x > 0 THEN pg_temp.log_gamma(a + 1) + pg_temp.log_gamma(b + x - 1) - pg_temp.log_gamma(a + b + x) - (pg_temp.log_gamma(a) + pg_temp.log_gamma(b) - pg_temp.log_gamma(a + b)) END AS beta_left,
               pg_temp.log_gamma(r + x) - pg_temp.log_gamma(r) AS gamma
        FROM (SELECT DISTINCT l.x FROM leaver l WHERE l.shop = $1) d)
    SELECT sum(ln(exp(beta + gamma + r * ln(alpha) - (r + x) * ln(alpha + t))
                  + CASE WHEN x > 0 THEN exp(beta_left + gamma + r * ln(alpha) - (r + x) * ln(alpha + t_x)) ELSE 0 END))
    FROM leaver l JOIN by_x USING (x) WHERE l.shop = $1 $$;

-- It is that of the fit; at no point near is there more of it; and minus its second
-- differences, times the covariance of the fit, is the unit matrix.
DO $$
DECLARE
    f bgnbd; p float8[]; q float8[]; step float8 := 1e-3; steps float8[]; here float8; h float8[]; c float8[];
    worst_likelihood float8 := 0; worst_gradient float8 := 0; worst_unit float8 := 0; e float8; corner float8[];
BEGIN
    FOR s IN 1 .. 4 LOOP
        SELECT fits.f INTO f FROM fits WHERE shop = s;
        SELECT ARRAY[r, alpha, a, b] INTO p FROM fit_parameters(f);
        c := fit_covariance(f);
        here := pg_temp.likelihood(s, p[1], p[2], p[3], p[4]);
        worst_likelihood := greatest(worst_likelihood, abs(here - fit_log_likelihood(f)));
        SELECT array_agg(step * sqrt(c[i][i]) ORDER BY i) INTO steps FROM generate_series(1, 4) i;
        h := array_fill(0::float8, '{4,4}');
        FOR i IN 1 .. 4 LOOP
            FOR j IN 1 .. i LOOP
                corner := '{}';
                FOR k IN 0 .. 3 LOOP
                    q := p;
                    q[i] := q[i] + (2 * (k / 2) - 1) * steps[i];
                    q[j] := q[j] + (2 * (k % 2) - 1) * steps[j];
                    corner := corner || pg_temp.likelihood(s, q[1], q[2], q[3], q[4]);
                END LOOP;
                h[i][j] := -(corner[4] - corner[3] - corner[2] + corner[1]) / (4 * steps[i] * steps[j]);
                h[j][i] := h[i][j];
                IF i = j THEN
                    -- (the slope, in standard errors)
                    worst_gradient := greatest(worst_gradient, abs(corner[4] - corner[1]) / (4 * steps[i]) * sqrt(c[i][i]));
                END IF;
            END LOOP;
        END LOOP;
        FOR i IN 1 .. 4 LOOP
            FOR j IN 1 .. 4 LOOP
                SELECT sum(h[i][k] * c[k][j]) * sqrt(c[i][i] / c[j][j]) INTO e FROM generate_series(1, 4) k;
                worst_unit := greatest(worst_unit, abs(e - (i = j)::int));
            END LOOP;
        END LOOP;
    END LOOP;
    RAISE NOTICE 'likelihood: %, slope: %, information times covariance: %',
        worst_likelihood < 1e-8, worst_gradient < 1e-3, worst_unit < 1e-3;
END $$;

-- The parameters that the customers of all shops were drawn from are near: none is
-- three standard errors away.
SELECT fit_customers(f), fit_problem(f), bool_and(abs(est - drawn_from) < 3 * se) AS near
FROM (SELECT bgnbd_fit(x, t_x, t) AS f FROM leaver) all_shops, fit_parameters(f) p, fit_standard_errors(f) s,
     LATERAL (VALUES (p.r, s.r, 1), (p.alpha, s.alpha, 50), (p.a, s.a, 1), (p.b, s.b, 4)) v (est, se, drawn_from)
GROUP BY 1, 2;
-- Sixty shops of 400 customers, and how many of them have the truth in their interval
-- of 95 % (by the logarithm, which is more nearly normal).
SELECT name, count(*) AS shops, count(*) FILTER (WHERE abs(ln(est / drawn_from)) < 1.96 * se / est) BETWEEN 53 AND 60 AS hold
FROM fits, fit_parameters(f) p, fit_standard_errors(f) s,
     LATERAL (VALUES ('r', p.r, s.r, 1), ('alpha', p.alpha, s.alpha, 50), ('a', p.a, s.a, 1), ('b', p.b, s.b, 4)) v (name, est, se, drawn_from)
WHERE shop < 1000 AND fit_problem(f) IS NULL GROUP BY name ORDER BY name;

-- A penalty is subtracted: what is left has its maximum where the likelihood falls as
-- fast as the penalty does.
SELECT bool_and(abs(slope - 2 * 0.1 * log_p) < 1e-3) AS balanced
FROM fits, fit_parameters(f) p, (SELECT shop AS s, avg(t) AS age FROM leaver GROUP BY shop) l,
     LATERAL (VALUES
         ((pg_temp.likelihood(s, r * 1.001, alpha, a, b) - pg_temp.likelihood(s, r / 1.001, alpha, a, b)) / (2 * ln(1.001::float8)), ln(r)),
         ((pg_temp.likelihood(s, r, alpha * 1.001, a, b) - pg_temp.likelihood(s, r, alpha / 1.001, a, b)) / (2 * ln(1.001::float8)), ln(alpha / age)),
         ((pg_temp.likelihood(s, r, alpha, a * 1.001, b) - pg_temp.likelihood(s, r, alpha, a / 1.001, b)) / (2 * ln(1.001::float8)), ln(a)),
         ((pg_temp.likelihood(s, r, alpha, a, b * 1.001) - pg_temp.likelihood(s, r, alpha, a, b / 1.001)) / (2 * ln(1.001::float8)), ln(b))) v (slope, log_p)
WHERE shop = 1000 + s AND s <= 3;
SELECT bool_and(fit_log_likelihood(f) <= fit_log_likelihood((SELECT g.f FROM fits g WHERE g.shop = fits.shop - 1000))) AS less_likely,
       min(fit_penalty(f)) AS penalty
FROM fits WHERE shop BETWEEN 1000 AND 2000;

-- A penalty of no more than nothing is none.
SELECT bgnbd_fit(x, t_x, t, '-0'::float8)::text = (SELECT f::text FROM fits WHERE shop = 1) AS same FROM leaver WHERE shop = 1;

-- Times in weeks: alpha is in weeks, and all else the same.
SELECT bool_and(abs(w.alpha * 7 / d.alpha - 1) < 1e-9 AND abs(w.r / d.r - 1) < 1e-9 AND abs(w.a / d.a - 1) < 1e-9 AND abs(w.b / d.b - 1) < 1e-9) AS same
FROM (SELECT bgnbd_fit(x, t_x / 7, t / 7) AS f FROM leaver WHERE shop = 1) weeks, fit_parameters(weeks.f) w,
     (SELECT f FROM fits WHERE shop = 1) days, fit_parameters(days.f) d;

--
-- The same rows, the same digits
--

SELECT count(DISTINCT f::text) FROM (
    SELECT bgnbd_fit(x, t_x, t) AS f FROM leaver
    UNION ALL SELECT bgnbd_fit(x, t_x, t ORDER BY x, t_x, t) FROM leaver
    UNION ALL SELECT bgnbd_fit(x, t_x, t ORDER BY t DESC, t_x DESC) FROM leaver
    UNION ALL SELECT bgnbd_fit(x, t_x, t ORDER BY hashint4(customer), shop) FROM leaver
) s;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 3;
ALTER TABLE leaver SET (parallel_workers = 3);
SELECT bgnbd_fit(x, t_x, t)::text AS in_parallel FROM leaver \gset
SET max_parallel_workers_per_gather = 0;
SELECT bgnbd_fit(x, t_x, t)::text = :'in_parallel' AS same FROM leaver;
RESET max_parallel_workers_per_gather; RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
-- In a window the state goes on after each result.
SELECT bool_and(f = (SELECT bgnbd_fit(x, t_x, t) FROM leaver l WHERE shop = 1 AND l.customer <= w.customer)) AS same
FROM (SELECT customer, bgnbd_fit(x, t_x, t) OVER (ORDER BY customer) AS f FROM leaver WHERE shop = 1) w WHERE customer % 40 = 0;
-- A customer may come as many times as there are such.
SELECT (SELECT bgnbd_fit(x, t_x, t) FROM leaver, generate_series(1, 3) WHERE shop = 1)::jsonb -> 'customers' AS customers;

--
-- No fit
--

SELECT fit_problem(f), fit_customers(f), fit_repeat_buyers(f), fit_iterations(f) > 0 AS looked, fit_log_likelihood(f), fit_covariance(f), p.*, s.*
FROM (SELECT bgnbd_fit(x, t_x, t) AS f FROM leaver WHERE shop = 1 AND customer <= 40) few, fit_parameters(f) p, fit_standard_errors(f) s;
-- Nobody, nobody who came back, and one less than enough.
SELECT bgnbd_fit(x, t_x, t) FROM leaver WHERE false;
SELECT bgnbd_fit(0, 0, 10) FROM generate_series(1, 100);
SELECT bgnbd_fit(1, i, 2 * i) FROM generate_series(1, 29) i;
-- All alike: the likelihood grows as the differences between them are made smaller.
SELECT fit_problem(bgnbd_fit(5, 100, 110)) FROM generate_series(1, 500);
-- Nobody ever leaves.
SELECT fit_problem(bgnbd_fit(1 + i % 7, 300, 300)) FROM generate_series(1, 500) i;
-- All orders at once.
SELECT fit_problem(bgnbd_fit(i % 3, 0, 0)) FROM generate_series(1, 500) i;
-- A penalty gives each an end, and the parameters are those of hardly more than it.
SELECT fit_problem(f), r > 1 AS much_alike FROM (SELECT bgnbd_fit(5, 100, 110, 0.1) AS f FROM generate_series(1, 500)) s, fit_parameters(f);
SELECT fit_problem(f), a < 0.3 AS rarely FROM (SELECT bgnbd_fit(1 + i % 7, 300, 300, 0.1) AS f FROM generate_series(1, 500) i) s, fit_parameters(f);

-- Parameters from elsewhere have been fitted to nobody.
SELECT fit_problem(f), fit_customers(f), fit_repeat_buyers(f), fit_log_likelihood(f), fit_penalty(f), fit_covariance(f), p.*, s.r AS se
FROM (SELECT '{"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}'::bgnbd AS f) given, fit_parameters(f) p, fit_standard_errors(f) s;

-- A row with NULL says nothing.
SELECT bgnbd_fit(x, t_x, t) = (SELECT f FROM fits WHERE shop = 1) AS same
FROM (SELECT x, t_x, t FROM leaver WHERE shop = 1 UNION ALL VALUES (NULL, 0, 1), (0, NULL, 1), (0, 0, NULL)) s;
SELECT bgnbd_fit(x, t_x, t, p) = (SELECT f FROM fits WHERE shop = 1001) AS same
FROM (SELECT x, t_x, t, 0.1 AS p FROM leaver WHERE shop = 1 UNION ALL VALUES (0, 0, 5, NULL::numeric)) s;

-- Extreme customers are none that end the world: very many orders, very long lives.
SELECT fit_problem(bgnbd_fit(x, t_x, t)) IS DISTINCT FROM 'x' AS ends
FROM (SELECT x, t_x, t FROM leaver WHERE shop = 1 UNION ALL VALUES (9223372036854775807, 0, 1e18), (1, 1e18, 1e18), (1000000, 1e-300, 1e18), (0, 0, 5e-324)) s;

--
-- Errors
--

\pset format unaligned
\pset tuples_only on
SELECT format('%s, %s, %s: ', x, t_x, t) || pg_temp.error_of(format('SELECT loyalcs.bgnbd_fit(%L, %L, %L)', x, t_x, t)) FROM (VALUES
    (-1, '0', '1'), (1, '2', '1'), (1, '-1', '1'), (1, 'NaN', '1'), (1, '1', 'NaN'), (1, '1', 'Infinity'), (1, '1', '1.1e18'), (0, '1', '2')) v (x, t_x, t);
SELECT pg_temp.error_of(format('SELECT loyalcs.bgnbd_fit(x, 0, 1, %s) FROM generate_series(0, 1) x', penalty)) FROM (VALUES ('-1'), ('''NaN'''), ('1000001'), ('x * 0.5')) v (penalty);
-- What no aggregate made is no state.
SELECT pg_temp.error_of(format('SELECT loyalcs.%s', call)) FROM (VALUES
    ('bgnbd_final(''\x00'')'), ('gamma_gamma_final(loyalcs.bgnbd_accum('''', 0, 0, 1))'), ('bgnbd_final(loyalcs.gamma_gamma_accum('''', 1, 1))'),
    ('bgnbd_accum(loyalcs.bgnbd_accum('''', 0, 0, 1), 0, 0, 1, 0.5)'), ('bgnbd_combine(loyalcs.bgnbd_accum('''', 0, 0, 1), loyalcs.bgnbd_accum('''', 0, 0, 1, 0.5))'),
    ('bgnbd_final(overlay(loyalcs.bgnbd_accum('''', 0, 0, 1) placing ''\xff'' from 28))'),
    ('bgnbd_final(overlay(loyalcs.bgnbd_accum('''', 0, 0, 1) placing ''\xff'' from 60))'),
    -- (each has as many customers as can be counted, and both together more)
    ('bgnbd_combine(overlay(loyalcs.bgnbd_accum('''', 0, 0, 1) placing ''\x7f'' from 60), overlay(loyalcs.bgnbd_accum('''', 0, 0, 1) placing ''\x7f'' from 60))')) v (call);
\pset format aligned
\pset tuples_only off
-- Called by hand, the functions behind it change nothing that was given to them.
WITH s AS MATERIALIZED (SELECT bgnbd_accum('', 1, 2, 3) AS one)
SELECT bgnbd_final(bgnbd_accum(one, 0, 0, 5)), bgnbd_final(bgnbd_combine(one, one)), bgnbd_final(one), bgnbd_final(bgnbd_combine('', one)) = bgnbd_final(bgnbd_combine(one, '')) AS same FROM s;

--
-- What a customer's purchases say
--

SELECT repeat_purchases(p), days_to_last_purchase(p), days_since_first_purchase(p, '2026-07-01 00:00+00')
FROM (VALUES ('{"count": 3, "first": "2026-01-05T12:00:00Z", "last": "2026-03-01T00:00:00Z", "total": 24800}'::purchases),
             ('{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 24800}'),
             ('{"count": 1, "first": "2026-08-01T00:00:00Z", "last": "2026-08-01T00:00:00Z", "total": 0}'), ('{"count": 0}'), (NULL)) v (p);
SELECT days_since_first_purchase('{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 24800}', 'infinity');
SELECT days_since_first_purchase('{"count": 2, "first": "0001-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 24800}', '294276-12-31 00:00+00');
