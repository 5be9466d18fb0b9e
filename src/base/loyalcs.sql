-- loyalcs.sql
--
-- The schema, and the version of the library behind it.
-- Needs: schema.

COMMENT ON SCHEMA loyalcs IS
    'survey ratings, purchases, RFM, retention, business hours, and shops: the loyalcs extension';

-- Everything in it works on tables that the caller may read anyway.
GRANT USAGE ON SCHEMA loyalcs TO PUBLIC;

CREATE FUNCTION loyalcs.loyalcs_version() RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'loyalcs_version';
COMMENT ON FUNCTION loyalcs.loyalcs_version() IS
    'version of the installed library; if the extension''s differs, run ALTER EXTENSION loyalcs UPDATE';
