-- shop/followup_queue.sql
--
-- What is due is written into followups, where it waits to be claimed: found by
-- looking at what is new, and the same as by looking at everything.
-- Needs: turns, customer_changes, journeys, followups.

--@ functions
-- The rules that decide what is found. Where one of them is another than when it was
-- looked last, what was passed over then may be due.
CREATE OR REPLACE FUNCTION followup_rules_digest() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET timezone = 'UTC'
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
RETURN (SELECT encode(sha256(convert_to(concat(
                   (SELECT s.time_zone FROM settings s),
                   (SELECT string_agg(j::text, ' ' ORDER BY j.journey) FROM journeys j),
                   (SELECT string_agg(s::text, ' ' ORDER BY s.step_id) FROM journey_steps s),
                   (SELECT string_agg(p::text, ' ' ORDER BY p.purpose) FROM contact_purposes p)), getdatabaseencoding())), 'hex'));
COMMENT ON FUNCTION followup_rules_digest() IS
    'digest of all that decides what is found as due: journeys, steps, purposes, the time zone';

CREATE OR REPLACE FUNCTION followups_to_queue(at timestamptz, due_after timestamptz, only_steps bigint[])
RETURNS TABLE (
    customer_id @key_type@,
    step text,
    subject text,
    step_id bigint,
    channel text,
    capped boolean,
    priority integer,
    anchor_at timestamptz,
    due_at timestamptz,
    too_late_at timestamptz,
    queued_at timestamptz,
    claimable_at timestamptz,
    finished_at timestamptz,
    outcome text,
    reason text,
    arm text,
    eligible_at timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT f.customer_id, f.step, f.subject, f.step_id, f.channel, f.capped, f.priority, f.anchor_at, f.due_at, f.too_late_at,
           followups_to_queue.at,
           CASE WHEN f.hindered = 'defer' THEN coalesce(f.hindered_until, followups_to_queue.at + interval '1 hour') ELSE f.due_at END,
           CASE WHEN d.dropped THEN followups_to_queue.at END,
           CASE WHEN d.dropped THEN 'dropped' END,
           CASE WHEN f.held_out THEN 'held out' ELSE f.hindrance END,
           a.arm,
           CASE WHEN a.arm IS NOT NULL THEN followups_to_queue.at END
      FROM followups_found(followups_to_queue.at, followups_to_queue.due_after, interval '168 hours', followups_to_queue.only_steps) f
     CROSS JOIN LATERAL (SELECT f.held_out OR f.hindered IS NOT DISTINCT FROM 'drop' AS dropped) d
     CROSS JOIN LATERAL (SELECT CASE WHEN f.held_out THEN 'held_out' WHEN f.hindered IS NULL THEN 'send' END AS arm) a
     WHERE NOT f.queued;
END;
COMMENT ON FUNCTION followups_to_queue(timestamptz, timestamptz, bigint[]) IS
    'rows for followups: what became due after an instant and is not in the queue, of some steps (NULL: of all)';

-- What is new since the last look: what has become due by the passing of time, and
-- whatever is due of customers who have changed. Tickets, subscriptions and tiers are
-- few, and dated back now and then: of steps that count from them all that is within
-- its time is looked at each time. What changes by itself (segments, tiers that are
-- found out at night, birthdays that are entered) is looked at once a day. Where the
-- rules have changed, or time has gone backwards, or changes are not noted, it is
-- everything.
--
-- How far it has looked stands in the row of shop_turns that it holds meanwhile.
CREATE OR REPLACE FUNCTION queue_followups(at timestamptz DEFAULT now()) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET jit = off
AS $$
DECLARE
    -- so many customers are looked at one by one, and more of them all together
    many constant integer := 2000;
    rules constant text := followup_rules_digest();
    today constant text := (SELECT loyalcs.local_date(queue_followups.at, s.time_zone)::text FROM settings s);
    seen jsonb;
    seen_until timestamptz;
    changed @key_type@[] := '{}';
    due_after timestamptz;
    only_steps bigint[];
    found bigint;
    queued bigint := 0;
BEGIN
    IF NOT take_turn('queue_followups', false) THEN
        RETURN NULL;
    END IF;
    SELECT t.remark::jsonb INTO seen FROM shop_turns t WHERE t.job = 'queue_followups' AND t.remark LIKE '{%';
    seen_until := (seen ->> 'until'::text)::timestamptz;
    due_after := CASE WHEN seen ->> 'rules'::text = rules AND queue_followups.at >= seen_until - interval '1 hour'
                      THEN seen_until ELSE '-infinity' END;
    IF NOT customer_changes_are_noted('{orders,returns}'::text[]) OR begin_customer_changes('followups'::text) THEN
        due_after := '-infinity';
    ELSE
        changed := ARRAY(SELECT c FROM take_customer_changes('followups'::text, many) c);
        IF pg_catalog.cardinality(changed) >= many THEN
            PERFORM FROM take_customer_changes('followups'::text);
            due_after := '-infinity';
        END IF;
    END IF;
    BEGIN
        LOOP
            IF due_after < queue_followups.at THEN
                INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at,
                                       queued_at, claimable_at, finished_at, outcome, reason, arm, eligible_at)
                SELECT q.*
                  FROM followups_to_queue(queue_followups.at, due_after, only_steps) q
                 ORDER BY q.due_at, q.customer_id, q.step, q.subject
                    ON CONFLICT (customer_id, step, subject) DO NOTHING;
                GET DIAGNOSTICS found = ROW_COUNT;
                queued := queued + found;
            END IF;
            EXIT WHEN due_after = '-infinity'::timestamptz;
            due_after := '-infinity';
            only_steps := ARRAY(SELECT s.step_id
                                  FROM journey_steps s
                                 WHERE s.anchor IN ('ticket_resolved', 'subscription_cancelled', 'tier_reached')
                                    OR seen ->> 'day'::text <> today
                                       AND (s.anchor IN ('birthday', 'birthday_month', 'anniversary', 'points_expiring')
                                            OR s.tiers IS NOT NULL OR s.segments IS NOT NULL));
            IF pg_catalog.cardinality(changed) > 0 THEN
                INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at,
                                       queued_at, claimable_at, finished_at, outcome, reason, arm, eligible_at)
                SELECT q.*
                  FROM pg_catalog.unnest(changed) c (customer_id)
                 CROSS JOIN LATERAL (
                           SELECT q.*
                             FROM followups_to_queue(queue_followups.at, timestamptz '-infinity', NULL::bigint[]) q
                            WHERE q.customer_id = c.customer_id
                           OFFSET 0) q
                 ORDER BY q.due_at, q.customer_id, q.step, q.subject
                    ON CONFLICT (customer_id, step, subject) DO NOTHING;
                GET DIAGNOSTICS found = ROW_COUNT;
                queued := queued + found;
            END IF;
            EXIT WHEN pg_catalog.cardinality(only_steps) = 0;
        END LOOP;
    EXCEPTION
        WHEN unique_violation THEN
            PERFORM refuse_old_number('followups');
    END;
    UPDATE shop_turns t
       SET remark = pg_catalog.jsonb_build_object('until', CASE WHEN queue_followups.at < seen_until AND seen_until < queue_followups.at + interval '1 hour'
                                                                THEN seen_until ELSE queue_followups.at END,
                                                  'rules', rules, 'day', today)::text
     WHERE t.job = 'queue_followups';
    RETURN queued;
END
$$;
COMMENT ON FUNCTION queue_followups(timestamptz) IS
    'writes what is due, and what is dropped, into followups, where it waits to be claimed: what is new since the last look, which shop_turns keeps; all that is due if that is empty. Gives how many, NULL if another session is just doing it. Who may be written to then is eligible from then on, and has an arm that stays: to be sent it, if only after a frequency cap, or held out; of whom something is in the way that is decided when it is claimed. claim_followups() calls it when there is nothing left to claim, and once a minute';

CREATE OR REPLACE FUNCTION followups_are_queued(at timestamptz) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce((SELECT (t.remark::jsonb ->> 'until'::text)::timestamptz > at
                   FROM shop_turns t
                  WHERE t.job = 'queue_followups' AND t.remark LIKE '{%'), false);
COMMENT ON FUNCTION followups_are_queued(timestamptz) IS
    'whether queue_followups() has looked for what is due since an instant';
