-- voice_page.sql
--
-- The sections of a voice report as people read them.
-- Needs: page, report_page, satisfaction_page.
--
-- Pure, as report_page.sql is.

CREATE FUNCTION loyalcs.page_themes(themes jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (
        SELECT xmlelement(NAME "table",
                   xmlelement(NAME thead, xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes(text 'col' AS scope), loyalcs.label('theme', lang)),
                       xmlelement(NAME th, xmlattributes(text 'col' AS scope, text 'more' AS class), loyalcs.page_text('twelve months', lang)),
                       xmlelement(NAME th, xmlattributes(text 'col' AS scope), loyalcs.page_text('cases', lang)),
                       xmlelement(NAME th, xmlattributes(text 'col' AS scope), loyalcs.page_text('share and change', lang)),
                       xmlelement(NAME th, xmlattributes(text 'col' AS scope, text 'more' AS class), loyalcs.label('sentiment_balance', lang)))),
                   xmlelement(NAME tbody, xmlagg(xmlelement(NAME tr,
                       xmlelement(NAME th, xmlattributes(text 'row' AS scope), coalesce(loyalcs.page_name(e.t ->> text 'theme', lang), text '')),
                       xmlelement(NAME td, xmlattributes(text 'more' AS class), loyalcs.chart_sparkline(coalesce(loyalcs.page_name(e.t ->> text 'theme', lang), text ''),
                           ARRAY(SELECT (m.m ->> text 'value')::double precision FROM jsonb_array_elements(loyalcs.page_items(e.t -> text 'trend')) WITH ORDINALITY AS m(m, i) ORDER BY m.i))),
                       xmlelement(NAME td, loyalcs.format_number((e.t ->> text 'mentions')::numeric)),
                       xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_share((s.s ->> text 'value')::numeric)),
                           loyalcs.page_change((s.s ->> text 'change')::numeric, text 'share', NULL::text, lang, (s.s ->> text 'significant')::boolean, s.s ->> text 'better')),
                       xmlelement(NAME td, xmlattributes(text 'more' AS class), loyalcs.format_figure((e.t ->> text 'sentiment')::numeric, text 'score', NULL::text, lang, true))) ORDER BY e.i)))
          FROM jsonb_array_elements(loyalcs.page_items(themes)) WITH ORDINALITY AS e(t, i)
         CROSS JOIN LATERAL (SELECT e.t -> text 'share' AS s) s
        HAVING count(*) > 0::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.page_themes(jsonb, text) IS
    'the themes of a voice report: their months, how many speak of each, their share with its change, and how pleased they are';

CREATE FUNCTION loyalcs.page_sources(sources jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN loyalcs.page_list(
        ARRAY[loyalcs.page_text('source', lang), loyalcs.page_text('texts', lang), loyalcs.page_text('share and change', lang), loyalcs.label('sentiment_balance', lang)],
        (SELECT xmlagg(xmlelement(NAME tr,
                    xmlelement(NAME th, xmlattributes(text 'row' AS scope), coalesce(loyalcs.page_name(e.s ->> text 'source', lang), text '')),
                    xmlelement(NAME td, loyalcs.format_number((e.s ->> text 'texts')::numeric)),
                    xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_share((e.s #>> ARRAY['share', 'value'])::numeric)),
                        loyalcs.page_change((e.s #>> ARRAY['share', 'change'])::numeric, text 'share', NULL::text, lang, (e.s #>> ARRAY['share', 'significant'])::boolean, NULL::text)),
                    xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_figure((b.b ->> text 'value')::numeric, text 'score', NULL::text, lang, true)),
                        loyalcs.page_change((b.b ->> text 'change')::numeric, text 'score', NULL::text, lang, (b.b ->> text 'significant')::boolean, text 'higher'))) ORDER BY e.i)
           FROM jsonb_array_elements(loyalcs.page_items(sources)) WITH ORDINALITY AS e(s, i)
          CROSS JOIN LATERAL (SELECT e.s -> text 'sentiment' AS b) b));
END
$$;
COMMENT ON FUNCTION loyalcs.page_sources(jsonb, text) IS
    'where customers say something: how much, its share with the change, and how pleased they are there';

CREATE FUNCTION loyalcs.page_theme_sources(themes jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (
        WITH cell AS MATERIALIZED (
            SELECT e.i, coalesce(e.t ->> text 'theme', text '') AS theme, coalesce(s.s ->> text 'source', text '') AS source, s.n, (s.s ->> text 'share')::numeric AS share
              FROM jsonb_array_elements(loyalcs.page_items(themes)) WITH ORDINALITY AS e(t, i)
             CROSS JOIN LATERAL jsonb_array_elements(loyalcs.page_items(e.t -> text 'sources')) WITH ORDINALITY AS s(s, n)
             WHERE s.n <= 5::bigint
        ), line AS (
            SELECT c.i, min(c.theme) AS theme FROM cell c GROUP BY c.i
        ), head AS (
            SELECT c.n, min(c.source) AS source FROM cell c GROUP BY c.n
        )
        SELECT loyalcs.chart_heat_map(loyalcs.page_text('about theme sources', lang), loyalcs.label('theme', lang),
                   ARRAY(SELECT loyalcs.page_name(l.theme, lang) FROM line l ORDER BY l.i), ARRAY(SELECT loyalcs.page_name(h.source, lang) FROM head h ORDER BY h.n),
                   array_agg((k.share / nullif(m.most, 0::numeric))::double precision ORDER BY l.i, h.n), array_agg(loyalcs.format_share(k.share, 0) ORDER BY l.i, h.n))
          FROM line l
         CROSS JOIN head h
         CROSS JOIN (SELECT max(c.share) AS most FROM cell c) m
          LEFT JOIN cell k ON k.i = l.i AND k.n = h.n
        HAVING count(*) > 0::bigint);
END
$$;
COMMENT ON FUNCTION loyalcs.page_theme_sources(jsonb, text) IS
    'which themes are spoken of where, as a heat map: the share of the texts of a source that mention each';

CREATE FUNCTION loyalcs.page_reasons(reasons jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN loyalcs.page_list(
        ARRAY[loyalcs.label('reason', lang), loyalcs.label('tickets', lang), loyalcs.page_text('share and change', lang), loyalcs.page_text('spoken of', lang)],
        (SELECT xmlagg(xmlelement(NAME tr,
                    xmlelement(NAME th, xmlattributes(text 'row' AS scope), coalesce(loyalcs.page_name(e.r ->> text 'reason', lang), text '')),
                    xmlelement(NAME td, loyalcs.format_number((e.r ->> text 'tickets')::numeric)),
                    xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_share((e.r #>> ARRAY['share', 'value'])::numeric)),
                        loyalcs.page_change((e.r #>> ARRAY['share', 'change'])::numeric, text 'share', NULL::text, lang, (e.r #>> ARRAY['share', 'significant'])::boolean, NULL::text)),
                    xmlelement(NAME td, xmlattributes(text 'words' AS class), coalesce(
                        (SELECT xmlagg(xmlelement(NAME small, xmlattributes(text 'soft' AS class), concat_ws(text ' ', loyalcs.page_name(t.t ->> text 'theme', lang), loyalcs.format_share((t.t ->> text 'share')::numeric, 0))) ORDER BY t.n)
                           FROM jsonb_array_elements(loyalcs.page_items(e.r -> text 'themes')) WITH ORDINALITY AS t(t, n)),
                        xmlelement(NAME span, loyalcs.format_number(NULL::numeric))))) ORDER BY e.i)
           FROM jsonb_array_elements(loyalcs.page_items(reasons)) WITH ORDINALITY AS e(r, i)));
END
$$;
COMMENT ON FUNCTION loyalcs.page_reasons(jsonb, text) IS
    'the reasons of tickets as the shop has noted them, beside what customers speak of in them';

CREATE FUNCTION loyalcs.page_words(words jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN loyalcs.page_list(
        ARRAY[loyalcs.page_text('word', lang), loyalcs.page_text('texts', lang), loyalcs.page_text('ninety days before', lang), loyalcs.page_text('customers', lang)],
        (SELECT xmlagg(xmlelement(NAME tr,
                    xmlelement(NAME th, xmlattributes(text 'row' AS scope), xmlelement(NAME bdi, coalesce(loyalcs.page_cut(e.w ->> text 'word', 40), text '')),
                        CASE WHEN e.w ->> text 'new' = text 'true' THEN xmlelement(NAME small, xmlattributes(text 'soft' AS class), loyalcs.page_text('new word', lang)) END),
                    xmlelement(NAME td, xmlelement(NAME b, loyalcs.format_number((e.w ->> text 'mentions')::numeric))),
                    xmlelement(NAME td, loyalcs.format_number((e.w ->> text 'previous')::numeric),
                        loyalcs.page_change((e.w ->> text 'change')::numeric, text 'share', NULL::text, lang, (e.w ->> text 'significant')::boolean, NULL::text)),
                    xmlelement(NAME td, loyalcs.format_number((e.w ->> text 'customers')::numeric))) ORDER BY e.i)
           FROM jsonb_array_elements(loyalcs.page_items(words)) WITH ORDINALITY AS e(w, i)
          WHERE e.i <= 15::bigint));
END
$$;
COMMENT ON FUNCTION loyalcs.page_words(jsonb, text) IS
    'the words of a voice report that no theme catches: how many texts have each, now and before, fifteen at most';

CREATE FUNCTION loyalcs.page_voice_report(report jsonb, lang text) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    t jsonb := report -> text 'themes';
    s jsonb := report -> text 'sources';
    praised jsonb;
    disliked jsonb;
    products jsonb;
BEGIN
    SELECT jsonb_agg(d.d ORDER BY d.i) FILTER (WHERE d.difference > 0::numeric), jsonb_agg(d.d ORDER BY d.i DESC) FILTER (WHERE d.difference < 0::numeric)
      INTO praised, disliked
      FROM (SELECT e.i, (e.p ->> text 'difference')::numeric AS difference,
                   jsonb_build_object('driver', e.p -> text 'theme', 'mentions', (e.p ->> text 'high')::numeric + (e.p ->> text 'low')::numeric, 'promoter_share', e.p -> text 'high_share',
                                      'detractor_share', e.p -> text 'low_share', 'difference', e.p -> text 'difference', 'low', e.p -> text 'difference_low', 'high', e.p -> text 'difference_high',
                                      'p_adjusted', e.p -> text 'p_adjusted', 'significant', e.p -> text 'significant') AS d
              FROM jsonb_array_elements(loyalcs.page_items(report #> ARRAY['praise', 'themes'])) WITH ORDINALITY AS e(p, i)) d;
    SELECT jsonb_agg(jsonb_build_object('driver', coalesce(e.p ->> text 'product_name', e.p ->> text 'product_id'), 'kind', e.p -> text 'theme', 'mentions', e.p -> text 'mentions', 'promoter_share', e.p -> text 'share',
                                        'detractor_share', e.p -> text 'others_share', 'difference', e.p -> text 'difference', 'low', e.p -> text 'difference_low', 'high', e.p -> text 'difference_high',
                                        'p_adjusted', e.p -> text 'p_adjusted', 'significant', e.p -> text 'significant') ORDER BY e.i)
      INTO products
      FROM jsonb_array_elements(loyalcs.page_items(report #> ARRAY['products', 'products'])) WITH ORDINALITY AS e(p, i);
    RETURN xmlconcat(
        loyalcs.page_changes(report, lang),
        loyalcs.page_part(report, 'themes', loyalcs.page_text('themes', lang), xmlconcat(
            loyalcs.page_panel(loyalcs.page_text('all themes', lang), loyalcs.page_themes(t -> text 'themes', lang),
                               format(loyalcs.page_text('about texts', lang), loyalcs.format_number((t ->> text 'texts')::numeric)) || text ' ' || loyalcs.page_text('against three months', lang), text 'panel wide'),
            loyalcs.page_stack(xmlconcat(
                loyalcs.page_panel(loyalcs.label('sentiment_balance', lang),
                    loyalcs.page_trend(loyalcs.label('sentiment_balance', lang), t -> text 'sentiment_trend', text 'score', NULL::text, lang, loyalcs.page_is_running(report)), loyalcs.page_text('about sentiment', lang)),
                (SELECT xmlagg(loyalcs.page_panel(loyalcs.page_name(e.t ->> text 'theme', lang),
                                   loyalcs.page_trend(loyalcs.page_name(e.t ->> text 'theme', lang), e.t -> text 'trend', text 'share', NULL::text, lang, loyalcs.page_is_running(report))) ORDER BY e.i)
                   FROM jsonb_array_elements(loyalcs.page_items(t -> text 'themes')) WITH ORDINALITY AS e(t, i)
                  WHERE e.i <= 4::bigint)))), lang),
        loyalcs.page_section(loyalcs.page_text('in their words', lang), lang, loyalcs.page_panel(loyalcs.page_text('quotes', lang), loyalcs.page_quotes(t -> text 'themes', lang, 12::bigint), NULL::text, text 'panel wide full'),
                             coalesce(report #>> ARRAY['problems', 'themes'], t ->> text 'quotes_problem')),
        loyalcs.page_part(report, 'praise', loyalcs.label('praise', lang), xmlconcat(
            loyalcs.page_panel(loyalcs.page_text('praised', lang), loyalcs.page_drivers(praised, loyalcs.label('theme', lang), loyalcs.page_text('high scores', lang), loyalcs.page_text('low scores', lang), true, lang),
                               format(loyalcs.page_text('about praise', lang), loyalcs.format_number((report #>> ARRAY['praise', 'high'])::numeric), loyalcs.format_number((report #>> ARRAY['praise', 'low'])::numeric)), text 'panel'),
            loyalcs.page_panel(loyalcs.page_text('disliked', lang), loyalcs.page_drivers(disliked, loyalcs.label('theme', lang), loyalcs.page_text('high scores', lang), loyalcs.page_text('low scores', lang), true, lang))), lang),
        loyalcs.page_part(report, 'sources', loyalcs.label('sources', lang), xmlconcat(
            loyalcs.page_panel(loyalcs.page_text('sources', lang), loyalcs.page_sources(s -> text 'sources', lang), loyalcs.page_text('about sentiment', lang)),
            loyalcs.page_panel(loyalcs.page_text('themes by source', lang), loyalcs.page_theme_sources(s -> text 'themes', lang), NULL::text, text 'panel wide')), lang),
        loyalcs.page_part(report, 'products', loyalcs.page_text('products', lang), loyalcs.page_panel(loyalcs.page_text('product themes', lang),
            loyalcs.page_drivers(products, loyalcs.page_text('product', lang), loyalcs.page_text('of it', lang), loyalcs.page_text('of others', lang), false, lang), loyalcs.page_text('about product themes', lang), text 'panel wide'), lang),
        loyalcs.page_part(report, 'reasons', loyalcs.page_text('beside reasons', lang), xmlconcat(
            loyalcs.page_panel(loyalcs.label('reasons', lang), loyalcs.page_reasons(report #> ARRAY['reasons', 'tickets'], lang), loyalcs.page_text('about reasons', lang), text 'panel wide'),
            loyalcs.page_panel(loyalcs.page_text('return reasons', lang), loyalcs.page_shares(report #> ARRAY['reasons', 'returns'], 'reason', loyalcs.label('reason', lang), 'returns', 'share', report, lang))), lang),
        loyalcs.page_part(report, 'words', loyalcs.label('words', lang), loyalcs.page_panel(loyalcs.page_text('uncaught words', lang), loyalcs.page_words(report #> ARRAY['words', 'words'], lang),
            format(loyalcs.page_text('about words', lang), loyalcs.format_number((report ->> text 'minimum_answers')::numeric)), text 'panel wide'), lang),
        loyalcs.page_part(report, 'improvements', loyalcs.label('improvements', lang), loyalcs.page_improvements(report, lang), lang));
END
$$;
COMMENT ON FUNCTION loyalcs.page_voice_report(jsonb, text) IS
    'the sections of a voice report';
