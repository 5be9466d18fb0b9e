-- What follow-ups are counted from, and between which anchors something is due.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';

--
-- Between which anchors something is due
--

-- Whatever is due until an instant has an anchor until the one bound, whatever is due later one after the other; over
-- changes of the clock, ends of months and leap years; and where nothing is uncertain both are the same.
SELECT z.zone,
       count(*) FILTER (WHERE d.due_at <= b.at AND a.anchor > b.latest) AS missed_before,
       count(*) FILTER (WHERE d.due_at > b.at AND a.anchor <= b.earliest) AS missed_after,
       count(*) FILTER (WHERE b.latest > b.earliest + interval '5 days') AS too_wide
  FROM unnest('{Asia/Tokyo,America/New_York,Australia/Lord_Howe,Pacific/Apia,UTC}'::text[]) z (zone)
 CROSS JOIN unnest('{0,90 minutes,1 day,7 days,1 month,3 months,1 month 2 days 3 hours,1 year,-1 day,-14 days,-1 month}'::interval[]) e (delay)
 CROSS JOIN LATERAL (
           SELECT t.at, followup_anchor_bound(t.at, e.delay, z.zone, false) AS earliest, followup_anchor_bound(t.at, e.delay, z.zone, true) AS latest
             FROM (SELECT timestamptz '2026-01-01 00:00+00' + n * interval '65 hours 17 minutes' FROM generate_series(0, 60) n
                   UNION ALL SELECT timestamptz '2028-02-28 00:00+00' + n * interval '7 hours' FROM generate_series(0, 20) n
                   UNION ALL SELECT timestamptz '2011-12-28 00:00+00' + n * interval '7 hours' FROM generate_series(0, 20) n) t (at)
           OFFSET 0) b
 CROSS JOIN LATERAL (
           SELECT b.earliest + i * interval '11 hours 1 minute' FROM generate_series(-9, 9) i) a (anchor)
 CROSS JOIN LATERAL (SELECT loyalcs.followup_due(a.anchor, e.delay, z.zone) AS due_at) d
 GROUP BY 1 ORDER BY 1;
SELECT d AS delay, followup_anchor_bound('2026-03-10 12:00', d::interval, 'Asia/Tokyo', true), followup_anchor_bound('2026-03-10 12:00', d::interval, 'Asia/Tokyo', false) = followup_anchor_bound('2026-03-10 12:00', d::interval, 'Asia/Tokyo', true) AS exact
  FROM unnest('{0,90 minutes,7 days,1 month,3 months,-14 days}'::text[]) d;
SELECT followup_anchor_bound('infinity', '7 days', 'UTC', true), followup_anchor_bound('-infinity', '1 month', 'UTC', false), followup_anchor_bound(NULL, '0', 'UTC', true);

--
-- Of a time, of a customer, by key: the same anchors
--

INSERT INTO customers (customer_id, birthday) VALUES ('ann', '1990-03-10'), ('leap', '1996-02-29'), ('ben', NULL);
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at, cancelled_at) VALUES
    ('ann', 'A1', '2025-02-28 23:30', 100, NULL, NULL, NULL), ('ann', 'A2', '2026-02-27 10:00', 200, '2026-02-28 10:00', '2026-03-01 10:00', NULL),
    ('leap', 'L1', '2024-02-29 12:00', 100, NULL, NULL, NULL), ('ben', 'B1', '2026-03-01 00:00', 300, '2026-03-01 00:00', NULL, '2026-03-02');
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('ann', 't', 'email'), ('ben', 't', 'email');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, recorded_at) VALUES ('ann', 't', '2026-02-28', 'opened', '2026-02-28'), ('ann', 't', '2026-03-01', 'resolved', '2026-03-01'), ('ben', 't', '2026-03-01', 'opened', '2026-03-01');
INSERT INTO subscriptions VALUES ('ann', 's', '2026-01-01', '2026-03-01 09:00'), ('ben', 's', '2026-01-01', NULL);
INSERT INTO tier_history (customer_id, valid_from, valid_until, tier, rank, rule_id, spent, orders) VALUES ('ann', '2026-02-28 11:00', NULL, 'VIP', 1, 1, 1, 1), ('ben', '2026-02-28 11:00', '2026-03-01', 'VIP', 1, 1, 1, 1);
SELECT FROM adjust_points('ann', 100, 'p', expires_at => '2026-03-01 11:00', posted_at => '2026-02-01');
SELECT FROM adjust_points('ann', 20, 'q', expires_at => '2026-03-01 11:00', posted_at => '2026-02-01');
CREATE TEMP TABLE found AS
SELECT a.anchor, f.*
  FROM unnest('{ordered,shipped,delivered,first_order,nth_order,no_order_for,tier_reached,ticket_resolved,birthday,birthday_month,anniversary,points_expiring,subscription_cancelled}'::text[]) a (anchor)
 CROSS JOIN LATERAL followup_anchors(a.anchor, 'Asia/Tokyo', NULL, false, '2026-02-27 00:00', '2026-03-10 00:00', '2026-03-01 10:00') f;
SELECT * FROM found WHERE anchor NOT IN ('first_order', 'nth_order', 'no_order_for') ORDER BY anchor, customer_id, subject;
SELECT count(*) AS found,
       count(*) FILTER (WHERE (SELECT count(*) FROM followup_anchors(f.anchor, 'Asia/Tokyo', f.customer_id, true, f.anchor_at - interval '400 days', f.anchor_at + interval '400 days', '2026-03-01 10:00') k
                                WHERE k.customer_id = f.customer_id AND k.subject = f.subject AND (k.order_id, k.anchor_at, k.order_at, k.amount, k.points, k.event) IS NOT DISTINCT FROM (f.order_id, f.anchor_at, f.order_at, f.amount, f.points, f.event)) = 1) AS by_key,
       count(*) FILTER (WHERE (SELECT count(*) FROM followup_anchors(f.anchor, 'Asia/Tokyo', f.customer_id, false, '2026-02-27 00:00', '2026-03-10 00:00', '2026-03-01 10:00') k
                                WHERE k.customer_id = f.customer_id AND k.subject = f.subject) = 1) AS of_the_customer
  FROM found f;
-- Every anchor that a step may have is one, and when it is gone there are words for that.
SELECT count(*) AS anchors, count(*) FILTER (WHERE EXISTS (SELECT FROM found f WHERE f.anchor = a.anchor)) AS found
  FROM (SELECT (regexp_matches(pg_get_constraintdef(c.oid), '\x27([a-z_]+)\x27::text', 'g'))[1] FROM pg_constraint c WHERE c.conname = 'journey_steps_anchor_is_known' AND c.connamespace = 'shop'::regnamespace) a (anchor);
SELECT DISTINCT anchor_gone(anchor) FROM found ORDER BY 1;
