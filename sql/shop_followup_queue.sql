-- What is new is found by looking at what is new, and it is the same as by looking at all.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
UPDATE settings SET live_since = '2020-01-01';

--
-- What is new, and all
--

CREATE FUNCTION pg_temp.dice(seed text, n integer) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN ((hashtextextended(seed, 7) & 9223372036854775807) % n)::integer;
UPDATE journey_steps SET expires_after = '3 days';
INSERT INTO journey_steps (journey, step, anchor, nth, delay, channel, purpose, content_key, send_window, orders_from, orders_to, min_amount, sample_share, holdout_share, exit_on_order, expires_after, priority, valid) VALUES
    ('after_sale', 'first', 'first_order', NULL, '2 days', 'line', 'marketing', 'x', NULL, NULL, NULL, NULL, NULL, 0.2, true, '9 days', 1, '(,)'),
    ('after_sale', 'third', 'nth_order', 3, '5 days 1 hour', 'line', 'survey', 'x', 'Mo-Fr 09:00-17:00', NULL, NULL, NULL, NULL, 0, false, '5 days', 2, '(,)'),
    ('after_sale', 'silent', 'no_order_for', NULL, '6 days', 'line', 'marketing', 'x', NULL, 2, 4, NULL, 0.5, 0.1, false, '10 days', 3, '(,2026-05-01)'),
    ('after_sale', 'big', 'ordered', NULL, '90 minutes', 'line', 'marketing', 'x', NULL, NULL, NULL, 20000, NULL, 0, false, '2 days', 4, '[2026-04-15,)'),
    ('after_sale', 'solved', 'ticket_resolved', NULL, '1 day', 'line', 'survey', 'x', NULL, NULL, NULL, NULL, NULL, 0, true, '6 days', 5, '(,)'),
    ('after_sale', 'birthday', 'birthday', NULL, '-7 days', 'line', 'marketing', 'x', NULL, NULL, NULL, NULL, NULL, 0, false, '7 days', 6, '(,)'),
    ('after_sale', 'year', 'anniversary', NULL, '0', 'line', 'marketing', 'x', 'Mo-Su 08:00-12:00', NULL, NULL, NULL, NULL, 0, true, '7 days', 7, '(,)'),
    ('after_sale', 'raised', 'tier_reached', NULL, '1 hour', 'instagram', 'transactional', 'x', NULL, NULL, NULL, NULL, NULL, 0, false, '3 days', 9, '(,)'),
    ('after_sale', 'gone', 'subscription_cancelled', NULL, '2 days', 'line', 'marketing', 'x', NULL, NULL, NULL, NULL, NULL, 0, false, '12 days', 8, '(,)'),
    ('after_sale', 'month', 'delivered', NULL, '1 month', 'email', 'service', 'x', NULL, NULL, NULL, NULL, NULL, 0, false, '12 days', 8, '(,)'),
    ('after_sale', 'points', 'points_expiring', NULL, '-3 days', 'line', 'marketing', 'x', NULL, NULL, NULL, NULL, NULL, 0, false, '2 days', 8, '(,)');
INSERT INTO customers (customer_id, name, email, birthday)
SELECT 'c' || i, 'N' || i, 'e' || i || '@example.com', CASE WHEN i = 1 THEN date '1996-02-29' WHEN i % 3 > 0 THEN date '1970-01-01' + pg_temp.dice('born' || i, 12000) END FROM generate_series(1, 80) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'c' || 1 + pg_temp.dice('old' || i, 80), 'o' || i, timestamptz '2025-02-01' + make_interval(hours => pg_temp.dice('old at' || i, 9000)), 100 FROM generate_series(1, 100) i;
INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'c' || i, 't', 'line' FROM generate_series(1, 80) i;
INSERT INTO subscriptions SELECT 'c' || i, 's', '2025-01-01' FROM generate_series(1, 80) i;
SELECT count(adjust_points('c' || i, 10, 'p' || i, expires_at => timestamptz '2026-03-01' + i * interval '1 day', posted_at => '2026-01-01')) FROM generate_series(1, 80) i;

-- What happens, entered up to four days late, and changed afterwards.
CREATE FUNCTION pg_temp.happens(n integer, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    who constant text := 'c' || 1 + pg_temp.dice('who' || n, 80);
    happened constant timestamptz := at - make_interval(mins => pg_temp.dice('late' || n, CASE n % 3 WHEN 0 THEN 5700 ELSE 200 END));
    old constant text := (SELECT o.order_id FROM orders o WHERE o.customer_id = who ORDER BY o.ordered_at DESC LIMIT 1);
BEGIN
    CASE pg_temp.dice('what' || n, 10)
        WHEN 0, 1, 2 THEN INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES (who, 'n' || n, happened, 100 * pg_temp.dice('amount' || n, 300));
        WHEN 3 THEN UPDATE orders SET shipped_at = greatest(ordered_at, happened) WHERE customer_id = who AND order_id = old AND delivered_at IS NULL;
        WHEN 4 THEN UPDATE orders SET delivered_at = greatest(ordered_at, shipped_at, happened) WHERE customer_id = who AND order_id = old;
        WHEN 5 THEN UPDATE orders SET cancelled_at = CASE WHEN cancelled_at IS NULL THEN greatest(ordered_at, happened) END WHERE customer_id = who AND order_id = old;
        WHEN 6 THEN INSERT INTO ticket_events (customer_id, ticket_id, at, kind, recorded_at) SELECT who, 't', happened, k, happened FROM unnest('{opened,resolved}'::text[]) k;
        WHEN 7 THEN UPDATE subscriptions SET cancelled_at = happened WHERE customer_id = who;
        WHEN 8 THEN INSERT INTO tier_history (customer_id, valid_from, tier, rank, rule_id, spent, orders)
                    SELECT who, happened, 'VIP', 1, 1, 1, 1 WHERE NOT EXISTS (SELECT FROM tier_history h WHERE h.customer_id = who);
        ELSE UPDATE orders SET customer_id = 'c' || 1 + pg_temp.dice('to' || n, 80), order_id = 'm' || n WHERE customer_id = who AND order_id = old;
    END CASE;
END $$;
-- Every seven hours or so: what is found then and what would be found by looking at all, including what is not due.
CREATE TEMP TABLE looks (n integer, at timestamptz, queued bigint, left_out bigint, again bigint, words text);
CREATE FUNCTION pg_temp.live() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    n integer := 0;
    at timestamptz;
    q bigint;
BEGIN
    FOR at IN SELECT generate_series(timestamptz '2026-03-01 00:10', '2026-05-10', '7 hours 10 minutes') LOOP
        FOR i IN 1..4 LOOP
            n := n + 1;
            PERFORM pg_temp.happens(n, at);
        END LOOP;
        q := queue_followups(at);
        INSERT INTO looks
        SELECT n, at, q, count(*), queue_followups(at), string_agg(c.customer_id || ' ' || c.step || ' ' || c.subject, ', ')
          FROM followups_considered(at, '168 hours') c
         -- (what a customer who has got a tier is now asked is found the next day)
         WHERE NOT c.queued AND c.step <> 'phone_hearing';
        IF n % 3 = 0 THEN
            PERFORM complete_followup(c.followup_id, 'sent', c.claim_key, at => at) FROM claim_followups(NULL, 30, 'w', '5 minutes', at) c;
        END IF;
    END LOOP;
END $$;
SELECT pg_temp.live();
SELECT count(*) AS looks, sum(queued) > 300 AS queued, sum(left_out) AS left_out, sum(again) AS again, count(*) FILTER (WHERE queued = 0) AS found_nothing, min(words) FROM looks;
SELECT step, count(*) > 0 AS found FROM followups GROUP BY step ORDER BY step;
-- What was looked at is known; without that, everything is looked at, and there is nothing more.
SELECT jsonb_object_keys(remark::jsonb) AS known FROM shop_turns WHERE job = 'queue_followups' ORDER BY 1;
UPDATE shop_turns SET remark = 'our own' WHERE job = 'queue_followups';
SELECT queue_followups('2026-05-10 00:00') - (SELECT count(*) FROM followups f WHERE f.step = 'phone_hearing' AND f.queued_at = '2026-05-10 00:00') AS more;
-- A rule that is changed, and time that goes backwards, have all looked at.
BEGIN;
INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, valid) VALUES ('after_sale', 'new', 'ordered', '1 day', 'email', 'service', 'x', '(,)');
SELECT queue_followups('2026-05-10 00:01') > 10 AS found, queue_followups('2026-05-10 00:02') < 10 AS no_more;
DELETE FROM followups WHERE step = 'new';
SELECT queue_followups('2026-05-10 00:03') < 10 AS nothing, queue_followups('2026-05-09 12:00') > 10 AS found;
ROLLBACK;
-- Where changes are not noted, too.
BEGIN;
ALTER TABLE orders DISABLE TRIGGER note_new_customers;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('c1', 'late', '2026-05-09 20:00', 1);
SELECT queue_followups('2026-05-10 00:01') > 0 AS found;
SELECT count(*) AS late FROM followups WHERE subject = 'late';
ROLLBACK;

--
-- When to look again
--

-- The first of those that wait, or what becomes due within the hour; an hour later if that is nothing; at once if there
-- is something new, a rule is another, or nobody has looked for an hour.
DELETE FROM followups;
SELECT FROM queue_followups('2026-05-10 00:10');
CREATE FUNCTION pg_temp.next(change text, OUT line timestamptz, OUT phone timestamptz, OUT is_any timestamptz) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE change;
    line := next_followup_at('line', '2026-05-10 00:11');
    phone := next_followup_at('phone', '2026-05-10 00:11');
    is_any := next_followup_at(NULL, '2026-05-10 00:11');
    RAISE EXCEPTION USING ERRCODE = 'LC000';
EXCEPTION WHEN SQLSTATE 'LC000' THEN NULL;
END $$;
SELECT s.n, r.* FROM (VALUES
    (1, 'DELETE FROM followups'),
    (2, 'INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at)
         SELECT ''c1'', ''x'', ''x'', s.step_id, ''phone'', true, 0, now(), now(), now(), now(), ''2026-05-10 00:20'' FROM journey_steps s WHERE s.step = ''big'''),
    (3, 'INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at)
         SELECT ''c1'', ''x'', ''x'', s.step_id, ''phone'', true, 0, now(), now(), now(), now(), ''2026-05-09'' FROM journey_steps s WHERE s.step = ''big'''),
    (4, 'INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES (''c1'', ''now'', ''2026-05-10 00:10'', 1)'),
    (5, 'UPDATE journeys SET paused_at = now()'),
    (6, 'UPDATE shop_turns SET remark = NULL'),
    (7, 'SELECT queue_followups(''2026-05-09 23:00'')'),
    (8, 'INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES (''c1'', ''soon'', ''2026-05-09 23:05'', 30000); SELECT queue_followups(''2026-05-10 00:10'')')) s (n, change)
 CROSS JOIN LATERAL pg_temp.next('DELETE FROM followups; ' || s.change) r ORDER BY s.n;

--
-- What is due soon is written early
--

-- Every half an hour: nothing is left out, and nothing is handed out before it is due, whatever happens meanwhile.
TRUNCATE looks;
UPDATE shop_turns SET remark = NULL WHERE job = 'queue_followups';
SELECT queue_followups('2026-05-11 00:00') > 100 AS found;
CREATE TEMP TABLE early_claims (at timestamptz, customer_id text, step text, subject text, due_at timestamptz);
CREATE FUNCTION pg_temp.live_densely() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    n integer := 1000;
    at timestamptz;
    q bigint;
BEGIN
    FOR at IN SELECT generate_series(timestamptz '2026-05-11 00:10', '2026-05-12 12:00', '31 minutes') LOOP
        FOR i IN 1..5 LOOP
            n := n + 1;
            PERFORM pg_temp.happens(n, at);
        END LOOP;
        q := queue_followups(at);
        INSERT INTO looks
        SELECT n, at, q, count(*), queue_followups(at), string_agg(c.customer_id || ' ' || c.step || ' ' || c.subject, ', ')
          FROM followups_considered(at, '168 hours') c
         WHERE NOT c.queued AND c.step <> 'phone_hearing';
        INSERT INTO early_claims SELECT at, c.customer_id, c.step, c.subject, c.due_at FROM claim_followups(NULL, 30, 'w', '5 minutes', at) c;
        PERFORM complete_followup(f.followup_id, 'sent', f.claim_key, at => at) FROM followups f WHERE f.lease_until > at;
    END LOOP;
END $$;
SELECT pg_temp.live_densely();
SELECT count(*) AS looks, sum(left_out) AS left_out, sum(again) AS again, min(words) FROM looks;
SELECT count(*) > 50 AS claimed, count(*) FILTER (WHERE due_at > at) AS before_due FROM early_claims;
-- (most of what followed from orders had been written by then, and nothing twice)
SELECT count(*) > 20 AS written_early FROM followups f JOIN looks l ON f.queued_at > l.at - interval '31 minutes' AND f.queued_at < l.at;

SELECT FROM loyalcs.create_shop('shop_followup_early');
SET search_path = shop_followup_early;
UPDATE journeys SET started_at = '-infinity';
UPDATE settings SET live_since = '2020-01-01';
DELETE FROM journey_steps;
INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, expires_after, exit_on_return, calendar, valid) VALUES
    ('after_sale', 'check', 'delivered', '3 days', 'email', 'service', 'arrival_check', '4 days', true, NULL, '(,)'),
    ('after_sale', 'call', 'shipped', '7 days', 'phone', 'service', 'phone_hearing', '4 days', false, 'phone', '(,)');
INSERT INTO customers (customer_id, email) SELECT c, c || '@example.com' FROM unnest('{same,deleted,later,sooner,cancelled,refused,back,complained,moved,other,returned}'::text[]) c;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at) SELECT c.customer_id, 'O-' || c.customer_id, '2026-05-28 12:00', 1000, '2026-06-01 10:30' FROM customers c WHERE c.customer_id <> 'other';
SELECT queue_followups('2026-06-04 09:00') AS due, queue_followups('2026-06-04 09:29') AS due;
SELECT count(*) AS written FROM followups;
SELECT queue_followups('2026-06-04 09:30') AS due, queue_followups('2026-06-04 09:31') AS again;
-- It waits for its time, has no arm, and is not there for anybody who asks what is due, queued or held back.
SELECT count(*), min(queued_at), min(due_at), min(claimable_at), count(arm) AS arms, count(eligible_at) AS eligible, count(reason) AS reasons FROM followups;
SELECT count(*) FROM claim_followups('email', 10, 'w', '1 day', '2026-06-04 10:29');
SELECT next_followup_at('email', '2026-06-04 10:00'),
       (SELECT count(*) FROM followups_due_at('2026-06-04 10:29')) AS due, (SELECT count(*) FROM followups_due_at('2026-06-04 10:30')) AS due_then,
       (SELECT count(*) FROM followups_suppressed_at('2026-06-04 10:29')) AS suppressed;
-- What happens until then
DELETE FROM orders WHERE customer_id = 'deleted';
UPDATE orders SET delivered_at = '2026-06-01 10:50' WHERE customer_id = 'later';
UPDATE orders SET delivered_at = '2026-06-01 10:10' WHERE customer_id = 'sooner';
UPDATE orders SET cancelled_at = '2026-06-04 10:01' WHERE customer_id = 'cancelled';
UPDATE orders SET delivered_at = NULL WHERE customer_id = 'back';
UPDATE orders SET customer_id = 'other' WHERE customer_id = 'moved';
INSERT INTO consents (customer_id, at, given) VALUES ('refused', '2026-06-04 10:02', false);
INSERT INTO tickets (customer_id, ticket_id, channel, complaint) VALUES ('complained', 'T', 'email', true);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('complained', 'T', '2026-06-04 10:03', 'opened');
CREATE TEMP TABLE claimed AS SELECT NULL::timestamptz AS at, c.* FROM claim_followups('email', 1, 'w', '1 day', '2026-06-04 10:04') c;
UPDATE orders SET delivered_at = '2026-06-01 10:30' WHERE customer_id = 'back';
INSERT INTO returns (customer_id, order_id, return_id, returned_at, refund) VALUES ('returned', 'O-returned', 'R', '2026-06-04 10:05', 1000);
DO $$
DECLARE at timestamptz;
BEGIN
    FOR at IN SELECT generate_series(timestamptz '2026-06-04 10:06', '2026-06-04 11:00', '2 minutes') LOOP
        INSERT INTO claimed SELECT at, c.* FROM claim_followups('email', 10, 'w', '1 day', at) c;
    END LOOP;
END $$;
SELECT to_char(at, 'HH24:MI') AS at, customer_id, subject, to_char(due_at, 'HH24:MI') AS due FROM claimed ORDER BY at, customer_id;
SELECT customer_id, subject, arm, to_char(eligible_at, 'HH24:MI') AS eligible, to_char(queued_at, 'HH24:MI') AS queued, attempts, outcome, reason FROM followups ORDER BY customer_id COLLATE "C";

-- A step is changed and deleted as long as nothing was due under it: what was written early goes, and comes back when it is right.
BEGIN;
DELETE FROM followups;
DELETE FROM returns;
DELETE FROM orders;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at, shipped_at)
VALUES ('same', 'N', now() - interval '8 days', 1, now() - interval '3 days' + interval '30 minutes', now() - interval '7 days' + interval '30 minutes');
UPDATE calendars SET hours = '24/7' WHERE calendar = 'phone';
SELECT queue_followups(now()) AS due;
SELECT step, queued_at - now() AS waits, claimable_at = queued_at AS at_once FROM followups ORDER BY step;
UPDATE journey_steps SET delay = '3 days 1 hour' WHERE step = 'check';
SELECT queue_followups(now()) AS due;
SELECT step, queued_at - now() AS waits FROM followups ORDER BY step;
UPDATE journey_steps SET delay = '3 days -10 minutes' WHERE step = 'check';
SELECT queue_followups(now()) AS due;
SELECT step, queued_at - now() AS waits FROM followups ORDER BY step;
UPDATE calendars SET hours = 'Mo-Su 00:00-24:00' WHERE calendar = 'phone';
SELECT step, claimable_at - now() AS looked_at FROM followups ORDER BY step;
UPDATE journeys SET ended_at = now() + interval '1 minute';
SELECT queue_followups(now()) AS due;
SELECT count(*) AS written FROM followups;
UPDATE journeys SET ended_at = NULL;
SELECT queue_followups(now()) AS due;
DELETE FROM journey_steps WHERE step = 'call';
SELECT step FROM followups;
ROLLBACK;
-- Where changes are not noted, nothing is.
BEGIN;
DELETE FROM followups;
UPDATE orders SET delivered_at = '2026-06-02 10:30' WHERE customer_id = 'same';
ALTER TABLE orders DISABLE TRIGGER note_new_customers;
SELECT queue_followups('2026-06-05 10:00') >= 0 AS looked;
SELECT count(*) AS written FROM followups WHERE customer_id = 'same';
ALTER TABLE orders ENABLE TRIGGER note_new_customers;
SELECT queue_followups('2026-06-05 10:01') >= 0 AS looked;
SELECT count(*) AS written FROM followups WHERE customer_id = 'same';
ROLLBACK;

-- Level service takes back what was written early; what has been judged or claimed it does not delete.
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_followup_queue_service;
RESET client_min_messages;
CREATE ROLE regress_followup_queue_service;
SELECT FROM loyalcs.grant_shop('shop_followup_early', 'regress_followup_queue_service', 'service');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at) VALUES ('same', 'P', '2026-06-02 12:00', 1, '2026-06-03 12:30'), ('back', 'P', '2026-06-02 12:00', 1, '2026-06-03 12:31');
SET ROLE regress_followup_queue_service;
SELECT queue_followups('2026-06-06 12:00') AS due;
UPDATE orders SET delivered_at = NULL WHERE customer_id = 'back' AND order_id = 'P';
SELECT queue_followups('2026-06-06 12:01') AS due;
SELECT customer_id FROM followups WHERE subject = 'P';
DELETE FROM followups WHERE followup_id = 11;
DELETE FROM followups WHERE followup_id = 12;
DELETE FROM followups WHERE subject = 'P';
RESET ROLE;
DELETE FROM followups WHERE attempts > 0;
SELECT loyalcs.drop_shop('shop_followup_early', 'shop_followup_early');
DROP ROLE regress_followup_queue_service;
