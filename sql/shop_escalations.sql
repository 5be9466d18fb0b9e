-- Of which tickets somebody is to be told, and that once.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2026-03-01 00:00+09';
SELECT rule, condition, after, tier, contacts, sentiment, tell FROM escalation_rules ORDER BY rule COLLATE "C";
SELECT s.given, pg_temp.outcome('INSERT INTO escalation_rules (rule, condition, after, tier, contacts, sentiment) VALUES (' || s.given || ')')
  FROM (VALUES ('''x'', ''sla_breached'', ''0'', NULL, NULL, NULL'), ('''x'', ''sla_breached'', NULL, NULL, NULL, NULL'), ('''x'', ''sla_breached'', ''-1 hour'', NULL, NULL, NULL'), ('''x'', ''tier'', NULL, ''GOLD'', NULL, NULL'),
               ('''x'', ''tier'', NULL, ''GOLD'', 3, NULL'), ('''x'', ''contacts'', NULL, NULL, 0, NULL'), ('''x'', ''contacts'', NULL, NULL, 1, NULL'), ('''x'', ''sentiment'', NULL, NULL, NULL, -1.1'), ('''x'', ''sentiment'', NULL, NULL, NULL, ''NaN'''),
               ('''x'', ''sentiment'', NULL, NULL, NULL, 0'), ('''x'', ''weather'', NULL, NULL, NULL, NULL'), ('''VIP'', ''tier'', NULL, ''GOLD'', NULL, NULL'), (''''', ''tier'', NULL, ''GOLD'', NULL, NULL')) s (given);
UPDATE escalation_rules SET tell = 'head of support' WHERE rule = 'VIP';

-- The first answer is due within an hour of opening time, from ten. ann has written three times by
-- noon, in two tickets that are one; ben is VIP; cat and dee wait since ten, and dee is displeased;
-- eve is VIP, and all is done; fay is, and spam; gil was when the shop was not used yet.
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben'), ('cat'), ('dee'), ('eve'), ('fay'), ('gil');
INSERT INTO agents (agent_id) VALUES ('kei');
INSERT INTO tickets (customer_id, ticket_id, channel, reason, tier) VALUES
    ('ann', 't', 'email', 'late', NULL), ('ann', 'again', 'email', 'late', NULL), ('ben', 't', 'line', NULL, 'VIP'), ('cat', 't', 'phone', NULL, NULL), ('dee', 't', 'email', NULL, NULL),
    ('eve', 't', 'email', NULL, 'VIP'), ('fay', 't', 'email', NULL, 'VIP'), ('gil', 't', 'email', NULL, 'VIP');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id) VALUES
    ('ann', 't', '2026-03-02 09:00+09', 'opened', NULL), ('ann', 't', '2026-03-02 10:00+09', 'customer_message', NULL), ('ann', 't', '2026-03-02 11:00+09', 'agent_reply', 'kei'),
    ('ben', 't', '2026-03-02 11:30+09', 'opened', NULL), ('cat', 't', '2026-03-02 10:00+09', 'opened', NULL), ('dee', 't', '2026-03-02 09:30+09', 'opened', NULL),
    ('eve', 't', '2026-03-02 09:00+09', 'opened', NULL), ('eve', 't', '2026-03-02 09:10+09', 'resolved', 'kei'), ('fay', 't', '2026-03-02 09:00+09', 'opened', NULL), ('fay', 't', '2026-03-02 09:10+09', 'discarded', 'kei'),
    ('gil', 't', '2026-02-20 09:00+09', 'opened', NULL), ('ann', 'again', '2026-03-02 11:45+09', 'opened', NULL);
SELECT FROM record_ticket_event('ann', 'again', 'merged', '2026-03-02 11:50+09', merged_into => 't');
INSERT INTO voice_matches (customer_id, source, text_id, piece, said_at, themes, sentiment, lexicon_digest, body_digest) VALUES
    ('dee', 'ticket', 't', '1', '2026-03-02 09:30+09', '{}', -0.5, '', ''), ('dee', 'review', 't', '1', '2026-03-02 09:00+09', '{}', -1, '', ''), ('ben', 'ticket', 't', '1', '2026-03-02 11:30+09', '{}', -0.4, '', '');
SELECT started_at AT TIME ZONE 'Asia/Tokyo' AS started, due_at AT TIME ZONE 'Asia/Tokyo' AS due FROM sla_board_at('2026-03-02 10:30+09') WHERE customer_id = 'cat' AND metric = 'first_response';
SELECT rule, tell, customer_id, ticket_id, due_at AT TIME ZONE 'Asia/Tokyo' AS due, channel, agent_id FROM escalations_due_at('2026-03-02 12:00+09');
SELECT a, count(e.rule), string_agg(e.customer_id, ' ' ORDER BY e.due_at, e.customer_id) FROM unnest('{2026-03-02 09:29:59+09,2026-03-02 11:29:59+09,2026-03-02 11:30+09,2026-03-02 11:45+09,-infinity}'::text[]) a LEFT JOIN LATERAL escalations_due_at(a::timestamptz) e ON true GROUP BY a ORDER BY a COLLATE "C";
-- What becomes due later is foreseen.
SELECT next_escalation_at(NULL, '2026-03-02 11:55+09') AT TIME ZONE 'Asia/Tokyo' AS now, next_escalation_at('instagram', '2026-03-02 11:55+09') AS never;
-- A rule that did not hold then; one that is switched off.
BEGIN;
UPDATE escalation_rules SET valid = tstzrange('2026-03-02 11:31+09', NULL) WHERE rule = 'VIP';
UPDATE escalation_rules SET valid = 'empty' WHERE rule = 'third contact';
SELECT rule, customer_id FROM escalations_due_at('2026-03-02 12:00+09');
ROLLBACK;

-- Who writes after the solution waits like anybody, until that is answered; in a ticket merged into it as well.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('eve', 'again', 'email');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('eve', 'again', '2026-03-02 09:20+09', 'opened');
SELECT FROM record_ticket_event('eve', 'again', 'merged', '2026-03-02 09:30+09', merged_into => 't');
SELECT FROM record_ticket_event('eve', 'again', 'resolved', '2026-03-02 09:40+09', 'kei');
SELECT count(*) FROM escalations_due_at('2026-03-02 12:00+09') WHERE customer_id = 'eve';
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('eve', 'again', '2026-03-02 10:00+09', 'customer_message');
SELECT state, metric, due_at AT TIME ZONE 'Asia/Tokyo' AS due FROM sla_board_at('2026-03-02 15:30+09') WHERE customer_id = 'eve';
SELECT rule, ticket_id, due_at AT TIME ZONE 'Asia/Tokyo' AS due FROM escalations_due_at('2026-03-02 15:00+09') WHERE customer_id = 'eve';
SELECT rule FROM escalations_due_at('2026-03-02 14:59:59+09') WHERE customer_id = 'eve';
SELECT FROM record_ticket_event('eve', 't', 'agent_reply', '2026-03-02 15:10+09', 'kei');
SELECT count(*) FROM escalations_due_at('2026-03-02 15:10+09') WHERE customer_id = 'eve';
ROLLBACK;

--
-- Handed out once each, by what hands out warnings
--

SELECT warning_id, claim_key, attempt, customer_id, ticket_id, channel, payload - 'due_at'::text AS payload FROM claim_escalations('line', 10, 'w', '5 minutes', '2026-03-02 12:00+09');
-- Neither kind takes the other's.
SELECT count(*) FROM claim_sla_warnings('line', 10, 'w', '5 minutes', '2026-03-02 12:00+09') WHERE payload ->> 'state' = 'escalated';
SELECT customer_id, payload ->> 'rule' AS rule FROM claim_escalations(NULL, 10, 'w', '5 minutes', '2026-03-02 12:00+09');
SELECT count(*) FROM claim_escalations(NULL, 10, 'w', '5 minutes', '2026-03-02 12:01+09');
SELECT w.customer_id, w.metric, hand_over_sla_warning(w.warning_id, w.claim_key, '2026-03-02 12:01+09') AS still
  FROM sla_warnings w WHERE w.state = 'escalated' ORDER BY w.customer_id;
-- What is done meanwhile is not told of any more; what failed is told again, what was sent never.
SELECT FROM record_ticket_event('dee', 't', 'resolved', '2026-03-02 12:02+09', 'kei');
SELECT hand_over_sla_warning(w.warning_id, w.claim_key, '2026-03-02 12:03+09') AS still FROM sla_warnings w WHERE w.customer_id = 'dee' AND w.state = 'escalated';
SELECT metric, complete_sla_warning(warning_id, 'failed', claim_key, 'busy', '2026-03-02 12:03+09') FROM sla_warnings WHERE customer_id = 'dee' AND state = 'escalated' ORDER BY metric;
SELECT customer_id, complete_sla_warning(warning_id, CASE customer_id WHEN 'cat' THEN 'failed' ELSE 'sent' END, claim_key, NULL, '2026-03-02 12:03+09')
  FROM sla_warnings WHERE state = 'escalated' AND finished_at IS NULL ORDER BY customer_id;
SELECT customer_id, metric, outcome, reason FROM sla_warnings WHERE state = 'escalated' ORDER BY customer_id, metric;
SELECT rule, customer_id FROM escalations_due_at('2026-03-02 12:10+09');
SELECT customer_id, attempt FROM claim_escalations(NULL, 10, 'w', '5 minutes', '2026-03-02 12:04+09');
SELECT release_sla_warning(warning_id, claim_key, '2026-03-02 12:05+09') FROM sla_warnings WHERE customer_id = 'cat' AND state = 'escalated';
SELECT customer_id, attempt FROM claim_escalations(NULL, 10, 'w', '5 minutes', '2026-03-02 12:05+09');
SELECT pg_temp.outcome('SELECT claim_escalations(NULL, 0)') AS none, pg_temp.outcome('SELECT claim_escalations(''pigeon'')') AS pigeon, pg_temp.outcome('SELECT claim_escalations(NULL, 1, ''w'', ''0'')') AS no_lease;
SELECT next_escalation_at(NULL, '2026-03-02 12:05+09') AT TIME ZONE 'Asia/Tokyo' AS when_the_lease_ends;
-- What was claimed as often as can be counted stops no other.
UPDATE sla_warnings SET attempts = 2147483647, claimable_at = '2026-03-02 12:00+09';
SELECT count(*) FROM claim_escalations(NULL, 10, 'w', '5 minutes', '2026-03-02 13:00+09');
SELECT count(*) FROM claim_sla_warnings(NULL, 10, 'w', '5 minutes', '2026-03-02 12:00+09');
SELECT pg_temp.same_elsewhere('SELECT * FROM escalations_due_at(''2026-03-02 12:00+09'')');
