-- Did it help?
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2020-01-01 00:00+00';
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 100) i;
INSERT INTO products (product_id, name) VALUES ('R', 'Ring'), ('N', 'Necklace');

--
-- What is refused
--

CREATE FUNCTION pg_temp.refused(measures text, reason text, theme text, product text, started text DEFAULT '2026-03-11', finished text DEFAULT '2026-03-13', weeks text DEFAULT '1') RETURNS text
LANGUAGE sql RETURN pg_temp.outcome(format('INSERT INTO improvements (improvement_id, problem, action, measures, reason, theme, product_id, started, finished, compared_weeks) VALUES (7, ''p'', ''a'', %L, %L, %L, %L, %L, %L, %L)',
                                           measures, reason, theme, product, started, finished, weeks));
SELECT pg_temp.refused('{ticket share,NPS,CSAT,return rate}', 'サイズ交換', 'delivery', 'R') AS accepted,
       pg_temp.refused('{NPS}', NULL, 'clasp', NULL) AS parent, pg_temp.refused('{return rate}', NULL, NULL, NULL, finished => NULL) AS goes_on;
SELECT pg_temp.refused('{return rate}', NULL, NULL, NULL, finished => '2026-03-10');
SELECT pg_temp.refused('{}', NULL, NULL, NULL);
SELECT pg_temp.refused('{{NPS,CSAT}}', NULL, 'delivery', NULL);
SELECT pg_temp.refused('{NPS,luck}', NULL, 'delivery', NULL);
SELECT pg_temp.refused('{NPS,NULL}', NULL, 'delivery', NULL);
SELECT pg_temp.refused('{NPS,CSAT,NPS}', NULL, 'delivery', NULL);
SELECT pg_temp.refused('{ticket share}', NULL, 'delivery', NULL);
SELECT pg_temp.refused('{CSAT}', NULL, NULL, 'R');
SELECT pg_temp.refused('{NPS}', NULL, 'delivry', NULL);
SELECT pg_temp.refused('{ticket share}', 'it''s odd', NULL, NULL);
SELECT pg_temp.refused('{return rate}', NULL, NULL, 'X');
SELECT pg_temp.refused('{return rate}', NULL, NULL, 'R', weeks => '0'), pg_temp.refused('{return rate}', NULL, NULL, 'R', weeks => '27'),
       pg_temp.refused('{return rate}', NULL, NULL, 'R', started => '-infinity'), pg_temp.refused('{return rate}', NULL, NULL, 'R', finished => 'infinity'), pg_temp.refused(NULL, NULL, NULL, 'R');
-- (a reason that only tickets have, and a product that was only sold)
INSERT INTO tickets (customer_id, ticket_id, channel, reason) VALUES ('c1', 'once', 'email', 'one reason');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('c1', 'once', '2020-01-01 12:00+09', 100);
INSERT INTO order_items (customer_id, order_id, line, product_id, amount) VALUES ('c1', 'once', 1, 'old', 100);
SELECT pg_temp.refused('{ticket share}', 'one reason', NULL, NULL) AS reason, pg_temp.refused('{return rate}', NULL, NULL, 'old') AS sold;
SELECT count(*) FROM improvement_effect;

--
-- By hand
--

-- Something is done from March 11 to 13 of 2026, and a week is compared: 4 to 10, and 14 to 20.
INSERT INTO improvements (improvement_id, problem, action, owner, expected_effect, reason, theme, product_id, measures, started, finished, compared_weeks) VALUES
    (1, 'many exchanges', 'a size guide', 'kei', 'half of them', 'サイズ交換', NULL, 'R', '{ticket share,return rate,CSAT}', '2026-03-11', '2026-03-13', 1),
    (2, 'late parcels', 'another carrier', 'mio', NULL, NULL, 'delivery', NULL, '{NPS,CSAT,return rate}', '2026-03-11', '2026-03-13', 1);
CREATE FUNCTION pg_temp.effects(as_of timestamptz) RETURNS TABLE (id bigint, measure text, about text, before text, after text, complete boolean, n_before bigint, n_after bigint, value_before numeric, value_after numeric, others text,
                                                                  others_change numeric, effect numeric, p_value numeric, verdict text, unit text, waiting bigint)
LANGUAGE sql BEGIN ATOMIC
    SELECT improvement_id, measure, about, to_char(before_from, 'MM-DD') || ' ' || to_char(before_until, 'MM-DD'), to_char(after_from, 'MM-DD') || ' ' || to_char(after_until, 'MM-DD'), complete,
           cases_before, cases_after, round(value_before::numeric, 4), round(value_after::numeric, 4), concat_ws(' ', against, others_cases_before, others_cases_after),
           round(others_change::numeric, 4), round(effect::numeric, 4), round(p_value::numeric, 6), verdict, unit, texts_waiting
      FROM shop.improvement_effect_at(effects.as_of);
END;
SELECT * FROM pg_temp.effects('2026-03-10 23:59:59+09');
SELECT * FROM pg_temp.effects('2026-03-11 00:00+09');
SELECT * FROM pg_temp.effects('2026-03-16 12:00+09') WHERE id = 1;

-- Tickets: 12 of 20 before, 4 of 20 after. At the edges others: a minute before and after each week.
INSERT INTO tickets (customer_id, ticket_id, channel, reason)
SELECT 'c' || i, w || i, 'email', CASE WHEN i <= CASE w WHEN 'b' THEN 12 ELSE 4 END THEN 'サイズ交換' WHEN i = 20 THEN NULL ELSE '修理' END FROM unnest('{b,a}'::text[]) w, generate_series(1, 20) i
UNION ALL SELECT 'c50', 'e' || n, 'email', 'サイズ交換' FROM generate_series(1, 4) n;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind)
SELECT 'c' || i, 'b' || i, CASE i WHEN 1 THEN timestamptz '2026-03-04 00:00+09' WHEN 2 THEN '2026-03-10 23:59+09' ELSE '2026-03-07 12:00+09' END, 'opened' FROM generate_series(1, 20) i
UNION ALL SELECT 'c' || i, 'a' || i, CASE i WHEN 1 THEN timestamptz '2026-03-14 00:00+09' WHEN 2 THEN '2026-03-20 23:59+09' ELSE '2026-03-17 12:00+09' END, 'opened' FROM generate_series(1, 20) i
UNION ALL SELECT 'c50', 'e' || n, at, 'opened' FROM unnest('{2026-03-03 23:59+09,2026-03-11 00:00+09,2026-03-13 23:59+09,2026-03-21 00:00+09}'::timestamptz[]) WITH ORDINALITY u (at, n);
-- While the week lasts, as many days before count as are over, and there is no verdict.
SELECT * FROM pg_temp.effects('2026-03-18 00:00+09') WHERE measure = 'ticket share';
SELECT * FROM pg_temp.effects('2026-03-20 23:59:59+09') WHERE measure = 'ticket share';
SELECT * FROM pg_temp.effects('2026-03-21 00:00+09') WHERE measure = 'ticket share';
SELECT (value_change, value_change_low, value_change_high, x.p_value) = (c.change, c.low, c.high, c.p_value) AS change, (effect, effect_low, effect_high) = (c.change, c.low, c.high) AS effect
  FROM improvement_effect_at('2026-03-21 00:00+09') x, loyalcs.mean_change('{"0": 8, "1": 12}', '{"0": 16, "1": 4}', 0, 1) c WHERE measure = 'ticket share';

-- Answers about tickets, the satisfied of them: 6 of 20 before and 19 of 20 after; of other reasons 10 of 20 and 11 of 20.
INSERT INTO surveys (survey, title) VALUES ('s', 'S');
INSERT INTO survey_questions (survey, question, kind, scale_low, scale_high, wording) VALUES ('s', 'nps', 'nps', 0, 10, '?'), ('s', 'content', 'csat', 1, 5, '?'), ('s', 'helped', 'csat', 1, 5, '?'), ('s', 'why', 'text', NULL, NULL, '?'), ('s', 'more', 'text', NULL, NULL, '?');
UPDATE survey_questions SET "position" = 2 WHERE question = 'helped';
CREATE TEMP TABLE asked AS SELECT 'c' || 20 * n + i AS customer_id, n, i FROM generate_series(0, 3) n, generate_series(1, 20) i;
INSERT INTO tickets (customer_id, ticket_id, channel, reason) SELECT customer_id, 's', 'email', CASE WHEN n < 2 THEN 'サイズ交換' ELSE '修理' END FROM asked;
INSERT INTO survey_responses (customer_id, response_id, survey, ticket_id, responded_at)
SELECT customer_id, 't', 's', 's', CASE WHEN n IN (0, 2) THEN timestamptz '2026-03-04 00:00+09' ELSE '2026-03-14 00:00+09' END FROM asked;
INSERT INTO survey_answers (customer_id, response_id, survey, question, score)
SELECT customer_id, 't', 's', 'content', CASE WHEN i <= ('{6,19,10,11}'::int[])[n + 1] THEN 4 ELSE 3 END FROM asked;
SELECT * FROM pg_temp.effects('2026-03-21 00:00+09') WHERE id = 1 AND measure = 'CSAT';
SELECT (x.effect, effect_low, effect_high, x.p_value) = (e.effect, e.low, e.high, e.p_value) AS effect, (value_change, value_change_low, value_change_high) = (c.change, c.low, c.high) AS change
  FROM improvement_effect_at('2026-03-21 00:00+09') x, loyalcs.share_effect('{"1": 6, "0": 14}', '{"1": 19, "0": 1}', '{"1": 10, "0": 10}', '{"1": 11, "0": 9}') e,
       loyalcs.mean_change('{"1": 6, "0": 14}', '{"1": 19, "0": 1}', 0, 1) c
 WHERE improvement_id = 1 AND measure = 'CSAT';

-- Comments: of those that mention delivery (one of two comments does) 4 promoters and 16 detractors before, 17 and 3 after; of the others
-- 10 and 10, and 11 and 9. Who wrote no comment is in neither. They are content as they are promoters; of one who answers two such questions the first counts.
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at)
SELECT customer_id, 'q', 's', CASE WHEN n IN (0, 2) THEN timestamptz '2026-03-10 23:59:59+09' ELSE '2026-03-20 23:59:59+09' END FROM asked
UNION ALL SELECT 'c99', 'q', 's', '2026-03-15 12:00+09';
INSERT INTO survey_answers (customer_id, response_id, survey, question, score)
SELECT customer_id, 'q', 's', question, CASE WHEN i <= ('{4,17,10,11}'::int[])[n + 1] THEN CASE question WHEN 'nps' THEN 9 WHEN 'helped' THEN 1 ELSE 5 END ELSE 1 END
  FROM asked, unnest('{nps,content,helped}'::text[]) question WHERE question <> 'helped' OR customer_id = 'c1'
UNION ALL SELECT 'c99', 'q', 's', 'nps', 0;
INSERT INTO survey_answers (customer_id, response_id, survey, question, answer)
SELECT customer_id, 'q', 's', question, CASE WHEN question = 'why' AND n < 2 THEN '配送のこと' ELSE '金色' END FROM asked, unnest('{why,more}'::text[]) question;
SELECT * FROM pg_temp.effects('2026-03-21 00:00+09') WHERE id = 2 AND measure <> 'return rate';
-- (kept or matched as they are read)
SELECT match_voices() > 0 AS matched;
SELECT * FROM pg_temp.effects('2026-03-21 00:00+09') WHERE id = 2 AND measure <> 'return rate';
SELECT (x.effect, effect_low, effect_high, x.p_value) = (e.effect, e.low, e.high, e.p_value) AS effect, (value_change, value_change_low, value_change_high) = (c.change, c.low, c.high) AS change
  FROM improvement_effect_at('2026-03-21 00:00+09') x, loyalcs.nps_effect('{"9": 4, "1": 16}', '{"9": 17, "1": 3}', '{"9": 10, "1": 10}', '{"9": 11, "1": 9}') e, loyalcs.nps_change('{"9": 4, "1": 16}', '{"9": 17, "1": 3}') c
 WHERE improvement_id = 2 AND measure = 'NPS';

-- Pieces, in thirty days: of 20 rings 12 came back that were ordered in the week before, and of 20 in the week after 2; of 40 necklaces 8 and 6. One came
-- back too late, and one that was never ordered for good is none. A year before, of all, 20 of 60 and 10 of 60.
INSERT INTO orders (customer_id, order_id, ordered_at, amount, cancelled_at)
SELECT 'c' || i, w || i, CASE w WHEN 'b' THEN timestamptz '2026-03-08 12:00+09' WHEN 'a' THEN '2026-03-20 23:59+09' WHEN 'y' THEN '2025-03-08 12:00+09' ELSE '2025-03-18 12:00+09' END, 100,
       CASE i WHEN 61 THEN timestamptz '2026-03-21 00:00+09' END FROM unnest('{b,a,y,z}'::text[]) w, generate_series(1, 61) i;
INSERT INTO order_items (customer_id, order_id, line, product_id, quantity, amount)
SELECT 'c' || i, w || i, 1, CASE WHEN i <= 10 THEN 'R' ELSE 'N' END, CASE WHEN i <= 10 THEN 2 WHEN i <= 50 OR i = 61 THEN 1 ELSE 1 END, 50 FROM unnest('{b,a,y,z}'::text[]) w, generate_series(1, 61) i WHERE i <= 50 OR i = 61;
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund)
SELECT o.customer_id, o.order_id, o.order_id, o.ordered_at + interval '720 hours' - CASE WHEN o.customer_id = 'c50' THEN interval '0' ELSE '1 second' END, 0
  FROM orders o JOIN LATERAL (SELECT substr(o.order_id, 1, 1) AS w, substr(o.customer_id, 2)::int AS i) v ON true
 WHERE i <= 50 AND o.order_id <> 'once'
   AND (i = 50 OR CASE w WHEN 'b' THEN i <= 6 OR i BETWEEN 11 AND 18 WHEN 'a' THEN i <= 1 OR i BETWEEN 11 AND 16 WHEN 'y' THEN i <= 10 ELSE i <= 5 END);
INSERT INTO return_items (customer_id, return_id, order_id, line, quantity)
SELECT r.customer_id, r.return_id, r.order_id, 1, i.quantity FROM returns r JOIN order_items i ON i.customer_id = r.customer_id AND i.order_id = r.order_id;
-- The week after is over, but what was ordered in it may still come back; then it is not.
SELECT * FROM pg_temp.effects('2026-03-21 00:00+09') WHERE measure = 'return rate';
SELECT * FROM pg_temp.effects('2026-04-19 23:59:59+09') WHERE measure = 'return rate';
SELECT * FROM pg_temp.effects('2026-04-20 00:00+09') WHERE measure = 'return rate';
SELECT improvement_id, (x.effect, effect_low, effect_high, x.p_value) = (e.effect, e.low, e.high, e.p_value) AS effect
  FROM improvement_effect_at('2026-04-20 00:00+09') x
  JOIN (SELECT 1::bigint AS id, * FROM loyalcs.share_effect('{"1": 12, "0": 8}', '{"1": 2, "0": 18}', '{"1": 8, "0": 32}', '{"1": 6, "0": 34}')
        UNION ALL
        SELECT 2, * FROM loyalcs.share_effect('{"1": 20, "0": 40}', '{"1": 8, "0": 52}', '{"1": 20, "0": 40}', '{"1": 10, "0": 50}')) e ON e.id = x.improvement_id
 WHERE measure = 'return rate';

--
-- Verdicts
--

-- A season in which all rates fall by a third, is no success, though the change is more than chance; nor is one that takes as much off all of them.
BEGIN;
DELETE FROM return_items;
INSERT INTO improvements (improvement_id, problem, action, product_id, measures, started, finished, compared_weeks)
VALUES (3, 'rings come back', 'nothing at all', 'R', '{return rate}', '2024-03-11', '2024-03-13', 1);
CREATE FUNCTION pg_temp.sells(ring_hits int, ring int, hits int, others int, at timestamptz) RETURNS void LANGUAGE sql BEGIN ATOMIC
    INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('c1', at::date::text, at, 100);
    INSERT INTO order_items (customer_id, order_id, line, product_id, quantity, amount) VALUES ('c1', at::date::text, 1, 'R', ring, 50), ('c1', at::date::text, 2, 'N', others, 50);
    INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES ('c1', at::date::text, at::date::text, at, 0);
    INSERT INTO return_items (customer_id, return_id, order_id, line, quantity) VALUES ('c1', at::date::text, at::date::text, 1, ring_hits), ('c1', at::date::text, at::date::text, 2, hits);
END;
SAVEPOINT s;
SELECT pg_temp.sells(120, 400, 200, 4000, '2024-03-08 12:00+09'), pg_temp.sells(80, 400, 133, 4000, '2024-03-18 12:00+09');
SELECT value_before, value_after, value_change_high < 0 AS fell, others_before, others_after, round(effect::numeric, 4) AS effect, effect_low < 0 AND effect_high > 0 AS over_zero, verdict FROM improvement_effect_at('2026-04-20 00:00+09') WHERE improvement_id = 3;
ROLLBACK TO s;
SELECT pg_temp.sells(120, 400, 800, 4000, '2024-03-08 12:00+09'), pg_temp.sells(80, 400, 400, 4000, '2024-03-18 12:00+09');
SELECT value_before, value_after, value_change_high < 0 AS fell, others_before, others_after, round(effect::numeric, 4) AS effect, effect_low < 0 AND effect_high > 0 AS over_zero, verdict FROM improvement_effect_at('2026-04-20 00:00+09') WHERE improvement_id = 3;
-- It really helped; it made it worse, though the share fell, since all others fell much more.
ROLLBACK TO s;
SELECT pg_temp.sells(120, 400, 200, 4000, '2024-03-08 12:00+09'), pg_temp.sells(40, 400, 200, 4000, '2024-03-18 12:00+09');
SELECT round(effect::numeric, 4) AS effect, verdict FROM improvement_effect_at('2026-04-20 00:00+09') WHERE improvement_id = 3;
ROLLBACK TO s;
SELECT pg_temp.sells(120, 400, 1600, 4000, '2024-03-08 12:00+09'), pg_temp.sells(110, 400, 400, 4000, '2024-03-18 12:00+09');
SELECT value_change < 0 AS fell, round(effect::numeric, 4) AS effect, verdict FROM improvement_effect_at('2026-04-20 00:00+09') WHERE improvement_id = 3;
-- Nine are too few, in whichever part; and there is none to compare with.
ROLLBACK TO s;
SELECT pg_temp.sells(9, 9, 200, 4000, '2024-03-08 12:00+09'), pg_temp.sells(1, 400, 200, 4000, '2024-03-18 12:00+09');
SELECT cases_before, p_value < 0.05 AS less_than_chance, verdict FROM improvement_effect_at('2026-04-20 00:00+09') WHERE improvement_id = 3;
ROLLBACK TO s;
SELECT pg_temp.sells(300, 400, 1, 9, '2024-03-08 12:00+09'), pg_temp.sells(1, 400, 200, 4000, '2024-03-18 12:00+09');
SELECT others_cases_before, p_value < 0.05 AS less_than_chance, verdict FROM improvement_effect_at('2026-04-20 00:00+09') WHERE improvement_id = 3;
UPDATE improvements SET product_id = NULL WHERE improvement_id = 3;
SELECT cases_before, others_cases_before, effect, verdict FROM improvement_effect_at('2026-04-20 00:00+09') WHERE improvement_id = 3;
-- Half a year on either side leaves no year before that is none of it.
UPDATE improvements SET product_id = NULL, compared_weeks = 26 WHERE improvement_id = 3;
SELECT complete, others_cases_before, verdict FROM improvement_effect_at('2026-04-20 00:00+09') WHERE improvement_id = 3;
ROLLBACK;

-- What goes on, or is said to be finished in days to come, goes on; an end of time is none.
BEGIN;
UPDATE improvements SET finished = '2026-05-01';
SELECT measure, before_from, after_from, verdict FROM improvement_effect_at('2026-04-20 00:00+09') WHERE improvement_id = 1;
UPDATE improvements SET finished = NULL;
SELECT DISTINCT after_from, complete, verdict FROM improvement_effect_at('2026-04-20 00:00+09');
ROLLBACK;
SELECT count(*) FROM improvement_effect_at('-infinity');
SELECT DISTINCT verdict FROM improvement_effect_at('infinity') ORDER BY 1;

-- What nobody may read is said to wait: the texts of the week after, for level report, that were not matched yet.
UPDATE survey_answers SET answer = '配送' WHERE customer_id = 'c40' AND question = 'why';
CREATE ROLE regress_improvements_reader;
SELECT FROM loyalcs.grant_shop('shop', 'regress_improvements_reader', 'report');
SET ROLE regress_improvements_reader;
SELECT measure, n_after, others, waiting, verdict FROM pg_temp.effects('2026-03-21 00:00+09') WHERE id = 2 AND measure <> 'return rate';
RESET ROLE;
SELECT measure, n_after, others, waiting, verdict FROM pg_temp.effects('2026-03-21 00:00+09') WHERE id = 2 AND measure <> 'return rate';

-- The same figures wherever they are read, and in whatever order the rows come.
SELECT pg_temp.same_elsewhere('SELECT * FROM improvement_effect_at(''2026-04-20 00:00+09'')') AS elsewhere;
CREATE TEMP TABLE read_once AS SELECT * FROM improvement_effect_at('2026-04-20 00:00+09');
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_hashagg = off; SET enable_seqscan = off;
SELECT count(*) FROM (TABLE read_once EXCEPT SELECT * FROM improvement_effect_at('2026-04-20 00:00+09')) d;
RESET enable_seqscan; RESET enable_hashjoin; RESET enable_mergejoin; SET enable_nestloop = off; SET enable_indexscan = off; SET enable_bitmapscan = off;
SELECT count(*) FROM (TABLE read_once EXCEPT SELECT * FROM improvement_effect_at('2026-04-20 00:00+09')) d;
RESET ALL;

SET search_path = public;
SELECT loyalcs.drop_shop('shop', 'shop');
DROP ROLE regress_improvements_reader;
