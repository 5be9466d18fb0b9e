-- How support runs.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2026-01-01 00:00+09';
INSERT INTO customers (customer_id, birthday) SELECT 'c' || i, CASE WHEN i <= 6 THEN date '1990-01-01' WHEN i <= 9 THEN '1960-01-01' END FROM generate_series(1, 12) i;
INSERT INTO agents (agent_id, is_machine) VALUES ('kei', false), ('mio', false), ('bot', true);

-- March: six by mail, which cost 200 a contact, the first of them three contacts;
-- three by phone, at 800; one by LINE, at 150. April, from 15:00 UTC of the last of March: one by phone.
INSERT INTO tickets (customer_id, ticket_id, channel, complaint)
SELECT 'c' || i, 't', CASE WHEN i <= 6 THEN 'email' WHEN i <= 9 OR i = 11 THEN 'phone' ELSE 'line' END, i = 9 FROM generate_series(1, 11) i;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id)
SELECT 'c' || i, 't', CASE i WHEN 11 THEN timestamptz '2026-03-31 15:00+00' ELSE '2026-03-04 08:50+09' END, 'opened', NULL FROM generate_series(1, 11) i
UNION ALL VALUES ('c1', 't', timestamptz '2026-03-04 14:00+09', 'customer_message', NULL), ('c1', 't', '2026-03-06 12:00+09', 'reopened', NULL)
UNION ALL SELECT 'c' || i, 't', timestamptz '2026-03-04 08:50+09' + i * interval '10 minutes', 'agent_reply', 'kei' FROM generate_series(1, 4) i
UNION ALL SELECT 'c' || i, 't', timestamptz '2026-03-05 08:50+09' + i * interval '10 minutes', 'resolved', 'kei' FROM generate_series(1, 4) i
UNION ALL SELECT 'c' || i, 't', timestamptz '2026-03-04 12:50+09', 'agent_reply', 'mio' FROM generate_series(5, 7) i
UNION ALL VALUES ('c7', 't', timestamptz '2026-03-04 13:50+09', 'resolved', 'mio'), ('c2', 't', '2026-03-04 08:51+09', 'auto_reply', NULL), ('c8', 't', '2026-03-04 08:59+09', 'agent_reply', 'bot');

--
-- By channel
--

SELECT month, complete, channel, tickets, tickets_of_all, ticket_share, contacts, resolved, cost, cost_per_ticket, cost_per_resolved
  FROM channel_summary_at('2026-04-02 12:00+09');
SELECT c.channel, c.ticket_share_low = w.low AND c.ticket_share_high = w.high AS same
  FROM channel_summary_at('2026-04-02 12:00+09') c CROSS JOIN LATERAL loyalcs.share_interval(c.tickets, 10) w WHERE month = '2026-03-01';
-- Which age comes by which channel.
SELECT part, month, channel, tickets, tickets_of_all, ticket_share FROM channel_summary_by('age_band', '2026-04-02 12:00+09');
SELECT channel, contacts, resolved, cost_per_resolved FROM channel_summary_at('2026-03-05 09:05+09');

--
-- By agent: kei's four are answered after 10, 20, 30 and 40 minutes, each worked on for a
-- day; the one that was reopened is not resolved. mio's three after four hours.
--

INSERT INTO surveys VALUES ('s', 'S'), ('other', 'S');
INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high) VALUES ('s', 'happy', 'csat', '?', 1, 5), ('s', 'nps', 'nps', '?', 0, 10);
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at, ticket_id) SELECT 'c' || i, 'r', 's', timestamptz '2026-03-10 12:00+09' + i * interval '1 day', 't' FROM generate_series(1, 5) i;
INSERT INTO survey_answers (customer_id, response_id, survey, question, score) SELECT 'c' || i, 'r', 's', 'happy', i FROM generate_series(1, 5) i UNION ALL SELECT 'c1', 'r', 's', 'nps', 10;
SELECT month, agent_id, tickets, resolved, handle_time_median, handle_time_median_minutes AS minutes, first_reply_median, first_reply_median_minutes AS minutes, first_reply_p90,
       reopened, round(reopen_rate::numeric, 4) AS reopen_rate, responses, satisfied, satisfied_share
  FROM agent_summary_at('2026-04-02 12:00+09');
SELECT a.agent_id, a.reopen_rate_low = r.low AND a.reopen_rate_high = r.high AS same, a.satisfied_share_low = s.low AND a.satisfied_share_high = s.high AS same_share
  FROM agent_summary_at('2026-04-02 12:00+09') a CROSS JOIN LATERAL loyalcs.share_interval(a.reopened, CASE agent_id WHEN 'kei' THEN 4 ELSE 1 END) r CROSS JOIN LATERAL loyalcs.share_interval(a.satisfied, a.responses) s;
SELECT agent_id, resolved, responses FROM agent_summary_at('2026-03-12 12:00+09');
-- Who answers one in ten minutes and lets two lie is not quick: half of them are answered
-- when the second is, after three days; of a machine's acknowledgement nothing comes.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'c' || i, 'w', 'line' FROM generate_series(1, 3) i;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id)
SELECT 'c' || i, 'w', e.at::timestamptz, e.kind, e.agent FROM generate_series(1, 3) i CROSS JOIN (VALUES ('2026-02-02 10:00+09', 'opened', NULL), ('2026-02-02 10:05+09', 'assigned', 'mio'), ('2026-02-02 10:06+09', 'agent_reply', 'bot')) e (at, kind, agent)
UNION ALL VALUES ('c1', 'w', timestamptz '2026-02-02 10:10+09', 'agent_reply', 'mio'), ('c2', 'w', '2026-02-05 10:00+09', 'agent_reply', 'mio');
SELECT a.at, s.first_reply_median, s.first_reply_median_minutes AS minutes, s.first_reply_p90, r.r #>> '{figures,first_reply_median,value}' AS reported, r.r #>> '{channels,0,first_reply_median}' AS of_channel
  FROM unnest('{2026-02-02 10:09+09,2026-02-02 12:00+09,2026-03-01 00:00+09}'::timestamptz[]) a (at)
 CROSS JOIN LATERAL agent_summary_at(a.at) s CROSS JOIN LATERAL report_support('2026-02-01', a.at) r (r)
 WHERE s.month = '2026-02-01' ORDER BY 1;
SELECT s.first_reply_median, s.first_reply_p90 FROM agent_summary_at('infinity') s WHERE s.month = '2026-02-01';
ROLLBACK;

--
-- What lies about: on the 7th at 8:49, not quite three days after, and at 8:50
--

SELECT a.as_of, b.age, b.age_from, b.age_from_days, b.channel, b.tickets, b.unanswered, b.complaints, b.oldest_at
  FROM unnest('{2026-03-07 08:49:59+09,2026-03-07 08:50+09,2026-04-01 12:00+09,-infinity}'::text[]) a (as_of) CROSS JOIN LATERAL backlog_at(a.as_of::timestamptz) b;
SELECT sum(tickets), min(age) FROM backlog_at('infinity');

--
-- While nobody is there: on the phone from ten to six, on weekdays
--

-- March 4 is a Wednesday: at 8:50 it is closed, and at noon not; on Saturday it is, all day.
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('c7', 't', '2026-03-07 12:00+09', 'customer_message'), ('c9', 't', '2026-03-04 12:00+09', 'customer_message'), ('c9', 't', '2026-03-04 12:00+09', 'customer_message');
SELECT month, channel, contacts, closed_contacts, closed_share, acknowledged, acknowledged_share FROM out_of_hours_at('2026-04-02 12:00+09');
SELECT o.channel, o.closed_share_low = c.low AND o.closed_share_high = c.high AS same, o.acknowledged_share_low = a.low AND o.acknowledged_share_high = a.high AS same_acknowledged
  FROM out_of_hours_at('2026-03-30 12:00+09') o CROSS JOIN LATERAL loyalcs.share_interval(o.closed_contacts, o.contacts) c CROSS JOIN LATERAL loyalcs.share_interval(o.acknowledged, o.closed_contacts) a WHERE o.channel = 'phone';

-- Ten minutes are within ten minutes.
BEGIN;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('c8', 't', '2026-03-08 12:00+09', 'customer_message'), ('c8', 't', '2026-03-08 12:10+09', 'auto_reply'),
    ('c8', 't', '2026-03-08 13:00+09', 'customer_message'), ('c8', 't', '2026-03-08 13:10:00.000001+09', 'auto_reply');
SELECT o.closed_contacts, o.acknowledged FROM out_of_hours_at('2026-03-30 12:00+09') o WHERE o.channel = 'phone';
ROLLBACK;

-- A closure of the channel's calendar counts when it is known; hours of the channel's own
-- are what they are.
BEGIN;
INSERT INTO calendar_exceptions (calendar, first_day, last_day, recorded_at) VALUES ('phone', '2026-03-04', '2026-03-04', '2026-03-30 18:00+09');
SELECT a.at, o.contacts, o.closed_contacts FROM unnest('{2026-03-30 12:00+09,2026-03-30 18:00+09}'::timestamptz[]) a (at) CROSS JOIN out_of_hours_at(a.at) o WHERE o.channel = 'phone' ORDER BY 1;
UPDATE channels SET calendar = NULL, hours = 'Sa 10:00-18:00 @ Asia/Tokyo' WHERE channel = 'phone';
SELECT o.contacts, o.closed_contacts FROM out_of_hours_at('2026-03-30 18:00+09') o WHERE o.channel = 'phone';
SELECT channel, hours FROM channel_hours('2026-03-30 18:00+09') ORDER BY 1;
ROLLBACK;

--
-- How much there is: ten in March and one in the first day and a half of April, which
-- comes to twenty; of three months (two of them empty) a third of ten, and then of eleven
--

SELECT month, complete, tickets, round(projected::numeric, 4) AS projected, round(mean_of_three::numeric, 4) AS mean, plan, tickets_from, tickets_until FROM support_plan_fit_at('2026-04-02 12:00+09');
BEGIN;
UPDATE support_plans SET tickets_from = 3 WHERE plan = 'light';
SELECT month, plan, tickets_from, tickets_until FROM support_plan_fit_at('2026-04-02 12:00+09');
SELECT month, complete, round(mean_of_three::numeric, 4) AS mean, plan FROM support_plan_fit_at('2026-05-01 00:00+09');
ROLLBACK;
-- Once nobody writes any more, that shows too.
SELECT month, complete, tickets, projected, round(mean_of_three::numeric, 4) AS mean FROM support_plan_fit_at('2026-08-10 12:00+09') WHERE month >= '2026-04-01';
SELECT max(month) FROM support_plan_fit_at('infinity');
SELECT count(*) FROM support_plan_fit_at('2026-03-04 08:49+09');
SELECT s.given, pg_temp.outcome('INSERT INTO support_plans VALUES (' || s.given || ')')
  FROM (VALUES ('''x'', 5, 10'), ('''x'', 5, NULL'), ('''x'', 5, 5'), ('''x'', -1, 5'), ('''light'', 5, 10'), ('NULL, 5, 10')) s (given);
SELECT s.figure, pg_temp.same_elsewhere(format('SELECT * FROM %s(''2026-04-02 12:00+09'')', s.figure))
  FROM unnest('{channel_summary_at,agent_summary_at,backlog_at,out_of_hours_at,support_plan_fit_at}'::text[]) s (figure);
