/*-------------------------------------------------------------------------
 *
 * business_hours.c
 *	  The type business_hours: input, output, comparison.
 *
 * business_hours.h has the value's layout, opening_hours.c and print_hours.c its
 * notation.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/shown.h"
#include "calendar/opening_hours.h"
#include "calendar/print_hours.h"
#include "calendar/stored_hours.h"
#include "calendar/zone.h"

/*
 * What is read of a text: three times what the longest value prints, for those
 * who write with blanks and line breaks.  A text of megabytes is a mistake, and
 * to look through it takes time.
 */
#define HOURS_MAX_TEXT	(256 * 1024)

/*
 * Input and output
 */

/* NULL if there is no such time zone. */
static BusinessHours *
make_hours(HoursParts *parts)
{
	const Zone *zone = zone_can_be_written(parts->zone) ? find_zone(parts->zone) : NULL;
	BusinessHours *hours;
	size_t		size;

	if (zone == NULL)
		return NULL;
	strlcpy(parts->zone, zone_name(zone), sizeof(parts->zone));

	size = hours_size(parts);
	hours = palloc0(size);
	SET_VARSIZE(hours, size);
	pack_hours(parts, hours);
	return hours;
}

static Datum
hours_from_parts(FunctionCallInfo fcinfo, HoursParts *parts)
{
	BusinessHours *hours = make_hours(parts);

	if (hours == NULL)
		ereturn(fcinfo->context, (Datum) 0, ERR_UNKNOWN_ZONE(parts->zone));
	pfree(parts);
	PG_RETURN_POINTER(hours);
}

static Datum
report_text(FunctionCallInfo fcinfo, const char *what, const char *text,
			const Scanner *scanner)
{
	bool		holidays = strcmp(what, "holidays") == 0;

	ereturn(fcinfo->context, (Datum) 0,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for %s: \"%s\"", what, shown(text)),
			 errdetail("Expected %s at character %d.", scanner->expected,
					   scan_position(scanner)),
			 holidays ?
			 errhint("Write JP, dates such as 2026-08-13,2026-08-14, both, or nothing.") :
			 errhint("Write rules such as Mo-Fr 10:00-18:00; Jun-Aug Sa 10:00-15:00; PH off; Dec 29-Jan 03 off; 2026 Aug 13-16 off.")));
}

/* False if that has been reported. */
static bool
check_length(FunctionCallInfo fcinfo, const char *what, const char *text)
{
	size_t		length = strlen(text);

	if (length <= HOURS_MAX_TEXT)
		return true;
	ereturn(fcinfo->context, false,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("%s too long: \"%s\"", what, shown(text)),
			 errdetail("They may have %d bytes, and have %zu.", HOURS_MAX_TEXT, length)));
}

static Datum
hours_from_text(FunctionCallInfo fcinfo, const char *text)
{
	HoursParts *parts;
	Scanner		scanner;

	if (!check_length(fcinfo, "business hours are", text))
		return (Datum) 0;
	parts = palloc(sizeof(HoursParts));
	scan_start(&scanner, text);
	if (!parse_hours(&scanner, parts))
		return report_text(fcinfo, "type business_hours", text, &scanner);
	return hours_from_parts(fcinfo, parts);
}

PG_FUNCTION_INFO_V1(business_hours_in);
Datum
business_hours_in(PG_FUNCTION_ARGS)
{
	return hours_from_text(fcinfo, PG_GETARG_CSTRING(0));
}

/*
 * try_business_hours(text): NULL for what is none, such as a text that was good on
 * a server that knows other time zones.
 */
PG_FUNCTION_INFO_V1(try_business_hours);
Datum
try_business_hours(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	HoursParts *parts;
	BusinessHours *hours = NULL;
	Scanner		scanner;

	if (VARSIZE_ANY_EXHDR(value) > HOURS_MAX_TEXT)
		PG_RETURN_NULL();
	parts = palloc(sizeof(HoursParts));
	scan_start(&scanner, text_to_cstring(value));
	if (parse_hours(&scanner, parts))
		hours = make_hours(parts);
	pfree(parts);
	if (hours == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(hours);
}

PG_FUNCTION_INFO_V1(business_hours_out);
Datum
business_hours_out(PG_FUNCTION_ARGS)
{
	BusinessHours *hours = PG_GETARG_BUSINESS_HOURS_P(0);
	char	   *text = palloc(HOURS_TEXT_SIZE(hours));

	print_hours(hours, text);
	PG_RETURN_CSTRING(text);
}

/*
 * In binary a value is its version and its text: what comes in has one parser,
 * whichever way it comes.  The version is the value's, which says what the text
 * may have, so that an earlier release takes what it can read and no more.
 */
PG_FUNCTION_INFO_V1(business_hours_recv);
Datum
business_hours_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			version = pq_getmsgint(buf, 1);
	char	   *text;
	int			nbytes;

	if (version < 1 || version > CALENDAR_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported version number %d of business_hours", version),
				 errdetail("The last one is %d.", CALENDAR_VERSION)));
	text = pq_getmsgtext(buf, buf->len - buf->cursor, &nbytes);
	if (strlen(text) != (size_t) nbytes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("business_hours cannot have a zero byte")));
	return hours_from_text(fcinfo, text);
}

PG_FUNCTION_INFO_V1(business_hours_send);
Datum
business_hours_send(PG_FUNCTION_ARGS)
{
	BusinessHours *hours = PG_GETARG_BUSINESS_HOURS_P(0);
	char	   *text = palloc(HOURS_TEXT_SIZE(hours));
	char	   *end = print_hours(hours, text);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint8(&buf, hours->version);
	pq_sendtext(&buf, text, end - text);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* business_hours(rules, time_zone, holidays) */
PG_FUNCTION_INFO_V1(business_hours_make);
Datum
business_hours_make(PG_FUNCTION_ARGS)
{
	char	   *rules = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *zone = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *holidays = text_to_cstring(PG_GETARG_TEXT_PP(2));
	HoursParts *parts = palloc(sizeof(HoursParts));
	Scanner		scanner;

	check_length(fcinfo, "holidays are", holidays);
	check_length(fcinfo, "opening hours are", rules);
	/* holidays first: whether a rule ever opens may depend on them */
	scan_start(&scanner, holidays);
	if (!parse_holidays(&scanner, parts))
		return report_text(fcinfo, "holidays", holidays, &scanner);
	scan_start(&scanner, rules);
	if (!parse_rules(&scanner, parts))
		return report_text(fcinfo, "opening hours", rules, &scanner);
	/* one that is too long was never the name of a zone */
	strlcpy(parts->zone, zone, sizeof(parts->zone));
	return hours_from_parts(fcinfo, parts);
}

/*
 * Comparison: by the bytes, but for the version that a value was written in: it
 * says how the rest is to be read, and is no part of what is said.  The order
 * has no meaning; it exists so that keys, DISTINCT and statistics work.
 *
 * Each value has the least version that can say it, so the same hours have the
 * same bytes, whichever release wrote them, and keys, hash partitions and indexes
 * go on.  A version that says what is said here in another way has to be brought
 * into this form before it is compared, and the hash is that of this form.
 */

/* What is compared: from the countries on. */
#define COMPARED_FROM	(offsetof(BusinessHours, countries) - VARHDRSZ)

/* A value of a version that is known, packed or not. */
static struct varlena *
compared_argument(FunctionCallInfo fcinfo, int argno)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(argno);

	if (VARSIZE_ANY_EXHDR(value) < sizeof(BusinessHours) - VARHDRSZ ||
		*(uint8 *) VARDATA_ANY(value) == 0 ||
		*(uint8 *) VARDATA_ANY(value) > CALENDAR_VERSION)
		stored_hours(PG_GETARG_DATUM(argno));	/* says what is wrong */
	return value;
}

static int
compare_hours(FunctionCallInfo fcinfo)
{
	struct varlena *a = compared_argument(fcinfo, 0);
	struct varlena *b = compared_argument(fcinfo, 1);
	Size		a_size = VARSIZE_ANY_EXHDR(a) - COMPARED_FROM;
	Size		b_size = VARSIZE_ANY_EXHDR(b) - COMPARED_FROM;
	int			order = memcmp(VARDATA_ANY(a) + COMPARED_FROM, VARDATA_ANY(b) + COMPARED_FROM,
							   Min(a_size, b_size));

	if (order == 0)
		order = (a_size > b_size) - (a_size < b_size);
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order;
}

PG_FUNCTION_INFO_V1(business_hours_cmp);
Datum
business_hours_cmp(PG_FUNCTION_ARGS)
{
	int			order = compare_hours(fcinfo);

	PG_RETURN_INT32((order > 0) - (order < 0));
}

#define BUSINESS_HOURS_COMPARISON(name, test) \
PG_FUNCTION_INFO_V1(business_hours_##name); \
Datum \
business_hours_##name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_BOOL(compare_hours(fcinfo) test 0); \
} \
extern Datum business_hours_##name(PG_FUNCTION_ARGS)

BUSINESS_HOURS_COMPARISON(lt, <);
BUSINESS_HOURS_COMPARISON(le, <=);
BUSINESS_HOURS_COMPARISON(eq, ==);
BUSINESS_HOURS_COMPARISON(ne, !=);
BUSINESS_HOURS_COMPARISON(ge, >=);
BUSINESS_HOURS_COMPARISON(gt, >);

PG_FUNCTION_INFO_V1(business_hours_hash);
Datum
business_hours_hash(PG_FUNCTION_ARGS)
{
	struct varlena *value = compared_argument(fcinfo, 0);
	Datum		hash = hash_any((unsigned char *) VARDATA_ANY(value),
								VARSIZE_ANY_EXHDR(value));

	PG_FREE_IF_COPY(value, 0);
	return hash;
}

PG_FUNCTION_INFO_V1(business_hours_hash_extended);
Datum
business_hours_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *value = compared_argument(fcinfo, 0);
	Datum		hash = hash_any_extended((unsigned char *) VARDATA_ANY(value),
										 VARSIZE_ANY_EXHDR(value), PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(value, 0);
	return hash;
}
