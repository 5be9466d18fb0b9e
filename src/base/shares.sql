-- shares.sql
--
-- How well a share is known.
-- Needs: loyalcs.

CREATE FUNCTION loyalcs.share_interval(
    hits bigint,
    cases bigint,
    confidence double precision DEFAULT 0.95,
    OUT low double precision,
    OUT high double precision
)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'share_interval';
COMMENT ON FUNCTION loyalcs.share_interval(hits bigint, cases bigint, confidence double precision) IS
    'the confidence interval of the share hits / cases, 0 to 1: Wilson''s score interval (Journal of the American Statistical Association 22, 1927, p. 209), which holds its promise for few cases too; NULLs for no cases';
