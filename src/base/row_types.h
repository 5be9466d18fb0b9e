/*-------------------------------------------------------------------------
 *
 * row_types.h
 *	  Row types of ours, which their owner can change.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_ROW_TYPES_H
#define LOYALCS_ROW_TYPES_H

#include "access/tupdesc.h"
#include "utils/builtins.h"

/* A row type of ours has the columns that it was made with. */
static inline void
check_columns(TupleDesc tupdesc, int wanted)
{
	if (tupdesc->natts != wanted)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type %s is not as CREATE EXTENSION made it",
						format_type_be(tupdesc->tdtypeid)),
				 errdetail("It has %d columns, and had %d.", tupdesc->natts, wanted),
				 errhint("Make it anew: DROP EXTENSION loyalcs, then CREATE EXTENSION loyalcs.")));
}

#endif							/* LOYALCS_ROW_TYPES_H */
