/*-------------------------------------------------------------------------
 *
 * maximum.c
 *	  The maximum of a likelihood in a few parameters, by Newton's method with
 *	  Marquardt's damping.
 *
 * The parameters are positive, and searched for by their logarithms, in units in
 * which they are near 1.  Far from the maximum, where the surface is not concave,
 * what is subtracted from the diagonal of the Hessian turns the step towards the
 * gradient; near it, nothing is, and the number of right digits doubles with each
 * step.  Where a parameter runs away, the data say that it is 0 or infinite (nobody
 * ever leaves; all customers are alike): then there is no maximum, and what the
 * search came upon on its way is worth nothing.
 *
 * Everything is in one order, so that the same surface gives the same digits.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "outlook/maximum.h"

/* Well-behaved surfaces take ten; ridges that end take fifty. */
#define MOST_ITERATIONS		200

/* No longer step: the parameters change by a factor of e at most, squared. */
#define LONGEST_STEP		2.0

/* A millionth and a million are as good as 0 and infinite. */
#define RUN_AWAY			13.8

/* Less hardly turns a step. */
#define LEAST_DAMPING		1e-3

/*
 * What another step of Newton's would gain of the logarithm of the likelihood, and how
 * far it would lead.  On a ridge that rises less and less for ever there is soon hardly
 * anything to be gained, by steps as long as before.
 */
#define NEAR_ENOUGH			1e-9
#define SHORT_STEP			0.01

/* A sum of millions of terms is good to this part of itself. */
#define NOISE				1e-12

/*
 * Solves (damping D - hessian) x = b by Cholesky's method, for each of nb columns,
 * where D is the diagonal of the Hessian without its signs: parameters of which the
 * surface knows much and little are damped alike.  False if that matrix is not
 * positive definite.
 */
static bool
solve(const Surface *surface, double damping, int n, double (*b)[FIT_PARAMETERS], int nb)
{
	double		root[FIT_PARAMETERS][FIT_PARAMETERS];

	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j <= i; j++)
		{
			double		sum = (i == j ? damping * fabs(surface->hessian[i][i]) : 0) - surface->hessian[i][j];
			double		whole = sum;

			for (int k = 0; k < j; k++)
				sum -= root[i][k] * root[j][k];
			if (i == j)
			{
				/*
				 * (what is left of a subtraction that leaves nothing is no
				 * pivot)
				 */
				if (!(sum > 1e-13 * fabs(whole)))
					return false;
				root[i][i] = sqrt(sum);
			}
			else
				root[i][j] = sum / root[j][j];
		}
	}
	for (int c = 0; c < nb; c++)
	{
		for (int i = 0; i < n; i++)
		{
			for (int k = 0; k < i; k++)
				b[c][i] -= root[i][k] * b[c][k];
			b[c][i] /= root[i][i];
		}
		for (int i = n - 1; i >= 0; i--)
		{
			for (int k = i + 1; k < n; k++)
				b[c][i] -= root[k][i] * b[c][k];
			b[c][i] /= root[i][i];
		}
	}
	return true;
}

static bool
is_finite(const Surface *surface, int n)
{
	bool		finite = isfinite(surface->value);

	for (int i = 0; i < n; i++)
	{
		finite = finite && isfinite(surface->gradient[i]);
		for (int j = 0; j < n; j++)
			finite = finite && isfinite(surface->hessian[i][j]);
	}
	return finite;
}

static bool
runs_away(const double *logs, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (fabs(logs[i]) > RUN_AWAY)
			return true;
	}
	return false;
}

/* Climbs from maximum->logs on. */
static FitProblem
climb(SurfaceAt at, const void *data, int n, Maximum *maximum)
{
	Surface    *here = &maximum->surface;
	double		damping = 0;

	at(data, maximum->logs, here);
	maximum->iterations++;
	if (!is_finite(here, n))
		return FIT_NOT_CONVERGED;
	for (int i = 0; i < MOST_ITERATIONS; i++)
	{
		double		step[1][FIT_PARAMETERS];
		double		longest = 0;
		double		gain = 0;
		double		logs[FIT_PARAMETERS];
		Surface		there;

		CHECK_FOR_INTERRUPTS();
		memcpy(step[0], here->gradient, sizeof(step[0]));
		if (!solve(here, damping, n, step, 1))
		{
			damping = Max(damping * 4, LEAST_DAMPING);
			continue;
		}
		for (int k = 0; k < n; k++)
		{
			gain += step[0][k] * here->gradient[k];
			longest = Max(longest, fabs(step[0][k]));
		}
		for (int k = 0; k < n; k++)
			logs[k] = maximum->logs[k] + step[0][k] * (longest > LONGEST_STEP ? LONGEST_STEP / longest : 1);
		at(data, logs, &there);
		maximum->iterations++;
		if (!is_finite(&there, n) || there.value < here->value - NOISE * fabs(here->value))
		{
			damping = Max(damping * 4, LEAST_DAMPING);
			continue;
		}
		memcpy(maximum->logs, logs, sizeof(logs));
		*here = there;
		if (damping == 0 && gain < NEAR_ENOUGH && longest < SHORT_STEP)
			return FIT_FINE;
		if (runs_away(logs, n))
			return FIT_NO_MAXIMUM;
		damping = damping > LEAST_DAMPING ? damping / 8 : 0;
	}
	return FIT_NOT_CONVERGED;
}

/*
 * The maximum that is climbed to from the first of some starts that leads to one.
 * What is said if none does is what the first came to.
 */
void
find_maximum(SurfaceAt at, const void *data, int n,
			 const double (*starts)[FIT_PARAMETERS], int nstarts, Maximum *maximum)
{
	FitProblem	problem = FIT_FINE;

	memset(maximum, 0, sizeof(*maximum));
	for (int i = 0; i < nstarts; i++)
	{
		memcpy(maximum->logs, starts[i], sizeof(maximum->logs));
		maximum->problem = climb(at, data, n, maximum);
		if (maximum->problem == FIT_FINE)
		{
			memset(maximum->covariance, 0, sizeof(maximum->covariance));
			for (int k = 0; k < n; k++)
				maximum->covariance[k][k] = 1;
			if (solve(&maximum->surface, 0, n, maximum->covariance, n))
				return;
			maximum->problem = FIT_NO_MAXIMUM;
		}
		if (i == 0)
			problem = maximum->problem;
	}
	maximum->problem = problem;
}
