-- What is promised: the policies.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SELECT FROM loyalcs.create_shop('shop_sla_policies');
SET search_path = shop_sla_policies;
SET timezone = 'Asia/Tokyo';

SELECT policy_set, metric, channel, tier, target, hours, warn_before, auto_reply_counts, valid FROM sla_policies ORDER BY policy_id;
SELECT s.given, pg_temp.outcome('INSERT INTO sla_policies (metric, priority, target, ' || split_part(s.given, ' = ', 1) || ')
                                 VALUES (''proposal'', ''p'', ''2 hours'', ' || split_part(s.given, ' = ', 2) || ')')
  FROM (VALUES ('reason = NULL'), ('policy_set = NULL'), ('hours = ''Mo-Fr 10:00-18:00'''), ('hours = ''sometimes'''),
               ('warn_before = ''2 hours'''), ('warn_before = ''2 hours 1 second'''), ('warn_before = ''-1 seconds'''), ('warn_before = NULL'),
               ('auto_reply_counts = true'), ('valid = ''empty'''), ('valid = ''[2026-01-01,2026-02-01)'''),
               ('valid = ''[2026-01-01,2026-02-01]'''), ('valid = ''(2026-01-01,2026-02-01)'''), ('valid = NULL')) s (given);
SELECT s.target, s.hours, pg_temp.outcome(format('INSERT INTO sla_policies (metric, priority, target, hours) VALUES (''proposal'', ''p'', %L, %L)', s.target, s.hours))
  FROM (VALUES ('0', NULL), ('1 microsecond', NULL), ('-1 hours', NULL), ('1 month', NULL), ('1 day -1 months', NULL), ('1 year', NULL), ('2 days', NULL),
               ('36500 days', NULL), ('36500 days 1 second', NULL), ('2 days', 'Mo-Fr 10:00-18:00'), ('48 hours', 'Mo-Fr 10:00-18:00')) s (target, hours);
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

SET search_path = public;
SELECT loyalcs.drop_shop('shop_sla_policies', 'shop_sla_policies');
