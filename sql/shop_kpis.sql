-- The board: what each number is meant to be, and whether it is.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- A shop in which nothing has happened has a board, and says so.
SELECT kpi, status, period_start, actual, direction, target_value, kpi_problem FROM kpi_status_at('2026-06-15 12:00+09');
SELECT count(*) FROM kpi_values_at('2026-06-15 12:00+09');

-- NPS of March: 8 promoters and 2 detractors of 12, 50. Of April: 3 and 9 of 12, -50. In
-- May 4 of 4, which are too few; in June one, so far. CSAT is of March alone: six 5 and
-- six 4. Two surveys ask for it: they are one figure.
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 12) i;
INSERT INTO surveys (survey, title) VALUES ('after', 'After the sale'), ('other', 'Another');
INSERT INTO survey_questions (survey, question, kind, scale_low, scale_high, wording) VALUES
    ('after', 'recommend', 'nps', 0, 10, 'Would you recommend us?'), ('other', 'recommend', 'nps', 0, 10, 'Would you recommend us?'),
    ('after', 'content', 'csat', 1, 5, 'Are you content?'), ('other', 'content', 'csat', 1, 5, 'Are you content?');
CREATE TEMP TABLE given AS
SELECT 'c' || i AS customer_id, m || '-' || i AS response_id, CASE WHEN i % 2 = 0 THEN 'after' ELSE 'other' END AS survey,
       (m || '-10 12:00+09')::timestamptz AS at, m, i,
       CASE m WHEN '2026-03' THEN CASE WHEN i <= 8 THEN 10 WHEN i <= 10 THEN 8 ELSE 0 END
              WHEN '2026-04' THEN CASE WHEN i <= 3 THEN 9 ELSE 6 END
              ELSE 10 END AS score
  FROM unnest('{2026-03,2026-04,2026-05,2026-06}'::text[]) m, generate_series(1, 12) i
 WHERE i <= CASE m WHEN '2026-05' THEN 4 WHEN '2026-06' THEN 1 ELSE 12 END;
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at) SELECT customer_id, response_id, survey, at FROM given;
INSERT INTO survey_answers (customer_id, response_id, survey, question, score) SELECT customer_id, response_id, survey, 'recommend', score FROM given;
INSERT INTO survey_answers (customer_id, response_id, survey, question, score)
SELECT customer_id, response_id, survey, 'content', CASE WHEN i <= 6 THEN 5 ELSE 4 END FROM given WHERE m = '2026-03';
SELECT month, complete, kind, scale, higher_is_better, responses, score, round(score_low::numeric, 2) AS low, round(score_high::numeric, 2) AS high
  FROM satisfaction_at('2026-06-15 12:00+09');
-- (the interval is that of all answers as one)
SELECT (SELECT (score_low, score_high) FROM satisfaction_at('2026-06-15 12:00+09') WHERE month = '2026-03-01' AND kind = 'nps')
       = (SELECT (low, high) FROM loyalcs.nps_interval('{"0": 2, "8": 2, "10": 8}', 0.95)) AS same;

-- From month to month, as of each.
CREATE FUNCTION pg_temp.board(as_of timestamptz) RETURNS TABLE (kpi text, status text, period_start date, actual numeric, cases float8, certain boolean,
                                                                compared_period date, actual_change numeric, kpi_improved boolean, running_actual numeric, sparkline text)
LANGUAGE sql AS $$
    SELECT kpi, status, period_start, round(actual::numeric, 4), cases, certain, compared_period, round(actual_change::numeric, 4), kpi_improved, round(running_actual::numeric, 4), sparkline
      FROM shop.kpi_status_at($1) WHERE actual IS NOT NULL OR running_actual IS NOT NULL;
$$;
SELECT * FROM pg_temp.board('2026-03-15 12:00+09');
SELECT * FROM pg_temp.board('2026-04-15 12:00+09');
SELECT * FROM pg_temp.board('2026-05-15 12:00+09');
SELECT * FROM pg_temp.board('2026-06-15 12:00+09');
SELECT * FROM pg_temp.board('infinity');
SELECT count(*) FROM pg_temp.board('-infinity');
-- From 50 to -50: the interval by hand from the intervals of both.
SELECT round((-100 - sqrt((-50 - b.low) ^ 2 + (a.high - 50) ^ 2))::numeric, 6) = round(s.actual_change_low::numeric, 6) AS low,
       round((-100 + sqrt((b.high + 50) ^ 2 + (50 - a.low) ^ 2))::numeric, 6) = round(s.actual_change_high::numeric, 6) AS high
  FROM kpi_status_at('2026-05-15 12:00+09') s,
       loyalcs.nps_interval('{"0": 2, "8": 2, "10": 8}', 0.95) a, loyalcs.nps_interval('{"9": 3, "6": 9}', 0.95) b
 WHERE s.kpi = 'NPS';

-- A target that changes judges what ends under it. By quarters, months weigh as many
-- answers as they have: of April to June (12 x -50 + 4 x 100 + 1 x 100) / 17.
BEGIN;
UPDATE kpi_targets SET valid = '(,2026-04-15 00:00+09)' WHERE kpi = 'NPS';
INSERT INTO kpi_targets (kpi, target, valid) VALUES ('NPS', -60, '[2026-04-15 00:00+09,)');
SELECT status, target_value FROM kpi_status_at('2026-04-20 12:00+09') WHERE kpi = 'NPS';
SELECT status, target_value FROM kpi_status_at('2026-05-20 12:00+09') WHERE kpi = 'NPS';
UPDATE kpi_targets SET period = 'quarter' WHERE target = -60;
SELECT period, period_start, complete, round(value::numeric, 4) AS value, round(value_low::numeric, 6) AS value_low, cases FROM kpi_periods_at('2026-07-01 00:00+09') WHERE kpi = 'NPS';
SELECT status, period, period_start, round(actual::numeric, 4) AS actual, sparkline FROM kpi_status_at('2026-07-01 00:00+09') WHERE kpi = 'NPS';
UPDATE kpi_targets SET period = 'year' WHERE target = -60;
SELECT status, period, running_since, round(running_actual::numeric, 4) AS running FROM kpi_status_at('2026-07-01 00:00+09') WHERE kpi = 'NPS';
ROLLBACK;

-- Replies within an hour: of four tickets of May one. Another is of half an hour ago, and
-- not yet a case; and one was discarded.
INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'c' || i, 't', 'email' FROM generate_series(1, 6) i;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES
    ('c1', 't', '2026-05-01 10:00+09', 'opened'), ('c1', 't', '2026-05-01 11:00+09', 'agent_reply'),
    ('c2', 't', '2026-05-01 10:00+09', 'opened'), ('c2', 't', '2026-05-01 11:00:01+09', 'agent_reply'),
    ('c3', 't', '2026-05-02 10:00+09', 'opened'), ('c3', 't', '2026-05-02 10:01+09', 'auto_reply'),
    ('c4', 't', '2026-05-03 10:00+09', 'opened'),
    ('c5', 't', '2026-05-20 11:45+09', 'opened'),
    ('c6', 't', '2026-05-04 10:00+09', 'opened'), ('c6', 't', '2026-05-04 10:10+09', 'discarded');
SELECT month, complete, tickets, within_an_hour, within_an_hour_share, round(within_an_hour_low::numeric, 3) AS low, round(within_an_hour_high::numeric, 3) AS high
  FROM first_replies_at('2026-05-20 12:15+09');
SELECT tickets, within_an_hour_share FROM first_replies_at('2026-05-20 12:45+09');

-- Any figure can be a KPI, if it is one number a month.
SELECT add_kpi('spam', 'no_such_figure', 'x');
SELECT add_kpi('mail', 'first_replies', 'within_an_hour_share', month_column => 'tickets');
SELECT add_kpi('mail', 'first_replies', 'share', low_column => 'low', high_column => 'high', conditions => '{"channel": "email"}');
SELECT add_kpi('scores', 'satisfaction', 'score');
SELECT add_kpi('scores', 'first_replies', 'tickets', 4, 'about');
SELECT add_kpi('scores', 'first_replies', 'tickets', 4, period => 'quarter');
SELECT add_kpi('scores', 'satisfaction', 'score', low_column => 'score_low');
SELECT add_kpi('NPS', 'first_replies', 'tickets');
SELECT add_kpi('', 'first_replies', 'tickets');
SELECT add_kpi('tickets', 'first_replies', 'tickets', 3, 'at most', cases_column => 'tickets') AS months;
SELECT status, actual, target_value, direction FROM kpi_status_at('2026-06-15 12:00+09') WHERE kpi = 'tickets';
INSERT INTO kpi_targets (kpi, target) VALUES ('tickets', 5);
SELECT s.given, pg_temp.outcome('INSERT INTO kpi_targets (kpi, target, valid) VALUES (''NPS'', ' || s.given || ', ''empty'')') FROM (VALUES ('1'), ('NULL'), ('''NaN'''), ('''infinity''')) s (given);
SELECT pg_temp.outcome(s.statement) FROM (VALUES ('UPDATE kpis SET conditions = ''[]'''), ('UPDATE kpis SET unit = ''yen'''), ('DELETE FROM kpis')) s (statement);

-- One's own figure; what becomes wrong later is that KPI's problem, and the others show.
CREATE FUNCTION odd_months_at(as_of timestamptz) RETURNS TABLE (month date, divided numeric, who text) LANGUAGE sql STABLE AS
    $$ SELECT m, 1 / EXTRACT(month FROM m), w FROM unnest('{2026-01-01,2026-02-01}'::date[]) m, unnest('{me,you}'::text[]) w $$;
SELECT add_kpi('odd', 'odd_months', 'divided', conditions => '{"who": "me"}') AS months;
SELECT month, value, kpi_problem FROM kpi_values_at('2026-06-15 12:00+09') WHERE kpi = 'odd';
CREATE OR REPLACE FUNCTION odd_months_at(as_of timestamptz) RETURNS TABLE (month date, divided numeric, who text) LANGUAGE sql STABLE AS
    $$ SELECT m, 1 / (EXTRACT(month FROM m) - 1), 'me' FROM unnest('{2026-01-01,2026-02-01}'::date[]) m $$;
SELECT kpi, status, kpi_problem FROM kpi_status_at('2026-06-15 12:00+09') WHERE kpi IN ('odd', 'NPS');
CREATE OR REPLACE FUNCTION odd_months_at(as_of timestamptz) RETURNS TABLE (month date, divided numeric, who text) LANGUAGE sql STABLE AS
    $$ SELECT m, 1::numeric, 'me' FROM unnest('{2026-01-01,2026-01-31,2026-02-01}'::date[]) m $$;
SELECT month, value, kpi_problem FROM kpi_values_at('2026-06-15 12:00+09') WHERE kpi = 'odd';
DROP FUNCTION odd_months_at;
SELECT status, kpi_problem FROM kpi_status_at('2026-06-15 12:00+09') WHERE kpi = 'odd';
-- A function of somebody else is none of the shop's.
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_kpis_other;
SET client_min_messages = warning;
CREATE ROLE regress_kpis_other;
CREATE FUNCTION odd_months_at(as_of timestamptz) RETURNS TABLE (month date, divided numeric, who text) LANGUAGE sql STABLE AS $$ SELECT date '2026-01-01', 1::numeric, 'me' $$;
GRANT CREATE ON SCHEMA shop TO regress_kpis_other;
ALTER FUNCTION odd_months_at OWNER TO regress_kpis_other;
SELECT status, kpi_problem FROM kpi_status_at('2026-06-15 12:00+09') WHERE kpi = 'odd';
-- Nor is on anybody's board what they may not see.
SELECT loyalcs.grant_shop('shop', 'regress_kpis_other', 'report');
REVOKE EXECUTE ON FUNCTION first_replies_at FROM PUBLIC, regress_kpis_other;
SET ROLE regress_kpis_other;
SELECT kpi, status, kpi_problem FROM kpi_status_at('2026-06-15 12:00+09') WHERE kpi IN ('tickets', 'NPS');
RESET ROLE;
DROP FUNCTION odd_months_at;
DROP OWNED BY regress_kpis_other;
DROP ROLE regress_kpis_other;

SELECT pg_temp.same_elsewhere('SELECT * FROM kpi_status_at(''2026-05-15 12:00+09'')') AS status, pg_temp.same_elsewhere('SELECT * FROM kpi_values_at(''2026-05-15 12:00+09'')') AS values;
