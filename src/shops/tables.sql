-- tables.sql
--
-- What the tables of a shop look like, and whether a relation can serve as one.
-- Needs: records.

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

CREATE FUNCTION loyalcs.shop_defaults(relation oid) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT substring(pg_get_expr(d.adbin, d.adrelid) FROM '^(''[^'']*''|-?[0-9.]+|true|false)(?:::[a-z ]+(?:\[\])?)?$')
                   FROM pg_attribute a
                   LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated = ''
                  WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
                  ORDER BY a.attnum);
END
$$;
COMMENT ON FUNCTION loyalcs.shop_defaults(oid) IS
    'the defaults of a relation''s columns, in the order of shop_columns(); NULL where there is none, or none that is a constant';

-- Rules and settings have rows in a new shop, and what is about customers has none.
-- The columns that a brand has added say nothing of them, and more than a thousand rows
-- are none of a new shop's. (Text is the same in every session.)
CREATE FUNCTION loyalcs.shop_rows_digest(relation oid, columns text[]) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET "TimeZone" = 'UTC'
    SET "DateStyle" = 'ISO'
    SET "IntervalStyle" = 'postgres'
    SET extra_float_digits = 1
    SET bytea_output = 'hex'
AS $$
DECLARE
    digest text;
BEGIN
    EXECUTE format('SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text COLLATE "C")) FROM (SELECT %s FROM ONLY %s LIMIT 1000) t',
                   (SELECT string_agg(quote_ident(split_part(c, ' ', 1)), ', ') FROM unnest(columns) c), relation::regclass)
       INTO digest;
    RETURN digest;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_rows_digest(oid, text[]) IS
    'a digest of what stands in these columns of a table; NULL if it is empty';

CREATE FUNCTION loyalcs.shop_first_rows(
    shop text,
    OUT part text,
    OUT relation regclass,
    OUT made text,
    OUT rows text
) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT m.part, c.oid::regclass, m.made, loyalcs.shop_rows_digest(c.oid, m.columns)
      FROM loyalcs.shop_recorded(shop) m
      JOIN pg_class c
        ON c.relnamespace = quote_ident(shop)::regnamespace AND c.relname = substr(m.part, 7)::name AND c.relkind = 'r'
     WHERE m.own AND m.part LIKE 'table %' AND m.part <> 'table shop_migrations'
       AND NOT EXISTS (SELECT FROM unnest(m.columns) u WHERE split_part(u, ' ', 1) = 'customer_id')
     ORDER BY 1;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_first_rows(text) IS
    'the tables of a shop that are about no customer: a digest of the rows that each was made with, if that is known, and of those that it has; NULL for none';

-- The table is made as a temporary one, looked at, and unmade again by leaving
-- the block with an exception. A change may need more than its table (a trigger's
-- function): then it is taken for one that adds no column.
CREATE FUNCTION loyalcs.shop_table_columns(
    shop text,
    relation text,
    scripts text[],
    OUT columns text[],
    OUT defaults text[],
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
    defaults := loyalcs.shop_defaults(format('pg_temp.%I', relation)::regclass::oid);
    constraints := ARRAY(SELECT k.conname::text FROM pg_constraint k
                          WHERE k.conrelid = format('pg_temp.%I', relation)::regclass AND k.contype IN ('c', 'p', 'u'));
    RAISE EXCEPTION USING ERRCODE = 'LC000';
EXCEPTION
    WHEN SQLSTATE 'LC000' THEN
        NULL;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_table_columns(text, text, text[]) IS
    'the columns, their defaults where these are constants, and the constraints that a shop''s table would have, by making it for a moment';

CREATE FUNCTION loyalcs.shop_relation_differences(
    relation oid,
    columns text[],
    defaults text[],
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
                          WHEN a.attname IS NULL THEN format('%s::%s AS %I', coalesce(defaults[w.n], 'NULL'), w.type, w.name)
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
COMMENT ON FUNCTION loyalcs.shop_relation_differences(oid, text[], text[]) IS
    'what a relation lacks of these columns, and what to write in a view (their defaults, where they have one) or an ALTER TABLE; NULLs for nothing';

-- Whoever owns a relation decides what runs when it is read or written; so do the
-- owners of its partitions and of its triggers' functions.
CREATE FUNCTION loyalcs.shop_foreign_owner(relation oid) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- (An array, because the planner knows nothing of what is recursive: it would
    -- read all of the catalogs.)
    family constant oid[] := ARRAY(
        WITH RECURSIVE family (oid) AS (
            SELECT relation
            UNION
            SELECT i.inhrelid FROM pg_inherits i JOIN family f ON f.oid = i.inhparent
        )
        SELECT f.oid FROM family f);
BEGIN
    RETURN (
        WITH owners (what, owner) AS (
            SELECT c.oid::regclass::text, c.relowner
              FROM pg_class c
             WHERE c.oid = ANY (family)
            UNION ALL
            SELECT t.tgfoid::regprocedure::text, p.proowner
              FROM pg_trigger t
              JOIN pg_proc p ON p.oid = t.tgfoid
             WHERE t.tgrelid = ANY (family) AND NOT t.tgisinternal AND t.tgfoid >= 16384
        )
        SELECT string_agg(format('%s belongs to %s.', o.what, quote_ident(pg_get_userbyid(o.owner))), ' ' ORDER BY o.what)
          FROM owners o
         WHERE o.owner <> current_user::regrole
           AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = o.owner AND r.rolsuper));
END
$$;
COMMENT ON FUNCTION loyalcs.shop_foreign_owner(oid) IS
    'who else owns a relation, a partition of it or a trigger''s function; NULL if nobody but the caller (or a superuser) does';
