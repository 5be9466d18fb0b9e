-- Imports: what cells of other systems say, and what is kept of what was said.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'UTC';

-- Numbers. A comma that may be a decimal one is none that is sure.
SELECT v AS value, imported_number(v) AS number, imported_amount(imported_number(v)) AS money
  FROM unnest(ARRAY['1234.50', '24800', '1,234.50', '¥24,800', '\24,800', '￥24,800', '24,800円', '２４８００', '-500', '−500', '¥-1,000', ' 12 ', '0', '0.00001',
                    '12,50', '1.234,50', '1,23', '1e5', 'NaN', 'Infinity', '', '-', '12-', '0x10', '1 2 a', '999999999999999', '1234567890123456', NULL]) WITH ORDINALITY u (v, n)
 ORDER BY n;

-- Times: with an offset, or local ones of the zone that is given, whatever the session's is.
SELECT v AS value, imported_instant(v, 'Asia/Tokyo') AS instant
  FROM unnest(ARRAY['2025-10-07 09:50:26 +0200', '2025-10-07T09:50:26Z', '2025-10-07T09:50:26.123+09:00', '2025/10/07 09:50:26', '2025/1/7 9:05', '2025-10-07',
                    '2025年10月7日', '2025年10月7日 9時05分', '2025.10.07', '2025-10-07 09:50 UTC', '2025-10-07 09:50:26 -0330', ' 2025-10-07 ',
                    '2024-02-29', '2025-02-29', '2025-13-01', '2025-00-01', '2025-01-00', '2025-01-32', '2025-01-01 24:00', '2025-01-01 10:60',
                    '07/10/2025', '10/07/25', '1899-12-30', '1900-01-01', '9999-12-31', '20251007', '45937', '2025/10/07 9:50:26 午前 GMT+9', '2025/10/07 9:50:26 午後 GMT+9', '2025/10/07 12:05:00 AM', '2025/10/07 0:05 pm', '2025/10/07 13:00 PM', '2025-10-07 AM',
                    '2025-10-07 09:50 GMT-330', '2025-10-07 09:50 +15', '2025-10-07 09', '2025-10-07 +0900', 'yesterday', 'now', 'infinity', '', NULL]) WITH ORDINALITY u (v, n)
 ORDER BY n;
SELECT imported_instant('2025-10-07', 'Australia/Lord_Howe'), imported_instant('2025-10-05 02:15', 'Australia/Lord_Howe') AS in_the_gap;
SET timezone = 'America/New_York';
SELECT extract(epoch FROM imported_instant('2025-10-07 00:00', 'Asia/Tokyo')) = extract(epoch FROM timestamptz '2025-10-06 15:00+00') AS of_the_zone;
SET timezone = 'UTC';

-- Two spellings of one address, or of one number.
SELECT folded_email(' Hanako@Example.COM ') = folded_email('hanako@example.com') AS one, folded_email('ｈａｎａｋｏ＠example.com') AS wide, folded_email('  ') IS NULL AS none;
SELECT v AS phone, folded_phone(v) FROM unnest(ARRAY['+81 90-1234-5678', '090-1234-5678', '０９０（１２３４）５６７８', '0081-90-1234-5678', '+81 (0)90 1234 5678', '03-1234-5678', '+81-3-1234-5678',
                                                     '+1 212 555 0100', '110', '', 'none']) WITH ORDINALITY u (v, n) ORDER BY n;
-- (the same by one expression that looks ahead)
SELECT count(*), count(*) FILTER (WHERE folded_phone(p) IS DISTINCT FROM CASE WHEN length(d) >= 8 THEN regexp_replace(d, '^(0081|81)0?(?=[0-9]{9,10}$)', '0') END) AS differ
  FROM (SELECT b || left(n, l) AS p, translate(b || left(n, l), '+-', '') AS d
          FROM unnest('{"",81,0081,+81-0,+81,081,00810,810}'::text[]) b, generate_series(0, 13) l, (SELECT translate(md5(i::text), 'abcdef', '012345') FROM generate_series(1, 60) i) x (n)) y;

-- A key follows from who it is of, and shows no address.
CREATE FUNCTION pg_temp.key_of(person text, salt text, next bigint) RETURNS text LANGUAGE sql
RETURN imported_customer_key(person, imported_key('customer', person, salt), next);
SELECT pg_temp.key_of('id:shopify:12', 's', 1), pg_temp.key_of('id:plain:12', 's', 1) AS ours, pg_temp.key_of('mail:a@example.com', 's', 1) ~ '^guest:[0-9a-f]{16}$' AS of_a_guest,
       pg_temp.key_of('mail:a@example.com', 's', 1) = pg_temp.key_of('mail:a@example.com', 's', 2) AS the_same,
       pg_temp.key_of('mail:a@example.com', 's', 1) = pg_temp.key_of('mail:a@example.com', 'other', 1) AS in_another_shop,
       pg_temp.key_of('mail:a@example.com', 's', 1) = pg_temp.key_of('tel:a@example.com', 's', 1) AS of_another;
SELECT FROM loyalcs.create_shop('shop_imports_n', key_type => 'bigint');
SELECT FROM loyalcs.create_shop('shop_imports_u', key_type => 'uuid');
SELECT shop_imports_n.imported_customer_key('id:shopify:12', k.key, 1) > 0 AS a_number, shop_imports_u.imported_customer_key('id:shopify:12', k.key, 1) IS NOT NULL AS a_uuid
  FROM imported_key('customer', 'id:shopify:12', 's') k (key);
-- What is a key of ours, by the shop.
SELECT v AS key, is_customer_key(v) AS text, shop_imports_n.is_customer_key(v) AS bigint, shop_imports_u.is_customer_key(v) AS uuid,
       shop_imports_n.imported_account_problem(v, 'plain') AS problem, shop_imports_n.imported_account_problem(v, 'till') AS of_another
  FROM unnest('{12,c-12,"",5F2C1CBB-8f7e-4b6e-9d58-111111111111,1234567890123456789}'::text[]) WITH ORDINALITY u (v, n) ORDER BY n;
SELECT count(*), count(DISTINCT k), min(k) >= 0 AS positive FROM (SELECT shop_imports_n.imported_customer_key('mail:' || i, imported_key('customer', 'mail:' || i, 's'), i) AS k FROM generate_series(1, 20000) i) s;

-- What is said again is no news; what is said anew is; and what was never said leaves what is here.
SELECT t.here, t.said, t.before, imported_value(t.here, t.said, told_value(t.said), CASE WHEN t.before IS NOT NULL THEN ARRAY[told_value(nullif(t.before, ''))] END, 1) AS then
  FROM (VALUES ('here', 'said', NULL), (NULL, 'said', NULL), ('here', NULL, NULL), ('here', 'said', 'said'), ('here', 'said', 'before'), ('here', NULL, 'before'),
               ('here', 'said', ''), (NULL, 'said', 'said')) t (here, said, before);
SELECT told_by_now('{1,2,NULL,4}', '{NULL,5,6,NULL,7}') AS by_now, told_by_now('{}', '{1,NULL}') AS after_nothing, told_by_now('{1,NULL}', '{}') AS nothing_said;
-- Numbers and times are the same however they are written.
SELECT told_number(5) = told_number(5.00) AS number, told_number(5) = told_number(5.01) AS another, told_instant('2025-10-07 09:00+09') = told_instant('2025-10-07 00:00+00') AS instant,
       told_instant('2025-10-07 09:00+09') = told_instant('2025-10-07 09:00+00') AS another, told_value('a') = told_value('A') AS word;

-- The tables refuse what makes no sense.
SELECT s.given, pg_temp.outcome(s.given)
  FROM (VALUES
    ($$INSERT INTO imports (format, system, file_name, time_zone, header) VALUES ('plain-orders', '', 'f', 'UTC', '{}')$$),
    ($$INSERT INTO imports (format, system, file_name, time_zone, header, counts) VALUES ('plain-orders', 's', 'f', 'UTC', '{}', '[]')$$),
    ($$INSERT INTO imported_records (customer_id, system, kind, external_key, told) VALUES ('c', 's', 'thing', 'k', '{}')$$),
    ($$INSERT INTO import_rejects (import_id, line, problem) VALUES (0, 1, 'p')$$)) s (given);
