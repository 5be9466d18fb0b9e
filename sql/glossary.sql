-- The glossary: what the columns of a shop mean.
-- test: setup shop

-- The session is nobody's: no figure may depend on it.
SET client_min_messages = warning;
SET timezone = 'Pacific/Kiritimati';
SET datestyle = 'ISO, DMY';
SET intervalstyle = 'postgres';
\set SHOW_CONTEXT never

-- Each word once, in order, and with a meaning of one line, without a full stop.
SELECT count(*) > 100 AS words, count(*) - count(DISTINCT name) AS twice,
       count(*) FILTER (WHERE meaning IS NULL OR meaning = '' OR meaning ~ E'\n|\\.$|^\\s|\\s$') AS badly_said
  FROM loyalcs.shop_glossary();
SELECT name AS out_of_order
  FROM (SELECT name, lag(name) OVER (ORDER BY place) AS before
          FROM loyalcs.shop_glossary() WITH ORDINALITY g (name, meaning, place)) g
 WHERE name COLLATE "C" < before COLLATE "C";

-- Every column of a shop has a comment.
CREATE VIEW pg_temp.columns AS
SELECT c.relname::text AS relation, c.relkind, a.attname::text AS name,
       col_description(c.oid, a.attnum) AS comment
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'f');
SELECT count(*) > 200 AS columns, count(*) FILTER (WHERE coalesce(comment, '') = '') AS without_comment
  FROM pg_temp.columns;
SELECT relation, name FROM pg_temp.columns WHERE coalesce(comment, '') = '' ORDER BY relation, name;

-- Every word is used.
SELECT name AS not_used FROM loyalcs.shop_glossary()
 WHERE name NOT IN (SELECT name FROM pg_temp.columns) ORDER BY name;

-- A table says otherwise in its own words; views always say what the glossary says.
SELECT c.relation, c.name AS not_from_the_glossary
  FROM pg_temp.columns c LEFT JOIN loyalcs.shop_glossary() g USING (name)
 WHERE c.comment IS DISTINCT FROM g.meaning AND c.relkind = 'v' ORDER BY 1, 2;
SELECT c.relation, c.name AS in_its_own_words
  FROM pg_temp.columns c LEFT JOIN loyalcs.shop_glossary() g USING (name)
 WHERE c.comment IS DISTINCT FROM g.meaning AND c.relkind <> 'v' ORDER BY 1, 2;

-- One name has one type, in whatever view it stands.
SELECT a.attname, string_agg(DISTINCT format_type(a.atttypid, NULL), ', ' ORDER BY format_type(a.atttypid, NULL)) AS types
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'v'
 GROUP BY a.attname HAVING count(DISTINCT a.atttypid) > 1 ORDER BY a.attname;

-- Comments that the brand has given stay. Its own columns take a meaning from the
-- glossary if they have the name.
ALTER TABLE shop.customers ADD COLUMN stars integer, ADD COLUMN shoe_size integer, ADD COLUMN "position" text;
COMMENT ON COLUMN shop.customers.stars IS 'how we like them';
SELECT FROM loyalcs.create_shop('shop');
SELECT name, comment FROM pg_temp.columns
 WHERE relation = 'customers' AND name IN ('stars', 'shoe_size', 'position') ORDER BY name;

-- A function that only gives words gives them to everybody.
SELECT has_function_privilege('public', 'loyalcs.shop_glossary()', 'EXECUTE');
