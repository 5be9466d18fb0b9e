-- Is the shop well, and what needs somebody today?
-- (README.md says how to bring it in; each statement is a panel of its own.)

-- What is waiting  (Stat)
SELECT (SELECT count(*) FROM first_reply_overdue_at($__timeTo()::timestamptz)) AS first_reply_overdue,
       (SELECT count(*) FROM unanswered_at($__timeTo()::timestamptz)) AS unanswered,
       (SELECT count(*) FROM followups_due_at($__timeTo()::timestamptz)) AS followups_due,
       (SELECT count(*) FROM lapsing_customers_at($__timeTo()::timestamptz)) AS lapsing_customers;

-- The KPIs against their targets  (Table)
SELECT loyalcs.label(kpi, language) AS kpi, period_start, actual, target_value,
       loyalcs.label(status, language) AS status, sparkline
  FROM kpi_status_at($__timeTo()::timestamptz), settings
 ORDER BY kpi;

-- Orders and what they brought, from new and from returning buyers  (Bar chart, stacked)
SELECT month::timestamptz AS "time", orders, new_revenue, repeat_revenue
  FROM revenue_mix_at($__timeTo()::timestamptz)
 ORDER BY month;

-- Does everything run?  (Table)
SELECT severity, component, finding, to_do, affected
  FROM shop_health_at($__timeTo()::timestamptz)
 ORDER BY severity, component;
