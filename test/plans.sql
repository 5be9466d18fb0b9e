\set ECHO none
-- test/plans.sql: a shop with a bit of everything, and nine times as much of it that
-- happened within six weeks, for test/t/plans.pl. Into whatever shop is in the
-- search_path, where nothing is yet.

CREATE SCHEMA trial;

UPDATE settings SET live_since = '2025-10-01 00:00+09', points_since = '2025-10-01 00:00+09', keeps_quotes = true;
SELECT FROM start_journeys('2025-10-01 00:00+09');
INSERT INTO agents (agent_id) VALUES ('mori');
INSERT INTO surveys (survey, title) VALUES ('after', 'x');
INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high)
VALUES ('after', 'nps', 'nps', 'x', 0, 10), ('after', 'csat', 'csat', 'x', 1, 5), ('after', 'why', 'text', 'x', NULL, NULL);
INSERT INTO products (product_id, name, category, unit_cost) SELECT 'P' || i, 'x', 'C' || i % 4, 100 FROM generate_series(0, 19) i;
INSERT INTO contact_costs (channel, valid_from, cost) SELECT channel, '2025-10-01 00:00+09', 300 FROM channels;
INSERT INTO marketing_costs (month, sales_channel, aim, amount)
SELECT m::date, 'web', 'acquisition', 100000 FROM generate_series(timestamp '2025-10-01', '2026-10-01', '1 month') m;
INSERT INTO faq (question, answer, language, themes, valid, last_reviewed_at)
VALUES ('x', 'x', 'ja', '{size}', '[2025-01-01 00:00+09,)', '2025-03-01 00:00+09');

-- come(FIRST, LAST, SINCE, UNTIL): customers with these numbers, of whom each orders six
-- times in that time, and what comes of orders; all of it is the same for each.
CREATE PROCEDURE trial.come(first integer, last integer, since timestamptz, until timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    n constant integer := last - first + 1;
BEGIN
    CREATE TEMP TABLE made ON COMMIT DROP AS
    SELECT 'c' || first + k * 7 % n AS customer_id, first * 10 + k AS k, 'o' || first * 10 + k AS id, since + k * ((until - since) / (6 * n)) AS at
      FROM generate_series(0, 6 * n - 1) k;
    INSERT INTO customers (customer_id, joined_at, email, birthday, gender, region, language)
    SELECT customer_id, min(at), 'x@example.com', '1980-05-05', 'female', '東京都', 'ja' FROM made GROUP BY customer_id ORDER BY min(at);
    INSERT INTO consents (customer_id, channel, purpose, at, given) SELECT customer_id, 'email', 'marketing', min(at), true FROM made GROUP BY customer_id ORDER BY min(at);
    INSERT INTO referrals (customer_id, referrer_id, referred_at)
    SELECT 'c' || i, 'c' || first + (i - first) / 2, since FROM generate_series(first + 1, last, 3) i;
    INSERT INTO orders (customer_id, order_id, ordered_at, amount, sales_channel, shipped_at, delivered_at)
    SELECT customer_id, id, at, 1000 * (1 + k % 37), CASE k % 3 WHEN 0 THEN 'line' ELSE 'web' END, at + interval '1 day', at + interval '3 days'
      FROM made ORDER BY at;
    INSERT INTO order_items (customer_id, order_id, line, product_id, product_name, category, quantity, amount)
    SELECT customer_id, id, 1, 'P' || k % 20, 'x', 'C' || k % 4, 1, 1000 * (1 + k % 37) FROM made ORDER BY at;
    INSERT INTO shipments (customer_id, order_id, expected_on) SELECT customer_id, id, (at + (1 + k % 4) * interval '1 day')::date FROM made ORDER BY at;
    PERFORM earn_points(customer_id, id, at) FROM made WHERE k % 3 = 0 ORDER BY at;
    INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund, cause, remedy, completed_at, cost)
    SELECT customer_id, id, id, at + interval '5 days', 500, CASE k % 5 WHEN 0 THEN 'size' ELSE 'damaged' END, 'refund', at + interval '7 days', 100
      FROM made WHERE k % 6 = 1 ORDER BY at;
    INSERT INTO return_items (customer_id, return_id, order_id, line, quantity) SELECT customer_id, id, id, 1, 1 FROM made WHERE k % 6 = 1 ORDER BY at;
    INSERT INTO reviews (customer_id, review_id, product_id, order_id, reviewed_at, stars, body)
    SELECT customer_id, id, 'P' || k % 20, id, at + interval '6 days', 1 + k % 5, '配送が早い。サイズ' FROM made WHERE k % 6 = 2 ORDER BY at;
    INSERT INTO posts (post_id, customer_id, network, author, published_at, product_id, body)
    SELECT id, customer_id, 'x', 'x', at + interval '6 days', 'P' || k % 20, '配送が遅い。' FROM made WHERE k % 12 = 3 ORDER BY at;
    INSERT INTO subscriptions (customer_id, subscription_id, started_at, cancelled_at, product_id)
    SELECT customer_id, id, at, CASE WHEN k % 5 > 0 THEN at + interval '9 days' END, 'care' FROM made WHERE k % 6 = 5 ORDER BY at;
    INSERT INTO cancellation_requests (customer_id, request_id, subscription_id, requested_at, reason, offer, outcome, decided_at)
    SELECT customer_id, id, id, at + interval '9 days', CASE k % 4 WHEN 1 THEN '料金' ELSE '他' END, CASE k % 3 WHEN 0 THEN 'x' END,
           CASE k % 5 WHEN 0 THEN 'saved' ELSE 'cancelled' END, at + interval '9 days'
      FROM made WHERE k % 6 = 5 ORDER BY at;
    INSERT INTO hearings (customer_id, month, picked_at, picked_for, reason, result, called_at, agent_id, score)
    SELECT DISTINCT ON (customer_id) customer_id, date_trunc('month', at AT TIME ZONE 'Asia/Tokyo')::date, at, 'repeat_buyer', 'x', 'heard', at + interval '1 hour', 'mori', 9
      FROM made WHERE k % 6 = 3 ORDER BY customer_id, at DESC;
    INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at, attempts, finished_at, outcome, arm, eligible_at)
    SELECT m.customer_id, s.step, m.id, s.step_id, 'email', true, 1, m.at, m.at + interval '33 days', m.at + interval '40 days', m.at, m.at + interval '33 days', 1, m.at + interval '33 days',
           CASE m.k % 12 WHEN 1 THEN 'failed' ELSE 'sent' END, 'send', m.at + interval '33 days'
      FROM made m JOIN journey_steps s ON s.step = 'one_month' WHERE m.k % 6 = 1 AND m.at < '2026-09-01 00:00+09' ORDER BY m.at;

    -- Tickets; those of the last two weeks are open, and some are unanswered.
    CREATE TEMP TABLE asked ON COMMIT DROP AS
    SELECT *, at + interval '2 days' AS opened_at, at > '2026-10-14 00:00+09' AS is_open FROM made WHERE k % 6 = 1;
    INSERT INTO tickets (customer_id, ticket_id, channel, reason, priority, complaint, order_id, resolution, closed_at)
    SELECT customer_id, id, CASE k % 4 WHEN 0 THEN 'line' ELSE 'email' END, CASE k % 5 WHEN 0 THEN '配送' ELSE 'サイズ' END, 'normal', k % 12 = 4, id,
           CASE k % 5 WHEN 0 THEN '案内' ELSE '交換' END, CASE WHEN NOT is_open THEN opened_at + interval '9 hours' END
      FROM asked ORDER BY at;
    INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, note)
    SELECT a.customer_id, a.id, a.opened_at + e.after, e.kind, CASE WHEN e.place > 0 THEN 'mori' END, CASE e.place WHEN 0 THEN '指輪のサイズを交換できますか。' END
      FROM asked a
     CROSS JOIN (VALUES (0, interval '0', 'opened'), (1, '1 hour', 'assigned'), (2, '3 hours', 'agent_reply'), (3, '9 hours', 'resolved')) e (place, after, kind)
     WHERE e.place <= CASE WHEN a.is_open THEN a.k / 6 % 2 * 2 ELSE 3 END
     ORDER BY 3;

    INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at, channel)
    SELECT customer_id, id, 'after', at + interval '8 days', CASE k % 2 WHEN 0 THEN 'line' ELSE 'email' END FROM made WHERE k % 6 IN (0, 3) ORDER BY at;
    INSERT INTO survey_responses (customer_id, response_id, survey, invitation_id, order_id, ticket_id, responded_at, channel, time_taken)
    SELECT customer_id, id, 'after', CASE k % 6 WHEN 0 THEN id END, CASE k % 6 WHEN 0 THEN id END, CASE k % 6 WHEN 1 THEN id END,
           at + interval '8 days 5 hours', CASE k % 4 WHEN 0 THEN 'line' ELSE 'email' END, interval '2 minutes'
      FROM made WHERE k % 6 IN (0, 1) ORDER BY at;
    INSERT INTO survey_answers (customer_id, response_id, survey, question, score, answer)
    SELECT m.customer_id, m.id, 'after', q, CASE q WHEN 'nps' THEN k % 11 WHEN 'csat' THEN 1 + k % 5 END, CASE q WHEN 'why' THEN '梱包がきれい。配送が早い。' END
      FROM made m CROSS JOIN unnest('{nps,csat,why}'::text[]) q WHERE m.k % 6 IN (0, 1) ORDER BY m.at;
END
$$;

-- make_ready(AS_OF): what the nights do
CREATE PROCEDURE trial.make_ready(as_of timestamptz) LANGUAGE plpgsql AS $$
BEGIN
    ANALYZE;
    PERFORM evaluate_tiers(as_of);
    PERFORM refresh_kept_figures(as_of);
    PERFORM refresh_rfm_cuts(as_of);
    PERFORM refresh_outlook(as_of);
    PERFORM match_voices();
    PERFORM refresh_kept_tickets();
END
$$;

-- pages_read(QUERY, TIMES): how many pages it reads when it runs for the last time
CREATE FUNCTION trial.pages_read(query text, times integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found json;
BEGIN
    FOR i IN 1 .. times LOOP
        EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, BUFFERS, FORMAT JSON) ' || query INTO found;
    END LOOP;
    RETURN (found -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint + (found -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint;
END
$$;

-- rows_expected(QUERY): how many rows the planner expects of it
CREATE FUNCTION trial.rows_expected(query text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    found json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO found;
    RETURN found -> 0 -> 'Plan' ->> 'Plan Rows';
END
$$;
