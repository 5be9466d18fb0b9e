-- shop/product_returns.sql
--
-- Which products come back: the share of what was sold that was returned.
-- Needs: settings, breakdown, products, returned_items.

--@ change settings 0.2.0
ALTER TABLE settings
    ADD COLUMN returns_within interval NOT NULL DEFAULT interval '30 days'
        CONSTRAINT settings_returns_within_is_within_a_year
        CHECK (returns_within > interval '0' AND returns_within <= interval '1 year');

--@ functions
CREATE OR REPLACE FUNCTION product_returns_of(period text, breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    period_start date,
    product_id text,
    sold bigint,
    returned bigint,
    refund numeric,
    sold_before bigint,
    returned_before bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- (not materialized: what is known of orders tells how many lines they have, without which
    -- each line of a period went through all that came back)
    WITH counted AS NOT MATERIALIZED (
        SELECT coalesce(b.part, CASE product_returns_of.breakdown WHEN 'everyone' THEN 'everyone' ELSE 'unknown' END) AS part,
               period_of(o.ordered_at, s.time_zone, product_returns_of.period, product_returns_of.as_of) AS period_start,
               o.ordered_at <= least(product_returns_of.as_of, timestamptz '9999-12-31 00:00+00')
                               - s.returns_within AS had_time,
               o.customer_id, o.order_id
          FROM settings s
         CROSS JOIN orders o
          LEFT JOIN customer_breakdown(product_returns_of.breakdown, product_returns_of.as_of) b ON b.customer_id = o.customer_id
         WHERE order_counts(o.ordered_at, o.cancelled_at, product_returns_of.as_of)
    ), came_back AS (
        SELECT r.customer_id, r.order_id, r.line, sum(r.quantity) AS pieces, sum(r.refund) AS refund
          FROM returned_items_at(product_returns_of.as_of) r
         GROUP BY r.customer_id, r.order_id, r.line
    )
    SELECT c.part, c.period_start, i.product_id,
           sum(i.quantity), coalesce(sum(r.pieces), 0::numeric)::bigint, trim_scale(coalesce(sum(r.refund), 0::numeric)),
           coalesce(sum(i.quantity) FILTER (WHERE c.had_time), 0::bigint),
           coalesce(sum(r.pieces) FILTER (WHERE c.had_time), 0::numeric)::bigint
      FROM counted c
      JOIN order_items i ON i.customer_id = c.customer_id AND i.order_id = c.order_id
      LEFT JOIN came_back r ON r.customer_id = i.customer_id AND r.order_id = i.order_id AND r.line = i.line
     GROUP BY c.part, c.period_start, i.product_id
    UNION ALL
    -- what was refunded for no line
    SELECT c.part, c.period_start, NULL, NULL, NULL, sum(r.refund - coalesce(l.refund, 0::numeric)), NULL, NULL
      FROM counted c
      JOIN returns r ON r.customer_id = c.customer_id AND r.order_id = c.order_id
      LEFT JOIN (SELECT i.customer_id, i.return_id, sum(i.refund) AS refund, bool_or(i.refund IS NULL) AS shares
                   FROM return_items i
                  GROUP BY i.customer_id, i.return_id) l ON l.customer_id = r.customer_id AND l.return_id = r.return_id
     WHERE r.returned_at <= product_returns_of.as_of AND l.shares IS NOT TRUE
       AND r.refund > coalesce(l.refund, 0::numeric)
     GROUP BY c.part, c.period_start;
END;
COMMENT ON FUNCTION product_returns_of(text, text, timestamptz) IS
    'for each part of a breakdown, local period of the order and product: pieces sold in orders that count, pieces of them that came back, what was refunded for these; sold_before and returned_before are of the orders of at least settings.returns_within ago. What was refunded for no line is of product_id NULL';

CREATE OR REPLACE FUNCTION product_returns_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    product_id text,
    product_name text,
    category text,
    sold bigint,
    returned bigint,
    refund numeric,
    return_rate double precision,
    return_rate_low double precision,
    return_rate_high double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT r.part, r.product_id, k.product_name, k.category, r.sold, r.returned, r.refund,
           r.returned_before::double precision / nullif(r.sold_before, 0::bigint)::double precision,
           w.low, w.high
      FROM (SELECT f.part, f.product_id, sum(f.sold)::bigint AS sold, sum(f.returned)::bigint AS returned, sum(f.refund) AS refund,
                   sum(f.sold_before)::bigint AS sold_before, sum(f.returned_before)::bigint AS returned_before
              FROM product_returns_of('year', product_returns_by.breakdown, product_returns_by.as_of) f
             GROUP BY f.part, f.product_id) r
      LEFT JOIN products_known_at(product_returns_by.as_of) k ON k.product_id = r.product_id
     CROSS JOIN LATERAL loyalcs.share_interval(r.returned_before, r.sold_before,
                                               1::double precision - (SELECT s.significance FROM settings s)) w
     ORDER BY r.part, r.product_id;
END;
COMMENT ON FUNCTION product_returns_by(text, timestamptz) IS
    'how much of each product comes back: pieces sold and pieces returned by now, what was refunded for them, and the share of the pieces that have had settings.returns_within to come back which did, with Wilson''s interval; product_id NULL has what was refunded for no line. A return counts where its lines stand in return_items; for each part of a breakdown';

CREATE OR REPLACE FUNCTION monthly_product_returns_per(period text, breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    period_start date,
    complete boolean,
    product_id text,
    product_name text,
    category text,
    sold bigint,
    returned bigint,
    refund numeric,
    return_rate double precision,
    return_rate_low double precision,
    return_rate_high double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT r.part, r.period_start,
           period_is_over(period_end(r.period_start, monthly_product_returns_per.period),
                          monthly_product_returns_per.as_of, (SELECT s.time_zone FROM settings s)),
           r.product_id, k.product_name, k.category, r.sold, r.returned, r.refund,
           r.returned_before::double precision / nullif(r.sold_before, 0::bigint)::double precision,
           w.low, w.high
      FROM product_returns_of(monthly_product_returns_per.period, monthly_product_returns_per.breakdown, monthly_product_returns_per.as_of) r
      LEFT JOIN products_known_at(monthly_product_returns_per.as_of) k ON k.product_id = r.product_id
     CROSS JOIN LATERAL loyalcs.share_interval(r.returned_before, r.sold_before,
                                               1::double precision - (SELECT s.significance FROM settings s)) w
     ORDER BY r.part, r.period_start, r.product_id;
END;
COMMENT ON FUNCTION monthly_product_returns_per(text, text, timestamptz) IS
    'product_returns period by period, by the local period in which the pieces were ordered; for each part of a breakdown';
