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
    arm text,
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
    holdout_share double precision,
    per_day integer,
    per_week integer,
    per_day_of_all integer,
    per_week_of_all integer,
    sent_today bigint,
    sent bigint,
    sent_today_of_all bigint,
    sent_of_all bigint,
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
    held_back text,
    reason text,
    until timestamptz
)
    LANGUAGE plpgsql STABLE
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
               s.per_day, s.per_week, s.per_day_of_all, s.per_week_of_all, s.time_zone,
               date_trunc('day', followups_looked_at.at, s.time_zone) AS today_from,
               followups_looked_at.at - interval '168 hours' AS week_from,
               k.recency AS recency_cuts, k.frequency AS frequency_cuts, k.monetary AS monetary_cuts
          FROM followup_steps(followups_looked_at.at) s
          LEFT JOIN kept_rfm_cuts(followups_looked_at.at) k ON s.segments IS NOT NULL
         WHERE s.valid OPERATOR(pg_catalog.@>) followups_looked_at.at
           AND s.step = ANY (followups_looked_at.step_names)
    ), others AS MATERIALIZED (
        SELECT n.* FROM other_anchors_looked_at(followups_looked_at.places, followups_looked_at.at) n
    ), found AS (
        SELECT f.ctid AS place, f.followup_id, f.customer_id, f.step, f.subject, f.channel, f.failures, f.arm, f.step_id AS old_step_id, f.recipient_digest,
               s.step_id, s.channel AS new_channel, s.kind, s.content_key, s.content_values, s.max_attempts, s.retry_after,
               coalesce(s.capped, f.capped) AS capped, coalesce(s.priority, f.priority) AS priority,
               s.holdout_share, s.per_day, s.per_week, s.per_day_of_all, s.per_week_of_all, s.time_zone, s.today_from, s.week_from, s.paused, s.consent,
               coalesce(f.lease_until > followups_looked_at.at, false) AS is_leased,
               coalesce(a.anchor_at, f.anchor_at) AS anchor_at,
               w.due_at, w.too_late_at, w.due_at <= followups_looked_at.at AS is_due, v.wanted_at <= followups_looked_at.at AS is_wanted,
               s.anchor, CASE WHEN s.of_order THEN a.order_id END AS order_id, CASE WHEN s.of_order THEN a.order_at END AS ordered_at,
               a.shipped_at, a.delivered_at, a.amount, a.points,
               u.name, u.own_language, u.recipient,
               CASE WHEN s.step_id IS NULL THEN 'step ended'
                    WHEN a.subject IS NULL THEN
                        CASE WHEN s.of_order AND NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = f.customer_id AND o.order_id = f.subject)
                             THEN 'order gone' ELSE anchor_gone(s.anchor) END
                    WHEN h.held_back = 'drop' THEN h.reason
                    ELSE m.reason END AS own_drop_reason,
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
         CROSS JOIN LATERAL (SELECT a.anchor_at = f.anchor_at AND s.step_id = f.step_id AND NOT s.by_calendar AS same OFFSET 0) k
         CROSS JOIN LATERAL (
                   SELECT CASE WHEN k.same THEN f.due_at
                               ELSE followup_wanted_at(a.anchor_at, s.delay, s.replaced_delay, s.valid, s.time_zone) END AS wanted_at
                   OFFSET 0) v
         CROSS JOIN LATERAL (
                   SELECT CASE WHEN k.same THEN f.due_at
                               ELSE coalesce(loyalcs.try_followup_due(v.wanted_at, interval '0', s.time_zone, s.hours), v.wanted_at) END AS due_at,
                          CASE WHEN k.same THEN f.too_late_at
                               ELSE loyalcs.try_followup_due(v.wanted_at, s.expires_after, s.time_zone, NULL::loyalcs.business_hours) END AS too_late_at
                   OFFSET 0) w
         CROSS JOIN LATERAL followup_hindrance(f.customer_id, CASE WHEN s.of_order THEN a.order_id END,
                                               a.order_at IS NOT NULL AND NOT order_counts(a.order_at, a.cancelled_at, followups_looked_at.at),
                                               CASE WHEN s.of_order THEN a.order_at ELSE a.anchor_at END,
                                               f.channel, s.purpose, s.consent, s.exit_on_order, s.exit_on_return, w.too_late_at, s.hours,
                                               followups_looked_at.at) h
         CROSS JOIN LATERAL followup_misfit(f.customer_id, s.anchor, a.order_id, a.order_at, a.cancelled_at, a.amount, s.nth, s.min_amount,
                                            s.orders_from, s.orders_to, s.tiers, s.segments, s.recency_cuts, s.frequency_cuts, s.monetary_cuts,
                                            followups_looked_at.at) m
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
         WHERE f.ctid = ANY (followups_looked_at.places)
        OFFSET 0
    ), judged AS (
        SELECT g.*, o.undeliverable, o.sent_today, o.sent, o.sent_today_of_all, o.sent_of_all,
               CASE WHEN g.own_drop_reason IS NULL AND g.consent <> 'not_needed'
                         AND (o.another
                              OR row_number() OVER (PARTITION BY g.customer_id, g.step, g.anchor_at, g.own_drop_reason IS NULL
                                                    ORDER BY g.is_leased DESC, CASE WHEN g.is_leased THEN g.followup_id END, g.subject) > 1::bigint)
                    THEN 'another of the same instant' ELSE g.own_drop_reason END AS drop_reason
          FROM found g
          -- what else there is for that customer, read once
         CROSS JOIN LATERAL (
                   -- (a condition that is not known would have the dear one be asked)
                   SELECT bool_or(CASE WHEN o.outcome = 'undeliverable' AND o.channel = g.channel AND o.finished_at <= followups_looked_at.at
                                       THEN o.recipient_digest = address_digest(g.channel, g.recipient) END) IS TRUE AS undeliverable,
                          bool_or(o.step = g.step AND o.subject <> g.subject AND o.anchor_at = g.anchor_at
                                  AND (o.outcome = 'sent'
                                       OR l.leased AND (NOT g.is_leased OR o.followup_id < g.followup_id))) IS TRUE AS another,
                          count(*) FILTER (WHERE c.counts AND o.channel = g.channel AND c.today) AS sent_today,
                          count(*) FILTER (WHERE c.counts AND o.channel = g.channel) AS sent,
                          count(*) FILTER (WHERE c.counts AND c.today) AS sent_today_of_all,
                          count(*) FILTER (WHERE c.counts) AS sent_of_all
                     FROM followups o
                    CROSS JOIN LATERAL (SELECT o.finished_at IS NULL AND o.lease_until > followups_looked_at.at AS leased) l
                    CROSS JOIN LATERAL (
                              SELECT o.capped AND o.followup_id <> g.followup_id
                                     AND (l.leased OR o.outcome = 'sent' AND o.finished_at > g.week_from) AS counts,
                                     l.leased OR o.finished_at >= g.today_from AS today) c
                    -- (what waits, was dropped or failed is in nobody's way)
                    WHERE o.customer_id = g.customer_id
                      AND (o.lease_until > followups_looked_at.at OR o.outcome IN ('sent', 'undeliverable'))) o
        OFFSET 0
    )
    SELECT j.place, j.followup_id, j.customer_id, j.step, j.subject, j.channel, j.failures, j.arm, j.old_step_id, j.step_id, j.new_channel,
           j.kind, j.content_key, j.content_values, j.max_attempts, j.retry_after, j.capped, j.priority,
           j.holdout_share, j.per_day, j.per_week, j.per_day_of_all, j.per_week_of_all,
           j.sent_today, j.sent, j.sent_today_of_all, j.sent_of_all, j.time_zone, j.anchor_at, j.due_at, j.too_late_at,
           j.anchor, j.order_id, j.ordered_at, j.shipped_at, j.delivered_at, j.amount, j.points, j.name, j.own_language, j.recipient, j.recipient_digest,
           j.drop_reason IS NULL AND j.is_due AND NOT j.paused AND j.held_back IS NULL,
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
      FROM judged j;
END
$$;
COMMENT ON FUNCTION followups_looked_at(tid[], text[], timestamptz) IS
    'follow-ups, where places says, of the steps of these names, as they stand at an instant: what they are for and to whom, and what holds them back: drop or defer, the reason and until when. Whether the step is in force, its reason stands (see followup_anchors()), it is still for that customer (followup_misfit()), nothing is in the way (followup_hindrance()) and there is an address. eligible: nothing but the lack of an address, or a cap, is against it';

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
    payload jsonb
)
    LANGUAGE plpgsql
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
    WITH judged AS (
        SELECT t.*, z.currency, coalesce(t.own_language, z.language) AS language,
               t.held_back IS NULL AND t.held_out IS NOT TRUE AS goes
          FROM (SELECT l.*,
                       l.eligible AND l.arm IS NULL AND l.holdout_share > 0::double precision
                       AND loyalcs.in_sample(l.customer_id::text, 'holdout ' || l.step, l.holdout_share) AS held_out
                  FROM followups_looked_at(followups_handed_out.places, followups_handed_out.step_names, followups_handed_out.at) l
                OFFSET 0) t
         CROSS JOIN settings z
        OFFSET 0
    ), messages AS MATERIALIZED (
        -- a template is looked up once, however many are told the same
        SELECT k.content_key, k.language, m.*
          FROM (SELECT DISTINCT j.content_key, j.language FROM judged j WHERE j.goes) k
         CROSS JOIN LATERAL template_for(k.content_key, k.language) m
    ), filled AS (
        SELECT j.*, b.unreachable, b.problem, b.message,
               row_number() OVER (PARTITION BY j.customer_id, j.capped, b.message IS NOT NULL
                                  ORDER BY j.priority DESC, j.followup_id) AS place_of_cap
          FROM judged j
          LEFT JOIN messages m ON j.goes AND m.content_key = j.content_key AND m.language = j.language
          LEFT JOIN LATERAL (
                    SELECT CASE WHEN m.placeholders OPERATOR(pg_catalog.&&) '{carrier,tracking,expected_on}'::text[]
                                THEN j.content_values
                                     || (SELECT jsonb_strip_nulls(pg_catalog.jsonb_build_object(
                                                    'carrier', string_agg(DISTINCT p.carrier, ', '),
                                                    'tracking', string_agg(p.tracking, ', ' ORDER BY p.parcel),
                                                    'expected_on', max(p.expected_on)))
                                           -- (a relation that serves as shipments may do without the number)
                                           FROM (SELECT NULL::text AS tracking) none
                                          CROSS JOIN LATERAL (SELECT s.parcel, s.carrier, s.expected_on, tracking
                                                                FROM shipments s
                                                               WHERE s.customer_id = j.customer_id AND s.order_id = j.order_id) p)
                                ELSE j.content_values END AS content,
                           -- (in the order in which jsonb keeps names, so that there is nothing to sort)
                           '{name,items,amount,points,related,subject,currency,last_day,order_id,recipient,ticket_id,ordered_on,shipped_on,anchored_on,delivered_on}'::text[] AS names,
                           ARRAY[j.name,
                                 CASE WHEN 'items' = ANY (m.placeholders) THEN
                                     (SELECT string_agg(coalesce(l.product_name, l.product_id) || ' x ' || l.quantity::text, E'\n' ORDER BY l.line)
                                        FROM order_items l
                                       WHERE l.customer_id = j.customer_id AND l.order_id = j.order_id) END,
                                 to_char(j.amount, CASE WHEN j.amount = trunc(j.amount) THEN 'FM9,999,999,999,990'
                                                        ELSE 'FM9,999,999,999,990.00' END),
                                 to_char(j.points, 'FM9,999,999,999,999,999,990'),
                                 CASE WHEN 'related' = ANY (m.placeholders) THEN offers_in_words(j.customer_id, followups_handed_out.at) END,
                                 j.subject, j.currency,
                                 CASE WHEN j.points IS NOT NULL
                                      THEN loyalcs.local_date(j.anchor_at - interval '1 microsecond', j.time_zone)::text END,
                                 j.order_id, j.recipient,
                                 CASE WHEN j.anchor = 'ticket_resolved' THEN j.subject END,
                                 loyalcs.local_date(j.ordered_at, j.time_zone)::text,
                                 loyalcs.local_date(j.shipped_at, j.time_zone)::text,
                                 loyalcs.local_date(j.anchor_at, j.time_zone)::text,
                                 loyalcs.local_date(coalesce(j.delivered_at, CASE j.anchor WHEN 'delivered' THEN j.anchor_at END), j.time_zone)::text] AS texts
                    OFFSET 0) v ON j.goes
         CROSS JOIN LATERAL (
                   SELECT r.problem IS NOT NULL AS unreachable,
                          r.message,
                          CASE WHEN NOT j.goes OR r.message IS NOT NULL THEN NULL
                               WHEN r.problem IS NOT NULL THEN r.problem
                               WHEN r.is_another
                                   THEN pg_catalog.format('another follow-up has its number, %s', j.followup_id)
                               WHEN m.body IS NULL THEN pg_catalog.format('there is no template %s', quote_literal(j.content_key))
                               ELSE template_problem(j.content_key, m.written_in, m.subject, m.body, m.required,
                                                     loyalcs.put_texts(v.content, v.names, v.texts))
                          END AS problem
                     FROM (SELECT r.problem, r.is_another,
                                  CASE WHEN j.goes AND r.problem IS NULL AND r.is_another IS NOT TRUE
                                       THEN loyalcs.message(
                                           m.subject, m.body, m.format = 'html', v.content, v.names, v.texts,
                                           '{kind,format,channel,language,recipient,content_key}'::text[],
                                           ARRAY[j.kind, m.format, followups_handed_out.queue, m.written_in, j.recipient, j.content_key]) END AS message
                             FROM (SELECT CASE WHEN j.goes THEN recipient_problem(followups_handed_out.queue, j.recipient) END AS problem,
                                          CASE WHEN j.goes AND NOT numbers_are_unique
                                               THEN EXISTS (SELECT FROM followups g WHERE g.followup_id = j.followup_id AND g.ctid <> j.place) END AS is_another
                                   OFFSET 0) r
                           OFFSET 0) r
                   OFFSET 0) b
        OFFSET 0
    ), written AS (
        SELECT j.*,
               CASE WHEN j.held_out THEN 'drop' WHEN k.over THEN 'defer' ELSE j.held_back END AS held_back_now,
               CASE WHEN j.held_out THEN 'held out' WHEN k.over THEN 'frequency cap' ELSE j.reason END AS reason_now,
               CASE WHEN k.over THEN (loyalcs.local_date(followups_handed_out.at, j.time_zone) + 1)::timestamp AT TIME ZONE j.time_zone
                    ELSE j.until END AS until_now,
               CASE WHEN NOT k.over THEN j.message END AS payload
          FROM filled j
         CROSS JOIN LATERAL (
                   SELECT j.message IS NOT NULL AND j.capped
                          AND (j.sent_today + j.place_of_cap > j.per_day OR j.sent + j.place_of_cap > j.per_week
                               OR j.sent_today_of_all + j.place_of_cap > j.per_day_of_all
                               OR j.sent_of_all + j.place_of_cap > j.per_week_of_all) IS TRUE AS over
                   OFFSET 0) k
        OFFSET 0
    ), changed AS (
        UPDATE followups f
           SET step_id = coalesce(w.step_id, f.step_id),
               channel = coalesce(w.new_channel, f.channel),
               capped = w.capped,
               priority = w.priority,
               anchor_at = w.anchor_at,
               due_at = coalesce(w.due_at, f.due_at),
               too_late_at = coalesce(w.too_late_at, f.too_late_at),
               arm = CASE WHEN w.becomes_eligible THEN CASE WHEN w.held_out THEN 'held_out' ELSE 'send' END ELSE f.arm END,
               eligible_at = CASE WHEN w.becomes_eligible THEN followups_handed_out.at ELSE f.eligible_at END,
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
               reason = w.reason_now,
               claimable_at = CASE
                   WHEN w.payload IS NOT NULL THEN followups_handed_out.leased_until
                   WHEN w.problem IS NOT NULL THEN followups_handed_out.at
                       + make_interval(secs => EXTRACT(epoch FROM coalesce(w.retry_after, interval '5 minutes'))::double precision)
                   ELSE w.until_now END,
               finished_at = CASE WHEN w.outcome IS NOT NULL THEN followups_handed_out.at END,
               outcome = w.outcome
          -- (no more of it than is asked for: an UPDATE keeps all of what it takes from)
          FROM (SELECT w.place, w.step_id, w.new_channel, w.capped, w.priority, w.anchor_at, w.due_at, w.too_late_at, w.held_out, w.payload,
                       w.unreachable, w.recipient, w.problem, w.reason_now, w.until_now, w.retry_after,
                       w.eligible AND w.arm IS NULL AS becomes_eligible,
                       CASE WHEN w.held_back_now = 'drop' THEN 'dropped'
                            WHEN w.unreachable THEN 'undeliverable'
                            WHEN w.problem IS NOT NULL AND w.failures + 1 >= coalesce(w.max_attempts, 5) THEN 'failed' END AS outcome
                  FROM written w) w
         WHERE f.ctid = w.place
        RETURNING f.followup_id, f.claim_key, f.attempts, f.customer_id, f.step, f.subject, f.channel,
                  f.priority, f.due_at, f.lease_until, w.payload
    )
    SELECT c.followup_id, c.claim_key, c.attempts, c.customer_id, c.step, c.subject, c.channel,
           c.due_at, c.lease_until, c.payload
      FROM changed c
     WHERE c.payload IS NOT NULL
     ORDER BY c.priority DESC, c.due_at, c.followup_id;
END
$$;
COMMENT ON FUNCTION followups_handed_out(text, tid[], text[], text, timestamptz, timestamptz) IS
    'hands out the follow-ups of a channel that its caller has locked where places says, of the steps of these names, and changes all of them: what is held back is dropped or put off, what cannot be written or has no proper recipient is given up or tried later, with the problem as its detail. An error is about one of them, or more. claim_followups() calls it';

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
                    SELECT h.* FROM followups_handed_out(queue, places, step_names, claim_followups.worker, leased_until, claim_followups.at) h;
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
