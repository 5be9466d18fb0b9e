-- A voice report as a page.

\getenv srcdir PG_ABS_SRCDIR
\set report `cat :srcdir/test/voice_report.json`
\set SHOW_CONTEXT never
SET search_path = loyalcs, public;
\pset format unaligned

\set problems '{"sources": "permission denied", "words": "not for you to see"}'
\set pages :srcdir '/test/report_page.sql'
\i :pages

-- One row of each kind, as it is read: a change; a theme; a quote; praise and blame; a source; a product; a reason; a word
SELECT row, string_agg(t::text, ' | ' ORDER BY n) AS says
  FROM pages, (VALUES ('change', '(//section)[2]//tbody/tr[1]'), ('theme', '//div[h3 = "Themes by how often they are mentioned"]//tbody/tr[2]'), ('quote', '(//figure)[2]'), ('praise', '//div[h3 = "Praised"]//tbody/tr[1]'),
                      ('blame', '//div[h3 = "Blamed"]//tbody/tr[1]'), ('source', '//section[h2 = "By source"]//tbody/tr[2]'), ('shades', '//div[h3 = "Themes by source"]//tbody/tr[2]'), ('product', '//section[h2 = "Which products it is about"]//tbody/tr[1]'),
                      ('reason', '//div[h3 = "Reasons"]//tbody/tr[1]'), ('word', '//section[h2 = "New words"]//tbody/tr[1]')) v (row, path), unnest(xpath(path || '//text()', html::xml)) WITH ORDINALITY u (t, n)
 WHERE name = 'full' AND lang = 'en' GROUP BY row ORDER BY row;
-- Without quotes it says why.
SELECT q, unnest(xpath('//section[h2 = "In their words"]//p[@class="nothing"]/text()', report_page(jsonb_set(jsonb_set(:'report', '{themes,quotes_problem}', to_jsonb(q)), '{themes,themes}', '[]'), 'en')::xml)) AS says FROM unnest('{the shop keeps none,not for you to see}'::text[]) q;

-- What every page keeps.
SELECT DISTINCT a::text AS attributes FROM pages, unnest(xpath('//@*[name() = "src" or name() = "href" or name() = "style" or name() = "action" or starts-with(name(), "on")]', html::xml)) a;
SELECT name, lang, xpath('count(//script|//img|//iframe|//link|//object|//embed|//form|//base|//a)', html::xml) AS loads, xpath('count(//svg[not(@aria-hidden) and not(title and @role = "img")])', html::xml) AS unnamed,
       xpath('count(//th[not(@scope)])', html::xml) AS unscoped, xpath('count(//table[not(tbody)])', html::xml) AS bodiless, xpath('count(//h3[not(preceding::h2)])', html::xml) AS early,
       html ~ 'page: ' AS untold, html ~ '(NaN|null|undefined|%[0-9]*\$?s)' AS raw FROM pages ORDER BY name COLLATE "C", lang;
-- Whatever words stand in it.
CREATE FUNCTION pg_temp.spoilt(words text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT regexp_replace(current_setting('voice_page.report'), '"(shop|theme|source|reason|subject|product_id|product_name|quote|word|action|problem|owner|about)": "([^"\\]|\\.)*"', '"\1": ' || replace(to_json(words)::text, '\', '\\'), 'g')::jsonb
$$;
SELECT set_config('voice_page.report', :'report', false) <> '' AS set;
SELECT w.n, html::xml IS DOCUMENT AS whole, html ~ '<(script|img)' AS escaped, html ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\u009f]' AS controls, length(html) < 150000 AS short
  FROM (VALUES (1, '<script>alert(1)</script>'), (2, '"><img src=x onerror=''alert(1)''>'), (3, '&lt;&#0;&amp;]]><!-- -->'), (4, E'\x01\x02\x1b\x7f\u0085'), (5, repeat('長い文章', 2500)), (6, repeat('W', 10000)),
               (7, chr(128512) || E' \u202e\u05e9\u05dc\u05d5\u05dd'), (8, ''), (9, '%s %1$s %n $1 \1')) w (n, words), LATERAL report_page(pg_temp.spoilt(w.words), CASE w.n % 2 WHEN 0 THEN 'en' ELSE 'ja' END) h (html) ORDER BY n;
-- Numbers of any size
SELECT e AS exponent, report_page(regexp_replace(:'report', '"(?!significance"|stars")([a-z_0-9]+)": (-?[0-9.]+)(?=[,}\s])', '"\1": \2' || e, 'g')::jsonb, 'ja')::xml IS DOCUMENT AS whole FROM unnest('{e6,e30,e-30}'::text[]) e;
