-- What is said to customers: templates, their languages, what is missing.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- Each of those that a shop comes with is there in both languages, with the same places.
SELECT key, string_agg(language, ' ' ORDER BY language) AS languages, string_agg(DISTINCT format, ' ') AS format,
       count(DISTINCT ARRAY(SELECT unnest(required) ORDER BY 1)) = 1 AS same_required, min(array_to_string(required, ' ')) AS required
  FROM templates GROUP BY key ORDER BY key;
SELECT count(*) AS without FROM journey_steps s WHERE NOT EXISTS (SELECT FROM templates t WHERE t.key = s.content_key);

INSERT INTO templates (key, language, format, subject, body) VALUES
    ('greeting', 'ja', 'text', '{{name}}様', '{{name}}様、こんにちは。{{shop|当店}}'),
    ('greeting', 'en', 'text', 'For {{name}}', 'Hello {{name}}, this is {{shop|us}}.'),
    ('greeting', 'zh-TW', 'html', '{{name}}', '<p>{{name}}</p>'),
    ('notice', 'fr', 'text', '', 'Bonjour');
SELECT key, language, placeholders, required FROM templates WHERE key IN ('greeting', 'notice') ORDER BY 1, 2;
SELECT l AS language, t.*
  FROM unnest('{ja,en,en-GB,zh-TW,zh,de,NULL}'::text[]) l CROSS JOIN LATERAL render_template('greeting', l, '{"name": "A & B"}') t;
SELECT * FROM render_template('notice', 'ja', '{}');
-- A shop elsewhere speaks another language.
SELECT language FROM settings;
UPDATE settings SET language = 'en';
SELECT written_in FROM render_template('greeting', 'de', '{"name": "A"}');
SELECT pg_temp.outcome('UPDATE settings SET language = ''日本語''') AS language, pg_temp.outcome('UPDATE settings SET language = ''en_GB''') AS tag;

SELECT pg_temp.outcome(s.statement)
  FROM (VALUES
    ('SELECT render_template(''greeting'', ''ja'', ''{}'')'),
    ('SELECT render_template(''farewell'', ''ja'', ''{}'')'),
    ('SELECT render_template(NULL, ''ja'', ''{}'')'),
    ('INSERT INTO templates (key, language, body) VALUES (''x'', ''en'', ''{{first name}}'')'),
    ('INSERT INTO templates (key, language, subject, body) VALUES (''x'', ''en'', ''{{'', '''')'),
    ('UPDATE templates SET body = ''{{'''),
    ('INSERT INTO templates (key, language, body) VALUES (''x'', ''English'', '''')'),
    ('INSERT INTO templates (key, language, format, body) VALUES (''x'', ''en'', ''markdown'', '''')'),
    ('INSERT INTO templates (key, language, body) VALUES (''greeting'', ''en'', '''')'),
    ('INSERT INTO templates (key, language) VALUES (''x'', ''en'')')
  ) s (statement);
SELECT loyalcs.drop_shop('shop', 'shop');

-- The default follows the shop's place.
SELECT FROM loyalcs.create_shop('shop', time_zone => 'Europe/Berlin', currency => 'EUR');
SELECT language FROM settings;
