-- shop/ticket_reasons.sql
--
-- What customers write in about, whether equal cases are treated alike, and what is
-- to be done about each kind.
-- Needs: settings, periods, tickets, ticket_facts.

--@ functions
CREATE OR REPLACE FUNCTION ticket_reasons_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    reason text,
    tickets bigint,
    tickets_of_all bigint,
    ticket_share double precision,
    ticket_share_low double precision,
    ticket_share_high double precision,
    tickets_before bigint,
    change double precision,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean,
    contacts bigint,
    cost numeric,
    repeats bigint,
    repeat_contact_share double precision,
    repeat_contact_share_low double precision,
    repeat_contact_share_high double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.reason, a.tickets, a.tickets_of_all,
           a.tickets::double precision / a.tickets_of_all::double precision, w.low, w.high,
           a.tickets_before, c.change, c.change_low, c.change_high, c.p_value, c.too_few, c.significant,
           a.contacts, a.cost, a.repeats, a.repeats::double precision / nullif(a.had_time, 0::bigint)::double precision, v.low, v.high
      FROM settings s
     CROSS JOIN LATERAL periods_of_tickets(ticket_reasons_per.period, ticket_reasons_per.as_of) m
     CROSS JOIN LATERAL (
               SELECT g.reason, g.tickets, sum(g.tickets) OVER ()::bigint AS tickets_of_all,
                      g.tickets_before, sum(g.tickets_before) OVER ()::bigint AS tickets_of_all_before,
                      g.contacts, g.cost, g.had_time, g.repeats
                 FROM (SELECT coalesce(t.reason, 'unknown') AS reason,
                              count(*) FILTER (WHERE t.is_now) AS tickets,
                              count(*) FILTER (WHERE NOT t.is_now) AS tickets_before,
                              coalesce(sum(t.contacts) FILTER (WHERE t.is_now), 0::numeric)::bigint AS contacts,
                              sum(t.cost) FILTER (WHERE t.is_now) AS cost,
                              count(*) FILTER (WHERE t.is_now AND t.had_time) AS had_time,
                              count(*) FILTER (WHERE t.is_now AND t.had_time AND t.is_repeated) AS repeats
                         FROM (WITH opened AS MATERIALIZED (
                                   SELECT t.customer_id, t.ticket_id, t.reason, t.opened_at, t.contacts, t.cost,
                                          loyalcs.in_local_dates(t.opened_at, s.time_zone, m.period_start, m.last_day) AS is_now,
                                          t.opened_at + interval '168 hours' <= ticket_reasons_per.as_of AS had_time
                                     FROM tickets_opened_in((m.period_start - period_length(ticket_reasons_per.period))::date, m.last_day, ticket_reasons_per.as_of) t
                               )
                               SELECT o.reason, o.contacts, o.cost, o.is_now, o.had_time, r.ticket_id IS NOT NULL AS is_repeated
                                 FROM opened o
                                 LEFT JOIN (SELECT DISTINCT o.customer_id, o.ticket_id
                                              FROM opened o
                                              JOIN tickets_written_from((SELECT min(a.opened_at) FROM opened a WHERE a.is_now AND a.had_time),
                                                                        (SELECT max(a.opened_at) + interval '168 hours' FROM opened a WHERE a.is_now AND a.had_time)) w
                                                ON w.customer_id = o.customer_id
                                               AND o.is_now AND o.had_time
                                               AND is_repeat(o.ticket_id, o.reason, o.opened_at, w.ticket_id, w.reason, w.first_written_at)) r
                                   ON r.customer_id = o.customer_id AND r.ticket_id = o.ticket_id) t
                        GROUP BY 1) g) a
     CROSS JOIN LATERAL loyalcs.share_interval(a.tickets, a.tickets_of_all, 1::double precision - s.significance) w
     CROSS JOIN LATERAL loyalcs.share_interval(a.repeats, a.had_time, 1::double precision - s.significance) v
     CROSS JOIN LATERAL share_change(a.tickets_before, a.tickets_of_all_before, a.tickets, a.tickets_of_all) c
     WHERE a.tickets > 0::bigint
     ORDER BY m.period_start, a.tickets DESC, a.reason;
END;
COMMENT ON FUNCTION ticket_reasons_per(text, timestamptz) IS
    'what customers write in about, by the local period in which tickets were opened: how many of each reason, their share of the period''s with Wilson''s interval, the change of the share against the period before and whether it is more than chance (never with fewer tickets than settings.minimum_answers in either period), what the contacts cost, and how many customers opened another ticket of the same reason within seven days (of the tickets that were opened seven days ago or longer)';

-- A period is a month, a quarter or a year: what changes slowly is seen in the longer ones.
CREATE OR REPLACE FUNCTION handling_consistency_at(as_of timestamptz)
RETURNS TABLE (
    period text,
    period_start date,
    complete boolean,
    reason text,
    tickets bigint,
    usual text,
    usual_share double precision,
    usual_share_low double precision,
    usual_share_high double precision,
    entropy double precision,
    tickets_before bigint,
    usual_before text,
    usual_share_before double precision,
    entropy_before double precision,
    share_now double precision,
    change double precision,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean,
    risen text,
    risen_by double precision,
    odd_ones text[]
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT l.period, p.period_start, p.complete, a.reason, a.tickets,
           a.usual, a.usual_cases::double precision / a.tickets::double precision, w.low, w.high, a.entropy::double precision,
           a.tickets_before, a.usual_before,
           a.usual_cases_before::double precision / nullif(a.tickets_before, 0::bigint)::double precision, a.entropy_before::double precision,
           CASE WHEN a.usual_before IS NOT NULL THEN a.usual_before_now::double precision / a.tickets::double precision END,
           c.change, c.change_low, c.change_high, c.p_value, c.too_few, c.significant,
           CASE WHEN a.risen_by > 0::numeric THEN a.risen END, CASE WHEN a.risen_by > 0::numeric THEN a.risen_by::double precision END,
           a.odd_ones
      FROM settings s
     CROSS JOIN (VALUES ('month'), ('quarter'), ('year')) l (period)
     CROSS JOIN LATERAL periods_of_tickets(l.period, handling_consistency_at.as_of) p
     CROSS JOIN LATERAL (
               SELECT k.reason, sum(k.now)::bigint AS tickets, sum(k.before)::bigint AS tickets_before,
                      (pg_catalog.array_agg(k.resolution ORDER BY k.now DESC, k.resolution))[1] AS usual, max(k.now) AS usual_cases,
                      (pg_catalog.array_agg(k.resolution ORDER BY k.before DESC, k.resolution) FILTER (WHERE k.before > 0::bigint))[1] AS usual_before,
                      max(k.before) AS usual_cases_before,
                      (pg_catalog.array_agg(k.now ORDER BY k.before DESC, k.resolution) FILTER (WHERE k.before > 0::bigint))[1] AS usual_before_now,
                      -sum(CASE WHEN k.now > 0::bigint THEN k.share * ln(k.share) ELSE 0::numeric END) / ln(2::numeric) AS entropy,
                      -sum(CASE WHEN k.before > 0::bigint THEN k.share_before * ln(k.share_before) ELSE 0::numeric END) / ln(2::numeric)
                          / CASE WHEN sum(k.before) > 0::numeric THEN 1::numeric END AS entropy_before,
                      (pg_catalog.array_agg(k.resolution ORDER BY k.share - k.share_before DESC, k.resolution) FILTER (WHERE k.share_before IS NOT NULL))[1] AS risen,
                      max(k.share - k.share_before) AS risen_by,
                      pg_catalog.string_to_array(pg_catalog.string_agg(pg_catalog.array_to_string(k.tickets_now, E'\n'), E'\n' ORDER BY k.resolution)
                                                     FILTER (WHERE k.now > 0::bigint AND k.share <= 0.1), E'\n') AS odd_ones
                 FROM (SELECT g.*,
                              g.now::numeric / nullif(sum(g.now) OVER (PARTITION BY g.reason), 0::numeric) AS share,
                              g.before::numeric / nullif(sum(g.before) OVER (PARTITION BY g.reason), 0::numeric) AS share_before
                         FROM (SELECT coalesce(t.reason, 'unknown') AS reason, t.resolution,
                                      count(*) FILTER (WHERE t.is_now) AS now, count(*) FILTER (WHERE NOT t.is_now) AS before,
                                      pg_catalog.array_agg(t.customer_id::text || ' ' || t.ticket_id ORDER BY t.customer_id, t.ticket_id)
                                          FILTER (WHERE t.is_now) AS tickets_now
                                 FROM (SELECT t.*, loyalcs.in_local_dates(t.opened_at, s.time_zone, p.period_start, p.last_day) AS is_now
                                         FROM tickets_opened_in((p.period_start - period_length(l.period))::date, p.last_day, handling_consistency_at.as_of) t) t
                                WHERE t.resolved_at IS NOT NULL AND t.resolution IS NOT NULL
                                GROUP BY 1, 2) g) k
                GROUP BY k.reason) a
     CROSS JOIN LATERAL loyalcs.share_interval(a.usual_cases, a.tickets, 1::double precision - s.significance) w
     CROSS JOIN LATERAL share_change(a.usual_cases_before, a.tickets_before, a.usual_before_now, a.tickets) c
     WHERE a.tickets > 0::bigint
     ORDER BY l.period, p.period_start, a.reason;
END;
COMMENT ON FUNCTION handling_consistency_at(timestamptz) IS
    'are equal cases treated alike? Of the resolved tickets of a reason that were opened in a local month, quarter or year (period): the usual resolution, its share with Wilson''s interval, and the entropy of all of them in bits (0: all alike, 1: as of a coin); what was usual in the period before, what share it had then and has now (share_now), and whether that change is more than chance, never with fewer tickets than settings.minimum_answers in either period; the resolution whose share has risen most, and the tickets that were resolved as at most a tenth of them are. Tickets that nobody gave a resolution do not count';

--@ table playbooks
CREATE TABLE playbooks (
    playbook text NOT NULL,
    step integer NOT NULL
        CONSTRAINT playbooks_step_is_positive CHECK (step > 0),
    reasons text[] NOT NULL
        CONSTRAINT playbooks_reasons_are_words
        CHECK (coalesce(pg_catalog.array_ndims(reasons), 1) = 1
               AND pg_catalog.array_position(reasons, NULL::text) IS NULL
               AND '' <> ALL (reasons)),
    instruction text NOT NULL,
    PRIMARY KEY (playbook, step)
);
COMMENT ON TABLE playbooks IS
    'what is to be done about a kind of inquiry, one row a step; a ticket is of it if its reason is among the reasons of a step';
COMMENT ON COLUMN playbooks.step IS 'the how-manieth step, from 1';
INSERT INTO playbooks (playbook, step, reasons, instruction)
SELECT p.playbook, p.step, p.reasons::text[], CASE @time_zone@ WHEN 'Asia/Tokyo' THEN p.ja ELSE p.en END
  FROM (VALUES
    ('wrong_size', 1, '{wrong_size,size,サイズ交換,サイズが合わない}', 'exchange at once; we pay the return postage', 'すぐに交換する。返送料は当社が負担する'),
    ('wrong_size', 2, '{wrong_size,size,サイズ交換,サイズが合わない}', 'ask which size was expected, and improve the size guide', '想定していたサイズを聞き、サイズ表を直す'),
    ('not_as_pictured', 1, '{not_as_pictured,イメージと違う,返品}', 'ask what is different', 'どこが違っていたかを聞く'),
    ('not_as_pictured', 2, '{not_as_pictured,イメージと違う,返品}', 'offer return or exchange', '返品か交換を選んでいただく'),
    ('not_as_pictured', 3, '{not_as_pictured,イメージと違う,返品}', 'improve the pictures and the text', '写真と説明文を直す'),
    ('arrived_damaged', 1, '{arrived_damaged,damaged,不良・破損,修理}', 'ask for a photo', '写真をお願いする'),
    ('arrived_damaged', 2, '{arrived_damaged,damaged,不良・破損,修理}', 'send a replacement the same day', '当日中に代わりの品を送る'),
    ('arrived_damaged', 3, '{arrived_damaged,damaged,不良・破損,修理}', 'add a small gift', '小さな贈り物を添える'),
    ('late_delivery', 1, '{late_delivery,late,delivery,配送状況,配送遅延}', 'check with the carrier where it is', '配送業者に所在を確かめる'),
    ('late_delivery', 2, '{late_delivery,late,delivery,配送状況,配送遅延}', 'send an express replacement if it is lost', '紛失なら速達で代わりの品を送る'),
    ('late_delivery', 3, '{late_delivery,late,delivery,配送状況,配送遅延}', 'apologise with a coupon', 'お詫びのクーポンを渡す')
  ) p (playbook, step, reasons, en, ja);

--@ functions
CREATE OR REPLACE FUNCTION playbook_for(reason text)
RETURNS TABLE (playbook text, step integer, instruction text)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
BEGIN ATOMIC
    SELECT p.playbook, p.step, p.instruction
      FROM playbooks p
     WHERE playbook_for.reason = ANY (p.reasons)
     ORDER BY p.playbook, p.step;
END;
COMMENT ON FUNCTION playbook_for(text) IS
    'what is to be done about a ticket of a reason, step by step; no rows if no playbook has it';
