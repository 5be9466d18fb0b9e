-- schedule.sql
--
-- What a shop wants done every night, and by whom: pg_cron where it is
-- installed, and otherwise the cron of some machine.
-- Needs: shop_check().

-- Only what is done daily stands here: the first of a month in one time zone
-- may be the last of another in the one that cron counts in.
CREATE FUNCTION loyalcs.shop_jobs() RETURNS TABLE (function text, at time)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    VALUES ('expire_points', '00:10'::time),
           ('refresh_kept_figures', '03:05'::time),
           ('refresh_rfm_cuts', '03:10'::time),
           ('refresh_outlook', '03:15'::time),
           ('match_voices', '03:20'::time),
           ('refresh_kept_tickets', '03:25'::time),
           ('evaluate_tiers', '03:30'::time),
           ('settle_points', '03:40'::time),
           ('refresh_related_products', '03:50'::time);
END;
COMMENT ON FUNCTION loyalcs.shop_jobs() IS
    'the functions of a shop that are to be called without arguments once a day, and at what local time';

-- A function of this name anywhere else may be anybody's.
CREATE FUNCTION loyalcs.shop_cron() RETURNS regnamespace
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT p.pronamespace::regnamespace
              FROM pg_extension e
              JOIN pg_depend d
                ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
               AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
              JOIN pg_proc p ON p.oid = d.objid
             WHERE e.extname = 'pg_cron' AND p.proname = 'schedule' AND p.pronargs = 3);
END
$$;
COMMENT ON FUNCTION loyalcs.shop_cron() IS
    'the schema of pg_cron''s functions; NULL if pg_cron is not installed in this database';

-- Settings that not everybody may see.
CREATE FUNCTION loyalcs.shop_cron_setting(setting text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN nullif(current_setting('cron.' || setting, true), '');
EXCEPTION
    WHEN insufficient_privilege THEN
        RETURN NULL;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_cron_setting(text) IS
    'a setting of pg_cron; NULL if there is none, or the caller may not see it';

-- A job is called loyalcs:SHOP:FUNCTION, and only the shop may have a colon in it.
CREATE FUNCTION loyalcs.unschedule_shop(shop text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cron constant regnamespace := loyalcs.shop_cron();
    jobs bigint := 0;
BEGIN
    -- Whoever may not use pg_cron has no jobs there.
    IF cron IS NOT NULL AND has_schema_privilege(cron::oid, 'USAGE') THEN
        EXECUTE format('SELECT count(%s.unschedule(j.jobid))
                          FROM %1$s.job j
                         WHERE j.username = current_user AND j.database = current_database()
                           AND starts_with(j.jobname, $1)
                           AND pg_catalog.strpos(pg_catalog.substr(j.jobname, pg_catalog.length($1) + 1), '':'') = 0', cron)
           INTO jobs
          USING format('loyalcs:%s:', shop);
    END IF;
    RETURN jobs;
END
$$;
COMMENT ON FUNCTION loyalcs.unschedule_shop(text) IS
    'takes the jobs of a shop that the caller has scheduled out of pg_cron; gives their number';

-- Cron reads a line before the shell does, and takes % for its end unless there
-- is a backslash before it. What a backslash before a backslash means differs from
-- cron to cron, and a line break cannot be written at all.
CREATE FUNCTION loyalcs.shop_crontab_word(word text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF word ~ '^[A-Za-z0-9_.]+$' THEN
        RETURN word;
    END IF;
    IF word ~ '[\x01-\x1f\x7f\\]' THEN
        RAISE EXCEPTION 'a crontab cannot hold a name with a backslash, a line break or another control character in it'
            USING ERRCODE = 'invalid_name',
                  DETAIL = format('It would be part of the word %s.', to_json(word)),
                  HINT = 'Give the shop, the database or the role another name, or install pg_cron.';
    END IF;
    RETURN replace(concat('''', replace(word, '''', '''\'''''), ''''), '%', '\%');
END
$$;
COMMENT ON FUNCTION loyalcs.shop_crontab_word(text) IS
    'a text as one word of a crontab''s line; an error if it has a backslash or a control character in it';

CREATE FUNCTION loyalcs.schedule_shop(shop text)
RETURNS TABLE (job text, schedule text, command text, to_do text)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cron constant regnamespace := loyalcs.shop_cron();
    cron_zone constant text := coalesce(loyalcs.shop_cron_setting('timezone'), 'GMT');
    cron_database constant text := loyalcs.shop_cron_setting('database_name');
    zone text;
    ahead interval;
BEGIN
    PERFORM loyalcs.shop_check(shop);
    IF cron IS NOT NULL AND NOT has_schema_privilege(cron::oid, 'USAGE') THEN
        RAISE EXCEPTION 'role % may not schedule jobs', quote_ident(current_user)
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('GRANT USAGE ON SCHEMA %s TO %I, as a superuser.', cron, current_user);
    END IF;

    -- Cron knows nothing of a shop's daylight saving time. The smaller difference
    -- makes a job late for half of the year, which is better than a day early.
    EXECUTE format('SELECT z.time_zone FROM %I.settings z', shop) INTO zone;
    SELECT min((d AT TIME ZONE zone) - (d AT TIME ZONE cron_zone)) INTO ahead
      FROM generate_series(now(), now() + interval '1 year', interval '1 day') d;

    PERFORM loyalcs.unschedule_shop(shop);
    FOR job, schedule, command IN
        SELECT format('loyalcs:%s:%s', shop, j.function),
               format('%s %s * * *', EXTRACT(minute FROM j.at - ahead), EXTRACT(hour FROM j.at - ahead)),
               format('SELECT %I.%I()', shop, j.function)
          FROM loyalcs.shop_jobs() j
         WHERE EXISTS (SELECT FROM pg_proc p
                        WHERE p.pronamespace = quote_ident(shop)::regnamespace AND p.proname = j.function)
         ORDER BY j.at
    LOOP
        IF cron IS NOT NULL THEN
            EXECUTE format('SELECT %s.schedule($1, $2, $3)', cron) USING job, schedule, command;
        ELSIF cron_database IS NOT NULL THEN
            to_do := format('SELECT cron.schedule_in_database(%L, %L, %L, %L, %L);',
                            format('%s:%s', current_database(), job), schedule, command, current_database(), current_user);
        ELSE
            to_do := format('%s psql -XqAt -o /dev/null -U %s -d %s -c %s', schedule,
                            loyalcs.shop_crontab_word(current_user::text),
                            loyalcs.shop_crontab_word(current_database()::text),
                            loyalcs.shop_crontab_word(command));
        END IF;
        RETURN NEXT;
    END LOOP;

    IF cron IS NULL AND cron_database IS NOT NULL THEN
        RAISE NOTICE 'pg_cron is in another database: nothing is scheduled yet'
            USING HINT = format('Connect to database %s as a superuser, and run what stands under to_do.', quote_ident(cron_database));
    ELSIF cron IS NULL THEN
        RAISE NOTICE 'pg_cron is not installed: nothing is scheduled yet'
            USING HINT = 'Put what stands under to_do into a crontab. Times are UTC: on a machine that has another time zone, CRON_TZ=UTC goes before them, if its cron knows that.';
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.schedule_shop(text) IS
    'has pg_cron do what a shop wants done every night, at the shop''s local times, which it turns into those of cron.timezone; when called again, in place of what was scheduled before. Without pg_cron it says under to_do what to do instead: lines for a crontab, or statements for the database that pg_cron is in';
