-- The ledger: it stays as it is, and what an account has at any instant is what
-- a table with a row for every single point says.

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SELECT FROM loyalcs.create_shop('shop_points_ledger');
SET search_path = shop_points_ledger;
SET timezone = 'Asia/Tokyo';
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben'), ('cho'), ('dai'), ('emi'), ('fay');

-- By the default rule: 100 points of January, 300 of February and 50 that are
-- pending still; 150 of them are spent.
INSERT INTO orders (customer_id, order_id, ordered_at, amount, tax, shipping, delivered_at) VALUES
    ('ann', 'A1', '2026-01-10 12:00+09', 11599, 1000, 500, '2026-01-13 10:00+09'),
    ('ann', 'A2', '2026-02-10 12:00+09', 33000, 3000, 0, '2026-02-12 10:00+09'),
    ('ann', 'A3', '2026-03-10 12:00+09', 5000, 0, 0, NULL);
SELECT earn_points('ann', 'A1', '2026-01-10 12:00+09'), earn_points('ann', 'A2', '2026-02-10 12:00+09'),
       earn_points('ann', 'A3', '2026-03-10 12:00+09'), redeem_points('ann', 150, 'checkout 1', 'A3', '2026-03-11 00:00+09');

--
-- The books stay as they are.
--
SELECT pg_temp.outcome(statement) FROM (VALUES
    ('UPDATE point_postings SET points = points + 1 WHERE posting_id = 1'),
    ('UPDATE point_postings SET note = ''words'' WHERE posting_id = 1'),
    ('DELETE FROM point_postings WHERE posting_id = 1'),
    ('DELETE FROM point_allocations'),
    ('UPDATE point_lots SET remaining = -1'),
    ('UPDATE point_accounts SET balance = -1'),
    ('DELETE FROM point_accounts WHERE customer_id = ''ann'''),
    ('DELETE FROM customers WHERE customer_id = ''ann''')) s (statement);

--
-- Long histories against a row for every single point. A payment takes the
-- points that lapse first, the reversal of one gives the same points back.
--
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 12) i;
CREATE TEMP TABLE unit (customer_id text, lot bigint, expires_at timestamptz, taken_by bigint, n bigserial);
CREATE FUNCTION pg_temp.chance(n bigint, salt text) RETURNS double precision LANGUAGE sql
RETURN (hashtextextended(salt || n, 0) & 1048575) / 1048576.0;
CREATE FUNCTION pg_temp.replay(OUT steps bigint, OUT refused bigint, OUT wrong bigint) LANGUAGE plpgsql AS $$
DECLARE
    who text; at timestamptz; lapses timestamptz; posting bigint; amount bigint; has bigint; answer text;
BEGIN
    steps := 0; refused := 0; wrong := 0;
    FOR i IN 1 .. 1200 LOOP
        who := 'c' || 1 + i % 12;
        at := '2025-01-01 00:00+09'::timestamptz + i / 12 * interval '5 days' + pg_temp.chance(i, 'at') * interval '1 day';
        amount := 1 + pg_temp.chance(i, 'amount') * 60;
        SELECT count(*) INTO has FROM unit u WHERE u.customer_id = who AND u.taken_by IS NULL AND u.expires_at > at;
        CASE
        WHEN pg_temp.chance(i, 'op') < 0.4 THEN
            lapses := at + interval '1 day' + pg_temp.chance(i, 'lapses') * interval '120 days';
            posting := shop_points_ledger.adjust_points(who, amount, i::text, NULL, lapses, at);
            INSERT INTO unit (customer_id, lot, expires_at) SELECT who, posting, lapses FROM generate_series(1, amount);
            has := has + amount;
        WHEN pg_temp.chance(i, 'op') < 0.85 THEN
            BEGIN
                posting := shop_points_ledger.redeem_points(who, amount, i::text, NULL, at);
                UPDATE unit u SET taken_by = posting
                 WHERE u.n IN (SELECT f.n FROM unit f
                                WHERE f.customer_id = who AND f.taken_by IS NULL AND f.expires_at > at
                                ORDER BY f.expires_at, f.lot, f.n LIMIT amount);
                wrong := wrong + (has < amount)::integer;
                has := has - amount;
            EXCEPTION WHEN check_violation THEN
                refused := refused + 1;
                wrong := wrong + (has >= amount)::integer;
            END;
        ELSE
            SELECT max(u.taken_by) INTO posting FROM unit u WHERE u.customer_id = who;
            CONTINUE WHEN posting IS NULL;
            PERFORM shop_points_ledger.reverse_points(who, posting, posted_at => at);
            UPDATE unit u SET taken_by = NULL WHERE u.customer_id = who AND u.taken_by = posting;
            SELECT count(*) INTO has FROM unit u WHERE u.customer_id = who AND u.taken_by IS NULL AND u.expires_at > at;
        END CASE;
        steps := steps + 1;
        wrong := wrong + (has <> (SELECT b.available FROM shop_points_ledger.points_balance(who, at) b))::integer;
    END LOOP;
END $$;
SELECT steps > 1000 AS many, refused > 50 AS refused, wrong FROM pg_temp.replay();
SELECT * FROM points_audit();
SELECT customers, points > 0 AS points FROM expire_points('2030-01-01');
SELECT * FROM points_audit();
SELECT count(*) AS left_over FROM points_balance('c1', '2030-01-01') WHERE available <> 0;
SELECT pg_temp.same_elsewhere('SELECT * FROM shop_points_ledger.points_liability_at(''2027-01-31 00:00+09'')') AS liability_elsewhere,
       pg_temp.same_elsewhere('SELECT * FROM shop_points_ledger.open_point_lots_at(''2026-07-01 00:00+09'')') AS lots_elsewhere,
       pg_temp.same_elsewhere('SELECT * FROM shop_points_ledger.points_expiring_at(''2026-03-01 00:00+09'')') AS expiring_elsewhere;
SELECT loyalcs.drop_shop('shop_points_ledger', 'shop_points_ledger');
