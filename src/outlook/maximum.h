/*-------------------------------------------------------------------------
 *
 * maximum.h
 *	  The maximum of a likelihood in a few parameters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_MAXIMUM_H
#define LOYALCS_MAXIMUM_H

#include "outlook/fit_text.h"

/* A function at a point, with its gradient and its Hessian. */
typedef struct Surface
{
	double		value;
	double		gradient[FIT_PARAMETERS];
	double		hessian[FIT_PARAMETERS][FIT_PARAMETERS];
} Surface;

/* Gives the surface at the logarithms of the parameters. */
typedef void (*SurfaceAt) (const void *data, const double *logs, Surface *surface);

/* What became of the search, and where it ended. */
typedef struct Maximum
{
	FitProblem	problem;
	int			iterations;
	double		logs[FIT_PARAMETERS];
	double		covariance[FIT_PARAMETERS][FIT_PARAMETERS]; /* of the logarithms */
	Surface		surface;
} Maximum;

extern void find_maximum(SurfaceAt at, const void *data, int n,
						 const double (*starts)[FIT_PARAMETERS], int nstarts, Maximum *maximum);

#endif							/* LOYALCS_MAXIMUM_H */
