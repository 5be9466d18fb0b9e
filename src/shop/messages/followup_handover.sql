-- shop/followup_handover.sql
--
-- The last look: immediately before a follow-up is handed over, whether it is
-- still its worker's, and still wanted.
-- Needs: followups, followup_claims.

--@ functions
-- Each statement has one plan for all calls of a session, as in claim_followups().
CREATE OR REPLACE FUNCTION hand_over_followup(followup_id bigint, claim_key text, at timestamptz DEFAULT now()) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    places tid[];
    l record;
BEGIN
    places := ARRAY(SELECT f.ctid
                      FROM followups f
                     WHERE f.followup_id = hand_over_followup.followup_id
                       AND f.claim_key = hand_over_followup.claim_key
                       AND f.finished_at IS NULL AND f.reported IS NULL
                       AND f.lease_until > hand_over_followup.at
                       FOR UPDATE);
    IF pg_catalog.cardinality(places) <> 1 THEN
        RETURN false;
    END IF;
    SELECT w.place, w.held_back, w.until,
           CASE WHEN w.held_back IS NOT NULL THEN w.reason
                WHEN w.step_id <> w.old_step_id THEN 'step replaced'
                WHEN w.recipient_digest <> address_digest(w.channel, w.recipient) THEN 'address changed' END AS reason
      INTO l
      FROM followups_looked_at(places, hand_over_followup.at) w;
    IF l.reason IS NULL THEN
        RETURN true;
    END IF;
    UPDATE followups f
       SET reason = l.reason,
           lease_until = NULL,
           claimable_at = CASE WHEN l.held_back IS NULL THEN hand_over_followup.at ELSE l.until END,
           finished_at = CASE WHEN l.held_back = 'drop' THEN hand_over_followup.at END,
           outcome = CASE WHEN l.held_back = 'drop' THEN 'dropped' END
     WHERE f.ctid = l.place;
    RETURN false;
END
$$;
COMMENT ON FUNCTION hand_over_followup(bigint, text, timestamptz) IS
    'to be asked immediately before a claimed follow-up is sent. True: it is still the worker''s, by its claim_key and lease, and still wanted; send it now. False: send nothing, report nothing. Then it is not the worker''s any longer; or its reason, the step, the consent or the address are not what they were, and it has been dropped, put off, or put back to be claimed with the message that is right now, and followups.reason says why';
