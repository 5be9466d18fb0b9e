/*-------------------------------------------------------------------------
 *
 * business_hours.h
 *	  The value of the type business_hours: what opening hours are packed to.
 *
 * It is a list of rules in the order in which they were written: the hours of
 * a day are those of the last rule that is about that day, and a day that no
 * rule is about is closed.  Nothing here needs the server, so that the parser
 * can be tested without one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_BUSINESS_HOURS_H
#define LOYALCS_BUSINESS_HOURS_H

/*
 * Limits.  500 rules are forty years of exceptions at a dozen a year, 2000
 * holidays the same at fifty a year; times are four a rule.  Together they
 * keep a value below 23 kB.  24 times a day, one an hour, keep the table of all
 * 200 years, which evaluation may need, below 42 MB.
 */
#define CALENDAR_MAX_RULES		500
#define CALENDAR_MAX_SPANS		2000
#define CALENDAR_DAY_SPANS		24	/* of one rule */
#define CALENDAR_MAX_DATES		2000
#define CALENDAR_MAX_ZONE		255 /* as PostgreSQL's TZ_STRLEN_MAX */

/*
 * A value says the least version that has all of it, so that what an earlier
 * release wrote is what this one would write, byte for byte: equal, and of the
 * same hash.  2: rules about days of the week within a season.
 */
#define CALENDAR_VERSION		2
#define CALENDAR_VERSION_SEASONS	2
#define CALENDAR_JP				0x01	/* in countries: holidays of Japan */

#define DAY_MINUTES				1440

/* Bits of days of the week: Monday is the lowest. */
#define DAYS_WEEK				0x7f
#define DAYS_PH					0x80

typedef enum RuleKind
{
	RULE_WEEKLY,				/* on days of the week, on public holidays */
	RULE_YEARLY,				/* from one day of the year to another */
	RULE_DATED					/* from one date to another */
} RuleKind;

/*
 * The days that a rule is about, and how many of the value's spans are its.
 * Without any it closes those days.  12 bytes, no padding.
 */
typedef struct OpeningRule
{
	uint8		kind;			/* a RuleKind */
	uint8		days;			/* 0: all of them, but not of RULE_WEEKLY */
	uint16		nspans;
	int32		first;			/* RULE_DATED: a day number; RULE_YEARLY: */
	int32		last;			/* YEAR_DAY(); both inclusive; else 0 */
} OpeningRule;

/* A leap year stands for a year that is not given. */
#define ANY_YEAR				2000

#define YEAR_DAY(month, mday)	((month) * 32 + (mday))
#define YEAR_DAY_MONTH(day)		((day) / 32)
#define YEAR_DAY_MDAY(day)		((day) % 32)

/*
 * Minutes of local clock time since the midnight that the day starts with:
 * 0 <= open < 1440 and open < close <= open + 1440.  The opening is in, the
 * close is not; a close after 1440 is on the next day.
 */
typedef struct OpeningSpan
{
	uint16		open;
	uint16		close;
} OpeningSpan;

/*
 * The value: a varlena of 16 bytes, the rules, the spans of all rules in their
 * order, the listed holidays, and the name of the time zone with a NUL.  The
 * wider fields come first, so that int alignment suits all of them; the usual
 * schedule of a shop takes some 70 bytes.
 *
 * Invariants, all held by check_hours(): one rule at least; days of a season
 * are not the whole week, which 0 says; spans of a rule
 * ascending by open, and merged as merge_spans() does; holidays ascending,
 * without duplicates; lengths that add up.  So equal values have equal bytes.
 */
typedef struct BusinessHours
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	uint8		version;		/* 1 to CALENDAR_VERSION */
	uint8		countries;		/* CALENDAR_JP or 0 */
	uint16		reserved;		/* always zero */
	uint16		nrules;
	uint16		nspans;
	uint16		ndates;
	uint16		zone_length;	/* without its NUL */
} BusinessHours;

/* What follows the header: rules, spans, holidays, the zone. */
#define HOURS_RULES(h)	((OpeningRule *) ((h) + 1))
#define HOURS_SPANS(h)	((OpeningSpan *) (HOURS_RULES(h) + (h)->nrules))
#define HOURS_DATES(h)	((int32 *) (HOURS_SPANS(h) + (h)->nspans))
#define HOURS_ZONE(h)	((char *) (HOURS_DATES(h) + (h)->ndates))

#endif							/* LOYALCS_BUSINESS_HOURS_H */
