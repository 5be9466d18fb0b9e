-- expected.sql
--
-- What the models say of a customer: whether she still is one, and what she will
-- bring.
-- Needs: bgnbd, gamma_gamma.

-- Whether, and how often

CREATE FUNCTION loyalcs.probability_alive(
    model loyalcs.bgnbd,
    x bigint,
    t_x double precision,
    t double precision
) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
    AS 'MODULE_PATHNAME', 'probability_alive';
COMMENT ON FUNCTION loyalcs.probability_alive(model loyalcs.bgnbd, x bigint, t_x double precision, t double precision) IS
    'how likely it is that a customer still is one, 0 to 1, who has bought x times after the first, the last time t_x after it, and was watched for t, by a BG/NBD model (in its unit of time); 1 for x = 0, of which the model knows nothing: nobody leaves in it before a second order; NULL if the model has a problem';
CREATE FUNCTION loyalcs.probability_alive_interval(
    model loyalcs.bgnbd,
    x bigint,
    t_x double precision,
    t double precision,
    confidence double precision DEFAULT 0.95,
    OUT low double precision,
    OUT high double precision
)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1500
    AS 'MODULE_PATHNAME', 'probability_alive_interval';
COMMENT ON FUNCTION loyalcs.probability_alive_interval(model loyalcs.bgnbd, x bigint, t_x double precision, t double precision, confidence double precision) IS
    'the confidence interval of probability_alive(): how well it is known, given how well the parameters are, by the delta method on the log odds; NULLs for x = 0, for parameters that were not fitted, and if the model has a problem';
CREATE FUNCTION loyalcs.expected_purchases(
    model loyalcs.bgnbd,
    horizon double precision,
    x bigint,
    t_x double precision,
    t double precision
) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'expected_purchases';
COMMENT ON FUNCTION loyalcs.expected_purchases(model loyalcs.bgnbd, horizon double precision, x bigint, t_x double precision, t double precision) IS
    'how many purchases a customer is expected to make within `horizon` from now on, who has bought x times after the first, the last time t_x after it, and was watched for t, by a BG/NBD model: its (10), in the unit of time of the model, for any horizon from 0 on; NULL if the model has a problem';
CREATE FUNCTION loyalcs.expected_purchases_interval(
    model loyalcs.bgnbd,
    horizon double precision,
    x bigint,
    t_x double precision,
    t double precision,
    confidence double precision DEFAULT 0.95,
    OUT low double precision,
    OUT high double precision
)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 3000
    AS 'MODULE_PATHNAME', 'expected_purchases_interval';
COMMENT ON FUNCTION loyalcs.expected_purchases_interval(model loyalcs.bgnbd, horizon double precision, x bigint, t_x double precision, t double precision, confidence double precision) IS
    'the confidence interval of expected_purchases(): how well that mean is known, given how well the parameters are, by the delta method on its logarithm. The purchases of one customer vary far more than their mean is uncertain: this is no interval of what she will do. NULLs for parameters that were not fitted, and if the model has a problem';
CREATE FUNCTION loyalcs.expected_purchases_new(
    model loyalcs.bgnbd,
    horizon double precision
) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 200
    AS 'MODULE_PATHNAME', 'expected_purchases_new';
COMMENT ON FUNCTION loyalcs.expected_purchases_new(model loyalcs.bgnbd, horizon double precision) IS
    'how many times somebody is expected to buy again within `horizon` after her first purchase, of whom nothing else is known, by a BG/NBD model: its (9); NULL if the model has a problem';
CREATE FUNCTION loyalcs.expected_purchases_new_interval(
    model loyalcs.bgnbd,
    horizon double precision,
    confidence double precision DEFAULT 0.95,
    OUT low double precision,
    OUT high double precision
)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5000
    AS 'MODULE_PATHNAME', 'expected_purchases_new_interval';
COMMENT ON FUNCTION loyalcs.expected_purchases_new_interval(model loyalcs.bgnbd, horizon double precision, confidence double precision) IS
    'the confidence interval of expected_purchases_new(), by the delta method on its logarithm; NULLs for parameters that were not fitted, and if the model has a problem';

-- How much

CREATE FUNCTION loyalcs.expected_order_value(
    model loyalcs.gamma_gamma,
    x bigint,
    mean double precision
) RETURNS double precision
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'expected_order_value';
COMMENT ON FUNCTION loyalcs.expected_order_value(model loyalcs.gamma_gamma, x bigint, mean double precision) IS
    'what a further order of a customer is expected to come to, whose x orders after the first came to `mean` on average, by a Gamma-Gamma model: its (5), between her own mean and everybody''s, the nearer to her own the more orders there are. For x = 0 everybody''s, and `mean` may be NULL; NULL if q is 1 or less then, where that mean is infinite, and if the model has a problem';
CREATE FUNCTION loyalcs.expected_order_value_interval(
    model loyalcs.gamma_gamma,
    x bigint,
    mean double precision,
    confidence double precision DEFAULT 0.95,
    OUT low double precision,
    OUT high double precision
)
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2000
    AS 'MODULE_PATHNAME', 'expected_order_value_interval';
COMMENT ON FUNCTION loyalcs.expected_order_value_interval(model loyalcs.gamma_gamma, x bigint, mean double precision, confidence double precision) IS
    'the confidence interval of expected_order_value(): how well that mean is known, given how well the parameters are, by the delta method on its logarithm; NULLs where there is no value, for parameters that were not fitted, and if the model has a problem';
CREATE FUNCTION loyalcs.expected_value(
    model loyalcs.bgnbd,
    money loyalcs.gamma_gamma,
    horizon double precision,
    x bigint,
    t_x double precision,
    t double precision,
    mean double precision,
    monthly_discount double precision DEFAULT 0
) RETURNS double precision
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 200
    AS 'MODULE_PATHNAME', 'expected_value';
COMMENT ON FUNCTION loyalcs.expected_value(model loyalcs.bgnbd, money loyalcs.gamma_gamma, horizon double precision, x bigint, t_x double precision, t double precision, mean double precision, monthly_discount double precision) IS
    'what a customer is expected to spend within `horizon` from now on: expected_purchases(), each worth less the later it comes, times expected_order_value(); times are days if there is a monthly discount, as 0.01 for one per cent in 30.4375 days, compounded at every moment; `mean` may be NULL for x = 0. That how often somebody buys says nothing about how much is an assumption of both models; NULL where one of them has nothing to say';
CREATE FUNCTION loyalcs.expected_value_interval(
    model loyalcs.bgnbd,
    money loyalcs.gamma_gamma,
    horizon double precision,
    x bigint,
    t_x double precision,
    t double precision,
    mean double precision,
    monthly_discount double precision DEFAULT 0,
    confidence double precision DEFAULT 0.95,
    OUT low double precision,
    OUT high double precision
)
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000
    AS 'MODULE_PATHNAME', 'expected_value_interval';
COMMENT ON FUNCTION loyalcs.expected_value_interval(model loyalcs.bgnbd, money loyalcs.gamma_gamma, horizon double precision, x bigint, t_x double precision, t double precision, mean double precision, monthly_discount double precision, confidence double precision) IS
    'the confidence interval of expected_value(): how well that mean is known, given how well the parameters of both models are, by the delta method on its logarithm; NULLs where there is no value, for parameters that were not fitted, and if a model has a problem';
