-- What became of the work, as it was reported: once, late, again, and given up.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';

INSERT INTO customers (customer_id, name, email, phone, birthday, attributes) VALUES
    ('ann', '山田 花子', 'ann@example.com', '03-1', '1990-06-12', '{}'),
    ('ben', 'Ben <b>', 'ben@example.com', NULL, '2000-02-29', '{"language": "en-GB"}'),
    ('cho', NULL, NULL, '03-3', NULL, '{}'),
    ('dan', 'Dan', 'dan@example.com', NULL, NULL, '{}');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at, cancelled_at) VALUES
    ('ann', 'A-1', '2026-03-01 12:00+09', 24800, '2026-03-02 09:00+09', '2026-03-03 15:00+09', NULL),
    ('ben', 'B-1', '2026-03-05 09:00+09', 1200.5, '2026-03-05 18:00+09', '2026-03-06 21:30+09', NULL),
    ('cho', 'C-1', '2026-03-09 23:00+09', 5000, NULL, NULL, NULL),
    ('dan', 'D-1', '2026-03-09 22:00+09', 5000, NULL, NULL, '2026-03-09 22:30+09');
INSERT INTO order_items (customer_id, order_id, line, product_id, product_name, quantity, amount) VALUES
    ('cho', 'C-1', 1, 'P1', '指輪', 1, 4000), ('cho', 'C-1', 2, 'P2', NULL, 2, 1000);
INSERT INTO shipments VALUES ('ann', 'A-1', 1, 'ヤマト', '1234', '2026-03-03'), ('ann', 'A-1', 2, 'ヤマト', '1235', '2026-03-04');

SELECT customer_id, step FROM claim_followups('email', 10, 'w1', '5 minutes', '2026-03-10 15:00+09') ORDER BY 1, 2;

-- Reported once, reported again
SELECT f.step, complete_followup(f.followup_id, 'sent', f.claim_key, at => '2026-03-10 15:02+09'),
       complete_followup(f.followup_id, 'sent', f.claim_key, at => '2026-03-10 15:03+09')
  FROM followups f WHERE customer_id = 'ann' AND outcome IS NULL AND attempts > 0;
SELECT pg_temp.outcome(format('SELECT complete_followup(%s, ''failed'', %L)', f.followup_id, f.claim_key)) AS as_something_else
  FROM followups f WHERE customer_id = 'ann' AND outcome = 'sent';
SELECT step, outcome, finished_at, reported, claim_key FROM followups WHERE customer_id = 'ann' AND outcome = 'sent';
-- Ben's lease runs out; somebody else gets the work, and what the first then reports is late.
SELECT followup_id, claim_key, attempt, step FROM claim_followups('email', 10, 'w2', '5 minutes', '2026-03-10 15:05+09');
SELECT f.followup_id AS id, f.claim_key AS key FROM followups f WHERE customer_id = 'ben' AND outcome IS NULL AND attempts > 0 \gset
SELECT complete_followup(:id, 'sent', :'id' || '.1', 'smtp: 250', '2026-03-10 15:06+09'), complete_followup(:id, 'sent', :'id' || '.1', NULL, '2026-03-10 15:06+09');
SELECT pg_temp.outcome(format('SELECT complete_followup(%s, ''failed'', %L)', :id, :'id' || '.1')) AS as_something_else;
SELECT customer_id, attempt, at, outcome, detail FROM followup_late_reports;
SELECT outcome, attempts, reported FROM followups WHERE followup_id = :id;
-- It fails, and is tried again after five minutes, ten, twenty …
CREATE FUNCTION pg_temp.fails(id bigint, at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE key text;
BEGIN
    SELECT claim_key INTO key FROM claim_followups('email', 10, 'w', '5 minutes', at) WHERE followup_id = id;
    RETURN coalesce(complete_followup(id, 'failed', key, 'smtp: 451', at), 'not claimed');
EXCEPTION WHEN invalid_parameter_value THEN RETURN 'not claimed';
END $$;
SELECT complete_followup(:id, 'failed', :'key', 'smtp: 451', '2026-03-10 15:07+09');
SELECT failures, claimable_at, outcome FROM followups WHERE followup_id = :id;
SELECT next_followup_at('email', '2026-03-10 15:08+09');
SELECT a.at, pg_temp.fails(:id, a.at) FROM (VALUES (timestamptz '2026-03-10 15:11:59+09'), ('2026-03-10 15:12+09'), ('2026-03-10 15:21+09'), ('2026-03-10 15:22+09'), ('2026-03-10 15:42+09'), ('2026-03-10 16:22+09')) a (at);
SELECT failures, attempts, outcome, finished_at, detail FROM followups WHERE followup_id = :id;
SELECT customer_id, step, subject, channel, attempts, outcome, finished_at FROM followups_failed_at('2026-03-10 16:22+09');
SELECT count(*) FROM followups_failed_at('2026-03-10 16:21+09');
-- The fault is mended.
SELECT retry_followup(:id, '2026-03-10 16:30+09'), retry_followup(:id, '2026-03-10 16:30+09');
SELECT complete_followup(c.followup_id, 'undeliverable', c.claim_key, 'no such mailbox', '2026-03-10 16:31+09')
  FROM claim_followups('email', 10, 'w', '5 minutes', '2026-03-10 16:30+09') c WHERE c.followup_id = :id;
SELECT outcome, detail FROM followups WHERE followup_id = :id;
