-- Promises: the board, breaches, attainment, what-if, and the function for apps.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben'), ('cho');
INSERT INTO agents VALUES ('kei'), ('mio');
UPDATE settings SET live_since = '-infinity';

--
-- Policies that have been in force
--

-- Before anything has happened they may change as they like; then one that was in
-- force is ended, and that from now on.
SELECT pg_temp.outcome('DELETE FROM sla_policies');
INSERT INTO tickets (customer_id, ticket_id, channel, reason, tier, complaint) VALUES
    ('ann', 'email', 'email', 'size', NULL, false),
    ('ann', 'line', 'line', NULL, 'VIP', true),
    ('ben', 'phone', 'phone', 'size', NULL, false),
    ('ben', 'again', 'line', NULL, NULL, false),
    ('cho', 'insta', 'instagram', NULL, NULL, false),
    ('cho', 'empty', 'line', NULL, NULL, false);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('cho', 'empty', '2026-02-01 12:00+09', 'note');
SELECT s.statement, split_part(pg_temp.outcome(s.statement), E'\n', 1)
  FROM (VALUES
    ('UPDATE sla_policies SET target = ''2 hours'' WHERE policy_id = 1'),
    ('UPDATE sla_policies SET hours = ''Mo-Fr 10:00-18:00'' WHERE policy_id = 1'),
    ('UPDATE sla_policies SET tier = ''VIP'' WHERE policy_id = 1'),
    ('UPDATE sla_policies SET valid = ''empty'' WHERE policy_id = 1'),
    ('UPDATE sla_policies SET valid = ''[2020-01-01,)'' WHERE policy_id = 1'),
    ('UPDATE sla_policies SET valid = ''(,2020-01-01)'' WHERE policy_id = 1'),
    ('UPDATE sla_policies SET valid = tstzrange(NULL, now()) WHERE policy_id = 1'),
    ('UPDATE sla_policies SET valid = ''(,2999-01-01)'' WHERE policy_id = 1'),
    ('UPDATE sla_policies SET valid = valid, target = target WHERE policy_id = 1'),
    ('DELETE FROM sla_policies WHERE policy_id = 1'),
    -- what was not, may change as it likes
    ('UPDATE sla_policies SET target = ''1 hour'' WHERE policy_id = 6'),
    ('UPDATE sla_policies SET valid = tstzrange(now(), NULL) WHERE policy_set = ''vip'''),
    ('DELETE FROM sla_policies WHERE policy_id = 6')
  ) s (statement);
UPDATE sla_policies SET target = '2 hours' WHERE policy_id = 1;
SELECT pg_temp.outcome('
    UPDATE sla_policies SET valid = tstzrange(lower(valid), now()) WHERE policy_id = 5;
    INSERT INTO sla_policies (metric, target) VALUES (''resolution'', ''24 hours'')') AS ended_and_followed;

--
-- Tickets, told by the apps: each call gives the ticket's next deadline
--

-- Friday 6 March 2026, half past five; e-mail has one business hour.
SELECT record_ticket_event('ann', 'email', 'opened', '2026-03-06 17:30+09');
SELECT record_ticket_event('ann', 'email', 'auto_reply', '2026-03-06 17:31+09');
SELECT record_ticket_event('ann', 'line', 'opened', '2026-03-06 17:30+09');
SELECT record_ticket_event('ann', 'line', 'assigned', '2026-03-06 17:31+09', 'kei');
SELECT record_ticket_event('ann', 'line', 'agent_reply', '2026-03-06 18:30+09', agent => 'mio', note => 'asked for a photograph');
SELECT record_ticket_event('ann', 'line', 'pending', '2026-03-06 18:30+09');
SELECT record_ticket_event('ben', 'phone', 'opened', '2026-03-06 10:00+09');
SELECT record_ticket_event('ben', 'phone', 'agent_reply', '2026-03-06 10:05+09', 'kei');
SELECT record_ticket_event('ben', 'phone', 'resolved', '2026-03-06 11:00+09', 'kei');
SELECT record_ticket_event('ben', 'again', 'opened', '2026-03-06 12:00+09');
SELECT record_ticket_event('cho', 'insta', 'opened', '2026-02-27 12:00+09');
SELECT record_ticket_event('cho', 'insta', 'agent_reply', '2026-02-28 12:00:00.000001+09', 'mio');
SELECT record_ticket_event('cho', 'insta', 'proposed', '2026-02-28 12:00:00.000001+09', 'mio');
SELECT record_ticket_event('cho', 'insta', 'resolved', '2026-03-01 12:00+09', 'mio');
-- What looks odd is said, and recorded all the same.
BEGIN;
SELECT record_ticket_event('cho', 'empty', 'agent_reply', '2026-03-06 10:00+09');
SELECT record_ticket_event('cho', 'empty', 'opened', '2026-03-06 10:10+09');
SELECT record_ticket_event('cho', 'empty', 'opened', '2026-03-06 10:20+09');
SELECT record_ticket_event('cho', 'empty', 'resumed', '2026-03-06 10:30+09');
SELECT record_ticket_event('cho', 'empty', 'reopened', '2026-03-06 10:40+09');
SELECT record_ticket_event('cho', 'empty', 'pending', '2026-03-06 10:50+09');
SELECT record_ticket_event('cho', 'empty', 'pending', '2026-03-06 11:00+09');
SELECT record_ticket_event('cho', 'empty', 'resolved', '2026-03-06 11:10+09');
SELECT record_ticket_event('cho', 'empty', 'proposed', '2026-03-06 11:20+09');
SELECT record_ticket_event('cho', 'empty', 'customer_message', '2026-03-06 11:30+09');
SELECT count(*) AS recorded FROM ticket_events WHERE ticket_id = 'empty';
ROLLBACK;
-- Not recorded.
SELECT record_ticket_event('ann', 'phone', 'opened');
SELECT record_ticket_event('ann', NULL, 'opened');
SELECT record_ticket_event('ann', 'line', 'merged');
SELECT record_ticket_event('ann', 'line', 'note', merged_into => 'email');
SELECT record_ticket_event('ann', 'line', 'merged', merged_into => 'phone');
SELECT record_ticket_event('ann', 'line', 'merged', merged_into => 'line');
SELECT pg_temp.outcome('SELECT record_ticket_event(''ann'', ''line'', NULL)') AS no_kind,
       pg_temp.outcome('SELECT record_ticket_event(''ann'', ''line'', ''replied'')') AS kind,
       pg_temp.outcome('SELECT record_ticket_event(''ann'', ''line'', ''note'', agent => ''nobody'')') AS agent;
-- Merged, and then the other merged too: all lead to the last. What is recorded late says so.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('ann', 'third', 'line');
SELECT record_ticket_event('ann', 'third', 'opened', '2026-03-06 19:00+09');
SELECT record_ticket_event('ann', 'third', 'merged', '2026-03-06 19:10+09', merged_into => 'line');
SAVEPOINT circle;
SELECT record_ticket_event('ann', 'line', 'merged', '2026-03-06 19:20+09', merged_into => 'third');
ROLLBACK TO circle;
SELECT record_ticket_event('ann', 'line', 'merged', '2026-03-06 19:20+09', merged_into => 'email');
SELECT ticket_id, merged_into FROM tickets WHERE customer_id = 'ann' ORDER BY ticket_id;
SELECT record_ticket_event('ann', 'third', 'note', '2026-03-06 19:30+09');
ROLLBACK;

--
-- What the views say, as of Saturday noon
--

SELECT customer_id, ticket_id, agent_id, metric, cycle, policy_id, due_at, warn_at, stopped_at, state, elapsed, time_left
  FROM sla_status_at('2026-03-07 12:00+09') ORDER BY customer_id, ticket_id, metric, cycle;
SELECT due_in, state, customer_id, ticket_id, metric, due_at, time_left, agent_id, complaint FROM sla_board_at('2026-03-07 12:00+09');
SELECT customer_id, ticket_id, metric, due_at, stopped_at, state, time_over FROM sla_breaches_at('2026-03-07 12:00+09') ORDER BY 1, 2, 3;
SELECT customer_id, ticket_id, started_at, due_at, due_in, time_over FROM first_reply_overdue_at('2026-03-07 12:00+09');
SELECT month, channel, metric, met, missed, running, round(attainment::numeric, 4) AS attainment, median, p90, p90_minutes, p95
  FROM sla_attainment_at('2026-03-07 12:00+09') ORDER BY 1, 2, 3;
-- On Friday at a quarter past six the board looked like this.
SELECT due_in, state, customer_id, ticket_id, metric FROM sla_board_at('2026-03-06 18:15+09');
-- The board is what is open in the status, whenever it is asked.
CREATE FUNCTION pg_temp.board_differs(at timestamptz, OUT rows bigint, OUT differ bigint) LANGUAGE sql AS $$
    WITH b AS (SELECT customer_id, ticket_id, metric, cycle, due_at, state, time_left, agent_id, channel FROM sla_board_at(at)),
         s AS (SELECT customer_id, ticket_id, metric, cycle, due_at, state, time_left, agent_id, channel FROM sla_status_at(at) WHERE stopped_at IS NULL)
    SELECT (SELECT count(*) FROM b),
           (SELECT count(*) FROM ((TABLE b EXCEPT ALL TABLE s) UNION ALL (TABLE s EXCEPT ALL TABLE b)) d)
$$;
SELECT count(*) AS instants, sum(rows) AS rows, sum(differ) AS differ
  FROM generate_series(timestamptz '2026-02-26 00:00+09', '2026-03-09 00:00+09', '3 hours') at CROSS JOIN LATERAL pg_temp.board_differs(at);

-- By other breakdowns; and with the VIPs' targets, though they are switched off.
SELECT b, part, metric, met, missed, running
  FROM unnest('{everyone,gender,channel,reason,priority,tier,agent,policy_set}'::text[]) b
 CROSS JOIN LATERAL sla_attainment_by(b, '2026-03-07 12:00+09')
 WHERE month = '2026-03-01' AND metric = 'first_response' ORDER BY 1, 2;
SELECT * FROM sla_attainment_by('colour', now());
SELECT channel, metric, met, missed, running FROM sla_attainment_under('vip', '2026-03-07 12:00+09') WHERE channel = 'line' ORDER BY 2;
SELECT channel, metric, met, missed, running FROM sla_attainment_under('standard', '2026-03-07 12:00+09') WHERE channel = 'line' ORDER BY 2;
SELECT count(*) AS differ FROM (TABLE sla_attainment EXCEPT SELECT * FROM sla_attainment_under(NULL, now())) d;
SELECT * FROM sla_attainment_under('strict', now());

-- The policy of the start decides. From half past eleven on Friday replies are promised
-- within six hours; that is after ben rang, and before he wrote.
BEGIN;
ALTER TABLE sla_policies DISABLE TRIGGER check_sla_policy;
UPDATE sla_policies SET valid = '(,2026-03-06 11:30+09)' WHERE policy_id = 1;
INSERT INTO sla_policies (policy_id, metric, target, valid) VALUES (99, 'first_response', '6 hours', '[2026-03-06 11:30+09,)');
SELECT ticket_id, policy_id, target, due_at, state FROM sla_status_at('2026-03-07 12:00+09')
 WHERE customer_id = 'ben' AND metric = 'first_response' ORDER BY started_at;
ROLLBACK;
-- Where an acknowledgement counts, a machine has met the deadline.
BEGIN;
INSERT INTO sla_policies (metric, channel, reason, target, auto_reply_counts, valid) VALUES ('first_response', 'email', 'size', '1 hour', true, '(,)');
SELECT stopped_at, state, elapsed FROM sla_status_at('2026-03-07 12:00+09') WHERE ticket_id = 'email' AND metric = 'first_response';
ROLLBACK;
-- Without a policy there is no promise, and no row.
BEGIN;
ALTER TABLE sla_policies DISABLE TRIGGER check_sla_policy;
DELETE FROM sla_policies;
SELECT count(*) AS promises FROM sla_status;
SELECT count(*) AS clocks FROM ticket_clocks_at('2026-03-07 12:00+09');
SELECT next_deadline('ann', 'email', '2026-03-07 12:00+09') IS NULL AS none;
ROLLBACK;
SELECT next_deadline('ann', 'email', '2026-03-07 12:00+09');

-- Merged: ben's second ticket goes on in the first, which was closed; as of an hour before, it had not.
SELECT record_ticket_event('ben', 'again', 'merged', '2026-03-07 10:00+09', merged_into => 'phone');
SELECT at, ticket_id, metric, cycle, started_at, state
  FROM unnest('{2026-03-07 09:00+09,2026-03-07 11:00+09}'::timestamptz[]) at
 CROSS JOIN LATERAL sla_status_at(at)
 WHERE customer_id = 'ben' ORDER BY at, ticket_id, metric, cycle;
SELECT ticket_id, metric, cycle FROM sla_board_at('2026-03-07 11:00+09') WHERE customer_id = 'ben';
SELECT count(*) AS instants, sum(rows) AS rows, sum(differ) AS differ
  FROM generate_series(timestamptz '2026-02-26 00:00+09', '2026-03-09 00:00+09', '3 hours') at CROSS JOIN LATERAL pg_temp.board_differs(at);

-- The views are theirs as of now.
SELECT (SELECT count(*) FROM sla_status) = (SELECT count(*) FROM sla_status_at(now())) AS status,
       (SELECT count(*) FROM sla_board) = (SELECT count(*) FROM sla_board_at(now())) AS board;
