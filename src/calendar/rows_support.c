/*-------------------------------------------------------------------------
 *
 * rows_support.c
 *	  What the planner is told of how many rows the calendar's functions give.
 *
 * A week and ten years differ by 500 times, and a constant is wrong for both: so
 * a join with a year of holidays was planned as one with twenty.  The number
 * follows from the time that is asked about, where the planner knows that (a
 * literal, or now() and what is reckoned from it).  It is a mean: to read the
 * schedule would cost more than to be wrong by half, which changes no plan.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "calendar/holidays.h"

/* 1756 in the hundred years from 1990 on. */
#define HOLIDAYS_A_DAY	(17.56 / 365.25)

/* Five a week where weekends are free, seven where none is, ten with a break at noon. */
#define PERIODS_A_DAY	(7 / 7.0)

/* The open time of each, and the closed time before it. */
#define STRETCHES_A_DAY	(2 * PERIODS_A_DAY)

/* Longer spans are errors: what is known are 200 years. */
#define MOST_DAYS		73050.0

/* A value that will be there when the query runs, as far as that can be told now. */
static bool
known_value(PlannerInfo *root, Node *node, Datum *value)
{
	node = estimate_expression_value(root, node);
	if (!IsA(node, Const) || ((Const *) node)->constisnull)
		return false;
	*value = ((Const *) node)->constvalue;
	return true;
}

/* japanese_holidays(from, to): both days are in it. */
static double
days_of_dates(Datum from, Datum to)
{
	double		first = Max(DatumGetDateADT(from), JAPANESE_HOLIDAYS_START);

	return DatumGetDateADT(to) - first + 1;
}

static double
days_of_instants(Datum from, Datum to)
{
	TimestampTz first = DatumGetTimestampTz(from);
	TimestampTz last = DatumGetTimestampTz(to);

	if (TIMESTAMP_NOT_FINITE(first) || TIMESTAMP_NOT_FINITE(last))
		return 0;
	return ((double) last - (double) first) / USECS_PER_DAY;
}

PG_FUNCTION_INFO_V1(rows_support);
Datum
rows_support(PG_FUNCTION_ARGS)
{
	SupportRequestRows *request = (SupportRequestRows *) PG_GETARG_POINTER(0);
	List	   *args;
	Oid			type;
	Datum		from;
	Datum		to;
	double		rows;

	if (!IsA(request, SupportRequestRows) || request->root == NULL ||
		!IsA(request->node, FuncExpr))
		PG_RETURN_POINTER(NULL);
	args = ((FuncExpr *) request->node)->args;
	if (list_length(args) < 2)
		PG_RETURN_POINTER(NULL);

	/* open_periods(hours, from, to) has them behind the schedule */
	type = exprType(linitial(args));
	if (type != DATEOID && type != TIMESTAMPTZOID)
		args = list_copy_tail(args, 1);
	if (list_length(args) < 2 || !known_value(request->root, linitial(args), &from) ||
		!known_value(request->root, lsecond(args), &to))
		PG_RETURN_POINTER(NULL);

	if (type == DATEOID)
		rows = days_of_dates(from, to) * HOLIDAYS_A_DAY;
	/* explain_business_time() goes either way */
	else if (type == TIMESTAMPTZOID)
		rows = fabs(days_of_instants(from, to)) * STRETCHES_A_DAY;
	else
		rows = days_of_instants(from, to) * PERIODS_A_DAY;
	request->rows = Min(Max(rows, 1), MOST_DAYS * STRETCHES_A_DAY);
	PG_RETURN_POINTER(request);
}
