-- shop/imported_customers.sql
--
-- Whom the rows of a file are about: customers who are known, and those who are not.
-- Needs: imports, import_formats, customers, consents.

--@ functions
-- pg_temp.import_persons has a row for each person of the file: person (unique), line, account
-- (the key there, or NULL), email, phone, and what is said of them; customer_id is filled in,
-- is_known (the system spoke of the person before) and is_new (has no row here yet), too.
CREATE OR REPLACE FUNCTION find_imported_customers(import bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    of_system constant text := (SELECT i.system FROM imports i WHERE i.import_id = import);
BEGIN
    -- whom the system spoke of before is who that was, whatever was changed here; whoever is
    -- deleted or forgotten is nobody
    UPDATE pg_temp.import_persons p
       SET told = k.told, is_known = true,
           customer_id = coalesce(p.customer_id, (SELECT c.customer_id FROM customers c WHERE c.customer_id = k.customer_id AND c.forgotten_on IS NULL))
      FROM imported_records k
     WHERE NOT p.is_known AND k.system = of_system AND k.kind = 'customer' AND k.external_key = p.external_key;
    IF NOT EXISTS (SELECT FROM customers) THEN
        RETURN;
    END IF;
    IF of_system = 'plain' THEN
        UPDATE pg_temp.import_persons p
           SET customer_id = c.customer_id
          FROM customers c
         WHERE p.customer_id IS NULL AND p.account IS NOT NULL AND c.customer_id = p.account::@key_type@;
    END IF;
    UPDATE pg_temp.import_persons p
       SET customer_id = k.customer_id
      FROM customer_ids k
     WHERE p.customer_id IS NULL AND p.account IS NOT NULL AND k.system = of_system AND k.id = p.account;
    UPDATE pg_temp.import_persons p
       SET customer_id = f.customer_id
      FROM (SELECT u.person, (SELECT c.customer_id
                                FROM customers c
                               WHERE lower(c.email) = u.folded_email
                               ORDER BY c.joined_at, c.customer_id
                               LIMIT 1) AS customer_id
              FROM pg_temp.import_persons u
             WHERE u.customer_id IS NULL AND u.folded_email IS NOT NULL
            OFFSET 0) f
     WHERE f.person = p.person AND f.customer_id IS NOT NULL;
    UPDATE pg_temp.import_persons p
       SET customer_id = f.customer_id
      FROM (SELECT u.person, (SELECT c.customer_id
                                FROM customers c
                               WHERE right(regexp_replace(translate(c.phone, '０１２３４５６７８９', '0123456789'), '[^0-9]', '', 'g'), 8) = right(u.folded_phone, 8)
                                 AND folded_phone(c.phone) = u.folded_phone
                                 AND (c.email IS NULL OR u.folded_email IS NULL)
                               ORDER BY c.joined_at, c.customer_id
                               LIMIT 1) AS customer_id
              FROM pg_temp.import_persons u
             WHERE u.customer_id IS NULL AND u.folded_phone IS NOT NULL
            OFFSET 0) f
     WHERE f.person = p.person AND f.customer_id IS NOT NULL;
END
$$;
COMMENT ON FUNCTION find_imported_customers(bigint) IS
    'for finish_import(): what the system said of the persons of a file last, and which customers they are, by the key of their account, by mail address, or by telephone if not both have an address';

CREATE OR REPLACE FUNCTION told_of_person(name text, email text, phone text, birthday date, gender text, region text, language text, accepts boolean) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY[told_value(name), told_value(email), told_value(phone), told_number((birthday - date '2000-01-01')::numeric), told_value(gender), told_value(region),
             told_value(language), told_value(accepts::text)];
COMMENT ON FUNCTION told_of_person(text, text, text, date, text, text, text, boolean) IS
    'what imported_records keeps of what a system said of a customer';

-- Who is new here gets a row; of who was there, what the system says anew is taken.
-- (Nothing is filled in of somebody who was forgotten and whose key stayed.)
CREATE OR REPLACE FUNCTION take_imported_persons(import bigint, OUT new bigint, OUT changed bigint, OUT unchanged bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    -- (what is said of a day is compared as text)
    SET datestyle = 'ISO'
AS $$
DECLARE
    run imports;
    prefix text;
    last_key bigint;
    made bigint;
BEGIN
    SELECT * INTO run FROM imports i WHERE i.import_id = import;
    -- Those with an account first, then those with an address: a guest of the same
    -- address, or telephone, is one of them.
    take_imported_persons.new := 0;
    ANALYZE pg_temp.import_persons (person, external_key, account, folded_email, folded_phone, customer_id);
    PERFORM find_imported_customers(import);
    FOREACH prefix IN ARRAY '{id:,mail:,tel:,order:}'::text[] LOOP
        IF regtype '@key_type@'::oid = regtype 'integer'::oid THEN
            SELECT greatest(max(c.customer_id::text::bigint), 0::bigint) INTO last_key FROM customers c;
        END IF;
        UPDATE pg_temp.import_persons p
           SET customer_id = imported_customer_key(p.person, p.external_key, coalesce(last_key, 0::bigint) + n.place), is_new = true
          FROM (SELECT u.person, row_number() OVER (ORDER BY u.line) AS place
                  FROM pg_temp.import_persons u
                 WHERE u.customer_id IS NULL AND starts_with(u.person, prefix)) n
         WHERE n.person = p.person;
        CONTINUE WHEN NOT FOUND;
        INSERT INTO customers (customer_id, joined_at, name, email, phone, birthday, gender, region, language)
        SELECT p.customer_id, coalesce(p.joined_at, now()), p.name, p.email, p.phone, p.birthday, p.gender, p.region, p.language
          FROM pg_temp.import_persons p
         WHERE p.is_new AND starts_with(p.person, prefix)
         ORDER BY p.line
        ON CONFLICT DO NOTHING;
        GET DIAGNOSTICS made = ROW_COUNT;
        take_imported_persons.new := take_imported_persons.new + made;
        -- (who is left may be one of those who have just come in)
        IF EXISTS (SELECT FROM pg_temp.import_persons p WHERE p.customer_id IS NULL) THEN
            PERFORM find_imported_customers(import);
        END IF;
    END LOOP;

    INSERT INTO customer_ids (customer_id, system, id)
    SELECT p.customer_id, run.system, p.account
      FROM pg_temp.import_persons p
     WHERE p.account IS NOT NULL AND run.system <> 'plain'
    ON CONFLICT DO NOTHING;

    WITH said AS (
        SELECT DISTINCT ON (p.customer_id) p.*
          FROM pg_temp.import_persons p
         ORDER BY p.customer_id, p.line DESC
    ), moved AS (
        UPDATE customers c
           SET name = v.name, email = v.email, phone = v.phone, birthday = v.birthday, gender = v.gender, region = v.region, language = v.language
          FROM said p
          JOIN customers h ON h.customer_id = p.customer_id
         CROSS JOIN LATERAL (
                   SELECT imported_value(h.name, p.name, told_value(p.name), p.told, 1) AS name,
                          imported_value(h.email, p.email, told_value(p.email), p.told, 2) AS email,
                          imported_value(h.phone, p.phone, told_value(p.phone), p.told, 3) AS phone,
                          imported_value(h.birthday::text, p.birthday::text, told_number((p.birthday - date '2000-01-01')::numeric), p.told, 4)::date AS birthday,
                          imported_value(h.gender, p.gender, told_value(p.gender), p.told, 5) AS gender,
                          imported_value(h.region, p.region, told_value(p.region), p.told, 6) AS region,
                          imported_value(h.language, p.language, told_value(p.language), p.told, 7) AS language
               ) v
         WHERE c.customer_id = p.customer_id AND h.forgotten_on IS NULL
           AND (v.name, v.email, v.phone, v.birthday, v.gender, v.region, v.language)
               IS DISTINCT FROM (h.name, h.email, h.phone, h.birthday, h.gender, h.region, h.language)
        RETURNING c.customer_id
    )
    SELECT count(*) INTO take_imported_persons.changed FROM moved m;
    SELECT pg_catalog.count(DISTINCT p.customer_id) - take_imported_persons.new - take_imported_persons.changed INTO take_imported_persons.unchanged
      FROM pg_temp.import_persons p;

    INSERT INTO consents AS c (customer_id, channel, purpose, at, given)
    SELECT DISTINCT ON (p.customer_id) p.customer_id, 'email', 'marketing', coalesce(p.said_at, now()), p.accepts
      FROM pg_temp.import_persons p
     WHERE p.accepts IS NOT NULL AND changed_value(told_value(p.accepts::text), p.told, 8)
     ORDER BY p.customer_id, p.said_at DESC NULLS LAST
    ON CONFLICT DO NOTHING;

    -- (one import at a time: what was not there when it began is not there now)
    UPDATE imported_records r
       SET customer_id = p.customer_id, told = told_by_now(r.told, v.told)
      FROM pg_temp.import_persons p
     CROSS JOIN LATERAL (SELECT told_of_person(p.name, p.email, p.phone, p.birthday, p.gender, p.region, p.language, p.accepts) AS told) v
     WHERE p.is_known AND r.system = run.system AND r.kind = 'customer' AND r.external_key = p.external_key
       AND (r.customer_id <> p.customer_id OR r.told::text IS DISTINCT FROM told_by_now(r.told, v.told)::text);
    INSERT INTO imported_records (customer_id, system, kind, external_key, told)
    SELECT p.customer_id, run.system, 'customer', p.external_key, told_of_person(p.name, p.email, p.phone, p.birthday, p.gender, p.region, p.language, p.accepts)
      FROM pg_temp.import_persons p
     WHERE NOT p.is_known
     ORDER BY p.external_key;
END
$$;
COMMENT ON FUNCTION take_imported_persons(bigint) IS
    'for finish_import(): brings the persons of a file in, new customers and what is said anew of those who are known, and gives how many are new, changed and unchanged';
