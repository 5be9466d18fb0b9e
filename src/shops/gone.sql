-- gone.sql
--
-- What no version makes any more, or makes in another form: it is renamed out of
-- the way, and dropped when all else is done.
-- Needs: records.

-- The names of what has to go start like this, until it is dropped.
CREATE FUNCTION loyalcs.shop_gone_name(object oid) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN concat('loyalcs was ', object::text);
END
$$;
COMMENT ON FUNCTION loyalcs.shop_gone_name(oid) IS
    'the name that a function or view of a shop bears until create_shop drops it';

CREATE FUNCTION loyalcs.shop_gone(shop text, OUT classid oid, OUT objid oid) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT 'pg_proc'::regclass::oid, p.oid
      FROM pg_proc p
     WHERE p.pronamespace = quote_ident(shop)::regnamespace
       AND p.proname LIKE 'loyalcs was %' AND p.proname::text = loyalcs.shop_gone_name(p.oid)
    UNION ALL
    SELECT o.classid, o.objid
      FROM pg_class c
     CROSS JOIN LATERAL (VALUES ('pg_class'::regclass::oid, c.oid), ('pg_type'::regclass::oid, c.reltype)) o (classid, objid)
     WHERE c.relnamespace = quote_ident(shop)::regnamespace
       AND c.relname LIKE 'loyalcs was %' AND c.relname::text = loyalcs.shop_gone_name(c.oid);
END
$$;
COMMENT ON FUNCTION loyalcs.shop_gone(text) IS
    'functions and views of a shop (with their row types) that create_shop is about to drop';

CREATE FUNCTION loyalcs.shop_put_away_former(shop text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schema constant oid := quote_ident(shop)::regnamespace;
    item record;
    view oid;
BEGIN
    FOR item IN
        SELECT m.part, m.identity, split_part(m.part, ' ', 1) AS kind, substr(m.part, strpos(m.part, ' ') + 1) AS name
          FROM loyalcs.shop_recorded(shop) m
         WHERE split_part(m.part, ' ', 1) IN ('function', 'view')
           AND m.part NOT IN (SELECT concat(n.kind, ' ', n.name) FROM loyalcs.shop_names() n)
    LOOP
        IF item.kind = 'function' AND loyalcs.shop_function(schema, item.name, item.identity) IS NOT NULL THEN
            PERFORM loyalcs.shop_put_away('pg_proc'::regclass::oid, loyalcs.shop_function(schema, item.name, item.identity));
        ELSIF item.kind = 'view' THEN
            SELECT c.oid INTO view FROM pg_class c WHERE c.relnamespace = schema AND c.relname = item.name::name;
            IF loyalcs.shop_view_is_ours(view) THEN
                PERFORM loyalcs.shop_put_away('pg_class'::regclass::oid, view);
            END IF;
        END IF;
        EXECUTE format('DELETE FROM %I.shop_migrations m WHERE m.part = $1', shop) USING item.part;
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_put_away_former(text) IS
    'puts the functions and views away that a shop has from an earlier version and this one does not make';

-- A trigger of the shop's own tables goes with its function.
CREATE FUNCTION loyalcs.shop_users_of_gone(shop text) RETURNS SETOF text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT DISTINCT format('%s depends on %s',
                           CASE WHEN r.oid IS NULL THEN pg_describe_object(d.classid, d.objid, d.objsubid)
                                ELSE pg_describe_object('pg_class'::regclass, r.ev_class, 0) END,
                           CASE WHEN g.classid = 'pg_proc'::regclass THEN obj_description(g.objid, 'pg_proc')
                                ELSE obj_description(c.oid, 'pg_class') END)
      FROM loyalcs.shop_gone(shop) g
      JOIN pg_depend d ON d.refclassid = g.classid AND d.refobjid = g.objid AND d.deptype IN ('n', 'a')
      LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
      LEFT JOIN pg_class c ON c.oid = g.objid AND g.classid = 'pg_class'::regclass OR c.reltype = g.objid AND g.classid = 'pg_type'::regclass
     WHERE NOT EXISTS (SELECT FROM pg_trigger t
                        WHERE d.classid = 'pg_trigger'::regclass AND t.oid = d.objid
                          AND t.tgrelid IN (SELECT o.oid FROM loyalcs.shop_own_tables(shop) o (oid)))
       AND NOT EXISTS (SELECT FROM loyalcs.shop_gone(shop) h
                        WHERE h.classid = d.classid AND h.objid = d.objid
                           OR h.classid = 'pg_class'::regclass AND h.objid = r.ev_class AND r.rulename = '_RETURN')
     ORDER BY 1;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_users_of_gone(text) IS
    'objects that depend on what create_shop has to drop';

CREATE FUNCTION loyalcs.shop_drop_gone(shop text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET client_min_messages = warning
AS $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT g.classid, g.objid FROM loyalcs.shop_gone(shop) g WHERE g.classid <> 'pg_type'::regclass
    LOOP
        IF EXISTS (SELECT FROM loyalcs.shop_gone(shop) g WHERE g.classid = item.classid AND g.objid = item.objid) THEN
            -- nothing else depends on it, or shop_users_of_gone() had found it
            EXECUTE format('DROP %s %s CASCADE', CASE WHEN item.classid = 'pg_proc'::regclass THEN 'FUNCTION' ELSE 'VIEW' END,
                           (pg_identify_object(item.classid, item.objid, 0)).identity);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_drop_gone(text) IS
    'drops what has been put away';
