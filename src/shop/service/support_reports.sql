-- shop/support_reports.sql
--
-- How support runs: by channel and by agent, what lies about, what comes in while
-- nobody is there, and how much of it there is.
-- Needs: settings, durations, periods, breakdown, surveys, tickets, ticket_facts, sla.

--@ functions
CREATE OR REPLACE FUNCTION channel_summary_per(period text, breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    period_start date,
    complete boolean,
    channel text,
    tickets bigint,
    tickets_of_all bigint,
    ticket_share double precision,
    ticket_share_low double precision,
    ticket_share_high double precision,
    contacts bigint,
    resolved bigint,
    cost numeric,
    cost_per_ticket numeric,
    cost_per_resolved numeric
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.part, m.period_start, m.complete, a.channel, a.tickets, a.tickets_of_all,
           a.tickets::double precision / a.tickets_of_all::double precision, w.low, w.high,
           a.contacts, a.resolved, a.cost,
           trim_scale(round(a.cost / a.tickets::numeric, 4)),
           trim_scale(round(a.cost / nullif(a.resolved, 0::bigint)::numeric, 4))
      FROM settings s
     CROSS JOIN LATERAL periods_of_tickets(channel_summary_per.period, channel_summary_per.as_of) m
     CROSS JOIN LATERAL (
               SELECT g.part, t.channel, count(*) AS tickets,
                      sum(count(*)) OVER (PARTITION BY g.part)::bigint AS tickets_of_all,
                      sum(t.contacts)::bigint AS contacts, pg_catalog.count(t.resolved_at) AS resolved, sum(t.cost) AS cost
                 FROM tickets_opened_in(m.period_start, m.last_day, channel_summary_per.as_of) t
                 LEFT JOIN customer_breakdown(channel_summary_per.breakdown, channel_summary_per.as_of) b ON b.customer_id = t.customer_id
                CROSS JOIN LATERAL (SELECT coalesce(b.part, CASE channel_summary_per.breakdown WHEN 'everyone' THEN 'everyone'
                                                                                              ELSE 'unknown' END) AS part) g
                GROUP BY g.part, t.channel) a
     CROSS JOIN LATERAL loyalcs.share_interval(a.tickets, a.tickets_of_all, 1::double precision - s.significance) w
     ORDER BY a.part, m.period_start, a.channel;
END;
COMMENT ON FUNCTION channel_summary_per(text, text, timestamptz) IS
    'tickets by the local period in which they were opened and channel: how many, their share of the period''s with Wilson''s interval, how often their customers wrote, how many are resolved by now, and what the contacts cost (see contact_cost()), for a ticket and for a resolved one; for each part of a breakdown of customers, so with age_band which age comes by which channel';

CREATE OR REPLACE FUNCTION agent_summary_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    agent_id text,
    tickets bigint,
    resolved bigint,
    handle_time_median interval,
    handle_time_median_minutes double precision,
    handle_time_p90 interval,
    handle_time_p90_minutes double precision,
    first_reply_median interval,
    first_reply_median_minutes double precision,
    first_reply_p90 interval,
    first_reply_p90_minutes double precision,
    reopened bigint,
    reopen_rate double precision,
    reopen_rate_low double precision,
    reopen_rate_high double precision,
    responses bigint,
    satisfied bigint,
    satisfied_share double precision,
    satisfied_share_low double precision,
    satisfied_share_high double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.agent_id, a.tickets, a.resolved,
           a.handled[1], in_minutes(a.handled[1]), a.handled[2], in_minutes(a.handled[2]),
           a.replied[1], in_minutes(a.replied[1]), a.replied[2], in_minutes(a.replied[2]),
           a.reopened, a.reopened::double precision / nullif(a.ever_resolved, 0::bigint)::double precision, w.low, w.high,
           a.responses, a.satisfied, a.satisfied::double precision / nullif(a.responses, 0::bigint)::double precision, v.low, v.high
      FROM settings s
     CROSS JOIN LATERAL periods_of_tickets(agent_summary_per.period, agent_summary_per.as_of) m
     CROSS JOIN LATERAL (
               SELECT t.agent_id, count(*) AS tickets, pg_catalog.count(t.resolved_at) AS resolved,
                      loyalcs.percentiles(t.handle_time) FILTER (WHERE t.resolved_at IS NOT NULL) AS handled,
                      loyalcs.percentiles(time_between(t.opened_at, coalesce(t.first_reply_at, greatest(t.opened_at, least(agent_summary_per.as_of, timestamptz '9999-12-31 00:00+00')))), t.first_reply_at IS NOT NULL) AS replied,
                      count(*) FILTER (WHERE t.reopened > 0::bigint) AS reopened,
                      count(*) FILTER (WHERE t.reopened > 0::bigint OR t.resolved_at IS NOT NULL) AS ever_resolved,
                      sum(q.responses)::bigint AS responses, sum(q.satisfied)::bigint AS satisfied
                 FROM tickets_opened_in(m.period_start, m.last_day, agent_summary_per.as_of) t
                CROSS JOIN LATERAL ticket_csat(t.customer_id, t.ticket_id, agent_summary_per.as_of) q
                WHERE t.agent_id IS NOT NULL
                GROUP BY t.agent_id) a
     CROSS JOIN LATERAL loyalcs.share_interval(a.reopened, a.ever_resolved, 1::double precision - s.significance) w
     CROSS JOIN LATERAL loyalcs.share_interval(a.satisfied, a.responses, 1::double precision - s.significance) v
     ORDER BY m.period_start, a.agent_id;
END;
COMMENT ON FUNCTION agent_summary_per(text, timestamptz) IS
    'the tickets of each agent by the local period in which they were opened, a ticket being of whoever of the shop did something to it last: how many, how many are resolved, how long they were worked on (see handle_time; of the resolved ones), how soon they were first answered by anybody, by the clock on the wall (what still waits counts as at least so long, see loyalcs.percentiles); how many were reopened, their share of those that are resolved or were reopened, and of the answers about them (CSAT) that are in the top two, each with Wilson''s interval';

CREATE OR REPLACE FUNCTION backlog_at(as_of timestamptz)
RETURNS TABLE (
    age text,
    age_from interval,
    age_from_days double precision,
    channel text,
    tickets bigint,
    unanswered bigint,
    complaints bigint,
    oldest_at timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.age, a.age_from, in_days(a.age_from), o.channel, count(*),
           count(*) FILTER (WHERE o.unanswered), count(*) FILTER (WHERE o.complaint), min(o.opened_at)
      -- (marks are looked up once, as in tickets_opened_in())
      FROM (WITH marked AS MATERIALIZED (
                SELECT DISTINCT m.customer_id FROM ticket_marks m
            ), lying AS MATERIALIZED (
                SELECT t.customer_id, t.ticket_id, t.channel, t.complaint, k.opened_at, k.resolved_at, k.discarded, k.unanswered
                  FROM (SELECT t.customer_id, t.ticket_id, t.channel, t.complaint
                          FROM tickets t
                         WHERE (t.closed_at IS NULL OR t.closed_at > backlog_at.as_of) AND t.merged_into IS NULL
                        OFFSET 0) t
                  -- (by key, however many are kept)
                  LEFT JOIN LATERAL (SELECT k.opened_at, k.resolved_at, k.discarded, k.unanswered
                                       FROM kept_tickets k
                                      WHERE (SELECT tickets_are_kept())
                                        AND k.customer_id = t.customer_id AND k.ticket_id = t.ticket_id AND k.holds_from <= backlog_at.as_of
                                        AND k.customer_id NOT IN (SELECT m.customer_id FROM marked m)
                                     OFFSET 0) k ON true
            )
            SELECT l.channel, l.complaint, l.opened_at, l.unanswered
              FROM lying l
             WHERE l.opened_at IS NOT NULL AND l.resolved_at IS NULL AND NOT l.discarded
            UNION ALL
            SELECT l.channel, l.complaint, f.opened_at, f.unanswered
              FROM lying l
             CROSS JOIN LATERAL ticket_facts(l.customer_id, l.ticket_id, backlog_at.as_of) f
             WHERE l.opened_at IS NULL AND f.resolved_at IS NULL AND NOT f.discarded) o
      JOIN (VALUES ('under a day', interval '0', interval '24 hours'), ('1 to 3 days', interval '24 hours', interval '72 hours'),
                   ('3 to 7 days', interval '72 hours', interval '168 hours'), ('7 to 14 days', interval '168 hours', interval '336 hours'),
                   ('14 days and more', interval '336 hours', NULL)) a (age, age_from, age_until)
        ON least(backlog_at.as_of, timestamptz '9999-12-31 00:00+00') >= o.opened_at + a.age_from
       AND (a.age_until IS NULL OR least(backlog_at.as_of, timestamptz '9999-12-31 00:00+00') < o.opened_at + a.age_until)
     GROUP BY a.age, a.age_from, o.channel
     ORDER BY a.age_from, o.channel;
END;
COMMENT ON FUNCTION backlog_at(timestamptz) IS
    'the tickets that are not resolved, by how long ago they were opened and channel: how many, of how many the customer wrote last and waits for an answer, how many are complaints, and since when the oldest is open. Reads the logs of open tickets only';

-- A relation of the brand's that serves as channels may do without a calendar (see
-- parts.awk): a name that no column has there means what stands beside it.
CREATE OR REPLACE FUNCTION channel_hours(as_of timestamptz)
RETURNS TABLE (channel text, hours text)
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 5
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.channel, coalesce(calendar_hours(c.calendar, channel_hours.as_of), c.hours)
      FROM (SELECT NULL::text AS calendar) n
     CROSS JOIN LATERAL (SELECT k.channel, k.hours, calendar FROM channels k) c;
END
$$;
COMMENT ON FUNCTION channel_hours(timestamptz) IS
    'when somebody is there on each channel, as known at an instant: the hours of its calendar with all exceptions, or its own; NULL around the clock';

CREATE OR REPLACE FUNCTION out_of_hours_in(first date, last date, as_of timestamptz)
RETURNS TABLE (channel text, contacts bigint, closed bigint, acknowledged bigint)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 5
BEGIN ATOMIC
    SELECT t.channel, count(*), count(*) FILTER (WHERE h.is_closed),
           count(*) FILTER (WHERE h.is_closed AND EXISTS (
               SELECT FROM ticket_events r
                WHERE r.customer_id = e.customer_id AND r.ticket_id = e.ticket_id
                  AND event_kind(r.kind, r.agent_id, (SELECT m.machines FROM machines() m)) IN ('auto_reply', 'auto_resolved', 'auto_proposed')
                  AND r.at >= e.at AND r.at <= e.at + interval '10 minutes' AND r.at <= out_of_hours_in.as_of))
      FROM (SELECT DISTINCT e.customer_id, e.ticket_id, e.at
              FROM ticket_events e
             WHERE loyalcs.in_local_dates(e.at, (SELECT s.time_zone FROM settings s), out_of_hours_in.first, out_of_hours_in.last)
               AND e.at <= out_of_hours_in.as_of
               AND e.kind IN ('opened', 'customer_message', 'reopened')) e
     CROSS JOIN LATERAL (SELECT t.channel
                           FROM tickets t
                          WHERE t.customer_id = e.customer_id AND t.ticket_id = e.ticket_id
                          LIMIT 1) t
     -- (the hours of all channels are found once)
     CROSS JOIN LATERAL (SELECT NOT loyalcs.is_open(loyalcs.try_business_hours(
                                    (SELECT pg_catalog.jsonb_object_agg(c.channel, c.hours)
                                       FROM channel_hours(out_of_hours_in.as_of) c) ->> t.channel), e.at) AS is_closed
                         OFFSET 0) h
     GROUP BY t.channel;
END;
COMMENT ON FUNCTION out_of_hours_in(date, date, timestamptz) IS
    'the contacts of local days from one to another, by an instant and by channel: how many, how many of them while the channel was closed, and to how many of these a machine answered within ten minutes; see out_of_hours';

CREATE OR REPLACE FUNCTION out_of_hours_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    channel text,
    contacts bigint,
    closed_contacts bigint,
    closed_share double precision,
    closed_share_low double precision,
    closed_share_high double precision,
    acknowledged bigint,
    acknowledged_share double precision,
    acknowledged_share_low double precision,
    acknowledged_share_high double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.channel, a.contacts, a.closed,
           a.closed::double precision / a.contacts::double precision, w.low, w.high,
           a.acknowledged, a.acknowledged::double precision / nullif(a.closed, 0::bigint)::double precision, v.low, v.high
      FROM settings s
     CROSS JOIN LATERAL periods_of_tickets(out_of_hours_per.period, out_of_hours_per.as_of) m
     CROSS JOIN LATERAL out_of_hours_in(m.period_start, m.last_day, out_of_hours_per.as_of) a
     CROSS JOIN LATERAL loyalcs.share_interval(a.closed, a.contacts, 1::double precision - s.significance) w
     CROSS JOIN LATERAL loyalcs.share_interval(a.acknowledged, a.closed, 1::double precision - s.significance) v
     ORDER BY m.period_start, a.channel;
END;
COMMENT ON FUNCTION out_of_hours_per(text, timestamptz) IS
    'how much comes in while nobody is there, by the hours of each channel, closures included, as they were known then (a channel without hours is never closed): contacts by local period and channel, how many of them while it was closed, with Wilson''s interval of the share, and to how many of these a machine answered within ten minutes: what an auto-reply must cover, and what it does';

--@ table support_plans
CREATE TABLE support_plans (
    plan text PRIMARY KEY,
    tickets_from integer NOT NULL
        CONSTRAINT support_plans_tickets_from_is_not_negative CHECK (tickets_from >= 0),
    tickets_until integer,
    CONSTRAINT support_plans_until_is_later CHECK (tickets_until > tickets_from)
);
COMMENT ON TABLE support_plans IS
    'plans of a support service by tickets a month, from the least to less than the most that each is for';
INSERT INTO support_plans (plan, tickets_from, tickets_until) VALUES
    ('light', 10, 50), ('standard', 50, 200), ('full', 200, NULL);

--@ functions
CREATE OR REPLACE FUNCTION support_plan_fit_at(as_of timestamptz)
RETURNS TABLE (
    month date,
    complete boolean,
    tickets bigint,
    projected double precision,
    mean_of_three double precision,
    plan text,
    tickets_from integer,
    tickets_until integer
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.tickets,
           CASE WHEN m.complete THEN a.tickets::double precision ELSE a.tickets::double precision / p.passed END,
           a.mean, f.plan, f.tickets_from, f.tickets_until
      FROM settings s
     -- (also of months in which nobody writes any more)
     CROSS JOIN LATERAL periods_between('month',
                                        (SELECT min(e.at) FROM ticket_events e),
                                        CASE WHEN isfinite(support_plan_fit_at.as_of) THEN support_plan_fit_at.as_of
                                             ELSE (SELECT max(e.at) FROM ticket_events e WHERE e.at <= support_plan_fit_at.as_of) END,
                                        support_plan_fit_at.as_of) m
     CROSS JOIN LATERAL (
               SELECT greatest(EXTRACT(epoch FROM support_plan_fit_at.as_of - b.month_from) / EXTRACT(epoch FROM b.month_until - b.month_from), 1e-6)::double precision AS passed
                 FROM (SELECT m.period_start::timestamp AT TIME ZONE s.time_zone AS month_from,
                              (m.last_day + 1)::timestamp AT TIME ZONE s.time_zone AS month_until) b
                WHERE NOT m.complete
               UNION ALL
               SELECT NULL WHERE m.complete) p
     CROSS JOIN LATERAL (
               SELECT count(*) FILTER (WHERE loyalcs.in_local_dates(t.opened_at, s.time_zone, m.period_start, m.last_day)) AS tickets,
                      -- of the last three months that are over, this one if it is
                      CASE WHEN m.complete
                           THEN count(*) FILTER (WHERE NOT loyalcs.in_local_dates(t.opened_at, s.time_zone, (m.period_start - interval '3 months')::date, (m.period_start - interval '2 months')::date - 1))
                           ELSE count(*) FILTER (WHERE NOT loyalcs.in_local_dates(t.opened_at, s.time_zone, m.period_start, m.last_day)) END::double precision / 3::double precision AS mean
                 FROM tickets_opened_in((m.period_start - interval '3 months')::date, m.last_day, support_plan_fit_at.as_of) t) a
      LEFT JOIN LATERAL (
               SELECT f.plan, f.tickets_from, f.tickets_until
                 FROM support_plans f
                WHERE a.mean >= f.tickets_from::double precision AND (f.tickets_until IS NULL OR a.mean < f.tickets_until::double precision)
                ORDER BY f.tickets_from DESC, f.plan
                LIMIT 1) f ON true
     ORDER BY m.period_start;
END;
COMMENT ON FUNCTION support_plan_fit_at(timestamptz) IS
    'tickets by the local month in which they were opened, of a month that is not over also what it comes to if it goes on like that, the mean of the last three months that were over (those before the first ticket count as none), and the plan of support_plans that this mean falls under; NULL: none, it is less';
