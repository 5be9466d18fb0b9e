-- What there is to say of a ticket once its log is read.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2026-01-01 00:00+09';
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben');
INSERT INTO agents (agent_id, name, is_machine) VALUES ('kei', 'Kei', false), ('mio', 'Mio', false), ('bot', 'Bot', true);

-- A ticket of two days: opened at nine, a machine at once; kei takes it at ten,
-- answers at eleven and waits until three, resolves at five, is asked again the next
-- day at nine, and mio resolves it at noon. The customer has come three times.
INSERT INTO tickets (customer_id, ticket_id, channel, reason, resolution) VALUES
    ('ann', 't', 'email', 'size', 'exchange'), ('ann', 'spam', 'email', NULL, NULL), ('ann', 'open', 'line', 'size', NULL),
    ('ann', 'a', 'phone', 'late', NULL), ('ann', 'b', 'phone', 'late', NULL), ('ben', 'mute', 'email', NULL, NULL);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id) VALUES
    ('ann', 't', '2026-03-02 09:00+09', 'opened', NULL), ('ann', 't', '2026-03-02 09:01+09', 'auto_reply', NULL),
    ('ann', 't', '2026-03-02 10:00+09', 'assigned', 'kei'), ('ann', 't', '2026-03-02 10:30+09', 'agent_reply', 'bot'),
    ('ann', 't', '2026-03-02 11:00+09', 'agent_reply', 'kei'), ('ann', 't', '2026-03-02 11:00+09', 'pending', 'kei'),
    ('ann', 't', '2026-03-02 12:00+09', 'note', 'kei'), ('ann', 't', '2026-03-02 15:00+09', 'customer_message', NULL),
    ('ann', 't', '2026-03-02 17:00+09', 'resolved', 'kei'), ('ann', 't', '2026-03-03 09:00+09', 'reopened', NULL),
    ('ann', 't', '2026-03-03 12:00+09', 'resolved', 'mio'),
    ('ann', 'spam', '2026-03-02 09:00+09', 'opened', NULL), ('ann', 'spam', '2026-03-02 09:30+09', 'discarded', 'kei'),
    -- two of one instant, and an answer of before it was opened
    ('ann', 'open', '2026-03-01 12:00+09', 'agent_reply', 'kei'), ('ann', 'open', '2026-03-02 09:00+09', 'opened', NULL),
    ('ann', 'open', '2026-03-02 09:00+09', 'customer_message', NULL), ('ben', 'mute', '2026-03-02 09:00+09', 'note', 'kei');
CREATE FUNCTION pg_temp.facts(customer text, ticket text, as_of timestamptz) RETURNS TABLE (opened text, contacts bigint, acknowledged text, replied text, resolved text, reopened bigint, discarded boolean, agent text, worked interval, minutes float8) LANGUAGE sql AS $$
SELECT to_char(f.opened_at AT TIME ZONE 'Asia/Tokyo', 'DD HH24:MI'), f.contacts, to_char(f.acknowledged_at AT TIME ZONE 'Asia/Tokyo', 'DD HH24:MI'),
       to_char(f.first_reply_at AT TIME ZONE 'Asia/Tokyo', 'DD HH24:MI'), to_char(f.resolved_at AT TIME ZONE 'Asia/Tokyo', 'DD HH24:MI'),
       f.reopened, f.discarded, f.agent_id, f.handle_time, f.handle_time_minutes
  FROM ticket_facts(customer, ticket, as_of) f $$;
-- Worked on: from ten to five, less the four hours from eleven to three; then from ten of
-- the one day to noon of the other, less these and the night in which it was resolved:
-- 26 - 4 - 16.
SELECT a.as_of, f.* FROM unnest('{2026-03-02 08:59+09,2026-03-02 09:00+09,2026-03-02 10:59+09,2026-03-02 14:00+09,2026-03-02 18:00+09,2026-03-03 10:00+09,infinity}'::text[]) a (as_of)
  LEFT JOIN LATERAL pg_temp.facts('ann', 't', a.as_of::timestamptz) f ON true;
SELECT t.ticket_id, f.* FROM tickets t LEFT JOIN LATERAL pg_temp.facts(t.customer_id, t.ticket_id, 'infinity') f ON true WHERE t.ticket_id IN ('spam', 'open', 'mute') ORDER BY 1;

-- Two that are merged are one: opened when the first was, resolved when both are.
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id) VALUES
    ('ann', 'a', '2026-03-31 23:00+09', 'opened', NULL), ('ann', 'b', '2026-04-01 01:00+09', 'opened', NULL), ('ann', 'a', '2026-04-01 09:30+09', 'agent_reply', 'kei');
SELECT FROM record_ticket_event('ann', 'a', 'merged', '2026-04-01 10:00+09', merged_into => 'b');
SELECT FROM record_ticket_event('ann', 'b', 'resolved', '2026-04-01 11:00+09', 'mio');
SELECT f.* FROM pg_temp.facts('ann', 'b', 'infinity') f;

--
-- Which tickets were opened when, and what they cost
--

SELECT m.month, m.complete, t.ticket_id, t.channel, t.reason, t.resolution, t.contacts, t.cost
  FROM months_of_tickets('2026-04-10 12:00+09') m LEFT JOIN LATERAL tickets_opened_in(m.month, m.last_day, '2026-04-10 12:00+09') t ON true
 ORDER BY 1, 3;
-- As of an hour of the first day, one had written less often.
SELECT t.ticket_id, t.contacts FROM tickets_opened_in('2026-03-02', '2026-03-02', '2026-03-02 09:10+09') t ORDER BY 1;
SELECT count(*) FROM tickets_opened_in('2026-03-03', '2026-03-30', 'infinity') t;
-- What a ticket is called otherwise later, it was not then.
UPDATE tickets SET reason = 'colour', channel = 'phone' WHERE ticket_id = 't';
SELECT t.channel, t.reason FROM tickets_opened_in('2026-03-02', '2026-03-02', '2026-03-10 12:00+09') t WHERE ticket_id = 't';
SELECT t.channel, t.reason FROM tickets_opened_in('2026-03-02', '2026-03-02', 'infinity') t WHERE ticket_id = 't';

-- Costs: of the channel; then what is said for a time, and of a reason before all.
INSERT INTO contact_costs (channel, reason, valid_from, cost) VALUES
    ('phone', NULL, '2026-03-01 00:00+09', 500), ('phone', 'late', '2026-03-10 00:00+09', 900), ('phone', 'late', '2026-04-01 00:00+09', 1000);
SELECT c.channel, c.reason, c.at, contact_cost(c.channel, c.reason, c.at::timestamptz)
  FROM (VALUES ('phone', 'size', '2026-02-28 23:59+09'), ('phone', 'size', '2026-03-01 00:00+09'), ('phone', NULL, '2026-03-15 00:00+09'), ('phone', 'late', '2026-03-05 00:00+09'),
               ('phone', 'late', '2026-03-15 00:00+09'), ('phone', 'late', '2026-04-01 00:00+09'), ('email', 'late', '2026-04-01 00:00+09'), ('pigeon', NULL, '2026-04-01 00:00+09')) c (channel, reason, at);
SELECT s.given, pg_temp.outcome('INSERT INTO contact_costs (channel, reason, valid_from, cost) VALUES (' || s.given || ')')
  FROM (VALUES ('''phone'', NULL, ''2026-03-01 00:00+09'', 1'), ('''phone'', ''late'', ''2026-04-01 00:00+09'', 1'), ('''pigeon'', NULL, now(), 1'), ('''phone'', NULL, now(), -1'), ('''phone'', NULL, now(), 0.00001'), ('''phone'', NULL, NULL, 1'), ('''phone'', NULL, now(), NULL')) s (given);

-- The month's condition reaches the rows by index, and the ticket's its log by key.
SET enable_seqscan = off;
CREATE FUNCTION pg_temp.uses(query text, index_name text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN plan::text LIKE '%' || index_name || '%';
END
$$;
SELECT pg_temp.uses('SELECT * FROM tickets_opened_in(''2026-03-01'', ''2026-03-31'', now())', 'ticket_events_at') AS by_instant,
       pg_temp.uses('SELECT * FROM tickets_opened_in(''2026-03-01'', ''2026-03-31'', now())', 'ticket_events_pkey') AS by_key;

SET search_path = public;
SELECT loyalcs.drop_shop('shop', 'shop');
