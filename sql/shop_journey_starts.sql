-- When journeys begin, and end.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop, loyalcs;

-- A new shop says nothing, whatever comes in, until it is told to.
UPDATE journeys SET started_at = NULL;
INSERT INTO customers (customer_id, name, email, language) SELECT 'C' || i, 'N' || i, 'c' || i || '@example.com', 'en' FROM generate_series(1, 4) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at) VALUES
    ('C1', 'long ago',   '2025-01-10 12:00+09', 9000, '2025-01-11 12:00+09', '2025-01-12 12:00+09'),
    ('C2', 'before',     '2026-03-01 12:00+09', 9000, '2026-03-02 12:00+09', '2026-03-09 12:00+09'),
    ('C3', 'on its way', '2026-03-08 12:00+09', 9000, '2026-03-09 12:00+09', NULL);
SELECT journey, started_at, ended_at FROM journeys;
SELECT (SELECT count(*) FROM followups_due_at('2026-03-12 13:00+09')) AS due, (SELECT count(*) FROM followups_suppressed_at('2026-03-12 13:00+09')) AS suppressed,
       queue_followups('2026-03-12 13:00+09') AS queued, (SELECT count(*) FROM followups) AS rows;

-- What happened before the start is not spoken of: not the parcel that arrived the day
-- before, three days after which somebody would have asked how it was. What happens
-- after it is, of an order from before too.
SELECT started, started_at AT TIME ZONE 'Asia/Tokyo' AS started_at, steps FROM start_journeys('2026-03-10 12:00+09');
UPDATE orders SET delivered_at = '2026-03-10 18:00+09' WHERE order_id = 'on its way';
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at) VALUES
    ('C4', 'after', '2026-03-10 12:00+09', 9000, '2026-03-10 18:00+09', '2026-03-11 12:00+09');
SELECT at AT TIME ZONE 'Asia/Tokyo' AS as_of, d.customer_id, d.step, d.subject
  FROM unnest('{2026-03-10 12:00+09,2026-03-11 18:00+09,2026-03-14 13:00+09}'::timestamptz[]) at
  LEFT JOIN LATERAL followups_due_at(at) d ON true
 ORDER BY at, customer_id, step, subject;
SELECT queue_followups('2026-03-14 13:00+09') AS queued;
SELECT customer_id, step, subject, outcome, reason FROM followups ORDER BY customer_id, step, subject;
SELECT pg_temp.same_elsewhere($$SELECT * FROM shop.followups_due_at('2026-03-14 13:00+09')$$);

-- Silence is noticed long after the order, which may be from before: but not that of
-- whom nobody would have written to any more.
INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, valid)
VALUES ('after_sale', 'come_back', 'no_order_for', '10 days', 'email', 'marketing', 'one_month', '(,)'),
       ('after_sale', 'come_back_soon', 'no_order_for', '9 days', 'email', 'marketing', 'one_month', '(,)');
SELECT customer_id, step, subject FROM followups_due_at('2026-03-11 13:00+09') WHERE step LIKE 'come%' ORDER BY 1, 2, 3;

-- Who is started runs: a second call, or one for another instant, changes nothing.
SELECT * FROM start_journeys('2026-03-20 12:00+09');
SELECT * FROM start_journeys('2026-03-20 12:00+09', 'after_sale');

-- One of several.
INSERT INTO journeys (journey, title) VALUES ('spring', 'a campaign');
SELECT started, steps FROM start_journeys('2026-03-20 12:00+09');
SELECT stopped, stopped_at AT TIME ZONE 'Asia/Tokyo' AS stopped_at FROM stop_journeys('2026-03-21 12:00+09', 'spring');
SELECT * FROM stop_journeys('2026-03-22 12:00+09', 'spring');

-- What waits when a journey is stopped is dropped when somebody would claim it.
SELECT count(*) FROM followups WHERE finished_at IS NULL;
SELECT stopped FROM stop_journeys('2026-03-14 14:00+09');
SELECT count(*) FROM claim_followups('email', 100, 'w', '5 minutes', '2026-03-14 15:00+09');
SELECT outcome, reason, count(*) FROM followups GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FROM followups_due_at('2026-03-14 15:00+09');

-- Or when it is started again, if nobody was there to claim it.
UPDATE orders SET ordered_at = '2026-03-15 09:00+09', shipped_at = NULL, delivered_at = NULL WHERE order_id = 'long ago';
UPDATE journeys SET ended_at = NULL;
SELECT queue_followups('2026-03-15 10:00+09') AS queued;
SELECT stopped FROM stop_journeys('2026-03-15 11:00+09');
SELECT started FROM start_journeys('2026-03-15 12:00+09');
SELECT customer_id, step, subject, outcome, reason FROM followups WHERE subject = 'long ago';
SELECT count(*) FROM claim_followups('email', 100, 'w', '5 minutes', '2026-03-15 13:00+09');

-- Errors.
SELECT pg_temp.outcome($$SELECT * FROM shop.start_journeys('-infinity')$$);
SELECT pg_temp.outcome($$SELECT * FROM shop.stop_journeys('infinity')$$);
SELECT pg_temp.outcome($$SELECT * FROM shop.start_journeys(NULL)$$);
SELECT pg_temp.outcome($$SELECT * FROM shop.start_journeys(now(), 'springtime')$$);
SELECT pg_temp.outcome($$SELECT * FROM shop.stop_journeys(now(), 'springtime')$$);
