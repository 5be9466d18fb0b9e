/*-------------------------------------------------------------------------
 *
 * zone.c
 *	  Time zones whose offsets are looked up in nanoseconds.
 *
 * PostgreSQL's time zone code finds an offset by converting the whole instant
 * to broken-down local time, 0.4 us a row with what surrounds it.  But a
 * zone's offset is a step function with at most a few hundred steps, so each
 * zone that a session meets is turned once into a sorted array of segments.
 * An index by buckets of a hundred days says where to look: see offsets.h.  The
 * array covers 1900 to 2100; an instant outside asks PostgreSQL.
 *
 * Zones stay for the life of the backend: 16 bytes a clock change, 9 kB for a
 * zone with daylight saving.  The database has some 600 names; who makes up
 * others in POSIX's notation pays more to PostgreSQL, which keeps them too.
 *
 * A zone is what the time zone database or POSIX calls one.  An abbreviation
 * such as IST is none: what it means is a setting, and a function that took it
 * could be neither IMMUTABLE nor in an index.  Nor is a zone whose clock differs
 * from UTC by a day or more, which POSIX's notation allows (up to 167 hours): a
 * local day would not be near the day then, and everything here assumes so.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/primnodes.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "calendar/zone.h"

struct Zone
{
	char		name[TZ_STRLEN_MAX + 1];	/* hash key; must be first */
	pg_tz	   *tz;
	Offsets		offsets;
};

/* What fn_extra keeps of the last call: the name as written, and its zone. */
typedef struct LastZone
{
	const Zone *zone;
	bool		constant;		/* can the name not change between calls? */
	int			length;
	char		name[TZ_STRLEN_MAX + 1];
} LastZone;

static HTAB *zones = NULL;

static inline pg_time_t
unix_seconds(TimestampTz at)
{
	int64		seconds = at / USECS_PER_SEC - (at % USECS_PER_SEC < 0);

	return seconds +
		(pg_time_t) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
}

static inline TimestampTz
from_unix_seconds(pg_time_t seconds)
{
	return (seconds - (pg_time_t) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
			SECS_PER_DAY) * USECS_PER_SEC;
}

/*
 * Walks over the zone's clock changes.  Those that change only the name or the
 * daylight flag start no segment.  False if the clock is ever a day off.
 */
static bool
build_segments(Zone *zone)
{
	pg_time_t	at = unix_seconds(ZONE_FROM);
	TimestampTz from = ZONE_FROM;
	int			space = 8;
	int			n = 0;
	ZoneSegment *segments = palloc(space * sizeof(ZoneSegment));

	for (;;)
	{
		long		before;
		long		after;
		int			before_dst;
		int			after_dst;
		pg_time_t	boundary;
		int			found = pg_next_dst_boundary(&at, &before, &before_dst,
												 &boundary, &after, &after_dst,
												 zone->tz);

		if (found < 0)
			elog(ERROR, "could not read time zone \"%s\"", zone->name);
		if (labs(before) >= SECS_PER_DAY)
		{
			pfree(segments);
			return false;
		}
		if (n == 0 || segments[n - 1].offset != before * USECS_PER_SEC)
		{
			if (n == space)
			{
				space *= 2;
				segments = repalloc(segments, space * sizeof(ZoneSegment));
			}
			segments[n].from = from;
			segments[n].offset = before * USECS_PER_SEC;
			n++;
		}
		if (found == 0 || from_unix_seconds(boundary) >= ZONE_TO)
			break;
		at = boundary;
		from = from_unix_seconds(boundary);
	}

	/* One allocation for what stays, so that an error leaves nothing half. */
	zone->offsets.segments = MemoryContextAlloc(TopMemoryContext,
												n * sizeof(ZoneSegment) +
												OFFSET_BUCKETS * sizeof(int));
	zone->offsets.nsegments = n;
	memcpy(zone->offsets.segments, segments, n * sizeof(ZoneSegment));
	zone->offsets.buckets = (int *) (zone->offsets.segments + n);
	index_offsets(&zone->offsets);
	pfree(segments);
	return true;
}

/* The zone of that name, in any case; NULL if there is none. */
const Zone *
find_zone(const char *name)
{
	pg_tz	   *tz = pg_tzset(name);
	Zone	   *zone;
	bool		found;

	if (tz == NULL)
		return NULL;
	if (zones == NULL)
	{
		HASHCTL		control = {0};

		control.keysize = TZ_STRLEN_MAX + 1;
		control.entrysize = sizeof(Zone);
		zones = hash_create("loyalcs time zones", 16, &control,
							HASH_ELEM | HASH_STRINGS);
	}
	zone = hash_search(zones, pg_get_timezone_name(tz), HASH_ENTER, &found);
	if (!found)
	{
		zone->offsets.segments = NULL;
		zone->tz = tz;
	}
	/* (an error may have left it without) */
	if (zone->offsets.segments == NULL && !build_segments(zone))
	{
		hash_search(zones, pg_get_timezone_name(tz), HASH_REMOVE, NULL);
		return NULL;
	}
	return zone;
}

/* The name as the database spells it. */
const char *
zone_name(const Zone *zone)
{
	return zone->name;
}

/*
 * Is the argument a constant of the query's text?  Not get_fn_expr_arg_stable():
 * a parameter counts as stable there, and PL/pgSQL calls the same expression
 * with new parameters.
 */
static bool
is_constant(FunctionCallInfo fcinfo, int argno)
{
	Node	   *call = fcinfo->flinfo->fn_expr;

	return call != NULL && IsA(call, FuncExpr) &&
		IsA(list_nth(((FuncExpr *) call)->args, argno), Const);
}

/*
 * The zone that argument `argno` names.  In a query that is nearly always the
 * same, so the last name is kept, and compared unless it is a constant; being
 * remembered saves time, and nothing depends on it.
 */
const Zone *
zone_argument(FunctionCallInfo fcinfo, int argno)
{
	LastZone   *last = fcinfo->flinfo->fn_extra;
	text	   *name;
	int			length;
	char		buffer[TZ_STRLEN_MAX + 1];

	if (last != NULL && last->constant)
		return last->zone;

	name = PG_GETARG_TEXT_PP(argno);
	length = VARSIZE_ANY_EXHDR(name);
	if (last != NULL && last->length == length &&
		memcmp(last->name, VARDATA_ANY(name), length) == 0)
		return last->zone;

	text_to_cstring_buffer(name, buffer, sizeof(buffer));
	if (last == NULL)
		last = fcinfo->flinfo->fn_extra =
			MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(LastZone));
	last->constant = false;
	last->length = -1;
	last->zone = find_zone(buffer);
	if (last->zone == NULL)
		ereport(ERROR, ERR_UNKNOWN_ZONE(buffer));
	last->constant = is_constant(fcinfo, argno);
	/* A name too long for a zone was cut; it is not the one that was written. */
	if (length <= TZ_STRLEN_MAX)
	{
		memcpy(last->name, VARDATA_ANY(name), length);
		last->length = length;
	}
	return last->zone;
}

/* What local time is ahead of UTC by, in microseconds. */
int64
zone_offset(const Zone *zone, TimestampTz at)
{
	if (unlikely(at < ZONE_FROM || at >= ZONE_TO))
	{
		pg_time_t	seconds = unix_seconds(at);
		struct pg_tm *local = pg_localtime(&seconds, zone->tz);

		if (local == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("timestamp out of range")));
		return local->tm_gmtoff * USECS_PER_SEC;
	}

	return offset_at(&zone->offsets, at);
}

/* The offsets of 1900 to 2099. */
const Offsets *
zone_offsets(const Zone *zone)
{
	return &zone->offsets;
}

/* See offsets_instant(). */
TimestampTz
zone_instant(const Zone *zone, int64 local)
{
	return offsets_instant(&zone->offsets, local);
}

/* See offsets_last_instant(). */
TimestampTz
zone_last_instant(const Zone *zone, int64 local)
{
	return offsets_last_instant(&zone->offsets, local);
}
