-- shop/retention.sql
--
-- Do customers come back? How soon, how often, for how much more?
-- Needs: periods, durations, order_histories, breakdown.
--
-- A day in "within 30 days" is 24 hours, so a rate does not depend on daylight
-- saving. Months and quarters are the shop's local ones.

--@ functions
CREATE OR REPLACE FUNCTION counted_cohorts(breakdown text, as_of timestamptz)
RETURNS TABLE (part text, counted bytea)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH kept AS MATERIALIZED (
        SELECT k.holds_from, k.time_zone, k.counted
          FROM kept_cohorts k
          JOIN settings s ON s.time_zone = k.time_zone
         WHERE counted_cohorts.breakdown = 'everyone'
           AND k.holds_from <= counted_cohorts.as_of
           AND histories_are_kept()
    )
    SELECT counted_cohorts.breakdown, w.counted
      FROM kept k
     CROSS JOIN LATERAL (
               SELECT loyalcs.cohorts_agg(h.number, h.at, h.amount, timestamptz 'infinity', k.time_zone) AS counted
                 FROM changed_histories() d
                 JOIN kept_histories h ON h.customer_id = d.customer_id
                WHERE h.last_at <= k.holds_from
           ) gone
     CROSS JOIN LATERAL (
               SELECT loyalcs.cohorts_agg(h.number, h.at, h.amount, counted_cohorts.as_of, k.time_zone) AS counted
                 FROM (SELECT h.number, h.at, h.amount
                         FROM changed_histories() d
                        CROSS JOIN LATERAL (SELECT h.number, h.at, h.amount FROM histories_of_orders() h WHERE h.customer_id = d.customer_id OFFSET 0) h
                       UNION ALL
                       SELECT l.number, l.at, l.amount
                         FROM kept_histories l
                        -- (hardly any, which a planner that cannot know the instant believes of
                        -- an interval alone: so the index is read, not the histories of everybody)
                        WHERE l.last_at > k.holds_from AND l.last_at <= timestamptz 'infinity'
                          AND l.customer_id NOT IN (SELECT d.customer_id FROM changed_histories() d)) h
           ) come
     CROSS JOIN LATERAL (SELECT cohorts_with(k.counted, gone.counted, come.counted) AS counted) w
     WHERE w.counted IS NOT NULL
    UNION ALL
    SELECT coalesce(b.part, CASE counted_cohorts.breakdown
                                WHEN 'everyone' THEN 'everyone'
                                ELSE 'unknown'
                            END),
           loyalcs.cohorts_agg(h.number, h.at, h.amount, counted_cohorts.as_of, (SELECT s.time_zone FROM settings s))
      FROM order_histories() h
      LEFT JOIN customer_breakdown(counted_cohorts.breakdown, counted_cohorts.as_of) b
        ON b.customer_id = h.customer_id
     WHERE NOT EXISTS (SELECT FROM kept)
     GROUP BY 1;
END;
COMMENT ON FUNCTION counted_cohorts(text, timestamptz) IS
    'who bought in which month, quarter and year, by the one in which they began, as of an instant, for loyalcs.cohorts() to read; for each part of a breakdown. Of everyone, as of any instant since the last refresh, it is what kept_cohorts has, without the customers who have changed, and with them as they are now';

-- (What is kept has months, quarters and years: who bought twice in a week can be told
-- from none of them. The half that is not asked for is not run, but planned: there both
-- is no period.)
CREATE OR REPLACE FUNCTION counted_periods(of_period text, breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    period text,
    period_start date,
    customers bigint,
    acquired bigint,
    retained bigint,
    repeat_customers bigint,
    orders bigint,
    revenue numeric,
    first_revenue numeric,
    second_within_30_days bigint,
    second_within_60_days bigint,
    second_within_90_days bigint,
    second_within_180_days bigint,
    second_within_365_days bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.part, m.unit, m.period, sum(m.customers)::bigint, sum(m.first_orders)::bigint, sum(m.retained)::bigint,
           sum(m.repeat_customers)::bigint, sum(m.orders)::bigint, sum(m.revenue), sum(m.first_revenue),
           sum(m.second_within_30_days)::bigint, sum(m.second_within_60_days)::bigint, sum(m.second_within_90_days)::bigint,
           sum(m.second_within_180_days)::bigint, sum(m.second_within_365_days)::bigint
      FROM counted_cohorts(counted_periods.breakdown, counted_periods.as_of) c
     CROSS JOIN LATERAL loyalcs.cohorts(c.counted) m
     WHERE counted_periods.of_period IN ('month', 'quarter', 'year', 'month and quarter')
       AND m.unit = ANY (CASE counted_periods.of_period WHEN 'month and quarter' THEN '{month,quarter}'::text[] ELSE ARRAY[counted_periods.of_period] END)
     GROUP BY c.part, m.unit, m.period
    UNION ALL
    SELECT b.part, counted_periods.of_period, b.period_start, count(*), count(*) FILTER (WHERE b.first_revenue IS NOT NULL),
           count(*) FILTER (WHERE b.start_before = (b.period_start - period_length(CASE counted_periods.of_period WHEN 'month and quarter' THEN 'month' ELSE counted_periods.of_period END))::date),
           count(*) FILTER (WHERE b.is_repeat), sum(b.orders)::bigint, sum(b.revenue), coalesce(sum(b.first_revenue), 0::numeric),
           count(*) FILTER (WHERE b.wait <= interval '720 hours'), count(*) FILTER (WHERE b.wait <= interval '1440 hours'),
           count(*) FILTER (WHERE b.wait <= interval '2160 hours'), count(*) FILTER (WHERE b.wait <= interval '4320 hours'),
           count(*) FILTER (WHERE b.wait <= interval '8760 hours')
      FROM (SELECT g.*, pg_catalog.lag(g.period_start) OVER (PARTITION BY g.customer_id ORDER BY g.period_start) AS start_before
              FROM (SELECT h.customer_id,
                           coalesce(b.part, CASE counted_periods.breakdown
                                                WHEN 'everyone' THEN 'everyone'
                                                ELSE 'unknown'
                                            END) AS part,
                           period_of(o.ordered_at, s.time_zone, CASE counted_periods.of_period WHEN 'month and quarter' THEN 'month' ELSE counted_periods.of_period END, counted_periods.as_of) AS period_start,
                           count(*) AS orders, sum(o.amount) AS revenue, max(o.order_number) > 1::bigint AS is_repeat,
                           sum(o.amount) FILTER (WHERE o.order_number = 1::bigint) AS first_revenue,
                           min(o.next_order_at - o.ordered_at) FILTER (WHERE o.order_number = 1::bigint) AS wait
                      FROM settings s
                     CROSS JOIN order_histories() h
                      LEFT JOIN customer_breakdown(counted_periods.breakdown, counted_periods.as_of) b
                        ON b.customer_id = h.customer_id
                     CROSS JOIN LATERAL loyalcs.counted_orders(h.number, h.at, h.amount, counted_periods.as_of) o
                     WHERE (counted_periods.of_period IN ('month', 'quarter', 'year', 'month and quarter')) IS NOT TRUE
                     GROUP BY 1, 2, 3) g) b
     GROUP BY b.part, b.period_start;
END;
COMMENT ON FUNCTION counted_periods(text, text, timestamptz) IS
    'who bought in which local period, of those in which somebody did, of_period ''month and quarter'' means both: customers, those for whom it was the first time, those who had bought in the period before as well, and those for whom it was not the first time or who bought twice; orders and money; and of the first orders those that were followed by another within so many days of 24 hours. For each part of a breakdown. Of month, quarter and year from counted_cohorts(), of other periods from every history';

CREATE OR REPLACE FUNCTION repeat_rate_per(period text, breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    period_start date,
    complete boolean,
    buyers bigint,
    repeat_buyers bigint,
    repeat_rate double precision,
    new_buyers bigint,
    second_within_30_days double precision,
    second_within_60_days double precision,
    second_within_90_days double precision,
    second_within_180_days double precision,
    second_within_365_days double precision,
    repeat_rate_low double precision,
    repeat_rate_high double precision,
    compared_period date,
    repeat_rate_change double precision,
    repeat_rate_change_low double precision,
    repeat_rate_change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean,
    comparisons bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH counted AS (
        SELECT c.*,
               least(repeat_rate_per.as_of, timestamptz '9999-12-31 00:00+00')
               - ((period_end(c.period_start, repeat_rate_per.period) + 1)::timestamp AT TIME ZONE (SELECT s.time_zone FROM settings s)) AS watched
          FROM counted_periods(repeat_rate_per.period, repeat_rate_per.breakdown, repeat_rate_per.as_of) c
    ), followed AS (
        SELECT c.*,
               pg_catalog.lag(c.period_start) OVER periods AS start_before,
               pg_catalog.lag(c.customers) OVER periods AS customers_before,
               pg_catalog.lag(c.repeat_customers) OVER periods AS repeat_customers_before
          FROM counted c
        WINDOW periods AS (PARTITION BY c.part ORDER BY c.period_start)
    )
    SELECT c.part, c.period_start,
           period_is_over(period_end(c.period_start, repeat_rate_per.period), repeat_rate_per.as_of, t.time_zone),
           c.customers, c.repeat_customers,
           c.repeat_customers::double precision / c.customers::double precision,
           c.acquired,
           CASE WHEN c.watched >= interval '30 days' THEN c.second_within_30_days::double precision / nullif(c.acquired, 0::bigint)::double precision END,
           CASE WHEN c.watched >= interval '60 days' THEN c.second_within_60_days::double precision / nullif(c.acquired, 0::bigint)::double precision END,
           CASE WHEN c.watched >= interval '90 days' THEN c.second_within_90_days::double precision / nullif(c.acquired, 0::bigint)::double precision END,
           CASE WHEN c.watched >= interval '180 days' THEN c.second_within_180_days::double precision / nullif(c.acquired, 0::bigint)::double precision END,
           CASE WHEN c.watched >= interval '365 days' THEN c.second_within_365_days::double precision / nullif(c.acquired, 0::bigint)::double precision END,
           w.low, w.high, c.start_before, d.change, d.change_low, d.change_high, d.p_value, d.too_few, d.significant,
           count(*) FILTER (WHERE d.p_value IS NOT NULL AND NOT d.too_few) OVER (PARTITION BY c.period_start)
      FROM followed c
     CROSS JOIN settings t
     CROSS JOIN LATERAL loyalcs.share_interval(c.repeat_customers, c.customers, 1::double precision - t.significance) w
     CROSS JOIN LATERAL share_change(c.repeat_customers_before, c.customers_before, c.repeat_customers, c.customers) d
     ORDER BY c.part, c.period_start;
END;
COMMENT ON FUNCTION repeat_rate_per(text, text, timestamptz) IS
    'by local period: how many of the buyers had bought before or bought twice, and how many of the new ones came back; a conversion is NULL until the whole period has been over for that long, so that it is not a guess from its first days. The rate has its interval, and its change against compared_period, the last period before with buyers, too: see share_change(); for each part of a breakdown';

CREATE OR REPLACE FUNCTION order_ladder_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    order_number bigint,
    customers bigint,
    reached_share double precision,
    step_share double precision,
    average_order numeric,
    average_previous numeric,
    median_wait interval,
    watched_for interval,
    median_wait_days double precision,
    watched_for_days double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH RECURSIVE counted AS (
        SELECT coalesce(b.part, CASE order_ladder_by.breakdown
                                    WHEN 'everyone' THEN 'everyone'
                                    ELSE 'unknown'
                                END) AS part,
               loyalcs.ladder_agg(h.number, h.at, h.amount, order_ladder_by.as_of) AS ladder
          FROM order_histories() h
          LEFT JOIN customer_breakdown(order_ladder_by.breakdown, order_ladder_by.as_of) b
            ON b.customer_id = h.customer_id
         GROUP BY 1
    ), stepped AS (
        SELECT c.part, l.order_number, l.customers,
               trim_scale(l.revenue / l.customers::numeric) AS average_order,
               trim_scale(l.previous_revenue / l.customers::numeric) AS average_previous,
               pg_catalog.lag(l.next_share) OVER ladder AS step_share,
               pg_catalog.lag(l.next_median) OVER ladder AS median_wait,
               pg_catalog.lag(l.next_within) OVER ladder AS watched_for
          FROM counted c
         CROSS JOIN LATERAL loyalcs.ladder(c.ladder, least(order_ladder_by.as_of, timestamptz '9999-12-31 00:00+00')) l
        WINDOW ladder AS (PARTITION BY c.part ORDER BY l.order_number)
    ), reached AS (
        SELECT s.*, 1::double precision AS reached_share
          FROM stepped s
         WHERE s.order_number = 1::bigint
        UNION ALL
        SELECT s.*, r.reached_share * s.step_share
          FROM reached r
          JOIN stepped s ON s.part = r.part AND s.order_number = r.order_number + 1::bigint
    )
    SELECT r.part, r.order_number, r.customers, r.reached_share, r.step_share,
           r.average_order, r.average_previous, r.median_wait, r.watched_for,
           in_days(r.median_wait), in_days(r.watched_for)
      FROM reached r
     ORDER BY r.part, r.order_number;
END;
COMMENT ON FUNCTION order_ladder_by(text, timestamptz) IS
    'first, second, third order and so on: how many customers got there and what they spent; the shares and the median wait are of the survival curve (loyalcs.survival), which counts everybody for as long as they have had to come, so that who bought yesterday is not taken for lost; average_previous is the same customers'' order before, so whether orders grow is not confused with who stays; for each part of a breakdown';

CREATE OR REPLACE FUNCTION second_order_curve_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    cohort_quarter date,
    order_number bigint,
    days integer,
    customers bigint,
    at_risk bigint,
    ordered_again bigint,
    ordered_again_share double precision,
    ordered_again_share_low double precision,
    ordered_again_share_high double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT w.part, w.cohort_quarter, c.order_number + 1::bigint, EXTRACT(day FROM c.after)::integer, c.customers,
           c.at_risk, c.came, c.share, c.low, c.high
      FROM (SELECT o.part, o.cohort_quarter, loyalcs.ladder_agg(o.number, o.at, o.amount, second_order_curve_by.as_of) AS counted
              FROM (SELECT coalesce(b.part, CASE second_order_curve_by.breakdown
                                                WHEN 'everyone' THEN 'everyone'
                                                ELSE 'unknown'
                                            END) AS part,
                           loyalcs.local_quarter(loyalcs.first_purchase(purchases_in_history(h.purchases, h.last_at, h.number, h.at, h.amount,
                                                                                             second_order_curve_by.as_of, timestamptz 'infinity')),
                                                 (SELECT s.time_zone FROM settings s)) AS cohort_quarter,
                           h.number, h.at, h.amount
                      FROM order_histories() h
                      LEFT JOIN customer_breakdown(second_order_curve_by.breakdown, second_order_curve_by.as_of) b
                        ON b.customer_id = h.customer_id) o
             GROUP BY GROUPING SETS ((o.part), (o.part, o.cohort_quarter))) w
     CROSS JOIN settings t
     CROSS JOIN LATERAL loyalcs.ladder_curve(w.counted, least(second_order_curve_by.as_of, timestamptz '9999-12-31 00:00+00'),
                                             '{7 days,14 days,30 days,60 days,90 days,120 days,180 days,365 days,730 days}'::interval[],
                                             9, 1::double precision - t.significance) c
     ORDER BY w.part, w.cohort_quarter NULLS FIRST, c.order_number, c.after;
END;
COMMENT ON FUNCTION second_order_curve_by(text, timestamptz) IS
    'of the customers who placed an order, what share had placed the next, up to the tenth, within 7, 14, 30, 60, 90, 120, 180, 365 and 730 days of 24 hours: the survival curve (loyalcs.survival_curve), which counts everybody for as long as they have had, with its interval. For all of them, and for those of each local quarter of the first order; no row for a time that less than a tenth of them have had, or after which nobody is watched any more; for each part of a breakdown';

CREATE OR REPLACE FUNCTION retention_cohorts_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    cohort date,
    cohort_size bigint,
    months_later integer,
    active_customers bigint,
    active_share double precision,
    revenue numeric,
    complete boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH active AS (
        SELECT c.part, m.cohort,
               ((EXTRACT(year FROM m.period) - EXTRACT(year FROM m.cohort)) * 12::numeric
                + EXTRACT(month FROM m.period) - EXTRACT(month FROM m.cohort))::integer
                   AS months_later,
               m.customers, m.revenue
          FROM counted_cohorts(retention_cohorts_by.breakdown, retention_cohorts_by.as_of) c
         CROSS JOIN LATERAL loyalcs.cohorts(c.counted) m
         WHERE m.unit = 'month'
    ), cohorts AS (
        SELECT a.part, a.cohort, a.customers,
               loyalcs.local_month(least(retention_cohorts_by.as_of, timestamptz '9999-12-31 00:00+00'),
                                   (SELECT s.time_zone FROM settings s)) AS until
          FROM active a
         WHERE a.months_later = 0
    )
    SELECT c.part, c.cohort, c.customers, m.months_later,
           coalesce(a.customers, 0),
           coalesce(a.customers, 0)::double precision / c.customers::double precision,
           coalesce(a.revenue, 0),
           ((c.cohort + make_interval(months => m.months_later + 1))
            AT TIME ZONE (SELECT s.time_zone FROM settings s)) <= retention_cohorts_by.as_of
      FROM cohorts c
     CROSS JOIN LATERAL generate_series(0,
               ((EXTRACT(year FROM c.until) - EXTRACT(year FROM c.cohort)) * 12::numeric
                + EXTRACT(month FROM c.until) - EXTRACT(month FROM c.cohort))::integer) m (months_later)
      LEFT JOIN active a
        ON a.part = c.part AND a.cohort = c.cohort AND a.months_later = m.months_later
     ORDER BY c.part, c.cohort, m.months_later;
END;
COMMENT ON FUNCTION retention_cohorts_by(text, timestamptz) IS
    'customers by the local month of their first order: how many of them bought in each later month, months without a buyer included; for each part of a breakdown';

CREATE OR REPLACE FUNCTION retention_of(of_period text, breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    period text,
    period_start date,
    starting bigint,
    ending bigint,
    acquired bigint,
    retained bigint,
    reactivated bigint,
    crr double precision,
    strict_retention double precision,
    complete boolean,
    strict_retention_low double precision,
    strict_retention_high double precision,
    compared_period date,
    strict_retention_change double precision,
    strict_retention_change_low double precision,
    strict_retention_change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean,
    comparisons bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH counted AS (
        SELECT c.part, c.period, c.period_start, c.customers, c.acquired, c.retained, period_length(c.period) AS length
          FROM counted_periods(retention_of.of_period, retention_of.breakdown, retention_of.as_of) c
    ), spans AS (
        -- (and no thousand years of periods in which nobody bought any more)
        SELECT c.part, c.period, c.length, u.time_zone, min(c.period_start)::timestamp AS from_start, max(c.period_start)::timestamp AS last_start,
               period_of(u.until, u.time_zone, c.period, u.until)::timestamp AS until_start
          FROM counted c
         CROSS JOIN (SELECT least(retention_of.as_of, timestamptz '9999-12-30 00:00+00') AS until,
                            s.time_zone
                       FROM settings s) u
         GROUP BY c.part, c.period, c.length, u.until, u.time_zone
    ), filled AS (
        -- (each has the one before it, of which the first that is shown says who began)
        SELECT s.part, s.period, g.at::date AS period_start, s.time_zone,
               g.at >= s.last_start - periods_span(s.period) AS is_shown,
               coalesce(c.customers, 0::bigint) AS ending,
               coalesce(c.acquired, 0::bigint) AS acquired,
               coalesce(c.retained, 0::bigint) AS retained
          FROM spans s
         CROSS JOIN LATERAL generate_series(greatest(s.from_start, s.last_start - periods_span(s.period) - s.length),
                                            least(s.until_start, s.last_start + periods_span(s.period)), s.length) g (at)
          LEFT JOIN counted c
            ON c.part = s.part AND c.period = s.period AND c.period_start = g.at::date
    ), started AS (
        SELECT f.*,
               coalesce(pg_catalog.lag(f.ending) OVER (PARTITION BY f.part, f.period
                                            ORDER BY f.period_start), 0) AS starting
          FROM filled f
    ), followed AS (
        -- The last one before that has a rate, among those that have one.
        SELECT t.*,
               CASE WHEN t.starting > 0::bigint THEN pg_catalog.lag(t.period_start) OVER rates END AS period_before,
               pg_catalog.lag(t.starting) OVER rates AS starting_before,
               pg_catalog.lag(t.retained) OVER rates AS retained_before
          FROM started t
        WINDOW rates AS (PARTITION BY t.part, t.period, t.starting > 0::bigint ORDER BY t.period_start)
    )
    SELECT t.part, t.period, t.period_start, t.starting, t.ending, t.acquired, t.retained,
           t.ending - t.acquired - t.retained,
           loyalcs.retention_rate(t.starting, t.ending, t.acquired),
           t.retained::double precision / nullif(t.starting, 0)::double precision,
           period_is_over(period_end(t.period_start, t.period), retention_of.as_of, t.time_zone),
           w.low, w.high, t.period_before, d.change, d.change_low, d.change_high, d.p_value, d.too_few, d.significant,
           count(*) FILTER (WHERE d.p_value IS NOT NULL AND NOT d.too_few) OVER (PARTITION BY t.period, t.period_start)
      FROM followed t
     CROSS JOIN settings u
     CROSS JOIN LATERAL loyalcs.share_interval(t.retained, t.starting, 1::double precision - u.significance) w
     CROSS JOIN LATERAL share_change(t.retained_before, t.starting_before, t.retained, t.starting) d
     WHERE t.is_shown
     ORDER BY t.part, t.period, t.period_start;
END;
COMMENT ON FUNCTION retention_of(text, text, timestamptz) IS
    'customer_retention_by_period() with the name of the period, and of ''month and quarter'' by both';

CREATE OR REPLACE FUNCTION customer_retention_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    period text,
    period_start date,
    starting bigint,
    ending bigint,
    acquired bigint,
    retained bigint,
    reactivated bigint,
    crr double precision,
    strict_retention double precision,
    complete boolean,
    strict_retention_low double precision,
    strict_retention_high double precision,
    compared_period date,
    strict_retention_change double precision,
    strict_retention_change_low double precision,
    strict_retention_change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean,
    comparisons bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT r.*
      FROM retention_of('month and quarter', customer_retention_by.breakdown, customer_retention_by.as_of) r;
END;
COMMENT ON FUNCTION customer_retention_by(text, timestamptz) IS
    'customer retention by local month and quarter: as published, CRR = (ending - acquired) / starting, and strict, retained / starting; a customer of a period is one who bought in it. Strict retention has its interval, and its change against compared_period, the last one before that has it, too: see share_change(); for each part of a breakdown';

CREATE OR REPLACE FUNCTION customer_retention_by_period(period text, breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    period_start date,
    starting bigint,
    ending bigint,
    acquired bigint,
    retained bigint,
    reactivated bigint,
    crr double precision,
    strict_retention double precision,
    complete boolean,
    strict_retention_low double precision,
    strict_retention_high double precision,
    compared_period date,
    strict_retention_change double precision,
    strict_retention_change_low double precision,
    strict_retention_change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean,
    comparisons bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT r.part, r.period_start, r.starting, r.ending, r.acquired, r.retained, r.reactivated,
           r.crr, r.strict_retention, r.complete, r.strict_retention_low, r.strict_retention_high, r.compared_period,
           r.strict_retention_change, r.strict_retention_change_low, r.strict_retention_change_high,
           r.p_value, r.too_few, r.significant, r.comparisons
      FROM retention_of(customer_retention_by_period.period, customer_retention_by_period.breakdown, customer_retention_by_period.as_of) r;
END;
COMMENT ON FUNCTION customer_retention_by_period(text, text, timestamptz) IS
    'customer retention by local period, see customer_retention: by day, week, month, quarter or year, or by a number of days such as ''30 days''; for each part of a breakdown';

CREATE OR REPLACE FUNCTION revenue_mix_per(period text, breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    period_start date,
    complete boolean,
    orders bigint,
    revenue numeric,
    new_revenue numeric,
    repeat_revenue numeric,
    repeat_share double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.part, c.period_start,
           period_is_over(period_end(c.period_start, revenue_mix_per.period), revenue_mix_per.as_of, (SELECT s.time_zone FROM settings s)),
           c.orders,
           c.revenue,
           c.first_revenue,
           c.revenue - c.first_revenue,
           ((c.revenue - c.first_revenue) / nullif(c.revenue, 0::numeric))::double precision
      FROM counted_periods(revenue_mix_per.period, revenue_mix_per.breakdown, revenue_mix_per.as_of) c
     ORDER BY c.part, c.period_start;
END;
COMMENT ON FUNCTION revenue_mix_per(text, text, timestamptz) IS
    'revenue by local period: what first orders brought, and what came from customers who had bought before; for each part of a breakdown';
