-- shop/periods.sql
--
-- The local months that a figure has rows for, and whether a share differs from
-- another by more than chance.
-- Needs: settings.
--
-- A figure by month takes its months from months_between() and computes each of
-- them by itself, in a LATERAL subquery that reads its rows by in_local_dates():
-- then a condition on the month leaves one of them, which an index finds.

--@ functions
-- (Of a row that is dated far ahead, no figure has a thousand years of months.)
CREATE OR REPLACE FUNCTION months_between(first timestamptz, last timestamptz, as_of timestamptz)
RETURNS TABLE (month date, last_day date, complete boolean)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
    SELECT g.at::date, (g.at + interval '1 month' - interval '1 day')::date,
           month_is_over(g.at::date, months_between.as_of, s.time_zone)
      FROM settings s
     CROSS JOIN LATERAL (
               SELECT CASE WHEN isfinite(months_between.first)
                           THEN greatest(loyalcs.local_month(months_between.first, s.time_zone)::timestamp,
                                         l.last - interval '100 years', timestamp '0001-02-01') END AS first, l.last
                 FROM (SELECT loyalcs.local_month(least(CASE WHEN isfinite(months_between.last) THEN months_between.last END,
                                                        months_between.as_of, timestamptz '9999-12-30 00:00+00'), s.time_zone) AS last) l
           ) b
     CROSS JOIN LATERAL generate_series(b.first, CASE WHEN isfinite(b.last) THEN b.last::timestamp END, interval '1 month') g (at);
END;
COMMENT ON FUNCTION months_between(timestamptz, timestamptz, timestamptz) IS
    'the local months from that of an instant to that of another, or of as_of if that is earlier, each with its last day and whether it is over; none if an instant is NULL or infinite, no more than a hundred years, and within the years 1 to 9999';

CREATE OR REPLACE FUNCTION share_ratings(hits bigint, cases bigint) RETURNS loyalcs.ratings
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN cases > 0::bigint AND hits IS NOT NULL
            THEN (pg_catalog.format('{"0": %s, "1": %s}', cases - hits, hits))::loyalcs.ratings END;
COMMENT ON FUNCTION share_ratings(bigint, bigint) IS
    'cases as answers of 1 (a hit) and 0, whose mean is the share; NULL for no cases';

CREATE OR REPLACE FUNCTION share_change(hits_before bigint, cases_before bigint, hits bigint, cases bigint)
RETURNS TABLE (
    change double precision,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    too_few boolean,
    significant boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT c.change, c.low, c.high, c.p_value, f.too_few,
           CASE WHEN c.p_value IS NOT NULL THEN c.p_value < s.significance AND NOT f.too_few END
      FROM settings s
     CROSS JOIN LATERAL loyalcs.mean_change(share_ratings(share_change.hits_before, share_change.cases_before),
                                            share_ratings(share_change.hits, share_change.cases),
                                            0, 1, 1::double precision - s.significance) c
     CROSS JOIN LATERAL (
               SELECT least(coalesce(share_change.cases_before, 0::bigint), coalesce(share_change.cases, 0::bigint))
                      < s.minimum_answers::bigint
           ) f (too_few);
END;
COMMENT ON FUNCTION share_change(bigint, bigint, bigint, bigint) IS
    'did a share really change? The second less the first, its interval and p-value by loyalcs.mean_change() on a scale from 0 to 1 (with one hit and one miss added to each, after Agresti and Caffo 2000); never significant if either has fewer cases than settings.minimum_answers';
