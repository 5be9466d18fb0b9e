-- shop/monthly_report.sql
--
-- The report for the first of the month: the board, every section, and what changed by
-- more than chance, with what to do about it.
-- Needs: kpis, report_figures, report_sections.
--
-- A section that fails, or that is not for the reader to see, is null and has its
-- problem; the others stand. No part of it is of one customer.

--@ functions
-- What a section has found already is not read again: a KPI that is as the shop began
-- with it has its months from there.
CREATE OR REPLACE FUNCTION report_kpi_months(kpi text, first date, last date, as_of timestamptz, known jsonb)
RETURNS TABLE (
    month date,
    value double precision,
    value_low double precision,
    value_high double precision,
    cases double precision,
    problem text
)
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    k kpis;
    months jsonb;
    wanted jsonb;
BEGIN
    SELECT * INTO k FROM kpis t WHERE t.kpi = report_kpi_months.kpi;
    wanted := pg_catalog.to_jsonb(k) - '{kpi,unit}'::text[];
    SELECT w.value -> text 'months' INTO months
      FROM pg_catalog.jsonb_array_elements(known) w (value)
     WHERE w.value -> text 'is' = wanted AND (w.value ->> text 'first')::date <= report_kpi_months.first
     LIMIT 1;
    IF months IS NULL THEN
        RETURN QUERY SELECT * FROM kpi_months_between(report_kpi_months.kpi, report_kpi_months.first, report_kpi_months.last, report_kpi_months.as_of);
    ELSE
        RETURN QUERY
        SELECT m.month, m.value, CASE WHEN k.low_column IS NOT NULL THEN m.low END, CASE WHEN k.high_column IS NOT NULL THEN m.high END, m.cases, NULL::text
          FROM pg_catalog.jsonb_to_recordset(months) m (month date, value double precision, low double precision, high double precision, cases double precision)
         WHERE m.month >= report_kpi_months.first AND m.value IS NOT NULL
         ORDER BY m.month;
    END IF;
END
$$;
COMMENT ON FUNCTION report_kpi_months(text, date, date, timestamptz, jsonb) IS
    'kpi_months_between(), or the months of a KPI that stand in known, an array of {"is": what its row in kpis says, "first": month, "months": [{month, value, low, high, cases}]}';

CREATE OR REPLACE FUNCTION report_kpis_of(month date, as_of timestamptz, known jsonb) RETURNS jsonb
    LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH span AS MATERIALIZED (
        SELECT * FROM report_span(report_kpis_of.month, report_kpis_of.as_of)
    ), kpi AS MATERIALIZED (
        SELECT p.*, w.length, date_trunc(p.period, m.month::timestamp)::date AS period_start,
               (date_trunc(p.period, m.month::timestamp) + w.length - interval '1 month')::date AS period_last,
               least(m.year_before, (date_trunc(p.period, m.month::timestamp) - interval '1 year')::date) AS first
          FROM span m
         CROSS JOIN LATERAL (SELECT k.kpi, k.unit, kpi_period(k.kpi, m.state_as_of) AS period FROM kpis k) p
         CROSS JOIN LATERAL (SELECT kpi_period_length(p.period) AS length) w
    ), value AS MATERIALIZED (
        SELECT k.kpi, k.period, v.*, date_trunc(k.period, v.month::timestamp)::date AS period_start
          FROM span m
         CROSS JOIN kpi k
         CROSS JOIN LATERAL report_kpi_months(k.kpi, k.first, m.last_day, report_kpis_of.as_of, report_kpis_of.known) v
         WHERE v.value IS NOT NULL OR v.problem IS NOT NULL
    ), whole AS MATERIALIZED (
        SELECT v.kpi, v.period_start,
               CASE WHEN pg_catalog.count(v.problem) = 0::bigint
                    THEN CASE count(*) WHEN 1 THEN min(v.value) ELSE sum(v.value::numeric * v.cases::numeric)::double precision / nullif(sum(v.cases::numeric)::double precision, 0::double precision) END END AS value,
               CASE WHEN count(*) = 1::bigint THEN min(v.value_low) END AS low, CASE WHEN count(*) = 1::bigint THEN min(v.value_high) END AS high,
               sum(v.cases::numeric)::double precision AS cases
          FROM value v
         WHERE v.month IS NOT NULL
         GROUP BY v.kpi, v.period_start
    )
    SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
               'kpi', k.kpi, 'unit', k.unit, 'direction', t.direction, 'target', t.target, 'period', k.period, 'period_start', k.period_start, 'complete', c.complete,
               'status', CASE WHEN w.problem IS NOT NULL AND n.value IS NULL THEN 'problem'
                              WHEN t.target IS NULL THEN 'no target'
                              WHEN NOT c.complete THEN 'running'
                              ELSE j.status END,
               'actual', n.value, 'actual_low', n.low, 'actual_high', n.high, 'cases', n.cases,
               'certain', j.certain,
               'compared_period', b.period_start, 'previous', b.value, 'last_year', y.value,
               'change', d.change, 'change_low', d.change_low, 'change_high', d.change_high,
               'improved', j.improved,
               'trend', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('month', g.at::date, 'value', v.value, 'low', v.value_low, 'high', v.value_high, 'cases', v.cases) ORDER BY g.at)
                           FROM generate_series(m.year_before::timestamp, m.month::timestamp, interval '1 month') g (at)
                           LEFT JOIN value v ON v.kpi = k.kpi AND v.month = g.at::date),
               'problem', w.problem) ORDER BY k.kpi), '[]'::jsonb)
      FROM span m
     CROSS JOIN kpi k
     CROSS JOIN LATERAL (SELECT k.period_last <= m.month AND m.complete AS complete) c
      LEFT JOIN whole n ON n.kpi = k.kpi AND n.period_start = k.period_start
      LEFT JOIN whole y ON y.kpi = k.kpi AND y.period_start = (k.period_start - interval '1 year')::date
      LEFT JOIN LATERAL (SELECT o.* FROM whole o WHERE o.kpi = k.kpi AND o.period_start < k.period_start AND o.value IS NOT NULL ORDER BY o.period_start DESC LIMIT 1) b ON true
      LEFT JOIN LATERAL (SELECT min(v.problem) AS problem FROM value v WHERE v.kpi = k.kpi AND (v.month IS NULL OR v.period_start = k.period_start)) w ON true
      LEFT JOIN LATERAL kpi_target_of(k.kpi, CASE WHEN c.complete THEN (k.period_start + k.length) AT TIME ZONE m.time_zone - interval '1 microsecond' ELSE m.state_as_of END) t ON true
     CROSS JOIN LATERAL difference_interval(n.value, n.low, n.high, b.value, b.low, b.high) d
     CROSS JOIN LATERAL kpi_judgement(n.value, n.low, n.high, n.cases, b.cases, d.change_low, d.change_high, t.direction, t.target) j;
END;
COMMENT ON FUNCTION report_kpis_of(date, timestamptz, jsonb) IS
    'for report_kpis(): with what other sections know of months already, see report_kpi_months()';

CREATE OR REPLACE FUNCTION report_kpis(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE
RETURN report_kpis_of(month, as_of, '[]'::jsonb);
COMMENT ON FUNCTION report_kpis(date, timestamptz) IS
    'the section kpis of monthly_report: of each KPI the period (of its target) that the month is of, against its target, and thirteen months; a status as in kpi_status, running also while the month is not the last of its period';

CREATE OR REPLACE FUNCTION report_improvements(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(e) ORDER BY e.started, e.improvement_id, e.measure)
                       FROM improvement_effect_at(report_improvements.as_of) e
                      WHERE e.started <= m.last_day AND (e.finished IS NULL OR e.after_until IS NULL OR e.after_until >= m.month)), '[]'::jsonb)
      FROM report_span(report_improvements.month, report_improvements.as_of) m;
END;
COMMENT ON FUNCTION report_improvements(date, timestamptz) IS
    'the section improvements of monthly_report: what was begun by the end of the month and is not over, or whose time after it reaches into the month, as improvement_effect has it, with what is known by then';

-- What sections know of the months of the KPIs that a shop begins with.
CREATE OR REPLACE FUNCTION report_known(report jsonb) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
               'is', pg_catalog.jsonb_build_object('figure', k.figure, 'value_column', k.value_column, 'low_column', k.low_column, 'high_column', k.high_column,
                                                   'cases_column', k.cases_column, 'month_column', 'month', 'conditions', k.conditions),
               'first', report_known.report ->> text 'last_year_month', 'months', k.months)), '[]'::jsonb)
      FROM (SELECT 'satisfaction' AS figure, 'score' AS value_column, 'score_low' AS low_column, 'score_high' AS high_column, 'responses' AS cases_column,
                   c.conditions, s.score -> text 'trend' AS months
              FROM pg_catalog.jsonb_array_elements(report_known.report -> text 'satisfaction' -> text 'scores') s (score)
             CROSS JOIN LATERAL (SELECT pg_catalog.jsonb_build_object('kind', s.score -> text 'kind') AS of_kind,
                                        pg_catalog.format('%s to %s', s.score ->> text 'scale_low', s.score ->> text 'scale_high') AS scale) g
             CROSS JOIN LATERAL (VALUES (CASE s.score ->> text 'kind' WHEN 'nps' THEN g.of_kind END),
                                        (g.of_kind OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('scale', g.scale)),
                                        (g.of_kind OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('scale', g.scale, 'higher_is_better', s.score -> text 'higher_is_better'))) c (conditions)
             WHERE c.conditions IS NOT NULL AND (s.score ->> text 'scales')::integer = 1
            UNION ALL
            -- (what nobody has answered in any of the months)
            SELECT 'satisfaction', 'score', 'score_low', 'score_high', 'responses', v.conditions, '[]'::jsonb
              FROM (VALUES ('{"kind": "nps"}'::jsonb), ('{"kind": "csat", "scale": "1 to 5"}'), ('{"kind": "ces", "scale": "1 to 5", "higher_is_better": false}')) v (conditions)
             WHERE pg_catalog.jsonb_typeof(report_known.report -> text 'satisfaction' -> text 'scores') = 'array'
               AND NOT EXISTS (SELECT FROM pg_catalog.jsonb_array_elements(report_known.report -> text 'satisfaction' -> text 'scores') s (score)
                                WHERE s.score -> text 'kind' = v.conditions -> text 'kind')
            UNION ALL
            SELECT 'repeat_rate', 'repeat_rate', NULL, NULL, 'buyers', '{}'::jsonb,
                   (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('month', t.value -> text 'month', 'value', t.value -> text 'repeat_rate', 'cases', t.value -> text 'buyers'))
                      FROM pg_catalog.jsonb_array_elements(report_known.report -> text 'sales' -> text 'trend') t (value))
            UNION ALL
            SELECT 'first_replies', 'within_an_hour_share', 'within_an_hour_low', 'within_an_hour_high', 'tickets', '{}'::jsonb,
                   (SELECT pg_catalog.jsonb_agg(report_point((t.value ->> text 'month')::date, (t.value ->> text 'within_an_hour_share')::double precision, w.low, w.high, (t.value ->> text 'had_an_hour')::bigint))
                      FROM settings z
                     CROSS JOIN pg_catalog.jsonb_array_elements(report_known.report -> text 'support' -> text 'trend') t (value)
                     CROSS JOIN LATERAL loyalcs.share_interval((t.value ->> text 'within_an_hour')::bigint, (t.value ->> text 'had_an_hour')::bigint, 1::double precision - z.significance) w)
            UNION ALL
            SELECT 'complaint_recovery', 'satisfied_share', 'satisfied_share_low', 'satisfied_share_high', 'responses', '{}'::jsonb,
                   (SELECT pg_catalog.jsonb_agg(report_point((t.value ->> text 'month')::date,
                                                             (t.value ->> text 'complaints_satisfied')::double precision / nullif((t.value ->> text 'complaint_responses')::double precision, 0::double precision),
                                                             w.low, w.high, (t.value ->> text 'complaint_responses')::bigint))
                      FROM settings z
                     CROSS JOIN pg_catalog.jsonb_array_elements(report_known.report -> text 'support' -> text 'trend') t (value)
                     CROSS JOIN LATERAL loyalcs.share_interval((t.value ->> text 'complaints_satisfied')::bigint, (t.value ->> text 'complaint_responses')::bigint, 1::double precision - z.significance) w)
            UNION ALL
            SELECT 'review_scores', 'stars_mean', 'stars_low', 'stars_high', 'reviews', '{"product_id": null}'::jsonb, report_known.report -> text 'reviews' -> text 'trend') k
     WHERE k.months IS NOT NULL AND pg_catalog.jsonb_typeof(k.months) = 'array';
END;
COMMENT ON FUNCTION report_known(jsonb) IS
    'for monthly_report_at(): the months of KPIs as the sections of a report have them, see report_kpi_months()';

CREATE OR REPLACE FUNCTION report_headline(
    kind text,
    section text,
    subject text,
    metric text,
    figure jsonb,
    direction text,
    good boolean,
    p_adjusted double precision,
    candidates bigint,
    advice text
) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.jsonb_build_object(
    'kind', kind, 'section', section, 'figure', figure -> text 'figure', 'subject', subject, 'metric', metric, 'unit', figure -> text 'unit', 'direction', direction, 'good', good,
    'value', figure -> text 'value', 'previous', figure -> text 'previous', 'previous_month', figure -> text 'previous_month', 'previous_months', figure -> text 'previous_months',
    'change', figure -> text 'change', 'change_low', figure -> text 'change_low', 'change_high', figure -> text 'change_high',
    'p_value', figure -> text 'p_value', 'p_adjusted', p_adjusted, 'candidates', candidates, 'advice', advice);
COMMENT ON FUNCTION report_headline(text, text, text, text, jsonb, text, boolean, double precision, bigint, text) IS
    'a headline of a report, from the figure that it is about';

-- Many things are looked at, and one in twenty that has not changed looks as if it had:
-- so p-values are those of all together, by Holm's method (Scandinavian Journal of
-- Statistics 6, 1979), which holds whatever depends on what.
CREATE OR REPLACE FUNCTION report_headlines(report jsonb) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH looked_at AS (
        SELECT f.*, f.figure ->> text 'figure' AS name, (f.figure ->> text 'p_value')::double precision AS p, (f.figure ->> text 'change')::double precision AS change
          FROM (SELECT 'satisfaction' AS section, NULL::text AS subject, NULL::text AS metric, s.value -> text 'score' AS figure
                  FROM pg_catalog.jsonb_array_elements(report_headlines.report -> text 'satisfaction' -> text 'scores') s (value)
                UNION ALL
                SELECT v.section, NULL, NULL, report_headlines.report -> v.section -> text 'figures' -> v.name
                  FROM (VALUES ('sales', 'repeat_rate'), ('support', 'complaint_share'), ('support', 'within_an_hour_share'), ('support', 'reopened_share'),
                               ('support', 'repeat_contact_share'), ('support', 'ticket_csat'), ('reviews', 'stars'), ('returns', 'return_rate'),
                               ('delivery', 'late_share'), ('delivery', 'same_day_share')) v (section, name)
                UNION ALL
                SELECT 'satisfaction', NULL, NULL, report_headlines.report -> text 'satisfaction' -> text 'response_rate'
                UNION ALL
                SELECT 'voice', NULL, NULL, report_headlines.report -> text 'voice' -> text 'sentiment'
                UNION ALL
                SELECT 'support', r.value ->> text 'reason', NULL, r.value -> text 'share'
                  FROM pg_catalog.jsonb_array_elements(report_headlines.report -> text 'support' -> text 'reasons') r (value)
                UNION ALL
                SELECT 'support', a.value ->> text 'channel', a.value ->> text 'metric', a.value -> text 'attainment'
                  FROM pg_catalog.jsonb_array_elements(report_headlines.report -> text 'support' -> text 'attainment') a (value)
                UNION ALL
                SELECT 'voice', t.value ->> text 'theme', NULL, t.value -> text 'share'
                  FROM pg_catalog.jsonb_array_elements(report_headlines.report -> text 'voice' -> text 'themes') t (value)
                UNION ALL
                SELECT 'returns', r.value ->> text 'reason', NULL, r.value -> text 'share'
                  FROM pg_catalog.jsonb_array_elements(report_headlines.report -> text 'returns' -> text 'reasons') r (value)) f
         -- (what is of too few cases has a p-value and is not significant)
         WHERE (f.figure ->> text 'p_value') IS NOT NULL
           AND ((f.figure ->> text 'significant')::boolean OR (f.figure ->> text 'p_value')::double precision >= (report_headlines.report ->> text 'significance')::double precision)
    ), stepped AS (
        SELECT c.*, count(*) OVER () AS candidates,
               least(max(c.p * (c.of_all - c.place + 1::bigint)::double precision) OVER (ORDER BY c.place), 1::double precision) AS p_adjusted
          FROM (SELECT l.*, count(*) OVER () AS of_all, row_number() OVER (ORDER BY l.p, l.section, l.name, l.subject, l.metric) AS place FROM looked_at l) c
    ), sure AS (
        SELECT s.*, CASE s.figure ->> text 'better' WHEN 'higher' THEN s.change > 0::double precision WHEN 'lower' THEN s.change < 0::double precision END AS good,
               CASE WHEN s.name IN ('nps', 'csat', 'ces', 'repeat_rate') THEN 1
                    WHEN s.name IN ('stars', 'return_rate', 'late_share', 'within_an_hour_share', 'attainment', 'complaint_share', 'ticket_csat', 'sentiment_balance') THEN 2
                    ELSE 3 END AS weight
          FROM stepped s
         WHERE s.p_adjusted < (report_headlines.report ->> text 'significance')::double precision AND s.change <> 0::double precision
    ), told AS (
        -- (of the many themes, reasons and promises that may have changed, one each)
        SELECT o.*, row_number() OVER (ORDER BY o.weight, coalesce(o.good, false), o.p_adjusted, o.p, o.name) AS rank
          FROM (SELECT DISTINCT ON (s.section, s.name) s.*
                  FROM sure s
                 ORDER BY s.section, s.name, coalesce(s.good, false), s.p_adjusted, s.p, s.subject, s.metric) o
    )
    SELECT coalesce(
               (SELECT pg_catalog.jsonb_agg(report_headline('change', t.section, t.subject, t.metric, t.figure, CASE WHEN t.change > 0::double precision THEN 'up' ELSE 'down' END, t.good, t.p_adjusted, t.candidates,
                                                            'advice: ' || t.name || CASE t.good WHEN true THEN ' better' WHEN false THEN ' worse'
                                                                                             ELSE CASE WHEN t.change > 0::double precision THEN ' up' ELSE ' down' END END) ORDER BY t.rank)
                  FROM told t
                 WHERE t.rank <= 3),
               (SELECT pg_catalog.jsonb_build_array(
                           CASE WHEN count(*) > 0::bigint
                                THEN report_headline('nothing more than chance', NULL, NULL, NULL, '{}'::jsonb, NULL, NULL, NULL, count(*), 'advice: nothing more than chance')
                                ELSE report_headline('not enough data', NULL, NULL, NULL, '{}'::jsonb, NULL, NULL, NULL, 0::bigint, 'advice: not enough data') END)
                  FROM looked_at l));
END;
COMMENT ON FUNCTION report_headlines(jsonb) IS
    'the up to three things to begin a report with, of its sections: what changed by more than chance, all that was looked at taken together (Holm 1979), what matters most first, and what is worse before what is better; else one that says that nothing did, or that there is not enough data. Advice is a word for label()';

-- (Not parallel: handlers begin subtransactions. What is long is not worth compiling.)
CREATE OR REPLACE FUNCTION monthly_report_at(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE STRICT
    SET search_path FROM CURRENT
    SET jit = off
AS $$
DECLARE
    span record;
    report jsonb;
    section text;
    parts text[];
    part text;
    found jsonb;
    problem text;
    problems jsonb := '{}';
BEGIN
    SELECT * INTO span FROM report_span(month, as_of);
    SELECT pg_catalog.jsonb_build_object(
               'report', 'monthly_report', 'version', 1, 'shop', (SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = 'settings'::regclass::oid),
               'month', span.month, 'previous_month', span.month_before, 'last_year_month', span.year_before, 'complete', span.complete,
               'as_of', report_instant(as_of), 'state_as_of', report_instant(span.state_as_of),
               'currency', s.currency, 'time_zone', s.time_zone, 'language', s.language, 'significance', s.significance, 'minimum_answers', s.minimum_answers)
      INTO report
      FROM settings s;
    -- the KPIs last: of what the others have found nothing is read again
    FOREACH section IN ARRAY '{satisfaction,purchases,support,voice,reviews,returns,delivery,loyalty,followups,improvements,kpis}'::text[] LOOP
        parts := CASE section WHEN 'purchases' THEN '{sales,customers}'::text[] ELSE ARRAY[section] END;
        BEGIN
            IF section = 'kpis' THEN
                found := report_kpis_of(month, as_of, report_known(report));
            ELSE
                EXECUTE pg_catalog.format('SELECT %I($1, $2)', 'report_' || section) INTO found USING month, as_of;
            END IF;
            problem := NULL;
        EXCEPTION
            WHEN query_canceled OR admin_shutdown OR crash_shutdown OR out_of_memory THEN
                RAISE;
            WHEN insufficient_privilege THEN
                found := NULL;
                problem := 'not for you to see';
            WHEN OTHERS THEN
                found := NULL;
                problem := SQLERRM;
        END;
        FOREACH part IN ARRAY parts LOOP
            report := jsonb_set(report, ARRAY[part], coalesce(CASE section WHEN 'purchases' THEN found -> part ELSE found END, 'null'::jsonb));
            IF problem IS NOT NULL THEN
                problems := jsonb_set(problems, ARRAY[part], pg_catalog.to_jsonb(problem));
            END IF;
        END LOOP;
    END LOOP;
    report := jsonb_set(report, '{problems}', problems);
    RETURN jsonb_set(report, '{headlines}', report_headlines(report));
END
$$;
COMMENT ON FUNCTION monthly_report_at(date, timestamptz) IS
    'the report about a month, named by any of its days, as of an instant: KPIs, satisfaction, sales, customers, support, voice, reviews, returns, delivery, loyalty, follow-ups and improvements, each beside the month before and the year before, and headlines: what changed by more than chance. doc/report.md says what stands where, doc/monthly_report.schema.json is its schema. A section that is not for the reader to see or that fails is null, and problems says why; an error if the month has not begun by then';

CREATE OR REPLACE FUNCTION monthly_report(month date) RETURNS jsonb
    LANGUAGE sql STABLE
RETURN monthly_report_at(month, now());
COMMENT ON FUNCTION monthly_report(date) IS
    'monthly_report_at(month, now())';
