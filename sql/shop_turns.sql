-- What one session at a time does.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- Every job is what functions of the shop take turns at, and the other way round.
SELECT t.job, p.proname, p.turn
  FROM shop_turns t
  FULL JOIN (SELECT p.proname::text, substring(p.prosrc, 'take_turn\(''([a-z_]+)''') AS turn
               FROM pg_proc p WHERE p.pronamespace = 'shop'::regnamespace AND p.prosrc ~ '\ytake_turn\(') p
    ON p.turn = t.job
 ORDER BY 1, 2;

-- Whoever has the turn has it until the end, and gets it again.
BEGIN;
SELECT take_turn('queue_followups', false), take_turn('queue_followups', true), take_turn('draw_survey_wave', true);
SELECT queue_followups() IS NOT NULL AS queues;
ROLLBACK;

SELECT pg_temp.outcome('SELECT take_turn(''nap'', false)');
SELECT pg_temp.outcome('SELECT take_turn(''nap'', true)');
SELECT pg_temp.outcome('DELETE FROM shop_turns; SELECT queue_followups()');

-- Levels that do the jobs may take turns, and change nothing of them; others may not.
CREATE ROLE regress_turns_nobody;
CREATE ROLE regress_turns_report;
CREATE ROLE regress_turns_service;
CREATE ROLE regress_turns_admin;
SELECT FROM unnest('{report,service,admin}'::text[]) l, loyalcs.grant_shop('shop', ('regress_turns_' || l)::regrole, l);
CREATE FUNCTION pg_temp.of(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    result := pg_temp.outcome(statement);
    RESET ROLE;
    RETURN result;
END
$$;
SELECT statement, level, pg_temp.of('regress_turns_' || level, statement) AS outcome
  FROM (VALUES (1, 'SELECT shop.take_turn(''queue_followups'', false)'),
               (2, 'SELECT FROM shop.shop_turns FOR KEY SHARE'),
               (3, 'SELECT shop.queue_followups()'),
               (4, 'SELECT shop.queue_sla_warnings()'),
               (5, 'UPDATE shop.shop_turns SET remark = ''mine'''),
               (6, 'UPDATE shop.shop_turns SET job = ''mine'''),
               (7, 'INSERT INTO shop.shop_turns (job) VALUES (''mine'')'),
               (8, 'DELETE FROM shop.shop_turns')) s (n, statement)
 CROSS JOIN unnest('{nobody,report,service,admin}'::text[]) WITH ORDINALITY l (level, m)
 ORDER BY n, m;

DROP OWNED BY regress_turns_report, regress_turns_service, regress_turns_admin;
DROP ROLE regress_turns_nobody, regress_turns_report, regress_turns_service, regress_turns_admin;
