-- Is the shop well, and what needs somebody today?
-- (README.md says how to bring it in; each statement is a question of its own.)

-- What is waiting  (a number each)
SELECT (SELECT count(*) FROM first_reply_overdue_at(coalesce([[{{as_of}}::timestamptz, ]]now()))) AS first_reply_overdue,
       (SELECT count(*) FROM unanswered_at(coalesce([[{{as_of}}::timestamptz, ]]now()))) AS unanswered,
       (SELECT count(*) FROM followups_due_at(coalesce([[{{as_of}}::timestamptz, ]]now()))) AS followups_due,
       (SELECT count(*) FROM lapsing_customers_at(coalesce([[{{as_of}}::timestamptz, ]]now()))) AS lapsing_customers;

-- The KPIs against their targets  (a table)
SELECT loyalcs.label(kpi, language) AS kpi, period_start, actual, target_value,
       loyalcs.label(status, language) AS status, sparkline
  FROM kpi_status_at(coalesce([[{{as_of}}::timestamptz, ]]now())), settings
 ORDER BY kpi;

-- Orders and what they brought, from new and from returning buyers  (stacked bars by month)
SELECT month, orders, new_revenue, repeat_revenue
  FROM revenue_mix_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 ORDER BY month;

-- Does everything run?  (a table)
SELECT severity, component, finding, to_do, affected
  FROM shop_health_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 ORDER BY severity, component;
