-- period.sql
--
-- The local day, week, month, quarter and year of an instant.
-- Needs: nothing before it.

CREATE FUNCTION loyalcs.local_date(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'local_date';
COMMENT ON FUNCTION loyalcs.local_date(at timestamptz, zone text) IS
    'the day that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''day'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';
CREATE FUNCTION loyalcs.local_week(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'local_week';
COMMENT ON FUNCTION loyalcs.local_week(at timestamptz, zone text) IS
    'the first day of the ISO week (a Monday) that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''week'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';
CREATE FUNCTION loyalcs.local_month(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'local_month';
COMMENT ON FUNCTION loyalcs.local_month(at timestamptz, zone text) IS
    'the first day of the month that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''month'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';
CREATE FUNCTION loyalcs.local_quarter(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'local_quarter';
COMMENT ON FUNCTION loyalcs.local_quarter(at timestamptz, zone text) IS
    'the first day of the quarter that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''quarter'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';
CREATE FUNCTION loyalcs.local_year(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'local_year';
COMMENT ON FUNCTION loyalcs.local_year(at timestamptz, zone text) IS
    'the first day of the year that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''year'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';
