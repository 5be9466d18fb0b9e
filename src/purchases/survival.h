/*-------------------------------------------------------------------------
 *
 * survival.h
 *	  Waits of which some still go on, and what their curve says.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_SURVIVAL_H
#define LOYALCS_SURVIVAL_H

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "utils/array.h"

/*
 * A wait is one number, in the order in which waits count: twice its length in
 * microseconds, and one more if it was cut off.  (At one time those who came go first:
 * who is cut off was still being watched.)
 */
typedef uint64 Wait;

#define MAKE_WAIT(time, ended)	(((Wait) (time) << 1) | !(ended))
#define WAIT_TIME(wait)			((int64) ((wait) >> 1))
#define WAIT_ENDED(wait)		(((wait) & 1) == 0)

typedef struct Waits
{
	int			n;
	Wait	   *waits;
	int64	   *watched;		/* for how long each could have been */
	int64		within;			/* once sorted: how far their curve is read */
} Waits;

/* share, median, median_of_ended, within */
#define SURVIVAL_COLUMNS	4

/* after, at_risk, came, share, low, high */
#define CURVE_COLUMNS		6

/* Times on a curve at which it is read, in their order, in microseconds. */
typedef struct CurveTimes
{
	int64	   *times;
	int			n;
	float8		z;				/* critical value of the intervals of its
								 * shares */
}			CurveTimes;

typedef Datum CurvePoint[CURVE_COLUMNS];

extern TimestampTz check_wait_instant(TimestampTz instant);
extern Waits make_waits(int room);
extern void add_wait(Waits *waits, TimestampTz began, bool ends, TimestampTz ended, TimestampTz as_of);
extern void read_survival(Waits *waits, Datum *values, bool *nulls);
extern CurveTimes read_curve_times(ArrayType *times, float8 confidence);
extern int	read_curve(Waits *waits, const CurveTimes * at, CurvePoint * points);

#endif							/* LOYALCS_SURVIVAL_H */
