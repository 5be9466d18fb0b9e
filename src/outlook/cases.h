/*-------------------------------------------------------------------------
 *
 * cases.h
 *	  What a fit needs to know of customers: the different cases, each with how
 *	  many customers are such.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_CASES_H
#define LOYALCS_CASES_H

#include "fmgr.h"

/*
 * A case: the number of repeat orders and up to two measures, which are times or
 * an amount; and how many customers it is.  Of finite numbers from 0 on, and no
 * negative zeros: cases that are equal are so byte by byte.
 */
typedef struct Case
{
	int64		x;
	double		first;
	double		second;
	int64		customers;
} Case;

/* Whose cases they are. */
typedef enum CaseKind
{
	BGNBD_CASES = 1,
	GAMMA_GAMMA_CASES
} CaseKind;

/*
 * The state of an aggregate.  sorted cases come first, in their order and each
 * once; the others came since.
 */
typedef struct Cases
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		kind;
	double		penalty;
	int64		sorted;
	int64		count;			/* of the cases that there is room for */
	Case		cases[FLEXIBLE_ARRAY_MEMBER];
} Cases;

extern Datum add_case(FunctionCallInfo fcinfo, CaseKind kind, const Case *one, double penalty);
extern Cases *sorted_cases(FunctionCallInfo fcinfo, CaseKind kind);

#endif							/* LOYALCS_CASES_H */
