\set ECHO none
-- test/errors.sql: for tests in sql/ that look at what errors say.

-- SQLSTATE and message, detail and hint of the error that a statement raises.
CREATE FUNCTION pg_temp.error_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    code text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error: ' || statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n', code || ' ' || message,
        '   detail: ' || nullif(detail, ''), '   hint: ' || nullif(hint, ''));
END
$$;
\set ECHO all
