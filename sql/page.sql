-- Pages: what they are made of.
SET search_path = loyalcs, public;
\pset format unaligned

SELECT page_cut('日本語の文章です', 5) AS cut, page_cut('日本語', 3) AS whole, page_cut(NULL, 3) AS none, page_name('At Risk', 'ja') AS word, page_name(repeat('x', 100), 'en') AS own,
       page_month('2026-10-01', 'ja') AS ja, page_month('2026-10-01', 'en') AS en, page_month('infinity', 'en') AS infinite;
SELECT page_panel('<b>title</b>', xmlelement(NAME p, 'a & b'), 'note'), page_panel('none', NULL, 'note') IS NULL AS none, page_stack(NULL) IS NULL AS stack, page_stack(xmlelement(NAME p));
SELECT page_section('title', 'en', xmlelement(NAME p, 'x')), page_section('title', 'en', NULL), page_section('title', 'en', xmlelement(NAME p, 'x'), repeat('permission denied ', 20));

-- A page is whole, in one piece, and has nothing in it that mark-up cannot hold.
CREATE TEMP TABLE page AS
SELECT l.lang, page_html('<title> & "' || E'\x01', l.lang, xmlconcat(xmlelement(NAME h1, 'Über 日本' || E'\x02\x1b[31m\x7f\u0085\x0b'), xmlelement(NAME p, E'a\tb\nc'), xmlelement(NAME p, NULL))) AS html
  FROM unnest('{ja,en,fr,NULL}'::text[]) l (lang);
SELECT lang, left(html, 31) AS start, html::xml IS DOCUMENT AS whole, xpath('/html/head/title/text()', html::xml) AS title, xpath('//h1/text()', html::xml) AS h1, xpath('string(//p)', html::xml) AS p,
       html ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\u009f]' AS controls, right(html, 8) = '</html>' || E'\n' AS ends
  FROM page;
SELECT xpath('//meta/@content', html::xml) AS metas, xpath('//meta/@charset', html::xml) AS charset FROM page WHERE lang = 'ja';
-- Nothing that is escaped stands in the style, where no browser undoes it; and it asks for nothing.
SELECT page_style() ~ '[<>&]' AS escaped, page_style() ~* 'url|import|expression|http' AS asks, xpath('//style/text()', html::xml)::text[] = ARRAY[page_style()] AS same FROM page WHERE lang = 'ja';
-- What is a class in a picture or a page has a style, but for those that are there for a reader of the markup.
SELECT DISTINCT c AS class FROM pg_proc p, regexp_matches(pg_get_functiondef(p.oid), '''([a-z][a-z0-9 -]*)''(?:::text)?\)? AS class', 'g') m, unnest(string_to_array(m[1], ' ')) c
 WHERE p.pronamespace = 'loyalcs'::regnamespace AND p.prokind = 'f' AND p.proname ~ '^(page|chart|report|card)_' AND page_style() !~ ('\.' || c || '\M') ORDER BY 1;
