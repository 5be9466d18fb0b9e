-- report_page.sql
--
-- A report of a shop as a page that people read: from the jsonb of a monthly report to one
-- self-contained page of HTML, in Japanese or English.
-- Needs: labels, formats, charts, page.
--
-- OFFSET 0 keeps a subquery apart, so that what it gives is made once and not wherever it is used.
--
-- Pure: the page follows from the report alone, so it can be tried with any. A section that
-- is null says why, and one without figures that there are none; nothing is ever an empty box.
-- Every text of the page is a label ("page: ..."), so both languages stand in one place.

-- --------------------------------------------------------------------------
-- Figures as cells and rows
-- --------------------------------------------------------------------------

CREATE FUNCTION loyalcs.page_is_running(report jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN report -> text 'complete' = 'false'::jsonb;
COMMENT ON FUNCTION loyalcs.page_is_running(jsonb) IS
    'whether the month of a report was not over when it was made';

CREATE FUNCTION loyalcs.page_confidence(report jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN loyalcs.format_figure(100::numeric - 100::numeric * (report ->> text 'significance')::numeric, 'number'::text, NULL::text) || '%'::text;
COMMENT ON FUNCTION loyalcs.page_confidence(jsonb) IS
    'the confidence of the intervals of a report, in words: 95%';

-- A change is coloured, and has a mark, only if it is more than chance.
CREATE FUNCTION loyalcs.page_change(change numeric, unit text, currency text, lang text, is_significant boolean, better text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN CASE WHEN change IS NOT NULL THEN
    xmlelement(NAME small, xmlattributes(CASE WHEN is_significant IS NOT TRUE OR better IS NULL OR change = 0::numeric THEN 'soft'::text
                                              WHEN (change > 0::numeric) = (better = 'higher'::text) THEN 'good'::text ELSE 'bad'::text END AS class),
               CASE WHEN is_significant AND change > 0::numeric THEN '▲ '::text WHEN is_significant AND change < 0::numeric THEN '▼ '::text ELSE ''::text END
               || loyalcs.format_figure(change, unit, currency, lang, true))
    END;
END
$$;
COMMENT ON FUNCTION loyalcs.page_change(numeric, text, text, text, boolean, text) IS
    'a change for a cell of a page, coloured and marked if it is more than chance; better is higher, lower or NULL';

CREATE FUNCTION loyalcs.page_range(low numeric, high numeric, unit text, currency text, lang text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN low IS NOT NULL AND high IS NOT NULL THEN
    format(loyalcs.page_text('range'::text, lang), loyalcs.format_figure(low, unit, currency, lang), loyalcs.format_figure(high, unit, currency, lang))
    END;
END
$$;
COMMENT ON FUNCTION loyalcs.page_range(numeric, numeric, text, text, text) IS
    'an interval in words, from its low to its high end; NULL if there is none';

-- One figure of a report: of this month, of the month before, of a year ago.
CREATE FUNCTION loyalcs.page_figure_row(f jsonb, name text, currency text, lang text, has_last_year boolean) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (SELECT xmlelement(NAME tr,
                   xmlelement(NAME th, xmlattributes('row' AS scope), name),
                   xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_figure((f ->> text 'value')::numeric, u.unit, currency, lang)),
                              CASE WHEN r.range IS NOT NULL THEN xmlelement(NAME small, xmlattributes('soft' AS class), r.range) END),
                   xmlelement(NAME td, loyalcs.format_figure((f ->> text 'previous')::numeric, u.unit, currency, lang),
                              loyalcs.page_change((f ->> text 'change')::numeric, u.unit, currency, lang, (f ->> text 'significant')::boolean, f ->> text 'better')),
                   CASE WHEN has_last_year THEN xmlelement(NAME td, loyalcs.format_figure((f ->> text 'last_year')::numeric, u.unit, currency, lang)) END)
          FROM (SELECT f ->> text 'unit' AS unit) u
         CROSS JOIN LATERAL (SELECT loyalcs.page_range((f ->> text 'low')::numeric, (f ->> text 'high')::numeric, u.unit, currency, lang) AS range) r);
END
$$;
COMMENT ON FUNCTION loyalcs.page_figure_row(jsonb, text, text, text, boolean) IS
    'a row of a table of a page: a figure of a report with its interval, the month before with the change since, and a year ago';

CREATE FUNCTION loyalcs.page_figures(figures jsonb, keys text[], names text[], report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    rows xml;
    has_last_year boolean := false;
BEGIN
    SELECT coalesce(bool_or(figures -> k ->> text 'last_year' IS NOT NULL), false) INTO has_last_year FROM unnest(keys) AS k;
    SELECT xmlagg(loyalcs.page_figure_row(figures -> u.k, coalesce(u.name, loyalcs.page_name(figures -> u.k ->> text 'figure', lang), u.k),
                                          report ->> text 'currency', lang, has_last_year) ORDER BY u.i)
      INTO rows
      FROM unnest(keys, names) WITH ORDINALITY AS u(k, name, i)
     WHERE figures -> u.k IS NOT NULL AND jsonb_typeof(figures -> u.k) = text 'object'
       AND num_nonnulls(figures -> u.k ->> text 'value', figures -> u.k ->> text 'previous', figures -> u.k ->> text 'last_year') > 0;
    RETURN CASE WHEN rows IS NOT NULL THEN
        xmlelement(NAME "table", xmlattributes('figures' AS class),
            xmlelement(NAME thead, xmlelement(NAME tr,
                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('figure', lang)),
                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('this month', lang)),
                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('month before', lang)),
                CASE WHEN has_last_year THEN xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('year before', lang)) END)),
            xmlelement(NAME tbody, rows))
        END;
END
$$;
COMMENT ON FUNCTION loyalcs.page_figures(jsonb, text[], text[], jsonb, text) IS
    'a table of a page: those figures of an object of a report that the keys name, with names of one''s own where the label of one does not do; NULL where none has a value';

-- A trend as a picture, with its numbers in a table that opens.
CREATE FUNCTION loyalcs.page_trend(title text, trend jsonb, unit text, currency text, lang text, is_running boolean, target double precision DEFAULT NULL) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    months text[];
    vals double precision[];
    lows double precision[];
    highs double precision[];
    rows xml;
    said text;
    picture xml;
BEGIN
    SELECT array_agg(p.month ORDER BY p.i), array_agg(p.value::double precision ORDER BY p.i), array_agg(p.low::double precision ORDER BY p.i),
           array_agg(p.high::double precision ORDER BY p.i),
           string_agg(p.month || text ' ' || loyalcs.format_figure(p.value, unit, currency, lang), text ', ' ORDER BY p.i) FILTER (WHERE p.value IS NOT NULL),
           xmlagg(xmlelement(NAME tr, xmlelement(NAME th, xmlattributes('row' AS scope), p.month),
                             xmlelement(NAME td, loyalcs.format_figure(p.value, unit, currency, lang),
                                        xmlelement(NAME small, xmlattributes('soft' AS class), coalesce(loyalcs.page_range(p.low, p.high, unit, currency, lang), text '')))) ORDER BY p.i)
      INTO months, vals, lows, highs, said, rows
      FROM (SELECT e.i, loyalcs.page_month((e.p ->> text 'month')::date, lang) AS month, (e.p ->> text 'value')::numeric AS value,
                   (e.p ->> text 'low')::numeric AS low, (e.p ->> text 'high')::numeric AS high
              FROM jsonb_array_elements(CASE jsonb_typeof(trend) WHEN text 'array' THEN trend END) WITH ORDINALITY AS e(p, i)) p;
    picture := loyalcs.chart_line(title, said, months, vals, lows, highs, target, unit, lang, is_running);
    RETURN CASE WHEN picture IS NOT NULL THEN
        xmlconcat(picture,
                  xmlelement(NAME details, xmlelement(NAME summary, loyalcs.page_text('numbers', lang)),
                      xmlelement(NAME "table", xmlattributes('plain' AS class),
                          xmlelement(NAME caption, title),
                          xmlelement(NAME thead, xmlelement(NAME tr, xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.label(text 'month', lang)),
                                                                     xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('value', lang)))),
                          xmlelement(NAME tbody, rows))))
        END;
END
$$;
COMMENT ON FUNCTION loyalcs.page_trend(text, jsonb, text, text, text, boolean, double precision) IS
    'a trend of a report ([{month, value, low, high}, ...]) as a picture, with its numbers in a table below that opens; NULL where no month has a value';

-- A value of each month of a list, as a trend has them.
CREATE FUNCTION loyalcs.page_series(months jsonb, key text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('month', e.m -> text 'month', 'value', e.m -> key) ORDER BY e.i)
      FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(months) WHEN 'array' THEN months END) WITH ORDINALITY AS e(m, i);
END;
COMMENT ON FUNCTION loyalcs.page_series(jsonb, text) IS
    'one value of each month of a list of a report, as a trend';

-- --------------------------------------------------------------------------
-- What changed, and what to do
-- --------------------------------------------------------------------------

CREATE FUNCTION loyalcs.page_subject(figure text, subject text, metric text, lang text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE
    WHEN subject IS NULL AND figure IN ('within_an_hour_share'::text, 'resolved_share'::text, 'reopened_share'::text, 'repeat_contact_share'::text, 'late_share'::text,
                                        'same_day_share'::text, 'low_stars_share'::text, 'complaint_share'::text, 'closed_share'::text, 'ticket_csat'::text, 'sentiment_balance'::text, 'satisfied_share'::text, 'followed_share'::text)
        THEN loyalcs.page_text(figure, lang)
    WHEN subject IS NULL THEN loyalcs.page_name(figure, lang)
    WHEN metric IN ('source'::text, 'survey'::text, 'channel'::text, 'product'::text, 'tier'::text, 'rfm_segment'::text, 'reason'::text)
        THEN format(loyalcs.page_text('figure by'::text, lang), loyalcs.page_name(subject, lang), loyalcs.page_name(figure, lang), loyalcs.page_name(metric, lang))
    WHEN figure IN ('reason_share'::text, 'theme_share'::text, 'return_reason_share'::text, 'channel_share'::text, 'attainment'::text, 'stars'::text, 'return_rate'::text)
        THEN format(loyalcs.page_text(figure || ' of'::text, lang), concat_ws(', '::text, loyalcs.page_name(subject, lang), loyalcs.page_name(metric, lang)))
    ELSE format(loyalcs.page_text('figure of'::text, lang), loyalcs.page_name(subject, lang), loyalcs.page_name(figure, lang))
    END;
END
$$;
COMMENT ON FUNCTION loyalcs.page_subject(text, text, text, text) IS
    'a figure of a report in a sentence, with the theme, reason, product or channel that it is of, and what was promised there, or by what customers are divided';

CREATE FUNCTION loyalcs.page_headline(h jsonb, report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (SELECT xmlelement(NAME li, xmlattributes(x.kind AS class),
                   xmlelement(NAME p, xmlattributes('said' AS class),
                       CASE WHEN x.is_change THEN
                           xmlelement(NAME span, xmlattributes('mark' AS class), loyalcs.page_text(CASE x.kind WHEN 'good' THEN 'better'::text WHEN 'bad' THEN 'worse'::text ELSE 'changed'::text END, lang)) END,
                       CASE WHEN x.is_change THEN
                           format(loyalcs.page_text(CASE h ->> text 'direction' WHEN 'down' THEN 'fell'::text ELSE 'rose'::text END, lang),
                                             loyalcs.page_subject(h ->> text 'figure', h ->> text 'subject', h ->> text 'metric', lang),
                                             loyalcs.format_figure((h ->> text 'previous')::numeric, x.unit, x.currency, lang),
                                             loyalcs.format_figure((h ->> text 'value')::numeric, x.unit, x.currency, lang))
                       ELSE loyalcs.page_text(CASE h ->> text 'kind' WHEN 'not enough data' THEN 'not enough data'::text ELSE 'nothing more than chance'::text END, lang) END),
                   xmlelement(NAME p, xmlattributes('todo' AS class), coalesce(loyalcs.page_cut(loyalcs.label(h ->> text 'advice', lang), 200), ''::text)),
                   CASE WHEN x.is_change AND h ->> text 'change_low' IS NOT NULL AND h ->> text 'change_high' IS NOT NULL THEN
                       xmlelement(NAME p, xmlattributes('soft' AS class),
                           format(loyalcs.page_text('evidence'::text, lang),
                               CASE WHEN (h ->> text 'previous_months')::numeric > 1::numeric THEN
                                   format(loyalcs.page_text('months from'::text, lang), loyalcs.format_month((h ->> text 'previous_month')::date, lang), h ->> text 'previous_months')
                               ELSE loyalcs.format_month((h ->> text 'previous_month')::date, lang) END,
                               loyalcs.format_figure((h ->> text 'change')::numeric, x.unit, x.currency, lang, true),
                               loyalcs.page_confidence(report),
                               format(loyalcs.page_text('range'::text, lang),
                                                 loyalcs.format_figure((h ->> text 'change_low')::numeric, x.unit, x.currency, lang, true),
                                                 loyalcs.format_figure((h ->> text 'change_high')::numeric, x.unit, x.currency, lang, true)))) END)
          FROM (SELECT h ->> text 'kind' = 'change' AS is_change, h ->> text 'unit' AS unit, report ->> text 'currency' AS currency,
                       CASE h ->> text 'good' WHEN 'true' THEN 'good'::text WHEN 'false' THEN 'bad'::text ELSE 'neither'::text END AS kind
                OFFSET 0) x);
END
$$;
COMMENT ON FUNCTION loyalcs.page_headline(jsonb, jsonb, text) IS
    'what a report begins with: what changed by more than chance, in a sentence, what to do, and how well it is known';

-- --------------------------------------------------------------------------
-- Sections
-- --------------------------------------------------------------------------

CREATE FUNCTION loyalcs.page_kpis(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlelement(NAME "table", xmlattributes('kpis' AS class),
                   xmlelement(NAME thead, xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('col' AS scope), 'KPI'::text),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('actual'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('month before'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope, 'more' AS class), loyalcs.page_text('year before'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('status'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope, 'more' AS class), loyalcs.page_text('twelve months'::text, lang)))),
                   xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('row' AS scope), k.name,
                           CASE WHEN k.target IS NOT NULL THEN
                               xmlelement(NAME small, xmlattributes('soft' AS class),
                                   pg_catalog.format(loyalcs.page_text(CASE k.direction WHEN 'at most' THEN 'at most'::text ELSE 'at least'::text END, lang),
                                                     loyalcs.format_figure(k.target, k.unit, k.currency, lang))
                                   || CASE WHEN k.period IN ('quarter'::text, 'year'::text) THEN ' / '::text || loyalcs.label(k.period, lang) ELSE ''::text END) END),
                       xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_figure(k.actual, k.unit, k.currency, lang)),
                           CASE WHEN k.range IS NOT NULL THEN xmlelement(NAME small, xmlattributes('soft' AS class), k.range) END),
                       xmlelement(NAME td, loyalcs.format_figure((k.k ->> text 'previous')::numeric, k.unit, k.currency, lang),
                           loyalcs.page_change((k.k ->> text 'change')::numeric, k.unit, k.currency, lang, k.improved IS NOT NULL,
                                               CASE WHEN k.improved = ((k.k ->> text 'change')::numeric > 0::numeric) THEN 'higher'::text ELSE 'lower'::text END)),
                       xmlelement(NAME td, xmlattributes('more' AS class), loyalcs.format_figure((k.k ->> text 'last_year')::numeric, k.unit, k.currency, lang)),
                       xmlelement(NAME td, xmlelement(NAME span, xmlattributes('status '::text || pg_catalog.replace(k.status, ' '::text, '-'::text) AS class), loyalcs.label(k.status, lang)),
                           CASE WHEN k.problem IS NOT NULL THEN xmlelement(NAME small, xmlattributes('soft words' AS class), k.problem)
                                WHEN k.certain = false THEN xmlelement(NAME small, xmlattributes('soft' AS class), loyalcs.page_text('uncertain'::text, lang)) END),
                       xmlelement(NAME td, xmlattributes('more' AS class), loyalcs.chart_sparkline(k.name,
                           ARRAY(SELECT (m.m ->> text 'value')::double precision
                                   FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(k.k -> text 'trend') WHEN 'array' THEN k.k -> text 'trend' END) WITH ORDINALITY AS m(m, i)
                                  ORDER BY m.i)))) ORDER BY k.i)))
          FROM (SELECT e.i, e.k, loyalcs.page_name(e.k ->> text 'kpi', lang) AS name, e.k ->> text 'unit' AS unit, report ->> text 'currency' AS currency,
                       (e.k ->> text 'target')::numeric AS target, e.k ->> text 'direction' AS direction, e.k ->> text 'period' AS period, (e.k ->> text 'actual')::numeric AS actual,
                       loyalcs.page_range((e.k ->> text 'actual_low')::numeric, (e.k ->> text 'actual_high')::numeric, e.k ->> text 'unit', report ->> text 'currency', lang) AS range,
                       (e.k ->> text 'improved')::boolean AS improved, (e.k ->> text 'certain')::boolean AS certain,
                       CASE WHEN e.k ->> text 'status' IN ('met'::text, 'missed'::text, 'not enough data'::text, 'running'::text, 'no target'::text)
                            THEN e.k ->> text 'status' ELSE 'problem'::text END AS status,
                       loyalcs.page_cut(e.k ->> text 'problem', 80) AS problem
                  FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(report -> text 'kpis') WHEN 'array' THEN report -> text 'kpis' END) WITH ORDINALITY AS e(k, i)
                OFFSET 0) k
        HAVING count(*) > 0::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.page_kpis(jsonb, text) IS
    'the KPIs of a report as a table of a page; NULL where there are none';

CREATE FUNCTION loyalcs.page_distribution(distribution jsonb, key text, number text, is_nps boolean, lang text) RETURNS xml
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT loyalcs.chart_columns(loyalcs.page_text('distribution'::text, lang),
               string_agg((e.d ->> key) || ': '::text || loyalcs.format_number((e.d ->> number)::numeric), ', '::text ORDER BY e.i),
               array_agg(e.d ->> key ORDER BY e.i), array_agg((e.d ->> number)::double precision ORDER BY e.i),
               array_agg(loyalcs.format_short((e.d ->> number)::numeric, lang) ORDER BY e.i),
               array_agg(CASE WHEN NOT is_nps THEN 'fill'::text WHEN (e.d ->> key)::numeric >= 9::numeric THEN 'good'::text WHEN (e.d ->> key)::numeric >= 7::numeric THEN 'even'::text ELSE 'bad'::text END ORDER BY e.i))
      FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(distribution) WHEN 'array' THEN distribution END) WITH ORDINALITY AS e(d, i);
END;
COMMENT ON FUNCTION loyalcs.page_distribution(jsonb, text, text, boolean, text) IS
    'how many answers there were of each score, as columns; of an NPS coloured by its groups';

CREATE FUNCTION loyalcs.page_nps(s jsonb, report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlconcat(
            loyalcs.page_panel(loyalcs.label('nps'::text, lang), xmlconcat(
                loyalcs.chart_gauge(loyalcs.label('nps'::text, lang), f.range, (f.score ->> text 'value')::double precision, (f.score ->> text 'low')::double precision,
                                    (f.score ->> text 'high')::double precision, -100::double precision, 100::double precision, f.target::double precision,
                                    loyalcs.format_figure((f.score ->> text 'value')::numeric, 'points'::text, NULL::text, lang),
                                    pg_catalog.format(loyalcs.page_text('answers'::text, lang), loyalcs.format_number(f.answers))),
                CASE WHEN f.answers > 0::numeric THEN xmlconcat(
                    loyalcs.chart_stack(loyalcs.page_text('groups'::text, lang), NULL::text,
                        ARRAY[(s ->> text 'detractors')::double precision, (s ->> text 'passives')::double precision, (s ->> text 'promoters')::double precision],
                        ARRAY[loyalcs.format_share((s ->> text 'detractors')::numeric / f.answers, 0), loyalcs.format_share((s ->> text 'passives')::numeric / f.answers, 0),
                              loyalcs.format_share((s ->> text 'promoters')::numeric / f.answers, 0)],
                        ARRAY['bad'::text, 'even'::text, 'good'::text]),
                    xmlelement(NAME "table", xmlattributes('plain' AS class),
                        xmlelement(NAME tbody,
                            (SELECT xmlagg(xmlelement(NAME tr,
                                        xmlelement(NAME th, xmlattributes('row' AS scope), xmlelement(NAME i, xmlattributes('key '::text || g.kind AS class), ''::text), loyalcs.label(g.name, lang)),
                                        xmlelement(NAME td, loyalcs.format_number((s ->> g.name)::numeric)),
                                        xmlelement(NAME td, loyalcs.format_share((s ->> g.name)::numeric / f.answers))) ORDER BY g.i)
                               FROM (VALUES (1, 'promoters'::text, 'good'::text), (2, 'passives'::text, 'even'::text), (3, 'detractors'::text, 'bad'::text)) g(i, name, kind))))) END),
                f.range),
            loyalcs.page_panel(loyalcs.page_text('nps trend'::text, lang),
                loyalcs.page_trend(loyalcs.page_text('nps trend'::text, lang), s -> text 'trend', 'points'::text, NULL::text, lang, f.is_running, f.target::double precision),
                CASE WHEN f.target IS NOT NULL THEN pg_catalog.format(loyalcs.page_text('band and target'::text, lang), f.confidence) ELSE pg_catalog.format(loyalcs.page_text('band'::text, lang), f.confidence) END),
            loyalcs.page_panel(loyalcs.page_text('nps distribution'::text, lang), loyalcs.page_distribution(s -> text 'distribution', 'score'::text, 'answers'::text, true, lang),
                loyalcs.page_text('nps groups'::text, lang)))
          FROM (SELECT s -> text 'score' AS score, coalesce((s ->> text 'promoters')::numeric + (s ->> text 'passives')::numeric + (s ->> text 'detractors')::numeric, 0::numeric) AS answers,
                       loyalcs.page_is_running(report) AS is_running, loyalcs.page_confidence(report) AS confidence,
                       CASE WHEN s #>> ARRAY['score'::text, 'low'::text] IS NOT NULL THEN
                           pg_catalog.format(loyalcs.page_text('interval'::text, lang), loyalcs.page_confidence(report),
                                             loyalcs.page_range((s #>> ARRAY['score'::text, 'low'::text])::numeric, (s #>> ARRAY['score'::text, 'high'::text])::numeric, 'points'::text, NULL::text, lang)) END AS range,
                       (SELECT (k.k ->> text 'target')::numeric FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(report -> text 'kpis') WHEN 'array' THEN report -> text 'kpis' END) k(k)
                         WHERE k.k ->> text 'kpi' = 'NPS' LIMIT 1) AS target
                OFFSET 0) f);
END
$$;
COMMENT ON FUNCTION loyalcs.page_nps(jsonb, jsonb, text) IS
    'the NPS of a report: a gauge with its interval, its groups, its trend and how many gave each score';

CREATE FUNCTION loyalcs.page_satisfaction(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlagg(x.panel ORDER BY x.i)
          FROM (SELECT e.i,
                       CASE WHEN e.s ->> text 'kind' = 'nps' THEN loyalcs.page_nps(e.s, report, lang)
                       ELSE loyalcs.page_panel(loyalcs.page_name(e.s ->> text 'kind', lang), xmlconcat(
                           loyalcs.page_figures(pg_catalog.jsonb_build_object('score', e.s -> text 'score', 'top', e.s -> text 'top_two_share'), ARRAY['score'::text, 'top'::text], NULL::text[], report, lang),
                           loyalcs.page_trend(loyalcs.page_name(e.s ->> text 'kind', lang), e.s -> text 'trend', 'score'::text, NULL::text, lang, loyalcs.page_is_running(report))),
                           pg_catalog.format(loyalcs.page_text('scale'::text, lang), e.s ->> text 'scale_low', e.s ->> text 'scale_high')
                           || ' '::text || loyalcs.page_text(CASE e.s ->> text 'higher_is_better' WHEN 'true' THEN 'higher is better'::text ELSE 'lower is better'::text END, lang)) END AS panel
                  FROM pg_catalog.jsonb_array_elements(report #> ARRAY['satisfaction'::text, 'scores'::text]) WITH ORDINALITY AS e(s, i)
                UNION ALL
                SELECT 1000::bigint, loyalcs.page_panel(loyalcs.label('response_rate'::text, lang),
                           loyalcs.page_figures(report -> text 'satisfaction', ARRAY['response_rate'::text], NULL::text[], report, lang))
                 WHERE report #>> ARRAY['satisfaction'::text, 'response_rate'::text, 'value'::text] IS NOT NULL) x);
END
$$;
COMMENT ON FUNCTION loyalcs.page_satisfaction(jsonb, text) IS
    'the section satisfaction of a report: NPS, CSAT, CES and how many answered';

CREATE FUNCTION loyalcs.page_sales(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlconcat(
            loyalcs.page_panel(loyalcs.page_text('in figures'::text, lang),
                loyalcs.page_figures(report #> ARRAY['sales'::text, 'figures'::text],
                    ARRAY['amount'::text, 'orders'::text, 'average_order'::text, 'buyers'::text, 'new_buyers'::text, 'repeat_buyers'::text, 'new_amount'::text, 'repeat_amount'::text, 'repeat_rate'::text],
                    NULL::text[], report, lang), NULL::text, 'panel wide'::text),
            loyalcs.page_stack(xmlconcat(
            loyalcs.page_panel(loyalcs.label('amount'::text, lang),
                loyalcs.page_trend(loyalcs.label('amount'::text, lang), loyalcs.page_series(report #> ARRAY['sales'::text, 'trend'::text], 'amount'::text), 'money'::text, report ->> text 'currency', lang, r.is_running)),
            loyalcs.page_panel(loyalcs.label('repeat_rate'::text, lang),
                loyalcs.page_trend(loyalcs.label('repeat_rate'::text, lang), loyalcs.page_series(report #> ARRAY['sales'::text, 'trend'::text], 'repeat_rate'::text), 'share'::text, NULL::text, lang, r.is_running),
                loyalcs.page_text('about repeat rate'::text, lang)))))
          FROM (SELECT loyalcs.page_is_running(report) AS is_running) r);
END
$$;
COMMENT ON FUNCTION loyalcs.page_sales(jsonb, text) IS
    'the section sales of a report';

-- How many have come how far.
CREATE FUNCTION loyalcs.page_ladder(ladder jsonb, report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlelement(NAME "table",
                   xmlelement(NAME thead, xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('order number'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope, 'left' AS class), loyalcs.page_text('customers'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), ''::text),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('went on'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('after days'::text, lang)))),
                   xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('row' AS scope), e.l ->> text 'order_number'),
                       xmlelement(NAME td, xmlattributes('bars' AS class), loyalcs.chart_bar((e.l ->> text 'customers')::double precision / nullif(m.most, 0::double precision))),
                       xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_number((e.l ->> text 'customers')::numeric))),
                       xmlelement(NAME td, loyalcs.format_share((e.l ->> text 'step_share')::numeric, 0)),
                       xmlelement(NAME td, loyalcs.format_number((e.l ->> text 'median_wait_days')::numeric, 0))) ORDER BY e.i)))
          FROM pg_catalog.jsonb_array_elements(ladder) WITH ORDINALITY AS e(l, i)
         CROSS JOIN (SELECT max((x.l ->> text 'customers')::double precision) AS most FROM pg_catalog.jsonb_array_elements(ladder) x(l)) m
         WHERE m.most > 0::double precision
        HAVING count(*) > 0::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.page_ladder(jsonb, jsonb, text) IS
    'from order to order: how many customers have placed so many, and how many of those of the order before went on';

CREATE FUNCTION loyalcs.page_cohorts(cohorts jsonb, lang text) RETURNS xml
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT loyalcs.chart_heat_map(loyalcs.page_text('about cohorts'::text, lang), loyalcs.page_text('first order'::text, lang),
               array_agg(c.label ORDER BY c.i) FILTER (WHERE c.later = 0),
               ARRAY[loyalcs.page_text('number'::text, lang)] OPERATOR(pg_catalog.||) ARRAY(SELECT g.later::text FROM pg_catalog.generate_series(1, c.last) AS g(later) ORDER BY g.later),
               array_agg(CASE WHEN c.later > 0 AND c.complete THEN c.share / nullif(c.most, 0::double precision) END ORDER BY c.i, c.later),
               array_agg(CASE WHEN c.later = 0 THEN loyalcs.format_short(c.customers, lang) WHEN c.share IS NOT NULL THEN loyalcs.format_number(c.share::numeric * 100::numeric, 0) END
                         ORDER BY c.i, c.later))
      FROM (SELECT e.i, g.later, e.last, loyalcs.page_month((e.c ->> text 'cohort')::date, lang) AS label, (e.c ->> text 'customers')::numeric AS customers, m.share, m.complete,
                   max(CASE WHEN g.later > 0 AND m.complete THEN m.share END) OVER () AS most
              FROM (SELECT x.c, x.i, (max(pg_catalog.jsonb_array_length(x.c -> text 'months')) OVER ()) - 1 AS last
                      FROM pg_catalog.jsonb_array_elements(cohorts) WITH ORDINALITY AS x(c, i)) e
             CROSS JOIN LATERAL pg_catalog.generate_series(0, e.last) AS g(later)
              LEFT JOIN LATERAL (SELECT (n.m ->> text 'share')::double precision AS share, (n.m ->> text 'complete')::boolean AS complete
                                   FROM pg_catalog.jsonb_array_elements(e.c -> text 'months') AS n(m)
                                  WHERE (n.m ->> text 'months_later')::numeric = g.later::numeric) m ON true) c
     GROUP BY c.last;
END;
COMMENT ON FUNCTION loyalcs.page_cohorts(jsonb, text) IS
    'the cohorts of a report as a heat map: of those who first bought in a month, how many hundredths bought so many months later';

CREATE FUNCTION loyalcs.page_rfm(cells jsonb, lang text) RETURNS xml
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT loyalcs.chart_heat_map(loyalcs.page_text('about rfm'::text, lang), loyalcs.page_text('recency'::text, lang),
               ARRAY['5'::text, '4'::text, '3'::text, '2'::text, '1'::text], ARRAY['1'::text, '2'::text, '3'::text, '4'::text, '5'::text],
               array_agg(x.customers / x.most ORDER BY x.recency DESC, x.value), array_agg(loyalcs.format_short(x.customers::numeric, lang) ORDER BY x.recency DESC, x.value),
               array_agg(x.segment ORDER BY x.recency DESC, x.value))
      FROM (SELECT g.recency, v.value, coalesce(c.customers, 0::double precision) AS customers, c.segment, nullif(max(c.customers) OVER (), 0::double precision) AS most
              FROM pg_catalog.generate_series(1, 5) AS g(recency)
             CROSS JOIN pg_catalog.generate_series(1, 5) AS v(value)
              LEFT JOIN LATERAL (SELECT (e.c ->> text 'customers')::double precision AS customers, loyalcs.page_name(e.c ->> text 'segment', lang) AS segment
                                   FROM pg_catalog.jsonb_array_elements(cells) e(c)
                                  WHERE (e.c ->> text 'recency')::numeric = g.recency::numeric AND (e.c ->> text 'value')::numeric = v.value::numeric LIMIT 1) c ON true) x
    HAVING max(x.most) > 0::double precision;
END;
COMMENT ON FUNCTION loyalcs.page_rfm(jsonb, text) IS
    'the RFM grid of a report as a heat map: how many customers there are of each recency and value, and their segment';

CREATE FUNCTION loyalcs.page_segments(segments jsonb, report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlelement(NAME "table",
                   xmlelement(NAME thead, xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('segment'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('customers'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('month before'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('share of sales'::text, lang)))),
                   xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('row' AS scope), loyalcs.page_name(e.s ->> text 'segment', lang)),
                       xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_number((e.s ->> text 'customers')::numeric))),
                       xmlelement(NAME td, loyalcs.format_number((e.s ->> text 'previous')::numeric)),
                       xmlelement(NAME td, loyalcs.format_share((e.s ->> text 'amount_share')::numeric, 0))) ORDER BY e.i)))
          FROM pg_catalog.jsonb_array_elements(segments) WITH ORDINALITY AS e(s, i)
        HAVING count(*) > 0::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.page_segments(jsonb, jsonb, text) IS
    'the RFM segments of a report: customers, those of the month before, and their share of what all have spent';

CREATE FUNCTION loyalcs.page_pareto(pareto jsonb, lang text) RETURNS xml
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT loyalcs.chart_pareto(loyalcs.label('pareto'::text, lang),
               string_agg(loyalcs.format_share(p.x::numeric, 0) || ': '::text || loyalcs.format_share(p.y::numeric), ', '::text ORDER BY p.x),
               array_agg(p.x ORDER BY p.x), array_agg(p.y ORDER BY p.x), min(p.x) FILTER (WHERE p.is_marked), min(p.y) FILTER (WHERE p.is_marked),
               pg_catalog.format(loyalcs.page_text('top customers'::text, lang), loyalcs.format_share((min(p.x) FILTER (WHERE p.is_marked))::numeric, 0),
                                 loyalcs.format_share((min(p.y) FILTER (WHERE p.is_marked))::numeric, 0)))
      FROM (SELECT (e.p ->> text 'customer_share')::double precision AS x, (e.p ->> text 'amount_share')::double precision AS y,
                   pg_catalog.abs((e.p ->> text 'customer_share')::numeric - 0.2::numeric) < 0.001::numeric AS is_marked
              FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(pareto -> text 'curve') WHEN 'array' THEN pareto -> text 'curve' END) e(p)) p
     WHERE p.y IS NOT NULL;
END;
COMMENT ON FUNCTION loyalcs.page_pareto(jsonb, text) IS
    'the curve of a report that says how much hangs on how few';

CREATE FUNCTION loyalcs.page_customers(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlconcat(
            loyalcs.page_panel(loyalcs.label('ladder'::text, lang), loyalcs.page_ladder(c.c -> text 'ladder', report, lang), loyalcs.page_text('about ladder'::text, lang)),
            loyalcs.page_panel(loyalcs.label('cohorts'::text, lang), loyalcs.page_cohorts(c.c -> text 'cohorts', lang), NULL::text, 'panel wide'::text),
            loyalcs.page_panel(loyalcs.page_text('segments'::text, lang), loyalcs.page_segments(c.c #> ARRAY['rfm'::text, 'segments'::text], report, lang)),
            loyalcs.page_panel(loyalcs.label('rfm'::text, lang), loyalcs.page_rfm(c.c #> ARRAY['rfm'::text, 'cells'::text], lang)),
            loyalcs.page_panel(loyalcs.label('pareto'::text, lang), loyalcs.page_pareto(c.c -> text 'pareto', lang),
                CASE WHEN c.c #>> ARRAY['pareto'::text, 'gini'::text] IS NOT NULL THEN
                    pg_catalog.format(loyalcs.page_text('about pareto'::text, lang), loyalcs.format_number((c.c #>> ARRAY['pareto'::text, 'gini'::text])::numeric, 2)) END))
          FROM (SELECT report -> text 'customers' AS c) c);
END
$$;
COMMENT ON FUNCTION loyalcs.page_customers(jsonb, text) IS
    'the section customers of a report: from order to order, cohorts, RFM, concentration';

-- What was expected of each tenth of the customers, as a line across the bar of what came.
CREATE FUNCTION loyalcs.page_tenths(tenths jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (
        SELECT xmlelement(NAME "table",
                   xmlelement(NAME thead, xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes(text 'col' AS scope), loyalcs.page_text('tenth', lang)),
                       xmlelement(NAME th, xmlattributes(text 'col' AS scope, text 'left' AS class), loyalcs.page_text('orders each', lang)),
                       xmlelement(NAME th, xmlattributes(text 'col' AS scope), loyalcs.page_text('expected', lang)),
                       xmlelement(NAME th, xmlattributes(text 'col' AS scope), loyalcs.page_text('came', lang)))),
                   xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes(text 'row' AS scope), t.tenth),
                       xmlelement(NAME td, xmlattributes(text 'bars' AS class), loyalcs.chart_bar(t.came / t.most, text 'fill', NULL::double precision, NULL::double precision, t.expected / t.most)),
                       xmlelement(NAME td, loyalcs.format_number(t.expected::numeric, 2)),
                       xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_number(t.came::numeric, 2)))) ORDER BY t.i DESC)))
          FROM (SELECT e.i, e.t ->> text 'tenth' AS tenth, c.came, c.expected, nullif(max(greatest(c.came, c.expected)) OVER (), 0::double precision) AS most
                  FROM jsonb_array_elements(loyalcs.page_items(tenths)) WITH ORDINALITY AS e(t, i)
                 CROSS JOIN LATERAL (SELECT (e.t ->> text 'actual_orders')::double precision / nullif((e.t ->> text 'customers')::double precision, 0::double precision) AS came,
                                            (e.t ->> text 'expected_orders')::double precision / nullif((e.t ->> text 'customers')::double precision, 0::double precision) AS expected) c) t
        HAVING count(*) > 0::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.page_tenths(jsonb, text) IS
    'a forecast of a report against what came, by tenths of the customers, the most expected first: orders of each customer in 90 days';

CREATE FUNCTION loyalcs.page_outlook(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    o jsonb := report -> text 'outlook';
    currency text := report ->> text 'currency';
    leaving numeric := (report #>> ARRAY[text 'outlook', text 'leaving', text 'customers'])::numeric;
    judged numeric := (report #>> ARRAY[text 'outlook', text 'leaving', text 'judged'])::numeric;
    tenths xml := loyalcs.page_tenths(report #> ARRAY[text 'outlook', text 'tenths'], lang);
BEGIN
    RETURN xmlconcat(
        loyalcs.page_panel(loyalcs.page_text('who is leaving', lang), xmlconcat(
            CASE WHEN leaving IS NOT NULL THEN xmlelement(NAME p, xmlattributes(text 'said' AS class),
                CASE WHEN judged > 0::numeric THEN
                    format(loyalcs.page_text('leaving and at stake', lang), loyalcs.format_number(leaving),
                           loyalcs.format_money((o #>> ARRAY[text 'leaving', text 'money_at_stake'])::numeric, currency, lang), loyalcs.format_number(judged))
                WHEN leaving > 0::numeric THEN format(loyalcs.page_text('leaving', lang), loyalcs.format_number(leaving))
                ELSE loyalcs.page_text('nobody is leaving', lang) END) END,
            CASE WHEN judged > 0::numeric THEN xmlelement(NAME p, xmlattributes(text 'soft' AS class), loyalcs.page_text('about at stake', lang)) END,
            loyalcs.page_lines(xmlconcat(
                loyalcs.page_line(loyalcs.page_text('orders in 90 days', lang), CASE WHEN o ->> text 'expected_orders' IS NOT NULL THEN loyalcs.format_number((o ->> text 'expected_orders')::numeric) END,
                                  format(loyalcs.page_text('of so many customers', lang), loyalcs.format_number((o ->> text 'customers')::numeric))),
                loyalcs.page_line(loyalcs.page_text('money in 90 days', lang), CASE WHEN o ->> text 'expected_money' IS NOT NULL THEN loyalcs.format_money((o ->> text 'expected_money')::numeric, currency, lang) END))),
            CASE WHEN o ->> text 'problem' IS NOT NULL THEN
                xmlelement(NAME p, xmlattributes(text 'nothing' AS class),
                    format(CASE WHEN o ->> text 'expected_orders' IS NOT NULL THEN loyalcs.page_text('forecast without money', lang)
                                WHEN o ->> text 'problem' = text 'no_model' THEN loyalcs.page_text('forecast without model', lang)
                                WHEN o ->> text 'problem' = text 'too_few_repeat_buyers' THEN loyalcs.page_text('forecast of too few', lang)
                                ELSE loyalcs.page_text('forecast not found', lang) END,
                           loyalcs.format_number((o ->> text 'repeat_buyers')::numeric))) END)),
        loyalcs.page_panel(loyalcs.page_text('forecast and outcome', lang),
            CASE WHEN tenths IS NOT NULL THEN tenths ELSE xmlelement(NAME p, xmlattributes(text 'nothing' AS class), loyalcs.page_text('no forecast is over', lang)) END,
            CASE WHEN tenths IS NOT NULL THEN
                format(loyalcs.page_text('about tenths', lang), loyalcs.page_day(o ->> text 'forecast_at', report ->> text 'time_zone', lang)) END));
END
$$;
COMMENT ON FUNCTION loyalcs.page_outlook(jsonb, text) IS
    'the section outlook of a report: who is leaving with how much at stake, what is expected of the next 90 days, or why nothing is, and what became of an earlier forecast';

-- Shares of a list, one a row: a bar, the share, and its change.
CREATE FUNCTION loyalcs.page_shares(list jsonb, key text, head text, number text, share text, report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (
        SELECT xmlelement(NAME "table",
                   xmlelement(NAME thead, xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('col' AS scope), head),
                       xmlelement(NAME th, xmlattributes('col' AS scope), text ''),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('cases', lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('share and change', lang)))),
                   xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('row' AS scope), coalesce(loyalcs.page_name(e.r ->> key, lang), text '')),
                       xmlelement(NAME td, xmlattributes(text 'bars' AS class), loyalcs.chart_bar((e.r -> share ->> text 'value')::double precision / nullif(m.most, 0::double precision))),
                       xmlelement(NAME td, loyalcs.format_number((e.r ->> number)::numeric)),
                       xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_share((e.r -> share ->> text 'value')::numeric)),
                                  loyalcs.page_change((e.r -> share ->> text 'change')::numeric, text 'share', NULL::text, lang,
                                                      (e.r -> share ->> text 'significant')::boolean, e.r -> share ->> text 'better'))) ORDER BY e.i)))
          FROM jsonb_array_elements(CASE jsonb_typeof(list) WHEN text 'array' THEN list END) WITH ORDINALITY AS e(r, i)
         CROSS JOIN (SELECT max((x.r -> share ->> text 'value')::double precision) AS most
                       FROM jsonb_array_elements(CASE jsonb_typeof(list) WHEN text 'array' THEN list END) x(r)) m
        HAVING count(*) > 0::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.page_shares(jsonb, text, text, text, text, jsonb, text) IS
    'a list of a report as a table with bars: who or what, how many, and its share with the change; NULL for an empty list';

CREATE FUNCTION loyalcs.page_attainment(attainment jsonb, report jsonb, lang text) RETURNS xml
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH kept AS (
        SELECT e.i, coalesce(e.a ->> text 'channel', ''::text) AS channel, coalesce(e.a ->> text 'metric', ''::text) AS metric, (e.a #>> ARRAY['attainment'::text, 'value'::text])::numeric AS value,
               (e.a #>> ARRAY['attainment'::text, 'low'::text])::numeric AS low, (e.a #>> ARRAY['attainment'::text, 'high'::text])::numeric AS high
          FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(attainment) WHEN 'array' THEN attainment END) WITH ORDINALITY AS e(a, i)
    ), channels AS (
        SELECT k.channel, min(k.i) AS place FROM kept k GROUP BY k.channel ORDER BY place LIMIT 12
    ), metrics AS (
        SELECT k.metric, min(k.i) AS place FROM kept k GROUP BY k.metric ORDER BY place LIMIT 4
    )
    SELECT loyalcs.chart_heat_map(pg_catalog.format(loyalcs.page_text('about attainment'::text, lang), loyalcs.page_confidence(report)), loyalcs.label('channel'::text, lang),
               ARRAY(SELECT loyalcs.page_name(c.channel, lang) FROM channels c ORDER BY c.place), ARRAY(SELECT loyalcs.page_name(m.metric, lang) FROM metrics m ORDER BY m.place),
               array_agg(k.value::double precision ORDER BY c.place, m.place), array_agg(loyalcs.format_share(k.value, 0) ORDER BY c.place, m.place),
               array_agg(CASE WHEN k.low IS NOT NULL AND k.high IS NOT NULL THEN
                             pg_catalog.format(loyalcs.page_text('range'::text, lang), loyalcs.format_number(k.low * 100::numeric), loyalcs.format_number(k.high * 100::numeric)) END ORDER BY c.place, m.place))
      FROM channels c
     CROSS JOIN metrics m
      LEFT JOIN LATERAL (SELECT x.value, x.low, x.high FROM kept x WHERE x.channel = c.channel AND x.metric = m.metric ORDER BY x.i LIMIT 1) k ON true
    HAVING count(k.value) > 0::bigint;
END;
COMMENT ON FUNCTION loyalcs.page_attainment(jsonb, jsonb, text) IS
    'which promises of a report were kept, as a heat map of channels and of what was promised, each with its interval';

CREATE FUNCTION loyalcs.page_backlog(backlog jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlelement(NAME "table",
                   xmlelement(NAME thead, xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('open for'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.label('tickets'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('unanswered'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('complaints'::text, lang)))),
                   xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('row' AS scope), loyalcs.page_name(e.a ->> text 'age', lang)),
                       xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_number((e.a ->> text 'tickets')::numeric))),
                       xmlelement(NAME td, loyalcs.format_number((e.a ->> text 'unanswered')::numeric)),
                       xmlelement(NAME td, loyalcs.format_number((e.a ->> text 'complaints')::numeric))) ORDER BY e.i)))
          FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(backlog -> text 'ages') WHEN 'array' THEN backlog -> text 'ages' END) WITH ORDINALITY AS e(a, i)
         WHERE (backlog ->> text 'tickets')::numeric > 0::numeric
        HAVING count(*) > 0::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.page_backlog(jsonb, text) IS
    'the tickets of a report that are open, by how long they have been';

CREATE FUNCTION loyalcs.page_support(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlconcat(
            loyalcs.page_panel(loyalcs.page_text('in figures'::text, lang),
                loyalcs.page_figures(s.s -> text 'figures',
                    ARRAY['tickets'::text, 'contacts'::text, 'contact_cost'::text, 'complaint_share'::text, 'first_reply_median'::text, 'within_an_hour_share'::text, 'resolved_share'::text,
                          'reopened_share'::text, 'repeat_contact_share'::text, 'ticket_csat'::text], NULL::text[], report, lang), NULL::text, 'panel wide'::text),
            loyalcs.page_stack(xmlconcat(
                loyalcs.page_panel(loyalcs.label('within_an_hour_share'::text, lang),
                    loyalcs.page_trend(loyalcs.label('within_an_hour_share'::text, lang), loyalcs.page_series(s.s -> text 'trend', 'within_an_hour_share'::text), 'share'::text, NULL::text, lang, s.is_running)),
                loyalcs.page_panel(loyalcs.label('backlog'::text, lang), loyalcs.page_backlog(s.s -> text 'backlog', lang),
                    CASE WHEN s.s #>> ARRAY['backlog'::text, 'oldest_on'::text] IS NOT NULL THEN
                        pg_catalog.format(loyalcs.page_text('oldest'::text, lang), loyalcs.format_date((s.s #>> ARRAY['backlog'::text, 'oldest_on'::text])::date, lang)) END))),
            loyalcs.page_panel(loyalcs.label('attainment'::text, lang), loyalcs.page_attainment(s.s -> text 'attainment', report, lang)),
            loyalcs.page_panel(loyalcs.label('reasons'::text, lang), loyalcs.page_shares(s.s -> text 'reasons', 'reason'::text, loyalcs.label('reason'::text, lang), 'tickets'::text, 'share'::text, report, lang)),
            loyalcs.page_panel(loyalcs.page_text('channels'::text, lang), loyalcs.page_shares(s.s -> text 'channels', 'channel'::text, loyalcs.label('channel'::text, lang), 'tickets'::text, 'share'::text, report, lang)))
          FROM (SELECT report -> text 'support' AS s, loyalcs.page_is_running(report) AS is_running) s);
END
$$;
COMMENT ON FUNCTION loyalcs.page_support(jsonb, text) IS
    'the section support of a report: figures, promises kept, reasons, channels, backlog';

CREATE FUNCTION loyalcs.page_quotes(themes jsonb, lang text, most bigint DEFAULT 6) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlelement(NAME div, xmlattributes('quotes' AS class), xmlagg(xmlelement(NAME figure,
                   xmlelement(NAME blockquote, xmlelement(NAME p, xmlelement(NAME bdi, loyalcs.page_cut(q.q ->> text 'quote', 240)))),
                   xmlelement(NAME figcaption, pg_catalog.concat_ws(' / '::text, loyalcs.page_name(q.theme, lang), loyalcs.page_name(q.q ->> text 'source', lang),
                                                                    loyalcs.format_date((q.q ->> text 'said_on')::date, lang),
                                                                    CASE WHEN q.q ->> text 'rating' IS NOT NULL THEN pg_catalog.format(loyalcs.page_text('rating'::text, lang), q.q ->> text 'rating') END)))
                                                                             ORDER BY q.n, q.i))
          FROM (SELECT x.i, x.n, x.theme, x.q
                  FROM (SELECT e.i, u.n, e.t ->> text 'theme' AS theme, u.q, pg_catalog.row_number() OVER (PARTITION BY u.q ->> text 'quote' ORDER BY u.n, e.i) AS again
                  FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(themes) WHEN 'array' THEN themes END) WITH ORDINALITY AS e(t, i)
                 CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(e.t -> text 'quotes') WHEN 'array' THEN e.t -> text 'quotes' END) WITH ORDINALITY AS u(q, n)
                 WHERE u.q ->> text 'quote' IS NOT NULL) x
                 WHERE x.again = 1::bigint
                 ORDER BY x.n, x.i
                 LIMIT most) q
        HAVING count(*) > 0::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.page_quotes(jsonb, text, bigint) IS
    'what customers said, in their own words: of the themes of a report one each, then a second, none twice, so many at most';

CREATE FUNCTION loyalcs.page_voice(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlconcat(
            loyalcs.page_panel(loyalcs.page_text('themes'::text, lang), loyalcs.page_shares(v.v -> text 'themes', 'theme'::text, loyalcs.label('theme'::text, lang), 'mentions'::text, 'share'::text, report, lang),
                pg_catalog.format(loyalcs.page_text('about texts'::text, lang), loyalcs.format_number((v.v ->> text 'texts')::numeric)), 'panel wide'::text),
            loyalcs.page_stack(xmlconcat(
            loyalcs.page_panel(loyalcs.label('sentiment_balance'::text, lang),
                loyalcs.page_trend(loyalcs.label('sentiment_balance'::text, lang), v.v -> text 'sentiment_trend', 'score'::text, NULL::text, lang, loyalcs.page_is_running(report)),
                loyalcs.page_text('about sentiment'::text, lang)),
            loyalcs.page_panel(loyalcs.page_text('sources'::text, lang),
                (SELECT xmlelement(NAME "table",
                            xmlelement(NAME thead, xmlelement(NAME tr, xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('source'::text, lang)), xmlelement(NAME th, xmlattributes('col' AS scope), ''::text),
                                                                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('texts'::text, lang)))),
                            xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr, xmlelement(NAME th, xmlattributes('row' AS scope), loyalcs.page_name(e.s ->> text 'source', lang)),
                                xmlelement(NAME td, xmlattributes('bars' AS class), loyalcs.chart_bar((e.s ->> text 'texts')::double precision / nullif((v.v ->> text 'texts')::double precision, 0::double precision))),
                                xmlelement(NAME td, loyalcs.format_number((e.s ->> text 'texts')::numeric))) ORDER BY e.i)))
                   FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(v.v -> text 'sources') WHEN 'array' THEN v.v -> text 'sources' END) WITH ORDINALITY AS e(s, i)
                 HAVING count(*) > 0::bigint)))),
            loyalcs.page_panel(loyalcs.page_text('in their words'::text, lang), loyalcs.page_quotes(v.v -> text 'themes', lang), NULL::text, 'panel wide full'::text))
          FROM (SELECT report -> text 'voice' AS v) v);
END
$$;
COMMENT ON FUNCTION loyalcs.page_voice(jsonb, text) IS
    'the section voice of a report: themes, sentiment, and quotes';

CREATE FUNCTION loyalcs.page_reviews(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlconcat(
            loyalcs.page_panel(loyalcs.page_text('in figures'::text, lang),
                loyalcs.page_figures(report #> ARRAY['reviews'::text, 'figures'::text], ARRAY['reviews'::text, 'stars'::text, 'low_stars_share'::text], NULL::text[], report, lang)),
            loyalcs.page_panel(loyalcs.page_text('stars'::text, lang), loyalcs.page_distribution(report #> ARRAY['reviews'::text, 'distribution'::text], 'stars'::text, 'reviews'::text, false, lang)),
            loyalcs.page_panel(loyalcs.label('stars'::text, lang),
                loyalcs.page_trend(loyalcs.label('stars'::text, lang), report #> ARRAY['reviews'::text, 'trend'::text], 'score'::text, NULL::text, lang, loyalcs.page_is_running(report)))));
END
$$;
COMMENT ON FUNCTION loyalcs.page_reviews(jsonb, text) IS
    'the section reviews of a report';

-- Products by a figure of theirs.
CREATE FUNCTION loyalcs.page_products(products jsonb, number text, figure text, report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlelement(NAME "table",
                   xmlelement(NAME thead, xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('product'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text(number, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.label(figure, lang)))),
                   xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('row' AS scope), coalesce(loyalcs.page_cut(e.p ->> text 'product_name', 60), loyalcs.page_cut(e.p ->> text 'product_id', 60), ''::text)),
                       xmlelement(NAME td, loyalcs.format_number((e.p ->> number)::numeric)),
                       xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_figure((e.p -> figure ->> text 'value')::numeric, e.p -> figure ->> text 'unit', NULL::text, lang)),
                           xmlelement(NAME small, xmlattributes('soft' AS class),
                               coalesce(loyalcs.page_range((e.p -> figure ->> text 'low')::numeric, (e.p -> figure ->> text 'high')::numeric, e.p -> figure ->> text 'unit', NULL::text, lang), ''::text)))) ORDER BY e.i)))
          FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(products) WHEN 'array' THEN products END) WITH ORDINALITY AS e(p, i)
         WHERE e.i <= 5::bigint
        HAVING count(*) > 0::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.page_products(jsonb, text, text, jsonb, text) IS
    'products of a report with how many and one figure of each, five at most';

CREATE FUNCTION loyalcs.page_returns(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlconcat(
            loyalcs.page_panel(loyalcs.page_text('in figures'::text, lang),
                loyalcs.page_figures(r.r -> text 'figures', ARRAY['returns'::text, 'return_rate'::text, 'refund'::text, 'handling_cost'::text, 'completion_median'::text],
                                     ARRAY[NULL::text, NULL::text, loyalcs.page_text('refunds'::text, lang)], report, lang),
                CASE WHEN r.r ->> text 'rate_month' IS NOT NULL THEN
                    pg_catalog.format(loyalcs.page_text('rate month'::text, lang), loyalcs.format_month((r.r ->> text 'rate_month')::date, lang)) END),
            loyalcs.page_panel(loyalcs.page_text('return reasons'::text, lang), loyalcs.page_shares(r.r -> text 'reasons', 'reason'::text, loyalcs.label('reason'::text, lang), 'returns'::text, 'share'::text, report, lang)),
            loyalcs.page_panel(loyalcs.page_text('returned products'::text, lang), loyalcs.page_products(r.r -> text 'products', 'returned'::text, 'return_rate'::text, report, lang)))
          FROM (SELECT report -> text 'returns' AS r) r);
END
$$;
COMMENT ON FUNCTION loyalcs.page_returns(jsonb, text) IS
    'the section returns of a report';

CREATE FUNCTION loyalcs.page_delivery(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlconcat(
            loyalcs.page_panel(loyalcs.page_text('in figures'::text, lang),
                loyalcs.page_figures(report #> ARRAY['delivery'::text, 'figures'::text],
                    ARRAY['orders'::text, 'total_median'::text, 'to_shipment_median'::text, 'to_door_median'::text, 'same_day_share'::text, 'late_share'::text], NULL::text[], report, lang), NULL::text, 'panel wide'::text),
            loyalcs.page_panel(loyalcs.page_text('nps by lateness'::text, lang),
                (SELECT xmlelement(NAME "table",
                            xmlelement(NAME thead, xmlelement(NAME tr, xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('arrived'::text, lang)),
                                                                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('responses'::text, lang)),
                                                                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.label('nps'::text, lang)))),
                            xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr, xmlelement(NAME th, xmlattributes('row' AS scope), loyalcs.page_name(e.n ->> text 'lateness', lang)),
                                xmlelement(NAME td, loyalcs.format_number((e.n ->> text 'responses')::numeric)),
                                xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_figure((e.n ->> text 'score')::numeric, 'points'::text, NULL::text, lang)),
                                    xmlelement(NAME small, xmlattributes('soft' AS class),
                                        coalesce(loyalcs.page_range((e.n ->> text 'low')::numeric, (e.n ->> text 'high')::numeric, 'points'::text, NULL::text, lang), ''::text)))) ORDER BY e.i)))
                   FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(report #> ARRAY['delivery'::text, 'nps'::text]) WHEN 'array' THEN report #> ARRAY['delivery'::text, 'nps'::text] END)
                        WITH ORDINALITY AS e(n, i)
                 HAVING count(*) > 0::bigint),
                loyalcs.page_text('about lateness'::text, lang))));
END
$$;
COMMENT ON FUNCTION loyalcs.page_delivery(jsonb, text) IS
    'the section delivery of a report';

CREATE FUNCTION loyalcs.page_loyalty(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlconcat(
            loyalcs.page_panel(loyalcs.page_text('tiers'::text, lang),
                (SELECT xmlelement(NAME "table",
                            xmlelement(NAME thead, xmlelement(NAME tr,
                                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.label('tier'::text, lang)),
                                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('customers'::text, lang)),
                                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('month before'::text, lang)),
                                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('in and out'::text, lang)))),
                            xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr,
                                xmlelement(NAME th, xmlattributes('row' AS scope), coalesce(loyalcs.page_name(e.t ->> text 'tier', lang), loyalcs.page_text('no tier'::text, lang))),
                                xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_number((e.t ->> text 'customers')::numeric)),
                                    xmlelement(NAME small, xmlattributes('soft' AS class), loyalcs.format_share((e.t ->> text 'share')::numeric))),
                                xmlelement(NAME td, loyalcs.format_number((e.t ->> text 'previous')::numeric)),
                                xmlelement(NAME td, CASE WHEN e.t ->> text 'tier' IS NULL THEN ''::text
                                                         ELSE loyalcs.format_number((e.t ->> text 'entered')::numeric, 0, true) || ' / '::text || loyalcs.format_number(- (e.t ->> text 'exited')::numeric, 0, true) END)) ORDER BY e.i)))
                   FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(l.l -> text 'tiers') WHEN 'array' THEN l.l -> text 'tiers' END) WITH ORDINALITY AS e(t, i)
                 HAVING count(*) > 0::bigint)),
            loyalcs.page_panel(loyalcs.page_text('points'::text, lang),
                CASE WHEN l.has_points THEN
                    loyalcs.page_figures(l.l -> text 'points', ARRAY['opening'::text, 'earned'::text, 'redeemed'::text, 'expired'::text, 'reversed'::text, 'adjusted'::text, 'closing'::text],
                        ARRAY[loyalcs.label('opening'::text, lang), loyalcs.label('earn'::text, lang), loyalcs.label('redeem'::text, lang), loyalcs.label('expire'::text, lang),
                              loyalcs.label('reverse'::text, lang), loyalcs.label('adjust'::text, lang), loyalcs.label('closing'::text, lang)], report, lang) END,
                CASE WHEN (l.l ->> text 'lapsing_soon')::numeric > 0::numeric THEN
                    pg_catalog.format(loyalcs.page_text('lapsing soon'::text, lang), loyalcs.format_number((l.l ->> text 'lapsing_soon')::numeric)) END),
            loyalcs.page_panel(loyalcs.page_text('points owed'::text, lang),
                CASE WHEN l.has_points THEN
                    loyalcs.page_trend(loyalcs.page_text('points owed'::text, lang), loyalcs.page_series(l.l -> text 'points_trend', 'closing'::text), 'number'::text, NULL::text, lang, loyalcs.page_is_running(report)) END))
          FROM (SELECT report -> text 'loyalty' AS l,
                       EXISTS (SELECT FROM pg_catalog.jsonb_array_elements(report #> ARRAY['loyalty'::text, 'points_trend'::text]) e(p)
                                WHERE (e.p ->> text 'earned')::numeric <> 0::numeric OR (e.p ->> text 'closing')::numeric <> 0::numeric) AS has_points) l);
END
$$;
COMMENT ON FUNCTION loyalcs.page_loyalty(jsonb, text) IS
    'the section loyalty of a report: tiers, points and what is owed';

CREATE FUNCTION loyalcs.page_followups(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlconcat(
            loyalcs.page_panel(loyalcs.page_text('in figures'::text, lang),
                loyalcs.page_figures(f.f -> text 'figures', ARRAY['sent'::text, 'failed'::text, 'undeliverable'::text, 'dropped'::text, 'held_out'::text], NULL::text[], report, lang)),
            loyalcs.page_panel(loyalcs.page_text('steps'::text, lang),
                (SELECT xmlelement(NAME "table",
                            xmlelement(NAME thead, xmlelement(NAME tr,
                                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('step'::text, lang)),
                                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.label('sent'::text, lang)),
                                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('month before'::text, lang)),
                                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('not sent'::text, lang)))),
                            xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr,
                                xmlelement(NAME th, xmlattributes('row' AS scope), loyalcs.page_name(e.s ->> text 'step', lang)),
                                xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_number((e.s ->> text 'sent')::numeric))),
                                xmlelement(NAME td, loyalcs.format_number((e.s ->> text 'previous')::numeric)),
                                xmlelement(NAME td, loyalcs.format_number((e.s ->> text 'failed')::numeric + (e.s ->> text 'undeliverable')::numeric + (e.s ->> text 'dropped')::numeric))) ORDER BY e.i)))
                   FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(f.f -> text 'steps') WHEN 'array' THEN f.f -> text 'steps' END) WITH ORDINALITY AS e(s, i)
                  WHERE e.i <= 12::bigint
                 HAVING count(*) > 0::bigint)),
            loyalcs.page_panel(loyalcs.page_text('followup effect'::text, lang),
                (SELECT xmlelement(NAME "table",
                            xmlelement(NAME thead, xmlelement(NAME tr,
                                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('step'::text, lang)),
                                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('with'::text, lang)),
                                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('without'::text, lang)),
                                xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('difference'::text, lang)))),
                            xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr,
                                xmlelement(NAME th, xmlattributes('row' AS scope), loyalcs.page_name(e.s ->> text 'step', lang)),
                                xmlelement(NAME td, loyalcs.format_share((e.s ->> text 'assigned_ordered')::numeric / nullif((e.s ->> text 'assigned')::numeric, 0::numeric))),
                                xmlelement(NAME td, loyalcs.format_share((e.s ->> text 'held_out_ordered')::numeric / nullif((e.s ->> text 'held_out')::numeric, 0::numeric))),
                                xmlelement(NAME td,
                                    xmlelement(NAME b, xmlattributes(CASE WHEN e.s ->> text 'significant' = 'true' THEN CASE WHEN (e.s ->> text 'uplift')::numeric > 0::numeric THEN 'good'::text ELSE 'bad'::text END END AS class),
                                               loyalcs.format_figure((e.s ->> text 'uplift')::numeric, 'share'::text, NULL::text, lang, true)),
                                    CASE WHEN e.s ->> text 'uplift_low' IS NOT NULL THEN
                                        xmlelement(NAME small, xmlattributes('soft' AS class),
                                            pg_catalog.format(loyalcs.page_text('range'::text, lang), loyalcs.format_number((e.s ->> text 'uplift_low')::numeric * 100::numeric, 1, true),
                                                              loyalcs.format_number((e.s ->> text 'uplift_high')::numeric * 100::numeric, 1, true))) END)) ORDER BY e.i)))
                   FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(f.f -> text 'effect') WHEN 'array' THEN f.f -> text 'effect' END) WITH ORDINALITY AS e(s, i)
                  WHERE e.i <= 12::bigint
                 HAVING count(*) > 0::bigint),
                loyalcs.page_text('about effect'::text, lang)))
          FROM (SELECT report -> text 'followups' AS f) f);
END
$$;
COMMENT ON FUNCTION loyalcs.page_followups(jsonb, text) IS
    'the section followups of a report: what was sent, and whether it helped';

-- Those of one measure each: an improvement that names two has two rows.
CREATE FUNCTION loyalcs.page_improvements(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT loyalcs.page_panel(loyalcs.page_text('did it help'::text, lang), xmlelement(NAME "table",
                   xmlelement(NAME thead, xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('improvement'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope, 'more' AS class), loyalcs.page_text('measure'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope, 'more' AS class), loyalcs.page_text('before and after'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.label('effect'::text, lang)))),
                   xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('row' AS scope), coalesce(loyalcs.page_cut(i.i ->> text 'action', 120), ''::text),
                           xmlelement(NAME small, xmlattributes('soft' AS class), pg_catalog.concat_ws(' / '::text,
                               loyalcs.page_cut(i.i ->> text 'problem', 80), loyalcs.page_cut(i.i ->> text 'owner', 40),
                               CASE WHEN i.i ->> text 'started' IS NOT NULL THEN pg_catalog.format(loyalcs.page_text('since'::text, lang), loyalcs.format_date((i.i ->> text 'started')::date, lang)) END))),
                       xmlelement(NAME td, xmlattributes('more' AS class), coalesce(loyalcs.page_name(i.i ->> text 'measure', lang), loyalcs.format_number(NULL::numeric)),
                           xmlelement(NAME small, xmlattributes('soft words' AS class), coalesce(loyalcs.page_name(i.i ->> text 'about', lang), ''::text))),
                       xmlelement(NAME td, xmlattributes('more' AS class), loyalcs.format_figure((i.i ->> text 'value_before')::numeric, i.unit, NULL::text, lang)
                                                                           || ' → '::text || loyalcs.format_figure((i.i ->> text 'value_after')::numeric, i.unit, NULL::text, lang)),
                       xmlelement(NAME td,
                           xmlelement(NAME b, loyalcs.format_figure((i.i ->> text 'effect')::numeric, i.unit, NULL::text, lang, true)),
                           CASE WHEN i.i ->> text 'effect_low' IS NOT NULL THEN
                               xmlelement(NAME small, xmlattributes('soft' AS class), pg_catalog.format(loyalcs.page_text('range'::text, lang),
                                   loyalcs.format_figure((i.i ->> text 'effect_low')::numeric, i.unit, NULL::text, lang, true),
                                   loyalcs.format_figure((i.i ->> text 'effect_high')::numeric, i.unit, NULL::text, lang, true))) END,
                           xmlelement(NAME small, xmlattributes(CASE i.i ->> text 'verdict' WHEN 'improved' THEN 'good'::text WHEN 'worse' THEN 'bad'::text ELSE 'soft'::text END AS class),
                                      coalesce(loyalcs.page_name(i.i ->> text 'verdict', lang), ''::text)))) ORDER BY i.n))),
                   loyalcs.page_text('about improvements'::text, lang), 'panel wide full'::text)
          FROM (SELECT e.i, e.n, e.i ->> text 'unit' AS unit
                  FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(report -> text 'improvements') WHEN 'array' THEN report -> text 'improvements' END) WITH ORDINALITY AS e(i, n)
                 WHERE e.n <= 20::bigint) i
        HAVING count(*) > 0::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.page_improvements(jsonb, text) IS
    'the section improvements of a report: what was done, before and after, and its effect beyond that of all else';

-- --------------------------------------------------------------------------
-- The whole of it
-- --------------------------------------------------------------------------

-- A section of a report that is an object, or says why it is none.
CREATE FUNCTION loyalcs.page_part(report jsonb, part text, title text, body xml, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN loyalcs.page_section(title, lang, CASE WHEN jsonb_typeof(report -> part) IN (text 'object', text 'array') THEN body END, report #>> ARRAY[text 'problems', part]);
END
$$;
COMMENT ON FUNCTION loyalcs.page_part(jsonb, text, text, xml, text) IS
    'a section of a page from a section of a report, of the name part: its title and what it shows, or why there is nothing';

CREATE FUNCTION loyalcs.page_monthly_report(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT xmlconcat(
            xmlelement(NAME section, xmlelement(NAME h2, loyalcs.page_text('kpis'::text, lang)),
                CASE WHEN k.k IS NOT NULL THEN xmlelement(NAME div, xmlattributes('panel' AS class), k.k)
                     ELSE xmlelement(NAME p, xmlattributes('nothing' AS class),
                              CASE WHEN k.problem IS NOT NULL THEN pg_catalog.format(loyalcs.page_text('not shown'::text, lang), k.problem) ELSE loyalcs.page_text('no data'::text, lang) END) END),
            loyalcs.page_section(loyalcs.label('satisfaction'::text, lang), lang, loyalcs.page_satisfaction(report, lang), report #>> ARRAY['problems'::text, 'satisfaction'::text]),
            loyalcs.page_part(report, 'sales'::text, loyalcs.label('sales'::text, lang), loyalcs.page_sales(report, lang), lang),
            loyalcs.page_part(report, 'outlook'::text, loyalcs.page_text('outlook', lang), loyalcs.page_outlook(report, lang), lang),
            loyalcs.page_part(report, 'customers'::text, loyalcs.label('customers'::text, lang), loyalcs.page_customers(report, lang), lang),
            loyalcs.page_part(report, 'support'::text, loyalcs.label('support'::text, lang), loyalcs.page_support(report, lang), lang),
            loyalcs.page_part(report, 'voice'::text, loyalcs.label('voice'::text, lang), loyalcs.page_voice(report, lang), lang),
            loyalcs.page_part(report, 'reviews'::text, loyalcs.label('reviews'::text, lang), loyalcs.page_reviews(report, lang), lang),
            loyalcs.page_part(report, 'delivery'::text, loyalcs.label('delivery'::text, lang), loyalcs.page_delivery(report, lang), lang),
            loyalcs.page_part(report, 'returns'::text, loyalcs.label('returns'::text, lang), loyalcs.page_returns(report, lang), lang),
            loyalcs.page_part(report, 'loyalty'::text, loyalcs.label('loyalty'::text, lang), loyalcs.page_loyalty(report, lang), lang),
            loyalcs.page_part(report, 'followups'::text, loyalcs.label('followups'::text, lang), loyalcs.page_followups(report, lang), lang),
            loyalcs.page_section(loyalcs.label('improvements'::text, lang), lang, loyalcs.page_improvements(report, lang), report #>> ARRAY['problems'::text, 'improvements'::text]))
          FROM (SELECT loyalcs.page_kpis(report, lang) AS k, loyalcs.page_cut(loyalcs.label(report #>> ARRAY['problems'::text, 'kpis'::text], lang), 200) AS problem OFFSET 0) k);
END
$$;
COMMENT ON FUNCTION loyalcs.page_monthly_report(jsonb, text) IS
    'the sections of a monthly report';

CREATE FUNCTION loyalcs.page_headlines(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN xmlelement(NAME section, xmlattributes('lead' AS class),
                xmlelement(NAME h2, loyalcs.label('headlines'::text, lang)),
                (SELECT CASE WHEN count(*) > 0::bigint THEN xmlelement(NAME ol, xmlagg(loyalcs.page_headline(e.h, report, lang) ORDER BY e.i))
                        ELSE xmlelement(NAME p, xmlattributes('nothing' AS class), loyalcs.page_text('not enough data'::text, lang)) END
                   FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(report -> text 'headlines') WHEN 'array' THEN report -> text 'headlines' END) WITH ORDINALITY AS e(h, i)));
END
$$;
COMMENT ON FUNCTION loyalcs.page_headlines(jsonb, text) IS
    'what a report begins with, as the first section of its page';

-- All that changed, where there is more of it than the page has begun with.
CREATE FUNCTION loyalcs.page_changes(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT loyalcs.page_section(loyalcs.label('changes'::text, lang), lang, loyalcs.page_panel(loyalcs.page_text('all changes'::text, lang), xmlelement(NAME "table",
                   xmlelement(NAME thead, xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('figure'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('before and after'::text, lang)),
                       xmlelement(NAME th, xmlattributes('col' AS scope), loyalcs.page_text('difference'::text, lang)))),
                   xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes('row' AS scope), loyalcs.page_subject(c.h ->> text 'figure', c.h ->> text 'subject', c.h ->> text 'metric', lang)),
                       xmlelement(NAME td, loyalcs.format_figure((c.h ->> text 'previous')::numeric, c.unit, NULL::text, lang) || ' → '::text,
                                           xmlelement(NAME b, loyalcs.format_figure((c.h ->> text 'value')::numeric, c.unit, NULL::text, lang))),
                       xmlelement(NAME td, loyalcs.page_change((c.h ->> text 'change')::numeric, c.unit, NULL::text, lang, true,
                                                               CASE WHEN c.h ->> text 'good' IS NULL THEN NULL::text
                                                                    WHEN (c.h ->> text 'good' = 'true'::text) = (c.h ->> text 'direction' = 'up'::text) THEN 'higher'::text ELSE 'lower'::text END),
                           CASE WHEN c.h ->> text 'change_low' IS NOT NULL AND c.h ->> text 'change_high' IS NOT NULL THEN
                               xmlelement(NAME small, xmlattributes('soft' AS class), pg_catalog.format(loyalcs.page_text('range'::text, lang),
                                   loyalcs.format_figure((c.h ->> text 'change_low')::numeric, c.unit, NULL::text, lang, true),
                                   loyalcs.format_figure((c.h ->> text 'change_high')::numeric, c.unit, NULL::text, lang, true))) END)) ORDER BY c.i))),
                   pg_catalog.format(loyalcs.page_text('about changes'::text, lang), loyalcs.format_number(max((c.h ->> text 'candidates')::numeric))), 'panel wide full'::text))
          FROM (SELECT e.h, e.i, e.h ->> text 'unit' AS unit
                  FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(report -> text 'changes') WHEN 'array' THEN report -> text 'changes' END) WITH ORDINALITY AS e(h, i)
                 WHERE e.i <= 20::bigint) c
        HAVING count(*) > 3::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.page_changes(jsonb, text) IS
    'all changes of a report that are more than chance, twenty at most, as a section; NULL where there are no more than it begins with';

CREATE FUNCTION loyalcs.report_page(report jsonb, lang text DEFAULT 'ja') RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT loyalcs.page_html(pg_catalog.concat_ws(' '::text, r.shop, r.title, r.month), lang, xmlconcat(
            xmlelement(NAME header,
                xmlelement(NAME p, xmlattributes('eyebrow' AS class), pg_catalog.concat_ws('  '::text, r.shop, r.title)),
                xmlelement(NAME h1, r.month),
                xmlelement(NAME p, xmlattributes('asof' AS class), pg_catalog.concat_ws(' '::text,
                    pg_catalog.format(loyalcs.page_text('as of'::text, lang), r.as_of),
                    CASE WHEN loyalcs.page_is_running(report) THEN loyalcs.page_text('still running'::text, lang) END))),
            loyalcs.page_headlines(report, lang),
            CASE report ->> text 'report'
                WHEN 'satisfaction_report' THEN loyalcs.page_satisfaction_report(report, lang)
                WHEN 'voice_report' THEN loyalcs.page_voice_report(report, lang)
                ELSE loyalcs.page_monthly_report(report, lang) END,
            xmlelement(NAME footer,
                xmlelement(NAME p, pg_catalog.format(loyalcs.page_text('about chance'::text, lang), loyalcs.page_confidence(report))),
                xmlelement(NAME p, loyalcs.page_text('about pictures'::text, lang)))))
          FROM (SELECT loyalcs.page_cut(report ->> text 'shop', 60) AS shop, loyalcs.format_month((report ->> text 'month')::date, lang) AS month,
                       loyalcs.page_text(CASE report ->> text 'report' WHEN 'satisfaction_report' THEN 'satisfaction report'::text WHEN 'voice_report' THEN 'voice report'::text ELSE 'monthly report'::text END, lang) AS title,
                       loyalcs.page_instant(report ->> text 'as_of', report ->> text 'time_zone', lang) AS as_of) r
         WHERE report IS NOT NULL);
END
$$;
COMMENT ON FUNCTION loyalcs.report_page(jsonb, text) IS
    'a report (the jsonb that monthly_report(), satisfaction_report() or voice_report() of a shop gives) as one self-contained page of HTML, in a language: ja or en (another one is an error)';
