-- records.sql
--
-- What a shop has written down of its parts: reading it, and adding to it.
-- Needs: nothing before it.

-- (The parts' own bodies are checked by the tests, once for all shops.)
CREATE FUNCTION loyalcs.shop_run(shop text, script text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET check_function_bodies = off
AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', shop), true);
    EXECUTE script;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_run(text, text) IS
    'runs a part of a shop, in its schema';

-- Records of one part, and of all. A part is looked up and written some hundred times:
-- with the shop in the path the statement is one and the same, and planned once. (Nothing
-- in it can mean another thing there: all its operators stand in pg_catalog as they are.)
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
    PERFORM set_config('search_path', format('%I, pg_temp', shop), true);
    SELECT m.own, m.digest, m.made, m.identity, m.columns, m.settings, m.comment
      INTO own, digest, made, identity, columns, settings, comment
      FROM ONLY shop_migrations m
     WHERE m.part = shop_recorded_part.part;
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

-- (All arguments are given: a function with fewer of them would fit better.)
CREATE FUNCTION loyalcs.shop_record(
    shop text,
    part text,
    own boolean,
    digest text,
    identity text,
    columns text[],
    made text,
    settings text[],
    comment text
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('search_path', format('%I, pg_temp', shop), true);
    INSERT INTO shop_migrations (part, version, own, digest, identity, columns, made, settings, comment)
    SELECT shop_record.part, e.extversion, shop_record.own, shop_record.digest, shop_record.identity,
           shop_record.columns, shop_record.made, shop_record.settings, shop_record.comment
      FROM pg_extension e
     WHERE e.extname = 'loyalcs'
    ON CONFLICT (part) DO UPDATE
       SET version = EXCLUDED.version, own = EXCLUDED.own, digest = EXCLUDED.digest,
           identity = EXCLUDED.identity, columns = EXCLUDED.columns, made = EXCLUDED.made,
           settings = EXCLUDED.settings, comment = EXCLUDED.comment,
           applied_at = EXCLUDED.applied_at;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_record(text, text, boolean, text, text, text[], text, text[], text) IS
    'writes down that a part of a shop has been applied';
