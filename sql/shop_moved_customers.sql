-- Rows that move from one customer to another: in which order, and by whose word.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- Every table that refers to a row of a customer's lets that be looked at later,
SELECT f.conrelid::regclass AS relation, f.conname
  FROM pg_constraint f
 WHERE f.connamespace = 'shop'::regnamespace AND f.contype = 'f' AND NOT f.condeferrable
   AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = f.conrelid AND a.attnum = ANY (f.conkey) AND a.attname IN ('customer_id', 'referrer_id'))
 ORDER BY 1, 2;
-- and is looked at at once unless somebody asks for that.
SELECT count(*) FROM pg_constraint f WHERE f.connamespace = 'shop'::regnamespace AND f.contype = 'f' AND f.condeferred;
-- What others refer to moves first, and what notes changes last; all tables with customers are among them.
SELECT a.relation, b.relation AS refers_to
  FROM tables_of_customers() WITH ORDINALITY a (relation, own, has_referrer, depth, n)
  JOIN tables_of_customers() WITH ORDINALITY b (relation, own, has_referrer, depth, n) ON b.n > a.n
  JOIN pg_constraint f ON f.conrelid = a.relation::regclass AND f.confrelid = b.relation::regclass AND f.contype = 'f';
SELECT relation FROM tables_of_customers() OFFSET (SELECT count(*) - 4 FROM tables_of_customers());
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'customer_id'
 WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'r' AND c.relname::text NOT IN (SELECT t.relation FROM tables_of_customers() t WHERE t.own);
CREATE TABLE letters (customer_id text, words text);
SELECT * FROM tables_of_customers() WHERE NOT own;

-- Triggers let a row go to another customer by the owner's word alone, and only as it is written down.
INSERT INTO customers (customer_id) VALUES ('a'), ('b'), ('c');
INSERT INTO consents (customer_id, channel, purpose, at, given) VALUES ('a', 'email', 'marketing', '2026-01-01 00:00+09', true);
SELECT adjust_points('a', 10, 'k', NULL, NULL, '2026-01-01 00:00+09') > 0 AS given;
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('a', 'T', 'email');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('a', 'T', '2026-01-01 00:00+09', 'opened');
CREATE ROLE regress_moved_admin;
SELECT FROM loyalcs.grant_shop('shop', 'regress_moved_admin', 'admin');
GRANT UPDATE ON ALL TABLES IN SCHEMA shop TO regress_moved_admin;
CREATE FUNCTION pg_temp.moves(goes_to text) RETURNS TABLE (relation text, outcome text) LANGUAGE sql AS $$
    SELECT t, pg_temp.outcome(format('SET CONSTRAINTS ALL DEFERRED; UPDATE %I SET customer_id = %L WHERE customer_id = ''a''', t, goes_to))
      FROM unnest('{consents,ticket_events,point_postings,point_lots,point_accounts}'::text[]) t $$;
SELECT * FROM pg_temp.moves('b');
BEGIN;
INSERT INTO merged_customers (from_customer, customer_id) VALUES ('a', 'b');
SELECT * FROM pg_temp.moves('b');
SELECT * FROM pg_temp.moves('c');
SET ROLE regress_moved_admin;
SELECT customer_is_moved('a', 'b');
SELECT * FROM pg_temp.moves('b');
ROLLBACK;
SELECT loyalcs.drop_shop('shop', 'shop');
DROP ROLE regress_moved_admin;
