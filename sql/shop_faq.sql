-- Answers that are written once, and the questions that keep coming without one.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2026-01-01 00:00+09', minimum_answers = 3;
DELETE FROM voice_theme_words;
INSERT INTO voice_theme_words (theme, word, valid) VALUES ('size', 'サイズ', '(,)'), ('size', 'size', '(,)'), ('delivery', '配送', '(,)'), ('delivery', '届', '(,)');
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 30) i;
INSERT INTO agents (agent_id, is_machine) VALUES ('mori', false), ('bot', true);

-- What an entry may not be.
SELECT s.given, pg_temp.outcome('INSERT INTO faq (question, answer, language, themes, last_reviewed_at) VALUES ' || s.given)
  FROM (VALUES ($$('q', 'a', NULL, '{}', '2026-01-01')$$), ($$('', 'a', NULL, '{}', '2026-01-01')$$), ($$('q', '　', NULL, '{}', '2026-01-01')$$), ($$(NULL, 'a', NULL, '{}', '2026-01-01')$$), ($$('q', 'a', 'Japanese', '{}', '2026-01-01')$$),
               ($$('q', 'a', 'ja', '{""}', '2026-01-01')$$), ($$('q', 'a', 'ja', '{NULL}', '2026-01-01')$$), ($$('q', 'a', 'ja', '{{a}}', '2026-01-01')$$), ($$('q', 'a', 'ja', '{a}', 'infinity')$$)) s (given);
SELECT s.given, pg_temp.outcome('UPDATE settings SET ' || s.given)
  FROM (VALUES ('faq_review_after = ''0'''), ('faq_review_after = ''11 years'''), ('faq_review_after = ''1 year'''), ('faq_similarity = 0'), ('faq_similarity = 1'), ('faq_similarity = 1.1'), ('faq_similarity = ''NaN''')) s (given);

-- Inquiries: six about exchanging a size, of whom one complains, one needs two replies, one is not resolved, and one was reopened: for two of them one answer
-- was enough (the machine's is none). Three ask where a parcel is, one of them about a size too; two in English about a size.
CREATE FUNCTION pg_temp.asks(n integer, body text, VARIADIC log text[]) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO tickets (customer_id, ticket_id, channel, complaint) VALUES ('c' || n, 't' || n, 'email', log[1] = 'complaint');
    INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, note)
    SELECT 'c' || n, 't' || n, timestamptz '2026-03-01 00:00+09' + n * interval '1 day' + i * interval '1 minute', CASE kind WHEN 'auto' THEN 'agent_reply' ELSE kind END,
           CASE WHEN kind = 'auto' THEN 'bot' WHEN kind IN ('agent_reply', 'resolved') THEN 'mori' END, CASE WHEN i = 0 THEN body WHEN kind = 'reopened' THEN 'もう一度サイズ' END
      FROM unnest(ARRAY['opened'] || array_remove(log, 'complaint')) WITH ORDINALITY l (kind, place), LATERAL (SELECT place - 1) p (i);
END;
SELECT FROM pg_temp.asks(1, '指輪のサイズを交換できますか', 'auto', 'agent_reply', 'resolved');
SELECT FROM pg_temp.asks(2, '指輪のサイズ交換はできますか？', 'agent_reply', 'resolved');
SELECT FROM pg_temp.asks(3, 'サイズを交換できますか', 'complaint', 'agent_reply', 'resolved');
SELECT FROM pg_temp.asks(4, '指輪のｻｲｽﾞを交換できますか', 'agent_reply', 'agent_reply', 'resolved');
SELECT FROM pg_temp.asks(5, '指輪のサイズを交換できますか。', 'agent_reply');
SELECT FROM pg_temp.asks(6, '指輪のサイズを交換できますか', 'agent_reply', 'resolved', 'reopened', 'agent_reply', 'resolved');
SELECT FROM pg_temp.asks(7, '注文した商品の配送状況を教えてください', 'resolved');
SELECT FROM pg_temp.asks(8, '商品の配送状況を教えてください', 'agent_reply', 'resolved');
SELECT FROM pg_temp.asks(9, '商品の配送状況を教えてください。サイズも確かめたい', 'agent_reply', 'resolved');
SELECT FROM pg_temp.asks(10, 'Which size fits me?', 'agent_reply', 'resolved');
SELECT FROM pg_temp.asks(11, 'What size fits me best?', 'agent_reply', 'resolved');
SELECT FROM pg_temp.asks(12, '👍', 'agent_reply', 'resolved');
SELECT FROM pg_temp.asks(13, '👍', 'agent_reply', 'resolved');
SELECT FROM pg_temp.asks(14, '👍', 'agent_reply', 'resolved');
SELECT FROM pg_temp.asks(15, repeat('長い文', 3400), 'agent_reply', 'resolved');
SELECT FROM pg_temp.asks(16, 'هل يمكن تبديل المقاس', 'agent_reply', 'resolved');
SELECT theme, left(example, 30) AS example, tickets, customers, tickets_saved, first_asked_at AT TIME ZONE 'Asia/Tokyo' AS first_asked_at, last_asked_at AT TIME ZONE 'Asia/Tokyo' AS last_asked_at
  FROM faq_candidates_at('2026-04-01 00:00+09');
-- As it was on the 5th, when the fourth had just asked; and when the first are more than 90 days ago.
SELECT theme, example, tickets, tickets_saved FROM faq_candidates_at('2026-03-05 00:00+09');
SELECT theme, left(example, 30) AS example, tickets FROM faq_candidates_at('2026-06-06 00:00+09');
-- What there is an entry for is none, if it is of the theme, alike, and to be read.
INSERT INTO faq (faq_id, question, answer, themes, valid, last_reviewed_at) VALUES
    (1, '指輪のサイズ交換はできますか', 'はい。', '{size}', '[2026-03-20 00:00+09,)', '2026-03-20 00:00+09'),
    (2, '商品の配送状況を教えてください', '発送のご連絡から。', '{size}', '(,)', '2025-09-01 00:00+09'),
    (3, '返品できますか', 'はい。', '{}', '(,)', '2025-10-03 00:00+09');
SELECT theme, left(example, 30) AS example FROM faq_candidates_at('2026-04-01 00:00+09');
SELECT theme, left(example, 30) AS example FROM faq_candidates_at('2026-03-19 00:00+09');
UPDATE faq SET themes = '{delivery,size}' WHERE faq_id = 2;
SELECT theme, left(example, 30) AS example FROM faq_candidates_at('2026-04-01 00:00+09');
-- Whatever is more alike than that counts.
BEGIN;
UPDATE settings SET faq_similarity = 1;
SELECT theme, left(example, 30) AS example, tickets FROM faq_candidates_at('2026-04-01 00:00+09');
UPDATE settings SET faq_similarity = 0.000001, minimum_answers = 1;
SELECT theme, left(example, 30) AS example, tickets FROM faq_candidates_at('2026-04-01 00:00+09');
ROLLBACK;
-- Merged tickets are one, with one log and the first of their words, however many merges
-- there were: what t14 asked is not lost, and it took no more than one reply until root was
-- answered as well. What was discarded is none, until its customer writes again; and a ticket
-- is of the day on which it was opened, whatever is said in it later.
BEGIN;
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('c14', 'next', 'email'), ('c14', 'root', 'email');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, note) VALUES ('c14', 'next', '2026-03-16 00:00+09', 'opened', '👍'), ('c14', 'root', '2026-03-17 00:00+09', 'opened', 'Size?');
SELECT FROM record_ticket_event('c14', 't14', 'merged', '2026-03-20 00:00+09', merged_into => 'next');
SELECT FROM record_ticket_event('c14', 'next', 'merged', '2026-03-21 00:00+09', merged_into => 'root');
SELECT FROM record_ticket_event('c14', 'root', 'resolved', '2026-03-22 00:00+09', 'mori');
SELECT theme, example, tickets, customers, tickets_saved FROM faq_candidates_at('2026-04-01 00:00+09') WHERE theme IS NULL OR theme = 'size';
SELECT FROM record_ticket_event('c14', 'next', 'agent_reply', '2026-03-22 00:00+09', 'mori');
SELECT theme, example, tickets, tickets_saved FROM faq_candidates_at('2026-04-01 00:00+09') WHERE theme IS NULL;
SELECT FROM record_ticket_event('c13', 't13', 'discarded', '2026-03-22 00:00+09');
SELECT count(*) FROM faq_candidates_at('2026-04-01 00:00+09') WHERE theme IS NULL;
SELECT FROM record_ticket_event('c13', 't13', 'customer_message', '2026-03-23 00:00+09', note => '👍');
SELECT theme, example, tickets, tickets_saved FROM faq_candidates_at('2026-04-01 00:00+09') WHERE theme IS NULL;
UPDATE settings SET minimum_answers = 1;
SELECT theme, example, tickets FROM faq_candidates_at('2026-06-14 23:00+09');
-- (root has asked of a size already)
SELECT faq_id, tickets FROM faq_due_for_review_at('2026-04-01 00:00+09');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, note) VALUES ('c14', 'next', '2026-03-24 00:00+09', 'customer_message', 'size');
SELECT faq_id, tickets FROM faq_due_for_review_at('2026-04-01 00:00+09');
ROLLBACK;

-- Due for review: 180 days after. The tickets of its themes since: of size 1 to 6 and 9, 10 and 11, of delivery 7 to 9; 9 is of both.
SELECT faq_id, question, last_reviewed_at AT TIME ZONE 'Asia/Tokyo' AS last_reviewed_at, review_due_at AT TIME ZONE 'Asia/Tokyo' AS review_due_at, tickets FROM faq_due_for_review_at('2026-04-01 00:00+09');
SELECT a, (SELECT count(*) FROM faq_due_for_review_at(a::timestamptz)) FROM unnest('{2026-02-27 23:59:59.999999+09,2026-02-28 00:00+09,2026-03-31 23:59:59.999999+09,2026-04-01 00:00+09,2026-09-15 23:59+09,2026-09-16 00:00+09,-infinity,infinity}'::text[]) a;
SELECT match_voices() > 0 AS matched;
SELECT faq_id, tickets FROM faq_due_for_review_at('2026-04-01 00:00+09');
SELECT pg_temp.same_elsewhere(format('SELECT * FROM %I(''2026-04-01 00:00+09'')', v)) FROM unnest('{faq_candidates_at,faq_due_for_review_at}'::text[]) v;
SELECT v, a, pg_temp.outcome(format('SELECT * FROM %I(%L::timestamptz)', v, a)) FROM unnest('{faq_candidates_at,faq_due_for_review_at}'::text[]) v, unnest('{-infinity,infinity,NULL}'::text[]) a;

-- Whoever may not read texts sees no candidates, and what is due for review as the others do.
CREATE ROLE regress_faq_report;
SELECT loyalcs.grant_shop('shop', 'regress_faq_report', 'report');
SET ROLE regress_faq_report;
SELECT pg_temp.outcome('SELECT * FROM faq_candidates'), pg_temp.outcome('SELECT * FROM faq_candidates_at(now())');
SELECT faq_id, tickets FROM faq_due_for_review_at('2026-04-01 00:00+09');
RESET ROLE;
DROP OWNED BY regress_faq_report;
DROP ROLE regress_faq_report;
