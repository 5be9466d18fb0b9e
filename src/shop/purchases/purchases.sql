-- shop/purchases.sql
--
-- What each customer bought, in one row; and every order with its number in
-- the customer's life.
-- Needs: durations, order_histories.

--@ functions
CREATE OR REPLACE FUNCTION purchase_figures(purchases loyalcs.purchases, as_of timestamptz)
RETURNS TABLE (
    orders bigint,
    first_order_at timestamptz,
    last_order_at timestamptz,
    total_spent numeric,
    average_order numeric,
    recency interval,
    purchase_interval interval,
    recency_days double precision,
    purchase_interval_days double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT loyalcs.purchase_count(purchase_figures.purchases),
           loyalcs.first_purchase(purchase_figures.purchases),
           loyalcs.last_purchase(purchase_figures.purchases),
           loyalcs.total_spent(purchase_figures.purchases),
           loyalcs.average_order(purchase_figures.purchases),
           loyalcs.recency(purchase_figures.purchases, least(purchase_figures.as_of, timestamptz '9999-12-31 00:00+00')),
           loyalcs.purchase_interval(purchase_figures.purchases),
           in_days(loyalcs.recency(purchase_figures.purchases, least(purchase_figures.as_of, timestamptz '9999-12-31 00:00+00'))),
           in_days(loyalcs.purchase_interval(purchase_figures.purchases));
END;
COMMENT ON FUNCTION purchase_figures(loyalcs.purchases, timestamptz) IS
    'what is said of purchases in customer_purchases, as of an instant';

-- One customer's figures are read from that customer's orders, and nothing else is
-- looked at: even to plan whether what is kept can be relied on takes longer than that.
CREATE OR REPLACE FUNCTION customer_purchases_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    orders bigint,
    first_order_at timestamptz,
    last_order_at timestamptz,
    total_spent numeric,
    average_order numeric,
    recency interval,
    purchase_interval interval,
    recency_days double precision,
    purchase_interval_days double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.customer_id, f.*
      -- (DISTINCT changes nothing, and says to the planner, who does not see it in GROUP BY,
      -- that each customer is there once: so that a join is not taken to bring millions)
      FROM (SELECT DISTINCT ON (p.customer_id) p.customer_id, p.purchases
              FROM (SELECT o.customer_id, loyalcs.purchases_agg(o.ordered_at, o.amount) AS purchases
                      FROM counted_orders_at(customer_purchases_at.as_of) o
                     GROUP BY o.customer_id) p) o
     CROSS JOIN LATERAL purchase_figures(o.purchases, customer_purchases_at.as_of) f;
END;
COMMENT ON FUNCTION customer_purchases_at(timestamptz) IS
    'what each customer bought, in one row; a customer without an order that counts has none';

CREATE OR REPLACE FUNCTION purchases_by_customer(as_of timestamptz)
RETURNS TABLE (customer_id @key_type@, purchases loyalcs.purchases)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT h.customer_id, p.purchases
      FROM order_histories() h
     -- (not to be pulled up, since each figure would read the history again)
     CROSS JOIN LATERAL (SELECT purchases_in_history(h.purchases, h.last_at, h.number, h.at, h.amount, purchases_by_customer.as_of, timestamptz 'infinity') AS purchases OFFSET 0) p
     WHERE p.purchases IS NOT NULL;
END;
COMMENT ON FUNCTION purchases_by_customer(timestamptz) IS
    'what each customer bought, of the histories that are kept';

CREATE OR REPLACE FUNCTION purchases_of_everybody(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    orders bigint,
    first_order_at timestamptz,
    last_order_at timestamptz,
    total_spent numeric,
    average_order numeric,
    recency interval,
    purchase_interval interval,
    recency_days double precision,
    purchase_interval_days double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.customer_id, f.*
      FROM purchases_by_customer(purchases_of_everybody.as_of) p
     CROSS JOIN LATERAL purchase_figures(p.purchases, purchases_of_everybody.as_of) f;
END;
COMMENT ON FUNCTION purchases_of_everybody(timestamptz) IS
    'customer_purchases_at() for figures about all customers: the same rows, of the histories that are kept. Many times quicker for all, and slower for one';

CREATE OR REPLACE FUNCTION years_as_customer(first_order_at timestamptz, as_of timestamptz)
RETURNS double precision
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(loyalcs.customer_years(first_order_at, least(as_of, timestamptz '9999-12-31 00:00+00')), 1::double precision);
COMMENT ON FUNCTION years_as_customer(timestamptz, timestamptz) IS
    'years of 365.25 days since the first order, at least one, so that nobody is projected from one happy week';

-- (Of the most, as many as the share is of them: but those who have spent no more than
-- the next one have equals outside. An array is in pieces only as a variable. Of exact
-- amounts, for several shares at once: loyalcs.top_spenders().)
CREATE OR REPLACE FUNCTION top_spender_cut(spent numeric[], top_share double precision) RETURNS numeric
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    sorted constant numeric[] := (SELECT pg_catalog.array_agg(u.amount ORDER BY u.amount DESC) FROM pg_catalog.unnest(spent) u (amount));
    everybody constant integer := pg_catalog.cardinality(sorted);
    most constant integer := least(ceil(everybody::numeric * top_share::numeric), everybody::numeric)::integer;
    outside constant numeric := greatest(coalesce(sorted[most + 1], 0::numeric), 0::numeric);
    at_least integer := 0;
    at_most integer := most;
    middle integer;
BEGIN
    WHILE at_least < at_most LOOP
        middle := (at_least + at_most + 1) / 2;
        IF sorted[middle] > outside THEN
            at_least := middle;
        ELSE
            at_most := middle - 1;
        END IF;
    END LOOP;
    RETURN CASE WHEN at_least > 0 THEN sorted[at_least] ELSE sorted[1] + 1::numeric END;
END
$$;
COMMENT ON FUNCTION top_spender_cut(numeric[], double precision) IS
    'what a customer must have spent at least to be among the top share of all who ordered: the least amount, never 0, that no more than that share of them, rounded up to whole customers, has reached. Equals are all in or all out: out where with them there would be more. Where even the most is reached by too many, or is 0, the cut is 1 more than that; NULL if nobody ordered';
