-- shop/complaint_recovery.sql
--
-- What becomes of customers who complained: are they content with what was done, and
-- do they buy again as others like them do?
-- Needs: settings, durations, periods, orders, tickets, ticket_facts, ticket_satisfaction.

--@ change settings 0.2.0
ALTER TABLE settings
    ADD COLUMN purchase_within interval NOT NULL DEFAULT interval '90 days'
        CONSTRAINT settings_purchase_within_is_within_ten_years
        CHECK (purchase_within > interval '0' AND purchase_within <= interval '10 years'),
    ADD COLUMN recovery_target double precision NOT NULL DEFAULT 0.95
        CONSTRAINT settings_recovery_target_is_a_share CHECK (recovery_target BETWEEN 0::double precision AND 1::double precision),
    ADD COLUMN repurchase_target double precision NOT NULL DEFAULT 0.6
        CONSTRAINT settings_repurchase_target_is_a_share CHECK (repurchase_target BETWEEN 0::double precision AND 1::double precision);

--@ functions
CREATE OR REPLACE FUNCTION bought_between(customer @key_type@, after timestamptz, until timestamptz, as_of timestamptz) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM orders o
                WHERE o.customer_id = customer AND o.ordered_at > after AND o.ordered_at <= until
                  AND order_counts(o.ordered_at, o.cancelled_at, bought_between.as_of));
COMMENT ON FUNCTION bought_between(@key_type@, timestamptz, timestamptz, timestamptz) IS
    'whether a customer placed an order that counts after an instant and until another';

-- Like customers: of an order that came last before that of the complaint, up to ten; by
-- others who never complained; a first order for a first one; and who had not ordered
-- again by the time after theirs at which the complaint came.
CREATE OR REPLACE FUNCTION like_customers(customer @key_type@, ordered_at timestamptz, is_first boolean, waited interval, as_of timestamptz)
RETURNS TABLE (customer_id @key_type@, since timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
    SELECT o.customer_id, o.ordered_at + like_customers.waited
      FROM (SELECT o.customer_id, o.order_id, o.ordered_at
              FROM orders o
             WHERE o.ordered_at <= like_customers.ordered_at
               AND o.ordered_at > like_customers.ordered_at - interval '720 hours'
               AND o.customer_id <> like_customers.customer
               AND order_counts(o.ordered_at, o.cancelled_at, like_customers.as_of)
             ORDER BY o.ordered_at DESC, o.customer_id, o.order_id
             LIMIT 500) o
     WHERE NOT EXISTS (SELECT FROM tickets t WHERE t.customer_id = o.customer_id AND t.complaint)
       AND bought_between(o.customer_id, timestamptz '-infinity', o.ordered_at - interval '1 microsecond', like_customers.as_of) <> like_customers.is_first
       AND NOT bought_between(o.customer_id, o.ordered_at, o.ordered_at + like_customers.waited, like_customers.as_of)
     ORDER BY o.ordered_at DESC, o.customer_id, o.order_id
     LIMIT 10;
END;
COMMENT ON FUNCTION like_customers(@key_type@, timestamptz, boolean, interval, timestamptz) IS
    'up to ten customers like one who complained: who ordered last before that customer, within 30 days (of the 500 orders before), never complained, are new if that customer was, and had not ordered again when as much time had passed as until the complaint; with the instant from which their next order is to be looked for';

CREATE OR REPLACE FUNCTION complaint_recovery_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    complaints bigint,
    resolved bigint,
    responses bigint,
    satisfied bigint,
    satisfied_share double precision,
    satisfied_share_low double precision,
    satisfied_share_high double precision,
    recovery_target double precision,
    recovery_target_met boolean,
    had_time bigint,
    bought_again bigint,
    bought_again_share double precision,
    bought_again_share_low double precision,
    bought_again_share_high double precision,
    repurchase_target double precision,
    repurchase_target_met boolean,
    like_customers bigint,
    like_bought_share double precision,
    change double precision,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.complaints, a.resolved, a.responses, a.satisfied,
           a.satisfied::double precision / nullif(a.responses, 0::bigint)::double precision, w.low, w.high, s.recovery_target,
           CASE WHEN w.low >= s.recovery_target THEN true WHEN w.high < s.recovery_target THEN false END,
           a.had_time, a.bought_again, a.bought_again::double precision / nullif(a.had_time, 0::bigint)::double precision, v.low, v.high,
           s.repurchase_target,
           CASE WHEN v.low >= s.repurchase_target THEN true WHEN v.high < s.repurchase_target THEN false END,
           a.others, a.others_bought::double precision / nullif(a.others, 0::bigint)::double precision,
           c.change, c.change_low, c.change_high, c.p_value, c.too_few, c.significant
      FROM settings s
     CROSS JOIN LATERAL periods_of_tickets(complaint_recovery_per.period, complaint_recovery_per.as_of) m
     CROSS JOIN LATERAL (
               WITH complaint AS MATERIALIZED (
                   SELECT t.customer_id, t.opened_at, t.resolved_at, q.responses, q.satisfied,
                          l.ordered_at, l.is_first, l.waited, coalesce(l.had_time, false) AS had_time
                     FROM tickets_opened_in(m.period_start, m.last_day, complaint_recovery_per.as_of) t
                    CROSS JOIN LATERAL ticket_csat(t.customer_id, t.ticket_id, complaint_recovery_per.as_of) q
                     LEFT JOIN LATERAL (
                              SELECT o.ordered_at,
                                     NOT bought_between(o.customer_id, timestamptz '-infinity', o.ordered_at - interval '1 microsecond', complaint_recovery_per.as_of) AS is_first,
                                     time_between(o.ordered_at, t.opened_at) AS waited,
                                     t.opened_at + s.purchase_within <= complaint_recovery_per.as_of AS had_time
                                FROM orders o
                               WHERE o.customer_id = t.customer_id AND o.ordered_at <= t.opened_at
                                 AND order_counts(o.ordered_at, o.cancelled_at, complaint_recovery_per.as_of)
                               ORDER BY o.ordered_at DESC, o.order_id
                               LIMIT 1) l ON true
                    WHERE t.complaint
               ),
               -- (whoever complained again in the month is one customer, from the first time on)
               complainer AS MATERIALIZED (
                   SELECT DISTINCT ON (c.customer_id) c.customer_id, c.opened_at, c.ordered_at, c.is_first, c.waited
                     FROM complaint c
                    WHERE c.had_time
                    ORDER BY c.customer_id, c.opened_at, c.ordered_at
               )
               SELECT c.*, h.had_time, h.bought_again, k.others, k.others_bought
                 FROM (SELECT count(*) AS complaints, pg_catalog.count(c.resolved_at) AS resolved,
                              sum(c.responses)::bigint AS responses, sum(c.satisfied)::bigint AS satisfied
                         FROM complaint c) c
                CROSS JOIN (SELECT count(*) AS had_time,
                                   count(*) FILTER (WHERE bought_between(c.customer_id, c.opened_at, c.opened_at + s.purchase_within, complaint_recovery_per.as_of)) AS bought_again
                              FROM complainer c) h
                -- (each of them once, whomever they are like)
                CROSS JOIN (SELECT count(*) AS others,
                                   count(*) FILTER (WHERE bought_between(o.customer_id, o.since, o.since + s.purchase_within, complaint_recovery_per.as_of)) AS others_bought
                              FROM (SELECT DISTINCT ON (o.customer_id) o.customer_id, o.since
                                      FROM complainer c
                                     CROSS JOIN LATERAL like_customers(c.customer_id, c.ordered_at, c.is_first, c.waited, complaint_recovery_per.as_of) o
                                     ORDER BY o.customer_id, o.since) o) k
                WHERE c.complaints > 0::bigint) a
     CROSS JOIN LATERAL loyalcs.share_interval(a.satisfied, a.responses, 1::double precision - s.significance) w
     CROSS JOIN LATERAL loyalcs.share_interval(a.bought_again, a.had_time, 1::double precision - s.significance) v
     CROSS JOIN LATERAL share_change(a.others_bought, a.others, a.bought_again, a.had_time) c
     ORDER BY m.period_start;
END;
COMMENT ON FUNCTION complaint_recovery_per(text, timestamptz) IS
    'tickets that are complaints, by the local period in which they were opened: the share of the answers about them (CSAT) in the top two, against settings.recovery_target; the share of the customers, of those with an order before and settings.purchase_within of time since, who bought again within that, each once a period, from the first complaint on, against settings.repurchase_target, and against customers like them who did not complain (see like_customers()), counted from the same time after their order: change is the share less theirs. Wilson''s intervals; a target is met or not where the interval lies on one side of it, NULL where that cannot be told; nothing is significant with fewer than settings.minimum_answers on either side';
