-- survival.sql
--
-- How many come back, and when, while some are still being waited for.
-- Needs: nothing before it.

-- The cost is that of a thousand waits, each a quarter of a microsecond.
CREATE FUNCTION loyalcs.survival(
    began timestamptz[],
    ended timestamptz[],
    as_of timestamptz,
    OUT share double precision,
    OUT median interval,
    OUT median_of_ended interval,
    OUT within interval
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 40000
    AS 'MODULE_PATHNAME', 'survival';
COMMENT ON FUNCTION loyalcs.survival(began timestamptz[], ended timestamptz[], as_of timestamptz) IS
    'what becomes of waits of which some still go on at as_of (Kaplan and Meier 1958). The two arrays are element by element; an end that is NULL or later than as_of has not come yet, and a beginning that is NULL or later is skipped. share: how many have ended after the time `within`, which is the longest for which at least a tenth of them have been watched; median: the wait after which half of all have ended, NULL if fewer end; median_of_ended: the wait after which half of those who end within that time have; NULLs for no waits; infinite instants, and an end before its beginning, are errors';

-- As many waits as above.
CREATE FUNCTION loyalcs.survival_curve(
    began timestamptz[],
    ended timestamptz[],
    as_of timestamptz,
    times interval[],
    confidence double precision DEFAULT 0.95,
    OUT after interval,
    OUT at_risk bigint,
    OUT came bigint,
    OUT share double precision,
    OUT low double precision,
    OUT high double precision
) RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 40000 ROWS 10
    AS 'MODULE_PATHNAME', 'survival_curve';
COMMENT ON FUNCTION loyalcs.survival_curve(timestamptz[], timestamptz[], timestamptz, interval[], double precision) IS
    'the curve that survival() reads, at times after the beginning, in their order: how many had not ended before (at_risk: those still watched then), how many had by then (came), the share of all that had (Kaplan and Meier 1958), and its confidence interval: Greenwood''s variance (1926) on the scale of log(-log), which stays within 0 and 1 (Kalbfleisch and Prentice 1980); where none or all have ended, Wilson''s, of the cases that the variance is worth (Rothman 1978). No row for a time for which less than a tenth of the waits have been watched, or after which nobody is watched who had not ended; times are days and hours, and what is no wait is as in survival()';
