-- shop/value.sql
--
-- What customers are worth, how much hangs on how few, and who is leaving
-- without a word.
-- Needs: settings, durations, purchases, order_histories, outlook, breakdown.

--@ functions
CREATE OR REPLACE FUNCTION customer_value_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    orders bigint,
    lifetime_value numeric,
    average_order numeric,
    customer_for interval,
    orders_per_year double precision,
    annual_value double precision,
    customer_for_days double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.customer_id, f.orders, f.total_spent, f.average_order,
           least(customer_value_at.as_of, timestamptz '9999-12-31 00:00+00') - f.first_order_at,
           f.orders::double precision / years_as_customer(f.first_order_at, customer_value_at.as_of),
           loyalcs.total_spent_float8(p.purchases) / years_as_customer(f.first_order_at, customer_value_at.as_of),
           in_days(least(customer_value_at.as_of, timestamptz '9999-12-31 00:00+00') - f.first_order_at)
      FROM purchases_by_customer(customer_value_at.as_of) p
     CROSS JOIN LATERAL purchase_figures(p.purchases, customer_value_at.as_of) f;
END;
COMMENT ON FUNCTION customer_value_at(timestamptz) IS
    'what each customer has been worth and is worth a year (average order times orders a year); whoever has been a customer for less than a year counts as one of a year';

CREATE OR REPLACE FUNCTION top_customers_share_at(as_of timestamptz)
RETURNS TABLE (
    top_share double precision,
    customers bigint,
    spent_at_least numeric,
    revenue_share double precision,
    gini double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT t.top_share, t.customers, t.spent_at_least, t.revenue_share, t.gini
      FROM (SELECT loyalcs.spent_agg(purchases_in_history(h.purchases, h.last_at, h.number, h.at, h.amount, top_customers_share_at.as_of, timestamptz 'infinity')) AS spent
              FROM order_histories() h) a
     CROSS JOIN LATERAL loyalcs.top_spenders(a.spent, '{0.01,0.05,0.1,0.2,0.5}'::double precision[]) t
     ORDER BY t.top_share;
END;
COMMENT ON FUNCTION top_customers_share_at(timestamptz) IS
    'what share of the revenue the best 1, 5, 10, 20 and 50% of the customers bring, what it takes to be one of them by top_spender_cut(), and how many are: never more than that part of all, and fewer where equals stand at the cut';

CREATE OR REPLACE FUNCTION lapsing_customers_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    orders bigint,
    last_order_at timestamptz,
    silent_for interval,
    expected_gap interval,
    rhythm text,
    silence double precision,
    annual_value double precision,
    lifetime_value numeric,
    silent_for_days double precision,
    expected_gap_days double precision,
    probability_alive double precision,
    money_at_stake double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH counted AS MATERIALIZED (
        SELECT loyalcs.ladder_agg(h.number, h.at, h.amount, lapsing_customers_at.as_of) AS ladder,
               least(lapsing_customers_at.as_of, timestamptz '9999-12-31 00:00+00') AS until
          FROM order_histories() h
    ), gaps AS MATERIALIZED (
        SELECT l.order_number, l.next_median AS median, l.next_median_of_ended AS median_of_ended
          FROM counted c
         CROSS JOIN LATERAL loyalcs.ladder(c.ladder, c.until) l
         WHERE l.order_number <= 2::bigint
        UNION ALL
        SELECT NULL::bigint, a.median, a.median_of_ended
          FROM counted c
         CROSS JOIN LATERAL loyalcs.ladder_survival(c.ladder, c.until) a
    ), bought AS (
        -- The shop's rhythm takes the orders of all, so it is looked up only for those
        -- who have none of their own.
        SELECT h.customer_id, p.orders, p.last_order_at, p.total_spent, p.recency,
               CASE WHEN p.orders > 2 THEN p.purchase_interval END AS own,
               CASE WHEN p.orders <= 2
                    THEN coalesce((SELECT n.median FROM gaps n WHERE n.order_number = p.orders),
                                  (SELECT a.median FROM gaps a WHERE a.order_number IS NULL)) END AS usual,
               CASE WHEN p.orders <= 2
                    THEN coalesce((SELECT n.median_of_ended FROM gaps n WHERE n.order_number = p.orders),
                                  (SELECT a.median_of_ended FROM gaps a WHERE a.order_number IS NULL)) END AS returning,
               p.total_spent::double precision
               / years_as_customer(p.first_order_at, lapsing_customers_at.as_of) AS annual_value,
               h.number, h.at, h.amount, b.purchases
          FROM order_histories() h
         -- (not to be pulled up, since each figure would read the history again)
         CROSS JOIN LATERAL (SELECT purchases_in_history(h.purchases, h.last_at, h.number, h.at, h.amount, lapsing_customers_at.as_of, timestamptz 'infinity') AS purchases OFFSET 0) b
         CROSS JOIN LATERAL purchase_figures(b.purchases, lapsing_customers_at.as_of) p
         WHERE b.purchases IS NOT NULL
    ), measured AS (
        SELECT b.*,
               e.expected,
               (EXTRACT(epoch FROM b.recency) / EXTRACT(epoch FROM e.expected))::double precision AS silence
          FROM bought b
         CROSS JOIN LATERAL (
                   SELECT greatest(coalesce(b.own, b.usual, b.returning), interval '1 day') AS expected
               ) e
         WHERE coalesce(b.own, b.usual, b.returning) IS NOT NULL
    ), model AS MATERIALIZED (
        SELECT k.bgnbd::text::loyalcs.bgnbd AS bgnbd, k.gamma_gamma::text::loyalcs.gamma_gamma AS gamma_gamma
          FROM outlook_model_of(lapsing_customers_at.as_of) k
    )
    SELECT m.customer_id, m.orders, m.last_order_at, m.recency, m.expected,
           CASE WHEN m.own IS NOT NULL THEN 'own' WHEN m.usual IS NOT NULL THEN 'shop' ELSE 'returning' END,
           m.silence, m.annual_value, m.total_spent, in_days(m.recency), in_days(m.expected),
           v.alive, v.money * (1::double precision - v.alive) / nullif(v.alive, 0::double precision) AS money_at_stake
      FROM measured m
     CROSS JOIN settings s
      LEFT JOIN model k ON true
     -- (only of those who are leaving)
     CROSS JOIN LATERAL (
           SELECT CASE WHEN i.x > 0::bigint THEN loyalcs.probability_alive(k.bgnbd, i.x, i.t_x, i.t) END AS alive,
                  loyalcs.expected_value(k.bgnbd, k.gamma_gamma, 365::double precision, i.x, i.t_x, i.t, i.mean, 0::double precision) AS money
             FROM outlook_inputs(m.purchases,
                                 (SELECT c.amount
                                    FROM loyalcs.counted_orders(m.number, m.at, m.amount, lapsing_customers_at.as_of) c
                                   WHERE c.order_number = 1::bigint),
                                 lapsing_customers_at.as_of) i
           OFFSET 0) v
     WHERE m.silence >= s.lapsing_after AND m.silence < s.lost_after
     ORDER BY money_at_stake DESC NULLS LAST, m.annual_value DESC, m.customer_id;
END;
COMMENT ON FUNCTION lapsing_customers_at(timestamptz) IS
    'who is leaving without a word: silent for at least settings.lapsing_after, but not yet settings.lost_after, times as long as expected, by the customer''s own rhythm from three orders on, before that by the shop''s: the wait after which half of all have ordered again, by the survival curve after that order number or, where it does not come down to half, after any; where neither does, of those who return, half. By the models of customer_outlook, where there are any: how likely she still is a customer, and what is at stake, what she would bring in a year if she certainly were one, less what is expected of her as it is; NULLs for whoever has bought but once. Most at stake first, then most valuable';
