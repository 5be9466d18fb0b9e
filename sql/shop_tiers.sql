-- Tiers: rules, evaluation, what is missing, what a tier is worth.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
SET jit = off;

SET search_path = shop;

--
-- Rules
--

-- What is there from the start.
SELECT rule_id, tier, rank, min_spend, min_orders, top_share, match, period, length, grace, soft_landing, benefits, valid FROM tier_rules;
-- What a rule cannot be.
SELECT s.given, pg_temp.outcome(format('INSERT INTO tier_rules (tier, rank, valid, %s) VALUES (''Gold'', 2, ''(,)'', %s)',
                                       split_part(s.given, ' = ', 1), split_part(s.given, ' = ', 2)))
  FROM (VALUES ('min_orders = 1'), ('min_orders = NULL'), ('min_orders = 0'), ('min_spend = 0'), ('min_spend = 0.00001'), ('min_spend = 1000000000001'),
               ('top_share = 0'), ('top_share = 1.01'), ('top_share = ''NaN'''), ('top_share = 0.2')) s (given);
SELECT s.given, pg_temp.outcome(format('INSERT INTO tier_rules (tier, rank, min_orders, %s) VALUES (''Gold'', 2, 5, %s)',
                                       split_part(s.given, ' = ', 1), split_part(s.given, ' = ', 2)))
  FROM (VALUES ('match = ''most'''), ('period = ''weekly'''), ('length = NULL'), ('length = ''0'''), ('length = ''-1 day'''), ('length = ''1 month -1 days'''),
               ('length = ''1 day -1 second'''), ('length = ''36501 days'''), ('length = ''36500 days'''), ('grace = ''-1 day'''), ('grace = ''1 month -1 days'''),
               ('grace = ''36501 days'''), ('benefits = ''[]'''), ('valid = ''(2024-01-01,)'''), ('valid = ''[2024-01-01,2025-01-01]'''),
               ('valid = ''empty''')) s (given);
SELECT pg_temp.outcome('INSERT INTO tier_rules (tier, rank, min_orders) VALUES ('''', 2, 1)') AS no_name,
       pg_temp.outcome('INSERT INTO tier_rules (tier, rank, min_orders, period, length) VALUES (''Gold'', 2, 1, ''lifetime'', NULL)') AS no_length;
-- A tier has one rank, a rank one tier; at other times, and by other ways, it may be.
SELECT s.given, pg_temp.outcome(format('INSERT INTO tier_rules (min_orders, tier, rank, valid) VALUES (1, %s)', s.given))
  FROM (VALUES ('''VIP'', 2, ''(,)'''), ('''Gold'', 1, ''[2030-01-01,)'''), ('''VIP'', 1, ''(,)'''), ('''Gold'', 1, ''empty''')) s (given);

--
-- Evaluation
--

-- Nobody is there yet.
BEGIN;
SELECT evaluated_at = '2024-01-01 00:00+09' AS evaluated, customers, raised, lowered, changes FROM evaluate_tiers('2024-01-01 00:00+09');
ROLLBACK;

INSERT INTO customers (customer_id, joined_at) SELECT unnest('{ann,ben,cho,dan}'::text[]), '2023-12-01 00:00+09';
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('ann', '1', '2024-01-10 12:00+09', 60000), ('ann', '2', '2024-03-10 12:00+09', 50000),
    ('ben', '1', '2024-01-20 12:00+09', 1000), ('ben', '2', '2024-02-20 12:00+09', 1000), ('ben', '3', '2024-03-20 12:00+09', 1000),
    ('cho', '1', '2024-01-30 12:00+09', 99000);
CREATE FUNCTION pg_temp.history() RETURNS TABLE (customer_id text, since timestamp, until timestamp, tier text, rank integer, rule_id bigint, spent numeric, orders bigint, review timestamp)
LANGUAGE sql AS $$
    SELECT customer_id, valid_from AT TIME ZONE 'Asia/Tokyo', valid_until AT TIME ZONE 'Asia/Tokyo', tier, rank, rule_id, spent, orders, review_at AT TIME ZONE 'Asia/Tokyo'
      FROM tier_history ORDER BY customer_id, valid_from
$$;
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2024-03-15 00:00+09');
SELECT * FROM pg_temp.history();
SELECT customer_id, review_at AT TIME ZONE 'Asia/Tokyo' AS review FROM tier_queue;
-- Twice is once: no row is written, none even locked.
CREATE TEMP TABLE before AS SELECT ctid AS place, xmin AS writer, xmax AS locker FROM tier_history;
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2024-03-15 00:00+09');
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2024-03-15 00:00+09', everyone => true);
SELECT count(*) AS touched FROM (SELECT ctid, xmin, xmax FROM tier_history EXCEPT TABLE before) d;
-- An instant that has been evaluated already: nothing goes.
SELECT evaluated_at = '2024-03-15 00:00+09' AS stays, customers, changes FROM evaluate_tiers('2024-02-01 00:00+09');
-- ben's third order comes to pass.
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2024-03-20 12:00+09');
SELECT count(*) AS queued FROM tier_queue;
-- Nobody has changed where nothing has; a refund calls for a look.
UPDATE orders SET amount = amount;
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES ('ann', '1', '2', '2024-03-12 00:00+09', 10001);
SELECT DISTINCT customer_id FROM customer_changes;
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2024-04-01 00:00+09');
UPDATE returns SET refund = 10000;
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2024-04-01 00:00+09');
DELETE FROM returns;
UPDATE orders SET cancelled_at = '2024-03-30 00:00+09' WHERE customer_id = 'ben' AND order_id = '2';
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('cho', '2', '2024-02-01 12:00+09', 1000);
DELETE FROM orders WHERE customer_id = 'cho' AND order_id = '1';
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2024-04-01 00:00+09');
SELECT * FROM pg_temp.history();
-- Who has no order left has no history.
DELETE FROM orders WHERE customer_id = 'ben';
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2024-04-01 00:00+09');
SELECT * FROM pg_temp.history();
-- The year is over for one of ann's orders; she is looked at and nobody else.
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2025-01-10 11:59+09');
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2025-01-10 12:00+09');
SELECT * FROM pg_temp.history();
-- All orders gone at once.
BEGIN;
TRUNCATE orders CASCADE;
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2025-01-10 12:00+09');
SELECT * FROM pg_temp.history();
ROLLBACK;
-- A trigger that is switched off, an hour that is set anew: everyone.
BEGIN;
ALTER TABLE orders DISABLE TRIGGER note_new_customers;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('dan', '1', '2024-02-01 12:00+09', 100000);
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2025-01-10 12:00+09');
ROLLBACK;
BEGIN;
UPDATE settings SET time_zone = 'Europe/Berlin';
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2025-01-10 12:00+09');
ROLLBACK;
-- Whoever asks does not wait for an evaluation: whatever has happened since, the answer
-- is what it will be after it, of everyone, at every instant.
CREATE FUNCTION pg_temp.answers_after(VARIADIC statements text[]) RETURNS TABLE (changed boolean, same boolean) LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    told text[] := '{}';
    asked constant text := $q$
        SELECT array_agg(concat_ws(' ', c.customer_id, at, customer_tier(c.customer_id, at), customer_benefits(c.customer_id, at)) ORDER BY c.customer_id, at)
          FROM customers c, unnest('{2024-01-01 00:00+09,2024-03-11 00:00+09,2024-03-20 12:00+09,2024-06-01 00:00+09,2025-01-10 12:00+09,2025-03-10 12:00+09,2026-01-01 00:00+09}'::timestamptz[]) at
         WHERE at <= $1 $q$;
    answer text[];
BEGIN
    FOREACH statement IN ARRAY '{""}'::text[] || statements LOOP
        IF statement <> '' THEN
            EXECUTE statement;
        END IF;
        EXECUTE asked INTO answer USING timestamptz '2026-01-01 00:00+09';
        told := told || answer::text;
    END LOOP;
    PERFORM evaluate_tiers('2026-01-01 00:00+09');
    EXECUTE asked INTO answer USING timestamptz '2026-01-01 00:00+09';
    RAISE EXCEPTION USING ERRCODE = 'LC000', MESSAGE = told[1] <> told[cardinality(told)], DETAIL = told[cardinality(told)] = answer::text;
EXCEPTION
    WHEN SQLSTATE 'LC000' THEN
        GET STACKED DIAGNOSTICS changed = MESSAGE_TEXT, same = PG_EXCEPTION_DETAIL;
        RETURN NEXT;
END
$$;
SELECT s.place, a.changed, a.same
  FROM (VALUES
    (1, ARRAY['INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES (''dan'', ''9'', ''2024-03-11 00:00+09'', 100000)']),
    (2, ARRAY['UPDATE orders SET amount = 0']),
    (3, ARRAY['DELETE FROM orders']),
    (4, ARRAY['TRUNCATE orders CASCADE']),
    (5, ARRAY['UPDATE orders SET customer_id = ''dan'', order_id = ''m'' || order_id WHERE customer_id = ''ann''']),
    (6, ARRAY['UPDATE orders SET cancelled_at = ''2024-03-15 00:00+09''']),
    (7, ARRAY['INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) SELECT customer_id, order_id, order_id, ''2024-04-01 00:00+09'', amount FROM orders']),
    (8, ARRAY['INSERT INTO tier_rules (tier, rank, min_spend, valid) VALUES (''Any'', 0, 1, ''(,)'')']),
    (9, ARRAY['UPDATE tier_rules SET valid = tstzrange(lower(valid), ''2025-01-11 00:00+09'')']),
    (10, ARRAY['TRUNCATE tier_history, tier_state, tier_queue']),
    (11, ARRAY['DELETE FROM customer_change_readers']),
    (12, ARRAY['INSERT INTO tier_rules (tier, rank, top_share, match, valid) VALUES (''Top'', 2, 0.5, ''any'', ''(,)'')',
               'INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES (''dan'', ''9'', ''2024-03-11 00:00+09'', 100000)',
               'SELECT FROM evaluate_tiers(''2024-03-12 00:00+09'')',
               'UPDATE tier_cuts SET spent_at_least = 1']),
    (13, ARRAY['SELECT FROM evaluate_tiers(''2025-02-10 12:00+09'')',
               'INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES (''dan'', ''9'', ''2025-03-01 00:00+09'', 100000)',
               'SELECT FROM evaluate_tiers(''2025-02-10 12:00+09'')'])      -- what comes to pass
  ) s (place, statements)
 CROSS JOIN LATERAL pg_temp.answers_after(VARIADIC s.statements) a
 ORDER BY s.place;

-- Not an instant.
SELECT pg_temp.outcome('SELECT evaluate_tiers(NULL)');
SELECT pg_temp.outcome('SELECT evaluate_tiers(''infinity'')');
SELECT pg_temp.outcome('SELECT evaluate_tiers(''2024-01-01 00:00+00'', NULL)') LIKE '22023 tiers are evaluated%everyone is NULL.' AS refused;

-- A rule that tiers were evaluated by is ended, and that no earlier.
SELECT s.statement, split_part(pg_temp.outcome(s.statement), E'\n', 1)
  FROM (VALUES
    ('UPDATE tier_rules SET min_spend = 1'), ('UPDATE tier_rules SET benefits = ''{}'''), ('UPDATE tier_rules SET valid = ''empty'''),
    ('UPDATE tier_rules SET valid = ''[2020-01-01,)'''), ('UPDATE tier_rules SET valid = ''(,2025-01-10 11:59+09)'''), ('DELETE FROM tier_rules'),
    ('UPDATE tier_rules SET valid = ''(,2025-01-10 12:00+09)'''), ('UPDATE tier_rules SET valid = tstzrange(lower(valid), now())'),
    ('UPDATE tier_rules SET valid = valid'),
    ('INSERT INTO tier_rules (tier, rank, min_orders, valid) VALUES (''Gold'', 2, 9, ''[2025-01-11,)''); DELETE FROM tier_rules WHERE tier = ''Gold''')
  ) s (statement);
SET timezone = 'Asia/Tokyo';
UPDATE tier_rules SET min_spend = 1;
SET timezone = 'Pacific/Kiritimati';

--
-- What applications ask
--

SELECT customer_tier('ann', '2024-03-10 12:00+09'), customer_tier('ann', '2024-03-10 11:59+09') IS NULL AS before,
       customer_tier('ann', '2025-01-10 12:00+09') IS NULL AS after, customer_tier('ann') IS NULL AS now, customer_tier('nobody') IS NULL AS nobody;
SELECT customer_benefits('ann', '2024-03-10 12:00+09') -> 'birthday_gift' AS gift, customer_benefits('ann') IS NULL AS none;
-- A ticket takes the tier along; one that says its own keeps it.
BEGIN;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ann', '9', now() - interval '1 day', 100000);
SELECT raised FROM evaluate_tiers();
INSERT INTO tickets (customer_id, ticket_id, channel, tier) VALUES ('ann', '1', 'line', NULL), ('ann', '2', 'line', 'friend'), ('ben', '1', 'line', NULL);
SELECT customer_id, ticket_id, tier FROM tickets ORDER BY 1, 2;
ROLLBACK;
SELECT part, count(*) FROM customer_breakdown('tier', '2024-03-11 12:00+09') GROUP BY part ORDER BY part;

-- How much more: as of an instant, by the orders until then, whether evaluated or not.
CREATE FUNCTION pg_temp.progress(at timestamptz) RETURNS TABLE (customer_id text, tier text, goal text, goal_tier text, rule_id bigint, spent numeric, orders bigint, needs text, until timestamp, message text, message_ja text)
LANGUAGE sql AS $$
    SELECT customer_id, tier, goal, goal_tier, rule_id, spent, orders, match || ' ' || coalesce(spend_needed::text, '-') || ' ' || coalesce(orders_needed::text, '-'),
           needed_by AT TIME ZONE 'Asia/Tokyo', message, message_ja
      FROM tier_progress_at(at) ORDER BY customer_id, rule_id
$$;
SELECT * FROM pg_temp.progress('2023-11-01 00:00+09');
SELECT * FROM pg_temp.progress('2024-02-15 00:00+09');
SELECT * FROM pg_temp.progress('2024-03-11 00:00+09') WHERE customer_id = 'ann';
-- What it says is enough is enough, and a little less is not.
BEGIN;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ann', '3', '2025-01-10 11:59+09', 49999);
SELECT evaluated_at > '2025-01-01' AS evaluated FROM evaluate_tiers('2025-01-10 12:00+09');
SELECT customer_tier('ann', '2025-01-10 12:00+09');
UPDATE orders SET amount = 50000 WHERE order_id = '3';
SELECT evaluated_at > '2025-01-01' AS evaluated FROM evaluate_tiers('2025-01-10 12:00+09');
SELECT customer_tier('ann', '2025-01-10 12:00+09');
ROLLBACK;
-- Several tiers, several ways.
BEGIN;
INSERT INTO tier_rules (rule_id, tier, rank, min_spend, min_orders, match, period, valid) VALUES
    (11, 'Gold', 2, 200000, 3, 'all', 'calendar_year', '(,)'), (12, 'Gold', 2, 1000000, NULL, 'any', 'lifetime', '(,)'), (13, 'Platinum', 3, NULL, 20, 'any', 'lifetime', '[2024-03-01,2024-05-01)');
SELECT * FROM pg_temp.progress('2024-03-11 00:00+09');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('dan', '1', '2024-03-01 12:00+09', 1000000.5);
SELECT * FROM pg_temp.progress('2024-03-11 00:00+09') WHERE customer_id = 'dan';
ALTER TABLE settings DISABLE TRIGGER check_currency;   -- there are orders
UPDATE settings SET currency = 'USD', time_zone = 'America/New_York';
SELECT message, message_ja FROM tier_progress_at('2024-03-11 00:00+09') WHERE customer_id = 'dan' ORDER BY 1;
ROLLBACK;
-- By key it is the same.
SELECT message FROM tier_progress_at('2024-03-11 00:00+09') WHERE customer_id = 'ann';

-- What a tier is worth, and who comes and goes.
BEGIN;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('dan', '1', '2024-04-01 12:00+09', 9000);
SELECT evaluated_at > '2025-01-01' AS evaluated FROM evaluate_tiers('2025-01-01 00:00+09');
SELECT * FROM tier_summary_at('2024-06-01 00:00+09');
ROLLBACK;
SELECT * FROM tier_summary_at('2020-01-01 00:00+09');
SELECT * FROM tier_movements_at('2024-05-15 00:00+09');
SELECT * FROM tier_movements_at('2025-01-15 00:00+09') WHERE month >= '2024-12-01';
SELECT * FROM tier_movements_at('2020-01-01 00:00+09');
SELECT * FROM tier_history WHERE false;

--
-- Top shares: the best fifth by spending, found when everyone is evaluated
--

SELECT FROM loyalcs.create_shop('shop_tiers_top');
SET search_path = shop_tiers_top;
DELETE FROM tier_rules;
INSERT INTO tier_rules (rule_id, tier, rank, top_share, period, length, valid) VALUES (1, 'Best', 1, 0.2, 'rolling', '1 year', '(,)');
INSERT INTO customers (customer_id) SELECT 'c' || n FROM generate_series(1, 10) n;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'c' || n, '1', '2024-01-01 12:00+09', 1000 * n FROM generate_series(1, 10) n;
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2024-02-01 00:00+09');
SELECT rule_id, as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, customers, spent_at_least FROM tier_cuts;
SELECT customer_id, since, tier, spent FROM pg_temp.history() ORDER BY 1;
-- The cut stays while only some are evaluated; who reaches it is in.
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('c1', '2', '2024-02-10 12:00+09', 8000), ('c2', '2', '2024-02-10 12:00+09', 6999);
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2024-03-01 00:00+09');
SELECT count(*) AS cuts FROM tier_cuts;
-- With everyone there is a new one, as plain SQL finds it; equal customers share a fate: two have
-- 9,000, and with them three would be the best two of ten, so they are out.
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2024-03-02 00:00+09', everyone => true);
SELECT spent_at_least, (SELECT min(spent) FROM (SELECT sum(amount) AS spent FROM orders GROUP BY customer_id ORDER BY 1 DESC LIMIT 2) s) AS by_hand
  FROM tier_cuts ORDER BY as_of DESC LIMIT 1;
SELECT customer_id, customer_tier(customer_id, '2024-03-01 23:59+09') AS before, customer_tier(customer_id, '2024-03-02 00:00+09') AS after
  FROM customers WHERE customer_id IN ('c1', 'c9', 'c10') ORDER BY 1;
-- With other conditions: any and all.
BEGIN;
INSERT INTO tier_rules (rule_id, tier, rank, top_share, min_spend, min_orders, match, valid) VALUES
    (2, 'Friend', 2, 0.1, 20000, 2, 'any', '(,)'), (3, 'Love', 3, 0.3, 9000, 2, 'all', '(,)');
SELECT changes > 0 AS changed FROM evaluate_tiers('2024-03-03 00:00+09');
SELECT rule_id, spent_at_least FROM tier_cuts WHERE as_of = '2024-03-03 00:00+09' ORDER BY 1;
SELECT customer_id, tier, rule_id, since FROM pg_temp.history() WHERE until IS NULL ORDER BY 1;
ROLLBACK;

--
-- Orders from elsewhere: no trigger tells what changes, so everyone is looked at
--

CREATE SCHEMA shop_tiers_view;
CREATE TABLE shop_tiers_view.sales AS TABLE shop_tiers_top.orders;
CREATE VIEW shop_tiers_view.orders AS TABLE shop_tiers_view.sales;
SELECT FROM loyalcs.create_shop('shop_tiers_view');
SET search_path = shop_tiers_view;
SELECT customer_changes_are_noted('{orders,returns}') AS here, shop.customer_changes_are_noted('{orders,returns}') AS there;
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2024-02-01 00:00+09');
UPDATE sales SET amount = 100000 WHERE customer_id = 'c5';
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2024-02-01 00:00+09');
SELECT customer_id, since, tier, spent FROM pg_temp.history();

--
-- However often it is evaluated: two shops with the same orders, one evaluated
-- every week while they come in (some a month late), one once; and both against
-- plain SQL that goes through every day
--

-- Everything happens at local noon, where clocks change by half an hour.
SELECT FROM loyalcs.create_shop('shop_tiers_often', 'Australia/Lord_Howe');
SELECT FROM loyalcs.create_shop('shop_tiers_once', 'Australia/Lord_Howe');
CREATE FUNCTION pg_temp.noon(day integer) RETURNS timestamptz LANGUAGE sql AS
$$ SELECT (timestamp '2024-01-01 12:00' + make_interval(days => day)) AT TIME ZONE 'Australia/Lord_Howe' $$;
CREATE FUNCTION pg_temp.dice(word text, n bigint, sides integer) RETURNS integer LANGUAGE sql IMMUTABLE AS
$$ SELECT abs(hashtext(word || n) % sides) $$;
CREATE TEMP TABLE made AS
SELECT n, 'c' || pg_temp.dice('customer', n, 40) AS customer_id, n::text AS order_id, pg_temp.dice('day', n, 500) AS day,
       1000 * pg_temp.dice('amount', n, 30)::numeric AS amount,
       CASE WHEN pg_temp.dice('cancels', n, 8) = 0 THEN pg_temp.dice('day', n, 500) + pg_temp.dice('later', n, 60) END AS cancelled,
       CASE WHEN pg_temp.dice('returns', n, 5) = 0 THEN pg_temp.dice('day', n, 500) + pg_temp.dice('after', n, 200) END AS returned,
       CASE WHEN pg_temp.dice('late', n, 7) = 0 THEN 30 ELSE 0 END AS late
  FROM generate_series(1, 500) n;
CREATE FUNCTION pg_temp.rules(shop text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', shop, true);
    DELETE FROM tier_rules;
    INSERT INTO tier_rules (rule_id, tier, rank, min_spend, min_orders, match, period, length, grace, soft_landing, valid) VALUES
        (1, 'Silver', 1, 30000, 3, 'any', 'rolling', '90 days', '0', false, tstzrange(NULL, pg_temp.noon(250))),
        (2, 'Silver', 1, 30000, 3, 'all', 'rolling', '3 months', '14 days', false, tstzrange(pg_temp.noon(250), NULL)),
        (3, 'Gold', 2, 60000, 3, 'all', 'rolling', '120 days', '20 days', true, '(,)'),
        (4, 'Gold', 2, 150000, NULL, 'any', 'lifetime', NULL, '1 month', true, tstzrange(pg_temp.noon(100), pg_temp.noon(400))),
        (5, 'Platinum', 3, 110000, NULL, 'any', 'calendar_year', NULL, '10 days', true, '(,)');
    INSERT INTO customers (customer_id) SELECT DISTINCT customer_id FROM made;
END
$$;
-- What is known on a day, since another.
CREATE FUNCTION pg_temp.enter(shop text, since integer, until integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', shop, true);
    INSERT INTO orders (customer_id, order_id, ordered_at, amount)
    SELECT customer_id, order_id, pg_temp.noon(day), amount FROM made WHERE day + late > since AND day + late <= until;
    UPDATE orders o SET cancelled_at = pg_temp.noon(cancelled) FROM made m
     WHERE m.order_id = o.order_id AND cancelled + late > since AND cancelled + late <= until;
    INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund)
    SELECT customer_id, order_id, order_id, pg_temp.noon(returned), div(amount * (n % 4), 3 * 1000) * 1000 FROM made
     WHERE n % 4 > 0 AND amount > 0 AND returned + late > since AND returned + late <= until;
END
$$;
SELECT FROM pg_temp.rules('shop_tiers_often');
SELECT FROM pg_temp.rules('shop_tiers_once');
CREATE TEMP TABLE evaluation (week integer, customers bigint, changes bigint);
DO $$
BEGIN
    FOR week IN 0 .. 100 LOOP
        PERFORM pg_temp.enter('shop_tiers_often', week * 7 - 7, week * 7);
        INSERT INTO pg_temp.evaluation SELECT week, e.customers, e.changes FROM shop_tiers_often.evaluate_tiers(pg_temp.noon(week * 7)) e;
    END LOOP;
    PERFORM pg_temp.enter('shop_tiers_once', -7, 700);
END
$$;
SELECT count(*) AS evaluations, count(*) FILTER (WHERE customers = 40) AS of_everyone, count(*) FILTER (WHERE changes = 0) > 5 AS of_nothing FROM evaluation;
SELECT evaluated_at = pg_temp.noon(700) AS once FROM shop_tiers_once.evaluate_tiers(pg_temp.noon(700));
-- An evaluation in the past is the past.
BEGIN;
DELETE FROM shop_tiers_once.tier_state;
DELETE FROM shop_tiers_once.tier_history;
SELECT evaluated_at = pg_temp.noon(300) AS past FROM shop_tiers_once.evaluate_tiers(pg_temp.noon(300));
CREATE TEMP TABLE then_ ON COMMIT PRESERVE ROWS AS TABLE shop_tiers_once.tier_history;
DELETE FROM shop_tiers_once.tier_state;
SELECT evaluated_at = pg_temp.noon(700) AS present FROM shop_tiers_once.evaluate_tiers(pg_temp.noon(700));
COMMIT;
SELECT count(*) AS rows, count(*) FILTER (WHERE h.customer_id IS NULL) AS differ
  FROM then_ t
  LEFT JOIN shop_tiers_once.tier_history h
    ON (h.customer_id, h.valid_from, h.tier, h.rank, h.rule_id, h.spent, h.orders) = (t.customer_id, t.valid_from, t.tier, t.rank, t.rule_id, t.spent, t.orders)
   AND CASE WHEN h.valid_until <= pg_temp.noon(300) THEN h.valid_until END IS NOT DISTINCT FROM t.valid_until;
SELECT (SELECT count(*) FROM shop_tiers_once.tier_history) > 100 AS rows, count(*) AS differ
  FROM ((TABLE shop_tiers_often.tier_history EXCEPT TABLE shop_tiers_once.tier_history)
        UNION ALL (TABLE shop_tiers_once.tier_history EXCEPT TABLE shop_tiers_often.tier_history)) d;
SELECT array_agg(DISTINCT tier ORDER BY tier) AS tiers, count(*) FILTER (WHERE valid_until IS NOT NULL) > 80 AS ended FROM shop_tiers_once.tier_history;

-- Day by day, in plain SQL: what everybody is entitled to ...
SET search_path = shop_tiers_once;
CREATE TEMP TABLE entitled AS
SELECT d.day, d.customer_id, r.rank, r.rule_id
  FROM (SELECT day, pg_temp.noon(day) AS at, customer_id FROM generate_series(0, 700) day CROSS JOIN customers) d
  LEFT JOIN LATERAL (
           SELECT r.rank, r.rule_id
             FROM tier_rules r
            CROSS JOIN LATERAL (
                      SELECT coalesce(sum(o.amount - coalesce((SELECT sum(b.refund) FROM returns b
                                                                WHERE b.customer_id = o.customer_id AND b.order_id = o.order_id AND b.returned_at <= d.at), 0)), 0) AS spent,
                             count(*) AS orders
                        FROM orders o
                       WHERE o.customer_id = d.customer_id AND o.ordered_at <= d.at
                         AND (o.cancelled_at IS NULL OR o.cancelled_at > d.at)
                         AND CASE r.period
                                 WHEN 'rolling' THEN (o.ordered_at AT TIME ZONE 'Australia/Lord_Howe' + r.length) AT TIME ZONE 'Australia/Lord_Howe' > d.at
                                 WHEN 'lifetime' THEN true
                                 ELSE EXTRACT(year FROM o.ordered_at AT TIME ZONE 'Australia/Lord_Howe') = EXTRACT(year FROM d.at AT TIME ZONE 'Australia/Lord_Howe')
                             END) f
            WHERE r.valid @> d.at
              AND CASE r.match
                      WHEN 'any' THEN coalesce(f.spent >= r.min_spend, false) OR coalesce(f.orders >= r.min_orders, false)
                      ELSE coalesce(f.spent >= r.min_spend, true) AND coalesce(f.orders >= r.min_orders, true)
                  END
            ORDER BY r.rank DESC, r.rule_id
            LIMIT 1) r ON true;
-- ... and what becomes of it. (Calendar years end at midnight, twelve hours before a noon, and so grace does.)
CREATE FUNCTION pg_temp.simulate(one text) RETURNS TABLE (day integer, rank integer) LANGUAGE plpgsql AS $$
DECLARE
    e record;
    held integer;
    held_by tier_rules;
    below timestamp;
    now_ timestamp;
BEGIN
    FOR e IN SELECT x.day, x.rank, x.rule_id FROM entitled x WHERE x.customer_id = one ORDER BY x.day LOOP
        now_ := timestamp '2024-01-01 12:00' + make_interval(days => e.day);
        IF e.rank >= held OR held IS NULL AND e.rank IS NOT NULL THEN
            held := e.rank;
            SELECT * INTO held_by FROM tier_rules r WHERE r.rule_id = e.rule_id;
            below := NULL;
        ELSIF held IS NOT NULL THEN
            below := coalesce(below, CASE WHEN held_by.period = 'calendar_year' AND EXTRACT(doy FROM now_) = 1 THEN date_trunc('day', now_) ELSE now_ END);
            WHILE held > coalesce(e.rank, 0) AND below + held_by.grace <= now_ LOOP
                below := below + held_by.grace;
                held := CASE WHEN held_by.soft_landing THEN held - 1 ELSE coalesce(e.rank, 0) END;
                SELECT * INTO held_by FROM tier_rules r
                 WHERE r.rank = held AND r.valid @> pg_temp.noon(e.day) AND (held > coalesce(e.rank, 0) OR r.rule_id = e.rule_id)
                 ORDER BY r.rule_id LIMIT 1;
            END LOOP;
            IF held = 0 THEN held := NULL; END IF;
            IF held IS NOT DISTINCT FROM e.rank THEN below := NULL; END IF;
        END IF;
        day := e.day; rank := held;
        RETURN NEXT;
    END LOOP;
END
$$;
SELECT count(*) AS days, count(s.rank) > 5000 AS with_a_tier, count(*) FILTER (WHERE s.rank IS DISTINCT FROM h.rank) AS differ
  FROM customers c
 CROSS JOIN LATERAL pg_temp.simulate(c.customer_id) s
  LEFT JOIN tier_history h ON h.customer_id = c.customer_id AND h.valid_from <= pg_temp.noon(s.day) AND (h.valid_until > pg_temp.noon(s.day)) IS NOT FALSE;

-- Movements, by hand: who holds what at the ends of the months.
WITH months AS (
    SELECT m::date AS month, m AT TIME ZONE 'Australia/Lord_Howe' AS starts, least((m + interval '1 month') AT TIME ZONE 'Australia/Lord_Howe', pg_temp.noon(700)) AS ends
      FROM generate_series(timestamp '2024-01-01', '2025-12-01', '1 month') m
), held AS (
    SELECT m.month, c.customer_id, a.tier AS was, a.rank AS was_rank, b.tier AS now_tier, b.rank AS now_rank
      FROM months m CROSS JOIN customers c
      LEFT JOIN tier_history a ON a.customer_id = c.customer_id AND a.valid_from < m.starts AND (a.valid_until >= m.starts) IS NOT FALSE
      LEFT JOIN tier_history b ON b.customer_id = c.customer_id AND b.valid_from < m.ends AND (b.valid_until >= m.ends) IS NOT FALSE
), by_hand AS (
    SELECT h.month, t.tier,
           count(*) FILTER (WHERE was = t.tier) AS starting,
           count(*) FILTER (WHERE now_tier = t.tier AND was IS DISTINCT FROM t.tier) AS entered,
           count(*) FILTER (WHERE now_tier = t.tier AND (was IS NULL OR was_rank < now_rank)) AS raised,
           count(*) FILTER (WHERE now_tier = t.tier AND was_rank > now_rank) AS lowered,
           count(*) FILTER (WHERE was = t.tier AND now_tier IS DISTINCT FROM t.tier) AS exited,
           count(*) FILTER (WHERE was = t.tier AND now_tier = t.tier) AS retained,
           count(*) FILTER (WHERE now_tier = t.tier) AS ending
      FROM held h CROSS JOIN (SELECT DISTINCT tier FROM tier_history) t GROUP BY h.month, t.tier
), ours AS (
    SELECT month, tier, starting, entered, raised, lowered, exited, retained, ending
      FROM tier_movements_at(pg_temp.noon(700) - interval '1 microsecond')
)
SELECT (SELECT count(*) FROM ours) AS rows, (SELECT count(*) FROM (TABLE ours EXCEPT TABLE by_hand) d) AS differ,
       (SELECT count(*) FROM by_hand b WHERE ending > 0 AND NOT EXISTS (SELECT FROM ours o WHERE (o.month, o.tier) = (b.month, b.tier))) AS missing;

-- What is missing to reach a tier, by hand from the figures of the day; and to a faraway session all is the same.
SELECT count(*) > 100 AS rows, count(*) FILTER (WHERE p.tier IS DISTINCT FROM customer_tier(p.customer_id, pg_temp.noon(d))) AS other_tier,
       count(*) FILTER (WHERE goal = 'reach' AND goal_tier = 'Platinum' AND (p.spent, p.spend_needed) IS DISTINCT FROM (f.spent, 110000 - f.spent)) AS other_figures
  FROM unnest('{50,200,400,600}'::int[]) d
 CROSS JOIN LATERAL tier_progress_at(pg_temp.noon(d)) p
 CROSS JOIN LATERAL (SELECT coalesce(sum(o.amount), 0) AS spent FROM counted_orders_at(pg_temp.noon(d)) o
                      WHERE o.customer_id = p.customer_id AND EXTRACT(year FROM o.ordered_at AT TIME ZONE 'Australia/Lord_Howe') = CASE WHEN d < 366 THEN 2024 ELSE 2025 END) f;
SELECT v, pg_temp.same_elsewhere(format('SELECT * FROM %I(''2025-02-01 12:00+09'')', v || '_at'))
  FROM unnest('{tier_progress,tier_summary,tier_movements}'::text[]) v;
-- A session elsewhere evaluates, and changes nothing.
SET timezone = 'America/St_Johns';
SET datestyle = 'German, MDY';
SET intervalstyle = 'sql_standard';
SELECT customers, changes FROM evaluate_tiers(pg_temp.noon(700));
RESET intervalstyle;

--
-- Keys of other types; roles
--

SELECT FROM loyalcs.create_shop('shop_tiers_key', key_type => 'uuid');
SET search_path = shop_tiers_key;
INSERT INTO customers (customer_id) VALUES ('00000000-0000-0000-0000-000000000001');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('00000000-0000-0000-0000-000000000001', '1', '2024-01-01 12:00+09', 100000);
SELECT customers, raised, lowered, changes FROM evaluate_tiers('2024-02-01 00:00+09');
SELECT customer_tier('00000000-0000-0000-0000-000000000001', '2024-02-01 00:00+09');

CREATE ROLE regress_tiers_report;
CREATE ROLE regress_tiers_service;
CREATE ROLE regress_tiers_admin;
SELECT FROM loyalcs.grant_shop('shop_tiers_key', 'regress_tiers_report', 'report');
SELECT FROM loyalcs.grant_shop('shop_tiers_key', 'regress_tiers_service', 'service');
SELECT FROM loyalcs.grant_shop('shop_tiers_key', 'regress_tiers_admin', 'admin');
SET ROLE regress_tiers_report;
SELECT count(*) > 0 AS progress FROM tier_progress;
SELECT count(*) > 0 AS summary FROM tier_summary;
SELECT count(*) > 0 AS movements FROM tier_movements;
SELECT split_part(pg_temp.outcome('SELECT evaluate_tiers()'), E'\n', 1) AS evaluates;
SET ROLE regress_tiers_service;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('00000000-0000-0000-0000-000000000001', '2', '2024-01-02 12:00+09', 1);
UPDATE orders SET amount = 2 WHERE order_id = '2';
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES ('00000000-0000-0000-0000-000000000001', '1', '2', '2024-01-03 12:00+09', 1);
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('00000000-0000-0000-0000-000000000001', '1', 'line');
SELECT customer_tier(customer_id, '2024-02-01 00:00+09'), customer_benefits(customer_id, '2024-02-01 00:00+09') IS NOT NULL AS benefits FROM customers;
SELECT message FROM tier_progress_at('2024-02-01 00:00+09');
SET ROLE regress_tiers_admin;
SELECT customers, changes FROM evaluate_tiers('2024-02-01 00:00+09');
RESET ROLE;

SET search_path = public;
SELECT FROM loyalcs.drop_shop('shop_tiers_key', 'shop_tiers_key');
DROP ROLE regress_tiers_report, regress_tiers_service, regress_tiers_admin;
