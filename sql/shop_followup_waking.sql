-- When a worker is to look again.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET timezone = 'Asia/Tokyo';
-- For every type of key: text is that of the shop that is there; the others are made in its place.
CREATE FUNCTION pg_temp.of_type(key_type regtype, key text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    IF key_type <> 'text'::regtype THEN
        ALTER SCHEMA shop RENAME TO shop_of_texts;
        PERFORM loyalcs.create_shop('shop', key_type => key_type);
        EXECUTE 'UPDATE shop.journeys SET started_at = ''-infinity''';
    END IF;
    EXECUTE format('SELECT shop.next_followup_at(NULL, ''2026-03-10 12:00+09'')::text || count(*) FROM shop.claim_followups(at => ''2026-03-10 12:00+09'')') INTO result;
    EXECUTE format('INSERT INTO shop.customers (customer_id, name, email) VALUES (%L, ''A'', ''a@example.com'');
                    INSERT INTO shop.orders (customer_id, order_id, ordered_at, amount) VALUES (%1$L, ''1'', ''2026-03-10 12:00+09'', 1)', key);
    EXECUTE 'SELECT $1 || '' '' || count(*) || '' '' || min(c.customer_id::text) || '' '' || min(shop.complete_followup(c.followup_id, ''sent'', c.claim_key))
               FROM shop.claim_followups(at => ''2026-03-10 12:00+09'') c' INTO result USING result;
    -- (and it is as if there had been none)
    RAISE EXCEPTION USING ERRCODE = 'LC000';
EXCEPTION WHEN SQLSTATE 'LC000' THEN
    RETURN result;
END $$;
SELECT pg_temp.of_type('text', 'a'), pg_temp.of_type('bigint', '7'), pg_temp.of_type('integer', '7'), pg_temp.of_type('uuid', '00000000-0000-0000-0000-000000000007');

SET search_path = shop;

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

-- At once, since nobody has looked yet what there is; see shop_followup_queue.
SELECT next_followup_at(NULL, '2026-03-10 09:00+09'), next_followup_at('phone', '2026-03-10 09:00+09');
-- No transaction that writes into a shop waits for others to commit: nothing notifies but what is called to.
SELECT p.proname, EXISTS (SELECT FROM pg_trigger t WHERE t.tgfoid = p.oid) AS by_trigger
  FROM pg_proc p
 WHERE p.pronamespace IN ('shop'::regnamespace, 'loyalcs'::regnamespace) AND pg_get_functiondef(p.oid) ~* 'notify'
   AND p.prokind <> 'a' AND p.proname NOT IN ('shop_parts', 'shop_first_functions');
SELECT p.proname AS calls_it FROM pg_proc p
 WHERE p.pronamespace = 'shop'::regnamespace AND p.prokind <> 'a' AND pg_get_functiondef(p.oid) ~ 'wake_followups' AND p.proname <> 'wake_followups';
SELECT shop.wake_followups();
