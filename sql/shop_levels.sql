-- Levels: what each may do with each column of a shop, tried and written down here.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

CREATE ROLE "regress shop_levels report";
CREATE ROLE "regress shop_levels service";
CREATE ROLE "regress shop_levels admin";
-- What the brand adds is the brand's to grant.
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT oid::regclass AS name FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS email text, ADD COLUMN ours text', c.name);
    END LOOP;
END
$$;
CREATE TABLE shop.secrets (customer_id text);
CREATE VIEW shop.gossip AS SELECT * FROM shop.secrets;
-- The functions are made anew, and do without it.
SELECT FROM loyalcs.create_shop('shop');
SELECT loyalcs.grant_shop('shop', ('"regress shop_levels ' || level || '"')::regrole, level)
  FROM unnest('{report,service,admin}'::text[]) level;

-- What a level is let do: r(ead), i(nsert), u(pdate), d(elete), t(runcate).
CREATE FUNCTION pg_temp.may(level text, relation regclass, col text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    verb record;
    may text := '';
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', 'regress shop_levels ' || level);
    FOR verb IN
        SELECT *
          FROM (VALUES ('r', format('SELECT %I FROM %s WHERE false', col, relation)),
                       ('i', format('INSERT INTO %s (%I) SELECT NULL WHERE false', relation, col)),
                       ('u', format('UPDATE %s SET %I = DEFAULT WHERE false', relation, col)),
                       ('d', format('DELETE FROM %s WHERE false', relation)),
                       ('t', format('TRUNCATE %s', relation))) v (letter, statement)
    LOOP
        BEGIN
            EXECUTE verb.statement;
            may := may || verb.letter;
        EXCEPTION
            WHEN insufficient_privilege THEN
                NULL;
            WHEN datatype_mismatch THEN
                BEGIN
                    EXECUTE format('INSERT INTO %s (%I) SELECT NULL::%s WHERE false', relation, col,
                                   (SELECT format_type(a.atttypid, NULL) FROM pg_attribute a
                                     WHERE a.attrelid = relation AND a.attname = col));
                    may := may || verb.letter;
                EXCEPTION
                    WHEN insufficient_privilege THEN
                        NULL;
                END;
            WHEN generated_always THEN
                NULL;
        END;
    END LOOP;
    RESET ROLE;
    RETURN coalesce(nullif(may, ''), '-');
END
$$;

SELECT t.relation::text, t.report, t.service, t.admin, string_agg(t.attname, ' ' ORDER BY t.attnum) AS columns
  FROM (SELECT c.oid::regclass AS relation, a.attname, a.attnum,
               pg_temp.may('report', c.oid, a.attname) AS report,
               pg_temp.may('service', c.oid, a.attname) AS service,
               pg_temp.may('admin', c.oid, a.attname) AS admin
          FROM pg_class c
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'r') t
 GROUP BY t.relation, t.report, t.service, t.admin
 ORDER BY t.relation::text COLLATE "C", min(t.attnum);

-- Views are read by all levels, and every one can be; functions work for whom they are for.
SELECT c.relname, level
  FROM pg_class c, unnest('{report,service,admin}'::text[]) level
 WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'v'
   AND NOT has_table_privilege('regress shop_levels ' || level, c.oid, 'SELECT')
 ORDER BY 1, 2;
SELECT format('SET ROLE "regress shop_levels %s"; SELECT * FROM shop.%I', level, c.relname) AS statement,
       pg_temp.outcome(format('SET LOCAL ROLE "regress shop_levels %s"; SELECT * FROM shop.%I', level, c.relname)) AS outcome
  INTO TEMP tried
  FROM pg_class c, unnest('{report,service,admin}'::text[]) level
 WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'v' AND c.relname <> 'gossip';
SELECT count(*) > 90 AS tried FROM tried;
SELECT * FROM tried WHERE outcome <> 'accepted' ORDER BY 1;

-- What somebody else has put there is not opened, whatever its name.
CREATE ROLE "regress shop_levels mallory";
GRANT USAGE, CREATE ON SCHEMA shop TO "regress shop_levels mallory";
SET ROLE "regress shop_levels mallory";
CREATE FUNCTION shop.gossip_at(as_of timestamptz) RETURNS TABLE (a integer) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 1;
END;
CREATE VIEW shop.mine AS SELECT 1 AS customer_id;
CREATE FUNCTION shop.mine_at(as_of timestamptz) RETURNS TABLE (a integer) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 1;
END;
RESET ROLE;
REVOKE CREATE ON SCHEMA shop FROM "regress shop_levels mallory";
ALTER TABLE shop.survey_waves OWNER TO "regress shop_levels mallory";
SELECT loyalcs.grant_shop('shop', '"regress shop_levels admin"', 'none');
SELECT loyalcs.grant_shop('shop', '"regress shop_levels admin"', 'admin');
SELECT c.relname, has_any_column_privilege('regress shop_levels admin', c.oid, 'SELECT')
  FROM pg_class c
 WHERE c.relnamespace = 'shop'::regnamespace AND c.relname IN ('gossip', 'mine', 'secrets', 'survey_waves', 'surveys')
 ORDER BY 1;

DROP OWNED BY "regress shop_levels mallory", "regress shop_levels report", "regress shop_levels service", "regress shop_levels admin" CASCADE;
DROP ROLE "regress shop_levels mallory", "regress shop_levels report", "regress shop_levels service", "regress shop_levels admin";
