-- shop/followup_effect.sql
--
-- Whether it was of any use: customers who were to be sent a step against those
-- who were held out.
-- Needs: settings, durations, orders, journeys, followups.
--
-- The arms are compared as they were drawn, "by intention to treat" (Hollis and
-- Campbell, "What is meant by intention to treat analysis?", British Medical
-- Journal 319, 1999): everybody counts in the arm that was decided when they became
-- eligible, from that instant on, whether they were reached or not. Whoever ordered
-- before it could be sent, and so never was, would be missing in one arm only.

--@ functions
CREATE OR REPLACE FUNCTION followup_effect_at(as_of timestamptz)
RETURNS TABLE (
    step text,
    effect_within interval,
    effect_within_days double precision,
    holdout_share double precision,
    assigned bigint,
    assigned_ordered bigint,
    reached bigint,
    held_out bigint,
    held_out_ordered bigint,
    uplift double precision,
    uplift_low double precision,
    uplift_high double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT e.step, e.effect_within, in_days(e.effect_within), e.holdout_share, e.assigned, e.assigned_ordered, e.reached, e.held_out, e.held_out_ordered,
           l.uplift, l.low, l.high
      FROM (SELECT f.step, f.effect_within, f.holdout_share,
                   count(*) FILTER (WHERE f.arm = 'send') AS assigned,
                   count(*) FILTER (WHERE f.arm = 'send' AND f.ordered) AS assigned_ordered,
                   count(*) FILTER (WHERE f.arm = 'send' AND f.reached) AS reached,
                   count(*) FILTER (WHERE f.arm = 'held_out') AS held_out,
                   count(*) FILTER (WHERE f.arm = 'held_out' AND f.ordered) AS held_out_ordered
              FROM (SELECT DISTINCT ON (f.customer_id, f.step)
                           f.step, s.effect_within, s.holdout_share, f.arm,
                           w.over_at <= followup_effect_at.as_of AS over,
                           f.outcome = 'sent' AND f.finished_at <= w.over_at AS reached,
                           EXISTS (SELECT FROM orders o
                                    WHERE o.customer_id = f.customer_id
                                      AND o.ordered_at > f.eligible_at
                                      AND o.ordered_at <= w.over_at
                                      AND order_counts(o.ordered_at, o.cancelled_at, followup_effect_at.as_of)) AS ordered
                      FROM followups f
                      JOIN journey_steps s ON s.step_id = f.step_id
                     CROSS JOIN LATERAL (
                               SELECT loyalcs.try_followup_due(f.eligible_at, s.effect_within, (SELECT z.time_zone FROM settings z), NULL::loyalcs.business_hours) AS over_at) w
                     WHERE f.eligible_at <= followup_effect_at.as_of
                     ORDER BY f.customer_id, f.step, f.eligible_at, f.followup_id) f
             WHERE f.over
             GROUP BY f.step, f.effect_within, f.holdout_share) e
     CROSS JOIN LATERAL loyalcs.uplift(e.assigned_ordered, e.assigned, e.held_out_ordered, e.held_out, 0.95::double precision) l;
END;
COMMENT ON FUNCTION followup_effect_at(timestamptz) IS
    'whether a step makes customers order: of those who were to be sent it and of those held out, how many ordered within effect_within of when they became eligible, whatever became of it since (intention to treat); the first time of each customer, once that time is over. One row for each share that was held out, because customers of other times are no comparison. The interval is Newcombe''s, 95%; see loyalcs.uplift';
