-- Who is loyal, and what do we owe them?
-- (README.md says how to bring it in; each statement is a question of its own.)

-- What a tier is worth  (a table)
SELECT tier, customers, customer_share, revenue_share, average_orders_per_year, times_the_rest
  FROM tier_summary_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 ORDER BY rank DESC NULLS LAST;

-- Who comes into a tier, and who leaves it  (bars by month)
SELECT month, tier, entered, exited, ending
  FROM tier_movements_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 ORDER BY month, tier;

-- Points that we owe  (a line by month)
SELECT month, closing, earned, redeemed, expired
  FROM points_liability_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 ORDER BY month;

-- Points that lapse next, by week  (bars)
SELECT date_trunc('week', expires_at) AS week, sum(points) AS points
  FROM points_expiring_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 GROUP BY 1
 ORDER BY 1
 LIMIT 13;

-- Do follow-ups help?  (a table)
SELECT step, assigned, held_out, uplift, uplift_low, uplift_high
  FROM followup_effect_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 ORDER BY step;
