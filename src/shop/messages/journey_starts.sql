-- shop/journey_starts.sql
--
-- Going live: journeys begin when somebody says so, and end when somebody says so.
-- Needs: journeys, followups.

--@ functions
-- Which journeys are meant, locked until it is done: one of that name, or all.
CREATE OR REPLACE FUNCTION journeys_meant(journey text, at timestamptz)
RETURNS TABLE (
    name text,
    started_at timestamptz,
    ended_at timestamptz
)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF at IS NULL OR NOT isfinite(at) THEN
        RAISE EXCEPTION 'journeys start and stop at an instant'
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'as_of_is_an_instant',
                  DETAIL = pg_catalog.format('It is %s.', coalesce(at::text, 'NULL')),
                  HINT = 'now() is most often what is meant.';
    END IF;
    IF journeys_meant.journey IS NOT NULL AND NOT EXISTS (SELECT FROM journeys j WHERE j.journey = journeys_meant.journey) THEN
        RAISE EXCEPTION 'unknown journey %', quote_literal(journeys_meant.journey)
            USING ERRCODE = 'undefined_object', CONSTRAINT = 'journey_exists',
                  HINT = 'The table journeys lists them; NULL is all.';
    END IF;
    RETURN QUERY
    SELECT j.journey, j.started_at, j.ended_at
      FROM journeys j
     WHERE j.journey = coalesce(journeys_meant.journey, j.journey)
     ORDER BY j.journey
       FOR NO KEY UPDATE;
END
$$;
COMMENT ON FUNCTION journeys_meant(text, timestamptz) IS
    'for start_journeys() and stop_journeys(): the journey of that name, or all if it is NULL, locked; an error for an unknown one, and for what is no instant';

-- What still waits from before it was stopped is of before: it is dropped here, as it
-- would have been at its claim if the journey had stayed stopped.
CREATE OR REPLACE FUNCTION start_journeys(at timestamptz DEFAULT now(), journey text DEFAULT NULL)
RETURNS TABLE (
    started text,
    started_at timestamptz,
    steps bigint
)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    stopped constant text[] := ARRAY(SELECT m.name
                                       FROM journeys_meant(start_journeys.journey, start_journeys.at) m
                                      WHERE m.started_at IS NULL OR m.ended_at IS NOT NULL);
BEGIN
    UPDATE journeys j
       SET started_at = start_journeys.at, ended_at = NULL
     WHERE j.journey = ANY (stopped);
    UPDATE followups f
       SET finished_at = greatest(start_journeys.at, f.queued_at), outcome = 'dropped', reason = 'before the start'
      FROM journey_steps s
     WHERE s.journey = ANY (stopped)
       AND f.step_id = s.step_id AND f.finished_at IS NULL
       AND NOT is_after_start(s.anchor, f.anchor_at, f.due_at, start_journeys.at);
    RETURN QUERY
    SELECT j.journey, j.started_at,
           (SELECT count(*) FROM journey_steps s WHERE s.journey = j.journey AND s.valid OPERATOR(pg_catalog.@>) start_journeys.at)
      FROM journeys j
     WHERE j.journey = ANY (stopped)
     ORDER BY j.journey;
END
$$;
COMMENT ON FUNCTION start_journeys(timestamptz, text) IS
    'starts the journey of that name, or all if it is NULL, at an instant: from then on follow-ups become due, about what has happened since; nothing is ever sent about what happened before. A journey that runs already is left as it is. Gives those that were started, with how many steps are in force';

CREATE OR REPLACE FUNCTION stop_journeys(at timestamptz DEFAULT now(), journey text DEFAULT NULL)
RETURNS TABLE (
    stopped text,
    stopped_at timestamptz
)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    running constant text[] := ARRAY(SELECT m.name
                                       FROM journeys_meant(stop_journeys.journey, stop_journeys.at) m
                                      WHERE m.started_at IS NOT NULL AND (m.ended_at IS NULL OR m.ended_at > stop_journeys.at));
BEGIN
    RETURN QUERY
    UPDATE journeys j
       SET ended_at = stop_journeys.at
     WHERE j.journey = ANY (running)
    RETURNING j.journey, j.ended_at;
END
$$;
COMMENT ON FUNCTION stop_journeys(timestamptz, text) IS
    'ends the journey of that name, or all if it is NULL, at an instant: what waits then is dropped, and what was claimed and is not handed over is not either. start_journeys() starts it again, for what happens from then on; to hold it for a while, set journeys.paused_at. Gives those that were stopped';
