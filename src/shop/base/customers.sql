-- shop/customers.sql
--
-- Who the customers are, and as whom other systems know them. The only table with
-- personal data: everything else knows a customer by the key alone.
-- Needs: nothing before it.

--@ table customers hides name, email, phone, birthday, attributes
--: keeps birth_year
CREATE TABLE customers (
    customer_id @key_type@ PRIMARY KEY,
    joined_at timestamptz NOT NULL DEFAULT now(),
    name text,
    email text,
    phone text,
    birthday date
        CONSTRAINT customers_birthday_is_plausible
        CHECK (birthday BETWEEN '1850-01-01' AND '9999-12-31'),
    birth_year integer
        GENERATED ALWAYS AS (EXTRACT(year FROM birthday)::integer) STORED,
    gender text,
    region text,
    attributes jsonb NOT NULL DEFAULT '{}'
        CONSTRAINT customers_attributes_is_an_object
        CHECK (jsonb_typeof(attributes) = 'object')
);
CREATE INDEX customers_birthday
    ON customers ((EXTRACT(month FROM birthday)::integer), (EXTRACT(day FROM birthday)::integer))
    WHERE birthday IS NOT NULL;
COMMENT ON TABLE customers IS
    'customers and prospects, one row each; the one table with personal data';

-- What a service desk looks somebody up by: an address, and the end of a telephone
-- number, since one writes it with a country code and another without.
-- (functions of the server's alone: an index outlives ours)
--@ change customers 0.2.0
--: optional language, updated_at
--: keeps updated_at
ALTER TABLE customers
    ADD COLUMN language text
        CONSTRAINT customers_language_is_a_tag CHECK (language ~ '^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$'),
    -- (NULL: from before the shop wrote it down)
    ADD COLUMN updated_at timestamptz;
ALTER TABLE customers ALTER COLUMN updated_at SET DEFAULT now();
COMMENT ON COLUMN customers.language IS
    'language in which the customer is written to, such as ja, en or zh-TW; NULL: that of the shop';
CREATE INDEX customers_email ON customers (lower(email)) WHERE email IS NOT NULL;
CREATE INDEX customers_phone
    ON customers (right(regexp_replace(translate(phone, '０１２３４５６７８９', '0123456789'), '[^0-9]', '', 'g'), 8))
    WHERE phone IS NOT NULL;

--@ functions
-- (A generated column is computed later, and is not compared.)
CREATE OR REPLACE FUNCTION stamp_customer() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    NEW.birth_year := OLD.birth_year;
    IF NEW OPERATOR(pg_catalog.*<>) OLD AND NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION stamp_customer() IS
    'trigger of customers: when a row was last changed is the server''s word; the owner of the shop, who loads what another system says, may write another';

--@ change customers 0.2.0
CREATE OR REPLACE TRIGGER stamp_customer
    BEFORE UPDATE ON customers
    FOR EACH ROW EXECUTE FUNCTION stamp_customer();

--@ table customer_ids hides id
CREATE TABLE customer_ids (
    customer_id @key_type@ NOT NULL,
    system text NOT NULL
        CONSTRAINT customer_ids_system_is_named CHECK (system <> ''),
    id text NOT NULL
        CONSTRAINT customer_ids_id_is_not_empty CHECK (id <> ''),
    PRIMARY KEY (system, id)
);
CREATE INDEX customer_ids_id ON customer_ids (id);
CREATE INDEX customer_ids_customer ON customer_ids (customer_id);
COMMENT ON TABLE customer_ids IS
    'by which keys other systems know a customer, one row each; a customer may have several in one system';

--@ reference customer_ids customers
ALTER TABLE customer_ids ADD FOREIGN KEY (customer_id) REFERENCES customers;

-- A relation of the brand's that serves as customers may do without what is personal
-- (see parts.awk): a name that no column has there means what stands beside it.
--@ functions
CREATE OR REPLACE FUNCTION is_reachable(customer @key_type@, channel text) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT btrim(coalesce(CASE is_reachable.channel WHEN 'email' THEN k.email WHEN 'phone' THEN k.phone
                                                        ELSE k.attributes ->> is_reachable.channel END, '')) <> ''
          FROM (SELECT '*'::text AS email, '*'::text AS phone, pg_catalog.jsonb_build_object(is_reachable.channel, '*'::text) AS attributes) elsewhere
         CROSS JOIN LATERAL (SELECT email, phone, attributes
                               FROM customers c
                              WHERE c.customer_id = is_reachable.customer
                              LIMIT 1) k);
END
$$;
COMMENT ON FUNCTION is_reachable(@key_type@, text) IS
    'whether a customer has an address on a channel; who has none here, in a relation that serves as customers and has no column for it, has it elsewhere; NULL for nobody';
