/*-------------------------------------------------------------------------
 *
 * deadline.h
 *	  A clock and a target become a deadline.
 *
 * Nothing here raises an error because of what it is asked: who asks for one clock
 * says what is wrong, who asks for a million shows it on that row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_DEADLINE_H
#define LOYALCS_DEADLINE_H

#include "calendar/calendar.h"
#include "service/ticket_clocks.h"

/* A hundred years: no promise is longer, and no sum of them overflows. */
#define MAX_TARGET			(INT64CONST(36500) * USECS_PER_DAY)

typedef struct Target
{
	const Interval *interval;	/* NULL: none that can be used */
	struct varlena *hours;		/* NULL: the clock on the wall */
	int64		warn_before;	/* of time that counts */
} Target;

typedef struct Deadline
{
	const char *problem;		/* why there is none, or NULL */
	TimestampTz at;				/* DT_NOEND: paused, or none */
	int64		amount;			/* time that counts until then, or NO_AMOUNT */
	TimestampTz failed_from;	/* the question that had no answer */
	int64		failed_amount;
	int64		failed_days;
} Deadline;

#define NO_AMOUNT		INT64CONST(-1)

extern int	read_pauses(Datum multirange, Pause **pauses);
extern bool target_amount(const Interval *interval, int64 *amount);
extern void find_deadline(TimestampTz started, const Target *target, const Pause *pauses,
						  int npauses, Deadline *deadline);
extern TimestampTz find_warning(TimestampTz started, const Target *target,
								const Pause *pauses, int npauses, const Deadline *deadline);
extern bool find_elapsed(TimestampTz started, TimestampTz until, struct varlena *hours,
						 const Pause *pauses, int npauses, int64 *elapsed);

#endif							/* LOYALCS_DEADLINE_H */
