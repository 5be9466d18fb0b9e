-- drop_shop.sql
--
-- A shop goes with all that is in it.
-- Needs: shops, shop_parts(), schedule.

-- What DROP SCHEMA CASCADE would take along from elsewhere: what depends on what
-- goes goes, and with a part (a view's rule, a column's default) goes, or loses it,
-- what it is a part of.
CREATE FUNCTION loyalcs.shop_users_elsewhere(shop text) RETURNS SETOF text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schema constant oid := quote_ident(shop)::regnamespace;
    -- what is temporary goes anyway
    here constant oid[] := schema || ARRAY(SELECT n.oid FROM pg_namespace n WHERE n.nspname ~ '^pg_temp_');
BEGIN
    RETURN QUERY
    WITH RECURSIVE going (classid, objid, objsubid) AS (
        SELECT d.classid, d.objid, d.objsubid
          FROM pg_depend d
         WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = schema AND d.deptype = 'n'
        UNION
        SELECT CASE WHEN up.is_part THEN d.refclassid ELSE d.classid END,
               CASE WHEN up.is_part THEN d.refobjid ELSE d.objid END,
               CASE WHEN up.is_part THEN d.refobjsubid ELSE d.objsubid END
          FROM going g
          JOIN pg_depend d
            ON d.refclassid = g.classid AND d.refobjid = g.objid AND g.objsubid = 0 AND d.deptype IN ('n', 'a', 'i')
            OR d.classid = g.classid AND d.objid = g.objid AND d.deptype = 'i'
         CROSS JOIN LATERAL (SELECT d.classid = g.classid AND d.objid = g.objid AS is_part) up
         WHERE d.refclassid <> 'pg_namespace'::regclass
    )
    SELECT DISTINCT pg_describe_object(g.classid, g.objid, g.objsubid)
      FROM going g
      LEFT JOIN pg_class c ON g.classid = 'pg_class'::regclass AND c.oid = g.objid
      LEFT JOIN pg_type t ON g.classid = 'pg_type'::regclass AND t.oid = g.objid
      LEFT JOIN pg_constraint k ON g.classid = 'pg_constraint'::regclass AND k.oid = g.objid
      LEFT JOIN pg_type kt ON kt.oid = k.contypid
      LEFT JOIN pg_attrdef f ON g.classid = 'pg_attrdef'::regclass AND f.oid = g.objid
      LEFT JOIN pg_trigger r ON g.classid = 'pg_trigger'::regclass AND r.oid = g.objid
      LEFT JOIN pg_policy y ON g.classid = 'pg_policy'::regclass AND y.oid = g.objid
      LEFT JOIN pg_rewrite w ON g.classid = 'pg_rewrite'::regclass AND w.oid = g.objid
      LEFT JOIN pg_class part ON part.oid IN (k.conrelid, f.adrelid, r.tgrelid, y.polrelid, w.ev_class)
      LEFT JOIN pg_proc p ON g.classid = 'pg_proc'::regclass AND p.oid = g.objid
     WHERE c.relnamespace <> ALL (here) AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
        OR p.pronamespace <> ALL (here)
        -- (the others are a relation's, or another type's)
        OR t.typnamespace <> ALL (here) AND t.typtype IN ('d', 'e', 'r')
        OR kt.typnamespace <> ALL (here)
        OR part.relnamespace <> ALL (here) AND w.rulename IS DISTINCT FROM '_RETURN' AND r.tgisinternal IS NOT TRUE
           AND NOT EXISTS (SELECT FROM going whole
                            WHERE whole.classid = 'pg_class'::regclass AND whole.objid = part.oid AND whole.objsubid = 0)
     ORDER BY 1;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_users_elsewhere(text) IS
    'what depends on a shop and does not stand in its schema';

CREATE FUNCTION loyalcs.drop_shop(name text, confirm text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    adopted text;
    users text;
BEGIN
    PERFORM loyalcs.shop_check_is_recorded(name);
    IF confirm IS DISTINCT FROM name THEN
        RAISE EXCEPTION 'drop_shop deletes everything in shop %', quote_ident(name)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('To confirm, repeat the name: SELECT loyalcs.drop_shop(%L, %1$L);', name);
    END IF;
    SELECT string_agg(p.relation, ', ' ORDER BY p.part) INTO adopted
      FROM loyalcs.shop_parts() p
      LEFT JOIN loyalcs.shop_recorded(drop_shop.name) m ON m.part = p.name AND m.own
     WHERE p.kind = 'table' AND m.part IS NULL
       AND to_regclass(format('%I.%I', drop_shop.name, p.relation)) IS NOT NULL;
    IF adopted IS NOT NULL THEN
        RAISE EXCEPTION 'shop % works on relations that were there before it: %',
                quote_ident(name), adopted
            USING ERRCODE = 'dependent_objects_still_exist',
                  HINT = format('DROP SCHEMA %I CASCADE would delete those too; move them to another schema first.', name);
    END IF;
    SELECT string_agg(u, '; ' ORDER BY u) INTO users FROM loyalcs.shop_users_elsewhere(name) u;
    IF users IS NOT NULL THEN
        RAISE EXCEPTION 'shop % is used elsewhere', quote_ident(name)
            USING ERRCODE = 'dependent_objects_still_exist',
                  DETAIL = format('These depend on it: %s.', users),
                  HINT = format('Drop them first, or make them of something else; DROP SCHEMA %I CASCADE takes them along.', name);
    END IF;
    PERFORM loyalcs.unschedule_shop(name);
    -- What this transaction has posted is looked at now: no table goes before that.
    IF EXISTS (SELECT FROM pg_constraint k
                WHERE k.connamespace = quote_ident(name)::regnamespace AND k.conname = 'check_posting_is_closed') THEN
        EXECUTE format('SET CONSTRAINTS %I.check_posting_is_closed IMMEDIATE', name);
    END IF;
    PERFORM set_config('client_min_messages', 'warning', true);
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
END
$$;
COMMENT ON FUNCTION loyalcs.drop_shop(text, text) IS
    'deletes a shop with all that is in its schema, and its jobs of pg_cron; confirm repeats the name; refuses while relations that were there before the shop serve as its tables, or something in another schema depends on the shop';
