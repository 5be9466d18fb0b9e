-- Promises that do not mislead: one bad row, what is edited later, merges, whoever waits.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
INSERT INTO customers (customer_id) VALUES ('C');
INSERT INTO agents (agent_id, is_machine) VALUES ('kei', false), ('mio', false), ('bot', true);

-- What a test writes is taken back at its end.
CREATE FUNCTION pg_temp.state(ticket text, wanted text, at timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', s.cycle, s.state, s.priority, to_char(s.due_at, 'DD HH24:MI')), ', ' ORDER BY s.cycle)
      FROM shop.sla_status_at(at) s WHERE s.ticket_id = ticket AND s.metric = wanted
$$;

--
-- One row stops nothing: a clock without a deadline says why, and the others show.
--
BEGIN;
INSERT INTO sla_policies (metric, reason, target, hours, valid) VALUES
    ('first_response', 'popup', '2 hours', '2026 Nov 20-23 10:00-20:00 @ Asia/Tokyo JP', '(,)'),
    ('first_response', 'for ever', '300000 hours', 'Mo-Fr 10:00-18:00', '(,)'),
    ('first_response', 'far', '36500 days', NULL, '(,)');
INSERT INTO tickets (customer_id, ticket_id, channel, reason) VALUES
    ('C', 'ok', 'line', NULL), ('C', 'popup', 'line', 'popup'), ('C', 'for ever', 'line', 'for ever'),
    ('C', 'zero', 'email', NULL), ('C', 'last', 'email', NULL), ('C', 'far', 'line', 'far');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES
    ('C', 'ok', '2026-11-23 10:00+09', 'opened'), ('C', 'popup', '2026-11-23 19:00+09', 'opened'),
    ('C', 'for ever', '2026-11-23 19:00+09', 'opened'), ('C', 'zero', '1899-12-30 00:00+09', 'opened'),
    ('C', 'last', '9998-12-30 00:00+00', 'opened'), ('C', 'far', '2026-11-23 19:00+09', 'opened');
SELECT b.ticket_id, b.state, b.due_at, b.due_in, b.time_left FROM sla_board_at('2026-11-24 10:00+09') b
 WHERE b.metric = 'first_response' ORDER BY b.ticket_id;
SELECT a.month, a.channel, a.met, a.missed, a.running FROM sla_attainment_at('2026-11-24 10:00+09') a WHERE a.metric = 'first_response' ORDER BY 1, 2;
SELECT count(*) > 0 AS warns FROM sla_warnings_due_at('2026-11-24 10:00+09');
SELECT queue_sla_warnings('2026-11-24 10:00+09') IS NOT NULL AS queues, next_sla_warning_at(NULL, '2026-11-24 10:00+09') IS NOT NULL AS looks_ahead;
-- An instant at which business hours are not known, and hours that are none any more.
SELECT b.ticket_id, b.state, b.due_in FROM sla_board_at('9999-01-01 00:00+00') b WHERE b.ticket_id = 'last' AND b.metric = 'first_response';
ALTER TABLE sla_policies DISABLE TRIGGER USER;
UPDATE sla_policies SET hours = 'Mo-Fr 10:00-18:00 @ Atlantis/Capital' WHERE reason = 'popup';
SELECT b.ticket_id, b.state, b.due_in FROM sla_board_at('2026-11-24 10:00+09') b WHERE b.metric = 'first_response' AND b.ticket_id IN ('ok', 'popup') ORDER BY 1;
ROLLBACK;

--
-- What was kept or broken stays so, whatever is edited later; what is open follows.
--
BEGIN;
UPDATE settings SET live_since = '-infinity';
INSERT INTO sla_policies (metric, priority, target, valid) VALUES ('first_response', 'urgent', '10 minutes', '(,)'), ('first_response', 'low', '3 days', '(,)');
INSERT INTO tickets (customer_id, ticket_id, channel, priority) VALUES
    ('C', 'kept', 'line', NULL), ('C', 'broken', 'line', 'urgent'), ('C', 'open', 'line', NULL), ('C', 'twice', 'line', NULL), ('C', 'new', 'line', NULL);
-- (before anything has happened, a ticket is filled in)
UPDATE tickets SET priority = 'low' WHERE ticket_id = 'new';
SELECT count(*) AS changes FROM ticket_changes;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES
    ('C', 'kept', '2026-11-23 10:00+09', 'opened'), ('C', 'kept', '2026-11-23 10:30+09', 'agent_reply'),
    ('C', 'broken', '2026-11-23 10:00+09', 'opened'), ('C', 'open', '2026-11-23 10:00+09', 'opened'), ('C', 'twice', '2026-11-23 10:00+09', 'opened');
SELECT pg_temp.state('kept', 'first_response', '2026-11-23 12:00+09') AS kept, pg_temp.state('broken', 'first_response', '2026-11-23 12:00+09') AS broken;
-- The owner may say when it was changed; who else changes a ticket cannot.
UPDATE tickets SET priority = 'urgent' WHERE ticket_id IN ('kept', 'open');
UPDATE tickets SET priority = 'low' WHERE ticket_id = 'broken';
SELECT ticket_id, channel, priority, changed_at >= now() - interval '1 hour' AS just_now FROM ticket_changes ORDER BY 1;
UPDATE tickets SET priority = 'urgent' WHERE ticket_id = 'twice';
UPDATE tickets SET priority = 'low' WHERE ticket_id = 'twice';
SET LOCAL session_replication_role = replica;
UPDATE ticket_changes SET changed_at = '2026-11-23 10:40+09' WHERE ticket_id IN ('kept', 'broken');
UPDATE ticket_changes SET changed_at = '2026-11-23 10:05+09' WHERE ticket_id = 'open';
UPDATE ticket_changes SET changed_at = CASE WHEN priority IS NULL THEN timestamptz '2026-11-23 10:05+09' ELSE '2026-11-23 10:08+09' END WHERE ticket_id = 'twice';
SET LOCAL session_replication_role = origin;
-- by hand: kept was answered within the hour; broken was at 10:10; open is urgent from 10:05 on; twice is low from 10:08 on
SELECT d.at::time, pg_temp.state('kept', 'first_response', d.at) AS kept, pg_temp.state('broken', 'first_response', d.at) AS broken,
       pg_temp.state('open', 'first_response', d.at) AS open, pg_temp.state('twice', 'first_response', d.at) AS twice
  FROM (VALUES (timestamptz '2026-11-23 10:04+09'), ('2026-11-23 10:06+09'), ('2026-11-23 10:09+09'), ('2026-11-23 10:39+09'), ('2026-11-23 12:00+09'), ('2026-11-25 12:00+09')) d (at)
 ORDER BY d.at;
-- Nobody writes a change that was none, or another time, but the owner.
CREATE ROLE regress_promises_service;
DO $$ BEGIN PERFORM loyalcs.grant_shop('shop', 'regress_promises_service', 'service'); END $$;
SET LOCAL ROLE regress_promises_service;
SELECT pg_temp.outcome('INSERT INTO shop.ticket_changes (customer_id, ticket_id, changed_at, channel) VALUES (''C'', ''kept'', ''2020-01-01'', ''email'')') AS forged,
       pg_temp.outcome('INSERT INTO shop.ticket_changes (customer_id, ticket_id) VALUES (''C'', ''kept'')') AS says_what_is_so,
       pg_temp.outcome('UPDATE shop.ticket_changes SET changed_at = now()') AS changed,
       pg_temp.outcome('DELETE FROM shop.ticket_changes') AS deleted,
       pg_temp.outcome('UPDATE shop.tickets SET priority = ''low'' WHERE ticket_id = ''kept''') AS edited;
INSERT INTO ticket_changes (customer_id, ticket_id) VALUES ('C', 'kept');
RESET ROLE;
SELECT channel, priority, changed_at >= now() - interval '1 hour' AS just_now FROM ticket_changes WHERE ticket_id = 'kept' ORDER BY change_id;
SELECT pg_temp.state('kept', 'first_response', '2026-11-23 12:00+09') AS kept;
SELECT pg_temp.outcome('TRUNCATE ticket_changes') AS truncated;
ROLLBACK;

-- Closures reach what is open, and nothing else: an hour from 17:30 on Thursday, and
-- Friday turns out to be closed.
BEGIN;
UPDATE settings SET live_since = '-infinity';
INSERT INTO calendars (calendar, hours) VALUES ('desk', 'Mo-Fr 10:00-18:00 @ Asia/Tokyo');
INSERT INTO sla_policies (metric, reason, calendar, target, valid) VALUES ('first_response', 'desk', 'desk', '1 hour', '(,)');
INSERT INTO tickets (customer_id, ticket_id, channel, reason) VALUES ('C', 'open', 'line', 'desk'), ('C', 'kept', 'line', 'desk'), ('C', 'broken', 'line', 'desk');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES
    ('C', 'open', '2026-09-03 17:30+09', 'opened'),
    ('C', 'kept', '2026-09-03 17:30+09', 'opened'), ('C', 'kept', '2026-09-03 17:45+09', 'agent_reply'),
    ('C', 'broken', '2026-09-03 12:00+09', 'opened');
INSERT INTO calendar_exceptions (calendar, first_day, last_day, reason, recorded_at)
VALUES ('desk', '2026-09-04', '2026-09-04', 'typhoon', '2026-09-04 08:00+09'), ('desk', '2026-09-03', '2026-09-03', 'an excuse', '2026-09-04 08:30+09');
SELECT d.at, pg_temp.state('open', 'first_response', d.at) AS open, pg_temp.state('kept', 'first_response', d.at) AS kept, pg_temp.state('broken', 'first_response', d.at) AS broken
  FROM (VALUES (timestamptz '2026-09-03 20:00+09'), ('2026-09-04 08:10+09'), ('2026-09-04 11:00+09'), ('2026-09-08 12:00+09')) d (at) ORDER BY 1;
ROLLBACK;

-- In business days: the same clock time so many of them later, and the warning in open time.
BEGIN;
INSERT INTO sla_policies (metric, reason, hours, target, warn_before, valid) VALUES ('first_response', 'days', 'Mo-Fr 10:00-18:00 @ Asia/Tokyo', '2 days', '1 hour', '(,)');
INSERT INTO tickets (customer_id, ticket_id, channel, reason) VALUES ('C', 'd1', 'line', 'days'), ('C', 'd2', 'line', 'days');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('C', 'd1', '2026-09-03 10:30+09', 'opened'), ('C', 'd2', '2026-09-05 12:00+09', 'opened');
SELECT s.ticket_id, s.due_at, s.due_at = loyalcs.add_business_time(s.started_at, '2 days', 'Mo-Fr 10:00-18:00 @ Asia/Tokyo') AS as_counted, s.warn_at, s.time_left
  FROM sla_status_at('2026-09-06 12:00+09') s WHERE s.metric = 'first_response' ORDER BY 1;
ROLLBACK;

--
-- Merges
--
-- A message to a ticket that was merged away is one to the other.
BEGIN;
INSERT INTO sla_policies (metric, channel, target, valid) VALUES ('next_response', 'line', '1 hour', '(,)');
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('C', 'ok', 'line'), ('C', 'B', 'line');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('C', 'ok', '2026-11-23 10:00+09', 'opened'), ('C', 'B', '2026-11-23 10:01+09', 'opened');
SELECT FROM record_ticket_event('C', 'B', 'merged', '2026-11-23 10:02+09', merged_into => 'ok');
SELECT FROM record_ticket_event('C', 'ok', 'agent_reply', '2026-11-23 10:03+09');
SELECT FROM record_ticket_event('C', 'B', 'customer_message', '2026-11-23 11:00+09');
SELECT ticket_id, metric, started_at, stopped_at FROM ticket_clocks_at('2026-11-23 15:00+09') WHERE metric = 'next_response';
SELECT ticket_id, first_message, waiting_since, waiting, waiting_minutes FROM unanswered_at('2026-11-23 15:00+09');
-- and an answer there is one here
SELECT FROM record_ticket_event('C', 'B', 'agent_reply', '2026-11-23 11:30+09');
SELECT count(*) AS unanswered FROM unanswered_at('2026-11-23 15:00+09');
-- Once more into the same: nothing happens. Into another: the one that it goes on in has to.
SELECT FROM record_ticket_event('C', 'B', 'merged', '2026-11-23 12:00+09', merged_into => 'ok');
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('C', 'third', 'line');
SELECT pg_temp.outcome('SELECT record_ticket_event(''C'', ''B'', ''merged'', ''2026-11-23 13:00+09'', merged_into => ''third'')') AS into_another,
       pg_temp.outcome('INSERT INTO ticket_events (customer_id, ticket_id, at, kind, merged_into) VALUES (''C'', ''B'', now(), ''merged'', ''third'')') AS by_hand,
       pg_temp.outcome('INSERT INTO ticket_events (customer_id, ticket_id, at, kind, merged_into) VALUES (''C'', ''B'', now(), ''note'', ''ok'')') AS a_note,
       pg_temp.outcome('INSERT INTO ticket_events (customer_id, ticket_id, at, kind, merged_into) VALUES (''C'', ''B'', now(), ''merged'', ''B'')') AS itself;
SELECT ticket_id, closed_at IS NULL AS open FROM tickets ORDER BY 1;
-- Taken back by the owner, both tickets say again what their own logs say.
UPDATE tickets SET merged_into = NULL WHERE ticket_id = 'B';
SELECT FROM record_ticket_event('C', 'ok', 'resolved', '2026-11-23 14:00+09');
SELECT ticket_id, closed_at FROM tickets ORDER BY 1;
ROLLBACK;

-- A closed ticket that is merged into one that opens later.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('C', 'A', 'line'), ('C', 'N', 'line');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('C', 'A', '2026-11-20 10:00+09', 'opened'), ('C', 'A', '2026-11-20 11:00+09', 'resolved');
SELECT FROM record_ticket_event('C', 'A', 'merged', '2026-11-23 10:00+09', merged_into => 'N');
SELECT FROM record_ticket_event('C', 'N', 'opened', '2026-11-23 10:00:05+09');
SELECT ticket_id, metric, started_at, stopped_at FROM ticket_clocks_at('2026-11-24') ORDER BY 1, 2;
ROLLBACK;

-- What was broken by the merge stays broken, and what was not goes with the one that
-- waits for longer. By hand: B was broken at 11:00, A has until the next day.
BEGIN;
INSERT INTO sla_policies (metric, priority, target, valid) VALUES ('first_response', 'low', '1 day', '(,)');
INSERT INTO tickets (customer_id, ticket_id, channel, priority) VALUES ('C', 'A', 'line', 'low'), ('C', 'B', 'line', NULL), ('C', 'D', 'line', NULL);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES
    ('C', 'A', '2026-11-23 09:00+09', 'opened'), ('C', 'B', '2026-11-23 10:00+09', 'opened'), ('C', 'D', '2026-11-23 11:00+09', 'opened');
SELECT FROM record_ticket_event('C', 'B', 'merged', '2026-11-23 11:30+09', merged_into => 'A');
SELECT FROM record_ticket_event('C', 'D', 'merged', '2026-11-23 11:40+09', merged_into => 'A');
SELECT ticket_id, cycle, state, started_at, due_at, stopped_at FROM sla_status_at('2026-11-23 12:00+09') WHERE metric = 'first_response' ORDER BY 1, 2;
-- The other way round the one that was broken goes on, and it stays broken.
SELECT FROM record_ticket_event('C', 'A', 'agent_reply', '2026-11-23 12:30+09', 'kei');
INSERT INTO tickets (customer_id, ticket_id, channel, priority) VALUES ('C', 'E', 'line', NULL), ('C', 'F', 'line', 'low');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('C', 'E', '2026-11-23 09:00+09', 'opened'), ('C', 'F', '2026-11-23 09:30+09', 'opened');
SELECT FROM record_ticket_event('C', 'E', 'merged', '2026-11-23 10:30+09', merged_into => 'F');
SELECT ticket_id, cycle, state, priority, started_at, due_at FROM sla_status_at('2026-11-23 12:00+09') WHERE metric = 'first_response' AND ticket_id IN ('E', 'F') ORDER BY 1, 2;
ROLLBACK;

-- Nobody merges yesterday: what the shop did and entered late counts from when it was
-- entered, so E was broken, and kei had it.
BEGIN;
INSERT INTO sla_policies (metric, priority, target, valid) VALUES ('first_response', 'low', '3 days', '(,)');
INSERT INTO tickets (customer_id, ticket_id, channel, priority) VALUES ('C', 'E', 'line', NULL), ('C', 'F', 'line', 'low');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id) VALUES
    ('C', 'E', '2020-11-23 09:00+09', 'opened', NULL), ('C', 'E', '2020-11-23 09:10+09', 'assigned', 'kei'), ('C', 'F', '2020-11-23 09:00+09', 'opened', NULL);
CREATE ROLE regress_promises_service;
DO $$ BEGIN PERFORM loyalcs.grant_shop('shop', 'regress_promises_service', 'service'); END $$;
SET LOCAL ROLE regress_promises_service;
SELECT FROM record_ticket_event('C', 'E', 'assigned', '2020-11-23 09:15+09', 'mio');
SELECT FROM record_ticket_event('C', 'E', 'merged', '2020-11-23 09:20+09', merged_into => 'F');
RESET ROLE;
SELECT ticket_id, cycle, state, priority, due_at, held_by FROM sla_status_at('2020-11-23 12:00+09') WHERE metric = 'first_response' ORDER BY 1, 2;
SELECT ticket_id, cycle, state, priority, due_at, held_by FROM sla_status_at('2020-11-24 12:00+09') WHERE metric = 'first_response' ORDER BY 1, 2;
ROLLBACK;

-- A board of the past is not another one after a later merge.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('C', 'old', 'line'), ('C', 'new', 'line');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES
    ('C', 'old', '2026-03-02 09:00+09', 'opened'), ('C', 'old', '2026-03-02 09:30+09', 'resolved'),
    ('C', 'new', '2026-03-05 09:00+09', 'opened'), ('C', 'new', '2026-03-06 09:00+09', 'resolved');
SELECT count(*) FROM sla_board_at('2026-03-05 12:00+09');
SELECT FROM record_ticket_event('C', 'new', 'merged', '2026-03-07 09:00+09', merged_into => 'old');
SELECT count(*) FROM sla_board_at('2026-03-05 12:00+09');
ROLLBACK;

-- The same of 320 tickets with merges in chains: what was so as of each of ten days
-- is what a shop says that knows of nothing later.
BEGIN;
CREATE TEMPORARY TABLE event AS
SELECT 'C' || c.c AS customer_id, 'T' || t.t AS ticket_id, row_number() OVER (ORDER BY c.c, t.t, e.e) AS event_id,
       timestamptz '2026-03-02 00:00+09' + make_interval(mins => 5 * (abs(hashint8extended(c.c * 1000 + t.t * 100 + e.e, 1)) % 2880)::integer) AS at,
       CASE WHEN e.e = 1 AND abs(hashint8extended(c.c * 100 + t.t, 6)) % 8 > 0 THEN 'opened'
            ELSE (ARRAY['customer_message', 'agent_reply', 'auto_reply', 'proposed', 'pending', 'resumed', 'resolved', 'reopened', 'discarded', 'assigned', 'customer_message', 'agent_reply'])
                 [1 + abs(hashint8extended(c.c * 1000 + t.t * 100 + e.e, 2)) % 12] END AS kind
  FROM generate_series(1, 80) c (c) CROSS JOIN generate_series(1, 4) t (t) CROSS JOIN generate_series(1, 6) e (e);
-- Ticket n goes on in a lower one, at some time or never.
CREATE TEMPORARY TABLE merge AS
SELECT 'C' || c.c AS customer_id, 'T' || t.t AS ticket_id, 'T' || 1 + abs(hashint8extended(c.c * 10 + t.t, 3)) % (t.t - 1) AS merged_into,
       timestamptz '2026-03-02 00:00+09' + make_interval(mins => 5 * (abs(hashint8extended(c.c * 10 + t.t, 4)) % 2880)::integer + 2) AS at
  FROM generate_series(1, 80) c (c) CROSS JOIN generate_series(2, 4) t (t)
 WHERE abs(hashint8extended(c.c * 10 + t.t, 5)) % 3 > 0;
SELECT count(*) AS events, (SELECT count(*) FROM merge) AS merges FROM event;
-- All that is known by an instant, as the only thing that a shop knows.
CREATE FUNCTION pg_temp.fill(known_by timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL session_replication_role = replica;
    DELETE FROM ticket_events; DELETE FROM tickets; DELETE FROM customers;
    INSERT INTO customers (customer_id) SELECT DISTINCT e.customer_id FROM pg_temp.event e;
    WITH RECURSIVE goes_on (customer_id, ticket_id, root) AS (
        SELECT m.customer_id, m.ticket_id, m.merged_into FROM pg_temp.merge m WHERE m.at <= known_by
        UNION ALL
        SELECT g.customer_id, g.ticket_id, m.merged_into FROM goes_on g
          JOIN pg_temp.merge m ON m.customer_id = g.customer_id AND m.ticket_id = g.root AND m.at <= known_by
    )
    INSERT INTO tickets (customer_id, ticket_id, channel, merged_into)
    SELECT DISTINCT e.customer_id, e.ticket_id, 'line', (SELECT min(g.root) FROM goes_on g WHERE g.customer_id = e.customer_id AND g.ticket_id = e.ticket_id)
      FROM pg_temp.event e;
    INSERT INTO ticket_events (customer_id, ticket_id, event_id, at, kind)
    SELECT e.customer_id, e.ticket_id, e.event_id, e.at, e.kind FROM pg_temp.event e WHERE e.at <= known_by;
    INSERT INTO ticket_events (customer_id, ticket_id, event_id, at, kind, merged_into)
    SELECT m.customer_id, m.ticket_id, 1000000 + row_number() OVER (), m.at, 'merged', m.merged_into FROM pg_temp.merge m WHERE m.at <= known_by;
    SET LOCAL session_replication_role = origin;
    PERFORM refresh_closed_at(t.customer_id, t.ticket_id) FROM tickets t WHERE t.merged_into IS NULL;
END
$$;
CREATE TEMPORARY TABLE asked AS SELECT timestamptz '2026-03-02 00:00+09' + n * interval '1 day' AS at FROM generate_series(1, 10) n;
CREATE TEMPORARY TABLE then_known (asked timestamptz, clock text);
CREATE TEMPORARY TABLE then_board (asked timestamptz, row text);
DO $$
DECLARE
    day timestamptz;
BEGIN
    FOR day IN SELECT a.at FROM pg_temp.asked a LOOP
        PERFORM pg_temp.fill(day);
        INSERT INTO pg_temp.then_known SELECT day, c::text FROM ticket_clocks_at(day) c;
        INSERT INTO pg_temp.then_board SELECT day, b::text FROM sla_board_at(day) b;
    END LOOP;
    PERFORM pg_temp.fill('infinity');
END
$$;
SELECT (SELECT count(*) > 2000 FROM then_known) AS many,
       (SELECT count(*) FROM ((SELECT a.at, c::text FROM asked a CROSS JOIN ticket_clocks_at(a.at) c EXCEPT ALL TABLE then_known)
                              UNION ALL (TABLE then_known EXCEPT ALL SELECT a.at, c::text FROM asked a CROSS JOIN ticket_clocks_at(a.at) c)) d) AS clocks_differ,
       (SELECT count(*) FROM ((SELECT a.at, b::text FROM asked a CROSS JOIN sla_board_at(a.at) b EXCEPT ALL TABLE then_board)
                              UNION ALL (TABLE then_board EXCEPT ALL SELECT a.at, b::text FROM asked a CROSS JOIN sla_board_at(a.at) b)) d) AS rows_differ;
-- The board is what is open in the status; and whoever waits is on the list of those who do, once.
SELECT a.at::date AS day,
       (SELECT count(*) FROM ((SELECT customer_id, ticket_id, metric, cycle, due_at FROM sla_board_at(a.at)
                               EXCEPT ALL SELECT customer_id, ticket_id, metric, cycle, due_at FROM sla_status_at(a.at) WHERE stopped_at IS NULL)
                              UNION ALL (SELECT customer_id, ticket_id, metric, cycle, due_at FROM sla_status_at(a.at) WHERE stopped_at IS NULL
                               EXCEPT ALL SELECT customer_id, ticket_id, metric, cycle, due_at FROM sla_board_at(a.at))) d) AS differ,
       (SELECT count(*) FROM ((SELECT customer_id, ticket_id, waiting_since FROM unanswered_at(a.at)
                               EXCEPT ALL SELECT customer_id, ticket_id, min(started_at) FROM ticket_clocks_at(a.at) WHERE metric LIKE '%response' AND stopped_at IS NULL GROUP BY 1, 2)
                              UNION ALL (SELECT customer_id, ticket_id, min(started_at) FROM ticket_clocks_at(a.at) WHERE metric LIKE '%response' AND stopped_at IS NULL GROUP BY 1, 2
                               EXCEPT ALL SELECT customer_id, ticket_id, waiting_since FROM unanswered_at(a.at))) d) AS waiting_differ
  FROM asked a ORDER BY 1;
ROLLBACK;

--
-- While a ticket is solved nothing is promised: what is changed meanwhile decides nothing.
--
BEGIN;
UPDATE settings SET live_since = '-infinity';
DELETE FROM sla_policies WHERE policy_set = 'standard' AND metric = 'resolution';
INSERT INTO calendars (calendar, hours) VALUES ('desk', 'Mo-Fr 10:00-18:00 @ Asia/Tokyo');
INSERT INTO sla_policies (metric, priority, target, calendar, valid) VALUES
    ('resolution', NULL, '10 hours', NULL, '(,)'), ('resolution', 'urgent', '1 hour', NULL, '(,)'), ('resolution', 'low', '4 hours', 'desk', '(,)');
INSERT INTO tickets (customer_id, ticket_id, channel, priority)
SELECT 'C', t, 'line', CASE t WHEN 'calendar' THEN 'low' WHEN 'stays' THEN 'urgent' WHEN 'at deadline' THEN NULL END
  FROM unnest('{changed back,discarded,stays,before,at deadline,at once,solved at once,calendar}'::text[]) t;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind)
SELECT 'C', t, at::timestamptz, CASE WHEN t = 'discarded' AND kind = 'resolved' THEN 'discarded' ELSE kind END
  FROM unnest('{changed back,discarded,stays,before,at deadline,at once,solved at once,calendar}'::text[]) t
 CROSS JOIN (VALUES ('2026-11-23 10:00+09', 'opened'), ('2026-11-23 12:00+09', 'resolved'), ('2026-11-23 16:00+09', 'reopened'), ('2026-11-23 17:00+09', 'resolved')) e (at, kind);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('C', 'solved at once', '2026-11-23 16:00+09', 'resolved');
-- until when it was something else: urgent would have been over at 11:00
INSERT INTO ticket_changes (customer_id, ticket_id, changed_at, channel, priority) VALUES
    ('C', 'changed back', '2026-11-23 13:00+09', 'line', NULL), ('C', 'changed back', '2026-11-23 15:00+09', 'line', 'urgent'),
    ('C', 'discarded', '2026-11-23 13:00+09', 'line', NULL), ('C', 'discarded', '2026-11-23 15:00+09', 'line', 'urgent'),
    ('C', 'stays', '2026-11-23 13:00+09', 'line', NULL),
    ('C', 'before', '2026-11-23 11:30+09', 'line', NULL), ('C', 'before', '2026-11-23 13:00+09', 'line', 'urgent'),
    -- of an hour that was up when it was solved, and changed at the instant at which it was reopened
    ('C', 'at deadline', '2026-11-23 11:00+09', 'line', NULL), ('C', 'at deadline', '2026-11-23 16:00+09', 'line', NULL),
    -- changed when it was solved, and back when it was reopened
    ('C', 'at once', '2026-11-23 12:00+09', 'line', NULL), ('C', 'at once', '2026-11-23 16:00+09', 'line', 'urgent'),
    -- solved again when it was reopened: what had changed by then counts
    ('C', 'solved at once', '2026-11-23 13:00+09', 'line', NULL), ('C', 'solved at once', '2026-11-23 16:00+09', 'line', 'urgent');
-- closed on that day, which was taken back before it was reopened
INSERT INTO calendar_exceptions (calendar, first_day, last_day, hours, recorded_at, withdrawn_at) VALUES
    ('desk', '2026-11-23', '2026-11-23', '10:00-10:30', '2026-11-23 13:00+09', '2026-11-23 15:00+09');
SELECT t.ticket_id, pg_temp.state(t.ticket_id, 'resolution', '2026-11-23 12:00+09') AS solved, pg_temp.state(t.ticket_id, 'resolution', '2026-11-23 14:00+09') AS meanwhile,
       pg_temp.state(t.ticket_id, 'resolution', '2026-11-23 16:30+09') AS reopened, pg_temp.state(t.ticket_id, 'resolution', '2026-11-24 00:00+09') AS in_the_end
  FROM tickets t ORDER BY 1;
SELECT c.solved_at, c.reopened_at FROM ticket_clocks_of(false, '2026-11-24') t CROSS JOIN unnest(t.clocks) c WHERE t.ticket_id IN ('stays', 'discarded') AND c.metric = 'resolution';
ROLLBACK;

-- Whichever of them is reopened, the resolution runs on that ran last in any of them.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel, merged_into) VALUES ('C', 'T1', 'line', NULL), ('C', 'T2', 'line', 'T1'), ('C', 'T3', 'line', 'T1');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, merged_into) VALUES
    ('C', 'T3', '2026-11-23 10:00+09', 'opened', NULL), ('C', 'T2', '2026-11-23 10:10+09', 'opened', NULL), ('C', 'T3', '2026-11-23 10:20+09', 'resolved', NULL),
    ('C', 'T3', '2026-11-23 10:30+09', 'merged', 'T2'), ('C', 'T2', '2026-11-23 10:40+09', 'resolved', NULL), ('C', 'T2', '2026-11-23 10:50+09', 'merged', 'T1');
CREATE FUNCTION pg_temp.reopened(ticket text, at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    runs text;
BEGIN
    INSERT INTO shop.ticket_events (customer_id, ticket_id, at, kind) VALUES ('C', ticket, at, 'reopened');
    SELECT string_agg(concat_ws(' ', c.ticket_id, c.started_at, c.pauses), ', ' ORDER BY c.started_at) INTO runs
      FROM shop.ticket_clocks_at('2026-11-24') c
     WHERE c.metric = 'resolution' AND c.stopped_at IS NULL;
    RAISE EXCEPTION USING MESSAGE = runs;
EXCEPTION WHEN raise_exception THEN
    RETURN SQLERRM;
END $$;
SELECT t AS reopened, pg_temp.reopened(t, '2026-11-23 11:00+09') AS runs FROM unnest('{T2,T3}'::text[]) t;
-- (what was never opened opens)
SELECT t AS reopened, pg_temp.reopened(t, '2026-11-23 11:00+09') AS runs FROM unnest('{T1}'::text[]) t;
ROLLBACK;

--
-- Whoever waits: a machine's doings are no answer, and spam is nobody.
--
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'C', t, 'line' FROM unnest('{bot,auto,spam,late spam,answered,thanks}'::text[]) t;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id) VALUES
    ('C', 'bot', '2026-11-23 10:00+09', 'opened', NULL), ('C', 'bot', '2026-11-23 10:01+09', 'agent_reply', 'bot'), ('C', 'bot', '2026-11-23 10:30+09', 'resolved', 'bot'),
    ('C', 'auto', '2026-11-23 10:00+09', 'opened', NULL), ('C', 'auto', '2026-11-23 10:30+09', 'auto_resolved', NULL),
    ('C', 'spam', '2026-11-23 10:00+09', 'opened', NULL), ('C', 'spam', '2026-11-23 10:30+09', 'discarded', 'kei'),
    ('C', 'late spam', '2026-11-23 10:00+09', 'opened', NULL), ('C', 'late spam', '2026-11-23 11:30+09', 'discarded', 'kei'),
    ('C', 'answered', '2026-11-23 10:00+09', 'opened', NULL), ('C', 'answered', '2026-11-23 10:59+09', 'resolved', 'kei'),
    ('C', 'thanks', '2026-11-23 10:00+09', 'opened', NULL), ('C', 'thanks', '2026-11-23 10:20+09', 'resolved', 'kei'), ('C', 'thanks', '2026-11-23 12:00+09', 'customer_message', NULL);
SELECT ticket_id, state, stopped_at FROM sla_status_at('2026-11-23 13:00+09') WHERE metric = 'first_response' ORDER BY 1;
SELECT ticket_id, first_message, waiting_since, acknowledged_at, agent_id FROM unanswered_at('2026-11-23 13:00+09') ORDER BY 1;
SELECT met, missed, running, attainment FROM sla_attainment_at('2026-11-23 13:00+09') WHERE metric = 'first_response';
SELECT ticket_id, closed_at FROM tickets ORDER BY 1;
-- What ended is gone as of infinity too, and what runs runs.
SELECT ticket_id, state, stopped_at FROM sla_status_at('infinity') WHERE metric = 'first_response' ORDER BY 1;
-- Whoever turns out to be a machine has answered nobody, and what it closed is open.
UPDATE agents SET is_machine = true WHERE agent_id = 'kei';
SELECT ticket_id FROM unanswered_at('2026-11-23 13:00+09') ORDER BY 1;
UPDATE agents SET is_machine = false;
SELECT ticket_id, closed_at FROM tickets ORDER BY 1;
ROLLBACK;

-- Whatever a machine does, it is no answer; what it can do at all it has done.
BEGIN;
CREATE TEMPORARY TABLE kind AS SELECT k::text AS kind FROM unnest(enum_range(NULL::loyalcs.ticket_event)) k WHERE k NOT IN ('opened', 'customer_message', 'reopened', 'merged', 'discarded');
INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'C', k.kind || w.who, 'line' FROM kind k CROSS JOIN (VALUES (' by bot'), (' by kei')) w (who);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) SELECT 'C', t.ticket_id, '2026-11-23 10:00+09', 'opened' FROM tickets t;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id)
SELECT 'C', k.kind || ' by ' || w.who, '2026-11-23 10:30+09', k.kind, w.who FROM kind k CROSS JOIN (VALUES ('bot'), ('kei')) w (who);
SELECT split_part(c.ticket_id, ' ', 1) AS kind,
       string_agg(c.metric, ' ' ORDER BY c.metric) FILTER (WHERE c.ticket_id LIKE '% kei' AND c.stopped_at IS NOT NULL) AS stopped_by_kei,
       string_agg(c.metric, ' ' ORDER BY c.metric) FILTER (WHERE c.ticket_id LIKE '% bot' AND c.stopped_at IS NOT NULL) AS stopped_by_bot,
       bool_or(c.acknowledged_at IS NOT NULL AND c.ticket_id LIKE '% bot') AS acknowledged
  FROM ticket_clocks_at('2026-11-24') c GROUP BY 1 ORDER BY 1;
ROLLBACK;

-- What looks odd is said by the log of all that were merged, and of machines too.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'C', t, 'line' FROM unnest('{one,other,auto}'::text[]) t;
SELECT FROM record_ticket_event('C', 'one', 'opened', '2026-11-23 10:00+09');
SELECT FROM record_ticket_event('C', 'other', 'merged', '2026-11-23 10:10+09', merged_into => 'one');
SELECT FROM record_ticket_event('C', 'other', 'agent_reply', '2026-11-23 10:20+09', 'kei');
SELECT FROM record_ticket_event('C', 'other', 'opened', '2026-11-23 10:30+09');
SELECT FROM record_ticket_event('C', 'one', 'resolved', '2026-11-23 10:40+09', 'kei');
SELECT FROM record_ticket_event('C', 'other', 'reopened', '2026-11-23 10:50+09');
SELECT FROM record_ticket_event('C', 'one', 'reopened', '2026-11-23 11:00+09');
SELECT FROM record_ticket_event('C', 'auto', 'opened', '2026-11-23 10:00+09');
SELECT FROM record_ticket_event('C', 'auto', 'auto_resolved', '2026-11-23 10:10+09');
SELECT FROM record_ticket_event('C', 'auto', 'auto_proposed', '2026-11-23 10:15+09');
SELECT FROM record_ticket_event('C', 'auto', 'reopened', '2026-11-23 10:20+09');
ROLLBACK;

-- Of tickets that were merged, a conversation waits once: since the oldest message.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel, merged_into) VALUES ('C', 'one', 'line', NULL), ('C', 'other', 'line', 'one'), ('C', 'old', 'line', NULL), ('C', 'older', 'line', 'old');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, merged_into) VALUES
    ('C', 'one', '2026-11-23 10:00+09', 'opened', NULL), ('C', 'one', '2026-11-23 10:10+09', 'agent_reply', NULL), ('C', 'one', '2026-11-23 10:20+09', 'customer_message', NULL),
    ('C', 'other', '2026-11-23 10:30+09', 'opened', NULL), ('C', 'other', '2026-11-23 10:40+09', 'merged', 'one'),
    ('C', 'old', '2026-11-23 10:00+09', 'opened', NULL), ('C', 'old', '2026-11-23 10:10+09', 'agent_reply', NULL), ('C', 'old', '2026-11-23 10:20+09', 'customer_message', NULL),
    ('C', 'older', '2026-11-23 10:15+09', 'opened', NULL), ('C', 'older', '2026-11-23 10:40+09', 'merged', 'old');
SELECT ticket_id, first_message, waiting_since, waiting FROM unanswered_at('2026-11-23 11:00+09') ORDER BY 1;
SELECT ticket_id, first_message, waiting_since, waiting FROM unanswered_at('2026-11-23 10:35+09') ORDER BY 1;
ROLLBACK;

-- A miss is of whoever had the ticket when it was missed.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'C', t, 'line' FROM unnest('{handed on,met,nobody}'::text[]) t;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id) VALUES
    ('C', 'handed on', '2026-11-23 10:00+09', 'opened', NULL), ('C', 'handed on', '2026-11-23 10:05+09', 'assigned', 'kei'), ('C', 'handed on', '2026-11-23 12:00+09', 'assigned', 'mio'),
    ('C', 'met', '2026-11-23 10:00+09', 'opened', NULL), ('C', 'met', '2026-11-23 10:05+09', 'agent_reply', 'kei'), ('C', 'met', '2026-11-23 12:00+09', 'assigned', 'mio'),
    ('C', 'nobody', '2026-11-23 10:00+09', 'opened', NULL), ('C', 'nobody', '2026-11-23 11:30+09', 'assigned', 'mio');
SELECT ticket_id, state, agent_id, held_by FROM sla_status_at('2026-11-23 13:00+09') WHERE metric = 'first_response' ORDER BY 1;
SELECT part AS agent, met, missed FROM sla_attainment_by('agent', '2026-11-23 13:00+09') WHERE metric = 'first_response' ORDER BY 1;
ROLLBACK;

-- Whoever was named last has it, by when events count: what was entered late is later than
-- what was written down meanwhile, in agent_id as in held_by.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('C', 'late', 'line'), ('C', 'phoned', 'line');
INSERT INTO ticket_events (customer_id, ticket_id, event_id, at, kind, agent_id, recorded_at) VALUES
    ('C', 'late', 10, '2026-11-23 10:00+09', 'opened', NULL, NULL), ('C', 'late', 12, '2026-11-23 10:30+09', 'assigned', 'mio', '2026-11-23 10:30+09'),
    ('C', 'late', 13, '2026-11-23 10:05+09', 'assigned', 'kei', '2026-11-23 10:40+09'), ('C', 'late', 14, '2026-11-23 11:30+09', 'agent_reply', NULL, '2026-11-23 11:30+09'),
    -- the opening comes first
    ('C', 'phoned', 22, '2026-11-23 10:00+09', 'opened', 'kei', NULL), ('C', 'phoned', 21, '2026-11-23 10:00+09', 'assigned', 'mio', NULL), ('C', 'phoned', 23, '2026-11-23 10:30+09', 'agent_reply', NULL, NULL);
SELECT a.at, s.ticket_id, s.state, s.agent_id, s.held_by
  FROM unnest('{2026-11-23 10:35+09,2026-11-23 10:45+09,2026-11-23 12:00+09}'::timestamptz[]) a (at) CROSS JOIN sla_status_at(a.at) s
 WHERE s.metric = 'first_response' ORDER BY 2, 1;
UPDATE settings SET late_helps = true;
SELECT s.state, s.agent_id, s.held_by FROM sla_status_at('2026-11-23 12:00+09') s WHERE s.ticket_id = 'late' AND s.metric = 'first_response';
ROLLBACK;

-- The log of tickets that are one is one: whoever is named in any of them has them all.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel, merged_into) VALUES ('C', 'T1', 'line', NULL), ('C', 'T2', 'line', 'T1'), ('C', 'T3', 'line', 'T1');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, merged_into) VALUES
    ('C', 'T1', '2026-11-23 10:00+09', 'opened', NULL, NULL), ('C', 'T2', '2026-11-23 10:00+09', 'opened', NULL, NULL), ('C', 'T3', '2026-11-23 10:00+09', 'opened', NULL, NULL),
    ('C', 'T1', '2026-11-23 10:05+09', 'agent_reply', 'kei', NULL), ('C', 'T2', '2026-11-23 10:10+09', 'agent_reply', 'mio', NULL), ('C', 'T3', '2026-11-23 10:15+09', 'agent_reply', 'bot', NULL),
    ('C', 'T3', '2026-11-23 12:00+09', 'merged', NULL, 'T2'), ('C', 'T2', '2026-11-23 14:00+09', 'merged', NULL, 'T1'), ('C', 'T3', '2026-11-23 15:00+09', 'assigned', 'kei', NULL);
SELECT a.at, string_agg(concat_ws(' ', s.ticket_id, s.metric, s.agent_id, s.held_by), ', ' ORDER BY s.ticket_id, s.metric, s.started_at, s.cycle, s.held_by) AS has_it
  FROM unnest('{2026-11-23 10:07+09,2026-11-23 11:00+09,2026-11-23 13:00+09,2026-11-23 14:00+09,2026-11-23 16:00+09}'::timestamptz[]) a (at) CROSS JOIN sla_status_at(a.at) s
 WHERE s.metric LIKE '%response' OR s.metric = 'resolution' GROUP BY 1 ORDER BY 1;
-- What is broken later is of whoever has them all.
SELECT s.ticket_id, s.state, s.due_at, s.agent_id, s.held_by FROM sla_status_at('2026-11-26 12:00+09') s WHERE s.metric = 'resolution' ORDER BY 1;
SELECT ticket_id, agent_id FROM sla_board_at('2026-11-23 16:00+09') ORDER BY 1, 2;
ROLLBACK;

-- Of events of one instant the opening comes first, whatever number it has.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('C', 'imported', 'line');
INSERT INTO ticket_events (customer_id, ticket_id, event_id, at, kind) VALUES ('C', 'imported', 1, '2026-11-23 10:00+09', 'agent_reply'), ('C', 'imported', 2, '2026-11-23 10:00+09', 'opened');
SELECT metric, started_at, stopped_at FROM ticket_clocks_at('2026-11-24') WHERE metric = 'first_response';
-- Numbers that were given do not come again.
INSERT INTO ticket_events (customer_id, ticket_id, event_id, at, kind) VALUES ('C', 'imported', 5000, '2026-11-23 11:00+09', 'note');
SELECT FROM record_ticket_event('C', 'imported', 'note', '2026-11-23 12:00+09');
SELECT max(event_id) AS event_id FROM ticket_events;
ROLLBACK;

-- What was overdue before the shop was used warns nobody.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('C', 'before', 'line'), ('C', 'since', 'line');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('C', 'before', '2026-11-20 10:00+09', 'opened'), ('C', 'since', '2026-11-23 10:00+09', 'opened');
UPDATE settings SET live_since = '2026-11-23 09:00+09';
SELECT ticket_id, metric, state FROM sla_warnings_due_at('2026-11-23 12:00+09') ORDER BY 1, 2;
SELECT queue_sla_warnings('2026-11-23 12:00+09');
ROLLBACK;

SET search_path = public;
DROP ROLE IF EXISTS regress_promises_service;
