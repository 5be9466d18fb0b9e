-- shop/points_settling.sql
--
-- An order's points are what they should be, both ways: one function brings them
-- there from what is true now, and a job does so for all orders that changed.
-- Needs: job_runs, customer_changes, orders, tiers, points_ledger, points_rules, points_lots,
-- points_posting, points_reversal.
--
-- What an order ought to have is found anew each time (points_for_order), and what
-- it has is read from the ledger: the difference is posted, under the lock of the
-- account. So it matters neither what changed nor in which order, nor how often
-- anybody asks. What somebody reversed by hand is a decision of theirs: it stays
-- reversed, and the order ought to have that much less.

--@ functions
-- What lapsed before it could be taken back is gone like any other point that lapses:
-- it is not earned again.
CREATE OR REPLACE FUNCTION order_points_due(customer @key_type@, order_id text)
RETURNS TABLE (
    ordered_at timestamptz,
    has_earned boolean,
    points_due bigint,
    points_held bigint,
    to_earn bigint,
    to_take_back bigint,
    to_come_back bigint,
    rule_id bigint,
    campaigns bigint[],
    why text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.ordered_at, e.earned > 0::numeric,
           w.due::bigint, w.held::bigint,
           greatest(0::numeric, w.due - w.held - e.lapsed)::bigint, greatest(0::numeric, w.held - w.due)::bigint, p.to_come_back,
           f.rule_id, f.campaigns,
           CASE WHEN w.due > w.held + e.lapsed THEN CASE WHEN e.earned > 0::numeric THEN 'it earns more than it did' ELSE 'it has not earned' END
                WHEN w.held > w.due AND o.cancelled_at IS NOT NULL THEN 'it is cancelled'
                WHEN w.held > w.due AND o.payment_state <> 'paid' THEN 'it is not paid for'
                WHEN w.held > w.due THEN 'it earns less than it did'
                WHEN p.to_come_back > 0 THEN 'points paid for it come back'
           END
      FROM orders o
      LEFT JOIN LATERAL points_for_order(o.customer_id, o.order_id) f ON true
     CROSS JOIN LATERAL (
               SELECT coalesce((SELECT r.point_value
                                  FROM points_rules r
                                 WHERE r.valid OPERATOR(pg_catalog.@>) o.ordered_at
                                   AND (r.tier IS NULL OR r.tier = customer_tier(o.customer_id, o.ordered_at))
                                   AND EXISTS (SELECT FROM point_postings p
                                                WHERE p.customer_id = o.customer_id AND p.order_id = o.order_id AND p.kind = 'redeem')
                                 ORDER BY r.tier IS NULL
                                 LIMIT 1), 1::numeric) AS point_value
                OFFSET 0
           ) v
     CROSS JOIN LATERAL order_points_paid(o.customer_id, o.order_id, v.point_value) p
     CROSS JOIN LATERAL (
               SELECT coalesce(sum(e.points), 0::numeric) AS earned,
                      coalesce(sum(r.taken), 0::numeric) AS taken,
                      coalesce(sum(r.lapsed), 0::numeric) AS lapsed,
                      coalesce(sum(r.by_hand), 0::numeric) AS by_hand
                 FROM point_postings e
                CROSS JOIN LATERAL (
                          SELECT sum(abs(r.points) + r.shortfall + r.lapsed) FILTER (WHERE r.follows_order) AS taken,
                                 sum(r.lapsed) FILTER (WHERE r.follows_order) AS lapsed,
                                 sum(abs(r.points) + r.shortfall + r.lapsed) FILTER (WHERE NOT r.follows_order) AS by_hand
                            FROM point_postings r
                           WHERE r.customer_id = e.customer_id AND r.reverses = e.posting_id
                      ) r
                WHERE e.customer_id = o.customer_id AND e.order_id = o.order_id AND e.kind = 'earn'
           ) e
     CROSS JOIN LATERAL (
               SELECT greatest(0::numeric, coalesce(f.points, 0)::numeric - e.by_hand) AS due,
                      e.earned - e.taken - e.by_hand AS held
                OFFSET 0
           ) w
     WHERE o.customer_id = order_points_due.customer AND o.order_id = order_points_due.order_id;
END;
COMMENT ON FUNCTION order_points_due(@key_type@, text) IS
    'what an order ought to have in points and what it has by the ledger, and so what is to be posted: points to earn, to take back, and of those that it was paid with, to come back';

-- The lot of what is earned later lasts as that of what was earned first, so that
-- no order's points last longer by an edit; but no lot lapses before the end of the
-- local day on which it can be used first.
CREATE OR REPLACE FUNCTION earn_for_order(
    customer @key_type@,
    order_id text,
    points bigint,
    rule_id bigint,
    campaigns bigint[],
    posted_at timestamptz
) RETURNS SETOF bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET enable_seqscan = off
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    key text := earn_for_order.order_id;
    account record;
    made record;
    owed record;
    lot bigint;
    part bigint;
    remaining bigint := earn_for_order.points;
BEGIN
    IF EXISTS (SELECT FROM point_postings p WHERE p.customer_id = customer AND p.kind = 'earn' AND p.posting_key = key) THEN
        key := pg_catalog.format('loyalcs:order %s, after posting %s', earn_for_order.order_id,
                                 (SELECT max(p.posting_id) FROM point_postings p
                                   WHERE p.customer_id = customer AND p.kind IN ('earn', 'reverse')));
    END IF;
    account := lock_points(customer, text 'earn', key, earn_for_order.points, earn_for_order.order_id, earn_for_order.posted_at);
    IF account.first_posting IS NOT NULL THEN
        RETURN NEXT account.first_posting;
        RETURN;
    END IF;
    SELECT p.available_at, p.pending, p.expires_after_idle,
           CASE WHEN p.expires_after_idle IS NULL THEN point_lot_expires_at(p.customer_id, p.posting_id) END AS expires_at
      INTO made
      FROM point_postings p
     WHERE p.customer_id = customer AND p.order_id = earn_for_order.order_id AND p.kind = 'earn'
     ORDER BY p.posting_id
     LIMIT 1;
    IF NOT FOUND THEN
        SELECT CASE r.pending_from WHEN 'earned' THEN points_usable_from(account.posted_at, r.pending, s.time_zone) END AS available_at,
               CASE r.pending_from WHEN 'delivered' THEN r.pending END AS pending,
               CASE r.expires_from WHEN 'last_activity' THEN r.expires_after END AS expires_after_idle,
               CASE r.expires_from WHEN 'earned' THEN points_last_until(account.posted_at, r.expires_after, s.time_zone) END AS expires_at
          INTO made
          FROM points_rules r
          JOIN settings s ON s.singleton
         WHERE r.rule_id = earn_for_order.rule_id;
    END IF;
    IF made.expires_at IS NOT NULL THEN
        made.expires_at := greatest(made.expires_at,
                                    (SELECT points_last_until(greatest(account.posted_at, u.usable_from), interval '0', s.time_zone)
                                       FROM settings s
                                      CROSS JOIN lot_usable_from(customer, earn_for_order.order_id, made.available_at, made.pending,
                                                                 earn_for_order.rule_id, timestamptz 'infinity') u
                                      WHERE s.singleton));
    END IF;

    INSERT INTO point_postings AS p
        (customer_id, kind, points, posted_at, available_at, pending, expires_at, expires_after_idle,
         order_id, posting_key, rule_id, campaigns)
    VALUES (customer, 'earn', earn_for_order.points, account.posted_at, made.available_at, made.pending,
            made.expires_at, made.expires_after_idle, earn_for_order.order_id, key, earn_for_order.rule_id, earn_for_order.campaigns)
    RETURNING p.posting_id INTO lot;
    INSERT INTO point_lots (customer_id, lot_id, remaining, expires_at, expires_after_idle, last_posting)
    SELECT p.customer_id, p.posting_id, p.points, point_lot_expires_at(p.customer_id, p.posting_id), p.expires_after_idle, p.posting_id
      FROM point_postings p
     WHERE p.customer_id = customer AND p.posting_id = lot;
    RETURN NEXT move_points(customer, lot, earn_for_order.points, account.posted_at, account.idle);

    -- What could not be taken back when the order had less is not given twice.
    FOR owed IN
        SELECT r.reverses, sum(r.shortfall)::bigint AS shortfall
          FROM point_postings p
          JOIN point_postings r ON r.customer_id = p.customer_id AND r.reverses = p.posting_id
         WHERE p.customer_id = customer AND p.order_id = earn_for_order.order_id AND p.kind = 'earn'
         GROUP BY r.reverses
        HAVING sum(r.shortfall) > 0::numeric
         ORDER BY r.reverses
    LOOP
        part := least(owed.shortfall, remaining);
        EXIT WHEN part = 0;
        RETURN NEXT make_up_for(customer, owed.reverses, part, lot, lot, account.posted_at);
        remaining := remaining - part;
    END LOOP;
END
$$;
COMMENT ON FUNCTION earn_for_order(@key_type@, text, bigint, bigint, bigint[], timestamptz) IS
    'posts points that an order earns, for the first time or once more, and what they make up for; gives the postings';

-- The account first: what the order has by the ledger is to be what others have left
-- of it. Points that come back come first, so that there is more to take from.
CREATE OR REPLACE FUNCTION settle_order_points(
    customer @key_type@,
    order_id text,
    posted_at timestamptz DEFAULT NULL,
    begins boolean DEFAULT true
) RETURNS SETOF bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET enable_seqscan = off
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    locked boolean;
    due record;
    posting record;
    part bigint;
BEGIN
    LOOP
        PERFORM FROM point_accounts a WHERE a.customer_id = customer FOR NO KEY UPDATE;
        locked := FOUND;
        SELECT d.has_earned, d.to_earn, d.to_take_back, d.to_come_back, d.rule_id, d.campaigns INTO due
          FROM order_points_due(customer, settle_order_points.order_id) d;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'customer % has no order %', coalesce(customer::text, 'NULL'), coalesce(settle_order_points.order_id, 'NULL')
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'order_exists';
        END IF;
        EXIT WHEN locked OR due.to_earn = 0;
        PERFORM open_account(customer);
    END LOOP;

    IF due.to_take_back > 0 OR due.to_come_back > 0 THEN
        FOR posting IN
            SELECT p.posting_id, p.kind, points_reversible(p.customer_id, p.posting_id) AS reversible
              FROM point_postings p
             WHERE p.customer_id = customer AND p.order_id = settle_order_points.order_id
               AND (p.kind = 'redeem' AND due.to_come_back > 0 OR p.kind = 'earn' AND due.to_take_back > 0)
             ORDER BY p.kind DESC, p.posting_id DESC
        LOOP
            part := least(posting.reversible, CASE posting.kind WHEN 'redeem' THEN due.to_come_back ELSE due.to_take_back END);
            CONTINUE WHEN part = 0;
            IF posting.kind = 'redeem' THEN
                due.to_come_back := due.to_come_back - part;
                RETURN NEXT give_points_back(customer, posting.posting_id, part,
                                             pg_catalog.format('loyalcs:posting %s, down to %s', posting.posting_id, posting.reversible - part),
                                             settle_order_points.posted_at);
            ELSE
                due.to_take_back := due.to_take_back - part;
                RETURN NEXT take_points_back(customer, posting.posting_id, part,
                                             pg_catalog.format('loyalcs:posting %s, down to %s', posting.posting_id, posting.reversible - part),
                                             settle_order_points.posted_at);
            END IF;
        END LOOP;
    END IF;
    IF due.to_earn > 0 AND (begins OR due.has_earned) THEN
        RETURN QUERY SELECT e FROM earn_for_order(customer, settle_order_points.order_id, due.to_earn, due.rule_id, due.campaigns,
                                                  settle_order_points.posted_at) e;
    END IF;
END
$$;
COMMENT ON FUNCTION settle_order_points(@key_type@, text, timestamptz, boolean) IS
    'brings an order''s points where they should be by what is true of it now (lines, refunds, cancellation, payment, edits), by the rule, tier and campaigns of when it was placed: posts the difference and gives the postings; called again, it posts nothing. begins: also if it has not earned yet. posted_at: when it is in the books, by default now';

CREATE OR REPLACE FUNCTION earn_points(customer @key_type@, order_id text, posted_at timestamptz DEFAULT NULL)
RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET enable_seqscan = off
AS $$
#variable_conflict use_column
BEGIN
    PERFORM settle_order_points(customer, earn_points.order_id, earn_points.posted_at);
    RETURN (SELECT max(p.posting_id)
              FROM point_postings p
             WHERE p.customer_id = customer AND p.order_id = earn_points.order_id AND p.kind = 'earn');
END
$$;
COMMENT ON FUNCTION earn_points(@key_type@, text, timestamptz) IS
    'brings an order''s points where they should be (see settle_order_points) and gives the posting by which it earned, the last one if it earned more later; NULL if it never earned anything. The same however often it is called. posted_at: when it is in the books, by default now';

CREATE OR REPLACE FUNCTION reverse_order_points(customer @key_type@, order_id text, posted_at timestamptz DEFAULT NULL)
RETURNS SETOF bigint
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT s FROM settle_order_points(customer, order_id, posted_at, false) s;
END;
COMMENT ON FUNCTION reverse_order_points(@key_type@, text, timestamptz) IS
    'posts what follows from an order''s refunds, cancellation or edits, if it has earned or was paid with points, and gives the postings (see settle_order_points). Called again, it does nothing until something else is true of it';

CREATE OR REPLACE FUNCTION points_unsettled_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    order_id text,
    ordered_at timestamptz,
    points_due bigint,
    points_held bigint,
    to_come_back bigint,
    why text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.customer_id, o.order_id, o.ordered_at, d.points_due, d.points_held, d.to_come_back, d.why
      FROM orders o
     CROSS JOIN LATERAL order_points_due(o.customer_id, o.order_id) d
     WHERE o.ordered_at <= points_unsettled_at.as_of
       AND (d.to_earn > 0 AND (d.has_earned OR o.ordered_at >= (SELECT s.points_since FROM settings s))
            OR d.to_take_back > 0 OR d.to_come_back > 0);
END;
COMMENT ON FUNCTION points_unsettled_at(timestamptz) IS
    'orders placed until then whose points are not what they ought to be by what is true now, and why; settle_points() posts the difference. Orders of before settings.points_since are among them only if they have earned';

-- One customer at a time, in their order, so that two sessions do not wait for each
-- other in a circle; and an order that cannot be settled is left to the next time.
CREATE OR REPLACE FUNCTION settle_points(
    at_most bigint DEFAULT NULL,
    posted_at timestamptz DEFAULT NULL,
    OUT customers bigint,
    OUT orders bigint,
    OUT points bigint,
    OUT failed bigint
)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    changed @key_type@[];
    unsettled record;
    moment timestamptz;
    message text;
    posted bigint[];
    noted constant boolean := customer_changes_are_noted('{orders,order_items,returns,return_items}'::text[]);
BEGIN
    IF settle_points.at_most < 1 OR NOT isfinite(settle_points.posted_at) THEN
        RAISE EXCEPTION 'points are settled for at least one customer, and at an instant'
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'limit_and_instant_are_usable',
                  DETAIL = pg_catalog.format('at_most is %s, posted_at is %s.', coalesce(settle_points.at_most::text, 'NULL'),
                                             coalesce(settle_points.posted_at::text, 'NULL'));
    END IF;
    customers := 0;
    orders := 0;
    points := 0;
    failed := 0;
    IF noted THEN
        changed := ARRAY(SELECT c FROM take_customer_changes('points', settle_points.at_most) c ORDER BY c);
    ELSE
        changed := ARRAY(SELECT u.customer_id FROM points_unsettled_at(timestamptz 'infinity') u
                          GROUP BY u.customer_id ORDER BY u.customer_id LIMIT settle_points.at_most);
    END IF;
    FOR unsettled IN
        SELECT u.customer_id, u.order_id
          FROM pg_catalog.unnest(changed) c (customer_id)
         CROSS JOIN LATERAL (
                   SELECT u.customer_id, u.order_id, u.ordered_at
                     FROM points_unsettled_at(timestamptz 'infinity') u
                    WHERE u.customer_id = c.customer_id
               ) u
         ORDER BY u.customer_id, u.ordered_at, u.order_id
    LOOP
        BEGIN
            SELECT greatest(settle_points.posted_at, a.last_posted_at) INTO moment
              FROM point_accounts a
             WHERE a.customer_id = unsettled.customer_id AND settle_points.posted_at IS NOT NULL;
            moment := coalesce(moment, settle_points.posted_at);
            posted := ARRAY(SELECT s FROM settle_order_points(unsettled.customer_id, unsettled.order_id, moment) s);
            points := points + (SELECT coalesce(sum(p.points), 0::numeric)::bigint
                                  FROM point_postings p
                                 WHERE p.customer_id = unsettled.customer_id AND p.posting_id = ANY (posted));
            orders := orders + CASE WHEN pg_catalog.cardinality(posted) > 0 THEN 1 ELSE 0 END;
        EXCEPTION
            WHEN serialization_failure OR deadlock_detected THEN
                RAISE;
            WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
                failed := failed + 1;
                IF noted THEN
                    INSERT INTO unread_changes (customer_id, reader) VALUES (unsettled.customer_id, 'points');
                END IF;
                RAISE WARNING 'points of order % of customer % could not be settled', unsettled.order_id, unsettled.customer_id
                    USING DETAIL = message;
        END;
    END LOOP;
    customers := pg_catalog.cardinality(changed);
    PERFORM note_job_run('settle_points');
END
$$;
COMMENT ON FUNCTION settle_points(bigint, timestamptz) IS
    'posts what is lacking for all orders whose points are not what they ought to be (see points_unsettled), of customers who changed since it ran last, at most so many (NULL: all); run it once a night or as often as you like. Gives how many customers were looked at, how many orders were posted for, by how many points, and how many failed: they are named in a warning, stop no other, and are tried again next time. Run twice, or by two sessions at once, it posts nothing twice';

-- Tiers of a past day change when rules do, or orders that were entered late.
CREATE OR REPLACE FUNCTION note_points_of_tiers() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF EXISTS (SELECT FROM customer_change_readers r WHERE r.reader = 'points' AND r.read_at IS NOT NULL) THEN
        IF TG_OP = 'DELETE' THEN
            INSERT INTO unread_changes (customer_id, reader) SELECT DISTINCT o.customer_id, 'points' FROM old_rows o;
        ELSE
            INSERT INTO unread_changes (customer_id, reader) SELECT DISTINCT n.customer_id, 'points' FROM new_rows n;
        END IF;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION note_points_of_tiers() IS
    'trigger of tier_history: settle_points() looks at the orders of whoever holds another tier, or held one';

--@ reference tier_history point_postings 0.2.0
CREATE OR REPLACE TRIGGER note_points_of_new
    AFTER INSERT ON tier_history REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_points_of_tiers();
CREATE OR REPLACE TRIGGER note_points_of_changed
    AFTER UPDATE ON tier_history REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_points_of_tiers();
CREATE OR REPLACE TRIGGER note_points_of_deleted
    AFTER DELETE ON tier_history REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_points_of_tiers();

--@ functions
-- An order that becomes another customer's, or has another number, takes its points
-- along: the ledger stays, so they are taken back there, and earned anew here. The
-- postings no longer name an order that is not there; moved_order does.
CREATE OR REPLACE FUNCTION take_points_of_moved_order() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    posting record;
BEGIN
    IF NOT EXISTS (SELECT FROM point_postings p WHERE p.customer_id = OLD.customer_id AND p.order_id = OLD.order_id)
       OR customer_is_moved(OLD.customer_id, NEW.customer_id) THEN
        RETURN NEW;
    END IF;
    PERFORM FROM point_accounts a WHERE a.customer_id = OLD.customer_id FOR NO KEY UPDATE;
    FOR posting IN
        SELECT p.posting_id, p.kind, p.points, points_reversible(p.customer_id, p.posting_id) AS reversible
          FROM point_postings p
         WHERE p.customer_id = OLD.customer_id AND p.order_id = OLD.order_id AND p.kind IN ('earn', 'redeem')
         ORDER BY p.kind DESC, p.posting_id DESC
    LOOP
        CONTINUE WHEN posting.reversible = 0;
        IF posting.kind = 'redeem' THEN
            RAISE EXCEPTION 'order % is paid for with points of customer %', OLD.order_id, OLD.customer_id
                USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'order_is_not_paid_with_points',
                      DETAIL = pg_catalog.format('Posting %s took %s points, of which %s have not come back.', posting.posting_id, -posting.points, posting.reversible),
                      HINT = pg_catalog.format('SELECT %I.reverse_points(%L, %s); gives them back. Move the order then, and have it paid anew.',
                                               TG_TABLE_SCHEMA, OLD.customer_id::text, posting.posting_id);
        END IF;
        PERFORM take_points_back(OLD.customer_id, posting.posting_id, posting.reversible,
                                 pg_catalog.format('loyalcs:posting %s, down to 0', posting.posting_id), NULL::timestamptz);
    END LOOP;
    UPDATE point_postings p
       SET order_id = NULL, moved_order = OLD.order_id
     WHERE p.customer_id = OLD.customer_id AND p.order_id = OLD.order_id;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION take_points_of_moved_order() IS
    'trigger of orders: takes back what an order earned that goes to another customer or gets another number; an error if it is paid for with points, which are not the other customer''s';

CREATE OR REPLACE FUNCTION earn_points_of_moved_order() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF EXISTS (SELECT FROM point_postings p
                WHERE p.customer_id = OLD.customer_id AND p.moved_order = OLD.order_id AND p.kind = 'earn')
       AND NOT customer_is_moved(OLD.customer_id, NEW.customer_id) THEN
        PERFORM settle_order_points(NEW.customer_id, NEW.order_id);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION earn_points_of_moved_order() IS
    'trigger of orders: an order that had earned before it was moved earns for whose it is now';

-- (The second after the foreign keys, whose triggers begin with a capital letter: the
-- lines have come along by then.)
--@ reference orders point_postings 0.2.0
CREATE OR REPLACE TRIGGER take_points_of_moved_order
    BEFORE UPDATE OF customer_id, order_id ON orders
    FOR EACH ROW WHEN ((OLD.customer_id, OLD.order_id) IS DISTINCT FROM (NEW.customer_id, NEW.order_id))
    EXECUTE FUNCTION take_points_of_moved_order();
CREATE OR REPLACE TRIGGER earn_points_of_moved_order
    AFTER UPDATE OF customer_id, order_id ON orders
    FOR EACH ROW WHEN ((OLD.customer_id, OLD.order_id) IS DISTINCT FROM (NEW.customer_id, NEW.order_id))
    EXECUTE FUNCTION earn_points_of_moved_order();
