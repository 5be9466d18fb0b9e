-- shops.sql
--
-- Shops: one schema a brand. What tells a shop from another schema, and the
-- checks that all functions about shops share.
-- Needs: first, shop_parts() (made from src/shop).
--
-- A shop belongs to whoever made it, not to the extension: pg_dump saves it
-- and DROP EXTENSION leaves its tables. That a schema is a shop is told by its
-- table shop_migrations, whose rows say which parts it has and from which
-- version. (A shop of 0.1.0 has no such table, but a table settings that only
-- such a shop has.)
--
-- Any schema may belong to somebody who means harm to those who read
-- loyalcs.shops, and what the catalogs say of a relation may be another thing by
-- the time that it is read. So the record of a shop is read by its owner alone;
-- to everybody else the comment on that table says which version the shop is of,
-- and a comment runs nothing.

CREATE FUNCTION loyalcs.shop_is_plain(schema oid, relation text, columns text[]) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relnamespace = schema AND c.relname = relation::name
           AND c.relkind = 'r' AND c.relpersistence = 'p' AND c.relowner = n.nspowner
           AND NOT c.relrowsecurity AND NOT c.relhasrules AND NOT c.relispartition
           AND columns <@ ARRAY(
                   SELECT concat(a.attname, ' ', format_type(a.atttypid, NULL))
                     FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                      AND a.attgenerated = ''));
END
$$;
COMMENT ON FUNCTION loyalcs.shop_is_plain(oid, text, text[]) IS
    'whether a schema has a table that can be read without running anything of its owner''s, with these columns (name and type)';

CREATE FUNCTION loyalcs.shop_is_recorded(schema oid) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN loyalcs.shop_is_plain(schema, text 'shop_migrations',
               '{part text,version text,own boolean,digest text,made text,identity text,columns text[],settings text[],comment text}'::text[])
       -- The planner computes what is constant in these.
       AND NOT EXISTS (SELECT FROM pg_class c
                        WHERE c.relnamespace = schema AND c.relname = 'shop_migrations'
                          AND (EXISTS (SELECT FROM pg_index i
                                        WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
                               OR EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c')
                               OR EXISTS (SELECT FROM pg_statistic_ext x WHERE x.stxrelid = c.oid)));
END
$$;
COMMENT ON FUNCTION loyalcs.shop_is_recorded(oid) IS
    'whether a schema is a shop that keeps a record of its parts, as all do but those of 0.1.0';

CREATE FUNCTION loyalcs.shop_is_first(schema oid) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN NOT loyalcs.shop_is_recorded(schema)
       AND loyalcs.shop_is_plain(schema, text 'settings', loyalcs.shop_first_settings());
END
$$;
COMMENT ON FUNCTION loyalcs.shop_is_first(oid) IS
    'whether a schema is a shop as 0.1.0 made it';

-- A function's text means nothing without the schema and the key type that it
-- is made for.
CREATE FUNCTION loyalcs.shop_digest(shop text, key_type text, script text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN md5(quote_ident(shop) || ' '::text || key_type || ' '::text || script);
COMMENT ON FUNCTION loyalcs.shop_digest(text, text, text) IS
    'what tells one version of a shop''s function from another';

-- A trigger that calls the extension goes with it.
CREATE FUNCTION loyalcs.shop_lost_triggers(schema oid, relation text, script text) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- (first what the planner has no part in: most make no such trigger)
    IF strpos(script, 'EXECUTE FUNCTION loyalcs.') = 0 THEN
        RETURN false;
    END IF;
    RETURN NOT EXISTS (SELECT FROM pg_class c
                         JOIN pg_trigger t ON t.tgrelid = c.oid
                         JOIN pg_proc p ON p.oid = t.tgfoid
                        WHERE c.relnamespace = schema AND c.relname = relation::name
                          AND p.pronamespace = 'loyalcs'::regnamespace);
END
$$;
COMMENT ON FUNCTION loyalcs.shop_lost_triggers(oid, text, text) IS
    'whether a change or reference of a table made triggers that call the extension, and the table has none any more';

-- What of a shop is not as this version makes it. Its names come from the
-- parts, or from a table that only the shop's owner can write.
CREATE FUNCTION loyalcs.shop_pending(shop text) RETURNS SETOF text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schema constant oid := (SELECT n.oid FROM pg_namespace n WHERE n.nspname::text = shop);
    key_type text;
BEGIN
    EXECUTE format('SELECT m.identity FROM ONLY %I.shop_migrations m WHERE m.part = %L', shop, 'shop')
       INTO key_type;
    RETURN QUERY EXECUTE format($query$
        SELECT p.name
          FROM loyalcs.shop_parts() p
          LEFT JOIN ONLY %1$I.shop_migrations m ON m.part = p.name
          LEFT JOIN ONLY %1$I.shop_migrations t ON t.part = concat('table ', p.relation)
          LEFT JOIN ONLY %1$I.shop_migrations o ON o.part = concat('table ', p.other)
         WHERE CASE p.kind
                   WHEN 'table' THEN m.part IS NULL
                        OR p.relation NOT IN (SELECT c.relname::text FROM pg_class c
                                               WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'v', 'm', 'p', 'f'))
                   WHEN 'change' THEN t.own IS NOT FALSE AND (m.part IS NULL OR loyalcs.shop_lost_triggers($1, p.relation, p.script))
                   WHEN 'reference' THEN t.own IS NOT FALSE AND o.own IS NOT FALSE
                        AND (m.part IS NULL OR loyalcs.shop_lost_triggers($1, p.relation, p.script))
                   ELSE m.digest IS DISTINCT FROM loyalcs.shop_digest($2, $3, p.script)
                        OR concat(p.relation, ' ', m.identity) NOT IN
                           (SELECT concat(f.proname, ' ', oidvectortypes(f.proargtypes)) FROM pg_proc f WHERE f.pronamespace = $1)
                        OR p.other <> ''
                           AND regexp_replace(p.relation, '_(per|by|at)$', '') NOT IN
                               (SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'v', 'm', 'p', 'f'))
               END
        UNION ALL
        SELECT m.part
          FROM ONLY %1$I.shop_migrations m
         WHERE m.part LIKE 'function %%'
           AND m.part NOT IN (SELECT concat('function ', n.name) FROM loyalcs.shop_names() n WHERE n.kind = 'function')
        $query$, shop)
        USING schema, shop, key_type;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_pending(text) IS
    'the parts of a shop that are not as the installed version makes them; create_shop does';

CREATE FUNCTION loyalcs.shop_function(schema oid, name text, identity text) RETURNS oid
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT p.oid FROM pg_proc p
             WHERE p.pronamespace = schema AND p.proname = shop_function.name::name
               AND oidvectortypes(p.proargtypes) = identity);
END
$$;
COMMENT ON FUNCTION loyalcs.shop_function(oid, text, text) IS
    'a function of a schema by its name and the types of its arguments; NULL if there is none';

-- What a shop's comment says of its version.
CREATE FUNCTION loyalcs.shop_mark(version text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN concat('the parts that the shop is made of, kept by create_shop: no part is applied twice (loyalcs ', version, ')');
END
$$;
COMMENT ON FUNCTION loyalcs.shop_mark(text) IS
    'the comment on a shop''s table shop_migrations, which tells the shop''s version to those who do not own it';

-- (One function a column: who asks only whether there is a shop has to wait for
-- none of them.)
CREATE FUNCTION loyalcs.shop_version(schema oid) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    shop text;
    is_own boolean;
    version text;
BEGIN
    SELECT n.nspname, pg_get_userbyid(n.nspowner) = current_user INTO shop, is_own
      FROM pg_namespace n
     WHERE n.oid = schema;
    IF NOT loyalcs.shop_is_recorded(schema) THEN
        RETURN CASE WHEN loyalcs.shop_is_first(schema) THEN '0.1.0' END;
    ELSIF is_own THEN
        EXECUTE format('SELECT left(m.version, 63) FROM ONLY %I.shop_migrations m WHERE m.part = %L', shop, 'shop')
           INTO version;
        RETURN version;
    END IF;
    RETURN (SELECT left(substring(obj_description(c.oid, 'pg_class') FROM '\(loyalcs ([^ ()]+)\)$'), 63)
              FROM pg_class c
             WHERE c.relnamespace = schema AND c.relname = 'shop_migrations');
END
$$;
COMMENT ON FUNCTION loyalcs.shop_version(oid) IS
    'the version that a shop was last brought up to: from its record to its owner, and to others by what its owner says; NULL if the schema is no shop';

CREATE FUNCTION loyalcs.shop_is_up_to_date(schema oid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    installed constant text := (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'loyalcs');
    version constant text := loyalcs.shop_version(schema);
    shop text;
    is_own boolean;
BEGIN
    SELECT n.nspname, pg_get_userbyid(n.nspowner) = current_user INTO shop, is_own
      FROM pg_namespace n
     WHERE n.oid = schema;
    IF NOT loyalcs.shop_is_recorded(schema) THEN
        RETURN CASE WHEN loyalcs.shop_is_first(schema) THEN false END;
    ELSIF is_own THEN
        RETURN version IS NOT DISTINCT FROM installed AND NOT EXISTS (SELECT FROM loyalcs.shop_pending(shop));
    END IF;
    RETURN version = installed;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_is_up_to_date(oid) IS
    'whether a shop is as the installed version makes it (to those who do not own it: whether it is of that version); NULL if the schema is no shop';

-- (STABLE, although it asks what is volatile: a view computes that for everybody,
-- and every relation of the shop would be opened to find that there is one.)
CREATE FUNCTION loyalcs.shop_size(schema oid) RETURNS bigint
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT sum(pg_total_relation_size(c.oid::regclass))::bigint
              FROM pg_class c
             WHERE c.relnamespace = schema AND c.relkind IN ('r', 'p', 'm'));
END
$$;
COMMENT ON FUNCTION loyalcs.shop_size(oid) IS
    'bytes of the tables and indexes of a schema; NULL if it has none';

CREATE VIEW loyalcs.shops WITH (security_invoker = true) AS
    SELECT n.nspname::text AS name,
           loyalcs.shop_version(n.oid) AS version,
           loyalcs.shop_is_up_to_date(n.oid) AS up_to_date,
           pg_catalog.pg_get_userbyid(n.nspowner)::text AS owner,
           z.size,
           pg_catalog.pg_size_pretty(z.size) AS size_pretty
      FROM pg_catalog.pg_namespace n
     CROSS JOIN LATERAL (SELECT loyalcs.shop_size(n.oid) AS size OFFSET 0) z
     WHERE pg_catalog.has_schema_privilege(n.oid, 'USAGE'::text)
       AND (loyalcs.shop_is_recorded(n.oid) OR loyalcs.shop_is_first(n.oid));
COMMENT ON VIEW loyalcs.shops IS 'the shops of this database that the reader may use';
COMMENT ON COLUMN loyalcs.shops.name IS 'schema of the shop';
COMMENT ON COLUMN loyalcs.shops.version IS 'version of loyalcs that the shop was last brought up to; NULL if that is not known to those who do not own it';
COMMENT ON COLUMN loyalcs.shops.up_to_date IS 'whether all of it is as the installed version makes it (to those who do not own it: whether it is of that version); if not, its owner calls create_shop again';
COMMENT ON COLUMN loyalcs.shops.owner IS 'role that owns the shop';
COMMENT ON COLUMN loyalcs.shops.size IS 'bytes of its tables and indexes';
COMMENT ON COLUMN loyalcs.shops.size_pretty IS 'the same, to be read';
GRANT SELECT ON loyalcs.shops TO PUBLIC;

-- The checks that all of the functions share

CREATE FUNCTION loyalcs.shop_check(shop text) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owner text;
BEGIN
    SELECT pg_get_userbyid(n.nspowner) INTO owner
      FROM pg_namespace n
     WHERE n.nspname::text = shop
       AND (loyalcs.shop_is_recorded(n.oid) OR loyalcs.shop_is_first(n.oid));
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no shop %', coalesce(quote_ident(shop), 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'SELECT name FROM loyalcs.shops lists them.';
    END IF;
    IF owner <> current_user::text THEN
        RAISE EXCEPTION 'shop % belongs to %', quote_ident(shop), owner
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('Connect as %s: what stands in a shop runs with the rights of whoever works on it.',
                                quote_ident(owner));
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_check(text) IS
    'an error unless the schema is a shop of the current user''s';

-- grant_shop(), drop_shop() and others write into the record.
CREATE FUNCTION loyalcs.shop_check_is_recorded(shop text) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM loyalcs.shop_check(shop);
    IF EXISTS (SELECT FROM pg_namespace n
                WHERE n.nspname::text = shop AND NOT loyalcs.shop_is_recorded(n.oid)) THEN
        RAISE EXCEPTION 'shop % is of version 0.1.0', quote_ident(shop)
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('Bring it up to date first: SELECT loyalcs.create_shop(%L);', shop);
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_check_is_recorded(text) IS
    'an error unless the schema is a shop of the current user''s that keeps a record of its parts';
