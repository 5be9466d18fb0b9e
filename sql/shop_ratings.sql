-- What surveys say, month by month, and whether a change is more than chance.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

-- Figures with many decimals.
CREATE FUNCTION pg_temp.r(value double precision) RETURNS numeric LANGUAGE sql
RETURN round(value::numeric, 5);

SELECT FROM loyalcs.create_shop('shop_ratings');
SET search_path = shop_ratings;

-- An empty shop.
SELECT count(*) FROM survey_scores_at('2024-12-01 00:00+09');

INSERT INTO customers (customer_id, gender)
SELECT 'c' || n, CASE WHEN n <= 4 THEN 'female' WHEN n <= 6 THEN 'male' END FROM generate_series(1, 20) n;
INSERT INTO surveys VALUES ('after', 'After purchase'), ('care', 'After a call');
INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high, higher_is_better, choices) VALUES
    ('after', 'recommend', 'nps', '?', 0, 10, true, NULL),
    ('after', 'remarks', 'text', '?', NULL, NULL, true, NULL),
    ('after', 'where', 'choice', '?', NULL, NULL, true, '{press,web}');

--
-- Months, rates and scores
--

-- To customer 1 on the last of January, 23:30 UTC, which is February in Tokyo;
-- to 2 to 5 on the 10th of January; to 6 in March; to 7 in May.
INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at, channel) VALUES
    ('c1', 'i', 'after', '2024-01-31 23:30+00', 'email'),
    ('c2', 'i', 'after', '2024-01-10 12:00+09', 'email'),
    ('c3', 'i', 'after', '2024-01-10 12:00+09', 'email'),
    ('c4', 'i', 'after', '2024-01-10 12:00+09', 'line'),
    ('c5', 'i', 'after', '2024-01-10 12:00+09', NULL),
    ('c6', 'i', 'after', '2024-03-10 12:00+09', 'line'),
    ('c7', 'i', 'after', '2024-05-10 12:00+09', 'line');
-- 2 and 3 answer in January, 4 in February but 5 never; 1 answers in February;
-- 8, whom nobody has asked, in January; 7 in May, and leaves the question open.
INSERT INTO survey_responses (customer_id, response_id, survey, invitation_id, responded_at, channel, time_taken) VALUES
    ('c1', 'r', 'after', 'i', '2024-02-02 12:00+09', 'email', '1 minute'),
    ('c2', 'r', 'after', 'i', '2024-01-11 12:00+09', 'email', '1 minute'),
    ('c3', 'r', 'after', 'i', '2024-01-12 12:00+09', 'web', '3 minutes'),
    ('c4', 'r', 'after', 'i', '2024-02-03 12:00+09', 'line', NULL),
    ('c7', 'r', 'after', 'i', '2024-05-11 12:00+09', 'line', '9 minutes'),
    ('c8', 'r', 'after', NULL, '2024-01-31 14:59:59+00', NULL, '10 minutes');
INSERT INTO survey_answers (customer_id, response_id, survey, question, score, choice, answer) VALUES
    ('c1', 'r', 'after', 'recommend', 10, NULL, NULL), ('c1', 'r', 'after', 'remarks', NULL, NULL, 'good'),
    ('c2', 'r', 'after', 'recommend', 9, NULL, NULL),  ('c2', 'r', 'after', 'where', NULL, 'press', NULL),
    ('c3', 'r', 'after', 'recommend', 7, NULL, NULL),
    ('c4', 'r', 'after', 'recommend', 0, NULL, NULL),
    ('c7', 'r', 'after', 'recommend', NULL, NULL, NULL),
    ('c8', 'r', 'after', 'recommend', 10, NULL, NULL);

-- January: 4 sent, of which 3 are answered by now; answers 9, 7, 10: two
-- promoters of three, 66.7; 1, 3 and 10 minutes. February: 1 sent, 1 answered;
-- answers 10 and 0, score 0, which is 66.7 less. March: 1 sent, none answered.
-- Nothing in April. May: 1 sent and answered, but not this question.
SELECT survey, question, kind, month, sent, answered, response_rate, responses,
       pg_temp.r(score) AS score, pg_temp.r(change) AS change, median_time_taken, csat_percent, distribution
  FROM survey_scores_at('2024-12-01 00:00+09');

-- At the end of January 4's answer had not come, nor had customer 1 been asked.
SELECT month, sent, answered, response_rate, responses, pg_temp.r(score) AS score, pg_temp.r(change) AS change
  FROM survey_scores_at('2024-01-31 23:59:59.999999+09');
-- Before 2's answer of the 11th, noon, there was none, and before the 10th no
-- question had been put.
SELECT month, sent, answered, response_rate, responses, score, distribution
  FROM survey_scores_at('2024-01-11 11:59:59+09');
SELECT month, sent, answered, responses, score FROM survey_scores_at('2024-01-11 12:00+09');
SELECT count(*) FROM survey_scores_at('2024-01-10 11:59:59+09');
SELECT count(*) FROM survey_scores_at('-infinity');
SELECT count(*), sum(sent) AS sent, sum(responses) AS responses FROM survey_scores_at('infinity');

-- Adjusted Wald, by the book: three answers more, 3/4 of one a promoter, 3/4 a
-- detractor.
SELECT month, pg_temp.r(score_low) AS low, pg_temp.r(score_high) AS high,
       pg_temp.r(score_low - 100 * greatest(-1, s.net - 1.959963984540054 * s.error)) AS low_less,
       pg_temp.r(score_high - 100 * least(1, s.net + 1.959963984540054 * s.error)) AS high_less
  FROM survey_scores_at('2024-12-01 00:00+09')
  JOIN (VALUES (date '2024-01-01', 3, 2, 0), ('2024-02-01', 2, 1, 1)) n (month, n, promoters, detractors) USING (month)
 CROSS JOIN LATERAL (SELECT (promoters + 0.75) / (n + 3) AS p, (detractors + 0.75) / (n + 3) AS d) a
 CROSS JOIN LATERAL (SELECT p - d AS net, sqrt((p + d - (p - d) ^ 2) / (n + 3)) AS error) s
 ORDER BY month;

-- By channel: where the invitation went out, and where the answer came in.
-- 4's 0 came in by line.
SELECT part, month, sent, answered, responses, pg_temp.r(score) AS score
  FROM survey_scores_by('channel', '2024-12-01 00:00+09') ORDER BY part, month;
-- By gender: 1 to 4 are women, 5 and 6 men; 7 and 8 have not said.
SELECT part, month, sent, answered, responses, pg_temp.r(score) AS score
  FROM survey_scores_by('gender', '2024-12-01 00:00+09') ORDER BY part, month;
-- The parts make up the whole, and everyone is the view.
SELECT b, sum(s.sent) AS sent, sum(s.answered) AS answered, sum(s.responses) AS responses
  FROM unnest('{everyone,channel,age_band,gender,region,sales_channel,first_category,rfm_segment}'::text[]) b
 CROSS JOIN LATERAL survey_scores_by(b, '2024-12-01 00:00+09') s
 GROUP BY b ORDER BY b;
SELECT count(*) FROM (
    SELECT 'everyone', * FROM survey_scores_at('2024-12-01 00:00+09')
    EXCEPT SELECT * FROM survey_scores_by('everyone', '2024-12-01 00:00+09')) d;

--
-- Scales
--

-- Up to ten customers answer each question, in June and again in July.
INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high, higher_is_better) VALUES
    ('care', 'satisfied 5', 'csat', '?', 1, 5, true),
    ('care', 'satisfied 7', 'csat', '?', 1, 7, true),
    ('care', 'satisfied 2', 'csat', '?', 1, 2, true),
    ('care', 'effort', 'ces', '?', 1, 5, false),
    ('care', 'ease', 'ces', '?', 1, 7, true),
    ('care', 'recommend', 'nps', '?', 0, 10, true),
    ('care', 'same', 'ces', '?', 1, 7, true),
    ('care', 'wide', 'ces', '?', 1, 10, true),
    ('care', 'once', 'ces', '?', 1, 10, true);
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at)
SELECT 'c' || n, 'june', 'care', timestamptz '2024-06-10 12:00+09' FROM generate_series(1, 10) n
UNION ALL
SELECT 'c' || n, 'july', 'care', timestamptz '2024-07-10 12:00+09' FROM generate_series(1, 10) n;
INSERT INTO survey_answers (customer_id, response_id, survey, question, score)
SELECT 'c' || a.n, s.response, 'care', s.question, a.score
  FROM (VALUES
    ('satisfied 5', 'june', '{1,2,3,4,5}'::smallint[]),
    ('satisfied 5', 'july', '{3,4,5,5}'),
    ('satisfied 7', 'june', '{1,5,6,7}'),
    ('satisfied 7', 'july', '{5,5,5,5}'),
    ('satisfied 2', 'june', '{1,2}'),
    ('effort', 'june', '{5,5,5,5,5,4,4,4,4,4}'),
    ('effort', 'july', '{2,2,2,2,2,1,1,1,1,1}'),
    ('ease', 'june', '{5,5,5,5,5,4,4,4,4,4}'),
    ('ease', 'july', '{2,2,2,2,2,1,1,1,1,1}'),
    ('recommend', 'june', '{0,1,2,3,4,5,6,0,0,0}'),
    ('recommend', 'july', '{9,9,9,9,9,10,10,10,10,10}'),
    ('same', 'june', '{4,4,4}'),
    ('same', 'july', '{4,4,4}'),
    ('wide', 'june', '{3,5}'),
    ('wide', 'july', '{6,8}'),
    ('once', 'june', '{3}'),
    ('once', 'july', '{6,8}')
  ) s (question, response, scores)
 CROSS JOIN LATERAL unnest(s.scores) WITH ORDINALITY a (score, n);

-- Means and top two: of 1 to 5, 2 of 5 gave 4 or 5; then 3 of 4. Of 1 to 7, 2 of
-- 4 gave 6 or 7, then none. Of 1 and 2 both are the top two. Less effort is
-- better, less ease is worse; a recommendation of 100 after -100 is better.
SELECT question, month, sent, response_rate, responses, score, csat_percent, change, significant, improved
  FROM survey_scores_at('2024-12-01 00:00+09') WHERE survey = 'care' AND question NOT IN ('wide', 'once');

-- Two answers and two answers, 4 and 7 in the mean, each with variance 2: Welch's
-- test has t = 3 / sqrt(2) and 2 degrees of freedom, for which p is
-- 1 - t / sqrt(2 + t * t) and 95% are 4.302653; 1 degree, that of one mean, has
-- 12.7062, so both intervals are cut off at the ends, 0 and 10.
SELECT month, score, score_low, score_high, change, pg_temp.r(change_low) AS change_low,
       pg_temp.r(change_high) AS change_high, pg_temp.r(p_value) AS p_value, significant, improved
  FROM survey_scores_at('2024-12-01 00:00+09') WHERE question = 'wide';
SELECT pg_temp.r(3 - 4.302653 * sqrt(2)) AS change_low, pg_temp.r(3 + 4.302653 * sqrt(2)) AS change_high,
       pg_temp.r(1 - sqrt(4.5) / sqrt(2 + 4.5)) AS p_value;

-- That is significant to somebody who takes one in five: for 80% it is
-- 8 / sqrt(18) with two degrees of freedom, tan(72 degrees) with one.
BEGIN;
UPDATE settings SET significance = 0.2;
SELECT month, score, pg_temp.r(score_low) AS score_low, pg_temp.r(score_high) AS score_high,
       pg_temp.r(change_low) AS change_low, pg_temp.r(change_high) AS change_high,
       pg_temp.r(p_value) AS p_value, significant, improved
  FROM survey_scores_at('2024-12-01 00:00+09') WHERE question = 'wide';
SELECT pg_temp.r(4 - tand(72)) AS june_low, pg_temp.r(4 + tand(72)) AS june_high,
       pg_temp.r(3 - 8 / sqrt(18) * sqrt(2)) AS change_low, pg_temp.r(3 + 8 / sqrt(18) * sqrt(2)) AS change_high;
-- Nor is a p_value less than itself.
UPDATE settings SET significance = (SELECT p_value FROM survey_scores_at('2024-12-01 00:00+09')
                                     WHERE question = 'wide' AND month = '2024-07-01');
SELECT significant, improved FROM survey_scores_at('2024-12-01 00:00+09')
 WHERE question = 'wide' AND month = '2024-07-01';
ROLLBACK;

-- One answer has a mean and no more; a change from it has no interval.
SELECT month, score, score_low, score_high, change, change_low, change_high, p_value, significant, improved
  FROM survey_scores_at('2024-12-01 00:00+09') WHERE question = 'once';

-- A change is one against the month before and no other: in September there is
-- nothing to compare with, as in June.
UPDATE survey_responses SET responded_at = '2024-09-10 12:00+09' WHERE response_id = 'july';
SELECT count(*) AS months, count(change) AS change, count(change_low) AS low, count(change_high) AS high,
       count(p_value) AS p_value, count(significant) AS significant, count(improved) AS improved
  FROM survey_scores_at('2024-12-01 00:00+09') WHERE survey = 'care';
-- December and January are neighbours.
UPDATE survey_responses SET responded_at = '2024-12-10 12:00+09' WHERE response_id = 'june';
UPDATE survey_responses SET responded_at = '2025-01-10 12:00+09' WHERE response_id = 'july';
SELECT month, score, change FROM survey_scores_at('2025-02-01 00:00+09') WHERE question = 'wide';

-- The bars: the most frequent score has the highest.
SELECT question, distribution, char_length(distribution) FROM survey_scores_at('2024-12-31 00:00+09')
 WHERE question IN ('same', 'satisfied 5');

SELECT pg_temp.same_elsewhere('SELECT * FROM survey_scores_at(''2025-02-01 00:00+09'')'),
       pg_temp.same_elsewhere('SELECT * FROM survey_scores_by(''channel'', ''2025-02-01 00:00+09'')');

SET search_path = public;
SELECT loyalcs.drop_shop('shop_ratings', 'shop_ratings');
