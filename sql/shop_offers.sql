-- What is bought together and next, and what to offer.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- An empty shop has nothing to offer, and says so in one row.
SELECT refresh_related_products('2024-06-01 00:00+09');
SELECT * FROM next_offers('ann');
SELECT orders, customers, products, pairs, pairs_cut, large_orders, large_customers FROM offer_refreshes;

--
-- By hand
--

-- Who bought what on which day of 2024; a product that stands twice was in two
-- lines of one order. L is a ring, N its necklace of the same series, W a watch,
-- C cleaning cloth, O something that was last sold long ago.
CREATE TEMP TABLE plan (customer_id text, day date, products text);
INSERT INTO plan VALUES
    ('ann', '2024-01-10', 'L L C'), ('ann', '2024-03-01', 'N'),
    ('ben', '2024-01-11', 'L'),     ('ben', '2024-03-02', 'N C'),
    ('cat', '2024-01-12', 'L C'),
    ('dan', '2024-01-13', 'W'),     ('dan', '2024-03-03', 'C'), ('dan', '2024-04-03', 'C'),
    ('eve', '2024-01-14', 'W'),
    ('fay', '2022-01-14', 'W'),     ('fay', '2022-02-01', 'O'),
    ('gus', '2022-01-14', 'W'),     ('gus', '2022-02-01', 'O');
CREATE PROCEDURE pg_temp.carry_out() LANGUAGE sql AS $$
    INSERT INTO customers (customer_id) SELECT DISTINCT customer_id FROM plan;
    INSERT INTO orders (customer_id, order_id, ordered_at, amount)
    SELECT customer_id, day, (day + time '12:00') AT TIME ZONE 'Asia/Tokyo', 100 FROM plan;
    INSERT INTO order_items (customer_id, order_id, line, product_id, product_name, amount)
    SELECT customer_id, day, n, p, CASE p WHEN 'L' THEN 'Luna ring' WHEN 'N' THEN 'Luna necklace' WHEN 'W' THEN 'Watch' END, 1
      FROM plan, unnest(string_to_array(products, ' ')) WITH ORDINALITY u (p, n);
$$;
CALL pg_temp.carry_out();

-- Seven customers and thirteen orders. Together: L stands in three orders, C in
-- five, both in two: 2 of 3 is 26/15 times 5 of 13. Of N's two orders C is in one:
-- 1 of 2, 13/10 times. Next: of three with L two bought N later, as nobody did
-- without L: 2 of 3, 7/3 times 2 of 7. Of three with L one bought C later (cat and
-- ann had it with L): 1 of 3 against 2 of 7 (ben, dan). C and then N: ann, 1 of 4,
-- less than 2 of 7. Of four with W one bought C later, 1 of 4; two bought O, but
-- that was long ago.
SELECT refresh_related_products('2024-06-01 00:00+09', minimum_support => 1);
SELECT product_id, relation, place, other_product_id, support, round(support_share::numeric, 4) AS support_share,
       round(confidence::numeric, 4) AS confidence, round(lift::numeric, 4) AS lift
  FROM related_products ORDER BY 1, 2, 3;
SELECT product_id, product_name, orders, customers, recent_customers,
       last_sold_at AT TIME ZONE 'Asia/Tokyo' AS last_sold, best_seller_rank
  FROM product_sales ORDER BY best_seller_rank, product_id;
SELECT as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, minimum_support, largest_basket, sold_within,
       orders, customers, products, pairs, pairs_cut, large_orders, large_customers
  FROM offer_refreshes;
-- Two orders or customers at least.
SELECT refresh_related_products('2024-06-01 00:00+09', minimum_support => 2);
SELECT product_id, relation, other_product_id, support FROM related_products ORDER BY 1, 2, 3;
-- With a longer memory W leads to O.
SELECT refresh_related_products('2024-06-01 00:00+09', 2, sold_within => '3 years');
SELECT product_id, relation, other_product_id, support FROM related_products ORDER BY 1, 2, 3;

-- The ring's buyer is offered the necklace of the same series, then what sells
-- best; nobody what he has.
SELECT refresh_related_products('2024-06-01 00:00+09', 1);
SELECT c.customer_id, o.product_id, o.product_name, o.because, o.because_product_id,
       round(o.confidence::numeric, 4) AS confidence, round(o.lift::numeric, 4) AS lift, o.support
  FROM (VALUES ('ann'), ('cat'), ('dan'), ('eve'), ('nobody'), (NULL)) c (customer_id)
  LEFT JOIN LATERAL next_offers(c.customer_id, as_of => '2024-06-01 00:00+09') o ON true;
SELECT product_id FROM next_offers('cat', 1, '2024-06-01 00:00+09');
SELECT count(*) FROM next_offers('cat', 0, '2024-06-01 00:00+09');
SELECT count(*) FROM next_offers('cat', NULL, '2024-06-01 00:00+09');
SELECT pg_temp.outcome('SELECT next_offers(''cat'', -1)');
-- When ben ordered he had the ring alone, and a minute before nothing.
SELECT d.as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, o.product_id, o.because
  FROM (VALUES (timestamptz '2024-01-11 11:59+09'), ('2024-01-11 12:00+09')) d (as_of), next_offers('ben', 5, d.as_of) o;

-- What is withheld is neither offered nor a reason, for as long as it is.
INSERT INTO withheld_products (product_id, valid, reason) VALUES
    ('C', '(,)', 'no offer for anybody'), ('L', '[2024-07-01 00:00+09,)', 'out of print');
SELECT d.as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, o.product_id, o.because
  FROM (VALUES (timestamptz '2024-06-30 23:59+09'), ('2024-07-01 00:00+09')) d (as_of), next_offers('cat', 5, d.as_of) o;
DELETE FROM withheld_products;

-- An order that is cancelled is none; one that was sent back still was bought.
BEGIN;
UPDATE orders SET cancelled_at = '2024-05-01 00:00+09' WHERE (customer_id, order_id) = ('ann', '2024-03-01');
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES ('ben', '1', '2024-03-02', '2024-03-09 00:00+09', 100);
SELECT refresh_related_products('2024-04-30 00:00+09', 2), refresh_related_products('2024-06-01 00:00+09', 1);
SELECT other_product_id, support FROM related_products WHERE product_id = 'L' AND relation = 'next' ORDER BY place;
SELECT product_id FROM next_offers('ann', 1, '2024-06-01 00:00+09');
SELECT count(*) FROM next_offers('ben', 5, '2024-06-01 00:00+09') WHERE product_id = 'N';
ROLLBACK;
-- Two orders of the same instant are not one after the other.
BEGIN;
UPDATE orders SET ordered_at = '2024-01-01 00:00+09';
SELECT refresh_related_products('2024-06-01 00:00+09', 1);
SELECT relation, count(*) FROM related_products GROUP BY relation;
ROLLBACK;
-- Named as when last sold.
BEGIN;
UPDATE order_items SET product_name = 'Moon necklace' WHERE (customer_id, order_id, line) = ('ben', '2024-03-02', 1);
SELECT refresh_related_products('2024-06-01 00:00+09');
SELECT product_name FROM product_sales WHERE product_id = 'N';
ROLLBACK;

--
-- Large baskets
--

-- Somebody orders 3000 products at once, and the guests' account one each in 300
-- orders: nine million pairs are not made, and who was left out can be seen.
BEGIN;
INSERT INTO customers (customer_id) VALUES ('reseller'), ('guest');
INSERT INTO orders (customer_id, order_id, ordered_at, amount)
SELECT 'guest', n::text, timestamptz '2024-01-01 00:00+09' + n * interval '1 hour', 1 FROM generate_series(1, 300) n
UNION ALL SELECT 'reseller', 'all', timestamptz '2024-01-01 00:00+09', 1;
INSERT INTO order_items (customer_id, order_id, line, product_id, amount)
SELECT 'reseller', 'all', n, 'P' || n, 1 FROM generate_series(1, 3000) n
UNION ALL SELECT 'guest', n::text, 1, 'P' || n, 1 FROM generate_series(1, 300) n;
SET client_min_messages = notice;
SELECT refresh_related_products('2024-06-01 00:00+09', 1);
SET client_min_messages = warning;
SELECT orders, customers, products, pairs, large_orders, large_customers FROM offer_refreshes;
SELECT * FROM large_baskets('2024-06-01 00:00+09', 100);
SELECT count(*) FROM large_baskets();
SELECT count(*) FROM large_baskets('2023-12-31 00:00+09');
-- Nor are more than 100 kept of a product: 150 were bought with each other once,
-- out of which 22,350 pairs come.
DELETE FROM order_items WHERE line > 150 OR customer_id = 'guest';
SELECT refresh_related_products('2024-06-01 00:00+09', 1, 150);
SELECT pairs, pairs_cut FROM offer_refreshes;
SELECT max(place) AS place, count(*) FROM related_products WHERE product_id = 'P1';
ROLLBACK;

-- The number of products is the limit, not that of lines.
SELECT customer_id, order_id, products FROM large_baskets('2024-06-01 00:00+09', 2);

--
-- The same in plain SQL, over some 70,000 lines of 40,000 orders
--

TRUNCATE customers CASCADE;
CREATE FUNCTION pg_temp.dice(n bigint, seed bigint, sides integer) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN abs(hashint8extended(n, seed) % sides);
INSERT INTO customers (customer_id) SELECT 'c' || n FROM generate_series(0, 9999) n;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, cancelled_at)
SELECT 'c' || pg_temp.dice(n, 1, 100) * pg_temp.dice(n, 2, 100), n,
       timestamptz '2022-01-01 00:00+09' + pg_temp.dice(n, 3, 700) * interval '24 hours', 1,
       CASE WHEN pg_temp.dice(n, 4, 30) = 0 THEN timestamptz '2024-01-01 00:00+09' END
  FROM generate_series(1, 40000) n;
INSERT INTO order_items (customer_id, order_id, line, product_id, product_name, amount)
SELECT o.customer_id, o.order_id, l, 'p' || least(pg_temp.dice(n, 5, 60), pg_temp.dice(n, 6, 60))
                                       + 7 * (hashtext(o.customer_id) % 4), 'x', 1
  FROM orders o, generate_series(1, 1 + pg_temp.dice(order_id::bigint, 7, 3)
                                    * (1 + 7 * (pg_temp.dice(order_id::bigint, 8, 200) = 0)::integer)) l,
       LATERAL (SELECT order_id::bigint * 100 + l) k (n);
ANALYZE customers, orders, order_items;
SELECT (SELECT count(*) FROM order_items) BETWEEN 75000 AND 85000 AS lines;

CREATE FUNCTION pg_temp.differing(support integer, largest integer) RETURNS TABLE (expected bigint, differing bigint)
LANGUAGE sql AS $$
    WITH line AS MATERIALIZED (
        SELECT DISTINCT i.customer_id AS c, i.order_id AS o, o.ordered_at AS at, i.product_id AS p
          FROM order_items i, orders o
         WHERE o.customer_id = i.customer_id AND o.order_id = i.order_id
           AND o.cancelled_at IS NULL AND o.ordered_at <= '2024-06-01 00:00+09'
    ), small_order AS MATERIALIZED (
        SELECT * FROM line JOIN (SELECT c, o FROM line GROUP BY c, o HAVING count(*) <= largest) s USING (c, o)
    ), life AS MATERIALIZED (
        SELECT c, p, min(at) AS at FROM line
         WHERE c IN (SELECT c FROM line GROUP BY c HAVING count(DISTINCT p) <= largest) GROUP BY c, p
    ), one AS MATERIALIZED (
        SELECT 'together' AS r, p, count(*)::numeric AS na, count(*) AS nb, (SELECT count(DISTINCT o) FROM small_order) AS n
          FROM small_order GROUP BY p
        UNION ALL
        SELECT 'next', p, count(*), count(*) FILTER (WHERE at > began), (SELECT count(DISTINCT c) FROM life)
          FROM life JOIN (SELECT c, min(at) AS began FROM life GROUP BY c) b USING (c) GROUP BY p
    ), both_of AS MATERIALIZED (
        SELECT 'together' AS r, a.p, b.p AS q, count(*) AS s
          FROM small_order a JOIN small_order b ON a.c = b.c AND a.o = b.o AND a.p <> b.p
         GROUP BY a.p, b.p
        UNION ALL
        SELECT 'next', a.p, b.p, count(*)
          FROM life a JOIN life b ON a.c = b.c AND a.at < b.at
         GROUP BY a.p, b.p
    ), figure AS (
        SELECT t.r, t.p, t.q, t.s, a.n, a.na, b.nb
          FROM both_of t JOIN one a ON a.r = t.r AND a.p = t.p JOIN one b ON b.r = t.r AND b.p = t.q
    ), wanted AS (
        SELECT p, r, q, s, round(s::numeric / n, 9) AS share, round(s / na, 9) AS confidence, round(s * n / (na * nb), 9) AS lift
          FROM figure WHERE s >= support AND s * n > na * nb
           AND q IN (SELECT p FROM line WHERE at > timestamptz '2023-06-01 00:00+09')
    ), got AS (
        SELECT product_id, relation, other_product_id, related_products.support, round(support_share::numeric, 9),
               round(confidence::numeric, 9), round(lift::numeric, 9)
          FROM related_products
    )
    SELECT (SELECT count(*) FROM wanted),
           (SELECT count(*) FROM ((TABLE wanted EXCEPT ALL TABLE got) UNION ALL (TABLE got EXCEPT ALL TABLE wanted)) d)
$$;
SELECT refresh_related_products('2024-06-01 00:00+09') > 0 AS kept;
SELECT expected > 500 AS expected, differing FROM pg_temp.differing(5, 100);
SELECT refresh_related_products('2024-06-01 00:00+09', 3, 12) > 0 AS kept;
SELECT expected > 500 AS expected, differing FROM pg_temp.differing(3, 12);
SELECT large_orders > 0 AS orders, large_customers > 0 AS customers,
       large_orders = (SELECT count(order_id) FROM large_baskets('2024-06-01 00:00+09', 12)) AS all_orders,
       large_customers = (SELECT count(*) FROM large_baskets('2024-06-01 00:00+09', 12) WHERE order_id IS NULL) AS all_customers
  FROM offer_refreshes WHERE as_of = '2024-06-01 00:00+09';
-- Places are in order, and without gaps.
SELECT count(*) AS out_of_order
  FROM (SELECT place, row_number() OVER (PARTITION BY product_id, relation
                                         ORDER BY confidence DESC, lift DESC, other_product_id) AS n FROM related_products) p
 WHERE place <> n;

-- Offers to 300 customers, in plain SQL.
SELECT refresh_related_products('2024-06-01 00:00+09') > 0 AS kept;
CREATE TEMP VIEW has AS
SELECT DISTINCT i.customer_id, i.product_id
  FROM order_items i JOIN orders o USING (customer_id, order_id) WHERE o.cancelled_at IS NULL;
WITH asked AS (
    SELECT customer_id FROM customers ORDER BY md5(customer_id) LIMIT 300
), related AS (
    SELECT a.customer_id, r.other_product_id AS product_id, max(r.confidence) AS confidence
      FROM asked a JOIN has h USING (customer_id) JOIN related_products r ON r.product_id = h.product_id AND relation = 'next'
     GROUP BY 1, 2
    UNION ALL
    SELECT a.customer_id, s.product_id, -s.best_seller_rank FROM asked a, product_sales s WHERE best_seller_rank IS NOT NULL
), wanted AS (
    SELECT r.customer_id, r.product_id, max(confidence) AS confidence,
           row_number() OVER (PARTITION BY r.customer_id ORDER BY max(confidence) DESC) AS n
      FROM related r
     WHERE NOT EXISTS (SELECT FROM has h WHERE h.customer_id = r.customer_id AND h.product_id = r.product_id)
     GROUP BY 1, 2
), got AS (
    SELECT a.customer_id, o.*
      FROM asked a, next_offers(a.customer_id, 5, '2024-06-01 00:00+09') WITH ORDINALITY
           o (product_id, product_name, category, because, because_product_id, confidence, lift, support, n)
)
SELECT count(g.n) AS offers, count(*) FILTER (WHERE g.confidence IS NOT NULL) > 100 AS by_history,
       count(*) FILTER (WHERE g.confidence IS NULL) > 100 AS best_sellers,
       count(*) FILTER (WHERE g.confidence IS DISTINCT FROM CASE WHEN w.confidence > 0 THEN w.confidence END
                           OR w.confidence < 0 AND g.product_id <> w.product_id) AS differing,
       count(*) FILTER (WHERE g.confidence IS NOT NULL AND NOT EXISTS (
           SELECT FROM related_products r JOIN has h ON h.customer_id = g.customer_id AND h.product_id = r.product_id
            WHERE r.product_id = g.because_product_id AND r.other_product_id = g.product_id AND r.relation = 'next'
              AND (r.confidence, r.lift, r.support) = (g.confidence, g.lift, g.support))) AS without_reason
  FROM (SELECT * FROM wanted WHERE n <= 5) w FULL JOIN got g USING (customer_id, n);

SELECT pg_temp.same_elsewhere('SELECT o.* FROM customers c, next_offers(c.customer_id, 5, ''2024-06-01 00:00+09'') o
                                WHERE c.customer_id LIKE ''c1__''');
-- A year ago is the same hour here, also for a session in New York, where it is
-- another one: daylight saving began there today, and a year ago two days later. (What goes
-- with what is not asked: pairs of the smallest baskets are found in no time.)
BEGIN;
UPDATE orders SET ordered_at = '2023-03-10 23:30+09', cancelled_at = NULL;
SET LOCAL timezone = 'America/New_York';
SELECT refresh_related_products('2024-03-10 23:00+09', 5, 2) * 0 AS refreshed;
SELECT count(*) > 0 AS products, count(*) - count(best_seller_rank) AS long_ago FROM product_sales;
SELECT refresh_related_products('2024-03-10 23:30+09', 5, 2) * 0 AS refreshed;
SELECT count(best_seller_rank) AS of_late FROM product_sales;
ROLLBACK;

--
-- Bad input
--

SELECT s.arguments, pg_temp.outcome(format('SELECT refresh_related_products(%s)', s.arguments))
  FROM (VALUES
    ('NULL'), ('minimum_support => NULL'), ('largest_basket => NULL'), ('sold_within => NULL'),
    ('minimum_support => 0'), ('largest_basket => 1'), ('largest_basket => 1001'),
    ('sold_within => ''0''')
  ) s (arguments);
SELECT pg_temp.outcome($$INSERT INTO related_products VALUES ('a', 'before', 1, 'b', 1, 1, 1, 1)$$),
       pg_temp.outcome($$INSERT INTO product_sales VALUES ('a', NULL, NULL, 1, 1, 0, now(), 0)$$);

--
-- Products that the shop lists: its names, and what is no longer sold.
--

BEGIN;
INSERT INTO products (product_id, name, category) SELECT product_id, 'Our ' || product_id, 'ours' FROM next_offers('c1', 2, '2024-06-01 00:00+09');
SELECT refresh_related_products('2024-06-01 00:00+09') > 0 AS pairs;
SELECT s.product_name = 'Our ' || s.product_id AND s.category = 'ours' AS named FROM products p JOIN product_sales s USING (product_id);
SELECT count(*) AS offered FROM next_offers('c1', 100, '2024-06-01 00:00+09') JOIN products USING (product_id);
UPDATE products SET active = false;
SELECT count(*) AS offered, count(*) FILTER (WHERE because_product_id IN (SELECT product_id FROM products)) AS a_reason
  FROM next_offers('c1', 100, '2024-06-01 00:00+09') o LEFT JOIN products p USING (product_id) WHERE p.product_id IS NOT NULL OR because_product_id IN (SELECT product_id FROM products);
ROLLBACK;

--
-- Who may
--

CREATE ROLE regress_shop_offers;
CREATE FUNCTION pg_temp.may(level text) RETURNS TABLE (statement text, outcome text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM loyalcs.grant_shop('shop', 'regress_shop_offers', level);
    SET LOCAL ROLE regress_shop_offers;
    RETURN QUERY SELECT s.s, pg_temp.outcome(s.s)
      FROM (VALUES ('SELECT FROM related_products, product_sales'), ('SELECT FROM next_offers(''c1'')'),
                   ('SELECT FROM large_baskets()'), ('SELECT refresh_related_products()'),
                   ('INSERT INTO withheld_products (product_id, reason) VALUES (''C'', ''sold out'')')) s (s);
    RESET ROLE;
END
$$;
SELECT l.level, m.* FROM unnest('{report,service,admin}'::text[]) l (level), pg_temp.may(l.level) m;
DROP OWNED BY regress_shop_offers;
DROP ROLE regress_shop_offers;

-- Made again, the shop has the same to offer.
CREATE TEMP TABLE before AS SELECT * FROM next_offers('c1', 100, '2024-06-01 00:00+09');
SELECT FROM loyalcs.create_shop('shop');
SELECT (SELECT count(*) > 0 FROM before) AS offers,
       NOT EXISTS (TABLE before EXCEPT SELECT * FROM next_offers('c1', 100, '2024-06-01 00:00+09')) AS the_same;
