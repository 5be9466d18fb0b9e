-- Two accounts of one person become one.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set each :srcdir '/test/one_of_each.sql'
\i :each

SET search_path = shop;
SELECT FROM pg_temp.shop_for_one_of_each();
-- (points that lapse so long after the last activity)
UPDATE points_rules SET valid = 'empty';
INSERT INTO points_rules (points, per_amount, rounding, pending_from, pending, expires_from, expires_after, valid) VALUES (1, 100, 'floor', 'earned', '0', 'last_activity', '1 year', '(,)');
SELECT FROM pg_temp.one_of_each('guest', '');
SELECT FROM pg_temp.one_of_each('member', '-2');
UPDATE customers SET email = 'guest@example.com', phone = NULL, joined_at = '2024-06-01 00:00+09', attributes = '{"line": "V", "size": 9}' WHERE customer_id = 'guest';
UPDATE customers SET gender = NULL WHERE customer_id = 'member';
SELECT match_voices() > 0 AS matched;
SELECT raised FROM evaluate_tiers('2026-03-31 12:00+09');
INSERT INTO voice_changes (customer_id, source, text_id, said_at) VALUES ('guest', 'post', 'N', '2026-03-01 00:00+09');
SELECT * FROM pg_temp.has_none_of('guest');

--
-- What cannot be
--

SELECT merge_customers('guest', 'member');
SELECT merge_customers('guest', 'member', 'member');
SELECT merge_customers(NULL, 'member', NULL);
SELECT merge_customers('guest', 'guest', 'guest');
SELECT merge_customers('guest', 'nobody', 'guest');
SELECT merge_customers('nobody', 'member', 'nobody');
BEGIN;
SELECT forget_customer('friend', 'friend') ->> 'customer_id' AS pseudonym \gset
SELECT regexp_replace(pg_temp.outcome(format('SELECT merge_customers(%L, %L, %1$L)', :'pseudonym', 'member')), '[0-9a-f]{8}-.{27}', '…');
ROLLBACK;
CREATE ROLE regress_merging_admin;
SELECT FROM loyalcs.grant_shop('shop', 'regress_merging_admin', 'admin');
SET ROLE regress_merging_admin;
SELECT merge_customers('guest', 'member', 'guest');
-- (nor by hand: who was merged is the owner's to say)
INSERT INTO merged_customers (from_customer, customer_id) VALUES ('guest', 'member');
UPDATE consents SET customer_id = 'member' WHERE customer_id = 'guest';
RESET ROLE;
-- Both were called in March.
SELECT merge_customers('guest', 'member', 'guest');
UPDATE hearings SET month = '2026-02-01' WHERE customer_id = 'guest';
-- In whatever table: an order of the same number, in both
CREATE TEMP TABLE found AS SELECT NULL::text AS relation WHERE false;
DO $$
DECLARE
    t record;
    v record;
    n bigint;
BEGIN
    FOR t IN SELECT i.indexrelid, c.relname, c.oid, string_agg(quote_ident(a.attname), ', ') AS names
               FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'shop'::regnamespace
               JOIN pg_attribute k ON k.attrelid = c.oid AND k.attname = 'customer_id' AND k.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1])
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum <> k.attnum AND a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1])
              WHERE i.indisunique AND i.indpred IS NULL AND c.relname <> 'point_postings'
              GROUP BY 1, 2, 3 LOOP
        BEGIN
            SET LOCAL session_replication_role = replica;
            -- (these are resolved before)
            DELETE FROM consents WHERE customer_id = 'guest' AND t.relname <> 'consents';
            DELETE FROM survey_left_out WHERE customer_id = 'guest' AND t.relname <> 'survey_left_out';
            DELETE FROM tier_history WHERE customer_id = 'guest' AND t.relname <> 'tier_history';
            -- the guest's become as the member's are
            EXECUTE format('UPDATE %I SET (%s) = ROW(%s) FROM (SELECT %s FROM %1$I WHERE customer_id = ''member'' LIMIT 1) m WHERE customer_id = ''guest'' AND ctid = (SELECT min(ctid) FROM %1$I WHERE customer_id = ''guest'')',
                           t.relname, t.names, regexp_replace(t.names, '(\w+)', 'm.\1', 'g'), t.names);
            GET DIAGNOSTICS n = ROW_COUNT;
            SELECT * INTO v FROM collision_of_customers('guest', 'member');
            RAISE EXCEPTION USING ERRCODE = 'LC000', MESSAGE = CASE WHEN n = 0 OR v.relation = t.relname THEN 'found' ELSE 'missed ' || t.relname END;
        EXCEPTION
            WHEN unique_violation THEN
                NULL;       -- (a number that nobody else has either)
            WHEN SQLSTATE 'LC000' THEN
                INSERT INTO found VALUES (SQLERRM);
        END;
    END LOOP;
END
$$;
SELECT count(*) FILTER (WHERE relation = 'found') > 15 AS many, string_agg(relation, ', ' ORDER BY relation) FILTER (WHERE relation <> 'found') AS missed FROM found;

--
-- What goes along
--

INSERT INTO consents (customer_id, channel, purpose, at, given) VALUES
    ('guest', 'email', 'survey', '2026-01-01 00:00+09', false), ('member', 'email', 'survey', '2026-02-01 00:00+09', true),
    ('guest', 'line', 'all', '2026-01-01 00:00+09', true), ('guest', 'line', 'survey', '2025-01-01 00:00+09', false),
    ('member', 'phone', 'all', '2026-01-01 00:00+09', false);
UPDATE referrals SET referred_at = '2026-02-01 00:00+09' WHERE customer_id = 'guest';
INSERT INTO referrals VALUES ('other', 'guest', '2026-02-01 00:00+09');
-- of messages for the same occasion: sent and waiting, waiting and waiting, dropped and waiting
INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at, finished_at, outcome)
SELECT v.c, s.step, v.subject, s.step_id, 'email', true, 1, d, d, d, d, d, CASE WHEN v.outcome IS NOT NULL THEN d END, v.outcome
  FROM (VALUES ('guest', '2026', 'sent'), ('member', '2026', NULL), ('guest', '2027', NULL), ('member', '2027', NULL), ('guest', '2028', NULL), ('member', '2028', 'dropped')) v (c, subject, outcome)
 CROSS JOIN (SELECT timestamptz '2026-03-01 00:00+09') d (d)
  JOIN journey_steps s ON s.step = 'birthday_coupon';
SELECT customer_id, available, pending, next_expiry, expiring FROM customers, points_balance(customer_id, '2026-04-01 00:00+09') WHERE customer_id IN ('guest', 'member') ORDER BY 1;
SELECT customer_id, balance FROM point_accounts ORDER BY 1;
CREATE FUNCTION pg_temp.rows_of(customers text[]) RETURNS TABLE (relation text, n bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR relation IN SELECT t.relation FROM tables_of_customers() t ORDER BY 1 LOOP
        EXECUTE format('SELECT count(*) FROM %I WHERE customer_id = ANY ($1)', relation) INTO n USING customers;
        RETURN NEXT;
    END LOOP;
END
$$;
CREATE TEMP TABLE were AS SELECT * FROM pg_temp.rows_of('{guest,member}');
CREATE TEMP TABLE sums AS
SELECT (SELECT sum(amount - refunded) FROM orders) AS spent, (SELECT sum(points) FROM point_postings) AS points, (SELECT sum(remaining) FROM point_lots) AS remaining,
       (SELECT sum(balance) FROM point_accounts) AS balances, (SELECT count(*) FROM ticket_events) AS events, (SELECT sum(score) FROM survey_answers) AS scores;

SELECT jsonb_pretty(merge_customers('guest', 'member', 'guest') - 'at');
SELECT merge_customers('guest', 'member', 'guest') - 'at' AS again;

-- Nobody is left, and of each table as many rows are there as were, but for what is there once.
SELECT * FROM pg_temp.rows_of('{guest}') WHERE n > 0;
SELECT relation, w.n AS were, a.n AS are FROM were w JOIN pg_temp.rows_of('{member}') a USING (relation)
 WHERE w.n <> a.n AND relation NOT IN ('customer_changes', 'unread_changes', 'voice_changes', 'ticket_marks', 'kept_tickets', 'kept_promises') ORDER BY 1;
SELECT s = n AS same
  FROM sums s, (SELECT (SELECT sum(amount - refunded) FROM orders) AS spent, (SELECT sum(points) FROM point_postings) AS points, (SELECT sum(remaining) FROM point_lots) AS remaining,
       (SELECT sum(balance) FROM point_accounts) AS balances, (SELECT count(*) FROM ticket_events) AS events, (SELECT sum(score) FROM survey_answers) AS scores) n;
SELECT * FROM points_audit();
SELECT * FROM broken_references();
SELECT * FROM points_unsettled;
SELECT customer_id, joined_at, name, email, phone, gender, attributes FROM customers WHERE customer_id = 'member';
SELECT customer_id, available, pending, next_expiry, expiring FROM points_balance('member', '2026-04-01 00:00+09'), (VALUES ('member')) v (customer_id);
SELECT posting_id, kind, points, posting_key FROM point_postings ORDER BY 1;
SELECT tier, valid_from, valid_until, orders, spent FROM tier_history WHERE customer_id = 'member' ORDER BY 2;
SELECT customer_tier('member', '2026-04-01 00:00+09');
SELECT channel, purpose, at < '2026-03-15' AS from_before, given, count(*) FROM consents WHERE customer_id = 'member' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3 DESC, 4;
SELECT c, p, (SELECT k.given FROM consents k WHERE k.customer_id = 'member' AND k.channel IN (c, 'all') AND k.purpose IN (p, 'all') ORDER BY k.at DESC, k.given LIMIT 1) AS given
  FROM unnest('{email,line,phone}'::text[]) c, unnest('{marketing,survey}'::text[]) p;
SELECT subject, outcome FROM followups WHERE customer_id = 'member' AND step = 'birthday_coupon' ORDER BY 1;
SELECT customer_id, referrer_id, referred_at FROM referrals ORDER BY 1;
SELECT * FROM find_customers('id');
SELECT * FROM find_customers('guest');
SELECT from_customer, customer_id FROM merged_customers ORDER BY 1;
SELECT count(*) FROM customer_card('member');
SELECT relation, n FROM pg_temp.rows_of('{member}') WHERE relation IN ('customer_changes', 'unread_changes') AND n = 0;

-- The books go on.
SELECT redeem_points('member', 300, 'till 2', NULL, '2026-04-02 00:00+09') > 0 AS redeemed;
SELECT earn_points('member', 'O2', '2026-04-02 00:00+09') > 0 AS earned;
SELECT * FROM points_audit();

-- An order that had moved before, with points under its key in both books; one who has no account, one whose
-- account alone there is; and who was merged is merged on.
INSERT INTO customers (customer_id) VALUES ('a'), ('b'), ('c');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('a', 'X', '2026-05-01 00:00+09', 1000);
SELECT earn_points('a', 'X', '2026-05-01 00:00+09') > 0 AS earned;
UPDATE orders SET customer_id = 'b' WHERE order_id = 'X';
SELECT customer_id, kind, points, posting_key FROM point_postings WHERE customer_id IN ('a', 'b') ORDER BY posting_id;
SELECT merge_customers('a', 'b', 'a') ->> 'merged' AS a, merge_customers('c', 'b', 'c') ->> 'merged' AS c, merge_customers('b', 'other', 'b') ->> 'merged' AS b;
SELECT customer_id, kind, points, regexp_replace(posting_key, 'merged [0-9]+', 'merged N') AS posting_key FROM point_postings WHERE customer_id = 'other' ORDER BY posting_id;
SELECT * FROM points_audit();
SELECT from_customer, customer_id FROM merged_customers WHERE customer_id = 'other' ORDER BY 1;

-- Postings that were brought in out of order: no lot lapses earlier than it did, so they wait for another.
INSERT INTO customers (customer_id) VALUES ('d'), ('e');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('d', 'D', '2026-05-01 00:00+09', 1000), ('e', 'E', '2026-05-01 00:00+09', 1000);
SELECT earn_points('d', 'D', '2026-06-01 00:00+09') < earn_points('e', 'E', '2026-05-01 00:00+09') AS later_is_earlier;
SELECT customer_id, expires_at FROM point_lots WHERE customer_id IN ('d', 'e') ORDER BY 1;
SELECT merge_customers('d', 'e', 'd') ->> 'merged' AS merged;
SELECT redeem_points('e', 1, 'k', NULL, '2026-07-01 00:00+09') > 0 AS redeemed;
SELECT merge_customers('d', 'e', 'd') ->> 'merged' AS merged;
SELECT customer_id, expires_at FROM point_lots WHERE customer_id IN ('d', 'e') ORDER BY 2;
SELECT * FROM points_audit();

-- Relations of the brand's
CREATE SCHEMA shop_merging_2;
CREATE VIEW shop_merging_2.customers AS SELECT k AS customer_id, timestamptz '2025-01-01 00:00+09' AS joined_at, 1990 AS birth_year, 'x'::text AS gender, NULL::text AS region FROM unnest('{a,b}'::text[]) k;
SELECT FROM loyalcs.create_shop('shop_merging_2');
SELECT shop_merging_2.merge_customers('a', 'b', 'a');
SET client_min_messages = error;
DROP SCHEMA shop_merging_2 CASCADE;
SELECT loyalcs.drop_shop('shop', 'shop');
DROP ROLE regress_merging_admin;
