-- Asked for one customer, a view reads that customer's rows.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
UPDATE settings SET live_since = '2024-01-01 00:00+09';

-- (While the server analyzes a table by itself, what was deleted meanwhile stays, and is read.)
DO $$
DECLARE
    t regclass;
BEGIN
    FOR t IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', t);
    END LOOP;
END
$$;
INSERT INTO surveys VALUES ('s', 'x');
INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high) VALUES ('s', 'q', 'nps', 'x', 0, 10);

-- So many more customers, each with something of everything.
CREATE PROCEDURE pg_temp.grow(first integer, last integer) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO customers (customer_id, joined_at, name, email, phone)
    SELECT 'c' || i, '2024-12-01 00:00+09', 'N', 'c' || i || '@example.com', '03-' || i FROM generate_series(first, last) i;
    INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at)
    SELECT 'c' || i, 'o' || n, timestamptz '2025-01-01 00:00+09' + i * interval '1 hour' + n * interval '20 days', 1000,
           timestamptz '2025-01-02 00:00+09' + i * interval '1 hour' + n * interval '20 days', timestamptz '2025-01-03 00:00+09' + i * interval '1 hour' + n * interval '20 days'
      FROM generate_series(first, last) i, generate_series(1, 4) n;
    -- and the last of late, so that messages are due
    INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at)
    SELECT 'c' || i, 'o5', '2025-12-18 12:00+09', 1000, '2025-12-18 13:00+09', '2025-12-20 12:00+09' FROM generate_series(first, last) i;
    INSERT INTO order_items (customer_id, order_id, line, product_id, amount)
    SELECT o.customer_id, o.order_id, 1, 'p', 1000 FROM orders o WHERE substr(o.customer_id, 2)::integer BETWEEN first AND last;
    INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund)
    SELECT 'c' || i, 'r', 'o1', '2025-12-01 00:00+09', 100 FROM generate_series(first, last) i;
    INSERT INTO tickets (customer_id, ticket_id, channel, reason) SELECT 'c' || i, 't', 'email', 'delivery' FROM generate_series(first, last) i;
    INSERT INTO ticket_events (customer_id, ticket_id, at, kind) SELECT 'c' || i, 't', '2025-12-01 00:00+09', 'opened' FROM generate_series(first, last) i;
    INSERT INTO survey_responses (customer_id, response_id, survey, responded_at) SELECT 'c' || i, 'a', 's', '2025-12-01 00:00+09' FROM generate_series(first, last) i;
    INSERT INTO survey_answers (customer_id, response_id, survey, question, score) SELECT 'c' || i, 'a', 's', 'q', 9 FROM generate_series(first, last) i;
    INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars, body) SELECT 'c' || i, 'v', 'p', '2025-12-01 00:00+09', 5, '良い' FROM generate_series(first, last) i;
    INSERT INTO hearings (customer_id, month, picked_at, picked_for, reason, result, called_at, note)
    SELECT 'c' || i, '2025-12-01', '2025-12-01 00:00+09', 'repeat_buyer', 'x', 'heard', '2025-12-01 00:00+09', '良い' FROM generate_series(first, last) i;
    INSERT INTO posts (post_id, customer_id, network, published_at, body) SELECT 'c' || i, 'c' || i, 'x', '2025-12-01 00:00+09', '良い' FROM generate_series(first, last) i;
    INSERT INTO customer_ids SELECT 'c' || i, 'shopify', 'c' || i FROM generate_series(first, last) i;
    INSERT INTO consents SELECT 'c' || i, 'all', 'all', '2025-12-01 00:00+09', true FROM generate_series(first, last) i;
    INSERT INTO subscriptions SELECT 'c' || i, 's', '2025-12-01 00:00+09' FROM generate_series(first, last) i;
    INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at, finished_at, outcome)
    SELECT 'c' || i, s.step, 'o1', s.step_id, 'email', true, 1, d, d, d, d, d, d, 'sent'
      FROM generate_series(first, last) i, journey_steps s, (VALUES (timestamptz '2025-12-01 00:00+09')) v (d) WHERE s.step = 'one_month';
    PERFORM earn_points('c' || i, 'o1', '2025-02-01 00:00+09') FROM generate_series(first, last) i;
    PERFORM evaluate_tiers('2026-01-01 12:00+09');
    PERFORM refresh_rfm_cuts('2026-01-01 12:00+09');
END
$$;

-- How many entries of tables and indexes a statement reads. Small tables are read
-- through where that is quicker, so it is not: what an index can give is asked of it.
-- (Whether the tables have been analyzed is not left to chance, and entries of rows
-- that are gone are read by whoever comes first.)
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_mergejoin = off;
SET enable_hashjoin = off;
CREATE FUNCTION pg_temp.reads(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    counted constant text := $q$SELECT sum(pg_stat_get_xact_tuples_returned(c.oid)) FROM pg_class c WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind IN ('r', 'i')
        AND c.relname !~ '^shop_|^journey'$q$;
    before bigint;
    after bigint;
    n bigint;
BEGIN
    EXECUTE statement;
    EXECUTE counted INTO before;
    EXECUTE statement INTO n;
    EXECUTE counted INTO after;
    RETURN after - before;
END
$$;
CREATE TEMP TABLE asked AS
SELECT c.relname::text AS view, w.way,
       CASE w.way WHEN 1 THEN format('SELECT count(*) FROM (SELECT * FROM %I_at(''2026-01-01 12:00+09'') v WHERE v.customer_id = ''c7'' OFFSET 0) s', c.relname)
                  WHEN 3 THEN format('SELECT count(*) FROM (SELECT * FROM %I_at(''2026-01-01 12:00+09'') v WHERE v.customer_id IN (''c7'', ''c8'') OFFSET 0) s', c.relname)
                  ELSE format('SELECT count(*) FROM (VALUES (''c7''), (''c8'')) l (customer_id) CROSS JOIN LATERAL (SELECT * FROM %I_at(''2026-01-01 12:00+09'') v WHERE v.customer_id = l.customer_id OFFSET 0) s', c.relname) END AS statement
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'customer_id'
 CROSS JOIN (VALUES (1), (2), (3)) w (way)
 WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'v'
UNION ALL
SELECT f.name, f.way, f.statement
  FROM (VALUES ('customer_rfm()', 1, 'SELECT count(*) FROM customer_rfm(''c7'', ''2026-01-01 12:00+09'')'),
               ('customer_rfm()', 2, 'SELECT count(*) FROM (SELECT c.customer_id FROM customers c WHERE c.customer_id IN (''c7'', ''c8'')) l CROSS JOIN LATERAL customer_rfm(l.customer_id, ''2026-01-01 12:00+09'')'),
               ('customer_tier()', 1, 'SELECT count(customer_tier(''c7'', ''2026-01-01 12:00+09''))'),
               ('points_balance()', 1, 'SELECT count(*) FROM points_balance(''c7'', ''2026-01-01 12:00+09'')')) f (name, way, statement)
UNION ALL
-- the card, and each part of it
SELECT p.proname, 1, format('SELECT count(%I(''c7'', ''2026-01-01 12:00+09''))', p.proname)
  FROM pg_proc p
 WHERE p.pronamespace = 'shop'::regnamespace AND p.proname ~ '^card_|^customer_card_at$';
CALL pg_temp.grow(1, 50);
ALTER TABLE asked ADD small bigint, ADD large bigint;
VACUUM ANALYZE;
UPDATE asked SET small = pg_temp.reads(statement);
CALL pg_temp.grow(51, 300);
VACUUM ANALYZE;
UPDATE asked SET large = pg_temp.reads(statement);
-- One more or less is the depth of an index. (What is due is found for all at once; what
-- lacks a customer for a tier, or points, is found for one, or for all.)
SELECT view, way FROM asked WHERE large > 1.5 * small + 20 AND view NOT IN ('followups_due', 'followups_suppressed')
                              AND NOT (way = 3 AND view IN ('tier_progress', 'points_unsettled', 'escalations_due')) ORDER BY 1, 2;
SELECT count(DISTINCT view) > 15 AS views FROM asked;
-- Nor are the postings that are over of one who has had a hundred times as many as the others.
RESET enable_mergejoin;
RESET enable_hashjoin;
SELECT count(adjust_points('c7', 1, 'given ' || i)), count(adjust_points('c7', -1, 'taken ' || i)) FROM generate_series(1, 300) i;
VACUUM ANALYZE;
SELECT pg_temp.reads('SELECT count(*) FROM points_balance(''c7'')') < 400 AS reads_little;
