-- A customer's orders as one value: the type purchases, its aggregates and what
-- is read from it.  What is compared with is max, min, count and sum over the raw
-- orders, numeric arithmetic, and figures worked out by hand.
SET search_path = loyalcs, public;
-- The text of the type is in UTC whatever the session's zone.
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/errors.sql'
\i :shared

--
-- Text
--

-- Blanks, the order of the keys and zeros at the end of an amount are free; the
-- output has one form.
\pset format unaligned
\pset tuples_only on
SELECT text::purchases FROM (VALUES
    ('{"count": 0}'),
    ('{"count": 0, "total": 0}'),
    ('{"count": 2, "first": "2026-01-05T10:00:00Z", "last": "2026-03-01T08:30:00Z", "total": 24800}'),
    ('{"total":24800,"last":"2026-03-01T08:30:00Z","first":"2026-01-05T10:00:00Z","count":2}'),
    (E' { "last" : "2026-03-01T08:30:00Z" ,\t"count"\n: 2 , "first": "2026-01-05T10:00:00Z",\r"total" : 24800.0 } '),
    ('{"count": 1, "first": "2026-01-05T10:00:00.000001Z", "last": "2026-01-05T10:00:00.000001Z", "total": 0.0001}'),
    ('{"count": 1, "first": "2026-01-05T10:00:00.500000Z", "last": "2026-01-05T10:00:00.500000Z", "total": 1.50000}'),
    ('{"count": 9, "first": "0001-01-01T00:00:00Z", "last": "9999-12-31T23:59:59.999999Z", "total": 922337203685477.5807}'),
    ('{"count": 9223372036854775807, "first": "2000-02-29T00:00:00Z", "last": "2024-02-29T23:59:59Z", "total": 99999999.9999}'),
    ('{"count": 3, "first": "1999-12-31T23:59:59.999999Z", "last": "2000-01-01T00:00:00Z", "total": 0.0000000000}'),
    ('{"count": 3, "first": "1900-02-28T00:00:00Z", "last": "1900-03-01T00:00:00Z", "total": 10.0500}')
) AS input (text);

-- An error quotes the text, says what was expected where, and shows the form.
SELECT pg_temp.error_of(format('SELECT %L::loyalcs.purchases', text)) FROM (VALUES
    ('{"count": 1}'),
    ('{"count": 2, "first": "2026-03-01T08:30:00Z", "last": "2026-01-05T10:00:00Z", "total": 24800}')
) AS input (text);
-- All others are like them: here is what each is told.
SELECT format('%s => %s', text, regexp_replace(pg_temp.error_of(format('SELECT %L::loyalcs.purchases', text)),
    '^22P02 invalid input syntax for type purchases: "(.*)"\n   detail: (.*)\n   hint: Write it as {"count": 2, "first": "2026-01-05T10:00:00Z", "last": "2026-03-01T08:30:00Z", "total": 24800}.$', '\2'))
FROM (VALUES
    (''), ('null'), ('[]'), ('{'), ('{}'), ('{"count"}'), ('{"count": }'), ('{"count": 0'), ('{"count": 0,'), ('{"count": 0,}'), ('{,}'),
    ('{"count": 0} {}'), ('{"count": -1}'), ('{"count": 1.0}'), ('{"count": "1"}'), ('{"count": 01}'), ('{"count": null}'),
    ('{"count": 9223372036854775808}'), ('{"count": 0, "count": 0}'), ('{"counts": 0}'), ('{"Count": 0}'), ('{"count" 0}'), ('{count: 0}'),
    ('{"total": 0}'), ('{"count": 0, "total": 5}'),
    ('{"count": 0, "first": "2026-01-05T10:00:00Z"}'),
    ('{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z"}'),
    ('{"count": 1, "first": "2026-01-05T10:00:00Z", "total": 5}'),
    ('{"count": 1, "last": "2026-01-05T10:00:00Z", "total": 5}'),
    ('{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00.000001Z", "total": 5}'),
    ('{"count": 2, "first": "2026-01-05T10:00:00.000001Z", "last": "2026-01-05T10:00:00Z", "total": 5}'),
    ('{"count": 0, "first": "2026-01-05T10:00:00Z", "first": "2026-01-05T10:00:00Z"}')
) AS input (text);
-- None of these is an instant, and all are told so.
SELECT count(*) || ' => ' || told FROM (
    SELECT split_part(pg_temp.error_of(format('SELECT %L::loyalcs.purchases',
        format('{"count": 1, "first": %s, "last": "2026-01-05T10:00:00Z", "total": 5}', instant))), E'\n', 2) AS told
    FROM (VALUES
        ('2026-01-05T10:00:00Z'), ('null'), ('0'), ('""'), ('"2026-01-05"'), ('"2026-01-05 10:00:00Z"'), ('"2026-01-05T10:00:00"'), ('"2026-01-05T10:00:00z"'),
        ('"2026-01-05T10:00:00+00"'), ('"2026-01-05T10:00Z"'), ('"26-01-05T10:00:00Z"'), ('"02026-01-05T10:00:00Z"'), ('"-001-01-05T10:00:00Z"'), ('"0000-01-05T10:00:00Z"'),
        ('"10000-01-01T00:00:00Z"'), ('"2026-00-05T10:00:00Z"'), ('"2026-13-05T10:00:00Z"'), ('"2026-01-00T10:00:00Z"'), ('"2026-01-32T10:00:00Z"'), ('"2026-02-29T10:00:00Z"'),
        ('"1900-02-29T10:00:00Z"'), ('"2026-04-31T10:00:00Z"'), ('"2026-01-05T24:00:00Z"'), ('"2026-01-05T10:60:00Z"'), ('"2026-01-05T10:00:60Z"'), ('"2026-01-05T10:00:00.Z"'),
        ('"2026-01-05T10:00:00.5Z"'), ('"2026-01-05T10:00:00.1234567Z"'), ('" 2026-01-05T10:00:00Z"'), ('"2026-01-05T10:00:00Z "'), ('"2026-01-05T10:00:00Z'), ('"2026'), ('"infinity"')
    ) AS wrong (instant)) AS errors GROUP BY told;
-- What is no amount.
SELECT format('%s => %s', amount, split_part(pg_temp.error_of(format('SELECT %L::loyalcs.purchases',
    format('{"count": 1, "total": %s, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z"}', amount))), E'\n', 2))
FROM (VALUES ('-1'), ('-0'), ('+1'), ('.5'), ('5.'), ('1.'), ('00'), ('01.5'), ('1e3'), ('1.5e3'), ('1,5'), ('"5"'), ('null'), ('NaN'), ('1.00001'), ('0.00005'), ('1.000000000001'),
    ('922337203685477.5808'), ('922337203685478'), ('9223372036854775807'), ('99999999999999999999')) AS wrong (amount);
\pset format aligned
\pset tuples_only off

-- Some thousand values, from the first year to the last.
CREATE TABLE histories AS
    SELECT id, count, first, last, total, format('{"count": %s, "first": "%s", "last": "%s", "total": %s}', count,
        to_char(first AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), to_char(last AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), total)::purchases AS p
    FROM (SELECT id, count, first, CASE WHEN count > 1 THEN first + later ELSE first END AS last, total
          FROM (SELECT id, CASE id % 5 WHEN 0 THEN 1 WHEN 1 THEN 9223372036854775807 - id ELSE hash % 1000 + 2 END AS count,
                       timestamptz '0001-01-01 00:00:00+00' + (hash * 36525 / 100 / 430) % 3500000 * interval '1 day' + (hash * 1000003) % 86400000000 * interval '1 microsecond' AS first,
                       (id * 37) * interval '1 day' + (hash % 1000000) * interval '1 microsecond' AS later,
                       CASE id % 7 WHEN 0 THEN 0 WHEN 1 THEN 922337203685477.5807 - id / 10000.0 WHEN 2 THEN hash WHEN 3 THEN hash / 100.0 ELSE round(hash / 10000.0, 4) END AS total
                FROM (SELECT id, id::bigint * 2654435761 % 4294967296 AS hash FROM generate_series(1, 4000) AS id) AS g) AS h) AS i;
INSERT INTO histories VALUES (0, 0, NULL, NULL, 0, '{"count": 0}');
SELECT count(*), extract(year FROM min(first) AT TIME ZONE 'UTC') AS first, extract(year FROM max(last) AT TIME ZONE 'UTC') AS last, max(count), trim_scale(max(total)) AS max FROM histories;

-- The parts are what went in; the text and its jsonb read back as the same value.
SELECT count(*) FILTER (WHERE purchase_count(p) IS DISTINCT FROM count) AS count, count(*) FILTER (WHERE first_purchase(p) IS DISTINCT FROM first) AS first,
       count(*) FILTER (WHERE last_purchase(p) IS DISTINCT FROM last) AS last, count(*) FILTER (WHERE total_spent(p) IS DISTINCT FROM total) AS total,
       count(*) FILTER (WHERE total_spent(p)::text <> trim_scale(total)::text) AS zeros,
       count(*) FILTER (WHERE p::text::purchases IS DISTINCT FROM p) AS text_changed, count(*) FILTER (WHERE (p::jsonb)::text::purchases IS DISTINCT FROM p) AS jsonb_changed,
       count(*) FILTER (WHERE (p::jsonb -> 'count', p::jsonb -> 'total') IS DISTINCT FROM (to_jsonb(count), CASE WHEN count > 0 THEN to_jsonb(trim_scale(total)) END)) AS jsonb_differing,
       count(*) FILTER (WHERE ((p::jsonb ->> 'first')::timestamptz, (p::jsonb ->> 'last')::timestamptz) IS DISTINCT FROM (first, last)) AS jsonb_instants
FROM histories;
SELECT '{"count": 1, "total": 1.50, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z"}'::purchases::jsonb AS jsonb, '{"count": 0}'::purchases::jsonb AS none;

--
-- Order and equality
--

-- The operators order by count, first, last and total.
SELECT count(*) AS pairs,
       count(*) FILTER (WHERE (a.p < b.p) <> (a.k < b.k)) AS lt, count(*) FILTER (WHERE (a.p <= b.p) <> (a.k <= b.k)) AS le,
       count(*) FILTER (WHERE (a.p = b.p) <> (a.k = b.k)) AS eq, count(*) FILTER (WHERE (a.p <> b.p) <> (a.k <> b.k)) AS ne,
       count(*) FILTER (WHERE (a.p >= b.p) <> (a.k >= b.k)) AS ge, count(*) FILTER (WHERE (a.p > b.p) <> (a.k > b.k)) AS gt,
       count(*) FILTER (WHERE purchases_cmp(a.p, b.p) <> btarraycmp(a.k, b.k)) AS cmp
FROM (SELECT p, ARRAY[count, extract(epoch FROM first), extract(epoch FROM last), total] AS k FROM histories WHERE id BETWEEN 1 AND 150
      UNION ALL SELECT text::purchases, key FROM (VALUES
          ('{"count": 2, "first": "2026-01-01T00:00:00Z", "last": "2026-01-03T00:00:00Z", "total": 5}', ARRAY[2, 1767225600, 1767398400, 5]),
          ('{"count": 2, "first": "2026-01-01T00:00:00Z", "last": "2026-01-03T00:00:00Z", "total": 4.9999}', ARRAY[2, 1767225600, 1767398400, 4.9999]),
          ('{"count": 2, "first": "2026-01-01T00:00:00Z", "last": "2026-01-02T00:00:00Z", "total": 9}', ARRAY[2, 1767225600, 1767312000, 9])) AS like_one (text, key)) AS a,
     (SELECT p, ARRAY[count, extract(epoch FROM first), extract(epoch FROM last), total] AS k FROM histories WHERE id % 20 = 3
      UNION ALL SELECT text::purchases, key FROM (VALUES
          ('{"count": 2, "first": "2026-01-01T00:00:00Z", "last": "2026-01-03T00:00:00Z", "total": 5}', ARRAY[2, 1767225600, 1767398400, 5]),
          ('{"count": 2, "first": "2026-01-02T00:00:00Z", "last": "2026-01-02T00:00:00Z", "total": 5}', ARRAY[2, 1767312000, 1767312000, 5])) AS like_one (text, key)) AS b;

-- Equal values hash alike; the extended hash continues the short one.
SELECT count(*) FILTER (WHERE purchases_hash(p) <> purchases_hash(p::text::purchases)) AS differing,
       count(*) FILTER (WHERE purchases_hash(p)::bit(32) <> purchases_hash_extended(p, 0)::bit(32)) AS not_continued,
       count(*) FILTER (WHERE purchases_hash_extended(p, 0) = purchases_hash_extended(p, 1)) AS seedless, count(DISTINCT purchases_hash(p)) > 3990 AS spread
FROM histories;

-- DISTINCT, GROUP BY, joins, an index and a key find equal values as text does.
CREATE TABLE repeated AS SELECT p, id FROM histories, generate_series(0, id % 3);
ANALYZE repeated;
SELECT count(*) AS rows, count(DISTINCT p::text) AS values, (SELECT sum(n * n) FROM (SELECT count(*) AS n FROM repeated GROUP BY p::text) AS g) AS joined FROM repeated;
SET enable_hashagg = off;
SELECT count(*) AS "distinct" FROM (SELECT DISTINCT p FROM repeated) AS d;
SELECT count(*) AS "union" FROM (SELECT p FROM repeated UNION SELECT p FROM histories) AS u;
SET enable_hashagg = on;
SET enable_sort = off;
SELECT count(*) AS "distinct" FROM (SELECT DISTINCT p FROM repeated) AS d;
SELECT count(*) AS groups, max(n) AS most FROM (SELECT p, count(*) AS n FROM repeated GROUP BY p) AS g;
SELECT count(*) AS except FROM (SELECT p FROM histories EXCEPT SELECT p FROM repeated WHERE id % 3 > 0) AS e;
RESET enable_hashagg;
RESET enable_sort;
SET enable_mergejoin = off;
SET enable_nestloop = off;
SELECT count(*) AS hash_join FROM repeated AS a JOIN repeated AS b ON a.p = b.p;
SET enable_hashjoin = off;
SET enable_mergejoin = on;
SELECT count(*) AS merge_join FROM repeated AS a JOIN repeated AS b ON a.p = b.p;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_nestloop;
SELECT count(*) FILTER (WHERE before > ARRAY[purchase_count(p), extract(epoch FROM first_purchase(p))]) AS out_of_order
FROM (SELECT p, lag(ARRAY[purchase_count(p), extract(epoch FROM first_purchase(p))]) OVER (ORDER BY p) AS before FROM repeated WHERE id > 0) AS o;
CREATE INDEX ON repeated (p);
SET enable_seqscan = off;
SELECT count(*) AS by_index FROM repeated WHERE p >= '{"count": 500, "first": "0001-01-01T00:00:00Z", "last": "0001-01-01T00:00:00Z", "total": 0}' AND p < '{"count": 700, "first": "0001-01-01T00:00:00Z", "last": "0001-01-01T00:00:00Z", "total": 0}';
RESET enable_seqscan;
SELECT sum(1 + id % 3) AS by_count FROM histories WHERE count >= 500 AND count < 700;
CREATE TABLE keyed (p purchases PRIMARY KEY);
INSERT INTO keyed VALUES ('{"count": 0}'), ('{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 1.5}');
INSERT INTO keyed VALUES ('{"total": 1.50, "count": 1, "first": "2026-01-05T10:00:00.000000Z", "last": "2026-01-05T10:00:00Z"}');
CREATE TABLE parts (p purchases) PARTITION BY HASH (p);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT p FROM histories;
SELECT count(*) AS rows, min(n) > 1800 AS spread FROM (SELECT count(*) OVER (PARTITION BY tableoid) AS n FROM parts) AS c;
SELECT count(*) AS found FROM parts WHERE p = (SELECT p FROM histories WHERE id = 77);

--
-- Amounts
--

-- Some thousand amounts of every size go in and come out the same.
CREATE TABLE amounts (amount numeric);
INSERT INTO amounts VALUES (0), (0.0), (0.00000000), (1e-4), (0.0001), (0.00010000), (1.50000), (10000), (10000.0000), (9999.9999), (99999999.9999), (100000000), (100000000.0001),
    (1e14), (123456789012345.6789), (922337203685477), (922337203685477.58), (922337203685477.5807), (9e14), (922337203685477.580700000000);
INSERT INTO amounts SELECT (i::bigint * 2654435761 % 4294967296)::numeric * 10 ^ e::numeric FROM generate_series(1, 300) AS i, generate_series(-4, 5) AS e;
INSERT INTO amounts SELECT 10 ^ e::numeric * m FROM generate_series(-4, 14) AS e, generate_series(1, 9) AS m;
INSERT INTO amounts SELECT (10 ^ e::numeric - 1) / 10000 FROM generate_series(1, 18) AS e;
SELECT count(*) AS amounts, count(*) FILTER (WHERE total_spent(p) IS DISTINCT FROM amount) AS differing,
       count(*) FILTER (WHERE total_spent_float8(p) IS DISTINCT FROM amount::float8) AS as_float8,
       count(*) FILTER (WHERE total_spent(p)::text <> trim_scale(amount)::text) AS written_otherwise, count(*) FILTER (WHERE average_order(p) IS DISTINCT FROM amount) AS averages,
       count(*) FILTER (WHERE (p::text::jsonb -> 'total')::numeric IS DISTINCT FROM amount) AS text_differing, count(*) FILTER (WHERE p::text::purchases <> p) AS changed
FROM amounts, LATERAL (SELECT purchases_agg('2026-01-05 10:00:00+00', a) AS p FROM (VALUES (amount)) AS v (a)) AS one;

-- An amount is finite, has at most four decimals, and is no more than fits; a
-- fifth decimal is never rounded away.
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.error_of(format('SELECT loyalcs.purchases_agg(''2026-01-05 10:00:00+00'', %s)', amount)) FROM (VALUES
    ('1.00001'), ('922337203685477.5808'), ('''NaN'''), ('-0.0001')
) AS wrong (amount);
-- The first two lines of the others.
SELECT amount || ' => ' || array_to_string((string_to_array(regexp_replace(pg_temp.error_of(format('SELECT loyalcs.purchases_agg(''2026-01-05 10:00:00+00'', %s)', amount)), '0{20,}', '0...'), E'\n'))[1:2], E'\n') FROM (VALUES
    ('0.00001'), ('1e-5'), ('0.99999'), ('1e-1000'), ('100000000.00005'), ('1e15'), ('1e18'), ('1e30'), ('1e1000'), ('922337203685478'), ('9223372036854775807'), ('1e30 + 0.00001'),
    ('''Infinity'''), ('''-Infinity'''), ('-1'), ('-922337203685477.5807'), ('-922337203685477.5808'), ('-1e30'), ('-0.00001')
) AS wrong (amount);
\pset format aligned
\pset tuples_only off

--
-- Instants
--

-- The first and the last instant of a purchase, and those next to them.  (An
-- error shows an instant as the session does.)
SET timezone = 'UTC';
SELECT purchases_agg(at, 1) FROM unnest('{0001-01-01 00:00:00+00,9999-12-31 23:59:59.999999+00}'::timestamptz[]) AS at;
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.error_of(format('SELECT loyalcs.purchases_agg(%L, 1)', at)) FROM (VALUES ('0001-12-31 23:59:59.999999+00 BC'), ('10000-01-01 00:00:00+00'), ('infinity'), ('-infinity')) AS wrong (at);
\pset format aligned
\pset tuples_only off
SET timezone = 'Asia/Kathmandu';

--
-- Aggregates
--

-- A hundred thousand orders, some without an instant or an amount.
CREATE TABLE orders AS
    SELECT id, (hash % 5003)::int AS customer, CASE WHEN id % 101 = 0 THEN NULL ELSE timestamptz '2020-01-01 00:00:00+00' + hash * interval '41 milliseconds' END AS at,
           CASE WHEN id % 97 = 0 THEN NULL WHEN id % 3 = 0 THEN round(hash / 7e4, (id % 5)) ELSE hash % 50000 END AS amount
    FROM (SELECT id, id::bigint * 2654435761 % 4294967296 AS hash FROM generate_series(1, 100000) AS id) AS g;
ALTER TABLE orders SET (parallel_workers = 3);
ANALYZE orders;
CREATE TABLE by_hand AS
    SELECT customer, count(*), min(at), max(at), sum(amount), avg(amount) FROM orders WHERE at IS NOT NULL AND amount IS NOT NULL GROUP BY customer;
SELECT count(*) AS customers, sum(count) AS orders, max(count) AS most, count(*) FILTER (WHERE scale(sum) = 4) AS four_decimals FROM by_hand;
CREATE VIEW disagreement AS
    SELECT count(*) AS customers, count(*) FILTER (WHERE p IS NULL) AS without,
           count(*) FILTER (WHERE (purchase_count(p), first_purchase(p), last_purchase(p), total_spent(p)) IS DISTINCT FROM (count, min, max, sum)) AS differing,
           count(*) FILTER (WHERE abs(average_order(p) - avg) < 1e-12 IS NOT true) AS averages
    FROM (SELECT customer, purchases_agg(at, amount) AS p FROM orders GROUP BY customer) AS o FULL JOIN by_hand USING (customer);
SET max_parallel_workers_per_gather = 0;
SELECT * FROM disagreement;
-- Days added up are the whole, and one sum is the sum of sums.
CREATE TABLE days AS SELECT customer % 100 AS part, customer, purchases_agg(at, amount) AS p FROM orders GROUP BY customer, date_trunc('day', at, 'UTC');
INSERT INTO days VALUES (0, 1, NULL), (0, 1, '{"count": 0}');
ALTER TABLE days SET (parallel_workers = 3);
ANALYZE days;
SELECT count(*) AS customers, count(*) FILTER (WHERE (purchase_count(p), first_purchase(p), last_purchase(p), total_spent(p)) IS DISTINCT FROM (count, min, max, sum)) AS differing
FROM (SELECT customer, sum(p) AS p FROM days GROUP BY customer) AS d JOIN by_hand USING (customer);
SELECT sum(p) = (SELECT purchases_agg(at, amount) FROM orders) AS whole, sum(p) = (SELECT sum(p) FROM (SELECT sum(p) AS p FROM days GROUP BY part) AS parts) AS sum_of_sums FROM days;

-- With parallel workers, too.
CREATE FUNCTION pg_temp.is_parallel(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || statement INTO plan;
    RETURN plan::text LIKE '%"Partial"%';
END $$;
SET max_parallel_workers_per_gather = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT pg_temp.is_parallel('SELECT purchases_agg(at, amount) FROM orders') AS parallel, pg_temp.is_parallel('SELECT sum(p) FROM days') AS parallel_sum,
       pg_temp.is_parallel('SELECT part, sum(p) FROM days GROUP BY part') AS parallel_groups;
SELECT purchase_count(p) = sum(count) AS count, first_purchase(p) = min(min) AS first, last_purchase(p) = max(max) AS last, total_spent(p) = sum(sum) AS total
FROM (SELECT purchases_agg(at, amount) AS p FROM orders) AS o, by_hand GROUP BY p;
SELECT purchase_count(p) = sum(count) AS count, first_purchase(p) = min(min) AS first, last_purchase(p) = max(max) AS last, total_spent(p) = sum(sum) AS total
FROM (SELECT sum(p) AS p FROM days) AS o, by_hand GROUP BY p;
SELECT count(*) AS parts, count(*) FILTER (WHERE purchase_count(p) <> count OR total_spent(p) <> sum) AS differing
FROM (SELECT part, sum(p) AS p FROM days GROUP BY part) AS d JOIN (SELECT customer % 100 AS part, sum(count) AS count, sum(sum) AS sum FROM by_hand GROUP BY 1) AS h USING (part);
SELECT pg_temp.is_parallel('SELECT purchases_agg(at, amount) FROM orders WHERE id BETWEEN 201 AND 230') AS parallel;
SELECT purchase_count(p), total_spent(p) = (SELECT sum(amount) FROM orders WHERE id BETWEEN 201 AND 230 AND at IS NOT NULL) AS same
FROM (SELECT purchases_agg(at, amount) AS p FROM orders WHERE id BETWEEN 201 AND 230) AS few;
SELECT purchases_agg(at, amount) FROM orders WHERE id < 0;
SET parallel_leader_participation = off;
SELECT split_part(pg_temp.error_of('SELECT loyalcs.purchases_agg(at, CASE id WHEN 99999 THEN -7 ELSE amount END) FROM orders'), E'\n', 1) AS in_a_worker;
RESET parallel_leader_participation;
RESET max_parallel_workers_per_gather;

-- One row, no row, and rows that are no purchase.
SELECT purchases_agg(at, amount) FROM (VALUES (timestamptz '2026-01-05 10:00:00+00', 0)) AS gift (at, amount);
SELECT purchases_agg(at, amount) AS none, sum(p) FROM (SELECT now(), 1, '{"count": 0}'::purchases WHERE false) AS v (at, amount, p);
SELECT purchases_agg(at, amount) AS none, sum(p) FROM (VALUES (NULL::timestamptz, 5, NULL::purchases), ('2026-01-05 10:00:00+00', NULL, '{"count": 0}'), ('infinity', NULL, NULL), (NULL, -1.00001, NULL)) AS v (at, amount, p);
-- Amounts of every type, FILTER, DISTINCT, GROUPING SETS, a window.
SELECT purchases_agg(at, a::int) = p AS integer, purchases_agg(at, a::bigint) = p AS bigint, purchases_agg(at, a::smallint) = p AS smallint, purchases_agg(at, a::numeric(12, 4)) = p AS with_scale
FROM (VALUES (timestamptz '2026-01-05 10:00:00+00', 500), ('2026-01-06 10:00:00+00', 700)) AS v (at, a),
     (VALUES ('{"count": 2, "first": "2026-01-05T10:00:00Z", "last": "2026-01-06T10:00:00Z", "total": 1200}'::purchases)) AS h (p) GROUP BY p;
SELECT customer, purchases_agg(at, amount) FILTER (WHERE amount > 1) AS p, purchase_count(purchases_agg(DISTINCT at, amount)) AS "distinct"
FROM (VALUES ('a', timestamptz '2026-01-05 10:00:00+00', 1), ('a', '2026-01-05 10:00:00+00', 1), ('b', '2026-01-06 10:00:00+00', 2)) AS v (customer, at, amount)
GROUP BY ROLLUP (customer) ORDER BY customer;
SELECT id, purchases_agg(at, amount) OVER (ORDER BY id ROWS 1 PRECEDING) AS of_two
FROM (VALUES (1, timestamptz '2026-01-05 10:00:00+00', 1), (2, '2026-01-02 10:00:00+00', 20), (3, NULL, 300), (4, NULL, 4000), (5, '2026-01-09 10:00:00+00', 0.5)) AS v (id, at, amount);
-- Results of a window that are kept do not change when it moves on.
SELECT count(*) AS kept, count(*) FILTER (WHERE (purchase_count(p), last_purchase(p), total_spent(p)) IS DISTINCT FROM (count, max, sum)) AS changed
FROM (SELECT array_agg(p ORDER BY id DESC) AS kept
      FROM (SELECT id, purchases_agg(at, amount) OVER (ORDER BY id) AS p FROM orders WHERE id <= 300) AS running) AS all_of_them,
     unnest(kept) WITH ORDINALITY AS k (p, reversed),
     LATERAL (SELECT count(*), max(at), sum(amount) FROM orders WHERE id <= 301 - reversed AND at IS NOT NULL AND amount IS NOT NULL) AS h;

--
-- +
--

-- It merges: count and total add up, the instants reach from the first to the last.
SELECT count(*) AS pairs,
       count(*) FILTER (WHERE (purchase_count(s), first_purchase(s), last_purchase(s), total_spent(s)) IS DISTINCT FROM
           (a.count + b.count, least(a.first, b.first), greatest(a.last, b.last), a.total + b.total)) AS differing,
       count(*) FILTER (WHERE s <> b.p + a.p) AS not_commutative, count(*) FILTER (WHERE s + '{"count": 0}' <> s OR '{"count": 0}' + s <> s) AS not_neutral
FROM histories AS a, histories AS b, LATERAL (SELECT a.p + b.p AS s) AS s
WHERE a.count < 10000 AND b.count < 10000 AND a.total < 1e14 AND b.total < 1e14 AND a.id % 17 = 0 AND b.id % 19 = 0;
SELECT p + NULL IS NULL AS null_right, NULL + p IS NULL AS null_left, '{"count": 0}'::purchases + '{"count": 0}' AS nothing FROM keyed LIMIT 1;
SELECT p, p + p AS twice, purchases_accum(p, '2026-01-06 10:00:00+00', 1) AS one_more, p AS unchanged FROM keyed WHERE purchase_count(p) = 1;

-- A count or a total that does not fit is an error, and the last that fits is none.
SELECT '{"count": 9223372036854775806, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 922337203685477.5806}'::purchases
     + '{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 0.0001}' AS the_last_that_fits;
SELECT '{"count": 9223372036854775807, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 0}'::purchases
     + '{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 0}';
SELECT '{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 922337203685477.5807}'::purchases
     + '{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 0.0001}';
SELECT purchases_agg('2026-01-05 10:00:00+00', amount) FROM (VALUES (900000000000000), (22337203685477.5807), (0.0001)) AS v (amount);
SELECT sum(p) FROM (VALUES ('{"count": 9223372036854775807, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 0}'::purchases),
    ('{"count": 0}'), ('{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 0}')) AS v (p);

--
-- Reading
--

-- By hand: three orders over 55 days and a half, for 300: 100 each, one every
-- 27 days and 18 hours, the last 9 days and 13.5 hours ago.
SET timezone = 'UTC';
SELECT purchase_count(p), first_purchase(p), last_purchase(p), total_spent(p), average_order(p),
       purchase_interval(p), recency(p, '2026-03-11 11:30:00+00'), recency(p, '2026-03-01 22:00:00+00') AS at_once, recency(p, '2026-03-01 21:59:59.999999+00') AS before, recency(p, '2026-01-01 00:00:00+00') AS long_before
FROM (VALUES ('{"count": 3, "first": "2026-01-05T10:00:00Z", "last": "2026-03-01T22:00:00Z", "total": 300}'::purchases)) AS v (p);

-- Of nobody's purchases there is a count and a total; one purchase has no rhythm.
SELECT purchase_count(p), first_purchase(p), last_purchase(p), total_spent(p), average_order(p), purchase_interval(p), recency(p, '2026-01-06 10:00:00+00')
FROM (VALUES ('{"count": 0}'::purchases), (NULL), ('{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 12}')) AS v (p);
SELECT recency('{"count": 0}', NULL) AS null;

-- As rows have them, with a short header and with a long one, and as they are computed.
CREATE TABLE stored AS
SELECT i AS id, round(trunc(abs(hashint8extended(i, 1)::numeric) / 10::numeric ^ (5 + i % 15)) / 10::numeric ^ (i % 5), 4) AS amount,
       round(trunc(abs(hashint8extended(i, 1)::numeric) / 10::numeric ^ (5 + i % 15)) / 10::numeric ^ (i % 5), 100) AS long
  FROM generate_series(1::bigint, 20000) i;
SELECT count(*), count(DISTINCT amount) > 15000 AS distinct, bool_or(pg_column_size(amount) < 7) AS short, bool_or(amount < 1 AND amount > 0) AS below_one,
       count(*) FILTER (WHERE total_spent(p) IS DISTINCT FROM 4 * amount) AS wrong
  FROM stored, LATERAL (SELECT purchases_agg('2026-01-01 00:00+00', v) AS p FROM (VALUES (amount), (long), (trim_scale(amount)), (amount + 0)) AS s (v)) AS c;
DROP TABLE stored;

-- Times are as subtraction gives them, the mean one to the microsecond below.
SELECT count(*) FILTER (WHERE recency(p, at) IS DISTINCT FROM at - last OR recency(p, at)::text IS DISTINCT FROM (at - last)::text) AS recency,
       count(*) FILTER (WHERE purchase_interval(p) IS DISTINCT FROM
           CASE WHEN count > 1 THEN justify_hours(div(extract(epoch FROM last - first) * 1000000, count - 1)::bigint * interval '1 microsecond') END) AS rhythm
FROM histories, unnest('{0001-01-01 00:00:00+00,2026-03-11 11:30:00+00,9999-12-31 23:59:59.999999+00}'::timestamptz[]) AS at;
SELECT count(*) FILTER (WHERE abs(average_order(p) - total / nullif(count, 0)) > 1e-15 * total) AS off,
       count(*) FILTER (WHERE (average_order(p) IS NULL) <> (count = 0)) AS missing FROM histories;

-- As of never, a recency is an error, also of no purchases; so is one that no
-- interval can hold.
SELECT recency('{"count": 0}', 'infinity');
SELECT recency('{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 12}', '-infinity');
SELECT recency('{"count": 1, "first": "0001-01-01T00:00:00Z", "last": "0001-01-01T00:00:00Z", "total": 12}', '294276-12-31 23:59:59.999999+00');
SELECT recency(p, '4714-11-24 00:00:00+00 BC') AS extreme, recency(p, '294276-12-31 23:59:59.999999+00') FROM (VALUES ('{"count": 1, "first": "2026-01-05T10:00:00Z", "last": "2026-01-05T10:00:00Z", "total": 12}'::purchases)) AS v (p);
