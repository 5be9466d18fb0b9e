/*-------------------------------------------------------------------------
 *
 * bgnbd_model.c
 *	  BG/NBD: how often somebody buys who may leave after any purchase.
 *
 * Fader, Hardie and Lee, "'Counting Your Customers' the Easy Way: An Alternative
 * to the Pareto/NBD Model", Marketing Science 24, 2005.  While she is a customer,
 * somebody buys at random at a rate of her own, and after each purchase leaves
 * with a probability of her own; rates are gamma(r, alpha) over customers, and
 * probabilities beta(a, b).  Of a customer who has bought x times more by t_x,
 * of the t for which she has been one,
 *
 *	 L = G(x) (alpha^r / (alpha + t)^(r + x)) (1 + e^z [x > 0]),
 *	 z = log(a / (b + x - 1)) + (r + x) log((alpha + t) / (alpha + t_x)),
 *
 * with G(x) of x alone, and e^z the odds that she has left since t_x.  The paper's
 * (6) and its P(alive) are the same in other words.
 *
 * All is pure; what is summed up is in the order of the cases, so that the same
 * customers give the same digits.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "outlook/bgnbd_model.h"
#include "outlook/gamma_functions.h"
#include "outlook/maximum.h"

const Model bgnbd_model = {
	"bgnbd",
	"{\"r\": 0.243, \"alpha\": 4.414, \"a\": 0.793, \"b\": 2.426}",
	BGNBD_PARAMETERS,
	{"r", "alpha", "a", "b"}
};

/*
 * Four numbers cannot be read off the ways of fewer who came back: the estimates
 * are then anything, and their intervals too, which are those of many.
 */
#define LEAST_REPEAT_BUYERS		30

/* The cases, in the unit of time that the fit is made in. */
typedef struct Sample
{
	const Cases *cases;
	double		unit;			/* so many units of the caller's are one */
} Sample;

/* What a case with repeat orders adds, summed up over those of one x. */
typedef struct Sums
{
	double		n;
	double		log_t;			/* of log(alpha + t) */
	double		inverse_t;		/* 1 / (alpha + t) */
	double		inverse_t2;
	double		log_odds;		/* log(1 + e^z) */
	double		gone;			/* e^z / (1 + e^z) */
	double		gone_d;			/* times what z has of r, and of alpha */
	double		gone_e;
	double		gone_f;
	double		spread;			/* gone (1 - gone), and times those */
	double		spread_d;
	double		spread_e;
	double		spread_dd;
	double		spread_de;
	double		spread_ee;
} Sums;

/*
 * One case.  Of z, d is the derivative by r, (r + x) e that by alpha, and
 * (r + x) f the second by alpha.
 */
static inline void
add_to_sums(Sums *sums, double n, double alpha, double t_x, double t, double power, double log_share)
{
	double		inverse_t = 1 / (alpha + t);
	double		inverse_x = 1 / (alpha + t_x);
	double		log_t = log(alpha + t);
	double		d = log_t - log(alpha + t_x);
	double		e = inverse_t - inverse_x;
	double		f = (inverse_x - inverse_t) * (inverse_x + inverse_t);
	double		z = log_share + power * d;
	double		small = exp(-fabs(z));
	double		gone = (z > 0 ? 1 : small) / (1 + small);
	double		spread = n * small / ((1 + small) * (1 + small));

	sums->n += n;
	sums->log_t += n * log_t;
	sums->inverse_t += n * inverse_t;
	sums->inverse_t2 += n * inverse_t * inverse_t;
	sums->log_odds += n * (Max(z, 0) + log1p(small));
	gone *= n;
	sums->gone += gone;
	sums->gone_d += gone * d;
	sums->gone_e += gone * e;
	sums->gone_f += gone * f;
	sums->spread += spread;
	sums->spread_d += spread * d;
	sums->spread_e += spread * e;
	sums->spread_dd += spread * d * d;
	sums->spread_de += spread * d * e;
	sums->spread_ee += spread * e * e;
}

/* The logarithm of the likelihood by the parameters themselves. */
static void
add_group(Surface *s, const Sums *sums, double x, double r, double alpha, double a, double b)
{
	double		power = r + x;
	double		last = b + x - 1;
	Derived		of_r = log_rising(r, x);
	Derived		of_b = log_rising(b, x);
	Derived		of_ab = log_rising(a + b, x);
	double		n = sums->n;
	double		(*h)[FIT_PARAMETERS] = s->hessian;

	s->value += n * (of_r.value + of_b.value - of_ab.value + r * log(alpha)) - power * sums->log_t + sums->log_odds;
	s->gradient[BGNBD_R] += n * (of_r.first + log(alpha)) - sums->log_t + sums->gone_d;
	s->gradient[BGNBD_ALPHA] += n * r / alpha - power * sums->inverse_t + power * sums->gone_e;
	s->gradient[BGNBD_A] += -n * of_ab.first + sums->gone / a;
	s->gradient[BGNBD_B] += n * (of_b.first - of_ab.first);

	h[BGNBD_R][BGNBD_R] += n * of_r.second + sums->spread_dd;
	h[BGNBD_ALPHA][BGNBD_R] += n / alpha - sums->inverse_t + sums->gone_e + power * sums->spread_de;
	h[BGNBD_ALPHA][BGNBD_ALPHA] += -n * r / (alpha * alpha) + power * sums->inverse_t2 +
		power * sums->gone_f + power * power * sums->spread_ee;
	h[BGNBD_A][BGNBD_R] += sums->spread_d / a;
	h[BGNBD_A][BGNBD_ALPHA] += power * sums->spread_e / a;
	h[BGNBD_A][BGNBD_A] += -n * of_ab.second - (sums->gone - sums->spread) / (a * a);
	h[BGNBD_B][BGNBD_A] += -n * of_ab.second;
	h[BGNBD_B][BGNBD_B] += n * (of_b.second - of_ab.second);

	/* (who has not come back cannot have left) */
	if (x > 0)
	{
		s->gradient[BGNBD_B] -= sums->gone / last;
		h[BGNBD_B][BGNBD_R] -= sums->spread_d / last;
		h[BGNBD_B][BGNBD_ALPHA] -= power * sums->spread_e / last;
		h[BGNBD_B][BGNBD_A] -= sums->spread / (a * last);
		h[BGNBD_B][BGNBD_B] += (sums->gone + sums->spread) / (last * last);
	}
}

static void
likelihood(const Sample *sample, const double *p, Surface *s)
{
	const Cases *cases = sample->cases;

	memset(s, 0, sizeof(*s));
	for (int64 i = 0; i < cases->count;)
	{
		int64		x = cases->cases[i].x;
		double		power = p[BGNBD_R] + x;
		double		log_share = x == 0 ? 0 : log(p[BGNBD_A]) - log(p[BGNBD_B] + x - 1);
		Sums		sums;

		memset(&sums, 0, sizeof(sums));
		for (; i < cases->count && cases->cases[i].x == x; i++)
		{
			const Case *one = &cases->cases[i];

			if (i % 65536 == 0)
				CHECK_FOR_INTERRUPTS();
			if (x == 0)
			{
				double		t = p[BGNBD_ALPHA] + one->second / sample->unit;

				sums.n += one->customers;
				sums.log_t += one->customers * log(t);
				sums.inverse_t += one->customers / t;
				sums.inverse_t2 += one->customers / (t * t);
			}
			else
				add_to_sums(&sums, one->customers, p[BGNBD_ALPHA], one->first / sample->unit,
							one->second / sample->unit, power, log_share);
		}
		add_group(s, &sums, x, p[BGNBD_R], p[BGNBD_ALPHA], p[BGNBD_A], p[BGNBD_B]);
	}
}

/* What is to be maximized, by the logarithms of the parameters. */
static void
penalized_at(const void *data, const double *logs, Surface *s)
{
	const Sample *sample = data;
	double		penalty = sample->cases->penalty;
	double		p[BGNBD_PARAMETERS];

	for (int i = 0; i < BGNBD_PARAMETERS; i++)
		p[i] = exp(logs[i]);
	likelihood(sample, p, s);
	for (int i = 0; i < BGNBD_PARAMETERS; i++)
	{
		for (int j = 0; j <= i; j++)
			s->hessian[i][j] = s->hessian[j][i] = s->hessian[i][j] * p[i] * p[j];
		s->gradient[i] *= p[i];
		s->hessian[i][i] += s->gradient[i] - 2 * penalty;
		s->gradient[i] -= 2 * penalty * logs[i];
		s->value -= penalty * logs[i] * logs[i];
	}
}

/*
 * Fits the parameters to sorted cases.  The unit of time is the customers' mean
 * age: in it alpha is near 1, and a penalty means the same whatever unit the caller
 * has.
 */
void
fit_bgnbd(const Cases *cases, Fit *fit)
{
	Sample		sample = {cases, 1};
	double		orders = 0;
	double		age = 0;
	double		ratio;
	Maximum		maximum;
	double		scale[BGNBD_PARAMETERS];

	memset(fit, 0, FIT_SIZE(&bgnbd_model));
	fit->penalty = cases->penalty;
	for (int64 i = 0; i < cases->count; i++)
	{
		const Case *one = &cases->cases[i];

		fit->customers += one->customers;
		fit->repeat_buyers += one->x > 0 ? one->customers : 0;
		orders += (double) one->x * one->customers;
		age += one->second * one->customers;
	}
	if (fit->repeat_buyers < LEAST_REPEAT_BUYERS)
	{
		fit->problem = FIT_TOO_FEW;
		return;
	}
	if (age == 0)
	{
		fit->problem = FIT_NO_MAXIMUM;
		return;
	}
	sample.unit = age / fit->customers;
	ratio = log(fit->customers / orders);
	{
		const double starts[][FIT_PARAMETERS] = {
			{log(0.5), log(0.5) + ratio, log(0.8), log(2.5)},
			{log(0.2), log(0.2) + ratio, log(0.3), log(1.0)},
			{log(2.0), log(2.0) + ratio, log(1.0), log(10.0)},
			{log(1.0), log(0.2) + ratio, log(3.0), log(3.0)}
		};

		find_maximum(penalized_at, &sample, BGNBD_PARAMETERS, starts, lengthof(starts), &maximum);
	}
	fit->iterations = maximum.iterations;
	fit->problem = maximum.problem;
	if (fit->problem != FIT_FINE)
		return;
	for (int i = 0; i < BGNBD_PARAMETERS; i++)
	{
		scale[i] = exp(maximum.logs[i]) * (i == BGNBD_ALPHA ? sample.unit : 1);
		fit->numbers[i] = scale[i];
		fit->log_likelihood += cases->penalty * maximum.logs[i] * maximum.logs[i];
		for (int j = 0; j <= i; j++)
			fit->numbers[COVARIANCE_AT(BGNBD_PARAMETERS, i, j)] = maximum.covariance[i][j] * scale[i] * scale[j];
	}
	/* The density of orders is of so many a unit of time. */
	fit->log_likelihood += maximum.surface.value - orders * log(sample.unit);
}

/* The logarithm of the odds that a customer with repeat orders has left. */
double
log_odds_of_gone(const double *p, const Customer *c)
{
	return log(p[BGNBD_A] / (p[BGNBD_B] + c->x - 1)) +
		(p[BGNBD_R] + c->x) * log1p((c->t - c->t_x) / (p[BGNBD_ALPHA] + c->t_x));
}

/* How it changes with the logarithm of each parameter. */
void
log_odds_gradient(const double *p, const Customer *c, double *gradient)
{
	double		low = p[BGNBD_ALPHA] + c->t_x;
	double		high = p[BGNBD_ALPHA] + c->t;

	gradient[BGNBD_R] = p[BGNBD_R] * log1p((c->t - c->t_x) / low);
	gradient[BGNBD_ALPHA] = -(p[BGNBD_R] + c->x) * (c->t - c->t_x) / low * (p[BGNBD_ALPHA] / high);
	gradient[BGNBD_A] = 1;
	gradient[BGNBD_B] = -p[BGNBD_B] / (p[BGNBD_B] + c->x - 1);
}

/*
 * Orders to come
 *
 * How many times somebody buys within a time who is a customer when it begins, if
 * her rate is gamma(r, alpha) and her probability of leaving beta(a, b).
 *
 * If nobody left, the number of orders would be negative binomial; that the k-th of
 * them still comes needs that she stayed after all before it, which k - 1 times in
 * a row has the probability (b)_j / (a + b)_j, j = k - 1.  So the mean is
 *
 *	 sum over k >= 1 of P(K = k) D_k,  D_k = sum over j < k of (b)_j / (a + b)_j.
 *
 * All terms are positive: where a is 1, x is large or the horizon is short against
 * alpha, which the paper's (9) and (10) divide and subtract nearly equal numbers for,
 * nothing happens here.  (Their 2F1 is this sum, by Euler's transformation.)
 *
 * Where that takes too many terms, the mean over the probability p of leaving is
 * taken, of (1 - (1 + p tau)^-r) / p, tau = horizon / alpha, which is what a customer
 * of whom p is known buys: over y = log(p / (1 - p)) from one end of the line to the
 * other the trapezoidal rule converges as fast as its step shrinks, since all is
 * analytic there.
 */

#define MOST_TERMS		600

static double
sum_over_orders(double r, double tau, double a, double b)
{
	double		z = tau / (1 + tau);
	double		probability = exp(-r * log1p(tau));
	double		stayed = 1;
	double		orders = 0;
	double		sum = 0;

	for (int k = 1; k <= 4 * MOST_TERMS; k++)
	{
		double		ratio;
		double		term;

		probability *= (r + k - 1) / k * z;
		orders += stayed;
		stayed *= (b + k - 1) / (a + b + k - 1);
		term = probability * orders;
		sum += term;
		/* What still comes is less than a geometric series, once it falls. */
		ratio = (r + k) / (k + 1) * z * (orders + stayed) / orders;
		if (ratio < 1 && term * ratio < 1e-16 * (1 - ratio) * sum)
			break;
	}
	return sum;
}

/* The weight of y relative to that of the mode, and what is bought at it. */
static inline double
weight_at(double y, double a, double b, double peak)
{
	return exp(-a * (Max(-y, 0) + log1p(exp(-fabs(y)))) - b * (Max(y, 0) + log1p(exp(-fabs(y)))) - peak);
}

static inline double
bought_at(double y, double r, double tau)
{
	double		p = y > 0 ? 1 / (1 + exp(-y)) : exp(y) / (1 + exp(y));

	return -expm1(-r * log1p(p * tau)) / p;
}

/*
 * From the mode downwards (sign -1) or upwards (1), without the mode.  Beyond `end`
 * the integrand is a power of e, and the sum of all that follows a geometric one.
 */
static void
add_side(double mode, double step, int sign, double end, double exponent,
		 double r, double tau, double a, double b, double peak, double *above, double *below)
{
	for (int i = 1;; i++)
	{
		double		y = mode + sign * i * step;
		double		weight = weight_at(y, a, b, peak);
		double		bought = bought_at(y, r, tau);
		bool		over = sign * (y - end) > 0;

		if (over)
			weight /= -expm1(-exponent * step);
		*above += weight * bought;
		*below += weight;
		if (over || (weight < 1e-20 * *below && weight * r * tau < 1e-20 * *above))
			break;
	}
}

static double
mean_over_leaving(double r, double tau, double a, double b)
{
	double		mode = log(a) - log(b);
	double		step = Min(0.25, 0.4 * sqrt(1 / a + 1 / b));
	double		peak = -a * (Max(-mode, 0) + log1p(exp(-fabs(mode)))) - b * (Max(mode, 0) + log1p(exp(-fabs(mode))));
	double		below = 1;
	double		above = bought_at(mode, r, tau);

	add_side(mode, step, -1, -40 - log(Max(r, 1)) - log(Max(tau, 1)) - log(Max(a + b, 1)), a,
			 r, tau, a, b, peak, &above, &below);
	add_side(mode, step, 1, 40 + log(Max(r, 1)) + log(Max(tau, 1)) + log(Max(a + b, 1)), b,
			 r, tau, a, b, peak, &above, &below);
	return above / below;
}

double
purchases_while_alive(double r, double alpha, double a, double b, double horizon)
{
	double		tau = horizon / alpha;

	/* (her mean, a few standard deviations, and the tail of a geometric one) */
	if (r * tau + 8 * sqrt(r * tau * (1 + tau)) + 36 * (1 + tau) < MOST_TERMS)
		return sum_over_orders(r, tau, a, b);
	return mean_over_leaving(r, tau, a, b);
}
