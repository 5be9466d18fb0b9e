/*-------------------------------------------------------------------------
 *
 * percentiles.c
 *	  percentiles(interval): the median, the 90th and the 95th.
 *
 * The state keeps the times, as microseconds, and selects instead of sorting.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/aggregate.h"
#include "base/compat.h"
#include "base/intervals.h"
#include "base/select.h"

#define PERCENTILES		3

static const int percents[PERCENTILES] = {50, 90, 95};

typedef struct Times
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		count;			/* of the times that there is room for */
	int64		times[FLEXIBLE_ARRAY_MEMBER];
} Times;

#define TIMES_FIRST_ROOM	14
#define TIMES_SIZE(room)	(offsetof(Times, times) + (Size) (room) * sizeof(int64))
#define TIMES_ROOM(state)	((VARSIZE(state) - offsetof(Times, times)) / sizeof(int64))

/* What a varlena has room for. */
#define TIMES_MAX			((int64) (MaxAllocSize / sizeof(int64)) - 2)

static Times *
times_argument(FunctionCallInfo fcinfo, int argno)
{
	Times	   *times = aligned_state(fcinfo, argno);

	check_state(VARSIZE(times) >= TIMES_SIZE(0), "It is too short.");
	check_state(times->count >= 0 && (Size) times->count <= TIMES_ROOM(times),
				"It has no room for the values that it counts.");
	return times;
}

/* As own_log() of sla_clocks.c does it. */
static Times *
own_times(FunctionCallInfo fcinfo, int more)
{
	Times	   *times = NULL;
	Times	   *copy;
	int64		wanted = more;
	int64		room = TIMES_FIRST_ROOM;

	if (!PG_ARGISNULL(0))
	{
		times = times_argument(fcinfo, 0);
		if (in_aggregate(fcinfo) && TIMES_ROOM(times) - times->count >= (Size) more)
			return times;
		wanted += times->count;
	}
	if (wanted > TIMES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many times for percentiles"),
				 errdetail("There can be at most " INT64_FORMAT ".", TIMES_MAX)));
	while (room < wanted)
		room = Min(room * 2, TIMES_MAX);
	copy = palloc0(TIMES_SIZE(room));
	SET_VARSIZE(copy, TIMES_SIZE(room));
	copy->count = 0;
	if (times != NULL)
	{
		copy->count = times->count;
		memcpy(copy->times, times->times, times->count * sizeof(int64));
	}
	return copy;
}

PG_FUNCTION_INFO_V1(percentiles_accum);
Datum
percentiles_accum(PG_FUNCTION_ARGS)
{
	Times	   *times;
	Interval   *value;
	int64		days;
	int64		time;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	value = PG_GETARG_INTERVAL_P(1);
	/* A month has 30 days here, as where intervals are compared. */
	days = value->day + (int64) value->month * DAYS_PER_MONTH;
	if (pg_mul_s64_overflow(days, USECS_PER_DAY, &time) ||
		pg_add_s64_overflow(time, value->time, &time))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range")));
	times = own_times(fcinfo, 1);
	times->times[times->count++] = time;
	PG_RETURN_BYTEA_P(times);
}

PG_FUNCTION_INFO_V1(percentiles_combine);
Datum
percentiles_combine(PG_FUNCTION_ARGS)
{
	Times	   *times;
	Times	   *more;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	more = times_argument(fcinfo, 1);
	times = own_times(fcinfo, more->count);
	memcpy(&times->times[times->count], more->times, more->count * sizeof(int64));
	times->count += more->count;
	PG_RETURN_BYTEA_P(times);
}

/*
 * What lies `hundredths` hundredths of the way from low to high, to the
 * microsecond, a half of one to even.  The way may exceed an int64, and a
 * hundred times the way any integer; its hundredth does not.
 */
static int64
time_between(int64 low, int64 high, int hundredths)
{
	uint64		way = (uint64) high - (uint64) low;
	uint64		rest = way % 100 * hundredths;
	uint64		whole = way / 100 * hundredths + rest / 100;

	rest %= 100;
	if (rest > 50 || (rest == 50 && whole % 2 == 1))
		whole++;
	return (int64) ((uint64) low + whole);
}

/*
 * Percentile p lies at place p (n - 1) / 100; what is left of the division
 * says how far towards the next.
 */
PG_FUNCTION_INFO_V1(percentiles_final);
Datum
percentiles_final(PG_FUNCTION_ARGS)
{
	Times	   *state = times_argument(fcinfo, 0);
	int64		n = state->count;
	int64	   *times = palloc(n * sizeof(int64) + 1);
	int64		places[2 * PERCENTILES];
	Datum		datums[PERCENTILES];

	if (n == 0)
		PG_RETURN_NULL();
	/* A copy: in a window the state goes on. */
	memcpy(times, state->times, n * sizeof(int64));
	for (int k = 0; k < PERCENTILES; k++)
	{
		int64		position = percents[k] * (n - 1);

		places[2 * k] = position / 100;
		places[2 * k + 1] = Min(position / 100 + 1, n - 1);
	}

	/*
	 * Above and below may cross where n is small; selection wants them
	 * ascending.
	 */
	for (int i = 1; i < 2 * PERCENTILES; i++)
		places[i] = Max(places[i], places[i - 1]);
	select_int64(times, n, places, 2 * PERCENTILES);
	for (int k = 0; k < PERCENTILES; k++)
	{
		int64		position = percents[k] * (n - 1);
		int64		low = times[position / 100];
		int64		high = times[Min(position / 100 + 1, n - 1)];

		datums[k] = IntervalPGetDatum(interval_of_time(time_between(low, high, position % 100)));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(datums, PERCENTILES, INTERVALOID,
										  sizeof(Interval), false, TYPALIGN_DOUBLE));
}
