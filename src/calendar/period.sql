-- period.sql
--
-- The local day, week, month, quarter and year of an instant.
-- Needs: nothing before it.

CREATE FUNCTION loyalcs.local_date(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    AS 'MODULE_PATHNAME', 'local_date';
COMMENT ON FUNCTION loyalcs.local_date(at timestamptz, zone text) IS
    'the day that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''day'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';
CREATE FUNCTION loyalcs.local_week(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    AS 'MODULE_PATHNAME', 'local_week';
COMMENT ON FUNCTION loyalcs.local_week(at timestamptz, zone text) IS
    'the first day of the ISO week (a Monday) that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''week'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';
CREATE FUNCTION loyalcs.local_month(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    AS 'MODULE_PATHNAME', 'local_month';
COMMENT ON FUNCTION loyalcs.local_month(at timestamptz, zone text) IS
    'the first day of the month that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''month'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';
CREATE FUNCTION loyalcs.local_quarter(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    AS 'MODULE_PATHNAME', 'local_quarter';
COMMENT ON FUNCTION loyalcs.local_quarter(at timestamptz, zone text) IS
    'the first day of the quarter that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''quarter'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';
CREATE FUNCTION loyalcs.local_year(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    AS 'MODULE_PATHNAME', 'local_year';
COMMENT ON FUNCTION loyalcs.local_year(at timestamptz, zone text) IS
    'the first day of the year that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''year'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';

-- What the planner can make a range of instants, which an index finds.

CREATE FUNCTION loyalcs.period_support(internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'period_support';
COMMENT ON FUNCTION loyalcs.period_support(internal) IS
    'for the planner: makes a range of instants of in_local_date and its kind';
CREATE FUNCTION loyalcs.local_bound(unit text, start date, zone text, is_last boolean) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'local_bound';
COMMENT ON FUNCTION loyalcs.local_bound(unit text, start date, zone text, is_last boolean) IS
    'the first instant, or the last, at which the local day, week, month, quarter or year (`unit`) that starts on `start` is read on the calendar of time zone `zone`; up to two days further out before 1900 and after 2099; where no such period starts, the first is infinity and the last -infinity. For the planner';
CREATE FUNCTION loyalcs.in_local_date(at timestamptz, zone text, day date) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    SUPPORT loyalcs.period_support
    AS 'MODULE_PATHNAME', 'in_local_date';
COMMENT ON FUNCTION loyalcs.in_local_date(at timestamptz, zone text, day date) IS
    'the same as local_date(at, zone) = day, but an index on `at` finds the rows';
CREATE FUNCTION loyalcs.in_local_week(at timestamptz, zone text, week date) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    SUPPORT loyalcs.period_support
    AS 'MODULE_PATHNAME', 'in_local_week';
COMMENT ON FUNCTION loyalcs.in_local_week(at timestamptz, zone text, week date) IS
    'the same as local_week(at, zone) = week, but an index on `at` finds the rows';
CREATE FUNCTION loyalcs.in_local_month(at timestamptz, zone text, month date) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    SUPPORT loyalcs.period_support
    AS 'MODULE_PATHNAME', 'in_local_month';
COMMENT ON FUNCTION loyalcs.in_local_month(at timestamptz, zone text, month date) IS
    'the same as local_month(at, zone) = month, but an index on `at` finds the rows';
CREATE FUNCTION loyalcs.in_local_quarter(at timestamptz, zone text, quarter date) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    SUPPORT loyalcs.period_support
    AS 'MODULE_PATHNAME', 'in_local_quarter';
COMMENT ON FUNCTION loyalcs.in_local_quarter(at timestamptz, zone text, quarter date) IS
    'the same as local_quarter(at, zone) = quarter, but an index on `at` finds the rows';
CREATE FUNCTION loyalcs.in_local_year(at timestamptz, zone text, year date) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    SUPPORT loyalcs.period_support
    AS 'MODULE_PATHNAME', 'in_local_year';
COMMENT ON FUNCTION loyalcs.in_local_year(at timestamptz, zone text, year date) IS
    'the same as local_year(at, zone) = year, but an index on `at` finds the rows';
CREATE FUNCTION loyalcs.in_local_dates(at timestamptz, zone text, first date, last date) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    SUPPORT loyalcs.period_support
    AS 'MODULE_PATHNAME', 'in_local_dates';
COMMENT ON FUNCTION loyalcs.in_local_dates(at timestamptz, zone text, first date, last date) IS
    'the same as local_date(at, zone) BETWEEN first AND last, but an index on `at` finds the rows';
