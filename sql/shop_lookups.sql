-- Whose it is, what somebody at the service desk is told; and that nobody waits for it.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
INSERT INTO customers (customer_id, email, phone) SELECT 'c' || i, 'C' || i || '@Example.com', '090-1234-' || lpad(i::text, 4, '0') FROM generate_series(1, 3000) i;
INSERT INTO customer_ids (customer_id, system, id) SELECT 'c' || i, 'shopify', (7000000 + i)::text FROM generate_series(1, 3000) i;
INSERT INTO customer_ids (customer_id, system, id) VALUES ('c1', 'zendesk', '7000002');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, external_id, external_name)
SELECT 'c' || i, 'AU-' || i, '2026-01-01 12:00+09', 100, 'gid://' || i, '#' || 1000 + i FROM generate_series(1, 3000) i;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('c2', 'AU-1', '2026-01-01 12:00+09', 100);
INSERT INTO tickets (customer_id, ticket_id, channel) SELECT 'c' || i, 'T-' || i, 'email' FROM generate_series(1, 3000) i;
INSERT INTO customers (customer_id, phone) VALUES ('kaoru', '+81 (0)3 5555-0001'), ('jun', '０３－５５５５－０００１'), ('mei', '5555-0001'), ('ryo', '06-5555-0001'), ('none', '---');
ANALYZE customers, customer_ids, orders, tickets;

SELECT w.word, f.customer_id, f.found_by, f.found
  FROM unnest(ARRAY['c7', 'C7', 'c7@example.COM', '  c7@example.com ', '090-1234-0007', '09012340007', '+81 90 1234 0007', '０９０１２３４０００７', '080-1234-0007', '1234-0007', '0007',
                    '03-5555-0001', '0355550001', '5555 0001', '06-5555-0001', '7000002', 'AU-1', 'gid://7', '#1007', '1007', 'T-7', 'nobody', '', '%', '@', NULL]) WITH ORDINALITY w (word, n)
  LEFT JOIN LATERAL find_customers(w.word) f ON true
 ORDER BY w.n, f.found_by, f.customer_id;
SELECT count(*) FROM find_customers('1234-0007', 0);
SELECT count(*) FROM find_customers('AU-1', 1);
SELECT * FROM (VALUES ('090-1234-5678', '+819012345678'), ('090-1234-5678', '080-1234-5678'), ('03-1234-5678', '1234-5678'), ('03-1234-5678', '06-1234-5678'), ('0120-123-456', '120123456'),
                      ('12345678', '345678'), ('', ''), (NULL, '090-1234-5678')) v (one, other), LATERAL same_phone(one, other) s (same);

-- Each of these reads what it finds and a few pages of an index, however many there are.
-- (what this transaction has read of tables in one piece)
CREATE FUNCTION pg_temp.rows_read(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    before constant bigint := (SELECT sum(seq_tup_read) FROM pg_stat_xact_user_tables WHERE schemaname = 'shop');
BEGIN
    EXECUTE statement;
    RETURN (SELECT sum(seq_tup_read) FROM pg_stat_xact_user_tables WHERE schemaname = 'shop') - before;
END
$$;
SELECT pg_temp.rows_read('SELECT count(*) FROM customers WHERE email LIKE ''C7%''') AS this_would_tell;
SELECT s.statement, pg_temp.rows_read(s.statement)
  FROM (VALUES
    ('SELECT * FROM orders WHERE order_id = ''AU-7'''),
    ('SELECT * FROM orders WHERE external_id = ''gid://7'''),
    ('SELECT * FROM orders WHERE external_name = ''#1007'''),
    ('SELECT * FROM tickets WHERE ticket_id = ''T-7'''),
    ('SELECT * FROM customers WHERE lower(email) = ''c7@example.com'''),
    ('SELECT * FROM customers WHERE phone_end(phone) = phone_end(''+81 90 1234 0007'')'),
    ('SELECT * FROM customer_ids WHERE system = ''shopify'' AND id = ''7000007'''),
    ('SELECT * FROM customer_ids WHERE id = ''7000007'''),
    ('SELECT * FROM customer_ids WHERE customer_id = ''c7'''),
    ('SELECT * FROM find_customers(''c7'')'),
    ('SELECT * FROM find_customers(''c7@example.com'')'),
    ('SELECT * FROM find_customers(''090-1234-0007'')'),
    ('SELECT * FROM find_customers(''7000007'')'),
    ('SELECT * FROM find_customers(''#1007'')')
  ) s (statement);
-- Also once it is planned for whatever comes.
SET plan_cache_mode = force_generic_plan;
SELECT pg_temp.rows_read(format('SELECT * FROM find_customers(%L)', w)) AS read FROM unnest('{c8,c8@example.com,090-1234-0008,7000008,#1008}'::text[]) w;
RESET plan_cache_mode;

SET search_path = public;
SELECT loyalcs.drop_shop('shop', 'shop');
-- Keys of other types: what is none is no error.
SELECT FROM loyalcs.create_shop('shop', key_type => 'bigint');
INSERT INTO shop.customers (customer_id, email) VALUES (7, 'c7@example.com');
SELECT w, f.* FROM unnest('{7,c7@example.com,99999999999999999999,abc}'::text[]) w LEFT JOIN LATERAL shop.find_customers(w) f ON true;
