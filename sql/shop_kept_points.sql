-- Points by day: whether kept or not, whenever they were refreshed, and as of whichever
-- instant, the liability is that of the postings themselves.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(0, 9) i;

-- What the ledger says, in plain SQL.
CREATE FUNCTION pg_temp.plain_days(as_of timestamptz) RETURNS TABLE (day date, kind text, points numeric) LANGUAGE sql AS $$
    SELECT (p.posted_at AT TIME ZONE s.time_zone)::date, p.kind, sum(p.points) FROM point_postings p, settings s WHERE p.posted_at <= as_of GROUP BY 1, 2 $$;
CREATE FUNCTION pg_temp.plain_months(as_of timestamptz) RETURNS TABLE (month date, earned numeric, redeemed numeric, expired numeric, reversed numeric, adjusted numeric, closing numeric) LANGUAGE sql AS $$
    SELECT m.month::date, coalesce(sum(points) FILTER (WHERE this AND kind = 'earn'), 0), coalesce(sum(points) FILTER (WHERE this AND kind = 'redeem'), 0), coalesce(sum(points) FILTER (WHERE this AND kind = 'expire'), 0),
           coalesce(sum(points) FILTER (WHERE this AND kind = 'reverse'), 0), coalesce(sum(points) FILTER (WHERE this AND kind = 'adjust'), 0), coalesce(sum(points), 0)
      FROM (SELECT date_trunc('month', min(p.posted_at) AT TIME ZONE time_zone) AS first, date_trunc('month', least(as_of, '2027-12-15') AT TIME ZONE time_zone) AS last, time_zone
              FROM point_postings p, settings WHERE p.posted_at <= as_of GROUP BY time_zone) b,
           generate_series(b.first, b.last, '1 month') m (month)
      LEFT JOIN LATERAL (SELECT p.kind, p.points, date_trunc('month', p.posted_at AT TIME ZONE b.time_zone) = m.month AS this FROM point_postings p
                          WHERE p.posted_at <= as_of AND date_trunc('month', p.posted_at AT TIME ZONE b.time_zone) <= m.month) p ON true
     GROUP BY m.month $$;
-- (in PL/pgSQL: it would be planned anew each time, which takes longer than to run it)
CREATE FUNCTION pg_temp.differs(as_of timestamptz) RETURNS TABLE (what text, it text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT 'day', x::text FROM ((SELECT 'kept' AS has, * FROM daily_points(as_of) EXCEPT ALL SELECT 'kept', * FROM pg_temp.plain_days(as_of))
                          UNION ALL (SELECT 'plain', * FROM pg_temp.plain_days(as_of) EXCEPT ALL SELECT 'plain', * FROM daily_points(as_of))) x
    UNION ALL
    SELECT 'month', m::text
      FROM (SELECT * FROM points_liability_at(as_of) WHERE month <= '2027-12-01') l
      FULL JOIN pg_temp.plain_months(as_of) m USING (month)
     WHERE (l.earned, l.redeemed, l.expired, l.reversed, l.adjusted, l.closing, l.opening) IS DISTINCT FROM
           (m.earned, m.redeemed, m.expired, m.reversed, m.adjusted, m.closing, m.closing - m.earned - m.redeemed - m.expired - m.reversed - m.adjusted);
END
$$;

-- Before anything was ever kept, and of nobody.
SELECT unkept_days('points', '{point_postings}', now()), (SELECT count(*) FROM daily_points(now())) AS days, (SELECT count(*) FROM points_liability) AS months;
SELECT refresh_kept_figures('2025-10-01 00:00+09');

-- After each step of a ledger's life figures are asked for as of three instants, some of them
-- before the last refresh, some before everything. (Until the end of time there are as many
-- months as of all else together: of every tenth step these are enough.)
CREATE FUNCTION pg_temp.roll(i integer, what text, sides integer) RETURNS integer LANGUAGE sql AS
$$ SELECT ((hashtextextended(i || what, 0) % sides + sides) % sides)::integer $$;
CREATE TEMP TABLE done (step integer, kind text, as_of timestamptz, what text, it text);
CREATE PROCEDURE pg_temp.walk(first integer, last integer) LANGUAGE plpgsql AS $$
DECLARE
    c text;
    at timestamptz;
    kind text;
    instant timestamptz;
BEGIN
    FOR i IN first..last LOOP
        c := 'c' || pg_temp.roll(i, 'customer', 10);
        -- time goes on, now and then by midnight of some zone, now and then not at all
        at := '2025-10-01 00:00+09'::timestamptz + i * interval '1 day' + pg_temp.roll(i, 'hour', 4) * interval '3 hours';
        kind := (ARRAY['adjust', 'adjust', 'take', 'redeem', 'several', 'reverse', 'expire', 'refresh', 'early', 'zone', 'merge'])[1 + pg_temp.roll(i, 'kind', 11)];
        BEGIN
            CASE kind
                WHEN 'adjust' THEN PERFORM adjust_points(c, 1 + pg_temp.roll(i, 'points', 500), i::text, NULL, CASE WHEN i % 3 = 0 THEN at + interval '20 days' END, at);
                WHEN 'take' THEN PERFORM adjust_points(c, -1 - pg_temp.roll(i, 'points', 50), i::text, posted_at => at);
                WHEN 'redeem' THEN PERFORM redeem_points(c, 1 + pg_temp.roll(i, 'points', 50), i::text, posted_at => at);
                WHEN 'several' THEN PERFORM adjust_points('c' || n, 1 + n, i || ' ' || n, posted_at => at + n * interval '5 hours') FROM generate_series(0, 9) n;
                WHEN 'reverse' THEN PERFORM reverse_points(p.customer_id, p.posting_id, 1, i::text, at)
                                       FROM point_postings p WHERE p.kind IN ('adjust', 'redeem') AND p.posted_at <= at ORDER BY hashtextextended(p.posting_id::text, i) LIMIT 1;
                WHEN 'expire' THEN PERFORM expire_points(at);
                WHEN 'refresh' THEN PERFORM refresh_kept_figures(at);
                WHEN 'early' THEN PERFORM refresh_kept_figures(at - interval '40 days');
                WHEN 'zone' THEN UPDATE settings SET time_zone = (ARRAY['Asia/Tokyo', 'America/New_York', 'Australia/Lord_Howe'])[1 + pg_temp.roll(i, 'zone', 3)];
                WHEN 'merge' THEN
                    INSERT INTO customers (customer_id) VALUES ('m' || i);
                    PERFORM adjust_points('m' || i, 7, 'm', posted_at => at);
                    PERFORM merge_customers('m' || i, c, 'm' || i);
            END CASE;
        EXCEPTION WHEN check_violation OR object_not_in_prerequisite_state OR invalid_parameter_value OR datetime_field_overflow THEN
            kind := kind || ' refused';
        END;
        FOREACH instant IN ARRAY ARRAY['2025-09-01 00:00+09'::timestamptz + pg_temp.roll(i, 'as of', 400) * interval '12 hours', at, CASE WHEN i % 10 = 0 THEN 'infinity' ELSE timestamptz '2028-01-01 00:00+09' END] LOOP
            INSERT INTO done SELECT i, kind, instant, d.* FROM pg_temp.differs(instant) d;
        END LOOP;
        INSERT INTO done VALUES (i, kind);
    END LOOP;
END
$$;
CALL pg_temp.walk(1, 150);
SELECT * FROM done WHERE what IS NOT NULL ORDER BY step LIMIT 3;
SELECT kind, count(*) > 0 AS tried FROM done WHERE what IS NULL GROUP BY kind ORDER BY kind COLLATE "C";
SELECT count(*) > 150 AS postings, string_agg(DISTINCT kind, ' ') AS kinds FROM point_postings;

-- What is kept, and what of it is believed.
UPDATE settings SET time_zone = 'Asia/Tokyo';
SELECT refresh_kept_figures('2026-04-01 00:00+09') >= 0 AS ran;
INSERT INTO customers (customer_id) VALUES ('hana');
SELECT adjust_points('hana', 500, 'a', posted_at => '2026-03-01 23:59+09') > 0 AS posted, adjust_points('hana', 30, 'b', posted_at => '2026-03-02 00:00+09') > 0 AS posted, redeem_points('hana', 100, 'c', posted_at => '2026-03-02 12:00+09') > 0 AS posted;
SELECT unkept_days('points', '{point_postings}', now());
SELECT day, kind, points FROM daily_points(now()) WHERE day BETWEEN '2026-03-01' AND '2026-03-02' ORDER BY day, kind;
SELECT refresh_kept_figures('2026-04-02 00:00+09') >= 0 AS ran;
SELECT unkept_days('points', '{point_postings}', now()), (SELECT count(*) FROM day_marks) AS marks;
SELECT day, kind, points FROM kept_points WHERE day BETWEEN '2026-03-01' AND '2026-03-02' ORDER BY day, kind;
-- as of an instant within a day, that day is what had been posted by then
SELECT day, kind, points FROM daily_points('2026-03-02 11:59+09') WHERE day >= '2026-03-01' ORDER BY day, kind;

-- While changes are not marked, nothing that is kept is believed, nor afterwards.
ALTER TABLE point_postings DISABLE TRIGGER mark_new_days;
SELECT adjust_points('hana', 1, 'unseen', posted_at => '2026-03-03 12:00+09') > 0 AS posted;
SELECT unkept_days('points', '{point_postings}', now());
SELECT * FROM pg_temp.differs('2027-01-01 00:00+09');
SELECT refresh_kept_figures('2026-04-02 00:00+09') >= 0 AS ran;
SELECT (SELECT count(*) FROM kept_points) AS kept, (SELECT array_agg(figure ORDER BY figure) FROM day_keeping) AS figures;
ALTER TABLE point_postings ENABLE TRIGGER mark_new_days;
SELECT unkept_days('points', '{point_postings}', now());
SELECT refresh_kept_figures('2026-04-02 00:00+09') >= 0 AS ran;
SELECT unkept_days('points', '{point_postings}', now()), (SELECT count(*) FROM kept_points) > 0 AS kept;
SELECT * FROM pg_temp.differs('2027-01-01 00:00+09');

-- It depends on no setting of the session.
SELECT pg_temp.same_elsewhere('SELECT * FROM points_liability_at(''2026-04-01 00:00+09'')');
