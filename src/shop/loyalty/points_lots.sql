-- shop/points_lots.sql
--
-- What a customer has: lots of points, from when on each can be used, and what they
-- come to.
-- Needs: settings, orders, points_ledger, points_rules.
--
-- From when on a lot can be used is said once, by lot_usable_from(): the posting says
-- so, or that it waits for the delivery of its order. Where nobody ever reports that,
-- the order is taken for delivered a stated time after it was shipped, or placed
-- (points_rules.assumed_delivered_after). Of both, the earlier holds: so that a delivery
-- may be reported whenever it is, and takes from nobody what could be used already.

--@ functions
-- A shipment of which is heard when the points could be used already is no reason to
-- wait again.
CREATE OR REPLACE FUNCTION assumed_usable_from(ordered_at timestamptz, shipped_at timestamptz, after interval, pending interval, zone text) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN points_usable_from(points_usable_from(CASE WHEN shipped_at <= points_usable_from(points_usable_from(ordered_at, after, zone), pending, zone)
                                                  THEN shipped_at ELSE ordered_at END, after, zone), pending, zone);
COMMENT ON FUNCTION assumed_usable_from(timestamptz, timestamptz, interval, interval, text) IS
    'from when on points can be used that are pending for so long after a delivery that nobody has reported: the order is taken for delivered so long after it was shipped, or placed if that is not known';

-- To be inlined, so that what does not wait costs no look at any table, and what was
-- delivered none at the rule.
CREATE OR REPLACE FUNCTION lot_usable_from(
    customer @key_type@,
    order_id text,
    available_at timestamptz,
    pending interval,
    rule_id bigint,
    as_of timestamptz
)
RETURNS TABLE (usable_from timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT CASE
        WHEN lot_usable_from.pending IS NULL THEN lot_usable_from.available_at
        ELSE (SELECT CASE
                  WHEN points_usable_from(o.delivered_at, lot_usable_from.pending, s.time_zone) <= lot_usable_from.as_of
                  THEN points_usable_from(o.delivered_at, lot_usable_from.pending, s.time_zone)
                  ELSE least(CASE WHEN o.delivered_at <= lot_usable_from.as_of
                                  THEN points_usable_from(o.delivered_at, lot_usable_from.pending, s.time_zone) END,
                             (SELECT assumed_usable_from(o.ordered_at, CASE WHEN o.shipped_at <= lot_usable_from.as_of THEN o.shipped_at END,
                                                         r.assumed_delivered_after, lot_usable_from.pending, s.time_zone)
                                FROM points_rules r
                               WHERE r.rule_id = lot_usable_from.rule_id))
              END
                FROM orders o
               CROSS JOIN settings s
               WHERE o.customer_id = lot_usable_from.customer AND o.order_id = lot_usable_from.order_id)
    END;
END;
COMMENT ON FUNCTION lot_usable_from(@key_type@, text, timestamptz, interval, bigint, timestamptz) IS
    'from when on a lot of points can be used, by what its posting says of it and what is known of its order as of an instant: available_at, or if it is pending for so long after the delivery, that after it, or after the order is taken for delivered by the rule (points_rules.assumed_delivered_after), whichever is earlier; NULL if it is not known. Of what could be used by as_of it may be the later of both';

-- In branches, so that a condition on expires_at is answered by an index for the
-- lots that have one of their own, or one that they were given later.
CREATE OR REPLACE FUNCTION open_point_lots_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    posting_id bigint,
    order_id text,
    posted_at timestamptz,
    remaining bigint,
    available_at timestamptz,
    expires_at timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT l.customer_id, l.posting_id, l.order_id, l.posted_at, l.remaining, l.available_at, l.expires_at
      FROM (SELECT p.customer_id, p.posting_id, p.order_id, p.posted_at, p.expires_at,
                   p.points - coalesce((SELECT sum(a.points)
                                          FROM point_allocations a
                                          JOIN point_postings t
                                            ON t.customer_id = a.customer_id AND t.posting_id = a.posting_id
                                         WHERE a.customer_id = p.customer_id AND a.lot_id = p.posting_id
                                           AND t.posted_at <= open_point_lots_at.as_of), 0)::bigint AS remaining,
                   u.usable_from AS available_at
              FROM (SELECT f.customer_id, f.posting_id, f.kind, f.points, f.order_id, f.posted_at,
                           f.available_at, f.pending, f.rule_id, f.expires_at
                      FROM point_postings f
                     WHERE f.expires_after_idle IS NULL
                       AND NOT EXISTS (SELECT FROM point_postings e
                                        WHERE e.customer_id = f.customer_id AND e.extends = f.posting_id AND e.kind = 'extend'
                                          AND e.posted_at <= open_point_lots_at.as_of)
                    UNION ALL
                    SELECT f.customer_id, f.posting_id, f.kind, f.points, f.order_id, f.posted_at,
                           f.available_at, f.pending, f.rule_id, e.expires_at
                      FROM point_postings e
                      JOIN point_postings f ON f.customer_id = e.customer_id AND f.posting_id = e.extends
                     WHERE e.kind = 'extend' AND e.posted_at <= open_point_lots_at.as_of
                       AND NOT EXISTS (SELECT FROM point_postings l
                                        WHERE l.customer_id = e.customer_id AND l.extends = e.extends AND l.kind = 'extend'
                                          AND l.posting_id > e.posting_id
                                          AND l.posted_at <= open_point_lots_at.as_of)
                    UNION ALL
                    SELECT i.customer_id, i.posting_id, i.kind, i.points, i.order_id, i.posted_at,
                           i.available_at, i.pending, i.rule_id,
                           (SELECT points_last_until(max(t.posted_at), i.expires_after_idle, max(s.time_zone))
                              FROM point_postings t
                             CROSS JOIN settings s
                             WHERE t.customer_id = i.customer_id AND t.kind IN ('earn', 'redeem')
                               AND t.posted_at <= open_point_lots_at.as_of)
                      FROM point_postings i
                     WHERE i.expires_after_idle IS NOT NULL) p
             CROSS JOIN LATERAL lot_usable_from(p.customer_id, p.order_id, p.available_at, p.pending, p.rule_id, open_point_lots_at.as_of) u
             WHERE p.points > 0 AND p.kind IN ('earn', 'adjust')
               AND p.posted_at <= open_point_lots_at.as_of) l
     WHERE l.remaining > 0
       AND (l.expires_at IS NULL OR l.expires_at > open_point_lots_at.as_of);
END;
COMMENT ON FUNCTION open_point_lots_at(timestamptz) IS
    'the lots of which something is left that has not lapsed, whether it can be used already or not';

-- By now, and at any instant since the last posting, what is kept of the lots is what
-- there is; before that, it is found out of the ledger.
-- (LIMIT, so that the posting of a lot is found by its key, and not among all that a
-- customer of many years has.)
CREATE OR REPLACE FUNCTION points_balance(customer @key_type@, as_of timestamptz DEFAULT now())
RETURNS TABLE (
    available bigint,
    pending bigint,
    next_expiry timestamptz,
    expiring bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(sum(l.remaining) FILTER (WHERE l.usable), 0)::bigint,
           coalesce(sum(l.remaining) FILTER (WHERE NOT l.usable), 0)::bigint,
           min(l.expires_at),
           (sum(l.remaining) FILTER (WHERE l.expires_at = l.next_expiry))::bigint
      FROM (SELECT l.remaining, l.expires_at,
                   l.available_at IS NOT NULL AND l.available_at <= points_balance.as_of AS usable,
                   min(l.expires_at) OVER () AS next_expiry
              FROM (SELECT l.remaining, l.expires_at, u.usable_from AS available_at
                      FROM point_lots l
                     CROSS JOIN LATERAL (
                               SELECT t.pending, t.available_at, t.customer_id, t.order_id, t.rule_id
                                 FROM point_postings t
                                WHERE t.customer_id = l.customer_id AND t.posting_id = l.lot_id
                                LIMIT 1
                           ) p
                     CROSS JOIN LATERAL lot_usable_from(p.customer_id, p.order_id, p.available_at, p.pending, p.rule_id, points_balance.as_of) u
                     WHERE l.customer_id = points_balance.customer AND l.is_open AND l.remaining > 0
                       AND (l.expires_at IS NULL OR l.expires_at > points_balance.as_of)
                       AND (SELECT a.last_posted_at <= points_balance.as_of
                              FROM point_accounts a
                             WHERE a.customer_id = points_balance.customer)
                    UNION ALL
                    SELECT l.remaining, l.expires_at, l.available_at
                      FROM open_point_lots_at(points_balance.as_of) l
                     WHERE l.customer_id = points_balance.customer
                       AND (SELECT a.last_posted_at > points_balance.as_of
                              FROM point_accounts a
                             WHERE a.customer_id = points_balance.customer)) l) l;
END;
COMMENT ON FUNCTION points_balance(@key_type@, timestamptz) IS
    'one row: points that can be used, points that are still pending, when points lapse next (NULL: never) and how many do then; zeros for a customer without points, and for one that does not exist';
