-- shop/offers.sql
--
-- Which products are bought together and which one after the other, and what to
-- offer a customer next.
-- Needs: job_runs, settings, orders, products.
--
-- What everybody bought is read once a night and kept; an offer is made of one
-- customer's own order lines and of what is kept about the products in them.

--@ table product_sales
CREATE TABLE product_sales (
    product_id text PRIMARY KEY,
    product_name text,
    category text,
    orders bigint NOT NULL,
    customers bigint NOT NULL,
    recent_customers bigint NOT NULL,
    last_sold_at timestamptz NOT NULL,
    best_seller_rank bigint
        CONSTRAINT product_sales_ranks_are_different UNIQUE,
    CONSTRAINT product_sales_rank_is_of_what_is_sold
        CHECK ((best_seller_rank IS NOT NULL) = (recent_customers > 0))
);
COMMENT ON TABLE product_sales IS
    'the products that were sold, one row each, as refresh_related_products() found them; named as when last sold';

--@ table related_products
CREATE TABLE related_products (
    product_id text NOT NULL,
    relation text NOT NULL
        CONSTRAINT related_products_relation_is_known CHECK (relation IN ('together', 'next')),
    place integer NOT NULL,
    other_product_id text NOT NULL,
    support bigint NOT NULL,
    support_share double precision NOT NULL,
    confidence double precision NOT NULL,
    lift double precision NOT NULL,
    PRIMARY KEY (product_id, relation, place),
    UNIQUE (product_id, relation, other_product_id)
);
COMMENT ON TABLE related_products IS
    'what else is bought by whoever buys a product, one row a pair and relation, as refresh_related_products() found them; only pairs that are more frequent than chance, and the 100 of highest confidence for each product and relation';

--@ table offer_refreshes
CREATE TABLE offer_refreshes (
    as_of timestamptz PRIMARY KEY,
    minimum_support integer NOT NULL,
    largest_basket integer NOT NULL,
    sold_within interval NOT NULL,
    orders bigint NOT NULL,
    customers bigint NOT NULL,
    products bigint NOT NULL,
    pairs bigint NOT NULL,
    pairs_cut bigint NOT NULL,
    large_orders bigint NOT NULL,
    large_customers bigint NOT NULL
);
COMMENT ON TABLE offer_refreshes IS
    'what refresh_related_products() was asked for and has counted and left out, one row an instant; the latest call filled related_products and product_sales';
COMMENT ON COLUMN offer_refreshes.as_of IS 'instant as of which orders were read';

--@ table withheld_products
CREATE TABLE withheld_products (
    product_id text NOT NULL,
    valid tstzrange NOT NULL DEFAULT tstzrange(NULL::timestamptz, NULL::timestamptz),
    reason text NOT NULL,
    PRIMARY KEY (product_id, valid)
);
COMMENT ON TABLE withheld_products IS
    'products that are not offered, such as gift wrapping or what is out of stock, one row a product and time';
COMMENT ON COLUMN withheld_products.valid IS 'time in which the product is neither offered nor a reason to offer another';

--@ change product_sales 0.2.0
COMMENT ON TABLE product_sales IS
    'the products that were sold, one row each, as refresh_related_products() found them; named as in products, else as when last sold';

--@ change withheld_products 0.2.0
COMMENT ON TABLE withheld_products IS
    'products that are not offered for a time, or at all, such as gift wrapping or what is out of stock, one row a product and time; those that are not active in products are neither';

--@ functions
CREATE OR REPLACE FUNCTION large_baskets(as_of timestamptz DEFAULT now(), largest_basket integer DEFAULT 100)
RETURNS TABLE (
    customer_id @key_type@,
    order_id text,
    products bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.customer_id, o.order_id, pg_catalog.count(DISTINCT i.product_id)
      FROM counted_orders_at(large_baskets.as_of) o
      JOIN order_items i ON i.customer_id = o.customer_id AND i.order_id = o.order_id
     GROUP BY GROUPING SETS ((o.customer_id, o.order_id), (o.customer_id))
    HAVING pg_catalog.count(DISTINCT i.product_id) > large_baskets.largest_basket
     ORDER BY 3 DESC, 1, 2;
END;
COMMENT ON FUNCTION large_baskets(timestamptz, integer) IS
    'the orders, and with order_id NULL the customers, with more different products than largest_basket: those that refresh_related_products() leaves out; products is how many';

CREATE OR REPLACE FUNCTION check_offer_limits(as_of timestamptz, minimum_support integer, largest_basket integer, sold_within interval)
RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF as_of IS NULL OR minimum_support IS NULL OR largest_basket IS NULL OR sold_within IS NULL THEN
        RAISE EXCEPTION 'refresh_related_products takes no NULL'
            USING ERRCODE = 'null_value_not_allowed', CONSTRAINT = 'nothing_is_null',
                  HINT = 'Leave out what is to have its default.';
    END IF;
    IF minimum_support < 1 THEN
        RAISE EXCEPTION 'minimum_support must be at least 1'
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'minimum_support_is_usable',
                  DETAIL = pg_catalog.format('It is %s.', minimum_support),
                  HINT = 'It is the number of orders, or customers, below which a pair of products tells nothing; 5 is usual.';
    END IF;
    IF largest_basket NOT BETWEEN 2 AND 1000 THEN
        RAISE EXCEPTION 'largest_basket must be from 2 to 1000'
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'largest_basket_is_usable',
                  DETAIL = pg_catalog.format('It is %s.', largest_basket),
                  HINT = 'A basket of n products has n x n pairs, all of which are counted.';
    END IF;
    IF sold_within <= interval '0' THEN
        RAISE EXCEPTION 'sold_within must be a length of time'
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'sold_within_is_usable',
                  DETAIL = pg_catalog.format('It is %s.', sold_within),
                  HINT = 'A product that was not sold for so long is not offered, as in ''1 year''.';
    END IF;
END
$$;
COMMENT ON FUNCTION check_offer_limits(timestamptz, integer, integer, interval) IS
    'an error unless refresh_related_products() can work with these arguments';

-- One statement, so that all counts are of the same orders. Pairs are made of a
-- basket's array and not by a self-join, which a wrong estimate could turn into a
-- nested loop over everything. Products in fewer orders than the minimum support
-- are in no pair that reaches it, and so are left out of the arrays.
CREATE OR REPLACE FUNCTION refresh_related_products(
    as_of timestamptz DEFAULT now(),
    minimum_support integer DEFAULT 5,
    largest_basket integer DEFAULT 100,
    sold_within interval DEFAULT '1 year'
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    sold_since timestamptz;
    done offer_refreshes;
BEGIN
    PERFORM check_offer_limits(as_of, minimum_support, largest_basket, sold_within);
    SELECT (refresh_related_products.as_of AT TIME ZONE s.time_zone - sold_within) AT TIME ZONE s.time_zone
      INTO sold_since
      FROM settings s;

    -- One at a time. What is found is put aside first, and takes the place of what
    -- was there in the end: so nobody else is kept waiting meanwhile.
    PERFORM take_turn('refresh_related_products', true);
    CREATE TEMP TABLE loyalcs_products ON COMMIT DROP AS SELECT s.* FROM product_sales s WITH NO DATA;
    CREATE TEMP TABLE loyalcs_pairs ON COMMIT DROP AS SELECT r.* FROM related_products r WITH NO DATA;

    -- (before there is another thing of the name products)
    WITH listed AS (
        SELECT l.product_id, l.name, l.category FROM products l
    ), lines AS MATERIALIZED (
        SELECT o.customer_id, o.order_id, o.ordered_at, i.product_id
          FROM counted_orders_at(refresh_related_products.as_of) o
          JOIN order_items i ON i.customer_id = o.customer_id AND i.order_id = o.order_id
         GROUP BY o.customer_id, o.order_id, o.ordered_at, i.product_id
    ), firsts AS MATERIALIZED (
        SELECT l.customer_id, l.product_id, count(*) AS orders,
               min(l.ordered_at) AS first_at, max(l.ordered_at) AS last_at
          FROM lines l
         GROUP BY l.customer_id, l.product_id
    ), products AS MATERIALIZED (
        SELECT p.*,
               row_number() OVER (ORDER BY p.product_id)::integer AS n,
               CASE WHEN p.recent_customers > 0
                    THEN row_number() OVER (ORDER BY p.recent_customers DESC, p.customers DESC, p.product_id)
               END AS best_seller_rank
          FROM (SELECT f.product_id, sum(f.orders)::bigint AS orders, count(*) AS customers,
                       count(*) FILTER (WHERE f.last_at > sold_since) AS recent_customers,
                       max(f.last_at) AS last_sold_at
                  FROM firsts f
                 GROUP BY f.product_id) p
    ), named AS MATERIALIZED (
        SELECT DISTINCT ON (p.product_id) p.product_id, i.product_name, i.category
          FROM products p
          JOIN counted_orders_at(refresh_related_products.as_of) o ON o.ordered_at = p.last_sold_at
          JOIN order_items i ON i.customer_id = o.customer_id AND i.order_id = o.order_id
                            AND i.product_id = p.product_id
         ORDER BY p.product_id, o.customer_id, o.order_id, i.line
    ), sales AS (
        INSERT INTO pg_temp.loyalcs_products
               (product_id, product_name, category, orders, customers, recent_customers, last_sold_at, best_seller_rank)
        SELECT p.product_id, coalesce(l.name, n.product_name), coalesce(l.category, n.category), p.orders, p.customers, p.recent_customers,
               p.last_sold_at, p.best_seller_rank
          FROM products p
          JOIN named n ON n.product_id = p.product_id
          LEFT JOIN listed l ON l.product_id = p.product_id
         ORDER BY p.best_seller_rank
    ), baskets AS MATERIALIZED (
        SELECT count(*) <= refresh_related_products.largest_basket AS counts,
               pg_catalog.array_agg(p.n) FILTER (WHERE p.orders >= refresh_related_products.minimum_support) AS products
          FROM lines l
          JOIN products p ON p.product_id = l.product_id
         GROUP BY l.customer_id, l.order_id
    ), lives AS MATERIALIZED (
        SELECT count(*) <= refresh_related_products.largest_basket AS counts,
               min(f.first_at) AS since,
               pg_catalog.array_agg(p.n) FILTER (WHERE p.orders >= refresh_related_products.minimum_support) AS products,
               pg_catalog.array_agg(f.first_at) FILTER (WHERE p.orders >= refresh_related_products.minimum_support) AS first_at
          FROM firsts f
          JOIN products p ON p.product_id = f.product_id
         GROUP BY f.customer_id
    ), pairs AS (
        SELECT 'together' AS relation, a.n, b.n AS other, count(*) AS support
          FROM baskets k, pg_catalog.unnest(k.products) a (n), pg_catalog.unnest(k.products) b (n)
         WHERE k.counts AND a.n <> b.n
         GROUP BY a.n, b.n
        HAVING count(*) >= refresh_related_products.minimum_support
        UNION ALL
        SELECT 'next', a.n, b.n, count(*)
          FROM lives k, unnest(k.products, k.first_at) a (n, first_at), unnest(k.products, k.first_at) b (n, first_at)
         WHERE k.counts AND b.first_at > a.first_at
         GROUP BY a.n, b.n
        HAVING count(*) >= refresh_related_products.minimum_support
    ), bought AS (
        SELECT p.n, p.product_id, p.best_seller_rank, o.orders, c.customers, c.later_customers
          FROM products p
          LEFT JOIN (SELECT a.n, count(*) AS orders
                       FROM baskets k, pg_catalog.unnest(k.products) a (n)
                      WHERE k.counts
                      GROUP BY a.n) o ON o.n = p.n
          LEFT JOIN (SELECT a.n, count(*) AS customers, count(*) FILTER (WHERE a.first_at > k.since) AS later_customers
                       FROM lives k, unnest(k.products, k.first_at) a (n, first_at)
                      WHERE k.counts
                      GROUP BY a.n) c ON c.n = p.n
    ), totals AS (
        SELECT o.*, c.*
          FROM (SELECT count(*) FILTER (WHERE k.counts) AS orders, count(*) FILTER (WHERE NOT k.counts) AS large_orders
                  FROM baskets k) o,
               (SELECT count(*) FILTER (WHERE k.counts) AS customers, count(*) FILTER (WHERE NOT k.counts) AS large_customers
                  FROM lives k) c
    ), ranked AS (
        SELECT m.*,
               row_number() OVER (PARTITION BY m.relation, m.product_id
                                  ORDER BY m.support DESC, m.usually, m.other_product_id) AS place
          FROM (SELECT p.relation, a.product_id, b.product_id AS other_product_id, p.support,
                       CASE p.relation WHEN 'next' THEN t.customers ELSE t.orders END AS counted,
                       CASE p.relation WHEN 'next' THEN a.customers ELSE a.orders END AS times,
                       CASE p.relation WHEN 'next' THEN b.later_customers ELSE b.orders END AS usually
                  FROM pairs p
                  JOIN bought a ON a.n = p.n
                  JOIN bought b ON b.n = p.other AND b.best_seller_rank IS NOT NULL
                 CROSS JOIN totals t) m
         WHERE m.support * m.counted > m.times * m.usually
    ), kept AS (
        INSERT INTO pg_temp.loyalcs_pairs
               (product_id, relation, place, other_product_id, support, support_share, confidence, lift)
        SELECT r.product_id, r.relation, r.place, r.other_product_id, r.support,
               r.support::double precision / r.counted::double precision,
               r.support::double precision / r.times::double precision,
               (r.support * r.counted)::double precision / (r.times * r.usually)::double precision
          FROM ranked r
         WHERE r.place <= 100
         ORDER BY r.product_id, r.relation, r.place
        RETURNING 1
    )
    SELECT refresh_related_products.as_of, refresh_related_products.minimum_support,
           refresh_related_products.largest_basket, refresh_related_products.sold_within,
           t.orders, t.customers, (SELECT count(*) FROM products), (SELECT count(*) FROM kept),
           (SELECT count(*) FROM ranked r WHERE r.place > 100), t.large_orders, t.large_customers
      INTO done
      FROM totals t;

    DELETE FROM related_products;
    DELETE FROM product_sales;
    INSERT INTO product_sales SELECT f.* FROM pg_temp.loyalcs_products f;
    INSERT INTO related_products SELECT f.* FROM pg_temp.loyalcs_pairs f;
    DROP TABLE pg_temp.loyalcs_products, pg_temp.loyalcs_pairs;
    DELETE FROM offer_refreshes r WHERE r.as_of = done.as_of;
    INSERT INTO offer_refreshes SELECT done.*;
    IF done.large_orders + done.large_customers > 0 THEN
        RAISE NOTICE 'orders left out: %; customers left out: %', done.large_orders, done.large_customers
            USING DETAIL = pg_catalog.format('Each has more than %s different products.', largest_basket),
                  HINT = pg_catalog.format('SELECT * FROM large_baskets(%L, %s); names them.', as_of, largest_basket);
    END IF;
    PERFORM note_job_run('refresh_related_products');
    RETURN done.pairs;
END
$$;
COMMENT ON FUNCTION refresh_related_products(timestamptz, integer, integer, interval) IS
    'reads all orders that count as of an instant and fills related_products and product_sales anew; run it once a night; gives the number of pairs kept. minimum_support: orders, or customers, that a pair needs; largest_basket: orders and customers with more different products are left out, see large_baskets(); sold_within: products that were last sold longer ago are not offered';

-- What is kept about a product is in the order in which offers are: so the first
-- few of each product that was bought are all that can be among the first few of
-- all. More bought products than 100 would hardly give better reasons.
CREATE OR REPLACE FUNCTION next_offers(
    customer @key_type@,
    at_most bigint DEFAULT 5,
    as_of timestamptz DEFAULT now()
) RETURNS TABLE (
    product_id text,
    product_name text,
    category text,
    because text,
    because_product_id text,
    confidence double precision,
    lift double precision,
    support bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH has AS MATERIALIZED (
        SELECT i.product_id, max(o.ordered_at) AS last_at
          FROM counted_orders_at(next_offers.as_of) o
          JOIN order_items i ON i.customer_id = o.customer_id AND i.order_id = o.order_id
         WHERE o.customer_id = next_offers.customer
         GROUP BY i.product_id
    ), withheld AS MATERIALIZED (
        SELECT w.product_id FROM withheld_products w WHERE w.valid OPERATOR(pg_catalog.@>) next_offers.as_of
        UNION ALL
        SELECT p.product_id FROM products p WHERE NOT p.active
    ), related AS (
        SELECT DISTINCT ON (r.other_product_id)
               r.other_product_id, r.product_id, r.confidence, r.lift, r.support
          FROM (SELECT h.product_id
                  FROM has h
                 WHERE h.product_id NOT IN (SELECT w.product_id FROM withheld w)
                 ORDER BY h.last_at DESC, h.product_id
                 LIMIT 100) h
         CROSS JOIN LATERAL (
                   SELECT k.*
                     FROM related_products k
                    WHERE k.product_id = h.product_id AND k.relation = 'next'
                      AND k.other_product_id NOT IN (SELECT x.product_id FROM has x)
                      AND k.other_product_id NOT IN (SELECT w.product_id FROM withheld w)
                    ORDER BY k.place
                    LIMIT next_offers.at_most
               ) r
         ORDER BY r.other_product_id, r.confidence DESC, r.lift DESC, r.product_id
    ), likely AS MATERIALIZED (
        SELECT r.*
          FROM related r
         ORDER BY r.confidence DESC, r.lift DESC, r.other_product_id
         LIMIT next_offers.at_most
    ), best_sellers AS (
        SELECT s.product_id, s.best_seller_rank
          FROM product_sales s
         WHERE s.best_seller_rank IS NOT NULL
           AND s.product_id NOT IN (SELECT x.product_id FROM has x)
           AND s.product_id NOT IN (SELECT w.product_id FROM withheld w)
           AND s.product_id NOT IN (SELECT l.other_product_id FROM likely l)
         ORDER BY s.best_seller_rank
         LIMIT next_offers.at_most
    )
    SELECT s.product_id, s.product_name, s.category,
           coalesce(b.product_name, b.product_id), b.product_id,
           o.confidence, o.lift, o.support
      FROM (SELECT l.other_product_id AS product_id, l.product_id AS because, l.confidence, l.lift, l.support,
                   NULL::bigint AS best_seller_rank
              FROM likely l
            UNION ALL
            SELECT s.product_id, NULL, NULL, NULL, NULL, s.best_seller_rank
              FROM best_sellers s) o
      JOIN product_sales s ON s.product_id = o.product_id
      LEFT JOIN product_sales b ON b.product_id = o.because
     ORDER BY o.best_seller_rank NULLS FIRST, o.confidence DESC, o.lift DESC, o.product_id
     LIMIT next_offers.at_most;
END;
COMMENT ON FUNCTION next_offers(@key_type@, bigint, timestamptz) IS
    'what to offer a customer next, best first: what those who bought the product named in because went on to buy, of which confidence is the highest share among the products that this customer has, and then, with because NULL, the best sellers; never what the customer has, what is withheld or what is not active. Reads that customer''s orders only, as of an instant, and what refresh_related_products() kept last; without a history, or for somebody unknown, best sellers; no row before the first refresh';
