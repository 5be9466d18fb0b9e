/*-------------------------------------------------------------------------
 *
 * faults.c
 *	  A library of faults, built as ours is when it is built with checks for
 *	  undefined behaviour or for valgrind: each must be reported, or a run in
 *	  which nothing is reported proves nothing.  The first four are called what
 *	  the compiler's reports say.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(fault);

/* The compiler knows neither of these. */
static volatile int32 one = 1;
static volatile int64 most = PG_INT64_MAX;
static volatile double huge = 1e300;

/* Plants a fault; whatever comes of it is the result. */
Datum
fault(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *chunk = palloc0(24);
	int64		result = 0;

	if (strcmp(name, "signed integer overflow") == 0)
		result = most + one;
	else if (strcmp(name, "outside the range of representable values") == 0)
		result = (int64) huge;
	else if (strcmp(name, "misaligned address") == 0)
		result = *(int64 *) (chunk + one);
	else if (strcmp(name, "shift exponent") == 0)
		result = one << (one + 63);
	else if (strcmp(name, "read past the end") == 0)
	{
		if (chunk[23 + one])
			result = 1;
	}
	else if (strcmp(name, "read after pfree") == 0)
	{
		pfree(chunk);
		if (chunk[one])
			result = 1;
	}
	else
		elog(ERROR, "no such fault: %s", name);
	PG_RETURN_INT64(result);
}
