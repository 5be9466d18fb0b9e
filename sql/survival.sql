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
DROP TABLE sample;
