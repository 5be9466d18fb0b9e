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
