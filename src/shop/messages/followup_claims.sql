-- shop/followup_claims.sql
--
-- Work handed out: what is due is queued, and each follow-up goes to one worker
-- at a time, with its message, once it has been looked at again.
-- Needs: customers, orders, offers, templates, journeys, followups.

--@ functions
CREATE OR REPLACE FUNCTION queue_followups(at timestamptz DEFAULT now()) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    queued bigint;
BEGIN
    IF NOT take_turn('queue_followups', false) THEN
        RETURN NULL;
    END IF;
    BEGIN
        INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at,
                               queued_at, claimable_at, finished_at, outcome, reason, arm, eligible_at)
        SELECT c.customer_id, c.step, c.subject, c.step_id, c.channel, c.capped, c.priority, c.anchor_at, c.due_at, c.too_late_at,
               queue_followups.at, c.due_at,
               CASE c.held_back WHEN 'drop' THEN queue_followups.at END,
               CASE c.held_back WHEN 'drop' THEN 'dropped' END,
               c.reason, c.arm, CASE WHEN c.arm IS NOT NULL THEN queue_followups.at END
          FROM followups_considered(queue_followups.at, interval '168 hours') c
         WHERE NOT c.queued AND (c.held_back IS DISTINCT FROM 'defer' OR c.arm IS NOT NULL)
            ON CONFLICT (customer_id, step, subject) DO NOTHING;
        GET DIAGNOSTICS queued = ROW_COUNT;
    EXCEPTION
        WHEN unique_violation THEN
            PERFORM refuse_old_number('followups');
    END;
    RETURN queued;
END
$$;
COMMENT ON FUNCTION queue_followups(timestamptz) IS
    'writes what is due, and what is dropped, into followups, where it waits to be claimed; gives how many, NULL if another session is just doing it. Who may be written to then is eligible from then on, and has an arm that stays: to be sent it, if only after a frequency cap, or held out. claim_followups() calls it when there is nothing left to claim, and once a minute';

-- A function of its own, so that its plan is no part of a claim that needs none.
CREATE OR REPLACE FUNCTION offers_in_words(customer @key_type@, as_of timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT string_agg(coalesce(n.product_name, n.product_id), ', ')
      FROM next_offers(offers_in_words.customer, 3, offers_in_words.as_of) n;
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
            USING ERRCODE = 'no_data_found',
                  HINT = 'The owner of the shop says INSERT INTO settings (time_zone, currency) what they were.';
    END IF;
END
$$;
COMMENT ON FUNCTION check_settings(timestamptz) IS
    'an error if the shop has no settings, or a time zone that the server does not know';

CREATE OR REPLACE FUNCTION check_claim(what text, only_channel text, "limit" integer, lease interval) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF "limit" IS NULL OR "limit" < 1 OR "limit" > 10000 THEN
        RAISE EXCEPTION 'cannot claim % %', coalesce("limit"::text, 'NULL'), what
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Claim 1 to 10000 at a time.';
    END IF;
    IF lease IS NULL OR lease <= interval '0' THEN
        RAISE EXCEPTION 'a lease must last'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = pg_catalog.format('It is %s.', coalesce(lease::text, 'NULL'));
    END IF;
    IF only_channel IS NOT NULL AND NOT EXISTS (SELECT FROM channels c WHERE c.channel = only_channel) THEN
        RAISE EXCEPTION 'unknown channel %', quote_literal(only_channel)
            USING ERRCODE = 'undefined_object', HINT = 'The table channels lists them; NULL is all.';
    END IF;
END
$$;
COMMENT ON FUNCTION check_claim(text, text, integer, interval) IS
    'refuses what nobody can claim: a number, a lease or a channel';

-- Nothing is given before all is done: whoever calls it may catch an error and
-- give rows of its own.
CREATE OR REPLACE FUNCTION followups_handed_out(
    queue text,
    places tid[],
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
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH steps AS MATERIALIZED (
        SELECT s.step_id, s.anchor, s.kind, s.purpose, s.content_key, s.exit_on_order, s.exit_on_return,
               s.max_attempts, s.retry_after, send_hours(s.send_window) AS hours,
               j.content_values || s.content_values AS content_values,
               s.anchor IN ('ordered', 'shipped', 'delivered', 'first_order', 'nth_order', 'no_order_for') AS of_order,
               p.consent, c.per_day, c.per_week
          FROM journey_steps s
          JOIN journeys j ON j.journey = s.journey
          JOIN contact_purposes p ON p.purpose = s.purpose
          LEFT JOIN frequency_caps c ON c.channel = followups_handed_out.queue AND c.valid OPERATOR(pg_catalog.@>) followups_handed_out.at
         WHERE s.step_id IN (SELECT f.step_id FROM followups f WHERE f.ctid = ANY (followups_handed_out.places))
    ), taken AS (
        SELECT f.ctid AS at_place, f.followup_id, f.customer_id, f.step, f.subject, f.capped, f.priority, f.anchor_at, f.too_late_at, f.failures,
               s.*, z.time_zone, z.currency, z.language AS shop_language,
               CASE WHEN s.of_order THEN f.subject END AS order_id,
               o.ordered_at, o.shipped_at, o.delivered_at, o.amount,
               s.of_order AND order_counts(o.ordered_at, o.cancelled_at, followups_handed_out.at) IS NOT TRUE AS order_cancelled,
               coalesce(o.ordered_at, f.anchor_at) AS since,
               u.name, u.attributes ->> 'language'::text AS own_language,
               nullif(btrim(CASE WHEN followups_handed_out.queue = 'email' THEN u.email
                                 WHEN followups_handed_out.queue = 'phone' THEN u.phone
                                 WHEN jsonb_typeof(u.attributes -> followups_handed_out.queue) IN ('string', 'number')
                                     THEN u.attributes ->> followups_handed_out.queue END, ' '), '') AS recipient
          FROM followups f
          LEFT JOIN steps s ON s.step_id = f.step_id
         CROSS JOIN settings z
          LEFT JOIN LATERAL (SELECT u.name, u.email, u.phone, u.attributes
                               FROM customers u WHERE u.customer_id = f.customer_id LIMIT 1) u ON true
          LEFT JOIN LATERAL (SELECT o.ordered_at, o.shipped_at, o.delivered_at, o.amount, o.cancelled_at
                               FROM orders o
                              WHERE s.of_order AND o.customer_id = f.customer_id AND o.order_id = f.subject
                              LIMIT 1) o ON true
         WHERE f.ctid = ANY (followups_handed_out.places)
        OFFSET 0
    ), judged AS (
        SELECT t.*,
               CASE WHEN t.hindered = 'drop' OR t.recipient IS NULL THEN 'drop'
                    WHEN k.over THEN 'defer' ELSE t.hindered END AS held_back,
               CASE WHEN t.hindered = 'drop' THEN t.hindrance WHEN t.recipient IS NULL THEN 'no address'
                    WHEN k.over THEN 'frequency cap' ELSE t.hindrance END AS reason,
               CASE WHEN k.over THEN (loyalcs.local_date(followups_handed_out.at, t.time_zone) + 1)::timestamp AT TIME ZONE t.time_zone
                    ELSE coalesce(t.hindered_until, followups_handed_out.at + interval '1 hour') END AS until
               -- (what is held back uses up no place of a cap)
          FROM (SELECT t.*, h.held_back AS hindered, h.reason AS hindrance, h.until AS hindered_until,
                       row_number() OVER (PARTITION BY t.customer_id, t.capped, h.held_back IS NULL AND t.recipient IS NOT NULL
                                          ORDER BY t.priority DESC, t.followup_id) AS place
                  FROM taken t
                 CROSS JOIN LATERAL followup_hindrance(t.customer_id, t.order_id, t.order_cancelled, t.since, followups_handed_out.queue, t.purpose, t.consent,
                                                       t.exit_on_order OR t.anchor = 'no_order_for', t.exit_on_return, t.too_late_at, t.hours, followups_handed_out.at) h) t
         CROSS JOIN LATERAL (
                   SELECT count(*) FILTER (WHERE coalesce(f.finished_at, followups_handed_out.at)
                                                 >= date_trunc('day', followups_handed_out.at, t.time_zone)) + t.place > t.per_day
                          OR count(*) + t.place > t.per_week AS over
                     FROM followups f
                    WHERE t.capped AND f.customer_id = t.customer_id AND f.channel = followups_handed_out.queue AND f.capped
                      AND f.followup_id <> t.followup_id
                      AND (f.outcome = 'sent' AND f.finished_at > followups_handed_out.at - interval '168 hours'
                           OR f.finished_at IS NULL AND f.lease_until > followups_handed_out.at)
               ) k0 (over)
         CROSS JOIN LATERAL (SELECT t.capped AND t.hindered IS NULL AND k0.over IS TRUE AS over) k
        OFFSET 0
    ), written AS (
        SELECT j.at_place, j.failures, j.held_back, j.reason, j.until, j.max_attempts, j.retry_after, b.unreachable, b.problem,
               CASE WHEN j.held_back IS NULL AND b.problem IS NULL THEN pg_catalog.jsonb_build_object(
                   'kind', j.kind, 'channel', followups_handed_out.queue, 'language', m.written_in, 'format', m.format,
                   'recipient', j.recipient,
                   'subject', one_line(loyalcs.render(m.subject, v.content, false)),
                   'body', plain_lines(loyalcs.render(m.body, v.content, m.format = 'html')),
                   'content_key', j.content_key, 'values', v.content) END AS payload
          FROM judged j
          LEFT JOIN LATERAL template_for(j.content_key, coalesce(j.own_language, j.shop_language)) m
            ON j.held_back IS NULL
          LEFT JOIN LATERAL (
                    SELECT j.content_values || jsonb_strip_nulls(pg_catalog.jsonb_build_object(
                               'name', j.name,
                               'recipient', j.recipient,
                               'currency', j.currency,
                               'subject', j.subject,
                               'anchored_on', loyalcs.local_date(j.anchor_at, j.time_zone),
                               'order_id', j.order_id,
                               'ordered_on', loyalcs.local_date(j.ordered_at, j.time_zone),
                               'shipped_on', loyalcs.local_date(j.shipped_at, j.time_zone),
                               'delivered_on', loyalcs.local_date(j.delivered_at, j.time_zone),
                               'amount', to_char(j.amount, CASE WHEN j.amount = trunc(j.amount) THEN 'FM9,999,999,999,990'
                                                                ELSE 'FM9,999,999,999,990.00' END),
                               'items', CASE WHEN 'items' = ANY (m.placeholders) THEN
                                   (SELECT string_agg(coalesce(l.product_name, l.product_id) || ' x ' || l.quantity::text, E'\n' ORDER BY l.line)
                                      FROM order_items l
                                     WHERE l.customer_id = j.customer_id AND l.order_id = j.order_id) END,
                               'related', CASE WHEN 'related' = ANY (m.placeholders) THEN
                                   offers_in_words(j.customer_id, followups_handed_out.at) END))
                           || CASE WHEN m.placeholders OPERATOR(pg_catalog.&&) '{carrier,tracking,expected_on}'::text[] THEN
                              (SELECT jsonb_strip_nulls(pg_catalog.jsonb_build_object(
                                          'carrier', string_agg(DISTINCT p.carrier, ', '),
                                          'tracking', string_agg(p.tracking, ', ' ORDER BY p.parcel),
                                          'expected_on', max(p.expected_on)))
                                 FROM shipments p
                                WHERE p.customer_id = j.customer_id AND p.order_id = j.order_id)
                              ELSE '{}'::jsonb END AS content
                    OFFSET 0) v ON j.held_back IS NULL
         CROSS JOIN LATERAL (
                   SELECT r.problem IS NOT NULL AS unreachable,
                          CASE WHEN j.held_back IS NOT NULL THEN NULL
                               WHEN r.problem IS NOT NULL THEN r.problem
                               WHEN j.step_id IS NULL THEN 'its step is gone'
                               WHEN EXISTS (SELECT FROM followups g WHERE g.followup_id = j.followup_id AND g.ctid <> j.at_place)
                                   THEN pg_catalog.format('another follow-up has its number, %s', j.followup_id)
                               WHEN m.body IS NULL THEN pg_catalog.format('there is no template %s', quote_literal(j.content_key))
                               WHEN NOT v.content ?& m.required
                                   THEN pg_catalog.format('template %s (%s) needs a value for %s', quote_literal(j.content_key), m.written_in,
                                               (SELECT string_agg(r, ', ') FROM pg_catalog.unnest(m.required) r WHERE NOT v.content ? r))
                               ELSE pg_catalog.format('template %s (%s): ', quote_literal(j.content_key), m.written_in)
                                    || coalesce(loyalcs.render_problem(m.subject, v.content), loyalcs.render_problem(m.body, v.content))
                          END AS problem
                     FROM (SELECT CASE WHEN j.held_back IS NULL
                                       THEN recipient_problem(followups_handed_out.queue, j.recipient) END AS problem) r
                   OFFSET 0) b
        OFFSET 0
    ), changed AS (
        UPDATE followups f
           SET attempts = f.attempts + CASE WHEN w.payload IS NULL THEN 0 ELSE 1 END,
               claim_key = CASE WHEN w.payload IS NULL THEN f.claim_key
                                ELSE f.followup_id::text || '.' || (f.attempts + 1)::text END,
               reported = CASE WHEN w.payload IS NULL THEN f.reported END,
               worker = CASE WHEN w.payload IS NULL THEN f.worker ELSE followups_handed_out.worker END,
               lease_until = CASE WHEN w.payload IS NULL THEN f.lease_until ELSE followups_handed_out.leased_until END,
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
          FROM (SELECT w.*,
                       CASE WHEN w.held_back = 'drop' THEN 'dropped'
                            WHEN w.unreachable THEN 'undeliverable'
                            WHEN w.problem IS NOT NULL AND w.failures + 1 >= coalesce(w.max_attempts, 5) THEN 'failed' END AS outcome
                  FROM written w) w
         WHERE f.ctid = w.at_place
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
COMMENT ON FUNCTION followups_handed_out(text, tid[], text, timestamptz, timestamptz) IS
    'hands out the follow-ups of a channel that its caller has locked where places says, and changes all of them: what is held back is dropped or put off, what cannot be written or has no proper recipient is given up or tried later, with the problem as its detail. An error is about one of them, or more. claim_followups() calls it';

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
    "limit" integer DEFAULT 100,
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
    -- when this session has last looked for what is due
    looked constant text := 'loyalcs.queued_' || 'followups'::regclass::oid::text;
    looked_at numeric := nullif(current_setting(looked, true), '')::numeric;
    now_epoch constant numeric := EXTRACT(epoch FROM claim_followups.at);
    -- (a day of a lease or of a wait is 24 hours, whatever the session's time zone)
    leased_until constant timestamptz := claim_followups.at + make_interval(secs => EXTRACT(epoch FROM lease)::double precision);
    wanted integer := claim_followups."limit";
    batch integer := wanted;
    queue text;
    -- where the rows are that this transaction has locked: they stay there until it changes them
    places tid[];
    claimed bigint;
    queued bigint;
BEGIN
    PERFORM check_claim('follow-ups', only_channel, wanted, lease);
    PERFORM check_settings(claim_followups.at);
    IF looked_at IS NULL OR abs(now_epoch - looked_at) >= 60::numeric THEN
        BEGIN
            PERFORM queue_followups(claim_followups.at);
            PERFORM set_config(looked, now_epoch::text, false);
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
                BEGIN
                    places := ARRAY(SELECT f.ctid
                                      FROM followups f
                                     WHERE f.finished_at IS NULL AND f.channel = queue
                                       AND f.claimable_at <= claim_followups.at
                                     ORDER BY f.priority DESC, f.claimable_at
                                     LIMIT least(wanted, batch)
                                       FOR UPDATE SKIP LOCKED);
                    EXIT WHEN pg_catalog.cardinality(places) = 0;
                    RETURN QUERY
                    SELECT h.* FROM followups_handed_out(queue, places, claim_followups.worker, leased_until, claim_followups.at) h;
                    GET DIAGNOSTICS claimed = ROW_COUNT;
                    wanted := wanted - claimed;
                    batch := least(batch * 2, claim_followups."limit");
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
            IF wanted = claim_followups."limit" THEN
                RAISE;
            END IF;
            RETURN;
        END;
        EXIT WHEN coalesce(queued, 0::bigint) = 0::bigint;
        PERFORM set_config(looked, now_epoch::text, false);
    END LOOP;
END
$$;
COMMENT ON FUNCTION claim_followups(text, integer, text, interval, timestamptz) IS
    'work for one worker: up to limit follow-ups of a channel (NULL: of all) that are due and that nothing holds back, each with its message in payload: kind, channel, language, format, recipient, subject, body, content_key, values. The subject is one line, the recipient one address, see recipient_problem(). What cannot be handed out holds up nothing else: it is given up or tried later, and followups.detail says why. They are its own until the lease runs out; then they are claimed again. To be reported with complete_followup() and the claim_key';
