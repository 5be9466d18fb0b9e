/*-------------------------------------------------------------------------
 *
 * changes.c
 *	  How sure a figure of ratings is: intervals, changes and effects.
 *
 * Intervals and tests add a few answers that nobody gave, because what few
 * people agree on is not certain: three that say 5 have no spread of their own.
 * NPS gets what Rocks found best ("Interval Estimation for the 'Net Promoter
 * Score'", The American Statistician 70, 2016): three answers, three quarters
 * of one to promoters and to detractors each, the rest to passives.  A mean
 * gets one answer at each end of its scale, which is what Agresti and Caffo
 * add to each of two groups where the scale has only two points ("Simple and
 * Effective Confidence Intervals for Proportions and Differences of
 * Proportions ...", The American Statistician 54, 2000).  Quantiles are
 * Student's, with the degrees of freedom of all answers, the added ones too,
 * and of Welch for a change: the normal ones are too short for a handful.
 * sql/coverage.sql counts how often the intervals hold and how often a test
 * cries wolf.
 *
 * Such an interval lies around the adjusted estimate, and may leave out the
 * figure itself; then it is widened to the figure.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "base/row_types.h"
#include "base/stats.h"
#include "ratings/ratings.h"

/* What is added to the answers of an NPS (Rocks 2016). */
#define NPS_ADDED_ANSWERS		3.0
#define NPS_ADDED_PER_SIDE		0.75

/* What is known of a figure: its adjusted value, and how sure that is. */
typedef struct Estimate
{
	float8		value;
	float8		variance;		/* of value, not of the answers */
	float8		df;				/* degrees of freedom of variance */
} Estimate;

static float8
check_confidence(float8 confidence)
{
	if (!(confidence > 0 && confidence < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("confidence must be between 0 and 1, both excluded"),
				 errdetail("It is %s.",
						   DatumGetCString(DirectFunctionCall1(float8out,
															   Float8GetDatum(confidence)))),
				 errhint("Write 0.95 for 95%%.")));
	return confidence;
}

/* The adjusted NPS, in points (Rocks 2016). */
static Estimate
estimate_nps(const Ratings *ratings)
{
	float8		n = responses(ratings) + NPS_ADDED_ANSWERS;
	float8		p = (promoters(ratings) + NPS_ADDED_PER_SIDE) / n;
	float8		d = (detractors(ratings) + NPS_ADDED_PER_SIDE) / n;
	Estimate	nps;

	nps.value = 100 * (p - d);
	nps.variance = 10000 * (p + d - (p - d) * (p - d)) / (n - 1);
	nps.df = n - 1;
	return nps;
}

/* The adjusted mean: with one more answer at each end of the scale. */
static Estimate
estimate_mean(const Ratings *ratings, const Scale *scale)
{
	float8		n = (float8) responses(ratings) + 2;
	Estimate	mean;
	float8		squares;

	mean.value = (score_mean(ratings) * (n - 2) + scale->low + scale->high) / n;
	squares = (scale->low - mean.value) * (scale->low - mean.value) +
		(scale->high - mean.value) * (scale->high - mean.value);
	for (int score = scale->low; score <= scale->high; score++)
		squares += ratings->count[score] * (score - mean.value) * (score - mean.value);
	mean.variance = squares / (n - 1) / n;
	mean.df = n - 1;
	return mean;
}

/* The difference of two, with the degrees of freedom that Welch found. */
static Estimate
estimate_change(Estimate before, Estimate after)
{
	Estimate	change;

	change.value = after.value - before.value;
	change.variance = before.variance + after.variance;
	change.df = change.variance * change.variance /
		(before.variance * before.variance / before.df +
		 after.variance * after.variance / after.df);
	/* a scale of one point, on which nothing can change */
	if (change.variance <= 0)
		change.df = 1;
	return change;
}

/* A row that says nothing yet: NaN is how float8_row() knows a NULL. */
static void
clear_row(float8 *values, int nvalues)
{
	for (int i = 0; i < nvalues; i++)
		values[i] = get_float8_nan();
}

/* One row of float8 columns, NULL where the value is NaN. */
static Datum
float8_row(FunctionCallInfo fcinfo, const float8 *values, int nvalues)
{
	TupleDesc	tupdesc = result_columns(fcinfo);
	Datum		datums[4];
	bool		nulls[4];

	Assert(nvalues <= lengthof(datums));
	for (int i = 0; i < nvalues; i++)
	{
		datums[i] = Float8GetDatum(values[i]);
		nulls[i] = isnan(values[i]);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc,
													  datums, nulls)));
}

static inline float8
clamp(float8 value, float8 low, float8 high)
{
	return Min(Max(value, low), high);
}

static float8
estimate_margin(const Estimate *estimate, float8 confidence)
{
	return student_critical(confidence, estimate->df) * sqrt(estimate->variance);
}

/*
 * The interval of a figure that can be from low to high, as two columns.  It
 * reaches to the figure itself, which the adjusted estimate lies beside.
 */
static void
fill_interval(float8 *row, float8 figure, const Estimate *estimate,
			  float8 confidence, float8 low, float8 high)
{
	float8		margin = estimate_margin(estimate, confidence);

	row[0] = clamp(Min(figure, estimate->value - margin), low, high);
	row[1] = clamp(Max(figure, estimate->value + margin), low, high);
}

/*
 * A change, its interval and its p-value.  The interval leaves out zero exactly
 * when p < 1 - confidence: both come from one estimate, and where that points
 * another way than the change itself, the answers speak for neither, p is 1 and
 * the interval reaches over zero.
 */
static void
fill_change(float8 *row, float8 change, Estimate estimate,
			float8 confidence, float8 limit)
{
	row[0] = change;
	fill_interval(row + 1, change, &estimate, confidence, -limit, limit);
	row[3] = change * estimate.value > 0 ?
		student_two_sided(estimate.value / sqrt(estimate.variance), estimate.df) : 1;
}

PG_FUNCTION_INFO_V1(ratings_nps_margin);
Datum
ratings_nps_margin(PG_FUNCTION_ARGS)
{
	Ratings    *ratings = PG_GETARG_RATINGS_P(0);
	float8		confidence = check_confidence(PG_GETARG_FLOAT8(1));
	Estimate	estimate;

	if (responses(ratings) == 0)
		PG_RETURN_NULL();
	estimate = estimate_nps(ratings);
	PG_RETURN_FLOAT8(estimate_margin(&estimate, confidence));
}

PG_FUNCTION_INFO_V1(ratings_nps_interval);
Datum
ratings_nps_interval(PG_FUNCTION_ARGS)
{
	Ratings    *ratings = PG_GETARG_RATINGS_P(0);
	float8		confidence = check_confidence(PG_GETARG_FLOAT8(1));
	float8		row[2];

	clear_row(row, lengthof(row));
	if (responses(ratings) > 0)
	{
		Estimate	estimate = estimate_nps(ratings);

		fill_interval(row, nps_points(ratings), &estimate, confidence, -100, 100);
	}
	return float8_row(fcinfo, row, lengthof(row));
}

PG_FUNCTION_INFO_V1(ratings_nps_change);
Datum
ratings_nps_change(PG_FUNCTION_ARGS)
{
	Ratings    *before = PG_GETARG_RATINGS_P(0);
	Ratings    *after = PG_GETARG_RATINGS_P(1);
	float8		confidence = check_confidence(PG_GETARG_FLOAT8(2));
	float8		row[4];

	clear_row(row, lengthof(row));
	if (responses(before) > 0 && responses(after) > 0)
		fill_change(row, nps_points(after) - nps_points(before),
					estimate_change(estimate_nps(before), estimate_nps(after)),
					confidence, 200);
	return float8_row(fcinfo, row, lengthof(row));
}

/*
 * The scale of a mean: the two arguments from first on or, for the function
 * that has none, whatever ratings can hold.  Too wide a scale makes an interval
 * wider than need be, never too narrow.
 */
static Scale
scale_of_mean(FunctionCallInfo fcinfo, int first, int nargs)
{
	Scale		scale = rating_scale;

	if (PG_NARGS() == nargs)
	{
		scale.low = PG_GETARG_INT32(first);
		scale.high = PG_GETARG_INT32(first + 1);
		check_range(scale.low, scale.high);
	}
	return scale;
}

/* mean_interval(ratings, confidence) and (ratings, scale_low, scale_high, confidence) */
PG_FUNCTION_INFO_V1(ratings_mean_interval);
Datum
ratings_mean_interval(PG_FUNCTION_ARGS)
{
	Ratings    *ratings = PG_GETARG_RATINGS_P(0);
	Scale		scale = scale_of_mean(fcinfo, 1, 4);
	float8		confidence = check_confidence(PG_GETARG_FLOAT8(PG_NARGS() - 1));
	float8		row[2];

	check_scale(ratings, &scale);
	clear_row(row, lengthof(row));
	if (responses(ratings) > 0)
	{
		Estimate	estimate = estimate_mean(ratings, &scale);

		fill_interval(row, score_mean(ratings), &estimate, confidence,
					  scale.low, scale.high);
	}
	return float8_row(fcinfo, row, lengthof(row));
}

/* mean_change(before, after, confidence) and (before, after, scale_low, scale_high, confidence) */
PG_FUNCTION_INFO_V1(ratings_mean_change);
Datum
ratings_mean_change(PG_FUNCTION_ARGS)
{
	Ratings    *before = PG_GETARG_RATINGS_P(0);
	Ratings    *after = PG_GETARG_RATINGS_P(1);
	Scale		scale = scale_of_mean(fcinfo, 2, 5);
	float8		confidence = check_confidence(PG_GETARG_FLOAT8(PG_NARGS() - 1));
	float8		row[4];

	check_scale(before, &scale);
	check_scale(after, &scale);
	clear_row(row, lengthof(row));
	if (responses(before) > 0 && responses(after) > 0)
		fill_change(row, score_mean(after) - score_mean(before),
					estimate_change(estimate_mean(before, &scale), estimate_mean(after, &scale)),
					confidence, scale.high - scale.low);
	return float8_row(fcinfo, row, lengthof(row));
}

/*
 * Effects: how much more something changed than other things did over the same
 * time (difference in differences), so that what changed everything is no
 * effect.
 *
 * The estimate is the difference of two changes, of independent answers all.
 * One answer at each end is added to each of the four, twice what Price and
 * Bonett add ("An improved confidence interval for a linear function of
 * binomial proportions", Computational Statistics & Data Analysis 45, 2004):
 * somewhat careful, and the same as in the change that stands beside it.
 */

/* What the four arguments of an effect are. */
enum
{
	BEFORE, AFTER, OTHERS_BEFORE, OTHERS_AFTER, EFFECT_PARTS
};

/* Whether each of the four has answers, which are on the scale. */
static bool
get_effect_parts(FunctionCallInfo fcinfo, const Scale *scale, Ratings **part)
{
	bool		all = true;

	for (int i = 0; i < EFFECT_PARTS; i++)
	{
		part[i] = PG_GETARG_RATINGS_P(i);
		check_scale(part[i], scale);
		if (responses(part[i]) == 0)
			all = false;
	}
	return all;
}

static float8
effect_of(const float8 *figure)
{
	return (figure[AFTER] - figure[BEFORE]) - (figure[OTHERS_AFTER] - figure[OTHERS_BEFORE]);
}

static Estimate
estimate_effect(const Estimate *part)
{
	return estimate_change(estimate_change(part[OTHERS_BEFORE], part[OTHERS_AFTER]),
						   estimate_change(part[BEFORE], part[AFTER]));
}

PG_FUNCTION_INFO_V1(ratings_nps_effect);
Datum
ratings_nps_effect(PG_FUNCTION_ARGS)
{
	float8		confidence = check_confidence(PG_GETARG_FLOAT8(EFFECT_PARTS));
	Ratings    *part[EFFECT_PARTS];
	float8		row[4];

	clear_row(row, lengthof(row));
	if (get_effect_parts(fcinfo, &rating_scale, part))
	{
		Estimate	estimate[EFFECT_PARTS];
		float8		figure[EFFECT_PARTS];

		for (int i = 0; i < EFFECT_PARTS; i++)
		{
			estimate[i] = estimate_nps(part[i]);
			figure[i] = nps_points(part[i]);
		}
		fill_change(row, effect_of(figure), estimate_effect(estimate), confidence, 400);
	}
	return float8_row(fcinfo, row, lengthof(row));
}

/* The logarithm of the odds, with half an answer added at each end (Haldane 1956). */
static Estimate
estimate_log_odds(const Ratings *ratings)
{
	float8		hits = ratings->count[1] + 0.5;
	float8		misses = ratings->count[0] + 0.5;
	Estimate	odds;

	odds.value = log(hits / misses);
	odds.variance = 1 / hits + 1 / misses;
	odds.df = responses(ratings);
	return odds;
}

static inline float8
share_of_log_odds(float8 log_odds)
{
	return 1 / (1 + exp(-log_odds));
}

/*
 * The effect if what changed everything multiplied the odds of all shares by
 * one factor: how far the share is from where that would have it.  The interval
 * and p-value so far are those of an effect where it added as much to all
 * shares; a season may do either, so both have to speak for an effect, and the
 * interval reaches as far as either.
 */
static void
widen_to_odds(float8 *row, const Estimate *part, float8 confidence)
{
	float8		effect = (part[AFTER].value - part[BEFORE].value) -
	(part[OTHERS_AFTER].value - part[OTHERS_BEFORE].value);
	float8		error = sqrt(part[BEFORE].variance + part[AFTER].variance +
							 part[OTHERS_BEFORE].variance + part[OTHERS_AFTER].variance);
	float8		margin = normal_critical(confidence) * error;
	float8		share = share_of_log_odds(part[AFTER].value);

	row[1] = Min(row[1], share - share_of_log_odds(part[AFTER].value - (effect - margin)));
	row[2] = Max(row[2], share - share_of_log_odds(part[AFTER].value - (effect + margin)));
	row[3] = Max(row[3], row[0] * effect > 0 ? normal_two_sided(effect / error) : 1);
}

PG_FUNCTION_INFO_V1(ratings_share_effect);
Datum
ratings_share_effect(PG_FUNCTION_ARGS)
{
	static const Scale share_scale = {"share", 0, 1};
	float8		confidence = check_confidence(PG_GETARG_FLOAT8(EFFECT_PARTS));
	Ratings    *part[EFFECT_PARTS];
	float8		row[4];

	clear_row(row, lengthof(row));
	if (get_effect_parts(fcinfo, &share_scale, part))
	{
		Estimate	estimate[EFFECT_PARTS];
		Estimate	odds[EFFECT_PARTS];
		float8		figure[EFFECT_PARTS];

		for (int i = 0; i < EFFECT_PARTS; i++)
		{
			estimate[i] = estimate_mean(part[i], &share_scale);
			odds[i] = estimate_log_odds(part[i]);
			figure[i] = score_mean(part[i]);
		}
		fill_change(row, effect_of(figure), estimate_effect(estimate), confidence, 2);
		widen_to_odds(row, odds, confidence);
	}
	return float8_row(fcinfo, row, lengthof(row));
}
