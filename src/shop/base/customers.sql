-- shop/customers.sql
--
-- Who the customers are. The only table with personal data: everything else
-- knows a customer by the key alone.
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
