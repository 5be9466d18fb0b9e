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

-- Discarded is discarded, also what somebody had answered or resolved before; not what
-- the customer has written to since, or reopened. And of a late report the time it counts.
INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'ben', t, 'email' FROM unnest('{answered,resolved,written,same instant,reopened,again,late,note}'::text[]) t;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, recorded_at)
SELECT 'ben', e.ticket_id, ('2026-02-02 ' || e.at || '+09')::timestamptz, e.kind, CASE WHEN e.kind IN ('agent_reply', 'resolved', 'discarded', 'note') THEN 'kei' END, ('2026-02-02 ' || e.recorded_at || '+09')::timestamptz
  FROM (VALUES ('answered', '09:10', 'agent_reply', NULL), ('answered', '10:00', 'discarded', NULL),
               ('resolved', '09:10', 'resolved', NULL), ('resolved', '10:00', 'discarded', NULL),
               ('written', '09:10', 'agent_reply', NULL), ('written', '10:00', 'discarded', NULL), ('written', '10:10', 'customer_message', NULL), ('written', '10:20', 'agent_reply', NULL),
               ('same instant', '10:00', 'discarded', NULL), ('same instant', '10:00', 'customer_message', NULL),
               ('reopened', '09:10', 'agent_reply', NULL), ('reopened', '10:00', 'discarded', NULL), ('reopened', '11:00', 'reopened', NULL),
               ('again', '09:10', 'agent_reply', NULL), ('again', '10:00', 'discarded', NULL), ('again', '11:00', 'reopened', NULL), ('again', '12:00', 'discarded', NULL),
               ('late', '09:10', 'agent_reply', NULL), ('late', '10:00', 'discarded', '11:00'), ('late', '10:30', 'customer_message', NULL),
               ('note', '09:10', 'agent_reply', NULL), ('note', '10:00', 'discarded', NULL), ('note', '10:10', 'note', NULL)) e (ticket_id, at, kind, recorded_at)
 UNION ALL SELECT 'ben', t, '2026-02-02 09:00+09', 'opened', NULL, NULL FROM unnest('{answered,resolved,written,same instant,reopened,again,late,note}'::text[]) t;
SELECT t.ticket_id, (ticket_facts('ben', t.ticket_id, '2026-02-02 09:30+09')).discarded AS before, (ticket_facts('ben', t.ticket_id, '2026-02-02 10:45+09')).discarded AS then, f.replied, f.resolved, f.discarded
  FROM tickets t CROSS JOIN LATERAL pg_temp.facts('ben', t.ticket_id, 'infinity') f WHERE t.customer_id = 'ben' ORDER BY t.ticket_id;
SELECT t.ticket_id FROM tickets_opened_in('2026-02-02', '2026-02-02', 'infinity') t ORDER BY 1;
-- Spam that is merged into a ticket takes nothing with it, nor what was resolved by then;
-- all of a matter are gone once the matter is discarded.
INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'ben', t, 'email' FROM unnest('{real 1,spam 1,real 2,spam 2,real 3,more 3}'::text[]) t;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id)
SELECT 'ben', e.ticket_id, ('2026-02-03 ' || e.at || '+09')::timestamptz, e.kind, CASE WHEN e.kind <> 'opened' THEN 'kei' END
  FROM (VALUES ('real 1', '09:00', 'opened'), ('real 1', '09:10', 'agent_reply'), ('spam 1', '09:20', 'opened'), ('spam 1', '09:30', 'discarded'),
               ('real 2', '09:00', 'opened'), ('real 2', '09:10', 'resolved'), ('spam 2', '09:20', 'opened'), ('spam 2', '09:25', 'agent_reply'), ('spam 2', '09:30', 'discarded'),
               ('real 3', '09:00', 'opened'), ('more 3', '09:10', 'opened'), ('real 3', '09:20', 'agent_reply')) e (ticket_id, at, kind);
SELECT FROM unnest('{1,2}'::text[]) n CROSS JOIN LATERAL record_ticket_event('ben', 'spam ' || n, 'merged', '2026-02-03 10:00+09', merged_into => 'real ' || n);
SELECT FROM record_ticket_event('ben', 'more 3', 'merged', '2026-02-03 10:00+09', merged_into => 'real 3');
SELECT FROM record_ticket_event('ben', 'real 3', 'discarded', '2026-02-03 11:00+09', 'kei');
SELECT r.ticket_id, f.contacts, f.replied, f.resolved, f.discarded FROM unnest('{real 1,real 2,real 3}'::text[]) r (ticket_id) CROSS JOIN LATERAL pg_temp.facts('ben', r.ticket_id, 'infinity') f ORDER BY 1;
DELETE FROM tickets WHERE customer_id = 'ben' AND ticket_id <> 'mute';

-- Two that are merged are one: opened when the first was, resolved when both are.
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id) VALUES
    ('ann', 'a', '2026-03-31 23:00+09', 'opened', NULL), ('ann', 'b', '2026-04-01 01:00+09', 'opened', NULL), ('ann', 'a', '2026-04-01 09:30+09', 'agent_reply', 'kei');
SELECT FROM record_ticket_event('ann', 'a', 'merged', '2026-04-01 10:00+09', merged_into => 'b');
SELECT FROM record_ticket_event('ann', 'b', 'resolved', '2026-04-01 11:00+09', 'mio');
SELECT f.* FROM pg_temp.facts('ann', 'b', 'infinity') f;

--
-- Which tickets were opened when, and what they cost
--

SELECT m.period_start, m.complete, t.ticket_id, t.channel, t.reason, t.resolution, t.contacts, t.cost
  FROM periods_of_tickets('month', '2026-04-10 12:00+09') m LEFT JOIN LATERAL tickets_opened_in(m.period_start, m.last_day, '2026-04-10 12:00+09') t ON true
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
-- What is steady is what is said of any reason, at any time; of the telephone it is not.
SELECT steady_contact_costs();
SELECT bool_and((k.value)::numeric IS NOT DISTINCT FROM contact_cost(k.key, r.reason, r.at)) AS the_same
  FROM jsonb_each_text(steady_contact_costs()) k, (VALUES ('late', timestamptz '-infinity'), (NULL, 'infinity'), ('size', '2026-03-20 00:00+09')) r (reason, at);
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
