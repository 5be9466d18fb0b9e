-- Who is due, and who is held back.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';

--
-- By hand: a few customers and the journey that the shop comes with
--

INSERT INTO customers (customer_id, name, email, phone, birthday, attributes) VALUES
    ('ann', '山田 花子', 'ann@example.com', '03-1', '1990-06-12', '{}'),
    ('ben', 'Ben <b>', 'ben@example.com', NULL, '2000-02-29', '{"language": "en-GB"}'),
    ('cho', NULL, NULL, '03-3', NULL, '{}'),
    ('dan', 'Dan', 'dan@example.com', NULL, NULL, '{}');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at, cancelled_at) VALUES
    ('ann', 'A-1', '2026-03-01 12:00+09', 24800, '2026-03-02 09:00+09', '2026-03-03 15:00+09', NULL),
    ('ben', 'B-1', '2026-03-05 09:00+09', 1200.5, '2026-03-05 18:00+09', '2026-03-06 21:30+09', NULL),
    ('cho', 'C-1', '2026-03-09 23:00+09', 5000, NULL, NULL, NULL),
    ('dan', 'D-1', '2026-03-09 22:00+09', 5000, NULL, NULL, '2026-03-09 22:30+09');
INSERT INTO order_items (customer_id, order_id, line, product_id, product_name, quantity, amount) VALUES
    ('cho', 'C-1', 1, 'P1', '指輪', 1, 4000), ('cho', 'C-1', 2, 'P2', NULL, 2, 1000);
INSERT INTO shipments VALUES ('ann', 'A-1', 1, 'ヤマト', '1234', '2026-03-03'), ('ann', 'A-1', 2, 'ヤマト', '1235', '2026-03-04');

-- Tuesday 10 March 2026. Ann's parcel came a week ago at three, ben's on Friday night.
SELECT customer_id, step, subject, due_at, why FROM followups_due_at('2026-03-10 09:00+09') ORDER BY 1, 2;
SELECT customer_id, step, subject, due_at, held_back, reason, until FROM followups_suppressed_at('2026-03-10 09:00+09') ORDER BY 1, 2;
SELECT customer_id, step, subject, due_at FROM followups_due_at('2026-03-10 10:00+09') ORDER BY 1, 2;
SELECT customer_id, step, subject, due_at, why FROM followups_due_at('2026-03-10 15:00+09') ORDER BY 1, 2;
SELECT customer_id, step, held_back, reason, until FROM followups_suppressed_at('2026-03-10 15:00+09') ORDER BY 1, 2;
-- Nobody is due when nothing has happened.
SELECT count(*) FROM followups_due_at('2026-02-28 00:00+09');
SELECT count(*) FROM followups_due_at('infinity');
SELECT count(*) FROM followups_due_at('-infinity');
-- A month later, three months later, and the months of birthdays.
SELECT d.at, f.customer_id, f.step, f.subject, f.due_at, f.held_back, f.reason, f.why
  FROM (VALUES (timestamptz '2026-04-03 16:00+09'), ('2026-06-03 16:00+09'), ('2027-02-01 12:00+09')) d (at)
 CROSS JOIN LATERAL followups_considered(d.at, '0') f ORDER BY 1, 2, 3;

-- A week before points expire, by as many as are left: 300 given, 120 spent.
BEGIN;
INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, valid)
VALUES ('after_sale', 'points_reminder', 'points_expiring', '-7 days', 'email', 'marketing', 'points_reminder', '(,)');
SELECT adjust_points('ann', 300, 'gift', NULL, '2027-07-15 00:00+09', '2027-06-01 00:00+09') > 0 AS given,
       adjust_points('ann', 50, 'for ever', NULL, NULL, '2027-06-01 00:00+09') > 0 AS for_ever;
SELECT redeem_points('ann', 120, 'till', NULL, '2027-07-10 00:00+09') > 0 AS spent;
SELECT d.at, f.customer_id, f.subject, f.due_at, f.why
  FROM (VALUES (timestamptz '2027-07-07 23:59:59+09'), ('2027-07-08 00:00+09'), ('2027-07-10 00:00+09'),
               ('2027-07-14 23:59:59+09'), ('2027-07-15 00:00+09')) d (at)
  LEFT JOIN LATERAL (SELECT * FROM followups_due_at(d.at) f WHERE f.step = 'points_reminder') f ON true
 ORDER BY 1;
ROLLBACK;

--
-- Against an oracle: every event of a made-up shop, one at a time
--

DELETE FROM followups; DELETE FROM followup_late_reports; DELETE FROM tickets; DELETE FROM returns; DELETE FROM shipments; DELETE FROM order_items; DELETE FROM orders; DELETE FROM customers;
CREATE FUNCTION pg_temp.dice(i bigint, seed text, n integer) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN ((hashtextextended(seed || i, 7) & 9223372036854775807) % n)::integer;
INSERT INTO customers (customer_id, name, email, birthday)
SELECT 'c' || i, 'N' || i, 'e' || i || '@x', CASE WHEN i = 1 THEN date '1996-02-29' WHEN i % 3 > 0 THEN date '1970-01-01' + pg_temp.dice(i, 'born', 12000) END
  FROM generate_series(1, 150) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at, cancelled_at)
SELECT 'c' || 1 + pg_temp.dice(i, 'who', 140), 'O' || i, o.at, 100 * pg_temp.dice(i, 'amount', 300),
       CASE WHEN l.luck > 0 THEN o.at + interval '20 hours' END, CASE WHEN l.luck > 1 THEN o.at + make_interval(hours => 30 + pg_temp.dice(i, 'way', 50)) END,
       CASE WHEN l.luck IN (0, 9) THEN o.at + make_interval(hours => pg_temp.dice(i, 'cancel', 100)) END
  FROM generate_series(1, 700) i
 CROSS JOIN LATERAL (SELECT timestamptz '2024-12-01 00:00+09' + make_interval(mins => pg_temp.dice(i, 'when', 600000)) AS at) o
 CROSS JOIN LATERAL (SELECT pg_temp.dice(i, 'luck', 20) AS luck) l;
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund)
SELECT customer_id, 'R' || order_id, order_id, delivered_at + make_interval(hours => pg_temp.dice(ltrim(order_id, 'O')::int, 'back', 400)), 0
  FROM orders WHERE delivered_at IS NOT NULL AND pg_temp.dice(ltrim(order_id, 'O')::int, 'returns', 8) = 0;
INSERT INTO tickets (customer_id, ticket_id, channel, complaint) SELECT 'c' || 1 + pg_temp.dice(i, 'asks', 140), 't' || i, 'line', i % 2 = 0 FROM generate_series(1, 80) i;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind)
SELECT t.customer_id, t.ticket_id, timestamptz '2025-09-01 00:00+09' + make_interval(mins => pg_temp.dice(i, 'asks at', 180000) + 4000 * e), (ARRAY['opened', 'resolved'])[e]
  FROM tickets t CROSS JOIN LATERAL (SELECT ltrim(t.ticket_id, 't')::int AS i) i, generate_series(1, 2) e WHERE e = 1 OR i % 5 > 0;
INSERT INTO subscriptions SELECT 'c' || i, 'S', '2025-01-01', timestamptz '2025-10-01 00:00+09' + make_interval(mins => pg_temp.dice(i, 'ends', 140000)) FROM generate_series(1, 60) i;
INSERT INTO consents
SELECT 'c' || 1 + pg_temp.dice(i, 'says', 150), (ARRAY['email', 'line', 'all'])[1 + pg_temp.dice(i, 'on', 3)], (ARRAY['marketing', 'survey', 'service', 'all'])[1 + pg_temp.dice(i, 'about', 4)],
       timestamptz '2025-08-01 00:00+09' + make_interval(hours => pg_temp.dice(i, 'then', 3600)), pg_temp.dice(i, 'yes', 3) = 0
  FROM generate_series(1, 90) i;
UPDATE contact_purposes SET consent = 'if_given' WHERE purpose = 'service';
INSERT INTO tier_history (customer_id, valid_from, valid_until, tier, rank, rule_id, spent, orders)
SELECT 'c' || i, timestamptz '2025-09-01 00:00+09' + make_interval(hours => 40 * i + 900 * n), CASE WHEN n < 2 THEN timestamptz '2025-09-01 00:00+09' + make_interval(hours => 40 * i + 900 * (n + 1)) END,
       t.tiers[n + 1], t.ranks[n + 1], 1, 0, 0
  FROM generate_series(1, 60) i CROSS JOIN generate_series(0, 2) n
 CROSS JOIN LATERAL (SELECT CASE i % 2 WHEN 0 THEN '{Gold,VIP,Gold}'::text[] ELSE '{VIP,Gold,VIP}' END AS tiers, CASE i % 2 WHEN 0 THEN '{1,2,1}'::integer[] ELSE '{2,1,2}' END AS ranks) t;
SELECT FROM refresh_rfm_cuts('2025-06-01 00:00+09');
-- beside the journey that is there: every other anchor, and every kind of audience
INSERT INTO journey_steps (journey, step, anchor, nth, delay, channel, purpose, content_key, send_window, orders_from, orders_to, min_amount, sample_share, holdout_share, segments, exit_on_order, expires_after, priority, valid) VALUES
    ('after_sale', 'first', 'first_order', NULL, '2 days', 'line', 'marketing', 'x', NULL, NULL, NULL, NULL, NULL, 0.2, NULL, true, '9 days', 1, '(,)'),
    ('after_sale', 'third', 'nth_order', 3, '1 month 1 day', 'line', 'survey', 'x', 'Mo-Fr 09:00-17:00', NULL, NULL, NULL, NULL, 0, NULL, false, '5 days', 2, '(,)'),
    ('after_sale', 'silent', 'no_order_for', NULL, '60 days', 'line', 'marketing', 'x', NULL, 2, 4, NULL, 0.5, 0.1, NULL, false, '10 days', 3, '(,2026-01-01)'),
    ('after_sale', 'big', 'ordered', NULL, '90 minutes', 'line', 'marketing', 'x', NULL, NULL, NULL, 20000, NULL, 0, NULL, false, '2 days', 4, '[2025-10-15,)'),
    ('after_sale', 'solved', 'ticket_resolved', NULL, '1 day', 'line', 'survey', 'x', NULL, NULL, NULL, NULL, NULL, 0, NULL, true, '6 days', 5, '(,)'),
    ('after_sale', 'birthday', 'birthday', NULL, '-7 days', 'line', 'marketing', 'x', NULL, NULL, NULL, NULL, NULL, 0, NULL, false, '7 days', 6, '(,)'),
    ('after_sale', 'year', 'anniversary', NULL, '0', 'line', 'marketing', 'x', 'Mo-Su 08:00-12:00', NULL, NULL, NULL, NULL, 0, NULL, true, '7 days', 7, '(,)'),
    ('after_sale', 'raised', 'tier_reached', NULL, '1 hour', 'instagram', 'transactional', 'x', NULL, NULL, NULL, NULL, NULL, 0, NULL, false, '3 days', 9, '(,)'),
    ('after_sale', 'gone', 'subscription_cancelled', NULL, '1 month', 'line', 'marketing', 'x', NULL, NULL, NULL, NULL, NULL, 0, '{Champions,Loyal,Promising,"New Customers",Hibernating}', false, '12 days', 8, '(,)');

-- Plain SQL over everything that ever happened, asked of each event; no ranges, no indexes.
-- (Tokyo has no daylight saving, so plain arithmetic will do.)
CREATE FUNCTION pg_temp.share(salt text, key text) RETURNS double precision LANGUAGE sql
RETURN ('x' || left(encode(sha256(convert_to(salt || ':' || key, 'UTF8')), 'hex'), 13))::bit(52)::bigint / 16::double precision ^ 13;
CREATE FUNCTION pg_temp.plus(at timestamptz, d interval) RETURNS timestamptz LANGUAGE sql
RETURN (at AT TIME ZONE 'Asia/Tokyo' + d) AT TIME ZONE 'Asia/Tokyo';
-- Every other day somebody decides that the telephone is off on a day or three, a week before or
-- two days after it, and takes back every third of them.
INSERT INTO calendar_exceptions (calendar, first_day, last_day, recorded_at, withdrawn_at)
SELECT 'phone', d.day, d.day + n % 3, d.day - interval '7 days' + n % 10 * interval '23 hours', CASE WHEN n % 3 = 0 THEN d.day + n % 5 * interval '19 hours' + interval '3 days' END
  FROM (SELECT n, date '2025-09-20' + 2 * n AS day FROM generate_series(0, 76) n) d;
CREATE FUNCTION pg_temp.may_go(send_window text, calendar text, at timestamptz, as_of timestamptz) RETURNS boolean LANGUAGE sql
RETURN CASE WHEN calendar IS NULL THEN send_window IS NULL OR loyalcs.is_open(send_window::loyalcs.business_hours, at)
            ELSE loyalcs.is_open((SELECT k.hours::loyalcs.business_hours FROM shop.calendars k WHERE k.calendar = may_go.calendar), at)
                 AND NOT EXISTS (SELECT FROM shop.calendar_exceptions x
                                  WHERE x.calendar = may_go.calendar AND (at AT TIME ZONE 'Asia/Tokyo')::date BETWEEN x.first_day AND x.last_day
                                    AND x.recorded_at <= as_of AND coalesce(x.withdrawn_at, 'infinity') > as_of) END;
CREATE FUNCTION pg_temp.goes(send_window text, calendar text, at timestamptz, as_of timestamptz) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE t timestamptz := at;
BEGIN
    WHILE t <= at + interval '28 days' LOOP
        IF pg_temp.may_go(send_window, calendar, t, as_of) THEN RETURN t; END IF;
        t := date_trunc('hour', t) + interval '1 hour';
    END LOOP;
    RETURN NULL;
END $$;
CREATE TEMP TABLE event AS
SELECT a.anchor, o.customer_id, o.order_id AS subject, o.order_id, o.ordered_at, o.amount, o.cancelled_at,
       CASE a.anchor WHEN 'shipped' THEN o.shipped_at WHEN 'delivered' THEN o.delivered_at ELSE o.ordered_at END AS at
  FROM orders o, unnest('{ordered,shipped,delivered,first_order,nth_order,no_order_for}'::text[]) a (anchor)
UNION ALL SELECT 'ticket_resolved', customer_id, ticket_id, NULL, NULL, NULL, NULL, closed_at FROM tickets
UNION ALL SELECT 'subscription_cancelled', customer_id, subscription_id, NULL, NULL, NULL, NULL, cancelled_at FROM subscriptions
UNION ALL SELECT 'tier_reached', customer_id, tier || ' ' || to_char(valid_from AT TIME ZONE 'Asia/Tokyo', 'YYYY-MM-DD'), NULL, NULL, NULL, NULL, valid_from
  FROM (SELECT *, lag(rank, 1, 0) OVER (PARTITION BY customer_id ORDER BY valid_from) AS before FROM tier_history) h WHERE rank > before
UNION ALL SELECT 'birthday', customer_id, to_char(d, 'YYYY'), NULL, NULL, NULL, NULL, d::timestamp AT TIME ZONE 'Asia/Tokyo'
  FROM customers, generate_series(1, 60) y CROSS JOIN LATERAL (SELECT (birthday + make_interval(years => y))::date) b (d) WHERE d BETWEEN '2025-01-01' AND '2027-01-01'
UNION ALL SELECT 'birthday_month', customer_id, to_char(m, 'YYYY-MM'), NULL, NULL, NULL, NULL, m AT TIME ZONE 'Asia/Tokyo'
  FROM customers, generate_series(timestamp '2024-01-01', '2027-01-01', '1 month') m WHERE EXTRACT(month FROM birthday) = EXTRACT(month FROM m);
CREATE FUNCTION pg_temp.expected(as_of timestamptz)
RETURNS TABLE (customer_id text, step text, subject text, due_at timestamptz, held_back text, reason text) LANGUAGE plpgsql AS $$
DECLARE
    r record; used_day integer; used_week integer;
BEGIN
    CREATE TEMP TABLE IF NOT EXISTS found (customer_id text, step text, subject text, due_at timestamptz, wanted timestamptz, held_back text, reason text, channel text, capped boolean, priority integer, handed_out boolean);
    TRUNCATE found;
    FOR r IN
        SELECT s.*, p.consent, p.capped, e.customer_id, e.subject, e.order_id, e.ordered_at, e.amount, e.cancelled_at, e.at, w.wanted
          FROM journey_steps s JOIN contact_purposes p USING (purpose)
          JOIN (SELECT * FROM event
                UNION ALL   -- the first order that is not cancelled by then
                SELECT 'anniversary', f.customer_id, to_char(d, 'YYYY'), NULL, NULL, NULL, NULL, d::timestamp AT TIME ZONE 'Asia/Tokyo'
                  FROM (SELECT o.customer_id, min(o.ordered_at) AS at FROM orders o WHERE coalesce(o.cancelled_at, 'infinity') > as_of GROUP BY 1) f,
                       generate_series(1, 5) y CROSS JOIN LATERAL (SELECT ((f.at AT TIME ZONE 'Asia/Tokyo')::date + make_interval(years => y))::date) b (d)) e
            ON e.anchor = s.anchor AND e.at IS NOT NULL
         CROSS JOIN LATERAL (SELECT pg_temp.plus(e.at, s.delay) AS wanted) w
         WHERE w.wanted <= as_of AND pg_temp.plus(w.wanted, s.expires_after) > as_of
           AND (w.wanted <@ s.valid OR upper(s.valid) <= as_of AND w.wanted >= upper(s.valid) AND e.at < upper(s.valid))
    LOOP
        CONTINUE WHEN EXISTS (SELECT FROM followups f WHERE (f.customer_id, f.step, f.subject) = (r.customer_id, r.step, r.subject) AND f.finished_at <= as_of);
        CONTINUE WHEN r.anchor IN ('first_order', 'nth_order', 'no_order_for') AND coalesce(r.cancelled_at, 'infinity') <= as_of;
        CONTINUE WHEN r.anchor IN ('first_order', 'nth_order') AND coalesce(r.nth, 1) <>
            (SELECT count(*) FROM orders o WHERE o.customer_id = r.customer_id AND o.ordered_at <= r.ordered_at AND coalesce(o.cancelled_at, 'infinity') > as_of);
        CONTINUE WHEN r.anchor = 'no_order_for' AND EXISTS
            (SELECT FROM orders o WHERE o.customer_id = r.customer_id AND o.ordered_at > r.ordered_at AND o.ordered_at <= as_of AND coalesce(o.cancelled_at, 'infinity') > as_of);
        CONTINUE WHEN r.amount < r.min_amount OR pg_temp.share('sample ' || r.step, r.customer_id) >= r.sample_share;
        CONTINUE WHEN (SELECT count(*) FROM orders o WHERE o.customer_id = r.customer_id AND o.ordered_at <= as_of AND coalesce(o.cancelled_at, 'infinity') > as_of)
                      NOT BETWEEN coalesce(r.orders_from, 0) AND coalesce(r.orders_to, 999);
        CONTINUE WHEN r.tiers IS NOT NULL AND NOT EXISTS (SELECT FROM tier_history h WHERE h.customer_id = r.customer_id AND h.tier = ANY (r.tiers) AND as_of >= h.valid_from AND as_of < coalesce(h.valid_until, 'infinity'));
        CONTINUE WHEN r.segments IS NOT NULL AND coalesce((SELECT c.segment FROM customer_rfm(r.customer_id, as_of) c), '') <> ALL (r.segments);
        INSERT INTO found
        SELECT r.customer_id, r.step, r.subject, pg_temp.goes(r.send_window, r.calendar, r.wanted, as_of), r.wanted,
               CASE WHEN h.reason IN ('open complaint', 'outside of the send window') THEN 'defer' WHEN h.reason IS NOT NULL THEN 'drop' END, h.reason, r.channel, r.capped, r.priority,
               EXISTS (SELECT FROM followups f WHERE (f.customer_id, f.step, f.subject) = (r.customer_id, r.step, r.subject) AND f.queued_at <= as_of AND f.attempts > 0 AND f.reported IS NULL)
          FROM (SELECT CASE
              WHEN r.cancelled_at <= as_of THEN 'order cancelled'
              WHEN r.exit_on_return AND EXISTS (SELECT FROM returns x WHERE x.customer_id = r.customer_id AND x.order_id = r.order_id AND x.returned_at <= as_of) THEN 'returned'
              WHEN r.exit_on_order AND EXISTS (SELECT FROM orders o WHERE o.customer_id = r.customer_id AND o.ordered_at > coalesce(r.ordered_at, r.at) AND o.ordered_at <= as_of
                                                                  AND coalesce(o.cancelled_at, 'infinity') > as_of) THEN 'ordered again'
              WHEN r.consent = 'not_needed' THEN NULL
              WHEN NOT coalesce((SELECT (array_agg(c.given ORDER BY c.at DESC, c.given))[1] FROM consents c WHERE c.customer_id = r.customer_id AND c.at <= as_of
                                    AND (c.channel = r.channel OR c.channel = 'all') AND (c.purpose = r.purpose OR c.purpose = 'all')), r.consent = 'unless_refused')
                  THEN CASE r.consent WHEN 'if_given' THEN 'no consent' ELSE 'opted out' END
              WHEN upper(r.valid) <= as_of THEN 'step ended'
              WHEN EXISTS (SELECT FROM tickets t JOIN ticket_events o USING (customer_id, ticket_id)
                            WHERE t.customer_id = r.customer_id AND t.complaint AND o.kind = 'opened' AND o.at <= as_of AND coalesce(t.closed_at, 'infinity') > as_of) THEN 'open complaint'
              WHEN NOT pg_temp.may_go(r.send_window, r.calendar, as_of, as_of) THEN 'outside of the send window'
              WHEN pg_temp.share('holdout ' || r.step, r.customer_id) < r.holdout_share THEN 'held out'
              END AS reason) h;
    END LOOP;
    FOR r IN SELECT * FROM found f WHERE f.reason IS NULL AND f.capped ORDER BY f.customer_id, f.channel, f.handed_out DESC, f.priority DESC, f.wanted, f.step, f.subject
    LOOP
        SELECT count(*) FILTER (WHERE f.finished_at >= date_trunc('day', as_of, 'Asia/Tokyo')), count(*) INTO used_day, used_week
          FROM followups f WHERE f.customer_id = r.customer_id AND f.channel = r.channel AND f.outcome = 'sent' AND f.capped AND f.finished_at <= as_of AND f.finished_at > as_of - interval '7 days';
        used_day := used_day + (SELECT count(*) FROM found f WHERE f.customer_id = r.customer_id AND f.channel = r.channel AND f.capped AND f.reason = 'mine');
        used_week := used_week + (SELECT count(*) FROM found f WHERE f.customer_id = r.customer_id AND f.channel = r.channel AND f.capped AND f.reason = 'mine');
        UPDATE found f SET reason = CASE WHEN c.per_day > used_day AND c.per_week > used_week THEN 'mine' ELSE 'frequency cap' END,
                           held_back = CASE WHEN c.per_day > used_day AND c.per_week > used_week THEN NULL ELSE 'defer' END
          FROM frequency_caps c WHERE c.channel = r.channel AND (f.customer_id, f.step, f.subject) = (r.customer_id, r.step, r.subject);
    END LOOP;
    RETURN QUERY SELECT f.customer_id, f.step, f.subject, f.due_at, f.held_back, nullif(f.reason, 'mine') FROM found f;
END $$;
CREATE TEMP TABLE compared (at timestamptz, step text, reason text, rows bigint, differ bigint);
CREATE FUNCTION pg_temp.compare(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE ours ON COMMIT DROP AS SELECT c.customer_id, c.step, c.subject, c.due_at, c.held_back, c.reason FROM followups_considered(at, '0') c;
    CREATE TEMP TABLE theirs ON COMMIT DROP AS SELECT * FROM pg_temp.expected(at);
    INSERT INTO compared SELECT at, o.step, coalesce(o.reason, 'due'), count(*), 0 FROM ours o GROUP BY 2, 3;
    INSERT INTO compared SELECT at, 'all', 'differ', 0, count(*) FROM ((TABLE ours EXCEPT ALL TABLE theirs) UNION ALL (TABLE theirs EXCEPT ALL TABLE ours)) d;
    DROP TABLE ours, theirs;
END $$;
-- Through five months, every other day at odd times; what is due is sent now and then, so that caps bite.
CREATE FUNCTION pg_temp.live() RETURNS void LANGUAGE plpgsql AS $$
DECLARE at timestamptz;
BEGIN
    FOR at IN SELECT generate_series(timestamptz '2025-09-20 00:10+09', '2026-02-20 00:00+09', '41 hours 20 minutes') LOOP
        PERFORM pg_temp.compare(at);
        IF EXTRACT(day FROM at)::int % 3 > 0 THEN
            PERFORM complete_followup(c.followup_id, 'sent', c.claim_key, at => at + interval '1 minute')
               FROM claim_followups('email', 100, 'w', '5 minutes', at) c;
            UPDATE followups f SET finished_at = at, outcome = 'sent' WHERE f.channel = 'line' AND f.finished_at IS NULL AND f.claimable_at <= at AND EXTRACT(hour FROM at)::int % 3 > 0;
        END IF;
    END LOOP;
END $$;
SELECT pg_temp.live();
SELECT sum(differ) AS differ, sum(rows) AS rows, count(DISTINCT at) AS instants FROM compared;
SELECT step, sum(rows) FILTER (WHERE reason = 'due') > 0 AS due, string_agg(DISTINCT reason, ', ' ORDER BY reason) FILTER (WHERE reason <> 'due') AS held_back FROM compared WHERE step <> 'all' GROUP BY step ORDER BY step;
-- Nobody got more than the caps allow, and nobody got anything twice.
SELECT max(day) AS per_day, max(week) AS per_week
  FROM (SELECT count(*) OVER (PARTITION BY customer_id, channel, date_trunc('day', finished_at, 'Asia/Tokyo')) AS day,
               count(*) OVER (PARTITION BY customer_id, channel ORDER BY finished_at RANGE BETWEEN interval '7 days' PRECEDING AND CURRENT ROW) AS week
          FROM followups WHERE outcome = 'sent' AND capped AND channel = 'email') f;
-- The priorities of those that wait, the largest and the smallest that there can be among them.
BEGIN;
UPDATE followups f SET priority = CASE n WHEN 1 THEN 2147483647 WHEN 2 THEN -2147483648 ELSE n % 5 END, finished_at = NULL, outcome = NULL
  FROM (SELECT ctid AS place, row_number() OVER (PARTITION BY channel ORDER BY customer_id, step, subject)::integer AS n FROM followups) w
 WHERE ctid = place AND n <= 20 AND channel <> 'phone';
SELECT c.channel, p.found[1], p.found[cardinality(p.found)], cardinality(p.found) > 4 AS several,
       p.found IS NOT DISTINCT FROM (SELECT array_agg(DISTINCT f.priority ORDER BY f.priority DESC)
                                       FROM followups f WHERE f.channel = c.channel AND f.finished_at IS NULL) AS all_of_them
  FROM channels c CROSS JOIN LATERAL (SELECT array_agg(w.priority) AS found FROM waiting_priorities(c.channel) w) p ORDER BY 1;
SELECT count(*) FROM waiting_priorities(NULL);
ROLLBACK;
SELECT pg_temp.same_elsewhere('SELECT * FROM followups_considered(''2025-12-01 12:00+09'', ''7 days'')');
SELECT pg_temp.same_elsewhere('SELECT * FROM followups_suppressed_at(''2025-12-01 12:00+09'')');
