-- A shop over tables that are there already: what works, and what is said where it cannot.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set errors :srcdir '/test/errors.sql'
\i :errors

-- What a web shop and a help desk have, with keys and names of their own.
CREATE SCHEMA shop_adopted_web;
SET search_path = shop_adopted_web;
CREATE TABLE people (id bigint PRIMARY KEY, created_at timestamptz, full_name text, mail text, tel text, born date, sex text, state text, locale text, line_id text, changed_at timestamptz);
CREATE TABLE sales (id bigint PRIMARY KEY, person bigint REFERENCES people, name text, created_at timestamptz, total numeric, total_tax numeric, shipping_price numeric,
                    total_discounts numeric, source text, status text, sent_at timestamptz, arrived_at timestamptz, cancelled_at timestamptz);
CREATE TABLE sale_lines (id bigint PRIMARY KEY, sale bigint REFERENCES sales, n integer, product bigint, variant bigint, title text, kind text, pieces integer, price numeric, tax numeric);
CREATE TABLE refunds (id bigint PRIMARY KEY, sale bigint REFERENCES sales, created_at timestamptz, amount numeric, why text);
CREATE TABLE matters (id bigint PRIMARY KEY, person bigint REFERENCES people, via text, about text, title text, labels text[], angry boolean, sale bigint, closed_at timestamptz);
CREATE TABLE happenings (id bigint PRIMARY KEY, matter bigint REFERENCES matters, happened_at timestamptz, what text, who text, said text);
CREATE TABLE stars (id bigint PRIMARY KEY, person bigint REFERENCES people, product bigint, given_at timestamptz, stars smallint, said text);
INSERT INTO people SELECT i, timestamptz '2025-06-01 12:00+09' + i * interval '1 day', 'N' || i, 'n' || i || '@example.com', '090-0000-000' || i,
                          date '1980-03-01' + i, 'female', 'Tokyo', CASE i WHEN 2 THEN 'en-US' ELSE 'ja' END, 'U' || i, timestamptz '2026-01-01 00:00+09' FROM generate_series(1, 9) i;
INSERT INTO sales SELECT 10 * i + k, i, '#' || 1000 + 10 * i + k, timestamptz '2026-01-05 12:00+09' + i * interval '1 hour' + k * interval '30 days', 3000 * k, 300, 200, 100, 'web',
                         'paid', timestamptz '2026-01-06 12:00+09' + k * interval '30 days', timestamptz '2026-01-07 12:00+09' + k * interval '30 days',
                         CASE WHEN i = 9 THEN timestamptz '2026-03-20 12:00+09' END FROM generate_series(1, 9) i, generate_series(1, 2) k;
INSERT INTO sale_lines SELECT 10 * id + n, id, n, 100 + n, n, 'Product ' || n, 'ring', n, 500, 0 FROM sales, generate_series(1, 2) n;
INSERT INTO refunds SELECT id, id, created_at + interval '5 days', 1000, 'small' FROM sales WHERE id IN (11, 21);
INSERT INTO matters SELECT i, i, 'email', 'size', 'too small', '{gift}', false, 10 * i + 1, NULL FROM generate_series(1, 4) i;
INSERT INTO happenings SELECT 10 * i + n, i, timestamptz '2026-03-09 10:00+09' + n * interval '30 minutes', w, CASE w WHEN 'agent_reply' THEN 'kei' END, 'hello'
  FROM generate_series(1, 4) i, (VALUES (1, 'opened'), (2, 'agent_reply')) v (n, w) WHERE i < 3 OR n = 1;
INSERT INTO stars SELECT i, i, 101, '2026-02-20 12:00+09', 5, 'nice' FROM generate_series(1, 3) i;

-- The views over them, column by column; what a relation need not have is marked.
-- (Not temporary: there are several sessions.)
CREATE TABLE public.shown (relation text, n integer GENERATED ALWAYS AS IDENTITY, name text, expression text);
INSERT INTO public.shown (relation, name, expression) VALUES
    ('customers', 'customer_id', 'id::text'), ('customers', 'joined_at', 'created_at'), ('customers', 'name', 'full_name'), ('customers', 'email', 'mail'),
    ('customers', 'phone', 'tel'), ('customers', 'birthday', 'born'), ('customers', 'birth_year', 'EXTRACT(year FROM born)::integer'), ('customers', 'gender', 'sex'), ('customers', 'region', 'state'),
    ('customers', 'attributes', 'jsonb_build_object(''line'', line_id)'), ('customers', 'language', 'locale'), ('customers', 'updated_at', 'changed_at'),
    ('orders', 'customer_id', 'person::text'), ('orders', 'order_id', 'id::text'), ('orders', 'ordered_at', 'created_at'), ('orders', 'amount', 'total'), ('orders', 'tax', 'total_tax'),
    ('orders', 'shipping', 'shipping_price'), ('orders', 'refunded', '0::numeric'), ('orders', 'sales_channel', 'source'), ('orders', 'shipped_at', 'sent_at'), ('orders', 'delivered_at', 'arrived_at'),
    ('orders', 'cancelled_at', 'cancelled_at'), ('orders', 'discount', 'total_discounts'), ('orders', 'payment_state', 'status'), ('orders', 'external_id', 'id::text'), ('orders', 'external_name', 's.name'),
    ('order_items', 'customer_id', 's.person::text'), ('order_items', 'order_id', 's.id::text'), ('order_items', 'line', 'n'), ('order_items', 'product_id', 'product::text'), ('order_items', 'product_name', 'title'),
    ('order_items', 'category', 'kind'), ('order_items', 'quantity', 'pieces'), ('order_items', 'amount', 'pieces * price'), ('order_items', 'sku', 'variant::text'), ('order_items', 'unit_price', 'price'),
    ('order_items', 'discount', '0::numeric'), ('order_items', 'tax', 'l.tax'),
    ('returns', 'customer_id', 's.person::text'), ('returns', 'return_id', 'r.id::text'), ('returns', 'order_id', 's.id::text'), ('returns', 'returned_at', 'r.created_at'), ('returns', 'refund', 'r.amount'), ('returns', 'reason', 'why'),
    ('tickets', 'customer_id', 'person::text'), ('tickets', 'ticket_id', 'id::text'), ('tickets', 'channel', 'via'), ('tickets', 'reason', 'about'), ('tickets', 'priority', 'NULL::text'), ('tickets', 'tier', 'NULL::text'),
    ('tickets', 'subject', 'title'), ('tickets', 'complaint', 'angry'), ('tickets', 'order_id', 'sale::text'), ('tickets', 'merged_into', 'NULL::text'), ('tickets', 'closed_at', 'closed_at'), ('tickets', 'tags', 'labels'),
    ('tickets', 'resolution', 'NULL::text'),
    ('ticket_events', 'customer_id', 'm.person::text'), ('ticket_events', 'ticket_id', 'm.id::text'), ('ticket_events', 'event_id', 'h.id'), ('ticket_events', 'at', 'happened_at'), ('ticket_events', 'kind', 'what'),
    ('ticket_events', 'agent_id', 'who'), ('ticket_events', 'note', 'said'), ('ticket_events', 'recorded_at', 'happened_at'), ('ticket_events', 'merged_into', 'NULL::text'),
    ('reviews', 'customer_id', 'person::text'), ('reviews', 'review_id', 'id::text'), ('reviews', 'product_id', 'product::text'), ('reviews', 'order_id', 'NULL::text'), ('reviews', 'reviewed_at', 'given_at'),
    ('reviews', 'stars', 'stars'), ('reviews', 'title', 'NULL::text'), ('reviews', 'body', 'said'),
    ('shipments', 'customer_id', 'person::text'), ('shipments', 'order_id', 'id::text'), ('shipments', 'parcel', '1'), ('shipments', 'carrier', '''post''::text'), ('shipments', 'tracking', '''N-'' || id'), ('shipments', 'expected_on', 'sent_at::date + 2'),
    ('agents', 'agent_id', 'who'), ('agents', 'name', 'upper(who)'), ('agents', 'is_machine', 'false'),
    ('customer_ids', 'customer_id', 'id::text'), ('customer_ids', 'system', '''line''::text'), ('customer_ids', 'id', 'line_id');
CREATE TABLE public.shown_from (relation text, source text);
INSERT INTO public.shown_from VALUES ('customers', 'people'), ('orders', 'sales s'), ('order_items', 'sale_lines l JOIN sales s ON s.id = l.sale'), ('returns', 'refunds r JOIN sales s ON s.id = r.sale'),
    ('tickets', 'matters'), ('ticket_events', 'happenings h JOIN matters m ON m.id = h.matter'), ('reviews', 'stars'),
    ('shipments', 'sales'), ('agents', '(SELECT DISTINCT who FROM happenings WHERE who IS NOT NULL) w'), ('customer_ids', 'people');
CREATE VIEW public.optional AS
SELECT s.relation, s.name
  FROM public.shown s
 WHERE EXISTS (SELECT FROM loyalcs.shop_parts() p WHERE p.relation = s.relation AND s.name = ANY (p.optional));

-- A shop over views that lack some columns, in what stands beside them rows of its own.
CREATE FUNCTION public.adopt(shop text, lacks text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v record;
BEGIN
    EXECUTE format('CREATE SCHEMA %I', shop);
    PERFORM set_config('search_path', 'shop_adopted_web', true);
    FOR v IN
        SELECT format('CREATE VIEW %I.%I AS SELECT %s FROM %s', shop, s.relation, string_agg(format('%s AS %I', s.expression, s.name), ', ' ORDER BY s.n), f.source) AS script
          FROM public.shown s JOIN public.shown_from f USING (relation)
         WHERE concat(s.relation, '.', s.name) <> ALL (lacks)
         GROUP BY s.relation, f.source
    LOOP
        EXECUTE v.script;
    END LOOP;
    PERFORM loyalcs.create_shop(shop);
END
$$;

-- Everything is read and called that a shop has for it, as of a day on which something
-- is due; what was not computed, and whatever was found.
CREATE FUNCTION public.failures(shop text, reads boolean, OUT figures bigint, OUT work text, OUT failures text) LANGUAGE plpgsql AS $$
DECLARE
    f record;
    number bigint;
BEGIN
    PERFORM set_config('search_path', quote_ident(shop), true);
    UPDATE settings SET live_since = '2025-01-01 00:00+09';
    UPDATE journeys SET started_at = '-infinity';
    INSERT INTO surveys VALUES ('q', 'Quarterly');
    figures := 0;
    FOR f IN
        SELECT format('SELECT count(t::text) FROM %I t', c.relname) AS query, 1 AS part, NULL AS name FROM pg_class c WHERE c.relnamespace = quote_ident(shop)::regnamespace AND c.relkind = 'v'
        UNION ALL
        SELECT format('SELECT count(t::text) FROM %I(timestamptz %L) t', p.proname, '2026-03-10 14:00+09'), 1, NULL
          FROM pg_proc p
         WHERE p.pronamespace = quote_ident(shop)::regnamespace AND p.proname ~ '_at$' AND p.proargtypes = '1184'::oidvector
        UNION ALL
        -- (one plan for all breakdowns: to make it takes longer than to run it)
        SELECT format('SELECT count(t::text) FROM unnest(%L::text[]) b, %I(b, timestamptz %L) t',
                      '{everyone,age_band,gender,region,sales_channel,first_category,rfm_segment,tier}', p.proname, '2026-03-10 14:00+09'), 1, NULL
          FROM pg_proc p
         WHERE p.pronamespace = quote_ident(shop)::regnamespace AND p.proname ~ '_by$' AND p.proargtypes = '25 1184'::oidvector
        UNION ALL
        SELECT q, 2 + n::integer, split_part(split_part(q, ' AS ', 2), ' ', 1)
          FROM unnest(ARRAY[
                   $q$SELECT customers AS evaluated FROM evaluate_tiers('2026-03-10 12:00+09')$q$,
                   $q$SELECT count(*) AS cut FROM refresh_rfm_cuts('2026-03-10 12:00+09')$q$,
                   $q$SELECT refresh_related_products('2026-03-10 12:00+09', 2) AS pairs$q$,
                   $q$SELECT count(*) AS offers FROM next_offers('1', 5, '2026-03-10 12:00+09')$q$,
                   $q$SELECT count(earn_points(customer_id, order_id, delivered_at)) AS earned FROM (SELECT * FROM orders WHERE order_id < '30' ORDER BY delivered_at) o$q$,
                   $q$SELECT count(*) AS reversed FROM orders o CROSS JOIN LATERAL reverse_order_points(o.customer_id, o.order_id, '2026-03-10 12:00+09') r WHERE o.order_id IN ('11', '21')$q$,
                   $q$SELECT redeem_points('1', 5, 'k', NULL, '2026-03-10 12:00+09') AS redeemed$q$,
                   $q$SELECT count(*) AS balances FROM points_balance('1', '2026-03-10 12:00+09')$q$,
                   $q$SELECT queue_followups('2026-03-10 12:00+09') AS queued$q$,
                   $q$SELECT count(complete_followup(followup_id, 'sent', claim_key, NULL, '2026-03-10 12:01+09')) AS sent FROM claim_followups(NULL, 500, 'w', '1 minute', '2026-03-10 12:00+09')$q$,
                   $q$SELECT count(*) AS given_up FROM followups WHERE outcome <> 'sent'$q$,
                   $q$SELECT queue_sla_warnings('2026-03-10 14:00+09') AS warned$q$,
                   $q$SELECT count(*) AS warnings FROM claim_sla_warnings(NULL, 100, 'w', '1 minute', '2026-03-10 14:00+09')$q$,
                   $q$SELECT asked AS asked FROM draw_survey_wave('q', 0.5, NULL, '30 days', '2026-03-10 12:00+09', 'email')$q$,
                   $q$SELECT count(*) AS hearings FROM pick_phone_hearings('2026-03-10 12:00+09')$q$,
                   $q$SELECT count(*) AS named FROM find_customers('n1@EXAMPLE.com')$q$,
                   $q$SELECT count(*) AS called FROM find_customers('+81 90 0000 0001')$q$,
                   $q$SELECT count(*) AS by_order FROM find_customers('#1011')$q$]) WITH ORDINALITY u (q, n)
        ORDER BY part, query
    LOOP
        CONTINUE WHEN f.part = 1 AND NOT reads;
        BEGIN
            EXECUTE f.query INTO number;
            IF f.name IS NULL THEN
                figures := figures + 1;
            ELSE
                work := concat_ws(', ', work, f.name || CASE WHEN number > 0 THEN '' ELSE ' none' END);
            END IF;
        EXCEPTION WHEN OTHERS THEN
            failures := concat_ws(E'\n', failures, f.query || ': ' || SQLSTATE || ' ' || SQLERRM);
        END;
    END LOOP;
END
$$;

-- Over views that have all columns, and over such that have those alone that they need.
SELECT relation, string_agg(name, ' ' ORDER BY name) AS optional FROM public.optional GROUP BY relation ORDER BY relation;
SELECT FROM public.adopt('shop_adopted_all', '{}');
SELECT figures > 100 AS figures, work, failures FROM public.failures('shop_adopted_all', true);
SELECT FROM public.adopt('shop_adopted_few', ARRAY(SELECT concat(relation, '.', name) FROM public.optional));
SELECT figures > 100 AS figures, work, failures FROM public.failures('shop_adopted_few', true);
-- What comes back has no cause and is never completed where no column could say so.
SELECT a.item, a.status, f.status AS of_few, f.evidence
  FROM shop_adopted_all.aftersale_checklist_in('en', '2026-03-20 12:00+09') a
  JOIN shop_adopted_few.aftersale_checklist_in('en', '2026-03-20 12:00+09') f ON f.item = a.item;
-- Who has an address; where there is no column for it, everybody may have one elsewhere.
SELECT shop_adopted_all.is_reachable('1', c), shop_adopted_all.is_reachable('1', 'fax'), shop_adopted_few.is_reachable('1', c), shop_adopted_few.is_reachable('nobody', c)
  FROM unnest('{email,phone,line}'::text[]) c;
-- (In a new session: each object that is made is looked for among all plans that the
-- functions above have left, which would take longer than to make it.)
\c -
\i :shared
\i :errors

-- One by one, where a column is read by what writes.
CREATE FUNCTION public.without(lacks text, OUT lacking text, OUT failures text) LANGUAGE plpgsql AS $$
BEGIN
    lacking := lacks;
    PERFORM public.adopt('shop_adopted_one', ARRAY[lacks]);
    failures := (SELECT f.failures FROM public.failures('shop_adopted_one', false) f);
    SET CONSTRAINTS ALL IMMEDIATE;
    -- (the next is made in its place)
    RAISE EXCEPTION USING ERRCODE = 'LC000';
EXCEPTION WHEN SQLSTATE 'LC000' THEN
    NULL;
END
$$;
SELECT format('SELECT * FROM public.without(%L)', concat(relation, '.', name)) FROM public.optional WHERE relation = 'customers' ORDER BY 1
\gexec
-- Nothing that is bound when the shop is made reads one of them, as it could not be made, but for
-- what takes NULL in its place (see voices.sql).
SELECT p.proname, o.relation, o.name
  FROM public.optional o
  JOIN pg_attribute a ON a.attrelid = format('shop_adopted_all.%I', o.relation)::regclass AND a.attname = o.name
  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.classid = 'pg_proc'::regclass
  JOIN pg_proc p ON p.oid = d.objid
 ORDER BY 1, 2, 3;

-- (And in another.)
\c -
\i :shared
\i :errors

-- What it needs, it says, with what to write.
SELECT pg_temp.error_of($$SELECT public.adopt('shop_adopted_one', '{orders.payment_state,orders.tax,order_items.quantity}')$$);
-- What the shop writes itself is kept in tables of its own.
SELECT r, pg_temp.error_of(format('CREATE SCHEMA shop_adopted_one; CREATE VIEW shop_adopted_one.%I AS SELECT 1 AS a; SELECT loyalcs.create_shop(''shop_adopted_one'')', r))
  FROM unnest('{followups,point_postings,hearings}'::text[]) r;

-- Each kind of relation: all are read; a plain table can become the shop's own.
CREATE SCHEMA shop_adopted_kinds;
CREATE MATERIALIZED VIEW shop_adopted_kinds.reviews AS SELECT * FROM shop_adopted_all.reviews;
CREATE TABLE shop_adopted_kinds.customers AS SELECT * FROM shop_adopted_all.customers;
CREATE TABLE shop_adopted_kinds.orders AS SELECT * FROM shop_adopted_all.orders;
CREATE TABLE shop_adopted_kinds.returns AS SELECT * FROM shop_adopted_all.returns;
CREATE TABLE shop_adopted_kinds.order_items AS SELECT customer_id, order_id, line, product_id, product_name, category, quantity, amount FROM shop_adopted_all.order_items;
CREATE TABLE shop_adopted_kinds.tickets AS SELECT * FROM shop_adopted_all.tickets;
CREATE TABLE shop_adopted_kinds.ticket_events (LIKE shop_adopted_all.ticket_events) PARTITION BY HASH (customer_id);
CREATE TABLE shop_adopted_kinds.part PARTITION OF shop_adopted_kinds.ticket_events FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO shop_adopted_kinds.ticket_events SELECT * FROM shop_adopted_all.ticket_events;
CREATE FOREIGN DATA WRAPPER shop_adopted_none;
CREATE SERVER shop_adopted_nowhere FOREIGN DATA WRAPPER shop_adopted_none;
CREATE FOREIGN TABLE shop_adopted_kinds.shipments (customer_id text, order_id text, parcel integer, carrier text, expected_on date) SERVER shop_adopted_nowhere;
SELECT FROM loyalcs.create_shop('shop_adopted_kinds');
SELECT part, own FROM shop_adopted_kinds.shop_migrations WHERE part LIKE 'table %' AND NOT own ORDER BY 1;
SELECT r, pg_temp.error_of(format('SELECT loyalcs.adopt_table(''shop_adopted_kinds'', %L)', r))
  FROM unnest('{reviews,ticket_events,shipments,templates,rfm,nothing,NULL}'::text[]) r;
SELECT pg_temp.error_of('SELECT loyalcs.adopt_table(''nowhere'', ''orders'')');
-- A year of birth that is stored is made of the birthday from then on. What the brand has added stays.
ALTER TABLE shop_adopted_kinds.customers ADD COLUMN nickname text DEFAULT 'N';
SELECT substring(loyalcs.adopt_table('shop_adopted_kinds', 'customers') FROM 'keys.*');
SELECT pg_temp.error_of('SELECT loyalcs.adopt_table(''shop_adopted_kinds'', ''customers'')');
SELECT customer_id, name, birth_year, nickname FROM shop_adopted_kinds.customers ORDER BY 1 LIMIT 2;
-- Rows that break a rule, a key and a type of its own are in the way.
ALTER TABLE shop_adopted_kinds.orders ADD PRIMARY KEY (order_id), ALTER discount TYPE integer;
SELECT pg_temp.error_of('SELECT loyalcs.adopt_table(''shop_adopted_kinds'', ''orders'')');
ALTER TABLE shop_adopted_kinds.orders ALTER discount TYPE numeric;
SELECT pg_temp.error_of('SELECT loyalcs.adopt_table(''shop_adopted_kinds'', ''orders'')');
ALTER TABLE shop_adopted_kinds.orders DROP CONSTRAINT orders_pkey, ADD UNIQUE (order_id);
INSERT INTO shop_adopted_kinds.orders SELECT 'nobody', 'x', ordered_at, amount, tax, shipping FROM shop_adopted_kinds.orders LIMIT 1;
SELECT left(pg_temp.error_of('SELECT loyalcs.adopt_table(''shop_adopted_kinds'', ''orders'')'), 5) AS no_nulls;
UPDATE shop_adopted_kinds.orders SET discount = 0, refunded = 0, payment_state = 'paid' WHERE order_id = 'x';
SELECT pg_temp.error_of('SELECT loyalcs.adopt_table(''shop_adopted_kinds'', ''orders'')');
DELETE FROM shop_adopted_kinds.orders WHERE order_id = 'x';
SELECT r, substring(loyalcs.adopt_table('shop_adopted_kinds', r) FROM 'keys.*') FROM unnest('{returns,orders,order_items,tickets}'::text[]) WITH ORDINALITY u (r, n) ORDER BY n;
SELECT order_id, refunded FROM shop_adopted_kinds.orders WHERE refunded > 0 ORDER BY 1;
SELECT part, own FROM shop_adopted_kinds.shop_migrations WHERE part LIKE 'table %' AND NOT own ORDER BY 1;
SELECT * FROM loyalcs.check_shop('shop_adopted_kinds');

-- Object by object they are as those of a new shop, but for the order of columns and what is the brand's.
SELECT FROM loyalcs.create_shop('shop_adopted_new');
CREATE FUNCTION public.described(shop text) RETURNS TABLE (relation text, what text) LANGUAGE sql AS $$
    WITH r AS (SELECT c.oid, c.relname::text AS name FROM pg_class c
                WHERE c.relnamespace = shop::regnamespace AND c.relname IN ('customers', 'orders', 'order_items', 'returns', 'tickets'))
    SELECT r.name, replace(d.what, shop || '.', '')
      FROM r
     CROSS JOIN LATERAL (
               SELECT concat_ws(' ', 'column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(e.adbin, e.adrelid), a.attgenerated, a.attidentity, col_description(r.oid, a.attnum)) AS what
                 FROM pg_attribute a LEFT JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
                WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
               UNION ALL SELECT concat_ws(' ', 'constraint', k.conname, pg_get_constraintdef(k.oid)) FROM pg_constraint k WHERE k.conrelid = r.oid AND k.contype <> 't'
               UNION ALL SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = r.oid
               UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE t.tgrelid = r.oid AND NOT t.tgisinternal
               UNION ALL SELECT concat('table ', obj_description(r.oid, 'pg_class'))) d
$$;
(SELECT 'has' AS it, * FROM public.described('shop_adopted_kinds') EXCEPT ALL SELECT 'has', * FROM public.described('shop_adopted_new'))
UNION ALL
(SELECT 'lacks' AS it, * FROM public.described('shop_adopted_new') EXCEPT ALL SELECT 'lacks', * FROM public.described('shop_adopted_kinds'))
ORDER BY 1, 2, 3;
-- And everything is computed. (A table that is gone is made anew.)
DROP FOREIGN TABLE shop_adopted_kinds.shipments CASCADE;
SELECT FROM loyalcs.create_shop('shop_adopted_kinds');
SELECT figures > 100 AS figures, failures FROM public.failures('shop_adopted_kinds', true);
INSERT INTO shop_adopted_kinds.returns VALUES ('1', 'n', '11', '2026-03-01 12:00+09', 500, NULL);
SELECT refunded FROM shop_adopted_kinds.orders WHERE order_id = '11';
