-- shop/lookups.sql
--
-- Whom somebody at the service desk is talking to: by what a customer says.
-- Needs: customers, moved_customers, orders, tickets.
--
-- Each look is an index's. A relation of the brand's that serves as a table may do
-- without the columns that are looked at (see parts.awk): a name that no such column
-- has means what stands beside it, which is NULL.

--@ functions
CREATE OR REPLACE FUNCTION phone_digits(phone text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(translate(phone, '０１２３４５６７８９', '0123456789'), '[^0-9]', '', 'g');
COMMENT ON FUNCTION phone_digits(text) IS
    'the digits of a telephone number, wide ones (０) as others';

-- The end by which the index has them
CREATE OR REPLACE FUNCTION phone_end(phone text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN right(regexp_replace(translate(phone, '０１２３４５６７８９', '0123456789'), '[^0-9]', '', 'g'), 8);
COMMENT ON FUNCTION phone_end(text) IS
    'the last eight digits of a telephone number, which the index customers_phone has';

-- 090-1234-5678 is +81 90 1234 5678: without leading zeros, one ends with the other.
CREATE OR REPLACE FUNCTION same_phone(one text, other text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT length(d.short) >= 7 AND length(d.long) - length(d.short) <= 3 AND right(d.long, length(d.short)) = d.short
      FROM (SELECT CASE WHEN length(z.a) <= length(z.b) THEN z.a ELSE z.b END AS short,
                   CASE WHEN length(z.a) <= length(z.b) THEN z.b ELSE z.a END AS long
              FROM (SELECT ltrim(phone_digits(same_phone.one), '0') AS a, ltrim(phone_digits(same_phone.other), '0') AS b) z) d;
END;
COMMENT ON FUNCTION same_phone(text, text) IS
    'whether two telephone numbers are the same however they are written: with or without leading zeros, and a country or area code of up to three digits which one of them has';

CREATE OR REPLACE FUNCTION find_customers(what text, at_most bigint DEFAULT 20)
RETURNS TABLE (customer_id @key_type@, found_by text, found text)
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    word constant text := pg_catalog.btrim(what, E' \t\r\n　');
    key @key_type@;
BEGIN
    IF word = '' OR word IS NULL OR at_most <= 0 THEN
        RETURN;
    END IF;
    BEGIN
        key := word;
    EXCEPTION
        WHEN invalid_text_representation OR numeric_value_out_of_range THEN
            NULL;       -- no key looks like that
    END;
    RETURN QUERY
    SELECT c.customer_id, 'customer_id', word FROM customers c WHERE c.customer_id = key;
    RETURN QUERY
    SELECT m.customer_id, 'merged', word FROM merged_customers m WHERE m.from_customer = key;
    RETURN QUERY
    SELECT l.customer_id, 'customer_ids', l.system
      FROM (SELECT NULL::text AS id) none
     CROSS JOIN LATERAL (SELECT i.customer_id, i.system FROM customer_ids i WHERE id = word LIMIT at_most) l
     ORDER BY 1, 3;
    IF word LIKE '%@%' THEN
        RETURN QUERY
        SELECT l.customer_id, 'email', l.email
          FROM (SELECT NULL::text AS email) none
         CROSS JOIN LATERAL (SELECT c.customer_id, email FROM customers c WHERE lower(email) = lower(word) LIMIT at_most) l
         ORDER BY 1;
    END IF;
    IF word ~ '^[-+()./ 0-9０-９]+$' AND length(pg_catalog.ltrim(phone_digits(word), '0')) >= 7 THEN
        RETURN QUERY
        SELECT l.customer_id, 'phone', l.phone
          FROM (SELECT NULL::text AS phone) none
         CROSS JOIN LATERAL (SELECT c.customer_id, phone FROM customers c
                              WHERE phone_end(phone) = phone_end(word) AND same_phone(phone, word) LIMIT at_most) l
         ORDER BY 1;
    END IF;
    RETURN QUERY
    SELECT o.customer_id, 'order_id', o.order_id FROM orders o WHERE o.order_id = word ORDER BY 1 LIMIT at_most;
    RETURN QUERY
    SELECT l.customer_id, 'external_id', l.order_id
      FROM (SELECT NULL::text AS external_id) none
     CROSS JOIN LATERAL (SELECT o.customer_id, o.order_id FROM orders o WHERE external_id = word LIMIT at_most) l
     ORDER BY 1, 3;
    RETURN QUERY
    SELECT l.customer_id, 'external_name', l.order_id
      FROM (SELECT NULL::text AS external_name) none
     CROSS JOIN LATERAL (SELECT o.customer_id, o.order_id FROM orders o
                          WHERE external_name IN (word, '#' || word) LIMIT at_most) l
     ORDER BY 1, 3;
    RETURN QUERY
    SELECT t.customer_id, 'ticket_id', t.ticket_id FROM tickets t WHERE t.ticket_id = word ORDER BY 1 LIMIT at_most;
END
$$;
COMMENT ON FUNCTION find_customers(text, bigint) IS
    'whose it is, what a customer says: a key of the customer here, or of one who was merged into another, or in another system, an e-mail address (in whatever case), a telephone number (however it is written), the id or name of an order, a ticket''s id. Each is looked up in an index; found_by is the column in which it was found, found the order, ticket, address or system; at_most rows of each. For whoever may read these columns: the levels service and admin';
