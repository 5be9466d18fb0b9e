-- Scores and invitations by day: whether kept or not, whenever they were refreshed, and as
-- of whichever instant, figures are those of the answers themselves.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
\set steps :srcdir '/test/answer_steps.sql'
\i :steps

INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(0, 11) i;

-- Before anything was ever kept, and of nobody.
SELECT unkept_days('answers', '{survey_responses,survey_answers}', now()), (SELECT count(*) FROM daily_answers(now())) AS days;
SELECT refresh_kept_figures('2025-10-01 00:00+09');
SELECT unkept_days('answers', '{survey_responses,survey_answers}', now()), unkept_days('answers', '{survey_responses,survey_answers}', '2025-09-01 00:00+09');

-- After each step of a shop's life figures are asked for as of three instants, some of
-- them before the last refresh, some before everything.
CREATE TEMP TABLE done (step integer, kind text, as_of timestamptz, what text, of_answers text, of_days text);
CREATE PROCEDURE pg_temp.walk(first integer, last integer) LANGUAGE plpgsql AS $$
DECLARE
    kind text;
    instant timestamptz;
BEGIN
    FOR i IN first..last LOOP
        kind := trial.try_survey_step(i);
        FOREACH instant IN ARRAY ARRAY['2025-11-01 00:00+09'::timestamptz + trial.roll(i, 'as of', 300) * interval '12 hours', '2026-11-01 00:00+09', 'infinity'] LOOP
            INSERT INTO done SELECT i, kind, instant, d.* FROM trial.differs_from_answers(instant) d;
        END LOOP;
        INSERT INTO done VALUES (i, kind);
    END LOOP;
END
$$;
CALL pg_temp.walk(1, 300);
SELECT * FROM done WHERE what IS NOT NULL ORDER BY step LIMIT 3;
SELECT kind, count(*) > 0 AS tried FROM done WHERE what IS NULL GROUP BY kind ORDER BY kind;
SELECT (SELECT count(*) FROM survey_scores_by('channel', '-infinity')) AS scores, (SELECT count(*) FROM daily_invitations('-infinity')) AS days;
SELECT count(*) AS days FROM daily_answers(NULL);

-- What is kept is kept of the days that nothing has changed of, and made again after them.
TRUNCATE survey_answers, survey_responses, survey_invitations CASCADE;
UPDATE settings SET time_zone = 'Asia/Tokyo';
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at, channel, time_taken)
VALUES ('c1', '1', 's0', '2026-03-01 23:59+09', 'line', '40 seconds'), ('c2', '1', 's0', '2026-03-02 00:00+09', 'line', '20 seconds'), ('c3', '1', 's0', '2026-03-04 12:00+09', NULL, '90 seconds');
INSERT INTO survey_answers (customer_id, response_id, survey, question, score) VALUES ('c1', '1', 's0', 'nps', 9), ('c2', '1', 's0', 'nps', 10), ('c3', '1', 's0', 'nps', 3);
SELECT refresh_kept_figures('2026-04-01 00:00+09') >= 0 AS ran;
SELECT * FROM kept_answers ORDER BY day;
SELECT * FROM kept_answer_times ORDER BY breakdown, part;
SELECT unkept_days('answers', '{survey_responses,survey_answers}', now());
UPDATE survey_answers SET score = 0 WHERE customer_id = 'c3';
-- (noon in Tokyo is of the fourth in UTC, which ends on the fifth in Tokyo)
SELECT unkept_days('answers', '{survey_responses,survey_answers}', now()), (SELECT count(*) FROM kept_answers WHERE ratings LIKE '%"3"%') AS as_it_was;
SELECT day, channel, ratings FROM daily_answers(now()) ORDER BY day;
SELECT month, responses, score, median_time_taken FROM survey_scores WHERE question = 'nps';
SELECT refresh_kept_figures('2026-04-02 00:00+09') >= 0 AS ran;
SELECT unkept_days('answers', '{survey_responses,survey_answers}', now()), (SELECT count(*) FROM kept_answers WHERE ratings LIKE '%"0"%') AS as_it_is, (SELECT count(*) FROM day_marks) AS marks;
-- an earlier as-of of a refresh keeps what is kept
SELECT refresh_kept_figures('2026-03-02 00:00+09') >= 0 AS ran;
SELECT unkept_days('answers', '{survey_responses,survey_answers}', now());
-- what is believed as of an instant within a day is what was before that day
SELECT unkept_days('answers', '{survey_responses,survey_answers}', '2026-03-02 10:00+09');

-- While changes are not marked, nothing that is kept is believed, nor afterwards.
ALTER TABLE survey_answers DISABLE TRIGGER mark_changed_days;
UPDATE survey_answers SET score = 5;
SELECT unkept_days('answers', '{survey_responses,survey_answers}', now());
SELECT * FROM trial.differs_from_answers('2027-01-01 00:00+09');
SELECT refresh_kept_figures('2026-04-02 00:00+09') >= 0 AS ran;
SELECT (SELECT count(*) FROM kept_answers) AS kept, (SELECT count(*) FROM kept_answer_times) AS times, (SELECT array_agg(figure ORDER BY figure) FROM day_keeping) AS figures;
ALTER TABLE survey_answers ENABLE TRIGGER mark_changed_days;
SELECT unkept_days('answers', '{survey_responses,survey_answers}', now());
SELECT refresh_kept_figures('2026-04-02 00:00+09') >= 0 AS ran;
SELECT ratings FROM kept_answers ORDER BY day;

-- A mark of long ago and one of far ahead are in nobody's way.
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at) VALUES ('c4', 'old', 's0', '4700-01-01 00:00+00 BC'), ('c4', 'new', 's0', '294276-12-31 23:59:59+00');
INSERT INTO survey_answers (customer_id, response_id, survey, question, score) VALUES ('c4', 'old', 's0', 'csat', 1), ('c4', 'new', 's0', 'csat', 5);
SELECT day, ratings FROM daily_answers('infinity') WHERE question = 'csat' ORDER BY day;
SELECT refresh_kept_figures('2026-04-02 00:00+09') >= 0 AS ran;
SELECT day, ratings FROM daily_answers('infinity') WHERE question = 'csat' ORDER BY day;
