-- Is what a shop does after the sale in place?
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2020-01-01 00:00+00';

CREATE FUNCTION pg_temp.checked(as_of timestamptz) RETURNS TABLE (item text, status text, checked bigint, value numeric, before numeric, p_value numeric, unit text, since date)
LANGUAGE sql BEGIN ATOMIC
    SELECT item, status, checked, round(value::numeric, 4), round(value_before::numeric, 4), round(p_value::numeric, 6), unit, since
      FROM shop.aftersale_checklist_in('en', checked.as_of);
END;

-- A shop in which nothing has happened lacks nothing yet.
SELECT item, status, evidence, next_step FROM aftersale_checklist_in('en', '2026-06-30 12:00+09');
SELECT * FROM pg_temp.checked('-infinity') WHERE status <> 'not enough data' OR checked > 0 OR since IS NOT NULL;
SELECT count(*) FROM pg_temp.checked('infinity');

-- Nine orders are few, ten are a shop, in which all of this is missing but what takes time.
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 100) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'c' || i, 'young', '2026-06-10 12:00+09', 100 FROM generate_series(1, 9) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, cancelled_at) VALUES ('c11', 'young', '2026-06-10 12:00+09', 100, '2026-06-11 12:00+09');
SELECT count(*) FROM pg_temp.checked('2026-06-30 12:00+09') WHERE status = 'not enough data';
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('c10', 'young', '2026-06-01 00:00+09', 100);
SELECT * FROM pg_temp.checked('2026-06-30 23:59:59+09');
-- The day after, one of the ten is no longer of the last thirty days, but of ninety.
SELECT * FROM pg_temp.checked('2026-07-01 00:00+09') WHERE status <> 'not enough data';
-- When they should have been there long since, it is missing that nobody knows whether they are.
SELECT * FROM pg_temp.checked('2026-07-10 12:00+09') WHERE item = 'delivery';

-- A year later the shop does all of it. Ten inquiries by two channels, nine answered: one
-- merged, one of today and one that was spam are none of those that count, and a machine's
-- answer is none.
INSERT INTO agents (agent_id, name, is_machine) VALUES ('bot', 'Bot', true), ('kei', 'Kei', false);
INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'c' || i, 't', CASE WHEN i <= 3 THEN 'email' ELSE 'phone' END FROM generate_series(1, 12) i;
INSERT INTO tickets (customer_id, ticket_id, channel, merged_into) VALUES ('c1', 'part', 'email', 't');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id)
SELECT 'c' || i, 't', timestamptz '2027-06-10 12:00+09' + CASE i WHEN 11 THEN interval '20 days' ELSE '0' END, 'opened', NULL FROM generate_series(1, 12) i
UNION ALL SELECT 'c1', 'part', '2027-06-10 13:00+09', 'opened', NULL
UNION ALL SELECT 'c' || i, 't', '2027-06-10 14:00+09', 'agent_reply', CASE i WHEN 10 THEN 'bot' ELSE 'kei' END FROM generate_series(1, 10) i
UNION ALL SELECT 'c12', 't', '2027-06-10 14:00+09', 'discarded', 'kei';
-- Eleven returns in ninety days: ten have a cause; of nine that are old eight were completed.
INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'c' || i, 'r', '2027-01-01 12:00+09', 100 FROM generate_series(1, 12) i;
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund, cause, completed_at)
SELECT 'c' || i, 'r', 'r', CASE WHEN i <= 9 THEN timestamptz '2027-05-01 12:00+09' WHEN i <= 11 THEN '2027-06-15 12:00+09' ELSE '2027-03-01 12:00+09' END, 0,
       CASE i WHEN 1 THEN NULL ELSE 'size' END, CASE WHEN i BETWEEN 2 AND 9 THEN timestamptz '2027-05-05 12:00+09' END FROM generate_series(1, 12) i;
-- Follow-ups: nine sent and one undeliverable; one is a call, one was dropped, one is of May.
INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at, finished_at, outcome)
SELECT f.customer, f.step, 's', s.step_id, 'email', true, 0, f.at, f.at, f.at, f.at, f.at, f.at, f.outcome
  FROM (SELECT 'c' || i AS customer, CASE WHEN i = 11 THEN 'phone_hearing' WHEN i % 2 = 1 THEN 'arrival_check' ELSE 'one_month' END AS step,
               CASE i WHEN 13 THEN timestamptz '2027-05-31 23:59+09' ELSE '2027-06-10 12:00+09' END AS at,
               CASE i WHEN 10 THEN 'undeliverable' WHEN 12 THEN 'dropped' ELSE 'sent' END AS outcome
          FROM generate_series(1, 13) i) f
  JOIN journey_steps s ON s.step = f.step;
-- NPS: nine answers, the tenth is of before April.
INSERT INTO surveys (survey, title) VALUES ('after', 'After the sale'), ('other', 'Another');
INSERT INTO survey_questions (survey, question, kind, scale_low, scale_high, wording) VALUES ('after', 'recommend', 'nps', 0, 10, '?'), ('other', 'content', 'csat', 1, 5, '?');
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at)
SELECT 'c' || i, 'n', 'after', CASE i WHEN 10 THEN timestamptz '2027-04-01 23:59+09' ELSE '2027-06-10 12:00+09' END FROM generate_series(1, 10) i
UNION ALL SELECT 'c1', 'o', 'other', '2025-01-01 12:00+09';
INSERT INTO survey_answers (customer_id, response_id, survey, question, score)
SELECT 'c' || i, 'n', 'after', 'recommend', CASE WHEN i <= 8 THEN 10 ELSE 0 END FROM generate_series(1, 10) i
UNION ALL SELECT 'c1', 'o', 'other', 'content', 1;
-- Twenty arrived from April to June, after two days but for four, and twenty in the three
-- months before, after four days but for three. Of 31 placed from March 3 to May 31, of two
-- it is not known when they came. One was handed over at once.
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at)
SELECT 'c' || i, 'now', '2027-05-01 12:00+09', 100, timestamptz '2027-05-01 12:00+09' + CASE WHEN i <= 16 THEN interval '48 hours' ELSE '96 hours' END FROM generate_series(1, 20) i
UNION ALL SELECT 'c' || i, 'before', at, 100, at + CASE WHEN i <= 3 THEN interval '24 hours' ELSE '96 hours' END
            FROM generate_series(1, 20) i, LATERAL (SELECT CASE WHEN i <= 9 THEN timestamptz '2027-03-10 12:00+09' ELSE '2027-01-10 12:00+09' END) v (at)
UNION ALL SELECT 'c' || i, 'lost', '2027-05-31 23:59+09', 100, NULL FROM generate_series(1, 2) i
UNION ALL SELECT 'c1', 'shop', '2027-05-01 12:00+09', 100, '2027-05-01 12:00+09';
SELECT * FROM pg_temp.checked('2027-06-30 12:00+09');
SELECT item, status, evidence, next_step FROM aftersale_checklist_in('en', '2027-06-30 12:00+09');
-- The view is in the shop's language, and the sentences are the same figures.
SELECT item, status, evidence, next_step FROM aftersale_checklist_at('2027-06-30 12:00+09');
UPDATE settings SET language = 'en-GB';
SELECT count(*) FROM aftersale_checklist_at('2027-06-30 12:00+09') a JOIN aftersale_checklist_in('en', '2027-06-30 12:00+09') b ON a IS NOT DISTINCT FROM b;
-- By hand: of the forty the tenths end at 48 (the 4th to the 16th in order) and 96 hours, so
-- those of a day are in tenth 0, of two days in 4, of four in 9. The intervals are those of
-- shares and of the NPS.
SELECT a.placed, a.placed_delivered, a.arrived, a.arrived_before, a.median_days, a.median_before_days, round(a.change::numeric, 4) AS change, c.change = a.change AS same_change, c.p_value = a.p_value AS same_p, a.significant
  FROM delivery_speed('2027-04-02', '2027-06-30', '2027-06-30 12:00+09') a, loyalcs.mean_change('{"0": 3, "9": 17}', '{"4": 16, "9": 4}', 0, 9, 0.95) c;
SELECT c.item, (c.value_low, c.value_high) = (i.low, i.high) AS same
  FROM aftersale_checklist_in('en', '2027-06-30 12:00+09') c
  JOIN (SELECT 'inquiries', i.low, i.high FROM loyalcs.share_interval(9, 10) i
        UNION ALL SELECT 'returns', i.low, i.high FROM loyalcs.share_interval(10, 11) i
        UNION ALL SELECT 'follow-ups', i.low, i.high FROM loyalcs.share_interval(9, 10) i
        UNION ALL SELECT 'NPS', i.low, i.high FROM loyalcs.nps_interval('{"10": 8, "0": 1}') i) i (item, low, high) ON i.item = c.item;

-- What each lacks to be another.
BEGIN;
UPDATE survey_responses SET responded_at = '2027-04-02 00:00+09' WHERE customer_id = 'c10' AND response_id = 'n';
UPDATE returns SET cause = 'size' WHERE customer_id = 'c1';
UPDATE returns SET completed_at = '2027-05-05 12:00+09' WHERE customer_id = 'c1';
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id) VALUES ('c10', 't', '2027-06-10 15:00+09', 'agent_reply', 'kei');
SELECT * FROM pg_temp.checked('2027-06-30 12:00+09') WHERE item IN ('inquiries', 'returns', 'NPS');
-- (of returns, first the cause is asked for, then the time)
UPDATE returns SET completed_at = NULL;
SELECT status, next_step FROM aftersale_checklist_in('en', '2027-06-30 12:00+09') WHERE item = 'returns';
UPDATE returns SET cause = NULL;
SELECT status, next_step FROM aftersale_checklist_in('en', '2027-06-30 12:00+09') WHERE item = 'returns';
INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'c' || i, 'u', 'email' FROM generate_series(1, 2) i;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) SELECT 'c' || i, 'u', '2027-06-10 12:00+09', 'opened' FROM generate_series(1, 2) i;
SELECT item, status, value, next_step FROM aftersale_checklist_in('en', '2027-06-30 12:00+09') WHERE item = 'inquiries';
-- Follow-ups that fail, that do not go out any more, and that never did.
UPDATE followups SET outcome = 'failed' WHERE customer_id = 'c1';
SELECT status, value, next_step FROM aftersale_checklist_in('en', '2027-06-30 12:00+09') WHERE item = 'follow-ups';
SELECT status, value, next_step, since FROM aftersale_checklist_in('en', '2027-07-31 12:00+09') WHERE item = 'follow-ups';
UPDATE followups SET outcome = NULL, finished_at = NULL;
SELECT status, evidence FROM aftersale_checklist_in('en', '2027-06-30 12:00+09') WHERE item = 'follow-ups';
-- Delivery: slower; nearly always as promised; of too few known; too few before.
SAVEPOINT delivery;
UPDATE orders SET delivered_at = ordered_at + interval '240 hours' WHERE order_id = 'now';
SELECT status, value, value_before, round(p_value::numeric, 6) AS p_value, next_step FROM aftersale_checklist_in('en', '2027-06-30 12:00+09') WHERE item = 'delivery';
-- (slow as promised is slow)
INSERT INTO shipments (customer_id, order_id, parcel, expected_on) SELECT customer_id, order_id, 1, '2027-05-05' FROM orders WHERE order_id = 'now';
SELECT status FROM aftersale_checklist_in('en', '2027-06-30 12:00+09') WHERE item = 'delivery';
UPDATE orders SET delivered_at = ordered_at + interval '96 hours' WHERE order_id IN ('now', 'before');
SELECT status, evidence, next_step FROM aftersale_checklist_in('en', '2027-06-30 12:00+09') WHERE item = 'delivery';
UPDATE shipments SET expected_on = '2027-05-04' WHERE customer_id IN ('c1', 'c2');
SELECT status, evidence FROM aftersale_checklist_in('en', '2027-06-30 12:00+09') WHERE item = 'delivery';
ROLLBACK TO delivery;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'c' || i, 'lost', '2027-05-31 23:59+09', 100 FROM generate_series(3, 4) i;
SELECT status, evidence, next_step FROM aftersale_checklist_in('en', '2027-06-30 12:00+09') WHERE item = 'delivery';
ROLLBACK TO delivery;
UPDATE orders SET delivered_at = NULL WHERE order_id = 'before' AND ordered_at < '2027-02-01 00:00+09';
SELECT status, evidence, next_step FROM aftersale_checklist_in('en', '2027-06-30 12:00+09') WHERE item = 'delivery';
ROLLBACK;

-- The same figures wherever they are read, and in whatever order the rows come.
SELECT pg_temp.same_elsewhere('SELECT * FROM aftersale_checklist_at(''2027-06-30 12:00+09'')') AS elsewhere;
CREATE TEMP TABLE read_once AS SELECT * FROM aftersale_checklist_at('2027-06-30 12:00+09');
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_hashagg = off; SET enable_seqscan = off;
SELECT count(*) FROM (TABLE read_once EXCEPT SELECT * FROM aftersale_checklist_at('2027-06-30 12:00+09')) d;
RESET enable_seqscan; RESET enable_hashjoin; RESET enable_mergejoin; SET enable_nestloop = off; SET enable_indexscan = off; SET enable_bitmapscan = off;
SELECT count(*) FROM (TABLE read_once EXCEPT SELECT * FROM aftersale_checklist_at('2027-06-30 12:00+09')) d;
RESET ALL;
