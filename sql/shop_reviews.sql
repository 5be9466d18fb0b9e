-- Reviews of products.

-- The session is nobody's: no figure may depend on it.
SET client_min_messages = warning;
SET timezone = 'Pacific/Kiritimati';
SET datestyle = 'ISO, DMY';
SET intervalstyle = 'postgres';
\set SHOW_CONTEXT never
-- What becomes of a statement, which is undone in any case: 'accepted', or the
-- SQLSTATE and the constraint or the column, or else all that the error says.
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    code text; rule text; col text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'LC000';
EXCEPTION
    WHEN SQLSTATE 'LC000' THEN
        RETURN 'accepted';
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
            rule = CONSTRAINT_NAME, col = COLUMN_NAME,
            detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        RETURN code || ' ' || CASE
            WHEN rule <> '' THEN rule
            WHEN col <> '' THEN col || ' is NULL'
            ELSE concat_ws(E'\n  ', message, nullif(detail, ''), nullif(hint, ''))
        END;
END
$$;

SELECT FROM loyalcs.create_shop('shop_reviews');
SET search_path = shop_reviews;
INSERT INTO customers (customer_id) VALUES ('ann'), ('ben');

-- What is not given. An order that the shop does not know is none of ours.
INSERT INTO reviews (customer_id, review_id, product_id, reviewed_at, stars)
VALUES ('ann', '1', 'soap', '2024-05-01 12:00+09', 5)
RETURNING order_id, title, body;
INSERT INTO reviews VALUES
    ('ben', '1', 'soap', 'o-17', '2024-05-02 12:00+09', 1, '残念', 'すぐに壊れました。')
RETURNING *, reviewed_at AT TIME ZONE 'Asia/Tokyo' AS in_tokyo;

SELECT s.given, pg_temp.outcome(format('UPDATE reviews SET %s WHERE customer_id = ''ann''', s.given))
  FROM (VALUES
    ('customer_id = NULL'),
    ('customer_id = ''nobody'''),
    ('customer_id = ''ben'''),
    ('customer_id = ''ben'', review_id = ''2'''),
    ('review_id = NULL'),
    ('product_id = NULL'),
    ('reviewed_at = NULL'),
    ('reviewed_at = ''infinity'''),
    ('reviewed_at = ''-infinity'''),
    ('reviewed_at = ''2999-01-01 00:00+00'''),
    ('stars = NULL'),
    ('stars = 0'),
    ('stars = 1'),
    ('stars = 5'),
    ('stars = 6'),
    ('stars = 4.4'),
    ('title = ''''')
  ) s (given);

SET search_path = public;
SELECT loyalcs.drop_shop('shop_reviews', 'shop_reviews');
