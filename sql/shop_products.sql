-- Products.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SELECT FROM loyalcs.create_shop('shop_products');
SET search_path = shop_products;

INSERT INTO products (product_id) VALUES ('P1') RETURNING *;
SELECT s.given, pg_temp.outcome('UPDATE products SET ' || s.given)
  FROM (VALUES ('name = ''Ring'', category = ''ring'', series = ''bridal'', unit_cost = 0, active = false'),
               ('product_id = NULL'), ('unit_cost = -1'), ('unit_cost = 0.00001'), ('unit_cost = ''NaN'''), ('active = NULL')) s (given);

SET search_path = public;
SELECT loyalcs.drop_shop('shop_products', 'shop_products');
