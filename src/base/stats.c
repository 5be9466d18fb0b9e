/*-------------------------------------------------------------------------
 *
 * stats.c
 *	  The two distributions that intervals and significance tests need: the
 *	  normal distribution and Student's t.
 *
 * PostgreSQL 15 has neither, and the C library only erfc() and lgamma().  All
 * functions are two-sided, because that is how they are asked: "how likely is
 * a change at least this large, in either direction, if nothing changed?"
 * Pure, and good to about 1e-12 relative (1e-8 above 100,000 degrees of
 * freedom), far beyond what surveys can tell.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/stats.h"

/* P(|Z| >= |z|) for a standard normal Z. */
double
normal_two_sided(double z)
{
	return erfc(fabs(z) / M_SQRT2);
}

/*
 * The continued fraction of the incomplete beta function, by the modified
 * Lentz method (Abramowitz and Stegun 26.5.8).  It converges in about
 * sqrt(max(a, b)) steps when x < (a + 1) / (a + b + 2), which the caller sees
 * to.
 */
static double
beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double		c = 1;
	double		d = 1 - (a + b) * x / (a + 1);
	double		h;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	h = d;
	for (int m = 1; m <= 100000; m++)
	{
		double		even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double		odd = -(a + m) * (a + b + m) * x;
		double		step;

		odd /= (a + 2 * m) * (a + 2 * m + 1);

		d = 1 + even * d;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = 1 + even / c;
		c = fabs(c) < tiny ? tiny : c;
		h *= d * c;

		d = 1 + odd * d;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = 1 + odd / c;
		c = fabs(c) < tiny ? tiny : c;
		step = d * c;
		h *= step;
		if (fabs(step - 1) < 1e-15)
			break;
	}
	return h;
}

/*
 * log(gamma(a + 1/2) / gamma(a)).  Both logarithms grow with a, and their
 * difference keeps ever fewer digits; from a = 25 on, the asymptotic series
 * has them all.
 */
static double
log_gamma_half_step(double a)
{
	double		r = 1 / (a * a);

	if (a < 25)
		return lgamma(a + 0.5) - lgamma(a);
	return 0.5 * log(a) -
		(1.0 / 8 - r * (1.0 / 192 - r * (1.0 / 640 - r * 17 / 14336))) / a;
}

/*
 * P(|T| >= |t|) for Student's T with df degrees of freedom, which need not be
 * whole (Welch): the regularized incomplete beta function I_x(df / 2, 1 / 2).
 * Both x and y = 1 - x are computed from t, since the subtraction would lose
 * the smaller one.  Beyond a hundred million the fraction takes thousands of
 * steps, and the normal distribution is the same to eight digits.
 */
double
student_two_sided(double t, double df)
{
	double		a = df / 2;
	double		x = df / (df + t * t);
	double		y = t * t / (df + t * t);
	double		front;

	if (df > 1e8)
		return normal_two_sided(t);
	if (y <= 0)
		return 1;
	if (x <= 0)
		return 0;
	front = exp(log_gamma_half_step(a) - 0.5 * log(M_PI) +
				(x < 0.5 ? a * log(x) : a * log1p(-y)) + 0.5 * log(y));
	if (x < (a + 1) / (a + 2.5))
		return front * beta_fraction(a, 0.5, x) / a;
	return 1 - front * beta_fraction(0.5, a, y) / 0.5;
}

/*
 * The value that |T| exceeds with probability 1 - confidence.  Bisection on a
 * monotone function cannot go astray, which a Newton step from a bad guess
 * can; sixty halvings are cheap beside the query that asks.
 */
static double
critical(double confidence, double df, bool normal)
{
	double		tail = 1 - confidence;
	double		low = 0;
	double		high = 1;

	while (high < 1e300 &&
		   (normal ? normal_two_sided(high) : student_two_sided(high, df)) > tail)
	{
		low = high;
		high *= 2;
	}
	for (int i = 0; i < 60; i++)
	{
		double		middle = low + (high - low) / 2;

		if ((normal ? normal_two_sided(middle) : student_two_sided(middle, df)) > tail)
			low = middle;
		else
			high = middle;
	}
	return low + (high - low) / 2;
}

double
normal_critical(double confidence)
{
	return critical(confidence, 0, true);
}

double
student_critical(double confidence, double df)
{
	return critical(confidence, df, false);
}
