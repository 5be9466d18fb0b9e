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
