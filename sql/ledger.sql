-- What the extension's triggers of the ledger of points let pass without asking the
-- shop's own functions, and that they ask about all else. Here those functions say so,
-- and have nothing against it: whatever is told below would have been looked into.
-- (What they say to it is regress/shop_points_ledger's.)
-- test: setup shop

\set VERBOSITY terse
SET client_min_messages = notice;
SET search_path = shop, pg_catalog;

SELECT loyalcs.check_posting();
SELECT loyalcs.check_lot();

INSERT INTO customers (customer_id) VALUES ('A'), ('B'), ('C');
SELECT adjust_points('A', 10, 'short', expires_at => '2999-01-01') > 0 AS posted,
       adjust_points('A', 100, 'long') > 0 AS posted_too,
       adjust_points('B', 100, 'first') > 0 AS another;

DO $$
DECLARE
    f text;
BEGIN
    FOREACH f IN ARRAY '{check_posting,check_posting_is_closed,check_lot,check_account}'::text[] LOOP
        EXECUTE format($f$
            CREATE OR REPLACE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql AS $b$
            BEGIN
                RAISE NOTICE '%% asks about %%, %% %%', TG_NAME, TG_TABLE_NAME, TG_WHEN, TG_OP;
                RETURN NEW;
            END $b$ $f$, f);
    END LOOP;
END
$$;
CREATE VIEW left_over AS
SELECT l.customer_id, dense_rank() OVER (PARTITION BY l.customer_id ORDER BY l.lot_id) AS lot, l.remaining, l.is_open,
       l.last_posting = (SELECT max(a.posting_id) FROM point_allocations a WHERE a.customer_id = l.customer_id AND a.lot_id = l.lot_id) AS by_last,
       a.balance, a.last_posting = (SELECT max(p.posting_id) FROM point_postings p WHERE p.customer_id = a.customer_id) AS all_in
  FROM point_lots l
  JOIN point_accounts a ON a.customer_id = l.customer_id;

-- Payments, from one lot and from two, and points taken away: nobody is asked.
SELECT redeem_points('A', 4, 'one lot') > 0 AS posted;
SELECT redeem_points('A', 16, 'two lots') > 0 AS posted;
SELECT adjust_points('A', -5, 'taken away') > 0 AS posted;
SELECT redeem_points('A', 85, 'the last') > 0 AS posted;
SELECT * FROM left_over ORDER BY 1, 2;

-- What brings points, gives them back or lets a lot last longer is looked into.
BEGIN;
SELECT adjust_points('A', 10, 'new') > 0 AS posted;
SELECT reverse_points('A', (SELECT posting_id FROM point_postings WHERE customer_id = 'A' AND posting_key = 'the last'), 1, 'back') > 0 AS posted;
COMMIT;

-- Whoever is not the owner finds the account locked and the posting signed.
CREATE ROLE regress_ledger_service;
SELECT loyalcs.grant_shop('shop', 'regress_ledger_service', 'service');
SET ROLE regress_ledger_service;
SELECT redeem_points('B', 4, 'as service') > 0 AS posted;
RESET ROLE;
SELECT posted_by, recorded_at >= posted_at AS recorded_since FROM point_postings WHERE posting_key = 'as service';
SET ROLE regress_ledger_service;
-- (under a key of the shop's own; of later; of what is in the books)
BEGIN;
INSERT INTO point_postings (customer_id, kind, points, posted_at, posting_key) VALUES ('B', 'redeem', -1, now(), 'loyalcs:x');
INSERT INTO point_postings (customer_id, kind, points, posted_at, posting_key) VALUES ('B', 'redeem', -1, now() + interval '1 hour', 'x');
ROLLBACK;
INSERT INTO point_allocations (customer_id, posting_id, lot_id, points)
SELECT customer_id, last_posting, 0, 1 FROM point_accounts WHERE customer_id = 'B';
RESET ROLE;

-- Each of these is no ordinary step.
CREATE PROCEDURE try(what text, statement text)
    LANGUAGE plpgsql
AS $$
BEGIN
    RAISE NOTICE '-- %', what;
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'LL000';
EXCEPTION
    WHEN SQLSTATE 'LL000' THEN NULL;
    WHEN foreign_key_violation THEN RAISE NOTICE '%', SQLERRM;
END
$$;
CREATE FUNCTION posting(of text, VARIADIC columns text[] DEFAULT '{}') RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('INSERT INTO point_postings SELECT (jsonb_populate_record(NULL::point_postings,
        jsonb_build_object(''customer_id'', %L::text, ''kind'', ''redeem'', ''posted_at'', now(), ''points'', -5, ''posting_key'', ''k'', ''shortfall'', 0, ''lapsed'', 0,
                           ''posting_id'', nextval(pg_get_serial_sequence(''point_postings'', ''posting_id'')), ''campaigns'', ''{}''::bigint[],
                           ''posted_by'', ''somebody'', ''recorded_at'', ''2000-01-01'', ''follows_order'', false) || jsonb_object(%L))).*', of, columns);
END
$$;
CALL try('it brings points', $$SELECT posting('B', 'points', '5')$$);
CALL try('nothing', $$SELECT posting('B', 'points', '0')$$);
CALL try('a kind', $$SELECT posting('B', 'kind', 'gift')$$);
CALL try('without a key', $$SELECT posting('B', 'posting_key', NULL)$$);
CALL try('of what was taken back', $$SELECT posting('B', 'shortfall', '1')$$);
CALL try('what has lapsed', $$SELECT posting('B', 'lapsed', '1')$$);
CALL try('a lot', $$SELECT posting('B', 'available_at', '2026-01-01')$$);
CALL try('a lot that waits', $$SELECT posting('B', 'pending', '1 day')$$);
CALL try('a lot that lapses', $$SELECT posting('B', 'expires_at', '2999-01-01')$$);
CALL try('a lot that idles', $$SELECT posting('B', 'expires_after_idle', '1 day')$$);
CALL try('a reversal', $$SELECT posting('B', 'reverses', (SELECT max(posting_id)::text FROM point_postings WHERE customer_id = 'B'))$$);
CALL try('an extension', $$SELECT posting('B', 'extends', (SELECT max(posting_id)::text FROM point_postings WHERE customer_id = 'B'))$$);
CALL try('it follows an order', $$SELECT posting('B', 'follows_order', 'true')$$);
CALL try('of the last century', $$SELECT posting('B', 'posted_at', '1999-12-31')$$);
CALL try('for ever', $$SELECT posting('B', 'posted_at', 'infinity')$$);

-- (a posting that is as it should be, and what else is not; the first says nothing)
CREATE FUNCTION step(allocated bigint, lot_less bigint, account_less bigint, account_by interval DEFAULT '0', past bigint DEFAULT 0) RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    p bigint;
    lot bigint := (SELECT lot_id FROM point_lots WHERE customer_id = 'B');
BEGIN
    PERFORM posting('B');
    p := (SELECT max(posting_id) FROM point_postings WHERE customer_id = 'B');
    IF allocated IS NOT NULL THEN
        INSERT INTO point_allocations (customer_id, posting_id, lot_id, points) VALUES ('B', p, lot, allocated);
    END IF;
    IF lot_less IS NOT NULL THEN
        UPDATE point_lots SET remaining = remaining - lot_less, last_posting = p + past WHERE customer_id = 'B';
    END IF;
    UPDATE point_accounts SET balance = balance - account_less, last_posting = p + past, last_posted_at = now() + account_by WHERE customer_id = 'B';
    SET CONSTRAINTS ALL IMMEDIATE;
END
$$;
CALL try('as it should be', $$SELECT step(5, 5, 5)$$);
CALL try('the lot has less', $$SELECT step(5, 6, 5)$$);
CALL try('the lot has more', $$SELECT step(5, -5, 5)$$);
CALL try('the lot has as much', $$SELECT step(5, 0, 5)$$);
CALL try('the lot was not asked', $$SELECT step(5, NULL, 5)$$);
CALL try('nothing was taken', $$SELECT step(NULL, NULL, 5)$$);
CALL try('too little was taken', $$SELECT step(4, 4, 5)$$);
CALL try('too much was taken', $$SELECT step(6, 6, 5)$$);
CALL try('it gives back', $$SELECT step(-5, -5, 5)$$);
CALL try('the account has more', $$SELECT step(5, 5, 4)$$);
CALL try('the account is of another time', $$SELECT step(5, 5, 5, '1 second')$$);
CALL try('past a posting that is not there', $$SELECT step(5, 5, 5, '0', 1)$$);
CALL try('the posting stays open', $$SELECT posting('B'); SET CONSTRAINTS ALL IMMEDIATE$$);
CALL try('two at once', $$SELECT posting('B'), posting('B', 'posting_key', 'l');
    UPDATE point_accounts SET last_posting = (SELECT max(posting_id) FROM point_postings), balance = balance - 10 WHERE customer_id = 'B'$$);
CALL try('a lot by itself', $$UPDATE point_lots SET remaining = 1000 WHERE customer_id = 'B'$$);
CALL try('a lot of another', $$UPDATE point_lots SET customer_id = 'A' WHERE customer_id = 'B'$$);
CALL try('a lot lasts longer', $$SELECT posting('B'); UPDATE point_lots l SET expires_at = '2999-01-01', last_posting = l.last_posting + 1 WHERE customer_id = 'B'$$);
CALL try('a lot is forgotten', $$UPDATE point_lots SET last_posting = NULL WHERE customer_id = 'B'$$);
CALL try('an account by itself', $$UPDATE point_accounts SET balance = 1000 WHERE customer_id = 'B'$$);
CALL try('a new account', $$INSERT INTO point_accounts (customer_id, balance) SELECT customer_id, 7 FROM customers WHERE customer_id = 'C'$$);
-- (in one statement: what it does meanwhile is seen, too)
CALL try('at once with the account', $$SELECT posting('B');
    WITH p AS (SELECT max(posting_id) AS id FROM point_postings WHERE customer_id = 'B'),
         lot AS (UPDATE point_lots l SET remaining = remaining - 5, last_posting = p.id FROM p WHERE customer_id = 'B' RETURNING l.lot_id),
         taken AS (INSERT INTO point_allocations SELECT 'B', p.id, lot.lot_id, 7 FROM p, lot)
    UPDATE point_accounts a SET balance = balance - 5, last_posting = p.id, last_posted_at = now() FROM p WHERE customer_id = 'B'$$);

-- Tables of anybody's: what is not as in a shop is not looked at.
RESET search_path;
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.point_lots (customer_id text, lot_id bigint, remaining bigint, is_open boolean, last_posting bigint,
                                   expires_at timestamptz, expires_after_idle interval);
INSERT INTO elsewhere.point_lots VALUES ('A', 1, 10, true, 1);
CREATE TRIGGER check_lot BEFORE UPDATE ON elsewhere.point_lots FOR EACH ROW EXECUTE FUNCTION loyalcs.check_lot();
UPDATE elsewhere.point_lots SET remaining = 9, last_posting = 2;
CREATE FUNCTION elsewhere.check_lot() RETURNS text LANGUAGE sql RETURN 'a text';
UPDATE elsewhere.point_lots SET remaining = 9, last_posting = 2;
DROP FUNCTION elsewhere.check_lot();
CREATE FUNCTION elsewhere.check_lot() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE NOTICE 'asked'; RETURN CASE WHEN TG_LEVEL = 'ROW' THEN OLD END; END $$;
UPDATE elsewhere.point_lots SET remaining = 9, last_posting = 2;
CREATE TABLE elsewhere.point_allocations (customer_id text, posting_id bigint, lot_id bigint, points bigint);
INSERT INTO elsewhere.point_allocations VALUES ('A', 2, 1, 1);
UPDATE elsewhere.point_lots SET remaining = 9, last_posting = 2;
-- (a key in another order, of other types, by hash; a policy; a view)
ALTER TABLE elsewhere.point_allocations ADD PRIMARY KEY (posting_id, customer_id, lot_id);
UPDATE elsewhere.point_lots SET remaining = 9, last_posting = 2;
ALTER TABLE elsewhere.point_allocations DROP CONSTRAINT point_allocations_pkey, ADD PRIMARY KEY (customer_id, posting_id);
UPDATE elsewhere.point_lots SET remaining = 9, last_posting = 2;
ALTER TABLE elsewhere.point_allocations DROP CONSTRAINT point_allocations_pkey, ALTER lot_id TYPE integer, ADD PRIMARY KEY (customer_id, posting_id, lot_id);
UPDATE elsewhere.point_lots SET remaining = 9, last_posting = 2;
ALTER TABLE elsewhere.point_allocations ALTER lot_id TYPE bigint, ALTER points TYPE integer;
UPDATE elsewhere.point_lots SET remaining = 9, last_posting = 2;
ALTER TABLE elsewhere.point_allocations ALTER points TYPE bigint, ENABLE ROW LEVEL SECURITY;
UPDATE elsewhere.point_lots SET remaining = 9, last_posting = 2;
ALTER TABLE elsewhere.point_allocations DISABLE ROW LEVEL SECURITY;
UPDATE elsewhere.point_lots SET remaining = 9, last_posting = 2;    -- now it is
TABLE elsewhere.point_lots;
ALTER TABLE elsewhere.point_allocations RENAME TO kept;
CREATE VIEW elsewhere.point_allocations AS TABLE elsewhere.kept;
UPDATE elsewhere.point_lots SET remaining = 8, last_posting = 3;
-- (at another time, by something else, and for no row)
CREATE TRIGGER after_insert AFTER INSERT ON elsewhere.point_lots FOR EACH ROW EXECUTE FUNCTION loyalcs.check_lot();
CREATE TRIGGER before_delete BEFORE DELETE ON elsewhere.point_lots FOR EACH ROW EXECUTE FUNCTION loyalcs.check_lot();
CREATE TRIGGER on_truncate BEFORE TRUNCATE ON elsewhere.point_lots FOR EACH STATEMENT EXECUTE FUNCTION loyalcs.check_lot();
INSERT INTO elsewhere.point_lots VALUES ('B', 1, 10, true, 1);
DELETE FROM elsewhere.point_lots;
TRUNCATE elsewhere.point_lots;
-- A function that the owner of the table may not call is not called for it.
CREATE ROLE regress_ledger_owner;
ALTER TABLE elsewhere.point_lots OWNER TO regress_ledger_owner;
REVOKE EXECUTE ON FUNCTION elsewhere.check_lot() FROM PUBLIC;
INSERT INTO elsewhere.point_lots VALUES ('B', 1, 10, true, 1);

SET client_min_messages = warning;
DROP SCHEMA elsewhere CASCADE;
SELECT loyalcs.grant_shop('shop', 'regress_ledger_service', 'none');
DROP ROLE regress_ledger_service, regress_ledger_owner;
