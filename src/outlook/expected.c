/*-------------------------------------------------------------------------
 *
 * expected.c
 *	  What fits say of a customer: whether she still is one, and what she will
 *	  bring.
 *
 * The intervals are those of the figure, not of what happens: how well a mean
 * is known, given how well the parameters are, by the delta method.  It is taken
 * where the figure is near normal: for a probability on its log odds, for all
 * others on their logarithm, by the logarithms of the parameters; so no interval
 * leaves what is possible, and each has its figure within.  (That a customer will
 * do other than is expected of her no interval here says.)
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"

#include "base/compat.h"
#include "base/row_types.h"
#include "base/shares.h"
#include "base/stats.h"
#include "outlook/bgnbd.h"
#include "outlook/fit.h"
#include "outlook/gamma_gamma.h"
#include "outlook/gamma_gamma_model.h"

/* A month, where times are days: the twelfth part of a Julian year. */
#define DAYS_OF_A_MONTH		(365.25 / 12)

/* All that a figure may depend on, beside the parameters. */
typedef struct Question
{
	Customer	customer;
	double		horizon;
	double		mean;			/* of her repeat orders */
	double		discount;		/* a unit of time, compounded at every moment */
} Question;

/* The logarithm of a figure, by the parameters of one or two fits. */
typedef double (*LogFigure) (const double *bgnbd, const double *gamma_gamma, const Question *question);

/*
 * The figures
 */

/* log(1 / (1 + e^z)), that she is still a customer. */
static double
log_alive(const double *p, const Customer *customer)
{
	double		z;

	if (customer->x == 0)
		return 0;
	z = log_odds_of_gone(p, customer);
	return -(Max(z, 0) + log1p(exp(-fabs(z))));
}

static double
purchases_of(const double *p, const Customer *customer, double horizon)
{
	return purchases_while_alive(p[BGNBD_R] + customer->x, p[BGNBD_ALPHA] + customer->t,
								 p[BGNBD_A], p[BGNBD_B] + customer->x, horizon);
}

static double
log_expected_purchases(const double *p, const double *unused, const Question *q)
{
	return log_alive(p, &q->customer) + log(purchases_of(p, &q->customer, q->horizon));
}

static double
purchases_by(const double *p, double horizon)
{
	return purchases_while_alive(p[BGNBD_R], p[BGNBD_ALPHA], p[BGNBD_A], p[BGNBD_B], horizon);
}

static double
log_expected_new(const double *p, const double *unused, const Question *q)
{
	return log(purchases_by(p, q->horizon));
}

static double
log_order_value(const double *unused, const double *p, const Question *q)
{
	return log(order_value(p, q->customer.x, q->mean));
}

/*
 * Orders within the horizon, each worth e^(-discount s) of one now: with I(s) those
 * that are expected by then, the integral over e^(-discount s) dI(s), by parts
 *
 *	 e^(-discount h) I(h) + discount times the integral over e^(-discount s) I(s) ds.
 *
 * Gauss's formula of eight points has twelve digits on pieces on which neither
 * alpha + t + s nor the discount changes by more than a factor of two, or of e^4.
 */
static double
discounted_purchases(const double *p, const Customer *customer, double horizon, double discount)
{
	static const double node[4] = {
		0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363
	};
	static const double weight[4] = {
		0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763
	};
	double		age = p[BGNBD_ALPHA] + customer->t;
	double		sum = 0;

	if (discount == 0)
		return purchases_of(p, customer, horizon);
	for (double from = 0; from < horizon && discount * from < 45;)
	{
		double		half = Min(Min(age + from, 4 / discount), horizon - from) / 2;
		double		piece = 0;

		for (int i = 0; i < 8; i++)
		{
			double		s = from + half * (1 + (i < 4 ? node[i] : -node[i - 4]));

			piece += weight[i % 4] * exp(-discount * s) * purchases_of(p, customer, s);
		}
		sum += half * piece;
		if (from + 2 * half == from)
			break;
		from += 2 * half;
	}
	return exp(-discount * horizon) * purchases_of(p, customer, horizon) + discount * sum;
}

static double
log_expected_value(const double *bgnbd, const double *gamma_gamma, const Question *q)
{
	return log_alive(bgnbd, &q->customer) +
		log(discounted_purchases(bgnbd, &q->customer, q->horizon, q->discount)) +
		log(order_value(gamma_gamma, q->customer.x, q->mean));
}

/*
 * How well they are known
 */

/* The parameters of a fit that a figure may be without. */
static const double *
parameters_of(const Fit *fit)
{
	return fit == NULL ? NULL : fit->numbers;
}

/* The variance that the parameters of one fit bring in, by symmetric differences. */
static double
variance_by(LogFigure figure, const Fit *bgnbd, const Fit *gamma_gamma, bool by_bgnbd, const Question *q)
{
	const Fit  *fit = by_bgnbd ? bgnbd : gamma_gamma;
	int			n = by_bgnbd ? BGNBD_PARAMETERS : GAMMA_GAMMA_PARAMETERS;
	double		gradient[FIT_PARAMETERS];
	double		variance = 0;

	for (int i = 0; i < n; i++)
	{
		const double step = 1e-4;
		double		moved[FIT_PARAMETERS];
		double		side[2];

		for (int k = 0; k < 2; k++)
		{
			memcpy(moved, fit->numbers, n * sizeof(double));
			moved[i] *= exp(k == 0 ? -step : step);
			side[k] = figure(by_bgnbd ? moved : parameters_of(bgnbd),
							 by_bgnbd ? parameters_of(gamma_gamma) : moved, q);
		}
		/* by the parameter itself */
		gradient[i] = (side[1] - side[0]) / (2 * step) / fit->numbers[i];
	}
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < n; j++)
			variance += gradient[i] * gradient[j] * fit->numbers[COVARIANCE_AT(n, Max(i, j), Min(i, j))];
	}
	return variance;
}

static Datum
make_interval_row(FunctionCallInfo fcinfo, bool known, double low, double high)
{
	TupleDesc	desc = result_columns(fcinfo);
	Datum		values[2] = {Float8GetDatum(low), Float8GetDatum(high)};
	bool		nulls[2] = {!known, !known};

	check_columns(desc, 2);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

static bool
has_parameters(const Fit *fit)
{
	return fit->problem == FIT_FINE;
}

static bool
has_covariance(const Fit *fit)
{
	return has_parameters(fit) && fit->customers > 0;
}

/* The interval of a figure of one fit or of both; of those that are not, NULL. */
static Datum
figure_interval(FunctionCallInfo fcinfo, LogFigure figure, const Fit *bgnbd, const Fit *gamma_gamma,
				const Question *q, double confidence)
{
	double		middle;
	double		variance = 0;
	double		margin;

	check_confidence(confidence);
	if ((bgnbd != NULL && !has_covariance(bgnbd)) || (gamma_gamma != NULL && !has_covariance(gamma_gamma)))
		return make_interval_row(fcinfo, false, 0, 0);
	middle = figure(parameters_of(bgnbd), parameters_of(gamma_gamma), q);
	/* Nothing, of which that is certain, or more than any number. */
	if (!isfinite(middle))
		return make_interval_row(fcinfo, middle < 0, 0, 0);
	if (bgnbd != NULL)
		variance += variance_by(figure, bgnbd, gamma_gamma, true, q);
	if (gamma_gamma != NULL)
		variance += variance_by(figure, bgnbd, gamma_gamma, false, q);
	margin = normal_critical(confidence) * sqrt(Max(variance, 0));

	/*
	 * (a bound that is infinite is none: the mean itself is, for some
	 * parameters near)
	 */
	if (!isfinite(margin) || !isfinite(exp(middle + margin)))
		return make_interval_row(fcinfo, false, 0, 0);
	return make_interval_row(fcinfo, true, exp(middle - margin), exp(middle + margin));
}

/* What is known and finite. */
static Datum
finite_or_null(FunctionCallInfo fcinfo, double value)
{
	if (!isfinite(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

/*
 * What can be called
 */

PG_FUNCTION_INFO_V1(probability_alive);
Datum
probability_alive(PG_FUNCTION_ARGS)
{
	const Fit  *fit = PG_GETARG_FIT_P(0);
	Customer	customer = customer_argument(fcinfo, 1);

	if (!has_parameters(fit))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(exp(log_alive(fit->numbers, &customer)));
}

/*
 * Of somebody who has not come back the model says 1, since one leaves after a
 * purchase and not after the first: that is no knowledge, and has no interval.
 */
PG_FUNCTION_INFO_V1(probability_alive_interval);
Datum
probability_alive_interval(PG_FUNCTION_ARGS)
{
	const Fit  *fit = PG_GETARG_FIT_P(0);
	Customer	customer = customer_argument(fcinfo, 1);
	double		confidence = PG_GETARG_FLOAT8(4);
	double		gradient[BGNBD_PARAMETERS];
	double		variance = 0;
	double		z;
	double		margin;

	check_confidence(confidence);
	if (!has_covariance(fit) || customer.x == 0)
		return make_interval_row(fcinfo, false, 0, 0);
	log_odds_gradient(fit->numbers, &customer, gradient);
	for (int i = 0; i < BGNBD_PARAMETERS; i++)
	{
		for (int j = 0; j < BGNBD_PARAMETERS; j++)
			variance += gradient[i] / fit->numbers[i] * gradient[j] / fit->numbers[j] *
				fit->numbers[COVARIANCE_AT(BGNBD_PARAMETERS, Max(i, j), Min(i, j))];
	}
	z = log_odds_of_gone(fit->numbers, &customer);
	margin = normal_critical(confidence) * sqrt(Max(variance, 0));
	if (!isfinite(margin))
		return make_interval_row(fcinfo, true, 0, 1);
	return make_interval_row(fcinfo, true, 1 / (1 + exp(z + margin)), 1 / (1 + exp(z - margin)));
}

PG_FUNCTION_INFO_V1(expected_purchases);
Datum
expected_purchases(PG_FUNCTION_ARGS)
{
	const Fit  *fit = PG_GETARG_FIT_P(0);
	Question	question = {.horizon = horizon_argument(fcinfo, 1),.customer = customer_argument(fcinfo, 2)};

	if (!has_parameters(fit))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(exp(log_alive(fit->numbers, &question.customer)) *
					 purchases_of(fit->numbers, &question.customer, question.horizon));
}

PG_FUNCTION_INFO_V1(expected_purchases_interval);
Datum
expected_purchases_interval(PG_FUNCTION_ARGS)
{
	Question	question = {.horizon = horizon_argument(fcinfo, 1),.customer = customer_argument(fcinfo, 2)};

	return figure_interval(fcinfo, log_expected_purchases, PG_GETARG_FIT_P(0), NULL, &question, PG_GETARG_FLOAT8(5));
}

PG_FUNCTION_INFO_V1(expected_purchases_new);
Datum
expected_purchases_new(PG_FUNCTION_ARGS)
{
	const Fit  *fit = PG_GETARG_FIT_P(0);
	double		horizon = horizon_argument(fcinfo, 1);

	if (!has_parameters(fit))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(purchases_by(fit->numbers, horizon));
}

PG_FUNCTION_INFO_V1(expected_purchases_new_interval);
Datum
expected_purchases_new_interval(PG_FUNCTION_ARGS)
{
	Question	question = {.horizon = horizon_argument(fcinfo, 1)};

	return figure_interval(fcinfo, log_expected_new, PG_GETARG_FIT_P(0), NULL, &question, PG_GETARG_FLOAT8(2));
}

/*
 * x and the mean of a function that takes them as arguments number `x` and `mean`:
 * who has not come back needs no mean.  False if what is needed is NULL.
 */
static bool
money_argument(FunctionCallInfo fcinfo, int x, int mean, Question *question)
{
	int64		orders = PG_GETARG_INT64(x);

	if (orders < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a number of repeat orders cannot be negative"),
				 errdetail("It is " INT64_FORMAT ".", orders),
				 errhint("Count a customer's orders after her first.")));
	if (orders > 0 && PG_ARGISNULL(mean))
		return false;
	question->customer.x = orders;
	question->mean = mean_argument(fcinfo, mean, orders);
	return true;
}

/* Whether an argument but the mean is NULL. */
static bool
lacks_argument(FunctionCallInfo fcinfo, int mean)
{
	for (int i = 0; i < PG_NARGS(); i++)
	{
		if (i != mean && PG_ARGISNULL(i))
			return true;
	}
	return false;
}

PG_FUNCTION_INFO_V1(expected_order_value);
Datum
expected_order_value(PG_FUNCTION_ARGS)
{
	Question	question = {.horizon = 0};

	if (lacks_argument(fcinfo, 2) || !money_argument(fcinfo, 1, 2, &question) ||
		!has_parameters(PG_GETARG_FIT_P(0)))
		PG_RETURN_NULL();
	return finite_or_null(fcinfo, order_value(PG_GETARG_FIT_P(0)->numbers, question.customer.x, question.mean));
}

PG_FUNCTION_INFO_V1(expected_order_value_interval);
Datum
expected_order_value_interval(PG_FUNCTION_ARGS)
{
	Question	question = {.horizon = 0};

	if (lacks_argument(fcinfo, 2) || !money_argument(fcinfo, 1, 2, &question))
		return make_interval_row(fcinfo, false, 0, 0);
	return figure_interval(fcinfo, log_order_value, NULL, PG_GETARG_FIT_P(0), &question, PG_GETARG_FLOAT8(3));
}

/* bgnbd, gamma_gamma, horizon, x, t_x, t, mean, monthly discount. */
static bool
value_arguments(FunctionCallInfo fcinfo, Question *question)
{
	double		monthly;

	if (lacks_argument(fcinfo, 6) || !money_argument(fcinfo, 3, 6, question))
		return false;
	question->horizon = horizon_argument(fcinfo, 2);
	question->customer = customer_argument(fcinfo, 3);
	monthly = PG_GETARG_FLOAT8(7);
	if (!(monthly >= 0 && monthly <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a monthly discount is a share from 0 to 1"),
				 errdetail("It is %g.", monthly),
				 errhint("Write 0.01 for one per cent a month.")));
	question->discount = log1p(monthly) / DAYS_OF_A_MONTH;
	return true;
}

PG_FUNCTION_INFO_V1(expected_value);
Datum
expected_value(PG_FUNCTION_ARGS)
{
	Question	question;
	const double *bgnbd;

	if (!value_arguments(fcinfo, &question) ||
		!has_parameters(PG_GETARG_FIT_P(0)) || !has_parameters(PG_GETARG_FIT_P(1)))
		PG_RETURN_NULL();
	bgnbd = PG_GETARG_FIT_P(0)->numbers;
	return finite_or_null(fcinfo, exp(log_alive(bgnbd, &question.customer)) *
						  discounted_purchases(bgnbd, &question.customer, question.horizon, question.discount) *
						  order_value(PG_GETARG_FIT_P(1)->numbers, question.customer.x, question.mean));
}

PG_FUNCTION_INFO_V1(expected_value_interval);
Datum
expected_value_interval(PG_FUNCTION_ARGS)
{
	Question	question;

	if (!value_arguments(fcinfo, &question))
		return make_interval_row(fcinfo, false, 0, 0);
	return figure_interval(fcinfo, log_expected_value, PG_GETARG_FIT_P(0), PG_GETARG_FIT_P(1), &question, PG_GETARG_FLOAT8(8));
}
