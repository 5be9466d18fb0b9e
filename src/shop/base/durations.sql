-- shop/durations.sql
--
-- Lengths of time as numbers. Figures give an interval, which says all, and
-- beside it what a dashboard can plot: x_minutes of what is measured in hours,
-- x_days of what is measured in weeks.
-- Needs: nothing before it.

--@ functions
CREATE OR REPLACE FUNCTION in_minutes(length interval) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (EXTRACT(epoch FROM length) / 60::numeric)::double precision;
COMMENT ON FUNCTION in_minutes(interval) IS
    'a length of time in minutes, parts of one included; a day is 24 hours, a month 30 days and 12 of them 365.25';

CREATE OR REPLACE FUNCTION in_days(length interval) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (EXTRACT(epoch FROM length) / 86400::numeric)::double precision;
COMMENT ON FUNCTION in_days(interval) IS
    'a length of time in days of 24 hours, parts of one included; a month is 30 days and 12 of them 365.25';
