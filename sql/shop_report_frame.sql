-- What every report is made in: its head, its sections, what changed.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2026-01-01 00:00+09';

-- Of whatever sections, by their functions; one that fails, or that there is not, is null and says why.
SELECT r - '{reviews,problems,headlines,changes}'::text[] AS head, r #> '{reviews,figures,reviews,value}' AS reviews, r -> 'nonsense' AS nonsense, r -> 'problems' AS problems, r #> '{headlines,0,kind}' AS headline, r -> 'changes' AS changes
  FROM report_of('of_mine', '{reviews,nonsense}', '2026-04-17', '2026-05-10 12:00+09') r;
SELECT report_of('monthly_report', '{}', '2026-04-17', '2026-05-10 12:00+09') ? 'changes' AS monthly_has_changes, report_of('of_mine', NULL, '2026-04-17', '2026-05-10 12:00+09') IS NULL AS of_nothing;
SELECT report_of('of_mine', '{}', '2026-06-17', '2026-05-10 12:00+09');

-- A report of p-values: of 0.001, 0.012, 0.02, 0.3 and 0.9 two are more than chance (Holm: 0.005, 0.048, 0.06, 0.6, 0.9); one that is of too few answers is not looked at.
CREATE FUNCTION pg_temp.figure(name text, better text, change float8, p float8, significant boolean) RETURNS jsonb LANGUAGE sql AS
$$ SELECT jsonb_build_object('figure', name, 'unit', 'share', 'better', better, 'value', 0.5, 'previous', 0.5 - change, 'change', change, 'p_value', p, 'significant', significant, 'previous_month', '2026-03-01', 'previous_months', 1) $$;
CREATE FUNCTION pg_temp.part(name text, score jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('part', name, 'name', NULL, 'score', score) $$;
CREATE TEMP TABLE made AS SELECT jsonb_build_object('report', 'satisfaction_report', 'significance', 0.05,
    'satisfaction', jsonb_build_object('scores', jsonb_build_array(jsonb_build_object('score', pg_temp.figure('nps', 'higher', -5, 0.012, true)))),
    'breakdowns', jsonb_build_array(
        jsonb_build_object('breakdown', 'tier', 'kind', 'nps', 'parts', jsonb_build_array(pg_temp.part('VIP', pg_temp.figure('nps', 'higher', -9, 0.001, true)), pg_temp.part('none', pg_temp.figure('nps', 'higher', 4, 0.02, true)))),
        jsonb_build_object('breakdown', 'channel', 'kind', 'csat', 'parts', jsonb_build_array(pg_temp.part('line', pg_temp.figure('csat', 'higher', 0.2, 0.3, false)), pg_temp.part('email', pg_temp.figure('csat', 'higher', 0.4, 0.0001, false))))),
    'complaints', jsonb_build_object('figures', jsonb_build_object('satisfied_share', pg_temp.figure('satisfied_share', 'higher', 0.1, 0.9, false)), 'channels', jsonb_build_array(jsonb_build_object('channel', 'phone', 'score', pg_temp.figure('ticket_csat', 'higher', 0.1, 0.000001, true)))),
    'detractors', NULL, 'reviews', jsonb_build_object('products', jsonb_build_array(jsonb_build_object('product_id', 'P', 'product_name', NULL, 'stars', pg_temp.figure('stars', 'higher', 1, NULL, NULL))))) AS report;
SELECT section, name, subject, metric, figure -> 'p_value' AS p FROM made, report_candidates(report) ORDER BY p, section;
SELECT place, section, name, subject, metric, change, good, weight, round(p_adjusted::numeric, 6) AS p_adjusted, headline -> 'candidates' AS candidates FROM made, report_changes(report) ORDER BY place;
-- Of a part nothing is told first that is said of all; what is of a part alone, is.
SELECT h -> 'section' AS section, h -> 'figure' AS figure, h -> 'subject' AS subject, h -> 'good' AS good FROM made, jsonb_array_elements(report_headlines(report)) h;
SELECT h -> 'section' AS section, h -> 'figure' AS figure, h -> 'subject' AS subject, h -> 'metric' AS metric, h -> 'advice' AS advice FROM made, jsonb_array_elements(report_headlines(report - 'satisfaction')) h;
-- Of products the monthly report looks at none.
SELECT v.report, count(*) FROM (VALUES ('monthly_report'), ('satisfaction_report')) v (report),
       LATERAL report_candidates(jsonb_build_object('report', v.report, 'significance', 0.05, 'reviews', jsonb_build_object('products', jsonb_build_array(jsonb_build_object('product_id', 'P', 'stars', pg_temp.figure('stars', 'higher', 1, 0.5, false)))))) l GROUP BY v.report ORDER BY 1;
-- What is null, and what is missing, has nothing to be looked at.
SELECT count(*) FROM report_candidates('{"significance": 0.05, "breakdowns": null, "satisfaction": null, "invitations": null, "complaints": null, "reviews": null, "voice": null}');
-- Every advice that these can have has its words.
SELECT name, suffix FROM (VALUES ('satisfied_share'), ('followed_share'), ('response_rate'), ('nps'), ('csat'), ('ces'), ('ticket_csat'), ('stars')) f (name), (VALUES ('better'), ('worse')) s (suffix)
 WHERE format('advice: %s %s', name, suffix) NOT IN (SELECT value FROM loyalcs.labels());
