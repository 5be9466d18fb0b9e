-- shop/periods.sql
--
-- The local periods that a figure has rows for, and whether a share or a score differs
-- from another by more than chance.
-- Needs: settings.
--
-- A period is a day, week, month, quarter or year, or a block of N days: those of the
-- last N days, of the N before, and so on. A figure by period is written once, as
-- x_per(period, as_of); create_shop() makes x_at(as_of) of it, which is by month.
--
-- Such a figure takes its periods from periods_between() and computes each of them by
-- itself, in a LATERAL subquery that reads its rows by in_local_dates(): then a condition
-- on the period leaves one of them, which an index finds. Or it groups by period_of().
-- All that looks at the period's name is inlined, so where it is a constant, as in
-- x_at(), the planner has done with it before a row is read.

--@ functions
CREATE OR REPLACE FUNCTION block_days(period text) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF period ~ '^([2-9]|[1-9][0-9]{1,3}) days$' THEN
        RETURN split_part(period, ' ', 1)::integer;
    END IF;
    RAISE EXCEPTION 'unknown period %', coalesce(quote_literal(period), 'NULL')
        USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'period_is_known',
              HINT = 'The periods are day, week, month, quarter and year, and from 2 days to 9999 days, as in 30 days: the last 30, the 30 before, and so on.';
END
$$;
COMMENT ON FUNCTION block_days(text) IS
    'how many days a period has that is none of the calendar''s: 30 of ''30 days''; an error if it is no period at all';

CREATE OR REPLACE FUNCTION period_length(period text) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE period WHEN 'month' THEN interval '1 month'
                   WHEN 'day' THEN interval '1 day'
                   WHEN 'week' THEN interval '7 days'
                   WHEN 'quarter' THEN interval '3 months'
                   WHEN 'year' THEN interval '12 months'
                   ELSE make_interval(days => block_days(period)) END;
COMMENT ON FUNCTION period_length(text) IS
    'from the first day of a period to that of the next: of day, week, month, quarter, year, or a number of days such as ''30 days''; any other is an error';

-- (In double precision, whose quotient is exact where the remainder is nothing.)
CREATE OR REPLACE FUNCTION block_of(day date, days integer, last_day date) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN isfinite(day)
            THEN last_day + 1 - days * (floor((last_day - day)::double precision / days::double precision)::integer + 1)
            ELSE day END;
COMMENT ON FUNCTION block_of(date, integer, date) IS
    'the first day of the block that a day falls in: blocks of so many days each, one of which ends with last_day';

CREATE OR REPLACE FUNCTION period_of(at timestamptz, time_zone text, period text, as_of timestamptz) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE period WHEN 'month' THEN loyalcs.local_month(at, time_zone)
                   WHEN 'day' THEN loyalcs.local_date(at, time_zone)
                   WHEN 'week' THEN loyalcs.local_week(at, time_zone)
                   WHEN 'quarter' THEN loyalcs.local_quarter(at, time_zone)
                   WHEN 'year' THEN loyalcs.local_year(at, time_zone)
                   ELSE block_of(loyalcs.local_date(at, time_zone), block_days(period),
                                 loyalcs.local_date(greatest(least(as_of, timestamptz '9999-12-30 00:00+00'), timestamptz '0001-02-01 00:00+00'), time_zone)) END;
COMMENT ON FUNCTION period_of(timestamptz, text, text, timestamptz) IS
    'the first day of the local period that an instant falls in; a period of N days ends with the local day of as_of (of the year 9999 if that is later), or so many times N days before';

-- (What has been counted by day.)
CREATE OR REPLACE FUNCTION period_of_day(day date, time_zone text, period text, as_of timestamptz) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE period WHEN 'month' THEN date_trunc('month', day::timestamp)::date
                   WHEN 'day' THEN day
                   WHEN 'week' THEN date_trunc('week', day::timestamp)::date
                   WHEN 'quarter' THEN date_trunc('quarter', day::timestamp)::date
                   WHEN 'year' THEN date_trunc('year', day::timestamp)::date
                   ELSE block_of(day, block_days(period),
                                 loyalcs.local_date(greatest(least(as_of, timestamptz '9999-12-30 00:00+00'), timestamptz '0001-02-01 00:00+00'), time_zone)) END;
COMMENT ON FUNCTION period_of_day(date, text, text, timestamptz) IS
    'the first day of the local period that a local day falls in, as period_of() gives it of its instants';

CREATE OR REPLACE FUNCTION period_is_over(last_day date, as_of timestamptz, time_zone text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN last_day < date '294276-11-30' THEN ((last_day + 1)::timestamp AT TIME ZONE time_zone) <= as_of ELSE false END;
COMMENT ON FUNCTION period_is_over(date, timestamptz, text) IS
    'whether a local period is over with its last day: its figures are not those of a part of it';

-- (What is dated at the end of time is in a period that has no last day.)
CREATE OR REPLACE FUNCTION period_end(period_start date, period text) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN period_start < date '294000-01-01' THEN (period_start + period_length(period) - interval '1 day')::date ELSE date '294276-12-31' END;
COMMENT ON FUNCTION period_end(date, text) IS
    'the last day of the period that begins on a day';

-- (A week has no date in the year before, so it is 52 weeks, and 30 days are twelve times 30.)
CREATE OR REPLACE FUNCTION period_a_year_before(period_start date, period text) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN NOT isfinite(period_start) OR period_start < date '0002-01-01' THEN NULL
            WHEN period IN ('day', 'month', 'quarter', 'year') THEN (period_start - interval '1 year')::date
            ELSE period_start - EXTRACT(day FROM period_length(period))::integer
                                * greatest(round(365::numeric / EXTRACT(day FROM period_length(period))), 1::numeric)::integer END;
COMMENT ON FUNCTION period_a_year_before(date, text) IS
    'the first day of the same period a year before: of a day, month, quarter and year by the calendar, of weeks and numbers of days as many of them before as come nearest to 365 days (52 weeks, twelve times 30 days)';

-- (Of a row that is dated far ahead, no figure has a thousand years of periods.)
CREATE OR REPLACE FUNCTION periods_span(period text) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN period IN ('month', 'quarter', 'year') THEN interval '100 years'
            ELSE least(3999, 36525 / EXTRACT(day FROM period_length(period))::integer)::double precision * period_length(period) END;
COMMENT ON FUNCTION periods_span(text) IS
    'how far back a figure goes from the first day of its newest period: no more than a hundred years, and 4000 periods (of days, eleven years)';

CREATE OR REPLACE FUNCTION periods_between(period text, first timestamptz, last timestamptz, as_of timestamptz)
RETURNS TABLE (period_start date, last_day date, complete boolean)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
    SELECT g.at::date, (g.at + i.step - interval '1 day')::date,
           period_is_over((g.at + i.step - interval '1 day')::date, periods_between.as_of, i.time_zone)
      -- (all found once: else each mention would look for the first row and the last)
      FROM (SELECT s.time_zone, period_length(periods_between.period) AS step, periods_span(periods_between.period) AS span,
                   CASE WHEN isfinite(periods_between.first) THEN periods_between.first END AS first,
                   least(CASE WHEN isfinite(periods_between.last) THEN periods_between.last END,
                         periods_between.as_of, timestamptz '9999-12-30 00:00+00') AS last
              FROM settings s
            OFFSET 0) i
     CROSS JOIN LATERAL (
               SELECT period_of(i.first, i.time_zone, periods_between.period, periods_between.as_of)::timestamp AS first,
                      period_of(i.last, i.time_zone, periods_between.period, periods_between.as_of)::timestamp AS last
              OFFSET 0) b
     CROSS JOIN LATERAL generate_series(CASE WHEN b.first IS NOT NULL THEN greatest(b.first, b.last - i.span) END,
                                        CASE WHEN isfinite(b.last) THEN b.last END, i.step) g (at)
     WHERE g.at >= timestamp '0001-02-01';
END;
COMMENT ON FUNCTION periods_between(text, timestamptz, timestamptz, timestamptz) IS
    'the local periods from that of an instant to that of another, or of as_of if that is earlier, each with its last day and whether it is over; none if an instant is NULL or infinite, no more than a hundred years and 4000 of them, the newest, and within the years 1 to 9999';

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

CREATE OR REPLACE FUNCTION score_change(is_nps boolean, ratings_before loyalcs.ratings, ratings loyalcs.ratings, scale_low integer, scale_high integer)
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
     CROSS JOIN LATERAL (
               SELECT d.change, d.low, d.high, d.p_value
                 FROM loyalcs.nps_change(score_change.ratings_before, score_change.ratings, 1::double precision - s.significance) d
                WHERE score_change.is_nps
               UNION ALL
               SELECT d.change, d.low, d.high, d.p_value
                 FROM loyalcs.mean_change(score_change.ratings_before, score_change.ratings, score_change.scale_low,
                                          score_change.scale_high, 1::double precision - s.significance) d
                WHERE NOT score_change.is_nps
           ) c
     CROSS JOIN LATERAL (
               SELECT least(coalesce(loyalcs.responses(score_change.ratings), 0::bigint), loyalcs.responses(score_change.ratings_before))
                      < s.minimum_answers::bigint
           ) f (too_few);
END;
COMMENT ON FUNCTION score_change(boolean, loyalcs.ratings, loyalcs.ratings, integer, integer) IS
    'did a score really change? Of NPS by loyalcs.nps_change(), of others by loyalcs.mean_change() on their scale; never significant if either has fewer answers than settings.minimum_answers';
