-- Imports: orders, their lines, refunds and customers.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set bring :srcdir '/test/import.sql'
\i :bring

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
INSERT INTO import_state (salt) VALUES ('always the same');
CREATE VIEW pg_temp.seen AS
SELECT o.order_id, c.name, o.ordered_at, o.amount, o.tax, o.shipping, o.discount, o.refunded, o.shipped_at, o.cancelled_at, o.payment_state AS payment,
       (SELECT string_agg(format('%s x %s %s = %s', l.quantity, l.product_id, l.product_name, l.amount), '; ' ORDER BY l.line)
          FROM order_items l WHERE (l.customer_id, l.order_id) = (o.customer_id, o.order_id)) AS lines
  FROM orders o JOIN customers c USING (customer_id);

-- Shopify: the order's fields on its first line alone; a guest of two spellings is one; what is
-- not paid for, voided or a test is left out; another currency is refused; one bad line keeps
-- its whole order out, and no other.
\set shopify 'Name|Email|Financial Status|Created at|Total|Taxes|Shipping|Discount Amount|Currency|Refunded Amount|Cancelled at|Fulfilled at|Tags|Billing Name|Billing Phone|Accepts Marketing|Lineitem name|Lineitem quantity|Lineitem price|Lineitem sku|Lineitem discount|Id\n'
SELECT * FROM pg_temp.bring('shopify-orders', E:'shopify' || $$#1001|Hanako@Example.com|paid|2025-10-07 09:50:26 +0900|23800|2163|800|1000|JPY|0||2025-10-09 10:00:00 +0900||山田 花子|'+81 90-1234-5678|yes|Ring, 9|1|24000|R-9|0|501
#1001|Hanako@Example.com|||||||||||||||Care kit|2|0|K||
#1002|hanako@example.com |partially_refunded|2025-10-08 10:00:00 +0900|24800|2254|800|0|JPY|12000||||山田 花子||no|Necklace|2|12000|N|0|502
#1003|p@example.com|pending|2025-10-08 11:00:00 +0900|12800|0|0|0|JPY|0||||P||no|Necklace|1|12000|N|0|503
#1004|v@example.com|voided|2025-10-08 11:00:00 +0900|12800|0|0|0|JPY|0|2025-10-09 11:00:00 +0900|||V||no|Necklace|1|12000|N|0|504
#1005|u@example.com|paid|2025-10-08 11:00:00 +0900|128|0|0|0|USD|0||||U||no|Necklace|1|12000|N|0|505
#1006|b@example.com|paid|2025-10-08 11:00:00 +0900|12800|0|0|0|JPY|0||||B||no|Necklace|1|12000|N|0|506
#1006|b@example.com|||||||||||||||Ring|one|zwölf|R||
#1007||paid|2025-10-10 11:00:00 +0900|12800|0|0|0|JPY|0||||||no|Necklace|1|12000|N|0|507
#1008||paid|2025-10-10 11:00:00 +0900|9800|0|0|0|JPY|0|2025-10-11 11:00:00 +0900||||0901234-5678|no|Earrings|1|9000|E|0|508
#1009|t@example.com|paid|2025-10-10 11:00:00 +0900|9800|0|0|0|JPY|0|||test|||no|Earrings|1|9000|E|0|509
|x@example.com|paid|2025-10-10 11:00:00 +0900|9800|0|0|0|JPY|0||||||no|Earrings|1|9000|E|0|510
$$);
SELECT * FROM pg_temp.seen ORDER BY order_id;
SELECT order_id, external_id, external_name FROM orders ORDER BY order_id;
SELECT count(*) AS customers, count(*) FILTER (WHERE email IS NULL AND phone IS NULL) AS unknown FROM customers;
SELECT order_id, returned_at, refund FROM returns;
SELECT given, at FROM consents;

-- Again: nothing is news. What was changed here stays; what is said anew is taken: it was paid for,
-- it came to more, it was refunded, it was cancelled, its lines are others.
UPDATE orders SET shipping = 500, sales_channel = 'event' WHERE order_id = '#1001';
\set second '#1001|Hanako@Example.com|refunded|2025-10-07 09:50:26 +0900|24800|2163|800|0|JPY|24800||2025-10-09 10:00:00 +0900||山田 花子||yes|Ring, 9|1|24000|R-9|0|501\n#1003|p@example.com|paid|2025-10-08 11:00:00 +0900|12800|0|0|0|JPY|0||||P||no|Necklace|1|12000|N|0|503\n#1007||paid|2025-10-10 11:00:00 +0900|12800|0|0|0|JPY|0|2025-10-12 09:00:00 +0900|||||no|Necklace|1|12000|N|0|507\n#1008||paid|2025-10-10 11:00:00 +0900|9800|0|0|0|JPY|0|2025-10-11 11:00:00 +0900||||0901234-5678|no|Earrings|1|9000|E|0|508\n'
SELECT * FROM pg_temp.bring('shopify-orders', E:'shopify' || E:'second', 'second.csv');
SELECT * FROM pg_temp.bring('shopify-orders', E:'shopify' || E:'second', 'second.csv');
SELECT order_id, amount, shipping, discount, refunded, cancelled_at, lines FROM pg_temp.seen ORDER BY order_id;

-- What was deleted here, or whose customer was forgotten, does not come back.
DELETE FROM order_items WHERE order_id = '#1003';
DELETE FROM orders WHERE order_id = '#1003';
SELECT forget_customer(o.customer_id, o.customer_id) ->> 'forgotten' AS forgotten FROM orders o WHERE o.order_id = '#1008';
SELECT * FROM pg_temp.bring('shopify-orders', E:'shopify' || E:'second', 'second.csv');
SELECT order_id, name, amount FROM pg_temp.seen ORDER BY amount, order_id;

-- EC-CUBE: 送料 twice, lines of 値引き and ポイント lower the order, a member is known by the number.
SELECT * FROM pg_temp.bring('eccube-orders', $$
注文ID|注文番号|会員ID|お名前(姓)|お名前(名)|メールアドレス|TEL|値引き|送料|税金|支払合計|対応状況(名称)|支払方法(名称)|受注日|入金日|商品ID|商品名|商品コード|価格|個数|明細区分(名称)|送料|発送日
1|20251001|7|髙橋|一郎①|ichiro@example.jp|03-1234-5678||550|900|9450|発送済み|クレジットカード|2025/10/07 09:50:26||11|指輪|RING-1|9900|1|商品|0|2025/10/09
1|20251001|7|髙橋|一郎①|ichiro@example.jp|03-1234-5678||550|900|9450|発送済み|クレジットカード|2025/10/07 09:50:26|||送料||550|1|送料|0|2025/10/09
1|20251001|7|髙橋|一郎①|ichiro@example.jp|03-1234-5678||550|900|9450|発送済み|クレジットカード|2025/10/07 09:50:26|||値引き||-500|1|値引き|0|2025/10/09
1|20251001|7|髙橋|一郎①|ichiro@example.jp|03-1234-5678||550|900|9450|発送済み|クレジットカード|2025/10/07 09:50:26|||ポイント||-500|1|ポイント|0|2025/10/09
2|20251002||佐藤|次郎|jiro@example.jp|||0|0|5000|注文取消し|代金引換|2025/10/08 00:00:00||12|首飾り|N-1|5000|1|商品||
3|20251003||鈴木|三郎|saburo@example.jp|||0|0|5000|新規受付|銀行振込|2025/10/08 00:00:00||12|首飾り|N-1|5000|1|商品||
$$);
SELECT order_id, name, ordered_at, amount, tax, shipping, discount, shipped_at, cancelled_at, lines FROM pg_temp.seen WHERE order_id ~ '^2025' ORDER BY order_id;
SELECT k.id, c.customer_id, c.email FROM customer_ids k JOIN customers c USING (customer_id) WHERE k.system = 'eccube';

-- BASE.
SELECT * FROM pg_temp.bring('base-orders', $$
注文ID|注文日時|氏(請求先)|名(請求先)|都道府県(請求先)|電話番号(請求先)|メールアドレス(請求先)|商品名|バリエーション|価格|税率|数量|合計金額|送料|支払い方法|発送状況|商品ID|種類ID|購入元|配送日
B1|2025/10/07 09:50:26|山田|花子|東京都|09012345678|hanako@example.com|指輪|9号|24000|10|1|24800|800|クレジットカード決済|発送済み|77|771|BASE|2025/10/07
B1|2025/10/07 09:50:26|山田|花子|東京都|09012345678|hanako@example.com|布|||||24800|800|クレジットカード決済|発送済み|78||BASE|2025/10/07
B2|2025/10/07 09:50:26|山田|花子|東京都|09012345678|hanako@example.com|布||0||1|0|0|クレジットカード決済|キャンセル|78||BASE|
$$);
SELECT * FROM pg_temp.bring('base-orders', $$
注文ID|注文日時|氏(請求先)|名(請求先)|都道府県(請求先)|電話番号(請求先)|メールアドレス(請求先)|商品名|バリエーション|価格|税率|数量|合計金額|送料|支払い方法|発送状況|商品ID|種類ID|購入元|配送日
B1|2025/10/07 09:50:26|山田|花子|東京都|09012345678|hanako@example.com|指輪|9号|24000|10|1|24800|800|クレジットカード決済|発送済み|77|771|BASE|2025/10/07
$$);
SELECT order_id, name, amount, shipped_at, cancelled_at, lines FROM pg_temp.seen WHERE order_id ~ '^B' ORDER BY order_id;

-- Any other system, with columns as ours; times of a zone of its own; a number that is taken already.
SELECT * FROM pg_temp.bring('plain', $$
order_id|customer_id|ordered_at|amount|payment_state|refunded|email|delivered_at
#1001|9|2025-10-07 09:50|100|paid|40|till@example.com|2025-10-08
9002|9|2025-10-07 09:50|100|pending||till@example.com|
$$, system => 'till', time_zone => 'Europe/Berlin');
SELECT o.order_id, o.external_id, o.customer_id, o.ordered_at, o.delivered_at, o.refunded FROM orders o WHERE o.external_id IN ('#1001', '9002');

-- An order that an application wrote, and that the other system tells of later, is one.
INSERT INTO customers (customer_id) VALUES ('own');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, external_id) VALUES ('own', 'A-1', '2025-11-01 10:00+09', 5000, '777');
SELECT * FROM pg_temp.bring('plain', $$
order_id|external_id|ordered_at|amount|sales_channel|shipped_at
X|777|2025-11-01 10:05|4800|web|2025-11-02 10:00
$$);
SELECT customer_id, order_id, ordered_at, amount, sales_channel, shipped_at FROM orders WHERE external_id = '777';
SELECT count(*) FROM customers WHERE customer_id ~ 'guest' AND email IS NULL AND phone IS NULL AND name IS NULL;

-- Each cell that is wrong is named.
SELECT rejects FROM pg_temp.bring('plain', $$
order_id|ordered_at|amount|tax|shipping|discount|refunded|shipped_at|delivered_at|cancelled_at|product_name|quantity|unit_price
1||100||||||||||
2|2025-02-30|100||||||||||
3|2025-02-20|||||||||||
4|2025-02-20|-1|x|x|x|x|x|x|x|||
5|2025-02-20|100|||||||||0|1
6|2025-02-20|100||||||||Ring|0|1
7|2025-02-20|100||||||||Ring|1.5|-1
8|2025-02-20|1000000000001||||||||||
$$) WHERE what = 'orders';
SELECT v AS value, k AS kind, imported_cell_problem(v, k, true, 'UTC')
  FROM unnest('{12,-12,1.5,0,1000001,10000001,2025-01-01,9999-01-01,"",abc}'::text[]) WITH ORDINALITY u (v, n), unnest('{time,past,minutes,money,sum,count,day,key}'::text[]) k ORDER BY k, n;
-- What stands in an index is not longer than that takes.
SELECT what, new, left_out, rejects ~ '^2 customer_id "x{200}": it is too long: 200 characters are the most
3 email "x{200}": it is too long: [^\n]*
4 order_id "x{200}": it is too long: [^\n]*
4 phone "x{200}": it is too long: [^\n]*
5 product_id "x{200}": it is too long: [^\n]*
5 sku "x{200}": it is too long: [^\n]*$' AS named
  FROM (SELECT repeat('x', 5000) AS long) l,
       pg_temp.bring('plain', format(E'order_id|customer_id|ordered_at|amount|name|email|phone|product_id|sku|product_name|quantity|unit_price\nL1|%1$s|2025-01-01|1|||||||1|1\nL2||2025-01-01|1||%1$s|||||1|1\n%1$s||2025-01-01|1|||%1$s||||1|1\nL4||2025-01-01|1||||%1$s|%1$s|p|1|1\nL5||2025-01-01|1|%1$s||||||1|1\nL6||2025-01-01|1|||||%2$s|%1$s|1|1', long, repeat('名', 200)));
SELECT o.order_id, length(c.name) AS name, length(l.product_name) AS product_name, length(l.product_id) AS product_id
  FROM orders o JOIN customers c USING (customer_id) LEFT JOIN order_items l USING (customer_id, order_id) WHERE o.order_id ~ '^L' ORDER BY 1;

-- A number that two systems give is two orders, and each is found again.
SELECT what, new, changed, unchanged FROM pg_temp.bring('plain', E'order_id|ordered_at|amount\nN1|2025-01-01|100', system => 'one');
SELECT what, new, changed, unchanged FROM pg_temp.bring('plain', E'order_id|ordered_at|amount\nN1|2025-01-01|200', system => 'two');
SELECT what, new, changed, unchanged FROM pg_temp.bring('plain', E'order_id|ordered_at|amount\nN1|2025-01-01|101', system => 'one');
SELECT what, new, changed, unchanged FROM pg_temp.bring('plain', E'order_id|ordered_at|amount\nN1|2025-01-01|201', system => 'two');
SELECT order_id, external_id, amount FROM orders WHERE external_id = 'N1' ORDER BY order_id;

-- What is kept has a place for each of the columns; nothing is kept of who was forgotten.
SELECT kind, bool_and(cardinality(told) = cardinality(told_columns(kind))) AS all_have_a_place FROM imported_records WHERE told <> '{}' GROUP BY 1 ORDER BY 1;
