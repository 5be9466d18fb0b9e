\set ECHO none
-- test/json_schema.sql: whether a value is as a JSON schema of doc/ says.

-- What schemas refer to in another file
\set monthly_report_schema `cat :srcdir/doc/monthly_report.schema.json`
CREATE TEMP TABLE schemas AS SELECT 'monthly_report.schema.json' AS file, :'monthly_report_schema'::jsonb AS schema;

-- What is wrong with it, a line each; an unknown word in the schema is an error, so
-- that nothing in one is there in vain.
CREATE FUNCTION pg_temp.findings(root jsonb, schema jsonb, val jsonb, place text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    kind constant text := jsonb_typeof(val);
    item record;
    fitting integer;
    other jsonb;
BEGIN
    SELECT k INTO item
      FROM jsonb_object_keys(schema) k
     WHERE k <> ALL ('{$schema,$id,title,description,type,properties,required,additionalProperties,items,enum,const,oneOf,$ref,$defs,
                       minimum,maximum,minItems,maxItems,pattern,format}'::text[]);
    IF FOUND THEN
        RAISE EXCEPTION 'the schema says % at %', item.k, place;
    END IF;
    IF schema ? '$ref' THEN
        other := CASE split_part(schema ->> '$ref', '#/', 1) WHEN '' THEN root ELSE (SELECT s.schema FROM schemas s WHERE s.file = split_part(findings.schema ->> '$ref', '#/', 1)) END;
        IF other #> string_to_array(split_part(schema ->> '$ref', '#/', 2), '/') IS NULL THEN
            RAISE EXCEPTION 'the schema has no %', schema ->> '$ref';
        END IF;
        RETURN QUERY SELECT pg_temp.findings(other, other #> string_to_array(split_part(schema ->> '$ref', '#/', 2), '/'), val, place);
    END IF;
    IF schema ? 'type' AND NOT EXISTS (
        SELECT FROM jsonb_array_elements_text(CASE jsonb_typeof(schema -> 'type') WHEN 'array' THEN schema -> 'type' ELSE jsonb_build_array(schema -> 'type') END) t
         WHERE t = kind OR t = 'integer' AND kind = 'number' AND val::numeric = trunc(val::numeric)) THEN
        RETURN NEXT format('%s: %s is no %s', place, left(val::text, 60), schema ->> 'type');
        RETURN;
    END IF;
    IF schema ? 'enum' AND NOT schema -> 'enum' @> jsonb_build_array(val) OR schema ? 'const' AND schema -> 'const' <> val THEN
        RETURN NEXT format('%s: %s is not among %s', place, val, coalesce(schema -> 'enum', schema -> 'const'));
    END IF;
    IF schema ? 'oneOf' THEN
        SELECT count(*) INTO fitting
          FROM jsonb_array_elements(schema -> 'oneOf') o
         WHERE NOT EXISTS (SELECT FROM pg_temp.findings(root, o, val, place));
        IF fitting <> 1 THEN
            RETURN NEXT format('%s: %s of the alternatives fit %s', place, fitting, left(val::text, 60));
        END IF;
    END IF;
    IF kind = 'number' AND (val::numeric < (schema -> 'minimum')::numeric OR val::numeric > (schema -> 'maximum')::numeric)
       OR kind = 'string' AND val #>> '{}' !~ (schema ->> 'pattern')
       OR kind = 'array' AND (jsonb_array_length(val) < (schema -> 'minItems')::integer OR jsonb_array_length(val) > (schema -> 'maxItems')::integer) THEN
        RETURN NEXT format('%s: %s is out of bounds', place, left(val::text, 60));
    END IF;
    IF kind = 'object' THEN
        RETURN QUERY SELECT format('%s.%s is missing', place, k) FROM jsonb_array_elements_text(schema -> 'required') k WHERE NOT val ? k;
        FOR item IN SELECT v.key, v.value, schema -> 'properties' -> v.key AS schema FROM jsonb_each(val) v LOOP
            IF item.schema IS NOT NULL THEN
                RETURN QUERY SELECT pg_temp.findings(root, item.schema, item.value, place || '.' || item.key);
            ELSIF jsonb_typeof(schema -> 'additionalProperties') = 'object' THEN
                RETURN QUERY SELECT pg_temp.findings(root, schema -> 'additionalProperties', item.value, place || '.' || item.key);
            ELSIF schema -> 'additionalProperties' = 'false' THEN
                RETURN NEXT format('%s.%s is unknown', place, item.key);
            END IF;
        END LOOP;
    ELSIF kind = 'array' AND schema ? 'items' THEN
        RETURN QUERY SELECT pg_temp.findings(root, schema -> 'items', v, place || '[]') FROM jsonb_array_elements(val) v;
    END IF;
END
$$;
CREATE FUNCTION pg_temp.findings(schema jsonb, val jsonb) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT DISTINCT f FROM pg_temp.findings(schema, schema, val, '$') f ORDER BY 1 $$;
\set ECHO all
