-- Imports: answers, a row each or a column each.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set bring :srcdir '/test/import.sql'
\i :bring

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
CREATE VIEW pg_temp.seen AS
SELECT r.survey, c.name, r.responded_at, r.invitation_id, r.order_id, r.channel,
       (SELECT string_agg(a.question || ': ' || coalesce(a.score::text, a.choice, a.answer), '; ' ORDER BY q."position", a.question)
          FROM survey_answers a JOIN survey_questions q USING (survey, question) WHERE (a.customer_id, a.response_id) = (r.customer_id, r.response_id)) AS answers
  FROM survey_responses r JOIN customers c USING (customer_id);
INSERT INTO customers (customer_id, name, email) VALUES ('own', 'Own', 'own@example.com');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('own', 'O-1', '2025-10-01 10:00+09', 5000);

-- As a form tool has it: a column a question. What each is, its answers say; a heading that stands
-- twice is two questions; nothing is no answer.
\set form 'タイムスタンプ|メールアドレス|お名前|当店を友人に勧めますか？|満足度|ご意見|注文番号|満足度|\n'
SELECT * FROM pg_temp.bring('surveys', E:'form' || $$2025/10/07 9:50:26 午後 GMT+9|Own@Example.com|Own|9|5|軽い|O-1|4|
2025/10/08 9:50:26 午前 GMT+9|new@example.com|New|０|3||none||
2025/10/09|new@example.com|New|4||また買います|||
2025/10/09||Nobody|4||||5|
soon|a@example.com|A|4||||5|
2025/10/09|b@example.com|B|4||||5|
$$, 'form.csv', system => 'quarterly');
SELECT question, "position", kind, wording, scale_low, scale_high FROM survey_questions ORDER BY "position", question;
SELECT * FROM pg_temp.seen ORDER BY responded_at, name;

-- Again, and with an answer that has changed; now the questions are known, and what is off the scale is said.
SELECT * FROM pg_temp.bring('surveys', E:'form' || $$2025/10/07 9:50:26 午後 GMT+9|Own@Example.com|Own|9|5|軽い|O-1|4|
2025/10/08 9:50:26 午前 GMT+9|new@example.com|New|0|2||none||
2025/10/10|new@example.com|New|11|6||||
2025/10/11|new@example.com|New|ten|||||
$$, 'form.csv', system => 'quarterly');
SELECT * FROM pg_temp.seen ORDER BY responded_at, name;
SELECT FROM forget_customer('own', 'own');
SELECT * FROM pg_temp.bring('surveys', E:'form' || $$2025/10/07 9:50:26 午後 GMT+9|Own@Example.com|Own|9|5|軽い|O-1|4|
$$, 'form.csv', system => 'quarterly');

-- (a column that is called as ours is a question too, where there is none of questions)
SELECT * FROM pg_temp.bring('surveys', E'Email address|Submitted at|Score|回答\nx@example.com|2025-10-07|10|good', system => 'short');
SELECT survey, question, kind FROM survey_questions WHERE survey = 'short' ORDER BY 2;

-- A row an answer, of questions that the shop has; an invitation that waits is answered once.
INSERT INTO customers (customer_id, name, email) VALUES ('ann', 'Ann', 'ann@example.com');
INSERT INTO surveys VALUES ('after', 'x');
INSERT INTO survey_questions (survey, question, "position", kind, wording, scale_low, scale_high, choices) VALUES
    ('after', 'ease', 1, 'ces', 'How easy was it?', 1, 7, NULL), ('after', 'where', 2, 'choice', 'Where?', NULL, NULL, '{shop,web}'), ('after', 'why', 3, 'text', 'Why?', NULL, NULL, NULL);
INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at) VALUES ('ann', 'I1', 'after', '2025-09-01 10:00+09'), ('ann', 'I2', 'after', '2025-10-01 10:00+09'), ('ann', 'I3', 'after', '2025-12-01 10:00+09');
CREATE FUNCTION pg_temp.rows_of_answers() RETURNS text LANGUAGE sql AS $f$ SELECT $$response_id|survey|customer_id|email|responded_at|question|score|answer|channel
1|after||ann@example.com|2025-10-07 10:00|ease|6||line
1|after||ann@example.com|2025-10-07 10:00|Where?||web|
1|after||ann@example.com|2025-10-07 10:00|why||近い|
2|after||ann@example.com|2025-10-08 10:00|ease|7||
3|after||bob@example.com|2025-10-08 10:00|ease|8||
3|after||bob@example.com|2025-10-08 10:00|why||far|
4|after||bob@example.com|2025-10-08 10:00|where||home|
5|after||bob@example.com|2025-10-08 10:00|||x|
6|other||bob@example.com|2025-10-08 10:00|new one|4||
$$::text $f$;
SELECT * FROM pg_temp.bring('surveys', pg_temp.rows_of_answers());
SELECT * FROM pg_temp.seen WHERE survey <> 'quarterly' ORDER BY survey, responded_at;
SELECT * FROM pg_temp.bring('surveys', pg_temp.rows_of_answers(), 'again.csv');
SELECT pg_temp.outcome($$SELECT * FROM pg_temp.bring('surveys', E'email|responded_at|question\na@example.com|2025-10-07|why')$$);
SELECT survey, question, kind FROM survey_questions WHERE survey = 'other';

-- What is kept has a place for each of the columns; nothing is kept of who was forgotten.
SELECT kind, bool_and(cardinality(told) = cardinality(told_columns(kind))) AS all_have_a_place FROM imported_records WHERE told <> '{}' GROUP BY 1 ORDER BY 1;
