-- shops.sql
--
-- Shops: one schema a brand. What tells a shop from another schema, and the
-- checks that all functions about shops share.
-- Needs: nothing before it.
--
-- A shop belongs to whoever made it, not to the extension: pg_dump saves it
-- and DROP EXTENSION leaves its tables. What tells that a schema is a shop is
-- the comment of its table settings, which also names the version of loyalcs
-- that its functions and views are from.

CREATE FUNCTION loyalcs.shop_mark(version text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'settings of the shop, one row (loyalcs ' OPERATOR(pg_catalog.||) version OPERATOR(pg_catalog.||) ')';
COMMENT ON FUNCTION loyalcs.shop_mark(text) IS
    'the comment on a shop''s table settings, by which a shop is known';

CREATE VIEW loyalcs.shops WITH (security_invoker = true) AS
    SELECT n.nspname::text AS name,
           pg_catalog.substring(d.description, '\(loyalcs ([^ ()]+)\)$') AS version,
           d.description OPERATOR(pg_catalog.=) loyalcs.shop_mark(e.extversion) AS up_to_date,
           pg_catalog.pg_get_userbyid(n.nspowner)::text AS owner,
           z.size,
           pg_catalog.pg_size_pretty(z.size) AS size_pretty
      FROM pg_catalog.pg_class s
      JOIN pg_catalog.pg_namespace n
        ON n.oid OPERATOR(pg_catalog.=) s.relnamespace
      JOIN pg_catalog.pg_description d
        ON d.objoid OPERATOR(pg_catalog.=) s.oid
       AND d.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
       AND d.objsubid OPERATOR(pg_catalog.=) 0
      JOIN pg_catalog.pg_extension e
        ON e.extname OPERATOR(pg_catalog.=) 'loyalcs'::pg_catalog.name
     CROSS JOIN LATERAL (
               SELECT pg_catalog.sum(pg_catalog.pg_total_relation_size(c.oid::pg_catalog.regclass))::bigint AS size
                 FROM pg_catalog.pg_class c
                WHERE c.relnamespace OPERATOR(pg_catalog.=) n.oid
                  AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m}'::"char"[])
           ) z
     WHERE s.relname OPERATOR(pg_catalog.=) 'settings'::pg_catalog.name
       AND s.relkind OPERATOR(pg_catalog.=) 'r'::"char"
       AND d.description OPERATOR(pg_catalog.=)
           loyalcs.shop_mark(pg_catalog.substring(d.description, '\(loyalcs ([^ ()]+)\)$'));
COMMENT ON VIEW loyalcs.shops IS 'the shops of this database';
COMMENT ON COLUMN loyalcs.shops.name IS 'schema of the shop';
COMMENT ON COLUMN loyalcs.shops.version IS 'version of loyalcs that the shop''s functions and views are from';
COMMENT ON COLUMN loyalcs.shops.up_to_date IS 'whether that is the installed one; if not, call create_shop again';
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
    SELECT s.owner INTO owner FROM loyalcs.shops s WHERE s.name = shop;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no shop %', coalesce(quote_ident(shop), 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'SELECT name FROM loyalcs.shops lists them.';
    END IF;
    IF owner <> current_user THEN
        RAISE EXCEPTION 'shop % belongs to %', quote_ident(shop), owner
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('SET ROLE %I, if you may.', owner);
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_check(text) IS
    'an error unless the schema is a shop of the current user''s';

