-- When the jobs of the night ran.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- A job writes down that it ran, whoever calls it, once an hour, and nobody waits for anybody.
DO $$
DECLARE
    j text;
BEGIN
    FOR j IN SELECT function FROM loyalcs.shop_jobs() CROSS JOIN generate_series(1, 2) LOOP
        EXECUTE format('SELECT %I()', j);
    END LOOP;
END
$$;
SELECT job, count(*), bool_and(started_at <= finished_at AND finished_at <= clock_timestamp() AND ran_by = current_user) AS as_it_was
  FROM job_runs GROUP BY job ORDER BY job;
SELECT count(*) AS unique_indexes FROM pg_index WHERE indrelid = 'job_runs'::regclass AND indisunique;

RESET search_path;
