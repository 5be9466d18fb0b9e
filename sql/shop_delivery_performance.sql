-- How long parcels take, and what it does if they are late.
-- test: setup shop

\getenv srcdir PG_ABS_SRCDIR
\set shared :srcdir '/test/shop.sql'
\i :shared

SET search_path = shop;
INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 40) i;

-- March: 1 at eleven leaves the same day and comes after two days, as promised; 2 at 11:59
-- leaves the next day, and comes a day late; 3 at noon leaves the same day, and comes two
-- days after it was promised, with the second of two parcels; 4 is not there yet, and overdue
-- since yesterday; 5 is due today; 6 has no promise and has not left; 7 was cancelled; 8 was
-- handed over in the shop. April, 15:00 UTC of the last of March: 9.
INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at, cancelled_at) VALUES
    ('c1', 'o', '2026-03-02 11:00+09', 100, '2026-03-02 23:00+09', '2026-03-04 11:00+09', NULL),
    ('c2', 'o', '2026-03-02 11:59+09', 100, '2026-03-03 11:59+09', '2026-03-06 11:59+09', NULL),
    ('c3', 'o', '2026-03-02 12:00+09', 100, '2026-03-02 18:00+09', '2026-03-07 12:00+09', NULL),
    ('c4', 'o', '2026-03-05 09:00+09', 100, '2026-03-06 09:00+09', NULL, NULL),
    ('c5', 'o', '2026-03-06 09:00+09', 100, '2026-03-07 09:00+09', NULL, NULL),
    ('c6', 'o', '2026-03-10 09:00+09', 100, NULL, NULL, NULL),
    ('c7', 'o', '2026-03-05 09:00+09', 100, NULL, NULL, '2026-03-06 09:00+09'),
    ('c8', 'o', '2026-03-05 09:00+09', 100, '2026-03-05 09:00+09', '2026-03-05 09:00+09', NULL),
    ('c9', 'o', '2026-03-31 15:00+00', 100, NULL, NULL, NULL);
INSERT INTO shipments (customer_id, order_id, parcel, expected_on) VALUES
    ('c1', 'o', 1, '2026-03-04'), ('c2', 'o', 1, '2026-03-05'), ('c3', 'o', 1, '2026-03-03'), ('c3', 'o', 2, '2026-03-05'), ('c4', 'o', 1, '2026-03-09'), ('c5', 'o', 1, '2026-03-10');
-- 1, 2, 4 and 5 were before noon, of 6 nobody knows yet; promised are 1 to 4.
SELECT month, complete, orders, shipped, delivered, to_shipment_median, to_door_median, total_median, round(total_median_days::numeric, 4) AS days, total_p90,
       promised, late, late_share, before_noon, same_day, same_day_share
  FROM delivery_performance_at('2026-03-10 20:00+09');
SELECT d.late_share_low = l.low AND d.late_share_high = l.high AS same, d.same_day_share_low = s.low AND d.same_day_share_high = s.high AS same_day
  FROM delivery_performance_at('2026-03-10 20:00+09') d, loyalcs.share_interval(3, 4) l, loyalcs.share_interval(1, 4) s;
-- The next day 5 is overdue as well, and 6 has not left on its day; before, 3 had not come.
SELECT promised, late, before_noon, same_day FROM delivery_performance_at('2026-03-11 00:00+09');
SELECT delivered, promised, late FROM delivery_performance_at('2026-03-06 12:00+09');
SELECT month, complete, orders FROM delivery_performance_at('2026-04-01 00:00+09');
SELECT count(*) FROM delivery_performance_at('-infinity');

--
-- NPS by how late
--

INSERT INTO orders (customer_id, order_id, ordered_at, amount, shipped_at, delivered_at)
SELECT 'c' || i, 'q', '2026-04-01 09:00+09', 100, '2026-04-02 09:00+09', timestamptz '2026-04-05 09:00+09' + CASE WHEN i <= 20 THEN interval '0' WHEN i <= 32 THEN '24 hours' WHEN i <= 34 THEN '72 hours' ELSE '120 hours' END FROM generate_series(10, 37) i;
INSERT INTO shipments (customer_id, order_id, expected_on) SELECT 'c' || i, 'q', '2026-04-05' FROM generate_series(10, 36) i;
INSERT INTO surveys VALUES ('s', 'S');
INSERT INTO survey_questions (survey, question, kind, wording, scale_low, scale_high) VALUES ('s', 'nps', 'nps', '?', 0, 10), ('s', 'happy', 'csat', '?', 1, 5);
-- Eleven of what came in time say 10; of twelve a day late three say 9, three 8, and six 6;
-- two of three days 6; of five days 0. One had no promise.
INSERT INTO survey_responses (customer_id, response_id, survey, order_id, responded_at) SELECT 'c' || i, 'r', 's', 'q', '2026-05-01 00:00+09' FROM generate_series(10, 37) i;
INSERT INTO survey_responses (customer_id, response_id, survey, order_id, responded_at) VALUES ('c1', 'r', 's', NULL, '2026-05-01 00:00+09'), ('c8', 'r', 's', 'o', '2026-05-01 00:00+09');
INSERT INTO survey_answers (customer_id, response_id, survey, question, score)
SELECT 'c' || i, 'r', 's', 'nps', CASE WHEN i <= 20 THEN 10 WHEN i <= 23 THEN 9 WHEN i <= 26 THEN 8 WHEN i <= 34 THEN 6 WHEN i <= 36 THEN 0 ELSE 7 END FROM generate_series(10, 37) i
UNION ALL SELECT 'c10', 'r', 's', 'happy', 1 UNION ALL SELECT 'c1', 'r', 's', 'nps', 0 UNION ALL SELECT 'c8', 'r', 's', 'nps', 0;
SELECT month, complete, lateness, responses, score, change, round(p_value::numeric, 6) AS p_value, too_few, significant FROM delivery_nps_at('2026-06-01 00:00+09');
SELECT d.score_low = i.low AND d.score_high = i.high AS same, d.change_low = c.low AND d.change_high = c.high AND d.p_value = c.p_value AS same_change
  FROM delivery_nps_at('2026-06-01 00:00+09') d, loyalcs.nps_interval('{"6": 6, "8": 3, "9": 3}') i, loyalcs.nps_change('{"10": 11}', '{"6": 6, "8": 3, "9": 3}') c WHERE lateness = '1 day late';
SELECT count(*) FROM delivery_nps_at('2026-04-30 23:59:59+09');
SELECT pg_temp.same_elsewhere('SELECT * FROM delivery_performance_at(''2026-03-10 20:00+09'')') AS performance, pg_temp.same_elsewhere('SELECT * FROM delivery_nps_at(''2026-06-01 00:00+09'')') AS nps;
