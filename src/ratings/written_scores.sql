-- ratings/written_scores.sql
--
-- The aggregates of scores for what has no type: a literal, or a parameter as many
-- clients send it. Of types in the running, PostgreSQL takes text for those; without
-- it, it could not tell numbers from ratings.
-- Needs: ratings.

CREATE FUNCTION loyalcs.ratings_accum(loyalcs.ratings, text) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_accum_text';
COMMENT ON FUNCTION loyalcs.ratings_accum(loyalcs.ratings, text) IS
    'transition function: counts a score from 0 to 10';
CREATE FUNCTION loyalcs.nps_accum(loyalcs.ratings, text) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_accum_text';
COMMENT ON FUNCTION loyalcs.nps_accum(loyalcs.ratings, text) IS
    'transition function: counts an NPS score, 0 to 10';
CREATE FUNCTION loyalcs.csat_accum(loyalcs.ratings, text) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'csat_accum_text';
COMMENT ON FUNCTION loyalcs.csat_accum(loyalcs.ratings, text) IS
    'transition function: counts a CSAT score, 1 to 5';
CREATE FUNCTION loyalcs.ces_accum(loyalcs.ratings, text) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ces_accum_text';
COMMENT ON FUNCTION loyalcs.ces_accum(loyalcs.ratings, text) IS
    'transition function: counts a CES score, 1 to 7';
CREATE FUNCTION loyalcs.ratings_remove(loyalcs.ratings, text) RETURNS loyalcs.ratings
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'ratings_remove_text';
COMMENT ON FUNCTION loyalcs.ratings_remove(loyalcs.ratings, text) IS
    'transition function: takes a score out again, when it leaves a window frame';
CREATE AGGREGATE loyalcs.ratings_agg(text) (
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
COMMENT ON AGGREGATE loyalcs.ratings_agg(text) IS
    'answers by score, to be stored, merged with + and read with nps, csat, mean and the rest; scores are 0 to 10, NULL is skipped, another score is an error; NULL if nothing was answered; text is read as a number, for parameters that have no type';
CREATE AGGREGATE loyalcs.nps(text) (
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
COMMENT ON AGGREGATE loyalcs.nps(text) IS
    'Net Promoter Score of the answers, -100 to 100; scores are 0 to 10, NULL is skipped, another score is an error; NULL if nothing was answered. Short for nps(ratings_agg(score)); text is read as a number, for parameters that have no type';
CREATE AGGREGATE loyalcs.csat(text) (
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
COMMENT ON AGGREGATE loyalcs.csat(text) IS
    'mean satisfaction, 1 to 5; NULL is skipped, a score off the scale is an error; NULL if nothing was answered. The share of the satisfied is csat_share; text is read as a number, for parameters that have no type';
CREATE AGGREGATE loyalcs.csat_share(text) (
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
COMMENT ON AGGREGATE loyalcs.csat_share(text) IS
    'share of the answers that are 4 or 5 on a scale from 1 to 5 (top two boxes), 0 to 1; NULL is skipped, a score off the scale is an error; NULL if nothing was answered; text is read as a number, for parameters that have no type';
CREATE AGGREGATE loyalcs.csat_percent(text) (
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
COMMENT ON AGGREGATE loyalcs.csat_percent(text) IS
    'csat_share in per cent, 0 to 100, as it was before all shares were from 0 to 1: for what was written then; text is read as a number, for parameters that have no type';
CREATE AGGREGATE loyalcs.ces(text) (
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
COMMENT ON AGGREGATE loyalcs.ces(text) IS
    'mean customer effort, 1 to 7; NULL is skipped, a score off the scale is an error; NULL if nothing was answered; text is read as a number, for parameters that have no type';
