-- shop/outlook.sql
--
-- Who has silently left, and what is to be expected of everybody.
-- Needs: settings, job_runs, order_histories, purchases.
--
-- Models of all customers (loyalcs.bgnbd_fit() and gamma_gamma_fit()) are fitted once a
-- night and kept, each with the instant from which it holds, so that a forecast of last
-- year is made again by the model of last year. They are kept as jsonb, which has every
-- digit of them: tables of a shop outlive the extension.
--
-- Times are days of 24 hours, in whatever time zone a session is. What one customer's
-- orders say to the models is said by outlook_inputs() alone.

--@ change settings 0.2.0
ALTER TABLE settings
    ADD COLUMN outlook_penalty double precision NOT NULL DEFAULT 0.1
        CONSTRAINT settings_outlook_penalty_is_usable CHECK (outlook_penalty BETWEEN 0::double precision AND 1000000::double precision);

--@ table outlook_models
--: results
CREATE TABLE outlook_models (
    as_of timestamptz PRIMARY KEY
        CONSTRAINT outlook_models_as_of_is_an_instant CHECK (as_of >= '0001-01-01 00:00+00' AND as_of < '9999-12-31 00:00+00'),
    bgnbd jsonb NOT NULL,
    gamma_gamma jsonb NOT NULL,
    penalty double precision NOT NULL,
    customers bigint NOT NULL,
    repeat_buyers bigint NOT NULL,
    problem text
        CONSTRAINT outlook_models_problem_is_known
        CHECK (problem IN ('too_few_repeat_buyers', 'no_maximum', 'not_converged')),
    expected_orders double precision,
    expected_money double precision,
    leaving bigint,
    leaving_judged bigint,
    money_at_stake numeric,
    forecast_at timestamptz,
    tenths jsonb
);
COMMENT ON TABLE outlook_models IS
    'the models of how often customers buy, and for how much, one row an instant, as refresh_outlook() fitted them; a forecast as of an instant is by the latest of then';
COMMENT ON COLUMN outlook_models.as_of IS 'instant as of which it was fitted, and from which it holds until there is a newer one';
COMMENT ON COLUMN outlook_models.customers IS 'customers who had bought by then, to whom it was fitted';
COMMENT ON COLUMN outlook_models.repeat_buyers IS 'those of them who had bought again';
COMMENT ON COLUMN outlook_models.problem IS
    'why there is no model, or none of money: too_few_repeat_buyers (fewer than 30), no_maximum or not_converged; NULL if all is well';
COMMENT ON COLUMN outlook_models.expected_orders IS 'orders that were expected of all of them within 90 days; NULL if there is a problem';
COMMENT ON COLUMN outlook_models.expected_money IS 'what these were expected to come to; NULL if there is a problem';
COMMENT ON COLUMN outlook_models.leaving IS 'who was leaving then, see lapsing_customers';
COMMENT ON COLUMN outlook_models.leaving_judged IS 'those of them of whom the model knows more than that they bought once';
COMMENT ON COLUMN outlook_models.money_at_stake IS 'what was at stake with these; NULL for none';
COMMENT ON COLUMN outlook_models.forecast_at IS 'as of which instant the latest forecast was whose 90 days were over then; NULL if there was none';
COMMENT ON COLUMN outlook_models.tenths IS 'of that forecast, what was expected and what came, by tenths of the customers, see outlook_calibration';

--@ functions
CREATE OR REPLACE FUNCTION outlook_inputs(purchases loyalcs.purchases, first_amount numeric, as_of timestamptz)
RETURNS TABLE (x bigint, t_x double precision, t double precision, mean double precision)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT loyalcs.repeat_purchases(outlook_inputs.purchases),
           loyalcs.days_to_last_purchase(outlook_inputs.purchases),
           loyalcs.days_since_first_purchase(outlook_inputs.purchases, least(outlook_inputs.as_of, timestamptz '9999-12-31 00:00+00')),
           ((loyalcs.total_spent(outlook_inputs.purchases) - outlook_inputs.first_amount)
            / nullif(loyalcs.repeat_purchases(outlook_inputs.purchases), 0::bigint)::numeric)::double precision;
END;
COMMENT ON FUNCTION outlook_inputs(loyalcs.purchases, numeric, timestamptz) IS
    'what purchases, of which the first came to first_amount, say to the models as of an instant: how many followed the first, days from the first to the last and to the instant, and the mean of those that followed, NULL for none';

CREATE OR REPLACE FUNCTION outlook_inputs_of_everybody(as_of timestamptz)
RETURNS TABLE (customer_id @key_type@, x bigint, t_x double precision, t double precision, mean double precision)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT h.customer_id, i.x, i.t_x, i.t, i.mean
      FROM order_histories() h
     -- (not to be pulled up, since each figure would read the history again)
     CROSS JOIN LATERAL (SELECT purchases_in_history(h.purchases, h.last_at, h.number, h.at, h.amount, outlook_inputs_of_everybody.as_of, timestamptz 'infinity') AS purchases,
                                (SELECT c.amount
                                   FROM loyalcs.counted_orders(h.number, h.at, h.amount, outlook_inputs_of_everybody.as_of) c
                                  WHERE c.order_number = 1::bigint) AS first_amount
                         OFFSET 0) p
     CROSS JOIN LATERAL outlook_inputs(p.purchases, p.first_amount, outlook_inputs_of_everybody.as_of) i
     WHERE p.purchases IS NOT NULL;
END;
COMMENT ON FUNCTION outlook_inputs_of_everybody(timestamptz) IS
    'outlook_inputs() of every customer who has bought by an instant, of the histories that are kept';

CREATE OR REPLACE FUNCTION refresh_outlook(as_of timestamptz DEFAULT now()) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    fitted bigint;
BEGIN
    IF as_of IS NULL OR NOT isfinite(as_of) THEN
        RAISE EXCEPTION 'a model is fitted as of an instant'
            USING ERRCODE = 'invalid_parameter_value', CONSTRAINT = 'as_of_is_an_instant',
                  DETAIL = pg_catalog.format('as_of is %s.', coalesce(as_of::text, 'NULL'));
    END IF;
    WITH bought AS MATERIALIZED (
        SELECT i.x, i.t_x, i.t, i.mean FROM outlook_inputs_of_everybody(refresh_outlook.as_of) i
    ), model AS MATERIALIZED (
        SELECT loyalcs.bgnbd_fit(b.x, b.t_x, b.t, s.outlook_penalty) AS bgnbd,
               loyalcs.gamma_gamma_fit(b.x, b.mean, s.outlook_penalty) AS gamma_gamma,
               s.outlook_penalty, count(*) AS customers, count(*) FILTER (WHERE b.x > 0::bigint) AS repeat_buyers
          FROM bought b
         CROSS JOIN settings s
         GROUP BY s.outlook_penalty
    )
    INSERT INTO outlook_models AS k (as_of, bgnbd, gamma_gamma, penalty, customers, repeat_buyers, problem, expected_orders, expected_money)
    SELECT refresh_outlook.as_of, loyalcs.jsonb(m.bgnbd), loyalcs.jsonb(m.gamma_gamma), m.outlook_penalty, m.customers, m.repeat_buyers,
           coalesce(loyalcs.fit_problem(m.bgnbd), loyalcs.fit_problem(m.gamma_gamma)), e.orders::double precision, e.money::double precision
      FROM model m
     CROSS JOIN LATERAL (
           SELECT sum(loyalcs.expected_purchases(m.bgnbd, 90::double precision, b.x, b.t_x, b.t)::numeric) AS orders,
                  sum(loyalcs.expected_value(m.bgnbd, m.gamma_gamma, 90::double precision, b.x, b.t_x, b.t, b.mean, 0::double precision)::numeric) AS money
             FROM bought b) e
    ON CONFLICT ON CONSTRAINT outlook_models_pkey DO UPDATE
       SET (bgnbd, gamma_gamma, penalty, customers, repeat_buyers, problem, expected_orders, expected_money) =
           (excluded.bgnbd, excluded.gamma_gamma, excluded.penalty, excluded.customers, excluded.repeat_buyers, excluded.problem,
            excluded.expected_orders, excluded.expected_money)
    RETURNING k.customers INTO fitted;
    -- (by the model that has just been kept, and what the report of a month says is one row)
    UPDATE outlook_models k
       SET (leaving, leaving_judged, money_at_stake) =
           (SELECT count(*), pg_catalog.count(l.money_at_stake), sum(round(l.money_at_stake::numeric, 4))
              FROM lapsing_customers_at(k.as_of) l)
     WHERE k.as_of = refresh_outlook.as_of;
    -- (an earlier model that cannot be read stops no new one)
    BEGIN
        UPDATE outlook_models k
           SET (forecast_at, tenths) =
               (SELECT max(c.forecast_at),
                       pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                           'tenth', c.decile, 'customers', c.customers, 'expected_orders', c.expected_orders, 'actual_orders', c.actual_orders,
                           'expected_money', c.expected_money, 'actual_money', trim_scale(c.actual_money)) ORDER BY c.decile)
                  FROM outlook_calibration_at(k.as_of) c)
         WHERE k.as_of = refresh_outlook.as_of;
    EXCEPTION WHEN invalid_text_representation THEN
        UPDATE outlook_models k SET forecast_at = NULL, tenths = NULL WHERE k.as_of = refresh_outlook.as_of;
    END;
    PERFORM note_job_run('refresh_outlook');
    RETURN coalesce(fitted, 0::bigint);
END
$$;
COMMENT ON FUNCTION refresh_outlook(timestamptz) IS
    'fits the models of customer_outlook to all customers as of an instant, with settings.outlook_penalty, and keeps them in outlook_models, with who was leaving and what had become of an earlier forecast; run it once a night; gives the number of customers, and keeps nothing when there is none. Where too few have bought again it keeps why: see outlook_models.problem';

CREATE OR REPLACE FUNCTION outlook_model_of(as_of timestamptz)
RETURNS TABLE (model_as_of timestamptz, bgnbd jsonb, gamma_gamma jsonb)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT m.as_of, m.bgnbd, m.gamma_gamma
      FROM outlook_models m
     WHERE m.as_of <= outlook_model_of.as_of
     ORDER BY m.as_of DESC
     LIMIT 1;
END;
COMMENT ON FUNCTION outlook_model_of(timestamptz) IS
    'the models that held at an instant, the latest that were fitted by then; no row if none were';

-- By logarithms, because who has ordered a thousand times hardly ever waits for 90 days,
-- and so much less than that is no number any more.
CREATE OR REPLACE FUNCTION chance_of_as_many(orders bigint, days double precision, shape double precision, past_days double precision)
RETURNS double precision
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT COST 1000
    SET search_path FROM CURRENT
AS $$
DECLARE
    odds constant double precision := days / (past_days + days);
    logarithm double precision := shape * ln(past_days / (past_days + days));
    rest double precision := 1::double precision - exp(greatest(logarithm, -700::double precision));
BEGIN
    FOR n IN 1 .. least(orders, 1000::bigint)::integer - 1 LOOP
        logarithm := logarithm + ln((shape + (n - 1)::double precision) / n::double precision * odds);
        rest := rest - exp(greatest(logarithm, -700::double precision));
    END LOOP;
    RETURN greatest(rest, 0::double precision);
END
$$;
COMMENT ON FUNCTION chance_of_as_many(bigint, double precision, double precision, double precision) IS
    'how likely somebody orders at least so many times, from once on, in so many days who is a customer and stays one, and whose rate has a gamma distribution of a shape and past_days: the upper tail of a negative binomial distribution. Of more than 1000 it is that of 1000';

-- The models are read once, and an interval is computed once for both of its ends: the
-- query in the FROM clause stays by itself because it has a WITH. What nobody asks for is
-- not computed.
CREATE OR REPLACE FUNCTION customer_outlook_at(as_of timestamptz)
RETURNS TABLE (
    customer_id @key_type@,
    model_as_of timestamptz,
    probability_alive double precision,
    probability_alive_low double precision,
    probability_alive_high double precision,
    orders_30_days double precision,
    orders_30_days_low double precision,
    orders_30_days_high double precision,
    orders_90_days double precision,
    orders_90_days_low double precision,
    orders_90_days_high double precision,
    orders_365_days double precision,
    orders_365_days_low double precision,
    orders_365_days_high double precision,
    money_30_days double precision,
    money_30_days_low double precision,
    money_30_days_high double precision,
    money_90_days double precision,
    money_90_days_low double precision,
    money_90_days_high double precision,
    money_365_days double precision,
    money_365_days_low double precision,
    money_365_days_high double precision,
    next_order_by timestamptz,
    unusual text
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT f.customer_id, f.model_as_of,
           CASE WHEN f.x > 0::bigint THEN f.alive END, (f.alive_within).low, (f.alive_within).high,
           f.orders_30, (f.orders_30_within).low, (f.orders_30_within).high,
           f.orders_90, (f.orders_90_within).low, (f.orders_90_within).high,
           f.orders_365, (f.orders_365_within).low, (f.orders_365_within).high,
           f.money_30, (f.money_30_within).low, (f.money_30_within).high,
           f.money_90, (f.money_90_within).low, (f.money_90_within).high,
           f.money_365, (f.money_365_within).low, (f.money_365_within).high,
           CASE WHEN f.next_days <= 365::double precision
                THEN least(customer_outlook_at.as_of, timestamptz '9999-12-31 00:00+00') + interval '24 hours' * f.next_days END,
           f.unusual
      FROM (WITH model AS MATERIALIZED (
                SELECT k.model_as_of, k.bgnbd, k.gamma_gamma, p.r, p.alpha
                  FROM (SELECT k.model_as_of, k.bgnbd::text::loyalcs.bgnbd AS bgnbd, k.gamma_gamma::text::loyalcs.gamma_gamma AS gamma_gamma
                          FROM outlook_model_of(customer_outlook_at.as_of) k) k
                 CROSS JOIN LATERAL loyalcs.fit_parameters(k.bgnbd) p
            )
            SELECT o.customer_id, m.model_as_of, i.x,
                   loyalcs.probability_alive(m.bgnbd, i.x, i.t_x, i.t) AS alive,
                   loyalcs.probability_alive_interval(m.bgnbd, i.x, i.t_x, i.t, w.confidence) AS alive_within,
                   loyalcs.expected_purchases(m.bgnbd, 30::double precision, i.x, i.t_x, i.t) AS orders_30,
                   loyalcs.expected_purchases_interval(m.bgnbd, 30::double precision, i.x, i.t_x, i.t, w.confidence) AS orders_30_within,
                   loyalcs.expected_value(m.bgnbd, m.gamma_gamma, 30::double precision, i.x, i.t_x, i.t, i.mean, 0::double precision) AS money_30,
                   loyalcs.expected_value_interval(m.bgnbd, m.gamma_gamma, 30::double precision, i.x, i.t_x, i.t, i.mean, 0::double precision, w.confidence) AS money_30_within,
                   loyalcs.expected_purchases(m.bgnbd, 90::double precision, i.x, i.t_x, i.t) AS orders_90,
                   loyalcs.expected_purchases_interval(m.bgnbd, 90::double precision, i.x, i.t_x, i.t, w.confidence) AS orders_90_within,
                   loyalcs.expected_value(m.bgnbd, m.gamma_gamma, 90::double precision, i.x, i.t_x, i.t, i.mean, 0::double precision) AS money_90,
                   loyalcs.expected_value_interval(m.bgnbd, m.gamma_gamma, 90::double precision, i.x, i.t_x, i.t, i.mean, 0::double precision, w.confidence) AS money_90_within,
                   loyalcs.expected_purchases(m.bgnbd, 365::double precision, i.x, i.t_x, i.t) AS orders_365,
                   loyalcs.expected_purchases_interval(m.bgnbd, 365::double precision, i.x, i.t_x, i.t, w.confidence) AS orders_365_within,
                   loyalcs.expected_value(m.bgnbd, m.gamma_gamma, 365::double precision, i.x, i.t_x, i.t, i.mean, 0::double precision) AS money_365,
                   loyalcs.expected_value_interval(m.bgnbd, m.gamma_gamma, 365::double precision, i.x, i.t_x, i.t, i.mean, 0::double precision, w.confidence) AS money_365_within,
                   CASE WHEN i.x > 0::bigint AND loyalcs.probability_alive(m.bgnbd, i.x, i.t_x, i.t) > 0.5::double precision
                        THEN (m.alpha + i.t) * (exp(-ln(1::double precision - 0.5::double precision / loyalcs.probability_alive(m.bgnbd, i.x, i.t_x, i.t))
                                                    / (m.r + i.x::double precision)) - 1::double precision)
                   END AS next_days,
                   CASE WHEN i.x > 0::bigint
                         AND (m.r + i.x::double precision) * ln((m.alpha + i.t_x) / (m.alpha + i.t)) < ln(s.significance)
                        THEN 'silent'
                        WHEN o.before > 0::bigint AND i.x + 1::bigint - o.before >= 3::bigint
                         AND chance_of_as_many(i.x + 1::bigint - o.before, 90::double precision,
                                               m.r + (o.before - 1::bigint)::double precision, m.alpha + i.t - 90::double precision) < s.significance
                        THEN 'fast'
                   END AS unusual
              FROM (SELECT DISTINCT ON (p.customer_id) p.* -- (as in customer_purchases_at())
                      FROM (SELECT o.customer_id,
                                   loyalcs.purchases_agg(o.ordered_at, o.amount) AS purchases,
                                   (pg_catalog.array_agg(o.amount ORDER BY o.ordered_at, o.order_id))[1] AS first_amount,
                                   count(*) FILTER (WHERE o.ordered_at + interval '2160 hours' <= least(customer_outlook_at.as_of, timestamptz '9999-12-31 00:00+00')) AS before
                              FROM counted_orders_at(customer_outlook_at.as_of) o
                             GROUP BY o.customer_id) p) o
             CROSS JOIN LATERAL outlook_inputs(o.purchases, o.first_amount, customer_outlook_at.as_of) i
             CROSS JOIN settings s
             CROSS JOIN LATERAL (SELECT 1::double precision - s.significance) w (confidence)
              LEFT JOIN model m ON true) f;
END;
COMMENT ON FUNCTION customer_outlook_at(timestamptz) IS
    'what is to be expected of each customer who has bought: by the models that refresh_outlook() fitted last, and her orders. An interval says how well the mean is known that stands before it, not what she will do. NULLs where no model is kept or it has a problem. probability_alive is NULL for whoever has bought but once: the model has nobody leave before a second order, and its 1 says nothing. next_order_by is when it is as likely as not that she has ordered again, counting that she may have left; NULL for whoever has bought but once, and if it is not within 365 days. unusual goes by settings.significance: silent, if a silence as long as this is less likely than that of her who has not left, or fast, if three orders or more in 90 days are, by what she had done before; NULL if neither';

CREATE OR REPLACE FUNCTION outlook_accuracy_at(as_of timestamptz)
RETURNS TABLE (
    month date,
    forecast_at timestamptz,
    customers bigint,
    expected_orders double precision,
    actual_orders bigint,
    expected_money double precision,
    actual_money numeric,
    complete boolean
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH forecast AS MATERIALIZED (
        SELECT DISTINCT ON (month)
               loyalcs.local_month(m.as_of, s.time_zone) AS month, m.as_of, m.customers, m.expected_orders, m.expected_money,
               m.as_of + interval '2160 hours' AS until, m.as_of + interval '2160 hours' <= outlook_accuracy_at.as_of AS complete
          FROM outlook_models m
         CROSS JOIN settings s
         WHERE m.as_of <= outlook_accuracy_at.as_of AND m.expected_orders IS NOT NULL
         ORDER BY month, m.as_of
    ), came AS (
        SELECT f.as_of,
               sum(loyalcs.purchase_count(p.until) - coalesce(loyalcs.purchase_count(p.before), 0::bigint))::bigint AS orders,
               sum(loyalcs.total_spent(p.until) - coalesce(loyalcs.total_spent(p.before), 0::numeric)) AS money
          FROM order_histories() h
         CROSS JOIN forecast f
         CROSS JOIN LATERAL (SELECT purchases_in_history(h.purchases, h.last_at, h.number, h.at, h.amount, f.as_of, timestamptz 'infinity') AS known,
                                    purchases_in_history(h.purchases, h.last_at, h.number, h.at, h.amount, outlook_accuracy_at.as_of, f.as_of) AS before,
                                    purchases_in_history(h.purchases, h.last_at, h.number, h.at, h.amount, outlook_accuracy_at.as_of, f.until) AS until
                             OFFSET 0) p
         WHERE f.complete AND p.known IS NOT NULL
         GROUP BY f.as_of
    )
    SELECT f.month, f.as_of, f.customers, f.expected_orders,
           CASE WHEN f.complete THEN coalesce(c.orders, 0::bigint) END,
           f.expected_money,
           CASE WHEN f.complete THEN coalesce(c.money, 0::numeric) END,
           f.complete
      FROM forecast f
      LEFT JOIN came c ON c.as_of = f.as_of
     ORDER BY f.month;
END;
COMMENT ON FUNCTION outlook_accuracy_at(timestamptz) IS
    'what refresh_outlook() expected, and what came: the first forecast of each local month, for the 90 days after it, of the customers who had bought by then, and what these ordered in those days, as it counts now; NULL until they are over';

CREATE OR REPLACE FUNCTION outlook_calibration_at(as_of timestamptz)
RETURNS TABLE (
    forecast_at timestamptz,
    decile integer,
    customers bigint,
    expected_orders double precision,
    actual_orders bigint,
    expected_money double precision,
    actual_money numeric
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH forecast AS MATERIALIZED (
        SELECT m.as_of, m.as_of + interval '2160 hours' AS until, m.bgnbd::text::loyalcs.bgnbd AS bgnbd, m.gamma_gamma::text::loyalcs.gamma_gamma AS gamma_gamma
          FROM outlook_models m
         WHERE m.as_of + interval '2160 hours' <= outlook_calibration_at.as_of AND m.expected_orders IS NOT NULL
         ORDER BY m.as_of DESC
         LIMIT 1
    ), each AS MATERIALIZED (
        SELECT f.as_of,
               loyalcs.expected_purchases(f.bgnbd, 90::double precision, i.x, i.t_x, i.t) AS expected_orders,
               loyalcs.expected_value(f.bgnbd, f.gamma_gamma, 90::double precision, i.x, i.t_x, i.t, i.mean, 0::double precision) AS expected_money,
               coalesce(loyalcs.purchase_count(p.until), 0::bigint) - coalesce(loyalcs.purchase_count(p.before), 0::bigint) AS orders,
               coalesce(loyalcs.total_spent(p.until), 0::numeric) - coalesce(loyalcs.total_spent(p.before), 0::numeric) AS money
          FROM order_histories() h
         CROSS JOIN forecast f
         CROSS JOIN LATERAL (SELECT purchases_in_history(h.purchases, h.last_at, h.number, h.at, h.amount, f.as_of, timestamptz 'infinity') AS known,
                                    (SELECT c.amount
                                       FROM loyalcs.counted_orders(h.number, h.at, h.amount, f.as_of) c
                                      WHERE c.order_number = 1::bigint) AS first_amount,
                                    purchases_in_history(h.purchases, h.last_at, h.number, h.at, h.amount, outlook_calibration_at.as_of, f.as_of) AS before,
                                    purchases_in_history(h.purchases, h.last_at, h.number, h.at, h.amount, outlook_calibration_at.as_of, f.until) AS until
                             OFFSET 0) p
         CROSS JOIN LATERAL outlook_inputs(p.known, p.first_amount, f.as_of) i
         WHERE p.known IS NOT NULL
    ), placed AS (
        SELECT e.*, 1::bigint + 10::bigint * (rank() OVER (ORDER BY e.expected_orders) - 1::bigint) / count(*) OVER () AS decile
          FROM each e
    )
    SELECT p.as_of, p.decile::integer, count(*),
           sum(p.expected_orders::numeric)::double precision, sum(p.orders)::bigint,
           sum(p.expected_money::numeric)::double precision, sum(p.money)
      FROM placed p
     GROUP BY p.as_of, p.decile
     ORDER BY p.decile;
END;
COMMENT ON FUNCTION outlook_calibration_at(timestamptz) IS
    'of the latest forecast whose 90 days are over, tenths of the customers by how many orders were expected of each, the fewest first, and what came of them; those of whom the same was expected are in one tenth';
