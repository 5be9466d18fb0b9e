/*-------------------------------------------------------------------------
 *
 * fit.c
 *	  What the types of fits have in common: text, binary form, comparison, and
 *	  what is read from them.
 *
 * What a value may be is with the struct in fit_text.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/compat.h"
#include "base/row_types.h"
#include "base/scan.h"
#include "outlook/fit.h"

Datum
fit_in(FunctionCallInfo fcinfo, const Model *model)
{
	char	   *text = PG_GETARG_CSTRING(0);
	Fit		   *fit = palloc0(FIT_SIZE(model));
	const char *wrong;
	Scanner		scanner;

	scan_start(&scanner, text);
	parse_fit(model, &scanner, fit);
	if (scanner.expected != NULL)
		wrong = psprintf("Expected %s at character %d.",
						 scanner.expected, scan_position(&scanner));
	else
		wrong = check_fit(model, fit);
	if (wrong != NULL)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"",
						model->type, text),
				 errdetail_internal("%s", wrong),
				 errhint("Call %s_fit(), or write parameters as %s.", model->type, model->example)));
	PG_RETURN_POINTER(fit);
}

Datum
fit_out(FunctionCallInfo fcinfo, const Model *model)
{
	char	   *text = palloc(FIT_TEXT_SIZE);

	print_fit(model, PG_GETARG_FIT_P(0), text);
	PG_RETURN_CSTRING(text);
}

Datum
fit_recv(FunctionCallInfo fcinfo, const Model *model)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	Fit		   *fit = palloc0(FIT_SIZE(model));
	const char *wrong;

	fit->customers = pq_getmsgint64(buf);
	fit->repeat_buyers = pq_getmsgint64(buf);
	fit->problem = (int32) pq_getmsgint(buf, 4);
	fit->iterations = (int32) pq_getmsgint(buf, 4);
	/* (no negative zeros: equal values are so byte by byte) */
	fit->penalty = pq_getmsgfloat8(buf) + 0.0;
	fit->log_likelihood = pq_getmsgfloat8(buf) + 0.0;
	for (int i = 0; i < FIT_NUMBERS(model); i++)
		fit->numbers[i] = pq_getmsgfloat8(buf) + 0.0;
	wrong = check_fit(model, fit);
	if (wrong != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary value of type %s", model->type),
				 errdetail_internal("%s", wrong)));
	PG_RETURN_POINTER(fit);
}

Datum
fit_send(FunctionCallInfo fcinfo, const Model *model)
{
	const Fit  *fit = PG_GETARG_FIT_P(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint64(&buf, fit->customers);
	pq_sendint64(&buf, fit->repeat_buyers);
	pq_sendint32(&buf, fit->problem);
	pq_sendint32(&buf, fit->iterations);
	pq_sendfloat8(&buf, fit->penalty);
	pq_sendfloat8(&buf, fit->log_likelihood);
	for (int i = 0; i < FIT_NUMBERS(model); i++)
		pq_sendfloat8(&buf, fit->numbers[i]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

Datum
fit_to_jsonb(FunctionCallInfo fcinfo, const Model *model)
{
	char		text[FIT_TEXT_SIZE];

	print_fit(model, PG_GETARG_FIT_P(0), text);
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

/*
 * Comparison: by what is in the value, word by word.  The order has no meaning; it
 * exists so that keys, DISTINCT and statistics work.
 */

static int
compare_doubles(double a, double b)
{
	return a < b ? -1 : a > b;
}

int
compare_fits(FunctionCallInfo fcinfo, const Model *model)
{
	const Fit  *a = PG_GETARG_FIT_P(0);
	const Fit  *b = PG_GETARG_FIT_P(1);
	int			result;

	if (a->customers != b->customers)
		return a->customers < b->customers ? -1 : 1;
	if (a->repeat_buyers != b->repeat_buyers)
		return a->repeat_buyers < b->repeat_buyers ? -1 : 1;
	if (a->problem != b->problem)
		return a->problem < b->problem ? -1 : 1;
	if (a->iterations != b->iterations)
		return a->iterations < b->iterations ? -1 : 1;
	result = compare_doubles(a->penalty, b->penalty);
	if (result == 0)
		result = compare_doubles(a->log_likelihood, b->log_likelihood);
	for (int i = 0; result == 0 && i < FIT_NUMBERS(model); i++)
		result = compare_doubles(a->numbers[i], b->numbers[i]);
	return result;
}

Datum
fit_hash(FunctionCallInfo fcinfo, const Model *model)
{
	return hash_any((const unsigned char *) PG_GETARG_FIT_P(0), FIT_SIZE(model));
}

Datum
fit_hash_extended(FunctionCallInfo fcinfo, const Model *model)
{
	return hash_any_extended((const unsigned char *) PG_GETARG_FIT_P(0), FIT_SIZE(model),
							 PG_GETARG_INT64(1));
}

/* The result of an aggregate: a fit that holds what a value has to, or what was wrong. */
Datum
fit_final(FunctionCallInfo fcinfo, const Model *model, CaseKind kind, FitCases fitted)
{
	Cases	   *cases = sorted_cases(fcinfo, kind);
	Fit		   *fit = palloc0(FIT_SIZE(model));

	fitted(cases, fit);
	if (fit->problem == FIT_FINE && check_fit(model, fit) != NULL)
		fit->problem = FIT_NO_MAXIMUM;
	if (fit->problem != FIT_FINE)
	{
		fit->log_likelihood = 0;
		memset(fit->numbers, 0, FIT_NUMBERS(model) * sizeof(double));
	}
	pfree(cases);
	PG_RETURN_POINTER(fit);
}

/*
 * Reading
 */

PG_FUNCTION_INFO_V1(fit_problem);
Datum
fit_problem(PG_FUNCTION_ARGS)
{
	const Fit  *fit = PG_GETARG_FIT_P(0);

	if (fit->problem == FIT_FINE)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(fit_problem_name(fit)));
}

PG_FUNCTION_INFO_V1(fit_customers);
Datum
fit_customers(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_FIT_P(0)->customers);
}

PG_FUNCTION_INFO_V1(fit_repeat_buyers);
Datum
fit_repeat_buyers(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_FIT_P(0)->repeat_buyers);
}

PG_FUNCTION_INFO_V1(fit_iterations);
Datum
fit_iterations(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(PG_GETARG_FIT_P(0)->iterations);
}

PG_FUNCTION_INFO_V1(fit_penalty);
Datum
fit_penalty(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(PG_GETARG_FIT_P(0)->penalty);
}

/* Whether it was fitted to anybody, and well. */
static bool
is_fitted(const Fit *fit)
{
	return fit->problem == FIT_FINE && fit->customers > 0;
}

PG_FUNCTION_INFO_V1(fit_log_likelihood);
Datum
fit_log_likelihood(PG_FUNCTION_ARGS)
{
	const Fit  *fit = PG_GETARG_FIT_P(0);

	if (!is_fitted(fit))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(fit->log_likelihood);
}

Datum
fit_parameters(FunctionCallInfo fcinfo, const Model *model)
{
	const Fit  *fit = PG_GETARG_FIT_P(0);
	TupleDesc	desc = result_columns(fcinfo);
	Datum		values[FIT_PARAMETERS] = {0};
	bool		nulls[FIT_PARAMETERS];

	check_columns(desc, model->n);
	for (int i = 0; i < model->n; i++)
	{
		values[i] = Float8GetDatum(fit->numbers[i]);
		nulls[i] = fit->problem != FIT_FINE;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

Datum
fit_standard_errors(FunctionCallInfo fcinfo, const Model *model)
{
	const Fit  *fit = PG_GETARG_FIT_P(0);
	TupleDesc	desc = result_columns(fcinfo);
	Datum		values[FIT_PARAMETERS] = {0};
	bool		nulls[FIT_PARAMETERS];

	check_columns(desc, model->n);
	for (int i = 0; i < model->n; i++)
	{
		values[i] = Float8GetDatum(sqrt(fit->numbers[COVARIANCE_AT(model->n, i, i)]));
		nulls[i] = !is_fitted(fit);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

Datum
fit_covariance(FunctionCallInfo fcinfo, const Model *model)
{
	const Fit  *fit = PG_GETARG_FIT_P(0);
	int			n = model->n;
	Datum		values[FIT_PARAMETERS * FIT_PARAMETERS];
	int			dims[2] = {n, n};
	int			bounds[2] = {1, 1};

	if (!is_fitted(fit))
		PG_RETURN_NULL();
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < n; j++)
			values[i * n + j] = Float8GetDatum(fit->numbers[COVARIANCE_AT(n, Max(i, j), Min(i, j))]);
	}
	PG_RETURN_ARRAYTYPE_P(construct_md_array(values, NULL, 2, dims, bounds, FLOAT8OID,
											 sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
