-- ratings.sql
--
-- Survey answers: the domains that a score is stored as, the type ratings that
-- scores are aggregated to, and the figures read from it.
-- Needs: nothing before it.

-- Scores. NULL is no answer.

CREATE DOMAIN loyalcs.nps_score AS smallint
    CONSTRAINT nps_score_is_0_to_10 CHECK (VALUE BETWEEN 0 AND 10);
COMMENT ON DOMAIN loyalcs.nps_score IS
    'answer to "how likely are you to recommend us?", 0 to 10; NULL is no answer';
CREATE DOMAIN loyalcs.csat_score AS smallint
    CONSTRAINT csat_score_is_1_to_5 CHECK (VALUE BETWEEN 1 AND 5);
COMMENT ON DOMAIN loyalcs.csat_score IS
    'answer to "how satisfied are you?", 1 (not at all) to 5 (very); NULL is no answer';
CREATE DOMAIN loyalcs.ces_score AS smallint
    CONSTRAINT ces_score_is_1_to_7 CHECK (VALUE BETWEEN 1 AND 7);
COMMENT ON DOMAIN loyalcs.ces_score IS
    'answer to "it was easy to get this solved", 1 to 7; the direction is the survey''s; NULL is no answer';

-- The type

CREATE TYPE loyalcs.ratings;

CREATE FUNCTION loyalcs.ratings_in(cstring) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 30
    AS 'MODULE_PATHNAME', 'ratings_in';
COMMENT ON FUNCTION loyalcs.ratings_in(cstring) IS
    'input of ratings';
CREATE FUNCTION loyalcs.ratings_out(loyalcs.ratings) RETURNS cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
    AS 'MODULE_PATHNAME', 'ratings_out';
COMMENT ON FUNCTION loyalcs.ratings_out(loyalcs.ratings) IS
    'output of ratings';
CREATE FUNCTION loyalcs.ratings_recv(internal) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'ratings_recv';
COMMENT ON FUNCTION loyalcs.ratings_recv(internal) IS
    'binary input of ratings';
CREATE FUNCTION loyalcs.ratings_send(loyalcs.ratings) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'ratings_send';
COMMENT ON FUNCTION loyalcs.ratings_send(loyalcs.ratings) IS
    'binary output of ratings';

CREATE TYPE loyalcs.ratings (
    INPUT = loyalcs.ratings_in,
    OUTPUT = loyalcs.ratings_out,
    RECEIVE = loyalcs.ratings_recv,
    SEND = loyalcs.ratings_send,
    INTERNALLENGTH = 88,
    ALIGNMENT = double
);
COMMENT ON TYPE loyalcs.ratings IS
    'how many answers gave each score from 0 to 10; text form is a JSON object of the counts that are not zero, {"9": 12, "10": 40}; 88 bytes; each count at most 2^53';

CREATE FUNCTION loyalcs.jsonb(loyalcs.ratings) RETURNS jsonb
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'ratings_to_jsonb';
COMMENT ON FUNCTION loyalcs.jsonb(loyalcs.ratings) IS
    'the text of ratings as jsonb';
CREATE CAST (loyalcs.ratings AS jsonb) WITH FUNCTION loyalcs.jsonb(loyalcs.ratings);
COMMENT ON CAST (loyalcs.ratings AS jsonb) IS 'the counts of the scores that were given, {"9": 12, "10": 40}';
CREATE CAST (jsonb AS loyalcs.ratings) WITH INOUT;
COMMENT ON CAST (jsonb AS loyalcs.ratings) IS 'ratings of their counts, {"9": 12, "10": 40}; what their text form does not take is an error';

-- Order and equality

--@ comparison ratings

-- Merging and taking out

CREATE FUNCTION loyalcs.ratings_add(loyalcs.ratings, loyalcs.ratings) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_add';
COMMENT ON FUNCTION loyalcs.ratings_add(loyalcs.ratings, loyalcs.ratings) IS
    'implementation of +';
CREATE FUNCTION loyalcs.ratings_subtract(loyalcs.ratings, loyalcs.ratings) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_subtract';
COMMENT ON FUNCTION loyalcs.ratings_subtract(loyalcs.ratings, loyalcs.ratings) IS
    'implementation of -';
CREATE OPERATOR loyalcs.+ (
    FUNCTION = loyalcs.ratings_add,
    LEFTARG = loyalcs.ratings,
    RIGHTARG = loyalcs.ratings,
    COMMUTATOR = OPERATOR(loyalcs.+)
);
COMMENT ON OPERATOR loyalcs.+ (loyalcs.ratings, loyalcs.ratings) IS
    'the answers of both; an error when a count passes 2^53';
CREATE OPERATOR loyalcs.- (
    FUNCTION = loyalcs.ratings_subtract,
    LEFTARG = loyalcs.ratings,
    RIGHTARG = loyalcs.ratings
);
COMMENT ON OPERATOR loyalcs.- (loyalcs.ratings, loyalcs.ratings) IS
    'the answers of the left without those of the right; an error when a count would be negative';

-- Reading. Every figure of no answers is NULL.

CREATE FUNCTION loyalcs.responses(loyalcs.ratings) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_responses';
COMMENT ON FUNCTION loyalcs.responses(loyalcs.ratings) IS
    'number of answers; 0 for none';
CREATE FUNCTION loyalcs.promoters(loyalcs.ratings) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_promoters';
COMMENT ON FUNCTION loyalcs.promoters(loyalcs.ratings) IS
    'number of answers 9 and 10; 0 for none';
CREATE FUNCTION loyalcs.passives(loyalcs.ratings) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_passives';
COMMENT ON FUNCTION loyalcs.passives(loyalcs.ratings) IS
    'number of answers 7 and 8; 0 for none';
CREATE FUNCTION loyalcs.detractors(loyalcs.ratings) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_detractors';
COMMENT ON FUNCTION loyalcs.detractors(loyalcs.ratings) IS
    'number of answers 0 to 6; 0 for none';
CREATE FUNCTION loyalcs.nps(loyalcs.ratings) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_nps';
COMMENT ON FUNCTION loyalcs.nps(loyalcs.ratings) IS
    'Net Promoter Score, -100 to 100: 100 * (promoters - detractors) / responses (Reichheld 2003); NULL for no answers';
CREATE FUNCTION loyalcs.csat(loyalcs.ratings) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    AS 'MODULE_PATHNAME', 'ratings_csat';
COMMENT ON FUNCTION loyalcs.csat(loyalcs.ratings) IS
    'mean satisfaction, 1 to 5; NULL for no answers; an error if an answer is off the scale of 1 to 5. The share of the satisfied is csat_share';
CREATE FUNCTION loyalcs.csat_share(loyalcs.ratings, top integer DEFAULT 4, scale integer DEFAULT 5) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_csat_share';
COMMENT ON FUNCTION loyalcs.csat_share(loyalcs.ratings, top integer, scale integer) IS
    'share of the answers that are `top` or better on a scale from 1 to `scale`, 0 to 1: top-two-box for the defaults; NULL for no answers; an error if an answer is off that scale';
CREATE FUNCTION loyalcs.csat_percent(loyalcs.ratings, top integer DEFAULT 4, scale integer DEFAULT 5) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_csat_percent';
COMMENT ON FUNCTION loyalcs.csat_percent(loyalcs.ratings, top integer, scale integer) IS
    'csat_share in per cent, 0 to 100, as it was before all shares were from 0 to 1: for what was written then';
CREATE FUNCTION loyalcs.ces(loyalcs.ratings) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    AS 'MODULE_PATHNAME', 'ratings_ces';
COMMENT ON FUNCTION loyalcs.ces(loyalcs.ratings) IS
    'mean customer effort, 1 to 7; whether lower or higher is better is the wordings; NULL for no answers; an error if an answer is off the scale of 1 to 7';
CREATE FUNCTION loyalcs.share(loyalcs.ratings, low integer, high integer) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_share';
COMMENT ON FUNCTION loyalcs.share(loyalcs.ratings, low integer, high integer) IS
    'share of the answers from `low` to `high`, both included, 0 to 1; NULL for no answers';
CREATE FUNCTION loyalcs.mean(loyalcs.ratings) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
    AS 'MODULE_PATHNAME', 'ratings_mean';
COMMENT ON FUNCTION loyalcs.mean(loyalcs.ratings) IS
    'mean score on whatever scale; NULL for no answers';
CREATE FUNCTION loyalcs.stddev(loyalcs.ratings) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 3
    AS 'MODULE_PATHNAME', 'ratings_stddev';
COMMENT ON FUNCTION loyalcs.stddev(loyalcs.ratings) IS
    'sample standard deviation of the scores; NULL below two answers';
CREATE FUNCTION loyalcs.histogram(loyalcs.ratings) RETURNS bigint[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'ratings_histogram';
COMMENT ON FUNCTION loyalcs.histogram(loyalcs.ratings) IS
    'the eleven counts, of score 0 first';
CREATE FUNCTION loyalcs.sparkline(loyalcs.ratings) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 15
    AS 'MODULE_PATHNAME', 'ratings_sparkline';
COMMENT ON FUNCTION loyalcs.sparkline(loyalcs.ratings) IS
    'eleven block characters, of score 0 first, the highest for the most frequent score and the lowest for none; ASCII characters where the databases encoding lacks blocks; NULL for no answers';
CREATE CAST (loyalcs.ratings AS bigint[]) WITH FUNCTION loyalcs.histogram(loyalcs.ratings);
COMMENT ON CAST (loyalcs.ratings AS bigint[]) IS 'the eleven counts, of score 0 first';

-- Aggregates. smallint and integer are what scores are stored as; double
-- precision takes bigint, numeric and real, and refuses what is not whole.

CREATE FUNCTION loyalcs.ratings_accum(loyalcs.ratings, smallint) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_accum_int2';
COMMENT ON FUNCTION loyalcs.ratings_accum(loyalcs.ratings, smallint) IS
    'transition function: counts a score from 0 to 10';
CREATE FUNCTION loyalcs.ratings_accum(loyalcs.ratings, integer) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_accum_int4';
COMMENT ON FUNCTION loyalcs.ratings_accum(loyalcs.ratings, integer) IS
    'transition function: counts a score from 0 to 10';
CREATE FUNCTION loyalcs.ratings_accum(loyalcs.ratings, double precision) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_accum_float8';
COMMENT ON FUNCTION loyalcs.ratings_accum(loyalcs.ratings, double precision) IS
    'transition function: counts a score from 0 to 10';
CREATE FUNCTION loyalcs.nps_accum(loyalcs.ratings, smallint) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_accum_int2';
COMMENT ON FUNCTION loyalcs.nps_accum(loyalcs.ratings, smallint) IS
    'transition function: counts an NPS score, 0 to 10';
CREATE FUNCTION loyalcs.nps_accum(loyalcs.ratings, integer) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_accum_int4';
COMMENT ON FUNCTION loyalcs.nps_accum(loyalcs.ratings, integer) IS
    'transition function: counts an NPS score, 0 to 10';
CREATE FUNCTION loyalcs.nps_accum(loyalcs.ratings, double precision) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_accum_float8';
COMMENT ON FUNCTION loyalcs.nps_accum(loyalcs.ratings, double precision) IS
    'transition function: counts an NPS score, 0 to 10';
CREATE FUNCTION loyalcs.csat_accum(loyalcs.ratings, smallint) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'csat_accum_int2';
COMMENT ON FUNCTION loyalcs.csat_accum(loyalcs.ratings, smallint) IS
    'transition function: counts a CSAT score, 1 to 5';
CREATE FUNCTION loyalcs.csat_accum(loyalcs.ratings, integer) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'csat_accum_int4';
COMMENT ON FUNCTION loyalcs.csat_accum(loyalcs.ratings, integer) IS
    'transition function: counts a CSAT score, 1 to 5';
CREATE FUNCTION loyalcs.csat_accum(loyalcs.ratings, double precision) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'csat_accum_float8';
COMMENT ON FUNCTION loyalcs.csat_accum(loyalcs.ratings, double precision) IS
    'transition function: counts a CSAT score, 1 to 5';
CREATE FUNCTION loyalcs.ces_accum(loyalcs.ratings, smallint) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ces_accum_int2';
COMMENT ON FUNCTION loyalcs.ces_accum(loyalcs.ratings, smallint) IS
    'transition function: counts a CES score, 1 to 7';
CREATE FUNCTION loyalcs.ces_accum(loyalcs.ratings, integer) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ces_accum_int4';
COMMENT ON FUNCTION loyalcs.ces_accum(loyalcs.ratings, integer) IS
    'transition function: counts a CES score, 1 to 7';
CREATE FUNCTION loyalcs.ces_accum(loyalcs.ratings, double precision) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ces_accum_float8';
COMMENT ON FUNCTION loyalcs.ces_accum(loyalcs.ratings, double precision) IS
    'transition function: counts a CES score, 1 to 7';
CREATE FUNCTION loyalcs.ratings_remove(loyalcs.ratings, smallint) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_remove_int2';
COMMENT ON FUNCTION loyalcs.ratings_remove(loyalcs.ratings, smallint) IS
    'transition function: takes a score out again, when it leaves a window frame';
CREATE FUNCTION loyalcs.ratings_remove(loyalcs.ratings, integer) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_remove_int4';
COMMENT ON FUNCTION loyalcs.ratings_remove(loyalcs.ratings, integer) IS
    'transition function: takes a score out again, when it leaves a window frame';
CREATE FUNCTION loyalcs.ratings_remove(loyalcs.ratings, double precision) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_remove_float8';
COMMENT ON FUNCTION loyalcs.ratings_remove(loyalcs.ratings, double precision) IS
    'transition function: takes a score out again, when it leaves a window frame';
CREATE FUNCTION loyalcs.ratings_final(loyalcs.ratings) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_final';
COMMENT ON FUNCTION loyalcs.ratings_final(loyalcs.ratings) IS
    'final function of ratings_agg and sum: NULL for no answers';

CREATE FUNCTION loyalcs.csat_share_final(loyalcs.ratings) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_csat_share';
COMMENT ON FUNCTION loyalcs.csat_share_final(loyalcs.ratings) IS
    'final function of csat_share: share of 4 and 5 on a scale from 1 to 5';
CREATE FUNCTION loyalcs.csat_percent_final(loyalcs.ratings) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_csat_percent';
COMMENT ON FUNCTION loyalcs.csat_percent_final(loyalcs.ratings) IS
    'final function of csat_percent: per cent of 4 and 5 on a scale from 1 to 5';
CREATE AGGREGATE loyalcs.ratings_agg(smallint) (
    SFUNC = loyalcs.ratings_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.ratings_final,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.ratings_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.ratings_final,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.ratings_agg(smallint) IS
    'answers by score, to be stored, merged with + and read with nps, csat, mean and the rest; scores are 0 to 10, NULL is skipped, another score is an error; NULL if nothing was answered';
CREATE AGGREGATE loyalcs.ratings_agg(integer) (
    SFUNC = loyalcs.ratings_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.ratings_final,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.ratings_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.ratings_final,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.ratings_agg(integer) IS
    'answers by score, to be stored, merged with + and read with nps, csat, mean and the rest; scores are 0 to 10, NULL is skipped, another score is an error; NULL if nothing was answered';
CREATE AGGREGATE loyalcs.ratings_agg(double precision) (
    SFUNC = loyalcs.ratings_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.ratings_final,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.ratings_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.ratings_final,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.ratings_agg(double precision) IS
    'answers by score, to be stored, merged with + and read with nps, csat, mean and the rest; scores are 0 to 10, NULL is skipped, another score is an error; NULL if nothing was answered';
CREATE AGGREGATE loyalcs.nps(smallint) (
    SFUNC = loyalcs.nps_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.nps,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.nps_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.nps,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.nps(smallint) IS
    'Net Promoter Score of the answers, -100 to 100; scores are 0 to 10, NULL is skipped, another score is an error; NULL if nothing was answered. Short for nps(ratings_agg(score))';
CREATE AGGREGATE loyalcs.nps(integer) (
    SFUNC = loyalcs.nps_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.nps,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.nps_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.nps,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.nps(integer) IS
    'Net Promoter Score of the answers, -100 to 100; scores are 0 to 10, NULL is skipped, another score is an error; NULL if nothing was answered. Short for nps(ratings_agg(score))';
CREATE AGGREGATE loyalcs.nps(double precision) (
    SFUNC = loyalcs.nps_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.nps,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.nps_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.nps,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.nps(double precision) IS
    'Net Promoter Score of the answers, -100 to 100; scores are 0 to 10, NULL is skipped, another score is an error; NULL if nothing was answered. Short for nps(ratings_agg(score))';
CREATE AGGREGATE loyalcs.csat(smallint) (
    SFUNC = loyalcs.csat_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.csat,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.csat_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.csat,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.csat(smallint) IS
    'mean satisfaction, 1 to 5; NULL is skipped, a score off the scale is an error; NULL if nothing was answered. The share of the satisfied is csat_share';
CREATE AGGREGATE loyalcs.csat(integer) (
    SFUNC = loyalcs.csat_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.csat,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.csat_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.csat,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.csat(integer) IS
    'mean satisfaction, 1 to 5; NULL is skipped, a score off the scale is an error; NULL if nothing was answered. The share of the satisfied is csat_share';
CREATE AGGREGATE loyalcs.csat(double precision) (
    SFUNC = loyalcs.csat_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.csat,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.csat_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.csat,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.csat(double precision) IS
    'mean satisfaction, 1 to 5; NULL is skipped, a score off the scale is an error; NULL if nothing was answered. The share of the satisfied is csat_share';
CREATE AGGREGATE loyalcs.csat_share(smallint) (
    SFUNC = loyalcs.csat_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.csat_share_final,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.csat_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.csat_share_final,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.csat_share(smallint) IS
    'share of the answers that are 4 or 5 on a scale from 1 to 5 (top two boxes), 0 to 1; NULL is skipped, a score off the scale is an error; NULL if nothing was answered';
CREATE AGGREGATE loyalcs.csat_share(integer) (
    SFUNC = loyalcs.csat_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.csat_share_final,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.csat_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.csat_share_final,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.csat_share(integer) IS
    'share of the answers that are 4 or 5 on a scale from 1 to 5 (top two boxes), 0 to 1; NULL is skipped, a score off the scale is an error; NULL if nothing was answered';
CREATE AGGREGATE loyalcs.csat_share(double precision) (
    SFUNC = loyalcs.csat_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.csat_share_final,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.csat_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.csat_share_final,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.csat_share(double precision) IS
    'share of the answers that are 4 or 5 on a scale from 1 to 5 (top two boxes), 0 to 1; NULL is skipped, a score off the scale is an error; NULL if nothing was answered';
CREATE AGGREGATE loyalcs.csat_percent(smallint) (
    SFUNC = loyalcs.csat_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.csat_percent_final,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.csat_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.csat_percent_final,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.csat_percent(smallint) IS
    'csat_share in per cent, 0 to 100, as it was before all shares were from 0 to 1: for what was written then';
CREATE AGGREGATE loyalcs.csat_percent(integer) (
    SFUNC = loyalcs.csat_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.csat_percent_final,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.csat_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.csat_percent_final,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.csat_percent(integer) IS
    'csat_share in per cent, 0 to 100, as it was before all shares were from 0 to 1: for what was written then';
CREATE AGGREGATE loyalcs.csat_percent(double precision) (
    SFUNC = loyalcs.csat_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.csat_percent_final,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.csat_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.csat_percent_final,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.csat_percent(double precision) IS
    'csat_share in per cent, 0 to 100, as it was before all shares were from 0 to 1: for what was written then';
CREATE AGGREGATE loyalcs.ces(smallint) (
    SFUNC = loyalcs.ces_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.ces,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.ces_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.ces,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.ces(smallint) IS
    'mean customer effort, 1 to 7; NULL is skipped, a score off the scale is an error; NULL if nothing was answered';
CREATE AGGREGATE loyalcs.ces(integer) (
    SFUNC = loyalcs.ces_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.ces,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.ces_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.ces,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.ces(integer) IS
    'mean customer effort, 1 to 7; NULL is skipped, a score off the scale is an error; NULL if nothing was answered';
CREATE AGGREGATE loyalcs.ces(double precision) (
    SFUNC = loyalcs.ces_accum,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.ces,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.ces_accum,
    MINVFUNC = loyalcs.ratings_remove,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.ces,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.ces(double precision) IS
    'mean customer effort, 1 to 7; NULL is skipped, a score off the scale is an error; NULL if nothing was answered';
CREATE AGGREGATE loyalcs.sum(loyalcs.ratings) (
    SFUNC = loyalcs.ratings_add,
    STYPE = loyalcs.ratings,
    SSPACE = 88,
    FINALFUNC = loyalcs.ratings_final,
    COMBINEFUNC = loyalcs.ratings_add,
    INITCOND = '{}',
    MSFUNC = loyalcs.ratings_add,
    MINVFUNC = loyalcs.ratings_subtract,
    MSTYPE = loyalcs.ratings,
    MSSPACE = 88,
    MFINALFUNC = loyalcs.ratings_final,
    MINITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.sum(loyalcs.ratings) IS
    'the answers of all; NULL is skipped; NULL if there is no answer in any';
