-- shop/import_formats.sql
--
-- What exports of other systems look like: which of their columns say what, and
-- what their words mean.
-- Needs: imports.
--
-- plain is what has columns named as ours: which of the formats plain-… it is, its
-- header says.
--
-- Columns are found by name, in whatever order they stand: in one width, without
-- regard to case. Of a name that stands twice the first is taken (EC-CUBE writes
-- 送料 for the order and again for the parcel).

--@ functions
CREATE OR REPLACE FUNCTION import_fields()
RETURNS TABLE (format text, kind text, field text, headers text[], required boolean)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT f.format, f.kind, f.field, pg_catalog.string_to_array(f.headers, ' | '), f.required
      FROM (VALUES
        ('shopify-orders', 'orders', 'order_id', 'Name', true),
        ('shopify-orders', 'orders', 'external_id', 'Id', false),
        ('shopify-orders', 'orders', 'ordered_at', 'Created at', true),
        ('shopify-orders', 'orders', 'amount', 'Total', true),
        ('shopify-orders', 'orders', 'tax', 'Taxes', false),
        ('shopify-orders', 'orders', 'shipping', 'Shipping', false),
        ('shopify-orders', 'orders', 'discount', 'Discount Amount', false),
        ('shopify-orders', 'orders', 'currency', 'Currency', false),
        ('shopify-orders', 'orders', 'payment', 'Financial Status', true),
        ('shopify-orders', 'orders', 'payment_method', 'Payment Method', false),
        ('shopify-orders', 'orders', 'paid_at', 'Paid at', false),
        ('shopify-orders', 'orders', 'shipped_at', 'Fulfilled at', false),
        ('shopify-orders', 'orders', 'cancelled_at', 'Cancelled at', false),
        ('shopify-orders', 'orders', 'refund', 'Refunded Amount', false),
        ('shopify-orders', 'orders', 'sales_channel', 'Source', false),
        ('shopify-orders', 'orders', 'tags', 'Tags', false),
        ('shopify-orders', 'orders', 'accepts', 'Accepts Marketing', false),
        ('shopify-orders', 'orders', 'email', 'Email', true),
        ('shopify-orders', 'orders', 'phone', 'Phone', false),
        ('shopify-orders', 'orders', 'phone_2', 'Billing Phone', false),
        ('shopify-orders', 'orders', 'phone_3', 'Shipping Phone', false),
        ('shopify-orders', 'orders', 'name', 'Billing Name', false),
        ('shopify-orders', 'orders', 'name_2', 'Shipping Name', false),
        ('shopify-orders', 'orders', 'region', 'Shipping Province Name | Billing Province Name | Shipping Province | Billing Province', false),
        ('shopify-orders', 'orders', 'product_id', 'Lineitem sku', false),
        ('shopify-orders', 'orders', 'sku', 'Lineitem sku', false),
        ('shopify-orders', 'orders', 'product_name', 'Lineitem name', true),
        ('shopify-orders', 'orders', 'quantity', 'Lineitem quantity', true),
        ('shopify-orders', 'orders', 'unit_price', 'Lineitem price', true),
        ('shopify-orders', 'orders', 'line_discount', 'Lineitem discount', false),

        ('eccube-orders', 'orders', 'order_id', '注文番号 | 注文ID', true),
        ('eccube-orders', 'orders', 'external_id', '注文ID', false),
        ('eccube-orders', 'orders', 'customer_id', '会員ID', false),
        ('eccube-orders', 'orders', 'name', 'お名前(姓)', false),
        ('eccube-orders', 'orders', 'first_name', 'お名前(名)', false),
        ('eccube-orders', 'orders', 'region', '都道府県(名称)', false),
        ('eccube-orders', 'orders', 'email', 'メールアドレス', true),
        ('eccube-orders', 'orders', 'phone', 'TEL', false),
        ('eccube-orders', 'orders', 'gender', '性別(名称)', false),
        ('eccube-orders', 'orders', 'birthday', '誕生日', false),
        ('eccube-orders', 'orders', 'ordered_at', '受注日', true),
        ('eccube-orders', 'orders', 'amount', '支払合計 | 合計', true),
        ('eccube-orders', 'orders', 'tax', '税金', false),
        ('eccube-orders', 'orders', 'shipping', '送料', false),
        ('eccube-orders', 'orders', 'discount', '値引き', false),
        ('eccube-orders', 'orders', 'status', '対応状況(名称) | 対応状況(ID)', true),
        ('eccube-orders', 'orders', 'payment_method', '支払方法(名称)', false),
        ('eccube-orders', 'orders', 'paid_at', '入金日', false),
        ('eccube-orders', 'orders', 'shipped_at', '発送日', false),
        ('eccube-orders', 'orders', 'line_kind', '明細区分(名称) | 明細区分(ID)', false),
        ('eccube-orders', 'orders', 'product_id', '商品ID', false),
        ('eccube-orders', 'orders', 'sku', '商品コード', false),
        ('eccube-orders', 'orders', 'product_name', '商品名', true),
        ('eccube-orders', 'orders', 'quantity', '個数', true),
        ('eccube-orders', 'orders', 'unit_price', '価格', true),

        ('base-orders', 'orders', 'order_id', '注文ID', true),
        ('base-orders', 'orders', 'ordered_at', '注文日時', true),
        ('base-orders', 'orders', 'name', '氏(請求先)', false),
        ('base-orders', 'orders', 'first_name', '名(請求先)', false),
        ('base-orders', 'orders', 'region', '都道府県(請求先)', false),
        ('base-orders', 'orders', 'email', 'メールアドレス(請求先)', true),
        ('base-orders', 'orders', 'phone', '電話番号(請求先)', false),
        ('base-orders', 'orders', 'amount', '合計金額', true),
        ('base-orders', 'orders', 'shipping', '送料', false),
        ('base-orders', 'orders', 'status', '発送状況', true),
        ('base-orders', 'orders', 'payment_method', '支払い方法', false),
        ('base-orders', 'orders', 'sales_channel', '購入元', false),
        ('base-orders', 'orders', 'shipped_at', '配送日', false),
        ('base-orders', 'orders', 'product_id', '商品ID', false),
        ('base-orders', 'orders', 'sku', '種類ID', false),
        ('base-orders', 'orders', 'product_name', '商品名', true),
        ('base-orders', 'orders', 'variant', 'バリエーション', false),
        ('base-orders', 'orders', 'quantity', '数量', true),
        ('base-orders', 'orders', 'unit_price', '価格', true),

        ('plain-orders', 'orders', 'order_id', 'order_id', true),
        ('plain-orders', 'orders', 'external_id', 'external_id', false),
        ('plain-orders', 'orders', 'customer_id', 'customer_id', false),
        ('plain-orders', 'orders', 'ordered_at', 'ordered_at', true),
        ('plain-orders', 'orders', 'amount', 'amount', true),
        ('plain-orders', 'orders', 'tax', 'tax', false),
        ('plain-orders', 'orders', 'shipping', 'shipping', false),
        ('plain-orders', 'orders', 'discount', 'discount', false),
        ('plain-orders', 'orders', 'currency', 'currency', false),
        ('plain-orders', 'orders', 'payment', 'payment_state', false),
        ('plain-orders', 'orders', 'shipped_at', 'shipped_at', false),
        ('plain-orders', 'orders', 'delivered_at', 'delivered_at', false),
        ('plain-orders', 'orders', 'cancelled_at', 'cancelled_at', false),
        ('plain-orders', 'orders', 'refund', 'refunded', false),
        ('plain-orders', 'orders', 'sales_channel', 'sales_channel', false),
        ('plain-orders', 'orders', 'name', 'name', false),
        ('plain-orders', 'orders', 'email', 'email', false),
        ('plain-orders', 'orders', 'phone', 'phone', false),
        ('plain-orders', 'orders', 'region', 'region', false),
        ('plain-orders', 'orders', 'product_id', 'product_id', false),
        ('plain-orders', 'orders', 'sku', 'sku', false),
        ('plain-orders', 'orders', 'product_name', 'product_name', false),
        ('plain-orders', 'orders', 'category', 'category', false),
        ('plain-orders', 'orders', 'quantity', 'quantity', false),
        ('plain-orders', 'orders', 'unit_price', 'unit_price', false),
        ('plain-orders', 'orders', 'line_discount', 'line_discount', false),

        ('zendesk-tickets', 'tickets', 'ticket_id', 'ID', true),
        ('zendesk-tickets', 'tickets', 'customer_id', 'Requester ID', false),
        ('zendesk-tickets', 'tickets', 'own_key', 'Requester external id', false),
        ('zendesk-tickets', 'tickets', 'name', 'Requester', false),
        ('zendesk-tickets', 'tickets', 'email', 'Requester email', false),
        ('zendesk-tickets', 'tickets', 'channel', 'Via', false),
        ('zendesk-tickets', 'tickets', 'priority', 'Priority', false),
        ('zendesk-tickets', 'tickets', 'subject', 'Subject', false),
        ('zendesk-tickets', 'tickets', 'tags', 'Tags', false),
        ('zendesk-tickets', 'tickets', 'status', 'Status', true),
        ('zendesk-tickets', 'tickets', 'agent', 'Assignee', false),
        ('zendesk-tickets', 'tickets', 'opened_at', 'Created at', true),
        ('zendesk-tickets', 'tickets', 'updated_at', 'Updated at', false),
        ('zendesk-tickets', 'tickets', 'solved_at', 'Solved at', false),
        ('zendesk-tickets', 'tickets', 'reply_minutes', 'First reply time in minutes', false),
        ('zendesk-tickets', 'tickets', 'solve_minutes', 'Full resolution time in minutes', false),

        ('plain-tickets', 'tickets', 'ticket_id', 'ticket_id', true),
        ('plain-tickets', 'tickets', 'customer_id', 'customer_id', false),
        ('plain-tickets', 'tickets', 'name', 'name', false),
        ('plain-tickets', 'tickets', 'email', 'email', false),
        ('plain-tickets', 'tickets', 'phone', 'phone', false),
        ('plain-tickets', 'tickets', 'channel', 'channel', false),
        ('plain-tickets', 'tickets', 'reason', 'reason', false),
        ('plain-tickets', 'tickets', 'priority', 'priority', false),
        ('plain-tickets', 'tickets', 'subject', 'subject', false),
        ('plain-tickets', 'tickets', 'tags', 'tags', false),
        ('plain-tickets', 'tickets', 'order_id', 'order_id', false),
        ('plain-tickets', 'tickets', 'agent', 'agent_id', false),
        ('plain-tickets', 'tickets', 'opened_at', 'opened_at', true),
        ('plain-tickets', 'tickets', 'replied_at', 'replied_at', false),
        ('plain-tickets', 'tickets', 'solved_at', 'resolved_at', false),

        ('surveys', 'surveys', 'customer_id', 'customer_id | Customer ID | 会員ID | 顧客ID', false),
        ('surveys', 'surveys', 'name', 'name | お名前 | 氏名', false),
        ('surveys', 'surveys', 'email', 'email | Email address | E-mail | メールアドレス', false),
        ('surveys', 'surveys', 'phone', 'phone | 電話番号', false),
        ('surveys', 'surveys', 'responded_at', 'responded_at | Timestamp | タイムスタンプ | 回答日時 | Submitted at | Submit Date', true),
        ('surveys', 'surveys', 'response_id', 'response_id | Response ID | 回答ID', false),
        ('surveys', 'surveys', 'survey', 'survey | アンケート', false),
        ('surveys', 'surveys', 'order_id', 'order_id | 注文番号', false),
        ('surveys', 'surveys', 'channel', 'channel', false),
        ('surveys', 'surveys', 'question', 'question | 質問 | 設問', false),
        ('surveys', 'surveys', 'score', 'score | 点数 | スコア', false),
        ('surveys', 'surveys', 'answer', 'answer | 回答', false),

        ('shopify-customers', 'customers', 'customer_id', 'Customer ID', true),
        ('shopify-customers', 'customers', 'first_name', 'First Name', false),
        ('shopify-customers', 'customers', 'name', 'Last Name', false),
        ('shopify-customers', 'customers', 'email', 'Email', true),
        ('shopify-customers', 'customers', 'phone', 'Phone | Default Address Phone', false),
        ('shopify-customers', 'customers', 'region', 'Default Address Province Code', false),
        ('shopify-customers', 'customers', 'accepts', 'Accepts Email Marketing', false),

        ('plain-customers', 'customers', 'customer_id', 'customer_id', true),
        ('plain-customers', 'customers', 'joined_at', 'joined_at', false),
        ('plain-customers', 'customers', 'name', 'name', false),
        ('plain-customers', 'customers', 'email', 'email', false),
        ('plain-customers', 'customers', 'phone', 'phone', false),
        ('plain-customers', 'customers', 'birthday', 'birthday', false),
        ('plain-customers', 'customers', 'gender', 'gender', false),
        ('plain-customers', 'customers', 'region', 'region', false),
        ('plain-customers', 'customers', 'language', 'language', false),
        ('plain-customers', 'customers', 'accepts', 'accepts_email', false)) f (format, kind, field, headers, required);
END;
COMMENT ON FUNCTION import_fields() IS
    'which column of which export says what: of the names the first that the file has; without one that is required a file is not taken';

CREATE OR REPLACE FUNCTION folded_header(name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(btrim(normalize(name, NFKC), E' \t\r\n'));
COMMENT ON FUNCTION folded_header(text) IS 'the name of a column as it is compared';

-- Words of other systems: what an order is, by what they say of it.
--   counts, cancelled, unpaid (not paid yet), voided (never going to be), test
CREATE OR REPLACE FUNCTION imported_order_state(format text, status text, payment text, payment_method text, paid_at text, cancelled_at text, tags text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE format
    WHEN 'shopify-orders' THEN
        CASE WHEN strpos(lower(payment_method), 'bogus') > 0 OR 'test' = ANY (pg_catalog.regexp_split_to_array(lower(tags), '\s*,\s*')) THEN 'test'
             WHEN lower(payment) = 'voided' THEN 'voided'
             WHEN cancelled_at IS NOT NULL THEN 'cancelled'
             WHEN lower(payment) IN ('pending', 'authorized', 'partially_paid', 'expired', 'unpaid') THEN 'unpaid'
             ELSE 'counts' END
    WHEN 'eccube-orders' THEN
        CASE WHEN status IN ('注文取消し', '3') THEN 'cancelled'
             WHEN status IN ('決済処理中', '購入処理中', '7', '8') THEN 'unpaid'
             WHEN paid_at IS NULL AND status IN ('新規受付', '1') AND payment_method ~ '振込|前払|コンビニ' THEN 'unpaid'
             ELSE 'counts' END
    WHEN 'base-orders' THEN
        CASE WHEN status ~ 'キャンセル' THEN 'cancelled'
             WHEN status ~ '入金待ち|未入金' THEN 'unpaid'
             ELSE 'counts' END
    ELSE
        CASE WHEN lower(payment) = 'voided' THEN 'voided'
             WHEN cancelled_at IS NOT NULL THEN 'cancelled'
             WHEN lower(payment) = 'pending' THEN 'unpaid'
             ELSE 'counts' END
END;
COMMENT ON FUNCTION imported_order_state(text, text, text, text, text, text, text) IS
    'what an order of another system is, by its words: counts, cancelled, unpaid (not yet paid), voided (it never will be) or test';

-- (明細区分 by name or number: 商品 1, 送料 2, 手数料 3, 値引き 4, 税 5, ポイント 6)
CREATE OR REPLACE FUNCTION imported_line_kind(format text, line_kind text, product_name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN format = 'eccube-orders' THEN
        CASE WHEN line_kind IN ('値引き', 'ポイント', '割引', '4', '6') THEN 'discount'
             WHEN line_kind IS NULL OR line_kind IN ('商品', '1') THEN CASE WHEN product_name IS NOT NULL THEN 'product' END END
    WHEN product_name IS NOT NULL THEN 'product'
END;
COMMENT ON FUNCTION imported_line_kind(text, text, text) IS
    'what a line of another system''s order is: product, discount (which lowers the order), or NULL for shipping, fees and tax, which the order has already';

-- (In this order: a file of orders may say who ordered, too.)
CREATE OR REPLACE FUNCTION plain_format(header text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT p.format
          FROM ROWS FROM (pg_catalog.unnest('{plain-orders,plain-tickets,plain-customers}'::text[])) WITH ORDINALITY p (format, place)
         WHERE EXISTS (SELECT FROM import_fields() f WHERE f.format = p.format)
           AND NOT EXISTS (SELECT FROM import_fields() f
                            WHERE f.format = p.format AND f.required
                              AND NOT EXISTS (SELECT FROM ROWS FROM (pg_catalog.unnest(header)) h (name), ROWS FROM (pg_catalog.unnest(f.headers)) w (name)
                                               WHERE folded_header(h.name) = folded_header(w.name)))
         ORDER BY p.place
         LIMIT 1);
COMMENT ON FUNCTION plain_format(text[]) IS
    'which of the formats plain-… a header is of: the first of which it has all required columns; NULL if it has of none';

CREATE OR REPLACE FUNCTION begin_import(format text, file_name text, header text[], system text DEFAULT NULL, time_zone text DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    -- (a table of the file before is mostly not there)
    SET client_min_messages = warning
AS $$
#variable_conflict use_column
DECLARE
    zone text;
    missing text;
    made bigint;
BEGIN
    IF pg_catalog.current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'imports need a database in UTF-8'
            USING ERRCODE = 'feature_not_supported', CONSTRAINT = 'database_is_in_utf8',
                  DETAIL = pg_catalog.format('This one is in %s, which has not all that names and addresses are written with.', pg_catalog.current_setting('server_encoding'));
    END IF;
    IF NOT owns_table('imports'::regclass::oid) THEN
        RAISE EXCEPTION 'files are brought in by the owner of the shop'
            USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'caller_owns_the_shop',
                  DETAIL = pg_catalog.format('%s may not write rows as they were elsewhere.', quote_ident(current_user::text)),
                  HINT = 'No level has a part in it: connect as the owner of the shop.';
    END IF;
    IF begin_import.format = 'plain' THEN
        format := plain_format(header);
        IF format IS NULL THEN
            RAISE EXCEPTION '% has not the columns of anything that is called as ours', file_name
                USING ERRCODE = 'undefined_column', CONSTRAINT = 'file_has_its_columns',
                      DETAIL = pg_catalog.format('It has %s.', left(pg_catalog.array_to_string(header, ', '), 500)),
                      HINT = (SELECT pg_catalog.string_agg(pg_catalog.format('%s has %s', k.format, k.names), '; ' ORDER BY k.format) || '; and what SELECT * FROM import_fields() tells beside.'
                                FROM (SELECT f.format, pg_catalog.string_agg(f.field, ', ' ORDER BY f.field) AS names
                                        FROM import_fields() f
                                       WHERE f.format ~ '^plain-' AND f.required
                                       GROUP BY f.format) k);
        END IF;
    END IF;
    IF NOT EXISTS (SELECT FROM import_fields() f WHERE f.format = begin_import.format) THEN
        RAISE EXCEPTION 'there is no format %', quote_literal(begin_import.format)
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'format_exists',
                  HINT = (SELECT 'There are plain, ' || pg_catalog.string_agg(k.format, ', ' ORDER BY k.format) || '.'
                            FROM (SELECT DISTINCT f.format FROM import_fields() f) k);
    END IF;
    IF system = '' OR file_name IS NULL OR header IS NULL THEN
        RAISE EXCEPTION 'an import needs a file name, a header, and a name for the system'
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'import_is_named';
    END IF;
    SELECT substr(m.part, 7) INTO missing
      FROM shop_migrations m
     WHERE m.part IN ('table customers', 'table orders', 'table tickets', 'table survey_responses') AND NOT m.own
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'imports go into the shop''s own tables, and % is not', missing
            USING ERRCODE = 'feature_not_supported', CONSTRAINT = 'tables_are_the_shops_own',
                  HINT = 'Bring the file into what stands behind it.';
    END IF;
    INSERT INTO import_state (salt) VALUES (pg_catalog.replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')) ON CONFLICT DO NOTHING;
    -- One at a time: the second of two files finds what the first has brought in.
    PERFORM FROM import_state s FOR UPDATE;
    SELECT coalesce(begin_import.time_zone, s.time_zone) INTO zone FROM settings s;
    PERFORM loyalcs.local_date(timestamptz '2000-01-01 00:00+00', zone);

    DROP TABLE IF EXISTS pg_temp.import_lines, pg_temp.import_columns;
    CREATE TEMP TABLE import_lines (line bigint NOT NULL, fields text[], problem text) ON COMMIT DROP;
    CREATE TEMP TABLE import_columns ON COMMIT DROP AS
    SELECT DISTINCT ON (f.field) f.field, h.place::integer AS place, h.name
      FROM import_fields() f
     CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(f.headers)) WITH ORDINALITY w (name, choice)
      JOIN ROWS FROM (pg_catalog.unnest(header)) WITH ORDINALITY h (name, place) ON folded_header(h.name) = folded_header(w.name)
     WHERE f.format = begin_import.format
     ORDER BY f.field, w.choice, h.place;

    SELECT pg_catalog.string_agg(pg_catalog.array_to_string(f.headers, ' or '), ', ' ORDER BY f.headers) INTO missing
      FROM import_fields() f
     WHERE f.format = begin_import.format AND f.required
       AND NOT EXISTS (SELECT FROM pg_temp.import_columns c WHERE c.field = f.field);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION '% has no column %', file_name, missing
            USING ERRCODE = 'undefined_column', CONSTRAINT = 'file_has_its_columns',
                  DETAIL = pg_catalog.format('It has %s.', left(pg_catalog.array_to_string(header, ', '), 500)),
                  HINT = pg_catalog.format('A file of %s has these columns, in any order. Is it of another format?', begin_import.format);
    END IF;

    INSERT INTO imports AS i (format, system, file_name, time_zone, header)
    VALUES (begin_import.format, coalesce(begin_import.system, split_part(begin_import.format, text '-', 1)), begin_import.file_name, zone, begin_import.header)
    RETURNING i.import_id INTO made;
    RETURN made;
END
$$;
COMMENT ON FUNCTION begin_import(text, text, text[], text, text) IS
    'begins to bring in a file: looks at its header, makes the temporary table import_lines (line, fields, problem) for its rows, and gives the number of the import, for finish_import() in the same transaction, which others wait for; an error if a column is missing. For the owner of the shop alone. system: whose numbers those of orders and customers are, by default the word that the format begins with (plain: the shop''s own); time_zone: of times without one, by default the shop''s';
