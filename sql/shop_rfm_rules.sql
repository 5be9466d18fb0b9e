-- Bounds between scores, and segments, of a shop's own: rows with the time for which they hold.
-- test: setup filled

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared
-- What filling it said.
\set said `cat "$LOYALCS_CHECK/filled/said"`
\echo :said
SET search_path = aurora;

-- Without rows: everything as it is built in, and one row that says so.
SELECT count(*) AS bounds, (SELECT count(*) FROM rfm_segment_rules) AS rules FROM rfm_score_bounds;
SELECT * FROM own_rfm_cuts('2026-11-01 00:00+09');
CREATE TEMP TABLE built_in AS
          SELECT timestamptz '2026-06-01 00:00+09' AS as_of, r.* FROM rfm_at('2026-06-01 00:00+09') r
UNION ALL SELECT timestamptz '2026-07-15 00:00+09' AS as_of, r.* FROM rfm_at('2026-07-15 00:00+09') r
UNION ALL SELECT timestamptz '2026-09-15 00:00+09' AS as_of, r.* FROM rfm_at('2026-09-15 00:00+09') r
UNION ALL SELECT timestamptz '2026-11-01 00:00+09' AS as_of, r.* FROM rfm_at('2026-11-01 00:00+09') r;
SELECT as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, count(*) AS customers,
       count(*) FILTER (WHERE segment <> loyalcs.rfm_segment(recency_score, frequency_score, monetary_score)) AS differing
  FROM built_in GROUP BY as_of ORDER BY 1;

--
-- Bounds
--

-- From July on: 5 is up to 30 days ago, 1 more than a year; up to 1, 2, 4 and 9 orders are 1 to 4. What was spent is
-- scored by fifths still.
INSERT INTO rfm_score_bounds (metric, bounds, valid) VALUES
    ('recency', '{30,90,180,365}', '[2026-07-01 00:00+09,)'),
    ('frequency', '{1,2,4,9}', '[2026-07-01 00:00+09,)');
SELECT recency AT TIME ZONE 'UTC' AS recency, frequency, monetary, segments FROM (SELECT unnest(recency) AS recency, frequency, monetary, segments FROM own_rfm_cuts('2026-07-01 00:00+09')) o;
SELECT * FROM own_rfm_cuts('2026-06-30 23:59:59.999999+09');

-- The same in plain SQL, from the orders: of the customers, the scores that differ, and those that are other than before.
CREATE FUNCTION pg_temp.differing(at timestamptz, OUT customers bigint, OUT r bigint, OUT f bigint, OUT m bigint, OUT segments bigint, OUT moved bigint) LANGUAGE sql AS $$
    WITH bought AS (
        SELECT o.customer_id, max(o.ordered_at) AS last, count(*) AS orders, sum(o.amount - coalesce(r.refund, 0)) AS spent
          FROM orders o
          LEFT JOIN (SELECT customer_id, order_id, sum(refund) AS refund FROM returns WHERE returned_at <= at GROUP BY 1, 2) r USING (customer_id, order_id)
         WHERE o.ordered_at <= at AND (o.cancelled_at IS NULL OR o.cancelled_at > at)
         GROUP BY 1
    ), cut AS (
        SELECT coalesce((SELECT monetary::float8[] FROM rfm_cuts WHERE as_of <= at ORDER BY as_of DESC LIMIT 1),
                        (SELECT percentile_cont('{.2,.4,.6,.8}'::float8[]) WITHIN GROUP (ORDER BY spent::float8) FROM bought)) AS money
    ), scored AS (
        SELECT b.customer_id,
               CASE WHEN at - b.last < interval '720 hours' THEN 5 WHEN at - b.last < interval '2160 hours' THEN 4 WHEN at - b.last < interval '4320 hours' THEN 3
                    WHEN at - b.last < interval '8760 hours' THEN 2 ELSE 1 END AS r,
               CASE WHEN b.orders <= 1 THEN 1 WHEN b.orders <= 2 THEN 2 WHEN b.orders <= 4 THEN 3 WHEN b.orders <= 9 THEN 4 ELSE 5 END AS f,
               CASE WHEN EXISTS (SELECT FROM rfm_score_bounds s WHERE s.metric = 'monetary' AND s.valid @> at)
                    THEN CASE WHEN b.spent <= 10000 THEN 1 WHEN b.spent <= 30000 THEN 3 WHEN b.spent <= 100000 THEN 4 ELSE 5 END
                    ELSE 1 + (SELECT count(*) FROM unnest(money) c WHERE c < b.spent) END AS m
          FROM bought b CROSS JOIN cut
    ), named AS (
        SELECT s.*, CASE WHEN NOT EXISTS (SELECT FROM rfm_segment_rules u WHERE u.valid @> at) THEN loyalcs.rfm_segment(r, f, m::integer)
                         WHEN r = 5 AND f = 5 THEN 'Regulars'
                         WHEN m = 5 AND r >= 3 THEN '上得意'
                         WHEN r <= 2 AND (f >= 3 OR m >= 4) THEN 'To be won back'
                         WHEN EXISTS (SELECT FROM rfm_segment_rules u WHERE u.segment = 'The rest' AND u.valid @> at) THEN 'The rest'
                         ELSE loyalcs.rfm_segment(r, f, m::integer) END AS segment
          FROM scored s
    )
    SELECT count(*), count(*) FILTER (WHERE n.r IS DISTINCT FROM x.recency_score), count(*) FILTER (WHERE n.f IS DISTINCT FROM x.frequency_score),
           count(*) FILTER (WHERE n.m IS DISTINCT FROM x.monetary_score), count(*) FILTER (WHERE n.segment IS DISTINCT FROM x.segment),
           count(*) FILTER (WHERE b.segment IS DISTINCT FROM x.segment)
      FROM named n FULL JOIN rfm_at(at) x USING (customer_id) LEFT JOIN built_in b ON b.as_of = at AND b.customer_id = x.customer_id $$;
-- Before they hold, nobody is other than before.
SELECT count(*), count(*) FILTER (WHERE (r.recency_score, r.frequency_score, r.monetary_score, r.segment) IS DISTINCT FROM
                                        (b.recency_score, b.frequency_score, b.monetary_score, b.segment)) AS differing
  FROM (SELECT * FROM built_in WHERE as_of = '2026-06-01 00:00+09') b FULL JOIN rfm_at('2026-06-01 00:00+09') r USING (customer_id);
SELECT * FROM pg_temp.differing('2026-07-15 00:00+09');
SELECT * FROM pg_temp.differing('2026-11-01 00:00+09');

-- With all three, no cut points have to be found or kept: scores are of the instant itself. Equal bounds leave a score out.
INSERT INTO rfm_score_bounds (metric, bounds, valid) VALUES ('monetary', '{10000,10000,30000,100000}', '[2026-08-01 00:00+09,)');
SELECT * FROM pg_temp.differing('2026-09-15 00:00+09');
SELECT * FROM pg_temp.differing('2026-11-01 00:00+09');
SELECT monetary_score, count(*) FROM rfm_at('2026-11-01 00:00+09') GROUP BY 1 ORDER BY 1;
SELECT k.as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, r.cuts_as_of AT TIME ZONE 'Asia/Tokyo' AS cuts_as_of
  FROM unnest('{2026-07-15 00:00+09,2026-09-15 00:00+09,2026-11-01 00:00+09}'::timestamptz[]) k (as_of), LATERAL customer_rfm('A00649', k.as_of) r;
SELECT count(*) FROM kept_rfm_cuts('2026-07-15 00:00+09');
-- Whoever ordered to the instant as long ago as a bound is beyond it.
SELECT loyalcs.score_by(timestamptz '2026-10-02 00:00+09', o.recency) AS thirty_days, loyalcs.score_by(timestamptz '2026-10-02 00:00:00.000001+09', o.recency) AS less
  FROM own_rfm_cuts('2026-11-01 00:00+09') o;
-- Any instant can be asked about.
SELECT c AT TIME ZONE 'UTC' AS recency FROM own_rfm_cuts('infinity') o, unnest(o.recency) c;
SELECT count(*), min(recency_score), max(recency_score) FROM rfm_at('infinity');
SELECT count(*) FROM rfm_at('-infinity');

--
-- Segments
--

-- 上得意 goes before what is won back, and gives way to Regulars; whom none of them catches keeps the built-in name.
INSERT INTO rfm_segment_rules (segment, recency_from, recency_to, frequency_from, monetary_from, priority, valid) VALUES
    ('上得意', 3, 5, 1, 5, 10, '[2026-07-01 00:00+09,)'),
    ('Regulars', 5, 5, 5, 1, 20, '[2026-07-01 00:00+09,)'),
    ('To be won back', 1, 2, 3, 1, 0, '[2026-07-01 00:00+09,)'),
    ('To be won back', 1, 2, 1, 4, 0, '[2026-07-01 00:00+09,)');
SELECT * FROM pg_temp.differing('2026-07-15 00:00+09');
SELECT * FROM pg_temp.differing('2026-11-01 00:00+09');
SELECT segment, customers, revenue FROM rfm_segments_at('2026-11-01 00:00+09');
-- Then whoever is left is The rest, and in no built-in segment.
INSERT INTO rfm_segment_rules (segment, priority, valid) VALUES ('The rest', -1, '[2026-10-01 00:00+09,)');
SELECT * FROM pg_temp.differing('2026-09-15 00:00+09');
SELECT * FROM pg_temp.differing('2026-11-01 00:00+09');
SELECT segment, customers, revenue FROM rfm_segments_at('2026-11-01 00:00+09');

-- Before all of that, nothing is other than it was.
SELECT count(*), count(*) FILTER (WHERE b.segment IS DISTINCT FROM r.segment) AS differing
  FROM (SELECT * FROM built_in WHERE as_of = '2026-06-01 00:00+09') b FULL JOIN rfm_at('2026-06-01 00:00+09') r USING (customer_id);

-- A customer has one segment, whoever asks, at each instant.
CREATE FUNCTION pg_temp.differing_elsewhere(at timestamptz, OUT customers bigint, OUT cut bigint, OUT page bigint, OUT segments bigint) LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE scored AS SELECT * FROM rfm_at(at);
    SELECT count(*), count(*) FILTER (WHERE b.part IS DISTINCT FROM s.segment) INTO customers, cut
      FROM scored s LEFT JOIN customer_breakdown('rfm_segment', at) b USING (customer_id);
    SELECT count(*) FILTER (WHERE (o.recency_score, o.frequency_score, o.monetary_score, o.segment) IS DISTINCT FROM (s.recency_score, s.frequency_score, s.monetary_score, s.segment))
      INTO page FROM (SELECT * FROM scored ORDER BY customer_id LIMIT 5) s LEFT JOIN LATERAL customer_rfm(s.customer_id, at) o ON true;
    SELECT count(*) INTO segments FROM (SELECT segment, count(*) FROM scored GROUP BY 1 EXCEPT SELECT r.segment, r.customers FROM rfm_segments_at(at) r) d;
    DROP TABLE scored;
END $$;
SELECT a.as_of AT TIME ZONE 'Asia/Tokyo' AS as_of, d.*
  FROM unnest('{2026-06-01 00:00+09,2026-07-15 00:00+09,2026-09-15 00:00+09,2026-11-01 00:00+09}'::timestamptz[]) a (as_of), pg_temp.differing_elsewhere(a.as_of) d;
-- The card.
SELECT c.card -> 'rfm' ->> 'segment' AS on_the_card, r.segment
  FROM (SELECT customer_id, segment FROM rfm_at('2026-11-01 00:00+09') ORDER BY total_spent DESC LIMIT 3) r
 CROSS JOIN LATERAL card_orders(r.customer_id, '2026-11-01 00:00+09') c (card);
SELECT card_orders(customer_id, '2026-09-15 00:00+09') -> 'rfm' ->> 'segment' AS on_the_card, segment FROM rfm_at('2026-09-15 00:00+09') ORDER BY total_spent DESC LIMIT 3;
-- From the built-in to the shop's own.
SELECT m.segment_before, m.segment_after, m.customers, c.customers AS counted
  FROM rfm_movements('2026-06-01 00:00+09', '2026-11-01 00:00+09') m
  LEFT JOIN (SELECT b.segment AS before, a.segment AS after, count(*) AS customers
               FROM built_in b JOIN rfm_at('2026-11-01 00:00+09') a USING (customer_id) WHERE b.as_of = '2026-06-01 00:00+09' GROUP BY 1, 2) c
    ON (c.before, c.after) = (m.segment_before, m.segment_after)
 WHERE m.segment_before = 'Champions';
-- The report: segments of now, and of the end of the month before by what held then, and cells.
SELECT s.value ->> 'segment' AS segment, (s.value ->> 'customers')::integer AS customers, (s.value ->> 'previous')::integer AS previous,
       n.customers AS counted, (s.value ->> 'amount')::numeric = n.revenue AS same_amount
  FROM jsonb_array_elements(report_purchases('2026-10-01', '2026-11-01 00:00+09') #> '{customers,rfm,segments}') s
  FULL JOIN rfm_segments_at('2026-10-31 23:59:59.999999+09') n ON n.segment = s.value ->> 'segment';
SELECT sum((c.value ->> 'customers')::integer), count(*) FILTER (WHERE c.value ->> 'segment' IS DISTINCT FROM
         loyalcs.rfm_segment((c.value ->> 'recency')::integer, (c.value ->> 'value')::integer, (c.value ->> 'value')::integer, o.segments)) AS differing
  FROM jsonb_array_elements(report_purchases('2026-10-01', '2026-11-01 00:00+09') #> '{customers,rfm,cells}') c, own_rfm_cuts('2026-10-31 23:59:59.999999+09') o;
-- How content they are, by what they were at the beginning of the month.
SELECT p.value ->> 'part' AS segment, p.value #>> '{score,cases}' AS answers, g.answers AS counted
  FROM jsonb_array_elements(report_breakdowns('2026-10-01', '2026-11-01 00:00+09')) b
 CROSS JOIN LATERAL jsonb_array_elements(b.value -> 'parts') p
  LEFT JOIN (SELECT coalesce(s.segment, 'no order before') AS segment, count(*) AS answers
               FROM survey_responses v JOIN survey_answers a USING (customer_id, response_id) JOIN survey_questions q ON q.survey = a.survey AND q.question = a.question AND q.kind = 'nps'
               LEFT JOIN rfm_at('2026-09-30 23:59:59.999999+09') s USING (customer_id)
              WHERE a.score IS NOT NULL AND v.responded_at >= '2026-10-01 00:00+09' AND v.responded_at < '2026-11-01 00:00+09'
              GROUP BY 1) g ON g.segment = p.value ->> 'part'
 WHERE b.value ->> 'breakdown' = 'rfm_segment' AND b.value ->> 'kind' = 'nps';

-- Follow-ups for segments go by them. A step for a segment that nobody can be in is a hint, as Champions have become; before July
-- the four others are.
SELECT finding, to_do FROM shop_health_at('2026-11-01 00:00+09') WHERE area = 'segments';
BEGIN;
INSERT INTO journey_steps (journey, step, anchor, delay, channel, purpose, content_key, segments, expires_after, valid)
SELECT 'after_sale', s, 'ordered', '0', 'email', 'transactional', 'arrival_check', ARRAY[s], '30 days', '(,)' FROM unnest('{Regulars,上得意,To be won back,The rest,Champions}'::text[]) s;
SELECT count(*) AS customers, count(*) FILTER (WHERE f.step IS DISTINCT FROM r.segment) AS follow_up_differs
  FROM (SELECT DISTINCT customer_id FROM orders WHERE ordered_at BETWEEN '2026-10-05 00:00+09' AND '2026-10-31 12:00+09' AND cancelled_at IS NULL) o
  JOIN rfm_at('2026-11-01 00:00+09') r USING (customer_id)
  LEFT JOIN (SELECT DISTINCT customer_id, step FROM followups_considered('2026-11-01 00:00+09', '0')
              WHERE step = ANY ('{Regulars,上得意,To be won back,The rest,Champions}')) f USING (customer_id);
SELECT r.segment, is_in_segments(r.customer_id, '{Regulars,上得意}', k.recency, k.frequency, k.monetary, k.segments, '2026-11-01 00:00+09') AS fits, count(*)
  FROM rfm_at('2026-11-01 00:00+09') r, kept_rfm_cuts('2026-11-01 00:00+09') k GROUP BY 1, 2 ORDER BY 3;
SELECT severity, affected, finding, to_do FROM shop_health_at('2026-11-01 00:00+09') WHERE area = 'segments';
SELECT severity, affected FROM shop_health_at('2026-06-01 00:00+09') WHERE area = 'segments';
UPDATE journey_steps SET valid = tstzrange(NULL, '2026-10-31 00:00+09') WHERE step = 'Champions';
SELECT severity, affected FROM shop_health_at('2026-11-01 00:00+09') WHERE area = 'segments';
UPDATE rfm_segment_rules SET valid = 'empty' WHERE segment IN ('The rest', 'Regulars');
SELECT severity, affected, finding FROM shop_health_in('ja', '2026-11-01 00:00+09') WHERE area = 'segments';
ROLLBACK;

--
-- What is refused
--

SELECT s.given, pg_temp.outcome(format('INSERT INTO rfm_score_bounds (metric, bounds, valid) VALUES (%s)', s.given))
  FROM (VALUES
    ($$'recency', '{10,20,30,40}', '(,2026-07-01 00:00+09)'$$),
    ($$'recency', '{10,20,30,40}', '(,)'$$),
    ($$'monetary', '{10,20,30,40}', '[2026-10-01 00:00+09,2026-11-01 00:00+09)'$$),
    ($$'value', '{10,20,30,40}', 'empty'$$),
    ($$NULL, '{10,20,30,40}', 'empty'$$),
    ($$'recency', NULL, 'empty'$$),
    ($$'recency', '{10,20,30}', 'empty'$$),
    ($$'recency', '{10,20,30,40,50}', 'empty'$$),
    ($$'recency', '{}', 'empty'$$),
    ($$'recency', '{10,20,NULL,40}', 'empty'$$),
    ($$'recency', '{{10,20,30,40}}', 'empty'$$),
    ($$'recency', '{{10,20},{30,40}}', 'empty'$$),
    ($$'recency', '[0:3]={10,20,30,40}', 'empty'$$),
    ($$'recency', '{10,20,40,30}', 'empty'$$),
    ($$'recency', '{365,180,90,30}', 'empty'$$),
    ($$'recency', '{-1,20,30,40}', 'empty'$$),
    ($$'recency', '{1,20,30,36501}', 'empty'$$),
    ($$'frequency', '{1,20,30,36501}', 'empty'$$),
    ($$'monetary', '{0,0,0,0}', 'empty'$$),
    ($$'monetary', '{0,0.5,1e12,1e13}', 'empty'$$),
    ($$'monetary', '{0,1,2,NaN}', 'empty'$$),
    ($$'monetary', '{NaN,NaN,NaN,NaN}', 'empty'$$),
    ($$'monetary', '{0,1,2,Infinity}', 'empty'$$),
    ($$'recency', '{10,20,30,40}', '(2026-01-01,2026-02-01]'$$),
    ($$'recency', '{10,20,30,40}', NULL$$)
  ) s (given);
SELECT s.given, pg_temp.outcome(format('INSERT INTO rfm_segment_rules (segment, recency_from, recency_to, frequency_from, frequency_to, monetary_from, monetary_to, priority, valid) VALUES (%s)', s.given))
  FROM (VALUES
    ($$'Another', 1, 5, 1, 5, 1, 5, 7, '(,)'$$),
    ($$'Another', 1, 5, 1, 5, 1, 5, 10, '(,)'$$),
    ($$'Another', 1, 5, 1, 5, 1, 5, 10, '(,2026-07-01 00:00+09)'$$),
    ($$'Another', 1, 2, 1, 5, 1, 5, 10, '(,)'$$),
    ($$'Another', 5, 5, 1, 4, 1, 5, 20, '(,)'$$),
    ($$'Another', 5, 5, 5, 5, 3, 3, 20, '(,)'$$),
    ($$'上得意', 1, 5, 1, 5, 1, 5, 10, '(,)'$$),
    ($$'', 1, 5, 1, 5, 1, 5, 7, '(,)'$$),
    ($$' ', 1, 5, 1, 5, 1, 5, 7, '(,)'$$),
    ($$'no order', 1, 5, 1, 5, 1, 5, 7, '(,)'$$),
    ($$'no order before', 1, 5, 1, 5, 1, 5, 7, '(,)'$$),
    ($$'unknown', 1, 5, 1, 5, 1, 5, 7, '(,)'$$),
    ($$'everyone', 1, 5, 1, 5, 1, 5, 7, '(,)'$$),
    ($$repeat('x', 100), 1, 5, 1, 5, 1, 5, 7, '(,)'$$),
    ($$repeat('x', 101), 1, 5, 1, 5, 1, 5, 7, '(,)'$$),
    ($$NULL, 1, 5, 1, 5, 1, 5, 7, '(,)'$$),
    ($$'Another', 0, 5, 1, 5, 1, 5, 7, '(,)'$$),
    ($$'Another', 1, 6, 1, 5, 1, 5, 7, '(,)'$$),
    ($$'Another', 3, 2, 1, 5, 1, 5, 7, '(,)'$$),
    ($$'Another', 1, 5, 2, 1, 1, 5, 7, '(,)'$$),
    ($$'Another', 1, 5, 1, 5, 1, 7, 7, '(,)'$$),
    ($$'Another', 1, 5, 1, 5, NULL, 5, 7, '(,)'$$),
    ($$'Another', 1, 5, 1, 5, 1, 5, NULL, '(,)'$$),
    ($$'Another', 1, 5, 1, 5, 1, 5, 7, '(2026-01-01,2026-02-01]'$$)
  ) s (given);
-- One row may be moved, and says to itself nothing.
SELECT pg_temp.outcome($$UPDATE rfm_score_bounds SET bounds = '{20,60,180,365}' WHERE metric = 'recency'$$),
       pg_temp.outcome($$UPDATE rfm_segment_rules SET priority = 20 WHERE segment = '上得意'$$),
       pg_temp.outcome($$UPDATE rfm_segment_rules SET priority = 30 WHERE segment = '上得意'$$);

SELECT pg_temp.same_elsewhere('SELECT * FROM rfm_at(''2026-11-01 00:00+09'')'),
       pg_temp.same_elsewhere('SELECT * FROM own_rfm_cuts(''2026-11-01 00:00+09'')');
