-- Which pieces came back: never more than there were, nor for more than the return.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

INSERT INTO customers (customer_id) VALUES ('ann'), ('ben');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('ann', '1', '2024-05-01 12:00+09', 10000), ('ann', '2', '2024-05-01 12:00+09', 10000), ('ben', '1', '2024-05-01 12:00+09', 10000);
INSERT INTO order_items (customer_id, order_id, line, product_id, quantity, amount)
SELECT o.customer_id, o.order_id, l.line, l.product, l.quantity, l.amount
  FROM orders o
 CROSS JOIN (VALUES (1, 'ring', 3, 6000), (2, 'box', 1, 4000)) l (line, product, quantity, amount);
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES
    ('ann', 'r1', '1', '2024-05-10 12:00+09', 5000), ('ann', 'r2', '1', '2024-05-11 12:00+09', 2000), ('ann', 'r3', '2', '2024-05-11 12:00+09', 0);

-- Each value is refused just where it stops making sense.
SELECT s.given, pg_temp.outcome('INSERT INTO return_items (customer_id, return_id, order_id, line, quantity, refund) VALUES (' || s.given || ')')
  FROM (VALUES
    ('''ann'', ''r1'', ''1'', 1, 1, NULL'),
    ('''ann'', ''r1'', ''1'', 1, 3, 5000'),
    ('''ann'', ''r1'', ''1'', 1, 0, NULL'),
    ('''ann'', ''r1'', ''1'', 1, 1, -1'),
    ('''ann'', ''r1'', ''1'', 1, 1, 0.00005'),
    ('''ann'', ''r1'', ''1'', 1, 1, ''NaN'''),
    ('''ann'', ''r1'', ''1'', 1, NULL, NULL'),
    ('''ann'', ''r1'', ''1'', 1, 4, NULL'),
    ('''ann'', ''r1'', ''1'', 1, 1, 5000.0001'),
    ('''ann'', ''r3'', ''2'', 1, 1, 1'),
    ('''ann'', ''r3'', ''2'', 1, 1, 0'),
    -- another order's line, no such line, no such return, another customer's
    ('''ann'', ''r1'', ''2'', 1, 1, NULL'),
    ('''ann'', ''r1'', ''1'', 3, 1, NULL'),
    ('''ann'', ''r9'', ''1'', 1, 1, NULL'),
    ('''ben'', ''r1'', ''1'', 1, 1, NULL')
  ) s (given);

-- Over all returns of a line, and over all lines of a return.
INSERT INTO return_items (customer_id, return_id, order_id, line, quantity, refund) VALUES
    ('ann', 'r1', '1', 1, 2, 4000), ('ann', 'r1', '1', 2, 1, NULL), ('ann', 'r2', '1', 1, 1, NULL);
SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('UPDATE return_items SET quantity = 2 WHERE return_id = ''r2'''),
    ('UPDATE return_items SET quantity = quantity + 1 WHERE line = 1'),
    ('UPDATE return_items SET quantity = CASE return_id WHEN ''r1'' THEN 1 ELSE 2 END WHERE line = 1'),
    ('INSERT INTO return_items VALUES (''ann'', ''r2'', ''1'', 2, 1, NULL)'),
    ('UPDATE return_items SET refund = 1000 WHERE line = 2'),
    ('UPDATE return_items SET refund = 1001 WHERE line = 2'),
    ('UPDATE return_items SET refund = 2001 WHERE return_id = ''r2'''),
    -- and from the other side
    ('UPDATE order_items SET quantity = 3 WHERE line = 1'),
    ('UPDATE order_items SET quantity = 2 WHERE line = 1'),
    ('UPDATE order_items SET quantity = 4 WHERE line = 1'),
    ('UPDATE returns SET refund = 4000 WHERE return_id = ''r1'''),
    ('UPDATE returns SET refund = 3999 WHERE return_id = ''r1'''),
    ('DELETE FROM order_items WHERE line = 1'),
    -- A return's lines go with it and move with it, where the order has such lines.
    ('DELETE FROM returns'),
    ('TRUNCATE returns'),
    ('TRUNCATE returns, return_items'),
    ('UPDATE returns SET return_id = ''r9'' WHERE return_id = ''r1'''),
    ('UPDATE returns SET order_id = ''2'' WHERE return_id = ''r1'''),
    ('DELETE FROM order_items WHERE order_id = ''2'' AND line = 2; UPDATE returns SET order_id = ''2'' WHERE return_id = ''r1'''),
    ('UPDATE returns SET customer_id = ''ben'' WHERE return_id = ''r1''')
  ) s (statement);
-- What was refunded for each: what it says, and of the 1000 that this leaves all for the box;
-- 2000 for the only line of r2. A return whose lines cost nothing is shared by pieces.
SELECT * FROM returned_items_at('2024-06-01 12:00+09') ORDER BY 1, 4, 3;
SELECT return_id, line FROM returned_items_at('2024-05-10 12:00+09') ORDER BY 1, 2;
BEGIN;
UPDATE return_items SET refund = NULL;
SELECT return_id, line, quantity, refund FROM returned_items_at('2024-06-01 12:00+09') ORDER BY 1, 2;
UPDATE order_items SET amount = 0;
SELECT return_id, line, quantity, refund FROM returned_items_at('2024-06-01 12:00+09') ORDER BY 1, 2;
ROLLBACK;

BEGIN;
UPDATE returns SET order_id = '2' WHERE return_id = 'r1';
UPDATE returns SET customer_id = 'ben', order_id = '1' WHERE return_id = 'r1';
DELETE FROM returns WHERE return_id = 'r2';
SELECT customer_id, order_id, return_id, line, quantity, refund FROM return_items ORDER BY 1, 2, 3, 4;
SELECT customer_id, order_id, refunded FROM orders ORDER BY 1, 2;
ROLLBACK;
