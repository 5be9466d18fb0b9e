-- Charts: pictures of figures for a page.
SET search_path = loyalcs, public;
\pset format unaligned

SELECT chart_line('NPS', 'of October', '{8月,9月,10月}', '{10,NULL,30}', '{5,NULL,20}', '{15,NULL,40}', 50, last_is_running => true);
SELECT chart_line('one', NULL, '{a}', '{0.25}', unit => 'share');
SELECT chart_gauge('NPS', 'of October', 50, 40, 60, -100, 100, 0, '50.0', '40 to 60');
SELECT chart_columns('answers', NULL, '{0,1,2}', '{3,0,6}', '{3,0,6}', '{bad,NULL,good}');
SELECT chart_stack('groups', NULL, '{3,0,6}', '{3,0,6}', '{bad,soft,good}');
SELECT chart_bar(0.5), chart_bar(1.5, 'good', 0.25, 2, 0.75), chart_bar(NULL) IS NULL AS none;
SELECT chart_sparkline('of a year', '{1,2,NULL,4,4}'), chart_sparkline('one', '{NULL,5}');
SELECT chart_heat_map('cohorts', 'month', '{a,b}', '{0,1}', '{0,0.5,1,NULL}', '{0%,50%,100%,NULL}', '{x,NULL,NULL,NULL}');
SELECT chart_pareto('share', NULL, '{0,0.5,1}', '{0,0.75,1}', 0.5, 0.75, 'half have 75%');

-- What a picture is asked for, and what is drawn: the places of points, by hand.
SELECT (xpath('count(//circle)', chart_line('t', NULL, '{a,b,c,d,e}', '{1,2,NULL,4,NaN}')))[1]::text AS points,
       xpath('//path[@class="line"]/@d', chart_line('t', NULL, '{a,b,c,d,e}', '{0,10,NULL,0,10}')) AS lines,
       xpath('//text[@class="end"]/text()', chart_line('t', NULL, '{a,b}', '{0,10}')) AS ticks;
SELECT s AS span, array_length(t.ticks, 1) AS ticks, t.ticks
  FROM unnest('{0.001,0.02,0.3,1,3,7,12,95,100,1234,1e6,1e12}'::float8[]) s,
       LATERAL (SELECT xpath('//text[@class="end"]/text()', chart_line('t', NULL, '{a,b}', ARRAY[0, s]))::text[] AS ticks) t;
-- The parts of a whole cover it; the least stands at the left.
SELECT xpath('//rect/@x', chart_stack('t', NULL, '{1,1,2}', '{a,b,c}', NULL)) AS places, xpath('//text/text()', chart_stack('t', NULL, '{1,98,1}', '{aaa,bbb,ccc}', NULL)) AS words;

-- Nothing to draw is no picture.
SELECT chart_line('t', 'd', NULL, NULL) IS NULL AS line, chart_line('t', 'd', '{a}', '{NaN}') IS NULL AS nan, chart_line('t', 'd', '{a,b}', '{NULL,Infinity}') IS NULL AS infinite,
       chart_gauge('t', 'd', NULL, 1, 2, 0, 1, NULL, '', '') IS NULL AS gauge, chart_columns('t', 'd', '{a}', '{0}', NULL) IS NULL AS zero,
       chart_columns('t', 'd', NULL, NULL, NULL) IS NULL AS columns, chart_stack('t', 'd', '{0,0}', NULL, NULL) IS NULL AS stack,
       chart_sparkline('t', '{NULL,NaN}') IS NULL AS spark, chart_heat_map('c', 'c', '{}', '{}', '{}', '{}') IS NULL AS heat,
       chart_pareto('t', 'd', '{0}', '{0}', 0, 0, '') IS NULL AS pareto;

-- Whatever words and numbers come, mark-up is whole: words stay words, each place is a number.
CREATE TEMP TABLE pictures AS
SELECT p.name, w.n, p.picture
  FROM (VALUES (1, '<script>alert(1)</script>', 1e0::float8), (2, '"><img src=x onerror=''x''>', -1e90), (3, '&lt;&amp;]]>', 1e99), (4, '日本語 ' || chr(128512), 0), (5, '', 1e-300),
               (6, NULL, NULL), (7, repeat('長い', 5000), 'NaN'), (8, E'\u202e\u05d0 -->', 'Infinity'), (9, E'a\tb\nc', '-Infinity')) w (n, words, number)
 CROSS JOIN LATERAL (VALUES
       ('line', chart_line(words, words, ARRAY[words, 'b', words], ARRAY[number, 1, 2], ARRAY[number, 0, NULL], ARRAY[2, number, 3], number, words, words, true)),
       ('gauge', chart_gauge(words, words, number, number, 1, 0, 10, number, words, words)),
       ('gauge of none', chart_gauge(words, words, 1, number, number, number, number, 1, words, words)),
       ('columns', chart_columns(words, words, ARRAY[words, 'b'], ARRAY[number, 1], ARRAY[words, 'x'])),
       ('stack', chart_stack(words, words, ARRAY[number, 1], ARRAY[words, 'x'], ARRAY['good', NULL])),
       ('bar', chart_bar(number, 'good', number, number, number)),
       ('sparkline', chart_sparkline(words, ARRAY[number, 1, number, 2])),
       ('heat map', chart_heat_map(words, words, ARRAY[words, 'b'], ARRAY[words, 'c'], ARRAY[number, 1, 0.5, NULL], ARRAY[words, 'x', NULL, words], ARRAY[words])),
       ('pareto', chart_pareto(words, words, ARRAY[0, number, 1], ARRAY[0, number, 1], number, number, words))) p (name, picture);
SELECT name, count(picture) AS pictures, count(*) FILTER (WHERE picture IS DOCUMENT) AS whole,
       count(*) FILTER (WHERE picture::text ~* '<(script|img)|nan|infinity|\d{40}') AS wrong,
       count(*) FILTER (WHERE (xpath('count(//@*[string-length(.) > 400])', picture))[1]::text <> '0') AS long
  FROM pictures WHERE n <> 7 GROUP BY name ORDER BY name;
SELECT name, count(*) FILTER (WHERE picture IS DOCUMENT) AS whole FROM pictures WHERE n = 7 GROUP BY name ORDER BY name;
-- In attributes there are names of classes and numbers, and nothing that somebody said.
SELECT DISTINCT a::text AS attribute FROM pictures, unnest(xpath('//@*[name() = "class"]', picture)) a ORDER BY 1;
SELECT count(*) AS wrong FROM pictures, unnest(xpath('//@*[name() != "class" and name() != "role" and name() != "scope" and name() != "preserveAspectRatio" and name() != "aria-hidden"]', picture)) a
 WHERE a::text !~ '^[-0-9. MLAZ]+$';
-- Each says in words what it is, but for those that stand beside their number.
SELECT name, count(*) FILTER (WHERE (xpath('count(/svg/title|/table/caption)', picture))[1]::text = '1') = count(picture) AS told FROM pictures GROUP BY name ORDER BY name;

-- Pure: the same picture, in parallel and whenever. No parsed body makes mark-up: it could not be created without libxml.
SELECT count(*) AS not_pure FROM pg_proc p WHERE p.pronamespace = 'loyalcs'::regnamespace AND p.proname LIKE 'chart\_%' AND (p.provolatile <> 'i' OR p.proparallel <> 's');
SELECT p.oid::regprocedure AS needs_libxml FROM pg_proc p WHERE p.pronamespace = 'loyalcs'::regnamespace AND p.prosqlbody::text LIKE '%{XMLEXPR %' ORDER BY p.oid::regprocedure::text COLLATE "C";
