-- followups.sql
--
-- When a follow-up is due, whom a sample takes, when a day comes round again,
-- and whether it helped.
-- Needs: calendar.

-- Not STRICT: no window is no restriction.
CREATE FUNCTION loyalcs.followup_due(
    anchor timestamptz,
    delay interval,
    zone text,
    send_window loyalcs.business_hours DEFAULT NULL
) RETURNS timestamptz
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'followup_due';
COMMENT ON FUNCTION loyalcs.followup_due(anchor timestamptz, delay interval, zone text, send_window loyalcs.business_hours) IS
    'when something is to be done `delay` after `anchor`: months and days are the calendar''s of time zone `zone` and keep the clock time (31 January + 1 month is the last of February; a clock time that is skipped becomes the change of the clock, one that comes twice the first), hours and minutes really pass; then the next moment that `send_window` is open, NULL for at once. A negative delay goes back. NULL if any other argument is; infinity gives infinity; an error outside of 1900 to 2099';

CREATE FUNCTION loyalcs.try_followup_due(
    anchor timestamptz,
    delay interval,
    zone text,
    send_window loyalcs.business_hours DEFAULT NULL
) RETURNS timestamptz
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'try_followup_due';
COMMENT ON FUNCTION loyalcs.try_followup_due(anchor timestamptz, delay interval, zone text, send_window loyalcs.business_hours) IS
    'as followup_due; NULL where that is an error, but for a time zone that does not exist: for views over rows that others wrote';

CREATE FUNCTION loyalcs.in_sample(key text, salt text, share double precision) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 500
    AS 'MODULE_PATHNAME', 'in_sample_text';
COMMENT ON FUNCTION loyalcs.in_sample(key text, salt text, share double precision) IS
    'whether a stable sample of `share` (0 to 1) takes `key`: the same answer on every machine, each time; who is in at 10% is in at 20%; different salts draw independently. Formula: the first 13 hexadecimal digits of the SHA-256 of salt || '':'' || key in UTF-8, as a number / 16^13, is less than share';
CREATE FUNCTION loyalcs.in_sample(key bigint, salt text, share double precision) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 500
    AS 'MODULE_PATHNAME', 'in_sample_bigint';
COMMENT ON FUNCTION loyalcs.in_sample(key bigint, salt text, share double precision) IS
    'the same of the number''s decimal digits: in_sample(42, …) is in_sample(''42'', …)';

CREATE FUNCTION loyalcs.next_anniversary(day date, after date) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 3
    AS 'MODULE_PATHNAME', 'next_anniversary';
COMMENT ON FUNCTION loyalcs.next_anniversary(day date, after date) IS
    'the first anniversary of `day` that is later than `after`, at least a year after the day itself. That of 29 February is 28 February where the year has no 29th: it stays in the month, as in `date + interval ''1 year''` and where the law adds a year to an age at the end of the day before, as in Japan. Infinity if `after` is, NULL if `day` is infinite';

CREATE FUNCTION loyalcs.uplift(
    reached_ordered bigint,
    reached bigint,
    held_out_ordered bigint,
    held_out bigint,
    confidence double precision DEFAULT 0.95,
    OUT uplift double precision,
    OUT low double precision,
    OUT high double precision
)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'followup_uplift';
COMMENT ON FUNCTION loyalcs.uplift(reached_ordered bigint, reached bigint, held_out_ordered bigint, held_out bigint, confidence double precision) IS
    'how much larger the share that ordered is among those who were to be reached than among those who were held out (-1 to 1), and its confidence interval: Newcombe''s hybrid score interval (Statistics in Medicine 17, 1998, p. 873, method 10); NULLs if either group is empty. Count both groups as they were drawn, from when they were, reached or not: whoever could not be reached is missing in one of them else';

