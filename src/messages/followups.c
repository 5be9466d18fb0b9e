/*-------------------------------------------------------------------------
 *
 * followups.c
 *	  When a follow-up is due, whom a sample takes, when a day comes round
 *	  again, and whether it helped.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/cryptohash.h"
#include "common/int.h"
#include "common/sha2.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "base/civil.h"
#include "base/compat.h"
#include "base/row_types.h"
#include "base/shares.h"
#include "base/stats.h"
#include "calendar/calendar.h"
#include "calendar/zone.h"

/*
 * Due
 */

static void
report_out_of_range(TimestampTz anchor)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("follow-up is due outside of the years 1900 to 2099"),
			 errdetail("It is counted from %s.", timestamptz_to_str(anchor))));
}

/*
 * The instant at which the zone's clock reads as it did at `anchor`, so many
 * months and days later.  The day is the month's last if it has none of that
 * number.  False if that is outside of the years.
 */
static bool
add_calendar_time(TimestampTz *anchor, int32 months, int32 days, const Zone *zone)
{
	int64		local = *anchor + zone_offset(zone, *anchor);
	int64		day = floor_div(local, USECS_PER_DAY);
	int64		clock = local - day * USECS_PER_DAY;
	int32		year;
	int			month;
	int			mday;
	int64		month_number;

	civil_from_day((int32) day, &year, &month, &mday);
	month_number = (int64) year * 12 + (month - 1) + months;
	year = (int32) floor_div(month_number, 12);
	month = (int) (month_number - (int64) year * 12) + 1;
	/* The day number of a year that far off would not fit. */
	if (year < 1000 || year > 3000)
		return false;
	day = (int64) day_from_civil(year, month, Min(mday, month_days(year, month))) + days;
	if (day < ZONE_FROM / USECS_PER_DAY - 1 || day > ZONE_TO / USECS_PER_DAY + 1)
		return false;
	*anchor = zone_instant(zone, day * USECS_PER_DAY + clock);
	return *anchor > ZONE_FROM && *anchor < ZONE_TO;
}

/* The delay after the anchor; false if one of the two is outside of the years. */
static bool
add_delay(FunctionCallInfo fcinfo, TimestampTz *due)
{
	Interval   *delay = PG_GETARG_INTERVAL_P(1);

	if (*due < ZONE_FROM || *due >= ZONE_TO)
		return false;
	if ((delay->month != 0 || delay->day != 0) &&
		!add_calendar_time(due, delay->month, delay->day, zone_argument(fcinfo, 2)))
		return false;
	return !pg_add_s64_overflow(*due, delay->time, due) &&
		*due >= ZONE_FROM && *due < ZONE_TO;
}

PG_FUNCTION_INFO_V1(followup_due);
Datum
followup_due(PG_FUNCTION_ARGS)
{
	TimestampTz due;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	due = PG_GETARG_TIMESTAMPTZ(0);
	if (TIMESTAMP_NOT_FINITE(due))
		PG_RETURN_TIMESTAMPTZ(due);
	if (!add_delay(fcinfo, &due))
		report_out_of_range(PG_GETARG_TIMESTAMPTZ(0));
	if (!PG_ARGISNULL(3))
		due = open_after(calendar_argument(fcinfo, 3), due, 0);
	PG_RETURN_TIMESTAMPTZ(due);
}

/* The same, but NULL where that is an error. */
PG_FUNCTION_INFO_V1(try_followup_due);
Datum
try_followup_due(PG_FUNCTION_ARGS)
{
	TimestampTz due;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	due = PG_GETARG_TIMESTAMPTZ(0);
	if (TIMESTAMP_NOT_FINITE(due))
		PG_RETURN_TIMESTAMPTZ(due);
	if (!add_delay(fcinfo, &due))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(3) &&
		try_open_after(calendar_argument(fcinfo, 3), due, 0, &due) != OPEN_FOUND)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(due);
}

/*
 * Samples
 */

/* 2^52: thirteen hexadecimal digits, which a float8 holds exactly. */
#define SAMPLE_POINTS	UINT64CONST(0x10000000000000)

static void
hash_text(pg_cryptohash_ctx *hash, const char *data, int length)
{
	char	   *utf8 = pg_server_to_any(data, length, PG_UTF8);

	if (pg_cryptohash_update(hash, (const uint8 *) utf8,
							 utf8 == data ? (size_t) length : strlen(utf8)) < 0)
		elog(ERROR, "could not compute a hash");
}

/*
 * Where between 0 and 1 a key falls under a salt: the first 52 bits of the
 * SHA-256 of "salt:key".  A hash of PostgreSQL's own would be faster, but
 * those differ by byte order and may change with a major version.
 */
static float8
sample_point(struct varlena *salt, const char *key, int length)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	uint64		point = 0;

	if (hash == NULL || pg_cryptohash_init(hash) < 0)
		elog(ERROR, "could not compute a hash");
	hash_text(hash, VARDATA_ANY(salt), VARSIZE_ANY_EXHDR(salt));
	hash_text(hash, ":", 1);
	hash_text(hash, key, length);
	if (pg_cryptohash_final(hash, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not compute a hash");
	pg_cryptohash_free(hash);
	for (int i = 0; i < 7; i++)
		point = point << 8 | digest[i];
	return (float8) (point >> 4) / (float8) SAMPLE_POINTS;
}

static float8
check_share(float8 share)
{
	if (isnan(share) || share < 0 || share > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share of a sample must be between 0 and 1"),
				 errdetail("It is %g.", share),
				 errhint("Write 0.1 for ten per cent.")));
	return share;
}

PG_FUNCTION_INFO_V1(in_sample_text);
Datum
in_sample_text(PG_FUNCTION_ARGS)
{
	text	   *key = PG_GETARG_TEXT_PP(0);
	float8		share = check_share(PG_GETARG_FLOAT8(2));

	PG_RETURN_BOOL(sample_point(PG_GETARG_TEXT_PP(1),
								VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)) < share);
}

PG_FUNCTION_INFO_V1(in_sample_bigint);
Datum
in_sample_bigint(PG_FUNCTION_ARGS)
{
	char		key[MAXINT8LEN + 1];
	float8		share = check_share(PG_GETARG_FLOAT8(2));

	PG_RETURN_BOOL(sample_point(PG_GETARG_TEXT_PP(1), key,
								pg_lltoa(PG_GETARG_INT64(0), key)) < share);
}

/*
 * Anniversaries
 */

/* The day's anniversary in a year; 29 February's is the last of February. */
static DateADT
anniversary_in(int32 year, int month, int mday)
{
	return day_from_civil(year, month, Min(mday, month_days(year, month)));
}

PG_FUNCTION_INFO_V1(next_anniversary);
Datum
next_anniversary(PG_FUNCTION_ARGS)
{
	DateADT		day = PG_GETARG_DATEADT(0);
	DateADT		after = PG_GETARG_DATEADT(1);
	int32		year;
	int			month;
	int			mday;
	int32		after_year;
	int			ignored;
	DateADT		next;

	if (DATE_NOT_FINITE(day))
		PG_RETURN_NULL();
	if (DATE_IS_NOEND(after))
		PG_RETURN_DATEADT(after);
	/* The first is a year after the day itself, however early one asks. */
	after = Max(after, day);
	civil_from_day(day, &year, &month, &mday);
	civil_from_day(after, &after_year, &ignored, &ignored);
	next = anniversary_in(Max(after_year, year + 1), month, mday);
	if (next <= after)
		next = anniversary_in(after_year + 1, month, mday);
	if (!IS_VALID_DATE(next))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range")));
	PG_RETURN_DATEADT(next);
}

/*
 * Effect
 */

/*
 * The difference of two independent shares with Newcombe's hybrid score
 * interval (1998, his method 10): honest for small groups and for shares near
 * 0 and 1, where Wald's is too narrow.
 */
PG_FUNCTION_INFO_V1(followup_uplift);
Datum
followup_uplift(PG_FUNCTION_ARGS)
{
	int64		hits[2] = {PG_GETARG_INT64(0), PG_GETARG_INT64(2)};
	int64		n[2] = {PG_GETARG_INT64(1), PG_GETARG_INT64(3)};
	float8		confidence = PG_GETARG_FLOAT8(4);
	TupleDesc	desc = result_columns(fcinfo);
	Datum		values[3] = {0};
	bool		nulls[3] = {true, true, true};

	check_hits("reached", hits[0], n[0]);
	check_hits("held out", hits[1], n[1]);
	check_confidence(confidence);
	if (n[0] > 0 && n[1] > 0)
	{
		float8		z = normal_critical(confidence);
		float8		share[2];
		float8		low[2];
		float8		high[2];
		float8		uplift;

		for (int i = 0; i < 2; i++)
		{
			share[i] = (float8) hits[i] / n[i];
			wilson_interval(hits[i], n[i], z, &low[i], &high[i]);
		}
		uplift = share[0] - share[1];
		values[0] = Float8GetDatum(uplift);
		values[1] = Float8GetDatum(uplift - hypot(share[0] - low[0], high[1] - share[1]));
		values[2] = Float8GetDatum(uplift + hypot(high[0] - share[0], share[1] - low[1]));
		memset(nulls, 0, sizeof(nulls));
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
