-- shop/sla.sql
--
-- Promises about tickets: which clocks run, which deadlines are near, which were
-- kept.
-- Needs: settings, durations, breakdown, tickets, sla_policies.

--@ functions
-- What decides the promises of a clock that went on in another ticket: until it
-- did, what was so of the one, and then what was so of the other.
CREATE OR REPLACE FUNCTION facts_of_moved(customer @key_type@, part bigint, moved_from bigint[], moved_at timestamptz[])
RETURNS loyalcs.sla_facts[]
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.array_agg(ROW(least(v.until, s.ends), v.channel, v.priority, v.reason, v.tier)::loyalcs.sla_facts
                                ORDER BY least(v.until, s.ends), v.until, v.change_id)
      FROM (SELECT m.part, m.ends, coalesce(pg_catalog.lag(m.ends) OVER (ORDER BY m.n), timestamptz '-infinity') AS begins
              FROM ROWS FROM (pg_catalog.unnest(facts_of_moved.moved_from OPERATOR(pg_catalog.||) facts_of_moved.part),
                              pg_catalog.unnest(facts_of_moved.moved_at OPERATOR(pg_catalog.||) timestamptz 'infinity'))
                   WITH ORDINALITY m (part, ends, n)) s
      JOIN tickets t
        ON t.customer_id = facts_of_moved.customer AND hashtextextended(t.ticket_id, 1::bigint) = s.part
     CROSS JOIN LATERAL (
               SELECT c.changed_at AS until, c.change_id, c.channel, c.priority, c.reason, c.tier
                 FROM ticket_changes c
                WHERE c.customer_id = t.customer_id AND c.ticket_id = t.ticket_id
               UNION ALL
               SELECT timestamptz 'infinity', NULL::bigint, t.channel, t.priority, t.reason, t.tier
           ) v
     WHERE v.until > s.begins;
END;
COMMENT ON FUNCTION facts_of_moved(@key_type@, bigint, bigint[], timestamptz[]) IS
    'for loyalcs.sla_promise(): the channel, priority, reason and tier by which a clock is judged that went on in another ticket, each until an instant';

-- Who had a ticket at an instant: whoever was named last in its log, by when events
-- count. The logs of tickets that are one by then are one log. (This finds them where
-- some are one and others are not yet; see sla_status_of() for what is usual.)
CREATE OR REPLACE FUNCTION merged_ticket_agent(customer @key_type@, root text, part bigint, at timestamptz, late_after interval)
RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH RECURSIVE events AS MATERIALIZED (
        SELECT e.ticket_id, e.event_id, e.kind, e.agent_id, coalesce(e.merged_into, t.merged_into) AS merged_into,
               event_counts_at(e.kind, e.at, e.recorded_at, merged_ticket_agent.late_after) AS counts_at
          FROM tickets t
          JOIN ticket_events e ON e.customer_id = t.customer_id AND e.ticket_id = t.ticket_id
         WHERE t.customer_id = merged_ticket_agent.customer
           AND (t.ticket_id = merged_ticket_agent.root OR t.merged_into = merged_ticket_agent.root)
           AND (e.agent_id IS NOT NULL OR e.kind = 'merged')
           AND event_has_counted(e.kind, e.at, e.recorded_at, merged_ticket_agent.late_after, merged_ticket_agent.at)
    ), one AS (
        SELECT t.ticket_id
          FROM tickets t
         WHERE t.customer_id = merged_ticket_agent.customer
           AND (t.ticket_id = merged_ticket_agent.root OR t.merged_into = merged_ticket_agent.root)
           AND hashtextextended(t.ticket_id, 1::bigint) = merged_ticket_agent.part
        UNION
        SELECT CASE o.ticket_id WHEN e.ticket_id THEN e.merged_into ELSE e.ticket_id END
          FROM one o
          JOIN events e ON e.kind = 'merged' AND o.ticket_id IN (e.ticket_id, e.merged_into)
    )
    SELECT e.agent_id
      FROM one o
      JOIN events e ON e.ticket_id = o.ticket_id
     WHERE e.agent_id IS NOT NULL
     ORDER BY e.counts_at DESC, event_place(e.kind, e.event_id) DESC
     LIMIT 1;
END;
COMMENT ON FUNCTION merged_ticket_agent(@key_type@, text, bigint, timestamptz, interval) IS
    'who had a ticket at an instant (part is hashtextextended(ticket_id, 1)), of those that go on in root in the end: whoever was named last by then in the logs of the tickets that were one with it by then';

-- Of the first two branches the one that is not asked for is gone before the
-- query is planned. What is open is looked up ticket by ticket: how little that is of
-- all there are, the planner does not know before it knows as of when. The third is for
-- the few tickets that were merged: whatever became of them later, their logs are read
-- together, and each clock says of which of them it was then. (The outer join is one for
-- the planner's sake: of two keys that both have to fit it expects next to no row to
-- come out of an inner one.)
CREATE OR REPLACE FUNCTION ticket_clocks_of(only_open boolean, as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ticket_id text,
    channel text,
    reason text,
    priority text,
    tier text,
    complaint boolean,
    agent_id text,
    root text,
    merged_from timestamptz,
    merged_until timestamptz,
    before loyalcs.sla_facts[],
    clocks loyalcs.sla_clock[]
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT l.customer_id, l.ticket_id, t.channel, t.reason, t.priority, t.tier, t.complaint,
           l.agent_id, l.root, l.merged_from, l.merged_until, coalesce(l.before, f.before), l.clocks
      FROM (SELECT o.customer_id, o.ticket_id, o.agent_id, o.clocks, NULL::loyalcs.sla_facts[] AS before,
                   NULL::text AS root, NULL::timestamptz AS merged_from, NULL::timestamptz AS merged_until
              FROM (SELECT e.customer_id, e.ticket_id,
                           loyalcs.latest(e.agent_id, event_counts_at(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l)), event_place(e.kind, e.event_id)) AS agent_id,
                           loyalcs.sla_clocks(event_kind(e.kind, e.agent_id, (SELECT m.machines FROM machines() m)), event_counts_at(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l)), e.event_id, 0::bigint, NULL::bigint) AS clocks
                      FROM ticket_events e
                     WHERE NOT ticket_clocks_of.only_open
                       AND event_has_counted(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l), ticket_clocks_of.as_of)
                     GROUP BY e.customer_id, e.ticket_id
                    UNION ALL
                    SELECT t.customer_id, t.ticket_id, g.agent_id, g.clocks
                      FROM tickets t
                     CROSS JOIN LATERAL (
                               SELECT loyalcs.latest(e.agent_id, event_counts_at(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l)), event_place(e.kind, e.event_id)) AS agent_id,
                                      loyalcs.sla_clocks(event_kind(e.kind, e.agent_id, (SELECT m.machines FROM machines() m)), event_counts_at(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l)), e.event_id, 0::bigint, NULL::bigint) AS clocks
                                 FROM ticket_events e
                                WHERE e.customer_id = t.customer_id AND e.ticket_id = t.ticket_id
                                  AND event_has_counted(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l), ticket_clocks_of.as_of)
                               HAVING count(*) > 0::bigint) g
                     WHERE ticket_clocks_of.only_open
                       AND (t.closed_at IS NULL OR t.closed_at > ticket_clocks_of.as_of)) o
            UNION ALL
            SELECT g.customer_id, p.ticket_id,
                   CASE WHEN ticket_clocks_of.as_of >= g.merged_until THEN g.agent_id
                        ELSE merged_ticket_agent(g.customer_id, g.ticket_id, (k.clock).part, ticket_clocks_of.as_of, (SELECT l.late_after FROM late_after() l)) END,
                   ARRAY[k.clock],
                   CASE WHEN (k.clock).moved_at IS NOT NULL
                        THEN facts_of_moved(g.customer_id, (k.clock).part, (k.clock).moved_from, (k.clock).moved_at) END,
                   g.ticket_id, g.merged_from, g.merged_until
              FROM (SELECT r.customer_id, r.ticket_id,
                           loyalcs.sla_clocks(event_kind(e.kind, e.agent_id, (SELECT m.machines FROM machines() m)), event_counts_at(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l)), e.event_id,
                                              hashtextextended(e.ticket_id, 1::bigint),
                                              hashtextextended(coalesce(e.merged_into, t.merged_into), 1::bigint)) AS clocks,
                           loyalcs.latest(e.agent_id, event_counts_at(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l)), event_place(e.kind, e.event_id)) AS agent_id,
                           -- none is one with another before, and from when on all are
                           coalesce(min(event_counts_at(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l))) FILTER (WHERE e.kind = 'merged'),
                                    timestamptz 'infinity') AS merged_from,
                           CASE WHEN pg_catalog.count(DISTINCT e.ticket_id) FILTER (WHERE e.kind = 'merged' AND e.ticket_id <> r.ticket_id)
                                     = (SELECT count(*) FROM tickets m WHERE m.customer_id = r.customer_id AND m.merged_into = r.ticket_id)
                                THEN max(event_counts_at(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l))) FILTER (WHERE e.kind = 'merged')
                           END AS merged_until
                      FROM (SELECT DISTINCT m.customer_id, m.merged_into AS ticket_id
                              FROM tickets m
                             WHERE m.merged_into IS NOT NULL
                               AND (NOT ticket_clocks_of.only_open
                                    OR m.closed_at IS NULL OR m.closed_at > ticket_clocks_of.as_of)) r
                      JOIN tickets t
                        ON t.customer_id = r.customer_id
                       AND (t.ticket_id = r.ticket_id OR t.merged_into = r.ticket_id)
                      JOIN ticket_events e
                        ON e.customer_id = t.customer_id AND e.ticket_id = t.ticket_id
                     WHERE event_has_counted(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l), ticket_clocks_of.as_of)
                     GROUP BY r.customer_id, r.ticket_id) g
             CROSS JOIN LATERAL (SELECT c AS clock FROM pg_catalog.unnest(g.clocks) c) k
              JOIN tickets p
                ON p.customer_id = g.customer_id
               AND (p.ticket_id = g.ticket_id OR p.merged_into = g.ticket_id)
               AND hashtextextended(p.ticket_id, 1::bigint) = (k.clock).part) l
      LEFT JOIN tickets t
        ON t.customer_id = l.customer_id AND t.ticket_id = l.ticket_id
       AND (NOT ticket_clocks_of.only_open
            OR t.closed_at IS NULL OR t.closed_at > ticket_clocks_of.as_of)
      LEFT JOIN (SELECT x.customer_id, x.ticket_id,
                        pg_catalog.array_agg(x.facts ORDER BY (x.facts).until, x.change_id) FILTER (WHERE x.change_id IS NOT NULL) AS before,
                        bool_or(x.change_id IS NULL) AS goes_on_for_others
                   FROM (SELECT c.customer_id, c.ticket_id, c.change_id,
                                ROW(c.changed_at, c.channel, c.priority, c.reason, c.tier)::loyalcs.sla_facts AS facts
                           FROM ticket_changes c
                          WHERE NOT ticket_clocks_of.only_open
                             OR EXISTS (SELECT FROM tickets t
                                         WHERE t.customer_id = c.customer_id AND t.ticket_id = c.ticket_id
                                           AND (t.closed_at IS NULL OR t.closed_at > ticket_clocks_of.as_of))
                         UNION ALL
                         SELECT m.customer_id, m.merged_into, NULL::bigint, NULL::loyalcs.sla_facts
                           FROM tickets m
                          WHERE m.merged_into IS NOT NULL) x
                  GROUP BY x.customer_id, x.ticket_id) f
        ON f.customer_id = l.customer_id AND f.ticket_id = l.ticket_id
     WHERE l.root IS NOT NULL OR t.merged_into IS NULL AND f.goes_on_for_others IS NOT TRUE;
END;
COMMENT ON FUNCTION ticket_clocks_of(boolean, timestamptz) IS
    'the clocks of every ticket, as the aggregate loyalcs.sla_clocks makes them of its log, with who has it and with what decided its promises before; of one that was merged, or others into it, a row for each clock, with the root in which it goes on in the end, when the first and when the last of them was merged (merged_from infinity: none was by as_of; merged_until NULL: not all were); if only_open, of tickets that may have something left to do, which are found without reading the others'' logs';

CREATE OR REPLACE FUNCTION ticket_clocks_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ticket_id text,
    agent_id text,
    metric text,
    cycle integer,
    started_at timestamptz,
    stopped_at timestamptz,
    pauses text,
    acknowledged_at timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.customer_id, c.ticket_id, c.agent_id, k.metric::text, k.cycle,
           k.started_at, k.stopped_at, k.pauses::text, k.acknowledged_at
      FROM ticket_clocks_of(false, ticket_clocks_at.as_of) c
     CROSS JOIN LATERAL pg_catalog.unnest(c.clocks) k
     WHERE k.ended_at IS NULL;
END;
COMMENT ON FUNCTION ticket_clocks_at(timestamptz) IS
    'the clocks of every ticket, promised or not, but for those that ended because the ticket was discarded, or merged with one that waits for longer; pauses::tstzmultirange is what loyalcs.sla_due() and others take';

CREATE OR REPLACE FUNCTION late_ticket_events_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ticket_id text,
    event_id bigint,
    kind text,
    at timestamptz,
    recorded_at timestamptz,
    counts_at timestamptz,
    agent_id text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT e.customer_id, e.ticket_id, e.event_id, e.kind, e.at, e.recorded_at,
           event_counts_at(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l)), e.agent_id
      FROM ticket_events e
     WHERE e.recorded_at > e.at + (SELECT s.late_after FROM settings s)
       AND e.recorded_at <= late_ticket_events_at.as_of;
END;
COMMENT ON FUNCTION late_ticket_events_at(timestamptz) IS
    'events of tickets that were entered later than settings.late_after allows, with the instant from which each counts for promises';

-- A subquery that gives a set is computed once, however often the columns of its rows
-- are read. Who had the ticket when the promise was decided is looked for where somebody
-- reads it.
CREATE OR REPLACE FUNCTION sla_status_of(policy_set text, only_open boolean, as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ticket_id text,
    channel text,
    reason text,
    priority text,
    tier text,
    complaint boolean,
    agent_id text,
    held_by text,
    metric loyalcs.sla_metric,
    cycle integer,
    policy_id bigint,
    policy_set text,
    target interval,
    started_at timestamptz,
    warn_at timestamptz,
    due_at timestamptz,
    stopped_at timestamptz,
    state loyalcs.sla_state,
    elapsed interval,
    time_left interval,
    problem text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.customer_id,
           p.ticket_id,
           (p.promise).channel,
           (p.promise).reason,
           (p.promise).priority,
           (p.promise).tier,
           p.complaint,
           p.agent_id,
           CASE WHEN (p.promise).state OPERATOR(pg_catalog.=) ANY ('{met,missed,breached}')
                THEN CASE
                     WHEN p.root IS NULL
                         THEN (SELECT e.agent_id
                                 FROM ticket_events e
                                WHERE e.customer_id = p.customer_id AND e.ticket_id = p.ticket_id
                                  AND e.agent_id IS NOT NULL
                                  AND event_counts_at(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l)) <= least((p.promise).stopped_at, (p.promise).due_at)
                                ORDER BY event_counts_at(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l)) DESC, event_place(e.kind, e.event_id) DESC
                                LIMIT 1)
                     -- (of the ticket in which the clock started: any other that it was of is one with that)
                     WHEN least((p.promise).stopped_at, (p.promise).due_at) < p.merged_from
                          OR least((p.promise).stopped_at, (p.promise).due_at) >= p.merged_until
                         THEN (SELECT e.agent_id
                                 FROM tickets t
                                 JOIN ticket_events e ON e.customer_id = t.customer_id AND e.ticket_id = t.ticket_id
                                WHERE t.customer_id = p.customer_id AND (t.ticket_id = p.root OR t.merged_into = p.root)
                                  AND (least((p.promise).stopped_at, (p.promise).due_at) >= p.merged_until
                                       OR hashtextextended(t.ticket_id, 1::bigint) = coalesce((p.clocks[1]).moved_from[1], (p.clocks[1]).part))
                                  AND e.agent_id IS NOT NULL
                                  AND event_counts_at(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l)) <= least((p.promise).stopped_at, (p.promise).due_at)
                                ORDER BY event_counts_at(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l)) DESC, event_place(e.kind, e.event_id) DESC
                                LIMIT 1)
                     ELSE merged_ticket_agent(p.customer_id, p.root, coalesce((p.clocks[1]).moved_from[1], (p.clocks[1]).part),
                                              least((p.promise).stopped_at, (p.promise).due_at), (SELECT l.late_after FROM late_after() l))
                     END
                ELSE p.agent_id
           END,
           (p.promise).metric,
           (p.promise).cycle,
           (p.promise).policy_id,
           (p.promise).policy_set,
           (p.promise).target,
           (p.promise).started_at,
           (p.promise).warn_at,
           (p.promise).due_at,
           (p.promise).stopped_at,
           (p.promise).state,
           (p.promise).elapsed,
           (p.promise).time_left,
           (p.promise).problem
      FROM (SELECT c.customer_id, c.ticket_id, c.complaint, c.agent_id, c.root, c.merged_from, c.merged_until, c.clocks,
                   loyalcs.sla_promises(
                       c.clocks, c.channel, c.priority, c.reason, c.tier, c.before,
                       (SELECT pg_catalog.array_agg(ROW(v.policy_id, v.policy_set, v.metric::loyalcs.sla_metric, v.channel, v.priority, v.reason, v.tier,
                                             CASE WHEN NOT pg_catalog.isempty(v.valid) THEN pg_catalog.lower(v.valid) END,
                                             CASE WHEN NOT pg_catalog.isempty(v.valid) THEN pg_catalog.upper(v.valid) END,
                                             CASE WHEN v.policy_set = sla_status_of.policy_set THEN 1 ELSE 0 END,
                                             -- hours that cannot be read are no reason to count around the clock
                                             CASE WHEN v.hours IS NULL OR loyalcs.try_business_hours(v.hours) IS NOT NULL THEN v.target END,
                                             loyalcs.try_business_hours(v.hours), v.warn_before, v.auto_reply_counts,
                                             v.known_from, v.known_until)::loyalcs.sla_rule)
                          FROM sla_policy_versions() v
                         WHERE NOT pg_catalog.isempty(v.valid) OR v.policy_set = sla_status_of.policy_set),
                       sla_status_of.as_of) AS promise
              FROM ticket_clocks_of(sla_status_of.only_open, sla_status_of.as_of) c) p;
END;
COMMENT ON FUNCTION sla_status_of(text, boolean, timestamptz) IS
    'as sla_status_at; with a policy set laid over the policies in force (NULL: none), and only open work or all';

CREATE OR REPLACE FUNCTION sla_status_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ticket_id text,
    channel text,
    reason text,
    priority text,
    tier text,
    complaint boolean,
    agent_id text,
    held_by text,
    metric text,
    cycle integer,
    policy_id bigint,
    policy_set text,
    target interval,
    target_minutes double precision,
    started_at timestamptz,
    warn_at timestamptz,
    due_at timestamptz,
    stopped_at timestamptz,
    state text,
    elapsed interval,
    elapsed_minutes double precision,
    time_left interval,
    time_left_minutes double precision,
    problem text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.customer_id, s.ticket_id, s.channel, s.reason, s.priority, s.tier, s.complaint,
           s.agent_id, s.held_by, s.metric::text, s.cycle, s.policy_id, s.policy_set,
           s.target, in_minutes(s.target), s.started_at, s.warn_at, s.due_at, s.stopped_at, s.state::text,
           s.elapsed, in_minutes(s.elapsed), s.time_left, in_minutes(s.time_left), s.problem
      FROM sla_status_of(NULL, false, sla_status_at.as_of) s;
END;
COMMENT ON FUNCTION sla_status_at(timestamptz) IS
    'every promise about every ticket: by which policy (the one in force when the clock started), until when, and what became of it. One that was kept or broken stays so, and by the channel, priority, reason and tier that the ticket had then, whatever changes later; held_by had the ticket then; a clock that no policy is about has no row';

CREATE OR REPLACE FUNCTION sla_board_at(as_of timestamptz)
RETURNS TABLE (
    due_in text,
    state text,
    customer_id @key_type@,
    ticket_id text,
    metric text,
    cycle integer,
    due_at timestamptz,
    time_left interval,
    time_left_minutes double precision,
    channel text,
    reason text,
    priority text,
    tier text,
    complaint boolean,
    agent_id text,
    started_at timestamptz,
    problem text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN s.problem IS NOT NULL THEN 'no deadline: ' || s.problem
                WHEN s.due_at IS NULL THEN 'waits for the customer'
                WHEN isfinite(sla_board_at.as_of) THEN loyalcs.due_in(s.due_at, sla_board_at.as_of)
           END,
           s.state::text, s.customer_id, s.ticket_id, s.metric::text, s.cycle, s.due_at,
           s.time_left, in_minutes(s.time_left),
           s.channel, s.reason, s.priority, s.tier, s.complaint, s.agent_id, s.started_at, s.problem
      FROM sla_status_of(NULL, true, sla_board_at.as_of) s
     WHERE s.stopped_at IS NULL
     ORDER BY s.due_at, s.started_at, s.customer_id, s.ticket_id, s.metric, s.cycle;
END;
COMMENT ON FUNCTION sla_board_at(timestamptz) IS
    'the work that is open, one row a promise, most urgent first; what waits for the customer comes last, and so does what has no deadline because of a problem. Reads the logs of open tickets only';

-- (1 or 0, so that they add up.)
CREATE OR REPLACE FUNCTION promise_counts(state text)
RETURNS TABLE (met integer, missed integer, running integer, ended boolean)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT CASE WHEN promise_counts.state = 'met' THEN 1 ELSE 0 END,
           CASE WHEN promise_counts.state IN ('missed', 'breached') THEN 1 ELSE 0 END,
           CASE WHEN promise_counts.state IN ('running', 'at_risk', 'paused') THEN 1 ELSE 0 END,
           promise_counts.state IN ('met', 'missed');
END;
COMMENT ON FUNCTION promise_counts(text) IS
    'as what a promise counts, by its state: met, missed (overdue as well) or running, 1 or 0, and whether it has ended. The one place that says so';

CREATE OR REPLACE FUNCTION sla_breaches_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ticket_id text,
    channel text,
    reason text,
    tier text,
    agent_id text,
    held_by text,
    metric text,
    cycle integer,
    policy_id bigint,
    target interval,
    target_minutes double precision,
    started_at timestamptz,
    due_at timestamptz,
    stopped_at timestamptz,
    state text,
    elapsed interval,
    elapsed_minutes double precision,
    time_over interval,
    time_over_minutes double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.customer_id, s.ticket_id, s.channel, s.reason, s.tier, s.agent_id, s.held_by, s.metric::text,
           s.cycle, s.policy_id, s.target, in_minutes(s.target), s.started_at, s.due_at, s.stopped_at, s.state::text,
           s.elapsed, in_minutes(s.elapsed), -s.time_left, in_minutes(-s.time_left)
      FROM sla_status_of(NULL, false, sla_breaches_at.as_of) s
     WHERE s.state OPERATOR(pg_catalog.=) ANY ('{missed,breached}');
END;
COMMENT ON FUNCTION sla_breaches_at(timestamptz) IS
    'the promises that were not kept: stopped too late, or still open and overdue; held_by had the ticket when the deadline passed, agent_id has it by now';

CREATE OR REPLACE FUNCTION first_reply_overdue_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ticket_id text,
    channel text,
    reason text,
    tier text,
    complaint boolean,
    agent_id text,
    started_at timestamptz,
    due_at timestamptz,
    due_in text,
    time_over interval,
    time_over_minutes double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT b.customer_id, b.ticket_id, b.channel, b.reason, b.tier, b.complaint, b.agent_id,
           b.started_at, b.due_at, b.due_in, -b.time_left, in_minutes(-b.time_left)
      FROM sla_board_at(first_reply_overdue_at.as_of) b
     WHERE b.metric = 'first_response' AND b.state = 'breached';
END;
COMMENT ON FUNCTION first_reply_overdue_at(timestamptz) IS
    'customers to whom nobody has replied at all though it is high time, the most overdue first';

-- Whoever wrote last and waits, whether or not somebody promised anything. (Of tickets
-- that were merged, the first message to the one and a later one to the other may wait.)
CREATE OR REPLACE FUNCTION unanswered_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ticket_id text,
    channel text,
    reason text,
    priority text,
    tier text,
    complaint boolean,
    agent_id text,
    first_message boolean,
    waiting_since timestamptz,
    waiting interval,
    waiting_minutes double precision,
    acknowledged_at timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT w.customer_id, w.ticket_id, w.channel, w.reason, w.priority, w.tier, w.complaint, w.agent_id,
           w.first_message, w.waiting_since, w.waiting, in_minutes(w.waiting), w.acknowledged_at
      FROM (SELECT DISTINCT ON (c.customer_id, c.ticket_id)
                   c.customer_id, c.ticket_id, c.channel, c.reason, c.priority, c.tier, c.complaint, c.agent_id,
                   k.metric OPERATOR(pg_catalog.=) 'first_response' AS first_message,
                   k.started_at AS waiting_since,
                   CASE WHEN isfinite(unanswered_at.as_of)
                        THEN time_between(k.started_at, unanswered_at.as_of) END AS waiting,
                   k.acknowledged_at
              FROM ticket_clocks_of(true, unanswered_at.as_of) c
             CROSS JOIN LATERAL pg_catalog.unnest(c.clocks) k
             WHERE k.metric OPERATOR(pg_catalog.=) ANY ('{first_response,next_response}')
               AND k.stopped_at IS NULL AND k.ended_at IS NULL
             ORDER BY c.customer_id, c.ticket_id, k.started_at, k.metric) w
     ORDER BY w.waiting_since, w.customer_id, w.ticket_id;
END;
COMMENT ON FUNCTION unanswered_at(timestamptz) IS
    'customers who wrote last and wait for an answer, whatever was promised, one row a conversation, the longest first: since when (the oldest message that nobody has answered), on the wall, and whether it is their first; what a machine said is no answer';

-- For applications

CREATE OR REPLACE FUNCTION next_deadline(customer @key_type@, ticket text, as_of timestamptz DEFAULT now())
RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT min(s.due_at)
      FROM sla_status_of(NULL, true, next_deadline.as_of) s
     WHERE s.customer_id = next_deadline.customer
       AND s.ticket_id = next_deadline.ticket
       AND s.stopped_at IS NULL;
END;
COMMENT ON FUNCTION next_deadline(@key_type@, text, timestamptz) IS
    'the earliest deadline of a ticket that is open, one that has passed too; NULL if it has none';

CREATE OR REPLACE FUNCTION record_ticket_event(
    customer @key_type@,
    ticket text,
    kind text,
    at timestamptz DEFAULT now(),
    agent text DEFAULT NULL,
    note text DEFAULT NULL,
    merged_into text DEFAULT NULL
) RETURNS timestamptz
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    found_ticket record;
    root text;
    is_opened boolean;
    is_open boolean;
    is_resolved boolean;
    is_pending boolean;
    odd text;
BEGIN
    SELECT t.merged_into INTO found_ticket
      FROM tickets t
     WHERE t.customer_id = customer AND t.ticket_id = ticket
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'customer % has no ticket %', customer, coalesce(ticket, 'NULL')
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ticket_exists',
                  HINT = 'INSERT INTO tickets first; then record that it was opened.';
    END IF;
    IF (kind = 'merged') <> (record_ticket_event.merged_into IS NOT NULL) THEN
        RAISE EXCEPTION 'merged_into goes with events of kind merged, and with no other'
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'merged_into_goes_with_merged',
                  DETAIL = pg_catalog.format('The event is of kind %s, and merged_into is %s.', kind,
                                  coalesce(quote_literal(record_ticket_event.merged_into), 'NULL'));
    END IF;

    -- Real life comes in any order, so what looks odd is said and recorded. (What was
    -- merged has one log.)
    SELECT bool_or(e.ticket_id = ticket AND e.kind IN ('opened', 'customer_message', 'reopened')),
           bool_or(e.kind IN ('opened', 'customer_message', 'reopened')),
           (pg_catalog.array_agg(e.kind ORDER BY e.at DESC, e.event_id DESC)
                FILTER (WHERE e.kind IN ('resolved', 'auto_resolved', 'discarded', 'reopened')))[1] <> 'reopened',
           (pg_catalog.array_agg(e.kind ORDER BY e.at DESC, e.event_id DESC)
                FILTER (WHERE e.kind IN ('pending', 'resumed', 'customer_message', 'resolved', 'auto_resolved', 'discarded')))[1] = 'pending'
      INTO is_opened, is_open, is_resolved, is_pending
      FROM tickets t
      JOIN ticket_events e ON e.customer_id = t.customer_id AND e.ticket_id = t.ticket_id
     WHERE t.customer_id = customer
       AND (t.ticket_id = coalesce(found_ticket.merged_into, ticket) OR t.merged_into = coalesce(found_ticket.merged_into, ticket))
       AND e.at <= record_ticket_event.at;
    odd := CASE
        WHEN kind NOT IN ('opened', 'customer_message', 'reopened', 'assigned', 'note', 'merged', 'discarded')
             AND is_open IS NOT TRUE THEN 'it was not opened before'
        WHEN kind = 'opened' AND is_opened THEN 'it was opened before'
        WHEN kind = 'pending' AND is_pending THEN 'it was pending before'
        WHEN kind = 'resumed' AND is_pending IS NOT TRUE THEN 'it was not pending'
        WHEN kind = 'merged' AND found_ticket.merged_into IS NOT NULL
            THEN pg_catalog.format('it goes on in ticket %s', found_ticket.merged_into)
        WHEN kind = 'reopened' AND is_resolved IS NOT TRUE THEN 'it was not resolved'
        WHEN kind IN ('proposed', 'auto_proposed', 'pending') AND is_resolved THEN 'it was resolved before'
    END;
    IF odd IS NOT NULL THEN
        RAISE WARNING 'ticket % of customer % is recorded as %, but %', ticket, customer, kind, odd;
    END IF;

    IF kind = 'merged' THEN
        SELECT coalesce(t.merged_into, t.ticket_id) INTO root
          FROM tickets t
         WHERE t.customer_id = customer AND t.ticket_id = record_ticket_event.merged_into
           FOR NO KEY UPDATE;
        IF NOT FOUND OR root = ticket THEN
            RAISE EXCEPTION 'ticket % of customer % cannot be merged into %',
                    ticket, customer, record_ticket_event.merged_into
                USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'ticket_can_be_merged',
                      HINT = 'Name another ticket of the same customer, one that was not merged into this one.';
        END IF;
        UPDATE tickets t
           SET merged_into = root
         WHERE t.customer_id = customer AND (t.ticket_id = ticket OR t.merged_into = ticket)
           AND t.merged_into IS DISTINCT FROM root;
    END IF;

    INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, note, merged_into)
    VALUES (customer, ticket, record_ticket_event.at, record_ticket_event.kind, agent,
            record_ticket_event.note, record_ticket_event.merged_into);

    RETURN next_deadline(customer, coalesce(root, found_ticket.merged_into, ticket),
                         record_ticket_event.at);
END
$$;
COMMENT ON FUNCTION record_ticket_event(@key_type@, text, text, timestamptz, text, text, text) IS
    'records what happened to a ticket and gives its next deadline, NULL if it has none; agent is a key of agents; merged_into goes with the kind merged, and names the ticket in which this one goes on. What makes no sense is recorded with a warning';
