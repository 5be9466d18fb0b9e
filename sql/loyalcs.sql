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

CREATE VIEW members AS
    SELECT classid, objid, pg_describe_object(classid, objid, 0) AS member
    FROM pg_depend
    WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
      AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'loyalcs');

-- There is something to look at in what follows.
SELECT count(*) FILTER (WHERE classid = 'pg_proc'::regclass) > 100 AS functions,
       count(*) FILTER (WHERE classid = 'pg_type'::regclass) >= 5 AS types,
       count(*) FILTER (WHERE classid = 'pg_operator'::regclass) >= 15 AS operators,
       count(*) FILTER (WHERE classid = 'pg_opclass'::regclass) = 4 AS classes
FROM members;

-- Every object has a comment.
SELECT member FROM members
WHERE obj_description(objid, classid::regclass::name) IS NULL ORDER BY member;
SELECT obj_description('loyalcs'::regnamespace, 'pg_namespace') IS NULL AS missing;

-- A function in C reads nothing but its arguments, so it is immutable and
-- parallel safe, and never runs as somebody else.
SELECT member, provolatile, proparallel, prosecdef
FROM members JOIN pg_proc ON pg_proc.oid = objid JOIN pg_language ON pg_language.oid = prolang
WHERE classid = 'pg_proc'::regclass AND lanname IN ('c', 'internal') AND prokind = 'f'
  AND (provolatile <> 'i' OR proparallel <> 's' OR prosecdef)
ORDER BY member;

-- A function in SQL or PL/pgSQL had its names bound when it was made, or has a
-- search_path of its own.
SELECT member
FROM members JOIN pg_proc ON pg_proc.oid = objid JOIN pg_language ON pg_language.oid = prolang
WHERE classid = 'pg_proc'::regclass AND lanname NOT IN ('c', 'internal')
  AND (prosecdef OR prosqlbody IS NULL AND array_to_string(proconfig, ' ') NOT LIKE '%search_path=%' IS NOT false)
ORDER BY member;

-- An aggregate can be computed in parts, and its state is of a type that can
-- be sent from one machine to another.
SELECT member
FROM members JOIN pg_proc ON pg_proc.oid = objid
    JOIN pg_aggregate ON aggfnoid = objid JOIN pg_type ON pg_type.oid = aggtranstype
WHERE classid = 'pg_proc'::regclass
  AND (proparallel <> 's' OR aggcombinefn = 0 OR typtype = 'p')
ORDER BY member;

-- The operators of the types form complete families.
SELECT opcname, amvalidate(pg_opclass.oid)
FROM members JOIN pg_opclass ON pg_opclass.oid = objid
WHERE classid = 'pg_opclass'::regclass ORDER BY opcname;
