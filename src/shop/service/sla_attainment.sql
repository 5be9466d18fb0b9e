-- shop/sla_attainment.sql
--
-- How often promises were kept.
-- Needs: settings, durations, periods, breakdown, sla, kept_tickets.
--
-- It is one formula over promises, wherever they come from: of the policies in force
-- mostly from what is kept, and where neither tickets nor customers have to be looked at
-- from what is added up of it by day; with a policy set laid over them, by which nothing
-- was found yet, from all logs.

--@ functions
CREATE OR REPLACE FUNCTION check_sla_breakdown(breakdown text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN breakdown = ANY (ticket_breakdowns()) THEN 'ticket' ELSE 'customer' END;
COMMENT ON FUNCTION check_sla_breakdown(text) IS
    'whether a breakdown of service levels is one of tickets or one of customers, of which check_breakdown() knows whether there is such a one';

CREATE OR REPLACE FUNCTION check_policy_set(policy_set text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF policy_set IS NULL OR EXISTS (SELECT FROM sla_policies p
                                      WHERE p.policy_set = check_policy_set.policy_set) THEN
        RETURN policy_set;
    END IF;
    RAISE EXCEPTION 'unknown policy set %', quote_literal(policy_set)
        USING ERRCODE = 'undefined_object', CONSTRAINT = 'policy_set_exists',
              HINT = 'SELECT DISTINCT policy_set FROM sla_policies lists them.';
END
$$;
COMMENT ON FUNCTION check_policy_set(text) IS
    'the name of a set of SLA policies, or an error; NULL stays NULL';

-- (With a constant for policy_set one of both is gone before the query is planned.)
CREATE OR REPLACE FUNCTION promises_under(policy_set text, as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    channel text,
    reason text,
    priority text,
    tier text,
    held_by text,
    metric text,
    policy_set text,
    started_at timestamptz,
    met integer,
    missed integer,
    running integer,
    elapsed interval,
    ended boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.customer_id, p.channel, p.reason, p.priority, p.tier, p.held_by, p.metric, p.policy_set, p.started_at,
           p.met, p.missed, p.running, p.elapsed, p.ended
      FROM promises_of_everybody(promises_under.as_of) p
     WHERE promises_under.policy_set IS NULL
    UNION ALL
    SELECT s.customer_id, s.channel, s.reason, s.priority, s.tier, s.held_by, s.metric::text, s.policy_set, s.started_at,
           c.met, c.missed, c.running, s.elapsed, c.ended
      FROM sla_status_of(check_policy_set(promises_under.policy_set), false, promises_under.as_of) s
     CROSS JOIN LATERAL promise_counts(s.state::text) c
     WHERE promises_under.policy_set IS NOT NULL;
END;
COMMENT ON FUNCTION promises_under(text, timestamptz) IS
    'promises_of_everybody(), with a policy set laid over the policies in force (NULL: none); those are found of all logs';

CREATE OR REPLACE FUNCTION sla_attainment_by_period(period text, breakdown text, policy_set text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    part text,
    metric text,
    met bigint,
    missed bigint,
    running bigint,
    attainment double precision,
    median interval,
    median_minutes double precision,
    p90 interval,
    p90_minutes double precision,
    p95 interval,
    p95_minutes double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.period_start,
           period_is_over(period_end(a.period_start, sla_attainment_by_period.period), sla_attainment_by_period.as_of,
                          (SELECT z.time_zone FROM settings z)),
           a.part,
           a.metric,
           a.met,
           a.missed,
           a.running,
           a.met::double precision / nullif(a.met + a.missed, 0)::double precision,
           a.percentiles[1], in_minutes(a.percentiles[1]),
           a.percentiles[2], in_minutes(a.percentiles[2]),
           a.percentiles[3], in_minutes(a.percentiles[3])
      FROM (SELECT s.period_start,
                   s.part,
                   s.metric,
                   sum(s.met) AS met,
                   sum(s.missed) AS missed,
                   sum(s.running) AS running,
                   loyalcs.percentiles(s.elapsed, s.ended, s.times, s.gone) AS percentiles
              FROM (SELECT CASE WHEN d.day IS NULL
                                THEN period_of(d.started_at, z.time_zone, sla_attainment_by_period.period, sla_attainment_by_period.as_of)
                                ELSE period_of_day(d.day, z.time_zone, sla_attainment_by_period.period, sla_attainment_by_period.as_of)
                           END AS period_start,
                           CASE sla_attainment_by_period.breakdown WHEN 'channel' THEN d.channel ELSE 'everyone' END AS part,
                           d.metric, d.met, d.missed, d.running, d.elapsed, d.ended, d.times, d.gone
                      FROM promises_by_day(sla_attainment_by_period.as_of) d
                     CROSS JOIN settings z
                     WHERE sla_attainment_by_period.breakdown IN ('channel', 'everyone') AND sla_attainment_by_period.policy_set IS NULL
                    UNION ALL
                    SELECT period_of(s.started_at, z.time_zone, sla_attainment_by_period.period, sla_attainment_by_period.as_of),
                           CASE sla_attainment_by_period.breakdown
                               WHEN 'channel' THEN s.channel
                               WHEN 'reason' THEN coalesce(s.reason, 'unknown')
                               WHEN 'priority' THEN coalesce(s.priority, 'unknown')
                               WHEN 'tier' THEN coalesce(s.tier, 'unknown')
                               WHEN 'agent' THEN coalesce(s.held_by, 'nobody')
                               WHEN 'policy_set' THEN s.policy_set
                           END,
                           s.metric, s.met, s.missed, s.running, s.elapsed, s.ended, NULL::bigint[], false
                      FROM promises_under(sla_attainment_by_period.policy_set, sla_attainment_by_period.as_of) s
                     CROSS JOIN settings z
                     WHERE check_sla_breakdown(sla_attainment_by_period.breakdown) = 'ticket'
                       AND (sla_attainment_by_period.breakdown <> 'channel' OR sla_attainment_by_period.policy_set IS NOT NULL)
                    UNION ALL
                    SELECT period_of(s.started_at, z.time_zone, sla_attainment_by_period.period, sla_attainment_by_period.as_of),
                           coalesce(b.part, CASE sla_attainment_by_period.breakdown
                                                WHEN 'everyone' THEN 'everyone'
                                                ELSE 'unknown'
                                            END),
                           s.metric, s.met, s.missed, s.running, s.elapsed, s.ended, NULL::bigint[], false
                      FROM promises_under(sla_attainment_by_period.policy_set, sla_attainment_by_period.as_of) s
                     CROSS JOIN settings z
                      LEFT JOIN customer_breakdown(CASE WHEN check_sla_breakdown(sla_attainment_by_period.breakdown) = 'customer'
                                                        THEN sla_attainment_by_period.breakdown ELSE 'everyone' END,
                                                   sla_attainment_by_period.as_of) b
                        ON b.customer_id = s.customer_id
                     WHERE check_sla_breakdown(sla_attainment_by_period.breakdown) = 'customer'
                       AND (sla_attainment_by_period.breakdown IS DISTINCT FROM 'everyone' OR sla_attainment_by_period.policy_set IS NOT NULL)) s
             GROUP BY s.period_start, s.part, s.metric) a
     -- (of what is added up by day all may have been taken out again)
     WHERE a.met + a.missed + a.running > 0::bigint;
END;
COMMENT ON FUNCTION sla_attainment_by_period(text, text, text, timestamptz) IS
    'as sla_attainment_at, by any period, by any breakdown (see sla_attainment_by) and with a policy set laid over the policies in force (see sla_attainment_under)';

CREATE OR REPLACE FUNCTION sla_attainment_of(breakdown text, policy_set text, as_of timestamptz)
RETURNS TABLE (
    month date,
    complete boolean,
    part text,
    metric text,
    met bigint,
    missed bigint,
    running bigint,
    attainment double precision,
    median interval,
    median_minutes double precision,
    p90 interval,
    p90_minutes double precision,
    p95 interval,
    p95_minutes double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.period_start, a.complete, a.part, a.metric, a.met, a.missed, a.running, a.attainment,
           a.median, a.median_minutes, a.p90, a.p90_minutes, a.p95, a.p95_minutes
      FROM sla_attainment_by_period('month', sla_attainment_of.breakdown, sla_attainment_of.policy_set, sla_attainment_of.as_of) a;
END;
COMMENT ON FUNCTION sla_attainment_of(text, text, timestamptz) IS
    'sla_attainment_by_period() by month';

CREATE OR REPLACE FUNCTION sla_attainment_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    channel text,
    metric text,
    met bigint,
    missed bigint,
    running bigint,
    attainment double precision,
    median interval,
    median_minutes double precision,
    p90 interval,
    p90_minutes double precision,
    p95 interval,
    p95_minutes double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.period_start, a.complete, a.part, a.metric, a.met, a.missed, a.running, a.attainment,
           a.median, a.median_minutes, a.p90, a.p90_minutes, a.p95, a.p95_minutes
      FROM sla_attainment_by_period(sla_attainment_per.period, 'channel', NULL, sla_attainment_per.as_of) a;
END;
COMMENT ON FUNCTION sla_attainment_per(text, timestamptz) IS
    'how often promises were kept: by local period in which the clock started, channel and metric; missed are those that stopped too late and those that are overdue by now; times are open time, and what is still open counts as at least so long (see loyalcs.percentiles): NULL where nobody knows yet';

CREATE OR REPLACE FUNCTION sla_attainment_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    month date,
    complete boolean,
    part text,
    metric text,
    met bigint,
    missed bigint,
    running bigint,
    attainment double precision,
    median interval,
    median_minutes double precision,
    p90 interval,
    p90_minutes double precision,
    p95 interval,
    p95_minutes double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.month, a.complete, a.part, a.metric, a.met, a.missed, a.running, a.attainment,
           a.median, a.median_minutes, a.p90, a.p90_minutes, a.p95, a.p95_minutes
      FROM sla_attainment_of(sla_attainment_by.breakdown, NULL, sla_attainment_by.as_of) a;
END;
COMMENT ON FUNCTION sla_attainment_by(text, timestamptz) IS
    'as sla_attainment_at, by another breakdown: one of customers (see customer_breakdown), or channel, reason, priority, tier, agent (who had the ticket when the promise was kept or broken) or policy_set';

CREATE OR REPLACE FUNCTION sla_attainment_under(policy_set text, as_of timestamptz)
RETURNS TABLE (
    month date,
    complete boolean,
    channel text,
    metric text,
    met bigint,
    missed bigint,
    running bigint,
    attainment double precision,
    median interval,
    median_minutes double precision,
    p90 interval,
    p90_minutes double precision,
    p95 interval,
    p95_minutes double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.month, a.complete, a.part, a.metric, a.met, a.missed, a.running, a.attainment,
           a.median, a.median_minutes, a.p90, a.p90_minutes, a.p95, a.p95_minutes
      FROM sla_attainment_of('channel', sla_attainment_under.policy_set, sla_attainment_under.as_of) a;
END;
COMMENT ON FUNCTION sla_attainment_under(text, timestamptz) IS
    'sla_attainment_at as it would have been under a set of policies: those of its policies that are switched off count as always in force, and the set goes before all other policies, which hold where it says nothing. An unknown set is an error, NULL is none';
