-- test/traps.sql: what somebody plants who may create in a schema that others
-- work in.
--
--   traps.plant(SCHEMA, NAMES, OF)
--
-- puts into SCHEMA a function, an aggregate or an operator for every way in which
-- a call of one in the schema OF may fit without being an exact match: each would
-- be taken instead of the real one, if SCHEMA is in the path or named by the
-- call. NAMES are those of the functions that matter; operators are planted for
-- all names. What a trap takes instead of what the real one does is
-- - a type that is cast to it implicitly,
-- - text, or for an operator the other operand's type, where the real one takes
--   something else: a literal without a type is taken for these first,
-- - any type at all where the real one is polymorphic, and
-- - fewer arguments where it has defaults.
-- Of a function's arguments one differs at a time: that fits better than the real
-- one does already. (If another fits as well, the call is ambiguous, which is an
-- error and so is noticed too.) A trap gives what the real one would, so that
-- nothing fails before it has sprung.
--
-- traps.caught says what has been built into something; a trap that is run
-- says so in a warning.

CREATE SCHEMA traps;
SET search_path = pg_catalog, pg_temp;

CREATE FUNCTION traps.sprung(trap text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE WARNING 'trap % has sprung for %', trap, current_user;
END
$$;

-- The types that expressions have, with their arrays.
CREATE FUNCTION traps.all_types() RETURNS SETOF oid LANGUAGE sql STABLE AS $$
    WITH base AS (
        SELECT t.oid, t.typarray
          FROM pg_type t
          JOIN pg_namespace n ON n.oid = t.typnamespace
         WHERE (n.nspname = 'pg_catalog'
                AND t.typname IN ('int2', 'int4', 'int8', 'numeric', 'float8', 'text', 'name', 'bool', 'date', 'timestamp',
                                  'timestamptz', 'interval', 'uuid', 'jsonb', 'oid', 'regclass', 'tstzrange', 'tstzmultirange')
                OR n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'traps')
                AND t.typcategory <> 'A'
                AND (t.typtype IN ('b', 'e', 'd')
                     OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind IN ('c', 'r'))))
    )
    SELECT b.oid FROM base b
    UNION
    SELECT b.typarray FROM base b JOIN pg_type t ON t.oid = b.oid WHERE b.typarray <> 0 AND t.typtype <> 'c' 
$$;

CREATE TABLE traps.types (type oid PRIMARY KEY);
CREATE TABLE traps.fits (declared oid, actual oid);
CREATE INDEX ON traps.fits (declared);

-- A polymorphic type, where the element is of this type; 0 where it cannot be.
CREATE FUNCTION traps.binding(declared oid, element oid) RETURNS oid LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN declared IN ('anyelement'::regtype, 'anycompatible'::regtype, '"any"'::regtype) THEN element
        WHEN declared IN ('anynonarray'::regtype, 'anycompatiblenonarray'::regtype)
            THEN (SELECT CASE WHEN t.typcategory = 'A' THEN 0::oid ELSE element END FROM pg_type t WHERE t.oid = element)
        WHEN declared IN ('anyarray'::regtype, 'anycompatiblearray'::regtype)
            THEN coalesce((SELECT t.typarray FROM pg_type t WHERE t.oid = element AND t.typarray IN (SELECT type FROM traps.types)), 0::oid)
        WHEN declared IN ('anyrange'::regtype, 'anycompatiblerange'::regtype)
            THEN coalesce((SELECT r.rngtypid FROM pg_range r WHERE r.rngsubtype = element AND r.rngtypid IN (SELECT type FROM traps.types)), 0::oid)
        WHEN declared IN ('anymultirange'::regtype, 'anycompatiblemultirange'::regtype)
            THEN coalesce((SELECT r.rngmultitypid FROM pg_range r WHERE r.rngsubtype = element AND r.rngtypid IN (SELECT type FROM traps.types)), 0::oid)
        WHEN declared = 'anyenum'::regtype
            THEN (SELECT CASE WHEN t.typtype = 'e' THEN element ELSE 0::oid END FROM pg_type t WHERE t.oid = element)
        ELSE declared
    END
$$;

CREATE TABLE traps.bindings (declared oid, element oid, bound oid, PRIMARY KEY (declared, element));
CREATE FUNCTION traps.bound(declared oid, element oid) RETURNS oid LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN element = 0 OR declared IS NULL THEN declared
                ELSE coalesce((SELECT b.bound FROM traps.bindings b WHERE b.declared = bound.declared AND b.element = bound.element), declared) END
$$;

CREATE FUNCTION traps.polymorphic(type oid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT type = '"any"'::regtype OR (SELECT t.typtype = 'p' AND t.typname LIKE 'any%' FROM pg_type t WHERE t.oid = type)
$$;

-- All lists of arguments that fit a declared list, no more than one of them
-- otherwise than it is declared.
CREATE FUNCTION traps.lists(args oid[]) RETURNS TABLE (list oid[], differing integer) LANGUAGE sql STABLE AS $$
    SELECT args, 0
    UNION ALL
    SELECT args[:i - 1] || f.actual || args[i + 1:], 1
      FROM generate_subscripts(args, 1) i
      JOIN traps.fits f ON f.declared = args[i] AND f.actual <> args[i]
$$;

-- What may stand where a type is declared.
CREATE FUNCTION traps.look() RETURNS void LANGUAGE sql AS $$
    TRUNCATE traps.types, traps.fits, traps.bindings;
    INSERT INTO traps.types SELECT traps.all_types();
    INSERT INTO traps.fits
    SELECT t.type, t.type FROM traps.types t
    UNION
    SELECT c.casttarget, c.castsource
      FROM pg_cast c
     WHERE c.castcontext = 'i' AND c.castsource IN (SELECT type FROM traps.types)
    UNION
    SELECT t.oid, 'text'::regtype
      FROM pg_type t
     WHERE t.typcategory <> 'S' AND t.typtype <> 'p' AND t.oid IN (SELECT type FROM traps.types);
    INSERT INTO traps.bindings
    SELECT p.oid, t.type, traps.binding(p.oid, t.type)
      FROM pg_type p, traps.types t
     WHERE p.typtype = 'p' AND p.typname LIKE 'any%';
$$;

CREATE FUNCTION traps.plant(schema text, names text[], of text DEFAULT 'pg_catalog') RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET check_function_bodies = off
    AS $$
DECLARE
    f record;
    o record;
    planted bigint := 0;
    signature text;
    -- (All at the end, because what has been planned is planned anew after an operator was
    -- made; and functions of names of their own, because operators and aggregates look
    -- through all of a name. What is appended has no query in it: with one, all that is there
    -- is copied each time.)
    commands text[] := '{}';
    command text;
BEGIN
    PERFORM traps.look();
    ANALYZE traps.types, traps.fits, traps.bindings;

    -- Functions
    FOR f IN
        WITH real AS (
            SELECT p.oid, p.proname, p.prokind, p.proretset, a.aggkind, coalesce(a.aggnumdirectargs, 0) AS direct, n AS nargs,
                   CASE WHEN p.provariadic <> 0 THEN
                            (p.proargtypes::oid[])[0:p.pronargs - 2] || array_fill(CASE WHEN p.provariadic = '"any"'::regtype THEN '"any"'::regtype ELSE p.provariadic END, ARRAY[v])::oid[]
                        ELSE (p.proargtypes::oid[])[0:n - 1] END AS args,
                   CASE WHEN p.proallargtypes IS NULL OR NOT p.proargmodes && '{o,b,t}' THEN p.prorettype END AS result,
                   pg_get_function_result(p.oid) AS result_text
              FROM pg_proc p
              LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
             CROSS JOIN LATERAL generate_series((CASE WHEN p.prokind = 'f' AND p.provariadic = 0 THEN p.pronargs - p.pronargdefaults ELSE p.pronargs END)::int, p.pronargs::int) n
             CROSS JOIN LATERAL generate_series(1, CASE WHEN p.provariadic <> 0 THEN 2 ELSE 1 END) v
             WHERE p.pronamespace = (SELECT s.oid FROM pg_namespace s WHERE s.nspname = of)
               AND p.proname = ANY (names) AND n > 0
               AND p.prorettype NOT IN ('trigger'::regtype, 'internal'::regtype, 'cstring'::regtype)
               AND NOT (p.proargtypes::oid[] && '{internal,cstring}'::regtype[]::oid[])
        ), bound AS (
            SELECT r.oid, r.proname, r.prokind, r.proretset, r.aggkind, r.direct, r.args, r.result_text,
                   CASE WHEN e.t = 0 THEN r.args
                        ELSE ARRAY(SELECT coalesce((SELECT b.bound FROM traps.bindings b WHERE b.declared = x.t AND b.element = e.t), x.t)
                                     FROM unnest(r.args) WITH ORDINALITY x (t, i)
                                    ORDER BY x.i) END AS bound,
                   CASE WHEN e.t = 0 THEN r.result ELSE traps.bound(r.result, e.t) END AS result
              FROM real r
             CROSS JOIN LATERAL (SELECT e.type FROM traps.types e
                                  WHERE EXISTS (SELECT FROM unnest(r.args) x WHERE traps.polymorphic(x))
                                 UNION ALL
                                 SELECT 0 WHERE NOT EXISTS (SELECT FROM unnest(r.args) x WHERE traps.polymorphic(x))) e (t)
        ), fitting AS (
            SELECT b.*, l.list, l.differing,
                   (SELECT count(*) FROM unnest(b.bound) d JOIN pg_type t ON t.oid = d WHERE t.typispreferred) AS preferred
              FROM bound b
             CROSS JOIN LATERAL traps.lists(b.bound) l
             WHERE 0 <> ALL (b.bound) AND b.result IS DISTINCT FROM 0
               AND (l.differing = 0 OR b.args = b.bound)
        )
        SELECT DISTINCT ON (t.proname, t.list) t.*,
               oidvectortypes(array_to_string(t.list, ' ')::oidvector) AS said
          FROM fitting t
         WHERE (t.proname, array_to_string(t.list, ' ')) NOT IN
               (SELECT p.proname, p.proargtypes::text
                  FROM pg_proc p
                 WHERE p.pronamespace IN (SELECT n.oid FROM pg_namespace n WHERE n.nspname IN (of, schema)))
         ORDER BY t.proname, t.list, t.differing, t.preferred DESC
    LOOP
        signature := format('%I.%I(%s)', schema, f.proname, f.said);
        IF f.prokind IN ('a', 'w') THEN
            -- for a window function too: an aggregate serves there
            IF f.result IS NULL OR f.result = 'internal'::regtype THEN
                CONTINUE;
            END IF;
            command := format('CREATE OR REPLACE FUNCTION %I.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L',
                           schema, concat('step ', md5(signature)), concat_ws(', ', format_type(f.result, NULL),
                           (SELECT string_agg(format_type(x.t, NULL), ', ' ORDER BY x.i)
                              FROM unnest(f.list[CASE f.aggkind WHEN 'o' THEN f.direct + 1 ELSE 1 END:]) WITH ORDINALITY x (t, i))),
                           format_type(f.result, NULL),
                           format('BEGIN PERFORM traps.sprung(%L); RETURN NULL; END', signature));
            commands := array_append(commands, command);
            IF f.aggkind = 'o' THEN
                command := format('CREATE OR REPLACE FUNCTION %I.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L',
                               schema, concat('final ', md5(signature)), concat_ws(', ', format_type(f.result, NULL),
                               (SELECT string_agg(format_type(x.t, NULL), ', ' ORDER BY x.i) FROM unnest(f.list[:f.direct]) WITH ORDINALITY x (t, i))),
                               format_type(f.result, NULL),
                               format('BEGIN PERFORM traps.sprung(%L); RETURN NULL; END', signature));
                commands := array_append(commands, command);
                command := format('CREATE AGGREGATE %I.%I(%s ORDER BY %s) (SFUNC = %1$I.%5$I, STYPE = %6$s, FINALFUNC = %1$I.%7$I)', schema, f.proname,
                               (SELECT string_agg(format_type(x.t, NULL), ', ' ORDER BY x.i) FROM unnest(f.list[:f.direct]) WITH ORDINALITY x (t, i)),
                               (SELECT string_agg(format_type(x.t, NULL), ', ' ORDER BY x.i) FROM unnest(f.list[f.direct + 1:]) WITH ORDINALITY x (t, i)),
                               concat('step ', md5(signature)), format_type(f.result, NULL), concat('final ', md5(signature)));
                commands := array_append(commands, command);
            ELSE
                command := format('CREATE AGGREGATE %I.%I(%s) (SFUNC = %1$I.%4$I, STYPE = %5$s)', schema, f.proname, f.said,
                               concat('step ', md5(signature)), format_type(f.result, NULL));
                commands := array_append(commands, command);
            END IF;
        ELSE
            command := format('CREATE FUNCTION %s RETURNS %s LANGUAGE plpgsql AS %L', signature,
                           CASE WHEN f.result IS NULL THEN f.result_text
                                ELSE CASE WHEN f.proretset THEN 'SETOF ' ELSE '' END || format_type(f.result, NULL) END,
                           format('BEGIN PERFORM traps.sprung(%L); RETURN%s; END', signature,
                                  CASE WHEN f.proretset OR f.result = 'void'::regtype THEN '' ELSE ' NULL' END));
            commands := array_append(commands, command);
        END IF;
        planted := planted + 1;
    END LOOP;

    -- Operators
    FOR o IN
        WITH bound AS (
            SELECT p.oprname, traps.bound(p.oprleft, e.t) AS l, traps.bound(p.oprright, e.t) AS r, traps.bound(p.oprresult, e.t) AS result
              FROM pg_operator p
             CROSS JOIN LATERAL (SELECT e.type FROM traps.types e WHERE traps.polymorphic(p.oprleft) OR traps.polymorphic(p.oprright)
                                 UNION ALL
                                 SELECT 0 WHERE NOT (traps.polymorphic(p.oprleft) OR traps.polymorphic(p.oprright))) e (t)
             WHERE p.oprnamespace = (SELECT s.oid FROM pg_namespace s WHERE s.nspname = of)
               AND p.oprleft <> 0
        ), fitting AS (
            SELECT b.oprname, b.result, le.actual AS l, ri.actual AS r,
                   (b.l = le.actual)::int + (b.r = ri.actual)::int AS exact,
                   (SELECT count(*) FROM pg_type t WHERE t.oid IN (b.l, b.r) AND t.typispreferred) AS preferred
              FROM bound b
              JOIN traps.fits le ON le.declared = b.l
              JOIN traps.fits ri ON ri.declared = b.r 
            UNION ALL
            -- a literal without a type is first taken to be of the other's type
            SELECT b.oprname, b.result, b.l, b.l, 1, 0
              FROM bound b
             WHERE b.l IN (SELECT type FROM traps.types)
        )
        SELECT DISTINCT ON (t.oprname, t.l, t.r) t.oprname,
               format_type(t.l, NULL) AS l, format_type(t.r, NULL) AS r, format_type(t.result, NULL) AS result
          FROM fitting t
         WHERE t.result <> 0
           AND NOT EXISTS (SELECT FROM pg_operator p
                            WHERE p.oprnamespace IN (SELECT n.oid FROM pg_namespace n WHERE n.nspname IN (of, schema))
                              AND p.oprname = t.oprname
                              AND p.oprleft = t.l AND p.oprright = t.r)
         ORDER BY t.oprname, t.l, t.r, t.exact DESC, t.preferred DESC
    LOOP
        signature := format('%s %I.%s %s', o.l, schema, o.oprname, o.r);
        command := format('CREATE FUNCTION %I.%I(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L',
                       schema, concat('trap ', md5(signature)), o.l, o.r, o.result,
                       format('BEGIN PERFORM traps.sprung(%L); RETURN NULL; END', signature));
        commands := array_append(commands, command);
        command := format('CREATE OPERATOR %I.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %1$I.%5$I)',
                       schema, o.oprname, o.l, o.r, concat('trap ', md5(signature)));
        commands := array_append(commands, command);
        planted := planted + 1;
    END LOOP;
    EXECUTE array_to_string(commands, ';');
    RETURN planted;
END
$$;
-- What was built into something that is no trap itself.
CREATE VIEW traps.caught AS
    WITH spring AS (
        SELECT p.oid FROM pg_proc p WHERE p.prosrc LIKE '%traps.sprung%' AND p.pronamespace <> 'traps'::regnamespace
    ), trap AS (
        SELECT 'pg_proc'::regclass AS classid, s.oid AS objid FROM spring s
        UNION ALL
        SELECT 'pg_proc'::regclass, a.aggfnoid FROM pg_aggregate a WHERE a.aggtransfn IN (SELECT s.oid FROM spring s)
        UNION ALL
        SELECT 'pg_operator'::regclass, o.oid FROM pg_operator o WHERE o.oprcode IN (SELECT s.oid FROM spring s)
    )
    SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS victim,
           pg_describe_object(d.refclassid, d.refobjid, 0) AS trap
      FROM pg_depend d
     WHERE (d.refclassid, d.refobjid) IN (SELECT t.classid, t.objid FROM trap t)
       AND (d.classid, d.objid) NOT IN (SELECT t.classid, t.objid FROM trap t);
RESET search_path;
GRANT USAGE ON SCHEMA traps TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA traps TO PUBLIC;
