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
#include "pgtime.h"

/* What segments cover: 1900-01-01 to 2100-01-01, UTC. */
#define ZONE_FROM	((TimestampTz) -36524 * USECS_PER_DAY)
#define ZONE_TO		((TimestampTz) 36525 * USECS_PER_DAY)

/* From `from` on, up to the next segment, local time is UTC + offset. */
typedef struct ZoneSegment
{
	TimestampTz from;
	int64		offset;			/* microseconds */
} ZoneSegment;

typedef struct Zone Zone;

extern const Zone *zone_argument(FunctionCallInfo fcinfo, int argno);
extern const Zone *zone_of(pg_tz *tz);
extern int64 zone_offset(const Zone *zone, TimestampTz at);
extern const ZoneSegment *zone_segments(const Zone *zone, int *nsegments);
extern TimestampTz zone_instant(const Zone *zone, int64 local);

#endif							/* LOYALCS_ZONE_H */
