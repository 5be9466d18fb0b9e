-- shop/orders.sql
--
-- Orders, their lines and what came back; and the orders that count.
-- Needs: settings, customers.
--
-- Instants lie in the years 1 to 9999 and amounts have at most four decimals,
-- as in the type purchases, so that no stored order can fail a report later.

--@ table orders hides refunded
--: derives refunded
CREATE TABLE orders (
    customer_id @key_type@ NOT NULL,
    order_id text NOT NULL,
    ordered_at timestamptz NOT NULL
        CONSTRAINT orders_ordered_at_is_plausible
        CHECK (ordered_at >= '0001-01-01 00:00+00' AND ordered_at < '9999-12-31 00:00+00'),
    amount numeric NOT NULL
        CONSTRAINT orders_amount_is_money
        CHECK (amount >= 0::numeric AND amount <= 1000000000000::numeric AND amount = round(amount, 4)),
    tax numeric NOT NULL DEFAULT 0,
    shipping numeric NOT NULL DEFAULT 0,
    refunded numeric NOT NULL DEFAULT 0,
    sales_channel text,
    shipped_at timestamptz,
    delivered_at timestamptz,
    cancelled_at timestamptz,
    -- with all that a customer's figures are made of, so that they are read from
    -- a page or two of the index and not from as many pages as there are orders
    PRIMARY KEY (customer_id, order_id) INCLUDE (ordered_at, amount, cancelled_at, delivered_at),
    CONSTRAINT orders_tax_and_shipping_are_within_amount
        CHECK (tax >= 0::numeric AND shipping >= 0::numeric AND tax + shipping <= amount),
    CONSTRAINT orders_refunded_is_within_amount
        CHECK (refunded >= 0::numeric AND refunded <= amount),
    CONSTRAINT orders_shipped_after_ordered
        CHECK (shipped_at >= ordered_at),
    CONSTRAINT orders_delivered_after_ordered_and_shipped
        CHECK (delivered_at >= ordered_at AND delivered_at >= coalesce(shipped_at, ordered_at)),
    CONSTRAINT orders_cancelled_after_ordered
        CHECK (cancelled_at >= ordered_at)
);
CREATE INDEX orders_ordered_at ON orders (ordered_at);
CREATE INDEX orders_shipped_at ON orders (shipped_at) WHERE shipped_at IS NOT NULL;
CREATE INDEX orders_delivered_at ON orders (delivered_at) WHERE delivered_at IS NOT NULL;
COMMENT ON TABLE orders IS
    'orders, one row each; refunded is kept by the rows of returns';

-- What is not paid yet counts, as an order always did; what is not going to be paid
-- any more is cancelled. So whether an order counts is told by its dates alone, which
-- the key's index has.
--@ change orders 0.2.0
--: optional discount, external_id, external_name
ALTER TABLE orders
    ADD COLUMN discount numeric NOT NULL DEFAULT 0
        CONSTRAINT orders_discount_is_money
        CHECK (discount >= 0::numeric AND discount <= 1000000000000::numeric AND discount = round(discount, 4)),
    ADD COLUMN payment_state text NOT NULL DEFAULT 'paid'
        CONSTRAINT orders_payment_state_is_known CHECK (payment_state IN ('paid', 'pending', 'voided')),
    ADD COLUMN external_id text,
    ADD COLUMN external_name text,
    ADD CONSTRAINT orders_voided_only_if_cancelled
        CHECK (payment_state <> 'voided' OR cancelled_at IS NOT NULL);
COMMENT ON COLUMN orders.discount IS
    'what was taken off the whole order, beside what was taken off its lines; the amount is less that already';
CREATE INDEX orders_order_id ON orders (order_id);
CREATE INDEX orders_external_id ON orders (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX orders_external_name ON orders (external_name) WHERE external_name IS NOT NULL;

--@ reference orders customers
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;

--@ table order_items
CREATE TABLE order_items (
    customer_id @key_type@ NOT NULL,
    order_id text NOT NULL,
    line integer NOT NULL,
    product_id text NOT NULL,
    product_name text,
    category text,
    quantity integer NOT NULL DEFAULT 1
        CONSTRAINT order_items_quantity_is_positive CHECK (quantity > 0),
    amount numeric NOT NULL
        CONSTRAINT order_items_amount_is_money
        CHECK (amount >= 0::numeric AND amount <= 1000000000000::numeric AND amount = round(amount, 4)),
    -- with what offers are made of, for the same reason
    PRIMARY KEY (customer_id, order_id, line) INCLUDE (product_id)
);
COMMENT ON TABLE order_items IS 'what was in each order, one row a line';

-- What the parts of a line come to is not checked against its amount: systems round
-- by the piece, by the line or by the order, and list prices with tax or without.
--@ change order_items 0.2.0
--: optional sku, unit_price, discount, tax
ALTER TABLE order_items
    ADD COLUMN sku text,
    ADD COLUMN unit_price numeric
        CONSTRAINT order_items_unit_price_is_money
        CHECK (unit_price >= 0::numeric AND unit_price <= 1000000000000::numeric AND unit_price = round(unit_price, 4)),
    ADD COLUMN discount numeric NOT NULL DEFAULT 0
        CONSTRAINT order_items_discount_is_money
        CHECK (discount >= 0::numeric AND discount <= 1000000000000::numeric AND discount = round(discount, 4)),
    ADD COLUMN tax numeric NOT NULL DEFAULT 0
        CONSTRAINT order_items_tax_is_within_amount
        CHECK (tax >= 0::numeric AND tax <= amount);
COMMENT ON COLUMN order_items.discount IS
    'what was taken off the line; unit_price x quantity - discount is its amount, or the amount less tax where prices are listed without, but for what systems round and what was taken off the whole order';

--@ reference order_items orders
ALTER TABLE order_items ADD FOREIGN KEY (customer_id, order_id) REFERENCES orders;

--@ table returns
--: hides reason
CREATE TABLE returns (
    customer_id @key_type@ NOT NULL,
    return_id text NOT NULL,
    order_id text NOT NULL,
    returned_at timestamptz NOT NULL,
    refund numeric NOT NULL
        CONSTRAINT returns_refund_is_money
        CHECK (refund >= 0::numeric AND refund <= 1000000000000::numeric AND refund = round(refund, 4)),
    reason text,
    PRIMARY KEY (customer_id, return_id)
);
CREATE INDEX returns_order ON returns (customer_id, order_id);
COMMENT ON TABLE returns IS
    'what came back or was made good, one row a refund; together never more than the order''s amount';

--@ functions
-- The order is locked first, in a statement of its own: then the sum sees what
-- other sessions have committed meanwhile, and the order's check decides.
CREATE OR REPLACE FUNCTION keep_refunded() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    changed record;
    bought timestamptz;
BEGIN
    IF TG_OP = 'UPDATE' AND customer_is_moved(OLD.customer_id, NEW.customer_id) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE orders o SET refunded = 0 WHERE o.refunded <> 0::numeric;
        RETURN NULL;
    END IF;
    FOR changed IN
        SELECT k.customer_id, k.order_id
          FROM (VALUES (NEW.customer_id, NEW.order_id),
                       (OLD.customer_id, OLD.order_id)) k (customer_id, order_id)
         WHERE k.order_id IS NOT NULL
         GROUP BY k.customer_id, k.order_id
         ORDER BY k.customer_id, k.order_id
    LOOP
        SELECT o.ordered_at INTO bought
          FROM orders o
         WHERE o.customer_id = changed.customer_id AND o.order_id = changed.order_id
           FOR NO KEY UPDATE;
        IF changed.order_id = NEW.order_id AND NEW.returned_at < bought THEN
            RAISE EXCEPTION 'return % of customer % is dated before its order',
                    NEW.return_id, NEW.customer_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'return_is_later_than_its_order',
                      DETAIL = pg_catalog.format('Order %s was placed at %s and returned at %s.',
                                      NEW.order_id, bought, NEW.returned_at);
        END IF;
        UPDATE orders o
           SET refunded = coalesce((SELECT sum(r.refund)
                                      FROM returns r
                                     WHERE r.customer_id = changed.customer_id
                                       AND r.order_id = changed.order_id), 0)
         WHERE o.customer_id = changed.customer_id AND o.order_id = changed.order_id;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keep_refunded() IS
    'trigger of returns: keeps orders.refunded, which may not exceed the amount';

--@ reference returns orders
ALTER TABLE returns ADD FOREIGN KEY (customer_id, order_id) REFERENCES orders;

CREATE OR REPLACE TRIGGER keep_refunded
    AFTER INSERT OR UPDATE OR DELETE ON returns
    FOR EACH ROW EXECUTE FUNCTION keep_refunded();
CREATE OR REPLACE TRIGGER keep_refunded_when_empty
    AFTER TRUNCATE ON returns
    FOR EACH STATEMENT EXECUTE FUNCTION keep_refunded();

--@ table amount_rules
CREATE TABLE amount_rules (
    valid tstzrange PRIMARY KEY,
    counts_tax boolean NOT NULL,
    counts_shipping boolean NOT NULL,
    CONSTRAINT amount_rules_one_at_a_time EXCLUDE USING gist (valid WITH OPERATOR(pg_catalog.&&))
);
COMMENT ON TABLE amount_rules IS
    'what is part of an amount in figures about orders, one row a time in which they were placed; where there is none, tax and shipping are, as customers pay them. Tiers and points have rules of their own';
COMMENT ON COLUMN amount_rules.valid IS 'when the orders were placed for which this holds';

--@ functions
CREATE OR REPLACE FUNCTION check_refunded_of(customer @key_type@, order_id text, refunded numeric) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    returned constant numeric := (SELECT coalesce(sum(r.refund), 0::numeric)
                                    FROM returns r
                                   WHERE r.customer_id = customer AND r.order_id = check_refunded_of.order_id);
BEGIN
    IF refunded <> returned THEN
        RAISE EXCEPTION 'order % of customer % has % refunded, not %', order_id, customer, returned, refunded
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunded_agrees_with_returns',
                  DETAIL = 'refunded is the sum of the order''s rows in returns.',
                  HINT = 'INSERT what came back into returns.';
    END IF;
END
$$;
COMMENT ON FUNCTION check_refunded_of(@key_type@, text, numeric) IS
    'an error if something else is refunded of an order than returns say';

-- Of a new order nothing can have come back; but a backup is loaded order by order.
CREATE OR REPLACE FUNCTION check_refunded_of_new(customer @key_type@, order_id text, refunded numeric, relation oid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT owns_table(relation) THEN
        PERFORM check_refunded_of(customer, order_id, refunded);
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION check_refunded_of_new(@key_type@, text, numeric, oid) IS
    'true, or an error if something is refunded of an order that is new, unless the owner of the table says so';

CREATE OR REPLACE FUNCTION check_refunded() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM check_refunded_of(NEW.customer_id, NEW.order_id, NEW.refunded);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_refunded() IS
    'trigger of orders: refunded is what returns say';

CREATE OR REPLACE FUNCTION check_currency() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF (TG_OP = 'DELETE' OR NEW.currency <> OLD.currency) AND EXISTS (SELECT FROM orders o) THEN
        RAISE EXCEPTION 'the currency of the shop is %', OLD.currency
            USING ERRCODE = 'object_in_use', CONSTRAINT = 'currency_stays',
                  DETAIL = CASE TG_OP
                      WHEN 'DELETE' THEN 'There are orders, whose amounts would be in no currency.'
                      ELSE pg_catalog.format('There are orders, whose amounts would be taken for %s.', NEW.currency)
                  END,
                  HINT = 'Make a shop of its own for another currency. If the amounts have been of that currency all along, the owner of the shop says ALTER TABLE settings DISABLE TRIGGER check_currency first.';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_currency() IS
    'trigger of settings: the currency neither changes nor goes under amounts that stand there';

--@ reference orders returns 0.2.0
CREATE OR REPLACE TRIGGER check_refunded
    AFTER UPDATE OF refunded ON orders
    FOR EACH ROW WHEN (NEW.refunded <> OLD.refunded)
    EXECUTE FUNCTION check_refunded();

--@ change settings 0.2.0
CREATE OR REPLACE TRIGGER check_currency
    BEFORE UPDATE OF currency OR DELETE ON settings
    FOR EACH ROW EXECUTE FUNCTION check_currency();

--@ functions
-- The cost is what the planner is to reckon with in every shop, most of which
-- never call it.
CREATE OR REPLACE FUNCTION amount_by_rule(customer @key_type@, order_id text, amount numeric) RETURNS numeric
    LANGUAGE sql STABLE PARALLEL SAFE COST 1
BEGIN ATOMIC
    SELECT coalesce((SELECT round(amount_by_rule.amount
                                  * (o.amount - CASE WHEN a.counts_tax THEN 0::numeric ELSE o.tax END
                                              - CASE WHEN a.counts_shipping THEN 0::numeric ELSE o.shipping END)
                                  / nullif(o.amount, 0::numeric), 4)
                       FROM orders o
                       JOIN amount_rules a ON a.valid OPERATOR(pg_catalog.@>) o.ordered_at
                      WHERE o.customer_id = amount_by_rule.customer AND o.order_id = amount_by_rule.order_id),
                    amount_by_rule.amount);
END;
COMMENT ON FUNCTION amount_by_rule(@key_type@, text, numeric) IS
    'what is left of an order''s amount, of which refunds are taken off, without the tax or shipping that amount_rules leaves out of it, to four decimals: as large a part as there is of the whole';

CREATE OR REPLACE FUNCTION order_counts(ordered_at timestamptz, cancelled_at timestamptz, as_of timestamptz) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ordered_at <= as_of AND (cancelled_at IS NULL OR cancelled_at > as_of);
COMMENT ON FUNCTION order_counts(timestamptz, timestamptz, timestamptz) IS
    'whether an order counts as of an instant: it was placed and not cancelled by then. The one place that says so';

CREATE OR REPLACE FUNCTION counted_orders_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    order_id text,
    ordered_at timestamptz,
    amount numeric,
    sales_channel text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.customer_id,
           o.order_id,
           o.ordered_at,
           -- Tax and shipping are looked up only where a rule asks for them: all
           -- else is read from the index.
           CASE WHEN EXISTS (SELECT FROM amount_rules a WHERE NOT a.counts_tax OR NOT a.counts_shipping)
                THEN amount_by_rule(o.customer_id, o.order_id, kept.amount)
                ELSE kept.amount
           END,
           o.sales_channel
      FROM orders o
      -- The first of an order's returns, which most have none of: so that no order is
      -- there twice, whoever asks for the newest ten looks up ten, and who asks for all
      -- reads returns once. What they come to is added up of those that have one.
      LEFT JOIN returns r
             ON r.customer_id = o.customer_id AND r.order_id = o.order_id
            AND r.returned_at <= counted_orders_at.as_of
            AND NOT EXISTS (SELECT FROM returns e
                             WHERE e.customer_id = r.customer_id AND e.order_id = r.order_id
                               AND e.returned_at <= counted_orders_at.as_of AND e.return_id < r.return_id)
     CROSS JOIN LATERAL (SELECT CASE WHEN r.order_id IS NULL THEN o.amount
                                     ELSE o.amount - least((SELECT coalesce(sum(b.refund), 0::numeric) FROM returns b
                                                             WHERE b.customer_id = o.customer_id AND b.order_id = o.order_id
                                                               AND b.returned_at <= counted_orders_at.as_of), o.amount)
                                END AS amount) kept
     WHERE order_counts(o.ordered_at, o.cancelled_at, counted_orders_at.as_of);
END;
COMMENT ON FUNCTION counted_orders_at(timestamptz) IS
    'the orders that count by order_counts(), amounts less what was refunded, and without tax or shipping where amount_rules says so, a refund being of all parts alike; every figure about orders is taken from these';
