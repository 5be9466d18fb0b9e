/*-------------------------------------------------------------------------
 *
 * ratings.c
 *	  The type ratings: survey answers counted by score, and what is read
 *	  from them: NPS, CSAT, CES, their intervals and their changes.
 *
 * A ratings value is the state of every aggregate here, so a day's answers, a
 * year's and a window frame's are one type, merge with + and come apart with
 * -.  Aggregates change their state in place: it is fixed-length, and the
 * executor owns it.
 *
 * Invariants: a count never leaves 0 .. RATINGS_MAX_COUNT (see ratings.h); a
 * score is checked against its scale before it is counted; every figure of no
 * answers is NULL.
 *
 * NPS is Reichheld's: the share of promoters (9, 10) less that of detractors
 * (0 to 6), in points.
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
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/jsonb.h"

#include "base/aggregate.h"
#include "base/compat.h"
#include "base/row_types.h"
#include "base/scan.h"
#include "base/stats.h"
#include "ratings/ratings.h"

/* Promoters and detractors, by definition. */
#define NPS_LOWEST_PROMOTER		9
#define NPS_HIGHEST_DETRACTOR	6

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

static const Scale rating_scale = {"rating", 0, RATINGS_SCORES - 1};
static const Scale nps_scale = {"NPS", 0, 10};
static const Scale csat_scale = {"CSAT", 1, 5};
static const Scale ces_scale = {"CES", 1, 7};

/*
 * Checks, each the only one of its kind
 */

/* Out of line, so that the check itself stays one comparison. */
static void
report_off_scale(const char *score, const Scale *scale)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s score %s is off its scale", scale->name, score),
			 errdetail("The scale is the whole numbers from %d to %d.",
					   scale->low, scale->high),
			 errhint("Leave an unanswered question NULL; ratings_agg takes any scale from %d to %d.",
					 rating_scale.low, rating_scale.high)));
}

static inline int
check_score(int32 score, const Scale *scale)
{
	if (unlikely(score < scale->low || score > scale->high))
		report_off_scale(psprintf("%d", score), scale);
	return score;
}

/* Survey tools export whole numbers as numeric or double precision, too. */
static inline int
check_real_score(float8 score, const Scale *scale)
{
	if (unlikely(!(score >= scale->low && score <= scale->high) ||
				 score != rint(score)))
		report_off_scale(DatumGetCString(DirectFunctionCall1(float8out,
															 Float8GetDatum(score))),
						 scale);
	return (int) score;
}

/* The accessors of one scale are not for answers on another. */
static void
check_scale(const Ratings *ratings, const Scale *scale)
{
	for (int score = 0; score < RATINGS_SCORES; score++)
	{
		if (ratings->count[score] > 0)
			check_score(score, scale);
	}
}

static void
report_count(int score, int64 count)
{
	if (count < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("ratings cannot have a negative count"),
				 errdetail("The count of score %d would be " INT64_FORMAT ".",
						   score, count),
				 errhint("Take out only answers that were counted before.")));
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("too many answers of score %d", score),
			 errdetail("A count of ratings is at most " INT64_FORMAT ".",
					   RATINGS_MAX_COUNT)));
}

/* Both operands are within bounds, so neither their sum nor their difference wraps. */
static inline int64
check_count(int score, int64 count)
{
	if (unlikely(count < 0 || count > RATINGS_MAX_COUNT))
		report_count(score, count);
	return count;
}

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

/* low and high of share(), top and scale of csat_share(). */
static void
check_range(int32 low, int32 high)
{
	if (low < rating_scale.low || high > rating_scale.high || low > high)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d to %d is not a range of scores", low, high),
				 errdetail("Scores run from %d to %d, and the lower comes first.",
						   rating_scale.low, rating_scale.high)));
}

/*
 * Pure functions
 */

static inline int64
count_between(const Ratings *ratings, int low, int high)
{
	int64		answers = 0;

	for (int score = low; score <= high; score++)
		answers += ratings->count[score];
	return answers;
}

static inline int64
responses(const Ratings *ratings)
{
	return count_between(ratings, 0, RATINGS_SCORES - 1);
}

static inline int64
promoters(const Ratings *ratings)
{
	return count_between(ratings, NPS_LOWEST_PROMOTER, RATINGS_SCORES - 1);
}

static inline int64
detractors(const Ratings *ratings)
{
	return count_between(ratings, 0, NPS_HIGHEST_DETRACTOR);
}

static float8
score_mean(const Ratings *ratings)
{
	int64		n = responses(ratings);
	int64		total = 0;

	for (int score = 1; score < RATINGS_SCORES; score++)
		total += score * ratings->count[score];
	/* Above 2^53 both are rounded, and their quotient could miss it. */
	if (total % n == 0)
		return total / n;
	return (float8) total / n;
}

/*
 * The sample variance, around the mean rather than from sums of squares:
 * nothing cancels, and equal answers give exactly zero.
 */
static float8
score_variance(const Ratings *ratings)
{
	float8		mean = score_mean(ratings);
	float8		squares = 0;

	for (int score = 0; score < RATINGS_SCORES; score++)
		squares += ratings->count[score] * (score - mean) * (score - mean);
	return squares / (responses(ratings) - 1);
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

/* Each answer is read once: a window asks this for every row. */
static inline float8
nps_points(const Ratings *ratings)
{
	int64		up = promoters(ratings);
	int64		down = detractors(ratings);
	int64		rest = count_between(ratings, NPS_HIGHEST_DETRACTOR + 1,
									 NPS_LOWEST_PROMOTER - 1);

	/* 0 / 0 is NaN, and no answers have no other way to be one */
	return 100.0 * (up - down) / (up + down + rest);
}

static void
parse_ratings(Scanner *scanner, Ratings *ratings)
{
	const char *expected_score = "a score from \"0\" to \"10\" that was not there before";
	const char *expected_count = "a number of answers from 0 to 9007199254740992";
	bool		seen[RATINGS_SCORES] = {false};
	bool		first = true;

	memset(ratings, 0, sizeof(*ratings));
	while (scan_member(scanner, &first))
	{
		const char *begin = scanner->at;
		int64		score;

		if (scan_char(scanner, '"', expected_score) &&
			(*scanner->at < '0' || *scanner->at > '9' ||
			 !scan_count(scanner, RATINGS_SCORES - 1, &score, expected_score) ||
			 *scanner->at != '"' || seen[score]))
		{
			scanner->at = begin;
			scan_fail(scanner, expected_score);
		}
		scan_char(scanner, '"', expected_score);
		scan_char(scanner, ':', "\":\"");
		if (scanner->expected == NULL)
		{
			seen[score] = true;
			scan_count(scanner, RATINGS_MAX_COUNT, &ratings->count[score],
					   expected_count);
		}
	}
	scan_end(scanner);
}

/*
 * Eleven keys, counts and separators fit, whatever bits a page gave back that
 * was damaged: 2 + 11 * (4 + 2 + 20 + 2) + 1.
 */
#define RATINGS_TEXT_SIZE	320

static void
print_ratings(const Ratings *ratings, char *text)
{
	char	   *end = text;

	*end++ = '{';
	for (int score = 0; score < RATINGS_SCORES; score++)
	{
		if (ratings->count[score] == 0)
			continue;
		end += sprintf(end, "%s\"%d\": " INT64_FORMAT,
					   end == text + 1 ? "" : ", ", score, ratings->count[score]);
	}
	*end++ = '}';
	*end = '\0';
}

/*
 * Input and output
 */

PG_FUNCTION_INFO_V1(ratings_in);
Datum
ratings_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	Ratings    *ratings = palloc(sizeof(Ratings));
	Scanner		scanner;

	scan_start(&scanner, text);
	parse_ratings(&scanner, ratings);
	if (scanner.expected != NULL)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"",
						"ratings", text),
				 errdetail("Expected %s at character %d.",
						   scanner.expected, scan_position(&scanner)),
				 errhint("Write the number of answers of each score as a JSON object, such as {\"9\": 12, \"10\": 40}.")));
	PG_RETURN_RATINGS_P(ratings);
}

PG_FUNCTION_INFO_V1(ratings_out);
Datum
ratings_out(PG_FUNCTION_ARGS)
{
	char	   *text = palloc(RATINGS_TEXT_SIZE);

	print_ratings(PG_GETARG_RATINGS_P(0), text);
	PG_RETURN_CSTRING(text);
}

PG_FUNCTION_INFO_V1(ratings_recv);
Datum
ratings_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	Ratings    *ratings = palloc(sizeof(Ratings));

	for (int score = 0; score < RATINGS_SCORES; score++)
		ratings->count[score] = check_count(score, pq_getmsgint64(buf));
	PG_RETURN_RATINGS_P(ratings);
}

PG_FUNCTION_INFO_V1(ratings_send);
Datum
ratings_send(PG_FUNCTION_ARGS)
{
	Ratings    *ratings = PG_GETARG_RATINGS_P(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	for (int score = 0; score < RATINGS_SCORES; score++)
		pq_sendint64(&buf, ratings->count[score]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(ratings_to_jsonb);
Datum
ratings_to_jsonb(PG_FUNCTION_ARGS)
{
	char		text[RATINGS_TEXT_SIZE];

	print_ratings(PG_GETARG_RATINGS_P(0), text);
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

/*
 * Comparison: by the count of score 0, then of score 1, and so on.  The order
 * has no meaning; it exists so that keys, DISTINCT and statistics work.
 */

static int
compare_ratings(const Ratings *a, const Ratings *b)
{
	for (int score = 0; score < RATINGS_SCORES; score++)
	{
		if (a->count[score] != b->count[score])
			return a->count[score] < b->count[score] ? -1 : 1;
	}
	return 0;
}

PG_FUNCTION_INFO_V1(ratings_cmp);
Datum
ratings_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_ratings(PG_GETARG_RATINGS_P(0), PG_GETARG_RATINGS_P(1)));
}

#define RATINGS_COMPARISON(name, test) \
PG_FUNCTION_INFO_V1(ratings_##name); \
Datum \
ratings_##name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_BOOL(compare_ratings(PG_GETARG_RATINGS_P(0), \
								   PG_GETARG_RATINGS_P(1)) test 0); \
} \
extern Datum ratings_##name(PG_FUNCTION_ARGS)

RATINGS_COMPARISON(lt, <);
RATINGS_COMPARISON(le, <=);
RATINGS_COMPARISON(eq, ==);
RATINGS_COMPARISON(ne, !=);
RATINGS_COMPARISON(ge, >=);
RATINGS_COMPARISON(gt, >);

PG_FUNCTION_INFO_V1(ratings_hash);
Datum
ratings_hash(PG_FUNCTION_ARGS)
{
	return hash_any((unsigned char *) PG_GETARG_RATINGS_P(0), sizeof(Ratings));
}

PG_FUNCTION_INFO_V1(ratings_hash_extended);
Datum
ratings_hash_extended(PG_FUNCTION_ARGS)
{
	return hash_any_extended((unsigned char *) PG_GETARG_RATINGS_P(0),
							 sizeof(Ratings), PG_GETARG_INT64(1));
}

/*
 * Counting
 */

/*
 * The ratings to change: the state itself inside an aggregate, where the
 * executor owns it, a copy anywhere else, where it may be a row's.
 */
static inline Ratings *
own_ratings(FunctionCallInfo fcinfo)
{
	Ratings    *ratings = PG_GETARG_RATINGS_P(0);
	Ratings    *copy;

	if (in_aggregate(fcinfo))
		return ratings;
	copy = palloc(sizeof(Ratings));
	*copy = *ratings;
	return copy;
}

/* by is 1 or -1; the caller has checked the score. */
static inline Datum
count_score(FunctionCallInfo fcinfo, int score, int by)
{
	Ratings    *ratings;

	if (unlikely(PG_ARGISNULL(0)))
		ratings = palloc0(sizeof(Ratings));
	else
		ratings = own_ratings(fcinfo);
	ratings->count[score] = check_count(score, ratings->count[score] + by);
	PG_RETURN_RATINGS_P(ratings);
}

static inline Datum
skip_answer(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/*
 * The transition functions: one a scale and argument type.  smallint and
 * integer are what scores are stored as; double precision takes what is left.
 * They skip NULL themselves: for a strict function the executor would take one
 * more step a row.
 */
#define RATINGS_TRANSITION(name, by, scale) \
PG_FUNCTION_INFO_V1(name##_int2); \
Datum \
name##_int2(PG_FUNCTION_ARGS) \
{ \
	if (PG_ARGISNULL(1)) \
		return skip_answer(fcinfo); \
	return count_score(fcinfo, check_score(PG_GETARG_INT16(1), &scale), by); \
} \
PG_FUNCTION_INFO_V1(name##_int4); \
Datum \
name##_int4(PG_FUNCTION_ARGS) \
{ \
	if (PG_ARGISNULL(1)) \
		return skip_answer(fcinfo); \
	return count_score(fcinfo, check_score(PG_GETARG_INT32(1), &scale), by); \
} \
PG_FUNCTION_INFO_V1(name##_float8); \
Datum \
name##_float8(PG_FUNCTION_ARGS) \
{ \
	if (PG_ARGISNULL(1)) \
		return skip_answer(fcinfo); \
	return count_score(fcinfo, check_real_score(PG_GETARG_FLOAT8(1), &scale), by); \
} \
extern Datum name##_float8(PG_FUNCTION_ARGS)

RATINGS_TRANSITION(ratings_accum, 1, rating_scale);
RATINGS_TRANSITION(nps_accum, 1, nps_scale);
RATINGS_TRANSITION(csat_accum, 1, csat_scale);
RATINGS_TRANSITION(ces_accum, 1, ces_scale);
RATINGS_TRANSITION(ratings_remove, -1, rating_scale);

/* The operator +, the transition function of sum and the combine function of all. */
PG_FUNCTION_INFO_V1(ratings_add);
Datum
ratings_add(PG_FUNCTION_ARGS)
{
	Ratings    *ratings = own_ratings(fcinfo);
	Ratings    *more = PG_GETARG_RATINGS_P(1);

	for (int score = 0; score < RATINGS_SCORES; score++)
		ratings->count[score] = check_count(score, ratings->count[score] +
											more->count[score]);
	PG_RETURN_RATINGS_P(ratings);
}

/* The operator -, and how a window frame forgets. */
PG_FUNCTION_INFO_V1(ratings_subtract);
Datum
ratings_subtract(PG_FUNCTION_ARGS)
{
	Ratings    *ratings = own_ratings(fcinfo);
	Ratings    *less = PG_GETARG_RATINGS_P(1);

	for (int score = 0; score < RATINGS_SCORES; score++)
		ratings->count[score] = check_count(score, ratings->count[score] -
											less->count[score]);
	PG_RETURN_RATINGS_P(ratings);
}

/*
 * The result of ratings_agg and sum: a copy, since in a window the state goes
 * on changing after this row's result was taken.
 */
PG_FUNCTION_INFO_V1(ratings_final);
Datum
ratings_final(PG_FUNCTION_ARGS)
{
	Ratings    *ratings = PG_GETARG_RATINGS_P(0);
	Ratings    *copy;

	if (responses(ratings) == 0)
		PG_RETURN_NULL();
	copy = palloc(sizeof(Ratings));
	*copy = *ratings;
	PG_RETURN_RATINGS_P(copy);
}

/*
 * Accessors
 */

PG_FUNCTION_INFO_V1(ratings_responses);
Datum
ratings_responses(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(responses(PG_GETARG_RATINGS_P(0)));
}

PG_FUNCTION_INFO_V1(ratings_promoters);
Datum
ratings_promoters(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(promoters(PG_GETARG_RATINGS_P(0)));
}

PG_FUNCTION_INFO_V1(ratings_passives);
Datum
ratings_passives(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(count_between(PG_GETARG_RATINGS_P(0),
								  NPS_HIGHEST_DETRACTOR + 1,
								  NPS_LOWEST_PROMOTER - 1));
}

PG_FUNCTION_INFO_V1(ratings_detractors);
Datum
ratings_detractors(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(detractors(PG_GETARG_RATINGS_P(0)));
}

PG_FUNCTION_INFO_V1(ratings_nps);
Datum
ratings_nps(PG_FUNCTION_ARGS)
{
	float8		points = nps_points(PG_GETARG_RATINGS_P(0));

	if (isnan(points))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(points);
}

static Datum
mean_on_scale(FunctionCallInfo fcinfo, const Scale *scale)
{
	Ratings    *ratings = PG_GETARG_RATINGS_P(0);

	check_scale(ratings, scale);
	if (responses(ratings) == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(score_mean(ratings));
}

PG_FUNCTION_INFO_V1(ratings_mean);
Datum
ratings_mean(PG_FUNCTION_ARGS)
{
	return mean_on_scale(fcinfo, &rating_scale);
}

PG_FUNCTION_INFO_V1(ratings_csat);
Datum
ratings_csat(PG_FUNCTION_ARGS)
{
	return mean_on_scale(fcinfo, &csat_scale);
}

PG_FUNCTION_INFO_V1(ratings_ces);
Datum
ratings_ces(PG_FUNCTION_ARGS)
{
	return mean_on_scale(fcinfo, &ces_scale);
}

PG_FUNCTION_INFO_V1(ratings_stddev);
Datum
ratings_stddev(PG_FUNCTION_ARGS)
{
	Ratings    *ratings = PG_GETARG_RATINGS_P(0);

	if (responses(ratings) < 2)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sqrt(score_variance(ratings)));
}

PG_FUNCTION_INFO_V1(ratings_share);
Datum
ratings_share(PG_FUNCTION_ARGS)
{
	Ratings    *ratings = PG_GETARG_RATINGS_P(0);
	int32		low = PG_GETARG_INT32(1);
	int32		high = PG_GETARG_INT32(2);
	int64		all = responses(ratings);

	check_range(low, high);
	if (all == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((float8) count_between(ratings, low, high) / all);
}

/* (ratings, top, scale); of a final function, the first alone. */
static Datum
top_boxes(FunctionCallInfo fcinfo, float8 whole)
{
	Ratings    *ratings = PG_GETARG_RATINGS_P(0);
	Scale		scale = csat_scale;
	int32		top = csat_scale.high - 1;
	int64		all = responses(ratings);

	if (PG_NARGS() == 3)
	{
		top = PG_GETARG_INT32(1);
		scale.high = PG_GETARG_INT32(2);
	}
	check_range(top, scale.high);
	check_range(scale.low, top);
	check_scale(ratings, &scale);
	if (all == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(whole * count_between(ratings, top, scale.high) / all);
}

PG_FUNCTION_INFO_V1(ratings_csat_share);
Datum
ratings_csat_share(PG_FUNCTION_ARGS)
{
	return top_boxes(fcinfo, 1.0);
}

/* The same from 0 to 100, before all shares were from 0 to 1. */
PG_FUNCTION_INFO_V1(ratings_csat_percent);
Datum
ratings_csat_percent(PG_FUNCTION_ARGS)
{
	return top_boxes(fcinfo, 100.0);
}

PG_FUNCTION_INFO_V1(ratings_histogram);
Datum
ratings_histogram(PG_FUNCTION_ARGS)
{
	Ratings    *ratings = PG_GETARG_RATINGS_P(0);
	Datum		counts[RATINGS_SCORES];

	for (int score = 0; score < RATINGS_SCORES; score++)
		counts[score] = Int64GetDatum(ratings->count[score]);
	PG_RETURN_ARRAYTYPE_P(construct_array(counts, RATINGS_SCORES, INT8OID,
										  sizeof(int64), FLOAT8PASSBYVAL,
										  TYPALIGN_DOUBLE));
}

/*
 * The lowest block stands for "nobody", so that a single answer among
 * thousands still shows.  A database whose encoding lacks the blocks gets
 * characters that every encoding has.
 */
PG_FUNCTION_INFO_V1(ratings_sparkline);
Datum
ratings_sparkline(PG_FUNCTION_ARGS)
{
	static const char *const blocks[] = {
		"\u2581", "\u2582", "\u2583", "\u2584",
		"\u2585", "\u2586", "\u2587", "\u2588"
	};
	static const char *const ascii[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
	const char *const *levels = GetDatabaseEncoding() == PG_UTF8 ? blocks : ascii;
	Ratings    *ratings = PG_GETARG_RATINGS_P(0);
	int64		most = 0;
	StringInfoData line;

	for (int score = 0; score < RATINGS_SCORES; score++)
		most = Max(most, ratings->count[score]);
	if (most == 0)
		PG_RETURN_NULL();
	initStringInfo(&line);
	for (int score = 0; score < RATINGS_SCORES; score++)
		appendStringInfoString(&line,
							   levels[(ratings->count[score] * 7 + most - 1) / most]);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(line.data, line.len));
}

/*
 * Intervals and changes
 */

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
