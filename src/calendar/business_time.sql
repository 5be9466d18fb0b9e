-- business_time.sql
--
-- Questions to business hours: is it open, how much open time passes, and why.
-- Needs: holidays (rows_support), business_hours.

-- Instants, from 1900 to 2099; any other, and infinity, is an error. An instant
-- is open if the local clock reads open; closing time is not.

CREATE FUNCTION loyalcs.is_open(hours loyalcs.business_hours, at timestamptz) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    AS 'MODULE_PATHNAME', 'business_hours_is_open';
COMMENT ON FUNCTION loyalcs.is_open(hours loyalcs.business_hours, at timestamptz) IS
    'whether it is open at `at`; opening time is, closing time is not';
CREATE FUNCTION loyalcs.next_open(hours loyalcs.business_hours, at timestamptz) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 3
    AS 'MODULE_PATHNAME', 'business_hours_next_open';
COMMENT ON FUNCTION loyalcs.next_open(hours loyalcs.business_hours, at timestamptz) IS
    'first instant from `at` on that is open: `at` itself if it is; an error if there is none within ten years';
CREATE FUNCTION loyalcs.try_next_open(hours loyalcs.business_hours, at timestamptz) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 3
    AS 'MODULE_PATHNAME', 'business_hours_try_next_open';
COMMENT ON FUNCTION loyalcs.try_next_open(hours loyalcs.business_hours, at timestamptz) IS
    'as next_open; NULL where that is an error: for views over rows that others wrote';
CREATE FUNCTION loyalcs.next_close(hours loyalcs.business_hours, at timestamptz) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 3
    AS 'MODULE_PATHNAME', 'business_hours_next_close';
COMMENT ON FUNCTION loyalcs.next_close(hours loyalcs.business_hours, at timestamptz) IS
    'first closing time after `at`: of now if it is open, else of the next opening; NULL if it never closes; an error if it does not open within ten years';

-- Time

CREATE FUNCTION loyalcs.business_time(since timestamptz, until timestamptz, hours loyalcs.business_hours) RETURNS interval
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'business_time';
COMMENT ON FUNCTION loyalcs.business_time(since timestamptz, until timestamptz, hours loyalcs.business_hours) IS
    'open time from `since` to `until`, in hours, minutes and seconds that really passed: an hour that daylight saving skips does not count, one that it repeats counts twice; negative if `until` is earlier';
CREATE FUNCTION loyalcs.add_business_time(at timestamptz, amount interval, hours loyalcs.business_hours) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'add_business_time';
COMMENT ON FUNCTION loyalcs.add_business_time(at timestamptz, amount interval, hours loyalcs.business_hours) IS
    'when `amount` of open time has passed since `at`: hours and minutes are open time, days are business days and keep the clock time where that is open; a deadline may be closing time; nothing is added to a closed instant as the next opening; negative goes back; an error for months, and if there is no open time within ten years';
CREATE FUNCTION loyalcs.open_periods(hours loyalcs.business_hours, since timestamptz, until timestamptz) RETURNS SETOF tstzrange
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10
    SUPPORT loyalcs.rows_support
    AS 'MODULE_PATHNAME', 'open_periods';
COMMENT ON FUNCTION loyalcs.open_periods(hours loyalcs.business_hours, since timestamptz, until timestamptz) IS
    'when it is open from `since` to `until`, in order, overlapping and touching times as one; none if the two are equal; an error if `until` is earlier';
CREATE FUNCTION loyalcs.open_multirange(hours loyalcs.business_hours, since timestamptz, until timestamptz) RETURNS tstzmultirange
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 30
    AS 'MODULE_PATHNAME', 'open_multirange';
COMMENT ON FUNCTION loyalcs.open_multirange(hours loyalcs.business_hours, since timestamptz, until timestamptz) IS
    'the same as open_periods, as one value: for +, -, * and @> with other times';
CREATE FUNCTION loyalcs.explain_business_time(
    since timestamptz,
    until timestamptz,
    hours loyalcs.business_hours,
    OUT starts timestamptz,
    OUT ends timestamptz,
    OUT is_open boolean,
    OUT why text,
    OUT counted interval
) RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 20
    SUPPORT loyalcs.rows_support
    AS 'MODULE_PATHNAME', 'explain_business_time';
COMMENT ON FUNCTION loyalcs.explain_business_time(since timestamptz, until timestamptz, hours loyalcs.business_hours) IS
    'how business_time counts: one row for each stretch from the earlier instant to the later, `why` it is open or closed (a weekly rule, that of a season, a holiday with its name, an exception), and the time `counted` up to its end, negative if `until` is earlier';
