-- Is the shop itself well?
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2020-01-01 00:00+00';
\set as_of '''2026-06-30 12:00+09'''

-- Every job that is scheduled is looked at, and no other.
SELECT count(*) AS jobs, count(*) FILTER (WHERE h.component = j.function) AS looked_at
  FROM loyalcs.shop_jobs() j FULL JOIN (SELECT * FROM shop_health WHERE area = 'nightly job') h ON h.component = j.function;

-- Of a shop in which nothing has happened there is little to say; at no time does it fail.
SELECT severity, area, component, finding, to_do, affected, affected_since FROM shop_health_in('en', :as_of);
SELECT severity, area, component, finding, to_do FROM shop_health_in('ja', :as_of);
SELECT count(*) AS lines, count(*) FILTER (WHERE severity = 'fine') AS fine FROM shop_health_at('-infinity');
SELECT count(*) AS lines, count(*) FILTER (WHERE severity = 'fine') AS fine FROM shop_health_at('infinity');

-- Whatever can be wrong is wrong: each line has its say, when it is so and not before.
SELECT evaluated_at IS NOT NULL AS begun FROM evaluate_tiers(), settle_points();
DELETE FROM job_runs;
INSERT INTO job_runs (job, started_at) VALUES
    ('expire_points', '2026-06-30 00:10+09'), ('refresh_rfm_cuts', '2026-06-29 00:00+09'), ('match_voices', '2026-06-28 23:59+09'),
    ('evaluate_tiers', '2026-06-23 11:59+09'), ('settle_points', '2026-06-23 12:00+09');
SELECT severity, component, affected_since, finding FROM shop_health_in('en', :as_of) WHERE area = 'nightly job';
DELETE FROM tier_state;
DELETE FROM rfm_cuts;
INSERT INTO customers (customer_id, email) SELECT 'c' || i, 'c' || i || '@example.com' FROM generate_series(1, 9) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'c' || i, 'o', '2026-01-01 12:00+09', 100 FROM generate_series(1, 9) i;
SELECT severity, area, component, finding, affected, affected_since FROM shop_health_in('en', :as_of)
 WHERE area IN ('tiers', 'RFM cut points') OR component = 'refresh_related_products';
INSERT INTO tier_state (evaluated_at) VALUES ('2026-06-23 11:59+09');
INSERT INTO rfm_cuts SELECT v.as_of::timestamptz, 9, array_fill(timestamptz '2026-01-01 12:00+09', '{4}'), '{1,1,1,1}', '{1,1,1,1}'
  FROM (VALUES ('2026-06-23 11:59+09')) v (as_of);
INSERT INTO tier_history (customer_id, valid_from, tier, rank, rule_id, spent, orders, review_at)
SELECT 'c1', '2026-01-01 12:00+09', r.tier, r.rank, r.rule_id, 100, 1, '2026-06-29 00:00+09' FROM tier_rules r LIMIT 1;
INSERT INTO tier_queue (customer_id, review_at) VALUES ('c2', '2026-06-29 00:01+09'), ('c3', '2026-06-28 00:00+09');
INSERT INTO voice_changes (customer_id, source, text_id, said_at) VALUES ('c1', 'review', 'r', '2026-06-28 12:00+09');
UPDATE customer_change_readers SET read_at = '2026-06-29 00:00+09';
INSERT INTO customer_change_readers VALUES ('ours', '2026-06-29 00:01+09'), ('gone', NULL);
-- (points that lapsed more than a night ago)
SELECT adjust_points('c1', 10, 'gift', NULL, '2026-06-28 23:59+09', '2026-06-01 12:00+09') > 0 AS one, adjust_points('c1', 10, 'gift 2', NULL, '2026-06-29 00:01+09', '2026-06-01 12:00+09') > 0 AS other;
-- (one import with two lines that could not be taken, one where they have been mended, one that is not through)
INSERT INTO imports (import_id, format, system, file_name, time_zone, header, started_at, finished_at, lines, rejected_lines)
SELECT i, 'plain-orders', 'plain', 'f' || i, 'Asia/Tokyo', '{}', '2026-06-01 12:00+09', CASE WHEN i < 3 THEN timestamptz '2026-06-01 12:01+09' END, 10, 2 FROM generate_series(1, 3) i;
INSERT INTO import_rejects VALUES (1, 2, 'amount', 'x', 'that is no number'), (1, 2, 'date', 'x', 'that is no date'), (1, 7, 'amount', 'y', 'that is no number'), (3, 2, 'amount', 'x', 'that is no number');
SELECT severity, area, component, finding, affected, affected_since FROM shop_health_in('en', :as_of)
 WHERE area IN ('tiers', 'RFM cut points', 'voices', 'customer changes', 'imports', 'points to lapse');
-- A week, a night: to the minute.
SELECT severity, area FROM shop_health_in('en', '2026-06-30 11:59+09') WHERE area = 'RFM cut points';

-- The models of the outlook: none, an old one, and whichever problem one has.
SELECT severity, finding, to_do, affected FROM shop_health_in('en', :as_of) WHERE area = 'outlook';
INSERT INTO outlook_models (as_of, bgnbd, gamma_gamma, penalty, customers, repeat_buyers, problem, expected_orders)
SELECT v.as_of::timestamptz, '{}', '{}', 0.1, 90, v.repeat_buyers, v.problem, v.expected_orders
  FROM (VALUES ('2026-06-23 12:00+09', 40, NULL, 9.5), ('2026-06-30 12:00+09', 40, 'no_maximum', NULL),
               ('2026-06-30 12:25+09', 29, 'too_few_repeat_buyers', NULL), ('2026-07-01 12:00+09', 40, 'too_few_repeat_buyers', 9.5)) v (as_of, repeat_buyers, problem, expected_orders);
SELECT a AS as_of, severity, finding, to_do, affected
  FROM unnest('{2026-06-30 11:59+09,2026-06-30 12:00+09,2026-06-30 12:25+09,2026-07-01 12:00+09,2026-07-08 12:00:01+09}'::timestamptz[]) a, shop_health_in('en', a)
 WHERE area = 'outlook' ORDER BY 1;
BEGIN;
DELETE FROM outlook_models WHERE problem IS NOT NULL;
SELECT severity, finding, affected, affected_since FROM shop_health_in('en', '2026-06-30 12:00:01+09') WHERE area = 'outlook';
ROLLBACK;

-- What should have been sent, and was not: by a machine within an hour, by a person within a day.
UPDATE journeys SET started_at = NULL;
SELECT severity, area, finding, to_do FROM shop_health_in('en', :as_of) WHERE area = 'journeys';
SELECT steps > 5 AS started FROM start_journeys('2026-06-01 00:00+09');
UPDATE orders SET shipped_at = '2026-06-23 11:00+09', delivered_at = '2026-06-23 12:00+09' WHERE customer_id IN ('c1', 'c2');
UPDATE journey_steps SET valid = 'empty' WHERE step NOT IN ('satisfaction_survey', 'purchase_survey');
UPDATE journey_steps SET sample_share = NULL, expires_after = '14 days' WHERE valid <> 'empty';
SELECT step, customer_id, due_at FROM followups_due_at(:as_of) ORDER BY 1, 2;
SELECT severity, area, finding, affected_since FROM shop_health_in('en', '2026-06-30 12:59+09') WHERE area IN ('follow-ups', 'journeys');
SELECT severity, area, finding, affected_since FROM shop_health_in('en', '2026-06-30 13:00+09') WHERE area IN ('follow-ups', 'journeys');
SELECT severity, area, finding, affected_since FROM shop_health_in('en', '2026-07-01 12:00+09') WHERE area IN ('follow-ups', 'journeys');
UPDATE journey_steps SET kind = 'person' WHERE valid <> 'empty';
SELECT severity, area, finding, affected_since FROM shop_health_in('en', '2026-07-01 11:59+09') WHERE area IN ('follow-ups', 'journeys');
SELECT severity, area, finding, affected_since FROM shop_health_in('en', '2026-07-01 12:00+09') WHERE area IN ('follow-ups', 'journeys');

-- A worker that is gone.
SELECT customer_id, step, lease_until FROM claim_followups('email', 1, 'w', interval '10 minutes', '2026-06-30 12:00+09');
SELECT severity, area, component, finding, affected_since FROM shop_health_in('en', '2026-06-30 12:24:59+09') WHERE area = 'dispatchers';
SELECT severity, area, component, finding, affected_since FROM shop_health_in('en', '2026-06-30 12:25+09') WHERE area = 'dispatchers';

-- Promises and rules of which nobody was told.
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('c4', 't', 'email');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('c4', 't', '2026-06-29 10:00+09', 'opened');
INSERT INTO escalation_rules (rule, condition, after, tell) VALUES ('late', 'sla_breached', interval '0', 'the boss');
SELECT d.state, d.metric, d.due_at FROM sla_warnings_due_at(:as_of) d WHERE d.state = 'breached';
SELECT e.rule, e.due_at FROM escalations_due_at(:as_of) e;
SELECT severity, area, finding, affected_since FROM shop_health_in('en', '2026-06-29 10:00+09') WHERE area IN ('SLA warnings', 'escalations');
SELECT severity, area, finding, affected_since FROM shop_health_in('en', :as_of) WHERE area IN ('SLA warnings', 'escalations');
SELECT count(*) AS claimed FROM claim_sla_warnings(NULL, 10, 'w', interval '10 minutes', :as_of);
SELECT severity, area, component, finding FROM shop_health_in('en', '2026-06-30 12:25+09') WHERE area = 'dispatchers' AND component = 'warnings';

-- All of it in both languages: no line without words and, where it is not fine, without
-- something to do; every area and severity has a label; and what is to be said in SQL can be.
CREATE TEMP TABLE said AS SELECT lang, h.*
  FROM unnest('{en,ja}'::text[]) lang, unnest('{2026-06-30 12:00+09,2026-06-30 12:25+09,2026-07-01 12:00+09}'::timestamptz[]) t, shop_health_in(lang, t) h;
SELECT string_agg(DISTINCT area, ', ' ORDER BY area) AS areas_with_something_to_do FROM said WHERE severity <> 'fine';
SELECT lang, severity, count(*) FROM said GROUP BY lang, severity ORDER BY lang, severity;
SELECT count(*) AS without_words FROM said WHERE coalesce(finding, '') = '' OR (severity <> 'fine') <> (coalesce(to_do, '') <> '') OR finding ~ '%' OR to_do ~ '%';
SELECT count(*) AS in_another_language FROM said WHERE lang = 'en' AND finding || coalesce(to_do, '') ~ '[^\x20-\x7e]' OR lang = 'ja' AND finding !~ '[^\x20-\x7e]';
SELECT w AS has_no_label FROM said, unnest(ARRAY[area, severity]) w WHERE loyalcs.label(w, 'ja') !~ '[^\x20-\x7e]' GROUP BY w;
SELECT s.statement, pg_temp.outcome(s.statement) AS outcome
  FROM (SELECT DISTINCT m[1] COLLATE "C" AS statement FROM said, regexp_matches(to_do, '(SELECT [^;]*)(?:;| or of| または)', 'g') m) s
 ORDER BY 1;
SELECT count(*) AS lines, count(*) FILTER (WHERE h.finding = j.finding) AS said_in_the_shops_language
  FROM shop_health h JOIN shop_health_in((SELECT language FROM settings), now()) j USING (area, severity, affected) WHERE j.component IS NOT DISTINCT FROM h.component;

-- When all of it has been done, nothing is to be said.
DELETE FROM job_runs;
INSERT INTO job_runs (job, started_at) SELECT function, '2026-06-30 03:00+09' FROM loyalcs.shop_jobs();
DELETE FROM voice_changes;
DELETE FROM import_rejects;
DELETE FROM tier_queue;
DELETE FROM customer_changes;
DELETE FROM unread_changes;
DELETE FROM customer_change_readers WHERE reader = 'ours';
UPDATE tier_history SET review_at = NULL;
INSERT INTO rfm_cuts SELECT '2026-06-30 03:00+09', 9, recency, frequency, monetary FROM rfm_cuts;
DELETE FROM outlook_models WHERE problem IS NOT NULL;
UPDATE outlook_models SET as_of = '2026-06-30 03:00+09';
SELECT FROM expire_points(:as_of);
DELETE FROM followups;
DELETE FROM sla_warnings;
SELECT FROM stop_journeys('2026-06-02 00:00+09');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('c4', 't', '2026-06-29 10:01+09', 'agent_reply'), ('c4', 't', '2026-06-29 10:02+09', 'resolved');
SELECT severity, area, component, finding, to_do FROM shop_health_in('en', :as_of) WHERE severity <> 'fine';
SELECT count(*) AS lines FROM shop_health_in('en', :as_of);

-- All levels may ask, and are told the same; whoever may run a job may note it, and no more.
CREATE ROLE regress_health_report;
CREATE ROLE regress_health_service;
SELECT FROM unnest('{report,service}'::text[]) l, loyalcs.grant_shop('shop', ('regress_health_' || l)::regrole, l);
SET search_path = shop;
SET ROLE regress_health_report;
SELECT count(*) AS lines FROM shop_health;
SELECT pg_temp.outcome('INSERT INTO job_runs (job) VALUES (''expire_points'')');
SET ROLE regress_health_service;
SELECT count(*) AS lines FROM shop_health;
SELECT customers >= 0 AS may_run FROM expire_points();
SELECT pg_temp.outcome('INSERT INTO job_runs (job, started_at) VALUES (''expire_points'', ''2020-01-01'')'),
       pg_temp.outcome('UPDATE job_runs SET job = ''other'''), pg_temp.outcome('DELETE FROM job_runs');
RESET ROLE;
RESET search_path;
DROP OWNED BY regress_health_report, regress_health_service;
DROP ROLE regress_health_report, regress_health_service;
