/*-------------------------------------------------------------------------
 *
 * gamma_gamma_model.c
 *	  Gamma-Gamma: how much somebody spends on an order.
 *
 * Fader and Hardie, "The Gamma-Gamma Model of Monetary Value", 2013
 * (brucehardie.com/notes/025).  What somebody spends on her orders is gamma(p, nu)
 * with a nu of her own, which is gamma(q, gamma) over customers; the mean m of x
 * orders then has the density (their 1a)
 *
 *	 (x / (gamma + x m))^(p x) (gamma / (gamma + x m))^q m^(p x - 1) / B(p x, q).
 *
 * All is pure, and summed up in the order of the cases.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "outlook/gamma_functions.h"
#include "outlook/gamma_gamma_model.h"
#include "outlook/maximum.h"

const Model gamma_gamma_model = {
	"gamma_gamma",
	"{\"p\": 6.25, \"q\": 3.74, \"gamma\": 15.44}",
	GAMMA_GAMMA_PARAMETERS,
	{"p", "q", "gamma"}
};

/* As for BG/NBD. */
#define LEAST_REPEAT_BUYERS		30

/*
 * What a penalty draws the parameters to, gamma in mean orders: orders of one
 * customer differ by half of their mean, and customers by somewhat more.
 */
static const double centre[FIT_PARAMETERS] = {1.3862943611198906, 1.3862943611198906, -0.2876820724517809};

/* The cases, in the unit of money that the fit is made in. */
typedef struct Sample
{
	const Cases *cases;
	double		unit;			/* so many units of the caller's are one */
} Sample;

/* Sums over the cases of one x, of m = gamma + x mean and of the means. */
typedef struct Sums
{
	double		n;
	double		log_mean;
	double		log_m;
	double		inverse_m;
	double		inverse_m2;
} Sums;

static void
add_group(Surface *s, const Sums *sums, double x, double p, double q, double gamma)
{
	Derived		of_px = log_gamma(p * x);
	Derived		of_q = log_gamma(q);
	Derived		of_all = log_gamma(p * x + q);
	double		all = p * x + q;
	double		n = sums->n;
	double		log_x = log(x);
	double		log_gamma_ = log(gamma);
	double		(*h)[FIT_PARAMETERS] = s->hessian;

	s->value += n * (of_all.value - of_px.value - of_q.value + q * log_gamma_ + p * x * log_x) +
		(p * x - 1) * sums->log_mean - all * sums->log_m;
	s->gradient[GAMMA_GAMMA_P] += x * (n * (of_all.first - of_px.first + log_x) + sums->log_mean - sums->log_m);
	s->gradient[GAMMA_GAMMA_Q] += n * (of_all.first - of_q.first + log_gamma_) - sums->log_m;
	s->gradient[GAMMA_GAMMA_GAMMA] += n * q / gamma - all * sums->inverse_m;

	h[GAMMA_GAMMA_P][GAMMA_GAMMA_P] += n * x * x * (of_all.second - of_px.second);
	h[GAMMA_GAMMA_Q][GAMMA_GAMMA_P] += n * x * of_all.second;
	h[GAMMA_GAMMA_Q][GAMMA_GAMMA_Q] += n * (of_all.second - of_q.second);
	h[GAMMA_GAMMA_GAMMA][GAMMA_GAMMA_P] -= x * sums->inverse_m;
	h[GAMMA_GAMMA_GAMMA][GAMMA_GAMMA_Q] += n / gamma - sums->inverse_m;
	h[GAMMA_GAMMA_GAMMA][GAMMA_GAMMA_GAMMA] += -n * q / (gamma * gamma) + all * sums->inverse_m2;
}

static void
likelihood(const Sample *sample, const double *p, Surface *s)
{
	const Cases *cases = sample->cases;

	memset(s, 0, sizeof(*s));
	for (int64 i = 0; i < cases->count;)
	{
		int64		x = cases->cases[i].x;
		Sums		sums;

		memset(&sums, 0, sizeof(sums));
		for (; i < cases->count && cases->cases[i].x == x; i++)
		{
			const Case *one = &cases->cases[i];
			double		mean = one->first / sample->unit;
			double		m = p[GAMMA_GAMMA_GAMMA] + x * mean;

			if (i % 65536 == 0)
				CHECK_FOR_INTERRUPTS();
			if (x == 0)
				continue;
			sums.n += one->customers;
			sums.log_mean += one->customers * log(mean);
			sums.log_m += one->customers * log(m);
			sums.inverse_m += one->customers / m;
			sums.inverse_m2 += one->customers / (m * m);
		}
		if (x > 0)
			add_group(s, &sums, x, p[GAMMA_GAMMA_P], p[GAMMA_GAMMA_Q], p[GAMMA_GAMMA_GAMMA]);
	}
}

static void
penalized_at(const void *data, const double *logs, Surface *s)
{
	const Sample *sample = data;
	double		penalty = sample->cases->penalty;
	double		p[GAMMA_GAMMA_PARAMETERS];

	for (int i = 0; i < GAMMA_GAMMA_PARAMETERS; i++)
		p[i] = exp(logs[i]);
	likelihood(sample, p, s);
	for (int i = 0; i < GAMMA_GAMMA_PARAMETERS; i++)
	{
		double		off = logs[i] - centre[i];

		for (int j = 0; j <= i; j++)
			s->hessian[i][j] = s->hessian[j][i] = s->hessian[i][j] * p[i] * p[j];
		s->gradient[i] *= p[i];
		s->hessian[i][i] += s->gradient[i] - 2 * penalty;
		s->gradient[i] -= 2 * penalty * off;
		s->value -= penalty * off * off;
	}
}

/* Fits the parameters to sorted cases, whose x is 0 where there is nothing to be learnt. */
void
fit_gamma_gamma(const Cases *cases, Fit *fit)
{
	Sample		sample = {cases, 1};
	double		total = 0;
	Maximum		maximum;
	const double starts[][FIT_PARAMETERS] = {
		{log(4), log(4), log(0.75)},
		{log(1), log(10), log(9)},
		{log(20), log(3), log(0.1)}
	};

	memset(fit, 0, FIT_SIZE(&gamma_gamma_model));
	fit->penalty = cases->penalty;
	for (int64 i = 0; i < cases->count; i++)
	{
		const Case *one = &cases->cases[i];

		fit->customers += one->customers;
		if (one->x == 0)
			continue;
		fit->repeat_buyers += one->customers;
		total += one->first * one->customers;
	}
	if (fit->repeat_buyers < LEAST_REPEAT_BUYERS)
	{
		fit->problem = FIT_TOO_FEW;
		return;
	}
	sample.unit = total / fit->repeat_buyers;
	find_maximum(penalized_at, &sample, GAMMA_GAMMA_PARAMETERS, starts, lengthof(starts), &maximum);
	fit->iterations = maximum.iterations;
	fit->problem = maximum.problem;
	if (fit->problem != FIT_FINE)
		return;
	for (int i = 0; i < GAMMA_GAMMA_PARAMETERS; i++)
	{
		double		off = maximum.logs[i] - centre[i];

		fit->numbers[i] = exp(maximum.logs[i]) * (i == GAMMA_GAMMA_GAMMA ? sample.unit : 1);
		fit->log_likelihood += cases->penalty * off * off;
		for (int j = 0; j <= i; j++)
			fit->numbers[COVARIANCE_AT(GAMMA_GAMMA_PARAMETERS, i, j)] =
				maximum.covariance[i][j] * fit->numbers[i] * fit->numbers[j];
	}
	/* The density of means is of so many a unit of money. */
	fit->log_likelihood += maximum.surface.value - fit->repeat_buyers * log(sample.unit);
}

/*
 * What an order of hers is expected to come to, of whom x came to `mean` on
 * average: something between that and what everybody's come to, the nearer to her
 * own the more of them there are (their 5).  Infinite, where the model says so.
 */
double
order_value(const double *p, double x, double mean)
{
	double		below = p[GAMMA_GAMMA_P] * x + p[GAMMA_GAMMA_Q] - 1;

	if (below <= 0)
		return INFINITY;
	return p[GAMMA_GAMMA_P] * (p[GAMMA_GAMMA_GAMMA] + x * mean) / below;
}
