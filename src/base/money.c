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

#include "utils/builtins.h"

#include "base/compat.h"
#include "base/money.h"

/*
 * numeric as it is stored.  The server keeps its struct to itself, but tables are
 * full of it since 9.1, so it cannot change: a first word, of which the two highest
 * bits tell how to read the rest, and digits of base 10000, in the machine's order.
 *
 *	  00, 01	long: sign and display scale; a second word is the weight
 *	  10		short: sign 0x2000, display scale 0x1F80, weight 0x007F with its sign
 *	  11		not a number, or an infinity
 *
 * (Asking numeric_send() instead took a third of the time of an aggregate; sql/purchases.sql
 * holds what is read against sums of numeric, over many values of either header.)
 */
#define NUMERIC_BASE		10000
#define NUMERIC_KIND		0xC000
#define NUMERIC_LONG_MINUS	0x4000
#define NUMERIC_SHORT		0x8000
#define NUMERIC_NOT_FINITE	0xC000
#define NUMERIC_SHORT_MINUS	0x2000
#define NUMERIC_SHORT_WEIGHT_SIGN	0x0040
#define NUMERIC_SHORT_WEIGHT		0x003F

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

/* A word of a value that may stand at any address. */
static inline int
word_at(const char *words, int i)
{
	uint16		word;

	memcpy(&word, words + sizeof(word) * i, sizeof(word));
	return word;
}

/*
 * Reads a value, with whatever header it has in front.  Its digits are of the powers
 * weight, weight - 1, ...; power -1 is our unit.
 */
static MoneyFit
fit_amount(Numeric value, int64 *amount)
{
	const char *words = VARDATA_ANY(value);
	int			nwords = VARSIZE_ANY_EXHDR(value) / sizeof(uint16);
	int			first = word_at(words, 0);
	int			kind = first & NUMERIC_KIND;
	int			weight;
	int			power;
	bool		is_negative;

	*amount = 0;
	if (kind == NUMERIC_NOT_FINITE)
		return MONEY_NOT_FINITE;
	if (kind == NUMERIC_SHORT)
	{
		weight = first & NUMERIC_SHORT_WEIGHT;
		if (first & NUMERIC_SHORT_WEIGHT_SIGN)
			weight -= NUMERIC_SHORT_WEIGHT + 1;
		is_negative = (first & NUMERIC_SHORT_MINUS) != 0;
		words += sizeof(uint16);
		nwords--;
	}
	else
	{
		weight = (int16) word_at(words, 1);
		is_negative = kind == NUMERIC_LONG_MINUS;
		words += 2 * sizeof(uint16);
		nwords -= 2;
	}
	power = weight;
	for (int i = 0; i < nwords; i++, power--)
	{
		int			digit = word_at(words, i);

		if (power < -1)
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
	for (; nwords > 0 && power >= -1; power--)
	{
		if (*amount > PG_INT64_MAX / NUMERIC_BASE)
			return MONEY_TOO_LARGE;
		*amount *= NUMERIC_BASE;
	}
	if (is_negative)
		*amount = -*amount;
	return MONEY_FITS;
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
