-- shop/ratings.sql
--
-- What surveys say, month by month, and whether a change is more than chance.
-- Needs: settings, surveys, breakdown.

--@ functions
CREATE OR REPLACE FUNCTION survey_scores_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    survey text,
    question text,
    kind text,
    month date,
    sent bigint,
    answered bigint,
    response_rate double precision,
    responses bigint,
    score double precision,
    score_low double precision,
    score_high double precision,
    csat_percent double precision,
    change double precision,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    significant boolean,
    improved boolean,
    median_time_taken interval,
    distribution text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH parts AS (
        SELECT b.customer_id, b.part
          FROM customer_breakdown(CASE survey_scores_by.breakdown
                                      WHEN 'channel' THEN 'everyone'
                                      ELSE survey_scores_by.breakdown
                                  END, survey_scores_by.as_of) b
    ), invited AS (
        SELECT coalesce(p.part, CASE survey_scores_by.breakdown
                                    WHEN 'everyone' THEN 'everyone'
                                    WHEN 'channel' THEN coalesce(i.channel, 'unknown')
                                    ELSE 'unknown'
                                END) AS part,
               i.survey,
               loyalcs.local_month(i.sent_at, (SELECT s.time_zone FROM settings s)) AS month,
               count(*) AS sent,
               pg_catalog.count(r.response_id) AS answered
          FROM survey_invitations i
          LEFT JOIN survey_responses r
            ON r.customer_id = i.customer_id
           AND r.invitation_id = i.invitation_id
           AND r.responded_at <= survey_scores_by.as_of
          LEFT JOIN parts p ON p.customer_id = i.customer_id
         WHERE i.sent_at <= survey_scores_by.as_of
         GROUP BY 1, 2, 3
    ), answers AS (
        SELECT coalesce(p.part, CASE survey_scores_by.breakdown
                                    WHEN 'everyone' THEN 'everyone'
                                    WHEN 'channel' THEN coalesce(r.channel, 'unknown')
                                    ELSE 'unknown'
                                END) AS part,
               a.survey,
               a.question,
               loyalcs.local_month(r.responded_at, (SELECT s.time_zone FROM settings s)) AS month,
               loyalcs.ratings_agg(a.score) AS ratings,
               percentile_cont(0.5::double precision) WITHIN GROUP (ORDER BY r.time_taken) AS median_time_taken
          FROM survey_answers a
          JOIN survey_responses r
            ON r.customer_id = a.customer_id AND r.response_id = a.response_id
          LEFT JOIN parts p ON p.customer_id = a.customer_id
         WHERE r.responded_at <= survey_scores_by.as_of
           AND a.score IS NOT NULL
         GROUP BY 1, 2, 3, 4
    ), months AS (
        SELECT i.part, q.survey, q.question, i.month
          FROM invited i
          JOIN survey_questions q ON q.survey = i.survey
         WHERE q.scale_low IS NOT NULL
        UNION
        SELECT a.part, a.survey, a.question, a.month
          FROM answers a
    ), scored AS (
        SELECT m.part, m.survey, m.question, q.kind, q.scale_low, q.scale_high, q.higher_is_better, m.month,
               i.sent, i.answered, a.ratings, a.median_time_taken,
               pg_catalog.lag(m.month) OVER months AS month_before,
               pg_catalog.lag(a.ratings) OVER months AS ratings_before
          FROM months m
          JOIN survey_questions q ON q.survey = m.survey AND q.question = m.question
          LEFT JOIN invited i
            ON i.part = m.part AND i.survey = m.survey AND i.month = m.month
          LEFT JOIN answers a
            ON a.part = m.part AND a.survey = m.survey AND a.question = m.question
           AND a.month = m.month
        WINDOW months AS (PARTITION BY m.part, m.survey, m.question ORDER BY m.month)
    )
    SELECT s.part, s.survey, s.question, s.kind, s.month,
           coalesce(s.sent, 0),
           coalesce(s.answered, 0),
           s.answered::double precision / s.sent::double precision,
           coalesce(loyalcs.responses(s.ratings), 0),
           CASE s.kind WHEN 'nps' THEN loyalcs.nps(s.ratings) ELSE loyalcs.mean(s.ratings) END,
           CASE WHEN s.kind = 'nps' THEN n.low WHEN m.low < s.scale_low::double precision THEN s.scale_low ELSE m.low END,
           CASE WHEN s.kind = 'nps' THEN n.high WHEN m.high > s.scale_high::double precision THEN s.scale_high ELSE m.high END,
           CASE s.kind
               WHEN 'csat' THEN loyalcs.csat_percent(s.ratings, greatest(s.scale_high - 1, 1),
                                                     s.scale_high::integer)
           END,
           c.change, c.low, c.high, c.p_value,
           c.p_value < t.significance,
           CASE WHEN c.p_value < t.significance THEN (c.change > 0::double precision) = s.higher_is_better END,
           s.median_time_taken,
           loyalcs.sparkline(s.ratings)
      FROM scored s
     CROSS JOIN settings t
     CROSS JOIN LATERAL loyalcs.nps_interval(s.ratings, 1::double precision - t.significance) n
     CROSS JOIN LATERAL loyalcs.mean_interval(s.ratings, 1::double precision - t.significance) m
     CROSS JOIN LATERAL (
               SELECT d.change, d.low, d.high, d.p_value
                 FROM loyalcs.nps_change(s.ratings_before, s.ratings, 1::double precision - t.significance) d
                WHERE s.kind = 'nps'
               UNION ALL
               SELECT d.change, d.low, d.high, d.p_value
                 FROM loyalcs.mean_change(s.ratings_before, s.ratings, 1::double precision - t.significance) d
                WHERE s.kind <> 'nps'
           ) d
     CROSS JOIN LATERAL (
               SELECT CASE WHEN follows THEN d.change END AS change,
                      CASE WHEN follows THEN d.low END AS low,
                      CASE WHEN follows THEN d.high END AS high,
                      CASE WHEN follows THEN d.p_value END AS p_value
                 FROM (SELECT (s.month_before + interval '1 month')::date = s.month) f (follows)
           ) c
     ORDER BY s.part, s.survey, s.question, s.month;
END;
COMMENT ON FUNCTION survey_scores_by(text, timestamptz) IS
    'each rated question by local month: invitations and how many of them were answered, answers given, the score with its interval, and whether it really changed against the month before; for each part of a breakdown, of which surveys have one more than other figures: channel, where the invitation went out and where the answer came in';
