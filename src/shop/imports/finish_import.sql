-- shop/finish_import.sql
--
-- The end of an import: what came in is there, and all that follows from it.
-- Needs: imports, imported_customers, imported_orders, imported_tickets, imported_surveys,
-- tiers, rfm, offers.

--@ functions
CREATE OR REPLACE FUNCTION take_imported_customers(import bigint)
RETURNS TABLE (what text, new bigint, changed bigint, unchanged bigint, left_out bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    run imports;
    salt constant text := import_salt();
    persons record;
    not_wanted bigint;
BEGIN
    SELECT * INTO run FROM imports i WHERE i.import_id = import;
    PERFORM read_imported_rows(run.format ~ '^shopify');
    INSERT INTO import_rejects (import_id, line, column_name, value, problem)
    SELECT run.import_id, x.line, c.name, left(x.value, 200), x.problem
      FROM (SELECT r.line, v.field, v.value, imported_cell_problem(v.value, v.kind, v.required, run.time_zone) AS problem
              FROM pg_temp.import_rows r
             CROSS JOIN LATERAL (VALUES ('customer_id', r.account, 'key', true), ('email', r.email, 'key', false), ('phone', r.phone, 'key', false), ('birthday', r.birthday, 'day', false), ('joined_at', r.joined_at, 'time', false)) v (field, value, kind, required)
            UNION ALL
            SELECT r.line, 'customer_id', r.account, imported_account_problem(r.account, run.system)
              FROM pg_temp.import_rows r
            UNION ALL
            SELECT r.line, 'language', r.language, 'that is no language, such as ja or en-GB'
              FROM pg_temp.import_rows r
             WHERE r.language !~ '^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$') x
      LEFT JOIN pg_temp.import_columns c ON c.field = x.field
     WHERE x.problem IS NOT NULL;
    DROP TABLE IF EXISTS pg_temp.import_persons;
    CREATE TEMP TABLE import_persons ON COMMIT DROP AS
    SELECT DISTINCT ON (r.account) 'id:' || run.system || ':' || r.account AS person,
           imported_key('customer', 'id:' || run.system || ':' || r.account, salt) AS external_key, r.line, r.account,
           r.name, r.email, r.phone, folded_email(r.email) AS folded_email, folded_phone(r.phone) AS folded_phone,
           (imported_instant(r.birthday, run.time_zone) AT TIME ZONE run.time_zone)::date AS birthday, r.gender, r.region, r.language,
           imported_instant(r.joined_at, run.time_zone) AS joined_at, now() AS said_at,
           CASE WHEN r.accepts IN ('yes', 'true', '1') THEN true WHEN r.accepts IN ('no', 'false', '0') THEN false END AS accepts,
           NULL::@key_type@ AS customer_id, NULL::bigint[] AS told, false AS is_known, false AS is_new
      FROM pg_temp.import_rows r
     WHERE NOT EXISTS (SELECT FROM import_rejects x WHERE x.import_id = run.import_id AND x.line = r.line)
     ORDER BY r.account, r.line DESC;
    -- (who came in once and is here no more was deleted here, or forgotten)
    PERFORM find_imported_customers(import);
    WITH gone AS (
        DELETE FROM pg_temp.import_persons p
         WHERE p.is_known AND p.customer_id IS NULL
        RETURNING p.person
    )
    SELECT count(*) INTO not_wanted FROM gone g;
    SELECT * INTO persons FROM take_imported_persons(import);
    RETURN QUERY VALUES ('customers'::text, persons.new::bigint, persons.changed::bigint, persons.unchanged::bigint, not_wanted);
END
$$;
COMMENT ON FUNCTION take_imported_customers(bigint) IS
    'for finish_import(): makes customers of the rows of a file';

-- In this order, because each follows from the one before; in a transaction of its own,
-- because changes are read when they are committed.
CREATE OR REPLACE FUNCTION refresh_after_import() RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM refresh_rfm_cuts();
    PERFORM refresh_outlook();
    PERFORM evaluate_tiers();
    PERFORM refresh_related_products();
END
$$;
COMMENT ON FUNCTION refresh_after_import() IS
    'brings up to date what follows from orders, so that the next view is right: RFM cut points, the outlook''s models, tiers, related products; after an import, in another transaction. loyalcs-import does it itself';

CREATE OR REPLACE FUNCTION finish_import(import_id bigint, earn_points boolean DEFAULT false)
RETURNS TABLE (what text, new bigint, changed bigint, unchanged bigint, left_out bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    -- (a table of the file before is mostly not there)
    SET client_min_messages = warning
    -- (temporary tables are looked at for how many there are of what, each time they are made)
    SET default_statistics_target = 10
AS $$
#variable_conflict use_column
DECLARE
    run imports;
    kind text;
BEGIN
    SELECT * INTO run FROM imports i WHERE i.import_id = finish_import.import_id AND i.finished_at IS NULL AND i.started_at = now();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'import % is not one that this transaction has begun', coalesce(finish_import.import_id::text, 'NULL')
            USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'import_is_of_this_transaction',
                  HINT = 'begin_import() begins one; its rows go into import_lines, all in one transaction.';
    END IF;
    SELECT f.kind INTO kind FROM import_fields() f WHERE f.format = run.format LIMIT 1;
    -- (of arrays as long as a row, statistics take longer than all they are for)
    ANALYZE pg_temp.import_lines (line);
    -- (what was wrong the last time is not so any more, or is found again)
    DELETE FROM import_rejects x
     USING imports i
     WHERE i.import_id = x.import_id AND i.import_id <> run.import_id
       AND (i.system = run.system AND i.format = run.format AND i.file_name = run.file_name OR i.started_at < now() - interval '90 days');
    INSERT INTO import_rejects (import_id, line, problem)
    SELECT run.import_id, l.line, l.problem FROM pg_temp.import_lines l WHERE l.problem IS NOT NULL;
    DROP TABLE IF EXISTS pg_temp.import_counts;
    IF kind = 'orders' THEN
        CREATE TEMP TABLE import_counts ON COMMIT DROP AS SELECT * FROM take_imported_orders(run.import_id, finish_import.earn_points);
    ELSIF kind = 'tickets' THEN
        CREATE TEMP TABLE import_counts ON COMMIT DROP AS SELECT * FROM take_imported_tickets(run.import_id);
    ELSIF kind = 'surveys' THEN
        CREATE TEMP TABLE import_counts ON COMMIT DROP AS SELECT * FROM take_imported_surveys(run.import_id);
    ELSE
        CREATE TEMP TABLE import_counts ON COMMIT DROP AS SELECT * FROM take_imported_customers(run.import_id);
    END IF;
    UPDATE imports i
       SET finished_at = clock_timestamp(),
           "lines" = (SELECT count(*) FROM pg_temp.import_lines),
           rejected_lines = (SELECT pg_catalog.count(DISTINCT x.line) FROM import_rejects x WHERE x.import_id = run.import_id),
           counts = (SELECT coalesce(pg_catalog.jsonb_object_agg(c.what, pg_catalog.jsonb_build_object('new', c.new, 'changed', c.changed, 'unchanged', c.unchanged, 'left_out', c.left_out)), '{}'::jsonb)
                       FROM pg_temp.import_counts c)
     WHERE i.import_id = run.import_id;
    RETURN QUERY SELECT c.what, c.new, c.changed, c.unchanged, c.left_out FROM pg_temp.import_counts c;
END
$$;
COMMENT ON FUNCTION finish_import(bigint, boolean) IS
    'makes customers, orders, tickets or answers of the rows in import_lines, earns their points if earn_points (see settle_order_points), and gives how many of each are new, changed, unchanged and left out (not paid for, a test, or taken once and deleted or forgotten here); what could not be taken stands in import_rejects. In the transaction in which begin_import() began it; refresh_after_import() comes after it';
