-- create_shop.sql
--
-- What makes a shop, and brings one up to date.
-- Needs: first, shops, records, tables, obstacles, figures, gone, shop_parts()
-- (made from src/shop), shop_glossary(), shop_former_meanings(), grant_shop.
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

-- One name means one thing in every table and view of the shop, so the columns'
-- comments come from the glossary. What stands there already is the brand's,
-- unless an earlier version said it.
CREATE FUNCTION loyalcs.shop_comment_columns(shop text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    commands text;
BEGIN
    SELECT string_agg(format('COMMENT ON COLUMN %s.%I IS %L', c.oid::regclass, a.attname, g.meaning), '; ' ORDER BY c.oid, a.attnum)
      INTO commands
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN loyalcs.shop_glossary() g ON g.name = a.attname::text
      LEFT JOIN pg_description d
        ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = a.attnum
     WHERE c.relnamespace = quote_ident(shop)::regnamespace
       AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
       AND c.relowner = current_user::regrole
       AND (d.description IS NULL
            OR d.description <> g.meaning
               AND EXISTS (SELECT FROM loyalcs.shop_former_meanings() f
                            WHERE f.name = g.name AND f.meaning = d.description));
    IF commands IS NOT NULL THEN
        EXECUTE commands;
    END IF;
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

-- Two sessions that make the same shop take turns: at the schema's name, as long as
-- it is not to be seen; at its comment, as long as it is no shop; at the shop's
-- record. Nobody but its owner can keep others waiting at the last two.
CREATE FUNCTION loyalcs.shop_make_schema(name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_one record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname::text = name) THEN
        BEGIN
            EXECUTE format('CREATE SCHEMA %I', name);
            EXECUTE format('COMMENT ON SCHEMA %I IS %L', name, 'a shop of loyalcs');
            RETURN;
        EXCEPTION
            WHEN unique_violation OR duplicate_schema THEN
                NULL;       -- another session has just made it
        END;
    END IF;

    SELECT n.oid, pg_get_userbyid(n.nspowner) AS owner, obj_description(n.oid, 'pg_namespace') AS comment
      INTO found_one
      FROM pg_namespace n WHERE n.nspname::text = name;
    IF found_one.owner <> current_user THEN
        -- Whoever may create in a schema may plant what others will run there.
        RAISE EXCEPTION 'schema % belongs to %', quote_ident(name), found_one.owner
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('Connect as %s, or choose another name: what stands in a schema runs with the rights of whoever works on it.',
                                quote_ident(found_one.owner));
    END IF;
    IF NOT loyalcs.shop_is_recorded(found_one.oid) THEN
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', name, found_one.comment);
    END IF;
    IF loyalcs.shop_is_recorded(found_one.oid) THEN
        EXECUTE format('LOCK TABLE ONLY %I.shop_migrations IN SHARE UPDATE EXCLUSIVE MODE', name);
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_make_schema(text) IS
    'makes a schema for a shop, or waits for its turn at the one that there is; an error if that is another owner''s';

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
                  HINT = format(CASE WHEN currency IN (kept.currency, 'JPY') THEN 'UPDATE %I.settings to change them.'
                                     ELSE 'UPDATE %I.settings to change them: the currency only while there are no orders.' END,
                                shop);
    END IF;
    time_zone := kept.time_zone;

    kept_type := (SELECT m.identity::regtype FROM loyalcs.shop_recorded(shop) m WHERE m.part = 'shop');
    IF kept_type IS NULL THEN
        kept_type := (SELECT a.atttypid::regtype
                        FROM pg_class c
                        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'customer_id'
                        JOIN loyalcs.shop_names() n ON n.kind = 'table' AND n.name::name = c.relname
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
-- with all that was about it; and so are triggers that went with the extension.
CREATE FUNCTION loyalcs.shop_forget_lost(shop text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schema constant oid := quote_ident(shop)::regnamespace;
    lost constant text[] := ARRAY(
        SELECT p.relation
          FROM loyalcs.shop_parts() p
          JOIN loyalcs.shop_recorded(shop) m ON m.part = p.name
          LEFT JOIN pg_class c ON c.relnamespace = schema AND c.relname = p.relation::name
         WHERE p.kind = 'table' AND (c.oid IS NULL OR m.own AND c.relkind <> 'r'));
    parts constant text[] := ARRAY(
        SELECT m.part
          FROM loyalcs.shop_parts() p
          JOIN loyalcs.shop_recorded(shop) m ON m.part = p.name
         WHERE p.kind IN ('table', 'change', 'reference') AND (p.relation = ANY (lost) OR p.other = ANY (lost))
            OR p.kind IN ('change', 'reference') AND loyalcs.shop_lost_triggers(schema, p.relation, p.script));
BEGIN
    IF parts <> '{}' THEN
        EXECUTE format('DELETE FROM %I.shop_migrations m WHERE m.part = ANY ($1)', shop)
          USING parts;
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_forget_lost(text) IS
    'takes the tables out of a shop''s record that no longer stand there, with what refers to them, and the changes and references whose triggers are gone';

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
        PERFORM loyalcs.shop_record(shop, part, true, NULL::text, NULL::text,
                                    loyalcs.shop_columns(format('%I.%I', shop, relation)::regclass::oid), NULL::text, NULL::text[], NULL::text);
        RETURN true;
    END IF;
    wanted := loyalcs.shop_wanted_columns(shop, relation, key_type, time_zone, known.digest);
    IF wanted.columns IS NOT NULL THEN
        IF known.own IS NULL AND (loyalcs.shop_recorded_part(shop, 'shop')).own THEN
            RAISE NOTICE '%.% serves as the shop''s table %', quote_ident(shop), quote_ident(relation), relation;
        END IF;
        PERFORM loyalcs.shop_record(shop, part, false, wanted.digest, NULL::text,
                                    wanted.columns, NULL::text, NULL::text[], NULL::text);
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
    before := loyalcs.shop_columns(format('%I.%I', shop, relation)::regclass::oid);
    PERFORM loyalcs.shop_run(shop, script);
    after := loyalcs.shop_columns(format('%I.%I', shop, relation)::regclass::oid);
    IF before <> after THEN
        EXECUTE format('UPDATE %I.shop_migrations m
                           SET columns = ARRAY(SELECT c FROM unnest(m.columns) c WHERE c = ANY ($2))
                                         || ARRAY(SELECT c FROM unnest($2) c WHERE c <> ALL ($1))
                         WHERE m.part = $3', shop)
          USING before, after, concat('table ', relation);
    END IF;
    PERFORM loyalcs.shop_record(shop, part, true, NULL::text, NULL::text,
                                NULL::text[], NULL::text, NULL::text[], NULL::text);
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
-- earlier one gave is taken back first. To what is new, it is only added; so it
-- is for a role that has lost its level.
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
        FOR item IN SELECT l.role, l.level FROM loyalcs.shop_lost_levels(shop) l LOOP
            PERFORM loyalcs.shop_grant(shop, item.role, item.level);
        END LOOP;
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
        PERFORM loyalcs.shop_record(shop, text 'levels', true, now_given, NULL::text,
                                    NULL::text[], NULL::text, NULL::text[], NULL::text);
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_give_levels(text, boolean) IS
    'gives the roles of a shop what their levels may do, after something has been made; otherwise to those alone that have lost it';

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
    known text[];           -- tables that are recorded before anything is made,
    untouched text[];       -- and those of them that have the rows that they were made with
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
            PERFORM loyalcs.shop_record(name, part.name, true, NULL::text, NULL::text,
                                        loyalcs.shop_columns(format('%I.%I', name, part.relation)::regclass::oid), NULL::text, NULL::text[], NULL::text);
        END LOOP;
        IF is_first THEN
            PERFORM loyalcs.shop_record_first(name, key_type::text, time_zone);
            PERFORM loyalcs.shop_record_first_grants(name);
        END IF;
    END IF;
    PERFORM loyalcs.shop_forget_lost(name);
    PERFORM loyalcs.shop_check_obstacles(name, key_type::text, time_zone);

    known := CASE WHEN existing THEN ARRAY(SELECT m.part FROM loyalcs.shop_recorded(name) m WHERE m.part LIKE 'table %') END;
    untouched := ARRAY(SELECT t.part FROM loyalcs.shop_first_rows(name) t WHERE t.rows = t.made);
    made := loyalcs.shop_make_parts(name, key_type::text, time_zone);
    IF NOT existing THEN
        EXECUTE format('INSERT INTO %I.settings (time_zone, currency) VALUES ($1, $2)', name)
          USING time_zone, currency;
    END IF;
    -- One row is too few for autovacuum to look at, and without a look the planner
    -- takes it for hundreds, in every figure.
    IF made THEN
        EXECUTE format('ANALYZE %I.settings', name);
        EXECUTE format('UPDATE %I.shop_migrations m SET made = t.rows FROM loyalcs.shop_first_rows($1) t
                         WHERE m.part = t.part AND m.made IS DISTINCT FROM t.rows
                           AND (m.part = ANY ($2) OR (m.part = ANY ($3)) IS NOT TRUE)', name)
          USING name, untouched, known;
    END IF;
    PERFORM loyalcs.shop_comment_columns(name);
    PERFORM loyalcs.shop_give_levels(name, made);
    IF made OR (loyalcs.shop_recorded_part(name, 'shop')).digest IS DISTINCT FROM installed THEN
        PERFORM loyalcs.shop_record(name, text 'shop', true, installed, key_type::text,
                                    NULL::text[], NULL::text, NULL::text[], NULL::text);
    END IF;
    IF obj_description(format('%I.shop_migrations', name)::regclass, 'pg_class') IS DISTINCT FROM loyalcs.shop_mark(installed) THEN
        EXECUTE format('COMMENT ON TABLE %I.shop_migrations IS %L', name, loyalcs.shop_mark(installed));
    END IF;
    RETURN format('%s: %s tables of its own, %s views, keys of type %s', quote_ident(name),
                  (SELECT count(*) FROM loyalcs.shop_recorded(name) m WHERE m.part LIKE 'table %' AND m.own),
                  (SELECT count(*) FROM loyalcs.shop_recorded(name) m WHERE m.part LIKE 'view %'),
                  key_type);
END
$$;
COMMENT ON FUNCTION loyalcs.create_shop(text, text, text, regtype) IS
    'makes a shop: a schema with tables, functions and views, owned by the caller. time_zone: whose local days its reports count; currency: ISO 4217; key_type: text, bigint, integer or uuid, the type of customer_id. A relation of the caller''s that already stands in the schema under the name of one of its tables is used in that table''s place, if it has the columns. Called again, for example after ALTER EXTENSION loyalcs UPDATE, it brings the shop up to date: what an earlier version had made is changed as later ones have it, and where nothing differs nothing is touched';
