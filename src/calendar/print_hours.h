/*-------------------------------------------------------------------------
 *
 * print_hours.h
 *	  Writes opening hours in OpenStreetMap's notation.
 *
 * Pure: no allocation, no ereport, nothing of the server's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_PRINT_HOURS_H
#define LOYALCS_PRINT_HOURS_H

#include "calendar/business_hours.h"

/*
 * No rule without its times, and no holiday, is longer than these.  The longest
 * rule is "; 2026 Dec 29-2027 Jan 03 Mo,Tu,Th,Fr,Su,PH off".
 */
#define RULE_TEXT_SIZE		64
#define SPAN_TEXT_SIZE		12
#define DATE_TEXT_SIZE		12
#define HOURS_TEXT_SIZE(h) \
	(RULE_TEXT_SIZE * (h)->nrules + SPAN_TEXT_SIZE * (h)->nspans + \
	 DATE_TEXT_SIZE * (h)->ndates + (h)->zone_length + 16)

extern bool covers_whole_months(const OpeningRule *rule);
extern char *print_rule(const OpeningRule *rule, const OpeningSpan *spans,
						char *end);
extern char *print_hours(const BusinessHours *hours, char *end);

#endif							/* LOYALCS_PRINT_HOURS_H */
