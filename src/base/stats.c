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

#include <float.h>
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

/* The density of Student's T, and of a standard normal Z, at t. */
static double
student_density(double t, double df)
{
	if (df > 1e8)
		return exp(-t * t / 2) / sqrt(2 * M_PI);
	return exp(log_gamma_half_step(df / 2) - 0.5 * log(df * M_PI) -
			   (df + 1) / 2 * log1p(t * t / df));
}

/*
 * The value that |T| exceeds with probability 1 - confidence.  That probability
 * falls ever more slowly as the value grows, so a tangent at a value that is too
 * small meets the tail before it is reached: Newton's steps go up to it from below
 * and cannot go astray.  A view asks for hundreds, so halving until no digit is
 * left, ten times as many steps, would be half of its time.
 */
static double
critical(double confidence, double df, bool normal)
{
	double		tail = 1 - confidence;
	double		t = 0;
	double		high = 1;

	while (high < 1e300 &&
		   (normal ? normal_two_sided(high) : student_two_sided(high, df)) > tail)
	{
		t = high;
		high *= 2;
	}
	for (int i = 0; i < 100; i++)
	{
		double		beyond = normal ? normal_two_sided(t) : student_two_sided(t, df);
		double		density = student_density(t, normal ? INFINITY : df);
		double		step = (beyond - tail) / (2 * density);

		if (!(step > t * DBL_EPSILON))
			break;
		t = Min(t + step, high);
	}
	return t;
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
