-- durations.sql
--
-- Lengths of time as numbers.
-- Needs: loyalcs.

CREATE FUNCTION loyalcs.in_days(length interval) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
    AS 'MODULE_PATHNAME', 'length_in_days';
COMMENT ON FUNCTION loyalcs.in_days(interval) IS
    'a length of time in days of 24 hours, parts of one included; a month is 30 days and 12 of them 365.25: (EXTRACT(epoch FROM length) / 86400)::double precision';

CREATE FUNCTION loyalcs.in_minutes(length interval) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
    AS 'MODULE_PATHNAME', 'length_in_minutes';
COMMENT ON FUNCTION loyalcs.in_minutes(interval) IS
    'a length of time in minutes, parts of one included; a day is 24 hours, a month 30 days and 12 of them 365.25: (EXTRACT(epoch FROM length) / 60)::double precision';
