-- shop/review_scores.sql
--
-- What the stars say: month by month and product by product, and how they go with
-- the way in which a ticket of the same customer was handled.
-- (A month's reviews are found by the index reviews_at, see voices.)
-- Needs: settings, periods, reviews, products, tickets, ticket_facts.

--@ change settings 0.2.0
ALTER TABLE settings
    ADD COLUMN review_target double precision NOT NULL DEFAULT 4.3
        CONSTRAINT settings_review_target_is_on_the_scale
        CHECK (review_target BETWEEN 1::double precision AND 5::double precision);

--@ functions
CREATE OR REPLACE FUNCTION periods_of_reviews(period text, as_of timestamptz)
RETURNS TABLE (period_start date, last_day date, complete boolean)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
    SELECT m.period_start, m.last_day, m.complete
      FROM periods_between(periods_of_reviews.period,
                           (SELECT min(r.reviewed_at) FROM reviews r),
                           (SELECT max(r.reviewed_at) FROM reviews r WHERE r.reviewed_at <= periods_of_reviews.as_of),
                           periods_of_reviews.as_of) m;
END;
COMMENT ON FUNCTION periods_of_reviews(text, timestamptz) IS
    'the local periods in which products were reviewed, and those between';

CREATE OR REPLACE FUNCTION review_scores_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    product_id text,
    product_name text,
    reviews bigint,
    stars_mean double precision,
    stars_low double precision,
    stars_high double precision,
    stars_target double precision,
    target_met boolean,
    low_stars bigint,
    low_stars_share double precision,
    low_stars_share_low double precision,
    low_stars_share_high double precision,
    compared_with date,
    change double precision,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.product_id, k.name,
           loyalcs.responses(a.ratings), loyalcs.mean(a.ratings), i.low, i.high, s.review_target,
           CASE WHEN i.low >= s.review_target THEN true WHEN i.high < s.review_target THEN false END,
           a.low_stars, loyalcs.share(a.ratings, 1, 2), w.low, w.high,
           p.period_before,
           c.change, c.low, c.high, c.p_value, f.too_few,
           CASE WHEN c.p_value IS NOT NULL THEN c.p_value < s.significance AND NOT f.too_few END
      FROM settings s
     CROSS JOIN LATERAL periods_of_reviews(review_scores_per.period, review_scores_per.as_of) m
     CROSS JOIN LATERAL (
               SELECT r.product_id, loyalcs.ratings_agg(r.stars) AS ratings, count(*) FILTER (WHERE r.stars <= 2) AS low_stars
                 FROM reviews r
                WHERE loyalcs.in_local_dates(r.reviewed_at, s.time_zone, m.period_start, m.last_day)
                  AND r.reviewed_at <= review_scores_per.as_of
                GROUP BY GROUPING SETS ((), (r.product_id))
               HAVING count(*) > 0::bigint) a
      LEFT JOIN products k ON k.product_id = a.product_id
     -- the last review before, and all of its month
      LEFT JOIN LATERAL (
               SELECT r.reviewed_at
                 FROM reviews r
                WHERE r.product_id = a.product_id AND r.reviewed_at < m.period_start::timestamp AT TIME ZONE s.time_zone
                ORDER BY r.reviewed_at DESC
                LIMIT 1) own ON a.product_id IS NOT NULL
      LEFT JOIN LATERAL (
               SELECT r.reviewed_at
                 FROM reviews r
                WHERE r.reviewed_at < m.period_start::timestamp AT TIME ZONE s.time_zone
                ORDER BY r.reviewed_at DESC
                LIMIT 1) any_one ON a.product_id IS NULL
     CROSS JOIN LATERAL (SELECT period_of(coalesce(own.reviewed_at, any_one.reviewed_at), s.time_zone,
                                        review_scores_per.period, review_scores_per.as_of) AS period_before) p
      LEFT JOIN LATERAL (
               SELECT loyalcs.ratings_agg(r.stars) AS ratings
                 FROM reviews r
                WHERE r.product_id = a.product_id
                  AND loyalcs.in_local_dates(r.reviewed_at, s.time_zone, p.period_before,
                                             (p.period_before + period_length(review_scores_per.period) - interval '1 day')::date)) own_before
        ON a.product_id IS NOT NULL
      LEFT JOIN LATERAL (
               SELECT loyalcs.ratings_agg(r.stars) AS ratings
                 FROM reviews r
                WHERE loyalcs.in_local_dates(r.reviewed_at, s.time_zone, p.period_before,
                                             (p.period_before + period_length(review_scores_per.period) - interval '1 day')::date)) all_before
        ON a.product_id IS NULL
     CROSS JOIN LATERAL (SELECT coalesce(own_before.ratings, all_before.ratings) AS ratings) b
     CROSS JOIN LATERAL loyalcs.mean_interval(a.ratings, 1, 5, 1::double precision - s.significance) i
     CROSS JOIN LATERAL loyalcs.share_interval(a.low_stars, loyalcs.responses(a.ratings), 1::double precision - s.significance) w
     CROSS JOIN LATERAL loyalcs.mean_change(b.ratings, a.ratings, 1, 5, 1::double precision - s.significance) c
     CROSS JOIN LATERAL (
               SELECT least(loyalcs.responses(a.ratings), coalesce(loyalcs.responses(b.ratings), 0::bigint)) < s.minimum_answers::bigint
           ) f (too_few)
     ORDER BY m.period_start, a.product_id NULLS FIRST;
END;
COMMENT ON FUNCTION review_scores_per(text, timestamptz) IS
    'the stars of reviews by local period, of each product and (product_id NULL) of all: their mean with an interval, whether it meets settings.review_target (NULL: that cannot be told, as the interval holds the target), the share of one and two stars, and whether the mean really changed against the last period before in which there were any: never if either has fewer than settings.minimum_answers';

-- The last ticket that was opened within 90 days before the review and not later: of
-- the same order, where both name one.
CREATE OR REPLACE FUNCTION review_handling_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    dimension text,
    part text,
    reviews bigint,
    stars_mean double precision,
    stars_low double precision,
    stars_high double precision,
    change double precision,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.dimension, a.part,
           loyalcs.responses(a.ratings), loyalcs.mean(a.ratings), i.low, i.high,
           c.change, c.low, c.high, c.p_value, f.too_few,
           CASE WHEN c.p_value IS NOT NULL THEN c.p_value < s.significance AND NOT f.too_few END
      FROM settings s
     CROSS JOIN LATERAL periods_of_reviews(review_handling_per.period, review_handling_per.as_of) m
     CROSS JOIN LATERAL (
               SELECT g.dimension, g.part, g.ratings,
                      pg_catalog.first_value(g.ratings) OVER (PARTITION BY g.dimension ORDER BY g.part <> 'no ticket') AS others,
                      bool_or(g.part = 'no ticket') OVER (PARTITION BY g.dimension) AS has_others
                 FROM (SELECT d.dimension, d.part, loyalcs.ratings_agg(r.stars) AS ratings
                         FROM reviews r
                         LEFT JOIN LATERAL (
                                   SELECT l.*
                                     FROM tickets t
                                    CROSS JOIN LATERAL ticket_facts(t.customer_id, t.ticket_id, r.reviewed_at) l
                                    WHERE t.customer_id = r.customer_id AND t.merged_into IS NULL
                                      AND (t.order_id = r.order_id OR t.order_id IS NULL OR r.order_id IS NULL)
                                      AND l.opened_at + interval '2160 hours' > r.reviewed_at AND NOT l.discarded
                                    ORDER BY l.opened_at DESC, t.ticket_id
                                    LIMIT 1) l ON true
                        CROSS JOIN LATERAL (VALUES
                                  ('first reply', CASE WHEN l.opened_at IS NULL THEN 'no ticket'
                                                       WHEN l.first_reply_at IS NULL THEN 'none yet'
                                                       WHEN l.first_reply_at <= l.opened_at + interval '1 hour' THEN 'within an hour'
                                                       WHEN l.first_reply_at <= l.opened_at + interval '24 hours' THEN 'within a day'
                                                       ELSE 'later' END),
                                  ('outcome', CASE WHEN l.opened_at IS NULL THEN 'no ticket'
                                                   WHEN l.resolved_at IS NULL THEN 'open'
                                                   WHEN l.reopened > 0::bigint THEN 'reopened'
                                                   ELSE 'resolved at once' END)) d (dimension, part)
                        WHERE loyalcs.in_local_dates(r.reviewed_at, s.time_zone, m.period_start, m.last_day)
                          AND r.reviewed_at <= review_handling_per.as_of
                        GROUP BY d.dimension, d.part) g) a
     CROSS JOIN LATERAL loyalcs.mean_interval(a.ratings, 1, 5, 1::double precision - s.significance) i
      LEFT JOIN LATERAL loyalcs.mean_change(a.others, a.ratings, 1, 5, 1::double precision - s.significance) c
        ON a.has_others AND a.part <> 'no ticket'
     CROSS JOIN LATERAL (
               SELECT CASE WHEN a.part <> 'no ticket'
                           THEN least(loyalcs.responses(a.ratings),
                                      CASE WHEN a.has_others THEN loyalcs.responses(a.others) ELSE 0::bigint END) < s.minimum_answers::bigint END
           ) f (too_few)
     ORDER BY m.period_start, a.dimension, a.part;
END;
COMMENT ON FUNCTION review_handling_per(text, timestamptz) IS
    'the stars of reviews by local period and by how a ticket was handled that the same customer had opened within 90 days before, as it stood when the review was written: how soon it was first answered (dimension first reply, by the clock on the wall), and whether it was resolved (outcome); change is the mean less that of customers without a ticket, with its interval, and never significant if either has fewer than settings.minimum_answers';
