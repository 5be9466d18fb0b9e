-- How often promises were kept: of what is kept and without, against the promises themselves.
-- test: setup filled

SET search_path = aurora;

-- By breakdowns of tickets and of customers, as of several instants, against what is counted of
-- all promises by hand.
CREATE FUNCTION pg_temp.by_hand(breakdown text, as_of timestamptz) RETURNS TABLE (month date, part text, metric text, met bigint, missed bigint, running bigint, percentiles interval[])
    LANGUAGE sql STABLE
AS $$
    SELECT date_trunc('month', s.started_at AT TIME ZONE 'Asia/Tokyo')::date,
           CASE breakdown WHEN 'channel' THEN s.channel WHEN 'reason' THEN coalesce(s.reason, 'unknown') WHEN 'priority' THEN coalesce(s.priority, 'unknown')
                          WHEN 'tier' THEN coalesce(s.tier, 'unknown') WHEN 'agent' THEN coalesce(s.held_by, 'nobody') WHEN 'policy_set' THEN s.policy_set
                          WHEN 'everyone' THEN 'everyone' ELSE coalesce(c.gender, 'unknown') END,
           s.metric, count(*) FILTER (WHERE s.state = 'met'), count(*) FILTER (WHERE s.state IN ('missed', 'breached')),
           count(*) FILTER (WHERE s.state NOT IN ('met', 'missed', 'breached')), loyalcs.percentiles(s.elapsed, s.state IN ('met', 'missed'))
      FROM sla_status_at(as_of) s
      JOIN customers c USING (customer_id)
     GROUP BY 1, 2, 3
$$;
CREATE FUNCTION pg_temp.compared() RETURNS TABLE (as_of timestamptz, many boolean, running boolean, differ bigint) LANGUAGE sql AS $$
    SELECT v.as_of, count(*) > 50, sum(v.running) > 0, count(*) FILTER (WHERE v.n <> 0)
      FROM (SELECT w.as_of, b.breakdown, v.month, v.part, v.metric, v.met, v.missed, v.running, v.attainment, v.percentiles, sum(v.n) AS n
              FROM (VALUES (timestamptz '2025-11-01 00:00+09'), ('2026-01-10 10:00+09'), ('2026-10-31 23:59+09'), ('9999-01-01 00:00+09')) w (as_of)
             CROSS JOIN unnest('{channel,reason,priority,tier,agent,policy_set,everyone,gender}'::text[]) b (breakdown)
             CROSS JOIN LATERAL (SELECT h.month, h.part, h.metric, h.met, h.missed, h.running, h.met::float8 / nullif(h.met + h.missed, 0)::float8 AS attainment,
                                        coalesce(h.percentiles, '{NULL,NULL,NULL}') AS percentiles, 1 AS n
                                   FROM pg_temp.by_hand(b.breakdown, w.as_of) h
                                 UNION ALL
                                 SELECT a.month, a.part, a.metric, a.met, a.missed, a.running, a.attainment, ARRAY[a.median, a.p90, a.p95], -1
                                   FROM sla_attainment_by(b.breakdown, w.as_of) a) v
             GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) v
     GROUP BY 1
$$;
SELECT tickets_are_kept() AS kept;
SELECT * FROM pg_temp.compared() ORDER BY 1;
SELECT refresh_kept_tickets() > 0 AS refreshed;
SELECT tickets_are_kept() AS kept;
SELECT count(*) > 1000 AS promises, count(*) FILTER (WHERE holds_from > '2026-01-10 10:00+09' AND started_at < '2026-01-10 10:00+09') > 0 AS still_open_then FROM kept_promises;
SELECT * FROM pg_temp.compared() ORDER BY 1;

-- Some customers write again, some tickets are of another kind, and some are one.
SELECT count(record_ticket_event(t.customer_id, t.ticket_id, 'customer_message', '2026-10-30 09:00+09')) AS some_write_again
  FROM (SELECT * FROM tickets t WHERE hashtextextended(t.ticket_id, 0) % 100 = 0) t;
UPDATE tickets SET channel = 'phone', reason = NULL, priority = 'urgent' WHERE hashtextextended(ticket_id, 1) % 100 = 0;
SELECT count(record_ticket_event(t.customer_id, t.first, 'merged', '2026-10-31 11:00+09', merged_into => t.last) IS NULL) > 3 AS are_one
  FROM (SELECT customer_id, min(ticket_id) AS first, max(ticket_id) AS last FROM tickets WHERE merged_into IS NULL
         GROUP BY 1 HAVING count(*) > 1 AND hashtextextended(min(ticket_id), 2) % 2 = 0) t;
SELECT count(*) > 10 AS marked FROM ticket_marks;
SELECT * FROM pg_temp.compared() ORDER BY 1;
SELECT refresh_kept_tickets() > 0 AS refreshed;
SELECT * FROM pg_temp.compared() ORDER BY 1;
