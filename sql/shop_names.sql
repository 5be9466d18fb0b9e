-- Shops of any name, and of any type of keys.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set shared :srcdir '/test/shop_contents.sql'
\i :shared

-- All of this is for somebody who may create a schema, no more.
CREATE ROLE regress_shop_names_owner;
CREATE ROLE "regress shop names ""Reader""";
GRANT CREATE ON DATABASE :"DBNAME" TO regress_shop_names_owner;
SET ROLE regress_shop_names_owner;

-- Any name
CREATE TEMP TABLE names (name text);
INSERT INTO names VALUES ('Aurora'), ('o''neil''s "$$" \ a.b %s %I %'), ('select'), (' '), (repeat('店', 21)), ('settings');
CREATE FUNCTION pg_temp.try_out(name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    seen text;
BEGIN
    PERFORM loyalcs.create_shop(name);
    PERFORM loyalcs.create_shop(name);
    PERFORM pg_temp.fill(name);
    PERFORM set_config('search_path', 'public', true);
    SELECT concat_ws(', ', CASE WHEN v.views > 10 THEN 'views' END, nullif(v.empty, ''), nullif(v.different, ''))
      INTO seen FROM pg_temp.views(name) v;
    PERFORM loyalcs.grant_shop(name, '"regress shop names ""Reader"""', l)
      FROM unnest('{report,service,admin,none}'::text[]) l;
    -- the triggers find their tables
    EXECUTE format('UPDATE %I.returns SET refund = refund + 1', name);
    BEGIN
        EXECUTE format('UPDATE %I.survey_questions SET higher_is_better = false WHERE question = ''text''', name);
        seen := concat_ws(', ', seen, 'no trigger');
    EXCEPTION WHEN object_in_use THEN
        NULL;
    END;
    -- the hint can be followed
    BEGIN
        PERFORM loyalcs.drop_shop(name);
    EXCEPTION WHEN invalid_parameter_value THEN
        DECLARE
            hint text;
        BEGIN
            GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
            EXECUTE substring(hint FROM 'SELECT .*');
        END;
    END;
    RETURN seen || CASE WHEN EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = name) THEN ', not dropped' ELSE ', dropped' END;
END
$$;
-- (Each in a transaction of its own: what one has left in the catalogs would slow the next.)
SELECT format('SELECT pg_temp.try_out(%L) AS outcome', name) FROM names
\gexec
SELECT count(*) FROM loyalcs.shops;

-- The key types, everywhere. (In a new session, which has no plans of others to look
-- through; and none of these has to be dropped.)
\c -
\set shared :srcdir '/test/shop.sql'
\i :shared
SET ROLE regress_shop_names_owner;
BEGIN;
SELECT k.type, loyalcs.create_shop('Shop ' || k.type, key_type => k.type::regtype)
       ~ ('^"Shop .*", keys of type ' || k.type || '$|, keys of type ' || k.type || '$') AS says_so
  FROM unnest('{text,bigint,integer,uuid}'::text[]) k (type);
SELECT n.nspname, format_type(a.atttypid, NULL) AS type, count(*) > 10 AS columns,
       count(*) FILTER (WHERE a.attnum = 1 AND c.relkind = 'r') > 5 AS tables
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname LIKE 'Shop %' AND a.attname = 'customer_id' AND c.relkind IN ('r', 'v')
 GROUP BY 1, 2 ORDER BY 1;
SELECT pronamespace::regnamespace AS shop, proargtypes[0]::regtype AS customer
  FROM pg_proc WHERE proname = 'customer_rfm' ORDER BY pronamespace::regnamespace::text COLLATE "C";
-- A shop whose keys are no text is made again without saying so.
SELECT substring(loyalcs.create_shop('Shop uuid') FROM 'keys .*');
SELECT pg_temp.outcome('SELECT loyalcs.create_shop(''Shop uuid'', key_type => ''bigint'')');
SELECT name, up_to_date FROM loyalcs.shops ORDER BY name;
SELECT loyalcs.drop_shop('Shop uuid', 'Shop uuid');
ROLLBACK;

RESET ROLE;
DROP OWNED BY regress_shop_names_owner, "regress shop names ""Reader""";
DROP ROLE regress_shop_names_owner, "regress shop names ""Reader""";
