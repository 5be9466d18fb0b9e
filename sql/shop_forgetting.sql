-- A customer is forgotten: what is personal goes, what was counted stays.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set each :srcdir '/test/one_of_each.sql'
\i :each

SET search_path = shop;
SELECT FROM pg_temp.shop_for_one_of_each();
SELECT FROM pg_temp.one_of_each('hanako@example.com', '');
SELECT FROM pg_temp.one_of_each('stays', '-2');
SELECT match_voices() > 0 AS matched;
-- (what is marked is matched before; so of these there is a row by hand)
INSERT INTO voice_changes (customer_id, source, text_id, said_at) VALUES ('hanako@example.com', 'post', 'N', '2026-03-01 00:00+09');
SELECT * FROM pg_temp.has_none_of('hanako@example.com');
-- (which somebody may ask for, all of it)
SELECT count(DISTINCT relation) = (SELECT count(*) FROM tables_of_customers()) AS all_of_it, bool_and(contents ->> 'customer_id' = 'hanako@example.com') AS of_hers
  FROM export_customer('hanako@example.com');

-- Every text of hers gets a mark that says where it stands: all but keys that others
-- refer to, and what the table itself lets be one of a few words.
CREATE TEMP TABLE marked (relation text, name text, how text);
SET session_replication_role = replica;
DO $$
DECLARE
    c record;
    marks text;
    rows text;
BEGIN
    FOR c IN
        SELECT t.relname::text AS relation, a.attname::text AS name, a.atttypid::regtype::text AS type,
               EXISTS (SELECT FROM pg_constraint f WHERE f.contype = 'f' AND (f.conrelid = t.oid AND a.attnum = ANY (f.conkey) OR f.confrelid = t.oid AND a.attnum = ANY (f.confkey))) AS refers
          FROM pg_class t
          JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attname <> 'customer_id'
         WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p')
           AND EXISTS (SELECT FROM pg_attribute k WHERE k.attrelid = t.oid AND k.attname = 'customer_id')
           AND a.atttypid IN ('text'::regtype, 'text[]'::regtype, 'jsonb'::regtype, 'bytea'::regtype)
         ORDER BY 1, 2
    LOOP
        IF c.refers THEN
            INSERT INTO marked VALUES (c.relation, c.name, 'key');
            CONTINUE;
        END IF;
        -- (the ledger has kinds of postings; and who was merged, is to come back)
        CONTINUE WHEN c.relation || '.' || c.name IN ('point_postings.kind', 'merged_customers.from_customer');
        marks := format('MARK %s.%s', c.relation, c.name);
        FOREACH rows IN ARRAY ARRAY['true', format('%I IS NOT NULL', c.name)] LOOP
            BEGIN
                EXECUTE format('UPDATE %I SET %I = %s WHERE customer_id = %L AND %s', c.relation, c.name,
                               CASE c.type WHEN 'jsonb' THEN format('jsonb_build_object(%L, %1$L)', marks)
                                           WHEN 'text[]' THEN format('ARRAY[%L]', marks)
                                           WHEN 'bytea' THEN format('convert_to(%L, ''UTF8'')', marks)
                                           -- (several rows have several keys)
                                           WHEN 'text' THEN format('%L || %s', marks || ' ', CASE c.name WHEN 'posting_key' THEN 'posting_id::text' WHEN 'subject' THEN 'coalesce(subject, '''')' ELSE '''''' END) END,
                               'hanako@example.com', rows);
                INSERT INTO marked VALUES (c.relation, c.name, 'marked');
                EXIT;
            EXCEPTION
                WHEN check_violation THEN
                    CONTINUE;
            END;
        END LOOP;
        INSERT INTO marked SELECT c.relation, c.name, 'one of a few words' WHERE NOT EXISTS (SELECT FROM marked m WHERE m.relation = c.relation AND m.name = c.name);
    END LOOP;
END
$$;
RESET session_replication_role;
SELECT relation, string_agg(name, ', ' ORDER BY name) AS "keys" FROM marked WHERE how = 'key' GROUP BY 1 ORDER BY 1;
SELECT relation, string_agg(name, ', ' ORDER BY name) AS "one of a few words" FROM marked WHERE how = 'one of a few words' GROUP BY 1 ORDER BY 1;

-- In which columns of which relations something stands, of tables and of views
CREATE FUNCTION pg_temp.stands_in(what text, kinds text) RETURNS TABLE (relation text, columns text) LANGUAGE plpgsql AS $$
DECLARE
    c record;
    names text;
BEGIN
    FOR c IN SELECT k.oid, k.relname FROM pg_class k WHERE k.relnamespace = current_schema()::regnamespace AND k.relkind::text = ANY (string_to_array(kinds, NULL)) ORDER BY 2 LOOP
        EXECUTE format('SELECT string_agg(DISTINCT e.key, '', '' ORDER BY e.key) FROM %s t, jsonb_each_text(to_jsonb(t)) e
                         WHERE strpos(e.value, %2$L) > 0 OR strpos(e.value, %3$L) > 0', c.oid::regclass, what, encode(convert_to(what, 'UTF8'), 'hex')) INTO names;
        IF names IS NOT NULL THEN
            relation := c.relname;
            columns := names;
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;
SELECT count(*) > 25 AS many FROM pg_temp.stands_in('MARK', 'rp');
CREATE TEMP TABLE sums AS
SELECT (SELECT count(*) FROM customers) AS customers, (SELECT sum(amount - refunded) FROM orders) AS spent, (SELECT count(*) FROM order_items) AS lines,
       (SELECT sum(points) FROM point_postings) AS points, (SELECT sum(remaining) FROM point_lots) AS remaining, (SELECT count(*) FROM ticket_events) AS events,
       (SELECT sum(score) FROM survey_answers) AS scores, (SELECT sum(stars) FROM reviews) AS stars, (SELECT count(*) FROM posts) AS posts,
       (SELECT count(*) FROM tier_history) AS tiers, (SELECT count(*) FROM followups WHERE outcome = 'sent') AS sent;

-- The key has to be repeated, and only the owner may.
SELECT forget_customer('hanako@example.com');
SELECT forget_customer('hanako@example.com', 'stays');
SELECT forget_customer(NULL, NULL);
SELECT forget_customer('nobody', 'nobody');
SELECT forget_customer('was stays', 'was stays');
CREATE ROLE regress_forgetting_admin;
SELECT FROM loyalcs.grant_shop('shop', 'regress_forgetting_admin', 'admin');
SET ROLE regress_forgetting_admin;
SELECT forget_customer('hanako@example.com', 'hanako@example.com');
RESET ROLE;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT forget_customer('hanako@example.com', 'hanako@example.com');
ROLLBACK;

SELECT f ->> 'forgotten' AS forgotten, f ->> 'customer_id' ~ '^forgotten-[-0-9a-f]{36}$' AS key_says_nothing, f -> 'rows' AS rows, f -> 'left_to_you' AS left_to_you,
       f ->> 'customer_id' AS pseudonym
  FROM forget_customer('hanako@example.com', 'hanako@example.com') f \gset f_
SELECT :'f_forgotten' AS forgotten, :'f_key_says_nothing' AS key_says_nothing, :'f_rows' AS rows, :'f_left_to_you' AS left_to_you;
SELECT forget_customer('hanako@example.com', 'hanako@example.com') - 'at' AS again;

-- What is left of the marks: names of products and shops' own words, who of the shop did it, and the
-- numbers of claims. Of the key, nothing.
SELECT * FROM pg_temp.stands_in('MARK', 'rp');
SELECT * FROM pg_temp.stands_in('hanako', 'rp');
SELECT * FROM pg_temp.stands_in('hanako', 'v');
-- (the digests are of the keys that there were)
SELECT count(*) FROM forgotten_customers f WHERE f.customer_digest IN (customer_digest('hanako@example.com', f.salt), customer_digest('was hanako@example.com', f.salt));
SELECT relation, columns FROM pg_temp.stands_in('MARK', 'v');
SELECT strpos(customer_card(:'f_pseudonym')::text, 'hanako') AS in_card,
       (SELECT string_agg(DISTINCT m, ', ' ORDER BY m) FROM regexp_matches(customer_card(:'f_pseudonym')::text, 'MARK [a-z_.]+', 'g') r (m0), unnest(m0) m) AS marks_in_card,
       (customer_card(:'f_pseudonym') -> 'customer') - '{joined_at,consents}'::text[] AS customer;

-- Nor do reports of a month have any of it, as data or as pages.
SELECT count(*) > 0 AS there_is_one FROM pg_proc WHERE pronamespace = 'shop'::regnamespace AND proname = 'monthly_report' AND pronargs - pronargdefaults <= 1 AND proargtypes[0] = 'date'::regtype;
DO $$
DECLARE
    f record;
    found text;
BEGIN
    FOR f IN SELECT p.oid::regproc AS name FROM pg_proc p
              WHERE p.pronamespace = 'shop'::regnamespace AND p.proname ~ 'report' AND p.proargtypes[0] = 'date'::regtype
                AND p.pronargs - p.pronargdefaults <= 1 AND p.prorettype IN ('jsonb'::regtype, 'text'::regtype) LOOP
        -- (each once, not once for each of the words)
        EXECUTE format('WITH r (r) AS MATERIALIZED (SELECT %s(d::date)::text FROM generate_series(date ''2026-02-01'', ''2026-04-01'', ''1 month'') d)
                        SELECT string_agg(m, '', '') FROM r,
                        unnest(''{hanako,MARK customers,MARK ticket_events.note,MARK survey_answers.answer,MARK reviews.body,MARK reviews.title,MARK posts.body,MARK hearings.note}''::text[]) m
                         WHERE strpos(r, m) > 0', f.name) INTO found;
        IF found IS NOT NULL THEN
            RAISE WARNING '% has %', f.name, found;
        END IF;
    END LOOP;
END
$$;

-- What was counted stays, the books agree, and the other customer has lost nothing.
SELECT s = now_ AS same
  FROM sums s, (SELECT (SELECT count(*) FROM customers) AS customers, (SELECT sum(amount - refunded) FROM orders) AS spent, (SELECT count(*) FROM order_items) AS lines,
       (SELECT sum(points) FROM point_postings) AS points, (SELECT sum(remaining) FROM point_lots) AS remaining, (SELECT count(*) FROM ticket_events) AS events,
       (SELECT sum(score) FROM survey_answers) AS scores, (SELECT sum(stars) FROM reviews) AS stars, (SELECT count(*) FROM posts) AS posts,
       (SELECT count(*) FROM tier_history) AS tiers, (SELECT count(*) FROM followups WHERE outcome = 'sent') AS sent) now_;
SELECT * FROM points_audit();
SELECT * FROM broken_references();
SELECT name, email, attributes, forgotten_on FROM customers WHERE customer_id = 'stays';
SELECT count(*) FROM customer_changes WHERE customer_id = 'hanako@example.com';
SELECT forgotten_on IS NOT NULL AS forgotten, count(*) FROM customers GROUP BY 1 ORDER BY 1;
SELECT customer_digest ~ '^[0-9a-f]{64}$' AS digest, length(salt) > 60 AS salted, forgotten_by = current_user AS by_me FROM forgotten_customers;

-- Nothing is sent any more; what a worker still has to say is written down without words.
SELECT outcome, reason, count(*) FROM followups WHERE customer_id = :'f_pseudonym' GROUP BY 1, 2 ORDER BY 1;
SELECT queue_followups('2026-04-04 13:00+09') >= 0 AS queued;
SELECT count(*) FROM claim_followups(NULL, 100, 'w', '1 hour', '2026-04-04 13:00+09') c WHERE c.customer_id = :'f_pseudonym';
SELECT complete_followup(followup_id, 'failed', followup_id || '.1', 'no such user hanako@example.com', '2026-04-04 13:00+09') FROM followups WHERE customer_id = :'f_pseudonym' AND reason = 'customer forgotten';
SELECT * FROM pg_temp.stands_in('hanako', 'rp');

-- Whoever comes back is noticed, one or many, and can be forgotten again.
INSERT INTO customers (customer_id) VALUES ('hanako@example.com');
INSERT INTO customers (customer_id) VALUES ('new') ON CONFLICT DO NOTHING;
SET client_min_messages = error;
DELETE FROM customers WHERE customer_id = 'hanako@example.com';
INSERT INTO customers (customer_id) SELECT unnest('{hanako@example.com,was hanako@example.com,newer}'::text[]);
SET client_min_messages = warning;
SELECT b.customer_id, b.forgotten_at <= now() AS as_then FROM forgotten_customers_back() b ORDER BY 1;
SELECT forget_customer(c, c) ->> 'forgotten' AS forgotten FROM unnest('{hanako@example.com,was hanako@example.com}'::text[]) c;
SELECT * FROM forgotten_customers_back();
SELECT * FROM pg_temp.stands_in('hanako', 'rpv');

-- Keys of other types
SELECT t, loyalcs.create_shop('shop_forgetting_' || t, key_type => t::regtype) ~ t FROM unnest('{bigint,integer,uuid}'::text[]) t;
CREATE TABLE shop_forgetting_bigint.letters (customer_id text, words text);
INSERT INTO shop_forgetting_bigint.letters VALUES ('7', 'Dear Hanako');
INSERT INTO shop_forgetting_bigint.customers (customer_id, name) VALUES (7, 'x');
SELECT relation, contents ->> 'customer_id' AS customer_id FROM shop_forgetting_bigint.export_customer(7);
SELECT shop_forgetting_bigint.relations_with(7, own) FROM unnest('{t,f}'::boolean[]) own;
DELETE FROM shop_forgetting_bigint.letters;
INSERT INTO shop_forgetting_integer.customers (customer_id, name) VALUES (7, 'x');
INSERT INTO shop_forgetting_uuid.customers (customer_id, name) VALUES ('11111111-1111-1111-1111-111111111111', 'x');
SELECT (shop_forgetting_bigint.forget_customer(7, '7') ->> 'customer_id')::bigint < 0 AS big,
       (shop_forgetting_integer.forget_customer(7, '7') ->> 'customer_id')::integer < 0 AS int,
       (shop_forgetting_uuid.forget_customer('11111111-1111-1111-1111-111111111111', '11111111-1111-1111-1111-111111111111') ->> 'customer_id')::uuid IS NOT NULL AS uuid;
SELECT name FROM shop_forgetting_bigint.customers;

-- Relations of the brand's are named, and the key stays while they have it.
CREATE TABLE public.forgetting_orders (buyer text, id text, yen integer, memo text);
INSERT INTO public.forgetting_orders VALUES ('c', 'O', 100, 'for Hanako');
CREATE SCHEMA shop_forgetting_2;
CREATE VIEW shop_forgetting_2.orders AS
SELECT buyer AS customer_id, id AS order_id, timestamptz '2026-01-01 00:00+09' AS ordered_at, yen::numeric AS amount, 0::numeric AS tax, 0::numeric AS shipping, NULL::text AS sales_channel,
       NULL::timestamptz AS shipped_at, NULL::timestamptz AS delivered_at, NULL::timestamptz AS cancelled_at, 'paid'::text AS payment_state FROM public.forgetting_orders;
SELECT FROM loyalcs.create_shop('shop_forgetting_2');
CREATE TABLE shop_forgetting_2.letters (customer_id text, words text);
INSERT INTO shop_forgetting_2.letters VALUES ('c', 'Dear Hanako');
INSERT INTO shop_forgetting_2.customers (customer_id, name) VALUES ('c', 'Hanako');
SELECT shop_forgetting_2.forget_customer('c', 'c') - 'at';
SELECT customer_id, name FROM shop_forgetting_2.customers;
DELETE FROM shop_forgetting_2.letters;
DELETE FROM public.forgetting_orders;
SELECT shop_forgetting_2.forget_customer('c', 'c') - 'at' - 'customer_id';
SELECT customer_id ~ '^forgotten-' AS key_says_nothing, name FROM shop_forgetting_2.customers;
-- Where the customers are the brand's, the key goes when they have it no more.
CREATE TABLE public.forgetting_people (id text);
INSERT INTO public.forgetting_people VALUES ('c');
CREATE SCHEMA shop_forgetting_3;
CREATE VIEW shop_forgetting_3.customers AS SELECT id AS customer_id, timestamptz '2025-01-01 00:00+09' AS joined_at, 1990 AS birth_year, 'x'::text AS gender, NULL::text AS region FROM public.forgetting_people;
SELECT FROM loyalcs.create_shop('shop_forgetting_3');
INSERT INTO shop_forgetting_3.reviews (customer_id, review_id, product_id, reviewed_at, stars, body) VALUES ('c', 'v', 'p', '2026-01-01 00:00+09', 5, 'words');
SELECT shop_forgetting_3.forget_customer('c', 'c') - 'at';
SELECT customer_id, body FROM shop_forgetting_3.reviews;
DELETE FROM public.forgetting_people;
SELECT shop_forgetting_3.forget_customer('c', 'c') - 'at' - 'customer_id';
SELECT customer_id ~ '^forgotten-' AS key_says_nothing, body FROM shop_forgetting_3.reviews;
SELECT shop_forgetting_3.forget_customer('c', 'c') - 'at';
DROP OWNED BY regress_forgetting_admin;
DROP ROLE regress_forgetting_admin;
