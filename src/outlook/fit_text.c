/*-------------------------------------------------------------------------
 *
 * fit_text.c
 *	  The value that a model of customers is fitted to, and its text.
 *
 * check_fit() holds what is said with the struct in fit_text.h, for input and
 * binary input alike.  Pure, so that it can be fuzzed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"

#include "outlook/fit_text.h"

static const char *const problem_names[FIT_PROBLEMS] = {
	NULL, "too_few_repeat_buyers", "no_maximum", "not_converged"
};

const char *
fit_problem_name(const Fit *fit)
{
	return problem_names[fit->problem];
}

/*
 * What is wrong
 */

static bool
says_nothing(const double *numbers, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (numbers[i] != 0)
			return false;
	}
	return true;
}

/* Whether they can be covariances: of two, no more than both by themselves allow. */
static bool
are_covariances(const double *numbers, int n)
{
	for (int i = 0; i < n; i++)
	{
		double		variance = numbers[COVARIANCE_AT(n, i, i)];

		if (!(variance > 0 && variance < 1e60))
			return false;
		for (int j = 0; j < i; j++)
		{
			double		covariance = numbers[COVARIANCE_AT(n, i, j)];

			if (!(fabs(covariance) <= 1.000001 * sqrt(variance) * sqrt(numbers[COVARIANCE_AT(n, j, j)])))
				return false;
		}
	}
	return true;
}

/* What is wrong with a value that came from outside, or NULL. */
const char *
check_fit(const Model *model, const Fit *fit)
{
	int			n = model->n;
	bool		bare = says_nothing(fit->numbers + n, FIT_COVARIANCES(n)) && fit->log_likelihood == 0;

	if (fit->customers < 0)
		return "The number of customers is negative.";
	if (fit->repeat_buyers < 0 || fit->repeat_buyers > fit->customers)
		return "Repeat buyers are some of the customers.";
	if (fit->iterations < 0)
		return "The number of iterations is negative.";
	if (!(fit->penalty >= 0 && fit->penalty <= GREATEST_PENALTY))
		return "A penalty is from 0 to a million.";
	if (fit->problem < 0 || fit->problem >= FIT_PROBLEMS)
		return "There is no such problem.";
	if (fit->problem != FIT_FINE)
		return bare && says_nothing(fit->numbers, n) ? NULL : "There is a problem, and there are parameters.";
	for (int i = 0; i < n; i++)
	{
		if (!(fit->numbers[i] >= LEAST_PARAMETER && fit->numbers[i] <= GREATEST_PARAMETER))
			return "A parameter is from 1e-15 to 1e15.";
	}
	if (fit->customers == 0)
		return bare && fit->iterations == 0 && fit->penalty == 0 ? NULL :
			"Something was fitted, and no customers.";
	if (!isfinite(fit->log_likelihood))
		return "The logarithm of the likelihood is no number.";
	if (!are_covariances(fit->numbers, n))
		return "These are no covariances.";
	return NULL;
}

/*
 * Text
 */

static void
print_number(char **end, double number)
{
	*end += double_to_shortest_decimal_buf(number, *end);
}

void
print_fit(const Model *model, const Fit *fit, char *text)
{
	char	   *end = text;
	int			n = model->n;

	*end++ = '{';
	if (fit->problem == FIT_FINE)
	{
		for (int i = 0; i < n; i++)
		{
			end += sprintf(end, "%s\"%s\": ", i == 0 ? "" : ", ", model->names[i]);
			print_number(&end, fit->numbers[i]);
		}
		if (fit->customers == 0)
		{
			strcpy(end, "}");
			return;
		}
		end += sprintf(end, ", ");
	}
	else
		end += sprintf(end, "\"problem\": \"%s\", ", problem_names[fit->problem]);
	end += sprintf(end, "\"customers\": %lld, \"repeat_buyers\": %lld, \"iterations\": %d, \"penalty\": ",
				   (long long) fit->customers, (long long) fit->repeat_buyers, (int) fit->iterations);
	print_number(&end, fit->penalty);
	if (fit->problem == FIT_FINE)
	{
		end += sprintf(end, ", \"log_likelihood\": ");
		print_number(&end, fit->log_likelihood);
		end += sprintf(end, ", \"covariance\": ");
		for (int i = 0; i < FIT_COVARIANCES(n); i++)
		{
			end += sprintf(end, i == 0 ? "[" : ", ");
			print_number(&end, fit->numbers[n + i]);
		}
		*end++ = ']';
	}
	strcpy(end, "}");
}

static bool
scan_problem(Scanner *scanner, int32 *problem)
{
	scan_blanks(scanner);
	for (int i = FIT_FINE + 1; i < FIT_PROBLEMS; i++)
	{
		size_t		length = strlen(problem_names[i]);

		if (scanner->at[0] == '"' && strncmp(scanner->at + 1, problem_names[i], length) == 0 &&
			scanner->at[1 + length] == '"')
		{
			scanner->at += length + 2;
			*problem = i;
			return true;
		}
	}
	return scan_fail(scanner, "\"too_few_repeat_buyers\", \"no_maximum\" or \"not_converged\"");
}

static void
scan_numbers(Scanner *scanner, double *numbers, int n)
{
	if (!scan_char(scanner, '[', "\"[\""))
		return;
	for (int i = 0; i < n; i++)
	{
		if (i > 0 && !scan_char(scanner, ',', "\",\" and another covariance"))
			return;
		if (!scan_number(scanner, &numbers[i], "a covariance"))
			return;
	}
	scan_char(scanner, ']', "\"]\"");
}

void
parse_fit(const Model *model, Scanner *scanner, Fit *fit)
{
	const char *expected = "a member of the object, each once";
	bool		opening = true;
	bool		seen[FIT_PARAMETERS] = {false};
	int64		iterations = -1;
	bool		customers = false;
	bool		repeat_buyers = false;
	bool		penalty = false;
	bool		log_likelihood = false;
	bool		covariance = false;
	int			parameters = 0;

	memset(fit, 0, FIT_SIZE(model));
	while (scan_member(scanner, &opening))
	{
		int			i = 0;

		while (i < model->n && (seen[i] || !scan_key(scanner, model->names[i])))
			i++;
		if (i < model->n)
		{
			seen[i] = true;
			parameters++;
			scan_number(scanner, &fit->numbers[i], "a parameter");
		}
		else if (!customers && scan_key(scanner, "customers"))
			customers = scan_count(scanner, INT64CONST(0x7fffffffffffffff), &fit->customers, "a number of customers");
		else if (!repeat_buyers && scan_key(scanner, "repeat_buyers"))
			repeat_buyers = scan_count(scanner, INT64CONST(0x7fffffffffffffff), &fit->repeat_buyers, "a number of customers");
		else if (iterations < 0 && scan_key(scanner, "iterations"))
			scan_count(scanner, 0x7fffffff, &iterations, "a number of iterations");
		else if (!penalty && scan_key(scanner, "penalty"))
			penalty = scan_number(scanner, &fit->penalty, "a penalty");
		else if (!log_likelihood && scan_key(scanner, "log_likelihood"))
			log_likelihood = scan_number(scanner, &fit->log_likelihood, "the logarithm of a likelihood");
		else if (!covariance && scan_key(scanner, "covariance"))
		{
			covariance = true;
			scan_numbers(scanner, fit->numbers + model->n, FIT_COVARIANCES(model->n));
		}
		else if (fit->problem == FIT_FINE && scan_key(scanner, "problem"))
			scan_problem(scanner, &fit->problem);
		else
			scan_fail(scanner, expected);
	}
	if (!scan_end(scanner))
		return;
	fit->iterations = (int32) Max(iterations, 0);
	if (fit->problem != FIT_FINE)
	{
		if (!customers || !repeat_buyers || iterations < 0 || !penalty || parameters > 0 || log_likelihood || covariance)
			scan_fail(scanner, "beside a problem, \"customers\", \"repeat_buyers\", \"iterations\" and \"penalty\"");
	}
	else if (parameters < model->n)
		scan_fail(scanner, "all parameters of the model");
	else if ((customers || repeat_buyers || iterations >= 0 || penalty || log_likelihood || covariance) &&
			 !(customers && fit->customers > 0 && repeat_buyers && iterations >= 0 && penalty && log_likelihood && covariance))
		scan_fail(scanner, "beside the parameters nothing, or all that belongs to a fit");
}
