\echo Use "CREATE EXTENSION loyalcs" to load this file. \quit
-- loyalcs.sql
--
-- The schema, and the version of the library behind it.
-- Needs: nothing before it.

COMMENT ON SCHEMA loyalcs IS
    'survey ratings, purchases, RFM, retention, business hours, and shops: the loyalcs extension';

-- Everything in it works on tables that the caller may read anyway.
GRANT USAGE ON SCHEMA loyalcs TO PUBLIC;

CREATE FUNCTION loyalcs.loyalcs_version() RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'loyalcs_version';
COMMENT ON FUNCTION loyalcs.loyalcs_version() IS
    'version of the installed library; if the extension''s differs, run ALTER EXTENSION loyalcs UPDATE';
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
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_in';
COMMENT ON FUNCTION loyalcs.ratings_in(cstring) IS
    'input of ratings';
CREATE FUNCTION loyalcs.ratings_out(loyalcs.ratings) RETURNS cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_out';
COMMENT ON FUNCTION loyalcs.ratings_out(loyalcs.ratings) IS
    'output of ratings';
CREATE FUNCTION loyalcs.ratings_recv(internal) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_recv';
COMMENT ON FUNCTION loyalcs.ratings_recv(internal) IS
    'binary input of ratings';
CREATE FUNCTION loyalcs.ratings_send(loyalcs.ratings) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
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
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_to_jsonb';
COMMENT ON FUNCTION loyalcs.jsonb(loyalcs.ratings) IS
    'the text of ratings as jsonb';
CREATE CAST (loyalcs.ratings AS jsonb) WITH FUNCTION loyalcs.jsonb(loyalcs.ratings);
COMMENT ON CAST (loyalcs.ratings AS jsonb) IS 'the counts of the scores that were given, {"9": 12, "10": 40}';

-- Order and equality

CREATE FUNCTION loyalcs.ratings_lt(loyalcs.ratings, loyalcs.ratings) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_lt';
COMMENT ON FUNCTION loyalcs.ratings_lt(loyalcs.ratings, loyalcs.ratings) IS
    'implementation of <';
CREATE FUNCTION loyalcs.ratings_le(loyalcs.ratings, loyalcs.ratings) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_le';
COMMENT ON FUNCTION loyalcs.ratings_le(loyalcs.ratings, loyalcs.ratings) IS
    'implementation of <=';
CREATE FUNCTION loyalcs.ratings_eq(loyalcs.ratings, loyalcs.ratings) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_eq';
COMMENT ON FUNCTION loyalcs.ratings_eq(loyalcs.ratings, loyalcs.ratings) IS
    'implementation of =';
CREATE FUNCTION loyalcs.ratings_ne(loyalcs.ratings, loyalcs.ratings) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_ne';
COMMENT ON FUNCTION loyalcs.ratings_ne(loyalcs.ratings, loyalcs.ratings) IS
    'implementation of <>';
CREATE FUNCTION loyalcs.ratings_ge(loyalcs.ratings, loyalcs.ratings) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_ge';
COMMENT ON FUNCTION loyalcs.ratings_ge(loyalcs.ratings, loyalcs.ratings) IS
    'implementation of >=';
CREATE FUNCTION loyalcs.ratings_gt(loyalcs.ratings, loyalcs.ratings) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_gt';
COMMENT ON FUNCTION loyalcs.ratings_gt(loyalcs.ratings, loyalcs.ratings) IS
    'implementation of >';
CREATE FUNCTION loyalcs.ratings_cmp(loyalcs.ratings, loyalcs.ratings) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_cmp';
COMMENT ON FUNCTION loyalcs.ratings_cmp(loyalcs.ratings, loyalcs.ratings) IS
    '-1, 0 or 1: for btree. The order has no meaning, but keys, DISTINCT and statistics need one';
CREATE FUNCTION loyalcs.ratings_hash(loyalcs.ratings) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_hash';
COMMENT ON FUNCTION loyalcs.ratings_hash(loyalcs.ratings) IS
    'hash value';
CREATE FUNCTION loyalcs.ratings_hash_extended(loyalcs.ratings, bigint) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_hash_extended';
COMMENT ON FUNCTION loyalcs.ratings_hash_extended(loyalcs.ratings, bigint) IS
    'hash value with a seed';

CREATE OPERATOR loyalcs.< (
    FUNCTION = loyalcs.ratings_lt,
    LEFTARG = loyalcs.ratings,
    RIGHTARG = loyalcs.ratings,
    COMMUTATOR = OPERATOR(loyalcs.>),
    NEGATOR = OPERATOR(loyalcs.>=),
    RESTRICT = pg_catalog.scalarltsel,
    JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR loyalcs.< (loyalcs.ratings, loyalcs.ratings) IS 'sorts before';
CREATE OPERATOR loyalcs.<= (
    FUNCTION = loyalcs.ratings_le,
    LEFTARG = loyalcs.ratings,
    RIGHTARG = loyalcs.ratings,
    COMMUTATOR = OPERATOR(loyalcs.>=),
    NEGATOR = OPERATOR(loyalcs.>),
    RESTRICT = pg_catalog.scalarlesel,
    JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR loyalcs.<= (loyalcs.ratings, loyalcs.ratings) IS 'sorts before or is equal';
CREATE OPERATOR loyalcs.= (
    FUNCTION = loyalcs.ratings_eq,
    LEFTARG = loyalcs.ratings,
    RIGHTARG = loyalcs.ratings,
    COMMUTATOR = OPERATOR(loyalcs.=),
    NEGATOR = OPERATOR(loyalcs.<>),
    HASHES,
    MERGES,
    RESTRICT = pg_catalog.eqsel,
    JOIN = pg_catalog.eqjoinsel
);
COMMENT ON OPERATOR loyalcs.= (loyalcs.ratings, loyalcs.ratings) IS 'is equal';
CREATE OPERATOR loyalcs.<> (
    FUNCTION = loyalcs.ratings_ne,
    LEFTARG = loyalcs.ratings,
    RIGHTARG = loyalcs.ratings,
    COMMUTATOR = OPERATOR(loyalcs.<>),
    NEGATOR = OPERATOR(loyalcs.=),
    RESTRICT = pg_catalog.neqsel,
    JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR loyalcs.<> (loyalcs.ratings, loyalcs.ratings) IS 'is not equal';
CREATE OPERATOR loyalcs.>= (
    FUNCTION = loyalcs.ratings_ge,
    LEFTARG = loyalcs.ratings,
    RIGHTARG = loyalcs.ratings,
    COMMUTATOR = OPERATOR(loyalcs.<=),
    NEGATOR = OPERATOR(loyalcs.<),
    RESTRICT = pg_catalog.scalargesel,
    JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR loyalcs.>= (loyalcs.ratings, loyalcs.ratings) IS 'sorts after or is equal';
CREATE OPERATOR loyalcs.> (
    FUNCTION = loyalcs.ratings_gt,
    LEFTARG = loyalcs.ratings,
    RIGHTARG = loyalcs.ratings,
    COMMUTATOR = OPERATOR(loyalcs.<),
    NEGATOR = OPERATOR(loyalcs.<=),
    RESTRICT = pg_catalog.scalargtsel,
    JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR loyalcs.> (loyalcs.ratings, loyalcs.ratings) IS 'sorts after';

CREATE OPERATOR FAMILY loyalcs.ratings_btree_ops USING btree;
COMMENT ON OPERATOR FAMILY loyalcs.ratings_btree_ops USING btree IS 'order of ratings';
CREATE OPERATOR CLASS loyalcs.ratings_btree_ops DEFAULT FOR TYPE loyalcs.ratings USING btree
    FAMILY loyalcs.ratings_btree_ops AS
    OPERATOR 1 loyalcs.<,
    OPERATOR 2 loyalcs.<=,
    OPERATOR 3 loyalcs.=,
    OPERATOR 4 loyalcs.>=,
    OPERATOR 5 loyalcs.>,
    FUNCTION 1 loyalcs.ratings_cmp(loyalcs.ratings, loyalcs.ratings);
COMMENT ON OPERATOR CLASS loyalcs.ratings_btree_ops USING btree IS 'order of ratings: for indexes, DISTINCT, ORDER BY';

CREATE OPERATOR FAMILY loyalcs.ratings_hash_ops USING hash;
COMMENT ON OPERATOR FAMILY loyalcs.ratings_hash_ops USING hash IS 'equality of ratings';
CREATE OPERATOR CLASS loyalcs.ratings_hash_ops DEFAULT FOR TYPE loyalcs.ratings USING hash
    FAMILY loyalcs.ratings_hash_ops AS
    OPERATOR 1 loyalcs.=,
    FUNCTION 1 loyalcs.ratings_hash(loyalcs.ratings),
    FUNCTION 2 loyalcs.ratings_hash_extended(loyalcs.ratings, bigint);
COMMENT ON OPERATOR CLASS loyalcs.ratings_hash_ops USING hash IS 'equality of ratings: for hash joins, grouping, partitions';

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
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_csat';
COMMENT ON FUNCTION loyalcs.csat(loyalcs.ratings) IS
    'mean satisfaction, 1 to 5; NULL for no answers; an error if an answer is off the scale of 1 to 5. The share of the satisfied is csat_percent';
CREATE FUNCTION loyalcs.csat_percent(loyalcs.ratings, top integer DEFAULT 4, scale integer DEFAULT 5) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_csat_percent';
COMMENT ON FUNCTION loyalcs.csat_percent(loyalcs.ratings, top integer, scale integer) IS
    'per cent of the answers that are `top` or better on a scale from 1 to `scale`, 0 to 100: top-two-box for the defaults; NULL for no answers; an error if an answer is off that scale';
CREATE FUNCTION loyalcs.ces(loyalcs.ratings) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_ces';
COMMENT ON FUNCTION loyalcs.ces(loyalcs.ratings) IS
    'mean customer effort, 1 to 7; whether lower or higher is better is the wordings; NULL for no answers; an error if an answer is off the scale of 1 to 7';
CREATE FUNCTION loyalcs.share(loyalcs.ratings, low integer, high integer) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_share';
COMMENT ON FUNCTION loyalcs.share(loyalcs.ratings, low integer, high integer) IS
    'share of the answers from `low` to `high`, both included, 0 to 1; NULL for no answers';
CREATE FUNCTION loyalcs.mean(loyalcs.ratings) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_mean';
COMMENT ON FUNCTION loyalcs.mean(loyalcs.ratings) IS
    'mean score on whatever scale; NULL for no answers';
CREATE FUNCTION loyalcs.stddev(loyalcs.ratings) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_stddev';
COMMENT ON FUNCTION loyalcs.stddev(loyalcs.ratings) IS
    'sample standard deviation of the scores; NULL below two answers';
CREATE FUNCTION loyalcs.histogram(loyalcs.ratings) RETURNS bigint[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_histogram';
COMMENT ON FUNCTION loyalcs.histogram(loyalcs.ratings) IS
    'the eleven counts, of score 0 first';
CREATE FUNCTION loyalcs.sparkline(loyalcs.ratings) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_sparkline';
COMMENT ON FUNCTION loyalcs.sparkline(loyalcs.ratings) IS
    'eleven block characters, of score 0 first, the highest for the most frequent score and the lowest for none; ASCII characters where the databases encoding lacks blocks; NULL for no answers';
CREATE FUNCTION loyalcs.nps_interval(
    loyalcs.ratings,
    confidence double precision DEFAULT 0.95,
    OUT low double precision,
    OUT high double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_nps_interval';
COMMENT ON FUNCTION loyalcs.nps_interval(loyalcs.ratings, confidence double precision) IS
    'confidence interval of the Net Promoter Score in points: adjusted Wald (Rocks 2016), which adds 3 answers, 3/4 to promoters and 3/4 to detractors; centred on the adjusted score, clamped to -100 .. 100; NULLs for no answers';
CREATE FUNCTION loyalcs.nps_margin(loyalcs.ratings, confidence double precision DEFAULT 0.95) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_nps_margin';
COMMENT ON FUNCTION loyalcs.nps_margin(loyalcs.ratings, confidence double precision) IS
    'half the width of nps_interval before clamping, in points; NULL for no answers';
CREATE FUNCTION loyalcs.mean_interval(
    loyalcs.ratings,
    confidence double precision DEFAULT 0.95,
    OUT low double precision,
    OUT high double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_mean_interval';
COMMENT ON FUNCTION loyalcs.mean_interval(loyalcs.ratings, confidence double precision) IS
    'confidence interval of the mean score: Students t, clamped to 0 .. 10; NULLs below two answers';
CREATE FUNCTION loyalcs.nps_change(
    before loyalcs.ratings,
    after loyalcs.ratings,
    confidence double precision DEFAULT 0.95,
    OUT change double precision,
    OUT low double precision,
    OUT high double precision,
    OUT p_value double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_nps_change';
COMMENT ON FUNCTION loyalcs.nps_change(before loyalcs.ratings, after loyalcs.ratings, confidence double precision) IS
    'did the Net Promoter Score really change? change: after - before in points; low, high: its confidence interval; p_value: how likely a difference at least this large is if nothing changed (two-sided). From the difference of the two adjusted Wald estimates; NULLs if either has no answers';
CREATE FUNCTION loyalcs.mean_change(
    before loyalcs.ratings,
    after loyalcs.ratings,
    confidence double precision DEFAULT 0.95,
    OUT change double precision,
    OUT low double precision,
    OUT high double precision,
    OUT p_value double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_mean_change';
COMMENT ON FUNCTION loyalcs.mean_change(before loyalcs.ratings, after loyalcs.ratings, confidence double precision) IS
    'did the mean score really change? change: after - before; low, high: its confidence interval; p_value: how likely a difference at least this large is if nothing changed (Welchs t-test, two-sided). change is NULL if either has no answers, the rest if either has fewer than two';
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
    'mean satisfaction, 1 to 5; NULL is skipped, a score off the scale is an error; NULL if nothing was answered. The share of the satisfied is csat_percent';
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
    'mean satisfaction, 1 to 5; NULL is skipped, a score off the scale is an error; NULL if nothing was answered. The share of the satisfied is csat_percent';
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
    'mean satisfaction, 1 to 5; NULL is skipped, a score off the scale is an error; NULL if nothing was answered. The share of the satisfied is csat_percent';
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
    'per cent of the answers that are 4 or 5 on a scale from 1 to 5 (top two boxes), 0 to 100; NULL is skipped, a score off the scale is an error; NULL if nothing was answered';
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
    'per cent of the answers that are 4 or 5 on a scale from 1 to 5 (top two boxes), 0 to 100; NULL is skipped, a score off the scale is an error; NULL if nothing was answered';
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
    'per cent of the answers that are 4 or 5 on a scale from 1 to 5 (top two boxes), 0 to 100; NULL is skipped, a score off the scale is an error; NULL if nothing was answered';
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
-- period.sql
--
-- The local day, week, month, quarter and year of an instant.
-- Needs: nothing before it.

CREATE FUNCTION loyalcs.local_date(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'local_date';
COMMENT ON FUNCTION loyalcs.local_date(at timestamptz, zone text) IS
    'the day that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''day'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';
CREATE FUNCTION loyalcs.local_week(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'local_week';
COMMENT ON FUNCTION loyalcs.local_week(at timestamptz, zone text) IS
    'the first day of the ISO week (a Monday) that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''week'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';
CREATE FUNCTION loyalcs.local_month(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'local_month';
COMMENT ON FUNCTION loyalcs.local_month(at timestamptz, zone text) IS
    'the first day of the month that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''month'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';
CREATE FUNCTION loyalcs.local_quarter(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'local_quarter';
COMMENT ON FUNCTION loyalcs.local_quarter(at timestamptz, zone text) IS
    'the first day of the quarter that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''quarter'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';
CREATE FUNCTION loyalcs.local_year(at timestamptz, zone text) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'local_year';
COMMENT ON FUNCTION loyalcs.local_year(at timestamptz, zone text) IS
    'the first day of the year that `at` falls in on the calendar of time zone `zone` (a name such as Asia/Tokyo); the same as date_trunc(''year'', at, zone) brought to that zone''s date, several times as fast; infinity gives infinity; an unknown zone is an error';
-- purchases.sql
--
-- A customer's orders as one value: how many, from when to when, how much.
-- Needs: nothing before it.

-- The type

CREATE TYPE loyalcs.purchases;

CREATE FUNCTION loyalcs.purchases_in(cstring) RETURNS loyalcs.purchases
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_in';
COMMENT ON FUNCTION loyalcs.purchases_in(cstring) IS
    'input of purchases';
CREATE FUNCTION loyalcs.purchases_out(loyalcs.purchases) RETURNS cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_out';
COMMENT ON FUNCTION loyalcs.purchases_out(loyalcs.purchases) IS
    'output of purchases';
CREATE FUNCTION loyalcs.purchases_recv(internal) RETURNS loyalcs.purchases
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_recv';
COMMENT ON FUNCTION loyalcs.purchases_recv(internal) IS
    'binary input of purchases';
CREATE FUNCTION loyalcs.purchases_send(loyalcs.purchases) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_send';
COMMENT ON FUNCTION loyalcs.purchases_send(loyalcs.purchases) IS
    'binary output of purchases';

CREATE TYPE loyalcs.purchases (
    INPUT = loyalcs.purchases_in,
    OUTPUT = loyalcs.purchases_out,
    RECEIVE = loyalcs.purchases_recv,
    SEND = loyalcs.purchases_send,
    INTERNALLENGTH = 32,
    ALIGNMENT = double
);
COMMENT ON TYPE loyalcs.purchases IS
    'a customer''s purchases: how many, the first and the last instant, and the exact total with up to four decimals; text form is a JSON object, {"count": 2, "first": "2026-01-05T10:00:00Z", "last": "2026-03-01T08:30:00Z", "total": 24800}; 32 bytes';

CREATE FUNCTION loyalcs.jsonb(loyalcs.purchases) RETURNS jsonb
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_to_jsonb';
COMMENT ON FUNCTION loyalcs.jsonb(loyalcs.purchases) IS
    'the text of purchases as jsonb';
CREATE CAST (loyalcs.purchases AS jsonb) WITH FUNCTION loyalcs.jsonb(loyalcs.purchases);
COMMENT ON CAST (loyalcs.purchases AS jsonb) IS 'count, first, last and total';

-- Order and equality

CREATE FUNCTION loyalcs.purchases_lt(loyalcs.purchases, loyalcs.purchases) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_lt';
COMMENT ON FUNCTION loyalcs.purchases_lt(loyalcs.purchases, loyalcs.purchases) IS
    'implementation of <';
CREATE FUNCTION loyalcs.purchases_le(loyalcs.purchases, loyalcs.purchases) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_le';
COMMENT ON FUNCTION loyalcs.purchases_le(loyalcs.purchases, loyalcs.purchases) IS
    'implementation of <=';
CREATE FUNCTION loyalcs.purchases_eq(loyalcs.purchases, loyalcs.purchases) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_eq';
COMMENT ON FUNCTION loyalcs.purchases_eq(loyalcs.purchases, loyalcs.purchases) IS
    'implementation of =';
CREATE FUNCTION loyalcs.purchases_ne(loyalcs.purchases, loyalcs.purchases) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_ne';
COMMENT ON FUNCTION loyalcs.purchases_ne(loyalcs.purchases, loyalcs.purchases) IS
    'implementation of <>';
CREATE FUNCTION loyalcs.purchases_ge(loyalcs.purchases, loyalcs.purchases) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_ge';
COMMENT ON FUNCTION loyalcs.purchases_ge(loyalcs.purchases, loyalcs.purchases) IS
    'implementation of >=';
CREATE FUNCTION loyalcs.purchases_gt(loyalcs.purchases, loyalcs.purchases) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_gt';
COMMENT ON FUNCTION loyalcs.purchases_gt(loyalcs.purchases, loyalcs.purchases) IS
    'implementation of >';
CREATE FUNCTION loyalcs.purchases_cmp(loyalcs.purchases, loyalcs.purchases) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_cmp';
COMMENT ON FUNCTION loyalcs.purchases_cmp(loyalcs.purchases, loyalcs.purchases) IS
    '-1, 0 or 1: for btree. The order has no meaning, but keys, DISTINCT and statistics need one';
CREATE FUNCTION loyalcs.purchases_hash(loyalcs.purchases) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_hash';
COMMENT ON FUNCTION loyalcs.purchases_hash(loyalcs.purchases) IS
    'hash value';
CREATE FUNCTION loyalcs.purchases_hash_extended(loyalcs.purchases, bigint) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_hash_extended';
COMMENT ON FUNCTION loyalcs.purchases_hash_extended(loyalcs.purchases, bigint) IS
    'hash value with a seed';

CREATE OPERATOR loyalcs.< (
    FUNCTION = loyalcs.purchases_lt,
    LEFTARG = loyalcs.purchases,
    RIGHTARG = loyalcs.purchases,
    COMMUTATOR = OPERATOR(loyalcs.>),
    NEGATOR = OPERATOR(loyalcs.>=),
    RESTRICT = pg_catalog.scalarltsel,
    JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR loyalcs.< (loyalcs.purchases, loyalcs.purchases) IS 'sorts before';
CREATE OPERATOR loyalcs.<= (
    FUNCTION = loyalcs.purchases_le,
    LEFTARG = loyalcs.purchases,
    RIGHTARG = loyalcs.purchases,
    COMMUTATOR = OPERATOR(loyalcs.>=),
    NEGATOR = OPERATOR(loyalcs.>),
    RESTRICT = pg_catalog.scalarlesel,
    JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR loyalcs.<= (loyalcs.purchases, loyalcs.purchases) IS 'sorts before or is equal';
CREATE OPERATOR loyalcs.= (
    FUNCTION = loyalcs.purchases_eq,
    LEFTARG = loyalcs.purchases,
    RIGHTARG = loyalcs.purchases,
    COMMUTATOR = OPERATOR(loyalcs.=),
    NEGATOR = OPERATOR(loyalcs.<>),
    HASHES,
    MERGES,
    RESTRICT = pg_catalog.eqsel,
    JOIN = pg_catalog.eqjoinsel
);
COMMENT ON OPERATOR loyalcs.= (loyalcs.purchases, loyalcs.purchases) IS 'is equal';
CREATE OPERATOR loyalcs.<> (
    FUNCTION = loyalcs.purchases_ne,
    LEFTARG = loyalcs.purchases,
    RIGHTARG = loyalcs.purchases,
    COMMUTATOR = OPERATOR(loyalcs.<>),
    NEGATOR = OPERATOR(loyalcs.=),
    RESTRICT = pg_catalog.neqsel,
    JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR loyalcs.<> (loyalcs.purchases, loyalcs.purchases) IS 'is not equal';
CREATE OPERATOR loyalcs.>= (
    FUNCTION = loyalcs.purchases_ge,
    LEFTARG = loyalcs.purchases,
    RIGHTARG = loyalcs.purchases,
    COMMUTATOR = OPERATOR(loyalcs.<=),
    NEGATOR = OPERATOR(loyalcs.<),
    RESTRICT = pg_catalog.scalargesel,
    JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR loyalcs.>= (loyalcs.purchases, loyalcs.purchases) IS 'sorts after or is equal';
CREATE OPERATOR loyalcs.> (
    FUNCTION = loyalcs.purchases_gt,
    LEFTARG = loyalcs.purchases,
    RIGHTARG = loyalcs.purchases,
    COMMUTATOR = OPERATOR(loyalcs.<),
    NEGATOR = OPERATOR(loyalcs.<=),
    RESTRICT = pg_catalog.scalargtsel,
    JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR loyalcs.> (loyalcs.purchases, loyalcs.purchases) IS 'sorts after';

CREATE OPERATOR FAMILY loyalcs.purchases_btree_ops USING btree;
COMMENT ON OPERATOR FAMILY loyalcs.purchases_btree_ops USING btree IS 'order of purchases';
CREATE OPERATOR CLASS loyalcs.purchases_btree_ops DEFAULT FOR TYPE loyalcs.purchases USING btree
    FAMILY loyalcs.purchases_btree_ops AS
    OPERATOR 1 loyalcs.<,
    OPERATOR 2 loyalcs.<=,
    OPERATOR 3 loyalcs.=,
    OPERATOR 4 loyalcs.>=,
    OPERATOR 5 loyalcs.>,
    FUNCTION 1 loyalcs.purchases_cmp(loyalcs.purchases, loyalcs.purchases);
COMMENT ON OPERATOR CLASS loyalcs.purchases_btree_ops USING btree IS 'order of purchases: for indexes, DISTINCT, ORDER BY';

CREATE OPERATOR FAMILY loyalcs.purchases_hash_ops USING hash;
COMMENT ON OPERATOR FAMILY loyalcs.purchases_hash_ops USING hash IS 'equality of purchases';
CREATE OPERATOR CLASS loyalcs.purchases_hash_ops DEFAULT FOR TYPE loyalcs.purchases USING hash
    FAMILY loyalcs.purchases_hash_ops AS
    OPERATOR 1 loyalcs.=,
    FUNCTION 1 loyalcs.purchases_hash(loyalcs.purchases),
    FUNCTION 2 loyalcs.purchases_hash_extended(loyalcs.purchases, bigint);
COMMENT ON OPERATOR CLASS loyalcs.purchases_hash_ops USING hash IS 'equality of purchases: for hash joins, grouping, partitions';

-- Merging

CREATE FUNCTION loyalcs.purchases_add(loyalcs.purchases, loyalcs.purchases) RETURNS loyalcs.purchases
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_add';
COMMENT ON FUNCTION loyalcs.purchases_add(loyalcs.purchases, loyalcs.purchases) IS
    'implementation of +';
CREATE OPERATOR loyalcs.+ (
    FUNCTION = loyalcs.purchases_add,
    LEFTARG = loyalcs.purchases,
    RIGHTARG = loyalcs.purchases,
    COMMUTATOR = OPERATOR(loyalcs.+)
);
COMMENT ON OPERATOR loyalcs.+ (loyalcs.purchases, loyalcs.purchases) IS
    'the purchases of both; an error on overflow';

-- Reading

CREATE FUNCTION loyalcs.purchase_count(loyalcs.purchases) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_count';
COMMENT ON FUNCTION loyalcs.purchase_count(loyalcs.purchases) IS
    'number of purchases (frequency); 0 for none';
CREATE FUNCTION loyalcs.first_purchase(loyalcs.purchases) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_first';
COMMENT ON FUNCTION loyalcs.first_purchase(loyalcs.purchases) IS
    'instant of the first purchase; NULL for none';
CREATE FUNCTION loyalcs.last_purchase(loyalcs.purchases) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_last';
COMMENT ON FUNCTION loyalcs.last_purchase(loyalcs.purchases) IS
    'instant of the last purchase; NULL for none';
CREATE FUNCTION loyalcs.total_spent(loyalcs.purchases) RETURNS numeric
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_total';
COMMENT ON FUNCTION loyalcs.total_spent(loyalcs.purchases) IS
    'sum of the amounts (monetary value), exact, without trailing zeros; 0 for none';
CREATE FUNCTION loyalcs.average_order(loyalcs.purchases) RETURNS numeric
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_average';
COMMENT ON FUNCTION loyalcs.average_order(loyalcs.purchases) IS
    'mean amount of a purchase; NULL for none';
CREATE FUNCTION loyalcs.recency(loyalcs.purchases, as_of timestamptz) RETURNS interval
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_recency';
COMMENT ON FUNCTION loyalcs.recency(loyalcs.purchases, as_of timestamptz) IS
    'time from the last purchase to `as_of`, in days of 24 hours; negative if the purchase is later; NULL for none';
CREATE FUNCTION loyalcs.purchase_interval(loyalcs.purchases) RETURNS interval
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_interval';
COMMENT ON FUNCTION loyalcs.purchase_interval(loyalcs.purchases) IS
    'mean time between one purchase and the next, in days of 24 hours; NULL below two purchases';

-- Aggregates

CREATE FUNCTION loyalcs.purchases_accum(loyalcs.purchases, timestamptz, numeric) RETURNS loyalcs.purchases
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_accum';
COMMENT ON FUNCTION loyalcs.purchases_accum(loyalcs.purchases, timestamptz, numeric) IS
    'transition function: counts a purchase';
CREATE FUNCTION loyalcs.purchases_final(loyalcs.purchases) RETURNS loyalcs.purchases
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'purchases_final';
COMMENT ON FUNCTION loyalcs.purchases_final(loyalcs.purchases) IS
    'final function of purchases_agg and sum: NULL for none';
CREATE AGGREGATE loyalcs.purchases_agg(timestamptz, numeric) (
    SFUNC = loyalcs.purchases_accum,
    STYPE = loyalcs.purchases,
    SSPACE = 32,
    FINALFUNC = loyalcs.purchases_final,
    COMBINEFUNC = loyalcs.purchases_add,
    INITCOND = '{"count": 0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.purchases_agg(timestamptz, numeric) IS
    'purchases as one value; a row whose instant or amount is NULL is skipped; a negative amount, one with more than four decimals, or a sum beyond 922337203685477.5807 is an error; NULL if there was no purchase';
CREATE AGGREGATE loyalcs.sum(loyalcs.purchases) (
    SFUNC = loyalcs.purchases_add,
    STYPE = loyalcs.purchases,
    SSPACE = 32,
    FINALFUNC = loyalcs.purchases_final,
    COMBINEFUNC = loyalcs.purchases_add,
    INITCOND = '{"count": 0}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.sum(loyalcs.purchases) IS
    'the purchases of all; NULL is skipped; NULL if there is no purchase in any';
-- rfm.sql
--
-- Recency, frequency, monetary value: cut points, scores, segments.
-- Needs: nothing before it.

-- Cut points. The values are collected by PostgreSQL's own array_append and
-- array_cat, declared for one type each, so that no state is polymorphic.

CREATE FUNCTION loyalcs.quintiles_accum(double precision[], double precision) RETURNS double precision[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_append';
COMMENT ON FUNCTION loyalcs.quintiles_accum(double precision[], double precision) IS
    'transition function: collects a value';
CREATE FUNCTION loyalcs.quintiles_combine(double precision[], double precision[]) RETURNS double precision[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_cat';
COMMENT ON FUNCTION loyalcs.quintiles_combine(double precision[], double precision[]) IS
    'combine function: the values of both';
CREATE FUNCTION loyalcs.quintiles_final(double precision[]) RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
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
CREATE FUNCTION loyalcs.quintiles_accum(numeric[], numeric) RETURNS numeric[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_append';
COMMENT ON FUNCTION loyalcs.quintiles_accum(numeric[], numeric) IS
    'transition function: collects a value';
CREATE FUNCTION loyalcs.quintiles_combine(numeric[], numeric[]) RETURNS numeric[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_cat';
COMMENT ON FUNCTION loyalcs.quintiles_combine(numeric[], numeric[]) IS
    'combine function: the values of both';
CREATE FUNCTION loyalcs.quintiles_final(numeric[]) RETURNS numeric[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'quintiles_numeric';
COMMENT ON FUNCTION loyalcs.quintiles_final(numeric[]) IS
    'final function: selects the cut points';
CREATE AGGREGATE loyalcs.quintiles(numeric) (
    SFUNC = loyalcs.quintiles_accum,
    STYPE = numeric[],
    FINALFUNC = loyalcs.quintiles_final,
    COMBINEFUNC = loyalcs.quintiles_combine,
    INITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.quintiles(numeric) IS
    'the four cut points between fifths of the values: continuous percentiles at .2, .4, .6 and .8, exact; NULL is skipped; NULL for no values. Memory: 8 bytes a value';
CREATE FUNCTION loyalcs.quintiles_accum(timestamptz[], timestamptz) RETURNS timestamptz[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_append';
COMMENT ON FUNCTION loyalcs.quintiles_accum(timestamptz[], timestamptz) IS
    'transition function: collects a value';
CREATE FUNCTION loyalcs.quintiles_combine(timestamptz[], timestamptz[]) RETURNS timestamptz[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_cat';
COMMENT ON FUNCTION loyalcs.quintiles_combine(timestamptz[], timestamptz[]) IS
    'combine function: the values of both';
CREATE FUNCTION loyalcs.quintiles_final(timestamptz[]) RETURNS timestamptz[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
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
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'score_by_numeric';
COMMENT ON FUNCTION loyalcs.score_by(value numeric, cuts numeric[]) IS
    'score of a value from 1 to 5: 1 + the number of cut points below it, so equal values have equal scores; `cuts` are those of quintiles(); NULL if either is';
CREATE FUNCTION loyalcs.score_by(value timestamptz, cuts timestamptz[]) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'score_by_timestamptz';
COMMENT ON FUNCTION loyalcs.score_by(value timestamptz, cuts timestamptz[]) IS
    'score of a value from 1 to 5: 1 + the number of cut points below it, so equal values have equal scores; `cuts` are those of quintiles(); NULL if either is';
CREATE FUNCTION loyalcs.rfm_segment(recency integer, frequency integer, monetary integer) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'rfm_segment';
COMMENT ON FUNCTION loyalcs.rfm_segment(recency integer, frequency integer, monetary integer) IS
    'name of the customer segment for RFM scores from 1 to 5 (recency 5: bought last), by recency and the rounded mean of the other two: Champions, Loyal Customers, Potential Loyalists, New Customers, Promising, Need Attention, About To Sleep, At Risk, Can''t Lose Them, Hibernating, Lost; a score off 1 to 5 is an error';
-- concentration.sql
--
-- How much of the revenue comes from how few.
-- Needs: nothing before it.

CREATE FUNCTION loyalcs.top_share_accum(double precision[], double precision, double precision) RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'top_share_accum';
COMMENT ON FUNCTION loyalcs.top_share_accum(double precision[], double precision, double precision) IS
    'transition function: collects an amount';
CREATE FUNCTION loyalcs.top_share_combine(double precision[], double precision[]) RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'top_share_combine';
COMMENT ON FUNCTION loyalcs.top_share_combine(double precision[], double precision[]) IS
    'combine function: the amounts of both';
CREATE FUNCTION loyalcs.top_share_final(double precision[]) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'top_share_final';
COMMENT ON FUNCTION loyalcs.top_share_final(double precision[]) IS
    'final function: reads the Lorenz curve';
CREATE AGGREGATE loyalcs.top_share(double precision, double precision) (
    SFUNC = loyalcs.top_share_accum,
    STYPE = double precision[],
    FINALFUNC = loyalcs.top_share_final,
    COMBINEFUNC = loyalcs.top_share_combine,
    INITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.top_share(double precision, double precision) IS
    'what share of the total the best `share` of the rows bring, 0 to 1: top_share(total_spent, 0.2) for the best 20%; linear between rows (Lorenz curve); NULL amounts are skipped, a negative one is an error; NULL for no rows or a total of 0';

CREATE FUNCTION loyalcs.gini_accum(double precision[], double precision) RETURNS double precision[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_append';
COMMENT ON FUNCTION loyalcs.gini_accum(double precision[], double precision) IS
    'transition function: collects an amount';
CREATE FUNCTION loyalcs.gini_combine(double precision[], double precision[]) RETURNS double precision[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_cat';
COMMENT ON FUNCTION loyalcs.gini_combine(double precision[], double precision[]) IS
    'combine function: the amounts of both';
CREATE FUNCTION loyalcs.gini_final(double precision[]) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'gini_final';
COMMENT ON FUNCTION loyalcs.gini_final(double precision[]) IS
    'final function: mean absolute difference over twice the mean';
CREATE AGGREGATE loyalcs.gini(double precision) (
    SFUNC = loyalcs.gini_accum,
    STYPE = double precision[],
    FINALFUNC = loyalcs.gini_final,
    COMBINEFUNC = loyalcs.gini_combine,
    INITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.gini(double precision) IS
    'Gini coefficient of the amounts: 0 if all are equal, towards 1 if one has everything (mean absolute difference over twice the mean); NULL is skipped, a negative amount is an error; NULL for no rows or a total of 0';
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
-- holidays.sql
--
-- Japan's public holidays, by law and decree.
-- Needs: nothing before it.

CREATE FUNCTION loyalcs.japanese_holiday(day date) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'japanese_holiday';
COMMENT ON FUNCTION loyalcs.japanese_holiday(day date) IS
    'name of the public holiday that `day` is in Japan, substitute and citizens'' holidays included (Act No. 178 of 1948); NULL if it is none; an error after 2099. English where the database''s encoding has no Japanese';
CREATE FUNCTION loyalcs.japanese_holidays(
    "from" date,
    "to" date,
    OUT day date,
    OUT name text,
    OUT name_en text
) RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 20
    AS 'MODULE_PATHNAME', 'japanese_holidays';
COMMENT ON FUNCTION loyalcs.japanese_holidays("from" date, "to" date) IS
    'public holidays of Japan from `from` to `to`, both included; an error after 2099';
-- calendar.sql
--
-- Business hours: the type, the time that counts while they are open, and why.
-- Needs: nothing before it (holidays.sql has the holidays that PH speaks of).

CREATE TYPE loyalcs.business_hours;

CREATE FUNCTION loyalcs.business_hours_in(cstring) RETURNS loyalcs.business_hours
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_in';
COMMENT ON FUNCTION loyalcs.business_hours_in(cstring) IS
    'input of business_hours';
CREATE FUNCTION loyalcs.business_hours_out(loyalcs.business_hours) RETURNS cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_out';
COMMENT ON FUNCTION loyalcs.business_hours_out(loyalcs.business_hours) IS
    'output of business_hours';
CREATE FUNCTION loyalcs.business_hours_recv(internal) RETURNS loyalcs.business_hours
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_recv';
COMMENT ON FUNCTION loyalcs.business_hours_recv(internal) IS
    'binary input of business_hours';
CREATE FUNCTION loyalcs.business_hours_send(loyalcs.business_hours) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_send';
COMMENT ON FUNCTION loyalcs.business_hours_send(loyalcs.business_hours) IS
    'binary output of business_hours';

CREATE TYPE loyalcs.business_hours (
    INPUT = loyalcs.business_hours_in,
    OUTPUT = loyalcs.business_hours_out,
    RECEIVE = loyalcs.business_hours_recv,
    SEND = loyalcs.business_hours_send,
    INTERNALLENGTH = variable,
    ALIGNMENT = int4,
    STORAGE = extended
);
COMMENT ON TYPE loyalcs.business_hours IS
    'when a shop or a desk is open: opening hours in OpenStreetMap''s notation, a time zone and holidays; text form is all three, Mo-Fr 10:00-18:00; PH off @ Asia/Tokyo JP, of which what follows the rules may be left out for that zone and those holidays; some 70 bytes';

CREATE FUNCTION loyalcs.business_hours(
    rules text,
    time_zone text DEFAULT 'Asia/Tokyo',
    holidays text DEFAULT 'JP'
) RETURNS loyalcs.business_hours
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_make';
COMMENT ON FUNCTION loyalcs.business_hours(rules text, time_zone text, holidays text) IS
    'business hours: `rules` in OpenStreetMap''s opening_hours notation, such as Mo-Fr 10:00-18:00; Sa 10:00-15:00; PH off; Dec 29-Jan 03 off; 2026 Aug 13-16 off, of which the last about a day decides; `time_zone` a name such as Asia/Tokyo; `holidays` whose PH are: JP, dates such as 2026-08-13,2026-08-14, both or none; an error says where the rules are wrong and what was expected, and one for hours that never open';

-- Order and equality

CREATE FUNCTION loyalcs.business_hours_lt(loyalcs.business_hours, loyalcs.business_hours) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_lt';
COMMENT ON FUNCTION loyalcs.business_hours_lt(loyalcs.business_hours, loyalcs.business_hours) IS
    'implementation of <';
CREATE FUNCTION loyalcs.business_hours_le(loyalcs.business_hours, loyalcs.business_hours) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_le';
COMMENT ON FUNCTION loyalcs.business_hours_le(loyalcs.business_hours, loyalcs.business_hours) IS
    'implementation of <=';
CREATE FUNCTION loyalcs.business_hours_eq(loyalcs.business_hours, loyalcs.business_hours) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_eq';
COMMENT ON FUNCTION loyalcs.business_hours_eq(loyalcs.business_hours, loyalcs.business_hours) IS
    'implementation of =';
CREATE FUNCTION loyalcs.business_hours_ne(loyalcs.business_hours, loyalcs.business_hours) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_ne';
COMMENT ON FUNCTION loyalcs.business_hours_ne(loyalcs.business_hours, loyalcs.business_hours) IS
    'implementation of <>';
CREATE FUNCTION loyalcs.business_hours_ge(loyalcs.business_hours, loyalcs.business_hours) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_ge';
COMMENT ON FUNCTION loyalcs.business_hours_ge(loyalcs.business_hours, loyalcs.business_hours) IS
    'implementation of >=';
CREATE FUNCTION loyalcs.business_hours_gt(loyalcs.business_hours, loyalcs.business_hours) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_gt';
COMMENT ON FUNCTION loyalcs.business_hours_gt(loyalcs.business_hours, loyalcs.business_hours) IS
    'implementation of >';
CREATE FUNCTION loyalcs.business_hours_cmp(loyalcs.business_hours, loyalcs.business_hours) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_cmp';
COMMENT ON FUNCTION loyalcs.business_hours_cmp(loyalcs.business_hours, loyalcs.business_hours) IS
    '-1, 0 or 1: for btree. The order has no meaning, but keys, DISTINCT and statistics need one';
CREATE FUNCTION loyalcs.business_hours_hash(loyalcs.business_hours) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_hash';
COMMENT ON FUNCTION loyalcs.business_hours_hash(loyalcs.business_hours) IS
    'hash value';
CREATE FUNCTION loyalcs.business_hours_hash_extended(loyalcs.business_hours, bigint) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_hash_extended';
COMMENT ON FUNCTION loyalcs.business_hours_hash_extended(loyalcs.business_hours, bigint) IS
    'hash value with a seed';

CREATE OPERATOR loyalcs.< (
    FUNCTION = loyalcs.business_hours_lt,
    LEFTARG = loyalcs.business_hours,
    RIGHTARG = loyalcs.business_hours,
    COMMUTATOR = OPERATOR(loyalcs.>),
    NEGATOR = OPERATOR(loyalcs.>=),
    RESTRICT = pg_catalog.scalarltsel,
    JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR loyalcs.< (loyalcs.business_hours, loyalcs.business_hours) IS 'sorts before';
CREATE OPERATOR loyalcs.<= (
    FUNCTION = loyalcs.business_hours_le,
    LEFTARG = loyalcs.business_hours,
    RIGHTARG = loyalcs.business_hours,
    COMMUTATOR = OPERATOR(loyalcs.>=),
    NEGATOR = OPERATOR(loyalcs.>),
    RESTRICT = pg_catalog.scalarlesel,
    JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR loyalcs.<= (loyalcs.business_hours, loyalcs.business_hours) IS 'sorts before or is equal';
CREATE OPERATOR loyalcs.= (
    FUNCTION = loyalcs.business_hours_eq,
    LEFTARG = loyalcs.business_hours,
    RIGHTARG = loyalcs.business_hours,
    COMMUTATOR = OPERATOR(loyalcs.=),
    NEGATOR = OPERATOR(loyalcs.<>),
    HASHES,
    MERGES,
    RESTRICT = pg_catalog.eqsel,
    JOIN = pg_catalog.eqjoinsel
);
COMMENT ON OPERATOR loyalcs.= (loyalcs.business_hours, loyalcs.business_hours) IS 'is equal: the same rules in the same order, written however, the same time zone and holidays';
CREATE OPERATOR loyalcs.<> (
    FUNCTION = loyalcs.business_hours_ne,
    LEFTARG = loyalcs.business_hours,
    RIGHTARG = loyalcs.business_hours,
    COMMUTATOR = OPERATOR(loyalcs.<>),
    NEGATOR = OPERATOR(loyalcs.=),
    RESTRICT = pg_catalog.neqsel,
    JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR loyalcs.<> (loyalcs.business_hours, loyalcs.business_hours) IS 'is not equal';
CREATE OPERATOR loyalcs.>= (
    FUNCTION = loyalcs.business_hours_ge,
    LEFTARG = loyalcs.business_hours,
    RIGHTARG = loyalcs.business_hours,
    COMMUTATOR = OPERATOR(loyalcs.<=),
    NEGATOR = OPERATOR(loyalcs.<),
    RESTRICT = pg_catalog.scalargesel,
    JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR loyalcs.>= (loyalcs.business_hours, loyalcs.business_hours) IS 'sorts after or is equal';
CREATE OPERATOR loyalcs.> (
    FUNCTION = loyalcs.business_hours_gt,
    LEFTARG = loyalcs.business_hours,
    RIGHTARG = loyalcs.business_hours,
    COMMUTATOR = OPERATOR(loyalcs.<),
    NEGATOR = OPERATOR(loyalcs.<=),
    RESTRICT = pg_catalog.scalargtsel,
    JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR loyalcs.> (loyalcs.business_hours, loyalcs.business_hours) IS 'sorts after';

CREATE OPERATOR FAMILY loyalcs.business_hours_btree_ops USING btree;
COMMENT ON OPERATOR FAMILY loyalcs.business_hours_btree_ops USING btree IS 'order of business_hours';
CREATE OPERATOR CLASS loyalcs.business_hours_btree_ops DEFAULT FOR TYPE loyalcs.business_hours USING btree
    FAMILY loyalcs.business_hours_btree_ops AS
    OPERATOR 1 loyalcs.<,
    OPERATOR 2 loyalcs.<=,
    OPERATOR 3 loyalcs.=,
    OPERATOR 4 loyalcs.>=,
    OPERATOR 5 loyalcs.>,
    FUNCTION 1 loyalcs.business_hours_cmp(loyalcs.business_hours, loyalcs.business_hours);
COMMENT ON OPERATOR CLASS loyalcs.business_hours_btree_ops USING btree IS 'order of business_hours: for indexes, DISTINCT, ORDER BY';

CREATE OPERATOR FAMILY loyalcs.business_hours_hash_ops USING hash;
COMMENT ON OPERATOR FAMILY loyalcs.business_hours_hash_ops USING hash IS 'equality of business_hours';
CREATE OPERATOR CLASS loyalcs.business_hours_hash_ops DEFAULT FOR TYPE loyalcs.business_hours USING hash
    FAMILY loyalcs.business_hours_hash_ops AS
    OPERATOR 1 loyalcs.=,
    FUNCTION 1 loyalcs.business_hours_hash(loyalcs.business_hours),
    FUNCTION 2 loyalcs.business_hours_hash_extended(loyalcs.business_hours, bigint);
COMMENT ON OPERATOR CLASS loyalcs.business_hours_hash_ops USING hash IS 'equality of business_hours: for hash joins, grouping, partitions';

-- Instants, from 1900 to 2099; any other, and infinity, is an error. An instant
-- is open if the local clock reads open; closing time is not.

CREATE FUNCTION loyalcs.is_open(hours loyalcs.business_hours, at timestamptz) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_is_open';
COMMENT ON FUNCTION loyalcs.is_open(hours loyalcs.business_hours, at timestamptz) IS
    'whether it is open at `at`; opening time is, closing time is not';
CREATE FUNCTION loyalcs.next_open(hours loyalcs.business_hours, at timestamptz) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_next_open';
COMMENT ON FUNCTION loyalcs.next_open(hours loyalcs.business_hours, at timestamptz) IS
    'first instant from `at` on that is open: `at` itself if it is; an error if there is none within ten years';
CREATE FUNCTION loyalcs.next_close(hours loyalcs.business_hours, at timestamptz) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_hours_next_close';
COMMENT ON FUNCTION loyalcs.next_close(hours loyalcs.business_hours, at timestamptz) IS
    'first closing time after `at`: of now if it is open, else of the next opening; NULL if it never closes; an error if it does not open within ten years';

-- Time

CREATE FUNCTION loyalcs.business_time("from" timestamptz, "to" timestamptz, hours loyalcs.business_hours) RETURNS interval
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'business_time';
COMMENT ON FUNCTION loyalcs.business_time("from" timestamptz, "to" timestamptz, hours loyalcs.business_hours) IS
    'open time from `from` to `to`, in hours, minutes and seconds that really passed: an hour that daylight saving skips does not count, one that it repeats counts twice; negative if `to` is earlier';
CREATE FUNCTION loyalcs.add_business_time(at timestamptz, amount interval, hours loyalcs.business_hours) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'add_business_time';
COMMENT ON FUNCTION loyalcs.add_business_time(at timestamptz, amount interval, hours loyalcs.business_hours) IS
    'when `amount` of open time has passed since `at`: hours and minutes are open time, days are business days and keep the clock time where that is open; a deadline may be closing time; nothing is added to a closed instant as the next opening; negative goes back; an error for months, and if there is no open time within ten years';
CREATE FUNCTION loyalcs.open_periods(hours loyalcs.business_hours, "from" timestamptz, "to" timestamptz) RETURNS SETOF tstzrange
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10
    AS 'MODULE_PATHNAME', 'open_periods';
COMMENT ON FUNCTION loyalcs.open_periods(hours loyalcs.business_hours, "from" timestamptz, "to" timestamptz) IS
    'when it is open from `from` to `to`, in order, overlapping and touching times as one; none if the two are equal; an error if `to` is earlier';
CREATE FUNCTION loyalcs.open_multirange(hours loyalcs.business_hours, "from" timestamptz, "to" timestamptz) RETURNS tstzmultirange
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'open_multirange';
COMMENT ON FUNCTION loyalcs.open_multirange(hours loyalcs.business_hours, "from" timestamptz, "to" timestamptz) IS
    'the same as open_periods, as one value: for +, -, * and @> with other times';
CREATE FUNCTION loyalcs.explain_business_time(
    "from" timestamptz,
    "to" timestamptz,
    hours loyalcs.business_hours,
    OUT starts timestamptz,
    OUT ends timestamptz,
    OUT is_open boolean,
    OUT why text,
    OUT counted interval
) RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 20
    AS 'MODULE_PATHNAME', 'explain_business_time';
COMMENT ON FUNCTION loyalcs.explain_business_time("from" timestamptz, "to" timestamptz, hours loyalcs.business_hours) IS
    'how business_time counts: one row for each stretch from the earlier instant to the later, `why` it is open or closed (a weekly rule, a holiday with its name, an exception), and the time `counted` up to its end, negative if `to` is earlier';
-- sla.sql
--
-- Service levels: the clocks of a ticket, deadlines, and what became of them.
-- Needs: calendar.

CREATE TYPE loyalcs.ticket_event AS ENUM (
    'opened', 'customer_message', 'agent_reply', 'auto_reply', 'proposed', 'pending',
    'resumed', 'resolved', 'reopened', 'merged', 'assigned', 'note'
);
COMMENT ON TYPE loyalcs.ticket_event IS
    'what can happen to a ticket. pending: waits for the customer, until resumed or a customer_message; proposed: the customer was offered a solution; auto_reply: a machine acknowledged; merged: goes on in another ticket; assigned and note stop nothing';

CREATE TYPE loyalcs.sla_metric AS ENUM (
    'first_response', 'next_response', 'proposal', 'resolution'
);
COMMENT ON TYPE loyalcs.sla_metric IS
    'what is promised: the first reply; a reply to each later message; a proposal how to solve the matter; its solution';

CREATE TYPE loyalcs.sla_state AS ENUM (
    'met', 'missed', 'running', 'at_risk', 'breached', 'paused'
);
COMMENT ON TYPE loyalcs.sla_state IS
    'what became of a promise: stopped in time or too late (met, missed); open, with time left, with little, or overdue (running, at_risk, breached); paused: waits for the customer, so that no deadline is known';

CREATE TYPE loyalcs.sla_clock AS (
    metric loyalcs.sla_metric,
    cycle integer,
    started_at timestamptz,
    stopped_at timestamptz,
    pauses tstzmultirange,
    acknowledged_at timestamptz
);
COMMENT ON TYPE loyalcs.sla_clock IS
    'one clock of a ticket: what it measures, the how-manieth of its kind (from 1), from when to when (NULL: still runs), the time in between that does not count, and when a machine first answered (first_response only)';

-- Clocks

CREATE FUNCTION loyalcs.sla_clocks_accum(bytea, kind loyalcs.ticket_event, at timestamptz) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'sla_clocks_accum';
COMMENT ON FUNCTION loyalcs.sla_clocks_accum(bytea, loyalcs.ticket_event, timestamptz) IS
    'transition function: collects an event';
CREATE FUNCTION loyalcs.sla_clocks_accum(bytea, kind text, at timestamptz, event_id bigint, part bigint) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'sla_clocks_accum_text';
COMMENT ON FUNCTION loyalcs.sla_clocks_accum(bytea, text, timestamptz, bigint, bigint) IS
    'transition function: collects an event';
CREATE FUNCTION loyalcs.sla_clocks_combine(bytea, bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'sla_clocks_combine';
COMMENT ON FUNCTION loyalcs.sla_clocks_combine(bytea, bytea) IS
    'combine function: the events of both';
CREATE FUNCTION loyalcs.sla_clocks_final(bytea) RETURNS loyalcs.sla_clock[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'sla_clocks_final';
COMMENT ON FUNCTION loyalcs.sla_clocks_final(bytea) IS
    'final function: sorts the events and runs the clocks';
CREATE AGGREGATE loyalcs.sla_clocks(kind loyalcs.ticket_event, at timestamptz) (
    SFUNC = loyalcs.sla_clocks_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.sla_clocks_final,
    COMBINEFUNC = loyalcs.sla_clocks_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.sla_clocks(loyalcs.ticket_event, timestamptz) IS
    'the clocks of one ticket, by metric and cycle. Events are sorted by time here; those of one instant keep the order in which they come, so give an ORDER BY in the call if there are any. first_response: from the opening to the first agent_reply, proposed or resolved. next_response: from the oldest customer_message that is unanswered after that, to the reply, once a cycle. proposal, resolution: from the opening to proposed, resolved; paused from pending to resumed or the customer''s next message; a reopened ticket''s resolution runs on, without the time that it was resolved. An event that makes no sense where it stands (a reply before the opening, a resume without a pause) does nothing. NULLs are skipped; NULL for no events, {} for a ticket that was never opened. Memory: 32 bytes an event';
CREATE AGGREGATE loyalcs.sla_clocks(kind text, at timestamptz, event_id bigint, part bigint) (
    SFUNC = loyalcs.sla_clocks_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.sla_clocks_final,
    COMBINEFUNC = loyalcs.sla_clocks_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.sla_clocks(text, timestamptz, bigint, bigint) IS
    'the same for events as text, as a shop stores them. event_id orders events of one instant, so the call needs no ORDER BY. part is 0 or NULL for the ticket''s own events; the events of another ticket that was merged into it have any other number, one a ticket: its clocks that ran when it was merged go on as this ticket''s; where both tickets had one of a kind running, the one that started first stays';

-- Deadlines

CREATE FUNCTION loyalcs.sla_due(
    started_at timestamptz,
    target interval,
    hours loyalcs.business_hours,
    pauses tstzmultirange
) RETURNS timestamptz
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'sla_due';
COMMENT ON FUNCTION loyalcs.sla_due(timestamptz, interval, loyalcs.business_hours, tstzmultirange) IS
    'the deadline: the instant at which the target is used up, counting open time outside the pauses. hours NULL: the clock on the wall, where a day is 24 hours; pauses NULL: none; NULL while a pause has not ended and the target was not used up before it';

CREATE FUNCTION loyalcs.sla_elapsed(
    started_at timestamptz,
    until timestamptz,
    hours loyalcs.business_hours,
    pauses tstzmultirange
) RETURNS interval
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'sla_elapsed';
COMMENT ON FUNCTION loyalcs.sla_elapsed(timestamptz, timestamptz, loyalcs.business_hours, tstzmultirange) IS
    'how much of a target is used up at an instant: open time outside the pauses, in hours, minutes and seconds; 0 before the start. hours NULL: the clock on the wall; pauses NULL: none';

CREATE FUNCTION loyalcs.sla_state(
    due_at timestamptz,
    stopped_at timestamptz,
    as_of timestamptz,
    warn_at timestamptz
) RETURNS loyalcs.sla_state
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'sla_state';
COMMENT ON FUNCTION loyalcs.sla_state(timestamptz, timestamptz, timestamptz, timestamptz) IS
    'what has become of a clock as of an instant. Stopped by then: met if not after the deadline, else missed. Still running: paused if there is no deadline, breached after it, at_risk from warn_at on (NULL: never), else running';

CREATE FUNCTION loyalcs.explain_deadline(
    started_at timestamptz,
    target interval,
    hours loyalcs.business_hours,
    pauses tstzmultirange,
    OUT starts timestamptz,
    OUT ends timestamptz,
    OUT counts boolean,
    OUT why text,
    OUT used interval,
    OUT time_left interval
) RETURNS SETOF record
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH clock AS (
        SELECT d.due,
               tstzmultirange(tstzrange(started_at, d.due)) AS span,
               coalesce(pauses, '{}') AS pauses
          FROM loyalcs.sla_due(started_at, target, hours, pauses) d (due)
         WHERE started_at IS NOT NULL AND target IS NOT NULL
    ), piece AS (
        SELECT lower(g) AS starts, upper(g) AS ends, true AS counts, 'around the clock' AS why
          FROM clock c CROSS JOIN unnest(c.span - c.pauses) g
         WHERE hours IS NULL
        UNION ALL
        SELECT x.starts, x.ends, x.is_open, x.why
          FROM clock c
         CROSS JOIN unnest(c.span - c.pauses) g
         CROSS JOIN loyalcs.explain_business_time(lower(g), upper(g), hours) x
         WHERE hours IS NOT NULL
        UNION ALL
        SELECT lower(g), upper(g), false, 'paused'
          FROM clock c CROSS JOIN unnest(c.span * c.pauses) g
        UNION ALL
        SELECT c.due, NULL, false, 'deadline' FROM clock c WHERE c.due IS NOT NULL
    )
    SELECT p.starts, p.ends, p.counts, p.why, p.used, target - p.used
      FROM (SELECT p.*,
                   coalesce(sum(loyalcs.sla_elapsed(p.starts, p.ends, NULL, NULL)) FILTER (WHERE p.counts) OVER w,
                            interval '0') AS used
              FROM piece p
            WINDOW w AS (ORDER BY p.starts, p.ends NULLS LAST)) p
     ORDER BY p.starts, p.ends NULLS LAST
$$;
COMMENT ON FUNCTION loyalcs.explain_deadline(timestamptz, interval, loyalcs.business_hours, tstzmultirange) IS
    'why sla_due gives what it gives: one row for each stretch of time from the start on, whether it counts and why, how much of the target is used up at its end and how much is left; the last row is the deadline, or a pause that has not ended';

-- Rules

CREATE TYPE loyalcs.sla_rule AS (
    policy_id bigint,
    policy_set text,
    metric loyalcs.sla_metric,
    channel text,
    priority text,
    reason text,
    tier text,
    valid_from timestamptz,
    valid_until timestamptz,
    precedence integer,
    target interval,
    hours loyalcs.business_hours,
    warn_before interval,
    auto_reply_counts boolean
);
COMMENT ON TYPE loyalcs.sla_rule IS
    'a promise, and which clocks it is about: those of a metric that start from valid_from until before valid_until (NULL: no limit), of tickets with this channel, priority, reason and tier of the customer (NULL: any). A rule of higher precedence (NULL: 0) goes before more specific ones';

CREATE FUNCTION loyalcs.sla_policy(
    rules loyalcs.sla_rule[],
    metric loyalcs.sla_metric,
    channel text,
    priority text,
    reason text,
    tier text,
    at timestamptz
) RETURNS loyalcs.sla_rule
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'sla_policy';
COMMENT ON FUNCTION loyalcs.sla_policy(loyalcs.sla_rule[], loyalcs.sla_metric, text, text, text, text, timestamptz) IS
    'the most specific rule that a clock falls under: of those with the highest precedence, the one with most conditions; among as many, tier weighs more than reason, that more than priority, that more than channel; among equals the first; NULL if none fits';

-- For a board

CREATE FUNCTION loyalcs.due_in(due_at timestamptz, as_of timestamptz) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'sla_due_in';
COMMENT ON FUNCTION loyalcs.due_in(timestamptz, timestamptz) IS
    'how far off a deadline is, as people say it: in 45 min, in 3 h 20 min, in 2 d 4 h, 20 min over; days of 24 hours on the wall, rounded down; NULL if either is';

CREATE FUNCTION loyalcs.latest_accum(bytea, value text, at timestamptz, tie bigint) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'latest_accum';
COMMENT ON FUNCTION loyalcs.latest_accum(bytea, text, timestamptz, bigint) IS
    'transition function: keeps the later value';
CREATE FUNCTION loyalcs.latest_combine(bytea, bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'latest_combine';
COMMENT ON FUNCTION loyalcs.latest_combine(bytea, bytea) IS
    'combine function: the later of two';
CREATE FUNCTION loyalcs.latest_final(bytea) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'latest_final';
COMMENT ON FUNCTION loyalcs.latest_final(bytea) IS
    'final function: the value alone';
CREATE AGGREGATE loyalcs.latest(value text, at timestamptz, tie bigint) (
    SFUNC = loyalcs.latest_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.latest_final,
    COMBINEFUNC = loyalcs.latest_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.latest(text, timestamptz, bigint) IS
    'the value of the latest instant, and of the greatest tie if several have that; NULL values and instants are skipped; NULL for none';

-- For a report

CREATE FUNCTION loyalcs.percentiles_accum(bytea, value interval) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'percentiles_accum';
COMMENT ON FUNCTION loyalcs.percentiles_accum(bytea, interval) IS
    'transition function: collects a time';
CREATE FUNCTION loyalcs.percentiles_combine(bytea, bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'percentiles_combine';
COMMENT ON FUNCTION loyalcs.percentiles_combine(bytea, bytea) IS
    'combine function: the times of both';
CREATE FUNCTION loyalcs.percentiles_final(bytea) RETURNS interval[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'percentiles_final';
COMMENT ON FUNCTION loyalcs.percentiles_final(bytea) IS
    'final function: selects the percentiles';
CREATE AGGREGATE loyalcs.percentiles(value interval) (
    SFUNC = loyalcs.percentiles_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.percentiles_final,
    COMBINEFUNC = loyalcs.percentiles_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.percentiles(interval) IS
    'median, 90th and 95th percentile of times, as an array of three: continuous, in hours, minutes and seconds; a month counts as 30 days; NULL is skipped; NULL for no values. Memory: 8 bytes a value';
-- tiers.sql
--
-- Tiers: from when to when a customer holds which, by orders and rules.
-- Needs: nothing before it.

CREATE TYPE loyalcs.tier_rule AS (
    rule_id bigint,
    tier text,
    rank integer,
    min_spend numeric,
    min_orders bigint,
    match_all boolean,
    period text,
    length interval,
    grace interval,
    soft_landing boolean,
    valid_from timestamptz,
    valid_until timestamptz
);
COMMENT ON TYPE loyalcs.tier_rule IS
    'what leads to a tier: min_spend of money, min_orders (NULL: not asked for; match_all: both, else either), within a period: rolling (the last length of time), calendar_year or lifetime, on the shop''s clock. A higher rank is better. Whoever no longer deserves the tier keeps it for the grace (NULL: none), and then falls to what is deserved or, with soft_landing, one rank. It holds from valid_from until before valid_until (NULL: no limit)';

CREATE TYPE loyalcs.tier_span AS (
    valid_from timestamptz,
    valid_until timestamptz,
    tier text,
    rank integer,
    rule_id bigint,
    spent numeric,
    orders bigint
);
COMMENT ON TYPE loyalcs.tier_span IS
    'a time during which a customer holds a tier: from valid_from until before valid_until (NULL: for good, unless something happens), by which rule, and what had been spent and ordered in the rule''s period when it began';

CREATE FUNCTION loyalcs.tier_spans(
    ordered_at timestamptz[],
    counts_from timestamptz[],
    counts_until timestamptz[],
    amounts numeric[],
    rules loyalcs.tier_rule[],
    time_zone text
) RETURNS loyalcs.tier_span[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'tier_spans';
COMMENT ON FUNCTION loyalcs.tier_spans(timestamptz[], timestamptz[], timestamptz[], numeric[], loyalcs.tier_rule[], text) IS
    'when one customer holds which tier, in order of time, tiers still to be lost if nothing more happens included. Each order, in any order, is when it was placed, from when it counts (the same), until when (cancelled; NULL: not) and its amount; a refund is an entry of its own with a negative amount, the same ordered_at and counts_until, and counts from when it was made. An order is in a period from when it counts until the period has passed since it was placed. A better tier begins the instant it is deserved; a worse one when it has been deserved without a break for the grace of the rule by which the better one was last deserved; of rules that lead to the best rank, the first decides. Rules with the same rule_id stand together, ascending. A local time that comes twice is the first one, one that is skipped is the change of the clock. Entries with NULL are skipped. Memory: 100 bytes an entry and period';

CREATE FUNCTION loyalcs.tier_period_end(
    ordered_at timestamptz,
    period text,
    length interval,
    time_zone text
) RETURNS timestamptz
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'tier_period_end';
COMMENT ON FUNCTION loyalcs.tier_period_end(timestamptz, text, interval, text) IS
    'when an order leaves the period that a tier looks at: rolling: its length later on the clock of the time zone; calendar_year: the next local new year; lifetime: infinity. NULL if an argument is that is needed';
-- followups.sql
--
-- When a follow-up is due, whom a sample takes, when a day comes round again,
-- and whether it helped.
-- Needs: calendar.

-- Not STRICT: no window is no restriction.
CREATE FUNCTION loyalcs.followup_due(
    anchor timestamptz,
    delay interval,
    zone text,
    send_window loyalcs.business_hours DEFAULT NULL
) RETURNS timestamptz
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'followup_due';
COMMENT ON FUNCTION loyalcs.followup_due(anchor timestamptz, delay interval, zone text, send_window loyalcs.business_hours) IS
    'when something is to be done `delay` after `anchor`: months and days are the calendar''s of time zone `zone` and keep the clock time (31 January + 1 month is the last of February; a clock time that is skipped becomes the change of the clock, one that comes twice the first), hours and minutes really pass; then the next moment that `send_window` is open, NULL for at once. A negative delay goes back. NULL if any other argument is; infinity gives infinity; an error outside of 1900 to 2099';

CREATE FUNCTION loyalcs.in_sample(key text, salt text, share double precision) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'in_sample_text';
COMMENT ON FUNCTION loyalcs.in_sample(key text, salt text, share double precision) IS
    'whether a stable sample of `share` (0 to 1) takes `key`: the same answer on every machine, each time; who is in at 10% is in at 20%; different salts draw independently. Formula: the first 13 hexadecimal digits of the SHA-256 of salt || '':'' || key in UTF-8, as a number / 16^13, is less than share';
CREATE FUNCTION loyalcs.in_sample(key bigint, salt text, share double precision) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'in_sample_bigint';
COMMENT ON FUNCTION loyalcs.in_sample(key bigint, salt text, share double precision) IS
    'the same of the number''s decimal digits: in_sample(42, …) is in_sample(''42'', …)';

CREATE FUNCTION loyalcs.next_anniversary(day date, after date) RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'next_anniversary';
COMMENT ON FUNCTION loyalcs.next_anniversary(day date, after date) IS
    'the first anniversary of `day` that is later than `after`, at least a year after the day itself. That of 29 February is 28 February where the year has no 29th: it stays in the month, as in `date + interval ''1 year''` and where the law adds a year to an age at the end of the day before, as in Japan. Infinity if `after` is, NULL if `day` is infinite';

CREATE FUNCTION loyalcs.uplift(
    reached_ordered bigint,
    reached bigint,
    held_out_ordered bigint,
    held_out bigint,
    confidence double precision DEFAULT 0.95,
    OUT uplift double precision,
    OUT low double precision,
    OUT high double precision
)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'followup_uplift';
COMMENT ON FUNCTION loyalcs.uplift(reached_ordered bigint, reached bigint, held_out_ordered bigint, held_out bigint, confidence double precision) IS
    'how much larger the share that ordered is among those who were reached than among those who were held out (-1 to 1), and its confidence interval: Newcombe''s hybrid score interval (Statistics in Medicine 17, 1998, p. 873, method 10); NULLs if either group is empty';

-- templates.sql
--
-- Texts with places to fill in.
-- Needs: nothing before it.

CREATE FUNCTION loyalcs.render(template text, "values" jsonb, html boolean DEFAULT false) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'template_render';
COMMENT ON FUNCTION loyalcs.render(template text, "values" jsonb, html boolean) IS
    'a template with its places filled in: {{name}} takes the value of that name, a string, number or boolean of the JSON object `values`; {{name|words}} the words if there is none or it is null. As text, values are put in as they are; as HTML, & < > " and '' in them are escaped. What is put in is not looked at again. A missing value is an error that names it';
CREATE FUNCTION loyalcs.placeholders(template text, required_only boolean DEFAULT false) RETURNS text[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'template_placeholders';
COMMENT ON FUNCTION loyalcs.placeholders(template text, required_only boolean) IS
    'the names of a template''s places in the order of the text, each once; only those that have no words of their own if `required_only`; an error says where a template is wrong';

-- glossary.sql
--
-- What the columns of a shop mean. A name means the same in every table and
-- view, so its meaning stands here once and create_shop puts it on all of
-- them; a table says otherwise with a COMMENT of its own.
-- Needs: nothing before it.

CREATE FUNCTION loyalcs.shop_glossary(OUT name text, OUT meaning text)
RETURNS SETOF record
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $glossary$
    VALUES
    ('acknowledged_at', 'when a machine first answered; NULL if none did, and for other metrics than first_response'),
    ('acquired', 'customers whose first order fell into this period'),
    ('active_customers', 'customers of the cohort who bought in that month'),
    ('active_share', 'active_customers / cohort_size, 0 to 1'),
    ('adjusted', 'points posted by hand'),
    ('agent_id', 'key of whoever acted, or has the ticket now'),
    ('amount', 'money in the shop''s currency, tax and shipping included, at most four decimals; of an order that counts, less refunds'),
    ('anchor', 'what the step is counted from: ordered, shipped, delivered, first_order, nth_order, tier_reached, ticket_resolved, birthday, birthday_month, anniversary (of the first order), no_order_for, points_expiring or subscription_cancelled'),
    ('anchor_at', 'when that happened which the step is counted from'),
    ('annual_value', 'money spent / years since the first order, at least one year: average order x orders a year'),
    ('answer', 'free text; may be personal'),
    ('answered', 'those of them that were answered by now'),
    ('asked', 'customers whom the survey went out to'),
    ('asked_at', 'when the customer was last asked for an opinion; NULL if that is not the reason'),
    ('asked_by', 'survey, step of a journey or phone hearing by which that was'),
    ('at', 'when it happened'),
    ('attainment', 'per cent of promises kept: 100 x met / (met + missed); NULL while there are none of either'),
    ('attempt', 'the how-manieth claim it was, from 1'),
    ('attempts', 'how often it was claimed'),
    ('attributes', 'anything else that is known of the customer, a JSON object; personal'),
    ('auto_reply_counts', 'whether the acknowledgement of a machine is a first response'),
    ('available_at', 'from when on the points can be used; NULL while that is not known'),
    ('average_lifetime_value', 'mean of what its customers have spent so far, less refunds'),
    ('average_order', 'mean amount of an order'),
    ('average_orders_per_year', 'mean of its customers'' orders per year'),
    ('average_previous', 'mean amount of the same customers'' order before'),
    ('average_spent', 'mean of what the segment''s customers have spent'),
    ('balance', 'points that the customer has, pending ones included'),
    ('basis', 'digest of the rules, cuts and time zone by which tiers were evaluated last'),
    ('benefits', 'what the tier brings, a JSON object in the shop''s own terms'),
    ('best_seller_rank', '1 for what most customers bought of late; NULL for what is no longer sold'),
    ('birth_year', 'year of birth, enough for age bands without the day'),
    ('birthday', 'date of birth; personal'),
    ('body', 'text of the review; may be personal'),
    ('bonus', 'points added once an order; NULL if the campaign multiplies'),
    ('buyers', 'customers who bought in the month'),
    ('called_at', 'when somebody called; NULL until then'),
    ('campaign_id', 'key of the campaign'),
    ('campaigns', 'campaigns that had a part in it'),
    ('cancelled_at', 'when it was cancelled; from then on it does not count'),
    ('cap_id', 'key of the frequency cap'),
    ('capped', 'whether frequency caps hold for it, and it counts towards them'),
    ('carrier', 'who carries the parcel'),
    ('category', 'category of the product'),
    ('change', 'score less that of the month before; NULL if nobody answered then'),
    ('change_high', 'upper end of the change''s interval'),
    ('change_low', 'lower end of the change''s interval'),
    ('channel', 'channel that an invitation, an answer or a ticket took, such as email or line'),
    ('choice', 'answer out of the question''s choices'),
    ('choices', 'answers to choose from'),
    ('claim_key', 'key of the last claim, by which its worker reports'),
    ('claimable_at', 'from when on it may be claimed, again once the lease has run out or a failure is to be tried again'),
    ('closed_at', 'when the last of its clocks stopped; NULL while one runs; kept by the rows of ticket_events'),
    ('closing', 'points at the end'),
    ('cohort', 'local month of the first order'),
    ('cohort_size', 'customers in the cohort'),
    ('complaint', 'whether the customer complains'),
    ('complete', 'whether the period is over'),
    ('confidence', 'share of the orders with the product (next: of the customers who bought it) in which (who later) the other one was bought too, 0 to 1'),
    ('consent', 'whether it takes the customer''s consent'),
    ('content_key', 'key of the template'),
    ('content_values', 'values for the template''s places, a JSON object'),
    ('created_at', 'when the row was made'),
    ('crr', 'customer retention rate as published: (ending - acquired) / starting; can exceed 1'),
    ('csat_percent', 'per cent of answers in the top two of the scale; CSAT only'),
    ('currency', 'ISO 4217 code of the currency of all amounts'),
    ('customer_for', 'time since the first order'),
    ('customer_id', 'key of the customer; a pseudonym to whoever may not read customers'),
    ('customer_share', 'share of all customers, 0 to 1'),
    ('customers', 'number of customers'),
    ('cycle', 'the how-manieth clock of its metric, from 1'),
    ('delay', 'how much later than its anchor a step is due: months and days are the calendars; negative for before'),
    ('delivered_at', 'when it arrived'),
    ('detail', 'what the worker said; may be personal'),
    ('distribution', 'how often each score from 0 to 10 was given, as eleven blocks'),
    ('drawn_at', 'instant as of which the sample was drawn, and when its invitations went out'),
    ('due_at', 'when it is due; of a promise the deadline, NULL while its clock is paused and nobody knows'),
    ('due_in', 'how far off the deadline is, as people say it'),
    ('earned', 'points earned'),
    ('effect_within', 'time after a follow-up in which an order counts as its effect'),
    ('elapsed', 'time that counted so far, or until the clock stopped: open time without pauses'),
    ('email', 'e-mail address; personal'),
    ('ending', 'customers of this period; of a tier, at the end of the month or by now'),
    ('entered', 'customers who hold the tier at the end of the month, or by now, and did not at its start'),
    ('evaluated_at', 'instant up to which tiers have been evaluated'),
    ('event_id', 'number of the event; orders events of the same instant'),
    ('exit_on_order', 'whether it stops when the customer orders again'),
    ('exit_on_return', 'whether it stops when the order is returned'),
    ('exited', 'customers who held the tier at the start of the month and do not at its end, or by now'),
    ('expected_gap', 'time after which this customer usually orders, at least a day'),
    ('expected_on', 'day on which the parcel should arrive'),
    ('expired', 'points that lapsed'),
    ('expires_after', 'how long points last, to the end of that local day; NULL for ever'),
    ('expires_after_idle', 'how long without earning or redeeming until the points lapse; NULL if that does not matter'),
    ('expires_at', 'from when on the points can no longer be used'),
    ('expires_from', 'what that time is counted from: earned, or last_activity (earning or redeeming)'),
    ('failures', 'how often an attempt failed'),
    ('finished_at', 'when it was sent, given up or dropped; NULL until then'),
    ('first_order_at', 'instant of the customer''s first order'),
    ('followup_id', 'number of the follow-up'),
    ('format', 'text, or html: then values are escaped'),
    ('frequency_score', '1 to 5; 5 bought most often'),
    ('gender', 'as the shop records it'),
    ('gini', '0 if all spent the same, towards 1 if one spent everything'),
    ('given', 'whether the customer agreed; false: refused'),
    ('goal', 'reach the next tier, or keep the present one'),
    ('goal_tier', 'tier that is to be reached or kept'),
    ('grace', 'how long a tier is kept that is no longer deserved'),
    ('hearing_id', 'number of the hearing'),
    ('held_back', 'defer: for now; drop: for good'),
    ('held_out', 'customers who were held out to compare with'),
    ('held_out_ordered', 'those of them who ordered within that time'),
    ('higher_is_better', 'direction of the scale'),
    ('holdout_share', 'share of customers whom the step leaves out, always the same, so that its effect can be measured; 0 to 1'),
    ('improved', 'whether a significant change is for the better; NULL if it is not significant'),
    ('invitation_id', 'key of the invitation, unique for its customer'),
    ('joined_at', 'when the person became known to the shop'),
    ('journey', 'name of the journey'),
    ('key', 'name of the template'),
    ('kind', 'nps, csat, ces, choice or text'),
    ('language', 'language, such as ja, en or zh-TW'),
    ('lapsed', 'points that were to be taken back and had lapsed before'),
    ('lapsing_after', 'how many times the expected gap a customer may be silent before counting as lapsing'),
    ('large_customers', 'customers left out, since they bought more different products than largest_basket'),
    ('large_orders', 'orders left out for the same reason'),
    ('largest_basket', 'how many different products an order, or a customer, may have to be counted'),
    ('last_order_at', 'instant of the customer''s last order'),
    ('last_posted_at', 'when the last posting was made; none can be dated before'),
    ('last_sold_at', 'instant of the last order with the product'),
    ('lease_until', 'until when the work is the worker''s own; NULL once it has reported'),
    ('left_out', 'customers whom the draw came upon and did not ask; survey_left_out says why'),
    ('length', 'length of a rolling period; NULL or without meaning for others'),
    ('lifetime_value', 'money spent so far, less refunds (historic LTV)'),
    ('lift', 'confidence / the share in all orders (next: the share of all customers who bought the other one, for the first time, later than in their first order)'),
    ('line', 'number of the line within its order'),
    ('lost_after', 'how many times the expected gap until a customer counts as lost and no longer as lapsing; infinity for never'),
    ('lot_id', 'posting that brought the points'),
    ('lowered', 'those of them who came from a better tier'),
    ('match', 'any: money or orders are enough; all: it takes both'),
    ('max_attempts', 'how many failures until it is given up'),
    ('median', 'median of the time that counted until the clock stopped'),
    ('median_time_taken', 'median time that answering the survey took'),
    ('median_wait', 'median time since the order before'),
    ('merged_into', 'ticket of the same customer in which this one goes on; NULL if it was not merged'),
    ('message', 'what is missing, in a few words'),
    ('message_ja', 'the same in Japanese'),
    ('met', 'promises kept'),
    ('metric', 'what is promised: first_response, next_response, proposal or resolution'),
    ('min_amount', 'least that an order has to be worth, by what earns points'),
    ('min_orders', 'orders in the period that it takes; NULL if none are asked for'),
    ('min_spend', 'money spent in the period, less refunds, that it takes; NULL if none is asked for'),
    ('minimum_support', 'least support of a pair that is kept'),
    ('missed', 'promises broken: stopped too late, or overdue by now'),
    ('monetary_score', '1 to 5; 5 spent most'),
    ('month', 'first day of the local month'),
    ('months_later', 'months since the cohort''s, 0 for its own'),
    ('multiplier', 'how many times the points; NULL if the campaign adds'),
    ('name', 'name, as written on parcels; personal'),
    ('needed_by', 'until when that is enough; NULL without a limit'),
    ('new_buyers', 'customers whose first order fell into the month'),
    ('new_revenue', 'revenue of first orders'),
    ('next_order_at', 'instant of the customer''s next order; NULL for the last'),
    ('note', 'words about the event; may be personal'),
    ('nth', 'which order in the customer''s life, for nth_order'),
    ('opening', 'points at the beginning'),
    ('order_id', 'key of the order, unique for its customer'),
    ('order_number', 'number of the order in the customer''s life, from 1'),
    ('ordered_at', 'when the order was placed'),
    ('orders', 'number of orders that count'),
    ('orders_from', 'only for customers with at least so many orders; NULL for all'),
    ('orders_needed', 'orders that are missing; NULL if none are asked for'),
    ('orders_per_year', 'orders / years since the first, at least one year'),
    ('orders_to', 'only for customers with at most so many orders; NULL for all'),
    ('other_product_id', 'product that is bought as well'),
    ('outcome', 'sent, failed (given up after max_attempts), undeliverable, dropped; NULL until it is finished'),
    ('own_tables', 'tables that create_shop made; another relation serves in place of any that is missing here'),
    ('p90', '90th percentile of the same'),
    ('p95', '95th percentile of the same'),
    ('p_value', 'how likely a change at least this large is by chance'),
    ('pairs', 'pairs of products kept'),
    ('pairs_cut', 'pairs not kept, since 100 of higher confidence were for the same product'),
    ('parcel', 'number of the parcel within its order'),
    ('pauses', 'time from started_at on that does not count'),
    ('pending', 'points that cannot be used yet'),
    ('pending_from', 'from when points are pending: earned, or delivered (before that, they are so in any case)'),
    ('per_amount', 'amount of money for which points are given'),
    ('per_day', 'at most so many a local day; NULL for any number'),
    ('per_week', 'at most so many within seven days; NULL for any number'),
    ('period', 'month or quarter'),
    ('period_start', 'first day of the period'),
    ('phone', 'telephone number; personal'),
    ('picked_at', 'when the customer was picked'),
    ('picked_for', 'high_spender or repeat_buyer'),
    ('place', '1 for the pair of highest confidence with the product'),
    ('placeholders', 'names of the template''s places; kept by its text'),
    ('points', 'number of points'),
    ('policy_id', 'key of the SLA policy'),
    ('policy_set', 'name of the set that the policy belongs to'),
    ('position', 'place of the question in its survey'),
    ('posted_at', 'when it is in the books'),
    ('posted_by', 'who did it'),
    ('posting_id', 'key of the posting, unique for its customer'),
    ('posting_key', 'what names the thing posted; posted again under the same key, it is not posted twice'),
    ('previous_amount', 'amount of the customer''s order before; NULL for the first'),
    ('previous_order_at', 'instant of the customer''s order before; NULL for the first'),
    ('priority', 'priority of the ticket, in the shop''s own terms'),
    ('product_id', 'key of the product'),
    ('product_name', 'name of the product'),
    ('products', 'number of different products'),
    ('purchase_interval', 'mean time from one order to the next; NULL below two'),
    ('purpose', 'why the customer is written to: transactional, service, survey, marketing or the shop''s own'),
    ('quantity', 'number of pieces'),
    ('question', 'name of the question within its survey'),
    ('queue_id', 'number of the entry'),
    ('queued_at', 'when it was found due'),
    ('raised', 'those of them who came from a lower tier or from none'),
    ('rank', 'place of the tier; higher is better'),
    ('reached', 'customers to whom it was sent'),
    ('reached_ordered', 'those of them who ordered within that time'),
    ('reached_share', 'share of all customers who bought that got this far, 0 to 1'),
    ('reactivated', 'customers of this period who bought earlier, but not in the period before'),
    ('reason', 'why; of tickets and returns in the shop''s own terms'),
    ('recency', 'time since the last order'),
    ('recency_score', '1 to 5; 5 bought last'),
    ('recent_customers', 'customers who bought it of late'),
    ('recorded_at', 'when the row was written'),
    ('redeemed', 'points paid with'),
    ('refund', 'money given back'),
    ('refunded', 'sum of the order''s refunds so far, kept by the rows of returns'),
    ('region', 'prefecture, state or country, as the shop records it'),
    ('relation', 'together: in one order; next: the other one for the first time in a later order than the first with this one'),
    ('remaining', 'points that are left of it'),
    ('repeat_buyers', 'those of them for whom it was not only the first order'),
    ('repeat_rate', 'repeat_buyers / buyers, 0 to 1'),
    ('repeat_revenue', 'revenue of all other orders'),
    ('repeat_share', 'repeat_revenue / revenue, 0 to 1'),
    ('reported', 'what the worker of the last claim reported; NULL until it does'),
    ('required', 'those of them that need a value; kept by its text'),
    ('responded_at', 'when it came back'),
    ('response_id', 'key of the questionnaire that came back, unique for its customer'),
    ('response_rate', 'answered / sent, 0 to 1; NULL if none was sent'),
    ('responses', 'answers given in the month'),
    ('result', 'what came of the call: heard, not_reached or declined; NULL until somebody has called'),
    ('retained', 'customers of this period and of the one before; of a tier, at the start and at the end of the month'),
    ('retry_after', 'time until a failure is tried again, doubled with each further one, at most a day'),
    ('return_id', 'key of the return, unique for its customer'),
    ('returned_at', 'when the refund was made; from then on it reduces the order'),
    ('revenue', 'money spent, less refunds'),
    ('revenue_share', 'share of all revenue, 0 to 1'),
    ('reversed', 'points of reversals, in both directions'),
    ('reverses', 'posting that this one reverses'),
    ('review_at', 'when the tier ends or changes if nothing else happens; NULL if it does not'),
    ('review_id', 'key of the review, unique for its customer'),
    ('reviewed_at', 'when it was written'),
    ('rhythm', 'own: the customer''s own mean gap; shop: the shop''s median gap after that order number'),
    ('rounding', 'floor, round or ceil'),
    ('rule_id', 'key of the rule'),
    ('running', 'promises still open and not overdue'),
    ('sales_channel', 'where the order was placed, such as web, shop or phone'),
    ('sample_share', 'only for a stable sample of customers of this share, 0 to 1; NULL for all'),
    ('scale_high', 'highest score of the scale; NULL for choice and text'),
    ('scale_low', 'lowest score of the scale; NULL for choice and text'),
    ('score', 'answer on the question''s scale; of a month, NPS from -100 to 100 or the mean score'),
    ('score_high', 'upper end of the score''s interval'),
    ('score_low', 'lower end of the score''s interval'),
    ('second_within_180_days', 'the same within 180 days'),
    ('second_within_30_days', 'share of the new buyers who ordered again within 30 days; NULL until the month has been over for that long'),
    ('second_within_365_days', 'the same within 365 days'),
    ('second_within_60_days', 'the same within 60 days'),
    ('second_within_90_days', 'the same within 90 days'),
    ('segment', 'RFM segment, such as Champions'),
    ('segments', 'only for customers in one of these RFM segments, by the kept cut points; NULL for all'),
    ('send_window', 'when it may be sent, as loyalcs.business_hours writes it; NULL for any time'),
    ('sent', 'invitations sent in the month'),
    ('sent_at', 'when the invitation was sent'),
    ('shipped_at', 'when it left'),
    ('shipping', 'shipping within the amount'),
    ('shipping_earns', 'whether shipping counts'),
    ('shortfall', 'points that were to be taken back and were not there any more; negative: made up for since'),
    ('significance', 'p-value below which a change counts as more than chance; intervals have 1 - this confidence'),
    ('significant', 'whether the change is more than chance: p_value < settings.significance'),
    ('silence', 'silent_for / expected_gap'),
    ('silent_for', 'time since the last order'),
    ('singleton', 'always true: there is one row'),
    ('soft_landing', 'whether the customer then falls one tier at a time, each with its own grace'),
    ('sold_within', 'how long ago of late may be'),
    ('spend_needed', 'money that is missing; NULL if none is asked for'),
    ('spent', 'money spent in the rule''s period, less refunds'),
    ('spent_at_least', 'least that one of them has spent'),
    ('stars', '1 to 5'),
    ('started_at', 'when the clock started'),
    ('starting', 'customers of the period before; of a tier, at the start of the month'),
    ('state', 'met, missed, running, at_risk, breached (overdue) or paused'),
    ('step', 'name of the step; followers of an ended step have the same'),
    ('step_id', 'key of the step as it was at the time'),
    ('step_share', 'share of those with the order before who placed this one, 0 to 1'),
    ('stopped_at', 'when the clock stopped; NULL while it runs'),
    ('strict_retention', 'retained / starting, 0 to 1'),
    ('subject', 'what it is about: a ticket''s subject line, which may be personal; of a follow-up the order, ticket, year, month or day'),
    ('subscription_id', 'key of the subscription, unique for its customer'),
    ('support', 'orders with both products (next: customers)'),
    ('support_share', 'support / all orders counted (next: all customers), 0 to 1'),
    ('survey', 'name of the survey'),
    ('target', 'time that may be used up'),
    ('tax', 'tax within the amount'),
    ('tax_earns', 'whether tax counts'),
    ('ticket_id', 'key of the ticket, unique for its customer'),
    ('tier', 'tier of the customer, of a ticket when it was opened; NULL for none'),
    ('tiers', 'only for customers of one of these tiers; NULL for all'),
    ('time_left', 'what is left of the target; negative if it is exceeded'),
    ('time_over', 'time that counted beyond the target'),
    ('time_taken', 'time from the first question to the last'),
    ('time_zone', 'time zone whose calendar the shop''s days, months and quarters follow'),
    ('times_the_rest', 'average_lifetime_value / that of customers without a tier'),
    ('title', 'heading'),
    ('too_late_at', 'when it is too late to send it'),
    ('top_share', 'share of the customers who spent most, 0 to 1'),
    ('total_spent', 'money spent, less refunds'),
    ('tracking', 'number by which the parcel is followed'),
    ('until', 'when it will be looked at again; NULL if that depends on something else, or on nothing'),
    ('uplift', 'share that ordered of those reached less that of those held out; NULL while either group is empty'),
    ('uplift_high', 'upper end of the uplift''s interval'),
    ('uplift_low', 'lower end of the uplift''s interval'),
    ('valid', 'clocks that start within this time fall under the policy; empty: it is switched off'),
    ('valid_from', 'when it begins'),
    ('valid_until', 'when it ends, itself not included; NULL if it has not ended'),
    ('warn_at', 'when the deadline becomes near; NULL if the clock has stopped or is paused'),
    ('warn_before', 'how much of the target is left when the state becomes at_risk'),
    ('warning_id', 'number of the SLA warning'),
    ('wave_id', 'number of the wave, the sample that a survey went out to; NULL for invitations of no wave'),
    ('why', 'why it is due, in a sentence'),
    ('wording', 'the question as the customer reads it'),
    ('worker', 'who claimed it last')
$glossary$;
COMMENT ON FUNCTION loyalcs.shop_glossary() IS
    'what the columns of a shop''s tables and views mean';
-- Made by src/shop/parts.awk from src/shop/*.sql: what create_shop() runs.
CREATE FUNCTION loyalcs.shop_parts(
    OUT part integer,
    OUT kind text,
    OUT relation text,
    OUT other text,
    OUT hidden text[],
    OUT script text
) RETURNS SETOF record
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $parts$
    VALUES
    (1, 'table', 'settings', '', '{}'::text[], $shop$
CREATE TABLE settings (
    singleton boolean PRIMARY KEY DEFAULT true
        CONSTRAINT settings_is_one_row CHECK (singleton),
    time_zone text NOT NULL
        CONSTRAINT settings_time_zone_is_known
        CHECK ((timestamptz '2000-01-01 00:00+00' AT TIME ZONE time_zone) IS NOT NULL),
    currency text NOT NULL
        CONSTRAINT settings_currency_is_a_code CHECK (currency ~ '^[A-Z]{3}$'),
    language text NOT NULL DEFAULT CASE @time_zone@ WHEN 'Asia/Tokyo' THEN 'ja' ELSE 'en' END
        CONSTRAINT settings_language_is_a_tag CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]+)*$'),
    significance double precision NOT NULL DEFAULT 0.05
        CONSTRAINT settings_significance_is_a_probability
        CHECK (significance > 0 AND significance < 1),
    lapsing_after double precision NOT NULL DEFAULT 2
        CONSTRAINT settings_lapsing_after_is_positive
        CHECK (lapsing_after > 0 AND lapsing_after < 'infinity'),
    lost_after double precision NOT NULL DEFAULT 6,
    own_tables text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT settings_lost_after_is_later_than_lapsing_after
        CHECK (lost_after > lapsing_after AND lost_after <= 'infinity')
);$shop$),
    (2, 'table', 'customers', '', '{name,email,phone,birthday,attributes}'::text[], $shop$
CREATE TABLE customers (
    customer_id @key_type@ PRIMARY KEY,
    joined_at timestamptz NOT NULL DEFAULT now(),
    name text,
    email text,
    phone text,
    birthday date
        CONSTRAINT customers_birthday_is_plausible
        CHECK (birthday BETWEEN '1850-01-01' AND '9999-12-31'),
    birth_year integer
        GENERATED ALWAYS AS (EXTRACT(year FROM birthday)::integer) STORED,
    gender text,
    region text,
    attributes jsonb NOT NULL DEFAULT '{}'
        CONSTRAINT customers_attributes_is_an_object
        CHECK (jsonb_typeof(attributes) = 'object')
);
CREATE INDEX customers_birthday
    ON customers ((EXTRACT(month FROM birthday)::integer), (EXTRACT(day FROM birthday)::integer))
    WHERE birthday IS NOT NULL;
COMMENT ON TABLE customers IS
    'customers and prospects, one row each; the one table with personal data';$shop$),
    (3, 'table', 'orders', '', '{refunded}'::text[], $shop$
CREATE TABLE orders (
    customer_id @key_type@ NOT NULL,
    order_id text NOT NULL,
    ordered_at timestamptz NOT NULL
        CONSTRAINT orders_ordered_at_is_plausible
        CHECK (ordered_at >= '0001-01-01 00:00+00' AND ordered_at < '9999-12-31 00:00+00'),
    amount numeric NOT NULL
        CONSTRAINT orders_amount_is_money
        CHECK (amount >= 0 AND amount <= 1000000000000 AND amount = round(amount, 4)),
    tax numeric NOT NULL DEFAULT 0,
    shipping numeric NOT NULL DEFAULT 0,
    refunded numeric NOT NULL DEFAULT 0,
    sales_channel text,
    shipped_at timestamptz,
    delivered_at timestamptz,
    cancelled_at timestamptz,
    -- with all that a customer's figures are made of, so that they are read from
    -- a page or two of the index and not from as many pages as there are orders
    PRIMARY KEY (customer_id, order_id) INCLUDE (ordered_at, amount, cancelled_at, delivered_at),
    CONSTRAINT orders_tax_and_shipping_are_within_amount
        CHECK (tax >= 0 AND shipping >= 0 AND tax + shipping <= amount),
    CONSTRAINT orders_refunded_is_within_amount
        CHECK (refunded >= 0 AND refunded <= amount),
    CONSTRAINT orders_shipped_after_ordered
        CHECK (shipped_at >= ordered_at),
    CONSTRAINT orders_delivered_after_ordered_and_shipped
        CHECK (delivered_at >= ordered_at AND delivered_at >= coalesce(shipped_at, ordered_at)),
    CONSTRAINT orders_cancelled_after_ordered
        CHECK (cancelled_at >= ordered_at)
);
CREATE INDEX orders_ordered_at ON orders (ordered_at);
CREATE INDEX orders_shipped_at ON orders (shipped_at) WHERE shipped_at IS NOT NULL;
CREATE INDEX orders_delivered_at ON orders (delivered_at) WHERE delivered_at IS NOT NULL;
COMMENT ON TABLE orders IS
    'orders, one row each; refunded is kept by the rows of returns';$shop$),
    (4, 'reference', 'orders', 'customers', '{}'::text[], $shop$
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;$shop$),
    (5, 'table', 'order_items', '', '{}'::text[], $shop$
CREATE TABLE order_items (
    customer_id @key_type@ NOT NULL,
    order_id text NOT NULL,
    line integer NOT NULL,
    product_id text NOT NULL,
    product_name text,
    category text,
    quantity integer NOT NULL DEFAULT 1
        CONSTRAINT order_items_quantity_is_positive CHECK (quantity > 0),
    amount numeric NOT NULL
        CONSTRAINT order_items_amount_is_money
        CHECK (amount >= 0 AND amount <= 1000000000000 AND amount = round(amount, 4)),
    -- with what offers are made of, for the same reason
    PRIMARY KEY (customer_id, order_id, line) INCLUDE (product_id)
);
COMMENT ON TABLE order_items IS 'what was in each order, one row a line';$shop$),
    (6, 'reference', 'order_items', 'orders', '{}'::text[], $shop$
ALTER TABLE order_items ADD FOREIGN KEY (customer_id, order_id) REFERENCES orders;$shop$),
    (7, 'table', 'returns', '', '{}'::text[], $shop$
CREATE TABLE returns (
    customer_id @key_type@ NOT NULL,
    return_id text NOT NULL,
    order_id text NOT NULL,
    returned_at timestamptz NOT NULL,
    refund numeric NOT NULL
        CONSTRAINT returns_refund_is_money
        CHECK (refund >= 0 AND refund <= 1000000000000 AND refund = round(refund, 4)),
    reason text,
    PRIMARY KEY (customer_id, return_id)
);
CREATE INDEX returns_order ON returns (customer_id, order_id);
COMMENT ON TABLE returns IS
    'what came back or was made good, one row a refund; together never more than the order''s amount';$shop$),
    (8, 'functions', '', '', '{}'::text[], $shop$
-- The order is locked first, in a statement of its own: then the sum sees what
-- other sessions have committed meanwhile, and the order's check decides.
CREATE OR REPLACE FUNCTION keep_refunded() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    changed record;
    bought timestamptz;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE orders o SET refunded = 0 WHERE o.refunded <> 0;
        RETURN NULL;
    END IF;
    FOR changed IN
        SELECT k.customer_id, k.order_id
          FROM (VALUES (NEW.customer_id, NEW.order_id),
                       (OLD.customer_id, OLD.order_id)) k (customer_id, order_id)
         WHERE k.order_id IS NOT NULL
         GROUP BY k.customer_id, k.order_id
         ORDER BY k.customer_id, k.order_id
    LOOP
        SELECT o.ordered_at INTO bought
          FROM orders o
         WHERE o.customer_id = changed.customer_id AND o.order_id = changed.order_id
           FOR NO KEY UPDATE;
        IF changed.order_id = NEW.order_id AND NEW.returned_at < bought THEN
            RAISE EXCEPTION 'return % of customer % is dated before its order',
                    NEW.return_id, NEW.customer_id
                USING ERRCODE = 'check_violation',
                      DETAIL = format('Order %s was placed at %s and returned at %s.',
                                      NEW.order_id, bought, NEW.returned_at);
        END IF;
        UPDATE orders o
           SET refunded = coalesce((SELECT sum(r.refund)
                                      FROM returns r
                                     WHERE r.customer_id = changed.customer_id
                                       AND r.order_id = changed.order_id), 0)
         WHERE o.customer_id = changed.customer_id AND o.order_id = changed.order_id;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keep_refunded() IS
    'trigger of returns: keeps orders.refunded, which may not exceed the amount';$shop$),
    (9, 'reference', 'returns', 'orders', '{}'::text[], $shop$
ALTER TABLE returns ADD FOREIGN KEY (customer_id, order_id) REFERENCES orders;

CREATE TRIGGER keep_refunded
    AFTER INSERT OR UPDATE OR DELETE ON returns
    FOR EACH ROW EXECUTE FUNCTION keep_refunded();
CREATE TRIGGER keep_refunded_when_empty
    AFTER TRUNCATE ON returns
    FOR EACH STATEMENT EXECUTE FUNCTION keep_refunded();$shop$),
    (10, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION counted_orders_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    order_id text,
    ordered_at timestamptz,
    amount numeric,
    sales_channel text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.customer_id,
           o.order_id,
           o.ordered_at,
           o.amount - least(coalesce(r.refund, 0), o.amount),
           o.sales_channel
      FROM orders o
      LEFT JOIN (SELECT r.customer_id, r.order_id, sum(r.refund) AS refund
                   FROM returns r
                  WHERE r.returned_at <= counted_orders_at.as_of
                  GROUP BY r.customer_id, r.order_id) r
        ON r.customer_id = o.customer_id AND r.order_id = o.order_id
     WHERE o.ordered_at <= counted_orders_at.as_of
       AND (o.cancelled_at IS NULL OR o.cancelled_at > counted_orders_at.as_of);
END;
COMMENT ON FUNCTION counted_orders_at(timestamptz) IS
    'the orders that count: placed, not cancelled, amounts less what was refunded; every figure about orders is taken from these';$shop$),
    (11, 'table', 'surveys', '', '{}'::text[], $shop$
CREATE TABLE surveys (
    survey text PRIMARY KEY,
    title text NOT NULL
);
COMMENT ON TABLE surveys IS 'questionnaires, such as after purchase or quarterly';$shop$),
    (12, 'table', 'survey_questions', '', '{}'::text[], $shop$
CREATE TABLE survey_questions (
    survey text NOT NULL,
    question text NOT NULL,
    "position" integer NOT NULL DEFAULT 1,
    kind text NOT NULL
        CONSTRAINT survey_questions_kind_is_known
        CHECK (kind IN ('nps', 'csat', 'ces', 'choice', 'text')),
    wording text NOT NULL,
    scale_low smallint,
    scale_high smallint,
    higher_is_better boolean NOT NULL DEFAULT true,
    choices text[],
    PRIMARY KEY (survey, question),
    CONSTRAINT survey_questions_scale_fits_kind
        CHECK (CASE kind
                   WHEN 'nps' THEN scale_low IS NOT NULL AND scale_high IS NOT NULL
                       AND scale_low = 0 AND scale_high = 10 AND higher_is_better
                   WHEN 'csat' THEN scale_low IS NOT NULL AND scale_high IS NOT NULL
                       AND scale_low = 1 AND scale_high BETWEEN 2 AND 10 AND higher_is_better
                   WHEN 'ces' THEN scale_low IS NOT NULL AND scale_high IS NOT NULL
                       AND scale_low = 1 AND scale_high BETWEEN 2 AND 10
                   ELSE scale_low IS NULL AND scale_high IS NULL
               END),
    CONSTRAINT survey_questions_choices_fit_kind
        CHECK ((kind = 'choice') = (choices IS NOT NULL)
               AND (choices IS NULL
                    OR cardinality(choices) > 1 AND array_position(choices, NULL) IS NULL))
);
COMMENT ON TABLE survey_questions IS
    'the questions of each survey: NPS, CSAT and CES on a scale, one of several choices, or free text';$shop$),
    (13, 'reference', 'survey_questions', 'surveys', '{}'::text[], $shop$
ALTER TABLE survey_questions ADD FOREIGN KEY (survey) REFERENCES surveys;$shop$),
    (14, 'table', 'survey_invitations', '', '{}'::text[], $shop$
CREATE TABLE survey_invitations (
    customer_id @key_type@ NOT NULL,
    invitation_id text NOT NULL,
    survey text NOT NULL,
    sent_at timestamptz NOT NULL
        CONSTRAINT survey_invitations_sent_at_is_finite CHECK (isfinite(sent_at)),
    channel text,
    wave_id bigint,
    PRIMARY KEY (customer_id, invitation_id),
    UNIQUE (customer_id, invitation_id, survey)
);
CREATE INDEX survey_invitations_sent_at ON survey_invitations (survey, sent_at);
CREATE INDEX survey_invitations_wave ON survey_invitations (wave_id) WHERE wave_id IS NOT NULL;
COMMENT ON TABLE survey_invitations IS 'who was asked to answer which survey, and when';$shop$),
    (15, 'reference', 'survey_invitations', 'surveys', '{}'::text[], $shop$
ALTER TABLE survey_invitations ADD FOREIGN KEY (survey) REFERENCES surveys;$shop$),
    (16, 'reference', 'survey_invitations', 'customers', '{}'::text[], $shop$
ALTER TABLE survey_invitations ADD FOREIGN KEY (customer_id) REFERENCES customers;$shop$),
    (17, 'table', 'survey_responses', '', '{}'::text[], $shop$
CREATE TABLE survey_responses (
    customer_id @key_type@ NOT NULL,
    response_id text NOT NULL,
    survey text NOT NULL,
    invitation_id text,
    order_id text,
    responded_at timestamptz NOT NULL
        CONSTRAINT survey_responses_responded_at_is_finite CHECK (isfinite(responded_at)),
    channel text,
    time_taken interval
        CONSTRAINT survey_responses_time_taken_is_not_negative
        CHECK (time_taken >= interval '0'),
    PRIMARY KEY (customer_id, response_id),
    UNIQUE (customer_id, response_id, survey),
    UNIQUE (customer_id, invitation_id)
);
CREATE INDEX survey_responses_responded_at ON survey_responses (survey, responded_at);
COMMENT ON TABLE survey_responses IS
    'questionnaires that came back, one row each; the answers stand in survey_answers';$shop$),
    (18, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION check_response() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    asked timestamptz;
BEGIN
    SELECT i.sent_at INTO asked
      FROM survey_invitations i
     WHERE i.customer_id = NEW.customer_id AND i.invitation_id = NEW.invitation_id;
    IF NEW.responded_at < asked THEN
        RAISE EXCEPTION 'response % of customer % is dated before its invitation',
                NEW.response_id, NEW.customer_id
            USING ERRCODE = 'check_violation',
                  DETAIL = format('Invitation %s was sent at %s and answered at %s.',
                                  NEW.invitation_id, asked, NEW.responded_at);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_response() IS
    'trigger of survey_responses: nobody answers before being asked';$shop$),
    (19, 'reference', 'survey_responses', 'surveys', '{}'::text[], $shop$
ALTER TABLE survey_responses ADD FOREIGN KEY (survey) REFERENCES surveys;$shop$),
    (20, 'reference', 'survey_responses', 'customers', '{}'::text[], $shop$
ALTER TABLE survey_responses ADD FOREIGN KEY (customer_id) REFERENCES customers;$shop$),
    (21, 'reference', 'survey_responses', 'survey_invitations', '{}'::text[], $shop$
ALTER TABLE survey_responses ADD FOREIGN KEY (customer_id, invitation_id, survey)
    REFERENCES survey_invitations (customer_id, invitation_id, survey);

CREATE TRIGGER check_response
    BEFORE INSERT OR UPDATE ON survey_responses
    FOR EACH ROW WHEN (NEW.invitation_id IS NOT NULL)
    EXECUTE FUNCTION check_response();$shop$),
    (22, 'table', 'survey_answers', '', '{answer}'::text[], $shop$
CREATE TABLE survey_answers (
    customer_id @key_type@ NOT NULL,
    response_id text NOT NULL,
    survey text NOT NULL,
    question text NOT NULL,
    score smallint,
    choice text,
    answer text,
    PRIMARY KEY (customer_id, response_id, question),
    CONSTRAINT survey_answers_has_one_form
        CHECK (num_nonnulls(score, choice, answer) <= 1)
);
COMMENT ON TABLE survey_answers IS
    'the answer to each question; a question left open has none of score, choice and answer';$shop$),
    (23, 'functions', '', '', '{}'::text[], $shop$
-- After the row, and so after its foreign key has waited for whoever is just
-- changing the question: what is read here is what will stand.
CREATE OR REPLACE FUNCTION check_answer() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    asked record;
    wrong text;
BEGIN
    SELECT q.kind, q.scale_low, q.scale_high, q.choices INTO asked
      FROM survey_questions q
     WHERE q.survey = NEW.survey AND q.question = NEW.question;
    wrong := CASE
        WHEN NEW.score IS NOT NULL AND asked.scale_low IS NULL
          OR NEW.choice IS NOT NULL AND asked.kind <> 'choice'
          OR NEW.answer IS NOT NULL AND asked.kind <> 'text'
            THEN format('The question is of kind %s.', asked.kind)
        WHEN NEW.score NOT BETWEEN asked.scale_low AND asked.scale_high
            THEN format('Score %s is off the scale of %s to %s.',
                        NEW.score, asked.scale_low, asked.scale_high)
        WHEN NEW.choice <> ALL (asked.choices)
            THEN format('%s is none of the choices %s.',
                        NEW.choice, array_to_string(asked.choices, ', '))
    END;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'response % of customer % cannot answer question % of survey %',
                NEW.response_id, NEW.customer_id, NEW.question, NEW.survey
            USING ERRCODE = 'check_violation', DETAIL = wrong;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_answer() IS
    'trigger of survey_answers: a score is on its question''s scale, a choice among its choices';

CREATE OR REPLACE FUNCTION check_question() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'question % of survey % can change its scale only at READ COMMITTED',
                OLD.question, OLD.survey
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = format('At %s, answers that were given meanwhile cannot be seen.',
                                  upper(current_setting('transaction_isolation'))),
                  HINT = 'BEGIN ISOLATION LEVEL READ COMMITTED.';
    END IF;
    -- Waits for answers that are being given in other sessions.
    PERFORM FROM survey_questions q
      WHERE q.survey = OLD.survey AND q.question = OLD.question
        FOR UPDATE;
    IF EXISTS (SELECT FROM survey_answers a
                WHERE a.survey = OLD.survey AND a.question = OLD.question) THEN
        RAISE EXCEPTION 'question % of survey % has been answered on its scale',
                OLD.question, OLD.survey
            USING ERRCODE = 'object_in_use',
                  HINT = 'Add another question; the wording and the position of this one may change.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_question() IS
    'trigger of survey_questions: what was answered keeps its kind, scale, direction and choices';$shop$),
    (24, 'reference', 'survey_answers', 'survey_responses', '{}'::text[], $shop$
ALTER TABLE survey_answers ADD FOREIGN KEY (customer_id, response_id, survey)
    REFERENCES survey_responses (customer_id, response_id, survey);$shop$),
    (25, 'reference', 'survey_answers', 'survey_questions', '{}'::text[], $shop$
ALTER TABLE survey_answers ADD FOREIGN KEY (survey, question) REFERENCES survey_questions;

CREATE TRIGGER check_answer
    AFTER INSERT OR UPDATE ON survey_answers
    FOR EACH ROW EXECUTE FUNCTION check_answer();

CREATE OR REPLACE TRIGGER check_question
    BEFORE UPDATE ON survey_questions
    FOR EACH ROW
    WHEN ((OLD.kind, OLD.scale_low, OLD.scale_high, OLD.higher_is_better, OLD.choices)
          IS DISTINCT FROM
          (NEW.kind, NEW.scale_low, NEW.scale_high, NEW.higher_is_better, NEW.choices))
    EXECUTE FUNCTION check_question();$shop$),
    (26, 'table', 'reviews', '', '{title,body}'::text[], $shop$
CREATE TABLE reviews (
    customer_id @key_type@ NOT NULL,
    review_id text NOT NULL,
    product_id text NOT NULL,
    order_id text,
    reviewed_at timestamptz NOT NULL
        CONSTRAINT reviews_reviewed_at_is_finite CHECK (isfinite(reviewed_at)),
    stars smallint NOT NULL
        CONSTRAINT reviews_stars_are_1_to_5 CHECK (stars BETWEEN 1 AND 5),
    title text,
    body text,
    PRIMARY KEY (customer_id, review_id)
);
CREATE INDEX reviews_product ON reviews (product_id, reviewed_at);
COMMENT ON TABLE reviews IS 'product reviews, one row each';$shop$),
    (27, 'reference', 'reviews', 'customers', '{}'::text[], $shop$
ALTER TABLE reviews ADD FOREIGN KEY (customer_id) REFERENCES customers;$shop$),
    (28, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION customer_purchases_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    orders bigint,
    first_order_at timestamptz,
    last_order_at timestamptz,
    total_spent numeric,
    average_order numeric,
    recency interval,
    purchase_interval interval
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.customer_id,
           loyalcs.purchase_count(p.purchases),
           loyalcs.first_purchase(p.purchases),
           loyalcs.last_purchase(p.purchases),
           loyalcs.total_spent(p.purchases),
           loyalcs.average_order(p.purchases),
           loyalcs.recency(p.purchases, customer_purchases_at.as_of),
           loyalcs.purchase_interval(p.purchases)
      FROM (SELECT o.customer_id,
                   loyalcs.purchases_agg(o.ordered_at, o.amount) AS purchases
              FROM counted_orders_at(customer_purchases_at.as_of) o
             GROUP BY o.customer_id) p;
END;
COMMENT ON FUNCTION customer_purchases_at(timestamptz) IS
    'what each customer bought, in one row; a customer without an order that counts has none';

CREATE OR REPLACE FUNCTION years_as_customer(first_order_at timestamptz, as_of timestamptz)
RETURNS double precision
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN greatest(EXTRACT(epoch FROM as_of - first_order_at) / (365.25 * 86400), 1)::double precision;
COMMENT ON FUNCTION years_as_customer(timestamptz, timestamptz) IS
    'years of 365.25 days since the first order, at least one, so that nobody is projected from one happy week';$shop$),
    (29, 'table', 'rfm_cuts', '', '{}'::text[], $shop$
CREATE TABLE rfm_cuts (
    as_of timestamptz PRIMARY KEY,
    customers bigint NOT NULL,
    recency timestamptz[] NOT NULL,
    frequency double precision[] NOT NULL,
    monetary numeric[] NOT NULL,
    CONSTRAINT rfm_cuts_are_four_each
        CHECK (cardinality(recency) = 4 AND cardinality(frequency) = 4
               AND cardinality(monetary) = 4)
);
COMMENT ON TABLE rfm_cuts IS
    'the points between fifths of all customers, as refresh_rfm_cuts() found them; customer_rfm() scores by the newest';
COMMENT ON COLUMN rfm_cuts.as_of IS 'instant from which these cut points hold';
COMMENT ON COLUMN rfm_cuts.recency IS 'four cut points of the last order''s instant';
COMMENT ON COLUMN rfm_cuts.frequency IS 'four cut points of the number of orders';
COMMENT ON COLUMN rfm_cuts.monetary IS 'four cut points of the money spent';$shop$),
    (30, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION rfm_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    recency_score integer,
    frequency_score integer,
    monetary_score integer,
    segment text,
    last_order_at timestamptz,
    orders bigint,
    total_spent numeric
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH bought AS MATERIALIZED (
        SELECT p.customer_id, p.last_order_at, p.orders, p.total_spent
          FROM customer_purchases_at(rfm_at.as_of) p
    ), cuts AS (
        SELECT loyalcs.quintiles(b.last_order_at) AS recency,
               loyalcs.quintiles(b.orders::double precision) AS frequency,
               loyalcs.quintiles(b.total_spent) AS monetary
          FROM bought b
    ), scored AS (
        SELECT b.*,
               loyalcs.score_by(b.last_order_at, c.recency) AS r,
               loyalcs.score_by(b.orders::double precision, c.frequency) AS f,
               loyalcs.score_by(b.total_spent, c.monetary) AS m
          FROM bought b CROSS JOIN cuts c
    )
    SELECT s.customer_id, s.r, s.f, s.m, loyalcs.rfm_segment(s.r, s.f, s.m),
           s.last_order_at, s.orders, s.total_spent
      FROM scored s;
END;
COMMENT ON FUNCTION rfm_at(timestamptz) IS
    'RFM scores of every customer who bought: 1 + the number of quintile cut points below the value, so equal customers score equally; recency 5 bought last';

CREATE OR REPLACE FUNCTION rfm_segments_at(as_of timestamptz)
RETURNS TABLE (
    segment text,
    customers bigint,
    customer_share double precision,
    revenue numeric,
    revenue_share double precision,
    average_spent numeric
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT r.segment,
           count(*),
           (count(*) / sum(count(*)) OVER ())::double precision,
           sum(r.total_spent),
           (sum(r.total_spent) / nullif(sum(sum(r.total_spent)) OVER (), 0))::double precision,
           trim_scale(avg(r.total_spent))
      FROM rfm_at(rfm_segments_at.as_of) r
     GROUP BY r.segment
     ORDER BY sum(r.total_spent) DESC, r.segment;
END;
COMMENT ON FUNCTION rfm_segments_at(timestamptz) IS
    'the RFM segments: how many customers each has and what they have spent, most revenue first';

CREATE OR REPLACE FUNCTION refresh_rfm_cuts(as_of timestamptz DEFAULT now())
RETURNS bigint
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH kept AS (
        INSERT INTO rfm_cuts AS k (as_of, customers, recency, frequency, monetary)
        SELECT refresh_rfm_cuts.as_of,
               count(*),
               loyalcs.quintiles(p.last_order_at),
               loyalcs.quintiles(p.orders::double precision),
               loyalcs.quintiles(p.total_spent)
          FROM customer_purchases_at(refresh_rfm_cuts.as_of) p
        HAVING count(*) > 0
        ON CONFLICT ON CONSTRAINT rfm_cuts_pkey DO UPDATE
           SET (customers, recency, frequency, monetary) =
               (excluded.customers, excluded.recency, excluded.frequency, excluded.monetary)
        RETURNING k.customers
    )
    SELECT coalesce((SELECT k.customers FROM kept k), 0);
END;
COMMENT ON FUNCTION refresh_rfm_cuts(timestamptz) IS
    'finds the cut points of all customers as of an instant and keeps them in rfm_cuts; run it once a night; gives the number of customers, and keeps nothing when there is none';

CREATE OR REPLACE FUNCTION customer_rfm(customer @key_type@, as_of timestamptz DEFAULT now())
RETURNS TABLE (
    recency_score integer,
    frequency_score integer,
    monetary_score integer,
    segment text,
    last_order_at timestamptz,
    orders bigint,
    total_spent numeric,
    cuts_as_of timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.r, s.f, s.m, loyalcs.rfm_segment(s.r, s.f, s.m),
           p.last_order_at, p.orders, p.total_spent, k.as_of
      FROM customer_purchases_at(customer_rfm.as_of) p
      LEFT JOIN (SELECT k.*
                   FROM rfm_cuts k
                  WHERE k.as_of <= customer_rfm.as_of
                  ORDER BY k.as_of DESC
                  LIMIT 1) k ON true
     CROSS JOIN LATERAL (SELECT loyalcs.score_by(p.last_order_at, k.recency) AS r,
                                loyalcs.score_by(p.orders::double precision, k.frequency) AS f,
                                loyalcs.score_by(p.total_spent, k.monetary) AS m) s
     WHERE p.customer_id = customer_rfm.customer;
END;
COMMENT ON FUNCTION customer_rfm(@key_type@, timestamptz) IS
    'RFM scores of one customer by the cut points that refresh_rfm_cuts() kept last: reads that customer''s orders only; no row for a prospect, NULL scores while no cut points are kept';$shop$),
    (31, 'table', 'tier_rules', '', '{}'::text[], $shop$
CREATE TABLE tier_rules (
    rule_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    tier text NOT NULL
        CONSTRAINT tier_rules_tier_has_a_name CHECK (tier <> ''),
    rank integer NOT NULL,
    min_spend numeric
        CONSTRAINT tier_rules_min_spend_is_money
        CHECK (min_spend > 0 AND min_spend <= 1000000000000 AND min_spend = round(min_spend, 4)),
    min_orders bigint
        CONSTRAINT tier_rules_min_orders_is_positive CHECK (min_orders > 0),
    top_share double precision
        CONSTRAINT tier_rules_top_share_is_a_share CHECK (top_share > 0 AND top_share <= 1),
    match text NOT NULL DEFAULT 'any'
        CONSTRAINT tier_rules_match_is_known CHECK (match IN ('any', 'all')),
    period text NOT NULL DEFAULT 'rolling'
        CONSTRAINT tier_rules_period_is_known
        CHECK (period IN ('rolling', 'calendar_year', 'lifetime')),
    length interval DEFAULT interval '1 year',
    grace interval NOT NULL DEFAULT interval '0',
    soft_landing boolean NOT NULL DEFAULT false,
    benefits jsonb NOT NULL DEFAULT '{}'
        CONSTRAINT tier_rules_benefits_is_an_object CHECK (jsonb_typeof(benefits) = 'object'),
    valid tstzrange NOT NULL DEFAULT tstzrange(now(), NULL),
    CONSTRAINT tier_rules_ask_for_something
        CHECK (num_nonnulls(min_spend, min_orders, top_share) > 0),
    CONSTRAINT tier_rules_length_is_a_length_of_time
        CHECK (CASE WHEN period = 'rolling'
                    THEN length IS NOT NULL AND length > interval '0' AND length <= interval '36500 days'
                         AND EXTRACT(year FROM length) >= 0 AND EXTRACT(month FROM length) >= 0
                         AND EXTRACT(day FROM length) >= 0 AND EXTRACT(hour FROM length) >= 0
                         AND EXTRACT(minute FROM length) >= 0 AND EXTRACT(second FROM length) >= 0
                    ELSE true END),
    CONSTRAINT tier_rules_grace_is_a_length_of_time
        CHECK (grace <= interval '36500 days'
               AND EXTRACT(year FROM grace) >= 0 AND EXTRACT(month FROM grace) >= 0
               AND EXTRACT(day FROM grace) >= 0 AND EXTRACT(hour FROM grace) >= 0
               AND EXTRACT(minute FROM grace) >= 0 AND EXTRACT(second FROM grace) >= 0),
    CONSTRAINT tier_rules_valid_begins_in_and_ends_out
        CHECK (isempty(valid) OR NOT upper_inc(valid) AND (lower_inc(valid) OR lower_inf(valid)))
);
COMMENT ON TABLE tier_rules IS
    'what leads to a tier, one row a way; several may lead to the same. A rule whose validity is empty is switched off';
COMMENT ON COLUMN tier_rules.tier IS 'name of the tier that the rule leads to';
COMMENT ON COLUMN tier_rules.top_share IS 'who is among so many of the customers who spent most in the period, 0 to 1; see tier_cuts';
COMMENT ON COLUMN tier_rules.period IS 'which orders are looked at: rolling (of the last length of time), calendar_year (of this local year) or lifetime';
COMMENT ON COLUMN tier_rules.valid IS 'when the rule holds; empty: it is switched off';
INSERT INTO tier_rules (tier, rank, min_spend, min_orders, benefits, valid) VALUES
    ('VIP', 1, 100000, 3,
     '{"discount": 0.10, "free_shipping": true, "early_access": true, "birthday_gift": 3000, "priority_support": true}',
     '(,)');$shop$),
    (32, 'table', 'tier_cuts', '', '{}'::text[], $shop$
CREATE TABLE tier_cuts (
    rule_id bigint NOT NULL,
    as_of timestamptz NOT NULL,
    customers bigint NOT NULL,
    spent_at_least numeric NOT NULL,
    PRIMARY KEY (rule_id, as_of)
);
COMMENT ON TABLE tier_cuts IS
    'what it takes to be among the top share of a rule, as evaluate_tiers() found it when it evaluated everyone; it holds until the next is found';
COMMENT ON COLUMN tier_cuts.as_of IS 'instant from which this cut holds';
COMMENT ON COLUMN tier_cuts.customers IS 'number of customers with an order in the rule''s period';$shop$),
    (33, 'table', 'tier_history', '', '{}'::text[], $shop$
CREATE TABLE tier_history (
    customer_id @key_type@ NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    tier text NOT NULL,
    rank integer NOT NULL,
    rule_id bigint NOT NULL,
    spent numeric NOT NULL,
    orders bigint NOT NULL,
    review_at timestamptz,
    PRIMARY KEY (customer_id, valid_from),
    CONSTRAINT tier_history_ends_after_it_begins CHECK (valid_until > valid_from),
    CONSTRAINT tier_history_review_is_of_present_tiers CHECK (review_at IS NULL OR valid_until IS NULL)
);
CREATE INDEX tier_history_valid_from ON tier_history (valid_from);
CREATE INDEX tier_history_review_at ON tier_history (review_at) WHERE review_at IS NOT NULL;
COMMENT ON TABLE tier_history IS
    'who held which tier from when to when, one row a stretch of time; made by evaluate_tiers() from orders, returns and tier_rules';
COMMENT ON COLUMN tier_history.orders IS 'number of orders in the rule''s period when the tier began';$shop$),
    (34, 'table', 'tier_queue', '', '{}'::text[], $shop$
CREATE TABLE tier_queue (
    customer_id @key_type@ NOT NULL,
    queue_id bigint GENERATED BY DEFAULT AS IDENTITY,
    review_at timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (customer_id, queue_id)
);
CREATE INDEX tier_queue_review_at ON tier_queue (review_at);
COMMENT ON TABLE tier_queue IS
    'whose tier evaluate_tiers() has to look at; filled by the rows of orders and returns';$shop$),
    (35, 'table', 'tier_state', '', '{}'::text[], $shop$
CREATE TABLE tier_state (
    singleton boolean PRIMARY KEY DEFAULT true
        CONSTRAINT tier_state_is_one_row CHECK (singleton),
    evaluated_at timestamptz,
    basis text
);
COMMENT ON TABLE tier_state IS
    'how far tiers have been evaluated; one row, none before the first time';$shop$),
    (36, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION check_tier_rule() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    evaluated timestamptz := (SELECT s.evaluated_at FROM tier_state s);
    other record;
BEGIN
    IF TG_OP <> 'INSERT' AND NOT isempty(OLD.valid)
       AND (lower_inf(OLD.valid) AND evaluated IS NOT NULL OR lower(OLD.valid) <= evaluated)
       AND NOT (TG_OP = 'UPDATE'
                AND to_jsonb(NEW) - 'valid' = to_jsonb(OLD) - 'valid'
                AND lower(NEW.valid) IS NOT DISTINCT FROM lower(OLD.valid)
                AND NOT isempty(NEW.valid)
                AND (upper(NEW.valid) IS NOT DISTINCT FROM upper(OLD.valid)
                     OR coalesce(upper(OLD.valid) >= evaluated, true)
                     AND coalesce(upper(NEW.valid) >= evaluated, true))) THEN
        RAISE EXCEPTION 'tier rule % has been in force', OLD.rule_id
            USING ERRCODE = 'object_in_use',
                  DETAIL = format('Tiers have been evaluated by it until %s.', evaluated),
                  HINT = format('UPDATE tier_rules SET valid = tstzrange(lower(valid), now()) WHERE rule_id = %s; then INSERT what holds from now on.',
                                OLD.rule_id);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;

    -- One at a time, so that each sees what the others have committed.
    LOCK TABLE tier_rules IN SHARE ROW EXCLUSIVE MODE;
    SELECT r.rule_id, r.tier, r.rank INTO other
      FROM tier_rules r
     WHERE r.rule_id <> NEW.rule_id AND r.valid && NEW.valid
       AND (r.tier = NEW.tier) <> (r.rank = NEW.rank)
     ORDER BY r.rule_id
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'tier % cannot have rank %', NEW.tier, NEW.rank
            USING ERRCODE = 'exclusion_violation',
                  DETAIL = format('By rule %s, which holds at the same time, tier %s has rank %s.',
                                  other.rule_id, other.tier, other.rank),
                  HINT = 'A tier has one rank, and a rank has one tier. A higher rank is better.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_tier_rule() IS
    'trigger of tier_rules: a tier has one rank at a time, and a rule by which tiers have been evaluated is only ended';

-- Rows are only added, so that orders of the same customer never wait for each
-- other here.
CREATE OR REPLACE FUNCTION queue_tiers() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    changed @key_type@[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE tier_state SET basis = NULL WHERE basis IS NOT NULL;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        changed := ARRAY(SELECT DISTINCT n.customer_id FROM new_rows n);
    ELSIF TG_OP = 'DELETE' THEN
        changed := ARRAY(SELECT DISTINCT o.customer_id FROM old_rows o);
    ELSIF TG_TABLE_NAME = 'orders' THEN
        -- Orders are shipped and delivered far more often than these change.
        changed := ARRAY(SELECT DISTINCT c.customer_id
                           FROM (SELECT n.customer_id, n.order_id, n.ordered_at, n.amount, n.cancelled_at FROM new_rows n
                                 UNION ALL
                                 SELECT o.customer_id, o.order_id, o.ordered_at, o.amount, o.cancelled_at FROM old_rows o) c
                          GROUP BY c.customer_id, c.order_id, c.ordered_at, c.amount, c.cancelled_at
                         HAVING count(*) = 1);
    ELSE
        changed := ARRAY(SELECT n.customer_id FROM new_rows n
                         UNION
                         SELECT o.customer_id FROM old_rows o);
    END IF;
    INSERT INTO tier_queue (customer_id) SELECT unnest(changed);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION queue_tiers() IS
    'trigger of orders and returns: notes whose tier has to be looked at';$shop$),
    (37, 'reference', 'tier_rules', 'tier_state', '{}'::text[], $shop$
CREATE TRIGGER check_tier_rule
    BEFORE INSERT OR UPDATE OR DELETE ON tier_rules
    FOR EACH ROW EXECUTE FUNCTION check_tier_rule();$shop$),
    (38, 'reference', 'tier_queue', 'orders', '{}'::text[], $shop$
CREATE OR REPLACE TRIGGER queue_tiers_of_new
    AFTER INSERT ON orders REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION queue_tiers();
CREATE OR REPLACE TRIGGER queue_tiers_of_changed
    AFTER UPDATE ON orders REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION queue_tiers();
CREATE OR REPLACE TRIGGER queue_tiers_of_deleted
    AFTER DELETE ON orders REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION queue_tiers();
CREATE OR REPLACE TRIGGER queue_tiers_of_all
    AFTER TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION queue_tiers();$shop$),
    (39, 'reference', 'tier_queue', 'returns', '{}'::text[], $shop$
CREATE OR REPLACE TRIGGER queue_tiers_of_new
    AFTER INSERT ON returns REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION queue_tiers();
CREATE OR REPLACE TRIGGER queue_tiers_of_changed
    AFTER UPDATE ON returns REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION queue_tiers();
CREATE OR REPLACE TRIGGER queue_tiers_of_deleted
    AFTER DELETE ON returns REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION queue_tiers();
CREATE OR REPLACE TRIGGER queue_tiers_of_all
    AFTER TRUNCATE ON returns
    FOR EACH STATEMENT EXECUTE FUNCTION queue_tiers();$shop$),
    (40, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION tier_rule_set(as_of timestamptz) RETURNS loyalcs.tier_rule[]
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(array_agg(ROW(r.rule_id, r.tier, r.rank, s.min_spend, r.min_orders, r.match = 'all',
                                  r.period, r.length, r.grace, r.soft_landing,
                                  lower(s.valid), upper(s.valid))::loyalcs.tier_rule
                              ORDER BY r.rule_id, lower(s.valid) NULLS FIRST),
                    '{}')
      FROM tier_rules r
      LEFT JOIN LATERAL (
               SELECT k.spent_at_least, tstzrange(k.as_of, lead(k.as_of) OVER (ORDER BY k.as_of)) AS valid
                 FROM tier_cuts k
                WHERE k.rule_id = r.rule_id AND k.as_of <= tier_rule_set.as_of
               UNION ALL
               SELECT NULL, tstzrange(NULL, min(k.as_of))
                 FROM tier_cuts k
                WHERE k.rule_id = r.rule_id AND k.as_of <= tier_rule_set.as_of
           ) k ON r.top_share IS NOT NULL
     CROSS JOIN LATERAL (
               SELECT r.valid * coalesce(k.valid, '(,)') AS valid,
                      CASE r.match WHEN 'all' THEN greatest(r.min_spend, k.spent_at_least)
                                   ELSE least(r.min_spend, k.spent_at_least)
                      END AS min_spend
           ) s
     WHERE NOT isempty(s.valid)
       AND (r.top_share IS NULL OR k.spent_at_least IS NOT NULL
            OR r.match = 'any' AND num_nonnulls(r.min_spend, r.min_orders) > 0);
END;
COMMENT ON FUNCTION tier_rule_set(timestamptz) IS
    'the rules as loyalcs.tier_spans takes them: a top share is the money that it took by the cuts kept until then, and nobody has it before the first';

-- A refund counts up to what is left of its order, as it does everywhere.
CREATE OR REPLACE FUNCTION tier_entries_of(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ordered_at timestamptz,
    counts_from timestamptz,
    counts_until timestamptz,
    amount numeric
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.customer_id, o.ordered_at, o.ordered_at,
           CASE WHEN o.cancelled_at <= tier_entries_of.as_of THEN o.cancelled_at END,
           o.amount
      FROM orders o
     WHERE o.ordered_at <= tier_entries_of.as_of
    UNION ALL
    SELECT b.customer_id, b.ordered_at, b.returned_at,
           CASE WHEN b.cancelled_at <= tier_entries_of.as_of THEN b.cancelled_at END,
           least(b.before, b.amount) - least(b.before + b.refund, b.amount)
      FROM (SELECT r.customer_id, o.ordered_at, o.cancelled_at, o.amount, r.refund,
                   greatest(r.returned_at, o.ordered_at) AS returned_at,
                   sum(r.refund) OVER (PARTITION BY r.customer_id, r.order_id
                                       ORDER BY r.returned_at, r.return_id) - r.refund AS before
              FROM returns r
              JOIN orders o ON o.customer_id = r.customer_id AND o.order_id = r.order_id
             WHERE r.returned_at <= tier_entries_of.as_of
               AND o.ordered_at <= tier_entries_of.as_of) b
     WHERE b.refund > 0 AND b.before < b.amount;
END;
COMMENT ON FUNCTION tier_entries_of(timestamptz) IS
    'orders and, as negative amounts, refunds, each from when it counts until when, by what is dated until then';

CREATE OR REPLACE FUNCTION tier_spans_of(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ordered_at timestamptz[],
    counts_until timestamptz[],
    amounts numeric[],
    spans loyalcs.tier_span[]
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT e.customer_id,
           array_agg(e.ordered_at),
           array_agg(e.counts_until),
           array_agg(e.amount),
           loyalcs.tier_spans(array_agg(e.ordered_at), array_agg(e.counts_from), array_agg(e.counts_until),
                              array_agg(e.amount), (SELECT tier_rule_set(tier_spans_of.as_of)),
                              (SELECT s.time_zone FROM settings s))
      FROM tier_entries_of(tier_spans_of.as_of) e
     GROUP BY e.customer_id;
END;
COMMENT ON FUNCTION tier_spans_of(timestamptz) IS
    'each customer''s orders and tiers, past and foreseeable, by what is dated until then';

CREATE OR REPLACE FUNCTION keep_tier_cuts(as_of timestamptz) RETURNS bigint
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH kept AS (
        INSERT INTO tier_cuts AS k (rule_id, as_of, customers, spent_at_least)
        SELECT s.rule_id, keep_tier_cuts.as_of, count(*),
               percentile_disc(s.top_share) WITHIN GROUP (ORDER BY s.spent DESC)
          FROM (SELECT r.rule_id, r.top_share, o.customer_id, sum(o.amount) AS spent
                  FROM tier_rules r
                 CROSS JOIN counted_orders_at(keep_tier_cuts.as_of) o
                 WHERE r.top_share IS NOT NULL AND r.valid @> keep_tier_cuts.as_of
                   AND loyalcs.tier_period_end(o.ordered_at, r.period, r.length,
                                               (SELECT z.time_zone FROM settings z)) > keep_tier_cuts.as_of
                 GROUP BY r.rule_id, r.top_share, o.customer_id) s
         GROUP BY s.rule_id, s.top_share
        ON CONFLICT ON CONSTRAINT tier_cuts_pkey DO UPDATE
           SET (customers, spent_at_least) = (excluded.customers, excluded.spent_at_least)
         WHERE (k.customers, k.spent_at_least) IS DISTINCT FROM (excluded.customers, excluded.spent_at_least)
        RETURNING 1
    )
    SELECT count(*) FROM kept;
END;
COMMENT ON FUNCTION keep_tier_cuts(timestamptz) IS
    'finds what it takes to be among the top share of each rule that asks for one, and keeps it in tier_cuts; evaluate_tiers() calls it';

-- The second statement of a pair sees all that the first did: a customer who is
-- taken off the queue is judged by orders that are at least as new.
CREATE OR REPLACE FUNCTION write_tiers(of_customers @key_type@[], as_of timestamptz,
                                       OUT customers bigint, OUT raised bigint, OUT lowered bigint, OUT changes bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    -- everyone or some: one is gone before the query is planned
    SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    WITH span AS MATERIALIZED (
        SELECT t.customer_id, s.place, s.valid_from, s.valid_until, s.tier, s.rank, s.rule_id, s.spent, s.orders
          FROM tier_spans_of('infinity') t
          LEFT JOIN LATERAL unnest(t.spans) WITH ORDINALITY
                    s (valid_from, valid_until, tier, rank, rule_id, spent, orders, place) ON true
         WHERE of_customers IS NULL OR t.customer_id = ANY (of_customers)
    ), wanted AS (
        SELECT s.customer_id, s.valid_from,
               CASE WHEN s.valid_until <= as_of THEN s.valid_until END AS valid_until,
               s.tier, s.rank, s.rule_id, s.spent, s.orders,
               CASE WHEN s.valid_until > as_of THEN s.valid_until END AS review_at
          FROM span s
         WHERE s.valid_from <= as_of
    ), stored AS MATERIALIZED (
        SELECT h.customer_id, h.valid_from, h.valid_until, h.tier, h.rank, h.rule_id, h.spent, h.orders, h.review_at
          FROM tier_history h
         WHERE of_customers IS NULL OR h.customer_id = ANY (of_customers)
    ), differing AS MATERIALIZED (
        SELECT customer_id, valid_from, w.valid_until, w.tier, w.rank, w.rule_id, w.spent, w.orders, w.review_at
          FROM wanted w
          FULL JOIN stored s USING (customer_id, valid_from)
         WHERE (w.valid_until, w.tier, w.rank, w.rule_id, w.spent, w.orders, w.review_at) IS DISTINCT FROM
               (s.valid_until, s.tier, s.rank, s.rule_id, s.spent, s.orders, s.review_at)
    ), removed AS (
        DELETE FROM tier_history h
         USING differing d
         WHERE h.customer_id = d.customer_id AND h.valid_from = d.valid_from AND d.tier IS NULL
    ), written AS (
        INSERT INTO tier_history AS h
            (customer_id, valid_from, valid_until, tier, rank, rule_id, spent, orders, review_at)
        SELECT d.customer_id, d.valid_from, d.valid_until, d.tier, d.rank, d.rule_id, d.spent, d.orders, d.review_at
          FROM differing d
         WHERE d.tier IS NOT NULL
        ON CONFLICT ON CONSTRAINT tier_history_pkey DO UPDATE
           SET (valid_until, tier, rank, rule_id, spent, orders, review_at) =
               (excluded.valid_until, excluded.tier, excluded.rank, excluded.rule_id, excluded.spent,
                excluded.orders, excluded.review_at)
    ), queued AS (
        INSERT INTO tier_queue (customer_id, review_at)
        SELECT s.customer_id, min(s.valid_from)
          FROM span s
         WHERE s.valid_from > as_of
           AND NOT EXISTS (SELECT FROM wanted w
                            WHERE w.customer_id = s.customer_id AND w.valid_until IS NULL)
         GROUP BY s.customer_id
    ), moved AS (
        SELECT count(*) FILTER (WHERE p.rank IS NULL OR w.rank > p.rank) AS raised,
               count(*) FILTER (WHERE w.rank IS NULL OR w.rank < p.rank) AS lowered
          FROM (SELECT w.customer_id, w.rank FROM wanted w WHERE w.valid_until IS NULL) w
          FULL JOIN (SELECT s.customer_id, s.rank FROM stored s WHERE s.valid_until IS NULL) p
            ON p.customer_id = w.customer_id
    )
    SELECT coalesce(cardinality(of_customers), (SELECT count(*) FROM span s WHERE coalesce(s.place, 1) = 1)), m.raised, m.lowered,
           (SELECT count(*) FROM differing)
      INTO customers, raised, lowered, changes
      FROM moved m;
END
$$;
COMMENT ON FUNCTION write_tiers(@key_type@[], timestamptz) IS
    'makes tier_history what orders, returns and rules say, for these customers or (NULL) for everyone; evaluate_tiers() calls it';

-- Settings under which a rule's text is the same in every session.
CREATE OR REPLACE FUNCTION tier_basis(as_of timestamptz) RETURNS text
    LANGUAGE sql STABLE
    SET search_path FROM CURRENT
    SET timezone = 'UTC'
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
RETURN md5((SELECT s.time_zone FROM settings s) || ' ' || tier_rule_set(as_of)::text);
COMMENT ON FUNCTION tier_basis(timestamptz) IS
    'a digest of all that tiers follow from, orders and returns apart: if it changes, everyone has to be evaluated';

CREATE OR REPLACE FUNCTION tiers_are_queued() RETURNS boolean
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT count(*) = 8
      FROM pg_catalog.pg_trigger t
      JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
      JOIN pg_catalog.pg_class q ON q.relnamespace = c.relnamespace
     WHERE q.oid = 'tier_queue'::regclass
       AND c.relname IN ('orders', 'returns')
       AND t.tgfoid = 'queue_tiers()'::regprocedure AND t.tgenabled IN ('O', 'A');
END;
COMMENT ON FUNCTION tiers_are_queued() IS
    'whether every change of orders and returns is noted in tier_queue; not so where a view or another''s table serves as either, or a trigger was switched off';

CREATE OR REPLACE FUNCTION evaluate_tiers(as_of timestamptz DEFAULT now(), everyone boolean DEFAULT false,
                                          OUT evaluated_at timestamptz, OUT customers bigint,
                                          OUT raised bigint, OUT lowered bigint, OUT changes bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    state tier_state;
    of_customers @key_type@[];
    current_basis text;
BEGIN
    IF as_of IS NULL OR everyone IS NULL OR NOT isfinite(as_of) THEN
        RAISE EXCEPTION 'tiers are evaluated as of an instant'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('as_of is %s, everyone is %s.', coalesce(as_of::text, 'NULL'), coalesce(everyone::text, 'NULL'));
    END IF;

    -- One at a time.
    INSERT INTO tier_state DEFAULT VALUES ON CONFLICT DO NOTHING;
    SELECT s.* INTO state FROM tier_state s FOR UPDATE;
    evaluated_at := greatest(as_of, state.evaluated_at);

    everyone := everyone OR NOT tiers_are_queued()
                OR EXISTS (SELECT FROM tier_rules r
                            WHERE r.top_share IS NOT NULL AND r.valid @> evaluated_at
                              AND NOT EXISTS (SELECT FROM tier_cuts k
                                               WHERE k.rule_id = r.rule_id AND k.as_of <= evaluate_tiers.evaluated_at));
    IF everyone THEN
        PERFORM keep_tier_cuts(evaluated_at);
    END IF;
    current_basis := tier_basis(evaluated_at);
    everyone := everyone OR current_basis IS DISTINCT FROM state.basis;

    IF everyone THEN
        DELETE FROM tier_queue;
    ELSE
        of_customers := ARRAY(SELECT q.customer_id FROM tier_queue q
                               WHERE q.review_at <= evaluate_tiers.evaluated_at
                              UNION
                              SELECT h.customer_id FROM tier_history h
                               WHERE h.review_at <= evaluate_tiers.evaluated_at);
        DELETE FROM tier_queue q WHERE q.customer_id = ANY (of_customers);
    END IF;
    SELECT w.customers, w.raised, w.lowered, w.changes INTO customers, raised, lowered, changes
      FROM write_tiers(of_customers, evaluated_at) w;
    UPDATE tier_state s
       SET evaluated_at = evaluate_tiers.evaluated_at, basis = current_basis
     WHERE (s.evaluated_at, s.basis) IS DISTINCT FROM (evaluate_tiers.evaluated_at, current_basis);
END
$$;
COMMENT ON FUNCTION evaluate_tiers(timestamptz, boolean) IS
    'brings tier_history up to date, once a night or as often as you like; gives how far it goes now, for how many customers it was looked at, how many of them are better or worse off than before, and how many rows of the history changed. Looks only at customers whose orders or refunds changed and at those whose tier is over; at everyone if everyone, the first time, when rules changed, and always where orders or returns is a view. With everyone it also finds anew what top shares take. What has been evaluated stays so: an instant before the last evaluation takes in what was entered since, and no history away';

-- For applications

CREATE OR REPLACE FUNCTION customer_tier(customer @key_type@, as_of timestamptz DEFAULT now()) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT h.tier
      FROM tier_history h
     WHERE h.customer_id = customer_tier.customer
       AND h.valid_from <= customer_tier.as_of
       AND (h.valid_until IS NULL OR h.valid_until > customer_tier.as_of);
END;
COMMENT ON FUNCTION customer_tier(@key_type@, timestamptz) IS
    'the tier that a customer holds, as evaluated last; NULL for none';

CREATE OR REPLACE FUNCTION customer_benefits(customer @key_type@, as_of timestamptz DEFAULT now()) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT r.benefits
      FROM tier_history h
      JOIN tier_rules r ON r.tier = h.tier
     WHERE h.customer_id = customer_benefits.customer
       AND h.valid_from <= customer_benefits.as_of
       AND (h.valid_until IS NULL OR h.valid_until > customer_benefits.as_of)
       AND (r.valid @> customer_benefits.as_of OR r.rule_id = h.rule_id)
     ORDER BY r.valid @> customer_benefits.as_of DESC, r.rule_id = h.rule_id DESC, r.rule_id
     LIMIT 1;
END;
COMMENT ON FUNCTION customer_benefits(@key_type@, timestamptz) IS
    'what the customer''s tier brings: the benefits of the rule by which it was given or, if that has ended, of the first that leads to the tier now; NULL for no tier';

-- How much is missing, as people say it

CREATE OR REPLACE FUNCTION tier_money(amount numeric, currency text, japanese boolean) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN rtrim(to_char(amount, 'FM9,999,999,999,999,990.9999'), '.')
       || CASE WHEN japanese AND currency = 'JPY' THEN '円' ELSE ' ' || currency END;
COMMENT ON FUNCTION tier_money(numeric, text, boolean) IS
    'an amount as people write it: 12,000 JPY, or 12,000円';

CREATE OR REPLACE FUNCTION tier_message(
    goal text,
    tier text,
    match text,
    spend_needed numeric,
    orders_needed bigint,
    needed_by timestamptz,
    currency text,
    time_zone text
) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN needed_by IS NULL AND goal = 'keep' THEN tier || ' for good'
    ELSE concat_ws(CASE match WHEN 'all' THEN ' and ' ELSE ' or ' END,
                   CASE WHEN spend_needed > 0 THEN tier_money(spend_needed, currency, false) || ' more' END,
                   CASE orders_needed WHEN 1 THEN '1 more order'
                                      ELSE nullif(orders_needed, 0)::text || ' more orders' END)
         || coalesce(' by ' || to_char((needed_by - interval '1 microsecond') AT TIME ZONE time_zone, 'YYYY-MM-DD'), '')
         || CASE goal WHEN 'keep' THEN ' to stay ' ELSE ' for ' END || tier
END;
COMMENT ON FUNCTION tier_message(text, text, text, numeric, bigint, timestamptz, text, text) IS
    'what is missing for a tier, in a few words';

CREATE OR REPLACE FUNCTION tier_message_ja(
    goal text,
    tier text,
    match text,
    spend_needed numeric,
    orders_needed bigint,
    needed_by timestamptz,
    currency text,
    time_zone text
) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN needed_by IS NULL AND goal = 'keep' THEN 'ずっと' || tier
    ELSE coalesce(to_char((needed_by - interval '1 microsecond') AT TIME ZONE time_zone, 'FMYYYY年FMMM月FMDD日')
                  || CASE goal WHEN 'keep' THEN 'までに' ELSE 'まで、' END, '')
         || 'あと'
         || concat_ws(CASE match WHEN 'all' THEN 'と' ELSE 'または' END,
                      CASE WHEN spend_needed > 0 THEN tier_money(spend_needed, currency, true) END,
                      nullif(orders_needed, 0)::text || '回のご注文')
         || 'で' || tier || CASE goal WHEN 'keep' THEN 'を継続' ELSE '' END
END;
COMMENT ON FUNCTION tier_message_ja(text, text, text, numeric, bigint, timestamptz, text, text) IS
    'the same in Japanese';

CREATE OR REPLACE FUNCTION tier_progress_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    tier text,
    goal text,
    goal_tier text,
    rule_id bigint,
    spent numeric,
    orders bigint,
    match text,
    spend_needed numeric,
    orders_needed bigint,
    needed_by timestamptz,
    message text,
    message_ja text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH rule AS (
        SELECT r.rule_id, r.tier, r.rank, r.min_spend, r.min_orders, r.period, r.length, r.valid_until,
               CASE WHEN r.match_all THEN 'all' ELSE 'any' END AS match,
               s.time_zone, s.currency
          FROM unnest(tier_rule_set(tier_progress_at.as_of)) r
         CROSS JOIN settings s
         WHERE (r.valid_from IS NULL OR r.valid_from <= tier_progress_at.as_of)
           AND (r.valid_until IS NULL OR r.valid_until > tier_progress_at.as_of)
    ), way AS (
        SELECT r.*, (SELECT max(o.rank) FROM rule o WHERE o.rank < r.rank) AS rank_below
          FROM rule r
    )
    SELECT p.customer_id,
           p.tier,
           g.goal,
           w.tier,
           w.rule_id,
           f.spent,
           f.orders,
           w.match,
           m.spend_needed,
           m.orders_needed,
           m.needed_by,
           tier_message(g.goal, w.tier, w.match, m.spend_needed, m.orders_needed, m.needed_by, w.currency, w.time_zone),
           tier_message_ja(g.goal, w.tier, w.match, m.spend_needed, m.orders_needed, m.needed_by, w.currency, w.time_zone)
      FROM (SELECT c.customer_id, t.ordered_at, t.counts_until, t.amounts, h.tier, h.rank, h.valid_until
              FROM customers c
              LEFT JOIN tier_spans_of(tier_progress_at.as_of) t ON t.customer_id = c.customer_id
              LEFT JOIN LATERAL (
                       SELECT s.tier, s.rank, s.valid_until
                         FROM unnest(t.spans) s
                        WHERE s.valid_from <= tier_progress_at.as_of
                          AND (s.valid_until IS NULL OR s.valid_until > tier_progress_at.as_of)
                   ) h ON true
             WHERE c.joined_at <= tier_progress_at.as_of OR t.customer_id IS NOT NULL) p
     CROSS JOIN LATERAL (
               SELECT 'keep' AS goal, coalesce(p.valid_until, tier_progress_at.as_of) AS at
                WHERE p.tier IS NOT NULL
               UNION ALL
               SELECT 'reach', tier_progress_at.as_of
           ) g
      JOIN way w
        ON CASE g.goal
               WHEN 'keep' THEN w.tier = p.tier
               ELSE (p.rank IS NULL OR w.rank > p.rank)
                    AND (w.rank_below IS NULL OR w.rank_below <= p.rank)
           END
     CROSS JOIN LATERAL (
               SELECT coalesce(sum(e.amount), 0) AS spent,
                      count(*) FILTER (WHERE e.amount >= 0) AS orders,
                      min(e.leaves_at) AS leaves_at
                 FROM (SELECT e.amount,
                              least(e.counts_until,
                                    loyalcs.tier_period_end(e.ordered_at, w.period, w.length, w.time_zone)) AS leaves_at
                         FROM unnest(p.ordered_at, p.counts_until, p.amounts) e (ordered_at, counts_until, amount)) e
                WHERE e.leaves_at > g.at
           ) f
     CROSS JOIN LATERAL (
               SELECT CASE WHEN w.min_spend > f.spent THEN w.min_spend - f.spent
                           WHEN w.min_spend IS NOT NULL THEN 0 END AS spend_needed,
                      CASE WHEN w.min_orders > f.orders THEN w.min_orders - f.orders
                           WHEN w.min_orders IS NOT NULL THEN 0 END AS orders_needed,
                      CASE g.goal
                          WHEN 'keep' THEN p.valid_until
                          ELSE nullif(least(CASE w.period
                                                WHEN 'calendar_year'
                                                THEN loyalcs.tier_period_end(g.at, w.period, NULL, w.time_zone)
                                                ELSE f.leaves_at
                                            END, w.valid_until), 'infinity')
                      END AS needed_by
           ) m;
END;
COMMENT ON FUNCTION tier_progress_at(timestamptz) IS
    'how far each customer is: a row for each way to the next tier (goal reach) and for each way to keep the present one (keep), with what is missing and until when that is enough; by all orders until then, whether tiers were evaluated or not. What it takes to reach a tier grows when an order leaves the period, which is what needed_by says; to keep one, the needed is what is missing when the tier would be lost';

-- What a tier is worth, and how many come and go

CREATE OR REPLACE FUNCTION tier_summary_at(as_of timestamptz)
RETURNS TABLE (
    tier text,
    rank integer,
    customers bigint,
    customer_share double precision,
    revenue numeric,
    revenue_share double precision,
    average_orders_per_year double precision,
    average_lifetime_value numeric,
    times_the_rest double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH valued AS (
        SELECT h.tier, h.rank,
               count(*) AS customers,
               sum(p.total_spent) AS revenue,
               avg(p.orders / years_as_customer(p.first_order_at, tier_summary_at.as_of)) AS orders_per_year
          FROM customer_purchases_at(tier_summary_at.as_of) p
          LEFT JOIN tier_history h
            ON h.customer_id = p.customer_id
           AND h.valid_from <= tier_summary_at.as_of
           AND (h.valid_until IS NULL OR h.valid_until > tier_summary_at.as_of)
         GROUP BY h.tier, h.rank
    )
    SELECT v.tier, v.rank, v.customers,
           (v.customers / sum(v.customers) OVER ())::double precision,
           v.revenue,
           (v.revenue / nullif(sum(v.revenue) OVER (), 0))::double precision,
           v.orders_per_year,
           trim_scale(v.revenue / v.customers),
           (v.revenue / v.customers
            / nullif((SELECT r.revenue / r.customers FROM valued r WHERE r.tier IS NULL), 0))::double precision
      FROM valued v
     ORDER BY v.rank DESC NULLS LAST;
END;
COMMENT ON FUNCTION tier_summary_at(timestamptz) IS
    'what each tier is worth, best first: customers who bought, by the tier that they hold; the last row, without a tier, is the rest';

-- Only customers with a change in a month are looked at one by one; who holds a
-- tier throughout follows from the sums.
CREATE OR REPLACE FUNCTION tier_movements_at(as_of timestamptz)
RETURNS TABLE (
    month date,
    tier text,
    starting bigint,
    entered bigint,
    raised bigint,
    lowered bigint,
    exited bigint,
    retained bigint,
    ending bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH change AS (
        SELECT h.customer_id, h.valid_from AS at, h.tier AS into_tier, h.rank AS into_rank,
               CASE WHEN h.before_until = h.valid_from THEN h.before_tier END AS from_tier,
               CASE WHEN h.before_until = h.valid_from THEN h.before_rank END AS from_rank
          FROM (SELECT h.*,
                       lag(h.valid_until) OVER life AS before_until,
                       lag(h.tier) OVER life AS before_tier,
                       lag(h.rank) OVER life AS before_rank
                  FROM tier_history h
                 WHERE h.valid_from <= tier_movements_at.as_of
                WINDOW life AS (PARTITION BY h.customer_id ORDER BY h.valid_from)) h
        UNION ALL
        SELECT h.customer_id, h.valid_until, NULL, NULL, h.tier, h.rank
          FROM (SELECT h.*, lead(h.valid_from) OVER (PARTITION BY h.customer_id ORDER BY h.valid_from) AS next_from
                  FROM tier_history h) h
         WHERE h.valid_until <= tier_movements_at.as_of AND h.next_from IS DISTINCT FROM h.valid_until
    ), moved AS (
        SELECT c.month,
               (array_agg(c.from_tier ORDER BY c.at))[1] AS from_tier,
               (array_agg(c.from_rank ORDER BY c.at))[1] AS from_rank,
               (array_agg(c.into_tier ORDER BY c.at DESC))[1] AS into_tier,
               (array_agg(c.into_rank ORDER BY c.at DESC))[1] AS into_rank
          FROM (SELECT c.*, loyalcs.local_month(c.at, (SELECT s.time_zone FROM settings s)) AS month
                  FROM change c) c
         GROUP BY c.customer_id, c.month
    ), counted AS (
        SELECT m.month, t.tier,
               count(*) FILTER (WHERE t.enters) AS entered,
               count(*) FILTER (WHERE t.enters AND (m.from_rank IS NULL OR m.from_rank < m.into_rank)) AS raised,
               count(*) FILTER (WHERE NOT t.enters) AS exited
          FROM moved m
         CROSS JOIN LATERAL (VALUES (m.into_tier, true), (m.from_tier, false)) t (tier, enters)
         WHERE t.tier IS NOT NULL AND m.from_tier IS DISTINCT FROM m.into_tier
         GROUP BY m.month, t.tier
    ), filled AS (
        SELECT f.month, f.tier,
               coalesce(c.entered, 0) AS entered, coalesce(c.raised, 0) AS raised, coalesce(c.exited, 0) AS exited,
               sum(coalesce(c.entered, 0) - coalesce(c.exited, 0))
                   OVER (PARTITION BY f.tier ORDER BY f.month)::bigint AS ending
          FROM (SELECT t.tier, g.at::date AS month
                  FROM (SELECT k.tier, min(k.month) AS first FROM counted k GROUP BY k.tier) t
                 CROSS JOIN LATERAL generate_series(
                           t.first::timestamp,
                           loyalcs.local_month(least(tier_movements_at.as_of, timestamptz '9999-12-31 00:00+00'),
                                               (SELECT s.time_zone FROM settings s))::timestamp,
                           interval '1 month') g (at)) f
          LEFT JOIN counted c ON c.tier = f.tier AND c.month = f.month
    )
    SELECT f.month, f.tier,
           f.ending - f.entered + f.exited,
           f.entered, f.raised, f.entered - f.raised, f.exited,
           f.ending - f.entered,
           f.ending
      FROM filled f
     ORDER BY f.month, f.tier;
END;
COMMENT ON FUNCTION tier_movements_at(timestamptz) IS
    'who came and went, by local month and tier: entered are those who hold the tier at its end (or by now) and did not at its start, raised from below or lowered from above; exited the other way round; retained hold it at both. ending = retained + entered, starting = retained + exited. Who came and went within a month is in neither';$shop$),
    (41, 'table', 'points_rules', '', '{}'::text[], $shop$
CREATE TABLE points_rules (
    rule_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    tier text,
    points bigint NOT NULL
        CONSTRAINT points_rules_points_are_positive CHECK (points > 0 AND points <= 1000000),
    per_amount numeric NOT NULL
        CONSTRAINT points_rules_per_amount_is_money
        CHECK (per_amount > 0 AND per_amount <= 1000000000000 AND per_amount = round(per_amount, 4)),
    min_amount numeric NOT NULL DEFAULT 0
        CONSTRAINT points_rules_min_amount_is_money
        CHECK (min_amount >= 0 AND min_amount <= 1000000000000 AND min_amount = round(min_amount, 4)),
    rounding text NOT NULL DEFAULT 'floor'
        CONSTRAINT points_rules_rounding_is_known CHECK (rounding IN ('floor', 'round', 'ceil')),
    tax_earns boolean NOT NULL DEFAULT false,
    shipping_earns boolean NOT NULL DEFAULT false,
    pending_from text NOT NULL DEFAULT 'delivered'
        CONSTRAINT points_rules_pending_from_is_known CHECK (pending_from IN ('earned', 'delivered')),
    pending interval NOT NULL DEFAULT interval '0',
    expires_from text NOT NULL DEFAULT 'earned'
        CONSTRAINT points_rules_expires_from_is_known CHECK (expires_from IN ('earned', 'last_activity')),
    expires_after interval DEFAULT interval '1 year',
    valid tstzrange NOT NULL DEFAULT tstzrange(now(), NULL),
    CONSTRAINT points_rules_pending_is_a_length_of_time
        CHECK (pending >= interval '0' AND pending <= interval '36500 days'),
    CONSTRAINT points_rules_expires_after_is_days_or_more
        CHECK (expires_after >= interval '1 day' AND expires_after <= interval '36500 days'
               AND expires_after = date_trunc('day', expires_after)),
    CONSTRAINT points_rules_valid_begins_in_and_ends_out
        CHECK (isempty(valid) OR NOT upper_inc(valid) AND (lower_inc(valid) OR lower_inf(valid)))
);
COMMENT ON TABLE points_rules IS
    'how many points an order earns, one row a rule; for customers of a tier, the tier''s rule goes before the one for all. A rule whose validity is empty is switched off';
COMMENT ON COLUMN points_rules.tier IS 'only for customers who were of this tier when they ordered; NULL for all';
COMMENT ON COLUMN points_rules.points IS 'points for each per_amount of money';
COMMENT ON COLUMN points_rules.pending IS 'how long after that they cannot be used yet';
COMMENT ON COLUMN points_rules.valid IS 'orders placed within this time earn by the rule';
INSERT INTO points_rules (points, per_amount, pending, valid) VALUES
    (1, 100, '14 days', '(,)');$shop$),
    (42, 'table', 'points_campaigns', '', '{}'::text[], $shop$
CREATE TABLE points_campaigns (
    campaign_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    title text NOT NULL,
    multiplier numeric
        CONSTRAINT points_campaigns_multiplier_multiplies CHECK (multiplier > 1 AND multiplier <= 1000),
    bonus bigint
        CONSTRAINT points_campaigns_bonus_is_positive CHECK (bonus > 0 AND bonus <= 1000000000),
    tier text,
    category text,
    valid tstzrange NOT NULL,
    CONSTRAINT points_campaigns_multiply_or_add CHECK (num_nonnulls(multiplier, bonus) = 1),
    CONSTRAINT points_campaigns_valid_begins_in_and_ends_out
        CHECK (isempty(valid) OR NOT upper_inc(valid) AND (lower_inc(valid) OR lower_inf(valid)))
);
COMMENT ON TABLE points_campaigns IS
    'more points for a time, one row a campaign. Of several multipliers that fit a line of an order the largest holds; bonuses add up, once an order each';
COMMENT ON COLUMN points_campaigns.title IS 'what the campaign is called';
COMMENT ON COLUMN points_campaigns.tier IS 'only for customers who were of this tier when they ordered; NULL for all';
COMMENT ON COLUMN points_campaigns.category IS 'only for lines of this category; NULL for all';
COMMENT ON COLUMN points_campaigns.valid IS 'orders placed within this time take part';$shop$),
    (43, 'table', 'point_accounts', '', '{}'::text[], $shop$
CREATE TABLE point_accounts (
    customer_id @key_type@ PRIMARY KEY,
    balance bigint NOT NULL DEFAULT 0
        CONSTRAINT point_accounts_are_not_overdrawn CHECK (balance >= 0),
    last_posted_at timestamptz NOT NULL DEFAULT '-infinity'
);
COMMENT ON TABLE point_accounts IS
    'whoever has or had points, one row a customer; the row that a posting locks';$shop$),
    (44, 'reference', 'point_accounts', 'customers', '{}'::text[], $shop$
ALTER TABLE point_accounts ADD FOREIGN KEY (customer_id) REFERENCES customers;$shop$),
    (45, 'table', 'point_postings', '', '{note}'::text[], $shop$
CREATE TABLE point_postings (
    customer_id @key_type@ NOT NULL,
    posting_id bigint GENERATED BY DEFAULT AS IDENTITY,
    kind text NOT NULL
        CONSTRAINT point_postings_kind_is_known
        CHECK (kind IN ('earn', 'redeem', 'expire', 'reverse', 'adjust')),
    points bigint NOT NULL,
    shortfall bigint NOT NULL DEFAULT 0,
    lapsed bigint NOT NULL DEFAULT 0,
    posted_at timestamptz NOT NULL
        CONSTRAINT point_postings_posted_at_is_plausible
        CHECK (posted_at >= '0001-01-01 00:00+00' AND posted_at < '9999-12-31 00:00+00'),
    available_at timestamptz,
    pending interval,
    expires_at timestamptz,
    expires_after_idle interval,
    order_id text,
    reverses bigint,
    posting_key text,
    rule_id bigint,
    campaigns bigint[] NOT NULL DEFAULT '{}',
    posted_by text NOT NULL DEFAULT current_user,
    note text,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (customer_id, posting_id),
    CONSTRAINT point_postings_key_is_new UNIQUE (customer_id, kind, posting_key),
    CONSTRAINT point_postings_points_have_a_sign
        CHECK (points > 0 AND kind IN ('earn', 'reverse', 'adjust')
               OR points < 0 AND kind IN ('redeem', 'expire', 'reverse', 'adjust')
               OR points = 0 AND kind = 'reverse'),
    CONSTRAINT point_postings_shortfall_is_of_what_is_taken_back
        CHECK (shortfall = 0 OR kind = 'reverse' AND points <= 0),
    CONSTRAINT point_postings_lapsed_is_of_what_is_taken_back
        CHECK (lapsed = 0 OR lapsed > 0 AND kind = 'reverse' AND points <= 0),
    CONSTRAINT point_postings_lots_say_when_they_can_be_used
        CHECK ((points > 0 AND kind IN ('earn', 'adjust')) = (num_nonnulls(available_at, pending) = 1)),
    CONSTRAINT point_postings_lots_lapse
        CHECK (points > 0 AND kind IN ('earn', 'adjust') AND num_nonnulls(expires_at, expires_after_idle) <= 1
               OR num_nonnulls(expires_at, expires_after_idle) = 0),
    CONSTRAINT point_postings_reverse_something CHECK ((kind = 'reverse') = (reverses IS NOT NULL)),
    CONSTRAINT point_postings_come_with_a_key CHECK (kind = 'expire' OR posting_key IS NOT NULL)
);
CREATE INDEX point_postings_order ON point_postings (customer_id, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX point_postings_expires_at ON point_postings (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX point_postings_idle ON point_postings (customer_id) WHERE expires_after_idle IS NOT NULL;
COMMENT ON TABLE point_postings IS
    'the ledger of points, one row a posting; rows are added and never changed, but for the words of a note. Postings of kind earn and adjust that bring points are lots';
COMMENT ON COLUMN point_postings.kind IS 'earn, redeem, expire, reverse or adjust';
COMMENT ON COLUMN point_postings.points IS 'points that came (positive) or went (negative)';
COMMENT ON COLUMN point_postings.pending IS 'of a lot, how long after the delivery of its order it can be used; NULL if available_at says when';
COMMENT ON COLUMN point_postings.available_at IS 'of a lot, from when on it can be used; NULL if that depends on the delivery of its order';
COMMENT ON COLUMN point_postings.expires_at IS 'of a lot, from when on it can no longer be used; NULL if never, or if expires_after_idle says';
COMMENT ON COLUMN point_postings.note IS 'words about the posting; may be personal';
COMMENT ON COLUMN point_postings.posted_by IS 'role that made the posting';$shop$),
    (46, 'table', 'point_allocations', '', '{}'::text[], $shop$
CREATE TABLE point_allocations (
    customer_id @key_type@ NOT NULL,
    posting_id bigint NOT NULL,
    lot_id bigint NOT NULL,
    points bigint NOT NULL
        CONSTRAINT point_allocations_are_not_nothing CHECK (points <> 0),
    PRIMARY KEY (customer_id, posting_id, lot_id)
);
CREATE INDEX point_allocations_lot ON point_allocations (customer_id, lot_id) INCLUDE (posting_id, points);
COMMENT ON TABLE point_allocations IS
    'which posting took how much from which lot, or gave it back';
COMMENT ON COLUMN point_allocations.posting_id IS 'posting that took or gave back';
COMMENT ON COLUMN point_allocations.points IS 'points taken (positive) or given back (negative)';$shop$),
    (47, 'table', 'point_lots', '', '{}'::text[], $shop$
CREATE TABLE point_lots (
    customer_id @key_type@ NOT NULL,
    lot_id bigint NOT NULL,
    remaining bigint NOT NULL
        CONSTRAINT point_lots_are_not_overdrawn CHECK (remaining >= 0),
    expires_at timestamptz,
    expires_after_idle interval,
    PRIMARY KEY (customer_id, lot_id)
);
CREATE INDEX point_lots_expires_at ON point_lots (expires_at) WHERE remaining > 0;
COMMENT ON TABLE point_lots IS
    'what is left of each lot by now, one row a lot; kept by the functions that post';
COMMENT ON COLUMN point_lots.expires_at IS 'from when on it can no longer be used, if nothing happens meanwhile; NULL if never';$shop$),
    (48, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION check_points_rule() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    other bigint;
BEGIN
    IF TG_OP <> 'INSERT'
       AND EXISTS (SELECT FROM point_postings p WHERE p.rule_id = OLD.rule_id)
       AND NOT (TG_OP = 'UPDATE'
                AND to_jsonb(NEW) - 'valid' = to_jsonb(OLD) - 'valid'
                AND lower(NEW.valid) IS NOT DISTINCT FROM lower(OLD.valid)
                AND NOT isempty(NEW.valid)) THEN
        RAISE EXCEPTION 'points rule % has been in force', OLD.rule_id
            USING ERRCODE = 'object_in_use',
                  DETAIL = 'Points have been earned by it, and the ledger names it.',
                  HINT = format('UPDATE points_rules SET valid = tstzrange(lower(valid), now()) WHERE rule_id = %s; then INSERT what holds from now on.',
                                OLD.rule_id);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;

    -- One at a time, so that each sees what the others have committed.
    LOCK TABLE points_rules IN SHARE ROW EXCLUSIVE MODE;
    SELECT r.rule_id INTO other
      FROM points_rules r
     WHERE r.rule_id <> NEW.rule_id
       AND r.tier IS NOT DISTINCT FROM NEW.tier
       AND r.valid && NEW.valid
     ORDER BY r.rule_id
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'points rule % already says what is earned there', other
            USING ERRCODE = 'exclusion_violation',
                  DETAIL = format('It holds at the same time for %s.',
                                  coalesce('customers of tier ' || NEW.tier, 'everyone')),
                  HINT = 'End the one before the other begins.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_points_rule() IS
    'trigger of points_rules: one rule for a tier at a time, and one by which points have been earned is only ended';$shop$),
    (49, 'reference', 'points_rules', 'point_postings', '{}'::text[], $shop$
CREATE TRIGGER check_points_rule
    BEFORE INSERT OR UPDATE OR DELETE ON points_rules
    FOR EACH ROW EXECUTE FUNCTION check_points_rule();$shop$),
    (50, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION check_points_campaign() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF EXISTS (SELECT FROM point_postings p WHERE OLD.campaign_id = ANY (p.campaigns))
       AND NOT (TG_OP = 'UPDATE'
                AND to_jsonb(NEW) - 'valid' = to_jsonb(OLD) - 'valid'
                AND lower(NEW.valid) IS NOT DISTINCT FROM lower(OLD.valid)
                AND NOT isempty(NEW.valid)) THEN
        RAISE EXCEPTION 'points campaign % has been in force', OLD.campaign_id
            USING ERRCODE = 'object_in_use',
                  DETAIL = 'Points have been earned by it, and the ledger names it.',
                  HINT = format('UPDATE points_campaigns SET valid = tstzrange(lower(valid), now()) WHERE campaign_id = %s; then INSERT what holds from now on.',
                                OLD.campaign_id);
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
COMMENT ON FUNCTION check_points_campaign() IS
    'trigger of points_campaigns: one by which points have been earned is only ended';$shop$),
    (51, 'reference', 'points_campaigns', 'point_postings', '{}'::text[], $shop$
CREATE TRIGGER check_points_campaign
    BEFORE UPDATE OR DELETE ON points_campaigns
    FOR EACH ROW EXECUTE FUNCTION check_points_campaign();$shop$),
    (52, 'functions', '', '', '{}'::text[], $shop$
-- An account can go, and its ledger with it: by then the account is no longer there.
CREATE OR REPLACE FUNCTION check_ledger_is_kept() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM point_accounts a WHERE a.customer_id = OLD.customer_id) THEN
            RETURN OLD;
        END IF;
    ELSIF to_jsonb(NEW) - 'note' = to_jsonb(OLD) - 'note' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'posting % of customer % is in the books', OLD.posting_id, OLD.customer_id
        USING ERRCODE = 'object_not_in_prerequisite_state',
              DETAIL = 'The ledger of points is only added to; the words of a note may change.',
              HINT = 'Correct it with reverse_points or adjust_points, or delete the whole account.';
END
$$;
COMMENT ON FUNCTION check_ledger_is_kept() IS
    'trigger of point_postings and point_allocations: what is in the books is neither changed nor deleted';$shop$),
    (53, 'reference', 'point_postings', 'point_accounts', '{}'::text[], $shop$
ALTER TABLE point_postings ADD CONSTRAINT point_postings_account
    FOREIGN KEY (customer_id) REFERENCES point_accounts ON DELETE CASCADE;

CREATE TRIGGER check_ledger_is_kept
    BEFORE UPDATE OR DELETE ON point_postings
    FOR EACH ROW EXECUTE FUNCTION check_ledger_is_kept();$shop$),
    (54, 'reference', 'point_postings', 'orders', '{}'::text[], $shop$
ALTER TABLE point_postings ADD FOREIGN KEY (customer_id, order_id) REFERENCES orders;$shop$),
    (55, 'reference', 'point_allocations', 'point_postings', '{}'::text[], $shop$
ALTER TABLE point_allocations ADD FOREIGN KEY (customer_id, posting_id) REFERENCES point_postings ON DELETE CASCADE;
ALTER TABLE point_allocations ADD FOREIGN KEY (customer_id, lot_id) REFERENCES point_postings ON DELETE CASCADE;

CREATE TRIGGER check_ledger_is_kept
    BEFORE UPDATE OR DELETE ON point_allocations
    FOR EACH ROW EXECUTE FUNCTION check_ledger_is_kept();$shop$),
    (56, 'reference', 'point_lots', 'point_postings', '{}'::text[], $shop$
ALTER TABLE point_lots ADD FOREIGN KEY (customer_id, lot_id) REFERENCES point_postings ON DELETE CASCADE;$shop$),
    (57, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION points_last_until(since timestamptz, length interval, zone text) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN (((since AT TIME ZONE zone)::date + length)::date + 1)::timestamp AT TIME ZONE zone;
COMMENT ON FUNCTION points_last_until(timestamptz, interval, text) IS
    'when points lapse that last for so long: at the end of the local day on which the time is over';

CREATE OR REPLACE FUNCTION points_usable_from(since timestamptz, pending interval, zone text) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN (since AT TIME ZONE zone + pending) AT TIME ZONE zone;
COMMENT ON FUNCTION points_usable_from(timestamptz, interval, text) IS
    'when points can be used that are pending for so long: in local time';

-- What an account has

-- In two branches, so that a condition on expires_at is answered by an index for
-- the lots that have one of their own.
CREATE OR REPLACE FUNCTION open_point_lots_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    posting_id bigint,
    order_id text,
    posted_at timestamptz,
    remaining bigint,
    available_at timestamptz,
    expires_at timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT l.customer_id, l.posting_id, l.order_id, l.posted_at, l.remaining, l.available_at, l.expires_at
      FROM (SELECT p.customer_id, p.posting_id, p.order_id, p.posted_at, p.expires_at,
                   p.points - coalesce((SELECT sum(a.points)
                                          FROM point_allocations a
                                          JOIN point_postings t
                                            ON t.customer_id = a.customer_id AND t.posting_id = a.posting_id
                                         WHERE a.customer_id = p.customer_id AND a.lot_id = p.posting_id
                                           AND t.posted_at <= open_point_lots_at.as_of), 0)::bigint AS remaining,
                   CASE WHEN p.pending IS NULL THEN p.available_at
                        ELSE (SELECT points_usable_from(o.delivered_at, p.pending, (SELECT s.time_zone FROM settings s))
                                FROM orders o
                               WHERE o.customer_id = p.customer_id AND o.order_id = p.order_id
                                 AND o.delivered_at <= open_point_lots_at.as_of)
                   END AS available_at
              FROM (SELECT f.customer_id, f.posting_id, f.kind, f.points, f.order_id, f.posted_at,
                           f.available_at, f.pending, f.expires_at
                      FROM point_postings f
                     WHERE f.expires_after_idle IS NULL
                    UNION ALL
                    SELECT i.customer_id, i.posting_id, i.kind, i.points, i.order_id, i.posted_at,
                           i.available_at, i.pending,
                           (SELECT points_last_until(max(t.posted_at), i.expires_after_idle,
                                                     (SELECT s.time_zone FROM settings s))
                              FROM point_postings t
                             WHERE t.customer_id = i.customer_id AND t.kind IN ('earn', 'redeem')
                               AND t.posted_at <= open_point_lots_at.as_of)
                      FROM point_postings i
                     WHERE i.expires_after_idle IS NOT NULL) p
             WHERE p.points > 0 AND p.kind IN ('earn', 'adjust')
               AND p.posted_at <= open_point_lots_at.as_of) l
     WHERE l.remaining > 0
       AND (l.expires_at IS NULL OR l.expires_at > open_point_lots_at.as_of);
END;
COMMENT ON FUNCTION open_point_lots_at(timestamptz) IS
    'the lots of which something is left that has not lapsed, whether it can be used already or not';

CREATE OR REPLACE FUNCTION points_balance(customer @key_type@, as_of timestamptz DEFAULT now())
RETURNS TABLE (
    available bigint,
    pending bigint,
    next_expiry timestamptz,
    expiring bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(sum(l.remaining) FILTER (WHERE l.usable), 0)::bigint,
           coalesce(sum(l.remaining) FILTER (WHERE NOT l.usable), 0)::bigint,
           min(l.expires_at),
           (sum(l.remaining) FILTER (WHERE l.expires_at = l.next_expiry))::bigint
      FROM (SELECT l.remaining, l.expires_at,
                   l.available_at IS NOT NULL AND l.available_at <= points_balance.as_of AS usable,
                   min(l.expires_at) OVER () AS next_expiry
              FROM open_point_lots_at(points_balance.as_of) l
             WHERE l.customer_id = points_balance.customer) l;
END;
COMMENT ON FUNCTION points_balance(@key_type@, timestamptz) IS
    'one row: points that can be used, points that are still pending, when points lapse next (NULL: never) and how many do then; zeros for a customer without points, and for one that does not exist';

-- Posting. Each of these functions has the account locked by lock_points().

CREATE OR REPLACE FUNCTION expire_lapsed_points(of_customers @key_type@[], as_of timestamptz, OUT customers bigint, OUT points bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    -- one or everyone: the plans are not the same
    SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    WITH lapsed AS MATERIALIZED (
        SELECT l.customer_id, l.lot_id, l.remaining, greatest(l.expires_at, a.last_posted_at) AS at
          FROM unnest(of_customers) o (customer_id)
          JOIN point_accounts a ON a.customer_id = o.customer_id
          JOIN point_lots l ON l.customer_id = o.customer_id
         WHERE l.remaining > 0 AND l.expires_at <= as_of
    ), posted AS (
        INSERT INTO point_postings AS p (customer_id, kind, points, posted_at)
        SELECT l.customer_id, 'expire', -sum(l.remaining), l.at
          FROM lapsed l
         GROUP BY l.customer_id, l.at
         ORDER BY l.customer_id, l.at
        RETURNING p.customer_id, p.posting_id, p.posted_at
    ), allocated AS (
        INSERT INTO point_allocations (customer_id, posting_id, lot_id, points)
        SELECT l.customer_id, p.posting_id, l.lot_id, l.remaining
          FROM lapsed l
          JOIN posted p ON p.customer_id = l.customer_id AND p.posted_at = l.at
    ), emptied AS (
        UPDATE point_lots l
           SET remaining = 0
          FROM lapsed k
         WHERE l.customer_id = k.customer_id AND l.lot_id = k.lot_id
    ), charged AS (
        UPDATE point_accounts a
           SET balance = a.balance - k.points, last_posted_at = k.at
          FROM (SELECT l.customer_id, sum(l.remaining) AS points, max(l.at) AS at
                  FROM lapsed l
                 GROUP BY l.customer_id) k
         WHERE a.customer_id = k.customer_id
        RETURNING k.points
    )
    SELECT count(*), coalesce(sum(c.points), 0) INTO customers, points
      FROM charged c;
END
$$;
COMMENT ON FUNCTION expire_lapsed_points(@key_type@[], timestamptz) IS
    'posts the expiry of whatever of these customers'' has lapsed, dated when it lapsed; whoever calls it has locked the accounts';

-- By the time that all are locked, others may have something that lapses too: it
-- is theirs who hold those accounts, and expires next time.
CREATE OR REPLACE FUNCTION expire_points(as_of timestamptz DEFAULT now(), OUT customers bigint, OUT points bigint)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    locked @key_type@[] := ARRAY(SELECT a.customer_id
                                   FROM point_accounts a
                                  WHERE EXISTS (SELECT FROM point_lots l
                                                 WHERE l.customer_id = a.customer_id AND l.remaining > 0
                                                   AND l.expires_at <= expire_points.as_of)
                                  ORDER BY a.customer_id
                                    FOR NO KEY UPDATE);
BEGIN
    SELECT e.customers, e.points INTO expire_points.customers, expire_points.points
      FROM expire_lapsed_points(locked, expire_points.as_of) e;
END
$$;
COMMENT ON FUNCTION expire_points(timestamptz) IS
    'posts the expiry of all points that have lapsed by an instant, dated when each lapsed; run it once a night. Gives the number of customers and of points. Lapsed points cannot be used even before it has run, so nothing depends on when it does; run twice, it does nothing the second time';

CREATE OR REPLACE FUNCTION lock_points(
    customer @key_type@,
    kind text,
    posting_key text,
    points bigint,
    order_id text,
    INOUT posted_at timestamptz,
    OUT first_posting bigint,
    OUT balance bigint
)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    account record;
    present record;
BEGIN
    LOOP
        SELECT a.balance, a.last_posted_at INTO account
          FROM point_accounts a
         WHERE a.customer_id = customer
           FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        IF NOT EXISTS (SELECT FROM customers c WHERE c.customer_id = customer) THEN
            RAISE EXCEPTION 'there is no customer %', coalesce(customer::text, 'NULL')
                USING ERRCODE = 'foreign_key_violation';
        END IF;
        INSERT INTO point_accounts (customer_id) VALUES (customer) ON CONFLICT DO NOTHING;
    END LOOP;

    SELECT p.posting_id, p.points, p.order_id INTO present
      FROM point_postings p
     WHERE p.customer_id = customer AND p.kind = lock_points.kind AND p.posting_key = lock_points.posting_key;
    IF FOUND THEN
        IF present.points <> lock_points.points OR present.order_id IS DISTINCT FROM lock_points.order_id THEN
            RAISE EXCEPTION 'customer % has another posting under the key %', customer, quote_literal(lock_points.posting_key)
                USING ERRCODE = 'unique_violation',
                      DETAIL = format('Posting %s is of %s points%s.', present.posting_id, present.points,
                                      coalesce(' for order ' || present.order_id, '')),
                      HINT = 'The same key posts the same thing once, however often it is sent; another thing needs another key.';
        END IF;
        first_posting := present.posting_id;
        RETURN;
    END IF;

    IF lock_points.posted_at IS NULL THEN
        posted_at := greatest(now(), account.last_posted_at);
    ELSIF lock_points.posted_at < account.last_posted_at THEN
        RAISE EXCEPTION 'customer % has postings of later than %', customer, lock_points.posted_at
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('The last is of %s.', account.last_posted_at),
                  HINT = 'The books are kept in order of time. Leave posted_at out to post now.';
    END IF;
    balance := account.balance;
    IF EXISTS (SELECT FROM point_lots l
                WHERE l.customer_id = customer AND l.remaining > 0 AND l.expires_at <= lock_points.posted_at) THEN
        balance := balance - (SELECT e.points FROM expire_lapsed_points(ARRAY[customer], lock_points.posted_at) e);
    END IF;
END
$$;
COMMENT ON FUNCTION lock_points(@key_type@, text, text, bigint, text, timestamptz) IS
    'what every posting begins with: locks the account, or makes one; gives the first posting if the key was posted before; otherwise when to date the posting, and the balance after what has lapsed by then';

CREATE OR REPLACE FUNCTION move_points(customer @key_type@, points bigint, posted_at timestamptz, is_activity boolean)
RETURNS void
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE point_accounts a
       SET balance = a.balance + move_points.points, last_posted_at = move_points.posted_at
     WHERE a.customer_id = customer;
    IF is_activity THEN
        UPDATE point_lots l
           SET expires_at = points_last_until(move_points.posted_at, l.expires_after_idle,
                                              (SELECT s.time_zone FROM settings s))
         WHERE l.customer_id = customer AND l.remaining > 0 AND l.expires_after_idle IS NOT NULL;
    END IF;
END
$$;
COMMENT ON FUNCTION move_points(@key_type@, bigint, timestamptz, boolean) IS
    'what every posting ends with: the account''s balance, and longer life for points that lapse when nothing happens';

-- Lot by lot, because the first one or two mostly do: then neither an account's
-- other lots nor its history are read. (Postings are in order of time, so lots of
-- the same expiry go by their numbers.)
CREATE OR REPLACE FUNCTION take_points(
    customer @key_type@,
    posting bigint,
    points bigint,
    own_lot bigint,
    as_of timestamptz
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    lot record;
    taken bigint := 0;
    part bigint;
BEGIN
    FOR lot IN
        SELECT l.lot_id, l.remaining
          FROM point_lots l
         WHERE l.customer_id = customer AND l.remaining > 0
         ORDER BY l.lot_id IS DISTINCT FROM own_lot, l.expires_at, l.lot_id
    LOOP
        EXIT WHEN taken >= take_points.points;
        CONTINUE WHEN own_lot IS NULL
            AND NOT EXISTS (SELECT FROM point_postings p
                             CROSS JOIN settings s
                              LEFT JOIN orders o
                                ON p.pending IS NOT NULL AND o.customer_id = p.customer_id AND o.order_id = p.order_id
                             WHERE p.customer_id = customer AND p.posting_id = lot.lot_id
                               AND (p.available_at <= as_of
                                    OR o.delivered_at <= as_of
                                       AND points_usable_from(o.delivered_at, p.pending, s.time_zone) <= as_of));
        part := least(lot.remaining, take_points.points - taken);
        UPDATE point_lots l
           SET remaining = l.remaining - part
         WHERE l.customer_id = customer AND l.lot_id = lot.lot_id;
        INSERT INTO point_allocations (customer_id, posting_id, lot_id, points)
        VALUES (customer, posting, lot.lot_id, part);
        taken := taken + part;
    END LOOP;
    RETURN taken;
END
$$;
COMMENT ON FUNCTION take_points(@key_type@, bigint, bigint, bigint, timestamptz) IS
    'takes points for a posting from the lots that can be used, soonest expiring first; with own_lot from that lot first and from all others, pending ones too; gives how many there were';

CREATE OR REPLACE FUNCTION check_points(points bigint) RETURNS bigint
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF points > 0 AND points <= 1000000000000 THEN
        RETURN points;
    END IF;
    RAISE EXCEPTION '% is no number of points', coalesce(points::text, 'NULL')
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'Points are a whole number, from one up to a trillion.';
END
$$;
COMMENT ON FUNCTION check_points(bigint) IS 'a number of points, or an error';

CREATE OR REPLACE FUNCTION check_posting_key(key text, hint text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF key <> '' THEN
        RETURN key;
    END IF;
    RAISE EXCEPTION 'a posting needs a key'
        USING ERRCODE = 'invalid_parameter_value',
              DETAIL = 'The same key posts once, however often it is sent.',
              HINT = check_posting_key.hint;
END
$$;
COMMENT ON FUNCTION check_posting_key(text, text) IS
    'the key of a posting, or an error if it is NULL or empty';

-- Exact: multiplied, added up and divided once, with the remainder at hand.
CREATE OR REPLACE FUNCTION points_for_order(customer @key_type@, order_id text)
RETURNS TABLE (
    points bigint,
    rule_id bigint,
    campaigns bigint[]
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT (CASE r.rounding
                WHEN 'floor' THEN div(e.dividend, e.divisor)
                WHEN 'ceil' THEN div(e.dividend, e.divisor) + sign(mod(e.dividend, e.divisor))
                ELSE div(2 * e.dividend + e.divisor, 2 * e.divisor)
            END
            + coalesce(b.bonus, 0))::bigint,
           r.rule_id,
           ARRAY(SELECT DISTINCT k FROM unnest(m.campaigns || b.campaigns) k WHERE k IS NOT NULL ORDER BY k)
      FROM orders o
     CROSS JOIN LATERAL (SELECT customer_tier(o.customer_id, o.ordered_at) AS tier OFFSET 0) t
     CROSS JOIN LATERAL (
               SELECT r.*
                 FROM points_rules r
                WHERE r.valid @> o.ordered_at AND (r.tier IS NULL OR r.tier = t.tier)
                ORDER BY r.tier IS NULL
                LIMIT 1
           ) r
     CROSS JOIN LATERAL (
               SELECT o.amount
                      - CASE WHEN r.tax_earns THEN 0 ELSE o.tax END
                      - CASE WHEN r.shipping_earns THEN 0 ELSE o.shipping END AS amount
           ) base
     CROSS JOIN LATERAL (
               -- an order without lines counts as one line without a category
               SELECT sum(p.amount) AS total,
                      sum(p.amount * coalesce(c.multiplier, 1)) AS multiplied,
                      array_agg(c.campaign_id) AS campaigns
                 FROM (SELECT i.category, sum(i.amount) AS amount
                         FROM order_items i
                        WHERE i.customer_id = o.customer_id AND i.order_id = o.order_id
                        GROUP BY i.category
                       HAVING sum(i.amount) > 0
                       UNION ALL
                       SELECT NULL, 1
                        WHERE NOT EXISTS (SELECT FROM order_items i
                                           WHERE i.customer_id = o.customer_id AND i.order_id = o.order_id
                                             AND i.amount > 0)) p
                 LEFT JOIN LATERAL (
                          SELECT c.campaign_id, c.multiplier
                            FROM points_campaigns c
                           WHERE c.valid @> o.ordered_at AND c.multiplier IS NOT NULL
                             AND (c.tier IS NULL OR c.tier = t.tier)
                             AND (c.category IS NULL OR c.category = p.category)
                           ORDER BY c.multiplier DESC, c.campaign_id
                           LIMIT 1
                      ) c ON true
           ) m
     CROSS JOIN LATERAL (
               SELECT sum(c.bonus) AS bonus, array_agg(c.campaign_id) AS campaigns
                 FROM points_campaigns c
                WHERE c.valid @> o.ordered_at AND c.bonus IS NOT NULL
                  AND (c.tier IS NULL OR c.tier = t.tier)
                  AND (c.category IS NULL
                       OR EXISTS (SELECT FROM order_items i
                                   WHERE i.customer_id = o.customer_id AND i.order_id = o.order_id
                                     AND i.category = c.category))
           ) b
     CROSS JOIN LATERAL (
               SELECT base.amount * m.multiplied * r.points AS dividend, m.total * r.per_amount AS divisor
           ) e
     WHERE o.customer_id = points_for_order.customer AND o.order_id = points_for_order.order_id
       AND o.cancelled_at IS NULL
       AND base.amount >= r.min_amount;
END;
COMMENT ON FUNCTION points_for_order(@key_type@, text) IS
    'what an order earns, before refunds: amount (less tax and shipping unless the rule counts them) x the largest multiplier that fits each line x points / per_amount, rounded once, plus bonuses; by the rule, the tier and the campaigns of when it was placed. No row if no rule fits, if it is too small, or if it was cancelled';

CREATE OR REPLACE FUNCTION points_left_of(points bigint, amount numeric, refunded numeric, cancelled_at timestamptz)
RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN cancelled_at IS NOT NULL OR amount = 0 AND refunded > 0 THEN 0
    WHEN refunded = 0 THEN points
    ELSE floor(points * (amount - refunded) / amount)::bigint
END;
COMMENT ON FUNCTION points_left_of(bigint, numeric, numeric, timestamptz) IS
    'what remains earned of an order''s points after refunds: in proportion to what was kept, rounded down';

CREATE OR REPLACE FUNCTION order_kept(customer @key_type@, order_id text, OUT amount numeric, OUT refunded numeric, OUT cancelled_at timestamptz)
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
BEGIN
    SELECT o.amount,
           least(o.amount, coalesce((SELECT sum(r.refund)
                                       FROM returns r
                                      WHERE r.customer_id = o.customer_id AND r.order_id = o.order_id), 0)),
           o.cancelled_at
      INTO amount, refunded, cancelled_at
      FROM orders o
     WHERE o.customer_id = customer AND o.order_id = order_kept.order_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'customer % has no order %', coalesce(customer::text, 'NULL'), coalesce(order_kept.order_id, 'NULL')
            USING ERRCODE = 'foreign_key_violation';
    END IF;
END
$$;
COMMENT ON FUNCTION order_kept(@key_type@, text) IS
    'an order''s amount, what was refunded of it and when it was cancelled, by now; an error if there is none';

CREATE OR REPLACE FUNCTION earn_points(customer @key_type@, order_id text, posted_at timestamptz DEFAULT NULL)
RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    bought record;
    account record;
    earned record;
    rule record;
    lot bigint;
BEGIN
    SELECT k.amount, k.refunded, k.cancelled_at INTO bought FROM order_kept(customer, earn_points.order_id) k;
    SELECT f.points, f.rule_id, f.campaigns INTO earned FROM points_for_order(customer, earn_points.order_id) f;

    SELECT p.posting_id INTO lot
      FROM point_postings p
     WHERE p.customer_id = customer AND p.kind = 'earn' AND p.posting_key = earn_points.order_id;
    IF FOUND OR coalesce(points_left_of(earned.points, bought.amount, bought.refunded, bought.cancelled_at), 0) = 0 THEN
        RETURN lot;
    END IF;
    account := lock_points(customer, 'earn', earn_points.order_id, earned.points, earn_points.order_id, earn_points.posted_at);
    IF account.first_posting IS NOT NULL THEN
        RETURN account.first_posting;
    END IF;
    SELECT r.pending_from, r.pending, r.expires_from, r.expires_after, s.time_zone INTO rule
      FROM points_rules r
     CROSS JOIN settings s
     WHERE r.rule_id = earned.rule_id;
    INSERT INTO point_postings AS p
        (customer_id, kind, points, posted_at, available_at, pending, expires_at, expires_after_idle,
         order_id, posting_key, rule_id, campaigns)
    VALUES (customer, 'earn', earned.points, account.posted_at,
            CASE rule.pending_from WHEN 'earned' THEN points_usable_from(account.posted_at, rule.pending, rule.time_zone) END,
            CASE rule.pending_from WHEN 'delivered' THEN rule.pending END,
            CASE rule.expires_from WHEN 'earned' THEN points_last_until(account.posted_at, rule.expires_after, rule.time_zone) END,
            CASE rule.expires_from WHEN 'last_activity' THEN rule.expires_after END,
            earn_points.order_id, earn_points.order_id, earned.rule_id, earned.campaigns)
    RETURNING p.posting_id INTO lot;
    INSERT INTO point_lots (customer_id, lot_id, remaining, expires_at, expires_after_idle)
    SELECT p.customer_id, p.posting_id, p.points, p.expires_at, p.expires_after_idle
      FROM point_postings p
     WHERE p.customer_id = customer AND p.posting_id = lot;
    PERFORM move_points(customer, earned.points, account.posted_at, true);
    IF bought.refunded > 0 THEN
        PERFORM reverse_order_points(customer, earn_points.order_id, account.posted_at);
    END IF;
    RETURN lot;
END
$$;
COMMENT ON FUNCTION earn_points(@key_type@, text, timestamptz) IS
    'posts what an order earns, and takes back the share of what was refunded by then; gives the posting; once an order, however often it is called. NULL if the order earns nothing (see points_for_order). posted_at: when it is in the books, by default now';

CREATE OR REPLACE FUNCTION pay_points(
    customer @key_type@,
    kind text,
    points bigint,
    key text,
    order_id text,
    note text,
    posted_at timestamptz
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    account record;
    posting bigint;
    taken bigint;
BEGIN
    account := lock_points(customer, pay_points.kind, key, -pay_points.points, pay_points.order_id, pay_points.posted_at);
    IF account.first_posting IS NOT NULL THEN
        RETURN account.first_posting;
    END IF;
    INSERT INTO point_postings AS p (customer_id, kind, points, posted_at, order_id, posting_key, note)
    VALUES (customer, pay_points.kind, -pay_points.points, account.posted_at, pay_points.order_id, key, pay_points.note)
    RETURNING p.posting_id INTO posting;
    taken := take_points(customer, posting, pay_points.points, NULL, account.posted_at);
    IF taken < pay_points.points THEN
        RAISE EXCEPTION 'customer % has % points and cannot pay %', customer, taken, pay_points.points
            USING ERRCODE = 'check_violation',
                  DETAIL = format('%s more are pending, as of %s.', account.balance - taken, account.posted_at);
    END IF;
    PERFORM move_points(customer, -pay_points.points, account.posted_at, pay_points.kind = 'redeem');
    RETURN posting;
END
$$;
COMMENT ON FUNCTION pay_points(@key_type@, text, bigint, text, text, text, timestamptz) IS
    'posts points that go, out of those that can be used; an error if there are too few';

CREATE OR REPLACE FUNCTION redeem_points(
    customer @key_type@,
    points bigint,
    key text,
    order_id text DEFAULT NULL,
    posted_at timestamptz DEFAULT NULL
) RETURNS bigint
    LANGUAGE sql VOLATILE
RETURN pay_points(
    customer, 'redeem', check_points(points),
    check_posting_key(key, 'Give the checkout''s own number, such as redeem_points(customer, 500, ''checkout 4711'').'),
    order_id, NULL, posted_at);
COMMENT ON FUNCTION redeem_points(@key_type@, bigint, text, text, timestamptz) IS
    'posts that a customer pays with points, from the lots that lapse first, and gives the posting; an error if fewer can be used. key: whatever names this payment; sent again, it gives the first posting. order_id: the order paid for, so that its cancellation gives the points back';

CREATE OR REPLACE FUNCTION adjust_points(
    customer @key_type@,
    points bigint,
    key text,
    note text DEFAULT NULL,
    expires_at timestamptz DEFAULT NULL,
    posted_at timestamptz DEFAULT NULL
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    hint constant text := 'Name the reason, such as adjust_points(customer, 500, ''sorry for the delay of A-17'').';
    account record;
    lot bigint;
BEGIN
    PERFORM check_points(abs(adjust_points.points)), check_posting_key(key, hint);
    IF adjust_points.points < 0 THEN
        IF adjust_points.expires_at IS NOT NULL THEN
            RAISE EXCEPTION 'points that go do not expire'
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = format('expires_at is %s, and points are %s.', adjust_points.expires_at, adjust_points.points);
        END IF;
        RETURN pay_points(customer, 'adjust', -adjust_points.points, key, NULL, adjust_points.note, adjust_points.posted_at);
    END IF;
    account := lock_points(customer, 'adjust', key, adjust_points.points, NULL, adjust_points.posted_at);
    IF account.first_posting IS NOT NULL THEN
        RETURN account.first_posting;
    END IF;
    IF adjust_points.expires_at <= account.posted_at THEN
        RAISE EXCEPTION 'points of % cannot lapse on %', account.posted_at, adjust_points.expires_at
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Leave expires_at out for points that never lapse.';
    END IF;
    INSERT INTO point_postings AS p
        (customer_id, kind, points, posted_at, available_at, expires_at, posting_key, note)
    VALUES (customer, 'adjust', adjust_points.points, account.posted_at, account.posted_at,
            adjust_points.expires_at, key, adjust_points.note)
    RETURNING p.posting_id INTO lot;
    INSERT INTO point_lots (customer_id, lot_id, remaining, expires_at)
    VALUES (customer, lot, adjust_points.points, adjust_points.expires_at);
    PERFORM move_points(customer, adjust_points.points, account.posted_at, false);
    RETURN lot;
END
$$;
COMMENT ON FUNCTION adjust_points(@key_type@, bigint, text, text, timestamptz, timestamptz) IS
    'posts points by hand, and gives the posting: positive ones are a new lot, to be used at once, which lapses at expires_at (NULL: never); negative ones are taken as by redeem_points. key: as there';

CREATE OR REPLACE FUNCTION points_reversible(customer @key_type@, posting bigint) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT (abs(p.points) - coalesce((SELECT sum(abs(r.points) + r.shortfall + r.lapsed)
                                        FROM point_postings r
                                       WHERE r.customer_id = p.customer_id AND r.reverses = p.posting_id), 0))::bigint
      FROM point_postings p
     WHERE p.customer_id = points_reversible.customer AND p.posting_id = points_reversible.posting
       AND p.kind IN ('earn', 'redeem', 'adjust');
END;
COMMENT ON FUNCTION points_reversible(@key_type@, bigint) IS
    'how many points of a posting have not been reversed yet; NULL if it is none that can be';

CREATE OR REPLACE FUNCTION check_reversible(customer @key_type@, posting bigint, points bigint) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    reversible bigint := points_reversible(customer, posting);
BEGIN
    IF points > reversible THEN
        RAISE EXCEPTION 'posting % of customer % has % points left to reverse, not %', posting, customer, reversible, points
            USING ERRCODE = 'check_violation';
    END IF;
END
$$;
COMMENT ON FUNCTION check_reversible(@key_type@, bigint, bigint) IS
    'an error if more points of a posting are to be reversed than are left of it';

-- Of a lot that lapsed meanwhile, what is given back lapses at once; and of one
-- that should have been taken back and was spent, it is taken back now.
CREATE OR REPLACE FUNCTION give_points_back(
    customer @key_type@,
    reversed bigint,
    points bigint,
    key text,
    posted_at timestamptz
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    account record;
    owed record;
    posting bigint;
    made_up_for bigint;
BEGIN
    account := lock_points(customer, 'reverse', key, points, NULL, give_points_back.posted_at);
    IF account.first_posting IS NOT NULL THEN
        RETURN account.first_posting;
    END IF;
    PERFORM check_reversible(customer, reversed, points);
    INSERT INTO point_postings AS p (customer_id, kind, points, posted_at, reverses, posting_key)
    VALUES (customer, 'reverse', give_points_back.points, account.posted_at, reversed, key)
    RETURNING p.posting_id INTO posting;
    WITH taken AS (
        SELECT a.lot_id, sum(a.points)::bigint AS points
          FROM point_allocations a
         WHERE a.customer_id = customer
           AND a.posting_id IN (SELECT p.posting_id
                                  FROM point_postings p
                                 WHERE p.customer_id = customer
                                   AND (p.posting_id = reversed OR p.reverses = reversed))
         GROUP BY a.lot_id
        HAVING sum(a.points) > 0
    ), ordered AS (
        SELECT t.lot_id, t.points,
               coalesce(sum(t.points) OVER (ORDER BY l.expires_at DESC NULLS FIRST, t.lot_id DESC
                                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
          FROM taken t
          JOIN point_lots l ON l.customer_id = customer AND l.lot_id = t.lot_id
    ), given AS (
        SELECT o.lot_id, least(o.points, give_points_back.points - o.before)::bigint AS points
          FROM ordered o
         WHERE o.before < give_points_back.points
    ), filled AS (
        UPDATE point_lots l
           SET remaining = l.remaining + g.points
          FROM given g
         WHERE l.customer_id = customer AND l.lot_id = g.lot_id
    )
    INSERT INTO point_allocations (customer_id, posting_id, lot_id, points)
    SELECT customer, posting, g.lot_id, -g.points
      FROM given g;
    PERFORM move_points(customer, give_points_back.points, account.posted_at, false);
    FOR owed IN
        SELECT a.lot_id, least(-a.points, o.shortfall)::bigint AS points
          FROM point_allocations a
         CROSS JOIN LATERAL (
                   SELECT sum(p.shortfall) AS shortfall
                     FROM point_postings p
                    WHERE p.customer_id = a.customer_id AND p.reverses = a.lot_id
               ) o
         WHERE a.customer_id = customer AND a.posting_id = posting AND o.shortfall > 0
         ORDER BY a.lot_id
    LOOP
        INSERT INTO point_postings AS p (customer_id, kind, points, shortfall, posted_at, reverses, posting_key)
        VALUES (customer, 'reverse', -owed.points, -owed.points, account.posted_at, owed.lot_id,
                format('posting %s, made up for by posting %s', owed.lot_id, posting))
        RETURNING p.posting_id INTO made_up_for;
        PERFORM take_points(customer, made_up_for, owed.points, owed.lot_id, account.posted_at);
        PERFORM move_points(customer, -owed.points, account.posted_at, false);
    END LOOP;
    PERFORM expire_lapsed_points(ARRAY[customer], account.posted_at);
    RETURN posting;
END
$$;
COMMENT ON FUNCTION give_points_back(@key_type@, bigint, bigint, text, timestamptz) IS
    'posts that points which were paid come back, to the lots that they were taken from, the last to lapse first';

-- Never below zero: what is no longer there is written down as the shortfall; and
-- what has lapsed is lost already, and is not taken from other lots.
CREATE OR REPLACE FUNCTION take_points_back(
    customer @key_type@,
    reversed bigint,
    points bigint,
    key text,
    posted_at timestamptz
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    account record;
    posting bigint;
    lapsed bigint;
    taken bigint;
    lot_order text := (SELECT p.order_id FROM point_postings p WHERE p.customer_id = customer AND p.posting_id = reversed);
BEGIN
    account := lock_points(customer, 'reverse', key, NULL, lot_order, take_points_back.posted_at);
    IF account.first_posting IS NOT NULL THEN
        RETURN account.first_posting;
    END IF;
    PERFORM check_reversible(customer, reversed, points);
    SELECT greatest(0, least(take_points_back.points - l.remaining, e.points - r.lapsed)) INTO lapsed
      FROM point_lots l
     CROSS JOIN LATERAL (
               SELECT coalesce(sum(a.points), 0) AS points
                 FROM point_allocations a
                 JOIN point_postings p ON p.customer_id = a.customer_id AND p.posting_id = a.posting_id
                WHERE a.customer_id = customer AND a.lot_id = reversed AND p.kind = 'expire'
           ) e
     CROSS JOIN LATERAL (
               SELECT coalesce(sum(p.lapsed), 0) AS lapsed
                 FROM point_postings p
                WHERE p.customer_id = customer AND p.reverses = reversed
           ) r
     WHERE l.customer_id = customer AND l.lot_id = reversed;
    taken := least(points - lapsed, account.balance);
    INSERT INTO point_postings AS p (customer_id, kind, points, shortfall, lapsed, posted_at, order_id, reverses, posting_key)
    VALUES (customer, 'reverse', -taken, take_points_back.points - lapsed - taken, lapsed, account.posted_at, lot_order, reversed, key)
    RETURNING p.posting_id INTO posting;
    PERFORM take_points(customer, posting, taken, reversed, account.posted_at);
    PERFORM move_points(customer, -taken, account.posted_at, false);
    RETURN posting;
END
$$;
COMMENT ON FUNCTION take_points_back(@key_type@, bigint, bigint, text, timestamptz) IS
    'posts that points which were given are taken back: from their own lot, then from the others, soonest expiring first. What of that lot has lapsed is the posting''s lapsed, what is not there any more its shortfall';

CREATE OR REPLACE FUNCTION reverse_points(
    customer @key_type@,
    posting bigint,
    points bigint DEFAULT NULL,
    key text DEFAULT NULL,
    posted_at timestamptz DEFAULT NULL
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    present record;
    amount bigint;
BEGIN
    SELECT p.kind, p.points INTO present
      FROM point_postings p
     WHERE p.customer_id = customer AND p.posting_id = posting;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'customer % has no posting %', coalesce(customer::text, 'NULL'), coalesce(posting::text, 'NULL')
            USING ERRCODE = 'foreign_key_violation';
    ELSIF present.kind NOT IN ('earn', 'redeem', 'adjust') THEN
        RAISE EXCEPTION 'posting % of customer % cannot be reversed', posting, customer
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('It is of kind %s.', present.kind),
                  HINT = 'Correct it with adjust_points.';
    END IF;
    -- The account first: what is left to reverse is to be what others have left.
    PERFORM FROM point_accounts a WHERE a.customer_id = customer FOR NO KEY UPDATE;
    IF reverse_points.points IS NULL THEN
        amount := points_reversible(customer, posting);
        IF amount = 0 THEN
            -- (what made up for its shortfall came of another's reversal)
            RETURN (SELECT max(p.posting_id) FROM point_postings p
                     WHERE p.customer_id = customer AND p.reverses = posting AND p.shortfall >= 0);
        END IF;
        key := coalesce(key, 'posting ' || posting);
    ELSE
        amount := check_points(reverse_points.points);
        PERFORM check_posting_key(key, 'Without points, all that is left of the posting is reversed, and no key is needed.');
    END IF;
    IF present.points > 0 THEN
        RETURN take_points_back(customer, posting, amount, key, reverse_points.posted_at);
    END IF;
    RETURN give_points_back(customer, posting, amount, key, reverse_points.posted_at);
END
$$;
COMMENT ON FUNCTION reverse_points(@key_type@, bigint, bigint, text, timestamptz) IS
    'posts the reversal of a posting of kind earn, redeem or adjust, and gives it: points that were paid go back to the lots that they came from, with those lots'' expiry; points that were given are taken back, from other lots too, but never below zero (see shortfall). points: how many, with a key; NULL: all that is left, which called again gives the same reversal';

CREATE OR REPLACE FUNCTION reverse_order_points(customer @key_type@, order_id text, posted_at timestamptz DEFAULT NULL)
RETURNS SETOF bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    bought record;
    posting record;
    amount bigint;
    key text;
BEGIN
    SELECT k.amount, k.refunded, k.cancelled_at INTO bought FROM order_kept(customer, reverse_order_points.order_id) k;
    PERFORM FROM point_accounts a WHERE a.customer_id = customer FOR NO KEY UPDATE;
    FOR posting IN
        SELECT p.posting_id, p.kind,
               CASE p.kind WHEN 'earn' THEN points_left_of(p.points, bought.amount, bought.refunded, bought.cancelled_at)
                           ELSE 0
               END AS stays
          FROM point_postings p
         WHERE p.customer_id = customer AND p.order_id = reverse_order_points.order_id
           AND (p.kind = 'earn' OR p.kind = 'redeem' AND bought.cancelled_at IS NOT NULL)
         ORDER BY p.posting_id
    LOOP
        amount := points_reversible(customer, posting.posting_id) - posting.stays;
        CONTINUE WHEN amount <= 0;
        key := format('posting %s, down to %s', posting.posting_id, posting.stays);
        RETURN NEXT CASE posting.kind
            WHEN 'earn' THEN take_points_back(customer, posting.posting_id, amount, key, reverse_order_points.posted_at)
            ELSE give_points_back(customer, posting.posting_id, amount, key, reverse_order_points.posted_at)
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION reverse_order_points(@key_type@, text, timestamptz) IS
    'posts what follows from an order''s refunds or cancellation, and gives the postings: what it earned is taken back in proportion, and if it was cancelled, points paid for it come back. Called again, it does nothing until more is refunded';

-- What finance and customers ask

CREATE OR REPLACE FUNCTION points_expiring_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    expires_at timestamptz,
    points bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT l.customer_id, l.expires_at, sum(l.remaining)::bigint
      FROM open_point_lots_at(points_expiring_at.as_of) l
     WHERE l.expires_at IS NOT NULL
     GROUP BY l.customer_id, l.expires_at;
END;
COMMENT ON FUNCTION points_expiring_at(timestamptz) IS
    'what will lapse when, one row a customer and instant, pending points too; a condition on expires_at is answered by an index';

CREATE OR REPLACE FUNCTION points_liability_at(as_of timestamptz)
RETURNS TABLE (
    month date,
    opening bigint,
    earned bigint,
    redeemed bigint,
    expired bigint,
    reversed bigint,
    adjusted bigint,
    closing bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.month,
           (sum(m.moved) OVER w - m.moved)::bigint,
           m.earned, m.redeemed, m.expired, m.reversed, m.adjusted,
           (sum(m.moved) OVER w)::bigint
      FROM (SELECT c.month::date AS month,
                   coalesce(p.moved, 0) AS moved,
                   coalesce(p.earned, 0)::bigint AS earned,
                   coalesce(p.redeemed, 0)::bigint AS redeemed,
                   coalesce(p.expired, 0)::bigint AS expired,
                   coalesce(p.reversed, 0)::bigint AS reversed,
                   coalesce(p.adjusted, 0)::bigint AS adjusted
              FROM (SELECT generate_series(loyalcs.local_month(min(p.posted_at), s.time_zone)::timestamp,
                                           loyalcs.local_month(points_liability_at.as_of, s.time_zone)::timestamp,
                                           interval '1 month') AS month
                      FROM point_postings p
                     CROSS JOIN settings s
                     WHERE p.posted_at <= points_liability_at.as_of
                     GROUP BY s.time_zone) c
              LEFT JOIN (SELECT loyalcs.local_month(p.posted_at, s.time_zone) AS month,
                                sum(p.points) AS moved,
                                sum(p.points) FILTER (WHERE p.kind = 'earn') AS earned,
                                sum(p.points) FILTER (WHERE p.kind = 'redeem') AS redeemed,
                                sum(p.points) FILTER (WHERE p.kind = 'expire') AS expired,
                                sum(p.points) FILTER (WHERE p.kind = 'reverse') AS reversed,
                                sum(p.points) FILTER (WHERE p.kind = 'adjust') AS adjusted
                           FROM point_postings p
                          CROSS JOIN settings s
                          WHERE p.posted_at <= points_liability_at.as_of
                          GROUP BY loyalcs.local_month(p.posted_at, s.time_zone)) p
                ON p.month = c.month) m
    WINDOW w AS (ORDER BY m.month);
END;
COMMENT ON FUNCTION points_liability_at(timestamptz) IS
    'the points that customers hold, month by local month without gaps: opening + earned + redeemed + expired + reversed + adjusted = closing; what went is negative. Call expire_points first: what has lapsed is in the books once it was posted';

CREATE OR REPLACE FUNCTION points_statement_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    posted_at timestamptz,
    posting_id bigint,
    kind text,
    points bigint,
    balance bigint,
    shortfall bigint,
    lapsed bigint,
    order_id text,
    reverses bigint,
    expires_at timestamptz,
    rule_id bigint,
    campaigns bigint[]
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.customer_id, p.posted_at, p.posting_id, p.kind, p.points,
           (sum(p.points) OVER (PARTITION BY p.customer_id ORDER BY p.posted_at, p.posting_id))::bigint,
           p.shortfall, p.lapsed, p.order_id, p.reverses, p.expires_at, p.rule_id, p.campaigns
      FROM point_postings p
     WHERE p.posted_at <= points_statement_at.as_of;
END;
COMMENT ON FUNCTION points_statement_at(timestamptz) IS
    'every posting with the customer''s balance after it, pending points included';

CREATE OR REPLACE FUNCTION points_audit(customer @key_type@ DEFAULT NULL)
RETURNS TABLE (
    customer_id @key_type@,
    posting_id bigint,
    finding text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.customer_id, NULL::bigint, format('the account has %s points, its postings %s', a.balance, p.points)
      FROM point_accounts a
     CROSS JOIN LATERAL (
               SELECT coalesce(sum(p.points), 0) AS points
                 FROM point_postings p
                WHERE p.customer_id = a.customer_id
           ) p
     WHERE a.balance <> p.points
       AND (points_audit.customer IS NULL OR a.customer_id = points_audit.customer)
    UNION ALL
    SELECT p.customer_id, p.posting_id, format('the balance after it is %s', p.balance)
      FROM points_statement_at('infinity') p
     WHERE p.balance < 0
       AND (points_audit.customer IS NULL OR p.customer_id = points_audit.customer)
    UNION ALL
    SELECT p.customer_id, p.posting_id, format('it is of %s points and %s are allocated', p.points, -a.points)
      FROM point_postings p
     CROSS JOIN LATERAL (
               SELECT coalesce(sum(a.points), 0) AS points
                 FROM point_allocations a
                WHERE a.customer_id = p.customer_id AND a.posting_id = p.posting_id
           ) a
     WHERE NOT (p.points > 0 AND p.kind IN ('earn', 'adjust'))
       AND a.points <> -p.points
       AND (points_audit.customer IS NULL OR p.customer_id = points_audit.customer)
    UNION ALL
    SELECT p.customer_id, p.posting_id,
           format('of the lot of %s points %s were taken and %s are kept as left', p.points, a.points, l.remaining)
      FROM point_postings p
      LEFT JOIN point_lots l ON l.customer_id = p.customer_id AND l.lot_id = p.posting_id
     CROSS JOIN LATERAL (
               SELECT coalesce(sum(a.points), 0) AS points
                 FROM point_allocations a
                WHERE a.customer_id = p.customer_id AND a.lot_id = p.posting_id
           ) a
     WHERE p.points > 0 AND p.kind IN ('earn', 'adjust')
       AND (a.points NOT BETWEEN 0 AND p.points OR l.remaining IS DISTINCT FROM p.points - a.points)
       AND (points_audit.customer IS NULL OR p.customer_id = points_audit.customer);
END;
COMMENT ON FUNCTION points_audit(@key_type@) IS
    'adds the ledger up once more, for a customer or, if NULL, for all: a row for whatever does not agree, so none if all is well';$shop$),
    (58, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION customer_breakdowns() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{everyone,age_band,gender,region,sales_channel,first_category,rfm_segment,tier}'::text[];
COMMENT ON FUNCTION customer_breakdowns() IS
    'the breakdowns of customers: see customer_breakdown';

CREATE OR REPLACE FUNCTION check_breakdown(breakdown text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF breakdown = ANY (customer_breakdowns()) THEN
        RETURN breakdown;
    END IF;
    RAISE EXCEPTION 'unknown breakdown %', coalesce(quote_literal(breakdown), 'NULL')
        USING ERRCODE = 'invalid_parameter_value',
              HINT = format('The breakdowns are %s; surveys also have channel.',
                            array_to_string(customer_breakdowns(), ', '));
END
$$;
COMMENT ON FUNCTION check_breakdown(text) IS
    'the name of a breakdown, or an error that lists them all';

CREATE OR REPLACE FUNCTION customer_breakdown(breakdown text, as_of timestamptz)
RETURNS TABLE (customer_id @key_type@, part text)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.customer_id,
           CASE
               WHEN a.age < 20 THEN '-19'
               WHEN a.age >= 70 THEN '70-'
               ELSE (a.age / 10 * 10)::text || '-' || (a.age / 10 * 10 + 9)::text
           END
      FROM customers c
     CROSS JOIN LATERAL (
               SELECT EXTRACT(year FROM loyalcs.local_date(
                          greatest(least(customer_breakdown.as_of, timestamptz '9999-12-31 00:00+00'),
                                   timestamptz '0001-01-01 00:00+00'),
                          (SELECT s.time_zone FROM settings s)))::integer - c.birth_year AS age
           ) a
     WHERE check_breakdown(customer_breakdown.breakdown) = 'age_band'
    UNION ALL
    SELECT c.customer_id, c.gender
      FROM customers c
     WHERE check_breakdown(customer_breakdown.breakdown) = 'gender'
    UNION ALL
    SELECT c.customer_id, c.region
      FROM customers c
     WHERE check_breakdown(customer_breakdown.breakdown) = 'region'
    UNION ALL
    SELECT f.customer_id, f.sales_channel
      FROM (SELECT DISTINCT ON (o.customer_id) o.customer_id, o.sales_channel
              FROM counted_orders_at(customer_breakdown.as_of) o
             WHERE check_breakdown(customer_breakdown.breakdown) = 'sales_channel'
             ORDER BY o.customer_id, o.ordered_at, o.order_id) f
    UNION ALL
    SELECT f.customer_id, f.category
      FROM (SELECT DISTINCT ON (o.customer_id) o.customer_id, i.category
              FROM counted_orders_at(customer_breakdown.as_of) o
              LEFT JOIN order_items i
                ON i.customer_id = o.customer_id AND i.order_id = o.order_id
             WHERE check_breakdown(customer_breakdown.breakdown) = 'first_category'
             ORDER BY o.customer_id, o.ordered_at, o.order_id,
                      i.amount DESC NULLS LAST, i.line) f
    UNION ALL
    SELECT r.customer_id, r.segment
      FROM rfm_at(customer_breakdown.as_of) r
     WHERE check_breakdown(customer_breakdown.breakdown) = 'rfm_segment'
    UNION ALL
    SELECT c.customer_id, coalesce(h.tier, 'none')
      FROM customers c
      LEFT JOIN tier_history h
        ON h.customer_id = c.customer_id
       AND h.valid_from <= customer_breakdown.as_of
       AND (h.valid_until IS NULL OR h.valid_until > customer_breakdown.as_of)
     WHERE check_breakdown(customer_breakdown.breakdown) = 'tier';
END;
COMMENT ON FUNCTION customer_breakdown(text, timestamptz) IS
    'which part of a breakdown each customer belongs to: age_band (age reached in the local calendar year), gender, region, sales_channel (of the first order), first_category (of the dearest line of the first order), rfm_segment, tier (none for those without); no rows for everyone; NULL where it is not known';

CREATE OR REPLACE FUNCTION numbered_orders_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    customer_id @key_type@,
    order_id text,
    order_number bigint,
    ordered_at timestamptz,
    amount numeric,
    sales_channel text,
    first_order_at timestamptz,
    previous_order_at timestamptz,
    previous_amount numeric,
    next_order_at timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(b.part, CASE numbered_orders_by.breakdown
                                WHEN 'everyone' THEN 'everyone'
                                ELSE 'unknown'
                            END),
           o.customer_id,
           o.order_id,
           row_number() OVER life,
           o.ordered_at,
           o.amount,
           o.sales_channel,
           first_value(o.ordered_at) OVER life,
           lag(o.ordered_at) OVER life,
           lag(o.amount) OVER life,
           lead(o.ordered_at) OVER life
      FROM counted_orders_at(numbered_orders_by.as_of) o
      LEFT JOIN customer_breakdown(numbered_orders_by.breakdown, numbered_orders_by.as_of) b
        ON b.customer_id = o.customer_id
    WINDOW life AS (PARTITION BY o.customer_id ORDER BY o.ordered_at, o.order_id);
END;
COMMENT ON FUNCTION numbered_orders_by(text, timestamptz) IS
    'the orders that count, each with its number in the customer''s life and its neighbours there; for each part of a breakdown, unknown where the customers is not known';$shop$),
    (59, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION survey_scores_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    survey text,
    question text,
    kind text,
    month date,
    sent bigint,
    answered bigint,
    response_rate double precision,
    responses bigint,
    score double precision,
    score_low double precision,
    score_high double precision,
    csat_percent double precision,
    change double precision,
    change_low double precision,
    change_high double precision,
    p_value double precision,
    significant boolean,
    improved boolean,
    median_time_taken interval,
    distribution text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH parts AS (
        SELECT b.customer_id, b.part
          FROM customer_breakdown(CASE survey_scores_by.breakdown
                                      WHEN 'channel' THEN 'everyone'
                                      ELSE survey_scores_by.breakdown
                                  END, survey_scores_by.as_of) b
    ), invited AS (
        SELECT coalesce(p.part, CASE survey_scores_by.breakdown
                                    WHEN 'everyone' THEN 'everyone'
                                    WHEN 'channel' THEN coalesce(i.channel, 'unknown')
                                    ELSE 'unknown'
                                END) AS part,
               i.survey,
               loyalcs.local_month(i.sent_at, (SELECT s.time_zone FROM settings s)) AS month,
               count(*) AS sent,
               count(r.response_id) AS answered
          FROM survey_invitations i
          LEFT JOIN survey_responses r
            ON r.customer_id = i.customer_id
           AND r.invitation_id = i.invitation_id
           AND r.responded_at <= survey_scores_by.as_of
          LEFT JOIN parts p ON p.customer_id = i.customer_id
         WHERE i.sent_at <= survey_scores_by.as_of
         GROUP BY 1, 2, 3
    ), answers AS (
        SELECT coalesce(p.part, CASE survey_scores_by.breakdown
                                    WHEN 'everyone' THEN 'everyone'
                                    WHEN 'channel' THEN coalesce(r.channel, 'unknown')
                                    ELSE 'unknown'
                                END) AS part,
               a.survey,
               a.question,
               loyalcs.local_month(r.responded_at, (SELECT s.time_zone FROM settings s)) AS month,
               loyalcs.ratings_agg(a.score) AS ratings,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY r.time_taken) AS median_time_taken
          FROM survey_answers a
          JOIN survey_responses r
            ON r.customer_id = a.customer_id AND r.response_id = a.response_id
          LEFT JOIN parts p ON p.customer_id = a.customer_id
         WHERE r.responded_at <= survey_scores_by.as_of
           AND a.score IS NOT NULL
         GROUP BY 1, 2, 3, 4
    ), months AS (
        SELECT i.part, q.survey, q.question, i.month
          FROM invited i
          JOIN survey_questions q ON q.survey = i.survey
         WHERE q.scale_low IS NOT NULL
        UNION
        SELECT a.part, a.survey, a.question, a.month
          FROM answers a
    ), scored AS (
        SELECT m.part, m.survey, m.question, q.kind, q.scale_low, q.scale_high, q.higher_is_better, m.month,
               i.sent, i.answered, a.ratings, a.median_time_taken,
               lag(m.month) OVER months AS month_before,
               lag(a.ratings) OVER months AS ratings_before
          FROM months m
          JOIN survey_questions q ON q.survey = m.survey AND q.question = m.question
          LEFT JOIN invited i
            ON i.part = m.part AND i.survey = m.survey AND i.month = m.month
          LEFT JOIN answers a
            ON a.part = m.part AND a.survey = m.survey AND a.question = m.question
           AND a.month = m.month
        WINDOW months AS (PARTITION BY m.part, m.survey, m.question ORDER BY m.month)
    )
    SELECT s.part, s.survey, s.question, s.kind, s.month,
           coalesce(s.sent, 0),
           coalesce(s.answered, 0),
           s.answered::double precision / s.sent,
           coalesce(loyalcs.responses(s.ratings), 0),
           CASE s.kind WHEN 'nps' THEN loyalcs.nps(s.ratings) ELSE loyalcs.mean(s.ratings) END,
           CASE WHEN s.kind = 'nps' THEN n.low WHEN m.low < s.scale_low THEN s.scale_low ELSE m.low END,
           CASE WHEN s.kind = 'nps' THEN n.high WHEN m.high > s.scale_high THEN s.scale_high ELSE m.high END,
           CASE s.kind
               WHEN 'csat' THEN loyalcs.csat_percent(s.ratings, greatest(s.scale_high - 1, 1),
                                                     s.scale_high::integer)
           END,
           c.change, c.low, c.high, c.p_value,
           c.p_value < t.significance,
           CASE WHEN c.p_value < t.significance THEN (c.change > 0) = s.higher_is_better END,
           s.median_time_taken,
           loyalcs.sparkline(s.ratings)
      FROM scored s
     CROSS JOIN settings t
     CROSS JOIN LATERAL loyalcs.nps_interval(s.ratings, 1 - t.significance) n
     CROSS JOIN LATERAL loyalcs.mean_interval(s.ratings, 1 - t.significance) m
     CROSS JOIN LATERAL (
               SELECT d.change, d.low, d.high, d.p_value
                 FROM loyalcs.nps_change(s.ratings_before, s.ratings, 1 - t.significance) d
                WHERE s.kind = 'nps'
               UNION ALL
               SELECT d.change, d.low, d.high, d.p_value
                 FROM loyalcs.mean_change(s.ratings_before, s.ratings, 1 - t.significance) d
                WHERE s.kind <> 'nps'
           ) d
     CROSS JOIN LATERAL (
               SELECT CASE WHEN follows THEN d.change END AS change,
                      CASE WHEN follows THEN d.low END AS low,
                      CASE WHEN follows THEN d.high END AS high,
                      CASE WHEN follows THEN d.p_value END AS p_value
                 FROM (SELECT (s.month_before + interval '1 month')::date = s.month) f (follows)
           ) c
     ORDER BY s.part, s.survey, s.question, s.month;
END;
COMMENT ON FUNCTION survey_scores_by(text, timestamptz) IS
    'each rated question by local month: invitations and how many of them were answered, answers given, the score with its interval, and whether it really changed against the month before; for each part of a breakdown, of which surveys have one more than other figures: channel, where the invitation went out and where the answer came in';$shop$),
    (60, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION repeat_rate_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    month date,
    buyers bigint,
    repeat_buyers bigint,
    repeat_rate double precision,
    new_buyers bigint,
    second_within_30_days double precision,
    second_within_60_days double precision,
    second_within_90_days double precision,
    second_within_180_days double precision,
    second_within_365_days double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH firsts AS (
        SELECT o.part, o.customer_id, o.order_number,
               loyalcs.local_month(o.ordered_at, (SELECT s.time_zone FROM settings s)) AS month,
               o.next_order_at - o.ordered_at AS second_after
          FROM numbered_orders_by(repeat_rate_by.breakdown, repeat_rate_by.as_of) o
    ), counted AS (
        SELECT f.part, f.month,
               least(repeat_rate_by.as_of, timestamptz '9999-12-31 00:00+00')
               - ((f.month + interval '1 month') AT TIME ZONE (SELECT s.time_zone FROM settings s)) AS watched,
               count(DISTINCT f.customer_id) AS buyers,
               count(DISTINCT f.customer_id) FILTER (WHERE f.order_number > 1) AS repeat_buyers,
               count(*) FILTER (WHERE f.order_number = 1) AS firsts,
               count(*) FILTER (WHERE f.order_number = 1 AND f.second_after <= interval '30 days') AS d30,
               count(*) FILTER (WHERE f.order_number = 1 AND f.second_after <= interval '60 days') AS d60,
               count(*) FILTER (WHERE f.order_number = 1 AND f.second_after <= interval '90 days') AS d90,
               count(*) FILTER (WHERE f.order_number = 1 AND f.second_after <= interval '180 days') AS d180,
               count(*) FILTER (WHERE f.order_number = 1 AND f.second_after <= interval '365 days') AS d365
          FROM firsts f
         GROUP BY f.part, f.month
    )
    SELECT c.part, c.month, c.buyers, c.repeat_buyers,
           c.repeat_buyers::double precision / c.buyers,
           c.firsts,
           CASE WHEN c.watched >= interval '30 days' THEN c.d30::double precision / nullif(c.firsts, 0) END,
           CASE WHEN c.watched >= interval '60 days' THEN c.d60::double precision / nullif(c.firsts, 0) END,
           CASE WHEN c.watched >= interval '90 days' THEN c.d90::double precision / nullif(c.firsts, 0) END,
           CASE WHEN c.watched >= interval '180 days' THEN c.d180::double precision / nullif(c.firsts, 0) END,
           CASE WHEN c.watched >= interval '365 days' THEN c.d365::double precision / nullif(c.firsts, 0) END
      FROM counted c
     ORDER BY c.part, c.month;
END;
COMMENT ON FUNCTION repeat_rate_by(text, timestamptz) IS
    'month by month: how many of the buyers had bought before, and how many of the new ones came back; a conversion is NULL until the whole month has been over for that long, so that it is not a guess from its first days; for each part of a breakdown';

CREATE OR REPLACE FUNCTION order_ladder_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    order_number bigint,
    customers bigint,
    reached_share double precision,
    step_share double precision,
    average_order numeric,
    average_previous numeric,
    median_wait interval
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.part,
           o.order_number,
           count(*),
           count(*)::double precision / first_value(count(*)) OVER ladder,
           count(*)::double precision / lag(count(*)) OVER ladder,
           trim_scale(avg(o.amount)),
           trim_scale(avg(o.previous_amount)),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY o.ordered_at - o.previous_order_at)
      FROM numbered_orders_by(order_ladder_by.breakdown, order_ladder_by.as_of) o
     GROUP BY o.part, o.order_number
    WINDOW ladder AS (PARTITION BY o.part ORDER BY o.order_number)
     ORDER BY o.part, o.order_number;
END;
COMMENT ON FUNCTION order_ladder_by(text, timestamptz) IS
    'first, second, third order and so on: how many customers got there and what they spent; average_previous is the same customers'' order before, so whether orders grow is not confused with who stays; for each part of a breakdown';

CREATE OR REPLACE FUNCTION retention_cohorts_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    cohort date,
    cohort_size bigint,
    months_later integer,
    active_customers bigint,
    active_share double precision,
    revenue numeric,
    complete boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH active AS (
        SELECT o.part, p.cohort,
               ((EXTRACT(year FROM p.month) - EXTRACT(year FROM p.cohort)) * 12
                + EXTRACT(month FROM p.month) - EXTRACT(month FROM p.cohort))::integer
                   AS months_later,
               count(DISTINCT o.customer_id) AS customers,
               sum(o.amount) AS revenue
          FROM (SELECT n.part, n.customer_id, n.amount,
                       loyalcs.local_month(n.ordered_at, (SELECT s.time_zone FROM settings s)) AS month,
                       loyalcs.local_month(n.first_order_at, (SELECT s.time_zone FROM settings s)) AS cohort
                  FROM numbered_orders_by(retention_cohorts_by.breakdown, retention_cohorts_by.as_of) n) o
         CROSS JOIN LATERAL (SELECT o.month, o.cohort) p
         GROUP BY o.part, p.cohort, p.month
    ), cohorts AS (
        SELECT a.part, a.cohort, a.customers,
               loyalcs.local_month(least(retention_cohorts_by.as_of, timestamptz '9999-12-31 00:00+00'),
                                   (SELECT s.time_zone FROM settings s)) AS until
          FROM active a
         WHERE a.months_later = 0
    )
    SELECT c.part, c.cohort, c.customers, m.months_later,
           coalesce(a.customers, 0),
           coalesce(a.customers, 0)::double precision / c.customers,
           coalesce(a.revenue, 0),
           ((c.cohort + make_interval(months => m.months_later + 1))
            AT TIME ZONE (SELECT s.time_zone FROM settings s)) <= retention_cohorts_by.as_of
      FROM cohorts c
     CROSS JOIN LATERAL generate_series(0,
               ((EXTRACT(year FROM c.until) - EXTRACT(year FROM c.cohort)) * 12
                + EXTRACT(month FROM c.until) - EXTRACT(month FROM c.cohort))::integer) m (months_later)
      LEFT JOIN active a
        ON a.part = c.part AND a.cohort = c.cohort AND a.months_later = m.months_later
     ORDER BY c.part, c.cohort, m.months_later;
END;
COMMENT ON FUNCTION retention_cohorts_by(text, timestamptz) IS
    'customers by the local month of their first order: how many of them bought in each later month, months without a buyer included; for each part of a breakdown';

CREATE OR REPLACE FUNCTION customer_retention_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    period text,
    period_start date,
    starting bigint,
    ending bigint,
    acquired bigint,
    retained bigint,
    reactivated bigint,
    crr double precision,
    strict_retention double precision,
    complete boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH bought AS (
        SELECT o.part, o.customer_id, o.ordered_at, o.first_order_at,
               (SELECT s.time_zone FROM settings s) AS time_zone
          FROM numbered_orders_by(customer_retention_by.breakdown, customer_retention_by.as_of) o
    ), active AS (
        SELECT b.part, 'month' AS period, b.customer_id,
               loyalcs.local_month(b.ordered_at, b.time_zone) AS period_start,
               loyalcs.local_month(b.first_order_at, b.time_zone) AS first_period
          FROM bought b
         GROUP BY 1, 2, 3, 4, 5
        UNION ALL
        SELECT b.part, 'quarter', b.customer_id,
               loyalcs.local_quarter(b.ordered_at, b.time_zone),
               loyalcs.local_quarter(b.first_order_at, b.time_zone)
          FROM bought b
         GROUP BY 1, 2, 3, 4, 5
    ), lengths (period, length) AS (
        VALUES ('month', interval '1 month'), ('quarter', interval '3 months')
    ), followed AS (
        SELECT a.part, a.period, a.period_start, l.length, a.first_period,
               lag(a.period_start) OVER (PARTITION BY a.part, a.period, a.customer_id
                                         ORDER BY a.period_start) AS previous
          FROM active a
          JOIN lengths l ON l.period = a.period
    ), counted AS (
        SELECT f.part, f.period, f.period_start,
               count(*) AS ending,
               count(*) FILTER (WHERE f.first_period = f.period_start) AS acquired,
               count(*) FILTER (WHERE f.previous = (f.period_start - f.length)::date) AS retained
          FROM followed f
         GROUP BY f.part, f.period, f.period_start
    ), spans AS (
        SELECT c.part, c.period, l.length, min(c.period_start) AS from_start,
               CASE c.period
                   WHEN 'month' THEN loyalcs.local_month(u.until, u.time_zone)
                   ELSE loyalcs.local_quarter(u.until, u.time_zone)
               END AS until_start
          FROM counted c
          JOIN lengths l ON l.period = c.period
         CROSS JOIN (SELECT least(customer_retention_by.as_of, timestamptz '9999-12-31 00:00+00') AS until,
                            s.time_zone
                       FROM settings s) u
         GROUP BY c.part, c.period, l.length, u.until, u.time_zone
    ), filled AS (
        SELECT s.part, s.period, g.at::date AS period_start,
               g.at + s.length AS next_start,
               coalesce(c.ending, 0) AS ending,
               coalesce(c.acquired, 0) AS acquired,
               coalesce(c.retained, 0) AS retained
          FROM spans s
         CROSS JOIN LATERAL generate_series(s.from_start::timestamp, s.until_start::timestamp,
                                            s.length) g (at)
          LEFT JOIN counted c
            ON c.part = s.part AND c.period = s.period AND c.period_start = g.at::date
    ), started AS (
        SELECT f.*,
               coalesce(lag(f.ending) OVER (PARTITION BY f.part, f.period
                                            ORDER BY f.period_start), 0) AS starting
          FROM filled f
    )
    SELECT t.part, t.period, t.period_start, t.starting, t.ending, t.acquired, t.retained,
           t.ending - t.acquired - t.retained,
           loyalcs.retention_rate(t.starting, t.ending, t.acquired),
           t.retained::double precision / nullif(t.starting, 0),
           (t.next_start AT TIME ZONE (SELECT s.time_zone FROM settings s)) <= customer_retention_by.as_of
      FROM started t
     ORDER BY t.part, t.period, t.period_start;
END;
COMMENT ON FUNCTION customer_retention_by(text, timestamptz) IS
    'customer retention by local month and quarter: as published, CRR = (ending - acquired) / starting, and strict, retained / starting; a customer of a period is one who bought in it; for each part of a breakdown';

CREATE OR REPLACE FUNCTION revenue_mix_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    part text,
    month date,
    orders bigint,
    revenue numeric,
    new_revenue numeric,
    repeat_revenue numeric,
    repeat_share double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.part, m.month,
           count(*),
           sum(m.amount),
           coalesce(sum(m.amount) FILTER (WHERE m.order_number = 1), 0),
           coalesce(sum(m.amount) FILTER (WHERE m.order_number > 1), 0),
           (coalesce(sum(m.amount) FILTER (WHERE m.order_number > 1), 0)
            / nullif(sum(m.amount), 0))::double precision
      FROM (SELECT o.part, o.order_number, o.amount,
                   loyalcs.local_month(o.ordered_at, (SELECT s.time_zone FROM settings s)) AS month
              FROM numbered_orders_by(revenue_mix_by.breakdown, revenue_mix_by.as_of) o) m
     GROUP BY m.part, m.month
     ORDER BY m.part, m.month;
END;
COMMENT ON FUNCTION revenue_mix_by(text, timestamptz) IS
    'revenue by local month: what first orders brought, and what came from customers who had bought before; for each part of a breakdown';$shop$),
    (61, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION customer_value_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    orders bigint,
    lifetime_value numeric,
    average_order numeric,
    customer_for interval,
    orders_per_year double precision,
    annual_value double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.customer_id, p.orders, p.total_spent, p.average_order,
           customer_value_at.as_of - p.first_order_at,
           p.orders / years_as_customer(p.first_order_at, customer_value_at.as_of),
           p.total_spent::double precision
           / years_as_customer(p.first_order_at, customer_value_at.as_of)
      FROM customer_purchases_at(customer_value_at.as_of) p;
END;
COMMENT ON FUNCTION customer_value_at(timestamptz) IS
    'what each customer has been worth and is worth a year (average order times orders a year); whoever has been a customer for less than a year counts as one of a year';

CREATE OR REPLACE FUNCTION top_customers_share_at(as_of timestamptz)
RETURNS TABLE (
    top_share double precision,
    customers bigint,
    spent_at_least numeric,
    revenue_share double precision,
    gini double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH spent AS (
        SELECT p.total_spent
          FROM customer_purchases_at(top_customers_share_at.as_of) p
    )
    SELECT t.share,
           ceil(count(*) * t.share::numeric)::bigint,
           percentile_disc(t.share) WITHIN GROUP (ORDER BY s.total_spent DESC),
           loyalcs.top_share(s.total_spent::double precision, t.share),
           loyalcs.gini(s.total_spent::double precision)
      FROM (VALUES (0.01::double precision), (0.05), (0.1), (0.2), (0.5)) t (share)
     CROSS JOIN spent s
     GROUP BY t.share
     ORDER BY t.share;
END;
COMMENT ON FUNCTION top_customers_share_at(timestamptz) IS
    'what share of the revenue the best 1, 5, 10, 20 and 50% of the customers bring, and what it takes to be one of them';

CREATE OR REPLACE FUNCTION lapsing_customers_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    orders bigint,
    last_order_at timestamptz,
    silent_for interval,
    expected_gap interval,
    rhythm text,
    silence double precision,
    annual_value double precision,
    lifetime_value numeric
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH gaps AS (
        SELECT o.order_number,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY o.next_order_at - o.ordered_at) AS gap
          FROM numbered_orders_by('everyone', lapsing_customers_at.as_of) o
         WHERE o.next_order_at IS NOT NULL
         GROUP BY GROUPING SETS ((o.order_number), ())
    ), bought AS (
        SELECT p.customer_id, p.orders, p.last_order_at, p.total_spent, p.recency,
               CASE WHEN p.orders > 2 THEN p.purchase_interval END AS own,
               coalesce(n.gap, a.gap) AS usual,
               p.total_spent::double precision
               / years_as_customer(p.first_order_at, lapsing_customers_at.as_of) AS annual_value
          FROM customer_purchases_at(lapsing_customers_at.as_of) p
          LEFT JOIN gaps n ON n.order_number = p.orders
          LEFT JOIN gaps a ON a.order_number IS NULL
    ), measured AS (
        SELECT b.*,
               greatest(coalesce(b.own, b.usual), interval '1 day') AS expected,
               (EXTRACT(epoch FROM b.recency)
                / EXTRACT(epoch FROM greatest(coalesce(b.own, b.usual), interval '1 day'))
               )::double precision AS silence
          FROM bought b
         WHERE coalesce(b.own, b.usual) IS NOT NULL
    )
    SELECT m.customer_id, m.orders, m.last_order_at, m.recency, m.expected,
           CASE WHEN m.own IS NOT NULL THEN 'own' ELSE 'shop' END,
           m.silence, m.annual_value, m.total_spent
      FROM measured m
     CROSS JOIN settings s
     WHERE m.silence >= s.lapsing_after AND m.silence < s.lost_after
     ORDER BY m.annual_value DESC, m.customer_id;
END;
COMMENT ON FUNCTION lapsing_customers_at(timestamptz) IS
    'who is leaving without a word: silent for at least settings.lapsing_after, but not yet settings.lost_after, times as long as expected, by the customer''s own rhythm from three orders on, before that by the shop''s for that order number; most valuable first';$shop$),
    (62, 'table', 'product_sales', '', '{}'::text[], $shop$
CREATE TABLE product_sales (
    product_id text PRIMARY KEY,
    product_name text,
    category text,
    orders bigint NOT NULL,
    customers bigint NOT NULL,
    recent_customers bigint NOT NULL,
    last_sold_at timestamptz NOT NULL,
    best_seller_rank bigint
        CONSTRAINT product_sales_ranks_are_different UNIQUE,
    CONSTRAINT product_sales_rank_is_of_what_is_sold
        CHECK ((best_seller_rank IS NOT NULL) = (recent_customers > 0))
);
COMMENT ON TABLE product_sales IS
    'the products that were sold, one row each, as refresh_related_products() found them; named as when last sold';$shop$),
    (63, 'table', 'related_products', '', '{}'::text[], $shop$
CREATE TABLE related_products (
    product_id text NOT NULL,
    relation text NOT NULL
        CONSTRAINT related_products_relation_is_known CHECK (relation IN ('together', 'next')),
    place integer NOT NULL,
    other_product_id text NOT NULL,
    support bigint NOT NULL,
    support_share double precision NOT NULL,
    confidence double precision NOT NULL,
    lift double precision NOT NULL,
    PRIMARY KEY (product_id, relation, place),
    UNIQUE (product_id, relation, other_product_id)
);
COMMENT ON TABLE related_products IS
    'what else is bought by whoever buys a product, one row a pair and relation, as refresh_related_products() found them; only pairs that are more frequent than chance, and the 100 of highest confidence for each product and relation';$shop$),
    (64, 'table', 'offer_refreshes', '', '{}'::text[], $shop$
CREATE TABLE offer_refreshes (
    as_of timestamptz PRIMARY KEY,
    minimum_support integer NOT NULL,
    largest_basket integer NOT NULL,
    sold_within interval NOT NULL,
    orders bigint NOT NULL,
    customers bigint NOT NULL,
    products bigint NOT NULL,
    pairs bigint NOT NULL,
    pairs_cut bigint NOT NULL,
    large_orders bigint NOT NULL,
    large_customers bigint NOT NULL
);
COMMENT ON TABLE offer_refreshes IS
    'what refresh_related_products() was asked for and has counted and left out, one row an instant; the latest call filled related_products and product_sales';
COMMENT ON COLUMN offer_refreshes.as_of IS 'instant as of which orders were read';$shop$),
    (65, 'table', 'withheld_products', '', '{}'::text[], $shop$
CREATE TABLE withheld_products (
    product_id text NOT NULL,
    valid tstzrange NOT NULL DEFAULT tstzrange(NULL, NULL),
    reason text NOT NULL,
    PRIMARY KEY (product_id, valid)
);
COMMENT ON TABLE withheld_products IS
    'products that are not offered, such as gift wrapping or what is out of stock, one row a product and time';
COMMENT ON COLUMN withheld_products.valid IS 'time in which the product is neither offered nor a reason to offer another';$shop$),
    (66, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION large_baskets(as_of timestamptz DEFAULT now(), largest_basket integer DEFAULT 100)
RETURNS TABLE (
    customer_id @key_type@,
    order_id text,
    products bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.customer_id, o.order_id, count(DISTINCT i.product_id)
      FROM counted_orders_at(large_baskets.as_of) o
      JOIN order_items i ON i.customer_id = o.customer_id AND i.order_id = o.order_id
     GROUP BY GROUPING SETS ((o.customer_id, o.order_id), (o.customer_id))
    HAVING count(DISTINCT i.product_id) > large_baskets.largest_basket
     ORDER BY 3 DESC, 1, 2;
END;
COMMENT ON FUNCTION large_baskets(timestamptz, integer) IS
    'the orders, and with order_id NULL the customers, with more different products than largest_basket: those that refresh_related_products() leaves out; products is how many';

CREATE OR REPLACE FUNCTION check_offer_limits(as_of timestamptz, minimum_support integer, largest_basket integer, sold_within interval)
RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF as_of IS NULL OR minimum_support IS NULL OR largest_basket IS NULL OR sold_within IS NULL THEN
        RAISE EXCEPTION 'refresh_related_products takes no NULL'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'Leave out what is to have its default.';
    END IF;
    IF minimum_support < 1 THEN
        RAISE EXCEPTION 'minimum_support must be at least 1'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It is %s.', minimum_support),
                  HINT = 'It is the number of orders, or customers, below which a pair of products tells nothing; 5 is usual.';
    END IF;
    IF largest_basket NOT BETWEEN 2 AND 1000 THEN
        RAISE EXCEPTION 'largest_basket must be from 2 to 1000'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It is %s.', largest_basket),
                  HINT = 'A basket of n products has n x n pairs, all of which are counted.';
    END IF;
    IF sold_within <= interval '0' THEN
        RAISE EXCEPTION 'sold_within must be a length of time'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It is %s.', sold_within),
                  HINT = 'A product that was not sold for so long is not offered, as in ''1 year''.';
    END IF;
END
$$;
COMMENT ON FUNCTION check_offer_limits(timestamptz, integer, integer, interval) IS
    'an error unless refresh_related_products() can work with these arguments';

-- One statement, so that all counts are of the same orders. Pairs are made of a
-- basket's array and not by a self-join, which a wrong estimate could turn into a
-- nested loop over everything. Products in fewer orders than the minimum support
-- are in no pair that reaches it, and so are left out of the arrays.
CREATE OR REPLACE FUNCTION refresh_related_products(
    as_of timestamptz DEFAULT now(),
    minimum_support integer DEFAULT 5,
    largest_basket integer DEFAULT 100,
    sold_within interval DEFAULT '1 year'
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    sold_since timestamptz;
    done offer_refreshes;
BEGIN
    PERFORM check_offer_limits(as_of, minimum_support, largest_basket, sold_within);
    SELECT (refresh_related_products.as_of AT TIME ZONE s.time_zone - sold_within) AT TIME ZONE s.time_zone
      INTO sold_since
      FROM settings s;

    -- One at a time; readers go on to see what was there until this commits.
    LOCK TABLE related_products IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM related_products;
    DELETE FROM product_sales;

    WITH lines AS MATERIALIZED (
        SELECT o.customer_id, o.order_id, o.ordered_at, i.product_id
          FROM counted_orders_at(refresh_related_products.as_of) o
          JOIN order_items i ON i.customer_id = o.customer_id AND i.order_id = o.order_id
         GROUP BY o.customer_id, o.order_id, o.ordered_at, i.product_id
    ), firsts AS MATERIALIZED (
        SELECT l.customer_id, l.product_id, count(*) AS orders,
               min(l.ordered_at) AS first_at, max(l.ordered_at) AS last_at
          FROM lines l
         GROUP BY l.customer_id, l.product_id
    ), products AS MATERIALIZED (
        SELECT p.*,
               row_number() OVER (ORDER BY p.product_id)::integer AS n,
               CASE WHEN p.recent_customers > 0
                    THEN row_number() OVER (ORDER BY p.recent_customers DESC, p.customers DESC, p.product_id)
               END AS best_seller_rank
          FROM (SELECT f.product_id, sum(f.orders)::bigint AS orders, count(*) AS customers,
                       count(*) FILTER (WHERE f.last_at > sold_since) AS recent_customers,
                       max(f.last_at) AS last_sold_at
                  FROM firsts f
                 GROUP BY f.product_id) p
    ), named AS (
        SELECT DISTINCT ON (p.product_id) p.product_id, i.product_name, i.category
          FROM products p
          JOIN counted_orders_at(refresh_related_products.as_of) o ON o.ordered_at = p.last_sold_at
          JOIN order_items i ON i.customer_id = o.customer_id AND i.order_id = o.order_id
                            AND i.product_id = p.product_id
         ORDER BY p.product_id, o.customer_id, o.order_id, i.line
    ), sales AS (
        INSERT INTO product_sales
               (product_id, product_name, category, orders, customers, recent_customers, last_sold_at, best_seller_rank)
        SELECT p.product_id, n.product_name, n.category, p.orders, p.customers, p.recent_customers,
               p.last_sold_at, p.best_seller_rank
          FROM products p
          JOIN named n ON n.product_id = p.product_id
         ORDER BY p.best_seller_rank
    ), baskets AS MATERIALIZED (
        SELECT count(*) <= refresh_related_products.largest_basket AS counts,
               array_agg(p.n) FILTER (WHERE p.orders >= refresh_related_products.minimum_support) AS products
          FROM lines l
          JOIN products p ON p.product_id = l.product_id
         GROUP BY l.customer_id, l.order_id
    ), lives AS MATERIALIZED (
        SELECT count(*) <= refresh_related_products.largest_basket AS counts,
               min(f.first_at) AS since,
               array_agg(p.n) FILTER (WHERE p.orders >= refresh_related_products.minimum_support) AS products,
               array_agg(f.first_at) FILTER (WHERE p.orders >= refresh_related_products.minimum_support) AS first_at
          FROM firsts f
          JOIN products p ON p.product_id = f.product_id
         GROUP BY f.customer_id
    ), pairs AS (
        SELECT 'together' AS relation, a.n, b.n AS other, count(*) AS support
          FROM baskets k, unnest(k.products) a (n), unnest(k.products) b (n)
         WHERE k.counts AND a.n <> b.n
         GROUP BY a.n, b.n
        HAVING count(*) >= refresh_related_products.minimum_support
        UNION ALL
        SELECT 'next', a.n, b.n, count(*)
          FROM lives k, unnest(k.products, k.first_at) a (n, first_at), unnest(k.products, k.first_at) b (n, first_at)
         WHERE k.counts AND b.first_at > a.first_at
         GROUP BY a.n, b.n
        HAVING count(*) >= refresh_related_products.minimum_support
    ), bought AS (
        SELECT p.n, p.product_id, p.best_seller_rank, o.orders, c.customers, c.later_customers
          FROM products p
          LEFT JOIN (SELECT a.n, count(*) AS orders
                       FROM baskets k, unnest(k.products) a (n)
                      WHERE k.counts
                      GROUP BY a.n) o ON o.n = p.n
          LEFT JOIN (SELECT a.n, count(*) AS customers, count(*) FILTER (WHERE a.first_at > k.since) AS later_customers
                       FROM lives k, unnest(k.products, k.first_at) a (n, first_at)
                      WHERE k.counts
                      GROUP BY a.n) c ON c.n = p.n
    ), totals AS (
        SELECT o.*, c.*
          FROM (SELECT count(*) FILTER (WHERE k.counts) AS orders, count(*) FILTER (WHERE NOT k.counts) AS large_orders
                  FROM baskets k) o,
               (SELECT count(*) FILTER (WHERE k.counts) AS customers, count(*) FILTER (WHERE NOT k.counts) AS large_customers
                  FROM lives k) c
    ), ranked AS (
        SELECT m.*,
               row_number() OVER (PARTITION BY m.relation, m.product_id
                                  ORDER BY m.support DESC, m.usually, m.other_product_id) AS place
          FROM (SELECT p.relation, a.product_id, b.product_id AS other_product_id, p.support,
                       CASE p.relation WHEN 'next' THEN t.customers ELSE t.orders END AS counted,
                       CASE p.relation WHEN 'next' THEN a.customers ELSE a.orders END AS times,
                       CASE p.relation WHEN 'next' THEN b.later_customers ELSE b.orders END AS usually
                  FROM pairs p
                  JOIN bought a ON a.n = p.n
                  JOIN bought b ON b.n = p.other AND b.best_seller_rank IS NOT NULL
                 CROSS JOIN totals t) m
         WHERE m.support * m.counted > m.times * m.usually
    ), kept AS (
        INSERT INTO related_products
               (product_id, relation, place, other_product_id, support, support_share, confidence, lift)
        SELECT r.product_id, r.relation, r.place, r.other_product_id, r.support,
               r.support::double precision / r.counted,
               r.support::double precision / r.times,
               (r.support * r.counted)::double precision / (r.times * r.usually)
          FROM ranked r
         WHERE r.place <= 100
         ORDER BY r.product_id, r.relation, r.place
        RETURNING 1
    )
    SELECT refresh_related_products.as_of, refresh_related_products.minimum_support,
           refresh_related_products.largest_basket, refresh_related_products.sold_within,
           t.orders, t.customers, (SELECT count(*) FROM products), (SELECT count(*) FROM kept),
           (SELECT count(*) FROM ranked r WHERE r.place > 100), t.large_orders, t.large_customers
      INTO done
      FROM totals t;

    DELETE FROM offer_refreshes r WHERE r.as_of = done.as_of;
    INSERT INTO offer_refreshes SELECT done.*;
    IF done.large_orders + done.large_customers > 0 THEN
        RAISE NOTICE 'orders left out: %; customers left out: %', done.large_orders, done.large_customers
            USING DETAIL = format('Each has more than %s different products.', largest_basket),
                  HINT = format('SELECT * FROM large_baskets(%L, %s); names them.', as_of, largest_basket);
    END IF;
    RETURN done.pairs;
END
$$;
COMMENT ON FUNCTION refresh_related_products(timestamptz, integer, integer, interval) IS
    'reads all orders that count as of an instant and fills related_products and product_sales anew; run it once a night; gives the number of pairs kept. minimum_support: orders, or customers, that a pair needs; largest_basket: orders and customers with more different products are left out, see large_baskets(); sold_within: products that were last sold longer ago are not offered';

-- What is kept about a product is in the order in which offers are: so the first
-- few of each product that was bought are all that can be among the first few of
-- all. More bought products than 100 would hardly give better reasons.
CREATE OR REPLACE FUNCTION next_offers(
    customer @key_type@,
    at_most integer DEFAULT 5,
    as_of timestamptz DEFAULT now()
) RETURNS TABLE (
    product_id text,
    product_name text,
    category text,
    because text,
    because_product_id text,
    confidence double precision,
    lift double precision,
    support bigint
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH has AS MATERIALIZED (
        SELECT i.product_id, max(o.ordered_at) AS last_at
          FROM counted_orders_at(next_offers.as_of) o
          JOIN order_items i ON i.customer_id = o.customer_id AND i.order_id = o.order_id
         WHERE o.customer_id = next_offers.customer
         GROUP BY i.product_id
    ), withheld AS MATERIALIZED (
        SELECT w.product_id FROM withheld_products w WHERE w.valid @> next_offers.as_of
    ), related AS (
        SELECT DISTINCT ON (r.other_product_id)
               r.other_product_id, r.product_id, r.confidence, r.lift, r.support
          FROM (SELECT h.product_id
                  FROM has h
                 WHERE h.product_id NOT IN (SELECT w.product_id FROM withheld w)
                 ORDER BY h.last_at DESC, h.product_id
                 LIMIT 100) h
         CROSS JOIN LATERAL (
                   SELECT k.*
                     FROM related_products k
                    WHERE k.product_id = h.product_id AND k.relation = 'next'
                      AND k.other_product_id NOT IN (SELECT x.product_id FROM has x)
                      AND k.other_product_id NOT IN (SELECT w.product_id FROM withheld w)
                    ORDER BY k.place
                    LIMIT next_offers.at_most
               ) r
         ORDER BY r.other_product_id, r.confidence DESC, r.lift DESC, r.product_id
    ), likely AS MATERIALIZED (
        SELECT r.*
          FROM related r
         ORDER BY r.confidence DESC, r.lift DESC, r.other_product_id
         LIMIT next_offers.at_most
    ), best_sellers AS (
        SELECT s.product_id, s.best_seller_rank
          FROM product_sales s
         WHERE s.best_seller_rank IS NOT NULL
           AND s.product_id NOT IN (SELECT x.product_id FROM has x)
           AND s.product_id NOT IN (SELECT w.product_id FROM withheld w)
           AND s.product_id NOT IN (SELECT l.other_product_id FROM likely l)
         ORDER BY s.best_seller_rank
         LIMIT next_offers.at_most
    )
    SELECT s.product_id, s.product_name, s.category,
           coalesce(b.product_name, b.product_id), b.product_id,
           o.confidence, o.lift, o.support
      FROM (SELECT l.other_product_id AS product_id, l.product_id AS because, l.confidence, l.lift, l.support,
                   NULL::bigint AS best_seller_rank
              FROM likely l
            UNION ALL
            SELECT s.product_id, NULL, NULL, NULL, NULL, s.best_seller_rank
              FROM best_sellers s) o
      JOIN product_sales s ON s.product_id = o.product_id
      LEFT JOIN product_sales b ON b.product_id = o.because
     ORDER BY o.best_seller_rank NULLS FIRST, o.confidence DESC, o.lift DESC, o.product_id
     LIMIT next_offers.at_most;
END;
COMMENT ON FUNCTION next_offers(@key_type@, integer, timestamptz) IS
    'what to offer a customer next, best first: what those who bought the product named in because went on to buy, of which confidence is the highest share among the products that this customer has, and then, with because NULL, the best sellers; never what the customer has or what is withheld. Reads that customer''s orders only, as of an instant, and what refresh_related_products() kept last; without a history, or for somebody unknown, best sellers; no row before the first refresh';$shop$),
    (67, 'table', 'channels', '', '{}'::text[], $shop$
CREATE TABLE channels (
    channel text PRIMARY KEY,
    hours text,
    cost numeric
        CONSTRAINT channels_cost_is_money
        CHECK (cost >= 0 AND cost <= 1000000000000 AND cost = round(cost, 4))
);
COMMENT ON TABLE channels IS
    'the ways in which customers write in, one row each';
COMMENT ON COLUMN channels.hours IS 'when somebody is there, as loyalcs.business_hours writes it; NULL around the clock';
COMMENT ON COLUMN channels.cost IS 'cost of a contact in the shop''s currency';
INSERT INTO channels (channel, hours, cost) VALUES
    ('email', NULL, 200),
    ('line', NULL, 150),
    ('phone',
     loyalcs.business_hours('Mo-Fr 10:00-18:00', @time_zone@,
                            CASE @time_zone@ WHEN 'Asia/Tokyo' THEN 'JP' ELSE '' END)::text,
     800),
    ('instagram', NULL, 250);$shop$),
    (68, 'functions', '', '', '{}'::text[], $shop$
-- Kept as text, so that hours outlive the extension as all else does.
CREATE OR REPLACE FUNCTION check_hours() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    NEW.hours := NEW.hours::loyalcs.business_hours::text;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_hours() IS
    'trigger of channels and sla_policies: hours are business hours, and written as those are';$shop$),
    (69, 'reference', 'channels', 'channels', '{}'::text[], $shop$
CREATE TRIGGER check_hours
    BEFORE INSERT OR UPDATE OF hours ON channels
    FOR EACH ROW EXECUTE FUNCTION check_hours();$shop$),
    (70, 'table', 'agents', '', '{name}'::text[], $shop$
CREATE TABLE agents (
    agent_id text PRIMARY KEY,
    name text
);
COMMENT ON TABLE agents IS 'the people and machines who answer';
COMMENT ON COLUMN agents.name IS 'name of the agent; personal';$shop$),
    (71, 'table', 'tickets', '', '{subject}'::text[], $shop$
CREATE TABLE tickets (
    customer_id @key_type@ NOT NULL,
    ticket_id text NOT NULL,
    channel text NOT NULL,
    reason text,
    priority text,
    tier text,
    subject text,
    complaint boolean NOT NULL DEFAULT false,
    order_id text,
    merged_into text,
    closed_at timestamptz,
    PRIMARY KEY (customer_id, ticket_id),
    CONSTRAINT tickets_merged_into_another CHECK (merged_into <> ticket_id)
);
CREATE INDEX tickets_closed_at ON tickets (closed_at);
CREATE INDEX tickets_complaint ON tickets (customer_id) WHERE complaint;
CREATE INDEX tickets_merged_into ON tickets (customer_id, merged_into) WHERE merged_into IS NOT NULL;
COMMENT ON TABLE tickets IS
    'what customers wrote in about, one row a matter; what happened to it stands in ticket_events';$shop$),
    (72, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION fill_tier() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    NEW.tier := customer_tier(NEW.customer_id);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION fill_tier() IS
    'trigger of tickets: a ticket without a tier has that of its customer now';$shop$),
    (73, 'reference', 'tickets', 'tier_history', '{}'::text[], $shop$
CREATE TRIGGER fill_tier
    BEFORE INSERT ON tickets
    FOR EACH ROW WHEN (NEW.tier IS NULL)
    EXECUTE FUNCTION fill_tier();$shop$),
    (74, 'reference', 'tickets', 'customers', '{}'::text[], $shop$
ALTER TABLE tickets ADD FOREIGN KEY (customer_id) REFERENCES customers;$shop$),
    (75, 'reference', 'tickets', 'channels', '{}'::text[], $shop$
ALTER TABLE tickets ADD FOREIGN KEY (channel) REFERENCES channels;$shop$),
    (76, 'reference', 'tickets', 'tickets', '{}'::text[], $shop$
ALTER TABLE tickets ADD FOREIGN KEY (customer_id, merged_into) REFERENCES tickets;$shop$),
    (77, 'table', 'ticket_events', '', '{note}'::text[], $shop$
CREATE TABLE ticket_events (
    customer_id @key_type@ NOT NULL,
    ticket_id text NOT NULL,
    event_id bigint GENERATED BY DEFAULT AS IDENTITY,
    at timestamptz NOT NULL
        CONSTRAINT ticket_events_at_is_plausible
        CHECK (at >= '0001-01-01 00:00+00' AND at < '9999-12-31 00:00+00'),
    kind text NOT NULL
        CONSTRAINT ticket_events_kind_is_known
        CHECK (kind IN ('opened', 'customer_message', 'agent_reply', 'auto_reply', 'proposed', 'pending',
                        'resumed', 'resolved', 'reopened', 'merged', 'assigned', 'note')),
    agent_id text,
    note text,
    -- with all that clocks are made of, so that they are read from a page or two
    -- of the index and not from as many pages as there are events
    PRIMARY KEY (customer_id, ticket_id, event_id) INCLUDE (at, kind, agent_id)
);
COMMENT ON TABLE ticket_events IS
    'what happened to each ticket, one row an event; rows are added and never changed, but for the words of a note';
COMMENT ON COLUMN ticket_events.kind IS
    'opened, customer_message, agent_reply, auto_reply, proposed, pending, resumed, resolved, reopened, merged, assigned or note; see the type loyalcs.ticket_event';$shop$),
    (78, 'functions', '', '', '{}'::text[], $shop$
-- Each ticket is locked, in a statement of its own: then its log is read with
-- all that other sessions have committed to it meanwhile.
CREATE OR REPLACE FUNCTION refresh_closed_at(customer @key_type@, ticket text) RETURNS timestamptz
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    root text;
    ended timestamptz;
BEGIN
    SELECT coalesce(t.merged_into, t.ticket_id) INTO root
      FROM tickets t
     WHERE t.customer_id = customer AND t.ticket_id = ticket;
    PERFORM FROM tickets t
      WHERE t.customer_id = customer AND (t.ticket_id = root OR t.merged_into = root)
      ORDER BY t.ticket_id
        FOR NO KEY UPDATE;
    SELECT CASE WHEN bool_and(c.stopped_at IS NOT NULL) THEN max(c.stopped_at) END INTO ended
      FROM unnest((SELECT loyalcs.sla_clocks(e.kind, e.at, e.event_id,
                                             CASE WHEN e.ticket_id = root THEN 0
                                                  ELSE hashtextextended(e.ticket_id, 1) END)
                     FROM tickets t
                     JOIN ticket_events e ON e.customer_id = t.customer_id AND e.ticket_id = t.ticket_id
                    WHERE t.customer_id = customer
                      AND (t.ticket_id = root OR t.merged_into = root))) c;
    UPDATE tickets t
       SET closed_at = ended
     WHERE t.customer_id = customer AND (t.ticket_id = root OR t.merged_into = root)
       AND t.closed_at IS DISTINCT FROM ended;
    RETURN ended;
END
$$;
COMMENT ON FUNCTION refresh_closed_at(@key_type@, text) IS
    'keeps closed_at of a ticket, and of those merged with it; the trigger of ticket_events calls it, and so may whoever has loaded events with triggers switched off; gives the new value';

CREATE OR REPLACE FUNCTION keep_closed_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    changed record;
BEGIN
    FOR changed IN
        SELECT a.customer_id, a.ticket_id
          FROM added a
         GROUP BY a.customer_id, a.ticket_id
         ORDER BY a.customer_id, a.ticket_id
    LOOP
        PERFORM refresh_closed_at(changed.customer_id, changed.ticket_id);
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keep_closed_at() IS
    'trigger of ticket_events: keeps tickets.closed_at';

-- A ticket can go, and its log with it: by then the ticket is no longer there.
CREATE OR REPLACE FUNCTION check_log_is_kept() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM tickets t
                        WHERE t.customer_id = OLD.customer_id AND t.ticket_id = OLD.ticket_id) THEN
            RETURN OLD;
        END IF;
    ELSIF (OLD.customer_id, OLD.ticket_id, OLD.event_id, OLD.at, OLD.kind, OLD.agent_id)
          IS NOT DISTINCT FROM
          (NEW.customer_id, NEW.ticket_id, NEW.event_id, NEW.at, NEW.kind, NEW.agent_id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'event % of ticket % has happened', OLD.event_id, OLD.ticket_id
        USING ERRCODE = 'object_not_in_prerequisite_state',
              DETAIL = 'A ticket''s log is only added to; the words of a note may change.',
              HINT = 'Add an event that says what is so now, or delete the whole ticket.';
END
$$;
COMMENT ON FUNCTION check_log_is_kept() IS
    'trigger of ticket_events: what has happened is neither changed nor deleted';

CREATE OR REPLACE FUNCTION check_merge() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF EXISTS (SELECT FROM tickets t
                WHERE t.customer_id = NEW.customer_id AND t.ticket_id = NEW.merged_into
                  AND t.merged_into IS NOT NULL)
       OR EXISTS (SELECT FROM tickets t
                   WHERE t.customer_id = NEW.customer_id AND t.merged_into = NEW.ticket_id) THEN
        RAISE EXCEPTION 'ticket % cannot be merged into ticket %', NEW.ticket_id, NEW.merged_into
            USING ERRCODE = 'check_violation',
                  DETAIL = 'Of merged tickets, one goes on, and all others are merged into that one.',
                  HINT = 'record_ticket_event(…, kind => ''merged'', merged_into => …) sees to it.';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION check_merge() IS
    'trigger of tickets: no ticket is merged into one that was merged itself';$shop$),
    (79, 'reference', 'tickets', 'tickets', '{}'::text[], $shop$
CREATE CONSTRAINT TRIGGER check_merge
    AFTER INSERT OR UPDATE OF merged_into ON tickets
    FOR EACH ROW WHEN (NEW.merged_into IS NOT NULL)
    EXECUTE FUNCTION check_merge();$shop$),
    (80, 'reference', 'ticket_events', 'tickets', '{}'::text[], $shop$
ALTER TABLE ticket_events ADD FOREIGN KEY (customer_id, ticket_id) REFERENCES tickets ON DELETE CASCADE;

CREATE TRIGGER keep_closed_at
    AFTER INSERT ON ticket_events
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION keep_closed_at();

CREATE TRIGGER check_log_is_kept
    BEFORE UPDATE OR DELETE ON ticket_events
    FOR EACH ROW EXECUTE FUNCTION check_log_is_kept();$shop$),
    (81, 'reference', 'ticket_events', 'agents', '{}'::text[], $shop$
ALTER TABLE ticket_events ADD FOREIGN KEY (agent_id) REFERENCES agents;$shop$),
    (82, 'table', 'sla_policies', '', '{}'::text[], $shop$
CREATE TABLE sla_policies (
    policy_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    policy_set text NOT NULL DEFAULT 'standard',
    metric text NOT NULL
        CONSTRAINT sla_policies_metric_is_known
        CHECK (metric IN ('first_response', 'next_response', 'proposal', 'resolution')),
    channel text,
    priority text,
    reason text,
    tier text,
    target interval NOT NULL
        CONSTRAINT sla_policies_target_is_a_length_of_time
        CHECK (target > interval '0' AND target <= interval '36500 days'
               AND EXTRACT(year FROM target) = 0 AND EXTRACT(month FROM target) = 0),
    hours text,
    warn_before interval NOT NULL DEFAULT interval '0',
    auto_reply_counts boolean NOT NULL DEFAULT false,
    valid tstzrange NOT NULL DEFAULT tstzrange(now(), NULL),
    CONSTRAINT sla_policies_open_time_is_in_hours
        CHECK (hours IS NULL
               OR EXTRACT(day FROM target) = 0 AND EXTRACT(day FROM warn_before) = 0),
    CONSTRAINT sla_policies_warns_within_target
        CHECK (warn_before >= interval '0' AND warn_before <= target
               AND EXTRACT(year FROM warn_before) = 0 AND EXTRACT(month FROM warn_before) = 0),
    CONSTRAINT sla_policies_auto_reply_is_a_first_response
        CHECK (metric = 'first_response' OR NOT auto_reply_counts),
    CONSTRAINT sla_policies_valid_begins_in_and_ends_out
        CHECK (isempty(valid) OR NOT upper_inc(valid) AND (lower_inc(valid) OR lower_inf(valid)))
);
COMMENT ON TABLE sla_policies IS
    'what is promised, one row a promise; of those that fit a ticket, the one with most conditions holds. A policy whose validity is empty is switched off, and serves sla_attainment_under()';
COMMENT ON COLUMN sla_policies.channel IS 'only for tickets of this channel; NULL for all';
COMMENT ON COLUMN sla_policies.priority IS 'only for tickets of this priority; NULL for all';
COMMENT ON COLUMN sla_policies.reason IS 'only for tickets with this reason; NULL for all';
COMMENT ON COLUMN sla_policies.tier IS 'only for customers of this tier; NULL for all';
COMMENT ON COLUMN sla_policies.hours IS 'when time counts, as loyalcs.business_hours writes it; NULL around the clock';
INSERT INTO sla_policies (policy_set, metric, channel, tier, target, hours, warn_before, valid) VALUES
    ('standard', 'first_response', NULL, NULL, '1 hour', NULL, '15 minutes', '(,)'),
    ('standard', 'first_response', 'email', NULL, '1 hour',
     loyalcs.business_hours('Mo-Fr 10:00-18:00; PH off', @time_zone@,
                            CASE @time_zone@ WHEN 'Asia/Tokyo' THEN 'JP' ELSE '' END)::text,
     '15 minutes', '(,)'),
    ('standard', 'first_response', 'instagram', NULL, '24 hours', NULL, '4 hours', '(,)'),
    ('standard', 'proposal', NULL, NULL, '24 hours', NULL, '4 hours', '(,)'),
    ('standard', 'resolution', NULL, NULL, '48 hours', NULL, '8 hours', '(,)'),
    ('vip', 'first_response', NULL, 'VIP', '30 minutes', NULL, '10 minutes', 'empty'),
    ('vip', 'next_response', NULL, 'VIP', '2 hours', NULL, '30 minutes', 'empty'),
    ('vip', 'proposal', NULL, 'VIP', '12 hours', NULL, '2 hours', 'empty'),
    ('vip', 'resolution', NULL, 'VIP', '24 hours', NULL, '4 hours', 'empty');$shop$),
    (83, 'functions', '', '', '{}'::text[], $shop$
-- Two policies with the same conditions would be equally specific. (Those with
-- different conditions never are: see loyalcs.sla_policy.)
CREATE OR REPLACE FUNCTION check_sla_policy() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    other record;
BEGIN
    IF TG_OP <> 'INSERT' AND NOT isempty(OLD.valid)
       AND coalesce(lower(OLD.valid) < now(), true)
       AND EXISTS (SELECT FROM ticket_events e WHERE e.at <@ OLD.valid)
       AND NOT (TG_OP = 'UPDATE'
                AND to_jsonb(NEW) - 'valid' = to_jsonb(OLD) - 'valid'
                AND lower(NEW.valid) IS NOT DISTINCT FROM lower(OLD.valid)
                AND NOT isempty(NEW.valid)
                AND (upper(NEW.valid) IS NOT DISTINCT FROM upper(OLD.valid)
                     OR coalesce(upper(OLD.valid) > now(), true)
                     AND coalesce(upper(NEW.valid) >= now(), true))) THEN
        RAISE EXCEPTION 'SLA policy % has been in force', OLD.policy_id
            USING ERRCODE = 'object_in_use',
                  DETAIL = 'What was promised when a ticket''s clock started goes on to hold for it.',
                  HINT = format('UPDATE sla_policies SET valid = tstzrange(lower(valid), now()) WHERE policy_id = %s; then INSERT what holds from now on.',
                                OLD.policy_id);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;

    -- One at a time, so that each sees what the others have committed.
    LOCK TABLE sla_policies IN SHARE ROW EXCLUSIVE MODE;
    SELECT p.policy_id, p.policy_set INTO other
      FROM sla_policies p
     WHERE p.policy_id <> NEW.policy_id
       AND p.metric = NEW.metric
       AND (p.channel, p.priority, p.reason, p.tier)
           IS NOT DISTINCT FROM (NEW.channel, NEW.priority, NEW.reason, NEW.tier)
       AND (p.valid && NEW.valid
            OR p.policy_set = NEW.policy_set AND (isempty(p.valid) OR isempty(NEW.valid)))
     ORDER BY p.policy_id
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'SLA policy % of set % already says what is promised there',
                other.policy_id, other.policy_set
            USING ERRCODE = 'exclusion_violation',
                  DETAIL = format('It has the same metric (%s) and conditions, and holds at the same time.', NEW.metric),
                  HINT = 'End the one before the other begins, or give one of them another condition: channel, priority, reason or tier.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_sla_policy() IS
    'trigger of sla_policies: no two policies rank equally, and one that was in force when something happened to a ticket is only ended';$shop$),
    (84, 'reference', 'sla_policies', 'sla_policies', '{}'::text[], $shop$
CREATE TRIGGER check_hours
    BEFORE INSERT OR UPDATE OF hours ON sla_policies
    FOR EACH ROW EXECUTE FUNCTION check_hours();

CREATE TRIGGER check_sla_policy
    BEFORE INSERT OR UPDATE OR DELETE ON sla_policies
    FOR EACH ROW EXECUTE FUNCTION check_sla_policy();$shop$),
    (85, 'functions', '', '', '{}'::text[], $shop$
-- Of the first two branches the one that is not asked for is gone before the
-- query is planned. The third is for the few tickets that others were merged
-- into. (The outer join is one for the planner's sake: of two keys that both have
-- to fit it expects next to no row to come out of an inner one.)
CREATE OR REPLACE FUNCTION ticket_clocks_of(only_open boolean, as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ticket_id text,
    channel text,
    reason text,
    priority text,
    tier text,
    complaint boolean,
    agent_id text,
    clock loyalcs.sla_clock
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT l.customer_id, l.ticket_id, t.channel, t.reason, t.priority, t.tier, t.complaint,
           l.agent_id, unnest(l.clocks)
      FROM (SELECT o.customer_id, o.ticket_id, o.agent_id, o.clocks
              FROM (SELECT e.customer_id, e.ticket_id,
                           loyalcs.latest(e.agent_id, e.at, e.event_id) AS agent_id,
                           loyalcs.sla_clocks(e.kind, e.at, e.event_id, 0) AS clocks
                      FROM ticket_events e
                     WHERE NOT ticket_clocks_of.only_open
                       AND e.at <= ticket_clocks_of.as_of
                     GROUP BY e.customer_id, e.ticket_id
                    UNION ALL
                    SELECT t.customer_id, t.ticket_id,
                           loyalcs.latest(e.agent_id, e.at, e.event_id),
                           loyalcs.sla_clocks(e.kind, e.at, e.event_id, 0)
                      FROM tickets t
                      JOIN ticket_events e
                        ON e.customer_id = t.customer_id AND e.ticket_id = t.ticket_id
                     WHERE ticket_clocks_of.only_open
                       AND (t.closed_at IS NULL OR t.closed_at > ticket_clocks_of.as_of)
                       AND e.at <= ticket_clocks_of.as_of
                     GROUP BY t.customer_id, t.ticket_id) o
             WHERE NOT EXISTS (SELECT FROM tickets m
                                WHERE m.customer_id = o.customer_id AND m.merged_into = o.ticket_id)
            UNION ALL
            SELECT r.customer_id, r.ticket_id,
                   loyalcs.latest(CASE WHEN e.ticket_id = r.ticket_id THEN e.agent_id END, e.at, e.event_id),
                   loyalcs.sla_clocks(e.kind, e.at, e.event_id,
                                      CASE WHEN e.ticket_id = r.ticket_id THEN 0
                                           ELSE hashtextextended(e.ticket_id, 1) END)
              FROM (SELECT DISTINCT m.customer_id, m.merged_into AS ticket_id
                      FROM tickets m
                     WHERE m.merged_into IS NOT NULL
                       AND (NOT ticket_clocks_of.only_open
                            OR m.closed_at IS NULL OR m.closed_at > ticket_clocks_of.as_of)) r
              JOIN tickets t
                ON t.customer_id = r.customer_id
               AND (t.ticket_id = r.ticket_id OR t.merged_into = r.ticket_id)
              JOIN ticket_events e
                ON e.customer_id = t.customer_id AND e.ticket_id = t.ticket_id
             WHERE e.at <= ticket_clocks_of.as_of
             GROUP BY r.customer_id, r.ticket_id) l
      LEFT JOIN tickets t
        ON t.customer_id = l.customer_id AND t.ticket_id = l.ticket_id
       AND (NOT ticket_clocks_of.only_open
            OR t.closed_at IS NULL OR t.closed_at > ticket_clocks_of.as_of);
END;
COMMENT ON FUNCTION ticket_clocks_of(boolean, timestamptz) IS
    'the clocks of every ticket, as the aggregate loyalcs.sla_clocks makes them of its log; if only_open, of tickets that may have something left to do, which are found without reading the others'' logs';

CREATE OR REPLACE FUNCTION ticket_clocks_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ticket_id text,
    agent_id text,
    metric loyalcs.sla_metric,
    cycle integer,
    started_at timestamptz,
    stopped_at timestamptz,
    pauses tstzmultirange,
    acknowledged_at timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.customer_id, c.ticket_id, c.agent_id, (c.clock).metric, (c.clock).cycle,
           (c.clock).started_at, (c.clock).stopped_at, (c.clock).pauses, (c.clock).acknowledged_at
      FROM ticket_clocks_of(false, ticket_clocks_at.as_of) c;
END;
COMMENT ON FUNCTION ticket_clocks_at(timestamptz) IS
    'the clocks of every ticket, promised or not';

-- A lateral subquery with OFFSET 0 computes its columns once a clock, however
-- often they are read.
CREATE OR REPLACE FUNCTION sla_status_of(policy_set text, only_open boolean, as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ticket_id text,
    channel text,
    reason text,
    priority text,
    tier text,
    complaint boolean,
    agent_id text,
    metric loyalcs.sla_metric,
    cycle integer,
    policy_id bigint,
    policy_set text,
    target interval,
    started_at timestamptz,
    warn_at timestamptz,
    due_at timestamptz,
    stopped_at timestamptz,
    state loyalcs.sla_state,
    elapsed interval,
    time_left interval
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.customer_id,
           c.ticket_id,
           c.channel,
           c.reason,
           c.priority,
           c.tier,
           c.complaint,
           c.agent_id,
           (c.clock).metric,
           (c.clock).cycle,
           (p.rule).policy_id,
           (p.rule).policy_set,
           (p.rule).target,
           (c.clock).started_at,
           CASE WHEN s.stopped_at IS NULL
                THEN loyalcs.sla_due((c.clock).started_at, (p.rule).target - (p.rule).warn_before,
                                     (p.rule).hours, (c.clock).pauses)
           END,
           loyalcs.sla_due((c.clock).started_at, (p.rule).target, (p.rule).hours, (c.clock).pauses),
           s.stopped_at,
           v.state,
           v.elapsed,
           (p.rule).target - v.elapsed
      FROM ticket_clocks_of(sla_status_of.only_open, sla_status_of.as_of) c
     CROSS JOIN LATERAL (
               SELECT loyalcs.sla_policy(
                          (SELECT array_agg(ROW(p.policy_id, p.policy_set, p.metric::loyalcs.sla_metric, p.channel, p.priority, p.reason, p.tier,
                                                CASE WHEN NOT isempty(p.valid) THEN lower(p.valid) END,
                                                CASE WHEN NOT isempty(p.valid) THEN upper(p.valid) END,
                                                CASE WHEN p.policy_set = sla_status_of.policy_set THEN 1 ELSE 0 END,
                                                p.target, p.hours::loyalcs.business_hours, p.warn_before, p.auto_reply_counts)::loyalcs.sla_rule)
                             FROM sla_policies p
                            WHERE NOT isempty(p.valid) OR p.policy_set = sla_status_of.policy_set),
                          (c.clock).metric, c.channel, c.priority, c.reason, c.tier, (c.clock).started_at) AS rule
               OFFSET 0
           ) p
     CROSS JOIN LATERAL (
               SELECT CASE WHEN (p.rule).auto_reply_counts THEN least((c.clock).stopped_at, (c.clock).acknowledged_at)
                           ELSE (c.clock).stopped_at
                      END AS stopped_at
           ) s
     CROSS JOIN LATERAL (
               SELECT loyalcs.sla_state(
                          loyalcs.sla_due((c.clock).started_at, (p.rule).target, (p.rule).hours, (c.clock).pauses),
                          s.stopped_at,
                          sla_status_of.as_of,
                          CASE WHEN s.stopped_at IS NULL
                               THEN loyalcs.sla_due((c.clock).started_at, (p.rule).target - (p.rule).warn_before,
                                                    (p.rule).hours, (c.clock).pauses)
                          END) AS state,
                      loyalcs.sla_elapsed((c.clock).started_at, coalesce(s.stopped_at, sla_status_of.as_of),
                                          (p.rule).hours, (c.clock).pauses) AS elapsed
               OFFSET 0
           ) v
     WHERE (p.rule).policy_id IS NOT NULL;
END;
COMMENT ON FUNCTION sla_status_of(text, boolean, timestamptz) IS
    'as sla_status_at; with a policy set laid over the policies in force (NULL: none), and only open work or all';

CREATE OR REPLACE FUNCTION sla_status_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ticket_id text,
    channel text,
    reason text,
    priority text,
    tier text,
    complaint boolean,
    agent_id text,
    metric loyalcs.sla_metric,
    cycle integer,
    policy_id bigint,
    policy_set text,
    target interval,
    started_at timestamptz,
    warn_at timestamptz,
    due_at timestamptz,
    stopped_at timestamptz,
    state loyalcs.sla_state,
    elapsed interval,
    time_left interval
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.customer_id, s.ticket_id, s.channel, s.reason, s.priority, s.tier, s.complaint,
           s.agent_id, s.metric, s.cycle, s.policy_id, s.policy_set, s.target, s.started_at,
           s.warn_at, s.due_at, s.stopped_at, s.state, s.elapsed, s.time_left
      FROM sla_status_of(NULL, false, sla_status_at.as_of) s;
END;
COMMENT ON FUNCTION sla_status_at(timestamptz) IS
    'every promise about every ticket: by which policy (the one in force when the clock started), until when, and what became of it; a clock that no policy is about has no row';

CREATE OR REPLACE FUNCTION sla_board_at(as_of timestamptz)
RETURNS TABLE (
    due_in text,
    state loyalcs.sla_state,
    customer_id @key_type@,
    ticket_id text,
    metric loyalcs.sla_metric,
    cycle integer,
    due_at timestamptz,
    time_left interval,
    channel text,
    reason text,
    priority text,
    tier text,
    complaint boolean,
    agent_id text,
    started_at timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN s.due_at IS NULL THEN 'waits for the customer'
                ELSE loyalcs.due_in(s.due_at, sla_board_at.as_of)
           END,
           s.state, s.customer_id, s.ticket_id, s.metric, s.cycle, s.due_at, s.time_left,
           s.channel, s.reason, s.priority, s.tier, s.complaint, s.agent_id, s.started_at
      FROM sla_status_of(NULL, true, sla_board_at.as_of) s
     WHERE s.stopped_at IS NULL
     ORDER BY s.due_at, s.started_at, s.customer_id, s.ticket_id, s.metric, s.cycle;
END;
COMMENT ON FUNCTION sla_board_at(timestamptz) IS
    'the work that is open, one row a promise, most urgent first; what waits for the customer comes last. Reads the logs of open tickets only';

CREATE OR REPLACE FUNCTION sla_breaches_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ticket_id text,
    channel text,
    reason text,
    tier text,
    agent_id text,
    metric loyalcs.sla_metric,
    cycle integer,
    policy_id bigint,
    target interval,
    started_at timestamptz,
    due_at timestamptz,
    stopped_at timestamptz,
    state loyalcs.sla_state,
    elapsed interval,
    time_over interval
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.customer_id, s.ticket_id, s.channel, s.reason, s.tier, s.agent_id, s.metric,
           s.cycle, s.policy_id, s.target, s.started_at, s.due_at, s.stopped_at, s.state,
           s.elapsed, -s.time_left
      FROM sla_status_of(NULL, false, sla_breaches_at.as_of) s
     WHERE s.state IN ('missed', 'breached');
END;
COMMENT ON FUNCTION sla_breaches_at(timestamptz) IS
    'the promises that were not kept: stopped too late, or still open and overdue';

CREATE OR REPLACE FUNCTION first_reply_overdue_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    ticket_id text,
    channel text,
    reason text,
    tier text,
    complaint boolean,
    agent_id text,
    started_at timestamptz,
    due_at timestamptz,
    due_in text,
    time_over interval
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT b.customer_id, b.ticket_id, b.channel, b.reason, b.tier, b.complaint, b.agent_id,
           b.started_at, b.due_at, b.due_in, -b.time_left
      FROM sla_board_at(first_reply_overdue_at.as_of) b
     WHERE b.metric = 'first_response' AND b.state = 'breached';
END;
COMMENT ON FUNCTION first_reply_overdue_at(timestamptz) IS
    'customers to whom nobody has replied at all though it is high time, the most overdue first';

CREATE OR REPLACE FUNCTION check_sla_breakdown(breakdown text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    of_tickets constant text[] := '{channel,reason,priority,tier,agent,policy_set}';
BEGIN
    IF breakdown = ANY (of_tickets) THEN
        RETURN 'ticket';
    ELSIF breakdown = ANY (customer_breakdowns()) THEN
        RETURN 'customer';
    END IF;
    RAISE EXCEPTION 'unknown breakdown %', coalesce(quote_literal(breakdown), 'NULL')
        USING ERRCODE = 'invalid_parameter_value',
              HINT = format('The breakdowns of service levels are %s.',
                            array_to_string(of_tickets || array_remove(customer_breakdowns(), 'tier'), ', '));
END
$$;
COMMENT ON FUNCTION check_sla_breakdown(text) IS
    'whether a breakdown of service levels is one of tickets or one of customers, or an error that lists them all';

CREATE OR REPLACE FUNCTION check_policy_set(policy_set text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF policy_set IS NULL OR EXISTS (SELECT FROM sla_policies p
                                      WHERE p.policy_set = check_policy_set.policy_set) THEN
        RETURN policy_set;
    END IF;
    RAISE EXCEPTION 'unknown policy set %', quote_literal(policy_set)
        USING ERRCODE = 'undefined_object',
              HINT = 'SELECT DISTINCT policy_set FROM sla_policies lists them.';
END
$$;
COMMENT ON FUNCTION check_policy_set(text) IS
    'the name of a set of SLA policies, or an error; NULL stays NULL';

CREATE OR REPLACE FUNCTION sla_attainment_of(breakdown text, policy_set text, as_of timestamptz)
RETURNS TABLE (
    month date,
    part text,
    metric loyalcs.sla_metric,
    met bigint,
    missed bigint,
    running bigint,
    attainment double precision,
    median interval,
    p90 interval,
    p95 interval
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.month,
           a.part,
           a.metric,
           a.met,
           a.missed,
           a.running,
           100.0::double precision * a.met / nullif(a.met + a.missed, 0),
           a.percentiles[1],
           a.percentiles[2],
           a.percentiles[3]
      FROM (SELECT s.month,
                   s.part,
                   s.metric,
                   count(*) FILTER (WHERE s.state = 'met') AS met,
                   count(*) FILTER (WHERE s.state IN ('missed', 'breached')) AS missed,
                   count(*) FILTER (WHERE s.state IN ('running', 'at_risk', 'paused')) AS running,
                   loyalcs.percentiles(s.elapsed) FILTER (WHERE s.state IN ('met', 'missed')) AS percentiles
              FROM (SELECT loyalcs.local_month(s.started_at, (SELECT z.time_zone FROM settings z)) AS month,
                           CASE sla_attainment_of.breakdown
                               WHEN 'channel' THEN s.channel
                               WHEN 'reason' THEN coalesce(s.reason, 'unknown')
                               WHEN 'priority' THEN coalesce(s.priority, 'unknown')
                               WHEN 'tier' THEN coalesce(s.tier, 'unknown')
                               WHEN 'agent' THEN coalesce(s.agent_id, 'nobody')
                               WHEN 'policy_set' THEN s.policy_set
                           END AS part,
                           s.metric, s.state, s.elapsed
                      FROM sla_status_of(check_policy_set(sla_attainment_of.policy_set), false,
                                         sla_attainment_of.as_of) s
                     WHERE check_sla_breakdown(sla_attainment_of.breakdown) = 'ticket'
                    UNION ALL
                    SELECT loyalcs.local_month(s.started_at, (SELECT z.time_zone FROM settings z)),
                           coalesce(b.part, CASE sla_attainment_of.breakdown
                                                WHEN 'everyone' THEN 'everyone'
                                                ELSE 'unknown'
                                            END),
                           s.metric, s.state, s.elapsed
                      FROM sla_status_of(check_policy_set(sla_attainment_of.policy_set), false,
                                         sla_attainment_of.as_of) s
                      LEFT JOIN customer_breakdown(CASE WHEN check_sla_breakdown(sla_attainment_of.breakdown) = 'customer'
                                                        THEN sla_attainment_of.breakdown ELSE 'everyone' END,
                                                   sla_attainment_of.as_of) b
                        ON b.customer_id = s.customer_id
                     WHERE check_sla_breakdown(sla_attainment_of.breakdown) = 'customer') s
             GROUP BY s.month, s.part, s.metric) a;
END;
COMMENT ON FUNCTION sla_attainment_of(text, text, timestamptz) IS
    'as sla_attainment_at, by any breakdown (see sla_attainment_by) and with a policy set laid over the policies in force (see sla_attainment_under)';

CREATE OR REPLACE FUNCTION sla_attainment_at(as_of timestamptz)
RETURNS TABLE (
    month date,
    channel text,
    metric loyalcs.sla_metric,
    met bigint,
    missed bigint,
    running bigint,
    attainment double precision,
    median interval,
    p90 interval,
    p95 interval
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.month, a.part, a.metric, a.met, a.missed, a.running, a.attainment,
           a.median, a.p90, a.p95
      FROM sla_attainment_of('channel', NULL, sla_attainment_at.as_of) a;
END;
COMMENT ON FUNCTION sla_attainment_at(timestamptz) IS
    'how often promises were kept: by local month in which the clock started, channel and metric; missed are those that stopped too late and those that are overdue by now; times are open time, of the clocks that have stopped';

CREATE OR REPLACE FUNCTION sla_attainment_by(breakdown text, as_of timestamptz)
RETURNS TABLE (
    month date,
    part text,
    metric loyalcs.sla_metric,
    met bigint,
    missed bigint,
    running bigint,
    attainment double precision,
    median interval,
    p90 interval,
    p95 interval
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.month, a.part, a.metric, a.met, a.missed, a.running, a.attainment,
           a.median, a.p90, a.p95
      FROM sla_attainment_of(sla_attainment_by.breakdown, NULL, sla_attainment_by.as_of) a;
END;
COMMENT ON FUNCTION sla_attainment_by(text, timestamptz) IS
    'as sla_attainment_at, by another breakdown: one of customers (see customer_breakdown), or channel, reason, priority, tier, agent (who has the ticket by now) or policy_set';

CREATE OR REPLACE FUNCTION sla_attainment_under(policy_set text, as_of timestamptz)
RETURNS TABLE (
    month date,
    channel text,
    metric loyalcs.sla_metric,
    met bigint,
    missed bigint,
    running bigint,
    attainment double precision,
    median interval,
    p90 interval,
    p95 interval
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.month, a.part, a.metric, a.met, a.missed, a.running, a.attainment,
           a.median, a.p90, a.p95
      FROM sla_attainment_of('channel', sla_attainment_under.policy_set, sla_attainment_under.as_of) a;
END;
COMMENT ON FUNCTION sla_attainment_under(text, timestamptz) IS
    'sla_attainment_at as it would have been under a set of policies: those of its policies that are switched off count as always in force, and the set goes before all other policies, which hold where it says nothing. An unknown set is an error, NULL is none';

-- For applications

CREATE OR REPLACE FUNCTION next_deadline(customer @key_type@, ticket text, as_of timestamptz DEFAULT now())
RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT min(s.due_at)
      FROM sla_status_of(NULL, true, next_deadline.as_of) s
     WHERE s.customer_id = next_deadline.customer
       AND s.ticket_id = next_deadline.ticket
       AND s.stopped_at IS NULL;
END;
COMMENT ON FUNCTION next_deadline(@key_type@, text, timestamptz) IS
    'the earliest deadline of a ticket that is open, one that has passed too; NULL if it has none';

CREATE OR REPLACE FUNCTION record_ticket_event(
    customer @key_type@,
    ticket text,
    kind text,
    at timestamptz DEFAULT now(),
    agent text DEFAULT NULL,
    note text DEFAULT NULL,
    merged_into text DEFAULT NULL
) RETURNS timestamptz
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    found_ticket record;
    root text;
    is_open boolean;
    is_resolved boolean;
    is_pending boolean;
    odd text;
BEGIN
    SELECT t.merged_into INTO found_ticket
      FROM tickets t
     WHERE t.customer_id = customer AND t.ticket_id = ticket
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'customer % has no ticket %', customer, coalesce(ticket, 'NULL')
            USING ERRCODE = 'foreign_key_violation',
                  HINT = 'INSERT INTO tickets first; then record that it was opened.';
    END IF;
    IF (kind = 'merged') <> (record_ticket_event.merged_into IS NOT NULL) THEN
        RAISE EXCEPTION 'merged_into goes with events of kind merged, and with no other'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('The event is of kind %s, and merged_into is %s.', kind,
                                  coalesce(quote_literal(record_ticket_event.merged_into), 'NULL'));
    END IF;

    -- Real life comes in any order, so what looks odd is said and recorded.
    SELECT bool_or(e.kind IN ('opened', 'customer_message', 'reopened')),
           (array_agg(e.kind ORDER BY e.at DESC, e.event_id DESC)
                FILTER (WHERE e.kind IN ('resolved', 'reopened')))[1] = 'resolved',
           (array_agg(e.kind ORDER BY e.at DESC, e.event_id DESC)
                FILTER (WHERE e.kind IN ('pending', 'resumed', 'customer_message', 'resolved')))[1] = 'pending'
      INTO is_open, is_resolved, is_pending
      FROM ticket_events e
     WHERE e.customer_id = customer AND e.ticket_id = ticket
       AND e.at <= record_ticket_event.at;
    odd := CASE
        WHEN found_ticket.merged_into IS NOT NULL
            THEN format('it was merged into ticket %s; record it there', found_ticket.merged_into)
        WHEN kind NOT IN ('opened', 'customer_message', 'reopened', 'assigned', 'note', 'merged')
             AND is_open IS NOT TRUE THEN 'it was not opened before'
        WHEN kind = 'opened' AND is_open THEN 'it was opened before'
        WHEN kind = 'pending' AND is_pending THEN 'it was pending before'
        WHEN kind = 'resumed' AND is_pending IS NOT TRUE THEN 'it was not pending'
        WHEN kind = 'reopened' AND is_resolved IS NOT TRUE THEN 'it was not resolved'
        WHEN kind IN ('proposed', 'pending') AND is_resolved THEN 'it was resolved before'
    END;
    IF odd IS NOT NULL THEN
        RAISE WARNING 'ticket % of customer % is recorded as %, but %', ticket, customer, kind, odd;
    END IF;

    IF kind = 'merged' THEN
        SELECT coalesce(t.merged_into, t.ticket_id) INTO root
          FROM tickets t
         WHERE t.customer_id = customer AND t.ticket_id = record_ticket_event.merged_into
           FOR NO KEY UPDATE;
        IF NOT FOUND OR root = ticket THEN
            RAISE EXCEPTION 'ticket % of customer % cannot be merged into %',
                    ticket, customer, record_ticket_event.merged_into
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = 'Name another ticket of the same customer, one that was not merged into this one.';
        END IF;
        UPDATE tickets t
           SET merged_into = root
         WHERE t.customer_id = customer AND (t.ticket_id = ticket OR t.merged_into = ticket);
    END IF;

    INSERT INTO ticket_events (customer_id, ticket_id, at, kind, agent_id, note)
    VALUES (customer, ticket, record_ticket_event.at, record_ticket_event.kind, agent,
            record_ticket_event.note);

    RETURN next_deadline(customer, coalesce(root, found_ticket.merged_into, ticket),
                         record_ticket_event.at);
END
$$;
COMMENT ON FUNCTION record_ticket_event(@key_type@, text, text, timestamptz, text, text, text) IS
    'records what happened to a ticket and gives its next deadline, NULL if it has none; agent is a key of agents; merged_into goes with the kind merged, and names the ticket in which this one goes on. What makes no sense is recorded with a warning';$shop$),
    (86, 'table', 'templates', '', '{}'::text[], $shop$
CREATE TABLE templates (
    key text NOT NULL,
    language text NOT NULL
        CONSTRAINT templates_language_is_a_tag CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]+)*$'),
    format text NOT NULL DEFAULT 'text'
        CONSTRAINT templates_format_is_known CHECK (format IN ('text', 'html')),
    subject text NOT NULL DEFAULT '',
    body text NOT NULL,
    placeholders text[] NOT NULL DEFAULT '{}',
    required text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (key, language)
);
COMMENT ON TABLE templates IS
    'what is said to customers, one row a language; {{name}} is filled in, and {{name|words}} says the words where there is no such value';
COMMENT ON COLUMN templates.subject IS 'subject of the message, always plain text; {{name}} is filled in';
COMMENT ON COLUMN templates.body IS 'text of the message; {{name}} is filled in';$shop$),
    (87, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION check_template() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    NEW.placeholders := loyalcs.placeholders(NEW.subject);
    NEW.placeholders := NEW.placeholders
        || ARRAY(SELECT p FROM unnest(loyalcs.placeholders(NEW.body)) p WHERE p <> ALL (NEW.placeholders));
    NEW.required := loyalcs.placeholders(NEW.subject, true);
    NEW.required := NEW.required
        || ARRAY(SELECT p FROM unnest(loyalcs.placeholders(NEW.body, true)) p WHERE p <> ALL (NEW.required));
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_template() IS
    'trigger of templates: refuses one that cannot be filled in, and keeps the names of its places';$shop$),
    (88, 'reference', 'templates', 'templates', '{}'::text[], $shop$
CREATE TRIGGER check_template
    BEFORE INSERT OR UPDATE ON templates
    FOR EACH ROW EXECUTE FUNCTION check_template();

INSERT INTO templates (key, language, subject, body) VALUES
    ('order_confirmation', 'ja', 'ご注文ありがとうございます（{{order_id}}）',
     E'{{name|お客}}様\n\n{{shop|当店}}にご注文いただきありがとうございます。\nご注文番号：{{order_id}}\nご注文日：{{ordered_on}}\n合計：{{amount}} {{currency}}\n\n{{items|}}\n\n発送しましたらお知らせします。'),
    ('order_confirmation', 'en', 'Thank you for your order {{order_id}}',
     E'Dear {{name|customer}},\n\nthank you for your order {{order_id}} of {{ordered_on}} at {{shop|our shop}}.\nTotal: {{amount}} {{currency}}\n\n{{items|}}\n\nWe will write again when it leaves.'),
    ('shipping_notice', 'ja', '商品を発送しました（{{order_id}}）',
     E'{{name|お客}}様\n\nご注文 {{order_id}} を発送しました。\n配送会社：{{carrier|担当配送会社}}\nお問い合わせ番号：{{tracking|準備中}}\nお届け予定日：{{expected_on|数日以内}}'),
    ('shipping_notice', 'en', 'Your order {{order_id}} is on its way',
     E'Dear {{name|customer}},\n\nyour order {{order_id}} has left with {{carrier|the carrier}}.\nTracking number: {{tracking|to follow}}\nExpected arrival: {{expected_on|within a few days}}'),
    ('arrival_check', 'ja', '商品は無事に届きましたか',
     E'{{name|お客}}様\n\nご注文 {{order_id}} は無事に届きましたか。お気づきの点はこのメールにご返信ください。\n\nご使用方法：{{how_to_use|同封の説明書をご覧ください。}}\nお手入れ方法：{{how_to_care|同封の説明書をご覧ください。}}'),
    ('arrival_check', 'en', 'Did everything arrive well?',
     E'Dear {{name|customer}},\n\ndid your order {{order_id}} arrive well? If anything is not as it should be, just answer this mail.\n\nHow to use it: {{how_to_use|see the leaflet in the parcel.}}\nHow to care for it: {{how_to_care|see the leaflet in the parcel.}}'),
    ('purchase_survey', 'ja', 'お買い物はいかがでしたか（{{coupon_amount}}円クーポン進呈）',
     E'{{name|お客}}様\n\nご注文 {{order_id}} はいかがでしたか。1分ほどのアンケートにお答えいただいた方に、{{coupon_amount}}円クーポン（{{coupon}}）を差し上げます。\n{{survey_url|このメールにご返信ください。}}'),
    ('purchase_survey', 'en', 'How was it? {{coupon_amount}} yen for a minute of your time',
     E'Dear {{name|customer}},\n\nhow was your order {{order_id}}? Whoever answers our short survey gets a coupon of {{coupon_amount}} yen ({{coupon}}).\n{{survey_url|Just answer this mail.}}'),
    ('satisfaction_survey', 'ja', '満足度アンケートのお願い',
     E'{{name|お客}}様\n\n{{shop|当店}}を友人や同僚に薦める可能性はどのくらいありますか（0～10）。\n{{survey_url|このメールにご返信ください。}}'),
    ('satisfaction_survey', 'en', 'Would you recommend us?',
     E'Dear {{name|customer}},\n\nhow likely are you to recommend {{shop|us}} to a friend or colleague (0 to 10)?\n{{survey_url|Just answer this mail.}}'),
    ('phone_hearing', 'ja', 'お電話でのヒアリング',
     E'{{name|お客}}様（{{recipient}}）\nご注文 {{order_id}}、{{delivered_on}} お届け。使い心地、ご不満な点、次に欲しいものを伺う。'),
    ('phone_hearing', 'en', 'A call to listen',
     E'{{name|Customer}} ({{recipient}})\nOrder {{order_id}}, delivered {{delivered_on}}. Ask how it feels, what is missing, what comes next.'),
    ('review_request', 'ja', 'レビューをお聞かせください',
     E'{{name|お客}}様\n\nご注文 {{order_id}} の商品の感想をお聞かせください。\n{{review_url|このメールにご返信ください。}}'),
    ('review_request', 'en', 'Tell others what you think',
     E'Dear {{name|customer}},\n\nwould you review what you ordered ({{order_id}})?\n{{review_url|Just answer this mail.}}'),
    ('one_month', 'ja', 'その後いかがですか',
     E'{{name|お客}}様\n\nお届けから1か月になりました。使い心地はいかがですか。\n\nご一緒にいかがですか：{{related|新しい商品をご覧ください。}}\nクーポン：{{coupon|なし}}'),
    ('one_month', 'en', 'How is it going?',
     E'Dear {{name|customer}},\n\nit has been a month: is everything still as you wish?\n\nGoes well with it: {{related|have a look at what is new.}}\nCoupon: {{coupon|none}}'),
    ('seasonal', 'ja', '季節のおすすめ',
     E'{{name|お客}}様\n\n季節の商品をご紹介します。\n{{seasonal|新着商品をご覧ください。}}'),
    ('seasonal', 'en', 'For the season',
     E'Dear {{name|customer}},\n\nhere is what suits the season.\n{{seasonal|Have a look at what is new.}}'),
    ('birthday_coupon', 'ja', 'お誕生月クーポン',
     E'{{name|お客}}様\n\nお誕生月おめでとうございます。今月お使いいただけるクーポンです：{{coupon}}'),
    ('birthday_coupon', 'en', 'A present for your birthday month',
     E'Dear {{name|customer}},\n\nhappy birthday month! A coupon to use within it: {{coupon}}'),
    ('vip_programme', 'ja', 'VIPプログラムのご案内',
     E'{{name|お客}}様\n\nいつもありがとうございます。VIPプログラムをご案内します。\n{{vip_url|詳しくはこのメールにご返信ください。}}'),
    ('vip_programme', 'en', 'Our VIP programme',
     E'Dear {{name|customer}},\n\nthank you for coming back. You are invited to our VIP programme.\n{{vip_url|Answer this mail to hear more.}}');$shop$),
    (89, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION template_for(key text, language text)
RETURNS TABLE (written_in text, format text, subject text, body text, placeholders text[], required text[])
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT t.language, t.format, t.subject, t.body, t.placeholders, t.required
      FROM templates t
     WHERE t.key = template_for.key
     ORDER BY t.language <> template_for.language,
              t.language <> split_part(template_for.language, '-', 1),
              t.language <> (SELECT s.language FROM settings s),
              t.language <> 'en', t.language
     LIMIT 1;
END;
COMMENT ON FUNCTION template_for(text, text) IS
    'the template of that name in the language, else in the language without its region, else in the shop''s, else in English, else in any; no row if there is none of that name';

CREATE OR REPLACE FUNCTION render_template(
    key text,
    language text,
    "values" jsonb,
    OUT subject text,
    OUT body text,
    OUT format text,
    OUT written_in text
)
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    SELECT loyalcs.render(t.subject, "values", false),
           loyalcs.render(t.body, "values", t.format = 'html'),
           t.format, t.written_in
      INTO subject, body, format, written_in
      FROM template_for(key, language) t;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no template %', coalesce(quote_literal(key), 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'SELECT DISTINCT key FROM templates lists them.';
    END IF;
END
$$;
COMMENT ON FUNCTION render_template(text, text, jsonb) IS
    'a template filled in with the values of a JSON object, as loyalcs.render() does; the subject is plain text always, the body escapes values if its format is html. A language that it does not have gives way as in template_for(), and written_in says to which; a missing value is an error that names it';$shop$),
    (90, 'table', 'contact_purposes', '', '{}'::text[], $shop$
CREATE TABLE contact_purposes (
    purpose text PRIMARY KEY
        CONSTRAINT contact_purposes_all_is_taken CHECK (purpose <> 'all'),
    consent text NOT NULL
        CONSTRAINT contact_purposes_consent_is_known
        CHECK (consent IN ('not_needed', 'unless_refused', 'if_given')),
    capped boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE contact_purposes IS
    'why customers are written to, and whether that takes their consent';
COMMENT ON COLUMN contact_purposes.consent IS
    'not_needed: it belongs to the order, and nothing holds it back; unless_refused: until the customer says no; if_given: only after the customer has said yes';
INSERT INTO contact_purposes (purpose, consent, capped) VALUES
    ('transactional', 'not_needed', false),
    ('service', 'unless_refused', true),
    ('survey', 'unless_refused', true),
    ('marketing', 'unless_refused', true);$shop$),
    (91, 'table', 'frequency_caps', '', '{}'::text[], $shop$
CREATE TABLE frequency_caps (
    cap_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    channel text NOT NULL,
    per_day integer
        CONSTRAINT frequency_caps_per_day_is_not_negative CHECK (per_day >= 0),
    per_week integer
        CONSTRAINT frequency_caps_per_week_is_not_negative CHECK (per_week >= 0),
    valid tstzrange NOT NULL DEFAULT tstzrange(now(), NULL)
        CONSTRAINT frequency_caps_valid_begins_in_and_ends_out
        CHECK (isempty(valid) OR NOT upper_inc(valid) AND (lower_inc(valid) OR lower_inf(valid)))
);
COMMENT ON TABLE frequency_caps IS
    'how often one customer may be written to on a channel; purposes that are not capped do not count';
COMMENT ON COLUMN frequency_caps.valid IS 'when the rule holds';
INSERT INTO frequency_caps (channel, per_day, per_week, valid) VALUES
    ('email', 1, 3, '(,)'),
    ('line', 1, 2, '(,)'),
    ('phone', 1, 1, '(,)'),
    ('instagram', 1, 2, '(,)');$shop$),
    (92, 'reference', 'frequency_caps', 'channels', '{}'::text[], $shop$
ALTER TABLE frequency_caps ADD FOREIGN KEY (channel) REFERENCES channels;$shop$),
    (93, 'table', 'consents', '', '{}'::text[], $shop$
CREATE TABLE consents (
    customer_id @key_type@ NOT NULL,
    channel text NOT NULL DEFAULT 'all',
    purpose text NOT NULL DEFAULT 'all',
    at timestamptz NOT NULL DEFAULT now()
        CONSTRAINT consents_at_is_finite CHECK (isfinite(at)),
    given boolean NOT NULL,
    PRIMARY KEY (customer_id, channel, purpose, at)
);
COMMENT ON TABLE consents IS
    'what customers agreed to and what they refused, one row each time they said so; of the rows about a channel and a purpose the latest counts, of equally late ones the refusal';
COMMENT ON COLUMN consents.channel IS 'channel that it is about, or all';
COMMENT ON COLUMN consents.purpose IS 'purpose that it is about, or all';
COMMENT ON COLUMN consents.at IS 'since when it holds';$shop$),
    (94, 'reference', 'consents', 'customers', '{}'::text[], $shop$
ALTER TABLE consents ADD FOREIGN KEY (customer_id) REFERENCES customers;$shop$),
    (95, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION check_consent() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF NEW.channel <> 'all' AND NOT EXISTS (SELECT FROM channels c WHERE c.channel = NEW.channel) THEN
        RAISE EXCEPTION 'unknown channel %', quote_literal(NEW.channel)
            USING ERRCODE = 'foreign_key_violation',
                  HINT = 'The table channels lists them; all stands for each of them.';
    END IF;
    IF NEW.purpose <> 'all' AND NOT EXISTS (SELECT FROM contact_purposes p WHERE p.purpose = NEW.purpose) THEN
        RAISE EXCEPTION 'unknown purpose %', quote_literal(NEW.purpose)
            USING ERRCODE = 'foreign_key_violation',
                  HINT = 'The table contact_purposes lists them; all stands for each of them.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_consent() IS
    'trigger of consents: a refusal that is about nothing would protect nobody';$shop$),
    (96, 'reference', 'consents', 'consents', '{}'::text[], $shop$
CREATE TRIGGER check_consent
    BEFORE INSERT OR UPDATE ON consents
    FOR EACH ROW EXECUTE FUNCTION check_consent();$shop$),
    (97, 'table', 'subscriptions', '', '{}'::text[], $shop$
CREATE TABLE subscriptions (
    customer_id @key_type@ NOT NULL,
    subscription_id text NOT NULL,
    started_at timestamptz NOT NULL,
    cancelled_at timestamptz,
    product_id text,
    PRIMARY KEY (customer_id, subscription_id),
    CONSTRAINT subscriptions_cancelled_after_started CHECK (cancelled_at >= started_at)
);
CREATE INDEX subscriptions_cancelled_at ON subscriptions (cancelled_at) WHERE cancelled_at IS NOT NULL;
COMMENT ON TABLE subscriptions IS 'what customers get regularly until they cancel it';
COMMENT ON COLUMN subscriptions.started_at IS 'when it began';
COMMENT ON COLUMN subscriptions.cancelled_at IS 'when the customer cancelled it; NULL while it runs';$shop$),
    (98, 'reference', 'subscriptions', 'customers', '{}'::text[], $shop$
ALTER TABLE subscriptions ADD FOREIGN KEY (customer_id) REFERENCES customers;$shop$),
    (99, 'table', 'shipments', '', '{tracking}'::text[], $shop$
CREATE TABLE shipments (
    customer_id @key_type@ NOT NULL,
    order_id text NOT NULL,
    parcel integer NOT NULL DEFAULT 1,
    carrier text,
    tracking text,
    expected_on date,
    PRIMARY KEY (customer_id, order_id, parcel)
);
COMMENT ON TABLE shipments IS
    'the parcels of an order, for messages about them; when an order left and arrived stands in orders';$shop$),
    (100, 'reference', 'shipments', 'orders', '{}'::text[], $shop$
ALTER TABLE shipments ADD FOREIGN KEY (customer_id, order_id) REFERENCES orders;$shop$),
    (101, 'table', 'journeys', '', '{}'::text[], $shop$
CREATE TABLE journeys (
    journey text PRIMARY KEY,
    title text NOT NULL,
    content_values jsonb NOT NULL DEFAULT '{}'
        CONSTRAINT journeys_content_values_is_an_object CHECK (jsonb_typeof(content_values) = 'object')
);
COMMENT ON TABLE journeys IS 'what happens after a sale, in steps';$shop$),
    (102, 'table', 'journey_steps', '', '{}'::text[], $shop$
CREATE TABLE journey_steps (
    step_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    journey text NOT NULL,
    step text NOT NULL,
    anchor text NOT NULL
        CONSTRAINT journey_steps_anchor_is_known
        CHECK (anchor IN ('ordered', 'shipped', 'delivered', 'first_order', 'nth_order', 'tier_reached',
                          'ticket_resolved', 'birthday', 'birthday_month', 'anniversary', 'no_order_for',
                          'points_expiring', 'subscription_cancelled')),
    nth integer,
    delay interval NOT NULL DEFAULT interval '0'
        CONSTRAINT journey_steps_delay_is_within_ten_years
        CHECK (delay BETWEEN interval '-1 year' AND interval '10 years'),
    send_window text,
    channel text NOT NULL,
    kind text NOT NULL DEFAULT 'automatic'
        CONSTRAINT journey_steps_kind_is_known CHECK (kind IN ('automatic', 'person')),
    purpose text NOT NULL,
    content_key text NOT NULL,
    content_values jsonb NOT NULL DEFAULT '{}'
        CONSTRAINT journey_steps_content_values_is_an_object
        CHECK (jsonb_typeof(content_values) = 'object'),
    priority integer NOT NULL DEFAULT 0,
    tiers text[],
    segments text[],
    orders_from bigint,
    orders_to bigint,
    min_amount numeric,
    sample_share double precision
        CONSTRAINT journey_steps_sample_share_is_a_share CHECK (sample_share BETWEEN 0 AND 1),
    holdout_share double precision NOT NULL DEFAULT 0
        CONSTRAINT journey_steps_holdout_share_is_a_share CHECK (holdout_share BETWEEN 0 AND 1),
    effect_within interval NOT NULL DEFAULT interval '30 days'
        CONSTRAINT journey_steps_effect_within_is_a_length_of_time
        CHECK (effect_within > interval '0' AND effect_within <= interval '10 years'),
    exit_on_order boolean NOT NULL DEFAULT false,
    exit_on_return boolean NOT NULL DEFAULT false,
    expires_after interval NOT NULL DEFAULT interval '7 days'
        CONSTRAINT journey_steps_expires_after_is_within_a_year
        CHECK (expires_after > interval '0' AND expires_after <= interval '1 year'),
    max_attempts integer NOT NULL DEFAULT 5
        CONSTRAINT journey_steps_max_attempts_is_positive CHECK (max_attempts > 0),
    retry_after interval NOT NULL DEFAULT interval '5 minutes'
        CONSTRAINT journey_steps_retry_after_is_a_length_of_time
        CHECK (retry_after > interval '0' AND retry_after <= interval '1 day'),
    valid tstzrange NOT NULL DEFAULT tstzrange(now(), NULL)
        CONSTRAINT journey_steps_valid_begins_in_and_ends_out
        CHECK (isempty(valid) OR NOT upper_inc(valid) AND (lower_inc(valid) OR lower_inf(valid))),
    CONSTRAINT journey_steps_nth_fits_anchor
        CHECK ((anchor = 'nth_order') = (nth IS NOT NULL) AND (nth IS NULL OR nth > 0)),
    CONSTRAINT journey_steps_delay_fits_anchor
        CHECK (delay >= interval '0'
               OR anchor IN ('birthday', 'birthday_month', 'anniversary', 'points_expiring')),
    CONSTRAINT journey_steps_silence_takes_time
        CHECK (anchor <> 'no_order_for' OR delay > interval '0'),
    CONSTRAINT journey_steps_min_amount_needs_an_order
        CHECK (min_amount IS NULL
               OR min_amount >= 0
              AND anchor IN ('ordered', 'shipped', 'delivered', 'first_order', 'nth_order', 'no_order_for'))
);
COMMENT ON TABLE journey_steps IS
    'what is said or done, one row a step: what it is counted from, how much later, by what channel, to whom, and when not. A step that has been in force is ended and followed by another of the same name';
COMMENT ON COLUMN journey_steps.kind IS 'automatic: a machine sends it; person: somebody does it';
COMMENT ON COLUMN journey_steps.channel IS 'channel that it takes';
COMMENT ON COLUMN journey_steps.priority IS 'which goes first, and which first uses up a frequency cap: the higher';
COMMENT ON COLUMN journey_steps.expires_after IS 'time after which it is too late to send it, counted from when it would be due without a send window';
COMMENT ON COLUMN journey_steps.min_amount IS 'only for orders of at least this amount; NULL for all';
COMMENT ON COLUMN journey_steps.valid IS 'what would be due within this time falls under the step; empty: it is switched off';$shop$),
    (103, 'reference', 'journey_steps', 'journeys', '{}'::text[], $shop$
ALTER TABLE journey_steps ADD FOREIGN KEY (journey) REFERENCES journeys;

INSERT INTO journeys (journey, title) VALUES ('after_sale', 'after a sale');
INSERT INTO journey_steps (journey, step, anchor, delay, send_window, channel, kind, purpose, content_key, content_values,
                           priority, tiers, orders_from, sample_share, holdout_share, exit_on_order, exit_on_return, expires_after, valid)
SELECT 'after_sale', s.step, s.anchor, s.delay::interval,
       CASE s.hours WHEN 'day' THEN loyalcs.business_hours('10:00-20:00', @time_zone@, '')::text
                    WHEN 'desk' THEN (SELECT c.hours FROM channels c WHERE c.channel = 'phone') END,
       s.channel, s.kind, s.purpose, s.step, s.content_values::jsonb,
       s.priority, s.tiers, s.orders_from, s.sample_share, s.holdout_share, s.exit_on_order, s.exit_on_return, s.expires_after::interval, '(,)'
  FROM (VALUES
    ('order_confirmation',  'ordered',        '0',        NULL,   'email', 'automatic', 'transactional', '{}', 90, NULL::text[], NULL::bigint, NULL::double precision, 0::double precision, false, false, '1 day'),
    ('shipping_notice',     'shipped',        '0',        NULL,   'email', 'automatic', 'transactional', '{}', 90, NULL, NULL, NULL, 0, false, false, '2 days'),
    ('arrival_check',       'delivered',      '3 days',   'day',  'email', 'automatic', 'service',       '{}', 50, NULL, NULL, NULL, 0, false, true, '4 days'),
    ('purchase_survey',     'delivered',      '7 days',   'day',  'email', 'automatic', 'survey',        '{"coupon": "THANKYOU500", "coupon_amount": 500}', 40, NULL, NULL, NULL, 0, false, true, '7 days'),
    ('satisfaction_survey', 'delivered',      '7 days',   'day',  'email', 'automatic', 'survey',        '{}', 45, NULL, NULL, 0.1, 0, false, true, '7 days'),
    ('phone_hearing',       'delivered',      '7 days',   'desk', 'phone', 'person',    'survey',        '{}', 40, '{VIP}', NULL, NULL, 0, false, true, '7 days'),
    ('review_request',      'delivered',      '7 days',   'day',  'email', 'automatic', 'marketing',     '{}', 30, NULL, NULL, NULL, 0, false, true, '7 days'),
    ('one_month',           'delivered',      '1 month',  'day',  'email', 'automatic', 'marketing',     '{}', 20, NULL, NULL, NULL, 0.1, true, true, '14 days'),
    ('seasonal',            'delivered',      '3 months', 'day',  'email', 'automatic', 'marketing',     '{}', 10, NULL, NULL, NULL, 0.1, true, true, '14 days'),
    ('birthday_coupon',     'birthday_month', '0',        'day',  'email', 'automatic', 'marketing',     '{"coupon": "BIRTHDAY"}', 20, NULL, 1, NULL, 0.1, false, false, '14 days'),
    ('vip_programme',       'delivered',      '3 months', 'day',  'email', 'automatic', 'marketing',     '{}', 15, NULL, 3, NULL, 0.1, false, true, '14 days')
  ) s (step, anchor, delay, hours, channel, kind, purpose, content_values, priority, tiers, orders_from, sample_share, holdout_share, exit_on_order, exit_on_return, expires_after);$shop$),
    (104, 'reference', 'journey_steps', 'channels', '{}'::text[], $shop$
ALTER TABLE journey_steps ADD FOREIGN KEY (channel) REFERENCES channels;$shop$),
    (105, 'reference', 'journey_steps', 'contact_purposes', '{}'::text[], $shop$
ALTER TABLE journey_steps ADD FOREIGN KEY (purpose) REFERENCES contact_purposes;$shop$),
    (106, 'functions', '', '', '{}'::text[], $shop$
-- Of steps and frequency caps: what was in force when something was queued stays.
CREATE OR REPLACE FUNCTION check_contact_rule() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    is_step constant boolean := TG_TABLE_NAME = 'journey_steps';
    old_row constant jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    new_row constant jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    id_name constant text := CASE WHEN is_step THEN 'step_id' ELSE 'cap_id' END;
    subject text;
    other bigint;
BEGIN
    IF TG_OP <> 'INSERT' AND NOT isempty(OLD.valid)
       AND coalesce(lower(OLD.valid) < now(), true)
       AND EXISTS (SELECT FROM followups f
                    WHERE f.due_at <@ OLD.valid
                      AND CASE WHEN is_step THEN f.step = old_row ->> 'step'
                               ELSE f.channel = old_row ->> 'channel' END)
       AND NOT (TG_OP = 'UPDATE'
                AND new_row - 'valid' = old_row - 'valid'
                AND lower(NEW.valid) IS NOT DISTINCT FROM lower(OLD.valid)
                AND NOT isempty(NEW.valid)
                AND (upper(NEW.valid) IS NOT DISTINCT FROM upper(OLD.valid)
                     OR coalesce(upper(OLD.valid) > now(), true)
                     AND coalesce(upper(NEW.valid) >= now(), true))) THEN
        RAISE EXCEPTION '% % has been in force', replace(id_name, '_id', ''), old_row ->> id_name
            USING ERRCODE = 'object_in_use',
                  DETAIL = 'Follow-ups were due under it.',
                  HINT = format('UPDATE %I SET valid = tstzrange(lower(valid), now()) WHERE %I = %s; then INSERT what holds from now on.',
                                TG_TABLE_NAME, id_name, old_row ->> id_name);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;

    -- One at a time, so that each sees what the others have committed.
    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', TG_TABLE_NAME);
    IF is_step THEN
        subject := 'step ' || (new_row ->> 'step');
        NEW.send_window := NEW.send_window::loyalcs.business_hours::text;
        SELECT s.step_id INTO other
          FROM journey_steps s
         WHERE s.step = NEW.step AND s.step_id <> NEW.step_id AND s.valid && NEW.valid
         LIMIT 1;
    ELSE
        subject := 'channel ' || (new_row ->> 'channel');
        SELECT c.cap_id INTO other
          FROM frequency_caps c
         WHERE c.channel = NEW.channel AND c.cap_id <> NEW.cap_id AND c.valid && NEW.valid
         LIMIT 1;
    END IF;
    IF other IS NOT NULL THEN
        RAISE EXCEPTION '% already has a rule at that time', subject
            USING ERRCODE = 'exclusion_violation',
                  DETAIL = format('It is the one with %s %s.', id_name, other),
                  HINT = 'End the one before the other begins.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_contact_rule() IS
    'trigger of journey_steps and frequency_caps: a rule that has been in force is only ended, there is one at a time, and a send window is business hours and written as those are';$shop$),
    (107, 'reference', 'journey_steps', 'journey_steps', '{}'::text[], $shop$
CREATE TRIGGER check_contact_rule
    BEFORE INSERT OR UPDATE OR DELETE ON journey_steps
    FOR EACH ROW EXECUTE FUNCTION check_contact_rule();$shop$),
    (108, 'reference', 'frequency_caps', 'frequency_caps', '{}'::text[], $shop$
CREATE TRIGGER check_contact_rule
    BEFORE INSERT OR UPDATE OR DELETE ON frequency_caps
    FOR EACH ROW EXECUTE FUNCTION check_contact_rule();$shop$),
    (109, 'functions', '', '', '{}'::text[], $shop$
CREATE OR REPLACE FUNCTION delay_in_words(delay interval) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(string_agg(abs(p.amount)::text || ' ' || p.unit
                               || CASE WHEN abs(p.amount) = 1 THEN '' ELSE 's' END, ' ' ORDER BY p.place)
                    || CASE WHEN delay_in_words.delay < interval '0' THEN ' before ' ELSE ' after ' END, '')
      FROM (VALUES (1, EXTRACT(year FROM delay_in_words.delay) * 12 + EXTRACT(month FROM delay_in_words.delay), 'month'),
                   (2, EXTRACT(day FROM delay_in_words.delay), 'day'),
                   (3, EXTRACT(hour FROM delay_in_words.delay), 'hour'),
                   (4, EXTRACT(minute FROM delay_in_words.delay), 'minute')) p (place, amount, unit)
     WHERE p.amount <> 0;
END;
COMMENT ON FUNCTION delay_in_words(interval) IS
    'the delay of a step as why says it, such as 7 days after; empty for none';$shop$),
    (110, 'table', 'followups', '', '{claim_key,detail}'::text[], $shop$
CREATE TABLE followups (
    customer_id @key_type@ NOT NULL,
    step text NOT NULL,
    subject text NOT NULL,
    followup_id bigint GENERATED BY DEFAULT AS IDENTITY,
    step_id bigint NOT NULL,
    channel text NOT NULL,
    capped boolean NOT NULL,
    priority integer NOT NULL,
    anchor_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    too_late_at timestamptz NOT NULL,
    queued_at timestamptz NOT NULL,
    claimable_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    claim_key text,
    reported text,
    worker text,
    lease_until timestamptz,
    finished_at timestamptz,
    outcome text
        CONSTRAINT followups_outcome_is_known
        CHECK (outcome IN ('sent', 'failed', 'undeliverable', 'dropped')),
    reason text,
    detail text,
    PRIMARY KEY (customer_id, step, subject),
    CONSTRAINT followups_finished_has_an_outcome
        CHECK ((finished_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX followups_followup_id ON followups (followup_id);
CREATE INDEX followups_queue ON followups (channel, priority DESC, claimable_at)
    WHERE finished_at IS NULL;
COMMENT ON TABLE followups IS
    'follow-ups that were due, one row for each customer, step and subject: what waits, what a worker has, what became of the rest';
COMMENT ON COLUMN followups.reason IS 'why it was dropped, or put off when it was last looked at';
COMMENT ON COLUMN followups.priority IS 'which goes first: the higher';$shop$),
    (111, 'reference', 'followups', 'customers', '{}'::text[], $shop$
ALTER TABLE followups ADD FOREIGN KEY (customer_id) REFERENCES customers;$shop$),
    (112, 'reference', 'followups', 'journey_steps', '{}'::text[], $shop$
ALTER TABLE followups ADD FOREIGN KEY (step_id) REFERENCES journey_steps;$shop$),
    (113, 'table', 'followup_late_reports', '', '{detail}'::text[], $shop$
CREATE TABLE followup_late_reports (
    customer_id @key_type@ NOT NULL,
    followup_id bigint NOT NULL,
    attempt integer NOT NULL,
    at timestamptz NOT NULL,
    outcome text NOT NULL,
    detail text,
    PRIMARY KEY (customer_id, followup_id, attempt)
);
COMMENT ON TABLE followup_late_reports IS
    'what workers reported after somebody else had claimed their work: of those that say sent, the customer may have heard twice';$shop$),
    (114, 'reference', 'followup_late_reports', 'customers', '{}'::text[], $shop$
ALTER TABLE followup_late_reports ADD FOREIGN KEY (customer_id) REFERENCES customers;$shop$),
    (115, 'functions', '', '', '{}'::text[], $shop$
-- The day itself is personal: whoever may not read it gets no rows.
CREATE OR REPLACE FUNCTION birthday_anchors(anchor text, "from" date, "to" date)
RETURNS TABLE (customer_id @key_type@, falls_on date)
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    day date;
BEGIN
    IF NOT has_column_privilege('customers', 'birthday', 'SELECT') OR NOT isfinite("from") OR NOT isfinite("to") THEN
        RETURN;
    END IF;
    FOR day IN
        SELECT "from" + i FROM generate_series(0, "to" - "from") i
         WHERE anchor = 'birthday' OR EXTRACT(day FROM "from" + i) = 1
    LOOP
        IF anchor = 'birthday_month' THEN
            RETURN QUERY
            SELECT c.customer_id, day
              FROM customers c
             WHERE c.birthday IS NOT NULL
               AND EXTRACT(month FROM c.birthday)::integer = EXTRACT(month FROM day)::integer
               AND c.birthday < day;
        ELSE
            RETURN QUERY
            SELECT c.customer_id, day
              FROM customers c
             WHERE c.birthday IS NOT NULL
               AND EXTRACT(month FROM c.birthday)::integer = EXTRACT(month FROM day)::integer
               AND EXTRACT(day FROM c.birthday)::integer BETWEEN EXTRACT(day FROM day)::integer AND EXTRACT(day FROM day)::integer + 1
               AND loyalcs.next_anniversary(c.birthday, day - 1) = day;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION birthday_anchors(text, date, date) IS
    'whose birthday falls on a day from one to another, that of 29 February on the 28th in other years, or on which first of a month a birthday month begins; no rows for whoever may not read customers.birthday';

CREATE OR REPLACE FUNCTION followup_hindrance(
    customer @key_type@,
    order_id text,
    order_cancelled boolean,
    since timestamptz,
    channel text,
    purpose text,
    consent text,
    exit_on_order boolean,
    exit_on_return boolean,
    too_late_at timestamptz,
    hours loyalcs.business_hours,
    as_of timestamptz
)
RETURNS TABLE (held_back text, reason text, until timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
               WHEN r.reason IN ('open complaint', 'outside of the send window') THEN 'defer'
               WHEN r.reason IS NOT NULL THEN 'drop'
           END,
           r.reason,
           CASE r.reason WHEN 'outside of the send window'
                THEN loyalcs.next_open(followup_hindrance.hours, followup_hindrance.as_of) END
      FROM (SELECT CASE
                WHEN followup_hindrance.too_late_at <= followup_hindrance.as_of THEN 'expired'
                WHEN followup_hindrance.order_cancelled THEN 'order cancelled'
                WHEN followup_hindrance.exit_on_return
                     AND EXISTS (SELECT FROM returns r
                                  WHERE r.customer_id = followup_hindrance.customer
                                    AND r.order_id = followup_hindrance.order_id
                                    AND r.returned_at <= followup_hindrance.as_of)
                    THEN 'returned'
                WHEN followup_hindrance.exit_on_order
                     AND EXISTS (SELECT FROM orders o
                                  WHERE o.customer_id = followup_hindrance.customer
                                    AND o.ordered_at > followup_hindrance.since
                                    AND o.ordered_at <= followup_hindrance.as_of
                                    AND (o.cancelled_at IS NULL OR o.cancelled_at > followup_hindrance.as_of))
                    THEN 'ordered again'
                WHEN followup_hindrance.consent = 'not_needed' THEN NULL
                WHEN NOT coalesce((SELECT c.given
                                     FROM consents c
                                    WHERE c.customer_id = followup_hindrance.customer
                                      AND c.channel IN (followup_hindrance.channel, 'all')
                                      AND c.purpose IN (followup_hindrance.purpose, 'all')
                                      AND c.at <= followup_hindrance.as_of
                                    ORDER BY c.at DESC, c.given
                                    LIMIT 1), followup_hindrance.consent = 'unless_refused')
                    THEN CASE followup_hindrance.consent WHEN 'if_given' THEN 'no consent' ELSE 'opted out' END
                WHEN EXISTS (SELECT FROM tickets t
                              WHERE t.customer_id = followup_hindrance.customer
                                AND t.complaint
                                AND (t.closed_at IS NULL OR t.closed_at > followup_hindrance.as_of)
                                AND EXISTS (SELECT FROM ticket_events e
                                             WHERE e.customer_id = t.customer_id AND e.ticket_id = t.ticket_id
                                               AND e.at <= followup_hindrance.as_of))
                    THEN 'open complaint'
                WHEN NOT loyalcs.is_open(followup_hindrance.hours, followup_hindrance.as_of)
                    THEN 'outside of the send window'
                END AS reason
            OFFSET 0) r;
END;
COMMENT ON FUNCTION followup_hindrance(@key_type@, text, boolean, timestamptz, text, text, text, boolean, boolean, timestamptz, loyalcs.business_hours, timestamptz) IS
    'what keeps a follow-up from being sent at an instant: drop and defer, the reason, and until when if that is known; NULLs for nothing. Frequency caps and hold-outs are none of its business';

-- Everything about a customer is a lateral subquery that cannot be pulled up, so
-- that it is asked of the few who are due and never of all, whatever the planner
-- expects. It expects far more than there are, and would compile for a second
-- what runs for some milliseconds: hence jit. The range in which anchors are looked for is a little too wide where
-- calendar days and months are counted; what is due is then computed exactly.
CREATE OR REPLACE FUNCTION followups_considered(as_of timestamptz, expired_for interval)
RETURNS TABLE (
    customer_id @key_type@,
    step text,
    subject text,
    step_id bigint,
    channel text,
    capped boolean,
    priority integer,
    anchor_at timestamptz,
    due_at timestamptz,
    too_late_at timestamptz,
    queued boolean,
    why text,
    held_back text,
    reason text,
    until timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
    SET jit = off
BEGIN ATOMIC
    WITH shop AS MATERIALIZED (
        SELECT s.time_zone,
               (followups_considered.as_of AT TIME ZONE s.time_zone) AS local_time,
               date_trunc('day', followups_considered.as_of, s.time_zone) AS today_from,
               CASE WHEN isfinite(followups_considered.as_of)
                    THEN ((loyalcs.local_date(followups_considered.as_of, s.time_zone) + 1)::timestamp AT TIME ZONE s.time_zone)
               END AS tomorrow_from
          FROM settings s
    ), steps AS MATERIALIZED (
        SELECT s.step_id, s.step, s.anchor, s.delay, s.channel, s.purpose, s.priority, s.tiers, s.segments,
               s.orders_from, s.orders_to, s.min_amount, s.sample_share, s.holdout_share,
               s.exit_on_order, s.exit_on_return, s.expires_after, s.valid,
               CASE WHEN s.anchor IN ('first_order', 'anniversary') THEN 1 ELSE s.nth END AS nth,
               s.send_window::loyalcs.business_hours AS hours,
               delay_in_words(s.delay) AS delay_words,
               p.consent, p.capped, c.per_day, c.per_week,
               (z.local_time - followups_considered.expired_for - s.expires_after - s.delay) AT TIME ZONE z.time_zone
               - interval '26 hours' AS anchors_from,
               (z.local_time - s.delay) AT TIME ZONE z.time_zone
               + CASE WHEN EXTRACT(year FROM s.delay) <> 0 OR EXTRACT(month FROM s.delay) <> 0 THEN interval '4 days'
                      WHEN EXTRACT(day FROM s.delay) <> 0 THEN interval '26 hours'
                      ELSE interval '0' END AS anchors_to,
               z.time_zone, z.today_from, z.tomorrow_from
          FROM journey_steps s
          JOIN contact_purposes p ON p.purpose = s.purpose
          LEFT JOIN frequency_caps c ON c.channel = s.channel AND c.valid @> followups_considered.as_of
         CROSS JOIN shop z
         WHERE NOT isempty(s.valid)
    ), due AS (
        SELECT s.*, a.customer_id, a.subject, a.order_id, a.anchor_at, a.order_at, a.cancelled_at, a.event,
               w.wanted_at, x.too_late_at, q.queued_at IS NOT NULL AS queued
          FROM steps s
         CROSS JOIN LATERAL (
                   SELECT o.customer_id, o.order_id AS subject, o.order_id, o.ordered_at AS anchor_at, o.ordered_at AS order_at,
                          o.cancelled_at, o.amount, 'order ' || o.order_id || ' was placed' AS event
                     FROM orders o
                    WHERE s.anchor IN ('ordered', 'first_order', 'nth_order', 'no_order_for')
                      AND o.ordered_at > s.anchors_from AND o.ordered_at <= s.anchors_to
                   UNION ALL
                   SELECT o.customer_id, o.order_id, o.order_id, o.shipped_at, o.ordered_at,
                          o.cancelled_at, o.amount, 'order ' || o.order_id || ' was shipped'
                     FROM orders o
                    WHERE s.anchor = 'shipped'
                      AND o.shipped_at > s.anchors_from AND o.shipped_at <= s.anchors_to
                   UNION ALL
                   SELECT o.customer_id, o.order_id, o.order_id, o.delivered_at, o.ordered_at,
                          o.cancelled_at, o.amount, 'order ' || o.order_id || ' was delivered'
                     FROM orders o
                    WHERE s.anchor = 'delivered'
                      AND o.delivered_at > s.anchors_from AND o.delivered_at <= s.anchors_to
                   UNION ALL
                   SELECT t.customer_id, t.ticket_id, NULL, t.closed_at, NULL,
                          NULL, NULL, 'ticket ' || t.ticket_id || ' was resolved'
                     FROM tickets t
                    WHERE s.anchor = 'ticket_resolved' AND t.merged_into IS NULL
                      AND t.closed_at > s.anchors_from AND t.closed_at <= s.anchors_to
                   UNION ALL
                   SELECT u.customer_id, u.subscription_id, NULL, u.cancelled_at, NULL,
                          NULL, NULL, 'subscription ' || u.subscription_id || ' was cancelled'
                     FROM subscriptions u
                    WHERE s.anchor = 'subscription_cancelled'
                      AND u.cancelled_at > s.anchors_from AND u.cancelled_at <= s.anchors_to
                   UNION ALL
                   SELECT b.customer_id, CASE s.anchor WHEN 'birthday' THEN to_char(b.falls_on, 'YYYY') ELSE to_char(b.falls_on, 'YYYY-MM') END,
                          NULL, b.falls_on::timestamp AT TIME ZONE s.time_zone, NULL,
                          NULL, NULL, CASE s.anchor WHEN 'birthday' THEN 'birthday' ELSE 'the birthday month began' END
                     FROM birthday_anchors(s.anchor, loyalcs.local_date(s.anchors_from, s.time_zone), loyalcs.local_date(s.anchors_to, s.time_zone)) b
                    WHERE s.anchor IN ('birthday', 'birthday_month')
                   UNION ALL
                   SELECT t.customer_id, t.tier || ' ' || to_char(loyalcs.local_date(t.valid_from, s.time_zone), 'YYYY-MM-DD'), NULL, t.valid_from, NULL,
                          NULL, NULL, 'tier ' || t.tier || ' was reached'
                     FROM tier_history t
                    WHERE s.anchor = 'tier_reached'
                      AND t.valid_from > s.anchors_from AND t.valid_from <= s.anchors_to
                      AND t.rank > coalesce((SELECT p.rank
                                               FROM tier_history p
                                              WHERE p.customer_id = t.customer_id AND p.valid_from < t.valid_from
                                              ORDER BY p.valid_from DESC
                                              LIMIT 1), 0)
                   UNION ALL
                   SELECT n.customer_id, to_char(loyalcs.local_date(n.expires_at, s.time_zone), 'YYYY-MM-DD'), NULL, n.expires_at, NULL,
                          NULL, NULL, n.points::text || ' points expire'
                     FROM points_expiring_at(followups_considered.as_of) n
                    WHERE s.anchor = 'points_expiring'
                      AND n.expires_at > s.anchors_from AND n.expires_at <= s.anchors_to
                   UNION ALL
                   SELECT o.customer_id, to_char(d.falls_on, 'YYYY'), o.order_id, d.falls_on::timestamp AT TIME ZONE s.time_zone, o.ordered_at,
                          o.cancelled_at, NULL, 'the first order was ' || y.years::text || CASE y.years WHEN 1 THEN ' year' ELSE ' years' END || ' ago'
                     FROM generate_series(1, CASE WHEN s.anchor = 'anniversary' AND isfinite(s.anchors_to)
                                                  THEN (SELECT EXTRACT(year FROM s.anchors_to)::integer
                                                               - EXTRACT(year FROM min(o.ordered_at))::integer + 1
                                                          FROM orders o) END) y (years)
                    CROSS JOIN LATERAL (
                              SELECT o.customer_id, o.order_id, o.ordered_at, o.cancelled_at
                                FROM orders o
                               WHERE o.ordered_at > s.anchors_from - make_interval(years => y.years) - interval '2 days'
                                 AND o.ordered_at <= s.anchors_to - make_interval(years => y.years) + interval '2 days'
                              OFFSET 0) o
                    CROSS JOIN LATERAL (SELECT (loyalcs.local_date(o.ordered_at, s.time_zone) + make_interval(years => y.years))::date AS falls_on) d
               ) a
         CROSS JOIN LATERAL (SELECT loyalcs.followup_due(a.anchor_at, s.delay, s.time_zone, NULL) AS wanted_at OFFSET 0) w
         CROSS JOIN LATERAL (SELECT loyalcs.followup_due(w.wanted_at, s.expires_after, s.time_zone, NULL) AS too_late_at OFFSET 0) x
          LEFT JOIN LATERAL (
                    SELECT f.queued_at, f.finished_at
                      FROM followups f
                     WHERE f.customer_id = a.customer_id AND f.step = s.step AND f.subject = a.subject
                       AND f.queued_at <= followups_considered.as_of
                    LIMIT 1) q ON true
         WHERE w.wanted_at <= followups_considered.as_of
           AND w.wanted_at <@ s.valid
           AND x.too_late_at + followups_considered.expired_for > followups_considered.as_of
           AND (q.finished_at IS NULL OR q.finished_at > followups_considered.as_of)
           AND (s.min_amount IS NULL OR a.amount >= s.min_amount)
           AND (s.sample_share IS NULL OR loyalcs.in_sample(a.customer_id::text, 'sample ' || s.step, s.sample_share))
           AND (s.nth IS NULL OR a.order_id IS NULL
                OR (a.cancelled_at IS NULL OR a.cancelled_at > followups_considered.as_of)
                   AND s.nth = (SELECT count(*)
                                  FROM orders e
                                 WHERE e.customer_id = a.customer_id
                                   AND (e.ordered_at < a.order_at OR e.ordered_at = a.order_at AND e.order_id <= a.order_id)
                                   AND (e.cancelled_at IS NULL OR e.cancelled_at > followups_considered.as_of)))
           AND (s.anchor <> 'no_order_for'
                OR (a.cancelled_at IS NULL OR a.cancelled_at > followups_considered.as_of)
                   AND NOT EXISTS (SELECT FROM orders e
                                    WHERE e.customer_id = a.customer_id
                                      AND (e.ordered_at > a.order_at OR e.ordered_at = a.order_at AND e.order_id > a.order_id)
                                      AND e.ordered_at <= followups_considered.as_of
                                      AND (e.cancelled_at IS NULL OR e.cancelled_at > followups_considered.as_of)))
           AND (s.orders_from IS NULL AND s.orders_to IS NULL
                OR (SELECT count(*)
                      FROM orders e
                     WHERE e.customer_id = a.customer_id
                       AND e.ordered_at <= followups_considered.as_of
                       AND (e.cancelled_at IS NULL OR e.cancelled_at > followups_considered.as_of))
                   BETWEEN coalesce(s.orders_from, 0) AND coalesce(s.orders_to, 9223372036854775807))
           AND (s.tiers IS NULL
                OR EXISTS (SELECT FROM tier_history t
                            WHERE t.customer_id = a.customer_id
                              AND t.valid_from <= followups_considered.as_of
                              AND (t.valid_until IS NULL OR t.valid_until > followups_considered.as_of)
                              AND t.tier = ANY (s.tiers)))
           AND (s.segments IS NULL
                OR EXISTS (SELECT FROM customer_rfm(a.customer_id, followups_considered.as_of) r
                            WHERE r.segment = ANY (s.segments)))
    ), judged AS (
        SELECT d.*, h.held_back AS hindered, h.reason AS hindrance, h.until AS hindered_until,
               h.reason IS NULL AND d.holdout_share > 0
               AND loyalcs.in_sample(d.customer_id::text, 'holdout ' || d.step, d.holdout_share) AS held_out
          FROM (SELECT d.*,
                       d.cancelled_at IS NOT NULL AND d.cancelled_at <= followups_considered.as_of AS order_cancelled,
                       CASE WHEN d.anchor = 'anniversary' OR d.order_at IS NULL THEN d.anchor_at ELSE d.order_at END AS since,
                       CASE WHEN d.anchor <> 'anniversary' THEN d.order_id END AS order_sold
                  FROM due d
                OFFSET 0) d
         CROSS JOIN LATERAL followup_hindrance(d.customer_id, d.order_sold, d.order_cancelled, d.since, d.channel, d.purpose, d.consent,
                                               d.exit_on_order, d.exit_on_return, d.too_late_at, d.hours, followups_considered.as_of) h
    ), placed AS (
        SELECT j.*, u.today, u.week,
               j.hindered IS NULL AND NOT j.held_out AND j.capped AS counts,
               row_number() OVER (PARTITION BY j.customer_id, j.channel, j.hindered IS NULL AND NOT j.held_out AND j.capped
                                  ORDER BY j.queued DESC, j.priority DESC, j.wanted_at, j.step, j.subject) AS place
          FROM judged j
         CROSS JOIN LATERAL (
                   SELECT count(*) FILTER (WHERE f.finished_at >= j.today_from) AS today, count(*) AS week
                     FROM followups f
                    WHERE j.hindered IS NULL AND NOT j.held_out AND j.capped
                      AND f.customer_id = j.customer_id AND f.channel = j.channel AND f.capped AND f.outcome = 'sent'
                      AND f.finished_at > followups_considered.as_of - interval '168 hours'
                      AND f.finished_at <= followups_considered.as_of
               ) u
    )
    SELECT p.customer_id, p.step, p.subject, p.step_id, p.channel, p.capped, p.priority, p.anchor_at,
           loyalcs.followup_due(p.wanted_at, interval '0', p.time_zone, p.hours),
           p.too_late_at, p.queued,
           p.delay_words || p.event || ' on ' || to_char(loyalcs.local_date(p.anchor_at, p.time_zone), 'YYYY-MM-DD'),
           CASE WHEN p.held_out THEN 'drop' WHEN c.over THEN 'defer' ELSE p.hindered END,
           CASE WHEN p.held_out THEN 'held out' WHEN c.over THEN 'frequency cap' ELSE p.hindrance END,
           CASE WHEN c.over THEN p.tomorrow_from ELSE p.hindered_until END
      FROM placed p
     CROSS JOIN LATERAL (SELECT p.counts AND (p.today + p.place > p.per_day OR p.week + p.place > p.per_week) IS TRUE AS over) c;
END;
COMMENT ON FUNCTION followups_considered(timestamptz, interval) IS
    'the follow-ups that would be due at an instant and are not finished, with what holds them back: drop or defer, the reason, and until when; those that expired no longer than expired_for ago among them';

CREATE OR REPLACE FUNCTION followups_due_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    step text,
    subject text,
    due_at timestamptz,
    channel text,
    why text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.customer_id, c.step, c.subject, c.due_at, c.channel, c.why
      FROM followups_considered(followups_due_at.as_of, interval '0') c
     WHERE c.held_back IS NULL;
END;
COMMENT ON FUNCTION followups_due_at(timestamptz) IS
    'who is due to hear from the shop, and has not yet: whom no rule holds back. Birthdays only for those who may read customers.birthday';

CREATE OR REPLACE FUNCTION followups_suppressed_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    step text,
    subject text,
    due_at timestamptz,
    channel text,
    held_back text,
    reason text,
    until timestamptz,
    why text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.customer_id, c.step, c.subject, c.due_at, c.channel, c.held_back, c.reason, c.until, c.why
      FROM followups_considered(followups_suppressed_at.as_of, interval '168 hours') c
     WHERE c.held_back IS NOT NULL
    UNION ALL
    SELECT f.customer_id, f.step, f.subject, f.due_at, f.channel, 'drop', f.reason, NULL, NULL
      FROM followups f
     WHERE f.outcome = 'dropped' AND f.finished_at <= followups_suppressed_at.as_of;
END;
COMMENT ON FUNCTION followups_suppressed_at(timestamptz) IS
    'who would be due but is held back, and why: defer for now, drop for good. What expired before anybody looked at it is there for seven days, what was dropped in the queue stays';

CREATE OR REPLACE FUNCTION followups_failed_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    followup_id bigint,
    step text,
    subject text,
    channel text,
    due_at timestamptz,
    attempts integer,
    outcome text,
    finished_at timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT f.customer_id, f.followup_id, f.step, f.subject, f.channel, f.due_at, f.attempts, f.outcome, f.finished_at
      FROM followups f
     WHERE f.outcome IN ('failed', 'undeliverable') AND f.finished_at <= followups_failed_at.as_of;
END;
COMMENT ON FUNCTION followups_failed_at(timestamptz) IS
    'follow-ups that were given up: every attempt failed, or nobody can be reached there; what the worker said stands in followups.detail, which is for those who may read personal data';

CREATE OR REPLACE FUNCTION followup_effect_at(as_of timestamptz)
RETURNS TABLE (
    step text,
    effect_within interval,
    reached bigint,
    reached_ordered bigint,
    held_out bigint,
    held_out_ordered bigint,
    uplift double precision,
    uplift_low double precision,
    uplift_high double precision
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT e.step, e.effect_within, e.reached, e.reached_ordered, e.held_out, e.held_out_ordered,
           l.uplift, l.low, l.high
      FROM (SELECT f.step, f.effect_within,
                   count(*) FILTER (WHERE f.outcome = 'sent') AS reached,
                   count(*) FILTER (WHERE f.outcome = 'sent' AND f.ordered) AS reached_ordered,
                   count(*) FILTER (WHERE f.outcome = 'dropped') AS held_out,
                   count(*) FILTER (WHERE f.outcome = 'dropped' AND f.ordered) AS held_out_ordered
              FROM (SELECT DISTINCT ON (f.customer_id, f.step)
                           f.step, s.effect_within, f.outcome,
                           w.over_at <= followup_effect_at.as_of AS over,
                           EXISTS (SELECT FROM orders o
                                    WHERE o.customer_id = f.customer_id
                                      AND o.ordered_at > f.finished_at
                                      AND o.ordered_at <= w.over_at
                                      AND (o.cancelled_at IS NULL OR o.cancelled_at > followup_effect_at.as_of)) AS ordered
                      FROM followups f
                      JOIN journey_steps s ON s.step_id = f.step_id
                     CROSS JOIN LATERAL (
                               SELECT loyalcs.followup_due(f.finished_at, s.effect_within, (SELECT z.time_zone FROM settings z)) AS over_at) w
                     WHERE (f.outcome = 'sent' OR f.outcome = 'dropped' AND f.reason = 'held out')
                       AND f.finished_at <= followup_effect_at.as_of
                     ORDER BY f.customer_id, f.step, f.finished_at, f.followup_id) f
             WHERE f.over
             GROUP BY f.step, f.effect_within) e
     CROSS JOIN LATERAL loyalcs.uplift(e.reached_ordered, e.reached, e.held_out_ordered, e.held_out, 0.95) l;
END;
COMMENT ON FUNCTION followup_effect_at(timestamptz) IS
    'whether a step makes customers order: of those whom it reached and of those held out, how many ordered within effect_within; the first time of each customer, once that time is over. The interval is Newcombe''s, 95%; see loyalcs.uplift';

CREATE OR REPLACE FUNCTION queue_followups(at timestamptz DEFAULT now()) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    queued bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('loyalcs.queue_followups ' || 'followups'::regclass::oid::text, 0)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO followups (customer_id, step, subject, step_id, channel, capped, priority, anchor_at, due_at, too_late_at,
                           queued_at, claimable_at, finished_at, outcome, reason)
    SELECT c.customer_id, c.step, c.subject, c.step_id, c.channel, c.capped, c.priority, c.anchor_at, c.due_at, c.too_late_at,
           queue_followups.at, c.due_at,
           CASE c.held_back WHEN 'drop' THEN queue_followups.at END,
           CASE c.held_back WHEN 'drop' THEN 'dropped' END,
           c.reason
      FROM followups_considered(queue_followups.at, interval '168 hours') c
     WHERE NOT c.queued AND c.held_back IS DISTINCT FROM 'defer'
        ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS queued = ROW_COUNT;
    RETURN queued;
END
$$;
COMMENT ON FUNCTION queue_followups(timestamptz) IS
    'writes what is due, and what is dropped, into followups, where it waits to be claimed; gives how many, NULL if another session is just doing it. claim_followups() calls it when there is nothing left to claim, and once a minute';

-- A function of its own, so that its plan is no part of a claim that needs none.
CREATE OR REPLACE FUNCTION offers_in_words(customer @key_type@, as_of timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT string_agg(coalesce(n.product_name, n.product_id), ', ')
      FROM next_offers(offers_in_words.customer, 3, offers_in_words.as_of) n;
END;
COMMENT ON FUNCTION offers_in_words(@key_type@, timestamptz) IS
    'the first three of next_offers() by name; NULL if there are none';

-- The rules of claims and reports, of follow-ups and of whatever else is handed out.

CREATE OR REPLACE FUNCTION check_claim(what text, only_channel text, "limit" integer, lease interval) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF "limit" IS NULL OR "limit" < 1 OR "limit" > 10000 THEN
        RAISE EXCEPTION 'cannot claim % %', coalesce("limit"::text, 'NULL'), what
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Claim 1 to 10000 at a time.';
    END IF;
    IF lease IS NULL OR lease <= interval '0' THEN
        RAISE EXCEPTION 'a lease must last'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It is %s.', coalesce(lease::text, 'NULL'));
    END IF;
    IF only_channel IS NOT NULL AND NOT EXISTS (SELECT FROM channels c WHERE c.channel = only_channel) THEN
        RAISE EXCEPTION 'unknown channel %', quote_literal(only_channel)
            USING ERRCODE = 'undefined_object', HINT = 'The table channels lists them; NULL is all.';
    END IF;
END
$$;
COMMENT ON FUNCTION check_claim(text, text, integer, interval) IS
    'refuses what nobody can claim: a number, a lease or a channel';

CREATE OR REPLACE FUNCTION reported_attempt(what text, number bigint, attempts integer, key text, outcome text) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
DECLARE
    attempt constant integer := substring(key, '^' || number::text || '\.([1-9][0-9]{0,8})$')::integer;
BEGIN
    IF outcome IS NULL OR outcome NOT IN ('sent', 'failed', 'undeliverable') THEN
        RAISE EXCEPTION 'unknown outcome %', coalesce(quote_literal(outcome), 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'The outcomes are sent, failed (to be tried again) and undeliverable (not to be).';
    END IF;
    IF attempts IS NULL THEN
        RAISE EXCEPTION 'there is no % %', what, coalesce(number::text, 'NULL')
            USING ERRCODE = 'undefined_object';
    END IF;
    IF attempt IS NULL OR attempt > attempts THEN
        RAISE EXCEPTION 'key % is of no claim of % %', coalesce(quote_literal(key), 'NULL'), what, number
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Use the claim_key that it was claimed with.';
    END IF;
    RETURN attempt;
END
$$;
COMMENT ON FUNCTION reported_attempt(text, bigint, integer, text, text) IS
    'which claim a worker reports on, by its key; refuses an unknown outcome, a number that does not exist (attempts is NULL) and a key of no claim';

-- Each statement has one plan for all calls of a session, made perhaps when there
-- were hardly any rows: hence no sequential scan where there is an index. (Where
-- there is none, that makes a plan look dear enough for jit.)
CREATE OR REPLACE FUNCTION claim_followups(
    only_channel text DEFAULT NULL,
    "limit" integer DEFAULT 100,
    worker text DEFAULT current_user,
    lease interval DEFAULT interval '5 minutes',
    at timestamptz DEFAULT now()
)
RETURNS TABLE (
    followup_id bigint,
    claim_key text,
    attempt integer,
    customer_id @key_type@,
    step text,
    subject text,
    channel text,
    due_at timestamptz,
    lease_until timestamptz,
    payload jsonb
)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    -- when this session has last looked for what is due
    looked constant text := 'loyalcs.queued_' || 'followups'::regclass::oid::text;
    looked_at numeric := nullif(current_setting(looked, true), '')::numeric;
    now_epoch constant numeric := EXTRACT(epoch FROM claim_followups.at);
    -- (a day of a lease or of a wait is 24 hours, whatever the session's time zone)
    leased_until constant timestamptz := claim_followups.at + make_interval(secs => EXTRACT(epoch FROM lease)::double precision);
    wanted integer := claim_followups."limit";
    queue text;
    -- where the rows are that this transaction has locked: they stay there until it changes them
    places tid[];
    claimed bigint;
BEGIN
    PERFORM check_claim('follow-ups', only_channel, wanted, lease);
    IF looked_at IS NULL OR abs(now_epoch - looked_at) >= 60 THEN
        PERFORM queue_followups(claim_followups.at);
        PERFORM set_config(looked, now_epoch::text, false);
    END IF;
    LOOP
        FOR queue IN
            SELECT c.channel FROM channels c
             WHERE only_channel IS NULL OR c.channel = only_channel
             ORDER BY c.channel
        LOOP
            LOOP
                places := ARRAY(SELECT f.ctid
                                  FROM followups f
                                 WHERE f.finished_at IS NULL AND f.channel = queue
                                   AND f.claimable_at <= claim_followups.at
                                 ORDER BY f.priority DESC, f.claimable_at
                                 LIMIT wanted
                                   FOR UPDATE SKIP LOCKED);
                EXIT WHEN cardinality(places) = 0;
                RETURN QUERY
                WITH steps AS MATERIALIZED (
                    SELECT s.step_id, s.anchor, s.kind, s.purpose, s.content_key, s.exit_on_order, s.exit_on_return,
                           s.max_attempts, s.retry_after, s.send_window::loyalcs.business_hours AS hours,
                           j.content_values || s.content_values AS content_values,
                           s.anchor IN ('ordered', 'shipped', 'delivered', 'first_order', 'nth_order', 'no_order_for') AS of_order,
                           p.consent, c.per_day, c.per_week
                      FROM journey_steps s
                      JOIN journeys j ON j.journey = s.journey
                      JOIN contact_purposes p ON p.purpose = s.purpose
                      LEFT JOIN frequency_caps c ON c.channel = queue AND c.valid @> claim_followups.at
                ), taken AS (
                    SELECT f.ctid AS at_place, f.followup_id, f.customer_id, f.step, f.subject, f.capped, f.anchor_at, f.too_late_at, f.attempts,
                           s.*, z.time_zone, z.currency, z.language AS shop_language,
                           CASE WHEN s.of_order THEN f.subject END AS order_id,
                           o.ordered_at, o.shipped_at, o.delivered_at, o.amount,
                           o.cancelled_at <= claim_followups.at AS order_cancelled,
                           coalesce(o.ordered_at, f.anchor_at) AS since,
                           u.name, u.attributes ->> 'language' AS own_language,
                           CASE queue WHEN 'email' THEN u.email WHEN 'phone' THEN u.phone ELSE u.attributes ->> queue END AS recipient
                      FROM followups f
                      JOIN steps s ON s.step_id = f.step_id
                     CROSS JOIN settings z
                      LEFT JOIN LATERAL (SELECT u.name, u.email, u.phone, u.attributes
                                           FROM customers u WHERE u.customer_id = f.customer_id LIMIT 1) u ON true
                      LEFT JOIN LATERAL (SELECT o.ordered_at, o.shipped_at, o.delivered_at, o.amount, o.cancelled_at
                                           FROM orders o
                                          WHERE s.of_order AND o.customer_id = f.customer_id AND o.order_id = f.subject
                                          LIMIT 1) o ON true
                     WHERE f.ctid = ANY (places)
                    OFFSET 0
                ), judged AS (
                    SELECT t.*,
                           CASE WHEN h.held_back = 'drop' OR t.recipient IS NULL THEN 'drop'
                                WHEN k.over THEN 'defer' ELSE h.held_back END AS held_back,
                           CASE WHEN h.held_back = 'drop' THEN h.reason WHEN t.recipient IS NULL THEN 'no address'
                                WHEN k.over THEN 'frequency cap' ELSE h.reason END AS reason,
                           CASE WHEN k.over THEN (loyalcs.local_date(claim_followups.at, t.time_zone) + 1)::timestamp AT TIME ZONE t.time_zone
                                ELSE coalesce(h.until, claim_followups.at + interval '1 hour') END AS until
                      FROM (SELECT t.*, row_number() OVER (PARTITION BY t.customer_id, t.capped ORDER BY t.followup_id) AS place
                              FROM taken t) t
                     CROSS JOIN LATERAL followup_hindrance(t.customer_id, t.order_id, t.order_cancelled, t.since, queue, t.purpose, t.consent,
                                                           t.exit_on_order, t.exit_on_return, t.too_late_at, t.hours, claim_followups.at) h
                     CROSS JOIN LATERAL (
                               SELECT count(*) FILTER (WHERE coalesce(f.finished_at, claim_followups.at)
                                                             >= date_trunc('day', claim_followups.at, t.time_zone)) + t.place > t.per_day
                                      OR count(*) + t.place > t.per_week AS over
                                 FROM followups f
                                WHERE t.capped AND f.customer_id = t.customer_id AND f.channel = queue AND f.capped
                                  AND f.followup_id <> t.followup_id
                                  AND (f.outcome = 'sent' AND f.finished_at > claim_followups.at - interval '168 hours'
                                       OR f.finished_at IS NULL AND f.lease_until > claim_followups.at)
                           ) k0 (over)
                     CROSS JOIN LATERAL (SELECT t.capped AND k0.over IS TRUE AS over) k
                    OFFSET 0
                ), written AS (
                    SELECT j.at_place, j.held_back, j.reason, j.until, j.max_attempts, j.retry_after, b.problem,
                           CASE WHEN j.held_back IS NULL AND b.problem IS NULL THEN jsonb_build_object(
                               'kind', j.kind, 'channel', queue, 'language', m.written_in, 'format', m.format,
                               'recipient', j.recipient,
                               'subject', loyalcs.render(m.subject, v.content, false),
                               'body', loyalcs.render(m.body, v.content, m.format = 'html'),
                               'content_key', j.content_key, 'values', v.content) END AS payload
                      FROM judged j
                      LEFT JOIN LATERAL template_for(j.content_key, coalesce(j.own_language, j.shop_language)) m
                        ON j.held_back IS NULL
                      LEFT JOIN LATERAL (
                                SELECT j.content_values || jsonb_strip_nulls(jsonb_build_object(
                                           'name', j.name,
                                           'recipient', j.recipient,
                                           'currency', j.currency,
                                           'subject', j.subject,
                                           'anchored_on', loyalcs.local_date(j.anchor_at, j.time_zone),
                                           'order_id', j.order_id,
                                           'ordered_on', loyalcs.local_date(j.ordered_at, j.time_zone),
                                           'shipped_on', loyalcs.local_date(j.shipped_at, j.time_zone),
                                           'delivered_on', loyalcs.local_date(j.delivered_at, j.time_zone),
                                           'amount', to_char(j.amount, CASE WHEN j.amount = trunc(j.amount) THEN 'FM9,999,999,999,990'
                                                                            ELSE 'FM9,999,999,999,990.00' END),
                                           'items', CASE WHEN 'items' = ANY (m.placeholders) THEN
                                               (SELECT string_agg(coalesce(l.product_name, l.product_id) || ' x ' || l.quantity::text, E'\n' ORDER BY l.line)
                                                  FROM order_items l
                                                 WHERE l.customer_id = j.customer_id AND l.order_id = j.order_id) END,
                                           'related', CASE WHEN 'related' = ANY (m.placeholders) THEN
                                               offers_in_words(j.customer_id, claim_followups.at) END))
                                       || CASE WHEN m.placeholders && '{carrier,tracking,expected_on}'::text[] THEN
                                          (SELECT jsonb_strip_nulls(jsonb_build_object(
                                                      'carrier', string_agg(DISTINCT p.carrier, ', '),
                                                      'tracking', string_agg(p.tracking, ', ' ORDER BY p.parcel),
                                                      'expected_on', max(p.expected_on)))
                                             FROM shipments p
                                            WHERE p.customer_id = j.customer_id AND p.order_id = j.order_id)
                                          ELSE '{}'::jsonb END AS content
                                OFFSET 0) v ON j.held_back IS NULL
                     CROSS JOIN LATERAL (
                               SELECT CASE
                                   WHEN j.held_back IS NOT NULL THEN NULL
                                   WHEN m.body IS NULL THEN format('there is no template %s', quote_literal(j.content_key))
                                   WHEN NOT v.content ?& m.required
                                       THEN format('template %s (%s) needs a value for %s', quote_literal(j.content_key), m.written_in,
                                                   (SELECT string_agg(r, ', ') FROM unnest(m.required) r WHERE NOT v.content ? r))
                                   END AS problem
                               OFFSET 0) b
                    OFFSET 0
                ), changed AS (
                    UPDATE followups f
                       SET attempts = f.attempts + CASE WHEN w.payload IS NULL THEN 0 ELSE 1 END,
                           claim_key = CASE WHEN w.payload IS NULL THEN f.claim_key
                                            ELSE f.followup_id::text || '.' || (f.attempts + 1)::text END,
                           reported = CASE WHEN w.payload IS NULL THEN f.reported END,
                           worker = CASE WHEN w.payload IS NULL THEN f.worker ELSE claim_followups.worker END,
                           lease_until = CASE WHEN w.payload IS NULL THEN f.lease_until ELSE leased_until END,
                           failures = f.failures + CASE WHEN w.problem IS NULL THEN 0 ELSE 1 END,
                           detail = coalesce(w.problem, f.detail),
                           reason = w.reason,
                           claimable_at = CASE
                               WHEN w.payload IS NOT NULL THEN leased_until
                               WHEN w.problem IS NOT NULL THEN claim_followups.at + make_interval(secs => EXTRACT(epoch FROM w.retry_after)::double precision)
                               ELSE w.until END,
                           finished_at = CASE WHEN w.held_back = 'drop' OR w.problem IS NOT NULL AND f.failures + 1 >= w.max_attempts
                                              THEN claim_followups.at END,
                           outcome = CASE WHEN w.held_back = 'drop' THEN 'dropped'
                                          WHEN w.problem IS NOT NULL AND f.failures + 1 >= w.max_attempts THEN 'failed' END
                      FROM written w
                     WHERE f.ctid = w.at_place
                    RETURNING f.followup_id, f.claim_key, f.attempts, f.customer_id, f.step, f.subject, f.channel,
                              f.priority, f.due_at, f.lease_until, w.payload
                )
                SELECT c.followup_id, c.claim_key, c.attempts, c.customer_id, c.step, c.subject, c.channel,
                       c.due_at, c.lease_until, c.payload
                  FROM changed c
                 WHERE c.payload IS NOT NULL
                 ORDER BY c.priority DESC, c.due_at, c.followup_id;
                GET DIAGNOSTICS claimed = ROW_COUNT;
                wanted := wanted - claimed;
                IF wanted = 0 THEN
                    RETURN;
                END IF;
            END LOOP;
        END LOOP;
        EXIT WHEN coalesce(queue_followups(claim_followups.at), 0) = 0;
        PERFORM set_config(looked, now_epoch::text, false);
    END LOOP;
END
$$;
COMMENT ON FUNCTION claim_followups(text, integer, text, interval, timestamptz) IS
    'work for one worker: up to limit follow-ups of a channel (NULL: of all) that are due and that nothing holds back, each with its message in payload: kind, channel, language, format, recipient, subject, body, content_key, values. They are its own until the lease runs out; then they are claimed again. To be reported with complete_followup() and the claim_key';

CREATE OR REPLACE FUNCTION complete_followup(
    followup_id bigint,
    outcome text,
    key text,
    detail text DEFAULT NULL,
    at timestamptz DEFAULT now()
) RETURNS text
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET enable_seqscan = off
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    f record;
    attempt integer;
    gives_up boolean;
BEGIN
    SELECT * INTO f FROM followups f WHERE f.followup_id = complete_followup.followup_id FOR UPDATE;
    attempt := reported_attempt('follow-up', complete_followup.followup_id, f.attempts, complete_followup.key, complete_followup.outcome);
    IF attempt < f.attempts THEN
        INSERT INTO followup_late_reports (customer_id, followup_id, attempt, at, outcome, detail)
        VALUES (f.customer_id, f.followup_id, attempt, complete_followup.at, complete_followup.outcome, complete_followup.detail)
            ON CONFLICT DO NOTHING;
        RETURN 'late';
    END IF;
    IF f.reported IS NOT NULL THEN
        RETURN 'already recorded';
    END IF;

    UPDATE followups u
       SET reported = complete_followup.outcome,
           detail = complete_followup.detail,
           reason = NULL,
           lease_until = NULL,
           failures = n.failures,
           finished_at = CASE WHEN n.finished THEN complete_followup.at END,
           outcome = CASE WHEN n.finished THEN complete_followup.outcome END,
           claimable_at = CASE WHEN n.finished THEN u.claimable_at
                               ELSE complete_followup.at
                                    + make_interval(secs => least(EXTRACT(epoch FROM n.retry_after)::double precision * 2 ^ least(n.failures - 1, 20), 86400)) END
      FROM (SELECT f.failures + CASE complete_followup.outcome WHEN 'failed' THEN 1 ELSE 0 END AS failures,
                   complete_followup.outcome <> 'failed' OR f.failures + 1 >= s.max_attempts AS finished,
                   s.retry_after
              FROM journey_steps s
             WHERE s.step_id = f.step_id) n
     WHERE u.customer_id = f.customer_id AND u.step = f.step AND u.subject = f.subject;
    RETURN 'recorded';
END
$$;
COMMENT ON FUNCTION complete_followup(bigint, text, text, text, timestamptz) IS
    'what became of a claimed follow-up: sent, failed (to be tried again after a while that doubles, until the step''s max_attempts), undeliverable. Says recorded; already recorded if the claim was reported before; late if somebody else has claimed it since, which followup_late_reports keeps';

CREATE OR REPLACE FUNCTION release_followup(followup_id bigint, key text, at timestamptz DEFAULT now()) RETURNS boolean
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH released AS (
        UPDATE followups f
           SET claimable_at = release_followup.at, lease_until = NULL
         WHERE f.followup_id = release_followup.followup_id AND f.claim_key = release_followup.key
           AND f.finished_at IS NULL AND f.reported IS NULL AND f.lease_until IS NOT NULL
        RETURNING f.followup_id
    )
    SELECT EXISTS (SELECT FROM released);
END;
COMMENT ON FUNCTION release_followup(bigint, text, timestamptz) IS
    'gives a claimed follow-up back untried, to be claimed again at once rather than when the lease runs out; no failure is counted; false if the claim is no longer the worker''s';

CREATE OR REPLACE FUNCTION retry_followup(followup_id bigint, at timestamptz DEFAULT now()) RETURNS boolean
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH again AS (
        UPDATE followups f
           SET finished_at = NULL, outcome = NULL, failures = 0, claimable_at = retry_followup.at
         WHERE f.followup_id = retry_followup.followup_id AND f.outcome IN ('failed', 'undeliverable')
        RETURNING f.followup_id
    )
    SELECT EXISTS (SELECT FROM again);
END;
COMMENT ON FUNCTION retry_followup(bigint, timestamptz) IS
    'puts a follow-up that was given up back to be claimed, once the template or the address is mended; false if it was not given up';

-- Too early is harmless, too late is not. Where the day after a month has no such
-- day, several anchors fall on the month's last and in no order: its midnight.
CREATE OR REPLACE FUNCTION next_followup_at(channel text DEFAULT NULL, as_of timestamptz DEFAULT now())
RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    SET jit = off
BEGIN ATOMIC
    SELECT least(
        (SELECT min(f.claimable_at)
           FROM followups f
          WHERE f.finished_at IS NULL
            AND (next_followup_at.channel IS NULL OR f.channel = next_followup_at.channel)),
        (SELECT min(CASE WHEN c.held_back IS NULL THEN next_followup_at.as_of
                         ELSE coalesce(c.until, next_followup_at.as_of + interval '1 hour') END)
           FROM followups_considered(next_followup_at.as_of, interval '0') c
          WHERE NOT c.queued
            AND (c.held_back IS NULL OR c.held_back = 'defer')
            AND (next_followup_at.channel IS NULL OR c.channel = next_followup_at.channel)),
        (SELECT min(loyalcs.followup_due(
                        CASE WHEN n.of_day THEN n.due_at
                             ELSE least(n.due_at, greatest(date_trunc('day', n.due_at, n.time_zone), next_followup_at.as_of + interval '1 hour')) END,
                        interval '0', n.time_zone, n.hours))
           FROM (SELECT s.send_window::loyalcs.business_hours AS hours, z.time_zone,
                        EXTRACT(month FROM s.delay) = 0 AND EXTRACT(year FROM s.delay) = 0 AS of_day, a.due_at
                   FROM journey_steps s
                  CROSS JOIN settings z
                  CROSS JOIN LATERAL (
                            SELECT (next_followup_at.as_of AT TIME ZONE z.time_zone - s.delay) AT TIME ZONE z.time_zone
                                   - CASE WHEN EXTRACT(month FROM s.delay) = 0 AND EXTRACT(year FROM s.delay) = 0
                                           AND EXTRACT(day FROM s.delay) = 0 THEN interval '0' ELSE interval '26 hours' END AS anchors_from
                            OFFSET 0) r
                  CROSS JOIN LATERAL (
                            (SELECT d.due_at
                               FROM orders o
                              CROSS JOIN LATERAL (SELECT loyalcs.followup_due(o.ordered_at, s.delay, z.time_zone, NULL) AS due_at) d
                              WHERE s.anchor IN ('ordered', 'first_order', 'nth_order', 'no_order_for')
                                AND o.ordered_at > r.anchors_from AND d.due_at > next_followup_at.as_of
                              ORDER BY o.ordered_at
                              LIMIT 1)
                            UNION ALL
                            (SELECT d.due_at
                               FROM orders o
                              CROSS JOIN LATERAL (SELECT loyalcs.followup_due(o.shipped_at, s.delay, z.time_zone, NULL) AS due_at) d
                              WHERE s.anchor = 'shipped'
                                AND o.shipped_at > r.anchors_from AND d.due_at > next_followup_at.as_of
                              ORDER BY o.shipped_at
                              LIMIT 1)
                            UNION ALL
                            (SELECT d.due_at
                               FROM orders o
                              CROSS JOIN LATERAL (SELECT loyalcs.followup_due(o.delivered_at, s.delay, z.time_zone, NULL) AS due_at) d
                              WHERE s.anchor = 'delivered'
                                AND o.delivered_at > r.anchors_from AND d.due_at > next_followup_at.as_of
                              ORDER BY o.delivered_at
                              LIMIT 1)
                            UNION ALL
                            (SELECT d.due_at
                               FROM tickets t
                              CROSS JOIN LATERAL (SELECT loyalcs.followup_due(t.closed_at, s.delay, z.time_zone, NULL) AS due_at) d
                              WHERE s.anchor = 'ticket_resolved'
                                AND t.closed_at > r.anchors_from AND d.due_at > next_followup_at.as_of
                              ORDER BY t.closed_at
                              LIMIT 1)
                            UNION ALL
                            (SELECT d.due_at
                               FROM subscriptions u
                              CROSS JOIN LATERAL (SELECT loyalcs.followup_due(u.cancelled_at, s.delay, z.time_zone, NULL) AS due_at) d
                              WHERE s.anchor = 'subscription_cancelled'
                                AND u.cancelled_at > r.anchors_from AND d.due_at > next_followup_at.as_of
                              ORDER BY u.cancelled_at
                              LIMIT 1)
                            UNION ALL
                            SELECT min(d.due_at)
                              FROM generate_series(0, 3) i
                             CROSS JOIN LATERAL (
                                       SELECT loyalcs.followup_due(
                                                  (loyalcs.local_date(r.anchors_from, z.time_zone) + i)::timestamp AT TIME ZONE z.time_zone,
                                                  s.delay, z.time_zone, NULL) AS due_at) d
                             WHERE s.anchor IN ('birthday', 'birthday_month', 'anniversary', 'tier_reached', 'points_expiring')
                               AND d.due_at > next_followup_at.as_of
                        ) a
                  WHERE NOT isempty(s.valid)
                    AND a.due_at <@ s.valid
                    AND (next_followup_at.channel IS NULL OR s.channel = next_followup_at.channel)) n));
END;
COMMENT ON FUNCTION next_followup_at(text, timestamptz) IS
    'the next instant at which there may be something to claim on a channel (NULL: on any), as_of itself if there is now; NULL if nothing is foreseen. New orders, shipments, tickets and the like can only be heard of: LISTEN loyalcs_followups';

-- Once a transaction, however many statements: the server drops equal notifications.
CREATE OR REPLACE FUNCTION notify_followups() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM pg_notify('loyalcs_followups', TG_TABLE_SCHEMA);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION notify_followups() IS
    'trigger of the tables that follow-ups come from: tells those who LISTEN loyalcs_followups the name of the shop';$shop$),
    (116, 'reference', 'orders', 'orders', '{}'::text[], $shop$
CREATE TRIGGER notify_followups
    AFTER INSERT OR UPDATE OF ordered_at, shipped_at, delivered_at ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION notify_followups();$shop$),
    (117, 'reference', 'tickets', 'tickets', '{}'::text[], $shop$
CREATE TRIGGER notify_followups
    AFTER UPDATE OF closed_at ON tickets
    FOR EACH STATEMENT EXECUTE FUNCTION notify_followups();$shop$),
    (118, 'reference', 'subscriptions', 'subscriptions', '{}'::text[], $shop$
CREATE TRIGGER notify_followups
    AFTER INSERT OR UPDATE OF cancelled_at ON subscriptions
    FOR EACH STATEMENT EXECUTE FUNCTION notify_followups();$shop$),
    (119, 'reference', 'consents', 'consents', '{}'::text[], $shop$
CREATE TRIGGER notify_followups
    AFTER INSERT ON consents
    FOR EACH STATEMENT EXECUTE FUNCTION notify_followups();$shop$),
    (120, 'reference', 'journey_steps', 'journey_steps', '{}'::text[], $shop$
CREATE TRIGGER notify_followups
    AFTER INSERT OR UPDATE ON journey_steps
    FOR EACH STATEMENT EXECUTE FUNCTION notify_followups();$shop$),
    (121, 'table', 'sla_warnings', '', '{claim_key,detail}'::text[], $shop$
CREATE TABLE sla_warnings (
    customer_id @key_type@ NOT NULL,
    ticket_id text NOT NULL,
    metric text NOT NULL,
    cycle integer NOT NULL,
    state text NOT NULL
        CONSTRAINT sla_warnings_state_is_one_to_warn_of
        CHECK (state IN ('at_risk', 'breached')),
    warning_id bigint GENERATED BY DEFAULT AS IDENTITY,
    channel text NOT NULL,
    agent_id text,
    due_at timestamptz NOT NULL,
    queued_at timestamptz NOT NULL,
    claimable_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    claim_key text,
    reported text,
    worker text,
    lease_until timestamptz,
    finished_at timestamptz,
    outcome text
        CONSTRAINT sla_warnings_outcome_is_known
        CHECK (outcome IN ('sent', 'undeliverable', 'dropped')),
    reason text,
    detail text,
    PRIMARY KEY (customer_id, ticket_id, metric, cycle, state),
    CONSTRAINT sla_warnings_finished_has_an_outcome
        CHECK ((finished_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX sla_warnings_warning_id ON sla_warnings (warning_id);
CREATE INDEX sla_warnings_queue ON sla_warnings (claimable_at) WHERE finished_at IS NULL;
COMMENT ON TABLE sla_warnings IS
    'promises that somebody had to be warned of, one row for each promise and state: what waits, what a worker has, what became of the rest';
COMMENT ON COLUMN sla_warnings.agent_id IS 'who had the ticket when it was last looked at';
COMMENT ON COLUMN sla_warnings.reason IS 'why it was dropped: what had become of the promise';$shop$),
    (122, 'reference', 'sla_warnings', 'tickets', '{}'::text[], $shop$
ALTER TABLE sla_warnings ADD FOREIGN KEY (customer_id, ticket_id) REFERENCES tickets ON DELETE CASCADE;$shop$),
    (123, 'functions', '', '', '{}'::text[], $shop$
-- A warning that was dropped has reached nobody, so it counts for none.
CREATE OR REPLACE FUNCTION sla_warnings_due_at(as_of timestamptz)
RETURNS TABLE (
    due_in text,
    state loyalcs.sla_state,
    customer_id @key_type@,
    ticket_id text,
    metric loyalcs.sla_metric,
    cycle integer,
    due_at timestamptz,
    channel text,
    reason text,
    priority text,
    tier text,
    complaint boolean,
    agent_id text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT b.due_in, b.state, b.customer_id, b.ticket_id, b.metric, b.cycle, b.due_at,
           b.channel, b.reason, b.priority, b.tier, b.complaint, b.agent_id
      FROM sla_board_at(sla_warnings_due_at.as_of) b
     WHERE b.state IN ('at_risk', 'breached')
       AND NOT EXISTS (SELECT FROM sla_warnings w
                        WHERE w.customer_id = b.customer_id AND w.ticket_id = b.ticket_id
                          AND w.metric = b.metric::text AND w.cycle = b.cycle AND w.state = b.state::text
                          AND w.finished_at <= sla_warnings_due_at.as_of AND w.outcome <> 'dropped')
     ORDER BY b.due_at, b.customer_id, b.ticket_id, b.metric, b.cycle;
END;
COMMENT ON FUNCTION sla_warnings_due_at(timestamptz) IS
    'what the board shows as at risk or breached and nobody has been told of yet, most urgent first';

CREATE OR REPLACE FUNCTION queue_sla_warnings(at timestamptz DEFAULT now()) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET jit = off
AS $$
DECLARE
    queued bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('loyalcs.queue_sla_warnings ' || 'sla_warnings'::regclass::oid::text, 0)) THEN
        RETURN NULL;
    END IF;
    WITH board AS MATERIALIZED (
        SELECT b.customer_id, b.ticket_id, b.metric::text AS metric, b.cycle, b.state::text AS state,
               b.channel, b.agent_id, b.due_at
          FROM sla_board_at(queue_sla_warnings.at) b
    ), outdated AS (
        SELECT w.warning_id, coalesce(b.state, 'done') || ' by now' AS reason
          FROM sla_warnings w
          LEFT JOIN board b
            ON b.customer_id = w.customer_id AND b.ticket_id = w.ticket_id
           AND b.metric = w.metric AND b.cycle = w.cycle
         WHERE w.finished_at IS NULL
           AND w.claimable_at <= queue_sla_warnings.at
           AND b.state IS DISTINCT FROM w.state
           FOR UPDATE OF w SKIP LOCKED
    ), dropped AS (
        UPDATE sla_warnings w
           SET finished_at = queue_sla_warnings.at, outcome = 'dropped', reason = o.reason, lease_until = NULL
          FROM outdated o
         WHERE w.warning_id = o.warning_id
    )
    INSERT INTO sla_warnings (customer_id, ticket_id, metric, cycle, state, channel, agent_id, due_at, queued_at, claimable_at)
    SELECT b.customer_id, b.ticket_id, b.metric, b.cycle, b.state, b.channel, b.agent_id, b.due_at,
           queue_sla_warnings.at, queue_sla_warnings.at
      FROM board b
     WHERE b.state IN ('at_risk', 'breached')
       AND NOT EXISTS (SELECT FROM sla_warnings w
                        WHERE w.customer_id = b.customer_id AND w.ticket_id = b.ticket_id
                          AND w.metric = b.metric AND w.cycle = b.cycle AND w.state = b.state
                          AND w.outcome IS DISTINCT FROM 'dropped')
     ORDER BY b.due_at, b.customer_id, b.ticket_id, b.metric, b.cycle
        ON CONFLICT (customer_id, ticket_id, metric, cycle, state) DO UPDATE
       SET queued_at = EXCLUDED.queued_at, claimable_at = EXCLUDED.claimable_at,
           finished_at = NULL, outcome = NULL, reason = NULL
     WHERE sla_warnings.outcome = 'dropped';
    GET DIAGNOSTICS queued = ROW_COUNT;
    RETURN queued;
END
$$;
COMMENT ON FUNCTION queue_sla_warnings(timestamptz) IS
    'writes the warnings that are due into sla_warnings, where they wait to be claimed, and drops those that hold no more; one that was dropped and holds again is put back. Gives how many were written, NULL if another session is just doing it. claim_sla_warnings() calls it';

CREATE OR REPLACE FUNCTION claim_sla_warnings(
    only_channel text DEFAULT NULL,
    "limit" integer DEFAULT 100,
    worker text DEFAULT current_user,
    lease interval DEFAULT interval '5 minutes',
    at timestamptz DEFAULT now()
)
RETURNS TABLE (
    warning_id bigint,
    claim_key text,
    attempt integer,
    customer_id @key_type@,
    ticket_id text,
    channel text,
    due_at timestamptz,
    lease_until timestamptz,
    payload jsonb
)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
    SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    -- (a day of a lease is 24 hours, whatever the session's time zone)
    leased_until constant timestamptz := claim_sla_warnings.at + make_interval(secs => EXTRACT(epoch FROM lease)::double precision);
BEGIN
    PERFORM check_claim('SLA warnings', only_channel, claim_sla_warnings."limit", lease);
    PERFORM queue_sla_warnings(claim_sla_warnings.at);
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT d.* FROM sla_warnings_due_at(claim_sla_warnings.at) d
    ), taken AS (
        SELECT w.warning_id, d.agent_id, d.due_at, to_jsonb(d) - 'customer_id' AS payload
          FROM sla_warnings w
          JOIN due d
            ON d.customer_id = w.customer_id AND d.ticket_id = w.ticket_id
           AND d.metric::text = w.metric AND d.cycle = w.cycle AND d.state::text = w.state
         WHERE w.finished_at IS NULL
           AND w.claimable_at <= claim_sla_warnings.at
           AND (only_channel IS NULL OR w.channel = only_channel)
         ORDER BY d.due_at, w.warning_id
         LIMIT claim_sla_warnings."limit"
           FOR UPDATE OF w SKIP LOCKED
    ), claimed AS (
        UPDATE sla_warnings w
           SET attempts = w.attempts + 1,
               claim_key = w.warning_id::text || '.' || (w.attempts + 1)::text,
               reported = NULL,
               worker = claim_sla_warnings.worker,
               lease_until = leased_until,
               claimable_at = leased_until,
               agent_id = t.agent_id,
               due_at = t.due_at
          FROM taken t
         WHERE w.warning_id = t.warning_id
        RETURNING w.warning_id, w.claim_key, w.attempts, w.customer_id, w.ticket_id, w.channel, w.due_at, w.lease_until, t.payload
    )
    SELECT c.warning_id, c.claim_key, c.attempts, c.customer_id, c.ticket_id, c.channel, c.due_at, c.lease_until, c.payload
      FROM claimed c
     ORDER BY c.due_at, c.warning_id;
END
$$;
COMMENT ON FUNCTION claim_sla_warnings(text, integer, text, interval, timestamptz) IS
    'warnings for one worker: up to limit promises that are at risk or breached, of tickets of a channel (NULL: of all), each with what the board says in payload. They are its own until the lease runs out; then they are claimed again. To be reported with complete_sla_warning() and the claim_key';

CREATE OR REPLACE FUNCTION complete_sla_warning(
    warning_id bigint,
    outcome text,
    key text,
    detail text DEFAULT NULL,
    at timestamptz DEFAULT now()
) RETURNS text
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    f record;
    attempt integer;
    failed constant boolean := complete_sla_warning.outcome = 'failed';
BEGIN
    SELECT * INTO f FROM sla_warnings w WHERE w.warning_id = complete_sla_warning.warning_id FOR UPDATE;
    attempt := reported_attempt('SLA warning', complete_sla_warning.warning_id, f.attempts, complete_sla_warning.key, complete_sla_warning.outcome);
    IF attempt < f.attempts THEN
        RETURN 'late';
    END IF;
    IF f.reported IS NOT NULL THEN
        RETURN 'already recorded';
    END IF;

    UPDATE sla_warnings w
       SET reported = complete_sla_warning.outcome,
           detail = complete_sla_warning.detail,
           reason = NULL,
           lease_until = NULL,
           failures = w.failures + failed::integer,
           finished_at = CASE WHEN NOT failed THEN complete_sla_warning.at END,
           outcome = CASE WHEN NOT failed THEN complete_sla_warning.outcome END,
           claimable_at = CASE WHEN failed
                               THEN complete_sla_warning.at + make_interval(secs => least(60 * 2 ^ least(w.failures, 20), 3600))
                               ELSE w.claimable_at END
     WHERE w.warning_id = f.warning_id;
    RETURN 'recorded';
END
$$;
COMMENT ON FUNCTION complete_sla_warning(bigint, text, text, text, timestamptz) IS
    'what became of a claimed warning: sent, failed (to be tried again after a minute, two, four, an hour at most, for as long as the warning holds), undeliverable. Says recorded; already recorded if the claim was reported before; late if somebody else has claimed it since';

CREATE OR REPLACE FUNCTION release_sla_warning(warning_id bigint, key text, at timestamptz DEFAULT now()) RETURNS boolean
    LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH released AS (
        UPDATE sla_warnings w
           SET claimable_at = release_sla_warning.at, lease_until = NULL
         WHERE w.warning_id = release_sla_warning.warning_id AND w.claim_key = release_sla_warning.key
           AND w.finished_at IS NULL AND w.reported IS NULL AND w.lease_until IS NOT NULL
        RETURNING w.warning_id
    )
    SELECT EXISTS (SELECT FROM released);
END;
COMMENT ON FUNCTION release_sla_warning(bigint, text, timestamptz) IS
    'gives a claimed warning back untried, to be claimed again at once rather than when the lease runs out; false if the claim is no longer the worker''s';

-- At the deadline itself a promise is not broken yet, and the moment after it is.
CREATE OR REPLACE FUNCTION next_sla_warning_at(channel text DEFAULT NULL, as_of timestamptz DEFAULT now())
RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    SET jit = off
BEGIN ATOMIC
    SELECT least(
        (SELECT min(w.claimable_at)
           FROM sla_warnings w
          WHERE w.finished_at IS NULL
            AND (next_sla_warning_at.channel IS NULL OR w.channel = next_sla_warning_at.channel)),
        (SELECT min(CASE WHEN s.warn_at > next_sla_warning_at.as_of THEN s.warn_at
                         WHEN s.state IN ('at_risk', 'breached')
                              AND NOT EXISTS (SELECT FROM sla_warnings w
                                               WHERE w.customer_id = s.customer_id AND w.ticket_id = s.ticket_id
                                                 AND w.metric = s.metric::text AND w.cycle = s.cycle AND w.state = s.state::text
                                                 AND w.outcome IS DISTINCT FROM 'dropped')
                              THEN next_sla_warning_at.as_of
                         WHEN s.due_at >= next_sla_warning_at.as_of THEN s.due_at END)
           FROM sla_status_of(NULL, true, next_sla_warning_at.as_of) s
          WHERE s.stopped_at IS NULL
            AND (next_sla_warning_at.channel IS NULL OR s.channel = next_sla_warning_at.channel)));
END;
COMMENT ON FUNCTION next_sla_warning_at(text, timestamptz) IS
    'the next instant at which there may be a warning to claim for tickets of a channel (NULL: of any), as_of itself or earlier if there is now; NULL if nothing is foreseen. What is recorded after the call is not';$shop$),
    (124, 'table', 'survey_waves', '', '{}'::text[], $shop$
CREATE TABLE survey_waves (
    wave_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    survey text NOT NULL,
    drawn_at timestamptz NOT NULL,
    channel text NOT NULL,
    share double precision
        CONSTRAINT survey_waves_share_is_a_share CHECK (share > 0 AND share <= 1),
    size bigint
        CONSTRAINT survey_waves_size_is_positive CHECK (size > 0),
    rest interval NOT NULL
        CONSTRAINT survey_waves_rest_is_within_ten_years
        CHECK (rest >= interval '0' AND rest <= interval '10 years'),
    bought_within interval NOT NULL
        CONSTRAINT survey_waves_bought_within_is_within_a_century
        CHECK (bought_within > interval '0' AND bought_within <= interval '100 years'),
    salt text NOT NULL,
    customers bigint NOT NULL,
    asked bigint NOT NULL,
    left_out bigint NOT NULL,
    UNIQUE (survey, drawn_at),
    CONSTRAINT survey_waves_has_a_share_or_a_size CHECK (num_nonnulls(share, size) = 1)
);
COMMENT ON TABLE survey_waves IS
    'the samples that surveys went out to, one row a draw; whom they asked stands in survey_invitations, whom they left out in survey_left_out';
COMMENT ON COLUMN survey_waves.channel IS 'channel by which the survey goes out';
COMMENT ON COLUMN survey_waves.share IS 'share of the customers that was drawn, 0 to 1; NULL if a number was asked for';
COMMENT ON COLUMN survey_waves.size IS 'number of customers that was asked for; NULL if a share was';
COMMENT ON COLUMN survey_waves.rest IS 'time within which nobody is asked twice';
COMMENT ON COLUMN survey_waves.bought_within IS 'time within which a customer has ordered to be drawn from';
COMMENT ON COLUMN survey_waves.salt IS 'salt of the sample, see loyalcs.in_sample';
COMMENT ON COLUMN survey_waves.customers IS 'customers who were drawn from';$shop$),
    (125, 'reference', 'survey_waves', 'surveys', '{}'::text[], $shop$
ALTER TABLE survey_waves ADD FOREIGN KEY (survey) REFERENCES surveys;$shop$),
    (126, 'reference', 'survey_waves', 'channels', '{}'::text[], $shop$
ALTER TABLE survey_waves ADD FOREIGN KEY (channel) REFERENCES channels;$shop$),
    (127, 'reference', 'survey_invitations', 'survey_waves', '{}'::text[], $shop$
ALTER TABLE survey_invitations ADD FOREIGN KEY (wave_id) REFERENCES survey_waves;$shop$),
    (128, 'table', 'survey_left_out', '', '{}'::text[], $shop$
CREATE TABLE survey_left_out (
    customer_id @key_type@ NOT NULL,
    wave_id bigint NOT NULL,
    reason text NOT NULL,
    asked_by text,
    asked_at timestamptz,
    PRIMARY KEY (customer_id, wave_id)
);
CREATE INDEX survey_left_out_wave ON survey_left_out (wave_id);
COMMENT ON TABLE survey_left_out IS
    'customers whom a draw came upon and did not ask, with the reason; those whom it did not come upon have no row';
COMMENT ON COLUMN survey_left_out.reason IS 'opted out, no consent, open complaint, no address or asked recently';$shop$),
    (129, 'reference', 'survey_left_out', 'customers', '{}'::text[], $shop$
ALTER TABLE survey_left_out ADD FOREIGN KEY (customer_id) REFERENCES customers;$shop$),
    (130, 'reference', 'survey_left_out', 'survey_waves', '{}'::text[], $shop$
ALTER TABLE survey_left_out ADD FOREIGN KEY (wave_id) REFERENCES survey_waves;$shop$),
    (131, 'table', 'hearings', '', '{note}'::text[], $shop$
CREATE TABLE hearings (
    customer_id @key_type@ NOT NULL,
    hearing_id bigint GENERATED BY DEFAULT AS IDENTITY,
    month date NOT NULL
        CONSTRAINT hearings_month_is_a_first CHECK (EXTRACT(day FROM month) = 1),
    picked_at timestamptz NOT NULL
        CONSTRAINT hearings_picked_at_is_finite CHECK (isfinite(picked_at)),
    picked_for text NOT NULL
        CONSTRAINT hearings_picked_for_is_known
        CHECK (picked_for IN ('high_spender', 'repeat_buyer')),
    reason text NOT NULL,
    result text
        CONSTRAINT hearings_result_is_known
        CHECK (result IN ('heard', 'not_reached', 'declined')),
    called_at timestamptz,
    agent_id text,
    score smallint
        CONSTRAINT hearings_score_is_0_to_10 CHECK (score BETWEEN 0 AND 10),
    note text,
    PRIMARY KEY (customer_id, hearing_id),
    UNIQUE (customer_id, month),
    CONSTRAINT hearings_called_has_a_result CHECK ((called_at IS NULL) = (result IS NULL)),
    CONSTRAINT hearings_called_after_picked CHECK (called_at >= picked_at)
);
CREATE INDEX hearings_month ON hearings (month);
COMMENT ON TABLE hearings IS
    'customers to be called and heard, one row each: why they were picked, what came of it and what they said';
COMMENT ON COLUMN hearings.reason IS 'why this customer, in a sentence with figures';
COMMENT ON COLUMN hearings.agent_id IS 'key of whoever called';
COMMENT ON COLUMN hearings.score IS 'how likely to recommend the shop, 0 to 10, if that was asked';
COMMENT ON COLUMN hearings.note IS 'what the customer said; may be personal';$shop$),
    (132, 'reference', 'hearings', 'customers', '{}'::text[], $shop$
ALTER TABLE hearings ADD FOREIGN KEY (customer_id) REFERENCES customers;$shop$),
    (133, 'reference', 'hearings', 'agents', '{}'::text[], $shop$
ALTER TABLE hearings ADD FOREIGN KEY (agent_id) REFERENCES agents;$shop$),
    (134, 'functions', '', '', '{}'::text[], $shop$
-- The bytes of which loyalcs.in_sample compares the first: whom it takes at a
-- share comes before all others here.
CREATE OR REPLACE FUNCTION sample_place(key text, salt text) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256(convert_to(salt || ':' || key, 'UTF8'));
COMMENT ON FUNCTION sample_place(text, text) IS
    'place of a key in the order in which a salt draws: SHA-256 of salt || '':'' || key in UTF-8; whom loyalcs.in_sample takes comes first';

-- What both functions below rest on cannot be seen in an older snapshot.
CREATE OR REPLACE FUNCTION check_read_committed(what text) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION '% only at READ COMMITTED', what
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = format('At %s, whom another session has picked meanwhile cannot be seen.',
                                  upper(current_setting('transaction_isolation'))),
                  HINT = 'BEGIN ISOLATION LEVEL READ COMMITTED.';
    END IF;
END
$$;
COMMENT ON FUNCTION check_read_committed(text) IS
    'an error at isolation levels that hide what other sessions have committed meanwhile';

CREATE OR REPLACE FUNCTION asked_between(customer @key_type@, "from" timestamptz, "to" timestamptz)
RETURNS TABLE (asked_by text, channel text, asked_at timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT i.survey, i.channel, i.sent_at
      FROM survey_invitations i
     WHERE i.customer_id = asked_between.customer
       AND i.sent_at > asked_between."from" AND i.sent_at < asked_between."to"
    UNION ALL
    SELECT f.step, f.channel, coalesce(f.finished_at, f.due_at)
      FROM followups f
      JOIN journey_steps s ON s.step_id = f.step_id AND s.purpose = 'survey'
     WHERE f.customer_id = asked_between.customer
       AND (f.outcome IS NULL OR f.outcome = 'sent')
       AND coalesce(f.finished_at, f.due_at) > asked_between."from"
       AND coalesce(f.finished_at, f.due_at) < asked_between."to"
    UNION ALL
    SELECT 'phone hearing', 'phone', coalesce(h.called_at, h.picked_at)
      FROM hearings h
     WHERE h.customer_id = asked_between.customer
       AND coalesce(h.called_at, h.picked_at) > asked_between."from"
       AND coalesce(h.called_at, h.picked_at) < asked_between."to";
END;
COMMENT ON FUNCTION asked_between(@key_type@, timestamptz, timestamptz) IS
    'by what a customer was asked for an opinion between two instants, both left out: invitations to surveys, follow-ups for the purpose survey that were sent or wait to be, and hearings';

-- (A view that serves as customers may do without addresses: then they are kept
-- elsewhere, and nobody lacks one.)
CREATE OR REPLACE FUNCTION survey_hindrance(
    customer @key_type@,
    channel text,
    "from" timestamptz,
    "to" timestamptz,
    any_channel boolean,
    as_of timestamptz
)
RETURNS TABLE (reason text, asked_by text, asked_at timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
               WHEN h.reason IS NOT NULL THEN h.reason
               WHEN c.reachable IS NOT TRUE THEN 'no address'
               WHEN a.asked_at IS NOT NULL THEN 'asked recently'
           END,
           a.asked_by, a.asked_at
      FROM followup_hindrance(survey_hindrance.customer, NULL, NULL, NULL, survey_hindrance.channel, 'survey',
                              coalesce((SELECT p.consent FROM contact_purposes p WHERE p.purpose = 'survey'), 'if_given'),
                              false, false, NULL, NULL, survey_hindrance.as_of) h
      LEFT JOIN LATERAL (
                SELECT CASE WHEN survey_hindrance.channel IN ('email', 'phone')
                            THEN NOT c.known ? survey_hindrance.channel
                                 OR coalesce(c.known ->> survey_hindrance.channel, '') <> ''
                            ELSE NOT c.known ? 'attributes'
                                 OR coalesce(c.known #>> ARRAY['attributes', survey_hindrance.channel], '') <> ''
                       END AS reachable
                  FROM (SELECT to_jsonb(c) AS known
                          FROM customers c
                         WHERE c.customer_id = survey_hindrance.customer
                        OFFSET 0) c) c ON true
      LEFT JOIN LATERAL (
                SELECT a.asked_by, a.asked_at
                  FROM asked_between(survey_hindrance.customer, survey_hindrance."from", survey_hindrance."to") a
                 WHERE survey_hindrance.any_channel OR a.channel = survey_hindrance.channel
                 ORDER BY a.asked_at DESC, a.asked_by
                 LIMIT 1) a ON true
    OFFSET 0;
END;
COMMENT ON FUNCTION survey_hindrance(@key_type@, text, timestamptz, timestamptz, boolean, timestamptz) IS
    'what keeps a customer from being asked on a channel at an instant: consent for the purpose survey, an open complaint, no address there, or having been asked between two instants, on any channel or that one; one row, its reason NULL for nothing';

CREATE OR REPLACE FUNCTION draw_survey_wave(
    survey text,
    share double precision DEFAULT NULL,
    size bigint DEFAULT NULL,
    rest interval DEFAULT interval '90 days',
    as_of timestamptz DEFAULT now(),
    channel text DEFAULT 'email',
    bought_within interval DEFAULT interval '1 year',
    OUT wave_id bigint,
    OUT customers bigint,
    OUT asked bigint,
    OUT left_out bigint
)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    zone constant text := (SELECT s.time_zone FROM settings s);
    bought_from timestamptz;
    rest_from timestamptz;
    rest_to timestamptz;
    wave_salt text;
    drawn @key_type@[];         -- who is drawn, in the order of the sample
    looked_at integer := 0;     -- how many of these have been
    look_at integer;
    missing integer;
BEGIN
    IF NOT EXISTS (SELECT FROM surveys s WHERE s.survey = draw_survey_wave.survey) THEN
        RAISE EXCEPTION 'there is no survey %', coalesce(quote_literal(draw_survey_wave.survey), 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'The table surveys lists them.';
    END IF;
    IF NOT EXISTS (SELECT FROM channels c WHERE c.channel = draw_survey_wave.channel) THEN
        RAISE EXCEPTION 'unknown channel %', coalesce(quote_literal(draw_survey_wave.channel), 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'The table channels lists them.';
    END IF;
    IF num_nonnulls(draw_survey_wave.share, draw_survey_wave.size) <> 1
       OR NOT coalesce(draw_survey_wave.share > 0 AND draw_survey_wave.share <= 1, true)
       OR NOT coalesce(draw_survey_wave.size > 0, true) THEN
        RAISE EXCEPTION 'a wave has either a share or a size'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('The share is %s, the size %s.', coalesce(draw_survey_wave.share::text, 'NULL'),
                                  coalesce(draw_survey_wave.size::text, 'NULL')),
                  HINT = 'Give a share above 0 and up to 1, such as share => 0.1, or a number of customers, such as size => 500.';
    END IF;
    IF NOT coalesce(isfinite(draw_survey_wave.as_of), false) THEN
        RAISE EXCEPTION 'a wave cannot be drawn at %', coalesce(draw_survey_wave.as_of::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Give an instant, or leave as_of out for now.';
    END IF;
    IF NOT coalesce(draw_survey_wave.rest >= interval '0' AND draw_survey_wave.rest <= interval '10 years', false) THEN
        RAISE EXCEPTION 'rest is not from 0 to 10 years'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It is %s.', coalesce(draw_survey_wave.rest::text, 'NULL'));
    END IF;
    IF NOT coalesce(draw_survey_wave.bought_within > interval '0'
                    AND draw_survey_wave.bought_within <= interval '100 years', false) THEN
        RAISE EXCEPTION 'bought_within is not above 0 and up to 100 years'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It is %s.', coalesce(draw_survey_wave.bought_within::text, 'NULL'));
    END IF;
    PERFORM check_read_committed('a wave can be drawn');

    -- One at a time, each seeing whom the others have asked.
    LOCK TABLE survey_invitations IN SHARE ROW EXCLUSIVE MODE;
    SELECT w.wave_id, w.customers, w.asked, w.left_out
      INTO draw_survey_wave.wave_id, draw_survey_wave.customers, draw_survey_wave.asked, draw_survey_wave.left_out
      FROM survey_waves w
     WHERE w.survey = draw_survey_wave.survey AND w.drawn_at = draw_survey_wave.as_of;
    IF FOUND THEN
        RETURN;
    END IF;

    bought_from := (draw_survey_wave.as_of AT TIME ZONE zone - draw_survey_wave.bought_within) AT TIME ZONE zone;
    rest_from := (draw_survey_wave.as_of AT TIME ZONE zone - draw_survey_wave.rest) AT TIME ZONE zone;
    rest_to := (draw_survey_wave.as_of AT TIME ZONE zone + draw_survey_wave.rest) AT TIME ZONE zone;
    wave_salt := 'wave ' || draw_survey_wave.survey || ' '
                 || to_char(draw_survey_wave.as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

    SELECT count(*),
           coalesce(array_agg(b.customer_id ORDER BY sample_place(b.customer_id::text, wave_salt))
                        FILTER (WHERE draw_survey_wave.share IS NULL
                                   OR loyalcs.in_sample(b.customer_id::text, wave_salt, draw_survey_wave.share)), '{}')
      INTO draw_survey_wave.customers, drawn
      FROM (SELECT DISTINCT o.customer_id
              FROM counted_orders_at(draw_survey_wave.as_of) o
             WHERE o.ordered_at > bought_from) b;
    INSERT INTO survey_waves (survey, drawn_at, channel, share, size, rest, bought_within, salt, customers, asked, left_out)
    VALUES (draw_survey_wave.survey, draw_survey_wave.as_of, draw_survey_wave.channel, draw_survey_wave.share,
            draw_survey_wave.size, draw_survey_wave.rest, draw_survey_wave.bought_within, wave_salt,
            draw_survey_wave.customers, 0, 0)
    RETURNING survey_waves.wave_id INTO draw_survey_wave.wave_id;

    -- Nobody knows how far down the order it takes to find so many: a little more
    -- than are missing, and again if they were not enough.
    draw_survey_wave.asked := 0;
    draw_survey_wave.left_out := 0;
    WHILE looked_at < cardinality(drawn) AND draw_survey_wave.asked < coalesce(draw_survey_wave.size, cardinality(drawn)) LOOP
        missing := least(coalesce(draw_survey_wave.size, cardinality(drawn)) - draw_survey_wave.asked, cardinality(drawn));
        look_at := least(looked_at + CASE WHEN draw_survey_wave.share IS NULL THEN missing + missing / 4 + 100 ELSE missing END,
                         cardinality(drawn));
        WITH judged AS (
            SELECT u.customer_id, h.reason, h.asked_by, h.asked_at,
                   count(*) FILTER (WHERE h.reason IS NULL) OVER (ORDER BY u.place) AS to_ask
              FROM (SELECT u.customer_id, u.place
                      FROM unnest(drawn[looked_at + 1:look_at]) WITH ORDINALITY u (customer_id, place)
                     ORDER BY u.customer_id) u
             CROSS JOIN LATERAL survey_hindrance(u.customer_id, draw_survey_wave.channel, rest_from, rest_to, true,
                                                 draw_survey_wave.as_of) h
        ), taken AS MATERIALIZED (
            SELECT j.customer_id, j.reason, j.asked_by, j.asked_at
              FROM judged j
             WHERE j.to_ask - CASE WHEN j.reason IS NULL THEN 1 ELSE 0 END < missing
             ORDER BY j.customer_id
        ), invited AS (
            INSERT INTO survey_invitations (customer_id, invitation_id, survey, sent_at, channel, wave_id)
            SELECT t.customer_id, 'wave ' || draw_survey_wave.wave_id::text, draw_survey_wave.survey,
                   draw_survey_wave.as_of, draw_survey_wave.channel, draw_survey_wave.wave_id
              FROM taken t
             WHERE t.reason IS NULL
        ), passed_over AS (
            INSERT INTO survey_left_out (customer_id, wave_id, reason, asked_by, asked_at)
            SELECT t.customer_id, draw_survey_wave.wave_id, t.reason,
                   CASE t.reason WHEN 'asked recently' THEN t.asked_by END,
                   CASE t.reason WHEN 'asked recently' THEN t.asked_at END
              FROM taken t
             WHERE t.reason IS NOT NULL
        )
        SELECT draw_survey_wave.asked + count(*) FILTER (WHERE t.reason IS NULL),
               draw_survey_wave.left_out + count(*) FILTER (WHERE t.reason IS NOT NULL)
          INTO draw_survey_wave.asked, draw_survey_wave.left_out
          FROM taken t;
        looked_at := look_at;
    END LOOP;
    UPDATE survey_waves w
       SET asked = draw_survey_wave.asked, left_out = draw_survey_wave.left_out
     WHERE w.wave_id = draw_survey_wave.wave_id;
END
$$;
COMMENT ON FUNCTION draw_survey_wave(text, double precision, bigint, interval, timestamptz, text, interval) IS
    'draws whom a survey goes out to, as invitations: a stable random sample of the customers who have ordered within bought_within, by share of them, or by size, the number to ask. Nobody is asked who was asked within rest before or after, has opted out or has not agreed, has an open complaint, or has no address on the channel; those go to survey_left_out, and with a size others take their place. The same survey at the same instant is drawn once: again, it gives the counts of the first time. For the owner and admins';

CREATE OR REPLACE FUNCTION phone_hearings_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    hearing_id bigint,
    month date,
    picked_for text,
    reason text,
    picked_at timestamptz,
    result text,
    called_at timestamptz,
    agent_id text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT h.customer_id, h.hearing_id, h.month, h.picked_for, h.reason, h.picked_at,
           CASE WHEN h.called_at <= phone_hearings_at.as_of THEN h.result END,
           CASE WHEN h.called_at <= phone_hearings_at.as_of THEN h.called_at END,
           h.agent_id
      FROM hearings h
     WHERE h.month = loyalcs.local_month(phone_hearings_at.as_of, (SELECT s.time_zone FROM settings s))
       AND h.picked_at <= phone_hearings_at.as_of
     ORDER BY h.picked_at, h.hearing_id;
END;
COMMENT ON FUNCTION phone_hearings_at(timestamptz) IS
    'whom to call this month and why, and what has come of it; the words are in hearings, for those who may read what is personal';

CREATE OR REPLACE FUNCTION phone_hearing_candidates(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    picked_for text,
    rank bigint,
    reason text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH shop AS MATERIALIZED (
        SELECT s.time_zone, s.currency,
               'hearing ' || to_char(phone_hearing_candidates.as_of AT TIME ZONE s.time_zone, 'YYYY-MM') AS salt
          FROM settings s
    ), bought AS (
        SELECT o.customer_id, count(*) AS orders, sum(o.amount) AS spent, max(o.ordered_at) AS last_order_at
          FROM counted_orders_at(phone_hearing_candidates.as_of) o
         WHERE o.ordered_at > (SELECT (phone_hearing_candidates.as_of AT TIME ZONE z.time_zone - interval '1 year')
                                      AT TIME ZONE z.time_zone
                                 FROM shop z)
         GROUP BY o.customer_id
    ), ranked AS (
        SELECT b.*,
               sample_place(b.customer_id::text, (SELECT z.salt FROM shop z)) AS place,
               count(*) OVER (ORDER BY b.spent DESC) AS spent_as_much,
               count(*) OVER () AS buyers
          FROM bought b
    ), placed AS (
        SELECT r.*,
               CASE WHEN r.spent > 0 AND r.spent_as_much <= ceil(r.buyers / 10.0)
                    THEN row_number() OVER (ORDER BY r.spent DESC, r.place) END AS spender,
               CASE WHEN r.orders > 1
                    THEN row_number() OVER (ORDER BY r.orders DESC, r.place) END AS repeater
          FROM ranked r
    )
    SELECT p.customer_id,
           CASE WHEN k.spends THEN 'high_spender' ELSE 'repeat_buyer' END,
           least(p.spender, p.repeater),
           CASE WHEN k.spends
                THEN 'spent ' || to_char(p.spent, CASE WHEN p.spent = trunc(p.spent) THEN 'FM999,999,999,999,999,990'
                                                       ELSE 'FM999,999,999,999,999,990.00' END)
                     || ' ' || z.currency || ' in the last year, among the top '
                     || ceil(100.0 * p.spent_as_much / p.buyers)::text || ' %'
                ELSE p.orders::text || ' orders in a year, last on '
                     || to_char(p.last_order_at AT TIME ZONE z.time_zone, 'YYYY-MM-DD') END
      FROM placed p
     CROSS JOIN shop z
     CROSS JOIN LATERAL (SELECT p.spender IS NOT NULL AND p.spender <= coalesce(p.repeater, p.spender) AS spends) k
     WHERE p.spender IS NOT NULL OR p.repeater IS NOT NULL;
END;
COMMENT ON FUNCTION phone_hearing_candidates(timestamptz) IS
    'who is worth a call by the orders of the last year: high spenders (no more than a tenth has spent as much), most first, and repeat buyers (two orders and more), most orders first; whoever is both counts as what ranks higher. Equals are in an order that a stable hash gives, another one each month';

CREATE OR REPLACE FUNCTION pick_phone_hearings(as_of timestamptz DEFAULT now(), calls integer DEFAULT 10)
RETURNS TABLE (
    customer_id @key_type@,
    hearing_id bigint,
    month date,
    picked_for text,
    reason text,
    picked_at timestamptz,
    result text,
    called_at timestamptz,
    agent_id text
)
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    zone constant text := (SELECT s.time_zone FROM settings s);
    this_month date;
    year_from timestamptz;
    year_to timestamptz;
    spenders integer;       -- calls that stand: made, or still to be made
    repeaters integer;
    missing integer;
BEGIN
    IF NOT coalesce(isfinite(pick_phone_hearings.as_of), false) THEN
        RAISE EXCEPTION 'hearings cannot be picked at %', coalesce(pick_phone_hearings.as_of::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Give an instant, or leave as_of out for now.';
    END IF;
    IF NOT coalesce(pick_phone_hearings.calls BETWEEN 1 AND 1000, false) THEN
        RAISE EXCEPTION 'calls is not from 1 to 1000'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It is %s.', coalesce(pick_phone_hearings.calls::text, 'NULL'));
    END IF;
    PERFORM check_read_committed('hearings can be picked');

    -- One at a time, each seeing whom the others have picked.
    LOCK TABLE hearings IN SHARE ROW EXCLUSIVE MODE;
    this_month := loyalcs.local_month(pick_phone_hearings.as_of, zone);
    year_from := (pick_phone_hearings.as_of AT TIME ZONE zone - interval '1 year') AT TIME ZONE zone;
    year_to := (pick_phone_hearings.as_of AT TIME ZONE zone + interval '1 year') AT TIME ZONE zone;
    SELECT count(*) FILTER (WHERE h.picked_for = 'high_spender'),
           count(*) FILTER (WHERE h.picked_for = 'repeat_buyer')
      INTO spenders, repeaters
      FROM hearings h
     WHERE h.month = this_month AND (h.result IS NULL OR h.result = 'heard');
    missing := pick_phone_hearings.calls - spenders - repeaters;

    -- Half of each kind, the odd one a spender; what one lacks, the other fills.
    IF missing > 0 THEN
        WITH candidates AS MATERIALIZED (
            SELECT c.customer_id, c.picked_for, c.rank, c.reason
              FROM phone_hearing_candidates(pick_phone_hearings.as_of) c
        ), willing AS (
            SELECT k.picked_for, k.wanted, w.customer_id, w.reason,
                   row_number() OVER (PARTITION BY k.picked_for ORDER BY w.rank) AS turn
              FROM (VALUES ('high_spender', (pick_phone_hearings.calls + 1) / 2 - spenders),
                           ('repeat_buyer', pick_phone_hearings.calls / 2 - repeaters)) k (picked_for, wanted)
             CROSS JOIN LATERAL (
                       SELECT c.customer_id, c.rank, c.reason
                         FROM (SELECT c.*
                                 FROM candidates c
                                WHERE c.picked_for = k.picked_for
                                ORDER BY c.rank) c
                        CROSS JOIN LATERAL survey_hindrance(c.customer_id, 'phone', year_from, year_to, false,
                                                            pick_phone_hearings.as_of) h
                        WHERE h.reason IS NULL
                        ORDER BY c.rank
                        LIMIT missing) w
        )
        INSERT INTO hearings (customer_id, month, picked_at, picked_for, reason)
        SELECT w.customer_id, this_month, pick_phone_hearings.as_of, w.picked_for, w.reason
          FROM willing w
         ORDER BY w.turn > w.wanted, w.turn, w.picked_for
         LIMIT missing;
    END IF;
    RETURN QUERY SELECT h.* FROM phone_hearings_at(pick_phone_hearings.as_of) h;
END
$$;
COMMENT ON FUNCTION pick_phone_hearings(timestamptz, integer) IS
    'picks whom to call this month, so many high spenders and repeat buyers that the calls that were made or are still to be made come to this number, and gives the list: once that is so, calling it again picks nobody, and after a call that did not come about another customer. Nobody is picked within a year of being picked or called, or of another survey by phone, nor who has opted out, has an open complaint or no phone number';$shop$)
$parts$;
COMMENT ON FUNCTION loyalcs.shop_parts() IS
    'the scripts that a shop is made of, in order: tables, the references between them, functions; for create_shop, grant_shop and drop_shop';

-- shop.sql
--
-- Shops: one schema a brand, made, brought up to date, opened to roles and
-- dropped by these functions. What a shop consists of stands in shop/*.sql.
-- Needs: shop_parts() (made from shop/*.sql), shop_glossary().
--
-- A shop belongs to whoever made it, not to the extension: pg_dump saves it
-- and DROP EXTENSION leaves its tables. What tells that a schema is a shop is
-- the comment of its table settings, which also names the version of loyalcs
-- that its functions and views are from.

CREATE FUNCTION loyalcs.shop_mark(version text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'settings of the shop, one row (loyalcs ' OPERATOR(pg_catalog.||) version OPERATOR(pg_catalog.||) ')';
COMMENT ON FUNCTION loyalcs.shop_mark(text) IS
    'the comment on a shop''s table settings, by which a shop is known';

CREATE VIEW loyalcs.shops WITH (security_invoker = true) AS
    SELECT n.nspname::text AS name,
           pg_catalog.substring(d.description, '\(loyalcs ([^ ()]+)\)$') AS version,
           d.description OPERATOR(pg_catalog.=) loyalcs.shop_mark(e.extversion) AS up_to_date,
           pg_catalog.pg_get_userbyid(n.nspowner)::text AS owner,
           z.size,
           pg_catalog.pg_size_pretty(z.size) AS size_pretty
      FROM pg_catalog.pg_class s
      JOIN pg_catalog.pg_namespace n
        ON n.oid OPERATOR(pg_catalog.=) s.relnamespace
      JOIN pg_catalog.pg_description d
        ON d.objoid OPERATOR(pg_catalog.=) s.oid
       AND d.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
       AND d.objsubid OPERATOR(pg_catalog.=) 0
      JOIN pg_catalog.pg_extension e
        ON e.extname OPERATOR(pg_catalog.=) 'loyalcs'::pg_catalog.name
     CROSS JOIN LATERAL (
               SELECT pg_catalog.sum(pg_catalog.pg_total_relation_size(c.oid::pg_catalog.regclass))::bigint AS size
                 FROM pg_catalog.pg_class c
                WHERE c.relnamespace OPERATOR(pg_catalog.=) n.oid
                  AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m}'::"char"[])
           ) z
     WHERE s.relname OPERATOR(pg_catalog.=) 'settings'::pg_catalog.name
       AND s.relkind OPERATOR(pg_catalog.=) 'r'::"char"
       AND d.description OPERATOR(pg_catalog.=)
           loyalcs.shop_mark(pg_catalog.substring(d.description, '\(loyalcs ([^ ()]+)\)$'));
COMMENT ON VIEW loyalcs.shops IS 'the shops of this database';
COMMENT ON COLUMN loyalcs.shops.name IS 'schema of the shop';
COMMENT ON COLUMN loyalcs.shops.version IS 'version of loyalcs that the shop''s functions and views are from';
COMMENT ON COLUMN loyalcs.shops.up_to_date IS 'whether that is the installed one; if not, call create_shop again';
COMMENT ON COLUMN loyalcs.shops.owner IS 'role that owns the shop';
COMMENT ON COLUMN loyalcs.shops.size IS 'bytes of its tables and indexes';
COMMENT ON COLUMN loyalcs.shops.size_pretty IS 'the same, to be read';
GRANT SELECT ON loyalcs.shops TO PUBLIC;

-- The checks that all of the functions share

CREATE FUNCTION loyalcs.shop_check(shop text) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owner text;
BEGIN
    SELECT s.owner INTO owner FROM loyalcs.shops s WHERE s.name = shop;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no shop %', coalesce(quote_ident(shop), 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'SELECT name FROM loyalcs.shops lists them.';
    END IF;
    IF owner <> current_user THEN
        RAISE EXCEPTION 'shop % belongs to %', quote_ident(shop), owner
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('SET ROLE %I, if you may.', owner);
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_check(text) IS
    'an error unless the schema is a shop of the current user''s';

-- What differs between a relation that stands in a schema and the table that
-- the shop would make: the table is made as a temporary one, looked at, and
-- unmade again by leaving the block with an exception.
CREATE FUNCTION loyalcs.shop_relation_differences(
    shop text,
    relation text,
    script text,
    hidden text[],
    OUT detail text,
    OUT hint text
)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted jsonb;
BEGIN
    BEGIN
        PERFORM set_config('search_path', 'pg_temp, loyalcs', true);
        PERFORM set_config('client_min_messages', 'warning', true);
        -- The session may have a temporary table of that name itself.
        EXECUTE format('ALTER TABLE IF EXISTS pg_temp.%I RENAME TO %I', relation, 'loyalcs: ' || relation);
        EXECUTE script;
        SELECT jsonb_agg(jsonb_build_array(a.attname, a.atttypid) ORDER BY a.attnum)
          INTO wanted
          FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = format('pg_temp.%I', relation)::regclass
           AND a.attnum > 0 AND a.attname <> ALL (hidden);
        RAISE EXCEPTION USING ERRCODE = 'LC000';
    EXCEPTION
        WHEN SQLSTATE 'LC000' THEN
            NULL;
    END;

    SELECT string_agg(CASE
                          WHEN a.attname IS NULL THEN format('Column %s %s is missing.', w.name, w.type)
                          ELSE format('Column %s is %s, not %s.', w.name,
                                      format_type(a.atttypid, NULL), w.type)
                      END, ' ' ORDER BY w.n),
           string_agg(CASE
                          WHEN a.attname IS NULL THEN format('NULL::%s AS %I', w.type, w.name)
                          ELSE format('%I::%s AS %I', w.name, w.type, w.name)
                      END, ', ' ORDER BY w.n)
      INTO detail, hint
      FROM (SELECT ((e.value ->> 1)::oid)::regtype AS type, e.value ->> 0 AS name, e.n
              FROM jsonb_array_elements(wanted) WITH ORDINALITY e (value, n)) w
      LEFT JOIN pg_attribute a
        ON a.attrelid = format('%I.%I', shop, relation)::regclass
       AND a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped
     WHERE a.attname IS NULL OR a.atttypid <> w.type;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_relation_differences(text, text, text, text[]) IS
    'what an existing relation lacks to serve as a shop''s table, and the columns to write instead; NULLs for nothing';

-- A figure x stands in a script once, as a function: x_by(breakdown, as_of) if
-- it can be cut, else x_at(as_of). The first has an x_at(as_of) that is about
-- everyone and lacks the column part; each x_at has a view x, which is its
-- figures as of now. Comments go along. One name means one thing in every table
-- and view of the shop, so the columns' comments come from the glossary.
CREATE FUNCTION loyalcs.shop_finish(shop text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
    views bigint := 0;
BEGIN
    FOR item IN
        SELECT p.proname, left(p.proname, -3) || '_at' AS at,
               regexp_replace(obj_description(p.oid, 'pg_proc'), '; for each part of a breakdown.*', '') AS comment,
               (SELECT string_agg(format('%I %s', p.proargnames[i], format_type(p.proallargtypes[i], NULL)), ', ' ORDER BY i)
                  FROM generate_subscripts(p.proargmodes, 1) i
                 WHERE p.proargmodes[i] = 't' AND p.proargnames[i] <> 'part') AS columns,
               (SELECT string_agg(format('f.%I', p.proargnames[i]), ', ' ORDER BY i)
                  FROM generate_subscripts(p.proargmodes, 1) i
                 WHERE p.proargmodes[i] = 't' AND p.proargnames[i] <> 'part') AS selected
          FROM pg_proc p
         WHERE p.pronamespace = quote_ident(shop)::regnamespace
           AND p.proname LIKE '%\_by'
           AND p.proargtypes = '25 1184'::oidvector    -- text, timestamptz
           AND p.proretset
           AND p.proargnames[3] = 'part'
         ORDER BY p.oid
    LOOP
        EXECUTE format('CREATE OR REPLACE FUNCTION %I.%I(as_of timestamptz) RETURNS TABLE (%s) '
                       'LANGUAGE sql STABLE PARALLEL SAFE '
                       'BEGIN ATOMIC SELECT %s FROM %1$I.%5$I(%6$L, as_of) f; END',
                       shop, item.at, item.columns, item.selected, item.proname, 'everyone');
        EXECUTE format('COMMENT ON FUNCTION %I.%I(timestamptz) IS %L', shop, item.at, item.comment);
    END LOOP;

    FOR item IN
        SELECT p.proname, left(p.proname, -3) AS view, obj_description(p.oid, 'pg_proc') AS comment,
               (SELECT array_agg(p.proargnames[i] || ' ' || p.proallargtypes[i] ORDER BY i)
                  FROM generate_subscripts(p.proargmodes, 1) i
                 WHERE p.proargmodes[i] = 't')
               IS DISTINCT FROM
               (SELECT array_agg(a.attname || ' ' || a.atttypid ORDER BY a.attnum)
                  FROM pg_class c
                  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                 WHERE c.relnamespace = p.pronamespace
                   AND c.relname = left(p.proname, -3)
                   AND c.relkind = 'v') AS new
          FROM pg_proc p
         WHERE p.pronamespace = quote_ident(shop)::regnamespace
           AND p.proname LIKE '%\_at'
           AND p.proargtypes = '1184'::oidvector    -- timestamptz
           AND p.proretset
           AND p.prolang = (SELECT l.oid FROM pg_language l WHERE l.lanname = 'sql')
         ORDER BY p.oid
    LOOP
        -- Replacing a view locks its readers out, and so is left where it changes nothing.
        IF item.new THEN
            EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker = true) AS '
                           'SELECT * FROM %1$I.%3$I(now())', shop, item.view, item.proname);
        END IF;
        EXECUTE format('COMMENT ON VIEW %I.%I IS %L', shop, item.view, item.comment);
        views := views + 1;
    END LOOP;

    FOR item IN
        SELECT c.relname, a.attname, g.meaning
          FROM pg_class c
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          JOIN loyalcs.shop_glossary() g ON g.name = a.attname
         WHERE c.relnamespace = quote_ident(shop)::regnamespace
           AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
           AND c.relowner = current_user::regrole
           AND col_description(c.oid, a.attnum) IS NULL
         ORDER BY c.oid, a.attnum
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L',
                       shop, item.relname, item.attname, item.meaning);
    END LOOP;
    RETURN views;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_finish(text) IS
    'makes the views of a shop and the comments on its columns; gives the number of views';

CREATE FUNCTION loyalcs.create_shop(
    name text,
    time_zone text DEFAULT 'Asia/Tokyo',
    currency text DEFAULT 'JPY',
    key_type regtype DEFAULT 'text'
) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    installed constant text := (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'loyalcs');
    known constant text[] := '{text,bigint,integer,uuid}';
    owner text;
    own text[] := '{}';         -- tables that create_shop made, before and now
    made text[] := '{}';        -- and those that it makes now
    existing boolean;           -- was there a shop already?
    kept record;
    part record;
    kind "char";
    differs record;
    views bigint;
BEGIN
    IF name IS NULL OR time_zone IS NULL OR currency IS NULL OR key_type IS NULL THEN
        RAISE EXCEPTION 'create_shop takes no NULL'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'Leave out what is to have its default.';
    END IF;
    IF name = '' OR octet_length(name) > 63 OR name ~ '^pg_'
       OR name IN ('public', 'loyalcs', 'information_schema') THEN
        RAISE EXCEPTION '% cannot be the name of a shop', quote_literal(name)
            USING ERRCODE = 'invalid_name',
                  DETAIL = 'A shop is a schema of its own.',
                  HINT = 'Use the brand''s name, at most 63 bytes long.';
    END IF;
    IF key_type::text <> ALL (known) THEN
        RAISE EXCEPTION 'customers cannot have keys of type %', key_type
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Use one of %s.', array_to_string(known, ', '));
    END IF;

    -- Two sessions that make the same shop take turns.
    PERFORM pg_advisory_xact_lock(hashtextextended('loyalcs.create_shop ' || name, 0));

    SELECT pg_get_userbyid(n.nspowner) INTO owner FROM pg_namespace n WHERE n.nspname = name;
    IF NOT FOUND THEN
        EXECUTE format('CREATE SCHEMA %I', name);
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', name, 'a shop of loyalcs');
    ELSIF owner <> current_user THEN
        -- Whoever may create in a schema may plant what others will run there.
        RAISE EXCEPTION 'schema % belongs to %', quote_ident(name), owner
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('SET ROLE %I, if you may, or choose another name.', owner);
    END IF;

    existing := EXISTS (SELECT FROM loyalcs.shops s WHERE s.name = create_shop.name);
    IF existing THEN
        EXECUTE format('SELECT s.time_zone, s.currency, s.own_tables FROM %I.settings s', name)
           INTO kept;
        IF kept.own_tables IS NULL THEN
            RAISE EXCEPTION '%.settings has no row', quote_ident(name)
                USING ERRCODE = 'no_data_found',
                      HINT = format('INSERT INTO %I.settings (time_zone, currency, own_tables) what they were.', name);
        END IF;
        own := kept.own_tables;
        IF time_zone NOT IN (kept.time_zone, 'Asia/Tokyo') OR currency NOT IN (kept.currency, 'JPY') THEN
            RAISE EXCEPTION 'shop % has time zone % and currency %',
                    quote_ident(name), kept.time_zone, kept.currency
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = 'create_shop brings functions and views up to date and changes no row.',
                      HINT = format('UPDATE %I.settings to change them.', name);
        END IF;
        time_zone := kept.time_zone;
        SELECT a.atttypid::regtype AS type INTO kept
          FROM pg_class c
          JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = quote_ident(name)::regnamespace
           AND c.relname = ANY (own)
           AND a.attname = 'customer_id'
         ORDER BY c.oid
         LIMIT 1;
        IF FOUND THEN
            IF key_type NOT IN (kept.type, 'text'::regtype) THEN
                RAISE EXCEPTION 'customers of shop % have keys of type %', quote_ident(name), kept.type
                    USING ERRCODE = 'invalid_parameter_value',
                          HINT = 'Leave out key_type.';
            END IF;
            key_type := kept.type;
        END IF;
    ELSE
        PERFORM now() AT TIME ZONE time_zone;   -- an error if there is no such zone
    END IF;

    FOR part IN
        SELECT p.kind, p.relation, p.other, p.hidden,
               replace(replace(p.script, '@key_type@', key_type::text),
                       '@time_zone@', quote_literal(time_zone)) AS script
          FROM loyalcs.shop_parts() p
         ORDER BY p.part
    LOOP
        IF part.kind = 'table' THEN
            SELECT c.relkind INTO kind
              FROM pg_class c
             WHERE c.relnamespace = quote_ident(name)::regnamespace AND c.relname = part.relation;
            IF FOUND THEN
                IF part.relation = 'settings' AND NOT existing OR kind NOT IN ('r', 'v', 'm', 'p', 'f') THEN
                    RAISE EXCEPTION '%.% is in the way of the shop''s table %',
                            quote_ident(name), quote_ident(part.relation), part.relation
                        USING ERRCODE = 'duplicate_table',
                              HINT = 'Rename it, or choose another name for the shop.';
                END IF;
                own := array_remove(own, CASE WHEN kind <> 'r' THEN part.relation END);
                differs := loyalcs.shop_relation_differences(name, part.relation, part.script,
                    CASE WHEN part.relation = ANY (own) THEN '{}' ELSE part.hidden END);
                IF differs.detail IS NOT NULL THEN
                    RAISE EXCEPTION '%.% cannot serve as the shop''s table %',
                            quote_ident(name), quote_ident(part.relation), part.relation
                        USING ERRCODE = 'datatype_mismatch',
                              DETAIL = differs.detail,
                              HINT = format('In a view of that name, select %s.', differs.hint);
                END IF;
                CONTINUE;
            END IF;
            own := own || part.relation;
            made := made || part.relation;
        ELSIF part.kind = 'reference' THEN
            CONTINUE WHEN part.relation <> ALL (made) OR part.other <> ALL (own);
        END IF;
        PERFORM set_config('search_path', format('%I, loyalcs, pg_temp', name), true);
        EXECUTE part.script;
        PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
    END LOOP;

    IF existing THEN
        EXECUTE format('UPDATE %I.settings SET own_tables = $1 WHERE own_tables <> $1', name)
          USING own;
    ELSE
        EXECUTE format('INSERT INTO %I.settings (time_zone, currency, own_tables) VALUES ($1, $2, $3)', name)
          USING time_zone, currency, own;
    END IF;
    EXECUTE format('COMMENT ON TABLE %I.settings IS %L', name, loyalcs.shop_mark(installed));
    views := loyalcs.shop_finish(name);
    RETURN format('%s: %s tables of its own, %s views, keys of type %s',
                  quote_ident(name), cardinality(own), views, key_type);
END
$$;
COMMENT ON FUNCTION loyalcs.create_shop(text, text, text, regtype) IS
    'makes a shop: a schema with tables, functions and views, owned by the caller. time_zone: whose local days its reports count; currency: ISO 4217; key_type: text, bigint, integer or uuid, the type of customer_id. A relation that already stands in the schema under the name of one of its tables is used in that table''s place, if it has the columns. Called again, for example after ALTER EXTENSION loyalcs UPDATE, it brings functions and views up to date and changes no row of the customer''s';

CREATE FUNCTION loyalcs.drop_shop(name text, confirm text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    own text[];
    adopted text;
BEGIN
    PERFORM loyalcs.shop_check(name);
    IF confirm IS DISTINCT FROM name THEN
        RAISE EXCEPTION 'drop_shop deletes everything in shop %', quote_ident(name)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('To confirm, repeat the name: SELECT loyalcs.drop_shop(%L, %1$L);', name);
    END IF;
    EXECUTE format('SELECT s.own_tables FROM %I.settings s', name) INTO own;
    SELECT string_agg(p.relation, ', ' ORDER BY p.part) INTO adopted
      FROM loyalcs.shop_parts() p
     WHERE p.kind = 'table' AND p.relation <> ALL (coalesce(own, '{}'))
       AND to_regclass(format('%I.%I', name, p.relation)) IS NOT NULL;
    IF adopted IS NOT NULL THEN
        RAISE EXCEPTION 'shop % works on relations that were there before it: %',
                quote_ident(name), adopted
            USING ERRCODE = 'dependent_objects_still_exist',
                  HINT = format('DROP SCHEMA %I CASCADE would delete those too; move them to another schema first.', name);
    END IF;
    PERFORM loyalcs.unschedule_shop(name);
    PERFORM set_config('client_min_messages', 'warning', true);
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
END
$$;
COMMENT ON FUNCTION loyalcs.drop_shop(text, text) IS
    'deletes a shop with all that is in its schema and whatever depends on it, and its jobs of pg_cron; confirm repeats the name; refuses while relations that were there before the shop serve as its tables';

CREATE FUNCTION loyalcs.grant_shop(shop text, role regrole, level text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
    writes text;
BEGIN
    PERFORM loyalcs.shop_check(shop);
    IF role IS NULL THEN
        RAISE EXCEPTION 'grant_shop needs a role'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF level IS NULL OR level NOT IN ('none', 'report', 'service', 'admin') THEN
        RAISE EXCEPTION 'unknown level %', coalesce(quote_literal(level), 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'The levels are report (views, no personal data), service (day-to-day writes), admin (all rows), and none.';
    END IF;

    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %s', shop, role);
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %s', shop, role);
    IF level = 'none' THEN
        RETURN;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s', shop, role);

    FOR item IN
        SELECT c.relname,
               p.relation IS NOT NULL AND c.relkind IN ('r', 'p') AS is_table,
               string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum)
                   FILTER (WHERE a.attname <> ALL (p.hidden)
                             AND a.attname IN (SELECT g.name FROM loyalcs.shop_glossary() g)) AS shown,
               p.relation IS NOT NULL AND bool_or(a.attname = 'customer_id') AS of_customers,
               cardinality(coalesce(p.hidden, '{}')) > 0 AS hides
          FROM pg_class c
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          LEFT JOIN loyalcs.shop_parts() p ON p.kind = 'table' AND p.relation = c.relname
         WHERE c.relnamespace = quote_ident(shop)::regnamespace
           AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
           AND (p.relation IS NOT NULL
                OR EXISTS (SELECT FROM pg_proc f
                            WHERE f.pronamespace = c.relnamespace
                              AND f.proname = c.relname || '_at'))
         GROUP BY c.oid, c.relname, c.relkind, p.relation, p.hidden
         ORDER BY c.relname
    LOOP
        -- A view runs with the reader's rights, so readers need the tables, but
        -- not the columns that are no reader's business: neither those that the
        -- shop hides nor those that the brand has added for itself.
        IF level = 'report' AND (item.of_customers OR item.hides) THEN
            EXECUTE format('GRANT SELECT (%s) ON %I.%I TO %s', item.shown, shop, item.relname, role);
        ELSE
            EXECUTE format('GRANT SELECT ON %I.%I TO %s', shop, item.relname, role);
        END IF;
        writes := CASE
            WHEN level = 'admin' THEN 'INSERT, UPDATE, DELETE'
            WHEN level = 'service' AND item.of_customers THEN 'INSERT, UPDATE'
        END;
        IF item.is_table AND writes IS NOT NULL THEN
            EXECUTE format('GRANT %s ON %I.%I TO %s', writes, shop, item.relname, role);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.grant_shop(text, regrole, text) IS
    'sets what a role may do in a shop, in place of what it could before: report reads every view but no personal data; service also reads it, and inserts and updates rows about customers; admin changes and deletes any row, rules too; none. To be called again when create_shop has added views';
-- schedule.sql
--
-- What a shop wants done every night, and by whom: pg_cron where it is
-- installed, and otherwise the cron of some machine.
-- Needs: shop_check().

-- Only what is done daily stands here: the first of a month in one time zone
-- may be the last of another in the one that cron counts in.
CREATE FUNCTION loyalcs.shop_jobs() RETURNS TABLE (function text, at time)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    VALUES ('expire_points', '00:10'::time),
           ('refresh_rfm_cuts', '03:10'::time),
           ('evaluate_tiers', '03:30'::time),
           ('refresh_related_products', '03:50'::time);
END;
COMMENT ON FUNCTION loyalcs.shop_jobs() IS
    'the functions of a shop that are to be called without arguments once a day, and at what local time';

-- A function of this name anywhere else may be anybody's.
CREATE FUNCTION loyalcs.shop_cron() RETURNS regnamespace
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT p.pronamespace::regnamespace
              FROM pg_extension e
              JOIN pg_depend d
                ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
               AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
              JOIN pg_proc p ON p.oid = d.objid
             WHERE e.extname = 'pg_cron' AND p.proname = 'schedule' AND p.pronargs = 3);
END
$$;
COMMENT ON FUNCTION loyalcs.shop_cron() IS
    'the schema of pg_cron''s functions; NULL if pg_cron is not installed in this database';

-- Settings that not everybody may see.
CREATE FUNCTION loyalcs.shop_cron_setting(setting text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN nullif(current_setting('cron.' || setting, true), '');
EXCEPTION
    WHEN insufficient_privilege THEN
        RETURN NULL;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_cron_setting(text) IS
    'a setting of pg_cron; NULL if there is none, or the caller may not see it';

CREATE FUNCTION loyalcs.unschedule_shop(shop text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cron constant regnamespace := loyalcs.shop_cron();
    jobs bigint := 0;
BEGIN
    -- Whoever may not use pg_cron has no jobs there.
    IF cron IS NOT NULL AND has_schema_privilege(cron::oid, 'USAGE') THEN
        EXECUTE format('SELECT count(%s.unschedule(j.jobid))
                          FROM %1$s.job j
                         WHERE j.username = current_user AND j.database = current_database()
                           AND starts_with(j.jobname, $1)', cron)
           INTO jobs
          USING format('loyalcs:%s:', shop);
    END IF;
    RETURN jobs;
END
$$;
COMMENT ON FUNCTION loyalcs.unschedule_shop(text) IS
    'takes the jobs of a shop that the caller has scheduled out of pg_cron; gives their number';

-- Cron reads a line before the shell does, and takes % for its end.
CREATE FUNCTION loyalcs.shop_crontab_word(word text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF word ~ '^[A-Za-z0-9_.]+$' THEN
        RETURN word;
    END IF;
    RETURN replace(concat('''', replace(word, '''', '''\'''''), ''''), '%', '\%');
END
$$;
COMMENT ON FUNCTION loyalcs.shop_crontab_word(text) IS
    'a text as one word of a crontab''s line';

CREATE FUNCTION loyalcs.schedule_shop(shop text)
RETURNS TABLE (job text, schedule text, command text, to_do text)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cron constant regnamespace := loyalcs.shop_cron();
    cron_zone constant text := coalesce(loyalcs.shop_cron_setting('timezone'), 'GMT');
    cron_database constant text := loyalcs.shop_cron_setting('database_name');
    zone text;
    ahead interval;
BEGIN
    PERFORM loyalcs.shop_check(shop);
    IF cron IS NOT NULL AND NOT has_schema_privilege(cron::oid, 'USAGE') THEN
        RAISE EXCEPTION 'role % may not schedule jobs', quote_ident(current_user)
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('GRANT USAGE ON SCHEMA %s TO %I, as a superuser.', cron, current_user);
    END IF;

    -- Cron knows nothing of a shop's daylight saving time. The smaller difference
    -- makes a job late for half of the year, which is better than a day early.
    EXECUTE format('SELECT z.time_zone FROM %I.settings z', shop) INTO zone;
    SELECT min((d AT TIME ZONE zone) - (d AT TIME ZONE cron_zone)) INTO ahead
      FROM generate_series(now(), now() + interval '1 year', interval '1 day') d;

    PERFORM loyalcs.unschedule_shop(shop);
    FOR job, schedule, command IN
        SELECT format('loyalcs:%s:%s', shop, j.function),
               format('%s %s * * *', EXTRACT(minute FROM j.at - ahead), EXTRACT(hour FROM j.at - ahead)),
               format('SELECT %I.%I()', shop, j.function)
          FROM loyalcs.shop_jobs() j
         WHERE EXISTS (SELECT FROM pg_proc p
                        WHERE p.pronamespace = quote_ident(shop)::regnamespace AND p.proname = j.function)
         ORDER BY j.at
    LOOP
        IF cron IS NOT NULL THEN
            EXECUTE format('SELECT %s.schedule($1, $2, $3)', cron) USING job, schedule, command;
        ELSIF cron_database IS NOT NULL THEN
            to_do := format('SELECT cron.schedule_in_database(%L, %L, %L, %L, %L);',
                            format('%s:%s', current_database(), job), schedule, command, current_database(), current_user);
        ELSE
            to_do := format('%s psql -XqAt -o /dev/null -U %s -d %s -c %s', schedule,
                            loyalcs.shop_crontab_word(current_user),
                            loyalcs.shop_crontab_word(current_database()),
                            loyalcs.shop_crontab_word(command));
        END IF;
        RETURN NEXT;
    END LOOP;

    IF cron IS NULL AND cron_database IS NOT NULL THEN
        RAISE NOTICE 'pg_cron is in another database: nothing is scheduled yet'
            USING HINT = format('Connect to database %s as a superuser, and run what stands under to_do.', quote_ident(cron_database));
    ELSIF cron IS NULL THEN
        RAISE NOTICE 'pg_cron is not installed: nothing is scheduled yet'
            USING HINT = 'Put what stands under to_do into a crontab. Times are UTC: on a machine that has another time zone, CRON_TZ=UTC goes before them, if its cron knows that.';
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.schedule_shop(text) IS
    'has pg_cron do what a shop wants done every night, at the shop''s local times, which it turns into those of cron.timezone; when called again, in place of what was scheduled before. Without pg_cron it says under to_do what to do instead: lines for a crontab, or statements for the database that pg_cron is in';
