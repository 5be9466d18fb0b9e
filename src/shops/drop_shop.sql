-- drop_shop.sql
--
-- A shop goes with all that is in it.
-- Needs: shops, shop_parts(), schedule.

CREATE FUNCTION loyalcs.drop_shop(name text, confirm text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    adopted text;
BEGIN
    PERFORM loyalcs.shop_check_is_recorded(name);
    IF confirm IS DISTINCT FROM name THEN
        RAISE EXCEPTION 'drop_shop deletes everything in shop %', quote_ident(name)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('To confirm, repeat the name: SELECT loyalcs.drop_shop(%L, %1$L);', name);
    END IF;
    SELECT string_agg(p.relation, ', ' ORDER BY p.part) INTO adopted
      FROM loyalcs.shop_parts() p
      LEFT JOIN loyalcs.shop_recorded(drop_shop.name) m ON m.part = p.name AND m.own
     WHERE p.kind = 'table' AND m.part IS NULL
       AND to_regclass(format('%I.%I', drop_shop.name, p.relation)) IS NOT NULL;
    IF adopted IS NOT NULL THEN
        RAISE EXCEPTION 'shop % works on relations that were there before it: %',
                quote_ident(name), adopted
            USING ERRCODE = 'dependent_objects_still_exist',
                  HINT = format('DROP SCHEMA %I CASCADE would delete those too; move them to another schema first.', name);
    END IF;
    PERFORM loyalcs.unschedule_shop(name);
    -- What this transaction has posted is looked at now: no table goes before that.
    IF EXISTS (SELECT FROM pg_constraint k
                WHERE k.connamespace = quote_ident(name)::regnamespace AND k.conname = 'check_posting_is_closed') THEN
        EXECUTE format('SET CONSTRAINTS %I.check_posting_is_closed IMMEDIATE', name);
    END IF;
    PERFORM set_config('client_min_messages', 'warning', true);
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
END
$$;
COMMENT ON FUNCTION loyalcs.drop_shop(text, text) IS
    'deletes a shop with all that is in its schema and whatever depends on it, and its jobs of pg_cron; confirm repeats the name; refuses while relations that were there before the shop serve as its tables';
