/*-------------------------------------------------------------------------
 *
 * opening_hours.c
 *	  Reads and writes opening hours in OpenStreetMap's notation.
 *
 * The subset of https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification
 * that shops and desks use, and nothing that would need to be guessed:
 *
 *	hours	= rules [ "@" zone [ holidays ] ]
 *	rules	= rule { ";" rule }
 *	rule	= "24/7" | [ days | date ] ( times | "off" | "closed" )
 *	days	= day [ "-" day ] { "," day [ "-" day ] }	(day: Mo to Su, PH)
 *	date	= [ year ] month mday [ "-" [ [ year ] month ] mday ]
 *	times	= HH:MM "-" HH:MM { "," HH:MM "-" HH:MM }
 *	holidays = ( "JP" | YYYY-MM-DD ) { "," ( "JP" | YYYY-MM-DD ) }
 *
 * Words are read in either case, blanks may stand between any two of them, and
 * a day or an hour below 10 may do without its zero.  What is printed is
 * canonical: reading it gives the same value, and printing that the same text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/civil.h"
#include "calendar/opening_hours.h"

static const char *const day_names[] = {"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "PH"};
static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* What can be expected, in the words of whoever reads the message. */
static const char *const expected_rule = "days, a date, times or 24/7";
static const char *const expected_times = "opening times such as 10:00-18:00, or off";
static const char *const expected_time = "a time such as 10:00";
static const char *const expected_close = "a closing time up to 24:00 that is not the opening time";
static const char *const expected_day = "a day of the week (Mo, Tu, We, Th, Fr, Sa, Su) or PH";
static const char *const expected_month = "a month (Jan, Feb, Mar ... Dec)";
static const char *const expected_mday = "a day that the month has";
static const char *const expected_last = "a last day that is not before the first";
static const char *const expected_year = "a year from 1900 to 2099";
static const char *const expected_zone = "the name of a time zone, such as Asia/Tokyo";
static const char *const expected_holiday = "JP or a date such as 2026-08-13";
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

/* Minutes since midnight. */
static bool
parse_time(Scanner *scanner, int max, int *minutes, const char *expected)
{
	const char *begin;
	int			hour;
	int			minute;

	skip_blanks(scanner);
	begin = scanner->at;
	if (!take_number(scanner, 24, &hour, expected))
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

/*
 * Sorts spans, and merges those that overlap or touch, in place; gives how many
 * are left.  Two that would be longer than a day together stay apart, as their
 * sum could not be written; evaluation merges them anyway.
 */
static int
merge_spans(OpeningSpan *spans, int nspans)
{
	int			n = 0;

	for (int i = 1; i < nspans; i++)
	{
		OpeningSpan span = spans[i];
		int			j = i;

		while (j > 0 && (spans[j - 1].open > span.open ||
						 (spans[j - 1].open == span.open && spans[j - 1].close > span.close)))
		{
			spans[j] = spans[j - 1];
			j--;
		}
		spans[j] = span;
	}
	for (int i = 0; i < nspans; i++)
	{
		if (n > 0 && spans[i].open <= spans[n - 1].close)
		{
			int			open = spans[n - 1].open;
			int			close = Max(spans[i].close, spans[n - 1].close);

			if (close - open < DAY_MINUTES || (open == 0 && close == DAY_MINUTES))
			{
				spans[n - 1].close = close;
				continue;
			}
		}
		spans[n++] = spans[i];
	}
	return n;
}

/* The times of the rule that was begun last. */
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
			return scan_fail(scanner, "no more than 2000 times in all");
		if (n == CALENDAR_DAY_SPANS)
			return scan_fail(scanner, "no more than 24 times a day");
		if (!parse_time(scanner, DAY_MINUTES - 1, &open, expected_time))
			return false;
		if (!take(scanner, '-'))
			return scan_fail(scanner, "\"-\" and a closing time");
		skip_blanks(scanner);
		begin = scanner->at;
		if (!parse_time(scanner, DAY_MINUTES, &close, expected_close))
			return false;
		if (close == open)
		{
			scanner->at = begin;
			return scan_fail(scanner, expected_close);
		}
		if (close < open)
			close += DAY_MINUTES;
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

/* A leap year stands for a year that is not given. */
#define ANY_YEAR 2000

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

/* A day or a range of days, of one year if `year` is not 0, of every year else. */
static bool
parse_date(Scanner *scanner, int year, OpeningRule *rule)
{
	int			last_year = year;
	int			month;
	int			last_month;
	int			mday;
	int			last_mday;
	const char *begin;

	skip_blanks(scanner);
	month = take_name(scanner, month_names, lengthof(month_names)) + 1;
	if (month == 0)
		return scan_fail(scanner, expected_month);
	if (!parse_mday(scanner, year, month, &mday))
		return false;
	last_month = month;
	last_mday = mday;

	begin = scanner->at;
	if (take(scanner, '-'))
	{
		skip_blanks(scanner);
		begin = scanner->at;
		if (year != 0 && is_digit(begin[0]) && is_digit(begin[1]) && is_digit(begin[2]))
		{
			if (!parse_year(scanner, &last_year))
				return false;
			skip_blanks(scanner);
		}
		if (!is_digit(*scanner->at) || last_year != year)
		{
			last_month = take_name(scanner, month_names, lengthof(month_names)) + 1;
			if (last_month == 0)
				return scan_fail(scanner, last_year != year ? expected_month :
								 "the last day, or its month and day");
		}
		if (!parse_mday(scanner, last_year, last_month, &last_mday))
			return false;
	}

	if (year != 0)
	{
		rule->kind = RULE_DATED;
		rule->first = day_from_civil(year, month, mday);
		rule->last = day_from_civil(last_year, last_month, last_mday);
	}
	else
	{
		rule->kind = RULE_YEARLY;
		rule->first = YEAR_DAY(month, mday);
		rule->last = YEAR_DAY(last_month, last_mday);
	}
	/* only from month to month may a range run through the turn of every year */
	if (rule->last < rule->first && (year != 0 || month == last_month))
	{
		scanner->at = begin;
		return scan_fail(scanner, expected_last);
	}
	return true;
}

/*
 * Rules
 */

static bool
parse_rule(Scanner *scanner, HoursParts *parts)
{
	OpeningRule *rule = &parts->rules[parts->nrules];
	const char *at;
	int			digits = 0;

	if (parts->nrules == CALENDAR_MAX_RULES)
		return scan_fail(scanner, "no more than 500 rules");
	memset(rule, 0, sizeof(*rule));

	skip_blanks(scanner);
	at = scanner->at;
	while (is_digit(at[digits]))
		digits++;
	if (strncmp(at, "24/7", 4) == 0)
	{
		if (parts->nspans == CALENDAR_MAX_SPANS)
			return scan_fail(scanner, "no more than 2000 times in all");
		scanner->at += 4;
		rule->days = DAYS_WEEK;
		rule->nspans = 1;
		parts->spans[parts->nspans].open = 0;
		parts->spans[parts->nspans].close = DAY_MINUTES;
		parts->nspans++;
		parts->nrules++;
		return true;
	}
	if (digits >= 3)
	{
		int			year;

		if (!parse_year(scanner, &year) || !parse_date(scanner, year, rule))
			return false;
	}
	else if (take_name(scanner, month_names, lengthof(month_names)) >= 0)
	{
		scanner->at = at;
		if (!parse_date(scanner, 0, rule))
			return false;
	}
	else if (take_name(scanner, day_names, lengthof(day_names)) >= 0)
	{
		scanner->at = at;
		if (!parse_days(scanner, rule))
			return false;
	}
	else if (digits > 0 || take_word(scanner, "off") || take_word(scanner, "closed"))
	{
		scanner->at = at;
		rule->days = DAYS_WEEK;
	}
	else
		return scan_fail(scanner, expected_rule);

	skip_blanks(scanner);
	if (is_digit(*scanner->at))
	{
		if (!parse_times(scanner, parts, rule))
			return false;
	}
	else if (!take_word(scanner, "off") && !take_word(scanner, "closed"))
		return scan_fail(scanner, expected_times);
	parts->nrules++;
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
		int			days = rule->kind == RULE_WEEKLY ? rule->days : DAYS_WEEK;

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

/* What the text of the type can carry in a zone's name. */
static inline bool
is_zone_character(char c)
{
	return c > ' ' && c < 0x7f;
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

/*
 * The value
 */

size_t
hours_size(const HoursParts *parts)
{
	return sizeof(BusinessHours) + parts->nrules * sizeof(OpeningRule) +
		parts->nspans * sizeof(OpeningSpan) + parts->ndates * sizeof(int32) +
		strlen(parts->zone) + 1;
}

/* Into hours_size() bytes; the varlena header is the caller's. */
void
pack_hours(const HoursParts *parts, BusinessHours *hours)
{
	hours->version = CALENDAR_VERSION;
	hours->countries = parts->countries;
	hours->reserved = 0;
	hours->nrules = parts->nrules;
	hours->nspans = parts->nspans;
	hours->ndates = parts->ndates;
	hours->zone_length = strlen(parts->zone);
	memcpy(HOURS_RULES(hours), parts->rules, parts->nrules * sizeof(OpeningRule));
	memcpy(HOURS_SPANS(hours), parts->spans, parts->nspans * sizeof(OpeningSpan));
	memcpy(HOURS_DATES(hours), parts->dates, parts->ndates * sizeof(int32));
	strcpy(HOURS_ZONE(hours), parts->zone);
}

static bool
rule_is_valid(const OpeningRule *rule)
{
	int			month = YEAR_DAY_MONTH(rule->first);
	int			last_month = YEAR_DAY_MONTH(rule->last);

	switch (rule->kind)
	{
		case RULE_WEEKLY:
			return rule->days != 0 && rule->first == 0 && rule->last == 0;
		case RULE_YEARLY:
			return rule->days == 0 && rule->first > 0 && rule->last > 0 &&
				month >= 1 && month <= 12 && last_month >= 1 && last_month <= 12 &&
				YEAR_DAY_MDAY(rule->first) >= 1 &&
				YEAR_DAY_MDAY(rule->first) <= month_days(ANY_YEAR, month) &&
				YEAR_DAY_MDAY(rule->last) >= 1 &&
				YEAR_DAY_MDAY(rule->last) <= month_days(ANY_YEAR, last_month) &&
				(month != last_month || rule->first <= rule->last);
		case RULE_DATED:
			return rule->days == 0 && rule->first <= rule->last &&
				rule->first >= CIVIL_FIRST_DAY &&
				rule->last < CIVIL_END_DAY;
		default:
			return false;
	}
}

/*
 * What is wrong with a value that was stored, or NULL.  `size` is that of the
 * whole value.  It is asked once for each value that a session meets.
 */
const char *
check_hours(const BusinessHours *hours, size_t size)
{
	const OpeningSpan *spans;
	const int32 *dates;
	const char *zone;
	int			nspans = 0;

	if (size < sizeof(BusinessHours))
		return "It is shorter than any.";
	if (hours->version != CALENDAR_VERSION)
		return "It was written by another version of loyalcs.";
	if (hours->reserved != 0 || (hours->countries & ~CALENDAR_JP) != 0)
		return "A reserved field is not zero.";
	if (hours->nrules == 0 || hours->nrules > CALENDAR_MAX_RULES ||
		hours->nspans > CALENDAR_MAX_SPANS || hours->ndates > CALENDAR_MAX_DATES ||
		hours->zone_length == 0 || hours->zone_length > CALENDAR_MAX_ZONE ||
		size != sizeof(BusinessHours) + hours->nrules * sizeof(OpeningRule) +
		hours->nspans * sizeof(OpeningSpan) + hours->ndates * sizeof(int32) +
		hours->zone_length + 1)
		return "Its lengths do not add up.";

	spans = HOURS_SPANS(hours);
	for (int i = 0; i < hours->nrules; i++)
	{
		const OpeningRule *rule = &HOURS_RULES(hours)[i];

		if (!rule_is_valid(rule) || rule->nspans > CALENDAR_DAY_SPANS ||
			rule->nspans > hours->nspans - nspans)
			return "A rule is not valid.";
		for (int j = 0; j < rule->nspans; j++)
		{
			const OpeningSpan *span = &spans[nspans + j];
			int			length = span->close - span->open;

			/* those that could have been merged would not be canonical */
			if (span->open >= DAY_MINUTES || length <= 0 || length > DAY_MINUTES ||
				(length == DAY_MINUTES && span->open != 0))
				return "A time is not valid.";
			if (j > 0)
			{
				OpeningSpan pair[2] = {span[-1], span[0]};

				if (merge_spans(pair, 2) != 2 || pair[0].open != span[-1].open ||
					pair[0].close != span[-1].close)
					return "Times are not in order.";
			}
		}
		nspans += rule->nspans;
	}
	if (nspans != hours->nspans)
		return "A time has no rule.";

	dates = HOURS_DATES(hours);
	for (int i = 0; i < hours->ndates; i++)
	{
		if (dates[i] < CIVIL_FIRST_DAY ||
			dates[i] >= CIVIL_END_DAY ||
			(i > 0 && dates[i] <= dates[i - 1]))
			return "A holiday is not valid.";
	}
	zone = HOURS_ZONE(hours);
	for (int i = 0; i < hours->zone_length; i++)
	{
		if (!is_zone_character(zone[i]))
			return "The time zone is not valid.";
	}
	return zone[hours->zone_length] == '\0' ? NULL : "The time zone does not end.";
}

/*
 * Printing: each writes at `end` and gives the new end, a NUL.
 */

static char *
print_days(int days, char *end)
{
	const char *comma = "";

	for (int day = 0; day < 8; day++)
	{
		int			last = day;

		if ((days & (1 << day)) == 0)
			continue;
		while (day < 7 && last < 6 && (days & (1 << (last + 1))) != 0)
			last++;
		/* two days are a list, three are a range */
		if (last - day < 2)
			last = day;
		end += sprintf(end, "%s%s", comma, day_names[day]);
		if (last > day)
			end += sprintf(end, "-%s", day_names[last]);
		comma = ",";
		day = last;
	}
	return end;
}

static char *
print_year_days(int first, int last, char *end)
{
	end += sprintf(end, "%s %02d", month_names[YEAR_DAY_MONTH(first) - 1],
				   YEAR_DAY_MDAY(first));
	if (last == first)
		return end;
	if (YEAR_DAY_MONTH(first) == YEAR_DAY_MONTH(last))
		return end + sprintf(end, "-%02d", YEAR_DAY_MDAY(last));
	return end + sprintf(end, "-%s %02d", month_names[YEAR_DAY_MONTH(last) - 1],
						 YEAR_DAY_MDAY(last));
}

static char *
print_dates(int32 first, int32 last, char *end)
{
	int32		year;
	int32		last_year;
	int			month;
	int			last_month;
	int			mday;
	int			last_mday;

	civil_from_day(first, &year, &month, &mday);
	civil_from_day(last, &last_year, &last_month, &last_mday);
	end += sprintf(end, "%04d ", year);
	if (year == last_year)
		return print_year_days(YEAR_DAY(month, mday), YEAR_DAY(last_month, last_mday), end);
	end = print_year_days(YEAR_DAY(month, mday), YEAR_DAY(month, mday), end);
	end += sprintf(end, "-%04d ", last_year);
	return print_year_days(YEAR_DAY(last_month, last_mday),
						   YEAR_DAY(last_month, last_mday), end);
}

/* `spans` are the rule's own. */
char *
print_rule(const OpeningRule *rule, const OpeningSpan *spans, char *end)
{
	if (rule->kind == RULE_WEEKLY && rule->days == DAYS_WEEK && rule->nspans == 1 &&
		spans[0].open == 0 && spans[0].close == DAY_MINUTES)
		return end + sprintf(end, "24/7");

	switch (rule->kind)
	{
		case RULE_WEEKLY:
			end = print_days(rule->days, end);
			break;
		case RULE_YEARLY:
			end = print_year_days(rule->first, rule->last, end);
			break;
		case RULE_DATED:
			end = print_dates(rule->first, rule->last, end);
			break;
	}
	if (rule->nspans == 0)
		return end + sprintf(end, " off");
	for (int i = 0; i < rule->nspans; i++)
	{
		int			open = spans[i].open;
		int			close = spans[i].close;

		if (close > DAY_MINUTES)
			close -= DAY_MINUTES;
		end += sprintf(end, "%c%02d:%02d-%02d:%02d", i == 0 ? ' ' : ',',
					   open / 60, open % 60, close / 60, close % 60);
	}
	return end;
}

/* Into HOURS_TEXT_SIZE() bytes. */
char *
print_hours(const BusinessHours *hours, char *end)
{
	const OpeningSpan *spans = HOURS_SPANS(hours);
	const char *separator = " ";

	for (int i = 0; i < hours->nrules; i++)
	{
		const OpeningRule *rule = &HOURS_RULES(hours)[i];

		if (i > 0)
			end += sprintf(end, "; ");
		end = print_rule(rule, spans, end);
		spans += rule->nspans;
	}
	end += sprintf(end, " @ %s", HOURS_ZONE(hours));
	if (hours->countries & CALENDAR_JP)
	{
		end += sprintf(end, "%sJP", separator);
		separator = ",";
	}
	for (int i = 0; i < hours->ndates; i++)
	{
		int32		year;
		int			month;
		int			mday;

		civil_from_day(HOURS_DATES(hours)[i], &year, &month, &mday);
		end += sprintf(end, "%s%04d-%02d-%02d", separator, year, month, mday);
		separator = ",";
	}
	return end;
}
