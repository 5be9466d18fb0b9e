\set ECHO none
-- test/answer_steps.sql: what shops do with surveys, in any order, and whether figures
-- that are read from what is kept by day are those of the answers themselves. For
-- whatever shop is in the search_path, with customers c0 to c11.

CREATE SCHEMA IF NOT EXISTS trial;

INSERT INTO surveys (survey, title) VALUES ('s0', 'One'), ('s1', 'Another');
INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high)
VALUES ('s0', 'nps', 'nps', 'n', 0, 10), ('s0', 'csat', 'csat', 'c', 1, 5), ('s0', 'said', 'text', 't', NULL, NULL), ('s1', 'nps', 'nps', 'n', 0, 10);

-- What is read by day and month, by plain SQL over answers and invitations, one
-- difference a row.
-- (In PL/pgSQL: it would be planned anew each time, which takes longer than to run it.)
CREATE FUNCTION trial.differs_from_answers(as_of timestamptz) RETURNS TABLE (what text, of_answers text, of_days text) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH given AS (
        SELECT a.survey, a.question, coalesce(r.channel, 'unknown') AS channel, a.score, r.time_taken,
               (r.responded_at AT TIME ZONE s.time_zone)::date AS day
          FROM survey_answers a JOIN survey_responses r USING (customer_id, response_id), settings s
         WHERE r.responded_at <= as_of AND a.score IS NOT NULL
    ), asked AS (
        SELECT i.survey, coalesce(i.channel, 'unknown') AS channel, (i.sent_at AT TIME ZONE s.time_zone)::date AS day, r.response_id,
               least(as_of, '9999-12-31 00:00+00') - i.sent_at >= s.response_within AS had_time
          FROM survey_invitations i
          LEFT JOIN survey_responses r ON r.customer_id = i.customer_id AND r.invitation_id = i.invitation_id AND r.responded_at <= as_of, settings s
         WHERE i.sent_at <= as_of
    ), months AS (
        SELECT 'everyone' AS breakdown, 'everyone' AS part, date_trunc('month', day::timestamp)::date AS month, * FROM given
        UNION ALL
        SELECT 'channel', channel, date_trunc('month', day::timestamp)::date, * FROM given
    ), scores AS (
        SELECT b.breakdown, s.part, s.survey, s.question, s.month, concat_ws(' ', s.responses, round(s.score::numeric, 6), s.median_time_taken, s.sent, s.answered, round(s.response_rate::numeric, 6)) AS all_of_it
          FROM unnest('{everyone,channel}'::text[]) b (breakdown), survey_scores_by(b.breakdown, as_of) s
    ), by_hand AS (
        SELECT coalesce(m.breakdown, i.breakdown) AS breakdown, coalesce(m.part, i.part) AS part, coalesce(m.survey, i.survey) AS survey, coalesce(m.question, i.question) AS question, coalesce(m.month, i.month) AS month,
               concat_ws(' ', coalesce(m.responses, 0), m.score, m.median, coalesce(i.sent, 0), coalesce(i.answered, 0), i.rate) AS all_of_it
          FROM (SELECT breakdown, part, survey, question, month, count(*) AS responses,
                       round(CASE WHEN question = 'nps' THEN (count(*) FILTER (WHERE score >= 9) - count(*) FILTER (WHERE score <= 6)) * 100.0 / count(*) ELSE avg(score) END, 6) AS score,
                       percentile_cont(0.5) WITHIN GROUP (ORDER BY time_taken) AS median
                  FROM months GROUP BY 1, 2, 3, 4, 5) m
          FULL JOIN (SELECT b.breakdown, CASE b.breakdown WHEN 'everyone' THEN 'everyone' ELSE channel END AS part, a.survey, q.question, date_trunc('month', day::timestamp)::date AS month,
                            count(*) AS sent, count(response_id) AS answered,
                            round((count(response_id) FILTER (WHERE had_time))::numeric / nullif(count(*) FILTER (WHERE had_time), 0), 6) AS rate
                       FROM asked a JOIN survey_questions q ON q.survey = a.survey AND q.scale_low IS NOT NULL, unnest('{everyone,channel}'::text[]) b (breakdown)
                      GROUP BY 1, 2, 3, 4, 5) i USING (breakdown, part, survey, question, month)
    )
    SELECT concat_ws(' ', 'answers', survey, question, channel, day), a.scores, d.scores
      FROM (SELECT survey, question, channel, day, string_agg(score || 'x' || times, ' ' ORDER BY score) AS scores
              FROM (SELECT survey, question, channel, day, score, count(*) AS times FROM given GROUP BY 1, 2, 3, 4, 5) g GROUP BY 1, 2, 3, 4) a
      FULL JOIN (SELECT survey, question, channel, day, (SELECT string_agg(key || 'x' || value, ' ' ORDER BY key::integer) FROM jsonb_each_text(ratings::text::jsonb)) AS scores
                   FROM (VALUES ('{(,2025-12-20),[2026-02-03,2026-02-04)}'::datemultirange), ('{[2025-12-20,2026-02-03),[2026-02-04,)}')) p (days), daily_answers_on(p.days, as_of) n) d USING (survey, question, channel, day)
     WHERE a.scores IS DISTINCT FROM d.scores
    UNION ALL
    SELECT concat_ws(' ', 'invitations', survey, channel, day), a.counts, d.counts
      FROM (SELECT survey, channel, day, concat_ws(' ', count(*), count(response_id), count(*) FILTER (WHERE had_time), count(response_id) FILTER (WHERE had_time)) AS counts
              FROM asked GROUP BY 1, 2, 3) a
      FULL JOIN (SELECT survey, channel, day, concat_ws(' ', sent, answered, had_time, had_time_and_answered) AS counts FROM daily_invitations(as_of)) d USING (survey, channel, day)
     WHERE a.counts IS DISTINCT FROM d.counts
    UNION ALL
    SELECT concat_ws(' ', 'scores', breakdown, part, survey, question, month), h.all_of_it, s.all_of_it
      FROM by_hand h FULL JOIN scores s USING (breakdown, part, survey, question, month)
     WHERE h.all_of_it IS DISTINCT FROM s.all_of_it;
END
$$;

-- Random numbers that are the same everywhere.
CREATE OR REPLACE FUNCTION trial.roll(step integer, what text, sides integer) RETURNS integer LANGUAGE sql AS
$$ SELECT ((hashtextextended(step || what, 0) % sides + sides) % sides)::integer $$;

-- One thing that shops do with surveys; now and then, figures are refreshed.
CREATE FUNCTION trial.survey_step(i integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    c constant text := 'c' || trial.roll(i, 'customer', 12);
    k constant text := 'k' || trial.roll(i, 'key', 6);
    s constant text := 's' || trial.roll(i, 'survey', 2);
    -- at midnight at times, in one zone or another; a few lie years ahead
    at constant timestamptz := timestamptz '2025-11-20 00:00+09' + trial.roll(i, 'day', 120) * interval '1 day' + (trial.roll(i, 'hour', 4) * 3) * interval '30 minutes'
                               + CASE trial.roll(i, 'ahead', 40) WHEN 0 THEN interval '9 years' ELSE interval '0' END;
    way constant text := (ARRAY['email', 'line', NULL])[1 + trial.roll(i, 'channel', 3)];
BEGIN
    CASE trial.roll(i, 'kind', 16)
        WHEN 0, 1, 2 THEN
            INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at, channel) VALUES (c, k, s, at, way) ON CONFLICT DO NOTHING;
            RETURN 'invite';
        WHEN 3, 4, 5 THEN
            INSERT INTO survey_responses (customer_id, response_id, survey, responded_at, channel, time_taken)
            VALUES (c, k, s, at, way, CASE WHEN i % 4 > 0 THEN trial.roll(i, 'took', 90) * interval '1 second' END) ON CONFLICT DO NOTHING;
            INSERT INTO survey_answers (customer_id, response_id, survey, question, score)
            SELECT c, k, s, q.question, CASE WHEN trial.roll(i, q.question || 'open', 5) > 0 THEN q.scale_low + trial.roll(i, q.question, q.scale_high - q.scale_low + 1) END
              FROM survey_questions q WHERE q.survey = s AND q.scale_low IS NOT NULL ON CONFLICT DO NOTHING;
            RETURN 'answer';
        WHEN 6, 7 THEN
            INSERT INTO survey_responses (customer_id, response_id, survey, responded_at, invitation_id, channel)
            SELECT c, 'i' || k, v.survey, v.sent_at + trial.roll(i, 'later', 40) * interval '1 day', k, way FROM survey_invitations v WHERE v.customer_id = c AND v.invitation_id = k
                ON CONFLICT DO NOTHING;
            INSERT INTO survey_answers (customer_id, response_id, survey, question, score)
            SELECT c, r.response_id, r.survey, 'nps', trial.roll(i, 'nps', 11) FROM survey_responses r WHERE r.customer_id = c AND r.response_id = 'i' || k ON CONFLICT DO NOTHING;
            RETURN 'answer an invitation';
        WHEN 8 THEN
            UPDATE survey_answers SET score = CASE WHEN i % 3 > 0 THEN trial.roll(i, 'other', 5) + 1 END WHERE customer_id = c;
            RETURN 'correct answers';
        WHEN 9 THEN
            UPDATE survey_responses SET responded_at = greatest(at, responded_at - interval '400 days'), channel = way WHERE customer_id = c AND response_id = k;
            RETURN 'date otherwise';
        WHEN 10 THEN
            UPDATE survey_invitations SET sent_at = least(at, sent_at), channel = way WHERE customer_id = c AND invitation_id = k;
            RETURN 'date an invitation otherwise';
        WHEN 11 THEN
            DELETE FROM survey_answers WHERE customer_id = c AND (i % 2 = 0 OR question = 'nps');
            RETURN 'delete answers';
        WHEN 12 THEN
            DELETE FROM survey_answers WHERE customer_id = c AND response_id = ANY (ARRAY[k, 'i' || k]);
            DELETE FROM survey_responses WHERE customer_id = c AND response_id = ANY (ARRAY[k, 'i' || k]);
            DELETE FROM survey_invitations WHERE customer_id = c AND invitation_id = k;
            RETURN 'delete';
        WHEN 13 THEN
            CASE trial.roll(i, 'rare', 6)
                WHEN 0 THEN
                    UPDATE settings SET time_zone = (ARRAY['Asia/Tokyo', 'America/St_Johns', 'Australia/Lord_Howe'])[1 + i % 3];
                    RETURN 'zone';
                WHEN 1 THEN
                    UPDATE settings SET response_within = (ARRAY['0', '14 days', '1 month']::interval[])[1 + i % 3];
                    RETURN 'response_within';
                WHEN 2 THEN
                    TRUNCATE survey_answers, survey_responses, survey_invitations CASCADE;
                    RETURN 'truncate';
                ELSE
                    UPDATE survey_responses SET time_taken = time_taken + interval '1 second';
                    RETURN 'all responses';
            END CASE;
        WHEN 14 THEN
            -- an answer before its questionnaire, within a transaction
            SET CONSTRAINTS ALL DEFERRED;
            INSERT INTO survey_answers (customer_id, response_id, survey, question, score) VALUES (c, 'd' || k, s, 'nps', trial.roll(i, 'nps', 11)) ON CONFLICT DO NOTHING;
            INSERT INTO survey_responses (customer_id, response_id, survey, responded_at) VALUES (c, 'd' || k, s, at) ON CONFLICT DO NOTHING;
            SET CONSTRAINTS ALL IMMEDIATE;
            RETURN 'answer, and then the questionnaire';
        ELSE
            PERFORM refresh_kept_figures(at);
            RETURN 'refresh';
    END CASE;
END
$$;
CREATE FUNCTION trial.try_survey_step(i integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN trial.survey_step(i);
EXCEPTION
    WHEN deadlock_detected OR integrity_constraint_violation OR serialization_failure THEN
        RETURN 'refused';
END
$$;
\set ECHO all
