-- shop/followup_judgement.sql
--
-- The rules by which follow-ups are judged, each in one place: whoever looks for
-- what is due, hands it out or hands it over asks these.
-- Needs: calendars, orders, tickets, rfm, tiers, journeys.

--@ functions
-- A window that cannot be read (of a time zone that the server has forgotten, say)
-- is no window at any time: nothing is sent that was to wait for one.
CREATE OR REPLACE FUNCTION send_hours(send_window text) RETURNS loyalcs.business_hours
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN send_window IS NOT NULL
            THEN coalesce(loyalcs.try_business_hours(send_window), '1900 Jan 01 00:00-00:01 @ UTC'::loyalcs.business_hours) END;
COMMENT ON FUNCTION send_hours(text) IS
    'a send window as business hours; of one that cannot be read, hours that never come again';

CREATE OR REPLACE FUNCTION followup_hindrance(
    customer @key_type@,
    order_id text,
    order_cancelled boolean,
    since timestamptz,
    channel text,
    purpose text,
    consent text,
    exit_on_order boolean,
    exit_on_return boolean,
    too_late_at timestamptz,
    hours loyalcs.business_hours,
    as_of timestamptz
)
RETURNS TABLE (held_back text, reason text, until timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
               WHEN r.reason IN ('open complaint', 'outside of the send window', 'the send window never opens') THEN 'defer'
               WHEN r.reason IS NOT NULL THEN 'drop'
           END,
           r.reason,
           CASE r.reason WHEN 'outside of the send window'
                THEN loyalcs.try_next_open(followup_hindrance.hours, CASE WHEN isfinite(followup_hindrance.as_of) THEN followup_hindrance.as_of END) END
      FROM (SELECT CASE
                WHEN followup_hindrance.too_late_at <= followup_hindrance.as_of THEN 'expired'
                WHEN followup_hindrance.order_cancelled THEN 'order cancelled'
                WHEN followup_hindrance.exit_on_return
                     AND EXISTS (SELECT FROM returns r
                                  WHERE r.customer_id = followup_hindrance.customer
                                    AND r.order_id = followup_hindrance.order_id
                                    AND r.returned_at <= followup_hindrance.as_of)
                    THEN 'returned'
                WHEN followup_hindrance.exit_on_order
                     AND EXISTS (SELECT FROM orders o
                                  WHERE o.customer_id = followup_hindrance.customer
                                    AND o.ordered_at > followup_hindrance.since
                                    AND order_counts(o.ordered_at, o.cancelled_at, followup_hindrance.as_of))
                    THEN 'ordered again'
                WHEN followup_hindrance.consent = 'not_needed' THEN NULL
                -- (the latest counts, and of equally late ones the refusal)
                WHEN NOT coalesce((SELECT coalesce(max(c.at) FILTER (WHERE c.given) > max(c.at) FILTER (WHERE NOT c.given), bool_or(c.given))
                                     FROM consents c
                                    WHERE c.customer_id = followup_hindrance.customer
                                      AND c.channel IN (followup_hindrance.channel, 'all')
                                      AND c.purpose IN (followup_hindrance.purpose, 'all')
                                      AND c.at <= followup_hindrance.as_of), followup_hindrance.consent = 'unless_refused')
                    THEN CASE followup_hindrance.consent WHEN 'if_given' THEN 'no consent' ELSE 'opted out' END
                WHEN EXISTS (SELECT FROM tickets t
                              WHERE t.customer_id = followup_hindrance.customer
                                AND t.complaint
                                AND (t.closed_at IS NULL OR t.closed_at > followup_hindrance.as_of)
                                AND EXISTS (SELECT FROM ticket_events e
                                             WHERE e.customer_id = t.customer_id AND e.ticket_id = t.ticket_id
                                               AND e.at <= followup_hindrance.as_of))
                    THEN 'open complaint'
                WHEN NOT loyalcs.is_open(followup_hindrance.hours, CASE WHEN isfinite(followup_hindrance.as_of) THEN followup_hindrance.as_of END)
                    THEN CASE WHEN loyalcs.try_next_open(followup_hindrance.hours, followup_hindrance.as_of) IS NULL THEN 'the send window never opens'
                              ELSE 'outside of the send window' END
                END AS reason
            OFFSET 0) r;
END;
COMMENT ON FUNCTION followup_hindrance(@key_type@, text, boolean, timestamptz, text, text, text, boolean, boolean, timestamptz, loyalcs.business_hours, timestamptz) IS
    'what keeps a follow-up from being sent at an instant: drop and defer, the reason, and until when if that is known; NULLs for nothing. Frequency caps and hold-outs are none of its business';

-- (Of a step, two rows are never in force at once: see check_contact_rule().)
CREATE OR REPLACE FUNCTION followup_steps(as_of timestamptz)
RETURNS TABLE (
    step_id bigint,
    step text,
    anchor text,
    of_order boolean,
    delay interval,
    delay_words text,
    valid tstzrange,
    replaced_delay interval,
    started_at timestamptz,
    ended boolean,
    paused boolean,
    channel text,
    kind text,
    purpose text,
    consent text,
    capped boolean,
    priority integer,
    content_key text,
    content_values jsonb,
    hours loyalcs.business_hours,
    by_calendar boolean,
    expires_after interval,
    max_attempts integer,
    retry_after interval,
    exit_on_order boolean,
    exit_on_return boolean,
    nth integer,
    min_amount numeric,
    sample_share double precision,
    holdout_share double precision,
    orders_from bigint,
    orders_to bigint,
    tiers text[],
    segments text[],
    per_day integer,
    per_week integer,
    per_day_of_all integer,
    per_week_of_all integer,
    time_zone text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.step_id, s.step, s.anchor,
           is_order_anchor(s.anchor),
           s.delay, delay_in_words(s.delay), v.valid, r.delay, j.started_at,
           pg_catalog.upper(v.valid) <= followup_steps.as_of
           AND NOT EXISTS (SELECT FROM journey_steps n
                             JOIN journeys g ON g.journey = n.journey
                            WHERE n.step = s.step AND n.valid OPERATOR(pg_catalog.@>) followup_steps.as_of
                              AND (g.ended_at IS NULL OR g.ended_at > followup_steps.as_of)),
           coalesce(least(s.paused_at, j.paused_at) <= followup_steps.as_of, false),
           s.channel, s.kind, s.purpose, p.consent, p.capped, s.priority,
           s.content_key, j.content_values || s.content_values,
           send_hours(w.send_window), s.calendar IS NOT NULL, s.expires_after, s.max_attempts, s.retry_after, s.exit_on_order, s.exit_on_return,
           CASE WHEN s.anchor IN ('first_order', 'anniversary') THEN 1 ELSE s.nth END,
           s.min_amount, s.sample_share, s.holdout_share, s.orders_from, s.orders_to, s.tiers, s.segments,
           c.per_day, c.per_week, a.per_day, a.per_week, z.time_zone
      FROM journey_steps s
      JOIN journeys j ON j.journey = s.journey
      JOIN contact_purposes p ON p.purpose = s.purpose
      LEFT JOIN frequency_caps c ON c.channel = s.channel AND c.valid OPERATOR(pg_catalog.@>) followup_steps.as_of
      LEFT JOIN frequency_caps a ON a.channel = 'all' AND a.valid OPERATOR(pg_catalog.@>) followup_steps.as_of
     CROSS JOIN LATERAL (SELECT s.valid OPERATOR(pg_catalog.*) tstzrange(NULL::timestamptz, j.ended_at) AS valid) v
      LEFT JOIN journey_steps r
        ON r.journey = s.journey AND r.step = s.step AND r.anchor = s.anchor AND r.nth IS NOT DISTINCT FROM s.nth
       AND pg_catalog.upper(r.valid) = pg_catalog.lower(s.valid)
     -- (a calendar that cannot be found is hours that cannot be read)
     CROSS JOIN LATERAL (SELECT CASE WHEN s.calendar IS NULL THEN s.send_window
                                     ELSE coalesce(calendar_hours(s.calendar, followup_steps.as_of), '') END AS send_window OFFSET 0) w
     CROSS JOIN settings z
     WHERE j.started_at IS NOT NULL AND NOT pg_catalog.isempty(v.valid);
END;
COMMENT ON FUNCTION followup_steps(timestamptz) IS
    'the steps of all journeys that have been started with what holds for them as of an instant: when it is in force, at most until its journey ends; when that was started; whether it has ended, and no other of its name is in force; whether it, or its journey, is paused; when it may be sent, by its calendar as it is known then, if by_calendar; its purpose, its caps, and the delay of the step that it replaces, the one of its name that ended when it began';

-- (Silence is what is noticed of an order long after it: that may be from before.)
CREATE OR REPLACE FUNCTION is_after_start(anchor text, anchor_at timestamptz, wanted_at timestamptz, started_at timestamptz) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN wanted_at >= started_at AND (anchor = 'no_order_for' OR anchor_at >= started_at);
COMMENT ON FUNCTION is_after_start(text, timestamptz, timestamptz, timestamptz) IS
    'whether what a step is counted from happened since its journey was started, and whether it wants to be sent since then: else nothing is said of it';

CREATE OR REPLACE FUNCTION followup_wanted_at(anchor_at timestamptz, delay interval, replaced_delay interval, valid tstzrange, time_zone text)
RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN replaced_delay IS NOT NULL
         AND loyalcs.try_followup_due(anchor_at, delay, time_zone, NULL::loyalcs.business_hours) < pg_catalog.lower(valid)
         AND loyalcs.try_followup_due(anchor_at, replaced_delay, time_zone, NULL::loyalcs.business_hours) >= pg_catalog.lower(valid)
        THEN pg_catalog.lower(valid)
    ELSE loyalcs.try_followup_due(anchor_at, delay, time_zone, NULL::loyalcs.business_hours) END;
COMMENT ON FUNCTION followup_wanted_at(timestamptz, interval, interval, tstzrange, text) IS
    'when a step wants to be sent, whatever its send window: its delay after the anchor; at once where it replaces a step with a longer delay, under which it was not due yet';

-- (In plpgsql, so that what is for segments is planned where there is one.)
CREATE OR REPLACE FUNCTION is_in_segments(
    customer @key_type@,
    segments text[],
    recency_cuts timestamptz[],
    frequency_cuts double precision[],
    monetary_cuts numeric[],
    segment_names text[],
    as_of timestamptz
) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET jit = off
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM customer_purchases_at(is_in_segments.as_of) p
                    WHERE p.customer_id = is_in_segments.customer
                      AND (is_in_segments.recency_cuts IS NULL
                           OR loyalcs.rfm_segment(loyalcs.score_by(p.last_order_at, is_in_segments.recency_cuts),
                                                  loyalcs.score_by(p.orders::double precision, is_in_segments.frequency_cuts),
                                                  loyalcs.score_by(p.total_spent, is_in_segments.monetary_cuts),
                                                  is_in_segments.segment_names)
                              = ANY (is_in_segments.segments)));
END
$$;
COMMENT ON FUNCTION is_in_segments(@key_type@, text[], timestamptz[], double precision[], numeric[], text[], timestamptz) IS
    'whether a customer has orders as of an instant and is, by cut points, in one of the segments; in any if the cut points are not given';

CREATE OR REPLACE FUNCTION followup_misfit(
    customer @key_type@,
    anchor text,
    order_id text,
    order_at timestamptz,
    cancelled_at timestamptz,
    amount numeric,
    nth integer,
    min_amount numeric,
    orders_from bigint,
    orders_to bigint,
    tiers text[],
    segments text[],
    recency_cuts timestamptz[],
    frequency_cuts double precision[],
    monetary_cuts numeric[],
    segment_names text[],
    as_of timestamptz
)
RETURNS TABLE (reason text)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
               WHEN followup_misfit.amount < followup_misfit.min_amount THEN 'amount below the least'
               WHEN followup_misfit.nth IS NOT NULL AND followup_misfit.order_id IS NOT NULL
                    AND NOT (order_counts(followup_misfit.order_at, followup_misfit.cancelled_at, followup_misfit.as_of)
                             AND followup_misfit.nth::bigint =
                                 (SELECT count(*)
                                    FROM orders e
                                   WHERE e.customer_id = followup_misfit.customer
                                     AND (e.ordered_at < followup_misfit.order_at
                                          OR e.ordered_at = followup_misfit.order_at AND e.order_id <= followup_misfit.order_id)
                                     AND order_counts(e.ordered_at, e.cancelled_at, followup_misfit.as_of)))
                   THEN 'not the order it was for'
               WHEN followup_misfit.anchor = 'no_order_for'
                    AND NOT order_counts(followup_misfit.order_at, followup_misfit.cancelled_at, followup_misfit.as_of)
                   THEN 'order cancelled'
               WHEN followup_misfit.anchor = 'no_order_for'
                    AND EXISTS (SELECT FROM orders e
                                 WHERE e.customer_id = followup_misfit.customer
                                   AND (e.ordered_at > followup_misfit.order_at
                                        OR e.ordered_at = followup_misfit.order_at AND e.order_id > followup_misfit.order_id)
                                   AND order_counts(e.ordered_at, e.cancelled_at, followup_misfit.as_of))
                   THEN 'ordered again'
               WHEN (followup_misfit.orders_from IS NOT NULL OR followup_misfit.orders_to IS NOT NULL)
                    AND (SELECT count(*)
                           FROM orders e
                          WHERE e.customer_id = followup_misfit.customer
                            AND order_counts(e.ordered_at, e.cancelled_at, followup_misfit.as_of))
                        NOT BETWEEN coalesce(followup_misfit.orders_from, 0) AND coalesce(followup_misfit.orders_to, 9223372036854775807)
                   THEN 'number of orders changed'
               WHEN followup_misfit.tiers IS NOT NULL
                    AND NOT EXISTS (SELECT FROM tier_history t
                                     WHERE t.customer_id = followup_misfit.customer
                                       AND t.valid_from <= followup_misfit.as_of
                                       AND (t.valid_until IS NULL OR t.valid_until > followup_misfit.as_of)
                                       AND t.tier = ANY (followup_misfit.tiers))
                   THEN 'tier lost'
               WHEN followup_misfit.segments IS NOT NULL
                    AND NOT is_in_segments(followup_misfit.customer, followup_misfit.segments, followup_misfit.recency_cuts,
                                           followup_misfit.frequency_cuts, followup_misfit.monetary_cuts, followup_misfit.segment_names,
                                           followup_misfit.as_of)
                   THEN 'segment left'
           END
    OFFSET 0;
END;
COMMENT ON FUNCTION followup_misfit(@key_type@, text, text, timestamptz, timestamptz, numeric, integer, numeric, bigint, bigint, text[], text[], timestamptz[], double precision[], numeric[], text[], timestamptz) IS
    'why a follow-up is not for a customer as of an instant, or not for that order: the amount, which order it is, how many there are, the tier, the segment (unless its cut points are not given); NULL if it is';

-- (In plpgsql, so that what is for some orders or customers alone is planned where
-- there is such a step.)
CREATE OR REPLACE FUNCTION followup_misfit_reason(
    customer @key_type@,
    anchor text,
    order_id text,
    order_at timestamptz,
    cancelled_at timestamptz,
    amount numeric,
    nth integer,
    min_amount numeric,
    orders_from bigint,
    orders_to bigint,
    tiers text[],
    segments text[],
    recency_cuts timestamptz[],
    frequency_cuts double precision[],
    monetary_cuts numeric[],
    segment_names text[],
    as_of timestamptz
) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT m.reason
              FROM followup_misfit(followup_misfit_reason.customer, followup_misfit_reason.anchor, followup_misfit_reason.order_id,
                                   followup_misfit_reason.order_at, followup_misfit_reason.cancelled_at, followup_misfit_reason.amount,
                                   followup_misfit_reason.nth, followup_misfit_reason.min_amount,
                                   followup_misfit_reason.orders_from, followup_misfit_reason.orders_to,
                                   followup_misfit_reason.tiers, followup_misfit_reason.segments, followup_misfit_reason.recency_cuts,
                                   followup_misfit_reason.frequency_cuts, followup_misfit_reason.monetary_cuts, followup_misfit_reason.segment_names,
                                   followup_misfit_reason.as_of) m);
END
$$;
COMMENT ON FUNCTION followup_misfit_reason(@key_type@, text, text, timestamptz, timestamptz, numeric, integer, numeric, bigint, bigint, text[], text[], timestamptz[], double precision[], numeric[], text[], timestamptz) IS
    'followup_misfit() of one';
