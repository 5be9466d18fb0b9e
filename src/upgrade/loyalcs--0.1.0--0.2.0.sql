\echo Use "ALTER EXTENSION loyalcs UPDATE TO '0.2.0'" to load this file. \quit

-- Shops: what makes them (src/shops) is dropped here, and follows this file in the
-- built one. So no change of that needs a word here.
DROP VIEW loyalcs.shops;
DROP FUNCTION loyalcs.create_shop(text, text, text, regtype);
DROP FUNCTION loyalcs.drop_shop(text, text);
DROP FUNCTION loyalcs.grant_shop(text, regrole, text);
DROP FUNCTION loyalcs.schedule_shop(text);
DROP FUNCTION loyalcs.unschedule_shop(text);
DROP FUNCTION loyalcs.shop_jobs();
DROP FUNCTION loyalcs.shop_cron();
DROP FUNCTION loyalcs.shop_cron_setting(text);
DROP FUNCTION loyalcs.shop_crontab_word(text);
DROP FUNCTION loyalcs.shop_glossary();
DROP FUNCTION loyalcs.shop_parts();
DROP FUNCTION loyalcs.shop_mark(text);
DROP FUNCTION loyalcs.shop_check(text);
DROP FUNCTION loyalcs.shop_relation_differences(text, text, text, text[]);
DROP FUNCTION loyalcs.shop_finish(text);

-- Templates: what cannot be rendered can be asked for.
COMMENT ON FUNCTION loyalcs.render(template text, "values" jsonb, html boolean) IS
    'a template with its places filled in: {{name}} takes the value of that name, a string, number or boolean of the JSON object `values`; {{name|words}} the words if there is none or it is null. As text, values are put in as they are; as HTML, & < > " and '' in them are escaped. What is put in is not looked at again. A missing value is an error that names it, as render_problem() says before';
CREATE FUNCTION loyalcs.render_problem(template text, "values" jsonb) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'template_problem';
COMMENT ON FUNCTION loyalcs.render_problem(template text, "values" jsonb) IS
    'why render() would raise an error: a mistake in the template, a value that is missing, or one that is an object or an array; it names places and never shows a value; NULL if nothing is wrong';
CREATE FUNCTION loyalcs.put_texts("values" jsonb, names text[], texts text[]) RETURNS jsonb
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'template_put_texts';
COMMENT ON FUNCTION loyalcs.put_texts("values" jsonb, names text[], texts text[]) IS
    'the JSON object `values` with each of the texts put into it under its name, in the place of a value that it has there; texts that are NULL are left out. An error if there are not as many names as texts, or a name is NULL';
CREATE FUNCTION loyalcs.message(
    subject text,
    body text,
    html boolean,
    "values" jsonb,
    names text[],
    texts text[],
    about text[],
    about_texts text[]
) RETURNS jsonb
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'template_message';
COMMENT ON FUNCTION loyalcs.message(subject text, body text, html boolean, "values" jsonb, names text[], texts text[], about text[], about_texts text[]) IS
    'a message at once: a JSON object of `values`, with texts put into them as put_texts() does, of subject and body, templates that are filled in by those as render() does, the one as one_line() and the other as plain_lines() has it, and of the texts about it. NULL if a template cannot be filled in: render_problem() says why';

-- quintiles(numeric) collects 8 bytes a value, as it says; its state was numeric[].
CREATE FUNCTION loyalcs.quintiles_accum(bigint[], numeric) RETURNS bigint[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'quintiles_numeric_accum';
COMMENT ON FUNCTION loyalcs.quintiles_accum(bigint[], numeric) IS
    'transition function: collects a value, in ten-thousandths where that is exact';
CREATE FUNCTION loyalcs.quintiles_combine(bigint[], bigint[]) RETURNS bigint[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_cat';
COMMENT ON FUNCTION loyalcs.quintiles_combine(bigint[], bigint[]) IS
    'combine function: the values of both';
CREATE FUNCTION loyalcs.quintiles_final(bigint[]) RETURNS numeric[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'quintiles_numeric_final';
COMMENT ON FUNCTION loyalcs.quintiles_final(bigint[]) IS
    'final function: selects the cut points';
CREATE OR REPLACE AGGREGATE loyalcs.quintiles(numeric) (
    SFUNC = loyalcs.quintiles_accum,
    STYPE = bigint[],
    FINALFUNC = loyalcs.quintiles_final,
    COMBINEFUNC = loyalcs.quintiles_combine,
    INITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.quintiles(numeric) IS
    'the four cut points between fifths of the values: continuous percentiles at .2, .4, .6 and .8, exact; NULL is skipped; NULL for no values. Memory: 8 bytes a value of at most four decimals, 32 and more of another';
DROP FUNCTION loyalcs.quintiles_accum(numeric[], numeric);
DROP FUNCTION loyalcs.quintiles_combine(numeric[], numeric[]);
DROP FUNCTION loyalcs.quintiles_final(numeric[]);

-- What only collects does so in place, without array_append's look at what an array can be.
CREATE OR REPLACE FUNCTION loyalcs.quintiles_accum(double precision[], double precision) RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'collect_value';
CREATE OR REPLACE FUNCTION loyalcs.quintiles_accum(timestamptz[], timestamptz) RETURNS timestamptz[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'collect_value';
CREATE OR REPLACE FUNCTION loyalcs.gini_accum(double precision[], double precision) RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'collect_value';

-- Local periods that an index finds.
CREATE FUNCTION loyalcs.rows_support(internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'rows_support';
COMMENT ON FUNCTION loyalcs.rows_support(internal) IS
    'tells the planner how many rows functions of a calendar give, where it knows the time that they are asked about';
ALTER FUNCTION loyalcs.japanese_holidays(date, date) SUPPORT loyalcs.rows_support;
ALTER FUNCTION loyalcs.open_periods(loyalcs.business_hours, timestamptz, timestamptz) SUPPORT loyalcs.rows_support;
ALTER FUNCTION loyalcs.explain_business_time(timestamptz, timestamptz, loyalcs.business_hours) SUPPORT loyalcs.rows_support;
CREATE FUNCTION loyalcs.period_support(internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'period_support';
COMMENT ON FUNCTION loyalcs.period_support(internal) IS
    'for the planner: makes a range of instants of in_local_date and its kind';
CREATE FUNCTION loyalcs.local_bound(unit text, start date, zone text, is_last boolean) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'local_bound';
COMMENT ON FUNCTION loyalcs.local_bound(unit text, start date, zone text, is_last boolean) IS
    'the first instant, or the last, at which the local day, week, month, quarter or year (`unit`) that starts on `start` is read on the calendar of time zone `zone`; up to two days further out before 1900 and after 2099; where no such period starts, the first is infinity and the last -infinity. For the planner';
CREATE FUNCTION loyalcs.in_local_date(at timestamptz, zone text, day date) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    SUPPORT loyalcs.period_support
    AS 'MODULE_PATHNAME', 'in_local_date';
COMMENT ON FUNCTION loyalcs.in_local_date(at timestamptz, zone text, day date) IS
    'the same as local_date(at, zone) = day, but an index on `at` finds the rows';
CREATE FUNCTION loyalcs.in_local_week(at timestamptz, zone text, week date) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    SUPPORT loyalcs.period_support
    AS 'MODULE_PATHNAME', 'in_local_week';
COMMENT ON FUNCTION loyalcs.in_local_week(at timestamptz, zone text, week date) IS
    'the same as local_week(at, zone) = week, but an index on `at` finds the rows';
CREATE FUNCTION loyalcs.in_local_month(at timestamptz, zone text, month date) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    SUPPORT loyalcs.period_support
    AS 'MODULE_PATHNAME', 'in_local_month';
COMMENT ON FUNCTION loyalcs.in_local_month(at timestamptz, zone text, month date) IS
    'the same as local_month(at, zone) = month, but an index on `at` finds the rows';
CREATE FUNCTION loyalcs.in_local_quarter(at timestamptz, zone text, quarter date) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    SUPPORT loyalcs.period_support
    AS 'MODULE_PATHNAME', 'in_local_quarter';
COMMENT ON FUNCTION loyalcs.in_local_quarter(at timestamptz, zone text, quarter date) IS
    'the same as local_quarter(at, zone) = quarter, but an index on `at` finds the rows';
CREATE FUNCTION loyalcs.in_local_year(at timestamptz, zone text, year date) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    SUPPORT loyalcs.period_support
    AS 'MODULE_PATHNAME', 'in_local_year';
COMMENT ON FUNCTION loyalcs.in_local_year(at timestamptz, zone text, year date) IS
    'the same as local_year(at, zone) = year, but an index on `at` finds the rows';
CREATE FUNCTION loyalcs.in_local_dates(at timestamptz, zone text, first date, last date) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    SUPPORT loyalcs.period_support
    AS 'MODULE_PATHNAME', 'in_local_dates';
COMMENT ON FUNCTION loyalcs.in_local_dates(at timestamptz, zone text, first date, last date) IS
    'the same as local_date(at, zone) BETWEEN first AND last, but an index on `at` finds the rows';

-- What functions cost, measured: 1 is about 20 nanoseconds, an operator and the step to it.
ALTER FUNCTION loyalcs.add_business_time(timestamp with time zone,interval,loyalcs.business_hours) COST 5;
ALTER FUNCTION loyalcs.average_order(loyalcs.purchases) COST 15;
ALTER FUNCTION loyalcs.business_hours(text,text,text) COST 100;
ALTER FUNCTION loyalcs.business_hours_hash(loyalcs.business_hours) COST 3;
ALTER FUNCTION loyalcs.business_hours_hash_extended(loyalcs.business_hours,bigint) COST 3;
ALTER FUNCTION loyalcs.business_hours_in(cstring) COST 100;
ALTER FUNCTION loyalcs.business_hours_out(loyalcs.business_hours) COST 30;
ALTER FUNCTION loyalcs.business_hours_recv(internal) COST 100;
ALTER FUNCTION loyalcs.business_hours_send(loyalcs.business_hours) COST 30;
ALTER FUNCTION loyalcs.business_time(timestamp with time zone,timestamp with time zone,loyalcs.business_hours) COST 5;
ALTER FUNCTION loyalcs.ces(loyalcs.ratings) COST 2;
ALTER FUNCTION loyalcs.csat(loyalcs.ratings) COST 2;
ALTER FUNCTION loyalcs.due_in(timestamp with time zone,timestamp with time zone) COST 6;
ALTER FUNCTION loyalcs.followup_due(timestamp with time zone,interval,text,loyalcs.business_hours) COST 5;
ALTER FUNCTION loyalcs.gini_final(double precision[]) COST 100;
ALTER FUNCTION loyalcs.histogram(loyalcs.ratings) COST 10;
ALTER FUNCTION loyalcs.in_local_date(timestamp with time zone,text,date) COST 2;
ALTER FUNCTION loyalcs.in_local_dates(timestamp with time zone,text,date,date) COST 2;
ALTER FUNCTION loyalcs.in_local_month(timestamp with time zone,text,date) COST 2;
ALTER FUNCTION loyalcs.in_local_quarter(timestamp with time zone,text,date) COST 2;
ALTER FUNCTION loyalcs.in_local_week(timestamp with time zone,text,date) COST 2;
ALTER FUNCTION loyalcs.in_local_year(timestamp with time zone,text,date) COST 2;
ALTER FUNCTION loyalcs.in_sample(bigint,text,double precision) COST 500;
ALTER FUNCTION loyalcs.in_sample(text,text,double precision) COST 500;
ALTER FUNCTION loyalcs.is_open(loyalcs.business_hours,timestamp with time zone) COST 2;
ALTER FUNCTION loyalcs.jsonb(loyalcs.purchases) COST 100;
ALTER FUNCTION loyalcs.jsonb(loyalcs.ratings) COST 100;
ALTER FUNCTION loyalcs.latest_combine(bytea,bytea) COST 5;
ALTER FUNCTION loyalcs.local_bound(text,date,text,boolean) COST 5;
ALTER FUNCTION loyalcs.local_date(timestamp with time zone,text) COST 2;
ALTER FUNCTION loyalcs.local_month(timestamp with time zone,text) COST 2;
ALTER FUNCTION loyalcs.local_quarter(timestamp with time zone,text) COST 2;
ALTER FUNCTION loyalcs.local_week(timestamp with time zone,text) COST 2;
ALTER FUNCTION loyalcs.local_year(timestamp with time zone,text) COST 2;
ALTER FUNCTION loyalcs.mean(loyalcs.ratings) COST 2;
ALTER FUNCTION loyalcs.mean_change(loyalcs.ratings,loyalcs.ratings,double precision) COST 5000;
ALTER FUNCTION loyalcs.mean_interval(loyalcs.ratings,double precision) COST 5000;
ALTER FUNCTION loyalcs.next_anniversary(date,date) COST 3;
ALTER FUNCTION loyalcs.next_close(loyalcs.business_hours,timestamp with time zone) COST 3;
ALTER FUNCTION loyalcs.next_open(loyalcs.business_hours,timestamp with time zone) COST 3;
ALTER FUNCTION loyalcs.nps_change(loyalcs.ratings,loyalcs.ratings,double precision) COST 5000;
ALTER FUNCTION loyalcs.nps_interval(loyalcs.ratings,double precision) COST 5000;
ALTER FUNCTION loyalcs.nps_margin(loyalcs.ratings,double precision) COST 5000;
ALTER FUNCTION loyalcs.open_multirange(loyalcs.business_hours,timestamp with time zone,timestamp with time zone) COST 30;
ALTER FUNCTION loyalcs.percentiles_combine(bytea,bytea) COST 20;
ALTER FUNCTION loyalcs.percentiles_final(bytea) COST 100;
ALTER FUNCTION loyalcs.placeholders(text,boolean) COST 10;
ALTER FUNCTION loyalcs.purchases_accum(loyalcs.purchases,timestamp with time zone,numeric) COST 8;
ALTER FUNCTION loyalcs.purchases_hash(loyalcs.purchases) COST 3;
ALTER FUNCTION loyalcs.purchases_hash_extended(loyalcs.purchases,bigint) COST 3;
ALTER FUNCTION loyalcs.purchases_in(cstring) COST 50;
ALTER FUNCTION loyalcs.purchases_out(loyalcs.purchases) COST 50;
ALTER FUNCTION loyalcs.purchases_recv(internal) COST 5;
ALTER FUNCTION loyalcs.purchases_send(loyalcs.purchases) COST 5;
ALTER FUNCTION loyalcs.quintiles_accum(bigint[],numeric) COST 25;
ALTER FUNCTION loyalcs.quintiles_final(bigint[]) COST 100;
ALTER FUNCTION loyalcs.quintiles_final(double precision[]) COST 100;
ALTER FUNCTION loyalcs.quintiles_final(timestamp with time zone[]) COST 100;
ALTER FUNCTION loyalcs.ratings_hash(loyalcs.ratings) COST 3;
ALTER FUNCTION loyalcs.ratings_hash_extended(loyalcs.ratings,bigint) COST 3;
ALTER FUNCTION loyalcs.ratings_in(cstring) COST 30;
ALTER FUNCTION loyalcs.ratings_out(loyalcs.ratings) COST 20;
ALTER FUNCTION loyalcs.ratings_recv(internal) COST 5;
ALTER FUNCTION loyalcs.ratings_send(loyalcs.ratings) COST 5;
ALTER FUNCTION loyalcs.recency(loyalcs.purchases,timestamp with time zone) COST 2;
ALTER FUNCTION loyalcs.render(text,jsonb,boolean) COST 10;
ALTER FUNCTION loyalcs.render_problem(text,jsonb) COST 10;
ALTER FUNCTION loyalcs.rfm_segment(integer,integer,integer) COST 3;
ALTER FUNCTION loyalcs.score_by(numeric,numeric[]) COST 10;
ALTER FUNCTION loyalcs.sla_clocks_accum(bytea,loyalcs.ticket_event,timestamp with time zone) COST 5;
ALTER FUNCTION loyalcs.sla_clocks_accum(bytea,text,timestamp with time zone,bigint,bigint) COST 10;
ALTER FUNCTION loyalcs.sla_clocks_combine(bytea,bytea) COST 20;
ALTER FUNCTION loyalcs.sla_clocks_final(bytea) COST 100;
ALTER FUNCTION loyalcs.sla_due(timestamp with time zone,interval,loyalcs.business_hours,tstzmultirange) COST 10;
ALTER FUNCTION loyalcs.sla_elapsed(timestamp with time zone,timestamp with time zone,loyalcs.business_hours,tstzmultirange) COST 10;
ALTER FUNCTION loyalcs.sla_policy(loyalcs.sla_rule[],loyalcs.sla_metric,text,text,text,text,timestamp with time zone) COST 50;
ALTER FUNCTION loyalcs.sparkline(loyalcs.ratings) COST 15;
ALTER FUNCTION loyalcs.stddev(loyalcs.ratings) COST 3;
ALTER FUNCTION loyalcs.tier_period_end(timestamp with time zone,text,interval,text) COST 10;
ALTER FUNCTION loyalcs.tier_spans(timestamp with time zone[],timestamp with time zone[],timestamp with time zone[],numeric[],loyalcs.tier_rule[],text) COST 1000;
ALTER FUNCTION loyalcs.top_share_accum(double precision[],double precision,double precision) COST 20;
ALTER FUNCTION loyalcs.top_share_combine(double precision[],double precision[]) COST 100;
ALTER FUNCTION loyalcs.top_share_final(double precision[]) COST 100;
ALTER FUNCTION loyalcs.total_spent(loyalcs.purchases) COST 10;
ALTER FUNCTION loyalcs.uplift(bigint,bigint,bigint,bigint,double precision) COST 1000;

-- Operators that fit exactly.
CREATE OR REPLACE FUNCTION loyalcs.explain_deadline(
    started_at timestamptz,
    target interval,
    hours loyalcs.business_hours,
    pauses tstzmultirange,
    OUT starts timestamptz,
    OUT ends timestamptz,
    OUT counts boolean,
    OUT why text,
    OUT used interval,
    OUT time_left interval
) RETURNS SETOF record
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH clock AS (
        SELECT d.due,
               tstzmultirange(tstzrange(started_at, d.due)) AS span,
               coalesce(pauses, '{}') AS pauses
          FROM loyalcs.sla_due(started_at, target, hours, pauses) d (due)
         WHERE started_at IS NOT NULL AND target IS NOT NULL
    ), piece AS (
        SELECT lower(g) AS starts, upper(g) AS ends, true AS counts, 'around the clock' AS why
          FROM clock c CROSS JOIN unnest(c.span - c.pauses) g
         WHERE hours IS NULL
        UNION ALL
        SELECT x.starts, x.ends, x.is_open, x.why
          FROM clock c
         CROSS JOIN unnest(c.span - c.pauses) g
         CROSS JOIN loyalcs.explain_business_time(lower(g), upper(g), hours) x
         WHERE hours IS NOT NULL
        UNION ALL
        SELECT lower(g), upper(g), false, 'paused'
          FROM clock c CROSS JOIN unnest(c.span * c.pauses) g
        UNION ALL
        SELECT c.due, NULL, false, 'deadline' FROM clock c WHERE c.due IS NOT NULL
    )
    SELECT p.starts, p.ends, p.counts, p.why, p.used, target - p.used
      FROM (SELECT p.*,
                   coalesce(sum(loyalcs.sla_elapsed(p.starts, p.ends, NULL::loyalcs.business_hours, NULL::tstzmultirange)) FILTER (WHERE p.counts) OVER w,
                            interval '0') AS used
              FROM piece p
            WINDOW w AS (ORDER BY p.starts, p.ends NULLS LAST)) p
     ORDER BY p.starts, p.ends NULLS LAST
$$;

-- Percentiles of what is still open in part.
CREATE FUNCTION loyalcs.percentiles_accum(bytea, value interval, ended boolean) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'percentiles_accum_running';
COMMENT ON FUNCTION loyalcs.percentiles_accum(bytea, interval, boolean) IS
    'transition function: collects a time, and whether it has ended';
CREATE FUNCTION loyalcs.percentiles_final_running(bytea) RETURNS interval[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'percentiles_final_running';
COMMENT ON FUNCTION loyalcs.percentiles_final_running(bytea) IS
    'final function: finds the percentiles of times of which some still run';
CREATE AGGREGATE loyalcs.percentiles(value interval, ended boolean) (
    SFUNC = loyalcs.percentiles_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.percentiles_final_running,
    COMBINEFUNC = loyalcs.percentiles_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.percentiles(interval, boolean) IS
    'the same of times of which some have not ended yet, and are at least so long: each passes its weight on to all that are longer, in equal parts (Kaplan and Meier 1958). A percentile is the time by which so many have ended, if that is so until another has the middle of the two, and NULL if nobody knows yet; the array is NULL if none has ended. Where all have ended, the same as without the second argument. A row with a NULL is skipped. Up to 73,000 years';
CREATE FUNCTION loyalcs.percentiles_accum(bytea, value interval, ended boolean, times bigint[], gone boolean) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'percentiles_accum_counted';
COMMENT ON FUNCTION loyalcs.percentiles_accum(bytea, interval, boolean, bigint[], boolean) IS
    'transition function: collects a time, and times that were collected before, or leaves them out';
CREATE FUNCTION loyalcs.percentiles_final_counted(bytea) RETURNS interval[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'percentiles_final_counted';
COMMENT ON FUNCTION loyalcs.percentiles_final_counted(bytea) IS
    'final function: finds the percentiles of times of which some still run, and some have gone';
CREATE AGGREGATE loyalcs.percentiles(value interval, ended boolean, times bigint[], gone boolean) (
    SFUNC = loyalcs.percentiles_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.percentiles_final_counted,
    COMBINEFUNC = loyalcs.percentiles_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.percentiles(interval, boolean, bigint[], boolean) IS
    'the same of what was collected before and has changed since: each row adds a time (value, ended), times that have ended, in microseconds (times), or both; where gone, it leaves out one of each such time instead, wherever that comes, and it is an error if there is none. NULLs add nothing. Up to 36,500 years';

-- Service levels: merged tickets are read together, a promise is judged by what was so when
-- it was decided, and what cannot be computed is no error of all.
ALTER TYPE loyalcs.ticket_event ADD VALUE 'discarded';
ALTER TYPE loyalcs.ticket_event ADD VALUE 'auto_resolved';
ALTER TYPE loyalcs.ticket_event ADD VALUE 'auto_proposed';
COMMENT ON TYPE loyalcs.ticket_event IS
    'what can happen to a ticket. pending: waits for the customer, until resumed or a customer_message; proposed: the customer was offered a solution; auto_reply: a machine acknowledged; merged: goes on in another ticket; discarded: nobody waits for an answer, as with spam; auto_resolved and auto_proposed: a machine closed it, or offered a solution, which is no reply; assigned and note stop nothing';
ALTER TYPE loyalcs.sla_clock
    ADD ATTRIBUTE part bigint,
    ADD ATTRIBUTE ended_at timestamptz,
    ADD ATTRIBUTE moved_from bigint[],
    ADD ATTRIBUTE moved_at timestamptz[],
    ADD ATTRIBUTE solved_at timestamptz[],
    ADD ATTRIBUTE reopened_at timestamptz[];
COMMENT ON TYPE loyalcs.sla_clock IS
    'one clock of a ticket: what it measures, the how-manieth of its kind (from 1), from when to when (NULL: still runs), the time in between that does not count, and when a machine first answered (first_response only); the part that it is of (0 unless tickets are merged); when it ended without having been stopped, because the ticket was discarded or an earlier clock of another goes on for it (what had been broken by then stays broken, and else nothing was promised); of which parts it was until when (NULL: of none); and from when to when it was solved, or discarded, before it was reopened (NULL: never)';
CREATE FUNCTION loyalcs.sla_clocks_accum(bytea, kind text, at timestamptz, event_id bigint, part bigint, merged_into bigint) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'sla_clocks_accum_merged';
COMMENT ON FUNCTION loyalcs.sla_clocks_accum(bytea, text, timestamptz, bigint, bigint, bigint) IS
    'transition function: collects an event';
CREATE FUNCTION loyalcs.sla_clocks_merged_final(bytea) RETURNS loyalcs.sla_clock[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'sla_clocks_merged_final';
COMMENT ON FUNCTION loyalcs.sla_clocks_merged_final(bytea) IS
    'final function: sorts the events and runs the clocks of all parts';
COMMENT ON AGGREGATE loyalcs.sla_clocks(loyalcs.ticket_event, timestamptz) IS
    'the clocks of one ticket, by metric and cycle. Events are sorted by time here; those of one instant keep the order in which they come, so give an ORDER BY in the call if there are any. first_response: from the opening to the first agent_reply, proposed or resolved. next_response: from the oldest customer_message that is unanswered after that, to the reply, once a cycle. proposal, resolution: from the opening to proposed, resolved; paused from pending to resumed or the customer''s next message; a reopened ticket''s resolution runs on, without the time that it was resolved. An event that makes no sense where it stands (a reply before the opening, a resume without a pause) does nothing. NULLs are skipped, an infinite instant is an error; NULL for no events, {} for a ticket that was never opened. Of events of one instant the opening comes first. discarded ends all that runs, and its clocks are not shown. auto_resolved ends proposal and resolution, auto_proposed the proposal, and both acknowledge. Memory: 40 bytes an event';
COMMENT ON AGGREGATE loyalcs.sla_clocks(text, timestamptz, bigint, bigint) IS
    'the same for events as text, as a shop stores them. event_id orders events of one instant, so the call needs no ORDER BY. part is 0 or NULL for the ticket''s own events; the events of another ticket that was merged into it have any other number, one a ticket: its clocks that ran when it was merged go on as this ticket''s; where both tickets had one of a kind running, the one that started first stays, and what is written to the other ticket after that is written to this one';
CREATE AGGREGATE loyalcs.sla_clocks(kind text, at timestamptz, event_id bigint, part bigint, merged_into bigint) (
    SFUNC = loyalcs.sla_clocks_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.sla_clocks_merged_final,
    COMBINEFUNC = loyalcs.sla_clocks_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.sla_clocks(text, timestamptz, bigint, bigint, bigint) IS
    'the clocks of several tickets some of which were merged, each with the part that it is of: part numbers the ticket of an event, merged_into that in which it goes on from an event of kind merged (NULL: in none, the event does nothing). Until it is merged a ticket runs by itself. Then what runs in it goes on in the other; of two clocks of a kind the one that started first goes on, and the other has an ended_at. What had stopped stays where it was, and what is written to a merged ticket is written to the one in which it goes on; so whichever is reopened, the resolution runs on there that ran last in any of them. What is merged stays merged';
COMMENT ON FUNCTION loyalcs.sla_due(timestamptz, interval, loyalcs.business_hours, tstzmultirange) IS
    'the deadline: the instant at which the target is used up, counting open time outside the pauses. hours NULL: the clock on the wall, where a day is 24 hours, and with hours a business day: the same clock time, as add_business_time counts them; pauses NULL: none; NULL while a pause has not ended and the target was not used up before it';
ALTER TYPE loyalcs.sla_rule
    ADD ATTRIBUTE known_from timestamptz,
    ADD ATTRIBUTE known_until timestamptz;
COMMENT ON TYPE loyalcs.sla_rule IS
    'a promise, and which clocks it is about: those of a metric that start from valid_from until before valid_until (NULL: no limit), of tickets with this channel, priority, reason and tier of the customer (NULL: any). A rule of higher precedence (NULL: 0) goes before more specific ones. From known_from until before known_until (NULL: no limit) this is what was known of it, as of its hours with a closure that was decided later';
CREATE TYPE loyalcs.sla_facts AS (
    until timestamptz,
    channel text,
    priority text,
    reason text,
    tier text
);
COMMENT ON TYPE loyalcs.sla_facts IS
    'what decides the promises about a ticket, as it was until an instant';
CREATE TYPE loyalcs.sla_promise AS (
    metric loyalcs.sla_metric,
    cycle integer,
    started_at timestamptz,
    state loyalcs.sla_state,
    elapsed interval,
    channel text,
    priority text,
    reason text,
    tier text,
    policy_id bigint,
    policy_set text,
    target interval,
    warn_at timestamptz,
    due_at timestamptz,
    stopped_at timestamptz,
    time_left interval,
    problem text
);
COMMENT ON TYPE loyalcs.sla_promise IS
    'what was promised for a clock and what became of it: the clock, its state and the time used up, the facts by which it was judged, the rule, its target, when to warn (of what is open), the deadline (NULL: paused, or see problem), when it stopped, the time left, and why there is no deadline though none is paused';
CREATE FUNCTION loyalcs.sla_promises(
    clocks loyalcs.sla_clock[],
    channel text,
    priority text,
    reason text,
    tier text,
    before loyalcs.sla_facts[],
    rules loyalcs.sla_rule[],
    as_of timestamptz
) RETURNS SETOF loyalcs.sla_promise
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 300 ROWS 3
    AS 'MODULE_PATHNAME', 'sla_promises';
COMMENT ON FUNCTION loyalcs.sla_promises(loyalcs.sla_clock[], text, text, text, text, loyalcs.sla_facts[], loyalcs.sla_rule[], timestamptz) IS
    'what was promised for the clocks of a ticket, until when, and what became of it as of an instant, one row a promise: by the most specific rule (see sla_policy) for a ticket with this channel, priority, reason and tier. before: what those were earlier, in order of time (NULL: the same). A promise that was kept or broken is judged by what was so then; one that is open by what is so now. A clock that ended counts only if it had been broken by then. No row for a clock for which nothing was promised. Never an error because of a rule or a clock: what cannot be computed is NULL and has a problem';

-- Intervals and tests hold for a handful of answers; means know their scale.
COMMENT ON FUNCTION loyalcs.nps_interval(loyalcs.ratings, confidence double precision) IS
    'confidence interval of the Net Promoter Score in points: adjusted Wald (Rocks 2016), which adds 3 answers, 3/4 to promoters and 3/4 to detractors, with Students t for the normal quantile; around the adjusted score, widened to the score itself where that lies outside, and within -100 .. 100; NULLs for no answers';
COMMENT ON FUNCTION loyalcs.nps_margin(loyalcs.ratings, confidence double precision) IS
    'half the width of nps_interval before it is widened or cut to -100 .. 100, in points; NULL for no answers';
COMMENT ON FUNCTION loyalcs.nps_change(before loyalcs.ratings, after loyalcs.ratings, confidence double precision) IS
    'did the Net Promoter Score really change? change: after - before in points; low, high: its confidence interval; p_value: how likely a difference at least this large is if nothing changed (two-sided). From the difference of the two adjusted estimates of nps_interval, with Welchs degrees of freedom; where that points another way than the change itself, p_value is 1; the interval is widened to the change; NULLs if either has no answers';
COMMENT ON FUNCTION loyalcs.mean_interval(loyalcs.ratings, confidence double precision) IS
    'confidence interval of the mean score on a scale from 0 to 10, and a wider one than need be on any other: give scale_low and scale_high for those; NULLs for no answers';
COMMENT ON FUNCTION loyalcs.mean_change(before loyalcs.ratings, after loyalcs.ratings, confidence double precision) IS
    'mean_change on a scale from 0 to 10, more careful than need be on any other: give scale_low and scale_high for those; NULLs if either has no answers';
CREATE FUNCTION loyalcs.mean_interval(
    loyalcs.ratings,
    scale_low integer,
    scale_high integer,
    confidence double precision DEFAULT 0.95,
    OUT low double precision,
    OUT high double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'ratings_mean_interval';
COMMENT ON FUNCTION loyalcs.mean_interval(loyalcs.ratings, scale_low integer, scale_high integer, confidence double precision) IS
    'confidence interval of the mean score on a scale from scale_low to scale_high: Students t, with one answer added at each end of the scale (after Agresti and Caffo 2000), so that a handful of equal answers is not taken for certainty; around the adjusted mean, widened to the mean itself where that lies outside, and within the scale; NULLs for no answers; an error if an answer is off the scale';
CREATE FUNCTION loyalcs.mean_change(
    before loyalcs.ratings,
    after loyalcs.ratings,
    scale_low integer,
    scale_high integer,
    confidence double precision DEFAULT 0.95,
    OUT change double precision,
    OUT low double precision,
    OUT high double precision,
    OUT p_value double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'ratings_mean_change';
COMMENT ON FUNCTION loyalcs.mean_change(before loyalcs.ratings, after loyalcs.ratings, scale_low integer, scale_high integer, confidence double precision) IS
    'did the mean score on a scale from scale_low to scale_high really change? change: after - before; low, high: its confidence interval; p_value: how likely a difference at least this large is if nothing changed (Welchs t-test of the two adjusted means of mean_interval, two-sided); where the adjusted difference points another way than the change itself, p_value is 1; the interval is widened to the change; NULLs if either has no answers; an error if an answer is off the scale';

-- Did something change more than other things did over the same time?
CREATE FUNCTION loyalcs.nps_effect(
    before loyalcs.ratings,
    after loyalcs.ratings,
    others_before loyalcs.ratings,
    others_after loyalcs.ratings,
    confidence double precision DEFAULT 0.95,
    OUT effect double precision,
    OUT low double precision,
    OUT high double precision,
    OUT p_value double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'ratings_nps_effect';
COMMENT ON FUNCTION loyalcs.nps_effect(before loyalcs.ratings, after loyalcs.ratings, others_before loyalcs.ratings, others_after loyalcs.ratings, confidence double precision) IS
    'did the Net Promoter Score of some change more than that of others over the same time (difference in differences)? effect: (after - before) - (others_after - others_before) in points; low, high: its confidence interval; p_value: how likely an effect at least this large is if both changed alike (two-sided). From the four adjusted estimates of nps_interval, with Welchs degrees of freedom, as in nps_change; NULLs if one of the four has no answers';
CREATE FUNCTION loyalcs.share_effect(
    before loyalcs.ratings,
    after loyalcs.ratings,
    others_before loyalcs.ratings,
    others_after loyalcs.ratings,
    confidence double precision DEFAULT 0.95,
    OUT effect double precision,
    OUT low double precision,
    OUT high double precision,
    OUT p_value double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'ratings_share_effect';
COMMENT ON FUNCTION loyalcs.share_effect(before loyalcs.ratings, after loyalcs.ratings, others_before loyalcs.ratings, others_after loyalcs.ratings, confidence double precision) IS
    'did a share (of answers 1 among those of 0 and 1) change more than that of others over the same time (difference in differences)? effect: (after - before) - (others_after - others_before); low, high: its confidence interval; p_value: how likely an effect at least this large is if what changed both added as much to both, or multiplied the odds of both by as much, whichever is likelier (two-sided). The first is Welchs test of the four adjusted means of mean_interval (after Price and Bonett 2004), the second Walds of the logarithms of the odds with half an answer added at each end (Haldane 1956); the interval reaches as far as either; NULLs if one of the four has no answers; an error if an answer is neither 0 nor 1';

-- Who has not had the time yet is not taken for lost.
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

-- Effects are counted by intention to treat.
COMMENT ON FUNCTION loyalcs.uplift(reached_ordered bigint, reached bigint, held_out_ordered bigint, held_out bigint, confidence double precision) IS
    'how much larger the share that ordered is among those who were to be reached than among those who were held out (-1 to 1), and its confidence interval: Newcombe''s hybrid score interval (Statistics in Medicine 17, 1998, p. 873, method 10); NULLs if either group is empty. Count both groups as they were drawn, from when they were, reached or not: whoever could not be reached is missing in one of them else';

-- What is computed from stored rows does not fail for all because of one of them.
CREATE FUNCTION loyalcs.try_business_hours(hours text) RETURNS loyalcs.business_hours
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'try_business_hours';
COMMENT ON FUNCTION loyalcs.try_business_hours(hours text) IS
    'the business hours that a text says; NULL, not an error, if it says none or names a time zone that the server does not know: for views over rows that others wrote';
CREATE FUNCTION loyalcs.try_next_open(hours loyalcs.business_hours, at timestamptz) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 3
    AS 'MODULE_PATHNAME', 'business_hours_try_next_open';
COMMENT ON FUNCTION loyalcs.try_next_open(hours loyalcs.business_hours, at timestamptz) IS
    'as next_open; NULL where that is an error: for views over rows that others wrote';
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

-- Shares are from 0 to 1.
COMMENT ON FUNCTION loyalcs.csat(loyalcs.ratings) IS
    'mean satisfaction, 1 to 5; NULL for no answers; an error if an answer is off the scale of 1 to 5. The share of the satisfied is csat_share';
COMMENT ON AGGREGATE loyalcs.csat(smallint) IS
    'mean satisfaction, 1 to 5; NULL is skipped, a score off the scale is an error; NULL if nothing was answered. The share of the satisfied is csat_share';
COMMENT ON AGGREGATE loyalcs.csat(integer) IS
    'mean satisfaction, 1 to 5; NULL is skipped, a score off the scale is an error; NULL if nothing was answered. The share of the satisfied is csat_share';
COMMENT ON AGGREGATE loyalcs.csat(double precision) IS
    'mean satisfaction, 1 to 5; NULL is skipped, a score off the scale is an error; NULL if nothing was answered. The share of the satisfied is csat_share';
CREATE FUNCTION loyalcs.csat_share(loyalcs.ratings, top integer DEFAULT 4, scale integer DEFAULT 5) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_csat_share';
COMMENT ON FUNCTION loyalcs.csat_share(loyalcs.ratings, top integer, scale integer) IS
    'share of the answers that are `top` or better on a scale from 1 to `scale`, 0 to 1: top-two-box for the defaults; NULL for no answers; an error if an answer is off that scale';
COMMENT ON FUNCTION loyalcs.csat_percent(loyalcs.ratings, top integer, scale integer) IS
    'csat_share in per cent, 0 to 100, as it was before all shares were from 0 to 1: for what was written then';
CREATE FUNCTION loyalcs.csat_share_final(loyalcs.ratings) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_csat_share';
COMMENT ON FUNCTION loyalcs.csat_share_final(loyalcs.ratings) IS
    'final function of csat_share: share of 4 and 5 on a scale from 1 to 5';
CREATE AGGREGATE loyalcs.csat_share(smallint) (
    SFUNC = loyalcs.csat_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.csat_share_final,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.csat_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.csat_share_final,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.csat_share(smallint) IS
    'share of the answers that are 4 or 5 on a scale from 1 to 5 (top two boxes), 0 to 1; NULL is skipped, a score off the scale is an error; NULL if nothing was answered';
CREATE AGGREGATE loyalcs.csat_share(integer) (
    SFUNC = loyalcs.csat_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.csat_share_final,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.csat_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.csat_share_final,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.csat_share(integer) IS
    'share of the answers that are 4 or 5 on a scale from 1 to 5 (top two boxes), 0 to 1; NULL is skipped, a score off the scale is an error; NULL if nothing was answered';
CREATE AGGREGATE loyalcs.csat_share(double precision) (
    SFUNC = loyalcs.csat_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.csat_share_final,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.csat_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.csat_share_final,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.csat_share(double precision) IS
    'share of the answers that are 4 or 5 on a scale from 1 to 5 (top two boxes), 0 to 1; NULL is skipped, a score off the scale is an error; NULL if nothing was answered';
COMMENT ON AGGREGATE loyalcs.csat_percent(smallint) IS
    'csat_share in per cent, 0 to 100, as it was before all shares were from 0 to 1: for what was written then';
COMMENT ON AGGREGATE loyalcs.csat_percent(integer) IS
    'csat_share in per cent, 0 to 100, as it was before all shares were from 0 to 1: for what was written then';
COMMENT ON AGGREGATE loyalcs.csat_percent(double precision) IS
    'csat_share in per cent, 0 to 100, as it was before all shares were from 0 to 1: for what was written then';

-- No parameter has to be quoted that tells from when and until when. A function can be
-- given other names only by dropping it, and shops' functions depend on these; so it is
-- done the hard way, as PostgreSQL's own extensions have changed signatures. Calls are
-- kept by place; one by name in a view of yours has to be written anew.
UPDATE pg_catalog.pg_proc p
   SET proargnames = ARRAY(SELECT CASE n.name WHEN 'from' THEN 'since' WHEN 'to' THEN 'until' ELSE n.name END
                             FROM ROWS FROM (pg_catalog.unnest(p.proargnames)) WITH ORDINALITY n (name, place)
                            ORDER BY n.place)
 WHERE p.oid IN ('loyalcs.business_time(timestamptz, timestamptz, loyalcs.business_hours)'::regprocedure::oid,
                 'loyalcs.explain_business_time(timestamptz, timestamptz, loyalcs.business_hours)'::regprocedure::oid,
                 'loyalcs.open_periods(loyalcs.business_hours, timestamptz, timestamptz)'::regprocedure::oid,
                 'loyalcs.open_multirange(loyalcs.business_hours, timestamptz, timestamptz)'::regprocedure::oid,
                 'loyalcs.japanese_holidays(date, date)'::regprocedure::oid);
COMMENT ON FUNCTION loyalcs.business_time(since timestamptz, until timestamptz, hours loyalcs.business_hours) IS
    'open time from `since` to `until`, in hours, minutes and seconds that really passed: an hour that daylight saving skips does not count, one that it repeats counts twice; negative if `until` is earlier';
COMMENT ON FUNCTION loyalcs.open_periods(hours loyalcs.business_hours, since timestamptz, until timestamptz) IS
    'when it is open from `since` to `until`, in order, overlapping and touching times as one; none if the two are equal; an error if `until` is earlier';
COMMENT ON FUNCTION loyalcs.japanese_holidays(since date, until date) IS
    'public holidays of Japan from `since` to `until`, both included; an error after 2099';

-- Business hours have seasons.
COMMENT ON FUNCTION loyalcs.explain_business_time(since timestamptz, until timestamptz, hours loyalcs.business_hours) IS
    'how business_time counts: one row for each stretch from the earlier instant to the later, `why` it is open or closed (a weekly rule, that of a season, a holiday with its name, an exception), and the time `counted` up to its end, negative if `until` is earlier';

-- How well a share is known.
CREATE FUNCTION loyalcs.share_interval(
    hits bigint,
    cases bigint,
    confidence double precision DEFAULT 0.95,
    OUT low double precision,
    OUT high double precision
)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'share_interval';
COMMENT ON FUNCTION loyalcs.share_interval(hits bigint, cases bigint, confidence double precision) IS
    'the confidence interval of the share hits / cases, 0 to 1: Wilson''s score interval (Journal of the American Statistical Association 22, 1927, p. 209), which holds its promise for few cases too; NULLs for no cases';

-- What a view gives of its answers can be added up.
CREATE CAST (jsonb AS loyalcs.ratings) WITH INOUT;
COMMENT ON CAST (jsonb AS loyalcs.ratings) IS 'ratings of their counts, {"9": 12, "10": 40}; what their text form does not take is an error';

-- Concentration is read off one sorted array, and amounts are added up without text.
CREATE FUNCTION loyalcs.top_shares(amounts double precision[], shares double precision[]) RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'top_shares';
COMMENT ON FUNCTION loyalcs.top_shares(double precision[], double precision[]) IS
    'loyalcs.top_share() of amounts for each of several shares, which sorts them once: {0.01, 0.2} for the best 1% and 20%; a NULL or negative amount is an error, and a share that is not more than 0 and at most 1; NULL for no amounts or a total of 0';
CREATE FUNCTION loyalcs.gini(amounts double precision[]) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'gini_of_amounts';
COMMENT ON FUNCTION loyalcs.gini(double precision[]) IS
    'loyalcs.gini() of amounts that have been collected; a NULL or negative one is an error; NULL for no amounts or a total of 0';
CREATE FUNCTION loyalcs.total_spent_float8(loyalcs.purchases) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_total_float8';
COMMENT ON FUNCTION loyalcs.total_spent_float8(loyalcs.purchases) IS
    'total_spent() as double precision, many times quicker than by a cast of it';

-- Segments have names of a shop's own.
CREATE FUNCTION loyalcs.rfm_segment(recency integer, frequency integer, monetary integer, names text[]) RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3
    AS 'MODULE_PATHNAME', 'rfm_segment_of_names';
COMMENT ON FUNCTION loyalcs.rfm_segment(recency integer, frequency integer, monetary integer, names text[]) IS
    'name of the customer segment for RFM scores from 1 to 5 among names of your own: 125, one for each combination of scores, ordered by recency, frequency and monetary score; NULL names: as without them; NULL if a score is; a score off 1 to 5 is an error, and so are fewer names';
