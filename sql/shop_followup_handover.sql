-- Immediately before it is handed over, it is looked at once more: the anchor, the
-- step, the consent, the address. So it is when it is claimed.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
SET timezone = 'Asia/Tokyo';
UPDATE settings SET live_since = '2020-01-01';

-- One customer, of whom every anchor is one hour before noon, and a step for each.
UPDATE journey_steps SET valid = 'empty';
UPDATE frequency_caps SET valid = 'empty';
INSERT INTO journey_steps (journey, step, anchor, nth, delay, channel, purpose, content_key, exit_on_order, exit_on_return, valid)
SELECT 'after_sale', a.anchor, a.anchor, a.nth, a.delay::interval, 'email', 'service', 'seasonal', a.anchor = 'delivered', true, '(,)'
  FROM (VALUES ('ordered', NULL::integer, '5 days'), ('shipped', NULL, '4 days'), ('delivered', NULL, '3 days'), ('first_order', NULL, '5 days'),
               ('nth_order', 1, '5 days'), ('tier_reached', NULL, '5 days'), ('ticket_resolved', NULL, '1 day'), ('birthday', NULL, '0'),
               ('birthday_month', NULL, '9 days'), ('anniversary', NULL, '0'), ('no_order_for', NULL, '5 days'),
               ('points_expiring', NULL, '-3 days'), ('subscription_cancelled', NULL, '1 day')) a (anchor, nth, delay);
INSERT INTO customers (customer_id, name, email, birthday) VALUES ('eve', 'Eve', 'eve@example.com', '1990-03-10'), ('old', 'Old', 'old@example.com', NULL);
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at) VALUES
    ('eve', 'E-1', '2026-03-05 11:00', 5000, '2026-03-06 11:00', '2026-03-07 11:00'),
    ('old', 'O-1', '2025-03-10 11:00', 5000, NULL, NULL);
INSERT INTO tickets (customer_id, ticket_id, channel, complaint) VALUES ('eve', 't', 'email', false), ('eve', 'c', 'email', true);
INSERT INTO ticket_events (customer_id, ticket_id, at, kind, recorded_at) VALUES
    ('eve', 't', '2026-03-08 11:00', 'opened', '2026-03-08 11:00'), ('eve', 't', '2026-03-09 11:00', 'resolved', '2026-03-09 11:00');
INSERT INTO subscriptions VALUES ('eve', 's', '2026-01-01', '2026-03-09 11:00');
INSERT INTO tier_history (customer_id, valid_from, tier, rank, rule_id, spent, orders) VALUES ('eve', '2026-03-05 11:00', 'VIP', 1, 1, 1, 1);
SELECT FROM adjust_points('eve', 100, 'p', expires_at => '2026-03-13 11:00', posted_at => '2026-03-01 11:00');

-- What is claimed at noon stays wanted a minute later, if nothing happens; and is not another's, nor for ever.
CREATE FUNCTION pg_temp.as_of(at timestamptz) RETURNS void LANGUAGE sql AS $$
    SELECT FROM set_config('loyalcs.queued_' || 'followups'::regclass::oid::text, EXTRACT(epoch FROM at)::text, true)
$$;
BEGIN;
SELECT queue_followups('2026-03-10 12:00') AS queued;
SELECT c.step, hand_over_followup(c.followup_id, c.claim_key, '2026-03-10 12:01') AS goes,
       hand_over_followup(c.followup_id, c.claim_key, '2026-03-10 12:01') AS again,
       hand_over_followup(c.followup_id, c.followup_id || '.2', '2026-03-10 12:01') AS another_key,
       hand_over_followup(c.followup_id + 1000, c.claim_key, '2026-03-10 12:01') AS another_number,
       hand_over_followup(c.followup_id, c.claim_key, '2026-03-10 12:05') AS when_the_lease_is_over
  FROM claim_followups('email', 100, 'w', '5 minutes', '2026-03-10 12:00') c ORDER BY 1;
SELECT hand_over_followup(NULL, NULL, NULL) AS nothing;
-- Several at once are what each is by itself: the second key is another's, the last number nobody's, and one is asked of twice.
SELECT h.place, f.step, h.wanted
  FROM (SELECT array_agg(f.followup_id ORDER BY f.step) AS ids, array_agg(f.claim_key ORDER BY f.step) AS keys FROM followups f WHERE f.lease_until IS NOT NULL) c
 CROSS JOIN LATERAL hand_over_followups(c.ids || c.ids[1] || c.ids[3] || 0::bigint, c.keys[1:1] || c.keys[1:1] || c.keys[3:] || c.keys[1] || c.keys[1] || '0.1'::text, '2026-03-10 12:01') h
  LEFT JOIN followups f ON f.followup_id = (c.ids || c.ids[1] || c.ids[3])[h.place]
 ORDER BY h.place;
SELECT count(*) AS none, (SELECT array_agg(h.wanted) FROM hand_over_followups('{1,2}', '{x}', '2026-03-10 12:01') h) AS without_a_key FROM hand_over_followups('{}', '{}', '2026-03-10 12:01');
SELECT complete_followup(followup_id, 'sent', claim_key, NULL, '2026-03-10 12:02') AS reported, hand_over_followup(followup_id, claim_key, '2026-03-10 12:02') AS then_goes
  FROM followups WHERE step = 'ordered';
SELECT release_followup(followup_id, claim_key, '2026-03-10 12:02') AS given_back, hand_over_followup(followup_id, claim_key, '2026-03-10 12:02') AS then_goes
  FROM followups WHERE step = 'shipped';
-- What is dropped while somebody has it stays dropped, whatever came of that.
SELECT queue_followups('2026-03-10 12:00') AS queued, (SELECT count(*) FROM claim_followups('email', 100, 'w', '5 minutes', '2026-03-10 12:02')) AS claimed;
UPDATE followups SET finished_at = '2026-03-10 12:03', outcome = 'dropped', reason = 'stopped' WHERE step = 'shipped';
SELECT complete_followup(followup_id, 'failed', claim_key, 'smtp: 451', '2026-03-10 12:04') AS reported FROM followups WHERE step = 'shipped';
SELECT outcome, reason, finished_at, failures, detail FROM followups WHERE step = 'shipped';
ROLLBACK;

-- Two of the same instant that one worker has, by whatever way: one of them goes, asked together or one by one, in either order.
CREATE FUNCTION pg_temp.twice(OUT together text, OUT one_by_one text, OUT backwards text) LANGUAGE plpgsql AS $$
DECLARE
    way integer;
    word text;
BEGIN
    FOREACH way IN ARRAY '{1,2,3}'::integer[] LOOP
        BEGIN
            INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('old', 'B', '2026-03-05 11:00', 1), ('old', 'A', '2026-03-05 11:00', 1);
            -- (of which neither knew when they were claimed: the later one in the alphabet has the lower number)
            PERFORM queue_followups('2026-03-10 11:30');
            DELETE FROM followups WHERE step <> 'ordered' OR customer_id <> 'old';
            UPDATE followups SET followup_id = CASE subject WHEN 'B' THEN 1000 ELSE 1001 END;
            UPDATE followups SET attempts = 1, claim_key = followup_id || '.1', lease_until = '2026-03-10 13:00', worker = 'w', finished_at = NULL, outcome = NULL, reason = NULL;
            IF way = 1 THEN
                SELECT string_agg(h.place || ' ' || h.wanted, ', ' ORDER BY h.place) INTO word FROM hand_over_followups('{1000,1001}', '{1000.1,1001.1}', '2026-03-10 12:00') h;
            ELSIF way = 2 THEN
                word := '1 ' || hand_over_followup(1000, '1000.1', '2026-03-10 12:00') || ', 2 ' || hand_over_followup(1001, '1001.1', '2026-03-10 12:00');
            ELSE
                word := '2 ' || hand_over_followup(1001, '1001.1', '2026-03-10 12:00') || ', 1 ' || hand_over_followup(1000, '1000.1', '2026-03-10 12:00');
            END IF;
            RAISE EXCEPTION USING ERRCODE = 'LC000';
        EXCEPTION WHEN SQLSTATE 'LC000' THEN
            CASE way WHEN 1 THEN together := word; WHEN 2 THEN one_by_one := word; ELSE backwards := word; END CASE;
        END;
    END LOOP;
END $$;
SELECT * FROM pg_temp.twice();

-- Something happens: between queueing and claiming, and between claiming and handing over. What is not sent has its
-- reason, and what is put off or put back is claimed at the instant that is said, if it is not dropped.
CREATE FUNCTION pg_temp.meanwhile(only_step text, change text, OUT not_claimed text, OUT not_handed_over text, OUT at_view text) LANGUAGE plpgsql AS $$
DECLARE
    when_claimed constant timestamptz := '2026-03-10 12:00';
    ids bigint[];
    before boolean;
    word text;
BEGIN
    FOREACH before IN ARRAY '{true,false}'::boolean[] LOOP
        BEGIN
            PERFORM queue_followups(when_claimed);
            PERFORM pg_temp.as_of(when_claimed);
            IF before THEN EXECUTE change; END IF;
            ids := ARRAY(SELECT c.followup_id FROM claim_followups('email', 100, 'w', '5 minutes', when_claimed) c);
            IF NOT before THEN EXECUTE change; END IF;
            PERFORM hand_over_followup(f.followup_id, f.claim_key, when_claimed + interval '1 minute') FROM followups f WHERE f.followup_id = ANY (ids);
            SELECT string_agg(f.step || ': ' || coalesce(f.outcome, to_char(f.claimable_at, 'MM-DD HH24:MI')) || ', ' || coalesce(f.reason, '?'), '; ' ORDER BY f.step)
              INTO word
              FROM followups f
             WHERE f.customer_id || ' ' || f.step LIKE only_step AND (f.finished_at IS NOT NULL OR f.lease_until IS NULL);
            IF before THEN
                not_claimed := word;
                SELECT string_agg(d.step, '; ' ORDER BY d.step) INTO at_view FROM followups_due_at(when_claimed) d WHERE d.customer_id || ' ' || d.step LIKE only_step;
            ELSE
                not_handed_over := word;
            END IF;
            RAISE EXCEPTION USING ERRCODE = 'LC000';
        EXCEPTION WHEN SQLSTATE 'LC000' THEN NULL;
        END;
    END LOOP;
END $$;
SELECT v.what, r.not_claimed, CASE WHEN r.not_handed_over IS DISTINCT FROM r.not_claimed THEN r.not_handed_over ELSE 'the same' END AS not_handed_over, r.at_view AS still_due
  FROM (VALUES
    (1, 'nothing', '%', 'SELECT'),
    (2, 'the order is deleted', 'eve %', 'DELETE FROM orders WHERE customer_id = ''eve'''),
    (3, 'the order is cancelled', 'eve %', 'UPDATE orders SET cancelled_at = ''2026-03-10 10:00'' WHERE customer_id = ''eve'''),
    (4, 'it is not delivered after all', 'eve %', 'UPDATE orders SET delivered_at = NULL WHERE customer_id = ''eve'''),
    (5, 'it is not shipped after all', 'eve %', 'UPDATE orders SET delivered_at = NULL, shipped_at = NULL WHERE customer_id = ''eve'''),
    (6, 'it was delivered later', 'eve %', 'UPDATE orders SET delivered_at = ''2026-03-08 15:00'' WHERE customer_id = ''eve'''),
    (7, 'the order goes to somebody else', 'eve %', 'UPDATE orders SET customer_id = ''old'' WHERE customer_id = ''eve'''),
    (8, 'it comes back', 'eve %', 'INSERT INTO returns (customer_id, return_id, order_id, returned_at, refund) VALUES (''eve'', ''r'', ''E-1'', ''2026-03-10 10:00'', 1)'),
    (9, 'they order again', 'eve %', 'INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES (''eve'', ''E-2'', ''2026-03-10 11:30'', 1)'),
    (10, 'an earlier order is entered', 'eve %', 'INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES (''eve'', ''E-0'', ''2026-02-01 11:30'', 1)'),
    (11, 'the first order was not one', 'old %', 'UPDATE orders SET cancelled_at = ''2025-03-11'' WHERE customer_id = ''old'''),
    (12, 'the tier is lost', 'eve tier%', 'UPDATE tier_history SET valid_until = ''2026-03-10 10:00'''),
    (13, 'a higher tier is reached', 'eve tier%', 'UPDATE tier_history SET valid_until = ''2026-03-10 10:00'';
        INSERT INTO tier_history (customer_id, valid_from, tier, rank, rule_id, spent, orders) VALUES (''eve'', ''2026-03-10 10:00'', ''VIP'', 2, 1, 1, 1)'),
    (14, 'the ticket is opened again', 'eve ticket%', 'INSERT INTO ticket_events (customer_id, ticket_id, at, kind, recorded_at) VALUES (''eve'', ''t'', ''2026-03-10 10:00'', ''reopened'', ''2026-03-10 10:00'')'),
    (15, 'and resolved once more', 'eve ticket%', 'INSERT INTO ticket_events (customer_id, ticket_id, at, kind, recorded_at) VALUES (''eve'', ''t'', ''2026-03-10 10:00'', ''reopened'', ''2026-03-10 10:00''), (''eve'', ''t'', ''2026-03-10 11:00'', ''resolved'', ''2026-03-10 11:00'')'),
    (16, 'the birthday was another', 'eve birthday%', 'UPDATE customers SET birthday = ''1990-03-11'' WHERE customer_id = ''eve'''),
    (17, 'the birthday was in May', 'eve birthday%', 'UPDATE customers SET birthday = ''1990-05-11'' WHERE customer_id = ''eve'''),
    (18, 'there is no birthday', 'eve birthday%', 'UPDATE customers SET birthday = NULL WHERE customer_id = ''eve'''),
    (19, 'the points are spent', 'eve points%', 'SELECT redeem_points(''eve'', 100, ''r'', posted_at => ''2026-03-10 10:00'')'),
    (20, 'some points are spent', 'eve points%', 'SELECT redeem_points(''eve'', 99, ''r'', posted_at => ''2026-03-10 10:00'')'),
    (21, 'the points last longer', 'eve points%', 'SELECT extend_points(''eve'', 1, ''2026-06-01'', ''x'', posted_at => ''2026-03-10 10:00'')'),
    (22, 'the subscription is resumed', 'eve subs%', 'UPDATE subscriptions SET cancelled_at = NULL'),
    (23, 'they refuse', 'eve %', 'INSERT INTO consents VALUES (''eve'', ''email'', ''service'', ''2026-03-10 11:00'', false)'),
    (24, 'they complain', 'eve ordered', 'INSERT INTO ticket_events (customer_id, ticket_id, at, kind, recorded_at) VALUES (''eve'', ''c'', ''2026-03-10 11:00'', ''opened'', ''2026-03-10 11:00'')'),
    (25, 'the address changes', 'eve ordered', 'UPDATE customers SET email = ''new@example.com'''),
    (26, 'there is no address', 'eve ordered', 'UPDATE customers SET email = ''  '''),
    (27, 'it is too late', 'eve ordered', 'UPDATE followups SET too_late_at = ''2026-03-10 12:00'''),
    (28, 'the step ends', 'eve ordered', 'ALTER TABLE journey_steps DISABLE TRIGGER USER; UPDATE journey_steps SET valid = ''(,2026-03-10 12:00)'' WHERE step = ''ordered''')
  ) v (n, what, steps, change) CROSS JOIN LATERAL pg_temp.meanwhile(v.steps, v.change) r
 ORDER BY v.n;

-- The least amount, the tiers, how many orders and the segment that a step asks for are looked at again as well.
INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, min_amount, orders_to, tiers, segments, valid) VALUES
    ('after_sale', 'a_amount', 'ordered', '5 days', 'email', 'service', 'seasonal', 5000, NULL, NULL, NULL, '(,)'),
    ('after_sale', 'b_orders', 'ordered', '5 days', 'email', 'service', 'seasonal', NULL, 1, NULL, NULL, '(,)'),
    ('after_sale', 'c_tiers', 'ordered', '5 days', 'email', 'service', 'seasonal', NULL, NULL, '{VIP}', NULL, '(,)'),
    ('after_sale', 'd_segments', 'ordered', '5 days', 'email', 'service', 'seasonal', NULL, NULL, NULL,
     (SELECT ARRAY[segment] FROM rfm_at('2026-03-10 12:00') WHERE customer_id = 'eve'), '(,)');
SELECT v.what, r.not_claimed, CASE WHEN r.not_handed_over IS DISTINCT FROM r.not_claimed THEN r.not_handed_over ELSE 'the same' END AS not_handed_over, r.at_view AS still_due
  FROM (VALUES
    (1, 'nothing', 'SELECT'),
    (2, 'the amount is less', 'UPDATE orders SET amount = 4999 WHERE customer_id = ''eve'''),
    (3, 'they order again', 'INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES (''eve'', ''E-2'', ''2026-03-10 11:30'', 1)'),
    (4, 'the tier is lost', 'UPDATE tier_history SET valid_until = ''2026-03-10 10:00'''),
    (5, 'the segment is left', 'INSERT INTO rfm_cuts VALUES (''2026-03-10 10:00'', 9, ARRAY[''2026-03-09'', ''2026-03-09'', ''2026-03-09'', ''2026-03-09'']::timestamptz[], ''{5,5,5,5}'', ''{9000,9000,9000,9000}'')')
  ) v (n, what, change) CROSS JOIN LATERAL pg_temp.meanwhile('eve _\_%', v.change) r
 ORDER BY v.n;

-- Of warnings as well.
BEGIN;
DELETE FROM tickets WHERE ticket_id = 'c';
CREATE FUNCTION pg_temp.warned(change text, OUT goes text, OUT reasons text) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO agents (agent_id) VALUES ('ann'), ('ben');
    INSERT INTO tickets (customer_id, ticket_id, channel) VALUES ('eve', 'w', 'email');
    INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, recorded_at) VALUES
        ('eve', 'w', '2026-03-09 10:00', 'opened', NULL, '2026-03-09 10:00'), ('eve', 'w', '2026-03-09 10:01', 'assigned', 'ann', '2026-03-09 10:01');
    PERFORM FROM claim_sla_warnings(NULL, 100, 'w', '1 day', (SELECT s.due_at - interval '1 second' FROM sla_status_at('2026-03-09 10:02') s WHERE s.ticket_id = 'w' ORDER BY s.due_at LIMIT 1));
    EXECUTE change;
    SELECT string_agg(hand_over_sla_warning(w.warning_id, w.warning_id || '.1', w.queued_at + interval '100 milliseconds')::text, ' ' ORDER BY w.metric) INTO goes FROM sla_warnings w WHERE w.ticket_id = 'w';
    SELECT string_agg(w.metric || ' ' || w.state || ': ' || coalesce(w.outcome, CASE WHEN w.lease_until IS NULL THEN 'put back' ELSE 'claimed' END) || coalesce(', ' || w.reason, ''), '; ' ORDER BY w.metric) INTO reasons FROM sla_warnings w WHERE w.ticket_id = 'w';
    RAISE EXCEPTION USING ERRCODE = 'LC000';
EXCEPTION WHEN SQLSTATE 'LC000' THEN NULL;
END $$;
SELECT v.what, r.* FROM (VALUES
    (1, 'nothing', 'SELECT'),
    (2, 'it is answered', 'INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, recorded_at) SELECT ''eve'', ''w'', q, ''agent_reply'', ''ann'', q FROM (SELECT max(queued_at) FROM sla_warnings) m (q)'),
    (3, 'it is broken', 'UPDATE sla_warnings SET queued_at = queued_at + interval ''2 seconds'''),
    (4, 'it is resolved', 'INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, recorded_at) SELECT ''eve'', ''w'', q, ''resolved'', ''ann'', q FROM (SELECT max(queued_at) FROM sla_warnings) m (q)'),
    (5, 'somebody else has it', 'INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, recorded_at) SELECT ''eve'', ''w'', q, ''assigned'', ''ben'', q FROM (SELECT max(queued_at) FROM sla_warnings) m (q)'),
    (6, 'the lease is over', 'UPDATE sla_warnings SET lease_until = queued_at'),
    (7, 'another claimed it', 'UPDATE sla_warnings SET claim_key = ''x''')
  ) v (n, what, change) CROSS JOIN LATERAL pg_temp.warned(v.change) r ORDER BY v.n;
SELECT hand_over_sla_warning(NULL, NULL, NULL) AS nothing;
SELECT place, wanted FROM hand_over_sla_warnings('{1,2}', '{x,y}', now()) ORDER BY place;
ROLLBACK;
