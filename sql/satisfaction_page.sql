-- A satisfaction report as a page.

\getenv srcdir PG_ABS_SRCDIR
\set report `cat :srcdir/test/satisfaction_report.json`
\set SHOW_CONTEXT never
SET search_path = loyalcs, public;
\pset format unaligned

\set problems '{"breakdowns": "permission denied", "detractors": "not for you to see"}'
\set pages :srcdir '/test/report_page.sql'
\i :pages

-- One row of each kind, as it is read: a change; a part; a wave; a driver; who waits; complaints; a product's stars
SELECT lang, row, string_agg(t::text, ' | ' ORDER BY n) AS says
  FROM pages, (VALUES ('changes', '(//section)[2]//tbody/tr[3]'), ('a part', '//section[h2 = "Who is how content"]//div[h3 = "RFM segment"]//tbody/tr[2]'), ('a wave', '//div[h3 = "Waves"]//tbody/tr[1]'),
                      ('a driver', '//section[h2 = "What goes with high and low scores"]//tbody/tr[1]'), ('another', '//section[h2 = "What goes with high and low scores"]//tbody/tr[6]'),
                      ('waits', '//div[h3 = "Customers who wait"]//tbody/tr[3]'), ('of few', '//div[h3 = "CSAT after tickets by reason"]//tbody/tr[2]'), ('bought again', '//div[h3 = "Did they buy again?"]//tbody/tr'),
                      ('stars', '//div[h3 = "Reviews by product"]//tbody/tr[3]')) v (row, path), unnest(xpath(path || '//text()', html::xml)) WITH ORDINALITY u (t, n)
 WHERE name = 'full' AND lang = 'en' GROUP BY lang, row ORDER BY row;

-- What every page keeps.
SELECT DISTINCT a::text AS attributes FROM pages, unnest(xpath('//@*[name() = "src" or name() = "href" or name() = "style" or name() = "action" or starts-with(name(), "on")]', html::xml)) a;
SELECT name, lang, xpath('count(//script|//img|//iframe|//link|//object|//embed|//form|//base|//a)', html::xml) AS loads, xpath('count(//svg[not(@aria-hidden) and not(title and @role = "img")])', html::xml) AS unnamed,
       xpath('count(//th[not(@scope)])', html::xml) AS unscoped, xpath('count(//table[not(tbody)])', html::xml) AS bodiless, xpath('count(//h3[not(preceding::h2)])', html::xml) AS early,
       html ~ 'page: ' AS untold, html ~ '(NaN|null|undefined|%[0-9]*\$?s)' AS raw FROM pages ORDER BY name COLLATE "C", lang;
-- Whatever words stand in it.
CREATE FUNCTION pg_temp.spoilt(words text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT regexp_replace(current_setting('satisfaction_page.report'), '"(shop|survey|channel|part|name|driver|reason|subject|tier|product_id|product_name|question)": "[^"]*"', '"\1": ' || replace(to_json(words)::text, '\', '\\'), 'g')::jsonb
$$;
SELECT set_config('satisfaction_page.report', :'report', false) <> '' AS set;
SELECT w.n, html::xml IS DOCUMENT AS whole, html ~ '<(script|img)' AS escaped, html ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\u009f]' AS controls, length(html) < 150000 AS short
  FROM (VALUES (1, '<script>alert(1)</script>'), (2, '"><img src=x onerror=''alert(1)''>'), (3, '&lt;&#0;&amp;]]><!-- -->'), (4, E'\x01\x02\x1b\x7f\u0085'), (5, repeat('長い文章', 2500)), (6, repeat('W', 10000)),
               (7, chr(128512) || E' \u202e\u05e9\u05dc\u05d5\u05dd'), (8, ''), (9, '%s %1$s %n $1 \1')) w (n, words), LATERAL report_page(pg_temp.spoilt(w.words), CASE w.n % 2 WHEN 0 THEN 'en' ELSE 'ja' END) h (html) ORDER BY n;
-- Numbers of any size
SELECT e AS exponent, report_page(regexp_replace(:'report', '"(?!significance"|stars")([a-z_0-9]+)": (-?[0-9.]+)(?=[,}\s])', '"\1": \2' || e, 'g')::jsonb, 'ja')::xml IS DOCUMENT AS whole FROM unnest('{e6,e30,e-30}'::text[]) e;
