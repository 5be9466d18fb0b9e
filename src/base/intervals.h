/*-------------------------------------------------------------------------
 *
 * intervals.h
 *	  An interval of nothing but time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_INTERVALS_H
#define LOYALCS_INTERVALS_H

#include "datatype/timestamp.h"

static inline Interval *
interval_of_time(int64 time)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->time = time;
	return interval;
}

#endif							/* LOYALCS_INTERVALS_H */
