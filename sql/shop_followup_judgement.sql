-- The rules by which follow-ups are judged: caps, addresses, languages, what is for
-- the same instant, and steps that are stopped, held or replaced.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
UPDATE settings SET live_since = '2020-01-01';
UPDATE journey_steps SET valid = 'empty';
UPDATE frequency_caps SET valid = 'empty';
INSERT INTO customers (customer_id, name, email, phone) VALUES ('ann', 'Ann', 'ann@example.com', '03-1'), ('ben', '', 'ben@example.com', NULL), ('cho', 'Cho', '', NULL);
CREATE FUNCTION pg_temp.step(step text, anchor text, delay interval, channel text DEFAULT 'email', purpose text DEFAULT 'service', priority integer DEFAULT 0, key text DEFAULT 'said') RETURNS void LANGUAGE sql BEGIN ATOMIC
    INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, priority, content_key, valid) VALUES ('after_sale', step, anchor, delay, channel, purpose, priority, key, '(,)');
END;
CREATE FUNCTION pg_temp.claimed(at timestamptz, only_channel text DEFAULT NULL) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(c.customer_id || ' ' || c.step || ' ' || c.subject, ', ' ORDER BY 1) FROM (SELECT * FROM claim_followups(only_channel, 100, 'w', '5 minutes', at) OFFSET 0) c);
CREATE FUNCTION pg_temp.sent(at timestamptz, only_channel text DEFAULT NULL) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(c.customer_id || ' ' || c.step || ' ' || c.subject || ' ' || complete_followup(c.followup_id, 'sent', c.claim_key, NULL, at), ', ' ORDER BY c.customer_id, c.step, c.subject) FROM (SELECT * FROM claim_followups(only_channel, 100, 'w', '5 minutes', at) OFFSET 0) c);
CREATE VIEW pg_temp.queue AS SELECT customer_id, step, subject, channel, step_id, outcome, reason, claimable_at FROM followups ORDER BY customer_id, step, subject;
INSERT INTO templates (key, language, subject, body) VALUES ('said', 'ja', 'ja', '{{name|お客}}様'), ('said', 'en', 'en', 'Dear {{name|customer}}'), ('said', 'en-GB', 'en-GB', 'Dear {{name|customer}}'), ('said', 'zh-Hant', 'zh-Hant', '{{name|-}}'), ('points', 'en', 'points', '{{points}} points until {{last_day}}');

--
-- Frequency caps
--

-- What cannot be sent anyway uses up no place: opted out, no address, one that is none, a template that lacks a value, held out.
INSERT INTO frequency_caps (channel, per_day, valid) VALUES ('email', 1, '(,)');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ann', 'A', '2026-03-01 12:00', 1);
CREATE FUNCTION pg_temp.second(change text, OUT claimed text, OUT others text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.step('one', 'ordered', '1 day', purpose => 'survey', priority => 9), pg_temp.step('two', 'ordered', '2 days');
    PERFORM queue_followups('2026-03-02 12:30');
    EXECUTE change;
    claimed := pg_temp.claimed('2026-03-03 12:30');
    SELECT string_agg(q.step || ': ' || coalesce(q.outcome, 'waits') || coalesce(', ' || q.reason, ''), '; ') INTO others FROM pg_temp.queue q WHERE q.step = 'one';
    RAISE EXCEPTION USING ERRCODE = 'LC000';
EXCEPTION WHEN SQLSTATE 'LC000' THEN NULL;
END $$;
SELECT s.change, r.*
  FROM (VALUES ('SELECT'), ('INSERT INTO consents VALUES (''ann'', ''all'', ''survey'', ''2026-03-02 13:00'', false)'),
               ('UPDATE journey_steps SET content_key = ''gone'' WHERE step = ''one'''), ('UPDATE templates SET body = ''{{colour}}'' WHERE key = ''said''; UPDATE journey_steps SET content_values = ''{"colour": "red"}'' WHERE step = ''two'''),
               ('UPDATE followups SET too_late_at = ''2026-03-03'' WHERE step = ''one''')) s (change)
 CROSS JOIN LATERAL pg_temp.second('ALTER TABLE journey_steps DISABLE TRIGGER check_contact_rule; ' || s.change) r;
-- On all channels together: two a day, whichever way.
BEGIN;
UPDATE frequency_caps SET valid = 'empty';
INSERT INTO frequency_caps (channel, per_day, per_week, valid) VALUES ('all', 2, 4, '(,)');
SELECT pg_temp.step('e1', 'ordered', '1 day'), pg_temp.step('e2', 'ordered', '1 day'), pg_temp.step('p1', 'ordered', '1 day', 'phone'), pg_temp.step('p2', 'ordered', '1 day', 'phone'), pg_temp.step('p3', 'ordered', '1 day', 'phone'), pg_temp.step('t', 'ordered', '1 day', 'email', 'transactional');
SELECT step, held_back, reason FROM followups_considered('2026-03-02 12:30', '0') ORDER BY 1;
SELECT pg_temp.sent('2026-03-02 12:30', 'phone') AS by_phone, pg_temp.sent('2026-03-02 12:31', 'email') AS by_mail;
SELECT * FROM pg_temp.queue WHERE outcome IS NULL;
SELECT pg_temp.sent('2026-03-03 12:30') AS next_day, pg_temp.sent('2026-03-04 12:30') AS and_the_next;
SELECT * FROM pg_temp.queue WHERE outcome IS NULL;
SELECT count(*) AS within_a_week FROM followups WHERE outcome = 'sent' AND capped;
-- Such a rule is kept as others are.
SELECT pg_temp.outcome(s) FROM (VALUES
    ('INSERT INTO frequency_caps (channel, per_day, valid) VALUES (''all'', 1, ''(,)'')'),
    ('UPDATE frequency_caps SET per_day = 1 WHERE channel = ''all'''),
    ('INSERT INTO frequency_caps (channel, per_day, valid) VALUES (''pigeon'', 1, ''(,)'')')) s (s);
ROLLBACK;

--
-- Three orders at the same instant bring one survey, and a confirmation each
--

BEGIN;
UPDATE frequency_caps SET valid = 'empty';
SELECT pg_temp.step('survey', 'delivered', '1 day', 'email', 'survey'), pg_temp.step('confirmation', 'delivered', '1 day', 'email', 'transactional');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at) SELECT 'ann', 'S' || i, '2026-03-01 12:00', 1, '2026-03-03 12:00' FROM generate_series(1, 3) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at) VALUES ('ann', 'S4', '2026-03-01 12:00', 1, '2026-03-03 12:01');
SELECT step, subject, held_back, reason FROM followups_considered('2026-03-04 12:30', '0') ORDER BY 1, 2;
-- The one that goes is one that may.
UPDATE orders SET cancelled_at = '2026-03-04' WHERE order_id = 'S1';
SELECT pg_temp.sent('2026-03-04 12:30');
SELECT step, subject, outcome, reason FROM pg_temp.queue;
-- What comes in later goes with what was sent.
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at) VALUES ('ann', 'S0', '2026-03-01 12:00', 1, '2026-03-03 12:00');
SELECT step, subject, held_back, reason FROM followups_considered('2026-03-04 12:40', '0') ORDER BY 1, 2;
SELECT pg_temp.sent('2026-03-04 12:40');
SELECT step, subject, outcome, reason FROM pg_temp.queue WHERE subject = 'S0';
ROLLBACK;

--
-- An address that is none, and one where nothing arrives
--

BEGIN;
UPDATE frequency_caps SET valid = 'empty';
SELECT pg_temp.step('s', 'ordered', '1 day');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ben', 'B', '2026-03-01 12:00', 1), ('cho', 'C', '2026-03-01 12:00', 1);
SELECT c.customer_id, c.payload ->> 'body' AS body, complete_followup(c.followup_id, CASE c.customer_id WHEN 'ann' THEN 'undeliverable' ELSE 'sent' END, c.claim_key, NULL, '2026-03-02 12:31')
  FROM claim_followups(NULL, 9, 'w', '5 minutes', '2026-03-02 12:30') c ORDER BY 1;
SELECT * FROM pg_temp.queue;
-- The next one to that address is held back until it changes; what goes another way goes.
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ann', 'A2', '2026-03-02 12:00', 1), ('ben', 'B2', '2026-03-02 12:00', 1);
SELECT pg_temp.step('by_phone', 'ordered', '1 day', 'phone');
SELECT pg_temp.sent('2026-03-03 12:30');
SELECT customer_id, step, subject, outcome, reason, claimable_at FROM pg_temp.queue WHERE subject LIKE '_2';
SELECT pg_temp.sent('2026-03-03 13:30') AS not_yet;
UPDATE customers SET email = ' ann2@example.com' WHERE customer_id = 'ann';
SELECT pg_temp.sent('2026-03-03 14:30') AS then;
-- What is tried again, because it was mended there, is held back by itself no more.
UPDATE customers SET email = 'ann@example.com' WHERE customer_id = 'ann';
SELECT retry_followup(followup_id, '2026-03-04 12:00') FROM followups WHERE outcome = 'undeliverable';
SELECT pg_temp.sent('2026-03-04 12:00') AS again;
ROLLBACK;

--
-- Languages, however they are written
--

SELECT l AS language, (template_for('said', l)).written_in FROM unnest('{ja,en,EN,en_US,en-GB,EN_gb,en-GB-oxendict,zh_Hant_TW,zh-TW,fr,"",JA_JP}'::text[]) l;
SELECT (template_for('said', NULL)).written_in;
UPDATE settings SET language = 'en-US';
SELECT (template_for('said', 'fr')).written_in;
UPDATE settings SET language = 'ja';

--
-- Points that expire: how many, and the last day on which they can be used
--

BEGIN;
SELECT pg_temp.step('p', 'points_expiring', '-7 days', key => 'points');
SELECT FROM adjust_points('ann', 1200, 'p', expires_at => '2026-04-01 00:00', posted_at => '2026-03-01 11:00');
SELECT FROM adjust_points('ann', 34, 'q', expires_at => '2026-04-01 00:00', posted_at => '2026-03-01 11:00');
SELECT FROM adjust_points('ben', 5, 'p', expires_at => '2026-04-01 10:00', posted_at => '2026-03-01 11:00');
SELECT queue_followups('2026-03-26 12:00') AS queued;
SELECT FROM redeem_points('ann', 100, 'r', posted_at => '2026-03-26 12:00');
SELECT customer_id, payload ->> 'body' AS body, payload -> 'values' -> 'points' AS points, payload -> 'values' -> 'last_day' AS last_day FROM claim_followups(NULL, 9, 'w', '5 minutes', '2026-03-26 12:30') ORDER BY 1;
ROLLBACK;

--
-- A campaign is stopped at once, held, or replaced
--

-- What waits is dropped, what is claimed is not handed over, what would have become due is listed; nobody hears a thing.
CREATE FUNCTION pg_temp.stopped(change text, until timestamptz DEFAULT '2026-03-03 13:00')
RETURNS TABLE (customer text, queued text, handed_over boolean, outcome text, reason text, listed text) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM orders;
    PERFORM pg_temp.step('s', 'ordered', '1 day');
    ALTER TABLE journey_steps DISABLE TRIGGER check_contact_rule;
    INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ann', 'A', '2026-03-02 11:00', 1), ('ben', 'B', '2026-03-02 12:00', 1), ('cho', 'C', '2026-03-02 13:00', 1);
    UPDATE customers SET email = customer_id || '@example.com';
    -- ann's is claimed, ben's waits, cho's is not due yet
    PERFORM claim_followups('email', 9, 'w', '1 day', '2026-03-03 11:00');
    PERFORM queue_followups('2026-03-03 12:00');
    EXECUTE change;
    RETURN QUERY
    SELECT c.customer_id, (SELECT string_agg(d.step, ', ') FROM followups_due_at('2026-03-03 12:30') d WHERE d.customer_id = c.customer_id),
           (SELECT bool_or(hand_over_followup(f.followup_id, f.claim_key, '2026-03-03 12:30')) FROM followups f WHERE f.customer_id = c.customer_id AND f.lease_until IS NOT NULL), NULL, NULL,
           (SELECT string_agg(x.held_back || ' ' || x.reason, ', ') FROM followups_suppressed_at(until) x WHERE x.customer_id = c.customer_id)
      FROM customers c ORDER BY 1;
    PERFORM queue_followups(until), claim_followups('email', 9, 'v', '5 minutes', until);
    RETURN QUERY
    SELECT f.customer_id, 'then', f.lease_until IS NOT NULL, f.outcome, f.reason, NULL FROM followups f ORDER BY 1;
    RAISE EXCEPTION USING ERRCODE = 'LC000';
EXCEPTION WHEN SQLSTATE 'LC000' THEN RETURN;
END $$;
SELECT s.n, r.* FROM (VALUES
    (1, 'SELECT'),
    (2, 'UPDATE journey_steps SET valid = ''(,2026-03-03 12:15)'' WHERE step = ''s'''),
    (3, 'UPDATE journeys SET ended_at = ''2026-03-03 12:15'' WHERE journey = ''after_sale'''),
    (4, 'UPDATE journey_steps SET paused_at = ''2026-03-03 12:15'' WHERE step = ''s'''),
    (5, 'UPDATE journeys SET paused_at = ''2026-03-03 12:15'' WHERE journey = ''after_sale'''),
    (6, 'UPDATE journeys SET ended_at = ''2026-03-04'', paused_at = ''2026-03-04'' WHERE journey = ''after_sale''')) s (n, change)
 CROSS JOIN LATERAL pg_temp.stopped(s.change) r;
-- When it runs again, what was held goes at once, unless it is too late.
BEGIN;
SELECT pg_temp.step('s', 'ordered', '1 day');
SELECT queue_followups('2026-03-02 12:30') AS queued;
UPDATE journey_steps SET paused_at = '2026-03-02 12:30' WHERE step = 's';
SELECT pg_temp.sent('2026-03-02 12:31') AS paused;
SELECT * FROM pg_temp.queue;
UPDATE journeys SET paused_at = '2026-03-02 12:30';
UPDATE journey_steps SET paused_at = NULL;
SELECT pg_temp.sent('2026-03-02 12:32') AS still_paused;
UPDATE journeys SET paused_at = NULL;
SELECT pg_temp.sent('2026-03-02 12:33') AS runs;
ROLLBACK;

-- A step of two days gives way to one of one day: nobody is lost, and nobody hears it twice.
BEGIN;
DELETE FROM orders;
UPDATE frequency_caps SET valid = 'empty';
INSERT INTO customers (customer_id, email) SELECT 'd' || i, 'd' || i || '@example.com' FROM generate_series(1, 6) i;
-- hours since delivery, at noon of 10 March
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at) SELECT 'd' || i, 'D', '2026-03-01', 1, timestamptz '2026-03-10 12:00' - h * interval '1 hour'
  FROM unnest('{60,49,47,25,23,1}'::integer[]) WITH ORDINALITY x (h, i);
SELECT pg_temp.step('s', 'delivered', '2 days');
SELECT pg_temp.sent('2026-03-10 11:00') AS before;
SELECT queue_followups('2026-03-10 11:30') AS queued;
ALTER TABLE journey_steps DISABLE TRIGGER check_contact_rule;
UPDATE journey_steps SET valid = '(,2026-03-10 12:00)' WHERE step = 's';
INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, valid) VALUES ('after_sale', 's', 'delivered', '1 day', 'email', 'service', 'said', '[2026-03-10 12:00,)');
SELECT customer_id, due_at, why FROM followups_due_at('2026-03-10 12:00') ORDER BY 1;
SELECT pg_temp.sent('2026-03-10 12:00') AS at_once, pg_temp.sent('2026-03-10 13:00') AS in_an_hour, pg_temp.sent('2026-03-11 11:00') AS next_day, pg_temp.sent('2026-03-13 11:00') AS no_more;
SELECT customer_id, step_id - min(step_id) OVER () AS of_step, outcome FROM followups ORDER BY 1;
ROLLBACK;
-- And the other way round, with another channel: what waits waits for the longer delay.
BEGIN;
DELETE FROM orders;
UPDATE frequency_caps SET valid = 'empty';
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ann', 'A', '2026-03-09 11:30', 1), ('ben', 'B', '2026-03-09 12:30', 1);
SELECT pg_temp.step('s', 'ordered', '1 day');
SELECT queue_followups('2026-03-10 11:45') AS queued;
ALTER TABLE journey_steps DISABLE TRIGGER check_contact_rule;
UPDATE journey_steps SET valid = '(,2026-03-10 12:00)' WHERE step = 's';
INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, valid) VALUES ('after_sale', 's', 'ordered', '2 days', 'phone', 'service', 'said', '[2026-03-10 12:00,)');
SELECT pg_temp.sent('2026-03-10 12:30') AS nobody;
SELECT * FROM (SELECT customer_id, channel, outcome, reason, claimable_at FROM pg_temp.queue) q;
SELECT pg_temp.sent('2026-03-11 11:30') AS by_phone, pg_temp.sent('2026-03-12 12:00') AS and_then;
SELECT customer_id, channel, outcome, reason FROM pg_temp.queue;
ROLLBACK;
