-- shop/return_reasons.sql
--
-- Why things come back, what was done about it, how long that took and what it cost.
-- Needs: settings, durations, periods, orders.
--
-- returns.reason may be free text; cause is a word of the shop's own. Which products
-- come back: product_returns.

--@ change returns 0.2.0
--: optional cause, remedy, completed_at, cost
ALTER TABLE returns
    ADD COLUMN cause text,
    ADD COLUMN remedy text
        CONSTRAINT returns_remedy_is_known CHECK (remedy IN ('refund', 'exchange', 'reship', 'other')),
    ADD COLUMN completed_at timestamptz,
    ADD COLUMN cost numeric
        CONSTRAINT returns_cost_is_money
        CHECK (cost >= 0::numeric AND cost <= 1000000000000::numeric AND cost = round(cost, 4)),
    ADD CONSTRAINT returns_completed_after_returned CHECK (completed_at >= returned_at);
COMMENT ON COLUMN returns.cost IS 'what it cost beside the refund, such as postage and what was sent instead';
COMMENT ON COLUMN returns.completed_at IS 'when the customer had money or goods; NULL while that is not so';
CREATE INDEX returns_returned_at ON returns (returned_at);

--@ functions
-- A relation of the brand's that serves as returns may do without them (see parts.awk): a
-- name that no column has there means what stands beside it.
CREATE OR REPLACE FUNCTION returns_made_in(first date, last date, as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    return_id text,
    order_id text,
    returned_at timestamptz,
    refund numeric,
    cause text,
    remedy text,
    completed_at timestamptz,
    cost numeric
)
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT u.customer_id, u.return_id, u.order_id, u.returned_at, u.refund, u.cause, u.remedy,
           CASE WHEN u.completed_at <= returns_made_in.as_of THEN u.completed_at END, u.cost
      FROM (SELECT NULL::text AS cause, NULL::text AS remedy, NULL::timestamptz AS completed_at, NULL::numeric AS cost) n
     CROSS JOIN LATERAL (
               SELECT r.customer_id, r.return_id, r.order_id, r.returned_at, r.refund, cause, remedy, completed_at, cost
                 FROM returns r
                WHERE loyalcs.in_local_dates(r.returned_at, (SELECT s.time_zone FROM settings s),
                                             returns_made_in.first, returns_made_in.last)
                  AND r.returned_at <= returns_made_in.as_of) u;
END
$$;
COMMENT ON FUNCTION returns_made_in(date, date, timestamptz) IS
    'what came back or was made good on local days from one to another, by an instant';

CREATE OR REPLACE FUNCTION return_reasons_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    cause text,
    returns bigint,
    returns_of_all bigint,
    return_share double precision,
    return_share_low double precision,
    return_share_high double precision,
    returns_before bigint,
    change double precision,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean,
    refunds bigint,
    exchanges bigint,
    reships bigint,
    completed bigint,
    completion_median interval,
    completion_median_days double precision,
    refund numeric,
    handling_cost numeric,
    cost_per_return numeric
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.cause, a.returns, a.returns_of_all,
           a.returns::double precision / a.returns_of_all::double precision, w.low, w.high,
           a.returns_before, c.change, c.change_low, c.change_high, c.p_value, c.too_few, c.significant,
           a.refunds, a.exchanges, a.reships, a.completed, (a.waits).median, in_days((a.waits).median),
           a.refund, a.cost, trim_scale(round((a.refund + coalesce(a.cost, 0::numeric)) / a.returns::numeric, 4))
      FROM settings s
     CROSS JOIN LATERAL periods_between(return_reasons_per.period,
                                        (SELECT min(r.returned_at) FROM returns r),
                                        (SELECT max(r.returned_at) FROM returns r WHERE r.returned_at <= return_reasons_per.as_of),
                                        return_reasons_per.as_of) m
     CROSS JOIN LATERAL (
               SELECT g.*, sum(g.returns) OVER ()::bigint AS returns_of_all, sum(g.returns_before) OVER ()::bigint AS returns_of_all_before
                 FROM (SELECT coalesce(r.cause, 'unknown') AS cause,
                              count(*) FILTER (WHERE r.is_now) AS returns, count(*) FILTER (WHERE NOT r.is_now) AS returns_before,
                              count(*) FILTER (WHERE r.is_now AND r.remedy = 'refund') AS refunds,
                              count(*) FILTER (WHERE r.is_now AND r.remedy = 'exchange') AS exchanges,
                              count(*) FILTER (WHERE r.is_now AND r.remedy = 'reship') AS reships,
                              pg_catalog.count(r.completed_at) FILTER (WHERE r.is_now) AS completed,
                              loyalcs.survival(pg_catalog.array_agg(r.returned_at) FILTER (WHERE r.is_now AND isfinite(r.returned_at)),
                                               pg_catalog.array_agg(CASE WHEN isfinite(r.completed_at) THEN r.completed_at END)
                                                   FILTER (WHERE r.is_now AND isfinite(r.returned_at)),
                                               least(return_reasons_per.as_of, timestamptz '9999-12-31 00:00+00')) AS waits,
                              sum(r.refund) FILTER (WHERE r.is_now) AS refund, sum(r.cost) FILTER (WHERE r.is_now) AS cost
                         FROM (SELECT r.*, loyalcs.in_local_dates(r.returned_at, s.time_zone, m.period_start, m.last_day) AS is_now
                                 FROM returns_made_in((m.period_start - period_length(return_reasons_per.period))::date, m.last_day, return_reasons_per.as_of) r) r
                        GROUP BY 1) g) a
     CROSS JOIN LATERAL loyalcs.share_interval(a.returns, a.returns_of_all, 1::double precision - s.significance) w
     CROSS JOIN LATERAL share_change(a.returns_before, a.returns_of_all_before, a.returns, a.returns_of_all) c
     WHERE a.returns > 0::bigint
     ORDER BY m.period_start, a.returns DESC, a.cause;
END;
COMMENT ON FUNCTION return_reasons_per(text, timestamptz) IS
    'why things came back or were made good, by local period and returns.cause: how many, their share with Wilson''s interval, its change against the period before and whether that is more than chance (never with fewer returns than settings.minimum_answers in either period); by which remedy, after what time half of them were completed (by the survival curve, so that those that still wait count), what was refunded, what it cost beside that, and both together for each';
