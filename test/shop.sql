\set ECHO none
-- test/shop.sql: what the tests of shops in sql/ begin with.

-- The session is nobody's: no figure may depend on it.
SET client_min_messages = warning;
SET timezone = 'Pacific/Kiritimati';
SET datestyle = 'ISO, DMY';
SET intervalstyle = 'postgres';
-- What the planner thinks of a table that nobody has analyzed would have every
-- query compiled, which takes a hundred times as long as to run it.
SET jit = off;
\set SHOW_CONTEXT never

-- What becomes of a statement, which is undone in any case: 'accepted', or the
-- SQLSTATE and the constraint or the column, or else, and of all that the shop itself
-- refuses, what the error says.
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    code text; rule text; col text; message text; detail text; hint text; context text;
BEGIN
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'LC000';
EXCEPTION
    WHEN SQLSTATE 'LC000' THEN
        RETURN 'accepted';
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
            rule = CONSTRAINT_NAME, col = COLUMN_NAME,
            detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
        RETURN code || ' ' || CASE
            WHEN rule <> '' AND context !~ '^PL/pgSQL function [^\n]* at RAISE' THEN rule
            WHEN col <> '' THEN col || ' is NULL'
            ELSE concat_ws(E'\n  ', message, nullif(detail, ''), nullif(hint, ''))
        END;
END
$$;

-- Whether a query gives the same rows to a session far away that writes dates
-- and intervals in another way.
CREATE FUNCTION pg_temp.same_elsewhere(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    here bigint;
    differing bigint;
BEGIN
    EXECUTE 'CREATE TEMP TABLE here AS ' || query;
    SET LOCAL timezone = 'America/St_Johns';
    SET LOCAL datestyle = 'German, MDY';
    SET LOCAL intervalstyle = 'sql_standard';
    EXECUTE 'CREATE TEMP TABLE there AS ' || query;
    SELECT count(*) INTO here FROM pg_temp.here;
    SELECT count(*) INTO differing
      FROM ((TABLE pg_temp.here EXCEPT ALL TABLE pg_temp.there)
            UNION ALL
            (TABLE pg_temp.there EXCEPT ALL TABLE pg_temp.here)) d;
    DROP TABLE pg_temp.here, pg_temp.there;
    RETURN here > 0 AND differing = 0;
END
$$;
\set ECHO all
