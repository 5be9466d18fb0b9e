-- Shops: made, made again, put on what is there, opened to roles, dropped.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set shared :srcdir '/test/shop_contents.sql'
\i :shared

-- All of this is for somebody who may create a schema, no more.
CREATE ROLE regress_shop_owner;
CREATE ROLE regress_shop_other;
CREATE ROLE "regress shop ""Reader""";
GRANT CREATE ON DATABASE :"DBNAME" TO regress_shop_owner, regress_shop_other;
SET ROLE regress_shop_owner;

--
-- What a shop cannot be
--

SELECT s.arguments, pg_temp.outcome(format('SELECT loyalcs.create_shop(%s)', s.arguments))
  FROM (VALUES  -- (and 21 of what takes three bytes: see shop_names.sql)
    ('NULL'),
    ('''shop'', NULL'),
    ('''shop'', currency => NULL'),
    ('''shop'', key_type => NULL'),
    (''''''),
    ('''public'''),
    ('''loyalcs'''),
    ('''$user'''),
    ('''information_schema'''),
    ('''pg_shop'''),
    ('''PG_shop'''),
    ('repeat(''a'', 64)'),
    ('repeat(''a'', 63)'),
    ('repeat(''店'', 22)'),
    ('''shop'', key_type => ''smallint'''),
    ('''shop'', key_type => ''varchar'''),
    ('''shop'', key_type => ''numeric'''),
    ('''shop'', key_type => ''text[]'''),
    ('''shop'', key_type => ''loyalcs.purchases'''),
    ('''shop'', ''Mars/Olympus_Mons'''),
    ('''shop'', currency => ''yen''')
  ) s (arguments);
-- None of these has left anything.
SELECT count(*) FROM loyalcs.shops;

--
-- A shop
--

-- The text tells what was made.
SELECT CASE WHEN made ~ '^shop: [1-9]\d* tables of its own, [1-9]\d* views, keys of type text$' THEN 'as it should' ELSE made END AS says
  FROM loyalcs.create_shop('shop') made;
SELECT name, version = (SELECT extversion FROM pg_extension WHERE extname = 'loyalcs') AS of_this_version,
       up_to_date, owner, size > 0 AS takes_room, size_pretty = pg_size_pretty(size) AS pretty
  FROM loyalcs.shops;
SELECT obj_description('shop'::regnamespace, 'pg_namespace');

-- Every function x_at has a view x; all is the caller's, none of it the extension's.
SELECT count(*) > 10 AS functions, count(*) FILTER (WHERE c.relkind = 'v') - count(*) AS without_view,
       count(*) FILTER (WHERE obj_description(c.oid) <> obj_description(p.oid)) AS with_another_comment
  FROM pg_proc p
  LEFT JOIN pg_class c ON c.relnamespace = p.pronamespace AND c.relname || '_at' = p.proname
 WHERE p.pronamespace = 'shop'::regnamespace AND p.proname LIKE '%\_at' AND p.pronargs = 1;
SELECT DISTINCT o.owner
  FROM (SELECT relowner FROM pg_class WHERE relnamespace = 'shop'::regnamespace
        UNION ALL SELECT proowner FROM pg_proc WHERE pronamespace = 'shop'::regnamespace
        UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname = 'shop') x (oid)
 CROSS JOIN LATERAL pg_get_userbyid(x.oid) o (owner);
SELECT count(*) AS of_the_extension
  FROM pg_depend
 WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
   AND objid IN (SELECT oid FROM pg_class WHERE relnamespace = 'shop'::regnamespace
                 UNION ALL SELECT oid FROM pg_proc WHERE pronamespace = 'shop'::regnamespace);

SELECT pg_temp.fill('shop');

SELECT views > 10 AS views, empty, different FROM pg_temp.views('shop');

--
-- Made again
--

-- What the customer has added stays, and no row is touched.
ALTER TABLE shop.customers ADD COLUMN shoe_size integer;
ALTER TABLE shop.orders ADD COLUMN order_number integer;
COMMENT ON COLUMN shop.orders.order_number IS 'running number of the year';
CREATE INDEX by_region ON shop.customers (region);
CREATE VIEW shop.westerners AS SELECT customer_id, shoe_size FROM shop.customers WHERE region = 'west';
COMMENT ON COLUMN shop.reviews.stars IS 'golden stars';
CREATE TABLE shop.gifts (customer_id text, gift text);
UPDATE shop.settings SET significance = 0.01;
CREATE TEMP TABLE before AS
SELECT c.relname, pg_temp.digest(format('SELECT xmin, ctid, t.* FROM shop.%I t', c.relname)) AS rows
  FROM pg_class c WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'r';
SELECT FROM loyalcs.create_shop('shop');
SELECT count(*) > 10 AS tables, count(*) FILTER (WHERE b.rows <> pg_temp.digest(
           format('SELECT xmin, ctid, t.* FROM shop.%I t', b.relname))) AS touched
  FROM before b;
SELECT to_regclass('shop.by_region') IS NOT NULL AS index, to_regclass('shop.westerners') IS NOT NULL AS view,
       (SELECT col_description(attrelid, attnum) FROM pg_attribute
         WHERE attrelid = 'shop.orders'::regclass AND attname = 'order_number') AS comment,
       (SELECT col_description(attrelid, attnum) FROM pg_attribute
         WHERE attrelid = 'shop.reviews'::regclass AND attname = 'stars') AS own_comment;

-- What was dropped or spoiled is right again, in the functions that triggers
-- call as well.
DROP VIEW shop.customer_value;
DROP FUNCTION shop.counted_orders_at CASCADE;
CREATE OR REPLACE FUNCTION shop.keep_refunded() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE OR REPLACE FUNCTION shop.years_as_customer(first_order_at timestamptz, as_of timestamptz)
RETURNS double precision LANGUAGE sql RETURN 7.0;
SELECT FROM loyalcs.create_shop('shop');
SELECT views > 10 AS views, empty, different FROM pg_temp.views('shop');
SELECT shop.years_as_customer('2024-01-01 00:00+00', '2024-01-01 00:00+00');
SELECT pg_temp.outcome('INSERT INTO shop.returns (customer_id, return_id, order_id, returned_at, refund)
                        VALUES (''8'', ''1'', ''1'', now(), 802)');
SELECT count(*) FILTER (WHERE b.rows <> pg_temp.digest(
           format('SELECT xmin, ctid, t.* FROM shop.%I t', b.relname))) AS touched
  FROM before b WHERE b.relname <> 'shop_migrations';

-- A table that is missing is made, with its references and triggers.
DROP TABLE shop.survey_answers CASCADE;
DROP TABLE shop.reviews CASCADE;
DROP TABLE shop.rfm_cuts CASCADE;
SELECT FROM loyalcs.create_shop('shop');
SELECT conrelid::regclass AS "table", conname
  FROM pg_constraint WHERE contype = 'f' AND conrelid IN ('shop.survey_answers'::regclass, 'shop.reviews'::regclass)
 ORDER BY conname;
SELECT pg_temp.outcome('INSERT INTO shop.survey_answers VALUES (''1'', ''r'', ''s'', ''nps'', 11)');
INSERT INTO shop.survey_answers VALUES ('1', 'r', 's', 'nps', 10);
SELECT pg_temp.outcome('UPDATE shop.survey_questions SET kind = ''text'', scale_low = NULL, scale_high = NULL
                         WHERE question = ''nps''');
SELECT shop.refresh_rfm_cuts();

-- Temporary tables of the session are not in the way.
CREATE TEMP TABLE orders (x integer);
CREATE TEMP VIEW customers AS SELECT 1 AS x;
SELECT FROM loyalcs.create_shop('shop');
SELECT * FROM pg_temp.orders;
SELECT * FROM pg_temp.customers;
DROP TABLE pg_temp.orders;
DROP VIEW pg_temp.customers;

-- The default says nothing; anything else has to be as it is.
SELECT s.arguments, pg_temp.outcome(format('SELECT loyalcs.create_shop(''shop'', %s)', s.arguments))
  FROM (VALUES
    ('''Asia/Tokyo'', ''JPY'', ''text'''),
    ('''Europe/Berlin'''),
    ('currency => ''EUR'''),
    ('key_type => ''bigint''')
  ) s (arguments);
ALTER TABLE shop.settings DISABLE TRIGGER check_currency;
UPDATE shop.settings SET time_zone = 'Europe/Berlin', currency = 'EUR';
ALTER TABLE shop.settings ENABLE TRIGGER check_currency;
SELECT s.arguments, pg_temp.outcome(format('SELECT loyalcs.create_shop(''shop'', %s)', s.arguments))
  FROM (VALUES
    ('''Europe/Berlin'', ''EUR'''),
    ('''Asia/Tokyo'', ''JPY'''),
    ('''Europe/Paris''')
  ) s (arguments);

-- A table that lost a column no longer serves.
BEGIN;
ALTER TABLE shop.orders DROP COLUMN shipping CASCADE;
ALTER TABLE shop.customers ALTER COLUMN email TYPE varchar(80);
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''shop'')');
ALTER TABLE shop.customers ALTER COLUMN email TYPE text;
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''shop'')');
ROLLBACK;

-- Settings are not guessed.
BEGIN;
ALTER TABLE shop.settings DISABLE TRIGGER check_currency;   -- there are orders
DELETE FROM shop.settings;
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''shop'')');
ROLLBACK;

-- A shop made by another version says so until it is made again, and so does one
-- of which a part is missing. No comment is needed.
UPDATE shop.shop_migrations SET version = '0.0.7', digest = '0.0.7' WHERE part = 'shop';
SELECT name, version, up_to_date FROM loyalcs.shops;
SELECT FROM loyalcs.create_shop('shop');
SELECT name, up_to_date FROM loyalcs.shops;
COMMENT ON TABLE shop.settings IS NULL;
COMMENT ON TABLE shop.shop_migrations IS 'mine';
DROP VIEW shop.rfm;
SELECT name, up_to_date FROM loyalcs.shops;
SELECT FROM loyalcs.create_shop('shop');
SELECT name, up_to_date FROM loyalcs.shops;
DROP SCHEMA shop CASCADE;

--
-- In the way
--

-- (In a new session: each object that is made is looked for among all plans that the
-- figures above have left.)
\c -
\set shared :srcdir '/test/shop.sql'
\i :shared
\set shared :srcdir '/test/shop_contents.sql'
\i :shared
SET ROLE regress_shop_owner;

CREATE SCHEMA shop;
SELECT s.statement, pg_temp.outcome(format('CREATE %s; SELECT loyalcs.create_shop(''shop'')', s.statement))
  FROM (VALUES
    ('TABLE shop.settings (a integer)'),
    ('VIEW shop.settings AS SELECT 1 AS a'),
    ('SEQUENCE shop.orders'),
    ('TYPE shop.reviews AS (a integer)'),
    ('TABLE shop.t (a integer PRIMARY KEY); ALTER INDEX shop.t_pkey RENAME TO returns'),
    ('TABLE shop.gifts (a integer)')
  ) s (statement);
SELECT s.statement, left(pg_temp.outcome(format('CREATE %s; SELECT loyalcs.create_shop(''shop'')', s.statement)), 5)
  FROM (VALUES
    ('TYPE shop.customers AS ENUM (''a'')'),
    ('TABLE shop.rfm (a integer)'),
    ('VIEW shop.rfm AS SELECT 1 AS a')
  ) s (statement);
SELECT count(*) FROM pg_class WHERE relnamespace = 'shop'::regnamespace;
DROP SCHEMA shop;

--
-- On the brand's own tables
--

CREATE SCHEMA brand;
CREATE TABLE brand.accounts (id bigint PRIMARY KEY, since timestamptz NOT NULL, born smallint, sex varchar(10), address text);
CREATE TABLE brand.sales (no bigint PRIMARY KEY, account bigint NOT NULL, at timestamptz NOT NULL, yen integer NOT NULL,
                          void timestamptz);
INSERT INTO brand.accounts VALUES (1, '2024-01-01 00:00+09', 1980, 'f', 'Tokyo'), (2, '2024-01-01 00:00+09', 1990, 'm', 'Osaka');
INSERT INTO brand.sales VALUES
    (1, 1, '2024-01-10 12:00+09', 1000, NULL),
    (2, 1, '2024-02-10 12:00+09', 2000, NULL),
    (3, 2, '2024-02-10 12:00+09', 500, '2024-02-11 12:00+09');
CREATE SCHEMA shop;

-- All that is missing or of another type is named, and how to write it.
CREATE VIEW shop.customers AS SELECT id AS customer_id, since AS joined_at, sex AS gender FROM brand.accounts;
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''shop'')');
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''shop'', key_type => ''bigint'')');
-- Personal data need not be shown at all.
CREATE OR REPLACE VIEW shop.customers AS
    SELECT id AS customer_id, since AS joined_at, sex AS gender,
           born::integer AS birth_year, NULL::text AS region, address FROM brand.accounts;
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''shop'', key_type => ''bigint'')');
DROP VIEW shop.customers;
CREATE VIEW shop.customers AS
    SELECT id AS customer_id, since AS joined_at, sex::text AS gender,
           born::integer AS birth_year, NULL::text AS region, address FROM brand.accounts;
CREATE VIEW shop.orders AS
    SELECT account AS customer_id, no::text AS order_id, at AS ordered_at, yen AS amount FROM brand.sales;
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''shop'', key_type => ''bigint'')');
DROP VIEW shop.orders;
CREATE VIEW shop.orders AS
    SELECT account AS customer_id, no::text AS order_id, at AS ordered_at, yen::numeric AS amount,
           0.0 AS tax, 0.0 AS shipping, 'web'::text AS sales_channel,
           NULL::timestamptz AS shipped_at, NULL::timestamptz AS delivered_at, void AS cancelled_at, 'paid' AS payment_state
      FROM brand.sales;
SELECT substring(loyalcs.create_shop('shop', key_type => 'bigint') FROM 'keys .*');

-- What serves is not its own; nothing refers to it.
SELECT part, own FROM shop.shop_migrations
 WHERE part IN ('table customers', 'table orders', 'table returns') ORDER BY part;
SELECT count(*) AS references_to_customers FROM pg_constraint
 WHERE contype = 'f' AND connamespace = 'shop'::regnamespace AND conname ~ 'customer_id_fkey|order_id_fkey'
   AND conrelid <> 'shop.return_items'::regclass;   -- (which refers to returns)
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'shop.returns'::regclass AND tgfoid = 'shop.keep_refunded'::regproc;

-- The figures are those of the brand's own tables: 1000 and 2000 of the first
-- account; the second's only order was void a day later.
SELECT customer_id, orders, total_spent FROM shop.customer_purchases_at('2024-06-01 00:00+09');
SELECT customer_id, orders, total_spent FROM shop.customer_purchases_at('2024-02-11 11:59+09') ORDER BY 1;
SELECT part, customer_id FROM shop.numbered_orders_by('age_band', '2024-06-01 00:00+09');
INSERT INTO brand.sales VALUES (4, 2, '2024-03-10 12:00+09', 700, NULL);
SELECT customer_id, segment, total_spent FROM shop.rfm_at('2024-06-01 00:00+09') ORDER BY 1;

-- Made again it needs no key type, and refuses another one.
SELECT substring(loyalcs.create_shop('shop') FROM 'keys .*');
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''shop'', key_type => ''uuid'')');

-- What it did not make it does not delete, not even when it is told to.
SELECT pg_temp.outcome('SELECT loyalcs.drop_shop(''shop'')');
SELECT pg_temp.outcome('SELECT loyalcs.drop_shop(''shop'', ''shop'')');
-- Without them the shop makes tables of its own, and can be dropped.
DROP VIEW shop.customers, shop.orders CASCADE;
SELECT substring(loyalcs.create_shop('shop') FROM 'keys .*');
SELECT part, own FROM shop.shop_migrations WHERE part IN ('table customers', 'table orders') ORDER BY part;
-- And the other way round: a table that is replaced is no longer its own.
DROP TABLE shop.reviews CASCADE;
CREATE VIEW shop.reviews AS
    SELECT 1::bigint AS customer_id, ''::text AS review_id, ''::text AS product_id, ''::text AS order_id,
           now() AS reviewed_at, 5::smallint AS stars;
SELECT substring(loyalcs.create_shop('shop') FROM 'keys .*');
SELECT pg_temp.outcome('SELECT loyalcs.drop_shop(''shop'', ''shop'')');
-- (A table that is missing, as in a shop that was made by an older version, is
-- no reason.)
DROP VIEW shop.reviews CASCADE;
SELECT loyalcs.drop_shop('shop', 'shop');
SELECT count(*) FROM brand.accounts;

-- A plain table, a partitioned one and a materialized view serve as well.
CREATE SCHEMA shop;
CREATE TABLE shop.customers (customer_id text, joined_at timestamptz, birth_year integer, gender text, region text, more point);
CREATE TABLE shop.orders (customer_id text, order_id text, ordered_at timestamptz, amount numeric, tax numeric, shipping numeric,
    sales_channel text, shipped_at timestamptz, delivered_at timestamptz, cancelled_at timestamptz, payment_state text)
    PARTITION BY RANGE (ordered_at);
CREATE TABLE shop.orders_2024 PARTITION OF shop.orders FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00');
CREATE MATERIALIZED VIEW shop.reviews AS
    SELECT ''::text AS customer_id, ''::text AS review_id, ''::text AS product_id, ''::text AS order_id,
           now() AS reviewed_at, 5::smallint AS stars;
SELECT FROM loyalcs.create_shop('shop');
INSERT INTO shop.orders VALUES ('a', '1', '2024-05-01 00:00+00', 77, 0, 0);
SELECT customer_id, total_spent FROM shop.customer_purchases;
-- A partitioned one stays the brand's; but it can tell the shop what changes, in each of its partitions.
SELECT pg_temp.outcome('SELECT loyalcs.adopt_table(''shop'', ''orders'')');
CREATE TABLE shop.orders_2025 PARTITION OF shop.orders FOR VALUES FROM ('2025-01-01 00:00+00') TO ('2026-01-01 00:00+00');
INSERT INTO shop.orders VALUES ('b', '1', '2025-05-01 00:00+00', 77, 0, 0);
SELECT shop.customer_changes_are_noted('{orders}') AS noted, (SELECT count(*) FROM shop.customer_changes) AS changes;
SELECT shop.note_changes_of('shop.orders');
SELECT FROM shop.take_customer_changes('reader');
INSERT INTO shop.orders VALUES ('b', '2', '2025-05-02 00:00+00', 77, 0, 0);
UPDATE shop.orders SET amount = 78 WHERE customer_id = 'a';
UPDATE shop.orders SET ordered_at = '2024-05-02 00:00+00' WHERE order_id = '2';
SELECT shop.customer_changes_are_noted('{orders}') AS noted, (SELECT array_agg(c ORDER BY c) FROM shop.take_customer_changes('reader') c) AS changed;
DELETE FROM shop.orders WHERE customer_id = 'a';
SELECT array_agg(c ORDER BY c) FROM shop.take_customer_changes('reader') c;
SELECT pg_temp.outcome('SELECT loyalcs.drop_shop(''shop'', ''shop'')');
DROP SCHEMA shop, brand CASCADE;

--
-- Whose it is
--

SELECT FROM loyalcs.create_shop('shop');
SELECT pg_temp.fill('shop');
RESET ROLE;
SET ROLE regress_shop_other;
SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('SELECT loyalcs.create_shop(''shop'')'),
    ('SELECT loyalcs.drop_shop(''shop'', ''shop'')'),
    ('SELECT loyalcs.grant_shop(''shop'', ''regress_shop_other'', ''admin'')'),
    ('SELECT * FROM shop.customers'),
    ('SELECT * FROM shop.rfm')
  ) s (statement);
-- Everybody sees the shops that they may use, and may have one.
SELECT name, owner FROM loyalcs.shops;
SELECT FROM loyalcs.create_shop('another shop');
SELECT name, owner FROM loyalcs.shops ORDER BY name;
SELECT loyalcs.drop_shop('another shop', 'another shop');
RESET ROLE;
-- Not even the owner of everything.
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''shop'')');
SELECT pg_temp.outcome('SELECT loyalcs.drop_shop(''shop'', ''shop'')');
-- A schema of somebody else's is no place for a shop, whoever may create there.
CREATE SCHEMA theirs AUTHORIZATION regress_shop_other;
GRANT ALL ON SCHEMA theirs TO regress_shop_owner;
SET ROLE regress_shop_owner;
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''theirs'')');
RESET ROLE;
DROP SCHEMA theirs;
REVOKE CREATE ON DATABASE :"DBNAME" FROM regress_shop_other;
SET ROLE regress_shop_other;
SELECT left(pg_temp.outcome('SELECT loyalcs.create_shop(''another shop'')'), 5) AS needs_the_right;
RESET ROLE;
SET ROLE regress_shop_owner;
-- Whoever made a shop needs no right to make another to bring it up to date.
RESET ROLE;
REVOKE CREATE ON DATABASE :"DBNAME" FROM regress_shop_owner;
SET ROLE regress_shop_owner;
SELECT FROM loyalcs.create_shop('shop');

--
-- Who may do what
--

SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('SELECT loyalcs.grant_shop(''none'', ''regress_shop_other'', ''report'')'),
    ('SELECT loyalcs.grant_shop(NULL, ''regress_shop_other'', ''report'')'),
    ('SELECT loyalcs.grant_shop(''shop'', NULL, ''report'')'),
    ('SELECT loyalcs.grant_shop(''shop'', ''regress_shop_other'', ''all'')'),
    ('SELECT loyalcs.grant_shop(''shop'', ''regress_shop_other'', ''Report'')'),
    ('SELECT loyalcs.grant_shop(''shop'', ''regress_shop_other'', NULL)'),
    ('SELECT loyalcs.drop_shop(''none'', ''none'')'),
    ('SELECT loyalcs.drop_shop(NULL, NULL)'),
    ('SELECT loyalcs.drop_shop(''Shop'', ''Shop'')')
  ) s (statement);
SELECT left(pg_temp.outcome('SELECT loyalcs.grant_shop(''shop'', ''regress_shop_nobody'', ''report'')'), 5) AS unknown_role;

-- What the brand adds for itself is not a reader's either.
ALTER TABLE shop.customers ADD COLUMN nickname text;
ALTER TABLE shop.orders ADD COLUMN gift_message text;
CREATE TABLE shop.secrets (customer_id text);
CREATE VIEW shop.gossip AS SELECT * FROM shop.secrets;
-- What the reader can do, by the catalog.
CREATE VIEW pg_temp.rights AS
WITH reader AS (
    SELECT oid FROM pg_roles WHERE rolname = 'regress shop "Reader"'
), relations AS (
    SELECT c.oid, c.relname::text AS name, c.relkind,
           EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'customer_id') AS of_customers,
           has_any_column_privilege(r.oid, c.oid, 'INSERT') AS inserts,
           has_any_column_privilege(r.oid, c.oid, 'UPDATE') AS updates,
           has_table_privilege(r.oid, c.oid, 'DELETE') AS deletes,
           has_table_privilege(r.oid, c.oid, 'TRUNCATE, REFERENCES, TRIGGER') AS more
      FROM pg_class c CROSS JOIN reader r
     WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind IN ('r', 'v')
)
SELECT has_schema_privilege(r.oid, 'shop', 'USAGE') AS usage, has_schema_privilege(r.oid, 'shop', 'CREATE') AS creation,
       coalesce((SELECT string_agg(x.name || '.' || a.attname, ' ' ORDER BY x.name, a.attnum)
          FROM relations x JOIN pg_attribute a ON a.attrelid = x.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE NOT has_column_privilege(r.oid, x.oid, a.attnum, 'SELECT')
           AND EXISTS (SELECT FROM pg_attribute b WHERE b.attrelid = x.oid AND has_column_privilege(r.oid, x.oid, b.attnum, 'SELECT'))), '') AS hidden_columns,
       coalesce((SELECT string_agg(x.name, ' ' ORDER BY x.name) FROM relations x
         WHERE NOT has_any_column_privilege(r.oid, x.oid, 'SELECT')), '') AS hidden,
       coalesce((SELECT string_agg(x.name, ' ' ORDER BY x.name) FROM relations x
         WHERE x.relkind = 'r' AND x.of_customers AND NOT (x.inserts AND x.updates)), '') AS not_written_of_customers,
       coalesce((SELECT string_agg(x.name, ' ' ORDER BY x.name) FROM relations x
         WHERE NOT x.of_customers AND (x.inserts OR x.updates)), '') AS written_of_the_shop,
       (SELECT count(*) FROM relations x WHERE x.deletes) AS deletes,
       (SELECT count(*) FROM relations x WHERE x.relkind = 'v' AND (x.inserts OR x.updates OR x.deletes) OR x.more) AS too_much
  FROM reader r;

-- To begin with, and with none, nothing.
SELECT usage, creation, hidden_columns, (SELECT count(*) FROM pg_class WHERE relnamespace = 'shop'::regnamespace
           AND relkind IN ('r', 'v')) - cardinality(string_to_array(hidden, ' ')) AS shown, deletes, too_much
  FROM pg_temp.rights;

-- report reads all but personal data and what is not the shop's, and writes nothing.
SELECT loyalcs.grant_shop('shop', '"regress shop ""Reader"""', 'report');
\x
SELECT usage, creation, hidden_columns, hidden, written_of_the_shop, deletes, too_much FROM pg_temp.rights;
-- service reads that too and writes what is about customers; it deletes nothing but what it has looked at of changes, and follow-ups that it wrote early.
SELECT loyalcs.grant_shop('shop', '"regress shop ""Reader"""', 'service');
SELECT * FROM pg_temp.rights;
-- admin writes and deletes in all tables but the shop's memory of itself; nine are only added to, and settings, turns, who was merged, who was forgotten and what was imported stay.
SELECT loyalcs.grant_shop('shop', '"regress shop ""Reader"""', 'admin');
SELECT usage, creation, hidden_columns, hidden, not_written_of_customers,
       deletes = (SELECT count(*) - 4 - 9 - 6 FROM shop.shop_migrations WHERE part LIKE 'table %' AND own) AS deletes_in_all, too_much
  FROM pg_temp.rights;
-- A later grant takes away what an earlier one gave, and so does a word of the owner's.
GRANT SELECT, DELETE ON shop.secrets TO "regress shop ""Reader""";
GRANT SELECT (email), UPDATE (email) ON shop.customers TO "regress shop ""Reader""";
SELECT loyalcs.grant_shop('shop', '"regress shop ""Reader"""', 'report');
SELECT usage, creation, hidden_columns, hidden, written_of_the_shop, deletes, too_much FROM pg_temp.rights;
\x
SELECT loyalcs.grant_shop('shop', '"regress shop ""Reader"""', 'none');
SELECT usage, creation, hidden_columns, (SELECT count(*) FROM pg_class WHERE relnamespace = 'shop'::regnamespace
           AND relkind IN ('r', 'v')) - cardinality(string_to_array(hidden, ' ')) AS shown, deletes, too_much
  FROM pg_temp.rights;

-- In deed. A reader of reports gets the figures that the owner gets. (What is of free text is told by shop_levels.)
SELECT loyalcs.grant_shop('shop', '"regress shop ""Reader"""', 'report');
-- (Of a figure by breakdowns one plan serves all: to make it takes longer than to run it.)
CREATE FUNCTION pg_temp.digests_by(function text) RETURNS TABLE (breakdown text, rows text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT b, count(t) || '' '' || md5(coalesce(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C"), ''''))
                                   FROM unnest(''{everyone,age_band,gender,region,sales_channel,first_category,rfm_segment}''::text[]) b
                                   LEFT JOIN LATERAL shop.%I(b, now()) t ON true
                                  GROUP BY b', function);
END
$$;
BEGIN;
CREATE TEMP TABLE figures AS
SELECT f.query, pg_temp.digest(f.query) AS rows
  FROM (SELECT 'SELECT * FROM shop.' || quote_ident(left(p.proname, -3)) AS query
          FROM pg_proc p
         WHERE p.pronamespace = 'shop'::regnamespace AND p.proname LIKE '%\_at' AND p.pronargs = 1
           AND has_table_privilege('regress shop "Reader"', 'shop.' || quote_ident(left(p.proname, -3)), 'SELECT')
        UNION ALL
        SELECT 'SELECT * FROM shop.customer_rfm(''5'')') f;
CREATE TEMP TABLE figures_by AS
SELECT p.proname::text AS function, d.* FROM pg_proc p, pg_temp.digests_by(p.proname) d WHERE p.pronamespace = 'shop'::regnamespace AND p.proname LIKE '%\_by';
GRANT SELECT ON figures, figures_by TO PUBLIC;
RESET ROLE;
SET LOCAL ROLE "regress shop ""Reader""";
SELECT count(*) > 40 AS figures, count(*) FILTER (WHERE rows LIKE '0 %') AS empty,
       count(*) FILTER (WHERE rows <> pg_temp.digest(query)) AS different
  FROM figures;
WITH d AS MATERIALIZED (SELECT n.function, d.* FROM (SELECT DISTINCT function FROM figures_by) n CROSS JOIN LATERAL pg_temp.digests_by(n.function) d)
SELECT count(*) > 50 AS figures, count(*) FILTER (WHERE f.rows LIKE '0 %') AS empty, count(*) FILTER (WHERE d.rows <> f.rows) AS different
  FROM figures_by f JOIN d USING (function, breakdown);
COMMIT;
SET ROLE "regress shop ""Reader""";
SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('SELECT customer_id, joined_at, birth_year, gender, region FROM shop.customers'),
    ('SELECT name FROM shop.customers'),
    ('SELECT email FROM shop.customers'),
    ('SELECT phone FROM shop.customers'),
    ('SELECT birthday FROM shop.customers'),
    ('SELECT attributes FROM shop.customers'),
    ('SELECT * FROM shop.customers'),
    ('SELECT count(*) FROM shop.customers c WHERE c.email LIKE ''a%'''),
    ('SELECT score, choice FROM shop.survey_answers'),
    ('SELECT answer FROM shop.survey_answers'),
    ('SELECT stars FROM shop.reviews'),
    ('SELECT title FROM shop.reviews'),
    ('SELECT body FROM shop.reviews'),
    ('SELECT * FROM shop.secrets'),
    ('SELECT * FROM shop.gossip'),
    ('INSERT INTO shop.customers (customer_id) VALUES (''x'')'),
    ('UPDATE shop.orders SET amount = amount'),
    ('DELETE FROM shop.returns'),
    ('UPDATE shop.settings SET significance = 0.5'),
    ('SELECT shop.refresh_rfm_cuts()'),
    ('CREATE TABLE shop.mine (a integer)')
  ) s (statement);
RESET ROLE;
SET ROLE regress_shop_owner;
SELECT loyalcs.grant_shop('shop', '"regress shop ""Reader"""', 'service');
RESET ROLE;
SET ROLE "regress shop ""Reader""";
SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('SELECT name, email, phone, birthday, attributes FROM shop.customers'),
    ('SELECT answer FROM shop.survey_answers'),
    ('INSERT INTO shop.customers (customer_id) VALUES (''x'')'),
    ('INSERT INTO shop.returns (customer_id, return_id, order_id, returned_at, refund) VALUES (''8'', ''9'', ''8'', now(), 100)'),
    ('INSERT INTO shop.survey_answers (customer_id, response_id, survey, question, answer) VALUES (''2'', ''r'', ''s'', ''text'', ''B'')'),
    ('UPDATE shop.orders SET cancelled_at = now()'),
    ('DELETE FROM shop.returns'),
    ('UPDATE shop.settings SET significance = 0.5'),
    ('INSERT INTO shop.surveys VALUES (''t'', ''T'')'),
    ('UPDATE shop.survey_questions SET wording = ''?'''),
    ('SELECT shop.refresh_rfm_cuts()'),
    ('TRUNCATE shop.returns'),
    ('CREATE TABLE shop.mine (a integer)')
  ) s (statement);
RESET ROLE;
SET ROLE regress_shop_owner;
SELECT loyalcs.grant_shop('shop', '"regress shop ""Reader"""', 'admin');
RESET ROLE;
SET ROLE "regress shop ""Reader""";
SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('DELETE FROM shop.returns'),
    ('UPDATE shop.settings SET significance = 0.5'),
    ('DELETE FROM shop.settings'),
    ('INSERT INTO shop.settings (time_zone, currency) VALUES (''Asia/Tokyo'', ''USD'') ON CONFLICT DO NOTHING'),
    ('INSERT INTO shop.surveys VALUES (''t'', ''T'')'),
    ('UPDATE shop.survey_questions SET wording = ''?'''),
    ('SELECT shop.refresh_rfm_cuts()'),
    ('SELECT * FROM shop.secrets'),
    ('TRUNCATE shop.returns'),
    ('CREATE TABLE shop.mine (a integer)'),
    ('SELECT loyalcs.create_shop(''shop'')'),
    ('SELECT loyalcs.drop_shop(''shop'', ''shop'')')
  ) s (statement);
RESET ROLE;
SET ROLE regress_shop_owner;
-- What was granted stays when the shop is made again.
SELECT FROM loyalcs.create_shop('shop');
SELECT hidden, deletes > 5 AS deletes FROM pg_temp.rights;

--
-- Dropped
--

SELECT loyalcs.drop_shop('shop');
SELECT pg_temp.outcome('SELECT loyalcs.drop_shop(''shop'', ''Shop'')');
SELECT pg_temp.outcome('SELECT loyalcs.drop_shop(''shop'', NULL)');
SELECT count(*) > 0 AS still_there FROM shop.customers;
-- Not with what hangs on it elsewhere: each kind of that is named.
RESET ROLE;
CREATE SCHEMA elsewhere AUTHORIZATION regress_shop_owner;
SET ROLE regress_shop_owner;
SET search_path = elsewhere;
CREATE VIEW a_view AS SELECT * FROM shop.rfm;
CREATE VIEW on_the_view AS SELECT segment FROM a_view;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM shop.customers;
CREATE FUNCTION parsed() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM shop.orders; END;
CREATE FUNCTION of_rows(shop.orders) RETURNS int LANGUAGE sql RETURN 1;
CREATE TABLE refers (customer_id text REFERENCES shop.customers, a text CHECK (shop.owns_table(0::oid) IS NULL),
                     b boolean DEFAULT shop.owns_table(0::oid), c shop.orders);
CREATE TRIGGER stays BEFORE TRUNCATE ON refers EXECUTE FUNCTION shop.refuse_truncate();
CREATE RULE counts AS ON INSERT TO refers DO ALSO SELECT FROM shop.reviews;
CREATE POLICY of_it ON refers USING (EXISTS (SELECT FROM shop.customers));
CREATE TABLE inherits () INHERITS (shop.orders);
CREATE DOMAIN owned AS oid CHECK (shop.owns_table(VALUE));
CREATE TABLE nothing_of_it (a int);
RESET search_path;
SELECT pg_temp.outcome('SELECT loyalcs.drop_shop(''shop'', ''shop'')');
DROP SCHEMA elsewhere CASCADE;
-- With all that is in it, and with what is temporary.
CREATE TEMP VIEW hanging AS SELECT * FROM shop.rfm;
SELECT loyalcs.drop_shop('shop', 'shop');
SELECT to_regnamespace('shop') IS NULL AS gone, to_regclass('pg_temp.hanging') IS NULL AS hanging_gone;
SELECT count(*) FROM loyalcs.shops;

RESET ROLE;
DROP OWNED BY regress_shop_owner, regress_shop_other, "regress shop ""Reader""";
DROP ROLE regress_shop_owner, regress_shop_other, "regress shop ""Reader""";
