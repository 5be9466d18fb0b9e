\set ECHO none
-- test/one_of_each.sql: a customer who has a row in every table whose rows are of
-- customers, and tells where not.

-- In the schema of the search_path; tag keeps apart the keys of customers who have all that.
-- (A table that is not here yet is to be added: see pg_temp.has_none_of.)
CREATE FUNCTION pg_temp.one_of_each(customer text, tag text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    at constant timestamptz := '2026-03-01 12:00+09';
    posting bigint;
BEGIN
    INSERT INTO customers (customer_id, joined_at, name, email, phone, birthday, gender, region, language, attributes)
    VALUES (customer, '2025-01-01 00:00+09', 'name', 'mail@example.com', '03-1', '1990-05-05', 'female', '東京都', 'ja', '{"line": "U"}');
    INSERT INTO customer_ids VALUES (customer, 'shopify', 'id' || tag);
    INSERT INTO consents (customer_id, channel, purpose, at, given) VALUES (customer, 'email', 'marketing', at, true);
    INSERT INTO subscriptions VALUES (customer, 'S' || tag, at, NULL, 'P');
    INSERT INTO cancellation_requests (customer_id, request_id, subscription_id, requested_at, reason) VALUES (customer, 'C' || tag, 'S' || tag, at, 'price');
    INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at, external_id, external_name)
    SELECT customer, 'O' || n || tag, at + n * interval '1 day', 60000, at + n * interval '1 day' + interval '1 hour', at + n * interval '1 day' + interval '2 hours', 'x' || n || tag, '#' || n || tag
      FROM generate_series(1, 2) n;
    INSERT INTO order_items (customer_id, order_id, line, product_id, product_name, category, sku, quantity, amount) VALUES (customer, 'O1' || tag, 1, 'P', 'ring', 'ring', 'P-1', 2, 60000);
    INSERT INTO shipments VALUES (customer, 'O1' || tag, 1, 'ヤマト', '1234', '2026-03-03');
    INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund, reason, cause, remedy) VALUES (customer, 'R' || tag, 'O1' || tag, at + interval '9 days', 1000, 'きつい', 'size', 'refund');
    INSERT INTO return_items (customer_id, return_id, order_id, line, quantity) VALUES (customer, 'R' || tag, 'O1' || tag, 1, 1);
    INSERT INTO reviews (customer_id, review_id, product_id, order_id, reviewed_at, stars, title, body) VALUES (customer, 'V' || tag, 'P', 'O1' || tag, at, 4, 'かわいい', '良い');
    INSERT INTO tickets (customer_id, ticket_id, channel, reason, priority, tier, subject, order_id, tags, resolution)
    VALUES (customer, 'T' || tag, 'email', 'size', 'high', NULL, '届きません', 'O1' || tag, '{vip}', 'exchange'), (customer, 'U' || tag, 'email', NULL, NULL, NULL, NULL, NULL, '{}', NULL);
    INSERT INTO ticket_events (customer_id, ticket_id, at, kind, note, recorded_at) VALUES (customer, 'T' || tag, at, 'opened', '配送が遅い', at), (customer, 'U' || tag, at, 'opened', NULL, at);
    UPDATE tickets SET priority = 'low' WHERE customer_id = customer AND ticket_id = 'T' || tag;
    PERFORM record_ticket_event(customer, 'U' || tag, 'merged', at + interval '1 hour', NULL, NULL, 'T' || tag);
    INSERT INTO sla_warnings (customer_id, ticket_id, metric, cycle, state, channel, due_at, queued_at, claimable_at)
    VALUES (customer, 'T' || tag, 'resolution', 1, 'breached', 'email', at, at, at);
    INSERT INTO sla_warning_late_reports (customer_id, ticket_id, warning_id, attempt, at, outcome, detail)
    SELECT customer, 'T' || tag, w.warning_id, 1, at, 'failed', 'mail bounced' FROM sla_warnings w WHERE w.customer_id = customer;
    INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at, channel, wave_id, ticket_id)
    SELECT customer, 'I' || tag, 'after', at, 'email', w.wave_id, 'T' || tag FROM survey_waves w ORDER BY 1 LIMIT 1;
    INSERT INTO survey_left_out (customer_id, wave_id, reason) SELECT customer, w.wave_id, 'asked before' FROM survey_waves w ORDER BY 1 LIMIT 1;
    INSERT INTO survey_responses (customer_id, response_id, survey, invitation_id, responded_at, channel) VALUES (customer, 'A' || tag, 'after', 'I' || tag, at, 'email');
    INSERT INTO survey_responses (customer_id, response_id, survey, order_id, responded_at, channel) VALUES (customer, 'B' || tag, 'after', 'O2' || tag, at, 'email');
    INSERT INTO survey_answers (customer_id, response_id, survey, question, score, choice, answer)
    VALUES (customer, 'A' || tag, 'after', 'nps', 9, NULL, NULL), (customer, 'A' || tag, 'after', 'why', NULL, NULL, '留め具'), (customer, 'A' || tag, 'after', 'which', NULL, 'a', NULL);
    INSERT INTO hearings (customer_id, month, picked_at, picked_for, reason, result, called_at, agent_id, score, note)
    VALUES (customer, '2026-03-01', at, 'high_spender', 'x', 'heard', at, 'mori', 9, '梱包');
    INSERT INTO posts (post_id, customer_id, network, author, url, published_at, product_id, body) VALUES ('N' || tag, customer, 'instagram', 'a', 'https://x', at, 'P', '配送');
    INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at, attempts, claim_key, worker, finished_at, outcome, detail, recipient_digest)
    SELECT customer, s.step, 'O' || n.n || tag, s.step_id, 'email', true, 1, at, at, at, at, at, 2, 'k', 'w', CASE n.n WHEN 1 THEN at END, CASE n.n WHEN 1 THEN 'sent' END, 'to mail@example.com', 'd'
      FROM journey_steps s, generate_series(1, 2) n (n) WHERE s.step = 'one_month';
    INSERT INTO followup_late_reports (customer_id, followup_id, attempt, at, outcome, detail)
    SELECT customer, f.followup_id, 1, at, 'failed', 'to mail@example.com' FROM followups f WHERE f.customer_id = customer AND f.outcome = 'sent';
    PERFORM earn_points(customer, 'O1' || tag, at + interval '20 days');
    PERFORM redeem_points(customer, 100, 'till', NULL, at + interval '21 days');
    posting := adjust_points(customer, 50, 'gift', 'for name', NULL, at + interval '22 days');
    PERFORM reverse_points(customer, posting, 20, 'less', at + interval '23 days');
    INSERT INTO merged_customers (from_customer, customer_id) VALUES ('was ' || customer, customer);
    INSERT INTO imported_records (customer_id, system, kind, external_key, told) VALUES (customer, 'shopify', 'order', md5(tag), '{1}');
    INSERT INTO tier_queue (customer_id, review_at) VALUES (customer, at);
    INSERT INTO unread_changes (customer_id, reader) VALUES (customer, 'crm');
    INSERT INTO kept_tickets (customer_id, ticket_id, holds_from, promises_hold_from, written_from, written_until, channel, complaint, opened_at, contacts, reopened, discarded, unanswered)
    VALUES (customer, 'T' || tag, at, at, at, at, 'email', false, at, 1, 0, false, false);
    INSERT INTO kept_histories (customer_id, last_at, purchases, number, at, amount) VALUES (customer, at, purchases_to_keep('{1}', ARRAY[at], '{100}'), '{1}', ARRAY[at], '{100}');
    INSERT INTO own_breakdowns (breakdown, attribute) VALUES ('size' || replace(tag, '-', '_'), 'size');
    INSERT INTO customer_parts (customer_id, breakdown, valid_from, part) VALUES (customer, 'size' || replace(tag, '-', '_'), at, '11');
    INSERT INTO kept_promises (customer_id, ticket_id, metric, cycle, holds_from, started_at, channel, state, elapsed, policy_set)
    VALUES (customer, 'T' || tag, 'resolution', 1, at, at, 'email', 'met', '1 hour', 'standard');
    PERFORM write_tiers(ARRAY[customer], at + interval '30 days');
    INSERT INTO referrals VALUES (customer, 'other', at);
    INSERT INTO customers (customer_id) VALUES ('friend' || tag);
    INSERT INTO referrals VALUES ('friend' || tag, customer, at);
END
$$;

-- Tables that have no row of a customer
CREATE FUNCTION pg_temp.has_none_of(customer text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    t text;
    has boolean;
BEGIN
    FOR t IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'customer_id'
              WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1 LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE customer_id = $1)', t) INTO has USING customer;
        IF NOT has THEN
            RETURN NEXT t;
        END IF;
    END LOOP;
END
$$;

-- What they need beside
CREATE FUNCTION pg_temp.shop_for_one_of_each() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE settings SET live_since = '2025-01-01 00:00+09', points_since = '2025-01-01 00:00+09', keeps_quotes = true;
    INSERT INTO agents VALUES ('mori', '森');
    INSERT INTO surveys VALUES ('after', 'x');
    INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high, choices)
    VALUES ('after', 'nps', 'nps', 'x', 0, 10, NULL), ('after', 'why', 'text', 'x', NULL, NULL, NULL), ('after', 'which', 'choice', 'x', NULL, NULL, '{a,b}');
    INSERT INTO survey_waves (survey, drawn_at, channel, size, rest, bought_within, salt, customers, asked, left_out)
    VALUES ('after', '2026-03-01 00:00+09', 'email', 1, '90 days', '1 year', 's', 1, 1, 0);
    INSERT INTO customers (customer_id) VALUES ('other');
    PERFORM take_customer_changes('crm');
END
$$;
\set ECHO all
