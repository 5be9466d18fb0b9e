-- shop/voices.sql
--
-- What customers say, wherever they say it.
-- Needs: customers, surveys, reviews, tickets, waves.
--
-- A relation of the brand's that serves as a table may do without the columns that
-- hold text (see parts.awk): a name that no such column has means what stands beside
-- it, which is NULL.

-- (Not everybody who writes of a shop is known to it; so the key is the post's own.)
--@ table posts hides author, url, body
CREATE TABLE posts (
    post_id text PRIMARY KEY,
    customer_id @key_type@,
    network text NOT NULL,
    author text,
    url text,
    published_at timestamptz NOT NULL
        CONSTRAINT posts_published_at_is_finite CHECK (isfinite(published_at)),
    product_id text,
    body text NOT NULL
);
CREATE INDEX posts_published_at ON posts (published_at);
CREATE INDEX posts_customer ON posts (customer_id) WHERE customer_id IS NOT NULL;
COMMENT ON TABLE posts IS
    'what is said of the shop in social networks, one row a post';
COMMENT ON COLUMN posts.customer_id IS 'key of the customer who wrote it; NULL if nobody knows';
COMMENT ON COLUMN posts.product_id IS 'product that it is about; NULL if that is not known';
COMMENT ON COLUMN posts.body IS 'text of the post; may be personal';

--@ reference posts customers
ALTER TABLE posts ADD FOREIGN KEY (customer_id) REFERENCES customers;

-- By which a month's texts are found.
--@ change survey_responses 0.2.0
CREATE INDEX survey_responses_at ON survey_responses (responded_at);

--@ change reviews 0.2.0
CREATE INDEX reviews_at ON reviews (reviewed_at);

--@ change ticket_events 0.2.0
CREATE INDEX ticket_events_words ON ticket_events (at)
    WHERE kind IN ('opened', 'customer_message', 'reopened') AND note IS NOT NULL;
COMMENT ON COLUMN ticket_events.note IS
    'words about the event: of opened, customer_message and reopened what the customer wrote; may be personal';

--@ change hearings 0.2.0
CREATE INDEX hearings_called_at ON hearings (called_at) WHERE note IS NOT NULL;

--@ functions
CREATE OR REPLACE FUNCTION voice_sources() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{survey,review,ticket,hearing,post}'::text[];
COMMENT ON FUNCTION voice_sources() IS
    'where customers say something: survey (answers in words), review (title and text), ticket (what they wrote, in the notes of opened, customer_message and reopened), hearing (what they said on the telephone), post';

CREATE OR REPLACE FUNCTION has_words(body text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN body IS NOT NULL AND pg_catalog.btrim(body, E' \t\r\n　') <> '';
COMMENT ON FUNCTION has_words(text) IS
    'whether a text is more than blanks';

CREATE OR REPLACE FUNCTION voices_all_at(as_of timestamptz)
RETURNS TABLE (
    source text,
    customer_id @key_type@,
    text_id text,
    piece text,
    product_id text,
    said_at timestamptz,
    rating smallint,
    body text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT 'survey', a.customer_id, a.response_id, a.question, NULL::text, r.responded_at,
           (SELECT n.score
              FROM survey_answers n
              JOIN survey_questions q ON q.survey = n.survey AND q.question = n.question
             WHERE n.customer_id = a.customer_id AND n.response_id = a.response_id AND q.kind = 'nps' AND n.score IS NOT NULL
             ORDER BY q."position", q.question
             LIMIT 1),
           a.answer
      FROM (SELECT NULL::text AS answer) none
     CROSS JOIN LATERAL (SELECT s.customer_id, s.response_id, s.question, answer FROM survey_answers s) a
      JOIN survey_responses r ON r.customer_id = a.customer_id AND r.response_id = a.response_id
     WHERE r.responded_at <= voices_all_at.as_of AND has_words(a.answer)
    UNION ALL
    SELECT 'review', r.customer_id, r.review_id, '', r.product_id, r.reviewed_at, r.stars,
           coalesce(r.title || E'\n' || r.body, r.body, r.title)
      FROM (SELECT NULL::text AS title, NULL::text AS body) none
     CROSS JOIN LATERAL (SELECT w.customer_id, w.review_id, w.product_id, w.reviewed_at, w.stars, title, body FROM reviews w) r
     WHERE r.reviewed_at <= voices_all_at.as_of AND (has_words(r.title) OR has_words(r.body))
    UNION ALL
    SELECT 'ticket', e.customer_id, e.ticket_id, e.event_id::text, NULL, e.at, NULL, e.note
      FROM (SELECT NULL::text AS note) none
     CROSS JOIN LATERAL (SELECT l.customer_id, l.ticket_id, l.event_id, l.at, l.kind, note FROM ticket_events l) e
     WHERE e.at <= voices_all_at.as_of AND e.kind IN ('opened', 'customer_message', 'reopened') AND e.note IS NOT NULL AND has_words(e.note)
    UNION ALL
    SELECT 'hearing', h.customer_id, h.hearing_id::text, '', NULL, h.called_at, h.score, h.note
      FROM hearings h
     WHERE h.called_at <= voices_all_at.as_of AND h.note IS NOT NULL AND has_words(h.note)
    UNION ALL
    SELECT 'post', p.customer_id, p.post_id, '', p.product_id, p.published_at, NULL, p.body
      FROM (SELECT NULL::text AS body) none
     CROSS JOIN LATERAL (SELECT w.post_id, w.customer_id, w.product_id, w.published_at, body FROM posts w) p
     WHERE p.published_at <= voices_all_at.as_of AND has_words(p.body);
END;
COMMENT ON FUNCTION voices_all_at(timestamptz) IS
    'all that customers have said by an instant, one row a text: comments of surveys (with the score of their first NPS question), reviews (with their stars), what customers wrote into tickets, what they said when called (with the score that they gave) and posts; texts and customers as they are now. Free text: for the levels service and admin';
