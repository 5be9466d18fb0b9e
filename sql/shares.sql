-- How well a share is known: Wilson's interval.

-- Against the formula as Wilson wrote it: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n),
-- z = 1.959963984540054.
WITH s AS (
    SELECT n, k, k::float8 / n AS p, 1.959963984540054::float8 AS z FROM generate_series(1, 40) n, generate_series(0, n) k
    UNION ALL
    SELECT n, k, k::float8 / n, 1.959963984540054::float8 FROM unnest('{1000,1000000}'::int[]) n, unnest('{0,1,500,1000}'::int[]) k
)
SELECT count(*), bool_and(abs(i.low - greatest((p + z * z / (2 * n) - z * sqrt(p * (1 - p) / n + z * z / (4 * n::float8 * n))) / (1 + z * z / n), 0)) < 1e-12
                      AND abs(i.high - least((p + z * z / (2 * n) + z * sqrt(p * (1 - p) / n + z * z / (4 * n::float8 * n))) / (1 + z * z / n), 1)) < 1e-12
                      AND i.low BETWEEN 0 AND p + 1e-12 AND i.high BETWEEN p - 1e-12 AND 1) AS as_wilson
  FROM s, LATERAL loyalcs.share_interval(k, n) i;

-- Published: 81 of 263 at 95 %, 0.2553 to 0.3662; 15 of 148, 0.0624 to 0.1605; 0 of 20, 0
-- to 0.1611; 1 of 29, 0.0061 to 0.1718 (Newcombe, Statistics in Medicine 17, 1998, p. 857).
SELECT v.*, round(i.low::numeric, 4) AS low, round(i.high::numeric, 4) AS high
  FROM (VALUES (81, 263), (15, 148), (0, 20), (1, 29)) v (hits, cases), LATERAL loyalcs.share_interval(hits, cases) i;

-- More confidence is a wider interval; no cases, and NULL, are none.
SELECT c, round(i.low::numeric, 4) AS low, round(i.high::numeric, 4) AS high FROM unnest('{0.5,0.9,0.99,0.999999}'::float8[]) c, LATERAL loyalcs.share_interval(3, 10, c) i;
-- No share lies outside of its interval, not by rounding either.
SELECT count(*) AS shares, count(*) FILTER (WHERE NOT k / n::float8 BETWEEN i.low AND i.high) AS outside
  FROM generate_series(1, 300) n, LATERAL (VALUES (0), (1), (n / 2), (n)) k (k), unnest('{0.5,0.8,0.9,0.95,0.99,0.999}'::float8[]) c, LATERAL loyalcs.share_interval(k, n, c) i;
SELECT * FROM loyalcs.share_interval(0, 0);
SELECT * FROM loyalcs.share_interval(1, NULL);
SELECT * FROM loyalcs.share_interval(9223372036854775807, 9223372036854775807);

SELECT * FROM loyalcs.share_interval(3, 2);
SELECT * FROM loyalcs.share_interval(-1, 2);
SELECT * FROM loyalcs.share_interval(1, 2, 1);
SELECT * FROM loyalcs.share_interval(1, 2, 'NaN');
