-- shop/records.sql
--
-- What is only added to: who recorded a row, and when, is the server's word, and
-- nothing is emptied by a slip. For everybody but the owner of the shop, who can
-- do away with any of this anyway, and from whose hands come backups and imports.
-- Needs: nothing before it.

--@ functions
CREATE OR REPLACE FUNCTION owns_table(relation oid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT pg_has_role(current_user, c.relowner, 'USAGE'::text)
          FROM pg_class c
         WHERE c.oid = relation);
COMMENT ON FUNCTION owns_table(oid) IS
    'whether whoever asks is the owner of a table, or may act as the owner';

CREATE OR REPLACE FUNCTION refuse_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    RAISE EXCEPTION '% is only added to', TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state',
              DETAIL = 'TRUNCATE would leave nothing of what it holds.',
              HINT = pg_catalog.format('The owner of the shop, who means it, says ALTER TABLE %I.%I DISABLE TRIGGER refuse_truncate first.',
                            TG_TABLE_SCHEMA, TG_TABLE_NAME);
END
$$;
COMMENT ON FUNCTION refuse_truncate() IS
    'trigger of the tables that are only added to: they are not emptied';

CREATE OR REPLACE FUNCTION advance_sequences()
RETURNS TABLE (relation text, "column" text, last_number bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    item record;
    given record;
BEGIN
    FOR item IN
        SELECT c.relname::text AS relation, a.attname::text AS attribute,
               pg_get_serial_sequence(c.oid::regclass::text, a.attname::text) AS sequence
          FROM pg_class s
          JOIN pg_class c ON c.relnamespace = s.relnamespace AND c.relkind IN ('r', 'p')
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attidentity <> ''::"char" AND NOT a.attisdropped
         WHERE s.oid = 'settings'::regclass
         ORDER BY 1, 2
    LOOP
        EXECUTE pg_catalog.format('SELECT max(t.%I)::bigint AS highest, s.last_value AS given FROM %I t RIGHT JOIN %s s ON true GROUP BY s.last_value',
                       item.attribute, item.relation, item.sequence)
           INTO given;
        IF given.highest > given.given THEN
            PERFORM setval(item.sequence::regclass, given.highest);
            relation := item.relation;
            "column" := item.attribute;
            last_number := given.highest;
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION advance_sequences() IS
    'brings every sequence of the shop up to the rows that stand there, and gives the tables where one was behind, and up to which number it has been brought. To be called by the owner after rows were loaded with their numbers, and after a switch-over by logical replication, which takes no sequences along; before anybody writes';
