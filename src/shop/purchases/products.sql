-- shop/products.sql
--
-- What is sold. A shop need not list its products: what is not listed is known from
-- the lines of its orders.
-- Needs: orders.

--@ table products
CREATE TABLE products (
    product_id text PRIMARY KEY,
    name text,
    category text,
    series text,
    unit_cost numeric
        CONSTRAINT products_unit_cost_is_money
        CHECK (unit_cost >= 0::numeric AND unit_cost <= 1000000000000::numeric AND unit_cost = round(unit_cost, 4)),
    active boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE products IS
    'products that the shop says something of, one row each; what is not here is known from order_items, see products_known';
COMMENT ON COLUMN products.name IS 'name of the product';

--@ functions
CREATE OR REPLACE FUNCTION products_known_at(as_of timestamptz)
RETURNS TABLE (
    product_id text,
    product_name text,
    category text,
    series text,
    unit_cost numeric,
    active boolean,
    listed boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(p.product_id, s.product_id), coalesce(p.name, s.product_name), coalesce(p.category, s.category),
           p.series, p.unit_cost, coalesce(p.active, true), p.product_id IS NOT NULL
      FROM products p
      FULL JOIN (SELECT DISTINCT ON (i.product_id) i.product_id, i.product_name, i.category
                   FROM counted_orders_at(products_known_at.as_of) o
                   JOIN order_items i ON i.customer_id = o.customer_id AND i.order_id = o.order_id
                  ORDER BY i.product_id, o.ordered_at DESC, o.customer_id, o.order_id, i.line) s
        ON s.product_id = p.product_id;
END;
COMMENT ON FUNCTION products_known_at(timestamptz) IS
    'the products, one row each: those of the table products as they are now, and those that orders which count have; what is not said of a product there is as when it was last sold';

CREATE OR REPLACE FUNCTION line_category(product_id text, category text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(category, (SELECT p.category FROM products p WHERE p.product_id = line_category.product_id));
COMMENT ON FUNCTION line_category(text, text) IS
    'the category of an order''s line: its own, which is that of the time, else that of its product';
