/*-------------------------------------------------------------------------
 *
 * opening_hours.h
 *	  Reads and writes opening hours in OpenStreetMap's notation.
 *
 * Pure: no allocation, no ereport, nothing of the server's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_OPENING_HOURS_H
#define LOYALCS_OPENING_HOURS_H

#include "calendar/business_hours.h"
#include "base/scan.h"

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

/* What holds where a text of the type says nothing else. */
#define DEFAULT_ZONE		"Asia/Tokyo"
#define DEFAULT_COUNTRIES	CALENDAR_JP

extern bool parse_rules(Scanner *scanner, HoursParts *parts);
extern bool parse_holidays(Scanner *scanner, HoursParts *parts);
extern bool parse_hours(Scanner *scanner, HoursParts *parts);
extern bool zone_can_be_written(const char *zone);
extern bool ever_open(const HoursParts *parts);

extern size_t hours_size(const HoursParts *parts);
extern void pack_hours(const HoursParts *parts, BusinessHours *hours);
extern const char *check_hours(const BusinessHours *hours, size_t size);

/* No rule without its times, and no holiday, is longer than these. */
#define RULE_TEXT_SIZE		48
#define SPAN_TEXT_SIZE		12
#define DATE_TEXT_SIZE		12
#define HOURS_TEXT_SIZE(h) \
	(RULE_TEXT_SIZE * (h)->nrules + SPAN_TEXT_SIZE * (h)->nspans + \
	 DATE_TEXT_SIZE * (h)->ndates + (h)->zone_length + 16)

extern char *print_rule(const OpeningRule *rule, const OpeningSpan *spans,
						char *end);
extern char *print_hours(const BusinessHours *hours, char *end);

#endif							/* LOYALCS_OPENING_HOURS_H */
