-- One row that cannot be handed out stops no other: rows of every kind that
-- could, and all the others are claimed.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set errors :srcdir '/test/errors.sql'
\i :errors

SELECT FROM loyalcs.create_shop('shop_hostile_rows');
SET search_path = shop_hostile_rows;
SET timezone = 'Asia/Tokyo';

-- Each kind is a step of its own or a customer of its own; in their midst, good ones.
UPDATE journey_steps SET valid = 'empty' WHERE step <> 'order_confirmation';
INSERT INTO templates (key, language, body) VALUES
    ('object', 'ja', '{{obj|}}'), ('array', 'ja', '{{list|}}'), ('needs', 'ja', '{{nobody_gives}}'), ('unclosed', 'ja', 'a'), ('unnamed', 'ja', 'a'),
    ('subject', 'ja', 'a'), ('fine', 'ja', 'a {{amount}}');
UPDATE templates SET subject = '{{obj|}}' WHERE key = 'subject';
INSERT INTO journey_steps (journey, step, anchor, channel, purpose, content_key, content_values, valid)
SELECT 'after_sale', step, 'shipped', channel, CASE step WHEN 'zone' THEN 'service' ELSE 'transactional' END, step, '{"obj": {"a": 1}, "list": [1]}', '(,)'
  FROM (VALUES ('object', 'email'), ('array', 'line'), ('needs', 'phone'), ('unclosed', 'email'), ('unnamed', 'email'), ('subject', 'line'),
               ('no template', 'email'), ('fine', 'email'), ('zone', 'line')) v (step, channel);
INSERT INTO customers (customer_id, name, email, phone, attributes)
SELECT 'good ' || i, 'Good', 'good' || i || '@example.com', '03-' || i, jsonb_build_object('line', 'U' || i) FROM generate_series(1, 100) i;
INSERT INTO customers (customer_id, name, email)
SELECT kind, kind, coalesce(email, 'bad@example.com')
  FROM (VALUES ('line break', E'a@x\nBcc: b@x'), ('two', 'a@x, b@x'), ('option', '-oQ/tmp@x'), ('nobody', ' '),
               ('P0001', NULL), ('22012', NULL), ('22P02', NULL), ('54000', NULL), ('XX000', NULL), ('far', NULL)) v (kind, email);
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at)
SELECT customer_id, 'O', '2026-03-10 11:00+09', 100, CASE WHEN customer_id = 'good 50' THEN timestamptz '2026-03-10 11:30+09' END,
       CASE customer_id WHEN 'far' THEN timestamptz '9998-01-01' END
  FROM customers;
SELECT queue_followups('2026-03-10 12:00+09');

-- What was good when it was queued: templates that are edited without their
-- trigger, a time zone that the server has forgotten.
SET session_replication_role = replica;
UPDATE templates SET body = 'a {{b' WHERE key = 'unclosed';
UPDATE templates SET body = 'a {{}}' WHERE key = 'unnamed';
UPDATE journey_steps SET send_window = '24/7 @ Mars/Olympus' WHERE step = 'zone';
SET session_replication_role = origin;

-- And what nobody foresees: here a trigger of the brand's, with the error that its customer is called after.
CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'error of %', NEW.customer_id USING ERRCODE = NEW.customer_id;
END $$;
CREATE TRIGGER fails BEFORE UPDATE ON followups FOR EACH ROW
    WHEN (NEW.attempts > OLD.attempts AND NEW.customer_id ~ '^[0-9A-Z]{5}$') EXECUTE FUNCTION fails();

CREATE FUNCTION pg_temp.claimed(at timestamptz) RETURNS TABLE (what text, n bigint) LANGUAGE sql AS $$
    SELECT coalesce(f.step, ''), count(*) FROM claim_followups(NULL, 1000, 'w', '1 day', at) f GROUP BY 1 ORDER BY 1 $$;
SELECT * FROM pg_temp.claimed('2026-03-10 12:00+09');
SELECT customer_id, step, channel, outcome, reason, detail, failures FROM followups WHERE attempts = 0 ORDER BY customer_id, step;

-- The server remembers the time zone.
SET session_replication_role = replica;
UPDATE journey_steps SET send_window = NULL WHERE step = 'zone';
SET session_replication_role = origin;
SELECT count(*) AS at_once_again FROM claim_followups(NULL, 1000, 'w', '1 day', '2026-03-10 12:01+09');

-- Every few of them, in whatever order: the same.
DELETE FROM followups WHERE customer_id ~ '^good [0-9]+$' AND customer_id <> 'good 50';
UPDATE followups SET finished_at = NULL, outcome = NULL, failures = 0, detail = NULL, claimable_at = due_at;
SELECT queue_followups('2026-03-10 12:02+09');
SELECT sum((SELECT count(*) FROM claim_followups(NULL, 1 + i % 7, 'w', '1 day', '2026-03-10 12:02+09'))) AS claimed FROM generate_series(1, 60) i;
SELECT count(*) FILTER (WHERE attempts > 0) AS claimed, count(*) FILTER (WHERE attempts = 0 AND outcome IS NULL) AS put_off,
       count(*) FILTER (WHERE outcome = 'undeliverable') AS undeliverable, count(*) FILTER (WHERE outcome = 'dropped') AS dropped
  FROM followups;

-- They are given up in the end, and can be put back when they are mended.
SELECT sum((SELECT count(*) FROM claim_followups(NULL, 1000, 'w', '10 days', timestamptz '2026-03-10 12:02+09' + i * interval '10 minutes'))) AS claimed FROM generate_series(1, 6) i;
SELECT outcome, count(*), min(failures) AS failures FROM followups WHERE attempts = 0 GROUP BY outcome ORDER BY outcome;
DROP TRIGGER fails ON followups;
UPDATE customers SET email = 'mended@example.com' WHERE customer_id IN ('two', '22012');
SELECT f.customer_id, retry_followup(f.followup_id, '2026-03-10 14:00+09') FROM followups f WHERE f.customer_id IN ('two', '22012') ORDER BY 1;
SELECT customer_id, payload ->> 'recipient' AS recipient FROM claim_followups(NULL, 1000, 'w', '10 days', '2026-03-10 14:00+09') ORDER BY 1;

-- What is wrong with the shop or the server is no row's fault.
CREATE FUNCTION fails_too() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'error of all' USING ERRCODE = TG_ARGV[0];
END $$;
CREATE FUNCTION pg_temp.raised(state text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE followups SET finished_at = NULL, outcome = NULL, claimable_at = due_at, lease_until = NULL WHERE step = 'fine';
    EXECUTE format('CREATE TRIGGER fails BEFORE UPDATE ON followups FOR EACH ROW WHEN (NEW.attempts > OLD.attempts) EXECUTE FUNCTION fails_too(%L)', state);
    RETURN state || ': ' || pg_temp.error_of('SELECT FROM claim_followups(NULL, 10, ''w'', ''1 day'', ''2026-03-10 14:00+09'')');
END $$;
SELECT split_part(s, ':', 1) AS state, pg_temp.outcome(format('DO $do$ BEGIN RAISE EXCEPTION USING MESSAGE = pg_temp.raised(%L); END $do$', s)) AS outcome
  FROM unnest('{40001,40P01,42501,42883,53100,55P03,57P01,58030,23514,22012}'::text[]) s;
SET session_replication_role = replica;
SELECT pg_temp.outcome('UPDATE settings SET time_zone = ''Mars/Olympus''; SELECT FROM claim_followups(NULL)');
SELECT pg_temp.outcome('DELETE FROM settings; SELECT FROM claim_followups(NULL)');
SET session_replication_role = origin;

-- What waits goes out although nothing more can be queued; that is said once nothing waits.
DELETE FROM followups WHERE customer_id = 'good 1';
CREATE TRIGGER fails BEFORE INSERT ON followups FOR EACH ROW EXECUTE FUNCTION fails_too('22012');
UPDATE followups SET finished_at = NULL, outcome = NULL, claimable_at = due_at, lease_until = NULL WHERE step = 'fine';
SELECT step FROM claim_followups(NULL, 10, 'w', '1 day', '2026-03-10 15:30+09');
SELECT pg_temp.error_of('SELECT FROM claim_followups(NULL, 10, ''w'', ''1 day'', ''2026-03-10 15:31+09'')');

--
-- Numbers that were given out twice
--

SELECT FROM loyalcs.create_shop('shop_hostile_rows_2');
SET search_path = shop_hostile_rows_2;
INSERT INTO customers (customer_id, email) SELECT 'c' || i, 'c' || i || '@example.com' FROM generate_series(1, 3) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'c' || i, 'O', '2026-03-10 11:00+09', 100 FROM generate_series(1, 3) i;
SELECT queue_followups('2026-03-10 12:00+09');
SET session_replication_role = replica;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT c.conname FROM pg_constraint c WHERE c.conrelid = 'followups'::regclass AND c.contype = 'u' LOOP
        EXECUTE format('ALTER TABLE followups DROP CONSTRAINT %I', name);
    END LOOP;
END $$;
UPDATE followups SET followup_id = 1 WHERE customer_id IN ('c1', 'c2');
UPDATE followups SET followup_id = 3 WHERE customer_id = 'c3';
SET session_replication_role = origin;
SELECT customer_id FROM claim_followups('email', 10, 'w', '1 day', '2026-03-10 12:00+09');
SELECT customer_id, detail FROM followups WHERE attempts = 0 ORDER BY 1;
UPDATE followups SET attempts = 1 WHERE followup_id = 1;
SELECT pg_temp.error_of('SELECT complete_followup(1, ''sent'', ''1.1'')');
SELECT count(*) FROM followups WHERE outcome IS NOT NULL;

DROP SCHEMA shop_hostile_rows, shop_hostile_rows_2 CASCADE;
