-- Imports: what follows from orders that came in, and when an import can be finished.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set bring :srcdir '/test/import.sql'
\i :bring

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
SELECT to_char(now() - interval '40 days', 'YYYY-MM-DD') AS recently \gset

SELECT pg_temp.outcome('SELECT * FROM finish_import(NULL)');
SELECT pg_temp.outcome('SELECT * FROM finish_import(1)');
-- (begun in another transaction)
SELECT begin_import('plain-orders', 'o.csv', '{order_id,ordered_at,amount}') AS begun \gset
SELECT pg_temp.outcome(format('SELECT * FROM finish_import(%s)', regexp_replace(:'begun', '.*', '1')));

-- An empty file; one row; what is kept of the run.
SELECT * FROM pg_temp.bring('plain', 'order_id|ordered_at|amount');
SELECT * FROM pg_temp.bring('plain', 'customer_id|name');
UPDATE points_rules SET valid = '(,)';
SELECT * FROM pg_temp.bring('plain', format($$
order_id|customer_id|ordered_at|amount
1|c|%s 10:00|160000
2|c|bad|100
$$, :'recently'), 'a.csv');
SELECT format, system, file_name, "lines", rejected_lines, counts, finished_at IS NOT NULL AS finished, imported_by = current_user AS by_me FROM imports WHERE file_name = 'a.csv';

-- Cut points and tiers are there; points are not earned by history, unless that is asked for.
SELECT count(*) AS cuts FROM rfm_cuts;
SELECT FROM refresh_after_import();
SELECT count(*) AS cuts FROM rfm_cuts;
SELECT customer_tier('c', now()) AS tier;
SELECT count(*) AS to_earn FROM points_unsettled;
SELECT customers, orders, points FROM settle_points();
SELECT count(*) AS postings FROM point_postings;
SELECT * FROM pg_temp.bring('plain', format($$
order_id|customer_id|ordered_at|amount
3|c|%s 12:00|1000
$$, :'recently'), 'b.csv', true);
SELECT FROM refresh_after_import();
SELECT kind, points, order_id FROM point_postings ORDER BY posting_id;

-- What was wrong with a file is forgotten when it comes again.
SELECT count(*) FROM import_rejects;
SELECT new, unchanged, rejects FROM pg_temp.bring('plain', format($$
order_id|customer_id|ordered_at|amount
1|c|%1$s 10:00|160000
2|c|%1$s 11:00|100
$$, :'recently'), 'a.csv') WHERE what = 'orders';
SELECT count(*) FROM import_rejects;

-- Two files in one transaction, and what a row had that could not be read as such.
BEGIN;
SELECT what, new FROM pg_temp.bring('plain', E'order_id|ordered_at|amount\n21|2026-01-05|1', 'c.csv');
SELECT what, new FROM pg_temp.bring('plain', E'order_id|ordered_at|amount\n22|2026-01-05|1', 'd.csv');
SELECT begin_import('plain-orders', 'e.csv', '{order_id,ordered_at,amount}') AS id \gset
INSERT INTO pg_temp.import_lines VALUES (7, NULL, 'it has 2 fields, and the header 3'), (8, '{23,2026-01-05,1}', NULL);
SELECT * FROM finish_import(:id);
SELECT line, column_name, value, problem FROM import_rejects WHERE import_id = :id;
COMMIT;

-- Only its owner brings files into a shop.
CREATE ROLE regress_import_admin;
SELECT loyalcs.grant_shop('shop', 'regress_import_admin', 'admin');
SET ROLE regress_import_admin;
SELECT pg_temp.outcome($$SELECT begin_import('plain', 'o.csv', '{order_id,ordered_at,amount}')$$);
SELECT count(*) > 0 AS sees_runs FROM imports;
RESET ROLE;
SELECT loyalcs.grant_shop('shop', 'regress_import_admin', 'none');
DROP ROLE regress_import_admin;
