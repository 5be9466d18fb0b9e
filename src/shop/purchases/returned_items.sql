-- shop/returned_items.sql
--
-- Which pieces came back: the lines of returns.
-- Needs: orders.
--
-- No more pieces of a line come back than were in it, and the lines of a return are
-- refunded no more than the return is. Whatever one of these is about to break looks
-- at them: a line that is returned, a line of the order, the return.

--@ change returns 0.2.0
ALTER TABLE returns ADD CONSTRAINT returns_of_an_order UNIQUE (customer_id, return_id, order_id);

--@ table return_items
CREATE TABLE return_items (
    customer_id @key_type@ NOT NULL,
    return_id text NOT NULL,
    order_id text NOT NULL,
    line integer NOT NULL,
    quantity integer NOT NULL DEFAULT 1
        CONSTRAINT return_items_quantity_is_positive CHECK (quantity > 0),
    refund numeric
        CONSTRAINT return_items_refund_is_money
        CHECK (refund >= 0::numeric AND refund <= 1000000000000::numeric AND refund = round(refund, 4)),
    PRIMARY KEY (customer_id, return_id, line)
);
CREATE INDEX return_items_line ON return_items (customer_id, order_id, line);
COMMENT ON TABLE return_items IS
    'which pieces came back, one row a return and line of its order; a return without any names no line';
COMMENT ON COLUMN return_items.quantity IS
    'number of pieces that came back; over all returns of a line no more than it had';
COMMENT ON COLUMN return_items.refund IS
    'money given back for them; NULL: their share of what the return''s other lines leave of its refund, by what was paid for them';

--@ functions
-- The order is written first, in a statement of its own: then the sums see what other
-- sessions have committed meanwhile, and a session that has one snapshot for all of a
-- transaction, and would not see it, is told to try again.
CREATE OR REPLACE FUNCTION lock_order(customer @key_type@, order_id text) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE orders o SET refunded = o.refunded
     WHERE o.customer_id = customer AND o.order_id = lock_order.order_id;
END
$$;
COMMENT ON FUNCTION lock_order(@key_type@, text) IS
    'takes a turn at an order, until the end of the transaction; what is summed up after that is all that there is';

CREATE OR REPLACE FUNCTION check_returned_quantity(customer @key_type@, order_id text, line integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    sold constant integer := (SELECT i.quantity FROM order_items i
                               WHERE i.customer_id = customer AND i.order_id = check_returned_quantity.order_id
                                 AND i.line = check_returned_quantity.line);
    returned constant bigint := (SELECT sum(r.quantity) FROM return_items r
                                  WHERE r.customer_id = customer AND r.order_id = check_returned_quantity.order_id
                                    AND r.line = check_returned_quantity.line);
BEGIN
    IF returned > sold THEN
        RAISE EXCEPTION 'more of line % of order % of customer % came back than it had', line, order_id, customer
            USING ERRCODE = 'check_violation', CONSTRAINT = 'pieces_that_came_back_were_bought',
                  DETAIL = pg_catalog.format('It had %s, and with this %s came back.', sold, returned),
                  HINT = 'Look for a return that was entered twice in return_items.';
    END IF;
END
$$;
COMMENT ON FUNCTION check_returned_quantity(@key_type@, text, integer) IS
    'an error if more pieces of an order''s line came back than it had';

CREATE OR REPLACE FUNCTION check_refunded_lines(customer @key_type@, return_id text) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    refunded constant numeric := (SELECT r.refund FROM returns r
                                   WHERE r.customer_id = customer AND r.return_id = check_refunded_lines.return_id);
    of_lines constant numeric := (SELECT sum(r.refund) FROM return_items r
                                   WHERE r.customer_id = customer AND r.return_id = check_refunded_lines.return_id);
BEGIN
    IF of_lines > refunded THEN
        RAISE EXCEPTION 'the lines of return % of customer % are refunded more than the return', return_id, customer
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lines_are_refunded_no_more_than_the_return',
                  DETAIL = pg_catalog.format('The return''s refund is %s, that of its lines together %s.', refunded, of_lines),
                  HINT = 'Leave a line''s refund NULL for its share of the return''s.';
    END IF;
END
$$;
COMMENT ON FUNCTION check_refunded_lines(@key_type@, text) IS
    'an error if the lines of a return are refunded more than it is';

CREATE OR REPLACE FUNCTION check_return_item() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND customer_is_moved(OLD.customer_id, NEW.customer_id) THEN
        RETURN NULL;
    END IF;
    PERFORM lock_order(NEW.customer_id, NEW.order_id);
    PERFORM check_returned_quantity(NEW.customer_id, NEW.order_id, NEW.line);
    PERFORM check_refunded_lines(NEW.customer_id, NEW.return_id);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_return_item() IS
    'trigger of return_items: no more comes back than was in the line, nor is refunded more than the return';

CREATE OR REPLACE FUNCTION check_line_returned() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM lock_order(NEW.customer_id, NEW.order_id);
    PERFORM check_returned_quantity(NEW.customer_id, NEW.order_id, NEW.line);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_line_returned() IS
    'trigger of order_items: a line has at least what came back of it';

CREATE OR REPLACE FUNCTION check_return_covers() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM lock_order(NEW.customer_id, NEW.order_id);
    PERFORM check_refunded_lines(NEW.customer_id, NEW.return_id);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_return_covers() IS
    'trigger of returns: a return is refunded at least what its lines are';

-- A return's lines go with it, and move with it.
--@ reference return_items returns
ALTER TABLE return_items ADD FOREIGN KEY (customer_id, return_id, order_id)
    REFERENCES returns (customer_id, return_id, order_id) ON UPDATE CASCADE ON DELETE CASCADE;

--@ reference return_items order_items
ALTER TABLE return_items ADD FOREIGN KEY (customer_id, order_id, line) REFERENCES order_items;

-- (all of them take a turn at the order)
--@ reference return_items orders
CREATE OR REPLACE TRIGGER check_return_item
    AFTER INSERT OR UPDATE ON return_items
    FOR EACH ROW EXECUTE FUNCTION check_return_item();

--@ reference order_items orders 0.2.0
CREATE OR REPLACE TRIGGER check_line_returned
    AFTER UPDATE OF quantity ON order_items
    FOR EACH ROW WHEN (NEW.quantity < OLD.quantity)
    EXECUTE FUNCTION check_line_returned();

--@ reference returns orders 0.2.0
CREATE OR REPLACE TRIGGER check_return_covers
    AFTER UPDATE OF refund ON returns
    FOR EACH ROW WHEN (NEW.refund < OLD.refund)
    EXECUTE FUNCTION check_return_covers();

--@ functions
CREATE OR REPLACE FUNCTION returned_items_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    order_id text,
    line integer,
    return_id text,
    returned_at timestamptz,
    quantity integer,
    refund numeric
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.customer_id, s.order_id, s.line, s.return_id, s.returned_at, s.quantity,
           coalesce(s.refund,
                    trim_scale(round(s.left_over * CASE WHEN s.paid_in_all > 0::numeric THEN s.paid / s.paid_in_all
                                             ELSE s.quantity::numeric / s.pieces_in_all::numeric END, 4)))
      FROM (SELECT r.customer_id, r.order_id, i.line, r.return_id, r.returned_at, i.quantity, i.refund, p.paid,
                   r.refund - coalesce(sum(i.refund) OVER parts, 0::numeric) AS left_over,
                   sum(p.paid) FILTER (WHERE i.refund IS NULL) OVER parts AS paid_in_all,
                   sum(i.quantity) FILTER (WHERE i.refund IS NULL) OVER parts AS pieces_in_all
              FROM returns r
              JOIN return_items i ON i.customer_id = r.customer_id AND i.return_id = r.return_id AND i.order_id = r.order_id
              JOIN order_items l ON l.customer_id = i.customer_id AND l.order_id = i.order_id AND l.line = i.line
             CROSS JOIN LATERAL (SELECT l.amount * i.quantity::numeric / l.quantity::numeric AS paid) p
             WHERE r.returned_at <= returned_items_at.as_of
            WINDOW parts AS (PARTITION BY r.customer_id, r.return_id)) s;
END;
COMMENT ON FUNCTION returned_items_at(timestamptz) IS
    'the pieces that came back, one row a return and line, and what was refunded for them: what the line says, else its share, by what was paid for these pieces, of what lines that say so leave of the return''s refund, to four decimals';
