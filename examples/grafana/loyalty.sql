-- Who is loyal, and what do we owe them?
-- (README.md says how to bring it in; each statement is a panel of its own.)

-- What a tier is worth  (Table)
SELECT tier, customers, customer_share, revenue_share, average_orders_per_year, times_the_rest
  FROM tier_summary_at($__timeTo()::timestamptz)
 ORDER BY rank DESC NULLS LAST;

-- Who comes into a tier, and who leaves it  (Bar chart)
SELECT month::timestamptz AS "time", tier, entered, exited, ending
  FROM tier_movements_at($__timeTo()::timestamptz)
 ORDER BY month, tier;

-- Points that we owe  (Time series)
SELECT month::timestamptz AS "time", closing, earned, redeemed, expired
  FROM points_liability_at($__timeTo()::timestamptz)
 ORDER BY month;

-- Points that lapse next, by week  (Bar chart)
SELECT date_trunc('week', expires_at) AS "time", sum(points) AS points
  FROM points_expiring_at($__timeTo()::timestamptz)
 GROUP BY 1
 ORDER BY 1
 LIMIT 13;

-- Do follow-ups help?  (Table)
SELECT step, assigned, held_out, uplift, uplift_low, uplift_high
  FROM followup_effect_at($__timeTo()::timestamptz)
 ORDER BY step;
