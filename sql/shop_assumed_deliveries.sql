-- Steps after a delivery that nobody reports.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
UPDATE settings SET live_since = '2020-01-01 00:00+00';
UPDATE journeys SET started_at = '2026-06-01 00:00+09';
UPDATE journey_steps SET valid = 'empty' WHERE step <> 'satisfaction_survey';
UPDATE journey_steps SET sample_share = NULL WHERE valid <> 'empty';
SELECT step, anchor, delay FROM journey_steps WHERE valid <> 'empty';
INSERT INTO customers (customer_id, email) SELECT c, c || '@example.com' FROM unnest('{ann,ben,cho,dai,eve}'::text[]) c;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at) VALUES
    ('ann', 'a', '2026-06-09 12:00+09', 100, '2026-06-10 12:00+09'),
    ('ben', 'b', '2026-06-09 12:00+09', 100, '2026-06-10 12:00+09'),
    ('cho', 'c', '2026-06-09 12:00+09', 100, '2026-06-10 12:00+09'),
    ('dai', 'd', '2026-06-09 12:00+09', 100, NULL),
    ('eve', 'e', '2026-05-20 12:00+09', 100, '2026-05-21 12:00+09');

UPDATE templates SET body = 'arrived on {{delivered_on}}', placeholders = '{delivered_on}', required = '{delivered_on}' WHERE key = 'satisfaction_survey';

-- Unless the shop says how long a parcel takes, nothing is taken for delivered.
SELECT count(*) FROM followups_due_at('2026-06-21 12:00+09');
SELECT pg_temp.outcome('UPDATE settings SET parcel_days = -1'), pg_temp.outcome('UPDATE settings SET parcel_days = 367');
SELECT queue_followups('2026-06-19 12:00+09') AS queued;

-- It says three days: seven days after those it is due, for whoever looks now or all the time.
-- What arrived before the journey began is not asked about.
UPDATE settings SET parcel_days = 3;
SELECT at, (SELECT string_agg(customer_id, ' ' ORDER BY customer_id) FROM followups_due_at(at)) AS due
  FROM unnest('{2026-06-20 11:59:59+09,2026-06-20 12:00+09}'::timestamptz[]) at;
SELECT why FROM followups_due_at('2026-06-20 12:00+09') WHERE customer_id = 'ann';
SELECT next_followup_at('email', '2026-06-19 12:00+09') <= '2026-06-19 12:00+09' AS looks_anew;
SELECT at, queue_followups(at) AS queued
  FROM unnest('{2026-06-19 13:00+09,2026-06-20 10:30+09,2026-06-20 11:30+09,2026-06-20 12:00+09}'::timestamptz[]) at;
SELECT customer_id, due_at FROM followups ORDER BY 1;

-- Reported before it is sent: it was delivered when it was, later or sooner.
UPDATE orders SET delivered_at = '2026-06-15 12:00+09' WHERE customer_id = 'ben';
SELECT customer_id, payload ->> 'body' AS body, complete_followup(followup_id, 'sent', claim_key, at => '2026-06-20 12:01+09') AS said
  FROM claim_followups('email', 10, 'w', interval '5 minutes', '2026-06-20 12:01+09') ORDER BY 1;
SELECT count(*) FROM claim_followups('email', 10, 'w', interval '5 minutes', '2026-06-22 11:59+09');
SELECT customer_id, complete_followup(followup_id, 'sent', claim_key, at => '2026-06-22 12:00+09') AS said
  FROM claim_followups('email', 10, 'w', interval '5 minutes', '2026-06-22 12:00+09') ORDER BY 1;
UPDATE orders SET shipped_at = '2026-06-20 12:00+09' WHERE customer_id = 'dai';
SELECT queue_followups('2026-06-25 12:00+09') AS queued;
UPDATE orders SET delivered_at = '2026-06-21 12:00+09' WHERE customer_id = 'dai';
SELECT at, (SELECT string_agg(customer_id, ' ') FROM followups_due_at(at)) AS due FROM unnest('{2026-06-28 11:59:59+09,2026-06-28 12:00+09}'::timestamptz[]) at;

-- Reported after it was sent: nothing is sent twice.
UPDATE orders SET delivered_at = '2026-06-23 12:00+09' WHERE customer_id IN ('ann', 'cho');
SELECT customer_id, complete_followup(followup_id, 'sent', claim_key, at => '2026-06-30 12:01+09') AS said
  FROM claim_followups('email', 10, 'w', interval '5 minutes', '2026-06-30 12:01+09');
SELECT customer_id, count(*), min(outcome) AS outcome FROM followups GROUP BY 1 ORDER BY 1;

-- Where parcels take less than was said, nobody is passed over.
INSERT INTO customers (customer_id, email) VALUES ('fay', 'fay@example.com');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at) VALUES ('fay', 'f', '2026-07-01 12:00+09', 100, '2026-07-01 12:00+09');
UPDATE settings SET parcel_days = 5;
SELECT queue_followups('2026-07-09 13:00+09') AS queued;
UPDATE settings SET parcel_days = 1;
SELECT queue_followups('2026-07-09 13:01+09') AS queued;

-- An order that is shipped at the end of time stops nobody.
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at) VALUES ('fay', 'g', '2026-07-01 12:00+09', 100, '294276-12-31 12:00+00'), ('fay', 'h', '2026-07-01 12:00+09', 100, 'infinity');
SELECT count(*) FROM followups_due_at('2026-07-09 13:01+09');
SELECT count(*) FROM claim_followups('email', 10, 'w', interval '5 minutes', '2026-07-09 13:01+09');
DELETE FROM followups; DELETE FROM orders WHERE order_id IN ('g', 'h');

-- It is learnt from those that are known: nine in ten of a quarter, and not of few.
UPDATE orders SET delivered_at = NULL;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at)
SELECT 'ann', 'k' || i, '2026-06-01 12:00+09', 100, '2026-06-01 12:00+09', timestamptz '2026-06-01 12:00+09' + CASE WHEN i = 10 THEN interval '60 days' ELSE i * interval '10 hours' END
  FROM generate_series(1, 10) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at) VALUES
    ('ann', 'at once', '2026-06-01 12:00+09', 100, '2026-06-01 12:00+09', '2026-06-01 12:00+09');
SELECT usual_parcel_days('2026-06-10 12:00+09') AS of_nine, usual_parcel_days('2026-08-10 12:00+09') AS of_ten, usual_parcel_days('2026-10-01 12:00+09') AS of_later,
       usual_parcel_days('infinity') AS at_last, usual_parcel_days('-infinity') AS at_first;
UPDATE settings SET parcel_days = usual_parcel_days('2026-08-10 12:00+09');
SELECT parcel_days FROM settings;
RESET search_path;
