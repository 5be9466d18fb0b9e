/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Every difference between PostgreSQL 15, 16, 17 and 18 that the C code
 *	  meets, in one place.  Each shim says which version brought the feature;
 *	  when that version is the oldest we support, the shim goes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_COMPAT_H
#define LOYALCS_COMPAT_H

#include "parser/scansup.h"
#include "utils/datetime.h"
#include "utils/rangetypes.h"

#if PG_VERSION_NUM < 150000
#error "loyalcs needs PostgreSQL 15 or newer"
#endif

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/*
 * New in 16: soft errors.  Before that a bad value is an error like any other.
 */
#ifndef ereturn
#define ereturn(context, dummy_value, ...) \
	do { \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
		return dummy_value; \
	} while (0)
#endif

/* New in 16: make_range() can report softly.  A range of ours is never wrong. */
static inline RangeType *
make_valid_range(TypeCacheEntry *type, RangeBound *lower, RangeBound *upper)
{
#if PG_VERSION_NUM >= 160000
	return make_range(type, lower, upper, false, NULL);
#else
	return make_range(type, lower, upper, false);
#endif
}

/* New in 17: infinite intervals. */
#ifndef INTERVAL_NOT_FINITE
#define INTERVAL_NOT_FINITE(interval) ((void) (interval), false)
#endif

/*
 * New in 16: DecodeTimezoneNameToTz().  It resolves a zone's name as
 * date_trunc(text, timestamptz, text) does: first as an abbreviation, then as
 * a name of the time zone database.
 */
static inline pg_tz *
timezone_by_name(const char *name)
{
#if PG_VERSION_NUM >= 160000
	return DecodeTimezoneNameToTz(name);
#else
	char	   *lower = downcase_truncate_identifier(name, strlen(name), false);
	int			offset;
	pg_tz	   *tz;
	int			type = DecodeTimezoneAbbrev(0, lower, &offset, &tz);

	if (type == TZ || type == DTZ)
		tz = pg_tzset_offset(-offset);
	else if (type != DYNTZ)
		tz = pg_tzset(name);
	if (tz == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", name)));
	return tz;
#endif
}

#endif							/* LOYALCS_COMPAT_H */
