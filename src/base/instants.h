/*-------------------------------------------------------------------------
 *
 * instants.h
 *	  Instants at which something happens.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_INSTANTS_H
#define LOYALCS_INSTANTS_H

#include "utils/timestamp.h"

static inline TimestampTz
check_instant(const char *what, TimestampTz at)
{
	if (unlikely(TIMESTAMP_NOT_FINITE(at)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s must not be infinite", what),
				 errhint("What has not happened, or is not known, is NULL.")));
	return at;
}

#endif							/* LOYALCS_INSTANTS_H */
