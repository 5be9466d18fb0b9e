/*-------------------------------------------------------------------------
 *
 * survival.c
 *	  How many come, and when, while some are still being waited for.
 *
 * Of those who bought in March, whoever has not come back by May is not lost:
 * there was not the time yet.  Counting the returned against all makes the
 * share too low, and their waits alone make the median too short, the more so
 * the younger the shop.  The estimate of Kaplan and Meier ("Nonparametric
 * Estimation from Incomplete Observations", Journal of the American
 * Statistical Association 53, 1958) counts everybody for as long as they could
 * be watched: at each wait, the share still missing shrinks by the share that
 * came then among those who were watched for so long and had not come before.
 *
 * Its tail rests on the few who could be watched longest.  It is read as far
 * as at least one in WATCHED_BY_ONE_IN could be.
 *
 * Memory: 60 bytes a wait at most, of which two arrays hold fewer than 2^27.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/row_types.h"

/* A tenth of them tells how the curve goes on; fewer are an accident. */
#define WATCHED_BY_ONE_IN	10

/* How long for, in microseconds, and whether it ended then or was cut off. */
typedef struct Wait
{
	int64		time;
	bool		ended;
} Wait;

/* Two arrays of instants, element by element. */
typedef struct Spans
{
	Datum	   *began;
	bool	   *began_null;
	Datum	   *ended;
	bool	   *ended_null;
	int			n;
} Spans;

static TimestampTz
check_instant(TimestampTz instant)
{
	if (TIMESTAMP_NOT_FINITE(instant))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("a wait cannot be counted from or to infinity"),
				 errhint("Leave the end NULL while it has not come.")));
	return instant;
}

static int64
wait_between(TimestampTz began, TimestampTz ended)
{
	int64		wait;

	if (ended < began)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a wait cannot end before it begins"),
				 errdetail("It begins at %s and ends at %s.",
						   pstrdup(timestamptz_to_str(began)),
						   pstrdup(timestamptz_to_str(ended)))));
	if (pg_sub_s64_overflow(ended, began, &wait))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range")));
	return wait;
}

static Spans
read_spans(ArrayType *began, ArrayType *ended)
{
	Spans		spans;
	int			n;

	deconstruct_array(began, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &spans.began, &spans.began_null, &spans.n);
	deconstruct_array(ended, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &spans.ended, &spans.ended_null, &n);
	if (n != spans.n)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("each wait needs a beginning and an end"),
				 errdetail("There are %d beginnings and %d ends.", spans.n, n),
				 errhint("Leave an end NULL while it has not come.")));
	return spans;
}

/*
 * The waits that had begun by as_of, cut off there, and for how long each could
 * have been watched.  Gives their number.
 */
static int
collect_waits(const Spans *spans, TimestampTz as_of, Wait *waits, int64 *watched)
{
	int			n = 0;

	for (int i = 0; i < spans->n; i++)
	{
		TimestampTz began;
		TimestampTz ended;

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		if (spans->began_null[i])
			continue;
		began = check_instant(DatumGetTimestampTz(spans->began[i]));
		if (began > as_of)
			continue;
		watched[n] = wait_between(began, as_of);
		waits[n].time = watched[n];
		waits[n].ended = false;
		if (!spans->ended_null[i])
		{
			ended = check_instant(DatumGetTimestampTz(spans->ended[i]));
			if (ended <= as_of)
			{
				waits[n].time = wait_between(began, ended);
				waits[n].ended = true;
			}
		}
		n++;
	}
	return n;
}

/* At one time, those who came go first: who is cut off was still being watched. */
static int
compare_waits(const void *a, const void *b, void *arg)
{
	const Wait *x = a;
	const Wait *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return (int) y->ended - (int) x->ended;
}

static int
compare_times(const void *a, const void *b, void *arg)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/*
 * Follows the curve of sorted waits until the share that has come is `target`,
 * and no further than `within`; gives the share, and when it was reached.
 * Where the share stays at exactly the target for a while, that is the middle
 * of the while, as a median of an even number of values is.
 *
 * As long as nobody is cut off the factors of the estimate cancel, and the
 * share is a quotient of two counts: it is computed as one, from the last time
 * at which somebody was, so that three of four are 0.75 and a half is a half.
 */
static float8
follow_curve(const Wait *waits, int n, int64 within, float8 target, int64 *reached)
{
	float8		missing = 1;	/* the share still missing at that time */
	int			at_risk = n;	/* and how many were watched on from there */
	int			came = 0;		/* of whom so many have come since */
	float8		share = 0;
	bool		stays = false;	/* at the target, since *reached */

	for (int i = 0; i < n && waits[i].time <= within;)
	{
		int64		time = waits[i].time;
		int			before = came;

		for (; i < n && waits[i].time == time && waits[i].ended; i++)
			came++;
		if (came > before)
		{
			if (stays)
			{
				*reached += (time - *reached) / 2;
				return share;
			}
			share = (1 - missing) + missing * came / at_risk;
			/* a product of quotients may miss a half by its last digit */
			if (share >= target * (1 - 1e-12))
			{
				*reached = time;
				if (share > target * (1 + 1e-12))
					return share;
				stays = true;
			}
		}
		if (i < n && waits[i].time == time)
		{
			missing = missing * (at_risk - came) / at_risk;
			came = 0;
			while (i < n && waits[i].time == time)
				i++;
			at_risk = n - i;
		}
	}
	return share;
}

/* As a difference of two instants is: whole days, and the rest as time. */
static Datum
make_interval_datum(int64 time)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->day = time / USECS_PER_DAY;
	interval->time = time % USECS_PER_DAY;
	return IntervalPGetDatum(interval);
}

PG_FUNCTION_INFO_V1(survival);
Datum
survival(PG_FUNCTION_ARGS)
{
	Spans		spans = read_spans(PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_ARRAYTYPE_P(1));
	TimestampTz as_of = check_instant(PG_GETARG_TIMESTAMPTZ(2));
	Wait	   *waits = palloc_extended(Max(spans.n, 1) * sizeof(Wait), MCXT_ALLOC_HUGE);
	int64	   *watched = palloc_extended(Max(spans.n, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	int			n = collect_waits(&spans, as_of, waits, watched);
	TupleDesc	tupdesc = result_columns(fcinfo);
	Datum		values[4] = {0};
	bool		nulls[4] = {true, true, true, true};

	if (n > 0)
	{
		int64		within;
		int64		reached = -1;
		float8		share;

		qsort_interruptible(waits, n, sizeof(Wait), compare_waits, NULL);
		qsort_interruptible(watched, n, sizeof(int64), compare_times, NULL);
		within = watched[n - 1 - (n - 1) / WATCHED_BY_ONE_IN];
		share = follow_curve(waits, n, within, 2, &reached);
		values[0] = Float8GetDatum(share);
		values[3] = make_interval_datum(within);
		nulls[0] = nulls[3] = false;
		if (share > 0)
		{
			follow_curve(waits, n, within, share / 2, &reached);
			values[2] = make_interval_datum(reached);
			nulls[2] = false;
		}
		reached = -1;
		follow_curve(waits, n, within, 0.5, &reached);
		if (reached >= 0)
		{
			values[1] = make_interval_datum(reached);
			nulls[1] = false;
		}
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc,
													  values, nulls)));
}
