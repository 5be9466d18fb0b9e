-- What leaves in a format of lines: one line, plain lines, one recipient.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- Every control character there is, alone and among words: none is left, and
-- nothing else is lost.
CREATE TABLE controls AS
SELECT i, chr(i) AS c FROM generate_series(1, 31) i UNION ALL
SELECT i, chr(i) FROM generate_series(127, 159) i UNION ALL
SELECT i, chr(i) FROM unnest('{8232,8233}'::int[]) i;
SELECT count(*) AS controls,
       count(*) FILTER (WHERE one_line('a' || c || 'b') = 'a b') AS between,
       count(*) FILTER (WHERE one_line(c || ' a ' || c || c || ' b ' || c) = 'a b') AS around,
       count(*) FILTER (WHERE one_line(c) = '') AS alone
  FROM controls;
SELECT count(*) AS others, count(*) FILTER (WHERE one_line(chr(i)) <> chr(i) OR plain_lines(chr(i)) <> chr(i)) AS changed
  FROM generate_series(32, 65535) i
 WHERE NOT i BETWEEN 127 AND 159 AND i NOT IN (8232, 8233) AND NOT i BETWEEN 55296 AND 57343;
SELECT one_line('  as it   stands ') = '  as it   stands ' AS untouched, one_line('') = '' AS empty, one_line(NULL) IS NULL AS nothing,
       one_line(E'Order 1\r\nBcc: all@example.com') AS header;
SELECT i, plain_lines('a' || c || 'b') FROM controls WHERE plain_lines('a' || c || 'b') <> 'a b' ORDER BY i;
SELECT plain_lines(E'a\r\n.\r\nb\rc\n\n\td') = E'a\n.\nb\nc\n\n\td' AS lines, plain_lines('') = '' AS empty, plain_lines(NULL) IS NULL AS nothing;

-- The same of a template, for those who send by themselves.
INSERT INTO templates (key, language, subject, body) VALUES ('lines', 'en', 'Order {{order_id}}', E'Dear {{name}},\r\nhello');
SELECT subject, body = E'Dear a\nb,\nhello' AS body
  FROM render_template('lines', 'en', jsonb_build_object('order_id', E'1\nBcc: all@example.com', 'name', E'a\rb'));

-- One recipient is one address. No problem shows it.
SELECT count(*) AS controls,
       count(*) FILTER (WHERE recipient_problem(channel, 'a' || c || '@x') ~ 'control character') AS refused,
       count(*) FILTER (WHERE recipient_problem(channel, c || 'a@x') ~ 'control character') AS before,
       count(*) FILTER (WHERE recipient_problem(channel, 'a@x' || c) ~ 'control character') AS behind
  FROM controls, unnest('{email,phone,line,instagram,post}'::text[]) channel;
SELECT channel, recipient, recipient_problem(channel, recipient)
  FROM (VALUES ('email', 'ann@example.com'), ('email', 'ann+shop.a''b_c@mail.example.co.jp'), ('email', '花子@例え.jp'),
               ('email', 'a@x, b@x'), ('email', 'a@x,b@x'), ('email', 'a@x;b@x'), ('email', 'a@x b@x'), ('email', 'a@b@x'), ('email', 'Ann <a@x>'),
               ('email', '<a@x>'), ('email', 'ann'), ('email', '@x'), ('email', 'a@'), ('email', '"a b"@x'), ('email', 'a(b)@x'),
               ('email', 'all:a@x'), ('email', 'a\@x'), ('email', 'a@[127.0.0.1]'), ('email', '-oQ/tmp@x'), ('email', 'a@x '),
               ('phone', '+81 (3) 1234-5678'), ('phone', '03-1234-5678'), ('phone', '０３（１２３４）５６７８'), ('phone', '03-1234-5678 内線 12'),
               ('phone', '03-1, 03-2'), ('phone', '03-1;ext=2'), ('phone', 'sip:a@x'), ('phone', '-1'),
               ('line', 'U4af4980629'), ('line', 'U1,U2'), ('line', 'U1 U2'), ('line', 'U1;U2'), ('line', '-U1'), ('line', 'U1"'),
               ('instagram', '@ann.shop'), ('instagram', 'ann bob')) v (channel, recipient);
SELECT i, recipient_problem('email', 'a' || chr(i) || '@x') AS email, recipient_problem('line', 'a' || chr(i)) AS line
  FROM unnest('{160,8203,8238,8297,12288,65279}'::int[]) i;
SELECT length, recipient_problem('email', repeat('a', length - 4) || '@x.y') FROM unnest('{254,255,100000}'::int[]) length;

DROP SCHEMA shop CASCADE;
