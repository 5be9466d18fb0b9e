\set ECHO none
-- test/leavers.sql: customers of many shops, as the models BG/NBD and Gamma-Gamma have
-- them, for tests in sql/. :shops and :customers say how many.
--
-- A customer buys at a rate of her own, gamma(1, 50) a day, and leaves after any
-- purchase with a probability of her own, beta(1, 4); her orders are gamma(2, nu),
-- nu is gamma(3, 50). Drawn by hashes, so that they are the same everywhere.

-- Above 0 and below 1.
CREATE FUNCTION drawn(i bigint, seed bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((hashint8extended(i, seed) & 4503599627370495) + 0.5) / 4503599627370496;

CREATE TABLE leaver AS
WITH customer AS (
    SELECT s AS shop, c AS customer, s * 10000::bigint + c AS id, -ln(drawn(s * 10000::bigint + c, 1)) / 50 AS rate,
           1 - drawn(s * 10000::bigint + c, 2) ^ 0.25 AS leaves, 100 + (400 * drawn(s * 10000::bigint + c, 3))::int AS age,
           -(ln(drawn(s * 10000::bigint + c, 4)) + ln(drawn(s * 10000::bigint + c, 5)) + ln(drawn(s * 10000::bigint + c, 6))) / 50 AS nu
    FROM generate_series(1, :shops) s, generate_series(1, :customers) c
), "order" AS (
    SELECT c.*, k, sum(-ln(drawn(id * 1000 + k, 7)) / rate) OVER (PARTITION BY id ORDER BY k) AS at,
           -(ln(drawn(id * 1000 + k, 8)) + ln(drawn(id * 1000 + k, 9))) / nu AS amount
    FROM customer c, generate_series(1, least(999, 20 + (3 * rate * age)::int, 1 + floor(ln(drawn(id, 10)) / ln(1 - leaves)))::int) k
)
SELECT c.shop, c.customer, count(k) AS x, coalesce(round(max(at)::numeric, 2), 0)::float8 AS t_x, c.age::float8 AS t,
       round(avg(amount)::numeric, 2)::float8 AS mean
FROM customer c LEFT JOIN "order" o ON o.id = c.id AND o.at <= c.age
GROUP BY c.shop, c.customer, c.age;
ANALYZE leaver;
\set ECHO all
