-- holidays.sql
--
-- Japan's public holidays, by law and decree.
-- Needs: nothing before it.

CREATE FUNCTION loyalcs.japanese_holiday(day date) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'japanese_holiday';
COMMENT ON FUNCTION loyalcs.japanese_holiday(day date) IS
    'name of the public holiday that `day` is in Japan, substitute and citizens'' holidays included (Act No. 178 of 1948); NULL if it is none; an error after 2099. English where the database''s encoding has no Japanese';
CREATE FUNCTION loyalcs.rows_support(internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'rows_support';
COMMENT ON FUNCTION loyalcs.rows_support(internal) IS
    'tells the planner how many rows functions of a calendar give, where it knows the time that they are asked about';
CREATE FUNCTION loyalcs.japanese_holidays(
    since date,
    until date,
    OUT day date,
    OUT name text,
    OUT name_en text
) RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 20
    SUPPORT loyalcs.rows_support
    AS 'MODULE_PATHNAME', 'japanese_holidays';
COMMENT ON FUNCTION loyalcs.japanese_holidays(since date, until date) IS
    'public holidays of Japan from `since` to `until`, both included; an error after 2099';
