/*-------------------------------------------------------------------------
 *
 * cohorts.c
 *	  Who bought in which month, by the month in which they began: what retention,
 *	  repeat purchases and the mix of revenue are read from.
 *
 * One customer's history (see order_history.c) is read once, and counted in the cells
 * of its cohort: the local month of the first order against each month with an order,
 * and the same by quarters and by years, since who bought twice in a quarter cannot be
 * told from its months.  Cells add up, so a shop's are the sum of its customers',
 * and a customer who has changed can be taken out of the sum and put back in.
 *
 * While rows are aggregated the cells are a hash table within the state, a bytea that
 * doubles when it is three quarters full; what the aggregate gives is a bytea of the
 * cells alone, in their order, so that equal counts are equal bytes.  Both begin with
 * what they are, and neither is believed before it was looked at.
 *
 * Memory: 136 bytes a cell; a shop of ten years has 8,100.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/aggregate.h"
#include "base/civil.h"
#include "base/compat.h"
#include "base/money.h"
#include "base/row_types.h"
#include "calendar/zone.h"
#include "purchases/order_history.h"
#include "purchases/purchases.h"

/* What is counted in a cell. */
enum
{
	CUSTOMERS,					/* who bought in the period */
	RETAINED,					/* of them, in the period before as well */
	REPEAT_CUSTOMERS,			/* of them, not for the first time, or twice */
	ORDERS,
	REVENUE,					/* in whole units of money, */
	REVENUE_REST,				/* and ten-thousandths */
	FIRST_ORDERS,
	FIRST_REVENUE,
	FIRST_REVENUE_REST,
	SECOND_WITHIN,				/* of first orders, followed by another in so
								 * many days */
	COUNTS = SECOND_WITHIN + 5
};

static const int64 second_days[COUNTS - SECOND_WITHIN] = {30, 60, 90, 180, 365};

/*
 * Months, quarters and years are numbered from the beginning of the year 0 on.  The key
 * orders cells by unit, cohort and period; no cell is 0.
 */
typedef enum PeriodUnit
{
	MONTH = 1,
	QUARTER = 2,
	YEAR = 3
} PeriodUnit;

#define UNITS	YEAR
static const int months_of[UNITS + 1] = {0, 1, 3, 12};
static const char *const unit_names[UNITS + 1] = {NULL, "month", "quarter", "year"};

#define LAST_PERIOD		(10000 * 12 + 11)
#define CELL_KEY(unit, cohort, period)	(((int64) (unit) << 40) | ((int64) (cohort) << 20) | (period))
#define CELL_UNIT(key)		((int) ((key) >> 40))
#define CELL_COHORT(key)	((int) (((key) >> 20) & 0xFFFFF))
#define CELL_PERIOD(key)	((int) ((key) & 0xFFFFF))

typedef struct Cell
{
	int64		key;
	int64		counts[COUNTS];
} Cell;

#define TABLE_KIND		0x63740001	/* cells where they hash to; of no key:
									 * free */
#define SORTED_KIND		0x63740002	/* cells in the order of their keys */

typedef struct Cells
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		kind;
	int32		room;			/* of cells; of a table, a power of two */
	int32		used;			/* of them, those that count */
	Cell		cells[FLEXIBLE_ARRAY_MEMBER];
} Cells;

#define CELLS_SIZE(room)	(offsetof(Cells, cells) + (Size) (room) * sizeof(Cell))
#define FIRST_ROOM		64
#define MOST_ROOM		2097152 /* 285 MB: two together are a bytea */

static Cells *
make_cells(int32 kind, int32 room)
{
	Cells	   *cells = palloc0(CELLS_SIZE(room));

	SET_VARSIZE(cells, CELLS_SIZE(room));
	cells->kind = kind;
	cells->room = room;
	return cells;
}

/* Is that a cell?  Periods before their cohort are none. */
static bool
is_cell(const Cell *cell)
{
	int			unit = CELL_UNIT(cell->key);

	if (cell->key <= 0 || unit < MONTH || unit > UNITS ||
		CELL_PERIOD(cell->key) > LAST_PERIOD || CELL_COHORT(cell->key) > CELL_PERIOD(cell->key))
		return false;
	for (int i = 0; i < COUNTS; i++)
	{
		if (cell->counts[i] < 0)
			return false;
	}
	return cell->counts[REVENUE_REST] < MONEY_UNIT && cell->counts[FIRST_REVENUE_REST] < MONEY_UNIT;
}

/* (Cells of a table are looked at as they are met, since there is a table a row.) */
static Cells *
table_argument(FunctionCallInfo fcinfo, int argno)
{
	Cells	   *cells = aligned_state(fcinfo, argno);

	check_state(VARSIZE(cells) >= CELLS_SIZE(0) && cells->kind == TABLE_KIND &&
				cells->room >= FIRST_ROOM && cells->room <= MOST_ROOM &&
				(cells->room & (cells->room - 1)) == 0 &&
				VARSIZE(cells) == CELLS_SIZE(cells->room) &&
				cells->used >= 0 && cells->used <= cells->room / 4 * 3,
				"It is not a table of cohorts.");
	return cells;
}

static Cells *
sorted_argument(FunctionCallInfo fcinfo, int argno)
{
	Cells	   *cells = aligned_state(fcinfo, argno);
	bool		valid;

	valid = VARSIZE(cells) >= CELLS_SIZE(0) && cells->kind == SORTED_KIND &&
		cells->room >= 0 && cells->room <= MOST_ROOM && cells->used == cells->room &&
		VARSIZE(cells) == CELLS_SIZE(cells->room);
	for (int i = 0; valid && i < cells->used; i++)
		valid = is_cell(&cells->cells[i]) && cells->cells[i].counts[CUSTOMERS] > 0 &&
			(i == 0 || cells->cells[i - 1].key < cells->cells[i].key);
	if (!valid)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is not the result of cohorts_agg"),
				 errhint("Give what the aggregate gave, unchanged.")));
	return cells;
}

/* The cell of a key, or the free one where it belongs. */
static Cell *
find_cell(Cells *cells, int64 key)
{
	uint32		mask = (uint32) cells->room - 1;
	uint32		at = murmurhash32((uint32) key ^ (uint32) (key >> 20)) & mask;

	for (int32 i = 0; i < cells->room; i++, at = (at + 1) & mask)
	{
		Cell	   *cell = &cells->cells[at];

		if (cell->key == key || cell->key == 0)
			return cell;
	}
	check_state(false, "Its table has no free cell.");
	return NULL;
}

static void
report_too_much(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("cohorts out of range"),
			 errdetail("A cell counts up to 9223372036854775807 orders, and as much money.")));
}

static inline void
add_count(Cell *cell, int count, int64 more)
{
	if (unlikely(pg_add_s64_overflow(cell->counts[count], more, &cell->counts[count])))
		report_too_much();
}

static inline void
add_money(Cell *cell, int count, int64 amount)
{
	add_count(cell, count, amount / MONEY_UNIT);
	add_count(cell, count + 1, amount % MONEY_UNIT);
	if (cell->counts[count + 1] >= MONEY_UNIT)
	{
		cell->counts[count + 1] -= MONEY_UNIT;
		add_count(cell, count, 1);
	}
}

static void
add_cell(Cell *cell, const Cell *more)
{
	for (int i = 0; i < COUNTS; i++)
		add_count(cell, i, more->counts[i]);
	for (int i = 0; i < COUNTS; i++)
	{
		if ((i == REVENUE_REST || i == FIRST_REVENUE_REST) && cell->counts[i] >= MONEY_UNIT)
		{
			cell->counts[i] -= MONEY_UNIT;
			add_count(cell, i - 1, 1);
		}
	}
}

/* As the table is the aggregate's, so that it may be changed, and has room for `more` cells. */
static Cells *
own_table(FunctionCallInfo fcinfo, int more)
{
	Cells	   *old = PG_ARGISNULL(0) ? NULL : table_argument(fcinfo, 0);
	Cells	   *cells;
	int64		room = old != NULL ? old->room : FIRST_ROOM;
	int64		used = old != NULL ? old->used : 0;

	while (room / 4 * 3 < used + more)
		room *= 2;
	if (old != NULL && room == old->room && in_aggregate(fcinfo))
		return old;
	if (room > MOST_ROOM)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many cohorts"),
				 errdetail("There can be at most %d months, quarters and years in which one bought.", MOST_ROOM / 4 * 3)));
	cells = make_cells(TABLE_KIND, (int32) room);
	for (int32 i = 0; old != NULL && i < old->room; i++)
	{
		if (old->cells[i].key != 0)
		{
			Cell	   *cell = find_cell(cells, old->cells[i].key);

			check_state(is_cell(&old->cells[i]) && cell->key == 0 && ++cells->used <= old->used,
						"A cell is not one.");
			*cell = old->cells[i];
		}
	}
	return cells;
}

/* The cell to count in; there is room for it. */
static Cell *
open_cell(Cells *cells, PeriodUnit unit, int cohort, int period)
{
	int64		key = CELL_KEY(unit, cohort, period);
	Cell	   *cell = find_cell(cells, key);

	if (cell->key == 0)
	{
		cell->key = key;
		cells->used++;
	}
	return cell;
}

static inline int
month_of(const Zone *zone, TimestampTz at)
{
	int32		year;
	int			month;
	int			mday;

	civil_from_day((int32) floor_div(at + zone_offset(zone, at), USECS_PER_DAY), &year, &month, &mday);

	/* (what a zone that is ahead makes of the last days of the year -1) */
	return Max(year, 0) * 12 + (year < 0 ? 0 : month - 1);
}

/*
 * Each order of a customer in turn; a period ends when one of another begins.
 */
static void
count_orders(Cells *cells, const CountedOrders *counted, const Zone *zone)
{
	const CountedOrder *orders = counted->orders;
	int			first_month = month_of(zone, orders[0].at);
	int			last_period[UNITS + 1];
	Cell	   *cell_of[UNITS + 1];

	for (int i = 0; i < counted->count; i++)
	{
		int			month = i == 0 ? first_month : month_of(zone, orders[i].at);

		for (PeriodUnit unit = MONTH; unit <= UNITS; unit++)
		{
			int			period = month / months_of[unit];
			Cell	   *cell;

			if (i == 0 || period != last_period[unit])
			{
				cell_of[unit] = cell = open_cell(cells, unit, first_month / months_of[unit], period);
				add_count(cell, CUSTOMERS, 1);
				add_count(cell, RETAINED, i > 0 && last_period[unit] == period - 1);
				add_count(cell, REPEAT_CUSTOMERS, i > 0);
				last_period[unit] = period;
			}
			else
			{
				cell = cell_of[unit];
				if (i == 1)
					add_count(cell, REPEAT_CUSTOMERS, 1);
			}
			add_count(cell, ORDERS, 1);
			add_money(cell, REVENUE, orders[i].amount);
			if (i == 0)
			{
				add_count(cell, FIRST_ORDERS, 1);
				add_money(cell, FIRST_REVENUE, orders[i].amount);
				for (int k = 0; counted->count > 1 && k < (int) lengthof(second_days); k++)
					add_count(cell, SECOND_WITHIN + k, orders[1].at - orders[0].at <= second_days[k] * USECS_PER_DAY);
			}
		}
	}
}

/* cohorts_accum(state, number, at, amount, as_of, time_zone) */
PG_FUNCTION_INFO_V1(cohorts_accum);
Datum
cohorts_accum(PG_FUNCTION_ARGS)
{
	CountedOrders counted;
	Cells	   *cells;
	const Zone *zone;
	int			months;

	for (int i = 1; i <= 5; i++)
	{
		if (PG_ARGISNULL(i))
			return keep_state(fcinfo);
	}
	zone = zone_argument(fcinfo, 5);
	counted = read_order_history(fcinfo, 1, PG_GETARG_TIMESTAMPTZ(4));
	if (counted.count == 0)
		return keep_state(fcinfo);

	/* An order opens a cell of each unit at most, and so does a month. */
	months = month_of(zone, counted.orders[counted.count - 1].at) - month_of(zone, counted.orders[0].at) + 1;
	cells = own_table(fcinfo, UNITS * Min(counted.count, months));
	count_orders(cells, &counted, zone);
	PG_RETURN_BYTEA_P(cells);
}

PG_FUNCTION_INFO_V1(cohorts_combine);
Datum
cohorts_combine(PG_FUNCTION_ARGS)
{
	Cells	   *more;
	Cells	   *cells;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);
	more = table_argument(fcinfo, 1);
	cells = own_table(fcinfo, more->used);
	for (int32 i = 0, found = 0; i < more->room; i++)
	{
		const Cell *cell = &more->cells[i];

		if (cell->key == 0)
			continue;
		check_state(is_cell(cell) && ++found <= more->used, "A cell is not one.");
		add_cell(open_cell(cells, CELL_UNIT(cell->key), CELL_COHORT(cell->key), CELL_PERIOD(cell->key)), cell);
	}
	PG_RETURN_BYTEA_P(cells);
}

static int
compare_cells(const void *a, const void *b)
{
	int64		one = ((const Cell *) a)->key;
	int64		other = ((const Cell *) b)->key;

	return one < other ? -1 : one > other;
}

PG_FUNCTION_INFO_V1(cohorts_final);
Datum
cohorts_final(PG_FUNCTION_ARGS)
{
	Cells	   *table = table_argument(fcinfo, 0);
	Cells	   *cells = make_cells(SORTED_KIND, table->used);

	for (int32 i = 0; i < table->room; i++)
	{
		const Cell *cell = &table->cells[i];

		if (cell->key == 0)
			continue;
		check_state(is_cell(cell) && cell->counts[CUSTOMERS] > 0 && cells->used < cells->room, "A cell is not one.");
		cells->cells[cells->used++] = *cell;
	}
	check_state(cells->used == cells->room, "It has fewer cells than it says.");
	qsort(cells->cells, cells->used, sizeof(Cell), compare_cells);
	PG_RETURN_BYTEA_P(cells);
}

static Datum
date_of_period(PeriodUnit unit, int period)
{
	int			month = period * months_of[unit];

	return DateADTGetDatum(day_from_civil(month / 12, month % 12 + 1, 1));
}

static Datum
money_of(const Cell *cell, int count)
{
	Datum		whole = NumericGetDatum(int64_to_numeric(cell->counts[count]));

	if (cell->counts[count + 1] == 0)
		return whole;
	return DirectFunctionCall2(numeric_add, whole, NumericGetDatum(numeric_from_money(cell->counts[count + 1])));
}

/* cohorts(cells) */
PG_FUNCTION_INFO_V1(cohorts);
Datum
cohorts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Cells	   *cells = sorted_argument(fcinfo, 0);

	InitMaterializedSRF(fcinfo, 0);
	for (int32 i = 0; i < cells->used; i++)
	{
		const Cell *cell = &cells->cells[i];
		PeriodUnit	unit = CELL_UNIT(cell->key);
		Datum		values[3 + COUNTS - 2];
		bool		nulls[3 + COUNTS - 2] = {0};
		int			n = 0;

		values[n++] = CStringGetTextDatum(unit_names[unit]);
		values[n++] = date_of_period(unit, CELL_COHORT(cell->key));
		values[n++] = date_of_period(unit, CELL_PERIOD(cell->key));
		for (int count = 0; count < COUNTS; count++)
		{
			switch (count)
			{
				case REVENUE:
				case FIRST_REVENUE:
					values[n++] = money_of(cell, count);
					break;
				case REVENUE_REST:
				case FIRST_REVENUE_REST:
					break;
				default:
					values[n++] = Int64GetDatum(cell->counts[count]);
			}
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * Sums and differences of what was counted: cells in their order, as two such runs
 * are merged.  A cell of nobody goes.
 */
static Cells *
merge_cells(const Cells *one, const Cells *other, int sign)
{
	Cells	   *sum = make_cells(SORTED_KIND, one->used + other->used);
	int32		i = 0;
	int32		j = 0;

	while (i < one->used || j < other->used)
	{
		const Cell *left = i < one->used ? &one->cells[i] : NULL;
		const Cell *right = j < other->used ? &other->cells[j] : NULL;
		Cell	   *cell = &sum->cells[sum->used];

		if (right == NULL || (left != NULL && left->key < right->key))
			*cell = one->cells[i++];
		else
		{
			Cell		change = *right;

			j++;
			if (left != NULL && left->key == right->key)
				*cell = one->cells[i++];
			else
				cell->key = right->key;
			if (sign < 0)
			{
				for (int count = 0; count < COUNTS; count++)
					change.counts[count] = -change.counts[count];
			}
			add_cell(cell, &change);
			for (int count = 0; count < COUNTS; count++)
			{
				if ((count == REVENUE_REST || count == FIRST_REVENUE_REST) && cell->counts[count] < 0)
				{
					cell->counts[count] += MONEY_UNIT;
					add_count(cell, count - 1, -1);
				}
			}
			if (!is_cell(cell) || (cell->counts[CUSTOMERS] == 0 && cell->counts[ORDERS] != 0))
				ereport(ERROR,
						(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						 errmsg("cohorts to be subtracted have not been counted")));
		}
		if (cell->counts[CUSTOMERS] > 0)
			sum->used++;
		else
			memset(cell, 0, sizeof(Cell));
	}
	sum->room = sum->used;
	SET_VARSIZE(sum, CELLS_SIZE(sum->used));
	return sum;
}

PG_FUNCTION_INFO_V1(cohorts_plus);
Datum
cohorts_plus(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(merge_cells(sorted_argument(fcinfo, 0), sorted_argument(fcinfo, 1), 1));
}

PG_FUNCTION_INFO_V1(cohorts_minus);
Datum
cohorts_minus(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(merge_cells(sorted_argument(fcinfo, 0), sorted_argument(fcinfo, 1), -1));
}
