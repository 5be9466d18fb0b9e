-- Questionnaires, who was asked, who answered, and what.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben');

--
-- Surveys and questions
--

INSERT INTO surveys VALUES ('after', 'After purchase'), ('yearly', 'Once a year');
SELECT s.statement, pg_temp.outcome(s.statement)
  FROM (VALUES
    ('INSERT INTO surveys VALUES (NULL, ''T'')'),
    ('INSERT INTO surveys VALUES (''after'', ''T'')'),
    ('INSERT INTO surveys VALUES (''other'', NULL)'),
    ('INSERT INTO surveys VALUES (''other'', ''T'')')
  ) s (statement);

INSERT INTO survey_questions (survey, question, kind, wording)
VALUES ('after', 'remarks', 'text', 'Anything else?')
RETURNING "position", scale_low, scale_high, higher_is_better, choices;

-- Each kind, and what it takes: (kind, scale_low, scale_high, higher_is_better, choices).
SELECT s.given, pg_temp.outcome(
           'INSERT INTO survey_questions (survey, question, wording, kind, scale_low, scale_high, higher_is_better, choices)
            VALUES (''after'', ''x'', ''?'', ' || s.given || ')')
  FROM (VALUES
    ('''nps'', 0, 10, true, NULL'),
    ('''nps'', 1, 10, true, NULL'),
    ('''nps'', 0, 9, true, NULL'),
    ('''nps'', 0, 10, false, NULL'),
    ('''nps'', NULL, 10, true, NULL'),
    ('''nps'', 0, NULL, true, NULL'),
    ('''nps'', NULL, NULL, true, NULL'),
    ('''csat'', 1, 1, true, NULL'),
    ('''csat'', 1, 2, true, NULL'),
    ('''csat'', 1, 10, true, NULL'),
    ('''csat'', 1, 11, true, NULL'),
    ('''csat'', 0, 5, true, NULL'),
    ('''csat'', 2, 5, true, NULL'),
    ('''csat'', 1, 5, false, NULL'),
    ('''csat'', 1, NULL, true, NULL'),
    ('''csat'', NULL, 5, true, NULL'),
    ('''ces'', 1, 1, true, NULL'),
    ('''ces'', 1, 2, false, NULL'),
    ('''ces'', 1, 10, true, NULL'),
    ('''ces'', 1, 11, true, NULL'),
    ('''ces'', 0, 7, true, NULL'),
    ('''ces'', NULL, 7, true, NULL'),
    ('''ces'', 1, NULL, true, NULL'),
    ('''ces'', 1, 7, NULL, NULL'),
    ('''choice'', NULL, NULL, true, ''{yes,no}'''),
    ('''choice'', NULL, NULL, true, ''{yes}'''),
    ('''choice'', NULL, NULL, true, ''{}'''),
    ('''choice'', NULL, NULL, true, ''{yes,NULL}'''),
    ('''choice'', NULL, NULL, true, NULL'),
    ('''choice'', 1, 2, true, ''{yes,no}'''),
    ('''text'', NULL, NULL, true, NULL'),
    ('''text'', 1, NULL, true, NULL'),
    ('''text'', NULL, 5, true, NULL'),
    ('''text'', NULL, NULL, true, ''{yes,no}'''),
    ('''csat'', 1, 5, true, ''{yes,no}'''),
    ('''stars'', 1, 5, true, NULL'),
    ('NULL, NULL, NULL, true, NULL')
  ) s (given);
SELECT s.given, pg_temp.outcome('UPDATE survey_questions SET ' || s.given)
  FROM (VALUES
    ('survey = ''none'''),
    ('survey = ''yearly'''),
    ('survey = NULL'),
    ('question = NULL'),
    ('"position" = NULL'),
    ('"position" = -1'),
    ('wording = NULL')
  ) s (given);
SELECT pg_temp.outcome('INSERT INTO survey_questions (survey, question, kind, wording)
                        VALUES (''after'', ''remarks'', ''text'', ''?'')') AS again,
       pg_temp.outcome('DELETE FROM surveys WHERE survey = ''after''') AS asked_in;

--
-- Invitations and responses
--

INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at)
VALUES ('ann', 'i1', 'after', '2024-05-01 12:00+09')
RETURNING channel;
INSERT INTO survey_invitations VALUES
    ('ann', 'i2', 'yearly', '2024-05-01 12:00+09', 'email'),
    ('ben', 'i1', 'after', '2024-05-01 12:00+09', 'line');
SELECT s.given, pg_temp.outcome('UPDATE survey_invitations SET ' || s.given
                                || ' WHERE customer_id = ''ann'' AND invitation_id = ''i1''')
  FROM (VALUES
    ('customer_id = NULL'),
    ('customer_id = ''nobody'''),
    ('customer_id = ''ben'''),
    ('invitation_id = NULL'),
    ('invitation_id = ''i2'''),
    ('survey = NULL'),
    ('survey = ''none'''),
    ('survey = ''yearly'''),
    ('sent_at = NULL'),
    ('sent_at = ''infinity'''),
    ('sent_at = ''-infinity'''),
    ('sent_at = ''2999-01-01 00:00+00''')
  ) s (given);

INSERT INTO survey_responses (customer_id, response_id, survey, responded_at)
VALUES ('ann', 'r0', 'after', '2024-05-01 12:00+09')
RETURNING invitation_id, order_id, channel, time_taken;
INSERT INTO survey_responses (customer_id, response_id, survey, invitation_id, responded_at)
VALUES ('ann', 'r1', 'after', 'i1', '2024-05-03 12:00+09'),
       ('ben', 'r1', 'after', 'i1', '2024-05-03 12:00+09');
SELECT s.given, pg_temp.outcome('UPDATE survey_responses SET ' || s.given
                                || ' WHERE customer_id = ''ann'' AND response_id = ''r1''')
  FROM (VALUES
    ('customer_id = NULL'),
    ('customer_id = ''nobody'', invitation_id = NULL'),
    ('customer_id = ''ben'''),
    ('response_id = NULL'),
    ('response_id = ''r0'''),
    ('response_id = ''r2'''),
    ('survey = NULL, invitation_id = NULL'),
    ('survey = ''none'', invitation_id = NULL'),
    ('survey = ''yearly'''),
    ('survey = ''yearly'', invitation_id = NULL'),
    ('survey = ''yearly'', invitation_id = ''i2'''),
    ('invitation_id = ''none'''),
    ('responded_at = NULL'),
    ('responded_at = ''infinity'''),
    ('responded_at = ''-infinity'', invitation_id = NULL'),
    ('responded_at = ''2024-05-01 12:00+09'''),
    ('responded_at = ''2024-05-01 11:59:59.999999+09'''),
    ('responded_at = ''2024-05-01 11:59:59.999999+09'', invitation_id = NULL'),
    ('time_taken = interval ''-1 microsecond'''),
    ('time_taken = interval ''0'''),
    ('order_id = ''none of ours''')
  ) s (given);

-- One response to an invitation; any number without one.
SELECT s.statement, pg_temp.outcome('INSERT INTO survey_responses (customer_id, response_id, survey, invitation_id, responded_at) VALUES ' || s.statement)
  FROM (VALUES
    ('(''ann'', ''r2'', ''after'', ''i1'', ''2024-05-04 12:00+09'')'),
    ('(''ann'', ''r2'', ''after'', NULL, ''2024-05-04 12:00+09'')'),
    ('(''ann'', ''r2'', ''yearly'', ''i2'', ''2024-05-04 12:00+09'')')
  ) s (statement);
SELECT pg_temp.outcome('DELETE FROM survey_invitations WHERE customer_id = ''ben''') AS answered;

-- The message says what to look at.
UPDATE survey_responses SET responded_at = '2024-04-01 12:00+09' WHERE response_id = 'r1' AND customer_id = 'ben';

--
-- Answers
--

INSERT INTO survey_questions (survey, question, "position", kind, wording, scale_low, scale_high, choices) VALUES
    ('after', 'recommend', 1, 'nps', 'Would you recommend us?', 0, 10, NULL),
    ('after', 'quality', 2, 'csat', 'How good was it?', 1, 5, NULL),
    ('after', 'effort', 3, 'ces', 'Was it easy?', 1, 7, NULL),
    ('after', 'where', 4, 'choice', 'Where did you hear of us?', NULL, NULL, '{friends,press,"the web"}'),
    ('yearly', 'recommend', 1, 'nps', 'Would you recommend us?', 0, 10, NULL);
SELECT s.question, s.given,
       pg_temp.outcome(format('INSERT INTO survey_answers (customer_id, response_id, survey, question, %s)
                               VALUES (''ann'', ''r1'', ''after'', %L, %s)',
                              split_part(s.given, ' = ', 1), s.question, split_part(s.given, ' = ', 2)))
  FROM (VALUES
    ('recommend', 'score = NULL'),
    ('recommend', 'score = -1'),
    ('recommend', 'score = 0'),
    ('recommend', 'score = 10'),
    ('recommend', 'score = 11'),
    ('recommend', 'choice = ''press'''),
    ('recommend', 'answer = ''very'''),
    ('quality', 'score = 0'),
    ('quality', 'score = 1'),
    ('quality', 'score = 5'),
    ('quality', 'score = 6'),
    ('effort', 'score = 0'),
    ('effort', 'score = 1'),
    ('effort', 'score = 7'),
    ('effort', 'score = 8'),
    ('effort', 'answer = ''yes'''),
    ('where', 'choice = NULL'),
    ('where', 'choice = ''press'''),
    ('where', 'choice = ''the web'''),
    ('where', 'choice = ''Press'''),
    ('where', 'choice = '''''),
    ('where', 'score = 1'),
    ('where', 'answer = ''press'''),
    ('remarks', 'answer = NULL'),
    ('remarks', 'answer = '''''),
    ('remarks', 'answer = ''とても良い'''),
    ('remarks', 'score = 1'),
    ('remarks', 'choice = ''press'''),
    ('none', 'answer = ''?''')
  ) s (question, given);

-- One answer to a question, in one form, within the survey of the response.
INSERT INTO survey_answers VALUES ('ann', 'r1', 'after', 'quality', 4);
SELECT s.given, pg_temp.outcome('UPDATE survey_answers SET ' || s.given)
  FROM (VALUES
    ('customer_id = NULL'),
    ('customer_id = ''ben'''),
    ('response_id = NULL'),
    ('response_id = ''none'''),
    ('response_id = ''r0'''),
    ('survey = NULL'),
    ('survey = ''yearly'', question = ''recommend'''),
    ('question = NULL'),
    ('question = ''effort'''),
    ('question = ''recommend'', score = 10'),
    ('score = 10'),
    ('score = NULL'),
    ('score = NULL, choice = ''press'''),
    ('answer = ''four'''),
    ('choice = ''press''')
  ) s (given);
SELECT pg_temp.outcome('INSERT INTO survey_answers VALUES (''ann'', ''r1'', ''after'', ''quality'', 4)') AS again,
       pg_temp.outcome('DELETE FROM survey_responses WHERE response_id = ''r1''') AS response_with_answers;

-- The message says what to look at.
INSERT INTO survey_answers VALUES ('ben', 'r1', 'after', 'recommend', 11);

-- What was answered keeps its scale, even if the one answer left it open; the
-- rest may change, and so may a question that nobody was asked.
SELECT s.question, s.given, pg_temp.outcome(format('UPDATE survey_questions SET %s WHERE question = %L AND survey = ''after''',
                                                   s.given, s.question))
  FROM (VALUES
    ('quality', 'scale_high = 7'),
    ('quality', 'scale_high = 5'),
    ('quality', 'kind = ''ces'''),
    ('quality', 'kind = ''ces'', higher_is_better = false'),
    ('quality', 'kind = ''choice'', scale_low = NULL, scale_high = NULL, choices = ''{a,b}'''),
    ('quality', 'wording = ''How did you like it?'', "position" = 9'),
    ('quality', 'question = ''goodness'''),
    ('effort', 'scale_high = 5'),
    ('effort', 'higher_is_better = false'),
    ('effort', 'question = ''ease'''),
    ('where', 'choices = ''{friends,press}''')
  ) s (question, given);
UPDATE survey_questions SET scale_high = 7 WHERE question = 'quality';
INSERT INTO survey_answers VALUES ('ben', 'r1', 'after', 'where');
SELECT pg_temp.outcome('UPDATE survey_questions SET choices = ''{friends,press}'' WHERE question = ''where''') AS left_open;
-- (Who cannot see what others are answering cannot tell.)
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE survey_questions SET scale_high = 5 WHERE question = 'effort';
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT pg_temp.outcome('UPDATE survey_questions SET scale_high = 5 WHERE question = ''effort''') AS of_its_own,
       pg_temp.outcome('UPDATE survey_questions SET wording = ''!'' WHERE question = ''effort''') AS words;
ROLLBACK;
SELECT pg_temp.outcome('DELETE FROM survey_questions WHERE question = ''quality''') AS answered,
       pg_temp.outcome('DELETE FROM survey_questions WHERE question = ''effort''') AS not_answered;
