-- The card of a customer: what is known of one, at a glance.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
\set schemas :srcdir '/test/json_schema.sql'
\i :schemas
\set file :srcdir '/doc/customer_card.schema.json'
\set schema `cat :'file'`

SET search_path = shop;
UPDATE settings SET live_since = '2024-01-01 00:00+09';
CREATE FUNCTION pg_temp.at(h text) RETURNS timestamptz LANGUAGE sql IMMUTABLE RETURN (h || '+09')::timestamptz;

--
-- By hand: as of Tuesday, 10 March 2026, 15:00
--

INSERT INTO customers (customer_id, joined_at, name, email, phone, birthday, gender, region, language, attributes) VALUES
    ('ann', pg_temp.at('2025-01-01'), '山田 花子', 'ann@example.com', '03-1', '1990-06-12', 'female', '東京都', 'ja', '{"line": "U1"}'),
    ('nil', pg_temp.at('2026-03-01'), NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}'),
    ('bob', pg_temp.at('2025-01-01'), 'Bob', 'bob@example.com', NULL, NULL, NULL, NULL, NULL, '{}');
INSERT INTO customer_ids VALUES ('ann', 'shopify', '777'), ('ann', 'line', 'U1');
INSERT INTO consents VALUES ('ann', 'email', 'marketing', pg_temp.at('2026-01-01'), true), ('ann', 'email', 'marketing', pg_temp.at('2026-02-01'), false),
                            ('ann', 'email', 'marketing', pg_temp.at('2026-03-11'), true), ('ann', 'all', 'all', pg_temp.at('2025-06-01'), true);
INSERT INTO subscriptions VALUES ('ann', 'S1', pg_temp.at('2025-05-01'), pg_temp.at('2026-03-12'), 'P9'), ('ann', 'S0', pg_temp.at('2025-02-01'), pg_temp.at('2025-04-01'), NULL);
-- Six orders of hers, each four weeks after the other and one cancelled, and then nothing for thirteen weeks
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at, cancelled_at, external_name)
SELECT 'ann', 'A' || i, t, 10000 * i, t + interval '1 day', t + interval '3 days', CASE i WHEN 5 THEN t + interval '1 hour' END, '#10' || i
  FROM generate_series(1, 6) i, LATERAL (SELECT pg_temp.at('2025-06-24 15:00') + i * interval '28 days' AS t) d;
INSERT INTO order_items (customer_id, order_id, line, product_id, product_name, quantity, amount)
SELECT 'ann', 'A6', l, 'P' || l, 'ring ' || l, 1, 100 FROM generate_series(1, 21) l;
INSERT INTO shipments VALUES ('ann', 'A6', 1, 'ヤマト', '1', '2025-12-12'), ('ann', 'A6', 2, 'ヤマト', '2', '2025-12-13');
INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund, reason, cause, remedy, completed_at) VALUES
    ('ann', 'R1', 'A1', pg_temp.at('2025-08-01'), 4000, 'きつい', 'size', 'refund', pg_temp.at('2025-08-09')),
    ('ann', 'R2', 'A2', pg_temp.at('2026-03-10 16:00'), 1, NULL, NULL, NULL, NULL);
-- Tickets: one that waits, one answered late, one merged into it, one that is discarded, and one of tomorrow
INSERT INTO tickets (customer_id, ticket_id, channel, reason, priority, subject, complaint, order_id) VALUES
    ('ann', 'T1', 'email', 'delivery', NULL, '届きません', true, 'A6'), ('ann', 'T2', 'line', 'size', NULL, NULL, false, NULL), ('ann', 'T3', 'line', NULL, NULL, NULL, false, NULL),
    ('ann', 'T4', 'email', NULL, NULL, NULL, false, NULL), ('ann', 'T5', 'email', NULL, NULL, NULL, false, NULL), ('ann', 'T6', 'phone', NULL, NULL, NULL, false, NULL);
UPDATE tickets SET merged_into = 'T2' WHERE ticket_id = 'T3';
INSERT INTO agents VALUES ('mori', '森');
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, note, recorded_at, merged_into)
SELECT 'ann', ticket, pg_temp.at(at), kind, agent, note, pg_temp.at(at), merged
  FROM (VALUES ('T1', '2026-03-10 10:00', 'opened', NULL, '配送が遅いです。まだ届きません。', NULL),
               ('T2', '2026-02-02 10:00', 'opened', NULL, 'サイズが小さい', NULL), ('T2', '2026-02-02 11:30', 'agent_reply', 'mori', 'internal', NULL),
               ('T2', '2026-02-02 12:30', 'resolved', 'mori', NULL, NULL),
               ('T3', '2026-02-02 12:00', 'opened', NULL, NULL, NULL), ('T3', '2026-02-02 12:10', 'merged', NULL, NULL, 'T2'),
               ('T4', '2026-03-01 12:00', 'opened', NULL, NULL, NULL), ('T4', '2026-03-01 12:05', 'discarded', NULL, NULL, NULL),
               ('T5', '2026-03-10 15:30', 'opened', NULL, NULL, NULL),
               ('T6', '2026-03-05 11:00', 'opened', NULL, NULL, NULL), ('T6', '2026-03-05 11:20', 'agent_reply', 'mori', NULL, NULL)) v (ticket, at, kind, agent, note, merged);
UPDATE tickets SET resolution = 'exchange' WHERE ticket_id = 'T2';
SELECT refresh_closed_at('ann', ticket_id) IS NOT NULL AS closed, ticket_id FROM tickets ORDER BY 2;
-- Scores: recommends less than before, by a fifth of the scale, and finds it harder by as much; and has no word to say a minute later
INSERT INTO surveys VALUES ('after', 'x');
INSERT INTO survey_questions (survey, question, "position", kind, wording, scale_low, scale_high, higher_is_better) VALUES
    ('after', 'nps', 1, 'nps', 'おすすめしますか', 0, 10, true), ('after', 'ces', 2, 'ces', '手間', 1, 6, false), ('after', 'other', 3, 'text', 'その他', NULL, NULL, true);
INSERT INTO survey_responses (customer_id, response_id, survey, order_id, responded_at) VALUES
    ('ann', 'S1', 'after', 'A1', pg_temp.at('2025-07-30')), ('ann', 'S2', 'after', 'A6', pg_temp.at('2025-12-20')), ('ann', 'S3', 'after', NULL, pg_temp.at('2026-03-10 15:01'));
INSERT INTO survey_answers (customer_id, response_id, survey, question, score, answer) VALUES
    ('ann', 'S1', 'after', 'nps', 9, NULL), ('ann', 'S1', 'after', 'ces', 2, NULL),
    ('ann', 'S2', 'after', 'nps', 7, NULL), ('ann', 'S2', 'after', 'ces', 3, NULL), ('ann', 'S2', 'after', 'other', NULL, '留め具が外れやすい <script>'),
    ('ann', 'S3', 'after', 'nps', 0, NULL);
INSERT INTO reviews (customer_id, review_id, product_id, order_id, reviewed_at, stars, title, body) VALUES
    ('ann', 'V1', 'P1', 'A6', pg_temp.at('2025-12-21'), 4, 'かわいい', repeat('良い', 300));
INSERT INTO hearings (customer_id, month, picked_at, picked_for, reason, result, called_at, score, note) VALUES
    ('ann', '2025-09-01', pg_temp.at('2025-09-01'), 'repeat_buyer', 'x', 'heard', pg_temp.at('2025-09-02'), 8, '梱包が丁寧');
INSERT INTO posts VALUES ('X1', 'ann', 'instagram', 'ann', NULL, pg_temp.at('2026-02-20'), NULL, '配送が遅い');
INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at, attempts, finished_at, outcome, reason)
SELECT 'ann', s.step, f.subject, s.step_id, 'email', true, 1, pg_temp.at(f.at), pg_temp.at(f.at), pg_temp.at(f.at) + interval '1 day', pg_temp.at(f.at), pg_temp.at(f.at), 1, pg_temp.at(f.at), f.outcome, NULL
  FROM (VALUES ('A1', '2025-08-01', 'sent'), ('A2', '2025-09-01', 'dropped'), ('A6', '2026-03-10 15:01', 'sent')) f (subject, at, outcome)
  JOIN journey_steps s ON s.step = 'review_request';
-- (bob's parcel came five days ago)
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at)
VALUES ('bob', 'B1', pg_temp.at('2025-12-01 12:00'), 1000, pg_temp.at('2025-12-02 12:00'), pg_temp.at('2026-03-05 12:00')),
       ('bob', 'B2', pg_temp.at('2025-12-02 12:00'), 1000, pg_temp.at('2025-12-03 12:00'), NULL);
INSERT INTO order_items (customer_id, order_id, line, product_id, quantity, amount) VALUES ('bob', 'B1', 1, 'P1', 1, 1000), ('bob', 'B2', 1, 'Q', 1, 1000);
SELECT adjust_points('ann', 300, 'gift', NULL, pg_temp.at('2026-06-01'), pg_temp.at('2026-01-01')) > 0 AS given,
       adjust_points('ann', 50, 'for ever', NULL, NULL, pg_temp.at('2026-01-02')) > 0 AS for_ever;
SELECT customers FROM evaluate_tiers(pg_temp.at('2026-03-09 12:00'));
SELECT refresh_related_products(pg_temp.at('2026-03-09 12:00'), 1);

SELECT pg_temp.at('2026-03-10 15:00') AS at \gset
CREATE TEMP TABLE card AS SELECT customer_id, customer_card_at(customer_id, :'at') AS card FROM customers;
SELECT jsonb_pretty(card -> 'customer') FROM card WHERE customer_id = 'ann';
SELECT jsonb_pretty(card -> 'warnings') FROM card WHERE customer_id = 'ann';
SELECT jsonb_pretty(card -> 'tier') FROM card WHERE customer_id = 'ann';
SELECT card -> 'points' AS points FROM card WHERE customer_id = 'ann';
SELECT jsonb_pretty((card -> 'orders') - 'last') FROM card WHERE customer_id = 'ann';
SELECT o - 'items' AS o, jsonb_array_length(o -> 'items') AS items FROM card, jsonb_array_elements(card #> '{orders,last}') o WHERE customer_id = 'ann';
SELECT card #> '{orders,last,0,items,0}' AS item FROM card WHERE customer_id = 'ann';
SELECT jsonb_pretty(card -> 'tickets') FROM card WHERE customer_id = 'ann';
SELECT a.* FROM card, jsonb_to_recordset(card -> 'answers') a (source text, at text, survey text, question text, wording text, kind text, score int, scale_low int, scale_high int, higher_is_better boolean, about text) WHERE customer_id = 'ann';
SELECT card #> '{voices,count}' AS n, t.* FROM card, jsonb_to_recordset(card #> '{voices,themes}') t (theme text, voices int, last_said_at text, sentiment float8) WHERE customer_id = 'ann';
SELECT t.source, t.at, t.rating, t.product_id, t.themes, length(t.text), left(t.text, 20) AS text FROM card, jsonb_to_recordset(card #> '{voices,last}') t (source text, at text, rating int, product_id text, themes jsonb, text text) WHERE customer_id = 'ann';
SELECT card -> 'followups' AS followups FROM card WHERE customer_id = 'ann';
SELECT jsonb_pretty(card -> 'followups') AS of_bob FROM card WHERE customer_id = 'bob';
SELECT o ->> 'product_id' AS product_id, o ->> 'because' AS because, o ->> 'confidence' AS confidence FROM card, jsonb_array_elements(card -> 'offers') o WHERE customer_id = 'bob';
SELECT jsonb_pretty(card -> 'returns') FROM card WHERE customer_id = 'ann';

-- Of whom nothing is known, every part is there, and nothing is in it.
SELECT jsonb_pretty(card) FROM card WHERE customer_id = 'nil';
SELECT DISTINCT array_agg(k ORDER BY k) AS parts FROM card, jsonb_object_keys(card) k GROUP BY customer_id;

-- As the page says
SELECT customer_id, f.* FROM card, pg_temp.findings(:'schema', card) f;
SELECT * FROM pg_temp.findings(:'schema', (SELECT card - 'points' || '{"more": 1, "currency": 3, "as_of": "today", "offers": [1]}' FROM card WHERE customer_id = 'ann'));

-- By kept cut points
SELECT refresh_rfm_cuts(pg_temp.at('2026-03-10 14:00'));
SELECT customer_card_at(c, :'at') #> '{orders,rfm}' AS rfm FROM unnest('{ann,bob,nil}'::text[]) c;
SELECT (r.recency_score, r.frequency_score, r.monetary_score, r.segment) FROM unnest('{ann,bob}'::text[]) c, customer_rfm(c, :'at') r;
-- And the outlook, while there is no model null.
INSERT INTO outlook_models (as_of, bgnbd, gamma_gamma, penalty, customers, repeat_buyers)
VALUES ('2026-03-01 00:00+09', '{"r": 0.75, "alpha": 40, "a": 0.8, "b": 2.5}', '{"p": 6.25, "q": 3.74, "gamma": 1500}', 0, 0, 0);
SELECT c, k.outlook IS NULL AS none, k.outlook ->> 'model_as_of' AS model_as_of, k.outlook ->> 'unusual' AS unusual,
       ((k.outlook ->> 'probability_alive')::float8, (k.outlook ->> 'orders_90_days')::float8, (k.outlook ->> 'money_365_days')::float8, (k.outlook ->> 'next_order_by')::timestamptz)
       IS NOT DISTINCT FROM (o.probability_alive, o.orders_90_days, o.money_365_days, o.next_order_by) AS as_in_the_view
  FROM unnest('{ann,bob,nil}'::text[]) c
 CROSS JOIN LATERAL (SELECT nullif(customer_card_at(c, :'at') #> '{orders,outlook}', 'null') AS outlook) k
  LEFT JOIN customer_outlook_at(:'at') o ON o.customer_id = c;
SELECT f.* FROM unnest('{ann,bob,nil}'::text[]) c, pg_temp.findings(:'schema', customer_card_at(c, :'at')) f;

--
-- The warnings, each at its border
--

CREATE FUNCTION pg_temp.warnings(customer text, at timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(w ->> 'warning', ', ') FROM jsonb_array_elements(customer_card_at(customer, at) -> 'warnings') w $$;
-- An hour of open time is over at 11; what nobody promised anything about waits for a day.
SELECT t.at, pg_temp.warnings('ann', pg_temp.at(t.at)) FROM (VALUES ('2026-03-10 10:59:59'), ('2026-03-10 11:00')) t (at);
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM sla_policies;
SELECT t.at, pg_temp.warnings('ann', pg_temp.at(t.at)) FROM (VALUES ('2026-03-11 09:59:59'), ('2026-03-11 10:00')) t (at);
ROLLBACK;
-- Not resolved within 48 hours; answered half an hour late, which is remembered for 90 days
SELECT t.at, pg_temp.warnings('ann', pg_temp.at(t.at)) FROM (VALUES ('2026-03-07 10:59:59'), ('2026-03-07 11:00'), ('2026-02-02 11:00'), ('2026-02-02 11:29:59'), ('2026-02-02 11:30')) t (at);
BEGIN;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, recorded_at)
SELECT 'ann', k, pg_temp.at('2026-03-10 15:31'), 'resolved', 'mori', pg_temp.at('2026-03-10 15:31') FROM unnest('{T1,T5,T6}'::text[]) k;
SELECT t.at, pg_temp.warnings('ann', pg_temp.at(t.at)) FROM (VALUES ('2026-05-03 11:29:59'), ('2026-05-03 11:30')) t (at);
ROLLBACK;
-- Two times 35 days, which lie between two orders (the cancelled one is none); of fewer than three orders, two times settings.purchase_within
SELECT t.at, pg_temp.warnings('ann', pg_temp.at(t.at)) FROM (VALUES ('2026-02-17 14:59:59'), ('2026-02-17 15:00')) t (at);
SELECT t.at, pg_temp.warnings('bob', pg_temp.at(t.at)) FROM (VALUES ('2026-05-31 11:59:59'), ('2026-05-31 12:00')) t (at);
-- 0.2 and 0 less make 0.1; what was asked once alone is no change; after a year it is no news
BEGIN;
UPDATE survey_answers SET score = 2 WHERE response_id = 'S2' AND question = 'ces';
SELECT pg_temp.warnings('ann', :'at');
DELETE FROM survey_answers WHERE response_id = 'S1' AND question = 'ces';
SELECT pg_temp.warnings('ann', :'at');
ROLLBACK;
SELECT t.at, pg_temp.warnings('ann', pg_temp.at(t.at)) FROM (VALUES ('2027-03-10 15:00:59'), ('2027-03-10 15:01')) t (at);
SELECT t.at, pg_temp.warnings('ann', pg_temp.at(t.at)) FROM (VALUES ('2025-12-19 23:59:59'), ('2025-12-20 00:00')) t (at);

--
-- As of another day, and in another session
--

SELECT card #>> '{orders,count}' AS orders, card #>> '{orders,last,0,state}' AS state, card #>> '{tickets,count}' AS tickets, card #>> '{returns,count}' AS returns,
       jsonb_array_length(card -> 'answers') AS answers, card #>> '{voices,count}' AS voices, card #>> '{points,available}' AS points
  FROM (SELECT customer_card_at('ann', pg_temp.at('2025-09-17 15:00')) AS card) c;
SELECT f.* FROM unnest('{infinity,-infinity,2025-09-17,1900-01-01}'::timestamptz[]) t, pg_temp.findings(:'schema', customer_card_at('ann', t)) f;
SELECT pg_temp.same_elsewhere(format('SELECT customer_card_at(c, %L)::text FROM unnest(''{ann,bob,nil}''::text[]) c', :'at'));
SELECT customer_card('nil') - 'as_of' = customer_card_at('nil', now()) - 'as_of' AS now;

--
-- Who may read it, and of whom
--

SELECT customer_card('nobody');
SELECT customer_card(NULL);
SELECT customer_card_at('ann', NULL);
CREATE ROLE regress_card_report;
CREATE ROLE regress_card_service;
SELECT FROM loyalcs.grant_shop('shop', 'regress_card_report', 'report');
SELECT FROM loyalcs.grant_shop('shop', 'regress_card_service', 'service');
SET ROLE regress_card_report;
SELECT customer_card_at('ann', :'at');
-- (nor a part of it that has what is hidden)
SELECT card_customer('ann', :'at');
SELECT card_tickets('ann', :'at');
SELECT card_voices('ann', :'at');
SELECT card_returns('ann', :'at');
SET ROLE regress_card_service;
SELECT customer_card_at('ann', :'at') ->> 'customer_id' AS customer_id;
RESET ROLE;

-- Keys of other types, and relations of the brand's that do without what they may
CREATE SCHEMA shop_customer_card_2;
CREATE VIEW shop_customer_card_2.customers AS
SELECT 7 AS customer_id, timestamptz '2025-01-01 00:00+09' AS joined_at, 1990 AS birth_year, 'x'::text AS gender, NULL::text AS region;
CREATE VIEW shop_customer_card_2.orders AS
SELECT 7 AS customer_id, 'O'::text AS order_id, timestamptz '2026-01-01 00:00+09' AS ordered_at, 100.0::numeric AS amount, 0::numeric AS tax, 0::numeric AS shipping, NULL::text AS sales_channel,
       NULL::timestamptz AS shipped_at, NULL::timestamptz AS delivered_at, NULL::timestamptz AS cancelled_at, 'paid'::text AS payment_state;
CREATE VIEW shop_customer_card_2.returns AS
SELECT 7 AS customer_id, 'R'::text AS return_id, 'O'::text AS order_id, timestamptz '2026-02-01 00:00+09' AS returned_at, 10.0::numeric AS refund, NULL::text AS reason;
CREATE VIEW shop_customer_card_2.tickets AS
SELECT 7 AS customer_id, 'T'::text AS ticket_id, 'email'::text AS channel, NULL::text AS reason, NULL::text AS priority, NULL::text AS tier, false AS complaint,
       NULL::text AS order_id, NULL::text AS merged_into, NULL::timestamptz AS closed_at;
SELECT FROM loyalcs.create_shop('shop_customer_card_2', key_type => 'integer');
SET search_path = shop_customer_card_2;
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, recorded_at) VALUES (7, 'T', '2026-03-01 12:00+09', 'opened', '2026-03-01 12:00+09');
SELECT f.* FROM pg_temp.findings(:'schema', customer_card_at(7, :'at')) f;
SELECT card ->> 'customer_id' AS customer_id, card #>> '{customer,gender}' AS gender, card #>> '{orders,last,0,order_id}' AS order_id, card #>> '{returns,last,0,return_id}' AS return_id,
       card #>> '{tickets,open,0,ticket_id}' AS ticket_id FROM (SELECT customer_card_at(7, :'at') AS card) c;
DROP SCHEMA shop_customer_card_2 CASCADE;
SELECT loyalcs.drop_shop('shop', 'shop');
DROP ROLE regress_card_report, regress_card_service;
