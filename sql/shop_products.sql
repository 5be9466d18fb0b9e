-- Products.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

INSERT INTO products (product_id) VALUES ('P1') RETURNING *;
SELECT s.given, pg_temp.outcome('UPDATE products SET ' || s.given)
  FROM (VALUES ('name = ''Ring'', category = ''ring'', series = ''bridal'', unit_cost = 0, active = false'),
               ('product_id = NULL'), ('unit_cost = -1'), ('unit_cost = 0.00001'), ('unit_cost = ''NaN'''), ('active = NULL')) s (given);

-- What the shop says, and else what its orders do: of P1 the name, of P2 and P3 nothing.
-- P2 was called otherwise later, in an order that was cancelled.
UPDATE products SET name = 'Ring', series = 'bridal';
INSERT INTO products (product_id, active) VALUES ('P4', false);
INSERT INTO customers (customer_id) VALUES ('ann');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, cancelled_at) VALUES
    ('ann', '1', '2026-01-01 12:00+09', 100, NULL), ('ann', '2', '2026-02-01 12:00+09', 100, NULL), ('ann', '3', '2026-03-01 12:00+09', 100, '2026-03-02 12:00+09');
INSERT INTO order_items (customer_id, order_id, line, product_id, product_name, category, amount) VALUES
    ('ann', '1', 1, 'P1', 'ring', 'jewel', 10), ('ann', '1', 2, 'P2', 'box', NULL, 10), ('ann', '2', 1, 'P2', 'Box', 'wrapping', 10), ('ann', '3', 1, 'P2', 'BOX', 'x', 10), ('ann', '3', 2, 'P3', 'c', 'x', 10);
SELECT * FROM products_known_at('2026-03-10 12:00+09') ORDER BY 1;
SELECT * FROM products_known_at('2026-03-01 12:00+09') ORDER BY 1;
SELECT * FROM products_known_at('2026-01-31 12:00+09') ORDER BY 1;
-- A line's own category is that of the time; one that has none has its product's.
UPDATE products SET category = 'now' WHERE product_id = 'P1';
SELECT line_category('P1', 'then'), line_category('P1', NULL), line_category('P2', NULL), line_category(NULL, NULL);
UPDATE order_items SET category = NULL WHERE product_id = 'P1';
SELECT part FROM numbered_orders_by('first_category', '2026-03-10 12:00+09');
