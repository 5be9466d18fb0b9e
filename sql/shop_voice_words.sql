-- Which words speak of which theme, and the lexicons that they make.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- To begin with, each theme has words of both languages; every parent is a theme.
SELECT count(*) > 300 AS words, count(DISTINCT theme) > 30 AS themes,
       count(*) FILTER (WHERE NOT (valid @> timestamptz '2001-01-01 00:00+00' AND upper_inf(valid))) AS not_always,
       count(*) FILTER (WHERE parent NOT IN (SELECT w.theme FROM voice_theme_words w)) AS parent_of_no_words
  FROM voice_theme_words;
SELECT theme, array_agg(DISTINCT language) FROM voice_theme_words GROUP BY theme HAVING count(DISTINCT language) <> 2;
SELECT theme, word, count(*) FROM voice_theme_words GROUP BY theme, word HAVING count(*) > 1;
-- What customers say, and what is found of it.
SELECT body, loyalcs.themes(body, lexicon), loyalcs.sentiment(body, lexicon)
  FROM (VALUES ('届くまでに思ったより時間がかかりました。'), ('記念日に間に合わず残念でした。'), ('記念日に間に合わなかった'), ('まだ届いていません'), ('翌日に発送されて驚きました。'), ('早く届いて助かりました。'),
               ('写真と色味が少し違いました。'), ('サイズ選びが難しかったです。'), ('箱に小さな傷がありました。'), ('傷はありませんでした'), ('包装がとても丁寧でした。'), ('とても気に入っています。'),
               ('留め具がゆるく感じました。'), ('思ったより小さかったです。'), ('つけ心地が軽くて気に入っています。'), ('重くない'), ('返信がありません'), ('変色しました'), ('ｸﾗｽﾌﾟが外れた'),
               ('It arrived late, and the clasp came off.'), ('not heavy at all'), ('I love it!'), ('too small'), ('No reply from your support.'), ('Is it in stock?'), ('こんにちは'), ('')) v (body),
       read_lexicons('2026-01-01 00:00+00');

-- How rows become a lexicon: by the row's number, a theme's words are its parents' too.
DELETE FROM voice_theme_words;
ALTER TABLE voice_theme_words ALTER word_id RESTART WITH 11;
SELECT * FROM voice_lexicons_at('2026-01-01 00:00+00');
INSERT INTO voice_theme_words (theme, polarity, parent, word, valid) VALUES
    ('too heavy', -1, 'weight', '重い', '(,)'), ('too heavy', -1, 'weight', 'hea,vy "x"', '(,)'), ('light', 0.50, 'weight', '軽い', '(,)'),
    ('weight', NULL, 'wear', '重さ', '(,)'), ('too heavy', -1, 'weight', 'ずっしり', '[2026-02-01 00:00+00,2026-03-01 00:00+00)');
INSERT INTO voice_theme_words (theme, polarity, word, product_id, valid) VALUES ('chain', 0, 'チェーン', 'N-1', '(,)');
SELECT * FROM voice_lexicons_at('2026-01-01 00:00+00');
SELECT lexicon::loyalcs.lexicon FROM voice_lexicons_at('2026-01-31 23:59:59.999999+00') WHERE product_id IS NULL;
SELECT lexicon::loyalcs.lexicon FROM voice_lexicons_at('2026-02-01 00:00+00') WHERE product_id IS NULL;
SELECT lexicon::loyalcs.lexicon FROM voice_lexicons_at('2026-03-01 00:00+00') WHERE product_id IS NULL;
SELECT count(*), count(DISTINCT digest) FROM unnest('{2026-01-31 00:00+00,2026-02-28 00:00+00,2026-03-01 00:00+00}'::timestamptz[]) t, read_lexicons(t) WHERE product_id IS NULL;
SELECT product_id, length(lexicon) > 0 AS in_use FROM voice_lexicons;
-- a word is found in texts of its product alone
SELECT product_id, loyalcs.themes('チェーンが重い', lexicon) FROM read_lexicons('2026-01-01 00:00+00') ORDER BY product_id NULLS FIRST;

-- A row that would make a lexicon that cannot be used is refused, at whatever time it would.
SELECT setval(pg_get_serial_sequence('voice_theme_words', 'word_id'), 1000);
INSERT INTO voice_theme_words (word_id, theme, polarity, parent, word, valid)
VALUES (900, 'later', -1, NULL, 'snug', '[2030-01-01 00:00+00,2031-01-01 00:00+00)'), (901, 'up', NULL, 'over', 'u', '(,)');
CREATE FUNCTION pg_temp.tried(given text) RETURNS text LANGUAGE sql
RETURN regexp_replace(pg_temp.outcome('INSERT INTO voice_theme_words (word_id, theme, word, polarity, parent, valid, product_id) VALUES ' || given), '(.)\1{50,}', '\1…');
-- (What has no width is shown by its number: psql's versions differ in how wide it is.)
SELECT replace(s.given, U&'\200B', 'U+200B') AS given, replace(pg_temp.tried(s.given), U&'\200B', 'U+200B') AS tried
  FROM (VALUES
    ($$(1, 'new', 'w', NULL, NULL, '(,)', NULL)$$),
    ($$(1, '', 'w', NULL, NULL, '(,)', NULL)$$),
    ($$(1, 'new', '', NULL, NULL, '(,)', NULL)$$),
    ($$(1, 'new', '​', NULL, NULL, '(,)', NULL)$$),
    ($$(1, 'new', ' ', NULL, NULL, '(,)', NULL)$$),
    ($$(1, NULL, 'w', NULL, NULL, '(,)', NULL)$$),
    ($$(1, 'new', NULL, NULL, NULL, '(,)', NULL)$$),
    ($$(1, 'new', '軽いです', NULL, NULL, '(,)', NULL)$$),
    ($$(1, 'new', 'ｶﾙｲ', 1, NULL, '(,)', NULL)$$),
    ($$(1, 'new', '軽い', -1, NULL, '(,)', NULL)$$),
    ($$(1, 'new', '軽い', -1, NULL, '(,)', 'N-1')$$),
    ($$(1, 'new', 'チェーン', -1, NULL, '(,)', 'N-1')$$),
    ($$(1, 'new', 'ＳＮＵＧ', 1, NULL, '(,)', NULL)$$),
    ($$(1, 'new', 'ＳＮＵＧ', 1, NULL, '[2029-01-01 00:00+00,2030-01-01 00:00+00)', NULL)$$),
    ($$(1, 'new', 'ＳＮＵＧ', 1, NULL, '[2029-01-01 00:00+00,2030-01-01 00:00:01+00)', NULL)$$),
    ($$(1, 'new', 'ＳＮＵＧ', 1, NULL, '[2030-06-01 00:00+00,2030-07-01 00:00:01+00)', NULL)$$),
    ($$(1, 'new', 'ＳＮＵＧ', 1, NULL, 'empty', NULL)$$),
    ($$(1, 'new', 'w', 1.5, NULL, '(,)', NULL)$$),
    ($$(1, 'new', 'w', 0.1234, NULL, '(,)', NULL)$$),
    ($$(1, 'new', 'w', 'NaN', NULL, '(,)', NULL)$$),
    ($$(1, 'new', 'w', NULL, '', '(,)', NULL)$$),
    ($$(1, 'new', 'w', NULL, 'new', '(,)', NULL)$$),
    ($$(1, 'over', 'w', NULL, 'up', '(,)', NULL)$$),
    ($$(1, 'over', 'w', NULL, 'top', '(,)', NULL)$$),
    ($$(1, 'up', 'w', NULL, NULL, '(,)', NULL)$$),
    ($$(1, 'up', 'w', 1, 'over', '(,)', NULL)$$),
    ($$(1, 'up', 'w', NULL, 'over', '(,)', 'N-2')$$),
    ($$(1, 'new', 'w', NULL, NULL, NULL, NULL)$$),
    ($$(1, 'new', 'w', NULL, NULL, '[2026-01-01 00:00+00,2026-02-01 00:00+00]', NULL)$$),
    ($$(1, 'new', repeat('x', 600), NULL, NULL, '(,)', NULL)$$),
    ($$(1, 'new', repeat('x', 601), NULL, NULL, '(,)', NULL)$$),
    ($$(1, repeat('x', 201), 'w', NULL, NULL, '(,)', NULL)$$),
    ($$(2, 'fine', 'w', NULL, NULL, '(,)', NULL), (3, 'fine', 'W', NULL, NULL, '(,)', NULL)$$),
    ($$(2, 'fine', 'w', 1, NULL, '(,)', NULL), (3, 'fine', 'w', -1, NULL, '(,)', NULL)$$),
    ($$(2, 'fine', 'w', 1, NULL, '(,)', NULL), (3, 'bad', 'w', -1, NULL, '(,)', NULL)$$)
  ) s (given);
SELECT pg_temp.outcome(format('INSERT INTO voice_theme_words (theme, word) SELECT ''t'' || i, ''w'' || i FROM generate_series(1, %s) i', n)) FROM unnest('{994,995}'::integer[]) n;
SELECT regexp_replace(pg_temp.outcome('INSERT INTO voice_theme_words (theme, word) SELECT ''t'', repeat(chr(97 + i % 26), 500) || i FROM generate_series(1, 2200) i'), '(.)\1{40,}', '\1…');
-- So is a change that would; all words of a theme change together.
SELECT s.given, pg_temp.outcome('UPDATE voice_theme_words SET ' || s.given)
  FROM (VALUES ($$polarity = 1 WHERE theme = 'too heavy'$$), ($$polarity = 1 WHERE word = '重い'$$), ($$word = '軽い' WHERE word = '重い'$$), ($$parent = 'too heavy' WHERE theme = 'weight'$$),
               ($$valid = '(,)' WHERE word_id = 900$$), ($$language = 'ja'$$), ($$language = 'Japanese'$$)) s (given);
-- What goes makes nothing wrong.
SELECT pg_temp.outcome('DELETE FROM voice_theme_words WHERE theme = ''weight''');
