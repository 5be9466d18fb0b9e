-- shop/turns.sql
--
-- What one session at a time does: whoever does it holds a row of its own. A lock
-- of the server's kind, by a number, could be held by anybody who may connect.
-- Needs: nothing before it.

--@ table shop_turns
--: keeps job
--: stays
CREATE TABLE shop_turns (
    job text PRIMARY KEY,
    remark text
);
COMMENT ON TABLE shop_turns IS
    'what one session at a time does: while it does, it holds the row';
INSERT INTO shop_turns (job)
VALUES ('queue_followups'), ('queue_sla_warnings'), ('refresh_related_products'), ('draw_survey_wave'), ('pick_phone_hearings'),
       ('share_customer_changes'), ('check_voice_words'), ('match_voices');

--@ functions
CREATE OR REPLACE FUNCTION take_turn(job text, waits boolean) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF waits THEN
        PERFORM FROM shop_turns t WHERE t.job = take_turn.job FOR UPDATE;
    ELSE
        PERFORM FROM shop_turns t WHERE t.job = take_turn.job FOR UPDATE SKIP LOCKED;
    END IF;
    IF FOUND THEN
        RETURN true;
    END IF;
    PERFORM FROM shop_turns t WHERE t.job = take_turn.job;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'shop_turns has no row %', job
            USING ERRCODE = 'no_data_found', CONSTRAINT = 'turn_exists',
                  HINT = pg_catalog.format('The owner of the shop says INSERT INTO %I.shop_turns (job) VALUES (%L);',
                                           current_schema(), job);
    END IF;
    RETURN false;
END
$$;
COMMENT ON FUNCTION take_turn(text, boolean) IS
    'lets one session at a time do a job, until its transaction ends: true if it is this one; if another is at it, that is waited for, or false';
