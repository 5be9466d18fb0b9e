-- shop/records.sql
--
-- What is only added to: who recorded a row, and when, is the server's word, and
-- nothing is emptied by a slip. For everybody but the owner of the shop, who can
-- do away with any of this anyway, and from whose hands come backups and imports.
-- Needs: nothing before it.

--@ functions
-- Asked of the privileges, which the server has at hand, and inlined: a look into
-- pg_class for each row that is posted took as long as all else that is checked of
-- it. The owner always has all grant options, nobody else is given any by a level;
-- and whoever may put triggers on a table has the last word about its rows anyway.
CREATE OR REPLACE FUNCTION owns_table(relation oid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN has_table_privilege(relation, text 'TRIGGER WITH GRANT OPTION');
COMMENT ON FUNCTION owns_table(oid) IS
    'whether whoever asks is the owner of a table or may act as the owner, who can put triggers on it and let others do so';

CREATE OR REPLACE FUNCTION refuse_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    is_empty boolean;
BEGIN
    EXECUTE pg_catalog.format('SELECT NOT EXISTS (SELECT FROM %I.%I)', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO is_empty;
    IF is_empty THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is only added to', TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'log_is_not_emptied',
              DETAIL = 'TRUNCATE would leave nothing of what it holds.',
              HINT = pg_catalog.format('The owner of the shop, who means it, says ALTER TABLE %I.%I DISABLE TRIGGER refuse_truncate first.',
                            TG_TABLE_SCHEMA, TG_TABLE_NAME);
END
$$;
COMMENT ON FUNCTION refuse_truncate() IS
    'trigger of the tables that are only added to: they are not emptied';

-- What is said about somebody goes with the customer (or the ticket), and is not
-- changed before.
CREATE OR REPLACE FUNCTION check_record_is_kept() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF customer_is_moved(OLD.customer_id, NEW.customer_id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a row of % is not changed', TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'record_is_kept',
              DETAIL = pg_catalog.format('It is of customer %s, and says what was so then.', OLD.customer_id),
              HINT = 'Add a row that says what is so now.';
END
$$;
COMMENT ON FUNCTION check_record_is_kept() IS
    'trigger of consents, followup_late_reports, sla_warning_late_reports and ticket_changes: what was recorded is not changed, but for the customer if two are merged or one is forgotten';

CREATE OR REPLACE FUNCTION refuse_old_number(relation text) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    RAISE EXCEPTION 'the numbers of % are behind its rows', relation
        USING ERRCODE = 'unique_violation', CONSTRAINT = 'numbers_are_ahead',
              DETAIL = 'A number that the server gave is of a row that stands there already.',
              HINT = pg_catalog.format('SELECT loyalcs.sync_shop_sequences(%L); as the owner of the shop, as after every switch-over by logical replication, which takes no sequences along.', current_schema());
END
$$;
COMMENT ON FUNCTION refuse_old_number(text) IS
    'the error that it is to be given a number that is taken';

-- A shop may hold rows from before it looked. They stay as they are, and the
-- server is told of the constraint what it may know: that new rows fulfil it.
CREATE OR REPLACE FUNCTION refer(relation regclass, name text, columns text, other regclass, other_columns text,
                                 on_update text DEFAULT 'NO ACTION')
RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    EXECUTE pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (%s) REFERENCES %s (%s) ON UPDATE %s NOT VALID',
                              relation, name, columns, other, other_columns, on_update);
    EXECUTE pg_catalog.format('ALTER TABLE %s VALIDATE CONSTRAINT %I', relation, name);
EXCEPTION
    WHEN foreign_key_violation THEN
        EXECUTE pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (%s) REFERENCES %s (%s) ON UPDATE %s NOT VALID',
                                  relation, name, columns, other, other_columns, on_update);
        RAISE WARNING 'rows of % refer to what is not in %', relation, other
            USING DETAIL = SQLERRM,
                  HINT = pg_catalog.format('They stay as they are, and new ones are refused. %I.broken_references() lists them; once they are mended, ALTER TABLE %1$I.%2$I VALIDATE CONSTRAINT %3$I.',
                                           current_schema(), (SELECT c.relname FROM pg_class c WHERE c.oid = relation::oid), name);
END
$$;
COMMENT ON FUNCTION refer(regclass, text, text, regclass, text, text) IS
    'adds a foreign key to a table that may hold rows from before there was one: if some are broken, then with a warning and for new rows only';

CREATE OR REPLACE FUNCTION broken_references()
RETURNS TABLE (relation text, columns text, refers_to text, value text, row_count bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT c.relname::text AS relation, o.relname::text AS other,
               (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname::text), text ', ' ORDER BY k.n)
                  FROM pg_catalog.unnest(f.conkey) WITH ORDINALITY k (attnum, n)
                  JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum) AS own_columns,
               (SELECT pg_catalog.string_agg(pg_catalog.format('t.%I IS NOT NULL', a.attname), text ' AND ' ORDER BY k.n)
                  FROM pg_catalog.unnest(f.conkey) WITH ORDINALITY k (attnum, n)
                  JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum) AS given,
               (SELECT pg_catalog.string_agg(pg_catalog.format('o.%I = t.%I', b.attname, a.attname), text ' AND ' ORDER BY k.n)
                  FROM unnest(f.conkey, f.confkey) WITH ORDINALITY k (attnum, other, n)
                  JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum
                  JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = k.other) AS matches
          FROM pg_constraint f
          JOIN pg_class c ON c.oid = f.conrelid
          JOIN pg_class o ON o.oid = f.confrelid
         WHERE f.connamespace = (SELECT s.relnamespace FROM pg_class s WHERE s.oid = 'settings'::regclass::oid)
           AND f.contype = 'f'::"char" AND NOT f.convalidated
         ORDER BY 1, 3
    LOOP
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT %L::text, %L::text, %L::text, (ROW(%s))::text, count(*)
               FROM %I t
              WHERE %s AND NOT EXISTS (SELECT FROM %I o WHERE %s)
              GROUP BY %s
              ORDER BY 4',
            item.relation, item.own_columns, item.other, item.own_columns,
            item.relation, item.given, item.other, item.matches, item.own_columns);
    END LOOP;
END
$$;
COMMENT ON FUNCTION broken_references() IS
    'rows of before a version of the shop looked, that refer to what does not exist: table, columns, the table that they are to refer to, the value, and how many rows have it; none if all is well';
