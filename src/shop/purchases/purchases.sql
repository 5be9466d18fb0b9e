-- shop/purchases.sql
--
-- What each customer bought, in one row; and every order with its number in
-- the customer's life.
-- Needs: orders.

--@ functions
CREATE OR REPLACE FUNCTION customer_purchases_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    orders bigint,
    first_order_at timestamptz,
    last_order_at timestamptz,
    total_spent numeric,
    average_order numeric,
    recency interval,
    purchase_interval interval
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.customer_id,
           loyalcs.purchase_count(p.purchases),
           loyalcs.first_purchase(p.purchases),
           loyalcs.last_purchase(p.purchases),
           loyalcs.total_spent(p.purchases),
           loyalcs.average_order(p.purchases),
           loyalcs.recency(p.purchases, customer_purchases_at.as_of),
           loyalcs.purchase_interval(p.purchases)
      FROM (SELECT o.customer_id,
                   loyalcs.purchases_agg(o.ordered_at, o.amount) AS purchases
              FROM counted_orders_at(customer_purchases_at.as_of) o
             GROUP BY o.customer_id) p;
END;
COMMENT ON FUNCTION customer_purchases_at(timestamptz) IS
    'what each customer bought, in one row; a customer without an order that counts has none';

CREATE OR REPLACE FUNCTION years_as_customer(first_order_at timestamptz, as_of timestamptz)
RETURNS double precision
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN greatest(EXTRACT(epoch FROM as_of - first_order_at) / (365.25 * 86400::numeric), 1)::double precision;
COMMENT ON FUNCTION years_as_customer(timestamptz, timestamptz) IS
    'years of 365.25 days since the first order, at least one, so that nobody is projected from one happy week';
