/*-------------------------------------------------------------------------
 *
 * period_support.c
 *	  What the planner is told about in_local_date() and its kind: that they
 *	  are a range of their first argument.
 *
 * With it, an ordinary index on an instant finds the rows of a local month, and
 * the planner knows how many there are.  The range of known days in a known
 * zone is computed while planning; that of a parameter or a subquery's result is
 * left to local_bound().  Where a clock is set back over midnight, a local day
 * is not one stretch of time: the condition is checked again then, as it is
 * for years that no table covers.
 *
 * (An expression such as local_month(at, zone) = '2026-10-01' is out of reach:
 * the planner asks only about an operator's or a function's own arguments.)
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "calendar/period.h"

/* A call of in_local_x(at, zone, start) or in_local_dates(at, zone, from, to). */
typedef struct PeriodCall
{
	Oid			funcid;
	const Period *period;
	Node	   *at;
	Node	   *zone;
	Node	   *from;
	Node	   *to;
} PeriodCall;

/* Which period a function asks about, by its name. */
static const Period *
period_of_function(Oid funcid)
{
	static const char *const names[][2] = {
		{"in_local_date", "day"}, {"in_local_dates", "day"}, {"in_local_week", "week"},
		{"in_local_month", "month"}, {"in_local_quarter", "quarter"}, {"in_local_year", "year"}
	};
	const char *name = get_func_name(funcid);

	for (int i = 0; name != NULL && i < (int) lengthof(names); i++)
	{
		if (strcmp(names[i][0], name) == 0)
			return find_period(names[i][1]);
	}
	return NULL;
}

static bool
read_call(PeriodCall *call, Oid funcid, List *args)
{
	int			nargs = list_length(args);

	call->funcid = funcid;
	call->period = period_of_function(funcid);
	if (call->period == NULL || nargs < 3 || nargs > 4)
		return false;
	call->at = linitial(args);
	call->zone = lsecond(args);
	call->from = lthird(args);
	call->to = llast(args);
	return exprType(call->at) == TIMESTAMPTZOID && exprType(call->zone) == TEXTOID &&
		exprType(call->from) == DATEOID && exprType(call->to) == DATEOID;
}

static bool
is_value(Node *node)
{
	return IsA(node, Const) && !((Const *) node)->constisnull;
}

static Expr *
instant_constant(TimestampTz at)
{
	return (Expr *) makeConst(TIMESTAMPTZOID, -1, InvalidOid, sizeof(TimestampTz),
							  TimestampTzGetDatum(at), false, FLOAT8PASSBYVAL);
}

/* The two bounds, if days and zone are known; false if they are not. */
static bool
known_bounds(const PeriodCall *call, Expr **first, Expr **last, bool *exact)
{
	const Zone *zone;
	PeriodBounds bounds;

	if (!is_value(call->zone) || !is_value(call->from) || !is_value(call->to))
		return false;
	/* An unknown zone is for the function to report, if a row comes to it. */
	zone = find_zone(TextDatumGetCString(((Const *) call->zone)->constvalue));
	if (zone == NULL)
		return false;
	bounds = period_bounds(call->period,
						   DatumGetDateADT(((Const *) call->from)->constvalue),
						   DatumGetDateADT(((Const *) call->to)->constvalue), zone);
	*first = instant_constant(bounds.first);
	*last = instant_constant(bounds.last);
	*exact = bounds.exact;
	return true;
}

/* local_bound() is where the function that is asked about is. */
static Oid
find_local_bound(Oid funcid)
{
	const Oid	types[] = {TEXTOID, DATEOID, TEXTOID, BOOLOID};
	char	   *schema = get_namespace_name(get_func_namespace(funcid));

	if (schema == NULL)
		return InvalidOid;
	return LookupFuncName(list_make2(makeString(schema), makeString(pstrdup("local_bound"))),
						  lengthof(types), types, true);
}

static Expr *
bound_call(const PeriodCall *call, Oid local_bound, Node *start, bool is_last)
{
	Const	   *unit = makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1,
								 CStringGetTextDatum(call->period->name), false, false);

	return (Expr *) makeFuncExpr(local_bound, TIMESTAMPTZOID,
								 list_make4(unit, copyObject(start), copyObject(call->zone),
											makeBoolConst(is_last, false)),
								 InvalidOid, DEFAULT_COLLATION_OID, COERCE_EXPLICIT_CALL);
}

/* at >= first AND at <= last, as a list; NIL if the operators are not there. */
static List *
range_conditions(const PeriodCall *call, Oid opfamily, bool *exact)
{
	Oid			ge = get_opfamily_member(opfamily, TIMESTAMPTZOID, TIMESTAMPTZOID,
										 BTGreaterEqualStrategyNumber);
	Oid			le = get_opfamily_member(opfamily, TIMESTAMPTZOID, TIMESTAMPTZOID,
										 BTLessEqualStrategyNumber);
	Expr	   *first;
	Expr	   *last;

	if (!OidIsValid(ge) || !OidIsValid(le))
		return NIL;
	if (!known_bounds(call, &first, &last, exact))
	{
		Oid			local_bound = find_local_bound(call->funcid);

		if (!OidIsValid(local_bound))
			return NIL;
		first = bound_call(call, local_bound, call->from, false);
		last = bound_call(call, local_bound, call->to, true);
		*exact = false;
	}
	return list_make2(make_opclause(ge, BOOLOID, false, (Expr *) copyObject(call->at), first,
									InvalidOid, InvalidOid),
					  make_opclause(le, BOOLOID, false, (Expr *) copyObject(call->at), last,
									InvalidOid, InvalidOid));
}

static Node *
index_conditions(SupportRequestIndexCondition *request)
{
	PeriodCall	call;
	List	   *conditions;
	bool		exact;

	if (!IsA(request->node, FuncExpr) || request->indexarg != 0 ||
		!read_call(&call, request->funcid, ((FuncExpr *) request->node)->args) ||
		!is_pseudo_constant_for_index(request->root, call.zone, request->index) ||
		!is_pseudo_constant_for_index(request->root, call.from, request->index) ||
		!is_pseudo_constant_for_index(request->root, call.to, request->index))
		return NULL;
	conditions = range_conditions(&call, request->opfamily, &exact);
	if (conditions == NIL)
		return NULL;
	request->lossy = !exact;
	return (Node *) conditions;
}

static Node *
selectivity(SupportRequestSelectivity *request)
{
	TypeCacheEntry *type = lookup_type_cache(TIMESTAMPTZOID, TYPECACHE_BTREE_OPFAMILY);
	PeriodCall	call;
	List	   *conditions;
	bool		exact;

	if (request->is_join || !read_call(&call, request->funcid, request->args))
		return NULL;
	conditions = range_conditions(&call, type->btree_opf, &exact);
	if (conditions == NIL)
		return NULL;
	request->selectivity = clauselist_selectivity(request->root, conditions, request->varRelid,
												  request->jointype, request->sjinfo);
	return (Node *) request;
}

PG_FUNCTION_INFO_V1(period_support);
Datum
period_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	Node	   *answer = NULL;

	if (IsA(request, SupportRequestIndexCondition))
		answer = index_conditions((SupportRequestIndexCondition *) request);
	else if (IsA(request, SupportRequestSelectivity))
		answer = selectivity((SupportRequestSelectivity *) request);
	PG_RETURN_POINTER(answer);
}
