-- What customers speak of, how that changes, and what goes with a high or a low score.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2025-01-01 00:00+09', minimum_answers = 4;
DELETE FROM voice_theme_words;
INSERT INTO voice_theme_words (theme, polarity, parent, word, valid) VALUES
    ('heavy', -1, 'weight', '重い', '(,)'), ('light', 1, 'weight', '軽い', '(,)'), ('clasp', NULL, NULL, '留め具', '(,)');
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 40) i;

-- Nothing was said.
SELECT (SELECT count(*) FROM voice_themes) + (SELECT count(*) FROM sentiment_trend) + (SELECT count(*) FROM voice_products) + (SELECT count(*) FROM voice_samples)
       + (SELECT count(*) FROM voice_unmatched) + (SELECT count(*) FROM nps_drivers) AS rows;

-- By hand. Reviews of December, 4: one heavy; of January, 2: one heavy; in February none; of March, 8: six heavy (with 1, 1, 2, 2, 1, 2 stars) and two others (5 and 4).
INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars, body)
SELECT 'c' || n, '1', CASE WHEN n % 2 = 0 THEN 'N-2' ELSE 'N-1' END, at::timestamptz, stars, body
  FROM (VALUES (1, '2025-12-01 00:00+09', 2, '重い'), (2, '2025-12-10 00:00+09', 4, '普通'), (3, '2025-12-11 00:00+09', 5, '軽い'), (4, '2025-12-31 23:59+09', 3, '留め具'),
               (5, '2026-01-01 00:00+09', 1, '重い'), (6, '2026-01-31 23:59+09', 4, 'x'),
               (7, '2026-03-01 00:00+09', 1, '重いです'), (8, '2026-03-02 00:00+09', 1, '重い重い'), (9, '2026-03-03 00:00+09', 2, '重くない、重い'), (10, '2026-03-04 00:00+09', 2, '重い'),
               (11, '2026-03-05 00:00+09', 1, '重い'), (12, '2026-03-06 00:00+09', 2, '重い'), (13, '2026-03-07 00:00+09', 5, '留め具が軽い'), (14, '2026-03-31 23:59:59.999999+09', 4, 'よい')) r (n, at, stars, body);
-- heavy in March: 6 of 8, 0.75, by Wilson from 0.4093 to 0.9285; before 2 of 6, 0.3333: 0.4167 more. With one more of each kind,
-- 7 / 10 less 3 / 8 is 0.325, with a standard error of sqrt(0.7 * 0.3 / 9 + 0.375 * 0.625 / 7) = 0.238 and 15 degrees of freedom: -0.18 to 0.83. Stars 9 / 6 = 1.5, of the others 4.5.
CREATE VIEW pg_temp.shown AS
SELECT month, complete, source, theme, concat_ws(' of ', mentions, voices) AS counted, round(share::numeric, 4) AS share, round(share_low::numeric, 4) || ' to ' || round(share_high::numeric, 4) AS between,
       voices_before, round(share_before::numeric, 4) AS before, round(share_change::numeric, 4) || ': ' || round(share_change_low::numeric, 2) || ' to ' || round(share_change_high::numeric, 2) AS change,
       round(p_value::numeric, 3) AS p, too_few, significant, mean_rating AS rated, mean_rating_others AS others, rating_difference || ': ' || round(rating_difference_low::numeric, 2) || ' to ' || round(rating_difference_high::numeric, 2) AS difference, texts_waiting AS waiting
  FROM voice_themes_at('2026-03-31 23:59:59.999999+09');
SELECT * FROM pg_temp.shown ORDER BY month, source, theme;
SELECT match_voices();
SELECT * FROM pg_temp.shown WHERE month = '2026-03-01' ORDER BY theme;
SELECT complete, voices FROM voice_themes_at('2026-04-01 00:00+09') WHERE month = '2026-03-01' AND theme = 'heavy';
-- As it was on the 4th: 4 of 4.
SELECT theme, mentions, voices, share_change, too_few, significant FROM voice_themes_at('2026-03-04 00:00+09') WHERE month = '2026-03-01' ORDER BY theme;
-- with 6 before, a minimum of 6 is met and one of 7 is not
BEGIN;
UPDATE settings SET minimum_answers = 7, significance = 0.5;
SELECT theme, p_value < 0.5 AS small, too_few, significant FROM voice_themes_at('2026-04-01 00:00+09') WHERE month = '2026-03-01' AND theme = 'heavy';
UPDATE settings SET minimum_answers = 6;
SELECT theme, p_value < 0.5 AS small, too_few, significant FROM voice_themes_at('2026-04-01 00:00+09') WHERE month = '2026-03-01' AND theme = 'heavy';
ROLLBACK;

-- How pleased. March: light 1, heavy six times -1 (重く is no word here), and the last has not been said yet: (1 - 6) / 7. Of January, one displeased
-- and one that says nothing: -1. Of December, 1 and -1 and two that say nothing: 0.
SELECT month, complete, source, voices, pleased, neutral, displeased, round(sentiment_balance::numeric, 4) AS balance, round(sentiment_balance_low::numeric, 4) || ' to ' || round(sentiment_balance_high::numeric, 4) AS between,
       compared_period, round(sentiment_balance_change::numeric, 4) AS change, round(p_value::numeric, 4) AS p, too_few, significant, improved, texts_waiting AS waiting
  FROM sentiment_trend_at('2026-03-31 00:00+09') ORDER BY month;
SELECT loyalcs.mean_interval('{"0": 6, "2": 1}'::loyalcs.ratings, 0, 2) AS of_march;

-- Products within a year: of N-1 the reviews 1, 3, 5, 7, 9, 11, 13, of N-2 the others; a ticket is about all products of its order.
INSERT INTO products (product_id, name) VALUES ('N-1', 'Necklace');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('c1', 'o', '2026-02-01 00:00+09', 100);
INSERT INTO order_items (customer_id, order_id, line, product_id, amount) VALUES ('c1', 'o', 1, 'N-2', 50), ('c1', 'o', 2, 'R-1', 30), ('c1', 'o', 3, 'N-2', 20);
INSERT INTO tickets (customer_id, ticket_id, channel, order_id) VALUES ('c1', 't', 'email', 'o'), ('c2', 't', 'email', NULL);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, note) VALUES ('c1', 't', '2026-03-20 00:00+09', 'opened', '留め具が外れた'), ('c2', 't', '2026-03-20 00:00+09', 'opened', '留め具が外れた');
SELECT product_id, product_name, theme, mentions, voices, round(share::numeric, 4) AS share, round(share_others::numeric, 4) AS others, round(share_difference::numeric, 4) AS difference, too_few, significant
  FROM voice_products_at('2026-04-01 00:00+09') ORDER BY 1, 3;
SELECT product_id, theme, mentions, voices FROM voice_products_at('2026-12-15 00:00+09') WHERE theme <> 'weight' ORDER BY 1, 2;

-- Quotes only where they are kept, and of what has not changed since.
SELECT count(*) FROM voice_samples;
UPDATE settings SET keeps_quotes = true;
SELECT match_voices();
SELECT theme, source, customer_id, said_at AT TIME ZONE 'Asia/Tokyo' AS said_at, rating, sentiment, quote FROM voice_samples_at('2026-03-08 00:00+09') WHERE theme <> 'weight' ORDER BY said_at, theme;
UPDATE reviews SET body = '重かった' WHERE customer_id = 'c12';
SELECT customer_id, theme, quote FROM voice_samples WHERE customer_id IN ('c11', 'c12') ORDER BY 1, 2;
UPDATE reviews SET body = '重い' WHERE customer_id = 'c12';
BEGIN;
INSERT INTO voice_theme_words (theme, word, valid) VALUES ('new', 'n', '(,)');
SELECT count(*) FROM voice_samples;
ROLLBACK;

-- What drives the NPS, by hand: of 8 questionnaires with a comment in the first quarter, four promoters (10, 10, 9, 9), of whom one says heavy and three light,
-- and three detractors (0, 3, 6), of whom all say heavy; one passive (8) says nothing that a theme catches. NPS 1 / 8 = 12.5; of the four heavy ones
-- (1 - 3) / 4 = -50, of the other four 3 / 4 = 75: 62.5 more if all were like these. Promoters 1/4 heavy, detractors 3/3: -0.75.
INSERT INTO surveys VALUES ('s', 'S');
INSERT INTO survey_questions (survey, question, "position", kind, wording, scale_low, scale_high, higher_is_better, choices) VALUES
    ('s', 'other', 9, 'nps', '?', 0, 10, true, NULL), ('s', 'recommend', 1, 'nps', '?', 0, 10, true, NULL), ('s', 'why', 2, 'text', '?', NULL, NULL, true, NULL),
    ('s', 'speed', 3, 'csat', '?', 1, 5, true, NULL), ('s', 'effort', 4, 'ces', '?', 1, 5, false, NULL), ('s', 'for', 5, 'choice', '?', NULL, NULL, true, '{me,gift}');
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at) SELECT 'c' || n, 'r', 's', timestamptz '2026-02-01 00:00+09' + n * interval '1 day' FROM generate_series(1, 10) n;
INSERT INTO survey_answers (customer_id, response_id, survey, question, score, choice, answer)
SELECT 'c' || n, 'r', 's', a.question, a.score, a.choice, a.answer
  FROM (VALUES (1, 10, '重い', 5, 1, 'me'), (2, 10, '軽い', 3, 2, 'me'), (3, 9, '軽い', 4, 3, 'gift'), (4, 9, '軽い', 5, NULL, NULL), (5, 8, 'ふつう', 3, 4, 'gift'),
               (6, 0, '重い', 1, 5, 'gift'), (7, 3, '重い', 2, 3, 'gift'), (8, 6, '重い', 5, 4, 'me'), (9, 10, NULL, NULL, 1, 'gift'), (10, NULL, '重い', 1, 5, 'gift')) r (n, nps, body, speed, effort, choice)
 CROSS JOIN LATERAL (VALUES ('recommend', nps, NULL, NULL), ('why', NULL, NULL, body), ('speed', speed, NULL, NULL), ('effort', effort, NULL, NULL), ('for', NULL, choice, NULL)) a (question, score, choice, answer);
SELECT question, quarter, complete, driver_kind, driver, mentions, respondents, promoters, detractors, round(promoter_share::numeric, 4) AS promoter_share, round(detractor_share::numeric, 4) AS detractor_share,
       round(share_difference::numeric, 4) || ': ' || round(share_difference_low::numeric, 2) || ' to ' || round(share_difference_high::numeric, 2) AS difference, too_few, significant,
       round(nps::numeric, 2) AS nps, round(nps_with::numeric, 2) AS "with", round(nps_without::numeric, 2) AS "without", round(nps_effect::numeric, 2) AS effect
  FROM nps_drivers_at('2026-03-31 00:00+09') ORDER BY driver_kind, driver;
SELECT DISTINCT complete FROM nps_drivers_at('2026-04-01 00:00+09');
SELECT driver, respondents, mentions FROM nps_drivers_at('2026-02-03 00:00+09') WHERE driver_kind = 'theme' ORDER BY 1;

-- Words that no theme catches, from four texts on.
INSERT INTO posts (post_id, customer_id, network, published_at, body)
SELECT 'p' || n, CASE WHEN n > 2 THEN 'c' || n % 2 + 1 END, 'x', timestamptz '2026-03-10 00:00+09' + n * interval '1 day', body
  FROM unnest('{変色しました。変色が早い,変色とｻｲｽﾞとサイズ直し,"The FINISH is not 変色, size",変色の重いfinish,finish サイズ,"Finish, ﾌｨﾆｯｼｭ 100 of the",サイズ the,"THE ｻｲｽﾞ"}'::text[]) WITH ORDINALITY b (body, n);
SELECT word, mentions, customers, round(share::numeric, 4) AS share, last_said_at AT TIME ZONE 'Asia/Tokyo' AS last_said_at FROM voice_unmatched_at('2026-04-01 00:00+09');
SELECT word, mentions FROM voice_unmatched_at('2026-06-10 00:00+09');
SELECT count(*) FROM voice_unmatched_at('2026-03-10 00:00+09');

-- Only the month that is asked for is read, once.
CREATE FUNCTION pg_temp.loops(query text, function text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || query INTO plan;
    RETURN (SELECT string_agg(m[1], ' ') FROM regexp_matches(plan::text, '"Function Name": "' || function || '"[^{}]*?"Actual Loops": ([0-9]+)', 'g') m);
END
$$;
SELECT pg_temp.loops('SELECT * FROM voice_themes_at(''2026-03-31 00:00+09'') WHERE month = ''2026-03-01''', 'voices_read') AS one,
       pg_temp.loops('SELECT * FROM voice_themes_at(''2026-03-31 00:00+09'') WHERE month >= ''2026-01-01''', 'voices_read') AS three,
       pg_temp.loops('SELECT * FROM sentiment_trend_at(''2026-03-31 00:00+09'') WHERE month = ''2026-03-01''', 'voices_read') AS of_two_months;

-- Against plain SQL, of more texts than anybody would count, in three time zones.
SELECT setseed(0.25);
INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars, body)
SELECT 'c' || 1 + i % 40, 'x' || i, 'N-' || i % 3, timestamptz '2025-06-01 00:00+09' + i * interval '7 hours 13 minutes', 1 + floor(random() * 5)::int,
       (ARRAY['重い', '軽い', '重くて軽い', '留め具', 'なし', '👍🏽', 'ثقيل', '', '軽くない', '留め具が重い'])[1 + floor(random() * 10)::int]
  FROM generate_series(1, 900) i;
INSERT INTO posts (post_id, network, published_at, body)
SELECT 'y' || i, 'x', timestamptz '2025-06-01 00:00+09' + i * interval '20 hours 13 minutes', (ARRAY['重い', '軽い', repeat('重い', 3000), U&'重\200Bい'])[1 + floor(random() * 4)::int]
  FROM generate_series(1, 200) i;
CREATE FUNCTION pg_temp.by_hand(as_of timestamptz) RETURNS TABLE (theme text, month date, source text, voices bigint, mentions bigint, voices_before bigint, share_before float8, mean_rating numeric, others numeric) LANGUAGE sql
BEGIN ATOMIC
    WITH v AS MATERIALIZED (
        SELECT v.source, date_trunc('month', v.said_at AT TIME ZONE (SELECT time_zone FROM settings))::date AS month, v.rating, loyalcs.themes(v.body, l.lexicon::loyalcs.lexicon) AS themes
          FROM voices_all_at(by_hand.as_of) v, voice_lexicons_at(by_hand.as_of) l WHERE l.product_id IS NULL
    ), months AS (SELECT v.source, v.month, count(*) AS voices FROM v GROUP BY 1, 2)
    SELECT t.theme, m.month, m.source, m.voices,
           (SELECT count(*) FROM v WHERE v.source = m.source AND v.month = m.month AND t.theme = ANY (v.themes)),
           (SELECT count(*) FROM v WHERE v.source = m.source AND v.month < m.month AND v.month >= m.month - interval '3 months'),
           (SELECT count(*) FILTER (WHERE t.theme = ANY (v.themes))::float8 / nullif(count(*), 0) FROM v WHERE v.source = m.source AND v.month < m.month AND v.month >= m.month - interval '3 months'),
           (SELECT avg(v.rating) FROM v WHERE v.source = m.source AND v.month = m.month AND t.theme = ANY (v.themes)),
           (SELECT avg(v.rating) FROM v WHERE v.source = m.source AND v.month = m.month AND t.theme <> ALL (v.themes))
      FROM months m
     CROSS JOIN LATERAL (SELECT DISTINCT u AS theme FROM v, unnest(v.themes) u WHERE v.source = m.source AND v.month <= m.month AND v.month >= m.month - interval '3 months') t;
END;
CREATE FUNCTION pg_temp.differs(as_of timestamptz) RETURNS text LANGUAGE sql
BEGIN ATOMIC
    WITH a AS (SELECT theme, month, source, voices, mentions, voices_before, share_before, round(mean_rating, 9) AS rated, round(others, 9) AS others FROM pg_temp.by_hand(differs.as_of)),
         b AS (SELECT theme, month, source, voices, mentions, voices_before, share_before, round(mean_rating::numeric, 9), round(mean_rating_others::numeric, 9) FROM voice_themes_at(differs.as_of) WHERE theme IS NOT NULL)
    SELECT (SELECT count(*) FROM a) || ' rows, ' || (SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) d) || ' differ';
END;
SELECT pg_temp.differs('2026-04-01 00:00+09'), pg_temp.differs('2025-10-15 12:00+09');
SELECT match_voices() > 1000 AS matched;
SELECT pg_temp.differs('2026-04-01 00:00+09'), pg_temp.differs('2025-10-15 12:00+09');
UPDATE settings SET time_zone = 'America/St_Johns';
SELECT pg_temp.differs('2026-04-01 00:00+09');
UPDATE settings SET time_zone = 'Pacific/Kiritimati';
SELECT pg_temp.differs('2026-04-01 00:00+09');
UPDATE settings SET time_zone = 'Asia/Tokyo';
-- every figure lies in its interval, and says the same to whoever is far away
SELECT count(*) FILTER (WHERE NOT share BETWEEN share_low AND share_high) + count(*) FILTER (WHERE NOT share_change BETWEEN share_change_low AND share_change_high)
       + count(*) FILTER (WHERE NOT rating_difference BETWEEN rating_difference_low AND rating_difference_high) AS outside FROM voice_themes_at('2026-04-01 00:00+09');
SELECT v, pg_temp.same_elsewhere(format('SELECT * FROM %I(''2026-04-01 00:00+09'')', v || '_at')) FROM unnest('{voice_themes,sentiment_trend,voice_products,voice_samples,voice_unmatched,nps_drivers}'::text[]) v;
SELECT v, a, pg_temp.outcome(format('SELECT * FROM %I(%L::timestamptz)', v || '_at', nullif(a, 'NULL'))) AS outcome
  FROM unnest('{voice_themes,sentiment_trend,voice_products,voice_samples,voice_unmatched,nps_drivers}'::text[]) v, unnest('{-infinity,infinity,"NULL"}'::text[]) a
 WHERE pg_temp.outcome(format('SELECT * FROM %I(%L::timestamptz)', v || '_at', nullif(a, 'NULL'))) <> 'accepted';

-- A report has the figures that the owner has, and no texts.
CREATE ROLE regress_voice_figures;
SELECT loyalcs.grant_shop('shop', 'regress_voice_figures', 'report');
CREATE TABLE pg_temp.seen AS SELECT v, 'SELECT count(*) || md5(string_agg(t::text, '','' ORDER BY t::text COLLATE "C")) FROM ' || v || '_at(''2026-04-01 00:00+09'') t' AS query, ''::text AS by_owner
  FROM unnest('{voice_themes,sentiment_trend,voice_products,voice_samples,nps_drivers}'::text[]) v;
CREATE FUNCTION pg_temp.ran(query text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN EXECUTE query INTO r; RETURN r; END $$;
UPDATE pg_temp.seen SET by_owner = pg_temp.ran(query);
GRANT SELECT ON pg_temp.seen TO PUBLIC;
SET ROLE regress_voice_figures;
SELECT v, pg_temp.ran(query) = by_owner AS the_same FROM pg_temp.seen ORDER BY v;
SELECT v, pg_temp.outcome('SELECT * FROM ' || v) FROM unnest('{voices_all,voice_unmatched}'::text[]) v;
RESET ROLE;
UPDATE reviews SET body = '軽い' WHERE customer_id = 'c7' AND review_id = '1';
SELECT count(*) FROM voice_themes_at('2026-04-01 00:00+09') WHERE texts_waiting > 0;
SET ROLE regress_voice_figures;
SELECT source, count(*) FROM voice_themes_at('2026-04-01 00:00+09') WHERE texts_waiting = 1 AND month = '2026-03-01' GROUP BY source;
RESET ROLE;
DROP OWNED BY regress_voice_figures;
DROP ROLE regress_voice_figures;
