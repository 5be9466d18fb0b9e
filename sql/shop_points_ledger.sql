-- The ledger: it stays as it is, and what an account has at any instant is what
-- a table with a row for every single point says.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
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
-- Nobody posts by hand what does not add up, whatever the rows are that a service
-- may write: each statement below is one that a service has the rights for.
--
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_points_ledger_service;
SET client_min_messages = warning;
CREATE ROLE regress_points_ledger_service;
SELECT loyalcs.grant_shop('shop', 'regress_points_ledger_service', 'service');
GRANT INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA shop TO regress_points_ledger_service;
SET ROLE regress_points_ledger_service;
SELECT pg_temp.outcome(replace(s.statement, '#', '(SELECT max(posting_id) FROM point_postings)') || '; SET CONSTRAINTS ALL IMMEDIATE')
  FROM (VALUES
    -- what is kept of lots and accounts
    ('UPDATE point_lots SET remaining = remaining + 1 WHERE customer_id = ''ann'' AND lot_id = 2'),
    ('UPDATE point_lots SET remaining = remaining - 1 WHERE customer_id = ''ann'' AND lot_id = 2'),
    ('UPDATE point_lots SET expires_at = expires_at + interval ''1 day'' WHERE customer_id = ''ann'' AND lot_id = 2'),
    ('UPDATE point_lots SET expires_at = NULL WHERE customer_id = ''ann'' AND lot_id = 2'),
    ('UPDATE point_lots SET expires_after_idle = ''1 year'' WHERE customer_id = ''ann'' AND lot_id = 2'),
    ('UPDATE point_lots SET customer_id = ''ben'' WHERE customer_id = ''ann'' AND lot_id = 2'),
    ('DELETE FROM point_lots WHERE customer_id = ''ann'' AND lot_id = 2'),
    ('INSERT INTO point_lots (customer_id, lot_id, remaining) VALUES (''ann'', 4, 100)'),
    ('UPDATE point_accounts SET balance = balance + 1 WHERE customer_id = ''ann'''),
    ('UPDATE point_accounts SET last_posted_at = ''2020-01-01'' WHERE customer_id = ''ann'''),
    ('UPDATE point_accounts SET last_posting = 0 WHERE customer_id = ''ann'''),
    ('UPDATE point_accounts SET last_posting = 99 WHERE customer_id = ''ann'''),
    ('INSERT INTO point_accounts (customer_id, balance) VALUES (''ben'', 100)'),
    ('INSERT INTO point_accounts (customer_id, last_posting) VALUES (''ben'', 100)'),
    -- postings without what they move, and what they move without them
    ('INSERT INTO point_postings (customer_id, kind, points, posted_at, posting_key) VALUES (''ann'', ''redeem'', -1, ''2026-04-01'', ''by hand'')'),
    ('INSERT INTO point_postings (customer_id, kind, points, posted_at, posting_key) VALUES (''ann'', ''redeem'', -1, ''2026-04-01'', ''by hand'');
      UPDATE point_accounts SET balance = balance - 1, last_posting = #, last_posted_at = ''2026-04-01'' WHERE customer_id = ''ann'''),
    ('INSERT INTO point_postings (customer_id, kind, points, posted_at, available_at, posting_key) VALUES (''ann'', ''adjust'', 9, ''2026-04-01'', ''2026-04-01'', ''by hand'');
      UPDATE point_accounts SET balance = balance + 9, last_posting = #, last_posted_at = ''2026-04-01'' WHERE customer_id = ''ann'''),
    ('INSERT INTO point_postings (customer_id, kind, points, posted_at, extends, expires_at, posting_key) VALUES (''ann'', ''extend'', 0, ''2026-04-01'', 2, ''2030-01-01'', ''by hand'');
      UPDATE point_accounts SET last_posting = #, last_posted_at = ''2026-04-01'' WHERE customer_id = ''ann'''),
    ('INSERT INTO point_postings (customer_id, posting_id, kind, points, posted_at, posting_key) OVERRIDING SYSTEM VALUE VALUES (''ann'', 0, ''redeem'', -1, ''2026-04-01'', ''by hand'')'),
    ('INSERT INTO point_allocations VALUES (''ann'', 4, 3, 5), (''ann'', 2, 2, -5)'),
    ('INSERT INTO point_allocations VALUES (''ann'', 4, 3, 5)'),
    -- back-dated: the books of ann have come to 11 March
    ('INSERT INTO point_postings (customer_id, kind, points, posted_at, available_at, posting_key) VALUES (''ann'', ''adjust'', 9, ''2026-01-01'', ''2026-01-01'', ''by hand'');
      INSERT INTO point_lots (customer_id, lot_id, remaining) VALUES (''ann'', #, 9);
      UPDATE point_accounts SET balance = balance + 9, last_posting = # WHERE customer_id = ''ann'''),
    ('TRUNCATE point_postings CASCADE'),
    ('TRUNCATE point_allocations'),
    ('TRUNCATE point_lots'),
    ('TRUNCATE point_accounts CASCADE'),
    -- and what does add up
    ('INSERT INTO point_postings (customer_id, kind, points, posted_at, available_at, posting_key) VALUES (''ann'', ''adjust'', 9, ''2026-04-01'', ''2026-04-01'', ''by hand'');
      INSERT INTO point_lots (customer_id, lot_id, remaining) VALUES (''ann'', #, 9);
      UPDATE point_accounts SET balance = balance + 9, last_posting = #, last_posted_at = ''2026-04-01'' WHERE customer_id = ''ann''')) s (statement);
-- Whoever writes the rows as the functions do, lots and account included, moves no
-- points to another lot, gives none back that were not taken, and takes back none
-- that are not there. (Lot 1 is spent, of 2 there are 250 left, of 3 there are 50;
-- posting 4 took 100 from lot 1 and 50 from lot 2.)
SELECT s.what, regexp_replace(pg_temp.outcome(
           s.before || replace(format($$;
           INSERT INTO point_postings (customer_id, kind, points, shortfall, lapsed, posted_at, available_at, expires_at, reverses, extends, posting_key)
           VALUES ('ann', %1$L, %2$s, %3$s, %4$s, '2026-04-01',
                   CASE WHEN %2$s > 0 AND %1$L = 'adjust' THEN timestamptz '2026-04-01' END,
                   CASE %1$L WHEN 'extend' THEN timestamptz '2030-01-01' END,
                   CASE %1$L WHEN 'reverse' THEN %5$s END, CASE %1$L WHEN 'extend' THEN %5$s END, 'by hand');
           INSERT INTO point_allocations SELECT 'ann', #, a.lot_id, a.points FROM (VALUES %6$s) a (lot_id, points) WHERE a.points <> 0;
           INSERT INTO point_lots (customer_id, lot_id, remaining) SELECT 'ann', #, %2$s WHERE %2$s > 0 AND %1$L = 'adjust';
           UPDATE point_lots l
              SET remaining = p.points - coalesce((SELECT sum(a.points) FROM point_allocations a WHERE a.customer_id = 'ann' AND a.lot_id = l.lot_id), 0),
                  expires_at = point_lot_expires_at(l.customer_id, l.lot_id)
             FROM point_postings p
            WHERE l.customer_id = 'ann' AND p.customer_id = 'ann' AND p.posting_id = l.lot_id AND %7$L;
           UPDATE point_accounts SET balance = balance + %2$s, last_posting = #, last_posted_at = '2026-04-01' WHERE customer_id = 'ann';
           SET CONSTRAINTS ALL IMMEDIATE$$,
           s.kind, s.points, s.shortfall, s.lapsed, s.other, s.allocations, s.lots), '#', '(SELECT max(posting_id) FROM point_postings)')), E'\n  Post with .*', '') AS outcome
  FROM (VALUES
    ('a redemption that adds up', 'SELECT', 'redeem', -10, 0, 0, '0', '(2, 10)', true),
    ('one that moves points to another lot', 'SELECT', 'redeem', -10, 0, 0, '0', '(2, 100), (1, -90)', true),
    ('a correction that does', 'SELECT', 'adjust', -10, 0, 0, '0', '(2, 100), (1, -90)', true),
    ('expiry that does', 'SELECT', 'expire', -10, 0, 0, '0', '(2, 100), (1, -90)', true),
    ('a new lot that does', 'SELECT', 'adjust', 10, 0, 0, '0', '(2, 90), (1, -90)', true),
    ('a new lot that takes', 'SELECT', 'adjust', 10, 0, 0, '0', '(2, 10)', true),
    ('a longer life that does', 'SELECT', 'extend', 0, 0, 0, '2', '(2, 90), (1, -90)', true),
    ('a lot that is not told', 'SELECT', 'redeem', -10, 0, 0, '0', '(2, 10)', false),
    ('a reversal that adds up', 'SELECT', 'reverse', 30, 0, 0, '4', '(2, -30)', true),
    ('one that gives back to a lot more than it was of', 'SELECT', 'reverse', 30, 0, 0, '4', '(3, -30)', true),
    ('one that gives back what another posting took', 'SELECT redeem_points(''ann'', 20, ''twenty'', posted_at => ''2026-04-01'')',
        'reverse', 20, 0, 0, '#', '(1, -20)', true),
    ('one that gives back twice', 'SELECT reverse_points(''ann'', 4, 40, ''forty'', ''2026-04-01''), redeem_points(''ann'', 40, ''forty'', posted_at => ''2026-04-01'')',
        'reverse', 100, 0, 0, '4', '(1, -80), (2, -20)', true),
    ('one that takes what was paid', 'SELECT', 'reverse', -10, 0, 0, '4', '(2, 10)', true),
    ('one of a lot that adds up', 'SELECT', 'reverse', -10, 0, 0, '2', '(2, 10)', true),
    ('one of a lot that gives', 'SELECT', 'reverse', 10, 0, 0, '2', '(2, -10)', true),
    ('one of more than the lot was of', 'SELECT', 'reverse', -110, 0, 0, '1', '(2, 110)', true),
    ('one of a reversal', 'SELECT reverse_points(''ann'', 4, 10, ''ten'', ''2026-04-01'')', 'reverse', -10, 0, 0, '#', '(2, 10)', true),
    ('a shortfall less than nothing', 'SELECT', 'reverse', 0, -1000000, 0, '4', '(2, 0)', true),
    ('a lot''s shortfall less than nothing', 'SELECT', 'reverse', 0, -1000000, 0, '2', '(2, 0)', true),
    ('a shortfall made up for that was none', 'SELECT', 'reverse', -10, -10, 0, '2', '(2, 10)', true),
    ('a shortfall of points that are there', 'SELECT', 'reverse', -10, 10, 0, '2', '(2, 10)', true),
    ('lapsed that has not', 'SELECT', 'reverse', -10, 0, 10, '2', '(2, 10)', true)
    ) s (what, before, kind, points, shortfall, lapsed, other, allocations, lots);
-- What a lot is said to have been moved by is what moved it: no posting moves a lot twice, or by
-- another number, and none is passed over. (Posting 4 has moved the lots 1 and 2.)
SELECT s.what, regexp_replace(pg_temp.outcome(
           replace(replace($$INSERT INTO point_postings (customer_id, kind, points, posted_at, posting_key)
           VALUES ('ann', 'redeem', -10, '2026-04-01', 'by hand'), ('ann', 'redeem', -20, '2026-04-01', 'by hand, too');$$
           || s.statements || $$;
           UPDATE point_accounts SET balance = balance - 30, last_posting = #, last_posted_at = '2026-04-01' WHERE customer_id = 'ann';
           SET CONSTRAINTS ALL IMMEDIATE$$, '#', '(SELECT max(posting_id) FROM point_postings)'), '~', '(SELECT max(posting_id) - 1 FROM point_postings)')), E'\n  Post with .*', '') AS outcome
  FROM (VALUES
    ('each by its posting', 'INSERT INTO point_allocations VALUES (''ann'', ~, 2, 10); UPDATE point_lots SET remaining = remaining - 10, last_posting = ~ WHERE lot_id = 2;
        INSERT INTO point_allocations VALUES (''ann'', #, 2, 20); UPDATE point_lots SET remaining = remaining - 20, last_posting = # WHERE lot_id = 2'),
    ('both in one', 'INSERT INTO point_allocations VALUES (''ann'', ~, 2, 10), (''ann'', #, 2, 20); UPDATE point_lots SET remaining = remaining - 30 WHERE lot_id = 2'),
    ('the later one alone', 'INSERT INTO point_allocations VALUES (''ann'', ~, 2, 10), (''ann'', #, 2, 20); UPDATE point_lots SET remaining = remaining - 20, last_posting = # WHERE lot_id = 2'),
    ('the earlier one alone', 'INSERT INTO point_allocations VALUES (''ann'', ~, 2, 10), (''ann'', #, 2, 20); UPDATE point_lots SET remaining = remaining - 10, last_posting = ~ WHERE lot_id = 2'),
    ('the earlier one after the later', 'INSERT INTO point_allocations VALUES (''ann'', #, 2, 20); UPDATE point_lots SET remaining = remaining - 20, last_posting = # WHERE lot_id = 2;
        INSERT INTO point_allocations VALUES (''ann'', ~, 2, 10)'),
    ('one twice', 'INSERT INTO point_allocations VALUES (''ann'', ~, 2, 10), (''ann'', #, 3, 20); UPDATE point_lots SET remaining = remaining - 10, last_posting = ~ WHERE lot_id = 2;
        UPDATE point_lots SET remaining = remaining - 10, last_posting = ~ WHERE lot_id = 2'),
    ('one twice, after it was set back', 'INSERT INTO point_allocations VALUES (''ann'', ~, 2, 10), (''ann'', #, 3, 20); UPDATE point_lots SET remaining = remaining - 10, last_posting = ~ WHERE lot_id = 2;
        UPDATE point_lots SET last_posting = NULL WHERE lot_id = 2; UPDATE point_lots SET remaining = remaining - 10, last_posting = ~ WHERE lot_id = 2'),
    ('what is in the books once more', 'UPDATE point_lots SET last_posting = 2 WHERE lot_id = 2; UPDATE point_lots SET remaining = remaining - 50, last_posting = 4 WHERE lot_id = 2'),
    ('another number of points', 'INSERT INTO point_allocations VALUES (''ann'', ~, 2, 10); UPDATE point_lots SET remaining = remaining - 11, last_posting = ~ WHERE lot_id = 2'),
    ('another lot', 'INSERT INTO point_allocations VALUES (''ann'', ~, 2, 10); UPDATE point_lots SET remaining = remaining - 10, last_posting = ~ WHERE lot_id = 3'),
    ('more than it has', 'INSERT INTO point_allocations VALUES (''ann'', ~, 3, 60), (''ann'', ~, 2, -50); UPDATE point_lots SET remaining = remaining - 60, last_posting = ~ WHERE lot_id = 3'),
    ('a new lot of more points', 'INSERT INTO point_postings (customer_id, kind, points, posted_at, available_at, posting_key) VALUES (''ann'', ''adjust'', 9, ''2026-04-01'', ''2026-04-01'', ''by hand'');
        INSERT INTO point_lots (customer_id, lot_id, remaining) VALUES (''ann'', #, 10)'),
    ('a new lot that another posting made', 'INSERT INTO point_postings (customer_id, kind, points, posted_at, available_at, posting_key) VALUES (''ann'', ''adjust'', 9, ''2026-04-01'', ''2026-04-01'', ''by hand'');
        INSERT INTO point_lots (customer_id, lot_id, remaining, last_posting) VALUES (''ann'', #, 9, 99)')
    ) s (what, statements);
-- What the server keeps is not written, whatever is said.
BEGIN;
UPDATE point_lots SET is_open = NOT is_open WHERE customer_id = 'ann';
SELECT adjust_points('ben', 9, 'as it should be') > 0 AS posted;
INSERT INTO point_postings (customer_id, kind, points, posted_at, available_at, posting_key) VALUES ('ben', 'adjust', 9, now(), now(), 'by hand');
INSERT INTO point_lots (customer_id, lot_id, remaining, is_open) SELECT 'ben', max(posting_id), 9, false FROM point_postings;
SELECT customer_id, lot_id < 5 AS is_old, remaining, is_open, CASE WHEN last_posting = lot_id THEN 'made it' ELSE last_posting::text END AS last_posting FROM point_lots ORDER BY customer_id, lot_id;
ROLLBACK;
-- Nobody but the owner posts ahead, or under a key of the shop's own, or where there is no account to lock.
SELECT pg_temp.outcome(s.statement)
  FROM (VALUES
    ('SELECT adjust_points(''ben'', 5, ''far ahead'', posted_at => ''9999-12-30'')'),
    ('SELECT adjust_points(''ben'', 5, ''tomorrow'', posted_at => now() + interval ''1 day'')'),
    ('SELECT adjust_points(''ben'', 5, ''to lapse'', expires_at => ''9999-01-01'');
      SELECT expire_lapsed_points(ARRAY[''ben''], ''9999-12-30'')'),
    ('INSERT INTO point_postings (customer_id, kind, points, posted_at, available_at, posting_key) VALUES (''ann'', ''adjust'', 9, now(), now(), ''loyalcs:posting 4'')'),
    ('INSERT INTO point_postings (customer_id, kind, points, posted_at, reverses, posting_key) VALUES (''ann'', ''reverse'', 9, now(), 4, ''loyalcs:posting 44'')'),
    ('INSERT INTO point_postings (customer_id, kind, points, posted_at, available_at, posting_key) VALUES (''emi'', ''adjust'', 9, now(), now(), ''by hand'')')) s (statement);
-- Who posted, and when, is the server's word.
BEGIN;
SELECT adjust_points('ben', 1, 'as it should be') > 0 AS posted;
INSERT INTO point_postings (customer_id, kind, points, posted_at, available_at, posting_key, posted_by, recorded_at)
VALUES ('ben', 'adjust', 9, now(), now(), 'by hand', 'somebody else', '2020-01-01');
SELECT DISTINCT posted_by, recorded_at >= now() AS recorded_now FROM point_postings WHERE customer_id = 'ben';
ROLLBACK;
RESET ROLE;
-- The owner's word counts in what is inserted, as from a backup or another system, and not in what is changed.
SELECT pg_temp.outcome(s.statement)
  FROM (VALUES
    ('SELECT adjust_points(''ben'', 5, ''far ahead'', posted_at => ''9999-12-30'')'),
    ('INSERT INTO point_accounts (customer_id, balance) VALUES (''ben'', 100)'),
    ('INSERT INTO point_postings (customer_id, kind, points, posted_at, available_at, posting_key, posted_by, recorded_at)
      VALUES (''ann'', ''adjust'', 9, ''2020-01-01'', ''2020-01-01'', ''from the old system'', ''the old system'', ''2020-01-01'')'),
    ('UPDATE point_lots SET remaining = remaining + 1 WHERE lot_id = 2'),
    ('UPDATE point_accounts SET balance = balance + 1'),
    ('UPDATE point_postings SET posted_by = ''somebody else'' WHERE posting_id = 2'),
    ('TRUNCATE point_accounts CASCADE'),
    ('ALTER TABLE point_accounts DISABLE TRIGGER refuse_truncate; ALTER TABLE point_postings DISABLE TRIGGER refuse_truncate;
      ALTER TABLE point_allocations DISABLE TRIGGER refuse_truncate; ALTER TABLE point_lots DISABLE TRIGGER refuse_truncate;
      TRUNCATE point_accounts CASCADE')) s (statement);
DROP OWNED BY regress_points_ledger_service;
DROP ROLE regress_points_ledger_service;

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
            posting := shop.adjust_points(who, amount, i::text, NULL, lapses, at);
            INSERT INTO unit (customer_id, lot, expires_at) SELECT who, posting, lapses FROM generate_series(1, amount);
            has := has + amount;
        WHEN pg_temp.chance(i, 'op') < 0.85 THEN
            BEGIN
                posting := shop.redeem_points(who, amount, i::text, NULL, at);
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
            PERFORM shop.reverse_points(who, posting, posted_at => at);
            UPDATE unit u SET taken_by = NULL WHERE u.customer_id = who AND u.taken_by = posting;
            SELECT count(*) INTO has FROM unit u WHERE u.customer_id = who AND u.taken_by IS NULL AND u.expires_at > at;
        END CASE;
        steps := steps + 1;
        wrong := wrong + (has <> (SELECT b.available FROM shop.points_balance(who, at) b))::integer;
    END LOOP;
END $$;
SELECT steps > 1000 AS many, refused > 50 AS refused, wrong FROM pg_temp.replay();
SELECT * FROM points_audit();
SELECT customers, points > 0 AS points FROM expire_points('2030-01-01');
SELECT * FROM points_audit();
SELECT count(*) AS left_over FROM points_balance('c1', '2030-01-01') WHERE available <> 0;
SELECT pg_temp.same_elsewhere('SELECT * FROM shop.points_liability_at(''2027-01-31 00:00+09'')') AS liability_elsewhere,
       pg_temp.same_elsewhere('SELECT * FROM shop.open_point_lots_at(''2026-07-01 00:00+09'')') AS lots_elsewhere,
       pg_temp.same_elsewhere('SELECT * FROM shop.points_expiring_at(''2026-03-01 00:00+09'')') AS expiring_elsewhere;

--
-- A posting says what one of its kind says, whoever inserts it: of all that it could
-- say, just what these checks let through gets in.
--
CREATE TEMP TABLE sayings AS
SELECT row_number() OVER () AS n, *
  FROM unnest('{earn,redeem,expire,adjust,reverse,extend,gift}'::text[]) kind,
       unnest('{-1,0,1}'::bigint[]) points, unnest('{-1,0,1}'::bigint[]) shortfall, unnest('{-1,0,1}'::bigint[]) lapsed,
       unnest('{NULL,2026-01-01}'::timestamptz[]) available_at, unnest('{NULL,7 days}'::interval[]) pending,
       unnest('{NULL,2027-01-01}'::timestamptz[]) expires_at, unnest('{NULL,1 year}'::interval[]) expires_after_idle,
       unnest('{NULL,1}'::bigint[]) reverses, unnest('{NULL,1}'::bigint[]) extends, unnest('{NULL,key }'::text[]) posting_key;
CREATE TEMP TABLE sayable (
    LIKE sayings,
    CHECK (kind IN ('earn', 'redeem', 'expire', 'reverse', 'adjust', 'extend')),
    CHECK (kind = 'extend' AND points = 0
           OR points > 0 AND kind IN ('earn', 'reverse', 'adjust')
           OR points < 0 AND kind IN ('redeem', 'expire', 'reverse', 'adjust')
           OR points = 0 AND kind = 'reverse'),
    CHECK (shortfall = 0 OR kind = 'reverse' AND points <= 0),
    CHECK (lapsed = 0 OR lapsed > 0 AND kind = 'reverse' AND points <= 0),
    CHECK ((points > 0 AND kind IN ('earn', 'adjust')) = (num_nonnulls(available_at, pending) = 1)),
    CHECK (points > 0 AND kind IN ('earn', 'adjust') OR num_nonnulls(available_at, pending) = 0),
    CHECK (points > 0 AND kind IN ('earn', 'adjust') AND num_nonnulls(expires_at, expires_after_idle) <= 1
           OR kind = 'extend' AND expires_after_idle IS NULL
           OR num_nonnulls(expires_at, expires_after_idle) = 0),
    CHECK ((kind = 'reverse') = (reverses IS NOT NULL)),
    CHECK ((kind = 'extend') = (extends IS NOT NULL)),
    CHECK (kind = 'expire' OR posting_key IS NOT NULL)
);
BEGIN;
CREATE FUNCTION pg_temp.differ(OUT tried bigint, OUT sayable bigint, OUT differ bigint) LANGUAGE plpgsql AS $$
DECLARE
    s sayings;
    said boolean;
    may boolean;
BEGIN
    tried := 0; sayable := 0; differ := 0;
    FOR s IN SELECT * FROM sayings LOOP
        BEGIN
            INSERT INTO sayable SELECT s.*;
            may := true;
        EXCEPTION WHEN check_violation THEN
            may := false;
        END;
        BEGIN
            INSERT INTO point_postings (customer_id, kind, points, shortfall, lapsed, posted_at, available_at, pending,
                                        expires_at, expires_after_idle, reverses, extends, posting_key)
            VALUES ('ann', s.kind, s.points, s.shortfall, s.lapsed, '2026-04-01', s.available_at, s.pending,
                    s.expires_at, s.expires_after_idle, s.reverses, s.extends, s.posting_key || s.n);
            said := true;
        EXCEPTION WHEN check_violation THEN
            said := false;
        END;
        tried := tried + 1;
        sayable := sayable + may::integer;
        differ := differ + (said <> may)::integer;
    END LOOP;
END $$;
SELECT * FROM pg_temp.differ();
ROLLBACK;
\set VERBOSITY default
INSERT INTO point_postings (customer_id, kind, points, posted_at, available_at, expires_at)
VALUES ('ann', 'redeem', 100, '2026-04-01', '2026-04-01', '2027-04-01');
INSERT INTO point_postings (customer_id, kind, points, posted_at, posting_key) VALUES ('ann', NULL, 100, '2026-04-01', 'k');
