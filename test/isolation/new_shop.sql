-- new_shop.sql
--
-- new_shop('shop'), for the setup of a spec: it runs before each permutation, and
-- to make a shop takes longer than most of them. So a shop is made once, and then
-- brought back to what it was: the rows that a new one has, and no other.
-- test/check runs this in the database that those of the specs are copies of.

CREATE SCHEMA kept;
CREATE TABLE kept.sequence (id regclass, last_value bigint, is_called boolean);

CREATE FUNCTION kept.tables(shop text) RETURNS SETOF regclass LANGUAGE sql
BEGIN ATOMIC
    SELECT t.oid FROM loyalcs.shop_own_tables(shop) t (oid) JOIN pg_class c ON c.oid = t.oid
     WHERE c.relname NOT IN ('shop_migrations', 'shop_grants');
END;

CREATE FUNCTION kept.keep(shop text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    item record;
BEGIN
    FOR item IN SELECT t.oid, c.relname FROM kept.tables(shop) t (oid) JOIN pg_class c ON c.oid = t.oid LOOP
        EXECUTE format('CREATE TABLE kept.%I AS TABLE %s', concat(shop, '.', item.relname), item.oid);
    END LOOP;
    FOR item IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = shop::regnamespace AND c.relkind = 'S' LOOP
        EXECUTE format('INSERT INTO kept.sequence SELECT %L, last_value, is_called FROM %s', item.oid, item.oid::regclass);
    END LOOP;
END $$;

-- (No trigger has a say in it.)
CREATE FUNCTION kept.bring_back(shop text) RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT t.oid, c.relname, string_agg(format('%I', a.attname), ', ') AS columns
          FROM kept.tables(shop) t (oid)
          JOIN pg_class c ON c.oid = t.oid
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
         GROUP BY t.oid, c.relname
    LOOP
        EXECUTE format('DELETE FROM %s', item.oid);
        EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM kept.%I', item.oid, item.columns,
                       concat(shop, '.', item.relname));
    END LOOP;
    PERFORM setval(s.id, s.last_value, s.is_called) FROM kept.sequence s;
END $$;

CREATE FUNCTION new_shop(shop text) RETURNS void LANGUAGE sql
RETURN kept.bring_back(shop);
SELECT kept.keep('shop');
