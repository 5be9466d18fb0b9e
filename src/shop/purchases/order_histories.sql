-- shop/order_histories.sql
--
-- What has become of each customer's orders, in one row: what all figures about
-- purchases of everybody are made of.
-- Needs: turns, job_runs, customers, own_breakdowns, orders, customer_changes, kept_answers.
--
-- A history is three arrays as loyalcs.purchases(number, at, amount, as_of) reads
-- them: when each order was placed and for how much, and from when on it counted
-- with how much less, or not at all. So one row answers for every instant. What an
-- amount is, and which orders count, is said in orders.sql; here it is only written
-- one after another.
--
-- What nearly everybody asks is what all of it came to in the end. So that stands
-- beside the arrays, as bytes of loyalcs.purchases, for whoever asks as of an instant
-- from which on nothing came of them any more: purchases_in_history() says which of the
-- two is read.
--
-- histories_of_orders() makes them of orders and returns. refresh_kept_figures()
-- keeps them in kept_histories, as the reader histories of customer_changes, so
-- that nobody has to sort all orders again to look at a month. order_histories()
-- gives each customer's once: the kept one, or, of those who have changed since it
-- was made (they stand in customer_changes, or among what the reader has still to
-- read, from the transaction on that changed them), what their orders are now. All
-- of it is one query, and sees one moment. Where changes are not noted, or nobody
-- ever refreshes, all are made of the orders: slower, and the same.

--@ table kept_histories
--: results
CREATE TABLE kept_histories (
    customer_id @key_type@ PRIMARY KEY,
    last_at timestamptz NOT NULL,
    purchases bytea,
    number integer[] NOT NULL,
    at timestamptz[] NOT NULL,
    amount numeric[] NOT NULL
);
CREATE INDEX kept_histories_last_at ON kept_histories (last_at);
COMMENT ON TABLE kept_histories IS
    'what has become of each customer''s orders, as refresh_kept_figures() last found it, one row a customer with orders; of customers who have changed since it is out of date: order_histories() knows. What is here can be made again';
COMMENT ON COLUMN kept_histories.number IS
    'of each entry, which of the customer''s orders it is of, from 1; the first entry of a number is the order, those after it are what became of it';
COMMENT ON COLUMN kept_histories.at IS
    'of each entry, when the order was placed, or from when on it counts with the amount';
COMMENT ON COLUMN kept_histories.amount IS
    'of each entry, what the order counts with from then on, as amount_rules says; NULL: it does not count any more';
COMMENT ON COLUMN kept_histories.purchases IS
    'what the orders came to in the end, as loyalcs.purchases_send() has it; NULL: none of them counts';
COMMENT ON COLUMN kept_histories.last_at IS
    'the latest of these instants: from then on nothing comes of the orders but by a change';

--@ table kept_cohorts
--: results
CREATE TABLE kept_cohorts (
    singleton boolean PRIMARY KEY DEFAULT true
        CONSTRAINT kept_cohorts_is_one_row CHECK (singleton),
    holds_from timestamptz NOT NULL,
    time_zone text NOT NULL,
    counted bytea
);
COMMENT ON TABLE kept_cohorts IS
    'who bought in which month, quarter and year, by the one in which they began: what loyalcs.cohorts_agg() counted of kept_histories, as refresh_kept_figures() left it; counted_cohorts() reads it';
COMMENT ON COLUMN kept_cohorts.holds_from IS
    'counted are the histories of which nothing is later; of them it is right as of every later instant';
COMMENT ON COLUMN kept_cohorts.time_zone IS 'in which months, quarters and years were counted';
COMMENT ON COLUMN kept_cohorts.counted IS 'what was counted; NULL for nobody';

--@ change shop_turns 0.2.0
INSERT INTO shop_turns (job) VALUES ('refresh_kept_figures');

--@ functions
-- One sort: what became of an order comes after it, and the orders until then are
-- counted as they go by.
CREATE OR REPLACE FUNCTION histories_of_orders()
RETURNS TABLE (customer_id @key_type@, number integer[], at timestamptz[], amount numeric[])
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT e.customer_id, pg_catalog.array_agg(e.number), pg_catalog.array_agg(e.at), pg_catalog.array_agg(e.amount)
      FROM (SELECT s.customer_id, s.at,
                   CASE WHEN EXISTS (SELECT FROM amount_rules a WHERE NOT a.counts_tax OR NOT a.counts_shipping)
                        THEN amount_by_rule(s.customer_id, s.order_id, s.amount)
                        ELSE s.amount
                   END AS amount,
                   (count(*) FILTER (WHERE s.step = 0)
                             OVER (PARTITION BY s.customer_id ORDER BY s.ordered_at, s.order_id, s.step, s.at ROWS UNBOUNDED PRECEDING))::integer AS number
              FROM (SELECT o.customer_id, o.order_id, o.ordered_at, 0 AS step, o.ordered_at AS at, o.amount
                      FROM orders o
                     -- (a view of the brand's may have them NULL)
                     WHERE o.ordered_at IS NOT NULL AND o.amount IS NOT NULL
                    UNION ALL
                    SELECT o.customer_id, o.order_id, o.ordered_at, 1, o.cancelled_at, NULL::numeric
                      FROM orders o
                     WHERE o.cancelled_at IS NOT NULL AND o.ordered_at IS NOT NULL AND o.amount IS NOT NULL
                    UNION ALL
                    SELECT r.customer_id, o.order_id, o.ordered_at, 1, r.returned_at,
                           o.amount - least(r.refund, o.amount)
                      FROM (SELECT r.customer_id, r.order_id, r.returned_at,
                                   sum(r.refund) OVER (PARTITION BY r.customer_id, r.order_id ORDER BY r.returned_at) AS refund
                              FROM returns r) r
                      JOIN orders o ON o.customer_id = r.customer_id AND o.order_id = r.order_id
                     -- (of which something may come back before it was placed, by what is written down)
                     WHERE order_counts(least(o.ordered_at, r.returned_at), o.cancelled_at, r.returned_at)
                       AND o.ordered_at IS NOT NULL AND o.amount IS NOT NULL) s) e
     GROUP BY e.customer_id;
END;
COMMENT ON FUNCTION histories_of_orders() IS
    'what has become of each customer''s orders, made of orders and returns; an order of which the instant or the amount is not known is left out. Arrays as loyalcs.purchases(number, at, amount, as_of) reads them';

CREATE OR REPLACE FUNCTION histories_are_kept() RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM customer_change_readers r WHERE r.reader = 'histories' AND r.read_at IS NOT NULL)
           AND EXISTS (SELECT FROM kept_cohorts)
           AND customer_changes_are_noted('{orders,returns}'::text[]);
END
$$;
COMMENT ON FUNCTION histories_are_kept() IS
    'whether kept_histories may be relied on, for all customers but changed_histories(): refresh_kept_figures() has run, nobody has emptied kept_cohorts since, and changes of orders and returns are noted';

CREATE OR REPLACE FUNCTION changed_histories() RETURNS TABLE (customer_id @key_type@)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.customer_id FROM customer_changes c
    UNION
    SELECT u.customer_id FROM unread_changes u WHERE u.reader = 'histories';
END;
COMMENT ON FUNCTION changed_histories() IS
    'customers of whom something has changed since their history was kept';

CREATE OR REPLACE FUNCTION purchases_to_keep(number integer[], at timestamptz[], amount numeric[]) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN loyalcs.purchases_send(loyalcs.purchases(number, at, amount, timestamptz 'infinity', timestamptz 'infinity'));
COMMENT ON FUNCTION purchases_to_keep(integer[], timestamptz[], numeric[]) IS
    'what a history came to in the end, as kept_histories has it';

-- (Both ways at once would read the arrays of everybody, which are the longest of a row.)
CREATE OR REPLACE FUNCTION purchases_in_history(purchases bytea, last_at timestamptz, number integer[], at timestamptz[], amount numeric[], as_of timestamptz, placed_until timestamptz)
RETURNS loyalcs.purchases
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN last_at <= as_of AND last_at <= placed_until THEN loyalcs.purchases_from_bytes(purchases)
            ELSE loyalcs.purchases(number, at, amount, as_of, placed_until) END;
COMMENT ON FUNCTION purchases_in_history(bytea, timestamptz, integer[], timestamptz[], numeric[], timestamptz, timestamptz) IS
    'loyalcs.purchases(number, at, amount, as_of, placed_until) of a row of order_histories()';

-- (Who has changed is found once: to look through a table that is empty for each customer
-- anew takes longer than all the rest.)
CREATE OR REPLACE FUNCTION order_histories()
RETURNS TABLE (customer_id @key_type@, number integer[], at timestamptz[], amount numeric[], last_at timestamptz, purchases bytea)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH kept AS MATERIALIZED (
        SELECT histories_are_kept() AS are
    ), changed AS MATERIALIZED (
        SELECT d.customer_id FROM changed_histories() d WHERE (SELECT k.are FROM kept k)
    )
    SELECT h.customer_id, h.number, h.at, h.amount, h.last_at, h.purchases
      FROM kept_histories h
     WHERE (SELECT k.are FROM kept k)
       AND NOT EXISTS (SELECT FROM changed c WHERE c.customer_id = h.customer_id)
    UNION ALL
    SELECT c.customer_id, h.number, h.at, h.amount, NULL::timestamptz, NULL::bytea
      FROM changed c
     -- not to be pulled up: one after another, by key
     CROSS JOIN LATERAL (SELECT h.number, h.at, h.amount FROM histories_of_orders() h WHERE h.customer_id = c.customer_id OFFSET 0) h
    UNION ALL
    SELECT h.customer_id, h.number, h.at, h.amount, NULL::timestamptz, NULL::bytea
      FROM histories_of_orders() h
     WHERE NOT (SELECT k.are FROM kept k);
END;
COMMENT ON FUNCTION order_histories() IS
    'what has become of each customer''s orders: the kept history, or what is made of the orders where none is kept or it is out of date; arrays as loyalcs.purchases(number, at, amount, as_of) reads them; and of a kept one from when on nothing came of the orders any more, and what they came to then, see purchases_in_history()';

CREATE OR REPLACE FUNCTION forget_kept_histories() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    -- Whoever makes histories at the moment makes them by the rules of before, and
    -- that they may be relied on is seen only when it is through.
    PERFORM take_turn('refresh_kept_figures', true);
    UPDATE customer_change_readers r SET read_at = NULL WHERE r.reader = 'histories' AND r.read_at IS NOT NULL;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION forget_kept_histories() IS
    'trigger of amount_rules: what orders amount to has changed, so that no history may be relied on that is kept. Waits for refresh_kept_figures()';

CREATE OR REPLACE FUNCTION cohorts_with(counted bytea, gone bytea, come bytea) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN r.counted IS NULL THEN cohorts_with.come
                WHEN cohorts_with.come IS NULL THEN r.counted
                ELSE loyalcs.cohorts_plus(r.counted, cohorts_with.come) END
      FROM (SELECT CASE WHEN cohorts_with.gone IS NULL THEN cohorts_with.counted
                        ELSE loyalcs.cohorts_minus(cohorts_with.counted, cohorts_with.gone) END) r (counted);
END;
COMMENT ON FUNCTION cohorts_with(bytea, bytea, bytea) IS
    'what was counted without some customers and with others, each as loyalcs.cohorts_agg() counts them or NULL for none';

-- What is kept of histories and what was counted of them change together: what was
-- counted is always what is kept, whatever has become of the orders.
CREATE OR REPLACE FUNCTION keep_histories_of(customers @key_type@[], as_of timestamptz) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    kept record;
    now_from timestamptz;
    gone bytea;
    come bytea;
BEGIN
    SELECT k.holds_from, k.time_zone, k.counted INTO kept FROM kept_cohorts k FOR UPDATE;
    IF NOT FOUND THEN
        -- (then nobody relies on histories either)
        DELETE FROM kept_histories k WHERE k.customer_id = ANY (customers);
        RETURN;
    END IF;
    now_from := greatest(keep_histories_of.as_of, kept.holds_from);
    gone := (SELECT loyalcs.cohorts_agg(h.number, h.at, h.amount, timestamptz 'infinity', kept.time_zone)
               FROM kept_histories h
              WHERE h.customer_id = ANY (customers) AND h.last_at <= kept.holds_from);
    DELETE FROM kept_histories k WHERE k.customer_id = ANY (customers);
    INSERT INTO kept_histories (customer_id, last_at, purchases, number, at, amount)
    SELECT h.customer_id, (SELECT max(a) FROM pg_catalog.unnest(h.at) a), purchases_to_keep(h.number, h.at, h.amount), h.number, h.at, h.amount
      FROM (SELECT DISTINCT c FROM pg_catalog.unnest(customers) c) c (customer_id)
     -- not to be pulled up: one after another, by key
     CROSS JOIN LATERAL (SELECT * FROM histories_of_orders() h WHERE h.customer_id = c.customer_id OFFSET 0) h;
    come := (SELECT loyalcs.cohorts_agg(h.number, h.at, h.amount, timestamptz 'infinity', kept.time_zone)
               FROM (SELECT k.number, k.at, k.amount
                       FROM kept_histories k
                      WHERE k.customer_id = ANY (customers) AND k.last_at <= now_from
                     UNION ALL
                     SELECT k.number, k.at, k.amount
                       FROM kept_histories k
                      WHERE k.last_at > kept.holds_from AND k.last_at <= now_from
                        AND k.customer_id <> ALL (customers)) h);
    IF gone IS NOT NULL OR come IS NOT NULL THEN
        UPDATE kept_cohorts k
           SET holds_from = now_from, counted = cohorts_with(kept.counted, gone, come);
    END IF;
END
$$;
COMMENT ON FUNCTION keep_histories_of(@key_type@[], timestamptz) IS
    'makes the kept histories of some customers what their orders are now, and counts those of everybody of which nothing is later than as_of; nothing where none are kept. One session at a time, which has the turn refresh_kept_figures';

CREATE OR REPLACE FUNCTION count_kept_histories(as_of timestamptz) RETURNS void
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    DELETE FROM kept_cohorts;
    INSERT INTO kept_cohorts (holds_from, time_zone, counted)
    SELECT count_kept_histories.as_of, s.time_zone,
           (SELECT loyalcs.cohorts_agg(h.number, h.at, h.amount, timestamptz 'infinity', s.time_zone)
              FROM kept_histories h
             WHERE h.last_at <= count_kept_histories.as_of)
      FROM settings s;
END;
COMMENT ON FUNCTION count_kept_histories(timestamptz) IS
    'counts all kept histories anew';

CREATE OR REPLACE FUNCTION refresh_kept_figures(as_of timestamptz DEFAULT now()) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    changed @key_type@[];
    refreshed bigint := 0;
BEGIN
    IF as_of IS NULL OR NOT isfinite(as_of) THEN
        RAISE EXCEPTION 'figures are kept as of an instant'
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'as_of_is_an_instant',
                  DETAIL = pg_catalog.format('as_of is %s.', coalesce(as_of::text, 'NULL'));
    END IF;
    PERFORM take_turn('refresh_kept_figures', true);

    IF NOT histories_are_kept() THEN
        UPDATE customer_change_readers r SET read_at = NULL WHERE r.reader = 'histories' AND r.read_at IS NOT NULL;
    END IF;
    IF NOT customer_changes_are_noted('{orders,returns}'::text[]) THEN
        DELETE FROM kept_histories;
        DELETE FROM kept_cohorts;
    ELSIF begin_customer_changes('histories') THEN
        DELETE FROM kept_histories;
        INSERT INTO kept_histories (customer_id, last_at, purchases, number, at, amount)
        SELECT h.customer_id, (SELECT max(a) FROM pg_catalog.unnest(h.at) a), purchases_to_keep(h.number, h.at, h.amount), h.number, h.at, h.amount
          FROM histories_of_orders() h;
        GET DIAGNOSTICS refreshed = ROW_COUNT;
        PERFORM count_kept_histories(as_of);
    ELSE
        changed := ARRAY(SELECT take_customer_changes('histories'));
        refreshed := pg_catalog.cardinality(changed);
        IF EXISTS (SELECT FROM kept_cohorts k JOIN settings s ON s.time_zone = k.time_zone) THEN
            PERFORM keep_histories_of(changed, as_of);
        ELSE
            -- (the shop has moved to another time zone)
            PERFORM keep_histories_of(changed, NULL::timestamptz);
            PERFORM count_kept_histories(greatest(as_of, (SELECT k.holds_from FROM kept_cohorts k)));
        END IF;
    END IF;
    PERFORM refresh_breakdowns(as_of);
    PERFORM refresh_kept_answers(as_of);
    -- (of the ledger, which stands after this file)
    PERFORM refresh_kept_points(as_of);
    PERFORM note_job_run('refresh_kept_figures');
    RETURN refreshed;
END
$$;
COMMENT ON FUNCTION refresh_kept_figures(timestamptz) IS
    'brings what is kept for figures up to date, as often as you like: those who have changed, everyone the first time, after 30 days and where amount_rules changed; gives how many customers it looked at. Figures are the same whether it runs or not, only slower; as of instants before the last time it ran, too. Where orders or returns is a view it keeps nothing. It has the shop''s own breakdowns read as well, by refresh_breakdowns(), what surveys brought in by day, by refresh_kept_answers(), and what was posted to the ledger of points, by refresh_kept_points(). One at a time: another waits';

--@ reference amount_rules customer_change_readers 0.2.0
CREATE OR REPLACE TRIGGER forget_kept_histories
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON amount_rules
    FOR EACH STATEMENT EXECUTE FUNCTION forget_kept_histories();
