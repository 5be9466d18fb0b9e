\set ECHO none
-- test/ticket_steps.sql: what shops do with tickets, in any order, and whether what is
-- read from what is kept of them is what their logs say. For whatever shop is in the
-- search_path, with customers c0 to c11.

CREATE SCHEMA IF NOT EXISTS trial;

UPDATE settings SET live_since = '2025-01-01 00:00+09';
INSERT INTO agents (agent_id, name, is_machine) VALUES ('kei', 'Kei', false), ('mio', 'Mio', false), ('bot', 'Bot', true);

-- Of promises and tickets, by plain SQL over what is found of logs, one difference a row.
-- (In PL/pgSQL: it would be planned anew each time, which takes longer than to run it.)
CREATE FUNCTION trial.differs_from_logs(as_of timestamptz) RETURNS TABLE (what text, of_logs text, of_kept text) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH promised AS (
        SELECT b.breakdown, date_trunc('week', p.started_at AT TIME ZONE s.time_zone)::date AS week, p.metric,
               CASE b.breakdown WHEN 'everyone' THEN 'everyone' WHEN 'channel' THEN p.channel WHEN 'reason' THEN coalesce(p.reason, 'unknown')
                                WHEN 'agent' THEN coalesce(p.held_by, 'nobody') ELSE coalesce(c.region, 'unknown') END AS part, p.state, p.elapsed
          FROM sla_status_at(as_of) p JOIN customers c USING (customer_id), settings s, unnest('{everyone,channel,reason,agent,region}'::text[]) b (breakdown)
    )
    SELECT concat_ws(' ', 'promises by', breakdown, part, week, metric), l.all_of_it, k.all_of_it
      FROM (SELECT breakdown, part, week, metric,
                   concat_ws(' ', count(*) FILTER (WHERE state = 'met'), count(*) FILTER (WHERE state IN ('missed', 'breached')),
                             count(*) FILTER (WHERE state IN ('running', 'at_risk', 'paused')), coalesce(loyalcs.percentiles(elapsed, state IN ('met', 'missed')), '{NULL,NULL,NULL}')) AS all_of_it
              FROM promised GROUP BY 1, 2, 3, 4) l
      FULL JOIN (SELECT b.breakdown, a.part, a.period_start AS week, a.metric,
                        concat_ws(' ', a.met, a.missed, a.running, ARRAY[a.median, a.p90, a.p95]) AS all_of_it
                   FROM unnest('{everyone,channel,reason,agent,region}'::text[]) b (breakdown), sla_attainment_by_period('week', b.breakdown, NULL, as_of) a) k USING (breakdown, part, week, metric)
     WHERE l.all_of_it IS DISTINCT FROM k.all_of_it
    UNION ALL
    SELECT concat_ws(' ', 'ticket', customer_id, ticket_id), l.facts, k.facts
      FROM (SELECT t.customer_id, t.ticket_id, concat_ws(' ', f.opened_at, f.contacts, f.first_reply_at, f.resolved_at, f.reopened, f.agent_id, f.handle_time) AS facts
              FROM tickets t, ticket_facts(t.customer_id, t.ticket_id, as_of) f WHERE t.merged_into IS NULL AND NOT f.discarded) l
      FULL JOIN (SELECT customer_id, ticket_id, concat_ws(' ', opened_at, contacts, first_reply_at, resolved_at, reopened, agent_id, handle_time) AS facts
                   FROM tickets_opened_in('2020-01-01', '2030-01-01', as_of)) k USING (customer_id, ticket_id)
     WHERE l.facts IS DISTINCT FROM k.facts;
END
$$;

-- Random numbers that are the same everywhere.
CREATE OR REPLACE FUNCTION trial.roll(step integer, what text, sides integer) RETURNS integer LANGUAGE sql AS
$$ SELECT ((hashtextextended(step || what, 0) % sides + sides) % sides)::integer $$;

-- One thing that shops do with tickets; now and then, what is kept of them is refreshed.
CREATE FUNCTION trial.ticket_step(i integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    c constant text := 'c' || trial.roll(i, 'customer', 12);
    place constant text := (SELECT t.ticket_id FROM tickets t WHERE t.customer_id = c ORDER BY hashtextextended(t.ticket_id, i) LIMIT 1);
    other text;
    at constant timestamptz := timestamptz '2025-02-01 00:00+09' + trial.roll(i, 'minute', 110 * 1440) * interval '1 minute';
    last constant timestamptz := coalesce((SELECT max(e.at) FROM ticket_events e WHERE e.customer_id = c AND e.ticket_id = place), at);
    what constant text := (ARRAY['agent_reply', 'agent_reply', 'customer_message', 'proposed', 'pending', 'resumed', 'resolved', 'resolved', 'resolved', 'reopened', 'auto_reply', 'discarded', 'assigned', 'note'])[1 + trial.roll(i, 'what', 14)];
BEGIN
    CASE
        WHEN place IS NULL OR trial.roll(i, 'kind', 100) < 20 THEN
            INSERT INTO tickets (customer_id, ticket_id, channel, reason, complaint)
            VALUES (c, 't' || i, (ARRAY['email', 'line', 'phone'])[1 + trial.roll(i, 'channel', 3)], (ARRAY['size', 'late'])[trial.roll(i, 'reason', 3)], i % 5 = 0);
            INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES (c, 't' || i, at, 'opened');
            RETURN 'open';
        WHEN trial.roll(i, 'kind', 100) < 74 THEN
            INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id)
            VALUES (c, place, last + (trial.roll(i, 'later', 3000) - 300) * interval '1 minute', what,
                    CASE WHEN what NOT IN ('customer_message', 'reopened') THEN (ARRAY['kei', 'mio', 'bot'])[1 + trial.roll(i, 'agent', 3)] END);
            RETURN 'go on';
        WHEN trial.roll(i, 'kind', 100) < 80 THEN
            UPDATE tickets t SET channel = (ARRAY['email', 'line', 'phone'])[1 + trial.roll(i, 'other channel', 3)], reason = (ARRAY['size', 'late'])[trial.roll(i, 'other reason', 3)]
             WHERE t.customer_id = c AND t.ticket_id = place;
            RETURN 'correct';
        WHEN trial.roll(i, 'kind', 100) < 86 THEN
            SELECT t.ticket_id INTO other FROM tickets t WHERE t.customer_id = c AND t.ticket_id <> place AND t.merged_into IS NULL ORDER BY 1 LIMIT 1;
            IF FOUND AND EXISTS (SELECT FROM tickets t WHERE t.customer_id = c AND t.ticket_id = place AND t.merged_into IS NULL) THEN
                PERFORM record_ticket_event(c, place, 'merged', greatest(at, last), merged_into => other);
            END IF;
            RETURN 'merge';
        WHEN trial.roll(i, 'kind', 100) < 90 THEN
            DELETE FROM tickets t WHERE t.customer_id = c AND t.ticket_id = place AND NOT EXISTS (SELECT FROM tickets m WHERE m.customer_id = c AND m.merged_into = place);
            RETURN 'delete';
        WHEN trial.roll(i, 'kind', 100) < 92 THEN
            CASE trial.roll(i, 'rare', 4)
                WHEN 0 THEN
                    UPDATE agents SET is_machine = NOT is_machine WHERE agent_id = 'mio';
                    RETURN 'another machine';
                WHEN 1 THEN
                    UPDATE settings SET time_zone = (ARRAY['Asia/Tokyo', 'America/St_Johns', 'Australia/Lord_Howe'])[1 + i % 3];
                    RETURN 'zone';
                ELSE
                    DELETE FROM ticket_keeping;
                    RETURN 'begin anew';
            END CASE;
        ELSE
            PERFORM refresh_kept_tickets();
            RETURN 'refresh';
    END CASE;
END
$$;
CREATE FUNCTION trial.try_ticket_step(i integer) RETURNS text LANGUAGE plpgsql SET client_min_messages = error AS $$
BEGIN
    RETURN trial.ticket_step(i);
EXCEPTION
    WHEN deadlock_detected OR integrity_constraint_violation OR serialization_failure OR invalid_parameter_value THEN
        RETURN 'refused';
END
$$;
\set ECHO all
