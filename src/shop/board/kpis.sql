-- shop/kpis.sql
--
-- The board: a handful of numbers, what each is meant to be, and whether it is.
-- Needs: settings, periods, surveys, kept_answers, delivery_performance (periods_of_answers), ticket_facts.
--
-- A KPI is one column of a figure of the shop, one number a month. Which column, of
-- which rows, stands in kpis; so any figure can become one, one of the brand's own
-- too, and the board reads it as whoever looks at the board: what a reader may not
-- see of a figure is not on their board. A figure that fails, or gives several numbers
-- for a month, has a problem that says so; the others show.

--@ functions
-- Answers to all questions of a kind are one figure only if they are on one scale.
CREATE OR REPLACE FUNCTION satisfaction_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    kind text,
    scale text,
    higher_is_better boolean,
    responses bigint,
    score double precision,
    score_low double precision,
    score_high double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, a.kind, pg_catalog.format('%s to %s', a.scale_low, a.scale_high), a.higher_is_better,
           loyalcs.responses(a.ratings),
           CASE a.kind WHEN 'nps' THEN loyalcs.nps(a.ratings) ELSE loyalcs.mean(a.ratings) END,
           CASE a.kind WHEN 'nps' THEN n.low ELSE i.low END,
           CASE a.kind WHEN 'nps' THEN n.high ELSE i.high END
      FROM settings s
     CROSS JOIN LATERAL periods_of_answers(satisfaction_per.period, satisfaction_per.as_of) m
     CROSS JOIN LATERAL (
               SELECT q.kind, q.scale_low, q.scale_high, q.higher_is_better, loyalcs.sum(d.ratings) AS ratings
                 FROM daily_answers_on(datemultirange(daterange(m.period_start, m.last_day, '[]')), satisfaction_per.as_of) d
                 JOIN survey_questions q ON q.survey = d.survey AND q.question = d.question
                GROUP BY q.kind, q.scale_low, q.scale_high, q.higher_is_better
           ) a
     CROSS JOIN LATERAL loyalcs.nps_interval(CASE a.kind WHEN 'nps' THEN a.ratings END, 1::double precision - s.significance) n
     CROSS JOIN LATERAL loyalcs.mean_interval(a.ratings, a.scale_low::integer, a.scale_high::integer,
                                              1::double precision - s.significance) i
     ORDER BY m.period_start, a.kind, a.scale_low, a.scale_high, a.higher_is_better;
END;
COMMENT ON FUNCTION satisfaction_per(text, timestamptz) IS
    'what customers answered to all questions of a kind (nps, csat, ces) that are on one scale and in one direction, by local period: answers, and the score (for nps the NPS, else the mean) with its interval';

CREATE OR REPLACE FUNCTION first_replies_per(period text, as_of timestamptz)
RETURNS TABLE (
    period_start date,
    complete boolean,
    tickets bigint,
    within_an_hour bigint,
    within_an_hour_share double precision,
    within_an_hour_low double precision,
    within_an_hour_high double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.period_start, m.complete, t.tickets, t.within_an_hour,
           t.within_an_hour::double precision / nullif(t.tickets, 0::bigint)::double precision, i.low, i.high
      FROM settings s
     CROSS JOIN LATERAL periods_of_tickets(first_replies_per.period, first_replies_per.as_of) m
     CROSS JOIN LATERAL (
               SELECT count(*) FILTER (WHERE o.hour_is_over) AS tickets,
                      count(*) FILTER (WHERE o.first_reply_at <= o.opened_at + interval '1 hour') AS within_an_hour
                 FROM (SELECT f.first_reply_at, f.opened_at,
                              f.first_reply_at <= f.opened_at + interval '1 hour'
                              OR f.opened_at + interval '1 hour' <= first_replies_per.as_of AS hour_is_over
                         FROM tickets_opened_in(m.period_start, m.last_day, first_replies_per.as_of) f) o
           ) t
     CROSS JOIN LATERAL loyalcs.share_interval(t.within_an_hour, t.tickets, 1::double precision - s.significance) i
     WHERE t.tickets > 0::bigint
     ORDER BY m.period_start;
END;
COMMENT ON FUNCTION first_replies_per(text, timestamptz) IS
    'of the tickets opened in a local period, the share that somebody answered within an hour by the clock on the wall, open or closed, with its interval; those of less than an hour ago count when they are answered. What was promised, in open time, is sla_attainment''s';

--@ table kpis
CREATE TABLE kpis (
    kpi text PRIMARY KEY
        CONSTRAINT kpis_kpi_is_a_name CHECK (kpi ~ '[^[:space:]]'),
    figure text NOT NULL,
    value_column text NOT NULL,
    low_column text,
    high_column text,
    cases_column text,
    month_column text NOT NULL DEFAULT 'month',
    conditions jsonb NOT NULL DEFAULT '{}'
        CONSTRAINT kpis_conditions_are_columns_and_values CHECK (jsonb_typeof(conditions) = 'object'),
    unit text NOT NULL DEFAULT 'number'
        CONSTRAINT kpis_unit_is_known CHECK (unit IN ('number', 'share', 'score', 'points', 'money', 'minutes', 'days')),
    CONSTRAINT kpis_intervals_have_two_ends CHECK ((low_column IS NULL) = (high_column IS NULL))
);
COMMENT ON TABLE kpis IS
    'what the board shows, one row a KPI: a column of a figure of the shop that gives one number a month; add_kpi() adds one and looks whether it does';
COMMENT ON COLUMN kpis.figure IS 'view that has it, without _at: the figure is read as of the board''s instant';
COMMENT ON COLUMN kpis.conditions IS 'which of the figure''s rows it is of: {"column": value} for each condition, null for NULL';
COMMENT ON COLUMN kpis.unit IS 'number, share (0 to 1), score (a mean on a scale), points (as NPS), money, minutes or days';
INSERT INTO kpis (kpi, figure, value_column, low_column, high_column, cases_column, conditions, unit) VALUES
    ('NPS', 'satisfaction', 'score', 'score_low', 'score_high', 'responses', '{"kind": "nps"}', 'points'),
    ('CSAT', 'satisfaction', 'score', 'score_low', 'score_high', 'responses', '{"kind": "csat", "scale": "1 to 5"}', 'score'),
    ('CES', 'satisfaction', 'score', 'score_low', 'score_high', 'responses', '{"kind": "ces", "scale": "1 to 5", "higher_is_better": false}', 'score'),
    ('repeat rate', 'repeat_rate', 'repeat_rate', NULL, NULL, 'buyers', '{}', 'share'),
    ('reviews', 'review_scores', 'stars_mean', 'stars_low', 'stars_high', 'reviews', '{"product_id": null}', 'score'),
    ('content after complaints', 'complaint_recovery', 'satisfied_share', 'satisfied_share_low', 'satisfied_share_high', 'responses', '{}', 'share'),
    ('first reply within an hour', 'first_replies', 'within_an_hour_share', 'within_an_hour_low', 'within_an_hour_high', 'tickets', '{}', 'share');

--@ table kpi_targets
CREATE TABLE kpi_targets (
    target_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    kpi text NOT NULL,
    target double precision NOT NULL
        CONSTRAINT kpi_targets_target_is_a_number CHECK (target > '-infinity'::double precision AND target < 'infinity'::double precision),
    direction text NOT NULL DEFAULT 'at least'
        CONSTRAINT kpi_targets_direction_is_known CHECK (direction IN ('at least', 'at most')),
    period text NOT NULL DEFAULT 'month'
        CONSTRAINT kpi_targets_period_is_known CHECK (period IN ('month', 'quarter', 'year')),
    valid tstzrange NOT NULL DEFAULT tstzrange(now(), NULL::timestamptz),
    CONSTRAINT kpi_targets_valid_begins_in_and_ends_out
        CHECK (pg_catalog.isempty(valid) OR NOT pg_catalog.upper_inc(valid) AND (pg_catalog.lower_inc(valid) OR pg_catalog.lower_inf(valid)))
);
COMMENT ON TABLE kpi_targets IS
    'what a KPI is meant to be, one row a target and time for which it holds; a period that is over is judged by the target that held when it ended';
COMMENT ON COLUMN kpi_targets.target IS 'what the KPI is meant to be, in its unit';
COMMENT ON COLUMN kpi_targets.period IS 'month, quarter or year of the calendar; more than a month is the mean of its months by their cases';
COMMENT ON COLUMN kpi_targets.valid IS 'periods that end within this time are judged by the target';
INSERT INTO kpi_targets (kpi, target, direction, valid) VALUES
    ('NPS', 50, 'at least', '(,)'),
    ('CSAT', 4.5, 'at least', '(,)'),
    ('CES', 2.0, 'at most', '(,)'),
    ('repeat rate', 0.35, 'at least', '(,)'),
    ('reviews', 4.3, 'at least', '(,)'),
    ('content after complaints', 0.95, 'at least', '(,)'),
    ('first reply within an hour', 0.95, 'at least', '(,)');

--@ functions
CREATE OR REPLACE FUNCTION check_kpi_target() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    other record;
BEGIN
    -- One at a time, so that each sees what the others have committed.
    LOCK TABLE kpi_targets IN SHARE ROW EXCLUSIVE MODE;
    SELECT t.target_id, t.target, t.direction INTO other
      FROM kpi_targets t
     WHERE t.target_id <> NEW.target_id AND t.kpi = NEW.kpi AND t.valid OPERATOR(pg_catalog.&&) NEW.valid
     ORDER BY t.target_id
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'KPI % already has a target', NEW.kpi
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'one_rule_holds_at_a_time',
                  DETAIL = pg_catalog.format('Target %s, %s %s, holds at the same time.', other.target_id, other.direction, other.target),
                  HINT = pg_catalog.format('UPDATE kpi_targets SET valid = tstzrange(lower(valid), now()) WHERE target_id = %s; then INSERT what holds from now on.',
                                other.target_id);
    ELSIF NEW.period <> 'month'
          AND EXISTS (SELECT FROM kpis k WHERE k.kpi = NEW.kpi AND k.cases_column IS NULL) THEN
        RAISE EXCEPTION 'KPI % is of single months', NEW.kpi
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'kpi_is_of_longer_periods',
                  DETAIL = pg_catalog.format('Nothing says by how many cases its months are to be weighed in a %s.', NEW.period),
                  HINT = 'Give kpis.cases_column, or a target by month.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_kpi_target() IS
    'trigger of kpi_targets: one target for a KPI at a time; by quarter or year only what can be summed up';

--@ reference kpi_targets kpis
ALTER TABLE kpi_targets ADD FOREIGN KEY (kpi) REFERENCES kpis ON UPDATE CASCADE ON DELETE CASCADE;

CREATE OR REPLACE TRIGGER check_kpi_target
    BEFORE INSERT OR UPDATE ON kpi_targets
    FOR EACH ROW EXECUTE FUNCTION check_kpi_target();

--@ functions
-- A function of somebody else, who may write into the schema, is none of the shop's:
-- it would run as whoever looks at the board.
CREATE OR REPLACE FUNCTION kpi_problem(kpi text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    k kpis;
    figure record;
    lacking text;
BEGIN
    SELECT * INTO k FROM kpis t WHERE t.kpi = kpi_problem.kpi;
    SELECT p.oid, p.proargmodes, p.proargnames, p.proallargtypes, n.nspname INTO figure
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_proc p ON p.pronamespace = c.relnamespace AND p.proowner = c.relowner
     WHERE c.oid = 'kpis'::regclass::oid
       AND p.proname = k.figure || '_at' AND p.prokind = 'f' AND p.proretset
       AND p.proargtypes[0] = 'timestamptz'::regtype::oid AND p.pronargs - p.pronargdefaults <= 1;
    IF NOT FOUND THEN
        RETURN pg_catalog.format('there is no figure %s', k.figure);
    END IF;
    SELECT pg_catalog.string_agg(w.name, ', ' ORDER BY w.place) INTO lacking
      FROM (SELECT * FROM (VALUES (1, k.month_column, 'date'), (2, k.value_column, 'number'), (3, k.low_column, 'number'),
                                  (4, k.high_column, 'number'), (5, k.cases_column, 'number')) c (place, name, what)
             WHERE name IS NOT NULL
            UNION ALL
            SELECT 5 + o.place::integer, o.name, 'anything'
              FROM jsonb_object_keys(k.conditions) WITH ORDINALITY o (name, place)) w
     WHERE NOT EXISTS (SELECT FROM ROWS FROM (pg_catalog.unnest(figure.proargnames), pg_catalog.unnest(figure.proargmodes),
                                         pg_catalog.unnest(figure.proallargtypes)) a (name, mode, type)
                        WHERE a.mode = 't' AND a.name = w.name
                          AND CASE w.what
                                  WHEN 'date' THEN a.type = 'date'::regtype::oid
                                  WHEN 'number' THEN a.type = ANY ('{double precision,numeric,bigint,integer}'::regtype[]::oid[])
                                  ELSE true
                              END);
    IF lacking IS NOT NULL THEN
        RETURN pg_catalog.format('figure %s has no column %s of the kind that a KPI needs', k.figure, lacking);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION kpi_problem(text) IS
    'why a KPI cannot be read: its figure is no function of the shop''s owner, or has no such columns (a month is a date; a value, the ends of an interval and cases are numbers); NULL if it can';

-- (Not parallel: the handler begins a subtransaction.)
CREATE OR REPLACE FUNCTION kpi_months_between(kpi text, first date, last date, as_of timestamptz)
RETURNS TABLE (
    month date,
    value double precision,
    value_low double precision,
    value_high double precision,
    cases double precision,
    problem text
)
    LANGUAGE plpgsql STABLE
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    k kpis;
BEGIN
    SELECT * INTO k FROM kpis t WHERE t.kpi = kpi_months_between.kpi;
    problem := kpi_problem(k.kpi);
    IF problem IS NOT NULL THEN
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT f.month, CASE WHEN count(*) = 1 THEN min(f.value) END, CASE WHEN count(*) = 1 THEN min(f.low) END,
                CASE WHEN count(*) = 1 THEN min(f.high) END, CASE WHEN count(*) = 1 THEN min(f.cases) END,
                CASE WHEN count(*) > 1 THEN pg_catalog.format(''%%s numbers in %%s'', count(*), pg_catalog.to_char(f.month, ''YYYY-MM'')) END
           FROM (SELECT date_trunc(''month'', f.%I::timestamp)::date AS month, f.%I::double precision AS value, %s AS low, %s AS high, %s AS cases
                   FROM %I($1) f
                  WHERE f.%I IS NOT NULL%s%s) f
          GROUP BY f.month
          ORDER BY f.month',
        k.month_column, k.value_column,
        CASE WHEN k.low_column IS NULL THEN 'NULL::double precision' ELSE pg_catalog.format('f.%I::double precision', k.low_column) END,
        CASE WHEN k.high_column IS NULL THEN 'NULL::double precision' ELSE pg_catalog.format('f.%I::double precision', k.high_column) END,
        CASE WHEN k.cases_column IS NULL THEN 'NULL::double precision' ELSE pg_catalog.format('f.%I::double precision', k.cases_column) END,
        k.figure || '_at', k.month_column,
        -- (a figure that can, reads the rows of these months alone)
        CASE WHEN first IS NOT NULL THEN pg_catalog.format(' AND f.%I >= $2 AND f.%1$I <= $3', k.month_column) ELSE '' END,
        (SELECT pg_catalog.string_agg(CASE WHEN c.value IS NULL THEN pg_catalog.format(' AND f.%I IS NULL', c.key)
                                           ELSE pg_catalog.format(' AND f.%I::text = %L', c.key, c.value) END, '' ORDER BY c.key)
           FROM jsonb_each_text(k.conditions) c))
        USING as_of, first, last;
EXCEPTION
    WHEN query_canceled OR admin_shutdown OR crash_shutdown OR out_of_memory THEN
        RAISE;
    WHEN insufficient_privilege THEN
        month := NULL;
        problem := pg_catalog.format('figure %s is not for you to see', k.figure);
        RETURN NEXT;
    WHEN OTHERS THEN
        month := NULL;
        problem := pg_catalog.format('figure %s fails: %s', k.figure, SQLERRM);
        RETURN NEXT;
END
$$;
COMMENT ON FUNCTION kpi_months_between(text, date, date, timestamptz) IS
    'kpi_months() of the months from one to another, of all if they are NULL; a month is of the day that the figure gives for it';

CREATE OR REPLACE FUNCTION kpi_months(kpi text, as_of timestamptz)
RETURNS TABLE (
    month date,
    value double precision,
    value_low double precision,
    value_high double precision,
    cases double precision,
    problem text
)
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT m.month, m.value, m.value_low, m.value_high, m.cases, m.problem
      FROM kpi_months_between(kpi_months.kpi, NULL, NULL, kpi_months.as_of) m;
END;
COMMENT ON FUNCTION kpi_months(text, timestamptz) IS
    'the numbers of a KPI, one a local month, with interval and cases where the figure has them; a month of which there are several has a problem and no number, and a KPI that cannot be read has one row with its problem. Never an error';

CREATE OR REPLACE FUNCTION kpi_values_at(as_of timestamptz)
RETURNS TABLE (
    kpi text,
    month date,
    complete boolean,
    value double precision,
    value_low double precision,
    value_high double precision,
    cases double precision,
    kpi_problem text
)
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT k.kpi, m.month, month_is_over(m.month, kpi_values_at.as_of, (SELECT s.time_zone FROM settings s)),
           m.value, m.value_low, m.value_high, m.cases, m.problem
      FROM kpis k
     CROSS JOIN LATERAL kpi_months(k.kpi, kpi_values_at.as_of) m
     ORDER BY k.kpi, m.month;
END;
COMMENT ON FUNCTION kpi_values_at(timestamptz) IS
    'each KPI by local month: its value, with interval and number of cases where its figure has them; kpi_problem: why there is none';

-- A difference of two figures with intervals has one itself, from how far each reaches
-- to the other's side: the method of variance estimates recovery (Newcombe 1998; Zou
-- and Donner 2008).
CREATE OR REPLACE FUNCTION difference_interval(
    value double precision,
    value_low double precision,
    value_high double precision,
    before double precision,
    before_low double precision,
    before_high double precision
)
RETURNS TABLE (
    change double precision,
    change_low double precision,
    change_high double precision
)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT d.value - d.before,
           d.value - d.before - sqrt((d.value - d.value_low) * (d.value - d.value_low) + (d.before_high - d.before) * (d.before_high - d.before)),
           d.value - d.before + sqrt((d.value_high - d.value) * (d.value_high - d.value) + (d.before - d.before_low) * (d.before - d.before_low))
      FROM (SELECT difference_interval.value, difference_interval.value_low, difference_interval.value_high,
                   difference_interval.before, difference_interval.before_low, difference_interval.before_high) d;
END;
COMMENT ON FUNCTION difference_interval(double precision, double precision, double precision, double precision, double precision, double precision) IS
    'the difference of two independent figures with an interval, from the intervals of both (Newcombe 1998; Zou and Donner 2008); NULL where one of them is';

-- By what a KPI is summed up and judged, said once: the board and the monthly report ask here.
CREATE OR REPLACE FUNCTION kpi_period(kpi text, as_of timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce((SELECT t.period
                   FROM kpi_targets t
                  WHERE t.kpi = kpi_period.kpi AND NOT pg_catalog.isempty(t.valid)
                    AND (pg_catalog.lower_inf(t.valid) OR pg_catalog.lower(t.valid) <= kpi_period.as_of)
                  ORDER BY pg_catalog.lower(t.valid) DESC NULLS LAST
                  LIMIT 1), 'month');
COMMENT ON FUNCTION kpi_period(text, timestamptz) IS
    'month, quarter or year: by what a KPI is summed up, which its last target says; month without one';

CREATE OR REPLACE FUNCTION kpi_period_length(period text) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE period WHEN 'year' THEN interval '1 year' WHEN 'quarter' THEN interval '3 months' ELSE interval '1 month' END;
COMMENT ON FUNCTION kpi_period_length(text) IS
    'how long a month, quarter or year of the calendar is';

CREATE OR REPLACE FUNCTION kpi_target_of(kpi text, at timestamptz)
RETURNS TABLE (target double precision, direction text, period text)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT t.target, t.direction, t.period
      FROM kpi_targets t
     WHERE t.kpi = kpi_target_of.kpi AND t.valid OPERATOR(pg_catalog.@>) kpi_target_of.at
     LIMIT 1;
END;
COMMENT ON FUNCTION kpi_target_of(text, timestamptz) IS
    'what a KPI is meant to be at an instant; no row if no target holds then';

CREATE OR REPLACE FUNCTION kpi_judgement(
    value double precision,
    value_low double precision,
    value_high double precision,
    cases double precision,
    cases_before double precision,
    change_low double precision,
    change_high double precision,
    direction text,
    target double precision
)
RETURNS TABLE (status text, certain boolean, improved boolean)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT CASE WHEN kpi_judgement.value IS NULL OR kpi_judgement.cases < j.minimum THEN 'not enough data'
                WHEN CASE kpi_judgement.direction WHEN 'at least' THEN kpi_judgement.value >= kpi_judgement.target
                                                  ELSE kpi_judgement.value <= kpi_judgement.target END THEN 'met'
                ELSE 'missed' END,
           CASE WHEN kpi_judgement.value IS NOT NULL AND kpi_judgement.cases >= j.minimum
                THEN kpi_judgement.value_low > kpi_judgement.target OR kpi_judgement.value_high < kpi_judgement.target END,
           CASE WHEN least(kpi_judgement.cases, kpi_judgement.cases_before) >= j.minimum
                THEN CASE WHEN kpi_judgement.change_low > 0::double precision THEN kpi_judgement.direction = 'at least'
                          WHEN kpi_judgement.change_high < 0::double precision THEN kpi_judgement.direction = 'at most' END END
      FROM (SELECT s.minimum_answers::double precision AS minimum FROM settings s) j;
END;
COMMENT ON FUNCTION kpi_judgement(double precision, double precision, double precision, double precision, double precision, double precision, double precision, text, double precision) IS
    'a period of a KPI against its target: met, missed or not enough data; certain, if its interval lies on one side; improved, if the change is more than chance';

CREATE OR REPLACE FUNCTION kpi_periods_at(as_of timestamptz)
RETURNS TABLE (
    kpi text,
    period text,
    period_start date,
    complete boolean,
    value double precision,
    value_low double precision,
    value_high double precision,
    cases double precision,
    kpi_problem text
)
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT p.kpi, p.period, p.period_start,
           month_is_over((p.period_start + p.length - interval '1 month')::date, kpi_periods_at.as_of, (SELECT s.time_zone FROM settings s)),
           CASE WHEN p.problem IS NULL THEN CASE p.months WHEN 1 THEN p.value ELSE p.weighed / nullif(p.cases, 0::double precision) END END,
           CASE WHEN p.months = 1 THEN p.value_low END, CASE WHEN p.months = 1 THEN p.value_high END,
           p.cases, p.problem
      FROM (SELECT m.kpi, m.period, m.length, m.period_start, count(*) AS months,
                   min(m.value) AS value, min(m.value_low) AS value_low, min(m.value_high) AS value_high,
                   sum(m.value::numeric * m.cases::numeric)::double precision AS weighed,
                   sum(m.cases::numeric)::double precision AS cases,
                   pg_catalog.string_agg(m.problem, ', ' ORDER BY m.month) AS problem
              FROM (SELECT v.kpi, v.month, v.value, v.value_low, v.value_high, v.cases, v.kpi_problem AS problem, t.period,
                           date_trunc(t.period, v.month::timestamp)::date AS period_start,
                           kpi_period_length(t.period) AS length
                      FROM kpi_values_at(kpi_periods_at.as_of) v
                     CROSS JOIN LATERAL (SELECT kpi_period(v.kpi, kpi_periods_at.as_of) AS period) t) m
             GROUP BY m.kpi, m.period, m.length, m.period_start) p
     ORDER BY p.kpi, p.period_start;
END;
COMMENT ON FUNCTION kpi_periods_at(timestamptz) IS
    'each KPI by the periods of its last target: the mean of the months by their cases, and of one month its interval';

CREATE OR REPLACE FUNCTION kpi_status_at(as_of timestamptz)
RETURNS TABLE (
    kpi text,
    status text,
    period text,
    period_start date,
    actual double precision,
    actual_low double precision,
    actual_high double precision,
    cases double precision,
    direction text,
    target_value double precision,
    certain boolean,
    compared_period date,
    actual_change double precision,
    actual_change_low double precision,
    actual_change_high double precision,
    kpi_improved boolean,
    running_since date,
    running_actual double precision,
    sparkline text,
    unit text,
    kpi_problem text
)
    LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH periods AS (
        SELECT * FROM kpi_periods_at(kpi_status_at.as_of)
    )
    SELECT k.kpi,
           CASE WHEN coalesce(n.kpi_problem, r.kpi_problem, w.kpi_problem) IS NOT NULL AND n.value IS NULL THEN 'problem'
                WHEN t.target IS NULL THEN 'no target'
                WHEN n.kpi IS NULL THEN CASE WHEN r.kpi IS NULL THEN 'not enough data' ELSE 'running' END
                ELSE j.status
           END,
           coalesce(n.period, r.period, t.period, 'month'), n.period_start, n.value, n.value_low, n.value_high, n.cases,
           t.direction, t.target,
           j.certain, b.period_start, d.change, d.change_low, d.change_high, j.improved,
           r.period_start, r.value, l.line, k.unit, coalesce(n.kpi_problem, r.kpi_problem, w.kpi_problem)
      FROM settings s
     CROSS JOIN kpis k
      LEFT JOIN LATERAL (
               SELECT p.kpi_problem FROM periods p WHERE p.kpi = k.kpi AND p.period_start IS NULL LIMIT 1) w ON true
      LEFT JOIN LATERAL (
               SELECT p.* FROM periods p WHERE p.kpi = k.kpi AND p.complete ORDER BY p.period_start DESC LIMIT 1) n ON true
      LEFT JOIN LATERAL (
               SELECT p.* FROM periods p WHERE p.kpi = k.kpi AND NOT p.complete AND p.period_start IS NOT NULL ORDER BY p.period_start LIMIT 1) r ON true
      LEFT JOIN LATERAL (
               SELECT p.* FROM periods p WHERE p.kpi = k.kpi AND p.period_start < n.period_start AND p.value IS NOT NULL ORDER BY p.period_start DESC LIMIT 1) b ON true
      LEFT JOIN LATERAL kpi_target_of(k.kpi, CASE WHEN n.period_start IS NULL THEN kpi_status_at.as_of
                                                  ELSE (n.period_start + kpi_period_length(n.period)) AT TIME ZONE s.time_zone - interval '1 microsecond' END) t ON true
     CROSS JOIN LATERAL difference_interval(n.value, n.value_low, n.value_high, b.value, b.value_low, b.value_high) d
     CROSS JOIN LATERAL kpi_judgement(n.value, n.value_low, n.value_high, n.cases, b.cases, d.change_low, d.change_high, t.direction, t.target) j
     CROSS JOIN LATERAL (
               SELECT pg_catalog.string_agg(CASE WHEN y.value IS NULL THEN ' '
                                                 ELSE substr(b.bars, 1 + coalesce(round(7::double precision * (y.value - y.least) / nullif(y.greatest - y.least, 0::double precision)), 3::double precision)::integer, 1) END,
                                            '' ORDER BY y.month) AS line
                 FROM (SELECT g.at::date AS month, p.value, min(p.value) OVER () AS least, max(p.value) OVER () AS greatest
                         FROM generate_series((n.period_start - interval '11 months')::timestamp, n.period_start::timestamp, interval '1 month') g (at)
                         LEFT JOIN periods p ON p.kpi = k.kpi AND p.period_start = g.at::date) y
                 -- the eight bars that this database's encoding has
                CROSS JOIN (SELECT loyalcs.sparkline('{"1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6, "7": 7}'::loyalcs.ratings) AS bars) b
                WHERE n.period = 'month') l
     ORDER BY k.kpi;
END;
COMMENT ON FUNCTION kpi_status_at(timestamptz) IS
    'the board: of each KPI the last period that is over (met, missed, not enough data; running while the first period is not over; no target; problem), with interval, number of cases, the target that held when it ended, whether the interval tells (certain), the change against the last period before that has a value, kpi_improved if that is more than chance, how the running period stands, and twelve months as a line of bars';

-- Looks before it is added, as of now: whoever adds a KPI is told what is wrong with it.
CREATE OR REPLACE FUNCTION add_kpi(
    kpi text,
    figure text,
    value_column text,
    target double precision DEFAULT NULL,
    direction text DEFAULT 'at least',
    period text DEFAULT 'month',
    low_column text DEFAULT NULL,
    high_column text DEFAULT NULL,
    cases_column text DEFAULT NULL,
    month_column text DEFAULT 'month',
    conditions jsonb DEFAULT '{}',
    unit text DEFAULT 'number'
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    wrong text;
    months bigint;
BEGIN
    INSERT INTO kpis (kpi, figure, value_column, low_column, high_column, cases_column, month_column, conditions, unit)
    VALUES (add_kpi.kpi, add_kpi.figure, add_kpi.value_column, add_kpi.low_column, add_kpi.high_column,
            add_kpi.cases_column, add_kpi.month_column, add_kpi.conditions, add_kpi.unit);
    SELECT min(m.problem), pg_catalog.count(m.value) INTO wrong, months FROM kpi_months(add_kpi.kpi, now()) m;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION '% cannot be a KPI: %', add_kpi.kpi, wrong
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'figure_can_be_a_kpi',
                  HINT = 'A KPI is one number a month: name a column of a view that has a row a month, or conditions that leave one, such as ''{"channel": "email"}''.';
    END IF;
    IF add_kpi.target IS NOT NULL THEN
        INSERT INTO kpi_targets (kpi, target, direction, period, valid)
        VALUES (add_kpi.kpi, add_kpi.target, add_kpi.direction, add_kpi.period, '(,)');
    END IF;
    RETURN months;
END
$$;
COMMENT ON FUNCTION add_kpi(text, text, text, double precision, text, text, text, text, text, text, jsonb, text) IS
    'puts a column of a figure on the board, with a target for all time if one is given, and gives the number of months that have a value; an error if the figure is none of the shop''s, has no such columns, fails, or gives several numbers for a month (conditions: {"column": value} leaves those rows). The view''s name is without _at';
