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
    ANALYZE pg_temp.import_persons (person, external_key, account, folded_email, folded_phone, customer_id);
    -- whom the system spoke of before is who that was, whatever was changed here; whoever is
    -- deleted or forgotten is nobody
    UPDATE pg_temp.import_persons p
       SET told = k.told, is_known = true,
           customer_id = coalesce(p.customer_id, (SELECT c.customer_id FROM customers c WHERE c.customer_id = k.customer_id AND c.forgotten_on IS NULL))
      FROM imported_records k
     WHERE NOT p.is_known AND k.system = of_system AND k.kind = 'customer' AND k.external_key = p.external_key;
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
       SET customer_id = (SELECT c.customer_id
                            FROM customers c
                           WHERE lower(c.email) = p.folded_email
                           ORDER BY c.joined_at, c.customer_id
                           LIMIT 1)
     WHERE p.customer_id IS NULL AND p.folded_email IS NOT NULL;
    UPDATE pg_temp.import_persons p
       SET customer_id = (SELECT c.customer_id
                            FROM customers c
                           WHERE right(regexp_replace(translate(c.phone, '０１２３４５６７８９', '0123456789'), '[^0-9]', '', 'g'), 8) = right(p.folded_phone, 8)
                             AND folded_phone(c.phone) = p.folded_phone
                             AND (c.email IS NULL OR p.folded_email IS NULL)
                           ORDER BY c.joined_at, c.customer_id
                           LIMIT 1)
     WHERE p.customer_id IS NULL AND p.folded_phone IS NOT NULL;
END
$$;
COMMENT ON FUNCTION find_imported_customers(bigint) IS
    'for finish_import(): what the system said of the persons of a file last, and which customers they are, by the key of their account, by mail address, or by telephone if not both have an address';

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
    salt constant text := import_salt();
BEGIN
    SELECT * INTO run FROM imports i WHERE i.import_id = import;
    -- Those with an account first, then those with an address: a guest of the same
    -- address, or telephone, is one of them.
    take_imported_persons.new := 0;
    FOREACH prefix IN ARRAY '{id:,mail:,tel:,order:}'::text[] LOOP
        PERFORM find_imported_customers(import);
        IF regtype '@key_type@'::oid = regtype 'integer'::oid THEN
            SELECT greatest(max(c.customer_id::text::bigint), 0::bigint) INTO last_key FROM customers c;
        END IF;
        UPDATE pg_temp.import_persons p
           SET customer_id = imported_customer_key(p.person, salt, coalesce(last_key, 0::bigint) + n.place), is_new = true
          FROM (SELECT u.person, row_number() OVER (ORDER BY u.line) AS place
                  FROM pg_temp.import_persons u
                 WHERE u.customer_id IS NULL AND starts_with(u.person, prefix)) n
         WHERE n.person = p.person;
        WITH made AS (
            INSERT INTO customers AS c (customer_id, joined_at, name, email, phone, birthday, gender, region, language)
            SELECT p.customer_id, coalesce(p.joined_at, now()), p.name, p.email, p.phone, p.birthday, p.gender, p.region, p.language
              FROM pg_temp.import_persons p
             WHERE p.is_new AND starts_with(p.person, prefix)
            ON CONFLICT DO NOTHING
            RETURNING c.customer_id
        )
        SELECT take_imported_persons.new + count(*) INTO take_imported_persons.new FROM made m;
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
                   SELECT imported_value(h.name, p.name, p.told, 'name') AS name,
                          imported_value(h.email, p.email, p.told, 'email') AS email,
                          imported_value(h.phone, p.phone, p.told, 'phone') AS phone,
                          imported_value(h.birthday::text, p.birthday::text, p.told, 'birthday')::date AS birthday,
                          imported_value(h.gender, p.gender, p.told, 'gender') AS gender,
                          imported_value(h.region, p.region, p.told, 'region') AS region,
                          imported_value(h.language, p.language, p.told, 'language') AS language
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
     WHERE p.accepts IS NOT NULL AND changed_value(p.accepts::text, p.told, 'accepts')
     ORDER BY p.customer_id, p.said_at DESC NULLS LAST
    ON CONFLICT DO NOTHING;

    INSERT INTO imported_records AS r (customer_id, system, kind, external_key, told)
    SELECT p.customer_id, run.system, 'customer', p.external_key,
           told_values('{name,email,phone,birthday,gender,region,language,accepts}'::text[],
                       ARRAY[told_value(p.name), told_value(p.email), told_value(p.phone), told_value(p.birthday::text), told_value(p.gender), told_value(p.region),
                             told_value(p.language), told_value(p.accepts::text)])
      FROM pg_temp.import_persons p
    ON CONFLICT (system, kind, external_key) DO UPDATE
       SET customer_id = excluded.customer_id, told = r.told OPERATOR(pg_catalog.||) excluded.told
     WHERE r.customer_id <> excluded.customer_id OR r.told IS DISTINCT FROM r.told OPERATOR(pg_catalog.||) excluded.told;
END
$$;
COMMENT ON FUNCTION take_imported_persons(bigint) IS
    'for finish_import(): brings the persons of a file in, new customers and what is said anew of those who are known, and gives how many are new, changed and unchanged';
