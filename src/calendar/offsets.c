/*-------------------------------------------------------------------------
 *
 * offsets.c
 *	  Looking up a zone's offsets.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "calendar/offsets.h"

/* Where the search for an instant begins; the segments are there already. */
void
index_offsets(Offsets *offsets)
{
	for (int bucket = 0, i = 0; bucket < OFFSET_BUCKETS; bucket++)
	{
		TimestampTz start = ZONE_FROM + ((TimestampTz) bucket << OFFSET_BUCKET_SHIFT);

		while (i + 1 < offsets->nsegments && offsets->segments[i + 1].from <= start)
			i++;
		offsets->buckets[bucket] = i;
	}
}

/*
 * The first instant at which the zone's clock reads `local` or later, from
 * ZONE_FROM to ZONE_TO: of a reading that comes twice the first, of one that is
 * skipped the change of the clock.
 */
TimestampTz
offsets_instant(const Offsets *offsets, int64 local)
{
	const ZoneSegment *segments = offsets->segments;
	TimestampTz at = local - USECS_PER_DAY; /* surely before it */
	int			i = 0;

	if (at > ZONE_FROM && at < ZONE_TO)
		i = offsets->buckets[OFFSET_BUCKET(at)];
	for (; i + 1 < offsets->nsegments; i++)
	{
		if (local < segments[i + 1].from + segments[i].offset)
			break;
	}
	at = Max(local - segments[i].offset, segments[i].from);
	return Min(at, ZONE_TO);
}

/*
 * The first instant from which on the zone's clock reads `local` or later for
 * good, from ZONE_FROM to ZONE_TO.  It is later than offsets_instant() where the
 * clock reads that, is set back to before it, and comes by again.
 */
TimestampTz
offsets_last_instant(const Offsets *offsets, int64 local)
{
	const ZoneSegment *segments = offsets->segments;
	int			i = offsets->nsegments - 1;
	TimestampTz at = local + USECS_PER_DAY; /* surely behind it */

	if (at > ZONE_FROM && at < ZONE_TO)
	{
		i = offsets->buckets[OFFSET_BUCKET(at)];
		while (i + 1 < offsets->nsegments && at >= segments[i + 1].from)
			i++;
	}
	/* Backwards, to the last segment that begins before the clock reads it. */
	while (i > 0 && local - segments[i].offset <= segments[i].from)
		i--;
	at = Max(local - segments[i].offset, ZONE_FROM);
	return Min(at, i + 1 < offsets->nsegments ? segments[i + 1].from : ZONE_TO);
}
