-- What is only added to is not emptied, by whomever, until its owner says so; and
-- a sequence that is behind its rows is brought up to them.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SELECT FROM loyalcs.create_shop('shop_records');
SET search_path = shop_records;

-- Every table with a log's or a ledger's trigger, and no other, refuses to be emptied.
SELECT c.relname AS only_added_to, pg_temp.outcome(format('TRUNCATE %I CASCADE', c.relname))
  FROM pg_class c
 WHERE c.relnamespace = 'shop_records'::regnamespace
   AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname IN ('check_ledger_is_kept', 'check_log_is_kept', 'check_record_is_kept', 'check_account'))
 ORDER BY 1;
SELECT c.relname AS not_refused
  FROM pg_class c
 WHERE c.relnamespace = 'shop_records'::regnamespace
   AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'refuse_truncate')
   AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname IN ('check_ledger_is_kept', 'check_log_is_kept', 'check_record_is_kept', 'check_account'))
 ORDER BY 1;

-- Sequences behind the rows, as a switch-over by logical replication leaves them.
SELECT * FROM advance_sequences();
INSERT INTO points_rules (rule_id, points, per_amount, valid) VALUES (4711, 1, 100, 'empty');
INSERT INTO journey_steps (step_id, journey, step, anchor, channel, purpose, content_key, valid)
VALUES (99, 'after_sale', 'loaded', 'ordered', 'email', 'service', 'x', 'empty');
SELECT * FROM advance_sequences();
SELECT * FROM advance_sequences();
INSERT INTO points_rules (points, per_amount, valid) VALUES (1, 100, 'empty') RETURNING rule_id;

SELECT loyalcs.drop_shop('shop_records', 'shop_records');
