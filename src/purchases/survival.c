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
 * How well a share of the curve is known: the variance of Greenwood ("The
 * Natural Duration of Cancer", Reports on Public Health and Medical Subjects 33,
 * 1926), on the scale of log(-log(missing)), so that the interval stays within 0
 * and 1 (Kalbfleisch and Prentice, "The Statistical Analysis of Failure Time
 * Data", 1980, p. 15).  Where nobody has come yet, or nobody is missing any more,
 * that has no width; then it is Wilson's interval of the number of cases that the
 * variance is worth (Rothman, "Estimation of confidence limits for the cumulative
 * probability of survival in life table analysis", Journal of Chronic Diseases
 * 31, 1978): in the first case of those who are still watched, in the other of
 * those who came last, each for as many as were cut off before.
 *
 * A wait is one number (see survival.h), so that waits are sorted as numbers are; for
 * how far the curve is read, one place is selected and nothing sorted.
 *
 * Memory: 34 bytes a wait at most, of which two arrays hold fewer than 2^27.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/row_types.h"
#include "base/select.h"
#include "base/shares.h"
#include "base/stats.h"
#include "purchases/survival.h"

/* A tenth of them tells how the curve goes on; fewer are an accident. */
#define WATCHED_BY_ONE_IN	10

/* A long sort looks for a cancelled query as it goes. */
#define ST_SORT				sort_by_length
#define ST_ELEMENT_TYPE		Wait
#define ST_COMPARE(a, b)	(*(a) < *(b) ? -1 : *(a) > *(b))
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE			static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Two arrays of instants, element by element. */
typedef struct Spans
{
	Datum	   *began;
	bool	   *began_null;
	Datum	   *ended;
	bool	   *ended_null;
	int			n;
} Spans;

TimestampTz
check_wait_instant(TimestampTz instant)
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

Waits
make_waits(int room)
{
	Waits		waits = {0};

	waits.waits = palloc_extended((Size) Max(room, 1) * sizeof(Wait), MCXT_ALLOC_HUGE);
	waits.watched = palloc_extended((Size) Max(room, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	return waits;
}

/*
 * Adds a wait to those for which there is room: as of as_of, of which it is checked that
 * it is finite, it is cut off if it has not ended, and is none if it has not begun.
 */
void
add_wait(Waits *waits, TimestampTz began, bool ends, TimestampTz ended, TimestampTz as_of)
{
	int64		watched;

	if (check_wait_instant(began) > as_of)
		return;
	watched = wait_between(began, as_of);
	waits->watched[waits->n] = watched;
	waits->waits[waits->n] = ends && check_wait_instant(ended) <= as_of ?
		MAKE_WAIT(wait_between(began, ended), true) : MAKE_WAIT(watched, false);
	waits->n++;
}

static Waits
waits_of_spans(const Spans *spans, TimestampTz as_of)
{
	Waits		waits = make_waits(spans->n);

	for (int i = 0; i < spans->n; i++)
	{
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		if (!spans->began_null[i])
			add_wait(&waits, DatumGetTimestampTz(spans->began[i]), !spans->ended_null[i],
					 spans->ended_null[i] ? 0 : DatumGetTimestampTz(spans->ended[i]), as_of);
	}
	return waits;
}

static int
compare_times(const void *a, const void *b, void *arg)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* Puts them in the order of their lengths, and says how far their curve is read. */
static void
sort_waits(Waits *waits)
{
	int64		place = waits->n - 1 - (waits->n - 1) / WATCHED_BY_ONE_IN;

	if (waits->n == 0)
		return;
	sort_by_length(waits->waits, waits->n);
	select_int64(waits->watched, waits->n, &place, 1);
	waits->within = waits->watched[place];
}

/*
 * A place on the curve of sorted waits.
 *
 * As long as nobody is cut off the factors of the estimate cancel, and the share
 * that has come is a quotient of two counts: it is computed as one, from the last
 * time at which somebody was, so that three of four are 0.75 and a half is a half.
 * So do the terms of Greenwood's sum: came / (at_risk * (at_risk - came)).
 */
typedef struct Curve
{
	const Wait *waits;
	int			n;
	int			next;			/* the first wait that lies beyond it */
	int64		time;			/* at which somebody came last */
	float8		missing;		/* the share that was, when one was cut off */
	float8		variance;		/* Greenwood's sum until then */
	int			at_risk;		/* how many were watched on from there */
	int			came;			/* of whom so many have come since */
	int			came_before;	/* and so many of all until then */
	bool		cut_off;		/* one was since, and nobody has come */
} Curve;

static Curve
begin_curve(const Wait *waits, int n)
{
	Curve		curve = {0};

	curve.waits = waits;
	curve.n = n;
	curve.missing = 1;
	curve.at_risk = n;
	return curve;
}

static float8
greenwood_term(const Curve *curve)
{
	return curve->came / ((float8) curve->at_risk * (curve->at_risk - curve->came));
}

/* On to the next time at which somebody comes, if that is by `until`. */
static bool
next_step(Curve *curve, int64 until)
{
	const Wait *waits = curve->waits;
	int			i = curve->next;

	for (; i < curve->n && WAIT_TIME(waits[i]) <= until && !WAIT_ENDED(waits[i]); i++)
		curve->cut_off = true;
	if (i == curve->n || WAIT_TIME(waits[i]) > until)
	{
		curve->next = i;
		return false;
	}
	if (curve->cut_off)
	{
		if (curve->came > 0)
		{
			curve->variance += greenwood_term(curve);
			curve->missing = curve->missing * (curve->at_risk - curve->came) / curve->at_risk;
			curve->came_before += curve->came;
			curve->came = 0;
		}
		curve->at_risk = curve->n - i;
		curve->cut_off = false;
	}
	curve->time = WAIT_TIME(waits[i]);
	for (; i < curve->n && WAIT_TIME(waits[i]) == curve->time && WAIT_ENDED(waits[i]); i++)
		curve->came++;
	curve->next = i;
	return true;
}

/* The share that has come by then. */
static float8
share_come(const Curve *curve)
{
	if (curve->came == curve->at_risk)
		return 1;
	return (1 - curve->missing) + curve->missing * curve->came / curve->at_risk;
}

/*
 * Follows the curve of sorted waits until the share that has come is `target`,
 * and as far as it is read; gives the share, and when it was reached.
 * Where the share stays at exactly the target for a while, that is the middle
 * of the while, as a median of an even number of values is.
 */
static float8
follow_curve(const Waits *sorted, float8 target, int64 *reached)
{
	Curve		curve = begin_curve(sorted->waits, sorted->n);
	float8		share = 0;
	bool		stays = false;	/* at the target, since *reached */

	while (next_step(&curve, sorted->within))
	{
		if (stays)
		{
			*reached += (curve.time - *reached) / 2;
			return share;
		}
		share = share_come(&curve);
		/* a product of quotients may miss a half by its last digit */
		if (share >= target * (1 - 1e-12))
		{
			*reached = curve.time;
			if (share > target * (1 + 1e-12))
				return share;
			stays = true;
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

/* What survival() says of waits, which get sorted: its four columns. */
void
read_survival(Waits *waits, Datum *values, bool *nulls)
{
	int64		reached = -1;
	float8		share;

	for (int i = 0; i < SURVIVAL_COLUMNS; i++)
	{
		values[i] = (Datum) 0;
		nulls[i] = true;
	}
	if (waits->n == 0)
		return;
	sort_waits(waits);
	share = follow_curve(waits, 2, &reached);
	values[0] = Float8GetDatum(share);
	values[3] = make_interval_datum(waits->within);
	nulls[0] = nulls[3] = false;
	if (share > 0)
	{
		follow_curve(waits, share / 2, &reached);
		values[2] = make_interval_datum(reached);
		nulls[2] = false;
	}
	reached = -1;
	follow_curve(waits, 0.5, &reached);
	if (reached >= 0)
	{
		values[1] = make_interval_datum(reached);
		nulls[1] = false;
	}
}

PG_FUNCTION_INFO_V1(survival);
Datum
survival(PG_FUNCTION_ARGS)
{
	Spans		spans = read_spans(PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_ARRAYTYPE_P(1));
	Waits		waits = waits_of_spans(&spans, check_wait_instant(PG_GETARG_TIMESTAMPTZ(2)));
	TupleDesc	tupdesc = result_columns(fcinfo);
	Datum		values[SURVIVAL_COLUMNS];
	bool		nulls[SURVIVAL_COLUMNS];

	read_survival(&waits, values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, nulls)));
}

/* A time on the curve, in microseconds. */
static int64
time_from_interval(const Interval *interval)
{
	int64		days;
	int64		time;

	if (INTERVAL_NOT_FINITE(interval) || interval->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a time on a curve is a number of days and hours"),
				 errhint("Write 365 days for a year.")));
	if (pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &days) ||
		pg_add_s64_overflow(days, interval->time, &time))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range")));
	if (time < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a time on a curve cannot be negative")));
	return time;
}

CurveTimes
read_curve_times(ArrayType *times, float8 confidence)
{
	CurveTimes	at = {0};
	Datum	   *elements;
	bool	   *is_null;
	int			n;

	deconstruct_array(times, INTERVALOID, sizeof(Interval), false,
					  TYPALIGN_DOUBLE, &elements, &is_null, &n);
	at.times = palloc(Max(n, 1) * sizeof(int64));
	for (int i = 0; i < n; i++)
	{
		if (!is_null[i])
			at.times[at.n++] = time_from_interval(DatumGetIntervalP(elements[i]));
	}
	qsort_interruptible(at.times, at.n, sizeof(int64), compare_times, NULL);
	check_confidence(confidence);
	at.z = normal_critical(confidence);
	return at;
}

/*
 * The interval of the share that has come, of whom so many are watched on: see
 * above.
 */
static void
curve_interval(const Curve *curve, int at_risk, float8 z, float8 *low, float8 *high)
{
	float8		share = share_come(curve);

	if (curve->came_before + curve->came == 0)
		wilson_interval(0, at_risk, z, low, high);
	else if (curve->came == curve->at_risk)
	{
		float8		worth = curve->at_risk / curve->missing;

		wilson_interval(worth, worth, z, low, high);
	}
	else
	{
		float8		missing = log1p(-share);	/* its logarithm, below 0 */
		float8		way = z * sqrt(curve->variance + greenwood_term(curve)) / -missing;

		*low = Min(-expm1(missing * exp(-way)), share);
		*high = Max(-expm1(missing * exp(way)), share);
	}
}

/* What survival_curve() says of waits, which get sorted; gives of how many of the times. */
int
read_curve(Waits *waits, const CurveTimes * at, CurvePoint * points)
{
	Curve		curve;
	int			before = 0;		/* waits that are shorter than the time */
	int			n = 0;

	sort_waits(waits);
	curve = begin_curve(waits->waits, waits->n);
	for (; n < at->n && waits->n > 0 && at->times[n] <= waits->within; n++)
	{
		float8		low;
		float8		high;
		int			at_risk;

		while (next_step(&curve, at->times[n]))
			;
		while (before < waits->n && WAIT_TIME(waits->waits[before]) < at->times[n])
			before++;
		at_risk = waits->n - before;
		/* nobody is watched any more, and not because all have come */
		if (at_risk == 0 && curve.came < curve.at_risk)
			break;
		curve_interval(&curve, at_risk, at->z, &low, &high);
		points[n][0] = make_interval_datum(at->times[n]);
		points[n][1] = Int64GetDatum(at_risk);
		points[n][2] = Int64GetDatum(curve.came_before + curve.came);
		points[n][3] = Float8GetDatum(share_come(&curve));
		points[n][4] = Float8GetDatum(low);
		points[n][5] = Float8GetDatum(high);
	}
	return n;
}

PG_FUNCTION_INFO_V1(survival_curve);
Datum
survival_curve(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Spans		spans = read_spans(PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_ARRAYTYPE_P(1));
	TimestampTz as_of = check_wait_instant(PG_GETARG_TIMESTAMPTZ(2));
	CurveTimes	at = read_curve_times(PG_GETARG_ARRAYTYPE_P(3), PG_GETARG_FLOAT8(4));
	Waits		waits = waits_of_spans(&spans, as_of);
	CurvePoint *points = palloc(Max(at.n, 1) * sizeof(CurvePoint));
	bool		nulls[CURVE_COLUMNS] = {0};
	int			n = read_curve(&waits, &at, points);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
		tuplestore_putvalues(result->setResult, result->setDesc, points[i], nulls);
	return (Datum) 0;
}
