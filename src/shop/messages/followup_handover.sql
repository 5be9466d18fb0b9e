-- shop/followup_handover.sql
--
-- The last look: immediately before a follow-up is handed over, whether it is
-- still its worker's, and still wanted.
-- Needs: followups, followup_claims.

--@ functions
-- Several at once, because a look begins with a millisecond of its own, however many
-- are looked at. Each statement has one plan for all calls of a session, as in
-- claim_followups().
CREATE OR REPLACE FUNCTION hand_over_followups(followup_ids bigint[], claim_keys text[], at timestamptz DEFAULT now())
RETURNS TABLE (place bigint, wanted boolean)
    LANGUAGE plpgsql ROWS 10
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    places tid[];
    step_names text[];
BEGIN
    SELECT array_agg(o.ctid), array_agg(o.step) INTO places, step_names
      FROM (SELECT f.ctid, f.step
              FROM followups f
             WHERE f.followup_id = ANY (followup_ids)
               AND f.claim_key = ANY (claim_keys)
               AND f.finished_at IS NULL AND f.reported IS NULL
               AND f.lease_until > hand_over_followups.at
             ORDER BY f.followup_id
               FOR UPDATE) o;
    RETURN QUERY
    WITH looked AS MATERIALIZED (
        SELECT w.place, w.followup_id, w.held_back, w.until,
               CASE WHEN w.held_back IS NOT NULL THEN w.reason
                    WHEN w.step_id <> w.old_step_id THEN 'step replaced'
                    WHEN w.recipient_digest <> address_digest(w.channel, w.recipient) THEN 'address changed' END AS reason
          FROM followups_looked_at(places, step_names, hand_over_followups.at) w
    ), changed AS (
        UPDATE followups f
           SET reason = l.reason,
               lease_until = NULL,
               claimable_at = CASE WHEN l.held_back IS NULL THEN hand_over_followups.at ELSE l.until END,
               finished_at = CASE WHEN l.held_back = 'drop' THEN hand_over_followups.at END,
               outcome = CASE WHEN l.held_back = 'drop' THEN 'dropped' END
          FROM looked l
         WHERE l.reason IS NOT NULL AND f.ctid = l.place
    )
    SELECT i.place,
           EXISTS (SELECT FROM looked l
                     JOIN followups f ON f.ctid = l.place
                    WHERE l.followup_id = i.followup_id AND l.reason IS NULL AND f.claim_key = i.claim_key)
      FROM unnest(followup_ids, claim_keys) WITH ORDINALITY i (followup_id, claim_key, place);
END
$$;
COMMENT ON FUNCTION hand_over_followups(bigint[], text[], timestamptz) IS
    'hand_over_followup() of several at once, by their numbers and claim_keys: one row each, its place among them, from 1, and whether it is still wanted';

CREATE OR REPLACE FUNCTION hand_over_followup(followup_id bigint, claim_key text, at timestamptz DEFAULT now()) RETURNS boolean
    LANGUAGE sql
RETURN (SELECT h.wanted FROM hand_over_followups(ARRAY[followup_id], ARRAY[claim_key], at) h);
COMMENT ON FUNCTION hand_over_followup(bigint, text, timestamptz) IS
    'to be asked immediately before a claimed follow-up is sent. True: it is still the worker''s, by its claim_key and lease, and still wanted; send it now. False: send nothing, report nothing. Then it is not the worker''s any longer; or its reason, the step, the consent or the address are not what they were, and it has been dropped, put off, or put back to be claimed with the message that is right now, and followups.reason says why';
