-- shop/moved_customers.sql
--
-- A customer who becomes another: by two accounts being one person's, or by being
-- forgotten, which leaves a key that says nothing.
-- Needs: migrations, records, customers.
--
-- What is only added to, and what is never another customer's, stays so for everybody:
-- triggers see to it. They let a row through that the owner of the shop moves from one
-- customer to another of whom merged_customers says so; rows of it are the owner's alone
-- to write, so no level can bring that about, and nobody by a setting.

--@ table merged_customers
--: keeps from_customer, customer_id, merged_at, merged_by
--: stays
CREATE TABLE merged_customers (
    from_customer @key_type@ PRIMARY KEY,
    customer_id @key_type@ NOT NULL,
    merged_at timestamptz NOT NULL DEFAULT now(),
    merged_by text NOT NULL DEFAULT current_user
);
CREATE INDEX merged_customers_customer ON merged_customers (customer_id);
COMMENT ON TABLE merged_customers IS
    'whose account was merged into whose by merge_customers(), one row a customer who is no more';
COMMENT ON COLUMN merged_customers.from_customer IS 'key of the customer who is no more';
COMMENT ON COLUMN merged_customers.customer_id IS 'key of the customer with whom everything is now';

--@ reference merged_customers customers
ALTER TABLE merged_customers ADD FOREIGN KEY (customer_id) REFERENCES customers
    ON DELETE CASCADE DEFERRABLE INITIALLY IMMEDIATE;

--@ functions
CREATE OR REPLACE FUNCTION customer_is_moved(before @key_type@, after @key_type@) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT owns_table('merged_customers'::regclass::oid) THEN
        RETURN false;
    END IF;
    RETURN EXISTS (SELECT FROM merged_customers m WHERE m.from_customer = before AND m.customer_id = after);
END
$$;
COMMENT ON FUNCTION customer_is_moved(@key_type@, @key_type@) IS
    'for triggers: whether the owner of the shop moves all rows of a customer to another, by merge_customers() or forget_customer()';

-- Rows of a customer move table by table: meanwhile what refers to each other does not agree.
CREATE OR REPLACE FUNCTION make_deferrable(relation regclass, other regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    key record;
BEGIN
    FOR key IN
        SELECT f.conname
          FROM pg_constraint f
         WHERE f.conrelid = relation::oid AND f.confrelid = other::oid AND f.contype = 'f'::"char" AND NOT f.condeferrable
         ORDER BY f.conname
    LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY IMMEDIATE', relation, key.conname);
    END LOOP;
END
$$;
COMMENT ON FUNCTION make_deferrable(regclass, regclass) IS
    'lets the foreign keys of a table to another be looked at later in a transaction, if that asks for it';

-- Parents first: whoever is just adding to one of their rows is waited for there, and
-- what was added is seen.
CREATE OR REPLACE FUNCTION tables_of_customers()
RETURNS TABLE (relation text, own boolean, has_referrer boolean, depth integer)
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE held AS (
        SELECT c.oid, c.relname::text AS name, coalesce(m.own, false) AS own,
               EXISTS (SELECT FROM pg_attribute r WHERE r.attrelid = c.oid AND r.attname = 'referrer_id'::name AND NOT r.attisdropped) AS has_referrer
          FROM pg_class c
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'customer_id'::name AND NOT a.attisdropped
          LEFT JOIN shop_migrations m ON m.part = 'table ' || c.relname::text
         WHERE c.relnamespace = (SELECT s.relnamespace FROM pg_class s WHERE s.oid = 'settings'::regclass::oid)
           AND (c.relkind IN ('r'::"char", 'p'::"char") AND NOT c.relispartition OR m.part IS NOT NULL)
    ), deep AS (
        SELECT h.oid, 0 AS depth FROM held h
        UNION
        SELECT f.conrelid, d.depth + 1
          FROM deep d
          JOIN pg_constraint f ON f.confrelid = d.oid AND f.contype = 'f'::"char" AND f.conrelid <> f.confrelid
          JOIN held h ON h.oid = f.conrelid
         WHERE d.depth < 20
    )
    SELECT h.name, h.own, h.has_referrer,
           CASE WHEN h.name IN ('customer_changes', 'unread_changes', 'voice_changes', 'ticket_marks') THEN 100 ELSE max(d.depth) END
      FROM held h
      JOIN deep d ON d.oid = h.oid
     GROUP BY h.oid, h.name, h.own, h.has_referrer
     ORDER BY 4, 1;
END
$$;
COMMENT ON FUNCTION tables_of_customers() IS
    'the tables of the shop''s schema whose rows are of customers, in an order in which their rows can move: those that others refer to first, and last those in which other tables note what has changed; own: the shop made it, and it is no relation of the brand''s';

CREATE OR REPLACE FUNCTION move_customer(from_customer @key_type@, into_customer @key_type@, changes jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    deferred text;
    item record;
    moved bigint;
    done jsonb := '{}';
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.format('%s.%I', f.connamespace::regnamespace, f.conname), text ', ' ORDER BY f.conname) INTO deferred
      FROM pg_constraint f
      JOIN pg_class c ON c.oid = f.conrelid
      JOIN tables_of_customers() t ON t.relation = c.relname::text AND t.own
     WHERE f.connamespace = (SELECT s.relnamespace FROM pg_class s WHERE s.oid = 'settings'::regclass::oid)
       AND f.contype = 'f'::"char" AND f.condeferrable;
    EXECUTE 'SET CONSTRAINTS ' || deferred || ' DEFERRED';
    -- (what is kept of tickets is found anew of both)
    IF into_customer <> from_customer THEN
        DELETE FROM kept_promises k WHERE k.customer_id = from_customer;
        DELETE FROM kept_tickets k WHERE k.customer_id = from_customer;
    END IF;
    FOR item IN
        SELECT t.relation, pg_catalog.concat_ws(text ', ',
                   CASE WHEN into_customer <> from_customer THEN pg_catalog.format('%I = $2', 'customer_id'::text) END,
                   changes ->> t.relation) AS assignments
          FROM tables_of_customers() t
         WHERE t.own AND (into_customer <> from_customer OR changes ? t.relation)
           AND t.relation <> ALL ('{merged_customers,kept_histories}'::text[])
           AND (changes ->> t.relation) IS DISTINCT FROM 'stays'
         ORDER BY t.depth, t.relation
    LOOP
        EXECUTE pg_catalog.format('UPDATE %I SET %s WHERE customer_id = $1', item.relation, item.assignments)
          USING from_customer, into_customer;
        GET DIAGNOSTICS moved = ROW_COUNT;
        IF moved > 0::bigint THEN
            done := done || pg_catalog.jsonb_build_object(item.relation, moved);
        END IF;
    END LOOP;
    FOR item IN SELECT t.relation FROM tables_of_customers() t WHERE t.own AND t.has_referrer AND into_customer <> from_customer LOOP
        EXECUTE pg_catalog.format('UPDATE %I SET referrer_id = $2 WHERE referrer_id = $1', item.relation)
          USING from_customer, into_customer;
    END LOOP;
    -- (which can be made again, and of two customers may be there twice)
    IF into_customer <> from_customer THEN
        PERFORM keep_histories_of(ARRAY[from_customer, into_customer], NULL::timestamptz);
    END IF;
    RETURN done;
END
$$;
COMMENT ON FUNCTION move_customer(@key_type@, @key_type@, jsonb) IS
    'gives the rows of a customer to another, in all of the shop''s own tables, and changes more of them on the way: by table, assignments in SQL, or stays for one whose rows do not move; gives the rows by table. The foreign keys among these tables are deferred from then on. For merge_customers() and forget_customer(), which have made sure that nothing collides';

CREATE OR REPLACE FUNCTION look_at_references() RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    looked_at text;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.format('%s.%I', f.connamespace::regnamespace, f.conname), text ', ' ORDER BY f.conname) INTO looked_at
      FROM pg_constraint f
     WHERE f.connamespace = (SELECT s.relnamespace FROM pg_class s WHERE s.oid = 'settings'::regclass::oid)
       AND f.contype = 'f'::"char" AND f.condeferrable AND NOT f.condeferred;
    EXECUTE 'SET CONSTRAINTS ' || looked_at || ' IMMEDIATE';
END
$$;
COMMENT ON FUNCTION look_at_references() IS
    'has the foreign keys looked at now that move_customer() has deferred';

-- What is done for a customer whom a job is just looking at would be done for nobody.
CREATE OR REPLACE FUNCTION keep_jobs_waiting() RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT owns_table('merged_customers'::regclass::oid) THEN
        RAISE EXCEPTION 'customers are merged and forgotten by the owner of the shop'
            USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'caller_owns_the_shop',
                  DETAIL = pg_catalog.format('%s may not change what is only added to.', quote_ident(current_user::text)),
                  HINT = 'No level has a part in it: connect as the owner of the shop.';
    END IF;
    PERFORM check_read_committed('customers are merged and forgotten');
    -- (in the order in which evaluate_tiers() and queue_followups() take theirs)
    PERFORM FROM tier_state s FOR UPDATE;
    PERFORM FROM shop_turns t
      WHERE t.job IN ('draw_survey_wave', 'match_voices', 'pick_phone_hearings', 'queue_followups', 'queue_sla_warnings', 'refresh_kept_figures', 'refresh_kept_tickets', 'share_customer_changes')
      ORDER BY t.job
        FOR UPDATE;
END
$$;
COMMENT ON FUNCTION keep_jobs_waiting() IS
    'an error for everybody but the owner of the shop; the shop''s jobs wait until the end of the transaction, and are waited for';
