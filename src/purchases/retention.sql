-- retention.sql
--
-- The published formula of customer retention, and its complement.
-- Needs: nothing before it.

CREATE FUNCTION loyalcs.retention_rate(starting bigint, ending bigint, acquired bigint) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'retention_rate';
COMMENT ON FUNCTION loyalcs.retention_rate(starting bigint, ending bigint, acquired bigint) IS
    'customer retention rate (CRR) of a period as published: (ending - acquired) / starting; above 1 when customers came back after a pause; NULL if there were none at the start; negative numbers, or more acquired than there are at the end, are errors';
CREATE FUNCTION loyalcs.churn_rate(starting bigint, ending bigint, acquired bigint) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'churn_rate';
COMMENT ON FUNCTION loyalcs.churn_rate(starting bigint, ending bigint, acquired bigint) IS
    '1 - retention_rate(starting, ending, acquired)';
