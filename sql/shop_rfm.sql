-- RFM scores, segments, and cut points that are kept.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;

-- An empty shop has no scores, and nothing to keep.
SELECT * FROM rfm_at('2024-06-01 00:00+09');
SELECT * FROM rfm_segments_at('2024-06-01 00:00+09');
SELECT * FROM rfm_movements('2024-05-01 00:00+09', '2024-06-01 00:00+09');
SELECT refresh_rfm_cuts('2024-06-01 00:00+09');
SELECT count(*) FROM rfm_cuts;

-- Six customers, so that the cut points are the second to the fifth value, and
-- a score is read off the place: values 1 and 2 score 1, and 3 to 6 score 2 to
-- 5. Equal values score equally, as the first of them.
--
--              last order         orders             spent
--      ann     Jan 1   R 1        1   F 1            100   M 1
--      ben     Jan 2   R 1        1   F 1            600   M 5
--      cat     Jan 3   R 2        2   F 3            500   M 4
--      dan     Jan 4   R 3        3   F 5            400   M 3
--      eve     Jan 5   R 4        1   F 1            200   M 1
--      fay     Jan 6   R 5        2   F 3            300   M 2
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben'), ('cat'), ('dan'), ('eve'), ('fay'), ('gil');
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES
    ('ann', '1', '2024-01-01 12:00+09', 100),
    ('ben', '1', '2024-01-02 12:00+09', 600),
    ('cat', '1', '2024-01-01 12:00+09', 250),
    ('cat', '2', '2024-01-03 12:00+09', 250),
    ('dan', '1', '2024-01-01 12:00+09', 200),
    ('dan', '2', '2024-01-02 12:00+09', 100),
    ('dan', '3', '2024-01-04 12:00+09', 100),
    ('eve', '1', '2024-01-05 12:00+09', 200),
    ('fay', '1', '2024-01-01 12:00+09', 150),
    ('fay', '2', '2024-01-06 12:00+09', 150);
SELECT customer_id, recency_score, frequency_score, monetary_score, segment,
       last_order_at AT TIME ZONE 'Asia/Tokyo' AS last_order, orders, total_spent
  FROM rfm_at('2024-01-31 00:00+09') ORDER BY customer_id;

-- The same in plain SQL over the orders.
WITH bought AS (
    SELECT customer_id, EXTRACT(epoch FROM max(ordered_at))::float8 AS last,
           count(*)::float8 AS orders, sum(amount)::float8 AS spent
      FROM orders GROUP BY customer_id
), cuts AS (
    SELECT percentile_cont('{.2,.4,.6,.8}'::float8[]) WITHIN GROUP (ORDER BY last) AS r,
           percentile_cont('{.2,.4,.6,.8}'::float8[]) WITHIN GROUP (ORDER BY orders) AS f,
           percentile_cont('{.2,.4,.6,.8}'::float8[]) WITHIN GROUP (ORDER BY spent) AS m
      FROM bought
)
SELECT count(*), count(*) FILTER (WHERE
           recency_score = 1 + (SELECT count(*) FROM unnest(r) c WHERE c < last)
           AND frequency_score = 1 + (SELECT count(*) FROM unnest(f) c WHERE c < bought.orders)
           AND monetary_score = 1 + (SELECT count(*) FROM unnest(m) c WHERE c < spent)) AS same
  FROM rfm_at('2024-01-31 00:00+09') JOIN bought USING (customer_id), cuts;

-- Who has moved where since noon of the 2nd, when ann, ben, cat, dan and fay had ordered: once, but for dan. Each
-- customer is in one row, where rfm_at() of either day says; eve is new, and gil is nobody. In the
-- other direction they go back.
SELECT segment_before, segment_after, customers, round(moved_share::numeric, 4) AS moved, round(customer_share::numeric, 4) AS of_all, revenue, round(revenue_share::numeric, 4) AS share
  FROM rfm_movements('2024-01-02 12:00+09', '2024-01-31 00:00+09');
SELECT count(*), count(*) FILTER (WHERE m.customers IS DISTINCT FROM p.customers OR m.revenue IS DISTINCT FROM p.revenue OR m.moved_share IS DISTINCT FROM p.moved) AS differing
  FROM rfm_movements('2024-01-02 12:00+09', '2024-01-31 00:00+09') m
  FULL JOIN (SELECT coalesce(b.segment, 'no order') AS before, coalesce(a.segment, 'no order') AS after, count(*) AS customers, coalesce(sum(a.total_spent), 0) AS revenue,
                    count(*)::float8 / (SELECT count(*) FROM customers c LEFT JOIN rfm_at('2024-01-02 12:00+09') s USING (customer_id)
                                         WHERE s.segment IS NOT DISTINCT FROM b.segment AND c.customer_id <> 'gil') AS moved
               FROM customers c LEFT JOIN rfm_at('2024-01-02 12:00+09') b USING (customer_id) LEFT JOIN rfm_at('2024-01-31 00:00+09') a USING (customer_id)
              WHERE b.segment IS NOT NULL OR a.segment IS NOT NULL
              GROUP BY a.segment, b.segment) p ON (p.before, p.after) = (m.segment_before, m.segment_after);
SELECT count(*) AS differing
  FROM rfm_movements('2024-01-02 12:00+09', '2024-01-31 00:00+09') m
  FULL JOIN rfm_movements('2024-01-31 00:00+09', '2024-01-02 12:00+09') b ON (b.segment_before, b.segment_after) = (m.segment_after, m.segment_before)
 WHERE b.customers IS DISTINCT FROM m.customers;
-- Nobody has moved in no time; before everything all have come from nowhere; then the only order of eve is cancelled.
SELECT count(*), sum(customers) FROM rfm_movements('2024-01-31 00:00+09', '2024-01-31 00:00+09') WHERE segment_before = segment_after;
SELECT segment_before, sum(customers), sum(revenue), round(sum(moved_share)::numeric, 4) AS all_of_them FROM rfm_movements('-infinity', 'infinity') GROUP BY 1;
SELECT * FROM rfm_movements('-infinity', '-infinity');
BEGIN;
UPDATE orders SET cancelled_at = '2024-01-20 12:00+09' WHERE customer_id = 'eve';
SELECT segment_after, customers, revenue FROM rfm_movements('2024-01-10 00:00+09', '2024-01-31 00:00+09') WHERE segment_after = 'no order';
ROLLBACK;

-- Six segments of one customer each: 2100 in all.
SELECT segment, customers, round(customer_share::numeric, 4) AS customer_share,
       revenue, round(revenue_share::numeric, 4) AS revenue_share, average_spent
  FROM rfm_segments_at('2024-01-31 00:00+09');

-- At noon of the 2nd of January there were five customers, and the cut points
-- lay at 0.8, 1.6, 2.4 and 3.2 of the places 0 to 4. Three had bought last on
-- the 1st, two on the 2nd; four had one order, dan two; they had spent 100, 150,
-- 250, 300 and 600, so that monetary scores are 1 to 5.
SELECT customer_id, recency_score, frequency_score, monetary_score, segment
  FROM rfm_at('2024-01-02 12:00+09') ORDER BY customer_id;

-- One customer is no better than himself. Whoever bought for nothing has a
-- score, but no share in a revenue of nothing.
SELECT customer_id, recency_score, frequency_score, monetary_score
  FROM rfm_at('2024-01-31 00:00+09') WHERE customer_id = 'ann';
BEGIN;
DELETE FROM orders WHERE customer_id <> 'ann';
UPDATE orders SET amount = 0;
SELECT customer_id, recency_score, frequency_score, monetary_score, segment, total_spent
  FROM rfm_at('2024-01-31 00:00+09');
SELECT customers, customer_share, revenue, revenue_share, average_spent
  FROM rfm_segments_at('2024-01-31 00:00+09');
ROLLBACK;

SELECT count(*) FROM rfm_at('-infinity');
SELECT count(*) FROM rfm_at('infinity');

--
-- One customer, by cut points that are kept
--

-- None are kept: those of all customers, as in rfm_at.
SELECT recency_score, frequency_score, monetary_score, segment, orders, total_spent, cuts_as_of
  FROM customer_rfm('dan', '2024-01-31 00:00+09');

-- Those of the 2nd of January are of five customers, those of the 31st of six.
SELECT refresh_rfm_cuts('2024-01-02 12:00+09'), refresh_rfm_cuts('2024-01-31 00:00+09');
SELECT as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, customers,
       (SELECT string_agg((c AT TIME ZONE 'Asia/Tokyo')::text, ', ') FROM unnest(recency) c) AS recency,
       frequency, monetary
  FROM rfm_cuts ORDER BY rfm_cuts.as_of;

-- As of the same instant everybody scores as in rfm_at.
SELECT count(*) FROM (
    SELECT customer_id, r.* FROM customers, customer_rfm(customer_id, '2024-01-31 00:00+09') r
    EXCEPT
    SELECT *, timestamptz '2024-01-31 00:00+09' FROM rfm_at('2024-01-31 00:00+09')) d;
SELECT count(*) FROM customers, customer_rfm(customer_id, '2024-01-31 00:00+09');

-- The newest cut points that are not from the future. Dan by those of the 2nd
-- has two orders and then three, more than anybody had then.
SELECT a.as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, r.recency_score, r.frequency_score, r.monetary_score,
       r.orders, r.total_spent, r.cuts_as_of AT TIME ZONE 'Asia/Tokyo' AS cuts_as_of
  FROM (VALUES (timestamptz '2024-01-01 09:00+09'), ('2024-01-02 11:00+09'), ('2024-01-02 12:00+09'),
               ('2024-01-30 00:00+09'), ('2024-02-15 00:00+09')) a (as_of)
  LEFT JOIN LATERAL customer_rfm('dan', a.as_of) r ON true
 ORDER BY a.as_of;

-- A prospect has no scores, nor has somebody unknown.
SELECT count(*) FROM customer_rfm('gil', '2024-01-31 00:00+09');
SELECT count(*) FROM customer_rfm('nobody', '2024-01-31 00:00+09');
SELECT count(*) FROM customer_rfm(NULL, '2024-01-31 00:00+09');

-- Found again, they replace the old ones: fay now leads by 9000.
INSERT INTO orders (customer_id, order_id, ordered_at, amount) VALUES ('fay', '3', '2024-01-30 12:00+09', 8700);
SELECT monetary_score, total_spent FROM customer_rfm('fay', '2024-01-31 00:00+09');
SELECT refresh_rfm_cuts('2024-01-31 00:00+09');
SELECT count(*), max(monetary[4]) FROM rfm_cuts WHERE as_of = '2024-01-31 00:00+09';
SELECT monetary_score, total_spent FROM customer_rfm('fay', '2024-01-31 00:00+09');

-- Nothing replaces them when nobody has bought.
BEGIN;
UPDATE orders SET cancelled_at = ordered_at;
SELECT refresh_rfm_cuts('2024-01-31 00:00+09');
SELECT customers FROM rfm_cuts WHERE as_of = '2024-01-31 00:00+09';
ROLLBACK;

-- Now is the default.
BEGIN;
SELECT refresh_rfm_cuts();
SELECT count(*) FROM rfm_cuts WHERE as_of = now();
SELECT count(*), count(*) FILTER (WHERE r.cuts_as_of = now()) AS by_cuts_of_now,
       count(*) FILTER (WHERE s.customer_id IS NOT NULL) AS same_as_view
  FROM customers c, customer_rfm(c.customer_id) r
  LEFT JOIN rfm s USING (recency_score, frequency_score, monetary_score, segment,
                         last_order_at, orders, total_spent)
 WHERE s.customer_id = c.customer_id;
ROLLBACK;

-- A customer has one segment, whoever asks and whichever cut points are kept: page, report, cut and follow-up. On
-- the 1st none are; those of the 2nd hold until the 31st.
SELECT a.as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, count(*) AS customers,
       count(*) FILTER (WHERE (o.recency_score, o.frequency_score, o.monetary_score, o.segment) IS DISTINCT FROM
                              (r.recency_score, r.frequency_score, r.monetary_score, r.segment)) AS page_differs,
       count(*) FILTER (WHERE b.part IS DISTINCT FROM r.segment) AS cut_differs,
       (SELECT count(*) FROM (SELECT segment, count(*) FROM rfm_at(a.as_of) GROUP BY 1 EXCEPT SELECT segment, customers FROM rfm_segments_at(a.as_of)) d) AS report_differs
  FROM (VALUES (timestamptz '2024-01-01 13:00+09'), ('2024-01-02 12:00+09'), ('2024-01-05 00:00+09'), ('2024-01-31 00:00+09'), ('2024-03-01 00:00+09')) a (as_of)
 CROSS JOIN LATERAL rfm_at(a.as_of) r
  LEFT JOIN LATERAL customer_rfm(r.customer_id, a.as_of) o ON true
  LEFT JOIN LATERAL customer_breakdown('rfm_segment', a.as_of) b ON b.customer_id = r.customer_id
 GROUP BY a.as_of ORDER BY a.as_of;
BEGIN;
UPDATE journey_steps SET valid = 'empty';
INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, segments, expires_after, valid)
SELECT 'after_sale', s, 'ordered', '0', 'email', 'transactional', 'arrival_check', ARRAY[s], '90 days', '(,)' FROM (SELECT DISTINCT loyalcs.rfm_segment(r, f, m) AS s FROM generate_series(1, 5) r, generate_series(1, 5) f, generate_series(1, 5) m) x;
SELECT count(*) AS customers, count(*) FILTER (WHERE f.step IS DISTINCT FROM r.segment) AS follow_up_differs
  FROM rfm_at('2024-02-15 00:00+09') r
  LEFT JOIN (SELECT DISTINCT customer_id, step FROM followups_considered('2024-02-15 00:00+09', '0')) f USING (customer_id);
DELETE FROM rfm_cuts;
SELECT count(*) AS customers, count(*) FILTER (WHERE f.step IS DISTINCT FROM r.segment) AS follow_up_differs
  FROM rfm_at('2024-02-15 00:00+09') r
  LEFT JOIN (SELECT DISTINCT customer_id, step FROM followups_considered('2024-02-15 00:00+09', '0')) f USING (customer_id);
ROLLBACK;

-- What is kept is four points each.
SELECT s.given, pg_temp.outcome(format('INSERT INTO rfm_cuts (as_of, customers, recency, frequency, monetary)
    SELECT ''2024-05-01 00:00+09'', customers, recency, frequency, monetary FROM rfm_cuts WHERE customers = 6;
    UPDATE rfm_cuts SET %s WHERE as_of = ''2024-05-01 00:00+09''', s.given))
  FROM (VALUES
    ('as_of = NULL'),
    ('as_of = ''2024-01-31 00:00+09'''),
    ('as_of = ''2024-05-02 00:00+09'''),
    ('customers = NULL'),
    ('recency = NULL'),
    ('recency = recency[1:3]'),
    ('recency = recency[1] || recency'),
    ('frequency = NULL'),
    ('frequency = ''{1,2,3}'''),
    ('frequency = ''{1,2,3,4}'''),
    ('frequency = ''{}'''),
    ('monetary = NULL'),
    ('monetary = ''{1,2,3}'''),
    ('monetary = ''{1,2,3,4}''')
  ) s (given);

SELECT pg_temp.same_elsewhere('SELECT * FROM rfm_at(''2024-01-31 00:00+09'')'),
       pg_temp.same_elsewhere('SELECT * FROM customer_rfm(''fay'', ''2024-01-31 00:00+09'')');
