-- gamma_gamma.sql
--
-- How much customers spend on an order: the model Gamma-Gamma.
-- Needs: nothing before it.

-- The type

CREATE TYPE loyalcs.gamma_gamma;

CREATE FUNCTION loyalcs.gamma_gamma_in(cstring) RETURNS loyalcs.gamma_gamma
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'gamma_gamma_in';
COMMENT ON FUNCTION loyalcs.gamma_gamma_in(cstring) IS
    'input of gamma_gamma';
CREATE FUNCTION loyalcs.gamma_gamma_out(loyalcs.gamma_gamma) RETURNS cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'gamma_gamma_out';
COMMENT ON FUNCTION loyalcs.gamma_gamma_out(loyalcs.gamma_gamma) IS
    'output of gamma_gamma';
CREATE FUNCTION loyalcs.gamma_gamma_recv(internal) RETURNS loyalcs.gamma_gamma
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'gamma_gamma_recv';
COMMENT ON FUNCTION loyalcs.gamma_gamma_recv(internal) IS
    'binary input of gamma_gamma';
CREATE FUNCTION loyalcs.gamma_gamma_send(loyalcs.gamma_gamma) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'gamma_gamma_send';
COMMENT ON FUNCTION loyalcs.gamma_gamma_send(loyalcs.gamma_gamma) IS
    'binary output of gamma_gamma';

CREATE TYPE loyalcs.gamma_gamma (
    INPUT = loyalcs.gamma_gamma_in,
    OUTPUT = loyalcs.gamma_gamma_out,
    RECEIVE = loyalcs.gamma_gamma_recv,
    SEND = loyalcs.gamma_gamma_send,
    INTERNALLENGTH = 112,
    ALIGNMENT = double
);
COMMENT ON TYPE loyalcs.gamma_gamma IS
    'the parameters of a Gamma-Gamma model, how much customers spend on an order (Fader and Hardie, The Gamma-Gamma Model of Monetary Value, 2013): p of the gamma distribution of a customers orders, q and gamma of that of customers; with the number of customers that they were fitted to, the likelihood, how it was found, and the covariances. Text form is a JSON object, {"p": 6.25, "q": 3.74, "gamma": 15.44} for parameters from elsewhere; 112 bytes';

CREATE FUNCTION loyalcs.jsonb(loyalcs.gamma_gamma) RETURNS jsonb
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'gamma_gamma_to_jsonb';
COMMENT ON FUNCTION loyalcs.jsonb(loyalcs.gamma_gamma) IS
    'the text of gamma_gamma as jsonb';
CREATE CAST (loyalcs.gamma_gamma AS jsonb) WITH FUNCTION loyalcs.jsonb(loyalcs.gamma_gamma);
COMMENT ON CAST (loyalcs.gamma_gamma AS jsonb) IS 'the parameters, and what they were fitted to';

-- Order and equality

--@ comparison gamma_gamma

-- Fitting

CREATE FUNCTION loyalcs.gamma_gamma_accum(bytea, bigint, double precision) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'gamma_gamma_accum';
COMMENT ON FUNCTION loyalcs.gamma_gamma_accum(bytea, bigint, double precision) IS
    'transition function: counts a customer''s orders';
CREATE FUNCTION loyalcs.gamma_gamma_accum(bytea, bigint, double precision, double precision) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'gamma_gamma_accum';
COMMENT ON FUNCTION loyalcs.gamma_gamma_accum(bytea, bigint, double precision, double precision) IS
    'transition function: counts a customer''s orders, with a penalty';
CREATE FUNCTION loyalcs.gamma_gamma_combine(bytea, bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'gamma_gamma_combine';
COMMENT ON FUNCTION loyalcs.gamma_gamma_combine(bytea, bytea) IS
    'combine function: the customers of both';
CREATE FUNCTION loyalcs.gamma_gamma_final(bytea) RETURNS loyalcs.gamma_gamma
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100000
    AS 'MODULE_PATHNAME', 'gamma_gamma_final';
COMMENT ON FUNCTION loyalcs.gamma_gamma_final(bytea) IS
    'final function: finds the parameters of the greatest likelihood';
CREATE AGGREGATE loyalcs.gamma_gamma_fit(x bigint, mean double precision) (
    SFUNC = loyalcs.gamma_gamma_accum,
    STYPE = bytea,
    SSPACE = 1000000,
    FINALFUNC = loyalcs.gamma_gamma_final,
    COMBINEFUNC = loyalcs.gamma_gamma_combine,
    INITCOND = '',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.gamma_gamma_fit(bigint, double precision) IS
    'fits a Gamma-Gamma model to customers (Fader and Hardie, The Gamma-Gamma Model of Monetary Value, 2013), by the greatest likelihood: x is a customers number of orders after the first, and `mean` what they come to on average, without the first, which is often unlike those that follow. Customers with x = 0, and those whose orders were for nothing, are counted and say nothing; a row with NULL is skipped. It never gives parameters that are not a maximum: see fit_problem(). The same rows give the same digits in any order. Memory: 32 to 128 bytes a different customer, of which there can be 8388608';
CREATE AGGREGATE loyalcs.gamma_gamma_fit(x bigint, mean double precision, penalty double precision) (
    SFUNC = loyalcs.gamma_gamma_accum,
    STYPE = bytea,
    SSPACE = 1000000,
    FINALFUNC = loyalcs.gamma_gamma_final,
    COMBINEFUNC = loyalcs.gamma_gamma_combine,
    INITCOND = '',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.gamma_gamma_fit(bigint, double precision, double precision) IS
    'fits a Gamma-Gamma model to customers (Fader and Hardie, The Gamma-Gamma Model of Monetary Value, 2013), by the greatest likelihood: x is a customers number of orders after the first, and `mean` what they come to on average, without the first, which is often unlike those that follow. Customers with x = 0, and those whose orders were for nothing, are counted and say nothing; a row with NULL is skipped. It never gives parameters that are not a maximum: see fit_problem(). The same rows give the same digits in any order. Memory: 32 to 128 bytes a different customer, of which there can be 8388608. The penalty, the same for all rows, is for shops with few customers: penalty times the sum of the squared distances of the logarithms of p, q, and gamma in mean orders, from those of 4, 4 and 0.75 is taken from the logarithm of the likelihood, as a normal distribution of each with the variance 1 / (2 penalty) would; 0 is none, 0.1 a mild one';

-- Reading

CREATE FUNCTION loyalcs.fit_problem(loyalcs.gamma_gamma) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'fit_problem';
COMMENT ON FUNCTION loyalcs.fit_problem(loyalcs.gamma_gamma) IS
    'why there are no parameters: too_few_repeat_buyers (fewer than 30), no_maximum (the likelihood grows for ever as a parameter goes to 0 or to infinity: customers are too much alike, or too few; a penalty gives it an end) or not_converged; NULL if all is well';
CREATE FUNCTION loyalcs.fit_customers(loyalcs.gamma_gamma) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'fit_customers';
COMMENT ON FUNCTION loyalcs.fit_customers(loyalcs.gamma_gamma) IS
    'number of customers that it was fitted to; 0 for parameters that came from elsewhere';
CREATE FUNCTION loyalcs.fit_repeat_buyers(loyalcs.gamma_gamma) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'fit_repeat_buyers';
COMMENT ON FUNCTION loyalcs.fit_repeat_buyers(loyalcs.gamma_gamma) IS
    'number of those among the customers who have repeat orders that cost something: what the fit rests on';
CREATE FUNCTION loyalcs.fit_log_likelihood(loyalcs.gamma_gamma) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'fit_log_likelihood';
COMMENT ON FUNCTION loyalcs.fit_log_likelihood(loyalcs.gamma_gamma) IS
    'natural logarithm of the likelihood of the mean amounts by these parameters, without the penalty; NULL if nothing was fitted';
CREATE FUNCTION loyalcs.fit_iterations(loyalcs.gamma_gamma) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'fit_iterations';
COMMENT ON FUNCTION loyalcs.fit_iterations(loyalcs.gamma_gamma) IS
    'how often the likelihood was looked at until its maximum was found: Newton''s method from one start takes about ten';
CREATE FUNCTION loyalcs.fit_penalty(loyalcs.gamma_gamma) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'fit_penalty';
COMMENT ON FUNCTION loyalcs.fit_penalty(loyalcs.gamma_gamma) IS
    'the penalty that the fit was made with; 0 without one';
CREATE FUNCTION loyalcs.fit_parameters(
    loyalcs.gamma_gamma,
    OUT p double precision,
    OUT q double precision,
    OUT gamma double precision
)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 200
    AS 'MODULE_PATHNAME', 'gamma_gamma_parameters';
COMMENT ON FUNCTION loyalcs.fit_parameters(loyalcs.gamma_gamma) IS
    'the parameters; NULLs if there is a problem';
CREATE FUNCTION loyalcs.fit_standard_errors(
    loyalcs.gamma_gamma,
    OUT p double precision,
    OUT q double precision,
    OUT gamma double precision
)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 200
    AS 'MODULE_PATHNAME', 'gamma_gamma_standard_errors';
COMMENT ON FUNCTION loyalcs.fit_standard_errors(loyalcs.gamma_gamma) IS
    'the standard errors of the parameters: the square roots of the diagonal of fit_covariance(); NULLs if nothing was fitted';
CREATE FUNCTION loyalcs.fit_covariance(loyalcs.gamma_gamma) RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
    AS 'MODULE_PATHNAME', 'gamma_gamma_covariance';
COMMENT ON FUNCTION loyalcs.fit_covariance(loyalcs.gamma_gamma) IS
    'covariance matrix of p, q and gamma: the inverse of the information that was observed, that is, of minus the second derivatives of the logarithm of the likelihood at its maximum; NULL if nothing was fitted';
