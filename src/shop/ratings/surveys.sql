-- shop/surveys.sql
--
-- Questionnaires, who was asked, who answered, and what.
-- Needs: records, customers, orders.

--@ table surveys
CREATE TABLE surveys (
    survey text PRIMARY KEY,
    title text NOT NULL
);
COMMENT ON TABLE surveys IS 'questionnaires, such as after purchase or quarterly';

--@ table survey_questions
CREATE TABLE survey_questions (
    survey text NOT NULL,
    question text NOT NULL,
    "position" integer NOT NULL DEFAULT 1,
    kind text NOT NULL
        CONSTRAINT survey_questions_kind_is_known
        CHECK (kind IN ('nps', 'csat', 'ces', 'choice', 'text')),
    wording text NOT NULL,
    scale_low smallint,
    scale_high smallint,
    higher_is_better boolean NOT NULL DEFAULT true,
    choices text[],
    PRIMARY KEY (survey, question),
    CONSTRAINT survey_questions_scale_fits_kind
        CHECK (CASE kind
                   WHEN 'nps' THEN scale_low IS NOT NULL AND scale_high IS NOT NULL
                       AND scale_low = 0 AND scale_high = 10 AND higher_is_better
                   WHEN 'csat' THEN scale_low IS NOT NULL AND scale_high IS NOT NULL
                       AND scale_low = 1 AND scale_high BETWEEN 2 AND 10 AND higher_is_better
                   WHEN 'ces' THEN scale_low IS NOT NULL AND scale_high IS NOT NULL
                       AND scale_low = 1 AND scale_high BETWEEN 2 AND 10
                   ELSE scale_low IS NULL AND scale_high IS NULL
               END),
    CONSTRAINT survey_questions_choices_fit_kind
        CHECK ((kind = 'choice') = (choices IS NOT NULL)
               AND (choices IS NULL
                    OR pg_catalog.cardinality(choices) > 1 AND pg_catalog.array_position(choices, NULL) IS NULL))
);
COMMENT ON TABLE survey_questions IS
    'the questions of each survey: NPS, CSAT and CES on a scale, one of several choices, or free text';

--@ reference survey_questions surveys
ALTER TABLE survey_questions ADD FOREIGN KEY (survey) REFERENCES surveys;

--@ table survey_invitations
CREATE TABLE survey_invitations (
    customer_id @key_type@ NOT NULL,
    invitation_id text NOT NULL,
    survey text NOT NULL,
    sent_at timestamptz NOT NULL
        CONSTRAINT survey_invitations_sent_at_is_finite CHECK (isfinite(sent_at)),
    channel text,
    wave_id bigint,
    PRIMARY KEY (customer_id, invitation_id),
    UNIQUE (customer_id, invitation_id, survey)
);
CREATE INDEX survey_invitations_sent_at ON survey_invitations (survey, sent_at);
CREATE INDEX survey_invitations_wave ON survey_invitations (wave_id) WHERE wave_id IS NOT NULL;
COMMENT ON TABLE survey_invitations IS 'who was asked to answer which survey, and when';

--@ reference survey_invitations surveys
ALTER TABLE survey_invitations ADD FOREIGN KEY (survey) REFERENCES surveys;

--@ reference survey_invitations customers
ALTER TABLE survey_invitations ADD FOREIGN KEY (customer_id) REFERENCES customers;

--@ table survey_responses
CREATE TABLE survey_responses (
    customer_id @key_type@ NOT NULL,
    response_id text NOT NULL,
    survey text NOT NULL,
    invitation_id text,
    order_id text,
    responded_at timestamptz NOT NULL
        CONSTRAINT survey_responses_responded_at_is_finite CHECK (isfinite(responded_at)),
    channel text,
    time_taken interval
        CONSTRAINT survey_responses_time_taken_is_not_negative
        CHECK (time_taken >= interval '0'),
    PRIMARY KEY (customer_id, response_id),
    UNIQUE (customer_id, response_id, survey),
    UNIQUE (customer_id, invitation_id)
);
CREATE INDEX survey_responses_responded_at ON survey_responses (survey, responded_at);
COMMENT ON TABLE survey_responses IS
    'questionnaires that came back, one row each; the answers stand in survey_answers';

--@ functions
CREATE OR REPLACE FUNCTION check_response() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    asked timestamptz;
BEGIN
    IF TG_OP = 'UPDATE' AND customer_is_moved(OLD.customer_id, NEW.customer_id) THEN
        RETURN NEW;
    END IF;
    SELECT i.sent_at INTO asked
      FROM survey_invitations i
     WHERE i.customer_id = NEW.customer_id AND i.invitation_id = NEW.invitation_id;
    IF NEW.responded_at < asked THEN
        RAISE EXCEPTION 'response % of customer % is dated before its invitation',
                NEW.response_id, NEW.customer_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'response_is_later_than_its_invitation',
                  DETAIL = pg_catalog.format('Invitation %s was sent at %s and answered at %s.',
                                  NEW.invitation_id, asked, NEW.responded_at);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_response() IS
    'trigger of survey_responses: nobody answers before being asked';

--@ reference survey_responses surveys
ALTER TABLE survey_responses ADD FOREIGN KEY (survey) REFERENCES surveys;

--@ reference survey_responses customers
ALTER TABLE survey_responses ADD FOREIGN KEY (customer_id) REFERENCES customers;

--@ reference survey_responses survey_invitations
ALTER TABLE survey_responses ADD FOREIGN KEY (customer_id, invitation_id, survey)
    REFERENCES survey_invitations (customer_id, invitation_id, survey);

CREATE OR REPLACE TRIGGER check_response
    BEFORE INSERT OR UPDATE ON survey_responses
    FOR EACH ROW WHEN (NEW.invitation_id IS NOT NULL)
    EXECUTE FUNCTION check_response();

--@ table survey_answers hides answer
CREATE TABLE survey_answers (
    customer_id @key_type@ NOT NULL,
    response_id text NOT NULL,
    survey text NOT NULL,
    question text NOT NULL,
    score smallint,
    choice text,
    answer text,
    PRIMARY KEY (customer_id, response_id, question),
    CONSTRAINT survey_answers_has_one_form
        CHECK (pg_catalog.num_nonnulls(score, choice, answer) <= 1)
);
COMMENT ON TABLE survey_answers IS
    'the answer to each question; a question left open has none of score, choice and answer';

--@ functions
-- After the row, and so after its foreign key has waited for whoever is just
-- changing the question: what is read here is what will stand.
CREATE OR REPLACE FUNCTION check_answer() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    asked record;
    wrong text;
BEGIN
    IF TG_OP = 'UPDATE' AND customer_is_moved(OLD.customer_id, NEW.customer_id) THEN
        RETURN NULL;
    END IF;
    SELECT q.kind, q.scale_low, q.scale_high, q.choices INTO asked
      FROM survey_questions q
     WHERE q.survey = NEW.survey AND q.question = NEW.question;
    wrong := CASE
        WHEN NEW.score IS NOT NULL AND asked.scale_low IS NULL
          OR NEW.choice IS NOT NULL AND asked.kind <> 'choice'
          OR NEW.answer IS NOT NULL AND asked.kind <> 'text'
            THEN pg_catalog.format('The question is of kind %s.', asked.kind)
        WHEN NEW.score NOT BETWEEN asked.scale_low AND asked.scale_high
            THEN pg_catalog.format('Score %s is off the scale of %s to %s.',
                        NEW.score, asked.scale_low, asked.scale_high)
        WHEN NEW.choice <> ALL (asked.choices)
            -- (what a customer wrote instead belongs into no log)
            THEN pg_catalog.format('The choice is none of %s.', pg_catalog.array_to_string(asked.choices, ', '))
    END;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'response % of customer % cannot answer question % of survey %',
                NEW.response_id, NEW.customer_id, NEW.question, NEW.survey
            USING ERRCODE = 'check_violation', CONSTRAINT = 'answer_fits_its_question', DETAIL = wrong;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_answer() IS
    'trigger of survey_answers: a score is on its question''s scale, a choice among its choices';

CREATE OR REPLACE FUNCTION check_question() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'question % of survey % can change its scale only at READ COMMITTED',
                OLD.question, OLD.survey
            USING ERRCODE = 'feature_not_supported', CONSTRAINT = 'transaction_is_read_committed',
                  DETAIL = pg_catalog.format('At %s, answers that were given meanwhile cannot be seen.',
                                  pg_catalog.upper(current_setting('transaction_isolation'))),
                  HINT = 'BEGIN ISOLATION LEVEL READ COMMITTED.';
    END IF;
    -- Waits for answers that are being given in other sessions.
    PERFORM FROM survey_questions q
      WHERE q.survey = OLD.survey AND q.question = OLD.question
        FOR UPDATE;
    IF EXISTS (SELECT FROM survey_answers a
                WHERE a.survey = OLD.survey AND a.question = OLD.question) THEN
        RAISE EXCEPTION 'question % of survey % has been answered on its scale',
                OLD.question, OLD.survey
            USING ERRCODE = 'object_in_use', CONSTRAINT = 'question_is_not_answered',
                  HINT = 'Add another question; the wording and the position of this one may change.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_question() IS
    'trigger of survey_questions: what was answered keeps its kind, scale, direction and choices';

--@ reference survey_answers survey_responses
ALTER TABLE survey_answers ADD FOREIGN KEY (customer_id, response_id, survey)
    REFERENCES survey_responses (customer_id, response_id, survey);

--@ reference survey_answers survey_questions
ALTER TABLE survey_answers ADD FOREIGN KEY (survey, question) REFERENCES survey_questions;

CREATE OR REPLACE TRIGGER check_answer
    AFTER INSERT OR UPDATE ON survey_answers
    FOR EACH ROW EXECUTE FUNCTION check_answer();

--@ change survey_questions 0.2.0
CREATE OR REPLACE TRIGGER check_question
    BEFORE UPDATE ON survey_questions
    FOR EACH ROW
    WHEN ((OLD.kind, OLD.scale_low, OLD.scale_high, OLD.higher_is_better, OLD.choices::text)
          IS DISTINCT FROM
          (NEW.kind, NEW.scale_low, NEW.scale_high, NEW.higher_is_better, NEW.choices::text))
    EXECUTE FUNCTION check_question();

--@ reference survey_responses orders 0.2.0
SELECT refer(regclass 'survey_responses', text 'survey_responses_order', text 'customer_id, order_id', regclass 'orders', text 'customer_id, order_id');
