-- What a shop wants done every night, with pg_cron and without.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
SET jit = off;

CREATE ROLE regress_jobs_owner;
CREATE ROLE regress_jobs_other;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_jobs_owner;
SET ROLE regress_jobs_owner;

-- A shop; and what schedule_shop() asks of one, its record, its clock and some functions
-- of the list, under names and in time zones of every kind: to make so many would take
-- longer than all else here. Each one has refresh_rfm_cuts(), whose minute is as good as
-- that of any.
SELECT FROM loyalcs.create_shop('tokyo', 'Asia/Tokyo');
CREATE FUNCTION pg_temp.make(shop text, zone text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SCHEMA %I', shop);
    EXECUTE format('CREATE TABLE %I.shop_migrations (LIKE tokyo.shop_migrations INCLUDING DEFAULTS)', shop);
    EXECUTE format('INSERT INTO %I.shop_migrations SELECT * FROM tokyo.shop_migrations WHERE part IN (''table shop_migrations'', ''table settings'')', shop);
    EXECUTE format('CREATE TABLE %I.settings AS SELECT %L AS time_zone', shop, zone);
    EXECUTE format('CREATE FUNCTION %1$I.refresh_rfm_cuts() RETURNS void LANGUAGE sql AS ''''; CREATE FUNCTION %1$I.evaluate_tiers() RETURNS void LANGUAGE sql AS ''''', shop);
END
$$;
SELECT pg_temp.make(name, zone)
  FROM (VALUES ('a', 'Asia/Kolkata'), ('a:b', 'Europe/London'), ('new york', 'America/New_York'), ('a:', 'Australia/Lord_Howe'),
               ('it''s 100%', 'UTC'), (E'line\nbreak', 'UTC'), (':', 'UTC'), ('a:b:refresh_rfm_cuts', 'UTC')) s (name, zone);
SELECT count(*) FROM loyalcs.shops;

CREATE FUNCTION pg_temp.at(shop text) RETURNS text LANGUAGE sql
RETURN (SELECT s.schedule FROM loyalcs.schedule_shop(shop) s WHERE s.job LIKE '%:refresh_rfm_cuts');

-- A job for each function of the list that the shop has, and for no other.
SELECT bool_and(s.job IS NOT NULL) AS scheduled, count(*) = count(DISTINCT s.job) AS once
  FROM loyalcs.shop_jobs() j
  JOIN pg_proc p ON p.pronamespace = 'tokyo'::regnamespace AND p.proname = j.function
  LEFT JOIN loyalcs.schedule_shop('tokyo') s ON s.job = 'loyalcs:tokyo:' || j.function;
SELECT count(*) > 0 AS some,
       count(*) FILTER (WHERE NOT EXISTS (SELECT FROM loyalcs.shop_jobs() j WHERE s.job = 'loyalcs:tokyo:' || j.function)) AS others
  FROM loyalcs.schedule_shop('tokyo') s;
-- Every one of them can be called as it stands.
SELECT count(*) AS cannot
  FROM pg_proc p JOIN loyalcs.shop_jobs() j ON j.function = p.proname
 WHERE p.pronamespace = 'tokyo'::regnamespace AND p.pronargs <> p.pronargdefaults;

-- Without pg_cron: the line for a crontab, in UTC.
SET client_min_messages = notice;
SELECT job, schedule, command, replace(to_do, current_database(), 'DATABASE') AS to_do
  FROM loyalcs.schedule_shop('tokyo') WHERE job LIKE '%:refresh_rfm_cuts';
SET client_min_messages = warning;
SELECT job, schedule, command, replace(to_do, current_database(), 'DATABASE') AS to_do
  FROM loyalcs.schedule_shop('it''s 100%') WHERE job LIKE '%:refresh_rfm_cuts';

-- What a crontab cannot hold is refused, and pg_cron need not.
SELECT replace(pg_temp.outcome($$SELECT loyalcs.schedule_shop(E'line\nbreak')$$), current_database(), 'DATABASE');
SELECT count(*) FROM loyalcs.schedule_shop('tokyo') s WHERE s.to_do ~ '[\x01-\x1f]';

-- 03:10 on the shop's clock in winter, 04:10 in summer; half hours count.
SELECT shop, pg_temp.at(shop)
  FROM unnest('{tokyo,a,a:b,"new york","a:","it''s 100%"}'::text[]) shop;
-- The session's time zone is nobody's business, pg_cron's is.
SET timezone = 'Pacific/Kiritimati';
SELECT pg_temp.at('tokyo');
SET cron.timezone = 'America/New_York';
SELECT pg_temp.at('tokyo'), pg_temp.at('new york'), pg_temp.at('a:b');
SET cron.timezone = 'Asia/Tokyo';
SELECT pg_temp.at('tokyo');
RESET cron.timezone;
RESET timezone;

-- pg_cron may be in another database of the server.
SET cron.database_name = 'it''s elsewhere';
SET client_min_messages = notice;
SELECT job, schedule, command, replace(to_do, current_database(), 'DATABASE') AS to_do
  FROM loyalcs.schedule_shop('tokyo') WHERE job LIKE '%:refresh_rfm_cuts';
RESET cron.database_name;
SET client_min_messages = warning;

-- Anybody may make a schema of that name; it is not believed.
CREATE SCHEMA cron;
CREATE FUNCTION cron.schedule(text, text, text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
SELECT loyalcs.shop_cron() IS NULL AS none, count(to_do) = count(*) AS nothing_done FROM loyalcs.schedule_shop('tokyo');
SELECT loyalcs.unschedule_shop('tokyo');
DROP SCHEMA cron CASCADE;

-- A stand-in for pg_cron, which keeps jobs as it does and runs none of them.
RESET ROLE;
CREATE SCHEMA cron;
CREATE TABLE cron.job (
    jobid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, jobname text, schedule text, command text,
    database text DEFAULT current_database(), username text DEFAULT current_user, UNIQUE (jobname, username));
CREATE FUNCTION cron.schedule(job_name text, schedule text, command text) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER AS $$
    INSERT INTO cron.job (jobname, schedule, command, username) VALUES ($1, $2, $3, session_user)
    ON CONFLICT (jobname, username) DO UPDATE SET schedule = $2, command = $3 RETURNING jobid $$;
CREATE FUNCTION cron.unschedule(job_id bigint) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER AS $$ DELETE FROM cron.job WHERE jobid = $1 RETURNING true $$;
GRANT SELECT ON cron.job TO PUBLIC;
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
VALUES (9999, 'pg_cron', 10, 'pg_catalog'::regnamespace, false, '1.4');
INSERT INTO pg_depend (classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype)
SELECT 'pg_proc'::regclass, p.oid, 0, 'pg_extension'::regclass, 9999, 0, 'e'
  FROM pg_proc p WHERE p.pronamespace = 'cron'::regnamespace;

-- Not everybody may schedule.
SET SESSION AUTHORIZATION regress_jobs_owner;
SELECT pg_temp.outcome($$SELECT loyalcs.schedule_shop('tokyo')$$);
SELECT loyalcs.unschedule_shop('tokyo');
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA cron TO regress_jobs_owner, regress_jobs_other;
SET SESSION AUTHORIZATION regress_jobs_owner;

-- Now it is done, however often it is asked for.
SELECT job, schedule, command, to_do FROM loyalcs.schedule_shop('tokyo') WHERE job LIKE '%:refresh_rfm_cuts';
SELECT count(to_do) FROM loyalcs.schedule_shop('tokyo');
SELECT count(to_do) FROM loyalcs.schedule_shop('new york');
SELECT jobname, schedule, command, database = current_database() AS here, username
  FROM cron.job WHERE jobname LIKE '%:refresh_rfm_cuts' ORDER BY jobname;
SELECT count(*) = count(DISTINCT jobname) AS once FROM cron.job;

-- A job that is no longer in the list goes; those of others, and one's own, stay.
SELECT count(cron.schedule(job, '0 0 * * *', 'SELECT 1'))
  FROM unnest('{loyalcs:tokyo:long_gone,loyalcs:tokyo2:x,mine}'::text[]) job;
SELECT count(to_do) FROM loyalcs.schedule_shop('tokyo');
SELECT jobname FROM cron.job WHERE jobname NOT LIKE '%:refresh_rfm_cuts' AND command = 'SELECT 1' ORDER BY 1;

-- A change of the time zone is followed when it is asked for again.
UPDATE tokyo.settings SET time_zone = 'Asia/Kolkata';
SELECT pg_temp.at('tokyo');
SELECT schedule FROM cron.job WHERE jobname = 'loyalcs:tokyo:refresh_rfm_cuts';

-- Errors
SELECT pg_temp.outcome($$SELECT loyalcs.schedule_shop('nowhere')$$);
SELECT pg_temp.outcome('SELECT loyalcs.schedule_shop(NULL)');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_jobs_other;
SELECT pg_temp.outcome($$SELECT loyalcs.schedule_shop('tokyo')$$);
SELECT loyalcs.unschedule_shop('tokyo');
RESET SESSION AUTHORIZATION;

-- A shop's jobs are its own, whatever colons are in names; those that 0.1.0 made
-- are called the same.
SET SESSION AUTHORIZATION regress_jobs_owner;
SELECT count(DISTINCT s.job) = count(*) AS unambiguous, count(s.to_do) FROM unnest('{a,a:b,"a:",":",a:b:refresh_rfm_cuts}'::text[]) shop, loyalcs.schedule_shop(shop) s;
CREATE TEMP VIEW scheduled AS
SELECT regexp_replace(jobname, ':[^:]*$', '') AS shop, count(*) AS jobs FROM cron.job WHERE jobname ~ '^loyalcs:(a|:)' GROUP BY 1;
SELECT count(*) AS shops, min(jobs) = max(jobs) AS same FROM scheduled;
SELECT loyalcs.unschedule_shop('a') > 0 AS some;
SELECT shop FROM scheduled ORDER BY shop COLLATE "C";
SELECT loyalcs.unschedule_shop(':') > 0 AS some, loyalcs.unschedule_shop('a:') > 0 AS more;
SELECT shop FROM scheduled ORDER BY shop COLLATE "C";
DROP VIEW scheduled;
SELECT count(loyalcs.drop_shop(shop, shop)) FROM unnest('{a,a:b,"a:",":",a:b:refresh_rfm_cuts}'::text[]) shop;
RESET SESSION AUTHORIZATION;

-- Gone with the shop, or before.
SET SESSION AUTHORIZATION regress_jobs_owner;
SELECT loyalcs.unschedule_shop('new york') > 0 AS some, loyalcs.unschedule_shop('new york') AS more;
SELECT loyalcs.drop_shop('tokyo', 'tokyo');
SELECT jobname FROM cron.job ORDER BY 1;

-- One word of a crontab
SELECT word, loyalcs.shop_crontab_word(word)
  FROM unnest(ARRAY['plain', 'two words', '', 'it''s', '100%', '$(rm)', '"', 'ä', '-x', '`id`', '''%''']) word;
SELECT count(*) AS all, count(*) FILTER (WHERE pg_temp.outcome(format('SELECT loyalcs.shop_crontab_word(%L)', 'a' || chr(i) || 'b')) LIKE '42602 a crontab cannot hold a name with a backslash,%') AS refused
  FROM (SELECT generate_series(1, 31) UNION ALL VALUES (127), (92)) c (i);
SELECT pg_temp.outcome($$SELECT loyalcs.shop_crontab_word(E'a\n* * * * * rm')$$);

RESET SESSION AUTHORIZATION;
DELETE FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND refobjid = 9999;
DELETE FROM pg_extension WHERE oid = 9999;
DROP SCHEMA cron CASCADE;
SET client_min_messages = warning;
DROP OWNED BY regress_jobs_owner, regress_jobs_other CASCADE;
DROP ROLE regress_jobs_owner, regress_jobs_other;
