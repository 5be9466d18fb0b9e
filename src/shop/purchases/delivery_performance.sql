-- shop/delivery_performance.sql
--
-- How long parcels take, how many come later than was promised, and what that does.
-- Needs: settings, durations, periods, orders, shipments, surveys.
--
-- What was handed over when it was bought is no delivery. A promise is the last day
-- that the order's shipments name (shipments.expected_on).

--@ functions
CREATE OR REPLACE FUNCTION periods_of_orders(period text, as_of timestamptz)
RETURNS TABLE (period_start date, last_day date, complete boolean)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
    SELECT m.period_start, m.last_day, m.complete
      FROM periods_between(periods_of_orders.period,
                           (SELECT min(o.ordered_at) FROM orders o),
                           (SELECT max(o.ordered_at) FROM orders o WHERE o.ordered_at <= periods_of_orders.as_of),
                           periods_of_orders.as_of) m;
END;
COMMENT ON FUNCTION periods_of_orders(text, timestamptz) IS
    'the local periods in which orders were placed, and those between';

CREATE OR REPLACE FUNCTION delivery_performance_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    orders bigint,
    shipped bigint,
    delivered bigint,
    to_shipment_median interval,
    to_shipment_median_days double precision,
    to_door_median interval,
    to_door_median_days double precision,
    total_median interval,
    total_median_days double precision,
    total_p90 interval,
    total_p90_days double precision,
    promised bigint,
    late bigint,
    late_share double precision,
    late_share_low double precision,
    late_share_high double precision,
    before_noon bigint,
    same_day bigint,
    same_day_share double precision,
    same_day_share_low double precision,
    same_day_share_high double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.orders, a.shipped, a.delivered,
           a.to_shipment[1], in_days(a.to_shipment[1]), a.to_door[1], in_days(a.to_door[1]),
           a.total[1], in_days(a.total[1]), a.total[2], in_days(a.total[2]),
           a.promised, a.late, a.late::double precision / nullif(a.promised, 0::bigint)::double precision, w.low, w.high,
           a.before_noon, a.same_day, a.same_day::double precision / nullif(a.before_noon, 0::bigint)::double precision, v.low, v.high
      FROM settings s
     CROSS JOIN LATERAL periods_of_orders(delivery_performance_per.period, delivery_performance_per.as_of) m
     CROSS JOIN LATERAL (
               SELECT count(*) AS orders, pg_catalog.count(d.shipped_at) AS shipped, pg_catalog.count(d.delivered_at) AS delivered,
                      loyalcs.percentiles(time_between(d.ordered_at, d.shipped_at)) AS to_shipment,
                      loyalcs.percentiles(time_between(d.shipped_at, d.delivered_at)) AS to_door,
                      loyalcs.percentiles(time_between(d.ordered_at, d.delivered_at)) AS total,
                      count(*) FILTER (WHERE d.delivered_at IS NOT NULL AND d.expected_on IS NOT NULL OR d.is_overdue) AS promised,
                      count(*) FILTER (WHERE loyalcs.local_date(d.delivered_at, s.time_zone) > d.expected_on OR d.is_overdue) AS late,
                      count(*) FILTER (WHERE d.had_its_day) AS before_noon,
                      count(*) FILTER (WHERE d.had_its_day AND loyalcs.local_date(d.shipped_at, s.time_zone) = loyalcs.local_date(d.ordered_at, s.time_zone)) AS same_day
                 FROM (SELECT o.ordered_at, o.shipped_at, o.delivered_at, p.expected_on,
                              coalesce(o.delivered_at IS NULL
                                       AND p.expected_on < loyalcs.local_date(least(delivery_performance_per.as_of, timestamptz '9999-12-30 00:00+00'), s.time_zone), false) AS is_overdue,
                              (o.ordered_at AT TIME ZONE s.time_zone)::time < time '12:00'
                              AND (o.shipped_at IS NOT NULL
                                   OR loyalcs.local_date(least(delivery_performance_per.as_of, timestamptz '9999-12-30 00:00+00'), s.time_zone)
                                      > loyalcs.local_date(o.ordered_at, s.time_zone)) AS had_its_day
                         FROM (SELECT o.customer_id, o.order_id, o.ordered_at,
                                      CASE WHEN o.shipped_at <= least(delivery_performance_per.as_of, timestamptz '9999-12-31 00:00+00') THEN o.shipped_at END AS shipped_at,
                                      CASE WHEN o.delivered_at <= least(delivery_performance_per.as_of, timestamptz '9999-12-31 00:00+00') THEN o.delivered_at END AS delivered_at
                                 FROM orders o
                                WHERE loyalcs.in_local_dates(o.ordered_at, s.time_zone, m.period_start, m.last_day)
                                  AND order_counts(o.ordered_at, o.cancelled_at, delivery_performance_per.as_of)
                                  AND (o.delivered_at IS NULL OR o.delivered_at > o.ordered_at)) o
                        CROSS JOIN LATERAL (SELECT max(p.expected_on) AS expected_on
                                              FROM shipments p
                                             WHERE p.customer_id = o.customer_id AND p.order_id = o.order_id) p) d
               HAVING count(*) > 0::bigint) a
     CROSS JOIN LATERAL loyalcs.share_interval(a.late, a.promised, 1::double precision - s.significance) w
     CROSS JOIN LATERAL loyalcs.share_interval(a.same_day, a.before_noon, 1::double precision - s.significance) v
     ORDER BY m.period_start;
END;
COMMENT ON FUNCTION delivery_performance_per(text, timestamptz) IS
    'by the local period in which orders were placed: how long they took to leave, to reach the door, and in all, of those that have; how many of those that were promised for a day (shipments.expected_on) and have come, or are overdue, came later; and how many of those that were placed before noon left the same day; both shares with Wilson''s interval. Orders that count, and were not handed over at once';

CREATE OR REPLACE FUNCTION periods_of_answers(period text, as_of timestamptz)
RETURNS TABLE (period_start date, last_day date, complete boolean)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
    SELECT m.period_start, m.last_day, m.complete
      FROM periods_between(periods_of_answers.period,
                           (SELECT min(f.responded_at)
                              FROM surveys s
                             CROSS JOIN LATERAL (SELECT r.responded_at FROM survey_responses r
                                                 WHERE r.survey = s.survey
                                                 ORDER BY r.responded_at LIMIT 1) f),
                           (SELECT max(l.responded_at)
                              FROM surveys s
                             CROSS JOIN LATERAL (SELECT r.responded_at FROM survey_responses r
                                                 WHERE r.survey = s.survey AND r.responded_at <= periods_of_answers.as_of
                                                 ORDER BY r.responded_at DESC LIMIT 1) l),
                           periods_of_answers.as_of) m;
END;
COMMENT ON FUNCTION periods_of_answers(text, timestamptz) IS
    'the local periods in which surveys were answered, and those between';

CREATE OR REPLACE FUNCTION delivery_nps_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    lateness text,
    responses bigint,
    score double precision,
    score_low double precision,
    score_high double precision,
    change double precision,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.lateness, loyalcs.responses(a.ratings), loyalcs.nps(a.ratings), i.low, i.high,
           c.change, c.low, c.high, c.p_value, f.too_few,
           CASE WHEN c.p_value IS NOT NULL THEN c.p_value < s.significance AND NOT f.too_few END
      FROM settings s
     CROSS JOIN LATERAL periods_of_answers(delivery_nps_per.period, delivery_nps_per.as_of) m
     CROSS JOIN LATERAL (
               SELECT g.lateness, g.ratings, g.rank,
                      CASE WHEN g.rank > 0 THEN pg_catalog.first_value(g.ratings) OVER (ORDER BY g.rank <> 0) END AS others,
                      bool_or(g.rank = 0) OVER () AS has_others
                 FROM (SELECT k.lateness, k.rank, loyalcs.ratings_agg(v.score) AS ratings
                         FROM survey_questions q
                        CROSS JOIN LATERAL (SELECT r.customer_id, r.response_id, r.order_id
                                              FROM survey_responses r
                                             WHERE r.survey = q.survey AND r.order_id IS NOT NULL
                                               AND loyalcs.in_local_dates(r.responded_at, s.time_zone, m.period_start, m.last_day)
                                               AND r.responded_at <= delivery_nps_per.as_of) r
                        CROSS JOIN LATERAL (SELECT v.score
                                              FROM survey_answers v
                                             WHERE v.customer_id = r.customer_id AND v.response_id = r.response_id AND v.question = q.question
                                               AND v.score IS NOT NULL
                                             LIMIT 1) v
                        CROSS JOIN LATERAL (SELECT loyalcs.local_date(o.delivered_at, s.time_zone)
                                                   - (SELECT max(p.expected_on)
                                                        FROM shipments p
                                                       WHERE p.customer_id = o.customer_id AND p.order_id = o.order_id) AS days
                                              FROM orders o
                                             WHERE o.customer_id = r.customer_id AND o.order_id = r.order_id
                                               AND o.delivered_at > o.ordered_at AND o.delivered_at <= delivery_nps_per.as_of
                                             LIMIT 1) d
                        CROSS JOIN LATERAL (SELECT CASE WHEN d.days <= 0 THEN 0 WHEN d.days = 1 THEN 1 WHEN d.days <= 3 THEN 2 WHEN d.days > 3 THEN 3 ELSE 4 END AS rank) n
                         JOIN (VALUES (0, 'in time'), (1, '1 day late'), (2, '2 to 3 days late'), (3, '4 days late and more'), (4, 'no promise')) k (rank, lateness)
                           ON k.rank = n.rank
                        WHERE q.kind = 'nps'
                        GROUP BY k.lateness, k.rank) g) a
     CROSS JOIN LATERAL loyalcs.nps_interval(a.ratings, 1::double precision - s.significance) i
      LEFT JOIN LATERAL loyalcs.nps_change(a.others, a.ratings, 1::double precision - s.significance) c ON a.has_others
     CROSS JOIN LATERAL (
               SELECT CASE WHEN a.rank > 0
                           THEN least(loyalcs.responses(a.ratings), CASE WHEN a.has_others THEN loyalcs.responses(a.others) ELSE 0::bigint END)
                                < s.minimum_answers::bigint END
           ) f (too_few)
     ORDER BY m.period_start, a.rank;
END;
COMMENT ON FUNCTION delivery_nps_per(text, timestamptz) IS
    'the Net Promoter Score of answers about orders, by the local period of the answer and by how much later than promised the order came (no promise: no shipment names a day), with its interval; change is the score less that of what came in time, and never significant with fewer answers than settings.minimum_answers on either side';

-- Nine in ten parcels have arrived by then. (What was handed over when it was bought is none.)
CREATE OR REPLACE FUNCTION usual_parcel_days(as_of timestamptz DEFAULT now()) RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT CASE WHEN count(*) >= (SELECT s.minimum_answers FROM settings s)::bigint
                    THEN ceil(pg_catalog.percentile_disc(0.9::double precision) WITHIN GROUP (ORDER BY EXTRACT(epoch FROM o.delivered_at - o.shipped_at)) / 86400::numeric)::integer
               END
          FROM orders o
         WHERE o.delivered_at > usual_parcel_days.as_of - interval '2160 hours' AND o.delivered_at <= usual_parcel_days.as_of
           AND o.delivered_at > o.shipped_at AND isfinite(o.delivered_at) AND isfinite(o.shipped_at));
COMMENT ON FUNCTION usual_parcel_days(timestamptz) IS
    'within how many days of 24 hours nine of ten parcels arrived of those of the 90 days before that are known to have: what settings.parcel_days is to be; NULL of fewer than settings.minimum_answers';
