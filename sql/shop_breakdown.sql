-- Breakdowns: which part each customer belongs to, and orders numbered within
-- a customer's life.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

--
-- Names
--

SELECT check_breakdown(b)
  FROM unnest('{everyone,age_band,gender,region,sales_channel,first_category,rfm_segment}'::text[]) b;
SELECT check_breakdown('colour');
SELECT check_breakdown('Gender');
SELECT check_breakdown('');
SELECT check_breakdown(NULL);
-- An empty shop knows them too. channel is for surveys only.
SELECT * FROM numbered_orders_by('colour', '2024-06-01 00:00+09');
SELECT * FROM repeat_rate_by('channel', '2024-06-01 00:00+09');
SELECT * FROM order_ladder_by(NULL, '2024-06-01 00:00+09');
SELECT * FROM retention_cohorts_by('colour', '2024-06-01 00:00+09');
SELECT * FROM customer_retention_by('colour', '2024-06-01 00:00+09');
SELECT * FROM revenue_mix_by('colour', '2024-06-01 00:00+09');
SELECT * FROM survey_scores_by('colour', '2024-06-01 00:00+09');
SELECT count(*) FROM survey_scores_by('channel', '2024-06-01 00:00+09');

SELECT b, count(o.*)
  FROM unnest('{everyone,age_band,gender,region,sales_channel,first_category,rfm_segment}'::text[]) b
  LEFT JOIN LATERAL numbered_orders_by(b, '2024-06-01 00:00+09') o ON true
 GROUP BY b ORDER BY b;

--
-- Age bands: the age reached in the local calendar year
--

INSERT INTO customers (customer_id, birthday)
SELECT 'born ' || year, make_date(year, 12, 31)
  FROM unnest('{1850,1953,1954,1955,1964,1965,1984,1994,1995,2004,2005,2024,2030}'::integer[]) year;
INSERT INTO customers (customer_id) VALUES ('born sometime');
-- The last instant of 2024 in Tokyo, and the first of 2025.
SELECT customer_id, a.part AS in_2024, b.part AS in_2025
  FROM customer_breakdown('age_band', '2024-12-31 14:59:59.999999+00') a
  JOIN customer_breakdown('age_band', '2024-12-31 15:00+00') b USING (customer_id)
 ORDER BY customer_id;
SELECT part, count(*) FROM customer_breakdown('age_band', 'infinity') GROUP BY part ORDER BY part;
SELECT part, count(*) FROM customer_breakdown('age_band', '-infinity') GROUP BY part ORDER BY part;
DELETE FROM customers;

--
-- The others
--

-- Ann's first order is cancelled in March: then her second is the first. Ben's
-- two first orders are of the same instant. Cat has told nothing of herself,
-- and her order has no lines. Dan is a prospect. Eve's first order comes in May.
INSERT INTO customers (customer_id, gender, region) VALUES
    ('ann', 'female', '東京都'), ('ben', 'male', '大阪府'), ('cat', NULL, NULL),
    ('dan', 'male', '東京都'), ('eve', '', '東京都');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, sales_channel, cancelled_at) VALUES
    ('ann', '1', '2024-01-10 10:00+09', 1000, 'web', '2024-03-01 00:00+09'),
    ('ann', '2', '2024-02-10 10:00+09', 2000, 'shop', NULL),
    ('ann', '3', '2024-04-10 10:00+09', 4000, 'web', NULL),
    ('ben', '1', '2024-01-15 10:00+09', 500, 'phone', NULL),
    ('ben', '2', '2024-01-15 10:00+09', 600, 'web', NULL),
    ('cat', '1', '2024-01-31 23:30+00', 700, NULL, NULL),
    ('eve', '1', '2024-05-01 10:00+09', 800, 'web', NULL);
INSERT INTO order_items (customer_id, order_id, line, product_id, category, amount) VALUES
    ('ann', '1', 1, 'p', 'soap', 300), ('ann', '1', 2, 'p', 'tea', 700),
    ('ann', '2', 1, 'p', 'rice', 1000), ('ann', '2', 2, 'p', 'soap', 1000),
    ('ann', '3', 1, 'p', 'gold', 4000),
    ('ben', '1', 1, 'p', 'tea', 200), ('ben', '1', 2, 'p', NULL, 300),
    ('ben', '2', 1, 'p', 'soap', 600),
    ('eve', '1', 7, 'p', 'tea', 800);

SELECT 'february' AS as_of, customer_id, g.part AS gender, r.part AS region,
       s.part AS sales_channel, c.part AS first_category
  FROM customers
  LEFT JOIN customer_breakdown('gender', '2024-02-28 00:00+09') g USING (customer_id)
  LEFT JOIN customer_breakdown('region', '2024-02-28 00:00+09') r USING (customer_id)
  LEFT JOIN customer_breakdown('sales_channel', '2024-02-28 00:00+09') s USING (customer_id)
  LEFT JOIN customer_breakdown('first_category', '2024-02-28 00:00+09') c USING (customer_id)
UNION ALL
SELECT 'june', customer_id, g.part, r.part, s.part, c.part
  FROM customers
  LEFT JOIN customer_breakdown('gender', '2024-06-01 00:00+09') g USING (customer_id)
  LEFT JOIN customer_breakdown('region', '2024-06-01 00:00+09') r USING (customer_id)
  LEFT JOIN customer_breakdown('sales_channel', '2024-06-01 00:00+09') s USING (customer_id)
  LEFT JOIN customer_breakdown('first_category', '2024-06-01 00:00+09') c USING (customer_id)
 ORDER BY 1, 2;
SELECT count(*) FROM customer_breakdown('everyone', '2024-06-01 00:00+09');

-- Segments are those of rfm.
SELECT count(*), count(*) FILTER (WHERE b.part = r.segment) AS same
  FROM customer_breakdown('rfm_segment', '2024-06-01 00:00+09') b
  FULL JOIN rfm_at('2024-06-01 00:00+09') r USING (customer_id);

-- Nobody is counted twice, whatever the breakdown.
SELECT b, count(*) - count(DISTINCT c.customer_id) AS twice
  FROM unnest('{age_band,gender,region,sales_channel,first_category,rfm_segment}'::text[]) b
  LEFT JOIN LATERAL customer_breakdown(b, '2024-06-01 00:00+09') c ON true
 GROUP BY b ORDER BY b;

--
-- Numbered orders
--

SELECT customer_id, order_id, order_number, ordered_at AT TIME ZONE 'Asia/Tokyo' AS ordered, amount,
       sales_channel, first_order_at AT TIME ZONE 'Asia/Tokyo' AS first,
       previous_order_at AT TIME ZONE 'Asia/Tokyo' AS previous, previous_amount,
       next_order_at AT TIME ZONE 'Asia/Tokyo' AS next
  FROM numbered_orders_at('2024-02-28 00:00+09') ORDER BY customer_id, order_number;
-- By June the one before ann's third is her second, her first.
SELECT customer_id, order_id, order_number, previous_amount
  FROM numbered_orders_at('2024-06-01 00:00+09') ORDER BY customer_id, order_number;

-- What is not known is unknown; everyone is everyone.
SELECT customer_id, order_id,
       e.part AS everyone, g.part AS gender, r.part AS region, s.part AS sales_channel, c.part AS first_category
  FROM numbered_orders_by('everyone', '2024-06-01 00:00+09') e
  JOIN numbered_orders_by('gender', '2024-06-01 00:00+09') g USING (customer_id, order_id)
  JOIN numbered_orders_by('region', '2024-06-01 00:00+09') r USING (customer_id, order_id)
  JOIN numbered_orders_by('sales_channel', '2024-06-01 00:00+09') s USING (customer_id, order_id)
  JOIN numbered_orders_by('first_category', '2024-06-01 00:00+09') c USING (customer_id, order_id)
 ORDER BY customer_id, order_id;

-- In plain SQL over the orders, for every breakdown, at two instants.
SELECT b, a.as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, count(*),
       count(*) FILTER (WHERE n.order_number = (
               SELECT count(*) FROM orders o
                WHERE o.customer_id = n.customer_id AND coalesce(o.cancelled_at, 'infinity') > a.as_of
                  AND (o.ordered_at, o.order_id) <= (n.ordered_at, n.order_id))
           AND n.amount = (SELECT o.amount FROM orders o
                            WHERE (o.customer_id, o.order_id) = (n.customer_id, n.order_id))
           AND n.first_order_at = (SELECT min(o.ordered_at) FROM orders o
                WHERE o.customer_id = n.customer_id AND coalesce(o.cancelled_at, 'infinity') > a.as_of)
       ) AS same
  FROM unnest('{everyone,age_band,gender,region,sales_channel,first_category,rfm_segment}'::text[]) b
 CROSS JOIN (VALUES (timestamptz '2024-02-28 00:00+09'), ('2024-06-01 00:00+09')) a (as_of)
 CROSS JOIN LATERAL numbered_orders_by(b, a.as_of) n
 GROUP BY a.as_of, b ORDER BY a.as_of, b;

-- The name of the breakdown may come at any time.
PREPARE numbered(text) AS
    SELECT part, count(*) FROM numbered_orders_by($1, '2024-06-01 00:00+09') GROUP BY part ORDER BY part;
SET plan_cache_mode = force_generic_plan;
EXECUTE numbered('sales_channel');
EXECUTE numbered('everyone');
EXECUTE numbered('colour');
RESET plan_cache_mode;

SELECT b, pg_temp.same_elsewhere(format('SELECT * FROM numbered_orders_by(%L, ''2024-06-01 00:00+09'')', b))
  FROM unnest('{everyone,age_band,gender,region,sales_channel,first_category,rfm_segment}'::text[]) b;
