/*-------------------------------------------------------------------------
 *
 * offsets.h
 *	  What a zone's clock is ahead of UTC by, as a step function.
 *
 * Pure, so that what is built on it can be tested without a server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_OFFSETS_H
#define LOYALCS_OFFSETS_H

#include "datatype/timestamp.h"

#include "base/civil.h"

/* What segments cover: 1900-01-01 to 2100-01-01, UTC. */
#define ZONE_FROM	((TimestampTz) CIVIL_FIRST_DAY * USECS_PER_DAY)
#define ZONE_TO		((TimestampTz) CIVIL_END_DAY * USECS_PER_DAY)

/* 2^43 microseconds, 101.8 days: hardly a zone changes its clocks twice in that. */
#define OFFSET_BUCKET_SHIFT	43
#define OFFSET_BUCKET(at)	((int) (((at) - ZONE_FROM) >> OFFSET_BUCKET_SHIFT))
#define OFFSET_BUCKETS		(OFFSET_BUCKET(ZONE_TO - 1) + 1)

/* From `from` on, up to the next segment, local time is UTC + offset. */
typedef struct ZoneSegment
{
	TimestampTz from;
	int64		offset;			/* microseconds, less than a day */
} ZoneSegment;

/*
 * Ascending; the first segment begins with ZONE_FROM, the last ends with
 * ZONE_TO.  The buckets say in which segment each stretch of a hundred days
 * begins, so a search is a step or two.
 */
typedef struct Offsets
{
	int			nsegments;
	ZoneSegment *segments;
	int		   *buckets;		/* OFFSET_BUCKETS of them */
} Offsets;

extern void index_offsets(Offsets *offsets);
extern TimestampTz offsets_instant(const Offsets *offsets, int64 local);
extern TimestampTz offsets_last_instant(const Offsets *offsets, int64 local);

static inline int64
offset_at(const Offsets *offsets, TimestampTz at)
{
	int			i;

	Assert(at >= ZONE_FROM && at < ZONE_TO);
	i = offsets->buckets[OFFSET_BUCKET(at)];
	while (i + 1 < offsets->nsegments && at >= offsets->segments[i + 1].from)
		i++;
	return offsets->segments[i].offset;
}

#endif							/* LOYALCS_OFFSETS_H */
