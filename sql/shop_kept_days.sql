-- Days that are kept and days that are marked, for figures that are kept by day.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- A day in UTC is of two local days, but where the zone is UTC; of three where one is left out.
SELECT local_days_of('{2026-03-04}', 'Asia/Tokyo') AS east, local_days_of('{2026-03-04}', 'America/New_York') AS west, local_days_of('{2026-03-04}', 'UTC') AS utc,
       local_days_of('{2026-03-04,2026-03-05,2026-03-09}', 'Australia/Lord_Howe') AS several, local_days_of('{2011-12-30}', 'Pacific/Apia') AS no_thirtieth, local_days_of('{}', 'UTC') AS none;
-- Every instant of a UTC day is of one of its local days.
SELECT count(*) AS instants, count(*) FILTER (WHERE NOT loyalcs.local_date(i.at, z.zone) <@ local_days_of(ARRAY[(i.at AT TIME ZONE 'UTC')::date], z.zone)) AS left_out
  FROM generate_series(timestamptz '2011-12-26 00:00+00', '2012-01-03 00:00+00', '20 minutes') i (at),
       (VALUES ('Asia/Tokyo'), ('America/St_Johns'), ('Pacific/Apia'), ('Pacific/Kiritimati'), ('Australia/Lord_Howe'), ('Etc/GMT+12')) z (zone);

-- Marks are of days, each once a statement, and say nothing of NULL.
SELECT mark_days('answers', ARRAY['2026-03-04 08:59+09', '2026-03-04 07:00+09', '2026-03-04 09:00+09', NULL]::timestamptz[]);
SELECT mark_days('answers', '{}'), mark_days('answers', NULL);
SELECT figure, day FROM day_marks ORDER BY day;

-- Nothing is kept before it is taken; then it is up to the local day of then, or of now.
SELECT unkept_days('answers', '{survey_answers}', now());
SELECT take_marked_days('answers', '{survey_answers}', '2026-03-05 12:00+09');
SELECT count(*) AS marks FROM day_marks;
SELECT unkept_days('answers', '{survey_answers}', 'infinity'), unkept_days('answers', '{survey_answers}', '2026-03-04 00:00+09') AS earlier, unkept_days('answers', '{survey_answers}', NULL) AS never;
SELECT mark_days('answers', ARRAY['2026-03-02 12:00+09', '2026-03-05 12:00+09', '2030-01-01 00:00+09']::timestamptz[]);
SELECT unkept_days('answers', '{survey_answers}', 'infinity');
SELECT take_marked_days('answers', '{survey_answers}', '2026-03-07 00:00+09');
SELECT count(*) AS marks FROM day_marks;
SELECT take_marked_days('answers', '{survey_answers}', '2999-01-01 00:00+09') <> '{}' AS more;
SELECT (SELECT kept_until = (now() AT TIME ZONE 'Asia/Tokyo')::date FROM day_keeping) AS until_today;
-- another figure is another's business
SELECT unkept_days('invitations', '{survey_invitations}', now());

-- Another time zone has other days.
UPDATE settings SET time_zone = 'America/New_York';
SELECT unkept_days('answers', '{survey_answers}', now());
SELECT lower_inf(take_marked_days('answers', '{survey_answers}', '2026-03-05 00:00-05')) AS all_of_them;
SELECT kept_until > '2026-03-05' AS no_earlier, time_zone FROM day_keeping;
SELECT unkept_days('answers', '{survey_answers}', '2026-03-05 00:00-05');

-- A view in the place of a table, or a table without the triggers, marks nothing.
SELECT days_are_marked('{survey_answers,survey_responses,survey_invitations}'), days_are_marked('{survey_answers,orders}');
SELECT unkept_days('answers', '{survey_answers,orders}', now());
SELECT take_marked_days('answers', '{survey_answers,orders}', now());
SELECT count(*) AS kept FROM day_keeping;

-- After TRUNCATE nothing is kept of what the table is part of.
SELECT count(take_marked_days(f, ARRAY[r], '2026-03-05 00:00-05')) AS taken FROM (VALUES ('answers', 'survey_answers'), ('invitations', 'survey_invitations')) v (f, r);
TRUNCATE survey_answers;
SELECT figure FROM day_keeping;
