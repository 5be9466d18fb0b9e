-- Surveys about tickets.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2026-01-01 00:00+09';
INSERT INTO customers (customer_id, email) SELECT 'c' || i, 'c' || i || '@example.com' FROM generate_series(1, 30) i;
INSERT INTO agents (agent_id) VALUES ('kei'), ('mio');
INSERT INTO surveys VALUES ('support', 'After a ticket');
INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high, higher_is_better) VALUES
    ('support', 'happy', 'csat', '?', 1, 5, true), ('support', 'effort', 'ces', '?', 1, 5, false), ('support', 'remarks', 'text', '?', NULL, NULL, true);

--
-- A survey that follows a ticket carries it through to the answer.
--

INSERT INTO tickets (customer_id, ticket_id, channel, reason) VALUES ('c1', 't', 'email', 'size'), ('c1', 'u', 'email', 'size');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id) VALUES
    ('c1', 't', '2026-03-02 09:00+09', 'opened', NULL), ('c1', 't', '2026-03-02 10:00+09', 'resolved', 'kei');
INSERT INTO templates (key, language, subject, body) VALUES ('how_was_it', 'ja', '{{subject}}', 'https://example.com/?ticket={{ticket_id}}');
UPDATE journey_steps SET valid = 'empty';
INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, valid) VALUES ('after_sale', 'how_was_it', 'ticket_resolved', '1 day', 'email', 'survey', 'how_was_it', '(,)');
SELECT customer_id, subject, payload ->> 'body' AS body, payload -> 'values' ->> 'ticket_id' AS ticket_id
  FROM claim_followups(NULL, 10, 'w', '5 minutes', '2026-03-03 12:00+09');
INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at, ticket_id) VALUES
    ('c1', 'i', 'support', '2026-03-03 12:00+09', 't'), ('c1', 'j', 'support', '2026-03-03 12:00+09', NULL), ('c1', 'k', 'support', '2026-03-03 12:00+09', 't');
INSERT INTO survey_responses (customer_id, response_id, survey, invitation_id, responded_at, ticket_id) VALUES
    ('c1', 'i', 'support', 'i', '2026-03-04 12:00+09', NULL), ('c1', 'j', 'support', 'j', '2026-03-04 12:00+09', NULL)
RETURNING response_id, ticket_id;
SELECT s.given, pg_temp.outcome(s.given)
  FROM (VALUES
    ('INSERT INTO survey_responses (customer_id, response_id, survey, invitation_id, responded_at, ticket_id) VALUES (''c1'', ''k'', ''support'', ''k'', now(), ''u'')'),
    ('INSERT INTO survey_responses (customer_id, response_id, survey, invitation_id, responded_at, ticket_id) VALUES (''c1'', ''k'', ''support'', ''k'', now(), ''t'')'),
    ('INSERT INTO survey_responses (customer_id, response_id, survey, responded_at, ticket_id) VALUES (''c1'', ''k'', ''support'', now(), ''u'')'),
    ('INSERT INTO survey_responses (customer_id, response_id, survey, responded_at, ticket_id) VALUES (''c2'', ''k'', ''support'', now(), ''u'')'),
    ('INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at, ticket_id) VALUES (''c2'', ''k'', ''support'', now(), ''t'')'),
    ('UPDATE survey_responses SET ticket_id = ''u'' WHERE response_id = ''i'''),
    ('UPDATE survey_responses SET ticket_id = ''u'' WHERE response_id = ''j''')
  ) s (given);
-- A ticket that goes takes no answer along.
BEGIN;
DELETE FROM followups;
DELETE FROM tickets WHERE ticket_id = 't';
SELECT response_id, ticket_id FROM survey_responses ORDER BY 1;
ROLLBACK;
DELETE FROM survey_responses;

--
-- By agent, reason and channel
--

-- April: kei has 1, 2 and 3 of 5 by mail; mio 5 by phone, at 15:00 UTC of the last of
-- April, which is May. May: eleven of 5 for kei.
INSERT INTO tickets (customer_id, ticket_id, channel, reason) SELECT 'c' || i, 'x', CASE WHEN i = 4 THEN 'phone' ELSE 'email' END, CASE WHEN i <> 2 THEN 'late' END FROM generate_series(2, 16) i;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id)
SELECT 'c' || i, 'x', timestamptz '2026-04-01 09:00+09', 'opened', NULL FROM generate_series(2, 16) i
UNION ALL SELECT 'c' || i, 'x', '2026-04-02 09:00+09', 'resolved', CASE i WHEN 4 THEN 'mio' ELSE 'kei' END FROM generate_series(2, 16) i
-- (what mio does with one after its answer is no doing of hers by then)
UNION ALL SELECT 'c2', 'x', '2026-05-20 09:00+09', 'note', 'mio';
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at, ticket_id)
SELECT 'c' || i, 'x', 'support', CASE i WHEN 4 THEN timestamptz '2026-04-30 15:00+00' WHEN 2 THEN '2026-04-10 12:00+09' WHEN 3 THEN '2026-04-10 12:00+09' WHEN 5 THEN '2026-04-30 14:59:59.999999+00' ELSE '2026-05-10 12:00+09' END, 'x' FROM generate_series(2, 16) i
-- (about no ticket)
UNION ALL SELECT 'c20', 'x', 'support', '2026-04-10 12:00+09', NULL;
INSERT INTO survey_answers (customer_id, response_id, survey, question, score)
SELECT 'c' || i, 'x', 'support', 'happy', CASE i WHEN 2 THEN 1 WHEN 3 THEN 2 WHEN 5 THEN 3 ELSE 5 END FROM generate_series(2, 16) i
UNION ALL SELECT 'c20', 'x', 'support', 'happy', 1 UNION ALL SELECT 'c2', 'x', 'support', 'effort', 4 UNION ALL SELECT 'c3', 'x', 'support', 'effort', NULL;
SELECT month, complete, question, kind, dimension, part, responses, score, round(csat_share::numeric, 4) AS happy, compared_with, change, too_few, significant, improved
  FROM ticket_satisfaction_at('2026-05-15 12:00+09');
-- The interval is that of the ratings by themselves.
SELECT t.month, t.part, t.score_low = i.low AND t.score_high = i.high AS same, t.change_low = c.low AND t.change_high = c.high AND t.p_value = c.p_value AS same_change
  FROM ticket_satisfaction_at('2026-05-15 12:00+09') t
 CROSS JOIN loyalcs.mean_interval(CASE t.month WHEN '2026-04-01' THEN '{"1": 1, "2": 1, "3": 1}' ELSE '{"5": 11}' END::loyalcs.ratings, 1, 5, 0.95) i
 CROSS JOIN loyalcs.mean_change('{"1": 1, "2": 1, "3": 1}', '{"5": 11}', 1, 5, 0.95) c
 WHERE dimension = 'agent' AND part = 'kei' AND question = 'happy';
BEGIN;
UPDATE settings SET minimum_answers = 3;
SELECT part, round(p_value::numeric, 6) AS p_value, too_few, significant, improved FROM ticket_satisfaction_at('2026-05-15 12:00+09') WHERE month = '2026-05-01' AND question = 'happy';
ROLLBACK;
-- As it was before, and of one month alone.
SELECT dimension, part, responses, score FROM ticket_satisfaction_at('2026-04-10 12:00+09') WHERE question = 'happy';
SELECT count(*) FROM ticket_satisfaction_at('2026-04-10 11:59:59+09');
SELECT count(*) FROM ticket_satisfaction_at('-infinity');
SELECT pg_temp.same_elsewhere('SELECT * FROM ticket_satisfaction_at(''2026-05-15 12:00+09'')');
