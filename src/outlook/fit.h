/*-------------------------------------------------------------------------
 *
 * fit.h
 *	  What the types of fits have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_FIT_H
#define LOYALCS_FIT_H

#include "fmgr.h"

#include "outlook/cases.h"
#include "outlook/fit_text.h"

#define PG_GETARG_FIT_P(n)	((const Fit *) PG_GETARG_POINTER(n))

typedef void (*FitCases) (const Cases *cases, Fit *fit);

extern Datum fit_in(FunctionCallInfo fcinfo, const Model *model);
extern Datum fit_out(FunctionCallInfo fcinfo, const Model *model);
extern Datum fit_recv(FunctionCallInfo fcinfo, const Model *model);
extern Datum fit_send(FunctionCallInfo fcinfo, const Model *model);
extern Datum fit_to_jsonb(FunctionCallInfo fcinfo, const Model *model);
extern int	compare_fits(FunctionCallInfo fcinfo, const Model *model);
extern Datum fit_hash(FunctionCallInfo fcinfo, const Model *model);
extern Datum fit_hash_extended(FunctionCallInfo fcinfo, const Model *model);
extern Datum fit_final(FunctionCallInfo fcinfo, const Model *model, CaseKind kind, FitCases fitted);
extern Datum fit_parameters(FunctionCallInfo fcinfo, const Model *model);
extern Datum fit_standard_errors(FunctionCallInfo fcinfo, const Model *model);
extern Datum fit_covariance(FunctionCallInfo fcinfo, const Model *model);

/* The functions of a type, each of the same one line. */
#define FIT_FUNCTION(name, result) \
PG_FUNCTION_INFO_V1(name); \
Datum \
name(PG_FUNCTION_ARGS) \
{ \
	return result; \
} extern Datum name(PG_FUNCTION_ARGS)

#define FIT_TYPE(type, model) \
FIT_FUNCTION(type##_in, fit_in(fcinfo, model)); \
FIT_FUNCTION(type##_out, fit_out(fcinfo, model)); \
FIT_FUNCTION(type##_recv, fit_recv(fcinfo, model)); \
FIT_FUNCTION(type##_send, fit_send(fcinfo, model)); \
FIT_FUNCTION(type##_to_jsonb, fit_to_jsonb(fcinfo, model)); \
FIT_FUNCTION(type##_cmp, Int32GetDatum(compare_fits(fcinfo, model))); \
FIT_FUNCTION(type##_lt, BoolGetDatum(compare_fits(fcinfo, model) < 0)); \
FIT_FUNCTION(type##_le, BoolGetDatum(compare_fits(fcinfo, model) <= 0)); \
FIT_FUNCTION(type##_eq, BoolGetDatum(compare_fits(fcinfo, model) == 0)); \
FIT_FUNCTION(type##_ne, BoolGetDatum(compare_fits(fcinfo, model) != 0)); \
FIT_FUNCTION(type##_ge, BoolGetDatum(compare_fits(fcinfo, model) >= 0)); \
FIT_FUNCTION(type##_gt, BoolGetDatum(compare_fits(fcinfo, model) > 0)); \
FIT_FUNCTION(type##_hash, fit_hash(fcinfo, model)); \
FIT_FUNCTION(type##_hash_extended, fit_hash_extended(fcinfo, model)); \
FIT_FUNCTION(type##_parameters, fit_parameters(fcinfo, model)); \
FIT_FUNCTION(type##_standard_errors, fit_standard_errors(fcinfo, model)); \
FIT_FUNCTION(type##_covariance, fit_covariance(fcinfo, model))

#endif							/* LOYALCS_FIT_H */
