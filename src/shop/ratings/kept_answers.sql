-- shop/kept_answers.sql
--
-- What surveys brought in by day, so that a figure of years does not read the answers
-- of years: the scores of each question, and how many of the invitations of a day
-- were answered.
-- Needs: settings, periods, kept_days, surveys.
--
-- Scores are a value that adds up (ratings): a month is the sum of its days. A median
-- is not: the time that answers took is kept by month, of those that are over, and of
-- each part that survey_scores_by() gives without looking at customers.
--
-- Invitations are kept by the day on which they went out. As of an instant at which
-- some of that day's had not been answered yet that later were, or had not had
-- settings.response_within, they are counted anew: kept_invitations says from when on
-- a day is settled.

--@ table kept_answers
--: results
CREATE TABLE kept_answers (
    survey text NOT NULL,
    question text NOT NULL,
    channel text NOT NULL,
    day date NOT NULL,
    ratings text NOT NULL,
    PRIMARY KEY (survey, question, channel, day)
);
COMMENT ON TABLE kept_answers IS
    'the scores that each question got on each local day, by the channel on which answers came in, as refresh_kept_figures() last found them; unkept_days() says of which days that is out of date. What is here can be made again';
COMMENT ON COLUMN kept_answers.channel IS 'unknown where the answer has none';
COMMENT ON COLUMN kept_answers.ratings IS 'how often which score, as loyalcs.ratings reads it';

--@ table kept_answer_times
--: results
CREATE TABLE kept_answer_times (
    survey text NOT NULL,
    question text NOT NULL,
    breakdown text NOT NULL
        CONSTRAINT kept_answer_times_breakdown_is_known CHECK (breakdown IN ('everyone', 'channel')),
    part text NOT NULL,
    month date NOT NULL,
    median_time_taken interval,
    PRIMARY KEY (survey, question, breakdown, part, month)
);
COMMENT ON TABLE kept_answer_times IS
    'how long the answers to each question took in each local month that was over when refresh_kept_figures() last found it; out of date if one of its days is. What is here can be made again';

--@ table kept_invitations
--: results
CREATE TABLE kept_invitations (
    survey text NOT NULL,
    channel text NOT NULL,
    day date NOT NULL,
    sent bigint NOT NULL,
    answered bigint NOT NULL,
    last_sent_at timestamptz NOT NULL,
    last_answered_at timestamptz,
    PRIMARY KEY (survey, channel, day)
);
COMMENT ON TABLE kept_invitations IS
    'the invitations that went out on each local day, by channel, and how many of them were answered, as refresh_kept_figures() last found them; unkept_days() says of which days that is out of date. What is here can be made again';
COMMENT ON COLUMN kept_invitations.channel IS 'unknown where the invitation has none';
COMMENT ON COLUMN kept_invitations.last_answered_at IS 'as of earlier instants fewer had been answered; NULL: none was';

--@ functions
CREATE OR REPLACE FUNCTION mark_answers() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM mark_days('answers', ARRAY(SELECT r.responded_at
                                             FROM old_rows o
                                             JOIN survey_responses r ON r.customer_id = o.customer_id AND r.response_id = o.response_id
                                            WHERE o.score IS NOT NULL));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM mark_days('answers', ARRAY(SELECT r.responded_at
                                             FROM new_rows n
                                             JOIN survey_responses r ON r.customer_id = n.customer_id AND r.response_id = n.response_id
                                            WHERE n.score IS NOT NULL));
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION mark_answers() IS
    'trigger of survey_answers: what is kept of the days on which they were given is out of date';

-- (A response may come after its answers, or go before them, within a transaction that
-- defers what refers to it.)
CREATE OR REPLACE FUNCTION mark_responses() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM mark_days('answers', ARRAY(SELECT o.responded_at FROM old_rows o));
        PERFORM mark_days('invitations', ARRAY(SELECT i.sent_at
                                                 FROM old_rows o
                                                 JOIN survey_invitations i ON i.customer_id = o.customer_id AND i.invitation_id = o.invitation_id));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM mark_days('answers', ARRAY(SELECT n.responded_at FROM new_rows n));
        PERFORM mark_days('invitations', ARRAY(SELECT i.sent_at
                                                 FROM new_rows n
                                                 JOIN survey_invitations i ON i.customer_id = n.customer_id AND i.invitation_id = n.invitation_id));
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION mark_responses() IS
    'trigger of survey_responses: what is kept of the days on which they came, and of those on which their invitations went out, is out of date';

CREATE OR REPLACE FUNCTION mark_invitations() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM mark_days('invitations', ARRAY(SELECT o.sent_at FROM old_rows o));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM mark_days('invitations', ARRAY(SELECT n.sent_at FROM new_rows n));
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION mark_invitations() IS
    'trigger of survey_invitations: what is kept of the days on which they went out is out of date';

-- Some days are found by the index, each range of them by itself; all of them in one go.
-- (OFFSET 0: which days these are the planner cannot know, nor how few.)
CREATE OR REPLACE FUNCTION scores_on(days datemultirange, as_of timestamptz)
RETURNS TABLE (survey text, question text, channel text, responded_at timestamptz, day date, time_taken interval, score smallint)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.survey, a.question, coalesce(r.channel, 'unknown'), r.responded_at, loyalcs.local_date(r.responded_at, s.time_zone), r.time_taken, a.score
      FROM settings s
     CROSS JOIN pg_catalog.unnest(scores_on.days) d (days)
     CROSS JOIN LATERAL (SELECT r.customer_id, r.response_id, r.channel, r.responded_at, r.time_taken
                           FROM survey_responses r
                          WHERE loyalcs.in_local_dates(r.responded_at, s.time_zone, pg_catalog.lower(d.days), coalesce(pg_catalog.upper(d.days) - 1, date 'infinity'))
                            AND r.responded_at <= scores_on.as_of
                         OFFSET 0) r
     CROSS JOIN LATERAL (SELECT a.survey, a.question, a.score
                           FROM survey_answers a
                          WHERE a.customer_id = r.customer_id AND a.response_id = r.response_id AND a.score IS NOT NULL
                         OFFSET 0) a
     WHERE NOT pg_catalog.lower_inf(scores_on.days)
    UNION ALL
    SELECT w.survey, w.question, w.channel, w.responded_at, w.day, w.time_taken, w.score
      FROM (SELECT a.survey, a.question, coalesce(r.channel, 'unknown') AS channel, r.responded_at,
                   loyalcs.local_date(r.responded_at, s.time_zone) AS day, r.time_taken, a.score
              FROM settings s
             CROSS JOIN survey_answers a
              JOIN survey_responses r ON r.customer_id = a.customer_id AND r.response_id = a.response_id
             WHERE pg_catalog.lower_inf(scores_on.days)
               AND r.responded_at <= scores_on.as_of
               AND a.score IS NOT NULL
            OFFSET 0) w
     WHERE w.day <@ scores_on.days;
END;
COMMENT ON FUNCTION scores_on(datemultirange, timestamptz) IS
    'the scores that had been given on some local days as of an instant, a row each, with the channel on which they came in (unknown if it has none)';

CREATE OR REPLACE FUNCTION found_answers(days datemultirange, as_of timestamptz)
RETURNS TABLE (survey text, question text, channel text, day date, ratings loyalcs.ratings)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT f.survey, f.question, f.channel, f.day, loyalcs.ratings_agg(f.score)
      FROM scores_on(found_answers.days, found_answers.as_of) f
     GROUP BY f.survey, f.question, f.channel, f.day;
END;
COMMENT ON FUNCTION found_answers(datemultirange, timestamptz) IS
    'the scores that each question had got on each of some local days as of an instant, by channel, made of the answers';

CREATE OR REPLACE FUNCTION daily_answers_on(days datemultirange, as_of timestamptz)
RETURNS TABLE (survey text, question text, channel text, day date, ratings loyalcs.ratings)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH unkept AS MATERIALIZED (
        SELECT unkept_days('answers', '{survey_responses,survey_answers}'::text[], daily_answers_on.as_of) AS days
    )
    SELECT k.survey, k.question, k.channel, k.day, k.ratings::loyalcs.ratings
      FROM kept_answers k
     WHERE k.day <@ daily_answers_on.days AND NOT k.day <@ (SELECT u.days FROM unkept u)
    UNION ALL
    SELECT f.survey, f.question, f.channel, f.day, f.ratings
      FROM unkept u
     CROSS JOIN LATERAL found_answers(u.days OPERATOR(pg_catalog.*) daily_answers_on.days, daily_answers_on.as_of) f;
END;
COMMENT ON FUNCTION daily_answers_on(datemultirange, timestamptz) IS
    'the scores that each question had got on each of some local days as of an instant, by the channel on which the answer came in (unknown if it has none): what is kept, and of other days what the answers say';

CREATE OR REPLACE FUNCTION daily_answers(as_of timestamptz)
RETURNS TABLE (survey text, question text, channel text, day date, ratings loyalcs.ratings)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT d.survey, d.question, d.channel, d.day, d.ratings
      FROM daily_answers_on('{(,)}'::datemultirange, daily_answers.as_of) d;
END;
COMMENT ON FUNCTION daily_answers(timestamptz) IS
    'daily_answers_on() of all days';

CREATE OR REPLACE FUNCTION has_had_time(sent_at timestamptz, response_within interval, as_of timestamptz) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN sent_at <= as_of THEN least(as_of, timestamptz '9999-12-31 00:00+00') - sent_at >= response_within ELSE false END;
COMMENT ON FUNCTION has_had_time(timestamptz, interval, timestamptz) IS
    'whether somebody who was asked at an instant has had so much time to answer, as of another';

CREATE OR REPLACE FUNCTION found_invitations(days datemultirange, as_of timestamptz)
RETURNS TABLE (
    survey text,
    channel text,
    day date,
    sent bigint,
    answered bigint,
    had_time bigint,
    had_time_and_answered bigint,
    last_sent_at timestamptz,
    last_answered_at timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT i.survey, coalesce(i.channel, 'unknown'), loyalcs.local_date(i.sent_at, s.time_zone),
           count(*), pg_catalog.count(r.response_id),
           count(*) FILTER (WHERE has_had_time(i.sent_at, s.response_within, found_invitations.as_of)),
           pg_catalog.count(r.response_id) FILTER (WHERE has_had_time(i.sent_at, s.response_within, found_invitations.as_of)),
           max(i.sent_at), max(r.responded_at)
      FROM settings s
     CROSS JOIN pg_catalog.unnest(found_invitations.days) d (days)
     CROSS JOIN surveys q
     CROSS JOIN LATERAL (SELECT i.customer_id, i.invitation_id, i.survey, i.channel, i.sent_at
                           FROM survey_invitations i
                          WHERE i.survey = q.survey
                            AND loyalcs.in_local_dates(i.sent_at, s.time_zone, pg_catalog.lower(d.days), coalesce(pg_catalog.upper(d.days) - 1, date 'infinity'))
                            AND i.sent_at <= found_invitations.as_of
                         OFFSET 0) i
      LEFT JOIN LATERAL (SELECT r.response_id, r.responded_at
                           FROM survey_responses r
                          WHERE r.customer_id = i.customer_id AND r.invitation_id = i.invitation_id AND r.responded_at <= found_invitations.as_of
                         OFFSET 0) r ON true
     WHERE NOT pg_catalog.lower_inf(found_invitations.days)
     GROUP BY 1, 2, 3
    UNION ALL
    SELECT w.survey, w.channel, w.day, w.sent, w.answered, w.had_time, w.had_time_and_answered, w.last_sent_at, w.last_answered_at
      FROM (SELECT i.survey, coalesce(i.channel, 'unknown') AS channel, loyalcs.local_date(i.sent_at, s.time_zone) AS day,
                   count(*) AS sent, pg_catalog.count(r.response_id) AS answered,
                   count(*) FILTER (WHERE has_had_time(i.sent_at, s.response_within, found_invitations.as_of)) AS had_time,
                   pg_catalog.count(r.response_id) FILTER (WHERE has_had_time(i.sent_at, s.response_within, found_invitations.as_of)) AS had_time_and_answered,
                   max(i.sent_at) AS last_sent_at, max(r.responded_at) AS last_answered_at
              FROM settings s
             CROSS JOIN survey_invitations i
              LEFT JOIN survey_responses r
                ON r.customer_id = i.customer_id AND r.invitation_id = i.invitation_id AND r.responded_at <= found_invitations.as_of
             WHERE pg_catalog.lower_inf(found_invitations.days)
               AND i.sent_at <= found_invitations.as_of
             GROUP BY 1, 2, 3
            OFFSET 0) w
     WHERE w.day <@ found_invitations.days;
END;
COMMENT ON FUNCTION found_invitations(datemultirange, timestamptz) IS
    'the invitations that had gone out on each of some local days as of an instant, by channel: how many were answered, how many have had settings.response_within for it, and how many of those were answered; made of invitations and responses';

CREATE OR REPLACE FUNCTION daily_invitations(as_of timestamptz)
RETURNS TABLE (survey text, channel text, day date, sent bigint, answered bigint, had_time bigint, had_time_and_answered bigint)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH unkept AS MATERIALIZED (
        SELECT u.days OPERATOR(pg_catalog.+)
               coalesce((SELECT pg_catalog.range_agg(daterange(k.day, k.day, '[]'))
                           FROM kept_invitations k
                          CROSS JOIN settings s
                          WHERE NOT pg_catalog.lower_inf(u.days)
                            AND (k.last_answered_at > daily_invitations.as_of
                                 OR NOT has_had_time(k.last_sent_at, s.response_within, daily_invitations.as_of))),
                        '{}'::datemultirange) AS days
          FROM (SELECT unkept_days('invitations', '{survey_invitations,survey_responses}'::text[], daily_invitations.as_of)) u (days)
    )
    SELECT k.survey, k.channel, k.day, k.sent, k.answered, k.sent, k.answered
      FROM kept_invitations k
     WHERE NOT k.day <@ (SELECT u.days FROM unkept u)
    UNION ALL
    SELECT f.survey, f.channel, f.day, f.sent, f.answered, f.had_time, f.had_time_and_answered
      FROM unkept u
     CROSS JOIN LATERAL found_invitations(u.days, daily_invitations.as_of) f;
END;
COMMENT ON FUNCTION daily_invitations(timestamptz) IS
    'the invitations that had gone out on each local day as of an instant, by channel (unknown if it has none): how many were answered, how many have had settings.response_within for it, and how many of those were answered; what is kept of days that are settled, and of other days what invitations and responses say';

-- (Months of which a day is to be found are found whole.)
CREATE OR REPLACE FUNCTION months_of(days datemultirange) RETURNS datemultirange
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(pg_catalog.range_agg(daterange(date_trunc('month', pg_catalog.lower(d.days)::timestamp)::date,
                                                   (date_trunc('month', (pg_catalog.upper(d.days) - 1)::timestamp) + interval '1 month')::date)),
                    '{}'::datemultirange)
      FROM pg_catalog.unnest(months_of.days) d (days);
END;
COMMENT ON FUNCTION months_of(datemultirange) IS
    'the whole months that some days are of';

CREATE OR REPLACE FUNCTION found_answer_times(period text, breakdown text, days datemultirange, as_of timestamptz)
RETURNS TABLE (survey text, question text, part text, period_start date, median_time_taken interval)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT f.survey, f.question,
           CASE found_answer_times.breakdown WHEN 'everyone' THEN 'everyone' ELSE f.channel END,
           period_of(f.responded_at, s.time_zone, found_answer_times.period, found_answer_times.as_of),
           percentile_cont(0.5::double precision) WITHIN GROUP (ORDER BY f.time_taken)
      FROM settings s
     CROSS JOIN scores_on(found_answer_times.days, found_answer_times.as_of) f
     WHERE f.time_taken IS NOT NULL
     GROUP BY 1, 2, 3, 4;
END;
COMMENT ON FUNCTION found_answer_times(text, text, datemultirange, timestamptz) IS
    'how long the answers to each question took (median) that had come in on some local days as of an instant, by local period, of everyone or by channel; made of the answers. Of whole periods that the days make up';

CREATE OR REPLACE FUNCTION answer_times(period text, breakdown text, as_of timestamptz)
RETURNS TABLE (survey text, question text, part text, period_start date, median_time_taken interval)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH unkept AS MATERIALIZED (
        SELECT CASE answer_times.period WHEN 'month' THEN months_of(unkept_days('answers', '{survey_responses,survey_answers}'::text[], answer_times.as_of))
                    ELSE '{(,)}'::datemultirange END AS days
    )
    SELECT k.survey, k.question, k.part, k.month, k.median_time_taken
      FROM kept_answer_times k
     WHERE k.breakdown = answer_times.breakdown
       AND NOT k.month <@ (SELECT u.days FROM unkept u)
    UNION ALL
    SELECT f.survey, f.question, f.part, f.period_start, f.median_time_taken
      FROM unkept u
     CROSS JOIN LATERAL found_answer_times(answer_times.period, answer_times.breakdown, u.days, answer_times.as_of) f;
END;
COMMENT ON FUNCTION answer_times(text, text, timestamptz) IS
    'how long the answers to each question took (median) by local period as of an instant, of everyone or by channel: of months what is kept, and of those of which something has changed since, and of other periods, what the answers say; no row of a period in which none says how long it took';

CREATE OR REPLACE FUNCTION refresh_kept_answers(as_of timestamptz) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    days datemultirange;
BEGIN
    days := take_marked_days('answers', '{survey_responses,survey_answers}'::text[], as_of);
    DELETE FROM kept_answers k WHERE days IS NULL OR k.day <@ days;
    DELETE FROM kept_answer_times k WHERE days IS NULL OR k.month <@ months_of(days);
    INSERT INTO kept_answers (survey, question, channel, day, ratings)
    SELECT f.survey, f.question, f.channel, f.day, f.ratings::text
      FROM found_answers(days, timestamptz 'infinity') f;
    -- (of the month that goes on nothing is kept)
    INSERT INTO kept_answer_times (survey, question, breakdown, part, month, median_time_taken)
    SELECT f.survey, f.question, b.breakdown, f.part, f.period_start, f.median_time_taken
      FROM pg_catalog.unnest('{everyone,channel}'::text[]) b (breakdown)
     CROSS JOIN LATERAL found_answer_times('month', b.breakdown, months_of(days) OPERATOR(pg_catalog.*) (SELECT datemultirange(daterange(NULL::date, date_trunc('month', k.kept_until::timestamp)::date)) FROM day_keeping k WHERE k.figure = 'answers'),
                                           timestamptz 'infinity') f;

    days := take_marked_days('invitations', '{survey_invitations,survey_responses}'::text[], as_of);
    DELETE FROM kept_invitations k WHERE days IS NULL OR k.day <@ days;
    INSERT INTO kept_invitations (survey, channel, day, sent, answered, last_sent_at, last_answered_at)
    SELECT f.survey, f.channel, f.day, f.sent, f.answered, f.last_sent_at, f.last_answered_at
      FROM found_invitations(days, timestamptz 'infinity') f;
END
$$;
COMMENT ON FUNCTION refresh_kept_answers(timestamptz) IS
    'brings what is kept of surveys up to date, to the local day before that of as_of: the days of which something changed and those that are over since, and all of them the first time, after a change of the time zone and where changes had not been marked. refresh_kept_figures() calls it, one session at a time';

--@ reference survey_answers day_marks 0.2.0
SELECT mark_days_of(regclass 'survey_answers', text 'mark_answers', '{answers}'::text[]);

--@ reference survey_responses day_marks 0.2.0
SELECT mark_days_of(regclass 'survey_responses', text 'mark_responses', '{answers,invitations}'::text[]);

--@ reference survey_invitations day_marks 0.2.0
SELECT mark_days_of(regclass 'survey_invitations', text 'mark_invitations', '{invitations}'::text[]);
