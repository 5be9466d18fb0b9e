/*-------------------------------------------------------------------------
 *
 * ratings.c
 *	  The type ratings: survey answers counted by score, and what is read
 *	  from them: NPS, CSAT, CES.  How sure that is: changes.c.
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
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/aggregate.h"
#include "base/compat.h"
#include "base/scan.h"
#include "ratings/ratings.h"

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

/* What comes as text is a number as double precision takes it. */
static int
check_written_score(Datum score, const Scale *scale)
{
	Datum		number = DirectFunctionCall1(float8in, CStringGetDatum(TextDatumGetCString(score)));

	return check_real_score(DatumGetFloat8(number), scale);
}

/* The accessors of one scale are not for answers on another. */
void
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

/* low and high of share(), top and scale of csat_share(). */
void
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
 * integer are what scores are stored as; double precision takes what is left,
 * and text what has no type, as a parameter of many clients.  They skip NULL
 * themselves: for a strict function the executor would take one more step a row.
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
PG_FUNCTION_INFO_V1(name##_text); \
Datum \
name##_text(PG_FUNCTION_ARGS) \
{ \
	if (PG_ARGISNULL(1)) \
		return skip_answer(fcinfo); \
	return count_score(fcinfo, check_written_score(PG_GETARG_DATUM(1), &scale), by); \
} \
extern Datum name##_text(PG_FUNCTION_ARGS)

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
