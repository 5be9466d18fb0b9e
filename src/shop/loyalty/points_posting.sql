-- shop/points_posting.sql
--
-- What is posted: points that are earned, paid, given by hand, and that lapse.
-- Each of these functions has the account locked by lock_points(). It and the others
-- that are a step of a posting leave it to what calls them to SET enable_seqscan.
-- Needs: job_runs, settings, customers, orders, customer_changes, points_ledger, points_rules,
-- points_lots.

--@ functions
CREATE OR REPLACE FUNCTION expire_lapsed_points(of_customers @key_type@[], as_of timestamptz, OUT customers bigint, OUT points bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    -- one or everyone: the plans are not the same
    SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    WITH lapsed AS MATERIALIZED (
        SELECT l.customer_id, l.lot_id, l.remaining, greatest(l.expires_at, a.last_posted_at) AS at
          FROM pg_catalog.unnest(of_customers) o (customer_id)
          JOIN point_accounts a ON a.customer_id = o.customer_id
          JOIN point_lots l ON l.customer_id = o.customer_id
         WHERE l.is_open AND l.remaining > 0 AND l.expires_at <= as_of
    ), posted AS (
        INSERT INTO point_postings AS p (customer_id, kind, points, posted_at)
        SELECT l.customer_id, 'expire', -sum(l.remaining), l.at
          FROM lapsed l
         GROUP BY l.customer_id, l.at
         ORDER BY l.customer_id, l.at
        RETURNING p.customer_id, p.posting_id, p.posted_at
    ), allocated AS (
        INSERT INTO point_allocations AS a (customer_id, posting_id, lot_id, points)
        SELECT l.customer_id, p.posting_id, l.lot_id, l.remaining
          FROM lapsed l
          JOIN posted p ON p.customer_id = l.customer_id AND p.posted_at = l.at
        RETURNING a.customer_id, a.posting_id, a.lot_id, a.points
    ), emptied AS (
        UPDATE point_lots l
           SET remaining = l.remaining - d.points, last_posting = d.posting_id
          FROM allocated d
         WHERE l.customer_id = d.customer_id AND l.lot_id = d.lot_id
    ), charged AS (
        -- (made of what was allocated, because a lot and an account are moved last)
        UPDATE point_accounts a
           SET balance = a.balance::numeric - k.points, last_posted_at = k.at, last_posting = k.last_posting
          FROM (SELECT d.customer_id, sum(d.points) AS points, max(p.posted_at) AS at, max(p.posting_id) AS last_posting
                  FROM allocated d
                  JOIN posted p ON p.customer_id = d.customer_id AND p.posting_id = d.posting_id
                 GROUP BY d.customer_id) k
         WHERE a.customer_id = k.customer_id
        RETURNING k.points
    )
    SELECT count(*), coalesce(sum(c.points), 0) INTO customers, points
      FROM charged c;
END
$$;
COMMENT ON FUNCTION expire_lapsed_points(@key_type@[], timestamptz) IS
    'posts the expiry of whatever of these customers'' has lapsed, dated when it lapsed; whoever calls it has locked the accounts';

-- By the time that all are locked, others may have something that lapses too: it
-- is theirs who hold those accounts, and expires next time.
CREATE OR REPLACE FUNCTION expire_points(as_of timestamptz DEFAULT now(), OUT customers bigint, OUT points bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    locked @key_type@[] := ARRAY(SELECT a.customer_id
                                   FROM point_accounts a
                                  WHERE EXISTS (SELECT FROM point_lots l
                                                 WHERE l.customer_id = a.customer_id AND l.is_open AND l.remaining > 0
                                                   AND l.expires_at <= expire_points.as_of)
                                  ORDER BY a.customer_id
                                    FOR NO KEY UPDATE);
BEGIN
    SELECT e.customers, e.points INTO expire_points.customers, expire_points.points
      FROM expire_lapsed_points(locked, expire_points.as_of) e;
    PERFORM note_job_run('expire_points');
END
$$;
COMMENT ON FUNCTION expire_points(timestamptz) IS
    'posts the expiry of all points that have lapsed by an instant, dated when each lapsed; run it once a night. Gives the number of customers and of points. Lapsed points cannot be used even before it has run, so nothing depends on when it does; run twice, it does nothing the second time';

CREATE OR REPLACE FUNCTION refuse_used_key(customer @key_type@, posting bigint) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    p record;
BEGIN
    SELECT * INTO p FROM point_postings t WHERE t.customer_id = customer AND t.posting_id = posting;
    RAISE EXCEPTION 'customer % has another posting under the key %', customer, quote_literal(p.posting_key)
        USING ERRCODE = 'unique_violation', CONSTRAINT = 'key_is_for_this_request',
              DETAIL = pg_catalog.format('Posting %s is of %s points%s%s%s, posted at %s.', p.posting_id,
                              CASE p.kind WHEN 'reverse' THEN abs(p.points) + p.shortfall + p.lapsed ELSE p.points END,
                              coalesce(' for order ' || p.order_id, ''),
                              coalesce(', the reversal of posting ' || p.reverses::text, '') || coalesce(', for lot ' || p.extends::text, ''),
                              coalesce(', until ' || p.expires_at::text, ''),
                              p.posted_at),
              HINT = 'The same key posts the same thing once, however often it is sent; another thing needs another key.';
END
$$;
COMMENT ON FUNCTION refuse_used_key(@key_type@, bigint) IS
    'the error that another request under a used key is, with what was posted under it';

CREATE OR REPLACE FUNCTION open_account(customer @key_type@) RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM customers c WHERE c.customer_id = customer) THEN
        RAISE EXCEPTION 'there is no customer %', coalesce(customer::text, 'NULL')
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'customer_exists';
    END IF;
    INSERT INTO point_accounts (customer_id) VALUES (customer) ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION open_account(@key_type@) IS
    'makes an account of points for a customer, unless another session has';

CREATE OR REPLACE FUNCTION lock_points(
    customer @key_type@,
    kind text,
    posting_key text,
    points bigint,
    order_id text,
    INOUT posted_at timestamptz,
    OUT first_posting bigint,
    OUT balance bigint,
    OUT idle boolean,
    OUT lot bigint,
    OUT usable bigint
)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    -- (a plan for each customer costs more than all that it is for)
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    account record;
    present record;
    moment timestamptz;
BEGIN
    LOOP
        SELECT a.balance, a.last_posted_at INTO account
          FROM point_accounts a
         WHERE a.customer_id = customer
           FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        PERFORM open_account(customer);
    END LOOP;

    moment := coalesce(lock_points.posted_at, greatest(now(), account.last_posted_at));
    SELECT p.posting_id, p.points, p.order_id, p.posted_at
      INTO present
      FROM point_postings p
     WHERE p.customer_id = customer AND p.kind = lock_points.kind AND p.posting_key = lock_points.posting_key;
    IF FOUND THEN
        IF present.points <> lock_points.points OR present.order_id IS DISTINCT FROM lock_points.order_id
           OR present.posted_at <> lock_points.posted_at THEN
            PERFORM refuse_used_key(customer, present.posting_id);
        END IF;
        first_posting := present.posting_id;
        RETURN;
    END IF;

    IF moment < account.last_posted_at THEN
        RAISE EXCEPTION 'customer % has postings of later than %', customer, moment
            USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'posting_is_the_latest',
                  DETAIL = pg_catalog.format('The last is of %s.', account.last_posted_at),
                  HINT = 'The books are kept in order of time. Leave posted_at out to post now.';
    END IF;
    posted_at := moment;
    balance := account.balance;
    -- (of the open lots the first to lapse; and whether there are idle ones at all, since
    -- those that are used up are left as they are)
    SELECT l.lot_id, l.remaining, coalesce(l.expires_at <= moment, false) AS lapsed,
           (SELECT u.usable_from <= moment
              FROM point_postings p
             CROSS JOIN LATERAL lot_usable_from(p.customer_id, p.order_id, p.available_at, p.pending, p.rule_id, moment) u
             WHERE p.customer_id = customer AND p.posting_id = l.lot_id) AS usable,
           EXISTS (SELECT FROM point_postings p WHERE p.customer_id = customer AND p.expires_after_idle IS NOT NULL) AS idle
      INTO present
      FROM point_lots l
     WHERE l.customer_id = customer AND l.is_open AND l.remaining > 0
     ORDER BY l.expires_at, l.lot_id
     LIMIT 1;
    idle := coalesce(present.idle, false);
    IF present.lapsed THEN
        balance := balance - (SELECT e.points FROM expire_lapsed_points(ARRAY[customer], moment) e);
    ELSIF present.usable THEN
        lot := present.lot_id;
        usable := present.remaining;
    END IF;
END
$$;
COMMENT ON FUNCTION lock_points(@key_type@, text, text, bigint, text, timestamptz) IS
    'what every posting begins with: locks the account, or makes one; gives the first posting if the key was posted before; otherwise when to date the posting, the balance after what has lapsed by then, whether there are lots that lapse when nothing happens, and the lot that lapses first and how many points it has, if they can be used and it had not lapsed yet';

CREATE OR REPLACE FUNCTION move_points(customer @key_type@, posting bigint, points bigint, posted_at timestamptz, refresh_idle boolean)
RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE point_accounts a
       SET balance = a.balance + move_points.points,
           last_posted_at = move_points.posted_at,
           last_posting = posting
     WHERE a.customer_id = customer;
    IF refresh_idle THEN
        UPDATE point_lots l
           SET expires_at = point_lot_expires_at(l.customer_id, l.lot_id)
         WHERE l.customer_id = customer AND l.is_open AND l.remaining > 0 AND l.expires_after_idle IS NOT NULL;
    END IF;
    RETURN posting;
END
$$;
COMMENT ON FUNCTION move_points(@key_type@, bigint, bigint, timestamptz, boolean) IS
    'what every posting ends with: the account''s balance and last posting, and longer life for points that lapse when nothing happens; gives the posting';

-- Lot by lot, because the first one or two mostly do: then neither an account's
-- other lots nor its history are read. (A lot that is used up is no longer open, so
-- what comes first is the next one. Postings are in order of time, so lots of the same
-- expiry go by their numbers.)
CREATE OR REPLACE FUNCTION take_points(
    customer @key_type@,
    posting bigint,
    points bigint,
    own_lot bigint,
    as_of timestamptz
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    lot record;
    taken bigint := 0;
    part bigint;
BEGIN
    WHILE taken < take_points.points LOOP
        IF own_lot IS NULL THEN
            SELECT l.lot_id, l.remaining INTO lot
              FROM point_lots l
             WHERE l.customer_id = customer AND l.is_open AND l.remaining > 0
               AND (SELECT u.usable_from <= as_of
                      FROM point_postings p
                     CROSS JOIN LATERAL lot_usable_from(p.customer_id, p.order_id, p.available_at, p.pending, p.rule_id, as_of) u
                     WHERE p.customer_id = customer AND p.posting_id = l.lot_id)
             ORDER BY l.expires_at, l.lot_id
             LIMIT 1;
        ELSE
            SELECT l.lot_id, l.remaining INTO lot
              FROM point_lots l
             WHERE l.customer_id = customer AND l.is_open AND l.remaining > 0
             ORDER BY l.lot_id <> own_lot, l.expires_at, l.lot_id
             LIMIT 1;
        END IF;
        EXIT WHEN NOT FOUND;
        part := least(lot.remaining, take_points.points - taken);
        INSERT INTO point_allocations (customer_id, posting_id, lot_id, points)
        VALUES (customer, posting, lot.lot_id, part);
        UPDATE point_lots l
           SET remaining = l.remaining - part, last_posting = posting
         WHERE l.customer_id = customer AND l.lot_id = lot.lot_id;
        taken := taken + part;
    END LOOP;
    RETURN taken;
END
$$;
COMMENT ON FUNCTION take_points(@key_type@, bigint, bigint, bigint, timestamptz) IS
    'takes points for a posting from the lots that can be used, soonest expiring first; with own_lot from that lot first and from all others, pending ones too; gives how many there were';

CREATE OR REPLACE FUNCTION refuse_points(points bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    RAISE EXCEPTION '% is no number of points', coalesce(points::text, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'points_are_a_number_of_points',
              HINT = 'Points are a whole number, from one up to a trillion.';
END
$$;
COMMENT ON FUNCTION refuse_points(bigint) IS 'the error that a number is which is none of points';

CREATE OR REPLACE FUNCTION check_points(points bigint) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN points > 0 AND points <= 1000000000000 THEN points ELSE refuse_points(points) END;
COMMENT ON FUNCTION check_points(bigint) IS 'a number of points, or an error';

CREATE OR REPLACE FUNCTION refuse_posting_key(key text, hint text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF starts_with(key, text 'loyalcs:') THEN
        RAISE EXCEPTION 'key % is one of the shop''s own', quote_literal(key)
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'key_is_not_the_shops_own',
                  HINT = 'Keys that begin with loyalcs: are of postings that follow from others; name yours in another way.';
    END IF;
    RAISE EXCEPTION 'a posting needs a key'
        USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'key_is_given',
              DETAIL = 'The same key posts once, however often it is sent.',
              HINT = refuse_posting_key.hint;
END
$$;
COMMENT ON FUNCTION refuse_posting_key(text, text) IS
    'the error that a key is which is none: NULL, empty, or one of the shop''s own';

CREATE OR REPLACE FUNCTION check_posting_key(key text, hint text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN key <> '' AND NOT starts_with(key, text 'loyalcs:') THEN key ELSE refuse_posting_key(key, hint) END;
COMMENT ON FUNCTION check_posting_key(text, text) IS
    'the key of a posting, or an error if it is NULL or empty, or begins as those of postings do that follow from others';

-- What is paid with points may earn less.
CREATE OR REPLACE FUNCTION note_paid_order(customer @key_type@) RETURNS void
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    INSERT INTO unread_changes (customer_id, reader)
    SELECT note_paid_order.customer, r.reader
      FROM customer_change_readers r
     WHERE r.reader = 'points' AND r.read_at IS NOT NULL
       AND EXISTS (SELECT FROM points_rules p WHERE NOT p.paid_points_earn);
END;
COMMENT ON FUNCTION note_paid_order(@key_type@) IS
    'settle_points() looks at the orders of a customer who paid one with points, or got them back, if there is a rule to which that matters';

CREATE OR REPLACE FUNCTION pay_points(
    customer @key_type@,
    kind text,
    points bigint,
    key text,
    order_id text,
    note text,
    posted_at timestamptz
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    account record;
    posting bigint;
    taken bigint;
BEGIN
    account := lock_points(customer, pay_points.kind, key, -pay_points.points, pay_points.order_id, pay_points.posted_at);
    IF account.first_posting IS NOT NULL THEN
        RETURN account.first_posting;
    END IF;
    INSERT INTO point_postings AS p (customer_id, kind, points, posted_at, order_id, posting_key, note)
    VALUES (customer, pay_points.kind, -pay_points.points, account.posted_at, pay_points.order_id, key, pay_points.note)
    RETURNING p.posting_id INTO posting;
    -- (from the lot that is known already, if it has enough: as take_points() does)
    IF account.usable >= pay_points.points THEN
        INSERT INTO point_allocations (customer_id, posting_id, lot_id, points)
        VALUES (customer, posting, account.lot, pay_points.points);
        UPDATE point_lots l
           SET remaining = l.remaining - pay_points.points, last_posting = posting
         WHERE l.customer_id = customer AND l.lot_id = account.lot;
        taken := pay_points.points;
    ELSE
        taken := take_points(customer, posting, pay_points.points, NULL::bigint, account.posted_at);
    END IF;
    IF taken < pay_points.points THEN
        RAISE EXCEPTION 'customer % has % points and cannot pay %', customer, taken, pay_points.points
            USING ERRCODE = 'check_violation', CONSTRAINT = 'points_suffice',
                  DETAIL = pg_catalog.format('%s more are pending, as of %s.', account.balance - taken, account.posted_at);
    END IF;
    IF pay_points.order_id IS NOT NULL THEN
        PERFORM note_paid_order(customer);
    END IF;
    IF account.idle AND pay_points.kind = 'redeem' THEN
        RETURN move_points(customer, posting, -pay_points.points, account.posted_at, true);
    END IF;
    -- (as move_points() does, without what a call of it takes)
    UPDATE point_accounts a
       SET balance = a.balance - pay_points.points, last_posted_at = account.posted_at, last_posting = posting
     WHERE a.customer_id = customer;
    RETURN posting;
END
$$;
COMMENT ON FUNCTION pay_points(@key_type@, text, bigint, text, text, text, timestamptz) IS
    'posts points that go, out of those that can be used; an error if there are too few';

CREATE OR REPLACE FUNCTION redeem_points(
    customer @key_type@,
    points bigint,
    key text,
    order_id text DEFAULT NULL,
    posted_at timestamptz DEFAULT NULL
) RETURNS bigint
    LANGUAGE sql VOLATILE
RETURN pay_points(
    customer, 'redeem', check_points(points),
    check_posting_key(key, 'Give the checkout''s own number, such as redeem_points(customer, 500, ''checkout 4711'').'),
    order_id, NULL, posted_at);
COMMENT ON FUNCTION redeem_points(@key_type@, bigint, text, text, timestamptz) IS
    'posts that a customer pays with points, from the lots that lapse first, and gives the posting; an error if fewer can be used. key: whatever names this payment; sent again, it gives the first posting. order_id: the order paid for, so that its cancellation gives the points back';

CREATE OR REPLACE FUNCTION adjust_points(
    customer @key_type@,
    points bigint,
    key text,
    note text DEFAULT NULL,
    expires_at timestamptz DEFAULT NULL,
    posted_at timestamptz DEFAULT NULL
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    hint constant text := 'Name the reason, such as adjust_points(customer, 500, ''sorry for the delay of A-17'').';
    account record;
    lot bigint;
BEGIN
    PERFORM check_points(abs(adjust_points.points)), check_posting_key(key, hint);
    IF adjust_points.points < 0 THEN
        IF adjust_points.expires_at IS NOT NULL THEN
            RAISE EXCEPTION 'points that go do not expire'
                USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'points_that_go_do_not_expire',
                      DETAIL = pg_catalog.format('expires_at is %s, and points are %s.', adjust_points.expires_at, adjust_points.points);
        END IF;
        RETURN pay_points(customer, 'adjust', -adjust_points.points, key, NULL, adjust_points.note, adjust_points.posted_at);
    END IF;
    account := lock_points(customer, text 'adjust', key, adjust_points.points, NULL::text, adjust_points.posted_at);
    IF account.first_posting IS NOT NULL THEN
        IF adjust_points.expires_at IS DISTINCT FROM (SELECT p.expires_at FROM point_postings p
                                                       WHERE p.customer_id = customer AND p.posting_id = account.first_posting) THEN
            PERFORM refuse_used_key(customer, account.first_posting);
        END IF;
        RETURN account.first_posting;
    END IF;
    IF adjust_points.expires_at <= account.posted_at THEN
        RAISE EXCEPTION 'points of % cannot lapse on %', account.posted_at, adjust_points.expires_at
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'points_lapse_later_than_they_come',
                  HINT = 'Leave expires_at out for points that never lapse.';
    END IF;
    INSERT INTO point_postings AS p
        (customer_id, kind, points, posted_at, available_at, expires_at, posting_key, note)
    VALUES (customer, 'adjust', adjust_points.points, account.posted_at, account.posted_at,
            adjust_points.expires_at, key, adjust_points.note)
    RETURNING p.posting_id INTO lot;
    INSERT INTO point_lots (customer_id, lot_id, remaining, expires_at, last_posting)
    VALUES (customer, lot, adjust_points.points, adjust_points.expires_at, lot);
    RETURN move_points(customer, lot, adjust_points.points, account.posted_at, false);
END
$$;
COMMENT ON FUNCTION adjust_points(@key_type@, bigint, text, text, timestamptz, timestamptz) IS
    'posts points by hand, and gives the posting: positive ones are a new lot, to be used at once, which lapses at expires_at (NULL: never); negative ones are taken as by redeem_points. key: as there';

-- Nothing moves: the posting says until when the lot lasts from then on.
CREATE OR REPLACE FUNCTION extend_points(
    customer @key_type@,
    lot bigint,
    until timestamptz,
    key text,
    note text DEFAULT NULL,
    posted_at timestamptz DEFAULT NULL
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    hint constant text := 'Name the reason, such as extend_points(customer, 4711, ''2027-12-31'', ''system was down'').';
    account record;
    present record;
    posting bigint;
BEGIN
    PERFORM check_posting_key(key, hint);
    account := lock_points(customer, text 'extend', key, 0::bigint, NULL::text, extend_points.posted_at);
    IF account.first_posting IS NOT NULL THEN
        IF NOT EXISTS (SELECT FROM point_postings p
                        WHERE p.customer_id = customer AND p.posting_id = account.first_posting
                          AND p.extends = lot AND p.expires_at IS NOT DISTINCT FROM until) THEN
            PERFORM refuse_used_key(customer, account.first_posting);
        END IF;
        RETURN account.first_posting;
    END IF;
    SELECT l.expires_after_idle, point_lot_expires_at(l.customer_id, l.lot_id) AS expires_at INTO present
      FROM point_lots l
     WHERE l.customer_id = customer AND l.lot_id = lot;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'customer % has no lot %', customer, coalesce(lot::text, 'NULL')
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'lot_exists',
                  HINT = 'A lot is a posting that brought points; open_point_lots_at() lists those of which something is left.';
    ELSIF present.expires_after_idle IS NOT NULL THEN
        RAISE EXCEPTION 'lot % of customer % cannot be extended', lot, customer
            USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'lot_can_be_extended',
                  DETAIL = pg_catalog.format('It lasts for %s after whatever the customer earns or redeems last.', present.expires_after_idle),
                  HINT = 'Give other points with adjust_points.';
    ELSIF present.expires_at <= account.posted_at THEN
        RAISE EXCEPTION 'lot % of customer % has lapsed', lot, customer
            USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'lot_has_not_lapsed',
                  DETAIL = pg_catalog.format('It did on %s.', present.expires_at),
                  HINT = 'Give other points with adjust_points.';
    ELSIF present.expires_at IS NULL OR until <= present.expires_at THEN
        RAISE EXCEPTION 'lot % of customer % lasts longer already', lot, customer
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'lot_lasts_longer_than_before',
                  DETAIL = pg_catalog.format('It lapses on %s, and was to be extended until %s.', coalesce(present.expires_at::text, 'no day'), coalesce(until::text, 'for ever'));
    END IF;
    INSERT INTO point_postings AS p (customer_id, kind, points, posted_at, extends, expires_at, posting_key, note)
    VALUES (customer, 'extend', 0, account.posted_at, lot, until, key, extend_points.note)
    RETURNING p.posting_id INTO posting;
    UPDATE point_lots l
       SET expires_at = until
     WHERE l.customer_id = customer AND l.lot_id = lot;
    RETURN move_points(customer, posting, 0::bigint, account.posted_at, false);
END
$$;
COMMENT ON FUNCTION extend_points(@key_type@, bigint, timestamptz, text, text, timestamptz) IS
    'posts that what is left of a lot lasts longer, until an instant (NULL: for ever), and gives the posting, which is of kind extend and moves no points; as of earlier instants the lot lapses when it did. An error for lots that have lapsed, that last longer already, or that lapse after so much time without activity. key: as of redeem_points';

-- (VOLATILE, so that it sees what was posted by the function that it is given the number of.)
CREATE OR REPLACE FUNCTION points_posted(customer @key_type@, posting bigint)
RETURNS TABLE (
    posting_id bigint,
    kind text,
    points bigint,
    available bigint,
    pending bigint
)
    LANGUAGE plpgsql ROWS 1
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT p.posting_id, p.kind, coalesce(p.points, 0), b.available, b.pending
      FROM (SELECT) o
      LEFT JOIN point_postings p ON p.customer_id = points_posted.customer AND p.posting_id = points_posted.posting
     CROSS JOIN LATERAL points_balance(points_posted.customer, coalesce(p.posted_at, now())) b;
END
$$;
COMMENT ON FUNCTION points_posted(@key_type@, bigint) IS
    'what a posting came to: points_posted(customer, redeem_points(customer, 500, key)) gives the posting, its points (negative if they go) and what the customer has then, as points_balance() says it; one row, of 0 points and of now if the posting is NULL, as that of an order which earns nothing is';
