-- calendar.sql
--
-- Business hours: the type, the time that counts while they are open, and why.
-- Needs: nothing before it (holidays.sql has the holidays that PH speaks of).

CREATE TYPE loyalcs.business_hours;

CREATE FUNCTION loyalcs.business_hours_in(cstring) RETURNS loyalcs.business_hours
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_in';
COMMENT ON FUNCTION loyalcs.business_hours_in(cstring) IS
    'input of business_hours';
CREATE FUNCTION loyalcs.business_hours_out(loyalcs.business_hours) RETURNS cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_out';
COMMENT ON FUNCTION loyalcs.business_hours_out(loyalcs.business_hours) IS
    'output of business_hours';
CREATE FUNCTION loyalcs.business_hours_recv(internal) RETURNS loyalcs.business_hours
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_recv';
COMMENT ON FUNCTION loyalcs.business_hours_recv(internal) IS
    'binary input of business_hours';
CREATE FUNCTION loyalcs.business_hours_send(loyalcs.business_hours) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_send';
COMMENT ON FUNCTION loyalcs.business_hours_send(loyalcs.business_hours) IS
    'binary output of business_hours';

CREATE TYPE loyalcs.business_hours (
    INPUT = loyalcs.business_hours_in,
    OUTPUT = loyalcs.business_hours_out,
    RECEIVE = loyalcs.business_hours_recv,
    SEND = loyalcs.business_hours_send,
    INTERNALLENGTH = variable,
    ALIGNMENT = int4,
    STORAGE = extended
);
COMMENT ON TYPE loyalcs.business_hours IS
    'when a shop or a desk is open: opening hours in OpenStreetMap''s notation, a time zone and holidays; text form is all three, Mo-Fr 10:00-18:00; PH off @ Asia/Tokyo JP, of which what follows the rules may be left out for that zone and those holidays; some 70 bytes';

CREATE FUNCTION loyalcs.business_hours(
    rules text,
    time_zone text DEFAULT 'Asia/Tokyo',
    holidays text DEFAULT 'JP'
) RETURNS loyalcs.business_hours
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_make';
COMMENT ON FUNCTION loyalcs.business_hours(rules text, time_zone text, holidays text) IS
    'business hours: `rules` in OpenStreetMap''s opening_hours notation, such as Mo-Fr 10:00-18:00; Sa 10:00-15:00; PH off; Dec 29-Jan 03 off; 2026 Aug 13-16 off, of which the last about a day decides; `time_zone` a name such as Asia/Tokyo; `holidays` whose PH are: JP, dates such as 2026-08-13,2026-08-14, both or none; an error says where the rules are wrong and what was expected, and one for hours that never open';

-- Order and equality

--@ comparison business_hours: the same rules in the same order, written however, the same time zone and holidays

-- Instants, from 1900 to 2099; any other, and infinity, is an error. An instant
-- is open if the local clock reads open; closing time is not.

CREATE FUNCTION loyalcs.is_open(hours loyalcs.business_hours, at timestamptz) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_is_open';
COMMENT ON FUNCTION loyalcs.is_open(hours loyalcs.business_hours, at timestamptz) IS
    'whether it is open at `at`; opening time is, closing time is not';
CREATE FUNCTION loyalcs.next_open(hours loyalcs.business_hours, at timestamptz) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_next_open';
COMMENT ON FUNCTION loyalcs.next_open(hours loyalcs.business_hours, at timestamptz) IS
    'first instant from `at` on that is open: `at` itself if it is; an error if there is none within ten years';
CREATE FUNCTION loyalcs.next_close(hours loyalcs.business_hours, at timestamptz) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_next_close';
COMMENT ON FUNCTION loyalcs.next_close(hours loyalcs.business_hours, at timestamptz) IS
    'first closing time after `at`: of now if it is open, else of the next opening; NULL if it never closes; an error if it does not open within ten years';

-- Time

CREATE FUNCTION loyalcs.business_time("from" timestamptz, "to" timestamptz, hours loyalcs.business_hours) RETURNS interval
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_time';
COMMENT ON FUNCTION loyalcs.business_time("from" timestamptz, "to" timestamptz, hours loyalcs.business_hours) IS
    'open time from `from` to `to`, in hours, minutes and seconds that really passed: an hour that daylight saving skips does not count, one that it repeats counts twice; negative if `to` is earlier';
CREATE FUNCTION loyalcs.add_business_time(at timestamptz, amount interval, hours loyalcs.business_hours) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'add_business_time';
COMMENT ON FUNCTION loyalcs.add_business_time(at timestamptz, amount interval, hours loyalcs.business_hours) IS
    'when `amount` of open time has passed since `at`: hours and minutes are open time, days are business days and keep the clock time where that is open; a deadline may be closing time; nothing is added to a closed instant as the next opening; negative goes back; an error for months, and if there is no open time within ten years';
CREATE FUNCTION loyalcs.open_periods(hours loyalcs.business_hours, "from" timestamptz, "to" timestamptz) RETURNS SETOF tstzrange
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10
    AS 'MODULE_PATHNAME', 'open_periods';
COMMENT ON FUNCTION loyalcs.open_periods(hours loyalcs.business_hours, "from" timestamptz, "to" timestamptz) IS
    'when it is open from `from` to `to`, in order, overlapping and touching times as one; none if the two are equal; an error if `to` is earlier';
CREATE FUNCTION loyalcs.open_multirange(hours loyalcs.business_hours, "from" timestamptz, "to" timestamptz) RETURNS tstzmultirange
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'open_multirange';
COMMENT ON FUNCTION loyalcs.open_multirange(hours loyalcs.business_hours, "from" timestamptz, "to" timestamptz) IS
    'the same as open_periods, as one value: for +, -, * and @> with other times';
CREATE FUNCTION loyalcs.explain_business_time(
    "from" timestamptz,
    "to" timestamptz,
    hours loyalcs.business_hours,
    OUT starts timestamptz,
    OUT ends timestamptz,
    OUT is_open boolean,
    OUT why text,
    OUT counted interval
) RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 20
    AS 'MODULE_PATHNAME', 'explain_business_time';
COMMENT ON FUNCTION loyalcs.explain_business_time("from" timestamptz, "to" timestamptz, hours loyalcs.business_hours) IS
    'how business_time counts: one row for each stretch from the earlier instant to the later, `why` it is open or closed (a weekly rule, a holiday with its name, an exception), and the time `counted` up to its end, negative if `to` is earlier';
