-- survival.sql: how many come, and when, while some are still being waited for.
CREATE EXTENSION IF NOT EXISTS loyalcs;
SET client_min_messages = warning;
SET timezone = 'UTC';
SET intervalstyle = 'postgres';
SET search_path = loyalcs, public;

-- days(waits, watched): everybody begins so many days before the end of 2020 as
-- they are watched for; a wait that is NULL has not ended.
CREATE FUNCTION pg_temp.days(waits float8[], watched float8[], OUT share float8, OUT median interval, OUT median_of_ended interval, OUT within interval)
    LANGUAGE sql AS $$
    SELECT s.* FROM (SELECT array_agg(e - w * interval '1 day') AS began, array_agg(e - w * interval '1 day' + d * interval '1 day') AS ended
                       FROM unnest(waits, watched) AS u (d, w), (VALUES (timestamptz '2020-12-31 00:00+00')) AS v (e)) AS a,
                    survival(a.began, a.ended, '2020-12-31 00:00+00') AS s $$;

-- A published table: the remission of leukemia under 6-MP, in weeks (Freireich et
-- al. 1963, in every textbook since Kaplan and Meier): 9 of 21 relapse, at 6, 6,
-- 6, 7, 10, 13, 16, 22 and 23 weeks; the curve ends at 0.448, and the median is
-- 23 weeks. The watched time of those who relapse is not known; 35 is the longest.
SELECT round((1 - share)::numeric, 3) AS survive, median, median_of_ended, within
FROM pg_temp.days('{6,6,6,7,10,13,16,22,23,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL}',
                  '{35,35,35,35,35,35,35,35,35,6,9,10,11,17,19,20,25,32,32,34,35}');
-- And under placebo all of them, with a median of 8 weeks.
SELECT share, median, median_of_ended
FROM pg_temp.days('{1,1,2,2,3,4,4,5,5,8,8,8,8,11,11,12,12,15,17,22,23}', array_fill(35::float8, '{21}'));

-- Where nobody is cut off, the share is a quotient and the median that of all.
SELECT count(*) AS cases, count(*) FILTER (WHERE share <> came::float8 / n) AS share_differs,
       count(*) FILTER (WHERE median IS DISTINCT FROM by_hand) AS median_differs
FROM (SELECT n, came, s.share, s.median,
             (SELECT CASE WHEN 2 * came > n OR 2 * came = n AND came > 0
                          THEN (SELECT CASE WHEN n % 2 = 1 OR 2 * came = n THEN (n + 1) / 2 * interval '1 day'
                                            ELSE n / 2 * interval '1 day' + interval '12 hours' END) END) AS by_hand
        FROM generate_series(1, 24) n, generate_series(0, n) came,
             LATERAL pg_temp.days((SELECT array_agg(CASE WHEN i <= came THEN i END) FROM generate_series(1, n) i), array_fill(100::float8, ARRAY[n])) s) c;

-- By definition, for random waits: the share still missing shrinks at each time
-- by those who came among those who were watched on.
CREATE TABLE sample AS
    SELECT g, i, w.watched, CASE WHEN w.wait <= w.watched THEN w.wait END AS wait
      FROM generate_series(1, 60) g, generate_series(1, 5 + g) i,
           LATERAL (SELECT 1 + abs(hashint4(g * 1000 + i)) % 50 AS watched, abs(hashint4(i * 777 + g)) % (10 + 2 * g) AS wait) w;
CREATE FUNCTION pg_temp.curve(sample int) RETURNS TABLE (at int, missing numeric) LANGUAGE plpgsql AS $$
DECLARE
    t record; left_ numeric := 1;
    horizon int := (SELECT s.watched FROM sample s WHERE g = curve.sample ORDER BY s.watched DESC
                    OFFSET (SELECT ceil(count(*) / 10.0) - 1 FROM sample s WHERE g = curve.sample) LIMIT 1);
BEGIN
    FOR t IN SELECT s.wait AS at, count(*) AS came FROM sample s WHERE g = curve.sample AND s.wait <= horizon GROUP BY 1 ORDER BY 1 LOOP
        left_ := left_ * (1 - t.came / (SELECT count(*)::numeric FROM sample s WHERE g = curve.sample AND coalesce(s.wait, s.watched) >= t.at));
        at := t.at; missing := left_; RETURN NEXT;
    END LOOP;
END $$;
SELECT count(*) AS samples, count(s.median) AS with_median,
       count(*) FILTER (WHERE abs(1 - s.share - coalesce(h.missing, 1)) > 1e-12) AS share_differs,
       count(*) FILTER (WHERE s.median IS DISTINCT FROM h.median * interval '1 day') AS median_differs
FROM (SELECT DISTINCT g FROM sample) x,
     LATERAL (SELECT array_agg(wait ORDER BY i)::float8[] AS waits, array_agg(watched ORDER BY i)::float8[] AS watched FROM sample WHERE g = x.g) a,
     pg_temp.days(a.waits, a.watched) s,
     -- (A curve that stays at a half for a while has its median in the middle.)
     LATERAL (SELECT min(missing) AS missing,
                     (min(at) FILTER (WHERE missing < 0.5 + 1e-9)
                      + coalesce(min(at) FILTER (WHERE missing < 0.5 - 1e-9), min(at) FILTER (WHERE missing < 0.5 + 1e-9))) / 2.0 AS median
                FROM pg_temp.curve(x.g)) h;

-- It is read as far as a tenth have been watched: one early customer who came
-- back after a year does not make it a hundred per cent.
SELECT * FROM pg_temp.days(NULL::float8[] || '{366}' || array_fill(NULL::float8, '{30}'), '{400}' || array_fill(90::float8, '{30}'));
-- Everybody who has had 60 days came back: that is everybody.
SELECT * FROM pg_temp.days('{50,51,52,53,54,55,56,57,58,59}' || array_fill(NULL::float8, '{10}'),
                           '{80,80,80,80,80,80,80,80,80,80}' || array_fill(10::float8, '{10}'));

-- What has not begun, or not ended, by as_of.
SELECT * FROM survival('{2020-01-01,2020-03-01,NULL}', '{2020-01-10,NULL,NULL}', '2020-02-01');
SELECT * FROM survival('{2020-01-01}', '{2020-03-01}', '2020-02-01');
SELECT * FROM survival('{2020-01-01}', '{2020-01-01}', '2020-01-01');
SELECT * FROM survival('{}', '{}', '2020-01-01');
SELECT survival(NULL, '{}', '2020-01-01') IS NULL AS null;
SELECT * FROM survival('{2020-01-01}', '{}', '2020-01-01');
SELECT * FROM survival('{2020-01-02}', '{2020-01-01}', '2020-01-03');
SELECT * FROM survival('{infinity}', '{NULL}', '2020-01-03');
SELECT * FROM survival('{2020-01-01}', '{infinity}', '2020-01-03');
SELECT * FROM survival('{2020-01-01}', '{NULL}', 'infinity');
SELECT * FROM survival('{"4713-01-01 BC"}', '{NULL}', '294276-12-31');

-- The curve itself, at times of one's own. Under 6-MP, the table of the textbooks
-- (Kalbfleisch and Prentice 1980; Klein and Moeschberger, Survival Analysis, table
-- 4.1A): at 6 weeks 21 at risk and 0.857 (standard error 0.076), then 17 and 0.807
-- (0.087), 15 and 0.753 (0.096), 12 and 0.690 (0.107), 11 and 0.627 (0.114), 7 and
-- 0.538 (0.128), 6 and 0.448 (0.135). The interval's ends give the error back; those
-- after 10 weeks are 0.503 and 0.889.
CREATE FUNCTION pg_temp.curve_of(waits float8[], watched float8[], times interval[], confidence float8)
    RETURNS TABLE (after interval, at_risk bigint, came bigint, share float8, low float8, high float8)
    LANGUAGE sql AS $$
    SELECT s.* FROM (SELECT array_agg(e - w * interval '1 day') AS began, array_agg(e - w * interval '1 day' + d * interval '1 day') AS ended
                       FROM unnest(waits, watched) AS u (d, w), (VALUES (timestamptz '2020-12-31 00:00+00')) AS v (e)) AS a,
                    survival_curve(a.began, a.ended, '2020-12-31 00:00+00', times, confidence) AS s $$;
SELECT after, at_risk, came, round((1 - share)::numeric, 3) AS survive, round((1 - high)::numeric, 3) AS low, round((1 - low)::numeric, 3) AS high,
       round(((ln(-ln(1 - high)) - ln(-ln(1 - low))) / (2 * 1.959964) * (1 - share) * -ln(1 - share))::numeric, 4) AS standard_error
FROM pg_temp.curve_of('{6,6,6,7,10,13,16,22,23,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL}',
                      '{35,35,35,35,35,35,35,35,35,6,9,10,11,17,19,20,25,32,32,34,35}', '{6 days,7 days,10 days,13 days,16 days,22 days,23 days}', 0.95);
-- Before the first and after the last, in whatever order they are asked for, twice
-- and between: nobody by the fifth week is Wilson's 0 of 21.
SELECT after, at_risk, came, round(share::numeric, 4) AS share, round(low::numeric, 4) AS low, round(high::numeric, 4) AS high
FROM pg_temp.curve_of('{6,6,6,7,10,13,16,22,23,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL}',
                      '{35,35,35,35,35,35,35,35,35,6,9,10,11,17,19,20,25,32,32,34,35}',
                      '{{35 days,5 days,0},{"35 days 1 second",NULL,840 hours},{5 days 12:00,9 days,36 days}}', 0.9);
SELECT round(low::numeric, 4) AS low, round(high::numeric, 4) AS high FROM share_interval(0, 21, 0.9);
-- Under placebo everybody, by 23 weeks; until then nobody is cut off, and the
-- variance is that of a share. In the end it is Wilson's 21 of 21.
SELECT after, at_risk, came, round(share::numeric, 4) AS share, round(low::numeric, 4) AS low, round(high::numeric, 4) AS high,
       round((1 - exp(-exp(ln(-ln(1 - share)) - error)))::numeric, 4) AS low_by_hand, round((1 - exp(-exp(ln(-ln(1 - share)) + error)))::numeric, 4) AS high_by_hand
FROM (SELECT *, CASE WHEN share < 1 THEN 1.959964 * sqrt(share / (21 * (1 - share))) / -ln(1 - share) END AS error
        FROM pg_temp.curve_of('{1,1,2,2,3,4,4,5,5,8,8,8,8,11,11,12,12,15,17,22,23}', array_fill(35::float8, '{21}'), '{1 day,8 days,22 days,23 days,35 days}', 0.95)) c;
SELECT round(low::numeric, 4) AS low, high FROM share_interval(21, 21);
-- Two of four came, one was cut off, the last one came: worth 1 / (2 / 4) = 2 cases.
SELECT after, at_risk, came, share, round(low::numeric, 6) AS low, high, (SELECT round(low::numeric, 6) FROM share_interval(2, 2)) AS of_two
FROM pg_temp.curve_of('{1,2,NULL,5}', '{9,9,3,9}', '{5 days,9 days}', 0.95);
-- After three days nobody is watched of whom it is not known; that they have all been
-- watched for nine says nothing of the one who was watched for three.
SELECT after, at_risk, came, share FROM pg_temp.curve_of('{1,2,NULL}', '{9,9,3}', '{2 days,3 days,4 days,9 days}', 0.95);

-- By definition, for the random waits of above, day by day: Greenwood's sum as he has it.
SELECT count(*) AS rows, count(DISTINCT g) AS samples,
       count(*) FILTER (WHERE c.at_risk <> h.at_risk OR c.came <> h.came OR abs(c.share - h.share) > 1e-12) AS share_differs,
       count(*) FILTER (WHERE abs(c.low - h.low) > 1e-9 OR abs(c.high - h.high) > 1e-9) AS interval_differs,
       count(*) FILTER (WHERE NOT (0 <= c.low AND c.low <= c.share AND c.share <= c.high AND c.high <= 1)) AS astray
FROM (SELECT g, array_agg(wait ORDER BY i)::float8[] AS waits, array_agg(watched ORDER BY i)::float8[] AS watched FROM sample GROUP BY g) a
CROSS JOIN LATERAL pg_temp.curve_of(a.waits, a.watched, (SELECT array_agg(d * interval '1 day') FROM generate_series(0, 50) d), 0.95) c
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE coalesce(s.wait, s.watched) >= c.at) AS at_risk, count(*) FILTER (WHERE s.wait <= c.at) AS came
      FROM sample s, (SELECT extract(day FROM c.after)::int AS at) c WHERE s.g = a.g) n
CROSS JOIN LATERAL (
    SELECT coalesce(exp(sum(ln(nullif(1 - d / r, 0)))), 1)::float8 AS missing, coalesce(sum(d / (r * nullif(r - d, 0))), 0)::float8 AS variance,
           coalesce(bool_or(d = r), false) AS all_came,
           coalesce(exp(sum(ln(nullif(1 - d / r, 0))) FILTER (WHERE d < r)), 1)::float8 AS missing_before
      FROM (SELECT s.wait, count(*)::numeric AS d,
                   (SELECT count(*)::numeric FROM sample x WHERE x.g = a.g AND coalesce(x.wait, x.watched) >= s.wait) AS r
              FROM sample s WHERE s.g = a.g AND s.wait <= extract(day FROM c.after) GROUP BY s.wait) t) k
CROSS JOIN LATERAL (
    SELECT n.at_risk, n.came, CASE WHEN k.all_came THEN 1 ELSE 1 - k.missing END AS share,
           CASE WHEN n.came = 0 THEN 0 WHEN k.all_came THEN c.low ELSE 1 - k.missing ^ exp(1.959963984540054 * sqrt(k.variance) / ln(k.missing)) END AS low,
           CASE WHEN n.came = 0 THEN (share_interval(0, n.at_risk)).high WHEN k.all_came THEN 1 ELSE 1 - k.missing ^ exp(-1.959963984540054 * sqrt(k.variance) / ln(k.missing)) END AS high) h;

-- How often the interval holds the true share, of three, of eight, of twenty that are all
-- watched, at shares from 1 to 99 per cent: about as often as Wilson's, of which it is known
-- that it keeps its promise in the mean and not everywhere.
SELECT n, round(min(held), 3) AS least, round(avg(held), 3) AS in_the_mean, round(min(wilsons), 3) AS least_of_wilson, round(avg(wilsons), 3) AS mean_of_wilson
FROM (SELECT n, p, sum(likely) FILTER (WHERE p BETWEEN c.low::numeric AND c.high::numeric) AS held, sum(likely) FILTER (WHERE p BETWEEN w.low::numeric AND w.high::numeric) AS wilsons
        FROM unnest('{3,8,20}'::int[]) n, generate_series(0, n) k,
             LATERAL pg_temp.curve_of(array_fill(1::float8, ARRAY[k]) || array_fill(NULL::float8, ARRAY[n - k]), array_fill(9::float8, ARRAY[n]), '{1 day}', 0.95) c,
             LATERAL share_interval(k, n) w, generate_series(0.01, 0.99, 0.01) p,
             LATERAL (SELECT factorial(n) / (factorial(k) * factorial(n - k)) * p ^ k * (1 - p) ^ (n - k) AS likely) l
       GROUP BY n, p) x
GROUP BY n ORDER BY n;

-- What is no curve, and what is no time on one.
SELECT * FROM survival_curve('{}', '{}', '2020-01-01', '{1 day}');
SELECT * FROM survival_curve('{2020-01-01}', '{NULL}', '2020-02-01', '{}');
SELECT * FROM survival_curve('{2020-01-01}', '{NULL}', '2020-02-01', NULL);
SELECT * FROM survival_curve('{2020-03-01}', '{NULL}', '2020-02-01', '{0}');
SELECT * FROM survival_curve('{2020-01-01}', '{NULL}', '2020-02-01', '{1 month}');
SELECT * FROM survival_curve('{2020-01-01}', '{NULL}', '2020-02-01', '{-1 day}');
SELECT * FROM survival_curve('{2020-01-01}', '{NULL}', '2020-02-01', '{2147483647 days}');
SELECT * FROM survival_curve('{2020-01-01}', '{NULL}', '2020-02-01', '{1 day}', 1);
SELECT * FROM survival_curve('{2020-01-01}', '{NULL}', '2020-02-01', '{1 day}', 'NaN');
SELECT * FROM survival_curve('{2020-01-01}', '{NULL}', 'infinity', '{1 day}');
SELECT * FROM survival_curve('{2020-01-01}', '{}', '2020-02-01', '{1 day}');
DROP TABLE sample;
