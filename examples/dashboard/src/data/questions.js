// What is asked of the shop for each as-of, which is $1.  Names are the shop's own, by its
// search_path; words of a fixed vocabulary come in both languages.

export const boards = ["overview", "satisfaction", "retention", "service", "loyalty"];

export const questions = {
  waiting: `
    SELECT (SELECT count(*) FROM first_reply_overdue_at($1)) AS overdue,
           (SELECT count(*) FROM unanswered_at($1)) AS unanswered,
           (SELECT count(*) FROM followups_due_at($1)) AS due,
           (SELECT count(*) FROM lapsing_customers_at($1)) AS lapsing`,
  kpis: `
    SELECT kpi, loyalcs.label(kpi, 'ja') AS kpi_ja, loyalcs.label(kpi, 'en') AS kpi_en, status,
           loyalcs.label(status, 'ja') AS status_ja, loyalcs.label(status, 'en') AS status_en,
           actual, target_value, unit, sparkline
      FROM kpi_status_at($1)
     ORDER BY kpi`,
  revenue: `
    SELECT month, complete, new_revenue, repeat_revenue
      FROM revenue_mix_at($1)
     ORDER BY month DESC LIMIT 24`,
  satisfaction: `
    SELECT month, complete, kind, score, score_low, score_high, responses
      FROM satisfaction_at($1)
     WHERE kind = 'nps' OR scale = '1 to 5'
     ORDER BY month DESC, kind LIMIT 72`,
  stars: `
    SELECT month, complete, stars_mean, stars_low, stars_high, stars_target
      FROM review_scores_at($1)
     WHERE product_id IS NULL
     ORDER BY month DESC LIMIT 24`,
  drivers: `
    SELECT quarter, loyalcs.label(driver, 'ja') AS driver_ja, loyalcs.label(driver, 'en') AS driver_en, share_difference
      FROM nps_drivers_at($1)
     WHERE significant AND quarter = (SELECT max(d.quarter) FROM nps_drivers_at($1) d WHERE d.significant)
     ORDER BY abs(share_difference) DESC LIMIT 8`,
  repeat: `
    SELECT month, complete, repeat_rate, second_within_90_days
      FROM repeat_rate_at($1)
     ORDER BY month DESC LIMIT 24`,
  retention: `
    SELECT period_start AS month, crr, strict_retention
      FROM customer_retention_at($1)
     WHERE period = 'quarter' AND complete
     ORDER BY period_start DESC LIMIT 8`,
  cohorts: `
    SELECT cohort, months_later, active_share
      FROM retention_cohorts_at($1)
     WHERE complete AND months_later BETWEEN 1 AND 12 AND cohort >= date_trunc('month', $1::timestamptz) - interval '13 months'
     ORDER BY cohort, months_later`,
  segments: `
    SELECT loyalcs.label(segment, 'ja') AS segment_ja, loyalcs.label(segment, 'en') AS segment_en, customers, revenue
      FROM rfm_segments_at($1)
     ORDER BY revenue DESC`,
  lapsing: `
    SELECT customer_id, last_order_at::date AS last_order, silent_for_days, expected_gap_days, annual_value
      FROM lapsing_customers_at($1)
     ORDER BY money_at_stake DESC NULLS LAST, annual_value DESC LIMIT 10`,
  unanswered: `
    SELECT ticket_id, channel, loyalcs.label(channel, 'ja') AS channel_ja, loyalcs.label(channel, 'en') AS channel_en,
           reason, tier, waiting_minutes
      FROM unanswered_at($1)
     ORDER BY waiting_minutes DESC LIMIT 10`,
  promises: `
    SELECT month, complete, metric, loyalcs.label(metric, 'ja') AS metric_ja, loyalcs.label(metric, 'en') AS metric_en, attainment
      FROM sla_attainment_by('everyone', $1)
     ORDER BY month DESC, metric LIMIT 96`,
  replies: `
    SELECT month, complete, within_an_hour_share, within_an_hour_low, within_an_hour_high
      FROM first_replies_at($1)
     ORDER BY month DESC LIMIT 24`,
  reasons: `
    SELECT reason, sum(tickets)::bigint AS tickets
      FROM ticket_reasons_at($1)
     WHERE month >= date_trunc('month', $1::timestamptz) - interval '2 months'
     GROUP BY reason
     ORDER BY tickets DESC LIMIT 10`,
  tiers: `
    SELECT coalesce(tier, '') AS tier, customers, customer_share, revenue_share, times_the_rest
      FROM tier_summary_at($1)
     ORDER BY rank DESC NULLS LAST`,
  movements: `
    SELECT month, complete, tier, entered, exited
      FROM tier_movements_at($1)
     ORDER BY month DESC, tier LIMIT 96`,
  points: `
    SELECT month, complete, closing
      FROM points_liability_at($1)
     ORDER BY month DESC LIMIT 24`,
  expiring: `
    SELECT date_trunc('week', expires_at)::date AS month, sum(points)::bigint AS points
      FROM points_expiring_at($1)
     GROUP BY 1 ORDER BY 1 LIMIT 13`,
  effect: `
    SELECT step, loyalcs.label(step, 'ja') AS step_ja, loyalcs.label(step, 'en') AS step_en,
           assigned, held_out, uplift, uplift_low, uplift_high
      FROM followup_effect_at($1)
     WHERE held_out > 0
     ORDER BY step`
};
