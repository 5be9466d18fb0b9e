-- shop/imported_surveys.sql
--
-- The answers of a file: a row for each answer (with the question in a column), or a row
-- for each who answered, as form tools export them (with a column for each question).
-- Needs: imports, import_formats, imported_customers, imported_tickets, surveys.

--@ functions
CREATE OR REPLACE FUNCTION imported_score(value text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT CASE WHEN v.plain ~ '^[0-9]{1,2}$' THEN v.plain::integer END FROM (SELECT btrim(normalize(value, NFKC)) AS plain) v);
COMMENT ON FUNCTION imported_score(text) IS 'the score that a cell has, 0 to 99; NULL if it is none';

-- What kind a question is that the shop does not know yet: by its answers, and by its words
-- where they leave it open.
CREATE OR REPLACE FUNCTION imported_question_kind(wording text, are_scores boolean, lowest integer, highest integer) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN NOT are_scores OR highest > 10 THEN 'text'
            WHEN lowest = 0 OR highest > 5 OR wording ~* 'recommend|勧め|薦め|すすめ|推奨' THEN 'nps'
            ELSE 'csat' END;
COMMENT ON FUNCTION imported_question_kind(text, boolean, integer, integer) IS
    'what kind a question is, by its answers: text unless all are whole numbers; nps (0 to 10) if one is 0 or above 5, or it asks for a recommendation; else csat (1 to 5). What the shop says in survey_questions beforehand holds';

CREATE OR REPLACE FUNCTION take_imported_surveys(import bigint)
RETURNS TABLE (what text, new bigint, changed bigint, unchanged bigint, left_out bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
    SET datestyle = 'ISO'
AS $$
#variable_conflict use_column
DECLARE
    run imports;
    salt constant text := import_salt();
    at jsonb := (SELECT pg_catalog.jsonb_object_agg(c.field, c.place) FROM pg_temp.import_columns c);
    is_long constant boolean := at ? 'question';
    persons record;
    found_new bigint;
    found_changed bigint;
    found_all bigint;
    gone bigint;
    new_questions bigint;
BEGIN
    SELECT * INTO run FROM imports i WHERE i.import_id = import;
    IF is_long AND NOT at ?| '{score,answer}'::text[] THEN
        RAISE EXCEPTION '% has a column of questions and none of answers', run.file_name
            USING ERRCODE = 'undefined_column', CONSTRAINT = 'file_has_its_columns',
                  HINT = 'Call it score or answer; or give each question a column of its own.';
    END IF;
    DROP TABLE IF EXISTS pg_temp.import_responses, pg_temp.import_answers, pg_temp.import_speakers, pg_temp.import_questions;
    CREATE TEMP TABLE import_responses ON COMMIT DROP AS
    SELECT r.*, imported_person(run.system, r.account, r.email, r.phone) AS person, imported_instant(r.responded, run.time_zone) AS responded_at,
           coalesce(nullif(r.survey_said, ''), run.system) AS survey, NULL::text AS record_key, NULL::text AS own_id,
           true AS is_taken, false AS came_before, false AS is_known, NULL::@key_type@ AS customer_id, NULL::bigint[] AS told, NULL::text AS items
      FROM (SELECT l.line, l.fields, btrim(l.fields[(at ->> 'customer_id')::integer]) AS account, nullif(btrim(l.fields[(at ->> 'name')::integer]), '') AS name,
                   nullif(btrim(l.fields[(at ->> 'email')::integer]), '') AS email, nullif(btrim(l.fields[(at ->> 'phone')::integer], ' '''), '') AS phone,
                   l.fields[(at ->> 'responded_at')::integer] AS responded, btrim(l.fields[(at ->> 'survey')::integer]) AS survey_said,
                   nullif(btrim(l.fields[(at ->> 'response_id')::integer]), '') AS response_id, nullif(btrim(l.fields[(at ->> 'order_id')::integer]), '') AS order_id,
                   nullif(btrim(l.fields[(at ->> 'channel')::integer]), '') AS channel
              FROM pg_temp.import_lines l
             WHERE l.problem IS NULL) r;
    -- What tells one response from another: its number, or who answered when.
    UPDATE pg_temp.import_responses r
       SET record_key = imported_key('response', r.survey || ' ' || coalesce(r.response_id, r.person || ' ' || r.responded_at::text, r.line::text), salt),
           own_id = r.survey || ':' || coalesce(r.response_id, left(imported_key('response', r.survey || ' ' || r.person || ' ' || r.responded_at::text, salt), 12));
    CREATE TEMP TABLE import_answers ON COMMIT DROP AS
    SELECT r.line, r.record_key, r.survey, v.question, v.place, v.field, btrim(v.value) AS value
      FROM pg_temp.import_responses r
     CROSS JOIN LATERAL (
               SELECT btrim(r.fields[(at ->> 'question')::integer]) AS question, 1::bigint AS place,
                      coalesce(nullif(btrim(r.fields[(at ->> 'score')::integer]), ''), r.fields[(at ->> 'answer')::integer]) AS value,
                      CASE WHEN btrim(r.fields[(at ->> 'score')::integer]) <> '' THEN 'score' ELSE 'answer' END AS field
                WHERE is_long
               UNION ALL
               -- (a heading that stands twice is two questions)
               SELECT left(btrim(h.name), 200) || CASE WHEN row_number() OVER (PARTITION BY left(btrim(h.name), 200) ORDER BY h.place) > 1
                                                       THEN ' (' || (row_number() OVER (PARTITION BY left(btrim(h.name), 200) ORDER BY h.place))::text || ')' ELSE '' END, h.place, r.fields[h.place], h.name
                 FROM ROWS FROM (pg_catalog.unnest(run.header)) WITH ORDINALITY h (name, place)
                WHERE NOT is_long AND btrim(h.name) <> '' AND NOT EXISTS (SELECT FROM pg_temp.import_columns c WHERE c.place = h.place AND c.field <> ALL ('{score,answer}'::text[]))) v;
    CREATE INDEX ON pg_temp.import_answers (record_key);
    ANALYZE pg_temp.import_responses, pg_temp.import_answers;

    -- Questions are found by their key or their wording; one that is new is what its answers are.
    CREATE TEMP TABLE import_questions ON COMMIT DROP AS
    SELECT a.survey, a.question AS said, coalesce(q.question, a.question) AS question, q.question IS NULL AS is_new, min(a.place)::integer AS place,
           coalesce(q.kind, imported_question_kind(a.question, coalesce(bool_and(imported_score(a.value) IS NOT NULL) FILTER (WHERE a.value <> ''), false),
                                                   min(imported_score(a.value)), max(imported_score(a.value)))) AS kind,
           q.scale_low, q.scale_high, q.choices
      FROM pg_temp.import_answers a
      LEFT JOIN LATERAL (SELECT q.question, q.kind, q.scale_low, q.scale_high, q.choices
                           FROM survey_questions q
                          WHERE q.survey = a.survey AND (q.question = a.question OR folded_header(q.wording) = folded_header(a.question))
                          ORDER BY q.question <> a.question, q.question
                          LIMIT 1) q ON true
     WHERE a.question <> '' AND length(a.question) <= 210
     GROUP BY a.survey, a.question, q.question, q.kind, q.scale_low, q.scale_high, q.choices;
    UPDATE pg_temp.import_questions q
       SET scale_low = CASE q.kind WHEN 'nps' THEN 0 WHEN 'csat' THEN 1 END, scale_high = CASE q.kind WHEN 'nps' THEN 10 WHEN 'csat' THEN 5 END
     WHERE q.is_new;

    INSERT INTO import_rejects (import_id, line, column_name, value, problem)
    SELECT run.import_id, x.line, coalesce(c.name, x.field), left(x.value, 200), x.problem
      FROM (SELECT r.line, v.field, v.value, imported_cell_problem(v.value, v.kind, v.required, run.time_zone) AS problem
              FROM pg_temp.import_responses r
             CROSS JOIN LATERAL (VALUES ('customer_id', r.account, 'key', false), ('email', r.email, 'key', false), ('phone', r.phone, 'key', false), ('response_id', r.response_id, 'key', false),
                                        ('survey', r.survey, 'key', true), ('responded_at', r.responded, 'past', true)) v (field, value, kind, required)
            UNION ALL
            SELECT r.line, 'customer_id', r.account, imported_account_problem(r.account, run.system)
              FROM pg_temp.import_responses r
            UNION ALL
            SELECT r.line, NULL, NULL, 'nobody knows who answered: there is neither a number, nor a mail address, nor a telephone number'
              FROM pg_temp.import_responses r
             WHERE r.person IS NULL
            UNION ALL
            SELECT a.line, 'question', a.question, imported_cell_problem(a.question, 'key', true, run.time_zone)
              FROM pg_temp.import_answers a
             WHERE is_long
            UNION ALL
            SELECT a.line, a.field, a.value,
                   CASE WHEN q.kind = 'choice' THEN pg_catalog.format('that is none of %s', pg_catalog.array_to_string(q.choices, ', '))
                        ELSE pg_catalog.format('that is no score from %s to %s', q.scale_low, q.scale_high) END
              FROM pg_temp.import_answers a
              JOIN pg_temp.import_questions q ON q.survey = a.survey AND q.said = a.question
             WHERE a.value <> ''
               AND CASE q.kind WHEN 'choice' THEN a.value <> ALL (q.choices)
                               WHEN 'text' THEN false
                               ELSE coalesce(imported_score(a.value) NOT BETWEEN q.scale_low AND q.scale_high, true) END) x
      LEFT JOIN pg_temp.import_columns c ON c.field = x.field
     WHERE x.problem IS NOT NULL;
    -- a response is taken as a whole
    INSERT INTO import_rejects (import_id, line, column_name, value, problem)
    SELECT run.import_id, r.line, NULL, NULL, pg_catalog.format('the response is not taken, because of line %s', b.line)
      FROM (SELECT r.record_key, min(x.line) AS line
              FROM import_rejects x
              JOIN pg_temp.import_responses r ON r.line = x.line
             WHERE x.import_id = run.import_id
             GROUP BY r.record_key) b
      JOIN pg_temp.import_responses r ON r.record_key = b.record_key
     WHERE NOT EXISTS (SELECT FROM import_rejects x WHERE x.import_id = run.import_id AND x.line = r.line);
    DELETE FROM pg_temp.import_responses r
     USING import_rejects x
     WHERE x.import_id = run.import_id AND x.line = r.line;
    DELETE FROM pg_temp.import_answers a
     WHERE a.value IS NULL OR a.value = '' OR NOT EXISTS (SELECT FROM pg_temp.import_responses r WHERE r.line = a.line);
    -- (of several rows of one response the first says whose it is; of an answer that stands there twice, the last holds)
    DELETE FROM pg_temp.import_answers a
     USING pg_temp.import_answers b
     WHERE b.record_key = a.record_key AND b.question = a.question AND (b.line, b.place) > (a.line, a.place);
    DELETE FROM pg_temp.import_responses r
     USING pg_temp.import_responses b
     WHERE b.record_key = r.record_key AND b.line < r.line;
    UPDATE pg_temp.import_responses r
       SET items = coalesce((SELECT md5(pg_catalog.string_agg(pg_catalog.concat_ws('|', a.question, a.value), E'\n' ORDER BY a.question))
                               FROM pg_temp.import_answers a WHERE a.record_key = r.record_key), 'none');

    UPDATE pg_temp.import_responses i
       SET told = k.told, came_before = true, is_known = r.response_id IS NOT NULL, customer_id = r.customer_id, own_id = coalesce(r.response_id, i.own_id)
      FROM imported_records k
      LEFT JOIN customers c ON c.customer_id = k.customer_id AND c.forgotten_on IS NULL
      LEFT JOIN survey_responses r ON r.customer_id = c.customer_id AND r.response_id = k.own_key
     WHERE k.system = run.system AND k.kind = 'response' AND k.external_key = i.record_key;
    UPDATE pg_temp.import_responses i
       SET is_taken = false
     WHERE i.came_before AND NOT i.is_known;
    SELECT count(*) FILTER (WHERE NOT i.is_taken), count(*) FILTER (WHERE i.is_taken) INTO gone, found_all FROM pg_temp.import_responses i;

    CREATE TEMP TABLE import_speakers ON COMMIT DROP AS
    SELECT i.person, i.line, i.account, i.name, i.email, i.phone, i.responded_at AS said_at
      FROM pg_temp.import_responses i
     WHERE i.is_taken AND i.customer_id IS NULL;
    SELECT * INTO persons FROM take_imported_speakers(run);
    UPDATE pg_temp.import_responses i
       SET customer_id = p.customer_id
      FROM pg_temp.import_persons p
     WHERE p.person = i.person AND i.is_taken AND i.customer_id IS NULL;

    INSERT INTO surveys (survey, title)
    SELECT DISTINCT i.survey, i.survey FROM pg_temp.import_responses i WHERE i.is_taken
    ON CONFLICT DO NOTHING;
    WITH made AS (
        INSERT INTO survey_questions AS q (survey, question, "position", kind, wording, scale_low, scale_high)
        SELECT n.survey, n.question, n.place, n.kind, n.said, n.scale_low, n.scale_high
          FROM pg_temp.import_questions n
         WHERE n.is_new AND EXISTS (SELECT FROM pg_temp.import_answers a WHERE a.survey = n.survey AND a.question = n.said)
        ON CONFLICT DO NOTHING
        RETURNING q.question
    )
    SELECT count(*) INTO new_questions FROM made m;

    -- (an invitation that waits for an answer is answered, by the first response after it)
    WITH made AS (
        INSERT INTO survey_responses AS r (customer_id, response_id, survey, invitation_id, order_id, responded_at, channel)
        SELECT i.customer_id, i.own_id, i.survey, v.invitation_id, o.order_id, i.responded_at, i.channel
          FROM (SELECT n.*, row_number() OVER (PARTITION BY n.customer_id, n.survey ORDER BY n.responded_at, n.line) AS nth
                  FROM pg_temp.import_responses n
                 WHERE n.is_taken AND NOT n.is_known) i
          LEFT JOIN orders o ON o.customer_id = i.customer_id AND o.order_id = i.order_id
          LEFT JOIN LATERAL (SELECT w.invitation_id
                               FROM survey_invitations w
                              WHERE i.nth = 1 AND w.customer_id = i.customer_id AND w.survey = i.survey AND w.sent_at <= i.responded_at
                                AND NOT EXISTS (SELECT FROM survey_responses p WHERE p.customer_id = w.customer_id AND p.invitation_id = w.invitation_id)
                              ORDER BY w.sent_at DESC, w.invitation_id
                              LIMIT 1) v ON true
        RETURNING r.response_id
    )
    SELECT count(*) INTO found_new FROM made m;
    DELETE FROM survey_answers s
     USING pg_temp.import_responses i
     WHERE i.is_known AND s.customer_id = i.customer_id AND s.response_id = i.own_id AND changed_value(told_value(i.items), i.told, 1);
    INSERT INTO survey_answers (customer_id, response_id, survey, question, score, choice, answer)
    SELECT i.customer_id, i.own_id, i.survey, q.question,
           CASE WHEN q.kind IN ('nps', 'csat', 'ces') THEN imported_score(a.value)::smallint END,
           CASE WHEN q.kind = 'choice' THEN a.value END, CASE WHEN q.kind = 'text' THEN a.value END
      FROM pg_temp.import_responses i
      JOIN pg_temp.import_answers a ON a.record_key = i.record_key
      JOIN pg_temp.import_questions q ON q.survey = a.survey AND q.said = a.question
     WHERE i.is_taken AND changed_value(told_value(i.items), i.told, 1)
    ON CONFLICT DO NOTHING;
    SELECT count(*) INTO found_changed FROM pg_temp.import_responses i WHERE i.is_known AND changed_value(told_value(i.items), i.told, 1);

    INSERT INTO imported_records AS k (customer_id, system, kind, external_key, own_key, told)
    SELECT i.customer_id, run.system, 'response', i.record_key, i.own_id, ARRAY[told_value(i.items)]
      FROM pg_temp.import_responses i
     WHERE i.is_taken
    ON CONFLICT (system, kind, external_key) DO UPDATE
       SET customer_id = excluded.customer_id, told = excluded.told
     WHERE k.customer_id <> excluded.customer_id OR k.told::text IS DISTINCT FROM excluded.told::text;

    RETURN QUERY VALUES ('responses'::text, found_new, found_changed, found_all - found_new - found_changed, gone),
                        ('customers'::text, persons.new::bigint, persons.changed::bigint, persons.unchanged::bigint, 0::bigint),
                        ('questions'::text, new_questions, 0::bigint,
                         (SELECT pg_catalog.count(DISTINCT (q.survey, q.question)) FROM pg_temp.import_questions q WHERE NOT q.is_new), 0::bigint);
END
$$;
COMMENT ON FUNCTION take_imported_surveys(bigint) IS
    'for finish_import(): makes responses and answers of the rows of a file, with their questions and customers, and gives how many there are of each';
