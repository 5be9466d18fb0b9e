-- coverage.sql: intervals of 95 % hold what they promise, and tests cry wolf in
-- no more than 5 % of the cases, from one answer to thousands.
--
-- Nothing is drawn at random: of few answers every outcome is enumerated, with
-- its probability, and of many those of two and three different scores. So each
-- figure is exact, and what is printed is the worst case, not an estimate.
--
-- Two bars. A share of whole answers cannot be 95 % exactly: of five answers that
-- are 1 or 5 with equal chance, all are the same in 6.25 % of the cases, and no
-- interval that is shorter than the scale then reaches both a half and the other
-- end. So an interval of 95 % may hold in 93.5 % of the cases at worst, and holds
-- in 95 % and more on average. A test keeps below 5 % always.
CREATE EXTENSION IF NOT EXISTS loyalcs;
SET client_min_messages = warning;
SET search_path = loyalcs, public;

-- What customers think: which scores, how often.
CREATE TABLE mix (mix text, kind text, low int, high int, p float8[]);
INSERT INTO mix VALUES
    ('fives and ones',    'mean', 1, 5, '{0.2,0,0,0,0.8}'),
    ('fives, rarely one', 'mean', 1, 5, '{0.05,0,0,0,0.95}'),
    ('one in a hundred',  'mean', 1, 5, '{0.01,0,0,0,0.99}'),
    ('fives and fours',   'mean', 1, 5, '{0,0,0,0.2,0.8}'),
    ('of two minds',      'mean', 1, 5, '{0.5,0,0,0,0.5}'),
    ('four, three, five', 'mean', 1, 5, '{0,0,0.1,0.5,0.4}'),
    ('eighty per cent',   'mean', 1, 5, '{0.05,0.02,0.03,0.1,0.8}'),
    ('anything',          'mean', 1, 5, '{0.2,0.2,0.2,0.2,0.2}'),
    ('effort',            'mean', 1, 7, '{0.05,0.05,0.05,0.1,0.15,0.25,0.35}'),
    ('tens and noughts',  'mean', 0, 10, '{0.1,0,0,0,0,0,0,0,0,0,0.9}'),
    ('recommendation',    'mean', 0, 10, '{0.02,0.01,0.02,0.02,0.03,0.05,0.08,0.12,0.2,0.2,0.25}'),
    ('promoters',         'nps', 0, 10, '{0,0,0,0,0,0,0.1,0,0.2,0,0.7}'),
    ('nearly all',        'nps', 0, 10, '{0,0,0,0,0,0,0.05,0,0.05,0,0.9}'),
    ('thirds',            'nps', 0, 10, '{0,0,0,0,0,0,0.33,0,0.34,0,0.33}'),
    ('passives',          'nps', 0, 10, '{0,0,0,0,0,0,0.05,0,0.9,0,0.05}'),
    ('loved and hated',   'nps', 0, 10, '{0,0,0,0,0,0,0.5,0,0,0,0.5}'),
    ('no detractors',     'nps', 0, 10, '{0,0,0,0,0,0,0,0,0.4,0,0.6}');

-- One row a score that occurs.
CREATE TABLE given AS
    SELECT m.mix, m.low + i - 1 AS score, m.p[i] AS p, row_number() OVER (PARTITION BY m.mix ORDER BY i) AS i,
           count(*) OVER (PARTITION BY m.mix) AS scores
      FROM mix m, generate_subscripts(m.p, 1) i
     WHERE m.p[i] > 0;
ANALYZE given, mix;

CREATE TABLE outcome (id int GENERATED ALWAYS AS IDENTITY, mix text, n int, r ratings, p float8);

-- All outcomes of few answers, one answer after the other.
DO $$
BEGIN
    CREATE TEMP TABLE growing AS SELECT m.mix, '{}'::ratings AS r, 1::float8 AS p FROM mix m;
    FOR n IN 1 .. 10 LOOP
        CREATE TEMP TABLE grown AS
            SELECT g.mix, g.r + format('{"%s": 1}', s.score)::ratings AS r, sum(g.p * s.p) AS p
              FROM growing g
              JOIN given s ON s.mix = g.mix
             WHERE s.scores <= CASE WHEN n <= 3 THEN 11 WHEN n <= 5 THEN 7 ELSE 5 END
             GROUP BY 1, 2;
        DROP TABLE growing;
        ALTER TABLE grown RENAME TO growing;
        INSERT INTO outcome (mix, n, r, p) SELECT g.mix, n, g.r, g.p FROM growing g WHERE n IN (1, 2, 3, 5, 10);
    END LOOP;
    DROP TABLE growing;
END $$;

-- And of many, where there are two or three scores: by the formula of the
-- multinomial distribution. Outcomes rarer than 1e-9 are left out.
CREATE TABLE log_factorial AS
    SELECT 0 AS n, 0::float8 AS l
    UNION ALL
    SELECT n, sum(ln(n::float8)) OVER (ORDER BY n) FROM generate_series(1, 3000) n;
CREATE UNIQUE INDEX ON log_factorial (n);
ANALYZE log_factorial;
INSERT INTO outcome (mix, n, r, p)
    SELECT m.mix, size.n, format('{"%s": %s, "%s": %s}', a.score, x, b.score, size.n - x)::ratings, w.p
      FROM mix m
      JOIN given a ON a.mix = m.mix AND a.i = 1 AND a.scores = 2
      JOIN given b ON b.mix = m.mix AND b.i = 2
     CROSS JOIN unnest('{30,100,300,3000}'::int[]) size (n)
     CROSS JOIN generate_series(0, size.n) x
      JOIN log_factorial f ON f.n = size.n
      JOIN log_factorial fx ON fx.n = x
      JOIN log_factorial fy ON fy.n = size.n - x
     CROSS JOIN LATERAL (SELECT greatest(f.l - fx.l - fy.l + x * ln(a.p) + (size.n - x) * ln(b.p), -600) AS l) e
     CROSS JOIN LATERAL (SELECT exp(e.l) AS p) w
     WHERE w.p > 1e-9;
INSERT INTO outcome (mix, n, r, p)
    SELECT m.mix, size.n, format('{"%s": %s, "%s": %s, "%s": %s}', a.score, x, b.score, y, c.score, size.n - x - y)::ratings, w.p
      FROM mix m
      JOIN given a ON a.mix = m.mix AND a.i = 1 AND a.scores = 3
      JOIN given b ON b.mix = m.mix AND b.i = 2
      JOIN given c ON c.mix = m.mix AND c.i = 3
     CROSS JOIN unnest('{30,60}'::int[]) size (n)
     CROSS JOIN generate_series(0, size.n) x
     CROSS JOIN generate_series(0, size.n - x) y
      JOIN log_factorial f ON f.n = size.n
      JOIN log_factorial fx ON fx.n = x
      JOIN log_factorial fy ON fy.n = y
      JOIN log_factorial fz ON fz.n = size.n - x - y
     CROSS JOIN LATERAL (SELECT greatest(f.l - fx.l - fy.l - fz.l + x * ln(a.p) + y * ln(b.p) + (size.n - x - y) * ln(c.p), -600) AS l) e
     CROSS JOIN LATERAL (SELECT exp(e.l) AS p) w
     WHERE w.p > 1e-9;
-- Nothing is missing.
SELECT count(*) AS cases, bool_and(abs(p - 1) < 1e-5) AS whole
FROM (SELECT sum(p) AS p FROM outcome GROUP BY mix, n) c;

-- Each outcome's interval, what is true, and whether it lies within.
CREATE TABLE held AS
    SELECT o.mix, m.kind, o.n, o.p, i.low, i.high, f.figure,
           t.truth BETWEEN i.low - 1e-9 AND i.high + 1e-9 AS holds
      FROM outcome o
      JOIN mix m ON m.mix = o.mix
     CROSS JOIN LATERAL (SELECT CASE m.kind
                                    WHEN 'nps' THEN 100 * sum(CASE WHEN s.score >= 9 THEN s.p WHEN s.score <= 6 THEN -s.p ELSE 0 END)
                                    ELSE sum(s.p * s.score) END AS truth
                           FROM given s WHERE s.mix = o.mix) t
     CROSS JOIN LATERAL (SELECT CASE m.kind WHEN 'nps' THEN nps(o.r) ELSE mean(o.r) END AS figure) f
     CROSS JOIN LATERAL (SELECT v.low, v.high FROM nps_interval(o.r) v WHERE m.kind = 'nps'
                         UNION ALL
                         SELECT v.low, v.high FROM mean_interval(o.r, m.low, m.high) v WHERE m.kind = 'mean') i;
CREATE TABLE coverage AS
    SELECT mix, kind, n, sum(p) FILTER (WHERE holds) AS holds FROM held GROUP BY mix, kind, n;
SELECT kind, count(*) AS cases, trunc(100 * min(holds)::numeric, 1) AS worst, trunc(100 * avg(holds)::numeric, 0) AS average,
       min(holds) >= 0.935 AS keeps_its_promise
FROM coverage GROUP BY kind ORDER BY kind;
SELECT mix, n, trunc(100 * holds::numeric, 1) AS holds FROM coverage WHERE holds < 0.945 ORDER BY mix, n;
-- They are not too long to be of use: as a part of the scale, on average.
SELECT kind, n, round(avg(length)::numeric, 2) AS length
FROM (SELECT h.mix, h.kind, h.n, sum(h.p * (h.high - h.low)) / CASE h.kind WHEN 'nps' THEN 200 ELSE min(m.high - m.low) END AS length
        FROM held h JOIN mix m ON m.mix = h.mix GROUP BY h.mix, h.kind, h.n) l
GROUP BY kind, n ORDER BY kind, n;
-- An interval reaches to the figure that it belongs to.
SELECT count(*) AS intervals, count(*) FILTER (WHERE figure < low OR figure > high) AS beside_their_figure FROM held;

-- Two samples of the same customers: how often is the difference taken for a
-- change? The same two the other way round are a change the other way round, as
-- likely. Pairs that are too rare to be tried count as alarms.
ANALYZE outcome;
CREATE TABLE alarm AS
    SELECT m.mix, m.kind, a.n AS before, b.n AS after, 1 - sum(w.p) FILTER (WHERE c.p_value >= 0.05) AS alarms,
           count(*) FILTER (WHERE (c.p_value < 0.05) <> (c.low > 0 OR c.high < 0)) AS contradicting,
           count(*) FILTER (WHERE c.change < c.low OR c.change > c.high) AS beside
      FROM mix m
     CROSS JOIN (VALUES (1, 3), (3, 3), (5, 5), (3, 30), (5, 100), (3, 300), (10, 300)) size (before, after)
      JOIN outcome a ON a.mix = m.mix AND a.n = size.before
      JOIN outcome b ON b.mix = m.mix AND b.n = size.after AND (b.n <> a.n OR b.id >= a.id)
     CROSS JOIN LATERAL (SELECT a.p * b.p * CASE WHEN b.n = a.n AND b.id > a.id THEN 2 ELSE 1 END AS p) w
     CROSS JOIN LATERAL (SELECT d.* FROM nps_change(a.r, b.r) d WHERE m.kind = 'nps'
                         UNION ALL
                         SELECT d.* FROM mean_change(a.r, b.r, m.low, m.high) d WHERE m.kind = 'mean') c
     WHERE w.p > 1e-7 AND (m.mix <> 'effort' OR size.before < 5)
     GROUP BY m.mix, m.kind, a.n, b.n;
SELECT kind, before, after, count(*) AS mixes, trunc(100 * max(coalesce(alarms, 0))::numeric, 1) AS worst, max(coalesce(alarms, 0)) <= 0.05 AS keeps_its_promise
FROM alarm GROUP BY kind, before, after ORDER BY kind, before, after;
SELECT sum(contradicting) AS contradicting, sum(beside) AS beside_their_figure FROM alarm;

-- What few answers were taken to be certain of.
SELECT * FROM mean_interval('{"5": 2}', 1, 5);
SELECT change, round(low::numeric, 3) AS low, round(high::numeric, 3) AS high, round(p_value::numeric, 3) AS p FROM mean_change('{"5": 2}', '{"4": 2}', 1, 5);
SELECT change, round(p_value::numeric, 3) AS p FROM mean_change('{"1": 20, "5": 80}', '{"5": 3}', 1, 5);
SELECT change, round(low::numeric, 2) AS low, round(high::numeric, 2) AS high, p_value FROM nps_change('{"10": 100000}', '{"10": 1}');
SELECT nps('{"10": 1}'::ratings), round(low::numeric, 1) AS low, high FROM nps_interval('{"10": 1}');
-- Without their scale, means are on that of ratings, and their intervals hold as
-- well.
SELECT count(*) AS cases, min(holds) >= 0.935 AS keeps_its_promise
FROM (SELECT sum(o.p) FILTER (WHERE t.truth BETWEEN w.low - 1e-9 AND w.high + 1e-9) AS holds
        FROM outcome o
        JOIN mix m ON m.mix = o.mix AND m.kind = 'mean'
       CROSS JOIN LATERAL (SELECT sum(s.p * s.score) AS truth FROM given s WHERE s.mix = o.mix) t
       CROSS JOIN LATERAL mean_interval(o.r) w
       GROUP BY o.mix, o.n) c;
-- A scale is two scores, the lower first; an answer is on it.
SELECT * FROM mean_interval('{"5": 2}', 5, 1);
SELECT * FROM mean_change('{"5": 2}', '{"4": 1}', 1, 11);
SELECT * FROM mean_interval('{"6": 2}', 1, 5);
SELECT * FROM mean_change('{"4": 1}', '{"0": 2}', 1, 5);
-- A scale of one point has nothing to say, and says it.
SELECT * FROM mean_change('{"5": 2}', '{"5": 9}', 5, 5);
SELECT * FROM mean_interval('{"5": 2}', 5, 5);
DROP TABLE alarm, coverage, given, held, log_factorial, mix, outcome;
