-- Which customers have changed.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
INSERT INTO customers (customer_id) SELECT unnest('{ann,ben,cho,dan}'::text[]);

-- Every table that notes changes does so of each kind, a statement at a time.
SELECT t.tgrelid::regclass AS relation, count(*) AS kinds, bool_and(t.tgtype & 1 = 0) AS by_statement
  FROM pg_trigger t WHERE t.tgfoid IN ('note_customer_changes()'::regprocedure, 'loyalcs.note_new_orders()'::regprocedure)
 GROUP BY t.tgrelid ORDER BY t.tgrelid::regclass::text COLLATE "C";
SELECT customer_changes_are_noted('{orders,order_items,returns,return_items}') AS noted, customer_changes_are_noted('{orders,customers}') AS not_of_all;

-- Who asks for the first time gets everyone, then those that changed, then nobody.
SELECT array_agg(c ORDER BY c) FROM take_customer_changes('books') c;
SELECT count(*) FROM take_customer_changes('books');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('ann', '1', '2024-01-10 12:00+09', 100), ('ann', '2', '2024-01-10 12:00+09', 100), ('ben', '1', '2024-01-10 12:00+09', 100);
UPDATE orders SET amount = 200 WHERE customer_id = 'ann';
SELECT customer_has_changed('ann', 'books') AS ann, customer_has_changed('cho', 'books') AS cho, customer_has_changed('cho', 'nobody') AS nobody;
SELECT array_agg(c ORDER BY c) FROM take_customer_changes('books') c;
SELECT customer_has_changed('ann', 'books') AS ann, customer_has_changed('ann', 'nobody') AS nobody;

-- Whatever changes rows, the customers of the rows are noted: all of them, once.
CREATE FUNCTION pg_temp.noted_by(VARIADIC statements text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    noted text[];
BEGIN
    PERFORM take_customer_changes('books');
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
    noted := ARRAY(SELECT c FROM take_customer_changes('books') c ORDER BY c);
    IF noted <> '{}' AND (SELECT count(*) FROM take_customer_changes('books')) <> 0 THEN
        RAISE EXCEPTION 'twice';
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'LC000', MESSAGE = noted::text;
EXCEPTION
    WHEN SQLSTATE 'LC000' THEN
        RETURN SQLERRM;
END
$$;
CREATE TEMP TABLE loaded AS SELECT o.* FROM orders o WHERE o.order_id = '2';
UPDATE loaded SET customer_id = 'dan';
SELECT s.place, pg_temp.noted_by(VARIADIC s.statements) AS noted
  FROM (VALUES
    (1, ARRAY['UPDATE orders SET shipped_at = ''2024-01-11 12:00+09'' WHERE customer_id = ''ann''']),
    (2, ARRAY['UPDATE orders SET amount = amount']),                                    -- nothing is another
    (3, ARRAY['UPDATE orders SET customer_id = ''cho'' WHERE order_id = ''2''']),          -- both
    (4, ARRAY['DELETE FROM orders WHERE customer_id = ''ben''']),
    (5, ARRAY['DELETE FROM orders WHERE customer_id = ''cho''']),                          -- none
    (6, ARRAY['INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES (''ann'', ''1'', ''2024-01-10 12:00+09'', 100), (''cho'', ''1'', ''2024-01-10 12:00+09'', 100)
               ON CONFLICT (customer_id, order_id) DO UPDATE SET amount = excluded.amount']),
    (7, ARRAY['INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES (''ann'', ''1'', ''2024-01-10 12:00+09'', 100)
               ON CONFLICT (customer_id, order_id) DO NOTHING']),
    (8, ARRAY['MERGE INTO orders o USING (VALUES (''ann'', ''1''), (''ben'', ''1''), (''dan'', ''1'')) v (customer_id, order_id)
                  ON v.customer_id = o.customer_id AND v.order_id = o.order_id
                WHEN MATCHED AND o.customer_id = ''ann'' THEN DELETE
                WHEN MATCHED THEN UPDATE SET amount = 1
                WHEN NOT MATCHED THEN INSERT (customer_id, order_id, ordered_at, amount) VALUES (v.customer_id, v.order_id, ''2024-01-10 12:00+09'', 100)']),
    (9, ARRAY['WITH d AS (DELETE FROM orders WHERE customer_id = ''ben'' RETURNING order_id) UPDATE orders SET tax = 1 WHERE order_id = ''2''']),
    (10, ARRAY['INSERT INTO order_items (customer_id, order_id, line, product_id, amount) VALUES (''ann'', ''1'', 1, ''p'', 1), (''ann'', ''1'', 2, ''p'', 1)']),
    (11, ARRAY['INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES (''ben'', ''1'', ''1'', ''2024-02-10 12:00+09'', 0)']),
    (18, ARRAY['UPDATE orders SET refunded = refunded']),
    (12, ARRAY['CREATE TABLE apart (LIKE orders INCLUDING ALL)', 'SELECT note_changes_of(''apart'')', 'INSERT INTO apart SELECT * FROM loaded']),
    (13, ARRAY['CREATE TABLE apart (LIKE orders INCLUDING GENERATED INCLUDING DEFAULTS) PARTITION BY RANGE (ordered_at)',
               'CREATE TABLE early PARTITION OF apart FOR VALUES FROM (MINVALUE) TO (''2024-06-01'')',
               'CREATE TABLE late PARTITION OF apart FOR VALUES FROM (''2024-06-01'') TO (MAXVALUE)',
               'SELECT note_changes_of(''apart'')', 'INSERT INTO apart SELECT * FROM loaded',
               'SELECT FROM take_customer_changes(''books'')',
               'UPDATE apart SET ordered_at = ''2024-12-01 12:00+09''',              -- to another partition
               'DO $x$ BEGIN IF NOT customer_changes_are_noted(''{apart}'') THEN RAISE EXCEPTION ''not noted''; END IF; END $x$']),
    (14, ARRAY['TRUNCATE orders CASCADE']),
    (15, ARRAY['TRUNCATE order_items CASCADE']),
    (16, ARRAY['UPDATE customer_change_readers SET read_at = now() - interval ''29 days''', 'DELETE FROM orders WHERE customer_id = ''ben''']),
    (17, ARRAY['SELECT FROM take_customer_changes(''gone'')', 'UPDATE orders SET tax = 1 WHERE customer_id = ''ben''',
               'UPDATE customer_change_readers SET read_at = now() - interval ''31 days'' WHERE reader = ''books''',
               'SELECT FROM take_customer_changes(''gone'')'])
  ) s (place, statements)
 ORDER BY s.place;
BEGIN;
\copy orders (customer_id, order_id, ordered_at, amount) FROM STDIN
cho	7	2024-01-10 12:00+09	100
cho	8	2024-01-10 12:00+09	100
dan	7	2024-01-10 12:00+09	100
\.
SELECT count(*) AS rows, count(DISTINCT customer_id) AS customers FROM customer_changes;
SELECT array_agg(c ORDER BY c) FROM take_customer_changes('books') c;
ROLLBACK;
-- What is taken back has not been.
SELECT count(*) FROM customer_changes;

-- A few at a time, those that changed first before others; each reader all of them.
SELECT FROM take_customer_changes('post');
DO $$
BEGIN
    FOR i IN 1..3 LOOP
        INSERT INTO orders (customer_id, order_id, ordered_at, amount)
        SELECT c, 'a' || i, '2024-01-10 12:00+09', 1 FROM unnest('{dan,cho,ben,ann}'::text[]) WITH ORDINALITY u (c, n) ORDER BY n;
    END LOOP;
    UPDATE orders SET tax = 1 WHERE customer_id = 'ben';
END
$$;
SELECT count(*) FROM take_customer_changes('post', 3);
SELECT count(*) AS left_to_read, count(*) FILTER (WHERE reader = 'books') AS of_another FROM unread_changes;
SELECT count(*) FROM take_customer_changes('post', 3);
SELECT count(*) FROM take_customer_changes('post', 3);
SELECT array_agg(c ORDER BY c) FROM take_customer_changes('books') c;
SELECT (SELECT count(*) FROM customer_changes) AS rows, (SELECT count(*) FROM unread_changes) AS unread;

-- A reader that is gone keeps nothing: neither what it had not read, nor what is new.
BEGIN;
UPDATE orders SET tax = 0;
SELECT FROM take_customer_changes('post');
UPDATE customer_change_readers SET read_at = now() - interval '31 days' WHERE reader = 'books';
UPDATE orders SET tax = 1;
SELECT count(*) FROM take_customer_changes('post');
SELECT (SELECT count(*) FROM customer_changes) AS rows, (SELECT count(*) FROM unread_changes) AS unread,
       (SELECT array_agg(reader) FROM customer_change_readers WHERE read_at IS NULL) AS gone;
-- It begins anew when it comes back, one way
SELECT begin_customer_changes('books') AS everyone, begin_customer_changes('books') AS known;
SELECT count(*) FROM take_customer_changes('books');
ROLLBACK;

-- What notes nothing says so.
BEGIN;
ALTER TABLE orders DISABLE TRIGGER note_changed_customers;
SELECT customer_changes_are_noted('{orders}') AS switched_off, customer_changes_are_noted('{returns}') AS others;
ROLLBACK;
BEGIN;
SET LOCAL allow_system_table_mods = on;
INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate) VALUES (1, 'orders'::regclass, 'r');
SELECT customer_changes_are_noted('{orders}') AS subscribed;
ROLLBACK;
CREATE VIEW seen AS SELECT * FROM orders;
SELECT customer_changes_are_noted('{seen}') AS a_view;

-- What cannot be asked.
SELECT pg_temp.outcome('SELECT FROM take_customer_changes(NULL)');
SELECT pg_temp.outcome('SELECT FROM take_customer_changes(''books'', 0)');
SELECT pg_temp.outcome('SELECT FROM take_customer_changes('''')');

-- Whoever writes orders notes, and admins read.
CREATE ROLE regress_changes_report;
CREATE ROLE regress_changes_service;
CREATE ROLE regress_changes_admin;
SELECT FROM unnest('{report,service,admin}'::text[]) l, loyalcs.grant_shop('shop', ('regress_changes_' || l)::regrole, l);
CREATE FUNCTION pg_temp.of(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    result := pg_temp.outcome(statement);
    RESET ROLE;
    RETURN result;
END
$$;
-- Three of them have something to look at, one has been away.
SELECT count(*) FROM (VALUES ('books'), ('followups'), ('away')) r (reader) CROSS JOIN LATERAL take_customer_changes(r.reader) c;
UPDATE orders SET amount = amount + 1;
SELECT share_customer_changes(NULL, true);
UPDATE customer_change_readers SET read_at = NULL WHERE reader = 'away';
SELECT l.level, s.place, pg_temp.of('regress_changes_' || l.level, s.statement)
  FROM (VALUES (1, 'report'), (2, 'service'), (3, 'admin')) l (rank, level),
       (VALUES (1, 'INSERT INTO shop.orders (customer_id, order_id, ordered_at, amount) VALUES (''ann'', ''9'', now(), 1)'),
               (2, 'SELECT shop.customer_has_changed(''ann'', ''books'')'),
               (3, 'SELECT shop.take_customer_changes(''books'')'),
               (4, 'SELECT shop.take_customer_changes(''new'', 1)'),
               (5, 'UPDATE shop.customer_changes SET customer_id = ''ben'''),
               (6, 'SELECT shop.take_customer_changes(''followups'')'),
               (7, 'DELETE FROM shop.unread_changes WHERE reader = ''books'''),
               (8, 'DELETE FROM shop.unread_changes WHERE reader = ''followups'''),
               (9, 'INSERT INTO shop.customer_change_readers VALUES (''early'', now())'),
               (10, 'UPDATE shop.customer_change_readers SET read_at = now() WHERE reader = ''away'''),
               (11, 'UPDATE shop.customer_change_readers SET reader = ''x'' WHERE reader = ''followups'''),
               (12, 'UPDATE shop.customer_change_readers SET read_at = NULL WHERE reader = ''books''')) s (place, statement)
 ORDER BY l.rank, s.place;
-- What a service deletes is shared out; it hides nothing from anybody.
SELECT FROM take_customer_changes('books');
SELECT FROM take_customer_changes('post');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ann', '10', '2026-01-01', 1), ('ben', '11', '2026-01-01', 1);
SET ROLE regress_changes_service;
DELETE FROM shop.customer_changes;
RESET ROLE;
SELECT r.reader, (SELECT array_agg(c ORDER BY c) FROM take_customer_changes(r.reader) c) AS told FROM (VALUES ('books'), ('post')) r (reader) ORDER BY 1;
DROP OWNED BY regress_changes_report, regress_changes_service, regress_changes_admin;
DROP ROLE regress_changes_report, regress_changes_service, regress_changes_admin;

-- Keys of every type.
SELECT k, loyalcs.create_shop('shop_changes_' || k, key_type => k::regtype) IS NOT NULL AS made FROM unnest('{bigint,uuid}'::text[]) k;
INSERT INTO shop_changes_bigint.customers (customer_id) VALUES (9);
SELECT shop_changes_bigint.take_customer_changes('books');
INSERT INTO shop_changes_uuid.customers (customer_id) VALUES ('00000000-0000-0000-0000-000000000001');
SELECT shop_changes_uuid.take_customer_changes('books');
INSERT INTO shop_changes_bigint.orders (customer_id, order_id, ordered_at, amount) VALUES (9, '1', '2026-01-01 00:00+09', 1);
INSERT INTO shop_changes_uuid.orders (customer_id, order_id, ordered_at, amount) VALUES ('00000000-0000-0000-0000-000000000001', '1', '2026-01-01 00:00+09', 1);
SELECT b.customer_id AS bigint, u.customer_id AS uuid FROM shop_changes_bigint.customer_changes b, shop_changes_uuid.customer_changes u;
