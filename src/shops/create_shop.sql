-- create_shop.sql
--
-- What makes a shop, and brings one up to date.
-- Needs: first, shops, shop_parts() (made from src/shop), shop_glossary(),
-- shop_former_meanings(), grant_shop.
--
-- A new shop and an old one run the same parts in the same order, and each part
-- once: so both end up the same. The shop's table shop_migrations has a row for
-- each part that was applied. What differs between the kinds:
--
--   table       made if it is not recorded and nothing of its name stands there;
--               a relation that does stand there serves instead, if it has the
--               columns (those of later changes too) and is the caller's
--   change,     run if not recorded, and if their tables are the shop's own
--   reference
--   function    made if its text is another than the recorded one, if it is not
--               there, or is not what was made. CREATE OR REPLACE where the server
--               allows it; otherwise the old one is renamed out of the way, and
--               whatever of ours uses it is made anew after it
--   view x      comes with the function x_at; columns are added in place, any
--               other difference makes a new view beside the renamed old one
--
-- What was renamed away, and what no version makes any more, is dropped at the
-- end. The brand's own objects that depend on it are named in one error, before
-- anything is lost: all of this is one transaction. Where nothing differs, nothing
-- is touched and nothing is locked; the brand's privileges, comments and settings
-- of our functions and views outlive a change of these.

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

CREATE FUNCTION loyalcs.shop_run(shop text, script text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', shop), true);
    EXECUTE script;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_run(text, text) IS
    'runs a part of a shop, in its schema';

-- Records of one part, and of all.
CREATE FUNCTION loyalcs.shop_recorded_part(
    shop text,
    part text,
    OUT own boolean,
    OUT digest text,
    OUT made text,
    OUT identity text,
    OUT columns text[],
    OUT settings text[],
    OUT comment text
)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('SELECT m.own, m.digest, m.made, m.identity, m.columns, m.settings, m.comment
                      FROM ONLY %I.shop_migrations m WHERE m.part = $1', shop)
       INTO own, digest, made, identity, columns, settings, comment
      USING part;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_recorded_part(text, text) IS
    'what a shop has recorded of a part; own is NULL if it has not been applied';

CREATE FUNCTION loyalcs.shop_recorded(
    shop text,
    OUT part text,
    OUT own boolean,
    OUT digest text,
    OUT made text,
    OUT identity text,
    OUT columns text[],
    OUT settings text[],
    OUT comment text
) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF loyalcs.shop_is_recorded(quote_ident(shop)::regnamespace::oid) THEN
        RETURN QUERY EXECUTE
            format('SELECT m.part, m.own, m.digest, m.made, m.identity, m.columns, m.settings, m.comment
                      FROM ONLY %I.shop_migrations m', shop);
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_recorded(text) IS
    'the record of a shop; no rows for a schema that has none';

CREATE FUNCTION loyalcs.shop_record(
    shop text,
    part text,
    own boolean,
    digest text DEFAULT NULL,
    identity text DEFAULT NULL,
    columns text[] DEFAULT NULL,
    made text DEFAULT NULL,
    settings text[] DEFAULT NULL,
    comment text DEFAULT NULL
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('INSERT INTO %I.shop_migrations AS m (part, version, own, digest, identity, columns, made, settings, comment)
                    SELECT $1, e.extversion, $2, $3, $4, $5, $6, $7, $8 FROM pg_extension e WHERE e.extname = %L
                    ON CONFLICT (part) DO UPDATE
                       SET version = EXCLUDED.version, own = EXCLUDED.own, digest = EXCLUDED.digest,
                           identity = EXCLUDED.identity, columns = EXCLUDED.columns, made = EXCLUDED.made,
                           settings = EXCLUDED.settings, comment = EXCLUDED.comment,
                           applied_at = EXCLUDED.applied_at', shop, 'loyalcs')
      USING part, own, digest, identity, columns, made, settings, comment;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_record(text, text, boolean, text, text, text[], text, text[], text) IS
    'writes down that a part of a shop has been applied';

-- --------------------------------------------------------------------------
-- Tables
-- --------------------------------------------------------------------------

CREATE FUNCTION loyalcs.shop_columns(relation oid) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT concat(a.attname, ' ', format_type(a.atttypid, NULL))
                   FROM pg_attribute a
                  WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
                  ORDER BY a.attnum);
END
$$;
COMMENT ON FUNCTION loyalcs.shop_columns(oid) IS
    'the columns of a relation, each with its type';

-- The table is made as a temporary one, looked at, and unmade again by leaving
-- the block with an exception. A change may need more than its table (a trigger's
-- function): then it is taken for one that adds no column.
CREATE FUNCTION loyalcs.shop_table_columns(
    shop text,
    relation text,
    scripts text[],
    OUT columns text[],
    OUT constraints text[]
)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    script text;
BEGIN
    PERFORM set_config('client_min_messages', 'warning', true);
    -- The session may have a temporary table of that name itself.
    EXECUTE format('ALTER TABLE IF EXISTS pg_temp.%I RENAME TO %I', relation, concat('loyalcs: ', relation));
    PERFORM set_config('search_path', 'pg_temp', true);
    EXECUTE scripts[1];
    FOREACH script IN ARRAY scripts[2:] LOOP
        BEGIN
            EXECUTE script;
        EXCEPTION
            WHEN undefined_function OR undefined_table OR invalid_table_definition THEN
                NULL;
        END;
    END LOOP;
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
    columns := loyalcs.shop_columns(format('pg_temp.%I', relation)::regclass::oid);
    constraints := ARRAY(SELECT k.conname::text FROM pg_constraint k
                          WHERE k.conrelid = format('pg_temp.%I', relation)::regclass AND k.contype IN ('c', 'p', 'u'));
    RAISE EXCEPTION USING ERRCODE = 'LC000';
EXCEPTION
    WHEN SQLSTATE 'LC000' THEN
        NULL;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_table_columns(text, text, text[]) IS
    'the columns and constraints that a shop''s table would have, by making it for a moment';

CREATE FUNCTION loyalcs.shop_relation_differences(
    relation oid,
    columns text[],
    OUT detail text,
    OUT selected text,
    OUT altered text
)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT string_agg(CASE
                          WHEN a.attname IS NULL THEN format('Column %s %s is missing.', w.name, w.type)
                          ELSE format('Column %s is %s, not %s.', w.name,
                                      format_type(a.atttypid, NULL), w.type)
                      END, ' ' ORDER BY w.n),
           string_agg(CASE
                          WHEN a.attname IS NULL THEN format('NULL::%s AS %I', w.type, w.name)
                          ELSE format('%I::%s AS %I', w.name, w.type, w.name)
                      END, ', ' ORDER BY w.n),
           string_agg(CASE
                          WHEN a.attname IS NULL THEN format('ADD COLUMN %I %s', w.name, w.type)
                          ELSE format('ALTER COLUMN %I TYPE %s', w.name, w.type)
                      END, ', ' ORDER BY w.n)
      INTO detail, selected, altered
      FROM (SELECT split_part(u.c, ' ', 1) AS name, substr(u.c, strpos(u.c, ' ') + 1) AS type, u.n
              FROM unnest(columns) WITH ORDINALITY u (c, n)) w
      LEFT JOIN pg_attribute a
        ON a.attrelid = relation AND a.attname::text = w.name AND a.attnum > 0 AND NOT a.attisdropped
     WHERE a.attname IS NULL OR format_type(a.atttypid, NULL) <> w.type;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_relation_differences(oid, text[]) IS
    'what a relation lacks of these columns, and what to write in a view or an ALTER TABLE; NULLs for nothing';

-- Whoever owns a relation decides what runs when it is read or written; so do the
-- owners of its partitions and of its triggers' functions.
CREATE FUNCTION loyalcs.shop_foreign_owner(relation oid) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        WITH RECURSIVE family (oid) AS (
            SELECT relation
            UNION
            SELECT i.inhrelid FROM pg_inherits i JOIN family f ON f.oid = i.inhparent
        ), owners (what, owner) AS (
            SELECT c.oid::regclass::text, c.relowner
              FROM family f JOIN pg_class c ON c.oid = f.oid
            UNION ALL
            SELECT t.tgfoid::regprocedure::text, p.proowner
              FROM family f
              JOIN pg_trigger t ON t.tgrelid = f.oid AND NOT t.tgisinternal
              JOIN pg_proc p ON p.oid = t.tgfoid
             WHERE t.tgfoid >= 16384
        )
        SELECT string_agg(format('%s belongs to %s.', o.what, quote_ident(pg_get_userbyid(o.owner))), ' ' ORDER BY o.what)
          FROM owners o
         WHERE o.owner <> current_user::regrole
           AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = o.owner AND r.rolsuper));
END
$$;
COMMENT ON FUNCTION loyalcs.shop_foreign_owner(oid) IS
    'who else owns a relation, a partition of it or a trigger''s function; NULL if nobody but the caller (or a superuser) does';

-- --------------------------------------------------------------------------
-- A shop of 0.1.0 gets the record that it lacks
-- --------------------------------------------------------------------------

CREATE FUNCTION loyalcs.shop_record_first(shop text, key_type text, time_zone text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schema constant oid := quote_ident(shop)::regnamespace;
    own text[];
    item record;
    made record;
BEGIN
    EXECUTE format('SELECT s.own_tables FROM ONLY %I.settings s', shop) INTO own;

    -- The list could be written by anybody of level admin: what it calls the
    -- shop's own has to look like it.
    FOR item IN
        SELECT p.name, p.relation, c.oid,
               replace(replace(p.script, '@key_type@', key_type), '@time_zone@', quote_literal(time_zone)) AS script
          FROM loyalcs.shop_parts() p
          JOIN pg_class c ON c.relnamespace = schema AND c.relname::text = p.relation AND c.relkind = 'r'
         WHERE p.kind = 'table' AND p.relation = ANY (own)
         ORDER BY p.part
    LOOP
        made := loyalcs.shop_table_columns(shop, item.relation, ARRAY[item.script]);
        IF made.constraints <@ ARRAY(SELECT k.conname::text FROM pg_constraint k WHERE k.conrelid = item.oid) THEN
            PERFORM loyalcs.shop_record(shop, item.name, true, columns => made.columns);
        ELSE
            own := array_remove(own, item.relation);
        END IF;
    END LOOP;

    FOR item IN
        SELECT p.name FROM loyalcs.shop_parts() p
         WHERE p.kind = 'reference' AND p.name !~ ' [0-9]+\.[0-9.]+( [0-9]+)?$'
           AND p.relation = ANY (own) AND p.other = ANY (own)
    LOOP
        PERFORM loyalcs.shop_record(shop, item.name, true);
    END LOOP;

    FOR item IN
        SELECT concat('function ', f.name) AS part, replace(f.identity, '@key_type@', key_type) AS identity,
               obj_description(p.oid, 'pg_proc') AS comment, f.comment_digest, p.proconfig
          FROM loyalcs.shop_first_functions() f
          JOIN pg_proc p ON p.oid = loyalcs.shop_function(schema, f.name, replace(f.identity, '@key_type@', key_type))
    LOOP
        PERFORM loyalcs.shop_record(shop, item.part, true, identity => item.identity,
            comment => CASE WHEN md5(item.comment) = item.comment_digest THEN item.comment END,
            -- all that 0.1.0 set anywhere
            settings => ARRAY(SELECT s FROM unnest(item.proconfig) s
                               WHERE split_part(s, '=', 1) IN ('search_path', 'plan_cache_mode', 'TimeZone', 'DateStyle')));
    END LOOP;

    FOR item IN
        SELECT concat('view ', left(f.name, -3)) AS part,
               CASE WHEN md5(v.comment) = f.comment_digest THEN v.comment END AS comment
          FROM loyalcs.shop_first_functions() f
          JOIN pg_class c ON c.relnamespace = schema AND c.relname::text = left(f.name, -3) AND c.relkind IN ('v', 'm')
         CROSS JOIN LATERAL (SELECT obj_description(c.oid, 'pg_class') AS comment) v
         WHERE f.name LIKE '%\_at'
    LOOP
        PERFORM loyalcs.shop_record(shop, item.part, true, comment => item.comment);
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_record_first(text, text, text) IS
    'writes the record of the parts that a shop of 0.1.0 has';

-- 0.1.0 did not write down who has which level; the privileges tell.
CREATE FUNCTION loyalcs.shop_record_first_grants(shop text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schema constant oid := quote_ident(shop)::regnamespace;
    own text[];
    found_levels text;
BEGIN
    EXECUTE format('SELECT s.own_tables FROM ONLY %I.settings s', shop) INTO own;
    EXECUTE format($query$
        WITH levels AS (
            INSERT INTO %I.shop_grants (role, level)
            SELECT pg_get_userbyid(u.grantee)::text,
                   CASE WHEN 'DELETE' = ANY (t.privileges) THEN 'admin'
                        WHEN 'INSERT' = ANY (t.privileges) THEN 'service'
                        ELSE 'report' END
              FROM pg_namespace n
             CROSS JOIN LATERAL aclexplode(n.nspacl) u
             CROSS JOIN LATERAL (
                       SELECT array_agg(a.privilege_type) AS privileges,
                              bool_or(c.relname = 'settings' AND a.privilege_type = 'SELECT') AS reads
                         FROM pg_class c
                        CROSS JOIN LATERAL aclexplode(c.relacl) a
                        WHERE c.relnamespace = n.oid AND c.relname::text = ANY ($2) AND a.grantee = u.grantee) t
             WHERE n.oid = $1 AND u.grantee NOT IN (0, n.nspowner) AND u.privilege_type = 'USAGE' AND t.reads
            RETURNING role, level
        )
        SELECT string_agg(format('%%I %%s', l.role, l.level), ', ' ORDER BY l.role) FROM levels l
        $query$, shop)
       INTO found_levels
      USING schema, own;
    IF found_levels IS NOT NULL THEN
        RAISE NOTICE 'roles of shop %, by what 0.1.0 gave them: %', quote_ident(shop), found_levels
            USING HINT = 'Call grant_shop for whoever is to have another level.';
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_record_first_grants(text) IS
    'writes down which role has which level in a shop of 0.1.0, going by its privileges';

-- --------------------------------------------------------------------------
-- What is in the way
-- --------------------------------------------------------------------------

-- What a shop asks of a relation that serves as one of its tables; personal data
-- need not be shown.
CREATE FUNCTION loyalcs.shop_wanted_columns(
    shop text,
    relation text,
    key_type text,
    time_zone text,
    known_digest text,
    OUT digest text,
    OUT columns text[]
)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    scripts text[];
    hidden text[];
BEGIN
    SELECT array_agg(replace(replace(p.script, '@key_type@', key_type), '@time_zone@', quote_literal(time_zone))
                     ORDER BY p.part)
      INTO scripts
      FROM loyalcs.shop_parts() p
     WHERE p.kind IN ('table', 'change') AND p.relation = shop_wanted_columns.relation;
    digest := md5(array_to_string(scripts, ' '));
    IF digest IS DISTINCT FROM known_digest THEN
        SELECT p.hidden INTO hidden
          FROM loyalcs.shop_parts() p
         WHERE p.kind = 'table' AND p.relation = shop_wanted_columns.relation;
        columns := ARRAY(SELECT u.c
                           FROM loyalcs.shop_table_columns(shop, relation, scripts) t
                          CROSS JOIN LATERAL unnest(t.columns) WITH ORDINALITY u (c, n)
                          WHERE split_part(u.c, ' ', 1) <> ALL (hidden)
                          ORDER BY u.n);
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_wanted_columns(text, text, text, text, text) IS
    'the columns that a relation needs to serve as a table of a shop; NULL if the table is made from what has the known digest, and so was looked at before';

-- Names that the shop will need, and what they are for.
CREATE FUNCTION loyalcs.shop_names(OUT name text, OUT kind text) RETURNS SETOF record
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT p.relation, p.kind FROM loyalcs.shop_parts() p WHERE p.kind IN ('table', 'function')
    UNION ALL
    SELECT concat(left(p.relation, -3), '_at'), 'function' FROM loyalcs.shop_parts() p WHERE p.other = 'by' AND p.kind = 'function'
    UNION ALL
    SELECT left(p.relation, -3), 'view' FROM loyalcs.shop_parts() p WHERE p.other <> '' AND p.kind = 'function';
END
$$;
COMMENT ON FUNCTION loyalcs.shop_names() IS
    'the names of all tables, functions and views of a shop';

CREATE FUNCTION loyalcs.shop_obstacles(
    shop text,
    key_type text,
    time_zone text,
    OUT code text,
    OUT message text,
    OUT detail text,
    OUT hint text
) RETURNS SETOF record
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schema constant oid := quote_ident(shop)::regnamespace;
    serves boolean;
    item record;
    lacks record;
    wanted record;
BEGIN
    -- Functions: nobody else's, and none of the brand's under a name of ours.
    FOR item IN
        SELECT p.oid::regprocedure::text AS object, pg_get_userbyid(p.proowner)::text AS owner,
               p.proowner = current_user::regrole AS is_mine
          FROM loyalcs.shop_names() n
          JOIN pg_proc p ON p.pronamespace = schema AND p.proname::text = n.name
          LEFT JOIN loyalcs.shop_recorded(shop) m ON m.part = concat('function ', n.name)
         WHERE n.kind = 'function'
           AND (m.part IS NULL OR m.identity = oidvectortypes(p.proargtypes) AND p.proowner <> current_user::regrole)
         ORDER BY 1
    LOOP
        code := 'duplicate_function';
        message := format('function %s is in the way of a function of the shop', item.object);
        detail := CASE WHEN item.is_mine THEN 'It is none of the shop''s.' ELSE format('It belongs to %s.', item.owner) END;
        hint := 'Rename it, or drop it.';
        RETURN NEXT;
    END LOOP;

    FOR item IN
        SELECT n.name, n.kind, c.oid, c.relkind,
               m.part IS NOT NULL AS is_known,
               coalesce(m.own AND c.relkind = 'r', false) AS is_own,
               m.digest, m.columns
          FROM loyalcs.shop_names() n
          LEFT JOIN pg_class c ON c.relnamespace = schema AND c.relname::text = n.name
          LEFT JOIN loyalcs.shop_recorded(shop) m ON m.part = concat(n.kind, ' ', n.name)
         WHERE n.kind IN ('table', 'view')
           AND (c.oid IS NOT NULL
                OR EXISTS (SELECT FROM pg_type t WHERE t.typnamespace = schema AND t.typname::text = n.name))
         ORDER BY n.name
    LOOP
        detail := 'It is none of the shop''s.';
        serves := CASE item.kind
            WHEN 'view' THEN item.is_known AND item.relkind IN ('v', 'm')
            ELSE item.is_own
                 OR item.relkind IN ('r', 'v', 'm', 'p', 'f')
                    AND item.name <> ALL ('{settings,shop_migrations,shop_grants}')
        END;
        IF serves IS NOT TRUE THEN
            code := 'duplicate_table';
            message := format('%I.%I is in the way of the shop''s %s %s', shop, item.name, item.kind, item.name);
            hint := CASE WHEN EXISTS (SELECT FROM loyalcs.shop_recorded(shop))
                         THEN 'Rename it.'
                         ELSE 'Rename it, or choose another name for the shop.' END;
            RETURN NEXT;
            CONTINUE;
        END IF;

        detail := loyalcs.shop_foreign_owner(item.oid);
        IF detail IS NOT NULL THEN
            code := 'insufficient_privilege';
            message := format('%I.%I cannot serve as the shop''s %s %s', shop, item.name, item.kind, item.name);
            hint := 'A shop takes in only what belongs to its owner: whoever owns it decides what runs when it is read.';
            RETURN NEXT;
            CONTINUE;
        END IF;
        CONTINUE WHEN item.kind = 'view';

        lacks := loyalcs.shop_relation_differences(item.oid, item.columns);
        IF NOT item.is_own THEN
            wanted := loyalcs.shop_wanted_columns(shop, item.name, key_type, time_zone, item.digest);
            IF wanted.columns IS NOT NULL THEN
                lacks := loyalcs.shop_relation_differences(item.oid, wanted.columns);
            END IF;
        END IF;
        IF lacks.detail IS NOT NULL THEN
            code := 'datatype_mismatch';
            message := format('%I.%I cannot serve as the shop''s table %s', shop, item.name, item.name);
            detail := lacks.detail;
            hint := CASE WHEN item.is_own
                         THEN format('ALTER TABLE %I.%I %s;', shop, item.name, lacks.altered)
                         ELSE format('In a view of that name, select %s.', lacks.selected) END;
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_obstacles(text, text, text) IS
    'what keeps create_shop from making a shop in a schema, or from bringing one up to date: relations and functions of others, names that are taken, columns that are missing';

CREATE FUNCTION loyalcs.shop_check_obstacles(shop text, key_type text, time_zone text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_ones record;
BEGIN
    SELECT count(*) AS number,
           min(o.code) AS code, min(o.message) AS message, min(o.detail) AS detail, min(o.hint) AS hint,
           string_agg(concat_ws(' ', concat(o.message, '.'), o.detail), ' ') AS details,
           string_agg(DISTINCT o.hint, ' ') AS hints
      INTO found_ones
      FROM loyalcs.shop_obstacles(shop, key_type, time_zone) o;
    IF found_ones.number = 1 THEN
        RAISE EXCEPTION '%', found_ones.message
            USING ERRCODE = found_ones.code,
                  DETAIL = found_ones.detail,
                  HINT = found_ones.hint;
    ELSIF found_ones.number > 1 THEN
        RAISE EXCEPTION '% objects are in the way of shop %', found_ones.number, quote_ident(shop)
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = found_ones.details,
                  HINT = found_ones.hints;
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_check_obstacles(text, text, text) IS
    'an error that names all that shop_obstacles finds, and what to do';

-- --------------------------------------------------------------------------
-- Functions and views
-- --------------------------------------------------------------------------

-- What stands there, without what ALTER FUNCTION can set.
CREATE FUNCTION loyalcs.shop_function_digest(function oid) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT md5(concat_ws(E'\n', p.prosrc, pg_get_function_sqlbody(p.oid), pg_get_function_arguments(p.oid),
                                 pg_get_function_result(p.oid), p.provolatile, p.proparallel, p.proisstrict, p.prosecdef))
              FROM pg_proc p WHERE p.oid = function);
END
$$;
COMMENT ON FUNCTION loyalcs.shop_function_digest(oid) IS
    'digest of a function as it stands: body, arguments, result and labels';

-- Out of the way; the comment keeps the name that people know.
CREATE FUNCTION loyalcs.shop_put_away(classid oid, object oid) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kind constant text := CASE WHEN classid = 'pg_proc'::regclass THEN 'FUNCTION' ELSE 'VIEW' END;
    was constant text := pg_describe_object(classid, object, 0);
BEGIN
    EXECUTE format('ALTER %s %s RENAME TO %I', kind, (pg_identify_object(classid, object, 0)).identity,
                   loyalcs.shop_gone_name(object));
    EXECUTE format('COMMENT ON %s %s IS %L', kind, (pg_identify_object(classid, object, 0)).identity, was);
END
$$;
COMMENT ON FUNCTION loyalcs.shop_put_away(oid, oid) IS
    'renames a function or view of a shop, so that another of its name can be made';

CREATE FUNCTION loyalcs.shop_uses_gone(shop text, class oid, object oid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM loyalcs.shop_gone(shop) g
                     JOIN pg_depend d ON d.refclassid = g.classid AND d.refobjid = g.objid
                    WHERE d.classid = class AND d.objid = object
                       OR class = 'pg_class'::regclass AND d.classid = 'pg_rewrite'::regclass
                          AND d.objid IN (SELECT r.oid FROM pg_rewrite r WHERE r.ev_class = object));
END
$$;
COMMENT ON FUNCTION loyalcs.shop_uses_gone(text, oid, oid) IS
    'whether a function or view depends on one that has been put away';

-- The privileges of one object, for another.
CREATE FUNCTION loyalcs.shop_copy_privileges(kind text, owner oid, privileges aclitem[], object text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
BEGIN
    IF privileges IS NULL THEN
        RETURN;     -- what is there by default
    END IF;
    EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC', kind, object);
    FOR item IN
        SELECT a.privilege_type, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS grantee,
               CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS option
          FROM aclexplode(privileges) a
         WHERE a.grantee <> owner
    LOOP
        EXECUTE format('GRANT %s ON %s %s TO %s%s', item.privilege_type, kind, object, item.grantee, item.option);
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_copy_privileges(text, oid, aclitem[], text) IS
    'gives an object the privileges that the one before it had';

-- Lists have been quoted when they were set, and no other value is.
CREATE FUNCTION loyalcs.shop_set_again(function oid, settings text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT split_part(s, '=', 1) AS name, substr(s, strpos(s, '=') + 1) AS value
          FROM unnest(settings) s
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET %I TO %s', function::regprocedure, item.name,
                       CASE WHEN lower(item.name) IN ('temp_tablespaces', 'session_preload_libraries', 'local_preload_libraries')
                            THEN coalesce(nullif(item.value, ''), '''''')
                            ELSE quote_literal(item.value) END);
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_set_again(oid, text[]) IS
    'gives a function the settings that the brand had given to the one before it';

CREATE FUNCTION loyalcs.shop_make_function(
    shop text,
    name text,
    key_type text,
    script text
) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schema constant oid := quote_ident(shop)::regnamespace;
    digest constant text := loyalcs.shop_digest(shop, key_type, script);
    body constant text := replace(script, '@key_type@', key_type);
    before tid[];
    was record;
    old record;
    made record;
BEGIN
    was := loyalcs.shop_recorded_part(shop, concat('function ', name));
    SELECT p.oid, p.proowner, p.proacl, obj_description(p.oid, 'pg_proc') AS comment,
           ARRAY(SELECT s FROM unnest(p.proconfig) s
                  WHERE split_part(s, '=', 1) <> 'search_path'
                    AND split_part(s, '=', 1) <> ALL (ARRAY(SELECT split_part(w, '=', 1) FROM unnest(was.settings) w))) AS settings
      INTO old
      FROM pg_proc p WHERE p.oid = loyalcs.shop_function(schema, name, was.identity);
    IF old.oid IS NOT NULL AND was.digest = digest AND was.made = loyalcs.shop_function_digest(old.oid)
       AND NOT loyalcs.shop_uses_gone(shop, 'pg_proc'::regclass, old.oid) THEN
        IF old.comment IS NULL AND was.comment IS NOT NULL THEN
            EXECUTE format('COMMENT ON FUNCTION %s IS %L', old.oid::regprocedure, was.comment);
        END IF;
        RETURN false;
    END IF;

    before := ARRAY(SELECT p.ctid FROM pg_proc p WHERE p.pronamespace = schema AND p.proname = name::name);
    BEGIN
        PERFORM loyalcs.shop_run(shop, body);
    EXCEPTION
        WHEN invalid_function_definition THEN
            -- another result, or other names of the arguments
            IF old.oid IS NULL THEN
                RAISE;
            END IF;
            PERFORM loyalcs.shop_put_away('pg_proc'::regclass, old.oid);
            PERFORM loyalcs.shop_run(shop, body);
    END;
    SELECT p.oid, oidvectortypes(p.proargtypes) AS identity, p.proconfig, obj_description(p.oid, 'pg_proc') AS comment
      INTO made
      FROM pg_proc p
     WHERE p.pronamespace = schema AND p.proname = name::name AND p.ctid <> ALL (before);

    IF old.oid IS NOT NULL THEN
        IF made.oid <> old.oid THEN
            IF EXISTS (SELECT FROM pg_proc p WHERE p.oid = old.oid AND p.proname = name::name) THEN
                PERFORM loyalcs.shop_put_away('pg_proc'::regclass, old.oid);
            END IF;
            PERFORM loyalcs.shop_copy_privileges('FUNCTION', old.proowner, old.proacl, made.oid::regprocedure::text);
        END IF;
        PERFORM loyalcs.shop_set_again(made.oid, old.settings);
        IF old.comment <> coalesce(was.comment, '') THEN
            EXECUTE format('COMMENT ON FUNCTION %s IS %L', made.oid::regprocedure, old.comment);
        END IF;
    END IF;
    PERFORM loyalcs.shop_record(shop, concat('function ', name), true, digest, made.identity,
                                made => loyalcs.shop_function_digest(made.oid),
                                settings => made.proconfig, comment => made.comment);
    RETURN true;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_make_function(text, text, text, text) IS
    'makes a function of a shop, unless it is there as it should be; says whether it did';

-- x_by(breakdown, as_of) stands in a script, and x_at(as_of) is about everyone
-- and lacks the column part.
CREATE FUNCTION loyalcs.shop_script_at(shop text, function oid) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT format('CREATE OR REPLACE FUNCTION %1$I(as_of timestamptz) RETURNS TABLE (%2$s) '
                      'LANGUAGE sql STABLE PARALLEL SAFE '
                      'BEGIN ATOMIC SELECT %3$s FROM %4$I(%5$L, as_of) f; END;'
                      'COMMENT ON FUNCTION %1$I(timestamptz) IS %6$L',
                      concat(left(p.proname, -3), '_at'),
                      string_agg(format('%I %s', p.proargnames[i], format_type(p.proallargtypes[i], NULL)), ', ' ORDER BY i),
                      string_agg(format('f.%I', p.proargnames[i]), ', ' ORDER BY i),
                      p.proname, 'everyone',
                      regexp_replace((loyalcs.shop_recorded_part(shop, concat('function ', p.proname))).comment,
                                     '; for each part of a breakdown.*', ''))
          FROM pg_proc p, generate_subscripts(p.proargmodes, 1) i
         WHERE p.oid = function AND p.proargmodes[i] = 't' AND p.proargnames[i] <> 'part'
         GROUP BY p.oid, p.proname);
END
$$;
COMMENT ON FUNCTION loyalcs.shop_script_at(text, oid) IS
    'the script of x_at(as_of), from the function x_by(breakdown, as_of)';

-- A view of ours selects the columns of its function as of now, and nothing else.
CREATE FUNCTION loyalcs.shop_view_is_ours(view oid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM pg_class c
         WHERE c.oid = view AND c.relkind = 'v'
           AND regexp_replace(pg_get_viewdef(c.oid), '\s+', ' ', 'g') ~
               '^ SELECT [^(),:'']+(, [^(),:'']+)* FROM [^()]+\(now\(\)\) [^()]+\([^()]*\);$'
           AND pg_get_viewdef(c.oid) !~ '\sAS\s'
           AND NOT EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'));
END
$$;
COMMENT ON FUNCTION loyalcs.shop_view_is_ours(oid) IS
    'whether a view is as create_shop makes one, and so may be made anew';

-- The brand's own privileges and comments go along to a view that is made anew.
CREATE FUNCTION loyalcs.shop_copy_view(old oid, new oid) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT c.relowner, c.relacl FROM pg_class c WHERE c.oid = old
    LOOP
        PERFORM loyalcs.shop_copy_privileges('TABLE', item.relowner, item.relacl, new::regclass::text);
    END LOOP;
    FOR item IN
        SELECT a.attname, col_description(old, a.attnum) AS comment,
               e.privilege_type, CASE e.grantee WHEN 0 THEN 'PUBLIC' ELSE e.grantee::regrole::text END AS grantee
          FROM pg_attribute a
          JOIN pg_attribute b ON b.attrelid = new AND b.attname = a.attname AND b.attnum > 0
          LEFT JOIN LATERAL aclexplode(a.attacl) e ON true
         WHERE a.attrelid = old AND a.attnum > 0
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', new::regclass, item.attname, item.comment);
        IF item.grantee IS NOT NULL THEN
            EXECUTE format('GRANT %s (%I) ON %s TO %s', item.privilege_type, item.attname, new::regclass, item.grantee);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_copy_view(oid, oid) IS
    'gives a view the privileges and the comments of the columns that the one before it had';

CREATE FUNCTION loyalcs.shop_make_view(
    shop text,
    function oid,
    OUT made boolean,
    OUT problem text
)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schema constant oid := quote_ident(shop)::regnamespace;
    at constant text := (SELECT p.proname FROM pg_proc p WHERE p.oid = function);
    name constant text := left(at, -3);
    part constant text := concat('view ', name);
    wanted constant text[] := (SELECT array_agg(concat(p.proargnames[i], ' ', format_type(p.proallargtypes[i], NULL)) ORDER BY i)
                                 FROM pg_proc p, generate_subscripts(p.proargmodes, 1) i
                                WHERE p.oid = function AND p.proargmodes[i] = 't');
    comment constant text := (loyalcs.shop_recorded_part(shop, concat('function ', at))).comment;
    was record;
    old record;
BEGIN
    made := false;
    SELECT c.oid, loyalcs.shop_columns(c.oid) AS columns, obj_description(c.oid, 'pg_class') AS comment,
           loyalcs.shop_view_is_ours(c.oid) AS is_ours
      INTO old
      FROM pg_class c WHERE c.relnamespace = schema AND c.relname = name::name;
    was := loyalcs.shop_recorded_part(shop, part);

    IF old.oid IS NOT NULL AND NOT old.is_ours THEN
        -- The brand has made it another one; it stays, if it can.
        IF NOT wanted <@ old.columns THEN
            problem := format('%I.%I is not as create_shop made it, and lacks %s', shop, name,
                              (SELECT string_agg(w, ', ') FROM unnest(wanted) w WHERE w <> ALL (old.columns)));
        ELSIF loyalcs.shop_uses_gone(shop, 'pg_class'::regclass, old.oid) THEN
            problem := format('%I.%I is not as create_shop made it, and reads a function that is made anew', shop, name);
        END IF;
        RETURN;
    END IF;
    IF old.columns = wanted AND NOT loyalcs.shop_uses_gone(shop, 'pg_class'::regclass, old.oid) THEN
        IF comment IS NOT NULL AND coalesce(old.comment, '') IN (coalesce(was.comment, ''), '')
           AND old.comment IS DISTINCT FROM comment THEN
            EXECUTE format('COMMENT ON VIEW %I.%I IS %L', shop, name, comment);
        END IF;
        IF was.own IS NULL OR was.comment IS DISTINCT FROM comment THEN
            PERFORM loyalcs.shop_record(shop, part, true, comment => comment);
        END IF;
        RETURN;
    END IF;

    made := true;
    IF old.oid IS NOT NULL AND old.columns <> wanted[1:cardinality(old.columns)] THEN
        PERFORM loyalcs.shop_put_away('pg_class'::regclass, old.oid);
    END IF;
    EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker = true) AS SELECT * FROM %1$I.%3$I(now())',
                   shop, name, at);
    IF old.oid IS NOT NULL AND old.columns <> wanted[1:cardinality(old.columns)] THEN
        PERFORM loyalcs.shop_copy_view(old.oid, format('%I.%I', shop, name)::regclass);
    END IF;
    EXECUTE format('COMMENT ON VIEW %I.%I IS %L', shop, name,
                   CASE WHEN coalesce(old.comment, '') IN (coalesce(was.comment, ''), '') THEN comment ELSE old.comment END);
    PERFORM loyalcs.shop_record(shop, part, true, comment => comment);
END
$$;
COMMENT ON FUNCTION loyalcs.shop_make_view(text, oid) IS
    'makes the view x of a function x_at(as_of), unless it is there as it should be; one that the brand has changed stays, or is a problem if it cannot';

-- A function of a part with what it brings: x_by an x_at, and x_at a view.
CREATE FUNCTION loyalcs.shop_make_figure(
    shop text,
    name text,
    brings text,
    key_type text,
    script text,
    OUT made boolean,
    OUT problem text
)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schema constant oid := quote_ident(shop)::regnamespace;
    at constant text := concat(left(name, -3), '_at');
    view record;
BEGIN
    made := loyalcs.shop_make_function(shop, name, key_type, script);
    IF brings = 'by' THEN
        made := loyalcs.shop_make_function(shop, at, key_type,
                    loyalcs.shop_script_at(shop, loyalcs.shop_function(schema, name, 'text, timestamp with time zone'))) OR made;
    END IF;
    IF brings <> '' THEN
        view := loyalcs.shop_make_view(shop, loyalcs.shop_function(schema, at, 'timestamp with time zone'));
        made := made OR view.made;
        problem := view.problem;
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_make_figure(text, text, text, text, text) IS
    'makes a function of a shop and the figure''s other forms; says whether there was anything to do, and what cannot be done';

-- --------------------------------------------------------------------------
-- What has to go
-- --------------------------------------------------------------------------

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
            PERFORM loyalcs.shop_put_away('pg_proc'::regclass, loyalcs.shop_function(schema, item.name, item.identity));
        ELSIF item.kind = 'view' THEN
            SELECT c.oid INTO view FROM pg_class c WHERE c.relnamespace = schema AND c.relname::text = item.name;
            IF loyalcs.shop_view_is_ours(view) THEN
                PERFORM loyalcs.shop_put_away('pg_class'::regclass, view);
            END IF;
        END IF;
        EXECUTE format('DELETE FROM %I.shop_migrations m WHERE m.part = $1', shop) USING item.part;
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_put_away_former(text) IS
    'puts the functions and views away that a shop has from an earlier version and this one does not make';

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
     WHERE NOT EXISTS (SELECT FROM loyalcs.shop_gone(shop) h
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

-- --------------------------------------------------------------------------
-- The whole
-- --------------------------------------------------------------------------

-- One name means one thing in every table and view of the shop, so the columns'
-- comments come from the glossary. What stands there already is the brand's,
-- unless an earlier version said it.
CREATE FUNCTION loyalcs.shop_comment_columns(shop text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT c.oid::regclass AS relation, a.attname, g.meaning
          FROM pg_class c
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          JOIN loyalcs.shop_glossary() g ON g.name = a.attname::text
         CROSS JOIN LATERAL (SELECT col_description(c.oid, a.attnum) AS comment) d
         WHERE c.relnamespace = quote_ident(shop)::regnamespace
           AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
           AND c.relowner = current_user::regrole
           AND (d.comment IS NULL
                OR d.comment <> g.meaning
                   AND EXISTS (SELECT FROM loyalcs.shop_former_meanings() f
                                WHERE f.name = g.name AND f.meaning = d.comment))
         ORDER BY c.oid, a.attnum
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', item.relation, item.attname, item.meaning);
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_comment_columns(text) IS
    'gives the columns of a shop their comments';

CREATE FUNCTION loyalcs.shop_check_arguments(name text, time_zone text, currency text, key_type regtype) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known constant text[] := '{text,bigint,integer,uuid}';
BEGIN
    IF name IS NULL OR time_zone IS NULL OR currency IS NULL OR key_type IS NULL THEN
        RAISE EXCEPTION 'create_shop takes no NULL'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'Leave out what is to have its default.';
    END IF;
    -- ("$user" in a search_path is never a schema of that name.)
    IF name = '' OR octet_length(name) > 63 OR name ~ '^pg_'
       OR name IN ('public', 'loyalcs', 'information_schema', '$user') THEN
        RAISE EXCEPTION '% cannot be the name of a shop', quote_literal(name)
            USING ERRCODE = 'invalid_name',
                  DETAIL = 'A shop is a schema of its own.',
                  HINT = 'Use the brand''s name, at most 63 bytes long.';
    END IF;
    IF key_type::text <> ALL (known) THEN
        RAISE EXCEPTION 'customers cannot have keys of type %', key_type
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Use one of %s.', array_to_string(known, ', '));
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_check_arguments(text, text, text, regtype) IS
    'an error unless a shop can be made of these';

CREATE FUNCTION loyalcs.shop_make_schema(name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owner text;
BEGIN
    -- Two sessions that make the same shop take turns.
    PERFORM pg_advisory_xact_lock(hashtextextended(concat('loyalcs.create_shop ', name), 0));

    SELECT pg_get_userbyid(n.nspowner) INTO owner FROM pg_namespace n WHERE n.nspname::text = name;
    IF NOT FOUND THEN
        EXECUTE format('CREATE SCHEMA %I', name);
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', name, 'a shop of loyalcs');
    ELSIF owner <> current_user THEN
        -- Whoever may create in a schema may plant what others will run there.
        RAISE EXCEPTION 'schema % belongs to %', quote_ident(name), owner
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('Connect as %s, or choose another name: what stands in a schema runs with the rights of whoever works on it.',
                                quote_ident(owner));
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_make_schema(text) IS
    'makes a schema for a shop, or an error if there is one of another owner';

-- The time zone and the type of the keys that a shop has. Defaults say nothing.
CREATE FUNCTION loyalcs.shop_kept_settings(
    shop text,
    currency text,
    INOUT time_zone text,
    INOUT key_type regtype
)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kept record;
    kept_type regtype;
BEGIN
    EXECUTE format('SELECT s.time_zone, s.currency FROM %I.settings s', shop) INTO kept;
    IF kept.time_zone IS NULL THEN
        RAISE EXCEPTION '%.settings has no row', quote_ident(shop)
            USING ERRCODE = 'no_data_found',
                  HINT = format('INSERT INTO %I.settings (time_zone, currency) what they were.', shop);
    END IF;
    IF time_zone NOT IN (kept.time_zone, 'Asia/Tokyo') OR currency NOT IN (kept.currency, 'JPY') THEN
        RAISE EXCEPTION 'shop % has time zone % and currency %',
                quote_ident(shop), kept.time_zone, kept.currency
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'create_shop brings functions and views up to date and changes no row.',
                  HINT = format('UPDATE %I.settings to change them.', shop);
    END IF;
    time_zone := kept.time_zone;

    kept_type := (SELECT m.identity::regtype FROM loyalcs.shop_recorded(shop) m WHERE m.part = 'shop');
    IF kept_type IS NULL THEN
        kept_type := (SELECT a.atttypid::regtype
                        FROM pg_class c
                        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'customer_id'
                        JOIN loyalcs.shop_names() n ON n.kind = 'table' AND n.name = c.relname::text
                       WHERE c.relnamespace = quote_ident(shop)::regnamespace AND c.relkind = 'r'
                       ORDER BY c.oid
                       LIMIT 1);
    END IF;
    IF kept_type IS NOT NULL THEN
        IF key_type NOT IN (kept_type, 'text'::regtype) THEN
            RAISE EXCEPTION 'customers of shop % have keys of type %', quote_ident(shop), kept_type
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = 'Leave out key_type.';
        END IF;
        key_type := kept_type;
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_kept_settings(text, text, text, regtype) IS
    'the time zone and the key type of a shop, or an error if others are asked for';

-- A table that was dropped, or that another relation has replaced, is made again
-- with all that was about it.
CREATE FUNCTION loyalcs.shop_forget_lost(shop text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lost constant text[] := ARRAY(
        SELECT p.relation
          FROM loyalcs.shop_parts() p
          JOIN loyalcs.shop_recorded(shop) m ON m.part = p.name
          LEFT JOIN pg_class c ON c.relnamespace = quote_ident(shop)::regnamespace AND c.relname::text = p.relation
         WHERE p.kind = 'table' AND (c.oid IS NULL OR m.own AND c.relkind <> 'r'));
BEGIN
    IF lost <> '{}' THEN
        EXECUTE format('DELETE FROM %I.shop_migrations m USING loyalcs.shop_parts() p
                         WHERE m.part = p.name AND p.kind IN (%L, %L, %L)
                           AND (p.relation = ANY ($1) OR p.other = ANY ($1))', shop, 'table', 'change', 'reference')
          USING lost;
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_forget_lost(text) IS
    'takes the tables out of a shop''s record that no longer stand there, with what refers to them';

CREATE FUNCTION loyalcs.shop_make_table(
    shop text,
    part text,
    relation text,
    script text,
    key_type text,
    time_zone text
) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known record;
    wanted record;
BEGIN
    known := loyalcs.shop_recorded_part(shop, part);
    IF known.own THEN
        RETURN false;
    ELSIF to_regclass(format('%I.%I', shop, relation)) IS NULL THEN
        PERFORM loyalcs.shop_run(shop, script);
        PERFORM loyalcs.shop_record(shop, part, true,
                    columns => loyalcs.shop_columns(format('%I.%I', shop, relation)::regclass));
        RETURN true;
    END IF;
    wanted := loyalcs.shop_wanted_columns(shop, relation, key_type, time_zone, known.digest);
    IF wanted.columns IS NOT NULL THEN
        IF known.own IS NULL AND (loyalcs.shop_recorded_part(shop, 'shop')).own THEN
            RAISE NOTICE '%.% serves as the shop''s table %', quote_ident(shop), quote_ident(relation), relation;
        END IF;
        PERFORM loyalcs.shop_record(shop, part, false, wanted.digest, columns => wanted.columns);
    END IF;
    RETURN wanted.columns IS NOT NULL;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_make_table(text, text, text, text, text, text) IS
    'makes a table of a shop, or writes down that another relation serves; says whether there was anything to do';

-- The columns that a change adds are the shop's from then on, and those that
-- it drops are not.
CREATE FUNCTION loyalcs.shop_make_change(shop text, part text, relation text, other text, script text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before text[];
    after text[];
BEGIN
    IF (loyalcs.shop_recorded_part(shop, part)).own
       OR NOT (loyalcs.shop_recorded_part(shop, concat('table ', relation))).own
       OR NOT (loyalcs.shop_recorded_part(shop, concat('table ', other))).own THEN
        RETURN false;
    END IF;
    before := loyalcs.shop_columns(format('%I.%I', shop, relation)::regclass);
    PERFORM loyalcs.shop_run(shop, script);
    after := loyalcs.shop_columns(format('%I.%I', shop, relation)::regclass);
    IF before <> after THEN
        EXECUTE format('UPDATE %I.shop_migrations m
                           SET columns = ARRAY(SELECT c FROM unnest(m.columns) c WHERE c = ANY ($2))
                                         || ARRAY(SELECT c FROM unnest($2) c WHERE c <> ALL ($1))
                         WHERE m.part = $3', shop)
          USING before, after, concat('table ', relation);
    END IF;
    PERFORM loyalcs.shop_record(shop, part, true);
    RETURN true;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_make_change(text, text, text, text, text) IS
    'runs a change or a reference, once, if its tables are the shop''s own; says whether it did';

CREATE FUNCTION loyalcs.shop_make_parts(shop text, key_type text, time_zone text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part record;
    figure record;
    problems text[] := '{}';
    made boolean := false;
BEGIN
    FOR part IN
        SELECT p.name, p.kind, p.relation, p.other, p.script AS text,
               replace(replace(p.script, '@key_type@', key_type), '@time_zone@', quote_literal(time_zone)) AS script
          FROM loyalcs.shop_parts() p
         ORDER BY p.part
    LOOP
        CASE part.kind
            WHEN 'table' THEN
                made := loyalcs.shop_make_table(shop, part.name, part.relation, part.script, key_type, time_zone) OR made;
            WHEN 'function' THEN
                figure := loyalcs.shop_make_figure(shop, part.relation, part.other, key_type, part.text);
                problems := problems || figure.problem;
                made := made OR figure.made;
            ELSE
                made := loyalcs.shop_make_change(shop, part.name, part.relation,
                                                 CASE part.kind WHEN 'reference' THEN part.other ELSE part.relation END, part.script) OR made;
        END CASE;
    END LOOP;
    PERFORM loyalcs.shop_put_away_former(shop);
    problems := array_remove(problems, NULL) || ARRAY(SELECT loyalcs.shop_users_of_gone(shop));
    IF problems <> '{}' THEN
        RAISE EXCEPTION 'shop % cannot be brought up to date', quote_ident(shop)
            USING ERRCODE = 'dependent_objects_still_exist',
                  DETAIL = concat(array_to_string(problems, '; '), '.'),
                  HINT = 'Drop these, call create_shop, and make them again on what is there then. Nothing has been changed.';
    END IF;
    PERFORM loyalcs.shop_drop_gone(shop);
    RETURN made;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_make_parts(text, text, text) IS
    'applies the parts that a shop lacks, and drops what it no longer has; says whether there was anything to do';

-- What the levels give is a matter of the version: when that changes, what an
-- earlier one gave is taken back first. To what is new, it is only added.
CREATE FUNCTION loyalcs.shop_give_levels(shop text, made boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    now_given constant text := (SELECT md5(string_agg(p.prosrc, ' ' ORDER BY p.proname))
                               FROM pg_proc p
                              WHERE p.pronamespace = 'loyalcs'::regnamespace AND p.proname ~ '^(grant_shop|shop_grant)');
    anew constant boolean := (loyalcs.shop_recorded_part(shop, 'levels')).digest IS DISTINCT FROM now_given;
    item record;
BEGIN
    IF NOT anew AND NOT made THEN
        RETURN;
    END IF;
    FOR item IN EXECUTE
        format('SELECT g.role, g.level, r.oid::regrole AS who
                  FROM %I.shop_grants g LEFT JOIN pg_roles r ON r.rolname::text = g.role
                 ORDER BY g.role', shop)
    LOOP
        IF item.who IS NULL THEN
            RAISE NOTICE 'there is no role %, which had level % in shop %', quote_ident(item.role), item.level, quote_ident(shop)
                USING HINT = format('When there is one again: SELECT loyalcs.grant_shop(%L, %L, %L);',
                                    shop, quote_ident(item.role), item.level);
            CONTINUE;
        END IF;
        IF anew THEN
            PERFORM loyalcs.shop_grant_nothing(shop, item.who);
        END IF;
        PERFORM loyalcs.shop_grant(shop, item.who, item.level);
    END LOOP;
    IF anew THEN
        PERFORM loyalcs.shop_record(shop, 'levels', true, now_given);
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_give_levels(text, boolean) IS
    'gives the roles of a shop what their levels may do, after something has been made';

CREATE FUNCTION loyalcs.create_shop(
    name text,
    time_zone text DEFAULT 'Asia/Tokyo',
    currency text DEFAULT 'JPY',
    key_type regtype DEFAULT 'text'
) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    installed constant text := (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'loyalcs');
    schema oid;
    is_first boolean;       -- a shop of 0.1.0
    existing boolean;
    made boolean;
    part record;
BEGIN
    PERFORM loyalcs.shop_check_arguments(name, time_zone, currency, key_type);
    PERFORM loyalcs.shop_make_schema(name);
    schema := quote_ident(name)::regnamespace;
    is_first := loyalcs.shop_is_first(schema);
    existing := is_first OR loyalcs.shop_is_recorded(schema);
    IF existing THEN
        SELECT k.time_zone, k.key_type INTO time_zone, key_type
          FROM loyalcs.shop_kept_settings(name, currency, time_zone, key_type) k;
    ELSE
        PERFORM now() AT TIME ZONE time_zone;   -- an error if there is no such zone
    END IF;

    IF NOT loyalcs.shop_is_recorded(schema) THEN
        IF NOT is_first OR to_regclass(format('%I.shop_migrations', name)) IS NOT NULL
           OR to_regclass(format('%I.shop_grants', name)) IS NOT NULL THEN
            PERFORM loyalcs.shop_check_obstacles(name, key_type::text, time_zone);
        END IF;
        FOR part IN
            SELECT p.name, p.relation, p.script FROM loyalcs.shop_parts() p
             WHERE p.kind = 'table' AND p.relation IN ('shop_migrations', 'shop_grants')
             ORDER BY p.part
        LOOP
            PERFORM loyalcs.shop_run(name, part.script);
            PERFORM loyalcs.shop_record(name, part.name, true,
                        columns => loyalcs.shop_columns(format('%I.%I', name, part.relation)::regclass));
        END LOOP;
        IF is_first THEN
            PERFORM loyalcs.shop_record_first(name, key_type::text, time_zone);
            PERFORM loyalcs.shop_record_first_grants(name);
        END IF;
    END IF;
    PERFORM loyalcs.shop_forget_lost(name);
    PERFORM loyalcs.shop_check_obstacles(name, key_type::text, time_zone);

    made := loyalcs.shop_make_parts(name, key_type::text, time_zone);
    IF NOT existing THEN
        EXECUTE format('INSERT INTO %I.settings (time_zone, currency) VALUES ($1, $2)', name)
          USING time_zone, currency;
    END IF;
    PERFORM loyalcs.shop_comment_columns(name);
    PERFORM loyalcs.shop_give_levels(name, made);
    IF made OR (loyalcs.shop_recorded_part(name, 'shop')).digest IS DISTINCT FROM installed THEN
        PERFORM loyalcs.shop_record(name, 'shop', true, installed, key_type::text);
    END IF;
    RETURN format('%s: %s tables of its own, %s views, keys of type %s', quote_ident(name),
                  (SELECT count(*) FROM loyalcs.shop_recorded(name) m WHERE m.part LIKE 'table %' AND m.own),
                  (SELECT count(*) FROM loyalcs.shop_recorded(name) m WHERE m.part LIKE 'view %'),
                  key_type);
END
$$;
COMMENT ON FUNCTION loyalcs.create_shop(text, text, text, regtype) IS
    'makes a shop: a schema with tables, functions and views, owned by the caller. time_zone: whose local days its reports count; currency: ISO 4217; key_type: text, bigint, integer or uuid, the type of customer_id. A relation of the caller''s that already stands in the schema under the name of one of its tables is used in that table''s place, if it has the columns. Called again, for example after ALTER EXTENSION loyalcs UPDATE, it brings the shop up to date: what an earlier version had made is changed as later ones have it, and where nothing differs nothing is touched';
