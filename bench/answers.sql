-- answers.sql: what customers answered in two years, into the shop that has a question
-- for it: 10 M answers of 5 M questionnaires, of which two in five were asked for, as
-- were as many that nobody answered. Of the shop `big`, :scale divides the row counts,
-- and :which says which questionnaires i of them come now.
SET search_path = big, public;
-- (as a load would have it; what refers to what is made here)
SET session_replication_role = replica;
INSERT INTO surveys (survey, title) VALUES ('board', 'After the purchase') ON CONFLICT DO NOTHING;
INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high) VALUES ('board', 'nps', 'nps', 'n', 0, 10), ('board', 'csat', 'csat', 'c', 1, 5) ON CONFLICT DO NOTHING;
CREATE TEMP TABLE answered AS
SELECT i, 1 + public.scatter(i, 81, 500000 / :scale) AS customer_id, timestamptz '2024-10-01 00:00+09' + public.scatter(i, 82, 63072000) * interval '1 second' AS at,
       (ARRAY['email', 'line', 'phone', 'web'])[1 + public.scatter(i, 83, 4)] AS channel
  FROM generate_series(1::bigint, 5000000 / :scale) i
 WHERE :which;
INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at, channel)
SELECT customer_id, 'B' || i, 'board', at - public.scatter(i, 84, 900000) * interval '1 second', channel FROM answered WHERE i % 5 < 2;
INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at, channel)
SELECT customer_id, 'N' || i, 'board', at, channel FROM answered WHERE i % 5 > 2;
INSERT INTO survey_responses (customer_id, response_id, survey, invitation_id, responded_at, channel, time_taken)
SELECT customer_id, 'B' || i, 'board', CASE WHEN i % 5 < 2 THEN 'B' || i END, at, channel, public.scatter(i, 85, 600) * interval '1 second' FROM answered;
INSERT INTO survey_answers (customer_id, response_id, survey, question, score)
SELECT a.customer_id, 'B' || a.i, 'board', q.question, public.scatter(a.i, 86, 11) * (q.scale_high - q.scale_low) / 10 + q.scale_low
  FROM answered a, survey_questions q WHERE q.survey = 'board';
SET session_replication_role = origin;
-- (no day of theirs was marked)
DELETE FROM day_keeping;
VACUUM ANALYZE survey_invitations, survey_responses, survey_answers;

-- One more day, yesterday, of so many orders and questionnaires.
CREATE SEQUENCE IF NOT EXISTS public.days START 100;
CREATE OR REPLACE PROCEDURE public.answered_day(orders bigint, questionnaires bigint, customers bigint) LANGUAGE plpgsql AS $$
DECLARE
    salt constant bigint := nextval('public.days');
BEGIN
    INSERT INTO big.orders (customer_id, order_id, ordered_at, amount)
    SELECT 1 + public.scatter(i, salt, customers), format('D%s-%s', salt, i), now() - interval '1 day', 1000 FROM generate_series(1, orders) i;
    CREATE TEMP TABLE came ON COMMIT DROP AS
    SELECT 1 + public.scatter(i, salt, customers) AS customer_id, format('D%s-%s', salt, i) AS response_id FROM generate_series(1, questionnaires) i;
    INSERT INTO big.survey_responses (customer_id, response_id, survey, responded_at, channel)
    SELECT customer_id, response_id, 'board', now() - interval '1 day', 'line' FROM came;
    INSERT INTO big.survey_answers (customer_id, response_id, survey, question, score)
    SELECT c.customer_id, c.response_id, 'board', q.question, q.scale_high FROM came c, big.survey_questions q WHERE q.survey = 'board';
END
$$;
