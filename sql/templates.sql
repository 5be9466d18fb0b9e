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
-- It takes as long as a hundred of two thousand, not a hundred times as long. (Both take
-- long enough for whatever else the machine has to do to be in both.)
CREATE FUNCTION pg_temp.takes(times int, names int) RETURNS interval LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz := clock_timestamp();
BEGIN
    FOR turn IN 1..times LOOP
        PERFORM cardinality(placeholders(string_agg(format('{{n%s}}', i), ''))) FROM generate_series(1, names) i;
    END LOOP;
    RETURN clock_timestamp() - since;
END $$;
SELECT cardinality(placeholders(string_agg(format('{{n%s}}', i), ''))) FROM generate_series(1, 200000) i;
SELECT pg_temp.takes(1, 200000) < 10 * pg_temp.takes(100, 2000) AS by_its_length;

-- Texts are put into what is filled in: null ones are not, and the later of a name stays.
SELECT put_texts('{"coupon": "A", "name": "nobody", "gift": {"a": [1, null]}}', '{name,order_id,points,name}', ARRAY['Ann', 'A-1', NULL, E'B\t"\\']);
SELECT put_texts('{"name": "Ann"}', '{kind,subject}', ARRAY['person', NULL], 'values'),
       put_texts('{"name": "Ann"}', '{values}', '{later}', 'values'), put_texts('{}', '{}', '{}'), put_texts('{}', '{}', '{}', '');
SELECT put_texts(NULL, '{a}', '{b}'), put_texts('{}', NULL, '{b}'), put_texts('{}', '{a}', NULL), put_texts('{}', '{a}', NULL, 'values');
SELECT put_texts('[]', '{a}', '{b}');
SELECT put_texts('1', '{a}', '{b}', 'values');
SELECT put_texts('{}', '{a,b}', '{b}');
SELECT put_texts('{}', '{}', '{b}');
SELECT put_texts('{}', '{{a,b}}', '{b}');
SELECT put_texts('{}', '{a}', '{{b},{c}}');
SELECT put_texts('{}', '{a,NULL}', '{b,c}');
-- It is what SQL makes of them, of any number.
SELECT n, put_texts(jsonb_build_object('n1', n), names, texts) = jsonb_build_object('n1', n) || jsonb_strip_nulls(jsonb_object(names, texts)) AS same,
       put_texts(jsonb_build_object('n1', n), names, texts, 'of') = jsonb_strip_nulls(jsonb_object(names, texts)) || jsonb_build_object('of', jsonb_build_object('n1', n)) AS same_under
  FROM (SELECT n, array_agg('n' || i ORDER BY i) AS names, array_agg(CASE WHEN i % 3 > 0 THEN repeat('語', i % 200) END ORDER BY i) AS texts
          FROM unnest('{1,2,17,1000}'::int[]) n CROSS JOIN generate_series(1, n) i GROUP BY n) t
 ORDER BY n;
