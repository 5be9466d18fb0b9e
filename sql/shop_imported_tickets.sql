-- Imports: tickets, with what happened to them, who wrote them and who worked on them.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set bring :srcdir '/test/import.sql'
\i :bring

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
INSERT INTO import_state (salt) VALUES ('always the same');
UPDATE settings SET live_since = '2025-01-01 00:00+09';
CREATE VIEW pg_temp.seen AS
SELECT t.ticket_id, c.name, t.channel, t.priority, t.subject, t.tags, t.complaint, t.order_id, t.closed_at,
       (SELECT string_agg(to_char(e.at, 'DD HH24:MI:SS ') || e.kind || coalesce(' by ' || a.name, ''), ', ' ORDER BY e.at, e.event_id)
          FROM ticket_events e LEFT JOIN agents a USING (agent_id) WHERE (e.customer_id, e.ticket_id) = (t.customer_id, t.ticket_id)) AS log
  FROM tickets t JOIN customers c USING (customer_id);

-- Zendesk: times are the account's, without a zone; who wrote is known by our own key, by a
-- number there, or by an address; what is solved has an end.
INSERT INTO customers (customer_id, name, email) VALUES ('own-1', 'Own', 'own@example.com'), ('own-2', 'Two', 'two@example.com');
INSERT INTO agents (agent_id, name) VALUES ('mori', '森');
\set header 'ID|Requester|Requester ID|Requester external id|Requester email|Submitter|Assignee|Group|Subject|Tags|Status|Priority|Via|Ticket type|Created at|Updated at|Assigned at|Solved at|First reply time in minutes|Full resolution time in minutes\n'
SELECT * FROM pg_temp.bring('zendesk-tickets', E:'header' || $$101|花子|9001|own-1|own@example.com|花子|森|Support|届きません|vip 配送|Closed|High|Web form|Question|2025-10-07 09:50:26|2025-10-09 12:00:00|2025-10-07 10:00:00|2025-10-08 15:00:00|70.5|1749
102|Two|9002||Two@Example.com|Two|Aoi|Support|Size?|クレーム|Open|normal|Chat|Question|2025-10-07 10:00:00|2025-10-07 10:30:00|||30|
103|New|9003||new@example.com|New||Support|||New||LINE|Question|2025-10-08 10:00:00|2025-10-08 10:00:00||||
104|New|9003||new@example.com|New|Aoi|Support|Again||Solved|low|Twitter DM|Question|2025-10-08 11:00:00|2025-10-08 12:00:00||||60
105|||||||||||||2025-10-08 11:00:00|||||
106|X|9004||x@example.com|||||||||||||||
|X|9004||x@example.com||||||New||||2025-10-08 11:00:00|||||
107|X|9004||x@example.com||||||Closed||||2025-10-08 11:00:00|||2025-10-08 10:00:00||
108|X|9004||x@example.com||||||Closed||||2999-10-08 11:00:00|||x|-1|y
$$, 'tickets.csv', time_zone => 'UTC');
SELECT * FROM pg_temp.seen ORDER BY ticket_id;
SELECT channel, hours, calendar FROM channels WHERE channel IN ('chat', 'twitter') ORDER BY 1;
SELECT a.agent_id = 'mori' OR a.agent_id ~ '^zendesk-[0-9a-f]{8}$' AS says_no_name, a.name FROM agents a ORDER BY a.name;
SELECT system, id, customer_id FROM customer_ids ORDER BY id;

-- Again: nothing is news. Then one is answered and solved, one is opened again, one has another
-- subject, and what was changed here stays.
UPDATE tickets SET priority = 'urgent', subject = 'here' WHERE ticket_id = '101';
\set second '101|花子|9001|own-1|own@example.com|花子|森|Support|届きません|vip 配送|Closed|High|Web form|Question|2025-10-07 09:50:26|2025-10-09 12:00:00|2025-10-07 10:00:00|2025-10-08 15:00:00|70.5|1749\n102|Two|9002||Two@Example.com|Two|Aoi|Support|Size 9?|クレーム|Solved|high|Chat|Question|2025-10-07 10:00:00|2025-10-09 10:30:00||2025-10-09 10:30:00|30|\n103|New|9003||new@example.com|New|森|Support|||New||LINE|Question|2025-10-08 10:00:00|2025-10-08 10:00:00|||90|\n104|New|9003||new@example.com|New|Aoi|Support|Again||Open|low|Twitter DM|Question|2025-10-08 11:00:00|2025-10-10 09:00:00||||\n'
SELECT * FROM pg_temp.bring('zendesk-tickets', E:'header' || E:'second', 'second.csv', time_zone => 'UTC');
SELECT * FROM pg_temp.bring('zendesk-tickets', E:'header' || E:'second', 'second.csv', time_zone => 'UTC');
SELECT * FROM pg_temp.seen ORDER BY ticket_id;

-- What was deleted here, or whose customer was forgotten, does not come back; a number that
-- another system has given is another ticket.
DELETE FROM tickets WHERE ticket_id = '104';
SELECT FROM forget_customer('own-1', 'own-1');
SELECT * FROM pg_temp.bring('zendesk-tickets', E:'header' || E:'second', 'second.csv', time_zone => 'UTC');
SELECT * FROM pg_temp.bring('plain', $$
ticket_id|customer_id|opened_at|replied_at|resolved_at|channel|reason|tags|order_id|agent_id
102|own-2|2025-11-01 10:00|2025-11-01 11:00|2025-11-01 12:00|line|size|a,b a|none|mori
P1|own-2|2025-11-02 10:00|||email||||aoi
P1|own-2|2025-11-02 10:00|2025-11-02 12:00||email||||aoi
P2||2025-11-02 10:00|||||||
P3|own-2|2025-11-02 10:00|2025-11-02 09:00||||||
$$);
SELECT * FROM pg_temp.seen WHERE ticket_id ~ '102|P' ORDER BY ticket_id;
SELECT agent_id, name FROM agents WHERE agent_id ~ '^[a-z]+$' ORDER BY 1;

-- What is kept has a place for each of the columns; nothing is kept of who was forgotten.
SELECT kind, bool_and(cardinality(told) = cardinality(told_columns(kind))) AS all_have_a_place FROM imported_records WHERE told <> '{}' GROUP BY 1 ORDER BY 1;
