-- The report for the first of the month.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set schemas :srcdir '/test/json_schema.sql'
\i :schemas
\set file :srcdir '/doc/monthly_report.schema.json'
\set schema `cat :'file'`

SET search_path = shop;
UPDATE settings SET live_since = '2025-01-01 00:00+09';

-- A shop in which nothing has happened has a report, and says so.
SELECT jsonb_pretty(r -> 'headlines') AS headlines, r -> 'problems' AS problems, (SELECT string_agg(key, ', ' ORDER BY key) FROM jsonb_each(r) WHERE value = 'null') AS nothing,
       (SELECT string_agg(DISTINCT k ->> 'status', ', ') FROM jsonb_array_elements(r -> 'kpis') k) AS kpis, r #> '{sales,figures,orders,value}' AS orders, r #> '{customers,customers}' AS customers,
       r #> '{satisfaction,scores}' AS scores, r #> '{satisfaction,response_rate,value}' AS response_rate, jsonb_array_length(r #> '{sales,trend}') AS months
  FROM monthly_report_at('2026-04-01', '2026-05-10 12:00+09') r;
SELECT pg_temp.findings(:'schema', monthly_report_at('2026-04-01', '2026-05-10 12:00+09')) AS is_not_as_the_schema_says;
-- It is said of a month by any of its days, of one that goes on, and of none that has not begun.
SELECT r -> 'month' AS month, r -> 'complete' AS complete, r -> 'as_of' AS as_of, r -> 'state_as_of' AS state_as_of, r -> 'previous_month' AS previous, r -> 'last_year_month' AS last_year
  FROM (VALUES (date '2026-04-01', timestamptz '2026-05-10 12:00+09'), ('2026-04-30', '2026-05-10 12:00+09'), ('2026-04-17', '2026-04-17 12:00+09'), ('2026-04-17', 'infinity')) v (month, as_of),
       LATERAL monthly_report_at(v.month, v.as_of) r;
SELECT monthly_report_at('2026-05-01', '2026-04-30 23:59+09');
SELECT monthly_report_at('infinity', '2026-04-30 23:59+09');
SELECT monthly_report_at('2026-05-01', '-infinity');
SELECT pg_temp.outcome('SELECT monthly_report((now() + interval ''40 days'')::date)') ~ '^22023 month \d{4}-\d\d has not begun' AS not_begun;
SELECT monthly_report(NULL) IS NULL AS of_no_month, monthly_report_at('2026-04-01', NULL) IS NULL AS of_no_instant,
       monthly_report(now()::date) = monthly_report_at(now()::date, now()) AS now;

-- Three customers. April: three orders of two buyers (2,000, 3,000; 5,000 of which 1,000 came
-- back), one of whom is new; c3's is cancelled. March: c1's first, of 1,000. Two tickets, of
-- which one is answered within the hour and resolved, and one, a complaint, after two; in
-- March one, answered after ten minutes. NPS: 10, 9 and 0, after a 10 in March. Stars: 5 and 4.
INSERT INTO customers (customer_id, name, email, joined_at) SELECT 'c' || i, 'Very Secret ' || i, 'secret' || i || '@example.com', '2026-01-01' FROM generate_series(1, 3) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, cancelled_at, shipped_at, delivered_at) VALUES
    ('c1', 'o1', '2026-03-10 12:00+09', 1000, NULL, '2026-03-11 12:00+09', '2026-03-13 12:00+09'),
    ('c1', 'o2', '2026-04-05 10:00+09', 2000, NULL, '2026-04-05 18:00+09', '2026-04-07 10:00+09'),
    ('c1', 'o3', '2026-04-20 12:00+09', 3000, NULL, '2026-04-21 12:00+09', '2026-04-24 12:00+09'),
    ('c2', 'o4', '2026-04-10 12:00+09', 5000, NULL, '2026-04-12 12:00+09', NULL),
    ('c3', 'o5', '2026-04-12 12:00+09', 4000, '2026-04-13 12:00+09', NULL, NULL);
INSERT INTO order_items (customer_id, order_id, line, product_id, product_name, quantity, amount) VALUES ('c1', 'o1', 1, 'P', 'Pearl', 2, 1000), ('c1', 'o2', 1, 'P', 'Pearl', 4, 2000), ('c2', 'o4', 1, 'P', 'Pearl', 10, 5000);
INSERT INTO shipments (customer_id, order_id, expected_on) VALUES ('c1', 'o2', '2026-04-07'), ('c1', 'o3', '2026-04-22'), ('c2', 'o4', '2026-04-20');
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund, cause, completed_at) VALUES ('c2', 'r1', 'o4', '2026-04-25 12:00+09', 1000, 'too small', '2026-04-27 12:00+09');
INSERT INTO return_items (customer_id, return_id, order_id, line, quantity) VALUES ('c2', 'r1', 'o4', 1, 2);
INSERT INTO agents (agent_id) VALUES ('kei');
INSERT INTO tickets (customer_id, ticket_id, channel, reason, complaint) VALUES ('c1', 't0', 'email', 'size', false), ('c1', 't1', 'email', 'size', false), ('c2', 't2', 'phone', 'late', true);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, note) VALUES
    ('c1', 't0', '2026-03-16 11:00+09', 'opened', NULL, 'A secret question'), ('c1', 't0', '2026-03-16 11:10+09', 'agent_reply', 'kei', NULL), ('c1', 't0', '2026-03-16 12:00+09', 'resolved', 'kei', NULL),
    ('c1', 't1', '2026-04-02 11:00+09', 'opened', NULL, NULL), ('c1', 't1', '2026-04-02 11:30+09', 'agent_reply', 'kei', NULL), ('c1', 't1', '2026-04-02 12:00+09', 'resolved', 'kei', NULL),
    ('c2', 't2', '2026-04-29 11:00+09', 'opened', NULL, NULL), ('c2', 't2', '2026-04-29 13:00+09', 'agent_reply', 'kei', NULL);
INSERT INTO surveys (survey, title) VALUES ('after', 'After the sale');
INSERT INTO survey_questions (survey, question, kind, scale_low, scale_high, wording) VALUES ('after', 'recommend', 'nps', 0, 10, '?'), ('after', 'why', 'text', NULL, NULL, '?');
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at) VALUES ('c1', 's0', 'after', '2026-03-20 12:00+09'), ('c1', 's1', 'after', '2026-04-20 12:00+09'), ('c2', 's2', 'after', '2026-04-21 12:00+09'), ('c3', 's3', 'after', '2026-04-22 12:00+09');
INSERT INTO survey_answers (customer_id, response_id, survey, question, score) VALUES ('c1', 's0', 'after', 'recommend', 10), ('c1', 's1', 'after', 'recommend', 10), ('c2', 's2', 'after', 'recommend', 9), ('c3', 's3', 'after', 'recommend', 0);
INSERT INTO survey_answers (customer_id, response_id, survey, question, answer) VALUES ('c3', 's3', 'after', 'why', 'Late delivery, says Very Secret 3');
INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars, body) VALUES ('c1', 'v1', 'P', '2026-04-24 12:00+09', 5, NULL), ('c2', 'v2', 'P', '2026-04-30 23:59+09', 4, 'Good quality'), ('c2', 'v3', 'P', '2026-05-01 00:00+09', 1, NULL);
SELECT match_voices() > 0 AS matched;

CREATE TEMP TABLE april AS SELECT monthly_report_at('2026-04-01', '2026-05-10 12:00+09') AS r;
SELECT v.month, pg_temp.findings(:'schema', monthly_report_at(v.month, v.as_of)) AS is_not_as_the_schema_says
  FROM (VALUES (date '2026-04-01', timestamptz '2026-05-10 12:00+09'), ('2026-05-01', '2026-05-10 12:00+09'), ('2026-04-10', '2026-04-10 12:00+09'), ('2026-03-01', 'infinity'), ('2031-01-01', 'infinity')) v (month, as_of);
SELECT r -> 'problems' AS problems, r #>> '{headlines,0,kind}' AS headline, r #>> '{headlines,0,candidates}' AS looked_at FROM april;
SELECT name, f -> 'value' AS value, f -> 'previous' AS previous, f -> 'last_year' AS last_year, f -> 'change' AS change, f -> 'cases' AS cases, f -> 'significant' AS significant
  FROM april, jsonb_each(r #> '{sales,figures}') e (name, f) ORDER BY name;
SELECT t FROM april, jsonb_array_elements(r #> '{sales,trend}') t WHERE t ->> 'month' >= '2026-02-01';
-- c1 has ordered three times, 26 and 15 days apart; c2 once.
SELECT r #> '{customers,customers}' AS customers, l FROM april, jsonb_array_elements(r #> '{customers,ladder}') l;
SELECT c FROM april, jsonb_array_elements(r #> '{customers,cohorts}') c;
-- 6,000 of 10,000 by one of two: at a quarter half of that; the Gini index is (6000 - 4000) / (2 * 10000).
SELECT r #> '{customers,pareto,gini}' AS gini, p FROM april, jsonb_array_elements(r #> '{customers,pareto,curve}') p WHERE p ->> 'customer_share' IN ('0', '0.25', '0.5', '0.75', '1');
SELECT c FROM april, jsonb_array_elements(r #> '{customers,rfm,cells}') c WHERE c ->> 'customers' <> '0';
SELECT s FROM april, jsonb_array_elements(r #> '{customers,rfm,segments}') s;
SELECT s - 'trend' - 'score' AS score, s #> '{score,value}' AS value, s #> '{score,previous}' AS previous, s #> '{score,previous_month}' AS previous_month, (SELECT jsonb_agg(t ORDER BY t ->> 'month') FROM jsonb_array_elements(s -> 'trend') t WHERE t ->> 'month' >= '2026-02-01') -> 1 -> 'value' AS march
  FROM april, jsonb_array_elements(r #> '{satisfaction,scores}') s;
SELECT name, f -> 'value' AS value, f -> 'previous' AS previous, f -> 'cases' AS cases FROM april, jsonb_each(r #> '{support,figures}') e (name, f) ORDER BY name;
SELECT c -> 'channel' AS channel, c -> 'tickets' AS tickets, c #> '{share,value}' AS share, c #> '{share,previous}' AS previous, c -> 'contacts' AS contacts, c -> 'cost' AS cost, c -> 'first_reply_median' AS reply FROM april, jsonb_array_elements(r #> '{support,channels}') c;
SELECT c -> 'reason' AS reason, c -> 'tickets' AS tickets, c #> '{share,value}' AS share, c #> '{share,previous}' AS previous FROM april, jsonb_array_elements(r #> '{support,reasons}') c;
SELECT a - 'attainment' AS promise, a #> '{attainment,value}' AS attainment FROM april, jsonb_array_elements(r #> '{support,attainment}') a;
SELECT r #> '{support,backlog}' AS backlog FROM april;
SELECT r #> '{voice,texts}' AS texts, r #> '{voice,sources}' AS sources, r #> '{voice,quotes_problem}' AS quotes, t -> 'theme' AS theme, t -> 'mentions' AS mentions, t #> '{share,value}' AS share FROM april, jsonb_array_elements(r #> '{voice,themes}') t;
SELECT r #> '{reviews,figures,stars,value}' AS stars, r #> '{reviews,distribution}' AS distribution FROM april;
-- Of March's two pieces none came back; April's have not had their thirty days yet.
SELECT name, f -> 'value' AS value, f -> 'previous' AS previous, f -> 'cases' AS cases FROM april, jsonb_each(r #> '{returns,figures}') e (name, f) ORDER BY name;
SELECT r #> '{returns,rate_month}' AS rate_month, r #> '{returns,products}' AS products FROM april;
SELECT r #> '{returns,rate_month}' AS rate_month, r #> '{returns,products,0,sold}' AS sold, r #> '{returns,products,0,returned}' AS returned, r #> '{returns,figures,return_rate,value}' AS rate FROM monthly_report_at('2026-04-01', '2026-06-10 12:00+09') r;
-- o3 came two days late, o4 is overdue; o2 in time, and it left on the day on which it was ordered, before noon.
SELECT name, f -> 'value' AS value, f -> 'previous' AS previous, f -> 'cases' AS cases FROM april, jsonb_each(r #> '{delivery,figures}') e (name, f) ORDER BY name;
SELECT k ->> 'kpi' AS kpi, k ->> 'status' AS status, k -> 'actual' AS actual, k -> 'previous' AS previous, k -> 'cases' AS cases, k -> 'problem' AS problem FROM april, jsonb_array_elements(r -> 'kpis') k;
-- What sections know of the KPIs' months is what the KPIs' figures say.
SELECT m, report_kpis(m, '2026-05-10 12:00+09') = monthly_report_at(m, '2026-05-10 12:00+09') -> 'kpis' AS same FROM unnest('{2026-03-01,2026-04-01,2026-05-01}'::date[]) m;
-- May goes on, and is compared with April all the same.
SELECT r -> 'complete' AS complete, r #> '{sales,figures,orders,value}' AS orders, r #> '{sales,figures,orders,previous}' AS before, (SELECT string_agg(DISTINCT k ->> 'status', ', ') FROM jsonb_array_elements(r -> 'kpis') k) AS kpis
  FROM monthly_report_at('2026-05-01', '2026-05-10 12:00+09') r;

-- Whose report it is: it has nothing of one customer, and level report may ask for it.
CREATE ROLE regress_monthly_report;
SELECT FROM loyalcs.grant_shop('shop', 'regress_monthly_report', 'report');
GRANT SELECT ON april TO regress_monthly_report;
SET ROLE regress_monthly_report;
SELECT r = (SELECT a.r FROM pg_temp.april a) AS the_same, r -> 'problems' AS problems, r::text ~* 'secret|example\.com' AS tells FROM shop.monthly_report_at('2026-04-01', '2026-05-10 12:00+09') r;
RESET ROLE;
-- What is not for a reader to see, is null for them.
REVOKE SELECT ON survey_answers, voice_matches FROM regress_monthly_report;
SET ROLE regress_monthly_report;
SELECT r -> 'problems' AS problems, r -> 'satisfaction' AS satisfaction, r #> '{sales,figures,orders,value}' AS orders FROM shop.monthly_report_at('2026-04-01', '2026-05-10 12:00+09') r;
RESET ROLE;
SELECT FROM loyalcs.grant_shop('shop', 'regress_monthly_report', 'report');
-- Quotes, if the shop keeps them; if voice_samples is not for the reader, there are none, and the rest stands.
UPDATE settings SET keeps_quotes = true;
SELECT match_voices() > 0 AS matched;
SELECT t ->> 'theme' AS theme, t -> 'quotes' AS quotes FROM monthly_report_at('2026-04-01', '2026-05-10 12:00+09') r, jsonb_array_elements(r #> '{voice,themes}') t;
REVOKE SELECT ON voice_matches FROM regress_monthly_report;
GRANT SELECT (customer_id, source, text_id, piece, product_id, said_at, rating, themes, sentiment, lexicon_digest) ON voice_matches TO regress_monthly_report;
SET ROLE regress_monthly_report;
SELECT r -> 'problems' AS problems, r #> '{voice,quotes_problem}' AS quotes_problem, r #> '{voice,themes,0,quotes}' AS quotes, jsonb_array_length(r #> '{voice,themes}') > 0 AS themes FROM shop.monthly_report_at('2026-04-01', '2026-05-10 12:00+09') r;
RESET ROLE;

-- A section that fails, and a KPI that does, are no end of the report.
BEGIN;
CREATE OR REPLACE FUNCTION report_reviews(month date, as_of timestamptz) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN to_jsonb(1 / 0); END $$;
CREATE OR REPLACE FUNCTION report_purchases(month date, as_of timestamptz) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$ BEGIN RAISE EXCEPTION 'no idea'; END $$;
INSERT INTO kpis (kpi, figure, value_column) VALUES ('gone', 'nothing', 'x');
SELECT r -> 'problems' AS problems, r -> 'reviews' AS reviews, r -> 'sales' AS sales, r -> 'customers' AS customers, r #> '{support,figures,tickets,value}' AS tickets,
       (SELECT string_agg(f, ' ') FROM pg_temp.findings(:'schema', r) f) AS is_not_as_the_schema_says,
       (SELECT jsonb_agg(k -> 'problem') FROM jsonb_array_elements(r -> 'kpis') k WHERE k ->> 'status' = 'problem') AS kpis, (SELECT k -> 'status' FROM jsonb_array_elements(r -> 'kpis') k WHERE k ->> 'kpi' = 'reviews') AS reviews_kpi
  FROM monthly_report_at('2026-04-01', '2026-05-10 12:00+09') r;
ROLLBACK;
-- A KPI of its own, by the quarter: April is not the last month of it.
BEGIN;
UPDATE kpi_targets SET period = 'quarter' WHERE kpi = 'NPS';
SELECT v.month, k -> 'status' AS status, k -> 'period_start' AS period_start, k -> 'complete' AS complete, round((k ->> 'actual')::numeric, 4) AS actual, k -> 'cases' AS cases
  FROM (VALUES (date '2026-03-01'), ('2026-04-01'), ('2026-06-01')) v (month), LATERAL jsonb_array_elements(report_kpis(v.month, '2026-07-10 12:00+09')) k WHERE k ->> 'kpi' = 'NPS';
ROLLBACK;

-- Headlines: of five that were looked at, p = 0.001, 0.012, 0.02, 0.3 and 0.9. By Holm these are
-- 5 * 0.001, 4 * 0.012, 3 * 0.02 (0.06), 0.6 and 0.9: two are more than chance. That of two answers is none.
CREATE FUNCTION pg_temp.figure(name text, better text, change float8, p float8, significant boolean) RETURNS jsonb LANGUAGE sql AS
$$ SELECT jsonb_build_object('figure', name, 'unit', 'share', 'better', better, 'value', 0.5, 'previous', 0.5 - change, 'change', change, 'p_value', p, 'significant', significant, 'previous_month', '2026-03-01', 'previous_months', 1) $$;
CREATE FUNCTION pg_temp.told(report jsonb) RETURNS TABLE (kind text, section text, figure text, subject text, direction text, good text, p_adjusted numeric, candidates text, advice text, has_advice boolean) LANGUAGE sql AS
$$ SELECT h ->> 'kind', h ->> 'section', h ->> 'figure', h ->> 'subject', h ->> 'direction', h ->> 'good', round((h ->> 'p_adjusted')::numeric, 6), h ->> 'candidates', h ->> 'advice',
          loyalcs.label(h ->> 'advice', 'ja') <> h ->> 'advice' AND loyalcs.label(h ->> 'advice', 'en') <> h ->> 'advice' FROM jsonb_array_elements(shop.report_headlines(report)) h $$;
SELECT * FROM pg_temp.told(jsonb_build_object('significance', 0.05,
    'satisfaction', jsonb_build_object('scores', jsonb_build_array(jsonb_build_object('score', pg_temp.figure('nps', 'higher', -0.1, 0.012, true))), 'response_rate', pg_temp.figure('response_rate', 'higher', 0.1, 0.02, true)),
    'support', jsonb_build_object('reasons', jsonb_build_array(jsonb_build_object('reason', 'late', 'share', pg_temp.figure('reason_share', NULL, 0.2, 0.001, true)), jsonb_build_object('reason', 'size', 'share', pg_temp.figure('reason_share', NULL, 0.2, 0.9, false)))),
    'delivery', jsonb_build_object('figures', jsonb_build_object('late_share', pg_temp.figure('late_share', 'lower', 0.1, 0.3, false), 'same_day_share', pg_temp.figure('same_day_share', 'higher', 0.4, 0.0001, false)))));
-- The more there is to look at, the surer one has to be: 0.012 alone is more than chance, beside three others 0.048, beside four not.
SELECT n, t.* FROM unnest('{0,3,4,5}'::int[]) n, LATERAL pg_temp.told(jsonb_build_object('significance', 0.05,
    'satisfaction', jsonb_build_object('scores', jsonb_build_array(jsonb_build_object('score', pg_temp.figure('nps', 'higher', 0.1, 0.012, true)))),
    'voice', jsonb_build_object('themes', (SELECT coalesce(jsonb_agg(jsonb_build_object('theme', i, 'share', pg_temp.figure('theme_share', NULL, 0.01, 0.5, false))), '[]') FROM generate_series(1, n) i)))) t;
-- No more than three, one of each kind, what matters most first and bad news before good.
SELECT * FROM pg_temp.told(jsonb_build_object('significance', 0.05,
    'satisfaction', jsonb_build_object('scores', jsonb_build_array(jsonb_build_object('score', pg_temp.figure('csat', 'higher', 0.1, 1e-9, true)), jsonb_build_object('score', pg_temp.figure('ces', 'lower', 0.1, 1e-7, true)))),
    'voice', jsonb_build_object('themes', (SELECT jsonb_agg(jsonb_build_object('theme', 'theme ' || i, 'share', pg_temp.figure('theme_share', NULL, 0.01, 1e-20, true))) FROM generate_series(1, 5) i)),
    'delivery', jsonb_build_object('figures', jsonb_build_object('late_share', pg_temp.figure('late_share', 'lower', -0.1, 1e-10, true), 'same_day_share', pg_temp.figure('same_day_share', 'higher', 0.4, 1e-30, true)))));
SELECT * FROM pg_temp.told('{"significance": 0.05}');
-- Every advice that there can be has its words.
SELECT name, suffix FROM (VALUES ('nps'), ('csat'), ('ces'), ('response_rate'), ('repeat_rate'), ('complaint_share'), ('within_an_hour_share'), ('reopened_share'), ('repeat_contact_share'),
                                 ('ticket_csat'), ('attainment'), ('sentiment_balance'), ('stars'), ('return_rate'), ('late_share'), ('same_day_share')) f (name), (VALUES ('better'), ('worse')) s (suffix)
 WHERE format('advice: %s %s', name, suffix) NOT IN (SELECT value FROM loyalcs.labels())
UNION ALL
SELECT name, suffix FROM (VALUES ('reason_share'), ('theme_share'), ('return_reason_share')) f (name), (VALUES ('up'), ('down')) s (suffix) WHERE format('advice: %s %s', name, suffix) NOT IN (SELECT value FROM loyalcs.labels());
-- And so have the names of sections and figures.
SELECT DISTINCT f.name AS has_no_label FROM april, LATERAL (SELECT key FROM jsonb_each(r) WHERE jsonb_typeof(value) IN ('object', 'array') UNION ALL SELECT v #>> '{}' FROM jsonb_path_query(r, 'strict $.**.figure') v) f (name)
 WHERE f.name NOT IN (SELECT value FROM loyalcs.labels()) AND f.name <> 'problems';

SELECT pg_temp.same_elsewhere('SELECT monthly_report_at(''2026-04-01'', ''2026-05-10 12:00+09'') AS r') AS same_elsewhere;
SET search_path = public;
SELECT loyalcs.grant_shop('shop', 'regress_monthly_report', 'none');
SELECT loyalcs.drop_shop('shop', 'shop');
DROP OWNED BY regress_monthly_report;
DROP ROLE regress_monthly_report;
