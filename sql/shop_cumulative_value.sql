-- What new customers have brought in since, and whether they have paid for themselves.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET jit = off;
SET search_path = shop;

-- An empty shop; costs of a month in which nobody came; and no breakdown.
SELECT * FROM cumulative_value_at('2024-06-01 00:00+09');
INSERT INTO marketing_costs VALUES ('2023-12-01', 'any', 'acquisition', 100);
SELECT * FROM cumulative_value_at('2024-06-01 00:00+09');
SELECT b, split_part(pg_temp.outcome(format('SELECT * FROM cumulative_value_by(%L, now())', b)), E'\n', 1) FROM unnest('{NULL,star_sign}'::text[]) b;

-- Ann begins on the 10th of January with 1100, 100 of it tax: a lamp that costs 400. After
-- 30 days to the microsecond she orders for 2000, 200 shipping: two lamps; after 60 days and a
-- microsecond for 500, of what nobody knows the cost of. Ben begins on the 20th of January
-- with 600: a cup that costs 100, half of it refunded on the 1st of March; his second order,
-- after a year, is cancelled. Cat begins at 23:30 UTC of the last of January, Tokyo's February,
-- with 300 and no lines. Dan's first order, of January, is cancelled at once; his second, of
-- February, is a gift for nothing: two cups. Eve is a prospect.
INSERT INTO products (product_id, unit_cost) VALUES ('lamp', 400), ('cup', 100), ('card', NULL);
INSERT INTO customers (customer_id, region) VALUES ('ann', 'east'), ('ben', 'west'), ('cat', 'east'), ('dan', NULL), ('eve', 'east');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, tax, shipping, discount, sales_channel, cancelled_at) VALUES
    ('ann', '1', '2024-01-10 12:00+09', 1100, 100, 0, 50, 'web', NULL),
    ('ann', '2', '2024-02-09 12:00+09', 2000, 0, 200, 0, 'shop', NULL),
    ('ann', '3', '2024-03-10 12:00:00.000001+09', 500, 0, 0, 0, 'web', NULL),
    ('ben', '1', '2024-01-20 12:00+09', 600, 0, 0, 0, 'shop', NULL),
    ('ben', '2', '2025-01-19 12:00+09', 9000, 0, 0, 0, 'web', '2025-01-19 13:00+09'),
    ('cat', '1', '2024-01-31 23:30+00', 300, 0, 0, 0, 'web', NULL),
    ('dan', '1', '2024-01-15 12:00+09', 700, 0, 0, 0, 'web', '2024-01-15 12:00+09'),
    ('dan', '2', '2024-02-15 12:00+09', 0, 0, 0, 0, NULL, NULL);
INSERT INTO order_items (customer_id, order_id, line, product_id, quantity, amount) VALUES
    ('ann', '1', 1, 'lamp', 1, 1100), ('ann', '2', 1, 'lamp', 2, 1800), ('ann', '3', 1, 'card', 1, 400), ('ann', '3', 2, 'cup', 1, 100),
    ('ben', '1', 1, 'cup', 1, 600), ('ben', '2', 1, 'cup', 1, 9000), ('dan', '1', 1, 'cup', 1, 700), ('dan', '2', 1, 'cup', 2, 0);
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES ('ben', '1', '1', '2024-03-01 00:00+09', 300);

-- January, two customers. Within 30 days 1100 + 2000 + 300 is 1700 each, within 60 the same, within 90
-- 500 more. Net: 1100 - 100 - 400 = 600, 2000 - 200 - 800 = 1000, and half of 600 - 100: 925 each; then 500 - 100
-- as far as is known. Of four orders the cost of three is known whole. February: cat's 300 and dan's
-- nothing, which costs 200.
SELECT cohort, complete AS over, new_customers AS new, orders, costed_orders AS costed, value_within_30_days AS v30, value_within_60_days AS v60, value_within_90_days AS v90,
       value_within_180_days AS v180, value_within_365_days AS v365, net_within_30_days AS n30, net_within_60_days AS n60, net_within_90_days AS n90,
       net_within_180_days AS n180, net_within_365_days AS n365
  FROM cumulative_value_at('2025-12-01 00:00+09');
-- Each is there once the whole month has been over for that long; on the 29th of February nothing of ben's had come back.
SELECT a.as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, c.complete AS over, c.new_customers AS new, c.orders, c.value_within_30_days AS v30, c.value_within_60_days AS v60, c.value_within_90_days AS v90,
       c.value_within_180_days AS v180, c.value_within_365_days AS v365, c.net_within_30_days AS n30
  FROM (VALUES (timestamptz '2024-01-10 12:00+09'), ('2024-01-31 23:59:59.999999+09'), ('2024-02-29 23:59:59.999999+09'), ('2024-03-01 23:59:59.999999+09'), ('2024-03-02 00:00+09'),
               ('2024-04-01 00:00+09'), ('2024-05-01 00:00+09'), ('2024-07-30 00:00+09'), ('2025-01-30 23:59:59.999999+09'), ('2025-01-31 00:00+09'), ('infinity')) a (as_of)
 CROSS JOIN LATERAL cumulative_value_at(a.as_of) c
 WHERE c.cohort = '2024-01-01'
 ORDER BY a.as_of;
SELECT count(*) FROM cumulative_value_at('2024-01-10 11:59:59.999999+09');
SELECT count(*) FROM cumulative_value_at('-infinity');

-- The cost of the month, 1800 on the web, 3000 in the shop and 600 for no channel: 5400 of all are more than
-- the 3900 that came in. Of web it is ann's: 1800 are reached with her second order, after thirty days; net
-- 1600 of 1800 are not, and with the third 2000 are. Of the shop, ben's 300 are not 3000.
INSERT INTO marketing_costs VALUES ('2024-01-01', 'web', 'acquisition', 1800), ('2024-01-01', 'shop', 'acquisition', 3000), ('2024-01-01', 'any', 'acquisition', 600), ('2024-01-01', 'web', 'retention', 77),
    ('2024-02-01', 'web', 'acquisition', 0);
SELECT part, cohort, new_customers, acquisition_cost, cost_per_new_customer, payback, payback_days, net_payback, net_payback_days
  FROM (SELECT * FROM cumulative_value_by('everyone', '2025-12-01 00:00+09') UNION ALL SELECT * FROM cumulative_value_by('sales_channel', '2025-12-01 00:00+09')
        UNION ALL SELECT * FROM cumulative_value_by('region', '2025-12-01 00:00+09')) c
 ORDER BY part, cohort;
-- As acquisition has it, which asks one month at a time.
SELECT count(*), count(*) FILTER (WHERE c.new_customers <> a.new_customers OR c.acquisition_cost IS DISTINCT FROM a.acquisition_cost
                                     OR c.cost_per_new_customer IS DISTINCT FROM a.cost_per_new_customer OR c.payback IS DISTINCT FROM a.payback) AS differing
  FROM (SELECT d.as_of, CASE b WHEN 'everyone' THEN 'all' ELSE c.part END AS channel, c.*
          FROM unnest('{2024-01-25 00:00+09,2024-02-20 00:00+09,2025-12-01 00:00+09}'::timestamptz[]) d (as_of), unnest('{everyone,sales_channel}'::text[]) b,
               cumulative_value_by(b, d.as_of) c) c
 CROSS JOIN LATERAL (SELECT * FROM acquisition_at(c.as_of) a WHERE a.month = c.cohort AND a.sales_channel = c.channel) a;

-- What is part of an amount is the shop's to say; what is net is not.
BEGIN;
INSERT INTO amount_rules VALUES ('(,)', false, false);
SELECT cohort, value_within_30_days AS v30, value_within_90_days AS v90, net_within_30_days AS n30, net_within_90_days AS n90 FROM cumulative_value_at('2025-12-01 00:00+09');
ROLLBACK;
-- Nobody has said what anything costs: net of tax and shipping.
BEGIN;
UPDATE products SET unit_cost = NULL;
SELECT cohort, costed_orders, net_within_30_days AS n30, net_within_90_days AS n90 FROM cumulative_value_at('2025-12-01 00:00+09');
ROLLBACK;

-- In plain SQL, for every part of every breakdown: what all have brought in within ninety days.
SELECT b, sum(c.new_customers) AS new, sum(c.orders) AS orders, sum(c.value_within_90_days * c.new_customers) AS value, sum(c.net_within_365_days * c.new_customers) AS net
  FROM unnest('{everyone,age_band,gender,region,sales_channel,first_category,rfm_segment,tier}'::text[]) b, cumulative_value_by(b, '2025-12-01 00:00+09') c
 GROUP BY b ORDER BY b;
SELECT sum(o.amount - o.refunded) FILTER (WHERE o.ordered_at - f.first <= interval '90 days') AS value,
       sum(CASE WHEN o.amount > 0 THEN (o.amount - o.refunded) / o.amount ELSE 1 END * (o.amount - o.tax - o.shipping - coalesce((SELECT sum(i.quantity * p.unit_cost) FROM order_items i JOIN products p USING (product_id)
                                                                                    WHERE (i.customer_id, i.order_id) = (o.customer_id, o.order_id)), 0)))::numeric(10, 4) AS net
  FROM orders o JOIN (SELECT customer_id, min(ordered_at) AS first FROM orders WHERE cancelled_at IS NULL GROUP BY 1) f USING (customer_id)
 WHERE o.cancelled_at IS NULL;
SELECT pg_temp.same_elsewhere('SELECT * FROM cumulative_value_at(''2025-12-01 00:00+09'')') AS same;
