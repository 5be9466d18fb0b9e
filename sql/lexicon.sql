-- Lexicons: the type and its notation.
SET search_path = public, loyalcs;
\getenv srcdir PG_ABS_SRCDIR
\set errors :srcdir '/test/errors.sql'
\i :errors

-- What is printed has one spelling, and reads back to an equal value.
CREATE TABLE written (n serial, input text);
INSERT INTO written (input) VALUES
    (''), (';'), ('a:b'), (' weight : heavy,  too   light ;'),
    ('weight: 重い, もっと軽く, heavy; clasp -1: 外れやすい, 留め具; care: お手入れ, 変色'),
    ('重さ：重い、軽く，重め；　留め具　-0.5：外れる　'),
    ('a 1: x; b +1: y; c 0: z; d -0: w; e 0.250: v; f 1.000: u; g -0.001: t'),
    ('"a 1": x; a 1: y; 2024: z; "x;y" 0.5: w'), ('a: b; "a" -1: v'),
    ('a: "b,c", "d:e", "f;g", "h""i", " j ", """", "、", k l'), ('a: 10:30'),
    ('a: "10:30"'), (E'a:\n\tb\n, c\n'), ('"  ": x'), ('a -: x; b .5: y'), ('a v2: x; 3 a: y'),
    ('絵文字: 😀, 👍🏽; "ع": شكرا');
SELECT input, pg_temp.error_of(format('SELECT %L::lexicon', input)) AS error FROM written
 WHERE pg_temp.error_of(format('SELECT %L::lexicon', input)) NOT LIKE 'no error%' ORDER BY n;
DELETE FROM written WHERE pg_temp.error_of(format('SELECT %L::lexicon', input)) NOT LIKE 'no error%';
SELECT input, input::lexicon AS canonical, input::lexicon::text::lexicon = input::lexicon AS reads_back FROM written ORDER BY n;

-- Each thing that can be wrong, and where it stands, in characters.
SELECT left(input, 30) AS input, split_part(pg_temp.error_of(format('SELECT %L::lexicon', input)), E'\n', 2) AS detail
  FROM (VALUES ('a'), ('a b'), ('a:'), ('a: ;'), (': b'), ('"": b'), ('a: ""'), ('a: b,'), ('a: b,, c'), ('a: "b'), ('"a'), ('a: "b""'),
               ('a: b "c"'), ('a: "b" c'), ('a "b": c'), ('a: b: c'), ('a 2: b'), ('a -1.5: b'), ('a 0.1234: b'), ('a 1.: b'), ('a 10: b'), ('a 1.0.0: b'),
               ('"a" b: c'), ('"a" 7: c'), ('重さ 2: 重い'), ('重さ: 重い、"軽'), ('a: b; A: c; a: d'), ('重: x; 重い: y; 重: z'),
               ('a: ' || repeat('x', 601)), (repeat('x', 201) || ': a'), ('a: ' || repeat('重', 201))) v (input);
SELECT pg_temp.error_of($$SELECT 'a: b c: d'::lexicon$$);
SELECT pg_temp.error_of($$SELECT 'a: b, "​"'::lexicon$$);
SELECT pg_temp.error_of($$SELECT 'よい 1: 軽い; わるい -1: 重い, カルイ, ﾅｲ, 軽い'::lexicon$$);
SELECT pg_temp.error_of(format('SELECT %L::lexicon', repeat('a: b;', 209716)));
SELECT pg_temp.error_of(format('SELECT %L::lexicon', (SELECT string_agg('t' || i || ': w', ';') FROM generate_series(1, 1001) i)));

-- Just what the limits allow.
SELECT length(h::text), h::text::lexicon = h AS reads_back
  FROM (VALUES ((SELECT string_agg('t' || i || ': w' || i, ';') FROM generate_series(1, 1000) i)::lexicon),
               (('a: ' || repeat('x', 600))::lexicon), ((repeat('"', 402) || ': ' || repeat('重', 200))::lexicon),
               (('a: ' || (SELECT string_agg('word number ' || i, ', ') FROM generate_series(1, 50000) i))::lexicon)) v (h);

-- One word may speak of two themes, and of a neutral and a good one; not of a good and a bad one.
SELECT 'a: x; b: X; c 0: ｘ; d 0.5: x'::lexicon;
SELECT pg_temp.error_of($$SELECT 'a 0.5: x; b 0: x; c -0.001: Ｘ'::lexicon$$);

--
-- Order and equality
--

-- What is the same has the same hash, however it was written.
SELECT a::lexicon = b::lexicon AS equal, lexicon_hash(a::lexicon) = lexicon_hash(b::lexicon) AS same_hash,
       lexicon_hash_extended(a::lexicon, 7) = lexicon_hash_extended(b::lexicon, 7) AS same_extended
  FROM (VALUES ('a:b', ' a : b ;'), ('重：重い、軽い', '重: 重い, 軽い'), ('a 1: b', '"a" 1.0: "b"'), ('a: b', 'a: c'), ('', ' ')) v (a, b);
SELECT count(*) AS total, count(DISTINCT l) AS different, (array_agg(l ORDER BY l))[1] AS least
  FROM unnest('{b: x,a: x,a: x,"a: x; b: y",a 1: x}'::lexicon[]) l;
SELECT (a < b)::int + (a = b)::int + (a > b)::int = 1 AND (a <= b) = (a < b OR a = b) AND (a >= b) = (a > b OR a = b) AND (a <> b) = (NOT a = b) AS consistent
  FROM (VALUES ('a: b'::lexicon, 'a: b'::lexicon), ('a: b', 'a: bc'), ('b: a', 'a: b'), ('', 'a: b')) v (a, b);

-- In a table it may be long: what is kept out of line is the same.
CREATE TABLE kept (id int PRIMARY KEY, l lexicon);
ALTER TABLE kept ALTER l SET STORAGE external;
INSERT INTO kept SELECT 1, ('a: ' || (SELECT string_agg('word number ' || i, ', ') FROM generate_series(1, 5000) i))::lexicon;
INSERT INTO kept SELECT 2, ('a: ' || (SELECT string_agg('word number ' || i, ', ') FROM generate_series(1, 5001) i))::lexicon;
SELECT id, themes('word number 5001', l), themes('word number 77', l) FROM kept ORDER BY id;
CREATE UNIQUE INDEX ON kept (lexicon_hash(l));

-- A damaged value says so.
CREATE CAST (lexicon AS bytea) WITHOUT FUNCTION;
CREATE CAST (bytea AS lexicon) WITHOUT FUNCTION;
CREATE TABLE bytes AS SELECT 'a: b'::lexicon::bytea AS good;
SELECT what, pg_temp.error_of(format('SELECT themes(''b'', %L::bytea::lexicon)', bad)) AS by_themes, pg_temp.error_of(format('SELECT %L::bytea::lexicon::text', bad)) AS by_output
  FROM bytes, LATERAL (VALUES
        ('empty', ''::bytea), ('short', substr(good, 1, 20)), ('version 0', set_byte(good, 0, 0)), ('version 2', set_byte(good, 0, 2)),
        ('digest', set_byte(good, 10, get_byte(good, 10) # 1)), ('text', set_byte(good, length(good) - 1, 99)),
        ('no lexicon', substr(good, 1, 4) || sha256('a') || 'a'), ('no UTF-8', substr(good, 1, 4) || sha256('\xff') || '\xff')) b (what, bad);
DROP CAST (lexicon AS bytea);
DROP CAST (bytea AS lexicon);
