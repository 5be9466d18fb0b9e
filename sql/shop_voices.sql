-- What customers say, wherever they say it.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2026-01-01 00:00+09';
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben');
INSERT INTO surveys VALUES ('s', 'S');
INSERT INTO survey_questions (survey, question, "position", kind, wording, scale_low, scale_high) VALUES
    ('s', 'again', 3, 'nps', '?', 0, 10), ('s', 'recommend', 2, 'nps', '?', 0, 10), ('s', 'happy', 1, 'csat', '?', 1, 5), ('s', 'why', 4, 'text', '?', NULL, NULL), ('s', 'else', 5, 'text', '?', NULL, NULL);

-- Of each kind one, and what is no text: NULL, nothing, blanks.
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at) VALUES
    ('ann', 'r1', 's', '2026-03-01 10:00+09'), ('ben', 'r1', 's', '2026-03-02 10:00+09'), ('ben', 'r2', 's', '2026-03-03 10:00+09');
INSERT INTO survey_answers (customer_id, response_id, survey, question, score, answer) VALUES
    ('ann', 'r1', 's', 'again', 1, NULL), ('ann', 'r1', 's', 'recommend', 9, NULL), ('ann', 'r1', 's', 'happy', 5, NULL), ('ann', 'r1', 's', 'why', NULL, '軽い'), ('ann', 'r1', 's', 'else', NULL, 'なし'),
    ('ben', 'r1', 's', 'again', 3, NULL), ('ben', 'r1', 's', 'recommend', NULL, NULL), ('ben', 'r1', 's', 'why', NULL, ' 　' || chr(9)), ('ben', 'r1', 's', 'else', NULL, 'heavy'),
    ('ben', 'r2', 's', 'why', NULL, ''), ('ben', 'r2', 's', 'else', NULL, 'x');
INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars, title, body) VALUES
    ('ann', '1', 'N-1', '2026-03-04 10:00+09', 5, 'T', 'B'), ('ann', '2', 'N-1', '2026-03-05 10:00+09', 4, 'T', NULL), ('ann', '3', 'N-2', '2026-03-06 10:00+09', 3, NULL, 'B'),
    ('ben', '1', 'N-2', '2026-03-07 10:00+09', 2, NULL, NULL), ('ben', '2', 'N-2', '2026-03-08 10:00+09', 1, '', '');
INSERT INTO tickets (customer_id, ticket_id, channel, subject) VALUES ('ann', 't', 'email', 'not read');
INSERT INTO ticket_events (customer_id, ticket_id, event_id, at, kind, agent_id, note) VALUES
    ('ann', 't', 1, '2026-03-09 10:00+09', 'opened', NULL, '外れた'), ('ann', 't', 2, '2026-03-09 11:00+09', 'agent_reply', NULL, 'sorry'), ('ann', 't', 3, '2026-03-09 12:00+09', 'customer_message', NULL, NULL),
    ('ann', 't', 4, '2026-03-09 13:00+09', 'note', NULL, 'our own'), ('ann', 't', 5, '2026-03-09 14:00+09', 'reopened', NULL, 'again');
INSERT INTO hearings (customer_id, month, picked_at, picked_for, reason, result, called_at, score, note) VALUES
    ('ann', '2026-03-01', '2026-03-01 10:00+09', 'high_spender', 'r', 'heard', '2026-03-10 10:00+09', 8, 'Ⓐ'), ('ben', '2026-03-01', '2026-03-01 10:00+09', 'high_spender', 'r', NULL, NULL, NULL, 'to be called');
INSERT INTO posts (post_id, customer_id, network, author, url, published_at, product_id, body) VALUES
    ('p1', 'ben', 'instagram', '@ben', 'https://example.com/p1', '2026-03-11 10:00+09', 'N-1', 'きれい'), ('p2', NULL, 'x', '@who', NULL, '2026-03-12 10:00+09', NULL, 'لا أحب'), ('p3', NULL, 'x', NULL, NULL, '2026-03-13 10:00+09', NULL, ' ');
SELECT source, customer_id, text_id, piece, product_id, said_at AT TIME ZONE 'Asia/Tokyo' AS said_at, rating, body FROM voices_all_at('2026-04-01 00:00+09') ORDER BY said_at, piece;
-- as it was
SELECT source, count(*) FROM voices_all_at('2026-03-09 10:00+09') GROUP BY source ORDER BY 1;
SELECT count(*) FROM voices_all_at('-infinity');
SELECT count(*) FROM voices_all_at(NULL);
SELECT pg_temp.same_elsewhere($$SELECT * FROM voices_all_at('2026-04-01 00:00+09')$$);

-- What a post may not be.
SELECT s.given, pg_temp.outcome('INSERT INTO posts (post_id, customer_id, network, published_at, body) VALUES ' || s.given)
  FROM (VALUES ($$('n', NULL, 'x', '2026-03-12 10:00+09', '')$$), ($$('p1', NULL, 'x', '2026-03-12 10:00+09', 'b')$$), ($$('n', 'nobody', 'x', '2026-03-12 10:00+09', 'b')$$),
               ($$('n', NULL, 'x', 'infinity', 'b')$$), ($$('n', NULL, 'x', NULL, 'b')$$), ($$('n', NULL, NULL, '2026-03-12 10:00+09', 'b')$$), ($$('n', NULL, 'x', '2026-03-12 10:00+09', NULL)$$)) s (given);

-- A month's texts are found by an index, of each source, however many there are.
INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars, body) SELECT 'ann', 'r' || i, 'N-1', timestamptz '2020-01-01 00:00+00' + i * interval '1 hour', 5, 'b' FROM generate_series(1, 3000) i;
INSERT INTO posts (post_id, network, published_at, body) SELECT 'q' || i, 'x', timestamptz '2020-01-01 00:00+00' + i * interval '1 hour', 'b' FROM generate_series(1, 3000) i;
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at) SELECT 'ann', 'q' || i, 's', timestamptz '2020-01-01 00:00+00' + i * interval '1 hour' FROM generate_series(1, 3000) i;
INSERT INTO survey_answers (customer_id, response_id, survey, question, answer) SELECT 'ann', 'q' || i, 's', 'why', 'b' FROM generate_series(1, 3000) i;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, note) SELECT 'ann', 't', timestamptz '2020-01-01 00:00+00' + i * interval '1 hour', 'customer_message', 'b' FROM generate_series(1, 3000) i;
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 3000) i;
INSERT INTO hearings (customer_id, month, picked_at, picked_for, reason, result, called_at, note)
SELECT 'c' || i, '2020-01-01', '2020-01-01 00:00+00', 'repeat_buyer', 'r', 'heard', timestamptz '2020-01-01 00:00+00' + i * interval '1 hour', 'b' FROM generate_series(1, 3000) i;
ANALYZE customers, reviews, posts, survey_responses, survey_answers, ticket_events, hearings;
CREATE FUNCTION pg_temp.scanned(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
    RETURN (SELECT string_agg(DISTINCT m[1], ' ' ORDER BY m[1])
              FROM regexp_matches(plan::text, '"Seq Scan"[^{}]*"Relation Name": "([a-z_]+)"', 'g') m WHERE m[1] <> 'survey_questions');
END
$$;
SELECT pg_temp.scanned($$SELECT * FROM voices_all_at('2026-04-01 00:00+09') WHERE said_at >= '2026-03-01 00:00+09' AND said_at < '2026-03-02 00:00+09'$$) AS whole_tables;

-- A brand's relations may have no text at all; and text of its own.
CREATE SCHEMA shop_voices_own;
CREATE VIEW shop_voices_own.reviews AS
SELECT NULL::text AS customer_id, NULL::text AS review_id, NULL::text AS product_id, NULL::text AS order_id, NULL::timestamptz AS reviewed_at, NULL::smallint AS stars WHERE false;
CREATE VIEW shop_voices_own.posts AS
SELECT '1'::text AS post_id, NULL::text AS customer_id, 'x'::text AS network, timestamptz '2026-03-01 00:00+09' AS published_at, NULL::text AS product_id, 'その重さ'::text AS body;
SELECT FROM loyalcs.create_shop('shop_voices_own');
SELECT source, text_id, body FROM shop_voices_own.voices_all;
SELECT s, shop_voices_own.voices_are_noted(s) FROM unnest(voice_sources()) s;
