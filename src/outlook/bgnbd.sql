-- bgnbd.sql
--
-- How often customers buy, and when they leave: the model BG/NBD.
-- Needs: purchases.

-- The type

CREATE TYPE loyalcs.bgnbd;

CREATE FUNCTION loyalcs.bgnbd_in(cstring) RETURNS loyalcs.bgnbd
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'bgnbd_in';
COMMENT ON FUNCTION loyalcs.bgnbd_in(cstring) IS
    'input of bgnbd';
CREATE FUNCTION loyalcs.bgnbd_out(loyalcs.bgnbd) RETURNS cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'bgnbd_out';
COMMENT ON FUNCTION loyalcs.bgnbd_out(loyalcs.bgnbd) IS
    'output of bgnbd';
CREATE FUNCTION loyalcs.bgnbd_recv(internal) RETURNS loyalcs.bgnbd
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'bgnbd_recv';
COMMENT ON FUNCTION loyalcs.bgnbd_recv(internal) IS
    'binary input of bgnbd';
CREATE FUNCTION loyalcs.bgnbd_send(loyalcs.bgnbd) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'bgnbd_send';
COMMENT ON FUNCTION loyalcs.bgnbd_send(loyalcs.bgnbd) IS
    'binary output of bgnbd';

CREATE TYPE loyalcs.bgnbd (
    INPUT = loyalcs.bgnbd_in,
    OUTPUT = loyalcs.bgnbd_out,
    RECEIVE = loyalcs.bgnbd_recv,
    SEND = loyalcs.bgnbd_send,
    INTERNALLENGTH = 152,
    ALIGNMENT = double
);
COMMENT ON TYPE loyalcs.bgnbd IS
    'the parameters of a BG/NBD model, how often customers buy who may leave after any purchase (Fader, Hardie and Lee, Marketing Science 24, 2005): r and alpha of the gamma distribution of rates of purchase, a and b of the beta distribution of probabilities to leave; with the number of customers that they were fitted to, the likelihood, how it was found, and the covariances. Text form is a JSON object, {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426} for parameters from elsewhere; 152 bytes';

CREATE FUNCTION loyalcs.jsonb(loyalcs.bgnbd) RETURNS jsonb
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'bgnbd_to_jsonb';
COMMENT ON FUNCTION loyalcs.jsonb(loyalcs.bgnbd) IS
    'the text of bgnbd as jsonb';
CREATE CAST (loyalcs.bgnbd AS jsonb) WITH FUNCTION loyalcs.jsonb(loyalcs.bgnbd);
COMMENT ON CAST (loyalcs.bgnbd AS jsonb) IS 'the parameters, and what they were fitted to';

-- Order and equality

--@ comparison bgnbd

-- Fitting

CREATE FUNCTION loyalcs.bgnbd_accum(bytea, bigint, double precision, double precision) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'bgnbd_accum';
COMMENT ON FUNCTION loyalcs.bgnbd_accum(bytea, bigint, double precision, double precision) IS
    'transition function: counts a customer';
CREATE FUNCTION loyalcs.bgnbd_accum(bytea, bigint, double precision, double precision, double precision) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
    AS 'MODULE_PATHNAME', 'bgnbd_accum';
COMMENT ON FUNCTION loyalcs.bgnbd_accum(bytea, bigint, double precision, double precision, double precision) IS
    'transition function: counts a customer, with a penalty';
CREATE FUNCTION loyalcs.bgnbd_combine(bytea, bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'bgnbd_combine';
COMMENT ON FUNCTION loyalcs.bgnbd_combine(bytea, bytea) IS
    'combine function: the customers of both';
CREATE FUNCTION loyalcs.bgnbd_final(bytea) RETURNS loyalcs.bgnbd
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100000
    AS 'MODULE_PATHNAME', 'bgnbd_final';
COMMENT ON FUNCTION loyalcs.bgnbd_final(bytea) IS
    'final function: finds the parameters of the greatest likelihood';
CREATE AGGREGATE loyalcs.bgnbd_fit(x bigint, t_x double precision, t double precision) (
    SFUNC = loyalcs.bgnbd_accum,
    STYPE = bytea,
    SSPACE = 1000000,
    FINALFUNC = loyalcs.bgnbd_final,
    COMBINEFUNC = loyalcs.bgnbd_combine,
    INITCOND = '',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.bgnbd_fit(bigint, double precision, double precision) IS
    'fits a BG/NBD model to customers (Fader, Hardie and Lee, Marketing Science 24, 2005), by the greatest likelihood: x is a customers number of orders after the first (0 for one order), t_x the time from her first order to her last (0 for one order), t that from her first to now, all in one unit of time, which is that of alpha and of every horizon asked for later. All customers belong in it, those who never came back too. A row with NULL is skipped. It never gives parameters that are not a maximum: see fit_problem(). The same rows give the same digits in any order. Memory: 32 to 128 bytes a different customer, of which there can be 8388608';
CREATE AGGREGATE loyalcs.bgnbd_fit(x bigint, t_x double precision, t double precision, penalty double precision) (
    SFUNC = loyalcs.bgnbd_accum,
    STYPE = bytea,
    SSPACE = 1000000,
    FINALFUNC = loyalcs.bgnbd_final,
    COMBINEFUNC = loyalcs.bgnbd_combine,
    INITCOND = '',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.bgnbd_fit(bigint, double precision, double precision, double precision) IS
    'fits a BG/NBD model to customers (Fader, Hardie and Lee, Marketing Science 24, 2005), by the greatest likelihood: x is a customers number of orders after the first (0 for one order), t_x the time from her first order to her last (0 for one order), t that from her first to now, all in one unit of time, which is that of alpha and of every horizon asked for later. All customers belong in it, those who never came back too. A row with NULL is skipped. It never gives parameters that are not a maximum: see fit_problem(). The same rows give the same digits in any order. Memory: 32 to 128 bytes a different customer, of which there can be 8388608. The penalty, the same for all rows, is for shops with few customers: penalty times the sum of the squared logarithms of r, a, b, and of alpha in mean ages, is taken from the logarithm of the likelihood, which draws the four towards 1 as a normal distribution of each logarithm with the variance 1 / (2 penalty) would; 0 is none, 0.1 a mild one';

-- Reading

CREATE FUNCTION loyalcs.fit_problem(loyalcs.bgnbd) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'fit_problem';
COMMENT ON FUNCTION loyalcs.fit_problem(loyalcs.bgnbd) IS
    'why there are no parameters: too_few_repeat_buyers (fewer than 30), no_maximum (the likelihood grows for ever as a parameter goes to 0 or to infinity: customers are too much alike, or too few; a penalty gives it an end) or not_converged; NULL if all is well';
CREATE FUNCTION loyalcs.fit_customers(loyalcs.bgnbd) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'fit_customers';
COMMENT ON FUNCTION loyalcs.fit_customers(loyalcs.bgnbd) IS
    'number of customers that it was fitted to; 0 for parameters that came from elsewhere';
CREATE FUNCTION loyalcs.fit_repeat_buyers(loyalcs.bgnbd) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'fit_repeat_buyers';
COMMENT ON FUNCTION loyalcs.fit_repeat_buyers(loyalcs.bgnbd) IS
    'number of those among the customers who have bought again';
CREATE FUNCTION loyalcs.fit_log_likelihood(loyalcs.bgnbd) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'fit_log_likelihood';
COMMENT ON FUNCTION loyalcs.fit_log_likelihood(loyalcs.bgnbd) IS
    'natural logarithm of the likelihood of the purchases by these parameters, without the penalty; NULL if nothing was fitted';
CREATE FUNCTION loyalcs.fit_iterations(loyalcs.bgnbd) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'fit_iterations';
COMMENT ON FUNCTION loyalcs.fit_iterations(loyalcs.bgnbd) IS
    'how often the likelihood was looked at until its maximum was found: Newton''s method from one start takes about ten';
CREATE FUNCTION loyalcs.fit_penalty(loyalcs.bgnbd) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'fit_penalty';
COMMENT ON FUNCTION loyalcs.fit_penalty(loyalcs.bgnbd) IS
    'the penalty that the fit was made with; 0 without one';
CREATE FUNCTION loyalcs.fit_parameters(
    loyalcs.bgnbd,
    OUT r double precision,
    OUT alpha double precision,
    OUT a double precision,
    OUT b double precision
)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 200
    AS 'MODULE_PATHNAME', 'bgnbd_parameters';
COMMENT ON FUNCTION loyalcs.fit_parameters(loyalcs.bgnbd) IS
    'the parameters; NULLs if there is a problem';
CREATE FUNCTION loyalcs.fit_standard_errors(
    loyalcs.bgnbd,
    OUT r double precision,
    OUT alpha double precision,
    OUT a double precision,
    OUT b double precision
)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 200
    AS 'MODULE_PATHNAME', 'bgnbd_standard_errors';
COMMENT ON FUNCTION loyalcs.fit_standard_errors(loyalcs.bgnbd) IS
    'the standard errors of the parameters: the square roots of the diagonal of fit_covariance(); NULLs if nothing was fitted';
CREATE FUNCTION loyalcs.fit_covariance(loyalcs.bgnbd) RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
    AS 'MODULE_PATHNAME', 'bgnbd_covariance';
COMMENT ON FUNCTION loyalcs.fit_covariance(loyalcs.bgnbd) IS
    'covariance matrix of r, alpha, a and b: the inverse of the information that was observed, that is, of minus the second derivatives of the logarithm of the likelihood at its maximum; NULL if nothing was fitted';

-- What a customer's purchases say to it

CREATE FUNCTION loyalcs.repeat_purchases(loyalcs.purchases) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'repeat_purchases';
COMMENT ON FUNCTION loyalcs.repeat_purchases(loyalcs.purchases) IS
    'number of purchases after the first: x of bgnbd_fit(); NULL for none at all';
CREATE FUNCTION loyalcs.days_to_last_purchase(loyalcs.purchases) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'days_to_last_purchase';
COMMENT ON FUNCTION loyalcs.days_to_last_purchase(loyalcs.purchases) IS
    'days of 24 hours from the first purchase to the last: t_x of bgnbd_fit(); NULL for none';
CREATE FUNCTION loyalcs.days_since_first_purchase(loyalcs.purchases, as_of timestamptz) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'days_since_first_purchase';
COMMENT ON FUNCTION loyalcs.days_since_first_purchase(loyalcs.purchases, as_of timestamptz) IS
    'days of 24 hours from the first purchase to `as_of`: t of bgnbd_fit(); negative if the purchase is later; NULL for none';
