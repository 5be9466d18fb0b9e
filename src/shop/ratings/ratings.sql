-- shop/ratings.sql
--
-- What surveys say, by month or another period, and whether a change is more than chance.
-- Needs: settings, durations, periods, surveys, kept_answers, breakdown.

--@ functions
CREATE OR REPLACE FUNCTION survey_scores_per(period text, breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    survey text,
    question text,
    kind text,
    period_start date,
    complete boolean,
    sent bigint,
    answered bigint,
    response_rate double precision,
    responses bigint,
    score double precision,
    score_low double precision,
    score_high double precision,
    csat_share double precision,
    compared_with date,
    change double precision,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean,
    improved boolean,
    median_time_taken interval,
    median_time_taken_minutes double precision,
    distribution text,
    response_rate_low double precision,
    response_rate_high double precision,
    response_rate_compared_with date,
    response_rate_change double precision,
    response_rate_change_low double precision,
    response_rate_change_high double precision,
    response_rate_significant boolean,
    csat_share_low double precision,
    csat_share_high double precision,
    csat_share_change double precision,
    csat_share_change_low double precision,
    csat_share_change_high double precision,
    csat_share_significant boolean,
    comparisons bigint,
    promoters bigint,
    passives bigint,
    detractors bigint,
    ratings jsonb,
    year_before date,
    year_change double precision,
    year_change_low double precision,
    year_change_high double precision,
    year_change_significant boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH parts AS (
        SELECT b.customer_id, b.part
          FROM customer_breakdown(CASE survey_scores_per.breakdown
                                      WHEN 'channel' THEN 'everyone'
                                      ELSE survey_scores_per.breakdown
                                  END, survey_scores_per.as_of) b
    ), invited AS (
        SELECT CASE survey_scores_per.breakdown WHEN 'everyone' THEN 'everyone' ELSE d.channel END AS part,
               d.survey, period_of_day(d.day, s.time_zone, survey_scores_per.period, survey_scores_per.as_of) AS period_start,
               sum(d.sent)::bigint AS sent, sum(d.answered)::bigint AS answered,
               sum(d.had_time)::bigint AS had_time, sum(d.had_time_and_answered)::bigint AS had_time_and_answered
          FROM settings s
         CROSS JOIN daily_invitations(survey_scores_per.as_of) d
         WHERE survey_scores_per.breakdown IN ('everyone', 'channel')
         GROUP BY 1, 2, 3
        UNION ALL
        SELECT coalesce(p.part, 'unknown'), i.survey, period_of(i.sent_at, s.time_zone, survey_scores_per.period, survey_scores_per.as_of),
               count(*), pg_catalog.count(r.response_id),
               count(*) FILTER (WHERE has_had_time(i.sent_at, s.response_within, survey_scores_per.as_of)),
               pg_catalog.count(r.response_id) FILTER (WHERE has_had_time(i.sent_at, s.response_within, survey_scores_per.as_of))
          FROM settings s
         CROSS JOIN survey_invitations i
          LEFT JOIN survey_responses r
            ON r.customer_id = i.customer_id
           AND r.invitation_id = i.invitation_id
           AND r.responded_at <= survey_scores_per.as_of
          LEFT JOIN parts p ON p.customer_id = i.customer_id
         WHERE survey_scores_per.breakdown NOT IN ('everyone', 'channel')
           AND i.sent_at <= survey_scores_per.as_of
         GROUP BY 1, 2, 3
    ), answered_in AS (
        SELECT i.part, i.survey, i.period_start, i.had_time, i.had_time_and_answered,
               pg_catalog.lag(i.period_start) OVER periods AS period_before,
               pg_catalog.lag(i.had_time) OVER periods AS had_time_before,
               pg_catalog.lag(i.had_time_and_answered) OVER periods AS had_time_and_answered_before
          FROM invited i
         WHERE i.had_time > 0::bigint
        WINDOW periods AS (PARTITION BY i.part, i.survey ORDER BY i.period_start)
    ), answers AS (
        SELECT CASE survey_scores_per.breakdown WHEN 'everyone' THEN 'everyone' ELSE d.channel END AS part,
               d.survey, d.question, period_of_day(d.day, s.time_zone, survey_scores_per.period, survey_scores_per.as_of) AS period_start,
               loyalcs.sum(d.ratings) AS ratings, NULL::interval AS median_time_taken
          FROM settings s
         CROSS JOIN daily_answers(survey_scores_per.as_of) d
         WHERE survey_scores_per.breakdown IN ('everyone', 'channel')
         GROUP BY 1, 2, 3, 4
        UNION ALL
        SELECT coalesce(p.part, 'unknown'), a.survey, a.question,
               period_of(r.responded_at, s.time_zone, survey_scores_per.period, survey_scores_per.as_of),
               loyalcs.ratings_agg(a.score),
               percentile_cont(0.5::double precision) WITHIN GROUP (ORDER BY r.time_taken)
          FROM settings s
         CROSS JOIN survey_answers a
          JOIN survey_responses r
            ON r.customer_id = a.customer_id AND r.response_id = a.response_id
          LEFT JOIN parts p ON p.customer_id = a.customer_id
         WHERE survey_scores_per.breakdown NOT IN ('everyone', 'channel')
           AND r.responded_at <= survey_scores_per.as_of
           AND a.score IS NOT NULL
         GROUP BY 1, 2, 3, 4
    ), followed AS (
        -- Answers come with their scale from here, where windows keep the planner
        -- from asking for an interval before it knows which question this is.
        SELECT a.*, q.scale_low, q.scale_high,
               pg_catalog.lag(a.period_start) OVER periods AS period_before,
               pg_catalog.lag(a.ratings) OVER periods AS ratings_before,
               y.period_start AS year_before, y.ratings AS ratings_year_before
          FROM answers a
          JOIN survey_questions q ON q.survey = a.survey AND q.question = a.question
          LEFT JOIN answers y
            ON y.part = a.part AND y.survey = a.survey AND y.question = a.question
           AND y.period_start = period_a_year_before(a.period_start, survey_scores_per.period)
        WINDOW periods AS (PARTITION BY a.part, a.survey, a.question ORDER BY a.period_start)
    ), periods AS (
        SELECT i.part, q.survey, q.question, i.period_start
          FROM invited i
          JOIN survey_questions q ON q.survey = i.survey
         WHERE q.scale_low IS NOT NULL
        UNION
        SELECT a.part, a.survey, a.question, a.period_start
          FROM answers a
    ), scored AS (
        SELECT m.part, m.survey, m.question, q.kind, q.higher_is_better, m.period_start,
               i.sent, i.answered, w.had_time, w.had_time_and_answered,
               w.period_before AS rate_period_before, w.had_time_before, w.had_time_and_answered_before,
               a.ratings, a.scale_low, a.scale_high, coalesce(a.median_time_taken, k.median_time_taken) AS median_time_taken, a.period_before, a.ratings_before, a.year_before, a.ratings_year_before,
               CASE q.kind WHEN 'csat' THEN greatest(a.scale_high - 1, 1) END AS top
          FROM periods m
          JOIN survey_questions q ON q.survey = m.survey AND q.question = m.question
          LEFT JOIN invited i
            ON i.part = m.part AND i.survey = m.survey AND i.period_start = m.period_start
          LEFT JOIN answered_in w
            ON w.part = m.part AND w.survey = m.survey AND w.period_start = m.period_start
          LEFT JOIN followed a
            ON a.part = m.part AND a.survey = m.survey AND a.question = m.question
           AND a.period_start = m.period_start
          -- (whoever does not ask for it does not wait for it: one row of each, which
          -- is not looked for then)
          LEFT JOIN (SELECT t.survey, t.question, t.part, t.period_start, max(t.median_time_taken) AS median_time_taken
                       FROM answer_times(survey_scores_per.period, survey_scores_per.breakdown, survey_scores_per.as_of) t
                      WHERE survey_scores_per.breakdown IN ('everyone', 'channel')
                      GROUP BY t.survey, t.question, t.part, t.period_start) k
            ON k.part = m.part AND k.survey = m.survey AND k.question = m.question
           AND k.period_start = m.period_start
    )
    SELECT s.part, s.survey, s.question, s.kind, s.period_start,
           period_is_over(period_end(s.period_start, survey_scores_per.period), survey_scores_per.as_of, t.time_zone),
           coalesce(s.sent, 0),
           coalesce(s.answered, 0),
           s.had_time_and_answered::double precision / nullif(s.had_time, 0)::double precision,
           coalesce(loyalcs.responses(s.ratings), 0),
           CASE s.kind WHEN 'nps' THEN loyalcs.nps(s.ratings) ELSE loyalcs.mean(s.ratings) END,
           CASE s.kind WHEN 'nps' THEN n.low ELSE m.low END,
           CASE s.kind WHEN 'nps' THEN n.high ELSE m.high END,
           loyalcs.csat_share(s.ratings, s.top, s.scale_high::integer),
           s.period_before,
           c.change, c.change_low, c.change_high, c.p_value, c.too_few, c.significant,
           CASE WHEN c.significant THEN (c.change > 0::double precision) = s.higher_is_better END,
           s.median_time_taken,
           in_minutes(s.median_time_taken),
           loyalcs.sparkline(s.ratings),
           wr.low, wr.high, s.rate_period_before, cr.change, cr.change_low, cr.change_high, cr.significant,
           ws.low, ws.high, cs.change, cs.change_low, cs.change_high, cs.significant,
           count(*) FILTER (WHERE c.p_value IS NOT NULL AND NOT c.too_few) OVER (PARTITION BY s.period_start),
           CASE s.kind WHEN 'nps' THEN loyalcs.promoters(s.ratings) END,
           CASE s.kind WHEN 'nps' THEN loyalcs.passives(s.ratings) END,
           CASE s.kind WHEN 'nps' THEN loyalcs.detractors(s.ratings) END,
           loyalcs.jsonb(s.ratings),
           s.year_before, y.change, y.change_low, y.change_high, y.significant
      FROM scored s
     CROSS JOIN settings t
     CROSS JOIN LATERAL loyalcs.share_interval(s.had_time_and_answered, s.had_time, 1::double precision - t.significance) wr
     CROSS JOIN LATERAL share_change(s.had_time_and_answered_before, s.had_time_before, s.had_time_and_answered, s.had_time) cr
     CROSS JOIN LATERAL (
               SELECT round(loyalcs.csat_share(s.ratings, s.top, s.scale_high::integer) * loyalcs.responses(s.ratings)::double precision)::bigint AS now,
                      round(loyalcs.csat_share(s.ratings_before, s.top, s.scale_high::integer) * loyalcs.responses(s.ratings_before)::double precision)::bigint AS before
           ) h
     CROSS JOIN LATERAL loyalcs.share_interval(h.now, CASE WHEN s.top IS NOT NULL THEN loyalcs.responses(s.ratings) END, 1::double precision - t.significance) ws
     CROSS JOIN LATERAL share_change(h.before, loyalcs.responses(s.ratings_before), h.now, loyalcs.responses(s.ratings)) cs
     CROSS JOIN LATERAL loyalcs.nps_interval(s.ratings, 1::double precision - t.significance) n
     CROSS JOIN LATERAL loyalcs.mean_interval(s.ratings, s.scale_low::integer, s.scale_high::integer,
                                              1::double precision - t.significance) m
     CROSS JOIN LATERAL score_change(s.kind = 'nps', s.ratings_before, s.ratings, s.scale_low::integer, s.scale_high::integer) c
     CROSS JOIN LATERAL score_change(s.kind = 'nps', s.ratings_year_before, s.ratings, s.scale_low::integer, s.scale_high::integer) y
     ORDER BY s.part, s.survey, s.question, s.period_start;
END;
COMMENT ON FUNCTION survey_scores_per(text, text, timestamptz) IS
    'each rated question by local period: invitations, how many of them were answered, and the share of those that have had settings.response_within for it; answers given, the score with its interval, and whether it really changed against compared_with, the last period before with answers: never if either has fewer than settings.minimum_answers; and against year_before, the same period a year before, in the same way; the share of invitations that were answered and, of CSAT, of the satisfied with theirs, too, and how many scores are tested in the period (comparisons); for each part of a breakdown, of which surveys have one more than other figures: channel, where the invitation went out and where the answer came in';
