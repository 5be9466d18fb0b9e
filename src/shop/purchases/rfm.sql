-- shop/rfm.sql
--
-- Recency, frequency and monetary scores of every customer, the segments they
-- fall into, and kept cut points that score one customer without reading all.
-- Needs: job_runs, purchases, rfm_rules.
--
-- A customer has one score and one segment, whoever asks: by the cut points that
-- were kept last, so that a page about one customer, a report about all and a
-- follow-up say the same; by those of all customers until any are kept. Bounds and names
-- of the shop's own go before both: whatever gives cut points gives these, too, with the
-- names by which loyalcs.rfm_segment() is to be asked.

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

--@ change rfm_cuts 0.2.0
COMMENT ON TABLE rfm_cuts IS
    'the points between fifths of all customers, as refresh_rfm_cuts() found them; the newest score everybody, see rfm_cuts_of()';

--@ functions
CREATE OR REPLACE FUNCTION kept_rfm_cuts(as_of timestamptz)
RETURNS TABLE (cuts_as_of timestamptz, recency timestamptz[], frequency double precision[], monetary numeric[], segments text[])
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(k.as_of, kept_rfm_cuts.as_of),
           coalesce(o.recency, k.recency), coalesce(o.frequency, k.frequency), coalesce(o.monetary, k.monetary), o.segments
      FROM own_rfm_cuts(kept_rfm_cuts.as_of) o
      LEFT JOIN LATERAL (SELECT k.as_of, k.recency, k.frequency, k.monetary
                           FROM rfm_cuts k
                          WHERE k.as_of <= kept_rfm_cuts.as_of
                            AND (o.recency IS NULL OR o.frequency IS NULL OR o.monetary IS NULL)
                          ORDER BY k.as_of DESC
                          LIMIT 1) k ON true
     WHERE k.as_of IS NOT NULL OR o.recency IS NOT NULL AND o.frequency IS NOT NULL AND o.monetary IS NOT NULL;
END;
COMMENT ON FUNCTION kept_rfm_cuts(timestamptz) IS
    'the shop''s own bounds as of an instant, the cut points that were kept last by then where it has none, and the names of segments for loyalcs.rfm_segment(), NULL for those that are built in; no row if cut points are needed and none were kept';

-- Not to be inlined: what one customer's score costs is not what reading all orders
-- would, which hardly ever happens, and no reason to compile the query. Hence SET.
CREATE OR REPLACE FUNCTION found_rfm_cuts(as_of timestamptz)
RETURNS TABLE (customers bigint, recency timestamptz[], frequency double precision[], monetary numeric[])
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
    SET jit = off
BEGIN ATOMIC
    SELECT count(*),
           loyalcs.quintiles(p.last_order_at),
           loyalcs.quintiles(p.orders::double precision),
           loyalcs.quintiles(p.total_spent)
      FROM purchases_of_everybody(found_rfm_cuts.as_of) p
    HAVING count(*) > 0;
END;
COMMENT ON FUNCTION found_rfm_cuts(timestamptz) IS
    'the cut points of all customers who have bought by an instant, read from their orders; no row if nobody has';

CREATE OR REPLACE FUNCTION rfm_cuts_of(as_of timestamptz)
RETURNS TABLE (cuts_as_of timestamptz, recency timestamptz[], frequency double precision[], monetary numeric[], segments text[])
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.cuts_as_of, k.recency, k.frequency, k.monetary, k.segments
      FROM kept_rfm_cuts(rfm_cuts_of.as_of) k
    UNION ALL
    SELECT rfm_cuts_of.as_of, coalesce(o.recency, f.recency), coalesce(o.frequency, f.frequency), coalesce(o.monetary, f.monetary), o.segments
      FROM found_rfm_cuts(rfm_cuts_of.as_of) f
     CROSS JOIN own_rfm_cuts(rfm_cuts_of.as_of) o
     WHERE NOT EXISTS (SELECT FROM kept_rfm_cuts(rfm_cuts_of.as_of) k);
END;
COMMENT ON FUNCTION rfm_cuts_of(timestamptz) IS
    'the shop''s cut points as of an instant, by which every score and segment goes: its own bounds, else those that refresh_rfm_cuts() kept last, else those of all customers; and the names of segments for loyalcs.rfm_segment(), NULL for those that are built in';

CREATE OR REPLACE FUNCTION scores_of(last_order_at timestamptz, orders bigint, total_spent numeric,
                                     recency timestamptz[], frequency double precision[], monetary numeric[])
RETURNS TABLE (r integer, f integer, m integer)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT loyalcs.score_by(scores_of.last_order_at, scores_of.recency),
           loyalcs.score_by(scores_of.orders::double precision, scores_of.frequency),
           loyalcs.score_by(scores_of.total_spent, scores_of.monetary);
END;
COMMENT ON FUNCTION scores_of(timestamptz, bigint, numeric, timestamptz[], double precision[], numeric[]) IS
    'the three scores of what a customer bought, by cut points';

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
    SELECT p.customer_id, s.r, s.f, s.m, loyalcs.rfm_segment(s.r, s.f, s.m, k.segments),
           p.last_order_at, p.orders, p.total_spent
      FROM customer_purchases_at(rfm_at.as_of) p
     CROSS JOIN rfm_cuts_of(rfm_at.as_of) k
     CROSS JOIN LATERAL scores_of(p.last_order_at, p.orders, p.total_spent, k.recency, k.frequency, k.monetary) s;
END;
COMMENT ON FUNCTION rfm_at(timestamptz) IS
    'RFM scores of every customer who bought: 1 + the number of quintile cut points below the value, so equal customers score equally; recency 5 bought last. By the shop''s cut points, or bounds and names of its own, see rfm_cuts_of()';

CREATE OR REPLACE FUNCTION segments_of_everybody(as_of timestamptz)
RETURNS TABLE (customer_id @key_type@, segment text, total_spent numeric)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.customer_id, loyalcs.rfm_segment(s.r, s.f, s.m, k.segments), p.total_spent
      FROM purchases_of_everybody(segments_of_everybody.as_of) p
     CROSS JOIN rfm_cuts_of(segments_of_everybody.as_of) k
     CROSS JOIN LATERAL scores_of(p.last_order_at, p.orders, p.total_spent, k.recency, k.frequency, k.monetary) s;
END;
COMMENT ON FUNCTION segments_of_everybody(timestamptz) IS
    'the segments of rfm_at(), for figures about all customers: of purchases_of_everybody()';

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
      FROM segments_of_everybody(rfm_segments_at.as_of) r
     GROUP BY r.segment
     ORDER BY sum(r.total_spent) DESC, r.segment;
END;
COMMENT ON FUNCTION rfm_segments_at(timestamptz) IS
    'the RFM segments: how many customers each has and what they have spent, most revenue first';

CREATE OR REPLACE FUNCTION rfm_movements(from_at timestamptz, until_at timestamptz)
RETURNS TABLE (
    segment_before text,
    segment_after text,
    customers bigint,
    moved_share double precision,
    customer_share double precision,
    revenue numeric,
    revenue_share double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.segment_before, m.segment_after, count(*),
           (count(*)::numeric / sum(count(*)) OVER (PARTITION BY m.segment_before))::double precision,
           (count(*)::numeric / sum(count(*)) OVER ())::double precision,
           coalesce(sum(m.total_spent), 0::numeric),
           (coalesce(sum(m.total_spent), 0::numeric) / nullif(sum(sum(m.total_spent)) OVER (), 0::numeric))::double precision
      FROM (SELECT coalesce(b.segment, 'no order') AS segment_before, coalesce(a.segment, 'no order') AS segment_after, a.total_spent
              FROM segments_of_everybody(rfm_movements.from_at) b
              FULL JOIN segments_of_everybody(rfm_movements.until_at) a ON a.customer_id = b.customer_id) m
     GROUP BY m.segment_before, m.segment_after
     ORDER BY m.segment_before, count(*) DESC, m.segment_after;
END;
COMMENT ON FUNCTION rfm_movements(timestamptz, timestamptz) IS
    'from which RFM segment to which customers have moved between two instants: how many, what share of those who were in the first one, and of all, and what they have spent by the second instant. no order: customers who had not ordered by the first, or of whose orders none counts any more by the second. Each instant has the cut points of its day, see rfm_cuts_of()';

CREATE OR REPLACE FUNCTION refresh_rfm_cuts(as_of timestamptz DEFAULT now())
RETURNS bigint
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT note_job_run('refresh_rfm_cuts');
    WITH kept AS (
        INSERT INTO rfm_cuts AS k (as_of, customers, recency, frequency, monetary)
        SELECT refresh_rfm_cuts.as_of, f.customers, f.recency, f.frequency, f.monetary
          FROM found_rfm_cuts(refresh_rfm_cuts.as_of) f
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
    SELECT s.r, s.f, s.m, loyalcs.rfm_segment(s.r, s.f, s.m, k.segments),
           p.last_order_at, p.orders, p.total_spent, k.cuts_as_of
      FROM customer_purchases_at(customer_rfm.as_of) p
     CROSS JOIN rfm_cuts_of(customer_rfm.as_of) k
     CROSS JOIN LATERAL scores_of(p.last_order_at, p.orders, p.total_spent, k.recency, k.frequency, k.monetary) s
     WHERE p.customer_id = customer_rfm.customer
    -- not to be pulled up: beside a row of another table, the customer is to be known
    -- before orders are added up
    OFFSET 0;
END;
COMMENT ON FUNCTION customer_rfm(@key_type@, timestamptz) IS
    'RFM scores of one customer, the same as in rfm: by the cut points that refresh_rfm_cuts() kept last, and then it reads that customer''s orders only; while none are kept it reads all orders. No row for a prospect';
