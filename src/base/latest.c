/*-------------------------------------------------------------------------
 *
 * latest.c
 *	  latest(value, at, tie): the value of the latest instant.
 *
 * A state is as long as its value, and is replaced, not changed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/aggregate.h"
#include "base/compat.h"

typedef struct Latest
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		reserved;		/* always zero */
	TimestampTz at;
	int64		tie;
	char		value[FLEXIBLE_ARRAY_MEMBER];
} Latest;

static Latest *
latest_argument(FunctionCallInfo fcinfo, int argno)
{
	Latest	   *latest = aligned_state(fcinfo, argno);

	check_state(VARSIZE(latest) >= offsetof(Latest, value), "It is too short.");
	check_state(latest->reserved == 0, "What is reserved in it is not zero.");
	check_state(TIMESTAMP_NOT_FINITE(latest->at) || IS_VALID_TIMESTAMP(latest->at),
				"Its instant is none.");
	return latest;
}

static inline bool
is_later(TimestampTz at, int64 tie, const Latest *latest)
{
	return at != latest->at ? at > latest->at : tie >= latest->tie;
}

PG_FUNCTION_INFO_V1(latest_accum);
Datum
latest_accum(PG_FUNCTION_ARGS)
{
	TimestampTz at;
	int64		tie;
	text	   *value;
	Latest	   *latest;
	Size		length;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return keep_state(fcinfo);
	at = PG_GETARG_TIMESTAMPTZ(2);
	tie = PG_ARGISNULL(3) ? 0 : PG_GETARG_INT64(3);
	if (!PG_ARGISNULL(0) &&
		!is_later(at, tie, latest_argument(fcinfo, 0)))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	value = PG_GETARG_TEXT_PP(1);
	length = offsetof(Latest, value) + VARSIZE_ANY_EXHDR(value);
	latest = palloc(length);
	SET_VARSIZE(latest, length);
	latest->reserved = 0;
	latest->at = at;
	latest->tie = tie;
	memcpy(latest->value, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(latest);
}

PG_FUNCTION_INFO_V1(latest_combine);
Datum
latest_combine(PG_FUNCTION_ARGS)
{
	Latest	   *a = latest_argument(fcinfo, 0);
	Latest	   *b = latest_argument(fcinfo, 1);

	PG_RETURN_BYTEA_P(is_later(b->at, b->tie, a) ? b : a);
}

PG_FUNCTION_INFO_V1(latest_final);
Datum
latest_final(PG_FUNCTION_ARGS)
{
	Latest	   *latest = latest_argument(fcinfo, 0);
	int			length = VARSIZE(latest) - offsetof(Latest, value);

	check_state(pg_verify_mbstr(GetDatabaseEncoding(), latest->value, length, true),
				"Its value is no text of this database.");
	PG_RETURN_TEXT_P(cstring_to_text_with_len(latest->value, length));
}
