-- shop/satisfaction_report.sql
--
-- How content customers are, and who of them: the sections satisfaction and reviews of
-- the monthly report, and below them what they are made of.
-- Needs: report_frame, report_page, breakdown, tiers, rfm, waves, voice_figures,
-- complaint_recovery, ticket_satisfaction.
--
-- Parts of customers are as they were when they answered: what happened later would
-- make a part what its figures say of it. Of an answer the tier is that of its instant,
-- the segment that of the beginning of its month.

--@ functions
CREATE OR REPLACE FUNCTION report_difference(unit text, others loyalcs.ratings, ratings loyalcs.ratings, scale_low integer, scale_high integer)
RETURNS TABLE (value double precision, low double precision, high double precision, p_value double precision, enough boolean)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT d.change, d.change_low, d.change_high, d.p_value,
           least(coalesce(loyalcs.responses(report_difference.others), 0::bigint), coalesce(loyalcs.responses(report_difference.ratings), 0::bigint)) >= s.minimum_answers::bigint
      FROM settings s
     CROSS JOIN LATERAL score_change(report_difference.unit = 'points', report_difference.others, report_difference.ratings,
                                     report_difference.scale_low, report_difference.scale_high) d;
END;
COMMENT ON FUNCTION report_difference(text, loyalcs.ratings, loyalcs.ratings, integer, integer) IS
    'by how much some answers differ from others: of the NPS where the unit is points, else of the mean; enough: both are settings.minimum_answers at least';

CREATE OR REPLACE FUNCTION report_breakdowns(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT * FROM report_span(report_breakdowns.month, report_breakdowns.as_of)
    ), answer AS MATERIALIZED (
        SELECT q.kind, q.scale_low::integer AS scale_low, q.scale_high::integer AS scale_high, q.higher_is_better,
               r.customer_id, r.order_id, r.survey, r.channel, r.responded_at, loyalcs.local_month(r.responded_at, m.time_zone) AS month, a.score
          FROM span m
          JOIN survey_responses r ON loyalcs.in_local_dates(r.responded_at, m.time_zone, m.year_before, m.last_day)
                                 AND r.responded_at <= report_breakdowns.as_of
          JOIN survey_answers a ON a.customer_id = r.customer_id AND a.response_id = r.response_id AND a.score IS NOT NULL
          JOIN survey_questions q ON q.survey = a.survey AND q.question = a.question AND q.kind IN ('nps', 'csat', 'ces')
    ), chosen AS MATERIALIZED (
        SELECT DISTINCT ON (a.kind) a.kind, a.scale_low, a.scale_high, a.higher_is_better, CASE a.kind WHEN 'nps' THEN 'points' ELSE 'score' END AS unit
          FROM answer a
         GROUP BY a.kind, a.scale_low, a.scale_high, a.higher_is_better
         ORDER BY a.kind, count(*) DESC, a.scale_low, a.scale_high, a.higher_is_better
    ), rated AS MATERIALIZED (
        SELECT a.*
          FROM answer a
          JOIN chosen c ON c.kind = a.kind AND c.scale_low = a.scale_low AND c.scale_high = a.scale_high AND c.higher_is_better = a.higher_is_better
    ), cuts AS MATERIALIZED (
        SELECT v.month, k.recency, k.frequency, k.monetary, k.segments, b.before
          FROM span m
         CROSS JOIN LATERAL (VALUES (m.month), (m.month_before), (m.year_before)) v (month)
         CROSS JOIN LATERAL (SELECT v.month::timestamp AT TIME ZONE m.time_zone - interval '1 microsecond' AS before) b
         CROSS JOIN LATERAL rfm_cuts_of(b.before) k
         WHERE EXISTS (SELECT FROM rated r WHERE r.month = v.month)
    ), segment AS (
        -- (Each customer is looked up, with all that they answered: nobody knows beforehand how many answers
        -- there are, and a join of them with segments went through all of these for each.)
        SELECT d.month, d.kinds, d.scores,
               loyalcs.rfm_segment(loyalcs.score_by(p.last_order_at, c.recency), loyalcs.score_by(p.orders::double precision, c.frequency), loyalcs.score_by(p.total_spent, c.monetary),
                                   c.segments) AS segment
          FROM cuts c
          JOIN (SELECT r.month, r.customer_id, pg_catalog.array_agg(r.kind) AS kinds, pg_catalog.array_agg(r.score) AS scores
                  FROM rated r
                 GROUP BY r.month, r.customer_id) d ON d.month = c.month
          LEFT JOIN LATERAL (SELECT p.last_order_at, p.orders, p.total_spent FROM customer_purchases_at(c.before) p WHERE p.customer_id = d.customer_id OFFSET 0) p ON true
    ), cut AS MATERIALIZED (
        SELECT r.kind, r.month, 'survey' AS breakdown, r.survey AS part, loyalcs.ratings_agg(r.score) AS ratings
          FROM rated r
         GROUP BY 1, 2, 4
        UNION ALL
        SELECT r.kind, r.month, 'channel', coalesce(r.channel, 'unknown'), loyalcs.ratings_agg(r.score)
          FROM rated r
         GROUP BY 1, 2, 4
        UNION ALL
        SELECT r.kind, r.month, 'tier', coalesce(h.tier, 'none'), loyalcs.ratings_agg(r.score)
          FROM rated r
          LEFT JOIN tier_history h ON h.customer_id = r.customer_id AND h.valid_from <= r.responded_at AND (h.valid_until IS NULL OR h.valid_until > r.responded_at)
         GROUP BY 1, 2, 4
        UNION ALL
        SELECT u.kind, s.month, 'rfm_segment', coalesce(s.segment, 'no order before'), loyalcs.ratings_agg(u.score)
          FROM segment s
         CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(s.kinds), pg_catalog.unnest(s.scores)) u (kind, score)
         GROUP BY 1, 2, 4
        UNION ALL
        SELECT r.kind, r.month, 'product', i.product_id, loyalcs.ratings_agg(r.score)
          FROM rated r
         CROSS JOIN LATERAL (SELECT DISTINCT l.product_id FROM order_items l WHERE l.customer_id = r.customer_id AND l.order_id = r.order_id AND l.product_id IS NOT NULL) i
         GROUP BY 1, 2, 4
    ), whole AS (
        SELECT r.kind, loyalcs.ratings_agg(r.score) AS ratings
          FROM rated r
          JOIN span m ON m.month = r.month
         GROUP BY r.kind
    ), placed AS (
        SELECT n.kind, n.breakdown, n.part, n.ratings, w.ratings OPERATOR(loyalcs.-) n.ratings AS others,
               row_number() OVER (PARTITION BY n.kind, n.breakdown ORDER BY loyalcs.responses(n.ratings) DESC, n.part) AS place,
               count(*) OVER (PARTITION BY n.kind, n.breakdown) AS parts
          FROM span m
          JOIN cut n ON n.month = m.month
          JOIN whole w ON w.kind = n.kind
    ), compared AS MATERIALIZED (
        SELECT p.*, c.unit, c.scale_low, c.scale_high, c.higher_is_better, b.month AS month_before, b.ratings AS ratings_before, y.ratings AS ratings_last_year,
               d.value, d.low, d.high, d.p_value, d.enough
          FROM span m
         CROSS JOIN placed p
          JOIN chosen c ON c.kind = p.kind
          LEFT JOIN LATERAL (SELECT o.month, o.ratings FROM cut o
                              WHERE o.kind = p.kind AND o.breakdown = p.breakdown AND o.part = p.part AND o.month < m.month
                              ORDER BY o.month DESC LIMIT 1) b ON true
          LEFT JOIN cut y ON y.kind = p.kind AND y.breakdown = p.breakdown AND y.part = p.part AND y.month = m.year_before
         CROSS JOIN LATERAL report_difference(c.unit, p.others, p.ratings, c.scale_low, c.scale_high) d
         WHERE p.place <= 8::bigint AND p.parts > 1::bigint
    ), together AS MATERIALIZED (
        SELECT g.kind, g.breakdown, holm_adjusted(pg_catalog.array_agg(CASE WHEN g.enough THEN g.p_value END ORDER BY g.place)) AS p_adjusted
          FROM compared g
         GROUP BY g.kind, g.breakdown
    )
    SELECT coalesce(pg_catalog.jsonb_agg(g.breakdown ORDER BY g.place, g.kind DESC), '[]'::jsonb)
      FROM (SELECT c.kind, pg_catalog.array_position('{survey,channel,product,tier,rfm_segment}'::text[], c.breakdown) AS place,
                   pg_catalog.jsonb_build_object(
                       'breakdown', c.breakdown, 'kind', c.kind, 'scale_low', min(c.scale_low), 'scale_high', min(c.scale_high), 'higher_is_better', bool_and(c.higher_is_better),
                       'more', max(c.parts) - count(*),
                       'parts', pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                           'part', c.part, 'name', CASE c.breakdown WHEN 'product' THEN (SELECT k.name FROM products k WHERE k.product_id = c.part) END,
                           'score', report_score(c.kind, c.unit, CASE WHEN c.higher_is_better THEN 'higher' ELSE 'lower' END, c.ratings, c.ratings_before, c.month_before, c.ratings_last_year,
                                                 c.scale_low, c.scale_high),
                           'difference', pg_catalog.jsonb_build_object(
                               'value', c.value, 'low', c.low, 'high', c.high, 'p_value', c.p_value, 'p_adjusted', t.p_adjusted[c.place::integer],
                               'significant', CASE WHEN c.p_value IS NOT NULL THEN coalesce(t.p_adjusted[c.place::integer] < s.significance, false) END)) ORDER BY c.place)) AS breakdown
              FROM settings s
             CROSS JOIN compared c
              JOIN together t ON t.kind = c.kind AND t.breakdown = c.breakdown
             GROUP BY c.kind, c.breakdown) g;
END;
COMMENT ON FUNCTION report_breakdowns(date, timestamptz) IS
    'the section breakdowns of satisfaction_report: NPS, CSAT and CES by survey, by channel of the answer, by product of the order, by tier at the time of the answer, and by RFM segment at the beginning of its month (of that the month before and the year before are looked at alone); the eight parts with the most answers each, against their last month with answers, and against all other answers of the month (difference, all parts of a breakdown taken together by holm_adjusted()). What has but one part is left out';

CREATE OR REPLACE FUNCTION report_invitations(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT * FROM report_span(report_invitations.month, report_invitations.as_of)
    ), invited AS MATERIALIZED (
        SELECT i.survey, coalesce(i.channel, 'unknown') AS channel, v.which,
               has_had_time(i.sent_at, s.response_within, report_invitations.as_of) AS had_time,
               EXISTS (SELECT FROM survey_responses r
                        WHERE r.customer_id = i.customer_id AND r.invitation_id = i.invitation_id AND r.responded_at <= report_invitations.as_of) AS answered
          FROM span m
         CROSS JOIN settings s
         CROSS JOIN LATERAL (VALUES (m.month, 'now'), (m.month_before, 'before'), (m.year_before, 'last year')) v (month, which)
         CROSS JOIN surveys u
          JOIN survey_invitations i ON i.survey = u.survey AND i.sent_at <= report_invitations.as_of
                                   AND loyalcs.in_local_dates(i.sent_at, m.time_zone, v.month, (v.month + interval '1 month' - interval '1 day')::date)
    ), counted AS (
        SELECT d.list, d.part, count(*) FILTER (WHERE i.which = 'now') AS sent,
               report_share('response_rate', 'higher', count(*) FILTER (WHERE i.which = 'now' AND i.had_time AND i.answered), count(*) FILTER (WHERE i.which = 'now' AND i.had_time),
                            count(*) FILTER (WHERE i.which = 'before' AND i.had_time AND i.answered), count(*) FILTER (WHERE i.which = 'before' AND i.had_time), max(m.month_before),
                            count(*) FILTER (WHERE i.which = 'last year' AND i.had_time AND i.answered), count(*) FILTER (WHERE i.which = 'last year' AND i.had_time), 1) AS response_rate
          FROM span m
         CROSS JOIN invited i
         CROSS JOIN LATERAL (VALUES ('surveys', i.survey), ('channels', i.channel)) d (list, part)
         GROUP BY d.list, d.part
        HAVING count(*) FILTER (WHERE i.which = 'now') > 0::bigint
    ), wave AS MATERIALIZED (
        SELECT w.wave_id, w.survey, w.channel, w.customers, w.asked, w.left_out, loyalcs.local_date(w.drawn_at, m.time_zone) AS drawn_on, m.confidence,
               has_had_time(w.drawn_at, s.response_within, report_invitations.as_of) AS had_time
          FROM span m
         CROSS JOIN settings s
          JOIN survey_waves w ON loyalcs.in_local_dates(w.drawn_at, m.time_zone, m.year_before, m.last_day) AND w.drawn_at <= report_invitations.as_of
         ORDER BY w.drawn_at DESC, w.wave_id DESC
         LIMIT 12
    )
    SELECT pg_catalog.jsonb_build_object(
        'surveys', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('survey', c.part, 'sent', c.sent, 'response_rate', c.response_rate) ORDER BY c.sent DESC, c.part)
                               FROM counted c WHERE c.list = 'surveys'), '[]'::jsonb),
        'channels', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('channel', c.part, 'sent', c.sent, 'response_rate', c.response_rate) ORDER BY c.sent DESC, c.part)
                                FROM counted c WHERE c.list = 'channels'), '[]'::jsonb),
        'waves', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                               'wave_id', w.wave_id, 'survey', w.survey, 'channel', w.channel, 'drawn_on', w.drawn_on, 'customers', w.customers, 'asked', w.asked, 'left_out', w.left_out,
                               'complete', w.had_time, 'answered', a.answered, 'response_rate', a.answered::double precision / nullif(w.asked, 0::bigint)::double precision,
                               'response_rate_low', i.low, 'response_rate_high', i.high,
                               'nps', loyalcs.nps(n.ratings), 'nps_low', k.low, 'nps_high', k.high, 'nps_answers', coalesce(loyalcs.responses(n.ratings), 0::bigint))
                               ORDER BY w.drawn_on DESC, w.wave_id DESC)
                             FROM wave w
                            CROSS JOIN LATERAL (SELECT count(*) AS answered
                                                  FROM survey_invitations i
                                                  JOIN survey_responses r ON r.customer_id = i.customer_id AND r.invitation_id = i.invitation_id AND r.responded_at <= report_invitations.as_of
                                                 WHERE i.wave_id = w.wave_id) a
                            CROSS JOIN LATERAL (SELECT loyalcs.ratings_agg(s.score) AS ratings
                                                  FROM survey_invitations i
                                                  JOIN survey_responses r ON r.customer_id = i.customer_id AND r.invitation_id = i.invitation_id AND r.responded_at <= report_invitations.as_of
                                                  JOIN survey_answers s ON s.customer_id = r.customer_id AND s.response_id = r.response_id AND s.score IS NOT NULL
                                                  JOIN survey_questions q ON q.survey = s.survey AND q.question = s.question AND q.kind = 'nps'
                                                 WHERE i.wave_id = w.wave_id) n
                            CROSS JOIN LATERAL loyalcs.share_interval(a.answered, w.asked, w.confidence) i
                            CROSS JOIN LATERAL loyalcs.nps_interval(n.ratings, w.confidence) k), '[]'::jsonb))
      FROM span;
END;
COMMENT ON FUNCTION report_invitations(date, timestamptz) IS
    'the section invitations of satisfaction_report: how many were asked in the month, and how many of those that have had settings.response_within answered, by survey and by channel; and the last twelve waves of the thirteen months, with who answered by then and their NPS (of a wave that is not complete some may still answer)';

CREATE OR REPLACE FUNCTION report_drivers(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT m.*, date_trunc('quarter', m.month::timestamp)::date AS quarter FROM report_span(report_drivers.month, report_drivers.as_of) m
    ), driver AS MATERIALIZED (
        SELECT d.*, row_number() OVER (PARTITION BY d.survey ORDER BY d.p_value, d.driver_kind, d.driver) AS place
          FROM span m
         CROSS JOIN LATERAL nps_drivers_at(m.state_as_of) d
         WHERE d.quarter = m.quarter
    ), together AS MATERIALIZED (
        SELECT d.survey, max(d.question) AS question, max(d.respondents) AS respondents, count(*) AS drivers,
               holm_adjusted(pg_catalog.array_agg(CASE WHEN NOT d.too_few THEN d.p_value END ORDER BY d.place)) AS p_adjusted
          FROM driver d
         GROUP BY d.survey
    )
    SELECT pg_catalog.jsonb_build_object(
        'quarter', m.quarter, 'until', loyalcs.local_date(least(m.state_as_of, timestamptz '9999-12-30 00:00+00'), m.time_zone),
        'surveys', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                       'survey', t.survey, 'question', t.question, 'respondents', t.respondents, 'more', greatest(t.drivers - 15::bigint, 0::bigint),
                       'drivers', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                              'kind', d.driver_kind, 'driver', d.driver, 'respondents', d.respondents, 'mentions', d.mentions, 'promoter_share', d.promoter_share,
                                              'detractor_share', d.detractor_share, 'difference', d.share_difference, 'low', d.share_difference_low, 'high', d.share_difference_high,
                                              'p_value', d.p_value, 'p_adjusted', t.p_adjusted[d.place::integer],
                                              'significant', CASE WHEN d.p_value IS NOT NULL THEN coalesce(t.p_adjusted[d.place::integer] < s.significance, false) END,
                                              'nps', d.nps_with, 'nps_others', d.nps_without, 'nps_effect', d.nps_effect) ORDER BY d.place)
                                     FROM driver d WHERE d.survey = t.survey AND d.place <= 15::bigint)) ORDER BY t.respondents DESC, t.survey)
                       FROM together t
                      CROSS JOIN settings s), '[]'::jsonb))
      FROM span m;
END;
COMMENT ON FUNCTION report_drivers(date, timestamptz) IS
    'the section drivers of satisfaction_report: what goes with a high or a low NPS in the quarter of the month, until its end (see nps_drivers_at()), the surest first, fifteen of a survey at most; significant with all that a survey has taken together (holm_adjusted())';

-- Somebody has spoken with them: a person has written to them, or has called and heard them.
CREATE OR REPLACE FUNCTION followed_at(customer @key_type@, since timestamptz, as_of timestamptz) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN least((SELECT min(e.at)
                FROM ticket_events e
               WHERE e.customer_id = followed_at.customer AND e.at > followed_at.since AND e.at <= followed_at.as_of
                 AND e.kind = 'agent_reply' AND (e.agent_id = ANY ((SELECT m.machines FROM machines() m)::text[])) IS NOT TRUE),
             (SELECT min(h.called_at)
                FROM hearings h
               WHERE h.customer_id = followed_at.customer AND h.called_at > followed_at.since AND h.called_at <= followed_at.as_of AND h.result = 'heard'));
COMMENT ON FUNCTION followed_at(@key_type@, timestamptz, timestamptz) IS
    'when somebody of the shop first spoke with a customer after an instant, by another: a reply of a person to a ticket of theirs, or a call in which they were heard; NULL if nobody has';

CREATE OR REPLACE FUNCTION report_low_answers(since timestamptz, until timestamptz, as_of timestamptz)
RETURNS TABLE (customer_id @key_type@, responded_at timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
    SELECT r.customer_id, r.responded_at
      FROM survey_responses r
     WHERE r.responded_at >= report_low_answers.since AND r.responded_at < report_low_answers.until AND r.responded_at <= report_low_answers.as_of
       AND EXISTS (SELECT FROM survey_answers a
                     JOIN survey_questions q ON q.survey = a.survey AND q.question = a.question AND q.kind = 'nps'
                    WHERE a.customer_id = r.customer_id AND a.response_id = r.response_id AND a.score <= 6);
END;
COMMENT ON FUNCTION report_low_answers(timestamptz, timestamptz, timestamptz) IS
    'who gave 0 to 6 to a question of kind nps from an instant on and before another, by as_of: a row for each questionnaire';

CREATE OR REPLACE FUNCTION report_detractors(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT m.*, least(m.state_as_of, timestamptz '9999-12-31 00:00+00') AS until FROM report_span(report_detractors.month, report_detractors.as_of) m
    ), gave AS MATERIALIZED (
        SELECT v.which, r.customer_id, r.responded_at,
               r.responded_at + interval '168 hours' <= report_detractors.as_of AS had_week,
               followed_at(r.customer_id, r.responded_at, least(r.responded_at + interval '168 hours', report_detractors.as_of)) IS NOT NULL AS within_week
          FROM span m
         CROSS JOIN LATERAL (VALUES (m.month, 'now'), (m.month_before, 'before'), (m.year_before, 'last year')) v (month, which)
         CROSS JOIN LATERAL report_low_answers(v.month::timestamp AT TIME ZONE m.time_zone, (v.month + interval '1 month') AT TIME ZONE m.time_zone, report_detractors.as_of) r
    ), waiting AS MATERIALIZED (
        SELECT DISTINCT ON (r.customer_id) r.customer_id, r.responded_at, coalesce(h.tier, 'none') AS tier, h.rank,
               followed_at(r.customer_id, r.responded_at, m.until) IS NULL AS waits, m.until - r.responded_at AS waited
          FROM span m
         CROSS JOIN LATERAL report_low_answers(m.until - interval '2160 hours', 'infinity', m.until) r
          LEFT JOIN tier_history h ON h.customer_id = r.customer_id AND h.valid_from <= m.until AND (h.valid_until IS NULL OR h.valid_until > m.until)
         ORDER BY r.customer_id, r.responded_at DESC
    )
    SELECT pg_catalog.jsonb_build_object(
        'figures', (SELECT pg_catalog.jsonb_build_object(
                        'detractors', report_number('detractors', 'number', 'lower', (count(*) FILTER (WHERE g.which = 'now'))::numeric, (count(*) FILTER (WHERE g.which = 'before'))::numeric, m.month_before,
                                                    (count(*) FILTER (WHERE g.which = 'last year'))::numeric, NULL::bigint),
                        'followed_share', report_share('followed_share', 'higher',
                                                       count(*) FILTER (WHERE g.which = 'now' AND g.had_week AND g.within_week), count(*) FILTER (WHERE g.which = 'now' AND g.had_week),
                                                       count(*) FILTER (WHERE g.which = 'before' AND g.had_week AND g.within_week), count(*) FILTER (WHERE g.which = 'before' AND g.had_week), m.month_before,
                                                       count(*) FILTER (WHERE g.which = 'last year' AND g.had_week AND g.within_week), count(*) FILTER (WHERE g.which = 'last year' AND g.had_week), 1))
                      FROM gave g),
        'customers', (SELECT count(*) FROM waiting w),
        'awaiting', (SELECT count(*) FROM waiting w WHERE w.waits),
        'ages', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('age', v.age, 'awaiting', (SELECT count(*) FROM waiting w WHERE w.waits AND w.waited >= v.since AND w.waited < v.until)) ORDER BY v.since)
                   FROM (VALUES ('under a day', interval '0', interval '24 hours'), ('1 to 3 days', interval '24 hours', interval '72 hours'), ('3 to 7 days', interval '72 hours', interval '168 hours'),
                                ('7 to 14 days', interval '168 hours', interval '336 hours'), ('14 days and more', interval '336 hours', interval '2161 hours')) v (age, since, until)),
        'tiers', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('tier', t.tier, 'customers', t.customers, 'awaiting', t.awaiting) ORDER BY t.rank DESC NULLS LAST, t.tier)
                             FROM (SELECT w.tier, max(w.rank) AS rank, count(*) AS customers, count(*) FILTER (WHERE w.waits) AS awaiting
                                     FROM waiting w
                                    GROUP BY w.tier) t), '[]'::jsonb))
      FROM span m;
END;
COMMENT ON FUNCTION report_detractors(date, timestamptz) IS
    'the section detractors of satisfaction_report: answers of 0 to 6 to a question of kind nps, how many of them that have had a week somebody followed up within it (see followed_at()); and, of the customers who gave one within 90 days before state_as_of, who still waits for that, by how long and by tier';

CREATE OR REPLACE FUNCTION report_complaints(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT * FROM report_span(report_complaints.month, report_complaints.as_of)
    ), recovery AS MATERIALIZED (
        SELECT c.*
          FROM span m
         CROSS JOIN LATERAL complaint_recovery_at(report_complaints.as_of) c
         WHERE c.month >= m.year_before AND c.month <= m.month
    ), sums AS (
        SELECT m.*, n AS now, x AS at_once, b AS before, y AS last_year, w AS bought
          FROM span m
          LEFT JOIN recovery n ON n.month = m.month
          LEFT JOIN recovery x ON x.month = m.month_before
          LEFT JOIN LATERAL (SELECT c.* FROM recovery c WHERE c.month < m.month AND c.responses > 0::bigint ORDER BY c.month DESC LIMIT 1) b ON true
          LEFT JOIN recovery y ON y.month = m.year_before
          LEFT JOIN LATERAL (SELECT c.* FROM recovery c WHERE c.had_time > 0::bigint ORDER BY c.month DESC LIMIT 1) w ON true
    ), scored AS MATERIALIZED (
        SELECT v.which, t.dimension, t.part, loyalcs.ratings_agg(t.score) AS ratings
          FROM span m
         CROSS JOIN LATERAL (VALUES (m.month, 'now'), (m.month_before, 'before'), (m.year_before, 'last year')) v (month, which)
         CROSS JOIN LATERAL ticket_scores_in(v.month, (v.month + interval '1 month' - interval '1 day')::date, report_complaints.as_of) t
          JOIN survey_questions q ON q.survey = t.survey AND q.question = t.question AND q.kind = 'csat' AND q.scale_low = 1 AND q.scale_high = 5
         WHERE t.dimension IN ('all', 'channel', 'reason')
         GROUP BY v.which, t.dimension, t.part
    ), part AS (
        SELECT n.dimension, n.part, loyalcs.responses(n.ratings) AS responses,
               report_score('ticket_csat', 'score', 'higher', n.ratings, b.ratings, m.month_before, y.ratings, 1, 5) AS score,
               row_number() OVER (PARTITION BY n.dimension ORDER BY loyalcs.responses(n.ratings) DESC, n.part) AS place
          FROM span m
         CROSS JOIN scored n
          LEFT JOIN scored b ON b.which = 'before' AND b.dimension = n.dimension AND b.part = n.part
          LEFT JOIN scored y ON y.which = 'last year' AND y.dimension = n.dimension AND y.part = n.part
         WHERE n.which = 'now'
    )
    SELECT pg_catalog.jsonb_build_object(
        'figures', pg_catalog.jsonb_build_object(
            'complaints', report_number('complaints', 'number', 'lower', coalesce((m.now).complaints, 0::bigint)::numeric, coalesce((m.at_once).complaints, 0::bigint)::numeric, m.month_before,
                                        coalesce((m.last_year).complaints, 0::bigint)::numeric, NULL::bigint),
            'satisfied_share', report_share('satisfied_share', 'higher', (m.now).satisfied, (m.now).responses, (m.before).satisfied, (m.before).responses, (m.before).month,
                                            (m.last_year).satisfied, (m.last_year).responses, 1),
            'ticket_csat', report_score('ticket_csat', 'score', 'higher', (SELECT c.ratings FROM scored c WHERE c.dimension = 'all' AND c.which = 'now'),
                                        (SELECT c.ratings FROM scored c WHERE c.dimension = 'all' AND c.which = 'before'), m.month_before,
                                        (SELECT c.ratings FROM scored c WHERE c.dimension = 'all' AND c.which = 'last year'), 1, 5)),
        'target', (SELECT s.recovery_target FROM settings s),
        'bought_again', CASE WHEN (m.bought).month IS NOT NULL THEN pg_catalog.jsonb_build_object(
            'month', (m.bought).month, 'customers', (m.bought).had_time, 'share', (m.bought).bought_again_share, 'low', (m.bought).bought_again_share_low, 'high', (m.bought).bought_again_share_high,
            'others', (m.bought).like_customers, 'others_share', (m.bought).like_bought_share, 'difference', (m.bought).change, 'difference_low', (m.bought).change_low,
            'difference_high', (m.bought).change_high, 'p_value', (m.bought).p_value, 'significant', (m.bought).significant) END,
        'channels', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('channel', p.part, 'answers', p.responses, 'score', p.score) ORDER BY p.place)
                                FROM part p WHERE p.dimension = 'channel' AND p.place <= 8::bigint), '[]'::jsonb),
        'reasons', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('reason', p.part, 'answers', p.responses, 'score', p.score) ORDER BY p.place)
                               FROM part p WHERE p.dimension = 'reason' AND p.place <= 8::bigint), '[]'::jsonb),
        'trend', (SELECT pg_catalog.jsonb_agg(report_point(g.at::date, c.satisfied_share, c.satisfied_share_low, c.satisfied_share_high, coalesce(c.responses, 0::bigint)) ORDER BY g.at)
                    FROM generate_series(m.year_before::timestamp, m.month::timestamp, interval '1 month') g (at)
                    LEFT JOIN recovery c ON c.month = g.at::date))
      FROM sums m;
END;
COMMENT ON FUNCTION report_complaints(date, timestamptz) IS
    'the section complaints of satisfaction_report: how content those are who complained, by the month in which they did, against settings.recovery_target and thirteen months of it; of the last month of which some have had settings.purchase_within, how many bought again, beside customers like them (see complaint_recovery_at()); and CSAT after tickets, of all and by channel and reason of the ticket, by the month of the answer';

CREATE OR REPLACE FUNCTION satisfaction_report_at(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE
RETURN report_of('satisfaction_report', '{satisfaction,breakdowns,invitations,drivers,detractors,complaints,reviews}'::text[], month, as_of);
COMMENT ON FUNCTION satisfaction_report_at(date, timestamptz) IS
    'the report about how content customers are in a month, named by any of its days, as of an instant: NPS, CSAT and CES, by survey, channel, product, tier and segment, who answered, what goes with high and low scores, detractors who wait, complaints, reviews; headlines and all changes that are more than chance. doc/report.md says what stands where, doc/satisfaction_report.schema.json is its schema. A section that is not for the reader to see or that fails is null, and problems says why; an error if the month has not begun by then';

CREATE OR REPLACE FUNCTION satisfaction_report(month date) RETURNS jsonb
    LANGUAGE sql STABLE
RETURN satisfaction_report_at(month, now());
COMMENT ON FUNCTION satisfaction_report(date) IS
    'satisfaction_report_at(month, now())';

CREATE OR REPLACE FUNCTION satisfaction_report_html_at(month date, as_of timestamptz, lang text DEFAULT 'ja') RETURNS text
    LANGUAGE sql STABLE
RETURN loyalcs.report_page(satisfaction_report_at(month, as_of), lang);
COMMENT ON FUNCTION satisfaction_report_html_at(date, timestamptz, text) IS
    'satisfaction_report_at(month, as_of) as one self-contained page of HTML, as monthly_report_html_at() makes one';

CREATE OR REPLACE FUNCTION satisfaction_report_html(month date, lang text DEFAULT 'ja') RETURNS text
    LANGUAGE sql STABLE
RETURN satisfaction_report_html_at(month, now(), lang);
COMMENT ON FUNCTION satisfaction_report_html(date, text) IS
    'satisfaction_report_html_at(month, now(), lang)';
