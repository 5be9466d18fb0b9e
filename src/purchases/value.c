/*-------------------------------------------------------------------------
 *
 * value.c
 *	  For how many years somebody has been a customer: what a year's orders and
 *	  revenue are divided by.
 *
 * What it says is what numeric says, EXTRACT(epoch FROM until - since) / 31557600.00,
 * and then a cast of that to double precision.  Figures depend on it to the last digit,
 * so the quotient is rounded to as many decimals as numeric's division keeps of it (16,
 * and 20 where its first digits of base 10000 are those of the divisor), and these are
 * read as any number is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "purchases/purchases.h"

#define DAYS_PER_4_YEARS	1461
#define USECS_PER_YEAR		(DAYS_PER_4_YEARS * (USECS_PER_DAY / 4))

/* Below which a quotient that is more than one keeps 20 decimals: 31,560,000 seconds. */
#define FINE_UNTIL			(31560000 * USECS_PER_SEC)

/* What 10^-16 and 10^-20 of a year are of: so many microseconds are 10^-8 of it. */
#define USECS_PER_PART		(USECS_PER_YEAR / 100000000)

static int64
check_customer_instant(TimestampTz at)
{
	if (at < PURCHASE_FIRST_AT || at > PURCHASE_LAST_AT)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("years as a customer are counted from the year 1 to 9999"),
				 errdetail("An instant is %s.", timestamptz_to_str(at))));
	return at;
}

/* customer_years(since, until) */
PG_FUNCTION_INFO_V1(customer_years);
Datum
customer_years(PG_FUNCTION_ARGS)
{
	TimestampTz since = check_customer_instant(PG_GETARG_TIMESTAMPTZ(0));
	TimestampTz until = PG_GETARG_TIMESTAMPTZ(1);
	int64		time;
	int64		scale;
	int64		rest;
	int64		decimals;
	char		text[40];
	char	   *end = text;

	if (until <= since)
		PG_RETURN_FLOAT8(1);
	time = check_customer_instant(until) - since;
	if (time <= USECS_PER_YEAR)
		PG_RETURN_FLOAT8(1);

	/* (Divided in two steps, of which neither needs more than 64 bits.) */
	scale = time < FINE_UNTIL ? INT64CONST(1000000000000) : INT64CONST(100000000);
	rest = time % USECS_PER_YEAR;
	decimals = rest / USECS_PER_PART * scale +
		(rest % USECS_PER_PART * scale + USECS_PER_PART / 2) / USECS_PER_PART;
	time /= USECS_PER_YEAR;
	if (scale == INT64CONST(100000000) && decimals == INT64CONST(10000000000000000))
	{
		decimals = 0;
		time++;
	}
	end += pg_ultoa_n((uint32) time, end);
	*end++ = '.';
	if (scale > INT64CONST(100000000))
		end = pg_ultostr_zeropad(end, 0, 4);
	end = pg_ultostr_zeropad(end, (uint32) (decimals / 100000000), 8);
	end = pg_ultostr_zeropad(end, (uint32) (decimals % 100000000), 8);
	*end = '\0';
	PG_RETURN_FLOAT8(strtod(text, NULL));
}
