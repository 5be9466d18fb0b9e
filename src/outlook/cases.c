/*-------------------------------------------------------------------------
 *
 * cases.c
 *	  What a fit needs to know of customers: the different cases, each with how
 *	  many customers are such.
 *
 * Rows are written one after the other.  When there is no room left, those that
 * came since the last time are sorted and merged with the others, equal ones into
 * one; if that leaves less than half of the room, there is twice as much from then
 * on.  So a row costs little, and memory is that of the different cases: 32 bytes
 * for each, four times that at most, and for a moment, while it grows, twice as
 * much again.
 *
 * The sorted cases are the same for the same rows in any order, however they were
 * spread over workers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "miscadmin.h"

#include "base/aggregate.h"
#include "base/compat.h"
#include "outlook/cases.h"
#include "outlook/fit_text.h"

#define FIRST_ROOM			30
#define CASES_SIZE(room)	(offsetof(Cases, cases) + (Size) (room) * sizeof(Case))
#define CASES_ROOM(cases)	((int64) ((VARSIZE(cases) - offsetof(Cases, cases)) / sizeof(Case)))

/*
 * Different cases: twice as many have to find room in a varlena, which has less
 * than 1 GB.  Eight million customers of whom no two are alike to the day would be
 * a large shop's; and rounding brings them together.
 */
#define MOST_CASES			((int64) 8 * 1024 * 1024)

static int
compare_cases(const Case *a, const Case *b)
{
	if (a->x != b->x)
		return a->x < b->x ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->second != b->second)
		return a->second < b->second ? -1 : 1;
	return 0;
}

#define ST_SORT sort_cases
#define ST_ELEMENT_TYPE Case
#define ST_COMPARE(a, b) compare_cases(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

static Cases *
cases_argument(FunctionCallInfo fcinfo, int argno, CaseKind kind)
{
	Cases	   *cases = aligned_state(fcinfo, argno);

	/* (that of no rows) */
	if (VARSIZE(cases) == VARHDRSZ)
		return NULL;
	check_state(VARSIZE(cases) >= CASES_SIZE(0) && cases->kind == (int32) kind, "It is of another kind.");
	check_state(cases->count >= 0 && cases->count <= CASES_ROOM(cases) &&
				cases->sorted >= 0 && cases->sorted <= cases->count,
				"It has no room for the cases that it counts.");
	check_state(cases->penalty >= 0 && cases->penalty <= GREATEST_PENALTY, "Its penalty is none.");
	return cases;
}

/*
 * Whether each is one, and together, with `customers` of other cases, they are no more
 * customers than can be counted.
 */
static void
check_cases(const Cases *cases, int64 *customers)
{
	for (int64 i = 0; i < cases->count; i++)
	{
		const Case *one = &cases->cases[i];

		check_state(one->x >= 0 && one->first >= 0 && one->second >= 0 &&
					isfinite(one->first) && isfinite(one->second) && one->customers > 0 &&
					!pg_add_s64_overflow(*customers, one->customers, customers),
					"One of its cases is none.");
		check_state(i == 0 || i >= cases->sorted || compare_cases(one - 1, one) < 0,
					"Its cases are not in order.");
	}
}

static Cases *
make_cases(CaseKind kind, double penalty, int64 room)
{
	Cases	   *cases = palloc(CASES_SIZE(room));

	SET_VARSIZE(cases, CASES_SIZE(room));
	cases->kind = kind;
	cases->penalty = penalty;
	cases->sorted = 0;
	cases->count = 0;
	return cases;
}

static void
append_case(Cases *cases, const Case *one)
{
	int64		n = cases->count;

	if (n > 0 && compare_cases(&cases->cases[n - 1], one) == 0)
		cases->cases[n - 1].customers += one->customers;
	else
		cases->cases[cases->count++] = *one;
}

/*
 * All cases of one or two states, sorted, in a state that has room for them and
 * for `more` others, or for as many again.  What is in the others is left as it was:
 * a window goes on with it.
 */
static Cases *
merge_cases(const Cases *a, const Cases *b, int64 more)
{
	const Cases *all[2] = {a, b};
	Case	   *loose;
	int64		nloose = 0;
	int64		customers = 0;
	int64		place[2] = {0, 0};
	int64		next = 0;
	int64		wanted;
	int64		room = FIRST_ROOM;
	Cases	   *merged;
	Cases	   *result;

	for (int i = 0; i < 2 && all[i] != NULL; i++)
	{
		check_cases(all[i], &customers);
		nloose += all[i]->count - all[i]->sorted;
	}
	loose = palloc_extended(Max(nloose, 1) * sizeof(Case), MCXT_ALLOC_HUGE);
	nloose = 0;
	wanted = 0;
	for (int i = 0; i < 2 && all[i] != NULL; i++)
	{
		int64		n = all[i]->count - all[i]->sorted;

		memcpy(loose + nloose, all[i]->cases + all[i]->sorted, n * sizeof(Case));
		nloose += n;
		wanted += all[i]->count;
	}
	sort_cases(loose, nloose);

	/* (the sum of both, which may be more than a state has room for) */
	merged = palloc_extended(CASES_SIZE(wanted), MCXT_ALLOC_HUGE);
	merged->count = 0;
	for (int64 i = 0; i < wanted; i++)
	{
		const Case *least = next < nloose ? &loose[next] : NULL;
		int			from = -1;

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		for (int k = 0; k < 2 && all[k] != NULL; k++)
		{
			if (place[k] < all[k]->sorted &&
				(least == NULL || compare_cases(&all[k]->cases[place[k]], least) < 0))
			{
				least = &all[k]->cases[place[k]];
				from = k;
			}
		}
		append_case(merged, least);
		if (from < 0)
			next++;
		else
			place[from]++;
	}
	pfree(loose);
	if (merged->count > MOST_CASES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many different customers for a fit"),
				 errdetail("There can be " INT64_FORMAT " different combinations of the arguments.", MOST_CASES),
				 errhint("Round times to days and amounts to units, or take a sample of the customers.")));
	wanted = Max(merged->count + more, more == 0 ? 0 : 2 * merged->count);
	while (room < wanted)
		room *= 2;
	room = Min(room, 2 * MOST_CASES);
	result = make_cases((CaseKind) a->kind, a->penalty, more == 0 ? merged->count : room);
	memcpy(result->cases, merged->cases, merged->count * sizeof(Case));
	result->count = result->sorted = merged->count;
	pfree(merged);
	return result;
}

static void
check_penalty(double penalty)
{
	if (!(penalty >= 0 && penalty <= GREATEST_PENALTY))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a penalty is a number from 0 to %g", GREATEST_PENALTY),
				 errdetail("It is %g.", penalty)));
}

static void
check_same_penalty(double a, double b)
{
	if (a != b)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the penalty of a fit must be the same for all rows"),
				 errdetail("It is %g and %g.", a, b)));
}

/* The transition: a case more. */
Datum
add_case(FunctionCallInfo fcinfo, CaseKind kind, const Case *one, double penalty)
{
	Cases	   *cases = cases_argument(fcinfo, 0, kind);

	check_penalty(penalty);
	penalty += 0.0;				/* no negative zero */
	if (cases == NULL)
		cases = make_cases(kind, penalty, FIRST_ROOM);
	else
	{
		check_same_penalty(cases->penalty, penalty);
		if (!in_aggregate(fcinfo) || cases->count == CASES_ROOM(cases))
			cases = merge_cases(cases, NULL, 1);
	}
	cases->cases[cases->count++] = *one;
	PG_RETURN_BYTEA_P(cases);
}

static Datum
combine_cases(FunctionCallInfo fcinfo, CaseKind kind)
{
	Cases	   *a = cases_argument(fcinfo, 0, kind);
	Cases	   *b = cases_argument(fcinfo, 1, kind);

	/* (that of no rows adds nothing) */
	if (a == NULL || b == NULL)
		return PG_GETARG_DATUM(b == NULL ? 0 : 1);
	check_same_penalty(a->penalty, b->penalty);
	PG_RETURN_BYTEA_P(merge_cases(a, b, 1));
}

PG_FUNCTION_INFO_V1(bgnbd_combine);
Datum
bgnbd_combine(PG_FUNCTION_ARGS)
{
	return combine_cases(fcinfo, BGNBD_CASES);
}

PG_FUNCTION_INFO_V1(gamma_gamma_combine);
Datum
gamma_gamma_combine(PG_FUNCTION_ARGS)
{
	return combine_cases(fcinfo, GAMMA_GAMMA_CASES);
}

/* For the final function: all cases, in their order and each once. */
Cases *
sorted_cases(FunctionCallInfo fcinfo, CaseKind kind)
{
	Cases	   *cases = cases_argument(fcinfo, 0, kind);

	return cases == NULL ? make_cases(kind, 0, 0) : merge_cases(cases, NULL, 0);
}
