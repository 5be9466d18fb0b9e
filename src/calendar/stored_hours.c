/*-------------------------------------------------------------------------
 *
 * stored_hours.c
 *	  The one way in for business hours that were stored.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "calendar/packed_hours.h"
#include "calendar/stored_hours.h"

void
check_stored_hours(const BusinessHours *hours)
{
	const char *wrong = check_hours(hours, VARSIZE(hours));

	if (wrong != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored business hours cannot be used"),
				 errdetail("%s", wrong)));
}

/* What comes from a table may be damaged, or from a newer version. */
BusinessHours *
stored_hours(Datum value)
{
	BusinessHours *hours = (BusinessHours *) PG_DETOAST_DATUM(value);

	check_stored_hours(hours);
	return hours;
}
