/*-------------------------------------------------------------------------
 *
 * customer_changes.c
 *	  That a customer has ordered is noted without a query.
 *
 * Whoever places an order waits until its customer stands in the shop's
 * customer_changes.  To start a function in PL/pgSQL and a query for that took a
 * fifth of all that an order costs, so the trigger of orders is the function here:
 * the customer of one new order of which nothing is refunded yet it adds to the
 * table, as INSERT INTO customer_changes (customer_id) does, and everything else is
 * the business of the shop's own note_new_orders().
 *
 * What is added, whoever orders could have added: without the privilege to, or if
 * the table is not as create_shop() makes it (there are policies, rules or triggers
 * for what is added, or other columns), it is left to the query, which knows what to
 * do.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "nodes/primnodes.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "base/keyed_rows.h"
#include "base/shop_triggers.h"

/* The columns of customer_changes, and no others. */
enum
{
	CHANGED_CUSTOMER,
	ENTRY,
	CHANGE_COLUMNS
};

/* The order that a statement added, if it was one. */
static bool
get_new_order(const TriggerData *trigger, Row *order)
{
	Tuplestorestate *rows = trigger->tg_newtable;
	TupleTableSlot *slot;
	bool		found;

	if (!TRIGGER_FIRED_AFTER(trigger->tg_event) || !TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) ||
		!TRIGGER_FIRED_BY_INSERT(trigger->tg_event) || rows == NULL || tuplestore_tuple_count(rows) != 1)
		return false;
	order->columns = RelationGetDescr(trigger->tg_relation);
	order->odd = false;
	slot = MakeSingleTupleTableSlot(order->columns, &TTSOpsMinimalTuple);
	tuplestore_select_read_pointer(rows, 0);
	tuplestore_rescan(rows);
	found = tuplestore_gettupleslot(rows, true, false, slot);
	if (found)
		order->tuple = ExecCopySlotHeapTuple(slot);
	ExecDropSingleTupleTableSlot(slot);
	return found;
}

static bool
is_refunded(Row *order)
{
	Datum		refunded = row_value(order, "refunded", NUMERICOID);

	return order->odd || !DatumGetBool(DirectFunctionCall2(numeric_eq, refunded, NumericGetDatum(int64_to_numeric(0))));
}

static bool
has_what_to_do_of_inserts(Relation relation)
{
	const		TriggerDesc *triggers = relation->trigdesc;

	return relation->rd_rules != NULL || relation->rd_rel->relrowsecurity || relation->rd_rel->relispartition ||
		(triggers != NULL &&
		 (triggers->trig_insert_before_row || triggers->trig_insert_after_row || triggers->trig_insert_instead_row ||
		  triggers->trig_insert_before_statement || triggers->trig_insert_after_statement));
}

/* As create_shop() makes it. */
static bool
is_plain(Relation changes, Oid key_type)
{
	TupleDesc	columns = RelationGetDescr(changes);

	return columns->natts == CHANGE_COLUMNS &&
		column_of(columns, "customer_id") == TupleDescAttr(columns, CHANGED_CUSTOMER) &&
		column_of(columns, "entry_id") == TupleDescAttr(columns, ENTRY) &&
		TupleDescAttr(columns, CHANGED_CUSTOMER)->atttypid == key_type &&
		TupleDescAttr(columns, ENTRY)->atttypid == INT8OID &&
		TupleDescAttr(columns, ENTRY)->attidentity != '\0' &&
		!has_what_to_do_of_inserts(changes);
}

/*
 * The sequence of the table that was written last.  To look for it costs as much as
 * everything else that is done here; if it becomes another, the table is changed.
 */
static Oid	known_table = InvalidOid;
static Oid	known_sequence = InvalidOid;

static void
forget_sequence(Datum argument, Oid relation)
{
	if (relation == known_table || !OidIsValid(relation))
		known_table = InvalidOid;
}

static int64
next_entry(Relation changes)
{
	static bool listens = false;

	if (!listens)
		CacheRegisterRelcacheCallback(forget_sequence, (Datum) 0);
	listens = true;
	if (known_table != RelationGetRelid(changes))
	{
		known_sequence = castNode(NextValueExpr, build_column_default(changes, ENTRY + 1))->seqid;
		known_table = RelationGetRelid(changes);
	}
	return nextval_internal(known_sequence, false);
}

static bool
may_add(Relation changes)
{
	Oid			relation = RelationGetRelid(changes);

	return may_use_schema(RelationGetNamespace(changes), GetUserId()) &&
		(pg_class_aclcheck(relation, GetUserId(), ACL_INSERT) == ACLCHECK_OK ||
		 pg_attribute_aclcheck(relation, CHANGED_CUSTOMER + 1, GetUserId(), ACL_INSERT) == ACLCHECK_OK);
}

static void
add_change(Relation changes, Datum customer, int64 entry)
{
	EState	   *state = CreateExecutorState();
	ResultRelInfo *target = palloc(sizeof(ResultRelInfo));
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(changes), &TTSOpsVirtual);

	InitResultRelInfo(target, changes, 0, NULL, 0);
	ExecOpenIndices(target, false);
	ExecClearTuple(slot);
	memset(slot->tts_isnull, false, CHANGE_COLUMNS * sizeof(bool));
	slot->tts_values[CHANGED_CUSTOMER] = customer;
	slot->tts_values[ENTRY] = Int64GetDatum(entry);
	ExecStoreVirtualTuple(slot);
	ExecSimpleRelationInsert(target, state, slot);
	ExecCloseIndices(target);
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(state);
}

/* Notes the customer of an order; false, with nothing done, if that is left to the shop. */
static bool
note_customer(Relation orders, Row *order)
{
	Form_pg_attribute key = column_of(order->columns, "customer_id");
	Oid			relation = get_relname_relid("customer_changes", RelationGetNamespace(orders));
	Datum		customer;
	Relation	changes;
	bool		noted;

	if (key == NULL || !OidIsValid(relation) || get_rel_relkind(relation) != RELKIND_RELATION)
		return false;
	customer = row_value(order, "customer_id", key->atttypid);
	if (order->odd)
		return false;
	changes = table_open(relation, RowExclusiveLock);
	noted = is_plain(changes, key->atttypid) && may_add(changes);
	if (noted)
		add_change(changes, customer, next_entry(changes));
	table_close(changes, NoLock);
	return noted;
}

PG_FUNCTION_INFO_V1(note_new_orders);
Datum
note_new_orders(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_data(fcinfo);
	Row			order;

	if (!get_new_order(trigger, &order) || is_refunded(&order) || !note_customer(trigger->tg_relation, &order))
		return ask_shop(fcinfo, "note_new_orders");
	return PointerGetDatum(NULL);
}
