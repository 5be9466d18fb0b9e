-- Histories of orders: whether kept or not, whenever they were refreshed, and as of
-- whichever instant, figures are those of the orders themselves.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
\set steps :srcdir '/test/order_steps.sql'
\i :steps

INSERT INTO customers (customer_id, region) SELECT 'c' || i, CASE WHEN i % 3 > 0 THEN 'r' || i % 3 END FROM generate_series(0, 11) i;

-- Before anything was ever kept, and of nobody.
SELECT histories_are_kept(), (SELECT count(*) FROM order_histories()) AS histories, (SELECT count(*) FROM counted_cohorts('everyone', now())) AS cohorts;
SELECT refresh_kept_figures('2026-01-01 00:00+00');
SELECT histories_are_kept(), (SELECT count(*) FROM counted_cohorts('everyone', now())) AS cohorts;

-- After each step of a shop's life figures are asked for as of three instants, some of
-- them before the last refresh, some before everything.
CREATE TEMP TABLE done (step integer, kind text, as_of timestamptz, what text, of_orders text, of_histories text);
CREATE PROCEDURE pg_temp.walk(first integer, last integer) LANGUAGE plpgsql AS $$
DECLARE
    kind text;
    instant timestamptz;
BEGIN
    FOR i IN first..last LOOP
        kind := trial.try_step(i);
        FOREACH instant IN ARRAY ARRAY['2024-06-01 00:00+09'::timestamptz + trial.roll(i, 'as of', 900) * interval '1 day', '2026-11-01 00:00+09', 'infinity'] LOOP
            INSERT INTO done SELECT i, kind, instant, d.* FROM trial.differs_from_orders(instant) d;
        END LOOP;
        INSERT INTO done VALUES (i, kind);
    END LOOP;
END
$$;
CALL pg_temp.walk(1, 250);
SELECT * FROM done WHERE what IS NOT NULL ORDER BY step LIMIT 3;
SELECT kind, count(*) > 0 AS tried FROM done WHERE what IS NULL GROUP BY kind ORDER BY kind;

-- What they came to in the end is read from when it is that, and the microsecond before is not.
SELECT FROM refresh_kept_figures('2027-01-01 00:00+09');
SELECT count(*) > 50 AS enough, bool_or(a.is_kept) AND bool_or(NOT a.is_kept) AS both_ways, count(*) FILTER (WHERE a.of_row IS DISTINCT FROM a.of_arrays) AS differing
  FROM kept_histories k
 CROSS JOIN LATERAL (VALUES (k.last_at, 'infinity'::timestamptz), (k.last_at - interval '1 microsecond', 'infinity'), ('infinity', k.last_at), ('infinity', k.last_at - interval '1 microsecond'),
                            (k.last_at, k.last_at), (k.at[1], k.at[1]), (k.at[1] - interval '1 microsecond', 'infinity'), ('infinity', 'infinity'), ('-infinity', 'infinity')) i (as_of, placed_until)
 CROSS JOIN LATERAL (SELECT purchases_in_history(k.purchases, k.last_at, k.number, k.at, k.amount, i.as_of, i.placed_until)::text AS of_row,
                            loyalcs.purchases(k.number, k.at, k.amount, i.as_of, i.placed_until)::text AS of_arrays,
                            k.last_at <= i.as_of AND k.last_at <= i.placed_until AS is_kept) a;

-- Who may not have them kept, and what is no instant.
SELECT pg_temp.outcome('SELECT refresh_kept_figures(NULL)');
SELECT pg_temp.outcome('SELECT refresh_kept_figures(''infinity'')');

-- What is kept is kept of those who have not changed, and made again after them.
SELECT refresh_kept_figures('2027-01-01 00:00+09') >= 0 AS ran;
SELECT refresh_kept_figures('2027-01-01 00:00+09') AS nobody;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('c1', 'new', '2026-12-01 00:00+09', 100), ('c2', 'new', '2026-12-01 00:00+09', 200);
SELECT customer_id FROM changed_histories() ORDER BY 1;
SELECT refresh_kept_figures('2027-01-01 00:00+09') AS two;
SELECT count(*) AS left_to_do FROM changed_histories();

-- While changes are not noted, nothing that is kept is believed, nor afterwards.
ALTER TABLE orders DISABLE TRIGGER note_changed_customers;
SELECT histories_are_kept();
UPDATE orders SET amount = amount + 1;
SELECT * FROM trial.differs_from_orders('2027-01-01 00:00+09');
SELECT refresh_kept_figures('2027-01-01 00:00+09') AS none;
SELECT (SELECT count(*) FROM kept_histories) AS kept, (SELECT count(*) FROM kept_cohorts) AS counted;
ALTER TABLE orders ENABLE TRIGGER note_changed_customers;
SELECT histories_are_kept();
SELECT refresh_kept_figures('2027-01-01 00:00+09') = (SELECT count(DISTINCT customer_id) FROM orders) AS everyone;
SELECT histories_are_kept();
SELECT * FROM trial.differs_from_orders('2027-01-01 00:00+09');

-- Of two accounts that become one, and of who is forgotten.
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('c3', 'of c3', '2026-12-01 00:00+09', 100), ('c4', 'of c4', '2026-12-02 00:00+09', 200);
SELECT FROM refresh_kept_figures('2027-01-01 00:00+09');
SELECT FROM merge_customers('c3', 'c4', 'c3');
SELECT customer_id, count(*), bool_and((SELECT count(*) FROM orders o WHERE o.customer_id = k.customer_id) = number[cardinality(number)]) AS of_all FROM kept_histories k WHERE customer_id IN ('c3', 'c4') GROUP BY 1;
SELECT * FROM trial.differs_from_orders('2027-01-01 00:00+09');
SELECT FROM forget_customer('c4', 'c4');
SELECT count(*) AS hers FROM kept_histories WHERE customer_id = 'c4';
SELECT * FROM trial.differs_from_orders('2027-01-01 00:00+09');
SELECT refresh_kept_figures('2027-01-01 00:00+09') > 0 AS again;
SELECT * FROM trial.differs_from_orders('2027-01-01 00:00+09');

-- Whoever has it begin anew.
DELETE FROM kept_cohorts;
SELECT histories_are_kept();
SELECT * FROM trial.differs_from_orders('2027-01-01 00:00+09');
SELECT refresh_kept_figures('2027-01-01 00:00+09') = (SELECT count(DISTINCT customer_id) FROM orders) AS everyone;
SELECT histories_are_kept();

-- Where orders is a view nothing is kept, and figures are there.
SET search_path = public;
CREATE SCHEMA seen;
CREATE TABLE seen.sales (customer_id text, order_id text, ordered_at timestamptz, amount numeric, cancelled_at timestamptz);
CREATE VIEW seen.orders AS
SELECT s.*, 0::numeric AS tax, 0::numeric AS shipping, NULL::text AS sales_channel, NULL::timestamptz AS shipped_at, NULL::timestamptz AS delivered_at, 'paid'::text AS payment_state
  FROM seen.sales s;
INSERT INTO seen.sales VALUES ('c1', 'o1', '2026-01-05 12:00+09', 100, NULL), ('c1', 'o2', '2026-02-05 12:00+09', 200, NULL), ('c2', 'o1', '2026-01-06 12:00+09', 300, '2026-01-07 12:00+09');
\set ECHO none
SELECT loyalcs.create_shop('seen') \g /dev/null
\set ECHO all
SELECT seen.refresh_kept_figures('2026-03-01 00:00+09') AS none;
SELECT seen.histories_are_kept(), (SELECT count(*) FROM seen.kept_histories) AS kept;
SELECT customer_id, orders, total_spent FROM seen.customer_purchases_at('2026-03-01 00:00+09');
SELECT cohort, months_later, active_customers FROM seen.retention_cohorts_at('2026-02-15 00:00+09');
\set ECHO none
DROP SCHEMA seen CASCADE;
\set ECHO all
