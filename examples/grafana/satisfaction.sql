-- How content are customers, and why?
-- (README.md says how to bring it in; each statement is a panel of its own.)

-- NPS, with its interval  (Time series)
SELECT month::timestamptz AS "time", score, score_low, score_high, responses
  FROM satisfaction_at($__timeTo()::timestamptz)
 WHERE kind = 'nps'
 ORDER BY month;

-- CSAT and CES  (Time series)
SELECT month::timestamptz AS "time", concat(loyalcs.label(kind, language), ', ', scale) AS metric, score
  FROM satisfaction_at($__timeTo()::timestamptz), settings
 WHERE kind <> 'nps'
 ORDER BY month, kind;

-- Stars of reviews  (Time series)
SELECT month::timestamptz AS "time", stars_mean, stars_low, stars_high, stars_target
  FROM review_scores_at($__timeTo()::timestamptz)
 WHERE product_id IS NULL
 ORDER BY month;

-- How pleased texts are, by where they were written  (Time series)
SELECT month::timestamptz AS "time", loyalcs.label(source, language) AS metric, sentiment_balance
  FROM sentiment_trend_at($__timeTo()::timestamptz), settings
 ORDER BY month, source;

-- What goes with a high or a low NPS, by more than chance  (Bar chart)
SELECT quarter, survey, loyalcs.label(driver, language) AS driver, share_difference
  FROM nps_drivers_at($__timeTo()::timestamptz), settings
 WHERE significant
 ORDER BY quarter DESC, share_difference;
