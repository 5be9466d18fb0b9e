-- Texts with places to fill in.
SET search_path = loyalcs, public;

SELECT t.template, render(t.template, '{"name": "Ann", "n": 12.50, "yes": true, "none": null, "empty": ""}')
  FROM (VALUES (''), ('Hello'), ('Hello {{name}}'), ('{{name}}{{name}}'), ('{{ name }} {{
name
}}'), ('{{n}} {{yes}}'), ('[{{empty}}]'),
               ('{{none|nobody}} {{other|somebody}} {{name|nobody}} {{empty|x}}[{{other|}}]'), ('{{other| a | b }}'),
               ('{ {name} }} } {name}'), ('{'), ('日本語{{name}}様'), ('{{other|お客}}様')) t (template);
-- Values are put in as they are, and not looked at again; in HTML they are escaped, and the template is not.
SELECT render('<b>{{v}}</b> {{other|<i>}}', '{"v": "<a href=\"x\">Ann''s & {{v}} 花</a>"}') AS text,
       render('<b>{{v}}</b> {{other|<i>}}', '{"v": "<a href=\"x\">Ann''s & {{v}} 花</a>"}', html => true) AS html;
SELECT render(NULL, '{}') IS NULL AS t, render('x', NULL) IS NULL AS v, render('x', '{}', NULL) IS NULL AS h;
SELECT placeholders('{{a}} {{b|x}} {{c}} {{a}} {{ b }} {{d|}} {{e}} {{f}} {{g}} {{h}} {{i}} {{j}}') AS all,
       placeholders('{{a}} {{b|x}} {{c}} {{a}} {{ b }} {{d|}}', required_only => true) AS required, placeholders('no {place}') AS none;
-- A long one
SELECT length(render(repeat('{{v}}.', 20000), '{"v": "&"}', true)) = 20000 * 6 AS long;

-- Errors name what is missing, or say where it is wrong.
SELECT render('Dear {{name}}', '{"nom": "Ann"}');
SELECT render('Dear {{name}}', '{"name": null}');
SELECT render('Dear {{name}}', '{"name": ["Ann"]}');
SELECT render('Dear {{name}}', '{"name": {"first": "Ann"}}');
SELECT render('Dear {{name}}', '["Ann"]');
SELECT render('Dear {{name}}', '"Ann"');
-- (of a name of any length the error shows the beginning)
SELECT render('{{' || repeat('n', 200) || '}}', '{}');
SELECT render('拝啓 {{name', '{}');
SELECT render('{{name}', '{}');
SELECT render('拝啓 {{名前}}様', '{}');
SELECT render('{{}}', '{}');
SELECT render('{{ |x}}', '{}');
SELECT render('{{1st}}', '{}');
SELECT render('{{first name}}', '{}');
SELECT render('{{{name}}}', '{}');
SELECT render('{{' || repeat('花', 60) || '}}', '{}');
SELECT placeholders('{{a}} {{');

-- The same without an error: what the error would say, and NULL where render() gives a text.
CREATE FUNCTION pg_temp.message_of(template text, "values" jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM loyalcs.render(template, "values");
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END $$;
SELECT t.template, v.content, render_problem(t.template, v.content),
       render_problem(t.template, v.content) IS DISTINCT FROM pg_temp.message_of(t.template, v.content) AS differs
  FROM unnest('{"{{obj|}}","{{obj}}","{{none|}}","plain","{{obj","{{1}}","{{other}}"}'::text[]) t (template),
       unnest('{"{\"obj\": {\"a\": 1}}","{\"obj\": [1]}","{\"obj\": \"s\"}","{\"obj\": null}","[]","1",null}'::jsonb[]) v (content)
 ORDER BY t.template COLLATE "C", v.content::text COLLATE "C";

-- No value is ever said, in a message, its detail, its hint or a problem, whatever is wrong.
\set ECHO none
\i test/errors.sql
SELECT count(*) AS tried, count(*) FILTER (WHERE e ~ 'secret' OR p ~ 'secret') AS told
  FROM unnest('{"{{a}}","{{a|}}","{{b}}","{{a","{{}}"}'::text[]) t (template),
       unnest('{"{\"a\": {\"k\": \"secret\"}}","{\"a\": [\"secret\"]}","{\"c\": \"secret\"}","[\"secret\"]","\"secret\""}'::jsonb[]) v (content),
       LATERAL (SELECT pg_temp.error_of(format('SELECT render(%L, %L)', t.template, v.content)) AS e,
                       render_problem(t.template, v.content) AS p) x
 WHERE e !~ '^no error';

-- A template of any number of names takes time by its length: this one has two hundred thousand.
-- It takes as long as a hundred of two thousand, not a hundred times as long.
\i test/timing.sql
CREATE FUNCTION pg_temp.list(times int, names int) RETURNS void LANGUAGE sql AS $$
SELECT sum(cardinality(placeholders(body)))
FROM (SELECT string_agg(format('{{n%s}}', i), '') AS body FROM generate_series(1, times) AS turn, generate_series(1, names) AS i GROUP BY turn) AS t
$$;
SELECT cardinality(placeholders(string_agg(format('{{n%s}}', i), ''))) FROM generate_series(1, 200000) i;
SELECT pg_temp.within(10, 'SELECT pg_temp.list(1, 200000)', 'SELECT pg_temp.list(100, 2000)') AS by_its_length;

-- Texts are put into what is filled in: null ones are not, and the later of a name stays.
SELECT put_texts('{"coupon": "A", "name": "nobody", "gift": {"a": [1, null]}}', '{name,order_id,points,name}', ARRAY['Ann', 'A-1', NULL, E'B\t"\\']);
SELECT put_texts('{}', '{}', '{}'), put_texts(NULL, '{a}', '{b}'), put_texts('{}', NULL, '{b}'), put_texts('{}', '{a}', NULL);
SELECT put_texts('[]', '{a}', '{b}');
SELECT put_texts('1', '{a}', '{b}');
SELECT put_texts('{}', '{a,b}', '{b}');
SELECT put_texts('{}', '{}', '{b}');
SELECT put_texts('{}', '{{a,b}}', '{b}');
SELECT put_texts('{}', '{a}', '{{b},{c}}');
SELECT put_texts('{}', '{a,NULL}', '{b,c}');
-- It is what SQL makes of them, of any number.
SELECT n, put_texts(jsonb_build_object('n1', n), names, texts) = jsonb_build_object('n1', n) || jsonb_strip_nulls(jsonb_object(names, texts)) AS same
  FROM (SELECT n, array_agg('n' || i ORDER BY i) AS names, array_agg(CASE WHEN i % 3 > 0 THEN repeat('語', i % 200) END ORDER BY i) AS texts
          FROM unnest('{1,2,17,1000}'::int[]) n CROSS JOIN generate_series(1, n) i GROUP BY n) t
 ORDER BY n;
-- In whatever order they come, and if several are of one name; what has parts stays as it is.
SELECT count(*) AS orders, count(*) FILTER (WHERE v <> '{"a": [1, {"bb": null}], "ccc": true, "n": 1e2}'::jsonb || o.added) AS others
  FROM generate_series(1, 200) i
 CROSS JOIN LATERAL (SELECT array_agg(n ORDER BY at) AS names, array_agg(n || at ORDER BY at) AS texts, jsonb_object_agg(n, n || at ORDER BY at) AS added
                       FROM (SELECT n, row_number() OVER (ORDER BY hashtext(n || k || i), k, n) AS at
                               FROM unnest('{bb,ab,d,ccc,語,longer}'::text[]) n CROSS JOIN generate_series(1, 1 + i % 3) k) s) o
 CROSS JOIN LATERAL put_texts('{"a": [1, {"bb": null}], "ccc": true, "n": 1e2}', o.names, o.texts) v;

-- A message at once. The texts about it come before neither its subject, its body nor its values.
SELECT jsonb_pretty(message(E'For {{name}}\n', E'<b>{{name}}</b>\r{{coupon|}} {{left}}', true, '{"coupon": "A", "left": 2, "name": "nobody"}',
                            '{name,points}', ARRAY[E'Ann\r\n& Bob', NULL], '{kind,language,values,subject}', ARRAY['person', NULL, 'none', 'none']));
-- Where render() is an error, it is NULL; without a text, too.
SELECT message('{{name}}', '', false, '{}', '{}', '{}', '{}', '{}') IS NULL AS missing, message('', '{{name', false, '{}', '{}', '{}', '{}', '{}') IS NULL AS mistake,
       message('{{of}}', '', false, '{"of": {"a": 1}}', '{}', '{}', '{}', '{}') IS NULL AS unfit, message(NULL, '', false, '{}', '{}', '{}', '{}', '{}') IS NULL AS nothing;
SELECT message('', '', false, '[]', '{}', '{}', '{}', '{}');
SELECT message('', '', false, '{}', '{a}', '{}', '{}', '{}');
SELECT message('', '', false, '{}', '{}', '{}', '{NULL}', '{a}');
-- In whatever order, and under whatever names, they are about it.
SELECT count(*) AS orders, count(*) FILTER (WHERE m <> o.added || '{"values": {"a": [], "b": "B"}, "subject": "[]", "body": "B"}'::jsonb) AS others
  FROM generate_series(1, 200) i
 CROSS JOIN LATERAL (SELECT array_agg(n ORDER BY at) AS names, array_agg(n || at ORDER BY at) AS texts, jsonb_object_agg(n, n || at ORDER BY at) AS added
                       FROM (SELECT n, row_number() OVER (ORDER BY hashtext(n || i), n) AS at
                               FROM unnest('{body,bods,bodz,values,valuer,subject,a,kind,content_key}'::text[]) n WHERE hashtext(i || n) % 4 <> 0) s) o
 CROSS JOIN LATERAL message('[]', '{{b}}', false, '{"a": []}', '{b}', '{B}', o.names, o.texts) m;
-- It is what the functions that it is made of make, whatever the values are.
SELECT count(*) AS messages, count(m) AS written,
       count(*) FILTER (WHERE m IS DISTINCT FROM CASE WHEN p IS NULL THEN jsonb_build_object('about', i::text, 'values', v, 'subject', one_line(render(t, v)), 'body', plain_lines(render(b, v, html))) END) AS others
  FROM (SELECT i, i % 2 = 0 AS html, v, t.t, t.b, coalesce(render_problem(t.t, v), render_problem(t.b, v)) AS p,
               message(t.t, t.b, i % 2 = 0, o, names, texts, '{about}', ARRAY[i::text]) AS m
          FROM generate_series(0, 255) i
         CROSS JOIN LATERAL (
                   SELECT jsonb_object_agg(n, x) AS o
                     FROM unnest('{a,bb,ab,ccc,d}'::text[], ARRAY['1', '"x"', '"<&>"', 'null', '[2]']::jsonb[]) WITH ORDINALITY u (n, x, place)
                    WHERE i >> (place::int - 1) & 1 = 1 OR place = 5) o
         CROSS JOIN (SELECT '{bb,ab,new}'::text[] AS names) n
         CROSS JOIN LATERAL (SELECT ARRAY[CASE WHEN i >> 5 & 1 = 1 THEN E'\u2028 line' END, CASE WHEN i >> 6 & 1 = 1 THEN '"' END, 'n'] AS texts) x
         CROSS JOIN LATERAL put_texts(o.o, names, texts) v
         CROSS JOIN LATERAL (SELECT E'{{a}}\n{{bb|}}' AS t, CASE WHEN i < 128 THEN E'{{ab|none}}{{ccc|}} {{new}}\r' ELSE '{{bb}}{{d}}' END AS b) t) t;
