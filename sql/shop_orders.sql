-- Orders, their lines and what came back; and the orders that count.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben');

--
-- What is refused, and what just is not
--

-- Defaults.
INSERT INTO orders (customer_id, order_id, ordered_at, amount)
VALUES ('ann', '0', '2023-12-01 00:00+09', 0)
RETURNING tax, shipping, refunded, sales_channel, shipped_at, delivered_at, cancelled_at, discount, payment_state, external_id, external_name;
INSERT INTO order_items (customer_id, order_id, line, product_id, amount)
VALUES ('ann', '0', 1, 'soap', 0)
RETURNING product_name, category, quantity, sku, unit_price, discount, tax;

-- An order of 1000 at noon of 1 May 2024.
SELECT s.given, pg_temp.outcome(format(
           'INSERT INTO orders (customer_id, order_id, ordered_at, amount)
            VALUES (''ann'', ''x'', ''2024-05-01 12:00+09'', 1000);
            UPDATE orders SET %s WHERE order_id = ''x''', s.given))
  FROM (VALUES
    ('customer_id = NULL'),
    ('customer_id = ''nobody'''),
    ('customer_id = ''ben'''),
    ('order_id = NULL'),
    ('order_id = ''0'''),
    ('ordered_at = NULL'),
    ('ordered_at = ''0001-01-01 00:00+00 BC'''),
    ('ordered_at = timestamptz ''0001-01-01 00:00+00'' - interval ''1 microsecond'''),
    ('ordered_at = ''0001-01-01 00:00+00'''),
    ('ordered_at = timestamptz ''9999-12-31 00:00+00'' - interval ''1 microsecond'''),
    ('ordered_at = ''9999-12-31 00:00+00'''),
    ('ordered_at = ''infinity'''),
    ('ordered_at = ''-infinity'''),
    ('amount = NULL'),
    ('amount = -0.0001'),
    ('amount = 0'),
    ('amount = 0.0001'),
    ('amount = 0.00001'),
    ('amount = 19.90000000'),
    ('amount = 1000000000000'),
    ('amount = 1000000000000.0001'),
    ('amount = ''NaN'''),
    ('amount = ''Infinity'''),
    ('tax = NULL'),
    ('tax = -1'),
    ('shipping = NULL'),
    ('shipping = -1'),
    ('tax = 400, shipping = 600'),
    ('tax = 401, shipping = 600'),
    ('tax = ''NaN'''),
    ('refunded = NULL'),
    ('refunded = -1'),
    ('refunded = 1000'),
    ('refunded = 1000.01'),
    ('shipped_at = ''2024-05-01 12:00+09'''),
    ('shipped_at = ''2024-05-01 11:59:59+09'''),
    ('delivered_at = ''2024-05-01 12:00+09'''),
    ('delivered_at = ''2024-05-01 11:59:59+09'''),
    ('shipped_at = ''2024-05-02 12:00+09'', delivered_at = ''2024-05-02 12:00+09'''),
    ('shipped_at = ''2024-05-02 12:00+09'', delivered_at = ''2024-05-02 11:59:59+09'''),
    ('cancelled_at = ''2024-05-01 12:00+09'''),
    ('cancelled_at = ''2024-05-01 11:59:59+09'''),
    ('discount = NULL'),
    ('discount = -0.0001'),
    ('discount = 2000'),
    ('discount = 0.00001'),
    ('discount = ''NaN'''),
    ('payment_state = NULL'),
    ('payment_state = ''Paid'''),
    ('payment_state = ''refunded'''),
    ('payment_state = ''pending'''),
    ('payment_state = ''voided'''),
    ('payment_state = ''voided'', cancelled_at = ''2024-05-01 12:00+09'''),
    ('payment_state = ''paid'', cancelled_at = ''2024-05-01 12:00+09'''),
    ('external_id = ''gid://shopify/Order/450789469'', external_name = ''#1001''')
  ) s (given);

SELECT s.given, pg_temp.outcome(format(
           'INSERT INTO order_items (customer_id, order_id, line, product_id, amount)
            VALUES (''ann'', ''0'', 2, ''soap'', 500);
            UPDATE order_items SET %s WHERE line = 2', s.given))
  FROM (VALUES
    ('customer_id = NULL'),
    ('customer_id = ''ben'''),
    ('order_id = NULL'),
    ('order_id = ''x'''),
    ('line = NULL'),
    ('line = 1'),
    ('line = 3'),
    ('product_id = NULL'),
    ('quantity = NULL'),
    ('quantity = 0'),
    ('quantity = 1'),
    ('amount = NULL'),
    ('amount = -0.0001'),
    ('amount = 0'),
    ('amount = 0.00001'),
    ('amount = 1000000000000'),
    ('amount = 1000000000000.0001'),
    ('amount = ''NaN'''),
    ('sku = ''S-1'', unit_price = 0'),
    ('unit_price = -1'),
    ('unit_price = 0.00001'),
    ('unit_price = ''NaN'''),
    ('discount = NULL'),
    ('discount = -1'),
    ('discount = 0.00001'),
    ('tax = NULL'),
    ('tax = -1'),
    ('tax = 500'),
    ('tax = 500.0001'),
    -- The parts need not come to the amount: 3 x 166.6667 is 500 to whoever rounds by
    -- the line, and 500 is 550 with tax where prices are listed without.
    ('quantity = 3, unit_price = 166.6667'),
    ('unit_price = 500, tax = 50, amount = 550'),
    ('unit_price = 500, discount = 600, amount = 0')
  ) s (given);

-- What is in an order stays while the order does.
SELECT pg_temp.outcome('DELETE FROM orders');
DELETE FROM order_items;
DELETE FROM orders;

--
-- Refunds
--

INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('ann', '1', '2024-05-01 12:00+09', 1000),
    ('ann', '2', '2024-05-03 12:00+09', 500),
    ('ben', '1', '2024-05-01 12:00+09', 300);

SELECT s.given, pg_temp.outcome(format(
           'INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund)
            VALUES (''ann'', ''x'', ''1'', ''2024-05-10 12:00+09'', 1000);
            UPDATE returns SET %s', s.given))
  FROM (VALUES
    ('customer_id = NULL'),
    ('customer_id = ''nobody'''),
    ('return_id = NULL'),
    ('return_id = ''y'''),
    ('order_id = NULL'),
    ('order_id = ''3'''),
    ('returned_at = NULL'),
    ('returned_at = ''2024-05-01 12:00+09'''),
    ('returned_at = ''2024-05-01 11:59:59.999999+09'''),
    ('returned_at = ''-infinity'''),
    ('refund = NULL'),
    ('refund = -0.0001'),
    ('refund = 0'),
    ('refund = 999.9999'),
    ('refund = 999.99999'),
    ('refund = 1000.0001'),
    ('refund = 1000000000000.0001'),
    ('refund = ''NaN'''),
    ('order_id = ''2'''),
    ('order_id = ''2'', refund = 500'),
    ('order_id = ''2'', refund = 500, returned_at = ''2024-05-02 12:00+09'''),
    ('customer_id = ''ben'', refund = 300'),
    ('customer_id = ''ben''')
  ) s (given);
SELECT s.statement, pg_temp.outcome(
           'INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund)
            VALUES (''ann'', ''x'', ''1'', ''2024-05-10 12:00+09'', 600); ' || s.statement)
  FROM (VALUES
    ('INSERT INTO returns SELECT customer_id, ''x'', order_id, returned_at, 1 FROM returns'),
    ('INSERT INTO returns SELECT customer_id, ''y'', order_id, returned_at, 400 FROM returns'),
    ('INSERT INTO returns SELECT customer_id, ''y'', order_id, returned_at, 400.0001 FROM returns'),
    ('INSERT INTO returns SELECT customer_id, y, order_id, returned_at, 200 FROM returns, unnest(''{a,b}''::text[]) y'),
    ('INSERT INTO returns SELECT customer_id, y, order_id, returned_at, 201 FROM returns, unnest(''{a,b}''::text[]) y'),
    ('UPDATE orders SET amount = 600 WHERE customer_id = ''ann'' AND order_id = ''1'''),
    ('UPDATE orders SET amount = 599 WHERE customer_id = ''ann'' AND order_id = ''1'''),
    ('DELETE FROM orders WHERE customer_id = ''ann'' AND order_id = ''1'''),
    ('DELETE FROM orders WHERE customer_id = ''ann'' AND order_id = ''2''')
  ) s (statement);

-- The message says what to look at. (Instants are written as the session does.)
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund)
VALUES ('ben', 'r1', '1', '2024-05-01 11:00+09', 100);

-- refunded follows: 100 and 50 on one order, 20 on another; 50 becomes 70; 20
-- moves to the first order; 100 goes; all go.
CREATE FUNCTION pg_temp.refunded() RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(customer_id || order_id || ': ' || refunded, ', ' ORDER BY customer_id, order_id)
          FROM orders);
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES
    ('ann', 'r1', '1', '2024-05-10 12:00+09', 100),
    ('ann', 'r2', '1', '2024-05-11 12:00+09', 50),
    ('ann', 'r3', '2', '2024-05-12 12:00+09', 20);
SELECT pg_temp.refunded();
UPDATE returns SET refund = 70 WHERE return_id = 'r2';
SELECT pg_temp.refunded();
UPDATE returns SET order_id = '1' WHERE return_id = 'r3';
SELECT pg_temp.refunded();
UPDATE returns SET customer_id = 'ben' WHERE return_id = 'r3';
SELECT pg_temp.refunded();
DELETE FROM returns WHERE return_id = 'r1';
SELECT pg_temp.refunded();
UPDATE returns SET return_id = 'r9', reason = 'broken', returned_at = '2024-06-01 12:00+09'
 WHERE return_id = 'r2';
SELECT pg_temp.refunded();
DELETE FROM returns;
SELECT pg_temp.refunded();

--
-- The orders that count
--

DELETE FROM orders;
SELECT count(*) FROM counted_orders_at('infinity');

-- Ann's first order, 1000: 300 come back on the 20th of January, 200 on the
-- 1st of March. Her second, 2000, is cancelled two days later; her third is
-- to be. Ben's lies in the future.
INSERT INTO orders (customer_id, order_id, ordered_at, amount, cancelled_at, sales_channel) VALUES
    ('ann', '1', '2024-01-10 10:00+09', 1000, NULL, 'web'),
    ('ann', '2', '2024-02-10 10:00+09', 2000, '2024-02-12 10:00+09', NULL),
    ('ann', '3', '2024-02-20 10:00+09', 3000, '9000-01-01 00:00+00', 'shop'),
    ('ben', '1', '2999-01-01 00:00+09', 4000, NULL, NULL);
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES
    ('ann', 'r1', '1', '2024-01-20 10:00+09', 300),
    ('ann', 'r2', '1', '2024-03-01 10:00+09', 200),
    ('ann', 'r3', '2', '2024-02-11 10:00+09', 2000);
SELECT i.as_of AT TIME ZONE 'Asia/Tokyo' AS as_of_in_tokyo,
       (SELECT string_agg(c.customer_id || c.order_id || ': ' || c.amount, ', '
                          ORDER BY c.customer_id, c.order_id)
          FROM counted_orders_at(i.as_of) c) AS counted
  FROM (VALUES
    (timestamptz '-infinity'),
    ('2024-01-10 09:59:59.999999+09'),
    ('2024-01-10 10:00+09'),
    ('2024-01-20 09:59:59.999999+09'),
    ('2024-01-20 10:00+09'),
    ('2024-02-10 10:00+09'),
    ('2024-02-11 10:00+09'),
    ('2024-02-12 09:59:59.999999+09'),
    ('2024-02-12 10:00+09'),
    ('2024-02-29 10:00+09'),
    ('2024-03-01 10:00+09'),
    ('2999-01-01 00:00+09'),
    ('9000-01-01 00:00+00'),
    ('infinity')
  ) i (as_of)
 ORDER BY i.as_of;
SELECT customer_id, order_id, ordered_at = '2024-01-10 10:00+09' AS ordered_at, amount, sales_channel
  FROM counted_orders_at('2024-02-12 10:00+09');

-- NULL is no instant, and nothing has happened by then.
SELECT count(*) FROM counted_orders_at(NULL);

SELECT pg_temp.same_elsewhere('SELECT * FROM counted_orders_at(''2024-02-11 10:00+09'')');

-- An emptied table of returns leaves no refund behind.
BEGIN;
INSERT INTO customers (customer_id) VALUES ('zoe');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('zoe', 'z', '2024-01-01 00:00+09', 100);
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES ('zoe', 'z', 'z', '2024-01-02 00:00+09', 30);
SELECT refunded FROM orders WHERE customer_id = 'zoe';
TRUNCATE returns, return_items;
SELECT refunded, (SELECT count(*) FROM orders WHERE refunded <> 0) AS others FROM orders WHERE customer_id = 'zoe';
ROLLBACK;

-- Nothing holds the refunds of orders that are a view of the brand's own: then
-- more than all is all, and an unknown amount stays unknown.
CREATE SCHEMA shop_orders_adopted;
CREATE VIEW shop_orders_adopted.orders AS
SELECT customer_id, order_id, ordered_at, amount, 0::numeric AS tax, 0::numeric AS shipping, NULL::text AS sales_channel,
       NULL::timestamptz AS shipped_at, NULL::timestamptz AS delivered_at, NULL::timestamptz AS cancelled_at, 'paid' AS payment_state
  FROM (VALUES ('ann', '1', timestamptz '2024-01-01 00:00+09', 100::numeric), ('ann', '2', '2024-01-02 00:00+09', NULL)) v
       (customer_id, order_id, ordered_at, amount);
SELECT FROM loyalcs.create_shop('shop_orders_adopted');
INSERT INTO shop_orders_adopted.returns VALUES ('ann', '1', '1', '2024-01-03 00:00+09', 130), ('ann', '2', '2', '2024-01-03 00:00+09', 5);
SELECT order_id, amount FROM shop_orders_adopted.counted_orders_at('2024-02-01 00:00+09') ORDER BY order_id;
SELECT orders, total_spent FROM shop_orders_adopted.customer_purchases_at('2024-02-01 00:00+09');
