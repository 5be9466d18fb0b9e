/*-------------------------------------------------------------------------
 *
 * money.c
 *	  Exact amounts of money as 64-bit integers of a ten-thousandth.
 *
 * Sums of numeric are exact but cost memory and time for every customer;
 * integers are exact as well, as long as nothing is ever rounded to fit.
 * Therefore an amount with a fifth decimal is an error, not a rounding.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bswap.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/money.h"

/* numeric's binary format, as documented by numeric_send() and numeric_recv(). */
#define NUMERIC_BASE		10000
#define NUMERIC_HEADER		4	/* ndigits, weight, sign, dscale */
#define NUMERIC_SIGN_PLUS	0x0000
#define NUMERIC_SIGN_MINUS	0x4000

typedef enum MoneyFit
{
	MONEY_FITS,
	MONEY_NOT_FINITE,
	MONEY_TOO_FINE,
	MONEY_TOO_LARGE
} MoneyFit;

static void
report_amount(Numeric value, MoneyFit fit)
{
	static const char *const details[] = {
		[MONEY_NOT_FINITE] = "An amount is a finite number.",
		[MONEY_TOO_FINE] = "An amount has at most four decimals.",
		[MONEY_TOO_LARGE] = "An amount lies between -922337203685477.5807 and 922337203685477.5807."
	};

	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("amount %s is not one that can be counted exactly",
					DatumGetCString(DirectFunctionCall1(numeric_out,
														NumericGetDatum(value)))),
			 errdetail_internal("%s", details[fit]),
			 fit == MONEY_TOO_FINE ? errhint("Round it first, for example with round(amount, 4).") : 0));
}

/*
 * Reads the value from numeric's wire format: its layout in memory is private
 * to the server, this is the one that stays.  Its digits are base 10000, of
 * the powers weight, weight - 1, ...; power -1 is our unit.
 */
static MoneyFit
read_amount(const bytea *wire, int64 *amount)
{
	const char *words = VARDATA_ANY(wire);
	int			ndigits;
	int			weight;
	int			sign;

#define WORD(i) \
	((int16) (((unsigned char) words[2 * (i)] << 8) | \
			  (unsigned char) words[2 * (i) + 1]))
	ndigits = WORD(0);
	weight = WORD(1);
	sign = (uint16) WORD(2);

	*amount = 0;
	if (sign != NUMERIC_SIGN_PLUS && sign != NUMERIC_SIGN_MINUS)
		return MONEY_NOT_FINITE;
	for (int i = 0; i < ndigits; i++)
	{
		int			digit = WORD(NUMERIC_HEADER + i);

		if (weight - i < -1)
		{
			if (digit != 0)
				return MONEY_TOO_FINE;
			continue;
		}
		if (*amount > (PG_INT64_MAX - digit) / NUMERIC_BASE)
			return MONEY_TOO_LARGE;
		*amount = *amount * NUMERIC_BASE + digit;
	}
	/* The digits that numeric leaves out at the end are zeros. */
	for (int power = weight - ndigits; ndigits > 0 && power >= -1; power--)
	{
		if (*amount > PG_INT64_MAX / NUMERIC_BASE)
			return MONEY_TOO_LARGE;
		*amount *= NUMERIC_BASE;
	}
#undef WORD
	if (sign == NUMERIC_SIGN_MINUS)
		*amount = -*amount;
	return MONEY_FITS;
}

static inline MoneyFit
fit_amount(Numeric value, int64 *amount)
{
	bytea	   *wire = DatumGetByteaPP(DirectFunctionCall1(numeric_send,
														   NumericGetDatum(value)));
	MoneyFit	fit = read_amount(wire, amount);

	pfree(wire);
	return fit;
}

int64
money_from_numeric(Numeric value)
{
	int64		amount;
	MoneyFit	fit = fit_amount(value, &amount);

	if (unlikely(fit != MONEY_FITS))
		report_amount(value, fit);
	return amount;
}

/* Can the value be counted exactly?  Then as which amount? */
bool
fits_money(Numeric value, int64 *amount)
{
	return fit_amount(value, amount) == MONEY_FITS;
}

/* Without trailing zeros: a yen amount should not look like a dollar one. */
Numeric
numeric_from_money(int64 amount)
{
	int			decimals = MONEY_DECIMALS;

	for (; decimals > 0 && amount % 10 == 0; decimals--)
		amount /= 10;
	return decimals == 0 ? int64_to_numeric(amount) :
		int64_div_fast_to_numeric(amount, decimals);
}
