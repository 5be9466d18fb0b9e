-- shop/tickets.sql
--
-- What customers write in about, and what was done about it.
-- Needs: customers, orders, tiers, calendars.
--
-- A ticket's log is append-only: what is read from it today is read from it in
-- a year. Only two things about a ticket are kept beside the log: into which
-- other ticket it was merged, and since when nothing is left to do.
--
-- When an event was recorded is the server's word. One that was entered late, and
-- that would stop a clock, counts from when it was recorded (see event_counts_at):
-- what the board showed on Friday is what it shows as of Friday for ever. What the
-- owner of the shop loads with no recorded_at counts as it is dated.

--@ table channels
CREATE TABLE channels (
    channel text PRIMARY KEY,
    hours text,
    cost numeric
        CONSTRAINT channels_cost_is_money
        CHECK (cost >= 0::numeric AND cost <= 1000000000000::numeric AND cost = round(cost, 4))
);
COMMENT ON TABLE channels IS
    'the ways in which customers write in, one row each';
COMMENT ON COLUMN channels.hours IS 'when somebody is there, as loyalcs.business_hours writes it; NULL around the clock';
COMMENT ON COLUMN channels.cost IS 'cost of a contact in the shop''s currency';
INSERT INTO channels (channel, hours, cost) VALUES
    ('email', NULL, 200),
    ('line', NULL, 150),
    ('phone',
     loyalcs.business_hours('Mo-Fr 10:00-18:00', @time_zone@,
                            CASE @time_zone@ WHEN 'Asia/Tokyo' THEN 'JP' ELSE '' END)::text,
     800),
    ('instagram', NULL, 250);

--@ reference channels channels
CREATE OR REPLACE TRIGGER check_hours
    BEFORE INSERT OR UPDATE OF hours ON channels
    FOR EACH ROW EXECUTE FUNCTION check_hours();

--@ change channels 0.2.0
--: optional calendar
ALTER TABLE channels
    ADD COLUMN calendar text,
    ADD CONSTRAINT channels_has_one_kind_of_hours
        CHECK (calendar IS NULL OR hours IS NULL);
COMMENT ON COLUMN channels.calendar IS 'calendar that says when somebody is there, closures included; NULL if hours do, or around the clock';
COMMENT ON COLUMN channels.hours IS 'when somebody is there, as loyalcs.business_hours writes it, if that is in no calendar: then no exception reaches it; NULL if there is a calendar, or around the clock';

--@ table agents hides name
CREATE TABLE agents (
    agent_id text PRIMARY KEY,
    name text
);
COMMENT ON TABLE agents IS 'the people and machines who answer';
COMMENT ON COLUMN agents.name IS 'name of the agent; personal';

--@ table tickets hides subject
--: derives closed_at
CREATE TABLE tickets (
    customer_id @key_type@ NOT NULL,
    ticket_id text NOT NULL,
    channel text NOT NULL,
    reason text,
    priority text,
    tier text,
    subject text,
    complaint boolean NOT NULL DEFAULT false,
    order_id text,
    merged_into text,
    closed_at timestamptz,
    PRIMARY KEY (customer_id, ticket_id),
    CONSTRAINT tickets_merged_into_another CHECK (merged_into <> ticket_id)
);
CREATE INDEX tickets_closed_at ON tickets (closed_at);
CREATE INDEX tickets_complaint ON tickets (customer_id) WHERE complaint;
CREATE INDEX tickets_merged_into ON tickets (customer_id, merged_into) WHERE merged_into IS NOT NULL;
COMMENT ON TABLE tickets IS
    'what customers wrote in about, one row a matter; what happened to it stands in ticket_events';

--@ change tickets 0.2.0
--: optional tags, resolution
ALTER TABLE tickets
    ADD COLUMN tags text[] NOT NULL DEFAULT '{}'
        CONSTRAINT tickets_tags_are_words
        CHECK (coalesce(pg_catalog.array_ndims(tags), 1) = 1
               AND pg_catalog.array_position(tags, NULL::text) IS NULL
               AND '' <> ALL (tags)),
    ADD COLUMN resolution text;
CREATE INDEX tickets_ticket_id ON tickets (ticket_id);

--@ functions
-- (A backup says of when the tiers are that it has.)
CREATE OR REPLACE FUNCTION fill_tier() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF owns_table(TG_RELID) AND NEW.tier_as_of IS NOT NULL THEN
        RETURN NEW;
    END IF;
    NEW.tier_as_of := NULL;
    IF NEW.tier IS NULL THEN
        NEW.tier_as_of := now();
        NEW.tier := customer_tier(NEW.customer_id, NEW.tier_as_of);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION fill_tier() IS
    'trigger of tickets: a ticket without a tier has that of its customer now, until its log says when it was opened';

--@ reference tickets tier_history
CREATE OR REPLACE TRIGGER fill_tier
    BEFORE INSERT ON tickets
    FOR EACH ROW WHEN (NEW.tier IS NULL)
    EXECUTE FUNCTION fill_tier();

--@ change tickets 0.2.0
--: optional tier_as_of
--: derives tier_as_of
-- (of the tickets that are there, nobody knows)
ALTER TABLE tickets
    ADD COLUMN tier_as_of timestamptz;

--@ reference tickets customers
ALTER TABLE tickets ADD FOREIGN KEY (customer_id) REFERENCES customers;

--@ reference tickets channels
ALTER TABLE tickets ADD FOREIGN KEY (channel) REFERENCES channels;

--@ reference tickets tickets
ALTER TABLE tickets ADD FOREIGN KEY (customer_id, merged_into) REFERENCES tickets;

--@ table ticket_events hides note
--: keeps event_id
--: changes note
--: adds
CREATE TABLE ticket_events (
    customer_id @key_type@ NOT NULL,
    ticket_id text NOT NULL,
    event_id bigint GENERATED BY DEFAULT AS IDENTITY,
    at timestamptz NOT NULL
        CONSTRAINT ticket_events_at_is_plausible
        CHECK (at >= '0001-01-01 00:00+00' AND at < '9999-12-31 00:00+00'),
    kind text NOT NULL
        CONSTRAINT ticket_events_kind_is_known
        CHECK (kind IN ('opened', 'customer_message', 'agent_reply', 'auto_reply', 'proposed', 'pending',
                        'resumed', 'resolved', 'reopened', 'merged', 'assigned', 'note')),
    agent_id text,
    note text,
    -- with all that clocks are made of, so that they are read from a page or two
    -- of the index and not from as many pages as there are events
    PRIMARY KEY (customer_id, ticket_id, event_id) INCLUDE (at, kind, agent_id)
);
COMMENT ON TABLE ticket_events IS
    'what happened to each ticket, one row an event; rows are added and never changed, but for the words of a note';
COMMENT ON COLUMN ticket_events.kind IS
    'opened, customer_message, agent_reply, auto_reply, proposed, pending, resumed, resolved, reopened, merged, assigned or note; see the type loyalcs.ticket_event';

--@ change ticket_events 0.2.0
-- (NULL: from before the shop wrote it down, or loaded by its owner)
ALTER TABLE ticket_events
    ADD COLUMN recorded_at timestamptz,
    DROP CONSTRAINT ticket_events_pkey,
    ADD PRIMARY KEY (customer_id, ticket_id, event_id) INCLUDE (at, kind, agent_id, recorded_at);
COMMENT ON COLUMN ticket_events.recorded_at IS
    'when the row was written, by the server''s clock; NULL if the owner of the shop loaded it, or if it is from before the shop wrote this down';

--@ change ticket_events 0.2.0
-- (NULL: of a merge that was recorded before this was, or of none)
ALTER TABLE ticket_events
    ADD COLUMN merged_into text,
    ADD CONSTRAINT ticket_events_merged_into_goes_with_merged
        CHECK (merged_into IS NULL OR kind = 'merged' AND merged_into <> ticket_id),
    DROP CONSTRAINT ticket_events_kind_is_known,
    ADD CONSTRAINT ticket_events_kind_is_known
        CHECK (kind IN ('opened', 'customer_message', 'agent_reply', 'auto_reply', 'proposed', 'pending',
                        'resumed', 'resolved', 'reopened', 'merged', 'assigned', 'note', 'discarded', 'auto_resolved',
                        'auto_proposed'));
COMMENT ON COLUMN ticket_events.merged_into IS
    'of an event of kind merged: the ticket in which this one goes on from then';
COMMENT ON COLUMN ticket_events.kind IS
    'opened, customer_message, agent_reply, auto_reply, proposed, pending, resumed, resolved, reopened, merged, assigned, note, discarded, auto_resolved or auto_proposed; see the type loyalcs.ticket_event';

--@ change agents 0.2.0
ALTER TABLE agents
    ADD COLUMN is_machine boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN agents.is_machine IS
    'whether it is a machine: its replies acknowledge, and what it proposes or resolves was answered by nobody';

--@ table ticket_changes
--: keeps change_id, changed_at, channel, reason, priority, tier
--: changes nothing
--: adds
CREATE TABLE ticket_changes (
    customer_id @key_type@ NOT NULL,
    ticket_id text NOT NULL,
    change_id bigint GENERATED BY DEFAULT AS IDENTITY,
    changed_at timestamptz NOT NULL,
    channel text NOT NULL,
    reason text,
    priority text,
    tier text,
    PRIMARY KEY (customer_id, ticket_id, change_id)
);
COMMENT ON TABLE ticket_changes IS
    'what decided the promises about a ticket before it was changed, one row a change: the channel, reason, priority and tier until changed_at; written by the shop when tickets are changed';
COMMENT ON COLUMN ticket_changes.change_id IS 'number of the change';
COMMENT ON COLUMN ticket_changes.changed_at IS 'until when this was so, by the server''s clock';

--@ change settings 0.2.0
ALTER TABLE settings
    ADD COLUMN late_after interval NOT NULL DEFAULT interval '15 minutes'
        CONSTRAINT settings_late_after_is_a_length_of_time
        CHECK (late_after >= interval '0' AND EXTRACT(year FROM late_after) = 0::numeric
               AND EXTRACT(month FROM late_after) = 0::numeric),
    ADD COLUMN late_helps boolean NOT NULL DEFAULT false;

--@ functions
-- Whoever opens, writes or asks again is the customer, and to wait counts from then.
CREATE OR REPLACE FUNCTION event_counts_at(kind text, at timestamptz, recorded_at timestamptz, late_after interval)
RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN recorded_at > at + late_after
            -- (looked at only then: it takes longer than all the rest)
            THEN CASE WHEN kind IN ('opened', 'customer_message', 'reopened') THEN at ELSE recorded_at END
            ELSE at END;
COMMENT ON FUNCTION event_counts_at(text, timestamptz, timestamptz, interval) IS
    'from when an event of a ticket counts: when it happened; for what the shop did and entered later than late_after, when it was recorded. late_after NULL: always when it happened';

-- (First what is cheap and enough for nearly all: nothing counts before it happened, nor
-- later than it was both happened and recorded.)
CREATE OR REPLACE FUNCTION event_has_counted(kind text, at timestamptz, recorded_at timestamptz, late_after interval, as_of timestamptz)
RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN at <= as_of AND (recorded_at IS NULL OR recorded_at <= as_of OR event_counts_at(kind, at, recorded_at, late_after) <= as_of);
COMMENT ON FUNCTION event_has_counted(text, timestamptz, timestamptz, interval, timestamptz) IS
    'whether an event of a ticket counts by an instant, see event_counts_at';

CREATE OR REPLACE FUNCTION event_place(kind text, event_id bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE kind WHEN 'opened' THEN -9223372036854775808 ELSE event_id END;
COMMENT ON FUNCTION event_place(text, bigint) IS
    'the order of the events of a ticket that count from one instant: the opening comes first, the others are in the order of event_id';

-- These two give a row, so that a query that asks them has them planned into it.
CREATE OR REPLACE FUNCTION late_after() RETURNS TABLE (late_after interval)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT CASE WHEN NOT s.late_helps THEN s.late_after END FROM settings s;
END;
COMMENT ON FUNCTION late_after() IS
    'how long after it happened an event is still recorded in time, by the settings; NULL if late ones help as others do';

CREATE OR REPLACE FUNCTION machines() RETURNS TABLE (machines text[])
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT pg_catalog.array_agg(a.agent_id) FROM agents a WHERE a.is_machine;
END;
COMMENT ON FUNCTION machines() IS
    'the agents that are machines; NULL if none is';

CREATE OR REPLACE FUNCTION event_kind(kind text, agent_id text, machines text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN agent_id = ANY (machines)
            THEN CASE kind WHEN 'agent_reply' THEN 'auto_reply' WHEN 'resolved' THEN 'auto_resolved'
                           WHEN 'proposed' THEN 'auto_proposed' ELSE kind END
            ELSE kind END;
COMMENT ON FUNCTION event_kind(text, text, text[]) IS
    'what an event of a ticket was: a machine''s replies acknowledge, and what it proposes or resolves it has not answered';

--@ functions
CREATE OR REPLACE FUNCTION ticket_ended_at(customer @key_type@, root text) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN bool_and(coalesce(c.stopped_at, c.ended_at) IS NOT NULL) THEN max(coalesce(c.stopped_at, c.ended_at)) END
      FROM pg_catalog.unnest((SELECT loyalcs.sla_clocks(event_kind(e.kind, e.agent_id, (SELECT m.machines FROM machines() m)),
                                             event_counts_at(e.kind, e.at, e.recorded_at, (SELECT l.late_after FROM late_after() l)), e.event_id,
                                             hashtextextended(e.ticket_id, 1::bigint),
                                             hashtextextended(coalesce(e.merged_into, t.merged_into), 1::bigint))
                     FROM tickets t
                     JOIN ticket_events e ON e.customer_id = t.customer_id AND e.ticket_id = t.ticket_id
                    WHERE t.customer_id = ticket_ended_at.customer
                      AND (t.ticket_id = ticket_ended_at.root OR t.merged_into = ticket_ended_at.root))) c;
END;
COMMENT ON FUNCTION ticket_ended_at(@key_type@, text) IS
    'since when nothing is left to do for a ticket and those that were merged into it, by their logs; NULL while something is';

CREATE OR REPLACE FUNCTION ticket_opened_at(customer @key_type@, ticket text) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT min(e.at)
          FROM ticket_events e
         WHERE e.customer_id = customer AND e.ticket_id = ticket
           AND e.kind IN ('opened', 'customer_message', 'reopened'));
COMMENT ON FUNCTION ticket_opened_at(@key_type@, text) IS
    'when a ticket was opened, by its log: when the customer first wrote; NULL if the log does not say';

-- Whoever writes another tier_as_of says nothing but that now is a good time to look
-- when the ticket was opened: so it says nothing that is not so. That is no change of
-- the ticket, since this was its tier all along. A tier that was given stays.
CREATE OR REPLACE FUNCTION stamp_tier() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF NEW.tier IS DISTINCT FROM OLD.tier OR OLD.tier_as_of IS NULL THEN
        NEW.tier_as_of := NULL;
    ELSIF NEW.tier_as_of IS DISTINCT FROM OLD.tier_as_of THEN
        NEW.tier_as_of := coalesce(ticket_opened_at(NEW.customer_id, NEW.ticket_id), OLD.tier_as_of);
        IF NEW.tier_as_of <> OLD.tier_as_of THEN
            NEW.tier := customer_tier(NEW.customer_id, NEW.tier_as_of);
        END IF;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION stamp_tier() IS
    'trigger of tickets: a tier that the shop has filled in is that of the day on which the ticket was opened; one that somebody gave is what was given';

CREATE OR REPLACE FUNCTION refresh_ticket_tier(customer @key_type@, ticket text) RETURNS text
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE tickets t
       SET tier_as_of = ticket_opened_at(t.customer_id, t.ticket_id)
     WHERE t.customer_id = customer AND t.ticket_id = ticket
       AND t.tier_as_of <> ticket_opened_at(t.customer_id, t.ticket_id);
    RETURN (SELECT t.tier FROM tickets t WHERE t.customer_id = customer AND t.ticket_id = ticket);
END
$$;
COMMENT ON FUNCTION refresh_ticket_tier(@key_type@, text) IS
    'gives a ticket that came without a tier the one that its customer held when it was opened, by its log, and returns the ticket''s tier; the trigger of ticket_events calls it, and so may whoever has loaded events with triggers switched off';

-- Each ticket is locked, in a statement of its own: then its log is read with
-- all that other sessions have committed to it meanwhile.
CREATE OR REPLACE FUNCTION refresh_closed_at(customer @key_type@, ticket text) RETURNS timestamptz
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    root text;
    ended timestamptz;
BEGIN
    SELECT coalesce(t.merged_into, t.ticket_id) INTO root
      FROM tickets t
     WHERE t.customer_id = customer AND t.ticket_id = ticket;
    PERFORM FROM tickets t
      WHERE t.customer_id = customer AND (t.ticket_id = root OR t.merged_into = root)
      ORDER BY t.ticket_id
        FOR NO KEY UPDATE;
    ended := ticket_ended_at(customer, root);
    UPDATE tickets t
       SET closed_at = ended
     WHERE t.customer_id = customer AND (t.ticket_id = root OR t.merged_into = root)
       AND t.closed_at IS DISTINCT FROM ended;
    RETURN ended;
END
$$;
COMMENT ON FUNCTION refresh_closed_at(@key_type@, text) IS
    'keeps closed_at of a ticket, and of those merged with it; the trigger of ticket_events calls it, and so may whoever has loaded events with triggers switched off; gives the new value';

-- Of a new ticket nothing has happened; but a backup is loaded ticket by ticket.
CREATE OR REPLACE FUNCTION check_closed_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    ended timestamptz;
BEGIN
    IF TG_OP = 'INSERT' AND owns_table(TG_RELID) THEN
        RETURN NULL;
    END IF;
    ended := ticket_ended_at(NEW.customer_id, coalesce(NEW.merged_into, NEW.ticket_id));
    IF NEW.closed_at IS DISTINCT FROM ended THEN
        RAISE EXCEPTION 'ticket % of customer % cannot be closed at %', NEW.ticket_id, NEW.customer_id, coalesce(NEW.closed_at::text, 'no time')
            USING ERRCODE = 'check_violation', CONSTRAINT = 'closed_at_agrees_with_events',
                  DETAIL = coalesce('By its log nothing is left to do since ' || ended::text || '.', 'By its log something is left to do.'),
                  HINT = 'record_ticket_event() records what happened.';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_closed_at() IS
    'trigger of tickets: closed_at is what the log says';

CREATE OR REPLACE FUNCTION stamp_event() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT owns_table(TG_RELID) THEN
        NEW.recorded_at := clock_timestamp();
    END IF;
    IF NEW.kind = 'merged' AND NEW.merged_into IS NULL THEN
        NEW.merged_into := (SELECT t.merged_into FROM tickets t
                             WHERE t.customer_id = NEW.customer_id AND t.ticket_id = NEW.ticket_id);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION stamp_event() IS
    'trigger of ticket_events: when an event was recorded is the server''s word, for all but the owner; a merge is into what its ticket names';

-- Whoever writes a row here says nothing but that now is a good time to write down
-- what the ticket says: so it says nothing that is not so.
CREATE OR REPLACE FUNCTION stamp_ticket_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT owns_table(TG_RELID) OR NEW.channel IS NULL THEN
        NEW.changed_at := clock_timestamp();
        SELECT t.channel, t.reason, t.priority, t.tier INTO NEW.channel, NEW.reason, NEW.priority, NEW.tier
          FROM tickets t
         WHERE t.customer_id = NEW.customer_id AND t.ticket_id = NEW.ticket_id;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION stamp_ticket_change() IS
    'trigger of ticket_changes: what was so until now is read from the ticket; the owner of the shop may load rows as they are';

-- Before the change: what the ticket says is what was so until now.
CREATE OR REPLACE FUNCTION keep_ticket_changes() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF EXISTS (SELECT FROM ticket_events e
                WHERE e.customer_id = OLD.customer_id AND e.ticket_id = OLD.ticket_id) THEN
        INSERT INTO ticket_changes (customer_id, ticket_id) VALUES (OLD.customer_id, OLD.ticket_id);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION keep_ticket_changes() IS
    'trigger of tickets: what decides promises is written down before it changes, once something has happened to the ticket';

CREATE OR REPLACE FUNCTION refresh_merged() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM refresh_closed_at(NEW.customer_id, NEW.ticket_id);
    IF OLD.merged_into IS NOT NULL THEN
        PERFORM refresh_closed_at(NEW.customer_id, OLD.merged_into);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION refresh_merged() IS
    'trigger of tickets: keeps closed_at where tickets are merged, or a merge is taken back';

-- What has happened late counts otherwise from now on, and so do tickets end.
CREATE OR REPLACE FUNCTION refresh_late_tickets() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM refresh_closed_at(e.customer_id, e.ticket_id)
       FROM (SELECT DISTINCT e.customer_id, e.ticket_id
               FROM ticket_events e
              WHERE e.recorded_at > e.at
              ORDER BY e.customer_id, e.ticket_id) e;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION refresh_late_tickets() IS
    'trigger of settings: closed_at of tickets with events that were entered late follows late_after and late_helps';

-- Whoever turns out to be a machine has answered nobody.
CREATE OR REPLACE FUNCTION refresh_answered_tickets() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM refresh_closed_at(e.customer_id, e.ticket_id)
       FROM (SELECT DISTINCT e.customer_id, e.ticket_id
               FROM ticket_events e
              WHERE e.agent_id = NEW.agent_id
              ORDER BY e.customer_id, e.ticket_id) e;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION refresh_answered_tickets() IS
    'trigger of agents: closed_at of tickets that an agent had a hand in follows is_machine';

CREATE OR REPLACE FUNCTION keep_closed_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    changed record;
BEGIN
    FOR changed IN
        SELECT a.customer_id, a.ticket_id, bool_or(a.kind IN ('opened', 'customer_message', 'reopened')) AS may_open
          FROM added a
         GROUP BY a.customer_id, a.ticket_id
         ORDER BY a.customer_id, a.ticket_id
    LOOP
        PERFORM refresh_closed_at(changed.customer_id, changed.ticket_id);
        -- (when those that it was merged with are locked, in their order)
        IF changed.may_open THEN
            PERFORM refresh_ticket_tier(changed.customer_id, changed.ticket_id);
        END IF;
    END LOOP;
    INSERT INTO ticket_marks (customer_id) SELECT DISTINCT a.customer_id FROM added a;
    -- A history is loaded with its own numbers; new events get later ones.
    IF owns_table(TG_RELID) THEN
        PERFORM setval(n.sequence, n.event_id)
           FROM (SELECT pg_get_serial_sequence(TG_RELID::regclass::text, 'event_id')::regclass AS sequence, max(a.event_id) AS event_id
                   FROM added a) n
          WHERE n.event_id > coalesce(pg_sequence_last_value(n.sequence), 0::bigint);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keep_closed_at() IS
    'trigger of ticket_events: keeps tickets.closed_at and tier, notes in ticket_marks that what is kept of the customer''s tickets is out of date, and keeps new numbers above those that its owner has given';

-- A ticket can go, and its log with it: by then the ticket is no longer there.
CREATE OR REPLACE FUNCTION check_log_is_kept() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM tickets t
                        WHERE t.customer_id = OLD.customer_id AND t.ticket_id = OLD.ticket_id) THEN
            RETURN OLD;
        END IF;
    ELSIF (OLD.customer_id, OLD.ticket_id, OLD.event_id, OLD.at, OLD.kind, OLD.agent_id, OLD.recorded_at)
          IS NOT DISTINCT FROM
          (NEW.customer_id, NEW.ticket_id, NEW.event_id, NEW.at, NEW.kind, NEW.agent_id, NEW.recorded_at) THEN
        RETURN NEW;
    ELSIF customer_is_moved(OLD.customer_id, NEW.customer_id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'event % of ticket % has happened', OLD.event_id, OLD.ticket_id
        USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'log_is_kept',
              DETAIL = 'A ticket''s log is only added to; the words of a note may change.',
              HINT = 'Add an event that says what is so now, or delete the whole ticket.';
END
$$;
COMMENT ON FUNCTION check_log_is_kept() IS
    'trigger of ticket_events: what has happened is neither changed nor deleted';

CREATE OR REPLACE FUNCTION check_merge() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF EXISTS (SELECT FROM tickets t
                WHERE t.customer_id = NEW.customer_id AND t.ticket_id = NEW.merged_into
                  AND t.merged_into IS NOT NULL)
       OR EXISTS (SELECT FROM tickets t
                   WHERE t.customer_id = NEW.customer_id AND t.merged_into = NEW.ticket_id) THEN
        RAISE EXCEPTION 'ticket % cannot be merged into ticket %', NEW.ticket_id, NEW.merged_into
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_can_be_merged',
                  DETAIL = 'Of merged tickets, one goes on, and all others are merged into that one.',
                  HINT = 'record_ticket_event(…, kind => ''merged'', merged_into => …) sees to it.';
    END IF;
    IF TG_OP = 'UPDATE' AND NOT EXISTS (SELECT FROM tickets t
                                         WHERE t.customer_id = NEW.customer_id AND t.ticket_id = coalesce(OLD.merged_into, NEW.merged_into)
                                           AND NEW.merged_into IN (t.ticket_id, t.merged_into)) THEN
        RAISE EXCEPTION 'ticket % of customer % goes on in ticket %', NEW.ticket_id, NEW.customer_id, OLD.merged_into
            USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'ticket_is_not_merged',
                  DETAIL = 'What was merged stays merged.',
                  HINT = pg_catalog.format('Merge ticket %s, and this one goes with it.', OLD.merged_into);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_merge() IS
    'trigger of tickets: no ticket is merged into one that was merged itself, and none out of one into another';

-- The clocks of a merged ticket go on in another one: without that they would be
-- nowhere. Afterwards, when one statement may have written both.
CREATE OR REPLACE FUNCTION check_merged_event() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF EXISTS (SELECT FROM tickets t
                WHERE t.customer_id = NEW.customer_id AND t.ticket_id = NEW.ticket_id
                  AND t.merged_into IS NULL) THEN
        RAISE EXCEPTION 'ticket % of customer % was not merged into another', NEW.ticket_id, NEW.customer_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'merged_into_agrees_with_events',
                  DETAIL = 'An event of kind merged is of a ticket whose merged_into names the one in which it goes on.',
                  HINT = 'record_ticket_event(…, kind => ''merged'', merged_into => …) writes both.';
    END IF;
    IF NOT EXISTS (SELECT FROM tickets t
                     JOIN tickets m ON m.customer_id = t.customer_id AND m.ticket_id = NEW.merged_into
                    WHERE t.customer_id = NEW.customer_id AND t.ticket_id = NEW.ticket_id
                      AND coalesce(m.merged_into, m.ticket_id) = t.merged_into) THEN
        RAISE EXCEPTION 'ticket % of customer % does not go on in ticket %', NEW.ticket_id, NEW.customer_id, NEW.merged_into
            USING ERRCODE = 'check_violation', CONSTRAINT = 'merged_into_agrees_with_events',
                  DETAIL = 'merged_into of an event names the ticket into which it was merged, or one that was merged into that.',
                  HINT = 'record_ticket_event(…, kind => ''merged'', merged_into => …) writes both.';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_merged_event() IS
    'trigger of ticket_events: only what is merged into another ticket has an event that says so, and the two agree';

CREATE OR REPLACE FUNCTION check_stays_merged() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT owns_table(TG_RELID) THEN
        RAISE EXCEPTION 'ticket % of customer % was merged into ticket %', OLD.ticket_id, OLD.customer_id, OLD.merged_into
            USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'ticket_is_not_merged',
                  DETAIL = 'What was merged stays merged, as its log does: its clocks would be nowhere.',
                  HINT = 'Open a new ticket for what is to go on by itself. Only the owner of the shop can take back a merge.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_stays_merged() IS
    'trigger of tickets: a merge is taken back by nobody but the owner of the shop';

--@ reference tickets tickets
CREATE CONSTRAINT TRIGGER check_merge
    AFTER INSERT OR UPDATE OF merged_into ON tickets
    FOR EACH ROW WHEN (NEW.merged_into IS NOT NULL)
    EXECUTE FUNCTION check_merge();

--@ reference ticket_events tickets
ALTER TABLE ticket_events ADD FOREIGN KEY (customer_id, ticket_id) REFERENCES tickets ON DELETE CASCADE;

CREATE OR REPLACE TRIGGER keep_closed_at
    AFTER INSERT ON ticket_events
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION keep_closed_at();

CREATE OR REPLACE TRIGGER check_log_is_kept
    BEFORE UPDATE OR DELETE ON ticket_events
    FOR EACH ROW EXECUTE FUNCTION check_log_is_kept();

--@ reference ticket_events agents
ALTER TABLE ticket_events ADD FOREIGN KEY (agent_id) REFERENCES agents;

--@ change ticket_events 0.2.0
CREATE OR REPLACE TRIGGER stamp_event
    BEFORE INSERT ON ticket_events
    FOR EACH ROW EXECUTE FUNCTION stamp_event();
CREATE OR REPLACE TRIGGER refuse_truncate
    BEFORE TRUNCATE ON ticket_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();

--@ change tickets 0.2.0
CREATE OR REPLACE TRIGGER check_stays_merged
    BEFORE UPDATE OF merged_into ON tickets
    FOR EACH ROW WHEN (OLD.merged_into IS NOT NULL AND NEW.merged_into IS NULL)
    EXECUTE FUNCTION check_stays_merged();

--@ change ticket_changes 0.2.0
CREATE OR REPLACE TRIGGER stamp_ticket_change
    BEFORE INSERT ON ticket_changes
    FOR EACH ROW EXECUTE FUNCTION stamp_ticket_change();
CREATE OR REPLACE TRIGGER check_record_is_kept
    BEFORE UPDATE ON ticket_changes
    FOR EACH ROW EXECUTE FUNCTION check_record_is_kept();
CREATE OR REPLACE TRIGGER refuse_truncate
    BEFORE TRUNCATE ON ticket_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();

--@ reference ticket_changes tickets
ALTER TABLE ticket_changes ADD FOREIGN KEY (customer_id, ticket_id) REFERENCES tickets ON DELETE CASCADE;
CREATE OR REPLACE TRIGGER keep_ticket_changes
    BEFORE UPDATE OF channel, reason, priority, tier ON tickets
    FOR EACH ROW WHEN ((OLD.channel, OLD.reason, OLD.priority, OLD.tier) IS DISTINCT FROM (NEW.channel, NEW.reason, NEW.priority, NEW.tier))
    EXECUTE FUNCTION keep_ticket_changes();

--@ change tickets 0.2.0
CREATE OR REPLACE TRIGGER refresh_merged
    AFTER UPDATE OF merged_into ON tickets
    FOR EACH ROW WHEN (OLD.merged_into IS DISTINCT FROM NEW.merged_into)
    EXECUTE FUNCTION refresh_merged();

--@ reference ticket_events tickets 0.2.0
CREATE OR REPLACE TRIGGER check_merged_event
    AFTER INSERT ON ticket_events
    FOR EACH ROW WHEN (NEW.kind = 'merged')
    EXECUTE FUNCTION check_merged_event();

--@ reference tickets ticket_events 0.2.0
CREATE OR REPLACE TRIGGER check_closed_at
    AFTER UPDATE OF closed_at ON tickets
    FOR EACH ROW WHEN (NEW.closed_at IS DISTINCT FROM OLD.closed_at)
    EXECUTE FUNCTION check_closed_at();
CREATE OR REPLACE TRIGGER check_closed_at_of_new
    AFTER INSERT ON tickets
    FOR EACH ROW WHEN (NEW.closed_at IS NOT NULL)
    EXECUTE FUNCTION check_closed_at();

-- (of all, to say of when a tier is)
--@ reference tickets tier_history 0.2.0
CREATE OR REPLACE TRIGGER fill_tier
    BEFORE INSERT ON tickets
    FOR EACH ROW EXECUTE FUNCTION fill_tier();
CREATE OR REPLACE TRIGGER stamp_tier
    BEFORE UPDATE OF tier, tier_as_of ON tickets
    FOR EACH ROW WHEN ((OLD.tier, OLD.tier_as_of) IS DISTINCT FROM (NEW.tier, NEW.tier_as_of))
    EXECUTE FUNCTION stamp_tier();

--@ reference agents ticket_events 0.2.0
CREATE OR REPLACE TRIGGER refresh_answered_tickets
    AFTER UPDATE OF is_machine ON agents
    FOR EACH ROW WHEN (OLD.is_machine IS DISTINCT FROM NEW.is_machine)
    EXECUTE FUNCTION refresh_answered_tickets();

-- What 0.1.0 kept for merged tickets was when the last clock of the one stopped in
-- which they go on.
--@ reference tickets ticket_events 0.2.0
DO $$
BEGIN
    PERFORM refresh_closed_at(t.customer_id, t.ticket_id) FROM tickets t WHERE t.merged_into IS NOT NULL;
END
$$;

--@ change settings 0.2.0
CREATE OR REPLACE TRIGGER refresh_late_tickets
    AFTER UPDATE OF late_after, late_helps ON settings
    FOR EACH ROW EXECUTE FUNCTION refresh_late_tickets();

--@ reference tickets orders 0.2.0
SELECT refer(regclass 'tickets', text 'tickets_order', text 'customer_id, order_id', regclass 'orders', text 'customer_id, order_id');
