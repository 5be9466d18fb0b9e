-- Who waits for us, and do we keep what we promise?
-- (README.md says how to bring it in; each statement is a panel of its own.)

-- Nobody has replied, and the time is over  (Table)
SELECT ticket_id, customer_id, channel, reason, tier, due_at, time_over_minutes
  FROM first_reply_overdue_at($__timeTo()::timestamptz)
 ORDER BY time_over_minutes DESC;

-- Who waits, the longest first  (Table)
SELECT ticket_id, customer_id, channel, reason, tier, agent_id, waiting_since, waiting_minutes
  FROM unanswered_at($__timeTo()::timestamptz)
 ORDER BY waiting_minutes DESC;

-- Promises kept  (Time series)
SELECT month::timestamptz AS "time", loyalcs.label(metric, language) AS metric, attainment
  FROM sla_attainment_by('everyone', $__timeTo()::timestamptz), settings
 ORDER BY month, metric;

-- First replies within an hour  (Time series)
SELECT month::timestamptz AS "time", within_an_hour_share, within_an_hour_low, within_an_hour_high
  FROM first_replies_at($__timeTo()::timestamptz)
 ORDER BY month;

-- What they write in about  (Bar chart, stacked)
SELECT month::timestamptz AS "time", reason, tickets
  FROM ticket_reasons_at($__timeTo()::timestamptz)
 ORDER BY month, reason;

-- What lies about, by age  (Bar chart)
SELECT age, sum(tickets) AS tickets, sum(unanswered) AS unanswered, sum(complaints) AS complaints
  FROM backlog_at($__timeTo()::timestamptz)
 GROUP BY age, age_from
 ORDER BY age_from;
