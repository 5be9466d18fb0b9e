-- changes.sql: did something change more than everything else did over the same time? (Intervals and
-- changes by themselves: ratings.sql by hand, coverage.sql by counting.)
CREATE EXTENSION IF NOT EXISTS loyalcs;
SET client_min_messages = warning;
SET search_path = loyalcs, public;

CREATE FUNCTION share(hits bigint, cases bigint) RETURNS ratings LANGUAGE sql RETURN format('{"0": %s, "1": %s}', cases - hits, hits)::ratings;
CREATE FUNCTION nps_of(promoters bigint, detractors bigint, cases bigint) RETURNS ratings LANGUAGE sql
RETURN format('{"10": %s, "0": %s, "8": %s}', promoters, detractors, cases - promoters - detractors)::ratings;

-- Against figures that another program (SciPy 1.10) gave by the formulas: before, after, others before and others after.
SELECT c, round(e.effect::numeric, 4) AS effect, round(e.low::numeric, 4) AS low, round(e.high::numeric, 4) AS high, round(e.p_value::numeric, 6) AS p_value,
       greatest(abs(e.effect - o.effect), abs(e.low - o.low), abs(e.high - o.high), abs(e.p_value - o.p)) < 1e-9 AS same
  FROM (VALUES
    ('{40,100,20,100,500,1000,480,1000}'::int[], -0.18, -0.3394243658, -0.0407122433, 0.0091802834),
    -- all return rates fall by a third: that of 30 % by ten points, that of 5 % by less than two
    ('{60,200,40,200,100,2000,66,2000}', -0.083, -0.1675677724, 0.0632167977, 0.714804625),
    ('{0,10,10,10,0,10,0,10}', 1.0, 0.0218062117, 1.1692279283, 0.0354390177),
    ('{3,5,1,7,2,9,8,11}', -0.9621933622, -1.4202223191, -0.1173512184, 0.0225936279),
    -- all rise by five points
    ('{100,1000,150,1000,4000,20000,5000,20000}', 0.0, -0.0302066298, 0.0486564967, 1),
    ('{1,1,0,1,1,1,1,1}', -1.0, -1.8706694234, 1.2040027567, 0.6305360756)
  ) o (c, effect, low, high, p),
  share_effect(share(c[1], c[2]), share(c[3], c[4]), share(c[5], c[6]), share(c[7], c[8])) e;
SELECT c, round(e.effect::numeric, 2) AS effect, round(e.low::numeric, 2) AS low, round(e.high::numeric, 2) AS high, round(e.p_value::numeric, 6) AS p_value,
       greatest(abs(e.effect - o.effect), abs(e.low - o.low), abs(e.high - o.high), abs(e.p_value - o.p)) < 1e-6 AS same
  FROM (VALUES
    ('{10,30,60,30,20,80,100,50,200,90,60,210}'::int[], 56.54761905, 24.4453801, 84.2351386, 0.00041173),
    ('{1,0,1,0,1,1,1,0,1,1,1,2}', -100.0, -210.967552, 160.967552, 0.77566455),
    ('{5,1,12,2,7,12,50,10,120,45,12,110}', -71.66666667, -114.16071979, 0.79429055, 0.05306515),
    ('{0,0,10,10,0,10,0,10,10,0,10,10}', 100.0, 18.90966727, 134.93648657, 0.01053058)
  ) o (c, effect, low, high, p),
  nps_effect(nps_of(c[1], c[2], c[3]), nps_of(c[4], c[5], c[6]), nps_of(c[7], c[8], c[9]), nps_of(c[10], c[11], c[12])) e;
-- Of others that are very many and do not change, the effect is the change.
SELECT abs(e.effect - c.change) < 1e-9 AS effect, abs(e.low - c.low) < 1e-3 AS low, abs(e.p_value - c.p_value) < 1e-4 AS p_value
  FROM nps_effect(nps_of(40, 10, 80), nps_of(40, 30, 80), nps_of(400000000, 200000000, 900000000), nps_of(400000000, 200000000, 900000000)) e,
       nps_change(nps_of(40, 10, 80), nps_of(40, 30, 80)) c;
-- The better half the other way round is as much, the other way round.
SELECT a.effect + b.effect AS effect, round((a.low + b.high)::numeric, 12) AS low, a.p_value = b.p_value AS p_value
  FROM nps_effect(nps_of(10, 30, 60), nps_of(30, 20, 80), nps_of(100, 50, 200), nps_of(90, 60, 210)) a,
       nps_effect(nps_of(100, 50, 200), nps_of(90, 60, 210), nps_of(10, 30, 60), nps_of(30, 20, 80)) b;
-- Of nothing it is nothing; the confidence is one; a share is of 0 and 1.
SELECT * FROM share_effect('{}', share(1, 2), share(1, 2), share(1, 2));
SELECT * FROM nps_effect(nps_of(1, 0, 1), nps_of(1, 0, 1), nps_of(1, 0, 1), '{}');
SELECT * FROM nps_effect(NULL, nps_of(1, 0, 1), nps_of(1, 0, 1), nps_of(1, 0, 1));
SELECT * FROM share_effect(share(1, 2), share(1, 2), share(1, 2), '{"2": 1}');
SELECT * FROM share_effect(share(1, 2), share(1, 2), share(1, 2), share(1, 2), 1);
SELECT * FROM nps_effect(nps_of(1, 0, 1), nps_of(1, 0, 1), nps_of(1, 0, 1), nps_of(1, 0, 1), 0);
SELECT e.low >= -2 AND e.high <= 2 AND e.p_value BETWEEN 0 AND 1 AS usual FROM share_effect(share(9007199254740992, 9007199254740992), share(0, 9007199254740992), share(0, 1), share(1, 1), 0.999999) e;

--
-- A season is no success
--

-- Nothing is drawn at random: every outcome of few cases is enumerated, with its
-- probability. In no season, that adds as much to all shares or multiplies all odds,
-- is an effect seen in more than one in twenty; the change alone would be in nearly all.
CREATE TABLE hits AS SELECT n, h, share(h, n) AS r FROM unnest('{3,5,10,20}'::int[]) n, generate_series(0, n) h;
CREATE TABLE outcome AS
SELECT s.size, s.na, s.nb, s.nc, s.nd, a.h AS ha, b.h AS hb, c.h AS hc, d.h AS hd, e.p_value, e.low, e.high, e.effect
  FROM (VALUES (1, 5, 5, 5, 5), (2, 3, 10, 20, 20), (3, 10, 10, 10, 10)) s (size, na, nb, nc, nd)
  JOIN hits a ON a.n = s.na JOIN hits b ON b.n = s.nb JOIN hits c ON c.n = s.nc JOIN hits d ON d.n = s.nd
 CROSS JOIN LATERAL share_effect(a.r, b.r, c.r, d.r) e;
SELECT count(*) AS outcomes, count(*) FILTER (WHERE (p_value < 0.05) <> (low > 0 OR high < 0)) AS contradicting, count(*) FILTER (WHERE effect < low OR effect > high) AS beside_their_figure FROM outcome;
-- The probabilities of 0 to n hits.
CREATE FUNCTION binomial(n int, p float8) RETURNS float8[] LANGUAGE sql
RETURN (SELECT array_agg((factorial(n) / (factorial(h) * factorial(n - h)))::float8 * p ^ h * (1 - p) ^ (n - h) ORDER BY h) FROM generate_series(0, n) h);
CREATE TABLE season AS
SELECT k.season, k.by, l.p AS before, l.q AS others_before,
       CASE k.season WHEN 'none' THEN l.p WHEN 'adds' THEN l.p + k.by ELSE l.p * k.by / (1 - l.p + l.p * k.by) END AS after,
       CASE k.season WHEN 'none' THEN l.q WHEN 'adds' THEN l.q + k.by ELSE l.q * k.by / (1 - l.q + l.q * k.by) END AS others_after
  FROM (VALUES ('none', 0::float8), ('adds', 0.3), ('adds', -0.3), ('multiplies', 5), ('multiplies', 0.2)) k (season, by),
       (VALUES (0.35::float8, 0.35::float8), (0.5, 0.35), (0.32, 0.6), (0.6, 0.4), (0.68, 0.32)) l (p, q);
SELECT season, size, count(*) AS seasons, trunc(100 * max(alarms)::numeric, 1) AS worst, trunc(100 * max(improved)::numeric, 1) AS worst_of_one_side, max(alarms) <= 0.05 AS keeps_its_promise
  FROM (SELECT s.season, s.by, s.before, s.others_before, o.size, sum(w.p) AS alarms, coalesce(sum(w.p) FILTER (WHERE o.effect < 0), 0) AS improved
          FROM (SELECT DISTINCT size, na, nb, nc, nd FROM outcome) z
         CROSS JOIN LATERAL (SELECT s.*, binomial(z.na, s.before) AS pa, binomial(z.nb, s.after) AS pb, binomial(z.nc, s.others_before) AS pc, binomial(z.nd, s.others_after) AS pd FROM season s) s
          JOIN outcome o ON o.size = z.size AND o.p_value < 0.05
         CROSS JOIN LATERAL (SELECT s.pa[o.ha + 1] * s.pb[o.hb + 1] * s.pc[o.hc + 1] * s.pd[o.hd + 1] AS p) w
         GROUP BY s.season, s.by, s.before, s.others_before, o.size) a
 GROUP BY season, size ORDER BY season, size;
-- (the same of the change alone, of a thousand cases)
SELECT round(p_value::numeric, 6) AS p_value FROM mean_change(share(350, 1000), share(650, 1000), 0, 1);

-- The NPS, in a season that makes promoters of as many.
CREATE TABLE parts AS SELECT ARRAY[g, h, n] AS r, n, nps_of(g, h, n) AS given FROM unnest('{2,3,4,5}'::int[]) n, generate_series(0, n) g, generate_series(0, n - g) h;
CREATE TABLE nps_outcome AS
SELECT s.size, a.r AS a, b.r AS b, c.r AS c, d.r AS d, e.p_value, (e.p_value < 0.05) <> (e.low > 0 OR e.high < 0) AS contradicting
  FROM (VALUES (1, 3, 3, 5, 5), (2, 2, 4, 5, 5)) s (size, na, nb, nc, nd)
  JOIN parts a ON a.n = s.na JOIN parts b ON b.n = s.nb JOIN parts c ON c.n = s.nc JOIN parts d ON d.n = s.nd
 CROSS JOIN LATERAL nps_effect(a.given, b.given, c.given, d.given) e;
CREATE FUNCTION trinomial(r int[], p float8, q float8) RETURNS float8 LANGUAGE sql
RETURN (factorial(r[3]) / (factorial(r[1]) * factorial(r[2]) * factorial(r[3] - r[1] - r[2])))::float8 * p ^ r[1] * q ^ r[2] * (1 - p - q) ^ (r[3] - r[1] - r[2]);
CREATE TABLE chance AS
SELECT l.id, p.r, trinomial(p.r, l.p, l.q) AS a, trinomial(p.r, l.p + l.by, l.q - l.by) AS b, trinomial(p.r, l.op, l.oq) AS c, trinomial(p.r, l.op + l.by, l.oq - l.by) AS d
  FROM parts p, (VALUES (1, 0.5::float8, 0.3::float8, 0.3::float8, 0.5::float8, 0::float8), (2, 0.3, 0.5, 0.4, 0.45, 0.3), (3, 0.2, 0.7, 0.1, 0.5, 0.4), (4, 0.05, 0.4, 0.3, 0.35, 0.3)) l (id, p, q, op, oq, by);
ANALYZE chance, nps_outcome;
SELECT (SELECT count(*) FROM nps_outcome) AS outcomes, (SELECT count(*) FROM nps_outcome WHERE contradicting) AS contradicting;
SELECT o.size, k.id, trunc(100 * sum(a.a * b.b * c.c * d.d)::numeric, 1) AS alarms, sum(a.a * b.b * c.c * d.d) <= 0.05 AS keeps_its_promise
  FROM (SELECT DISTINCT id FROM chance) k
  JOIN chance a ON a.id = k.id JOIN chance b ON b.id = k.id JOIN chance c ON c.id = k.id JOIN chance d ON d.id = k.id
  JOIN nps_outcome o ON o.a = a.r AND o.b = b.r AND o.c = c.r AND o.d = d.r AND o.p_value < 0.05
 GROUP BY o.size, k.id ORDER BY 1, 2;

DROP TABLE chance, hits, nps_outcome, outcome, parts, season;
DROP FUNCTION binomial, nps_of, share(bigint, bigint), trinomial;
