/*-------------------------------------------------------------------------
 *
 * rule_cache.h
 *	  Rules that a function gets as an array of rows, read once.
 *
 * A query asks with the same rules for each of a million rows.  So the array of
 * the last call is kept, and what its reader made of it: in fn_extra, or where a
 * function that has more to keep there says.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_RULE_CACHE_H
#define LOYALCS_RULE_CACHE_H

#include "fmgr.h"
#include "access/tupdesc.h"

#define MAX_RULE_COLUMNS	16

/* The rows of an array, one after the other. */
typedef struct RuleRows
{
	TupleDesc	tupdesc;
	Datum	   *elements;
	bool	   *missing;		/* is the element NULL? */
	int			n;
	int			next;
	Datum		row;			/* where it is; its columns */
	Datum		values[MAX_RULE_COLUMNS];
	bool		nulls[MAX_RULE_COLUMNS];
} RuleRows;

/*
 * Makes of the rows what the function wants to have.  It is called in a context
 * that lives as long as the result, and the rows do too.
 */
typedef const void *(*RuleReader) (FunctionCallInfo fcinfo, RuleRows *rows);

extern const void *kept_rules(FunctionCallInfo fcinfo, void **place, int argno, int columns,
							  RuleReader reader);
extern const void *cached_rules(FunctionCallInfo fcinfo, int argno, int columns,
								RuleReader reader);
extern bool next_rule(RuleRows *rows);

#endif							/* LOYALCS_RULE_CACHE_H */
