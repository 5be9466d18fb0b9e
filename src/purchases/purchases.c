/*-------------------------------------------------------------------------
 *
 * purchases.c
 *	  The type purchases: a customer's orders as one small value, and what is
 *	  read from it: frequency, recency, monetary value, rhythm.
 *
 * Invariants are with the struct in purchases.h; check_purchases() is where
 * all of them are held, for input, recv and sums alike.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/int.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/aggregate.h"
#include "base/civil.h"
#include "base/compat.h"
#include "base/money.h"
#include "base/scan.h"
#include "purchases/purchases.h"

/*
 * Checks, each the only one of its kind
 */

/* What is wrong with a value that came from outside, or NULL. */
static const char *
check_purchases(const Purchases *purchases)
{
	if (purchases->count < 0)
		return "The count is negative.";
	if (purchases->total < 0)
		return "The total is negative.";
	if (purchases->count == 0)
		return purchases->first == 0 && purchases->last == 0 && purchases->total == 0 ?
			NULL : "There is a first, a last or a total, but no purchase.";
	if (purchases->first < PURCHASE_FIRST_AT || purchases->last > PURCHASE_LAST_AT)
		return "Purchases happen in the years 1 to 9999, UTC.";
	if (purchases->first > purchases->last)
		return "The first purchase is later than the last.";
	if (purchases->count == 1 && purchases->first != purchases->last)
		return "One purchase has two instants.";
	return NULL;
}

void
check_purchase(TimestampTz at, int64 amount)
{
	if (unlikely(at < PURCHASE_FIRST_AT || at > PURCHASE_LAST_AT))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("purchase at %s is out of range",
						TIMESTAMP_NOT_FINITE(at) ?
						(TIMESTAMP_IS_NOEND(at) ? "infinity" : "-infinity") :
						timestamptz_to_str(at)),
				 errdetail("Purchases happen in the years 1 to 9999, UTC."),
				 errhint("Leave the instant of an order that did not happen NULL.")));
	if (unlikely(amount < 0))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("purchase with negative amount %s",
						DatumGetCString(DirectFunctionCall1(numeric_out,
															NumericGetDatum(numeric_from_money(amount))))),
				 errhint("Subtract a refund from the amount of its order, or leave refunds out.")));
}

static void
report_overflow(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("purchases out of range"),
			 errdetail("A total is at most 922337203685477.5807, and a count 9223372036854775807.")));
}

/*
 * Pure functions
 */

static void
print_instant(char **end, TimestampTz at)
{
	int64		day = floor_div(at, USECS_PER_DAY);
	int64		rest = at - day * USECS_PER_DAY;
	int			seconds = (int) (rest / USECS_PER_SEC);
	int			micros = (int) (rest % USECS_PER_SEC);
	int32		year;
	int			month;
	int			mday;

	civil_from_day((int32) day, &year, &month, &mday);
	*end += sprintf(*end, "\"%04d-%02d-%02dT%02d:%02d:%02d", year, month, mday,
					seconds / 3600, seconds / 60 % 60, seconds % 60);
	if (micros != 0)
		*end += sprintf(*end, ".%06d", micros);
	*end += sprintf(*end, "Z\"");
}

static void
scan_instant(Scanner *scanner, TimestampTz *at)
{
	const char *expected = "an instant such as \"2026-11-22T09:30:00Z\"";
	const char *begin;
	int			year = 1;
	int			month = 1;
	int			mday = 1;
	int			hour = 0;
	int			minute = 0;
	int			second = 0;
	int			micros = 0;

	if (!scan_char(scanner, '"', expected))
		return;
	begin = scanner->at - 1;
	if (scan_digits(scanner, 4, &year) && *scanner->at++ == '-' &&
		scan_digits(scanner, 2, &month) && *scanner->at++ == '-' &&
		scan_digits(scanner, 2, &mday) && *scanner->at++ == 'T' &&
		scan_digits(scanner, 2, &hour) && *scanner->at++ == ':' &&
		scan_digits(scanner, 2, &minute) && *scanner->at++ == ':' &&
		scan_digits(scanner, 2, &second) &&
		(*scanner->at != '.' ||
		 (scanner->at++, scan_digits(scanner, 6, &micros))) &&
		*scanner->at++ == 'Z' && *scanner->at++ == '"' &&
		year >= 1 && month >= 1 && month <= 12 && mday >= 1 &&
		hour < 24 && minute < 60 && second < 60)
	{
		if (mday <= month_days(year, month))
		{
			*at = day_from_civil(year, month, mday) * USECS_PER_DAY +
				((hour * 60 + minute) * 60 + second) * USECS_PER_SEC + micros;
			return;
		}
	}
	scanner->at = begin;
	scanner->expected = expected;
}

/* Ten-thousandths, without trailing zeros, as a JSON number. */
static void
print_amount(char **end, int64 amount)
{
	int			fraction = (int) (amount % MONEY_UNIT);

	*end += sprintf(*end, INT64_FORMAT, amount / MONEY_UNIT);
	if (fraction == 0)
		return;
	*end += sprintf(*end, ".%04d", fraction);
	while ((*end)[-1] == '0')
		(*end)--;
}

static void
scan_amount(Scanner *scanner, int64 *amount)
{
	const char *expected = "an amount from 0 to 922337203685477.5807";
	const char *begin;
	int64		fraction = 0;

	scan_blanks(scanner);
	begin = scanner->at;
	if (!scan_count(scanner, PG_INT64_MAX / MONEY_UNIT, amount, expected))
		return;
	if (*scanner->at == '.')
	{
		int64		unit = MONEY_UNIT / 10;

		if (scanner->at[1] < '0' || scanner->at[1] > '9')
		{
			scan_fail(scanner, expected);
			return;
		}
		for (scanner->at++; *scanner->at >= '0' && *scanner->at <= '9'; scanner->at++)
		{
			if (unit == 0 && *scanner->at != '0')
			{
				scan_fail(scanner, "at most four decimals");
				return;
			}
			fraction += (*scanner->at - '0') * unit;
			unit /= 10;
		}
	}
	if (*amount > (PG_INT64_MAX - fraction) / MONEY_UNIT)
	{
		scanner->at = begin;
		scan_fail(scanner, expected);
		return;
	}
	*amount = *amount * MONEY_UNIT + fraction;
}

static void
parse_purchases(Scanner *scanner, Purchases *purchases)
{
	const char *expected = "one of \"count\", \"first\", \"last\" and \"total\", each once";
	bool		count = false;
	bool		first = false;
	bool		last = false;
	bool		total = false;
	bool		opening = true;

	memset(purchases, 0, sizeof(*purchases));
	while (scan_member(scanner, &opening))
	{
		if (!count && scan_key(scanner, "count"))
			count = scan_count(scanner, PG_INT64_MAX, &purchases->count,
							   "a number of purchases");
		else if (!first && scan_key(scanner, "first"))
		{
			first = true;
			scan_instant(scanner, &purchases->first);
		}
		else if (!last && scan_key(scanner, "last"))
		{
			last = true;
			scan_instant(scanner, &purchases->last);
		}
		else if (!total && scan_key(scanner, "total"))
		{
			total = true;
			scan_amount(scanner, &purchases->total);
		}
		else
			scan_fail(scanner, expected);
	}
	if (scan_end(scanner) &&
		!(count && (purchases->count == 0 || (first && last && total))))
		scan_fail(scanner, expected);
}

/*
 * Keys and separators 42, count and total 20 and 25, two instants of 29; of 34
 * if a damaged page gave back the bits, since a year may have a sign and six
 * digits then.
 */
#define PURCHASES_TEXT_SIZE		200

static void
print_purchases(const Purchases *purchases, char *text)
{
	char	   *end = text;

	end += sprintf(end, "{\"count\": " INT64_FORMAT, purchases->count);
	if (purchases->count > 0)
	{
		end += sprintf(end, ", \"first\": ");
		print_instant(&end, purchases->first);
		end += sprintf(end, ", \"last\": ");
		print_instant(&end, purchases->last);
		end += sprintf(end, ", \"total\": ");
		print_amount(&end, purchases->total);
	}
	*end++ = '}';
	*end = '\0';
}

/* Adds `more` to `purchases`; false if it does not fit. */
static bool
add_purchases(Purchases *purchases, const Purchases *more)
{
	if (more->count == 0)
		return true;
	if (purchases->count == 0)
	{
		*purchases = *more;
		return true;
	}
	purchases->first = Min(purchases->first, more->first);
	purchases->last = Max(purchases->last, more->last);
	return !pg_add_s64_overflow(purchases->count, more->count, &purchases->count) &&
		!pg_add_s64_overflow(purchases->total, more->total, &purchases->total);
}

/*
 * Input and output
 */

PG_FUNCTION_INFO_V1(purchases_in);
Datum
purchases_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	Purchases  *purchases = palloc(sizeof(Purchases));
	const char *wrong = NULL;
	Scanner		scanner;

	scan_start(&scanner, text);
	parse_purchases(&scanner, purchases);
	if (scanner.expected != NULL)
		wrong = psprintf("Expected %s at character %d.",
						 scanner.expected, scan_position(&scanner));
	else
		wrong = check_purchases(purchases);
	if (wrong != NULL)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"",
						"purchases", text),
				 errdetail_internal("%s", wrong),
				 errhint("Write it as {\"count\": 2, \"first\": \"2026-01-05T10:00:00Z\", \"last\": \"2026-03-01T08:30:00Z\", \"total\": 24800}.")));
	PG_RETURN_PURCHASES_P(purchases);
}

PG_FUNCTION_INFO_V1(purchases_out);
Datum
purchases_out(PG_FUNCTION_ARGS)
{
	char	   *text = palloc(PURCHASES_TEXT_SIZE);

	print_purchases(PG_GETARG_PURCHASES_P(0), text);
	PG_RETURN_CSTRING(text);
}

static Purchases *
receive_purchases(StringInfo buf)
{
	Purchases  *purchases = palloc(sizeof(Purchases));
	const char *wrong;

	purchases->count = pq_getmsgint64(buf);
	purchases->first = pq_getmsgint64(buf);
	purchases->last = pq_getmsgint64(buf);
	purchases->total = pq_getmsgint64(buf);
	wrong = check_purchases(purchases);
	if (wrong != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary value of type %s", "purchases"),
				 errdetail_internal("%s", wrong)));
	return purchases;
}

PG_FUNCTION_INFO_V1(purchases_recv);
Datum
purchases_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_PURCHASES_P(receive_purchases((StringInfo) PG_GETARG_POINTER(0)));
}

/* purchases_from_bytes(bytes): what is stored without the type, so that it outlives it */
PG_FUNCTION_INFO_V1(purchases_from_bytes);
Datum
purchases_from_bytes(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	StringInfoData buf;

	if (VARSIZE_ANY_EXHDR(bytes) != sizeof(Purchases))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary value of type %s", "purchases"),
				 errdetail("Its length is %d, not %d.", (int) VARSIZE_ANY_EXHDR(bytes), (int) sizeof(Purchases)),
				 errhint("Give what purchases_send() gave, unchanged.")));
	buf.data = VARDATA_ANY(bytes);
	buf.len = buf.maxlen = sizeof(Purchases);
	buf.cursor = 0;
	PG_RETURN_PURCHASES_P(receive_purchases(&buf));
}

PG_FUNCTION_INFO_V1(purchases_send);
Datum
purchases_send(PG_FUNCTION_ARGS)
{
	Purchases  *purchases = PG_GETARG_PURCHASES_P(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint64(&buf, purchases->count);
	pq_sendint64(&buf, purchases->first);
	pq_sendint64(&buf, purchases->last);
	pq_sendint64(&buf, purchases->total);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(purchases_to_jsonb);
Datum
purchases_to_jsonb(PG_FUNCTION_ARGS)
{
	char		text[PURCHASES_TEXT_SIZE];

	print_purchases(PG_GETARG_PURCHASES_P(0), text);
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

/*
 * Comparison: by count, first, last, total.  The order has no meaning; it
 * exists so that keys, DISTINCT and statistics work.
 */

static int
compare_purchases(const Purchases *a, const Purchases *b)
{
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last < b->last ? -1 : 1;
	if (a->total != b->total)
		return a->total < b->total ? -1 : 1;
	return 0;
}

PG_FUNCTION_INFO_V1(purchases_cmp);
Datum
purchases_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_purchases(PG_GETARG_PURCHASES_P(0),
									  PG_GETARG_PURCHASES_P(1)));
}

#define PURCHASES_COMPARISON(name, test) \
PG_FUNCTION_INFO_V1(purchases_##name); \
Datum \
purchases_##name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_BOOL(compare_purchases(PG_GETARG_PURCHASES_P(0), \
									 PG_GETARG_PURCHASES_P(1)) test 0); \
} \
extern Datum purchases_##name(PG_FUNCTION_ARGS)

PURCHASES_COMPARISON(lt, <);
PURCHASES_COMPARISON(le, <=);
PURCHASES_COMPARISON(eq, ==);
PURCHASES_COMPARISON(ne, !=);
PURCHASES_COMPARISON(ge, >=);
PURCHASES_COMPARISON(gt, >);

PG_FUNCTION_INFO_V1(purchases_hash);
Datum
purchases_hash(PG_FUNCTION_ARGS)
{
	return hash_any((unsigned char *) PG_GETARG_PURCHASES_P(0), sizeof(Purchases));
}

PG_FUNCTION_INFO_V1(purchases_hash_extended);
Datum
purchases_hash_extended(PG_FUNCTION_ARGS)
{
	return hash_any_extended((unsigned char *) PG_GETARG_PURCHASES_P(0),
							 sizeof(Purchases), PG_GETARG_INT64(1));
}

/*
 * Counting
 */

/*
 * The purchases to change: the state itself inside an aggregate, where the
 * executor owns it, a copy anywhere else, where it may be a row's.
 */
static inline Purchases *
own_purchases(FunctionCallInfo fcinfo)
{
	Purchases  *purchases = PG_GETARG_PURCHASES_P(0);
	Purchases  *copy;

	if (in_aggregate(fcinfo))
		return purchases;
	copy = palloc(sizeof(Purchases));
	*copy = *purchases;
	return copy;
}

void
count_purchase(Purchases *purchases, TimestampTz at, int64 amount)
{
	Purchases	one = {1, at, at, amount};

	check_purchase(at, amount);
	if (!add_purchases(purchases, &one))
		report_overflow();
}

PG_FUNCTION_INFO_V1(purchases_accum);
Datum
purchases_accum(PG_FUNCTION_ARGS)
{
	Purchases  *purchases = own_purchases(fcinfo);

	count_purchase(purchases, PG_GETARG_TIMESTAMPTZ(1), money_from_numeric(PG_GETARG_STORED_NUMERIC(2)));
	PG_RETURN_PURCHASES_P(purchases);
}

/* The operator +, the transition function of sum and the combine function of both. */
PG_FUNCTION_INFO_V1(purchases_add);
Datum
purchases_add(PG_FUNCTION_ARGS)
{
	Purchases  *purchases = own_purchases(fcinfo);

	if (!add_purchases(purchases, PG_GETARG_PURCHASES_P(1)))
		report_overflow();
	PG_RETURN_PURCHASES_P(purchases);
}

/*
 * The result of an aggregate: a copy, since in a window the state goes on
 * changing after this row's result was taken.
 */
PG_FUNCTION_INFO_V1(purchases_final);
Datum
purchases_final(PG_FUNCTION_ARGS)
{
	Purchases  *purchases = PG_GETARG_PURCHASES_P(0);
	Purchases  *copy;

	if (purchases->count == 0)
		PG_RETURN_NULL();
	copy = palloc(sizeof(Purchases));
	*copy = *purchases;
	PG_RETURN_PURCHASES_P(copy);
}

/*
 * Accessors
 */

PG_FUNCTION_INFO_V1(purchases_count);
Datum
purchases_count(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_PURCHASES_P(0)->count);
}

PG_FUNCTION_INFO_V1(purchases_first);
Datum
purchases_first(PG_FUNCTION_ARGS)
{
	Purchases  *purchases = PG_GETARG_PURCHASES_P(0);

	if (purchases->count == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(purchases->first);
}

PG_FUNCTION_INFO_V1(purchases_last);
Datum
purchases_last(PG_FUNCTION_ARGS)
{
	Purchases  *purchases = PG_GETARG_PURCHASES_P(0);

	if (purchases->count == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(purchases->last);
}

PG_FUNCTION_INFO_V1(purchases_total);
Datum
purchases_total(PG_FUNCTION_ARGS)
{
	PG_RETURN_NUMERIC(numeric_from_money(PG_GETARG_PURCHASES_P(0)->total));
}

PG_FUNCTION_INFO_V1(purchases_total_float8);
Datum
purchases_total_float8(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(float8_from_money(PG_GETARG_PURCHASES_P(0)->total));
}

PG_FUNCTION_INFO_V1(purchases_average);
Datum
purchases_average(PG_FUNCTION_ARGS)
{
	Purchases  *purchases = PG_GETARG_PURCHASES_P(0);

	if (purchases->count == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(DirectFunctionCall1(numeric_trim_scale,
										DirectFunctionCall2(numeric_div,
															NumericGetDatum(numeric_from_money(purchases->total)),
															NumericGetDatum(int64_to_numeric(purchases->count)))));
}

/* An interval as timestamptz subtraction gives it: days of 24 hours, and time. */
static Interval *
interval_of(int64 micros)
{
	Interval   *interval = palloc(sizeof(Interval));

	interval->month = 0;
	interval->day = (int32) (micros / USECS_PER_DAY);
	interval->time = micros % USECS_PER_DAY;
	return interval;
}

/*
 * How long it is from one of the instants of `purchases` until another, which is
 * what `what` is measured by; false for nobody's.
 */
bool
time_until(const Purchases *purchases, TimestampTz since, TimestampTz as_of, const char *what, int64 *micros)
{
	if (TIMESTAMP_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s has no value as of an infinite instant", what),
				 errhint("Say as of when, for example now().")));
	if (purchases->count == 0)
		return false;
	if (pg_sub_s64_overflow(as_of, since, micros))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range")));
	return true;
}

PG_FUNCTION_INFO_V1(purchases_recency);
Datum
purchases_recency(PG_FUNCTION_ARGS)
{
	Purchases  *purchases = PG_GETARG_PURCHASES_P(0);
	int64		micros;

	if (!time_until(purchases, purchases->last, PG_GETARG_TIMESTAMPTZ(1), "recency", &micros))
		PG_RETURN_NULL();
	PG_RETURN_INTERVAL_P(interval_of(micros));
}

PG_FUNCTION_INFO_V1(purchases_interval);
Datum
purchases_interval(PG_FUNCTION_ARGS)
{
	Purchases  *purchases = PG_GETARG_PURCHASES_P(0);

	if (purchases->count < 2)
		PG_RETURN_NULL();
	PG_RETURN_INTERVAL_P(interval_of((purchases->last - purchases->first) /
									 (purchases->count - 1)));
}
