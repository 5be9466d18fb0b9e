/*-------------------------------------------------------------------------
 *
 * rfm.c
 *	  Recency, frequency, monetary value: quintile cut points, scores from 1
 *	  to 5, and the name of the segment that the scores fall into.
 *
 * A score is 1 plus the number of cut points below the value, so equal
 * customers get equal scores, which ntile(5) does not give.  Cut points are
 * continuous percentiles at 1/5 .. 4/5, computed in whole fifths: of n values,
 * cut k lies at place k * (n - 1) / 5, and the remainder says how far towards
 * the next value.  No floating-point position is rounded on the way, so a cut
 * point that is a value of the data is that value to the bit.
 *
 * The aggregates collect their values in arrays (see values.h), 8 bytes a
 * value and at most MaxArraySize of them, and select instead of sorting.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/arrayaccess.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/aggregate.h"
#include "base/compat.h"
#include "base/money.h"
#include "base/select.h"
#include "base/values.h"

#define QUINTILES	5
#define CUTS		(QUINTILES - 1)

/* Slow beside a look for a cancelled query. */
static inline int
compare_numeric(Datum a, Datum b)
{
	CHECK_FOR_INTERRUPTS();
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, a, b));
}

#define SELECT_NAME				select_numeric
#define SELECT_ELEMENT			Datum
#define SELECT_COMPARE(a, b)	compare_numeric(a, b)
#include "base/select_template.h"

/*
 * float8 as an integer of the same order, with PostgreSQL's view of zeros
 * (one) and of NaN (above all): then one selection serves all eight-byte types.
 */
static inline int64
float8_to_key(float8 value)
{
	int64		bits;

	if (isnan(value))
		return PG_INT64_MAX;
	value += 0.0;				/* -0 becomes 0 */
	memcpy(&bits, &value, sizeof(bits));
	return bits < 0 ? bits ^ PG_INT64_MAX : bits;
}

static inline float8
key_to_float8(int64 key)
{
	float8		value;

	if (key == PG_INT64_MAX)
		return get_float8_nan();
	key = key < 0 ? key ^ PG_INT64_MAX : key;
	memcpy(&value, &key, sizeof(value));
	return value;
}

/* The places around each cut, and how many fifths of the way it lies. */
typedef struct CutPlaces
{
	int64		places[2 * CUTS];	/* below and above, ascending */
	int			fifths[CUTS];
} CutPlaces;

static void
find_cut_places(int64 n, CutPlaces *cuts)
{
	for (int k = 0; k < CUTS; k++)
	{
		int64		position = (k + 1) * (n - 1);

		cuts->fifths[k] = (int) (position % QUINTILES);
		cuts->places[2 * k] = position / QUINTILES;
		cuts->places[2 * k + 1] = position / QUINTILES + (cuts->fifths[k] > 0);
	}
}

static int64 *
allocate_values(int64 n)
{
	return palloc_extended(n * sizeof(int64), MCXT_ALLOC_HUGE);
}

/*
 * quintiles(double precision)
 */

/*
 * The cut `fifths` fifths of the way from low to high, which differ.  From an
 * infinite value no way leads up, so the cut stays there, as it does for the
 * other types: else it would be NaN, and above the next cut.
 */
static float8
cut_between(float8 low, float8 high, int fifths)
{
	float8		way = (high - low) * fifths;

	if (isinf(low))
		return low;
	if (isinf(way) && !isinf(high))
		return low / QUINTILES * (QUINTILES - fifths) + high / QUINTILES * fifths;
	return low + way / QUINTILES;
}

PG_FUNCTION_INFO_V1(quintiles_float8);
Datum
quintiles_float8(PG_FUNCTION_ARGS)
{
	array_iter	iterator;
	int			n = open_values(PG_GETARG_ANY_ARRAY_P(0), &iterator);
	int64	   *keys;
	CutPlaces	cuts;
	Datum		result[CUTS];

	if (n == 0)
		PG_RETURN_NULL();
	keys = allocate_values(n);
	for (int i = 0; i < n; i++)
		keys[i] = float8_to_key(DatumGetFloat8(next_value(&iterator, i)));
	find_cut_places(n, &cuts);
	select_int64(keys, n, cuts.places, 2 * CUTS);
	for (int k = 0; k < CUTS; k++)
	{
		float8		low = key_to_float8(keys[cuts.places[2 * k]]);
		float8		high = key_to_float8(keys[cuts.places[2 * k + 1]]);

		/* Equal neighbours, infinite ones too, need no arithmetic. */
		if (keys[cuts.places[2 * k]] != keys[cuts.places[2 * k + 1]])
			low = cut_between(low, high, cuts.fifths[k]);
		result[k] = Float8GetDatum(low);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(result, CUTS, FLOAT8OID, sizeof(float8),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * quintiles(timestamptz).  A cut between two microseconds goes down to the
 * earlier: that changes no score, as no value lies between them.
 */
PG_FUNCTION_INFO_V1(quintiles_timestamptz);
Datum
quintiles_timestamptz(PG_FUNCTION_ARGS)
{
	array_iter	iterator;
	int			n = open_values(PG_GETARG_ANY_ARRAY_P(0), &iterator);
	int64	   *instants;
	CutPlaces	cuts;
	Datum		result[CUTS];

	if (n == 0)
		PG_RETURN_NULL();
	instants = allocate_values(n);
	for (int i = 0; i < n; i++)
		instants[i] = DatumGetTimestampTz(next_value(&iterator, i));
	find_cut_places(n, &cuts);
	select_int64(instants, n, cuts.places, 2 * CUTS);
	for (int k = 0; k < CUTS; k++)
	{
		TimestampTz low = instants[cuts.places[2 * k]];
		TimestampTz high = instants[cuts.places[2 * k + 1]];

		if (low != high && !TIMESTAMP_NOT_FINITE(low))
		{
			/* The difference may exceed an int64; its fifth does not. */
			uint64		span = (uint64) high - (uint64) low;

			low = TIMESTAMP_NOT_FINITE(high) ? high :
				(int64) ((uint64) low + span / QUINTILES * cuts.fifths[k] +
						 span % QUINTILES * cuts.fifths[k] / QUINTILES);
		}
		result[k] = TimestampTzGetDatum(low);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(result, CUTS, TIMESTAMPTZOID,
										  sizeof(TimestampTz), FLOAT8PASSBYVAL,
										  TYPALIGN_DOUBLE));
}

/*
 * quintiles(numeric)
 *
 * Collected as the amounts of money.h, eight bytes each, and selected as
 * integers.  A value that is no such amount (five decimals, a quadrillion, NaN)
 * takes more: WIDE_VALUE, which is no amount, then the length of the value in
 * numeric's wire format, then that, eight bytes to an element.  One of them
 * makes all be selected as numeric.
 */
#define WIDE_VALUE			PG_INT64_MIN
#define WORDS_OF(length)	(((length) + (int64) sizeof(uint64) - 1) / (int64) sizeof(uint64))

static Datum
append_wide_value(FunctionCallInfo fcinfo, Datum state, Datum value)
{
	bytea	   *wire = DatumGetByteaPP(DirectFunctionCall1(numeric_send, value));
	int			length = VARSIZE_ANY_EXHDR(wire);

	state = append_value(fcinfo, state, Int64GetDatum(WIDE_VALUE));
	state = append_value(fcinfo, state, Int64GetDatum(length));
	for (int done = 0; done < length; done += sizeof(uint64))
	{
		uint64		word = 0;

		memcpy(&word, VARDATA_ANY(wire) + done, Min(length - done, (int) sizeof(word)));
		state = append_value(fcinfo, state, UInt64GetDatum(pg_ntoh64(word)));
	}
	return state;
}

PG_FUNCTION_INFO_V1(quintiles_numeric_accum);
Datum
quintiles_numeric_accum(PG_FUNCTION_ARGS)
{
	int64		amount;

	if (!fits_money(PG_GETARG_STORED_NUMERIC(1), &amount))
		return append_wide_value(fcinfo, PG_GETARG_DATUM(0), PG_GETARG_DATUM(1));
	return append_value(fcinfo, PG_GETARG_DATUM(0), Int64GetDatum(amount));
}

/* The value behind a WIDE_VALUE that stood at *i, which moves to its last element. */
static Datum
read_wide_value(array_iter *iterator, int *i, int n)
{
	int64		length = *i + 1 < n ? DatumGetInt64(next_value(iterator, ++*i)) : 0;
	StringInfoData wire;
	Datum		value;

	check_state(length > 0 && length <= INT_MAX && WORDS_OF(length) <= n - 1 - *i,
				"A value that takes several elements lacks some.");
	initStringInfo(&wire);
	for (int64 words = WORDS_OF(length); words > 0; words--)
		pq_sendint64(&wire, DatumGetUInt64(next_value(iterator, ++*i)));
	wire.len = (int) length;
	value = DirectFunctionCall3(numeric_recv, PointerGetDatum(&wire),
								ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	check_state(wire.cursor == wire.len, "A value is longer than it says.");
	pfree(wire.data);
	return value;
}

/* What quintiles(numeric) has collected: amounts, or numbers if one is none. */
typedef struct Numbers
{
	int64	   *amounts;		/* NULL if some value is wide */
	Datum	   *numbers;
	int			n;
} Numbers;

static void
widen_numbers(Numbers *numbers, int space)
{
	if (numbers->numbers != NULL)
		return;
	numbers->numbers = (Datum *) allocate_values(space);
	for (int i = 0; i < numbers->n; i++)
		numbers->numbers[i] = NumericGetDatum(numeric_from_money(numbers->amounts[i]));
	pfree(numbers->amounts);
	numbers->amounts = NULL;
}

static void
read_numbers(Numbers *numbers, AnyArrayType *state)
{
	array_iter	iterator;
	int			items = open_values(state, &iterator);

	numbers->n = 0;
	numbers->numbers = NULL;
	numbers->amounts = allocate_values(Max(items, 1));
	for (int i = 0; i < items; i++)
	{
		int64		amount = DatumGetInt64(next_value(&iterator, i));

		CHECK_FOR_INTERRUPTS();
		if (amount == WIDE_VALUE)
		{
			widen_numbers(numbers, items);
			numbers->numbers[numbers->n++] = read_wide_value(&iterator, &i, items);
		}
		else if (numbers->numbers != NULL)
			numbers->numbers[numbers->n++] = NumericGetDatum(numeric_from_money(amount));
		else
			numbers->amounts[numbers->n++] = amount;
	}
}

/* The cut `fifths` fifths of the way from low to high. */
static Datum
cut_between_numbers(Datum low, Datum high, int fifths)
{
	Datum		way;

	if (compare_numeric(low, high) == 0 || numeric_is_inf(DatumGetNumeric(low)))
		return DirectFunctionCall1(numeric_trim_scale, low);
	/* Fifths are tenths with one decimal: times 0.2 is exact. */
	way = DirectFunctionCall2(numeric_mul, DirectFunctionCall2(numeric_sub, high, low),
							  NumericGetDatum(int64_div_fast_to_numeric(2 * fifths, 1)));
	return DirectFunctionCall1(numeric_trim_scale, DirectFunctionCall2(numeric_add, low, way));
}

static Datum
number_at(const Numbers *numbers, int64 place)
{
	return numbers->amounts == NULL ? numbers->numbers[place] :
		NumericGetDatum(numeric_from_money(numbers->amounts[place]));
}

static ArrayType *
numeric_quintiles(Numbers *numbers)
{
	CutPlaces	cuts;
	Datum		result[CUTS];

	find_cut_places(numbers->n, &cuts);
	if (numbers->amounts != NULL)
		select_int64(numbers->amounts, numbers->n, cuts.places, 2 * CUTS);
	else
		select_numeric(numbers->numbers, 0, numbers->n, cuts.places, 2 * CUTS,
					   select_budget(numbers->n));
	for (int k = 0; k < CUTS; k++)
		result[k] = cut_between_numbers(number_at(numbers, cuts.places[2 * k]),
										number_at(numbers, cuts.places[2 * k + 1]),
										cuts.fifths[k]);
	return construct_array(result, CUTS, NUMERICOID, -1, false, TYPALIGN_INT);
}

PG_FUNCTION_INFO_V1(quintiles_numeric_final);
Datum
quintiles_numeric_final(PG_FUNCTION_ARGS)
{
	Numbers		numbers;

	read_numbers(&numbers, PG_GETARG_ANY_ARRAY_P(0));
	if (numbers.n == 0)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(numeric_quintiles(&numbers));
}

/* The final function of 0.1.0, whose state was an array of numeric. */
PG_FUNCTION_INFO_V1(quintiles_numeric);
Datum
quintiles_numeric(PG_FUNCTION_ARGS)
{
	array_iter	iterator;
	Numbers		numbers = {0};
	bool		isnull;

	numbers.n = open_values(PG_GETARG_ANY_ARRAY_P(0), &iterator);
	if (numbers.n == 0)
		PG_RETURN_NULL();
	numbers.numbers = (Datum *) allocate_values(numbers.n);
	for (int i = 0; i < numbers.n; i++)
		numbers.numbers[i] = array_iter_next(&iterator, &isnull, i, -1, false, TYPALIGN_INT);
	PG_RETURN_ARRAYTYPE_P(numeric_quintiles(&numbers));
}

/*
 * Scores
 */

/*
 * Cut points are what quintiles() gives: four, none NULL.  In what order they
 * stand makes no difference to how many are below a value.
 */
static void
check_cuts(const ArrayType *cuts)
{
	if (ARR_NDIM(cuts) != 1 || ARR_DIMS(cuts)[0] != CUTS ||
		array_contains_nulls(unconstify(ArrayType *, cuts)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cut points must be an array of four values"),
				 errhint("Take them from quintiles().")));
}

/* 1 + the number of cuts below the value. */
static int
score_key(int64 value, const int64 cuts[CUTS])
{
	int			score = 1;

	for (int k = 0; k < CUTS; k++)
		score += cuts[k] < value;
	return score;
}

PG_FUNCTION_INFO_V1(score_by_float8);
Datum
score_by_float8(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	int64		cuts[CUTS];

	check_cuts(array);
	for (int k = 0; k < CUTS; k++)
		cuts[k] = float8_to_key(((float8 *) ARR_DATA_PTR(array))[k]);
	PG_RETURN_INT32(score_key(float8_to_key(PG_GETARG_FLOAT8(0)), cuts));
}

PG_FUNCTION_INFO_V1(score_by_timestamptz);
Datum
score_by_timestamptz(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);

	check_cuts(array);
	PG_RETURN_INT32(score_key(PG_GETARG_TIMESTAMPTZ(0),
							  (int64 *) ARR_DATA_PTR(array)));
}

/*
 * Cut points of numeric as amounts, for all rows that are scored by the same.
 * They are no amounts if one of them has more decimals than those have.
 */
typedef struct MoneyCuts
{
	int64		amounts[CUTS];
	bool		are_amounts;
	ArrayType	array;			/* what they were made from; its data follow */
}			MoneyCuts;

static Datum
next_cut(array_iter *iterator, int k)
{
	bool		isnull;

	return array_iter_next(iterator, &isnull, k, -1, false, TYPALIGN_INT);
}

static const MoneyCuts *
money_cuts(FmgrInfo *flinfo, ArrayType *array)
{
	MoneyCuts  *cuts = flinfo->fn_extra;
	array_iter	iterator;

	if (cuts != NULL && VARSIZE(&cuts->array) == VARSIZE(array) &&
		memcmp(&cuts->array, array, VARSIZE(array)) == 0)
		return cuts;
	check_cuts(array);
	if (cuts != NULL)
		pfree(cuts);
	flinfo->fn_extra = NULL;
	cuts = MemoryContextAlloc(flinfo->fn_mcxt, offsetof(MoneyCuts, array) + VARSIZE(array));
	memcpy(&cuts->array, array, VARSIZE(array));
	cuts->are_amounts = true;
	array_iter_setup(&iterator, (AnyArrayType *) array);
	for (int k = 0; k < CUTS; k++)
		cuts->are_amounts &= fits_money(DatumGetNumeric(next_cut(&iterator, k)), &cuts->amounts[k]);
	return flinfo->fn_extra = cuts;
}

PG_FUNCTION_INFO_V1(score_by_numeric);
Datum
score_by_numeric(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	const		MoneyCuts *cuts = money_cuts(fcinfo->flinfo, array);
	array_iter	iterator;
	int64		amount;
	int			score = 1;

	if (cuts->are_amounts && fits_money(PG_GETARG_STORED_NUMERIC(0), &amount))
		PG_RETURN_INT32(score_key(amount, cuts->amounts));
	array_iter_setup(&iterator, (AnyArrayType *) array);
	for (int k = 0; k < CUTS; k++)
		score += compare_numeric(next_cut(&iterator, k), PG_GETARG_DATUM(0)) < 0;
	PG_RETURN_INT32(score);
}

/*
 * Segments
 */

/*
 * Rows are recency 1 to 5, columns the rounded mean of frequency and monetary
 * value 1 to 5; every cell has a name and one name only.  doc/rfm.md prints
 * the table, and sql/rfm.sql holds it against this one.
 */
static const char *const segments[QUINTILES][QUINTILES] = {
	{"Lost", "Hibernating", "Hibernating", "At Risk", "Can't Lose Them"},
	{"About To Sleep", "About To Sleep", "At Risk", "At Risk", "Can't Lose Them"},
	{"Promising", "Need Attention", "Need Attention", "Loyal Customers", "Loyal Customers"},
	{"Promising", "Potential Loyalists", "Loyal Customers", "Loyal Customers", "Champions"},
	{"New Customers", "Potential Loyalists", "Potential Loyalists", "Champions", "Champions"},
};

static int
check_rfm_score(const char *name, int32 score)
{
	if (score < 1 || score > QUINTILES)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s score %d is out of range", name, score),
				 errdetail("RFM scores run from 1 to %d.", QUINTILES),
				 errhint("Take them from score_by(value, cuts).")));
	return score;
}

PG_FUNCTION_INFO_V1(rfm_segment);
Datum
rfm_segment(PG_FUNCTION_ARGS)
{
	int			r = check_rfm_score("recency", PG_GETARG_INT32(0));
	int			f = check_rfm_score("frequency", PG_GETARG_INT32(1));
	int			m = check_rfm_score("monetary", PG_GETARG_INT32(2));

	PG_RETURN_TEXT_P(cstring_to_text(segments[r - 1][(f + m + 1) / 2 - 1]));
}

/*
 * By names of somebody's own, one a combination of scores, the monetary score
 * running fastest; NULL: by those above.  (Not strict, because of that NULL.)
 */
#define COMBINATIONS	(QUINTILES * QUINTILES * QUINTILES)

PG_FUNCTION_INFO_V1(rfm_segment_of_names);
Datum
rfm_segment_of_names(PG_FUNCTION_ARGS)
{
	ArrayType  *names;
	array_iter	iterator;
	bool		isnull;
	Datum		name = (Datum) 0;
	int			r,
				f,
				m;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(3))
		return rfm_segment(fcinfo);
	r = check_rfm_score("recency", PG_GETARG_INT32(0));
	f = check_rfm_score("frequency", PG_GETARG_INT32(1));
	m = check_rfm_score("monetary", PG_GETARG_INT32(2));
	names = PG_GETARG_ARRAYTYPE_P(3);
	if (ARR_NDIM(names) != 1 || ARR_DIMS(names)[0] != COMBINATIONS ||
		array_contains_nulls(names))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("names of segments must be an array of %d values", COMBINATIONS),
				 errdetail("There is one for each combination of three scores from 1 to %d.", QUINTILES),
				 errhint("Order them by recency, frequency and monetary score.")));
	array_iter_setup(&iterator, (AnyArrayType *) names);
	for (int i = 0; i <= ((r - 1) * QUINTILES + f - 1) * QUINTILES + m - 1; i++)
		name = array_iter_next(&iterator, &isnull, i, -1, false, TYPALIGN_INT);
	PG_RETURN_TEXT_P(PG_DETOAST_DATUM_COPY(name));
}
