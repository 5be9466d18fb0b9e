-- cdnow.sql
--
-- Makes the shop cdnow and fills it with real purchases: every one, from
-- 1997-01-01 to 1998-06-30, of the 23,570 people who first bought at the music
-- shop CDNOW in the first quarter of 1997 (Fader and Hardie's master file).
--
--     psql -v ON_ERROR_STOP=1 -v csv=FILE -f test/demo.d/cdnow.sql
--
-- The file has the columns customer_id, date, units, amount; date is a day in
-- Pennsylvania, amount US dollars.  An order is dated at the midnight that its
-- day begins with.  Read the shop's views as of 1998-07-01 00:00 there.

\set QUIET on
BEGIN;

-- The file lists each customer's purchases by day; those of one day keep its
-- order by their number.
CREATE TEMP TABLE cdnow_file (
    row bigint GENERATED ALWAYS AS IDENTITY,
    customer_id integer,
    date date,
    units integer,
    amount numeric
) ON COMMIT DROP;
-- \copy itself takes no variables.
\set copy '\\copy cdnow_file (customer_id, date, units, amount) FROM ' :'csv' ' WITH (FORMAT csv, HEADER)'
:copy
ANALYZE cdnow_file;
SELECT count(*) AS purchases FROM cdnow_file \gset
\echo :purchases purchases read

SELECT loyalcs.create_shop('cdnow', 'America/New_York', 'USD', 'integer') AS shop \gset
\echo :shop

INSERT INTO cdnow.customers (customer_id, joined_at)
SELECT customer_id, min(date)::timestamp AT TIME ZONE 'America/New_York'
  FROM cdnow_file
 GROUP BY customer_id
 ORDER BY customer_id;
SELECT count(*) AS customers FROM cdnow.customers \gset
\echo :customers customers

INSERT INTO cdnow.orders (customer_id, order_id, ordered_at, amount, sales_channel)
SELECT customer_id, lpad(row::text, 6, '0'), date::timestamp AT TIME ZONE 'America/New_York', amount, 'web'
  FROM cdnow_file
 ORDER BY row;
INSERT INTO cdnow.order_items (customer_id, order_id, line, product_id, category, quantity, amount)
SELECT customer_id, lpad(row::text, 6, '0'), 1, 'CD', 'music', units, amount
  FROM cdnow_file
 ORDER BY row;
SELECT count(*) AS orders, sum(amount) AS revenue FROM cdnow.orders \gset
\echo :orders orders for $:revenue

COMMIT;

SELECT format('ANALYZE %s', oid::regclass)
  FROM pg_class
 WHERE relnamespace = 'cdnow'::regnamespace AND relkind = 'r'
 ORDER BY oid \gexec
SELECT cdnow.refresh_rfm_cuts('1998-07-01 00:00-04') AS scored \gset
\echo :scored customers scored
