-- What a text speaks of, and whether it is pleased.
SET search_path = public, loyalcs;
\getenv srcdir PG_ABS_SRCDIR
\set errors :srcdir '/test/errors.sql'
\i :errors

\set jewel '''weight: 重い, もっと軽く, heavy; clasp -1: 外れやすい, 留め具; care: お手入れ, 変色'''
SELECT body, themes(body, :jewel), sentiment(body, :jewel)
  FROM (VALUES ('指輪は重いけれど、お手入れが楽です'), ('留め具が外れやすいです'), ('It is HEAVY!'), ('heavyweight'), ('ｈｅａｖｙ'), (''), ('満足'), (NULL)) v (body);
SELECT themes('heavy', ''), themes('', 'a: b'), themes(NULL, 'a: b'), themes('a', NULL);

-- Where: characters of the text as it is, so that it can be marked there.
SELECT h.*, substr(body, position, length) AS marked
  FROM (VALUES ('ﾋｶﾞｼ ガﾞ too  HEAVY, earring Ring ㌢ ring. ﾋｶﾞｼ'), ('か' || U&'\3099' || '重い重い'), ('e' || U&'\0301' || 'té ÉTÉ' || U&'\00AD' || '!'), ('👨‍👩‍👧重い')) v (body),
       theme_hits(body, 'a: ひがし, が; b: heavy, too heavy; c: ring; d: センチ, 重い; e: été') h;
-- of two themes, two rows, each in its theme's spelling
SELECT * FROM theme_hits('x Ring y', 'a: RING; b: ring, Ring');

-- What is one to people is one.
SELECT a, b, themes(a, format('t: "%s"', b)::lexicon) <> '{}' AS found
  FROM (VALUES ('ネックレス', 'ねっくれす'), ('ﾈｯｸﾚｽ', 'ネックレス'), ('ＳＩＺＥ', 'size'), ('サイズ　ちがい', 'サイズ ちがい'), (E'too\n  heavy', 'too heavy'),
               ('ÄRGER', 'ärger'), ('ΣΊΣΥΦΟΣ', 'σίσυφος'), ('ЁЖ', 'ёж'), ('don’t', 'don''t'), ('①', '1'), ('ﬁne', 'fine'), ('Å', U&'A\030A'), ('한글', U&'\1112\1161\11AB\1100\1173\11AF'),
               ('重い', '軽い'), ('か', 'が'), ('ハ', 'パ'), ('resume', 'résumé')) v (a, b);

-- Whole words of Latin letters, whatever stands in Japanese beside them.
SELECT body, themes(body, 'ring: ring; k18: K18; size: 11号; ache: ache')
  FROM (VALUES ('ring'), ('earring'), ('rings'), ('ring''s'), ('"ring"'), ('指輪ringです'), ('ring_1'), ('K18ゴールド'), ('K180'), ('111号'), ('11号'), ('headache, ache'), (U&'ache\0301')) v (body);
-- Of what overlaps the first, then the longest.
SELECT body, array_agg(word ORDER BY position) FROM (VALUES ('東京都庁'), ('京都庁'), ('大東京都'), ('東東京')) v (body),
       theme_hits(body, 'a: 東京, 京都, 東京都, 京都庁, 都庁') h GROUP BY body ORDER BY body COLLATE "C";

-- Denied.
SELECT body, sentiment(body, 'good 1: 好き, 重, heavy, good, 便利; bad -1: bad, ひどい; half 0.5: 軽い; none: 指輪; null 0: 普通')
  FROM (VALUES ('好き'), ('好きではない'), ('好きではありません'), ('好きじゃなかった'), ('重くない'), ('重くなくはない'), ('重いかもしれない'), ('重いかもしれません'), ('重いだけでなく'), ('重いばかりでなく'),
               ('便利。ない'), ('便利でとてもたのしくない'), ('好きナイ'), ('好きな人ではない'), ('軽い'), ('軽いと好き'), ('指輪'), ('普通'), ('普通で好き'), ('ひどいわけではない'),
               ('good'), ('not good'), ('not so very good'), ('not at all that good'), ('never good'), ('isn''t good'), ('isn’t good'), ('not. good'), ('no, good'), ('not only good'), ('nothing good'),
               ('good, not bad'), ('cannot be bad'), ('without good'), ('knot good'), ('not 好き'), ('not 重くない')) v (body);

-- Many texts.
SELECT theme_counts(body, 'a: x; b: y; c: z'), theme_counts(body, CASE WHEN body = 'x y' THEN 'a: x'::lexicon END) AS of_one
  FROM (VALUES ('x y'), ('x x'), (NULL), ('')) v (body);
SELECT theme_counts(body, 'a: x') FROM (VALUES (NULL), (NULL)) v (body);
SELECT theme_counts('x', '');
SELECT pg_temp.error_of($$SELECT theme_counts(body, (body || ': x')::lexicon) FROM (VALUES ('a'), ('b')) v (body)$$);
-- combined as it is in parallel, and counted in a window without being changed
SELECT theme_counts_final(theme_counts_combine(theme_counts_accum(NULL, 'x', 'a: x; b: y'), theme_counts_accum(NULL, 'x y', 'a: x; b: y')));
SELECT pg_temp.error_of($$SELECT theme_counts_combine(theme_counts_accum(NULL, 'x', 'a: x'), theme_counts_accum(NULL, 'x', 'b: x'))$$);
SELECT theme_counts(body, 'a: x; b: y') OVER (ORDER BY n) FROM (VALUES (1, 'x'), (2, 'y x'), (3, 'y')) v (n, body);
-- a forged state is none
SELECT pg_temp.error_of(format('SELECT theme_counts_final(%L)', bad)) FROM (SELECT theme_counts_accum(NULL, 'x', 'a: x') AS good) g,
       LATERAL (VALUES (''::bytea), (substr(good, 1, 12)), (set_byte(good, 0, 2)), (set_byte(good, 3, 255)), (set_byte(good, 11, 128)), (set_byte(good, 12, 1)), (substr(good, 1, length(good) - 1))) b (bad);

-- Long and odd texts.
SELECT length(body), cardinality(themes(body, 'a: あ, 重い; b: heavy')) AS themes, (SELECT count(*) FROM theme_hits(body, 'a: あ, 重い; b: heavy')) AS hits
  FROM (VALUES (repeat('あ', 10000)), (repeat('heavy ', 10000)), (repeat(U&'e\0301', 10000)), (repeat('👍🏽', 10000)), (repeat(U&'\0301', 10000) || '重い'), (repeat(U&'\FDFA', 1000))) v (body);
SELECT pg_temp.error_of($$SELECT themes(repeat('x', 4194305), 'a: x')$$);
SELECT themes(repeat('y', 4194304), 'a: x');

--
-- Against a search in plain SQL: texts and words over a small alphabet, so that
-- they overlap, repeat and contain each other.
--
SELECT setseed(0.5);
CREATE TABLE bodies AS
SELECT i, (SELECT string_agg(substr('aAbＢ重カかｶ 、ﾞé_1', 1 + floor(random() * 16)::int, 1), '') FROM generate_series(1, 3 + i % 25)) AS body FROM generate_series(1, 2000) i;
CREATE TABLE lists AS
SELECT j, array_agg(DISTINCT w) AS words
  FROM (SELECT j, (SELECT string_agg(substr('ab重かé_1', 1 + floor(random() * 7)::int, 1), '') FROM generate_series(1, 1 + (j + k) % 4)) AS w
          FROM generate_series(1, 20) j, generate_series(1, 12) k) l GROUP BY j;
CREATE FUNCTION plain(body text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN regexp_replace(translate(lower(normalize(body, NFKC) COLLATE "C"), 'Éか', 'éカ'), ' +', ' ', 'g');
CREATE FUNCTION plain_hits(body text, words text[]) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE t text := plain(body); i int := 1; found text; hits text[] := '{}';
BEGIN
    WHILE i <= length(t) LOOP
        SELECT w INTO found FROM unnest(words) w
         WHERE substr(t, i, length(w)) = plain(w)
           AND NOT (w ~ '^[a-zé0-9_]' AND i > 1 AND substr(t, i - 1, 1) ~ '[a-zé0-9_]')
           AND NOT (w ~ '[a-zé0-9_]$' AND substr(t, i + length(w), 1) ~ '[a-zé0-9_]')
         ORDER BY length(w) DESC LIMIT 1;
        IF found IS NULL THEN i := i + 1; ELSE hits := hits || found; i := i + length(found); END IF;
    END LOOP;
    RETURN hits;
END $$;
SELECT count(*) AS texts, sum(cardinality(p.hits)) > 3000 AS many_hits,
       count(*) FILTER (WHERE p.hits IS DISTINCT FROM o.hits) AS differ
  FROM bodies b JOIN lists l ON l.j = 1 + b.i % 20
 CROSS JOIN LATERAL (SELECT plain_hits(b.body, l.words) AS hits) p
 CROSS JOIN LATERAL (SELECT coalesce(array_agg(h.word ORDER BY h.position), '{}') AS hits
                       FROM theme_hits(b.body, ('t: ' || array_to_string(l.words, ', '))::lexicon) h) o;
-- Upper and lower case are those of Unicode, as far as letters are of living languages.
SELECT count(*) > 400 AS many, string_agg(upper, ' ') FILTER (WHERE themes(lower, ('t: ' || upper)::lexicon) = '{}') AS differ
  FROM (SELECT chr(i) AS upper, lower(chr(i) COLLATE "und-x-icu") AS lower
          FROM generate_series(192, 8191) i
         WHERE i NOT BETWEEN 4256 AND 7359) c   -- Georgian, Cherokee: one case in use
 WHERE upper <> lower AND length(lower) = 1 AND normalize(upper, NFKC) = upper
   AND upper !~ '[Ɓ-ƟƦ-ƮƱƲƷ-ǃǴǶǷȠȺ-ɏͰ-ͽͿϏϘ-ϯϴ-ϿӀἀ-῿]';   -- of linguists, Copts and polytonic Greek
