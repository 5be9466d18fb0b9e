-- shop/cumulative_value.sql
--
-- What the new customers of a month have brought in since, and whether they have
-- paid for themselves.
-- Needs: settings, durations, orders, products, breakdown, acquisition.
--
-- A day in "within 30 days" is 24 hours, as in repeat_rate.

--@ functions
CREATE OR REPLACE FUNCTION cumulative_value_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    cohort date,
    complete boolean,
    new_customers bigint,
    orders bigint,
    costed_orders bigint,
    value_within_30_days numeric,
    value_within_60_days numeric,
    value_within_90_days numeric,
    value_within_180_days numeric,
    value_within_365_days numeric,
    net_within_30_days numeric,
    net_within_60_days numeric,
    net_within_90_days numeric,
    net_within_180_days numeric,
    net_within_365_days numeric,
    acquisition_cost numeric,
    cost_per_new_customer numeric,
    payback interval,
    payback_days double precision,
    net_payback interval,
    net_payback_days double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- (of orders themselves, and not of numbered_orders_by(), which would have to be joined
    -- to them again for tax and shipping; amounts are as counted_amount() has them)
    WITH bought AS (
        SELECT p.part, loyalcs.local_month(p.first_order_at, (SELECT s.time_zone FROM settings s)) AS cohort,
               p.order_number, p.ordered_at - p.first_order_at AS after,
               CASE WHEN EXISTS (SELECT FROM amount_rules a WHERE NOT a.counts_tax OR NOT a.counts_shipping)
                    THEN amount_by_rule(p.customer_id, p.order_id, p.left_of_it)
                    ELSE p.left_of_it
               END AS amount,
               -- A refund is of all parts alike, as amount_by_rule() has it.
               CASE WHEN p.amount = 0::numeric THEN - coalesce(c.cost, 0::numeric)
                    ELSE (p.amount - p.tax - p.shipping - coalesce(c.cost, 0::numeric)) * p.left_of_it / p.amount
               END AS net,
               coalesce(c.whole, false) AS costed
          FROM (SELECT coalesce(b.part, CASE cumulative_value_by.breakdown WHEN 'everyone' THEN 'everyone' ELSE 'unknown' END) AS part,
                       o.customer_id, o.order_id, o.ordered_at, o.amount, o.tax, o.shipping,
                       o.amount - least(coalesce(r.refund, 0::numeric), o.amount) AS left_of_it,
                       row_number() OVER life AS order_number,
                       pg_catalog.first_value(o.ordered_at) OVER life AS first_order_at
                  FROM orders o
                  LEFT JOIN (SELECT r.customer_id, r.order_id, sum(r.refund) AS refund
                               FROM returns r
                              WHERE r.returned_at <= cumulative_value_by.as_of
                              GROUP BY r.customer_id, r.order_id) r ON r.customer_id = o.customer_id AND r.order_id = o.order_id
                  LEFT JOIN customer_breakdown(cumulative_value_by.breakdown, cumulative_value_by.as_of) b ON b.customer_id = o.customer_id
                 WHERE order_counts(o.ordered_at, o.cancelled_at, cumulative_value_by.as_of)
                WINDOW life AS (PARTITION BY o.customer_id ORDER BY o.ordered_at, o.order_id)) p
          LEFT JOIN (SELECT i.customer_id, i.order_id, sum(p.unit_cost * i.quantity::numeric) AS cost,
                            bool_and(p.unit_cost IS NOT NULL) AS whole
                       FROM order_items i
                       LEFT JOIN products p ON p.product_id = i.product_id
                      WHERE EXISTS (SELECT FROM products k WHERE k.unit_cost IS NOT NULL)
                      GROUP BY i.customer_id, i.order_id) c ON c.customer_id = p.customer_id AND c.order_id = p.order_id
    ), cohorts AS (
        SELECT b.part, b.cohort,
               least(cumulative_value_by.as_of, timestamptz '9999-12-31 00:00+00')
               - ((b.cohort + interval '1 month') AT TIME ZONE (SELECT s.time_zone FROM settings s)) AS watched,
               count(*) FILTER (WHERE b.order_number = 1::bigint) AS new_customers,
               count(*) AS orders,
               count(*) FILTER (WHERE b.costed) AS costed_orders,
               sum(b.amount) FILTER (WHERE b.after <= interval '30 days') AS v30,
               sum(b.amount) FILTER (WHERE b.after <= interval '60 days') AS v60,
               sum(b.amount) FILTER (WHERE b.after <= interval '90 days') AS v90,
               sum(b.amount) FILTER (WHERE b.after <= interval '180 days') AS v180,
               sum(b.amount) FILTER (WHERE b.after <= interval '365 days') AS v365,
               sum(b.net) FILTER (WHERE b.after <= interval '30 days') AS n30,
               sum(b.net) FILTER (WHERE b.after <= interval '60 days') AS n60,
               sum(b.net) FILTER (WHERE b.after <= interval '90 days') AS n90,
               sum(b.net) FILTER (WHERE b.after <= interval '180 days') AS n180,
               sum(b.net) FILTER (WHERE b.after <= interval '365 days') AS n365
          FROM bought b
         GROUP BY b.cohort, b.part
    ), costs AS (
        SELECT m.month, CASE breakdown_kind(cumulative_value_by.breakdown) WHEN 'everyone' THEN 'everyone' ELSE m.sales_channel END AS part,
               sum(m.amount) AS cost
          FROM marketing_costs m
         WHERE m.aim = 'acquisition' AND breakdown_kind(cumulative_value_by.breakdown) IN ('everyone', 'sales_channel')
         GROUP BY 1, 2
    ), paid AS (
        SELECT e.part, e.cohort, k.cost,
               min(e.after) FILTER (WHERE k.cost > 0::numeric AND e.earned >= k.cost) AS payback,
               min(e.after) FILTER (WHERE k.cost > 0::numeric AND e.net_earned >= k.cost) AS net_payback
          FROM (SELECT b.part, b.cohort, b.after, sum(b.amount) OVER life AS earned, sum(b.net) OVER life AS net_earned
                  FROM bought b
                 WHERE b.cohort IN (SELECT k.month FROM costs k)
                WINDOW life AS (PARTITION BY b.cohort, b.part ORDER BY b.after)) e
          JOIN costs k ON k.month = e.cohort AND k.part = e.part
         GROUP BY e.cohort, e.part, k.cost
    )
    SELECT c.part, c.cohort,
           month_is_over(c.cohort, cumulative_value_by.as_of, (SELECT s.time_zone FROM settings s)),
           c.new_customers, c.orders, c.costed_orders,
           CASE WHEN c.watched >= interval '30 days' THEN trim_scale(round(c.v30 / c.new_customers::numeric, 4)) END,
           CASE WHEN c.watched >= interval '60 days' THEN trim_scale(round(c.v60 / c.new_customers::numeric, 4)) END,
           CASE WHEN c.watched >= interval '90 days' THEN trim_scale(round(c.v90 / c.new_customers::numeric, 4)) END,
           CASE WHEN c.watched >= interval '180 days' THEN trim_scale(round(c.v180 / c.new_customers::numeric, 4)) END,
           CASE WHEN c.watched >= interval '365 days' THEN trim_scale(round(c.v365 / c.new_customers::numeric, 4)) END,
           CASE WHEN c.watched >= interval '30 days' THEN trim_scale(round(c.n30 / c.new_customers::numeric, 4)) END,
           CASE WHEN c.watched >= interval '60 days' THEN trim_scale(round(c.n60 / c.new_customers::numeric, 4)) END,
           CASE WHEN c.watched >= interval '90 days' THEN trim_scale(round(c.n90 / c.new_customers::numeric, 4)) END,
           CASE WHEN c.watched >= interval '180 days' THEN trim_scale(round(c.n180 / c.new_customers::numeric, 4)) END,
           CASE WHEN c.watched >= interval '365 days' THEN trim_scale(round(c.n365 / c.new_customers::numeric, 4)) END,
           p.cost, trim_scale(round(p.cost / c.new_customers::numeric, 4)),
           p.payback, in_days(p.payback), p.net_payback, in_days(p.net_payback)
      FROM cohorts c
      LEFT JOIN paid p ON p.part = c.part AND p.cohort = c.cohort
     ORDER BY c.part, c.cohort;
END;
COMMENT ON FUNCTION cumulative_value_by(text, timestamptz) IS
    'what the customers whose first order fell into a local month have brought in each, in the mean, within 30, 60, 90, 180 and 365 days of 24 hours after it: by what their orders amount to, and net of tax, shipping and the unit cost of what was in them, as far as the products say it (costed_orders: of how many orders they do for every piece); NULL until the whole month has been over for that long. What was spent on acquisition in the month (marketing_costs; of sales_channel the channel''s, of no other breakdown), and how long after their first order they had together brought in that much: NULL if not yet; for each part of a breakdown';
