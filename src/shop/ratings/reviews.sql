-- shop/reviews.sql
--
-- What customers wrote about products.
-- Needs: records, customers, orders.

--@ table reviews hides title, body
CREATE TABLE reviews (
    customer_id @key_type@ NOT NULL,
    review_id text NOT NULL,
    product_id text NOT NULL,
    order_id text,
    reviewed_at timestamptz NOT NULL
        CONSTRAINT reviews_reviewed_at_is_finite CHECK (isfinite(reviewed_at)),
    stars smallint NOT NULL
        CONSTRAINT reviews_stars_are_1_to_5 CHECK (stars BETWEEN 1 AND 5),
    title text,
    body text,
    PRIMARY KEY (customer_id, review_id)
);
CREATE INDEX reviews_product ON reviews (product_id, reviewed_at);
COMMENT ON TABLE reviews IS 'product reviews, one row each';

--@ reference reviews customers
ALTER TABLE reviews ADD FOREIGN KEY (customer_id) REFERENCES customers;

--@ reference reviews orders 0.2.0
SELECT refer(regclass 'reviews', text 'reviews_order', text 'customer_id, order_id', regclass 'orders', text 'customer_id, order_id', text 'CASCADE');
