-- The work handed out: to one worker at a time, and looked at once more.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';

INSERT INTO customers (customer_id, name, email, phone, birthday, attributes) VALUES
    ('ann', '山田 花子', 'ann@example.com', '03-1', '1990-06-12', '{}'),
    ('ben', 'Ben <b>', 'ben@example.com', NULL, '2000-02-29', '{"language": "en-GB"}'),
    ('cho', NULL, NULL, '03-3', NULL, '{}'),
    ('dan', 'Dan', 'dan@example.com', NULL, NULL, '{}');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at, cancelled_at) VALUES
    ('ann', 'A-1', '2026-03-01 12:00+09', 24800, '2026-03-02 09:00+09', '2026-03-03 15:00+09', NULL),
    ('ben', 'B-1', '2026-03-05 09:00+09', 1200.5, '2026-03-05 18:00+09', '2026-03-06 21:30+09', NULL),
    ('cho', 'C-1', '2026-03-09 23:00+09', 5000, NULL, NULL, NULL),
    ('dan', 'D-1', '2026-03-09 22:00+09', 5000, NULL, NULL, '2026-03-09 22:30+09');
INSERT INTO order_items (customer_id, order_id, line, product_id, product_name, quantity, amount) VALUES
    ('cho', 'C-1', 1, 'P1', '指輪', 1, 4000), ('cho', 'C-1', 2, 'P2', NULL, 2, 1000);
INSERT INTO shipments VALUES ('ann', 'A-1', 1, 'ヤマト', '1234', '2026-03-03'), ('ann', 'A-1', 2, 'ヤマト', '1235', '2026-03-04');

--
-- Claimed and reported
--

\x
SELECT * FROM claim_followups('email', 10, 'w1', '5 minutes', '2026-03-10 15:00+09');
\x
SELECT customer_id, step, subject, outcome, reason, attempts, worker, lease_until, claimable_at FROM followups ORDER BY followup_id;
-- What somebody has, nobody else gets.
SELECT count(*) FROM claim_followups('email', 10, 'w2', '5 minutes', '2026-03-10 15:01+09');
SELECT next_followup_at(NULL, '2026-03-10 15:01+09');
-- What is given back untried is there again at once; whoever has no claim has nothing to give back.
BEGIN;
SELECT release_followup(f.followup_id, f.followup_id || '.2', '2026-03-10 15:01+09') AS another_key,
       release_followup(f.followup_id, f.claim_key, '2026-03-10 15:01+09') AS given_back,
       release_followup(f.followup_id, f.claim_key, '2026-03-10 15:01+09') AS again
  FROM followups f WHERE lease_until IS NOT NULL;
SELECT customer_id, attempts, failures, lease_until, claimable_at FROM followups WHERE outcome IS NULL ORDER BY 1;
SELECT c.customer_id, c.attempt, complete_followup(c.followup_id, 'sent', c.claim_key, at => '2026-03-10 15:02+09'),
       release_followup(c.followup_id, c.claim_key, '2026-03-10 15:02+09')
  FROM claim_followups('email', 10, 'w2', '5 minutes', '2026-03-10 15:01+09') c;
ROLLBACK;
SELECT release_followup(999, '999.1'), release_followup(NULL, NULL);
-- What is wrong is said.
SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('SELECT complete_followup(999, ''sent'', ''999.1'')'),
    ('SELECT complete_followup(NULL, ''sent'', ''999.1'')'),
    ('SELECT complete_followup(1, ''done'', ''1.1'')'),
    ('SELECT complete_followup(1, NULL, ''1.1'')'),
    ('SELECT complete_followup(1, ''sent'', ''1.99'')'),
    ('SELECT complete_followup(1, ''sent'', ''2.1'')'),
    ('SELECT complete_followup(1, ''sent'', NULL)'),
    ('SELECT FROM claim_followups(''owl'')'),
    ('SELECT FROM claim_followups(''email'', 0)'),
    ('SELECT FROM claim_followups(''email'', 10001)'),
    ('SELECT FROM claim_followups(''email'', NULL)'),
    ('SELECT FROM claim_followups(''email'', 1, ''w'', ''0'')'),
    ('SELECT FROM claim_followups(''email'', 1, ''w'', NULL)')
  ) s (statement);

--
-- Looked at once more when it is claimed
--

-- What is due in the evening is queued; then the world changes, and it is claimed next noon.
CREATE FUNCTION pg_temp.then_claimed(change text) RETURNS TABLE (claimed boolean, outcome text, reason text, detail text, again timestamptz) LANGUAGE plpgsql AS $$
DECLARE claimed_ids bigint[];
BEGIN
    DELETE FROM followups;
    PERFORM queue_followups('2026-03-09 19:30+09');
    UPDATE followups f SET claimable_at = '2026-03-10 12:00+09' WHERE f.finished_at IS NULL;
    EXECUTE change;
    PERFORM set_config('loyalcs.queued_' || 'followups'::regclass::oid::text, EXTRACT(epoch FROM timestamptz '2026-03-10 12:00+09')::text, true);
    claimed_ids := ARRAY(SELECT c.followup_id FROM claim_followups('email', 10, 'w', '5 minutes', '2026-03-10 12:00+09') c);
    RETURN QUERY SELECT f.followup_id = ANY (claimed_ids), f.outcome, f.reason, f.detail, f.claimable_at FROM followups f WHERE f.customer_id = 'eve' AND f.step = 'arrival_check';
    RAISE EXCEPTION USING ERRCODE = 'LC000';
EXCEPTION WHEN SQLSTATE 'LC000' THEN NULL;
END $$;
INSERT INTO customers (customer_id, name, email) VALUES ('eve', 'Eve', 'eve@example.com');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at) VALUES ('eve', 'E-1', '2026-03-01 12:00+09', 100, '2026-03-06 19:00+09');
INSERT INTO tickets (customer_id, ticket_id, channel, complaint) VALUES ('eve', 't', 'line', true);
SELECT regexp_replace(s.change, E'\\s+', ' ', 'g') AS change, r.*
  FROM (VALUES
    ('SELECT'),
    ('INSERT INTO consents VALUES (''eve'', ''email'', ''service'', ''2026-03-10 11:00+09'', false)'),
    ('INSERT INTO consents VALUES (''eve'', ''all'', ''all'', ''2026-03-10 11:00+09'', false)'),
    ('INSERT INTO consents VALUES (''eve'', ''line'', ''all'', ''2026-03-10 11:00+09'', false)'),
    ('INSERT INTO consents VALUES (''eve'', ''email'', ''service'', ''2026-03-10 12:01+09'', false)'),
    ('INSERT INTO consents VALUES (''eve'', ''all'', ''all'', ''2026-03-10 10:00+09'', false), (''eve'', ''email'', ''service'', ''2026-03-10 11:00+09'', true)'),
    ('UPDATE contact_purposes SET consent = ''if_given'' WHERE purpose = ''service'''),
    ('INSERT INTO returns VALUES (''eve'', ''r'', ''E-1'', ''2026-03-10 11:00+09'', 1)'),
    ('UPDATE orders SET cancelled_at = ''2026-03-10 11:00+09'' WHERE customer_id = ''eve'''),
    ('DELETE FROM orders WHERE customer_id = ''eve'''),
    ('INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES (''eve'', ''t'', ''2026-03-10 11:00+09'', ''opened'')'),
    ('UPDATE customers SET email = NULL WHERE customer_id = ''eve'''),
    ('INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at, finished_at, outcome)
      SELECT ''eve'', ''by hand'', ''1'', 3, ''email'', true, 0, at, at, at, at, at, at, ''sent'' FROM (SELECT timestamptz ''2026-03-10 08:00+09'') a (at)'),
    ('UPDATE followups SET too_late_at = ''2026-03-10 12:00+09'''),
    ('UPDATE templates SET body = ''{{colour}} {{size}} {{name}}'' WHERE key = ''arrival_check'''),
    ('DELETE FROM templates WHERE key = ''arrival_check''')
  ) s (change) CROSS JOIN LATERAL pg_temp.then_claimed(s.change) r;

--
-- What a frequency cap puts off
--

-- It waits in the queue with its arm, and the higher priority goes first, whichever was there first; who was silent
-- and is not any more hears nothing.
BEGIN;
DELETE FROM followups;
UPDATE journey_steps SET valid = 'empty';
INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, priority, expires_after, valid) VALUES
    ('after_sale', 'one', 'ordered', '1 day', 'email', 'service', 'arrival_check', 30, '7 days', '(,)'),
    ('after_sale', 'low', 'ordered', '1 day 1 hour', 'email', 'service', 'arrival_check', 10, '7 days', '(,)'),
    ('after_sale', 'high', 'ordered', '2 days 1 hour', 'email', 'service', 'arrival_check', 20, '7 days', '(,)'),
    ('after_sale', 'silent', 'no_order_for', '1 day 2 hours', 'email', 'service', 'arrival_check', 5, '7 days', '(,)');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('eve', 'E-2', '2026-05-01 12:00+09', 100);
SELECT d.at, c.step AS claimed, complete_followup(c.followup_id, 'sent', c.claim_key, at => d.at) AS reported
  FROM (VALUES (timestamptz '2026-05-02 12:30+09')) d (at), claim_followups('email', 10, 'w', '5 minutes', d.at) c;
SELECT queue_followups('2026-05-02 15:00+09') AS queued, queue_followups('2026-05-02 15:00+09') AS again;
SELECT count(*) AS claimed FROM claim_followups('email', 10, 'w', '5 minutes', '2026-05-02 15:00+09');
SELECT step, arm, eligible_at, claimable_at, outcome, reason FROM followups WHERE customer_id = 'eve' ORDER BY eligible_at, step;
SELECT queue_followups('2026-05-03 13:30+09') AS queued;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('eve', 'E-3', '2026-05-03 13:00+09', 100);
SELECT step, held_back, reason FROM followups_considered('2026-05-03 13:30+09', '0') WHERE customer_id = 'eve' ORDER BY step;
SELECT d.at, c.step AS claimed, complete_followup(c.followup_id, 'sent', c.claim_key, at => d.at) AS reported
  FROM (VALUES (timestamptz '2026-05-03 13:30+09'), ('2026-05-04 10:00+09')) d (at), claim_followups('email', 10, 'w', '5 minutes', d.at) c;
SELECT step, arm, outcome, reason FROM followups WHERE customer_id = 'eve' AND subject = 'E-2' ORDER BY step;
ROLLBACK;
-- What is dropped, or waits for something else, uses up no place: the one that is left goes.
BEGIN;
DELETE FROM followups;
UPDATE journey_steps SET valid = 'empty';
INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, priority, send_window, expires_after, valid) VALUES
    ('after_sale', 'asks', 'ordered', '1 day', 'email', 'survey', 'arrival_check', 30, NULL, '7 days', '(,)'),
    ('after_sale', 'waits', 'ordered', '1 day', 'email', 'service', 'arrival_check', 20, '12:00-13:00', '7 days', '(,)'),
    ('after_sale', 'goes', 'ordered', '2 days', 'email', 'service', 'arrival_check', 10, NULL, '7 days', '(,)');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('eve', 'E-2', '2026-05-01 12:30+09', 100);
SELECT queue_followups('2026-05-02 12:30+09') AS queued;
INSERT INTO consents VALUES ('eve', 'all', 'survey', '2026-05-02 13:00+09', false);
SELECT step FROM followups_due_at('2026-05-03 13:30+09') WHERE customer_id = 'eve';
SELECT step AS claimed FROM claim_followups('email', 10, 'w', '5 minutes', '2026-05-03 13:30+09');
SELECT step, arm, outcome, reason FROM followups WHERE customer_id = 'eve' ORDER BY step;
ROLLBACK;

-- What waits for hours of a calendar waits for closures, also those that are decided
-- while it waits, or when a worker has it; and no longer when they are taken back.
BEGIN;
DELETE FROM followups;
UPDATE journey_steps SET valid = 'empty';
INSERT INTO calendars (calendar, hours) VALUES ('desk', 'Mo-Fr 10:00-18:00 @ Asia/Tokyo'), ('other', 'Mo-Fr 10:00-18:00 @ Asia/Tokyo');
INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, calendar, send_window, expires_after, kind, valid) VALUES
    ('after_sale', 'by calendar', 'ordered', '1 day', 'email', 'service', 'arrival_check', 'desk', NULL, '7 days', 'person', '(,)'),
    ('after_sale', 'of its order', 'ordered', '1 day', 'email', 'transactional', 'arrival_check', 'desk', NULL, '7 days', 'person', '(,)'),
    ('after_sale', 'by hours', 'ordered', '1 day', 'email', 'transactional', 'arrival_check', NULL, 'Mo-Fr 10:00-18:00 @ Asia/Tokyo', '7 days', 'person', '(,)');
SELECT pg_temp.outcome('UPDATE journey_steps SET calendar = ''nowhere'' WHERE step = ''by calendar''') AS unknown;
-- Ordered on Friday, 1 May 2026, at 20:00: due on Saturday, and so on Monday.
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('eve', 'E-2', '2026-05-01 20:00+09', 100);
CREATE FUNCTION pg_temp.waiting(at timestamptz) RETURNS TABLE (step text, due_at timestamptz, held_back text, reason text, until timestamptz) LANGUAGE sql AS $$
    SELECT c.step, c.due_at, c.held_back, c.reason, c.until FROM shop.followups_considered(at, '0') c WHERE c.customer_id = 'eve' ORDER BY 1
$$;
SELECT * FROM pg_temp.waiting('2026-05-03 12:00+09');
SELECT queue_followups('2026-05-03 12:00+09') AS queued;
SELECT step, due_at, claimable_at, reason FROM followups WHERE customer_id = 'eve' ORDER BY 1;
-- On Sunday it is decided that Monday is off, and was known from then on.
INSERT INTO calendar_exceptions (calendar, first_day, last_day, reason, recorded_at) VALUES ('desk', '2026-05-04', '2026-05-04', 'typhoon', '2026-05-03 18:00+09');
SELECT * FROM pg_temp.waiting('2026-05-03 17:00+09');
SELECT * FROM pg_temp.waiting('2026-05-03 19:00+09');
SELECT step AS claimed FROM claim_followups('email', 10, 'w', '5 minutes', '2026-05-04 10:00+09') ORDER BY 1;
SELECT step, due_at, claimable_at, reason FROM followups WHERE customer_id = 'eve' AND finished_at IS NULL ORDER BY 1;
-- A closure of another calendar is no matter; one while a worker has it is.
INSERT INTO calendar_exceptions (calendar, first_day, last_day, recorded_at) VALUES ('other', '2026-05-05', '2026-05-06', '2026-05-03 18:00+09');
CREATE TEMPORARY TABLE claim AS SELECT * FROM claim_followups('email', 10, 'w', '5 minutes', '2026-05-05 10:00+09');
SELECT step AS claimed FROM claim ORDER BY 1;
INSERT INTO calendar_exceptions (calendar, first_day, last_day, recorded_at) VALUES ('desk', '2026-05-05', '2026-05-05', '2026-05-05 10:00+09');
SELECT c.step, hand_over_followup(c.followup_id, c.claim_key, '2026-05-05 10:01+09') AS handed_over FROM claim c ORDER BY 1;
SELECT step, due_at, claimable_at, reason FROM followups WHERE customer_id = 'eve' AND finished_at IS NULL ORDER BY 1;
-- Hours that cannot be read any more, or found, are none at any time.
SET LOCAL session_replication_role = replica;
UPDATE calendars SET hours = '24/7 @ Mars/Olympus' WHERE calendar = 'desk';
SELECT * FROM pg_temp.waiting('2026-05-07 12:00+09');
UPDATE journey_steps SET calendar = 'nowhere' WHERE calendar = 'desk';
SELECT * FROM pg_temp.waiting('2026-05-07 12:00+09');
ROLLBACK;
-- What waits is looked at at once when a closure is withdrawn, or hours are others; what a
-- worker has, or has failed, is not. By the clock, since that is when it becomes known.
BEGIN;
DELETE FROM followups;
UPDATE journey_steps SET valid = 'empty';
INSERT INTO calendars (calendar, hours) VALUES ('desk', '24/7 @ Asia/Tokyo');
INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, calendar, valid) VALUES
    ('after_sale', 'by calendar', 'ordered', '0', 'email', 'service', 'arrival_check', 'desk', '(,)'),
    ('after_sale', 'of its order', 'ordered', '0', 'email', 'transactional', 'arrival_check', 'desk', '(,)');
INSERT INTO calendar_exceptions (calendar, first_day, last_day) SELECT 'desk', d - 3, d + 3 FROM (SELECT now()::date AS d) d;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'eve', 'N-' || n, now() - n * interval '1 hour', 100 FROM generate_series(1, 3) n;
SELECT queue_followups() AS queued, (SELECT count(*) FROM claim_followups('email')) AS claimed;
UPDATE followups SET lease_until = now() + interval '1 hour', claim_key = 'x' WHERE subject = 'N-2';
UPDATE followups SET failures = 1, reason = NULL WHERE subject = 'N-3';
SELECT step, subject, claimable_at > now() + interval '2 days' AS waits FROM followups WHERE subject LIKE 'N-%' ORDER BY 1, 2;
SELECT withdraw_exception('desk', max(exception_id)) FROM calendar_exceptions WHERE calendar = 'desk';
SELECT step, subject, claimable_at > now() AS waits FROM followups WHERE subject LIKE 'N-%' ORDER BY 1, 2;
SELECT step, subject FROM claim_followups('email') ORDER BY 1, 2;
UPDATE followups SET claimable_at = now() + interval '1 day', lease_until = NULL WHERE subject LIKE 'N-%';
UPDATE calendars SET hours = 'Mo-Su 00:00-24:00 @ UTC' WHERE calendar = 'desk';
SELECT step, subject, claimable_at > now() AS waits FROM followups WHERE subject LIKE 'N-%' ORDER BY 1, 2;
ROLLBACK;
-- (by whoever may close: the level that edits calendars)
BEGIN;
CREATE ROLE regress_followup_claims_admin;
SELECT loyalcs.grant_shop('shop', 'regress_followup_claims_admin', 'admin');
SET ROLE regress_followup_claims_admin;
INSERT INTO calendar_exceptions (calendar, first_day, last_day) VALUES ('phone', '2026-11-05', '2026-11-05');
UPDATE calendars SET hours = 'Mo-Fr 09:00-17:00 @ Asia/Tokyo' WHERE calendar = 'phone';
ROLLBACK;

-- A service may do all of it, and reads birthdays; a report has none of those.
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_followup_claims_service, regress_followup_claims_report;
RESET client_min_messages;
CREATE ROLE regress_followup_claims_service;
CREATE ROLE regress_followup_claims_report;
SELECT loyalcs.grant_shop('shop', 'regress_followup_claims_service', 'service'), loyalcs.grant_shop('shop', 'regress_followup_claims_report', 'report');
SET ROLE regress_followup_claims_service;
SELECT count(*) > 0 AS claimed, bool_and(complete_followup(c.followup_id, 'sent', c.claim_key, at => '2026-03-11 12:01+09') = 'recorded') AS reported
  FROM claim_followups('email', 100, 'w', '5 minutes', '2026-03-11 12:00+09') c;
SELECT next_followup_at('email', '2026-03-11 12:02+09') > '2026-03-11 12:02+09' AS sleeps;
SELECT count(*) > 0 AS birthdays FROM followups_considered('2027-02-01 12:00+09', '0') WHERE step LIKE 'birthday%';
RESET ROLE;
SET ROLE regress_followup_claims_report;
SELECT count(*) > 0 AS reads, count(*) FILTER (WHERE step LIKE 'birthday%') AS birthdays FROM followups_considered('2026-03-11 15:00+09', '0');
SELECT pg_temp.outcome('SELECT FROM claim_followups()') AS claims;
RESET ROLE;
SELECT loyalcs.drop_shop('shop', 'shop');
DROP ROLE regress_followup_claims_service, regress_followup_claims_report;
