/*-------------------------------------------------------------------------
 *
 * ladder.c
 *	  First, second, third order and so on: who got there, with how much, and how
 *	  long the next one takes.
 *
 * The sums add up, so there is one of each a rung.  The waits do not: a curve (see
 * survival.c) needs all of them.  So what is counted has, behind the rungs, when each
 * order was placed, one customer's after another's, and no row of SQL is made of an
 * order.  An instant takes a number of eight bytes, twice itself, and one more where
 * the same customer's next order follows it: the first without is her last.
 *
 * What is counted is a bytea that is changed in place while rows are aggregated; it
 * begins with what it is, and whoever reads it believes neither its numbers nor that
 * rungs and orders are of the same customers.
 *
 * Memory: 8 bytes an order and 40 a rung, at most twice that while it grows, and to
 * read it 16 bytes an order more.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/aggregate.h"
#include "base/compat.h"
#include "base/money.h"
#include "base/row_types.h"
#include "purchases/order_history.h"
#include "purchases/purchases.h"
#include "purchases/survival.h"

/* Those who placed an order of one number. */
typedef struct Rung
{
	int64		customers;
	int64		revenue;		/* in whole units of money, */
	int64		revenue_rest;	/* and ten-thousandths */
	int64		previous;		/* the same of their orders before */
	int64		previous_rest;
} Rung;

typedef struct Ladder
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		kind;
	int32		rung_room;
	int32		rungs;			/* of them, those that somebody reached */
	int32		order_room;
	int32		orders;
	Rung		rung[FLEXIBLE_ARRAY_MEMBER];	/* then the orders */
} Ladder;

#define LADDER_KIND		0x6C640001

#define LADDER_SIZE(rung_room, order_room) \
	(offsetof(Ladder, rung) + (Size) (rung_room) * sizeof(Rung) + (Size) (order_room) * sizeof(int64))
#define LADDER_ORDERS(ladder)	((int64 *) &(ladder)->rung[(ladder)->rung_room])

/* (An instant of an order is far from the ends of 64 bits.) */
#define MAKE_ORDER(at, is_followed)		((at) * 2 + (is_followed))
#define ORDER_AT(order)				((TimestampTz) ((order) >> 1))
#define ORDER_IS_FOLLOWED(order)	(((order) & 1) != 0)

/*
 * Both together are 968 MB, which a bytea just holds: ten million customers of ten orders
 * each, and as one of them whoever collects all guests of a shop.
 */
#define FIRST_RUNGS		16
#define FIRST_ORDERS	64
#define MOST_RUNGS		4194304
#define MOST_ORDERS		100000000

static void
check_ladder(bool valid)
{
	if (unlikely(!valid))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is not what ladder_agg counted"),
				 errhint("Give what the aggregate gave, unchanged.")));
}

/* (Rungs and orders are looked at as they are read, since this is called for each row.) */
static Ladder *
ladder_argument(FunctionCallInfo fcinfo, int argno)
{
	Ladder	   *ladder = aligned_state(fcinfo, argno);

	check_ladder(VARSIZE(ladder) >= LADDER_SIZE(0, 0) && ladder->kind == LADDER_KIND &&
				 ladder->rung_room >= FIRST_RUNGS && ladder->rung_room <= MOST_RUNGS &&
				 ladder->order_room >= FIRST_ORDERS && ladder->order_room <= MOST_ORDERS &&
				 VARSIZE(ladder) == LADDER_SIZE(ladder->rung_room, ladder->order_room) &&
				 ladder->rungs >= 0 && ladder->rungs <= ladder->rung_room &&
				 ladder->orders >= 0 && ladder->orders <= ladder->order_room);
	return ladder;
}

static int32
room_for(int64 wanted, int32 first, int32 most, const char *detail)
{
	int64		room = first;

	if (wanted > most)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many orders for one ladder"),
				 errdetail(detail, most)));
	while (room < wanted)
		room *= 2;
	return (int32) Min(room, most);
}

/* As the ladder is the aggregate's, so that it may be changed, with room for so much. */
static Ladder *
own_ladder(FunctionCallInfo fcinfo, int64 rungs, int64 more_orders)
{
	Ladder	   *old = PG_ARGISNULL(0) ? NULL : ladder_argument(fcinfo, 0);
	Ladder	   *ladder;
	int32		rung_room;
	int32		order_room;

	rung_room = room_for(Max(rungs, old != NULL ? old->rungs : 0), FIRST_RUNGS, MOST_RUNGS,
						 "A customer can have at most %d orders.");
	order_room = room_for(more_orders + (old != NULL ? old->orders : 0), FIRST_ORDERS, MOST_ORDERS,
						  "All customers together can have at most %d orders.");
	if (old != NULL && in_aggregate(fcinfo) && rung_room <= old->rung_room && order_room <= old->order_room)
		return old;
	if (old != NULL)
	{
		rung_room = Max(rung_room, old->rung_room);
		order_room = Max(order_room, old->order_room);
	}
	ladder = palloc0(LADDER_SIZE(rung_room, order_room));
	SET_VARSIZE(ladder, LADDER_SIZE(rung_room, order_room));
	ladder->kind = LADDER_KIND;
	ladder->rung_room = rung_room;
	ladder->order_room = order_room;
	if (old != NULL)
	{
		ladder->rungs = old->rungs;
		ladder->orders = old->orders;
		memcpy(ladder->rung, old->rung, old->rungs * sizeof(Rung));
		memcpy(LADDER_ORDERS(ladder), LADDER_ORDERS(old), old->orders * sizeof(int64));
	}
	return ladder;
}

/* Adds `more`, and what is carried over from its rest. */
static inline void
add_money(int64 *money, int64 *rest, int64 more, int64 more_rest)
{
	if (unlikely(pg_add_s64_overflow(*rest, more_rest, rest) ||
				 pg_add_s64_overflow(*money, more, money) ||
				 pg_add_s64_overflow(*money, *rest / MONEY_UNIT, money)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("revenue out of range"),
				 errdetail("The orders of one number can come to at most %s.", "9223372036854775807")));
	*rest %= MONEY_UNIT;
}

/* ladder_accum(state, number, at, amount, as_of) */
PG_FUNCTION_INFO_V1(ladder_accum);
Datum
ladder_accum(PG_FUNCTION_ARGS)
{
	CountedOrders counted;
	Ladder	   *ladder;
	int64	   *orders;

	for (int i = 1; i <= 4; i++)
	{
		if (PG_ARGISNULL(i))
			return keep_state(fcinfo);
	}
	counted = read_order_history(fcinfo, 1, PG_GETARG_TIMESTAMPTZ(4));
	if (counted.count == 0)
		return keep_state(fcinfo);
	ladder = own_ladder(fcinfo, counted.count, counted.count);
	orders = LADDER_ORDERS(ladder) + ladder->orders;
	for (int i = 0; i < counted.count; i++)
	{
		const CountedOrder *order = &counted.orders[i];
		Rung	   *rung = &ladder->rung[i];

		if (unlikely(pg_add_s64_overflow(rung->customers, 1, &rung->customers)))
			check_ladder(false);
		add_money(&rung->revenue, &rung->revenue_rest, order->amount / MONEY_UNIT, order->amount % MONEY_UNIT);
		if (i > 0)
			add_money(&rung->previous, &rung->previous_rest, order[-1].amount / MONEY_UNIT, order[-1].amount % MONEY_UNIT);
		orders[i] = MAKE_ORDER(order->at, i + 1 < counted.count);
	}
	ladder->rungs = Max(ladder->rungs, counted.count);
	ladder->orders += counted.count;
	PG_RETURN_BYTEA_P(ladder);
}

PG_FUNCTION_INFO_V1(ladder_combine);
Datum
ladder_combine(PG_FUNCTION_ARGS)
{
	Ladder	   *more;
	Ladder	   *ladder;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	more = ladder_argument(fcinfo, 1);
	ladder = own_ladder(fcinfo, more->rungs, more->orders);
	for (int32 i = 0; i < more->rungs; i++)
	{
		Rung	   *rung = &ladder->rung[i];

		if (unlikely(pg_add_s64_overflow(rung->customers, more->rung[i].customers, &rung->customers)))
			check_ladder(false);
		add_money(&rung->revenue, &rung->revenue_rest, more->rung[i].revenue, more->rung[i].revenue_rest);
		add_money(&rung->previous, &rung->previous_rest, more->rung[i].previous, more->rung[i].previous_rest);
	}
	memcpy(LADDER_ORDERS(ladder) + ladder->orders, LADDER_ORDERS(more), more->orders * sizeof(int64));
	ladder->rungs = Max(ladder->rungs, more->rungs);
	ladder->orders += more->orders;
	PG_RETURN_BYTEA_P(ladder);
}

/* Checks all that is in a ladder: rungs are those of the orders, each customer's in their order. */
static void
check_whole_ladder(const Ladder *ladder)
{
	const int64 *orders = LADDER_ORDERS(ladder);
	int64	   *customers = palloc0(ladder->rung_room * sizeof(int64));
	int32		number = 0;

	for (int32 i = 0; i < ladder->orders; i++)
	{
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		check_ladder(number < ladder->rungs &&
					 ORDER_AT(orders[i]) >= PURCHASE_FIRST_AT && ORDER_AT(orders[i]) <= PURCHASE_LAST_AT);
		customers[number]++;
		if (ORDER_IS_FOLLOWED(orders[i]))
		{
			check_ladder(i + 1 < ladder->orders && ORDER_AT(orders[i + 1]) >= ORDER_AT(orders[i]));
			number++;
		}
		else
			number = 0;
	}
	for (int32 i = 0; i < ladder->rungs; i++)
	{
		const Rung *rung = &ladder->rung[i];

		check_ladder(customers[i] > 0 && rung->customers == customers[i] &&
					 rung->revenue >= 0 && rung->revenue_rest >= 0 && rung->revenue_rest < MONEY_UNIT &&
					 rung->previous >= 0 && rung->previous_rest >= 0 && rung->previous_rest < MONEY_UNIT);
	}
	pfree(customers);
}

/* For the next order of each, by rung, of the first of them. */
static Waits *
waits_of_rungs(const Ladder *ladder, TimestampTz as_of, int32 rungs)
{
	const int64 *orders = LADDER_ORDERS(ladder);
	Waits	   *waits = palloc(Max(rungs, 1) * sizeof(Waits));
	int32		number = 0;

	for (int32 i = 0; i < rungs; i++)
		waits[i] = make_waits((int) ladder->rung[i].customers);
	for (int32 i = 0; i < ladder->orders; i++)
	{
		bool		is_followed = ORDER_IS_FOLLOWED(orders[i]);

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		if (number < rungs)
			add_wait(&waits[number], ORDER_AT(orders[i]), is_followed, is_followed ? ORDER_AT(orders[i + 1]) : 0, as_of);
		number = is_followed ? number + 1 : 0;
	}
	return waits;
}

static Datum
money_datum(int64 money, int64 rest)
{
	Datum		whole = NumericGetDatum(int64_to_numeric(money));

	if (rest == 0)
		return whole;
	return DirectFunctionCall2(numeric_add, whole, NumericGetDatum(numeric_from_money(rest)));
}

/* ladder(counted, as_of) */
PG_FUNCTION_INFO_V1(ladder);
Datum
ladder(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Ladder	   *counted = ladder_argument(fcinfo, 0);
	TimestampTz as_of = check_wait_instant(PG_GETARG_TIMESTAMPTZ(1));
	Waits	   *waits;

	check_whole_ladder(counted);
	InitMaterializedSRF(fcinfo, 0);
	waits = waits_of_rungs(counted, as_of, counted->rungs);
	for (int32 i = 0; i < counted->rungs; i++)
	{
		const Rung *rung = &counted->rung[i];
		Datum		values[4 + SURVIVAL_COLUMNS];
		bool		nulls[4 + SURVIVAL_COLUMNS] = {0};

		values[0] = Int64GetDatum(i + 1);
		values[1] = Int64GetDatum(rung->customers);
		values[2] = money_datum(rung->revenue, rung->revenue_rest);
		values[3] = money_datum(rung->previous, rung->previous_rest);
		nulls[3] = i == 0;
		read_survival(&waits[i], &values[4], &nulls[4]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* ladder_curve(counted, as_of, times, steps, confidence) */
PG_FUNCTION_INFO_V1(ladder_curve);
Datum
ladder_curve(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Ladder	   *counted = ladder_argument(fcinfo, 0);
	TimestampTz as_of = check_wait_instant(PG_GETARG_TIMESTAMPTZ(1));
	CurveTimes	at = read_curve_times(PG_GETARG_ARRAYTYPE_P(2), PG_GETARG_FLOAT8(4));
	CurvePoint *points = palloc(Max(at.n, 1) * sizeof(CurvePoint));
	int32		rungs = Min(Max(PG_GETARG_INT32(3), 0), counted->rungs);
	Waits	   *waits;

	check_whole_ladder(counted);
	InitMaterializedSRF(fcinfo, 0);
	waits = waits_of_rungs(counted, as_of, rungs);
	for (int32 i = 0; i < rungs; i++)
	{
		int			n = read_curve(&waits[i], &at, points);
		Datum		values[2 + CURVE_COLUMNS];
		bool		nulls[2 + CURVE_COLUMNS] = {0};

		values[0] = Int64GetDatum(i + 1);
		values[1] = Int64GetDatum(counted->rung[i].customers);
		for (int point = 0; point < n; point++)
		{
			memcpy(&values[2], points[point], sizeof(CurvePoint));
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}

/* survival(counted, as_of): of the waits for the next order, whichever it is */
PG_FUNCTION_INFO_V1(ladder_survival);
Datum
ladder_survival(PG_FUNCTION_ARGS)
{
	Ladder	   *counted = ladder_argument(fcinfo, 0);
	TimestampTz as_of = check_wait_instant(PG_GETARG_TIMESTAMPTZ(1));
	const int64 *orders = LADDER_ORDERS(counted);
	Waits		waits = make_waits(counted->orders);
	TupleDesc	tupdesc = result_columns(fcinfo);
	Datum		values[SURVIVAL_COLUMNS];
	bool		nulls[SURVIVAL_COLUMNS];

	check_whole_ladder(counted);
	for (int32 i = 0; i < counted->orders; i++)
	{
		bool		is_followed = ORDER_IS_FOLLOWED(orders[i]);

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		add_wait(&waits, ORDER_AT(orders[i]), is_followed, is_followed ? ORDER_AT(orders[i + 1]) : 0, as_of);
	}
	read_survival(&waits, values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, nulls)));
}
