/*-------------------------------------------------------------------------
 *
 * shop_triggers.c
 *	  What triggers of a shop's tables have in common: see shop_triggers.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/shop_triggers.h"

TriggerData *
trigger_data(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s is a trigger of a shop's tables", format_procedure(fcinfo->flinfo->fn_oid)),
				 errhint("create_shop() makes these triggers.")));
	return (TriggerData *) fcinfo->context;
}

/* What the shop's own function of this name makes of it. */
Datum
ask_shop(FunctionCallInfo fcinfo, const char *name)
{
	LOCAL_FCINFO(asked, 0);
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Relation	relation = trigger->tg_relation;
	Oid			schema = RelationGetNamespace(relation);
	Oid			function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
										   PointerGetDatum(buildoidvector(NULL, 0)), ObjectIdGetDatum(schema));
	FmgrInfo	info;
	Datum		result;

	if (!OidIsValid(function) || get_func_rettype(function) != TRIGGEROID ||
		!may_execute(function, relation->rd_rel->relowner))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("%s() is no trigger function of the owner of %s",
						quote_qualified_identifier(get_namespace_name(schema), name), RelationGetRelationName(relation)),
				 errhint("create_shop() makes the function and its trigger.")));
	fmgr_info(function, &info);
	InitFunctionCallInfoData(*asked, &info, 0, InvalidOid, (Node *) trigger, NULL);
	result = FunctionCallInvoke(asked);
	fcinfo->isnull = asked->isnull;
	return result;
}
