-- Figures by another period than the month.
-- test: setup filled

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/errors.sql'
\i :shared
SET search_path = aurora;

-- Every view by month has its x_per, or a reason why not.
CREATE TEMP TABLE by_month_alone (view, why) AS VALUES
    ('kpi_values', 'a KPI is one number a month; kpi_periods has quarters and years'),
    ('outlook_accuracy', 'the month in which a forecast was kept'),
    ('phone_hearings', 'the month for which customers were picked to be called'),
    ('support_plan_fit', 'plans of a support service are by the month');
CREATE TEMP VIEW by_month AS
SELECT c.relname AS view, EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = c.relnamespace AND p.proname = c.relname || '_per') AS has_per
  FROM pg_class c
 WHERE c.relnamespace = 'aurora'::regnamespace AND c.relkind = 'v'
   AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'month');
SELECT view, has_per, why FROM by_month FULL JOIN by_month_alone USING (view) WHERE has_per IS NOT DISTINCT FROM (why IS NOT NULL) OR has_per IS NULL;

-- What of each is a count of cases, of each of which one period has it, and by which
-- columns it is divided.
CREATE TEMP TABLE counted (figure, cases, keys) AS VALUES
    ('acquisition', 'new_customers', '{sales_channel}'::text[]),
    ('agent_summary', 'tickets', '{agent_id}'),
    ('channel_summary', 'tickets', '{part,channel}'),
    ('churn_reasons', 'cancelled', '{reason}'),
    ('complaint_recovery', 'complaints', '{}'),
    ('delivery_nps', 'responses', '{lateness}'),
    ('delivery_performance', 'orders', '{}'),
    ('first_replies', 'tickets', '{}'),
    ('out_of_hours', 'contacts', '{channel}'),
    ('return_reasons', 'returns', '{cause}'),
    ('review_handling', 'reviews', '{dimension,part}'),
    ('review_scores', 'reviews', '{product_id}'),
    ('satisfaction', 'responses', '{kind,scale,higher_is_better}'),
    ('subscription_saves', 'requests', '{reason}'),
    ('survey_scores', 'responses', '{part,survey,question}'),
    ('monthly_product_returns', 'sold', '{part,product_id}'),
    ('points_liability', 'earned', '{}'),
    ('repeat_rate', 'new_buyers', '{part}'),
    ('revenue_mix', 'orders', '{part}'),
    ('sentiment_trend', 'voices', '{source}'),
    ('sla_attainment', 'met', '{channel,metric}'),
    ('ticket_reasons', 'tickets', '{reason}'),
    ('tier_movements', NULL, '{tier}'),
    ('ticket_satisfaction', 'responses', '{survey,question,dimension,part}'),
    ('voice_themes', 'mentions', '{source,theme}'),
    ('word_of_mouth', 'referred', '{tier}');
SELECT figure, p.proname FROM counted FULL JOIN pg_proc p ON p.proname = figure || '_per'
 WHERE figure IS NULL AND p.pronamespace = 'aurora'::regnamespace AND p.proname ~ '_per$' OR p.proname IS NULL;

-- All of them by all periods, as of the last evening of the demo.
\set as_of '''2026-10-30 21:00+09'''
CREATE TEMP TABLE cases (figure text, period text, period_start date, complete boolean, key text, cases bigint);
SELECT format('INSERT INTO cases SELECT %L, %L, period_start, complete, concat_ws(''|'', NULL%s), %I FROM %I(%L, %s%L)',
              c.figure, p.period, (SELECT string_agg(format(', %I', k), '' ORDER BY n) FROM unnest(c.keys) WITH ORDINALITY k (k, n)), c.cases,
              c.figure || '_per', p.period, CASE WHEN c.keys[1] = 'part' THEN '''region'', ' ELSE '' END, :as_of)
  FROM counted c CROSS JOIN unnest('{day,week,month,quarter,year,30 days}'::text[]) p (period)
 WHERE c.cases IS NOT NULL
\gexec
-- Each period's cases are those of its days: by the calendar, and of 30 days by counting back.
CREATE TEMP VIEW of_days AS
SELECT d.figure, p.period,
       CASE p.period WHEN '30 days' THEN date '2026-10-30' + 1 - 30 * (1 + (date '2026-10-30' - d.period_start) / 30)
                     ELSE date_trunc(p.period, d.period_start::timestamp)::date END AS period_start,
       d.key, sum(d.cases)::bigint AS cases
  FROM cases d CROSS JOIN unnest('{day,week,month,quarter,year,30 days}'::text[]) p (period)
 WHERE d.period = 'day'
 GROUP BY 1, 2, 3, 4 HAVING sum(d.cases) > 0;
SELECT figure, count(*) > 20 AS enough, count(*) FILTER (WHERE o.cases IS DISTINCT FROM c.cases) AS differing
  FROM of_days o FULL JOIN (SELECT * FROM cases c WHERE c.cases > 0) c USING (figure, period, period_start, key)
 GROUP BY figure ORDER BY figure;
-- A period is over with its last day.
SELECT c.period, bool_and(c.complete = (c.period_start + l.length <= timestamp '2026-10-30')) AS as_it_should_be, count(DISTINCT c.complete)
  FROM cases c
  JOIN (VALUES ('day', interval '1 day'), ('week', '7 days'), ('month', '1 month'), ('quarter', '3 months'), ('year', '1 year'), ('30 days', '30 days')) l (period, length)
    ON l.period = c.period
 GROUP BY c.period ORDER BY c.period;

-- By month they are what the views say, to the last digit.
CREATE TEMP TABLE differing (figure text, rows bigint, differing bigint);
SELECT format('INSERT INTO differing SELECT %1$L, (SELECT count(*) FROM %2$I(%3$s%4$L)),
                                            (SELECT count(*) FROM (SELECT * FROM %2$I(%3$s%4$L) EXCEPT ALL SELECT * FROM %5$I(''month'', %3$s%4$L)) d)',
              c.figure, c.figure || CASE WHEN c.keys[1] = 'part' THEN '_by' ELSE '_at' END,
              CASE WHEN c.keys[1] = 'part' THEN '''region'', ' ELSE '' END, :as_of, c.figure || '_per')
  FROM counted c
\gexec
SELECT count(*) AS figures, bool_and(rows > 0) AS enough, sum(differing) AS differing FROM differing;

-- The last 30 days against plain SQL, today's among them.
SELECT (SELECT cases FROM cases WHERE figure = 'review_scores' AND period = '30 days' AND period_start = '2026-10-01' AND key = '')
       = (SELECT count(*) FROM reviews WHERE reviewed_at >= '2026-10-01 00:00+09' AND reviewed_at <= :as_of) AS reviews,
       (SELECT sum(cases) FROM cases WHERE figure = 'return_reasons' AND period = '30 days' AND period_start = '2026-10-01')
       = (SELECT count(*) FROM returns WHERE returned_at >= '2026-10-01 00:00+09' AND returned_at <= :as_of) AS returns,
       (SELECT sum(cases) FROM cases WHERE figure = 'out_of_hours' AND period = '30 days' AND period_start = '2026-10-01')
       = (SELECT count(DISTINCT (customer_id, ticket_id, at)) FROM ticket_events
           WHERE at >= '2026-10-01 00:00+09' AND at <= :as_of AND kind IN ('opened', 'customer_message', 'reopened')) AS contacts;
-- A week is compared with the week before, thirty days with the thirty before.
SELECT p.period, count(*) > 5 AS enough, bool_and(r.tickets_before = coalesce(b.tickets, 0)) AS tickets_before,
       bool_and(s.compared_with = s.period_start - p.days) AS compared_with
  FROM (VALUES ('week', 7), ('30 days', 30)) p (period, days)
 CROSS JOIN LATERAL ticket_reasons_per(p.period, :as_of) r
  LEFT JOIN LATERAL ticket_reasons_per(p.period, :as_of) b ON b.period_start = r.period_start - p.days AND b.reason = r.reason
  LEFT JOIN LATERAL review_scores_per(p.period, :as_of) s ON s.period_start = r.period_start AND s.product_id IS NULL
 WHERE r.period_start > '2026-08-01'
 GROUP BY p.period ORDER BY p.period;
-- What was spent is known by month, and so of a quarter, but of no week.
SELECT (SELECT sum(a.acquisition_cost) FROM acquisition_per('quarter', :as_of) a WHERE a.sales_channel = 'all')
       = (SELECT sum(c.amount) FROM marketing_costs c WHERE c.aim = 'acquisition' AND c.month <= '2026-10-01') AS by_quarter,
       (SELECT pg_catalog.count(a.acquisition_cost) FROM acquisition_per('week', :as_of) a) AS by_week;
-- Points and tiers go on: what a period ends with the next begins with, and a quarter ends
-- with what its last month does.
SELECT p.period, bool_and(o.opening = o.before) AS points_go_on, count(*) > 3 AS enough
  FROM unnest('{day,week,month,quarter,30 days}'::text[]) p (period)
 CROSS JOIN LATERAL (SELECT l.opening, lag(l.closing, 1, 0::bigint) OVER (ORDER BY l.period_start) AS before
                       FROM points_liability_per(p.period, :as_of) l) o
 GROUP BY p.period ORDER BY p.period;
SELECT p.period, bool_and(o.starting = o.before) AS tiers_go_on, count(*) > 3 AS enough
  FROM unnest('{day,week,month,quarter,30 days}'::text[]) p (period)
 CROSS JOIN LATERAL (SELECT l.starting, lag(l.ending, 1, 0::bigint) OVER (PARTITION BY l.tier ORDER BY l.period_start) AS before
                       FROM tier_movements_per(p.period, :as_of) l) o
 GROUP BY p.period ORDER BY p.period;
SELECT count(*) > 5 AS enough, bool_and(q.ending = m.ending) AS tiers
  FROM tier_movements_per('quarter', :as_of) q
  JOIN tier_movements_per('month', :as_of) m ON m.tier = q.tier AND m.period_start = least((q.period_start + interval '2 months')::date, '2026-10-01');
SELECT count(*) > 3 AS enough, bool_and(q.closing = m.closing) AS points
  FROM points_liability_per('quarter', :as_of) q
  JOIN points_liability_per('month', :as_of) m ON m.period_start = least((q.period_start + interval '2 months')::date, '2026-10-01');
-- NPS and the time that answers took, of thirty days and of a quarter, by plain SQL.
SELECT p.period, s.responses > 0 AS any, s.responses = h.responses AS responses, round(s.score::numeric, 8) = round(h.nps, 8) AS nps,
       s.median_time_taken IS NOT DISTINCT FROM h.median AS median, s.sent = h.sent AS sent
  FROM (VALUES ('30 days', date '2026-10-01', date '2026-10-30'), ('quarter', '2026-07-01', '2026-09-30'), ('week', '2026-10-19', '2026-10-25')) p (period, first, last)
  JOIN survey_questions q ON q.kind = 'nps'
 CROSS JOIN LATERAL (SELECT count(*) AS responses, (count(*) FILTER (WHERE a.score >= 9) - count(*) FILTER (WHERE a.score <= 6)) * 100.0 / nullif(count(*), 0) AS nps,
                            percentile_cont(0.5) WITHIN GROUP (ORDER BY r.time_taken) AS median,
                            (SELECT count(*) FROM survey_invitations i WHERE i.survey = q.survey AND i.sent_at <= :as_of AND (i.sent_at AT TIME ZONE 'Asia/Tokyo')::date BETWEEN p.first AND p.last) AS sent
                       FROM survey_answers a JOIN survey_responses r USING (customer_id, response_id)
                      WHERE a.survey = q.survey AND a.question = q.question AND a.score IS NOT NULL
                        AND r.responded_at <= :as_of AND (r.responded_at AT TIME ZONE 'Asia/Tokyo')::date BETWEEN p.first AND p.last) h
  JOIN survey_scores_per(p.period, 'everyone', :as_of) s ON s.survey = q.survey AND s.question = q.question AND s.period_start = p.first
 ORDER BY p.period, q.survey;

-- Who buys, comes back and stays, by plain SQL: of those who bought twice in a week no day knows.
CREATE TEMP TABLE bought AS
SELECT p.period, p.length, o.customer_id, s.start, count(*) AS orders, sum(o.amount) AS revenue, max(o.n) > 1 AS again, sum(o.amount) FILTER (WHERE o.n = 1) AS first, min(o.wait) FILTER (WHERE o.n = 1) AS wait
  FROM (VALUES ('day', interval '1 day'), ('week', '7 days'), ('month', '1 month'), ('quarter', '3 months'), ('year', '1 year'), ('30 days', '30 days')) p (period, length)
 CROSS JOIN (SELECT c.customer_id, c.ordered_at, c.amount, row_number() OVER mine AS n, lead(c.ordered_at) OVER mine - c.ordered_at AS wait
               FROM counted_orders_at(:as_of) c WINDOW mine AS (PARTITION BY c.customer_id ORDER BY c.ordered_at, c.order_id)) o
 CROSS JOIN LATERAL (SELECT CASE p.period WHEN '30 days' THEN date '2026-10-30' + 1 - 30 * (1 + (date '2026-10-30' - (o.ordered_at AT TIME ZONE 'Asia/Tokyo')::date) / 30)
                                          ELSE date_trunc(p.period, o.ordered_at AT TIME ZONE 'Asia/Tokyo')::date END AS start) s
 GROUP BY 1, 2, 3, 4;
CREATE TEMP TABLE by_hand AS
SELECT b.period, b.start, count(*) AS buyers, count(*) FILTER (WHERE b.again) AS again, count(b.first) AS new, count(l.customer_id) AS retained, sum(b.orders)::bigint AS orders, sum(b.revenue) AS revenue,
       coalesce(sum(b.first), 0) AS first, CASE WHEN (b.start + b.length + interval '30 days') AT TIME ZONE 'Asia/Tokyo' <= :as_of THEN count(*) FILTER (WHERE b.wait <= interval '30 days')::float8 / nullif(count(b.first), 0) END AS in_30
  FROM bought b LEFT JOIN bought l ON l.period = b.period AND l.customer_id = b.customer_id AND l.start = (b.start - b.length)::date
 GROUP BY b.period, b.start, b.length;
CREATE TEMP TABLE by_loyalcs (period text, start date, buyers bigint, again bigint, new bigint, in_30 float8, orders bigint, revenue numeric, first numeric, ending bigint, retained bigint);
SELECT format('INSERT INTO by_loyalcs SELECT %1$L, r.period_start, r.buyers, r.repeat_buyers, r.new_buyers, r.second_within_30_days, m.orders, m.revenue, m.new_revenue, s.ending, s.retained
                 FROM repeat_rate_per(%1$L, ''everyone'', %2$L) r FULL JOIN revenue_mix_per(%1$L, ''everyone'', %2$L) m USING (period_start)
                 FULL JOIN (SELECT * FROM customer_retention_by_period(%1$L, ''everyone'', %2$L) WHERE ending > 0) s USING (period_start)', p.period, :as_of)
  FROM unnest('{day,week,month,quarter,year,30 days}'::text[]) p (period)
\gexec
SELECT period, count(*) > 1 AS enough, bool_or(h.again > 0) AND bool_or(h.retained > 0) AS all_kinds,
       count(*) FILTER (WHERE (f.buyers, f.again, f.new, f.in_30, f.orders, f.revenue, f.first, f.ending, f.retained) IS DISTINCT FROM (h.buyers, h.again, h.new, h.in_30, h.orders, h.revenue, h.first, h.buyers, h.retained)) AS differing
  FROM by_hand h FULL JOIN by_loyalcs f USING (period, start) GROUP BY period ORDER BY period;
-- By month and quarter that is the view; a period of nobody has its row; and parts add up.
SELECT p.period, count(*) > 1 AS enough, bool_and((v.starting, v.ending, v.crr, v.complete, v.compared_period, v.comparisons) IS NOT DISTINCT FROM (r.starting, r.ending, r.crr, r.complete, r.compared_period, r.comparisons)) AS the_view
  FROM unnest('{month,quarter}'::text[]) p (period)
 CROSS JOIN LATERAL customer_retention_by_period(p.period, 'everyone', :as_of) r
  FULL JOIN customer_retention_at(:as_of) v ON v.period = p.period AND v.period_start = r.period_start
 WHERE v.period = p.period OR v.period IS NULL GROUP BY p.period ORDER BY p.period;
SELECT count(*) > 500 AS enough, bool_and(r.starting = r.before) AS goes_on, max(r.period_start) - min(r.period_start) + 1 = count(*) AS every_day, max(r.period_start) AS until, bool_or(r.ending = 0) AS some_of_nobody
  FROM (SELECT d.*, lag(d.ending, 1, 0::bigint) OVER (ORDER BY d.period_start) AS before FROM customer_retention_by_period('day', 'everyone', :as_of) d) r;
SELECT p.period, count(*) > 2 AS enough, bool_and(r.buyers = a.buyers) AS add_up
  FROM unnest('{week,year,30 days}'::text[]) p (period)
 CROSS JOIN LATERAL (SELECT r.period_start, sum(r.buyers) AS buyers FROM repeat_rate_per(p.period, 'region', :as_of) r GROUP BY r.period_start) r
  JOIN by_hand a ON a.period = p.period AND a.start = r.period_start
 GROUP BY p.period ORDER BY p.period;
-- What is said is compared with the period before in which something was, and themes with the three before together.
SELECT count(*) > 10 AS enough, bool_and(t.compared_period IS NOT DISTINCT FROM t.before) AS compared
  FROM (SELECT s.source, s.compared_period, w.before
          FROM sentiment_trend_per('week', :as_of) s
          JOIN (SELECT v.period_start, lag(v.period_start) OVER (ORDER BY v.period_start) AS before FROM (SELECT DISTINCT period_start FROM sentiment_trend_per('week', :as_of)) v) w USING (period_start)
         WHERE s.compared_period IS NOT NULL) t;
CREATE INDEX ON cases (key, period_start) WHERE figure = 'voice_themes' AND period = 'day';
SELECT p.period, count(*) > 10 AS enough, bool_and(t.mentions_before = b.mentions) AS three_before
  FROM (VALUES ('week', 7), ('30 days', 30)) p (period, days)
 CROSS JOIN LATERAL (SELECT v.*, round(v.share_before * v.voices_before)::bigint AS mentions_before FROM voice_themes_per(p.period, :as_of) v) t
 CROSS JOIN LATERAL (SELECT sum(c.cases)::bigint AS mentions FROM cases c
                      WHERE c.figure = 'voice_themes' AND c.period = 'day' AND c.key = concat_ws('|', t.source, t.theme) AND c.period_start >= t.period_start - 3 * p.days AND c.period_start < t.period_start) b
 WHERE b.mentions IS NOT NULL AND t.theme IS NOT NULL
 GROUP BY p.period ORDER BY p.period;
SELECT f.figure, pg_temp.error_of(format('SELECT * FROM %s', f.figure))
  FROM unnest('{"repeat_rate_per(''fortnight'', ''everyone'', now())","revenue_mix_per(NULL, ''everyone'', now())","customer_retention_by_period(''1 days'', ''everyone'', now())","voice_themes_per(''hour'', now())","sentiment_trend_per(NULL, now())"}'::text[]) f (figure);
