-- shop/followup_claims.sql
--
-- Work handed out: each follow-up goes to one worker at a time, with its message,
-- once it has been looked at again.
-- Needs: customers, orders, offers, templates, followup_anchors, followup_judgement, followups, followup_queue.

--@ functions
-- A function of its own, so that its plan is no part of a claim that needs none.
CREATE OR REPLACE FUNCTION offers_in_words(customer @key_type@, as_of timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT string_agg(coalesce(n.product_name, n.product_id), ', ')
      FROM next_offers(offers_in_words.customer, 3::bigint, offers_in_words.as_of) n;
END;
COMMENT ON FUNCTION offers_in_words(@key_type@, timestamptz) IS
    'the first three of next_offers() by name; NULL if there are none';

-- What is wrong with the shop is not to be laid to a row's charge.
CREATE OR REPLACE FUNCTION check_settings(at timestamptz) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM check_settings.at AT TIME ZONE s.time_zone FROM settings s;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the shop has no settings'
            USING ERRCODE = 'no_data_found', CONSTRAINT = 'settings_exist',
                  HINT = 'The owner of the shop says INSERT INTO settings (time_zone, currency) what they were.';
    END IF;
END
$$;
COMMENT ON FUNCTION check_settings(timestamptz) IS
    'an error if the shop has no settings, or a time zone that the server does not know';

CREATE OR REPLACE FUNCTION check_claim(what text, only_channel text, at_most bigint, lease interval) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF at_most IS NULL OR at_most < 1 OR at_most > 10000 THEN
        RAISE EXCEPTION 'cannot claim % %', coalesce(at_most::text, 'NULL'), what
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'limit_is_usable', HINT = 'Claim 1 to 10000 at a time.';
    END IF;
    IF lease IS NULL OR lease <= interval '0' THEN
        RAISE EXCEPTION 'a lease must last'
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'lease_lasts',
                  DETAIL = pg_catalog.format('It is %s.', coalesce(lease::text, 'NULL'));
    END IF;
    IF only_channel IS NOT NULL AND NOT EXISTS (SELECT FROM channels c WHERE c.channel = only_channel) THEN
        RAISE EXCEPTION 'unknown channel %', quote_literal(only_channel)
            USING ERRCODE = 'undefined_object', CONSTRAINT = 'channel_exists', HINT = 'The table channels lists them; NULL is all.';
    END IF;
END
$$;
COMMENT ON FUNCTION check_claim(text, text, bigint, interval) IS
    'refuses what nobody can claim: a number, a lease or a channel';

CREATE OR REPLACE FUNCTION address_on(channel text, email text, phone text, attributes jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(btrim(CASE WHEN channel = 'email' THEN email
                         WHEN channel = 'phone' THEN phone
                         WHEN jsonb_typeof(attributes -> channel) IN ('string', 'number') THEN attributes ->> channel END, ' '), '');
COMMENT ON FUNCTION address_on(text, text, text, jsonb) IS
    'where a customer is reached on a channel: by e-mail, by telephone, else at what attributes have under the channel''s name, a string or a number; NULL if nowhere';

-- (As bytes, not by md5(), which a server that keeps to FIPS lacks.)
CREATE OR REPLACE FUNCTION address_digest(channel text, address text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN encode(sha256(convert_to(channel || ':' || address, getdatabaseencoding())), 'hex');
COMMENT ON FUNCTION address_digest(text, text) IS
    'by which an address is known again without being kept';

-- Most follow-ups are about an order. What the others are counted from is read by a
-- statement of its own, which takes a millisecond to begin.
CREATE OR REPLACE FUNCTION other_anchors_looked_at(places tid[], at timestamptz)
RETURNS TABLE (
    place tid,
    subject text,
    order_id text,
    anchor_at timestamptz,
    order_at timestamptz,
    cancelled_at timestamptz,
    amount numeric,
    points bigint
)
    LANGUAGE plpgsql STABLE ROWS 1
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    IF NOT EXISTS (SELECT FROM followups f
                     JOIN journey_steps s ON s.step = f.step
                    WHERE f.ctid = ANY (other_anchors_looked_at.places) AND NOT is_order_anchor(s.anchor)) THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT f.ctid, a.subject, a.order_id, a.anchor_at, a.order_at, a.cancelled_at, a.amount, a.points
      FROM followups f
      JOIN journey_steps s ON s.step = f.step
     CROSS JOIN settings z
     CROSS JOIN LATERAL (
               SELECT a.*
                 FROM other_anchors(s.anchor, z.time_zone, f.customer_id, true, f.anchor_at - interval '400 days',
                                    f.anchor_at + interval '400 days', other_anchors_looked_at.at) a
                WHERE a.customer_id = f.customer_id AND a.subject = f.subject
                LIMIT 1) a
     WHERE f.ctid = ANY (other_anchors_looked_at.places)
       AND s.valid OPERATOR(pg_catalog.@>) other_anchors_looked_at.at
       AND NOT is_order_anchor(s.anchor);
END
$$;
COMMENT ON FUNCTION other_anchors_looked_at(tid[], timestamptz) IS
    'what follow-ups, where places says, are counted from that are not about one order; no row for one whose anchor does not stand. followups_looked_at() calls it';

-- The second look, at claiming and immediately before one is handed over. By the
-- step of its name that is in force then: one that replaces another takes over what
-- waits. (In plpgsql, since customers may lack columns where they are a brand's own.)
CREATE OR REPLACE FUNCTION followups_looked_at(places tid[], step_names text[], at timestamptz)
RETURNS TABLE (
    place tid,
    followup_id bigint,
    customer_id @key_type@,
    step text,
    subject text,
    channel text,
    failures integer,
    old_step_id bigint,
    step_id bigint,
    new_channel text,
    kind text,
    content_key text,
    content_values jsonb,
    max_attempts integer,
    retry_after interval,
    capped boolean,
    priority integer,
    cap_left bigint,
    time_zone text,
    anchor_at timestamptz,
    due_at timestamptz,
    too_late_at timestamptz,
    anchor text,
    order_id text,
    ordered_at timestamptz,
    shipped_at timestamptz,
    delivered_at timestamptz,
    amount numeric,
    points bigint,
    name text,
    own_language text,
    recipient text,
    recipient_digest text,
    eligible boolean,
    held_out boolean,
    held_back text,
    reason text,
    until timestamptz
)
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH steps AS MATERIALIZED (
        SELECT s.step_id, s.step, s.anchor, s.of_order, s.delay, s.valid, s.replaced_delay, s.paused, s.channel, s.kind, s.purpose, s.consent, s.capped,
               s.priority, s.content_key, s.content_values, s.hours, s.by_calendar, s.expires_after, s.max_attempts, s.retry_after,
               s.exit_on_order, s.exit_on_return, s.nth, s.min_amount, s.holdout_share, s.orders_from, s.orders_to, s.tiers, s.segments,
               s.nth IS NOT NULL OR s.min_amount IS NOT NULL OR s.anchor = 'no_order_for' OR s.orders_from IS NOT NULL OR s.orders_to IS NOT NULL
               OR s.tiers IS NOT NULL OR s.segments IS NOT NULL AS is_for_some,
               s.per_day, s.per_week, s.per_day_of_all, s.per_week_of_all, s.time_zone,
               date_trunc('day', followups_looked_at.at, s.time_zone) AS today_from,
               followups_looked_at.at - interval '168 hours' AS week_from,
               k.recency AS recency_cuts, k.frequency AS frequency_cuts, k.monetary AS monetary_cuts, k.segments AS segment_names
          FROM followup_steps(followups_looked_at.at) s
          LEFT JOIN kept_rfm_cuts(followups_looked_at.at) k ON s.segments IS NOT NULL
         WHERE s.valid OPERATOR(pg_catalog.@>) followups_looked_at.at
           AND s.step = ANY (followups_looked_at.step_names)
    ), others AS MATERIALIZED (
        SELECT n.* FROM other_anchors_looked_at(followups_looked_at.places, followups_looked_at.at) n
    ), found AS MATERIALIZED (
        SELECT f.ctid AS place, f.followup_id, f.customer_id, f.step, f.subject, f.channel, f.failures, f.arm, f.step_id AS old_step_id, f.recipient_digest,
               s.step_id, s.channel AS new_channel, s.kind, s.content_key, s.content_values, s.max_attempts, s.retry_after,
               coalesce(s.capped, f.capped) AS capped, coalesce(s.priority, f.priority) AS priority,
               s.holdout_share, s.time_zone, s.paused, s.consent,
               k.is_leased, k.anchor_at,
               w.due_at, w.too_late_at, w.due_at <= followups_looked_at.at AS is_due, k.wanted_at <= followups_looked_at.at AS is_wanted,
               s.anchor, CASE WHEN s.of_order THEN a.order_id END AS order_id, CASE WHEN s.of_order THEN a.order_at END AS ordered_at,
               a.shipped_at, a.delivered_at, a.amount, a.points,
               u.name, u.own_language, u.recipient, o.undeliverable, o.another, o.cap_left,
               CASE WHEN s.step_id IS NULL THEN 'step ended'
                    WHEN a.subject IS NULL THEN
                        CASE WHEN s.of_order AND NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = f.customer_id AND o.order_id = f.subject)
                             THEN 'order gone' ELSE anchor_gone(s.anchor) END
                    WHEN h.held_back = 'drop' THEN h.reason
                    WHEN s.is_for_some
                        THEN followup_misfit_reason(f.customer_id, s.anchor, a.order_id, a.order_at, a.cancelled_at, a.amount, s.nth, s.min_amount,
                                                    s.orders_from, s.orders_to, s.tiers, s.segments, s.recency_cuts, s.frequency_cuts, s.monetary_cuts, s.segment_names,
                                                    followups_looked_at.at) END AS own_drop_reason,
               h.held_back, h.reason, h.until
          FROM followups f
          LEFT JOIN steps s ON s.step = f.step
          LEFT JOIN LATERAL (
                    SELECT a.subject, a.order_id, a.anchor_at, a.order_at, a.cancelled_at, a.shipped_at, a.delivered_at, a.amount, a.points
                      FROM order_anchors(s.anchor, true, timestamptz '-infinity', timestamptz 'infinity') a
                     WHERE a.customer_id = f.customer_id AND a.subject = f.subject
                    UNION ALL
                    SELECT n.subject, n.order_id, n.anchor_at, n.order_at, n.cancelled_at, NULL::timestamptz, NULL::timestamptz, n.amount, n.points
                      FROM others n
                     WHERE n.place = f.ctid
                     LIMIT 1) a ON true
         CROSS JOIN LATERAL (
                   SELECT coalesce(a.anchor_at, f.anchor_at) AS anchor_at,
                          coalesce(f.lease_until > followups_looked_at.at, false) AS is_leased,
                          c.same,
                          CASE WHEN c.same THEN f.due_at
                               ELSE followup_wanted_at(a.anchor_at, s.delay, s.replaced_delay, s.valid, s.time_zone) END AS wanted_at
                     FROM (SELECT a.anchor_at = f.anchor_at AND s.step_id = f.step_id AND NOT s.by_calendar AS same OFFSET 0) c
                   OFFSET 0) k
         CROSS JOIN LATERAL (
                   SELECT CASE WHEN k.same THEN f.due_at
                               ELSE coalesce(loyalcs.try_followup_due(k.wanted_at, interval '0', s.time_zone, s.hours), k.wanted_at) END AS due_at,
                          CASE WHEN k.same THEN f.too_late_at
                               ELSE loyalcs.try_followup_due(k.wanted_at, s.expires_after, s.time_zone, NULL::loyalcs.business_hours) END AS too_late_at
                   OFFSET 0) w
         CROSS JOIN LATERAL followup_hindrance(f.customer_id, CASE WHEN s.of_order THEN a.order_id END,
                                               a.order_at IS NOT NULL AND NOT order_counts(a.order_at, a.cancelled_at, followups_looked_at.at),
                                               CASE WHEN s.of_order THEN a.order_at ELSE a.anchor_at END,
                                               f.channel, s.purpose, s.consent, s.exit_on_order, s.exit_on_return, w.too_late_at, s.hours,
                                               followups_looked_at.at) h
          LEFT JOIN LATERAL (
                    -- (unqualified: what a brand's own table lacks is that of the row around it)
                    SELECT u.*
                      FROM (SELECT NULL::text AS name, NULL::text AS email, NULL::text AS phone, NULL::jsonb AS attributes, NULL::text AS language) n
                     CROSS JOIN LATERAL (
                               SELECT CASE WHEN btrim(name, E' \t\r\n') <> '' THEN name END AS name,
                                      coalesce(language, attributes ->> 'language'::text) AS own_language,
                                      address_on(f.channel, email, phone, attributes) AS recipient
                                 FROM customers c
                                WHERE c.customer_id = f.customer_id
                                LIMIT 1) u) u ON true
         -- what else there is for that customer, read once
         CROSS JOIN LATERAL (
                   -- (a condition that is not known would have the dear one be asked)
                   SELECT bool_or(CASE WHEN o.outcome = 'undeliverable' AND o.channel = f.channel AND o.finished_at <= followups_looked_at.at
                                       THEN o.recipient_digest = address_digest(f.channel, u.recipient) END) IS TRUE AS undeliverable,
                          bool_or(o.step = f.step AND o.subject <> f.subject AND o.anchor_at = k.anchor_at
                                  AND (o.outcome = 'sent'
                                       OR l.leased AND (NOT k.is_leased OR o.followup_id < f.followup_id))) IS TRUE AS another,
                          least(s.per_day - count(*) FILTER (WHERE c.counts AND o.channel = f.channel AND c.today),
                                s.per_week - count(*) FILTER (WHERE c.counts AND o.channel = f.channel),
                                s.per_day_of_all - count(*) FILTER (WHERE c.counts AND c.today),
                                s.per_week_of_all - count(*) FILTER (WHERE c.counts)) AS cap_left
                     FROM followups o
                    CROSS JOIN LATERAL (SELECT o.finished_at IS NULL AND o.lease_until > followups_looked_at.at AS leased) l
                    CROSS JOIN LATERAL (
                              SELECT o.capped AND o.followup_id <> f.followup_id
                                     AND (l.leased OR o.outcome = 'sent' AND o.finished_at > s.week_from) AS counts,
                                     l.leased OR o.finished_at >= s.today_from AS today) c
                    -- (what waits, was dropped or failed is in nobody's way)
                    WHERE o.customer_id = f.customer_id
                      AND (o.lease_until > followups_looked_at.at OR o.outcome IN ('sent', 'undeliverable'))) o
         WHERE f.ctid = ANY (followups_looked_at.places)
        OFFSET 0
    ), behind AS (
        -- of several of one customer, which is rare, those of an instant that another has
        SELECT r.place
          FROM (SELECT g.place,
                       row_number() OVER (PARTITION BY g.customer_id, g.step, g.anchor_at, g.own_drop_reason IS NULL
                                          ORDER BY g.is_leased DESC, CASE WHEN g.is_leased THEN g.followup_id END, g.subject) AS n
                  FROM found g
                 WHERE g.customer_id IN (SELECT t.customer_id FROM found t GROUP BY t.customer_id HAVING count(*) > 1::bigint)) r
         WHERE r.n > 1::bigint
    ), judged AS (
        SELECT g.*,
               CASE WHEN g.own_drop_reason IS NULL AND g.consent <> 'not_needed' AND (g.another OR g.place IN (SELECT b.place FROM behind b))
                    THEN 'another of the same instant' ELSE g.own_drop_reason END AS drop_reason
          FROM found g
        OFFSET 0
    )
    SELECT j.place, j.followup_id, j.customer_id, j.step, j.subject, j.channel, j.failures, j.old_step_id, j.step_id, j.new_channel,
           j.kind, j.content_key, j.content_values, j.max_attempts, j.retry_after, j.capped, j.priority, j.cap_left,
           j.time_zone, j.anchor_at, j.due_at, j.too_late_at,
           j.anchor, j.order_id, j.ordered_at, j.shipped_at, j.delivered_at, j.amount, j.points, j.name, j.own_language, j.recipient, j.recipient_digest,
           e.eligible,
           e.eligible AND j.arm IS NULL AND j.holdout_share > 0::double precision
           AND loyalcs.in_sample(j.customer_id::text, 'holdout ' || j.step, j.holdout_share),
           CASE WHEN j.drop_reason IS NOT NULL THEN 'drop'
                WHEN NOT j.is_due OR j.new_channel <> j.channel OR j.paused THEN 'defer'
                WHEN j.recipient IS NULL THEN 'drop'
                WHEN j.undeliverable THEN 'defer'
                ELSE j.held_back END,
           CASE WHEN j.drop_reason IS NOT NULL THEN j.drop_reason
                WHEN NOT j.is_due THEN CASE WHEN j.is_wanted THEN 'outside of the send window' ELSE 'not due any more' END
                WHEN j.new_channel <> j.channel THEN 'on another channel now'
                WHEN j.paused THEN 'paused'
                WHEN j.recipient IS NULL THEN 'no address'
                WHEN j.undeliverable THEN 'undeliverable there'
                ELSE j.reason END,
           CASE WHEN NOT j.is_due THEN j.due_at
                WHEN j.new_channel <> j.channel THEN followups_looked_at.at
                WHEN j.paused OR j.undeliverable THEN followups_looked_at.at + interval '1 hour'
                ELSE coalesce(j.until, followups_looked_at.at + interval '1 hour') END
      FROM judged j
     CROSS JOIN LATERAL (SELECT j.drop_reason IS NULL AND j.is_due AND NOT j.paused AND j.held_back IS NULL AS eligible) e;
END
$$;
COMMENT ON FUNCTION followups_looked_at(tid[], text[], timestamptz) IS
    'follow-ups, where places says, of the steps of these names, as they stand at an instant: what they are for and to whom, and what holds them back: drop or defer, the reason and until when. Whether the step is in force, its reason stands (see followup_anchors()), it is still for that customer (followup_misfit()), nothing is in the way (followup_hindrance()) and there is an address. cap_left: so many more are within the frequency caps; NULL for any number. eligible: nothing but the lack of an address, or a cap, is against it; held_out: it is found now to be for nobody, to measure its effect';

-- (In plpgsql, so that it is planned when there is a problem, and not before.)
CREATE OR REPLACE FUNCTION template_problem(key text, written_in text, subject text, body text, required text[], "values" jsonb) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT "values" OPERATOR(pg_catalog.?&) required THEN
        RETURN pg_catalog.format('template %s (%s) needs a value for %s', quote_literal(key), written_in,
                      (SELECT string_agg(r, ', ') FROM pg_catalog.unnest(required) r WHERE NOT "values" OPERATOR(pg_catalog.?) r));
    END IF;
    RETURN pg_catalog.format('template %s (%s): ', quote_literal(key), written_in)
           || coalesce(loyalcs.render_problem(subject, "values"), loyalcs.render_problem(body, "values"));
END
$$;
COMMENT ON FUNCTION template_problem(text, text, text, text, text[], jsonb) IS
    'why a template of that name and language cannot be filled in with values, of which required must be there; NULL if it can';

-- Nothing is given before all is done: whoever calls it may catch an error and
-- give rows of its own. What is held back is known before a cap is counted: it uses
-- up no place.
CREATE OR REPLACE FUNCTION followups_handed_out(
    queue text,
    places tid[],
    step_names text[],
    worker text,
    leased_until timestamptz,
    at timestamptz
)
RETURNS TABLE (
    followup_id bigint,
    claim_key text,
    attempt integer,
    customer_id @key_type@,
    step text,
    subject text,
    channel text,
    due_at timestamptz,
    lease_until timestamptz,
    payload jsonb,
    priority integer
)
    LANGUAGE plpgsql ROWS 100
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET jit = off
    SET datestyle = 'ISO, YMD'
AS $$
#variable_conflict use_column
DECLARE
    numbers_are_unique constant boolean := EXISTS (SELECT FROM pg_constraint c
                                                    WHERE c.conrelid = 'followups'::regclass::oid AND c.contype = 'u' AND c.conname = 'followups_followup_id'::name);
BEGIN
    RETURN QUERY
    WITH messages AS MATERIALIZED (
        -- a template is looked up once, however many are told the same
        SELECT k.content_key, k.language, m.written_in, m.format, m.subject, m.body, m.required,
               m.placeholders OPERATOR(pg_catalog.&&) '{carrier,tracking,expected_on}'::text[] AS names_parcel,
               'items' = ANY (m.placeholders) AS names_items,
               'related' = ANY (m.placeholders) AS names_related
          FROM (SELECT s.content_key, z.language
                  FROM journey_steps s
                 CROSS JOIN settings z
                 WHERE s.step = ANY (followups_handed_out.step_names) AND s.valid OPERATOR(pg_catalog.@>) followups_handed_out.at
                UNION
                SELECT s.content_key, t.language
                  FROM journey_steps s
                  JOIN templates t ON t.key = s.content_key
                 WHERE s.step = ANY (followups_handed_out.step_names) AND s.valid OPERATOR(pg_catalog.@>) followups_handed_out.at) k
         CROSS JOIN LATERAL template_for(k.content_key, k.language) m
    ), filled AS MATERIALIZED (
        SELECT l.place, l.customer_id, l.followup_id, l.capped, l.priority, l.step_id, l.new_channel, l.anchor_at, l.due_at, l.too_late_at,
               l.failures, l.max_attempts, l.retry_after, l.recipient, l.eligible, l.held_out, l.held_back, l.reason, l.until, l.time_zone, l.cap_left,
               b.unreachable, b.problem, b.message
          FROM settings z
         CROSS JOIN followups_looked_at(followups_handed_out.places, followups_handed_out.step_names, followups_handed_out.at) l
         CROSS JOIN LATERAL (
                   SELECT l.held_back IS NULL AND l.held_out IS NOT TRUE AS goes,
                          coalesce(l.own_language, z.language) AS language
                   OFFSET 0) j
          LEFT JOIN LATERAL (
                    SELECT m.*
                      FROM messages m
                     WHERE j.goes AND m.content_key = l.content_key AND m.language = j.language
                    UNION ALL
                    -- (of a language that is written in another way, or that no template has)
                    SELECT m.*
                      FROM template_for(l.content_key, j.language) t
                      JOIN messages m ON m.content_key = l.content_key AND m.language = t.written_in
                     WHERE j.goes
                     LIMIT 1) m ON true
          LEFT JOIN LATERAL (
                    SELECT CASE WHEN m.names_parcel
                                THEN l.content_values
                                     || (SELECT jsonb_strip_nulls(pg_catalog.jsonb_build_object(
                                                    'carrier', string_agg(DISTINCT p.carrier, ', '),
                                                    'tracking', string_agg(p.tracking, ', ' ORDER BY p.parcel),
                                                    'expected_on', max(p.expected_on)))
                                           -- (a relation that serves as shipments may do without the number)
                                           FROM (SELECT NULL::text AS tracking) none
                                          CROSS JOIN LATERAL (SELECT s.parcel, s.carrier, s.expected_on, tracking
                                                                FROM shipments s
                                                               WHERE s.customer_id = l.customer_id AND s.order_id = l.order_id) p)
                                ELSE l.content_values END AS content,
                           -- (in the order in which jsonb keeps names, so that there is nothing to sort)
                           '{name,items,amount,points,related,subject,currency,last_day,order_id,recipient,ticket_id,ordered_on,shipped_on,anchored_on,delivered_on}'::text[] AS names,
                           ARRAY[l.name,
                                 CASE WHEN m.names_items THEN
                                     (SELECT string_agg(coalesce(i.product_name, i.product_id) || ' x ' || i.quantity::text, E'\n' ORDER BY i.line)
                                        FROM order_items i
                                       WHERE i.customer_id = l.customer_id AND i.order_id = l.order_id) END,
                                 to_char(l.amount, CASE WHEN l.amount = trunc(l.amount) THEN 'FM9,999,999,999,990'
                                                        ELSE 'FM9,999,999,999,990.00' END),
                                 to_char(l.points, 'FM9,999,999,999,999,999,990'),
                                 CASE WHEN m.names_related THEN offers_in_words(l.customer_id, followups_handed_out.at) END,
                                 l.subject, z.currency,
                                 CASE WHEN l.points IS NOT NULL
                                      THEN loyalcs.local_date(l.anchor_at - interval '1 microsecond', l.time_zone)::text END,
                                 l.order_id, l.recipient,
                                 CASE WHEN l.anchor = 'ticket_resolved' THEN l.subject END,
                                 loyalcs.local_date(l.ordered_at, l.time_zone)::text,
                                 loyalcs.local_date(l.shipped_at, l.time_zone)::text,
                                 loyalcs.local_date(l.anchor_at, l.time_zone)::text,
                                 loyalcs.local_date(coalesce(l.delivered_at, CASE l.anchor WHEN 'delivered' THEN l.anchor_at END), l.time_zone)::text] AS texts
                    OFFSET 0) v ON j.goes
         CROSS JOIN LATERAL (
                   SELECT r.problem IS NOT NULL AS unreachable,
                          r.message,
                          CASE WHEN NOT j.goes OR r.message IS NOT NULL THEN NULL
                               WHEN r.problem IS NOT NULL THEN r.problem
                               WHEN r.is_another
                                   THEN pg_catalog.format('another follow-up has its number, %s', l.followup_id)
                               WHEN m.body IS NULL THEN pg_catalog.format('there is no template %s', quote_literal(l.content_key))
                               ELSE template_problem(l.content_key, m.written_in, m.subject, m.body, m.required,
                                                     loyalcs.put_texts(v.content, v.names, v.texts))
                          END AS problem
                     FROM (SELECT r.problem, r.is_another,
                                  CASE WHEN j.goes AND r.problem IS NULL AND r.is_another IS NOT TRUE
                                       THEN loyalcs.message(
                                           m.subject, m.body, m.format = 'html', v.content, v.names, v.texts,
                                           '{kind,format,channel,language,recipient,content_key}'::text[],
                                           ARRAY[l.kind, m.format, followups_handed_out.queue, m.written_in, l.recipient, l.content_key]) END AS message
                             FROM (SELECT CASE WHEN j.goes THEN recipient_problem(followups_handed_out.queue, l.recipient) END AS problem,
                                          CASE WHEN j.goes AND NOT numbers_are_unique
                                               THEN EXISTS (SELECT FROM followups g WHERE g.followup_id = l.followup_id AND g.ctid <> l.place) END AS is_another
                                   OFFSET 0) r
                           OFFSET 0) r
                   OFFSET 0) b
    ), over_cap AS (
        -- of several of one customer, which is rare, those that come too late for a place
        SELECT p.place
          FROM (SELECT c.place, c.cap_left,
                       row_number() OVER (PARTITION BY c.customer_id, c.capped, c.message IS NOT NULL
                                          ORDER BY c.priority DESC, c.followup_id) AS n
                  FROM filled c
                 WHERE c.customer_id IN (SELECT t.customer_id FROM filled t GROUP BY t.customer_id HAVING count(*) > 1::bigint)) p
         WHERE p.n > p.cap_left
    )
    UPDATE followups f
       SET step_id = coalesce(w.step_id, f.step_id),
           channel = coalesce(w.new_channel, f.channel),
           capped = w.capped,
           priority = w.priority,
           anchor_at = w.anchor_at,
           due_at = coalesce(w.due_at, f.due_at),
           too_late_at = coalesce(w.too_late_at, f.too_late_at),
           arm = CASE WHEN w.eligible AND f.arm IS NULL THEN CASE WHEN w.held_out THEN 'held_out' ELSE 'send' END ELSE f.arm END,
           eligible_at = CASE WHEN w.eligible AND f.arm IS NULL THEN followups_handed_out.at ELSE f.eligible_at END,
           attempts = f.attempts + CASE WHEN w.payload IS NULL THEN 0 ELSE 1 END,
           claim_key = CASE WHEN w.payload IS NULL THEN f.claim_key
                            ELSE f.followup_id::text || '.' || (f.attempts + 1)::text END,
           reported = CASE WHEN w.payload IS NULL THEN f.reported END,
           worker = CASE WHEN w.payload IS NULL THEN f.worker ELSE followups_handed_out.worker END,
           lease_until = CASE WHEN w.payload IS NULL THEN f.lease_until ELSE followups_handed_out.leased_until END,
           recipient_digest = CASE WHEN w.payload IS NULL AND w.unreachable IS NOT TRUE THEN f.recipient_digest
                                   ELSE address_digest(f.channel, w.recipient) END,
           failures = f.failures + CASE WHEN w.problem IS NULL OR w.unreachable THEN 0 ELSE 1 END,
           detail = coalesce(w.problem, f.detail),
           reason = w.reason,
           claimable_at = CASE
               WHEN w.payload IS NOT NULL THEN followups_handed_out.leased_until
               WHEN w.problem IS NOT NULL THEN followups_handed_out.at
                   + make_interval(secs => EXTRACT(epoch FROM coalesce(w.retry_after, interval '5 minutes'))::double precision)
               ELSE w.until END,
           finished_at = CASE WHEN w.outcome IS NOT NULL THEN followups_handed_out.at END,
           outcome = w.outcome
      -- (no more of it than is asked for: an UPDATE keeps all of what it takes from)
      FROM (SELECT j.place, j.step_id, j.new_channel, j.capped, j.priority, j.anchor_at, j.due_at, j.too_late_at, j.eligible, j.held_out,
                   j.unreachable, j.recipient, j.problem, j.retry_after,
                   CASE WHEN NOT k.over THEN j.message END AS payload,
                   CASE WHEN j.held_out THEN 'held out' WHEN k.over THEN 'frequency cap' ELSE j.reason END AS reason,
                   CASE WHEN k.over THEN (loyalcs.local_date(followups_handed_out.at, j.time_zone) + 1)::timestamp AT TIME ZONE j.time_zone
                        ELSE j.until END AS until,
                   CASE WHEN j.held_out OR j.held_back = 'drop' THEN 'dropped'
                        WHEN j.unreachable THEN 'undeliverable'
                        WHEN j.problem IS NOT NULL AND j.failures + 1 >= coalesce(j.max_attempts, 5) THEN 'failed' END AS outcome
              FROM filled j
             CROSS JOIN LATERAL (
                       SELECT j.message IS NOT NULL AND j.capped
                              AND (j.cap_left < 1::bigint OR j.place IN (SELECT p.place FROM over_cap p)) IS TRUE AS over
                       OFFSET 0) k
            OFFSET 0) w
     WHERE f.ctid = w.place
    RETURNING f.followup_id, f.claim_key, f.attempts, f.customer_id, f.step, f.subject, f.channel,
              f.due_at, f.lease_until, w.payload, f.priority;
END
$$;
COMMENT ON FUNCTION followups_handed_out(text, tid[], text[], text, timestamptz, timestamptz) IS
    'hands out the follow-ups of a channel that its caller has locked where places says, of the steps of these names, and changes all of them. Those with a payload are the worker''s; what is held back is dropped or put off, what cannot be written or has no proper recipient is given up or tried later, with the problem as its detail. An error is about one of them, or more. claim_followups() calls it';

-- (Somebody else may have taken it since: then it is theirs.)
CREATE OR REPLACE FUNCTION put_off_followup(place tid, problem text, at timestamptz) RETURNS void
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    UPDATE followups f
       SET detail = put_off_followup.problem,
           reason = NULL,
           failures = f.failures + 1,
           claimable_at = put_off_followup.at
               + make_interval(secs => EXTRACT(epoch FROM coalesce((SELECT s.retry_after FROM journey_steps s WHERE s.step_id = f.step_id),
                                                                  interval '5 minutes'))::double precision),
           finished_at = CASE WHEN f.failures + 1 >= m.max_attempts THEN put_off_followup.at END,
           outcome = CASE WHEN f.failures + 1 >= m.max_attempts THEN 'failed' END
      FROM (SELECT coalesce((SELECT s.max_attempts
                               FROM followups o
                               JOIN journey_steps s ON s.step_id = o.step_id
                              WHERE o.ctid = put_off_followup.place), 5) AS max_attempts) m
     WHERE f.ctid = put_off_followup.place
       AND f.finished_at IS NULL AND f.claimable_at <= put_off_followup.at;
END;
COMMENT ON FUNCTION put_off_followup(tid, text, timestamptz) IS
    'counts a failure of a follow-up that could not be handed out, and says why in its detail; it is claimed again later, or given up after its step''s max_attempts';

-- Each statement has one plan for all calls of a session, made perhaps when there
-- were hardly any rows: hence no sequential scan where there is an index. (Where
-- there is none, that makes a plan look dear enough for jit.)
--
-- One row that nobody foresaw must not stop the others: if handing out a batch is
-- an error of its data, half as many are tried, down to the one that is to blame.
-- A batch is locked in the subtransaction that changes it; in another one, every
-- row would have two transactions to keep.
CREATE OR REPLACE FUNCTION claim_followups(
    only_channel text DEFAULT NULL,
    at_most bigint DEFAULT 100,
    worker text DEFAULT current_user,
    lease interval DEFAULT interval '5 minutes',
    at timestamptz DEFAULT now()
)
RETURNS TABLE (
    followup_id bigint,
    claim_key text,
    attempt integer,
    customer_id @key_type@,
    step text,
    subject text,
    channel text,
    due_at timestamptz,
    lease_until timestamptz,
    payload jsonb
)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    -- (a day of a lease or of a wait is 24 hours, whatever the session's time zone)
    leased_until constant timestamptz := claim_followups.at + make_interval(secs => EXTRACT(epoch FROM lease)::double precision);
    wanted bigint := claim_followups.at_most;
    batch bigint := wanted;
    queue text;
    level integer;
    -- where the rows are that this transaction has locked: they stay there until it changes them
    places tid[];
    step_names text[];
    claimed bigint;
    queued bigint;
BEGIN
    PERFORM check_claim('follow-ups', only_channel, wanted, lease);
    PERFORM check_settings(claim_followups.at);
    IF NOT followups_are_queued(claim_followups.at - interval '1 minute') THEN
        BEGIN
            PERFORM queue_followups(claim_followups.at);
        EXCEPTION WHEN data_exception OR program_limit_exceeded OR internal_error THEN
            -- what waits goes out first; once nothing does, the error is raised
            NULL;
        END;
    END IF;
    LOOP
        FOR queue IN
            SELECT c.channel FROM channels c
             WHERE only_channel IS NULL OR c.channel = only_channel
             ORDER BY c.channel
        LOOP
            LOOP
                places := '{}';
                level := NULL;
                BEGIN
                    -- by priority, each of them by index: what waits for later is not passed over
                    LOOP
                        level := (SELECT f.priority
                                    FROM followups f
                                   WHERE f.finished_at IS NULL AND f.channel = queue AND f.priority < coalesce(level::bigint, 2147483648)
                                   ORDER BY f.priority DESC
                                   LIMIT 1);
                        EXIT WHEN level IS NULL;
                        places := places OPERATOR(pg_catalog.||)
                            ARRAY(SELECT f.ctid
                                    FROM followups f
                                   WHERE f.finished_at IS NULL AND f.channel = queue AND f.priority = level
                                     AND f.claimable_at <= claim_followups.at
                                   ORDER BY f.claimable_at
                                   LIMIT least(wanted, batch) - pg_catalog.cardinality(places)
                                     FOR UPDATE SKIP LOCKED);
                        EXIT WHEN pg_catalog.cardinality(places) = least(wanted, batch);
                    END LOOP;
                    EXIT WHEN pg_catalog.cardinality(places) = 0;
                    step_names := ARRAY(SELECT DISTINCT f.step FROM followups f WHERE f.ctid = ANY (places));
                    RETURN QUERY
                    SELECT h.followup_id, h.claim_key, h.attempt, h.customer_id, h.step, h.subject, h.channel, h.due_at, h.lease_until, h.payload
                      FROM followups_handed_out(queue, places, step_names, claim_followups.worker, leased_until, claim_followups.at) h
                     WHERE h.payload IS NOT NULL
                     ORDER BY h.priority DESC, h.due_at, h.followup_id;
                    GET DIAGNOSTICS claimed = ROW_COUNT;
                    wanted := wanted - claimed;
                    batch := least(batch * 2, claim_followups.at_most);
                EXCEPTION WHEN data_exception OR program_limit_exceeded OR internal_error OR raise_exception THEN
                    batch := pg_catalog.cardinality(places) / 2;
                    IF batch = 0 THEN
                        IF pg_catalog.cardinality(places) = 0 THEN
                            RAISE;
                        END IF;
                        batch := 1;
                        PERFORM put_off_followup(places[1], 'cannot be handed out: ' || left(SQLERRM, 1000), claim_followups.at);
                    END IF;
                END;
                IF wanted = 0 THEN
                    RETURN;
                END IF;
            END LOOP;
        END LOOP;
        BEGIN
            queued := queue_followups(claim_followups.at);
        EXCEPTION WHEN data_exception OR program_limit_exceeded OR internal_error THEN
            IF wanted = claim_followups.at_most THEN
                RAISE;
            END IF;
            RETURN;
        END;
        EXIT WHEN coalesce(queued, 0::bigint) = 0::bigint;
    END LOOP;
END
$$;
COMMENT ON FUNCTION claim_followups(text, bigint, text, interval, timestamptz) IS
    'work for one worker: up to at_most follow-ups of a channel (NULL: of all) that are due and that nothing holds back, each with its message in payload: kind, channel, language, format, recipient, subject, body, content_key, values. The subject is one line, the recipient one address, see recipient_problem(). What cannot be handed out holds up nothing else: it is given up or tried later, and followups.detail says why. They are its own until the lease runs out; then they are claimed again. To be reported with complete_followup() and the claim_key';
