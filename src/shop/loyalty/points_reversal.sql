-- shop/points_reversal.sql
--
-- What takes a posting back: a reversal.
-- Needs: points_ledger, points_posting.

--@ functions
CREATE OR REPLACE FUNCTION points_reversible(customer @key_type@, posting bigint) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT (abs(p.points)::numeric - coalesce((SELECT sum(abs(r.points) + r.shortfall + r.lapsed)
                                        FROM point_postings r
                                       WHERE r.customer_id = p.customer_id AND r.reverses = p.posting_id), 0))::bigint
      FROM point_postings p
     WHERE p.customer_id = points_reversible.customer AND p.posting_id = points_reversible.posting
       AND p.kind IN ('earn', 'redeem', 'adjust');
END;
COMMENT ON FUNCTION points_reversible(@key_type@, bigint) IS
    'how many points of a posting have not been reversed yet; NULL if it is none that can be';

CREATE OR REPLACE FUNCTION check_reversible(customer @key_type@, posting bigint, points bigint) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    reversible bigint := points_reversible(customer, posting);
BEGIN
    IF points > reversible THEN
        RAISE EXCEPTION 'posting % of customer % has % points left to reverse, not %', posting, customer, reversible, points
            USING ERRCODE = 'check_violation', CONSTRAINT = 'points_left_to_reverse_suffice';
    END IF;
END
$$;
COMMENT ON FUNCTION check_reversible(@key_type@, bigint, bigint) IS
    'an error if more points of a posting are to be reversed than are left of it';

-- A key is of one reversal: of so many points of one posting.
CREATE OR REPLACE FUNCTION check_same_reversal(customer @key_type@, reversal bigint, reversed bigint, points bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
BEGIN
    IF NOT EXISTS (SELECT FROM point_postings p
                    WHERE p.customer_id = customer AND p.posting_id = reversal AND p.reverses = reversed
                      AND abs(p.points) + p.shortfall + p.lapsed = check_same_reversal.points) THEN
        PERFORM refuse_used_key(customer, reversal);
    END IF;
    RETURN reversal;
END
$$;
COMMENT ON FUNCTION check_same_reversal(@key_type@, bigint, bigint, bigint) IS
    'the posting that was posted under a key, or an error if it is not of what is to be reversed now';

CREATE OR REPLACE FUNCTION make_up_for(
    customer @key_type@,
    short bigint,
    points bigint,
    by_posting bigint,
    lot bigint,
    posted_at timestamptz
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    posting bigint;
BEGIN
    INSERT INTO point_postings AS p (customer_id, kind, points, shortfall, posted_at, reverses, posting_key)
    VALUES (customer, 'reverse', -make_up_for.points, -make_up_for.points, make_up_for.posted_at, short,
            pg_catalog.format('loyalcs:posting %s, made up for by posting %s', short, by_posting))
    RETURNING p.posting_id INTO posting;
    PERFORM take_points(customer, posting, make_up_for.points, lot, make_up_for.posted_at);
    RETURN move_points(customer, posting, -make_up_for.points, make_up_for.posted_at, false);
END
$$;
COMMENT ON FUNCTION make_up_for(@key_type@, bigint, bigint, bigint, bigint, timestamptz) IS
    'posts that points which another posting brought make up for what could not be taken back of a posting (short), from that lot first';

-- Of a lot that lapsed meanwhile, what is given back lapses at once; and of one
-- that should have been taken back and was spent, it is taken back now.
CREATE OR REPLACE FUNCTION give_points_back(
    customer @key_type@,
    reversed bigint,
    points bigint,
    key text,
    posted_at timestamptz
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    account record;
    owed record;
    posting bigint;
BEGIN
    account := lock_points(customer, text 'reverse', key, NULL::bigint, NULL::text, give_points_back.posted_at);
    IF account.first_posting IS NOT NULL THEN
        RETURN check_same_reversal(customer, account.first_posting, reversed, give_points_back.points);
    END IF;
    PERFORM check_reversible(customer, reversed, points);
    INSERT INTO point_postings AS p (customer_id, kind, points, posted_at, reverses, posting_key)
    VALUES (customer, 'reverse', give_points_back.points, account.posted_at, reversed, key)
    RETURNING p.posting_id INTO posting;
    WITH taken AS (
        SELECT a.lot_id, sum(a.points)::bigint AS points
          FROM (SELECT reversed AS posting_id
                UNION ALL
                SELECT p.posting_id
                  FROM point_postings p
                 WHERE p.customer_id = customer AND p.reverses = reversed) p
         -- (OFFSET 0, so that those of a posting are found by its key, and not among all)
         CROSS JOIN LATERAL (
                   SELECT a.lot_id, a.points
                     FROM point_allocations a
                    WHERE a.customer_id = customer AND a.posting_id = p.posting_id
                   OFFSET 0
               ) a
         GROUP BY a.lot_id
        HAVING sum(a.points) > 0::numeric
    ), ordered AS (
        SELECT t.lot_id, t.points,
               coalesce(sum(t.points) OVER (ORDER BY l.expires_at DESC NULLS FIRST, t.lot_id DESC
                                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
          FROM taken t
          JOIN point_lots l ON l.customer_id = customer AND l.lot_id = t.lot_id
    ), given AS (
        SELECT o.lot_id, least(o.points, give_points_back.points::numeric - o.before)::bigint AS points
          FROM ordered o
         WHERE o.before < give_points_back.points::numeric
    ), allocated AS (
        INSERT INTO point_allocations AS a (customer_id, posting_id, lot_id, points)
        SELECT customer, posting, g.lot_id, -g.points
          FROM given g
        RETURNING a.lot_id, a.points
    )
    -- (made of what was allocated, because a lot is moved last)
    UPDATE point_lots l
       SET remaining = l.remaining - a.points,
           expires_at = point_lot_expires_at(l.customer_id, l.lot_id),
           last_posting = posting
      FROM allocated a
     WHERE l.customer_id = customer AND l.lot_id = a.lot_id;
    PERFORM move_points(customer, posting, give_points_back.points, account.posted_at, false);
    PERFORM note_paid_order(customer)
       FROM point_postings p
      WHERE p.customer_id = customer AND p.posting_id = reversed AND p.order_id IS NOT NULL;
    FOR owed IN
        SELECT a.lot_id, least(-a.points, o.shortfall)::bigint AS points
          FROM point_allocations a
         CROSS JOIN LATERAL (
                   SELECT sum(p.shortfall) AS shortfall
                     FROM point_postings p
                    WHERE p.customer_id = a.customer_id AND p.reverses = a.lot_id
               ) o
         WHERE a.customer_id = customer AND a.posting_id = posting AND o.shortfall > 0::numeric
         ORDER BY a.lot_id
    LOOP
        PERFORM make_up_for(customer, owed.lot_id, owed.points, posting, owed.lot_id, account.posted_at);
    END LOOP;
    PERFORM FROM point_lots l WHERE l.customer_id = customer AND l.is_open AND l.remaining > 0 AND l.expires_at <= account.posted_at LIMIT 1;
    IF FOUND THEN
        PERFORM expire_lapsed_points(ARRAY[customer], account.posted_at);
    END IF;
    RETURN posting;
END
$$;
COMMENT ON FUNCTION give_points_back(@key_type@, bigint, bigint, text, timestamptz) IS
    'posts that points which were paid come back, to the lots that they were taken from, the last to lapse first';

-- Never below zero: what is no longer there is written down as the shortfall; and
-- what has lapsed is lost already, and is not taken from other lots.
CREATE OR REPLACE FUNCTION take_points_back(
    customer @key_type@,
    reversed bigint,
    points bigint,
    key text,
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
    lapsed bigint;
    taken bigint;
    lot_order text := (SELECT p.order_id FROM point_postings p WHERE p.customer_id = customer AND p.posting_id = reversed);
BEGIN
    account := lock_points(customer, text 'reverse', key, NULL::bigint, lot_order, take_points_back.posted_at);
    IF account.first_posting IS NOT NULL THEN
        RETURN check_same_reversal(customer, account.first_posting, reversed, take_points_back.points);
    END IF;
    PERFORM check_reversible(customer, reversed, points);
    SELECT greatest(0, least(take_points_back.points - l.remaining, e.points - r.lapsed)) INTO lapsed
      FROM point_lots l
     CROSS JOIN LATERAL (
               SELECT coalesce(sum(a.points), 0) AS points
                 FROM point_allocations a
                 JOIN point_postings p ON p.customer_id = a.customer_id AND p.posting_id = a.posting_id
                WHERE a.customer_id = customer AND a.lot_id = reversed AND p.kind = 'expire'
           ) e
     CROSS JOIN LATERAL (
               SELECT coalesce(sum(p.lapsed), 0) AS lapsed
                 FROM point_postings p
                WHERE p.customer_id = customer AND p.reverses = reversed
           ) r
     WHERE l.customer_id = customer AND l.lot_id = reversed;
    taken := least(points - lapsed, account.balance);
    INSERT INTO point_postings AS p (customer_id, kind, points, shortfall, lapsed, posted_at, order_id, reverses, posting_key)
    VALUES (customer, 'reverse', -taken, take_points_back.points - lapsed - taken, lapsed, account.posted_at, lot_order, reversed, key)
    RETURNING p.posting_id INTO posting;
    PERFORM take_points(customer, posting, taken, reversed, account.posted_at);
    RETURN move_points(customer, posting, -taken, account.posted_at, false);
END
$$;
COMMENT ON FUNCTION take_points_back(@key_type@, bigint, bigint, text, timestamptz) IS
    'posts that points which were given are taken back: from their own lot, then from the others, soonest expiring first. What of that lot has lapsed is the posting''s lapsed, what is not there any more its shortfall';

CREATE OR REPLACE FUNCTION reverse_points(
    customer @key_type@,
    posting bigint,
    points bigint DEFAULT NULL,
    key text DEFAULT NULL,
    posted_at timestamptz DEFAULT NULL
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    present record;
    amount bigint;
BEGIN
    SELECT p.kind, p.points INTO present
      FROM point_postings p
     WHERE p.customer_id = customer AND p.posting_id = posting;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'customer % has no posting %', coalesce(customer::text, 'NULL'), coalesce(posting::text, 'NULL')
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'posting_exists';
    ELSIF present.kind NOT IN ('earn', 'redeem', 'adjust') THEN
        RAISE EXCEPTION 'posting % of customer % cannot be reversed', posting, customer
            USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'posting_can_be_reversed',
                  DETAIL = pg_catalog.format('It is of kind %s.', present.kind),
                  HINT = 'Correct it with adjust_points.';
    END IF;
    -- The account first: what is left to reverse is to be what others have left.
    PERFORM FROM point_accounts a WHERE a.customer_id = customer FOR NO KEY UPDATE;
    IF reverse_points.points IS NULL THEN
        amount := points_reversible(customer, posting);
        IF key IS NOT NULL THEN
            PERFORM check_posting_key(key, text 'Leave the key out: without points, all that is left of the posting is reversed.');
            -- (where this key has reversed all that was left, nothing is left)
            PERFORM refuse_used_key(customer, p.posting_id)
               FROM point_postings p
              WHERE p.customer_id = customer AND p.kind = 'reverse' AND p.posting_key = key
                AND (p.reverses <> posting OR amount > 0);
        END IF;
        IF amount = 0 THEN
            -- (what made up for its shortfall came of another's reversal)
            RETURN (SELECT max(p.posting_id) FROM point_postings p
                     WHERE p.customer_id = customer AND p.reverses = posting AND p.shortfall >= 0);
        END IF;
        key := coalesce(key, 'loyalcs:posting ' || posting::text);
    ELSE
        amount := check_points(reverse_points.points);
        PERFORM check_posting_key(key, 'Without points, all that is left of the posting is reversed, and no key is needed.');
    END IF;
    IF present.points > 0 THEN
        RETURN take_points_back(customer, posting, amount, key, reverse_points.posted_at);
    END IF;
    RETURN give_points_back(customer, posting, amount, key, reverse_points.posted_at);
END
$$;
COMMENT ON FUNCTION reverse_points(@key_type@, bigint, bigint, text, timestamptz) IS
    'posts the reversal of a posting of kind earn, redeem or adjust, and gives it: points that were paid go back to the lots that they came from, with those lots'' expiry; points that were given are taken back, from other lots too, but never below zero (see shortfall). points: how many, with a key; NULL: all that is left, which called again gives the same reversal';
