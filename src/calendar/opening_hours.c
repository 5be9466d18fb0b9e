/*-------------------------------------------------------------------------
 *
 * opening_hours.c
 *	  Reads opening hours in OpenStreetMap's notation.
 *
 * The subset of https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification
 * that shops and desks use, and nothing that would need to be guessed:
 *
 *	hours	= rules [ "@" zone [ holidays ] ]
 *	rules	= rule { ";" rule }
 *	rule	= "24/7" | times | "off" | "closed" |
 *			  ( dates [ days ] | days ) [ times | "off" | "closed" ]
 *	days	= day [ "-" day ] { "," day [ "-" day ] }	(day: Mo to Su, PH)
 *	dates	= date { "," date }
 *	date	= [ year ] month [ "-" [ [ year ] month ] ] |
 *			  [ year ] month mday [ "-" [ [ year ] month ] mday ]
 *	times	= HH:MM "-" HH:MM { "," HH:MM "-" HH:MM }
 *	holidays = ( "JP" | YYYY-MM-DD ) { "," ( "JP" | YYYY-MM-DD ) }
 *
 * Words are read in either case, blanks may stand between any two of them, and
 * a day or an hour below 10 may do without its zero.  Days without times are
 * open all day.  A closing time after 24:00 is one of the next day, as Japan
 * writes it.  What print_hours.c prints is canonical: reading it gives the same
 * value, and printing that the same text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/civil.h"
#include "calendar/opening_hours.h"

const char *const day_names[8] = {"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "PH"};
const char *const month_names[12] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* What can be expected, in the words of whoever reads the message. */
static const char *const expected_rule = "days, a date, times or 24/7";
static const char *const expected_times = "opening times such as 10:00-18:00, or off";
static const char *const expected_time = "a time such as 10:00";
static const char *const expected_close = "a closing time less than a day after the opening, such as 18:00 or 26:00";
static const char *const expected_day = "a day of the week (Mo, Tu, We, Th, Fr, Sa, Su) or PH";
static const char *const expected_month = "a month (Jan, Feb, Mar ... Dec)";
static const char *const expected_mday = "a day that the month has";
static const char *const expected_last = "a last day that is not before the first";
static const char *const expected_both = "a day at both ends of the range, or at neither";
static const char *const expected_year = "a year from 1900 to 2099";
static const char *const expected_zone = "the name of a time zone, such as Asia/Tokyo";
static const char *const expected_holiday = "JP or a date such as 2026-08-13";
static const char *const expected_fewer_rules = "no more than 500 rules";
static const char *const expected_fewer_times = "no more than 2000 times in all";
static const char *const expected_open = "a rule that opens on some day that no later rule closes";

/*
 * Characters.  Not <ctype.h>: the text of a type knows no locale.
 */

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static inline bool
is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static void
skip_blanks(Scanner *scanner)
{
	while (*scanner->at == ' ' || *scanner->at == '\t' ||
		   *scanner->at == '\n' || *scanner->at == '\r')
		scanner->at++;
}

/* Takes the character, and blanks before it, when it stands here. */
static bool
take(Scanner *scanner, char wanted)
{
	skip_blanks(scanner);
	if (*scanner->at != wanted)
		return false;
	scanner->at++;
	return true;
}

/* Takes the word, in either case, when exactly that word stands here. */
static bool
take_word(Scanner *scanner, const char *word)
{
	size_t		length = strlen(word);

	skip_blanks(scanner);
	for (size_t i = 0; i < length; i++)
	{
		if (lower(scanner->at[i]) != lower(word[i]))
			return false;
	}
	if (is_letter(scanner->at[length]))
		return false;
	scanner->at += length;
	return true;
}

/* Takes one of the names, and gives its place among them; -1 if none stands here. */
static int
take_name(Scanner *scanner, const char *const *names, int nnames)
{
	for (int i = 0; i < nnames; i++)
	{
		if (take_word(scanner, names[i]))
			return i;
	}
	return -1;
}

/* A number of one or two digits, at most max. */
static bool
take_number(Scanner *scanner, int max, int *value, const char *expected)
{
	const char *begin = scanner->at;
	int			number = 0;

	while (scanner->at - begin < 2 && is_digit(*scanner->at))
		number = number * 10 + (*scanner->at++ - '0');
	if (scanner->at == begin || number > max || is_digit(*scanner->at))
	{
		scanner->at = begin;
		return scan_fail(scanner, expected);
	}
	*value = number;
	return true;
}

/*
 * Times
 */

/* Minutes since midnight, of the day that it starts with. */
static bool
parse_time(Scanner *scanner, int max, int *minutes, const char *expected)
{
	const char *begin;
	int			hour;
	int			minute;

	skip_blanks(scanner);
	begin = scanner->at;
	if (!take_number(scanner, max / 60, &hour, expected))
		return false;
	if (*scanner->at != ':')
		return scan_fail(scanner, "\":\"");
	scanner->at++;
	if (!scan_digits(scanner, 2, &minute))
		return false;
	*minutes = hour * 60 + minute;
	if (minute > 59 || *minutes > max)
	{
		scanner->at = begin;
		return scan_fail(scanner, expected);
	}
	return true;
}

/* The times of a rule, behind those of the rules before it. */
static bool
parse_times(Scanner *scanner, HoursParts *parts, OpeningRule *rule)
{
	OpeningSpan *spans = parts->spans + parts->nspans;
	int			n = 0;

	do
	{
		int			open;
		int			close;
		const char *begin;

		if (parts->nspans + n == CALENDAR_MAX_SPANS)
			return scan_fail(scanner, expected_fewer_times);
		if (n == CALENDAR_DAY_SPANS)
			return scan_fail(scanner, "no more than 24 times a day");
		if (!parse_time(scanner, DAY_MINUTES - 1, &open, expected_time))
			return false;
		if (!take(scanner, '-'))
			return scan_fail(scanner, "\"-\" and a closing time");
		skip_blanks(scanner);
		begin = scanner->at;
		if (!parse_time(scanner, 2 * DAY_MINUTES - 1, &close, expected_close))
			return false;
		if (close < open)
			close += DAY_MINUTES;
		if (close == open ||
			(close - open >= DAY_MINUTES && !(open == 0 && close == DAY_MINUTES)))
		{
			scanner->at = begin;
			return scan_fail(scanner, expected_close);
		}
		spans[n].open = open;
		spans[n].close = close;
		n++;
	} while (take(scanner, ','));

	rule->nspans = merge_spans(spans, n);
	parts->nspans += rule->nspans;
	return true;
}

/*
 * Days
 */

/* A list of days and ranges of days, the first of which is here. */
static bool
parse_days(Scanner *scanner, OpeningRule *rule)
{
	do
	{
		int			first;
		int			last;

		skip_blanks(scanner);
		first = last = take_name(scanner, day_names, lengthof(day_names));
		if (first < 0)
			return scan_fail(scanner, expected_day);
		/* holidays are no part of a week that a range could run through */
		if (first < 7 && take(scanner, '-'))
		{
			skip_blanks(scanner);
			last = take_name(scanner, day_names, 7);
			if (last < 0)
				return scan_fail(scanner, "a day of the week (Mo, Tu, We, Th, Fr, Sa, Su)");
		}
		for (int day = first;; day = (day + 1) % 7)
		{
			rule->days |= 1 << day;
			if (day == last)
				break;
		}
	} while (take(scanner, ','));
	return true;
}

static bool
parse_mday(Scanner *scanner, int year, int month, int *mday)
{
	const char *begin;

	skip_blanks(scanner);
	begin = scanner->at;
	if (!take_number(scanner, month_days(year ? year : ANY_YEAR, month), mday, expected_mday))
		return false;
	if (*mday == 0)
	{
		scanner->at = begin;
		return scan_fail(scanner, expected_mday);
	}
	return true;
}

static bool
parse_year(Scanner *scanner, int *year)
{
	const char *begin = scanner->at;

	if (!scan_digits(scanner, 4, year) || is_digit(*scanner->at) ||
		*year < CIVIL_FIRST_YEAR || *year > CIVIL_LAST_YEAR)
	{
		scanner->at = begin;
		scanner->expected = expected_year;
		return false;
	}
	return true;
}

/* Is there a day of the month next, and not a time or a year? */
static bool
at_mday(Scanner *scanner)
{
	int			digits = 0;

	skip_blanks(scanner);
	while (is_digit(scanner->at[digits]))
		digits++;
	return digits > 0 && digits < 3 && scanner->at[digits] != ':';
}

static bool
at_year(Scanner *scanner)
{
	skip_blanks(scanner);
	return is_digit(scanner->at[0]) && is_digit(scanner->at[1]) && is_digit(scanner->at[2]);
}

/* From the first of a month, or from a day of it, to another. */
typedef struct DateRange
{
	bool		whole;			/* whole months: no days were given */
	int			year;			/* 0: of every year */
	int			month;
	int			mday;
	int			last_year;
	int			last_month;
	int			last_mday;
} DateRange;

static bool
parse_month(Scanner *scanner, int *month, const char *expected)
{
	skip_blanks(scanner);
	*month = take_name(scanner, month_names, lengthof(month_names)) + 1;
	return *month > 0 || scan_fail(scanner, expected);
}

/* What stands behind the "-" of a range. */
static bool
parse_last_date(Scanner *scanner, DateRange *range)
{
	if (range->year != 0 && at_year(scanner) && !parse_year(scanner, &range->last_year))
		return false;
	/* of the same month and year, a day is enough */
	if ((range->whole || !at_mday(scanner) || range->last_year != range->year) &&
		!parse_month(scanner, &range->last_month,
					 range->whole || range->last_year != range->year ? expected_month :
					 "the last day, or its month and day"))
		return false;
	return range->whole ||
		parse_mday(scanner, range->last_year, range->last_month, &range->last_mday);
}

static void
set_dates(OpeningRule *rule, const DateRange *range)
{
	if (range->year != 0)
	{
		rule->kind = RULE_DATED;
		rule->first = day_from_civil(range->year, range->month, range->mday);
		rule->last = day_from_civil(range->last_year, range->last_month, range->last_mday);
	}
	else
	{
		rule->kind = RULE_YEARLY;
		rule->first = YEAR_DAY(range->month, range->mday);
		rule->last = YEAR_DAY(range->last_month, range->last_mday);
	}
}

/* A day, a month, or a range of either. */
static bool
parse_date(Scanner *scanner, bool needs_year, OpeningRule *rule)
{
	DateRange	range = {0};
	const char *begin;

	if (at_year(scanner) ? !parse_year(scanner, &range.year) :
		needs_year && !scan_fail(scanner, expected_year))
		return false;
	if (!parse_month(scanner, &range.month, expected_month))
		return false;
	range.whole = !at_mday(scanner);
	range.mday = 1;
	if (!range.whole && !parse_mday(scanner, range.year, range.month, &range.mday))
		return false;
	range.last_year = range.year;
	range.last_month = range.month;
	range.last_mday = range.mday;

	begin = scanner->at;
	if (take(scanner, '-'))
	{
		skip_blanks(scanner);
		begin = scanner->at;
		if (!parse_last_date(scanner, &range))
			return false;
		if (range.whole && at_mday(scanner))
			return scan_fail(scanner, expected_both);
	}
	if (range.whole)
		range.last_mday = month_days(range.year ? range.last_year : ANY_YEAR, range.last_month);
	set_dates(rule, &range);
	/* only from month to month may a range run through the turn of every year */
	if (rule->last < rule->first && (range.year != 0 || range.month == range.last_month))
	{
		scanner->at = begin;
		return scan_fail(scanner, expected_last);
	}
	return true;
}

/*
 * Rules
 */

/*
 * A list of dates: each begins a rule, and all of these get the same days and
 * times.  Behind a date with a year, none may leave it to be guessed.
 */
static bool
parse_dates(Scanner *scanner, HoursParts *parts, int *nrules)
{
	bool		has_year = false;
	int			n = 0;

	do
	{
		OpeningRule *rule;

		if (parts->nrules + n == CALENDAR_MAX_RULES)
			return scan_fail(scanner, expected_fewer_rules);
		rule = &parts->rules[parts->nrules + n];
		memset(rule, 0, sizeof(*rule));
		if (!parse_date(scanner, has_year, rule))
			return false;
		has_year = rule->kind == RULE_DATED;
		n++;
	} while (take(scanner, ','));
	*nrules = n;
	return true;
}

static bool
add_all_day(Scanner *scanner, HoursParts *parts, OpeningRule *rule)
{
	OpeningSpan *span = &parts->spans[parts->nspans];

	if (parts->nspans == CALENDAR_MAX_SPANS)
		return scan_fail(scanner, expected_fewer_times);
	span->open = 0;
	span->close = DAY_MINUTES;
	rule->nspans = 1;
	parts->nspans++;
	return true;
}

/* What a rule says about its days; if these were named, it need say nothing. */
static bool
parse_state(Scanner *scanner, HoursParts *parts, OpeningRule *rule, bool named)
{
	skip_blanks(scanner);
	if (is_digit(*scanner->at))
		return parse_times(scanner, parts, rule);
	if (take_word(scanner, "off") || take_word(scanner, "closed"))
		return true;
	if (named && (*scanner->at == ';' || *scanner->at == '@' || *scanner->at == '\0'))
		return add_all_day(scanner, parts, rule);
	return scan_fail(scanner, named ? expected_times : expected_rule);
}

/* The other dates of a list get the days and times of the first. */
static bool
repeat_rule(Scanner *scanner, HoursParts *parts, int nrules)
{
	const OpeningRule *rule = &parts->rules[parts->nrules];
	const OpeningSpan *spans = &parts->spans[parts->nspans - rule->nspans];

	for (int i = 1; i < nrules; i++)
	{
		parts->rules[parts->nrules + i].days = rule->days;
		parts->rules[parts->nrules + i].nspans = rule->nspans;
		if (parts->nspans + rule->nspans > CALENDAR_MAX_SPANS)
			return scan_fail(scanner, expected_fewer_times);
		memcpy(&parts->spans[parts->nspans], spans, rule->nspans * sizeof(OpeningSpan));
		parts->nspans += rule->nspans;
	}
	return true;
}

/* Is one of the names next? */
static bool
at_name(Scanner *scanner, const char *const *names, int nnames)
{
	const char *at = scanner->at;
	bool		found = take_name(scanner, names, nnames) >= 0;

	scanner->at = at;
	return found;
}

static bool
parse_rule(Scanner *scanner, HoursParts *parts)
{
	OpeningRule *rule = &parts->rules[parts->nrules];
	int			nrules = 1;
	bool		has_dates;
	bool		has_days;

	if (parts->nrules == CALENDAR_MAX_RULES)
		return scan_fail(scanner, expected_fewer_rules);
	memset(rule, 0, sizeof(*rule));

	skip_blanks(scanner);
	if (strncmp(scanner->at, "24/7", 4) == 0)
	{
		if (!add_all_day(scanner, parts, rule))
			return false;
		scanner->at += 4;
		rule->days = DAYS_WEEK;
		parts->nrules++;
		return true;
	}
	has_dates = at_year(scanner) || at_name(scanner, month_names, lengthof(month_names));
	if (has_dates && !parse_dates(scanner, parts, &nrules))
		return false;
	has_days = at_name(scanner, day_names, lengthof(day_names));
	if (has_days && !parse_days(scanner, rule))
		return false;
	if (!has_dates && !has_days)
		rule->days = DAYS_WEEK;
	/* all days of a season are all of the week */
	if (has_dates && (rule->days & DAYS_WEEK) == DAYS_WEEK)
		rule->days = 0;
	if (!parse_state(scanner, parts, rule, has_dates || has_days) ||
		!repeat_rule(scanner, parts, nrules))
		return false;
	parts->nrules += nrules;
	return true;
}

static bool
parse_rule_list(Scanner *scanner, HoursParts *parts)
{
	parts->nrules = parts->nspans = 0;
	do
	{
		if (!parse_rule(scanner, parts))
			return false;
	} while (take(scanner, ';'));
	return true;
}

/*
 * Is there a day on which a rule opens and that no later rule surely closes?
 * What is left out are dates that other dates cover and those of the past:
 * about these, evaluation says that there is no open time within ten years.
 */
bool
ever_open(const HoursParts *parts)
{
	int			closed = 0;		/* days that later rules close */

	for (int i = parts->nrules - 1; i >= 0; i--)
	{
		const OpeningRule *rule = &parts->rules[i];
		int			days = rule->days != 0 ? rule->days : DAYS_WEEK;

		/* every holiday is a day of the week as well */
		if ((closed & DAYS_WEEK) == DAYS_WEEK)
			break;
		if (rule->kind == RULE_WEEKLY && rule->nspans == 0)
			closed |= days;
		if (parts->countries == 0 && parts->ndates == 0)
			days &= ~DAYS_PH;
		if (rule->nspans > 0 && (days & ~closed) != 0)
			return true;
	}
	return false;
}

/* The argument `rules` of the constructor. */
bool
parse_rules(Scanner *scanner, HoursParts *parts)
{
	if (!parse_rule_list(scanner, parts))
		return false;
	skip_blanks(scanner);
	if (*scanner->at != '\0')
		return scan_fail(scanner, "\";\", \",\" or the end of the rules");
	if (!ever_open(parts))
		return scan_fail(scanner, expected_open);
	return true;
}

/*
 * Holidays
 */

static int
compare_dates(const void *a, const void *b)
{
	int32		left = *(const int32 *) a;
	int32		right = *(const int32 *) b;

	return (left > right) - (left < right);
}

static bool
parse_holiday(Scanner *scanner, HoursParts *parts)
{
	const char *begin;
	int			year;
	int			month;
	int			mday;

	skip_blanks(scanner);
	begin = scanner->at;
	if (take_word(scanner, "JP"))
	{
		parts->countries |= CALENDAR_JP;
		return true;
	}
	if (parts->ndates == CALENDAR_MAX_DATES)
		return scan_fail(scanner, "no more than 2000 dates");
	if (!is_digit(*begin))
		return scan_fail(scanner, expected_holiday);
	if (!parse_year(scanner, &year))
		return false;
	if (*scanner->at == '-' && (scanner->at++, scan_digits(scanner, 2, &month)) &&
		*scanner->at == '-' && (scanner->at++, scan_digits(scanner, 2, &mday)) &&
		month >= 1 && month <= 12 && mday >= 1 && mday <= month_days(year, month))
	{
		parts->dates[parts->ndates++] = day_from_civil(year, month, mday);
		return true;
	}
	scanner->at = begin;
	scanner->expected = expected_holiday;
	return false;
}

/* A list that may be empty, up to the end of the text. */
bool
parse_holidays(Scanner *scanner, HoursParts *parts)
{
	int			n = 0;

	parts->countries = 0;
	parts->ndates = 0;
	skip_blanks(scanner);
	if (*scanner->at == '\0')
		return true;
	do
	{
		if (!parse_holiday(scanner, parts))
			return false;
	} while (take(scanner, ','));
	skip_blanks(scanner);
	if (*scanner->at != '\0')
		return scan_fail(scanner, "\",\" or the end of the holidays");

	qsort(parts->dates, parts->ndates, sizeof(int32), compare_dates);
	for (int i = 0; i < parts->ndates; i++)
	{
		if (n == 0 || parts->dates[i] != parts->dates[n - 1])
			parts->dates[n++] = parts->dates[i];
	}
	parts->ndates = n;
	return true;
}

bool
zone_can_be_written(const char *zone)
{
	size_t		length = 0;

	while (is_zone_character(zone[length]))
		length++;
	return zone[length] == '\0' && length > 0 && length <= CALENDAR_MAX_ZONE;
}

/* The text of the type. */
bool
parse_hours(Scanner *scanner, HoursParts *parts)
{
	const char *end_of_rules;

	strcpy(parts->zone, DEFAULT_ZONE);
	parts->countries = DEFAULT_COUNTRIES;
	parts->ndates = 0;

	if (!parse_rule_list(scanner, parts))
		return false;
	end_of_rules = scanner->at;
	skip_blanks(scanner);
	if (*scanner->at != '\0')
	{
		const char *begin;
		size_t		length;

		if (!take(scanner, '@'))
			return scan_fail(scanner, "\";\", \",\", \"@\" and a time zone, or the end");
		skip_blanks(scanner);
		begin = scanner->at;
		while (is_zone_character(*scanner->at))
			scanner->at++;
		length = scanner->at - begin;
		if (length == 0 || length > CALENDAR_MAX_ZONE)
		{
			scanner->at = begin;
			return scan_fail(scanner, expected_zone);
		}
		memcpy(parts->zone, begin, length);
		parts->zone[length] = '\0';
		if (!parse_holidays(scanner, parts))
			return false;
	}
	if (!ever_open(parts))
	{
		scanner->at = end_of_rules;
		return scan_fail(scanner, expected_open);
	}
	return true;
}
