-- Whom a survey goes out to, and whom somebody calls this month.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SELECT FROM loyalcs.create_shop('shop_waves', 'America/New_York', 'USD');
SET search_path = shop_waves;
INSERT INTO surveys VALUES ('q', 'Quarterly'), ('other', 'Other');

-- An empty shop.
BEGIN;
SELECT * FROM draw_survey_wave('q', 0.5, as_of => '2026-06-01 12:00-04');
SELECT * FROM pick_phone_hearings('2026-06-01 12:00-04');
ROLLBACK;

--
-- Waves, by hand: everybody is drawn, so the reasons are all there is
--

-- On 1 June at noon: a year back is 1 June 2025, noon; 90 days back 3 March, noon,
-- before the clocks went forward (a day of 24 hours each would be 11:00).
INSERT INTO customers (customer_id, email, phone, attributes)
SELECT c, CASE c WHEN 'no address' THEN NULL WHEN 'empty address' THEN '' ELSE 'e' END, 'p',
       CASE c WHEN 'fine' THEN '{"line": "L"}'::jsonb ELSE '{}' END
  FROM unnest('{fine,"no address","empty address",refused,"refused all","refused and agreed","agreed and refused",
                "refused later","refused line","refused marketing",complaint,"closed complaint","later complaint",ticket,
                "asked at bound","asked inside","asked by other","asked later","asked long ago",
                followup,"waiting followup","failed followup","other followup",heard,
                "no order","old order","order at bound","later order",cancelled,"cancelled later"}'::text[]) c;
INSERT INTO orders (customer_id, order_id, ordered_at, amount)
SELECT c.customer_id, 'o',
       CASE c.customer_id WHEN 'old order' THEN timestamptz '2025-06-01 11:59:59-04'
                          WHEN 'order at bound' THEN '2025-06-01 12:00-04'
                          WHEN 'later order' THEN '2026-06-01 12:00:01-04'
                          ELSE '2026-01-10 12:00-05' END, 100
  FROM customers c
 WHERE c.customer_id <> 'no order';
UPDATE orders SET cancelled_at = '2026-06-01 12:00-04' WHERE customer_id = 'cancelled';
UPDATE orders SET cancelled_at = '2026-06-01 12:00:01-04' WHERE customer_id = 'cancelled later';
INSERT INTO consents (customer_id, channel, purpose, at, given) VALUES
    ('refused', 'email', 'survey', '2026-05-01 12:00-04', false),
    ('refused all', 'all', 'all', '2026-05-01 12:00-04', false),
    ('refused and agreed', 'email', 'survey', '2026-05-01 12:00-04', false),
    ('refused and agreed', 'email', 'survey', '2026-05-02 12:00-04', true),
    ('agreed and refused', 'email', 'survey', '2026-05-01 12:00-04', true),
    ('agreed and refused', 'all', 'survey', '2026-05-02 12:00-04', false),
    ('refused later', 'email', 'survey', '2026-06-01 12:00:01-04', false),
    ('refused line', 'line', 'survey', '2026-05-01 12:00-04', false),
    ('refused marketing', 'email', 'marketing', '2026-05-01 12:00-04', false);
INSERT INTO tickets (customer_id, ticket_id, channel, complaint)
SELECT c, 't', 'email', c <> 'ticket' FROM unnest('{complaint,"closed complaint","later complaint",ticket}'::text[]) c;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES
    ('complaint', 't', '2026-05-31 12:00-04', 'opened'),
    ('closed complaint', 't', '2026-05-30 12:00-04', 'opened'), ('closed complaint', 't', '2026-05-31 12:00-04', 'resolved'),
    ('later complaint', 't', '2026-06-01 12:00:01-04', 'opened'),
    ('ticket', 't', '2026-05-31 12:00-04', 'opened');
INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at, channel) VALUES
    ('asked at bound', 'i', 'q', '2026-03-03 12:00-05', 'email'),
    ('asked inside', 'i', 'q', '2026-03-03 12:00:00.000001-05', 'email'),
    ('asked by other', 'i', 'q', '2026-03-10 12:00-04', 'email'),
    ('asked by other', 'j', 'other', '2026-04-10 12:00-04', 'line'),
    ('asked later', 'i', 'other', '2026-07-01 12:00-04', NULL),
    ('asked long ago', 'i', 'q', '2025-07-01 12:00-04', 'email');
INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at, finished_at, outcome)
SELECT f.customer_id, f.step, 'o', s.step_id, s.channel, true, 0, f.due_at, f.due_at, f.due_at, f.due_at, f.due_at, f.finished_at, f.outcome
  FROM (VALUES
    ('followup', 'satisfaction_survey', timestamptz '2026-03-01 12:00-05', timestamptz '2026-03-04 12:00-05', 'sent'),
    ('waiting followup', 'purchase_survey', '2026-05-31 12:00-04', NULL, NULL),
    ('failed followup', 'purchase_survey', '2026-05-31 12:00-04', '2026-05-31 12:00-04', 'failed'),
    ('other followup', 'review_request', '2026-05-31 12:00-04', '2026-05-31 12:00-04', 'sent')
  ) f (customer_id, step, due_at, finished_at, outcome)
  JOIN journey_steps s USING (step);
INSERT INTO hearings (customer_id, month, picked_at, picked_for, reason)
VALUES ('heard', '2026-04-01', '2026-04-10 12:00-04', 'repeat_buyer', '?');

SELECT * FROM draw_survey_wave('q', share => 1, as_of => '2026-06-01 12:00-04');
SELECT survey, drawn_at AT TIME ZONE 'UTC' AS drawn_at, channel, share, size, rest, bought_within, salt, customers, asked, left_out
  FROM survey_waves;
SELECT customer_id, reason, asked_by, asked_at AT TIME ZONE 'America/New_York' AS asked_at
  FROM survey_left_out
 ORDER BY customer_id COLLATE "C";
SELECT string_agg(customer_id, ', ' ORDER BY customer_id COLLATE "C") AS asked,
       bool_and(invitation_id = 'wave ' || wave_id AND survey = 'q' AND channel = 'email' AND sent_at = '2026-06-01 12:00-04') AS rightly
  FROM survey_invitations
 WHERE wave_id IS NOT NULL;
-- The same wave again is the one that was drawn; at the same instant in another way, it is an error.
SELECT * FROM draw_survey_wave('q', share => 1, as_of => '2026-06-01 12:00-04');
SELECT * FROM draw_survey_wave('q', size => 3, rest => '0', as_of => '2026-06-01 16:00+00');
SELECT count(*) AS waves, (SELECT count(*) FROM survey_invitations WHERE wave_id IS NOT NULL) AS invitations FROM survey_waves;
-- Answered as any other invitation, and counted as such.
INSERT INTO survey_responses (customer_id, response_id, survey, invitation_id, responded_at)
SELECT customer_id, 'r', survey, invitation_id, '2026-06-03 12:00-04' FROM survey_invitations WHERE customer_id = 'fine';

-- Another survey, another channel, later by less than the rest, and by as much.
BEGIN;
SELECT * FROM draw_survey_wave('other', share => 1, as_of => '2026-08-30 11:59:59.999999-04');
SELECT reason, asked_by, count(*) FROM survey_left_out JOIN survey_waves USING (wave_id) WHERE survey = 'other' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2;
ROLLBACK;
BEGIN;
SELECT * FROM draw_survey_wave('other', share => 1, as_of => '2026-08-30 12:00-04');
SELECT reason, count(*) FROM survey_left_out JOIN survey_waves USING (wave_id) WHERE survey = 'other' GROUP BY 1 ORDER BY 2 DESC, 1;
ROLLBACK;
-- No rest is no rest, and an earlier wave rests as well as a later one.
BEGIN;
SELECT asked, left_out FROM draw_survey_wave('other', share => 1, rest => '0', as_of => '2026-06-01 12:00-04');
ROLLBACK;
BEGIN;
SELECT asked, left_out FROM draw_survey_wave('other', share => 1, as_of => '2026-05-01 12:00-04');
ROLLBACK;
-- By LINE only who has an address there; and those who bought in the last month.
BEGIN;
SELECT asked, left_out FROM draw_survey_wave('other', share => 1, rest => '0', as_of => '2026-06-01 12:00-04', channel => 'line');
SELECT asked FROM draw_survey_wave('q', share => 1, rest => '0', as_of => '2026-06-02 12:00-04', bought_within => '2 days');
ROLLBACK;
-- Where customers is a view without addresses, nobody lacks one.
BEGIN;
CREATE SCHEMA shop_waves_view;
CREATE VIEW shop_waves_view.customers AS SELECT customer_id, joined_at, birth_year, gender, region FROM shop_waves.customers;
CREATE VIEW shop_waves_view.orders AS
SELECT customer_id, order_id, ordered_at, amount, tax, shipping, sales_channel, shipped_at, delivered_at, cancelled_at, payment_state FROM shop_waves.orders;
SELECT FROM loyalcs.create_shop('shop_waves_view', 'America/New_York', 'USD');
INSERT INTO shop_waves_view.surveys VALUES ('q', 'Quarterly');
SELECT customers, asked, left_out FROM shop_waves_view.draw_survey_wave('q', share => 1, as_of => '2026-06-01 12:00-04');
SELECT count(*) FROM shop_waves_view.pick_phone_hearings('2026-06-01 12:00-04');
ROLLBACK;
-- Where surveys take consent.
BEGIN;
UPDATE contact_purposes SET consent = 'if_given' WHERE purpose = 'survey';
SELECT FROM draw_survey_wave('other', share => 1, rest => '0', as_of => '2026-06-01 12:00-04');
SELECT i.customer_id FROM survey_invitations i JOIN survey_waves w USING (wave_id) WHERE w.survey = 'other';
SELECT reason, count(*) FROM survey_left_out JOIN survey_waves USING (wave_id) WHERE survey = 'other' GROUP BY 1 ORDER BY 2 DESC, 1;
ROLLBACK;

-- What cannot be drawn.
SELECT s.arguments, pg_temp.outcome('SELECT draw_survey_wave(' || s.arguments || ')')
  FROM (VALUES
    ('''none'', 0.1'), ('NULL, 0.1'), ('''q'''), ('''q'', 0.1, 10'), ('''q'', 0'), ('''q'', -0.1'), ('''q'', 1.0001'),
    ('''q'', ''NaN'''), ('''q'', size => 0'), ('''q'', size => -1'),
    ('''q'', 0.1, rest => NULL'), ('''q'', 0.1, rest => ''-1 days'''), ('''q'', 0.1, rest => ''10 years 1 day'''),
    ('''q'', 0.1, as_of => NULL'), ('''q'', 0.1, as_of => ''infinity'''),
    ('''q'', 0.1, channel => NULL'), ('''q'', 0.1, channel => ''pigeon'''),
    ('''q'', 0.1, bought_within => NULL'), ('''q'', 0.1, bought_within => ''0'''), ('''q'', 0.1, bought_within => ''100 years 1 day''')
  ) s (arguments);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT draw_survey_wave('q', 0.1);
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT pick_phone_hearings();
ROLLBACK;
-- What the tables refuse.
SELECT s.given, pg_temp.outcome('UPDATE survey_waves SET ' || s.given)
  FROM (VALUES ('survey = ''none'''), ('channel = ''pigeon'''), ('share = 0'), ('share = 1.5'), ('share = NULL'), ('size = 1'),
               ('share = NULL, size = 0'), ('share = NULL, size = 1'), ('rest = ''-1 days'''), ('bought_within = ''0'''), ('salt = NULL')) s (given);
SELECT pg_temp.outcome('UPDATE survey_invitations SET wave_id = 99') AS wave,
       pg_temp.outcome('INSERT INTO survey_left_out VALUES (''fine'', 99, ''?'')') AS left_out_of_none,
       pg_temp.outcome('DELETE FROM survey_waves') AS drawn;

--
-- The sample, against plain SQL: many customers of a shop with numbers as keys
--

SELECT FROM loyalcs.create_shop('shop_waves_big', key_type => 'bigint');
SET search_path = shop_waves_big;
INSERT INTO surveys VALUES ('q', 'Quarterly'), ('other', 'Other');
INSERT INTO customers (customer_id, email) SELECT n, CASE WHEN n % 7 > 0 THEN 'e' END FROM generate_series(1, 2000) n;
INSERT INTO orders (customer_id, order_id, ordered_at, amount)
SELECT n, m::text, '2026-05-01 12:00+09', 100 FROM generate_series(1, 2000) n, generate_series(1, 1 + n % 3) m;
CREATE TEMP VIEW sample AS
SELECT customer_id, encode(sha256(convert_to('wave q 2026-06-01T03:00:00.000000Z:' || customer_id, 'UTF8')), 'hex') AS hash
  FROM shop_waves_big.customers;
SELECT * FROM draw_survey_wave('q', 0.25, as_of => '2026-06-01 12:00+09');
CREATE TEMP VIEW come_upon AS
SELECT customer_id FROM shop_waves_big.survey_invitations UNION ALL SELECT customer_id FROM shop_waves_big.survey_left_out;
SELECT count(*) AS drawn,
       count(*) FILTER (WHERE (c.customer_id IS NOT NULL) <> (('x' || left(s.hash, 13))::bit(52)::bigint < 16::numeric ^ 13 / 4)) AS wrongly,
       (SELECT count(*) FROM survey_left_out l WHERE l.customer_id % 7 > 0 OR l.reason <> 'no address') AS left_out_wrongly,
       (SELECT count(*) FROM survey_invitations i WHERE i.customer_id % 7 = 0) AS asked_wrongly
  FROM sample s
  LEFT JOIN come_upon c USING (customer_id)
 WHERE c.customer_id IS NOT NULL OR ('x' || left(s.hash, 13))::bit(52)::bigint < 16::numeric ^ 13 / 4;
-- By size it is the first of the same order: as many as asked for, after those left out on the way.
CREATE TEMP TABLE by_share AS TABLE come_upon;
DELETE FROM survey_invitations;
DELETE FROM survey_left_out;
DELETE FROM survey_waves;
SELECT customers, asked, left_out FROM draw_survey_wave('q', size => 300, as_of => '2026-06-01 12:00+09');
SELECT (SELECT count(*) FROM survey_invitations) AS asked,
       (SELECT count(*) FROM survey_left_out) AS left_out,
       max(s.hash) FILTER (WHERE c.customer_id IS NOT NULL) < min(s.hash) FILTER (WHERE c.customer_id IS NULL) AS first_in_order,
       max(s.hash) FILTER (WHERE c.customer_id IS NOT NULL)
       = max(s.hash) FILTER (WHERE c.customer_id IN (SELECT customer_id FROM survey_invitations)) AS ends_with_one_asked,
       (SELECT count(*) FROM come_upon WHERE customer_id NOT IN (SELECT customer_id FROM by_share)) AS not_in_the_quarter
  FROM sample s
  LEFT JOIN come_upon c USING (customer_id);
-- More than there are; whom the first wave asked, the second does not.
SELECT customers, asked, left_out FROM draw_survey_wave('other', size => 5000, as_of => '2026-06-02 12:00+09');
SELECT reason, count(*) FROM survey_left_out JOIN survey_waves USING (wave_id) WHERE survey = 'other' GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM survey_invitations GROUP BY customer_id HAVING count(*) > 1;
-- The session is of no account.
SELECT pg_temp.same_elsewhere('SELECT * FROM shop_waves_big.survey_hindrance(7, ''email'', ''2026-01-01'', ''2027-01-01'', true, ''2026-06-01 12:00+09'')');
DELETE FROM survey_invitations;
DELETE FROM survey_left_out;
DELETE FROM survey_waves;
SET timezone = 'America/St_Johns';
SET datestyle = 'German, MDY';
SELECT customers, asked FROM draw_survey_wave('q', 0.25, as_of => timestamptz 'epoch' + 1780282800 * interval '1 second');
SET datestyle = 'ISO, DMY';
SET timezone = 'Pacific/Kiritimati';
SELECT count(*) AS the_same FROM come_upon JOIN by_share USING (customer_id);
-- Where most must be left out, it takes several looks down the order, and passes over nobody.
BEGIN;
DELETE FROM survey_invitations;
SELECT FROM draw_survey_wave('q', 0.75, as_of => '2026-06-01 12:00:01+09');
SELECT * FROM draw_survey_wave('other', size => 400, as_of => '2026-06-02 12:00+09') \gset
SELECT :asked AS asked, :left_out > 3 * :asked AS most_left_out, count(*) = :asked + :left_out AS all_recorded,
       max(o.place) = :asked + :left_out AS none_passed_over, max(o.place) FILTER (WHERE c.asked) = max(o.place) AS ends_with_one_asked
  FROM (SELECT customer_id, true AS asked FROM survey_invitations WHERE wave_id = :wave_id
        UNION ALL SELECT customer_id, false FROM survey_left_out WHERE wave_id = :wave_id) c
  JOIN (SELECT customer_id, row_number() OVER (ORDER BY sha256(('wave other 2026-06-02T03:00:00.000000Z:' || customer_id)::bytea)) AS place
          FROM customers) o USING (customer_id);
ROLLBACK;
-- Another instant draws others: a quarter of a quarter come up twice, give or take.
SELECT FROM draw_survey_wave('other', 0.25, rest => '0', as_of => '2026-09-01 12:00+09');
SELECT count(*) BETWEEN 60 AND 150 AS independent FROM survey_invitations i JOIN survey_invitations j USING (customer_id) WHERE i.survey = 'q' AND j.survey = 'other';

--
-- Hearings, by hand
--

SET search_path = shop_waves;
DELETE FROM hearings;
-- Twenty buyers more. s1 to s4 spent most; r1 to r4 ordered often; both did both;
-- the rest bought once. As of 1 July 2026, local midnight.
INSERT INTO customers (customer_id, phone)
SELECT c, '090' FROM unnest('{s1,s2,s3,s4,r1,r2,r3,r4,both}'::text[]) c
UNION ALL
SELECT 'x' || n, '090' FROM generate_series(1, 11) n;
INSERT INTO orders (customer_id, order_id, ordered_at, amount)
SELECT 's' || n, '1', timestamptz '2026-03-01 12:00-05', 10000 - n FROM generate_series(1, 3) n
UNION ALL SELECT 's4', '1', '2026-03-01 12:00-05', 1234567.5
UNION ALL SELECT 'r' || n, m::text, '2026-01-31 23:30-05'::timestamptz + m * interval '1 day', 10 FROM generate_series(1, 4) n, generate_series(1, 6 - n) m
UNION ALL SELECT 'both', m::text, '2026-05-01 23:30-04', 9000 FROM generate_series(1, 4) m
UNION ALL SELECT 'x' || n, '1', '2026-05-01 12:00-04', 50 FROM generate_series(1, 11) n
-- what does not count: too old, cancelled, later
UNION ALL SELECT 'x1', 'old', '2025-06-30 23:59:59-04', 99999
UNION ALL SELECT 'x2', 'cancelled', '2026-05-01 12:00-04', 99999
UNION ALL SELECT 'x3', 'later', '2026-07-01 00:00:01-04', 99999;
UPDATE orders SET cancelled_at = '2026-05-02 12:00-04' WHERE order_id = 'cancelled';
INSERT INTO returns VALUES ('s1', 'r', '1', '2026-04-01 12:00-04', 1.25, NULL);
-- 45 buyers: the tenth are five. By spending: s4, both (36000), s2 (9998), s1 (9999 less 1.25),
-- s3 (9997). By orders: r1 (5), r2 and both (4), r3 (3), r4 (2). Both is second by spending
-- and not before that by orders, and so a spender.
SELECT count(DISTINCT customer_id) AS buyers FROM orders
 WHERE ordered_at > '2025-07-01 00:00-04' AND ordered_at <= '2026-07-01 00:00-04' AND cancelled_at IS NULL;
SELECT customer_id, picked_for, reason FROM phone_hearing_candidates('2026-07-01 00:00-04') ORDER BY picked_for, rank;
-- Three, then four (the fourth is a repeat buyer), then the same again.
SELECT customer_id, month, picked_for, reason, result FROM pick_phone_hearings('2026-07-01 00:00-04', 3);
SELECT customer_id, picked_for FROM pick_phone_hearings('2026-07-01 00:00-04', 4);
SELECT customer_id, picked_for FROM pick_phone_hearings('2026-07-01 00:00-04', 4);
SELECT customer_id, picked_for FROM pick_phone_hearings('2026-07-01 00:00-04', 1);
-- Who was not reached or declined makes room for another of that kind; who was heard does not.
UPDATE hearings SET result = 'heard', called_at = '2026-07-03 12:00-04', agent_id = NULL, score = 9, note = 'would like matching earrings' WHERE customer_id = 's4';
UPDATE hearings SET result = 'declined', called_at = '2026-07-03 12:00-04' WHERE customer_id = 'r1';
SELECT customer_id, picked_for, picked_at AT TIME ZONE 'America/New_York' AS picked_at, result FROM pick_phone_hearings('2026-07-04 12:00-04', 4);
-- As it was seen before, and in June and August.
SELECT customer_id, result, called_at FROM phone_hearings_at('2026-07-02 12:00-04');
SELECT count(*) FROM phone_hearings_at('2026-06-30 23:59:59-04');
SELECT count(*) FROM phone_hearings_at('2026-08-01 00:00-04');
SELECT pg_temp.same_elsewhere('SELECT * FROM shop_waves.phone_hearings_at(''2026-07-05 12:00-04'')'),
       pg_temp.same_elsewhere('SELECT * FROM shop_waves.phone_hearing_candidates(''2026-07-05 12:00-04'')');
-- In August others; there are not ten of them.
SELECT customer_id, picked_for FROM pick_phone_hearings('2026-08-01 00:00-04');
-- After a year the first may be picked again: a year after the pick, or after the call.
BEGIN;
UPDATE orders SET ordered_at = '2027-05-01 12:00-04' WHERE customer_id IN ('s4', 's2', 'both', 'r1', 'r2');
SELECT customer_id FROM pick_phone_hearings('2027-06-30 23:59:59-04') ORDER BY 1;
ROLLBACK;
BEGIN;
UPDATE orders SET ordered_at = '2027-05-01 12:00-04' WHERE customer_id IN ('s4', 's2', 'both', 'r1', 'r2');
SELECT customer_id FROM pick_phone_hearings('2027-07-01 00:00-04') ORDER BY 1;
ROLLBACK;
BEGIN;
UPDATE orders SET ordered_at = '2027-05-01 12:00-04' WHERE customer_id IN ('s4', 's2', 'both', 'r1', 'r2');
SELECT customer_id FROM pick_phone_hearings('2027-07-03 12:00-04') ORDER BY 1;
ROLLBACK;
-- Who must not be called: s4 has no number, both refused calls, s2 complains, s1 was asked by
-- phone; s3 was asked by mail only, r2 refused mail only.
BEGIN;
DELETE FROM hearings;
UPDATE customers SET phone = NULL WHERE customer_id = 's4';
INSERT INTO consents (customer_id, channel, purpose, at, given) VALUES
    ('both', 'phone', 'all', '2026-05-01 12:00-04', false), ('r2', 'email', 'all', '2026-05-01 12:00-04', false);
INSERT INTO tickets (customer_id, ticket_id, channel, complaint) VALUES ('s2', 't', 'email', true);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('s2', 't', '2026-06-30 12:00-04', 'opened');
INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at, channel) VALUES
    ('s1', 'p', 'other', '2025-07-10 12:00-04', 'phone'), ('s3', 'p', 'other', '2026-06-10 12:00-04', 'email');
SELECT c.customer_id, h.reason, h.asked_by
  FROM phone_hearing_candidates('2026-07-01 00:00-04') c
 CROSS JOIN LATERAL survey_hindrance(c.customer_id, 'phone', '2025-07-01 00:00-04', '2027-07-01 00:00-04', false, '2026-07-01 00:00-04') h
 WHERE h.reason IS NOT NULL
 ORDER BY 1;
SELECT customer_id, picked_for FROM pick_phone_hearings('2026-07-01 00:00-04', 3);
ROLLBACK;
-- Among equals a stable hash decides, another way each month; where all spent the same, nobody spent much.
BEGIN;
DELETE FROM hearings;
UPDATE orders SET amount = 50 WHERE order_id = '1' AND customer_id NOT IN ('s1', 'both');
UPDATE returns SET refund = 0;
DELETE FROM orders WHERE customer_id LIKE 'r_' AND order_id <> '1' OR order_id IN ('old', 'cancelled', 'later') OR customer_id = 'both';
INSERT INTO orders (customer_id, order_id, ordered_at, amount) SELECT 'x' || n, '2', '2026-06-01 12:00-04', 0 FROM generate_series(1, 11) n;
CREATE TEMP TABLE july AS SELECT customer_id, rank FROM phone_hearing_candidates('2026-07-01 00:00-04') WHERE picked_for = 'repeat_buyer';
CREATE TEMP TABLE august AS SELECT customer_id, rank FROM phone_hearing_candidates('2026-08-01 00:00-04') WHERE picked_for = 'repeat_buyer';
SELECT (SELECT count(*) FROM july) AS equals,
       array(SELECT customer_id FROM july ORDER BY rank)
       = array(SELECT customer_id FROM july ORDER BY encode(sha256(('hearing 2026-07:' || customer_id)::bytea), 'hex')) AS in_order,
       array(SELECT customer_id FROM july ORDER BY rank) <> array(SELECT customer_id FROM august ORDER BY rank) AS otherwise_in_august;
UPDATE orders SET amount = 70;
SELECT count(*) FILTER (WHERE picked_for = 'high_spender') AS by_two_orders FROM phone_hearing_candidates('2026-07-01 00:00-04');
DELETE FROM orders WHERE order_id = '2';
SELECT count(*) FROM phone_hearing_candidates('2026-07-01 00:00-04');
ROLLBACK;
SELECT s.arguments, pg_temp.outcome('SELECT pick_phone_hearings(' || s.arguments || ')')
  FROM (VALUES ('NULL'), ('''infinity'''), ('now(), NULL'), ('now(), 0'), ('now(), 1001')) s (arguments);
SELECT s.given, pg_temp.outcome('UPDATE hearings SET ' || s.given || ' WHERE customer_id = ''s2''')
  FROM (VALUES ('customer_id = ''nobody'''), ('month = ''2026-07-02'''), ('picked_at = ''-infinity'''), ('picked_for = ''luck'''), ('reason = NULL'),
               ('result = ''heard'''), ('result = ''gone'', called_at = now()'), ('called_at = now()'),
               ('result = ''heard'', called_at = ''2026-06-30 12:00-04'''), ('result = ''not_reached'', called_at = ''2026-07-02 12:00-04'''),
               ('agent_id = ''nobody'''), ('score = 11'), ('score = -1'), ('score = 0')) s (given);
SELECT pg_temp.outcome('INSERT INTO hearings (customer_id, month, picked_at, picked_for, reason)
                        VALUES (''s2'', ''2026-08-01'', now(), ''high_spender'', ''?'')') AS twice_a_month;

--
-- Who may: an app picks hearings and keeps what was said, reports show no words,
-- and waves are drawn by admins
--

CREATE ROLE regress_waves;
SELECT pg_temp.outcome($$
    SELECT loyalcs.grant_shop('shop_waves', 'regress_waves', 'report');
    SET LOCAL ROLE regress_waves;
    SELECT customer_id, picked_for, reason, result FROM phone_hearings_at('2026-07-05 12:00-04');
    SELECT customer_id, score FROM hearings;
    SELECT * FROM survey_left_out;
    SELECT * FROM survey_waves$$) AS report;
SELECT pg_temp.outcome($$
    SELECT loyalcs.grant_shop('shop_waves', 'regress_waves', 'report');
    SET LOCAL ROLE regress_waves;
    SELECT note FROM hearings$$) AS note;
SELECT pg_temp.outcome($$
    SELECT loyalcs.grant_shop('shop_waves', 'regress_waves', 'report');
    SET LOCAL ROLE regress_waves;
    SELECT pick_phone_hearings('2026-10-01 00:00-04')$$) AS picks;
SELECT pg_temp.outcome($$
    SELECT loyalcs.grant_shop('shop_waves', 'regress_waves', 'service');
    SET LOCAL ROLE regress_waves;
    DO 'BEGIN IF NOT EXISTS (SELECT FROM pick_phone_hearings(''2026-08-01 00:00-04'', 12)) THEN RAISE ''nobody''; END IF; END';
    UPDATE hearings SET result = 'heard', called_at = '2026-08-03 12:00-04', note = 'x'$$) AS service;
SELECT pg_temp.outcome($$
    SELECT loyalcs.grant_shop('shop_waves', 'regress_waves', 'service');
    SET LOCAL ROLE regress_waves;
    SELECT draw_survey_wave('q', 0.5)$$) AS service_draws;
SELECT pg_temp.outcome($$
    SELECT loyalcs.grant_shop('shop_waves', 'regress_waves', 'admin');
    SET LOCAL ROLE regress_waves;
    SELECT draw_survey_wave('q', 0.5)$$) AS admin_draws;
DROP ROLE regress_waves;

--
-- All types of keys
--

-- (In a new session: what is made is looked for among all plans that there are.)
\c -
\i :shared
CREATE FUNCTION pg_temp.try(key_type regtype) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    wave record;
    result text;
BEGIN
    PERFORM loyalcs.create_shop('shop_waves_key', key_type => key_type);
    SET LOCAL search_path = shop_waves_key;
    INSERT INTO surveys VALUES ('q', 'Q');
    EXECUTE format('INSERT INTO customers (customer_id, email, phone)
                    SELECT %1$s, ''e'', ''p'' FROM generate_series(1, 400) n',
                   CASE key_type WHEN 'uuid'::regtype THEN 'md5(n::text)::uuid' ELSE 'n::' || key_type END);
    INSERT INTO orders (customer_id, order_id, ordered_at, amount)
    SELECT c.customer_id, m::text, '2026-05-01 12:00+09', 100 FROM customers c CROSS JOIN generate_series(1, 2) m;
    SELECT * INTO wave FROM draw_survey_wave('q', 0.5, as_of => '2026-06-01 12:00+09');
    -- Made again, it changes nothing and goes on.
    PERFORM loyalcs.create_shop('shop_waves_key');
    result := format('%s of %s asked, %s left out; %s of size 7; %s calls', wave.asked, wave.customers, wave.left_out,
                  (SELECT asked FROM draw_survey_wave('q', size => 7, as_of => '2026-06-02 12:00+09')),
                  (SELECT count(*) FROM pick_phone_hearings('2026-06-01 12:00+09')));
    SET CONSTRAINTS ALL IMMEDIATE;
    -- (the next is made in its place)
    RAISE EXCEPTION USING ERRCODE = 'LC000';
EXCEPTION WHEN SQLSTATE 'LC000' THEN
    RETURN result;
END
$$;
SELECT t, pg_temp.try(t) FROM unnest('{text}'::regtype[]) t;
SELECT t, pg_temp.try(t) FROM unnest('{bigint}'::regtype[]) t;
SELECT t, pg_temp.try(t) FROM unnest('{integer}'::regtype[]) t;
SELECT t, pg_temp.try(t) FROM unnest('{uuid}'::regtype[]) t;
