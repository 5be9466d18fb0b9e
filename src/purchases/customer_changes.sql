-- customer_changes.sql
--
-- What a shop notes its new orders with, beside a function of the shop.
-- Needs: nothing before it.

CREATE FUNCTION loyalcs.note_new_orders() RETURNS trigger
    AS 'MODULE_PATHNAME'
    LANGUAGE c COST 10;
COMMENT ON FUNCTION loyalcs.note_new_orders() IS
    'trigger of a shop''s orders, after a statement that inserts: notes the customer of one new order in customer_changes, by the privileges of whoever orders; more orders, and what is said to be refunded already, are for the shop''s own note_new_orders()';
