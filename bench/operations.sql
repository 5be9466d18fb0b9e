-- operations.sql: one month, September 2026, that is the same in the shops big and
-- small, whose histories are not: for the views about how support runs.
SET session_replication_role = replica;
CREATE PROCEDURE fill_operations(shop text, tickets bigint, orders bigint)
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('SET LOCAL search_path = %I, "$user", public', shop);
    INSERT INTO surveys VALUES ('ops', 'x');
    INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high)
    VALUES ('ops', 'happy', 'csat', 'x', 1, 5), ('ops', 'nps', 'nps', 'x', 0, 10);
    CREATE TEMP TABLE made AS
    SELECT i, scatter(i, 51, 2000) + 1 AS customer_id, 'S' || i AS id, timestamptz '2026-09-01 00:00+09' + i * (interval '30 days' / tickets) AS at,
           (ARRAY['email', 'email', 'line', 'phone', 'instagram'])[1 + scatter(i, 52, 5)] AS channel,
           (ARRAY['size', 'late', 'damaged', 'other'])[1 + scatter(i, 53, 4)] AS reason
      FROM generate_series(1, tickets) i;
    INSERT INTO tickets (customer_id, ticket_id, channel, reason, complaint, resolution, closed_at)
    SELECT customer_id, id, channel, reason, i % 25 = 0, (ARRAY['refund', 'exchange', 'exchange'])[1 + scatter(i, 54, 3)], at + interval '9 hours' FROM made;
    INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id)
    SELECT m.customer_id, m.id, m.at + e.after, e.kind, CASE e.kind WHEN 'opened' THEN NULL ELSE 'A' || m.i % 20 END
      FROM made m
     CROSS JOIN (VALUES (interval '0', 'opened'), ('1 hour', 'assigned'), ('3 hours', 'agent_reply'), ('9 hours', 'resolved')) e (after, kind)
     ORDER BY m.at + e.after;
    INSERT INTO survey_responses (customer_id, response_id, survey, responded_at, ticket_id)
    SELECT customer_id, id, 'ops', least(at + interval '1 day', '2026-09-30 23:59+09'), id FROM made WHERE i % 5 = 0;
    INSERT INTO survey_answers (customer_id, response_id, survey, question, score) SELECT customer_id, id, 'ops', 'happy', 1 + scatter(i, 55, 5) FROM made WHERE i % 5 = 0;
    INSERT INTO subscriptions (customer_id, subscription_id, started_at, cancelled_at) SELECT customer_id, id, '2026-01-01', at FROM made WHERE i % 10 = 0;
    INSERT INTO cancellation_requests (customer_id, request_id, subscription_id, requested_at, reason, offer, outcome, decided_at)
    SELECT customer_id, id, id, at, reason, CASE WHEN i % 20 = 0 THEN 'x' END, CASE WHEN i % 30 = 0 THEN 'saved' ELSE 'cancelled' END, at FROM made WHERE i % 10 = 0;
    DROP TABLE made;
    CREATE TEMP TABLE made AS
    SELECT i, scatter(i, 56, 2000) + 1 AS customer_id, 'S' || i AS id, timestamptz '2026-09-01 00:00+09' + i * (interval '30 days' / orders) AS at
      FROM generate_series(1, orders) i;
    INSERT INTO orders (customer_id, order_id, ordered_at, amount, sales_channel, shipped_at, delivered_at)
    SELECT customer_id, id, at, 1000, (ARRAY['web', 'line', 'shop'])[1 + scatter(i, 57, 3)], at + interval '1 day', at + interval '3 days' FROM made;
    INSERT INTO shipments (customer_id, order_id, expected_on) SELECT customer_id, id, (at + scatter(i, 58, 4) * interval '1 day' + interval '1 day')::date FROM made;
    INSERT INTO reviews (customer_id, review_id, product_id, order_id, reviewed_at, stars)
    SELECT customer_id, id, 'P' || scatter(i, 59, 50), id, at, 1 + scatter(i, 60, 5) FROM made WHERE i % 10 = 0;
    INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund, cause, remedy, completed_at, cost)
    SELECT customer_id, id, id, at, 100, (ARRAY['size', 'damaged', 'other'])[1 + scatter(i, 61, 3)], 'refund', at + interval '1 day', 500 FROM made WHERE i % 20 = 0;
    INSERT INTO survey_responses (customer_id, response_id, survey, order_id, responded_at)
    SELECT customer_id, 'O' || id, 'ops', id, least(at + interval '4 days', '2026-09-30 23:59+09') FROM made WHERE i % 10 = 1;
    INSERT INTO survey_answers (customer_id, response_id, survey, question, score) SELECT customer_id, 'O' || id, 'ops', 'nps', scatter(i, 62, 11) FROM made WHERE i % 10 = 1;
    INSERT INTO marketing_costs VALUES ('2026-09-01', 'web', 'acquisition', 100000), ('2026-09-01', 'any', 'retention', 10000);
    INSERT INTO referrals SELECT DISTINCT ON (customer_id) customer_id, customer_id + 1, timestamptz '2026-08-01' FROM made WHERE i % 7 = 0 ORDER BY customer_id;
    DROP TABLE made;
END
$$;
CALL fill_operations('big', 10000 / :scale, 20000 / :scale);
CALL fill_operations('small', 10000 / :scale, 20000 / :scale);
RESET session_replication_role;
CHECKPOINT;
VACUUM ANALYZE;
