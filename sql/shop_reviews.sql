-- Reviews of products.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben');

-- What is not given. An order, if one is given, is one of the customer's.
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ben', 'o-17', '2024-05-01 12:00+09', 100);
INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars)
VALUES ('ann', '1', 'soap', '2024-05-01 12:00+09', 5)
RETURNING order_id, title, body;
INSERT INTO reviews VALUES
    ('ben', '1', 'soap', 'o-17', '2024-05-02 12:00+09', 1, '残念', 'すぐに壊れました。')
RETURNING *, reviewed_at AT TIME ZONE 'Asia/Tokyo' AS in_tokyo;

SELECT s.given, pg_temp.outcome(format('UPDATE reviews SET %s WHERE customer_id = ''ann''', s.given))
  FROM (VALUES
    ('customer_id = NULL'),
    ('customer_id = ''nobody'''),
    ('customer_id = ''ben'''),
    ('customer_id = ''ben'', review_id = ''2'''),
    ('review_id = NULL'),
    ('product_id = NULL'),
    ('reviewed_at = NULL'),
    ('reviewed_at = ''infinity'''),
    ('reviewed_at = ''-infinity'''),
    ('reviewed_at = ''2999-01-01 00:00+00'''),
    ('stars = NULL'),
    ('stars = 0'),
    ('stars = 1'),
    ('stars = 5'),
    ('stars = 6'),
    ('stars = 4.4'),
    ('title = '''''),
    ('order_id = ''o-17''')
  ) s (given);
