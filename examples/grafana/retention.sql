-- Do customers come back, and who is leaving?
-- (README.md says how to bring it in; each statement is a panel of its own.)

-- Repeat rate  (Time series)
SELECT month::timestamptz AS "time", repeat_rate, second_within_90_days
  FROM repeat_rate_at($__timeTo()::timestamptz)
 ORDER BY month;

-- Retention, as published and strict  (Time series)
SELECT period_start::timestamptz AS "time", crr, strict_retention
  FROM customer_retention_at($__timeTo()::timestamptz)
 WHERE period = 'quarter' AND complete
 ORDER BY period_start;

-- Cohorts: how many of each month bought again  (Heatmap or Table)
SELECT cohort, months_later, active_share
  FROM retention_cohorts_at($__timeTo()::timestamptz)
 WHERE complete AND months_later > 0
 ORDER BY cohort, months_later;

-- Segments of RFM  (Bar chart)
SELECT loyalcs.label(segment, language) AS segment, customers, revenue
  FROM rfm_segments_at($__timeTo()::timestamptz), settings
 ORDER BY revenue DESC;

-- Who is leaving, the most at stake first  (Table)
SELECT customer_id, last_order_at, silent_for_days, expected_gap_days, probability_alive, annual_value, money_at_stake
  FROM lapsing_customers_at($__timeTo()::timestamptz)
 ORDER BY money_at_stake DESC NULLS LAST, annual_value DESC
 LIMIT 50;
