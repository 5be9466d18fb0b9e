-- shop/forgetting.sql
--
-- What is personal goes, and what was counted and summed up stays.
-- Needs: moved_customers, and every table whose rows are of customers.
--
-- Orders, amounts, points, scores, clocks of tickets and what became of messages stay, under a
-- new key that says nothing; words, names, addresses and keys of other systems go. What goes
-- of which table stands in personal_data(), and a test fills every text of every table
-- and looks for what is left. What is append-only is changed the way moved_customers says.
-- A relation of the brand's is not ours to write: while it has rows of the customer, the key
-- stays what it is, and the relation is named.

-- (Rows of a customer refer to each other by the key.)
--@ reference cancellation_requests subscriptions 0.2.0
SELECT make_deferrable(regclass 'cancellation_requests', regclass 'subscriptions');

--@ reference consents customers 0.2.0
SELECT make_deferrable(regclass 'consents', regclass 'customers');

--@ reference customer_ids customers 0.2.0
SELECT make_deferrable(regclass 'customer_ids', regclass 'customers');

--@ reference followup_late_reports customers 0.2.0
SELECT make_deferrable(regclass 'followup_late_reports', regclass 'customers');

--@ reference followups customers 0.2.0
SELECT make_deferrable(regclass 'followups', regclass 'customers');

--@ reference hearings customers 0.2.0
SELECT make_deferrable(regclass 'hearings', regclass 'customers');

--@ reference order_items orders 0.2.0
SELECT make_deferrable(regclass 'order_items', regclass 'orders');

--@ reference orders customers 0.2.0
SELECT make_deferrable(regclass 'orders', regclass 'customers');

--@ reference point_accounts customers 0.2.0
SELECT make_deferrable(regclass 'point_accounts', regclass 'customers');

--@ reference point_allocations point_postings 0.2.0
SELECT make_deferrable(regclass 'point_allocations', regclass 'point_postings');

--@ reference point_lots point_postings 0.2.0
SELECT make_deferrable(regclass 'point_lots', regclass 'point_postings');

--@ reference point_postings orders 0.2.0
SELECT make_deferrable(regclass 'point_postings', regclass 'orders');

--@ reference point_postings point_accounts 0.2.0
SELECT make_deferrable(regclass 'point_postings', regclass 'point_accounts');

--@ reference point_postings point_postings 0.2.0
SELECT make_deferrable(regclass 'point_postings', regclass 'point_postings');

--@ reference posts customers 0.2.0
SELECT make_deferrable(regclass 'posts', regclass 'customers');

--@ reference referrals customers 0.2.0
SELECT make_deferrable(regclass 'referrals', regclass 'customers');

--@ reference return_items order_items 0.2.0
SELECT make_deferrable(regclass 'return_items', regclass 'order_items');

--@ reference return_items returns 0.2.0
SELECT make_deferrable(regclass 'return_items', regclass 'returns');

--@ reference returns orders 0.2.0
SELECT make_deferrable(regclass 'returns', regclass 'orders');

--@ reference reviews customers 0.2.0
SELECT make_deferrable(regclass 'reviews', regclass 'customers');

--@ reference reviews orders 0.2.0
SELECT make_deferrable(regclass 'reviews', regclass 'orders');

--@ reference shipments orders 0.2.0
SELECT make_deferrable(regclass 'shipments', regclass 'orders');

--@ reference sla_warning_late_reports tickets 0.2.0
SELECT make_deferrable(regclass 'sla_warning_late_reports', regclass 'tickets');

--@ reference sla_warnings tickets 0.2.0
SELECT make_deferrable(regclass 'sla_warnings', regclass 'tickets');

--@ reference subscriptions customers 0.2.0
SELECT make_deferrable(regclass 'subscriptions', regclass 'customers');

--@ reference survey_answers survey_responses 0.2.0
SELECT make_deferrable(regclass 'survey_answers', regclass 'survey_responses');

--@ reference survey_invitations customers 0.2.0
SELECT make_deferrable(regclass 'survey_invitations', regclass 'customers');

--@ reference survey_invitations tickets 0.2.0
SELECT make_deferrable(regclass 'survey_invitations', regclass 'tickets');

--@ reference survey_left_out customers 0.2.0
SELECT make_deferrable(regclass 'survey_left_out', regclass 'customers');

--@ reference survey_responses customers 0.2.0
SELECT make_deferrable(regclass 'survey_responses', regclass 'customers');

--@ reference survey_responses orders 0.2.0
SELECT make_deferrable(regclass 'survey_responses', regclass 'orders');

--@ reference survey_responses survey_invitations 0.2.0
SELECT make_deferrable(regclass 'survey_responses', regclass 'survey_invitations');

--@ reference survey_responses tickets 0.2.0
SELECT make_deferrable(regclass 'survey_responses', regclass 'tickets');

--@ reference ticket_changes tickets 0.2.0
SELECT make_deferrable(regclass 'ticket_changes', regclass 'tickets');

--@ reference ticket_events tickets 0.2.0
SELECT make_deferrable(regclass 'ticket_events', regclass 'tickets');

--@ reference tickets customers 0.2.0
SELECT make_deferrable(regclass 'tickets', regclass 'customers');

--@ reference tickets orders 0.2.0
SELECT make_deferrable(regclass 'tickets', regclass 'orders');

--@ reference tickets tickets 0.2.0
SELECT make_deferrable(regclass 'tickets', regclass 'tickets');

--@ reference voice_matches customers 0.2.0
SELECT make_deferrable(regclass 'voice_matches', regclass 'customers');

--@ table forgotten_customers hides customer_digest, salt
--: keeps customer_digest, salt, forgotten_at, forgotten_by
--: stays
CREATE TABLE forgotten_customers (
    customer_digest text PRIMARY KEY,
    salt text NOT NULL,
    forgotten_at timestamptz NOT NULL DEFAULT now(),
    forgotten_by text NOT NULL DEFAULT current_user
);
COMMENT ON TABLE forgotten_customers IS
    'who was forgotten by forget_customer(), one row a key that a customer had; by the digest, a key is known again that comes back';
COMMENT ON COLUMN forgotten_customers.salt IS 'what the key is hashed with, the same in all rows';

--@ change customers 0.2.0
--: optional forgotten_on
--: keeps forgotten_on
ALTER TABLE customers ADD COLUMN forgotten_on date;
COMMENT ON COLUMN customers.forgotten_on IS 'local day on which the customer was forgotten; NULL otherwise';

--@ functions
CREATE OR REPLACE FUNCTION customer_digest(customer text, salt text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN encode(sha256(convert_to(salt || ' ' || customer, 'UTF8'::name)), 'hex');
COMMENT ON FUNCTION customer_digest(text, text) IS
    'what forgotten_customers knows of a key';

CREATE OR REPLACE FUNCTION is_forgotten(customer @key_type@) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
BEGIN
    RETURN coalesce((SELECT k.forgotten_on IS NOT NULL
                       FROM (SELECT NULL::date AS forgotten_on) elsewhere
                      CROSS JOIN LATERAL (SELECT forgotten_on FROM customers c WHERE c.customer_id = is_forgotten.customer LIMIT 1) k), false);
END
$$;
COMMENT ON FUNCTION is_forgotten(@key_type@) IS
    'whether a customer was forgotten: then nothing personal is written down any more';

-- Of each table, what is set to what, for one customer's rows.
CREATE OR REPLACE FUNCTION personal_data() RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN jsonb '{
    "customers": "name = NULL, email = NULL, phone = NULL, birthday = NULL, gender = NULL, region = NULL, language = NULL, attributes = DEFAULT, forgotten_on = (SELECT loyalcs.local_date(now(), s.time_zone) FROM settings s)",
    "orders": "external_id = NULL, external_name = NULL",
    "shipments": "tracking = NULL",
    "returns": "reason = NULL",
    "reviews": "title = NULL, body = NULL",
    "survey_answers": "answer = NULL",
    "tickets": "subject = NULL, tags = DEFAULT",
    "ticket_events": "note = NULL",
    "sla_warnings": "detail = NULL",
    "sla_warning_late_reports": "detail = NULL",
    "hearings": "note = NULL, reason = picked_for",
    "followups": "detail = NULL, recipient_digest = NULL",
    "followup_late_reports": "detail = NULL",
    "point_postings": "note = NULL, posting_key = CASE WHEN posting_key ~ ''^(loyalcs:|posting [0-9]+, down to )'' OR posting_key IN (order_id, moved_order) THEN posting_key WHEN posting_key IS NOT NULL THEN ''loyalcs:forgotten '' || posting_id::text END",
    "imported_records": "told = ''{}''",
    "posts": "post_id = gen_random_uuid()::text, author = NULL, url = NULL, body = ''''"
}';
COMMENT ON FUNCTION personal_data() IS
    'what forget_customer() takes away, by table: assignments in SQL for the rows of the customer. What stays are numbers, instants, keys of orders, tickets, questionnaires, products and the like, and words of the shop (reasons, causes, channels, choices)';

CREATE OR REPLACE FUNCTION new_pseudonym(customer @key_type@) RETURNS @key_type@
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    pseudonym @key_type@;
    random text;
BEGIN
    LOOP
        random := gen_random_uuid()::text;
        -- (keys that count up are positive)
        pseudonym := CASE pg_catalog.pg_typeof(customer)::text
            WHEN 'text' THEN pg_catalog.concat(text 'forgotten-', random)
            WHEN 'uuid' THEN random
            WHEN 'bigint' THEN (-1::bigint - (('x' || pg_catalog."left"(md5(random), 15))::bit(60)::bigint))::text
            ELSE (-1 - (('x' || pg_catalog."left"(md5(random), 7))::bit(28)::integer))::text
        END;
        IF NOT EXISTS (SELECT FROM customers c WHERE c.customer_id = pseudonym) THEN
            RETURN pseudonym;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION new_pseudonym(@key_type@) IS
    'a key that says nothing and that no customer has: forgotten- and a random UUID, a random UUID, or a negative random number';

-- (Which an index is looked into for.)
CREATE OR REPLACE FUNCTION is_key_of(relation regclass, key_type regtype) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = relation::oid AND a.attname = 'customer_id'::name AND a.atttypid = key_type::oid);
COMMENT ON FUNCTION is_key_of(regclass, regtype) IS
    'whether a relation''s customer_id is of the type of the shop''s keys; a table of the brand''s own may have another';

CREATE OR REPLACE FUNCTION relations_with(customer @key_type@, own boolean) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
DECLARE
    item record;
    has_rows boolean;
    found_in text[] := '{}';
BEGIN
    FOR item IN
        SELECT t.relation, is_key_of(t.relation::regclass, pg_catalog.pg_typeof(relations_with.customer)) AS is_key
          FROM tables_of_customers() t
         WHERE t.own = relations_with.own
         ORDER BY t.relation
    LOOP
        EXECUTE pg_catalog.format(CASE WHEN item.is_key THEN text 'SELECT EXISTS (SELECT FROM %I r WHERE r.customer_id = $1)'
                                       ELSE text 'SELECT EXISTS (SELECT FROM %I r WHERE r.customer_id::text = $1::text)' END, item.relation)
           INTO has_rows USING customer;
        IF has_rows THEN
            found_in := pg_catalog.array_append(found_in, item.relation);
        END IF;
    END LOOP;
    RETURN found_in;
END
$$;
COMMENT ON FUNCTION relations_with(@key_type@, boolean) IS
    'the shop''s own tables (own) that have rows of a customer, or relations of the brand''s in its schema: those that serve as tables, and tables of its own';

CREATE OR REPLACE FUNCTION export_customer(customer @key_type@) RETURNS TABLE (relation text, contents jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
AS $$
DECLARE
    item record;
BEGIN
    FOR item IN SELECT t.relation, is_key_of(t.relation::regclass, pg_catalog.pg_typeof(export_customer.customer)) AS is_key FROM tables_of_customers() t LOOP
        RETURN QUERY EXECUTE pg_catalog.format(CASE WHEN item.is_key THEN text 'SELECT %L::text, pg_catalog.to_jsonb(r) FROM %1$I r WHERE r.customer_id = $1'
                                                    ELSE text 'SELECT %L::text, pg_catalog.to_jsonb(r) FROM %1$I r WHERE r.customer_id::text = $1::text' END, item.relation)
          USING customer;
    END LOOP;
END
$$;
COMMENT ON FUNCTION export_customer(@key_type@) IS
    'all that stands of a customer, one row a row of a table, as jsonb, in the brand''s own tables of the shop''s schema too: what somebody may ask for. For whoever may read all of these columns: the owner of the shop';

CREATE OR REPLACE FUNCTION forget_customer(customer @key_type@, confirm text DEFAULT NULL) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
AS $$
DECLARE
    before record;
    others text[];
    pseudonym @key_type@;
    changed jsonb;
    salts text;
    is_known boolean;
BEGIN
    PERFORM keep_jobs_waiting();
    IF customer IS NULL OR confirm IS DISTINCT FROM customer::text THEN
        RAISE EXCEPTION 'forget_customer takes away all that is personal of customer %', coalesce(customer::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'key_is_repeated',
                  DETAIL = 'It cannot be taken back.',
                  HINT = pg_catalog.format('To confirm, repeat the key: SELECT %I.forget_customer(%L, %2$L);', current_schema(), customer::text);
    END IF;
    salts := coalesce((SELECT f.salt FROM forgotten_customers f LIMIT 1), pg_catalog.replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''));
    others := relations_with(customer, false);
    IF (SELECT t.own FROM tables_of_customers() t WHERE t.relation = 'customers') THEN
        PERFORM FROM customers c WHERE c.customer_id = forget_customer.customer FOR UPDATE;
        is_known := FOUND;
    ELSE
        is_known := EXISTS (SELECT FROM customers c WHERE c.customer_id = forget_customer.customer) OR pg_catalog.cardinality(relations_with(customer, true)) > 0;
    END IF;
    IF NOT is_known THEN
        SELECT f.forgotten_at INTO before FROM forgotten_customers f WHERE f.customer_digest = customer_digest(customer::text, salts);
        IF FOUND THEN
            RETURN pg_catalog.jsonb_build_object('forgotten', false, 'why', 'forgotten before', 'at', before.forgotten_at,
                                                 'left_to_you', pg_catalog.to_jsonb(others));
        END IF;
        SELECT m.customer_id INTO before FROM merged_customers m WHERE m.from_customer = customer;
        IF FOUND THEN
            RAISE EXCEPTION 'customer % was merged into customer %', customer, before.customer_id
                USING ERRCODE = 'no_data_found', CONSTRAINT = 'customer_is_not_merged',
                      HINT = pg_catalog.format('SELECT %I.forget_customer(%L, %2$L); forgets both.', current_schema(), before.customer_id::text);
        END IF;
        RAISE EXCEPTION 'there is no customer %', customer
            USING ERRCODE = 'no_data_found', CONSTRAINT = 'customer_exists',
                  HINT = 'find_customers() looks for one by mail, telephone, order, ticket or the key of another system.';
    END IF;
    PERFORM FROM point_accounts a WHERE a.customer_id = forget_customer.customer FOR UPDATE;

    -- Nothing that waits is sent; a worker who has one reports too late, and is asked once
    -- more before it is handed over.
    UPDATE followups f
       SET finished_at = now(), outcome = 'dropped', reason = 'customer forgotten', attempts = f.attempts + 1, lease_until = NULL
     WHERE f.customer_id = forget_customer.customer AND f.finished_at IS NULL;
    DELETE FROM customer_ids i WHERE i.customer_id = forget_customer.customer;
    DELETE FROM voice_matches v WHERE v.customer_id = forget_customer.customer;
    DELETE FROM customer_parts p WHERE p.customer_id = forget_customer.customer;
    -- (nobody knows whose it is what could not be taken)
    UPDATE import_rejects x SET value = NULL WHERE x.value IS NOT NULL;

    INSERT INTO forgotten_customers (customer_digest, salt)
    SELECT customer_digest(k.key, salts), salts
      FROM (SELECT forget_customer.customer::text AS key
            UNION ALL
            SELECT m.from_customer::text FROM merged_customers m WHERE m.customer_id = forget_customer.customer) k
        ON CONFLICT (customer_digest) DO NOTHING;
    DELETE FROM merged_customers m WHERE m.customer_id = forget_customer.customer;

    -- (by a row that is gone again when this commits)
    INSERT INTO merged_customers (from_customer, customer_id) VALUES (customer, customer);
    changed := move_customer(customer, customer, personal_data());
    pseudonym := customer;
    IF pg_catalog.cardinality(others) = 0 THEN
        pseudonym := new_pseudonym(customer);
        UPDATE merged_customers m SET customer_id = pseudonym WHERE m.from_customer = forget_customer.customer;
        PERFORM move_customer(customer, pseudonym, '{}'::jsonb);
    END IF;
    DELETE FROM merged_customers m WHERE m.from_customer = forget_customer.customer;
    PERFORM look_at_references();
    DELETE FROM voice_changes v WHERE v.customer_id IN (forget_customer.customer, pseudonym);
    INSERT INTO consents (customer_id, channel, purpose, at, given) VALUES (pseudonym, 'all', 'all', now(), false)
        ON CONFLICT (customer_id, channel, purpose, at) DO NOTHING;

    IF pg_catalog.cardinality(others) > 0 THEN
        RAISE WARNING 'customer % is not forgotten everywhere', customer
            USING DETAIL = pg_catalog.format('Relations that are not the shop''s have rows of the customer: %s.', pg_catalog.array_to_string(others, ', ')),
                  HINT = 'Delete or overwrite what is personal there, then call forget_customer once more: the key goes too when they have no such rows any more.';
    END IF;
    RETURN pg_catalog.jsonb_build_object('forgotten', true, 'at', now(), 'customer_id', pseudonym::text, 'rows', changed,
                                         'left_to_you', pg_catalog.to_jsonb(others));
END
$$;
COMMENT ON FUNCTION forget_customer(@key_type@, text) IS
    'takes away all that is personal of a customer, and every text (see personal_data()), and gives the rest a key that says nothing; confirm repeats the key. What waits to be sent is dropped. Gives as jsonb whether it did (forgotten), the new key (customer_id), how many rows were changed by table, and which relations of the brand''s have still rows of the customer (left_to_you): while there are any, the key stays. Called again for somebody who is forgotten, it does nothing and says so (why). For the owner of the shop alone';

CREATE OR REPLACE FUNCTION forgotten_customers_back() RETURNS TABLE (customer_id @key_type@, forgotten_at timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.customer_id, f.forgotten_at
      FROM (SELECT DISTINCT z.salt FROM forgotten_customers z) s
     CROSS JOIN customers c
      JOIN forgotten_customers f ON f.customer_digest = customer_digest(c.customer_id::text, s.salt);
END;
COMMENT ON FUNCTION forgotten_customers_back() IS
    'customers who were forgotten and are there again, from an import that knows nothing of it, say; reads all customers';

CREATE OR REPLACE FUNCTION notice_forgotten_customers() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    salts constant text := (SELECT f.salt FROM forgotten_customers f LIMIT 1);
    back record;
BEGIN
    IF salts IS NOT NULL THEN
        SELECT count(*) AS customers, min(n.customer_id::text) AS customer_id INTO back
          FROM new_rows n
          JOIN forgotten_customers f ON f.customer_digest = customer_digest(n.customer_id::text, salts);
        IF back.customers > 0::bigint THEN
            RAISE WARNING 'customers who were forgotten are back: %', back.customers
                USING DETAIL = pg_catalog.format('One of them is customer %s.', back.customer_id),
                      HINT = pg_catalog.format('%I.forgotten_customers_back() lists them, and forget_customer() forgets them again; see to it that they are forgotten where they came from.', TG_TABLE_SCHEMA);
        END IF;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION notice_forgotten_customers() IS
    'trigger of customers: a warning for new ones who were forgotten';

--@ reference customers forgotten_customers
CREATE OR REPLACE TRIGGER notice_forgotten_customers
    AFTER INSERT ON customers REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION notice_forgotten_customers();
