-- load.sql: the data that bench/run works on; :scale divides the row counts.
-- Scattered by hashes, so that no branch predictor learns it and every run has
-- the same.

CREATE EXTENSION loyalcs;

CREATE FUNCTION scatter(i bigint, seed bigint, n bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(i, seed) & 9223372036854775807) % n;

CREATE UNLOGGED TABLE answers AS
SELECT scatter(i, 1, 11)::smallint AS score,
       timestamptz '2024-01-01 00:00+00' + scatter(i, 2, 63072000) * interval '1 second' AS at
  FROM generate_series(1::bigint, 10000000 / :scale) i;

CREATE UNLOGGED TABLE recent AS
SELECT a.* FROM (SELECT * FROM answers LIMIT 1000000 / :scale) a ORDER BY a.at;  -- as answers come in
CREATE UNLOGGED TABLE indexed AS SELECT * FROM recent;
CREATE INDEX ON indexed (at);

CREATE UNLOGGED TABLE orders AS
SELECT scatter(i, 3, 500000 / :scale) + 1 AS customer_id,
       timestamptz '2024-01-01 00:00+00' + scatter(i, 4, 63072000) * interval '1 second' AS at,
       scatter(i, 5, 5000000)::numeric / 100 AS amount
  FROM generate_series(1::bigint, 5000000 / :scale) i;

CREATE UNLOGGED TABLE stored AS
SELECT o.customer_id, loyalcs.purchases_agg(o.at, o.amount) AS p
  FROM orders o
 GROUP BY o.customer_id;

-- Customers whose rates of purchase are exponential, and of whom some leave after
-- hardly any of their orders and some after every other one: known to the day.
CREATE UNLOGGED TABLE leaving AS
SELECT customer_id, format('{"count": %s, "first": "%sT00:00:00Z", "last": "%sT00:00:00Z", "total": 1000}',
                           1 + x, date '2026-01-01' - age, date '2026-01-01' - age + CASE WHEN x > 0 THEN t_x ELSE 0 END)::loyalcs.purchases AS p
  FROM (SELECT i AS customer_id, 30 + scatter(i, 61, 700)::integer AS age,
               -ln((1 + scatter(i, 62, 1000000)) / 1000001.0::double precision) / 100 AS rate,
               0.02 + 0.5 * (scatter(i, 63, 1000) / 1000.0::double precision) ^ 3 AS leaves,
               (1 + scatter(i, 64, 1000000)) / 1000001.0::double precision AS u, (1 + scatter(i, 65, 1000000)) / 1000001.0::double precision AS v
          FROM generate_series(1::bigint, 500000 / :scale) i) c,
       LATERAL (SELECT floor(ln(u) / ln(1 - leaves)) + 1 AS last_order) l,
       LATERAL (SELECT least(last_order, floor(rate * age + 2 * v * sqrt(rate * age)))::integer AS x,
                       least(age, ceil((last_order - v / 2) / rate))::integer AS t_x) s;

-- Spans of some three days, and what plain SQL would count business hours from.
CREATE UNLOGGED TABLE spans AS
SELECT s.since, s.since + s.seconds * interval '1 second' AS until,
       s.since + interval '10 years' + s.seconds * interval '1 second' AS years_later,
       (ARRAY['Mo-Fr 10:00-18:00; PH off', 'Mo-Fr 09:00-17:30; PH off', 'Mo-Sa 10:00-19:00; PH 10:00-17:00',
              'Mo-Fr 09:00-12:00,13:00-18:00; PH off; Dec 29-Jan 03 off', 'Tu-Su 11:00-20:00']
        )[1 + scatter(s.i, 8, 5)]::loyalcs.business_hours AS hours
  FROM (SELECT i, timestamptz '2024-01-01 00:00+00' + scatter(i, 6, 63072000) * interval '1 second' AS since,
               216000 + scatter(i, 7, 86400) AS seconds
          FROM generate_series(1::bigint, 1000000 / :scale) i) s;
CREATE TABLE weekly_hours AS
SELECT isodow, interval '10 hours' AS opens, interval '18 hours' AS closes FROM generate_series(1, 5) isodow;
CREATE TABLE closed_days AS SELECT day FROM loyalcs.japanese_holidays('2023-01-01', '2039-12-31');
CREATE UNIQUE INDEX ON closed_days (day);

-- Two shops whose customers have some ten orders each; the foreign keys hold by
-- construction, and checking five million of them is not what is measured.
SELECT loyalcs.create_shop('big', key_type => 'bigint');
SELECT loyalcs.create_shop('small', key_type => 'bigint');
SELECT loyalcs.create_shop('mail', key_type => 'bigint');
UPDATE big.journeys SET started_at = '-infinity';
UPDATE small.journeys SET started_at = '-infinity';
UPDATE mail.journeys SET started_at = '-infinity';
SET session_replication_role = replica;
INSERT INTO big.customers (customer_id, name, email) SELECT i, 'N' || i, i || '@example.com' FROM generate_series(1, 500000 / :scale) i;
-- (they lie in the order in which they came, as in any shop)
INSERT INTO big.orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at)
SELECT o.customer_id, row_number() OVER (ORDER BY o.at, o.customer_id), o.at, o.amount, o.at + interval '1 day', o.at + interval '3 days' FROM orders o;
INSERT INTO small.customers (customer_id, name, email) SELECT i, 'N' || i, i || '@example.com' FROM generate_series(1, 50000 / :scale) i;
INSERT INTO small.orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at)
SELECT o.customer_id, row_number() OVER (ORDER BY o.at, o.customer_id), o.at, o.amount, o.at + interval '1 day', o.at + interval '3 days'
  FROM orders o
 WHERE o.customer_id <= 50000 / :scale;

-- Five million order lines in one shop, a tenth in the other: two in each second
-- order. Four in five are of the sixty products of the customer's taste, and some
-- products are far more popular than others.
CREATE PROCEDURE fill_order_items(shop text, tastes bigint)
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('SET LOCAL search_path = %I, "$user", public', shop);
    INSERT INTO order_items (customer_id, order_id, line, product_id, product_name, amount)
    SELECT m.customer_id, m.order_id, m.line, 'P' || m.product, 'Product ' || m.product, 1000
      FROM (SELECT o.customer_id, o.order_id, l.line,
                   CASE WHEN scatter(l.key, 31, 5) < 4 THEN o.customer_id % tastes ELSE scatter(l.key, 32, tastes) END * 60
                   + least(scatter(l.key, 33, 60), scatter(l.key, 34, 60)) AS product
              FROM orders o
             CROSS JOIN LATERAL (SELECT line, o.order_id::bigint * 2 + line AS key FROM generate_series(1, 2) line) l
             WHERE scatter(o.order_id::bigint, 30, 2) = 0) m;
    ANALYZE order_items;
    ANALYZE orders;
END
$$;
CALL fill_order_items('big', greatest(50 / :scale, 1));
CALL fill_order_items('small', greatest(50 / :scale, 1));
SELECT big.refresh_related_products('2026-01-01 00:00+00'), small.refresh_related_products('2026-01-01 00:00+00');

-- Tickets: a million in one shop, a tenth in the other, six events each, and in
-- both the last 20,000 are open. (Foreign keys and what triggers keep hold by
-- construction.)
CREATE PROCEDURE fill_tickets(shop text, tickets bigint, open bigint, customers bigint)
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('SET LOCAL search_path = %I, "$user", public', shop);
    -- all of it happened while the shop was used
    UPDATE settings SET live_since = '2024-01-01 00:00+00';
    CREATE TEMP TABLE made AS
    SELECT i, i <= tickets - open AS done, scatter(i, 21, customers) + 1 AS customer_id, 'T' || i AS ticket_id,
           timestamptz '2024-01-01 00:00+00' + i * (interval '730 days' / tickets) AS at,
           (ARRAY['email', 'email', 'line', 'phone', 'instagram'])[1 + scatter(i, 22, 5)] AS channel,
           interval '1 second' * scatter(i, 23, 7200) AS replied,
           interval '1 second' * (7200 + scatter(i, 24, 100000)) AS proposed,
           interval '1 second' * (110000 + scatter(i, 25, 100000)) AS resolved,
           'A' || scatter(i, 26, 20) AS agent_id
      FROM generate_series(1, tickets) i;
    INSERT INTO agents (agent_id) SELECT 'A' || generate_series(0, 19);
    INSERT INTO tickets (customer_id, ticket_id, channel, closed_at)
    SELECT customer_id, ticket_id, channel, CASE WHEN done THEN at + resolved END FROM made ORDER BY i;
    INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id)
    SELECT m.customer_id, m.ticket_id, e.at, e.kind, e.agent_id
      FROM made m
     CROSS JOIN LATERAL (VALUES
               (m.at, 'opened', NULL),
               (m.at + interval '1 second', 'auto_reply', NULL),
               (m.at + interval '1 minute', 'assigned', m.agent_id),
               (m.at + m.replied + interval '1 minute', 'agent_reply', m.agent_id),
               (m.at + m.proposed, CASE WHEN done THEN 'proposed' ELSE 'customer_message' END, CASE WHEN done THEN m.agent_id END),
               (m.at + m.resolved, CASE WHEN done THEN 'resolved' ELSE 'note' END, m.agent_id)) e (at, kind, agent_id)
     ORDER BY e.at;
    DROP TABLE made;
END
$$;
CALL fill_tickets('big', 1000000 / :scale, 20000 / :scale, 500000 / :scale);
CALL fill_tickets('small', 100000 / :scale, 20000 / :scale, 50000 / :scale);

-- Points: every order earned some, as by the first rule but for a longer life,
-- and every fifth of these lots was half spent a month later. (They come in the
-- order of their keys, which saves half of the time.)
CREATE PROCEDURE fill_points(shop text)
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('SET LOCAL search_path = %I, "$user", public', shop);
    CREATE TEMP TABLE made AS
    SELECT o.customer_id, o.order_id, o.order_id::bigint AS lot_id, o.ordered_at AS at, (1 + o.amount / 100)::bigint AS points,
           CASE WHEN o.order_id::bigint % 5 = 0 THEN (1 + o.amount / 200)::bigint ELSE 0 END AS spent
      FROM orders o
     ORDER BY o.customer_id, lot_id;
    -- (as the owner of a shop loads what is known to be true)
    ALTER TABLE point_postings DISABLE TRIGGER USER;
    INSERT INTO point_accounts (customer_id, balance, last_posted_at, last_posting)
    SELECT customer_id, sum(points - spent), max(at) + interval '30 days',
           greatest(max(lot_id), max(lot_id) FILTER (WHERE spent > 0) + (SELECT count(*) FROM made))
      FROM made GROUP BY customer_id;
    -- (a ledger lies in the order in which it was written)
    INSERT INTO point_postings (customer_id, posting_id, kind, points, posted_at, pending, expires_at, order_id, posting_key, rule_id)
    SELECT customer_id, lot_id, 'earn', points, at, '14 days'::interval, at + interval '10 years', order_id, order_id, 1 FROM made
    UNION ALL
    SELECT customer_id, lot_id + (SELECT count(*) FROM made), 'redeem', -spent, at + interval '30 days', NULL, NULL, NULL, order_id, NULL
      FROM made WHERE spent > 0
     ORDER BY 5, 2;
    INSERT INTO point_allocations (customer_id, posting_id, lot_id, points)
    SELECT customer_id, lot_id + (SELECT count(*) FROM made), lot_id, spent FROM made WHERE spent > 0;
    INSERT INTO point_lots (customer_id, lot_id, remaining, is_open, expires_at, last_posting)
    SELECT customer_id, lot_id, points - spent, points > spent, at + interval '10 years',
           lot_id + CASE WHEN spent > 0 THEN (SELECT count(*) FROM made) ELSE 0 END FROM made;
    ALTER TABLE point_postings ENABLE TRIGGER USER;
    PERFORM setval(pg_get_serial_sequence('point_postings', 'posting_id'), max(posting_id)) FROM point_postings;
    DROP TABLE made;
END
$$;
CALL fill_points('big');
CALL fill_points('small');

-- Fifty who have one lot to pay with and so many that are used up, each by a payment of
-- its own, or have lapsed.
CREATE PROCEDURE fill_old_lots(first bigint, lots bigint)
    LANGUAGE plpgsql
AS $$
DECLARE
    base bigint;
BEGIN
    SET LOCAL search_path = big, "$user", public;
    SELECT max(posting_id) INTO base FROM point_postings;
    CREATE TEMP TABLE made AS
    SELECT first + c AS customer_id, base + 2 * (c * (lots + 1) + l) + 1 AS lot_id, l,
           timestamptz '2025-01-01 00:00+00' + l * interval '1 hour' AS at
      FROM generate_series(0, 49) c CROSS JOIN generate_series(0, lots) l
     ORDER BY 1, 2;
    INSERT INTO customers (customer_id) SELECT DISTINCT customer_id FROM made;
    ALTER TABLE point_postings DISABLE TRIGGER USER;
    INSERT INTO point_accounts (customer_id, balance, last_posted_at, last_posting)
    SELECT customer_id, 1000000000, max(at), max(lot_id) FROM made GROUP BY customer_id;
    INSERT INTO point_postings (customer_id, posting_id, kind, points, posted_at, available_at, expires_at, posting_key)
    SELECT customer_id, lot_id, 'adjust', CASE WHEN l < lots THEN 10 ELSE 1000000000 END, at, at,
           CASE WHEN l % 2 = 0 AND l < lots THEN at + interval '30 minutes' END, 'lot ' || l FROM made;
    INSERT INTO point_postings (customer_id, posting_id, kind, points, posted_at, posting_key)
    SELECT customer_id, lot_id + 1, CASE l % 2 WHEN 0 THEN 'expire' ELSE 'redeem' END, -10, at + interval '30 minutes',
           CASE l % 2 WHEN 1 THEN 'lot ' || l END FROM made WHERE l < lots;
    INSERT INTO point_allocations (customer_id, posting_id, lot_id, points)
    SELECT customer_id, lot_id + 1, lot_id, 10 FROM made WHERE l < lots;
    INSERT INTO point_lots (customer_id, lot_id, remaining, is_open, expires_at, last_posting)
    SELECT customer_id, lot_id, CASE WHEN l < lots THEN 0 ELSE 1000000000 END, l >= lots,
           CASE WHEN l % 2 = 0 AND l < lots THEN at + interval '30 minutes' END,
           lot_id + CASE WHEN l < lots THEN 1 ELSE 0 END FROM made;
    ALTER TABLE point_postings ENABLE TRIGGER USER;
    PERFORM setval(pg_get_serial_sequence('point_postings', 'posting_id'), max(posting_id)) FROM point_postings;
    DROP TABLE made;
END
$$;
CALL fill_old_lots(1000000000, 2000);
CALL fill_old_lots(2000000000, 20);

-- Each of them orders, and earns points.
CREATE PROCEDURE earn(first bigint)
    LANGUAGE plpgsql
AS $$
DECLARE
    number constant text := gen_random_uuid();
BEGIN
    INSERT INTO big.orders (customer_id, order_id, ordered_at, amount) SELECT first + c, number, now(), 10000 FROM generate_series(0, 49) c;
    PERFORM big.earn_points(first + c, number) FROM generate_series(0, 49) c;
END
$$;

-- Follow-ups: in both the same orders of June 2026, of which as many are new, on
-- their way, three days and a week after their arrival.
CREATE PROCEDURE fill_followups(shop text, orders bigint, customers bigint)
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('SET LOCAL search_path = %I, "$user", public', shop);
    INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at)
    SELECT i * (customers / orders), 'J' || i, ordered_at, 1000,
           CASE WHEN i % 4 > 0 THEN ordered_at + interval '12 hours' END,
           CASE WHEN i % 4 > 1 THEN ordered_at + interval '1 day' END
      FROM generate_series(1, orders) i
     CROSS JOIN LATERAL (SELECT timestamptz '2026-06-10 05:00+00' - scatter(i, 31, 18000) * interval '1 second'
                                - (ARRAY['0', '12 hours', '4 days', '8 days']::interval[])[1 + i % 4] AS ordered_at) o;
END
$$;
CALL fill_followups('big', 10000 / :scale, 500000 / :scale);
CALL fill_followups('small', 10000 / :scale, 50000 / :scale);

-- Work to be claimed: 100,000 arrival checks, and a bare queue that is a copy of it.
INSERT INTO big.followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at)
SELECT o.customer_id, s.step, o.order_id, s.step_id, s.channel, true, s.priority, o.delivered_at, o.delivered_at + s.delay, '2027-01-01', '2026-06-10 00:00+00', o.delivered_at + s.delay
  FROM (SELECT DISTINCT ON (o.customer_id) o.customer_id, o.order_id, o.delivered_at
          FROM big.orders o WHERE o.customer_id <= 100000 / :scale AND o.order_id NOT LIKE 'J%'
         ORDER BY o.customer_id, o.delivered_at DESC) o
  JOIN big.journey_steps s ON s.step = 'arrival_check';
CREATE TABLE queue (LIKE big.followups INCLUDING INDEXES);
INSERT INTO queue SELECT * FROM big.followups;

-- Work that waits for later on another channel: 300,000 and 3,000.
CREATE PROCEDURE fill_waiting(shop text, waiting bigint, customers bigint)
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('SET LOCAL search_path = %I, "$user", public', shop);
    INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at)
    SELECT i % customers + 1, s.step, 'W' || i, s.step_id, 'line', true, i % 10, at, at, '2027-01-01', '2026-06-01 00:00+00', at
      FROM generate_series(1, waiting) i
     CROSS JOIN LATERAL (SELECT timestamptz '2026-09-01 00:00+00' + scatter(i, 32, 864000) * interval '1 second' AS at) w
      JOIN journey_steps s ON s.step = 'seasonal';
END
$$;
CALL fill_waiting('big', 300000 / :scale, 500000 / :scale);
CALL fill_waiting('small', 3000 / :scale, 50000 / :scale);

-- What becomes due on one day, whatever the scale: 20,000 arrival checks, or one a
-- customer if those are fewer, and 600 an hour before, by which a connection gets warm.
-- And a bare queue for the same: a key to report by, another so that nothing is in it
-- twice, an index on when it is due, and in each row the message that is to be sent.
CREATE TABLE due_on_the_day AS SELECT least(20600, 500000 / :scale) AS orders, 500000 / :scale AS customers;
INSERT INTO big.orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at)
SELECT i * (d.customers / d.orders), 'K' || i, '2026-07-15 00:00+00', 1000, '2026-07-16 00:00+00',
       timestamptz '2026-07-17 02:00+00' + i * interval '10 milliseconds' - CASE WHEN i <= 600 THEN interval '1 hour' ELSE '0' END
  FROM due_on_the_day d CROSS JOIN LATERAL generate_series(1, d.orders) i;
CREATE TABLE due_queue (
    LIKE big.followups INCLUDING DEFAULTS,
    payload jsonb,
    PRIMARY KEY (followup_id),
    UNIQUE (customer_id, step, subject)
);
INSERT INTO due_queue (customer_id, step, subject, followup_id, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at, payload)
SELECT o.customer_id, s.step, o.order_id, o.customer_id, s.step_id, s.channel, true, s.priority, o.delivered_at, o.delivered_at + s.delay, '2027-01-01', '2026-07-20 00:00+00', o.delivered_at + s.delay,
       loyalcs.message(t.subject, t.body, false, '{}', '{name,amount,subject,currency,order_id,recipient,ordered_on,shipped_on,anchored_on,delivered_on}',
                       ARRAY[c.name, o.amount::text, o.order_id, 'JPY', o.order_id, c.email, '2026-07-15', '2026-07-16', '2026-07-17', '2026-07-17'],
                       '{kind,format,channel,language,recipient,content_key}', ARRAY[s.kind, t.format, s.channel, t.language, c.email, s.content_key])
  FROM big.orders o
  JOIN big.customers c ON c.customer_id = o.customer_id
  JOIN big.journey_steps s ON s.step = 'arrival_check'
  JOIN big.templates t ON t.key = s.content_key AND t.language = 'ja'
 WHERE o.order_id LIKE 'K%'
 ORDER BY o.delivered_at;
CREATE INDEX ON due_queue (channel, priority DESC, claimable_at) WHERE finished_at IS NULL;
RESET session_replication_role;

-- Work for the dispatcher: confirmations of orders, of customers who have none yet.
INSERT INTO mail.customers (customer_id, email)
SELECT i, 'm' || i || '@example.com' FROM generate_series(1, 60000 / :scale) i;
CREATE PROCEDURE more_mail(orders bigint)
    LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO mail.orders (customer_id, order_id, ordered_at, amount)
    SELECT c.customer_id, 'O', now(), 1000
      FROM mail.customers c
     WHERE NOT EXISTS (SELECT FROM mail.orders o WHERE o.customer_id = c.customer_id)
     ORDER BY c.customer_id
     LIMIT orders;
    SELECT mail.queue_followups();
END;

-- Customers who can pay with points again and again.
CREATE TABLE payers AS
SELECT row_number() OVER (ORDER BY scatter(customer_id, 31, 1000000000), customer_id) AS payer, customer_id
  FROM big.point_accounts
 WHERE balance > 1000;
ALTER TABLE payers ADD PRIMARY KEY (payer);

-- Tiers as of the last of these orders, and a day's more of them.
SELECT b.customers, s.customers FROM big.evaluate_tiers('2026-01-01 00:00+00') b, small.evaluate_tiers('2026-01-01 00:00+00') s;
CREATE PROCEDURE next_day(orders bigint, customers bigint)
    LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO big.orders (customer_id, order_id, ordered_at, amount)
    SELECT scatter(i, EXTRACT(epoch FROM s.evaluated_at)::bigint, customers) + 1, s.evaluated_at || ' ' || i,
           s.evaluated_at + scatter(i, 31, 86400) * interval '1 second', scatter(i, 32, 5000000)::numeric / 100
      FROM big.tier_state s
     CROSS JOIN generate_series(1, orders) i;
END;

-- What is kept of orders, as after a night.
SELECT big.refresh_kept_figures() + small.refresh_kept_figures() AS customers_kept;
-- What a board shows, one figure after the other, as a hash, with what is kept of a shop
-- or without it, as of an instant: that it is kept is taken away, which costs some rows, and put back.
CREATE FUNCTION board(shop text, figures text[], keeping boolean, as_of timestamptz DEFAULT now()) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    figure text;
    shown text;
    said text := '';
BEGIN
    IF NOT keeping THEN
        EXECUTE format('DELETE FROM %I.kept_cohorts', shop);
        EXECUTE format('DELETE FROM %I.day_keeping', shop);
        EXECUTE format('DELETE FROM %I.ticket_keeping', shop);
    END IF;
    FOREACH figure IN ARRAY figures LOOP
        EXECUTE format('SELECT string_agg(f::text, chr(10) ORDER BY f::text) FROM (SELECT * FROM %I.%I(%L) %s OFFSET 0) f',
                       shop, split_part(figure, ' ', 1) || '_at', as_of, substr(figure, strpos(figure || ' ', ' '))) INTO shown;
        said := said || coalesce(shown, 'none') || chr(12);
    END LOOP;
    RAISE EXCEPTION USING ERRCODE = 'LC000', MESSAGE = md5(said);
EXCEPTION WHEN SQLSTATE 'LC000' THEN
    RETURN SQLERRM;
END $$;

-- A row is known to be visible to all only once its commit is on disk, which
-- the server of the tests does not wait for.
CHECKPOINT;
VACUUM ANALYZE;

-- What is measured is warm from the start.
CREATE EXTENSION pg_prewarm;
CREATE EXTENSION pgstattuple;
SELECT sum(pg_prewarm(c.oid)) AS pages_read
  FROM pg_class c
 WHERE c.relkind IN ('r', 'i') AND c.relnamespace::regnamespace::text IN ('public', 'big', 'small');
SELECT big.refresh_rfm_cuts() + small.refresh_rfm_cuts() AS customers_scored;
-- (by the nights before a report, too, of which it tells)
SELECT big.refresh_outlook(m.at) FROM (VALUES (timestamptz '2025-12-31 03:00+09'), ('2026-06-30 03:00+09'), ('2026-09-30 03:00+09')) m (at);
SELECT big.refresh_outlook() + small.refresh_outlook() AS customers_modelled;

-- Comments of a hundred characters, and words for twenty themes, some of which are
-- in every other comment.
CREATE FUNCTION word(i bigint) RETURNS text
    LANGUAGE sql IMMUTABLE
RETURN chr(12353 + scatter(i, 20, 80)::integer) || chr(19968 + scatter(i, 21, 2000)::integer) || chr(12353 + scatter(i, 22, 80)::integer);
CREATE UNLOGGED TABLE comments AS
SELECT i, (SELECT left(string_agg(word(scatter(i * 64 + k, 23, 20000)), '' ORDER BY k), 100) FROM generate_series(1, 34) k) AS body
  FROM generate_series(1::bigint, 200000 / :scale) i;
CREATE TABLE theme_words AS
SELECT 'theme' || i % 20 AS theme, word(i) AS word, i <= 400 AS few
  FROM (SELECT generate_series(1::bigint, 400) UNION ALL SELECT generate_series(30001::bigint, 33600)) w (i);
CREATE TABLE lexicons AS
SELECT few, string_agg(theme || ': ' || words, '; ' ORDER BY theme)::loyalcs.lexicon AS words
  FROM (SELECT f.few, w.theme, string_agg(w.word, ', ' ORDER BY w.word COLLATE "C") AS words
          FROM (VALUES (true), (false)) f (few) JOIN theme_words w ON w.few OR NOT f.few GROUP BY 1, 2) t
 GROUP BY few;
CREATE TABLE theme_patterns AS
SELECT theme, string_agg(word, '|' ORDER BY word COLLATE "C") AS pattern FROM theme_words WHERE few GROUP BY theme;
