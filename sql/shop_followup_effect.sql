-- What steps did: customers who were to be sent one against those held out.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';

--
-- By hand
--

-- Four were to be sent it, of whom two ordered within 30 days and one later; one was never reached, one too late.
-- Two were held out, of whom one ordered. Who opted out before has no arm; the first time of each customer counts.
BEGIN;
INSERT INTO customers (customer_id) VALUES ('f1'), ('f2'), ('f3'), ('f4'), ('f5'), ('f6'), ('f7');
INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at, finished_at, outcome, reason, arm, eligible_at)
SELECT f.c, 'one_month', f.s, 8, 'email', true, 0, f.at, f.at, f.at, f.at, f.at, f.done, f.o, f.r, f.a, CASE WHEN f.a IS NOT NULL THEN f.at END
  FROM (VALUES ('f1', '1', timestamptz '2026-01-01 12:00+09', timestamptz '2026-01-02 12:00+09', 'sent', NULL, 'send'),
               ('f2', '1', '2026-01-01 12:00+09', '2026-01-01 12:00+09', 'sent', NULL, 'send'),
               ('f3', '1', '2026-01-01 12:00+09', '2026-02-05 12:00+09', 'sent', NULL, 'send'),
               ('f7', '1', '2026-01-01 12:00+09', '2026-01-05 12:00+09', 'dropped', 'ordered again', 'send'),
               ('f1', '2', '2026-02-01 12:00+09', '2026-02-01 12:00+09', 'sent', NULL, 'send'),
               ('f4', '1', '2026-01-02 12:00+09', '2026-01-02 12:00+09', 'dropped', 'held out', 'held_out'),
               ('f5', '1', '2026-01-02 12:00+09', '2026-01-02 12:00+09', 'dropped', 'held out', 'held_out'),
               ('f6', '1', '2026-01-02 12:00+09', '2026-01-02 12:00+09', 'dropped', 'opted out', NULL)) f (c, s, at, done, o, r, a);
INSERT INTO orders (customer_id, order_id, ordered_at, amount, cancelled_at) VALUES
    ('f1', 'F-1', '2026-01-31 12:00+09', 1, NULL), ('f2', 'F-2', '2026-02-01 00:00+09', 1, NULL), ('f3', 'F-3', '2026-01-10 12:00+09', 1, '2026-01-11 12:00+09'),
    ('f4', 'F-4', '2026-01-20 12:00+09', 1, NULL), ('f6', 'F-6', '2026-01-20 12:00+09', 1, NULL), ('f5', 'F-5', '2026-01-01 12:00+09', 1, NULL),
    ('f7', 'F-7', '2026-01-03 12:00+09', 1, NULL);
SELECT step, effect_within, holdout_share AS share, assigned, assigned_ordered, reached, held_out, held_out_ordered,
       round(uplift::numeric, 4) AS uplift, round(uplift_low::numeric, 4) AS low, round(uplift_high::numeric, 4) AS high
  FROM followup_effect_at('2026-03-01 00:00+09');
SELECT round(uplift::numeric, 4) AS uplift, round(low::numeric, 4) AS low, round(high::numeric, 4) AS high FROM loyalcs.uplift(2, 4, 1, 2);
-- The time is not over for all yet.
SELECT step, assigned, assigned_ordered, reached, held_out, uplift FROM followup_effect_at('2026-02-01 11:59:59+09');
SELECT count(*) FROM followup_effect_at('2026-01-31 11:59+09');
-- Who has an arm has had it since an instant.
SELECT pg_temp.outcome('UPDATE followups SET eligible_at = NULL WHERE customer_id = ''f1'''),
       pg_temp.outcome('UPDATE followups SET arm = ''both'' WHERE customer_id = ''f1''');
ROLLBACK;

--
-- A message without any effect has none, whatever becomes of it
--

-- Every fifth customer orders two days after the message was due, whether anybody writes or not; so of the arms that
-- the hash gives, each with those of its own who order.
UPDATE journey_steps SET valid = 'empty';
UPDATE settings SET time_zone = 'UTC';
CREATE FUNCTION pg_temp.fresh(customers integer, holdout double precision) RETURNS void LANGUAGE sql BEGIN ATOMIC
    INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, holdout_share, exit_on_order, exit_on_return, effect_within, valid)
    VALUES ('after_sale', 't', 'first_order', '10 days', 'email', 'service', 'arrival_check', holdout, true, true, '14 days', '(,)');
    INSERT INTO customers (customer_id, joined_at, email) SELECT 'e' || g, '2025-01-01', 'e' || g || '@example.com' FROM generate_series(1, customers) g;
    INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'e' || g, 'o' || g, '2026-01-01+00', 100 FROM generate_series(1, customers) g;
END;
CREATE FUNCTION pg_temp.again(customers integer) RETURNS void LANGUAGE sql BEGIN ATOMIC
    INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'e' || g, 'p' || g, '2026-01-12+00', 100 FROM generate_series(1, customers) g WHERE g % 5 = 0;
END;
CREATE FUNCTION pg_temp.send(at timestamptz) RETURNS bigint LANGUAGE sql
RETURN (SELECT count(complete_followup(c.followup_id, 'sent', c.claim_key, NULL, at + interval '10 minutes')) FROM claim_followups('email', 10000, 'w', '1 hour', at) c);
-- Something else on the same day, which all get, uses up the cap of one a day.
CREATE FUNCTION pg_temp.used_up() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, priority, valid)
    VALUES ('after_sale', 'first', 'first_order', '10 days', 'email', 'service', 'arrival_check', 99, '(,)');
    RETURN pg_temp.send('2026-01-11 00:10+00');
END $$;

-- Two thousand, half of them held out.
BEGIN;
SELECT pg_temp.fresh(2000, 0.5);
SELECT queue_followups('2026-01-11 01:00+00') AS queued;
SELECT pg_temp.again(2000);
SELECT pg_temp.send('2026-01-13+00') AS sent;
SELECT count(*) AS rows, sum(assigned + held_out) AS customers, bool_and(abs(uplift) < 0.02) AS about_zero, bool_and(uplift_low < 0 AND uplift_high > 0) AS not_sure,
       bool_and(reached < assigned) AS not_all_reached, bool_and(assigned_ordered + held_out_ordered = 400) AS all_orders
  FROM followup_effect_at('2026-03-01+00');
ROLLBACK;

-- And each thing that can become of it meanwhile: both arms are the hash's, whole, with all who ordered in them.
CREATE FUNCTION pg_temp.fate(before_it_is_due text, meanwhile text, OUT eligible bigint, OUT reached bigint, OUT arms_are_whole boolean, OUT about_zero boolean) LANGUAGE plpgsql AS $$
DECLARE held bigint; held_ordered bigint; ordered bigint;
BEGIN
    PERFORM pg_temp.fresh(400, 0.5);
    EXECUTE before_it_is_due;
    PERFORM queue_followups('2026-01-11 01:00+00');
    EXECUTE meanwhile;
    PERFORM pg_temp.again(400);
    PERFORM pg_temp.send('2026-01-13+00');
    SELECT count(*) FILTER (WHERE h), count(*) FILTER (WHERE h AND i % 5 = 0), count(*) FILTER (WHERE i % 5 = 0), count(*) INTO held, held_ordered, ordered, eligible
      FROM (SELECT loyalcs.in_sample(f.customer_id, 'holdout t', 0.5) AS h, substr(f.customer_id, 2)::integer AS i FROM followups f WHERE f.step = 't' AND f.arm IS NOT NULL) x;
    SELECT e.reached, (e.assigned, e.assigned_ordered, e.held_out, e.held_out_ordered) = (eligible - held, ordered - held_ordered, held, held_ordered),
           e.uplift_low < 0 AND e.uplift_high > 0
      INTO reached, arms_are_whole, about_zero FROM followup_effect_at('2026-03-01+00') e WHERE e.step = 't';
    RAISE EXCEPTION USING ERRCODE = 'LC000';
EXCEPTION WHEN SQLSTATE 'LC000' THEN NULL;
END $$;
SELECT v.fate, f.*
  FROM (VALUES
    (1, 'nothing happens', 'SELECT', 'SELECT'),
    (2, 'a cap puts it off', 'SELECT pg_temp.used_up()', 'SELECT'),
    (3, 'a cap puts it off too long', 'SELECT pg_temp.used_up()', 'UPDATE followups SET too_late_at = ''2026-01-12+00'' WHERE finished_at IS NULL'),
    (4, 'all opt out', 'SELECT', 'INSERT INTO consents SELECT customer_id, ''all'', ''all'', ''2026-01-11 12:00+00'', false FROM customers'),
    (5, 'all complain', 'SELECT', 'INSERT INTO tickets (customer_id, ticket_id, channel, complaint) SELECT customer_id, customer_id, ''email'', true FROM customers;
                                   INSERT INTO ticket_events (customer_id, ticket_id, at, kind) SELECT customer_id, customer_id, ''2026-01-11 12:00+00'', ''opened'' FROM customers'),
    (6, 'all send it back', 'SELECT', 'INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) SELECT customer_id, order_id, order_id, ''2026-01-11 12:00+00'', 1 FROM orders'),
    (7, 'all cancel', 'SELECT', 'UPDATE orders SET cancelled_at = ''2026-01-11 12:00+00'''),
    (8, 'nobody has an address', 'SELECT', 'UPDATE customers SET email = NULL'),
    (9, 'nobody has a proper one', 'SELECT', 'UPDATE customers SET email = ''a@b.jp, c@d.jp'''),
    (10, 'the template is gone', 'SELECT', 'DELETE FROM templates'),
    (11, 'nobody looks in time', 'SELECT', 'UPDATE followups SET too_late_at = ''2026-01-12+00'' WHERE finished_at IS NULL'),
    (12, 'the step gives way to another', 'SELECT', 'UPDATE journey_steps SET valid = tstzrange(NULL, now()) WHERE step = ''t'';
                                   INSERT INTO journey_steps (journey, step, anchor, channel, purpose, content_key) VALUES (''after_sale'', ''t'', ''first_order'', ''email'', ''service'', ''arrival_check'')'),
    (13, 'half have no consent before', 'INSERT INTO consents SELECT customer_id, ''all'', ''all'', ''2026-01-01+00'', false FROM customers WHERE substr(customer_id, 2)::integer % 2 = 0', 'SELECT'),
    (14, 'half have ordered before', 'INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT customer_id, ''before'', ''2026-01-05+00'', 1 FROM customers WHERE substr(customer_id, 2)::integer % 2 = 0', 'SELECT')
  ) v (n, fate, before_it_is_due, meanwhile)
 CROSS JOIN LATERAL pg_temp.fate(v.before_it_is_due, v.meanwhile) f
 ORDER BY v.n;
