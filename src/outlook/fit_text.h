/*-------------------------------------------------------------------------
 *
 * fit_text.h
 *	  The value that a model of customers is fitted to, and its text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_FIT_TEXT_H
#define LOYALCS_FIT_TEXT_H

#include "base/scan.h"

/* Of the model with the most of them. */
#define FIT_PARAMETERS		4

#define FIT_COVARIANCES(n)	((n) * ((n) + 1) / 2)

/*
 * Units are anybody's: seconds or years, yen or millions of them.  What lies
 * beyond these is no number that anybody fitted.
 */
#define LEAST_PARAMETER		1e-15
#define GREATEST_PARAMETER	1e15

/* As a penalty grows, the parameters come to be what it draws them to. */
#define GREATEST_PENALTY	1e6

/* Why there are no parameters.  The names of them are in fit_text.c. */
typedef enum FitProblem
{
	FIT_FINE,
	FIT_TOO_FEW,
	FIT_NO_MAXIMUM,
	FIT_NOT_CONVERGED
} FitProblem;

#define FIT_PROBLEMS		4

/*
 * What was fitted, to how many, and how well.  Fixed length, words of eight
 * bytes, no padding.
 *
 * numbers[] are the n parameters of the model and after them their covariances:
 * the lower triangle of the matrix, row by row.  Three kinds of values:
 * - a fit: problem is 0, and there are customers;
 * - parameters that came from elsewhere: problem and customers are 0, and so is
 *   all that is not a parameter;
 * - none: there is a problem, and neither parameters nor a likelihood.
 *
 * As with purchases.h there is no version in it: these bytes are for good, as is
 * what they mean.  Something more to be kept of a fit would be another type with
 * a cast from this one.
 */
typedef struct Fit
{
	int64		customers;
	int64		repeat_buyers;	/* of them: who the fit rests on */
	int32		problem;
	int32		iterations;
	double		penalty;
	double		log_likelihood;
	double		numbers[FLEXIBLE_ARRAY_MEMBER];
} Fit;

/* A model: the name of its type, and what its parameters are called. */
typedef struct Model
{
	const char *type;
	const char *example;		/* of the text */
	int			n;
	const char *names[FIT_PARAMETERS];
} Model;

#define FIT_NUMBERS(model)	((model)->n + FIT_COVARIANCES((model)->n))
#define FIT_SIZE(model)		(offsetof(Fit, numbers) + FIT_NUMBERS(model) * sizeof(double))

/* Room for whatever is a Fit of any model. */
typedef union AnyFit
{
	Fit			fit;
	double		room[5 + FIT_PARAMETERS + FIT_COVARIANCES(FIT_PARAMETERS)];
} AnyFit;

/*
 * Keys and separators 150, three counts of 20, and numbers of 25 with ", " between
 * them.
 */
#define FIT_TEXT_SIZE		(256 + 60 + 27 * (2 + FIT_PARAMETERS + FIT_COVARIANCES(FIT_PARAMETERS)))

/* The covariance of two parameters, i >= j, stands after the parameters. */
#define COVARIANCE_AT(n, i, j)	((n) + FIT_COVARIANCES(i) + (j))

extern const char *fit_problem_name(const Fit *fit);
extern const char *check_fit(const Model *model, const Fit *fit);
extern void parse_fit(const Model *model, Scanner *scanner, Fit *fit);
extern void print_fit(const Model *model, const Fit *fit, char *text);

#endif							/* LOYALCS_FIT_TEXT_H */
