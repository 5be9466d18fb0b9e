/*-------------------------------------------------------------------------
 *
 * holidays.h
 *	  Japan's public holidays.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_HOLIDAYS_H
#define LOYALCS_HOLIDAYS_H

#include "datatype/timestamp.h"
#include "utils/date.h"

#include "base/civil.h"

/* A holiday's names; the first is UTF-8. */
typedef struct Holiday
{
	const char *name;
	const char *name_en;
} Holiday;

/* 1948-07-20, when the act came into force. */
#define JAPANESE_HOLIDAYS_START	((DateADT) -18792)

/* 2100-01-01: decrees settle no later day, though it is part of 2099 in UTC. */
#define JAPANESE_HOLIDAYS_END	((DateADT) CIVIL_END_DAY)

extern const Holiday *japanese_holiday_on(DateADT day);
extern const char *holiday_name(const Holiday *holiday);

#endif							/* LOYALCS_HOLIDAYS_H */
