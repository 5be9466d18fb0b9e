-- How content are customers, and why?
-- (README.md says how to bring it in; each statement is a question of its own.)

-- NPS, with its interval  (a line by month; the interval as two thin lines)
SELECT month, score, score_low, score_high, responses
  FROM satisfaction_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 WHERE kind = 'nps'
 ORDER BY month;

-- CSAT and CES  (lines by month, a series each)
SELECT month, concat(loyalcs.label(kind, language), ', ', scale) AS kind, score
  FROM satisfaction_at(coalesce([[{{as_of}}::timestamptz, ]]now())), settings
 WHERE kind <> 'nps'
 ORDER BY month, kind;

-- Stars of reviews  (a line by month)
SELECT month, stars_mean, stars_low, stars_high, stars_target
  FROM review_scores_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 WHERE product_id IS NULL
 ORDER BY month;

-- How pleased texts are, by where they were written  (lines by month, a series each)
SELECT month, loyalcs.label(source, language) AS source, sentiment_balance
  FROM sentiment_trend_at(coalesce([[{{as_of}}::timestamptz, ]]now())), settings
 ORDER BY month, source;

-- What goes with a high or a low NPS, by more than chance  (bars)
SELECT quarter, survey, loyalcs.label(driver, language) AS driver, share_difference
  FROM nps_drivers_at(coalesce([[{{as_of}}::timestamptz, ]]now())), settings
 WHERE significant
 ORDER BY quarter DESC, share_difference;
