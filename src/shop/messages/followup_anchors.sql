-- shop/followup_anchors.sql
--
-- What follow-ups are counted from, each spelled once: whoever looks for what is
-- due, judges what waits or hands something over asks here whether the anchor
-- stands.
-- Needs: orders, tickets, tiers, points_reports, journeys.

--@ functions
-- The day itself is personal: whoever may not read it gets no rows.
CREATE OR REPLACE FUNCTION birthday_anchors(anchor text, customer @key_type@, earliest date, latest date)
RETURNS TABLE (customer_id @key_type@, falls_on date)
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    day date;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_attribute a
                    WHERE a.attrelid = 'customers'::regclass::oid AND a.attname = 'birthday'::name) THEN
        RETURN;
    END IF;
    IF NOT has_column_privilege('customers', 'birthday', 'SELECT') OR NOT isfinite(earliest) OR NOT isfinite(latest) THEN
        RETURN;
    END IF;
    IF customer IS NOT NULL THEN
        RETURN QUERY
        SELECT c.customer_id, d.falls_on
          FROM customers c
         CROSS JOIN LATERAL (SELECT CASE birthday_anchors.anchor WHEN 'birthday_month' THEN date_trunc('month', y.day)::date
                                         ELSE loyalcs.next_anniversary(c.birthday, y.day::date - 1) END AS falls_on
                               FROM generate_series(earliest::timestamp, latest::timestamp, interval '1 day') y (day)
                              WHERE EXTRACT(month FROM y.day) = EXTRACT(month FROM c.birthday)) d
         WHERE c.customer_id = birthday_anchors.customer
           AND d.falls_on BETWEEN earliest AND latest
           AND c.birthday < d.falls_on
         GROUP BY c.customer_id, d.falls_on;
        RETURN;
    END IF;
    FOR day IN
        SELECT earliest + i FROM generate_series(0, latest - earliest) i
         WHERE anchor = 'birthday' OR EXTRACT(day FROM earliest + i) = 1::numeric
    LOOP
        IF anchor = 'birthday_month' THEN
            RETURN QUERY
            SELECT c.customer_id, day
              FROM customers c
             WHERE c.birthday IS NOT NULL
               AND EXTRACT(month FROM c.birthday)::integer = EXTRACT(month FROM day)::integer
               AND c.birthday < day;
        ELSE
            RETURN QUERY
            SELECT c.customer_id, day
              FROM customers c
             WHERE c.birthday IS NOT NULL
               AND EXTRACT(month FROM c.birthday)::integer = EXTRACT(month FROM day)::integer
               AND EXTRACT(day FROM c.birthday)::integer BETWEEN EXTRACT(day FROM day)::integer AND EXTRACT(day FROM day)::integer + 1
               AND loyalcs.next_anniversary(c.birthday, day - 1) = day;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION birthday_anchors(text, @key_type@, date, date) IS
    'whose birthday falls on a day from one to another, that of 29 February on the 28th in other years, or on which first of a month a birthday month begins: of one customer, or of all if that is NULL; no rows for whoever may not read customers.birthday';

CREATE OR REPLACE FUNCTION is_order_anchor(anchor text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN anchor IN ('ordered', 'shipped', 'delivered', 'first_order', 'nth_order', 'no_order_for');
COMMENT ON FUNCTION is_order_anchor(text) IS
    'whether what is counted from an anchor is about one order: the anchors of order_anchors()';

CREATE OR REPLACE FUNCTION order_anchor_at(anchor text, ordered_at timestamptz, shipped_at timestamptz, delivered_at timestamptz) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE anchor WHEN 'shipped' THEN shipped_at
                   WHEN 'delivered' THEN delivered_at
                   ELSE ordered_at END;
COMMENT ON FUNCTION order_anchor_at(text, timestamptz, timestamptz, timestamptz) IS
    'when an order was what is counted from an anchor that is about one; NULL if it is not yet';

-- What nobody reports as delivered is taken for delivered when a parcel usually is, if
-- the shop says so (settings.parcel_days). Reported later, it was delivered when it was:
-- what was sent was sent, and what still waits is looked at again as of any other change.
CREATE OR REPLACE FUNCTION parcel_takes() RETURNS interval
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT s.parcel_days::double precision * interval '24 hours' FROM settings s);
COMMENT ON FUNCTION parcel_takes() IS
    'how long a parcel usually takes, by settings.parcel_days, a day being 24 hours; NULL if it does not say';

-- (one order that is shipped at the end of time is no error for all)
CREATE OR REPLACE FUNCTION assumed_arrival(shipped_at timestamptz, takes interval) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN shipped_at < timestamptz '290000-01-01 00:00+00' THEN shipped_at + takes END;
COMMENT ON FUNCTION assumed_arrival(timestamptz, interval) IS
    'when an order was delivered that was shipped, and of which nobody says so';

-- Each branch is gated by the anchor, which costs nothing where it is another's, and
-- takes a range of time by index; the first takes an order by key. A condition on
-- customer_id and subject, which the planner carries into each of them, takes one
-- customer's or a single one; customer is for birthdays alone, into which it can carry
-- nothing. any_time is a constant: the branches that are not meant are in no plan.
CREATE OR REPLACE FUNCTION order_anchors(anchor text, any_time boolean, later_than timestamptz, until timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    subject text,
    order_id text,
    anchor_at timestamptz,
    order_at timestamptz,
    cancelled_at timestamptz,
    amount numeric,
    points bigint,
    event text,
    shipped_at timestamptz,
    delivered_at timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.customer_id, o.order_id, o.order_id,
           order_anchor_at(order_anchors.anchor, o.ordered_at, o.shipped_at, coalesce(o.delivered_at, assumed_arrival(o.shipped_at, (SELECT parcel_takes())))),
           o.ordered_at, o.cancelled_at, o.amount, NULL::bigint,
           'order ' || o.order_id || CASE order_anchors.anchor WHEN 'shipped' THEN ' was shipped'
                                                               WHEN 'delivered' THEN CASE WHEN o.delivered_at IS NULL THEN ' has probably arrived' ELSE ' was delivered' END
                                                               ELSE ' was placed' END,
           o.shipped_at, o.delivered_at
      FROM orders o
     WHERE order_anchors.any_time
       AND is_order_anchor(order_anchors.anchor)
       AND order_anchor_at(order_anchors.anchor, o.ordered_at, o.shipped_at, coalesce(o.delivered_at, assumed_arrival(o.shipped_at, (SELECT parcel_takes())))) IS NOT NULL
    UNION ALL
    SELECT o.customer_id, o.order_id, o.order_id, o.ordered_at, o.ordered_at, o.cancelled_at, o.amount, NULL,
           'order ' || o.order_id || ' was placed', o.shipped_at, o.delivered_at
      FROM orders o
     WHERE NOT order_anchors.any_time
       AND order_anchors.anchor IN ('ordered', 'first_order', 'nth_order', 'no_order_for')
       AND o.ordered_at > order_anchors.later_than AND o.ordered_at <= order_anchors.until
    UNION ALL
    SELECT o.customer_id, o.order_id, o.order_id, o.shipped_at, o.ordered_at, o.cancelled_at, o.amount, NULL,
           'order ' || o.order_id || ' was shipped', o.shipped_at, o.delivered_at
      FROM orders o
     WHERE NOT order_anchors.any_time
       AND order_anchors.anchor = 'shipped'
       AND o.shipped_at IS NOT NULL
       AND o.shipped_at > order_anchors.later_than AND o.shipped_at <= order_anchors.until
    UNION ALL
    SELECT o.customer_id, o.order_id, o.order_id, o.delivered_at, o.ordered_at, o.cancelled_at, o.amount, NULL,
           'order ' || o.order_id || ' was delivered', o.shipped_at, o.delivered_at
      FROM orders o
     WHERE NOT order_anchors.any_time
       AND order_anchors.anchor = 'delivered'
       AND o.delivered_at IS NOT NULL
       AND o.delivered_at > order_anchors.later_than AND o.delivered_at <= order_anchors.until
    UNION ALL
    SELECT o.customer_id, o.order_id, o.order_id, o.shipped_at + (SELECT parcel_takes()), o.ordered_at, o.cancelled_at, o.amount, NULL,
           'order ' || o.order_id || ' has probably arrived', o.shipped_at, o.delivered_at
      FROM orders o
     WHERE NOT order_anchors.any_time
       AND order_anchors.anchor = 'delivered'
       AND o.delivered_at IS NULL AND o.shipped_at IS NOT NULL
       AND o.shipped_at > order_anchors.later_than - (SELECT parcel_takes()) AND o.shipped_at <= order_anchors.until - (SELECT parcel_takes());
END;
COMMENT ON FUNCTION order_anchors(text, boolean, timestamptz, timestamptz) IS
    'the part of followup_anchors() that reads orders alone, which is asked of one by one and has to begin quickly';

CREATE OR REPLACE FUNCTION other_anchors(
    anchor text,
    time_zone text,
    customer @key_type@,
    any_time boolean,
    later_than timestamptz,
    until timestamptz,
    as_of timestamptz
)
RETURNS TABLE (
    customer_id @key_type@,
    subject text,
    order_id text,
    anchor_at timestamptz,
    order_at timestamptz,
    cancelled_at timestamptz,
    amount numeric,
    points bigint,
    event text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT t.customer_id, t.ticket_id, NULL::text, t.closed_at, NULL::timestamptz, NULL::timestamptz, NULL::numeric, NULL::bigint,
           'ticket ' || t.ticket_id || ' was resolved'
      FROM tickets t
     WHERE other_anchors.anchor = 'ticket_resolved' AND t.merged_into IS NULL
       AND t.closed_at IS NOT NULL
       AND (other_anchors.any_time OR t.closed_at > other_anchors.later_than AND t.closed_at <= other_anchors.until)
    UNION ALL
    SELECT u.customer_id, u.subscription_id, NULL, u.cancelled_at, NULL, NULL, NULL, NULL,
           'subscription ' || u.subscription_id || ' was cancelled'
      FROM subscriptions u
     WHERE other_anchors.anchor = 'subscription_cancelled'
       AND u.cancelled_at IS NOT NULL
       AND (other_anchors.any_time OR u.cancelled_at > other_anchors.later_than AND u.cancelled_at <= other_anchors.until)
    UNION ALL
    SELECT b.customer_id,
           to_char(b.falls_on::timestamp, CASE other_anchors.anchor WHEN 'birthday' THEN 'YYYY' ELSE 'YYYY-MM' END),
           NULL, b.falls_on::timestamp AT TIME ZONE other_anchors.time_zone, NULL, NULL, NULL, NULL,
           CASE other_anchors.anchor WHEN 'birthday' THEN 'birthday' ELSE 'the birthday month began' END
      FROM birthday_anchors(other_anchors.anchor, other_anchors.customer,
                            loyalcs.local_date(other_anchors.later_than, other_anchors.time_zone) + 1,
                            loyalcs.local_date(other_anchors.until, other_anchors.time_zone)) b
     WHERE other_anchors.anchor IN ('birthday', 'birthday_month')
    UNION ALL
    SELECT t.customer_id,
           t.tier || ' ' || to_char(loyalcs.local_date(t.valid_from, other_anchors.time_zone)::timestamp, 'YYYY-MM-DD'),
           NULL, t.valid_from, NULL, NULL, NULL, NULL,
           'tier ' || t.tier || ' was reached'
      FROM tier_history t
     WHERE other_anchors.anchor = 'tier_reached'
       AND (other_anchors.any_time OR t.valid_from > other_anchors.later_than AND t.valid_from <= other_anchors.until)
       AND (t.valid_until IS NULL OR t.valid_until > other_anchors.as_of
            OR EXISTS (SELECT FROM tier_history h
                        WHERE h.customer_id = t.customer_id AND h.rank >= t.rank
                          AND h.valid_from <= other_anchors.as_of
                          AND (h.valid_until IS NULL OR h.valid_until > other_anchors.as_of)))
       AND t.rank > coalesce((SELECT p.rank
                                FROM tier_history p
                               WHERE p.customer_id = t.customer_id AND p.valid_from < t.valid_from
                               ORDER BY p.valid_from DESC
                               LIMIT 1), 0)
    UNION ALL
    SELECT n.customer_id,
           to_char(loyalcs.local_date(n.expires_at, other_anchors.time_zone)::timestamp, 'YYYY-MM-DD'),
           NULL, n.expires_at, NULL, NULL, NULL, n.points,
           n.points::text || ' points expire'
      FROM points_expiring_at(other_anchors.as_of) n
     WHERE other_anchors.anchor = 'points_expiring'
       AND n.points > 0
       AND n.expires_at IS NOT NULL
       AND (other_anchors.any_time OR n.expires_at > other_anchors.later_than AND n.expires_at <= other_anchors.until)
    UNION ALL
    SELECT o.customer_id, to_char(d.falls_on::timestamp, 'YYYY'), o.order_id,
           d.falls_on::timestamp AT TIME ZONE other_anchors.time_zone, o.ordered_at, o.cancelled_at, NULL, NULL,
           'the first order was ' || y.years::text || CASE y.years WHEN 1 THEN ' year' ELSE ' years' END || ' ago'
      FROM generate_series(1, CASE WHEN other_anchors.anchor = 'anniversary' AND isfinite(other_anchors.until)
                                        AND loyalcs.local_date(other_anchors.later_than, other_anchors.time_zone)
                                            < loyalcs.local_date(other_anchors.until, other_anchors.time_zone)
                                   THEN (SELECT EXTRACT(year FROM other_anchors.until)::integer
                                                - EXTRACT(year FROM min(o.ordered_at))::integer + 1
                                           FROM orders o) END) y (years)
      JOIN orders o
        ON o.ordered_at > other_anchors.later_than - make_interval(years => y.years) - interval '2 days'
       AND o.ordered_at <= other_anchors.until - make_interval(years => y.years) + interval '2 days'
     CROSS JOIN LATERAL (SELECT (loyalcs.local_date(o.ordered_at, other_anchors.time_zone) + make_interval(years => y.years))::date AS falls_on) d;
END;
COMMENT ON FUNCTION other_anchors(text, text, @key_type@, boolean, timestamptz, timestamptz, timestamptz) IS
    'the part of followup_anchors() that is not about one order: tickets, subscriptions, birthdays, tiers, points, anniversaries';

CREATE OR REPLACE FUNCTION followup_anchors(
    anchor text,
    time_zone text,
    customer @key_type@,
    any_time boolean,
    later_than timestamptz,
    until timestamptz,
    as_of timestamptz
)
RETURNS TABLE (
    customer_id @key_type@,
    subject text,
    order_id text,
    anchor_at timestamptz,
    order_at timestamptz,
    cancelled_at timestamptz,
    amount numeric,
    points bigint,
    event text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.customer_id, o.subject, o.order_id, o.anchor_at, o.order_at, o.cancelled_at, o.amount, o.points, o.event
      FROM order_anchors(followup_anchors.anchor, followup_anchors.any_time, followup_anchors.later_than, followup_anchors.until) o
    UNION ALL
    SELECT n.customer_id, n.subject, n.order_id, n.anchor_at, n.order_at, n.cancelled_at, n.amount, n.points, n.event
      FROM other_anchors(followup_anchors.anchor, followup_anchors.time_zone, followup_anchors.customer, followup_anchors.any_time,
                         followup_anchors.later_than, followup_anchors.until, followup_anchors.as_of) n;
END;
COMMENT ON FUNCTION followup_anchors(text, text, @key_type@, boolean, timestamptz, timestamptz, timestamptz) IS
    'what steps with an anchor are counted from, later than one instant and until another, as of a third: whose it is, the subject, the order if it is of one, when it was, and in words. What is not there has ceased to be, or never was: an order that is deleted or delivered no more, points that are spent, a tier that is lost. customer is a customer whose birthdays are asked for, NULL for all; everything else takes a condition on customer_id. With any_time, only days that come round are of that range';

-- What is due is computed forwards, and anchors are found backwards, by index. Months
-- are the calendar's, and several days of a month may be due on the last of another;
-- a clock that is changed meanwhile makes it a day uncertain. As hardly ever is, the
-- bounds are exact, since a look that finds nothing has to cost nothing.
CREATE OR REPLACE FUNCTION followup_anchor_bound(due_at timestamptz, delay interval, time_zone text, latest boolean)
RETURNS timestamptz
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    months constant interval := date_trunc('month', delay);
    days constant interval := date_trunc('day', delay) - months;
    local constant timestamp := ((due_at - (delay - days - months)) AT TIME ZONE time_zone) - days;
    bound timestamptz := (local - months) AT TIME ZONE time_zone;
    offsets interval[];
BEGIN
    IF NOT isfinite(due_at) OR months = interval '0' AND days = interval '0' THEN
        RETURN bound;
    END IF;
    IF latest AND (local - months) + months <> local THEN
        bound := (date_trunc('day', local - months) + interval '1 day') AT TIME ZONE time_zone;
    END IF;
    IF latest AND months <> interval '0' AND EXTRACT(month FROM local + interval '1 day') <> EXTRACT(month FROM local) THEN
        bound := bound + interval '72 hours';
    END IF;
    offsets := ARRAY(SELECT DISTINCT (t AT TIME ZONE time_zone) - (t AT TIME ZONE text 'UTC')
                       FROM (VALUES (bound - interval '26 hours'), (bound + interval '26 hours'),
                                    (due_at - interval '26 hours'), (due_at + interval '26 hours')) v (t));
    RETURN CASE WHEN pg_catalog.cardinality(offsets) = 1 THEN bound
                WHEN latest THEN bound + interval '26 hours' ELSE bound - interval '26 hours' END;
END
$$;
COMMENT ON FUNCTION followup_anchor_bound(timestamptz, interval, text, boolean) IS
    'between what anchors something may be due at an instant, a delay after them: whatever is due until then has an anchor until the latest, whatever is due later one after the other bound. A day more where the clock is changed meanwhile';

CREATE OR REPLACE FUNCTION anchor_gone(anchor text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE anchor_gone.anchor
    WHEN 'shipped' THEN 'not shipped any more'
    WHEN 'delivered' THEN 'not delivered any more'
    WHEN 'tier_reached' THEN 'tier lost'
    WHEN 'ticket_resolved' THEN 'ticket not resolved any more'
    WHEN 'subscription_cancelled' THEN 'subscription resumed'
    WHEN 'points_expiring' THEN 'points not expiring any more'
    WHEN 'birthday' THEN 'birthday changed'
    WHEN 'birthday_month' THEN 'birthday changed'
    ELSE 'order gone' END;
COMMENT ON FUNCTION anchor_gone(text) IS
    'why a follow-up is not sent whose anchor does not stand any more';
