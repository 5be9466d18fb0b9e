-- changes.sql
--
-- How sure a figure of ratings is: intervals, changes and effects.
-- Needs: ratings.

CREATE FUNCTION loyalcs.nps_interval(
    loyalcs.ratings,
    confidence double precision DEFAULT 0.95,
    OUT low double precision,
    OUT high double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'ratings_nps_interval';
COMMENT ON FUNCTION loyalcs.nps_interval(loyalcs.ratings, confidence double precision) IS
    'confidence interval of the Net Promoter Score in points: adjusted Wald (Rocks 2016), which adds 3 answers, 3/4 to promoters and 3/4 to detractors, with Students t for the normal quantile; around the adjusted score, widened to the score itself where that lies outside, and within -100 .. 100; NULLs for no answers';
CREATE FUNCTION loyalcs.nps_margin(loyalcs.ratings, confidence double precision DEFAULT 0.95) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'ratings_nps_margin';
COMMENT ON FUNCTION loyalcs.nps_margin(loyalcs.ratings, confidence double precision) IS
    'half the width of nps_interval before it is widened or cut to -100 .. 100, in points; NULL for no answers';
CREATE FUNCTION loyalcs.mean_interval(
    loyalcs.ratings,
    confidence double precision DEFAULT 0.95,
    OUT low double precision,
    OUT high double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'ratings_mean_interval';
COMMENT ON FUNCTION loyalcs.mean_interval(loyalcs.ratings, confidence double precision) IS
    'confidence interval of the mean score on a scale from 0 to 10, and a wider one than need be on any other: give scale_low and scale_high for those; NULLs for no answers';
CREATE FUNCTION loyalcs.mean_interval(
    loyalcs.ratings,
    scale_low integer,
    scale_high integer,
    confidence double precision DEFAULT 0.95,
    OUT low double precision,
    OUT high double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'ratings_mean_interval';
COMMENT ON FUNCTION loyalcs.mean_interval(loyalcs.ratings, scale_low integer, scale_high integer, confidence double precision) IS
    'confidence interval of the mean score on a scale from scale_low to scale_high: Students t, with one answer added at each end of the scale (after Agresti and Caffo 2000), so that a handful of equal answers is not taken for certainty; around the adjusted mean, widened to the mean itself where that lies outside, and within the scale; NULLs for no answers; an error if an answer is off the scale';
CREATE FUNCTION loyalcs.nps_change(
    before loyalcs.ratings,
    after loyalcs.ratings,
    confidence double precision DEFAULT 0.95,
    OUT change double precision,
    OUT low double precision,
    OUT high double precision,
    OUT p_value double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'ratings_nps_change';
COMMENT ON FUNCTION loyalcs.nps_change(before loyalcs.ratings, after loyalcs.ratings, confidence double precision) IS
    'did the Net Promoter Score really change? change: after - before in points; low, high: its confidence interval; p_value: how likely a difference at least this large is if nothing changed (two-sided). From the difference of the two adjusted estimates of nps_interval, with Welchs degrees of freedom; where that points another way than the change itself, p_value is 1; the interval is widened to the change; NULLs if either has no answers';
CREATE FUNCTION loyalcs.mean_change(
    before loyalcs.ratings,
    after loyalcs.ratings,
    confidence double precision DEFAULT 0.95,
    OUT change double precision,
    OUT low double precision,
    OUT high double precision,
    OUT p_value double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'ratings_mean_change';
COMMENT ON FUNCTION loyalcs.mean_change(before loyalcs.ratings, after loyalcs.ratings, confidence double precision) IS
    'mean_change on a scale from 0 to 10, more careful than need be on any other: give scale_low and scale_high for those; NULLs if either has no answers';
CREATE FUNCTION loyalcs.mean_change(
    before loyalcs.ratings,
    after loyalcs.ratings,
    scale_low integer,
    scale_high integer,
    confidence double precision DEFAULT 0.95,
    OUT change double precision,
    OUT low double precision,
    OUT high double precision,
    OUT p_value double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'ratings_mean_change';
COMMENT ON FUNCTION loyalcs.mean_change(before loyalcs.ratings, after loyalcs.ratings, scale_low integer, scale_high integer, confidence double precision) IS
    'did the mean score on a scale from scale_low to scale_high really change? change: after - before; low, high: its confidence interval; p_value: how likely a difference at least this large is if nothing changed (Welchs t-test of the two adjusted means of mean_interval, two-sided); where the adjusted difference points another way than the change itself, p_value is 1; the interval is widened to the change; NULLs if either has no answers; an error if an answer is off the scale';
CREATE FUNCTION loyalcs.nps_effect(
    before loyalcs.ratings,
    after loyalcs.ratings,
    others_before loyalcs.ratings,
    others_after loyalcs.ratings,
    confidence double precision DEFAULT 0.95,
    OUT effect double precision,
    OUT low double precision,
    OUT high double precision,
    OUT p_value double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'ratings_nps_effect';
COMMENT ON FUNCTION loyalcs.nps_effect(before loyalcs.ratings, after loyalcs.ratings, others_before loyalcs.ratings, others_after loyalcs.ratings, confidence double precision) IS
    'did the Net Promoter Score of some change more than that of others over the same time (difference in differences)? effect: (after - before) - (others_after - others_before) in points; low, high: its confidence interval; p_value: how likely an effect at least this large is if both changed alike (two-sided). From the four adjusted estimates of nps_interval, with Welchs degrees of freedom, as in nps_change; NULLs if one of the four has no answers';
CREATE FUNCTION loyalcs.share_effect(
    before loyalcs.ratings,
    after loyalcs.ratings,
    others_before loyalcs.ratings,
    others_after loyalcs.ratings,
    confidence double precision DEFAULT 0.95,
    OUT effect double precision,
    OUT low double precision,
    OUT high double precision,
    OUT p_value double precision
) RETURNS record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'ratings_share_effect';
COMMENT ON FUNCTION loyalcs.share_effect(before loyalcs.ratings, after loyalcs.ratings, others_before loyalcs.ratings, others_after loyalcs.ratings, confidence double precision) IS
    'did a share (of answers 1 among those of 0 and 1) change more than that of others over the same time (difference in differences)? effect: (after - before) - (others_after - others_before); low, high: its confidence interval; p_value: how likely an effect at least this large is if what changed both added as much to both, or multiplied the odds of both by as much, whichever is likelier (two-sided). The first is Welchs test of the four adjusted means of mean_interval (after Price and Bonett 2004), the second Walds of the logarithms of the odds with half an answer added at each end (Haldane 1956); the interval reaches as far as either; NULLs if one of the four has no answers; an error if an answer is neither 0 nor 1';
