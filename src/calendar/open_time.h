/*-------------------------------------------------------------------------
 *
 * open_time.h
 *	  Open time: a table of when a schedule is open, and questions to it.
 *
 * A table covers a window of time and is never changed; whoever asks for what
 * lies beyond is told so, and asks a larger one.  Nothing here raises an error
 * or keeps anything, so that it can be held against a slower way of counting
 * without a server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_OPEN_TIME_H
#define LOYALCS_OPEN_TIME_H

#include "datatype/timestamp.h"
#include "utils/date.h"

#include "calendar/business_hours.h"
#include "calendar/offsets.h"

/* Who is closed for longer will not open again; 3653 days are ten years. */
#define TEN_YEARS		((int64) 3653 * USECS_PER_DAY)

/* 2^36 microseconds, 19 hours: a search starts at the right stretch or one before. */
#define STRETCH_BUCKET_SHIFT	36

/* A schedule that has been checked, and what belongs to it. */
typedef struct Schedule
{
	const BusinessHours *hours;
	const uint16 *first_spans;	/* where the spans of each rule start */
	const Offsets *offsets;
} Schedule;

/* A maximal interval of UTC in which the local clock reads open; half-open. */
typedef struct Stretch
{
	TimestampTz open;
	TimestampTz close;
	int64		before;			/* open time of all stretches before this one */
} Stretch;

/*
 * Invariants: stretches are ascending, do not touch, and lie within the window,
 * so one that touches its edge may go on beyond; the last entry is a sentinel
 * that opens after everything.
 */
typedef struct OpenTable
{
	Schedule	schedule;
	TimestampTz from;			/* the window, within ZONE_FROM .. ZONE_TO */
	TimestampTz to;				/* not included */
	DateADT		first_day;		/* the day of days[0] */
	int			ndays;
	int16	   *days;			/* the rule of each local day, or -1 */
	uint8	   *holidays;		/* whether each of them is one */
	int			nstretches;		/* without the sentinel */
	Stretch    *stretches;
	uint32	   *buckets;		/* see locate() */
	bool		has_long_gap;	/* is a gap longer than TEN_YEARS? */
} OpenTable;

typedef enum OpenResult
{
	OPEN_FOUND,
	OPEN_AHEAD,					/* a table that reaches further ahead may know */
	OPEN_BEHIND,				/* and here one that reaches further back */
	OPEN_NEVER,					/* not within ten years */
	OPEN_NO_YEARS				/* the years end first */
} OpenResult;

/* What a question looks like, so that one loop asks them all. */
typedef OpenResult (*OpenQuestion) (const OpenTable *table, TimestampTz at,
									int64 amount, TimestampTz *answer);

extern OpenTable *build_open_table(const Schedule *schedule, TimestampTz from,
								   TimestampTz to);

extern int64 open_time_between(const OpenTable *table, TimestampTz from, TimestampTz to);
extern OpenResult open_time_from(const OpenTable *table, TimestampTz at, int64 unused,
								 TimestampTz *answer);
extern OpenResult open_time_to(const OpenTable *table, TimestampTz at, int64 unused,
							   TimestampTz *answer);
extern OpenResult open_time_close(const OpenTable *table, TimestampTz at, int64 unused,
								  TimestampTz *answer);
extern OpenResult add_open_time(const OpenTable *table, TimestampTz at, int64 amount,
								TimestampTz *answer);
extern OpenResult subtract_open_time(const OpenTable *table, TimestampTz at, int64 amount,
									 TimestampTz *answer);
extern OpenResult add_business_days(const OpenTable *table, TimestampTz at, int64 ndays,
									TimestampTz *answer);

/* Can the table be asked about it? */
static inline bool
table_covers(const OpenTable *table, TimestampTz at)
{
	return at >= table->from && at < table->to;
}

/* The first stretch that closes after `at`; the sentinel if none does. */
static inline int
locate(const OpenTable *table, TimestampTz at)
{
	int			i;

	Assert(table_covers(table, at));
	i = table->buckets[(at - table->from) >> STRETCH_BUCKET_SHIFT];
	while (table->stretches[i].close <= at)
		i++;
	return i;
}

#endif							/* LOYALCS_OPEN_TIME_H */
