-- shop/followup_outcomes.sql
--
-- What became of the work that was handed out, as the workers report it.
-- Needs: journeys, followups.

--@ table followup_late_reports hides detail
--: adds
CREATE TABLE followup_late_reports (
    customer_id @key_type@ NOT NULL,
    followup_id bigint NOT NULL,
    attempt integer NOT NULL,
    at timestamptz NOT NULL,
    outcome text NOT NULL,
    detail text,
    PRIMARY KEY (customer_id, followup_id, attempt)
);
COMMENT ON TABLE followup_late_reports IS
    'what workers reported after somebody else had claimed their work: of those that say sent, the customer may have heard twice';

--@ reference followup_late_reports customers
ALTER TABLE followup_late_reports ADD FOREIGN KEY (customer_id) REFERENCES customers;

--@ functions
CREATE OR REPLACE FUNCTION followups_failed_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    followup_id bigint,
    step text,
    subject text,
    channel text,
    due_at timestamptz,
    attempts integer,
    outcome text,
    finished_at timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT f.customer_id, f.followup_id, f.step, f.subject, f.channel, f.due_at, f.attempts, f.outcome, f.finished_at
      FROM followups f
     WHERE f.outcome IN ('failed', 'undeliverable') AND f.finished_at <= followups_failed_at.as_of;
END;
COMMENT ON FUNCTION followups_failed_at(timestamptz) IS
    'follow-ups that were given up: every attempt failed, or nobody can be reached there; what the worker said stands in followups.detail, which is for those who may read personal data';

CREATE OR REPLACE FUNCTION not_one_number(what text, number bigint) RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    RAISE EXCEPTION 'there is more than one % %', what, number
        USING ERRCODE = 'cardinality_violation', CONSTRAINT = 'number_is_given_once',
              DETAIL = 'An outcome belongs to one of them, and nobody can tell to which.',
              HINT = 'The sequence was behind the rows once: give the later ones other numbers.';
END
$$;
COMMENT ON FUNCTION not_one_number(text, bigint) IS
    'the error of work whose number is not its own';

CREATE OR REPLACE FUNCTION reported_attempt(what text, number bigint, attempts integer, key text, outcome text) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    attempt constant integer := substring(key, '^' || number::text || '\.([1-9][0-9]{0,8})$')::integer;
BEGIN
    IF outcome IS NULL OR outcome NOT IN ('sent', 'failed', 'undeliverable') THEN
        RAISE EXCEPTION 'unknown outcome %', coalesce(quote_literal(outcome), 'NULL')
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'outcome_exists',
                  HINT = 'The outcomes are sent, failed (to be tried again) and undeliverable (not to be).';
    END IF;
    IF attempts IS NULL THEN
        RAISE EXCEPTION 'there is no % %', what, coalesce(number::text, 'NULL')
            USING ERRCODE = 'undefined_object', CONSTRAINT = 'claimed_work_exists';
    END IF;
    IF attempt IS NULL OR attempt > attempts THEN
        RAISE EXCEPTION 'key % is of no claim of % %', coalesce(quote_literal(key), 'NULL'), what, number
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'claim_key_is_known',
                  HINT = 'Use the claim_key that it was claimed with.';
    END IF;
    RETURN attempt;
END
$$;
COMMENT ON FUNCTION reported_attempt(text, bigint, integer, text, text) IS
    'which claim a worker reports on, by its key; refuses an unknown outcome, a number that does not exist (attempts is NULL) and a key of no claim';

CREATE OR REPLACE FUNCTION check_same_report(what text, number bigint, reported text, outcome text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF reported <> outcome THEN
        RAISE EXCEPTION 'that claim of % % was reported as %', what, number, reported
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'claim_is_reported_once',
                  DETAIL = pg_catalog.format('Now it is reported as %s.', outcome),
                  HINT = 'A claim has one outcome, however often it is reported.';
    END IF;
END
$$;
COMMENT ON FUNCTION check_same_report(text, bigint, text, text) IS
    'an error if a claim that was reported is reported as something else';

CREATE OR REPLACE FUNCTION complete_followup(
    followup_id bigint,
    outcome text,
    key text,
    detail text DEFAULT NULL,
    at timestamptz DEFAULT now()
) RETURNS text
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET enable_seqscan = off
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    f record;
    attempt_reported integer;
    gives_up boolean;
BEGIN
    SELECT * INTO f FROM followups f WHERE f.followup_id = complete_followup.followup_id FOR UPDATE;
    IF EXISTS (SELECT FROM followups g
                WHERE g.followup_id = complete_followup.followup_id
                  AND (g.customer_id <> f.customer_id OR g.step <> f.step OR g.subject <> f.subject)) THEN
        PERFORM not_one_number('follow-up', complete_followup.followup_id);
    END IF;
    attempt_reported := reported_attempt('follow-up', complete_followup.followup_id, f.attempts, complete_followup.key, complete_followup.outcome);
    IF attempt_reported < f.attempts THEN
        INSERT INTO followup_late_reports (customer_id, followup_id, attempt, at, outcome, detail)
        VALUES (f.customer_id, f.followup_id, attempt_reported, complete_followup.at, complete_followup.outcome,
                CASE WHEN NOT is_forgotten(f.customer_id) THEN complete_followup.detail END)
            ON CONFLICT (customer_id, followup_id, attempt) DO NOTHING;
        PERFORM check_same_report('follow-up', l.followup_id, l.outcome, complete_followup.outcome)
           FROM followup_late_reports l
          WHERE l.customer_id = f.customer_id AND l.followup_id = complete_followup.followup_id AND l.attempt = attempt_reported;
        RETURN 'late';
    END IF;
    IF f.reported IS NOT NULL THEN
        PERFORM check_same_report('follow-up', f.followup_id, f.reported, complete_followup.outcome);
        RETURN 'already recorded';
    END IF;

    UPDATE followups u
       SET reported = complete_followup.outcome,
           detail = CASE WHEN NOT is_forgotten(f.customer_id) THEN complete_followup.detail END,
           -- (what was dropped while somebody had it is not tried again because that failed)
           reason = CASE WHEN n.stays THEN u.reason END,
           lease_until = NULL,
           failures = n.failures,
           finished_at = CASE WHEN n.stays THEN u.finished_at WHEN n.finished THEN complete_followup.at END,
           outcome = CASE WHEN n.stays THEN u.outcome WHEN n.finished THEN complete_followup.outcome END,
           claimable_at = CASE WHEN n.finished OR n.stays THEN u.claimable_at
                               ELSE complete_followup.at
                                    + make_interval(secs => least(EXTRACT(epoch FROM n.retry_after)::double precision * 2::double precision ^ least(n.failures - 1, 20)::double precision, 86400)) END
      FROM (SELECT f.failures + CASE complete_followup.outcome WHEN 'failed' THEN 1 ELSE 0 END AS failures,
                   complete_followup.outcome <> 'failed' OR f.failures + 1 >= s.max_attempts AS finished,
                   complete_followup.outcome = 'failed' AND f.finished_at IS NOT NULL AS stays,
                   s.retry_after
              FROM journey_steps s
             WHERE s.step_id = f.step_id) n
     WHERE u.customer_id = f.customer_id AND u.step = f.step AND u.subject = f.subject;
    RETURN 'recorded';
END
$$;
COMMENT ON FUNCTION complete_followup(bigint, text, text, text, timestamptz) IS
    'what became of a claimed follow-up: sent, failed (to be tried again after a while that doubles, until the step''s max_attempts, unless it was dropped meanwhile), undeliverable. Says recorded; already recorded if the claim was reported before; late if somebody else has claimed it since, which followup_late_reports keeps';

CREATE OR REPLACE FUNCTION release_followup(followup_id bigint, key text, at timestamptz DEFAULT now()) RETURNS boolean
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH released AS (
        UPDATE followups f
           SET claimable_at = release_followup.at, lease_until = NULL
         WHERE f.followup_id = release_followup.followup_id AND f.claim_key = release_followup.key
           AND f.finished_at IS NULL AND f.reported IS NULL AND f.lease_until IS NOT NULL
        RETURNING f.followup_id
    )
    SELECT EXISTS (SELECT FROM released);
END;
COMMENT ON FUNCTION release_followup(bigint, text, timestamptz) IS
    'gives a claimed follow-up back untried, to be claimed again at once rather than when the lease runs out; no failure is counted; false if the claim is no longer the worker''s';

CREATE OR REPLACE FUNCTION retry_followup(followup_id bigint, at timestamptz DEFAULT now()) RETURNS boolean
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH again AS (
        UPDATE followups f
           SET finished_at = NULL, outcome = NULL, failures = 0, claimable_at = retry_followup.at
         WHERE f.followup_id = retry_followup.followup_id AND f.outcome IN ('failed', 'undeliverable')
        RETURNING f.followup_id
    )
    SELECT EXISTS (SELECT FROM again);
END;
COMMENT ON FUNCTION retry_followup(bigint, timestamptz) IS
    'puts a follow-up that was given up back to be claimed, once the template or the address is mended; false if it was not given up';

--@ change followup_late_reports 0.2.0
CREATE OR REPLACE TRIGGER check_record_is_kept
    BEFORE UPDATE ON followup_late_reports
    FOR EACH ROW EXECUTE FUNCTION check_record_is_kept();
CREATE OR REPLACE TRIGGER refuse_truncate
    BEFORE TRUNCATE ON followup_late_reports
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
