-- A monthly report as a page.

\getenv srcdir PG_ABS_SRCDIR
\set report `cat :srcdir/test/report.json`
\set SHOW_CONTEXT never
SET search_path = loyalcs, public;
\pset format unaligned

-- The report of test/report.json, one in which everything is null, and whatever else may be handed over.
CREATE FUNCTION pg_temp.emptied(j jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE jsonb_typeof(j) WHEN 'object' THEN (SELECT jsonb_object_agg(e.key, CASE WHEN e.key IN ('month', 'as_of', 'time_zone', 'shop', 'currency', 'significance', 'complete', 'headlines') THEN e.value
                                                                                        ELSE pg_temp.emptied(e.value) END) FROM jsonb_each(j) e)
                                WHEN 'array' THEN '[]' WHEN 'number' THEN 'null' ELSE j END
$$;
CREATE TEMP TABLE pages AS
SELECT r.name, l.lang, report_page(r.report, l.lang) AS html
  FROM (VALUES ('full', :'report'::jsonb), ('running', :'report'::jsonb || '{"complete": false}'), ('empty', pg_temp.emptied(:'report')),
               ('of nothing', (SELECT jsonb_object_agg(e.key, CASE WHEN jsonb_typeof(e.value) IN ('object', 'array') THEN 'null' ELSE e.value END) FROM jsonb_each(:'report') e)
                              || '{"problems": {"kpis": "permission denied", "sales": "it failed", "satisfaction": "so did this"}}'),
               ('{}', '{}'), ('[]', '[]'), ('null', 'null')) r (name, report)
 CROSS JOIN unnest('{ja,en}'::text[]) l (lang);
SELECT name, lang, html::xml IS DOCUMENT AS whole, xpath('/html/@lang', html::xml) AS says, xpath('count(//h1)', html::xml) AS h1, xpath('count(//h2)', html::xml) AS h2, xpath('count(//svg)', html::xml) AS svg,
       xpath('count(//table)', html::xml) AS tables, xpath('count(//p[@class="nothing"])', html::xml) AS nothings
  FROM pages ORDER BY name COLLATE "C", lang;
SELECT xpath('//h1/text()', html::xml) AS h1, xpath('//p[@class="asof"]/text()', html::xml) AS asof, xpath('/html/head/title/text()', html::xml) AS title FROM pages WHERE name IN ('full', 'running') ORDER BY name, lang;
SELECT lang, string_agg(x::text, ', ') AS sections FROM pages, unnest(xpath('//h2/text()', html::xml)) x WHERE name = 'full' GROUP BY lang ORDER BY lang;
SELECT unnest(xpath('//section[@class="lead"]//p/descendant-or-self::*/text()', html::xml)) AS lead FROM pages WHERE name = 'full' AND lang = 'en';
SELECT unnest(xpath('//section[@class="lead"]//p/descendant-or-self::*/text()', html::xml)) AS lead FROM pages WHERE name = 'full' AND lang = 'ja';
SELECT lang, unnest(xpath('//p[@class="nothing"]/text()', html::xml)) AS nothing FROM pages WHERE name = 'of nothing' AND lang = 'en';
-- One row of each table, as it is read
SELECT unnest(xpath('//table[@class="kpis"]/tbody/tr[3]/*', html::xml)) AS nps FROM pages WHERE name = 'full' AND lang = 'ja';
SELECT unnest(xpath('(//table[@class="figures"])[2]/tbody/tr[1]', html::xml)) AS row FROM pages WHERE name = 'full' AND lang = 'ja';

-- The outlook: in full, of customers who have all bought but once, with orders and no money, and without a model.
SELECT l.lang, o.n, string_agg(btrim(x::text), ' | ' ORDER BY u.i) AS said
  FROM (VALUES (1, :'report'::jsonb -> 'outlook'),
               (2, '{"problem": null, "customers": 50, "repeat_buyers": 40, "expected_orders": 12.3, "expected_money": 45600, "leaving": {"customers": 2, "judged": 0, "money_at_stake": null}, "tenths": []}'),
               (3, '{"problem": "not_converged", "customers": 50, "repeat_buyers": 40, "expected_orders": 12.3, "expected_money": null, "leaving": {"customers": 2, "judged": 0, "money_at_stake": null}, "tenths": []}'),
               (4, '{"problem": "too_few_repeat_buyers", "customers": 50, "repeat_buyers": 4, "expected_orders": null, "expected_money": null, "leaving": {"customers": 0, "judged": 0, "money_at_stake": null}, "tenths": []}'),
               (5, '{"problem": "no_maximum", "customers": 50, "repeat_buyers": 40, "expected_orders": null, "expected_money": null, "leaving": {"customers": 0, "judged": 0, "money_at_stake": null}, "tenths": []}'),
               (6, '{"problem": "no_model", "customers": null, "repeat_buyers": null, "expected_orders": null, "expected_money": null, "leaving": {"customers": 1, "judged": 0, "money_at_stake": null}, "tenths": []}'),
               (7, '{}')) o (n, outlook)
 CROSS JOIN unnest('{ja,en}'::text[]) l (lang)
 CROSS JOIN LATERAL unnest(xpath('//text()', xmlelement(NAME div, page_outlook('{"currency": "JPY", "time_zone": "Asia/Tokyo"}'::jsonb || jsonb_build_object('outlook', o.outlook), l.lang)))) WITH ORDINALITY u (x, i)
 GROUP BY l.lang, o.n ORDER BY o.n, l.lang DESC;
SELECT xpath('//tr[1]/td[1]/*', page_tenths(:'report'::jsonb #> '{outlook,tenths}', 'en')) AS picture;

-- What every page keeps: no script, nothing to load, a name for each picture, a scope for each header, headings in order, no text without words.
SELECT DISTINCT a::text AS attributes FROM pages, unnest(xpath('//@*[name() = "src" or name() = "href" or name() = "style" or name() = "action" or starts-with(name(), "on")]', html::xml)) a;
SELECT name, lang, xpath('count(//script|//img|//iframe|//link|//object|//embed|//form|//base|//a)', html::xml) AS loads, xpath('count(//svg[not(@aria-hidden) and not(title and @role = "img")])', html::xml) AS unnamed,
       xpath('count(//th[not(@scope)])', html::xml) AS unscoped, xpath('count(//table[not(tbody)])', html::xml) AS bodiless, xpath('count(//h3[not(preceding::h2)])', html::xml) AS early,
       xpath('count(//h1/preceding::h2)', html::xml) AS late, html ~ 'page: ' AS untold, html ~ '(NaN|null|undefined|%[0-9]*\$?s)' AS raw
  FROM pages WHERE name NOT IN ('{}', '[]') ORDER BY name COLLATE "C", lang;
-- Between brackets of a box there is always something.
SELECT name, lang, count(*) AS empty FROM pages, unnest(xpath('//div[starts-with(@class, "panel")][not(table or svg or details or p or div)] | //section[not(p or ol or div or table)] | //ol[not(li)] | //tbody[not(tr)]', html::xml)) GROUP BY name, lang ORDER BY 1, 2;

-- What customers and the shop write stays text, whatever it is; the longest is cut.
CREATE FUNCTION pg_temp.spoilt(report jsonb, words text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT regexp_replace(report::text, '"(shop|kpi|reason|theme|subject|source|channel|metric|product_id|product_name|quote|tier|step|journey|segment|action|problem|owner|about|measure|verdict|status|lateness|age|advice|kind|figure)": "([^"\\]|\\.)*"',
                          '"\1": ' || replace(to_json(words)::text, '\', '\\'), 'g')::jsonb
$$;
CREATE TEMP TABLE spoilt AS
SELECT w.n, l.lang, report_page(pg_temp.spoilt(:'report', w.words), l.lang) AS html
  FROM (VALUES (1, '<script>alert(1)</script>'), (2, '"><img src=x onerror=''alert(1)''>'), (3, '&lt;&#0;&amp;]]><!-- -->'), (4, E'\x01\x02\x1b\x7f\u0085'), (5, repeat('長い文章', 2500)), (6, repeat('W', 10000)),
               (7, chr(128512) || E' \u202e\u05e9\u05dc\u05d5\u05dd'), (8, ''), (9, '%s %1$s %n $1 \1')) w (n, words)
 CROSS JOIN LATERAL (VALUES (CASE w.n % 2 WHEN 0 THEN 'en' ELSE 'ja' END)) l (lang);
SELECT n, lang, html::xml IS DOCUMENT AS whole, html ~ '<(script|img)' AS escaped, html ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\u009f]' AS controls, length(html) < 150000 AS short FROM spoilt ORDER BY n, lang;

-- An element that HTML does not close by itself is closed, though there is nothing in it.
SELECT DISTINCT m[1] AS unclosed FROM (SELECT html FROM pages UNION ALL SELECT html FROM spoilt) p, regexp_matches(regexp_replace(html, '<svg.*?</svg>', '', 'g'), '<([a-z0-9]+)( [^<>]*)?/>', 'g') m WHERE m[1] <> 'meta';

-- Numbers of any size
SELECT e AS exponent, report_page(regexp_replace(:'report', '"(?!significance"|order_number"|stars")([a-z_0-9]+)": (-?[0-9.]+)(?=[,}\s])', '"\1": \2' || e, 'g')::jsonb, 'ja')::xml IS DOCUMENT AS whole
  FROM unnest('{e6,e30,e-30}'::text[]) e;
SELECT report_page(regexp_replace(:'report', '": ([0-9])', '": -\1', 'g')::jsonb, 'en')::xml IS DOCUMENT AS negative;

SELECT report_page(NULL, 'ja') IS NULL AS none;
SELECT report_page('{}', 'fr');
-- Every text of a page is used.
SELECT l.value AS unused FROM labels() l
 WHERE l.vocabulary = 'page' AND NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'loyalcs'::regnamespace AND p.prokind = 'f' AND p.proname ~ '^(page|report|card)_'
                                                AND pg_get_functiondef(p.oid) LIKE '%''' || substr(l.value, 7) || '''%') AND l.value NOT LIKE '% of';
