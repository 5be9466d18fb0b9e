-- shop/points_reports.sql
--
-- What finance and customers ask of the ledger, and whether it adds up.
-- Needs: settings, periods, points_ledger, kept_points.

--@ functions
CREATE OR REPLACE FUNCTION points_expiring_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    expires_at timestamptz,
    points bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT l.customer_id, l.expires_at, sum(l.remaining)::bigint
      FROM open_point_lots_at(points_expiring_at.as_of) l
     WHERE l.expires_at IS NOT NULL
     GROUP BY l.customer_id, l.expires_at;
END;
COMMENT ON FUNCTION points_expiring_at(timestamptz) IS
    'what will lapse when, one row a customer and instant, pending points too; a condition on expires_at is answered by an index';

CREATE OR REPLACE FUNCTION points_liability_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    opening bigint,
    earned bigint,
    redeemed bigint,
    expired bigint,
    reversed bigint,
    adjusted bigint,
    closing bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH posted AS MATERIALIZED (
        SELECT period_of_day(d.day, s.time_zone, points_liability_per.period, points_liability_per.as_of) AS period_start, d.kind, d.points
          FROM settings s
         CROSS JOIN daily_points(points_liability_per.as_of) d
    )
    SELECT m.period_start,
           period_is_over(period_end(m.period_start, points_liability_per.period),
                          points_liability_per.as_of, (SELECT s.time_zone FROM settings s)),
           (sum(m.moved) OVER w - m.moved)::bigint,
           m.earned, m.redeemed, m.expired, m.reversed, m.adjusted,
           (sum(m.moved) OVER w)::bigint
      FROM (SELECT c.period_start::date AS period_start,
                   coalesce(p.moved, 0) AS moved,
                   coalesce(p.earned, 0)::bigint AS earned,
                   coalesce(p.redeemed, 0)::bigint AS redeemed,
                   coalesce(p.expired, 0)::bigint AS expired,
                   coalesce(p.reversed, 0)::bigint AS reversed,
                   coalesce(p.adjusted, 0)::bigint AS adjusted
              FROM (SELECT generate_series(min(f.period_start)::timestamp,
                                           period_of(least(points_liability_per.as_of, timestamptz '9999-12-31 00:00+00'), s.time_zone,
                                                     points_liability_per.period, points_liability_per.as_of)::timestamp,
                                           period_length(points_liability_per.period)) AS period_start
                      FROM posted f
                     CROSS JOIN settings s
                     GROUP BY s.time_zone) c
              LEFT JOIN (SELECT f.period_start,
                                sum(f.points) AS moved,
                                sum(f.points) FILTER (WHERE f.kind = 'earn') AS earned,
                                sum(f.points) FILTER (WHERE f.kind = 'redeem') AS redeemed,
                                sum(f.points) FILTER (WHERE f.kind = 'expire') AS expired,
                                sum(f.points) FILTER (WHERE f.kind = 'reverse') AS reversed,
                                sum(f.points) FILTER (WHERE f.kind = 'adjust') AS adjusted
                           FROM posted f
                          GROUP BY f.period_start) p
                ON p.period_start = c.period_start) m
    WINDOW w AS (ORDER BY m.period_start);
END;
COMMENT ON FUNCTION points_liability_per(text, timestamptz) IS
    'the points that customers hold, period by local period without gaps: opening + earned + redeemed + expired + reversed + adjusted = closing; what went is negative. Call expire_points first: what has lapsed is in the books once it was posted';

CREATE OR REPLACE FUNCTION points_statement_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    posted_at timestamptz,
    posting_id bigint,
    kind text,
    points bigint,
    balance bigint,
    shortfall bigint,
    lapsed bigint,
    order_id text,
    reverses bigint,
    expires_at timestamptz,
    rule_id bigint,
    campaigns bigint[]
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.customer_id, p.posted_at, p.posting_id, p.kind, p.points,
           (sum(p.points) OVER (PARTITION BY p.customer_id ORDER BY p.posted_at, p.posting_id))::bigint,
           p.shortfall, p.lapsed, p.order_id, p.reverses, p.expires_at, p.rule_id, p.campaigns
      FROM point_postings p
     WHERE p.posted_at <= points_statement_at.as_of;
END;
COMMENT ON FUNCTION points_statement_at(timestamptz) IS
    'every posting with the customer''s balance after it, pending points included';

CREATE OR REPLACE FUNCTION points_audit(customer @key_type@ DEFAULT NULL)
RETURNS TABLE (
    customer_id @key_type@,
    posting_id bigint,
    finding text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.customer_id, NULL::bigint, pg_catalog.format('the account has %s points, its postings %s', a.balance, p.points)
      FROM point_accounts a
     CROSS JOIN LATERAL (
               SELECT coalesce(sum(p.points), 0) AS points
                 FROM point_postings p
                WHERE p.customer_id = a.customer_id
           ) p
     WHERE a.balance::numeric <> p.points
       AND (points_audit.customer IS NULL OR a.customer_id = points_audit.customer)
    UNION ALL
    SELECT a.customer_id, p.posting_id, pg_catalog.format('the account has moved to posting %s of %s', a.last_posting, a.last_posted_at)
      FROM point_accounts a
     CROSS JOIN LATERAL (
               SELECT max(p.posting_id) AS posting_id, max(p.posted_at) AS posted_at
                 FROM point_postings p
                WHERE p.customer_id = a.customer_id
           ) p
     WHERE (a.last_posting <> p.posting_id OR a.last_posted_at <> p.posted_at)
       AND (points_audit.customer IS NULL OR a.customer_id = points_audit.customer)
    UNION ALL
    SELECT l.customer_id, l.lot_id, pg_catalog.format('the lot is kept as lapsing on %s, and lapses on %s by its postings',
                                           coalesce(l.expires_at::text, 'no day'), coalesce(e.expires_at::text, 'no day'))
      FROM point_lots l
     CROSS JOIN LATERAL (SELECT point_lot_expires_at(l.customer_id, l.lot_id) AS expires_at OFFSET 0) e
     WHERE l.remaining > 0
       AND l.expires_at IS DISTINCT FROM e.expires_at
       AND (points_audit.customer IS NULL OR l.customer_id = points_audit.customer)
    UNION ALL
    SELECT l.customer_id, l.lot_id, pg_catalog.format(CASE WHEN l.is_open THEN 'the lot is kept as open, and %s points are left of it'
                                                ELSE 'the lot is kept as used up, and %s points are left of it' END, l.remaining)
      FROM point_lots l
     WHERE l.is_open <> (l.remaining > 0)
       AND (points_audit.customer IS NULL OR l.customer_id = points_audit.customer)
    UNION ALL
    SELECT l.customer_id, l.lot_id, pg_catalog.format('posting %s has moved the lot last, and posting %s is kept as that', coalesce(a.posting_id, l.lot_id), l.last_posting)
      FROM point_lots l
     CROSS JOIN LATERAL (
               SELECT max(a.posting_id) AS posting_id
                 FROM point_allocations a
                WHERE a.customer_id = l.customer_id AND a.lot_id = l.lot_id
           ) a
     WHERE l.last_posting <> coalesce(a.posting_id, l.lot_id)
       AND (points_audit.customer IS NULL OR l.customer_id = points_audit.customer)
    UNION ALL
    SELECT p.customer_id, p.posting_id, pg_catalog.format('the balance after it is %s', p.balance)
      FROM points_statement_at(timestamptz 'infinity') p
     WHERE p.balance < 0
       AND (points_audit.customer IS NULL OR p.customer_id = points_audit.customer)
    UNION ALL
    SELECT p.customer_id, p.posting_id, pg_catalog.format('it is of %s points and %s are allocated', p.points, -a.points)
      FROM point_postings p
     CROSS JOIN LATERAL (
               SELECT coalesce(sum(a.points), 0) AS points
                 FROM point_allocations a
                WHERE a.customer_id = p.customer_id AND a.posting_id = p.posting_id
           ) a
     WHERE NOT (p.points > 0 AND p.kind IN ('earn', 'adjust'))
       AND a.points <> -p.points::numeric
       AND (points_audit.customer IS NULL OR p.customer_id = points_audit.customer)
    UNION ALL
    SELECT p.customer_id, p.posting_id,
           pg_catalog.format('of the lot of %s points %s were taken and %s are kept as left', p.points, a.points, l.remaining)
      FROM point_postings p
      LEFT JOIN point_lots l ON l.customer_id = p.customer_id AND l.lot_id = p.posting_id
     CROSS JOIN LATERAL (
               SELECT coalesce(sum(a.points), 0) AS points
                 FROM point_allocations a
                WHERE a.customer_id = p.customer_id AND a.lot_id = p.posting_id
           ) a
     WHERE p.points > 0 AND p.kind IN ('earn', 'adjust')
       AND (a.points NOT BETWEEN 0::numeric AND p.points::numeric OR l.remaining::numeric IS DISTINCT FROM p.points::numeric - a.points)
       AND (points_audit.customer IS NULL OR p.customer_id = points_audit.customer);
END;
COMMENT ON FUNCTION points_audit(@key_type@) IS
    'adds the ledger up once more, for a customer or, if NULL, for all: a row for whatever does not agree, so none if all is well';
