-- shop/escalations.sql
--
-- Of which tickets somebody is to be told, whatever was promised: rules, and to which
-- tickets they apply.  They are handed out as warnings are, see sla_warnings.
-- Needs: settings, tickets, ticket_facts, sla, voice_matches.

--@ table escalation_rules
CREATE TABLE escalation_rules (
    rule text PRIMARY KEY
        CONSTRAINT escalation_rules_rule_is_named CHECK (rule <> ''),
    condition text NOT NULL
        CONSTRAINT escalation_rules_condition_is_known
        CHECK (condition IN ('sla_breached', 'tier', 'contacts', 'sentiment')),
    after interval
        CONSTRAINT escalation_rules_after_is_a_length_of_time
        CHECK (after >= interval '0' AND after <= interval '1 year'),
    tier text,
    contacts integer
        CONSTRAINT escalation_rules_contacts_is_positive CHECK (contacts > 0),
    sentiment double precision
        CONSTRAINT escalation_rules_sentiment_is_on_the_scale
        CHECK (sentiment BETWEEN -1::double precision AND 1::double precision),
    tell text,
    valid tstzrange NOT NULL DEFAULT tstzrange(now(), NULL::timestamptz),
    CONSTRAINT escalation_rules_has_what_its_condition_needs
        CHECK ((condition = 'sla_breached') = (after IS NOT NULL) AND (condition = 'tier') = (tier IS NOT NULL)
               AND (condition = 'contacts') = (contacts IS NOT NULL) AND (condition = 'sentiment') = (sentiment IS NOT NULL))
);
COMMENT ON TABLE escalation_rules IS
    'when somebody is told of a ticket that is open, one row a rule: a promise has been broken for so long, the customer holds a tier, has written so often, or in such words';
COMMENT ON COLUMN escalation_rules.after IS 'of sla_breached: how long after the deadline';
COMMENT ON COLUMN escalation_rules.tier IS 'of tier: the tier of the ticket';
COMMENT ON COLUMN escalation_rules.contacts IS 'of contacts: the how-manieth contact about the ticket it takes';
COMMENT ON COLUMN escalation_rules.sentiment IS 'of sentiment: how pleased, -1 to 1, one of its texts is at most, as match_voices() found it';
COMMENT ON COLUMN escalation_rules.valid IS 'what becomes due within this time falls under the rule; empty: it is switched off';
INSERT INTO escalation_rules (rule, condition, after, tier, contacts, sentiment, valid) VALUES
    ('promise broken for an hour', 'sla_breached', interval '1 hour', NULL, NULL, NULL, '(,)'),
    ('VIP', 'tier', NULL, 'VIP', NULL, NULL, '(,)'),
    ('third contact', 'contacts', NULL, NULL, 3, NULL, '(,)'),
    ('displeased', 'sentiment', NULL, NULL, NULL, -0.5, '(,)');

--@ functions
-- Open tickets alone are looked at, each condition for its own rules; a condition on the
-- customer reaches all of them by key.
CREATE OR REPLACE FUNCTION escalations_foreseen(as_of timestamptz)
RETURNS TABLE (
    rule text,
    tell text,
    customer_id @key_type@,
    ticket_id text,
    due_at timestamptz,
    channel text,
    reason text,
    priority text,
    tier text,
    complaint boolean,
    agent_id text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT r.rule, r.tell, o.customer_id, o.ticket_id, d.due_at, o.channel, o.reason, o.priority, o.tier, o.complaint, o.agent_id
      FROM escalation_rules r
     CROSS JOIN (SELECT t.customer_id, t.ticket_id, t.channel, t.reason, t.priority, t.tier, t.complaint,
                        f.opened_at, f.contacts, f.agent_id
                   FROM tickets t
                  CROSS JOIN LATERAL ticket_facts(t.customer_id, t.ticket_id, escalations_foreseen.as_of) f
                  WHERE (t.closed_at IS NULL OR t.closed_at > escalations_foreseen.as_of) AND t.merged_into IS NULL
                    AND NOT f.discarded
                    -- (who writes after the solution waits like anybody)
                    AND (f.resolved_at IS NULL
                         OR (t.customer_id, t.ticket_id) IN (SELECT u.customer_id, coalesce(m.merged_into, m.ticket_id)
                                                              FROM unanswered_at(escalations_foreseen.as_of) u
                                                              JOIN tickets m ON m.customer_id = u.customer_id AND m.ticket_id = u.ticket_id))) o
      LEFT JOIN (SELECT s.customer_id, coalesce(t.merged_into, t.ticket_id) AS ticket_id, min(s.due_at) AS due_at
                   FROM sla_status_of(NULL, true, escalations_foreseen.as_of) s
                   JOIN tickets t ON t.customer_id = s.customer_id AND t.ticket_id = s.ticket_id
                  WHERE s.stopped_at IS NULL AND s.due_at IS NOT NULL
                  GROUP BY 1, 2) l
        ON l.customer_id = o.customer_id AND l.ticket_id = o.ticket_id
     CROSS JOIN LATERAL (
               SELECT l.due_at + r.after AS due_at
                WHERE r.condition = 'sla_breached' AND l.due_at IS NOT NULL
               UNION ALL
               SELECT o.opened_at
                WHERE r.condition = 'tier' AND o.tier = r.tier
               UNION ALL
               (SELECT e.at
                  FROM (SELECT DISTINCT e.at
                          FROM tickets p
                          JOIN ticket_events e ON e.customer_id = p.customer_id AND e.ticket_id = p.ticket_id
                         WHERE p.customer_id = o.customer_id AND (p.ticket_id = o.ticket_id OR p.merged_into = o.ticket_id)
                           AND e.kind IN ('opened', 'customer_message', 'reopened') AND e.at <= escalations_foreseen.as_of) e
                 WHERE r.condition = 'contacts' AND o.contacts >= r.contacts
                 ORDER BY e.at
                OFFSET r.contacts - 1
                 LIMIT 1)
               UNION ALL
               SELECT min(v.said_at)
                 FROM tickets p
                 JOIN voice_matches v ON v.customer_id = p.customer_id AND v.source = 'ticket' AND v.text_id = p.ticket_id
                WHERE r.condition = 'sentiment'
                  AND p.customer_id = o.customer_id AND (p.ticket_id = o.ticket_id OR p.merged_into = o.ticket_id)
                  AND v.sentiment <= r.sentiment AND v.said_at <= escalations_foreseen.as_of
               HAVING count(*) > 0::bigint) d
     WHERE r.valid OPERATOR(pg_catalog.@>) d.due_at
       AND d.due_at >= (SELECT z.live_since FROM settings z);
END;
COMMENT ON FUNCTION escalations_foreseen(timestamptz) IS
    'tickets that are not resolved, or whose customer has written since and waits, to which a rule of escalation_rules applies, or will if nothing happens (a promise that will have been broken for so long), with the instant from which it does; what was due before the shop was used live, or while the rule did not hold, is none';
