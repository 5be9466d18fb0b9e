/*-------------------------------------------------------------------------
 *
 * binary.c
 *	  The binary form of our types, as a libpq client meets it:
 *	  values go there and back, and what is no value is refused with the right
 *	  SQLSTATE and message.  Prints TAP.
 *
 * ratings is eleven int64 in network order, the count of score 0 first;
 * purchases is four: count, first, last (microseconds since 2000-01-01 UTC)
 * and total (ten-thousandths).  business_hours is a byte 1, the version, and the
 * text; lexicon the same.  bgnbd and gamma_gamma are two int64, customers and repeat
 * buyers, two int32, the problem and the iterations, and float8: the penalty, the
 * logarithm of the likelihood, the parameters, and their covariances.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#define RATINGS_WORDS		11
#define PURCHASES_WORDS		4
#define MAX_WORDS			20
#define HOURS_VERSION		"\1"
#define HOURS_SEASONS		"\2"	/* of values that have seasons */

#define RATINGS_MAX_COUNT	(INT64_C(1) << 53)
#define USECS_PER_DAY		INT64_C(86400000000)
#define PURCHASE_FIRST_AT	(-730119 * USECS_PER_DAY)
#define PURCHASE_LAST_AT	(2921940 * USECS_PER_DAY - 1)

typedef int64_t int64;

/* A value on the wire. */
typedef struct Wire
{
	char		bytes[8 * MAX_WORDS];
	int			length;
} Wire;

static PGconn *conn;
static int	tests = 0;
static int	failures = 0;

/* Prints the result of a test; what went wrong stands in lines of "#" below. */
static bool
ok(bool passed, const char *format,...)
{
	va_list		args;

	printf("%sok %d - ", passed ? "" : "not ", ++tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	failures += !passed;
	return passed;
}

static void
bail_out(const char *why)
{
	printf("Bail out! %s: %s\n", why, PQerrorMessage(conn));
	exit(1);
}

static PGresult *
run(const char *sql)
{
	PGresult   *result = PQexec(conn, sql);

	if (PQresultStatus(result) != PGRES_COMMAND_OK &&
		PQresultStatus(result) != PGRES_TUPLES_OK)
		bail_out(sql);
	return result;
}

static void
put_word(char *to, int64 word)
{
	for (int i = 0; i < 8; i++)
		to[i] = (char) ((uint64_t) word >> (56 - 8 * i));
}

static Wire
wire(const int64 *words, int nwords)
{
	Wire		result = {.length = 8 * nwords};

	for (int i = 0; i < nwords; i++)
		put_word(result.bytes + 8 * i, words[i]);
	return result;
}

static void
show(const char *what, const char *bytes, int length)
{
	printf("# %s:", what);
	for (int i = 0; i < length; i++)
		printf("%s%02x", i % 8 == 0 ? " " : "", (unsigned char) bytes[i]);
	putchar('\n');
}

/*
 * Sends a binary value of a type and gets the result in binary (1) or as text
 * (0).
 */
static PGresult *
send_value(const char *sql, Oid type, const Wire *value, int result_format)
{
	const char *values[] = {value->bytes};
	const int	lengths[] = {value->length};
	const int	formats[] = {1};

	return PQexecParams(conn, sql, 1, &type, values, lengths, formats,
						result_format);
}

/* The value comes back bit by bit, and its text is `text`. */
static void
round_trip(const char *name, Oid type, const int64 *words, int nwords,
		   const char *text)
{
	Wire		sent = wire(words, nwords);
	PGresult   *result = send_value("SELECT $1", type, &sent, 1);
	bool		same;

	same = PQresultStatus(result) == PGRES_TUPLES_OK &&
		PQftype(result, 0) == type && PQfformat(result, 0) == 1 &&
		PQgetlength(result, 0, 0) == sent.length &&
		memcmp(PQgetvalue(result, 0, 0), sent.bytes, sent.length) == 0;
	if (!ok(same, "%s comes back", name))
	{
		printf("# %s", PQresultErrorMessage(result));
		show("sent", sent.bytes, sent.length);
		if (PQntuples(result) == 1)
			show("got ", PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0));
	}
	PQclear(result);

	result = send_value("SELECT $1", type, &sent, 0);
	same = PQresultStatus(result) == PGRES_TUPLES_OK &&
		strcmp(PQgetvalue(result, 0, 0), text) == 0;
	if (!ok(same, "%s has the text %s", name, text))
		printf("# %s%s\n", PQresultErrorMessage(result),
			   PQntuples(result) == 1 ? PQgetvalue(result, 0, 0) : "");
	PQclear(result);
}

/* The server says exactly this; detail may be NULL. */
static void
check_error(const char *name, PGresult *result, const char *sqlstate,
			const char *message, const char *detail)
{
	const char *got_state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *got_message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *got_detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	bool		same;

	same = got_state != NULL && strcmp(got_state, sqlstate) == 0 &&
		got_message != NULL && strcmp(got_message, message) == 0 &&
		(detail == NULL) == (got_detail == NULL) &&
		(detail == NULL || strcmp(got_detail, detail) == 0);
	if (!ok(same, "%s is refused", name))
	{
		printf("# wanted: %s %s\n#         %s\n", sqlstate, message,
			   detail ? detail : "");
		printf("# got:    %s %s\n#         %s\n", got_state ? got_state : "",
			   got_message ? got_message : PQresStatus(PQresultStatus(result)),
			   got_detail ? got_detail : "");
	}
	PQclear(result);
}

static void
refused(const char *name, Oid type, const Wire *value, const char *sqlstate,
		const char *message, const char *detail)
{
	check_error(name, send_value("SELECT $1", type, value, 1),
				sqlstate, message, detail);
}

/*
 * The messages that more than one test waits for.
 */
#define TOO_SHORT		"08P01", "insufficient data left in message", NULL
#define TOO_LONG		"22P03", "incorrect binary data format in bind parameter 1", NULL
#define BAD_PURCHASES	"22P03", "invalid binary value of type purchases"

static void
check_ratings(Oid type)
{
	const int64 none[RATINGS_WORDS] = {0};
	const int64 some[RATINGS_WORDS] = {[3] = 1,[9] = 12,[10] = 40};
	const int64 each[RATINGS_WORDS] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
	int64		words[MAX_WORDS];
	Wire		value;

	round_trip("no answers", type, none, RATINGS_WORDS, "{}");
	round_trip("some answers", type, some, RATINGS_WORDS,
			   "{\"3\": 1, \"9\": 12, \"10\": 40}");
	round_trip("answers of every score", type, each, RATINGS_WORDS,
			   "{\"0\": 1, \"1\": 2, \"2\": 3, \"3\": 4, \"4\": 5, \"5\": 6, "
			   "\"6\": 7, \"7\": 8, \"8\": 9, \"9\": 10, \"10\": 11}");
	memset(words, 0, sizeof(words));
	words[0] = words[10] = RATINGS_MAX_COUNT;
	round_trip("the largest counts", type, words, RATINGS_WORDS,
			   "{\"0\": 9007199254740992, \"10\": 9007199254740992}");

	value = wire(some, RATINGS_WORDS);
	value.length = 0;
	refused("ratings of no bytes", type, &value, TOO_SHORT);
	value.length = 4;
	refused("ratings of half a count", type, &value, TOO_SHORT);
	value.length = 80;
	refused("ratings of ten counts", type, &value, TOO_SHORT);
	value.length = 87;
	refused("ratings that lack a byte", type, &value, TOO_SHORT);
	value.length = 89;
	refused("ratings with a byte more", type, &value, TOO_LONG);
	value.length = 96;
	refused("ratings of twelve counts", type, &value, TOO_LONG);

	for (int score = 0; score < RATINGS_WORDS; score += 5)
	{
		char		name[80];
		char		message[80];
		char		detail[80];

		memset(words, 0, sizeof(words));
		words[score] = -1;
		value = wire(words, RATINGS_WORDS);
		snprintf(name, sizeof(name), "-1 answers of score %d", score);
		snprintf(detail, sizeof(detail), "The count of score %d would be -1.", score);
		refused(name, type, &value, "22003",
				"ratings cannot have a negative count", detail);

		words[score] = RATINGS_MAX_COUNT + 1;
		value = wire(words, RATINGS_WORDS);
		snprintf(name, sizeof(name), "2^53 + 1 answers of score %d", score);
		snprintf(message, sizeof(message), "too many answers of score %d", score);
		refused(name, type, &value, "22003", message,
				"A count of ratings is at most 9007199254740992.");
	}
	memset(words, 0, sizeof(words));
	words[7] = INT64_MIN;
	value = wire(words, RATINGS_WORDS);
	refused("the most negative count", type, &value, "22003",
			"ratings cannot have a negative count",
			"The count of score 7 would be -9223372036854775808.");
	words[7] = INT64_MAX;
	value = wire(words, RATINGS_WORDS);
	refused("the most positive count", type, &value, "22003",
			"too many answers of score 7",
			"A count of ratings is at most 9007199254740992.");
	memset(value.bytes, 0xff, sizeof(value.bytes));
	refused("ratings of all ones", type, &value, "22003",
			"ratings cannot have a negative count",
			"The count of score 0 would be -1.");
}

static void
check_purchases(Oid type)
{
	const char *years = "Purchases happen in the years 1 to 9999, UTC.";
	const char *nothing = "There is a first, a last or a total, but no purchase.";
	int64		words[MAX_WORDS] = {0};
	Wire		value;

#define PURCHASES(count, first, last, total) \
	(memcpy(words, (const int64[]) {count, first, last, total}, \
			PURCHASES_WORDS * sizeof(int64)), \
	 value = wire(words, PURCHASES_WORDS))

	PURCHASES(0, 0, 0, 0);
	round_trip("no purchases", type, words, PURCHASES_WORDS, "{\"count\": 0}");
	PURCHASES(1, 0, 0, 0);
	round_trip("a gift at the epoch", type, words, PURCHASES_WORDS,
			   "{\"count\": 1, \"first\": \"2000-01-01T00:00:00Z\", "
			   "\"last\": \"2000-01-01T00:00:00Z\", \"total\": 0}");
	PURCHASES(2, -1, 1, 15000);
	round_trip("around the epoch", type, words, PURCHASES_WORDS,
			   "{\"count\": 2, \"first\": \"1999-12-31T23:59:59.999999Z\", "
			   "\"last\": \"2000-01-01T00:00:00.000001Z\", \"total\": 1.5}");
	PURCHASES(INT64_MAX, PURCHASE_FIRST_AT, PURCHASE_LAST_AT, INT64_MAX);
	round_trip("the largest purchases", type, words, PURCHASES_WORDS,
			   "{\"count\": 9223372036854775807, \"first\": \"0001-01-01T00:00:00Z\", "
			   "\"last\": \"9999-12-31T23:59:59.999999Z\", \"total\": 922337203685477.5807}");

	value.length = 0;
	refused("purchases of no bytes", type, &value, TOO_SHORT);
	value.length = 24;
	refused("purchases without a total", type, &value, TOO_SHORT);
	value.length = 31;
	refused("purchases that lack a byte", type, &value, TOO_SHORT);
	value.length = 33;
	refused("purchases with a byte more", type, &value, TOO_LONG);
	value.length = 40;
	refused("purchases of five words", type, &value, TOO_LONG);

	PURCHASES(-1, 0, 0, 0);
	refused("-1 purchases", type, &value, BAD_PURCHASES, "The count is negative.");
	PURCHASES(INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN);
	refused("the most negative words", type, &value, BAD_PURCHASES, "The count is negative.");
	PURCHASES(1, 0, 0, -1);
	refused("a negative total", type, &value, BAD_PURCHASES, "The total is negative.");
	PURCHASES(0, 0, 0, INT64_MIN);
	refused("a negative total of nothing", type, &value, BAD_PURCHASES, "The total is negative.");
	PURCHASES(0, 0, 0, 1);
	refused("no purchases for an amount", type, &value, BAD_PURCHASES, nothing);
	PURCHASES(0, 1, 0, 0);
	refused("no purchases with a first", type, &value, BAD_PURCHASES, nothing);
	PURCHASES(0, 0, 1, 0);
	refused("no purchases with a last", type, &value, BAD_PURCHASES, nothing);
	PURCHASES(2, 1, 0, 5);
	refused("a first after the last", type, &value, BAD_PURCHASES,
			"The first purchase is later than the last.");
	PURCHASES(1, 0, 1, 5);
	refused("one purchase at two instants", type, &value, BAD_PURCHASES,
			"One purchase has two instants.");
	PURCHASES(2, PURCHASE_FIRST_AT - 1, 0, 5);
	refused("a first in 1 BC", type, &value, BAD_PURCHASES, years);
	PURCHASES(2, 0, PURCHASE_LAST_AT + 1, 5);
	refused("a last in the year 10000", type, &value, BAD_PURCHASES, years);
	PURCHASES(2, INT64_MIN, 0, 5);
	refused("a first at -infinity", type, &value, BAD_PURCHASES, years);
	PURCHASES(2, 0, INT64_MAX, 5);
	refused("a last at infinity", type, &value, BAD_PURCHASES, years);
	PURCHASES(2, INT64_MAX, INT64_MIN, 5);
	refused("from infinity to -infinity", type, &value, BAD_PURCHASES,
			"The first purchase is later than the last.");
#undef PURCHASES
}

static Wire
text_wire(const char *text)
{
	Wire		result = {.length = (int) strlen(text)};

	memcpy(result.bytes, text, result.length);
	return result;
}

/* What is sent comes back as `bytes`, in the one spelling that there is. */
static void
text_comes_back(const char *name, Oid type, const char *sent, const char *bytes)
{
	Wire		value = text_wire(sent);
	PGresult   *result = send_value("SELECT $1", type, &value, 1);

	if (!ok(PQresultStatus(result) == PGRES_TUPLES_OK &&
			PQgetlength(result, 0, 0) == (int) strlen(bytes) &&
			memcmp(PQgetvalue(result, 0, 0), bytes, strlen(bytes)) == 0,
			"%s: there and back", name))
		printf("# %s", PQresultErrorMessage(result));
	PQclear(result);
}

/* Refused, by SQLSTATE. */
static void
text_is_refused(const char *name, Oid type, const char *sent, int length, const char *sqlstate)
{
	Wire		value = text_wire(sent);
	PGresult   *result;
	const char *got;

	value.length = length;
	result = send_value("SELECT $1", type, &value, 1);
	got = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	if (!ok(got != NULL && strcmp(got, sqlstate) == 0, "%s: refused", name))
		printf("# %s: %s", got ? got : "no error", PQresultErrorMessage(result));
	PQclear(result);
}

static void
check_business_hours(Oid type)
{
	const char *desk = HOURS_VERSION "Mo-Fr 10:00-18:00; PH off @ Asia/Tokyo JP";

	text_comes_back("hours of a desk", type, desk, desk);
	text_comes_back("hours in another spelling", type,
					HOURS_VERSION " mo-fr 10:00-18:00 ;PH off @asia/tokyo  JP", desk);
	text_comes_back("hours of a listed holiday", type,
					HOURS_VERSION "24/7; PH off @ UTC 2026-12-25",
					HOURS_VERSION "24/7; PH off @ UTC 2026-12-25");
	text_comes_back("hours of a season", type,
					HOURS_SEASONS "Jun-Aug Mo-Fr 09:00-17:00; PH off @ UTC JP",
					HOURS_SEASONS "Jun-Aug Mo-Fr 09:00-17:00; PH off @ UTC JP");
	text_comes_back("hours of the first version, sent as of a later one", type,
					HOURS_SEASONS "Mo-Fr 10:00-18:00; PH off @ Asia/Tokyo JP", desk);
	text_is_refused("hours of no bytes", type, desk, 0, "08P01");
	text_is_refused("hours of a version alone", type, desk, 1, "22P02");
	text_is_refused("hours of a version to come", type, "\3Mo 10:00-18:00 @ UTC", 21, "22P03");
	text_is_refused("hours that are cut", type, desk, 12, "22P02");
	text_is_refused("hours in no zone", type, HOURS_VERSION "24/7 @ Nowhere", 15, "22023");
	text_is_refused("hours in bytes that are no text", type, HOURS_VERSION "24/7 @ \xff\xff", 10, "22021");
}

static void
check_lexicon(Oid type)
{
	const char *words = "\1weight: 重い, heavy; clasp -0.5: \"a,b\"";

	text_comes_back("words of themes", type, words, words);
	text_comes_back("words in another spelling", type,
					"\1 weight：重い、 heavy;clasp -0.50 :\"a,b\" ", words);
	text_comes_back("no themes", type, "\1", "\1");
	text_is_refused("a lexicon of no bytes", type, words, 0, "08P01");
	text_is_refused("a lexicon of version 0", type, "\377a: b", 5, "22P03");
	text_is_refused("a lexicon of a version to come", type, "\2a: b", 5, "22P03");
	text_is_refused("a lexicon that is cut", type, words, 8, "22P02");
	text_is_refused("a lexicon that is cut within a character", type, words, 11, "22021");
	text_is_refused("a word that is good and bad", type, "\1a 1: x; b -1: X", 16, "22P02");
	text_is_refused("a lexicon in bytes that are no text", type, "\1a: \xff", 5, "22021");
}

static int64
word_of(double number)
{
	int64		word;

	memcpy(&word, &number, sizeof(word));
	return word;
}

/*
 * A fit of n parameters p, to so many customers, with variances of v; the problem is
 * in the upper half of its word.
 */
static void
fit_words(int64 *words, int n, int64 customers, int64 repeat_buyers, int64 problem, double p, double v)
{
	words[0] = customers;
	words[1] = repeat_buyers;
	words[2] = problem * (INT64_C(1) << 32) + 7;
	words[3] = word_of(0);
	words[4] = word_of(v > 0 ? -9582.5 : 0);
	for (int i = 0; i < n; i++)
		words[5 + i] = word_of(p);
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j <= i; j++)
			words[5 + n + i * (i + 1) / 2 + j] = word_of(i == j ? v : 0);
	}
}

static void
check_fits(const char *type_name, Oid type, int n, const char *parameters, const char *covariance)
{
	const int	nwords = 5 + n + n * (n + 1) / 2;
	char		bad[80];
	char		text[400];
	int64		words[MAX_WORDS];
	int64		changed[MAX_WORDS];
	Wire		value;

	snprintf(bad, sizeof(bad), "invalid binary value of type %s", type_name);
#define FIT(customers, repeat_buyers, problem, p, v) \
	(fit_words(words, n, customers, repeat_buyers, problem, p, v), value = wire(words, nwords))
#define REFUSED(name, detail) refused(name, type, &value, "22P03", bad, detail)

	FIT(2357, 946, 0, 0.25, 2);
	snprintf(text, sizeof(text), "{%s, \"customers\": 2357, \"repeat_buyers\": 946, \"iterations\": 7, \"penalty\": 0, "
			 "\"log_likelihood\": -9582.5, \"covariance\": %s}", parameters, covariance);
	round_trip(type_name, type, words, nwords, text);
	value.length = 0;
	refused("a fit of no bytes", type, &value, TOO_SHORT);
	value.length = 8 * nwords - 1;
	refused("a fit that lacks a byte", type, &value, TOO_SHORT);
	value.length = 8 * nwords + 1;
	refused("a fit with a byte more", type, &value, TOO_LONG);

	FIT(0, 0, 0, 0.25, 0);
	words[2] = 0;
	snprintf(text, sizeof(text), "{%s}", parameters);
	round_trip("parameters alone", type, words, nwords, text);
	FIT(40, 40, 2, 0, 0);
	round_trip("no maximum", type, words, nwords,
			   "{\"problem\": \"no_maximum\", \"customers\": 40, \"repeat_buyers\": 40, \"iterations\": 7, \"penalty\": 0}");

	/* -0 is 0, so that equal values hash alike */
	FIT(2357, 946, 0, 0.25, 2);
	memcpy(changed, words, sizeof(changed));
	changed[3] = word_of(-0.0);
	changed[5 + n + 1] = word_of(-0.0);
	value = wire(changed, nwords);
	{
		Wire		sent = wire(words, nwords);
		PGresult   *result = send_value("SELECT $1", type, &value, 1);

		ok(PQresultStatus(result) == PGRES_TUPLES_OK && PQgetlength(result, 0, 0) == sent.length &&
		   memcmp(PQgetvalue(result, 0, 0), sent.bytes, sent.length) == 0, "negative zeros come back as zeros");
		PQclear(result);
	}

	FIT(-1, 0, 0, 0.25, 2);
	REFUSED("-1 customers", "The number of customers is negative.");
	FIT(5, 6, 0, 0.25, 2);
	REFUSED("6 repeat buyers of 5 customers", "Repeat buyers are some of the customers.");
	FIT(INT64_MAX, INT64_MIN, 0, 0.25, 2);
	REFUSED("the fewest repeat buyers", "Repeat buyers are some of the customers.");
	FIT(5, 5, 4, 0, 0);
	REFUSED("a problem to come", "There is no such problem.");
	FIT(5, 5, -1, 0, 0);
	REFUSED("a problem before the first", "There is no such problem.");
	FIT(5, 5, 1, 0.25, 0);
	REFUSED("a problem with parameters", "There is a problem, and there are parameters.");
	FIT(5, 5, 3, 0, 2);
	REFUSED("a problem with variances", "There is a problem, and there are parameters.");
	FIT(5, 5, 0, 0, 2);
	REFUSED("parameters of 0", "A parameter is from 1e-15 to 1e15.");
	FIT(5, 5, 0, (double) NAN, 2);
	REFUSED("parameters that are no numbers", "A parameter is from 1e-15 to 1e15.");
	FIT(5, 5, 0, (double) INFINITY, 2);
	REFUSED("infinite parameters", "A parameter is from 1e-15 to 1e15.");
	FIT(0, 0, 0, 0.25, 2);
	REFUSED("variances of nobody", "Something was fitted, and no customers.");
	FIT(5, 5, 0, 0.25, 0);
	REFUSED("no variances of somebody", "These are no covariances.");
	FIT(5, 5, 0, 0.25, (double) NAN);
	REFUSED("variances that are no numbers", "These are no covariances.");
	FIT(5, 5, 0, 0.25, 2);
	words[2] = -1;
	value = wire(words, nwords);
	REFUSED("-1 iterations", "The number of iterations is negative.");
	FIT(5, 5, 0, 0.25, 2);
	words[3] = word_of((double) NAN);
	value = wire(words, nwords);
	REFUSED("a penalty that is no number", "A penalty is from 0 to a million.");
	FIT(5, 5, 0, 0.25, 2);
	words[4] = word_of((double) -INFINITY);
	value = wire(words, nwords);
	REFUSED("an infinite likelihood", "The logarithm of the likelihood is no number.");
	FIT(5, 5, 0, 0.25, 2);
	words[5 + n + 1] = word_of(2.1);
	value = wire(words, nwords);
	REFUSED("a covariance beyond the variances", "These are no covariances.");
#undef FIT
#undef REFUSED
}

/* Collects what COPY sends, up to its end. */
static char *
copy_out(const char *sql, int *length)
{
	PGresult   *result = PQexec(conn, sql);
	char	   *all = NULL;
	char	   *chunk;
	int			n;

	if (PQresultStatus(result) != PGRES_COPY_OUT)
		bail_out(sql);
	PQclear(result);
	*length = 0;
	while ((n = PQgetCopyData(conn, &chunk, 0)) > 0)
	{
		all = realloc(all, *length + n);
		if (all == NULL)
			bail_out("out of memory");
		memcpy(all + *length, chunk, n);
		*length += n;
		PQfreemem(chunk);
	}
	result = PQgetResult(conn);
	if (n != -1 || PQresultStatus(result) != PGRES_COMMAND_OK)
		bail_out(sql);
	PQclear(result);
	while ((result = PQgetResult(conn)) != NULL)
		PQclear(result);
	return all;
}

/* Sends it in pieces of an odd size, and returns how that went. */
static PGresult *
copy_in(const char *sql, const char *bytes, int length)
{
	PGresult   *result = PQexec(conn, sql);
	PGresult   *next;

	if (PQresultStatus(result) != PGRES_COPY_IN)
		bail_out(sql);
	PQclear(result);
	for (int i = 0; i < length; i += 1021)
	{
		if (PQputCopyData(conn, bytes + i, length - i < 1021 ? length - i : 1021) != 1)
			bail_out(sql);
	}
	if (PQputCopyEnd(conn, NULL) != 1)
		bail_out(sql);
	result = PQgetResult(conn);
	while ((next = PQgetResult(conn)) != NULL)
		PQclear(next);
	return result;
}

/* A file of COPY BINARY with one row of one column. */
static int
copy_file(char *file, const Wire *value)
{
	static const char header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
	char	   *end = file;

	/* the signature has a NUL of its own, as a string has at its end */
	memcpy(end, header, 19);
	end += 19;
	memcpy(end, "\0\1", 2);
	end += 2;
	for (int i = 0; i < 4; i++)
		*end++ = (char) ((uint32_t) value->length >> (24 - 8 * i));
	memcpy(end, value->bytes, value->length);
	end += value->length;
	memcpy(end, "\377\377", 2);
	return (int) (end + 2 - file);
}

static void
check_copy(void)
{
	PGresult   *result;
	char	   *bytes;
	char		file[64 + 8 * MAX_WORDS];
	int			length;
	Wire		value;
	const int64 answers[RATINGS_WORDS] = {[10] = 2};
	const int64 negative[RATINGS_WORDS] = {[10] = -2};
	const int64 twice[PURCHASES_WORDS] = {1, 0, 1, 5};

	PQclear(run("CREATE TABLE here (id int, r loyalcs.ratings, p loyalcs.purchases);"
				"INSERT INTO here SELECT i, CASE WHEN i % 7 > 0 THEN"
				"    format('{\"%s\": %s, \"10\": %s}', i % 10, i, 9007199254740992 - i)::loyalcs.ratings END,"
				"  CASE WHEN i % 5 > 0 THEN loyalcs.purchases_agg(timestamptz '2026-01-01 00:00:00+00' - i * interval '1 day 1 microsecond', i / 8.0) END"
				"  FROM generate_series(1, 1000) AS i GROUP BY i;"
				"CREATE TABLE there (LIKE here)"));
	bytes = copy_out("COPY here TO STDOUT (FORMAT binary)", &length);
	result = copy_in("COPY there FROM STDIN (FORMAT binary)", bytes, length);
	ok(PQresultStatus(result) == PGRES_COMMAND_OK &&
	   strcmp(PQcmdTuples(result), "1000") == 0, "COPY BINARY takes what it gave");
	PQclear(result);
	free(bytes);
	result = run("SELECT count(*) FROM here JOIN there USING (id)"
				 " WHERE (here.r, here.p) IS NOT DISTINCT FROM (there.r, there.p)"
				 "   AND (here.r::text, here.p::text) IS NOT DISTINCT FROM (there.r::text, there.p::text)");
	ok(strcmp(PQgetvalue(result, 0, 0), "1000") == 0, "COPY BINARY changes no value");
	PQclear(result);

	PQclear(run("CREATE TABLE only_ratings (r loyalcs.ratings);"
				"CREATE TABLE only_purchases (p loyalcs.purchases)"));
	value = wire(answers, RATINGS_WORDS);
	length = copy_file(file, &value);
	result = copy_in("COPY only_ratings FROM STDIN (FORMAT binary)", file, length);
	ok(PQresultStatus(result) == PGRES_COMMAND_OK, "COPY BINARY takes a file made by hand");
	PQclear(result);
	value = wire(negative, RATINGS_WORDS);
	length = copy_file(file, &value);
	check_error("a negative count in COPY",
				copy_in("COPY only_ratings FROM STDIN (FORMAT binary)", file, length),
				"22003", "ratings cannot have a negative count",
				"The count of score 10 would be -2.");
	value = wire(answers, RATINGS_WORDS);
	value.length = 80;
	length = copy_file(file, &value);
	check_error("a short value in COPY",
				copy_in("COPY only_ratings FROM STDIN (FORMAT binary)", file, length),
				TOO_SHORT);
	value.length = 96;
	length = copy_file(file, &value);
	check_error("a long value in COPY",
				copy_in("COPY only_ratings FROM STDIN (FORMAT binary)", file, length),
				"22P03", "incorrect binary data format", NULL);
	value = wire(twice, PURCHASES_WORDS);
	length = copy_file(file, &value);
	check_error("one purchase at two instants in COPY",
				copy_in("COPY only_purchases FROM STDIN (FORMAT binary)", file, length),
				BAD_PURCHASES, "One purchase has two instants.");
	result = run("SELECT string_agg(r::text, ' '), (SELECT count(*) FROM only_purchases) FROM only_ratings");
	ok(strcmp(PQgetvalue(result, 0, 0), "{\"10\": 2}") == 0 &&
	   strcmp(PQgetvalue(result, 0, 1), "0") == 0, "what was refused left nothing behind");
	PQclear(result);
}

/* What the server computes with is what was sent. */
static void
check_use(Oid ratings, Oid purchases)
{
	const int64 answers[RATINGS_WORDS] = {[3] = 1,[7] = 1,[9] = 1,[10] = 2};
	const int64 bought[PURCHASES_WORDS] = {2, 0, USECS_PER_DAY, 15000};
	Wire		value = wire(answers, RATINGS_WORDS);
	Wire		doubled;
	int64		words[RATINGS_WORDS];
	PGresult   *result;

	result = send_value("SELECT loyalcs.nps($1), loyalcs.responses($1)", ratings, &value, 0);
	ok(PQresultStatus(result) == PGRES_TUPLES_OK &&
	   strcmp(PQgetvalue(result, 0, 0), "40") == 0 &&
	   strcmp(PQgetvalue(result, 0, 1), "5") == 0, "the NPS of binary answers");
	PQclear(result);

	for (int i = 0; i < RATINGS_WORDS; i++)
		words[i] = 2 * answers[i];
	doubled = wire(words, RATINGS_WORDS);
	result = send_value("SELECT $1 OPERATOR(loyalcs.+) $1", ratings, &value, 1);
	ok(PQresultStatus(result) == PGRES_TUPLES_OK &&
	   PQgetlength(result, 0, 0) == doubled.length &&
	   memcmp(PQgetvalue(result, 0, 0), doubled.bytes, doubled.length) == 0,
	   "a binary sum of binary answers");
	PQclear(result);

	value = wire(bought, PURCHASES_WORDS);
	result = send_value("SELECT loyalcs.total_spent($1), loyalcs.purchase_interval($1)", purchases, &value, 0);
	ok(PQresultStatus(result) == PGRES_TUPLES_OK &&
	   strcmp(PQgetvalue(result, 0, 0), "1.5") == 0 &&
	   strcmp(PQgetvalue(result, 0, 1), "1 day") == 0, "what binary purchases tell");
	PQclear(result);
}

static Oid
type_oid(const char *sql)
{
	PGresult   *result = run(sql);
	Oid			oid = (Oid) strtoul(PQgetvalue(result, 0, 0), NULL, 10);

	PQclear(result);
	return oid;
}

int
main(void)
{
	Oid			ratings;
	Oid			purchases;
	Oid			business_hours;

	setvbuf(stdout, NULL, _IOLBF, 0);
	conn = PQconnectdb("");
	if (PQstatus(conn) != CONNECTION_OK)
		bail_out("could not connect");
	PQclear(run("SET lc_messages = 'C'; SET intervalstyle = 'postgres'"));
	ratings = type_oid("SELECT 'loyalcs.ratings'::regtype::oid");
	purchases = type_oid("SELECT 'loyalcs.purchases'::regtype::oid");
	business_hours = type_oid("SELECT 'loyalcs.business_hours'::regtype::oid");

	check_ratings(ratings);
	check_purchases(purchases);
	check_business_hours(business_hours);
	check_lexicon(type_oid("SELECT 'loyalcs.lexicon'::regtype::oid"));
	check_fits("bgnbd", type_oid("SELECT 'loyalcs.bgnbd'::regtype::oid"), 4,
			   "\"r\": 0.25, \"alpha\": 0.25, \"a\": 0.25, \"b\": 0.25", "[2, 0, 2, 0, 0, 2, 0, 0, 0, 2]");
	check_fits("gamma_gamma", type_oid("SELECT 'loyalcs.gamma_gamma'::regtype::oid"), 3,
			   "\"p\": 0.25, \"q\": 0.25, \"gamma\": 0.25", "[2, 0, 2, 0, 0, 2]");
	check_use(ratings, purchases);
	check_copy();

	PQfinish(conn);
	printf("1..%d\n", tests);
	return failures > 0;
}
