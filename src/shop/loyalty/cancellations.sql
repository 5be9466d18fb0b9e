-- shop/cancellations.sql
--
-- Who wants to give up a subscription, whom an offer keeps, and why the others leave.
-- Needs: settings, periods, journeys.

--@ table cancellation_requests
CREATE TABLE cancellation_requests (
    customer_id @key_type@ NOT NULL,
    request_id text NOT NULL,
    subscription_id text NOT NULL,
    requested_at timestamptz NOT NULL,
    reason text,
    offer text,
    outcome text
        CONSTRAINT cancellation_requests_outcome_is_known CHECK (outcome IN ('saved', 'cancelled')),
    decided_at timestamptz,
    PRIMARY KEY (customer_id, request_id),
    CONSTRAINT cancellation_requests_decided_has_an_outcome CHECK ((decided_at IS NULL) = (outcome IS NULL)),
    CONSTRAINT cancellation_requests_decided_after_requested CHECK (decided_at >= requested_at)
);
CREATE INDEX cancellation_requests_requested_at ON cancellation_requests (requested_at);
CREATE INDEX cancellation_requests_subscription ON cancellation_requests (customer_id, subscription_id);
COMMENT ON TABLE cancellation_requests IS
    'customers who wanted to give up a subscription, one row each time: what was offered, and whether they stayed';
COMMENT ON COLUMN cancellation_requests.reason IS 'why, in a word or two of the shop''s own';
COMMENT ON COLUMN cancellation_requests.offer IS 'what was offered to stay, in a word or two of the shop''s own; NULL if nothing was';
COMMENT ON COLUMN cancellation_requests.outcome IS 'saved or cancelled; NULL until that is decided';

--@ reference cancellation_requests subscriptions
ALTER TABLE cancellation_requests ADD FOREIGN KEY (customer_id, subscription_id) REFERENCES subscriptions;

--@ functions
CREATE OR REPLACE FUNCTION subscription_saves_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    reason text,
    requests bigint,
    decided bigint,
    saved bigint,
    saved_share double precision,
    saved_share_low double precision,
    saved_share_high double precision,
    offered bigint,
    saved_with_offer bigint,
    saved_without_offer bigint,
    change double precision,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.reason, a.requests, a.decided, a.saved,
           a.saved::double precision / nullif(a.decided, 0::bigint)::double precision, w.low, w.high,
           a.offered, a.saved_with_offer, a.saved - a.saved_with_offer,
           c.change, c.change_low, c.change_high, c.p_value, c.too_few, c.significant
      FROM settings s
     CROSS JOIN LATERAL periods_between(subscription_saves_per.period,
                                        (SELECT min(r.requested_at) FROM cancellation_requests r),
                                        (SELECT max(r.requested_at) FROM cancellation_requests r WHERE r.requested_at <= subscription_saves_per.as_of),
                                        subscription_saves_per.as_of) m
     CROSS JOIN LATERAL (
               SELECT CASE WHEN GROUPING(r.reason) = 0 THEN coalesce(r.reason, 'unknown') ELSE 'all' END AS reason,
                      count(*) AS requests, pg_catalog.count(r.outcome) AS decided,
                      count(*) FILTER (WHERE r.outcome = 'saved') AS saved,
                      count(*) FILTER (WHERE r.outcome IS NOT NULL AND r.offer IS NOT NULL) AS offered,
                      count(*) FILTER (WHERE r.outcome = 'saved' AND r.offer IS NOT NULL) AS saved_with_offer
                 FROM (SELECT r.reason, r.offer,
                              CASE WHEN r.decided_at <= subscription_saves_per.as_of THEN r.outcome END AS outcome
                         FROM cancellation_requests r
                        WHERE loyalcs.in_local_dates(r.requested_at, s.time_zone, m.period_start, m.last_day)
                          AND r.requested_at <= subscription_saves_per.as_of) r
                GROUP BY GROUPING SETS ((), (r.reason))
               HAVING count(*) > 0::bigint) a
     CROSS JOIN LATERAL loyalcs.share_interval(a.saved, a.decided, 1::double precision - s.significance) w
     CROSS JOIN LATERAL share_change(a.saved - a.saved_with_offer, a.decided - a.offered, a.saved_with_offer, a.offered) c
     ORDER BY m.period_start, a.reason <> 'all', a.requests DESC, a.reason;
END;
COMMENT ON FUNCTION subscription_saves_per(text, timestamptz) IS
    'customers who wanted to give up a subscription, by local period and reason (all: of any): how many of those that are decided stayed, with Wilson''s interval; how many of them had an offer, and how many of those stayed and of the others; change is the share that stayed with an offer less that without, never significant with fewer than settings.minimum_answers of either. Nobody drew lots for who is offered something, so the difference is not all the offer''s doing';

CREATE OR REPLACE FUNCTION churn_reasons_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    reason text,
    cancelled bigint,
    cancelled_of_all bigint,
    cancelled_share double precision,
    cancelled_share_low double precision,
    cancelled_share_high double precision,
    cancelled_before bigint,
    change double precision,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.reason, a.cancelled, a.of_all,
           a.cancelled::double precision / a.of_all::double precision, w.low, w.high, a.before,
           c.change, c.change_low, c.change_high, c.p_value, c.too_few, c.significant
      FROM settings s
     CROSS JOIN LATERAL periods_between(churn_reasons_per.period,
                                        (SELECT min(u.cancelled_at) FROM subscriptions u WHERE u.cancelled_at IS NOT NULL),
                                        (SELECT max(u.cancelled_at) FROM subscriptions u WHERE u.cancelled_at <= churn_reasons_per.as_of),
                                        churn_reasons_per.as_of) m
     CROSS JOIN LATERAL (
               SELECT g.*, sum(g.cancelled) OVER ()::bigint AS of_all, sum(g.before) OVER ()::bigint AS of_all_before
                 FROM (SELECT coalesce(q.reason, 'unknown') AS reason,
                              count(*) FILTER (WHERE u.is_now) AS cancelled, count(*) FILTER (WHERE NOT u.is_now) AS before
                         FROM (SELECT u.customer_id, u.subscription_id, u.cancelled_at,
                                      loyalcs.in_local_dates(u.cancelled_at, s.time_zone, m.period_start, m.last_day) AS is_now
                                 FROM subscriptions u
                                WHERE loyalcs.in_local_dates(u.cancelled_at, s.time_zone, (m.period_start - period_length(churn_reasons_per.period))::date, m.last_day)
                                  AND u.cancelled_at <= churn_reasons_per.as_of) u
                         LEFT JOIN LATERAL (
                                   SELECT r.reason
                                     FROM cancellation_requests r
                                    WHERE r.customer_id = u.customer_id AND r.subscription_id = u.subscription_id
                                      AND r.requested_at <= u.cancelled_at
                                    ORDER BY r.requested_at DESC, r.request_id
                                    LIMIT 1) q ON true
                        GROUP BY 1) g) a
     CROSS JOIN LATERAL loyalcs.share_interval(a.cancelled, a.of_all, 1::double precision - s.significance) w
     CROSS JOIN LATERAL share_change(a.before, a.of_all_before, a.cancelled, a.of_all) c
     WHERE a.cancelled > 0::bigint
     ORDER BY m.period_start, a.cancelled DESC, a.reason;
END;
COMMENT ON FUNCTION churn_reasons_per(text, timestamptz) IS
    'why subscriptions ended, by the local period in which they did: how many for each reason (that of the last request before; unknown if there was none), their share with Wilson''s interval, and its change against the period before, never significant with fewer than settings.minimum_answers in either';
