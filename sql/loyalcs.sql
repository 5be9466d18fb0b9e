-- The extension as a whole: its version, who may use it, and what PostgreSQL
-- knows about its objects.

-- The library is of the version that was installed.
SELECT loyalcs.loyalcs_version() ~ '^\d+\.\d+\.\d+$' AS well_formed,
       loyalcs.loyalcs_version() = extversion AS as_installed
FROM pg_extension WHERE extname = 'loyalcs';

-- It has a schema of its own, and can stand in no other.
SELECT extnamespace::regnamespace AS schema, extrelocatable AS relocatable
FROM pg_extension WHERE extname = 'loyalcs';
ALTER EXTENSION loyalcs SET SCHEMA public;
DROP EXTENSION loyalcs;
CREATE EXTENSION loyalcs SCHEMA public;

-- Whoever may create things in the database may install it and drop it.
CREATE ROLE regress_loyalcs_owner;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_loyalcs_owner;
SET ROLE regress_loyalcs_owner;
CREATE EXTENSION loyalcs;
DROP EXTENSION loyalcs;
RESET ROLE;
REVOKE CREATE ON DATABASE :"DBNAME" FROM regress_loyalcs_owner;
DROP ROLE regress_loyalcs_owner;
CREATE EXTENSION loyalcs;

-- Everybody may use the schema; nobody is given the right to put things there.
SELECT has_schema_privilege('public', 'loyalcs', 'USAGE') AS usage,
       has_schema_privilege('public', 'loyalcs', 'CREATE') AS creation;
CREATE ROLE regress_loyalcs_analyst;
SET ROLE regress_loyalcs_analyst;
SELECT loyalcs.nps(score) FROM unnest('{9,10,3,8}'::smallint[]) AS score;
CREATE TABLE loyalcs.mine (score smallint);
RESET ROLE;
DROP ROLE regress_loyalcs_analyst;

-- The schema is nobody's member, but has its comment, too. (What holds for all
-- objects of the extension and of shops is in test/t/house.pl.)
SELECT obj_description('loyalcs'::regnamespace, 'pg_namespace') IS NULL AS missing;

-- A function in C reads nothing but its arguments, so it is immutable.
SELECT p.oid::regprocedure
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'loyalcs'::regnamespace AND l.lanname IN ('c', 'internal')
  AND p.provolatile <> 'i' AND p.prorettype <> 'trigger'::regtype
ORDER BY 1;

-- The operators of the types form complete families.
SELECT opcname, amvalidate(oid)
FROM pg_opclass WHERE opcnamespace = 'loyalcs'::regnamespace ORDER BY opcname;
