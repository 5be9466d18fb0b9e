-- sla.sql
--
-- Service levels: the clocks of a ticket, deadlines, and what became of them.
-- Needs: calendar.

CREATE TYPE loyalcs.ticket_event AS ENUM (
    'opened', 'customer_message', 'agent_reply', 'auto_reply', 'proposed', 'pending',
    'resumed', 'resolved', 'reopened', 'merged', 'assigned', 'note', 'discarded', 'auto_resolved',
    'auto_proposed'
);
COMMENT ON TYPE loyalcs.ticket_event IS
    'what can happen to a ticket. pending: waits for the customer, until resumed or a customer_message; proposed: the customer was offered a solution; auto_reply: a machine acknowledged; merged: goes on in another ticket; discarded: nobody waits for an answer, as with spam; auto_resolved and auto_proposed: a machine closed it, or offered a solution, which is no reply; assigned and note stop nothing';

CREATE TYPE loyalcs.sla_metric AS ENUM (
    'first_response', 'next_response', 'proposal', 'resolution'
);
COMMENT ON TYPE loyalcs.sla_metric IS
    'what is promised: the first reply; a reply to each later message; a proposal how to solve the matter; its solution';

CREATE TYPE loyalcs.sla_state AS ENUM (
    'met', 'missed', 'running', 'at_risk', 'breached', 'paused'
);
COMMENT ON TYPE loyalcs.sla_state IS
    'what became of a promise: stopped in time or too late (met, missed); open, with time left, with little, or overdue (running, at_risk, breached); paused: waits for the customer, so that no deadline is known';

CREATE TYPE loyalcs.sla_clock AS (
    metric loyalcs.sla_metric,
    cycle integer,
    started_at timestamptz,
    stopped_at timestamptz,
    pauses tstzmultirange,
    acknowledged_at timestamptz,
    part bigint,
    ended_at timestamptz,
    moved_from bigint[],
    moved_at timestamptz[],
    solved_at timestamptz[],
    reopened_at timestamptz[]
);
COMMENT ON TYPE loyalcs.sla_clock IS
    'one clock of a ticket: what it measures, the how-manieth of its kind (from 1), from when to when (NULL: still runs), the time in between that does not count, and when a machine first answered (first_response only); the part that it is of (0 unless tickets are merged); when it ended without having been stopped, because the ticket was discarded or an earlier clock of another goes on for it (what had been broken by then stays broken, and else nothing was promised); of which parts it was until when (NULL: of none); and from when to when it was solved, or discarded, before it was reopened (NULL: never)';

-- Clocks

CREATE FUNCTION loyalcs.sla_clocks_accum(bytea, kind loyalcs.ticket_event, at timestamptz) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'sla_clocks_accum';
COMMENT ON FUNCTION loyalcs.sla_clocks_accum(bytea, loyalcs.ticket_event, timestamptz) IS
    'transition function: collects an event';
CREATE FUNCTION loyalcs.sla_clocks_accum(bytea, kind text, at timestamptz, event_id bigint, part bigint) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'sla_clocks_accum_text';
COMMENT ON FUNCTION loyalcs.sla_clocks_accum(bytea, text, timestamptz, bigint, bigint) IS
    'transition function: collects an event';
CREATE FUNCTION loyalcs.sla_clocks_accum(bytea, kind text, at timestamptz, event_id bigint, part bigint, merged_into bigint) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'sla_clocks_accum_merged';
COMMENT ON FUNCTION loyalcs.sla_clocks_accum(bytea, text, timestamptz, bigint, bigint, bigint) IS
    'transition function: collects an event';
CREATE FUNCTION loyalcs.sla_clocks_combine(bytea, bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20
    AS 'MODULE_PATHNAME', 'sla_clocks_combine';
COMMENT ON FUNCTION loyalcs.sla_clocks_combine(bytea, bytea) IS
    'combine function: the events of both';
CREATE FUNCTION loyalcs.sla_clocks_final(bytea) RETURNS loyalcs.sla_clock[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'sla_clocks_final';
COMMENT ON FUNCTION loyalcs.sla_clocks_final(bytea) IS
    'final function: sorts the events and runs the clocks';
CREATE FUNCTION loyalcs.sla_clocks_merged_final(bytea) RETURNS loyalcs.sla_clock[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'sla_clocks_merged_final';
COMMENT ON FUNCTION loyalcs.sla_clocks_merged_final(bytea) IS
    'final function: sorts the events and runs the clocks of all parts';
CREATE AGGREGATE loyalcs.sla_clocks(kind loyalcs.ticket_event, at timestamptz) (
    SFUNC = loyalcs.sla_clocks_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.sla_clocks_final,
    COMBINEFUNC = loyalcs.sla_clocks_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.sla_clocks(loyalcs.ticket_event, timestamptz) IS
    'the clocks of one ticket, by metric and cycle. Events are sorted by time here; those of one instant keep the order in which they come, so give an ORDER BY in the call if there are any. first_response: from the opening to the first agent_reply, proposed or resolved. next_response: from the oldest customer_message that is unanswered after that, to the reply, once a cycle. proposal, resolution: from the opening to proposed, resolved; paused from pending to resumed or the customer''s next message; a reopened ticket''s resolution runs on, without the time that it was resolved. An event that makes no sense where it stands (a reply before the opening, a resume without a pause) does nothing. NULLs are skipped, an infinite instant is an error; NULL for no events, {} for a ticket that was never opened. Of events of one instant the opening comes first. discarded ends all that runs, and its clocks are not shown. auto_resolved ends proposal and resolution, auto_proposed the proposal, and both acknowledge. Memory: 40 bytes an event';
CREATE AGGREGATE loyalcs.sla_clocks(kind text, at timestamptz, event_id bigint, part bigint) (
    SFUNC = loyalcs.sla_clocks_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.sla_clocks_final,
    COMBINEFUNC = loyalcs.sla_clocks_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.sla_clocks(text, timestamptz, bigint, bigint) IS
    'the same for events as text, as a shop stores them. event_id orders events of one instant, so the call needs no ORDER BY. part is 0 or NULL for the ticket''s own events; the events of another ticket that was merged into it have any other number, one a ticket: its clocks that ran when it was merged go on as this ticket''s; where both tickets had one of a kind running, the one that started first stays, and what is written to the other ticket after that is written to this one';
CREATE AGGREGATE loyalcs.sla_clocks(kind text, at timestamptz, event_id bigint, part bigint, merged_into bigint) (
    SFUNC = loyalcs.sla_clocks_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.sla_clocks_merged_final,
    COMBINEFUNC = loyalcs.sla_clocks_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.sla_clocks(text, timestamptz, bigint, bigint, bigint) IS
    'the clocks of several tickets some of which were merged, each with the part that it is of: part numbers the ticket of an event, merged_into that in which it goes on from an event of kind merged (NULL: in none, the event does nothing). Until it is merged a ticket runs by itself. Then what runs in it goes on in the other; of two clocks of a kind the one that started first goes on, and the other has an ended_at. What had stopped stays where it was, and what is written to a merged ticket is written to the one in which it goes on; so whichever is reopened, the resolution runs on there that ran last in any of them. What is merged stays merged';

-- Deadlines

CREATE FUNCTION loyalcs.sla_due(
    started_at timestamptz,
    target interval,
    hours loyalcs.business_hours,
    pauses tstzmultirange
) RETURNS timestamptz
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'sla_due';
COMMENT ON FUNCTION loyalcs.sla_due(timestamptz, interval, loyalcs.business_hours, tstzmultirange) IS
    'the deadline: the instant at which the target is used up, counting open time outside the pauses. hours NULL: the clock on the wall, where a day is 24 hours, and with hours a business day: the same clock time, as add_business_time counts them; pauses NULL: none; NULL while a pause has not ended and the target was not used up before it';

CREATE FUNCTION loyalcs.sla_elapsed(
    started_at timestamptz,
    until timestamptz,
    hours loyalcs.business_hours,
    pauses tstzmultirange
) RETURNS interval
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'sla_elapsed';
COMMENT ON FUNCTION loyalcs.sla_elapsed(timestamptz, timestamptz, loyalcs.business_hours, tstzmultirange) IS
    'how much of a target is used up at an instant: open time outside the pauses, in hours, minutes and seconds; 0 before the start. hours NULL: the clock on the wall; pauses NULL: none';

CREATE FUNCTION loyalcs.sla_state(
    due_at timestamptz,
    stopped_at timestamptz,
    as_of timestamptz,
    warn_at timestamptz
) RETURNS loyalcs.sla_state
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'sla_state';
COMMENT ON FUNCTION loyalcs.sla_state(timestamptz, timestamptz, timestamptz, timestamptz) IS
    'what has become of a clock as of an instant. Stopped by then: met if not after the deadline, else missed. Still running: paused if there is no deadline, breached after it, at_risk from warn_at on (NULL: never), else running';

-- (A deadline is some days away. More cannot be told to the planner: whose deadline it
-- is is known only when a row is there.)
CREATE FUNCTION loyalcs.explain_deadline(
    started_at timestamptz,
    target interval,
    hours loyalcs.business_hours,
    pauses tstzmultirange,
    OUT starts timestamptz,
    OUT ends timestamptz,
    OUT counts boolean,
    OUT why text,
    OUT used interval,
    OUT time_left interval
) RETURNS SETOF record
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH clock AS (
        SELECT d.due,
               tstzmultirange(tstzrange(started_at, d.due)) AS span,
               coalesce(pauses, '{}') AS pauses
          FROM loyalcs.sla_due(started_at, target, hours, pauses) d (due)
         WHERE started_at IS NOT NULL AND target IS NOT NULL
    ), piece AS (
        SELECT lower(g) AS starts, upper(g) AS ends, true AS counts, 'around the clock' AS why
          FROM clock c CROSS JOIN unnest(c.span - c.pauses) g
         WHERE hours IS NULL
        UNION ALL
        SELECT x.starts, x.ends, x.is_open, x.why
          FROM clock c
         CROSS JOIN unnest(c.span - c.pauses) g
         CROSS JOIN loyalcs.explain_business_time(lower(g), upper(g), hours) x
         WHERE hours IS NOT NULL
        UNION ALL
        SELECT lower(g), upper(g), false, 'paused'
          FROM clock c CROSS JOIN unnest(c.span * c.pauses) g
        UNION ALL
        SELECT c.due, NULL, false, 'deadline' FROM clock c WHERE c.due IS NOT NULL
    )
    SELECT p.starts, p.ends, p.counts, p.why, p.used, target - p.used
      FROM (SELECT p.*,
                   coalesce(sum(loyalcs.sla_elapsed(p.starts, p.ends, NULL::loyalcs.business_hours, NULL::tstzmultirange)) FILTER (WHERE p.counts) OVER w,
                            interval '0') AS used
              FROM piece p
            WINDOW w AS (ORDER BY p.starts, p.ends NULLS LAST)) p
     ORDER BY p.starts, p.ends NULLS LAST
$$;
COMMENT ON FUNCTION loyalcs.explain_deadline(timestamptz, interval, loyalcs.business_hours, tstzmultirange) IS
    'why sla_due gives what it gives: one row for each stretch of time from the start on, whether it counts and why, how much of the target is used up at its end and how much is left; the last row is the deadline, or a pause that has not ended';

-- Rules

CREATE TYPE loyalcs.sla_rule AS (
    policy_id bigint,
    policy_set text,
    metric loyalcs.sla_metric,
    channel text,
    priority text,
    reason text,
    tier text,
    valid_from timestamptz,
    valid_until timestamptz,
    precedence integer,
    target interval,
    hours loyalcs.business_hours,
    warn_before interval,
    auto_reply_counts boolean,
    known_from timestamptz,
    known_until timestamptz
);
COMMENT ON TYPE loyalcs.sla_rule IS
    'a promise, and which clocks it is about: those of a metric that start from valid_from until before valid_until (NULL: no limit), of tickets with this channel, priority, reason and tier of the customer (NULL: any). A rule of higher precedence (NULL: 0) goes before more specific ones. From known_from until before known_until (NULL: no limit) this is what was known of it, as of its hours with a closure that was decided later';

CREATE FUNCTION loyalcs.sla_policy(
    rules loyalcs.sla_rule[],
    metric loyalcs.sla_metric,
    channel text,
    priority text,
    reason text,
    tier text,
    at timestamptz
) RETURNS loyalcs.sla_rule
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'sla_policy';
COMMENT ON FUNCTION loyalcs.sla_policy(loyalcs.sla_rule[], loyalcs.sla_metric, text, text, text, text, timestamptz) IS
    'the most specific rule that a clock falls under: of those with the highest precedence, the one with most conditions; among as many, tier weighs more than reason, that more than priority, that more than channel; among equals the first; NULL if none fits';

CREATE TYPE loyalcs.sla_facts AS (
    until timestamptz,
    channel text,
    priority text,
    reason text,
    tier text
);
COMMENT ON TYPE loyalcs.sla_facts IS
    'what decides the promises about a ticket, as it was until an instant';

CREATE TYPE loyalcs.sla_promise AS (
    metric loyalcs.sla_metric,
    cycle integer,
    started_at timestamptz,
    state loyalcs.sla_state,
    elapsed interval,
    channel text,
    priority text,
    reason text,
    tier text,
    policy_id bigint,
    policy_set text,
    target interval,
    warn_at timestamptz,
    due_at timestamptz,
    stopped_at timestamptz,
    time_left interval,
    problem text
);
COMMENT ON TYPE loyalcs.sla_promise IS
    'what was promised for a clock and what became of it: the clock, its state and the time used up, the facts by which it was judged, the rule, its target, when to warn (of what is open), the deadline (NULL: paused, or see problem), when it stopped, the time left, and why there is no deadline though none is paused';
CREATE FUNCTION loyalcs.sla_promises(
    clocks loyalcs.sla_clock[],
    channel text,
    priority text,
    reason text,
    tier text,
    before loyalcs.sla_facts[],
    rules loyalcs.sla_rule[],
    as_of timestamptz
) RETURNS SETOF loyalcs.sla_promise
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 300 ROWS 3
    AS 'MODULE_PATHNAME', 'sla_promises';
COMMENT ON FUNCTION loyalcs.sla_promises(loyalcs.sla_clock[], text, text, text, text, loyalcs.sla_facts[], loyalcs.sla_rule[], timestamptz) IS
    'what was promised for the clocks of a ticket, until when, and what became of it as of an instant, one row a promise: by the most specific rule (see sla_policy) for a ticket with this channel, priority, reason and tier. before: what those were earlier, in order of time (NULL: the same). A promise that was kept or broken is judged by what was so then; one that is open by what is so now. A clock that ended counts only if it had been broken by then. No row for a clock for which nothing was promised. Never an error because of a rule or a clock: what cannot be computed is NULL and has a problem';

-- For a board

CREATE FUNCTION loyalcs.due_in(due_at timestamptz, as_of timestamptz) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 6
    AS 'MODULE_PATHNAME', 'sla_due_in';
COMMENT ON FUNCTION loyalcs.due_in(timestamptz, timestamptz) IS
    'how far off a deadline is, as people say it: in 45 min, in 3 h 20 min, in 2 d 4 h, 20 min over; days of 24 hours on the wall, rounded down; NULL if either is';
