/*-------------------------------------------------------------------------
 *
 * ratings.h
 *	  The value that survey answers are aggregated to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_RATINGS_H
#define LOYALCS_RATINGS_H

#include "fmgr.h"

/* The widest scale in use, that of the likelihood to recommend: 0 to 10. */
#define RATINGS_SCORES		11

/*
 * The most answers that one score can have: 2^53, nine quadrillion.  Up to
 * there a count is exact as a float8 and as a JSON number wherever it is read,
 * and neither the total of eleven counts nor the sum of their squares (at most
 * 385 * 2^53) overflows an int64, so only counts need a check.
 */
#define RATINGS_MAX_COUNT	(INT64CONST(1) << 53)

/*
 * How many answers gave each score.  Fixed length, 88 bytes, no padding, the
 * same on disk, in memory and as the state of every rating aggregate.
 * Invariant: 0 <= count[score] <= RATINGS_MAX_COUNT.
 *
 * There is no version in it, and no room for one: these 88 bytes are for good.
 * Keys, hash partitions and stored days stand on them, and a fixed length is
 * what makes a window fast.  A wider scale, or anything else to be counted,
 * would be another type with a cast from this one; functions that read both
 * would take both.
 */
typedef struct Ratings
{
	int64		count[RATINGS_SCORES];
} Ratings;

#define DatumGetRatingsP(X)		((Ratings *) DatumGetPointer(X))
#define RatingsPGetDatum(X)		PointerGetDatum(X)
#define PG_GETARG_RATINGS_P(n)	DatumGetRatingsP(PG_GETARG_DATUM(n))
#define PG_RETURN_RATINGS_P(x)	return RatingsPGetDatum(x)

/* A scale that a score can be off. */
typedef struct Scale
{
	const char *name;
	int			low;
	int			high;
} Scale;

/* Whatever ratings can hold. */
static const Scale rating_scale = {"rating", 0, RATINGS_SCORES - 1};

/* Promoters and detractors, by definition. */
#define NPS_LOWEST_PROMOTER		9
#define NPS_HIGHEST_DETRACTOR	6

extern void check_scale(const Ratings *ratings, const Scale *scale);
extern void check_range(int32 low, int32 high);

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

static inline float8
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

#endif							/* LOYALCS_RATINGS_H */
