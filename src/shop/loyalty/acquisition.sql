-- shop/acquisition.sql
--
-- Where new customers come from, what they cost, and when that is earned back.
-- Needs: settings, durations, periods, customers, orders, tiers.

--@ table referrals
CREATE TABLE referrals (
    customer_id @key_type@ PRIMARY KEY,
    referrer_id @key_type@ NOT NULL,
    referred_at timestamptz NOT NULL DEFAULT now()
        CONSTRAINT referrals_referred_at_is_finite CHECK (isfinite(referred_at)),
    CONSTRAINT referrals_not_of_oneself CHECK (referrer_id <> customer_id)
);
CREATE INDEX referrals_referrer ON referrals (referrer_id);
COMMENT ON TABLE referrals IS 'who came because somebody else recommended the shop, one row for each who came';

--@ reference referrals customers
ALTER TABLE referrals ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE referrals ADD FOREIGN KEY (referrer_id) REFERENCES customers;

--@ table marketing_costs
CREATE TABLE marketing_costs (
    month date NOT NULL
        CONSTRAINT marketing_costs_month_is_its_first_day CHECK (isfinite(month) AND EXTRACT(day FROM month) = 1::numeric),
    sales_channel text NOT NULL DEFAULT 'any',
    aim text NOT NULL
        CONSTRAINT marketing_costs_aim_is_known CHECK (aim IN ('acquisition', 'retention')),
    amount numeric NOT NULL
        CONSTRAINT marketing_costs_amount_is_money
        CHECK (amount >= 0::numeric AND amount <= 1000000000000::numeric AND amount = round(amount, 4)),
    PRIMARY KEY (month, sales_channel, aim)
);
COMMENT ON TABLE marketing_costs IS
    'what was spent in a local month to win new customers or to keep those that there are, one row a sales channel; any: for no channel alone';
COMMENT ON COLUMN marketing_costs.month IS 'first day of the local month';

--@ change customers 0.2.0
CREATE INDEX customers_joined_at ON customers (joined_at);

--@ functions
CREATE OR REPLACE FUNCTION first_orders_in(first date, last date, as_of timestamptz)
RETURNS TABLE (customer_id @key_type@, order_id text, ordered_at timestamptz, sales_channel text, is_first boolean)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
    SELECT o.customer_id, o.order_id, o.ordered_at, o.sales_channel,
           NOT EXISTS (SELECT FROM orders p
                        WHERE p.customer_id = o.customer_id
                          AND (p.ordered_at < o.ordered_at OR p.ordered_at = o.ordered_at AND p.order_id < o.order_id)
                          AND order_counts(p.ordered_at, p.cancelled_at, first_orders_in.as_of))
      FROM orders o
     WHERE loyalcs.in_local_dates(o.ordered_at, (SELECT s.time_zone FROM settings s), first_orders_in.first, first_orders_in.last)
       AND order_counts(o.ordered_at, o.cancelled_at, first_orders_in.as_of);
END;
COMMENT ON FUNCTION first_orders_in(date, date, timestamptz) IS
    'the orders that count of local days from one to another, each with whether it is its customer''s first';

CREATE OR REPLACE FUNCTION word_of_mouth_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    tier text,
    new_customers bigint,
    referred bigint,
    referred_share double precision,
    referred_share_low double precision,
    referred_share_high double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.tier, a.new_customers, a.referred,
           a.referred::double precision / a.new_customers::double precision, w.low, w.high
      FROM settings s
     CROSS JOIN LATERAL periods_of_orders(word_of_mouth_per.period, word_of_mouth_per.as_of) m
     CROSS JOIN LATERAL (
               SELECT CASE WHEN GROUPING(n.tier) = 0 THEN n.tier ELSE 'all' END AS tier,
                      pg_catalog.count(n.tier) AS referred,
                      max(n.new_customers) AS new_customers
                 FROM (SELECT f.customer_id, count(*) OVER () AS new_customers,
                              CASE WHEN r.referrer_id IS NOT NULL
                                   THEN coalesce((SELECT h.tier
                                                    FROM tier_history h
                                                   WHERE h.customer_id = r.referrer_id AND h.valid_from <= r.referred_at
                                                     AND (h.valid_until IS NULL OR h.valid_until > r.referred_at)
                                                   ORDER BY h.valid_from DESC
                                                   LIMIT 1), 'none') END AS tier
                         FROM first_orders_in(m.period_start, m.last_day, word_of_mouth_per.as_of) f
                         LEFT JOIN referrals r ON r.customer_id = f.customer_id AND r.referred_at <= word_of_mouth_per.as_of
                        WHERE f.is_first) n
                GROUP BY GROUPING SETS ((), (n.tier))
               HAVING count(*) > 0::bigint) a
     CROSS JOIN LATERAL loyalcs.share_interval(a.referred, a.new_customers, 1::double precision - s.significance) w
     WHERE a.tier IS NOT NULL
     ORDER BY m.period_start, a.tier <> 'all', a.tier;
END;
COMMENT ON FUNCTION word_of_mouth_per(text, timestamptz) IS
    'how many of the customers whose first order fell into a local period came because somebody recommended the shop (referrals), and their share of all new ones with Wilson''s interval: of all (tier all), and by the tier that the referrer held when that was';

-- By its own customer, so that it is read by key; as counted_orders_at() has it.
CREATE OR REPLACE FUNCTION counted_amount(customer @key_type@, order_id text, amount numeric, as_of timestamptz) RETURNS numeric
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN EXISTS (SELECT FROM amount_rules a WHERE NOT a.counts_tax OR NOT a.counts_shipping)
                THEN amount_by_rule(counted_amount.customer, counted_amount.order_id, l.amount) ELSE l.amount END
      FROM (SELECT counted_amount.amount
                   - least(coalesce((SELECT sum(r.refund)
                                       FROM returns r
                                      WHERE r.customer_id = counted_amount.customer AND r.order_id = counted_amount.order_id
                                        AND r.returned_at <= counted_amount.as_of), 0::numeric), counted_amount.amount) AS amount) l;
END;
COMMENT ON FUNCTION counted_amount(@key_type@, text, numeric, timestamptz) IS
    'what an order of an amount counts for, the same as in counted_orders, by key';

CREATE OR REPLACE FUNCTION acquisition_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    sales_channel text,
    acquisition_cost numeric,
    new_customers bigint,
    cost_per_new_customer numeric,
    retention_cost numeric,
    repeat_orders bigint,
    cost_per_repeat_order numeric,
    cost_ratio double precision,
    prospects bigint,
    prospects_bought bigint,
    prospect_share double precision,
    prospect_share_low double precision,
    prospect_share_high double precision,
    watched_orders bigint,
    followed_orders bigint,
    followed_share double precision,
    followed_share_low double precision,
    followed_share_high double precision,
    payback interval,
    payback_days double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.sales_channel, a.acquisition_cost, a.new_customers, a.cost_per_new_customer,
           a.retention_cost, a.repeat_orders, a.cost_per_repeat_order,
           (a.cost_per_new_customer / nullif(a.cost_per_repeat_order, 0::numeric))::double precision,
           p.prospects, p.bought, p.bought::double precision / nullif(p.prospects, 0::bigint)::double precision, w.low, w.high,
           a.buyers, a.bought_again, a.bought_again::double precision / nullif(a.buyers, 0::bigint)::double precision, v.low, v.high,
           b.payback, in_days(b.payback)
      FROM settings s
     CROSS JOIN LATERAL periods_of_orders(acquisition_per.period, acquisition_per.as_of) m
     CROSS JOIN LATERAL (
               SELECT coalesce(o.sales_channel, c.sales_channel) AS sales_channel,
                      coalesce(o.new_customers, 0::bigint) AS new_customers, coalesce(o.repeat_orders, 0::bigint) AS repeat_orders,
                      coalesce(o.buyers, 0::bigint) AS buyers, coalesce(o.bought_again, 0::bigint) AS bought_again,
                      c.acquisition_cost, c.retention_cost,
                      trim_scale(round(c.acquisition_cost / nullif(o.new_customers, 0::bigint)::numeric, 4)) AS cost_per_new_customer,
                      trim_scale(round(c.retention_cost / nullif(o.repeat_orders, 0::bigint)::numeric, 4)) AS cost_per_repeat_order
                 FROM (SELECT CASE WHEN GROUPING(f.sales_channel) = 0 THEN coalesce(f.sales_channel, 'unknown') ELSE 'all' END AS sales_channel,
                              count(*) FILTER (WHERE f.is_first) AS new_customers,
                              count(*) FILTER (WHERE NOT f.is_first) AS repeat_orders,
                              count(*) FILTER (WHERE f.had_time) AS buyers,
                              count(*) FILTER (WHERE f.had_time AND bought_between(f.customer_id, f.ordered_at, f.ordered_at + s.purchase_within, acquisition_per.as_of)) AS bought_again
                         FROM (SELECT f.*, f.ordered_at + s.purchase_within <= acquisition_per.as_of AS had_time
                                 FROM first_orders_in(m.period_start, m.last_day, acquisition_per.as_of) f) f
                        GROUP BY GROUPING SETS ((), (f.sales_channel))) o
                 FULL JOIN (SELECT CASE WHEN GROUPING(c.sales_channel) = 0 THEN c.sales_channel ELSE 'all' END AS sales_channel,
                                   sum(c.amount) FILTER (WHERE c.aim = 'acquisition') AS acquisition_cost,
                                   sum(c.amount) FILTER (WHERE c.aim = 'retention') AS retention_cost
                              FROM marketing_costs c
                             WHERE acquisition_per.period IN ('month', 'quarter', 'year') AND c.month BETWEEN m.period_start AND m.last_day
                             GROUP BY GROUPING SETS ((), (c.sales_channel))
                            HAVING count(*) > 0::bigint) c ON c.sales_channel = o.sales_channel) a
      LEFT JOIN LATERAL (
               SELECT count(*) AS prospects, count(*) FILTER (WHERE bought_between(j.customer_id, j.joined_at - interval '1 microsecond', j.joined_at + s.purchase_within, acquisition_per.as_of)) AS bought
                 FROM (SELECT c.customer_id, c.joined_at
                         FROM customers c
                        WHERE loyalcs.in_local_dates(c.joined_at, s.time_zone, m.period_start, m.last_day)
                          AND isfinite(c.joined_at)) j
                WHERE j.joined_at + s.purchase_within <= acquisition_per.as_of) p ON a.sales_channel = 'all'
      LEFT JOIN LATERAL (
               SELECT min(r.after) AS payback
                 FROM (SELECT r.after, sum(r.amount) OVER (ORDER BY r.after) AS earned
                         FROM (SELECT time_between(f.ordered_at, o.ordered_at) AS after,
                                      counted_amount(o.customer_id, o.order_id, o.amount, acquisition_per.as_of) AS amount
                                 FROM first_orders_in(m.period_start, m.last_day, acquisition_per.as_of) f
                                CROSS JOIN LATERAL (SELECT o.customer_id, o.order_id, o.ordered_at, o.amount
                                                      FROM orders o
                                                     WHERE o.customer_id = f.customer_id AND o.ordered_at >= f.ordered_at
                                                       AND order_counts(o.ordered_at, o.cancelled_at, acquisition_per.as_of)
                                                    OFFSET 0) o
                                WHERE f.is_first AND (a.sales_channel = 'all' OR coalesce(f.sales_channel, 'unknown') = a.sales_channel)) r) r
                WHERE r.earned >= a.acquisition_cost) b ON a.acquisition_cost > 0::numeric
     CROSS JOIN LATERAL loyalcs.share_interval(p.bought, p.prospects, 1::double precision - s.significance) w
     CROSS JOIN LATERAL loyalcs.share_interval(a.bought_again, a.buyers, 1::double precision - s.significance) v
     WHERE a.new_customers > 0::bigint OR a.repeat_orders > 0::bigint OR a.acquisition_cost IS NOT NULL OR a.retention_cost IS NOT NULL
     ORDER BY m.period_start, a.sales_channel <> 'all', a.sales_channel;
END;
COMMENT ON FUNCTION acquisition_per(text, timestamptz) IS
    'what a new customer costs against a repeat order, by local period and sales channel of the order (all: of any, with all costs; a channel that only has costs too): marketing_costs (which are known by month, so of a month, quarter or year, else NULL) / customers whose first order it was, and / orders of others. How likely each is to buy: of the customers who joined in the period and have had settings.purchase_within since (prospects, of all channels), the share that bought within that; of the orders of the period that have had it, the share that were followed by another; both with Wilson''s interval. payback: how long after their first order the new customers of the period had together paid as much as was spent on acquisition, in revenue less refunds, not margin; NULL: not yet';
