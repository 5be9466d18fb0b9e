-- Customers: what is known of them, and what is refused.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- The key is enough.
BEGIN;
INSERT INTO customers (customer_id) VALUES ('a');
SELECT customer_id, joined_at = now() AS joined_now, name, email, phone, birthday, birth_year,
       gender, region, attributes
  FROM customers;
ROLLBACK;

-- Everything. The year of birth is made from the birthday, and follows it.
INSERT INTO customers (customer_id, joined_at, name, email, phone, birthday, gender, region, attributes)
VALUES ('お客様 1', '2024-01-01 00:00+09', '山田 花子', 'hanako@example.jp', '03-0000-0000',
        '1980-12-31', 'female', '東京都', '{"line": "hanako"}');
SELECT customer_id, joined_at AT TIME ZONE 'Asia/Tokyo' AS joined_at, name, email, phone,
       birthday, birth_year, gender, region, attributes
  FROM customers;
UPDATE customers SET birthday = '1981-01-01' RETURNING birth_year;
UPDATE customers SET birthday = NULL RETURNING birth_year;

-- Each value is refused just where it stops making sense.
SELECT s.given, pg_temp.outcome(format('INSERT INTO customers (customer_id, %s) VALUES (''x'', %s)',
                                       split_part(s.given, ' = ', 1), split_part(s.given, ' = ', 2)))
  FROM (VALUES
    ('joined_at = ''1999-01-01 00:00+00'''),
    ('joined_at = NULL'),
    ('birthday = ''1849-12-31'''),
    ('birthday = ''1850-01-01'''),
    ('birthday = ''9999-12-31'''),
    ('birthday = ''10000-01-01'''),
    ('birthday = ''infinity'''),
    ('birthday = ''-infinity'''),
    ('attributes = ''{}'''),
    ('attributes = ''[]'''),
    ('attributes = ''"text"'''),
    ('attributes = ''null'''),
    ('attributes = NULL'),
    ('language = ''ja'''),
    ('language = ''zh-Hant-TW'''),
    ('language = ''en_US'''),
    ('language = ''EN'''),
    ('language = '''''),
    ('language = ''j'''),
    ('language = ''日本語'''),
    ('language = ''en-'''),
    ('language = ''en, ja''')
  ) s (given);
SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('INSERT INTO customers (customer_id) VALUES (NULL)'),
    ('INSERT INTO customers (customer_id) VALUES (''お客様 1'')'),
    ('INSERT INTO customers (customer_id) VALUES (''お客様 2'')'),
    ('INSERT INTO customers (customer_id) VALUES ('''')')
  ) s (statement);
SELECT left(pg_temp.outcome('INSERT INTO customers (customer_id, birth_year) VALUES (''x'', 1980)'), 5)
    AS birth_year_is_generated;

-- Whoever is still known by an order, an answer or a review stays.
INSERT INTO surveys VALUES ('s', 'S');
SELECT s.relation, pg_temp.outcome(format(
           'INSERT INTO %s VALUES (''お客様 1'', ''1'', %s); DELETE FROM customers', s.relation, s.row))
  FROM (VALUES
    ('orders', '''2024-01-01 00:00+09'', 100'),
    ('survey_invitations', '''s'', ''2024-01-01 00:00+09'''),
    ('survey_responses', '''s'', NULL, NULL, ''2024-01-01 00:00+09'''),
    ('reviews', '''p'', NULL, ''2024-01-01 00:00+09'', 5')
  ) s (relation, "row");
DELETE FROM customers RETURNING customer_id;

-- When a row was changed is written down, by whatever change, and by no statement that
-- changes nothing; what was there before the shop did so has no date until then.
INSERT INTO customers (customer_id) VALUES ('kay') RETURNING updated_at = now() AS is_now;
UPDATE customers SET updated_at = '2024-01-01 00:00+09' RETURNING updated_at AT TIME ZONE 'Asia/Tokyo' AS the_owner_may;
UPDATE customers SET region = region, birthday = birthday RETURNING updated_at = now() AS is_now;
SELECT c.given, pg_temp.outcome(format('UPDATE customers SET %s; DO $do$ BEGIN ASSERT (SELECT updated_at = now() FROM shop.customers); END $do$', c.given)) AS stamped
  FROM (SELECT format('%I = %s', a.attname, CASE a.atttypid::regtype::text
                   WHEN 'text' THEN '''x''' WHEN 'date' THEN '''2000-01-01''' WHEN 'jsonb' THEN '''{"a": 1}''' ELSE '''2001-01-01''' END) AS given
          FROM pg_attribute a
         WHERE a.attrelid = 'customers'::regclass AND a.attnum > 0 AND a.attgenerated = '' AND a.attname NOT IN ('updated_at', 'language')
         ORDER BY a.attnum) c;
-- Whatever the brand adds, even what has no equality, is a part of it.
ALTER TABLE customers ADD COLUMN badge json;
UPDATE customers SET badge = '{}' RETURNING updated_at = now() AS is_now;

-- By which keys other systems know somebody.
INSERT INTO customer_ids (customer_id, system, id) VALUES ('kay', 'shopify', '1'), ('kay', 'shopify', '2'), ('kay', 'zendesk', '1');
SELECT s.given, pg_temp.outcome('INSERT INTO customer_ids (customer_id, system, id) VALUES (' || s.given || ')')
  FROM (VALUES
    ('''kay'', ''shopify'', ''3'''),
    ('''kay'', ''shopify'', ''1'''),
    ('''nobody'', ''shopify'', ''3'''),
    ('NULL, ''shopify'', ''3'''),
    ('''kay'', '''', ''3'''),
    ('''kay'', ''shopify'', ''''')
  ) s (given);
SELECT pg_temp.outcome('DELETE FROM customers');

-- Keys of other types.
SET search_path = public;
SELECT loyalcs.drop_shop('shop', 'shop');
SELECT k.type, substring(loyalcs.create_shop('shop', key_type => k.type::regtype) FROM 'keys.*'),
       pg_temp.outcome(format('INSERT INTO shop.customers (customer_id) VALUES (%L)', k.smallest)),
       pg_temp.outcome(format('INSERT INTO shop.customers (customer_id) VALUES (%L)', k.wrong)),
       loyalcs.drop_shop('shop', 'shop')
  FROM (VALUES
    ('bigint', '-9223372036854775808', '9223372036854775808'),
    ('integer', '-2147483648', '2147483648'),
    ('uuid', '00000000-0000-0000-0000-000000000000', 'a')
  ) k (type, smallest, wrong);
