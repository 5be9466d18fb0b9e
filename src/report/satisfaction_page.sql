-- satisfaction_page.sql
--
-- The sections of a satisfaction report as people read them.
-- Needs: page, report_page.
--
-- Pure, as report_page.sql is. What comes of too few answers is shown and says so: who
-- reads "one customer gave a 3" knows something, if it is not taken for more.

-- One figure of a part: its value with interval and answers, its change, and whether it is apart from the others.
CREATE FUNCTION loyalcs.page_part_cell(part jsonb, minimum numeric, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    f jsonb := part -> text 'score';
    apart jsonb := part -> text 'difference';
    unit text := f ->> text 'unit';
    is_above boolean := (apart ->> text 'value')::numeric > 0::numeric;
BEGIN
    RETURN CASE WHEN f ->> text 'value' IS NULL THEN xmlelement(NAME td, loyalcs.format_number(NULL::numeric)) ELSE
        xmlelement(NAME td,
            xmlelement(NAME b, loyalcs.format_figure((f ->> text 'value')::numeric, unit, NULL::text, lang)),
            xmlelement(NAME small, xmlattributes(text 'soft' AS class), coalesce(loyalcs.page_range((f ->> text 'low')::numeric, (f ->> text 'high')::numeric, unit, NULL::text, lang), text '')),
            xmlelement(NAME small, xmlattributes(text 'soft' AS class), format(loyalcs.page_text(CASE WHEN (f ->> text 'cases')::numeric < minimum THEN text 'few answers' ELSE text 'answers' END, lang),
                                                                               loyalcs.format_number((f ->> text 'cases')::numeric))),
            CASE WHEN f ->> text 'significant' = text 'true' THEN
                loyalcs.page_change((f ->> text 'change')::numeric, unit, NULL::text, lang, true, f ->> text 'better') END,
            CASE WHEN apart ->> text 'significant' = text 'true' THEN
                xmlelement(NAME small, xmlattributes(CASE WHEN is_above = (f ->> text 'better' = text 'higher') THEN text 'good' ELSE text 'bad' END AS class),
                           loyalcs.page_text(CASE WHEN is_above THEN text 'above others' ELSE text 'below others' END, lang)) END)
        END;
END
$$;
COMMENT ON FUNCTION loyalcs.page_part_cell(jsonb, numeric, text) IS
    'a cell of a table of a page: what a part of the customers answers, with its interval, how many answers that are (or that they are too few), its change and whether it is apart from all others, if that is more than chance';

-- Parts downwards, what was asked to the right.
CREATE FUNCTION loyalcs.page_breakdown(report jsonb, breakdown text, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    minimum numeric := (report ->> text 'minimum_answers')::numeric;
    body xml;
    heads xml;
    more numeric;
    wanted text := breakdown;
BEGIN
    WITH cut AS MATERIALIZED (
        SELECT e.b, e.i, e.b ->> text 'kind' AS kind
          FROM jsonb_array_elements(CASE jsonb_typeof(report -> text 'breakdowns') WHEN text 'array' THEN report -> text 'breakdowns' END) WITH ORDINALITY AS e(b, i)
         WHERE e.b ->> text 'breakdown' = wanted
         ORDER BY e.i
         LIMIT 3
    ), cell AS MATERIALIZED (
        SELECT c.i, p.p, p.n, coalesce(p.p ->> text 'part', text '') AS part
          FROM cut c
         CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(c.b -> text 'parts') WHEN text 'array' THEN c.b -> text 'parts' END) WITH ORDINALITY AS p(p, n)
    ), line AS (
        SELECT c.part, min(c.p ->> text 'name') AS name, min(c.i * 100::bigint + c.n) AS place FROM cell c GROUP BY c.part
    )
    SELECT (SELECT xmlagg(xmlelement(NAME th, xmlattributes(text 'col' AS scope), loyalcs.page_name(c.kind, lang)) ORDER BY c.i) FROM cut c),
           (SELECT max((c.b ->> text 'more')::numeric) FROM cut c),
           xmlagg(xmlelement(NAME tr,
               xmlelement(NAME th, xmlattributes(text 'row' AS scope), xmlelement(NAME bdi, coalesce(loyalcs.page_cut(l.name, 60), loyalcs.page_name(l.part, lang)))),
               (SELECT xmlagg(loyalcs.page_part_cell((SELECT x.p FROM cell x WHERE x.i = c.i AND x.part = l.part LIMIT 1), minimum, lang) ORDER BY c.i) FROM cut c)) ORDER BY l.place)
      INTO heads, more, body
      FROM line l;
    RETURN CASE WHEN body IS NOT NULL THEN
        loyalcs.page_panel(loyalcs.page_name(breakdown, lang),
            xmlelement(NAME "table",
                xmlelement(NAME thead, xmlelement(NAME tr, xmlelement(NAME th, xmlattributes(text 'col' AS scope), text ''), heads)),
                xmlelement(NAME tbody, body)),
            CASE WHEN more > 0::numeric THEN format(loyalcs.page_text('more parts', lang), loyalcs.format_number(more)) END)
        END;
END
$$;
COMMENT ON FUNCTION loyalcs.page_breakdown(jsonb, text, text) IS
    'a breakdown of a satisfaction report as a part of a section: its parts with NPS, CSAT and CES; NULL where it has none';

CREATE FUNCTION loyalcs.page_waves(waves jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN loyalcs.page_list(
        ARRAY[loyalcs.page_text('wave', lang), loyalcs.page_text('asked', lang), loyalcs.label('response_rate', lang), loyalcs.label('nps', lang)],
        (SELECT xmlagg(xmlelement(NAME tr,
                    xmlelement(NAME th, xmlattributes(text 'row' AS scope), loyalcs.format_date((e.w ->> text 'drawn_on')::date, lang),
                        xmlelement(NAME small, xmlattributes(text 'soft' AS class), concat_ws(text ' / ', loyalcs.page_name(e.w ->> text 'survey', lang), loyalcs.page_name(e.w ->> text 'channel', lang)))),
                    xmlelement(NAME td, loyalcs.format_number((e.w ->> text 'asked')::numeric)),
                    xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_share((e.w ->> text 'response_rate')::numeric)),
                        xmlelement(NAME small, xmlattributes(text 'soft' AS class), coalesce(CASE WHEN e.w ->> text 'complete' = text 'false' THEN loyalcs.page_text('answers still come', lang)
                            ELSE loyalcs.page_range((e.w ->> text 'response_rate_low')::numeric, (e.w ->> text 'response_rate_high')::numeric, text 'share', NULL::text, lang) END, text ''))),
                    xmlelement(NAME td, loyalcs.format_figure((e.w ->> text 'nps')::numeric, text 'points', NULL::text, lang),
                        xmlelement(NAME small, xmlattributes(text 'soft' AS class), coalesce(loyalcs.page_range((e.w ->> text 'nps_low')::numeric, (e.w ->> text 'nps_high')::numeric, text 'points', NULL::text, lang), text '')))) ORDER BY e.i)
           FROM jsonb_array_elements(loyalcs.page_items(waves)) WITH ORDINALITY AS e(w, i)));
END
$$;
COMMENT ON FUNCTION loyalcs.page_waves(jsonb, text) IS
    'the waves of a satisfaction report: who was asked, who answered, and the NPS of each';

-- What is better, is coloured; of what is neither the difference has a mark alone.
CREATE FUNCTION loyalcs.page_drivers(drivers jsonb, head text, high text, low text, is_good boolean, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (
        SELECT xmlelement(NAME "table",
                   xmlelement(NAME thead, xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes(text 'col' AS scope), head),
                       xmlelement(NAME th, xmlattributes(text 'col' AS scope), high),
                       xmlelement(NAME th, xmlattributes(text 'col' AS scope), low),
                       xmlelement(NAME th, xmlattributes(text 'col' AS scope), loyalcs.page_text('difference', lang)),
                       CASE WHEN bool_or(e.has_effect) THEN xmlelement(NAME th, xmlattributes(text 'col' AS scope, text 'more' AS class), loyalcs.page_text('nps without it', lang)) END)),
                   xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes(text 'row' AS scope), xmlelement(NAME bdi, coalesce(loyalcs.page_name(e.d ->> text 'driver', lang), text '')),
                           xmlelement(NAME small, xmlattributes(text 'soft' AS class), concat_ws(text ' / ', loyalcs.page_name(e.d ->> text 'kind', lang),
                               format(loyalcs.page_text(CASE WHEN e.has_effect THEN text 'answers' ELSE text 'of texts' END, lang), loyalcs.format_number((e.d ->> text 'mentions')::numeric))))),
                       xmlelement(NAME td, loyalcs.format_share((e.d ->> text 'promoter_share')::numeric, 0)),
                       xmlelement(NAME td, loyalcs.format_share((e.d ->> text 'detractor_share')::numeric, 0)),
                       xmlelement(NAME td,
                           xmlelement(NAME b, xmlattributes(CASE WHEN is_good AND e.d ->> text 'significant' = text 'true' THEN CASE WHEN (e.d ->> text 'difference')::numeric > 0::numeric THEN text 'good' ELSE text 'bad' END END AS class),
                                      CASE WHEN e.d ->> text 'significant' = text 'true' THEN CASE WHEN (e.d ->> text 'difference')::numeric > 0::numeric THEN text '▲ ' ELSE text '▼ ' END ELSE text '' END
                                      || loyalcs.format_figure((e.d ->> text 'difference')::numeric, text 'share', NULL::text, lang, true)),
                           CASE WHEN e.d ->> text 'p_adjusted' IS NULL THEN xmlelement(NAME small, xmlattributes(text 'soft' AS class), loyalcs.label('not enough data', lang))
                                WHEN e.d ->> text 'low' IS NOT NULL AND e.d ->> text 'high' IS NOT NULL THEN
                                    xmlelement(NAME small, xmlattributes(text 'soft' AS class),
                                        format(loyalcs.page_text('range', lang), loyalcs.format_number((e.d ->> text 'low')::numeric * 100::numeric, 1, true),
                                               loyalcs.format_number((e.d ->> text 'high')::numeric * 100::numeric, 1, true))) END),
                       CASE WHEN e.has_effect THEN xmlelement(NAME td, xmlattributes(text 'more' AS class), loyalcs.format_figure((e.d ->> text 'nps_effect')::numeric, text 'points', NULL::text, lang, true)) END) ORDER BY e.i)))
          FROM (SELECT x.d, x.i, bool_or(x.d ->> text 'nps_effect' IS NOT NULL) OVER () AS has_effect FROM jsonb_array_elements(loyalcs.page_items(drivers)) WITH ORDINALITY AS x(d, i)) e
        HAVING count(*) > 0::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.page_drivers(jsonb, text, text, text, boolean, text) IS
    'what is said more often by some than by others, a table of a page: what (under head), the shares of both (under high and low), their difference with its interval, marked where it is more than chance, coloured where more is good; and of an NPS what it would be without it';

-- One score a row, with its interval, answers and change.
CREATE FUNCTION loyalcs.page_scores(list jsonb, key text, head text, number text, figure text, report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN loyalcs.page_list(
        ARRAY[head, loyalcs.page_text('responses', lang), loyalcs.page_text('value', lang), loyalcs.page_text('month before', lang)],
        (SELECT xmlagg(xmlelement(NAME tr,
                    xmlelement(NAME th, xmlattributes(text 'row' AS scope), xmlelement(NAME bdi, coalesce(loyalcs.page_name(e.r ->> key, lang), text ''))),
                    xmlelement(NAME td, loyalcs.format_number((e.r ->> number)::numeric),
                        CASE WHEN (e.r ->> number)::numeric < (report ->> text 'minimum_answers')::numeric THEN
                            xmlelement(NAME small, xmlattributes(text 'soft' AS class), loyalcs.page_text('few', lang)) END),
                    xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_figure((f.f ->> text 'value')::numeric, f.f ->> text 'unit', NULL::text, lang)),
                        xmlelement(NAME small, xmlattributes(text 'soft' AS class), coalesce(loyalcs.page_range((f.f ->> text 'low')::numeric, (f.f ->> text 'high')::numeric, f.f ->> text 'unit', NULL::text, lang), text ''))),
                    xmlelement(NAME td, loyalcs.format_figure((f.f ->> text 'previous')::numeric, f.f ->> text 'unit', NULL::text, lang),
                        loyalcs.page_change((f.f ->> text 'change')::numeric, f.f ->> text 'unit', NULL::text, lang, (f.f ->> text 'significant')::boolean, f.f ->> text 'better'))) ORDER BY e.i)
           FROM jsonb_array_elements(loyalcs.page_items(list)) WITH ORDINALITY AS e(r, i)
          CROSS JOIN LATERAL (SELECT e.r -> figure AS f) f));
END
$$;
COMMENT ON FUNCTION loyalcs.page_scores(jsonb, text, text, text, text, jsonb, text) IS
    'a list of a report as a table: who or what, how many answers, and its score with interval and change; NULL for an empty list';

CREATE FUNCTION loyalcs.page_detractors(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    d jsonb := report -> text 'detractors';
BEGIN
    RETURN xmlconcat(
        loyalcs.page_panel(loyalcs.page_text('in figures', lang),
            loyalcs.page_figures(d -> text 'figures', ARRAY['detractors', 'followed_share'], NULL::text[], report, lang), loyalcs.page_text('about detractors', lang)),
        loyalcs.page_panel(loyalcs.page_text('waiting customers', lang),
            CASE WHEN (d ->> text 'awaiting')::numeric > 0::numeric THEN
                loyalcs.page_list(ARRAY[loyalcs.page_text('since the answer', lang), text '', loyalcs.page_text('customers', lang)],
                    (SELECT xmlagg(xmlelement(NAME tr,
                                xmlelement(NAME th, xmlattributes(text 'row' AS scope), loyalcs.page_name(e.a ->> text 'age', lang)),
                                xmlelement(NAME td, xmlattributes(text 'bars' AS class), loyalcs.chart_bar((e.a ->> text 'awaiting')::double precision / nullif((d ->> text 'awaiting')::double precision, 0::double precision))),
                                xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_number((e.a ->> text 'awaiting')::numeric)))) ORDER BY e.i)
                       FROM jsonb_array_elements(loyalcs.page_items(d -> text 'ages')) WITH ORDINALITY AS e(a, i))) END,
            format(loyalcs.page_text('about waiting', lang), loyalcs.format_number((d ->> text 'customers')::numeric), loyalcs.format_number((d ->> text 'awaiting')::numeric))),
        loyalcs.page_panel(loyalcs.page_text('waiting by tier', lang),
            CASE WHEN (d ->> text 'customers')::numeric > 0::numeric THEN
                loyalcs.page_list(ARRAY[loyalcs.label('tier', lang), loyalcs.label('detractors', lang), loyalcs.page_text('waiting', lang)],
                    (SELECT xmlagg(xmlelement(NAME tr,
                                xmlelement(NAME th, xmlattributes(text 'row' AS scope), xmlelement(NAME bdi, coalesce(loyalcs.page_name(e.t ->> text 'tier', lang), text ''))),
                                xmlelement(NAME td, loyalcs.format_number((e.t ->> text 'customers')::numeric)),
                                xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_number((e.t ->> text 'awaiting')::numeric)))) ORDER BY e.i)
                       FROM jsonb_array_elements(loyalcs.page_items(d -> text 'tiers')) WITH ORDINALITY AS e(t, i)
                      WHERE e.i <= 10::bigint)) END));
END
$$;
COMMENT ON FUNCTION loyalcs.page_detractors(jsonb, text) IS
    'the section detractors of a satisfaction report: how many, whom somebody followed up, and who waits';

CREATE FUNCTION loyalcs.page_bought_again(b jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN CASE WHEN b ->> text 'share' IS NOT NULL THEN loyalcs.page_lines(xmlconcat(
        loyalcs.page_line(loyalcs.page_text('who complained', lang), loyalcs.format_share((b ->> text 'share')::numeric),
                          concat_ws(text ' / ', format(loyalcs.page_text('people', lang), loyalcs.format_number((b ->> text 'customers')::numeric)),
                                    loyalcs.page_range((b ->> text 'low')::numeric, (b ->> text 'high')::numeric, text 'share', NULL::text, lang))),
        CASE WHEN b ->> text 'others_share' IS NOT NULL THEN xmlconcat(
            loyalcs.page_line(loyalcs.page_text('like them', lang), loyalcs.format_share((b ->> text 'others_share')::numeric),
                              format(loyalcs.page_text('people', lang), loyalcs.format_number((b ->> text 'others')::numeric))),
            loyalcs.page_line(loyalcs.page_text('difference', lang), loyalcs.format_figure((b ->> text 'difference')::numeric, text 'share', NULL::text, lang, true),
                              CASE WHEN b ->> text 'significant' = text 'true' THEN loyalcs.page_text('more than chance', lang) ELSE loyalcs.page_text('uncertain', lang) END)) END)) END;
END
$$;
COMMENT ON FUNCTION loyalcs.page_bought_again(jsonb, text) IS
    'whether those who complained bought again, beside customers like them who did not';

CREATE FUNCTION loyalcs.page_complaints(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    c jsonb := report -> text 'complaints';
BEGIN
    RETURN xmlconcat(
        loyalcs.page_panel(loyalcs.page_text('in figures', lang),
            loyalcs.page_figures(c -> text 'figures', ARRAY['complaints', 'satisfied_share', 'ticket_csat'], NULL::text[], report, lang), loyalcs.page_text('about complaints', lang)),
        loyalcs.page_panel(loyalcs.label('satisfied_share', lang),
            loyalcs.page_trend(loyalcs.label('satisfied_share', lang), c -> text 'trend', text 'share', NULL::text, lang, loyalcs.page_is_running(report), (c ->> text 'target')::double precision),
            format(loyalcs.page_text('band and target', lang), loyalcs.page_confidence(report))),
        loyalcs.page_panel(loyalcs.page_text('bought again', lang), loyalcs.page_bought_again(c -> text 'bought_again', lang),
            CASE WHEN c #>> ARRAY['bought_again', 'month'] IS NOT NULL THEN format(loyalcs.page_text('complained in', lang), loyalcs.format_month((c #>> ARRAY['bought_again', 'month'])::date, lang)) END),
        loyalcs.page_panel(loyalcs.page_text('tickets by channel', lang), loyalcs.page_scores(c -> text 'channels', text 'channel', loyalcs.label('channel', lang), text 'answers', text 'score', report, lang)),
        loyalcs.page_panel(loyalcs.page_text('tickets by reason', lang), loyalcs.page_scores(c -> text 'reasons', text 'reason', loyalcs.label('reason', lang), text 'answers', text 'score', report, lang)));
END
$$;
COMMENT ON FUNCTION loyalcs.page_complaints(jsonb, text) IS
    'the section complaints of a satisfaction report: how content those are who complained, whether they bought again, and CSAT after tickets';

CREATE FUNCTION loyalcs.page_product_stars(products jsonb, report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN loyalcs.page_list(
        ARRAY[loyalcs.page_text('product', lang), loyalcs.page_text('star groups', lang), loyalcs.label('reviews', lang), loyalcs.label('stars', lang)],
        (SELECT xmlagg(xmlelement(NAME tr,
                    xmlelement(NAME th, xmlattributes(text 'row' AS scope), xmlelement(NAME bdi, coalesce(loyalcs.page_cut(e.p ->> text 'product_name', 60), loyalcs.page_cut(e.p ->> text 'product_id', 60), text ''))),
                    xmlelement(NAME td, xmlattributes(text 'bars' AS class), d.picture),
                    xmlelement(NAME td, loyalcs.format_number((e.p ->> text 'reviews')::numeric),
                        CASE WHEN (e.p ->> text 'reviews')::numeric < (report ->> text 'minimum_answers')::numeric THEN
                            xmlelement(NAME small, xmlattributes(text 'soft' AS class), loyalcs.page_text('few', lang)) END),
                    xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_figure((e.p #>> ARRAY['stars', 'value'])::numeric, text 'score', NULL::text, lang)),
                        loyalcs.page_change((e.p #>> ARRAY['stars', 'change'])::numeric, text 'score', NULL::text, lang, (e.p #>> ARRAY['stars', 'significant'])::boolean, e.p #>> ARRAY['stars', 'better']))) ORDER BY e.i)
           FROM jsonb_array_elements(loyalcs.page_items(products)) WITH ORDINALITY AS e(p, i)
          CROSS JOIN LATERAL (SELECT loyalcs.chart_stack(string_agg((s.s ->> text 'stars') || text ': ' || loyalcs.format_number((s.s ->> text 'reviews')::numeric), text ', ' ORDER BY s.n), NULL::text,
                                         array_agg((s.s ->> text 'reviews')::double precision ORDER BY s.n), array_agg(NULL::text ORDER BY s.n),
                                         array_agg(CASE WHEN (s.s ->> text 'stars')::numeric <= 2::numeric THEN text 'bad' WHEN (s.s ->> text 'stars')::numeric = 3::numeric THEN text 'even' ELSE text 'good' END ORDER BY s.n)) AS picture
                                FROM jsonb_array_elements(loyalcs.page_items(e.p -> text 'distribution')) WITH ORDINALITY AS s(s, n)) d));
END
$$;
COMMENT ON FUNCTION loyalcs.page_product_stars(jsonb, jsonb, text) IS
    'the products of the section reviews of a report, with how many gave how many stars';

CREATE FUNCTION loyalcs.page_satisfaction_report(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    i jsonb := report -> text 'invitations';
    d jsonb := report -> text 'drivers';
BEGIN
    RETURN xmlconcat(
        loyalcs.page_changes(report, lang),
        loyalcs.page_part(report, 'satisfaction', loyalcs.page_text('scores', lang), loyalcs.page_satisfaction(report, lang), lang),
        loyalcs.page_part(report, 'breakdowns', loyalcs.label('breakdowns', lang),
            xmlconcat(loyalcs.page_stack(xmlconcat(loyalcs.page_breakdown(report, 'survey', lang), loyalcs.page_breakdown(report, 'channel', lang), loyalcs.page_breakdown(report, 'tier', lang))),
                      loyalcs.page_breakdown(report, 'product', lang), loyalcs.page_breakdown(report, 'rfm_segment', lang)), lang),
        loyalcs.page_part(report, 'invitations', loyalcs.label('invitations', lang), xmlconcat(
            loyalcs.page_panel(loyalcs.label('survey', lang), loyalcs.page_shares(i -> text 'surveys', 'survey', loyalcs.label('survey', lang), 'sent', 'response_rate', report, lang), loyalcs.page_text('about response rate', lang)),
            loyalcs.page_panel(loyalcs.label('channel', lang), loyalcs.page_shares(i -> text 'channels', 'channel', loyalcs.label('channel', lang), 'sent', 'response_rate', report, lang)),
            loyalcs.page_panel(loyalcs.page_text('waves', lang), loyalcs.page_waves(i -> text 'waves', lang), NULL::text, text 'panel wide')), lang),
        loyalcs.page_part(report, 'drivers', loyalcs.label('drivers', lang),
            (SELECT xmlagg(loyalcs.page_panel(loyalcs.page_name(e.s ->> text 'survey', lang), loyalcs.page_drivers(e.s -> text 'drivers', loyalcs.page_text('said or chosen', lang), loyalcs.label('promoters', lang), loyalcs.label('detractors', lang), true, lang),
                                              format(loyalcs.page_text('about drivers', lang), loyalcs.format_month((d ->> text 'quarter')::date, lang)), text 'panel wide') ORDER BY e.i)
               FROM jsonb_array_elements(loyalcs.page_items(d -> text 'surveys')) WITH ORDINALITY AS e(s, i) WHERE e.i <= 6::bigint), lang),
        loyalcs.page_part(report, 'detractors', loyalcs.page_text('follow up', lang), loyalcs.page_detractors(report, lang), lang),
        loyalcs.page_part(report, 'complaints', loyalcs.page_text('after complaints', lang), loyalcs.page_complaints(report, lang), lang),
        loyalcs.page_part(report, 'reviews', loyalcs.label('reviews', lang), xmlconcat(
            loyalcs.page_reviews(report, lang),
            loyalcs.page_panel(loyalcs.page_text('reviewed products', lang), loyalcs.page_product_stars(report #> ARRAY['reviews', 'products'], report, lang), loyalcs.page_text('about star groups', lang), text 'panel wide')), lang));
END
$$;
COMMENT ON FUNCTION loyalcs.page_satisfaction_report(jsonb, text) IS
    'the sections of a satisfaction report';
