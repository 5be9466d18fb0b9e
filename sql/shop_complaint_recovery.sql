-- What becomes of customers who complained.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2025-01-01 00:00+09', purchase_within = '30 days';
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 60) i;

-- Three complain on the 10th of March, ten days after their first order; c1 buys again
-- after 20 days, c2 after 31, c3 never. c4 complains and never bought anything; c5 in April.
INSERT INTO orders (customer_id, order_id, ordered_at, amount)
SELECT 'c' || i, '1', '2026-02-28 12:00+09', 100 FROM generate_series(1, 3) i
UNION ALL VALUES ('c1', '2', timestamptz '2026-03-30 12:00+09', 100), ('c2', '2', '2026-04-10 12:00+09', 100);
INSERT INTO tickets (customer_id, ticket_id, channel, complaint) SELECT 'c' || i, 't', 'email', true FROM generate_series(1, 5) i UNION ALL VALUES ('c6', 't', 'email', false);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind)
SELECT 'c' || i, 't', CASE i WHEN 5 THEN timestamptz '2026-04-02 12:00+09' ELSE '2026-03-10 12:00+09' END, 'opened' FROM generate_series(1, 6) i
UNION ALL SELECT 'c' || i, 't', '2026-03-11 12:00+09', 'resolved' FROM generate_series(1, 2) i;
-- Twelve are like them: c11 to c22 placed their first order before, one a day. As of ten days after
-- it three had ordered again (c11 to c13): not like them. Of the others, c14 to c18 order
-- within thirty days after that, c19 a moment later. Not like them either: c30 for whom it is
-- not the first, c31 who complained, c32 whose order was cancelled, c33 of more than 30 days
-- before, c34 of a day after.
INSERT INTO orders (customer_id, order_id, ordered_at, amount, cancelled_at)
SELECT 'c' || 10 + i, '1', timestamptz '2026-02-28 12:00+09' - i * interval '1 day', 100, NULL::timestamptz FROM generate_series(1, 12) i
UNION ALL SELECT 'c' || 10 + i, '2', timestamptz '2026-02-28 12:00+09' - i * interval '1 day' + interval '5 days', 100, NULL FROM generate_series(1, 3) i
UNION ALL SELECT 'c' || 10 + i, '2', timestamptz '2026-02-28 12:00+09' - i * interval '1 day' + interval '40 days' + CASE i WHEN 9 THEN interval '1 second' ELSE '0' END, 100, NULL FROM generate_series(4, 9) i
UNION ALL VALUES ('c30', '1', timestamptz '2025-06-01 12:00+09', 100, NULL::timestamptz), ('c30', '2', '2026-02-28 11:00+09', 100, NULL), ('c31', '1', '2026-02-28 11:00+09', 100, NULL),
                 ('c32', '1', '2026-02-28 11:00+09', 100, '2026-02-28 12:00+09'), ('c33', '1', '2026-01-29 12:00+09', 100, NULL), ('c34', '1', '2026-03-01 12:00+09', 100, NULL);
INSERT INTO tickets (customer_id, ticket_id, channel, complaint) VALUES ('c31', 'never', 'email', true);
SELECT customer_id, since FROM like_customers('c1', '2026-02-28 12:00+09', true, '10 days', '2026-06-01 00:00+09');
SELECT customer_id FROM like_customers('c1', '2026-02-28 12:00+09', false, '10 days', '2026-06-01 00:00+09');

INSERT INTO surveys VALUES ('s', 'S');
INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high) VALUES ('s', 'happy', 'csat', '?', 1, 5);
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at, ticket_id) SELECT 'c' || i, 'r', 's', '2026-03-20 12:00+09', 't' FROM unnest('{1,2,6}'::integer[]) i;
INSERT INTO survey_answers (customer_id, response_id, survey, question, score) VALUES ('c1', 'r', 's', 'happy', 4), ('c2', 'r', 's', 'happy', 3), ('c6', 'r', 's', 'happy', 1);
-- One of three, against five of nine, who are like each of the three, and count once.
SELECT month, complete, complaints, resolved, responses, satisfied, satisfied_share, recovery_target AS target, recovery_target_met AS met, had_time, bought_again, round(bought_again_share::numeric, 4) AS share,
       repurchase_target AS target, repurchase_target_met AS met, like_customers, round(like_bought_share::numeric, 4) AS like_share, round(change::numeric, 4) AS change, too_few, significant
  FROM complaint_recovery_at('2026-06-01 00:00+09');
SELECT c.satisfied_share_low = w.low AND c.satisfied_share_high = w.high AS same, c.bought_again_share_low = v.low AND c.bought_again_share_high = v.high AS same_share, c.change_low = d.change_low AND c.p_value = d.p_value AS same_change
  FROM complaint_recovery_at('2026-06-01 00:00+09') c, loyalcs.share_interval(1, 2) w, loyalcs.share_interval(1, 3) v, share_change(5, 9, 1, 3) d WHERE c.month = '2026-03-01';
-- A moment before, their thirty days were not over; targets that are met, and are not.
SELECT complaints, had_time, bought_again, like_customers FROM complaint_recovery_at('2026-04-09 11:59:59+09') WHERE month = '2026-03-01';
BEGIN;
UPDATE settings SET recovery_target = 0.05, repurchase_target = 0.9, minimum_answers = 3, significance = 0.2;
SELECT recovery_target_met, repurchase_target_met, too_few, significant FROM complaint_recovery_at('2026-06-01 00:00+09') WHERE month = '2026-03-01';
ROLLBACK;
-- An answer about a ticket is about the one into which it was merged, before and after; and so it is of its agent.
BEGIN;
INSERT INTO agents (agent_id, name) VALUES ('ann', 'Ann');
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('c1', 'again', 'email'), ('c1', 'more', 'email');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id) VALUES
    ('c1', 'again', '2026-03-11 13:00+09', 'opened', NULL), ('c1', 'again', '2026-03-11 14:00+09', 'agent_reply', 'ann'),
    ('c1', 'more', '2026-03-11 15:00+09', 'opened', NULL);
SELECT FROM record_ticket_event('c1', 'more', 'merged', '2026-03-12 12:00+09', merged_into => 'again');
SELECT FROM record_ticket_event('c1', 'again', 'merged', '2026-03-22 12:00+09', merged_into => 't');
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at, ticket_id) VALUES ('c1', 'r2', 's', '2026-03-21 12:00+09', 'again'), ('c1', 'r3', 's', '2026-03-23 12:00+09', 'more');
INSERT INTO survey_answers (customer_id, response_id, survey, question, score) VALUES ('c1', 'r2', 's', 'happy', 5), ('c1', 'r3', 's', 'happy', 1);
SELECT d AS day, complaints, responses, satisfied FROM generate_series(19, 23) d, complaint_recovery_at(('2026-03-' || d || ' 23:00+09')::timestamptz);
SELECT agent_id, responses, satisfied_share FROM agent_summary_at('2026-06-01 00:00+09');
ROLLBACK;
-- Who complains again in the month is one customer, from the first time on: c1, who bought
-- again within 30 days of the first; and c2, who bought within 30 of the second only.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel, complaint) SELECT 'c' || i, 'again', 'email', true FROM generate_series(1, 2) i;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) SELECT 'c' || i, 'again', '2026-03-20 12:00+09', 'opened' FROM generate_series(1, 2) i;
SELECT complaints, had_time, bought_again, like_customers, round(like_bought_share::numeric, 4) AS like_share FROM complaint_recovery_at('2026-06-01 00:00+09') WHERE month = '2026-03-01';
ROLLBACK;
SELECT s.given, pg_temp.outcome('UPDATE settings SET ' || s.given)
  FROM (VALUES ('purchase_within = ''0'''), ('purchase_within = ''10 years'''), ('purchase_within = ''11 years'''), ('purchase_within = NULL'), ('recovery_target = 1.1'), ('recovery_target = ''NaN'''), ('repurchase_target = -0.1'), ('repurchase_target = 1')) s (given);
SELECT pg_temp.same_elsewhere('SELECT * FROM complaint_recovery_at(''2026-06-01 00:00+09'')');
