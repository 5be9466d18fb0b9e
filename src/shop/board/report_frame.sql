-- shop/report_frame.sql
--
-- What every report of a month is made in: its head, its sections, and what changed
-- by more than chance, with what to do about it.
-- Needs: report_figures, report_sections.
--
-- A section that fails, or that is not for the reader to see, is null and has its
-- problem; the others stand. No part of a report is of one customer.

--@ functions
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

-- (A report that has not a section has no figures of it. Of products the monthly report
-- looks at none, of parts neither: the more is looked at, the less is certain.)
CREATE OR REPLACE FUNCTION report_candidates(report jsonb)
RETURNS TABLE (section text, name text, subject text, metric text, figure jsonb)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
    SELECT f.section, f.figure ->> text 'figure', f.subject, f.metric, f.figure
      FROM (SELECT 'satisfaction' AS section, NULL::text AS subject, NULL::text AS metric, s.value -> text 'score' AS figure
              FROM pg_catalog.jsonb_array_elements(report_candidates.report -> text 'satisfaction' -> text 'scores') s (value)
            UNION ALL
            SELECT v.section, NULL, NULL, report_candidates.report -> v.section -> text 'figures' -> v.name
              FROM (VALUES ('sales', 'repeat_rate'), ('support', 'complaint_share'), ('support', 'within_an_hour_share'), ('support', 'reopened_share'),
                           ('support', 'repeat_contact_share'), ('support', 'ticket_csat'), ('reviews', 'stars'), ('returns', 'return_rate'),
                           ('delivery', 'late_share'), ('delivery', 'same_day_share'),
                           ('complaints', 'satisfied_share'), ('complaints', 'ticket_csat'), ('detractors', 'followed_share')) v (section, name)
            UNION ALL
            SELECT 'satisfaction', NULL, NULL, report_candidates.report -> text 'satisfaction' -> text 'response_rate'
            UNION ALL
            SELECT v.section, NULL, NULL, report_candidates.report -> v.section -> text 'sentiment'
              FROM (VALUES ('voice'), ('themes')) v (section)
            UNION ALL
            SELECT 'support', r.value ->> text 'reason', NULL, r.value -> text 'share'
              FROM pg_catalog.jsonb_array_elements(report_candidates.report -> text 'support' -> text 'reasons') r (value)
            UNION ALL
            SELECT 'support', a.value ->> text 'channel', a.value ->> text 'metric', a.value -> text 'attainment'
              FROM pg_catalog.jsonb_array_elements(report_candidates.report -> text 'support' -> text 'attainment') a (value)
            UNION ALL
            SELECT v.section, t.value ->> text 'theme', NULL, t.value -> text 'share'
              FROM (VALUES ('voice'), ('themes')) v (section)
             CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(report_candidates.report -> v.section -> text 'themes') t (value)
            UNION ALL
            SELECT 'returns', r.value ->> text 'reason', NULL, r.value -> text 'share'
              FROM pg_catalog.jsonb_array_elements(report_candidates.report -> text 'returns' -> text 'reasons') r (value)
            UNION ALL
            SELECT 'reasons', r.value ->> text 'reason', NULL, r.value -> text 'share'
              FROM (VALUES ('tickets'), ('returns')) v (list)
             CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(report_candidates.report -> text 'reasons' -> v.list) r (value)
            UNION ALL
            SELECT 'sources', s.value ->> text 'source', text 'source', s.value -> f.name
              FROM pg_catalog.jsonb_array_elements(report_candidates.report -> text 'sources' -> text 'sources') s (value)
             CROSS JOIN (VALUES ('share'), ('sentiment')) f (name)
             WHERE pg_catalog.jsonb_array_length(report_candidates.report -> text 'sources' -> text 'sources') > 1
            UNION ALL
            SELECT 'breakdowns', coalesce(p.value ->> text 'name', p.value ->> text 'part'), b.value ->> text 'breakdown', p.value -> text 'score'
              FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(report_candidates.report -> text 'breakdowns') WHEN 'array' THEN report_candidates.report -> text 'breakdowns' END) b (value)
             CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(b.value -> text 'parts') p (value)
            UNION ALL
            SELECT 'invitations', i.value ->> i.key, i.key, i.value -> text 'response_rate'
              FROM (SELECT v.key, l.value
                      FROM (VALUES ('surveys', 'survey'), ('channels', 'channel')) v (list, key)
                     CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(report_candidates.report -> text 'invitations' -> v.list) l (value)
                     WHERE pg_catalog.jsonb_array_length(report_candidates.report -> text 'invitations' -> v.list) > 1) i
            UNION ALL
            SELECT 'complaints', i.value ->> i.key, i.key, i.value -> text 'score'
              FROM (SELECT v.key, l.value
                      FROM (VALUES ('channels', 'channel'), ('reasons', 'reason')) v (list, key)
                     CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(report_candidates.report -> text 'complaints' -> v.list) l (value)
                     WHERE pg_catalog.jsonb_array_length(report_candidates.report -> text 'complaints' -> v.list) > 1) i
            UNION ALL
            SELECT 'reviews', coalesce(p.value ->> text 'product_name', p.value ->> text 'product_id'), 'product', p.value -> text 'stars'
              FROM pg_catalog.jsonb_array_elements(CASE report_candidates.report ->> text 'report' WHEN 'satisfaction_report' THEN report_candidates.report -> text 'reviews' -> text 'products' END) p (value)) f
     -- (what is of too few cases has a p-value and is not significant)
     WHERE (f.figure ->> text 'p_value') IS NOT NULL
       AND ((f.figure ->> text 'significant')::boolean OR (f.figure ->> text 'p_value')::double precision >= (report_candidates.report ->> text 'significance')::double precision);
END;
COMMENT ON FUNCTION report_candidates(jsonb) IS
    'the figures of a report, with the section and whatever they are of, in which a change could be more than chance: those of which something is known about that';

CREATE OR REPLACE FUNCTION report_changes(report jsonb)
RETURNS TABLE (place bigint, section text, name text, subject text, metric text, change double precision, good boolean, weight integer, p_adjusted double precision, headline jsonb)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 5
BEGIN ATOMIC
    WITH looked_at AS MATERIALIZED (
        SELECT l.*, row_number() OVER (ORDER BY (l.figure ->> text 'p_value')::double precision, l.section, l.name, l.subject, l.metric) AS place
          FROM report_candidates(report_changes.report) l
    ), sure AS (
        SELECT l.*, a.p_adjusted, (l.figure ->> text 'change')::double precision AS change, count(*) OVER () AS candidates
          FROM looked_at l
          JOIN (SELECT h.p_adjusted, h.place
                  FROM (SELECT holm_adjusted(pg_catalog.array_agg((o.figure ->> text 'p_value')::double precision ORDER BY o.place)) AS list FROM looked_at o) o
                 CROSS JOIN LATERAL pg_catalog.unnest(o.list) WITH ORDINALITY h (p_adjusted, place)) a ON a.place = l.place
    ), judged AS (
        SELECT s.*, CASE s.figure ->> text 'better' WHEN 'higher' THEN s.change > 0::double precision WHEN 'lower' THEN s.change < 0::double precision END AS good,
               -- (of all before of a part)
               CASE WHEN s.section = 'sources' THEN 3
                    WHEN s.section = 'satisfaction' AND s.name IN ('nps', 'csat', 'ces') OR s.name = 'repeat_rate' THEN 1
                    WHEN s.name IN ('nps', 'csat', 'ces', 'stars', 'return_rate', 'late_share', 'within_an_hour_share', 'attainment', 'complaint_share', 'ticket_csat', 'sentiment_balance',
                                    'satisfied_share', 'followed_share') THEN 2
                    ELSE 3 END AS weight
          FROM sure s
         WHERE s.p_adjusted < (report_changes.report ->> text 'significance')::double precision AND s.change <> 0::double precision
    )
    SELECT row_number() OVER (ORDER BY j.weight, coalesce(j.good, false), j.p_adjusted, j.place), j.section, j.name, j.subject, j.metric, j.change, j.good, j.weight, j.p_adjusted,
           report_headline('change', j.section, j.subject, j.metric, j.figure, CASE WHEN j.change > 0::double precision THEN 'up' ELSE 'down' END, j.good, j.p_adjusted, j.candidates,
                           'advice: ' || j.name || CASE j.good WHEN true THEN ' better' WHEN false THEN ' worse'
                                                               ELSE CASE WHEN j.change > 0::double precision THEN ' up' ELSE ' down' END END)
      FROM judged j;
END;
COMMENT ON FUNCTION report_changes(jsonb) IS
    'what changed by more than chance in a report, all that was looked at taken together (holm_adjusted()), what matters most first, and what is worse before what is better; each as a headline of it';

CREATE OR REPLACE FUNCTION report_headlines(report jsonb) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(
               (SELECT pg_catalog.jsonb_agg(t.headline ORDER BY t.place)
                  FROM (SELECT o.headline, o.place
                          -- (of the many themes, reasons and promises that may have changed, one each)
                          FROM (SELECT DISTINCT ON (c.section, c.name) c.headline, c.place
                                  FROM report_changes(report_headlines.report) c
                                 -- (nor of a part what is said of all)
                                 WHERE c.metric IS NULL
                                    OR NOT EXISTS (SELECT FROM report_changes(report_headlines.report) w
                                                    WHERE w.subject IS NULL AND w.name = c.name AND w.good = c.good)
                                 ORDER BY c.section, c.name, c.place) o
                         ORDER BY o.place
                         LIMIT 3) t),
               (SELECT pg_catalog.jsonb_build_array(
                           CASE WHEN count(*) > 0::bigint
                                THEN report_headline('nothing more than chance', NULL, NULL, NULL, '{}'::jsonb, NULL, NULL, NULL, count(*), 'advice: nothing more than chance')
                                ELSE report_headline('not enough data', NULL, NULL, NULL, '{}'::jsonb, NULL, NULL, NULL, 0::bigint, 'advice: not enough data') END)
                  FROM report_candidates(report_headlines.report) l));
END;
COMMENT ON FUNCTION report_headlines(jsonb) IS
    'the up to three things to begin a report with: what changed by more than chance, see report_changes(); else one that says that nothing did, or that there is not enough data. Advice is a word for label()';

-- (Not parallel: handlers begin subtransactions. What is long is not worth compiling.)
CREATE OR REPLACE FUNCTION report_of(name text, sections text[], month date, as_of timestamptz) RETURNS jsonb
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
               'report', name, 'version', 1, 'shop', (SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = 'settings'::regclass::oid),
               'month', span.month, 'previous_month', span.month_before, 'last_year_month', span.year_before, 'complete', span.complete,
               'as_of', report_instant(as_of), 'state_as_of', report_instant(span.state_as_of),
               'currency', s.currency, 'time_zone', s.time_zone, 'language', s.language, 'significance', s.significance, 'minimum_answers', s.minimum_answers)
      INTO report
      FROM settings s;
    FOREACH section IN ARRAY sections LOOP
        parts := CASE section WHEN 'purchases' THEN '{sales,customers}'::text[] ELSE ARRAY[section] END;
        BEGIN
            -- the KPIs last: of what the others have found nothing is read again
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
    IF name <> 'monthly_report' THEN
        report := jsonb_set(report, '{changes}', coalesce((SELECT pg_catalog.jsonb_agg(c.headline ORDER BY c.place) FROM report_changes(report) c), '[]'::jsonb));
    END IF;
    RETURN jsonb_set(report, '{headlines}', report_headlines(report));
END
$$;
COMMENT ON FUNCTION report_of(text, text[], date, timestamptz) IS
    'a report of a name about a month as of an instant: what it is of, the sections that are asked for, each by its function report_SECTION(month, as_of), problems, and headlines; one that is not the monthly report has all that changed as well. An error if the month has not begun by then';
