-- page.sql
--
-- What pages are made of: their frame, their style, and their words.
-- Needs: labels, formats, charts.
--
-- A page is one file: no script, nothing is asked from anywhere (its policy forbids both),
-- the style stands in its head. Light or dark as the reader's device is, on paper in A4.

CREATE FUNCTION loyalcs.page_text(key text, lang text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN loyalcs.label('page: '::text || key, lang);
COMMENT ON FUNCTION loyalcs.page_text(text, text) IS
    'a text of a page, by its key: the label "page: " and the key';

CREATE FUNCTION loyalcs.page_cut(words text, most integer) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN pg_catalog.char_length(words) > most THEN pg_catalog.left(words, most - 1) || '…'::text ELSE words END;
COMMENT ON FUNCTION loyalcs.page_cut(text, integer) IS
    'words with no more than so many letters, the last of which says that there were more';

CREATE FUNCTION loyalcs.page_name(name text, lang text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN loyalcs.page_cut(loyalcs.label(name, lang), 60);
END
$$;
COMMENT ON FUNCTION loyalcs.page_name(text, text) IS
    'a word of a fixed vocabulary, or a name of the brand''s own, as a page shows it';

CREATE FUNCTION loyalcs.page_month(month date, lang text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN lang = 'ja'::text OR month IS NULL OR NOT pg_catalog.isfinite(month) THEN loyalcs.format_month(month, lang)
            ELSE loyalcs.format_month_short(month, lang) || ' '::text || extract(year FROM month)::text END;
COMMENT ON FUNCTION loyalcs.page_month(date, text) IS
    'a month with its year in few characters: 2026年10月, Oct 2026';

-- Instants are in UTC and say so: no setting has a say.
CREATE FUNCTION loyalcs.page_day(instant text, time_zone text, lang text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN instant ~ '(Z|[+]00:00)$'::text THEN loyalcs.format_date((instant::timestamptz AT TIME ZONE time_zone)::date, lang)
            ELSE loyalcs.format_date(NULL::date, lang) END;
COMMENT ON FUNCTION loyalcs.page_day(text, text, text) IS
    'the day of an instant of a report or card, as it is read in a time zone';

CREATE FUNCTION loyalcs.page_instant(instant text, time_zone text, lang text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN instant ~ '(Z|[+]00:00)$'::text THEN
    loyalcs.format_date((instant::timestamptz AT TIME ZONE time_zone)::date, lang) || ' '::text || pg_catalog.to_char(instant::timestamptz AT TIME ZONE time_zone, 'HH24:MI'::text)
    ELSE loyalcs.format_date(NULL::date, lang) END;
COMMENT ON FUNCTION loyalcs.page_instant(text, text, text) IS
    'an instant of a report or card, to the minute, as it is read in a time zone';

-- --------------------------------------------------------------------------
-- Boxes
-- --------------------------------------------------------------------------

CREATE FUNCTION loyalcs.page_panel(title text, body xml, note text DEFAULT NULL, class text DEFAULT 'panel') RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN body IS NOT NULL THEN
        xmlelement(NAME div, xmlattributes(class AS class),
            xmlelement(NAME h3, title),
            CASE WHEN note IS NOT NULL THEN xmlelement(NAME p, xmlattributes(text 'note' AS class), note) END,
            body)
        END;
END
$$;
COMMENT ON FUNCTION loyalcs.page_panel(text, xml, text, text) IS
    'a part of a section: its title, a line about how to read it, and what it shows; NULL where there is nothing to show';

CREATE FUNCTION loyalcs.page_stack(body xml) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN body IS NOT NULL THEN xmlelement(NAME div, xmlattributes(text 'stack' AS class), body) END;
END
$$;
COMMENT ON FUNCTION loyalcs.page_stack(xml) IS
    'parts of a section one below the other, beside a wide one; NULL where there are none';

CREATE FUNCTION loyalcs.page_section(title text, lang text, body xml, problem text DEFAULT NULL) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN xmlelement(NAME section,
    xmlelement(NAME h2, title),
    CASE WHEN problem IS NOT NULL THEN
        xmlelement(NAME p, xmlattributes('nothing' AS class), format(loyalcs.page_text('not shown'::text, lang), loyalcs.page_cut(loyalcs.label(problem, lang), 200)))
    WHEN body IS NULL THEN xmlelement(NAME p, xmlattributes('nothing' AS class), loyalcs.page_text('no data'::text, lang))
    ELSE xmlelement(NAME div, xmlattributes('panels' AS class), body) END);
END
$$;
COMMENT ON FUNCTION loyalcs.page_section(text, text, xml, text) IS
    'a section of a page: its title and its parts, or why there are none';

-- Rows of a list as a table; a list with nothing in it is none.
CREATE FUNCTION loyalcs.page_list(heads text[], body xml) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN CASE WHEN body IS NOT NULL THEN
        xmlelement(NAME "table",
            xmlelement(NAME thead, xmlelement(NAME tr,
                (SELECT xmlagg(xmlelement(NAME th, xmlattributes(text 'col' AS scope), coalesce(h.head, text '')) ORDER BY h.i) FROM unnest(heads) WITH ORDINALITY AS h(head, i)))),
            xmlelement(NAME tbody, body))
        END;
END
$$;
COMMENT ON FUNCTION loyalcs.page_list(text[], xml) IS
    'a table of a page, from the heads of its columns and its rows; NULL where there are no rows';

CREATE FUNCTION loyalcs.page_items(list jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE pg_catalog.jsonb_typeof(list) WHEN 'array' THEN list ELSE '[]'::jsonb END;
COMMENT ON FUNCTION loyalcs.page_items(jsonb) IS
    'a list of a report or card, which has nothing in it where there is none';

-- A name, a value and a remark: most of a card is of that kind.
CREATE FUNCTION loyalcs.page_line(name text, value text, remark text DEFAULT NULL, remark_class text DEFAULT 'soft') RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN value IS NOT NULL THEN
        xmlelement(NAME tr, xmlelement(NAME th, xmlattributes(text 'row' AS scope), coalesce(name, text '')),
                   xmlelement(NAME td, xmlattributes(text 'words' AS class), xmlelement(NAME bdi, value),
                              CASE WHEN remark <> text '' THEN xmlelement(NAME small, xmlattributes(remark_class AS class), remark) END))
        END;
END
$$;
COMMENT ON FUNCTION loyalcs.page_line(text, text, text, text) IS
    'a row of a table without heads: a name, a value, and a small remark below it; NULL where there is no value';

CREATE FUNCTION loyalcs.page_lines(body xml) RETURNS xml
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN body IS NOT NULL THEN xmlelement(NAME "table", xmlattributes(text 'lines' AS class), xmlelement(NAME tbody, body)) END;
END
$$;
COMMENT ON FUNCTION loyalcs.page_lines(xml) IS
    'a table of rows that page_line() made; NULL where there are none';

-- --------------------------------------------------------------------------
-- The style
-- --------------------------------------------------------------------------

-- XMLELEMENT escapes what stands in an element, which a browser does not undo in a style:
-- so no selector needs one of the three characters that are escaped.
CREATE FUNCTION loyalcs.page_style() RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN $style$
:root { color-scheme: light dark; --paper: #fff; --tint: #f3f5f5; --ink: #1b2126; --soft: #59636c; --rule: #dde1e3; --main: #1f5a6d; --shade: 31 90 109;
	--good: #1b7348; --bad: #ab3723; --even: #cbd2d5; --well: #86bb9f; --ill: #dd9b89; --on: #1b2126 }
@media (prefers-color-scheme: dark) {
	:root { --paper: #14181b; --tint: #1e2428; --ink: #e6e8e8; --soft: #a2adb4; --rule: #333c42; --main: #7fbdd1; --shade: 127 189 209;
		--good: #68c797; --bad: #f0937c; --even: #87939a; --well: #5fa582; --ill: #cd8270; --on: #0d1214 }
}
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.6 -apple-system, "Segoe UI", "Helvetica Neue", Arial, "Hiragino Kaku Gothic ProN", "Hiragino Sans", "Yu Gothic Medium", "Yu Gothic", Meiryo, "Noto Sans CJK JP", "Noto Sans JP", IPAPGothic, system-ui, sans-serif;
	font-variant-numeric: tabular-nums lining-nums; overflow-wrap: break-word }
main { max-width: 1152px; margin: 0 auto; padding: 56px 24px 40px }
header { margin-bottom: 40px }
.eyebrow { margin: 0 0 4px; color: var(--main); font-size: 13px; font-weight: 600; letter-spacing: .06em }
h1 { margin: 0; font-size: 40px; line-height: 1.2; font-weight: 600; letter-spacing: -.01em }
.asof { margin: 8px 0 0; color: var(--soft); font-size: 13px }
h2 { margin: 0 0 24px; padding-top: 12px; border-top: 2px solid var(--ink); font-size: 22px; line-height: 1.35; font-weight: 600 }
h3 { margin: 0; font-size: 15px; line-height: 1.45; font-weight: 600 }
section { margin: 0 0 56px }
.panels { display: grid; grid-template-columns: minmax(0, 1fr); gap: 36px 40px; align-items: start }
.panel { min-width: 0; overflow-x: auto; padding: 2px; margin: -2px }
.stack { display: grid; grid-template-columns: minmax(0, 1fr); gap: 32px; min-width: 0 }
.note { margin: 2px 0 0; color: var(--soft); font-size: 12.5px; line-height: 1.5 }
.nothing { margin: 4px 0 0; color: var(--soft); font-size: 14px }
.soft { color: var(--soft) }
.good { color: var(--good) }
.bad { color: var(--bad) }
.lead ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 24px 40px; grid-template-columns: minmax(0, 1fr) }
.lead li { border-left: 3px solid var(--even); padding: 2px 0 2px 16px; break-inside: avoid }
.lead li.good { border-color: var(--good); color: inherit }
.lead li.bad { border-color: var(--bad); color: inherit }
.lead p { margin: 0 }
.lead .said { font-size: 19px; line-height: 1.5; font-weight: 600 }
.lead .mark { display: block; font-size: 12.5px; line-height: 1.6; font-weight: 600; letter-spacing: .04em; color: var(--soft) }
.lead .good .mark { color: var(--good) }
.lead .bad .mark { color: var(--bad) }
.lead .todo { margin-top: 6px; font-size: 15px }
.lead .soft { margin-top: 6px; font-size: 12.5px; line-height: 1.5 }
table { width: 100%; border-collapse: collapse; font-size: 14px; line-height: 1.4; margin-top: 10px }
caption { text-align: left; color: var(--soft); font-size: 12.5px; padding-bottom: 4px }
th, td { padding: 7px 0 7px 12px; text-align: right; vertical-align: top; border-bottom: 1px solid var(--rule); font-weight: 400 }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
td:last-child { padding-right: 0 }
thead th { padding-top: 0; color: var(--soft); font-size: 12.5px; vertical-align: bottom }
tbody tr:last-child th, tbody tr:last-child td { border-bottom-color: transparent }
b { font-weight: 600 }
small { display: block; font-size: 12px; line-height: 1.4 }
td { white-space: nowrap }
tbody th { min-width: 5em }
tbody th, blockquote, .said, .nothing { overflow-wrap: anywhere }
td .words, td.words { white-space: normal; overflow-wrap: anywhere }
.lines th { color: var(--soft) }
th.left { text-align: left }
td.bars { width: 28%; min-width: 48px; vertical-align: top; padding-top: 11px }
.group { padding-top: 14px; color: var(--soft); font-size: 12.5px }
td.spark, th.spark { width: 96px }
.kpis th:first-child { width: 30% }
.kpis tbody th { font-weight: 600 }
.kpis tbody th small { font-weight: 400 }
.kpis b { font-size: 19px; line-height: 1.2 }
.kpis th, .kpis td { padding-top: 10px; padding-bottom: 10px }
.status { display: inline-block; font-size: 12.5px; font-weight: 600; color: var(--soft); white-space: nowrap }
.status:before { content: ""; display: inline-block; width: 8px; height: 8px; margin-right: 6px; border-radius: 50%; border: 2px solid currentColor }
.status.met { color: var(--good) }
.status.met:before { background: currentColor }
.status.missed { color: var(--bad) }
.more { display: none }
.heat { table-layout: fixed; border-collapse: separate; border-spacing: 2px; font-size: 12.5px }
.heat th, .heat td { padding: 5px 0; border: 0; text-align: center; vertical-align: middle; line-height: 1.3 }
.heat th { font-size: 11.5px; color: var(--soft) }
.heat th:first-child { text-align: left; width: 19% }
.heat td small { font-size: 10px; line-height: 1.25; margin-top: 2px; hyphens: auto }
.heat td { white-space: normal }
.heat .none { color: var(--soft) }
.h0 { background: rgb(var(--shade) / .03) }
.h1 { background: rgb(var(--shade) / .08) }
.h2 { background: rgb(var(--shade) / .12) }
.h3 { background: rgb(var(--shade) / .16) }
.h4 { background: rgb(var(--shade) / .2) }
.h5 { background: rgb(var(--shade) / .25) }
.h6 { background: rgb(var(--shade) / .3) }
.h7 { background: rgb(var(--shade) / .35) }
.h8 { background: rgb(var(--shade) / .4) }
.h9 { background: rgb(var(--shade) / .45) }
.h10 { background: rgb(var(--shade) / .5) }
svg { display: block; fill: none; stroke-linecap: round; stroke-linejoin: round; overflow: visible }
.chart { width: 100%; max-width: 440px; height: auto; margin-top: 12px }
td .chart { margin-top: 0 }
.gauge { max-width: 260px; margin-left: auto; margin-right: auto }
.spark { width: 96px; height: 24px; margin-left: auto }
.bar { width: 100%; height: 12px }
svg text { fill: var(--soft); font-size: 11px }
svg .middle { text-anchor: middle }
svg .end { text-anchor: end }
svg .strong { fill: var(--ink) }
svg .figure { fill: var(--ink); font-size: 34px; font-weight: 600; text-anchor: middle; letter-spacing: -.01em }
svg .on { fill: var(--on); font-weight: 600 }
svg .grid { stroke: var(--rule) }
svg .base { stroke: var(--soft) }
svg .band { fill: rgb(var(--shade) / .14); stroke: rgb(var(--shade) / .14) }
svg .line { stroke: var(--main); stroke-width: 2 }
svg .running { stroke-dasharray: 2 4 }
svg .dot { fill: var(--main) }
svg .open { fill: var(--paper); stroke: var(--main); stroke-width: 2 }
svg .target { stroke: var(--ink); stroke-dasharray: 4 3; vector-effect: non-scaling-stroke }
svg .aim { fill: var(--ink) }
svg .track { fill: var(--tint) }
.gauge .track { fill: none; stroke: var(--tint); stroke-width: 16; stroke-linecap: butt }
.gauge .arc { stroke: var(--main); stroke-width: 16; stroke-linecap: butt }
.gauge .known { stroke: var(--ink); stroke-width: 3 }
.gauge .target { stroke-width: 2; stroke-dasharray: none }
.bar .known { stroke: var(--ink); stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linecap: butt }
.bar .target { stroke-dasharray: none }
svg .fill { fill: var(--main) }
svg rect.good { fill: var(--well) }
svg rect.even { fill: var(--even) }
svg rect.bad { fill: var(--ill) }
svg path.even { stroke: var(--even); stroke-dasharray: 3 4 }
svg .drop { stroke: var(--soft); stroke-dasharray: 2 3 }
.key { display: inline-block; width: 10px; height: 10px; margin-right: 8px; border-radius: 2px; background: var(--main) }
.key.good { background: var(--well) }
.key.even { background: var(--even) }
.key.bad { background: var(--ill) }
details { margin-top: 6px; font-size: 13px }
summary { color: var(--main); cursor: pointer; width: max-content; font-size: 12.5px }
details table { font-size: 13px }
details td, details th { padding-top: 4px; padding-bottom: 4px }
details small { display: inline; margin-left: 8px }
.quotes { display: grid; gap: 20px 40px; grid-template-columns: minmax(0, 1fr); margin-top: 10px }
figure { margin: 0; break-inside: avoid }
blockquote { margin: 0; padding-left: 14px; border-left: 2px solid var(--even) }
blockquote p { margin: 0 }
figcaption { margin: 2px 0 0 16px; color: var(--soft); font-size: 12.5px }
footer { border-top: 1px solid var(--rule); padding-top: 14px; color: var(--soft); font-size: 12.5px; line-height: 1.6 }
footer p { margin: 0 0 4px; max-width: 72em }
@media (min-width: 720px) {
	.panels { grid-template-columns: repeat(2, minmax(0, 1fr)) }
	.wide { grid-column: span 2 }
	.more { display: table-cell }
	.quotes { grid-template-columns: repeat(2, minmax(0, 1fr)) }
}
@media (min-width: 1040px) {
	.panels { grid-template-columns: repeat(3, minmax(0, 1fr)) }
	.full { grid-column: span 3 }
	.lead ol { grid-template-columns: repeat(3, minmax(0, 1fr)) }
	.quotes { grid-template-columns: repeat(3, minmax(0, 1fr)) }
}
@media (max-width: 719px) {
	main { padding: 32px 20px 24px }
	h1 { font-size: 32px }
	h2 { font-size: 20px }
	section { margin-bottom: 44px }
	th, td { padding-left: 8px }
	.heat { border-spacing: 1px; font-size: 11px }
	.heat th { font-size: 10.5px }
	.heat th, .heat td { padding-left: 0; padding-right: 0 }
	.heat td small { font-size: 9.5px }
}
@media print {
	@page { size: A4; margin: 16mm 15mm }
	:root { color-scheme: light; --paper: #fff; --tint: #f0f2f2; --ink: #1b2126; --soft: #59636c; --rule: #dde1e3; --main: #1f5a6d; --shade: 31 90 109;
		--good: #1b7348; --bad: #ab3723; --even: #cbd2d5; --well: #86bb9f; --ill: #dd9b89; --on: #1b2126 }
	* { print-color-adjust: exact; -webkit-print-color-adjust: exact }
	main { max-width: none; padding: 0; zoom: .78 }
	.panels { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px 28px }
	.wide, .full { grid-column: span 2 }
	.more { display: table-cell }
	.quotes { grid-template-columns: repeat(2, minmax(0, 1fr)) }
	.panel, .lead li, tr { break-inside: avoid }
	h1, h2, h3, thead { break-after: avoid }
	section { margin-bottom: 28px }
	details { display: none }
}
$style$::text;
COMMENT ON FUNCTION loyalcs.page_style() IS
    'the style of pages: light, dark and on paper';

-- --------------------------------------------------------------------------
-- The page
-- --------------------------------------------------------------------------

-- Control characters, which mark-up cannot hold, go where the page leaves: here, once.
CREATE FUNCTION loyalcs.page_html(title text, lang text, body xml) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN '<!DOCTYPE html>'::text || pg_catalog.regexp_replace(
    xmlelement(NAME html, xmlattributes(CASE lang WHEN 'ja' THEN 'ja'::text ELSE 'en'::text END AS lang),
        xmlelement(NAME head,
            xmlelement(NAME meta, xmlattributes('utf-8' AS charset)),
            xmlelement(NAME title, title),
            xmlelement(NAME meta, xmlattributes('viewport' AS name, 'width=device-width, initial-scale=1' AS content)),
            xmlelement(NAME meta, xmlattributes('Content-Security-Policy' AS "http-equiv", 'default-src ''none''; style-src ''unsafe-inline''' AS content)),
            xmlelement(NAME meta, xmlattributes('referrer' AS name, 'no-referrer' AS content)),
            xmlelement(NAME style, loyalcs.page_style())),
        xmlelement(NAME body, xmlelement(NAME main, body)))::text,
    '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]+'::text, ''::text, 'g'::text) || pg_catalog.chr(10);
END
$$;
COMMENT ON FUNCTION loyalcs.page_html(text, text, xml) IS
    'a whole page of HTML: its title, its language (ja, else en) and what stands in it; without control characters, whatever was in it. It is written in the client''s encoding and says UTF-8';
