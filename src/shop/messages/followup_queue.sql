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
                   (SELECT pg_catalog.concat_ws(' ', s.time_zone, s.parcel_days) FROM settings s),
                   (SELECT string_agg(j::text, ' ' ORDER BY j.journey) FROM journeys j),
                   (SELECT string_agg(s::text, ' ' ORDER BY s.step_id) FROM journey_steps s),
                   (SELECT string_agg(p::text, ' ' ORDER BY p.purpose) FROM contact_purposes p)), getdatabaseencoding())), 'hex'));
COMMENT ON FUNCTION followup_rules_digest() IS
    'digest of all that decides what is found as due: journeys, steps, purposes, the time zone, how long a parcel takes';

-- (What is early is not judged: it has no arm, and nothing in its way is known.)
CREATE OR REPLACE FUNCTION followups_to_queue(
    at timestamptz,
    due_after timestamptz,
    only_steps bigint[],
    early_steps bigint[],
    early_after timestamptz,
    early_until timestamptz
)
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
           greatest(followups_to_queue.at, f.wanted_at),
           CASE WHEN f.hindered = 'defer' AND NOT d.early THEN coalesce(f.hindered_until, followups_to_queue.at + interval '1 hour') ELSE f.due_at END,
           CASE WHEN d.dropped THEN followups_to_queue.at END,
           CASE WHEN d.dropped THEN 'dropped' END,
           CASE WHEN d.early THEN NULL WHEN f.held_out THEN 'held out' ELSE f.hindrance END,
           a.arm,
           CASE WHEN a.arm IS NOT NULL THEN followups_to_queue.at END
      FROM followups_found(followups_to_queue.at, followups_to_queue.due_after, interval '168 hours', followups_to_queue.only_steps,
                           followups_to_queue.early_steps, followups_to_queue.early_after, followups_to_queue.early_until) f
     CROSS JOIN LATERAL (
               SELECT f.wanted_at > followups_to_queue.at AS early,
                      f.wanted_at <= followups_to_queue.at AND (f.held_out OR f.hindered IS NOT DISTINCT FROM 'drop') AS dropped) d
     CROSS JOIN LATERAL (SELECT CASE WHEN d.early THEN NULL WHEN f.held_out THEN 'held_out' WHEN f.hindered IS NULL THEN 'send' END AS arm) a
     WHERE NOT f.queued;
END;
COMMENT ON FUNCTION followups_to_queue(timestamptz, timestamptz, bigint[], bigint[], timestamptz, timestamptz) IS
    'rows for followups: what became due after an instant and is not in the queue, of some steps (NULL: of all); of early_steps what becomes due after early_after and until early_until, as if it were queued when it is due';

CREATE OR REPLACE FUNCTION early_followup_steps(at timestamptz, until timestamptz) RETURNS bigint[]
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(pg_catalog.array_agg(s.step_id ORDER BY s.step_id), '{}'::bigint[])
      FROM journey_steps s
      JOIN journeys j ON j.journey = s.journey
     WHERE is_order_anchor(s.anchor) AND s.tiers IS NULL AND s.segments IS NULL
       AND s.valid OPERATOR(pg_catalog.@>) early_followup_steps.at AND s.valid OPERATOR(pg_catalog.@>) early_followup_steps.until
       AND j.started_at IS NOT NULL AND (j.ended_at IS NULL OR j.ended_at > early_followup_steps.until);
END;
COMMENT ON FUNCTION early_followup_steps(timestamptz, timestamptz) IS
    'the steps of which is known at an instant what will be due until another, if no order, return or rule is changed: those about orders alone that are in force all the time';

-- Mostly there is nothing: then what looks for it need not even be planned.
CREATE OR REPLACE FUNCTION followups_may_be_due(
    at timestamptz,
    due_after timestamptz,
    early_steps bigint[],
    early_after timestamptz,
    early_until timestamptz
) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM (SELECT s.anchor, z.time_zone,
                            coalesce(pg_catalog.lower(s.valid) > w.due_after AND pg_catalog.lower(s.valid) <= w.due_until, false) AS begins,
                            followup_anchor_bound(w.due_after, s.delay, z.time_zone, false) AS anchors_from,
                            followup_anchor_bound(w.due_until, s.delay, z.time_zone, true) AS anchors_to
                       FROM journey_steps s
                      CROSS JOIN settings z
                      CROSS JOIN LATERAL (
                                SELECT CASE WHEN e.early THEN followups_may_be_due.early_after ELSE followups_may_be_due.due_after END AS due_after,
                                       CASE WHEN e.early THEN followups_may_be_due.early_until ELSE followups_may_be_due.at END AS due_until
                                  FROM (SELECT s.step_id = ANY (followups_may_be_due.early_steps) AS early) e) w
                      WHERE NOT pg_catalog.isempty(s.valid)
                     OFFSET 0) s
         -- (a step that begins takes over what the one that it replaces would have)
         WHERE s.begins
            OR CASE WHEN is_order_anchor(s.anchor)
                    THEN EXISTS (SELECT FROM order_anchors(s.anchor, false, s.anchors_from, s.anchors_to))
                    WHEN s.anchor IN ('birthday', 'birthday_month', 'anniversary')
                    THEN loyalcs.local_date(s.anchors_from, s.time_zone) < loyalcs.local_date(s.anchors_to, s.time_zone)
                    ELSE true END);
END
$$;
COMMENT ON FUNCTION followups_may_be_due(timestamptz, timestamptz, bigint[], timestamptz, timestamptz) IS
    'whether followups_to_queue() has anything to look at, of all steps: false only if no step begins in that time, none has an order then, a day that comes round again, or another anchor';

-- What is new since the last look: what has become due by the passing of time, and
-- whatever is due of customers who have changed. Tickets, subscriptions and tiers are
-- few, and dated back now and then: of steps that count from them all that is within
-- its time is looked at each time. What changes by itself (segments, tiers that are
-- found out at night, birthdays that are entered) is looked at once a day. Where the
-- rules have changed, or time has gone backwards, or changes are not noted, it is
-- everything.
--
-- What follows from orders alone is written an hour early, queued for when it will be
-- due: then there is nothing to be written, however much becomes due at once. Until
-- then it is not there for anybody who asks as of now, since queued_at is later, and it
-- cannot be claimed. If the customer changes meanwhile, or a rule, it is taken back, as
-- long as nobody has judged or had it, and found anew; what is in its way when it is due
-- is seen when it is claimed.
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
    many constant bigint := 2000;
    rules constant text := followup_rules_digest();
    today constant text := (SELECT loyalcs.local_date(queue_followups.at, s.time_zone)::text FROM settings s);
    seen jsonb;
    seen_until timestamptz;
    changed @key_type@[] := '{}';
    due_after timestamptz;
    only_steps bigint[];
    early_until constant timestamptz := queue_followups.at + interval '1 hour';
    early_steps bigint[] := early_followup_steps(queue_followups.at, early_until);
    early_after timestamptz;
    found bigint;
    queued bigint := 0;
BEGIN
    IF NOT take_turn('queue_followups', false) THEN
        RETURN NULL;
    END IF;
    SELECT t.remark::jsonb INTO seen FROM shop_turns t WHERE t.job = 'queue_followups' AND t.remark LIKE '{%';
    seen_until := (seen ->> 'until'::text)::timestamptz;
    IF NOT customer_changes_are_noted('{orders,returns}'::text[]) THEN
        early_steps := '{}';
        due_after := '-infinity';
    ELSIF begin_customer_changes('followups'::text) THEN
        due_after := '-infinity';
    ELSE
        changed := ARRAY(SELECT c FROM take_customer_changes('followups'::text, many) c);
        IF pg_catalog.cardinality(changed) >= many THEN
            PERFORM FROM take_customer_changes('followups'::text);
            due_after := '-infinity';
        END IF;
    END IF;
    IF due_after IS NULL AND seen ->> 'rules'::text = rules AND seen -> 'early'::text = pg_catalog.to_jsonb(early_steps)
       AND queue_followups.at >= seen_until - interval '1 hour' THEN
        due_after := seen_until;
        early_after := seen_until + interval '1 hour';
        IF pg_catalog.cardinality(changed) > 0 THEN
            DELETE FROM followups f
             WHERE f.customer_id = ANY (changed)
               AND f.queued_at > seen_until AND f.finished_at IS NULL
               AND f.arm IS NULL AND f.reason IS NULL AND f.attempts = 0 AND f.failures = 0;
        END IF;
        -- what was written early and is due by now
        SELECT count(*) INTO queued
          FROM channels c
         CROSS JOIN LATERAL waiting_priorities(c.channel) p
          JOIN followups f ON f.channel = c.channel AND f.priority = p.priority
         WHERE f.finished_at IS NULL
           AND f.claimable_at > seen_until AND f.claimable_at <= queue_followups.at
           AND f.queued_at > seen_until AND f.arm IS NULL AND f.attempts = 0;
    ELSE
        due_after := '-infinity';
        early_after := '-infinity';
        DELETE FROM followups f
         WHERE f.finished_at IS NULL AND f.claimable_at > coalesce(seen_until, queue_followups.at)
           AND f.queued_at > coalesce(seen_until, queue_followups.at)
           AND f.arm IS NULL AND f.reason IS NULL AND f.attempts = 0 AND f.failures = 0;
    END IF;
    BEGIN
        LOOP
            IF (due_after < queue_followups.at OR early_after < early_until)
               AND (due_after = '-infinity'::timestamptz
                    OR followups_may_be_due(queue_followups.at, due_after, early_steps, early_after, early_until)) THEN
                WITH written AS (
                    INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at,
                                           queued_at, claimable_at, finished_at, outcome, reason, arm, eligible_at)
                    SELECT q.*
                      FROM followups_to_queue(queue_followups.at, due_after, only_steps, early_steps, early_after, early_until) q
                     ORDER BY q.due_at, q.customer_id, q.step, q.subject
                        ON CONFLICT (customer_id, step, subject) DO NOTHING
                    RETURNING queued_at
                )
                SELECT count(*) FILTER (WHERE w.queued_at <= queue_followups.at) INTO found FROM written w;
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
                WITH written AS (
                    INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at,
                                           queued_at, claimable_at, finished_at, outcome, reason, arm, eligible_at)
                    SELECT q.*
                      FROM pg_catalog.unnest(changed) c (customer_id)
                     CROSS JOIN LATERAL (
                               SELECT q.*
                                 FROM followups_to_queue(queue_followups.at, timestamptz '-infinity', NULL::bigint[],
                                                         early_steps, timestamptz '-infinity', early_until) q
                                WHERE q.customer_id = c.customer_id
                               OFFSET 0) q
                     ORDER BY q.due_at, q.customer_id, q.step, q.subject
                        ON CONFLICT (customer_id, step, subject) DO NOTHING
                    RETURNING queued_at
                )
                SELECT count(*) FILTER (WHERE w.queued_at <= queue_followups.at) INTO found FROM written w;
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
                                                  'rules', rules, 'day', today, 'early', early_steps)::text
     WHERE t.job = 'queue_followups';
    RETURN queued;
END
$$;
COMMENT ON FUNCTION queue_followups(timestamptz) IS
    'writes what is due, and what is dropped, into followups, where it waits to be claimed: what is new since the last look, which shop_turns keeps; all that is due if that is empty. What follows from orders alone is written up to an hour before it is due, with a queued_at in the future, and is as if it were not there until then. Gives how many have become due, NULL if another session is just doing it. Who may be written to then is eligible from then on, and has an arm that stays: to be sent it, if only after a frequency cap, or held out; of whom something is in the way, or what was written before, that is decided when it is claimed. claim_followups() calls it when there is nothing left to claim, and once a minute';

-- (In plpgsql, which plans it once in a session.)
CREATE OR REPLACE FUNCTION followups_are_queued(at timestamptz) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    RETURN coalesce((SELECT (t.remark::jsonb ->> 'until'::text)::timestamptz > followups_are_queued.at
                       FROM shop_turns t
                      WHERE t.job = 'queue_followups' AND t.remark LIKE '{%'), false);
END
$$;
COMMENT ON FUNCTION followups_are_queued(timestamptz) IS
    'whether queue_followups() has looked for what is due since an instant';
