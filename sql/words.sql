-- The words of a text that no theme catches, and how alike two texts are.
SET search_path = public, loyalcs;
\getenv srcdir PG_ABS_SRCDIR
\set errors :srcdir '/test/errors.sql'
\i :errors

-- Runs of kanji and of katakana from two on, words of other letters from three on; numbers and hiragana are none.
SELECT body, unmatched_words(body, '')
  FROM (VALUES ('配送状況とカタログについて'), ('ｶﾀﾛｸﾞ ガﾞ'), ('人々の輝き'), ('人 ア あああ'), ('ラーメンかわいー'), ('ABC abc Abc'), ('an ant'), ('123 1234 1_2 k18 11号 ２０２６'), ('don''t don’t ''quoted'''),
               ('earring-shop, v2.0'), ('العقد ثقيل'), ('Ärger été ЁЖИК'), ('👍🏽 ♥ ー'), ('한글'), (''), (repeat('重', 40)), (repeat('重', 41)), (repeat('x', 41)), (NULL)) v (body);
-- What a theme catches is cut out, and what is left stands for itself.
SELECT body, unmatched_words(body, 'delivery: 配送; care: お手入れ; ring: ring, 指輪; cat: カタ')
  FROM (VALUES ('配送状況'), ('状況配送状況'), ('お手入れ方法'), ('ring rings earring'), ('指輪'), ('カタログ'), ('配送配送')) v (body);
SELECT unmatched_words(NULL, 'a: b'), unmatched_words('a', NULL);
-- Long texts, and each word once.
SELECT length(body), cardinality(unmatched_words(body, 'a: 重い')) FROM (VALUES (repeat('変色 ', 10000)), (repeat('重い', 5000)), (repeat('👍🏽', 10000)),
       ((SELECT string_agg('w' || i || 'x', ' ') FROM generate_series(100, 9099) i))) v (body);
SELECT pg_temp.error_of($$SELECT unmatched_words(repeat('x', 4194305), 'a: x')$$);
SELECT pg_temp.error_of($$SELECT bigram_similarity(repeat('x', 4194305), 'x')$$);

-- By hand: 配送状況 has 配送 送状 状況, 配送の状況 has 配送 送の の状 状況: 2 of 5. night and nacht share ht: 1 of 7.
SELECT a, b, bigram_similarity(a, b), bigram_similarity(b, a) = bigram_similarity(a, b) AS both_ways
  FROM (VALUES ('配送状況', '配送の状況'), ('night', 'nacht'), ('RING', 'ring'), ('ｻｲｽﾞ', 'サイズ'), ('さいず', 'サイズ'), ('サイズ', 'サイス'), ('ab', 'a b'), ('ab ab', 'ab'), ('a', 'a'), ('', ''), ('👍', '👍'), ('ab', NULL),
               ('指輪、交換', '交換。指輪'), ('العقد', 'العقد')) v (a, b);
-- Against plain SQL.
SELECT setseed(0.5);
CREATE TABLE texts AS
SELECT i, (SELECT string_agg(substr('abc重軽いサ ', 1 + floor(random() * 8)::int, 1), '') FROM generate_series(1, 2 + i % 17)) AS body FROM generate_series(1, 200) i;
CREATE FUNCTION pairs(body text) RETURNS text[] LANGUAGE sql IMMUTABLE
RETURN ARRAY(SELECT DISTINCT p FROM (SELECT substr(translate(body, 'い', 'イ'), n, 2) AS p FROM generate_series(1, length(body) - 1) n) s WHERE p !~ ' ');
SELECT count(*) AS pairs, count(*) FILTER (WHERE s > 0) > 1000 AS many_alike,
       count(*) FILTER (WHERE abs(s - coalesce(e, 0)) > 1e-12) AS differ
  FROM (SELECT bigram_similarity(a.body, b.body) AS s,
               (SELECT count(*)::float8 FROM unnest(pairs(a.body)) x JOIN unnest(pairs(b.body)) y ON x = y)
               / nullif((SELECT count(DISTINCT x) FROM unnest(pairs(a.body) || pairs(b.body)) x), 0) AS e
          FROM texts a JOIN texts b ON b.i BETWEEN a.i AND a.i + 40) t;
