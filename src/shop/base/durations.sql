-- shop/durations.sql
--
-- Lengths of time as numbers. Figures give an interval, which says all, and
-- beside it what a dashboard can plot: x_minutes of what is measured in hours,
-- x_days of what is measured in weeks.
-- Needs: nothing before it.

--@ functions
-- (date_part() is several times quicker than EXTRACT, and a microsecond of 285 years is in it.)
CREATE OR REPLACE FUNCTION time_between(since timestamptz, until timestamptz) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN make_interval(secs => date_part('epoch', until - since));
COMMENT ON FUNCTION time_between(timestamptz, timestamptz) IS
    'from an instant to another in hours, minutes and seconds, without days, so that such times compare and their median is one; an error if either is infinite';

CREATE OR REPLACE FUNCTION in_minutes(length interval) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN loyalcs.in_minutes(length);
COMMENT ON FUNCTION in_minutes(interval) IS
    'a length of time in minutes, parts of one included; a day is 24 hours, a month 30 days and 12 of them 365.25';

CREATE OR REPLACE FUNCTION in_days(length interval) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN loyalcs.in_days(length);
COMMENT ON FUNCTION in_days(interval) IS
    'a length of time in days of 24 hours, parts of one included; a month is 30 days and 12 of them 365.25';
