-- Scores that have no type: literals, and parameters as many clients send them.

-- A literal, and a parameter of no type, of each.
SELECT loyalcs.nps('9'), loyalcs.csat('4'), loyalcs.csat_share('4'), loyalcs.csat_percent('3'), loyalcs.ces('2'), loyalcs.ratings_agg('7')::text, loyalcs.nps(NULL);
PREPARE figures AS SELECT loyalcs.nps($1), loyalcs.csat($2), loyalcs.csat_share($2), loyalcs.csat_percent($2), loyalcs.ces($2), loyalcs.ratings_agg($1)::text;
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'figures';
EXECUTE figures('10', '5');
EXECUTE figures(NULL, NULL);
DEALLOCATE figures;

-- A column of text gives what its numbers give, in a window too, and whichever way numbers are written.
CREATE TABLE answers AS SELECT i, 1 + i * 7 % 5 AS score, CASE i % 3 WHEN 0 THEN format('%s.0', 1 + i * 7 % 5) WHEN 1 THEN format(' %s ', 1 + i * 7 % 5) ELSE (1 + i * 7 % 5)::text END AS written
  FROM generate_series(1, 100) i;
INSERT INTO answers VALUES (101, NULL, NULL);
SELECT loyalcs.nps(written) = loyalcs.nps(score) AS nps, loyalcs.csat(written) = loyalcs.csat(score) AS csat, loyalcs.csat_share(written) = loyalcs.csat_share(score) AS csat_share,
       loyalcs.csat_percent(written) = loyalcs.csat_percent(score) AS csat_percent, loyalcs.ces(written) = loyalcs.ces(score) AS ces,
       loyalcs.ratings_agg(written) = loyalcs.ratings_agg(score) AS ratings_agg
  FROM answers;
SELECT count(*) FILTER (WHERE a.written IS DISTINCT FROM a.score) AS differ, count(*) FROM (
  SELECT loyalcs.nps(written) OVER w AS written, loyalcs.nps(score) OVER w AS score FROM answers WINDOW w AS (ORDER BY i ROWS 9 PRECEDING)) a;

-- What is no number, and what is off its scale, are the errors that they are of numbers.
SELECT loyalcs.nps('nine');
SELECT loyalcs.nps('');
SELECT loyalcs.nps('11');
SELECT loyalcs.nps(11);
SELECT loyalcs.csat('4.5');
SELECT loyalcs.csat(4.5);
SELECT loyalcs.ces('NaN');
SELECT loyalcs.ratings_agg('-1');

-- Ratings are ratings, as before.
SELECT loyalcs.nps(loyalcs.ratings '{"9": 1}'), loyalcs.csat(loyalcs.ratings '{"5": 1}');
