-- What customers write in about, and whether equal cases are treated alike.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2025-01-01 00:00+09';
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 40) i;
CREATE FUNCTION pg_temp.ticket(customer text, ticket text, reason text, opened timestamptz, resolution text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO tickets (customer_id, ticket_id, channel, reason, resolution) VALUES (customer, ticket, 'email', reason, resolution);
    INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES (customer, ticket, opened, 'opened');
    INSERT INTO ticket_events (customer_id, ticket_id, at, kind) SELECT customer, ticket, opened + interval '1 hour', 'resolved' WHERE resolution IS NOT NULL $$;

--
-- Reasons: in March 16 about sizes and 4 about delays; in April 4 about sizes, 15 about
-- delays and one about nothing. Two of the delays come again within seven days, one a
-- moment later than that, one about a size.
--

SELECT count(pg_temp.ticket('c' || i, 'march', CASE WHEN i <= 16 THEN 'size' ELSE 'late' END, '2026-03-10 12:00+09', NULL)) FROM generate_series(1, 20) i;
SELECT count(pg_temp.ticket('c' || i, 'april', CASE WHEN i <= 4 THEN 'size' WHEN i < 19 THEN 'late' END, '2026-04-05 12:00+09', NULL)) FROM generate_series(1, 18) i;
SELECT pg_temp.ticket('c10', 'again', 'late', '2026-04-12 12:00+09', NULL), pg_temp.ticket('c11', 'again', 'late', '2026-04-12 12:00:00.000001+09', NULL),
       pg_temp.ticket('c12', 'again', 'size', '2026-04-06 12:00+09', NULL), pg_temp.ticket('c13', 'again', NULL, '2026-04-06 12:00+09', NULL);
SELECT month, complete, reason, tickets, tickets_of_all, round(ticket_share::numeric, 4) AS share, tickets_before, round(change::numeric, 4) AS change, too_few, significant, contacts, cost,
       repeats, round(repeat_contact_share::numeric, 4) AS repeat_share
  FROM ticket_reasons_at('2026-04-30 12:00+09');
SELECT r.reason, r.ticket_share_low = w.low AND r.ticket_share_high = w.high AS same, r.change_low = c.change_low AND r.p_value = c.p_value AS same_change,
       r.repeat_contact_share_low = v.low AND r.repeat_contact_share_high = v.high AS same_repeats
  FROM ticket_reasons_at('2026-04-30 12:00+09') r
 CROSS JOIN LATERAL loyalcs.share_interval(r.tickets, 22) w CROSS JOIN LATERAL share_change(r.tickets_before, 20, r.tickets, 22) c CROSS JOIN LATERAL loyalcs.share_interval(r.repeats, r.tickets) v
 WHERE r.month = '2026-04-01';
-- Who came a week ago has had the time to come again, a moment before that nobody has.
SELECT a, reason, tickets, repeats, repeat_contact_share FROM unnest('{2026-04-12 11:59:59+09,2026-04-12 12:00+09}'::text[]) a CROSS JOIN LATERAL ticket_reasons_at(a::timestamptz) WHERE month = '2026-04-01' AND reason = 'late';
SELECT count(*) FROM ticket_reasons_at('-infinity');

--
-- Alike? Of the sizes of 2025, nine in ten were exchanged, and one was refunded; in 2026, until
-- May, four are exchanged, fifteen refused, and one refunded.
--

DELETE FROM tickets;
SELECT count(pg_temp.ticket('c' || i, '2025', 'size', timestamptz '2025-11-10 12:00+09', CASE WHEN i <= 18 THEN 'exchange' ELSE 'refund' END)) FROM generate_series(1, 20) i;
SELECT count(pg_temp.ticket('c' || i, '2026', 'size', timestamptz '2026-05-10 12:00+09', CASE WHEN i <= 4 THEN 'exchange' WHEN i <= 19 THEN 'refused' ELSE 'refund' END)) FROM generate_series(1, 20) i;
-- (not counted: open; resolved in no word; reopened)
SELECT pg_temp.ticket('c30', 'open', 'size', '2026-05-10 12:00+09', NULL), pg_temp.ticket('c31', 'reopened', 'size', '2026-05-10 12:00+09', 'refund');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('c31', 'reopened', '2026-05-11 12:00+09', 'reopened'), ('c30', 'open', '2026-05-11 12:00+09', 'resolved');
SELECT period, period_start, complete, tickets, usual, usual_share, round(entropy::numeric, 4) AS entropy, tickets_before, usual_before, usual_share_before, round(entropy_before::numeric, 4) AS entropy_before,
       share_now, round(change::numeric, 4) AS change, too_few, significant, risen, risen_by, odd_ones
  FROM handling_consistency_at('2026-06-10 12:00+09');
-- The entropy by hand: 1/5, 3/4 and 1/20; and 9/10 and 1/10.
SELECT round(-(0.2 * log(2, 0.2) + 0.75 * log(2, 0.75) + 0.05 * log(2, 0.05)), 4) AS now, round(-(0.9 * log(2, 0.9) + 0.1 * log(2, 0.1)), 4) AS before;
SELECT h.period, h.usual_share_low = w.low AND h.usual_share_high = w.high AS same, h.change_low = c.change_low AND h.change_high = c.change_high AND h.p_value = c.p_value AS same_change
  FROM handling_consistency_at('2026-06-10 12:00+09') h CROSS JOIN LATERAL loyalcs.share_interval(15, 20) w CROSS JOIN LATERAL share_change(18, 20, 4, 20) c WHERE h.period = 'year' AND h.period_start = '2026-01-01';
SELECT period, period_start, tickets FROM handling_consistency_at('2025-11-10 12:30+09');
SELECT pg_temp.same_elsewhere('SELECT * FROM ticket_reasons_at(''2026-06-10 12:00+09'')') AS reasons, pg_temp.same_elsewhere('SELECT * FROM handling_consistency_at(''2026-06-10 12:00+09'')') AS handling;

--
-- What is to be done
--

SELECT playbook, step, instruction FROM playbooks ORDER BY playbook, step;
SELECT * FROM playbook_for('late');
SELECT count(*) FROM playbook_for('weather');
SELECT count(*) FROM playbook_for(NULL);
SELECT s.given, pg_temp.outcome('INSERT INTO playbooks VALUES (' || s.given || ')')
  FROM (VALUES ('''x'', 1, ''{a,b}'', ''do'''), ('''x'', 0, ''{a}'', ''do'''), ('''x'', 1, ''{NULL}'', ''do'''), ('''x'', 1, ''{""}'', ''do'''), ('''x'', 1, ''{{a,b}}'', ''do'''), ('''x'', 1, ''{}'', ''do'''), ('''late_delivery'', 1, ''{}'', ''do'''), ('''x'', 1, ''{}'', NULL')) s (given);
