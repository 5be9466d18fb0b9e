-- One row stops no other: rows of every kind that cannot be handed out, and all the
-- others are claimed; values at both ends of what tables take, and all is computed.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set errors :srcdir '/test/errors.sql'
\i :errors

SET search_path = shop;
SET timezone = 'Asia/Tokyo';

-- Each kind is a step of its own or a customer of its own; in their midst, good ones.
UPDATE journey_steps SET valid = 'empty' WHERE step <> 'order_confirmation';
INSERT INTO templates (key, language, body) VALUES
    ('object', 'ja', '{{obj|}}'), ('array', 'ja', '{{list|}}'), ('needs', 'ja', '{{nobody_gives}}'), ('unclosed', 'ja', 'a'), ('unnamed', 'ja', 'a'),
    ('subject', 'ja', 'a'), ('fine', 'ja', 'a {{amount}}');
UPDATE templates SET subject = '{{obj|}}' WHERE key = 'subject';
INSERT INTO journey_steps (journey, step, anchor, channel, purpose, content_key, content_values, valid)
SELECT 'after_sale', step, 'shipped', channel, CASE step WHEN 'zone' THEN 'service' ELSE 'transactional' END, step, '{"obj": {"a": 1}, "list": [1]}', '(,)'
  FROM (VALUES ('object', 'email'), ('array', 'line'), ('needs', 'phone'), ('unclosed', 'email'), ('unnamed', 'email'), ('subject', 'line'),
               ('no template', 'email'), ('fine', 'email'), ('zone', 'line')) v (step, channel);
INSERT INTO customers (customer_id, name, email, phone, attributes)
SELECT 'good ' || i, 'Good', 'good' || i || '@example.com', '03-' || i, jsonb_build_object('line', 'U' || i) FROM generate_series(1, 100) i;
INSERT INTO customers (customer_id, name, email)
SELECT kind, kind, coalesce(email, 'bad@example.com')
  FROM (VALUES ('line break', E'a@x\nBcc: b@x'), ('two', 'a@x, b@x'), ('option', '-oQ/tmp@x'), ('nobody', ' '),
               ('P0001', NULL), ('22012', NULL), ('22P02', NULL), ('54000', NULL), ('XX000', NULL), ('far', NULL)) v (kind, email);
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at)
SELECT customer_id, 'O', '2026-03-10 11:00+09', 100, CASE WHEN customer_id = 'good 50' THEN timestamptz '2026-03-10 11:30+09' END,
       CASE customer_id WHEN 'far' THEN timestamptz '9998-01-01' END
  FROM customers;
SELECT queue_followups('2026-03-10 12:00+09');

-- What was good when it was queued: templates that are edited without their
-- trigger, a time zone that the server has forgotten.
SET session_replication_role = replica;
UPDATE templates SET body = 'a {{b' WHERE key = 'unclosed';
UPDATE templates SET body = 'a {{}}' WHERE key = 'unnamed';
UPDATE journey_steps SET send_window = '24/7 @ Mars/Olympus' WHERE step = 'zone';
SET session_replication_role = origin;

-- And what nobody foresees: here a trigger of the brand's, with the error that its customer is called after.
CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'error of %', NEW.customer_id USING ERRCODE = NEW.customer_id;
END $$;
CREATE TRIGGER fails BEFORE UPDATE ON followups FOR EACH ROW
    WHEN (NEW.attempts > OLD.attempts AND NEW.customer_id ~ '^[0-9A-Z]{5}$') EXECUTE FUNCTION fails();

CREATE FUNCTION pg_temp.claimed(at timestamptz) RETURNS TABLE (what text, n bigint) LANGUAGE sql AS $$
    SELECT coalesce(f.step, ''), count(*) FROM claim_followups(NULL, 1000, 'w', '1 day', at) f GROUP BY 1 ORDER BY 1 $$;
SELECT * FROM pg_temp.claimed('2026-03-10 12:00+09');
SELECT customer_id, step, channel, outcome, reason, detail, failures FROM followups WHERE attempts = 0 ORDER BY customer_id, step;

-- The server remembers the time zone.
SET session_replication_role = replica;
UPDATE journey_steps SET send_window = NULL WHERE step = 'zone';
SET session_replication_role = origin;
SELECT count(*) AS at_once_again FROM claim_followups(NULL, 1000, 'w', '1 day', '2026-03-10 12:01+09');

-- Every few of them, in whatever order: the same. (What was deleted is found again where all is looked at.)
DELETE FROM followups WHERE customer_id ~ '^good [0-9]+$' AND customer_id <> 'good 50';
UPDATE shop_turns SET remark = NULL WHERE job = 'queue_followups';
UPDATE followups SET finished_at = NULL, outcome = NULL, failures = 0, detail = NULL, claimable_at = due_at;
SELECT queue_followups('2026-03-10 12:02+09');
SELECT sum((SELECT count(*) FROM claim_followups(NULL, 1 + i % 7, 'w', '1 day', '2026-03-10 12:02+09'))) AS claimed FROM generate_series(1, 60) i;
SELECT count(*) FILTER (WHERE attempts > 0) AS claimed, count(*) FILTER (WHERE attempts = 0 AND outcome IS NULL) AS put_off,
       count(*) FILTER (WHERE outcome = 'undeliverable') AS undeliverable, count(*) FILTER (WHERE outcome = 'dropped') AS dropped
  FROM followups;

-- They are given up in the end, and can be put back when they are mended.
SELECT sum((SELECT count(*) FROM claim_followups(NULL, 1000, 'w', '10 days', timestamptz '2026-03-10 12:02+09' + i * interval '10 minutes'))) AS claimed FROM generate_series(1, 6) i;
SELECT outcome, count(*), min(failures) AS failures FROM followups WHERE attempts = 0 GROUP BY outcome ORDER BY outcome;
DROP TRIGGER fails ON followups;
UPDATE customers SET email = 'mended@example.com' WHERE customer_id IN ('two', '22012');
SELECT f.customer_id, retry_followup(f.followup_id, '2026-03-10 14:00+09') FROM followups f WHERE f.customer_id IN ('two', '22012') ORDER BY 1;
SELECT customer_id, payload ->> 'recipient' AS recipient FROM claim_followups(NULL, 1000, 'w', '10 days', '2026-03-10 14:00+09') ORDER BY 1;

-- What is wrong with the shop or the server is no row's fault.
CREATE FUNCTION fails_too() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'error of all' USING ERRCODE = TG_ARGV[0];
END $$;
CREATE FUNCTION pg_temp.raised(state text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE followups SET finished_at = NULL, outcome = NULL, claimable_at = due_at, lease_until = NULL WHERE step = 'fine';
    EXECUTE format('CREATE TRIGGER fails BEFORE UPDATE ON followups FOR EACH ROW WHEN (NEW.attempts > OLD.attempts) EXECUTE FUNCTION fails_too(%L)', state);
    RETURN state || ': ' || pg_temp.error_of('SELECT FROM claim_followups(NULL, 10, ''w'', ''1 day'', ''2026-03-10 14:00+09'')');
END $$;
SELECT split_part(s, ':', 1) AS state, pg_temp.outcome(format('DO $do$ BEGIN RAISE EXCEPTION USING MESSAGE = pg_temp.raised(%L); END $do$', s)) AS outcome
  FROM unnest('{40001,40P01,42501,42883,53100,55P03,57P01,58030,23514,22012}'::text[]) s;
SET session_replication_role = replica;
SELECT pg_temp.outcome('UPDATE settings SET time_zone = ''Mars/Olympus''; SELECT FROM claim_followups(NULL)');
SELECT pg_temp.outcome('DELETE FROM settings; SELECT FROM claim_followups(NULL)');
SET session_replication_role = origin;

-- What waits goes out although nothing more can be queued; that is said once nothing waits.
DELETE FROM followups WHERE customer_id = 'good 1';
UPDATE shop_turns SET remark = NULL WHERE job = 'queue_followups';
CREATE TRIGGER fails BEFORE INSERT ON followups FOR EACH ROW EXECUTE FUNCTION fails_too('22012');
UPDATE followups SET finished_at = NULL, outcome = NULL, claimable_at = due_at, lease_until = NULL WHERE step = 'fine';
SELECT step FROM claim_followups(NULL, 10, 'w', '1 day', '2026-03-10 15:30+09');
SELECT pg_temp.error_of('SELECT FROM claim_followups(NULL, 10, ''w'', ''1 day'', ''2026-03-10 15:31+09'')');

--
-- Numbers that were given out twice
--

SELECT FROM loyalcs.create_shop('shop_hostile_rows_2');
SET search_path = shop_hostile_rows_2;
UPDATE journeys SET started_at = '-infinity';
INSERT INTO customers (customer_id, email) SELECT 'c' || i, 'c' || i || '@example.com' FROM generate_series(1, 3) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'c' || i, 'O', '2026-03-10 11:00+09', 100 FROM generate_series(1, 3) i;
SELECT queue_followups('2026-03-10 12:00+09');
SET session_replication_role = replica;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT c.conname FROM pg_constraint c WHERE c.conrelid = 'followups'::regclass AND c.contype = 'u' LOOP
        EXECUTE format('ALTER TABLE followups DROP CONSTRAINT %I', name);
    END LOOP;
END $$;
UPDATE followups SET followup_id = 1 WHERE customer_id IN ('c1', 'c2');
UPDATE followups SET followup_id = 3 WHERE customer_id = 'c3';
SET session_replication_role = origin;
SELECT customer_id FROM claim_followups('email', 10, 'w', '1 day', '2026-03-10 12:00+09');
SELECT customer_id, detail FROM followups WHERE attempts = 0 ORDER BY 1;
UPDATE followups SET attempts = 1 WHERE followup_id = 1;
SELECT pg_temp.error_of('SELECT complete_followup(1, ''sent'', ''1.1'')');
SELECT count(*) FROM followups WHERE outcome IS NOT NULL;

--
-- Extreme values that are accepted, in every table
--

SELECT FROM loyalcs.create_shop('shop_hostile_rows_3');
SET search_path = shop_hostile_rows_3;
SET timezone = 'Asia/Tokyo';

-- Each table has ordinary rows to begin with: functions fill those that are theirs.
UPDATE journeys SET started_at = '-infinity';
UPDATE settings SET live_since = '2026-01-01';
INSERT INTO agents VALUES ('kei', 'Kei');
INSERT INTO surveys VALUES ('after', 'After');
INSERT INTO survey_questions (survey, question, position, kind, wording, scale_low, scale_high, higher_is_better) VALUES ('after', 'nps', 1, 'nps', '?', 0, 10, true), ('after', 'csat', 2, 'csat', '?', 1, 5, true);
INSERT INTO points_campaigns (title, multiplier, valid) VALUES ('double', 2, '(,)');
INSERT INTO amount_rules VALUES ('[2026-01-01,)', false, true);
INSERT INTO calendar_exceptions (calendar, first_day, last_day) VALUES ('office', '2026-03-20', '2026-03-21');
INSERT INTO calendar_history (calendar, known_until, hours) VALUES ('office', '2026-01-01', 'Mo-Fr 09:00-17:00 @ Asia/Tokyo JP');
INSERT INTO withheld_products (product_id, reason) VALUES ('P9', 'x');
UPDATE tier_rules SET min_spend = 100, min_orders = NULL WHERE rank = 1;
INSERT INTO customers (customer_id, joined_at, name, email, phone, birthday, gender, region, attributes)
SELECT 'c' || i, timestamptz '2025-06-01 12:00+09' + i * interval '1 day', 'C', 'c' || i || '@example.com', '03-' || i, date '1980-01-01' + 40 * i, 'female', 'Tokyo', '{"line": "U1"}'
  FROM generate_series(1, 12) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, tax, shipping, sales_channel, shipped_at, delivered_at)
SELECT 'c' || i, o || i, timestamptz '2026-02-01 12:00+09' + i * interval '1 hour' + n * interval '20 days', 3000, 200, 100, 'web',
       timestamptz '2026-02-02 12:00+09' + n * interval '20 days', timestamptz '2026-02-03 12:00+09' + n * interval '20 days'
  FROM generate_series(1, 12) i, (VALUES ('A', 0), ('B', 1)) v (o, n);
INSERT INTO order_items (customer_id, order_id, line, product_id, product_name, category, quantity, amount)
SELECT o.customer_id, o.order_id, l, 'P' || l + 2 * (length(o.customer_id) - 2), 'Product', 'ring', 1, 1000 FROM orders o, generate_series(1, 2) l;
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund, reason) SELECT customer_id, 'R', order_id, '2026-02-20 12:00+09', 100, 'small' FROM orders WHERE order_id ~ '^A[1-4]$';
INSERT INTO return_items (customer_id, return_id, order_id, line, quantity, refund) SELECT customer_id, 'R', order_id, 1, 1, 50 FROM returns;
INSERT INTO products (product_id, name, category, series, unit_cost) VALUES ('P1', 'Product', 'ring', 'bridal', 100), ('P8', 'Box', NULL, NULL, NULL);
INSERT INTO customer_ids (customer_id, system, id) SELECT customer_id, 'web', customer_id FROM customers;
INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars) SELECT customer_id, 'V', 'P1', '2026-02-20 12:00+09', 5 FROM customers;
INSERT INTO subscriptions (customer_id, subscription_id, started_at, cancelled_at) SELECT customer_id, 'S', '2026-01-01 12:00+09', '2026-03-01 12:00+09' FROM customers;
INSERT INTO shipments (customer_id, order_id, parcel, carrier, tracking, expected_on) SELECT customer_id, order_id, 1, 'post', '1', '2026-02-04' FROM orders;
INSERT INTO consents (customer_id, channel, purpose, at, given) SELECT customer_id, 'all', 'all', '2026-01-01 12:00+09', true FROM customers;
INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at, channel) SELECT customer_id, 'I', 'after', '2026-02-20 12:00+09', 'email' FROM customers;
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at, channel) SELECT customer_id, 'I', 'after', '2026-02-21 12:00+09', 'email' FROM customers;
INSERT INTO survey_answers (customer_id, response_id, survey, question, score) SELECT customer_id, 'I', 'after', 'nps', 9 FROM customers;
INSERT INTO tickets (customer_id, ticket_id, channel, reason, complaint) SELECT customer_id, 'T', 'email', 'size', false FROM customers;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id)
SELECT customer_id, 'T', timestamptz '2026-03-09 12:00+09' + n * interval '1 hour', k, CASE k WHEN 'opened' THEN NULL ELSE 'kei' END
  FROM customers, (VALUES ('opened', 0), ('agent_reply', 1), ('pending', 2)) v (k, n) WHERE customer_id <> 'c12' OR n = 0;
INSERT INTO cancellation_requests (customer_id, request_id, subscription_id, requested_at, reason, outcome, decided_at) SELECT customer_id, 'Q', 'S', '2026-02-20 12:00+09', 'price', 'cancelled', '2026-02-21 12:00+09' FROM customers;
INSERT INTO referrals VALUES ('c1', 'c2', '2026-01-01 12:00+09'), ('c3', 'c2', '2026-01-01 12:00+09');
INSERT INTO marketing_costs VALUES ('2026-02-01', 'web', 'acquisition', 1000), ('2026-02-01', 'any', 'retention', 1000);
UPDATE returns SET cause = 'size', remedy = 'exchange', completed_at = returned_at + interval '1 day', cost = 500;
INSERT INTO contact_costs (channel, valid_from, cost) VALUES ('email', '2026-01-01', 100);
UPDATE survey_responses SET ticket_id = 'T' WHERE customer_id <> 'c1';
UPDATE tickets SET resolution = 'exchange';
INSERT INTO rfm_score_bounds (metric, bounds, valid) VALUES ('recency', '{10,20,30,40}', '(,)'), ('frequency', '{1,1,2,2}', '(,)');
INSERT INTO rfm_segment_rules (segment, recency_from, valid) VALUES ('Ours', 2, '(,)');
INSERT INTO tier_rules (tier, rank, top_share, match, period, length, valid) VALUES ('TOP', 9, 0.2, 'any', 'rolling', '12 months', '(,)');
UPDATE tickets SET priority = 'high' WHERE customer_id = 'c12';
SELECT FROM evaluate_tiers('2026-03-10 12:00+09');
SELECT FROM refresh_rfm_cuts('2026-03-10 12:00+09');
SELECT FROM refresh_outlook('2026-03-01 12:00+09');
UPDATE outlook_models SET bgnbd = '{"r": 0.7, "alpha": 40, "a": 0.8, "b": 2.5}', gamma_gamma = '{"p": 6.25, "q": 3.74, "gamma": 15}', problem = NULL;
SELECT FROM refresh_related_products('2026-03-10 12:00+09', 2, 10, '1 year');
SELECT count(earn_points(customer_id, order_id, delivered_at)) > 0 AS earned FROM (SELECT * FROM orders ORDER BY delivered_at) o;
SELECT count(redeem_points(customer_id, 1, 'k ' || customer_id, NULL, '2026-03-10 12:00+09')) > 0 AS redeemed FROM customers WHERE customer_id IN ('c1', 'c2');
SELECT FROM draw_survey_wave('after', 0.5, NULL, '30 days', '2026-03-10 12:00+09', 'email');
SELECT FROM pick_phone_hearings('2026-03-10 12:00+09');
SELECT queue_followups('2026-03-10 12:00+09') > 0 AS queued;
SELECT count(complete_followup(followup_id, 'sent', claim_key, NULL, '2026-03-10 12:01+09')) > 0 AS sent FROM (SELECT * FROM claim_followups(NULL, 5, 'w', '1 minute', '2026-03-10 12:00+09')) c;
SELECT queue_sla_warnings('2026-03-10 14:00+09') > 0 AS warned;

INSERT INTO followup_late_reports (customer_id, followup_id, attempt, at, outcome) SELECT customer_id, followup_id, 9, '2026-03-12 12:01+09', 'sent' FROM followups LIMIT 1;
INSERT INTO sla_warning_late_reports (customer_id, ticket_id, warning_id, attempt, at, outcome) SELECT customer_id, ticket_id, warning_id, 9, '2026-03-12 12:01+09', 'sent' FROM sla_warnings LIMIT 1;
INSERT INTO tier_queue (customer_id) VALUES ('c1');
SELECT add_breakdown('line', attribute => 'line') > 0 AS has_parts;
SELECT refresh_kept_tickets() > 0 AS kept, refresh_kept_figures('2026-03-10 12:00+09') > 0 AS refreshed;
INSERT INTO customer_changes (customer_id) VALUES ('c1');
INSERT INTO unread_changes (customer_id, reader) VALUES ('c1', 'points');
INSERT INTO kept_promises SELECT customer_id, ticket_id, 'resolution', 9, holds_from, opened_at, channel, 'met', '1 hour', reason, priority, tier, agent_id, 'standard' FROM kept_tickets LIMIT 1;
INSERT INTO kept_promise_days (day, channel, metric, met, missed, times) VALUES ('2026-03-01', 'email', 'resolution', 1, 0, '{3600000000}');
INSERT INTO ticket_marks (customer_id) VALUES ('c1');
INSERT INTO day_marks (figure, day) VALUES ('answers', '2026-03-01');
INSERT INTO kept_answer_times (survey, question, breakdown, part, month, median_time_taken) SELECT survey, question, 'channel', channel, '2026-02-01', '1 minute' FROM kept_answers LIMIT 1;
INSERT INTO posts (post_id, customer_id, network, published_at, product_id, body) VALUES ('p1', 'c1', 'x', '2026-03-01 12:00+09', 'P1', 'heavy'), ('p2', NULL, 'x', '2026-03-02 12:00+09', NULL, '重い');
INSERT INTO faq (question, answer, themes, last_reviewed_at, valid) VALUES ('q', 'a', '{size}', '2025-01-01 12:00+09', '(,)');
INSERT INTO improvements (problem, action, reason, theme, measures, started, finished, compared_weeks) VALUES ('p', 'a', 'size', NULL, '{ticket share}', '1000-01-01', '1000-01-01', 26), ('p', 'a', NULL, 'size', '{NPS}', '2026-01-15', '2026-01-16', 1), ('p', 'a', 'size', NULL, '{CSAT,return rate}', '8999-12-01', '8999-12-31', 26);
SELECT match_voices() > 0 AS matched;
INSERT INTO posts (post_id, customer_id, network, published_at, body) VALUES ('p3', 'c1', 'x', '2026-03-03 12:00+09', '軽い');
INSERT INTO forgotten_customers (customer_digest, salt) VALUES ('d', 's');
INSERT INTO merged_customers (from_customer, customer_id) VALUES ('c0', 'c1');
INSERT INTO imports (import_id, format, system, file_name, time_zone, header, "lines", rejected_lines, counts)
VALUES (1, 'plain-orders', 'plain', repeat('名', 1000), 'Asia/Tokyo', '{}', 9223372036854775807, 9223372036854775807, '{"orders": {"new": 9223372036854775807}}');
INSERT INTO import_rejects (import_id, line, value, problem) VALUES (1, 9223372036854775807, repeat('値', 200), 'p');
INSERT INTO import_state (salt) VALUES ('s');
INSERT INTO imported_records (customer_id, system, kind, external_key, told) VALUES ('c1', 'plain', 'order', 'k', '{}');
-- (all but what the shop knows of itself)
CREATE FUNCTION pg_temp.empty_tables() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    t record;
    filled boolean;
BEGIN
    FOR t IN SELECT c.relname::text AS name FROM pg_class c WHERE c.relnamespace = 'shop_hostile_rows_3'::regnamespace AND c.relkind = 'r' AND c.relname !~ '^shop_' ORDER BY 1 LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', t.name) INTO filled;
        IF NOT filled THEN RETURN NEXT t.name; END IF;
    END LOOP;
END $$;
SELECT * FROM pg_temp.empty_tables();

-- A copy of one of the rows, with a value at the end of what its type has, or that
-- value in a row that is there: what the tables take stays.
CREATE TEMP TABLE extremes (type regtype, value text);
INSERT INTO extremes SELECT 'date', unnest('{-infinity,4713-01-01 BC,1899-12-30,1900-01-01,2099-12-31,9999-12-30,5874897-12-31,infinity}'::text[]);
INSERT INTO extremes SELECT 'timestamptz', unnest('{-infinity,4713-01-01 00:00+00 BC,0001-01-01 00:00+00,1899-12-30 00:00+09,1900-01-01 00:00+00,2099-12-31 23:59+00,2150-01-01 00:00+00,9999-12-30 00:00+00,294276-12-31 00:00+00,infinity}'::text[]);
INSERT INTO extremes SELECT 'interval', unnest('{-1000 days,0,1 microsecond,300000 hours,36500 days,1 year,100 years,178000000 years}'::text[]);
INSERT INTO extremes SELECT 'numeric', unnest('{-1000000000000,0,0.0001,1,1000000000000,1e100,NaN,Infinity,-Infinity}'::text[]);
INSERT INTO extremes SELECT 'double precision', unnest('{0,1e-300,1,1e300,NaN,Infinity,-Infinity}'::text[]);
INSERT INTO extremes SELECT 'bigint', unnest('{-9223372036854775808,-1,0,1,9223372036854775807}'::text[]);
INSERT INTO extremes SELECT 'integer', unnest('{-2147483648,-1,0,1,2147483647}'::text[]);
INSERT INTO extremes SELECT 'smallint', unnest('{-32768,0,1,5,32767}'::text[]);
INSERT INTO extremes SELECT 'boolean', unnest('{true,false}'::text[]);
INSERT INTO extremes SELECT 'jsonb', unnest(ARRAY['{}', '[]', 'null', '{"line": 1e100}', '{"a": {"b": []}}']);
INSERT INTO extremes SELECT 'tstzrange', unnest(ARRAY['empty', '(,)', '[4713-01-01 BC,294276-12-31)', '(,1900-01-01)', '[2099-12-31,)']);
INSERT INTO extremes SELECT 'text', unnest(ARRAY['', E'\t', repeat('long ', 200), '24/7', '2001 Dec 25 10:00-18:00', '2026 Mar 09 10:00-12:00', '2099 Dec 31 10:00-18:00 @ Pacific/Kiritimati', 'Asia/Kathmandu']);

CREATE TEMP TABLE accepted (relation text, col text, value text, variant integer);
CREATE FUNCTION pg_temp.mutate() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    c record;
    row_json jsonb;
    rows bigint;
BEGIN
    FOR c IN
        SELECT t.oid, t.relname::text AS relation, a.attname::text AS col, e.type, e.value,
               -- (counted in each table by itself, so that no table's luck depends on another)
               row_number() OVER (PARTITION BY t.oid ORDER BY a.attnum, e.type, e.value COLLATE "C") AS turn,
               -- columns of keys that are nobody else's: a copy gets others
               ARRAY(SELECT k.attname::text FROM pg_attribute k
                      WHERE k.attrelid = t.oid AND k.attname <> a.attname AND k.atttypid = 'text'::regtype
                        AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisunique AND k.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1]))
                        AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = t.oid AND f.contype = 'f' AND k.attnum = ANY (f.conkey))) AS keys,
               ARRAY(SELECT k.attname::text FROM pg_attribute k WHERE k.attrelid = t.oid AND k.attnum > 0 AND NOT k.attisdropped AND k.attidentity = '' AND k.attgenerated = '') AS columns
          FROM pg_class t
          JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' AND a.attgenerated = ''
          JOIN extremes e ON e.type = a.atttypid
          JOIN loyalcs.shop_levels() l ON l.relation = t.relname AND l.name = a.attname AND (l.inserted OR l.updated) AND NOT l.result
         WHERE t.relnamespace = 'shop_hostile_rows_3'::regnamespace AND t.relkind = 'r'
           AND (t.relname, a.attname) <> ('customers', 'customer_id')
         ORDER BY t.oid, a.attnum, e.type, e.value COLLATE "C"
    LOOP
        EXECUTE format('SELECT count(*) FROM %I', c.relation) INTO rows;
        -- (a table that has taken nothing yet is tried with more than one row)
        <<tries>>
        FOR n IN c.turn .. c.turn + CASE WHEN EXISTS (SELECT FROM accepted a WHERE a.relation = c.relation) THEN 0 ELSE least(rows, 9) END LOOP
            EXECUTE format('SELECT to_jsonb(t) FROM %I t ORDER BY t::text COLLATE "C" OFFSET %s LIMIT 1', c.relation, n % greatest(rows, 1)) INTO row_json;
            IF c.type = 'jsonb'::regtype THEN
                row_json := row_json || jsonb_build_object(c.col, c.value::jsonb);
            ELSE
                row_json := row_json || jsonb_build_object(c.col, c.value);
            END IF;
            -- (a key that is another, or that is the same with the value in it)
            FOR variant IN 1 .. 3 LOOP
                BEGIN
                    IF variant = 3 THEN
                        EXECUTE format('UPDATE %1$I t SET %2$I = (jsonb_populate_record(NULL::%1$I, $1)).%2$I
                                         WHERE t.ctid = (SELECT u.ctid FROM %1$I u ORDER BY u::text COLLATE "C" OFFSET %3$s LIMIT 1)',
                                       c.relation, c.col, n % greatest(rows, 1)) USING row_json;
                    ELSE
                        EXECUTE format('INSERT INTO %1$I (%2$s) SELECT %3$s FROM jsonb_populate_record(NULL::%1$I, $1) r', c.relation,
                                       (SELECT string_agg(quote_ident(k), ', ') FROM unnest(c.columns) k),
                                       (SELECT string_agg('r.' || quote_ident(k), ', ') FROM unnest(c.columns) k))
                          USING row_json || CASE variant WHEN 1 THEN coalesce((SELECT jsonb_object_agg(k, left(coalesce(row_json ->> k, ''), 20) || '#' || n) FROM unnest(c.keys) k), '{}')
                                                 ELSE '{}' END;
                    END IF;
                    SET CONSTRAINTS ALL IMMEDIATE;
                    INSERT INTO accepted VALUES (c.relation, c.col, c.value, variant);
                    SET CONSTRAINTS ALL DEFERRED;
                    EXIT tries;
                EXCEPTION WHEN OTHERS THEN
                    NULL;
                END;
            END LOOP;
        END LOOP tries;
    END LOOP;
END $$;
SELECT pg_temp.mutate();
SELECT count(*) > 1000 AS many, count(*) FILTER (WHERE variant = 3) > 300 AS many_updates FROM accepted;
-- Of the tables in which a level writes, these took nothing.
SELECT DISTINCT l.relation FROM loyalcs.shop_levels() l WHERE (l.inserted OR l.updated) AND NOT l.result AND l.relation NOT IN (SELECT relation FROM accepted) ORDER BY 1;

-- All that is computed from them is computed, as of now, of always and of never; by
-- every breakdown; and whoever claims, queues or evaluates does.
CREATE FUNCTION pg_temp.failures() RETURNS TABLE (what text, error text) LANGUAGE plpgsql AS $$
DECLARE
    f record;
BEGIN
    FOR f IN
        SELECT format('SELECT count(t::text) FROM %I t', c.relname) AS query, 1 AS part FROM pg_class c WHERE c.relnamespace = 'shop_hostile_rows_3'::regnamespace AND c.relkind = 'v'
        UNION ALL
        SELECT format('SELECT count(t::text) FROM %I(%L::timestamptz) t', p.proname, a), 2
          FROM pg_proc p, unnest('{2026-03-10 14:00+09,-infinity,infinity}'::text[]) a
         WHERE p.pronamespace = 'shop_hostile_rows_3'::regnamespace AND p.proname ~ '_at$' AND p.proargtypes = '1184'::oidvector
        UNION ALL
        -- (one plan for all breakdowns: to make it takes longer than to run it)
        SELECT format('SELECT count(t::text) FROM unnest(customer_breakdowns()) b, %I(b, %L::timestamptz) t', p.proname, a), 3
          FROM pg_proc p, unnest('{2026-03-10 14:00+09,-infinity}'::text[]) a
         WHERE p.pronamespace = 'shop_hostile_rows_3'::regnamespace AND p.proname ~ '_by$' AND p.proargtypes = '25 1184'::oidvector
        UNION ALL
        SELECT format('SELECT count(t::text) FROM %I(%s) t', p.proname, (SELECT string_agg('NULL', ', ') FROM generate_series(1, p.pronargs - p.pronargdefaults))), 4
          FROM pg_proc p
         WHERE p.pronamespace = 'shop_hostile_rows_3'::regnamespace AND p.proname ~ '^(claim|queue|evaluate|refresh|expire|next)_' AND p.prokind = 'f'
           AND p.prorettype <> 'trigger'::regtype
           AND ('as_of' = ANY (p.proargnames) OR 'at' = ANY (p.proargnames))
        ORDER BY part, query
    LOOP
        BEGIN
            EXECUTE f.query;
        EXCEPTION WHEN OTHERS THEN
            what := f.query; error := SQLSTATE || ' ' || SQLERRM;
            RETURN NEXT;
        END;
    END LOOP;
END $$;
SELECT * FROM pg_temp.failures();
