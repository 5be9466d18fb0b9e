-- When a follow-up is due, samples, anniversaries, uplift.
SET search_path = loyalcs, public;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';

--
-- followup_due: by hand
--

-- Months and days keep the clock, hours pass.
SELECT s.delay, followup_due('2026-01-31 10:00+09', s.delay::interval, 'Asia/Tokyo') AT TIME ZONE 'Asia/Tokyo' AS tokyo
  FROM (VALUES ('0'), ('90 minutes'), ('3 days'), ('1 month'), ('1 month 1 day'), ('3 months'), ('1 year 1 month'), ('-1 month'), ('-14 days'), ('1 month -1 days 2 hours')) s (delay);
-- Daylight saving: New York skips 02:00 to 03:00 on 8 March 2026 and has 01:00 to 02:00 twice on 1 November.
SELECT s.what, followup_due(s.anchor::timestamptz, s.delay::interval, 'America/New_York') AT TIME ZONE 'UTC' AS due
  FROM (VALUES ('a day keeps the clock', '2026-03-07 12:00-05', '1 day'),
               ('24 hours do not', '2026-03-07 12:00-05', '24 hours'),
               ('skipped: the change of the clock', '2026-03-07 02:30-05', '1 day'),
               ('twice: the first', '2026-10-31 01:30-04', '1 day'),
               ('back over it', '2026-03-09 12:00-04', '-2 days')) s (what, anchor, delay);
-- Lord Howe's clocks change by half an hour: on 4 October 2026 02:00 becomes 02:30, on 5 April 02:00 becomes 01:30.
SELECT s.what, followup_due(s.anchor::timestamptz, s.delay::interval, 'Australia/Lord_Howe') AT TIME ZONE 'UTC' AS due
  FROM (VALUES ('a day of 23.5 hours', '2026-10-03 12:00+10:30', '1 day'),
               ('skipped', '2026-10-03 02:15+10:30', '1 day'),
               ('twice: the first', '2026-04-04 01:45+11', '1 day'),
               ('a day of 24.5 hours', '2026-04-04 12:00+11', '1 day')) s (what, anchor, delay);
-- Then the next moment inside of the window; closing time is outside.
SELECT s.anchor, followup_due(s.anchor::timestamptz, '1 day', 'Asia/Tokyo', 'Mo-Fr 10:00-18:00; PH off') AT TIME ZONE 'Asia/Tokyo' AS tokyo
  FROM (VALUES ('2026-03-03 09:59+09'), ('2026-03-03 10:00+09'), ('2026-03-03 17:59:59+09'), ('2026-03-03 18:00+09'),
               ('2026-03-05 12:00+09'), ('2026-03-18 18:30+09'), ('2026-03-19 12:00+09')) s (anchor);
SELECT followup_due('infinity', '1 day', 'UTC') AS later, followup_due('-infinity', '1 month', 'UTC', '24/7') AS earlier,
       followup_due(NULL, '1 day', 'UTC') AS anchor, followup_due('2026-01-01', NULL, 'UTC') AS delay, followup_due('2026-01-01', '1 day', NULL) AS zone;

-- What others wrote has an answer or none.
SELECT a.anchor, a.delay, w.send_window, try_followup_due(a.anchor::timestamptz, a.delay::interval, 'Asia/Tokyo', w.send_window::business_hours) AT TIME ZONE 'Asia/Tokyo' AS tokyo
  FROM (VALUES (1, '2026-01-31 10:00+09', '1 month'), (2, '1899-12-30', '0'), (3, '2099-12-31 23:00+00', '1 day'), (4, '2026-01-01', '2000000 hours'),
               (5, '2026-01-01', '-178000000 years'), (6, '294276-12-31', '1 day'), (7, 'infinity', '1 day'), (8, '-infinity', '1 day'), (9, NULL, '1 day'), (10, '2026-01-01', NULL)) a (n, anchor, delay),
       (VALUES (1, NULL), (2, '24/7'), (3, '2001 Dec 25 10:00-18:00')) w (n, send_window)
 ORDER BY a.n, w.n;
SELECT try_followup_due('2026-01-01', '1 day', 'Mars/Olympus');

-- Plain SQL agrees where the clock reads each time once: the sum of the local time and the delay.
WITH tried AS (
    SELECT a.at, d.delay::interval, z.zone, followup_due(a.at, d.delay::interval, z.zone) AS due,
           (a.at AT TIME ZONE z.zone + date_trunc('day', d.delay::interval)) AT TIME ZONE z.zone
           + (d.delay::interval - date_trunc('day', d.delay::interval)) AS by_hand,
           (a.at AT TIME ZONE z.zone + date_trunc('day', d.delay::interval)) AS local
      FROM generate_series(timestamptz '2023-12-30 00:17+00', '2027-01-02', '7 hours 13 minutes') a (at)
     CROSS JOIN unnest('{0,3 days,1 month,3 months 2 days 01:30,-1 month,1 year}'::text[]) d (delay)
     CROSS JOIN unnest('{Asia/Tokyo,America/New_York,Australia/Lord_Howe,Asia/Kathmandu}'::text[]) z (zone)
)
SELECT count(*) > 80000 AS many,
       count(*) FILTER (WHERE due <> by_hand) AS differ,
       -- and those that do lie in the hour or half hour that is skipped or comes twice
       count(*) FILTER (WHERE due <> by_hand
                          AND (local AT TIME ZONE zone) AT TIME ZONE zone = local
                          AND ((local AT TIME ZONE zone) - interval '1 hour') AT TIME ZONE zone <> local
                          AND ((local AT TIME ZONE zone) - interval '30 minutes') AT TIME ZONE zone <> local) AS without_reason
  FROM tried;

-- Errors
SELECT followup_due('2026-01-01', '1 day', 'Asia/Edo');
SELECT followup_due('2026-01-01', '80 years', 'UTC');
SELECT followup_due('2026-01-01', '178000000 years', 'UTC');
SELECT followup_due('2026-01-01', '-200 years', 'UTC');
SELECT followup_due('2026-01-01', '1000000 hours', 'UTC');
SELECT followup_due('1899-12-31', '1 day', 'UTC');
SELECT followup_due('2099-12-31 23:59:59+00', '0', 'UTC') AS last, followup_due('1900-01-01 00:00+00', '0', 'UTC') AS first;

--
-- in_sample
--

-- The published formula, by the server's own SHA-256
CREATE FUNCTION point(key text, salt text) RETURNS double precision LANGUAGE sql AS $$
    SELECT ('x' || left(encode(sha256(convert_to(salt || ':' || key, 'UTF8')), 'hex'), 13))::bit(52)::bigint / 16::double precision ^ 13
$$;
SELECT count(*) AS keys, count(*) FILTER (WHERE in_sample(k.key, s.salt, s.share) <> (point(k.key, s.salt) < s.share)) AS differ
  FROM (SELECT i::text AS key FROM generate_series(1, 500) i UNION ALL VALUES (''), ('顧客'), ('C-1'), (repeat('x', 10000))) k
 CROSS JOIN (VALUES ('', 0.5), ('survey', 0.1), ('調査', 0.9), ('a:b', 1e-3)) s (salt, share);
-- so that it can be checked with any other tool: sha256('survey:42') = ed…
SELECT round(point('42', 'survey')::numeric, 6) AS point, in_sample('42', 'survey', 0.5), in_sample(42, 'survey', 0.5);
SELECT count(*) FILTER (WHERE in_sample(i, 's', 0.3) <> in_sample(i::text, 's', 0.3)) AS differ FROM generate_series(-500::bigint, 500) i;
SELECT in_sample(9223372036854775807, 's', 1), in_sample((-9223372036854775807 - 1)::bigint, 's', 1), in_sample('k', 's', 0) AS none;
-- Who is in at 10% is in at 20%.
SELECT count(*) FILTER (WHERE in_sample(i, 's', 0.1) AND NOT in_sample(i, 's', 0.2)) AS lost FROM generate_series(1, 20000) i;
-- The share is kept within four standard deviations, and one salt says nothing about another.
SELECT salt, share, abs(taken - 20000 * share) < 4 * sqrt(20000 * share * (1 - share)) AS kept
  FROM (SELECT salt, share, count(*) FILTER (WHERE in_sample(i, salt, share)) AS taken
          FROM generate_series(1, 20000) i, unnest('{a,b,holdout x}'::text[]) salt, unnest('{0.01,0.1,0.5}'::double precision[]) share
         GROUP BY 1, 2) s
 ORDER BY 1, 2;
SELECT abs(count(*) - 20000 * 0.3 * 0.3) < 4 * sqrt(20000 * 0.09 * 0.91) AS independent
  FROM generate_series(1, 20000) i WHERE in_sample(i, 'a', 0.3) AND in_sample(i, 'b', 0.3);
SELECT in_sample(NULL::text, 's', 0.1), in_sample('k', NULL, 0.1), in_sample('k', 's', NULL);
SELECT in_sample('k', 's', 1.01);
SELECT in_sample('k', 's', -0.01);
SELECT in_sample(1, 's', 'nan');

--
-- next_anniversary
--

SELECT d.day, d.after, next_anniversary(d.day::date, d.after::date)
  FROM (VALUES ('1990-06-12', '2026-06-11'), ('1990-06-12', '2026-06-12'), ('1990-06-12', '1800-01-01'), ('1990-06-12', '1990-06-12'),
               ('2024-02-29', '2024-02-29'), ('2024-02-29', '2025-02-27'), ('2024-02-29', '2025-02-28'), ('2024-02-29', '2027-12-31'),
               ('2024-02-29', '2028-02-28'), ('2024-02-29', '2028-02-29'), ('1896-02-29', '1900-01-01'), ('2023-02-28', '2024-02-28'),
               ('2020-12-31', '2025-12-31'), ('1990-06-12', 'infinity'), ('1990-06-12', '-infinity'), ('infinity', '2026-01-01'), ('-infinity', '2026-01-01')) d (day, after);
-- the first of day + n years that is later
SELECT count(*) AS tried, count(*) FILTER (WHERE next_anniversary(day, after) IS DISTINCT FROM
           (SELECT min((day + make_interval(years => n))::date) FROM generate_series(1, 45) n WHERE (day + make_interval(years => n))::date > after)) AS differ
  FROM (SELECT date '1996-01-15' + 11 * i AS day FROM generate_series(0, 400) i UNION SELECT date '2000-02-29' UNION SELECT date '1996-02-29') d
 CROSS JOIN (SELECT date '1995-12-31' + 97 * j AS after FROM generate_series(0, 140) j UNION SELECT date '2028-02-28' UNION SELECT date '2028-02-29' UNION SELECT date '2027-02-28') a;
SELECT next_anniversary('5874897-12-31', '5874897-12-31');

--
-- uplift: Newcombe's own examples (1998, table II, method 10)
--

SELECT e.*, round(l.uplift::numeric, 4) AS uplift, round(l.low::numeric, 4) AS low, round(l.high::numeric, 4) AS high
  FROM (VALUES (56, 70, 48, 80), (9, 10, 3, 10), (6, 7, 2, 7), (5, 56, 0, 29), (0, 10, 0, 20), (0, 10, 0, 10), (10, 10, 0, 20), (10, 10, 0, 10)) e (a, m, b, n)
 CROSS JOIN LATERAL uplift(a, m, b, n) l;
SELECT round(low::numeric, 4) AS low, round(high::numeric, 4) AS high FROM uplift(56, 70, 48, 80, 0.5);
SELECT * FROM uplift(0, 0, 3, 10);
SELECT * FROM uplift(3, 10, 0, 0);
SELECT * FROM uplift(1, 2, NULL, 4);
SELECT uplift(11, 10, 1, 2);
SELECT uplift(1, 2, -1, 2);
SELECT uplift(1, 2, 1, 2, 1);
