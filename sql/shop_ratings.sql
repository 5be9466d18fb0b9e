-- What surveys say, month by month, and whether a change is more than chance.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

-- Figures with many decimals.
CREATE FUNCTION pg_temp.r(value double precision) RETURNS numeric LANGUAGE sql
RETURN round(value::numeric, 5);

SET search_path = shop;

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
       pg_temp.r(score) AS score, pg_temp.r(change) AS change, median_time_taken, median_time_taken_minutes AS minutes, csat_share, distribution
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

-- Adjusted Wald: three answers more, 3/4 of one a promoter, 3/4 a detractor, with
-- Student's t of five and of four degrees of freedom.
SELECT month, pg_temp.r(score_low) AS low, pg_temp.r(score_high) AS high,
       pg_temp.r(score_low - 100 * greatest(-1, s.net - n.t * s.error)) AS low_less,
       pg_temp.r(score_high - 100 * least(1, s.net + n.t * s.error)) AS high_less
  FROM survey_scores_at('2024-12-01 00:00+09')
  JOIN (VALUES (date '2024-01-01', 3, 2, 0, 2.570581835636314), ('2024-02-01', 2, 1, 1, 2.776445105197793)) n (month, n, promoters, detractors, t) USING (month)
 CROSS JOIN LATERAL (SELECT (n.promoters + 0.75) / (n + 3) AS p, (n.detractors + 0.75) / (n + 3) AS d) a
 CROSS JOIN LATERAL (SELECT p - d AS net, sqrt((p + d - (p - d) ^ 2) / (n + 2)) AS error) s
 ORDER BY month;

-- Rates have Wilson's interval, and changes that of share_change(): 3 of 4, 1 of 1, 0 of 1, and in May 1 of
-- 1, each against the last month before of which anybody was asked; never significant of so few.
SELECT s.month, s.response_rate_compared_with AS compared_with, s.response_rate_change AS change, pg_temp.r(s.response_rate_low) AS low, pg_temp.r(s.response_rate_high) AS high,
       pg_temp.r(s.response_rate_change_low) AS change_low, pg_temp.r(s.response_rate_change_high) AS change_high, s.response_rate_significant AS significant,
       (s.response_rate_low, s.response_rate_high) = (i.low, i.high) AS as_wilson,
       (s.response_rate_change, s.response_rate_change_low, s.response_rate_change_high) IS NOT DISTINCT FROM (c.change, c.change_low, c.change_high) AS as_changed
  FROM survey_scores_at('2024-12-01 00:00+09') s
  JOIN (VALUES (date '2024-01-01', NULL::bigint, NULL::bigint, 3, 4), ('2024-02-01', 3, 4, 1, 1), ('2024-03-01', 1, 1, 0, 1), ('2024-05-01', 0, 1, 1, 1)) n (month, a, b, c, d) USING (month)
 CROSS JOIN LATERAL loyalcs.share_interval(n.c, n.d) i CROSS JOIN LATERAL share_change(n.a, n.b, n.c, n.d) c
 WHERE s.survey = 'after' AND s.question = 'recommend' ORDER BY s.month;
-- Even where one answer is enough, 1 of 1 after 2 of 3 is no change; then one comparison is made in February, of the
-- scores of women.
BEGIN;
UPDATE settings SET minimum_answers = 1;
SELECT part, month, response_rate_significant AS significant, comparisons FROM survey_scores_by('gender', '2024-12-01 00:00+09') WHERE question = 'recommend' ORDER BY part, month;
ROLLBACK;
-- The NPS of all months is that of all answers.
SELECT month, promoters, passives, detractors FROM survey_scores_at('2024-12-01 00:00+09') WHERE question = 'recommend';
SELECT sum(promoters) AS promoters, sum(passives) AS passives, sum(detractors) AS detractors, 100 * (sum(promoters) - sum(detractors)) / sum(responses) AS nps,
       (SELECT loyalcs.nps(score::int) FROM survey_answers WHERE score IS NOT NULL) AS of_answers
  FROM survey_scores_at('2024-12-01 00:00+09') WHERE question = 'recommend';

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
SELECT question, month, sent, response_rate, responses, score, csat_share, change, significant, improved
  FROM survey_scores_at('2024-12-01 00:00+09') WHERE survey = 'care' AND question NOT IN ('wide', 'once');

-- The satisfied: 2 of 5, then 3 of 4; 2 of 4, then none of 4; 2 of 2.
SELECT s.question, s.month, pg_temp.r(s.csat_share_low) AS low, pg_temp.r(s.csat_share_high) AS high, s.csat_share_change AS change, s.csat_share_significant AS significant,
       (s.csat_share_low, s.csat_share_high) = (i.low, i.high) AS as_wilson,
       (s.csat_share_change, s.csat_share_change_low, s.csat_share_change_high) IS NOT DISTINCT FROM (c.change, c.change_low, c.change_high) AS as_changed
  FROM survey_scores_at('2024-12-01 00:00+09') s
  JOIN (VALUES ('satisfied 5', date '2024-06-01', NULL::bigint, NULL::bigint, 2, 5), ('satisfied 5', '2024-07-01', 2, 5, 3, 4), ('satisfied 7', '2024-06-01', NULL, NULL, 2, 4),
               ('satisfied 7', '2024-07-01', 2, 4, 0, 4), ('satisfied 2', '2024-06-01', NULL, NULL, 2, 2)) n (question, month, a, b, c, d) USING (question, month)
 CROSS JOIN LATERAL loyalcs.share_interval(n.c, n.d) i CROSS JOIN LATERAL share_change(n.a, n.b, n.c, n.d) c
 ORDER BY 1, 2;
SELECT count(*), count(csat_share_low) AS low, count(csat_share_change) AS change, count(csat_share_significant) AS significant, count(promoters) FILTER (WHERE kind <> 'nps') AS promoters
  FROM survey_scores_at('2024-12-01 00:00+09') WHERE kind <> 'csat';
-- Ten answers on either side have three scores of July that are tested.
SELECT month, max(comparisons) AS comparisons, min(comparisons) = max(comparisons) AS the_same, count(*) FILTER (WHERE p_value IS NOT NULL AND NOT too_few) AS tested
  FROM survey_scores_at('2024-12-01 00:00+09') GROUP BY month ORDER BY month;

-- Two answers and two answers, 3 and 5, then 6 and 8. With 1 and 10, the ends of
-- the scale, they are 4.75 and 6.25 in the mean, each with a variance of
-- 44.75 / 3 / 4, and 3 degrees of freedom: t is 3.182446, and both intervals are
-- cut off at the ends of the scale. Of the change, Welch's test has 6 degrees of
-- freedom, for which t is 2.446912.
SELECT month, score, pg_temp.r(score_low) AS score_low, score_high, compared_with, change, pg_temp.r(change_low) AS change_low,
       pg_temp.r(change_high) AS change_high, pg_temp.r(p_value) AS p_value, too_few, significant, improved
  FROM survey_scores_at('2024-12-01 00:00+09') WHERE question = 'wide';
SELECT pg_temp.r(1.5 - 2.446912 * sqrt(44.75 / 6)) AS change_low, pg_temp.r(1.5 + 2.446912 * sqrt(44.75 / 6)) AS change_high;

-- For 80% it is 1.637744 with three degrees of freedom, 1.439756 with six.
BEGIN;
UPDATE settings SET significance = 0.2;
SELECT month, score, pg_temp.r(score_low) AS score_low, pg_temp.r(score_high) AS score_high,
       pg_temp.r(change_low) AS change_low, pg_temp.r(change_high) AS change_high,
       pg_temp.r(p_value) AS p_value, significant, improved
  FROM survey_scores_at('2024-12-01 00:00+09') WHERE question = 'wide';
SELECT pg_temp.r(4.75 - 1.637744 * sqrt(44.75 / 12)) AS june_low, pg_temp.r(4.75 + 1.637744 * sqrt(44.75 / 12)) AS june_high,
       pg_temp.r(1.5 - 1.439756 * sqrt(44.75 / 6)) AS change_low, pg_temp.r(1.5 + 1.439756 * sqrt(44.75 / 6)) AS change_high;
-- To somebody who takes nearly anything for significant, it is: but not if it is
-- of too few, whatever the p-value.
UPDATE settings SET significance = 0.7, minimum_answers = 3;
SELECT month, too_few, significant, improved FROM survey_scores_at('2024-12-01 00:00+09') WHERE question = 'wide';
UPDATE settings SET minimum_answers = 2;
SELECT month, too_few, significant, improved FROM survey_scores_at('2024-12-01 00:00+09') WHERE question = 'wide';
-- Nor is a p_value less than itself.
UPDATE settings SET significance = (SELECT p_value FROM survey_scores_at('2024-12-01 00:00+09')
                                     WHERE question = 'wide' AND month = '2024-07-01');
SELECT significant, improved FROM survey_scores_at('2024-12-01 00:00+09')
 WHERE question = 'wide' AND month = '2024-07-01';
ROLLBACK;
SELECT pg_temp.outcome('UPDATE settings SET minimum_answers = 0'), pg_temp.outcome($$UPDATE settings SET response_within = '0'$$);

-- One answer tells next to nothing.
SELECT month, score, score_low, score_high, change, pg_temp.r(change_low) AS change_low, change_high, pg_temp.r(p_value) AS p_value, too_few, significant, improved
  FROM survey_scores_at('2024-12-01 00:00+09') WHERE question = 'once';

-- An invitation counts for the response rate once it has had the time.
SELECT d AS day, sent, answered, response_rate, complete
  FROM unnest('{2024-01-20,2024-01-31,2024-02-10,2024-06-01}'::date[]) d
 CROSS JOIN LATERAL survey_scores_at(d::timestamp AT TIME ZONE 'Asia/Tokyo') s
 WHERE s.month = '2024-01-01' AND s.question = 'recommend' AND s.survey = 'after' ORDER BY d;

-- A change is one against the last month before with answers, however long ago:
-- a quarterly survey has one, too.
UPDATE survey_responses SET responded_at = '2024-09-10 12:00+09' WHERE response_id = 'july';
SELECT count(*) AS months, min(compared_with) AS compared_with, max(compared_with) AS and_no_other, count(change) AS change, count(change_low) AS low, count(change_high) AS high,
       count(p_value) AS p_value, count(significant) AS significant, count(improved) AS improved
  FROM survey_scores_at('2024-12-01 00:00+09') WHERE survey = 'care';
-- December and January are neighbours.
UPDATE survey_responses SET responded_at = '2024-12-10 12:00+09' WHERE response_id = 'june';
UPDATE survey_responses SET responded_at = '2025-01-10 12:00+09' WHERE response_id = 'july';
SELECT month, score, change FROM survey_scores_at('2025-02-01 00:00+09') WHERE question = 'wide';

-- The bars: the most frequent score has the highest.
SELECT question, distribution, char_length(distribution) FROM survey_scores_at('2024-12-31 00:00+09')
 WHERE question IN ('same', 'satisfied 5');

-- Against the same month a year before, in the same way as against the last one.
INSERT INTO survey_responses (customer_id, response_id, survey, responded_at)
SELECT 'c' || n, 'year ' || y, 'after', make_timestamptz(y, 10, 5, 12, 0, 0, 'Asia/Tokyo') + n * interval '1 hour' FROM generate_series(1, 20) n, generate_series(2030, 2031) y;
INSERT INTO survey_answers (customer_id, response_id, survey, question, score)
SELECT 'c' || n, 'year ' || y, 'after', 'recommend', CASE WHEN n <= 4 * (y - 2029) THEN 10 ELSE 8 END FROM generate_series(1, 20) n, generate_series(2030, 2031) y;
SELECT p.period, s.period_start, s.responses, s.score, s.ratings, s.year_before, pg_temp.r(s.year_change) AS change, pg_temp.r(s.year_change_low) AS low, pg_temp.r(s.year_change_high) AS high, s.year_change_significant AS significant,
       s.compared_with, (s.change, s.change_low, s.change_high, s.significant) = (s.year_change, s.year_change_low, s.year_change_high, s.year_change_significant) AS the_same
  FROM unnest('{month,quarter,year,week,day}'::text[]) p (period)
 CROSS JOIN LATERAL survey_scores_per(p.period, 'everyone', '2032-01-01 00:00+09') s
 WHERE s.survey = 'after' AND s.question = 'recommend' AND s.period_start >= '2030-01-01'
 ORDER BY p.period, s.period_start;
SELECT pg_temp.r(low) AS low, pg_temp.r(high) AS high FROM loyalcs.nps_change('{"8": 16, "10": 4}', '{"8": 12, "10": 8}', 0.95);
-- What the months say adds up to what the year does, of every question.
SELECT count(*) AS years, bool_and(y.ratings = m.ratings) AS add_up
  FROM survey_scores_per('year', 'channel', '2032-01-01 00:00+09') y
  JOIN (SELECT part, survey, question, date_trunc('year', period_start::timestamp)::date AS year, loyalcs.sum(ratings::loyalcs.ratings)::jsonb AS ratings
          FROM survey_scores_per('month', 'channel', '2032-01-01 00:00+09') GROUP BY 1, 2, 3, 4) m
    ON m.part = y.part AND m.survey = y.survey AND m.question = y.question AND m.year = y.period_start
 WHERE y.ratings IS NOT NULL;

SELECT pg_temp.same_elsewhere('SELECT * FROM survey_scores_at(''2025-02-01 00:00+09'')'),
       pg_temp.same_elsewhere('SELECT * FROM survey_scores_by(''channel'', ''2025-02-01 00:00+09'')');
