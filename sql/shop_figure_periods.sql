-- Figures by another period than the month.
-- test: setup filled

SET search_path = aurora;

-- Every view by month has its x_per, or a reason why not.
CREATE TEMP TABLE by_month_alone (view, why) AS VALUES
    ('kpi_values', 'a KPI is one number a month; kpi_periods has quarters and years'),
    ('outlook_accuracy', 'the month in which a forecast was kept'),
    ('phone_hearings', 'the month for which customers were picked to be called'),
    ('repeat_rate', 'from kept aggregates by month and quarter'),
    ('revenue_mix', 'from kept aggregates by month and quarter'),
    ('sentiment_trend', 'not yet'),
    ('support_plan_fit', 'plans of a support service are by the month'),
    ('voice_themes', 'compared with three months');
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
    ('sla_attainment', 'met', '{channel,metric}'),
    ('ticket_reasons', 'tickets', '{reason}'),
    ('tier_movements', NULL, '{tier}'),
    ('ticket_satisfaction', 'responses', '{survey,question,dimension,part}'),
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
