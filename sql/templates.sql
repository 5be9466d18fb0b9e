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
