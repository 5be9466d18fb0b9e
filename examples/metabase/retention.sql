-- Do customers come back, and who is leaving?
-- (README.md says how to bring it in; each statement is a question of its own.)

-- Repeat rate  (a line by month)
SELECT month, repeat_rate, second_within_90_days
  FROM repeat_rate_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 ORDER BY month;

-- Retention, as published and strict  (lines by quarter)
SELECT period_start AS quarter, crr, strict_retention
  FROM customer_retention_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 WHERE period = 'quarter' AND complete
 ORDER BY period_start;

-- Cohorts: how many of each month bought again  (a pivot table, coloured)
SELECT cohort, months_later, active_share
  FROM retention_cohorts_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 WHERE complete AND months_later > 0
 ORDER BY cohort, months_later;

-- Segments of RFM  (bars)
SELECT loyalcs.label(segment, language) AS segment, customers, revenue
  FROM rfm_segments_at(coalesce([[{{as_of}}::timestamptz, ]]now())), settings
 ORDER BY revenue DESC;

-- Who is leaving, the most at stake first  (a table)
SELECT customer_id, last_order_at, silent_for_days, expected_gap_days, probability_alive, annual_value, money_at_stake
  FROM lapsing_customers_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 ORDER BY money_at_stake DESC NULLS LAST, annual_value DESC
 LIMIT 50;
