-- Brings rows in as loyalcs-import does: the first line of the text is the header, and
-- fields stand between bars. Gives how many of what there are, and why not more.
CREATE FUNCTION pg_temp.bring(format text, content text, file_name text DEFAULT 'file.csv', earn_points boolean DEFAULT false,
                              system text DEFAULT NULL, time_zone text DEFAULT NULL)
RETURNS TABLE (what text, new bigint, changed bigint, unchanged bigint, left_out bigint, rejects text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    rows constant text[] := string_to_array(btrim(content, E'\n'), E'\n');
    import bigint := begin_import(bring.format, bring.file_name, string_to_array(rows[1], '|'), bring.system, bring.time_zone);
BEGIN
    INSERT INTO pg_temp.import_lines (line, fields)
    SELECT r.line, string_to_array(r.row, '|', '') FROM unnest(rows) WITH ORDINALITY r (row, line) WHERE r.line > 1;
    CREATE TEMP TABLE brought ON COMMIT DROP AS SELECT f.* FROM finish_import(import, bring.earn_points) f;
    RETURN QUERY
    SELECT f.what, f.new, f.changed, f.unchanged, f.left_out,
           CASE WHEN row_number() OVER () = 1
                THEN (SELECT string_agg(format('%s %s "%s": %s', x.line, coalesce(x.column_name, '-'), x.value, x.problem), E'\n' ORDER BY x.line, x.column_name)
                        FROM import_rejects x WHERE x.import_id = import) END
      FROM pg_temp.brought f;
    DROP TABLE pg_temp.brought;
END $$;
