-- business_hours.sql
--
-- The type business_hours: opening hours, a time zone, holidays.
-- Needs: nothing before it (holidays.sql has the holidays that PH speaks of).

CREATE TYPE loyalcs.business_hours;

CREATE FUNCTION loyalcs.business_hours_in(cstring) RETURNS loyalcs.business_hours
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'business_hours_in';
COMMENT ON FUNCTION loyalcs.business_hours_in(cstring) IS
    'input of business_hours';
CREATE FUNCTION loyalcs.business_hours_out(loyalcs.business_hours) RETURNS cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 30
    AS 'MODULE_PATHNAME', 'business_hours_out';
COMMENT ON FUNCTION loyalcs.business_hours_out(loyalcs.business_hours) IS
    'output of business_hours';
CREATE FUNCTION loyalcs.business_hours_recv(internal) RETURNS loyalcs.business_hours
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'business_hours_recv';
COMMENT ON FUNCTION loyalcs.business_hours_recv(internal) IS
    'binary input of business_hours';
CREATE FUNCTION loyalcs.business_hours_send(loyalcs.business_hours) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 30
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
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'business_hours_make';
COMMENT ON FUNCTION loyalcs.business_hours(rules text, time_zone text, holidays text) IS
    'business hours: `rules` in OpenStreetMap''s opening_hours notation, such as Mo-Fr 10:00-18:00; Sa 10:00-15:00; PH off; Dec 29-Jan 03 off; 2026 Aug 13-16 off, of which the last about a day decides; `time_zone` a name such as Asia/Tokyo; `holidays` whose PH are: JP, dates such as 2026-08-13,2026-08-14, both or none; an error says where the rules are wrong and what was expected, and one for hours that never open';

CREATE FUNCTION loyalcs.try_business_hours(hours text) RETURNS loyalcs.business_hours
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'try_business_hours';
COMMENT ON FUNCTION loyalcs.try_business_hours(hours text) IS
    'the business hours that a text says; NULL, not an error, if it says none or names a time zone that the server does not know: for views over rows that others wrote';

-- Order and equality

--@ comparison business_hours: the same rules in the same order, written however, the same time zone and holidays
