-- Who waits for us, and do we keep what we promise?
-- (README.md says how to bring it in; each statement is a question of its own.)

-- Nobody has replied, and the time is over  (a table)
SELECT ticket_id, customer_id, channel, reason, tier, due_at, time_over_minutes
  FROM first_reply_overdue_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 ORDER BY time_over_minutes DESC;

-- Who waits, the longest first  (a table)
SELECT ticket_id, customer_id, channel, reason, tier, agent_id, waiting_since, waiting_minutes
  FROM unanswered_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 ORDER BY waiting_minutes DESC;

-- Promises kept  (lines by month, a series each)
SELECT month, loyalcs.label(metric, language) AS metric, attainment
  FROM sla_attainment_by('everyone', coalesce([[{{as_of}}::timestamptz, ]]now())), settings
 ORDER BY month, metric;

-- First replies within an hour  (a line by month)
SELECT month, within_an_hour_share, within_an_hour_low, within_an_hour_high
  FROM first_replies_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 ORDER BY month;

-- What they write in about  (bars by month, stacked)
SELECT month, reason, tickets
  FROM ticket_reasons_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 ORDER BY month, reason;

-- What lies about, by age  (bars)
SELECT age, sum(tickets) AS tickets, sum(unanswered) AS unanswered, sum(complaints) AS complaints
  FROM backlog_at(coalesce([[{{as_of}}::timestamptz, ]]now()))
 GROUP BY age, age_from
 ORDER BY age_from;
