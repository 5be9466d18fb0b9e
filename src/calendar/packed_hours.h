/*-------------------------------------------------------------------------
 *
 * packed_hours.h
 *	  Makes the value of what opening hours were read to, and checks one.
 *
 * Pure: no allocation, no ereport, nothing of the server's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_PACKED_HOURS_H
#define LOYALCS_PACKED_HOURS_H

#include "calendar/business_hours.h"

/* A schedule while it is being read; pack_hours() makes it a value. */
typedef struct HoursParts
{
	uint8		countries;
	int			nrules;
	int			nspans;
	int			ndates;
	OpeningRule rules[CALENDAR_MAX_RULES];
	OpeningSpan spans[CALENDAR_MAX_SPANS];
	int32		dates[CALENDAR_MAX_DATES];
	char		zone[CALENDAR_MAX_ZONE + 1];
} HoursParts;

/* What the text of the type can carry in a zone's name. */
static inline bool
is_zone_character(char c)
{
	return c > ' ' && c < 0x7f;
}

extern int	merge_spans(OpeningSpan *spans, int nspans);
extern size_t hours_size(const HoursParts *parts);
extern void pack_hours(const HoursParts *parts, BusinessHours *hours);
extern const char *check_hours(const BusinessHours *hours, size_t size);

#endif							/* LOYALCS_PACKED_HOURS_H */
