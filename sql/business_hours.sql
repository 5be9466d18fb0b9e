-- Business hours: the type and its notation.
SET search_path = public, loyalcs;
SET datestyle = 'ISO';
SET timezone = 'Asia/Tokyo';
SET intervalstyle = 'postgres';

--
-- The notation
--

-- NULL where the hours are not read.
CREATE FUNCTION pg_temp.try_open(rules text, at timestamptz) RETURNS boolean LANGUAGE sql
RETURN loyalcs.is_open(loyalcs.try_business_hours(rules), at);

-- What is printed is canonical, and reads back to an equal value.
CREATE TABLE written (n serial, rules text);
INSERT INTO written (rules) VALUES
    ('24/7'), ('Mo-Fr 10:00-18:00'), ('10:00-18:00'), ('Mo-Su 00:00-24:00'),
    ('mo,we,FR 9:00-12:00, 13:00-17:30'), ('Sa,Su 10:00-15:00'), ('Fr-Mo 10:00-15:00'),
    ('Mo-Tu,We,Fr-Sa 8:00-9:00'), ('Fr,Sa 22:00-02:00'), ('Mo 22:00-00:00'),
    ('Mo 13:00-17:00,09:00-12:00'), ('Mo 09:00-12:00,11:00-13:00,13:00-14:00'),
    ('Mo 00:00-24:00,22:00-02:00'), ('Mo 10:00-24:00,22:00-10:00'),
    ('Mo-Fr 10:00-18:00;PH off'), ('Mo-Fr 10:00-18:00; PH 10:00-16:00'),
    ('Mo-Sa 10:00-18:00; Su,PH closed'), ('PH,Mo 10:00-18:00'),
    ('24/7; Dec 29-Jan 03 off'), ('24/7; dec 29 - jan 3 OFF'), ('24/7; Dec 25 off'), ('24/7; Feb 29 off'),
    ('24/7; Dec 29-31 off'), ('24/7; Dec 31-Dec 31 off'),
    ('Mo-Fr 10:00-18:00; 2026 Aug 13-16 off'), ('Mo-Fr 10:00-18:00; 2026 Nov 23 10:00-15:00'),
    ('24/7; 2026 Dec 29-2027 Jan 03 off'), ('24/7; 2026 Jul 30-Aug 02 off'), ('24/7; 2026 Jul 30-2026 Jul 30 off'),
    (E'  Mo-Fr10:00 -18:00 \n;\t We  off '),
    ('Jun-Aug Mo-Fr 09:00-17:00'), ('nov - feb mo-su 10:00-16:00; Mar-Oct 9:00-18:00'), ('Jun 9:00-17:00'), ('24/7; Feb off'),
    ('24/7; Feb 01-29 off'), ('24/7; Feb 01-28 off'), ('2026 Jun-Aug Mo,We 10:00-12:00'), ('2026 Nov-2027 Feb Sa 10:00-12:00'),
    ('24/7; 2027 Feb 01-28 off'), ('24/7; 2028 Feb 01-28 off'), ('24/7; 2026 Jan 01-Dec 31 off'), ('Dec-Nov 10:00-12:00'),
    ('Mo-Fr 10:00-18:00; Dec 24-26 Mo-Fr 10:00-15:00; 2026 Aug 13-16 PH off'), ('Aug Su-Sa,PH 10:00-12:00'), ('Aug PH,Su off; Mo 8:00-9:00'),
    ('Mo-Fr'), ('Sa,PH;Su off'), ('Jun-Aug'), ('Jun-Aug Mo-Fr'), ('2026 Nov 23'),
    ('Fr,Sa 22:00-26:00'), ('Fr 18:00-24:00,23:00-25:00'), ('Fr 18:00-25:00,22:00-29:30'), ('Fr 20:00-43:59'), ('Fr 20:00-24:00'),
    ('Jan,Mar-Apr,Dec Mo-Fr 10:00-12:00,13:00-17:00'), ('24/7; 2026 Aug 13,2026 Sep 20-22 off');
SELECT rules, h AS canonical, h::text::business_hours = h AS reads_back
FROM written, business_hours(rules) AS h ORDER BY n;

-- What is written in another way is the same.
SELECT a, b, business_hours(a) = business_hours(b) AS same, business_hours_hash(a::business_hours) = business_hours_hash(b::business_hours) AS hash
FROM (VALUES ('Jun-Aug 09:00-17:00', 'Jun 01-Aug 31 Mo-Su 09:00-17:00'), ('Mo', 'Mo 00:00-24:00'), ('Fr 22:00-26:00', 'Fr 22:00-02:00'),
             ('Jan,Mar Mo', 'Jan Mo; Mar Mo'), ('Feb 10:00-12:00', 'Feb 01-29 10:00-12:00'), ('Feb 10:00-12:00', 'Feb 01-28 10:00-12:00'),
             ('Jun Mo 10:00-12:00', 'Jun 10:00-12:00'), ('Mo 10:00-12:00', 'Jan-Dec Mo 10:00-12:00')) AS v (a, b);
-- The last rule about a day decides, whatever it is called by.
SELECT h AS hours, string_agg(to_char(d, 'Mon DD Dy'), ', ' ORDER BY d) AS open_at_noon
FROM unnest(ARRAY['Mo-Fr 10:00-18:00; Jun-Aug We off', 'Jun-Aug Mo-Fr 10:00-18:00', 'Nov-Jun Sa 10:00-18:00; 2026 Jul Su', 'Jun,Jul Fr 36:00-40:00; 24/7',
                  'Jun-Jul Fr 22:00-37:00', 'Jun-Jul; Mo-Fr off', 'Jul PH,Th', 'Dec-Jun Tu; 2026 Jun 30-Jul 01 off', '2026 Jun-Jul Sa,2026 Jul 02']::text[]) AS h,
     generate_series(timestamptz '2026-06-29 12:00+09', '2026-07-20 12:00+09', '1 day') AS d
WHERE pg_temp.try_open(h, d) GROUP BY h ORDER BY h;
SELECT h AS hours, to_char(next_open(h::business_hours, '2026-03-01 00:00+09'), 'YYYY-MM-DD HH24:MI') AS opens,
       to_char(next_close(h::business_hours, '2026-03-01 00:00+09'), 'YYYY-MM-DD HH24:MI') AS closes
FROM unnest(ARRAY['Nov-Feb', 'Feb', 'Mar', 'Feb Fr 22:00-26:00; Feb 29 22:00-30:00', '2028 Feb', '2027 Dec-2028 Feb Mo', 'Dec 31 20:00-26:00', 'Feb-Jan']) AS h;
-- A reason why, for seasons too.
SELECT to_char(starts, 'MM-DD HH24:MI') AS starts, is_open, why
FROM explain_business_time('2026-07-30 00:00+09', '2026-08-05 00:00+09', 'Jul Mo-Fr 10:00-18:00; Aug Mo-Fr 10:00-15:00; Aug Sa off; Aug 02-03 off; Aug 04 Tu 10:00-12:00');

-- All three parts, and what may be left out of the text.
SELECT business_hours('Mo-Fr 09:00-17:00; PH off', 'america/new_york', ' 2026-07-03 , 2026-01-01,2026-07-03');
SELECT business_hours('Mo-Fr 09:00-17:00; PH off', 'Asia/Tokyo', '2026-08-14,jp,2026-08-13');
SELECT business_hours('Mo-Fr 09:00-17:00', 'UTC', '');
SELECT 'Mo-Fr 09:00-17:00'::business_hours, 'Mo-Fr 09:00-17:00 @ UTC'::business_hours,
       'Mo-Fr 09:00-17:00@Europe/London 2026-12-25'::business_hours;
SELECT 'Mo-Fr 09:00-17:00'::business_hours = business_hours('mo-fr 09:00-17:00') AS defaults_are_the_same;

-- Everything else is refused, with the place and what was expected there.
CREATE FUNCTION complaint(rules text, zone text DEFAULT 'Asia/Tokyo', holidays text DEFAULT 'JP') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    PERFORM loyalcs.business_hours(rules, zone, holidays);
    RETURN 'none';
EXCEPTION WHEN invalid_text_representation THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN detail;
END $$;
SELECT rules, complaint(rules) FROM unnest(ARRAY[
    '', ' ', ';', 'Mo-Fr', 'Mo-Fr 10:00', 'Mo-Fr 10:00-', 'Mo-Fr 10:00-18:00;', 'Mo-Fr 10:00-18:00,',
    'Mo-Fr 10-18', 'Mo-Fr 10:0-18:00', 'Mo-Fr 10:00-18:60', 'Mo-Fr 24:00-25:00', 'Mo-Fr 22:00-26:00',
    'Mo-Fr 24:01-25:00', 'Mo-Fr 10:00-10:00', 'Mo-Fr 00:00-00:00', 'Mo-Fr 010:00-18:00', 'Mo-Fr 10:00-18:00+',
    'Mo-Fr 10:00+', 'Mo-Fr 10:00-18:00 off', 'Mo-Fr 10:00-18:00 "by appointment"', 'Mo-Fr 10:00-18:00 || off',
    'Mo-Fr 10:00-18:00, Sa 10:00-12:00', 'Mo-Fr sunrise-sunset', 'Mo-Fr 10:00-sunset', 'Mo[1] 10:00-12:00',
    'Monday 10:00-18:00', 'Mo-Xx 10:00-18:00', 'Mo-PH 10:00-18:00', 'PH-Mo 10:00-18:00', 'Mo,,Tu 10:00-18:00',
    'SH off', 'Mo-Fr,SH 10:00-18:00', 'PH Mo 10:00-18:00', 'week 1-10 off', 'easter off', 'unknown', 'open',
    'Mo-Fr open', 'Aug off', 'Jan-Mar off', 'Feb 30 off', 'Apr 31 off', 'Dec 0 off', 'Dec 31-29 off', 'Dec 31-Dec 29 off',
    'Dec 29-Jan off', 'Dec 29 Mo-Fr off', 'Jan 01,May 01 off', '2026 off', '2026 Feb 29 off', '2026-2027 Aug 13 off',
    '2026 Aug 16-13 off', '2026 Dec 29-Jan 03 off', '2026 Dec 29-2025 Jan 03 off', '2026 Dec 29-2027 off',
    '1899 Jan 01 off', '2100 Jan 01 off', '20260 Jan 01 off', '2026-08-13 off', '24/7 off', '24/6',
    'Jun-Aug 15 off', 'Jun 01-Aug off', 'Jun,Mo 10:00-12:00', 'Jun,,Jul 10:00-12:00', 'Jun,2026 10:00-12:00', '2026 Aug 13,Sep 20',
    '2026 Aug,Sep', '2026 Aug-2025 Sep', '2026 Nov-Feb', 'Jun Jul', 'Jun-Aug Mo-Fr sunrise-sunset', 'Jun-Aug 24/7', 'Mo-Fr, 10:00-12:00', 'Mo-Fr Jun-Aug',
    'Mo 00:00-26:00', 'Mo 10:00-34:00', 'Mo 10:00-48:00', 'Mo 10:00-50:00', 'Mo 26:00-28:00', 'Mo 22:00-26:60', 'Jun-2026 Jul', 'Jun-Fr', 'Jun 31',
    '月-金 10:00-18:00', 'Mo-Fr 10:00〜18:00', 'Mo-Fr 10:00-18:00 @ UTC']) AS rules;

-- Hours that never open are refused; those whose dates are past are not.
SELECT rules, complaint(rules) FROM unnest(ARRAY[
    'off', 'Mo-Fr off', 'Mo-Fr 10:00-18:00; off', 'Mo-Fr 10:00-18:00; Mo-Sa off', 'Mo-Fr 10:00-18:00; Tu-We off; Mo,Th-Fr off',
    'PH 10:00-18:00; Mo-Su off', 'Dec 25 10:00-18:00; closed', 'Dec 25 off',
    'Mo-Fr 10:00-18:00; Mo-Th off', 'Mo-Su off; 2001 Dec 25 10:00-18:00']) AS rules;
SELECT complaint('PH 10:00-18:00', 'UTC', ''), complaint('PH 10:00-18:00', 'UTC', '2026-08-13');

-- Holidays and time zones.
SELECT holidays, complaint('24/7', 'UTC', holidays)
FROM unnest('{US,"JP,",",JP",JPN,"JP 2026-08-13",2026-8-13,2026-02-29,2026-13-01,1899-12-31,2100-01-01,20260813,JP;}'::text[]) AS holidays;
SELECT business_hours('24/7', 'Asia/Toyko');
SELECT business_hours('24/7', 'JST');
SELECT business_hours('24/7', '');
SELECT '24/7 @'::business_hours;
SELECT '24/7 @ Nowhere JP'::business_hours;
SELECT '24/7 @ UTC US'::business_hours;
SELECT 'Mo-Fr 10:00-18:00 (UTC)'::business_hours;
SELECT business_hours('Mo-Fr 10:00-6pm');
SELECT business_hours('Mo-Fr 10:00-18:00', 'UTC', 'US');

-- Limits.
SELECT complaint(string_agg('24/7', ';')) FROM generate_series(1, 501);
SELECT complaint(string_agg('24/7', ';')) FROM generate_series(1, 500);
SELECT complaint(string_agg(format('%s:%s0-%1$s:%2$s5', lpad((i / 6)::text, 2, '0'), i % 6), ',')) FROM generate_series(0, 24) AS i;
SELECT complaint(string_agg(format('%s:%s0-%1$s:%2$s5', lpad((i / 6)::text, 2, '0'), i % 6), ',')) FROM generate_series(0, 23) AS i;
SELECT complaint(string_agg('Jan', ',')) FROM generate_series(1, 501);
SELECT complaint(string_agg('Jan', ',')) FROM generate_series(1, 500);
SELECT complaint(r || '10:00-12:00,13:00-14:00,15:00-16:00,17:00-18:00,20:00-21:00') FROM (SELECT string_agg('Jan', ',') FROM generate_series(1, 401)) AS x (r);
SELECT complaint(r || '10:00-12:00,13:00-14:00,15:00-16:00,17:00-18:00,20:00-21:00') FROM (SELECT string_agg('Jan', ',') FROM generate_series(1, 400)) AS x (r);
SELECT complaint(string_agg('24/7', ';') || '; Mo 10:00-12:00,13:00-14:00') FROM generate_series(1, 500);
SELECT complaint('24/7', 'UTC', string_agg((date '2000-01-01' + i)::text, ',')) FROM generate_series(0, 2000) AS i;
SELECT length(business_hours('24/7', 'UTC', string_agg((date '2000-01-01' + i)::text, ','))::text) FROM generate_series(0, 1999) AS i;

-- Binary, order, equality, storage.
SELECT business_hours_send('Mo-Fr 10:00-18:00 @ UTC');
CREATE TABLE desks (desk int, hours business_hours);
INSERT INTO desks SELECT n, business_hours(rules) FROM written
UNION ALL SELECT 100, business_hours('24/7', 'UTC', string_agg((date '2000-01-01' + i)::text, ',')) FROM generate_series(0, 1999) AS i;
SELECT count(*), count(DISTINCT hours), count(DISTINCT hours::text) FROM desks;
SELECT count(*) FROM desks a JOIN desks b USING (hours);
CREATE INDEX ON desks (hours) WHERE desk < 100;
CREATE INDEX ON desks USING hash (hours);
SET enable_seqscan = off;
SELECT desk FROM desks WHERE hours = 'Sa,Su 10:00-15:00';
SELECT desk FROM desks WHERE hours = 'Sa,Su 10:00-15:00' AND desk < 100;
RESET enable_seqscan;
SELECT bool_and(hours >= lag) AS ordered FROM (SELECT hours, lag(hours) OVER (ORDER BY hours) FROM desks) AS s;
SELECT business_hours_cmp('24/7', '24/7 @ UTC') = -business_hours_cmp('24/7 @ UTC', '24/7') AS opposite,
       business_hours_cmp('24/7', '24/7') AS same,
       '24/7'::business_hours <> '24/7 @ UTC' AS differs,
       ('24/7'::business_hours < '24/7 @ UTC') <> ('24/7'::business_hours >= '24/7 @ UTC') AS either,
       '24/7'::business_hours <= '24/7' AND NOT '24/7'::business_hours > '24/7' AS neither;
SELECT count(DISTINCT business_hours_hash(hours)) > 20 AS spread,
       count(DISTINCT business_hours_hash_extended(hours, 7)) > 20 AS spread_with_seed FROM desks;
SELECT desk, is_open(hours, '2026-11-24 12:00+09') FROM desks WHERE desk IN (1, 100);
SELECT pg_column_size(hours) < 80 AS small FROM desks WHERE desk = 15;

--
-- What must not get in, or be trusted
--

\i test/errors.sql
-- A zone whose clock is a day or more off, or that a text cannot carry, is none.
SELECT pg_temp.error_of($$SELECT business_hours('24/7', 'ABC100', '')$$) AS errors
UNION ALL SELECT pg_temp.error_of($$SELECT business_hours('24/7', 'ABC-24', '')$$)
UNION ALL SELECT pg_temp.error_of($$SELECT business_hours('24/7', 'ABC3DEF-30,M3.2.0,M11.1.0', '')$$)
UNION ALL SELECT pg_temp.error_of($$SELECT business_hours('24/7', '<a b>5', '')$$)
UNION ALL SELECT pg_temp.error_of($$SELECT business_hours('24/7', E'<a\tb>5', '')$$)
UNION ALL SELECT pg_temp.error_of($$SELECT business_hours('24/7', repeat('A', 300), '')$$)
UNION ALL SELECT pg_temp.error_of($$SELECT '24/7 @ ABC100'::business_hours$$);
SELECT business_hours('24/7', 'ABC23:59:59', ''), business_hours('24/7', '<+0930>-9:30', '');
-- Of many names that POSIX's notation might take: what gets in comes back from
-- its text, and its clock can be read.
CREATE FUNCTION pg_temp.zone_outcome(zone text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hours business_hours;
BEGIN
    BEGIN
        hours := business_hours('Mo-Fr 10:00-18:00', zone, '');
    EXCEPTION WHEN invalid_parameter_value THEN
        RETURN 'refused';
    END;
    IF hours::text::business_hours <> hours THEN
        RETURN 'lost: ' || zone;
    END IF;
    PERFORM next_open(hours, i), add_business_time(i, '-3 days 1 hour', hours)
       FROM unnest('{1905-01-01,2026-03-29,2026-11-24,2098-12-31}'::timestamptz[]) i;
    RETURN 'good';
END
$$;
SELECT pg_temp.zone_outcome(z) AS outcome, count(*) > 99 AS many
  FROM (SELECT format(f, a, o) AS z
          FROM unnest(ARRAY['AB%s%s', 'ABC%2$s', '<A%sB>%s', 'ABC%2$sDEF',
                            'ABC%2$sDEF%2$s,M3.2.0,M11.1.0', '%sBC%2$s',
                            'Asia/%sokyo%2$s', ':ABC%2$s']) f,
               regexp_split_to_table(E'\t\n !"#%+,-./0;<=>?@AZaz_\x7f', '') a,
               unnest('{0,5,-9:30,23:59:59,24,-24,25,100,167,168,-167}'::text[]) o) z
 GROUP BY 1
 ORDER BY 1;
-- A text is read up to a length, and shown in part.
SELECT length(pg_temp.error_of($$SELECT business_hours(repeat(' ', 200000000), 'UTC', '')$$)) < 400 AS short;
SELECT pg_temp.error_of($$SELECT business_hours(repeat('Mo,', 100000), 'UTC', '')$$) AS errors
UNION ALL SELECT pg_temp.error_of($$SELECT business_hours('24/7', 'UTC', repeat('JP,', 100000))$$)
UNION ALL SELECT pg_temp.error_of($$SELECT repeat('Mo,', 100000)::business_hours$$)
UNION ALL SELECT pg_temp.error_of($$SELECT repeat('x', 100000)::business_hours$$)
UNION ALL SELECT pg_temp.error_of($$SELECT business_hours('24/7', repeat('z', 100000), '')$$);
-- A stored value may be damaged, or be of a version to come: whoever reads it
-- looks first. (A superuser can make one; a disk can, too.)
CREATE CAST (bytea AS business_hours) WITHOUT FUNCTION;
CREATE CAST (business_hours AS bytea) WITHOUT FUNCTION;
CREATE TABLE damaged AS
SELECT d.n, d.what, d.bytes::business_hours AS hours
  FROM (VALUES (business_hours('24/7', 'UTC', '')::bytea)) good (whole),
       LATERAL (VALUES (0, 'good', whole),
                       (1, 'newer version', set_byte(whole, 0, 3)),
                       (2, 'no version', set_byte(whole, 0, 0)),
                       (3, 'empty', ''::bytea),
                       (4, 'short', substr(whole, 1, 7)),
                       (5, 'cut', substr(whole, 1, length(whole) - 1)),
                       (6, 'more', whole || '\x00'::bytea),
                       (7, 'reserved', set_byte(whole, 2, 1)),
                       (8, 'countries', set_byte(whole, 1, 255)),
                       (9, 'no rules', set_byte(whole, 4, 0)),
                       (10, 'many rules', set_byte(whole, 5, 255)),
                       (11, 'kind', set_byte(whole, 12, 77)),
                       (12, 'zone', set_byte(whole, length(whole) - 2, 7)),
                       (13, 'seasons, none of which it has', set_byte(whole, 0, 2))) d (n, what, bytes)
UNION ALL
SELECT d.n, d.what, d.bytes::business_hours
  FROM (VALUES (business_hours('Jun Mo', 'UTC', '')::bytea)) good (whole),
       LATERAL (VALUES (14, 'a good season', whole),
                       (15, 'a season of version 1', set_byte(whole, 0, 1)),
                       (16, 'a season of the whole week', set_byte(whole, 13, 127))) d (n, what, bytes);
-- What could be said before is of the version that it had.
SELECT get_byte(h::bytea, 0) AS version, count(*), bool_or(h::text ~ '[A-Z][a-z]{2}[-0-9a-z ]* (Mo|Tu|We|Th|Fr|Sa|Su|PH)') AS has_seasons
  FROM written, business_hours(rules) AS h GROUP BY 1 ORDER BY 1;
-- Which of them are answered about; all others are refused, for that reason.
CREATE FUNCTION pg_temp.answered(question text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    item record;
    answered text;
BEGIN
    FOR item IN SELECT * FROM damaged ORDER BY n LOOP
        BEGIN
            EXECUTE question USING item.hours;
            answered := concat_ws(', ', answered, item.what);
        EXCEPTION WHEN data_corrupted THEN
            NULL;
        END;
    END LOOP;
    RETURN answered;
END
$$;
SELECT q AS question, pg_temp.answered(q) AS answered
  FROM unnest(ARRAY['SELECT $1::text', 'SELECT business_hours_send($1)', 'SELECT is_open($1, now())',
                    'SELECT next_close($1, now())', 'SELECT business_time(now(), now(), $1)',
                    $$SELECT explain_business_time(now(), now() + '1 day', $1)$$,
                    $$SELECT sla_due(now(), '1 hour', $1, NULL)$$]) q;
-- Those that compare look at what they compare by: its length and the version.
SELECT q AS question, pg_temp.answered(q) AS answered
  FROM unnest(ARRAY[$$SELECT $1 = '24/7'$$, $$SELECT '24/7' < $1$$, 'SELECT business_hours_hash($1)',
                    'SELECT business_hours_hash_extended($1, 1)']) q;
SELECT pg_temp.error_of('SELECT hours::text FROM damaged WHERE n = 1') AS errors
UNION ALL SELECT pg_temp.error_of('SELECT hours = hours FROM damaged WHERE n = 3');

-- What others wrote can be read without an error.
SELECT n, text, try_business_hours(text) AS hours FROM (VALUES
    (1, 'Mo-Fr 10:00-18:00'), (2, '24/7 @ utc'), (3, 'Mo-Fr 10:00-6pm'), (4, '24/7 @ Mars/Olympus'), (5, 'Mo-Fr off'), (6, ''),
    (7, '24/7 @ XYZ-99'), (8, '24/7 @ ' || chr(9)), (9, NULL)) v (n, text) ORDER BY n;
SELECT try_business_hours('24/7' || repeat(' ', 300000)) IS NULL AS too_long;
SELECT count(*) AS beginnings, count(try_business_hours(left(text, n))) AS that_are_some
  FROM (VALUES ('Mo-Fr 10:00-18:00; PH off; Dec 29-Jan 03 off; 2026 Aug 13-16 off @ Asia/Tokyo JP,2026-08-13')) v (text), generate_series(0, length(text)) n;
