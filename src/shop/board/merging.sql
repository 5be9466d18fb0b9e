-- shop/merging.sql
--
-- Two accounts of one person become one.
-- Needs: moved_customers, forgetting (relations_with, is_forgotten), points_reports, tiers.
--
-- Everything of the one goes to the other: what was bought, written, answered, earned and
-- promised stays as it was, but for whose it is. What both have and one can have but once
-- (a message for the same occasion, a referrer, a place in a wave) is there once; what
-- cannot be told apart any more (orders of the same number) has to be mended before.
-- The ledgers become one by their postings, which stay what they are; what is kept of
-- them follows. Consents of both stand side by side, and what either refuses is refused.

--@ functions
-- Whatever both have under a key that one customer can have but once. (What is resolved
-- is gone by now, and what is one row a customer is merged.)
CREATE OR REPLACE FUNCTION collision_of_customers(from_customer @key_type@, into_customer @key_type@, OUT relation text, OUT columns text, OUT key text)
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT t.relation, i.indexrelid,
               pg_catalog.string_agg(pg_catalog.quote_ident(a.attname::text), text ', ' ORDER BY a.attnum) AS columns,
               pg_catalog.string_agg(pg_catalog.format('f.%I', a.attname), text ', ' ORDER BY a.attnum) AS own_values,
               pg_catalog.string_agg(pg_catalog.format('o.%I = f.%1$I', a.attname), text ' AND ' ORDER BY a.attnum) AS same
          FROM tables_of_customers() t
          JOIN pg_class c ON c.relname::text = t.relation
                         AND c.relnamespace = (SELECT s.relnamespace FROM pg_class s WHERE s.oid = 'settings'::regclass::oid)
          JOIN pg_index i ON i.indrelid = c.oid AND i.indisunique AND i.indpred IS NULL
          JOIN pg_attribute k ON k.attrelid = c.oid AND k.attname = 'customer_id'::name
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum <> k.attnum
                             AND a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1])
         WHERE t.own AND t.relation <> 'point_postings' AND k.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1])
         GROUP BY t.relation, t.depth, i.indexrelid
         ORDER BY t.depth, t.relation, i.indexrelid
    LOOP
        EXECUTE pg_catalog.format('SELECT pg_catalog.concat_ws('', '', %s) FROM %I f
                                    WHERE f.customer_id = $1 AND EXISTS (SELECT FROM %2$I o WHERE o.customer_id = $2 AND %s)
                                    ORDER BY 1 LIMIT 1', item.own_values, item.relation, item.same)
           INTO key USING from_customer, into_customer;
        IF key IS NOT NULL THEN
            relation := item.relation;
            columns := item.columns;
            RETURN;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION collision_of_customers(@key_type@, @key_type@) IS
    'of two customers, the first table in which both have a row of the same key; NULLs for none';

-- What each said last of a channel and purpose, or of all; refused by one is refused.
CREATE OR REPLACE FUNCTION stricter_consents(one @key_type@, other @key_type@)
RETURNS TABLE (channel text, purpose text, given boolean)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.channel, p.purpose, bool_and(l.given)
      FROM (SELECT DISTINCT c.channel, c.purpose
              FROM consents c
             WHERE c.customer_id IN (stricter_consents.one, stricter_consents.other)) p
     CROSS JOIN (VALUES (stricter_consents.one), (stricter_consents.other)) k (customer_id)
     CROSS JOIN LATERAL (
               SELECT c.given
                 FROM consents c
                WHERE c.customer_id = k.customer_id AND c.channel IN (p.channel, 'all') AND c.purpose IN (p.purpose, 'all')
                ORDER BY c.at DESC, c.given
                LIMIT 1) l
     GROUP BY p.channel, p.purpose
     ORDER BY p.channel <> 'all', p.purpose <> 'all', p.channel, p.purpose;
END;
COMMENT ON FUNCTION stricter_consents(@key_type@, @key_type@) IS
    'what two customers let be sent, by channel and purpose, the general before the special: what one of them refuses is refused';

CREATE OR REPLACE FUNCTION merge_customers(from_customer @key_type@, into_customer @key_type@, confirm text DEFAULT NULL) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
AS $$
DECLARE
    before record;
    others text[];
    collision record;
    consent record;
    wanted jsonb;
    said boolean;
    moment timestamptz := clock_timestamp();
    has_account boolean;
    lot record;
    dropped jsonb := '{}';
    given_up jsonb;
    gone bigint;
    done jsonb;
BEGIN
    PERFORM keep_jobs_waiting();
    IF from_customer IS NULL OR into_customer IS NULL OR confirm IS DISTINCT FROM from_customer::text THEN
        RAISE EXCEPTION 'merge_customers gives all of customer % to customer %', coalesce(from_customer::text, 'NULL'), coalesce(into_customer::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'key_is_repeated',
                  DETAIL = 'It cannot be taken back.',
                  HINT = pg_catalog.format('To confirm, repeat the key of whom there will be no more: SELECT %I.merge_customers(%L, %L, %2$L);',
                                           current_schema(), from_customer::text, into_customer::text);
    ELSIF from_customer = into_customer THEN
        RAISE EXCEPTION 'customer % cannot be merged into the same customer', from_customer
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'customers_are_two';
    END IF;
    SELECT m.customer_id, m.merged_at INTO before FROM merged_customers m WHERE m.from_customer = merge_customers.from_customer;
    IF FOUND AND before.customer_id = into_customer AND NOT EXISTS (SELECT FROM customers c WHERE c.customer_id = merge_customers.from_customer) THEN
        RETURN pg_catalog.jsonb_build_object('merged', false, 'why', 'merged before', 'at', before.merged_at, 'customer_id', into_customer::text);
    END IF;
    others := relations_with(from_customer, false);
    IF NOT (SELECT t.own FROM tables_of_customers() t WHERE t.relation = 'customers') THEN
        others := pg_catalog.array_prepend('customers'::text, pg_catalog.array_remove(others, 'customers'::text));
    END IF;
    IF pg_catalog.cardinality(others) > 0 THEN
        RAISE EXCEPTION 'customer % cannot be merged', from_customer
            USING ERRCODE = 'dependent_objects_still_exist', CONSTRAINT = 'customer_can_be_merged',
                  DETAIL = pg_catalog.format('Relations that are not the shop''s have rows of the customer: %s.', pg_catalog.array_to_string(others, ', ')),
                  HINT = pg_catalog.format('Give these rows to customer %s where they come from; loyalcs.adopt_table() makes a table the shop''s own.', into_customer);
    END IF;
    PERFORM FROM customers c WHERE c.customer_id IN (merge_customers.from_customer, merge_customers.into_customer) ORDER BY c.customer_id FOR UPDATE;
    SELECT k.key INTO before
      FROM (VALUES (from_customer), (into_customer)) k (key)
     WHERE NOT EXISTS (SELECT FROM customers c WHERE c.customer_id = k.key)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'there is no customer %', before.key
            USING ERRCODE = 'no_data_found', CONSTRAINT = 'customer_exists',
                  HINT = 'find_customers() looks for one by mail, telephone, order, ticket or the key of another system.';
    END IF;
    SELECT k.key INTO before FROM (VALUES (from_customer), (into_customer)) k (key) WHERE is_forgotten(k.key) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'customer % was forgotten', before.key
            USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'customer_is_not_forgotten',
                  DETAIL = 'Nobody knows any more whose account it was.';
    END IF;
    PERFORM FROM point_accounts a WHERE a.customer_id IN (merge_customers.from_customer, merge_customers.into_customer) ORDER BY a.customer_id FOR UPDATE;
    PERFORM expire_lapsed_points(ARRAY[from_customer, into_customer], now());

    -- What one customer can have but once
    DELETE FROM referrals r
     WHERE r.customer_id IN (merge_customers.from_customer, merge_customers.into_customer) AND r.referrer_id IN (merge_customers.from_customer, merge_customers.into_customer);
    DELETE FROM referrals r
     USING referrals o
     WHERE r.customer_id IN (merge_customers.from_customer, merge_customers.into_customer) AND o.customer_id IN (merge_customers.from_customer, merge_customers.into_customer)
       AND (o.referred_at, o.customer_id = merge_customers.from_customer) < (r.referred_at, r.customer_id = merge_customers.from_customer);
    GET DIAGNOSTICS gone = ROW_COUNT;
    dropped := dropped || pg_catalog.jsonb_build_object('referrals', gone);
    DELETE FROM survey_left_out l
     WHERE l.customer_id = merge_customers.from_customer
       AND EXISTS (SELECT FROM survey_left_out o WHERE o.customer_id = merge_customers.into_customer AND o.wave_id = l.wave_id);
    GET DIAGNOSTICS gone = ROW_COUNT;
    dropped := dropped || pg_catalog.jsonb_build_object('survey_left_out', gone);
    DELETE FROM hearings h
     USING hearings o
     WHERE h.customer_id IN (merge_customers.from_customer, merge_customers.into_customer) AND o.customer_id IN (merge_customers.from_customer, merge_customers.into_customer)
       AND h.customer_id <> o.customer_id AND h.month = o.month AND h.called_at IS NULL
       AND (o.called_at IS NOT NULL OR o.customer_id = merge_customers.into_customer);
    GET DIAGNOSTICS gone = ROW_COUNT;
    dropped := dropped || pg_catalog.jsonb_build_object('hearings', gone);
    -- (what was sent was sent, what was dropped is not to be sent, and what waits waits once)
    DELETE FROM followups f
     USING followups o
     WHERE f.customer_id IN (merge_customers.from_customer, merge_customers.into_customer) AND o.customer_id IN (merge_customers.from_customer, merge_customers.into_customer)
       AND f.customer_id <> o.customer_id AND f.step = o.step AND f.subject = o.subject
       AND (coalesce(f.outcome = 'sent', false), f.finished_at IS NOT NULL, f.lease_until IS NOT NULL, f.customer_id = merge_customers.into_customer)
           < (coalesce(o.outcome = 'sent', false), o.finished_at IS NOT NULL, o.lease_until IS NOT NULL, o.customer_id = merge_customers.into_customer);
    GET DIAGNOSTICS gone = ROW_COUNT;
    dropped := dropped || pg_catalog.jsonb_build_object('followups', gone);
    wanted := (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(s)) FROM stricter_consents(from_customer, into_customer) s);
    DELETE FROM consents c
     USING consents o
     WHERE c.customer_id IN (merge_customers.from_customer, merge_customers.into_customer) AND o.customer_id IN (merge_customers.from_customer, merge_customers.into_customer)
       AND c.customer_id <> o.customer_id AND c.channel = o.channel AND c.purpose = o.purpose AND c.at = o.at
       AND (NOT c.given, c.customer_id = merge_customers.into_customer) < (NOT o.given, o.customer_id = merge_customers.into_customer);
    GET DIAGNOSTICS gone = ROW_COUNT;
    dropped := dropped || pg_catalog.jsonb_build_object('consents', gone);
    DELETE FROM customer_parts p
     WHERE p.customer_id = merge_customers.from_customer
       AND EXISTS (SELECT FROM customer_parts o WHERE o.customer_id = merge_customers.into_customer AND o.breakdown = p.breakdown);
    GET DIAGNOSTICS gone = ROW_COUNT;
    dropped := dropped || pg_catalog.jsonb_build_object('customer_parts', gone);
    DELETE FROM tier_history h WHERE h.customer_id = merge_customers.from_customer;

    collision := collision_of_customers(from_customer, into_customer);
    IF collision.relation IS NOT NULL THEN
        RAISE EXCEPTION 'customers % and % cannot be merged', from_customer, into_customer
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'customers_can_be_merged',
                  DETAIL = pg_catalog.format('Both have a row of %s with the same %s: %s.', collision.relation, collision.columns, collision.key),
                  HINT = 'Give one of the two another key, and what refers to it too (SET CONSTRAINTS ALL DEFERRED lets you do so one by one), or delete it.';
    END IF;

    -- Everything else goes along.
    INSERT INTO merged_customers (from_customer, customer_id) VALUES (merge_customers.from_customer, merge_customers.into_customer)
        ON CONFLICT ON CONSTRAINT merged_customers_pkey DO UPDATE SET customer_id = excluded.customer_id, merged_at = excluded.merged_at, merged_by = excluded.merged_by;
    has_account := EXISTS (SELECT FROM point_accounts a WHERE a.customer_id = merge_customers.into_customer);
    done := move_customer(from_customer, into_customer,
        '{"customers": "stays", "point_postings": "posting_key = CASE WHEN EXISTS (SELECT FROM point_postings o WHERE o.customer_id = $2 AND o.kind = point_postings.kind AND o.posting_key = point_postings.posting_key) THEN ''loyalcs:merged '' || posting_id::text || '' '' || posting_key ELSE posting_key END"}'::jsonb
        || CASE WHEN has_account THEN '{"point_accounts": "stays"}'::jsonb ELSE '{}'::jsonb END);
    UPDATE merged_customers m SET customer_id = merge_customers.into_customer WHERE m.customer_id = merge_customers.from_customer;

    -- (Points that lapse so long after the last activity do so after that of either account.)
    FOR lot IN
        SELECT l.lot_id, l.expires_at AS lasted_until, point_lot_expires_at(l.customer_id, l.lot_id) AS expires_at
          FROM point_lots l
         WHERE l.customer_id = merge_customers.into_customer AND l.is_open AND l.remaining > 0 AND l.expires_after_idle IS NOT NULL
    LOOP
        IF lot.expires_at < lot.lasted_until THEN
            RAISE EXCEPTION 'customers % and % cannot be merged', from_customer, into_customer
                USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'customers_can_be_merged',
                      DETAIL = pg_catalog.format('Points that last until %s would lapse on %s: the later of their last postings has the lower number.', lot.lasted_until, lot.expires_at),
                      HINT = 'Merge them the next time that the customer earns or redeems points, after that.';
        END IF;
        UPDATE point_lots l SET expires_at = lot.expires_at
         WHERE l.customer_id = merge_customers.into_customer AND l.lot_id = lot.lot_id AND l.expires_at IS DISTINCT FROM lot.expires_at;
    END LOOP;
    IF has_account THEN
        UPDATE point_accounts a
           SET balance = a.balance + o.balance, last_posting = greatest(a.last_posting, o.last_posting),
               last_posted_at = greatest(a.last_posted_at, o.last_posted_at)
          FROM point_accounts o
         WHERE a.customer_id = merge_customers.into_customer AND o.customer_id = merge_customers.from_customer;
        DELETE FROM point_accounts a WHERE a.customer_id = merge_customers.from_customer;
    END IF;

    -- What the one has and the other lacks; what both have is the other's, and is told.
    given_up := (SELECT coalesce(pg_catalog.jsonb_object_agg(f.key, f.value), '{}'::jsonb)
                   FROM customers c
                  CROSS JOIN customers i
                  CROSS JOIN LATERAL pg_catalog.jsonb_each(pg_catalog.jsonb_build_object('name', c.name, 'email', c.email, 'phone', c.phone, 'birthday', c.birthday,
                                                                                       'gender', c.gender, 'region', c.region, 'language', c.language)) f
                  WHERE c.customer_id = merge_customers.from_customer AND i.customer_id = merge_customers.into_customer
                    AND f.value <> 'null'::jsonb
                    AND f.value <> coalesce(nullif(pg_catalog.to_jsonb(i) -> f.key, 'null'::jsonb), f.value));
    given_up := given_up || coalesce((SELECT pg_catalog.jsonb_build_object('attributes', pg_catalog.jsonb_object_agg(f.key, f.value))
                               FROM customers c
                              CROSS JOIN customers i
                              CROSS JOIN LATERAL pg_catalog.jsonb_each(c.attributes) f
                              WHERE c.customer_id = merge_customers.from_customer AND i.customer_id = merge_customers.into_customer
                                AND f.value <> i.attributes -> f.key
                             HAVING count(*) > 0::bigint), '{}'::jsonb);
    UPDATE customers i
       SET joined_at = least(i.joined_at, c.joined_at), name = coalesce(i.name, c.name), email = coalesce(i.email, c.email), phone = coalesce(i.phone, c.phone),
           birthday = coalesce(i.birthday, c.birthday), gender = coalesce(i.gender, c.gender), region = coalesce(i.region, c.region),
           language = coalesce(i.language, c.language), attributes = c.attributes || i.attributes
      FROM customers c
     WHERE i.customer_id = merge_customers.into_customer AND c.customer_id = merge_customers.from_customer;
    PERFORM look_at_references();
    DELETE FROM customers c WHERE c.customer_id = merge_customers.from_customer;
    PERFORM write_tiers(ARRAY[into_customer], s.evaluated_at) FROM tier_state s WHERE s.evaluated_at IS NOT NULL;

    FOR consent IN SELECT w.* FROM pg_catalog.jsonb_to_recordset(wanted) w (channel text, purpose text, given boolean) LOOP
        SELECT c.given INTO said
          FROM consents c
         WHERE c.customer_id = merge_customers.into_customer AND c.channel IN (consent.channel, 'all') AND c.purpose IN (consent.purpose, 'all')
         ORDER BY c.at DESC, c.given
         LIMIT 1;
        IF said <> consent.given THEN
            moment := moment + interval '1 microsecond';
            INSERT INTO consents (customer_id, channel, purpose, at, given) VALUES (into_customer, consent.channel, consent.purpose, moment, consent.given);
        END IF;
    END LOOP;
    RETURN pg_catalog.jsonb_build_object('merged', true, 'at', now(), 'customer_id', into_customer::text, 'rows', done,
                                         'given_up', given_up,
                                         'twice', (SELECT coalesce(pg_catalog.jsonb_object_agg(d.key, d.value), '{}'::jsonb) FROM pg_catalog.jsonb_each(dropped) d WHERE d.value <> '0'::jsonb));
END
$$;
COMMENT ON FUNCTION merge_customers(@key_type@, @key_type@, text) IS
    'makes one of two accounts of a person: all of from_customer goes to into_customer, and there is no from_customer any more; confirm repeats the key of from_customer. Gives as jsonb whether it did (merged), how many rows moved by table (rows), what was not kept because the other has another value (given_up), and how many rows by table were there of both and are there once (twice). Refused for the same, for somebody who does not exist or was forgotten, while relations of the brand''s have rows of from_customer, and while both have something of the same key. For the owner of the shop alone';
