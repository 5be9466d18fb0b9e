-- SLA warnings: each promise that is at risk or breached is handed out once.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2026-01-01 00:00+09';
SET timezone = 'Asia/Tokyo';

-- Nobody waits, nobody is warned.
SELECT queue_sla_warnings('2026-03-06 12:00+09'), next_sla_warning_at(NULL, '2026-03-06 12:00+09');
SELECT * FROM claim_sla_warnings(at => '2026-03-06 12:00+09');
SELECT * FROM sla_warnings_due;

-- On LINE the first response takes an hour, with 15 minutes to go it is at risk;
-- proposal and resolution take 24 and 48 hours.
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben'), ('cho');
INSERT INTO agents VALUES ('kei');
INSERT INTO tickets (customer_id, ticket_id, channel, reason, priority, tier, complaint) VALUES
    ('ann', '1', 'line', 'size', 'high', 'VIP', true), ('ben', '1', 'line', NULL, NULL, NULL, false), ('cho', '1', 'phone', NULL, NULL, NULL, false);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id) VALUES
    ('ann', '1', '2026-03-06 12:00+09', 'opened', NULL), ('ann', '1', '2026-03-06 12:01+09', 'assigned', 'kei'),
    ('ben', '1', '2026-03-06 12:10+09', 'opened', NULL), ('cho', '1', '2026-03-06 12:20+09', 'opened', NULL);
SELECT c.channel, c.at::time, next_sla_warning_at(c.channel, c.at)
  FROM (VALUES (NULL, timestamptz '2026-03-06 12:44:59+09'), ('phone', '2026-03-06 12:44:59+09'), ('email', '2026-03-06 12:44:59+09'),
               (NULL, '2026-03-06 12:45+09'), (NULL, '2026-03-06 13:00+09')) c (channel, at);
SELECT customer_id, ticket_id, metric, cycle, state, due_at, due_in, agent_id FROM sla_warnings_due_at('2026-03-06 12:55+09');

-- Claimed once, by channel and number; the payload is what the board says.
SELECT customer_id, payload FROM claim_sla_warnings('phone', at => '2026-03-06 12:55+09');
SELECT warning_id, claim_key, attempt, customer_id, ticket_id, channel, due_at, lease_until, payload
  FROM claim_sla_warnings(NULL, 1, 'w', '5 minutes', '2026-03-06 12:55+09');
SELECT warning_id, customer_id, payload FROM claim_sla_warnings('line', 1, 'v', '5 minutes', '2026-03-06 12:56+09');
SELECT * FROM claim_sla_warnings(at => '2026-03-06 12:56+09');
-- The lease is what comes next, then the phone.
SELECT next_sla_warning_at(NULL, '2026-03-06 12:56+09'), next_sla_warning_at('phone', '2026-03-06 12:56+09');
SELECT complete_sla_warning(1, 'sent', '1.1', 'm 1', '2026-03-06 12:57+09');
SELECT complete_sla_warning(1, 'failed', '1.1', 'm 2', '2026-03-06 12:57+09');
SELECT release_sla_warning(1, '1.1', '2026-03-06 12:57+09') AS sent, release_sla_warning(2, '2.2', '2026-03-06 12:57+09') AS other,
       release_sla_warning(2, '2.1', '2026-03-06 12:57+09') AS released, release_sla_warning(2, '2.1', '2026-03-06 12:57+09') AS again;
SELECT customer_id, attempt, lease_until FROM claim_sla_warnings(worker => 'v', at => '2026-03-06 12:57+09');
-- The lease is over: claimed again, and the first worker comes too late.
SELECT customer_id, attempt FROM claim_sla_warnings('line', at => '2026-03-06 13:00+09');
SELECT customer_id, attempt FROM claim_sla_warnings('line', 9, 'w', '1 minute', at => '2026-03-06 13:02+09');
SELECT complete_sla_warning(2, 'sent', '2.2', NULL, '2026-03-06 13:02+09') AS late, complete_sla_warning(2, 'sent', '2.1', NULL, '2026-03-06 13:02+09') AS later;
-- That is kept, as those of follow-ups are, and is the same however often it is said.
SELECT complete_sla_warning(2, 'sent', '2.1', 'said twice', '2026-03-06 13:03+09') AS again, pg_temp.outcome('SELECT complete_sla_warning(2, ''failed'', ''2.1'')') AS as_something_else;
SELECT * FROM sla_warning_late_reports ORDER BY attempt;
-- What failed is tried again after a minute, two, four, an hour at most.
CREATE FUNCTION pg_temp.fail(at timestamptz) RETURNS TABLE (attempt integer, answer text, after interval) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 3 .. 11 LOOP
        attempt := i;
        UPDATE sla_warnings w SET claim_key = '2.' || i, attempts = i, reported = NULL WHERE w.warning_id = 2;
        answer := complete_sla_warning(2, 'failed', '2.' || attempt, 'busy', at);
        SELECT w.claimable_at - at INTO after FROM sla_warnings w WHERE w.warning_id = 2;
        RETURN NEXT;
    END LOOP;
END
$$;
SELECT * FROM pg_temp.fail('2026-03-06 13:02+09');
SELECT warning_id, customer_id, metric, state, channel, agent_id, due_at, attempts, failures, worker, lease_until, reported, finished_at, outcome, detail
  FROM sla_warnings ORDER BY warning_id;

-- (the phone by now is at risk too)
SELECT queue_sla_warnings('2026-03-06 13:10+09');

-- A later breach of the same promise is another warning; what was at risk and has
-- reached nobody is dropped, and so is what has been answered meanwhile.
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id) VALUES ('cho', '1', '2026-03-06 13:15+09', 'agent_reply', 'kei');
SELECT customer_id, state, due_in FROM sla_warnings_due_at('2026-03-06 14:10+09');
SELECT warning_id, customer_id, payload ->> 'state' AS state, payload ->> 'due_in' AS due_in FROM claim_sla_warnings(at => '2026-03-06 14:10+09');
SELECT customer_id, state, outcome, reason, finished_at FROM sla_warnings ORDER BY customer_id, state;
SELECT complete_sla_warning(warning_id, CASE customer_id WHEN 'ann' THEN 'sent' ELSE 'undeliverable' END, claim_key, at => '2026-03-06 14:11+09')
  FROM sla_warnings WHERE state = 'breached' ORDER BY warning_id;
SELECT * FROM claim_sla_warnings(at => '2026-03-06 14:20+09');

-- A pause takes a warning back, and the end of the pause puts it back; once handed out it stays so.
SELECT queue_sla_warnings('2026-03-07 08:10+09');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('ann', '1', '2026-03-07 08:15+09', 'pending');
SELECT queue_sla_warnings('2026-03-07 08:20+09');
SELECT customer_id, metric, state, outcome, reason FROM sla_warnings WHERE metric = 'proposal' ORDER BY 1;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('ann', '1', '2026-03-07 09:15+09', 'resumed');
SELECT customer_id, payload ->> 'metric' AS metric, payload ->> 'due_at' AS due_at FROM claim_sla_warnings(at => '2026-03-07 09:20+09');
SELECT customer_id, metric, queued_at, due_at, agent_id, attempts, reason FROM sla_warnings WHERE metric = 'proposal' ORDER BY 1;

-- Everything that was due by then is there: the board, by plain SQL.
SELECT queue_sla_warnings('2026-03-10 12:00+09') > 0 AS queued, queue_sla_warnings('2026-03-10 12:00+09') AS again;
SELECT count(*) AS promises,
       count(*) FILTER (WHERE NOT EXISTS (SELECT FROM sla_warnings w
                                           WHERE (w.customer_id, w.ticket_id, w.metric, w.cycle, w.state)
                                               = (s.customer_id, s.ticket_id, s.metric::text, s.cycle, s.state::text))) AS without_warning
  FROM sla_status_at('2026-03-10 12:00+09') s WHERE s.stopped_at IS NULL AND s.state IN ('at_risk', 'breached');
SELECT count(*) AS due, count(DISTINCT (customer_id, metric)) AS different FROM sla_warnings_due_at('2026-03-10 12:00+09');

-- Refused.
SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('SELECT claim_sla_warnings(''pigeon'')'),
    ('SELECT claim_sla_warnings(NULL, 0)'),
    ('SELECT claim_sla_warnings(NULL, 10001)'),
    ('SELECT claim_sla_warnings(NULL, NULL)'),
    ('SELECT claim_sla_warnings(lease => ''0'')'),
    ('SELECT claim_sla_warnings(lease => NULL)'),
    ('SELECT complete_sla_warning(1, ''lost'', ''1.1'')'),
    ('SELECT complete_sla_warning(1, NULL, ''1.1'')'),
    ('SELECT complete_sla_warning(99, ''sent'', ''99.1'')'),
    ('SELECT complete_sla_warning(NULL, ''sent'', ''1.1'')'),
    ('SELECT complete_sla_warning(1, ''sent'', ''1.2'')'),
    ('SELECT complete_sla_warning(1, ''sent'', NULL)'),
    ('UPDATE sla_warnings SET state = ''running'' WHERE warning_id = 1'),
    ('UPDATE sla_warnings SET outcome = ''failed'' WHERE warning_id = 1'),
    ('UPDATE sla_warnings SET outcome = NULL WHERE warning_id = 1')
  ) s (statement);

-- Applications claim and report; readers see what became of it.
DROP ROLE IF EXISTS regress_sla_warnings_service, regress_sla_warnings_report;
CREATE ROLE regress_sla_warnings_service;
CREATE ROLE regress_sla_warnings_report;
SELECT loyalcs.grant_shop('shop', 'regress_sla_warnings_service', 'service'),
       loyalcs.grant_shop('shop', 'regress_sla_warnings_report', 'report');
SET ROLE regress_sla_warnings_service;
SELECT count(complete_sla_warning(c.warning_id, 'sent', c.claim_key)) > 0 AS reported
  FROM claim_sla_warnings() c;
SET ROLE regress_sla_warnings_report;
SELECT count(*) > 0 AS reads, (SELECT count(*) FROM sla_warnings_due) AS due FROM (SELECT customer_id, state, outcome, reason FROM sla_warnings) w;
SELECT pg_temp.outcome('SELECT detail FROM sla_warnings') AS detail, pg_temp.outcome('SELECT claim_sla_warnings()') AS claim;
RESET ROLE;

-- With a ticket its warnings go.
DELETE FROM tickets WHERE customer_id = 'ann';
SELECT customer_id, count(*) FROM sla_warnings GROUP BY 1 ORDER BY 1;

-- A ticket that is dated before business hours are known stops none of the others.
INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'ben', t, 'email' FROM unnest('{old,new}'::text[]) t;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('ben', 'old', '0001-01-02', 'opened'), ('ben', 'new', '2026-04-01 12:00+09', 'opened');
SELECT ticket_id, metric, state FROM sla_board_at('2026-04-01 13:30+09') WHERE ticket_id IN ('old', 'new') ORDER BY 1, 2;
SELECT ticket_id, payload ->> 'metric' AS metric FROM claim_sla_warnings(at => '2026-04-01 13:30+09') WHERE ticket_id IN ('old', 'new') ORDER BY 1, 2;
DELETE FROM tickets WHERE ticket_id IN ('old', 'new');

-- Once more, and for the other keys.
SELECT FROM loyalcs.create_shop('shop');
SELECT count(*) > 0 AS kept FROM sla_warnings;
-- (in a new session: what is made is looked for among all plans that there are)
\c -
DO $$
DECLARE
    key text;
BEGIN
    FOREACH key IN ARRAY ARRAY['bigint', 'integer', 'uuid'] LOOP
        PERFORM loyalcs.create_shop('shop_sla_warnings_' || key, key_type => key::regtype);
        EXECUTE format('SET LOCAL search_path = %I', 'shop_sla_warnings_' || key);
        UPDATE settings SET live_since = '2026-01-01 00:00+09';
        EXECUTE format('INSERT INTO customers (customer_id) VALUES (%L)', CASE key WHEN 'uuid' THEN '00000000-0000-0000-0000-000000000001' ELSE '1' END);
        INSERT INTO tickets (customer_id, ticket_id, channel) SELECT customer_id, '1', 'line' FROM customers;
        INSERT INTO ticket_events (customer_id, ticket_id, at, kind) SELECT customer_id, '1', '2026-03-06 12:00+09', 'opened' FROM customers;
        IF (SELECT string_agg(concat_ws(' ', c.payload ->> 'metric', c.payload ->> 'state', complete_sla_warning(c.warning_id, 'sent', c.claim_key)), ', ')
              FROM claim_sla_warnings(at => '2026-03-06 13:00:01+09') c) IS DISTINCT FROM 'first_response breached recorded' THEN
            RAISE EXCEPTION 'key %', key;
        END IF;
    END LOOP;
END
$$;
DROP OWNED BY regress_sla_warnings_service, regress_sla_warnings_report;
DROP ROLE regress_sla_warnings_service, regress_sla_warnings_report;
