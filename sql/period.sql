-- The local day, week, month, quarter and year of an instant.  What is compared
-- with is date_trunc(unit, at, zone), brought back to that zone's date.
SET search_path = loyalcs, public;
-- The session's own zone must not matter, so it is an odd one.
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'ISO, YMD';

-- By hand: the same instant is Sunday in Tokyo and still Saturday, of another
-- month, quarter and year, in New York.
SELECT zone, local_date(at, zone), local_week(at, zone), local_month(at, zone), local_quarter(at, zone), local_year(at, zone)
FROM (VALUES ('Asia/Tokyo'), ('UTC'), ('America/New_York')) AS zones (zone),
     (VALUES (timestamptz '2023-01-01 02:30:00+00')) AS instant (at);
-- Each month has the first day of its quarter, each ISO week its Monday.
SELECT to_char(day, 'MM') AS month, local_month(at, 'UTC'), local_quarter(at, 'UTC'), local_week(at, 'UTC'), to_char(day, 'IYYY-"W"IW') AS week
FROM generate_series(timestamp '2024-01-30', '2024-12-31', '1 month') AS day, LATERAL (SELECT day AT TIME ZONE 'UTC' AS at) AS instant;

-- All five functions against date_trunc: the units in which they differ.
CREATE FUNCTION disagreement(at timestamptz, zone text) RETURNS text LANGUAGE sql AS $$
    SELECT nullif(concat_ws(' ',
        CASE WHEN local_date(at, zone) IS DISTINCT FROM (date_trunc('day', at, zone) AT TIME ZONE zone)::date THEN 'day' END,
        CASE WHEN local_week(at, zone) IS DISTINCT FROM (date_trunc('week', at, zone) AT TIME ZONE zone)::date THEN 'week' END,
        CASE WHEN local_month(at, zone) IS DISTINCT FROM (date_trunc('month', at, zone) AT TIME ZONE zone)::date THEN 'month' END,
        CASE WHEN local_quarter(at, zone) IS DISTINCT FROM (date_trunc('quarter', at, zone) AT TIME ZONE zone)::date THEN 'quarter' END,
        CASE WHEN local_year(at, zone) IS DISTINCT FROM (date_trunc('year', at, zone) AT TIME ZONE zone)::date THEN 'year' END), '')
$$;

-- Names of places, offsets and POSIX rules, in any case.
CREATE TABLE zones (zone text PRIMARY KEY);
INSERT INTO zones VALUES ('Asia/Tokyo'), ('America/New_York'), ('Europe/London'), ('Europe/Amsterdam'), ('Australia/Lord_Howe'),
    ('Asia/Kathmandu'), ('America/Sao_Paulo'), ('Pacific/Apia'), ('Africa/Casablanca'), ('Antarctica/Troll'), ('Asia/Pyongyang'),
    ('America/St_Johns'), ('Africa/Monrovia'), ('UTC'), ('Etc/GMT+12'), ('Pacific/Kiritimati'), ('America/Caracas'), ('Asia/Gaza'),
    ('Europe/Dublin'), ('Europe/Moscow'), ('Pacific/Auckland'), ('Pacific/Chatham'), ('Asia/Tehran'), ('Asia/Kolkata'), ('Africa/Cairo'),
    ('America/Argentina/Buenos_Aires'), ('Pacific/Kwajalein'), ('Pacific/Guam'), ('America/Juneau'), ('Asia/Manila'),
    ('EST5EDT'), ('<+0330>-3:30'), ('XYZ-5:45:30'), ('AAA3BBB,M3.2.0/-1,M11.1.0/26'),
    ('asia/tokyo'), ('AMERICA/NEW_YORK'), ('etc/gmt+5');
SELECT count(*) AS zones FROM zones;

-- Every 241 hours, which comes by every hour of the day, from 1890 to 2110; the
-- zone is another in each row.
SELECT count(*) AS instants, count(disagreement(at, zone)) AS differing
FROM (SELECT at, zone FROM generate_series(timestamptz '1890-01-01 00:30:00+00', '2110-01-01 00:00:00+00', '241 hours') AS at, zones
      ORDER BY at, zone) AS alternating;

-- Every day of two centuries and a bit.
SELECT count(*) AS days, count(disagreement(at, 'UTC')) AS differing
FROM generate_series(timestamptz '1899-12-01 00:00:00+00', '2100-02-01 00:00:00+00', '1 day') AS at;

-- Every hour of two centuries in three zones, by local time alone.
SELECT zone, count(*) AS hours, count(*) FILTER (WHERE local_date(at, zone) <> (at AT TIME ZONE zone)::date) AS differing
FROM unnest('{America/New_York,Australia/Lord_Howe,Africa/Casablanca}'::text[]) AS zone,
     generate_series(timestamptz '1900-01-01 00:00:00+00', '2100-01-01 00:00:00+00', '1 hour') AS at
GROUP BY zone ORDER BY zone;

-- Both sides of every local midnight that begins a month, from 1900 to 2100.
SELECT count(*) AS instants, count(disagreement(at, zone)) AS differing
FROM zones, generate_series(timestamp '1900-01-01', '2100-02-01', '1 month') AS month,
     LATERAL (VALUES (month AT TIME ZONE zone), ((month AT TIME ZONE zone) - interval '1 microsecond')) AS instant (at);

-- Clock changes: days at whose ends the offset differs, halved to the second.
CREATE FUNCTION ahead(at timestamptz, zone text) RETURNS interval LANGUAGE sql AS $$
    SELECT (at AT TIME ZONE zone) - (at AT TIME ZONE 'UTC')
$$;
CREATE TABLE clock_changes AS
    WITH RECURSIVE halves AS (
        SELECT zone, at AS low, at + interval '1 day' AS high
        FROM zones, generate_series(timestamptz '1899-12-25 00:00:00+00', '2100-01-07 00:00:00+00', '1 day') AS at
        WHERE ahead(at, zone) <> ahead(at + interval '1 day', zone)
        UNION ALL
        SELECT zone, CASE WHEN same THEN middle ELSE low END, CASE WHEN same THEN high ELSE middle END
        FROM halves, LATERAL (SELECT date_trunc('second', low + (high - low) / 2) AS middle) AS m,
             LATERAL (SELECT ahead(middle, zone) = ahead(low, zone) AS same) AS s
        WHERE high - low > interval '1 second')
    SELECT zone, high AS at FROM halves WHERE high - low = interval '1 second';
SELECT count(*) > 4000 AS many, count(DISTINCT zone) > 25 AS in_many_zones, max(n) > 200 AS hundreds_in_one
FROM (SELECT zone, count(*) OVER (PARTITION BY zone) AS n FROM clock_changes) AS c;
-- Two that are known: daylight saving began in New York at 2 o'clock on
-- 10 March 2024, and Apia skipped 30 December 2011.
SELECT zone, at AT TIME ZONE 'UTC' AS utc FROM clock_changes
WHERE zone = 'America/New_York' AND at BETWEEN '2024-02-01' AND '2024-05-01' OR zone = 'Pacific/Apia' AND at BETWEEN '2011-12-01' AND '2012-01-31'
ORDER BY at;
SELECT local_date('2011-12-30 09:59:59.999999+00', 'Pacific/Apia') AS before, local_date('2011-12-30 10:00:00+00', 'Pacific/Apia') AS after;

-- On the change, a microsecond, a second, an hour and more to either side.
SELECT count(*) > 60000 AS instants, count(disagreement(at + step, zone)) AS differing
FROM clock_changes, unnest('{-1 day,-2 hours,-1 hour,-30 minutes,-1 second,-1 microsecond,0,1 microsecond,1 second,30 minutes,1 hour,2 hours,1 day}'::interval[]) AS step;
-- At the local midnights around it, too.
SELECT count(*) > 20000 AS instants, count(disagreement(instant.at, zone)) AS differing
FROM clock_changes AS c, generate_series(-1, 1) AS days,
     LATERAL (SELECT (date_trunc('day', c.at AT TIME ZONE zone) + days * interval '1 day') AT TIME ZONE zone AS midnight) AS m,
     LATERAL (VALUES (midnight), (midnight - interval '1 microsecond')) AS instant (at);

-- All zones that the server has, now and then; but AT TIME ZONE takes what is an
-- abbreviation as well (EST, MET) for that.
SELECT count(*) > 50000 AS instants, count(*) FILTER (WHERE local_date(at, name) <> (at AT TIME ZONE name)::date) AS differing
FROM (SELECT name FROM pg_timezone_names WHERE upper(name) NOT IN (SELECT abbrev FROM pg_timezone_abbrevs)) AS names,
     generate_series(timestamptz '1880-01-01 00:00:00+00', '2120-01-01 00:00:00+00', '1 year 1 day 7 hours') AS at;

-- Before 1900 and after 2100, where PostgreSQL itself is asked: the first year
-- and the year before it, long ago, and far ahead.
SELECT count(*) AS instants, count(disagreement(at, zone)) AS differing
FROM zones, (
    SELECT at FROM generate_series(timestamptz '0003-12-01 12:00:00+00 BC', '0004-01-01 00:00:00+00', '5 days 1 hour') AS at
    UNION ALL SELECT at FROM generate_series(timestamptz '4713-01-05 00:00:00+00 BC', '1900-01-01 00:00:00+00', '11 years 3 months 1 hour') AS at
    UNION ALL SELECT at FROM generate_series(timestamptz '2100-01-01 00:00:00+00', '2600-01-01 00:00:00+00', '1 year 5 months 1 hour') AS at
    UNION ALL SELECT at FROM generate_series(timestamptz '2600-01-01 00:00:00+00', '292000-01-01 00:00:00+00', '1777 years 5 months 1 hour') AS at) AS instants;
-- Both sides of the two ends of what is kept, and of the epoch.
SELECT count(*) AS instants, count(disagreement(at + step, zone)) AS differing
FROM zones, unnest('{1900-01-01 00:00:00+00,1970-01-01 00:00:00+00,2000-01-01 00:00:00+00,2100-01-01 00:00:00+00}'::timestamptz[]) AS at,
     unnest('{-1 day,-1 hour,-1 microsecond,0,1 microsecond,1 hour,1 day}'::interval[]) AS step;

-- By hand: BC, the year 1, and leap days.
SELECT local_date(at, 'UTC'), local_week(at, 'UTC'), local_month(at, 'UTC'), local_quarter(at, 'UTC'), local_year(at, 'UTC')
FROM unnest('{0001-01-01 00:00:00+00,"0001-12-31 23:59:59.999999+00 BC","0001-02-29 12:00:00+00 BC",1900-03-01 00:00:00+00,2000-02-29 00:00:00+00}'::timestamptz[]) AS at;

-- Infinite instants have infinite periods, in every zone.
SELECT at, local_date(at, 'Asia/Tokyo'), local_week(at, 'UTC'), local_month(at, 'EST'), local_quarter(at, 'UTC'), local_year(at, 'UTC')
FROM unnest('{-infinity,infinity}'::timestamptz[]) AS at;
SELECT local_date(NULL, 'UTC') AS at_null, local_week(now(), NULL) AS zone_null, local_month(NULL, NULL), local_quarter(NULL, 'UTC'), local_year(NULL, 'nowhere');

-- The last instant that there is, and the first: whose local day, or the day on
-- which its period starts, no date can be, is an error.
SELECT local_date(at, 'UTC'), local_week(at, 'UTC'), local_month(at, 'UTC'), local_quarter(at, 'UTC'), local_year(at, 'UTC'), local_date(at, 'Pacific/Kiritimati') AS kiritimati
FROM (VALUES (timestamptz '294276-12-31 23:59:59.999999+00')) AS last (at);
SELECT local_date(at, 'UTC'), local_date(at, 'Asia/Tokyo') AS tokyo, local_week(at, 'UTC') FROM (VALUES (timestamptz '4714-11-24 00:00:00+00 BC')) AS first (at);
SELECT local_date('4714-11-24 00:00:00+00 BC', 'Etc/GMT+12');
SELECT local_week('4714-11-24 00:00:00+00 BC', 'Etc/GMT+12');
SELECT local_month('4714-11-24 00:00:00+00 BC', 'UTC');
SELECT local_quarter('4714-11-24 00:00:00+00 BC', 'UTC');
SELECT local_year('4714-11-24 00:00:00+00 BC', 'UTC');

-- An unknown zone is an error, and so is one whose name is too long for a zone.
SELECT local_date('2026-01-01 00:00:00+00', 'Asia/Edo');
SELECT local_week('2026-01-01 00:00:00+00', '');
SELECT local_month('2026-01-01 00:00:00+00', ' Asia/Tokyo');
SELECT local_quarter('2026-01-01 00:00:00+00', 'Asia/Tokyo ');
SELECT local_year('2026-01-01 00:00:00+00', '../../etc/localtime');
SELECT local_date('infinity', 'nowhere');
CREATE FUNCTION pg_temp.refused(zone text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN local_date('2026-01-01 00:00:00+00', zone);
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || regexp_replace(SQLERRM, '([x ]{10})[x ]+', '\1...');
END $$;
CREATE FUNCTION pg_temp.refused_by(call text, zone text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'SELECT loyalcs.' || format(call, zone);
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT length, pg_temp.refused(repeat('x', length)) FROM unnest('{63,64,254,255,256,257,100000}'::int[]) AS length;
SELECT pg_temp.refused('Asia/Tokyo' || repeat(' ', 300)) AS padded, pg_temp.refused('日本') AS japanese;

-- A name stays what it was when others, and errors, come between: one zone
-- that is found, one that is not, and one that begins like the first.
SELECT zone, pg_temp.refused(zone) FROM unnest('{Asia/Tokyo,Asia/Toky,Asia/Tokyo,UTC,Asia/Tokyox,UTC,asia/TOKYO}'::text[]) AS zone;
-- Offsets written the POSIX way count west.
SELECT zone, local_date('2026-01-01 12:00:00+00', zone) FROM unnest('{<-13>13,<+13>-13,Etc/GMT+12,Etc/GMT-14}'::text[]) AS zone;

-- What an abbreviation means is a setting, so none is a zone, for whichever
-- function that is immutable: an index would give other rows after SET. (EST is a
-- zone of the database, and means that.)
CREATE TABLE stamps AS SELECT timestamptz '2026-01-01 00:00:00+00' + i * interval '1 hour' AS at FROM generate_series(1, 50) AS i;
CREATE INDEX ON stamps (local_date(at, 'IST'));
CREATE INDEX ON stamps (local_date(at, 'Asia/Kolkata'));
SELECT abbrev, count(*) AS functions, count(*) FILTER (WHERE pg_temp.refused_by(call, abbrev) = '22023 time zone "' || abbrev || '" not recognized') AS refuse
FROM unnest('{IST,JST,MSK,PST,pst,Z}'::text[]) AS abbrev,
     unnest('{local_date(now()\,%L),local_week(now()\,%L),local_month(now()\,%L),local_quarter(now()\,%L),local_year(now()\,%L),
             "followup_due(now(),''1 day'',%L)","tier_period_end(now(),''calendar_year'',NULL,%L)","tier_spans(''{}'',''{}'',''{}'',''{}'',''{}'',%L)",
             "business_hours(''24/7'',%L,'''')"}'::text[]) AS call
GROUP BY abbrev ORDER BY abbrev COLLATE "C";
SET timezone_abbreviations = 'Australia';
SELECT local_date('2026-01-01 14:30:00+00', 'EST') AS american;
RESET timezone_abbreviations;

-- A clock that is a day or more from UTC is none.
SELECT zone, pg_temp.refused(zone) FROM unnest('{<+23>-23:59:59,<-23>23:59:59,<+24>-24,<-24>24,AAA167,AAA-167,AAA3BBB-30}'::text[]) AS zone;

-- An index can stand on a local month, and the session's zone changes nothing.
CREATE TABLE orders AS
    SELECT timestamptz '2025-12-01 00:00:00+00' + i * interval '7 hours 11 minutes' AS ordered_at FROM generate_series(1, 300) AS i;
CREATE INDEX ON orders (local_month(ordered_at, 'Asia/Tokyo'));
SET timezone = 'America/Los_Angeles';
SELECT local_month(ordered_at, 'Asia/Tokyo') AS month, count(*),
       count(*) FILTER (WHERE date_trunc('month', ordered_at AT TIME ZONE 'Asia/Tokyo') <> local_month(ordered_at, 'Asia/Tokyo')) AS differing
FROM orders GROUP BY 1 ORDER BY 1;
