-- shop/moved_orders.sql
--
-- An order that becomes another customer's: a guest's, who turns out to be a member.
-- UPDATE orders SET customer_id = ... takes along all that is of the order.
-- Needs: orders, returned_items, reviews, surveys, tickets, journeys, followups, points_settling.
--
-- What was bought, sent, returned and reviewed goes with the order, by its foreign
-- keys; what it earned is taken back and earned anew (points_settling); whose figures
-- and tiers change is noted, of both customers. What somebody wrote or answered stays
-- with whom it is from: tickets and answers to surveys name the order no more, and
-- somebody has to say so, because it is lost then. A message about the order that has
-- not gone out goes to whose it is now: the one that waits is dropped when it is claimed,
-- since its order is gone, and what is due is found anew. What was sent stays where it
-- was, and is not sent again. (Where all of a customer moves to another, see
-- moved_customers, it all goes along as it is.)

--@ reference order_items orders 0.2.0
ALTER TABLE order_items
    DROP CONSTRAINT order_items_customer_id_order_id_fkey,
    ADD CONSTRAINT order_items_customer_id_order_id_fkey
        FOREIGN KEY (customer_id, order_id) REFERENCES orders ON UPDATE CASCADE;

--@ reference returns orders 0.2.0
ALTER TABLE returns
    DROP CONSTRAINT returns_customer_id_order_id_fkey,
    ADD CONSTRAINT returns_customer_id_order_id_fkey
        FOREIGN KEY (customer_id, order_id) REFERENCES orders ON UPDATE CASCADE;

--@ reference shipments orders 0.2.0
ALTER TABLE shipments
    DROP CONSTRAINT shipments_customer_id_order_id_fkey,
    ADD CONSTRAINT shipments_customer_id_order_id_fkey
        FOREIGN KEY (customer_id, order_id) REFERENCES orders ON UPDATE CASCADE;

--@ functions
CREATE OR REPLACE FUNCTION begin_to_move_order() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    named record;
BEGIN
    IF customer_is_moved(OLD.customer_id, NEW.customer_id) THEN
        RETURN NEW;
    END IF;
    SELECT n.relation, n.number INTO named
      FROM (SELECT 'tickets' AS relation, 'ticket ' || t.ticket_id AS number
              FROM tickets t
             WHERE t.customer_id = OLD.customer_id AND t.order_id = OLD.order_id
            UNION ALL
            SELECT 'survey_responses', 'survey response ' || r.response_id
              FROM survey_responses r
             WHERE r.customer_id = OLD.customer_id AND r.order_id = OLD.order_id) n
     ORDER BY 1 DESC, 2
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'order % of customer % is named by %', OLD.order_id, OLD.customer_id, named.number
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'order_is_not_named_elsewhere',
                  DETAIL = 'What somebody wrote or answered stays with whom it is from, and the order would not be theirs any more.',
                  HINT = pg_catalog.format('UPDATE %I.%I SET order_id = NULL WHERE customer_id = %L AND order_id = %L; if that is meant.',
                                           TG_TABLE_SCHEMA, named.relation, OLD.customer_id::text, OLD.order_id);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION begin_to_move_order() IS
    'trigger of orders: an error if a ticket or an answer names an order that goes to another customer or gets another number';

-- A line that is returned belongs to two that come along, the return and the line of
-- the order. Both are there by now, and neither has been asked yet what refers to it.
CREATE OR REPLACE FUNCTION bring_returned_lines() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF customer_is_moved(OLD.customer_id, NEW.customer_id) THEN
        RETURN NULL;
    END IF;
    UPDATE return_items i
       SET customer_id = NEW.customer_id, order_id = NEW.order_id
     WHERE i.customer_id = OLD.customer_id AND i.order_id = OLD.order_id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION bring_returned_lines() IS
    'trigger of orders: the lines that were returned of an order go along with it';

-- (Triggers fire in the order of their names, those of foreign keys before, which begin
-- with a capital letter; then this one, then the one that earns points by the lines.)
--@ reference orders return_items 0.2.0
CREATE OR REPLACE TRIGGER begin_to_move_order
    BEFORE UPDATE OF customer_id, order_id ON orders
    FOR EACH ROW WHEN ((OLD.customer_id, OLD.order_id) IS DISTINCT FROM (NEW.customer_id, NEW.order_id))
    EXECUTE FUNCTION begin_to_move_order();
CREATE OR REPLACE TRIGGER bring_returned_lines
    AFTER UPDATE OF customer_id, order_id ON orders
    FOR EACH ROW WHEN ((OLD.customer_id, OLD.order_id) IS DISTINCT FROM (NEW.customer_id, NEW.order_id))
    EXECUTE FUNCTION bring_returned_lines();

--@ functions
CREATE OR REPLACE FUNCTION keep_from_sending_again() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF customer_is_moved(OLD.customer_id, NEW.customer_id) THEN
        RETURN NULL;
    END IF;
    INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at,
                           queued_at, claimable_at, finished_at, outcome, reason)
    SELECT NEW.customer_id, f.step, NEW.order_id, f.step_id, f.channel, f.capped, f.priority, f.anchor_at, f.due_at, f.too_late_at,
           f.queued_at, f.claimable_at, f.finished_at, 'dropped', 'sent before the order moved'
      FROM followups f
      JOIN journey_steps s ON s.step_id = f.step_id
     WHERE f.customer_id = OLD.customer_id AND f.subject = OLD.order_id AND f.outcome = 'sent' AND is_order_anchor(s.anchor)
        ON CONFLICT (customer_id, step, subject) DO NOTHING;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keep_from_sending_again() IS
    'trigger of orders: what was sent about an order that goes to another customer, or gets another number, is not sent again; followups says so of whose it is now';

--@ reference orders followups 0.2.0
CREATE OR REPLACE TRIGGER keep_from_sending_again
    AFTER UPDATE OF customer_id, order_id ON orders
    FOR EACH ROW WHEN ((OLD.customer_id, OLD.order_id) IS DISTINCT FROM (NEW.customer_id, NEW.order_id))
    EXECUTE FUNCTION keep_from_sending_again();
