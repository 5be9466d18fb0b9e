/*-------------------------------------------------------------------------
 *
 * zone.h
 *	  A time zone whose offsets are looked up in nanoseconds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_ZONE_H
#define LOYALCS_ZONE_H

#include "fmgr.h"
#include "mb/pg_wchar.h"

#include "calendar/offsets.h"

typedef struct Zone Zone;

/*
 * The one message for a name that is no zone's, as the arguments of ereport()
 * and ereturn().
 */
#define ERR_UNKNOWN_ZONE(name) \
	(errcode(ERRCODE_INVALID_PARAMETER_VALUE), \
	 errmsg("time zone \"%.*s\" not recognized", \
			pg_mbcliplen(name, strlen(name), ZONE_NAME_SHOWN), name), \
	 errhint("Write a name such as Asia/Tokyo or America/New_York; pg_timezone_names lists them."))

/* The longest name in the database has 32 letters. */
#define ZONE_NAME_SHOWN	64

extern const Zone *find_zone(const char *name);
extern const Zone *zone_argument(FunctionCallInfo fcinfo, int argno);
extern const char *zone_name(const Zone *zone);
extern int64 zone_offset(const Zone *zone, TimestampTz at);
extern const Offsets *zone_offsets(const Zone *zone);
extern TimestampTz zone_instant(const Zone *zone, int64 local);
extern TimestampTz zone_last_instant(const Zone *zone, int64 local);

#endif							/* LOYALCS_ZONE_H */
