\set ECHO none
-- test/shop_contents.sql: a shop with something in each figure, for the tests of what
-- becomes of a whole shop. Needs: test/shop.sql.

-- What a query gives, in short.
CREATE FUNCTION pg_temp.digest(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE 'SELECT count(*) || '' '' || md5(coalesce(string_agg(r::text, E''\n'' ORDER BY r::text COLLATE "C"), ''''))
               FROM (' || query || ') r' INTO result;
    RETURN result;
END
$$;

-- Some customers, all of whom began some days ago. (Now is when the test runs.)
CREATE FUNCTION pg_temp.fill(shop text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', quote_ident(shop), true);
    UPDATE journeys SET started_at = '-infinity';
    INSERT INTO customers (customer_id, joined_at, name, email, phone, birthday, gender, region, attributes)
    SELECT n::text, now() - interval '400 days', 'N' || n, 'e', 'p', '1980-01-01', 'g', 'r', '{"a": 1}'
      FROM generate_series(1, 9) n;
    INSERT INTO orders (customer_id, order_id, ordered_at, amount, sales_channel)
    SELECT n::text, m::text, now() - (300 - 20 * m) * interval '1 day', 100 * n + m, 'web'
      FROM generate_series(1, 8) n, generate_series(1, n) m;
    INSERT INTO order_items (customer_id, order_id, line, product_id, category, amount)
    SELECT customer_id, order_id, 1, 'p', 'c' || order_id, amount FROM orders;
    INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund)
    SELECT n::text, '1', '1', now() - interval '100 days', n FROM generate_series(1, 4) n;
    INSERT INTO return_items (customer_id, return_id, order_id, line)
    SELECT n::text, '1', '1', 1 FROM generate_series(1, 2) n;
    INSERT INTO surveys VALUES ('s', 'S');
    INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high)
    VALUES ('s', 'nps', 'nps', '?', 0, 10), ('s', 'text', 'text', '?', NULL, NULL);
    INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at, channel)
    SELECT n::text, 'i', 's', now() - interval '90 days', 'line' FROM generate_series(1, 9) n;
    INSERT INTO survey_responses (customer_id, response_id, survey, invitation_id, responded_at, channel, time_taken)
    SELECT n::text, 'r', 's', 'i', now() - n * interval '10 days', 'line', '1 minute' FROM generate_series(1, 8) n;
    INSERT INTO survey_answers (customer_id, response_id, survey, question, score)
    SELECT n::text, 'r', 's', 'nps', n + 2 FROM generate_series(1, 8) n;
    INSERT INTO survey_answers (customer_id, response_id, survey, question, answer) VALUES ('1', 'r', 's', 'text', 'heavy');
    INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars, title, body)
    SELECT n::text, '1', 'p', now() - interval '80 days', 5, 'T', 'light' FROM generate_series(1, 3) n;
    INSERT INTO tickets (customer_id, ticket_id, channel, subject)
    SELECT n::text, 't', 'line', 'T' FROM generate_series(1, 3) n;
    UPDATE tickets SET resolution = 'sent anew';
    INSERT INTO agents VALUES ('k', 'K');
    INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, note)
    SELECT n::text, 't', now() - interval '2 days' + m * interval '4 hours', (ARRAY['opened', 'agent_reply', 'resolved'])[m], (ARRAY[NULL, 'k', 'k'])[m], 'N'
      FROM generate_series(1, 3) n, generate_series(1, n) m;
    INSERT INTO ticket_events (customer_id, ticket_id, at, kind, recorded_at)
    VALUES ('1', 't', now() - interval '1 day', 'note', now() - interval '1 hour');
    UPDATE survey_responses SET ticket_id = 't' WHERE customer_id = '1';
    UPDATE tickets SET complaint = true WHERE customer_id = '3';
    UPDATE orders SET shipped_at = ordered_at + interval '1 day', delivered_at = ordered_at + interval '2 days' WHERE (customer_id, order_id) = ('8', '1');
    UPDATE survey_responses SET order_id = '1' WHERE customer_id = '8';
    UPDATE escalation_rules SET contacts = 2 WHERE condition = 'contacts';
    INSERT INTO ticket_events (customer_id, ticket_id, at, kind) VALUES ('1', 't', now(), 'customer_message');
    INSERT INTO subscriptions (customer_id, subscription_id, started_at, cancelled_at) VALUES ('1', 's', now() - interval '300 days', now() - interval '200 days');
    INSERT INTO cancellation_requests VALUES ('1', 'r', 's', now() - interval '210 days', 'price', NULL, 'cancelled', now() - interval '205 days');
    -- (birthdays are not for all readers)
    UPDATE journey_steps SET valid = 'empty' WHERE step = 'birthday_coupon';
    UPDATE orders SET shipped_at = now() - interval '1 hour' WHERE (customer_id, order_id) = ('1', '1');
    UPDATE orders SET shipped_at = now() - interval '3 days' WHERE (customer_id, order_id) = ('2', '1');
    INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at, queued_at, claimable_at, finished_at, outcome, arm, eligible_at)
    SELECT n::text, 's', '1', 1, 'email', true, 0, at, at, at, at, at, at, (ARRAY['sent', 'failed', 'dropped'])[n], 'send', at
      FROM generate_series(1, 3) n, (SELECT now() - interval '40 days') a (at);
    INSERT INTO hearings (customer_id, month, picked_at, picked_for, reason, note)
    SELECT n::text, date_trunc('month', now() AT TIME ZONE 'Asia/Tokyo') + m * interval '1 month', now() - interval '1 hour', 'repeat_buyer', 'R', 'N'
      FROM generate_series(1, 2) n, generate_series(0, 1) m;
    INSERT INTO posts (post_id, customer_id, network, published_at, body)
    SELECT n::text, n::text, 'x', now() - interval '3 days', '留め具の新色' FROM generate_series(1, 3) n;
    INSERT INTO faq (question, answer, last_reviewed_at, valid) VALUES ('q', 'a', now() - interval '1 year', '(,)');
    INSERT INTO improvements (problem, action, reason, theme, measures, started, finished) VALUES ('p', 'a', 'size', 'delivery', '{ticket share,NPS,CSAT,return rate}', current_date - 200, current_date - 190);
    UPDATE settings SET lost_after = 'infinity', minimum_answers = 2, keeps_quotes = true;
    PERFORM match_voices();
    PERFORM refresh_rfm_cuts(now() - interval '1 day');
    -- (of eight customers nothing can be fitted)
    PERFORM refresh_outlook(now() - interval '100 days');
    UPDATE outlook_models SET bgnbd = '{"r": 0.7, "alpha": 40, "a": 0.8, "b": 2.5}', gamma_gamma = '{"p": 6.25, "q": 3.74, "gamma": 15}', problem = NULL,
           expected_orders = 9, expected_money = 900;
    PERFORM evaluate_tiers(now() - interval '1 day');
    PERFORM earn_points(o.customer_id, o.order_id) FROM orders o;
    UPDATE orders SET payment_state = 'pending' WHERE (customer_id, order_id) = ('3', '1');
END
$$;

-- Within a transaction, where now stands still, a view x is x_at(now()): most say so
-- themselves, and need not be computed twice.
CREATE FUNCTION pg_temp.views(shop text, OUT views bigint, OUT empty text, OUT different text)
LANGUAGE plpgsql AS $$
DECLARE
    item record;
    rows text;
BEGIN
    views := 0;
    FOR item IN SELECT c.relname,
                       regexp_replace(pg_get_viewdef(c.oid), '\s+', ' ', 'g')
                       IN (format(' SELECT %s FROM %I(now()) %2$I(%s);', f.qualified, f.name, f.columns),
                           format(' SELECT %s FROM %I.%I(now()) %3$I(%s);', f.qualified, shop, f.name, f.columns)) AS says_so
                  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 CROSS JOIN LATERAL (SELECT concat(c.relname, '_at') AS name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns,
                                            string_agg(format('%I.%I', concat(c.relname, '_at'), a.attname), ', ' ORDER BY a.attnum) AS qualified
                                       FROM pg_attribute a WHERE a.attrelid = c.oid) f
                 WHERE n.nspname = shop AND c.relkind = 'v'
                   AND EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = n.oid AND p.proname = f.name)
                 ORDER BY c.relname
    LOOP
        views := views + 1;
        rows := pg_temp.digest(format('SELECT * FROM %I.%I', shop, item.relname));
        empty := concat_ws(' ', empty, CASE WHEN rows LIKE '0 %' THEN item.relname END);
        different := concat_ws(' ', different, CASE
            WHEN item.says_so THEN NULL
            WHEN rows <> pg_temp.digest(format('SELECT * FROM %I.%I(now())', shop, item.relname || '_at')) THEN item.relname
        END);
    END LOOP;
END
$$;
\set ECHO all
