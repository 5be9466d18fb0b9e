-- shop/followup_waking.sql
--
-- When a worker is to look again: at an instant that can be foreseen, and when it
-- is told that something happened that could not.
-- Needs: customer_changes, followup_anchors, followup_judgement, followups, followup_queue.

--@ functions
-- Too early is harmless, too late is not. Whoever has slept for an hour looks again:
-- so only what becomes due until then is looked for, and what is to be found now at
-- once is no more than that there is something new.
CREATE OR REPLACE FUNCTION next_followup_at(channel text DEFAULT NULL, as_of timestamptz DEFAULT now())
RETURNS timestamptz
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET jit = off
AS $$
DECLARE
    seen jsonb;
    seen_until timestamptz;
    waits_until timestamptz;
    due_at timestamptz;
BEGIN
    SELECT min(n.claimable_at) INTO waits_until
      FROM channels c
     CROSS JOIN LATERAL waiting_priorities(c.channel) p
     CROSS JOIN LATERAL (
               SELECT f.claimable_at
                 FROM followups f
                WHERE f.finished_at IS NULL AND f.channel = c.channel AND f.priority = p.priority
                ORDER BY f.claimable_at
                LIMIT 1) n
     WHERE next_followup_at.channel IS NULL OR c.channel = next_followup_at.channel;
    SELECT t.remark::jsonb INTO seen FROM shop_turns t WHERE t.job = 'queue_followups' AND t.remark LIKE '{%';
    seen_until := (seen ->> 'until'::text)::timestamptz;
    IF waits_until <= as_of OR seen_until IS NULL OR seen_until < as_of - interval '1 hour'
       OR seen ->> 'rules'::text <> followup_rules_digest()
       OR EXISTS (SELECT FROM customer_changes)
       OR EXISTS (SELECT FROM unread_changes u WHERE u.reader = 'followups') THEN
        RETURN as_of;
    END IF;
    SELECT min(coalesce(loyalcs.try_followup_due(w.wanted_at, interval '0', s.time_zone, s.hours), w.wanted_at)) INTO due_at
      FROM (SELECT s.*,
                   followup_anchor_bound(seen_until, s.delay, s.time_zone, false) AS anchors_from,
                   followup_anchor_bound(as_of + interval '1 hour', s.delay, s.time_zone, true) AS anchors_to
              FROM followup_steps(as_of) s
             WHERE next_followup_at.channel IS NULL OR s.channel = next_followup_at.channel
            OFFSET 0) s
     CROSS JOIN LATERAL followup_anchors(s.anchor, s.time_zone, NULL::@key_type@, false, s.anchors_from, s.anchors_to, as_of) a
     CROSS JOIN LATERAL (SELECT followup_wanted_at(a.anchor_at, s.delay, s.replaced_delay, s.valid, s.time_zone) AS wanted_at OFFSET 0) w
     WHERE w.wanted_at > seen_until AND w.wanted_at <= as_of + interval '1 hour'
       AND w.wanted_at OPERATOR(pg_catalog.<@) s.valid;
    RETURN greatest(as_of, least(waits_until, due_at, as_of + interval '1 hour'));
END
$$;
COMMENT ON FUNCTION next_followup_at(text, timestamptz) IS
    'the next instant at which there may be something to claim on a channel (NULL: on any): as_of itself if there is now, an hour later if nothing is foreseen until then. New orders, shipments, tickets and the like cannot be: look every few seconds, and LISTEN loyalcs_followups for wake_followups()';

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
