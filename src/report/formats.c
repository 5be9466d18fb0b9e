/*-------------------------------------------------------------------------
 *
 * formats.c
 *	  Numbers, money, dates and durations as people write them.
 *
 * The language is a tag: Japanese where it is "ja" or begins with "ja-",
 * English where it is anything else, NULL too.  What is not there (NULL, NaN,
 * what is infinite) is a dash.  These round, which nothing below them does:
 * here figures leave for people.
 *
 * No setting of the server has a say, so everything is immutable.  Signs are
 * written in UTF-8 here and handed out in the encoding of the database; what
 * that may not have (EUC_JP has no dash, minus or yen sign) is ASCII there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/float.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/compat.h"

/*
 * Nobody reads more decimals; and each is a byte of the answer, of which a
 * caller could otherwise ask for a gigabyte.
 */
#define MAX_DECIMALS	20

/* More minutes than that are older than the universe; written as days. */
#define MAX_MINUTES		1e16

#define MINUTES_PER_DAY	1440

static const char *const month_names[] = {
	"January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December"
};

/* ISO 4217: the currencies that do not have hundredths. */
static const struct
{
	char		code[4];
	int			decimals;
}			odd_currencies[] =

{
	{"BHD", 3}, {"BIF", 0}, {"CLF", 4}, {"CLP", 0}, {"DJF", 0}, {"GNF", 0},
	{"IQD", 3}, {"ISK", 0}, {"JOD", 3}, {"JPY", 0}, {"KMF", 0}, {"KRW", 0},
	{"KWD", 3}, {"LYD", 3}, {"OMR", 3}, {"PYG", 0}, {"RWF", 0}, {"TND", 3},
	{"UGX", 0}, {"UYI", 0}, {"UYW", 4}, {"VND", 0}, {"VUV", 0}, {"XAF", 0},
	{"XOF", 0}, {"XPF", 0}
};

/* Those that have a sign of their own, which English puts before the amount. */
static const struct
{
	char		code[4];
	const char *sign;
	const char *ascii;
}			signs[] =

{
	{"JPY", "\xc2\xa5", "JPY "},
	{"USD", "$", "$"},
	{"EUR", "\xe2\x82\xac", "EUR "},
	{"GBP", "\xc2\xa3", "GBP "}
};

/* Appends what every database that holds Japanese can write. */
static void
put(StringInfo out, const char *utf8)
{
	char	   *converted = pg_any_to_server(utf8, strlen(utf8), PG_UTF8);

	appendStringInfoString(out, converted);
	if (converted != utf8)
		pfree(converted);
}

/* Appends a sign that only Unicode has. */
static void
put_sign(StringInfo out, const char *utf8, const char *ascii)
{
	appendStringInfoString(out, GetDatabaseEncoding() == PG_UTF8 ? utf8 : ascii);
}

static void
put_none(StringInfo out)
{
	put_sign(out, "\xe2\x80\x93", "-");
}

static void
put_minus(StringInfo out)
{
	put_sign(out, "\xe2\x88\x92", "-");
}

/* Appends digits, with a point or without, in groups of three. */
static void
put_grouped(StringInfo out, const char *digits)
{
	int			whole = strspn(digits, "0123456789");

	for (int i = 0; i < whole; i++)
	{
		if (i > 0 && (whole - i) % 3 == 0)
			appendStringInfoChar(out, ',');
		appendStringInfoChar(out, digits[i]);
	}
	appendStringInfoString(out, digits + whole);
}

/* The sign of a change, or of a number; zero is neither more nor less. */
static void
put_leading(StringInfo out, bool is_negative, bool is_zero, bool is_change)
{
	if (is_zero)
	{
		if (is_change)
			put(out, "\xc2\xb1");
	}
	else if (is_negative)
		put_minus(out);
	else if (is_change)
		appendStringInfoChar(out, '+');
}

/* A number that has been rounded, as text, and whether it is zero. */
static char *
rounded(Numeric value, int decimals, bool *is_zero)
{
	Datum		round = DirectFunctionCall2(numeric_round, NumericGetDatum(value),
											Int32GetDatum(decimals));
	char	   *digits = DatumGetCString(DirectFunctionCall1(numeric_out, round));

	*is_zero = strspn(digits, "-0.") == strlen(digits);
	return digits;
}

static void
put_number(StringInfo out, Numeric value, int decimals, bool is_change)
{
	bool		is_zero;
	char	   *digits = rounded(value, decimals, &is_zero);
	bool		is_negative = digits[0] == '-';

	put_leading(out, is_negative, is_zero, is_change);
	put_grouped(out, digits + is_negative);
	pfree(digits);
}

static bool
is_number(Numeric value)
{
	return !numeric_is_nan(value) && !numeric_is_inf(value);
}

static int
bounded_decimals(int32 decimals)
{
	return Min(Max(decimals, 0), MAX_DECIMALS);
}

static bool
is_japanese(const text * language)
{
	int			length;
	const char *tag;

	if (language == NULL)
		return false;
	length = VARSIZE_ANY_EXHDR(language);
	tag = VARDATA_ANY(language);
	return length >= 2 && memcmp(tag, "ja", 2) == 0 && (length == 2 || tag[2] == '-');
}

static bool
is_code(const text * currency, const char *code)
{
	return VARSIZE_ANY_EXHDR(currency) == 3 && memcmp(VARDATA_ANY(currency), code, 3) == 0;
}

static int
decimals_of(const text * currency)
{
	for (int i = 0; i < (int) lengthof(odd_currencies); i++)
		if (is_code(currency, odd_currencies[i].code))
			return odd_currencies[i].decimals;
	return 2;
}

static void
put_currency(StringInfo out, const text * currency)
{
	for (int i = 0; i < (int) lengthof(signs); i++)
	{
		if (is_code(currency, signs[i].code))
		{
			put_sign(out, signs[i].sign, signs[i].ascii);
			return;
		}
	}
	appendBinaryStringInfo(out, VARDATA_ANY(currency), VARSIZE_ANY_EXHDR(currency));
	appendStringInfoChar(out, ' ');
}

/* An amount; without a currency, a number of two decimals. */
static void
put_money(StringInfo out, Numeric amount, const text * currency, int decimals, bool in_japanese,
		  bool is_change)
{
	bool		is_zero;
	char	   *digits = rounded(amount, decimals, &is_zero);
	bool		is_negative = digits[0] == '-';
	bool		in_yen = in_japanese && currency != NULL && is_code(currency, "JPY");

	put_leading(out, is_negative, is_zero, is_change);
	if (currency != NULL && !in_yen)
		put_currency(out, currency);
	put_grouped(out, digits + is_negative);
	if (in_yen)
		put(out, "\xe5\x86\x86");
	pfree(digits);
}

/*
 * How many decimals leave three digits.  Nobody looks at a picture of less
 * than a billionth.
 */
static int
decimals_of_three(double value)
{
	if (value >= 99.95)
		return 0;
	if (value >= 9.995)
		return 1;
	if (value >= 0.9995)
		return 2;
	return value < 1e-9 ? 0 : 2 - (int) floor(log10(value));
}

/* A number of at most three digits, unless it is 1,000 or more by itself. */
static void
put_three_digits(StringInfo out, double value)
{
	char		digits[400];
	int			decimals = decimals_of_three(value);
	int			length = snprintf(digits, sizeof(digits), "%.*f", decimals, value);

	while (decimals > 0 && digits[length - 1] == '0')
	{
		digits[--length] = '\0';
		if (--decimals == 0)
			digits[--length] = '\0';
	}
	put_grouped(out, digits);
}

/* The numbers that a language has a word for, the largest first. */
typedef struct Magnitude
{
	double		from;			/* what rounds to less is not written with it */
	double		unit;
	const char *word;
} Magnitude;

static const Magnitude english[] = {
	{999.5e9, 1e12, "T"}, {999.5e6, 1e9, "B"}, {999.5e3, 1e6, "M"}, {9999.5, 1e3, "k"}, {0, 1, ""}
};

static const Magnitude japanese[] = {
	{9999.5e8, 1e12, "\xe5\x85\x86"}, {9999.5e4, 1e8, "\xe5\x84\x84"},
	{9999.5, 1e4, "\xe4\xb8\x87"}, {0, 1, ""}
};

static void
put_short(StringInfo out, double value, bool in_japanese)
{
	const Magnitude *magnitude = in_japanese ? japanese : english;
	double		amount = fabs(value);

	while (amount < magnitude->from)
		magnitude++;
	if (value < 0 && amount >= 1e-9)
		put_minus(out);
	put_three_digits(out, amount / magnitude->unit);
	put(out, magnitude->word);
}

/*
 * A year of a month, the way round that the language has it.  Before the
 * first year of our era, years are counted backwards.
 */
static void
put_month(StringInfo out, int year, int month, bool in_japanese)
{
	int			shown = year > 0 ? year : 1 - year;

	if (in_japanese)
	{
		if (year <= 0)
			put(out, "\xe7\xb4\x80\xe5\x85\x83\xe5\x89\x8d");
		appendStringInfo(out, "%d", shown);
		put(out, "\xe5\xb9\xb4");
		appendStringInfo(out, "%d", month);
		put(out, "\xe6\x9c\x88");
	}
	else
		appendStringInfo(out, "%s %d%s", month_names[month - 1], shown, year > 0 ? "" : " BC");
}

/* So many of the smaller of two units, in both; nobody reads three. */
static void
put_two_units(StringInfo out, double amount, int per_larger, const char *larger, const char *smaller)
{
	double		rest = fmod(amount, per_larger);
	char		digits[32];

	snprintf(digits, sizeof(digits), "%.0f", (amount - rest) / per_larger);
	put_grouped(out, digits);
	put(out, larger);
	if (rest > 0)
	{
		if (larger[0] == ' ')
			appendStringInfoChar(out, ' ');
		appendStringInfo(out, "%.0f", rest);
		put(out, smaller);
	}
}

static void
put_minutes(StringInfo out, double minutes, bool in_japanese, bool is_change)
{
	double		amount = fabs(minutes);
	const char *days = in_japanese ? "\xe6\x97\xa5" : " d";
	const char *hours = in_japanese ? "\xe6\x99\x82\xe9\x96\x93" : " h";
	const char *units = in_japanese ? "\xe5\x88\x86" : " min";

	if (isnan(minutes) || amount > MAX_MINUTES)
	{
		put_none(out);
		return;
	}
	put_leading(out, minutes < 0, amount < 0.5, is_change);
	if (rint(amount) < 60)
	{
		appendStringInfo(out, "%.0f", rint(amount));
		put(out, units);
	}
	else if (rint(amount) < MINUTES_PER_DAY)
		put_two_units(out, rint(amount), 60, hours, units);
	else
		put_two_units(out, rint(amount / 60), 24, days, hours);
}

static double
double_of(Numeric value)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value)));
}

static Datum
answer(const StringInfoData *out)
{
	return PointerGetDatum(cstring_to_text_with_len(out->data, out->len));
}

/* The argument, or NULL. */
#define NUMBER_ARG(n)	(PG_ARGISNULL(n) ? NULL : PG_GETARG_NUMERIC(n))
#define TEXT_ARG(n)		(PG_ARGISNULL(n) ? NULL : PG_GETARG_TEXT_PP(n))
#define FLAG_ARG(n)		(!PG_ARGISNULL(n) && PG_GETARG_BOOL(n))

PG_FUNCTION_INFO_V1(format_number);

Datum
format_number(PG_FUNCTION_ARGS)
{
	Numeric		value = NUMBER_ARG(0);
	StringInfoData out;

	initStringInfo(&out);
	if (value == NULL || !is_number(value))
		put_none(&out);
	else
		put_number(&out, value, PG_ARGISNULL(1) ? 0 : bounded_decimals(PG_GETARG_INT32(1)), FLAG_ARG(2));
	PG_RETURN_DATUM(answer(&out));
}

static Numeric
times_hundred(Numeric value)
{
	return DatumGetNumeric(DirectFunctionCall2(numeric_mul, NumericGetDatum(value),
											   NumericGetDatum(int64_to_numeric(100))));
}

PG_FUNCTION_INFO_V1(format_share);

Datum
format_share(PG_FUNCTION_ARGS)
{
	Numeric		share = NUMBER_ARG(0);
	StringInfoData out;

	initStringInfo(&out);
	if (share == NULL || !is_number(share))
		put_none(&out);
	else
	{
		put_number(&out, times_hundred(share), PG_ARGISNULL(1) ? 1 : bounded_decimals(PG_GETARG_INT32(1)), false);
		appendStringInfoChar(&out, '%');
	}
	PG_RETURN_DATUM(answer(&out));
}

PG_FUNCTION_INFO_V1(currency_decimals);

Datum
currency_decimals(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(decimals_of(PG_GETARG_TEXT_PP(0)));
}

PG_FUNCTION_INFO_V1(format_money);

Datum
format_money(PG_FUNCTION_ARGS)
{
	Numeric		amount = NUMBER_ARG(0);
	text	   *currency = TEXT_ARG(1);
	StringInfoData out;

	initStringInfo(&out);
	if (amount == NULL || !is_number(amount))
		put_none(&out);
	else
		put_money(&out, amount, currency, currency == NULL ? 2 : decimals_of(currency),
				  is_japanese(TEXT_ARG(2)), FLAG_ARG(3));
	PG_RETURN_DATUM(answer(&out));
}

PG_FUNCTION_INFO_V1(format_short);

Datum
format_short(PG_FUNCTION_ARGS)
{
	Numeric		value = NUMBER_ARG(0);
	StringInfoData out;

	initStringInfo(&out);
	if (value == NULL || !is_number(value) || isinf(double_of(value)))
		put_none(&out);
	else
		put_short(&out, double_of(value), is_japanese(TEXT_ARG(1)));
	PG_RETURN_DATUM(answer(&out));
}

/* Which parts of a day are written. */
typedef enum DatePart
{
	PART_MONTH,
	PART_MONTH_SHORT,
	PART_DAY
} DatePart;

static Datum
format_part(FunctionCallInfo fcinfo, DatePart part)
{
	bool		in_japanese = is_japanese(TEXT_ARG(1));
	StringInfoData out;
	int			year,
				month,
				day;

	initStringInfo(&out);
	if (PG_ARGISNULL(0) || DATE_NOT_FINITE(PG_GETARG_DATEADT(0)))
	{
		put_none(&out);
		return answer(&out);
	}
	j2date(PG_GETARG_DATEADT(0) + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	if (part == PART_MONTH_SHORT && in_japanese)
	{
		appendStringInfo(&out, "%d", month);
		put(&out, "\xe6\x9c\x88");
		return answer(&out);
	}
	if (part == PART_MONTH_SHORT)
	{
		appendStringInfo(&out, "%.3s", month_names[month - 1]);
		return answer(&out);
	}
	if (part == PART_DAY && !in_japanese)
		appendStringInfo(&out, "%d ", day);
	put_month(&out, year, month, in_japanese);
	if (part == PART_DAY && in_japanese)
	{
		appendStringInfo(&out, "%d", day);
		put(&out, "\xe6\x97\xa5");
	}
	return answer(&out);
}

PG_FUNCTION_INFO_V1(format_month);

Datum
format_month(PG_FUNCTION_ARGS)
{
	return format_part(fcinfo, PART_MONTH);
}

PG_FUNCTION_INFO_V1(format_month_short);

Datum
format_month_short(PG_FUNCTION_ARGS)
{
	return format_part(fcinfo, PART_MONTH_SHORT);
}

PG_FUNCTION_INFO_V1(format_date);

Datum
format_date(PG_FUNCTION_ARGS)
{
	return format_part(fcinfo, PART_DAY);
}

PG_FUNCTION_INFO_V1(format_duration);

Datum
format_duration(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	initStringInfo(&out);
	if (PG_ARGISNULL(0))
		put_none(&out);
	else
	{
		Interval   *duration = PG_GETARG_INTERVAL_P(0);
		double		days = (double) duration->month * DAYS_PER_MONTH + duration->day;

		if (INTERVAL_NOT_FINITE(duration))
			days = get_float8_nan();
		put_minutes(&out, days * MINUTES_PER_DAY + duration->time / (double) USECS_PER_MINUTE,
					is_japanese(TEXT_ARG(1)), FLAG_ARG(2));
	}
	PG_RETURN_DATUM(answer(&out));
}

/* What a report calls a unit decides how its numbers are written. */
static void
put_figure(StringInfo out, Numeric value, const char *unit, const text * currency, bool in_japanese,
		   bool is_change)
{
	if (strcmp(unit, "share") == 0)
	{
		put_number(out, times_hundred(value), 1, is_change);
		appendStringInfoString(out, !is_change ? "%" : in_japanese ? "pt" : " pt");
	}
	else if (strcmp(unit, "score") == 0)
		put_number(out, value, 2, is_change);
	else if (strcmp(unit, "points") == 0)
		put_number(out, value, 1, is_change);
	else if (strcmp(unit, "money") == 0)
		put_money(out, value, currency, currency == NULL ? 2 : decimals_of(currency), in_japanese, is_change);
	else if (strcmp(unit, "minutes") == 0)
		put_minutes(out, double_of(value), in_japanese, is_change);
	else if (strcmp(unit, "days") == 0)
	{
		put_number(out, value, 1, is_change);
		put(out, in_japanese ? "\xe6\x97\xa5" : " d");
	}
	else
	{
		bool		is_whole;
		Datum		whole = DirectFunctionCall2(numeric_round, NumericGetDatum(value), Int32GetDatum(0));

		is_whole = DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(value), whole));
		put_number(out, value, is_whole ? 0 : 2, is_change);
	}
}

PG_FUNCTION_INFO_V1(format_figure);

Datum
format_figure(PG_FUNCTION_ARGS)
{
	Numeric		value = NUMBER_ARG(0);
	text	   *unit = TEXT_ARG(1);
	StringInfoData out;

	initStringInfo(&out);
	if (value == NULL || !is_number(value))
		put_none(&out);
	else
		put_figure(&out, value, unit == NULL ? "" : text_to_cstring(unit), TEXT_ARG(2),
				   is_japanese(TEXT_ARG(3)), FLAG_ARG(4));
	PG_RETURN_DATUM(answer(&out));
}

PG_FUNCTION_INFO_V1(display_width);

Datum
display_width(PG_FUNCTION_ARGS)
{
	text	   *words = PG_GETARG_TEXT_PP(0);
	const char *at = VARDATA_ANY(words);
	const char *end = at + VARSIZE_ANY_EXHDR(words);
	int32		columns = 0;

	for (; at < end; at += pg_mblen(at))
		columns += Max(pg_dsplen(at), 0);
	PG_RETURN_INT32(columns);
}
