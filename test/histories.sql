-- test/histories.sql: random histories of customers, for test/t/histories.pl. Orders,
-- edits, cancellations, returns with and without lines, payments with points, tiers that
-- come and go, entered in any order; and what each order ought to have in the end, by a
-- slow reading of the rule's text that calls none of the functions under test.
--
-- psql -v histories=N -v seed=S

SET client_min_messages = warning;
SET jit = off;
SELECT FROM loyalcs.create_shop('histories');
SET search_path = histories, pg_catalog;
SET timezone = 'Asia/Tokyo';

-- Rules of each kind. Nothing lapses, so that what an account has is the sum of what
-- its orders have.
UPDATE settings SET points_since = '2026-01-01 00:00+09';
DELETE FROM points_rules;
INSERT INTO points_rules (tier, points, per_amount, min_amount, rounding, tax_earns, shipping_earns, whole_amounts, paid_points_earn, point_value, pending_from, pending, expires_after, valid) VALUES
    (NULL, 1, 100, 0, 'floor', false, false, false, true, 1, 'earned', '0', NULL, '[2026-01-01 00:00+09,2026-02-01 00:00+09)'),
    (NULL, 3, 70, 500, 'round', true, true, false, false, 1, 'earned', '0', NULL, '[2026-02-01 00:00+09,2026-03-01 00:00+09)'),
    (NULL, 5, 500, 0, 'ceil', false, true, true, false, 2.5, 'earned', '0', NULL, '[2026-03-01 00:00+09,2026-04-01 00:00+09)'),
    (NULL, 1, 33, 0, 'floor', true, false, false, true, 1, 'earned', '0', NULL, '[2026-04-01 00:00+09,2026-05-01 00:00+09)'),
    ('VIP', 7, 300, 0, 'ceil', false, true, false, false, 1, 'earned', '0', NULL, '[2026-01-15 00:00+09,2026-04-15 00:00+09)');
INSERT INTO points_campaigns (title, multiplier, bonus, tier, category, min_amount, valid) VALUES
    ('a twice', 2, NULL, NULL, 'a', 0, '[2026-01-01 00:00+09,2026-04-01 00:00+09)'),
    ('b 3.5 times', 3.5, NULL, NULL, 'b', 1000, '[2026-01-20 00:00+09,2026-03-10 00:00+09)'),
    ('all 1.5 times', 1.5, NULL, NULL, NULL, 2000, '[2026-02-10 00:00+09,2026-05-01 00:00+09)'),
    ('VIP', 4, NULL, 'VIP', NULL, 0, '[2026-02-01 00:00+09,2026-03-01 00:00+09)'),
    ('fifty', NULL, 50, NULL, NULL, 1500, '[2026-01-10 00:00+09,2026-02-20 00:00+09)'),
    ('c', NULL, 20, NULL, 'c', 0, '(,)'),
    ('VIP bonus', NULL, 9, 'VIP', 'a', 0, '(,)');
UPDATE tier_rules SET valid = '(,2020-01-01)';
INSERT INTO tier_rules (tier, rank, min_spend, min_orders, match, period, length, valid) VALUES ('VIP', 1, 6000, 3, 'any', 'rolling', '20 days', '[2020-01-01,)');

CREATE FUNCTION pg_temp.dice(n bigint, what text, sides integer) RETURNS integer LANGUAGE sql
RETURN (hashtextextended(what || n || current_setting('histories.seed'), 0) & 1048575)::integer % sides;
SELECT set_config('histories.seed', :'seed', false), set_config('histories.n', :'histories', false) \gset ignored_

CREATE FUNCTION pg_temp.one_order(who text) RETURNS text LANGUAGE sql
RETURN (SELECT o.order_id FROM histories.orders o WHERE o.customer_id = who
         ORDER BY hashtextextended(o.order_id || current_setting('histories.step'), 0) LIMIT 1);

-- One step of a history. What a constraint of the shop refuses did not happen.
CREATE FUNCTION pg_temp.step(h bigint, n bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    who constant text := 'h' || h;
    k constant bigint := h * 1000 + n;
    at timestamptz := '2026-01-01 00:00+09'::timestamptz + pg_temp.dice(k, 'day', 120) * interval '1 day' + pg_temp.dice(k, 'minute', 1440) * interval '1 minute';
    money numeric := 100 * (1 + pg_temp.dice(k, 'amount', 40)) + pg_temp.dice(k, 'yen', 3) * 33;
    carriage numeric := CASE WHEN pg_temp.dice(k, 'ships', 3) = 0 THEN least(money, 300) ELSE 0 END;
    o histories.orders;
    r histories.returns;
    posting bigint;
    has bigint;
BEGIN
    PERFORM set_config('histories.step', k::text, false);
    SELECT * INTO o FROM histories.orders x WHERE x.customer_id = who AND x.order_id = pg_temp.one_order(who);
    SELECT * INTO r FROM histories.returns x WHERE x.customer_id = who AND x.order_id = o.order_id
     ORDER BY hashtextextended(x.return_id || k, 0) LIMIT 1;
    CASE pg_temp.dice(k, 'what', 24)
    WHEN 0, 1, 2, 3 THEN
        INSERT INTO histories.orders (customer_id, order_id, ordered_at, amount, tax, shipping, payment_state)
        VALUES (who, 'o' || n, at, money, trunc((money - carriage) * (ARRAY[0, 0.1, 0.08])[1 + pg_temp.dice(k, 'tax', 3)]), carriage,
                CASE WHEN pg_temp.dice(k, 'paid', 8) = 0 THEN 'pending' ELSE 'paid' END);
        INSERT INTO histories.order_items (customer_id, order_id, line, product_id, category, quantity, amount)
        SELECT who, 'o' || n, i, 'p' || i, (ARRAY['a', 'b', 'c', NULL])[1 + pg_temp.dice(k * 10 + i, 'category', 4)],
               1 + pg_temp.dice(k * 10 + i, 'pieces', 3), 100 * pg_temp.dice(k * 10 + i, 'line', 20) + pg_temp.dice(k * 10 + i, 'odd', 2) * 17
          FROM generate_series(1, pg_temp.dice(k, 'lines', 5)) i;
    WHEN 4, 5 THEN
        UPDATE histories.orders x SET amount = money, shipping = carriage, tax = 0
         WHERE x.customer_id = who AND x.order_id = o.order_id AND x.refunded <= money;
    WHEN 6 THEN
        UPDATE histories.order_items i
           SET amount = 100 * pg_temp.dice(k, 'line', 20), category = (ARRAY['a', 'b', 'c', NULL])[1 + pg_temp.dice(k, 'category', 4)]
         WHERE i.customer_id = who AND i.order_id = o.order_id AND i.line = 1 + pg_temp.dice(k, 'which', 3);
    WHEN 7 THEN
        DELETE FROM histories.order_items i
         WHERE i.customer_id = who AND i.order_id = o.order_id AND i.line = 1 + pg_temp.dice(k, 'which', 3)
           AND NOT EXISTS (SELECT FROM histories.return_items x WHERE x.customer_id = who AND x.order_id = o.order_id AND x.line = i.line);
    WHEN 8, 9 THEN
        UPDATE histories.orders x SET cancelled_at = CASE WHEN x.cancelled_at IS NULL THEN x.ordered_at + interval '1 day' END
         WHERE x.customer_id = who AND x.order_id = o.order_id;
    WHEN 10 THEN
        UPDATE histories.orders x SET payment_state = CASE x.payment_state WHEN 'paid' THEN 'pending' ELSE 'paid' END
         WHERE x.customer_id = who AND x.order_id = o.order_id;
    WHEN 11, 12, 13, 14 THEN
        IF o.amount > o.refunded THEN
            INSERT INTO histories.returns (customer_id, return_id, order_id, returned_at, refund)
            VALUES (who, 'r' || n, o.order_id, o.ordered_at + interval '2 days',
                    CASE WHEN pg_temp.dice(k, 'all', 3) = 0 THEN o.amount - o.refunded ELSE ceil((o.amount - o.refunded) * pg_temp.dice(k, 'part', 10) / 10) END)
            RETURNING * INTO r;
            INSERT INTO histories.return_items (customer_id, return_id, order_id, line, quantity, refund)
            SELECT who, r.return_id, o.order_id, i.line, 1,
                   CASE WHEN pg_temp.dice(k * 10 + i.line, 'said', 2) = 0 THEN trunc(r.refund / 4) END
              FROM histories.order_items i
             WHERE i.customer_id = who AND i.order_id = o.order_id AND pg_temp.dice(k * 10 + i.line, 'named', 3) = 0
               AND i.quantity > (SELECT coalesce(sum(x.quantity), 0) FROM histories.return_items x
                                  WHERE x.customer_id = who AND x.order_id = o.order_id AND x.line = i.line);
        END IF;
    WHEN 15 THEN
        DELETE FROM histories.returns x WHERE x.customer_id = who AND x.return_id = r.return_id;
    WHEN 16 THEN
        UPDATE histories.returns x SET refund = x.refund + least(o.amount - o.refunded, 50)
         WHERE x.customer_id = who AND x.return_id = r.return_id;
    WHEN 17, 18 THEN
        SELECT b.available INTO has FROM histories.points_balance(who, now() + interval '1 hour') b;
        IF has > 1 THEN
            PERFORM histories.redeem_points(who, 1 + pg_temp.dice(k, 'pays', has::integer), 'k' || n,
                                            CASE WHEN pg_temp.dice(k, 'for', 4) > 0 THEN o.order_id END);
        END IF;
    WHEN 19 THEN
        SELECT p.posting_id INTO posting FROM histories.point_postings p
         WHERE p.customer_id = who AND p.kind = 'redeem' AND p.order_id IS NULL ORDER BY p.posting_id LIMIT 1;
        IF FOUND THEN
            PERFORM histories.reverse_points(who, posting);
        END IF;
    WHEN 20, 21 THEN
        IF o.order_id IS NOT NULL THEN
            PERFORM pg_temp.settle(who, o.order_id, 'earn');
        END IF;
    WHEN 22 THEN
        IF o.order_id IS NOT NULL THEN
            PERFORM pg_temp.settle(who, o.order_id, 'reverse');
        END IF;
    ELSE
        PERFORM histories.evaluate_tiers('2026-06-01 00:00+09');
    END CASE;
END
$$;

-- What an order ought to have, read out of the tables line by line. What came back of
-- the points that it was paid with stays back, so that is told.
CREATE FUNCTION pg_temp.oracle(who text, what text, stays_back bigint, OUT points numeric, OUT back bigint) LANGUAGE plpgsql AS $$
DECLARE
    o histories.orders;
    rule histories.points_rules;
    held text;
    refunds numeric; goods numeric; goods_kept numeric; shipping_kept numeric; earning numeric; money numeric; left_over numeric;
    paid bigint; cash numeric; value numeric;
    line_no integer[]; kinds text[]; gross numeric[]; named numeric[]; kept numeric[]; times numeric[];
    total numeric; part numeric; best integer; sum_kept numeric := 0; sum_times numeric := 0;
    item record; ret record; said numeric; weights numeric; share numeric; i integer;
BEGIN
    SELECT * INTO o FROM histories.orders x WHERE x.customer_id = who AND x.order_id = what;
    SELECT h.tier INTO held FROM histories.tier_history h
     WHERE h.customer_id = who AND h.valid_from <= o.ordered_at AND coalesce(h.valid_until > o.ordered_at, true);
    SELECT * INTO rule FROM histories.points_rules r
     WHERE lower(r.valid) <= o.ordered_at AND o.ordered_at < upper(r.valid) AND r.tier = held;
    IF NOT FOUND THEN
        SELECT * INTO rule FROM histories.points_rules r
         WHERE lower(r.valid) <= o.ordered_at AND o.ordered_at < upper(r.valid) AND r.tier IS NULL;
    END IF;
    value := coalesce(rule.point_value, 1);
    refunds := (SELECT coalesce(sum(r.refund), 0) FROM histories.returns r WHERE r.customer_id = who AND r.order_id = what);

    -- points that it was paid with: money goes back first
    paid := (SELECT coalesce(sum(-p.points), 0) FROM histories.point_postings p WHERE p.customer_id = who AND p.order_id = what AND p.kind = 'redeem');
    cash := greatest(0, o.amount - paid * value);
    IF o.cancelled_at IS NOT NULL OR refunds = o.amount AND refunds > 0 THEN
        back := paid;
    ELSE
        back := least(paid, floor(refunds / value), ceil(greatest(0, refunds - cash) / value));
    END IF;
    back := greatest(back, stays_back);

    points := 0;
    IF o.cancelled_at IS NOT NULL OR o.payment_state <> 'paid' OR rule.rule_id IS NULL THEN
        RETURN;
    END IF;
    goods := o.amount - o.shipping;
    goods_kept := greatest(0, goods - refunds);
    shipping_kept := CASE WHEN NOT rule.shipping_earns THEN 0 WHEN refunds > goods THEN o.shipping - (refunds - goods) ELSE o.shipping END;
    share := CASE WHEN rule.tax_earns OR goods = 0 THEN 1 ELSE (goods - o.tax)::numeric(100, 50) / goods END;
    money := CASE WHEN rule.paid_points_earn OR o.amount = refunds THEN 1
                  ELSE greatest(0, o.amount - refunds - (paid - back) * value)::numeric(100, 50) / (o.amount - refunds) END;
    earning := round((goods_kept * share + shipping_kept) * money, 15);
    IF earning < rule.min_amount THEN
        RETURN;
    END IF;

    -- the lines, each with what it was of
    total := (SELECT sum(l.amount) FROM histories.order_items l WHERE l.customer_id = who AND l.order_id = what);
    FOR item IN SELECT * FROM histories.order_items l WHERE l.customer_id = who AND l.order_id = what AND l.amount > 0 ORDER BY l.line LOOP
        line_no := line_no || item.line; kinds := kinds || item.category;
        gross := gross || (goods * item.amount)::numeric(100, 50) / total; named := named || 0.0;
    END LOOP;
    IF line_no IS NULL THEN
        line_no := ARRAY[0]; kinds := ARRAY[NULL]::text[]; gross := ARRAY[goods]; named := ARRAY[0.0];
    END IF;
    FOR i IN 1 .. cardinality(line_no) LOOP
        times := times || coalesce((SELECT max(c.multiplier) FROM histories.points_campaigns c
                                     WHERE c.valid @> o.ordered_at AND c.multiplier > 1 AND (c.tier IS NULL OR c.tier = held)
                                       AND (c.category IS NULL OR c.category = kinds[i]) AND earning >= c.min_amount), 1);
    END LOOP;
    -- refunds that name lines
    FOR ret IN SELECT * FROM histories.returns r WHERE r.customer_id = who AND r.order_id = what LOOP
        SELECT coalesce(sum(x.refund), 0), coalesce(sum(l.amount * x.quantity / l.quantity::numeric(60, 40)) FILTER (WHERE x.refund IS NULL), 0) INTO said, weights
          FROM histories.return_items x JOIN histories.order_items l USING (customer_id, order_id, line)
         WHERE x.customer_id = who AND x.return_id = ret.return_id;
        FOR item IN SELECT x.line, x.refund, l.amount * x.quantity / l.quantity::numeric(60, 40) AS weight
                      FROM histories.return_items x JOIN histories.order_items l USING (customer_id, order_id, line)
                     WHERE x.customer_id = who AND x.return_id = ret.return_id LOOP
            i := array_position(line_no, item.line);
            CONTINUE WHEN i IS NULL;
            IF item.refund IS NOT NULL THEN
                named[i] := named[i] + item.refund;
            ELSIF weights > 0 THEN
                named[i] := named[i] + ((ret.refund - said) * item.weight)::numeric(100, 50) / weights;
            END IF;
        END LOOP;
    END LOOP;
    left_over := refunds;
    FOR i IN 1 .. cardinality(line_no) LOOP
        part := least(named[i], gross[i]);
        kept := kept || gross[i] - part;
        left_over := left_over - part;
    END LOOP;
    -- the rest is of whatever earned most
    WHILE left_over > 0.000000000001 LOOP
        best := NULL;
        FOR i IN 1 .. cardinality(line_no) LOOP
            IF kept[i] > 0.000000000001 AND (best IS NULL OR times[i] > times[best]) THEN
                best := i;
            END IF;
        END LOOP;
        EXIT WHEN best IS NULL;
        part := least(left_over, kept[best]);
        kept[best] := kept[best] - part;
        left_over := left_over - part;
    END LOOP;
    FOR i IN 1 .. cardinality(line_no) LOOP
        sum_kept := sum_kept + kept[i];
        sum_times := sum_times + kept[i] * times[i];
    END LOOP;
    points := (sum_times * share + shipping_kept * CASE WHEN sum_kept > 0.000000000001 THEN sum_times / sum_kept ELSE 1 END) * money;
    IF rule.whole_amounts AND earning > 0 THEN
        points := points * (floor(earning / rule.per_amount) * rule.per_amount)::numeric(100, 50) / earning;
    END IF;
    points := round(points * rule.points / rule.per_amount, 15);
    points := CASE rule.rounding WHEN 'floor' THEN floor(points) WHEN 'ceil' THEN ceil(points) ELSE round(points) END;
    IF refunds = 0 OR goods_kept > 0 THEN
        FOR item IN SELECT * FROM histories.points_campaigns c
                     WHERE c.valid @> o.ordered_at AND c.bonus > 0 AND (c.tier IS NULL OR c.tier = held) AND earning >= c.min_amount LOOP
            IF item.category IS NULL THEN
                points := points + item.bonus;
            ELSE
                FOR i IN 1 .. cardinality(line_no) LOOP
                    IF kinds[i] = item.category AND (refunds = 0 OR kept[i] > 0.000000000001) THEN
                        points := points + item.bonus;
                        EXIT;
                    END IF;
                END LOOP;
            END IF;
        END LOOP;
    END IF;
END
$$;

-- How many points came back of what an order was paid with, at any time when it was settled.
CREATE TEMP TABLE came_back (who text, what text, back bigint, PRIMARY KEY (who, what));
CREATE FUNCTION pg_temp.settle(who text, what text, way text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF way = 'earn' THEN
        PERFORM histories.earn_points(who, what);
    ELSIF way = 'reverse' THEN
        PERFORM histories.reverse_order_points(who, what);
    ELSE
        PERFORM histories.settle_order_points(who, what);
    END IF;
    -- (tiers after that: points do not wait for them)
    PERFORM histories.evaluate_tiers('2026-06-01 00:00+09');
    INSERT INTO came_back AS c
    SELECT who, what, f.back FROM pg_temp.oracle(who, what, 0) f
    ON CONFLICT ON CONSTRAINT came_back_pkey DO UPDATE SET back = greatest(c.back, excluded.back);
END
$$;

DO $$
DECLARE
    steps bigint := 0; refused bigint := 0; ordered record;
BEGIN
    FOR h IN 1 .. current_setting('histories.n')::bigint LOOP
        INSERT INTO histories.customers (customer_id) VALUES ('h' || h);
        PERFORM histories.adjust_points('h' || h, 1000, 'to begin with');
        FOR n IN 1 .. 10 + pg_temp.dice(h, 'length', 25) LOOP
            BEGIN
                PERFORM pg_temp.step(h, n);
                steps := steps + 1;
            EXCEPTION WHEN check_violation OR foreign_key_violation THEN
                refused := refused + 1;
            END;
        END LOOP;
        FOR ordered IN SELECT x.order_id FROM histories.orders x WHERE x.customer_id = 'h' || h ORDER BY hashtextextended(x.order_id || h, 0) LOOP
            PERFORM pg_temp.settle('h' || h, ordered.order_id, 'both');
        END LOOP;
    END LOOP;
    RAISE INFO '% steps, % refused', steps, refused;
END
$$;

CREATE TEMP TABLE found AS
SELECT o.customer_id AS who, o.order_id AS what, f.points AS ought, f.back AS ought_back,
       (SELECT coalesce(sum(p.points - coalesce((SELECT sum(abs(r.points) + r.shortfall + r.lapsed) FROM point_postings r
                                                  WHERE r.customer_id = p.customer_id AND r.reverses = p.posting_id), 0)), 0)
          FROM point_postings p WHERE p.customer_id = o.customer_id AND p.order_id = o.order_id AND p.kind = 'earn') AS has,
       (SELECT coalesce(sum(r.points), 0) FROM point_postings p JOIN point_postings r ON r.customer_id = p.customer_id AND r.reverses = p.posting_id
         WHERE p.customer_id = o.customer_id AND p.order_id = o.order_id AND p.kind = 'redeem') AS came_back
  FROM orders o
  LEFT JOIN came_back b ON b.who = o.customer_id AND b.what = o.order_id
 CROSS JOIN LATERAL pg_temp.oracle(o.customer_id, o.order_id, coalesce(b.back, 0)) f;

SELECT 'order ' || what || ' of ' || who || ': ' || has || ' points, ought to have ' || ought || '; ' || came_back || ' came back, ought to be ' || ought_back AS wrong
  FROM found WHERE has <> ought OR came_back <> ought_back ORDER BY 1 LIMIT 20;
SELECT 'customer ' || a.customer_id || ' has ' || a.balance || ' points, ' || s.shortfall || ' are short, ought to have ' || 1000 + f.ought - s.paid AS wrong
  FROM point_accounts a
 CROSS JOIN LATERAL (SELECT coalesce(sum(f.ought), 0) AS ought FROM found f WHERE f.who = a.customer_id) f
 CROSS JOIN LATERAL (SELECT coalesce(sum(p.shortfall), 0) AS shortfall,
                            -coalesce(sum(p.points) FILTER (WHERE p.kind = 'redeem' OR p.points > 0 AND p.kind = 'reverse'), 0) AS paid
                       FROM point_postings p WHERE p.customer_id = a.customer_id) s
 WHERE a.balance - s.shortfall <> 1000 + f.ought - s.paid ORDER BY 1 LIMIT 20;
SELECT 'audit: ' || customer_id || ' ' || finding AS wrong FROM points_audit() LIMIT 20;
SELECT 'unsettled: order ' || order_id || ' of ' || customer_id AS wrong FROM points_unsettled_at('infinity') LIMIT 20;
SELECT 'customers ' || (SELECT count(*) FROM customers) || ', orders ' || count(*) || ', with points ' || count(*) FILTER (WHERE has > 0)
       || ', earned more than once ' || (SELECT count(*) FROM (SELECT FROM point_postings WHERE kind = 'earn' GROUP BY customer_id, order_id HAVING count(*) > 1) p)
       || ', short ' || (SELECT count(*) FROM point_postings WHERE shortfall > 0) || ', made up for ' || (SELECT count(*) FROM point_postings WHERE shortfall < 0)
       || ', points back ' || count(*) FILTER (WHERE came_back > 0) || ', by VIP rule ' || (SELECT count(*) FROM point_postings WHERE rule_id = (SELECT rule_id FROM points_rules WHERE tier = 'VIP')) AS tried
  FROM found;
