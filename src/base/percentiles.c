/*-------------------------------------------------------------------------
 *
 * percentiles.c
 *	  percentiles(interval): the median, the 90th and the 95th.
 *
 * The state keeps the times, as microseconds, and selects instead of sorting.
 *
 * percentiles(interval, boolean) is of times of which some still run.  Those that
 * have ended are, by themselves, the short ones, and the others are known to be at
 * least so long: so each of them passes its weight on to all that are longer, in
 * equal parts, which is the estimate of Kaplan and Meier ("Nonparametric Estimation
 * from Incomplete Observations", Journal of the American Statistical Association 53,
 * 1958) as Efron puts it ("The Two Sample Problem with Censored Data", Proceedings of
 * the Fifth Berkeley Symposium 4, 1967).  What is passed on where nothing longer
 * has ended is longer than anybody knows, and so is a percentile that lies there.
 *
 * percentiles(interval, boolean, bigint[], boolean) is of times that were collected
 * before, of some that come beside them, and without some that have gone since.
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
#include "base/values.h"

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

static void
report_out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("interval out of range")));
}

static int64
time_argument(FunctionCallInfo fcinfo, int argno)
{
	Interval   *value = PG_GETARG_INTERVAL_P(argno);

	/* A month has 30 days here, as where intervals are compared. */
	int64		days = value->day + (int64) value->month * DAYS_PER_MONTH;
	int64		time;

	if (pg_mul_s64_overflow(days, USECS_PER_DAY, &time) ||
		pg_add_s64_overflow(time, value->time, &time))
		report_out_of_range();
	return time;
}

PG_FUNCTION_INFO_V1(percentiles_accum);
Datum
percentiles_accum(PG_FUNCTION_ARGS)
{
	Times	   *times;
	int64		time;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	time = time_argument(fcinfo, 1);
	times = own_times(fcinfo, 1);
	times->times[times->count++] = time;
	PG_RETURN_BYTEA_P(times);
}

/*
 * A time twice, and one more if it still runs: in their order those of one length
 * that have ended come first.  73,000 years, so that the way from one to another is
 * an int64.
 */
#define LONGEST			(PG_INT64_MAX / 4)
#define STILL_RUNS(v)	(((v) & 1) != 0)
#define TIME_OF(v)		(((v) - ((v) & 1)) / 2)

PG_FUNCTION_INFO_V1(percentiles_accum_running);
Datum
percentiles_accum_running(PG_FUNCTION_ARGS)
{
	Times	   *times;
	int64		time;
	bool		ended;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return keep_state(fcinfo);
	time = time_argument(fcinfo, 1);
	ended = PG_GETARG_BOOL(2);
	/* what runs for longer than can be told is at least that long */
	if (time < -LONGEST || (ended && time > LONGEST))
		report_out_of_range();
	time = Min(time, LONGEST);
	times = own_times(fcinfo, 1);
	times->times[times->count++] = 2 * time + (ended ? 0 : 1);
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
 * Percentile p of n times lies at place p (n - 1) / 100; what is left of the
 * division says how far towards the next.  The times are put in another order.
 */
static void
find_percentiles(int64 *times, int64 n, int64 *found)
{
	int64		places[2 * PERCENTILES];

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

		found[k] = time_between(low, high, position % 100);
	}
}

/* A copy: in a window the state goes on. */
static int64 *
copy_times(const Times *state)
{
	int64	   *times = palloc(state->count * sizeof(int64) + 1);

	memcpy(times, state->times, state->count * sizeof(int64));
	return times;
}

static Datum
percentiles_datum(const int64 *found, bool *unknown)
{
	Datum		datums[PERCENTILES];
	int			n = PERCENTILES;
	int			lower_bound = 1;

	for (int k = 0; k < PERCENTILES; k++)
		datums[k] = unknown[k] ? (Datum) 0 : IntervalPGetDatum(interval_of_time(found[k]));
	return PointerGetDatum(construct_md_array(datums, unknown, 1, &n, &lower_bound, INTERVALOID,
											  sizeof(Interval), false, TYPALIGN_DOUBLE));
}

PG_FUNCTION_INFO_V1(percentiles_final);
Datum
percentiles_final(PG_FUNCTION_ARGS)
{
	Times	   *state = times_argument(fcinfo, 0);
	int64		found[PERCENTILES];
	bool		unknown[PERCENTILES] = {false};

	if (state->count == 0)
		PG_RETURN_NULL();
	find_percentiles(copy_times(state), state->count, found);
	return percentiles_datum(found, unknown);
}

/*
 * Times of which some still run
 */

static int
compare_times(const void *a, const void *b, void *arg)
{
	return compare_int64(*(const int64 *) a, *(const int64 *) b);
}

/*
 * The time by which `percent` of all have ended; if that is so until another has, the
 * middle of the two, as a median of an even number is.  False if nobody knows.
 */
static bool
find_percentile(const int64 *sorted, int64 n, int percent, int64 *found)
{
	float8		wanted = percent / 100.0 * n;
	float8		weight = 1;		/* of each that is longer */
	float8		ended = 0;		/* the weight of those that have */
	bool		reached = false;

	for (int64 i = 0; i < n; i++)
	{
		int64		longer = n - 1 - i;

		if (STILL_RUNS(sorted[i]))
		{
			if (longer > 0)
				weight *= (float8) (longer + 1) / longer;
			continue;
		}
		if (reached)
		{
			*found += (TIME_OF(sorted[i]) - *found) / 2;
			return true;
		}
		ended += weight;
		/* (products of quotients may miss it by their last digits) */
		if (ended < wanted * (1 - 1e-12))
			continue;
		*found = TIME_OF(sorted[i]);
		if (ended > wanted * (1 + 1e-12) || longer == 0)
			return true;
		reached = true;
	}
	return false;
}

/*
 * Percentiles of `n` times, each twice, and one more if it still runs.  The times
 * are put in another order.
 */
static Datum
percentiles_of_running(int64 *times, int64 n, bool *none)
{
	int64		running = 0;
	int64		found[PERCENTILES];
	bool		unknown[PERCENTILES] = {false};

	for (int64 i = 0; i < n; i++)
		running += STILL_RUNS(times[i]);
	*none = running == n;
	if (*none)
		return (Datum) 0;
	if (running == 0)
	{
		for (int64 i = 0; i < n; i++)
			times[i] = TIME_OF(times[i]);
		find_percentiles(times, n, found);
		return percentiles_datum(found, unknown);
	}
	qsort_interruptible(times, n, sizeof(int64), compare_times, NULL);
	for (int k = 0; k < PERCENTILES; k++)
		unknown[k] = !find_percentile(times, n, percents[k], &found[k]);
	return percentiles_datum(found, unknown);
}

PG_FUNCTION_INFO_V1(percentiles_final_running);
Datum
percentiles_final_running(PG_FUNCTION_ARGS)
{
	Times	   *state = times_argument(fcinfo, 0);
	Datum		result;
	bool		none;

	for (int64 i = 0; i < state->count; i++)
		check_state(state->times[i] >= -2 * LONGEST && state->times[i] <= 2 * LONGEST + 1,
					"One of its times is out of range.");
	result = percentiles_of_running(copy_times(state), state->count, &none);
	if (none)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(result);
}

/*
 * Times of which some have gone
 *
 * Four times a time, one more if it still runs, two more if one of that length
 * that has ended is left out.
 */
#define LONGEST_COUNTED	(LONGEST / 2)
#define HAS_GONE(v)		(((v) & 2) != 0)
#define UNMARKED(v)		(((v) - ((v) & 3)) / 4)

static void
add_counted(Times *times, int64 time, bool ended, bool gone)
{
	if (time < -LONGEST_COUNTED || (ended && time > LONGEST_COUNTED))
		report_out_of_range();
	times->times[times->count++] = 4 * Min(time, LONGEST_COUNTED) + (ended ? 0 : 1) + (gone ? 2 : 0);
}

PG_FUNCTION_INFO_V1(percentiles_accum_counted);
Datum
percentiles_accum_counted(PG_FUNCTION_ARGS)
{
	bool		has_one = !PG_ARGISNULL(1) && !PG_ARGISNULL(2);
	bool		gone = !PG_ARGISNULL(4) && PG_GETARG_BOOL(4);
	int			nmore = 0;
	array_iter	more;
	Times	   *times;

	if (!PG_ARGISNULL(3))
		nmore = open_values(PG_GETARG_ANY_ARRAY_P(3), &more);
	if (gone && has_one && !PG_GETARG_BOOL(2))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a time that still runs cannot be left out again")));
	if (!has_one && nmore == 0)
		return keep_state(fcinfo);
	times = own_times(fcinfo, nmore + (has_one ? 1 : 0));
	if (has_one)
		add_counted(times, time_argument(fcinfo, 1), PG_GETARG_BOOL(2), gone);
	for (int i = 0; i < nmore; i++)
		add_counted(times, DatumGetInt64(next_value(&more, i)), true, gone);
	PG_RETURN_BYTEA_P(times);
}

/* Where in `sorted` the first is that is not less than `time`. */
static int64
first_place(const int64 *sorted, int64 n, int64 time)
{
	int64		low = 0;

	while (low < n)
	{
		int64		middle = low + (n - low) / 2;

		if (sorted[middle] < time)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

/*
 * Leaves out of `times`, which are as percentiles_of_running() takes them, one of
 * each that has gone.  Returns how many are left.
 */
static int64
leave_out(int64 *times, int64 n, int64 *gone, int64 ngone)
{
	/* how many of equal ones, at the place of the first of them */
	int64	   *taken = palloc0(ngone * sizeof(int64));
	int64		left = 0;

	qsort_interruptible(gone, ngone, sizeof(int64), compare_times, NULL);
	for (int64 i = 0; i < n; i++)
	{
		int64		place = STILL_RUNS(times[i]) ? ngone : first_place(gone, ngone, TIME_OF(times[i]));

		if (place < ngone && place + taken[place] < ngone &&
			gone[place + taken[place]] == TIME_OF(times[i]))
			taken[place]++;
		else
			times[left++] = times[i];
	}
	if (n - left != ngone)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a time is left out that was not there")));
	return left;
}

PG_FUNCTION_INFO_V1(percentiles_final_counted);
Datum
percentiles_final_counted(PG_FUNCTION_ARGS)
{
	Times	   *state = times_argument(fcinfo, 0);
	int64	   *times = palloc(state->count * sizeof(int64) + 1);
	int64	   *gone = palloc(state->count * sizeof(int64) + 1);
	int64		n = 0;
	int64		ngone = 0;
	Datum		result;
	bool		none;

	for (int64 i = 0; i < state->count; i++)
	{
		int64		value = state->times[i];

		check_state(value >= -4 * LONGEST_COUNTED && value <= 4 * LONGEST_COUNTED + 3,
					"One of its times is out of range.");
		check_state(!HAS_GONE(value) || !STILL_RUNS(value), "A time has gone that still runs.");
		if (HAS_GONE(value))
			gone[ngone++] = UNMARKED(value);
		else
			times[n++] = 2 * UNMARKED(value) + (STILL_RUNS(value) ? 1 : 0);
	}
	if (ngone > 0)
		n = leave_out(times, n, gone, ngone);
	result = percentiles_of_running(times, n, &none);
	if (none)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(result);
}
