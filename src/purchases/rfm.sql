-- rfm.sql
--
-- Recency, frequency, monetary value: cut points, scores, segments.
-- Needs: nothing before it.

-- Cut points. The values are collected in arrays, by functions declared for one
-- type each, so that no state is polymorphic. Those of numeric are collected as
-- bigint.

CREATE FUNCTION loyalcs.quintiles_accum(double precision[], double precision) RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'collect_value';
COMMENT ON FUNCTION loyalcs.quintiles_accum(double precision[], double precision) IS
    'transition function: collects a value';
CREATE FUNCTION loyalcs.quintiles_combine(double precision[], double precision[]) RETURNS double precision[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_cat';
COMMENT ON FUNCTION loyalcs.quintiles_combine(double precision[], double precision[]) IS
    'combine function: the values of both';
CREATE FUNCTION loyalcs.quintiles_final(double precision[]) RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'quintiles_float8';
COMMENT ON FUNCTION loyalcs.quintiles_final(double precision[]) IS
    'final function: selects the cut points';
CREATE AGGREGATE loyalcs.quintiles(double precision) (
    SFUNC = loyalcs.quintiles_accum,
    STYPE = double precision[],
    FINALFUNC = loyalcs.quintiles_final,
    COMBINEFUNC = loyalcs.quintiles_combine,
    INITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.quintiles(double precision) IS
    'the four cut points between fifths of the values: continuous percentiles at .2, .4, .6 and .8, exact; NULL is skipped; NULL for no values. Memory: 8 bytes a value';
CREATE FUNCTION loyalcs.quintiles_accum(bigint[], numeric) RETURNS bigint[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 25
    AS 'MODULE_PATHNAME', 'quintiles_numeric_accum';
COMMENT ON FUNCTION loyalcs.quintiles_accum(bigint[], numeric) IS
    'transition function: collects a value, in ten-thousandths where that is exact';
CREATE FUNCTION loyalcs.quintiles_combine(bigint[], bigint[]) RETURNS bigint[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_cat';
COMMENT ON FUNCTION loyalcs.quintiles_combine(bigint[], bigint[]) IS
    'combine function: the values of both';
CREATE FUNCTION loyalcs.quintiles_final(bigint[]) RETURNS numeric[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'quintiles_numeric_final';
COMMENT ON FUNCTION loyalcs.quintiles_final(bigint[]) IS
    'final function: selects the cut points';
CREATE AGGREGATE loyalcs.quintiles(numeric) (
    SFUNC = loyalcs.quintiles_accum,
    STYPE = bigint[],
    FINALFUNC = loyalcs.quintiles_final,
    COMBINEFUNC = loyalcs.quintiles_combine,
    INITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.quintiles(numeric) IS
    'the four cut points between fifths of the values: continuous percentiles at .2, .4, .6 and .8, exact; NULL is skipped; NULL for no values. Memory: 8 bytes a value of at most four decimals, 32 and more of another';
CREATE FUNCTION loyalcs.quintiles_accum(timestamptz[], timestamptz) RETURNS timestamptz[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'collect_value';
COMMENT ON FUNCTION loyalcs.quintiles_accum(timestamptz[], timestamptz) IS
    'transition function: collects a value';
CREATE FUNCTION loyalcs.quintiles_combine(timestamptz[], timestamptz[]) RETURNS timestamptz[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_cat';
COMMENT ON FUNCTION loyalcs.quintiles_combine(timestamptz[], timestamptz[]) IS
    'combine function: the values of both';
CREATE FUNCTION loyalcs.quintiles_final(timestamptz[]) RETURNS timestamptz[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'quintiles_timestamptz';
COMMENT ON FUNCTION loyalcs.quintiles_final(timestamptz[]) IS
    'final function: selects the cut points';
CREATE AGGREGATE loyalcs.quintiles(timestamptz) (
    SFUNC = loyalcs.quintiles_accum,
    STYPE = timestamptz[],
    FINALFUNC = loyalcs.quintiles_final,
    COMBINEFUNC = loyalcs.quintiles_combine,
    INITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.quintiles(timestamptz) IS
    'the four cut points between fifths of the values: continuous percentiles at .2, .4, .6 and .8, exact; NULL is skipped; NULL for no values. Memory: 8 bytes a value';

-- Scores

CREATE FUNCTION loyalcs.score_by(value double precision, cuts double precision[]) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'score_by_float8';
COMMENT ON FUNCTION loyalcs.score_by(value double precision, cuts double precision[]) IS
    'score of a value from 1 to 5: 1 + the number of cut points below it, so equal values have equal scores; `cuts` are those of quintiles(); NULL if either is';
CREATE FUNCTION loyalcs.score_by(value numeric, cuts numeric[]) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'score_by_numeric';
COMMENT ON FUNCTION loyalcs.score_by(value numeric, cuts numeric[]) IS
    'score of a value from 1 to 5: 1 + the number of cut points below it, so equal values have equal scores; `cuts` are those of quintiles(); NULL if either is';
CREATE FUNCTION loyalcs.score_by(value timestamptz, cuts timestamptz[]) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'score_by_timestamptz';
COMMENT ON FUNCTION loyalcs.score_by(value timestamptz, cuts timestamptz[]) IS
    'score of a value from 1 to 5: 1 + the number of cut points below it, so equal values have equal scores; `cuts` are those of quintiles(); NULL if either is';
CREATE FUNCTION loyalcs.rfm_segment(recency integer, frequency integer, monetary integer) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 3
    AS 'MODULE_PATHNAME', 'rfm_segment';
COMMENT ON FUNCTION loyalcs.rfm_segment(recency integer, frequency integer, monetary integer) IS
    'name of the customer segment for RFM scores from 1 to 5 (recency 5: bought last), by recency and the rounded mean of the other two: Champions, Loyal Customers, Potential Loyalists, New Customers, Promising, Need Attention, About To Sleep, At Risk, Can''t Lose Them, Hibernating, Lost; a score off 1 to 5 is an error';
CREATE FUNCTION loyalcs.rfm_segment(recency integer, frequency integer, monetary integer, names text[]) RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3
    AS 'MODULE_PATHNAME', 'rfm_segment_of_names';
COMMENT ON FUNCTION loyalcs.rfm_segment(recency integer, frequency integer, monetary integer, names text[]) IS
    'name of the customer segment for RFM scores from 1 to 5 among names of your own: 125, one for each combination of scores, ordered by recency, frequency and monetary score; NULL names: as without them; NULL if a score is; a score off 1 to 5 is an error, and so are fewer names';
