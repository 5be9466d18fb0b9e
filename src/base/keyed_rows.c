/*-------------------------------------------------------------------------
 *
 * keyed_rows.c
 *	  Rows as a trigger in C meets them: see keyed_rows.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/keyed_rows.h"

Form_pg_attribute
column_of(TupleDesc columns, const char *name)
{
	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		if (!column->attisdropped && strcmp(NameStr(column->attname), name) == 0)
			return column;
	}
	return NULL;
}

/* A column's value; of a row without it, 0 and an odd row. */
Datum
row_value(Row *row, const char *column, Oid type)
{
	Form_pg_attribute found = column_of(row->columns, column);
	bool		isnull = true;
	Datum		value = 0;

	if (found != NULL && found->atttypid == type)
		value = heap_getattr(row->tuple, found->attnum, row->columns, &isnull);
	if (isnull)
	{
		row->odd = true;
		return (Datum) 0;
	}
	return value;
}

int64
row_bigint(Row *row, const char *column)
{
	Datum		value = row_value(row, column, INT8OID);

	return row->odd ? 0 : DatumGetInt64(value);
}

TimestampTz
row_timestamptz(Row *row, const char *column)
{
	Datum		value = row_value(row, column, TIMESTAMPTZOID);

	return row->odd ? 0 : DatumGetTimestampTz(value);
}

/* Whether a column says one of some words, the last of which is followed by NULL. */
bool
row_says(Row *row, const char *column, const char *const *words)
{
	Datum		value = row_value(row, column, TEXTOID);
	text	   *said;

	if (row->odd)
		return false;
	said = DatumGetTextPP(value);
	for (; *words != NULL; words++)
	{
		size_t		length = strlen(*words);

		if (VARSIZE_ANY_EXHDR(said) == length && memcmp(VARDATA_ANY(said), *words, length) == 0)
			return true;
	}
	return false;
}

/* Whether a column, of whatever type, says anything; so does one that is not there. */
bool
row_has(Row *row, const char *column)
{
	Form_pg_attribute found = column_of(row->columns, column);

	return found == NULL || !heap_attisnull(row->tuple, found->attnum, row->columns);
}

/*
 * Whether a column of the same name and type says the same in both, to the byte;
 * two values that are equal in another way are not found to be.
 */
bool
rows_agree(Row *one, Row *other, const char *column)
{
	Form_pg_attribute in_one = column_of(one->columns, column);
	Form_pg_attribute in_other = column_of(other->columns, column);
	Datum		value,
				other_value;
	bool		isnull,
				other_isnull;

	if (in_one == NULL || in_other == NULL || in_one->atttypid != in_other->atttypid)
		return false;
	value = heap_getattr(one->tuple, in_one->attnum, one->columns, &isnull);
	other_value = heap_getattr(other->tuple, in_other->attnum, other->columns, &other_isnull);
	if (isnull || other_isnull)
		return isnull && other_isnull;
	return datum_image_eq(value, other_value, in_one->attbyval, in_one->attlen);
}

/* Changes a column, in a copy. */
void
row_set(Row *row, const char *column, Oid type, Datum value)
{
	Form_pg_attribute found = column_of(row->columns, column);
	int			number;
	bool		isnull = false;

	if (found == NULL || found->atttypid != type)
	{
		row->odd = true;
		return;
	}
	number = found->attnum;
	row->tuple = heap_modify_tuple_by_cols(row->tuple, row->columns, 1, &number, &value, &isnull);
}

/* The primary key of a table, if it is a B-tree over (at least) these columns first. */
static Oid
primary_key(Relation heap, const Key *key)
{
	list_free(RelationGetIndexList(heap));
	for (int i = 0; i < key->length; i++)
	{
		Form_pg_attribute column = column_of(RelationGetDescr(heap), key->column[i]);

		if (column == NULL || column->atttypid != key->type[i])
			return InvalidOid;
	}
	return heap->rd_pkindex;
}

static bool
is_over(Relation index, Relation heap, const Key *key)
{
	if (index->rd_rel->relam != BTREE_AM_OID || IndexRelationGetNumberOfKeyAttributes(index) < key->length)
		return false;
	for (int i = 0; i < key->length; i++)
		if (index->rd_index->indkey.values[i] != column_of(RelationGetDescr(heap), key->column[i])->attnum)
			return false;
	return true;
}

static bool
make_scan_keys(ScanKey keys, Relation index, const Key *key)
{
	for (int i = 0; i < key->length; i++)
	{
		StrategyNumber strategy = key->above && i == key->length - 1 ? BTGreaterStrategyNumber : BTEqualStrategyNumber;
		Oid			type = index->rd_opcintype[i];
		Oid			operator = get_opfamily_member(index->rd_opfamily[i], type, type, strategy);

		if (!OidIsValid(operator))
			return false;
		ScanKeyEntryInitialize(&keys[i], 0, i + 1, strategy, type, index->rd_indcollation[i],
							   get_opcode(operator), key->value[i]);
	}
	return true;
}

/*
 * Opens a table of the same schema, for its rows of a key in the key's order, as
 * they are by now: like a query in a trigger, it sees what was done before, by the
 * statement that the trigger is of too.  False, with nothing open, if there is no
 * such table, or it has no such key, or policies of its own.
 */
bool
open_keyed_table(KeyedTable *table, Relation beside, const char *name, LOCKMODE lock, const Key *key)
{
	Oid			relation = get_relname_relid(name, RelationGetNamespace(beside));
	ScanKeyData keys[KEY_COLUMNS];
	Oid			index;

	Assert(key->length > 0 && key->length <= KEY_COLUMNS);
	if (!OidIsValid(relation) || get_rel_relkind(relation) != RELKIND_RELATION)
		return false;
	table->heap = table_open(relation, lock);
	index = table->heap->rd_rel->relrowsecurity ? InvalidOid : primary_key(table->heap, key);
	if (!OidIsValid(index))
	{
		table_close(table->heap, NoLock);
		return false;
	}
	table->index = index_open(index, AccessShareLock);
	if (!is_over(table->index, table->heap, key) || !make_scan_keys(keys, table->index, key))
	{
		index_close(table->index, NoLock);
		table_close(table->heap, NoLock);
		return false;
	}
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	table->slot = table_slot_create(table->heap, NULL);
	table->scan = begin_index_scan(table->heap, table->index, GetActiveSnapshot(), key->length);
	index_rescan(table->scan, keys, key->length, NULL, 0);
	return true;
}

/* A copy of the next row, in the memory that is current. */
bool
next_keyed_row(KeyedTable *table, Row *row)
{
	if (!index_getnext_slot(table->scan, ForwardScanDirection, table->slot))
		return false;
	row->columns = RelationGetDescr(table->heap);
	row->tuple = ExecCopySlotHeapTuple(table->slot);
	row->odd = false;
	return true;
}

/*
 * Locks the row that came last as FOR NO KEY UPDATE does.  False if another
 * session has changed it meanwhile: then it is not the row that was read.
 */
bool
lock_keyed_row(KeyedTable *table, Row *row)
{
	TM_FailureData failure;

	if (table_tuple_lock(table->heap, &table->slot->tts_tid, GetActiveSnapshot(), table->slot,
						 GetCurrentCommandId(false), LockTupleNoKeyExclusive, LockWaitBlock, 0, &failure) != TM_Ok)
		return false;
	row->tuple = ExecCopySlotHeapTuple(table->slot);
	return true;
}

/* The locks stay until the transaction ends, as those of a query do. */
void
close_keyed_table(KeyedTable *table)
{
	index_endscan(table->scan);
	ExecDropSingleTupleTableSlot(table->slot);
	PopActiveSnapshot();
	index_close(table->index, NoLock);
	table_close(table->heap, NoLock);
}
