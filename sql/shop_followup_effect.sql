-- What steps did: customers who were reached against those held out.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SELECT FROM loyalcs.create_shop('shop_followup_effect');
SET search_path = shop_followup_effect;
SET timezone = 'Asia/Tokyo';


-- By hand: three reached, of whom one ordered within 30 days and one later; two held out, of whom one ordered.
BEGIN;
DELETE FROM followups;
INSERT INTO customers (customer_id) VALUES ('f1'), ('f2'), ('f3'), ('f4'), ('f5'), ('f6');
INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at, finished_at, outcome, reason)
SELECT f.c, 'one_month', f.s, 8, 'email', true, 0, f.at, f.at, f.at, f.at, f.at, f.at, f.o, f.r
  FROM (VALUES ('f1', '1', timestamptz '2026-01-01 12:00+09', 'sent', NULL), ('f2', '1', '2026-01-01 12:00+09', 'sent', NULL), ('f3', '1', '2026-01-01 12:00+09', 'sent', NULL),
               ('f1', '2', '2026-02-01 12:00+09', 'sent', NULL),
               ('f4', '1', '2026-01-02 12:00+09', 'dropped', 'held out'), ('f5', '1', '2026-01-02 12:00+09', 'dropped', 'held out'),
               ('f6', '1', '2026-01-02 12:00+09', 'dropped', 'opted out'), ('f6', '2', '2026-01-02 12:00+09', 'failed', NULL)) f (c, s, at, o, r);
INSERT INTO orders (customer_id, order_id, ordered_at, amount, cancelled_at) VALUES
    ('f1', 'F-1', '2026-01-31 12:00+09', 1, NULL), ('f2', 'F-2', '2026-02-01 00:00+09', 1, NULL), ('f3', 'F-3', '2026-01-10 12:00+09', 1, '2026-01-11 12:00+09'),
    ('f4', 'F-4', '2026-01-20 12:00+09', 1, NULL), ('f6', 'F-6', '2026-01-20 12:00+09', 1, NULL), ('f5', 'F-5', '2026-01-01 12:00+09', 1, NULL);
SELECT step, effect_within, reached, reached_ordered, held_out, held_out_ordered, round(uplift::numeric, 4) AS uplift, round(uplift_low::numeric, 4) AS low, round(uplift_high::numeric, 4) AS high
  FROM followup_effect_at('2026-03-01 00:00+09');
SELECT round(uplift::numeric, 4) AS uplift, round(low::numeric, 4) AS low, round(high::numeric, 4) AS high FROM loyalcs.uplift(1, 3, 1, 2);
-- The time is not over for all yet.
SELECT step, reached, reached_ordered, held_out, uplift FROM followup_effect_at('2026-02-01 11:59:59+09');
SELECT count(*) FROM followup_effect_at('2026-01-31 11:59+09');
ROLLBACK;
SELECT loyalcs.drop_shop('shop_followup_effect', 'shop_followup_effect');
