-- shop/report_figures.sql
--
-- What the sections of a report are made of: the month and those beside it, and
-- figures with what they were before.
-- Needs: settings, periods.
--
-- A figure is one jsonb object of fixed keys, whatever it is of: who draws or reads
-- one, draws and reads them all. What nobody knows is null, never 0 and never left out.

--@ functions
-- Any day of it names a month.
CREATE OR REPLACE FUNCTION report_month(day date, as_of timestamptz) RETURNS date
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    zone constant text := (SELECT s.time_zone FROM settings s);
    month date;
BEGIN
    IF day < date '0002-01-01' OR day > date '9999-12-31' THEN
        RAISE EXCEPTION 'there is no report of %', day
            USING ERRCODE = 'datetime_field_overflow', CONSTRAINT = 'month_exists',
                  HINT = 'Name a month by one of its days, in the years 2 to 9999.';
    END IF;
    month := date_trunc('month', day::timestamp)::date;
    IF month::timestamp AT TIME ZONE zone > as_of THEN
        RAISE EXCEPTION 'month % has not begun', to_char(month, 'YYYY-MM')
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'month_has_begun',
                  DETAIL = pg_catalog.format('It begins at %s in %s, and the report is as of %s.', to_char(month, 'YYYY-MM-DD'), zone,
                                  CASE WHEN isfinite(as_of) THEN to_char(as_of AT TIME ZONE zone, 'YYYY-MM-DD HH24:MI') ELSE as_of::text END),
                  HINT = 'A month can be reported from its first day on, and is complete once it is over.';
    END IF;
    RETURN month;
END
$$;
COMMENT ON FUNCTION report_month(date, timestamptz) IS
    'the first day of the month of a day, if that month has begun in the shop''s time zone by as_of; else an error';

CREATE OR REPLACE FUNCTION report_span(day date, as_of timestamptz)
RETURNS TABLE (
    month date,
    last_day date,
    month_before date,
    year_before date,
    starts timestamptz,
    ends timestamptz,
    complete boolean,
    state_as_of timestamptz,
    time_zone text,
    confidence double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT m.month, (m.month + interval '1 month' - interval '1 day')::date,
           (m.month - interval '1 month')::date, (m.month - interval '1 year')::date,
           m.month::timestamp AT TIME ZONE s.time_zone, e.ends, e.ends <= report_span.as_of,
           least(report_span.as_of, e.ends - interval '1 microsecond'),
           s.time_zone, 1::double precision - s.significance
      FROM settings s
     CROSS JOIN LATERAL (SELECT report_month(report_span.day, report_span.as_of) AS month OFFSET 0) m
     CROSS JOIN LATERAL (SELECT (m.month + interval '1 month') AT TIME ZONE s.time_zone AS ends) e
     WHERE m.month IS NOT NULL;
END;
COMMENT ON FUNCTION report_span(date, timestamptz) IS
    'the month of a report with those that it is compared with: the month before and the same month a year before; state_as_of is as_of, or the last instant of the month if that was before: what is a state (segments, tiers, what lies about) is as of then';

-- (Values are jsonb, because money is exact and a mean is not.)
CREATE OR REPLACE FUNCTION report_figure(
    figure text,
    unit text,
    better text,
    value jsonb,
    low double precision,
    high double precision,
    cases bigint,
    previous jsonb,
    previous_month date,
    last_year jsonb,
    change jsonb,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    significant boolean,
    previous_months integer
) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.jsonb_build_object(
    'figure', figure, 'unit', unit, 'better', better, 'value', value, 'low', low, 'high', high, 'cases', cases,
    'previous', previous, 'previous_month', CASE WHEN previous IS NOT NULL THEN previous_month END,
    'previous_months', previous_months, 'last_year', last_year,
    'change', change, 'change_low', change_low, 'change_high', change_high,
    'p_value', p_value, 'significant', significant);
COMMENT ON FUNCTION report_figure(text, text, text, jsonb, double precision, double precision, bigint, jsonb, date, jsonb, jsonb, double precision, double precision, double precision, boolean, integer) IS
    'a figure of a report: its value with interval and cases, what it was before and a year before, and its change';

CREATE OR REPLACE FUNCTION report_number(figure text, unit text, better text, value numeric, previous numeric, previous_month date, last_year numeric, cases bigint)
RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN report_figure(figure, unit, better, pg_catalog.to_jsonb(trim_scale(value)), NULL::double precision, NULL::double precision, cases,
                     pg_catalog.to_jsonb(trim_scale(previous)), previous_month, pg_catalog.to_jsonb(trim_scale(last_year)),
                     pg_catalog.to_jsonb(trim_scale(value - previous)),
                     NULL::double precision, NULL::double precision, NULL::double precision, NULL::boolean, 1);
COMMENT ON FUNCTION report_number(text, text, text, numeric, numeric, date, numeric, bigint) IS
    'a figure of a report that says nothing about chance: a count, or a sum';

CREATE OR REPLACE FUNCTION report_measure(figure text, unit text, better text, value double precision, previous double precision, previous_month date, last_year double precision, cases bigint)
RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN report_figure(figure, unit, better, pg_catalog.to_jsonb(value), NULL::double precision, NULL::double precision, cases,
                     pg_catalog.to_jsonb(previous), previous_month, pg_catalog.to_jsonb(last_year), pg_catalog.to_jsonb(value - previous),
                     NULL::double precision, NULL::double precision, NULL::double precision, NULL::boolean, 1);
COMMENT ON FUNCTION report_measure(text, text, text, double precision, double precision, date, double precision, bigint) IS
    'a figure of a report that says nothing about chance and is no whole number: a median';

CREATE OR REPLACE FUNCTION report_share(
    figure text,
    better text,
    hits bigint,
    cases bigint,
    hits_before bigint,
    cases_before bigint,
    month_before date,
    hits_last_year bigint,
    cases_last_year bigint,
    previous_months integer
) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT report_figure(report_share.figure, 'share', report_share.better,
                         pg_catalog.to_jsonb(v.value), w.low, w.high, coalesce(report_share.cases, 0::bigint),
                         pg_catalog.to_jsonb(v.previous), report_share.month_before, pg_catalog.to_jsonb(v.last_year),
                         pg_catalog.to_jsonb(v.value - v.previous), c.change_low, c.change_high, c.p_value, c.significant, report_share.previous_months)
      FROM settings s
     CROSS JOIN LATERAL (
               SELECT report_share.hits::double precision / nullif(report_share.cases, 0::bigint)::double precision AS value,
                      report_share.hits_before::double precision / nullif(report_share.cases_before, 0::bigint)::double precision AS previous,
                      report_share.hits_last_year::double precision / nullif(report_share.cases_last_year, 0::bigint)::double precision AS last_year) v
     CROSS JOIN LATERAL loyalcs.share_interval(report_share.hits, report_share.cases, 1::double precision - s.significance) w
     CROSS JOIN LATERAL share_change(report_share.hits_before, report_share.cases_before, report_share.hits, report_share.cases) c;
END;
COMMENT ON FUNCTION report_share(text, text, bigint, bigint, bigint, bigint, date, bigint, bigint, integer) IS
    'a figure of a report that is a share: with Wilson''s interval, and its change by share_change()';

CREATE OR REPLACE FUNCTION report_score_interval(unit text, ratings loyalcs.ratings, scale_low integer, scale_high integer)
RETURNS TABLE (low double precision, high double precision)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT CASE report_score_interval.unit WHEN 'points' THEN n.low ELSE m.low END,
           CASE report_score_interval.unit WHEN 'points' THEN n.high ELSE m.high END
      FROM settings s
     CROSS JOIN LATERAL loyalcs.nps_interval(CASE report_score_interval.unit WHEN 'points' THEN report_score_interval.ratings END,
                                             1::double precision - s.significance) n
     CROSS JOIN LATERAL loyalcs.mean_interval(CASE report_score_interval.unit WHEN 'points' THEN NULL ELSE report_score_interval.ratings END,
                                              report_score_interval.scale_low, report_score_interval.scale_high,
                                              1::double precision - s.significance) m;
END;
COMMENT ON FUNCTION report_score_interval(text, loyalcs.ratings, integer, integer) IS
    'the interval of a report''s score: of the NPS where the unit is points, else of the mean';

CREATE OR REPLACE FUNCTION report_score(
    figure text,
    unit text,
    better text,
    ratings loyalcs.ratings,
    before loyalcs.ratings,
    month_before date,
    last_year loyalcs.ratings,
    scale_low integer,
    scale_high integer
) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT report_figure(report_score.figure, report_score.unit, report_score.better, pg_catalog.to_jsonb(v.value), i.low, i.high,
                         coalesce(loyalcs.responses(report_score.ratings), 0::bigint), pg_catalog.to_jsonb(v.previous), report_score.month_before, pg_catalog.to_jsonb(v.last_year),
                         pg_catalog.to_jsonb(v.value - v.previous), c.change_low, c.change_high, c.p_value, c.significant,
                         1)
      FROM (SELECT CASE report_score.unit WHEN 'points' THEN loyalcs.nps(report_score.ratings) ELSE loyalcs.mean(report_score.ratings) END AS value,
                   CASE report_score.unit WHEN 'points' THEN loyalcs.nps(report_score.before) ELSE loyalcs.mean(report_score.before) END AS previous,
                   CASE report_score.unit WHEN 'points' THEN loyalcs.nps(report_score.last_year) ELSE loyalcs.mean(report_score.last_year) END AS last_year) v
     CROSS JOIN LATERAL report_score_interval(report_score.unit, report_score.ratings, report_score.scale_low, report_score.scale_high) i
     CROSS JOIN LATERAL score_change(report_score.unit = 'points', report_score.before, report_score.ratings, report_score.scale_low, report_score.scale_high) c;
END;
COMMENT ON FUNCTION report_score(text, text, text, loyalcs.ratings, loyalcs.ratings, date, loyalcs.ratings, integer, integer) IS
    'a figure of a report that is made of answers: the NPS where the unit is points, else their mean, with its interval and its change';

CREATE OR REPLACE FUNCTION report_point(month date, value double precision, low double precision, high double precision, cases bigint) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.jsonb_build_object('month', month, 'value', value, 'low', low, 'high', high, 'cases', cases);
COMMENT ON FUNCTION report_point(date, double precision, double precision, double precision, bigint) IS
    'a month of a trend';

CREATE OR REPLACE FUNCTION low_stars(ratings loyalcs.ratings) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (loyalcs.histogram(ratings))[2] + (loyalcs.histogram(ratings))[3];
COMMENT ON FUNCTION low_stars(loyalcs.ratings) IS
    'how many of some stars are one or two; NULL for none at all';

-- Signs are counted as 0, 1 and 2; their mean less 1 is the balance.
CREATE OR REPLACE FUNCTION report_balance(signs loyalcs.ratings, before loyalcs.ratings, month_before date, last_year loyalcs.ratings) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT report_figure('sentiment_balance', 'number', 'higher', pg_catalog.to_jsonb(loyalcs.mean(report_balance.signs) - 1::double precision),
                         i.low - 1::double precision, i.high - 1::double precision, coalesce(loyalcs.responses(report_balance.signs), 0::bigint),
                         pg_catalog.to_jsonb(loyalcs.mean(report_balance.before) - 1::double precision), report_balance.month_before,
                         pg_catalog.to_jsonb(loyalcs.mean(report_balance.last_year) - 1::double precision),
                         pg_catalog.to_jsonb(c.change), c.low, c.high, c.p_value,
                         CASE WHEN c.p_value IS NOT NULL
                              THEN c.p_value < s.significance
                                   AND least(loyalcs.responses(report_balance.signs), loyalcs.responses(report_balance.before)) >= s.minimum_answers::bigint END,
                         1)
      FROM settings s
     CROSS JOIN LATERAL loyalcs.mean_interval(report_balance.signs, 0, 2, 1::double precision - s.significance) i
     CROSS JOIN LATERAL loyalcs.mean_change(report_balance.before, report_balance.signs, 0, 2, 1::double precision - s.significance) c;
END;
COMMENT ON FUNCTION report_balance(loyalcs.ratings, loyalcs.ratings, date, loyalcs.ratings) IS
    'the balance of pleased and displeased texts as a figure of a report, -1 to 1';

-- Many things are looked at, and one in twenty that has not changed looks as if it had:
-- so p-values are those of all together, by Holm's method (Scandinavian Journal of
-- Statistics 6, 1979), which holds whatever depends on what.
CREATE OR REPLACE FUNCTION holm_adjusted(p_values double precision[]) RETURNS double precision[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.array_agg(CASE WHEN a.p IS NOT NULL THEN least(a.p_adjusted, 1::double precision) END ORDER BY a.i)
      FROM (SELECT s.i, s.p, max(s.p * (s.of_all - s.place + 1::bigint)::double precision) OVER (ORDER BY s.place) AS p_adjusted
              FROM (SELECT u.i, u.p, pg_catalog.count(u.p) OVER () AS of_all, row_number() OVER (ORDER BY u.p, u.i) AS place
                      FROM pg_catalog.unnest(holm_adjusted.p_values) WITH ORDINALITY u (p, i)) s) a;
END;
COMMENT ON FUNCTION holm_adjusted(double precision[]) IS
    'p-values as they are when all of them are looked at together (Holm 1979): the smallest times their number, the next times one less, and so on, none less than one before it, 1 at most; NULL stays NULL and is not counted';

CREATE OR REPLACE FUNCTION report_instant(at timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN isfinite(at) THEN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE at::text END;
COMMENT ON FUNCTION report_instant(timestamptz) IS
    'an instant as reports write it, in UTC: 2026-10-31T15:00:00.000000Z, or infinity';
