/*-------------------------------------------------------------------------
 *
 * rule_cache.c
 *	  Rules that a function gets as an array of rows, read once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/row_types.h"
#include "base/rule_cache.h"

/* What is kept from call to call. */
typedef struct RuleCache
{
	MemoryContext context;		/* of all that follows */
	ArrayType  *source;			/* NULL: nothing is kept */
	const void *rules;
} RuleCache;

/*
 * Every question looks at every rule, and rules are compared with each other
 * when they are read.  A shop has a dozen; ten thousand compare within a second.
 */
#define MAX_RULES		10000

/* Steps to the next row that is not NULL; false after the last. */
bool
next_rule(RuleRows *rows)
{
	HeapTupleHeader header;
	HeapTupleData tuple;

	while (rows->next < rows->n && rows->missing[rows->next])
		rows->next++;
	if (rows->next == rows->n)
		return false;
	CHECK_FOR_INTERRUPTS();
	header = DatumGetHeapTupleHeader(rows->elements[rows->next++]);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, rows->tupdesc, rows->values, rows->nulls);
	rows->row = HeapTupleHeaderGetDatum(header);
	return true;
}

static void
open_rules(RuleRows *rows, ArrayType *array, int columns)
{
	rows->tupdesc = lookup_rowtype_tupdesc_copy(ARR_ELEMTYPE(array), -1);
	check_columns(rows->tupdesc, columns);
	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE,
					  &rows->elements, &rows->missing, &rows->n);
	rows->next = 0;
	if (rows->n > MAX_RULES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rules"),
				 errdetail("There are %d, and the limit is %d.", rows->n, MAX_RULES)));
}

/* The reader's points into the copy that is kept. */
static void
read_rules(FunctionCallInfo fcinfo, RuleCache *cache, ArrayType *array, int columns,
		   RuleReader reader)
{
	MemoryContext caller;
	RuleRows	rows;

	cache->source = NULL;
	MemoryContextReset(cache->context);
	caller = MemoryContextSwitchTo(cache->context);
	array = memcpy(palloc(VARSIZE(array)), array, VARSIZE(array));
	open_rules(&rows, array, columns);
	cache->rules = reader(fcinfo, &rows);
	cache->source = array;
	MemoryContextSwitchTo(caller);
}

/* `place` is NULL at first, and is as long there as the function's fn_extra. */
const void *
kept_rules(FunctionCallInfo fcinfo, void **place, int argno, int columns, RuleReader reader)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(argno);
	RuleCache  *cache = *place;

	if (cache == NULL)
	{
		cache = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(RuleCache));
		cache->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "loyalcs rules",
											   ALLOCSET_SMALL_SIZES);
		*place = cache;
	}
	if (cache->source == NULL || VARSIZE(cache->source) != VARSIZE(array) ||
		memcmp(cache->source, array, VARSIZE(array)) != 0)
		read_rules(fcinfo, cache, array, columns, reader);
	return cache->rules;
}

const void *
cached_rules(FunctionCallInfo fcinfo, int argno, int columns, RuleReader reader)
{
	return kept_rules(fcinfo, &fcinfo->flinfo->fn_extra, argno, columns, reader);
}
