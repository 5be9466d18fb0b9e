-- Breakdowns of the shop's own: by an attribute, by a query, with and without a past.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- What cannot be one
SELECT o.what, pg_temp.outcome(o.statement) AS outcome
  FROM (VALUES ('no name', 'SELECT add_breakdown(NULL, attribute => ''a'')'),
               ('no word', 'SELECT add_breakdown(''Ring size'', attribute => ''a'')'),
               ('too long', 'SELECT add_breakdown(repeat(''a'', 51), attribute => ''a'')'),
               ('built in', 'SELECT add_breakdown(''gender'', attribute => ''a'')'),
               ('of tickets', 'SELECT add_breakdown(''channel'', attribute => ''a'')'),
               ('of nothing', 'SELECT add_breakdown(''ring_size'')'),
               ('of both', 'SELECT add_breakdown(''ring_size'', attribute => ''a'', query => ''SELECT 1'')'),
               ('no part', 'SELECT add_breakdown(''x'', query => ''SELECT customer_id, order_id FROM orders'')'),
               ('another type', 'SELECT add_breakdown(''x'', query => ''SELECT customer_id, amount AS part, ordered_at::date AS valid_from FROM orders'')'),
               ('no query', 'SELECT add_breakdown(''x'', query => ''nonsense'')'),
               ('a row by hand', 'INSERT INTO own_breakdowns (breakdown, attribute, relation) VALUES (''x'', ''a'', ''b'')'),
               ('and its name', 'INSERT INTO own_breakdowns (breakdown, attribute) VALUES (''x y'', ''a'')'),
               ('gone', 'SELECT drop_breakdown(''x'')'),
               ('nothing', 'SELECT drop_breakdown(NULL)'),
               ('no instant', 'SELECT refresh_breakdowns(NULL)'),
               ('never', 'SELECT refresh_breakdowns(''infinity'')')) o (what, statement);
SELECT * FROM repeat_rate_by('ring_size', '2024-06-01 00:00+09');
SELECT refresh_breakdowns('2024-01-01 00:00+09');

-- Ann has a size from the start, Ben none, Cat one within another key. Ann and Ben order
-- in January, Ann again in March, and Cat in April.
INSERT INTO customers (customer_id, joined_at, attributes) VALUES
    ('ann', '2024-01-01 00:00+09', '{"size": 11, "taste": {"metal": "gold"}}'),
    ('ben', '2024-01-02 00:00+09', '{"size": " "}'),
    ('cat', '2024-01-03 00:00+09', '{"taste": {"metal": "silver"}}');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('ann', '1', '2024-01-10 12:00+09', 100),
    ('ben', '1', '2024-01-11 12:00+09', 200),
    ('ann', '2', '2024-03-10 12:00+09', 300),
    ('cat', '1', '2024-04-10 12:00+09', 400);
SELECT add_breakdown('size', attribute => 'size') AS customers, add_breakdown('metal', attribute => 'taste.metal') AS of_metal;
SELECT pg_temp.outcome('SELECT add_breakdown(''size'', attribute => ''other'')');
SELECT customer_id, breakdown, valid_from, part FROM customer_parts ORDER BY 2, 1, 3;
SELECT breakdown, attribute, relation, refreshed_at <= now() AS refreshed, problem FROM own_breakdowns ORDER BY 1;
-- (Instants that the rest is read by, in place of that of this transaction.)
UPDATE own_breakdowns SET refreshed_at = '2024-02-01 00:00+09';

-- In every figure, and the rest is unknown.
SELECT part, month, buyers, repeat_buyers FROM repeat_rate_by('size', '2024-06-01 00:00+09');
SELECT part, cohort, cohort_size, months_later, active_customers
  FROM retention_cohorts_by('metal', '2024-06-01 00:00+09') WHERE active_customers > 0;
SELECT pg_temp.outcome('SELECT * FROM repeat_rate_by(''sise'', ''2024-06-01 00:00+09'')');
SELECT pg_temp.outcome('SELECT * FROM repeat_rate_by(''sise@first_order'', ''2024-06-01 00:00+09'')');
SELECT pg_temp.outcome('SELECT * FROM repeat_rate_by(''gender@first_order'', ''2024-06-01 00:00+09'')');
SELECT pg_temp.outcome('SELECT * FROM repeat_rate_by(''size@first'', ''2024-06-01 00:00+09'')');
SELECT pg_temp.outcome('SELECT * FROM repeat_rate_by(''size@2024-06-02'', ''2024-06-01 00:00+09'')');

-- What changes is so from then on: Ann's size in February, Ben's first one, which he did not
-- have before; Dan has joined since, and has always had his; Cat's metal is gone.
UPDATE customers SET attributes = '{"size": 12, "taste": {"metal": "gold"}}' WHERE customer_id = 'ann';
UPDATE customers SET attributes = '{"size": 9}' WHERE customer_id = 'ben';
UPDATE customers SET attributes = '{}' WHERE customer_id = 'cat';
INSERT INTO customers (customer_id, joined_at, attributes) VALUES ('dan', '2024-02-03 00:00+09', '{"size": 11}');
SELECT refresh_breakdowns('2024-02-10 00:00+09') AS changed, refresh_breakdowns('2024-02-10 00:00+09') AS again;
SELECT customer_id, breakdown, valid_from AT TIME ZONE 'Asia/Tokyo' AS valid_from, part FROM customer_parts ORDER BY 2, 1, 3;
-- As of the day before, of now, and of each one's first order
SELECT c.customer_id, a.part AS before, b.part AS now, f.part AS at_first_order
  FROM customers c
  LEFT JOIN customer_breakdown('size@2024-02-09', '2024-06-01 00:00+09') a USING (customer_id)
  LEFT JOIN customer_breakdown('size', '2024-06-01 00:00+09') b USING (customer_id)
  LEFT JOIN customer_breakdown('size@first_order', '2024-06-01 00:00+09') f USING (customer_id)
 ORDER BY 1;
SELECT part, month, buyers, repeat_buyers FROM repeat_rate_by('size@first_order', '2024-06-01 00:00+09');
-- An instant before the last one is not gone back to.
UPDATE customers SET attributes = '{"size": 13}' WHERE customer_id = 'ann';
SELECT refresh_breakdowns('2024-01-20 00:00+09');
SELECT part, valid_from AT TIME ZONE 'Asia/Tokyo' AS valid_from FROM customer_parts WHERE customer_id = 'ann' AND breakdown = 'size' ORDER BY 2;

-- A query that knows since when is believed, also when it thinks again.
INSERT INTO order_items (customer_id, order_id, line, product_id, amount) VALUES
    ('ann', '1', 1, 'ring', 100), ('ben', '1', 1, 'chain', 200), ('ann', '2', 1, 'chain', 300);
SELECT add_breakdown('last_product', query => 'SELECT o.customer_id, i.product_id AS part, o.ordered_at AS valid_from
    FROM orders o JOIN order_items i ON i.customer_id = o.customer_id AND i.order_id = o.order_id;  ') AS customers;
SELECT customer_id, valid_from AT TIME ZONE 'Asia/Tokyo' AS valid_from, part FROM customer_parts WHERE breakdown = 'last_product' ORDER BY 1, 2;
SELECT obj_description('parts_by_last_product'::regclass), reloptions FROM pg_class WHERE oid = 'parts_by_last_product'::regclass;
SELECT part, month, buyers FROM repeat_rate_by('last_product@first_order', '2024-06-01 00:00+09');
DELETE FROM order_items WHERE customer_id = 'ben';
UPDATE order_items SET product_id = 'brooch' WHERE order_id = '2';
SELECT refresh_kept_figures('2024-06-01 00:00+09') > 0 AS refreshed;
SELECT customer_id, valid_from AT TIME ZONE 'Asia/Tokyo' AS valid_from, part FROM customer_parts WHERE breakdown = 'last_product' ORDER BY 1, 2;

-- One that is not what it should be any more keeps what it had, and says so; the others go on.
INSERT INTO order_items (customer_id, order_id, line, product_id, amount) VALUES ('ann', '2', 2, 'ring', 1);
SELECT refresh_breakdowns('2024-06-02 00:00+09');
SELECT breakdown, problem FROM own_breakdowns ORDER BY 1;
SELECT count(*) FROM customer_parts WHERE breakdown = 'last_product';
DELETE FROM order_items WHERE line = 2;
CREATE TABLE lists (customer_id text, part text, divisor integer);
INSERT INTO own_breakdowns (breakdown, relation) VALUES ('list', 'lists'), ('bad', 'elsewhere'), ('failing', 'shares');
CREATE VIEW shares AS SELECT customer_id, (1 / divisor)::text AS part FROM lists;
INSERT INTO lists VALUES ('ann', 'a', 1), ('nobody', 'b', 1), ('cat', 'c', 0);
SELECT refresh_breakdowns('2024-06-03 00:00+09');
SELECT breakdown, problem, refreshed_at IS NOT NULL AS refreshed FROM own_breakdowns ORDER BY 1;
SELECT customer_id, part FROM customer_parts WHERE breakdown = 'list' ORDER BY 1;
-- A view of somebody else's is none of the shop's.
CREATE ROLE regress_own_breakdowns;
ALTER TABLE lists OWNER TO regress_own_breakdowns;
SELECT refresh_breakdowns('2024-06-04 00:00+09');
SELECT problem FROM own_breakdowns WHERE breakdown = 'list';
ALTER TABLE lists OWNER TO CURRENT_USER;
DROP ROLE regress_own_breakdowns;

-- What is another for nearly everybody is no breakdown: 21 customers with 11 parts are fine, with 20 of
-- their own too, so few there are; with 21 of their own not. Nor are more than a thousand parts.
BEGIN;
INSERT INTO customers (customer_id, attributes)
SELECT 'n' || i, jsonb_build_object('two', i / 2, 'twenty', least(i, 20), 'own', i) FROM generate_series(1, 21) i;
SELECT add_breakdown('two', attribute => 'two') AS two, add_breakdown('twenty', attribute => 'twenty') AS twenty;
SELECT pg_temp.outcome('SELECT add_breakdown(''own'', attribute => ''own'')');
INSERT INTO customers (customer_id, attributes) SELECT 'm' || i, jsonb_build_object('thousand', i % 1000, 'more', i % 1001) FROM generate_series(1, 3003) i;
SELECT add_breakdown('thousand', attribute => 'thousand') AS thousand;
SELECT pg_temp.outcome('SELECT add_breakdown(''more'', attribute => ''more'')');
ROLLBACK;

-- Tiers and ages as of the first order
INSERT INTO tier_history (customer_id, tier, rank, rule_id, spent, orders, valid_from, valid_until)
VALUES ('ann', 'gold', 3, 1, 0, 0, '2024-01-05 00:00+09', '2024-02-01 00:00+09');
SELECT customer_id, part FROM customer_breakdown('tier@first_order', '2024-06-01 00:00+09') ORDER BY 1;
UPDATE customers SET birthday = '1994-12-31' WHERE customer_id IN ('ann', 'dan');
SELECT customer_id, part FROM customer_breakdown('age_band@first_order', '2030-06-01 00:00+09') ORDER BY 1;
SELECT customer_id, part FROM customer_breakdown('age_band', '2030-06-01 00:00+09') ORDER BY 1;

-- Two customers become one, and the one who stays keeps what was known of her; who is
-- forgotten is in no part.
SELECT merge_customers('dan', 'ann', 'dan') -> 'twice' AS twice;
SELECT customer_id, breakdown, part FROM customer_parts WHERE customer_id IN ('ann', 'dan') ORDER BY 1, 2, valid_from;
DELETE FROM lists;
SELECT forget_customer('ann', 'ann') ->> 'forgotten' AS forgotten;
SELECT customer_id, breakdown, part FROM customer_parts ORDER BY 1, 2, valid_from;

-- It goes with its view and its parts.
SELECT drop_breakdown('last_product'), drop_breakdown('size'), drop_breakdown('list');
SELECT breakdown FROM own_breakdowns ORDER BY 1;
SELECT DISTINCT breakdown FROM customer_parts ORDER BY 1;
SELECT to_regclass('parts_by_last_product') AS view, to_regclass('lists') AS lists;
