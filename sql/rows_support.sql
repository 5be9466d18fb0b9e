-- What the planner knows of how many rows the calendar's functions give.
SET search_path = loyalcs, public;
SET timezone = 'Asia/Tokyo';

CREATE FUNCTION pg_temp.estimate(call text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) SELECT FROM ' || call INTO plan;
    RETURN plan #> '{0,Plan,Plan Rows}';
END $$;
CREATE FUNCTION pg_temp.rows(call text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    result bigint;
BEGIN
    EXECUTE 'SELECT count(*) FROM ' || call INTO result;
    RETURN result;
END $$;

-- Half of it to twice as many, give or take three, whatever the hours of a shop and the time.
CREATE TABLE calls AS
SELECT f.name, format(f.call, s.day, s.day + t.span, h.hours) AS call
  FROM (VALUES ('open_periods', 'open_periods(business_hours(%3$L, ''Asia/Tokyo'', ''JP''), %1$L, %2$L)'),
               ('forwards', 'explain_business_time(%1$L, %2$L, business_hours(%3$L, ''Asia/Tokyo'', ''JP''))'),
               ('backwards', 'explain_business_time(%2$L, %1$L, business_hours(%3$L, ''Asia/Tokyo'', ''JP''))'),
               ('holidays', 'japanese_holidays(%1$L::timestamp::date, %2$L::timestamp::date)')) f (name, call),
       (VALUES ('Mo-Fr 10:00-18:00'), ('Mo-Fr 10:00-12:00,13:00-18:00; PH off'), ('Mo-Su 10:00-20:00'), ('Tu-Su 11:00-02:00; PH off')) h (hours),
       (VALUES (interval '1 week'), ('1 month'), ('1 year'), ('10 years'), ('100 years')) t (span),
       (VALUES (timestamp '1990-03-05'), ('1957-11-18'), ('1999-12-31 23:59')) s (day);
SELECT name, count(*) AS calls, max(e.estimate) > 100 * min(e.estimate) AS estimates_differ,
       count(*) FILTER (WHERE e.estimate NOT BETWEEN e.rows / 2 - 3 AND e.rows * 2 + 3) AS far_off
  FROM calls, LATERAL (SELECT pg_temp.estimate(call) AS estimate, pg_temp.rows(call) AS rows OFFSET 0) e
 GROUP BY name ORDER BY name;

-- What is reckoned from now is known when it is planned; what comes from a row or a
-- parameter is not, and then it is what the function says of itself.
SELECT pg_temp.estimate('japanese_holidays((now() - interval ''20 years'')::date, now()::date)') BETWEEN 300 AND 400 AS from_now;
SELECT call, pg_temp.estimate('(VALUES (1)) v (n), LATERAL ' || call) AS estimate
  FROM (VALUES ('japanese_holidays(current_date + (random() * 0)::integer, current_date)'),
               ('open_periods(business_hours(''24/7'', ''UTC'', ''''), clock_timestamp(), now())'),
               ('explain_business_time(now(), clock_timestamp(), business_hours(''24/7'', ''UTC'', ''''))'),
               ('explain_deadline(now(), ''1 h'', business_hours(''24/7'', ''UTC'', ''''), NULL)')) c (call);
PREPARE unknown AS SELECT FROM japanese_holidays($1, $2);
SET plan_cache_mode = force_generic_plan;
CREATE FUNCTION pg_temp.prepared() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) EXECUTE unknown(''2000-01-01'', ''2099-12-31'')' INTO plan;
    RETURN plan #> '{0,Plan,Plan Rows}';
END $$;
SELECT pg_temp.prepared();
RESET plan_cache_mode;

-- An estimate is never an error, and never nonsense: those are for the call.
SELECT call, pg_temp.estimate(call) BETWEEN 1 AND 150000 AS sensible
  FROM (VALUES ('japanese_holidays(''-infinity'', ''infinity'')'), ('japanese_holidays(''infinity'', ''-infinity'')'),
               ('japanese_holidays(''4713-01-01 BC'', ''5874897-12-31'')'), ('japanese_holidays(NULL, current_date)'),
               ('open_periods(business_hours(''24/7'', ''UTC'', ''''), ''-infinity'', ''infinity'')'),
               ('open_periods(business_hours(''24/7'', ''UTC'', ''''), ''4713-01-01 BC'', ''294276-12-31'')'),
               ('open_periods(business_hours(''24/7'', ''UTC'', ''''), ''294276-12-31'', ''4713-01-01 BC'')'),
               ('open_periods(NULL, now(), now())'),
               ('explain_business_time(''294276-12-31'', ''4713-01-01 BC'', business_hours(''24/7'', ''UTC'', ''''))'),
               ('explain_business_time(''infinity'', now(), business_hours(''24/7'', ''UTC'', ''''))')) c (call);
DROP TABLE calls;
