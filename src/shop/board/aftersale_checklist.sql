-- shop/aftersale_checklist.sql
--
-- Is what a shop does after the sale in place? Five items, each judged from what
-- the shop's rows say and not from what anybody ticked.
-- Needs: settings, periods, durations, orders, surveys, ticket_facts, return_reasons, journeys,
-- followups, delivery_performance.
--
-- Whether something is in use is a question about the last days, and takes one case;
-- whether it is good or better than before takes settings.minimum_answers. An item of
-- which there can be no cases yet is not missing.

--@ functions
-- Nine in ten is nearly all: who answers, records or delivers that many does it always.
CREATE OR REPLACE FUNCTION nearly_all(hits bigint, cases bigint) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN cases > 0::bigint THEN hits::numeric >= 0.9 * cases::numeric END;
COMMENT ON FUNCTION nearly_all(bigint, bigint) IS
    'whether something is so in nine of ten cases or more; NULL of no cases';

CREATE OR REPLACE FUNCTION orders_placed_in(first date, last date, as_of timestamptz) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT count(*)
          FROM orders o
         WHERE loyalcs.in_local_dates(o.ordered_at, (SELECT s.time_zone FROM settings s), orders_placed_in.first, orders_placed_in.last)
           AND order_counts(o.ordered_at, o.cancelled_at, orders_placed_in.as_of));
COMMENT ON FUNCTION orders_placed_in(date, date, timestamptz) IS
    'how many orders that count were placed on local days from one to another';

-- Arrivals, not orders, of two times that are equally long: of the orders of the last
-- weeks only the quick ones have arrived. Whether they differ by more than chance is asked
-- of ranks, by tenths of all (Conover and Iman 1981, "Rank transformations as a bridge
-- between parametric and nonparametric statistics"): a parcel that was lost for a month
-- is slow, and no more than that.
CREATE OR REPLACE FUNCTION delivery_speed(first date, last date, as_of timestamptz)
RETURNS TABLE (
    placed bigint,
    placed_delivered bigint,
    arrived bigint,
    arrived_before bigint,
    median_days double precision,
    median_before_days double precision,
    change double precision,
    p_value double precision,
    too_few boolean,
    significant boolean,
    promised bigint,
    late bigint,
    since timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT w.placed, w.placed_delivered, a.arrived, a.arrived_before, in_days(a.median), in_days(a.median_before),
           c.change, c.p_value, f.too_few,
           CASE WHEN c.p_value IS NOT NULL THEN c.p_value < s.significance AND NOT f.too_few END, a.promised, a.late,
           (SELECT min(o.delivered_at) FROM orders o WHERE o.delivered_at <= delivery_speed.as_of)
      FROM settings s
     CROSS JOIN LATERAL (
               SELECT count(*) AS placed, count(*) FILTER (WHERE o.delivered_at <= delivery_speed.as_of) AS placed_delivered
                 FROM orders o
                WHERE loyalcs.in_local_dates(o.ordered_at, s.time_zone, delivery_speed.first - 30, delivery_speed.last - 30)
                  AND order_counts(o.ordered_at, o.cancelled_at, delivery_speed.as_of)
                  AND (o.delivered_at IS NULL OR o.delivered_at > o.ordered_at)) w
     CROSS JOIN LATERAL (
               WITH came AS MATERIALIZED (
                   SELECT time_between(o.ordered_at, o.delivered_at) AS took,
                          loyalcs.in_local_dates(o.delivered_at, s.time_zone, delivery_speed.first, delivery_speed.last) AS is_now,
                          loyalcs.local_date(o.delivered_at, s.time_zone) AS arrived_on,
                          (SELECT max(p.expected_on) FROM shipments p WHERE p.customer_id = o.customer_id AND p.order_id = o.order_id) AS expected_on
                     FROM orders o
                    WHERE loyalcs.in_local_dates(o.delivered_at, s.time_zone,
                                                 delivery_speed.first - (delivery_speed.last - delivery_speed.first + 1), delivery_speed.last)
                      AND o.delivered_at <= delivery_speed.as_of AND o.delivered_at > o.ordered_at
                      AND order_counts(o.ordered_at, o.cancelled_at, delivery_speed.as_of)
               )
               SELECT count(*) FILTER (WHERE d.is_now) AS arrived, count(*) FILTER (WHERE NOT d.is_now) AS arrived_before,
                      (loyalcs.percentiles(d.took) FILTER (WHERE d.is_now))[1] AS median,
                      (loyalcs.percentiles(d.took) FILTER (WHERE NOT d.is_now))[1] AS median_before,
                      loyalcs.ratings_agg(d.tenth) FILTER (WHERE d.is_now) AS tenths,
                      loyalcs.ratings_agg(d.tenth) FILTER (WHERE NOT d.is_now) AS tenths_before,
                      count(*) FILTER (WHERE d.is_now AND d.expected_on IS NOT NULL) AS promised,
                      count(*) FILTER (WHERE d.is_now AND d.arrived_on > d.expected_on) AS late
                 FROM (SELECT c.*, pg_catalog.width_bucket(c.took, h.cuts) AS tenth
                         FROM came c
                        CROSS JOIN (SELECT pg_catalog.percentile_disc('{0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9}'::double precision[])
                                               WITHIN GROUP (ORDER BY c.took) AS cuts
                                      FROM came c) h) d) a
     CROSS JOIN LATERAL loyalcs.mean_change(a.tenths_before, a.tenths, 0, 9, 1::double precision - s.significance) c
     CROSS JOIN LATERAL (SELECT least(a.arrived, a.arrived_before) < s.minimum_answers::bigint) f (too_few);
END;
COMMENT ON FUNCTION delivery_speed(date, date, timestamptz) IS
    'how long it took until orders were at the door that arrived on local days from one to another, and those that arrived in as many days before: medians in days, and whether they differ by more than chance: change (above 0: slower) and p_value are of the tenth of all in which each lies, a rank test (Conover and Iman 1981); never significant with fewer than settings.minimum_answers on either side; how many of them had a promised day and came later; and of how many of the orders that were placed thirty days earlier it is known that they arrived (placed, placed_delivered)';

CREATE OR REPLACE FUNCTION aftersale_checklist_in(lang text, as_of timestamptz)
RETURNS TABLE (
    item text,
    status text,
    evidence text,
    next_step text,
    checked bigint,
    value double precision,
    value_low double precision,
    value_high double precision,
    value_before double precision,
    p_value double precision,
    unit text,
    since date
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH days AS (
        SELECT s.time_zone, s.minimum_answers::bigint AS minimum, 1::double precision - s.significance AS confidence,
               t.as_of, d.today, d.today - 29 AS month_ago, d.today - 89 AS quarter_ago,
               starts_with(aftersale_checklist_in.lang, 'ja') AS ja
          FROM settings s
         -- (all of these days are dates)
         CROSS JOIN LATERAL (SELECT least(greatest(aftersale_checklist_in.as_of, timestamptz '0002-01-01 00:00+00'), timestamptz '9999-12-30 00:00+00') AS as_of) t
         CROSS JOIN LATERAL (SELECT loyalcs.local_date(t.as_of, s.time_zone) AS today) d
    ), judged AS (
        SELECT 1 AS place, 'inquiries' AS item, v.status,
               t.tickets AS checked, t.answered::double precision / nullif(t.had_time, 0::bigint)::double precision AS value, i.low, i.high,
               NULL::double precision AS value_before, NULL::double precision AS p_value, 'share' AS unit,
               (SELECT min(e.at) FROM ticket_events e WHERE e.at <= d.as_of) AS since,
               pg_catalog.format(CASE WHEN d.ja THEN '30日間の問い合わせ %1$s件(チャネル %4$s)。1日以上たった %3$s件のうち %2$s件に返信'
                                      ELSE '%1$s inquiries by %4$s channels in 30 days; of %3$s that are older than a day %2$s were answered' END,
                                 t.tickets, t.answered, t.had_time, t.channels) AS evidence,
               CASE v.status
                    WHEN 'done' THEN NULL
                    WHEN 'partly' THEN 'answer those who wait: the view unanswered'
                    ELSE 'take in what customers ask as tickets: tickets, ticket_events'
               END AS next_step
          FROM days d
         CROSS JOIN LATERAL (
                   SELECT count(*) AS tickets, pg_catalog.count(DISTINCT f.channel) AS channels,
                          count(*) FILTER (WHERE f.opened_at <= d.as_of - interval '24 hours') AS had_time,
                          count(*) FILTER (WHERE f.opened_at <= d.as_of - interval '24 hours' AND f.first_reply_at IS NOT NULL) AS answered
                     FROM tickets_opened_in(d.month_ago, d.today, d.as_of) f) t
         CROSS JOIN LATERAL loyalcs.share_interval(t.answered, t.had_time, d.confidence) i
         CROSS JOIN LATERAL (
                   SELECT CASE WHEN t.tickets = 0::bigint
                               THEN CASE WHEN orders_placed_in(d.month_ago, d.today, d.as_of) < d.minimum THEN 'not enough data' ELSE 'missing' END
                               WHEN t.had_time = 0::bigint THEN 'not enough data'
                               WHEN nearly_all(t.answered, t.had_time) THEN 'done'
                               ELSE 'partly' END AS status) v
        UNION ALL
        SELECT 2, 'returns', v.status, r.returns, r.whole::double precision / nullif(r.returns, 0::bigint)::double precision, i.low, i.high,
               NULL, NULL, 'share', (SELECT min(b.returned_at) FROM returns b WHERE b.returned_at <= d.as_of),
               pg_catalog.format(CASE WHEN d.ja THEN '90日間の返品 %1$s件のうち理由あり %2$s件。30日以上たった %4$s件のうち完了日あり %3$s件'
                                      ELSE 'of %1$s returns in 90 days %2$s have a cause; of %4$s that are older than 30 days %3$s have been completed' END,
                                 r.returns, r.caused, r.completed, r.old),
               CASE v.status
                    WHEN 'done' THEN NULL
                    WHEN 'not enough data' THEN 'write down what comes back, and why: returns'
                    ELSE CASE WHEN NOT nearly_all(r.caused, r.returns)
                              THEN 'note why things come back, in words of your own: returns.cause'
                              ELSE 'note when customers had money or goods: returns.completed_at' END
               END
          FROM days d
         CROSS JOIN LATERAL (
                   SELECT count(*) AS returns, pg_catalog.count(b.cause) AS caused,
                          count(*) FILTER (WHERE b.is_old) AS old,
                          count(*) FILTER (WHERE b.is_old AND b.completed_at IS NOT NULL) AS completed,
                          pg_catalog.count(b.completed_at) AS ever_completed,
                          count(*) FILTER (WHERE b.cause IS NOT NULL AND (b.completed_at IS NOT NULL OR NOT b.is_old)) AS whole
                     FROM (SELECT b.cause, b.completed_at, b.returned_at <= d.as_of - interval '720 hours' AS is_old
                             FROM returns_made_in(d.quarter_ago, d.today, d.as_of) b) b) r
         CROSS JOIN LATERAL loyalcs.share_interval(r.whole, r.returns, d.confidence) i
         CROSS JOIN LATERAL (
                   SELECT CASE WHEN r.returns = 0::bigint THEN 'not enough data'
                               WHEN r.caused = 0::bigint AND r.ever_completed = 0::bigint THEN 'missing'
                               WHEN nearly_all(r.whole, r.returns) THEN 'done'
                               ELSE 'partly' END AS status) v
        UNION ALL
        SELECT 3, 'follow-ups', v.status, f.tried, f.sent::double precision / nullif(f.tried, 0::bigint)::double precision, i.low, i.high,
               NULL, NULL, 'share', f.first_sent_at,
               pg_catalog.format(CASE WHEN d.ja THEN '30日間に試みた自動配信 %1$s件のうち送信済み %2$s件(ステップ %3$s)。対象になったのは %4$s件'
                                      ELSE 'of %1$s follow-ups that were tried in 30 days %2$s were sent, by %3$s steps; %4$s had become due' END,
                                 f.tried, f.sent, f.steps, f.queued),
               CASE v.status
                    WHEN 'done' THEN NULL
                    WHEN 'partly' THEN CASE WHEN f.sent = 0::bigint
                                            THEN 'see why nothing goes out any more: loyalcs-dispatch, journeys.paused_at'
                                            ELSE 'see why they fail: the view followups_failed' END
                    ELSE 'say start_journeys(), and let schedule_shop() and loyalcs-dispatch run'
               END
          FROM days d
         CROSS JOIN LATERAL (
                   SELECT count(*) FILTER (WHERE f.is_due) AS queued,
                          count(*) FILTER (WHERE f.is_tried AND f.outcome = 'sent') AS sent,
                          count(*) FILTER (WHERE f.is_tried) AS tried,
                          pg_catalog.count(DISTINCT f.step) FILTER (WHERE f.is_tried AND f.outcome = 'sent') AS steps,
                          min(f.finished_at) FILTER (WHERE f.outcome = 'sent' AND f.finished_at <= d.as_of) AS first_sent_at
                     FROM (SELECT f.step, f.outcome, f.finished_at,
                                  loyalcs.in_local_dates(f.queued_at, d.time_zone, d.month_ago, d.today) AS is_due,
                                  f.outcome IN ('sent', 'failed', 'undeliverable') AND f.finished_at <= d.as_of
                                  AND loyalcs.in_local_dates(f.finished_at, d.time_zone, d.month_ago, d.today) AS is_tried
                             FROM followups f
                             JOIN journey_steps p ON p.step_id = f.step_id AND p.kind = 'automatic'
                            WHERE f.queued_at <= d.as_of) f) f
         CROSS JOIN LATERAL loyalcs.share_interval(f.sent, f.tried, d.confidence) i
         CROSS JOIN LATERAL (
                   SELECT CASE WHEN f.sent > 0::bigint THEN CASE WHEN nearly_all(f.sent, f.tried) THEN 'done' ELSE 'partly' END
                               WHEN f.first_sent_at IS NOT NULL THEN 'partly'
                               WHEN f.queued = 0::bigint AND orders_placed_in(d.month_ago, d.today, d.as_of) < d.minimum THEN 'not enough data'
                               ELSE 'missing' END AS status) v
        UNION ALL
        SELECT 4, 'delivery', v.status, o.arrived, o.median_days, NULL, NULL, o.median_before_days, o.p_value, 'days', o.since,
               pg_catalog.format(CASE WHEN d.ja THEN '注文 %s件のうち到着がわかるもの %s件' ELSE 'of %s orders %s are known to have arrived' END, o.placed, o.placed_delivered)
               || CASE WHEN o.median_days IS NULL THEN ''
                       ELSE pg_catalog.format(CASE WHEN d.ja THEN '。90日間の到着は中央値 %s日' ELSE '; half of those of 90 days within %s days' END, round(o.median_days::numeric, 1)) END
               || CASE WHEN o.median_before_days IS NULL THEN ''
                       ELSE pg_catalog.format(CASE WHEN d.ja THEN '、その前の90日は %s日' ELSE ', of the 90 days before within %s' END, round(o.median_before_days::numeric, 1)) END
               || CASE WHEN o.promised = 0::bigint THEN ''
                       ELSE pg_catalog.format(CASE WHEN d.ja THEN '。約束日のある %s件のうち遅れ %s件' ELSE '; of %s with a promised day %s came later' END, o.promised, o.late) END,
               CASE v.status
                    WHEN 'done' THEN NULL
                    WHEN 'missing' THEN 'note when orders leave and arrive: orders.shipped_at, delivered_at'
                    WHEN 'not enough data' THEN 'note when orders leave and arrive, and wait until there is something to compare'
                    ELSE CASE WHEN NOT nearly_all(o.placed_delivered, o.placed)
                              THEN 'note of all orders when they arrive: orders.delivered_at'
                              ELSE 'see where the time goes: the view delivery_performance' END
               END
          FROM days d
         CROSS JOIN LATERAL delivery_speed(d.quarter_ago, d.today, d.as_of) o
         CROSS JOIN LATERAL (
                   SELECT CASE WHEN o.placed < d.minimum THEN 'not enough data'
                               WHEN o.placed_delivered = 0::bigint THEN 'missing'
                               WHEN NOT nearly_all(o.placed_delivered, o.placed) THEN 'partly'
                               WHEN o.significant AND o.change > 0::double precision THEN 'partly'
                               WHEN o.promised >= d.minimum AND o.late::numeric <= 0.05 * o.promised::numeric THEN 'done'
                               WHEN o.too_few THEN 'not enough data'
                               WHEN o.significant AND o.change < 0::double precision THEN 'done'
                               ELSE 'partly' END AS status) v
        UNION ALL
        SELECT 5, 'NPS', v.status, v.answers, loyalcs.nps(n.ratings), i.low, i.high, NULL, NULL, 'points', a.first_at,
               pg_catalog.format(CASE WHEN d.ja THEN '90日間の回答 %s件' ELSE '%s answers in 90 days' END, v.answers)
               || CASE WHEN n.ratings IS NULL THEN ''
                       ELSE pg_catalog.format(CASE WHEN d.ja THEN '、NPS %s(%sから%s)' ELSE ', NPS %s (%s to %s)' END,
                                              round(loyalcs.nps(n.ratings)::numeric), round(i.low::numeric), round(i.high::numeric)) END,
               CASE v.status
                    WHEN 'done' THEN NULL
                    WHEN 'partly' THEN 'ask more customers, and go on asking: start_wave(), a step with a survey'
                    ELSE 'have an NPS question and ask it after a sale: surveys, survey_questions'
               END
          FROM days d
         CROSS JOIN LATERAL (
                   SELECT loyalcs.ratings_agg(x.score) AS ratings
                     FROM survey_questions q
                    CROSS JOIN LATERAL (SELECT r.customer_id, r.response_id
                                          FROM survey_responses r
                                         WHERE r.survey = q.survey
                                           AND loyalcs.in_local_dates(r.responded_at, d.time_zone, d.quarter_ago, d.today)
                                           AND r.responded_at <= d.as_of) r
                     JOIN survey_answers x ON x.customer_id = r.customer_id AND x.response_id = r.response_id AND x.question = q.question
                                          AND x.score IS NOT NULL
                    WHERE q.kind = 'nps') n
         CROSS JOIN LATERAL (
                   SELECT min(f.responded_at) AS first_at
                     FROM (SELECT DISTINCT q.survey FROM survey_questions q WHERE q.kind = 'nps') q
                    CROSS JOIN LATERAL (SELECT r.responded_at
                                          FROM survey_responses r
                                         WHERE r.survey = q.survey AND r.responded_at <= d.as_of
                                         ORDER BY r.responded_at LIMIT 1) f) a
         CROSS JOIN LATERAL loyalcs.nps_interval(n.ratings, d.confidence) i
         CROSS JOIN LATERAL (
                   SELECT c.answers,
                          CASE WHEN c.answers >= d.minimum THEN 'done'
                               WHEN a.first_at IS NOT NULL THEN 'partly'
                               WHEN orders_placed_in(d.quarter_ago, d.today, d.as_of) < d.minimum THEN 'not enough data'
                               ELSE 'missing' END AS status
                     FROM (SELECT coalesce(loyalcs.responses(n.ratings), 0::bigint) AS answers) c) v
    )
    SELECT j.item, j.status, j.evidence, loyalcs.label(j.next_step, CASE WHEN d.ja THEN 'ja' ELSE 'en' END), j.checked, j.value, j.low, j.high, j.value_before, j.p_value, j.unit,
           loyalcs.local_date(j.since, d.time_zone)
      FROM judged j
     CROSS JOIN days d
     ORDER BY j.place;
END;
COMMENT ON FUNCTION aftersale_checklist_in(text, timestamptz) IS
    'aftersale_checklist in a language: ja, or else English';

CREATE OR REPLACE FUNCTION aftersale_checklist_at(as_of timestamptz)
RETURNS TABLE (
    item text,
    status text,
    evidence text,
    next_step text,
    checked bigint,
    value double precision,
    value_low double precision,
    value_high double precision,
    value_before double precision,
    p_value double precision,
    unit text,
    since date
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.item, c.status, c.evidence, c.next_step, c.checked, c.value, c.value_low, c.value_high, c.value_before, c.p_value, c.unit, c.since
      FROM aftersale_checklist_in((SELECT s.language FROM settings s), aftersale_checklist_at.as_of) c;
END;
COMMENT ON FUNCTION aftersale_checklist_at(timestamptz) IS
    'is what a shop does after the sale in place? One row an item, judged from the data, in the shop''s language: inquiries come in as tickets and nine of ten that are older than a day were answered (30 days); returns have a cause, and a time of completion once they are 30 days old, nine in ten (90 days); automatic follow-ups are sent, nine of ten that were tried (30 days); of nine in ten orders it is known when they arrived, and they arrive sooner than 90 days before by more than chance, or no slower, and no more than one in twenty later than promised (90 days); NPS was asked and answered by settings.minimum_answers (90 days). status: done, partly, missing, or not enough data where there can be nothing yet; evidence: what speaks for that, in a sentence and in numbers; next_step: what to do next, NULL if it is done';
