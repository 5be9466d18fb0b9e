-- shop/rfm.sql
--
-- Recency, frequency and monetary scores of every customer, the segments they
-- fall into, and kept cut points that score one customer without reading all.
-- Needs: purchases.

--@ table rfm_cuts
CREATE TABLE rfm_cuts (
    as_of timestamptz PRIMARY KEY,
    customers bigint NOT NULL,
    recency timestamptz[] NOT NULL,
    frequency double precision[] NOT NULL,
    monetary numeric[] NOT NULL,
    CONSTRAINT rfm_cuts_are_four_each
        CHECK (pg_catalog.cardinality(recency) = 4 AND pg_catalog.cardinality(frequency) = 4
               AND pg_catalog.cardinality(monetary) = 4)
);
COMMENT ON TABLE rfm_cuts IS
    'the points between fifths of all customers, as refresh_rfm_cuts() found them; customer_rfm() scores by the newest';
COMMENT ON COLUMN rfm_cuts.as_of IS 'instant from which these cut points hold';
COMMENT ON COLUMN rfm_cuts.recency IS 'four cut points of the last order''s instant';
COMMENT ON COLUMN rfm_cuts.frequency IS 'four cut points of the number of orders';
COMMENT ON COLUMN rfm_cuts.monetary IS 'four cut points of the money spent';

--@ functions
CREATE OR REPLACE FUNCTION rfm_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    recency_score integer,
    frequency_score integer,
    monetary_score integer,
    segment text,
    last_order_at timestamptz,
    orders bigint,
    total_spent numeric
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH bought AS MATERIALIZED (
        SELECT p.customer_id, p.last_order_at, p.orders, p.total_spent
          FROM customer_purchases_at(rfm_at.as_of) p
    ), cuts AS (
        SELECT loyalcs.quintiles(b.last_order_at) AS recency,
               loyalcs.quintiles(b.orders::double precision) AS frequency,
               loyalcs.quintiles(b.total_spent) AS monetary
          FROM bought b
    ), scored AS (
        SELECT b.*,
               loyalcs.score_by(b.last_order_at, c.recency) AS r,
               loyalcs.score_by(b.orders::double precision, c.frequency) AS f,
               loyalcs.score_by(b.total_spent, c.monetary) AS m
          FROM bought b CROSS JOIN cuts c
    )
    SELECT s.customer_id, s.r, s.f, s.m, loyalcs.rfm_segment(s.r, s.f, s.m),
           s.last_order_at, s.orders, s.total_spent
      FROM scored s;
END;
COMMENT ON FUNCTION rfm_at(timestamptz) IS
    'RFM scores of every customer who bought: 1 + the number of quintile cut points below the value, so equal customers score equally; recency 5 bought last';

CREATE OR REPLACE FUNCTION rfm_segments_at(as_of timestamptz)
RETURNS TABLE (
    segment text,
    customers bigint,
    customer_share double precision,
    revenue numeric,
    revenue_share double precision,
    average_spent numeric
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT r.segment,
           count(*),
           (count(*)::numeric / sum(count(*)) OVER ())::double precision,
           sum(r.total_spent),
           (sum(r.total_spent) / nullif(sum(sum(r.total_spent)) OVER (), 0::numeric))::double precision,
           trim_scale(avg(r.total_spent))
      FROM rfm_at(rfm_segments_at.as_of) r
     GROUP BY r.segment
     ORDER BY sum(r.total_spent) DESC, r.segment;
END;
COMMENT ON FUNCTION rfm_segments_at(timestamptz) IS
    'the RFM segments: how many customers each has and what they have spent, most revenue first';

CREATE OR REPLACE FUNCTION refresh_rfm_cuts(as_of timestamptz DEFAULT now())
RETURNS bigint
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH kept AS (
        INSERT INTO rfm_cuts AS k (as_of, customers, recency, frequency, monetary)
        SELECT refresh_rfm_cuts.as_of,
               count(*),
               loyalcs.quintiles(p.last_order_at),
               loyalcs.quintiles(p.orders::double precision),
               loyalcs.quintiles(p.total_spent)
          FROM customer_purchases_at(refresh_rfm_cuts.as_of) p
        HAVING count(*) > 0
        ON CONFLICT ON CONSTRAINT rfm_cuts_pkey DO UPDATE
           SET (customers, recency, frequency, monetary) =
               (excluded.customers, excluded.recency, excluded.frequency, excluded.monetary)
        RETURNING k.customers
    )
    SELECT coalesce((SELECT k.customers FROM kept k), 0);
END;
COMMENT ON FUNCTION refresh_rfm_cuts(timestamptz) IS
    'finds the cut points of all customers as of an instant and keeps them in rfm_cuts; run it once a night; gives the number of customers, and keeps nothing when there is none';

CREATE OR REPLACE FUNCTION customer_rfm(customer @key_type@, as_of timestamptz DEFAULT now())
RETURNS TABLE (
    recency_score integer,
    frequency_score integer,
    monetary_score integer,
    segment text,
    last_order_at timestamptz,
    orders bigint,
    total_spent numeric,
    cuts_as_of timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.r, s.f, s.m, loyalcs.rfm_segment(s.r, s.f, s.m),
           p.last_order_at, p.orders, p.total_spent, k.as_of
      FROM customer_purchases_at(customer_rfm.as_of) p
      LEFT JOIN (SELECT k.as_of, k.recency, k.frequency, k.monetary
                   FROM rfm_cuts k
                  WHERE k.as_of <= customer_rfm.as_of
                  ORDER BY k.as_of DESC
                  LIMIT 1) k ON true
     CROSS JOIN LATERAL (SELECT loyalcs.score_by(p.last_order_at, k.recency) AS r,
                                loyalcs.score_by(p.orders::double precision, k.frequency) AS f,
                                loyalcs.score_by(p.total_spent, k.monetary) AS m) s
     WHERE p.customer_id = customer_rfm.customer;
END;
COMMENT ON FUNCTION customer_rfm(@key_type@, timestamptz) IS
    'RFM scores of one customer by the cut points that refresh_rfm_cuts() kept last: reads that customer''s orders only; no row for a prospect, NULL scores while no cut points are kept';
