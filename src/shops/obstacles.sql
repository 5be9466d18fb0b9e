-- obstacles.sql
--
-- What stands in the way of a shop, or of bringing one up to date.
-- Needs: records, tables, shop_parts().

-- What a shop asks of a relation that serves as one of its tables; personal data
-- need not be shown, and some columns need not be there (see parts.awk).
CREATE FUNCTION loyalcs.shop_wanted_columns(
    shop text,
    relation text,
    key_type text,
    time_zone text,
    known_digest text,
    OUT digest text,
    OUT columns text[],
    OUT defaults text[]
)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    scripts text[];
    optional text[];
BEGIN
    SELECT array_agg(replace(replace(p.script, '@key_type@', key_type), '@time_zone@', quote_literal(time_zone))
                     ORDER BY p.part)
      INTO scripts
      FROM loyalcs.shop_parts() p
     WHERE p.kind IN ('table', 'change') AND p.relation = shop_wanted_columns.relation;
    digest := md5(array_to_string(scripts, ' '));
    IF digest IS DISTINCT FROM known_digest THEN
        optional := ARRAY(SELECT o FROM loyalcs.shop_parts() p, unnest(p.optional) o
                           WHERE p.relation = shop_wanted_columns.relation);
        SELECT coalesce(array_agg(u.c ORDER BY u.n), '{}'), array_agg(u.d ORDER BY u.n)
          INTO columns, defaults
          FROM loyalcs.shop_table_columns(shop, relation, scripts) t
         CROSS JOIN LATERAL unnest(t.columns, t.defaults) WITH ORDINALITY u (c, d, n)
         WHERE split_part(u.c, ' ', 1) <> ALL (optional);
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_wanted_columns(text, text, text, text, text) IS
    'the columns that a relation needs to serve as a table of a shop, and the constants that stand for those that it lacks; NULL if the table is made from what has the known digest, and so was looked at before';

CREATE FUNCTION loyalcs.shop_figures(OUT figure text, OUT stands_as text) RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT regexp_replace(p.relation, '_(per|by|at)$', ''), p.other FROM loyalcs.shop_parts() p WHERE p.other <> '' AND p.kind = 'function';
END;
COMMENT ON FUNCTION loyalcs.shop_figures() IS
    'the views of a shop, and which of a figure''s forms stands in a script: at, by, per, or per by if it has a breakdown too';

-- Names that the shop will need, and what they are for.
CREATE FUNCTION loyalcs.shop_names(OUT name text, OUT kind text) RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.relation, p.kind FROM loyalcs.shop_parts() p WHERE p.kind IN ('table', 'function')
    UNION ALL
    -- (see shop_make_figure())
    SELECT concat(f.figure, '_by'), 'function' FROM loyalcs.shop_figures() f WHERE f.stands_as = 'per by'
    UNION ALL
    SELECT concat(f.figure, '_at'), 'function' FROM loyalcs.shop_figures() f WHERE f.stands_as <> 'at'
    UNION ALL
    SELECT f.figure, 'view' FROM loyalcs.shop_figures() f;
END;
COMMENT ON FUNCTION loyalcs.shop_names() IS
    'the names of all tables, functions and views of a shop';

-- Columns of a table of the shop's that a change is about to add or to drop: none
-- of the brand's may have such a name, and none of its views may hang on one.
CREATE FUNCTION loyalcs.shop_column_obstacles(
    shop text,
    relation text,
    columns text[],
    key_type text,
    time_zone text,
    OUT message text,
    OUT detail text,
    OUT hint text
) RETURNS SETOF record
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known constant text[] := ARRAY(SELECT split_part(c, ' ', 1) FROM unnest(columns) c);
    wanted text[];
    scripts text[];
    item record;
BEGIN
    SELECT array_agg(replace(replace(p.script, '@key_type@', key_type), '@time_zone@', quote_literal(time_zone))
                     ORDER BY p.part)
      INTO scripts
      FROM loyalcs.shop_parts() p
     WHERE p.kind IN ('table', 'change') AND p.relation = shop_column_obstacles.relation;
    wanted := ARRAY(SELECT split_part(c, ' ', 1)
                      FROM loyalcs.shop_table_columns(shop, relation, scripts) t, unnest(t.columns) c);
    FOR item IN
        SELECT a.attname, a.attrelid, a.attnum, a.attname::text <> ALL (known) AS is_foreign
          FROM pg_attribute a
         WHERE a.attrelid = format('%I.%I', shop, relation)::regclass AND a.attnum > 0 AND NOT a.attisdropped
           AND (a.attname::text = ANY (wanted) AND a.attname::text <> ALL (known)
                OR a.attname::text = ANY (known) AND a.attname::text <> ALL (wanted))
         ORDER BY a.attnum
    LOOP
        IF item.is_foreign THEN
            message := format('%I.%I.%I is in the way of a column of the shop', shop, relation, item.attname);
            detail := 'It is none of the shop''s.';
            hint := 'Rename it.';
            RETURN NEXT;
        END IF;
        FOR detail IN
            SELECT DISTINCT format('%s depends on it.', CASE WHEN r.oid IS NULL
                                                             THEN pg_describe_object(d.classid, d.objid, d.objsubid)
                                                             ELSE pg_describe_object('pg_class'::regclass, r.ev_class, 0) END)
              FROM pg_depend d
              LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
             WHERE NOT item.is_foreign AND d.refclassid = 'pg_class'::regclass AND d.refobjid = item.attrelid
               AND d.refobjsubid = item.attnum AND d.deptype = 'n'
             ORDER BY 1
        LOOP
            message := format('the shop no longer has %I.%I.%I', shop, relation, item.attname);
            hint := 'Drop what depends on it, or make it without that column.';
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_column_obstacles(text, text, text[], text, text) IS
    'the brand''s columns that are in the way of those that a table is about to get, and what depends on those that it is about to lose';

CREATE FUNCTION loyalcs.shop_obstacles(
    shop text,
    key_type text,
    time_zone text,
    OUT code text,
    OUT message text,
    OUT detail text,
    OUT hint text
) RETURNS SETOF record
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schema constant oid := quote_ident(shop)::regnamespace;
    changes constant text[] := ARRAY(SELECT DISTINCT p.relation FROM loyalcs.shop_parts() p
                                      WHERE p.kind = 'change' AND p.name NOT IN (SELECT m.part FROM loyalcs.shop_recorded(shop) m));
    -- A shop of 0.1.0 has to have a record before what it has can be told from
    -- what is the brand's.
    is_first constant boolean := loyalcs.shop_is_first(schema);
    -- What its own functions write is kept in tables of its own.
    kept constant text[] := '{tier_cuts,tier_history,tier_queue,tier_state,rfm_cuts,outlook_models,customer_parts,kept_histories,kept_cohorts,kept_answers,kept_answer_times,kept_invitations,kept_points,day_keeping,product_sales,related_products,offer_refreshes,
        point_accounts,point_allocations,point_lots,point_postings,followups,followup_late_reports,sla_warnings,sla_warning_late_reports,
        survey_waves,survey_left_out,hearings,calendar_history,ticket_changes,
        customer_changes,unread_changes,customer_change_readers,day_marks,voice_matches,voice_changes,ticket_marks,kept_tickets,kept_promises,kept_promise_days,ticket_keeping}';
    -- (No joins: how many functions a schema has is what the planner knows least of.)
    functions constant text[] := ARRAY(SELECT n.name FROM loyalcs.shop_names() n WHERE n.kind = 'function');
    recorded constant jsonb := (SELECT coalesce(jsonb_object_agg(m.part, m.identity), '{}') FROM loyalcs.shop_recorded(shop) m);
    serves boolean;
    item record;
    lacks record;
    wanted record;
BEGIN
    -- Functions: nobody else's, and none of the brand's under a name of ours.
    FOR item IN
        SELECT p.oid::regprocedure::text AS object, pg_get_userbyid(p.proowner)::text AS owner,
               p.proowner = current_user::regrole AS is_mine
          FROM pg_proc p
         WHERE p.pronamespace = schema AND p.proname::text = ANY (functions) AND NOT is_first
           AND (NOT recorded ? concat('function ', p.proname)
                OR recorded ->> concat('function ', p.proname) = oidvectortypes(p.proargtypes) AND p.proowner <> current_user::regrole)
         ORDER BY 1
    LOOP
        code := 'duplicate_function';
        message := format('function %s is in the way of a function of the shop', item.object);
        detail := CASE WHEN item.is_mine THEN 'It is none of the shop''s.' ELSE format('It belongs to %s.', item.owner) END;
        hint := 'Rename it, or drop it.';
        RETURN NEXT;
    END LOOP;

    FOR item IN
        SELECT n.name, n.kind, c.oid, c.relkind,
               m.part IS NOT NULL AS is_known,
               coalesce(m.own AND c.relkind = 'r', false) AS is_own,
               m.digest, m.columns
          FROM loyalcs.shop_names() n
          LEFT JOIN pg_class c ON c.relnamespace = schema AND c.relname = n.name::name
          LEFT JOIN loyalcs.shop_recorded(shop) m ON m.part = concat(n.kind, ' ', n.name)
         WHERE n.kind IN ('table', 'view')
           AND (NOT is_first OR n.name IN ('shop_migrations', 'shop_grants'))
           AND (c.oid IS NOT NULL
                OR EXISTS (SELECT FROM pg_type t WHERE t.typnamespace = schema AND t.typname = n.name::name))
         ORDER BY n.name
    LOOP
        detail := 'It is none of the shop''s.';
        serves := CASE item.kind
            WHEN 'view' THEN item.is_known AND item.relkind IN ('v', 'm')
            ELSE item.is_own
                 OR item.relkind IN ('r', 'v', 'm', 'p', 'f') AND item.name <> ALL (kept)
                    AND item.name <> ALL ('{settings,shop_migrations,shop_grants,shop_turns,job_runs}')
        END;
        IF serves IS NOT TRUE THEN
            IF item.name = ANY (kept) THEN
                detail := 'The shop itself writes it.';
            END IF;
            code := 'duplicate_table';
            message := format('%I.%I is in the way of the shop''s %s %s', shop, item.name, item.kind, item.name);
            hint := CASE WHEN is_first OR EXISTS (SELECT FROM loyalcs.shop_recorded(shop))
                         THEN 'Rename it.'
                         ELSE 'Rename it, or choose another name for the shop.' END;
            RETURN NEXT;
            CONTINUE;
        END IF;

        detail := loyalcs.shop_foreign_owner(item.oid);
        IF detail IS NOT NULL THEN
            code := 'insufficient_privilege';
            message := format('%I.%I cannot serve as the shop''s %s %s', shop, item.name, item.kind, item.name);
            hint := 'A shop takes in only what belongs to its owner: whoever owns it decides what runs when it is read.';
            RETURN NEXT;
            CONTINUE;
        END IF;
        CONTINUE WHEN item.kind = 'view';

        lacks := loyalcs.shop_relation_differences(item.oid, item.columns, NULL::text[]);
        IF NOT item.is_own THEN
            wanted := loyalcs.shop_wanted_columns(shop, item.name, key_type, time_zone, item.digest);
            IF wanted.columns IS NOT NULL THEN
                lacks := loyalcs.shop_relation_differences(item.oid, wanted.columns, wanted.defaults);
            END IF;
        END IF;
        IF lacks.detail IS NOT NULL THEN
            code := 'datatype_mismatch';
            message := format('%I.%I cannot serve as the shop''s table %s', shop, item.name, item.name);
            detail := lacks.detail;
            hint := CASE WHEN item.is_own
                         THEN format('ALTER TABLE %I.%I %s;', shop, item.name, lacks.altered)
                         ELSE format('In a view of that name, select %s.', lacks.selected) END;
            RETURN NEXT;
        END IF;
        IF item.is_own AND item.name = ANY (changes) THEN
            code := 'duplicate_column';
            FOR message, detail, hint IN
                SELECT o.message, o.detail, o.hint
                  FROM loyalcs.shop_column_obstacles(shop, item.name, item.columns, key_type, time_zone) o
            LOOP
                RETURN NEXT;
            END LOOP;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_obstacles(text, text, text) IS
    'what keeps create_shop from making a shop in a schema, or from bringing one up to date: relations and functions of others, names that are taken, columns that are missing';

CREATE FUNCTION loyalcs.shop_check_obstacles(shop text, key_type text, time_zone text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_ones record;
BEGIN
    SELECT count(*) AS number,
           min(o.code) AS code, min(o.message) AS message, min(o.detail) AS detail, min(o.hint) AS hint,
           string_agg(concat_ws(' ', concat(o.message, '.'), o.detail), ' ' ORDER BY o.ordinality) AS details,
           string_agg(DISTINCT o.hint COLLATE "C", ' ') AS hints
      INTO found_ones
      FROM loyalcs.shop_obstacles(shop, key_type, time_zone) WITH ORDINALITY o;
    IF found_ones.number = 1 THEN
        RAISE EXCEPTION '%', found_ones.message
            USING ERRCODE = found_ones.code,
                  DETAIL = found_ones.detail,
                  HINT = found_ones.hint;
    ELSIF found_ones.number > 1 THEN
        RAISE EXCEPTION '% objects are in the way of shop %', found_ones.number, quote_ident(shop)
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = found_ones.details,
                  HINT = found_ones.hints;
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_check_obstacles(text, text, text) IS
    'an error that names all that shop_obstacles finds, and what to do';
