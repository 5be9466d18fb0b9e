/*-------------------------------------------------------------------------
 *
 * money.h
 *	  Exact amounts of money as 64-bit integers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_MONEY_H
#define LOYALCS_MONEY_H

#include "utils/numeric.h"

/*
 * Four decimals: every currency has at most four (the Chilean UF; most have
 * two, yen none), and it is one digit of numeric's own base, so a numeric
 * turns into an amount without a multiplication by a fraction.  What is left
 * of an int64 holds 922 trillion: a hundred times the yearly sales of all of
 * Japan's e-commerce in yen.  No amount is PG_INT64_MIN.
 */
#define MONEY_DECIMALS	4
#define MONEY_UNIT		INT64CONST(10000)

/* A numeric as it stands in a row: these functions need no copy that is aligned. */
#define PG_GETARG_STORED_NUMERIC(n)	((Numeric) PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(n)))

extern int64 money_from_numeric(Numeric value);
extern bool fits_money(Numeric value, int64 *amount);
extern Numeric numeric_from_money(int64 amount);

/* As a cast of the numeric gives it, many times quicker. */
static inline float8
float8_from_money(int64 amount)
{
	/* One division of what fits is rounded as the decimal fraction would be. */
	if (amount < (INT64CONST(1) << 53))
		return (float8) amount / MONEY_UNIT;
	return (float8) (amount / MONEY_UNIT) + (float8) (amount % MONEY_UNIT) / MONEY_UNIT;
}

#endif							/* LOYALCS_MONEY_H */
