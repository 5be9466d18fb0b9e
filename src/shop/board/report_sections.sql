-- shop/report_sections.sql
--
-- The sections of the monthly report, each of which can be read alone: of a month,
-- what it was, beside the month before, the same month a year before, and the twelve
-- before. doc/report.md says what stands in each.
-- Needs: durations, report_figures, surveys, kept_answers, reviews, orders, rfm, outlook, tiers, points_ledger, kept_points, tickets,
-- ticket_facts, sla, support_reports, delivery_performance, return_reasons,
-- returned_items, voice_matches, voice_figures, followups, followup_effect.
--
-- What is heavy is read once, for all months of a section: the thirteen months of
-- tickets, answers and texts in one go, and the orders of all time once for all that
-- is said of customers. Whatever happened in a month counts by what is known at as_of;
-- what is a state is of the end of the month, of what had happened by then.

--@ functions
CREATE OR REPLACE FUNCTION report_satisfaction(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT * FROM report_span(report_satisfaction.month, report_satisfaction.as_of)
    ), given AS MATERIALIZED (
        SELECT q.kind, q.scale_low, q.scale_high, q.higher_is_better, d.month, loyalcs.sum(d.ratings) AS ratings
          FROM span m
         CROSS JOIN LATERAL (
                   SELECT d.survey, d.question, date_trunc('month', d.day::timestamp)::date AS month, loyalcs.sum(d.ratings) AS ratings
                     FROM daily_answers_on(datemultirange(daterange(m.year_before, m.last_day, '[]')), report_satisfaction.as_of) d
                    GROUP BY d.survey, d.question, date_trunc('month', d.day::timestamp)::date) d
          JOIN survey_questions q ON q.survey = d.survey AND q.question = d.question AND q.kind IN ('nps', 'csat', 'ces')
         GROUP BY q.kind, q.scale_low, q.scale_high, q.higher_is_better, d.month
    ), chosen AS (
        SELECT DISTINCT ON (g.kind) g.kind, g.scale_low::integer AS scale_low, g.scale_high::integer AS scale_high, g.higher_is_better,
               CASE g.kind WHEN 'nps' THEN 'points' ELSE 'score' END AS unit
          FROM given g
         GROUP BY g.kind, g.scale_low, g.scale_high, g.higher_is_better
         ORDER BY g.kind, sum(loyalcs.responses(g.ratings)) DESC, g.scale_low, g.scale_high, g.higher_is_better
    ), trend AS MATERIALIZED (
        SELECT c.*, t.at::date AS month, g.ratings, r.top AS hits, loyalcs.responses(g.ratings) AS cases
          FROM chosen c
         CROSS JOIN span m
         CROSS JOIN LATERAL generate_series(m.year_before::timestamp, m.month::timestamp, interval '1 month') t (at)
          LEFT JOIN given g ON g.kind = c.kind AND g.scale_low::integer = c.scale_low AND g.scale_high::integer = c.scale_high
                           AND g.higher_is_better = c.higher_is_better AND g.month = t.at::date
         CROSS JOIN LATERAL (SELECT (loyalcs.histogram(g.ratings))[c.scale_high] + (loyalcs.histogram(g.ratings))[c.scale_high + 1] AS top) r
    ), rated AS (
        SELECT c.*, n.ratings, n.hits, n.cases, b.ratings AS ratings_before, b.hits AS hits_before, b.cases AS cases_before, b.month AS month_before,
               y.ratings AS ratings_last_year, y.hits AS hits_last_year, y.cases AS cases_last_year
          FROM chosen c
         CROSS JOIN span m
          JOIN trend n ON n.kind = c.kind AND n.month = m.month
          LEFT JOIN LATERAL (SELECT t.* FROM trend t
                              WHERE t.kind = c.kind AND t.month < m.month AND t.ratings IS NOT NULL
                              ORDER BY t.month DESC LIMIT 1) b ON true
          LEFT JOIN trend y ON y.kind = c.kind AND y.month = m.year_before
    )
    SELECT pg_catalog.jsonb_build_object(
               'scores', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                   'kind', r.kind, 'scales', (SELECT pg_catalog.count(DISTINCT (g.scale_low, g.scale_high, g.higher_is_better)) FROM given g WHERE g.kind = r.kind), 'scale_low', r.scale_low, 'scale_high', r.scale_high, 'higher_is_better', r.higher_is_better,
                   'score', report_score(r.kind, r.unit, CASE WHEN r.higher_is_better THEN 'higher' ELSE 'lower' END, r.ratings, r.ratings_before,
                                         r.month_before, r.ratings_last_year, r.scale_low, r.scale_high),
                   'top_two_share', CASE r.kind WHEN 'csat' THEN
                       report_share('top_two_share', 'higher', r.hits, r.cases, r.hits_before, r.cases_before, r.month_before, r.hits_last_year, r.cases_last_year, 1) END,
                   'promoters', CASE r.kind WHEN 'nps' THEN coalesce(loyalcs.promoters(r.ratings), 0::bigint) END,
                   'passives', CASE r.kind WHEN 'nps' THEN coalesce(loyalcs.passives(r.ratings), 0::bigint) END,
                   'detractors', CASE r.kind WHEN 'nps' THEN coalesce(loyalcs.detractors(r.ratings), 0::bigint) END,
                   'distribution', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                               'score', s, 'answers', coalesce((loyalcs.histogram(r.ratings))[s + 1], 0::bigint)) ORDER BY s)
                                      FROM generate_series(r.scale_low, r.scale_high) s),
                   'trend', (SELECT pg_catalog.jsonb_agg(report_point(t.month, CASE t.unit WHEN 'points' THEN loyalcs.nps(t.ratings) ELSE loyalcs.mean(t.ratings) END,
                                                                      i.low, i.high, coalesce(t.cases, 0::bigint)) ORDER BY t.month)
                               FROM trend t
                              CROSS JOIN LATERAL report_score_interval(t.unit, t.ratings, t.scale_low, t.scale_high) i
                              WHERE t.kind = r.kind)) ORDER BY r.kind DESC) FROM rated r), '[]'::jsonb),
               'response_rate', (SELECT report_share('response_rate', 'higher', i.hits, i.cases, i.hits_before, i.cases_before, m.month_before, i.hits_last_year, i.cases_last_year, 1)
                                   FROM span m
                                  CROSS JOIN LATERAL (
                                            SELECT count(*) FILTER (WHERE v.month = m.month) AS cases,
                                                   count(*) FILTER (WHERE v.month = m.month AND v.answered) AS hits,
                                                   count(*) FILTER (WHERE v.month = m.month_before) AS cases_before,
                                                   count(*) FILTER (WHERE v.month = m.month_before AND v.answered) AS hits_before,
                                                   count(*) FILTER (WHERE v.month = m.year_before) AS cases_last_year,
                                                   count(*) FILTER (WHERE v.month = m.year_before AND v.answered) AS hits_last_year
                                              FROM (SELECT loyalcs.local_month(i.sent_at, m.time_zone) AS month,
                                                           EXISTS (SELECT FROM survey_responses r
                                                                    WHERE r.customer_id = i.customer_id AND r.invitation_id = i.invitation_id
                                                                      AND r.responded_at <= report_satisfaction.as_of) AS answered
                                                      FROM settings s
                                                     CROSS JOIN surveys u
                                                      JOIN survey_invitations i ON i.survey = u.survey
                                                     WHERE (loyalcs.in_local_dates(i.sent_at, m.time_zone, m.month_before, m.last_day)
                                                            OR loyalcs.in_local_dates(i.sent_at, m.time_zone, m.year_before, (m.year_before + interval '1 month' - interval '1 day')::date))
                                                       AND has_had_time(i.sent_at, s.response_within, report_satisfaction.as_of)) v) i))
      FROM span;
END;
COMMENT ON FUNCTION report_satisfaction(date, timestamptz) IS
    'the section satisfaction of monthly_report: NPS, CSAT and CES with distribution and thirteen months, and how many of the invitations that have had settings.response_within were answered. Of several scales of a kind the one with the most answers';

-- (Not loyalcs.in_sample(), which would take half of the time of the section: what it is
-- by is as stable as that a table that is partitioned by hash can be restored.)
CREATE OR REPLACE FUNCTION in_ladder_sample(key text, share double precision) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashtextextended(key, 20000::bigint) & 9007199254740991::bigint)::double precision < share * 9007199254740992::double precision;
COMMENT ON FUNCTION in_ladder_sample(text, double precision) IS
    'whether a stable sample of a share of the customers, 0 to 1, has the one with this key: by the lower 53 bits of hashtextextended(key, 20000)';

-- Sales and customers are made of one reading of the orders of all time, so they are
-- one function.
CREATE OR REPLACE FUNCTION report_purchases(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH RECURSIVE span AS MATERIALIZED (
        SELECT m.* FROM report_span(report_purchases.month, report_purchases.as_of) m
    ), bought AS MATERIALIZED (
        SELECT loyalcs.purchase_count(b.now) AS orders, loyalcs.total_spent(b.now) AS spent, loyalcs.total_spent_float8(b.now) AS spent_number, loyalcs.last_purchase(b.now) AS last_at,
               loyalcs.purchase_count(b.before) AS orders_before, loyalcs.total_spent(b.before) AS spent_before, loyalcs.last_purchase(b.before) AS last_before
          FROM (SELECT purchases_in_history(h.purchases, h.last_at, h.number, h.at, h.amount, report_purchases.as_of, m.state_as_of) AS now,
                       purchases_in_history(h.purchases, h.last_at, h.number, h.at, h.amount, report_purchases.as_of, m.starts - interval '1 microsecond') AS before
                  FROM span m
                 CROSS JOIN order_histories() h
                OFFSET 0) b
         WHERE b.now IS NOT NULL
    ), monthly AS MATERIALIZED (
        SELECT n.*
          FROM span m
         CROSS JOIN counted_cohorts('everyone', report_purchases.as_of) c
         CROSS JOIN LATERAL loyalcs.cohorts(c.counted) n
         WHERE n.unit = 'month' AND n.period >= m.year_before AND n.period <= m.month
    ), trend AS MATERIALIZED (
        SELECT t.at::date AS month, coalesce(c.orders, 0::bigint) AS orders, coalesce(c.buyers, 0::bigint) AS buyers, coalesce(c.amount, 0::numeric) AS amount,
               coalesce(c.new_buyers, 0::bigint) AS new_buyers, coalesce(c.new_amount, 0::numeric) AS new_amount,
               coalesce(c.repeat_buyers, 0::bigint) AS repeat_buyers
          FROM span m
         CROSS JOIN LATERAL generate_series(m.year_before::timestamp, m.month::timestamp, interval '1 month') t (at)
          LEFT JOIN (SELECT g.period, sum(g.orders)::bigint AS orders, sum(g.customers)::bigint AS buyers, sum(g.revenue) AS amount,
                            sum(g.first_orders)::bigint AS new_buyers, sum(g.first_revenue) AS new_amount,
                            sum(g.repeat_customers)::bigint AS repeat_buyers
                       FROM monthly g
                      GROUP BY g.period) c ON c.period = t.at::date
    ), compared AS (
        SELECT m.month_before, n.orders, n.buyers, n.amount, n.new_buyers, n.new_amount, n.repeat_buyers,
               b.orders AS b_orders, b.buyers AS b_buyers, b.amount AS b_amount, b.new_buyers AS b_new_buyers, b.new_amount AS b_new_amount, b.repeat_buyers AS b_repeat_buyers,
               y.orders AS y_orders, y.buyers AS y_buyers, y.amount AS y_amount, y.new_buyers AS y_new_buyers, y.new_amount AS y_new_amount, y.repeat_buyers AS y_repeat_buyers
          FROM span m
          JOIN trend n ON n.month = m.month
          JOIN trend b ON b.month = m.month_before
          JOIN trend y ON y.month = m.year_before
    ), cohort AS (
        SELECT g.cohort AS month, g.period AS active_month, g.customers
          FROM monthly g
         CROSS JOIN span m
         WHERE g.cohort > m.year_before
    ), cuts AS MATERIALIZED (
        SELECT k.recency, k.frequency, k.monetary, k.segments
          FROM span m
         CROSS JOIN LATERAL kept_rfm_cuts(m.state_as_of) k
        UNION ALL
        SELECT coalesce(o.recency, f.recency), coalesce(o.frequency, f.frequency), coalesce(o.monetary, f.monetary), o.segments
          FROM (SELECT loyalcs.quintiles(b.last_at) AS recency, loyalcs.quintiles(b.orders::double precision) AS frequency, loyalcs.quintiles(b.spent) AS monetary
                  FROM bought b
                 WHERE NOT EXISTS (SELECT FROM span m CROSS JOIN LATERAL kept_rfm_cuts(m.state_as_of) k)
                HAVING count(*) > 0::bigint) f
         CROSS JOIN span m
         CROSS JOIN LATERAL own_rfm_cuts(m.state_as_of) o
    ), cuts_before AS MATERIALIZED (
        SELECT k.recency, k.frequency, k.monetary, k.segments
          FROM span m
         CROSS JOIN LATERAL kept_rfm_cuts(m.starts - interval '1 microsecond') k
        UNION ALL
        SELECT coalesce(o.recency, f.recency), coalesce(o.frequency, f.frequency), coalesce(o.monetary, f.monetary), o.segments
          FROM (SELECT loyalcs.quintiles(b.last_before) AS recency, loyalcs.quintiles(b.orders_before::double precision) AS frequency, loyalcs.quintiles(b.spent_before) AS monetary
                  FROM bought b
                 WHERE b.orders_before > 0::bigint
                   AND NOT EXISTS (SELECT FROM span m CROSS JOIN LATERAL kept_rfm_cuts(m.starts - interval '1 microsecond') k)
                HAVING count(*) > 0::bigint) f
         CROSS JOIN span m
         CROSS JOIN LATERAL own_rfm_cuts(m.starts - interval '1 microsecond') o
    ), scored AS MATERIALIZED (
        SELECT s.r, s.f, s.m, count(*) AS customers, sum(s.spent) AS amount
          FROM (SELECT loyalcs.score_by(b.last_at, k.recency) AS r, loyalcs.score_by(b.orders::double precision, k.frequency) AS f,
                       loyalcs.score_by(b.spent, k.monetary) AS m, b.spent
                  FROM bought b
                 CROSS JOIN cuts k) s
         GROUP BY s.r, s.f, s.m
    ), cell AS MATERIALIZED (
        SELECT c.recency, c.value, coalesce(s.customers, 0::numeric)::bigint AS customers, coalesce(s.amount, 0::numeric) AS amount,
               loyalcs.rfm_segment(c.recency, c.value, c.value, (SELECT k.segments FROM cuts k)) AS segment
          FROM (SELECT r AS recency, v AS value FROM generate_series(1, 5) r CROSS JOIN generate_series(1, 5) v) c
          LEFT JOIN (SELECT s.r, (s.f + s.m + 1) / 2 AS v, sum(s.customers) AS customers, sum(s.amount) AS amount
                       FROM scored s
                      GROUP BY 1, 2) s ON s.r = c.recency AND s.v = c.value
    ), segment_now AS (
        SELECT loyalcs.rfm_segment(s.r, s.f, s.m, k.segments) AS segment, sum(s.customers)::bigint AS customers, sum(s.amount) AS amount
          FROM scored s
         CROSS JOIN cuts k
         GROUP BY 1
    ), segment_before AS (
        SELECT loyalcs.rfm_segment(s.r, s.f, s.m, k.segments) AS segment, sum(s.customers)::bigint AS customers
          FROM (SELECT s.r, s.f, s.m, count(*) AS customers
                  FROM (SELECT loyalcs.score_by(b.last_before, k.recency) AS r, loyalcs.score_by(b.orders_before::double precision, k.frequency) AS f,
                               loyalcs.score_by(b.spent_before, k.monetary) AS m
                          FROM bought b
                         CROSS JOIN cuts_before k
                         WHERE b.orders_before > 0::bigint) s
                 GROUP BY s.r, s.f, s.m) s
         CROSS JOIN cuts_before k
         GROUP BY 1
    ), total AS MATERIALIZED (
        SELECT t.customers, t.spent, loyalcs.gini(t.amounts) AS gini,
               loyalcs.top_shares(t.amounts, (SELECT pg_catalog.array_agg(n::double precision / 20::double precision ORDER BY n) FROM generate_series(1, 20) n)) AS shares
          FROM (SELECT count(*) AS customers, coalesce(sum(b.spent), 0::numeric) AS spent, pg_catalog.array_agg(b.spent_number) AS amounts FROM bought b) t
    ), depth AS MATERIALIZED (
        SELECT least(b.orders, 10::bigint) AS orders, count(*) AS customers FROM bought b GROUP BY 1
    ), numbered AS (
        SELECT o.order_number, o.ordered_at, o.amount, o.next_order_at
          FROM span m
         -- (not to be pulled up: the histories of the sample alone become orders)
         CROSS JOIN (SELECT h.number, h.at, h.amount
                       FROM total t
                      CROSS JOIN order_histories() h
                      WHERE t.customers <= 20000::bigint OR in_ladder_sample(h.customer_id::text, 20000::double precision / t.customers::double precision)
                     OFFSET 0) h
         CROSS JOIN LATERAL loyalcs.counted_orders(h.number, h.at, h.amount, report_purchases.as_of) o
         WHERE o.ordered_at <= m.state_as_of
    ), waited AS (
        SELECT n.order_number, trim_scale(avg(n.amount)) AS average_order,
               loyalcs.survival(pg_catalog.array_agg(n.ordered_at), pg_catalog.array_agg(n.next_order_at), (SELECT least(m.state_as_of, timestamptz '9999-12-31 00:00+00') FROM span m)) AS next
          FROM numbered n
         WHERE n.order_number <= 10::bigint
         GROUP BY n.order_number
    ), step AS MATERIALIZED (
        SELECT w.order_number, w.average_order, pg_catalog.lag((w.next).share) OVER up AS share, pg_catalog.lag((w.next).median) OVER up AS median
          FROM waited w
        WINDOW up AS (ORDER BY w.order_number)
    ), reached AS (
        SELECT s.*, 1::double precision AS reached_share FROM step s WHERE s.order_number = 1::bigint
        UNION ALL
        SELECT s.*, r.reached_share * s.share FROM reached r JOIN step s ON s.order_number = r.order_number + 1::bigint
    )
    SELECT pg_catalog.jsonb_build_object(
        'sales', pg_catalog.jsonb_build_object(
            'figures', (SELECT pg_catalog.jsonb_build_object(
                'orders', report_number('orders', 'number', 'higher', c.orders::numeric, c.b_orders::numeric, c.month_before, c.y_orders::numeric, c.orders),
                'buyers', report_number('buyers', 'number', 'higher', c.buyers::numeric, c.b_buyers::numeric, c.month_before, c.y_buyers::numeric, c.buyers),
                'amount', report_number('amount', 'money', 'higher', c.amount, c.b_amount, c.month_before, c.y_amount, c.orders),
                'average_order', report_number('average_order', 'money', 'higher', round(c.amount / nullif(c.orders, 0::bigint)::numeric, 4),
                                               round(c.b_amount / nullif(c.b_orders, 0::bigint)::numeric, 4), c.month_before,
                                               round(c.y_amount / nullif(c.y_orders, 0::bigint)::numeric, 4), c.orders),
                'new_buyers', report_number('new_buyers', 'number', 'higher', c.new_buyers::numeric, c.b_new_buyers::numeric, c.month_before, c.y_new_buyers::numeric, c.buyers),
                'new_amount', report_number('new_amount', 'money', 'higher', c.new_amount, c.b_new_amount, c.month_before, c.y_new_amount, c.orders),
                'repeat_buyers', report_number('repeat_buyers', 'number', 'higher', c.repeat_buyers::numeric, c.b_repeat_buyers::numeric, c.month_before, c.y_repeat_buyers::numeric, c.buyers),
                'repeat_amount', report_number('repeat_amount', 'money', 'higher', c.amount - c.new_amount, c.b_amount - c.b_new_amount, c.month_before, c.y_amount - c.y_new_amount, c.orders),
                'repeat_rate', report_share('repeat_rate', 'higher', c.repeat_buyers, c.buyers, c.b_repeat_buyers, c.b_buyers, c.month_before, c.y_repeat_buyers, c.y_buyers, 1))
                          FROM compared c),
            'trend', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                          'month', t.month, 'orders', t.orders, 'buyers', t.buyers, 'amount', trim_scale(t.amount), 'new_buyers', t.new_buyers, 'new_amount', trim_scale(t.new_amount),
                          'repeat_buyers', t.repeat_buyers, 'repeat_amount', trim_scale(t.amount - t.new_amount),
                          'repeat_rate', t.repeat_buyers::double precision / nullif(t.buyers, 0::bigint)::double precision) ORDER BY t.month)
                        FROM trend t)),
        'customers', pg_catalog.jsonb_build_object(
            'customers', (SELECT t.customers FROM total t),
            'ladder', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                          'order_number', r.order_number, 'customers', (SELECT sum(d.customers)::bigint FROM depth d WHERE d.orders >= r.order_number),
                          'reached_share', r.reached_share, 'step_share', r.share, 'median_wait_days', in_days(r.median), 'average_order', r.average_order) ORDER BY r.order_number)
                         FROM reached r), '[]'::jsonb),
            'cohorts', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('cohort', c.month, 'customers', c.customers, 'months', k.months) ORDER BY c.month)
                          FROM cohort c
                         CROSS JOIN span m
                         CROSS JOIN LATERAL (
                                   SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                              'months_later', l.n - 1, 'active', coalesce(a.customers, 0::bigint),
                                              'share', coalesce(a.customers, 0::bigint)::double precision / c.customers::double precision,
                                              'complete', month_is_over(l.at::date, report_purchases.as_of, m.time_zone)) ORDER BY l.n) AS months
                                     FROM generate_series(c.month::timestamp, m.month::timestamp, interval '1 month') WITH ORDINALITY l (at, n)
                                     LEFT JOIN cohort a ON a.month = c.month AND a.active_month = l.at::date) k
                         WHERE c.active_month = c.month), '[]'::jsonb),
            'rfm', pg_catalog.jsonb_build_object(
                'cells', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('recency', c.recency, 'value', c.value, 'customers', c.customers, 'amount', trim_scale(c.amount),
                                                                                    'segment', c.segment) ORDER BY c.value, c.recency)
                            FROM cell c),
                'segments', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                'segment', g.segment, 'customers', g.customers, 'share', coalesce(g.customers::double precision / nullif(t.customers, 0::bigint)::double precision, 0::double precision),
                                'previous', g.before, 'amount', trim_scale(g.amount),
                                'amount_share', (g.amount / nullif(t.spent, 0::numeric))::double precision) ORDER BY g.amount DESC, g.segment)
                               FROM (SELECT coalesce(n.segment, b.segment) AS segment, coalesce(n.customers, 0::bigint) AS customers,
                                            coalesce(n.amount, 0::numeric) AS amount, coalesce(b.customers, 0::bigint) AS before
                                       FROM segment_now n
                                       FULL JOIN segment_before b ON b.segment = n.segment) g
                              CROSS JOIN total t), '[]'::jsonb)),
            'pareto', (SELECT pg_catalog.jsonb_build_object(
                           'curve', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                                'customer_share', g.n::double precision / 20::double precision,
                                                'amount_share', CASE WHEN g.n > 0 THEN t.shares[g.n] WHEN t.spent > 0::numeric THEN 0::double precision END) ORDER BY g.n)
                                       FROM generate_series(0, 20) g (n)),
                           'gini', CASE WHEN t.spent > 0::numeric THEN t.gini END)
                         FROM total t)))
      FROM span;
END;
COMMENT ON FUNCTION report_purchases(date, timestamptz) IS
    'the sections sales and customers of monthly_report, {"sales": …, "customers": …}: what was bought, by whom, whether they come back, segments, and how much hangs on how few. Of more than 20,000 customers the shares and waits from order to order are of a stable sample of about that many, see in_ladder_sample()';

-- (The words for why there is no forecast are those of outlook_models.problem, and no_model.)
CREATE OR REPLACE FUNCTION report_outlook(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.jsonb_build_object(
               'model_as_of', report_instant(k.as_of), 'problem', CASE WHEN k.as_of IS NULL THEN 'no_model' ELSE k.problem END,
               'customers', k.customers, 'repeat_buyers', k.repeat_buyers, 'expected_orders', k.expected_orders, 'expected_money', k.expected_money,
               'leaving', pg_catalog.jsonb_build_object('customers', k.leaving, 'judged', k.leaving_judged, 'money_at_stake', trim_scale(k.money_at_stake)),
               'forecast_at', report_instant(k.forecast_at), 'tenths', coalesce(k.tenths, '[]'::jsonb))
      FROM report_span(report_outlook.month, report_outlook.as_of) m
      LEFT JOIN LATERAL (SELECT o.*
                           FROM outlook_models o
                          WHERE o.as_of <= m.state_as_of
                          ORDER BY o.as_of DESC
                          LIMIT 1) k ON true;
END;
COMMENT ON FUNCTION report_outlook(date, timestamptz) IS
    'the section outlook of monthly_report, as refresh_outlook() found it last by the end of the month: what its model expected of the next 90 days, or why it did not; who was leaving, see lapsing_customers, how many of them the model judged, and what was at stake with these; and of the latest forecast whose 90 days were over then what was expected, and what came, by tenths of the customers, see outlook_calibration. NULLs if it had not run';

CREATE OR REPLACE FUNCTION report_sales(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN report_purchases(month, as_of) OPERATOR(pg_catalog.->) 'sales'::text;
COMMENT ON FUNCTION report_sales(date, timestamptz) IS
    'the section sales of monthly_report, see report_purchases()';

CREATE OR REPLACE FUNCTION report_customers(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN report_purchases(month, as_of) OPERATOR(pg_catalog.->) 'customers'::text;
COMMENT ON FUNCTION report_customers(date, timestamptz) IS
    'the section customers of monthly_report, see report_purchases()';

CREATE OR REPLACE FUNCTION report_support(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT * FROM report_span(report_support.month, report_support.as_of)
    ), compared AS (
        SELECT v.month, v.which
          FROM span m
         CROSS JOIN LATERAL (VALUES (m.month, 'now'), (m.month_before, 'before'), (m.year_before, 'last year')) v (month, which)
    ), ticket AS MATERIALIZED (
        SELECT t.customer_id, t.ticket_id, t.channel, coalesce(t.reason, 'unknown') AS reason, t.reason AS own_reason, t.complaint, t.opened_at, t.contacts,
               -- (costs are looked up ticket by ticket: for the months of which they are told)
               CASE WHEN c.which IS NOT NULL THEN t.cost END AS cost,
               t.resolved_at, t.reopened, c.which, g.month,
               -- (what still waits has waited for so long at least; of the months alone that are told)
               CASE WHEN c.which IS NOT NULL
                    THEN time_between(t.opened_at, coalesce(t.first_reply_at, greatest(t.opened_at, least(report_support.as_of, timestamptz '9999-12-31 00:00+00')))) END AS reply_time,
               t.first_reply_at IS NOT NULL AS is_replied,
               t.first_reply_at <= t.opened_at + interval '1 hour' AS within_an_hour,
               t.first_reply_at <= t.opened_at + interval '1 hour' OR t.opened_at + interval '1 hour' <= report_support.as_of AS hour_is_over
          FROM span m
         CROSS JOIN LATERAL tickets_opened_in(m.year_before, m.last_day, report_support.as_of) t
         CROSS JOIN LATERAL (SELECT loyalcs.local_month(t.opened_at, m.time_zone) AS month OFFSET 0) g
          LEFT JOIN compared c ON c.month = g.month
    ), csat AS (
        SELECT DISTINCT ON (c.which) c.which, loyalcs.ratings_agg(a.score) AS ratings, q.scale_low::integer AS scale_low, q.scale_high::integer AS scale_high
          FROM span m
         CROSS JOIN compared c
          JOIN survey_responses r ON r.ticket_id IS NOT NULL AND r.responded_at <= report_support.as_of
                                 AND loyalcs.in_local_dates(r.responded_at, m.time_zone, c.month, (c.month + interval '1 month' - interval '1 day')::date)
          JOIN survey_answers a ON a.customer_id = r.customer_id AND a.response_id = r.response_id AND a.score IS NOT NULL
          JOIN survey_questions q ON q.survey = a.survey AND q.question = a.question AND q.kind = 'csat' AND q.scale_low = 1 AND q.scale_high = 5
         GROUP BY c.which, q.scale_low, q.scale_high
    ), had_week AS MATERIALIZED (
        SELECT t.which, min(t.opened_at) AS first_at, max(t.opened_at) AS last_at
          FROM ticket t
         WHERE t.which IS NOT NULL AND t.opened_at + interval '168 hours' <= report_support.as_of
         GROUP BY t.which
    ), repeated AS MATERIALIZED (
        SELECT t.which, count(*) AS repeats
          FROM ticket t
         WHERE EXISTS (SELECT
                         FROM had_week h
                        CROSS JOIN LATERAL tickets_written_from(h.first_at, h.last_at + interval '168 hours') w
                        WHERE h.which = t.which AND w.customer_id = t.customer_id AND t.opened_at <= h.last_at
                          AND is_repeat(t.ticket_id, t.own_reason, t.opened_at, w.ticket_id, w.reason, w.first_written_at))
         GROUP BY t.which
    ), sums AS (
        SELECT w.which, pg_catalog.count(t.ticket_id) AS tickets, coalesce(sum(t.contacts), 0::numeric) AS contacts, sum(t.cost) AS cost,
               count(*) FILTER (WHERE t.complaint) AS complaints,
               in_minutes((loyalcs.percentiles(t.reply_time, t.is_replied))[1]) AS reply_minutes, count(*) FILTER (WHERE t.is_replied) AS replied,
               count(*) FILTER (WHERE t.hour_is_over) AS hours, count(*) FILTER (WHERE t.within_an_hour) AS within_an_hour,
               pg_catalog.count(t.resolved_at) AS resolved, count(*) FILTER (WHERE t.reopened > 0::bigint) AS reopened,
               count(*) FILTER (WHERE t.reopened > 0::bigint OR t.resolved_at IS NOT NULL) AS ever_resolved,
               count(*) FILTER (WHERE t.opened_at + interval '168 hours' <= report_support.as_of) AS had_week,
               coalesce((SELECT r.repeats FROM repeated r WHERE r.which = w.which), 0::bigint) AS repeats
          FROM compared w
          LEFT JOIN ticket t ON t.which = w.which
         GROUP BY w.which
    ), three AS (
        SELECT m.*, n AS now, b AS before, y AS last_year
          FROM span m
          JOIN sums n ON n.which = 'now'
          JOIN sums b ON b.which = 'before'
          JOIN sums y ON y.which = 'last year'
    ), by_channel AS (
        SELECT t.channel, count(*) FILTER (WHERE t.which = 'now') AS tickets, count(*) FILTER (WHERE t.which = 'before') AS tickets_before,
               count(*) FILTER (WHERE t.which = 'last year') AS tickets_last_year,
               coalesce(sum(t.contacts) FILTER (WHERE t.which = 'now'), 0::numeric) AS contacts, sum(t.cost) FILTER (WHERE t.which = 'now') AS cost,
               in_minutes((loyalcs.percentiles(t.reply_time, t.is_replied) FILTER (WHERE t.which = 'now'))[1]) AS reply_minutes
          FROM ticket t
         GROUP BY t.channel
    ), answered AS (
        SELECT t.month, sum(q.responses) AS responses, sum(q.satisfied) AS satisfied
          FROM ticket t
         CROSS JOIN LATERAL ticket_csat(t.customer_id, t.ticket_id, report_support.as_of) q
         WHERE t.complaint
         GROUP BY t.month
    ), months AS MATERIALIZED (
        SELECT g.at::date AS month, coalesce(t.tickets, 0::bigint) AS tickets, coalesce(t.hours, 0::bigint) AS hours, coalesce(t.within_an_hour, 0::bigint) AS within_an_hour,
               coalesce(a.responses, 0::numeric) AS responses, coalesce(a.satisfied, 0::numeric) AS satisfied
          FROM span m
         CROSS JOIN LATERAL generate_series(m.year_before::timestamp, m.month::timestamp, interval '1 month') g (at)
          LEFT JOIN (SELECT t.month, count(*) AS tickets, count(*) FILTER (WHERE t.hour_is_over) AS hours, count(*) FILTER (WHERE t.within_an_hour) AS within_an_hour
                       FROM ticket t
                      GROUP BY t.month) t ON t.month = g.at::date
          LEFT JOIN answered a ON a.month = g.at::date
    ), by_reason AS MATERIALIZED (
        SELECT t.reason, t.month, count(*) AS tickets FROM ticket t GROUP BY t.reason, t.month
    ), reason AS (
        SELECT r.reason, r.tickets, coalesce(b.tickets, 0::bigint) AS tickets_before, coalesce(y.tickets, 0::bigint) AS tickets_last_year
          FROM span m
          JOIN by_reason r ON r.month = m.month
          LEFT JOIN by_reason b ON b.reason = r.reason AND b.month = m.month_before
          LEFT JOIN by_reason y ON y.reason = r.reason AND y.month = m.year_before
         ORDER BY r.tickets DESC, r.reason
         LIMIT 10
    ), promise AS (
        SELECT s.channel, s.metric, c.which, sum(p.met) AS met, sum(p.missed) AS missed, sum(p.running) AS running,
               loyalcs.percentiles(s.elapsed, p.ended) FILTER (WHERE c.which = 'now') AS percentiles
          FROM compared c
         CROSS JOIN LATERAL promises_started_in(c.month, (c.month + interval '1 month' - interval '1 day')::date, report_support.as_of) s
         CROSS JOIN LATERAL promise_counts(s.state) p
         GROUP BY s.channel, s.metric, c.which
    ), lying AS MATERIALIZED (
        SELECT b.age, b.tickets, b.unanswered, b.complaints, b.oldest_at FROM span m CROSS JOIN LATERAL backlog_at(m.state_as_of) b
    ), closed AS MATERIALIZED (
        SELECT c.which, o.channel, o.contacts, o.closed AS closed_contacts, o.closed::double precision / o.contacts::double precision AS closed_share,
               o.acknowledged, o.acknowledged::double precision / nullif(o.closed, 0::bigint)::double precision AS acknowledged_share
          FROM compared c
         CROSS JOIN LATERAL out_of_hours_in(c.month, (c.month + interval '1 month' - interval '1 day')::date, report_support.as_of) o
    )
    SELECT pg_catalog.jsonb_build_object(
        'figures', pg_catalog.jsonb_build_object(
            'tickets', report_number('tickets', 'number', 'lower', (m.now).tickets::numeric, (m.before).tickets::numeric, m.month_before, (m.last_year).tickets::numeric, NULL::bigint),
            'contacts', report_number('contacts', 'number', 'lower', (m.now).contacts, (m.before).contacts, m.month_before, (m.last_year).contacts, NULL::bigint),
            'contact_cost', report_number('contact_cost', 'money', 'lower', (m.now).cost, (m.before).cost, m.month_before, (m.last_year).cost, NULL::bigint),
            'complaint_share', report_share('complaint_share', 'lower', (m.now).complaints, (m.now).tickets, (m.before).complaints, (m.before).tickets, m.month_before,
                                            (m.last_year).complaints, (m.last_year).tickets, 1),
            'first_reply_median', report_measure('first_reply_median', 'minutes', 'lower', (m.now).reply_minutes, (m.before).reply_minutes, m.month_before, (m.last_year).reply_minutes, (m.now).replied),
            'within_an_hour_share', report_share('within_an_hour_share', 'higher', (m.now).within_an_hour, (m.now).hours, (m.before).within_an_hour, (m.before).hours, m.month_before,
                                                 (m.last_year).within_an_hour, (m.last_year).hours, 1),
            'resolved_share', report_share('resolved_share', 'higher', (m.now).resolved, (m.now).tickets, (m.before).resolved, (m.before).tickets, m.month_before,
                                           (m.last_year).resolved, (m.last_year).tickets, 1),
            'reopened_share', report_share('reopened_share', 'lower', (m.now).reopened, (m.now).ever_resolved, (m.before).reopened, (m.before).ever_resolved, m.month_before,
                                           (m.last_year).reopened, (m.last_year).ever_resolved, 1),
            'repeat_contact_share', report_share('repeat_contact_share', 'lower', (m.now).repeats, (m.now).had_week, (m.before).repeats, (m.before).had_week, m.month_before,
                                                 (m.last_year).repeats, (m.last_year).had_week, 1),
            'ticket_csat', report_score('ticket_csat', 'score', 'higher', (SELECT c.ratings FROM csat c WHERE c.which = 'now'), (SELECT c.ratings FROM csat c WHERE c.which = 'before'),
                                        m.month_before, (SELECT c.ratings FROM csat c WHERE c.which = 'last year'), 1, 5)),
        'channels', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                        'channel', c.channel, 'tickets', c.tickets,
                        'share', report_share('channel_share', NULL, c.tickets, (m.now).tickets, c.tickets_before, (m.before).tickets, m.month_before, c.tickets_last_year, (m.last_year).tickets, 1),
                        'contacts', c.contacts, 'cost', trim_scale(c.cost), 'first_reply_median', c.reply_minutes) ORDER BY c.tickets DESC, c.channel)
                      FROM by_channel c
                     WHERE c.tickets > 0::bigint), '[]'::jsonb),
        'reasons', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                        'reason', r.reason, 'tickets', r.tickets,
                        'share', report_share('reason_share', NULL, r.tickets, (m.now).tickets, r.tickets_before, (m.before).tickets, m.month_before, r.tickets_last_year, (m.last_year).tickets, 1),
                        'trend', (SELECT pg_catalog.jsonb_agg(report_point(k.month, coalesce(g.tickets, 0::bigint)::double precision / nullif(k.tickets, 0::bigint)::double precision, w.low, w.high, k.tickets) ORDER BY k.month)
                                    FROM months k
                                    LEFT JOIN by_reason g ON g.reason = r.reason AND g.month = k.month
                                   CROSS JOIN LATERAL loyalcs.share_interval(coalesce(g.tickets, 0::bigint), k.tickets, m.confidence) w)) ORDER BY r.tickets DESC, r.reason)
                     FROM reason r), '[]'::jsonb),
        'attainment', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                        'channel', p.channel, 'metric', p.metric, 'met', p.met, 'missed', p.missed, 'running', p.running,
                        'attainment', report_share('attainment', 'higher', p.met, p.met + p.missed, b.met, b.met + b.missed, m.month_before, y.met, y.met + y.missed, 1),
                        'median_minutes', in_minutes(p.percentiles[1]), 'p90_minutes', in_minutes(p.percentiles[2])) ORDER BY p.channel, p.metric)
                        FROM promise p
                        LEFT JOIN promise b ON b.channel = p.channel AND b.metric = p.metric AND b.which = 'before'
                        LEFT JOIN promise y ON y.channel = p.channel AND y.metric = p.metric AND y.which = 'last year'
                       WHERE p.which = 'now'), '[]'::jsonb),
        'backlog', (SELECT pg_catalog.jsonb_build_object(
                        'tickets', coalesce(sum(l.tickets), 0::numeric), 'unanswered', coalesce(sum(l.unanswered), 0::numeric), 'complaints', coalesce(sum(l.complaints), 0::numeric),
                        'oldest_on', loyalcs.local_date(min(l.oldest_at), m.time_zone),
                        'ages', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('age', a.age, 'tickets', a.tickets, 'unanswered', a.unanswered, 'complaints', a.complaints) ORDER BY a.place)
                                   FROM (SELECT v.age, v.place, coalesce(sum(l.tickets), 0::numeric) AS tickets, coalesce(sum(l.unanswered), 0::numeric) AS unanswered, coalesce(sum(l.complaints), 0::numeric) AS complaints
                                           FROM (VALUES ('under a day', 1), ('1 to 3 days', 2), ('3 to 7 days', 3), ('7 to 14 days', 4), ('14 days and more', 5)) v (age, place)
                                           LEFT JOIN lying l ON l.age = v.age
                                          GROUP BY v.age, v.place) a))
                      FROM lying l),
        'out_of_hours', pg_catalog.jsonb_build_object(
            'closed_share', (SELECT report_share('closed_share', NULL, sum(c.closed_contacts) FILTER (WHERE c.which = 'now')::bigint, sum(c.contacts) FILTER (WHERE c.which = 'now')::bigint,
                                                 sum(c.closed_contacts) FILTER (WHERE c.which = 'before')::bigint, sum(c.contacts) FILTER (WHERE c.which = 'before')::bigint, m.month_before,
                                                 sum(c.closed_contacts) FILTER (WHERE c.which = 'last year')::bigint, sum(c.contacts) FILTER (WHERE c.which = 'last year')::bigint, 1)
                               FROM closed c),
            'channels', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                            'channel', c.channel, 'contacts', c.contacts, 'closed', c.closed_contacts, 'closed_share', c.closed_share,
                            'acknowledged', c.acknowledged, 'acknowledged_share', c.acknowledged_share) ORDER BY c.contacts DESC, c.channel)
                          FROM closed c
                         WHERE c.which = 'now'), '[]'::jsonb)),
        'trend', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                      'month', k.month, 'tickets', k.tickets,
                      'had_an_hour', k.hours, 'within_an_hour', k.within_an_hour,
                      'within_an_hour_share', k.within_an_hour::double precision / nullif(k.hours, 0::bigint)::double precision,
                      'complaint_responses', k.responses, 'complaints_satisfied', k.satisfied) ORDER BY k.month)
                    FROM months k))
      FROM three m;
END;
COMMENT ON FUNCTION report_support(date, timestamptz) IS
    'the section support of monthly_report: tickets, by channel and reason, how soon they were answered, which promises were kept (by the month in which the clock started), what lies about, and what comes in while nobody is there';

-- Quotes are not for everybody to see, and stop no report.
CREATE OR REPLACE FUNCTION report_quotes(since timestamptz, until timestamptz, themes text[], most integer, as_of timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
BEGIN
    RETURN coalesce((SELECT pg_catalog.jsonb_object_agg(q.theme, q.quotes)
              FROM (SELECT r.theme, pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                               'quote', r.quote, 'source', r.source, 'rating', r.rating,
                               'said_on', loyalcs.local_date(r.said_at, (SELECT z.time_zone FROM settings z))) ORDER BY r.place) AS quotes
                      FROM (SELECT d.*, row_number() OVER (PARTITION BY d.theme ORDER BY d.said_at DESC, d.quote) AS place
                              FROM (SELECT DISTINCT ON (s.theme, s.quote) s.theme, s.quote, s.source, s.rating, s.said_at
                                      FROM voice_samples_at(report_quotes.as_of) s
                                     WHERE s.theme = ANY (report_quotes.themes) AND s.said_at >= report_quotes.since AND s.said_at < report_quotes.until
                                       AND s.quote IS NOT NULL
                                     ORDER BY s.theme, s.quote, s.said_at DESC, s.source) d) r
                     WHERE r.place <= report_quotes.most::bigint
                     GROUP BY r.theme) q), '{}'::jsonb);
EXCEPTION
    WHEN insufficient_privilege THEN
        RETURN NULL;
END
$$;
COMMENT ON FUNCTION report_quotes(timestamptz, timestamptz, text[], integer, timestamptz) IS
    'for report_voice_of(): up to so many quotes a theme, the last ones, as {"theme": [{quote, source, said_on, rating}]}; NULL if voice_samples is not for the reader to see';

CREATE OR REPLACE FUNCTION report_voice_of(month date, themes integer, quotes integer, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT m.*, m.year_before::timestamp AT TIME ZONE m.time_zone AS since, (m.month - interval '3 months')::date AS three_before
          FROM report_span(report_voice_of.month, report_voice_of.as_of) m
    ), said AS MATERIALIZED (
        SELECT r.source, r.themes, r.sentiment, loyalcs.local_month(r.said_at, m.time_zone) AS month
          FROM span m
         CROSS JOIN LATERAL voices_read(m.since, m.ends, report_voice_of.as_of) r
    ), months AS MATERIALIZED (
        SELECT g.at::date AS month, pg_catalog.count(s.themes) AS texts, pg_catalog.count(s.month) - pg_catalog.count(s.themes) AS waiting,
               loyalcs.ratings_agg((sign(s.sentiment) + 1::double precision)::integer) AS signs
          FROM span m
         CROSS JOIN LATERAL generate_series(m.year_before::timestamp, m.month::timestamp, interval '1 month') g (at)
          LEFT JOIN said s ON s.month = g.at::date
         GROUP BY g.at
    ), mentioned AS MATERIALIZED (
        SELECT t.theme, s.month, count(*) AS mentions, avg(s.sentiment::numeric)::double precision AS sentiment
          FROM said s
         CROSS JOIN LATERAL pg_catalog.unnest(s.themes) t (theme)
         GROUP BY t.theme, s.month
    ), theme AS MATERIALIZED (
        SELECT n.theme, n.mentions, n.sentiment,
               coalesce((SELECT sum(b.mentions) FROM mentioned b WHERE b.theme = n.theme AND b.month >= m.three_before AND b.month < m.month), 0::numeric)::bigint AS mentions_before,
               coalesce((SELECT y.mentions FROM mentioned y WHERE y.theme = n.theme AND y.month = m.year_before), 0::bigint) AS mentions_last_year
          FROM span m
          JOIN mentioned n ON n.month = m.month
         ORDER BY n.mentions DESC, n.theme
         LIMIT report_voice_of.themes
    ), sums AS (
        SELECT m.*, n.texts, n.waiting, n.signs, y.texts AS texts_last_year, y.signs AS signs_last_year, b.month AS signs_month, b.signs AS signs_before,
               (SELECT sum(k.texts)::bigint FROM months k WHERE k.month >= m.three_before AND k.month < m.month) AS texts_before,
               report_quotes(m.starts, m.ends, ARRAY(SELECT t.theme FROM theme t), report_voice_of.quotes, report_voice_of.as_of) AS quotes
          FROM span m
          JOIN months n ON n.month = m.month
          JOIN months y ON y.month = m.year_before
          LEFT JOIN LATERAL (SELECT k.month, k.signs FROM months k WHERE k.month < m.month AND k.signs IS NOT NULL ORDER BY k.month DESC LIMIT 1) b ON true
    )
    SELECT pg_catalog.jsonb_build_object(
        'texts', m.texts,
        'sources', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('source', g.source, 'texts', g.texts) ORDER BY g.texts DESC, g.source)
                      FROM (SELECT s.source, count(*) AS texts FROM said s WHERE s.month = m.month AND s.themes IS NOT NULL GROUP BY s.source) g), '[]'::jsonb),
        'themes', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                      'theme', t.theme, 'mentions', t.mentions,
                      'share', report_share('theme_share', NULL, t.mentions, m.texts, t.mentions_before, m.texts_before, m.three_before, t.mentions_last_year, m.texts_last_year, 3),
                      'sentiment', t.sentiment,
                      'trend', (SELECT pg_catalog.jsonb_agg(report_point(k.month, coalesce(n.mentions, 0::bigint)::double precision / nullif(k.texts, 0::bigint)::double precision, w.low, w.high, k.texts) ORDER BY k.month)
                                  FROM months k
                                  LEFT JOIN mentioned n ON n.theme = t.theme AND n.month = k.month
                                 CROSS JOIN LATERAL loyalcs.share_interval(coalesce(n.mentions, 0::bigint), k.texts, m.confidence) w),
                      'quotes', coalesce(m.quotes -> t.theme, '[]'::jsonb)) ORDER BY t.mentions DESC, t.theme)
                    FROM theme t), '[]'::jsonb),
        'sentiment', report_balance(m.signs, m.signs_before, m.signs_month, m.signs_last_year),
        'sentiment_trend', (SELECT pg_catalog.jsonb_agg(report_point(k.month, loyalcs.mean(k.signs) - 1::double precision, i.low - 1::double precision, i.high - 1::double precision,
                                                                     coalesce(loyalcs.responses(k.signs), 0::bigint)) ORDER BY k.month)
                              FROM months k
                             CROSS JOIN LATERAL loyalcs.mean_interval(k.signs, 0, 2, m.confidence) i),
        'texts_waiting', m.waiting,
        'quotes_problem', CASE WHEN m.quotes IS NULL THEN 'not for you to see'
                               WHEN NOT (SELECT s.keeps_quotes FROM settings s) THEN 'the shop keeps none' END)
      FROM sums m;
END;
COMMENT ON FUNCTION report_voice_of(date, integer, integer, timestamptz) IS
    'for report_voice() and report_themes(): with how many themes, the most mentioned, and how many quotes of each';

CREATE OR REPLACE FUNCTION report_voice(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE
RETURN report_voice_of(month, 10, 2, as_of);
COMMENT ON FUNCTION report_voice(date, timestamptz) IS
    'the section voice of monthly_report: what texts of all sources together speak of, against the three months before taken together, ten themes with up to two quotes each for whoever may see voice_samples, and how pleased they are (see sentiment_trend)';

CREATE OR REPLACE FUNCTION report_stars(ratings loyalcs.ratings) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('stars', s, 'reviews', coalesce((loyalcs.histogram(ratings))[s + 1], 0::bigint)) ORDER BY s)
          FROM generate_series(1, 5) s);
COMMENT ON FUNCTION report_stars(loyalcs.ratings) IS
    'how many reviews of a report gave how many stars, the least first';

CREATE OR REPLACE FUNCTION report_reviews(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT * FROM report_span(report_reviews.month, report_reviews.as_of)
    ), given AS MATERIALIZED (
        SELECT r.product_id, loyalcs.local_month(r.reviewed_at, m.time_zone) AS month, loyalcs.ratings_agg(r.stars) AS ratings
          FROM span m
          JOIN reviews r ON loyalcs.in_local_dates(r.reviewed_at, m.time_zone, m.year_before, m.last_day) AND r.reviewed_at <= report_reviews.as_of
         GROUP BY 1, 2
    ), months AS MATERIALIZED (
        SELECT g.at::date AS month, loyalcs.sum(r.ratings) AS ratings
          FROM span m
         CROSS JOIN LATERAL generate_series(m.year_before::timestamp, m.month::timestamp, interval '1 month') g (at)
          LEFT JOIN given r ON r.month = g.at::date
         GROUP BY g.at
    ), sums AS (
        SELECT m.*, n.ratings, loyalcs.responses(n.ratings) AS cases, x.ratings AS ratings_at_once, b.ratings AS ratings_before, b.month AS rated_before, y.ratings AS ratings_last_year
          FROM span m
          JOIN months n ON n.month = m.month
          JOIN months x ON x.month = m.month_before
          LEFT JOIN LATERAL (SELECT k.month, k.ratings FROM months k WHERE k.month < m.month AND k.ratings IS NOT NULL ORDER BY k.month DESC LIMIT 1) b ON true
          JOIN months y ON y.month = m.year_before
    )
    SELECT pg_catalog.jsonb_build_object(
        'figures', pg_catalog.jsonb_build_object(
            'reviews', report_number('reviews', 'number', 'higher', coalesce(m.cases, 0::bigint)::numeric, coalesce(loyalcs.responses(m.ratings_at_once), 0::bigint)::numeric, m.month_before,
                                     coalesce(loyalcs.responses(m.ratings_last_year), 0::bigint)::numeric, NULL::bigint),
            'stars', report_score('stars', 'score', 'higher', m.ratings, m.ratings_before, m.rated_before, m.ratings_last_year, 1, 5),
            'low_stars_share', report_share('low_stars_share', 'lower', low_stars(m.ratings), m.cases, low_stars(m.ratings_before), loyalcs.responses(m.ratings_before), m.rated_before,
                                            low_stars(m.ratings_last_year), loyalcs.responses(m.ratings_last_year), 1)),
        'distribution', report_stars(m.ratings),
        'products', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                        'product_id', p.product_id, 'product_name', p.name, 'reviews', p.reviews,
                        'stars', report_score('stars', 'score', 'higher', p.ratings, p.ratings_before, p.rated_before, p.ratings_last_year, 1, 5),
                        'distribution', report_stars(p.ratings)) ORDER BY p.reviews DESC, p.product_id)
                      FROM (SELECT g.product_id, k.name, g.ratings, loyalcs.responses(g.ratings) AS reviews, b.ratings AS ratings_before, b.month AS rated_before, y.ratings AS ratings_last_year
                              FROM given g
                              LEFT JOIN products k ON k.product_id = g.product_id
                              LEFT JOIN LATERAL (SELECT o.month, o.ratings FROM given o WHERE o.product_id = g.product_id AND o.month < g.month ORDER BY o.month DESC LIMIT 1) b ON true
                              LEFT JOIN given y ON y.product_id = g.product_id AND y.month = m.year_before
                             WHERE g.month = m.month AND g.product_id IS NOT NULL
                             ORDER BY loyalcs.responses(g.ratings) DESC, g.product_id
                             LIMIT 10) p), '[]'::jsonb),
        'trend', (SELECT pg_catalog.jsonb_agg(report_point(k.month, loyalcs.mean(k.ratings), i.low, i.high, coalesce(loyalcs.responses(k.ratings), 0::bigint)) ORDER BY k.month)
                    FROM months k
                   CROSS JOIN LATERAL loyalcs.mean_interval(k.ratings, 1, 5, m.confidence) i))
      FROM sums m;
END;
COMMENT ON FUNCTION report_reviews(date, timestamptz) IS
    'the section reviews of monthly_report: stars, their distribution, thirteen months, and the products of which most was written';

-- (Each month by itself: an index finds it, and nothing else is read.)
CREATE OR REPLACE FUNCTION report_placed(month date, as_of timestamptz)
RETURNS TABLE (customer_id @key_type@, order_id text, ordered_at timestamptz, shipped_at timestamptz, delivered_at timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.customer_id, o.order_id, o.ordered_at, o.shipped_at, o.delivered_at
      FROM orders o
     WHERE o.ordered_at >= report_placed.month::timestamp AT TIME ZONE (SELECT s.time_zone FROM settings s)
       AND o.ordered_at < (report_placed.month + interval '1 month') AT TIME ZONE (SELECT s.time_zone FROM settings s)
       AND order_counts(o.ordered_at, o.cancelled_at, report_placed.as_of)
    OFFSET 0;
END;
COMMENT ON FUNCTION report_placed(date, timestamptz) IS
    'the orders of a local month that count';

-- (No order is asked for its lines twice.)
CREATE OR REPLACE FUNCTION report_returns(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    SET enable_memoize = off
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT m.*, least(m.month, (loyalcs.local_month((least(report_returns.as_of, timestamptz '9999-12-31 00:00+00') AT TIME ZONE 'UTC' - s.returns_within) AT TIME ZONE 'UTC', m.time_zone) - interval '1 month')::date) AS rate_month
          FROM report_span(report_returns.month, report_returns.as_of) m
         CROSS JOIN settings s
    ), compared AS (
        SELECT v.month, (v.month + interval '1 month' - interval '1 day')::date AS last_day, v.which
          FROM span m
         CROSS JOIN LATERAL (VALUES (m.month, 'now'), (m.month_before, 'before'), (m.year_before, 'last year')) v (month, which)
    ), made AS MATERIALIZED (
        SELECT c.which, coalesce(r.cause, 'unknown') AS cause, r.returned_at, r.completed_at, r.refund, r.cost
          FROM compared c
         CROSS JOIN LATERAL returns_made_in(c.month, c.last_day, report_returns.as_of) r
    ), sums AS (
        SELECT c.which, pg_catalog.count(r.which) AS returns, coalesce(sum(r.refund), 0::numeric) AS refund, sum(r.cost) AS cost,
               (loyalcs.survival(pg_catalog.array_agg(r.returned_at) FILTER (WHERE isfinite(r.returned_at)),
                                 pg_catalog.array_agg(CASE WHEN isfinite(r.completed_at) THEN r.completed_at END) FILTER (WHERE isfinite(r.returned_at)),
                                 least(report_returns.as_of, timestamptz '9999-12-31 00:00+00'))).median AS wait
          FROM compared c
          LEFT JOIN made r ON r.which = c.which
         GROUP BY c.which
    ), cause AS (
        SELECT r.cause, count(*) FILTER (WHERE r.which = 'now') AS returns, count(*) FILTER (WHERE r.which = 'before') AS returns_before,
               count(*) FILTER (WHERE r.which = 'last year') AS returns_last_year
          FROM made r
         GROUP BY r.cause
        HAVING count(*) FILTER (WHERE r.which = 'now') > 0::bigint
         ORDER BY 2 DESC, r.cause
         LIMIT 10
    ), rated AS (
        SELECT v.month, v.which
          FROM span m
         CROSS JOIN LATERAL (VALUES (m.rate_month, 'now'), ((m.rate_month - interval '1 month')::date, 'before'),
                                    ((m.rate_month - interval '1 year')::date, 'last year')) v (month, which)
    ), sold AS MATERIALIZED (
        SELECT p.product_id,
               coalesce(sum(p.sold) FILTER (WHERE p.which = 'now'), 0::numeric)::bigint AS sold, coalesce(sum(p.returned) FILTER (WHERE p.which = 'now'), 0::numeric)::bigint AS returned,
               coalesce(sum(p.sold) FILTER (WHERE p.which = 'before'), 0::numeric)::bigint AS sold_before, coalesce(sum(p.returned) FILTER (WHERE p.which = 'before'), 0::numeric)::bigint AS returned_before,
               coalesce(sum(p.sold) FILTER (WHERE p.which = 'last year'), 0::numeric)::bigint AS sold_last_year,
               coalesce(sum(p.returned) FILTER (WHERE p.which = 'last year'), 0::numeric)::bigint AS returned_last_year
          FROM (SELECT i.product_id, v.which, sum(i.quantity) AS sold, 0::bigint AS returned
                  FROM rated v
                 -- by customer, and then one order after another, by key: what stands side by side is read
                 -- together, and no other month's items
                 CROSS JOIN LATERAL (SELECT o.customer_id, o.order_id FROM report_placed(v.month, report_returns.as_of) o ORDER BY o.customer_id OFFSET 0) o
                 CROSS JOIN LATERAL (SELECT i.product_id, i.quantity FROM order_items i WHERE i.customer_id = o.customer_id AND i.order_id = o.order_id OFFSET 0) i
                 GROUP BY i.product_id, v.which
                UNION ALL
                SELECT i.product_id, v.which, 0::bigint, sum(b.quantity)
                  FROM span m
                 CROSS JOIN returns r
                  JOIN return_items b ON b.customer_id = r.customer_id AND b.return_id = r.return_id AND b.order_id = r.order_id
                  JOIN orders o ON o.customer_id = r.customer_id AND o.order_id = r.order_id
                               AND order_counts(o.ordered_at, o.cancelled_at, report_returns.as_of)
                  JOIN order_items i ON i.customer_id = b.customer_id AND i.order_id = b.order_id AND i.line = b.line
                  JOIN rated v ON v.month = loyalcs.local_month(o.ordered_at, m.time_zone)
                 WHERE r.returned_at <= report_returns.as_of
                 GROUP BY i.product_id, v.which) p
         GROUP BY p.product_id
    ), three AS (
        SELECT m.*, n AS now, b AS before, y AS last_year
          FROM span m
          JOIN sums n ON n.which = 'now'
          JOIN sums b ON b.which = 'before'
          JOIN sums y ON y.which = 'last year'
    )
    SELECT pg_catalog.jsonb_build_object(
        'figures', pg_catalog.jsonb_build_object(
            'returns', report_number('returns', 'number', 'lower', (m.now).returns::numeric, (m.before).returns::numeric, m.month_before, (m.last_year).returns::numeric, NULL::bigint),
            'refund', report_number('refund', 'money', 'lower', (m.now).refund, (m.before).refund, m.month_before, (m.last_year).refund, (m.now).returns),
            'handling_cost', report_number('handling_cost', 'money', 'lower', (m.now).cost, (m.before).cost, m.month_before, (m.last_year).cost, (m.now).returns),
            'completion_median', report_measure('completion_median', 'days', 'lower', in_days((m.now).wait), in_days((m.before).wait), m.month_before,
                                                in_days((m.last_year).wait), (m.now).returns),
            'return_rate', (SELECT report_share('return_rate', 'lower', coalesce(sum(k.returned), 0::numeric)::bigint, coalesce(sum(k.sold), 0::numeric)::bigint,
                                                coalesce(sum(k.returned_before), 0::numeric)::bigint, coalesce(sum(k.sold_before), 0::numeric)::bigint, (m.rate_month - interval '1 month')::date,
                                                coalesce(sum(k.returned_last_year), 0::numeric)::bigint, coalesce(sum(k.sold_last_year), 0::numeric)::bigint, 1)
                              FROM sold k)),
        'rate_month', m.rate_month,
        'reasons', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                        'reason', c.cause, 'returns', c.returns,
                        'share', report_share('return_reason_share', NULL, c.returns, (m.now).returns, c.returns_before, (m.before).returns, m.month_before,
                                              c.returns_last_year, (m.last_year).returns, 1)) ORDER BY c.returns DESC, c.cause)
                     FROM cause c), '[]'::jsonb),
        'products', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                        'product_id', p.product_id, 'product_name', p.name, 'sold', p.sold, 'returned', p.returned,
                        'return_rate', report_share('return_rate', 'lower', p.returned, p.sold, p.returned_before, p.sold_before, (m.rate_month - interval '1 month')::date,
                                                    p.returned_last_year, p.sold_last_year, 1)) ORDER BY p.returned DESC, p.sold, p.product_id)
                      FROM (SELECT k.*, n.name
                              FROM sold k
                              LEFT JOIN products n ON n.product_id = k.product_id
                             WHERE k.returned > 0::bigint AND k.product_id IS NOT NULL
                             ORDER BY k.returned DESC, k.sold, k.product_id
                             LIMIT 10) p), '[]'::jsonb))
      FROM three m;
END;
COMMENT ON FUNCTION report_returns(date, timestamptz) IS
    'the section returns of monthly_report: what came back in the month, why and what that cost; and the share of the pieces that came back, of the orders of rate_month: the month, or the last one before of which every order has had settings.returns_within';

-- (Nor is one asked for its parcels twice.)
CREATE OR REPLACE FUNCTION report_delivery(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    SET enable_memoize = off
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT * FROM report_span(report_delivery.month, report_delivery.as_of)
    ), placed AS MATERIALIZED (
        SELECT v.month, o.ordered_at, loyalcs.local_date(o.ordered_at, m.time_zone) AS ordered_on, p.expected_on,
               CASE WHEN o.shipped_at <= least(report_delivery.as_of, timestamptz '9999-12-31 00:00+00') THEN o.shipped_at END AS shipped_at,
               CASE WHEN o.delivered_at <= least(report_delivery.as_of, timestamptz '9999-12-31 00:00+00') THEN o.delivered_at END AS delivered_at
          FROM span m
         CROSS JOIN LATERAL (VALUES (m.month), (m.month_before), (m.year_before)) v (month)
         CROSS JOIN LATERAL report_placed(v.month, report_delivery.as_of) o
         CROSS JOIN LATERAL (SELECT max(p.expected_on) AS expected_on
                               FROM shipments p
                              WHERE p.customer_id = o.customer_id AND p.order_id = o.order_id) p
         WHERE o.delivered_at IS NULL OR o.delivered_at > o.ordered_at
    ), found AS MATERIALIZED (
        SELECT a.month, a.orders, a.shipped, a.delivered, in_days(a.to_shipment[1]) AS to_shipment_median_days, in_days(a.to_door[1]) AS to_door_median_days,
               in_days(a.total[1]) AS total_median_days, a.promised, a.late, a.before_noon, a.same_day
          FROM (SELECT d.month, count(*) AS orders, pg_catalog.count(d.shipped_at) AS shipped, pg_catalog.count(d.delivered_at) AS delivered,
                       loyalcs.percentiles(time_between(d.ordered_at, d.shipped_at)) AS to_shipment,
                       loyalcs.percentiles(time_between(d.shipped_at, d.delivered_at)) AS to_door,
                       loyalcs.percentiles(time_between(d.ordered_at, d.delivered_at)) AS total,
                       count(*) FILTER (WHERE d.delivered_at IS NOT NULL AND d.expected_on IS NOT NULL OR d.is_overdue) AS promised,
                       count(*) FILTER (WHERE loyalcs.local_date(d.delivered_at, d.time_zone) > d.expected_on OR d.is_overdue) AS late,
                       count(*) FILTER (WHERE d.had_its_day) AS before_noon,
                       count(*) FILTER (WHERE d.had_its_day AND loyalcs.local_date(d.shipped_at, d.time_zone) = d.ordered_on) AS same_day
                  FROM (SELECT p.*, m.time_zone, coalesce(p.delivered_at IS NULL AND p.expected_on < t.today, false) AS is_overdue,
                               (p.ordered_at AT TIME ZONE m.time_zone)::time < time '12:00' AND (p.shipped_at IS NOT NULL OR t.today > p.ordered_on) AS had_its_day
                          FROM span m
                         CROSS JOIN LATERAL (SELECT loyalcs.local_date(least(report_delivery.as_of, timestamptz '9999-12-30 00:00+00'), m.time_zone) AS today) t
                         CROSS JOIN placed p) d
                 GROUP BY d.month) a
    )
    SELECT pg_catalog.jsonb_build_object(
        'figures', pg_catalog.jsonb_build_object(
            'orders', report_number('orders', 'number', 'higher', coalesce(n.orders, 0::bigint)::numeric, coalesce(b.orders, 0::bigint)::numeric, m.month_before, coalesce(y.orders, 0::bigint)::numeric, NULL::bigint),
            'to_shipment_median', report_measure('to_shipment_median', 'days', 'lower', n.to_shipment_median_days, b.to_shipment_median_days, m.month_before, y.to_shipment_median_days, coalesce(n.shipped, 0::bigint)),
            'to_door_median', report_measure('to_door_median', 'days', 'lower', n.to_door_median_days, b.to_door_median_days, m.month_before, y.to_door_median_days, coalesce(n.delivered, 0::bigint)),
            'total_median', report_measure('total_median', 'days', 'lower', n.total_median_days, b.total_median_days, m.month_before, y.total_median_days, coalesce(n.delivered, 0::bigint)),
            'late_share', report_share('late_share', 'lower', n.late, n.promised, b.late, b.promised, m.month_before, y.late, y.promised, 1),
            'same_day_share', report_share('same_day_share', 'higher', n.same_day, n.before_noon, b.same_day, b.before_noon, m.month_before, y.same_day, y.before_noon, 1)),
        'nps', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('lateness', l.lateness, 'responses', l.responses, 'score', l.score, 'low', l.score_low, 'high', l.score_high)
                                                     ORDER BY pg_catalog.array_position('{in time,1 day late,2 to 3 days late,4 days late and more,no promise}'::text[], l.lateness))
                 FROM delivery_nps_at(report_delivery.as_of) l
                WHERE l.month = m.month), '[]'::jsonb))
      FROM span m
      LEFT JOIN found n ON n.month = m.month
      LEFT JOIN found b ON b.month = m.month_before
      LEFT JOIN found y ON y.month = m.year_before;
END;
COMMENT ON FUNCTION report_delivery(date, timestamptz) IS
    'the section delivery of monthly_report: how long orders took, how many came late or left the same day (see delivery_performance), and the NPS by how late they came';

CREATE OR REPLACE FUNCTION report_loyalty(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT m.*, (m.year_before + interval '1 month') AT TIME ZONE m.time_zone - interval '1 microsecond' AS year_before_ends
          FROM report_span(report_loyalty.month, report_loyalty.as_of) m
    ), holder AS NOT MATERIALIZED (
        SELECT h.customer_id, h.tier, h.rank,
               h.valid_from <= m.state_as_of AND (h.valid_until IS NULL OR h.valid_until > m.state_as_of) AS now,
               h.valid_from < m.starts AND (h.valid_until IS NULL OR h.valid_until >= m.starts) AS before,
               h.valid_from <= m.year_before_ends AND (h.valid_until IS NULL OR h.valid_until > m.year_before_ends) AS last_year
          FROM span m
          JOIN tier_history h ON h.valid_from <= m.state_as_of AND (h.valid_until IS NULL OR h.valid_until > m.year_before_ends)
    ), counted AS (
        SELECT h.tier, max(h.rank) AS rank, count(*) FILTER (WHERE h.now) AS customers, count(*) FILTER (WHERE h.before) AS before, count(*) FILTER (WHERE h.last_year) AS last_year
          FROM holder h
         GROUP BY h.tier
    ), changed AS MATERIALIZED (
        -- (of those who held one tier all the month there is nothing to say)
        SELECT h.customer_id, max(h.tier) FILTER (WHERE h.now) AS into_tier, max(h.tier) FILTER (WHERE h.before) AS from_tier
          FROM holder h
         WHERE h.customer_id IN (SELECT c.customer_id
                                   FROM span m
                                   JOIN tier_history c ON c.valid_from BETWEEN m.starts AND m.state_as_of OR c.valid_until BETWEEN m.starts AND m.state_as_of)
         GROUP BY h.customer_id
    ), moved AS (
        SELECT t.tier, count(*) FILTER (WHERE t.enters) AS entered, count(*) FILTER (WHERE NOT t.enters) AS exited
          FROM changed v
         CROSS JOIN LATERAL (VALUES (v.into_tier, true), (v.from_tier, false)) t (tier, enters)
         WHERE v.into_tier IS DISTINCT FROM v.from_tier AND t.tier IS NOT NULL
         GROUP BY t.tier
    ), every_one AS (
        SELECT count(*) FILTER (WHERE c.joined_at <= m.state_as_of) AS customers, count(*) FILTER (WHERE c.joined_at < m.starts) AS before,
               count(*) FILTER (WHERE c.joined_at <= m.year_before_ends) AS last_year
          FROM span m
         CROSS JOIN customers c
    ), tier AS (
        SELECT c.tier, c.rank, c.customers, c.before, c.last_year, coalesce(v.entered, 0::bigint) AS entered, coalesce(v.exited, 0::bigint) AS exited
          FROM counted c
          LEFT JOIN moved v ON v.tier = c.tier
        UNION ALL
        SELECT NULL, NULL, greatest(e.customers - h.customers, 0::bigint), greatest(e.before - h.before, 0::bigint), greatest(e.last_year - h.last_year, 0::bigint), h.left_all, h.come_to_one
          FROM every_one e
         CROSS JOIN (SELECT coalesce(sum(c.customers), 0::numeric)::bigint AS customers, coalesce(sum(c.before), 0::numeric)::bigint AS before,
                            coalesce(sum(c.last_year), 0::numeric)::bigint AS last_year,
                            (SELECT count(*) FROM changed l WHERE l.into_tier IS NULL) AS left_all,
                            (SELECT count(*) FROM changed l WHERE l.from_tier IS NULL) AS come_to_one
                       FROM counted c) h
    ), posted AS (
        SELECT CASE WHEN d.day >= m.year_before THEN date_trunc('month', d.day::timestamp)::date END AS month, sum(d.points) AS moved,
               sum(d.points) FILTER (WHERE d.kind = 'earn') AS earned, sum(d.points) FILTER (WHERE d.kind = 'redeem') AS redeemed,
               sum(d.points) FILTER (WHERE d.kind = 'expire') AS expired, sum(d.points) FILTER (WHERE d.kind = 'reverse') AS reversed,
               sum(d.points) FILTER (WHERE d.kind = 'adjust') AS adjusted
          FROM span m
         CROSS JOIN LATERAL daily_points(m.state_as_of) d
         GROUP BY 1
    ), months AS MATERIALIZED (
        SELECT g.at::date AS month,
               (coalesce((SELECT p.moved FROM posted p WHERE p.month IS NULL), 0::numeric) + sum(coalesce(p.moved, 0::numeric)) OVER w - coalesce(p.moved, 0::numeric))::numeric AS opening,
               coalesce(p.earned, 0::numeric) AS earned, coalesce(p.redeemed, 0::numeric) AS redeemed, coalesce(p.expired, 0::numeric) AS expired,
               coalesce(p.reversed, 0::numeric) AS reversed, coalesce(p.adjusted, 0::numeric) AS adjusted,
               (coalesce((SELECT p.moved FROM posted p WHERE p.month IS NULL), 0::numeric) + sum(coalesce(p.moved, 0::numeric)) OVER w)::numeric AS closing
          FROM span m
         CROSS JOIN LATERAL generate_series(m.year_before::timestamp, m.month::timestamp, interval '1 month') g (at)
          LEFT JOIN posted p ON p.month = g.at::date
        WINDOW w AS (ORDER BY g.at)
    )
    SELECT pg_catalog.jsonb_build_object(
        'tiers', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                     'tier', t.tier, 'rank', t.rank, 'customers', t.customers,
                     'share', least(t.customers::double precision / nullif(greatest(e.customers, (SELECT sum(o.customers)::bigint FROM tier o)), 0::bigint)::double precision, 1::double precision),
                     'previous', t.before, 'last_year', t.last_year, 'entered', t.entered, 'exited', t.exited) ORDER BY t.rank DESC NULLS LAST, t.tier)
                   FROM tier t
                  CROSS JOIN every_one e), '[]'::jsonb),
        'points', pg_catalog.jsonb_build_object(
            'opening', report_number('opening', 'number', NULL, n.opening, b.opening, m.month_before, y.opening, NULL::bigint),
            'earned', report_number('earned', 'number', NULL, n.earned, b.earned, m.month_before, y.earned, NULL::bigint),
            'redeemed', report_number('redeemed', 'number', NULL, n.redeemed, b.redeemed, m.month_before, y.redeemed, NULL::bigint),
            'expired', report_number('expired', 'number', NULL, n.expired, b.expired, m.month_before, y.expired, NULL::bigint),
            'reversed', report_number('reversed', 'number', NULL, n.reversed, b.reversed, m.month_before, y.reversed, NULL::bigint),
            'adjusted', report_number('adjusted', 'number', NULL, n.adjusted, b.adjusted, m.month_before, y.adjusted, NULL::bigint),
            'closing', report_number('closing', 'number', NULL, n.closing, b.closing, m.month_before, y.closing, NULL::bigint)),
        'points_trend', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('month', k.month, 'earned', k.earned, 'redeemed', k.redeemed, 'expired', k.expired, 'closing', k.closing) ORDER BY k.month)
                           FROM months k),
        'lapsing_soon', (SELECT coalesce(sum(x.points), 0::numeric)
                           FROM points_expiring_at(m.state_as_of) x
                          WHERE x.expires_at > m.state_as_of
                            AND x.expires_at <= (least(m.state_as_of, timestamptz '9999-01-01 00:00+00') AT TIME ZONE m.time_zone + interval '3 months') AT TIME ZONE m.time_zone))
      FROM span m
      JOIN months n ON n.month = m.month
      JOIN months b ON b.month = m.month_before
      JOIN months y ON y.month = m.year_before;
END;
COMMENT ON FUNCTION report_loyalty(date, timestamptz) IS
    'the section loyalty of monthly_report: who holds which tier, who came and went, and the points that customers hold (see points_liability)';

CREATE OR REPLACE FUNCTION report_followups(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT * FROM report_span(report_followups.month, report_followups.as_of)
    ), done AS MATERIALIZED (
        SELECT j.journey, f.step, v.which, count(*) FILTER (WHERE f.outcome = 'sent') AS sent, count(*) FILTER (WHERE f.outcome = 'failed') AS failed,
               count(*) FILTER (WHERE f.outcome = 'undeliverable') AS undeliverable,
               count(*) FILTER (WHERE f.outcome = 'dropped' AND f.arm IS DISTINCT FROM 'held_out') AS dropped,
               count(*) FILTER (WHERE f.arm = 'held_out') AS held_out
          FROM span m
         CROSS JOIN LATERAL (VALUES (m.month, 'now'), (m.month_before, 'before'), (m.year_before, 'last year')) v (month, which)
          JOIN followups f ON f.finished_at <= report_followups.as_of AND f.finished_at >= v.month::timestamp AT TIME ZONE m.time_zone
                          AND f.finished_at < (v.month + interval '1 month') AT TIME ZONE m.time_zone
          JOIN journey_steps j ON j.step_id = f.step_id
         GROUP BY j.journey, f.step, v.which
    ), sums AS (
        SELECT v.which, coalesce(sum(d.sent), 0::numeric) AS sent, coalesce(sum(d.failed), 0::numeric) AS failed, coalesce(sum(d.undeliverable), 0::numeric) AS undeliverable,
               coalesce(sum(d.dropped), 0::numeric) AS dropped, coalesce(sum(d.held_out), 0::numeric) AS held_out
          FROM (VALUES ('now'), ('before'), ('last year')) v (which)
          LEFT JOIN done d ON d.which = v.which
         GROUP BY v.which
    )
    SELECT pg_catalog.jsonb_build_object(
        'figures', pg_catalog.jsonb_build_object(
            'sent', report_number('sent', 'number', NULL, n.sent, b.sent, m.month_before, y.sent, NULL::bigint),
            'failed', report_number('failed', 'number', 'lower', n.failed, b.failed, m.month_before, y.failed, NULL::bigint),
            'undeliverable', report_number('undeliverable', 'number', 'lower', n.undeliverable, b.undeliverable, m.month_before, y.undeliverable, NULL::bigint),
            'dropped', report_number('dropped', 'number', NULL, n.dropped, b.dropped, m.month_before, y.dropped, NULL::bigint),
            'held_out', report_number('held_out', 'number', NULL, n.held_out, b.held_out, m.month_before, y.held_out, NULL::bigint)),
        'steps', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                     'journey', d.journey, 'step', d.step, 'sent', d.sent, 'previous', coalesce(p.sent, 0::bigint), 'failed', d.failed, 'undeliverable', d.undeliverable,
                     'dropped', d.dropped, 'held_out', d.held_out) ORDER BY d.journey, d.step)
                   FROM done d
                   LEFT JOIN done p ON p.journey = d.journey AND p.step = d.step AND p.which = 'before'
                  WHERE d.which = 'now'), '[]'::jsonb),
        'effect', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                     'step', e.step, 'assigned', e.assigned, 'assigned_ordered', e.assigned_ordered, 'held_out', e.held_out, 'held_out_ordered', e.held_out_ordered,
                     'uplift', e.uplift, 'uplift_low', e.uplift_low, 'uplift_high', e.uplift_high,
                     'significant', CASE WHEN e.uplift IS NOT NULL
                                         THEN (e.uplift_low > 0::double precision OR e.uplift_high < 0::double precision)
                                              AND least(e.assigned, e.held_out) >= s.minimum_answers::bigint END) ORDER BY e.step, e.holdout_share)
                    FROM followup_effect_at(report_followups.as_of) e
                   CROSS JOIN settings s
                   WHERE e.held_out > 0::bigint), '[]'::jsonb))
      FROM span m
      JOIN sums n ON n.which = 'now'
      JOIN sums b ON b.which = 'before'
      JOIN sums y ON y.which = 'last year';
END;
COMMENT ON FUNCTION report_followups(date, timestamptz) IS
    'the section followups of monthly_report: what became of the messages that were finished in the month, and whether a step makes customers order (see followup_effect; by all that is known)';
