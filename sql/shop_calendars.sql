-- Calendars: hours with a name, their exceptions, and what was known of them when.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set errors :srcdir '/test/errors.sql'
\i :errors

SET search_path = shop;
SET timezone = 'Asia/Tokyo';

-- What a shop starts with. Elsewhere than in Japan no holidays are known, so none are spoken of.
SELECT calendar, hours FROM calendars;
SELECT policy_id, metric, channel, calendar, hours FROM sla_policies WHERE calendar IS NOT NULL ORDER BY 1;
SELECT channel, calendar, hours FROM channels WHERE calendar IS NOT NULL OR hours IS NOT NULL ORDER BY 1;
SELECT step, calendar, send_window FROM journey_steps WHERE calendar IS NOT NULL ORDER BY 1;
SET client_min_messages = notice;
SELECT FROM loyalcs.create_shop('shop_calendars_elsewhere', 'America/New_York', 'USD');
SELECT calendar, hours FROM shop_calendars_elsewhere.calendars;
SELECT channel, calendar, hours FROM shop_calendars_elsewhere.channels WHERE calendar IS NOT NULL OR hours IS NOT NULL ORDER BY 1;
SELECT step, calendar, send_window FROM shop_calendars_elsewhere.journey_steps WHERE calendar IS NOT NULL ORDER BY 1;
SELECT loyalcs.drop_shop('shop_calendars_elsewhere', 'shop_calendars_elsewhere');

-- Hours are business hours. Whoever speaks of holidays says whose.
SELECT s.hours, pg_temp.outcome(format('INSERT INTO calendars VALUES (''x'', %L)', s.hours))
  FROM (VALUES ('sometimes'), (NULL), ('Mo-Fr off'), ('24/7 @ Mars/Olympus'), ('24/7')) s (hours);
INSERT INTO calendars VALUES ('desk', 'mo-fr 9:00-17:00; ph off @ america/new_york');
INSERT INTO calendars VALUES ('listed', 'Mo-Fr 09:00-17:00; PH off @ America/New_York 2026-07-03'), ('none', 'Mo-Fr 09:00-17:00 @ America/Phoenix');
UPDATE sla_policies SET calendar = NULL, hours = 'Mo-Fr,PH 10:00-18:00 @ UTC' WHERE policy_id = 2;
UPDATE channels SET hours = 'PH 10:00-18:00; Mo 08:00-09:00 @ UTC' WHERE channel = 'line';
UPDATE sla_policies SET calendar = 'office', hours = NULL WHERE policy_id = 2;
UPDATE channels SET hours = NULL WHERE channel = 'line';
SET client_min_messages = warning;
SELECT pg_temp.outcome('UPDATE sla_policies SET calendar = ''nowhere'' WHERE policy_id = 2') AS unknown,
       pg_temp.outcome('DELETE FROM calendars WHERE calendar = ''office''') AS used,
       pg_temp.outcome('DELETE FROM calendars WHERE calendar = ''none''') AS unused;
-- Whatever can name a calendar names one that is there, or hours of its own.
SELECT c.relname AS relation, h.hours, pg_temp.outcome(format('UPDATE %I SET calendar = ''nowhere'', %I = NULL', c.relname, h.hours)) AS unknown,
       pg_temp.outcome(format('UPDATE %I SET calendar = ''office'', %I = ''24/7''', c.relname, h.hours)) AS both
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'calendar'
 CROSS JOIN LATERAL (SELECT h.attname AS hours FROM pg_attribute h WHERE h.attrelid = c.oid AND h.attname IN ('hours', 'send_window')) h
 WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE 'calendar%'
 ORDER BY 1;

-- What is edited before anything has happened was always so.
UPDATE calendars SET hours = 'Mo-Sa 10:00-18:00; PH off' WHERE calendar = 'office';
SELECT count(*) FROM calendar_history;

--
-- We close tomorrow
--

INSERT INTO customers (customer_id) VALUES ('ann');
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('ann', 't', 'email');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('ann', 't', now(), 'opened');
-- (the owner of the shop says when it was known)
INSERT INTO calendar_exceptions (calendar, first_day, last_day, reason, recorded_at) VALUES
    ('office', '2020-09-05', '2020-09-06', 'typhoon', '2020-09-04 17:00+09');
INSERT INTO calendar_exceptions (calendar, first_day, last_day, hours, reason, recorded_at) VALUES
    ('office', '2020-09-06', '2020-09-06', '10:00-12:00, 13:00-15:00', 'it went by', '2020-09-05 20:00+09'),
    ('desk', '2020-12-30', '2021-01-03', 'off', NULL, '2020-09-05 20:00+09');
UPDATE calendar_exceptions SET withdrawn_at = '2020-09-06 09:00+09' WHERE reason = 'it went by';
SELECT calendar, known_from, known_until, hours FROM calendar_versions() ORDER BY 1, 2;
SELECT calendar, known_from, known_until FROM calendar_versions('2020-09-05 12:00+09') ORDER BY 1, 2;
SELECT at, calendar_hours('office', at::timestamptz) FROM unnest('{-infinity,2020-09-04 17:00+09,2020-09-05 20:00+09,infinity}'::text[]) at;
SELECT calendar_hours('office') = calendar_hours('office', 'infinity') AS now, calendar_hours('nowhere') AS nowhere, calendar_hours(NULL) AS none;
-- Each version is hours, and says of each day what the exceptions say of it that were known.
SELECT v.known_from, d::date AS day, loyalcs.business_time(d, d + '1 day', v.hours::loyalcs.business_hours) AS open
  FROM calendar_versions() v, generate_series(timestamptz '2020-09-04 00:00+09', '2020-09-07 00:00+09', '1 day') d
 WHERE v.calendar = 'office' ORDER BY 1, 2;

-- They are added to and withdrawn.
SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('UPDATE calendar_exceptions SET last_day = ''2020-09-07'' WHERE exception_id = 1'),
    ('UPDATE calendar_exceptions SET reason = ''storm'' WHERE exception_id = 1'),
    ('UPDATE calendar_exceptions SET withdrawn_at = NULL WHERE exception_id = 2'),
    ('UPDATE calendar_exceptions SET hours = hours'),
    ('DELETE FROM calendar_exceptions WHERE exception_id = 1'),
    ('TRUNCATE calendar_exceptions'),
    ('UPDATE calendars SET hours = ''24/7'' WHERE calendar = ''office''; UPDATE calendar_history SET hours = ''24/7'''),
    ('UPDATE calendars SET hours = ''24/7'' WHERE calendar = ''office''; DELETE FROM calendar_history'),
    ('UPDATE calendars SET hours = ''24/7'' WHERE calendar = ''office''; TRUNCATE calendar_history'),
    ('DELETE FROM calendars WHERE calendar = ''desk'''),
    ('SELECT withdraw_exception(''office'', 99)'),
    ('SELECT withdraw_exception(''desk'', 1)'),
    ('SELECT withdraw_exception(NULL, NULL)')) s (statement);
SELECT s.given, split_part(pg_temp.outcome('INSERT INTO calendar_exceptions (calendar, first_day, last_day, hours) VALUES (' || s.given || ')'), E'\n', 1)
  FROM (VALUES ('''nowhere'', ''2026-12-01'', ''2026-12-01'', ''off'''), ('''office'', ''2026-12-01'', ''2026-11-30'', ''off'''), ('''office'', ''1899-12-31'', ''2026-11-30'', ''off'''),
               ('''office'', ''2026-12-01'', ''2100-01-01'', ''off'''), ('''office'', ''-infinity'', ''infinity'', ''off'''), ('''office'', ''2026-12-01'', NULL, ''off'''),
               ('''office'', ''1900-01-01'', ''2099-12-31'', ''off'''), ('''office'', ''2028-02-29'', ''2028-02-29'', ''00:00-24:00'''),
               ('''office'', ''2026-12-01'', ''2026-12-01'', ''24/7'''), ('''office'', ''2026-12-01'', ''2026-12-01'', ''off; 24/7'''),
               ('''office'', ''2026-12-01'', ''2026-12-01'', ''Mo-Fr 10:00-12:00'''), ('''office'', ''2026-12-01'', ''2026-12-01'', ''10:00-12:00 @ UTC'''),
               ('''office'', ''2026-12-01'', ''2026-12-01'', ''10:00-10:00'''), ('''office'', ''2026-12-01'', ''2026-12-01'', ''25:00-26:00'''),
               ('''office'', ''2026-12-01'', ''2026-12-01'', ''9:00-10:00 , 20:00-2:00'''), ('''office'', ''2026-12-01'', ''2026-12-01'', NULL')) s (given);
SELECT withdraw_exception('office', 1) AS withdrawn, withdraw_exception('office', 1) AS again;
SELECT calendar_hours('office', withdrawn_at - interval '1 microsecond') LIKE '%2020 Sep 05%' AS before, calendar_hours('office', withdrawn_at) LIKE '%2020 Sep 05%' AS after
  FROM calendar_exceptions WHERE exception_id = 1;

-- Hours that are edited are known from then on, once in a transaction.
BEGIN;
UPDATE calendars SET hours = 'Mo-Fr 09:00-17:00' WHERE calendar = 'office';
UPDATE calendars SET hours = 'Mo-Fr 09:00-19:00' WHERE calendar = 'office';
UPDATE calendars SET hours = 'mo-fr 9:00-19:00' WHERE calendar = 'office';
COMMIT;
SELECT calendar, hours FROM calendar_history;
SELECT known_until IS NULL AS now, hours FROM calendar_versions() WHERE calendar = 'office' AND known_from > '2020-10-01' ORDER BY known_from;

-- Years of closures fit; and before they do not, that is said.
INSERT INTO calendars VALUES ('many', 'Mo-Fr 10:00-18:00; PH off');
INSERT INTO calendar_exceptions (calendar, first_day, last_day) SELECT 'many', d, d FROM (SELECT date '2026-01-01' + 7 * n AS d FROM generate_series(1, 400) n) d;
SELECT length(calendar_hours('many')) AS length, calendar_hours('many')::loyalcs.business_hours IS NOT NULL AS fits;
SELECT pg_temp.outcome('INSERT INTO calendar_exceptions (calendar, first_day, last_day) VALUES (''many'', ''2040-01-01'', ''2040-01-01'')') AS one_more,
       pg_temp.outcome('SELECT withdraw_exception(''many'', min(exception_id)) FROM calendar_exceptions WHERE calendar = ''many'';
                        INSERT INTO calendar_exceptions (calendar, first_day, last_day) VALUES (''many'', ''2040-01-01'', ''2040-01-01'')') AS in_place_of_one;
SELECT split_part(pg_temp.outcome(format('UPDATE calendars SET hours = %L WHERE calendar = ''many''',
                                         (SELECT string_agg(format('2027 Jan %s 10:00-18:00', 1 + n % 31), '; ') FROM generate_series(1, 101) n))), '  ', 2) AS too_many_rules;

--
-- For all but the owner, what was known when is the server's word.
--

CREATE ROLE regress_calendars_admin;
CREATE ROLE regress_calendars_service;
SELECT loyalcs.grant_shop('shop', 'regress_calendars_admin', 'admin'), loyalcs.grant_shop('shop', 'regress_calendars_service', 'service');
SET ROLE regress_calendars_service;
SELECT pg_temp.outcome('INSERT INTO calendar_exceptions (calendar, first_day, last_day) VALUES (''office'', ''2026-12-01'', ''2026-12-01'')') AS closes,
       pg_temp.outcome('SELECT withdraw_exception(''office'', 2)') AS withdraws,
       pg_temp.outcome('SELECT calendar_hours(''office''), count(*) FROM calendar_versions()') AS reads;
SET ROLE regress_calendars_admin;
INSERT INTO calendar_exceptions (calendar, first_day, last_day) VALUES ('none', '2026-12-01', '2026-12-01');
SELECT withdraw_exception('none', max(exception_id)) FROM calendar_exceptions WHERE calendar = 'none';
UPDATE calendars SET hours = 'Mo-Fr 09:00-18:00 @ America/Phoenix' WHERE calendar = 'none';
SELECT s.statement, split_part(pg_temp.outcome(s.statement), E'\n', 1)
  FROM (VALUES
    ('INSERT INTO calendar_exceptions (calendar, first_day, last_day, recorded_at) VALUES (''none'', ''2026-12-01'', ''2026-12-01'', ''-infinity'')'),
    ('UPDATE calendar_exceptions SET first_day = first_day'),
    ('INSERT INTO calendar_history (calendar, known_until, hours) VALUES (''none'', ''2020-01-01'', ''24/7'')'),
    ('DELETE FROM calendar_history'),
    ('UPDATE settings SET live_since = now()')) s (statement);
-- What it may add is what is so.
INSERT INTO calendar_history (calendar, hours) VALUES ('none', '24/7 @ America/Phoenix');
UPDATE calendar_exceptions SET withdrawn_at = '2020-01-01' WHERE calendar = 'desk';
RESET ROLE;
SELECT bool_and(withdrawn_at > '2020-09-05 20:00+09') AS servers_word FROM calendar_exceptions WHERE calendar = 'desk';
SELECT hours, known_until > '2021-01-01' AS servers_word FROM calendar_history WHERE calendar = 'none' ORDER BY known_until;

-- The same text in every session, whatever its language is.
SELECT bool_and(exception_rule(d::date, d::date + 1, 'off') ~ '^2026 (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d\d-202[67] (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d\d off$') AS english
  FROM generate_series(timestamp '2026-01-01', '2026-12-31', '1 day') d;
-- Every year that business hours know can be written.
SELECT count(*) AS days FROM generate_series(date '1900-01-01', '2099-12-31', '97 days') d
 WHERE (loyalcs.business_hours('24/7; ' || exception_rule(d::date, d::date, 'off'), 'UTC', '')::text) = '24/7; ' || exception_rule(d::date, d::date, 'off') || ' @ UTC';

SET search_path = public;
SELECT loyalcs.grant_shop('shop', 'regress_calendars_admin', 'none'), loyalcs.grant_shop('shop', 'regress_calendars_service', 'none');
SELECT loyalcs.drop_shop('shop', 'shop');
DROP ROLE regress_calendars_admin, regress_calendars_service;
