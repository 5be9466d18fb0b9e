-- shop/job_runs.sql
--
-- When what is to be done every night was done last.
-- Needs: nothing before it.
--
-- A job writes a row when it is through, in its own transaction: one that fails leaves
-- none. Rows are added and never changed, and none is unique in anything, so that no
-- session waits for another's. What runs all the time is written down once an hour:
-- oftener would tell nobody more.

--@ table job_runs
--: adds
--: keeps started_at, finished_at, ran_by
CREATE TABLE job_runs (
    job text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ran_by text NOT NULL DEFAULT current_user
);
CREATE INDEX job_runs_job ON job_runs (job, started_at);
COMMENT ON TABLE job_runs IS
    'when the jobs that loyalcs.schedule_shop() schedules ran, whoever had them run, a row an hour at most each; the owner of the shop may delete old rows';
COMMENT ON COLUMN job_runs.started_at IS 'when the transaction began in which it ran';
COMMENT ON COLUMN job_runs.finished_at IS 'when it was through';

--@ functions
CREATE OR REPLACE FUNCTION note_job_run(job text) RETURNS void
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    INSERT INTO job_runs (job)
    SELECT note_job_run.job
     WHERE NOT EXISTS (SELECT FROM job_runs r
                        WHERE r.job = note_job_run.job AND r.started_at > now() - interval '1 hour' AND r.started_at <= now());
END;
COMMENT ON FUNCTION note_job_run(text) IS
    'for the jobs of the night, which call it when they are through: writes down that one ran, once an hour at most';
