/*-------------------------------------------------------------------------
 *
 * purchases.h
 *	  The value that orders are aggregated to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_PURCHASES_H
#define LOYALCS_PURCHASES_H

#include "datatype/timestamp.h"
#include "fmgr.h"

/*
 * A purchase happens in the years 1 to 9999: those are the instants that ISO
 * 8601 writes with four digits, so the text of the type reads back anywhere.
 * Microseconds since 2000-01-01 UTC; the last is the last of 9999.
 */
#define PURCHASE_FIRST_AT	((TimestampTz) -730119 * USECS_PER_DAY)
#define PURCHASE_LAST_AT	((TimestampTz) 2921940 * USECS_PER_DAY - 1)

/*
 * How many purchases, from when to when, and for how much.  Fixed length, 32
 * bytes, no padding, the same on disk, in memory and as an aggregate's state.
 *
 * Invariants: count >= 0 and total >= 0; first <= last, both within the
 * bounds above; no purchases are all zeros.
 *
 * There is no version in it, and no room for one: these 32 bytes are for good,
 * as is what they mean; keys, hash partitions and stored rows stand on them.
 * Something more to be kept of a customer's orders would be another type with a
 * cast from this one.
 */
typedef struct Purchases
{
	int64		count;
	TimestampTz first;
	TimestampTz last;
	int64		total;			/* ten-thousandths, see money.h */
} Purchases;

#define DatumGetPurchasesP(X)		((Purchases *) DatumGetPointer(X))
#define PurchasesPGetDatum(X)		PointerGetDatum(X)
#define PG_GETARG_PURCHASES_P(n)	DatumGetPurchasesP(PG_GETARG_DATUM(n))
#define PG_RETURN_PURCHASES_P(x)	return PurchasesPGetDatum(x)

extern void check_purchase(TimestampTz at, int64 amount);
extern void count_purchase(Purchases *purchases, TimestampTz at, int64 amount);
extern bool time_until(const Purchases *purchases, TimestampTz since, TimestampTz as_of,
					   const char *what, int64 *micros);

#endif							/* LOYALCS_PURCHASES_H */
