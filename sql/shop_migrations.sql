-- What a shop remembers of itself.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SELECT FROM loyalcs.create_shop('shop_migrations');
SET search_path = shop_migrations;

-- Who may do what in it.
CREATE ROLE regress_migrations_a;
CREATE ROLE "regress ""Migrations""";
SELECT FROM loyalcs.grant_shop('shop_migrations', 'regress_migrations_a', 'report');
SELECT FROM loyalcs.grant_shop('shop_migrations', '"regress ""Migrations"""', 'service');
SELECT role, level FROM shop_grants ORDER BY role;
SELECT FROM loyalcs.grant_shop('shop_migrations', 'regress_migrations_a', 'admin');
SELECT FROM loyalcs.grant_shop('shop_migrations', '"regress ""Migrations"""', 'none');
SELECT role, level FROM shop_grants ORDER BY role;

-- No level may write here.
SELECT t.name, has_table_privilege('regress_migrations_a', t.name, 'INSERT, UPDATE, DELETE, TRUNCATE') AS writes
  FROM (VALUES ('shop_migrations'), ('shop_grants')) t (name);

SELECT pg_temp.outcome('INSERT INTO shop_grants (role, level) VALUES (''x'', ''none'')');

-- A role that has lost its level is named, and gets it again; the owner needs none.
SELECT FROM loyalcs.grant_shop('shop_migrations', '"regress ""Migrations"""', 'service');
SELECT FROM loyalcs.grant_shop('shop_migrations', current_user::regrole, 'report');
CREATE VIEW pg_temp.given AS
    SELECT r.rolname, n.nspacl::text LIKE '%' || r.rolname || '=U%' AS uses,
           has_column_privilege(r.rolname, 'settings', 'currency', 'SELECT') AS reads,
           has_column_privilege(r.rolname, 'settings', 'currency', 'UPDATE') AS changes
      FROM pg_roles r, pg_namespace n
     WHERE r.rolname = 'regress_migrations_a' AND n.nspname = 'shop_migrations';
DROP OWNED BY regress_migrations_a, "regress ""Migrations""";
SELECT * FROM loyalcs.check_shop('shop_migrations');
SELECT * FROM pg_temp.given;
SELECT FROM loyalcs.create_shop('shop_migrations');
SELECT * FROM loyalcs.check_shop('shop_migrations');
SELECT * FROM pg_temp.given;

-- What settings stay is said with what may be done.
SELECT pg_temp.outcome(s.call)
  FROM (VALUES ('SELECT loyalcs.create_shop(''shop_migrations'', ''Europe/London'')'),
               ('SELECT loyalcs.create_shop(''shop_migrations'', currency => ''USD'')')) s (call);

--
-- Data alone: nothing less than a shop is taken for one
--

SET client_min_messages = error;
SELECT FROM loyalcs.create_shop('shop_loaded');
-- What somebody has made of the rules would go without a word; what a brand has added
-- to a table, and create_shop called again, makes no difference.
ALTER TABLE shop_loaded.tier_rules ADD COLUMN colour text DEFAULT 'grey';
SELECT FROM loyalcs.create_shop('shop_loaded');
SELECT pg_temp.outcome('SELECT loyalcs.begin_load(''shop_loaded'')');
SELECT edit, pg_temp.outcome(edit || '; SELECT loyalcs.begin_load(''shop_loaded'')')
  FROM (VALUES ('UPDATE shop_loaded.settings SET significance = 0.01'),
               ('UPDATE shop_loaded.settings SET significance = 0.05'),
               ('DELETE FROM shop_loaded.journey_steps WHERE step = ''birthday_coupon'''),
               ('DELETE FROM shop_loaded.journey_steps'),
               ('INSERT INTO shop_loaded.surveys VALUES (''s'', ''S'')'),
               ('INSERT INTO shop_loaded.surveys VALUES (''s'', ''S''); UPDATE shop_loaded.settings SET language = ''de'''),
               ('INSERT INTO shop_loaded.shop_grants (role, level) VALUES (''regress_migrations_a'', ''report'')'),
               ('UPDATE shop_loaded.settings SET significance = 0.01; SELECT loyalcs.create_shop(''shop_loaded'')'),
               ('UPDATE shop_loaded.shop_migrations SET digest = ''old'' WHERE part LIKE ''function %''; SELECT loyalcs.create_shop(''shop_loaded'')'),
               ('UPDATE shop_loaded.settings SET significance = 0.01; UPDATE shop_loaded.shop_migrations SET digest = ''old'' WHERE part LIKE ''function %''; SELECT loyalcs.create_shop(''shop_loaded'')')) e (edit);
CREATE TEMPORARY TABLE kept AS SELECT * FROM shop_loaded.shop_migrations;
SELECT FROM loyalcs.begin_load('shop_loaded');
SELECT pg_temp.outcome('SELECT loyalcs.end_load(''shop_loaded'')');
INSERT INTO shop_loaded.shop_migrations SELECT * FROM kept;
SELECT pg_temp.outcome('SELECT loyalcs.end_load(''shop_loaded'')');
INSERT INTO shop_loaded.settings (time_zone, currency) VALUES ('Asia/Tokyo', 'JPY');
-- privileges are no data
INSERT INTO shop_loaded.shop_grants (role, level) VALUES ('regress_migrations_a', 'report');
SELECT loyalcs.end_load('shop_loaded');
SELECT * FROM loyalcs.check_shop('shop_loaded');
SELECT has_table_privilege('regress_migrations_a', 'shop_loaded.rfm', 'SELECT');
SELECT FROM loyalcs.drop_shop('shop_loaded', 'shop_loaded');
SET client_min_messages = warning;

DROP SCHEMA shop_migrations CASCADE;
DROP ROLE regress_migrations_a, "regress ""Migrations""";
RESET search_path;

--
-- Nothing of somebody else's is taken in
--

CREATE ROLE regress_migrations_owner;
CREATE ROLE regress_migrations_other;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_migrations_owner, regress_migrations_other;
SET ROLE regress_migrations_owner;
CREATE SCHEMA theirs;
GRANT ALL ON SCHEMA theirs TO regress_migrations_other;
CREATE TABLE theirs.channels (channel text, part integer) PARTITION BY LIST (part);
GRANT ALL ON theirs.channels TO regress_migrations_other;
SET ROLE regress_migrations_other;
CREATE VIEW theirs.reviews AS
    SELECT ''::text AS customer_id, ''::text AS review_id, ''::text AS product_id, ''::text AS order_id,
           now() AS reviewed_at, 5::smallint AS stars;
CREATE FUNCTION theirs.rfm_at(as_of timestamptz) RETURNS TABLE (a integer) LANGUAGE sql STABLE RETURN 1;
CREATE FUNCTION theirs.log() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER log BEFORE INSERT ON theirs.channels FOR EACH ROW EXECUTE FUNCTION theirs.log();
SET ROLE regress_migrations_owner;
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''theirs'')');
SET ROLE regress_migrations_other;
DROP FUNCTION theirs.rfm_at, theirs.log CASCADE;
SET ROLE regress_migrations_owner;
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''theirs'')');
SET ROLE regress_migrations_other;
DROP VIEW theirs.reviews CASCADE;
SET ROLE regress_migrations_owner;
DROP TABLE theirs.channels;

-- Names that are taken are told together, with what to do.
CREATE SEQUENCE theirs.orders;
CREATE TABLE theirs.shop_grants (a integer);
CREATE FUNCTION theirs.rfm_at(date) RETURNS integer LANGUAGE sql RETURN 1;
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''theirs'')');
DROP SEQUENCE theirs.orders;
DROP TABLE theirs.shop_grants;
DROP FUNCTION theirs.rfm_at(date);

-- A function of the brand's that looks like a figure gets no view.
SELECT FROM loyalcs.create_shop('theirs');
CREATE FUNCTION theirs.mine_at(as_of timestamptz) RETURNS TABLE (a integer) LANGUAGE sql STABLE RETURN 1;
SELECT FROM loyalcs.create_shop('theirs');
SELECT to_regclass('theirs.mine');

--
-- Reading loyalcs.shops runs nothing that the owner of a schema has written
--

SET ROLE regress_migrations_other;
CREATE FUNCTION pg_temp.hostile(name text, change text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SCHEMA %I', name);
    EXECUTE format('CREATE FUNCTION %I.trap(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
                    ''BEGIN IF current_user <> ''''regress_migrations_other'''' THEN RAISE EXCEPTION ''''the trap has caught %%'''', current_user; END IF; RETURN 1; END''', name);
    EXECUTE format('CREATE TABLE %I.shop_migrations (LIKE theirs.shop_migrations INCLUDING ALL)', name);
    EXECUTE format('INSERT INTO %I.shop_migrations (part, version) VALUES (''shop'', ''evil'')', name);
    EXECUTE format('SET LOCAL search_path = %I', name);
    EXECUTE change;
    RETURN name;
END
$$;
SET ROLE regress_migrations_owner;
GRANT SELECT ON theirs.shop_migrations TO regress_migrations_other;
SET ROLE regress_migrations_other;
BEGIN;
SELECT pg_temp.hostile(s.name, s.change)
  FROM (VALUES
    ('plain', 'SELECT'),
    ('view', 'ALTER TABLE shop_migrations RENAME TO t; CREATE VIEW shop_migrations AS SELECT t.part, t.version, t.own, t.digest, t.made, t.identity, t.columns, t.settings, trap(1)::text AS comment FROM t'),
    ('security', 'CREATE POLICY p ON shop_migrations USING (trap(1) > 0); ALTER TABLE shop_migrations ENABLE ROW LEVEL SECURITY'),
    ('index', 'CREATE INDEX ON shop_migrations (version) WHERE trap(1) > 0'),
    ('check', 'ALTER TABLE shop_migrations ADD CHECK (trap(1) > 0)'),
    ('statistics', 'CREATE STATISTICS s ON (trap(1)), version FROM shop_migrations'),
    ('domain', 'CREATE DOMAIN d AS text; ALTER TABLE shop_migrations ALTER COLUMN version TYPE d'),
    ('generated', 'ALTER TABLE shop_migrations DROP COLUMN comment, ADD COLUMN comment text GENERATED ALWAYS AS (''a'') STORED'),
    ('inherited', 'CREATE TABLE child () INHERITS (shop_migrations); INSERT INTO child (part, version) VALUES (''shop'', ''child'')')
  ) s (name, change);
RESET ROLE;
SET LOCAL constraint_exclusion = on;
SELECT name, version, up_to_date FROM loyalcs.shops WHERE owner = 'regress_migrations_other' ORDER BY name;
-- (The traps work.)
SELECT s.name, substring(pg_temp.outcome(format('SELECT * FROM %I.shop_migrations WHERE version = ''a''', s.name)) FROM 'the trap .*') AS otherwise
  FROM (VALUES ('view'), ('index'), ('check'), ('statistics')) s (name);
ROLLBACK;

-- A level sees the shop and what it may know of it; the others do not.
RESET ROLE;
CREATE ROLE regress_migrations_reader;
SET ROLE regress_migrations_owner;
SELECT FROM loyalcs.grant_shop('theirs', 'regress_migrations_reader', 'report');
SET ROLE regress_migrations_reader;
SELECT name, up_to_date FROM loyalcs.shops;
RESET ROLE;
CREATE ROLE regress_migrations_stranger;
SET ROLE regress_migrations_stranger;
SELECT name, up_to_date FROM loyalcs.shops;

-- What is adopted is never dropped, whatever the settings say.
SET ROLE regress_migrations_owner;
DROP TABLE theirs.reviews CASCADE;
CREATE VIEW theirs.reviews AS
    SELECT ''::text AS customer_id, ''::text AS review_id, ''::text AS product_id, ''::text AS order_id,
           now() AS reviewed_at, 5::smallint AS stars;
SELECT FROM loyalcs.create_shop('theirs');
SELECT pg_temp.outcome('SELECT loyalcs.drop_shop(''theirs'', ''theirs'')');

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA theirs CASCADE;
DROP OWNED BY regress_migrations_owner, regress_migrations_other, regress_migrations_reader;
DROP ROLE regress_migrations_owner, regress_migrations_other, regress_migrations_reader, regress_migrations_stranger;
