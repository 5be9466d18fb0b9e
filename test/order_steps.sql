\set ECHO none
-- test/order_steps.sql: what shops do with orders, in any order, and whether figures
-- that are read from histories are those of the orders themselves. For whatever shop
-- is in the search_path, with customers c0 to c11.

CREATE SCHEMA trial;

-- What is read from kept histories, by plain SQL over the orders that count, one
-- difference a row.
-- (In PL/pgSQL: it would be planned anew each time, which takes longer than to run it.)
CREATE FUNCTION trial.differs_from_orders(as_of timestamptz) RETURNS TABLE (what text, of_orders text, of_histories text) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH counted AS (
        SELECT o.*, row_number() OVER (PARTITION BY o.customer_id ORDER BY o.ordered_at, o.order_id) AS place,
               o.ordered_at AT TIME ZONE s.time_zone AS local
          FROM counted_orders_at(as_of) o, settings s
    ), firsts AS (
        SELECT c.customer_id, c.ordered_at, c.local, date_trunc('month', c.local)::date AS month, c.amount,
               (SELECT min(n.ordered_at) FROM counted n WHERE n.customer_id = c.customer_id AND n.place = 2) AS second_at
          FROM counted c WHERE c.place = 1
    ), periods AS (
        SELECT u.unit, u.length, date_trunc(u.unit, c.local)::date AS period, date_trunc(u.unit, f.local)::date AS cohort, c.customer_id, c.place, c.amount
          FROM counted c JOIN firsts f USING (customer_id)
         CROSS JOIN (VALUES ('month', interval '1 month'), ('quarter', '3 months'), ('year', '12 months')) u (unit, length)
    ), cells AS (
        SELECT p.unit, p.cohort, p.period,
               count(DISTINCT p.customer_id) AS customers,
               count(DISTINCT p.customer_id) FILTER (WHERE EXISTS (SELECT FROM periods b WHERE b.unit = p.unit AND b.customer_id = p.customer_id
                                                                    AND b.period = (p.period - p.length)::date)) AS retained,
               concat_ws(' ',
                   count(DISTINCT p.customer_id) FILTER (WHERE p.place > 1), count(*), trim_scale(sum(p.amount)),
                   count(*) FILTER (WHERE p.place = 1), coalesce(trim_scale(sum(p.amount) FILTER (WHERE p.place = 1)), 0)) AS rest
          FROM periods p GROUP BY p.unit, p.length, p.cohort, p.period
    ), found AS (
        SELECT m.*,
               concat_ws(' ', m.repeat_customers, m.orders, trim_scale(m.revenue), m.first_orders, trim_scale(m.first_revenue)) AS rest
          FROM counted_cohorts('everyone', as_of) c, loyalcs.cohorts(c.counted) m
    )
    SELECT 'cohort ' || unit || ' ' || cohort || ' ' || period, concat_ws(' ', c.customers, c.retained, c.rest), concat_ws(' ', f.customers, f.retained, f.rest)
      FROM cells c FULL JOIN found f USING (unit, cohort, period)
     WHERE (c.customers, c.retained, c.rest) IS DISTINCT FROM (f.customers, f.retained, f.rest)
    UNION ALL
    SELECT 'second orders', s.waits, h.waits
      FROM (SELECT string_agg(concat_ws(' ', month, within30, within90, within365), ', ' ORDER BY month) AS waits
              FROM (SELECT month, count(*) FILTER (WHERE second_at <= ordered_at + interval '720 hours') AS within30,
                           count(*) FILTER (WHERE second_at <= ordered_at + interval '2160 hours') AS within90,
                           count(*) FILTER (WHERE second_at <= ordered_at + interval '8760 hours') AS within365
                      FROM firsts GROUP BY month) f) s,
           (SELECT string_agg(concat_ws(' ', cohort, second_within_30_days, second_within_90_days, second_within_365_days), ', ' ORDER BY cohort) AS waits
              FROM found WHERE unit = 'month' AND cohort = period) h
     WHERE s.waits IS DISTINCT FROM h.waits
    UNION ALL
    SELECT 'customer ' || customer_id, o.all_of_it, p.all_of_it
      FROM (SELECT customer_id, concat_ws(' ', count(*), min(ordered_at), max(ordered_at), trim_scale(sum(amount))) AS all_of_it
              FROM counted GROUP BY customer_id) o
      FULL JOIN (SELECT customer_id, concat_ws(' ', orders, first_order_at, last_order_at, trim_scale(total_spent)) AS all_of_it
                   FROM purchases_of_everybody(as_of)) p USING (customer_id)
     WHERE o.all_of_it IS DISTINCT FROM p.all_of_it
    UNION ALL
    SELECT 'order ' || part || order_number, o.all_of_it, p.all_of_it
      FROM (SELECT part, order_number, string_agg(concat_ws(' ', ordered_at, trim_scale(amount), trim_scale(previous_amount), next_order_at), ', '
                                                  ORDER BY ordered_at, amount, previous_amount, next_order_at) AS all_of_it
              FROM numbered_orders_by('region', as_of) GROUP BY part, order_number) o
      FULL JOIN (SELECT part, order_number, string_agg(concat_ws(' ', ordered_at, trim_scale(amount), trim_scale(previous_amount), next_order_at), ', '
                                                       ORDER BY ordered_at, amount, previous_amount, next_order_at) AS all_of_it
                   FROM (SELECT coalesce(b.part, 'unknown') AS part, n.*
                           FROM order_histories() h
                           LEFT JOIN customer_breakdown('region', as_of) b ON b.customer_id = h.customer_id
                          CROSS JOIN LATERAL loyalcs.counted_orders(h.number, h.at, h.amount, as_of) n) n
                  GROUP BY part, order_number) p USING (part, order_number)
     WHERE o.all_of_it IS DISTINCT FROM p.all_of_it;
END
$$;

-- Random numbers that are the same everywhere.
CREATE FUNCTION trial.roll(step integer, what text, sides integer) RETURNS integer LANGUAGE sql AS
$$ SELECT ((hashtextextended(step || what, 0) % sides + sides) % sides)::integer $$;

-- One thing that shops do with orders; now and then, figures are refreshed.
CREATE FUNCTION trial.step(i integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    c constant text := 'c' || trial.roll(i, 'customer', 12);
    o constant text := 'o' || trial.roll(i, 'order', 5);
    -- on whole days at times, so that instants meet; a few lie years ahead
    at constant timestamptz := timestamptz '2025-01-15 00:00+09' + trial.roll(i, 'day', 500) * interval '1 day'
                               + CASE trial.roll(i, 'ahead', 40) WHEN 0 THEN interval '9 years' ELSE interval '0' END;
    paid constant numeric := trial.roll(i, 'amount', 300000) / 100.0;
BEGIN
    CASE trial.roll(i, 'kind', 14)
        WHEN 0, 1, 2, 3, 4 THEN
            INSERT INTO orders (customer_id, order_id, ordered_at, amount, tax) VALUES (c, o, at, paid, round(paid / 10, 2)) ON CONFLICT DO NOTHING;
            RETURN 'order';
        WHEN 5 THEN
            UPDATE orders SET cancelled_at = greatest(at, ordered_at), payment_state = 'voided' WHERE customer_id = c AND order_id = o;
            RETURN 'cancel';
        WHEN 6 THEN
            UPDATE orders SET cancelled_at = NULL, payment_state = 'paid' WHERE customer_id = c;
            RETURN 'restore';
        WHEN 7 THEN
            INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund)
            SELECT customer_id, 'r' || i, order_id, greatest(at, ordered_at), round((orders.amount - refunded) / (1 + i % 3), 2) FROM orders WHERE customer_id = c AND order_id = o;
            RETURN 'return';
        WHEN 8 THEN
            DELETE FROM returns WHERE customer_id = c;
            RETURN 'take back returns';
        WHEN 9 THEN
            UPDATE orders SET ordered_at = at WHERE customer_id = c AND order_id = o AND cancelled_at IS NULL;
            RETURN 'date otherwise';
        WHEN 10 THEN
            UPDATE orders SET amount = greatest(paid, refunded) + orders.tax WHERE customer_id = c AND order_id = o;
            RETURN 'edit';
        WHEN 11 THEN
            DELETE FROM returns WHERE customer_id = c AND order_id = o;
            DELETE FROM orders WHERE customer_id = c AND order_id = o;
            RETURN 'delete';
        WHEN 12 THEN
            CASE trial.roll(i, 'rare', 6)
                WHEN 0 THEN
                    DELETE FROM amount_rules;
                    INSERT INTO amount_rules SELECT tstzrange(at, NULL), false, true WHERE i % 2 = 0;
                    RETURN 'rules';
                WHEN 1 THEN
                    UPDATE settings SET time_zone = (ARRAY['Asia/Tokyo', 'America/St_Johns', 'UTC'])[1 + i % 3];
                    RETURN 'zone';
                WHEN 2 THEN
                    TRUNCATE orders CASCADE;
                    RETURN 'truncate';
                ELSE
                    UPDATE orders SET amount = orders.amount + 1;
                    RETURN 'all orders';
            END CASE;
        ELSE
            PERFORM refresh_kept_figures(at);
            RETURN 'refresh';
    END CASE;
END
$$;
-- What is no order by the shop's own rules, or was somebody else's just then, is none;
-- so it is with what two do to one order at once.
CREATE FUNCTION trial.try_step(i integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN trial.step(i);
EXCEPTION
    WHEN deadlock_detected OR integrity_constraint_violation OR serialization_failure THEN
        RETURN 'refused';
END
$$;
\set ECHO all
