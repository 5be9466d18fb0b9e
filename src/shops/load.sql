-- load.sql
--
-- Data that come from elsewhere: a dump of data alone, a switch-over by logical
-- replication. What has to be looked after then is here.
-- Needs: shops, create_shop, grant_shop.

CREATE FUNCTION loyalcs.shop_own_tables(shop text) RETURNS SETOF regclass
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT c.oid::regclass
      FROM pg_class c
      JOIN loyalcs.shop_names() n ON n.kind = 'table' AND n.name::name = c.relname
      LEFT JOIN loyalcs.shop_recorded(shop) m ON m.part = concat('table ', n.name)
     WHERE c.relnamespace = quote_ident(shop)::regnamespace AND c.relkind = 'r' AND m.own IS NOT FALSE
     ORDER BY n.name;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_own_tables(text) IS
    'the tables that create_shop has made in a shop';

-- Sequences

-- A sequence is behind if what it gives next is there already.
CREATE FUNCTION loyalcs.shop_sequences(
    shop text,
    OUT "table" regclass,
    OUT "column" text,
    OUT sequence regclass,
    OUT next_value bigint,
    OUT highest bigint,
    OUT behind boolean
) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM loyalcs.shop_check_is_recorded(shop);
    FOR "table", "column", sequence IN
        SELECT t.oid, a.attname, d.objid
          FROM loyalcs.shop_own_tables(shop) t (oid)
          JOIN pg_depend d
            ON d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
           AND d.refobjid = t.oid AND d.deptype IN ('i', 'a')
          JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
          JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
         ORDER BY t.oid::text, a.attnum
    LOOP
        EXECUTE format('SELECT CASE WHEN s.is_called THEN s.last_value + 1 ELSE s.last_value END, (SELECT max(t.%I) FROM ONLY %s t)
                          FROM %s s', "column", "table", sequence)
           INTO next_value, highest;
        behind := coalesce(highest >= next_value, false);
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_sequences(text) IS
    'the sequences of a shop: what each gives next, the highest value that its column has, and whether it is behind, so that it would give a value twice';

CREATE FUNCTION loyalcs.sync_shop_sequences(shop text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT count(setval(s.sequence, s.highest)) FROM loyalcs.shop_sequences(shop) s WHERE s.behind);
END
$$;
COMMENT ON FUNCTION loyalcs.sync_shop_sequences(text) IS
    'moves the sequences of a shop that are behind their columns past them; gives their number. To be called after a switch-over by logical replication, which does not replicate sequences, and before anything writes';

-- Data alone

CREATE FUNCTION loyalcs.begin_load(shop text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
    full_table text;
    edited text;
    own text;
BEGIN
    PERFORM loyalcs.shop_check_is_recorded(shop);
    FOR item IN
        SELECT t.oid FROM loyalcs.shop_own_tables(shop) t (oid)
         WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'customer_id' AND NOT a.attisdropped)
    LOOP
        EXECUTE format('SELECT %L WHERE EXISTS (SELECT FROM ONLY %s)', item.oid, item.oid::regclass) INTO full_table;
        IF full_table IS NOT NULL THEN
            RAISE EXCEPTION 'shop % is not a new one', quote_ident(shop)
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      DETAIL = format('There are rows in %s, and begin_load empties every table.', full_table),
                      HINT = 'Load into a shop that create_shop has just made.';
        END IF;
    END LOOP;
    SELECT string_agg(t.relation::text, ', ' ORDER BY t.part) INTO edited
      FROM loyalcs.shop_first_rows(shop) t
     WHERE t.rows IS DISTINCT FROM t.made AND t.rows IS NOT NULL;
    IF edited IS NOT NULL THEN
        RAISE EXCEPTION 'shop % is no longer as create_shop made it', quote_ident(shop)
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('Rows have been changed in %s, and begin_load empties every table.', edited),
                  HINT = 'Load into a shop that create_shop has just made; or delete these rows first, if what is loaded is to take their place.';
    END IF;
    FOR item IN SELECT t.oid FROM loyalcs.shop_own_tables(shop) t (oid) LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', item.oid::regclass);
    END LOOP;
    SELECT string_agg(format('ONLY %s', t.oid), ', ') INTO own FROM loyalcs.shop_own_tables(shop) t (oid);
    EXECUTE concat('TRUNCATE ', own);
END
$$;
COMMENT ON FUNCTION loyalcs.begin_load(text) IS
    'prepares a shop that create_shop has just made for data of the same shop (pg_dump --data-only, COPY): empties it of the rows that a new shop has, and has its triggers do nothing until end_load()';

CREATE FUNCTION loyalcs.end_load(shop text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lacking text;
    other_parts text;
    item record;
BEGIN
    PERFORM loyalcs.shop_check_is_recorded(shop);
    -- What no shop is ever without
    EXECUTE format('SELECT CASE WHEN NOT EXISTS (SELECT FROM ONLY %1$I.shop_migrations) THEN %2$L
                                WHEN NOT EXISTS (SELECT FROM ONLY %1$I.settings) THEN %3$L END',
                   shop, 'shop_migrations', 'settings')
       INTO lacking;
    IF lacking IS NOT NULL THEN
        RAISE EXCEPTION 'these are not all of the data of a shop'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('%I.%I has no row.', shop, lacking),
                  HINT = 'Load all tables of the shop.';
    END IF;
    SELECT string_agg(d.part, ', ' ORDER BY d.part) INTO other_parts
      FROM (SELECT p AS part FROM loyalcs.shop_pending(shop) p WHERE p ~ '^(table|change|reference) '
            UNION
            SELECT m.part FROM loyalcs.shop_recorded(shop) m
             WHERE m.part ~ '^(table|change|reference) '
               AND m.part NOT IN (SELECT p.name FROM loyalcs.shop_parts() p)) d;
    IF other_parts IS NOT NULL THEN
        RAISE EXCEPTION 'these are not the data of a shop of this version'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('Its record differs in: %s.', other_parts),
                  HINT = 'Load all tables of the shop, shop_migrations too; bring the shop that they come from up to date before.';
    END IF;
    FOR item IN SELECT t.oid FROM loyalcs.shop_own_tables(shop) t (oid) LOOP
        EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', item.oid::regclass);
    END LOOP;
    -- Privileges are no data: what shop_grants says has been loaded only now.
    PERFORM loyalcs.shop_give_levels(shop, true);
    RETURN loyalcs.sync_shop_sequences(shop);
END
$$;
COMMENT ON FUNCTION loyalcs.end_load(text) IS
    'ends what begin_load() has begun: triggers work again, roles have their levels, and sequences go on after what was loaded; gives the number of sequences that were behind';

CREATE FUNCTION loyalcs.check_shop(shop text, OUT problem text, OUT remedy text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM loyalcs.shop_check_is_recorded(shop);
    RETURN QUERY
    SELECT format('%s gives %s next, and %s.%s has %s', s.sequence, s.next_value, s."table", quote_ident(s."column"), s.highest),
           format('SELECT loyalcs.sync_shop_sequences(%L);', shop)
      FROM loyalcs.shop_sequences(shop) s WHERE s.behind
    UNION ALL
    SELECT format('%s is not up to date', p), format('SELECT loyalcs.create_shop(%L);', shop)
      FROM loyalcs.shop_pending(shop) p
    UNION ALL
    SELECT format('trigger %s of %s is disabled', quote_ident(t.tgname), t.tgrelid::regclass),
           format('SELECT loyalcs.end_load(%L); or ALTER TABLE %s ENABLE TRIGGER %I;', shop, t.tgrelid::regclass, t.tgname)
      FROM loyalcs.shop_own_tables(shop) o (oid)
      JOIN pg_trigger t ON t.tgrelid = o.oid AND NOT t.tgisinternal AND t.tgenabled = 'D'
    UNION ALL
    SELECT format('role %s does not have its level %s', l.role, l.level),
           format('SELECT loyalcs.grant_shop(%L, %L, %L);', shop, l.role::text, l.level)
      FROM loyalcs.shop_lost_levels(shop) l;
END
$$;
COMMENT ON FUNCTION loyalcs.check_shop(text) IS
    'what is not as it should be in a shop, and what to do: sequences that are behind, parts that are not up to date, triggers that are disabled, roles that have lost their level; no rows if all is well';
