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

#endif							/* LOYALCS_RATINGS_H */
