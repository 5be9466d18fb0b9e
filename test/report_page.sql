-- Pages of a report, :report: the whole of it, what is left where nothing is known, where
-- there is nothing, and of a report that is none; with what each page has.
CREATE FUNCTION pg_temp.emptied(j jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE jsonb_typeof(j) WHEN 'object' THEN (SELECT jsonb_object_agg(e.key, CASE WHEN e.key IN ('report', 'month', 'as_of', 'time_zone', 'shop', 'significance', 'headlines') THEN e.value
                                                                                        ELSE pg_temp.emptied(e.value) END) FROM jsonb_each(j) e)
                                WHEN 'array' THEN '[]' WHEN 'number' THEN 'null' ELSE j END
$$;
CREATE TEMP TABLE pages AS
SELECT r.name, l.lang, report_page(r.report, l.lang) AS html
  FROM (VALUES ('full', :'report'::jsonb), ('empty', pg_temp.emptied(:'report')),
               ('of nothing', (SELECT jsonb_object_agg(e.key, CASE WHEN jsonb_typeof(e.value) IN ('object', 'array') THEN 'null' ELSE e.value END) FROM jsonb_each(:'report') e)
                              || jsonb_build_object('problems', :'problems'::jsonb)),
               ('bare', jsonb_build_object('report', :'report'::jsonb -> 'report'))) r (name, report)
 CROSS JOIN unnest('{ja,en}'::text[]) l (lang);
SELECT name, lang, html::xml IS DOCUMENT AS whole, xpath('count(//h1)', html::xml) AS h1, xpath('count(//h2)', html::xml) AS h2, xpath('count(//svg)', html::xml) AS svg,
       xpath('count(//table)', html::xml) AS tables, xpath('count(//p[@class="nothing"])', html::xml) AS nothings FROM pages ORDER BY name COLLATE "C", lang;
SELECT lang, string_agg(x::text, ', ') AS sections, (xpath('/html/head/title/text()', min(html)::xml))[1] AS title FROM pages, unnest(xpath('//h2/text()', html::xml)) x WHERE name = 'full' GROUP BY lang ORDER BY lang;
SELECT unnest(xpath('//section[@class="lead"]//p/descendant-or-self::*/text()', html::xml)) AS lead FROM pages WHERE name = 'full' AND lang = 'en';
SELECT unnest(xpath('//p[@class="nothing"]/text()', html::xml)) AS nothing FROM pages WHERE name = 'of nothing' AND lang = 'en';
