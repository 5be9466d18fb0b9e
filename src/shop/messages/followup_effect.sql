-- shop/followup_effect.sql
--
-- Whether it was of any use: customers who were reached against those held out.
-- Needs: settings, orders, journeys, followups.

--@ functions
CREATE OR REPLACE FUNCTION followup_effect_at(as_of timestamptz)
RETURNS TABLE (
    step text,
    effect_within interval,
    reached bigint,
    reached_ordered bigint,
    held_out bigint,
    held_out_ordered bigint,
    uplift double precision,
    uplift_low double precision,
    uplift_high double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT e.step, e.effect_within, e.reached, e.reached_ordered, e.held_out, e.held_out_ordered,
           l.uplift, l.low, l.high
      FROM (SELECT f.step, f.effect_within,
                   count(*) FILTER (WHERE f.outcome = 'sent') AS reached,
                   count(*) FILTER (WHERE f.outcome = 'sent' AND f.ordered) AS reached_ordered,
                   count(*) FILTER (WHERE f.outcome = 'dropped') AS held_out,
                   count(*) FILTER (WHERE f.outcome = 'dropped' AND f.ordered) AS held_out_ordered
              FROM (SELECT DISTINCT ON (f.customer_id, f.step)
                           f.step, s.effect_within, f.outcome,
                           w.over_at <= followup_effect_at.as_of AS over,
                           EXISTS (SELECT FROM orders o
                                    WHERE o.customer_id = f.customer_id
                                      AND o.ordered_at > f.finished_at
                                      AND o.ordered_at <= w.over_at
                                      AND (o.cancelled_at IS NULL OR o.cancelled_at > followup_effect_at.as_of)) AS ordered
                      FROM followups f
                      JOIN journey_steps s ON s.step_id = f.step_id
                     CROSS JOIN LATERAL (
                               SELECT loyalcs.followup_due(f.finished_at, s.effect_within, (SELECT z.time_zone FROM settings z), NULL::loyalcs.business_hours) AS over_at) w
                     WHERE (f.outcome = 'sent' OR f.outcome = 'dropped' AND f.reason = 'held out')
                       AND f.finished_at <= followup_effect_at.as_of
                     ORDER BY f.customer_id, f.step, f.finished_at, f.followup_id) f
             WHERE f.over
             GROUP BY f.step, f.effect_within) e
     CROSS JOIN LATERAL loyalcs.uplift(e.reached_ordered, e.reached, e.held_out_ordered, e.held_out, 0.95::double precision) l;
END;
COMMENT ON FUNCTION followup_effect_at(timestamptz) IS
    'whether a step makes customers order: of those whom it reached and of those held out, how many ordered within effect_within; the first time of each customer, once that time is over. The interval is Newcombe''s, 95%; see loyalcs.uplift';
