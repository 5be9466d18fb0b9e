-- shop/followup_waking.sql
--
-- When a worker is to look again: at an instant that can be foreseen, and when it
-- is told that something happened that could not.
-- Needs: settings, orders, tickets, offers, journeys, followups.

--@ functions
-- Too early is harmless, too late is not. Where the day after a month has no such
-- day, several anchors fall on the month's last and in no order: its midnight.
CREATE OR REPLACE FUNCTION next_followup_at(channel text DEFAULT NULL, as_of timestamptz DEFAULT now())
RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    SET jit = off
BEGIN ATOMIC
    SELECT least(
        (SELECT min(f.claimable_at)
           FROM followups f
          WHERE f.finished_at IS NULL
            AND (next_followup_at.channel IS NULL OR f.channel = next_followup_at.channel)),
        (SELECT min(CASE WHEN c.held_back IS NULL THEN next_followup_at.as_of
                         ELSE coalesce(c.until, next_followup_at.as_of + interval '1 hour') END)
           FROM followups_considered(next_followup_at.as_of, interval '0') c
          WHERE NOT c.queued
            AND (c.held_back IS NULL OR c.held_back = 'defer')
            AND (next_followup_at.channel IS NULL OR c.channel = next_followup_at.channel)),
        (SELECT min(loyalcs.try_followup_due(
                        CASE WHEN n.of_day THEN n.due_at
                             ELSE least(n.due_at, greatest(date_trunc('day', n.due_at, n.time_zone), next_followup_at.as_of + interval '1 hour')) END,
                        interval '0', n.time_zone, n.hours))
           FROM (SELECT send_hours(s.send_window) AS hours, z.time_zone,
                        EXTRACT(month FROM s.delay) = 0::numeric AND EXTRACT(year FROM s.delay) = 0::numeric AS of_day, a.due_at
                   FROM journey_steps s
                  CROSS JOIN settings z
                  CROSS JOIN LATERAL (
                            SELECT (next_followup_at.as_of AT TIME ZONE z.time_zone - s.delay) AT TIME ZONE z.time_zone
                                   - CASE WHEN EXTRACT(month FROM s.delay) = 0::numeric AND EXTRACT(year FROM s.delay) = 0::numeric
                                           AND EXTRACT(day FROM s.delay) = 0::numeric THEN interval '0' ELSE interval '26 hours' END AS anchors_from
                            OFFSET 0) r
                  CROSS JOIN LATERAL (
                            (SELECT d.due_at
                               FROM orders o
                              CROSS JOIN LATERAL (SELECT loyalcs.try_followup_due(o.ordered_at, s.delay, z.time_zone, NULL::loyalcs.business_hours) AS due_at) d
                              WHERE s.anchor IN ('ordered', 'first_order', 'nth_order', 'no_order_for')
                                AND o.ordered_at > r.anchors_from AND d.due_at > next_followup_at.as_of
                              ORDER BY o.ordered_at
                              LIMIT 1)
                            UNION ALL
                            (SELECT d.due_at
                               FROM orders o
                              CROSS JOIN LATERAL (SELECT loyalcs.try_followup_due(o.shipped_at, s.delay, z.time_zone, NULL::loyalcs.business_hours) AS due_at) d
                              WHERE s.anchor = 'shipped'
                                AND o.shipped_at > r.anchors_from AND d.due_at > next_followup_at.as_of
                              ORDER BY o.shipped_at
                              LIMIT 1)
                            UNION ALL
                            (SELECT d.due_at
                               FROM orders o
                              CROSS JOIN LATERAL (SELECT loyalcs.try_followup_due(o.delivered_at, s.delay, z.time_zone, NULL::loyalcs.business_hours) AS due_at) d
                              WHERE s.anchor = 'delivered'
                                AND o.delivered_at > r.anchors_from AND d.due_at > next_followup_at.as_of
                              ORDER BY o.delivered_at
                              LIMIT 1)
                            UNION ALL
                            (SELECT d.due_at
                               FROM tickets t
                              CROSS JOIN LATERAL (SELECT loyalcs.try_followup_due(t.closed_at, s.delay, z.time_zone, NULL::loyalcs.business_hours) AS due_at) d
                              WHERE s.anchor = 'ticket_resolved'
                                AND t.closed_at > r.anchors_from AND d.due_at > next_followup_at.as_of
                              ORDER BY t.closed_at
                              LIMIT 1)
                            UNION ALL
                            (SELECT d.due_at
                               FROM subscriptions u
                              CROSS JOIN LATERAL (SELECT loyalcs.try_followup_due(u.cancelled_at, s.delay, z.time_zone, NULL::loyalcs.business_hours) AS due_at) d
                              WHERE s.anchor = 'subscription_cancelled'
                                AND u.cancelled_at > r.anchors_from AND d.due_at > next_followup_at.as_of
                              ORDER BY u.cancelled_at
                              LIMIT 1)
                            UNION ALL
                            SELECT min(d.due_at)
                              FROM generate_series(0, 3) i
                             CROSS JOIN LATERAL (
                                       SELECT loyalcs.try_followup_due(
                                                  (loyalcs.local_date(r.anchors_from, z.time_zone) + i)::timestamp AT TIME ZONE z.time_zone,
                                                  s.delay, z.time_zone, NULL::loyalcs.business_hours) AS due_at) d
                             WHERE s.anchor IN ('birthday', 'birthday_month', 'anniversary', 'tier_reached', 'points_expiring')
                               AND d.due_at > next_followup_at.as_of
                        ) a
                  WHERE NOT pg_catalog.isempty(s.valid)
                    AND a.due_at OPERATOR(pg_catalog.<@) s.valid
                    AND (next_followup_at.channel IS NULL OR s.channel = next_followup_at.channel)) n));
END;
COMMENT ON FUNCTION next_followup_at(text, timestamptz) IS
    'the next instant at which there may be something to claim on a channel (NULL: on any), as_of itself if there is now; NULL if nothing is foreseen. New orders, shipments, tickets and the like cannot be: look every few seconds, and LISTEN loyalcs_followups for wake_followups()';

-- No table of the shop notifies by itself: transactions that notify commit one after
-- another, which takes eight of nine commits away from sixteen clients.
CREATE OR REPLACE FUNCTION wake_followups() RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM pg_notify('loyalcs_followups', current_schema()::text);
END
$$;
COMMENT ON FUNCTION wake_followups() IS
    'tells those who LISTEN loyalcs_followups the name of the shop, so that they look for work now and not when they would have next. For jobs and single occasions, such as a campaign that has just begun: transactions that notify commit one after another, so not for what customers wait for';
