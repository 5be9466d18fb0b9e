/*-------------------------------------------------------------------------
 *
 * order_history.c
 *	  A customer's orders as one row, from which every earlier moment can be
 *	  told as well.
 *
 * A history is three arrays of PostgreSQL's own types, so that it can be stored,
 * dumped and read without us: a number, an instant and an amount for each entry.
 * The first entry of a number is an order: when it was placed, and for how much.
 * Those that follow under the same number are what became of it: the amount that
 * it counts with from an instant on, NULL once it does not count any more.
 *
 *     number  {1, 1, 2}
 *     at      {2026-01-05, 2026-01-20, 2026-03-01}
 *     amount  {24800, 19800, 8000}
 *
 * is an order of 24,800 of which 5,000 came back after two weeks, and another one.
 *
 * Invariants, which read_order_history() is the one to check: the arrays are of one
 * dimension and length, without NULLs but for amounts of what became of an order;
 * numbers begin with 1 and rise by one; orders stand in the order in which they were
 * placed, and what became of each in the order in which it did; amounts are money,
 * none negative.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupmacs.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/money.h"
#include "purchases/order_history.h"
#include "purchases/purchases.h"

/* The one message for a history that is none: `detail` says, in a sentence, why. */
static void
check_history(bool valid, const char *detail)
{
	if (unlikely(!valid))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("these arrays are not the history of a customer's orders"),
				 errdetail_internal("%s", detail),
				 errhint("A history is three arrays of one length: numbers of orders from 1 on, instants, and amounts. The first entry of a number is the order, those after it what it counts with from then on, NULL for nothing.")));
}

static ArrayType *
history_array(FunctionCallInfo fcinfo, int argno)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(argno);

	check_history(ARR_NDIM(array) <= 1, "An array has more than one dimension.");
	return array;
}

/*
 * The orders that count as of an instant, out of the arguments `argno` and the two
 * after it, which are not NULL.  An instant may be infinite.
 */
CountedOrders
read_order_history(FunctionCallInfo fcinfo, int argno, TimestampTz as_of)
{
	ArrayType  *numbers = history_array(fcinfo, argno);
	ArrayType  *instants = history_array(fcinfo, argno + 1);
	ArrayType  *amounts = history_array(fcinfo, argno + 2);
	int			entries = ArrayGetNItems(ARR_NDIM(numbers), ARR_DIMS(numbers));
	const int32 *number = (const int32 *) ARR_DATA_PTR(numbers);
	const TimestampTz *at = (const TimestampTz *) ARR_DATA_PTR(instants);
	const char *amount = ARR_DATA_PTR(amounts);
	const bits8 *present = ARR_NULLBITMAP(amounts);
	CountedOrders result = {0, NULL};
	CountedOrder *counted;
	int32		last = 0;
	TimestampTz placed_at = PURCHASE_FIRST_AT;
	TimestampTz changed_at = DT_NOBEGIN;

	check_history(ArrayGetNItems(ARR_NDIM(instants), ARR_DIMS(instants)) == entries &&
				  ArrayGetNItems(ARR_NDIM(amounts), ARR_DIMS(amounts)) == entries,
				  "The arrays differ in length.");
	check_history(!ARR_HASNULL(numbers) && !ARR_HASNULL(instants),
				  "A number or an instant is NULL.");
	if (entries == 0)
		return result;

	/* What does not count is written, and then passed over. */
	counted = palloc_extended((Size) entries * sizeof(CountedOrder), MCXT_ALLOC_HUGE);
	result.orders = counted;
	counted--;					/* that of the current number */

	for (int i = 0; i < entries; i++)
	{
		bool		is_null = present != NULL && !(present[i / 8] & (1 << (i % 8)));
		bool		is_order = number[i] != last;
		int64		money = -1;

		if (!is_null)
		{
			money = money_from_numeric((Numeric) amount);
			check_purchase(is_order ? at[i] : placed_at, money);
			amount = att_addlength_pointer(amount, -1, amount);
			amount = (const char *) att_align_nominal(amount, TYPALIGN_INT);
		}

		if (is_order)
		{
			check_history(number[i] == last + 1, "Numbers do not rise by one from 1 on.");
			check_history(!is_null, "An order has no amount.");
			check_history(at[i] >= placed_at, "Orders are not in the order in which they were placed.");
			last = number[i];
			placed_at = at[i];
			changed_at = DT_NOBEGIN;

			/* What the number before came to stays, if it counts. */
			if (counted < result.orders || counted->amount >= 0)
				counted++;
			counted->at = at[i];
			counted->amount = at[i] <= as_of ? money : -1;
		}
		else
		{
			check_history(at[i] >= changed_at, "What became of an order does not follow in time.");
			changed_at = at[i];
			if (at[i] <= as_of && placed_at <= as_of)
				counted->amount = money;
		}
	}
	result.count = (int) (counted - result.orders) + (counted->amount >= 0);
	return result;
}

/* purchases(number, at, amount, as_of, placed_until) */
PG_FUNCTION_INFO_V1(purchases_of_history);
Datum
purchases_of_history(PG_FUNCTION_ARGS)
{
	CountedOrders counted = read_order_history(fcinfo, 0, PG_GETARG_TIMESTAMPTZ(3));
	TimestampTz placed_until = PG_GETARG_TIMESTAMPTZ(4);
	Purchases  *purchases = palloc0(sizeof(Purchases));

	for (int i = 0; i < counted.count && counted.orders[i].at <= placed_until; i++)
		count_purchase(purchases, counted.orders[i].at, counted.orders[i].amount);
	if (purchases->count == 0)
		PG_RETURN_NULL();
	PG_RETURN_PURCHASES_P(purchases);
}

/* counted_orders(number, at, amount, as_of) */
PG_FUNCTION_INFO_V1(counted_orders);
Datum
counted_orders(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CountedOrders counted = read_order_history(fcinfo, 0, PG_GETARG_TIMESTAMPTZ(3));
	Datum		previous_amount = (Datum) 0;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < counted.count; i++)
	{
		const CountedOrder *order = &counted.orders[i];
		bool		is_first = i == 0;
		bool		is_last = i + 1 == counted.count;
		Datum		amount = NumericGetDatum(numeric_from_money(order->amount));
		Datum		values[] = {
			Int64GetDatum(i + 1),
			TimestampTzGetDatum(order->at),
			amount,
			is_first ? (Datum) 0 : TimestampTzGetDatum(order[-1].at),
			previous_amount,
			is_last ? (Datum) 0 : TimestampTzGetDatum(order[1].at),
			TimestampTzGetDatum(counted.orders[0].at)
		};
		bool		nulls[] = {false, false, false, is_first, is_first, is_last, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		previous_amount = amount;
	}
	return (Datum) 0;
}
