\set ECHO none
-- test/timing.sql: for tests in sql/ that say how the time of something grows.

-- Does a statement take less than so many times what another takes? The quickest of each is
-- compared, and they take turns until it holds, so that what else the machine has to do
-- at the moment decides nothing: what grows as it must not never gets there.
CREATE FUNCTION pg_temp.within(times float8, slow text, quick text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    fastest interval[];
    since timestamptz;
    statements text[] := ARRAY[slow, quick];
BEGIN
    FOR turn IN 1 .. 10 LOOP
        FOR i IN 1 .. 2 LOOP
            since := clock_timestamp();
            EXECUTE statements[i];
            fastest[i] := least(fastest[i], clock_timestamp() - since);
        END LOOP;
        IF fastest[1] < times * fastest[2] THEN
            RETURN true;
        END IF;
    END LOOP;
    RAISE NOTICE '% against %', fastest[1], fastest[2];
    RETURN false;
END
$$;
\set ECHO all
