-- shop/monthly_report.sql
--
-- The report for the first of the month: the board and every section.
-- Needs: kpis, report_figures, report_sections, report_frame.

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

CREATE OR REPLACE FUNCTION monthly_report_at(month date, as_of timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE
RETURN report_of('monthly_report', '{satisfaction,purchases,outlook,support,voice,reviews,returns,delivery,loyalty,followups,improvements,kpis}'::text[], month, as_of);
COMMENT ON FUNCTION monthly_report_at(date, timestamptz) IS
    'the report about a month, named by any of its days, as of an instant: KPIs, satisfaction, sales, customers, outlook, support, voice, reviews, returns, delivery, loyalty, follow-ups and improvements, each beside the month before and the year before, and headlines: what changed by more than chance. doc/report.md says what stands where, doc/monthly_report.schema.json is its schema. A section that is not for the reader to see or that fails is null, and problems says why; an error if the month has not begun by then';

CREATE OR REPLACE FUNCTION monthly_report(month date) RETURNS jsonb
    LANGUAGE sql STABLE
RETURN monthly_report_at(month, now());
COMMENT ON FUNCTION monthly_report(date) IS
    'monthly_report_at(month, now())';
