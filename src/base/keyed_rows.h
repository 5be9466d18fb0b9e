/*-------------------------------------------------------------------------
 *
 * keyed_rows.h
 *	  Rows as a trigger in C meets them: columns by their names, and rows of
 *	  other tables of the same schema by their primary keys, without a query.
 *
 * A trigger acts for whoever writes, on tables that may be anybody's: nothing is
 * taken for granted of them.  A column that is not there, of another type or
 * NULL makes a row odd, and a table without the key that is asked for is not
 * opened; what then is to be done, the caller knows.  As a foreign key does, such
 * a trigger reads what whoever writes may not be allowed to: it must let out no
 * more than that a row is as it should be.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_KEYED_ROWS_H
#define LOYALCS_KEYED_ROWS_H

#include "access/genam.h"
#include "access/htup.h"
#include "access/tupdesc.h"
#include "utils/rel.h"

typedef struct Row
{
	TupleDesc	columns;
	HeapTuple	tuple;
	bool		odd;			/* something was asked of it that it has not */
} Row;

extern Form_pg_attribute column_of(TupleDesc columns, const char *name);
extern Datum row_value(Row *row, const char *column, Oid type);
extern int64 row_bigint(Row *row, const char *column);
extern TimestampTz row_timestamptz(Row *row, const char *column);
extern bool row_says(Row *row, const char *column, const char *const *words);
extern bool row_has(Row *row, const char *column);
extern void row_set(Row *row, const char *column, Oid type, Datum value);
extern bool rows_agree(Row *one, Row *other, const char *column);

/* The columns of the longest key here. */
#define KEY_COLUMNS 3

/* A row is looked for by the first of these columns that have a value. */
typedef struct Key
{
	const char *column[KEY_COLUMNS];
	Datum		value[KEY_COLUMNS];
	Oid			type[KEY_COLUMNS];
	int			length;
	bool		above;			/* of the last: what is greater, in its order */
} Key;

typedef struct KeyedTable
{
	Relation	heap;
	Relation	index;
	IndexScanDesc scan;
	struct TupleTableSlot *slot;
} KeyedTable;

extern bool open_keyed_table(KeyedTable *table, Relation beside, const char *name, LOCKMODE lock, const Key *key);
extern bool next_keyed_row(KeyedTable *table, Row *row);
extern bool lock_keyed_row(KeyedTable *table, Row *row);
extern void close_keyed_table(KeyedTable *table);

#endif							/* LOYALCS_KEYED_ROWS_H */
