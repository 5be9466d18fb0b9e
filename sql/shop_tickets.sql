-- Channels, agents, tickets and their logs.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben');

-- What a shop starts with. Elsewhere than in Japan, the hours are that shop's.
SELECT channel, hours, calendar, cost FROM channels ORDER BY channel;
BEGIN;
SELECT FROM loyalcs.create_shop('shop_elsewhere', 'America/New_York', 'USD');
SELECT channel, hours, calendar FROM shop_elsewhere.channels WHERE hours IS NOT NULL OR calendar IS NOT NULL;
ROLLBACK;
SELECT s.given, pg_temp.outcome('UPDATE channels SET ' || s.given || ' WHERE channel = ''phone''')
  FROM (VALUES ('channel = NULL'), ('channel = ''line'''), ('hours = NULL'), ('hours = ''Mo-Su 09:00-21:00'''), ('calendar = NULL, hours = ''Mo-Su 09:00-21:00'''), ('calendar = ''nowhere'''), ('hours = ''sometimes'''),
               ('cost = NULL'), ('cost = 0'), ('cost = -1'), ('cost = 0.00001'), ('cost = ''NaN''')) s (given);
SELECT pg_temp.outcome('INSERT INTO agents VALUES (NULL)') AS nobody,
       pg_temp.outcome('INSERT INTO agents (agent_id) VALUES (''kei'')') AS somebody;
INSERT INTO agents VALUES ('kei', 'Kei'), ('mio', 'Mio');

--
-- Tickets
--

INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('ann', 't1', 'email'), ('ann', 't2', 'line'), ('ben', 't1', 'phone');
SELECT to_jsonb(t) - 'tier_as_of' AS ticket, tier_as_of <= now() AS tier_is_of_now FROM tickets t WHERE customer_id = 'ben';
SELECT s.given, pg_temp.outcome('UPDATE tickets SET ' || s.given || ' WHERE customer_id = ''ann'' AND ticket_id = ''t1''')
  FROM (VALUES
    ('customer_id = NULL'),
    ('customer_id = ''nobody'''),
    ('ticket_id = NULL'),
    ('ticket_id = ''t2'''),
    ('channel = NULL'),
    ('channel = ''pigeon'''),
    ('complaint = NULL'),
    ('tags = ''{gift,リング}'', resolution = ''sent anew'''),
    ('tags = NULL'),
    ('tags = ''{gift,NULL}'''),
    ('tags = ''{gift,""}'''),
    ('tags = ''{{gift},{ring}}'''),
    ('tags = ''{{gift,NULL}}'''),
    ('complaint = true, reason = ''return'', priority = ''high'', tier = ''VIP'', subject = ''箱に傷'''),
    ('merged_into = ''t1'''),
    ('merged_into = ''t9'''),
    ('merged_into = ''t2''')
  ) s (given);

--
-- Their logs
--

INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('ann', 't1', '2026-03-02 09:00+09', 'opened')
RETURNING event_id, agent_id, note;
SELECT s.given, pg_temp.outcome('INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, note) VALUES (' || s.given || ')')
  FROM (VALUES
    ('NULL, ''t1'', now(), ''note'', NULL, NULL'),
    ('''ann'', NULL, now(), ''note'', NULL, NULL'),
    ('''ben'', ''t2'', now(), ''note'', NULL, NULL'),
    ('''ann'', ''t1'', NULL, ''note'', NULL, NULL'),
    ('''ann'', ''t1'', ''infinity'', ''note'', NULL, NULL'),
    ('''ann'', ''t1'', ''-infinity'', ''note'', NULL, NULL'),
    ('''ann'', ''t1'', ''0001-01-01 00:00+00'', ''note'', NULL, NULL'),
    ('''ann'', ''t1'', now(), NULL, NULL, NULL'),
    ('''ann'', ''t1'', now(), ''replied'', NULL, NULL'),
    ('''ann'', ''t1'', now(), ''note'', ''nobody'', NULL'),
    ('''ann'', ''t1'', now(), ''note'', ''kei'', ''called back'''),
    ('''ann'', ''t1'', ''1999-01-01 00:00+00'', ''resolved'', NULL, NULL')
  ) s (given);
-- The kinds are those of the enum.
SELECT e, pg_temp.outcome(format('INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES (''ann'', ''t1'', now(), %L)', e))
  FROM unnest(enum_range(NULL::loyalcs.ticket_event)) e;
-- What has happened stays; its words may be corrected, or go.
SELECT s.given, split_part(pg_temp.outcome('UPDATE ticket_events SET ' || s.given), ' ', 1)
  FROM (VALUES ('kind = ''note'''), ('at = now()'), ('agent_id = ''kei'''), ('event_id = 77'), ('ticket_id = ''t2'''),
               ('kind = kind'), ('note = ''x''')) s (given);
DELETE FROM ticket_events;
-- A ticket goes with its log, a customer not while there are tickets.
SELECT pg_temp.outcome('DELETE FROM tickets WHERE customer_id = ''ann'' AND ticket_id = ''t1''') AS ticket,
       pg_temp.outcome('DELETE FROM customers WHERE customer_id = ''ann''') AS customer;

--
-- closed_at: by hand, the last time that something stopped, if nothing runs
--

INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'ben', 'c' || n, 'line' FROM generate_series(1, 9) n;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind)
SELECT 'ben', l.ticket, ('2026-03-02 ' || split_part(e, ' ', 1) || '+09')::timestamptz, split_part(e, ' ', 2)
  FROM (VALUES
    ('c1', '09:00 opened'),
    ('c2', '09:00 opened, 10:00 resolved'),
    ('c3', '09:00 opened, 10:00 resolved, 11:00 note'),
    ('c4', '09:00 opened, 10:00 resolved, 11:00 reopened'),
    ('c5', '09:00 opened, 10:00 resolved, 11:00 reopened, 12:00 resolved'),
    ('c6', '09:00 opened, 10:00 resolved, 11:00 customer_message'),
    ('c7', '09:00 opened, 10:00 resolved, 11:00 customer_message, 12:00 agent_reply'),
    ('c8', '09:00 note'),
    ('c9', '09:00 opened, 10:00 agent_reply')
  ) l (ticket, log)
 CROSS JOIN regexp_split_to_table(l.log, ', ') e;
SELECT ticket_id, to_char(closed_at, 'HH24:MI') AS closed FROM tickets WHERE ticket_id LIKE 'c%' ORDER BY ticket_id;
-- Events come late, too: what was resolved at ten had been reopened.
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES
    ('ben', 'c2', '2026-03-02 10:30+09', 'reopened'),
    ('ben', 'c1', '2026-03-02 18:00+09', 'resolved');
SELECT ticket_id, to_char(closed_at, 'HH24:MI') AS closed FROM tickets WHERE ticket_id IN ('c1', 'c2') ORDER BY ticket_id;
-- Loaded with triggers off, it is made up for.
ALTER TABLE ticket_events DISABLE TRIGGER keep_closed_at;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('ben', 'c2', '2026-03-02 19:00+09', 'resolved');
ALTER TABLE ticket_events ENABLE TRIGGER keep_closed_at;
SELECT closed_at IS NULL AS not_noticed FROM tickets WHERE ticket_id = 'c2';
SELECT to_char(refresh_closed_at('ben', 'c2'), 'HH24:MI') AS noticed;
SELECT refresh_closed_at('ben', 'c77') IS NULL AS no_ticket;
-- A merged ticket is closed when the one is that it was merged into.
UPDATE tickets SET merged_into = 'c5' WHERE ticket_id = 'c9';
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('ben', 'c9', '2026-03-02 13:00+09', 'merged');
SELECT ticket_id, closed_at IS NULL AS open FROM tickets WHERE ticket_id IN ('c5', 'c9') ORDER BY ticket_id;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('ben', 'c5', '2026-03-02 14:00+09', 'resolved');
SELECT ticket_id, to_char(closed_at, 'HH24:MI') AS closed FROM tickets WHERE ticket_id IN ('c5', 'c9') ORDER BY ticket_id;
-- Merges lead to one ticket, not in chains or circles. (Once the statement is through.)
UPDATE tickets SET merged_into = 'c1' WHERE ticket_id = 'c5';
UPDATE tickets SET merged_into = 'c9' WHERE ticket_id = 'c3';
SELECT pg_temp.outcome('UPDATE tickets SET merged_into = ''c1'' WHERE ticket_id IN (''c5'', ''c9'')') AS both;

-- Readers of reports see neither subjects nor notes nor names.
CREATE ROLE regress_sla_reader;
DO $$ BEGIN PERFORM loyalcs.grant_shop('shop', 'regress_sla_reader', 'report'); END $$;
SELECT c.relname, string_agg(a.attname, ', ' ORDER BY a.attnum) AS not_for_readers
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.oid IN ('channels'::regclass, 'agents'::regclass, 'tickets'::regclass, 'ticket_events'::regclass)
   AND NOT has_column_privilege('regress_sla_reader', c.oid, a.attnum, 'SELECT')
 GROUP BY c.relname ORDER BY c.relname;
SET ROLE regress_sla_reader;
SELECT count(*) > 0 AS reads FROM shop.ticket_clocks;
SELECT count(*) > 0 AS reads FROM shop.sla_board;
SELECT count(*) > 0 AS reads FROM shop.sla_attainment;
RESET ROLE;

-- Entered late. Events of 2020 that a service enters now are years late: what the
-- shop did counts from now on, whatever is asked as of; what a customer did counts
-- from when it was. The owner's word counts, as in an import.
CREATE ROLE regress_sla_service;
DO $$ BEGIN PERFORM loyalcs.grant_shop('shop', 'regress_sla_service', 'service'); END $$;
INSERT INTO customers (customer_id) VALUES ('lea');
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('lea', 'loaded', 'line'), ('lea', 'late', 'line'), ('lea', 'in time', 'line');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES
    ('lea', 'loaded', '2020-03-02 12:00+09', 'opened'), ('lea', 'loaded', '2020-03-02 12:30+09', 'resolved'),
    ('lea', 'late', '2020-03-02 12:00+09', 'opened');
-- (an owner may say when another system wrote it down)
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, recorded_at) VALUES
    ('lea', 'in time', '2020-03-02 12:00+09', 'opened', '2020-03-02 13:00+09'),
    ('lea', 'in time', '2020-03-02 12:30+09', 'agent_reply', '2020-03-02 12:44+09'),
    ('lea', 'in time', '2020-03-02 14:00+09', 'resolved', '2020-03-02 15:00+09');
SET ROLE regress_sla_service;
SELECT FROM record_ticket_event('lea', 'late', 'agent_reply', '2020-03-02 12:30+09');
SELECT pg_temp.outcome('INSERT INTO ticket_events (customer_id, ticket_id, at, kind, recorded_at) VALUES (''lea'', ''late'', ''2020-03-02 12:40+09'', ''pending'', ''2020-03-02 12:40+09'')') AS backdated;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('lea', 'late', '2020-03-02 12:40+09', 'pending');
SELECT FROM record_ticket_event('lea', 'late', 'resolved', '2020-03-02 12:45+09');
SELECT kind, at, recorded_at >= now() - interval '1 day' AS recorded_now FROM ticket_events WHERE ticket_id = 'late' ORDER BY event_id;
RESET ROLE;
SELECT t.ticket_id, t.closed_at IS NULL AS open, CASE WHEN t.closed_at < '2021-01-01' THEN t.closed_at END AS closed_at
  FROM tickets t WHERE customer_id = 'lea' ORDER BY 1;
-- What the board showed on that day it shows for ever; and the promise is broken today as well.
SELECT d.as_of, s.ticket_id, s.metric, s.state, CASE WHEN s.stopped_at < '2021-01-01' THEN s.stopped_at END AS stopped_at
  FROM (VALUES (timestamptz '2020-03-02 12:50+09'), ('2020-03-03 12:00+09'), ('infinity')) d (as_of)
 CROSS JOIN sla_status_at(d.as_of) s WHERE s.customer_id = 'lea' AND s.metric IN ('first_response', 'resolution') ORDER BY 1, 2, 3;
SELECT b.ticket_id, b.metric, b.state FROM sla_board_at('2020-03-03 12:00+09') b WHERE b.customer_id = 'lea' ORDER BY 1, 2;
SELECT ticket_id, kind, at, CASE WHEN counts_at < '2021-01-01' THEN counts_at END AS counts_at, counts_at = recorded_at AS counts_late
  FROM late_ticket_events WHERE customer_id = 'lea' ORDER BY ticket_id, at;
-- A shop may take late entries at their word.
UPDATE settings SET late_helps = true;
SELECT ticket_id, closed_at FROM tickets WHERE customer_id = 'lea' ORDER BY 1;
SELECT s.ticket_id, s.metric, s.state FROM sla_status_at('infinity') s
 WHERE s.customer_id = 'lea' AND s.metric IN ('first_response', 'resolution') ORDER BY 1, 2;
SELECT count(*) AS late FROM late_ticket_events WHERE customer_id = 'lea';
UPDATE settings SET late_helps = false, late_after = '2 hours';
SELECT ticket_id, kind FROM late_ticket_events WHERE customer_id = 'lea' ORDER BY 1, 2;
SELECT pg_temp.outcome(s.statement)
  FROM (VALUES ('UPDATE settings SET late_after = ''-1 second'''), ('UPDATE settings SET late_after = ''1 month'''), ('UPDATE settings SET late_after = NULL'),
               ('UPDATE settings SET late_after = ''0'''), ('UPDATE settings SET late_after = ''3 days''')) s (statement);
SELECT pg_temp.same_elsewhere('SELECT * FROM shop.late_ticket_events');

--
-- The tier is the one of the ticket's day.
--

INSERT INTO customers (customer_id) VALUES ('tia');
-- (an order that makes a VIP, for a year)
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('tia', 'ring', '2020-02-01 00:00+09', 100000);
SELECT customer_tier('tia') AS today, customer_tier('tia', '2020-03-02 12:00+09') AS then;
INSERT INTO tickets (customer_id, ticket_id, channel, tier) VALUES
    ('tia', '1 then', 'email', NULL), ('tia', '2 before', 'email', NULL), ('tia', '3 after', 'email', NULL), ('tia', '4 given', 'email', 'VIP'),
    ('tia', '5 in parts', 'email', NULL), ('tia', '6 changed', 'email', NULL), ('tia', '7 unopened', 'email', NULL), ('tia', '8 quietly', 'email', NULL);
SELECT ticket_id, tier, tier_as_of IS NULL AS given FROM tickets WHERE customer_id = 'tia' ORDER BY 1;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES
    ('tia', '1 then', '2020-03-02 12:00+09', 'opened'), ('tia', '1 then', '2021-07-02 12:00+09', 'customer_message'), ('tia', '1 then', '2020-03-02 12:30+09', 'agent_reply'),
    ('tia', '2 before', '2020-01-31 23:59:59.999999+09', 'opened'), ('tia', '3 after', '2021-02-01 00:00+09', 'opened'),
    ('tia', '4 given', '2019-03-02 12:00+09', 'opened'),
    ('tia', '5 in parts', '2020-02-20 12:00+09', 'note'), ('tia', '5 in parts', '2021-07-02 12:00+09', 'opened'),
    ('tia', '6 changed', '2020-03-02 12:00+09', 'opened'), ('tia', '7 unopened', '2020-03-02 12:00+09', 'note');
SELECT ticket_id, tier, tier_as_of FROM tickets WHERE customer_id = 'tia' AND ticket_id < '7' ORDER BY 1;
-- What came earlier comes later; what somebody says is the tier stays that.
UPDATE tickets SET tier = NULL WHERE ticket_id = '6 changed';
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES
    ('tia', '5 in parts', '2021-01-31 23:59+09', 'customer_message'), ('tia', '5 in parts', '2021-02-01 09:00+09', 'opened'),
    ('tia', '6 changed', '2020-03-01 12:00+09', 'customer_message');
SELECT ticket_id, tier, tier_as_of FROM tickets WHERE ticket_id IN ('5 in parts', '6 changed') ORDER BY 1;
-- It was so all along, which is no change; what somebody said is one.
SELECT ticket_id, channel, tier FROM ticket_changes WHERE customer_id = 'tia' ORDER BY 1;
SELECT d.as_of, s.ticket_id, s.tier, s.state FROM (VALUES (timestamptz '2020-03-02 12:10+09'), ('2021-08-01 00:00+09'), ('infinity')) d (as_of)
 CROSS JOIN sla_status_at(d.as_of) s WHERE s.customer_id = 'tia' AND s.metric = 'first_response' AND s.ticket_id < '5' ORDER BY 1, 2;
-- Of when it is follows from the log, whoever writes what.
SET ROLE regress_sla_service;
SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('INSERT INTO tickets (customer_id, ticket_id, channel, tier_as_of) VALUES (''tia'', ''9'', ''email'', ''2020-03-02'')'),
    ('INSERT INTO tickets (customer_id, ticket_id, channel, tier) VALUES (''tia'', ''9'', ''email'', ''VIP'')')) s (statement);
UPDATE tickets SET tier_as_of = '2020-03-02 12:00+09' WHERE customer_id = 'tia';
UPDATE tickets SET tier_as_of = NULL WHERE customer_id = 'tia';
UPDATE tickets SET tier_as_of = '-infinity' WHERE customer_id = 'tia';
INSERT INTO tickets (customer_id, ticket_id, channel, tier) VALUES ('tia', '9 given', 'email', 'VIP');
SELECT FROM record_ticket_event('tia', '9 given', 'opened', '2021-07-02 12:00+09');
RESET ROLE;
SELECT ticket_id, tier, tier_as_of FROM tickets WHERE customer_id = 'tia' AND ticket_id NOT LIKE '7%' AND ticket_id NOT LIKE '8%' ORDER BY 1;
-- With triggers off.
ALTER TABLE ticket_events DISABLE TRIGGER keep_closed_at;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('tia', '8 quietly', '2020-03-02 12:00+09', 'opened');
ALTER TABLE ticket_events ENABLE TRIGGER keep_closed_at;
SELECT tier AS not_noticed FROM tickets WHERE ticket_id = '8 quietly';
SELECT refresh_ticket_tier('tia', '8 quietly') AS noticed, refresh_ticket_tier('tia', '7 unopened') AS unopened,
       refresh_ticket_tier('tia', '4 given') AS given, refresh_ticket_tier('tia', 'none') AS of_none;
-- A backup says what it says.
INSERT INTO tickets (customer_id, ticket_id, channel, tier, tier_as_of) VALUES
    ('tia', '10 restored', 'email', NULL, '2020-03-02 12:00+09'), ('tia', '11 restored', 'email', 'VIP', '2020-07-02 12:00+09');
SELECT ticket_id, tier, tier_as_of FROM tickets WHERE ticket_id LIKE '% restored' ORDER BY 1;

--
-- No clock vanishes: what is merged goes on in another ticket, and stays merged.
--
CREATE ROLE regress_sla_admin;
DO $$ BEGIN PERFORM loyalcs.grant_shop('shop', 'regress_sla_admin', 'admin'); END $$;
INSERT INTO customers (customer_id) VALUES ('mei');
INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'mei', 'm' || n, 'line' FROM generate_series(1, 3) n;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind)
SELECT 'mei', 'm' || n, '2026-03-02 09:00+09', 'opened' FROM generate_series(1, 3) n;
SELECT FROM record_ticket_event('mei', 'm2', 'merged', '2026-03-02 10:00+09', merged_into => 'm1');
CREATE FUNCTION pg_temp.outcome_as(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE pg_catalog.format('SET LOCAL ROLE %s', CASE role WHEN 'owner' THEN 'NONE' ELSE quote_ident(role) END);
    RETURN pg_temp.outcome(statement);
END $$;
CREATE FUNCTION pg_temp.clocks() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', ticket_id, metric, to_char(started_at, 'HH24:MI')), ', ' ORDER BY ticket_id, metric)
      FROM shop.ticket_clocks WHERE customer_id = 'mei'
$$;
SELECT pg_temp.clocks() AS clocks;
SELECT r.role, s.statement, pg_temp.outcome_as(r.role, s.statement)
  FROM (VALUES ('regress_sla_service'), ('regress_sla_admin'), ('owner')) r (role)
 CROSS JOIN (VALUES
    (1, 'INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES (''mei'', ''m3'', now(), ''merged'')'),
    (2, 'INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES (''mei'', ''m3'', now(), ''note''), (''mei'', ''m1'', now(), ''merged'')'),
    (3, 'INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES (''mei'', ''m9'', now(), ''merged'')'),
    (4, 'INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES (''mei'', ''m2'', now(), ''merged'')'),
    (5, 'WITH t AS (UPDATE tickets SET merged_into = ''m1'' WHERE ticket_id = ''m3'' RETURNING customer_id, ticket_id)
             INSERT INTO ticket_events (customer_id, ticket_id, at, kind) SELECT customer_id, ticket_id, now(), ''merged'' FROM t'),
    (6, 'INSERT INTO tickets (customer_id, ticket_id, channel, merged_into) VALUES (''mei'', ''m4'', ''line'', ''m1'');
             INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES (''mei'', ''m4'', now(), ''opened''), (''mei'', ''m4'', now(), ''merged'')'),
    (7, 'UPDATE tickets SET merged_into = NULL WHERE customer_id = ''mei'''),
    (8, 'UPDATE tickets SET merged_into = DEFAULT, subject = ''x'' WHERE customer_id = ''mei'' AND ticket_id = ''m2'''),
    (9, 'INSERT INTO tickets (customer_id, ticket_id, channel) VALUES (''mei'', ''m2'', ''line'')
             ON CONFLICT (customer_id, ticket_id) DO UPDATE SET merged_into = excluded.merged_into'),
    (10, 'UPDATE tickets SET merged_into = NULL WHERE ticket_id = ''m1'''),
    (11, 'UPDATE tickets SET merged_into = ''m3'' WHERE ticket_id = ''m2''')) s (n, statement)
 ORDER BY s.n, r.role <> 'regress_sla_service', r.role <> 'regress_sla_admin';
-- When the one goes on in a third, so does what was merged into it.
SET ROLE regress_sla_service;
SELECT FROM record_ticket_event('mei', 'm1', 'merged', '2026-03-02 11:00+09', merged_into => 'm3');
RESET ROLE;
SELECT ticket_id, merged_into FROM tickets WHERE customer_id = 'mei' ORDER BY 1;
SELECT pg_temp.clocks() AS clocks;
DROP OWNED BY regress_sla_admin;
DROP ROLE regress_sla_admin;
DROP OWNED BY regress_sla_service;
DROP ROLE regress_sla_service;

SET search_path = public;
SELECT loyalcs.drop_shop('shop', 'shop');
DROP ROLE regress_sla_reader;
