-- What the models say of a customer.  What is compared with is the formulas as the
-- papers write them, where they can be computed, integrals over how likely it is that
-- somebody leaves, sums by the day, and intervals by parameters moved by hand.
SET search_path = loyalcs, public;

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/errors.sql'
\i :shared

CREATE FUNCTION pg_temp.bg(r float8, alpha float8, a float8, b float8) RETURNS bgnbd LANGUAGE sql IMMUTABLE AS
    $$ SELECT json_build_object('r', r, 'alpha', alpha, 'a', a, 'b', b)::text::bgnbd $$;
CREATE FUNCTION pg_temp.gg(p float8, q float8, gamma float8) RETURNS gamma_gamma LANGUAGE sql IMMUTABLE AS
    $$ SELECT json_build_object('p', p, 'q', q, 'gamma', gamma)::text::gamma_gamma $$;

--
-- Published
--

-- Fader, Hardie and Lee's customer of CDNOW who came back twice, the last time after
-- 30.43 weeks of 38.86: 1.226 purchases in the 39 weeks that follow.
SELECT round(expected_purchases(f, 39, 2, 30.43, 38.86)::numeric, 3) AS expected
FROM (SELECT pg_temp.bg(0.243, 4.414, 0.793, 2.426) AS f) s;

--
-- The papers' formulas
--

-- 2F1, by its series.
CREATE FUNCTION pg_temp.hypergeometric(a float8, b float8, c float8, z float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    term float8 := 1; sum float8 := 1;
BEGIN
    FOR k IN 0 .. 20000 LOOP
        term := term * (a + k) * (b + k) / ((c + k) * (k + 1)) * z;
        sum := sum + term;
        EXIT WHEN abs(term) < 1e-18 * abs(sum);
    END LOOP;
    RETURN sum;
END $$;
CREATE TABLE asked AS
    SELECT r, alpha, a, b, x, CASE WHEN x > 0 THEN t * share ELSE 0 END AS t_x, t, horizon
    FROM (VALUES (0.243, 4.414, 2.426), (2.5, 60, 1), (0.1, 1, 12)) p (r, alpha, b), unnest('{0.1,0.793,3}'::float8[]) a,
         unnest('{0,1,2,7,40}'::bigint[]) x, unnest('{0.1,0.8,1}'::float8[]) share, unnest('{1,30,500}'::float8[]) t, unnest('{5,40,400}'::float8[]) horizon
    WHERE x > 0 OR share = 1;
SELECT count(*) AS cases,
       max(abs(got / (a_b / (a - 1) * (1 - fraction ^ (r + x) * pg_temp.hypergeometric(r + x, b + x, a_b, horizon / (alpha + t + horizon))) / (1 + gone)) - 1)) < 1e-8 AS expected_purchases,
       max(abs(alive * (1 + gone) - 1)) < 1e-12 AS probability_alive
FROM asked, LATERAL (SELECT pg_temp.bg(r, alpha, a, b) AS f, a + b + x - 1 AS a_b, (alpha + t) / (alpha + t + horizon) AS fraction,
                            CASE WHEN x > 0 THEN a / (b + x - 1) * ((alpha + t) / (alpha + t_x)) ^ (r + x) ELSE 0 END AS gone) s,
     LATERAL (SELECT expected_purchases(f, horizon, x, t_x, t) AS got, probability_alive(f, x, t_x, t) AS alive) g;
SELECT max(abs(expected_purchases_new(f, horizon) / ((a + b - 1) / (a - 1) * (1 - (alpha / (alpha + horizon)) ^ r * pg_temp.hypergeometric(r, b, a + b - 1, horizon / (alpha + horizon)))) - 1)) < 1e-8 AS expected_purchases_new,
       bool_and(expected_purchases_new(f, horizon) = expected_purchases(f, horizon, 0, 0, 0)) AS as_of_her_first_day
FROM (SELECT DISTINCT r, alpha, a, b, horizon FROM asked) s, LATERAL (SELECT pg_temp.bg(r, alpha, a, b) AS f) t WHERE horizon < 100 * alpha;

--
-- Where the formulas fail: the mean of what she buys whose probability of leaving is
-- p, over all p, by the midpoints of steps of a thousandth of the logarithm of p.
--

CREATE FUNCTION pg_temp.integral(r float8, tau float8, a float8, b float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT sum((1 - exp(greatest(-700, -r * ln(1 + p * tau)))) / p * weight) / sum(weight)
    FROM generate_series(1, 60000) i, LATERAL (SELECT exp((0.5::float8 - i) / 1000) AS p) s,
         LATERAL (SELECT exp(greatest(-700, a * ln(p) + (b - 1) * ln(1 - p))) AS weight) t $$;
SELECT r, alpha, a, b, x, t_x, t, horizon,
       abs(expected_purchases(f, horizon, x, t_x, t) / probability_alive(f, x, t_x, t) / pg_temp.integral(r + x, horizon / (alpha + t), a, b + x) - 1) < 1e-5 AS same
FROM (VALUES (0.243, 4.414, 1, 2.4, 2, 30, 39, 39), (0.5, 10, 1, 1, 0, 0, 1000, 100), (0.5, 10, 1, 1, 0, 0, 0, 100000), (0.5, 10, 1.0000001, 1, 3, 10, 10, 10),
             (1, 100, 0.9, 3, 500, 1990, 2000, 1000), (1, 100, 0.9, 3, 5000, 1999.9, 2000, 1000), (0.3, 1, 4, 30, 100, 10, 10, 10000), (3, 30, 0.5, 2, 5, 200, 210, 0.5),
             (0.01, 5, 2, 5, 1, 3, 100, 365), (20, 2000, 1.5, 20, 12, 700, 730, 3650)) v (r, alpha, a, b, x, t_x, t, horizon),
     LATERAL (SELECT pg_temp.bg(r, alpha, a, b) AS f) s;

-- Nothing in no time; at first as fast as she buys; and no more than she can before she
-- leaves, (a + b + x - 1) / (a - 1) where that is finite.
SELECT expected_purchases(f, 0, 3, 20, 30) AS none, abs(expected_purchases(f, 1e-9, 3, 20, 30) / probability_alive(f, 3, 20, 30) / (1e-9 * (0.5 + 3) / (10 + 30)) - 1) < 1e-8 AS at_first,
       abs(expected_purchases(f, 1e18, 3, 20, 30) / probability_alive(f, 3, 20, 30) / ((3 + 2 + 3 - 1) / (3 - 1)::float8) - 1) < 1e-12 AS at_last
FROM (SELECT pg_temp.bg(0.5, 10, 3, 2) AS f) s;
-- More time, more purchases; a longer silence, a smaller chance. Who has bought much
-- and is silent is gone, without a trace of an error.
SELECT bool_and(more) AS more FROM (SELECT expected_purchases(f, 10 ^ (h / 10.0), 3, 20, 30) > lag(expected_purchases(f, 10 ^ (h / 10.0), 3, 20, 30), 1, 0) OVER (ORDER BY h) AS more
    FROM generate_series(-30, 120) h, (SELECT pg_temp.bg(0.5, 10, 0.9, 2) AS f) s) t;
SELECT bool_and(less) AS less FROM (SELECT probability_alive(f, 3, 20, 20 + s) < lag(probability_alive(f, 3, 20, 20 + s), 1, 2) OVER (ORDER BY s) AS less
    FROM generate_series(0, 200) s, (SELECT pg_temp.bg(0.5, 10, 0.9, 2) AS f) p) t;
SELECT probability_alive(f, 1000000, 10, 1000), expected_purchases(f, 365, 1000000, 10, 1000), probability_alive(f, 1000000, 1000, 1000) > 0.99 AS alive,
       round(expected_purchases(f, 1, 1000000, 1000, 1000)::numeric, 1) AS a_day, probability_alive(f, 0, 0, 1e18) AS unknown
FROM (SELECT pg_temp.bg(0.5, 10, 0.9, 2) AS f) s;
-- All that may be asked has a finite answer.
SELECT count(*) AS cases, count(*) FILTER (WHERE e >= 0 AND e < 'Infinity' AND p BETWEEN 0 AND 1) AS answers
FROM unnest('{1e-15,0.3,1e15}'::float8[]) r, unnest('{1e-15,30,1e15}'::float8[]) alpha, unnest('{1e-15,0.8,1e15}'::float8[]) a, unnest('{1e-15,2,1e15}'::float8[]) b,
     (VALUES (0::bigint, 0::float8, 0::float8), (0, 0, 1e18), (1, 0, 0), (1, 0, 1e18), (1, 1e18, 1e18), (5, 3, 30), (9223372036854775807, 0, 1e18), (9223372036854775807, 1e18, 1e18)) c (x, t_x, t),
     unnest('{0,1e-300,30,1e18}'::float8[]) horizon, pg_temp.bg(r, alpha, a, b) f, expected_purchases(f, horizon, x, t_x, t) e, probability_alive(f, x, t_x, t) p;

--
-- Money
--

-- The paper's (5).
SELECT x, mean, abs(expected_order_value(f, x, mean) - ((q - 1) / (p * x + q - 1) * gamma * p / (q - 1) + p * x / (p * x + q - 1) * coalesce(mean, 0))) < 1e-9 AS same
FROM (VALUES (0, NULL), (0, 0), (0, 99), (1, 30), (7, 30), (7, 0), (1000000, 30)) v (x, mean), (VALUES (6.25::float8, 3.74::float8, 15.44::float8)) s (p, q, gamma),
     LATERAL (SELECT pg_temp.gg(p, q, gamma) AS f) t;
-- A mean that is infinite is none: until there is an order of hers.
SELECT x, expected_order_value(pg_temp.gg(2, 1, 10), x, 30) FROM (VALUES (0), (1)) v (x);

-- Without a discount it is purchases times value; with one, the sum over days.
CREATE TABLE buyer AS
    SELECT pg_temp.bg(0.6, 60, 0.8, 2.5) AS f, pg_temp.gg(6.25, 3.74, 15.44) AS g, x, t_x, t, mean
    FROM (VALUES (0, 0, 20, NULL::float8), (2, 100, 120, 30), (9, 300, 500, 22.5), (0, 0, 0, NULL)) v (x, t_x, t, mean);
SELECT x, abs(expected_value(f, g, 365, x, t_x, t, mean) / (expected_purchases(f, 365, x, t_x, t) * expected_order_value(g, x, mean)) - 1) < 1e-12 AS undiscounted,
       bool_and(abs(expected_value(f, g, 365, x, t_x, t, mean, d) / (s.by_days * expected_order_value(g, x, mean)) - 1) < 1e-5) AS discounted
FROM buyer, unnest('{0.002,0.01,0.5,1}'::float8[]) d,
     LATERAL (SELECT sum((expected_purchases(f, i / 4.0, x, t_x, t) - expected_purchases(f, (i - 1) / 4.0, x, t_x, t)) / (1 + d) ^ ((i - 0.5) / 4 / (365.25 / 12))) AS by_days FROM generate_series(1, 4 * 365) i) s
GROUP BY x, f, g, t_x, t, mean ORDER BY x, t;
SELECT abs(expected_value(f, g, 1e18, x, t_x, t, mean, 0.01) / expected_value(f, g, 1e6, x, t_x, t, mean, 0.01) - 1) < 1e-9 AS for_ever_is_finite,
       expected_value(f, g, 0, x, t_x, t, mean, 0.01) AS in_no_time
FROM buyer WHERE x = 2;

--
-- How well it is known
--

\set leavers :srcdir '/test/leavers.sql'
\set shops 1
\set customers 600
\i :leavers
CREATE TABLE fitted AS SELECT bgnbd_fit(x, t_x, t) AS f, gamma_gamma_fit(x, mean) AS g FROM leaver;
-- By the parameters moved by a hundred-thousandth to either side, one after the other, and
-- the matrix of covariances: on log odds, and on logarithms.
CREATE FUNCTION pg_temp.moved(v float8[], i int, by float8) RETURNS float8[] LANGUAGE sql IMMUTABLE AS
    $$ SELECT v[:i - 1] || v[i] * (1 + by) || v[i + 1:] $$;
CREATE FUNCTION pg_temp.variance(gradient float8[], covariance float8[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT sum(gradient[i] * gradient[j] * covariance[i][j]) FROM generate_subscripts(gradient, 1) i, generate_subscripts(gradient, 1) j $$;
CREATE FUNCTION pg_temp.slopes(what text, v float8[], w float8[], x bigint, t_x float8, t float8, by_first boolean) RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE
    slopes float8[] := '{}'; side float8[]; e float8 := 1e-5; m float8[]; n float8[]; f bgnbd; g gamma_gamma; y float8;
BEGIN
    FOR i IN 1 .. CASE WHEN by_first THEN 4 ELSE 3 END LOOP
        side := '{}';
        FOR k IN 0 .. 1 LOOP
            m := CASE WHEN by_first THEN pg_temp.moved(v, i, (2 * k - 1) * e) ELSE v END;
            n := CASE WHEN by_first THEN w ELSE pg_temp.moved(w, i, (2 * k - 1) * e) END;
            f := pg_temp.bg(m[1], m[2], m[3], m[4]);
            g := pg_temp.gg(n[1], n[2], n[3]);
            y := CASE what WHEN 'alive' THEN probability_alive(f, x, t_x, t) WHEN 'purchases' THEN expected_purchases(f, 90, x, t_x, t)
                           WHEN 'new' THEN expected_purchases_new(f, 90) WHEN 'order' THEN expected_order_value(g, x, 40) ELSE expected_value(f, g, 90, x, t_x, t, 40, 0.01) END;
            side := side || CASE what WHEN 'alive' THEN ln(y / (1 - y)) ELSE ln(y) END;
        END LOOP;
        slopes := slopes || (side[2] - side[1]) / (2 * e * (CASE WHEN by_first THEN v ELSE w END)[i]);
    END LOOP;
    RETURN slopes;
END $$;
SELECT what, count(*) AS cases, bool_and(abs(i.low / (CASE WHEN what = 'alive' THEN 1 / (1 + exp(-(m.middle - margin))) ELSE exp(m.middle - margin) END) - 1) < 1e-6
                                         AND abs(i.high / (CASE WHEN what = 'alive' THEN 1 / (1 + exp(-(m.middle + margin))) ELSE exp(m.middle + margin) END) - 1) < 1e-6) AS same,
       bool_and(i.low < i.value AND i.value < i.high) AS within
FROM fitted, fit_parameters(f) p, fit_parameters(g) q, unnest('{alive,purchases,new,order,value}'::text[]) what,
     (VALUES (1::bigint, 30::float8, 100::float8), (4, 200, 210), (12, 100, 160)) c (x, t_x, t),
     LATERAL (SELECT ARRAY[p.r, p.alpha, p.a, p.b] AS v, ARRAY[q.p, q.q, q.gamma] AS w) s,
     LATERAL (SELECT probability_alive(f, x, t_x, t) AS value, j.* FROM probability_alive_interval(f, x, t_x, t, 0.9) j WHERE what = 'alive'
              UNION ALL SELECT expected_purchases(f, 90, x, t_x, t), j.* FROM expected_purchases_interval(f, 90, x, t_x, t, 0.9) j WHERE what = 'purchases'
              UNION ALL SELECT expected_purchases_new(f, 90), j.* FROM expected_purchases_new_interval(f, 90, 0.9) j WHERE what = 'new'
              UNION ALL SELECT expected_order_value(g, x, 40), j.* FROM expected_order_value_interval(g, x, 40, 0.9) j WHERE what = 'order'
              UNION ALL SELECT expected_value(f, g, 90, x, t_x, t, 40, 0.01), j.* FROM expected_value_interval(f, g, 90, x, t_x, t, 40, 0.01, 0.9) j WHERE what = 'value') i,
     LATERAL (SELECT CASE what WHEN 'alive' THEN ln(i.value / (1 - i.value)) ELSE ln(i.value) END AS middle,
                     1.6448536269514722 * sqrt(CASE WHEN what <> 'order' THEN pg_temp.variance(pg_temp.slopes(what, v, w, x, t_x, t, true), fit_covariance(f)) ELSE 0 END
                                               + CASE WHEN what IN ('order', 'value') THEN pg_temp.variance(pg_temp.slopes(what, v, w, x, t_x, t, false), fit_covariance(g)) ELSE 0 END) AS margin) m
GROUP BY what ORDER BY what;
-- Nothing is certain of nothing; and what the model cannot know has no interval.
SELECT expected_purchases_interval(f, 0, 3, 20, 30), probability_alive_interval(f, 0, 0, 30), probability_alive_interval(f, 3, 20, 30) IS NOT NULL AS known FROM fitted;
SELECT probability_alive_interval(f, 3, 20, 30), expected_purchases_interval(f, 30, 3, 20, 30), expected_purchases_new_interval(f, 30),
       expected_order_value_interval(g, 3, 20), expected_value_interval(f, g, 30, 3, 20, 30, 10)
FROM (SELECT pg_temp.bg(0.5, 10, 0.9, 2) AS f, pg_temp.gg(2, 3, 10) AS g) given;

--
-- Nothing to say
--

SELECT probability_alive(f, 3, 20, 30), probability_alive_interval(f, 3, 20, 30), expected_purchases(f, 30, 3, 20, 30), expected_purchases_interval(f, 30, 3, 20, 30),
       expected_purchases_new(f, 30), expected_purchases_new_interval(f, 30)
FROM (SELECT bgnbd_fit(x, t_x, t) AS f FROM leaver WHERE customer < 20) few;
SELECT expected_order_value(few.g, 3, 20), expected_order_value_interval(few.g, 3, 20), expected_value(fitted.f, few.g, 30, 3, 20, 30, 10), expected_value_interval(fitted.f, few.g, 30, 3, 20, 30, 10)
FROM (SELECT gamma_gamma_fit(x, mean) AS g FROM leaver WHERE customer < 20) few, fitted;
-- NULL gives NULL; a mean is needed of orders only.
SELECT expected_order_value(g, NULL, 20) AS a, expected_order_value(g, 3, NULL) AS b, expected_order_value(NULL, 0, NULL) AS c, expected_value(f, g, 30, 3, 20, 30, NULL) AS d,
       expected_value(f, g, NULL, 0, 0, 30, NULL) AS e, expected_value(f, g, 30, 0, 0, 30, NULL) > 0 AS f, expected_order_value_interval(g, 3, NULL) AS g, expected_purchases(f, NULL, 0, 0, 1) AS h,
       expected_value(f, g, 30, 0, 0, 30, NULL, NULL) AS i
FROM fitted;

\pset format unaligned
\pset tuples_only on
SELECT call || ': ' || pg_temp.error_of(format('SELECT loyalcs.%s', replace(replace(call, 'f,', '''{"r": 1, "alpha": 1, "a": 1, "b": 1}'','), 'g,', '''{"p": 1, "q": 2, "gamma": 1}'',')))
FROM (VALUES ('probability_alive(f, -1, 0, 1)'), ('probability_alive(f, 1, 2, 1)'), ('probability_alive(f, 0, 1, 1)'), ('probability_alive_interval(f, 1, 1, 1, 1)'),
    ('expected_purchases(f, -1, 0, 0, 1)'), ('expected_purchases(f, ''NaN'', 0, 0, 1)'), ('expected_purchases(f, ''Infinity'', 0, 0, 1)'), ('expected_purchases(f, 1, 0, 0, ''-1'')'),
    ('expected_purchases_new(f, -1)'), ('expected_purchases_new_interval(f, 1, 95)'), ('expected_order_value(g, -1, 5)'), ('expected_order_value(g, 1, -5)'),
    ('expected_value(f, g, 1, 1, 1, 1, 5, -0.1)'), ('expected_value(f, g, 1, 1, 1, 1, 5, 1.5)'), ('expected_value(f, g, 1, 1, 1, 1, 5, ''NaN'')'), ('expected_value(f, g, 1, 1, 2, 1, 5)')) v (call);
\pset format aligned
\pset tuples_only off
