/*-------------------------------------------------------------------------
 *
 * gamma_functions.c
 *	  The logarithm of the gamma function with its first two derivatives.
 *
 * The C library's lgamma() has no derivatives, is not the same on every system,
 * and loses its digits where two of them are subtracted, which is all that
 * likelihoods do with it.  These are made of the recurrence and of the asymptotic
 * series (Abramowitz and Stegun 6.1.41, 6.3.18 and 6.4.12), which from 20 on are
 * good to the last digit but one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "outlook/gamma_functions.h"

#define FROM_HERE_ON	20.0

/* log(2 pi) / 2 */
#define LOG_ROOT_TWO_PI	0.91893853320467274178

/*
 * What is left of log(gamma(s)), s >= FROM_HERE_ON, beside (s - 1/2) log s - s and
 * the constant; and of its derivatives beside log s and 1 / s.
 */
static Derived
asymptotic_rest(double s)
{
	double		i = 1 / s;
	double		q = i * i;
	Derived		rest;

	rest.value = i * (1.0 / 12 - q * (1.0 / 360 - q * (1.0 / 1260 - q * (1.0 / 1680 - q / 1188))));
	rest.first = -i / 2 - q * (1.0 / 12 - q * (1.0 / 120 - q * (1.0 / 252 - q * (1.0 / 240 - q / 132))));
	rest.second = q * (0.5 + i * (1.0 / 6 - q * (1.0 / 30 - q * (1.0 / 42 - q * (1.0 / 30 - q * 5 / 66)))));
	return rest;
}

/* Of s > 0. */
Derived
log_gamma(double s)
{
	Derived		result = {0, 0, 0};
	Derived		rest;
	double		product = 1;

	for (; s < FROM_HERE_ON; s += 1)
	{
		product *= s;
		result.first -= 1 / s;
		result.second += 1 / (s * s);
	}
	rest = asymptotic_rest(s);
	result.value = (s - 0.5) * log(s) - s + LOG_ROOT_TWO_PI + rest.value - log(product);
	result.first += log(s) + rest.first;
	result.second += 1 / s + rest.second;
	return result;
}

/*
 * log(gamma(s + n) / gamma(s)) for s > 0 and a whole number n >= 0, that is
 * log(s (s + 1) ... (s + n - 1)), derived by s.  Nothing is subtracted that is much
 * greater than what remains, however large s is.
 */
Derived
log_rising(double s, double n)
{
	Derived		result = {0, 0, 0};
	Derived		low;
	Derived		high;
	double		product = 1;

	for (; n > 0 && s < FROM_HERE_ON; n -= 1, s += 1)
	{
		product *= s;
		result.first += 1 / s;
		result.second -= 1 / (s * s);
	}
	result.value = log(product);
	if (n <= 0)
		return result;
	low = asymptotic_rest(s);
	high = asymptotic_rest(s + n);
	result.value += (s - 0.5) * log1p(n / s) + n * log(s + n) - n + (high.value - low.value);
	result.first += log1p(n / s) + (high.first - low.first);
	result.second += -n / (s * (s + n)) + (high.second - low.second);
	return result;
}
