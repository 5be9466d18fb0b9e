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

SET client_min_messages = warning;
DROP SCHEMA shop_migrations CASCADE;
DROP ROLE regress_migrations_a, "regress ""Migrations""";
