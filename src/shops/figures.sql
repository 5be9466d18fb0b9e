-- figures.sql
--
-- The functions and views of a shop: making one, and making it anew with all that
-- the brand has set about it.
-- Needs: records, gone.

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
    IF NOT EXISTS (SELECT FROM loyalcs.shop_gone(shop)) THEN
        RETURN false;       -- nearly always, and the planner cannot know it
    END IF;
    -- (An object depends on little, and on one that is gone many may: so it is asked from here.)
    RETURN EXISTS (SELECT FROM (SELECT class AS classid, object AS objid
                                UNION ALL
                                SELECT 'pg_rewrite'::regclass::oid, r.oid FROM pg_rewrite r
                                 WHERE class = 'pg_class'::regclass AND r.ev_class = object) o
                     JOIN pg_depend d ON d.classid = o.classid AND d.objid = o.objid
                    WHERE (d.refclassid, d.refobjid) IN (SELECT g.classid, g.objid FROM loyalcs.shop_gone(shop) g));
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
    before tid[] := '{}';
    was record;
    old record;
    made record;
BEGIN
    was := loyalcs.shop_recorded_part(shop, concat('function ', name));
    -- (What is not recorded does not stand there: see shop_obstacles(). In a new shop that
    -- is every function, for each of which the planner would begin anew.)
    IF was.own IS NOT NULL THEN
        SELECT p.oid, p.proowner, p.proacl, d.description AS comment,
               ARRAY(SELECT s FROM unnest(p.proconfig) s
                      WHERE split_part(s, '=', 1) <> 'search_path'
                        AND split_part(s, '=', 1) <> ALL (ARRAY(SELECT split_part(w, '=', 1) FROM unnest(was.settings) w))) AS settings
          INTO old
          FROM pg_proc p
          LEFT JOIN pg_description d ON d.classoid = 'pg_proc'::regclass AND d.objoid = p.oid AND d.objsubid = 0
         WHERE p.oid = loyalcs.shop_function(schema, name, was.identity);
        IF old.oid IS NOT NULL AND was.digest = digest AND was.made = loyalcs.shop_function_digest(old.oid)
           AND NOT loyalcs.shop_uses_gone(shop, 'pg_proc'::regclass::oid, old.oid) THEN
            IF old.comment IS NULL AND was.comment IS NOT NULL THEN
                EXECUTE format('COMMENT ON FUNCTION %s IS %L', old.oid::regprocedure, was.comment);
            END IF;
            RETURN false;
        END IF;
        before := ARRAY(SELECT p.ctid FROM pg_proc p WHERE p.pronamespace = schema AND p.proname = name::name);
    ELSE
        SELECT NULL::oid AS oid INTO old;
    END IF;

    IF old.oid IS NULL THEN
        PERFORM loyalcs.shop_run(shop, body);
    ELSE
        BEGIN
            PERFORM loyalcs.shop_run(shop, body);
        EXCEPTION
            WHEN invalid_function_definition THEN
                -- another result, or other names of the arguments
                PERFORM loyalcs.shop_put_away('pg_proc'::regclass::oid, old.oid);
                PERFORM loyalcs.shop_run(shop, body);
        END;
    END IF;
    SELECT p.oid, oidvectortypes(p.proargtypes) AS identity, p.proconfig, d.description AS comment
      INTO made
      FROM pg_proc p
      LEFT JOIN pg_description d ON d.classoid = 'pg_proc'::regclass AND d.objoid = p.oid AND d.objsubid = 0
     WHERE p.pronamespace = schema AND p.proname = name::name AND p.ctid <> ALL (before);

    IF old.oid IS NOT NULL THEN
        IF made.oid <> old.oid THEN
            IF EXISTS (SELECT FROM pg_proc p WHERE p.oid = old.oid AND p.proname = name::name) THEN
                PERFORM loyalcs.shop_put_away('pg_proc'::regclass::oid, old.oid);
            END IF;
            PERFORM loyalcs.shop_copy_privileges('FUNCTION', old.proowner, old.proacl, made.oid::regprocedure::text);
        END IF;
        PERFORM loyalcs.shop_set_again(made.oid, old.settings);
        IF old.comment <> coalesce(was.comment, '') THEN
            EXECUTE format('COMMENT ON FUNCTION %s IS %L', made.oid::regprocedure, old.comment);
        END IF;
    END IF;
    PERFORM loyalcs.shop_record(shop, concat('function ', name), true, digest, made.identity,
                                NULL::text[], loyalcs.shop_function_digest(made.oid), made.proconfig, made.comment);
    RETURN true;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_make_function(text, text, text, text) IS
    'makes a function of a shop, unless it is there as it should be; says whether it did';

-- One form of a figure stands in a script, and the others are made of it, each of the one
-- before: x_by(breakdown, as_of) of x_per(period, breakdown, as_of), and x_at(as_of) of that
-- or of x_per(period, as_of). A period becomes a month, in the name of its column and in
-- what is said of it; x_at is about everyone and lacks the column part.
CREATE FUNCTION loyalcs.shop_script_of(shop text, function oid) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT format('CREATE OR REPLACE FUNCTION %1$I(%2$sas_of timestamptz) RETURNS TABLE (%3$s) '
                      'LANGUAGE sql STABLE PARALLEL SAFE '
                      'BEGIN ATOMIC SELECT %4$s FROM %5$I(%6$L, %7$sas_of) f; END;'
                      'COMMENT ON FUNCTION %1$I(%8$stimestamptz) IS %9$L',
                      concat(w.figure, CASE WHEN w.of_parts THEN '_by' ELSE '_at' END),
                      CASE WHEN w.of_parts THEN 'breakdown text, ' END,
                      string_agg(format('%I %s', CASE WHEN w.is_per AND c.name = 'period_start' THEN 'month' ELSE c.name END,
                                        format_type(c.type, NULL)), ', ' ORDER BY c.place),
                      string_agg(format('f.%I', c.name), ', ' ORDER BY c.place),
                      p.proname, CASE WHEN w.is_per THEN 'month' ELSE 'everyone' END,
                      CASE WHEN w.of_parts THEN 'breakdown, ' END,
                      CASE WHEN w.of_parts THEN 'text, ' END,
                      CASE WHEN w.is_per THEN regexp_replace(w.comment, '\mperiod', 'month', 'g')
                           ELSE regexp_replace(w.comment, '; for each part of a breakdown.*', '') END)
          FROM pg_proc p
         CROSS JOIN LATERAL (
                   SELECT regexp_replace(p.proname, '_(per|by)$', '') AS figure, p.proname ~ '_per$' AS is_per,
                          p.proname ~ '_per$' AND p.proargnames[2] = 'breakdown' AS of_parts,
                          (loyalcs.shop_recorded_part(shop, concat('function ', p.proname))).comment) w
         CROSS JOIN LATERAL unnest(p.proargmodes, p.proargnames, p.proallargtypes) WITH ORDINALITY c (mode, name, type, place)
         WHERE p.oid = function AND c.mode = 't' AND (w.is_per OR c.name <> 'part')
         GROUP BY p.oid, p.proname, w.figure, w.is_per, w.of_parts, w.comment);
END
$$;
COMMENT ON FUNCTION loyalcs.shop_script_of(text, oid) IS
    'the script of the next form of a figure: x_by or x_at by month from x_per, x_at from x_by';

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
        ELSIF loyalcs.shop_uses_gone(shop, 'pg_class'::regclass::oid, old.oid) THEN
            problem := format('%I.%I is not as create_shop made it, and reads a function that is made anew', shop, name);
        END IF;
        RETURN;
    END IF;
    IF old.oid IS NOT NULL AND old.columns = wanted AND NOT loyalcs.shop_uses_gone(shop, 'pg_class'::regclass::oid, old.oid) THEN
        IF comment IS NOT NULL AND coalesce(old.comment, '') IN (coalesce(was.comment, ''), '')
           AND old.comment IS DISTINCT FROM comment THEN
            EXECUTE format('COMMENT ON VIEW %I.%I IS %L', shop, name, comment);
        END IF;
        IF was.own IS NULL OR was.comment IS DISTINCT FROM comment THEN
            PERFORM loyalcs.shop_record(shop, part, true, NULL::text, NULL::text,
                                        NULL::text[], NULL::text, NULL::text[], comment);
        END IF;
        RETURN;
    END IF;

    made := true;
    IF old.oid IS NOT NULL AND old.columns <> wanted[1:cardinality(old.columns)] THEN
        PERFORM loyalcs.shop_put_away('pg_class'::regclass::oid, old.oid);
    END IF;
    EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker = true) AS SELECT * FROM %1$I.%3$I(now())',
                   shop, name, at);
    IF old.oid IS NOT NULL AND old.columns <> wanted[1:cardinality(old.columns)] THEN
        PERFORM loyalcs.shop_copy_view(old.oid, format('%I.%I', shop, name)::regclass::oid);
    END IF;
    EXECUTE format('COMMENT ON VIEW %I.%I IS %L', shop, name,
                   CASE WHEN coalesce(old.comment, '') IN (coalesce(was.comment, ''), '') THEN comment ELSE old.comment END);
    PERFORM loyalcs.shop_record(shop, part, true, NULL::text, NULL::text,
                                NULL::text[], NULL::text, NULL::text[], comment);
END
$$;
COMMENT ON FUNCTION loyalcs.shop_make_view(text, oid) IS
    'makes the view x of a function x_at(as_of), unless it is there as it should be; one that the brand has changed stays, or is a problem if it cannot';

-- A function of a part with what it brings: x_per an x_by or an x_at, x_by an x_at, and
-- x_at a view.
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
    figure constant text := regexp_replace(name, '_(per|by|at)$', '');
    view record;
BEGIN
    made := loyalcs.shop_make_function(shop, name, key_type, script);
    IF brings = 'per' THEN
        made := loyalcs.shop_make_function(shop, concat(figure, '_at'), key_type,
                    loyalcs.shop_script_of(shop, loyalcs.shop_function(schema, name, 'text, timestamp with time zone'))) OR made;
    ELSIF brings = 'per by' THEN
        made := loyalcs.shop_make_function(shop, concat(figure, '_by'), key_type,
                    loyalcs.shop_script_of(shop, loyalcs.shop_function(schema, name, 'text, text, timestamp with time zone'))) OR made;
    END IF;
    IF brings IN ('by', 'per by') THEN
        made := loyalcs.shop_make_function(shop, concat(figure, '_at'), key_type,
                    loyalcs.shop_script_of(shop, loyalcs.shop_function(schema, concat(figure, '_by'), 'text, timestamp with time zone'))) OR made;
    END IF;
    IF brings <> '' THEN
        view := loyalcs.shop_make_view(shop, loyalcs.shop_function(schema, concat(figure, '_at'), 'timestamp with time zone'));
        made := made OR view.made;
        problem := view.problem;
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_make_figure(text, text, text, text, text) IS
    'makes a function of a shop and the figure''s other forms; says whether there was anything to do, and what cannot be done';
