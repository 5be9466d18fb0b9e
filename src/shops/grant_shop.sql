-- grant_shop.sql
--
-- What roles may do in a shop: the levels.
-- Needs: shops, shop_parts(), shop_glossary().

-- What a level may, on top of what the role may already: create_shop calls it
-- again when it has made something.
--
-- All of it is lists of columns, those of shop_levels(): what a brand adds to a
-- table, and what else stands in the schema, is for the brand to grant. A view
-- runs with the reader's rights, so readers need the tables behind it too. What
-- belongs to anybody but the owner of the shop is not the shop's, whatever its
-- name.
CREATE FUNCTION loyalcs.shop_grant(shop text, role regrole, level text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s', shop, role);
    -- which parts the shop has, for loyalcs.shops
    EXECUTE format('GRANT SELECT ON %I.shop_migrations TO %s', shop, role);

    FOR item IN
        SELECT c.relname, c.relkind,
               string_agg(format('%I', l.name), ', ' ORDER BY a.attnum)
                   FILTER (WHERE NOT l.hidden OR level <> 'report') AS reads,
               string_agg(format('%I', l.name), ', ' ORDER BY a.attnum) FILTER (WHERE l.inserted) AS inserts,
               string_agg(format('%I', l.name), ', ' ORDER BY a.attnum) FILTER (WHERE l.updated) AS updates,
               bool_and(l.deleted) AS deletes,
               level = 'admin'
               -- (whoever locks a row has to be allowed to change something in it)
               OR level = 'service' AND (bool_or(l.name = 'customer_id') OR c.relname IN ('shop_turns', 'job_runs', 'customer_change_readers', 'day_marks'))
                  AND NOT bool_or(l.result) AS writes
          FROM pg_namespace n
          JOIN pg_class c ON c.relnamespace = n.oid AND c.relowner = n.nspowner
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          JOIN loyalcs.shop_levels() l ON l.relation = c.relname::text AND l.name = a.attname::text
         WHERE n.nspname = shop AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
         GROUP BY c.oid, c.relname, c.relkind
         ORDER BY c.relname
    LOOP
        -- ctid: where a row was found, functions that claim work know it again
        EXECUTE format('GRANT SELECT (%s%s) ON %I.%I TO %s', item.reads,
                       CASE WHEN level <> 'report' AND item.relkind IN ('r', 'p') THEN ', ctid' END,
                       shop, item.relname, role);
        CONTINUE WHEN NOT item.writes OR item.relkind NOT IN ('r', 'p');
        IF item.inserts IS NOT NULL THEN
            EXECUTE format('GRANT INSERT (%s) ON %I.%I TO %s', item.inserts, shop, item.relname, role);
        END IF;
        IF item.updates IS NOT NULL THEN
            EXECUTE format('GRANT UPDATE (%s) ON %I.%I TO %s', item.updates, shop, item.relname, role);
        END IF;
        -- (whoever looks for what is due takes off what it has looked at, and takes back
        -- what it wrote early: see check_followup_is_kept())
        IF (level = 'admin' OR item.relname IN ('customer_changes', 'unread_changes', 'followups')) AND item.deletes THEN
            EXECUTE format('GRANT DELETE ON %I.%I TO %s', shop, item.relname, role);
        END IF;
    END LOOP;

    FOR item IN
        SELECT c.relname
          FROM pg_namespace n
          JOIN pg_class c ON c.relnamespace = n.oid AND c.relowner = n.nspowner
          JOIN pg_proc f
            ON f.pronamespace = n.oid AND f.proowner = n.nspowner AND f.proname::text = concat(c.relname, '_at')
           AND f.proargtypes = '1184'::oidvector    -- timestamptz
         WHERE n.nspname = shop AND c.relkind IN ('v', 'm')
           -- (what customers wrote, in their words)
           AND (level <> 'report' OR c.relname <> ALL ('{voices_all,voice_unmatched,faq_candidates}'))
         ORDER BY c.relname
    LOOP
        EXECUTE format('GRANT SELECT ON %I.%I TO %s', shop, item.relname, role);
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
                        WHERE n.kind IN ('table', 'view') AND n.name::name = c.relname)
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s', item.relation, role);
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_grant_nothing(text, regrole) IS
    'takes back what a role may do with the tables and views of a shop';

-- A role that was made again (after a restore, say) bears the name alone. Whoever
-- has a level may use the schema.
CREATE FUNCTION loyalcs.shop_lost_levels(shop text, OUT role regrole, OUT level text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE
        format('SELECT r.oid::regrole, g.level
                  FROM ONLY %I.shop_grants g
                  JOIN pg_roles r ON r.rolname::text = g.role
                  JOIN pg_namespace n ON n.nspname::text = $1
                 WHERE r.oid <> n.nspowner
                   AND NOT EXISTS (SELECT FROM aclexplode(n.nspacl) u
                                    WHERE u.grantee = r.oid AND u.privilege_type = %L)
                 ORDER BY g.role', shop, 'USAGE')
        USING shop;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_lost_levels(text) IS
    'the roles that have a level in a shop by its table shop_grants, and none by their privileges';

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
    'sets what a role may do in a shop, in place of what it could before: report reads every view but those of free text, and no personal data; service also reads it, and inserts and updates rows about customers; admin changes and deletes any row, rules too, but for what is only added to; none. Neither touches what the brand has added, nor what the server alone writes';
