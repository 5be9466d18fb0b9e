-- What texts matched, kept beside them: never served by yesterday's words.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SELECT FROM loyalcs.create_shop('shop_voice_matches', key_type => 'bigint');
SET search_path = shop_voice_matches;
UPDATE settings SET live_since = '2026-01-01 00:00+09';
DELETE FROM voice_theme_words;
INSERT INTO voice_theme_words (theme, polarity, parent, word, product_id, valid) VALUES
    ('heavy', -1, 'weight', '重い', NULL, '(,)'), ('heavy', -1, 'weight', 'heavy', NULL, '(,)'), ('light', 1, 'weight', '軽い', NULL, '(,)'), ('chain', NULL, NULL, 'チェーン', 'N-1', '(,)');
INSERT INTO customers (customer_id) SELECT i FROM generate_series(1, 6) i;
INSERT INTO surveys VALUES ('s', 'S');
INSERT INTO survey_questions (survey, question, "position", kind, wording, scale_low, scale_high) VALUES ('s', 'recommend', 1, 'nps', '?', 0, 10), ('s', 'why', 2, 'text', '?', NULL, NULL), ('s', 'else', 3, 'text', '?', NULL, NULL);

-- What is read against what is there, matched by hand: differences both ways.
CREATE FUNCTION pg_temp.wrong(as_of timestamptz DEFAULT '2026-04-01 00:00+09', since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity') RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    WITH expected AS (
        SELECT v.source, v.customer_id, v.text_id, v.piece, v.product_id, v.said_at, v.rating,
               loyalcs.themes(v.body, l.lexicon::loyalcs.lexicon) AS themes, loyalcs.sentiment(v.body, l.lexicon::loyalcs.lexicon) AS sentiment
          FROM voices_all_at(wrong.as_of) v
          JOIN voice_lexicons_at(wrong.as_of) l
            ON l.product_id IS NOT DISTINCT FROM CASE WHEN EXISTS (SELECT FROM voice_lexicons_at(wrong.as_of) o WHERE o.product_id = v.product_id) THEN v.product_id END
         WHERE v.said_at >= wrong.since AND v.said_at < wrong.until
    ), found AS (
        SELECT * FROM voices_read(wrong.since, wrong.until, wrong.as_of)
    )
    SELECT count(*) FROM ((TABLE expected EXCEPT ALL TABLE found) UNION ALL (TABLE found EXCEPT ALL TABLE expected)) d;
END;
CREATE FUNCTION pg_temp.after(statement text, OUT wrong_before_matching bigint, OUT marks bigint, OUT matched bigint, OUT wrong bigint, OUT left_over bigint, OUT kept bigint) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    wrong_before_matching := pg_temp.wrong() + pg_temp.wrong('2026-03-05 00:00+09') + pg_temp.wrong('2026-04-01 00:00+09', '2026-03-03 00:00+09', '2026-03-04 00:00+09');
    marks := (SELECT count(*) FROM voice_changes);
    matched := match_voices();
    wrong := pg_temp.wrong() + pg_temp.wrong('2026-03-05 00:00+09') + pg_temp.wrong('2026-04-01 00:00+09', '2026-03-03 00:00+09', '2026-03-04 00:00+09');
    left_over := (SELECT count(*) FROM voice_changes);
    kept := (SELECT count(*) FROM voice_matches);
END $$;

-- Whatever happens to a text, of each source: what is read is so at once, and after it was matched.
CREATE TABLE pg_temp.steps (n serial, statement text);
INSERT INTO pg_temp.steps (statement) VALUES
    ('SELECT 1'),
    -- surveys
    ($$INSERT INTO survey_responses (customer_id, response_id, survey, responded_at) VALUES (1, 'a', 's', '2026-03-01 10:00+09'), (2, 'a', 's', '2026-03-03 10:00+09')$$),
    ($$INSERT INTO survey_answers (customer_id, response_id, survey, question, score, answer) VALUES (1, 'a', 's', 'why', NULL, '重い'), (1, 'a', 's', 'else', NULL, '軽い'), (2, 'a', 's', 'why', NULL, 'not heavy')$$),
    ($$INSERT INTO survey_answers (customer_id, response_id, survey, question, score) VALUES (1, 'a', 's', 'recommend', 9)$$),
    ($$UPDATE survey_answers SET score = 3 WHERE question = 'recommend'$$),
    ($$UPDATE survey_answers SET answer = '軽い' WHERE question = 'why'$$),
    ($$UPDATE survey_answers SET question = 'else' WHERE customer_id = 2$$),
    ($$UPDATE survey_answers SET answer = ' ' WHERE customer_id = 1 AND question = 'else'$$),
    ($$UPDATE survey_answers SET answer = NULL WHERE customer_id = 1 AND question = 'else'$$),
    ($$UPDATE survey_responses SET responded_at = '2026-03-10 10:00+09' WHERE customer_id = 2$$),
    ($$DELETE FROM survey_answers WHERE question = 'recommend'$$),
    ($$DELETE FROM survey_answers WHERE customer_id = 2$$),
    -- reviews
    ($$INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars, title, body) VALUES (1, 'v1', 'N-1', '2026-03-03 10:00+09', 5, 'チェーン', '軽い'), (2, 'v1', 'N-2', '2026-03-03 11:00+09', 1, 'チェーン', '重い'), (2, 'v2', 'N-1', '2026-03-04 11:00+09', 3, NULL, NULL)$$),
    ($$UPDATE reviews SET body = '重い'$$),
    ($$UPDATE reviews SET stars = 2$$),
    ($$UPDATE reviews SET product_id = 'N-1' WHERE customer_id = 2$$),
    ($$UPDATE reviews SET reviewed_at = '2026-03-20 10:00+09' WHERE customer_id = 1$$),
    ($$UPDATE reviews SET customer_id = 3, review_id = 'v9' WHERE customer_id = 1$$),
    ($$UPDATE reviews SET body = NULL, title = NULL WHERE customer_id = 3$$),
    ($$DELETE FROM reviews WHERE review_id = 'v1'$$),
    ($$TRUNCATE reviews$$),
    -- tickets
    ($$INSERT INTO tickets (customer_id, ticket_id, channel) VALUES (1, 't1', 'email'), (2, 't1', 'email')$$),
    ($$INSERT INTO ticket_events (customer_id, ticket_id, at, kind, note) VALUES (1, 't1', '2026-03-03 10:00+09', 'opened', '重い'), (1, 't1', '2026-03-03 11:00+09', 'agent_reply', '重い'), (1, 't1', '2026-03-03 12:00+09', 'customer_message', '軽い'), (2, 't1', '2026-03-03 12:00+09', 'opened', NULL)$$),
    ($$SELECT record_ticket_event(2, 't1', 'customer_message', '2026-03-06 12:00+09', NULL, '重い')$$),
    ($$UPDATE ticket_events SET note = 'heavy' WHERE kind = 'customer_message'$$),
    ($$UPDATE ticket_events SET note = 'heavy' WHERE kind = 'agent_reply'$$),
    ($$DELETE FROM tickets WHERE customer_id = 2$$),
    -- hearings
    ($$INSERT INTO hearings (customer_id, month, picked_at, picked_for, reason) VALUES (1, '2026-03-01', '2026-03-01 10:00+09', 'high_spender', 'r'), (2, '2026-03-01', '2026-03-01 10:00+09', 'high_spender', 'r')$$),
    ($$UPDATE hearings SET note = '軽い' WHERE customer_id = 1$$),
    ($$UPDATE hearings SET called_at = '2026-03-03 10:00+09', result = 'heard', score = 4$$),
    ($$UPDATE hearings SET note = '重い' WHERE customer_id = 2$$),
    ($$UPDATE hearings SET score = 8 WHERE customer_id = 2$$),
    ($$DELETE FROM hearings WHERE customer_id = 1$$),
    -- posts
    ($$INSERT INTO posts (post_id, customer_id, network, published_at, product_id, body) VALUES ('p1', 3, 'x', '2026-03-03 10:00+09', 'N-1', 'チェーンが重い'), ('p2', NULL, 'x', '2026-03-03 10:00+09', NULL, 'チェーンが軽い'), ('p3', NULL, 'x', '2026-03-04 10:00+09', 'N-1', 'チェーン')$$),
    ($$UPDATE posts SET body = 'heavy' WHERE post_id = 'p2'$$),
    ($$UPDATE posts SET customer_id = 4 WHERE post_id = 'p2'$$),
    ($$UPDATE posts SET customer_id = NULL WHERE post_id = 'p1'$$),
    ($$UPDATE posts SET product_id = NULL WHERE post_id = 'p3'$$),
    ($$UPDATE posts SET author = 'a'$$),
    ($$UPDATE posts SET post_id = 'p4' WHERE post_id = 'p2'$$),
    ($$DELETE FROM posts WHERE post_id = 'p3'$$),
    -- the words
    ($$INSERT INTO voice_theme_words (theme, word, valid) VALUES ('chain', 'チェーン', '[2026-03-15 00:00+09,)')$$),
    ($$UPDATE voice_theme_words SET valid = '(,2026-03-30 00:00+09)' WHERE word = 'heavy'$$),
    ($$UPDATE voice_theme_words SET product_id = NULL, valid = '(,)' WHERE theme = 'chain' AND product_id IS NOT NULL$$),
    ($$UPDATE voice_theme_words SET theme = 'necklace' WHERE theme = 'chain'$$),
    ($$DELETE FROM voice_theme_words WHERE theme = 'light'$$),
    -- who is gone
    ($$DELETE FROM customers WHERE customer_id = 5$$),
    -- long and odd
    ($$INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars, body)
       SELECT 6, 'o' || n, 'N-1', '2026-03-03 10:00+09', 5, body
         FROM unnest(ARRAY[repeat('重い', 5000), repeat('👍🏽', 10000), 'ﾁｪｰﾝが👨‍👩‍👧重い', U&'e\0301 heavy\200F', 'العقد ثقيل جدا', '', E'\n\n', repeat(U&'\0301', 10000), '重' || chr(8203) || 'い']) WITH ORDINALITY b (body, n)$$);
SELECT n, left(regexp_replace(statement, '\s+', ' ', 'g'), 90) AS statement, a.*
  FROM pg_temp.steps, LATERAL pg_temp.after(statement) a ORDER BY n;
-- All of it was right, and all was kept.
SELECT source, text_id, piece, themes, sentiment FROM voice_matches ORDER BY source, text_id COLLATE "C", piece;

-- Emptied, one after the other.
SELECT statement, a.* FROM unnest('{TRUNCATE posts,"TRUNCATE survey_answers, reviews","DELETE FROM ticket_events"}'::text[]) statement, pg_temp.after(CASE statement WHEN 'DELETE FROM ticket_events' THEN 'DELETE FROM tickets' ELSE statement END) a;
SELECT a.* FROM pg_temp.after('TRUNCATE hearings') a;

-- So many at a time, until there are none; whoever changes often is looked at once.
INSERT INTO posts (post_id, network, published_at, body) SELECT 'p' || i, 'x', timestamptz '2026-03-01 00:00+09' + i * interval '1 hour', CASE i % 2 WHEN 0 THEN '重い' ELSE '軽い' END FROM generate_series(1, 7) i;
UPDATE posts SET body = body || '!' WHERE post_id = 'p1';
UPDATE posts SET body = body || '!' WHERE post_id = 'p1';
SELECT n, match_voices(3) AS looked_at, pg_temp.wrong() FROM generate_series(1, 5) n;
INSERT INTO voice_theme_words (theme, word, valid) VALUES ('light', '軽い', '(,)');
SELECT n, match_voices(3) AS looked_at, pg_temp.wrong() FROM generate_series(1, 4) n;
SELECT a, pg_temp.outcome(format('SELECT match_voices(%s)', a)) FROM unnest('{"NULL",0,-1}'::text[]) a;

-- What was only written again is neither marked nor kept again.
CREATE TABLE pg_temp.before AS SELECT ctid AS place, * FROM voice_matches;
UPDATE posts SET body = body;
SELECT count(*) AS marks FROM voice_changes;
INSERT INTO voice_changes (customer_id, source, text_id, said_at) SELECT customer_id, source, text_id, said_at FROM voice_matches;
SELECT match_voices(), (SELECT count(*) FROM pg_temp.before) AS kept, (SELECT count(*) FROM pg_temp.before b JOIN voice_matches m ON m.ctid = b.place AND m.text_id = b.text_id) AS untouched;

-- Where changes are not marked, nothing that is kept is served.
ALTER TABLE posts DISABLE TRIGGER note_changed_voice;
SELECT voices_are_noted('post'), voices_are_noted('review');
UPDATE posts SET body = 'heavy 重い' WHERE post_id IN ('p1', 'p3');
SELECT pg_temp.wrong();
SELECT match_voices();
SELECT pg_temp.wrong();
ALTER TABLE posts ENABLE TRIGGER note_changed_voice;
SELECT pg_temp.wrong() > 0 AS as_was_said;
SELECT forget_voice_matches(), pg_temp.wrong();
SELECT match_voices(), pg_temp.wrong();

-- A report reads themes, and no texts: it is told how many wait, and is never told by
-- yesterday's words.
CREATE ROLE regress_voice_matches_report;
CREATE ROLE regress_voice_matches_service;
CREATE ROLE regress_voice_matches_admin;
SELECT loyalcs.grant_shop('shop_voice_matches', ('regress_voice_matches_' || level)::regrole, level) FROM unnest('{report,service,admin}'::text[]) level;
CREATE FUNCTION pg_temp.seen(level text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE regress_voice_matches_%s', level);
    RETURN (SELECT format('%s matched, %s wait', count(themes), count(*) - count(themes)) FROM voices_read('-infinity', 'infinity', '2026-04-01 00:00+09'));
END $$;
CREATE FUNCTION pg_temp.all_see() RETURNS TABLE (level text, sees text) LANGUAGE plpgsql AS $$
BEGIN
    FOREACH level IN ARRAY '{report,service,admin}'::text[] LOOP
        sees := pg_temp.seen(level);
        RESET ROLE;
        RETURN NEXT;
    END LOOP;
END $$;
SELECT * FROM pg_temp.all_see();
SET ROLE regress_voice_matches_service;
UPDATE posts SET body = '重い' WHERE post_id IN ('p1', 'p2');
INSERT INTO posts (post_id, customer_id, network, published_at, body) VALUES ('p8', 1, 'x', '2026-03-03 00:00+09', 'heavy');
INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars, body) VALUES (1, '1', 'N-1', '2026-03-03 10:00+09', 5, '重い');
INSERT INTO survey_answers (customer_id, response_id, survey, question, answer) VALUES (1, 'a', 's', 'why', '重い');
RESET ROLE;
SELECT * FROM pg_temp.all_see();
INSERT INTO voice_theme_words (theme, word, valid) VALUES ('mark', '!', '(,)');
SELECT * FROM pg_temp.all_see();
SELECT level, pg_temp.outcome(format('SET LOCAL ROLE regress_voice_matches_%s; %s', level, statement))
  FROM unnest('{report,service,admin}'::text[]) level, unnest('{SELECT * FROM voices_all,SELECT match_voices(),SELECT forget_voice_matches(),SELECT quotes FROM voice_matches,SELECT body_digest FROM voice_matches}'::text[]) WITH ORDINALITY s (statement, n)
 ORDER BY n, level COLLATE "C";
SET ROLE regress_voice_matches_admin;
SELECT match_voices();
RESET ROLE;
SELECT * FROM pg_temp.all_see();
SELECT pg_temp.wrong();

-- Quotes are kept only where that is wanted, and gone at once when it is not any more.
SELECT count(*) FILTER (WHERE quotes IS NOT NULL) FROM voice_matches;
UPDATE posts SET body = '私の番号は０９０-1234-5678、メールは ann.o+x@example.com です。' || repeat('あ', 100) || '重いです。注文 AU-000123、電話 (03) 1234 5678、2026年。' || repeat('い', 200) WHERE post_id = 'p1';
UPDATE settings SET keeps_quotes = true;
SELECT match_voices() = (SELECT count(*) FROM voice_matches) AS all_again;
SELECT text_id, themes, quotes FROM voice_matches WHERE text_id IN ('p1', 'p2', 'p3') ORDER BY text_id;
SELECT count(*) FILTER (WHERE quotes IS NULL) FROM voice_matches;
UPDATE settings SET keeps_quotes = false;
SELECT count(*) FILTER (WHERE quotes IS NOT NULL), (SELECT count(*) FROM voice_changes) FROM voice_matches;
SELECT at, quote_of(repeat('a', 60) || repeat('b', 40) || repeat('c', 100), at) FROM unnest('{1,61,62,101,200}'::integer[]) at;
SELECT quote_of(body, 1), quote_of(repeat('y', 50) || body || 'z', 52 + length(body)) FROM unnest('{x,12345,123456,12-34-56 7,1 2 3 4 5,２０２６年１２月,a@b and c＠d.jp}'::text[]) body;

-- With a customer goes what is kept of what the customer said.
INSERT INTO posts (post_id, customer_id, network, published_at, body) VALUES ('p9', 6, 'x', '2026-03-03 00:00+09', 'heavy');
SELECT match_voices();
DELETE FROM posts WHERE customer_id = 6;
DELETE FROM customers WHERE customer_id = 6;
SELECT count(*) FROM voice_matches WHERE customer_id = 6;
SELECT match_voices(), pg_temp.wrong();

-- Many texts at once are matched, and read, in a time that grows as they do: in a shop that was
-- just loaded and of which the planner knows nothing, in one that is analyzed, and with texts
-- that each customer numbers from one. (Against each other: what looked at each text with each
-- took fifty times as long. The better of two counts.)
CREATE FUNCTION pg_temp.time_of(what text, ids text) RETURNS interval LANGUAGE plpgsql AS $$
DECLARE
    fastest interval; began timestamptz; took interval; n bigint;
BEGIN
    FOR i IN 1 .. 2 LOOP
        BEGIN
            INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars, body)
            SELECT c, CASE ids WHEN 'of the shop' THEN c::text ELSE '1' END, 'p', timestamptz '2026-03-20 12:00+09', 5, '重い' FROM generate_series(1001, 4000) c;
            IF what <> 'first' AND what <> 'read before' THEN
                PERFORM match_voices();
            END IF;
            IF what = 'analyzed' THEN
                ANALYZE reviews, voice_changes, voice_matches;
            END IF;
            IF what IN ('again', 'analyzed') THEN
                INSERT INTO voice_theme_words (theme, word, valid) VALUES ('another', '別の言葉', '(,)');
            END IF;
            began := clock_timestamp();
            IF what LIKE 'read%' THEN
                SELECT count(*) INTO n FROM voices_read('2026-03-20 00:00+09', '2026-03-21 00:00+09', '2026-04-01 00:00+09');
            ELSE
                SELECT match_voices() INTO n;
            END IF;
            took := clock_timestamp() - began;
            IF n < 3000 THEN
                RAISE EXCEPTION 'only % were looked at', n;
            END IF;
            RAISE EXCEPTION USING ERRCODE = 'LC000';
        EXCEPTION WHEN SQLSTATE 'LC000' THEN
            fastest := least(fastest, took);
        END;
    END LOOP;
    RETURN fastest;
END $$;
INSERT INTO customers (customer_id) SELECT i FROM generate_series(1001, 4000) i;
CREATE TEMP TABLE timed AS
SELECT w AS what, i AS ids, pg_temp.time_of(w, i) AS took
  FROM unnest('{first,again,analyzed,read before}'::text[]) w, unnest('{of the shop,of each customer}'::text[]) i;
SELECT what, ids, took > 12 * (SELECT min(t.took) FROM timed t WHERE t.what !~ '^read') AS out_of_proportion FROM timed ORDER BY what, ids;
DELETE FROM customers WHERE customer_id > 1000;

SET search_path = public;
DROP OWNED BY regress_voice_matches_report, regress_voice_matches_service, regress_voice_matches_admin;
DROP ROLE regress_voice_matches_report, regress_voice_matches_service, regress_voice_matches_admin;
