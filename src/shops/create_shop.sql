-- create_shop.sql
--
-- What makes a shop, and brings one up to date.
-- Needs: shops, shop_parts() (made from src/shop), shop_glossary().

-- What differs between a relation that stands in a schema and the table that
-- the shop would make: the table is made as a temporary one, looked at, and
-- unmade again by leaving the block with an exception.
CREATE FUNCTION loyalcs.shop_relation_differences(
    shop text,
    relation text,
    script text,
    hidden text[],
    OUT detail text,
    OUT hint text
)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted jsonb;
BEGIN
    BEGIN
        PERFORM set_config('search_path', 'pg_temp', true);
        PERFORM set_config('client_min_messages', 'warning', true);
        -- The session may have a temporary table of that name itself.
        EXECUTE format('ALTER TABLE IF EXISTS pg_temp.%I RENAME TO %I', relation, 'loyalcs: ' || relation);
        EXECUTE script;
        SELECT jsonb_agg(jsonb_build_array(a.attname, a.atttypid) ORDER BY a.attnum)
          INTO wanted
          FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = format('pg_temp.%I', relation)::regclass
           AND a.attnum > 0 AND a.attname <> ALL (hidden);
        RAISE EXCEPTION USING ERRCODE = 'LC000';
    EXCEPTION
        WHEN SQLSTATE 'LC000' THEN
            NULL;
    END;

    SELECT string_agg(CASE
                          WHEN a.attname IS NULL THEN format('Column %s %s is missing.', w.name, w.type)
                          ELSE format('Column %s is %s, not %s.', w.name,
                                      format_type(a.atttypid, NULL), w.type)
                      END, ' ' ORDER BY w.n),
           string_agg(CASE
                          WHEN a.attname IS NULL THEN format('NULL::%s AS %I', w.type, w.name)
                          ELSE format('%I::%s AS %I', w.name, w.type, w.name)
                      END, ', ' ORDER BY w.n)
      INTO detail, hint
      FROM (SELECT ((e.value ->> 1)::oid)::regtype AS type, e.value ->> 0 AS name, e.n
              FROM jsonb_array_elements(wanted) WITH ORDINALITY e (value, n)) w
      LEFT JOIN pg_attribute a
        ON a.attrelid = format('%I.%I', shop, relation)::regclass
       AND a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped
     WHERE a.attname IS NULL OR a.atttypid <> w.type;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_relation_differences(text, text, text, text[]) IS
    'what an existing relation lacks to serve as a shop''s table, and the columns to write instead; NULLs for nothing';

-- A figure x stands in a script once, as a function: x_by(breakdown, as_of) if
-- it can be cut, else x_at(as_of). The first has an x_at(as_of) that is about
-- everyone and lacks the column part; each x_at has a view x, which is its
-- figures as of now. Comments go along. One name means one thing in every table
-- and view of the shop, so the columns' comments come from the glossary.
CREATE FUNCTION loyalcs.shop_finish(shop text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
    views bigint := 0;
BEGIN
    FOR item IN
        SELECT p.proname, left(p.proname, -3) || '_at' AS at,
               regexp_replace(obj_description(p.oid, 'pg_proc'), '; for each part of a breakdown.*', '') AS comment,
               (SELECT string_agg(format('%I %s', p.proargnames[i], format_type(p.proallargtypes[i], NULL)), ', ' ORDER BY i)
                  FROM generate_subscripts(p.proargmodes, 1) i
                 WHERE p.proargmodes[i] = 't' AND p.proargnames[i] <> 'part') AS columns,
               (SELECT string_agg(format('f.%I', p.proargnames[i]), ', ' ORDER BY i)
                  FROM generate_subscripts(p.proargmodes, 1) i
                 WHERE p.proargmodes[i] = 't' AND p.proargnames[i] <> 'part') AS selected
          FROM pg_proc p
         WHERE p.pronamespace = quote_ident(shop)::regnamespace
           AND p.proname LIKE '%\_by'
           AND p.proargtypes = '25 1184'::oidvector    -- text, timestamptz
           AND p.proretset
           AND p.proargnames[3] = 'part'
         ORDER BY p.oid
    LOOP
        EXECUTE format('CREATE OR REPLACE FUNCTION %I.%I(as_of timestamptz) RETURNS TABLE (%s) '
                       'LANGUAGE sql STABLE PARALLEL SAFE '
                       'BEGIN ATOMIC SELECT %s FROM %1$I.%5$I(%6$L, as_of) f; END',
                       shop, item.at, item.columns, item.selected, item.proname, 'everyone');
        EXECUTE format('COMMENT ON FUNCTION %I.%I(timestamptz) IS %L', shop, item.at, item.comment);
    END LOOP;

    FOR item IN
        SELECT p.proname, left(p.proname, -3) AS view, obj_description(p.oid, 'pg_proc') AS comment,
               (SELECT array_agg(p.proargnames[i] || ' ' || p.proallargtypes[i] ORDER BY i)
                  FROM generate_subscripts(p.proargmodes, 1) i
                 WHERE p.proargmodes[i] = 't')
               IS DISTINCT FROM
               (SELECT array_agg(a.attname || ' ' || a.atttypid ORDER BY a.attnum)
                  FROM pg_class c
                  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                 WHERE c.relnamespace = p.pronamespace
                   AND c.relname = left(p.proname, -3)
                   AND c.relkind = 'v') AS new
          FROM pg_proc p
         WHERE p.pronamespace = quote_ident(shop)::regnamespace
           AND p.proname LIKE '%\_at'
           AND p.proargtypes = '1184'::oidvector    -- timestamptz
           AND p.proretset
           AND p.prolang = (SELECT l.oid FROM pg_language l WHERE l.lanname = 'sql')
         ORDER BY p.oid
    LOOP
        -- Replacing a view locks its readers out, and so is left where it changes nothing.
        IF item.new THEN
            EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker = true) AS '
                           'SELECT * FROM %1$I.%3$I(now())', shop, item.view, item.proname);
        END IF;
        EXECUTE format('COMMENT ON VIEW %I.%I IS %L', shop, item.view, item.comment);
        views := views + 1;
    END LOOP;

    FOR item IN
        SELECT c.relname, a.attname, g.meaning
          FROM pg_class c
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          JOIN loyalcs.shop_glossary() g ON g.name = a.attname
         WHERE c.relnamespace = quote_ident(shop)::regnamespace
           AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
           AND c.relowner = current_user::regrole
           AND col_description(c.oid, a.attnum) IS NULL
         ORDER BY c.oid, a.attnum
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L',
                       shop, item.relname, item.attname, item.meaning);
    END LOOP;
    RETURN views;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_finish(text) IS
    'makes the views of a shop and the comments on its columns; gives the number of views';

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
    known constant text[] := '{text,bigint,integer,uuid}';
    owner text;
    own text[] := '{}';         -- tables that create_shop made, before and now
    made text[] := '{}';        -- and those that it makes now
    existing boolean;           -- was there a shop already?
    kept record;
    part record;
    kind "char";
    differs record;
    views bigint;
BEGIN
    IF name IS NULL OR time_zone IS NULL OR currency IS NULL OR key_type IS NULL THEN
        RAISE EXCEPTION 'create_shop takes no NULL'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'Leave out what is to have its default.';
    END IF;
    IF name = '' OR octet_length(name) > 63 OR name ~ '^pg_'
       OR name IN ('public', 'loyalcs', 'information_schema') THEN
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

    -- Two sessions that make the same shop take turns.
    PERFORM pg_advisory_xact_lock(hashtextextended('loyalcs.create_shop ' || name, 0));

    SELECT pg_get_userbyid(n.nspowner) INTO owner FROM pg_namespace n WHERE n.nspname = name;
    IF NOT FOUND THEN
        EXECUTE format('CREATE SCHEMA %I', name);
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', name, 'a shop of loyalcs');
    ELSIF owner <> current_user THEN
        -- Whoever may create in a schema may plant what others will run there.
        RAISE EXCEPTION 'schema % belongs to %', quote_ident(name), owner
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('SET ROLE %I, if you may, or choose another name.', owner);
    END IF;

    existing := EXISTS (SELECT FROM loyalcs.shops s WHERE s.name = create_shop.name);
    IF existing THEN
        EXECUTE format('SELECT s.time_zone, s.currency, s.own_tables FROM %I.settings s', name)
           INTO kept;
        IF kept.own_tables IS NULL THEN
            RAISE EXCEPTION '%.settings has no row', quote_ident(name)
                USING ERRCODE = 'no_data_found',
                      HINT = format('INSERT INTO %I.settings (time_zone, currency, own_tables) what they were.', name);
        END IF;
        own := kept.own_tables;
        IF time_zone NOT IN (kept.time_zone, 'Asia/Tokyo') OR currency NOT IN (kept.currency, 'JPY') THEN
            RAISE EXCEPTION 'shop % has time zone % and currency %',
                    quote_ident(name), kept.time_zone, kept.currency
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = 'create_shop brings functions and views up to date and changes no row.',
                      HINT = format('UPDATE %I.settings to change them.', name);
        END IF;
        time_zone := kept.time_zone;
        SELECT a.atttypid::regtype AS type INTO kept
          FROM pg_class c
          JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = quote_ident(name)::regnamespace
           AND c.relname = ANY (own)
           AND a.attname = 'customer_id'
         ORDER BY c.oid
         LIMIT 1;
        IF FOUND THEN
            IF key_type NOT IN (kept.type, 'text'::regtype) THEN
                RAISE EXCEPTION 'customers of shop % have keys of type %', quote_ident(name), kept.type
                    USING ERRCODE = 'invalid_parameter_value',
                          HINT = 'Leave out key_type.';
            END IF;
            key_type := kept.type;
        END IF;
    ELSE
        PERFORM now() AT TIME ZONE time_zone;   -- an error if there is no such zone
    END IF;

    FOR part IN
        SELECT p.kind, p.relation, p.other, p.hidden,
               replace(replace(p.script, '@key_type@', key_type::text),
                       '@time_zone@', quote_literal(time_zone)) AS script
          FROM loyalcs.shop_parts() p
         ORDER BY p.part
    LOOP
        IF part.kind = 'table' THEN
            SELECT c.relkind INTO kind
              FROM pg_class c
             WHERE c.relnamespace = quote_ident(name)::regnamespace AND c.relname = part.relation;
            IF FOUND THEN
                IF part.relation = 'settings' AND NOT existing OR kind NOT IN ('r', 'v', 'm', 'p', 'f') THEN
                    RAISE EXCEPTION '%.% is in the way of the shop''s table %',
                            quote_ident(name), quote_ident(part.relation), part.relation
                        USING ERRCODE = 'duplicate_table',
                              HINT = 'Rename it, or choose another name for the shop.';
                END IF;
                own := array_remove(own, CASE WHEN kind <> 'r' THEN part.relation END);
                differs := loyalcs.shop_relation_differences(name, part.relation, part.script,
                    CASE WHEN part.relation = ANY (own) THEN '{}' ELSE part.hidden END);
                IF differs.detail IS NOT NULL THEN
                    RAISE EXCEPTION '%.% cannot serve as the shop''s table %',
                            quote_ident(name), quote_ident(part.relation), part.relation
                        USING ERRCODE = 'datatype_mismatch',
                              DETAIL = differs.detail,
                              HINT = format('In a view of that name, select %s.', differs.hint);
                END IF;
                CONTINUE;
            END IF;
            own := own || part.relation;
            made := made || part.relation;
        ELSIF part.kind = 'reference' THEN
            CONTINUE WHEN part.relation <> ALL (made) OR part.other <> ALL (own);
        ELSIF part.kind = 'change' THEN
            CONTINUE WHEN part.relation <> ALL (made);
        END IF;
        PERFORM set_config('search_path', format('%I, pg_temp', name), true);
        EXECUTE part.script;
        PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
    END LOOP;

    IF existing THEN
        EXECUTE format('UPDATE %I.settings SET own_tables = $1 WHERE own_tables <> $1', name)
          USING own;
    ELSE
        EXECUTE format('INSERT INTO %I.settings (time_zone, currency, own_tables) VALUES ($1, $2, $3)', name)
          USING time_zone, currency, own;
    END IF;
    EXECUTE format('COMMENT ON TABLE %I.settings IS %L', name, loyalcs.shop_mark(installed));
    views := loyalcs.shop_finish(name);
    RETURN format('%s: %s tables of its own, %s views, keys of type %s',
                  quote_ident(name), cardinality(own), views, key_type);
END
$$;
COMMENT ON FUNCTION loyalcs.create_shop(text, text, text, regtype) IS
    'makes a shop: a schema with tables, functions and views, owned by the caller. time_zone: whose local days its reports count; currency: ISO 4217; key_type: text, bigint, integer or uuid, the type of customer_id. A relation that already stands in the schema under the name of one of its tables is used in that table''s place, if it has the columns. Called again, for example after ALTER EXTENSION loyalcs UPDATE, it brings functions and views up to date and changes no row of the customer''s';
