-- grant_shop.sql
--
-- What roles may do in a shop: the levels.
-- Needs: shops, shop_parts(), shop_glossary().

-- What a level may, on top of what the role may already: create_shop calls it
-- again when it has made something.
CREATE FUNCTION loyalcs.shop_grant(shop text, role regrole, level text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
    writes text;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s', shop, role);

    FOR item IN
        SELECT c.relname,
               p.relation IS NOT NULL AND c.relkind IN ('r', 'p') AS is_table,
               string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum)
                   FILTER (WHERE a.attname <> ALL (p.hidden)
                             AND a.attname IN (SELECT g.name FROM loyalcs.shop_glossary() g)) AS shown,
               p.relation IS NOT NULL AND bool_or(a.attname = 'customer_id') AS of_customers,
               cardinality(coalesce(p.hidden, '{}')) > 0 AS hides
          FROM pg_class c
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          LEFT JOIN loyalcs.shop_parts() p ON p.kind = 'table' AND p.relation = c.relname
         WHERE c.relnamespace = quote_ident(shop)::regnamespace
           AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
           AND (p.relation IS NOT NULL
                OR EXISTS (SELECT FROM pg_proc f
                            WHERE f.pronamespace = c.relnamespace
                              AND f.proname = c.relname || '_at'))
         GROUP BY c.oid, c.relname, c.relkind, p.relation, p.hidden
         ORDER BY c.relname
    LOOP
        -- A view runs with the reader's rights, so readers need the tables, but
        -- not the columns that are no reader's business: neither those that the
        -- shop hides nor those that the brand has added for itself.
        IF level = 'report' AND (item.of_customers OR item.hides) THEN
            EXECUTE format('GRANT SELECT (%s) ON %I.%I TO %s', item.shown, shop, item.relname, role);
        ELSE
            EXECUTE format('GRANT SELECT ON %I.%I TO %s', shop, item.relname, role);
        END IF;
        writes := CASE
            WHEN level = 'admin' THEN 'INSERT, UPDATE, DELETE'
            WHEN level = 'service' AND item.of_customers THEN 'INSERT, UPDATE'
        END;
        IF item.is_table AND writes IS NOT NULL
           AND item.relname <> ALL ('{shop_migrations,shop_grants}') THEN
            EXECUTE format('GRANT %s ON %I.%I TO %s', writes, shop, item.relname, role);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_grant(text, regrole, text) IS
    'gives a role what a level may do in a shop';

-- On what the shop has made, or works on; on what else the brand has put into its
-- schema nobody but the brand has a say.
CREATE FUNCTION loyalcs.shop_grant_nothing(shop text, role regrole) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT c.oid::regclass AS relation
          FROM pg_class c
         WHERE c.relnamespace = quote_ident(shop)::regnamespace
           AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
           AND EXISTS (SELECT FROM loyalcs.shop_names() n
                        WHERE n.kind IN ('table', 'view') AND n.name = c.relname::text)
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s', item.relation, role);
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_grant_nothing(text, regrole) IS
    'takes back what a role may do with the tables and views of a shop';

CREATE FUNCTION loyalcs.grant_shop(shop text, role regrole, level text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM loyalcs.shop_check_is_recorded(shop);
    IF role IS NULL THEN
        RAISE EXCEPTION 'grant_shop needs a role'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF level IS NULL OR level NOT IN ('none', 'report', 'service', 'admin') THEN
        RAISE EXCEPTION 'unknown level %', coalesce(quote_literal(level), 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'The levels are report (views, no personal data), service (day-to-day writes), admin (all rows), and none.';
    END IF;

    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %s', shop, role);
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %s', shop, role);
    EXECUTE format('DELETE FROM %I.shop_grants g WHERE g.role = $1', shop)
      USING pg_get_userbyid(role)::text;
    IF level = 'none' THEN
        RETURN;
    END IF;
    EXECUTE format('INSERT INTO %I.shop_grants (role, level) VALUES ($1, $2)', shop)
      USING pg_get_userbyid(role)::text, level;
    PERFORM loyalcs.shop_grant(shop, role, level);
END
$$;
COMMENT ON FUNCTION loyalcs.grant_shop(text, regrole, text) IS
    'sets what a role may do in a shop, in place of what it could before: report reads every view but no personal data; service also reads it, and inserts and updates rows about customers; admin changes and deletes any row, rules too; none. To be called again when create_shop has added views';
