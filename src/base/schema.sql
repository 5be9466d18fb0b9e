-- schema.sql
--
-- Whose the schema loyalcs is: looked at before the extension is made, and before
-- it is brought to another version.
-- Needs: nothing before it.

-- The script runs as a superuser, and the schema may be anybody's: nothing is
-- looked for there.
SET LOCAL search_path = pg_catalog, pg_temp;

-- A schema that was there before is the installer's own, or the database owner's
-- (whose it is when a superuser restores a dump); nobody else may create in it,
-- and nothing of anybody else's stands there. (What is a superuser's is no way to
-- become one: the extension's own members are, where it is trusted.)
DO $$
DECLARE
    installer constant oid := (SELECT e.extowner FROM pg_extension e WHERE e.extname = 'loyalcs');
    taken record;
BEGIN
    SELECT pg_get_userbyid(n.nspowner) AS owner INTO taken
      FROM pg_namespace n
     WHERE n.nspname = 'loyalcs' AND n.nspowner <> installer
       AND n.nspowner <> (SELECT d.datdba FROM pg_database d WHERE d.datname = current_database());
    IF FOUND THEN
        RAISE EXCEPTION 'schema loyalcs belongs to %', taken.owner
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = 'What stands there would be taken for a part of the extension.',
                  HINT = 'DROP SCHEMA loyalcs, or ALTER SCHEMA loyalcs OWNER TO whoever installs the extension.';
    END IF;

    SELECT a.grantee::regrole AS role INTO taken
      FROM pg_namespace n
     CROSS JOIN LATERAL aclexplode(n.nspacl) a
     WHERE n.nspname = 'loyalcs' AND a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner AND a.grantee <> installer
     ORDER BY a.grantee
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'others may create in schema loyalcs'
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = format('%s may.', CASE WHEN taken.role::oid = 0::oid THEN 'Everybody' ELSE taken.role::text END),
                  HINT = format('REVOKE CREATE ON SCHEMA loyalcs FROM %s.',
                                CASE WHEN taken.role::oid = 0::oid THEN 'PUBLIC' ELSE taken.role::text END);
    END IF;

    SELECT pg_describe_object(o.classid, o.oid, 0) AS object, pg_get_userbyid(o.owner) AS owner INTO taken
      FROM (SELECT 'pg_proc'::regclass::oid AS classid, p.oid, p.proowner AS owner, p.pronamespace AS schema FROM pg_proc p
            UNION ALL
            SELECT 'pg_operator'::regclass::oid, o.oid, o.oprowner, o.oprnamespace FROM pg_operator o
            UNION ALL
            SELECT 'pg_type'::regclass::oid, t.oid, t.typowner, t.typnamespace FROM pg_type t
            UNION ALL
            SELECT 'pg_class'::regclass::oid, c.oid, c.relowner, c.relnamespace FROM pg_class c) o
     WHERE o.schema = 'loyalcs'::regnamespace::oid AND o.owner <> installer
       AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = o.owner)
     ORDER BY o.oid
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'schema loyalcs is not empty'
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = format('%s belongs to %s.', taken.object, taken.owner),
                  HINT = 'DROP SCHEMA loyalcs, with what stands in it, or let its owner install the extension.';
    END IF;
END
$$;

