/*-------------------------------------------------------------------------
 *
 * opening_hours.h
 *	  Reads opening hours in OpenStreetMap's notation.
 *
 * Pure: no allocation, no ereport, nothing of the server's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_OPENING_HOURS_H
#define LOYALCS_OPENING_HOURS_H

#include "base/scan.h"
#include "calendar/packed_hours.h"

extern const char *const day_names[8];
extern const char *const month_names[12];

/* What holds where a text of the type says nothing else. */
#define DEFAULT_ZONE		"Asia/Tokyo"
#define DEFAULT_COUNTRIES	CALENDAR_JP

extern bool parse_rules(Scanner *scanner, HoursParts *parts);
extern bool parse_holidays(Scanner *scanner, HoursParts *parts);
extern bool parse_hours(Scanner *scanner, HoursParts *parts);
extern bool zone_can_be_written(const char *zone);
extern bool ever_open(const HoursParts *parts);

#endif							/* LOYALCS_OPENING_HOURS_H */
