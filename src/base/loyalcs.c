/*-------------------------------------------------------------------------
 *
 * loyalcs.c
 *	  The module itself: its magic block and its version.
 *
 * The core reads no table, runs no query and does not look at the clock; it
 * has no settings and no shared memory.  Each concept stands in a file of its
 * own, named as its SQL, its test and its page in doc/ are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(
					.name = "loyalcs",
					.version = LOYALCS_VERSION
);
#else
PG_MODULE_MAGIC;
#endif

/*
 * The version that the shared library was built as.  It differs from the
 * extension's when a new package was installed and ALTER EXTENSION has not
 * run yet; that is what people ask it for.
 */
PG_FUNCTION_INFO_V1(loyalcs_version);
Datum
loyalcs_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(LOYALCS_VERSION));
}
