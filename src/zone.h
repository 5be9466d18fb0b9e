/*-------------------------------------------------------------------------
 *
 * zone.h
 *	  A time zone whose offsets are looked up in nanoseconds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_ZONE_H
#define LOYALCS_ZONE_H

#include "datatype/timestamp.h"
#include "fmgr.h"

/* From `from` on, up to the next segment, local time is UTC + offset. */
typedef struct ZoneSegment
{
	TimestampTz from;
	int64		offset;			/* microseconds */
} ZoneSegment;

typedef struct Zone Zone;

extern const Zone *zone_argument(FunctionCallInfo fcinfo, int argno);
extern int64 zone_offset(const Zone *zone, TimestampTz at);

#endif							/* LOYALCS_ZONE_H */
