-- What is promised: the policies.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';

SELECT policy_set, metric, channel, tier, target, calendar, hours, warn_before, auto_reply_counts, valid FROM sla_policies ORDER BY policy_id;
SELECT s.given, pg_temp.outcome('INSERT INTO sla_policies (metric, priority, target, ' || split_part(s.given, ' = ', 1) || ')
                                 VALUES (''proposal'', ''p'', ''2 hours'', ' || split_part(s.given, ' = ', 2) || ')')
  FROM (VALUES ('reason = NULL'), ('policy_set = NULL'), ('hours = ''Mo-Fr 10:00-18:00'''), ('hours = ''sometimes'''),
               ('warn_before = ''2 hours'''), ('warn_before = ''2 hours 1 second'''), ('warn_before = ''-1 seconds'''), ('warn_before = NULL'),
               ('auto_reply_counts = true'), ('valid = ''empty'''), ('valid = ''[2026-01-01,2026-02-01)'''),
               ('valid = ''[2026-01-01,2026-02-01]'''), ('valid = ''(2026-01-01,2026-02-01)'''), ('valid = NULL')) s (given);
SELECT s.target, s.hours, pg_temp.outcome(format('INSERT INTO sla_policies (metric, priority, target, hours) VALUES (''proposal'', ''p'', %L, %L)', s.target, s.hours))
  FROM (VALUES ('0', NULL), ('1 microsecond', NULL), ('-1 hours', NULL), ('1 month', NULL), ('1 day -1 months', NULL), ('1 year', NULL), ('2 days', NULL),
               ('36500 days', NULL), ('36500 days 1 second', NULL), ('2 days', 'Mo-Fr 10:00-18:00'), ('2 days 4 hours', 'Mo-Fr 10:00-18:00'), ('36500 days', '24/7'), ('48 hours', 'Mo-Fr 10:00-18:00')) s (target, hours);
-- Business days are warned of in hours. A policy has a calendar, or hours that stand in no calendar.
SELECT s.given, pg_temp.outcome('INSERT INTO sla_policies (metric, priority, target, warn_before, calendar, hours) VALUES (''proposal'', ''p'', ' || s.given || ')')
  FROM (VALUES ('''2 days'', ''4 hours'', ''office'', NULL'), ('''2 days'', ''1 day'', ''office'', NULL'), ('''2 days'', ''1 day'', NULL, ''Mo-Fr 10:00-18:00'''),
               ('''2 days'', ''1 day'', NULL, NULL'), ('''2 days'', ''4 hours'', ''office'', ''Mo-Fr 10:00-18:00'''), ('''2 days'', ''4 hours'', ''nowhere'', NULL')) s (given);
SELECT pg_temp.outcome('INSERT INTO sla_policies (metric, target) VALUES (''joy'', ''1 hour'')') AS joy;
-- Two that would rank equally are refused, in whatever set they are.
SELECT s.given, split_part(pg_temp.outcome('INSERT INTO sla_policies (policy_set, metric, channel, priority, reason, tier, target, valid) VALUES (' || s.given || ')'), E'\n', 1)
  FROM (VALUES
    ('''standard'', ''resolution'', NULL, NULL, NULL, NULL, ''1 hour'', ''(,)'''),
    ('''other'', ''resolution'', NULL, NULL, NULL, NULL, ''1 hour'', ''[2030-01-01,)'''),
    ('''other'', ''resolution'', NULL, NULL, NULL, NULL, ''1 hour'', ''empty'''),
    ('''standard'', ''resolution'', NULL, NULL, NULL, NULL, ''1 hour'', ''empty'''),
    ('''standard'', ''next_response'', NULL, NULL, NULL, NULL, ''1 hour'', ''(,)'''),
    ('''standard'', ''first_response'', ''email'', NULL, NULL, NULL, ''1 hour'', ''(,)'''),
    ('''standard'', ''first_response'', ''email'', ''high'', NULL, NULL, ''1 hour'', ''(,)'''),
    ('''standard'', ''first_response'', NULL, ''high'', NULL, NULL, ''1 hour'', ''(,)'''),
    ('''vip'', ''resolution'', NULL, NULL, NULL, ''VIP'', ''1 hour'', ''(,)'''),
    ('''vips'', ''resolution'', NULL, NULL, NULL, ''VIP'', ''1 hour'', ''(,)''')
  ) s (given);
INSERT INTO sla_policies (metric, target) VALUES ('resolution', '1 hour');

-- What was loaded was promised by nobody: only what happened since the shop is live
-- makes a policy one that has been in force.
INSERT INTO customers (customer_id) VALUES ('ann');
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('ann', 't', 'email');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('ann', 't', '2020-01-05 12:00+09', 'opened');
SELECT is_live(), live_since > '2020-01-05 12:00+09' AS loaded FROM settings;
SELECT split_part(pg_temp.outcome('UPDATE sla_policies SET target = ''2 hours'' WHERE policy_id = 1'), E'\n', 1) AS before;
UPDATE settings SET live_since = '2020-01-05 12:00+09';
SELECT is_live(), is_live('(,2020-01-05 12:00+09)'), is_live('empty');
SELECT split_part(pg_temp.outcome('UPDATE sla_policies SET target = ''2 hours'' WHERE policy_id = 1'), E'\n', 1) AS after,
       pg_temp.outcome('UPDATE settings SET live_since = NULL'), pg_temp.outcome('UPDATE settings SET live_since = ''-infinity''');

-- Each policy, with the hours that it had as they were known.
INSERT INTO calendar_exceptions (calendar, first_day, last_day, recorded_at) VALUES ('office', '2020-09-05', '2020-09-06', '2020-09-04 17:00+09');
SELECT policy_id, metric, channel, calendar, hours, known_from, known_until, target, warn_before, valid FROM sla_policy_versions() WHERE policy_set = 'standard' ORDER BY policy_id, known_from;
SELECT count(DISTINCT v.policy_id) = (SELECT count(*) FROM sla_policies) AS all_of_them, count(loyalcs.try_business_hours(v.hours)) = count(v.hours) AS all_are_hours FROM sla_policy_versions() v;
