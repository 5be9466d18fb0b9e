/*-------------------------------------------------------------------------
 *
 * period.h
 *	  Local days, weeks, months, quarters and years.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_PERIOD_H
#define LOYALCS_PERIOD_H

#include "utils/date.h"

#include "calendar/zone.h"

/* A kind of period; each starts on a day of its own. */
typedef struct Period
{
	const char *name;
	DateADT		(*start) (DateADT day); /* of the period that a day falls in */
	int			days;			/* how long it is: so many days, */
	int			months;			/* or months */
} Period;

/* From which instant to which, both included, a local period can reach. */
typedef struct PeriodBounds
{
	TimestampTz first;
	TimestampTz last;
	bool		exact;			/* is every instant between them in it? */
} PeriodBounds;

extern const Period *find_period(const char *name);
extern PeriodBounds period_bounds(const Period *period, DateADT from, DateADT to,
								  const Zone *zone);

#endif							/* LOYALCS_PERIOD_H */
