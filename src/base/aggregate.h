/*-------------------------------------------------------------------------
 *
 * aggregate.h
 *	  What functions behind an aggregate ask before they touch a state.
 *
 * They can be called by anybody, outside of an aggregate and with a state that
 * no aggregate made.  So a state is checked before it is read, by one check for
 * all who read it, and changed in place only where the executor owns it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_AGGREGATE_H
#define LOYALCS_AGGREGATE_H

#include "fmgr.h"
#include "nodes/execnodes.h"

#include "base/compat.h"

/*
 * Does an aggregate call?  AggCheckCallContext() tells more, but it is a call
 * across libraries for every row.
 */
static inline bool
in_aggregate(FunctionCallInfo fcinfo)
{
	return fcinfo->context != NULL &&
		(IsA(fcinfo->context, AggState) || IsA(fcinfo->context, WindowAggState));
}

/* A row that says nothing: the state stays what it is, NULL too. */
static inline Datum
keep_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/*
 * A state of bytea that holds numbers of eight bytes.  A bytea in a tuple stands
 * at any multiple of four; such a one is copied.
 */
static inline void *
aligned_state(FunctionCallInfo fcinfo, int argno)
{
	struct varlena *state = PG_GETARG_VARLENA_P(argno);
	void	   *copy;

	if (likely((void *) MAXALIGN(state) == (void *) state))
		return state;
	copy = palloc(VARSIZE(state));
	memcpy(copy, state, VARSIZE(state));
	return copy;
}

/* A state that is none: `detail` says, in a sentence, what is wrong. */
static inline void
check_state(bool valid, const char *detail)
{
	if (unlikely(!valid))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is not the state of an aggregate"),
				 errdetail_internal("%s", detail),
				 errhint("Call the aggregate; the functions behind it are for the server.")));
}

#endif							/* LOYALCS_AGGREGATE_H */
