-- Imports: the columns of exports, and what their words mean.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

SELECT format, kind, count(*) AS fields, string_agg(headers[1], ', ' ORDER BY headers[1]) FILTER (WHERE required) AS required
  FROM import_fields() GROUP BY format, kind ORDER BY format COLLATE "C";
-- Each field once a format, and no header without a name.
SELECT format, field FROM import_fields() GROUP BY format, field HAVING count(*) > 1;
SELECT * FROM import_fields() WHERE '' = ANY (headers) OR headers IS NULL;

-- What an order is, by the words of each system.
SELECT s.*, imported_order_state(s.format, s.status, s.payment, s.method, s.paid_at, s.cancelled_at, s.tags) AS state
  FROM (VALUES
    ('shopify-orders', NULL, 'paid', 'shopify_payments', '2025-01-01', NULL, NULL),
    ('shopify-orders', NULL, 'Paid', NULL, NULL, '2025-01-02', NULL),
    ('shopify-orders', NULL, 'pending', 'Bank Deposit', NULL, NULL, NULL),
    ('shopify-orders', NULL, 'authorized', NULL, NULL, NULL, NULL),
    ('shopify-orders', NULL, 'refunded', NULL, NULL, NULL, NULL),
    ('shopify-orders', NULL, 'partially_refunded', NULL, NULL, NULL, NULL),
    ('shopify-orders', NULL, 'voided', NULL, NULL, NULL, NULL),
    ('shopify-orders', NULL, 'paid', '(for testing) Bogus Gateway', NULL, NULL, NULL),
    ('shopify-orders', NULL, 'paid', NULL, NULL, NULL, 'VIP, Test'),
    ('shopify-orders', NULL, 'paid', NULL, NULL, NULL, 'contest'),
    ('eccube-orders', '発送済み', NULL, 'クレジットカード', NULL, NULL, NULL),
    ('eccube-orders', '新規受付', NULL, '代金引換', NULL, NULL, NULL),
    ('eccube-orders', '新規受付', NULL, '銀行振込', NULL, NULL, NULL),
    ('eccube-orders', '新規受付', NULL, '銀行振込', '2025/10/07', NULL, NULL),
    ('eccube-orders', '入金済み', NULL, '銀行振込', NULL, NULL, NULL),
    ('eccube-orders', '注文取消し', NULL, NULL, NULL, NULL, NULL),
    ('eccube-orders', '3', NULL, NULL, NULL, NULL, NULL),
    ('eccube-orders', '決済処理中', NULL, NULL, NULL, NULL, NULL),
    ('eccube-orders', '購入処理中', NULL, NULL, NULL, NULL, NULL),
    ('base-orders', '発送済み', NULL, NULL, NULL, NULL, NULL),
    ('base-orders', '未発送', NULL, NULL, NULL, NULL, NULL),
    ('base-orders', '入金待ち', NULL, NULL, NULL, NULL, NULL),
    ('base-orders', 'キャンセル', NULL, NULL, NULL, NULL, NULL),
    ('plain-orders', NULL, NULL, NULL, NULL, NULL, NULL),
    ('plain-orders', NULL, 'pending', NULL, NULL, NULL, NULL),
    ('plain-orders', NULL, 'voided', NULL, NULL, NULL, NULL),
    ('plain-orders', NULL, 'paid', NULL, NULL, '2025-01-01', NULL)) s (format, status, payment, method, paid_at, cancelled_at, tags);
SELECT f AS format, k AS line_kind, imported_line_kind(f, k, 'a product') AS is, imported_line_kind(f, k, NULL) AS without_a_name
  FROM unnest('{eccube-orders,shopify-orders}'::text[]) f, unnest('{商品,1,送料,2,手数料,値引き,4,ポイント,6,税,NULL}'::text[]) WITH ORDINALITY u (k, n) ORDER BY f, n;

-- Columns are found by name: in any order, case and width, of two the first.
BEGIN;
SELECT begin_import('eccube-orders', 'order.csv', '{送料,メールアドレス,注文番号,受注日,支払合計,"対応状況(名称)",商品名,個数,価格,送料,ＴＥＬ}') IS NOT NULL AS begun;
SELECT field, place, name FROM pg_temp.import_columns ORDER BY place;
ROLLBACK;
BEGIN;
SELECT begin_import('plain-orders', 'o.csv', '{" Amount ",ORDER_ID,ordered_at}', 'till', 'Europe/Berlin') IS NOT NULL AS begun;
SELECT field, place FROM pg_temp.import_columns ORDER BY place;
SELECT format, system, file_name, time_zone, header, finished_at FROM imports;
ROLLBACK;

-- By which way somebody wrote, in words of other systems.
SELECT imported_channel(v) AS channel, string_agg(v, ', ' ORDER BY n) AS via
  FROM unnest('{Web form,Email,mail,Web service (API),API,"",Closed ticket,Help Center post,Chat,Native messaging,Web Widget,Phone call (incoming),Voicemail,Facebook Private Message,Twitter DM,Instagram Direct,LINE,Linear,WhatsApp}'::text[]) WITH ORDINALITY u (v, n)
 GROUP BY 1 ORDER BY min(n);
SELECT imported_channel(NULL), length(imported_channel(repeat('x', 100)));

-- What a question is, by its answers.
SELECT w.*, imported_question_kind(w.wording, w.are_scores, w.least, w.most) AS kind
  FROM (VALUES ('Score', true, 0, 9), ('Score', true, 1, 10), ('Score', true, 1, 5), ('How likely are you to recommend us?', true, 2, 5), ('友人に勧めますか', true, 3, 4),
               ('おすすめ度', true, 1, 1), ('How many?', true, 1, 12), ('Why?', false, 1, 5), ('Nobody answered', false, NULL, NULL)) w (wording, are_scores, least, most);
SELECT v AS value, imported_score(v) FROM unnest('{9," 10 ",９,0,-1,9.5,100,nine,""}'::text[]) WITH ORDINALITY u (v, n) ORDER BY n;

-- plain is what its columns are.
SELECT header, plain_format(header)
  FROM (VALUES ('{amount,ordered_at,order_id}'::text[]), ('{Order_ID,Amount,ordered_at,customer_id,name}'), ('{customer_id,name}'), ('{ticket_id,opened_at,customer_id}'), ('{name,email}'), ('{}'), (NULL)) v (header);
BEGIN;
SELECT begin_import('plain', 'c.csv', '{customer_id,email}') IS NOT NULL AS begun;
SELECT format, system, import_salt() <> '' AS has_salt FROM imports;
ROLLBACK;
SELECT count(*) AS salts FROM import_state;

-- What is missing is named, and what there is.
SELECT c.call, pg_temp.outcome('SELECT ' || c.call)
  FROM (VALUES
    ($$begin_import('plain-orders', 'o.csv', '{order_id,amount}')$$),
    ($$begin_import('shopify-orders', 'o.csv', '{Name,Email,Total}')$$),
    ($$begin_import('plain', 'o.csv', '{order_id,amount}')$$),
    ($$begin_import('magento', 'o.csv', '{Name}')$$),
    ($$begin_import(NULL, 'o.csv', '{Name}')$$),
    ($$begin_import('plain-orders', NULL, '{Name}')$$),
    ($$begin_import('plain-orders', 'o.csv', NULL)$$),
    ($$begin_import('plain-orders', 'o.csv', '{order_id,amount,ordered_at}', '')$$),
    ($$begin_import('plain-orders', 'o.csv', '{order_id,amount,ordered_at}', NULL, 'Mars/Base')$$),
    ($$begin_import('plain-orders', 'o.csv', '{NULL,order_id,amount,ordered_at,""}')$$)) c (call);
