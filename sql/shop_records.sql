-- What is only added to is not emptied, by whomever, until its owner says so; what a
-- row refers to exists; what is made of other rows is not written.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- Every table with a log's or a ledger's trigger, and no other, refuses to be emptied.
SELECT c.relname AS only_added_to, pg_temp.outcome(format('TRUNCATE %I CASCADE', c.relname))
  FROM pg_class c
 WHERE c.relnamespace = 'shop'::regnamespace
   AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname IN ('check_ledger_is_kept', 'check_log_is_kept', 'check_record_is_kept', 'check_account'))
 ORDER BY 1;
SELECT c.relname AS not_refused
  FROM pg_class c
 WHERE c.relnamespace = 'shop'::regnamespace
   AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'refuse_truncate')
   AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname IN ('check_ledger_is_kept', 'check_log_is_kept', 'check_record_is_kept', 'check_account'))
 ORDER BY 1;

--
-- What a row refers to exists.  Every table that has the columns of another's key
-- has a foreign key to it, but for these:
--   copies of what was checked where they come from: followups.channel (of a step),
--   sla_warnings.channel and agent_id (of a ticket)
--   consents.channel and purpose, and frequency_caps.channel, which may be all: of_channel and of_purpose have the keys
--   ways that are none of the shop's: survey_invitations and survey_responses.channel
--   products, which need not be listed, and of which is kept what was sold: product_id
--   what may outlive what it was about: followup_late_reports.followup_id,
--   sla_warning_late_reports.warning_id
--   and invitations, which responses have a key to, and not the other way round
--   what is done every night, of which nobody takes turns at most: job_runs.job
--   a part of the customers, which is none of a shop's scripts: customer_parts.part
--
CREATE TEMP VIEW shop_keys AS
SELECT c.oid, c.relname, k.conname,
       ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY u (attnum, n)
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum ORDER BY u.n) AS names
  FROM pg_class c JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype IN ('p', 'u')
 WHERE c.relnamespace = 'shop'::regnamespace;
SELECT t.relname, array_to_string(k.names, ', ') AS columns, string_agg(DISTINCT k.relname, ' ') AS as_of
  FROM pg_class t
  JOIN shop_keys k ON k.oid <> t.oid AND k.names && '{customer_id,singleton,valid,as_of}' IS NOT TRUE
                   OR k.oid <> t.oid AND k.names[1] = 'customer_id' AND cardinality(k.names) > 1 AND k.relname <> 'tier_history'
 WHERE t.relnamespace = 'shop'::regnamespace AND t.relkind = 'r'
   AND k.names <@ ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum > 0)
   AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = t.oid AND f.contype = 'f'
                      AND k.names && ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = ANY (f.conkey) AND a.attname <> 'customer_id'))
   AND NOT EXISTS (SELECT FROM shop_keys own WHERE own.oid = t.oid AND own.names = k.names AND cardinality(k.names) = 1)
 GROUP BY 1, 2 ORDER BY 1, 2;

-- Every number that the server gives is given once, but for those that are named
-- with their customer or ticket only: rows of a ledger, a log and a queue.
SELECT c.relname, a.attname
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attidentity <> ''
 WHERE c.relnamespace = 'shop'::regnamespace
   AND NOT EXISTS (SELECT FROM shop_keys k WHERE k.oid = c.oid AND k.names = ARRAY[a.attname])
 ORDER BY 1, 2;

-- Of existing rows that are broken, a foreign key takes the new ones only.
CREATE TABLE mine (tier text);
INSERT INTO mine VALUES ('a'), ('a'), ('VIP'), (NULL);
CREATE TABLE theirs (tier text PRIMARY KEY);
INSERT INTO theirs VALUES ('VIP');
SELECT refer('mine', 'mine_tier', 'tier', 'theirs', 'tier');
SELECT * FROM broken_references();
INSERT INTO mine VALUES ('b');
DELETE FROM mine WHERE tier = 'a';
ALTER TABLE mine VALIDATE CONSTRAINT mine_tier;
SELECT * FROM broken_references();
DROP TABLE mine, theirs;
SELECT pg_temp.outcome(s.statement)
  FROM (VALUES
    ('INSERT INTO points_rules (tier, points, per_amount, valid) VALUES (''VlP'', 1, 100, ''[2099-01-01,)'')'),
    ('INSERT INTO points_campaigns (title, tier, bonus, valid) VALUES (''x'', ''VlP'', 1, ''(,)'')'),
    ('UPDATE journey_steps SET tiers = ''{VIP,VlP}'' WHERE step = ''phone_hearing'''),
    ('INSERT INTO sla_policies (metric, tier, target, valid) VALUES (''resolution'', ''VlP'', ''1 hour'', ''empty'')'),
    ('INSERT INTO sla_policies (metric, channel, target, valid) VALUES (''resolution'', ''emial'', ''1 hour'', ''empty'')'),
    ('INSERT INTO sla_policies (policy_set, metric, channel, tier, target, valid) VALUES (''x'', ''resolution'', ''email'', ''VIP'', ''1 hour'', ''empty'')'),
    ('DELETE FROM points_rules; DELETE FROM tier_rules; INSERT INTO points_rules (tier, points, per_amount, valid) VALUES (''VIP'', 1, 100, ''(,)'')')) s (statement);
INSERT INTO customers (customer_id, email) VALUES ('ann', 'a@example.com'), ('ben', 'b@example.com');
INSERT INTO orders (customer_id, order_id, ordered_at, amount, delivered_at) VALUES
    ('ann', 'A', '2026-03-01 12:00+09', 100, '2026-03-06 19:00+09'), ('ben', 'B', '2026-03-01 12:00+09', 100, '2026-03-06 19:00+09');
SELECT pg_temp.outcome(s.statement)
  FROM (VALUES
    ('INSERT INTO tickets (customer_id, ticket_id, channel, order_id) VALUES (''ann'', ''t'', ''email'', ''B'')'),
    ('INSERT INTO tickets (customer_id, ticket_id, channel, order_id) VALUES (''ann'', ''t'', ''email'', ''A'')'),
    ('INSERT INTO reviews (customer_id, review_id, product_id, order_id, reviewed_at, stars) VALUES (''ann'', ''r'', ''p'', ''B'', now(), 5)'),
    ('INSERT INTO reviews (customer_id, review_id, product_id, order_id, reviewed_at, stars) VALUES (''ann'', ''r'', ''p'', ''A'', now(), 5)'),
    ('UPDATE settings SET currency = ''EUR'''),
    ('UPDATE settings SET currency = ''JPY'', language = ''en'''),
    ('DELETE FROM order_items; DELETE FROM orders; UPDATE settings SET currency = ''EUR'''),
    ('DELETE FROM settings'),
    ('DELETE FROM settings; INSERT INTO settings (time_zone, currency) VALUES (''Asia/Tokyo'', ''USD'')'),
    ('ALTER TABLE settings DISABLE TRIGGER check_currency; DELETE FROM settings'),
    ('DELETE FROM order_items; DELETE FROM orders; DELETE FROM settings')) s (statement);

-- A claim where the numbers are behind the rows says so, and mails nobody twice.
SELECT queue_followups('2026-03-09 19:30+09') > 0 AS queued;
SELECT setval(pg_get_serial_sequence('followups', 'followup_id'), 1, false) AS behind;
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('ann', 'A2', '2026-03-10 11:00+09', 100), ('ben', 'B2', '2026-03-10 11:00+09', 100);
SELECT pg_temp.outcome('SELECT FROM claim_followups(at => ''2026-03-10 12:00+09'')');
SELECT loyalcs.sync_shop_sequences('shop');
SELECT count(*) AS claimed, count(DISTINCT followup_id) AS numbers FROM claim_followups(at => '2026-03-10 12:00+09');
SELECT pg_temp.outcome('INSERT INTO followups SELECT (jsonb_populate_record(f, ''{"step": "again"}'')).* FROM followups f LIMIT 1');

--
-- What is made of other rows is not written.
--
CREATE ROLE regress_records_admin;
SELECT loyalcs.grant_shop('shop', 'regress_records_admin', 'admin');
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES ('ann', 'r', 'A', '2026-03-08 12:00+09', 30);
INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('ann', 't', 'email');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('ann', 't', '2026-03-02 12:00+09', 'opened'), ('ann', 't', '2026-03-02 13:00+09', 'resolved');
SET ROLE regress_records_admin;
SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('UPDATE orders SET refunded = 0 WHERE order_id = ''A'''),
    ('UPDATE orders SET refunded = 30 WHERE order_id = ''A'''),
    ('INSERT INTO orders (customer_id, order_id, ordered_at, amount, refunded) VALUES (''ann'', ''x'', now(), 100, 1)'),
    ('UPDATE tickets SET closed_at = NULL'),
    ('UPDATE tickets SET closed_at = closed_at - interval ''1 day'''),
    ('UPDATE tickets SET closed_at = ''2026-03-02 13:00+09'''),
    ('INSERT INTO tickets (customer_id, ticket_id, channel, closed_at) VALUES (''ann'', ''x'', ''email'', ''2026-03-02 13:00+09'')'),
    ('UPDATE consents SET given = true'),
    ('INSERT INTO consents (customer_id, given) VALUES (''ann'', false); UPDATE consents SET given = true'),
    ('INSERT INTO consents (customer_id, channel, given) VALUES (''ann'', ''owl'', false)'),
    ('INSERT INTO consents (customer_id, purpose, given) VALUES (''ann'', ''nothing'', false)'),
    ('INSERT INTO consents (customer_id, channel, purpose, given) VALUES (''ann'', ''line'', ''marketing'', false), (''ann'', ''all'', ''all'', true)'),
    ('UPDATE ticket_events SET recorded_at = at'),
    ('UPDATE customers SET birth_year = 1970')) s (statement);
RESET ROLE;
-- Nor by a role that was given more than a level: of one new order, or of any of several.
GRANT INSERT ON orders TO regress_records_admin;
SET ROLE regress_records_admin;
SELECT refunded, pg_temp.outcome(format('INSERT INTO orders (customer_id, order_id, ordered_at, amount, refunded)
                                         SELECT ''ann'', ''x'' || n, now(), 100, r FROM unnest(%L::numeric[]) WITH ORDINALITY u (r, n)', refunded))
  FROM (VALUES ('{0}'), ('{1}'), ('{0,1}'), ('{0,0,1}'), ('{0,0,0}')) s (refunded);
RESET ROLE;
SELECT pg_temp.outcome('INSERT INTO orders (customer_id, order_id, ordered_at, amount, refunded) VALUES (''ann'', ''x'', now(), 100, 1)') AS by_the_owner;
DROP OWNED BY regress_records_admin;
DROP ROLE regress_records_admin;
