-- Imports: whom the rows of a file are about.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set bring :srcdir '/test/import.sql'
\i :bring

SET search_path = shop;
SET timezone = 'Asia/Tokyo';

-- New ones, a second time, and what changed there.
SELECT * FROM pg_temp.bring('plain', $$
customer_id|name|email|phone|birthday|joined_at|language|accepts_email
1|山田 花子|Hanako@example.com|090-1234-5678|1985-04-01|2024-01-05 10:00|ja|yes
2|Bob|bob@example.com||||en-GB|no
3|無名||||||
$$);
SELECT * FROM pg_temp.bring('plain', $$
customer_id|name|email|phone|birthday|joined_at|language|accepts_email
1|山田 花子|Hanako@example.com|090-1234-5678|1985-04-01|2024-01-05 10:00|ja|yes
2|Bob|bob@example.com||||en-GB|no
3|無名||||||
$$);
-- (here somebody changes a name and a telephone)
UPDATE customers SET name = '佐藤 花子', phone = '080-0000-1111' WHERE customer_id = '1';
SELECT * FROM pg_temp.bring('plain', $$
customer_id|name|email|phone|birthday|joined_at|language|accepts_email
1|山田 花子|hanako.sato@example.com|090-1234-5678|1985-04-01|2024-01-05 10:00|ja|no
2|Robert|bob@example.com||||en-GB|no
4|New|||||| 
$$);
SELECT customer_id, joined_at IS NOT NULL AND (customer_id <> '1' OR joined_at = '2024-01-05 10:00+09') AS joined, name, email, phone, birthday, language FROM customers ORDER BY customer_id;
SELECT customer_id, channel, purpose, given FROM consents ORDER BY customer_id, at, given;
SELECT system, id, customer_id FROM customer_ids ORDER BY id;

-- Who is here already is found by account, by address, or by telephone if not both have an address.
INSERT INTO customers (customer_id, joined_at, name, email, phone) VALUES
    ('own-1', '2020-01-01 00:00+09', 'Own', 'OWN@example.com', NULL), ('own-2', '2021-01-01 00:00+09', 'Twin', 'own@example.com', NULL),
    ('own-3', '2020-01-01 00:00+09', NULL, NULL, '+81 3-1111-2222'), ('own-4', '2020-01-01 00:00+09', NULL, 'four@example.com', '03-3333-4444');
SELECT * FROM pg_temp.bring('plain', $$
customer_id|name|email|phone
a|Other name|own@example.com|03-9999-9999
b|By phone||03-1111-2222
c|Same telephone|c@example.com|03-3333-4444
$$, system => 'till');
SELECT k.id, k.customer_id, c.name, c.phone FROM customer_ids k JOIN customers c USING (customer_id) WHERE k.system = 'till' ORDER BY k.id;

-- What cannot be is said, and the others are taken.
SELECT what, new, changed, unchanged, left_out, rejects FROM pg_temp.bring('plain', $$
customer_id|name|birthday|language|joined_at
|no number|||
10|born tomorrow|2999-01-01||
11|no day|31.12.1980||
12|no language||日本語|
13|fine|1980-12-31|ja|2024-02-30
14|fine|1980-12-31|ja|2024-02-28
$$, 'wrong.csv');
SELECT count(value) AS "values" FROM import_rejects;
SELECT customer_id, birthday FROM customers WHERE customer_id IN ('13', '14');

-- Whoever asked to be forgotten stays so.
SELECT FROM forget_customer('2', '2');
SELECT what, new, changed, unchanged, left_out FROM pg_temp.bring('plain', $$
customer_id|name|email
2|Robert the second|bob@example.com
$$);
SELECT count(*) FROM customers WHERE email = 'bob@example.com';
-- What is known of the thing is no hash of hers any more, and of what nobody could take no cell is kept.
SELECT count(*) FILTER (WHERE told = '{}') AS emptied, count(*) FILTER (WHERE told <> '{}') > 5 AS others FROM imported_records WHERE kind = 'customer';
SELECT count(*) > 0 AS rejects, count(value) AS "values" FROM import_rejects;

-- Whoever was merged with somebody, or whose address was changed here, is still that.
SELECT FROM merge_customers('3', '1', '3');
UPDATE customers SET email = 'elsewhere@example.com' WHERE customer_id = '1';
SELECT what, new, changed, unchanged, left_out FROM pg_temp.bring('plain', $$
customer_id|name|email
1|山田 花子|hanako.sato@example.com
3|無名|
$$);
SELECT customer_id, name, email FROM customers WHERE customer_id IN ('1', '3');
-- And whoever was deleted does not come back.
DELETE FROM customers WHERE customer_id = '14';
SELECT what, new, changed, unchanged, left_out FROM pg_temp.bring('plain', $$
customer_id|name
14|fine
$$);

-- Keys of other types: ours are taken as they are, or refused; others are hashed, or counted.
SELECT FROM loyalcs.create_shop('shop_imported_i', key_type => 'integer');
SELECT FROM loyalcs.create_shop('shop_imported_b', key_type => 'bigint');
SELECT FROM loyalcs.create_shop('shop_imported_u', key_type => 'uuid');
CREATE FUNCTION pg_temp.numbered(shop text) RETURNS TABLE (what text, new bigint, unchanged bigint, rejects text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', shop, true);
    RETURN QUERY SELECT b.what, b.new, b.unchanged, b.rejects FROM pg_temp.bring('plain', E'customer_id|name\n12|A\nx|B\n5f2c1cbb-8f7e-4b6e-9d58-111111111111|C\n12345678901|D') b;
    RETURN QUERY SELECT b.what, b.new, b.unchanged, b.rejects FROM pg_temp.bring('plain-customers', E'customer_id|name\n12|A\nx|B', system => 'till') b;
    RETURN QUERY SELECT b.what, b.new, b.unchanged, b.rejects FROM pg_temp.bring('plain-customers', E'customer_id|name\nx|B\ny|C', system => 'till') b;
END $$;
SELECT * FROM pg_temp.numbered('shop_imported_i');
SELECT * FROM pg_temp.numbered('shop_imported_b');
SELECT * FROM pg_temp.numbered('shop_imported_u');
SELECT name, customer_id FROM shop_imported_i.customers ORDER BY customer_id;
SELECT k.id, c.name, c.customer_id > 0 AS positive FROM shop_imported_b.customers c LEFT JOIN shop_imported_b.customer_ids k USING (customer_id) ORDER BY k.id, c.name;
SELECT count(*) FROM shop_imported_u.customers;
