-- How content customers are, and who of them.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set schemas :srcdir '/test/json_schema.sql'
\i :schemas
\set schema `cat :srcdir/doc/satisfaction_report.schema.json`
\set page `cat :srcdir/test/satisfaction_report.json`

SET search_path = shop;
UPDATE settings SET live_since = '2025-01-01 00:00+09';

-- What pages are tried with is a report.
SELECT pg_temp.findings(:'schema', :'page') AS is_not_as_the_schema_says;

-- A shop in which nothing has happened has one, and says so; any day names a month, and one that has not begun is an error.
SELECT r -> 'report' AS report, r -> 'headlines' -> 0 -> 'kind' AS headline, r -> 'changes' AS changes, r -> 'problems' AS problems, r -> 'breakdowns' AS breakdowns, r -> 'invitations' AS invitations, r #> '{drivers,surveys}' AS drivers,
       r #> '{detractors,awaiting}' AS awaiting, r #> '{complaints,bought_again}' AS bought_again, jsonb_array_length(r #> '{complaints,trend}') AS months
  FROM satisfaction_report_at('2026-04-17', '2026-05-10 12:00+09') r;
SELECT v.month, pg_temp.findings(:'schema', satisfaction_report_at(v.month, v.as_of)) AS is_not_as_the_schema_says
  FROM (VALUES (date '2026-04-01', timestamptz '2026-05-10 12:00+09'), ('2026-04-10', '2026-04-10 12:00+09'), ('2031-01-01', 'infinity')) v (month, as_of);
SELECT satisfaction_report_at('2026-05-01', '2026-04-30 23:59+09');
SELECT satisfaction_report(NULL) IS NULL AS of_no_month, satisfaction_report_at('2026-04-01', NULL) IS NULL AS of_no_instant, satisfaction_report(now()::date) = satisfaction_report_at(now()::date, now()) AS now;

-- Four customers. The NPS of April: c1 gives 10 (by e-mail, of an order of P), c2 3 (LINE; P and Q), c3 9 (LINE; Q), c4 6 (nobody knows how; no order).
-- March: c1 8, c2 0. April a year before: c1 10.
INSERT INTO customers (customer_id, name, email, joined_at) SELECT 'c' || i, 'Very Secret ' || i, 'secret' || i || '@example.com', '2025-01-01' FROM generate_series(1, 4) i;
INSERT INTO products (product_id, name) VALUES ('P', 'Pearl');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('c1', 'o0', '2026-02-10 12:00+09', 1000), ('c1', 'o1', '2026-04-01 12:00+09', 1000), ('c2', 'o2', '2026-04-02 12:00+09', 3000), ('c3', 'o3', '2026-04-03 12:00+09', 2000);
INSERT INTO order_items (customer_id, order_id, line, product_id, quantity, amount) VALUES ('c1', 'o1', 1, 'P', 1, 1000), ('c2', 'o2', 1, 'P', 1, 1000), ('c2', 'o2', 2, 'Q', 1, 1000), ('c2', 'o2', 3, 'Q', 1, 1000), ('c3', 'o3', 1, 'Q', 1, 2000);
INSERT INTO surveys VALUES ('bought', 'After the purchase'), ('helped', 'After a ticket');
INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high, higher_is_better) VALUES
    ('bought', 'nps', 'nps', '?', 0, 10, true), ('bought', 'csat', 'csat', '?', 1, 5, true), ('bought', 'ces', 'ces', '?', 1, 5, false), ('helped', 'csat', 'csat', '?', 1, 5, true);
INSERT INTO survey_waves (wave_id, survey, drawn_at, channel, size, rest, bought_within, salt, customers, asked, left_out) VALUES (7, 'bought', '2026-04-04 09:00+09', 'line', 3, '90 days', '1 year', 's', 4, 3, 1);
-- Asked in April: c1 by e-mail and again on the 28th, which is too late to be told by 10 May; three by LINE, of whom c4 does not answer.
INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at, channel, wave_id) VALUES
    ('c1', 'i1', 'bought', '2026-04-03 12:00+09', 'email', NULL), ('c1', 'i5', 'bought', '2026-04-28 12:00+09', 'email', NULL),
    ('c2', 'i2', 'bought', '2026-04-04 12:00+09', 'line', 7), ('c3', 'i3', 'bought', '2026-04-04 12:00+09', 'line', 7), ('c4', 'i4', 'bought', '2026-04-04 12:00+09', 'line', 7),
    ('c1', 'i0', 'bought', '2026-03-04 12:00+09', 'email', NULL);
INSERT INTO survey_responses (customer_id, response_id, survey, invitation_id, order_id, responded_at, channel) VALUES
    ('c1', 'r1', 'bought', 'i1', 'o1', '2026-04-05 12:00+09', 'email'), ('c2', 'r2', 'bought', 'i2', 'o2', '2026-04-10 12:00+09', 'line'), ('c3', 'r3', 'bought', 'i3', 'o3', '2026-04-11 12:00+09', 'line'),
    ('c4', 'r4', 'bought', NULL, NULL, '2026-04-20 12:00+09', NULL), ('c1', 'r5', 'bought', NULL, NULL, '2026-03-05 12:00+09', 'email'), ('c2', 'r6', 'bought', NULL, NULL, '2026-03-06 12:00+09', 'line'),
    ('c1', 'r7', 'bought', NULL, NULL, '2025-04-06 12:00+09', 'email');
INSERT INTO survey_answers (customer_id, response_id, survey, question, score) VALUES
    ('c1', 'r1', 'bought', 'nps', 10), ('c2', 'r2', 'bought', 'nps', 3), ('c3', 'r3', 'bought', 'nps', 9), ('c4', 'r4', 'bought', 'nps', 6), ('c1', 'r5', 'bought', 'nps', 8), ('c2', 'r6', 'bought', 'nps', 0), ('c1', 'r7', 'bought', 'nps', 10),
    ('c1', 'r1', 'bought', 'csat', 5), ('c2', 'r2', 'bought', 'csat', 1), ('c3', 'r3', 'bought', 'csat', 4), ('c1', 'r1', 'bought', 'ces', 1), ('c2', 'r2', 'bought', 'ces', 5);
-- c2 is VIP since 8 April, two days before the answer. c2 complained, was written to on the 12th and gave a 4 for it; c1 asked something and gave a 2. c4 was called, but not in the week.
INSERT INTO tier_history (customer_id, valid_from, tier, rank, rule_id, spent, orders) VALUES ('c2', '2026-04-08 00:00+09', 'VIP', 1, 1, 1, 1), ('c1', '2026-04-06 00:00+09', 'VIP', 1, 1, 1, 1);
INSERT INTO agents (agent_id) VALUES ('kei');
INSERT INTO agents (agent_id, is_machine) VALUES ('robot', true);
INSERT INTO tickets (customer_id, ticket_id, channel, reason, complaint) VALUES ('c2', 't1', 'phone', 'late', true), ('c1', 't2', 'email', NULL, false);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, note) VALUES
    ('c2', 't1', '2026-04-10 18:00+09', 'opened', NULL, 'A secret question'), ('c2', 't1', '2026-04-10 18:01+09', 'agent_reply', 'robot', NULL), ('c2', 't1', '2026-04-12 12:00+09', 'agent_reply', 'kei', NULL), ('c2', 't1', '2026-04-12 13:00+09', 'resolved', 'kei', NULL),
    ('c1', 't2', '2026-04-01 12:00+09', 'opened', NULL, NULL), ('c1', 't2', '2026-04-01 13:00+09', 'agent_reply', 'kei', NULL), ('c1', 't2', '2026-04-01 14:00+09', 'resolved', 'kei', NULL);
INSERT INTO survey_responses (customer_id, response_id, survey, ticket_id, responded_at, channel) VALUES ('c2', 'h1', 'helped', 't1', '2026-04-14 12:00+09', 'email'), ('c1', 'h2', 'helped', 't2', '2026-04-02 12:00+09', 'email');
INSERT INTO survey_answers (customer_id, response_id, survey, question, score) VALUES ('c2', 'h1', 'helped', 'csat', 4), ('c1', 'h2', 'helped', 'csat', 2);
INSERT INTO hearings (customer_id, month, picked_at, picked_for, reason, result, called_at) VALUES ('c4', '2026-05-01', '2026-05-01 12:00+09', 'repeat_buyer', 'r', 'heard', '2026-05-02 12:00+09');
INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars) VALUES ('c1', 'v1', 'P', '2026-04-12 12:00+09', 5), ('c2', 'v2', 'P', '2026-04-13 12:00+09', 2), ('c3', 'v3', 'Q', '2026-04-13 12:00+09', 4);

CREATE TEMP TABLE april AS SELECT satisfaction_report_at('2026-04-01', '2026-05-10 12:00+09') AS r;
SELECT r -> 'problems' AS problems, r #>> '{headlines,0,kind}' AS headline, (SELECT string_agg(f, ' ') FROM pg_temp.findings(:'schema', r) f) AS is_not_as_the_schema_says FROM april;
-- One in two of LINE is content, and none in March; c1's 10 came by e-mail, as a year before; of a product both of an order are. difference: less that of all others, of one or three answers.
SELECT b ->> 'breakdown' AS breakdown, b ->> 'kind' AS kind, p ->> 'part' AS part, p ->> 'name' AS name, round((p #>> '{score,value}')::numeric, 2) AS value, p #> '{score,cases}' AS cases, p #> '{score,previous}' AS previous, p #> '{score,last_year}' AS last_year,
       round((p #>> '{difference,value}')::numeric, 2) AS difference, p #> '{difference,p_adjusted}' AS p_adjusted, p #> '{difference,significant}' AS significant
  FROM april, jsonb_array_elements(r -> 'breakdowns') WITH ORDINALITY b (b, i), jsonb_array_elements(b -> 'parts') WITH ORDINALITY p (p, n) ORDER BY b.i, p.n;
-- c1 was none when the 10 was given, and no segment is known of whom had not ordered by then.
SELECT r -> 'invitations' -> 'surveys' -> 0 -> 'sent' AS sent, r #> '{invitations,surveys,0,response_rate,value}' AS rate, r #> '{invitations,surveys,0,response_rate,cases}' AS of_them, r #> '{invitations,surveys,0,response_rate,previous}' AS previous FROM april;
SELECT c -> 'channel' AS channel, c -> 'sent' AS sent, c #> '{response_rate,value}' AS rate FROM april, jsonb_array_elements(r #> '{invitations,channels}') c;
SELECT w - '{response_rate_low,response_rate_high,nps_low,nps_high}'::text[] AS wave FROM april, jsonb_array_elements(r #> '{invitations,waves}') w;
SELECT s - 'drivers' AS survey, d -> 'kind' AS kind, d -> 'driver' AS driver, d -> 'mentions' AS mentions, d -> 'promoter_share' AS promoters, d -> 'detractor_share' AS detractors, round((d ->> 'nps_effect')::numeric, 2) AS effect
  FROM april, jsonb_array_elements(r #> '{drivers,surveys}') s, jsonb_array_elements(s -> 'drivers') d;
-- Two detractors; to c2 somebody wrote within the week, and not the machine; c4 waits at the end of the month, ten days after the answer, and was called in May.
SELECT r #> '{detractors,figures,detractors,value}' AS detractors, r #> '{detractors,figures,detractors,previous}' AS before, r #> '{detractors,figures,followed_share,value}' AS followed, r #> '{detractors,figures,followed_share,previous}' AS followed_before,
       r #> '{detractors,customers}' AS customers, r #> '{detractors,awaiting}' AS awaiting, r #> '{detractors,tiers}' AS tiers, (SELECT jsonb_agg(a) FROM jsonb_array_elements(r #> '{detractors,ages}') a WHERE a ->> 'awaiting' <> '0') AS ages FROM april;
SELECT r #> '{detractors,customers}' AS customers, r #> '{detractors,awaiting}' AS awaiting FROM satisfaction_report_at('2026-05-01', '2026-05-10 12:00+09') r;
SELECT name, f -> 'value' AS value, f -> 'previous' AS previous, f -> 'cases' AS cases FROM april, jsonb_each(r #> '{complaints,figures}') e (name, f) ORDER BY name;
SELECT r #> '{complaints,channels,0,channel}' AS channel, r #> '{complaints,channels,0,score,value}' AS value, r #> '{complaints,reasons,1,reason}' AS reason, r #> '{complaints,reasons,1,score,value}' AS value, r #> '{complaints,target}' AS target, r #> '{complaints,trend,12}' AS april FROM april;
SELECT r #> '{complaints,bought_again,month}' AS month, r #> '{complaints,bought_again,customers}' AS customers, r #> '{complaints,bought_again,share}' AS share FROM satisfaction_report_at('2026-05-01', '2026-07-20 12:00+09') r;
SELECT p -> 'product_name' AS product, p #> '{stars,value}' AS stars, p -> 'distribution' AS distribution FROM april, jsonb_array_elements(r #> '{reviews,products}') p;

-- A change of a part that is more than chance: sixty answers by letter in March and in April, of a shop that has not changed by LINE.
BEGIN;
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at, channel) SELECT 'c1', 'x' || i, 'bought', CASE WHEN i <= 60 THEN timestamptz '2026-03-10 12:00+09' ELSE '2026-04-10 12:00+09' END, 'letter' FROM generate_series(1, 120) i;
INSERT INTO survey_answers (customer_id, response_id, survey, question, score) SELECT 'c1', 'x' || i, 'bought', 'ces', CASE WHEN i <= 60 THEN 1 + i % 2 ELSE 4 + i % 2 END FROM generate_series(1, 120) i;
SELECT h ->> 'section' AS section, h ->> 'figure' AS figure, h ->> 'subject' AS subject, h ->> 'metric' AS metric, h ->> 'good' AS good, h -> 'advice' AS advice FROM satisfaction_report_at('2026-04-01', '2026-05-10 12:00+09') r, jsonb_array_elements(r -> 'headlines') h;
SELECT h ->> 'section' AS section, h ->> 'figure' AS figure, h ->> 'subject' AS subject, h ->> 'metric' AS metric, round((h ->> 'previous')::numeric, 2) AS previous, round((h ->> 'value')::numeric, 2) AS value, (h ->> 'p_adjusted')::float8 < 0.05 AS sure
  FROM satisfaction_report_at('2026-04-01', '2026-05-10 12:00+09') r, jsonb_array_elements(r -> 'changes') h ORDER BY 1, 3;
ROLLBACK;

-- As a page: that of the report, in both languages; of no month there is none.
SELECT lang, satisfaction_report_html_at('2026-04-01', '2026-05-10 12:00+09', lang) = loyalcs.report_page(r, lang) AS same, satisfaction_report_html_at('2026-04-01', '2026-05-10 12:00+09', lang)::xml IS DOCUMENT AS whole,
       satisfaction_report_html('2026-04-01', lang) ~ '<h1>(April 2026|2026年4月)</h1>' AS now, satisfaction_report_html_at('2026-04-01', '2026-05-10 12:00+09', lang) ~ 'page: ' AS untold, satisfaction_report_html('2026-04-01', lang) ~* 'secret' AS tells
  FROM april, unnest('{ja,en}'::text[]) lang;
SELECT satisfaction_report_html(NULL) IS NULL AS none, satisfaction_report_html('2026-04-01') = satisfaction_report_html('2026-04-01', 'ja') AS japanese;
SELECT satisfaction_report_html('2026-04-01', 'fr');

-- Whose report it is: it has nothing of one customer, and level report may ask for it. What is not for a reader to see, is null for them.
CREATE ROLE regress_satisfaction_report;
SELECT FROM loyalcs.grant_shop('shop', 'regress_satisfaction_report', 'report');
GRANT SELECT ON april TO regress_satisfaction_report;
SET ROLE regress_satisfaction_report;
SELECT r = (SELECT a.r FROM pg_temp.april a) AS the_same, r -> 'problems' AS problems, r::text ~* 'secret|example\.com' AS tells FROM shop.satisfaction_report_at('2026-04-01', '2026-05-10 12:00+09') r;
RESET ROLE;
REVOKE SELECT ON ticket_events FROM regress_satisfaction_report;
SET ROLE regress_satisfaction_report;
SELECT r -> 'problems' AS problems, r -> 'detractors' AS detractors, r #> '{satisfaction,scores,0,score,value}' AS nps FROM shop.satisfaction_report_at('2026-04-01', '2026-05-10 12:00+09') r;
RESET ROLE;
-- The names of sections, figures and parts have labels.
SELECT DISTINCT f.name AS has_no_label FROM april, LATERAL (SELECT key FROM jsonb_each(r) WHERE jsonb_typeof(value) IN ('object', 'array') UNION ALL SELECT v #>> '{}' FROM jsonb_path_query(r, 'strict $.**.figure') v UNION ALL SELECT v #>> '{}' FROM jsonb_path_query(r, '$.breakdowns[*].breakdown') v
                                                            UNION ALL SELECT v #>> '{}' FROM jsonb_path_query(r, '$.detractors.ages[*].age') v) f (name)
 WHERE f.name NOT IN (SELECT value FROM loyalcs.labels()) AND f.name <> 'problems';
SELECT pg_temp.same_elsewhere('SELECT satisfaction_report_at(''2026-04-01'', ''2026-05-10 12:00+09'') AS r') AS same_elsewhere;
SET search_path = public;
SELECT loyalcs.grant_shop('shop', 'regress_satisfaction_report', 'none');
SELECT loyalcs.drop_shop('shop', 'shop');
DROP OWNED BY regress_satisfaction_report;
DROP ROLE regress_satisfaction_report;
