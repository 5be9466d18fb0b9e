-- shop/ticket_satisfaction.sql
--
-- How content customers are with how their tickets were handled: surveys that
-- belong to a ticket.
-- Needs: settings, periods, surveys, tickets, ticket_facts.
--
-- A follow-up after ticket_resolved carries its ticket (ticket_id, in its values);
-- the invitation names it, and so does the answer to that.

--@ change survey_invitations 0.2.0
ALTER TABLE survey_invitations ADD COLUMN ticket_id text;
COMMENT ON COLUMN survey_invitations.ticket_id IS 'ticket that the survey is about; NULL if it is about none';
CREATE INDEX survey_invitations_ticket ON survey_invitations (customer_id, ticket_id) WHERE ticket_id IS NOT NULL;

--@ change survey_responses 0.2.0
ALTER TABLE survey_responses ADD COLUMN ticket_id text;
COMMENT ON COLUMN survey_responses.ticket_id IS 'ticket that the answers are about: that of the invitation, if there is one; NULL if they are about none';
CREATE INDEX survey_responses_ticket ON survey_responses (customer_id, ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX survey_responses_about_tickets ON survey_responses (responded_at) WHERE ticket_id IS NOT NULL;

--@ functions
CREATE OR REPLACE FUNCTION carry_ticket() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    asked_about text;
BEGIN
    SELECT i.ticket_id INTO asked_about
      FROM survey_invitations i
     WHERE i.customer_id = NEW.customer_id AND i.invitation_id = NEW.invitation_id;
    IF NEW.ticket_id IS NULL THEN
        NEW.ticket_id := asked_about;
    ELSIF NEW.ticket_id <> asked_about THEN
        RAISE EXCEPTION 'response % of customer % is about ticket %, and its invitation about ticket %',
                NEW.response_id, NEW.customer_id, NEW.ticket_id, asked_about
            USING ERRCODE = 'check_violation', CONSTRAINT = 'response_is_about_its_invitations_ticket',
                  HINT = 'Leave out ticket_id: it follows from the invitation.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION carry_ticket() IS
    'trigger of survey_responses: an answer is about the ticket that its invitation is about';

--@ reference survey_invitations tickets 0.2.0
ALTER TABLE survey_invitations
    ADD CONSTRAINT survey_invitations_ticket FOREIGN KEY (customer_id, ticket_id) REFERENCES tickets ON DELETE SET NULL (ticket_id);

--@ reference survey_responses tickets 0.2.0
ALTER TABLE survey_responses
    ADD CONSTRAINT survey_responses_ticket FOREIGN KEY (customer_id, ticket_id) REFERENCES tickets ON DELETE SET NULL (ticket_id);

--@ reference survey_responses survey_invitations 0.2.0
CREATE OR REPLACE TRIGGER carry_ticket
    BEFORE INSERT OR UPDATE OF invitation_id, ticket_id ON survey_responses
    FOR EACH ROW WHEN (NEW.invitation_id IS NOT NULL)
    EXECUTE FUNCTION carry_ticket();

--@ functions
-- (Every CSAT that was answered about it; nearly always it is one.)
CREATE OR REPLACE FUNCTION ticket_csat(customer @key_type@, ticket text, as_of timestamptz)
RETURNS TABLE (responses bigint, satisfied bigint)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT count(*), count(*) FILTER (WHERE a.score >= q.scale_high - 1)
      -- (what was merged into the ticket is one with it)
      FROM (SELECT ticket_csat.ticket AS ticket_id
             UNION ALL
            SELECT t.ticket_id FROM tickets t
             WHERE t.customer_id = ticket_csat.customer AND t.merged_into = ticket_csat.ticket) k
      JOIN survey_responses r ON r.customer_id = ticket_csat.customer AND r.ticket_id = k.ticket_id
                             AND r.responded_at <= ticket_csat.as_of
      JOIN survey_answers a ON a.customer_id = r.customer_id AND a.response_id = r.response_id AND a.score IS NOT NULL
      JOIN survey_questions q ON q.survey = a.survey AND q.question = a.question AND q.kind = 'csat';
END;
COMMENT ON FUNCTION ticket_csat(@key_type@, text, timestamptz) IS
    'how many answers there are to questions of kind csat about a ticket, or one that was merged into it, and how many of them are in the top two of their scale';
-- (One part all is every answer; a part that is not known is that of no name.)
CREATE OR REPLACE FUNCTION ticket_scores_in(first date, last date, as_of timestamptz)
RETURNS TABLE (survey text, question text, dimension text, part text, score smallint)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
    SELECT a.survey, a.question, d.dimension, d.part, a.score
      FROM (SELECT r.customer_id, r.response_id, r.ticket_id, r.responded_at
              FROM survey_responses r
             WHERE r.ticket_id IS NOT NULL
               AND loyalcs.in_local_dates(r.responded_at, (SELECT s.time_zone FROM settings s),
                                          ticket_scores_in.first, ticket_scores_in.last)
               AND r.responded_at <= ticket_scores_in.as_of) r
     CROSS JOIN LATERAL (SELECT coalesce(t.merged_into, t.ticket_id) AS ticket_id, t.channel, t.reason
                           FROM tickets t
                          WHERE t.customer_id = r.customer_id AND t.ticket_id = r.ticket_id
                          LIMIT 1) t
      LEFT JOIN LATERAL ticket_facts(r.customer_id, t.ticket_id, r.responded_at) f ON true
     CROSS JOIN LATERAL (SELECT a.survey, a.question, a.score
                           FROM survey_answers a
                          WHERE a.customer_id = r.customer_id AND a.response_id = r.response_id
                            AND a.score IS NOT NULL
                         OFFSET 0) a
     CROSS JOIN LATERAL (VALUES ('all', 'all'), ('channel', t.channel), ('reason', coalesce(t.reason, 'unknown')),
                                ('agent', coalesce(f.agent_id, 'nobody'))) d (dimension, part);
END;
COMMENT ON FUNCTION ticket_scores_in(date, date, timestamptz) IS
    'the scores that answers about tickets gave on local days from one to another, for all of them and by channel, reason and agent of the ticket, the agent being whose it was when the answer came';

CREATE OR REPLACE FUNCTION ticket_satisfaction_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    survey text,
    question text,
    kind text,
    dimension text,
    part text,
    responses bigint,
    score double precision,
    score_low double precision,
    score_high double precision,
    csat_share double precision,
    compared_with date,
    change double precision,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean,
    improved boolean,
    distribution text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.survey, a.question, q.kind, a.dimension, a.part,
           loyalcs.responses(a.ratings),
           CASE q.kind WHEN 'nps' THEN loyalcs.nps(a.ratings) ELSE loyalcs.mean(a.ratings) END,
           i.low, i.high,
           CASE q.kind WHEN 'csat' THEN loyalcs.csat_share(a.ratings, greatest(q.scale_high - 1, 1), q.scale_high::integer) END,
           CASE WHEN a.ratings_before IS NOT NULL THEN p.period_start END,
           c.change, c.change_low, c.change_high, c.p_value,
           f.too_few, c.significant,
           CASE WHEN c.significant THEN (c.change > 0::double precision) = q.higher_is_better END,
           loyalcs.sparkline(a.ratings)
      FROM settings s
     CROSS JOIN LATERAL periods_between(ticket_satisfaction_per.period,
               (SELECT min(r.responded_at) FROM survey_responses r WHERE r.ticket_id IS NOT NULL),
               (SELECT max(r.responded_at) FROM survey_responses r
                 WHERE r.ticket_id IS NOT NULL AND r.responded_at <= ticket_satisfaction_per.as_of),
               ticket_satisfaction_per.as_of) m
     -- the period before in which anybody answered about a ticket
     CROSS JOIN LATERAL (
               SELECT period_of(max(r.responded_at), s.time_zone, ticket_satisfaction_per.period, ticket_satisfaction_per.as_of) AS period_start
                 FROM survey_responses r
                WHERE r.ticket_id IS NOT NULL
                  AND r.responded_at < m.period_start::timestamp AT TIME ZONE s.time_zone) p
     CROSS JOIN LATERAL (
               SELECT g.survey, g.question, g.dimension, g.part,
                      loyalcs.ratings_agg(g.score) FILTER (WHERE g.is_now) AS ratings,
                      loyalcs.ratings_agg(g.score) FILTER (WHERE NOT g.is_now) AS ratings_before
                 FROM (SELECT n.*, true AS is_now
                         FROM ticket_scores_in(m.period_start, m.last_day, ticket_satisfaction_per.as_of) n
                       UNION ALL
                       SELECT b.*, false
                         FROM ticket_scores_in(p.period_start, (p.period_start + period_length(ticket_satisfaction_per.period) - interval '1 day')::date,
                                               ticket_satisfaction_per.as_of) b) g
                GROUP BY g.survey, g.question, g.dimension, g.part
               HAVING bool_or(g.is_now)) a
      JOIN survey_questions q ON q.survey = a.survey AND q.question = a.question
     CROSS JOIN LATERAL (
               SELECT i.low, i.high FROM loyalcs.nps_interval(a.ratings, 1::double precision - s.significance) i
                WHERE q.kind = 'nps'
               UNION ALL
               SELECT i.low, i.high
                 FROM loyalcs.mean_interval(a.ratings, q.scale_low::integer, q.scale_high::integer, 1::double precision - s.significance) i
                WHERE q.kind <> 'nps') i
     CROSS JOIN LATERAL score_change(q.kind = 'nps', a.ratings_before, a.ratings, q.scale_low::integer, q.scale_high::integer) c
     CROSS JOIN LATERAL (
               SELECT least(loyalcs.responses(a.ratings), coalesce(loyalcs.responses(a.ratings_before), 0::bigint)) < s.minimum_answers::bigint
           ) f (too_few)
     ORDER BY m.period_start, a.survey, a.question, a.dimension <> 'all', a.dimension, a.part;
END;
COMMENT ON FUNCTION ticket_satisfaction_per(text, timestamptz) IS
    'what customers say of how their tickets were handled (CSAT, CES, NPS; answers with a ticket_id): by the local period of the answer, for all (dimension all) and by channel, reason and agent (whose the ticket was when the answer came), with an interval, and whether it really changed against compared_with, the last period before in which anybody answered about a ticket: never if either has fewer answers than settings.minimum_answers';
