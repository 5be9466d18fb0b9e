-- shop/imported_orders.sql
--
-- The orders of a file: a row for each line of an order, of which the first has what
-- is said of the order.
-- Needs: imports, import_formats, imported_customers, orders, returns, points_settling.

--@ functions
-- Reads the rows into pg_temp.import_rows, a column for each field, as text; nth is which row of
-- its order it is.
CREATE OR REPLACE FUNCTION read_imported_rows(given_first boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    DROP TABLE IF EXISTS pg_temp.import_rows;
    CREATE TEMP TABLE import_rows ON COMMIT DROP AS
    SELECT l.line,
           btrim(l.fields[c.order_id]) AS order_id, btrim(l.fields[c.external_id]) AS external_id, btrim(l.fields[c.customer_id]) AS account,
           nullif(btrim(CASE WHEN given_first THEN coalesce(l.fields[c.first_name] || ' ', '') || coalesce(l.fields[c.name], l.fields[c.name_2], '')
                             ELSE coalesce(l.fields[c.name], l.fields[c.name_2], '') || coalesce(' ' || l.fields[c.first_name], '') END), '') AS name,
           nullif(btrim(l.fields[c.email]), '') AS email, -- (a spreadsheet puts an apostrophe before a number that begins with +)
           nullif(btrim(coalesce(l.fields[c.phone], l.fields[c.phone_2], l.fields[c.phone_3]), ' '''), '') AS phone,
           nullif(btrim(l.fields[c.region]), '') AS region, l.fields[c.birthday] AS birthday, nullif(btrim(l.fields[c.gender]), '') AS gender,
           nullif(btrim(l.fields[c.language]), '') AS language, l.fields[c.joined_at] AS joined_at, lower(btrim(l.fields[c.accepts])) AS accepts,
           l.fields[c.ordered_at] AS ordered_at, l.fields[c.amount] AS amount, l.fields[c.tax] AS tax, l.fields[c.shipping] AS shipping,
           l.fields[c.discount] AS discount, upper(btrim(l.fields[c.currency])) AS currency, btrim(l.fields[c.status]) AS status,
           btrim(l.fields[c.payment]) AS payment, l.fields[c.payment_method] AS payment_method, l.fields[c.paid_at] AS paid_at,
           l.fields[c.shipped_at] AS shipped_at, l.fields[c.delivered_at] AS delivered_at, l.fields[c.cancelled_at] AS cancelled_at,
           l.fields[c.refund] AS refund, nullif(btrim(l.fields[c.sales_channel]), '') AS sales_channel, l.fields[c.tags] AS tags,
           l.fields[c.line_kind] AS line_kind, btrim(l.fields[c.product_id]) AS product_id, btrim(l.fields[c.sku]) AS sku,
           nullif(btrim(coalesce(l.fields[c.product_name], '') || coalesce(' ' || l.fields[c.variant], '')), '') AS product_name,
           l.fields[c.category] AS category, l.fields[c.quantity] AS quantity, l.fields[c.unit_price] AS unit_price, l.fields[c.line_discount] AS line_discount,
           row_number() OVER (PARTITION BY btrim(l.fields[c.order_id]) ORDER BY l.line) AS nth
      FROM pg_temp.import_lines l
     CROSS JOIN (SELECT max(c.place) FILTER (WHERE c.field = 'order_id') AS order_id, max(c.place) FILTER (WHERE c.field = 'external_id') AS external_id,
                        max(c.place) FILTER (WHERE c.field = 'customer_id') AS customer_id, max(c.place) FILTER (WHERE c.field = 'name') AS name,
                        max(c.place) FILTER (WHERE c.field = 'name_2') AS name_2, max(c.place) FILTER (WHERE c.field = 'first_name') AS first_name,
                        max(c.place) FILTER (WHERE c.field = 'email') AS email, max(c.place) FILTER (WHERE c.field = 'phone') AS phone,
                        max(c.place) FILTER (WHERE c.field = 'phone_2') AS phone_2, max(c.place) FILTER (WHERE c.field = 'phone_3') AS phone_3,
                        max(c.place) FILTER (WHERE c.field = 'region') AS region, max(c.place) FILTER (WHERE c.field = 'birthday') AS birthday,
                        max(c.place) FILTER (WHERE c.field = 'gender') AS gender, max(c.place) FILTER (WHERE c.field = 'language') AS language,
                        max(c.place) FILTER (WHERE c.field = 'joined_at') AS joined_at, max(c.place) FILTER (WHERE c.field = 'accepts') AS accepts,
                        max(c.place) FILTER (WHERE c.field = 'ordered_at') AS ordered_at, max(c.place) FILTER (WHERE c.field = 'amount') AS amount,
                        max(c.place) FILTER (WHERE c.field = 'tax') AS tax, max(c.place) FILTER (WHERE c.field = 'shipping') AS shipping,
                        max(c.place) FILTER (WHERE c.field = 'discount') AS discount, max(c.place) FILTER (WHERE c.field = 'currency') AS currency,
                        max(c.place) FILTER (WHERE c.field = 'status') AS status, max(c.place) FILTER (WHERE c.field = 'payment') AS payment,
                        max(c.place) FILTER (WHERE c.field = 'payment_method') AS payment_method, max(c.place) FILTER (WHERE c.field = 'paid_at') AS paid_at,
                        max(c.place) FILTER (WHERE c.field = 'shipped_at') AS shipped_at, max(c.place) FILTER (WHERE c.field = 'delivered_at') AS delivered_at,
                        max(c.place) FILTER (WHERE c.field = 'cancelled_at') AS cancelled_at, max(c.place) FILTER (WHERE c.field = 'refund') AS refund,
                        max(c.place) FILTER (WHERE c.field = 'sales_channel') AS sales_channel, max(c.place) FILTER (WHERE c.field = 'tags') AS tags,
                        max(c.place) FILTER (WHERE c.field = 'line_kind') AS line_kind, max(c.place) FILTER (WHERE c.field = 'product_id') AS product_id,
                        max(c.place) FILTER (WHERE c.field = 'sku') AS sku, max(c.place) FILTER (WHERE c.field = 'product_name') AS product_name,
                        max(c.place) FILTER (WHERE c.field = 'variant') AS variant, max(c.place) FILTER (WHERE c.field = 'category') AS category,
                        max(c.place) FILTER (WHERE c.field = 'quantity') AS quantity, max(c.place) FILTER (WHERE c.field = 'unit_price') AS unit_price,
                        max(c.place) FILTER (WHERE c.field = 'line_discount') AS line_discount
                   FROM pg_temp.import_columns c) c
     WHERE l.problem IS NULL;
    ANALYZE pg_temp.import_rows (line, order_id);
END
$$;
COMMENT ON FUNCTION read_imported_rows(boolean) IS
    'for finish_import(): the rows of a file with a column for each field, found by the header, as text; given_first: whether the given name comes first';

-- What is wrong with a cell, if anything: the one place that says so.
CREATE OR REPLACE FUNCTION imported_cell_problem(value text, kind text, required boolean, time_zone text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN btrim(coalesce(value, '')) = '' THEN CASE WHEN required THEN 'nothing stands there' END
    -- (it stands in indexes, which have room for no more)
    WHEN kind = 'key' THEN CASE WHEN length(value) > 200 THEN 'it is too long: 200 characters are the most' END
    WHEN kind = 'time' THEN CASE WHEN imported_instant(value, time_zone) IS NULL THEN 'that is no date with the year first, such as 2026-10-31 12:00' END
    WHEN kind = 'past' THEN CASE WHEN imported_instant(value, time_zone) IS NULL THEN 'that is no date with the year first, such as 2026-10-31 12:00'
                                 WHEN imported_instant(value, time_zone) > now() THEN 'that is to come yet' END
    WHEN kind = 'minutes' THEN CASE WHEN coalesce(imported_number(value) NOT BETWEEN 0::numeric AND 10000000::numeric, true) THEN 'that is no number of minutes' END
    WHEN kind = 'money' THEN CASE WHEN imported_number(value) IS NULL THEN 'that is no amount of money, such as 24800 or 248.00'
                                  WHEN imported_number(value) NOT BETWEEN 0::numeric AND 1000000000000::numeric THEN 'an amount is from 0 to a trillion' END
    WHEN kind = 'sum' THEN CASE WHEN imported_number(value) IS NULL THEN 'that is no amount of money, such as 24800 or -500'
                                WHEN imported_number(value) NOT BETWEEN (-1000000000000)::numeric AND 1000000000000::numeric THEN 'an amount is at most a trillion' END
    WHEN kind = 'count' THEN CASE WHEN imported_number(value) IS NULL OR imported_number(value) NOT BETWEEN 1::numeric AND 1000000::numeric
                                       OR imported_number(value) <> trunc(imported_number(value)) THEN 'that is no number of pieces' END
    WHEN kind = 'day' THEN CASE WHEN imported_instant(value, time_zone) IS NULL THEN 'that is no day, such as 1985-04-01'
                                WHEN imported_instant(value, time_zone) > now() THEN 'that day is to come yet' END
END;
COMMENT ON FUNCTION imported_cell_problem(text, text, boolean, text) IS
    'what is wrong with a cell that is to be a time, past (a time that is over), minutes, money, sum (which may be negative), count, day or key; NULL if nothing is';

-- (Inlined, so that the function above is asked about few cells.)
CREATE OR REPLACE FUNCTION is_usual_sum(said text, amount numeric) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN said IS NULL OR amount BETWEEN 0::numeric AND 1000000000000::numeric;
COMMENT ON FUNCTION is_usual_sum(text, numeric) IS
    'whether a cell with an amount of money is certainly as it should be, amount being what is read of it; of others, imported_cell_problem() tells';

CREATE OR REPLACE FUNCTION is_usual_key(said text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN said IS NULL OR length(said) <= 200;
COMMENT ON FUNCTION is_usual_key(text) IS
    'whether a cell with a key is certainly as it should be; of others, imported_cell_problem() tells';

CREATE OR REPLACE FUNCTION imported_account_problem(account text, system text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN system = 'plain' AND account <> '' AND NOT is_customer_key(account)
            THEN pg_catalog.format('that is no key of a customer, which are of type %s here; --system NAME tells whose numbers they are', format_type(regtype '@key_type@'::oid, NULL::integer)) END;
COMMENT ON FUNCTION imported_account_problem(text, text) IS
    'what is wrong with a customer''s number, if anything: where columns are named as ours, it is the shop''s own';

CREATE OR REPLACE FUNCTION reject_imported_orders(run imports) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    money constant text := (SELECT s.currency FROM settings s);
BEGIN
    INSERT INTO import_rejects (import_id, line, column_name, value, problem)
    SELECT run.import_id, x.line, c.name, left(x.value, 200), x.problem
      FROM (SELECT r.line, 'order_id' AS field, NULL::text AS value, 'a row of an order needs its number' AS problem
              FROM pg_temp.import_rows r
             WHERE coalesce(r.order_id, '') = ''
            UNION ALL
            SELECT o.line, v.field, v.value, imported_cell_problem(v.value, v.kind, v.required, run.time_zone)
              -- (nearly all are as they should be in every cell)
              FROM (SELECT r.*
                      FROM pg_temp.import_orders n
                      JOIN pg_temp.import_rows r ON r.line = n.line
                     WHERE n.is_usual IS NOT TRUE) o
             CROSS JOIN LATERAL (VALUES ('ordered_at', o.ordered_at, 'time', true), ('amount', o.amount, 'money', true), ('tax', o.tax, 'money', false),
                                        ('shipping', o.shipping, 'money', false), ('discount', o.discount, 'sum', false), ('refund', o.refund, 'money', false),
                                        ('paid_at', o.paid_at, 'time', false), ('shipped_at', o.shipped_at, 'time', false), ('delivered_at', o.delivered_at, 'time', false),
                                        ('cancelled_at', o.cancelled_at, 'time', false), ('birthday', o.birthday, 'day', false),
                                        ('order_id', o.order_id, 'key', true), ('external_id', o.external_id, 'key', false), ('customer_id', o.account, 'key', false),
                                        ('email', o.email, 'key', false), ('phone', o.phone, 'key', false)) v (field, value, kind, required)
            UNION ALL
            SELECT o.line, 'currency', o.currency, pg_catalog.format('the shop''s amounts are in %s; orders in %s belong into a shop of their own', money, o.currency)
              FROM pg_temp.import_orders o
             WHERE o.currency <> money
            UNION ALL
            SELECT o.line, 'customer_id', o.account, imported_account_problem(o.account, run.system)
              FROM pg_temp.import_orders o
             WHERE run.system = 'plain'
            UNION ALL
            SELECT i.line, v.field, v.value, imported_cell_problem(v.value, v.kind, v.field IN ('quantity', 'unit_price'), run.time_zone)
              FROM (SELECT r.*, n.line_kind AS kind
                      FROM pg_temp.import_items n
                      JOIN pg_temp.import_rows r ON r.line = n.line
                     WHERE n.is_usual IS NOT TRUE) i
             CROSS JOIN LATERAL (VALUES ('quantity', i.quantity, 'count'), ('unit_price', i.unit_price, CASE i.kind WHEN 'discount' THEN 'sum' ELSE 'money' END), ('line_discount', i.line_discount, 'sum'),
                                        ('product_id', i.product_id, 'key'), ('sku', i.sku, 'key')) v (field, value, kind)
             WHERE i.kind = 'product' OR i.kind = 'discount' AND v.field = 'unit_price') x
      LEFT JOIN pg_temp.import_columns c ON c.field = x.field
     WHERE x.problem IS NOT NULL;
    IF NOT EXISTS (SELECT FROM import_rejects x WHERE x.import_id = run.import_id) THEN
        RETURN;
    END IF;
    -- an order is taken as a whole
    INSERT INTO import_rejects (import_id, line, column_name, value, problem)
    SELECT run.import_id, r.line, NULL, NULL, pg_catalog.format('order %s is not taken, because of line %s', r.order_id, b.line)
      FROM (SELECT r.order_id, min(x.line) AS line
              FROM import_rejects x
              JOIN pg_temp.import_rows r ON r.line = x.line
             WHERE x.import_id = run.import_id AND coalesce(r.order_id, '') <> ''
             GROUP BY r.order_id) b
      JOIN pg_temp.import_rows r ON r.order_id = b.order_id
     WHERE NOT EXISTS (SELECT FROM import_rejects x WHERE x.import_id = run.import_id AND x.line = r.line);
    DELETE FROM pg_temp.import_orders o
     USING import_rejects x
     WHERE x.import_id = run.import_id AND x.line = o.line;
END
$$;
COMMENT ON FUNCTION reject_imported_orders(imports) IS
    'for finish_import(): notes what is wrong with the rows of a file of orders, and leaves out the orders that they are of, as a whole';

-- The persons of the orders that are taken: those of an account are one, those of an
-- address are one, and an order without either is of somebody of its own.
CREATE OR REPLACE FUNCTION take_persons_of_orders(run imports, OUT new bigint, OUT changed bigint, OUT unchanged bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    salt constant text := import_salt();
BEGIN
    DROP TABLE IF EXISTS pg_temp.import_persons;
    -- (of each thing what was said last: aggregates see the rows in the order that they are sorted in)
    CREATE TEMP TABLE import_persons ON COMMIT DROP AS
    SELECT o.person, imported_key('customer', o.person, salt) AS external_key, min(o.line) AS line, nullif(max(o.account), '') AS account,
           (pg_catalog.array_agg(o.name) FILTER (WHERE o.name IS NOT NULL))[1] AS name,
           (pg_catalog.array_agg(o.email) FILTER (WHERE o.email IS NOT NULL))[1] AS email,
           (pg_catalog.array_agg(o.phone) FILTER (WHERE o.folded_phone IS NOT NULL))[1] AS phone,
           max(o.folded_email) AS folded_email,
           (pg_catalog.array_agg(o.folded_phone) FILTER (WHERE o.folded_phone IS NOT NULL))[1] AS folded_phone,
           (max(o.born) AT TIME ZONE run.time_zone)::date AS birthday, max(o.gender) AS gender,
           (pg_catalog.array_agg(o.region) FILTER (WHERE o.region IS NOT NULL))[1] AS region, NULL::text AS language,
           min(o.ordered_at) AS joined_at, max(o.ordered_at) AS said_at,
           (pg_catalog.array_agg(o.accepts IN ('yes', 'true', '1')) FILTER (WHERE o.accepts IN ('yes', 'true', '1', 'no', 'false', '0')))[1] AS accepts,
           NULL::@key_type@ AS customer_id, NULL::bigint[] AS told, false AS is_known, false AS is_new
      FROM (SELECT n.*
              FROM pg_temp.import_orders n
             WHERE n.is_taken
               -- (of an order that is here it is known whose it is)
               AND NOT (n.is_known AND starts_with(n.person, text 'order:'))
             ORDER BY n.person, n.ordered_at DESC, n.line DESC) o
     GROUP BY o.person;
    SELECT t.new, t.changed, t.unchanged INTO take_persons_of_orders.new, take_persons_of_orders.changed, take_persons_of_orders.unchanged
      FROM take_imported_persons(run.import_id) t;
    CREATE INDEX ON pg_temp.import_persons (person);
    ANALYZE pg_temp.import_persons;
END
$$;
COMMENT ON FUNCTION take_persons_of_orders(imports) IS
    'for finish_import(): who the orders of a file are of';

CREATE OR REPLACE FUNCTION take_imported_orders(import bigint, earn_points boolean)
RETURNS TABLE (what text, new bigint, changed bigint, unchanged bigint, left_out bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    -- (what is said of a time is compared as text)
    SET timezone = 'UTC'
    SET datestyle = 'ISO'
AS $$
#variable_conflict use_column
DECLARE
    run imports;
    salt constant text := import_salt();
    persons record;
    found_new bigint;
    found_changed bigint;
    found_all bigint;
    not_counted bigint;
BEGIN
    SELECT * INTO run FROM imports i WHERE i.import_id = import;
    PERFORM read_imported_rows(run.format ~ '^shopify');
    -- Each cell is read once.
    DROP TABLE IF EXISTS pg_temp.import_orders, pg_temp.import_items;
    CREATE TEMP TABLE import_items ON COMMIT DROP AS
    SELECT r.line, r.order_id, r.line_kind, row_number() OVER (PARTITION BY r.order_id, r.line_kind ORDER BY r.nth)::integer AS place,
           r.product_id, r.sku, r.product_name, r.category, r.quantity, r.unit_price, r.line_discount, r.told,
           r.quantity BETWEEN 1::numeric AND 1000000::numeric AND scale(r.quantity) = 0 AND r.unit_price BETWEEN 0::numeric AND 1000000000000::numeric
           AND r.discount_is_usual AND is_usual_key(r.product_id) AND is_usual_key(r.sku) AS is_usual
      FROM (SELECT f.line, f.order_id, f.nth, imported_line_kind(run.format, f.line_kind, f.product_name) AS line_kind, f.product_id, f.sku, f.product_name, f.category,
                   imported_number(f.quantity) AS quantity, imported_number(f.unit_price) AS unit_price,
                   n.line_discount, is_usual_sum(f.line_discount, n.line_discount) AS discount_is_usual,
                   told_value(pg_catalog.concat_ws('|', f.product_id, f.sku, f.product_name, f.quantity, f.unit_price, f.line_discount)) AS told
              FROM pg_temp.import_rows f
             CROSS JOIN LATERAL (SELECT imported_number(f.line_discount) AS line_discount OFFSET 0) n
             WHERE f.order_id <> '') r;
    CREATE TEMP TABLE import_orders ON COMMIT DROP AS
    SELECT r.*,
           r.ordered_at IS NOT NULL AND r.amount BETWEEN 0::numeric AND 1000000000000::numeric AND r.cells_are_usual
           AND (r.said_paid IS NULL OR r.paid_at IS NOT NULL) AND (r.said_shipped IS NULL OR r.shipped_at IS NOT NULL)
           AND (r.said_delivered IS NULL OR r.delivered_at IS NOT NULL) AND (r.said_cancelled IS NULL OR r.cancelled_at IS NOT NULL)
           AND is_usual_sum(r.said_tax, r.tax) AND is_usual_sum(r.said_shipping, r.shipping) AND is_usual_sum(r.said_discount, r.discount) AND is_usual_sum(r.said_refund, r.refund) AS is_usual,
           imported_key('order', r.external_key, salt) AS record_key,
           CASE WHEN r.account <> '' THEN 'id:' || run.system || ':' || r.account
                WHEN r.folded_email IS NOT NULL THEN 'mail:' || r.folded_email
                WHEN r.folded_phone IS NOT NULL THEN 'tel:' || r.folded_phone
                ELSE 'order:' || run.system || ':' || r.order_id END AS person,
           true AS is_taken, false AS came_before, false AS is_known, NULL::@key_type@ AS customer_id, r.order_id AS own_id, NULL::bigint[] AS told
      FROM (SELECT f.line, f.order_id, coalesce(nullif(f.external_id, ''), f.order_id) AS external_key, f.account, f.name, f.email, f.phone, f.region, f.gender, f.accepts,
                   f.currency, f.sales_channel, folded_email(f.email) AS folded_email, folded_phone(f.phone) AS folded_phone,
                   imported_order_state(run.format, f.status, f.payment, f.payment_method, nullif(btrim(f.paid_at), ''), nullif(btrim(f.cancelled_at), ''), f.tags) AS state,
                   f.birthday IS NULL AND is_usual_key(f.order_id) AND is_usual_key(f.external_id) AND is_usual_key(f.account) AND is_usual_key(f.email)
                   AND is_usual_key(f.phone) AS cells_are_usual,
                   imported_instant(f.birthday, run.time_zone) AS born, imported_instant(f.ordered_at, run.time_zone) AS ordered_at,
                   f.paid_at AS said_paid, imported_instant(f.paid_at, run.time_zone) AS paid_at, f.shipped_at AS said_shipped, imported_instant(f.shipped_at, run.time_zone) AS shipped_at,
                   f.delivered_at AS said_delivered, imported_instant(f.delivered_at, run.time_zone) AS delivered_at,
                   f.cancelled_at AS said_cancelled, imported_instant(f.cancelled_at, run.time_zone) AS cancelled_at,
                   imported_number(f.amount) AS amount, f.tax AS said_tax, imported_number(f.tax) AS tax, f.shipping AS said_shipping, imported_number(f.shipping) AS shipping,
                   f.discount AS said_discount, imported_number(f.discount) AS discount, f.refund AS said_refund, imported_number(f.refund) AS refund
              FROM pg_temp.import_rows f
             WHERE f.nth = 1::bigint AND f.order_id <> ''
            OFFSET 0) r;
    ANALYZE pg_temp.import_items (order_id, line_kind);
    ANALYZE pg_temp.import_orders (order_id, external_key, record_key, person, line);
    PERFORM reject_imported_orders(run);

    -- An order that came in before is the one that was made of it; one that an application wrote
    -- is found by its number there, or by our own if columns are named as ours.
    UPDATE pg_temp.import_orders i
       SET told = k.told, came_before = true, is_known = o.order_id IS NOT NULL, customer_id = o.customer_id, own_id = coalesce(o.order_id, i.order_id)
      FROM imported_records k
      LEFT JOIN customers c ON c.customer_id = k.customer_id AND c.forgotten_on IS NULL
      LEFT JOIN orders o ON o.customer_id = c.customer_id AND o.order_id = k.own_key
     WHERE k.system = run.system AND k.kind = 'order' AND k.external_key = i.record_key;
    UPDATE pg_temp.import_orders i
       SET is_known = true, customer_id = o.customer_id, own_id = o.order_id
      FROM orders o
     WHERE NOT i.came_before AND (o.external_id = i.external_key OR run.system = 'plain' AND o.order_id = i.order_id AND o.external_id IS NULL)
       AND NOT EXISTS (SELECT FROM imported_records k WHERE k.customer_id = o.customer_id AND k.kind = 'order' AND k.own_key = o.order_id);
    UPDATE pg_temp.import_orders i
       SET is_taken = false
     WHERE i.state IN ('unpaid', 'test') OR i.state = 'voided' AND NOT i.is_known
        -- (what came in once and is here no more was deleted here, or its customer forgotten)
        OR i.came_before AND NOT i.is_known;
    SELECT count(*) FILTER (WHERE NOT i.is_taken), count(*) FILTER (WHERE i.is_taken) INTO not_counted, found_all FROM pg_temp.import_orders i;

    SELECT * INTO persons FROM take_persons_of_orders(run);
    -- (a number that another system has given already)
    UPDATE pg_temp.import_orders i
       SET own_id = run.system || ':' || i.order_id
     WHERE i.is_taken AND NOT i.is_known AND EXISTS (SELECT FROM orders o WHERE o.order_id = i.order_id);

    DROP TABLE IF EXISTS pg_temp.import_said;
    CREATE TEMP TABLE import_said ON COMMIT DROP AS
    SELECT v.*, ARRAY[told_instant(v.ordered_at), told_number(v.amount), told_number(v.tax), told_number(v.shipping), told_number(v.discount), told_value(v.sales_channel),
                      told_instant(v.shipped_at), told_instant(v.delivered_at), told_value((v.cancelled_at IS NOT NULL)::text), told_value(v.payment_state),
                      told_number(v.refund), v.items] AS told
      FROM (SELECT i.order_id, i.external_key, i.record_key, CASE WHEN i.is_known THEN i.customer_id ELSE p.customer_id END AS customer_id, i.own_id, i.is_known, i.came_before,
                   i.told AS before, i.ordered_at, a.amount, a.shipping,
                   least(imported_amount(i.tax), a.amount - a.shipping) AS tax,
                   trim_scale(round(abs(coalesce(i.discount, l.discount, 0::numeric)), 4)) AS discount,
                   -- (a day alone is not before the hour of the order)
                   CASE WHEN i.shipped_at IS NOT NULL THEN greatest(i.shipped_at, i.ordered_at) END AS shipped_at,
                   CASE WHEN i.delivered_at IS NOT NULL THEN greatest(i.delivered_at, i.shipped_at, i.ordered_at) END AS delivered_at,
                   CASE WHEN i.state IN ('cancelled', 'voided')
                        THEN greatest(coalesce(i.cancelled_at, CASE WHEN i.is_known THEN now() ELSE i.ordered_at END), i.ordered_at) END AS cancelled_at,
                   CASE i.state WHEN 'voided' THEN 'voided' ELSE 'paid' END AS payment_state, i.sales_channel,
                   least(imported_amount(i.refund), a.amount) AS refund,
                   greatest(i.ordered_at, i.paid_at, i.shipped_at, i.delivered_at) AS last_known_at,
                   l.items
              FROM pg_temp.import_orders i
             CROSS JOIN LATERAL (SELECT imported_amount(i.amount) AS amount, least(imported_amount(i.shipping), imported_amount(i.amount)) AS shipping OFFSET 0) a
              LEFT JOIN pg_temp.import_persons p ON p.person = i.person
              LEFT JOIN (SELECT t.order_id, pg_catalog.sum(abs(t.unit_price) * coalesce(t.quantity, 1::numeric)) FILTER (WHERE t.line_kind = 'discount') AS discount,
                                -- (of lines in another order it is another)
                                pg_catalog.bit_xor(hashint8extended(t.told, t.place::bigint)) FILTER (WHERE t.line_kind = 'product') AS items
                           FROM pg_temp.import_items t
                          GROUP BY t.order_id) l ON l.order_id = i.order_id
             WHERE i.is_taken
            OFFSET 0) v;
    ANALYZE pg_temp.import_said (order_id, customer_id, own_id, is_known);

    -- (in the order of most of the indexes)
    INSERT INTO orders (customer_id, order_id, ordered_at, amount, tax, shipping, discount, sales_channel, shipped_at, delivered_at, cancelled_at,
                        payment_state, external_id, external_name)
    SELECT s.customer_id, s.own_id, s.ordered_at, s.amount, s.tax, s.shipping, s.discount, s.sales_channel, s.shipped_at,
           s.delivered_at, s.cancelled_at, s.payment_state, s.external_key, s.order_id
      FROM pg_temp.import_said s
     WHERE NOT s.is_known
     ORDER BY s.ordered_at;
    GET DIAGNOSTICS found_new = ROW_COUNT;
    WITH moved AS (
        UPDATE orders o
           SET ordered_at = v.ordered_at, amount = v.amount, tax = v.tax, shipping = v.shipping, discount = v.discount, sales_channel = v.sales_channel,
               shipped_at = v.shipped_at, delivered_at = v.delivered_at, cancelled_at = v.cancelled_at, payment_state = v.payment_state
          FROM pg_temp.import_said s
          JOIN orders h ON h.customer_id = s.customer_id AND h.order_id = s.own_id
         CROSS JOIN LATERAL (
                   SELECT imported_value(h.ordered_at::text, s.ordered_at::text, s.told[1], s.before, 1)::timestamptz AS ordered_at,
                          imported_value(h.amount::text, s.amount::text, s.told[2], s.before, 2)::numeric AS amount,
                          imported_value(h.tax::text, s.tax::text, s.told[3], s.before, 3)::numeric AS tax,
                          imported_value(h.shipping::text, s.shipping::text, s.told[4], s.before, 4)::numeric AS shipping,
                          imported_value(h.discount::text, s.discount::text, s.told[5], s.before, 5)::numeric AS discount,
                          imported_value(h.sales_channel, s.sales_channel, s.told[6], s.before, 6) AS sales_channel,
                          imported_value(h.shipped_at::text, s.shipped_at::text, s.told[7], s.before, 7)::timestamptz AS shipped_at,
                          imported_value(h.delivered_at::text, s.delivered_at::text, s.told[8], s.before, 8)::timestamptz AS delivered_at,
                          CASE WHEN changed_value(s.told[9], s.before, 9) THEN s.cancelled_at ELSE h.cancelled_at END AS cancelled_at,
                          CASE WHEN changed_value(s.told[10], s.before, 10) AND (s.payment_state <> 'voided' OR s.cancelled_at IS NOT NULL)
                               THEN s.payment_state ELSE h.payment_state END AS payment_state
               ) v
         WHERE s.is_known AND o.customer_id = s.customer_id AND o.order_id = s.own_id
           AND (v.ordered_at, v.amount, v.tax, v.shipping, v.discount, v.sales_channel, v.shipped_at, v.delivered_at, v.cancelled_at, v.payment_state)
               IS DISTINCT FROM (h.ordered_at, h.amount, h.tax, h.shipping, h.discount, h.sales_channel, h.shipped_at, h.delivered_at, h.cancelled_at, h.payment_state)
        RETURNING o.order_id
    )
    SELECT count(*) INTO found_changed FROM moved m;

    -- lines that are said anew replace those that were there
    DELETE FROM order_items l
     USING pg_temp.import_said s
     WHERE s.is_known AND l.customer_id = s.customer_id AND l.order_id = s.own_id
       AND changed_value(s.told[12], s.before, 12) AND s.before IS NOT NULL;
    INSERT INTO order_items (customer_id, order_id, line, product_id, product_name, category, quantity, amount, sku, unit_price, discount)
    SELECT s.customer_id, s.own_id, t.place, coalesce(nullif(t.product_id, ''), nullif(t.sku, ''), left(t.product_name, 200)), t.product_name, t.category, t.quantity::integer,
           trim_scale(greatest(round(t.unit_price * t.quantity - imported_amount(t.line_discount), 4), 0::numeric)),
           nullif(t.sku, ''), imported_amount(t.unit_price), imported_amount(t.line_discount)
      FROM pg_temp.import_items t
      JOIN pg_temp.import_said s ON s.order_id = t.order_id
     WHERE t.line_kind = 'product' AND changed_value(s.told[12], s.before, 12)
       AND (NOT s.is_known OR NOT EXISTS (SELECT FROM order_items l WHERE l.customer_id = s.customer_id AND l.order_id = s.own_id))
     ORDER BY s.customer_id, s.own_id, t.place;

    -- when something was refunded exports do not say: the last that is known of the order, or now if it came in before
    INSERT INTO returns AS r (customer_id, return_id, order_id, returned_at, refund)
    SELECT s.customer_id, 'import:' || s.own_id, s.own_id, CASE WHEN s.is_known THEN greatest(now(), s.last_known_at) ELSE coalesce(s.cancelled_at, s.last_known_at) END, s.refund
      FROM pg_temp.import_said s
     WHERE s.refund > 0::numeric AND changed_value(s.told[11], s.before, 11)
    ON CONFLICT (customer_id, return_id) DO UPDATE SET refund = excluded.refund;

    -- (one import at a time: what was not there when it began is not there now)
    UPDATE imported_records k
       SET customer_id = s.customer_id, told = told_by_now(k.told, s.told)
      FROM pg_temp.import_said s
     WHERE s.came_before AND k.system = run.system AND k.kind = 'order' AND k.external_key = s.record_key
       AND (k.customer_id <> s.customer_id OR k.told::text IS DISTINCT FROM told_by_now(k.told, s.told)::text);
    INSERT INTO imported_records (customer_id, system, kind, external_key, own_key, told)
    SELECT s.customer_id, run.system, 'order', s.record_key, s.own_id, s.told
      FROM pg_temp.import_said s
     WHERE NOT s.came_before
     ORDER BY s.record_key;

    IF take_imported_orders.earn_points THEN
        PERFORM settle_order_points(s.customer_id, s.own_id)
           FROM (SELECT t.customer_id, t.own_id
                   FROM pg_temp.import_said t
                  ORDER BY t.customer_id, t.ordered_at, t.own_id
                 OFFSET 0) s;
    END IF;

    RETURN QUERY VALUES ('orders'::text, found_new, found_changed, found_all - found_new - found_changed, not_counted),
                        ('customers'::text, persons.new::bigint, persons.changed::bigint, persons.unchanged::bigint, 0::bigint);
END
$$;
COMMENT ON FUNCTION take_imported_orders(bigint, boolean) IS
    'for finish_import(): makes orders of the rows of a file, with their lines, refunds and customers, and gives how many there are of each';
