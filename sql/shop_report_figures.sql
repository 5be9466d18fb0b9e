-- What the sections of a report are made of.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- The month that a day is of, in the shop's time zone: May has begun in Tokyo at 15:00 UTC
-- of the day before, and is over when June begins.
SELECT month, last_day, month_before, year_before, starts, ends, complete, state_as_of, time_zone, confidence
  FROM report_span('2026-05-17', '2026-05-31 14:59:59.999999+00');
SELECT month, complete, state_as_of FROM report_span('2026-05-01', '2026-05-31 15:00+00');
SELECT month, complete, state_as_of FROM report_span('2026-05-01', '2026-04-30 15:00+00');
SELECT month, last_day, month_before FROM report_span('2028-02-29', 'infinity');
SELECT month, year_before FROM report_span('0002-01-01', 'infinity') UNION ALL SELECT month, year_before FROM report_span('9999-12-31', 'infinity');
SELECT count(*) FROM report_span(NULL, now()) UNION ALL SELECT count(*) FROM report_span('2026-05-01', NULL);
SELECT * FROM report_span('2026-05-01', '2026-04-30 14:59:59.999999+00');
SELECT * FROM report_span('2026-05-01', '-infinity');
SELECT * FROM report_span('infinity', 'infinity');
SELECT * FROM report_span('0001-12-31', 'infinity');
SELECT * FROM report_span('10000-01-01', 'infinity');

-- A count: nothing is known about chance. Money is exact, and has no noughts at its end.
SELECT report_number('orders', 'number', 'higher', 30, 20, '2026-04-01', NULL, 30);
SELECT report_number('amount', 'money', 'higher', 100000000000000000.1000, 0.30, '2026-04-01', 7.00, NULL);
SELECT report_number('orders', 'number', 'higher', 30, NULL, '2026-04-01', NULL, 30) ->> 'previous_month' IS NULL AS of_nothing_no_month;
SELECT report_measure('total_median', 'days', 'lower', 2.5, 3.25, '2026-04-01', NULL, 4);

-- A share, a score and the NPS: with the interval and the test that the views have.
SELECT f ->> 'value' AS value, (f ->> 'low')::float8 = i.low AND (f ->> 'high')::float8 = i.high AS same_interval, (f ->> 'change')::float8 = 5 / 50.0 - 15 / 60.0 AS change,
       (f ->> 'p_value')::float8 = c.p_value AND (f ->> 'change_low')::float8 = c.change_low AND (f ->> 'significant')::boolean = c.significant AS same_test, f -> 'last_year' AS last_year, f -> 'cases' AS cases
  FROM report_share('late_share', 'lower', 5, 50, 15, 60, '2026-04-01', 0, 4, 1) f, loyalcs.share_interval(5, 50) i, share_change(15, 60, 5, 50) c;
SELECT f ->> 'value' AS value, (f ->> 'low')::float8 = i.low AS same_interval, (f ->> 'p_value')::float8 = c.p_value AS same_test, f -> 'significant' AS significant, f -> 'previous' AS previous
  FROM report_score('csat', 'score', 'higher', '{"5": 30, "4": 10}', '{"5": 10, "1": 10}', '2026-04-01', NULL, 1, 5) f,
       loyalcs.mean_interval('{"5": 30, "4": 10}', 1, 5) i, loyalcs.mean_change('{"5": 10, "1": 10}', '{"5": 30, "4": 10}', 1, 5) c;
SELECT f ->> 'value' AS value, (f ->> 'low')::float8 = i.low AS same_interval, (f ->> 'p_value')::float8 = c.p_value AS same_test, f -> 'significant' AS significant, f -> 'previous' AS previous
  FROM report_score('nps', 'points', 'higher', '{"10": 30, "0": 10}', '{"9": 10, "0": 30}', '2026-04-01', NULL, 0, 10) f,
       loyalcs.nps_interval('{"10": 30, "0": 10}') i, loyalcs.nps_change('{"9": 10, "0": 30}', '{"10": 30, "0": 10}') c;
-- Nine answers are too few, whatever they say.
SELECT report_score('csat', 'score', 'higher', '{"5": 9}', '{"1": 200}', '2026-04-01', NULL, 1, 5) -> 'significant' AS of_nine, report_score('csat', 'score', 'higher', '{"5": 10}', '{"1": 200}', '2026-04-01', NULL, 1, 5) -> 'significant' AS of_ten;
-- Nothing is null, and not 0.
SELECT report_share('late_share', 'lower', 0, 0, NULL, NULL, '2026-04-01', NULL, NULL, 1);
SELECT report_score('nps', 'points', 'higher', NULL, NULL, NULL, NULL, 0, 10);
-- Six pleased, two neither, four not: (6 - 4) / 12; before, all displeased.
SELECT round((f ->> 'value')::numeric, 6) AS value, f -> 'previous' AS previous, round((f ->> 'change')::numeric, 6) AS change, f -> 'cases' AS cases, (f ->> 'low')::float8 BETWEEN -1 AND (f ->> 'value')::float8 AS low, f -> 'significant' AS significant
  FROM report_balance('{"2": 6, "1": 2, "0": 4}', '{"0": 40}', '2026-04-01', NULL) f;
SELECT low_stars('{"1": 2, "2": 3, "5": 4}'), low_stars('{"5": 4}'), low_stars(NULL);
SELECT report_instant('2026-05-31 23:59:59.999999+09'), report_instant('infinity'), report_instant('-infinity');
-- Every figure has the same keys.
SELECT count(DISTINCT ARRAY(SELECT jsonb_object_keys(f) ORDER BY 1)) AS shapes
  FROM (VALUES (report_number('a', 'number', NULL, 1, 1, NULL, 1, 1)), (report_measure('a', 'days', NULL, 1, 1, NULL, 1, 1)), (report_share('a', NULL, 1, 1, 1, 1, NULL, 1, 1, 1)),
               (report_score('a', 'score', NULL, NULL, NULL, NULL, NULL, 1, 5)), (report_balance(NULL, NULL, NULL, NULL))) v (f);

-- Looked at together: 4 * 0.01, 3 * 0.015, 2 * 0.03 and 1 * 0.04, none less than one before it, and one is the most. NULL was not looked at.
SELECT ARRAY(SELECT round(p::numeric, 9) FROM unnest(holm_adjusted('{0.03,0.01,NULL,0.04,0.015}')) WITH ORDINALITY u (p, i) ORDER BY i) AS four, holm_adjusted('{0.5,0.9,0.7}') AS capped, holm_adjusted('{0.2}') AS one,
       holm_adjusted('{0.01,0.01}') AS equal, holm_adjusted('{NULL,NULL}') AS none, holm_adjusted('{}') AS nothing, holm_adjusted(NULL) AS null;
