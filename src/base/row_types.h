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
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/regproc.h"

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

/* The columns of the row that a function of ours gives, by its OUT parameters. */
static inline TupleDesc
result_columns(FunctionCallInfo fcinfo)
{
	TupleDesc	tupdesc;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("function %s is not as CREATE EXTENSION made it",
						format_procedure(fcinfo->flinfo->fn_oid)),
				 errdetail("It gives no row."),
				 errhint("Make it anew: DROP EXTENSION loyalcs, then CREATE EXTENSION loyalcs.")));
	return BlessTupleDesc(tupdesc);
}

#endif							/* LOYALCS_ROW_TYPES_H */
