/*-------------------------------------------------------------------------
 *
 * lexicon.c
 *	  The type lexicon: input, output, comparison.
 *
 * lexicon.h has the value's layout, lexicon_text.c its notation.  Whatever comes
 * in is parsed and compiled, so that what is stored can be.
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
#include "voice/lexicon_text.h"
#include "voice/stored_lexicon.h"

/* Characters, as people count, before a byte of a UTF-8 text. */
static int
characters_before(const char *text, int byte)
{
	int			n = 0;

	for (int i = 0; i < byte; i++)
		n += (text[i] & 0xC0) != 0x80;
	return n;
}

static Lexicon *
make_lexicon(const LexiconParts *parts)
{
	size_t		length;
	char	   *text = print_lexicon(parts, &length);
	Lexicon    *lexicon = palloc0(offsetof(Lexicon, text) + length);

	SET_VARSIZE(lexicon, offsetof(Lexicon, text) + length);
	lexicon->version = LEXICON_VERSION;
	memcpy(lexicon->text, text, length);
	digest_text(text, length, lexicon->digest);
	pfree(text);
	return lexicon;
}

/* `shown_text` is in the database's encoding, `utf8` the same in UTF-8. */
static Datum
lexicon_from_text(Node *escontext, const char *shown_text, const char *utf8)
{
	LexiconParts parts;
	LexiconFault fault;
	Scanner		scanner;

	if (strlen(utf8) > LEXICON_MAX_TEXT)
		ereturn(escontext, (Datum) 0,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("lexicon is too long: \"%s\"", shown(shown_text)),
				 errdetail("It may have %d bytes, and has %zu.", LEXICON_MAX_TEXT, strlen(utf8))));
	scan_start(&scanner, utf8);
	if (!parse_lexicon(&scanner, &parts))
		ereturn(escontext, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type lexicon: \"%s\"", shown(shown_text)),
				 errdetail("Expected %s at character %d.", scanner.expected,
						   characters_before(utf8, scanner.at - scanner.start) + 1),
				 errhint("Write themes with their words, such as weight: heavy, too light; clasp -1: comes off. Put a name in double quotes if it has one of , ; : in it.")));
	if (compile_lexicon(&parts, &fault) == NULL)
		ereturn(escontext, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("the word at character %d of a lexicon cannot be used",
						characters_before(utf8, fault.word->at) + 1),
				 errdetail_internal("%s", fault.detail)));
	return PointerGetDatum(make_lexicon(&parts));
}

PG_FUNCTION_INFO_V1(lexicon_in);
Datum
lexicon_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);

	return lexicon_from_text(fcinfo->context, text,
							 pg_server_to_any(text, strlen(text), PG_UTF8));
}

static char *
lexicon_text(Datum value)
{
	Lexicon    *lexicon = stored_lexicon(value);
	int			length = VARSIZE(lexicon) - offsetof(Lexicon, text);
	char	   *text = pnstrdup(lexicon->text, length);

	return pg_any_to_server(text, length, PG_UTF8);
}

PG_FUNCTION_INFO_V1(lexicon_out);
Datum
lexicon_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(lexicon_text(PG_GETARG_DATUM(0)));
}

/*
 * In binary a value is its version and its text, in the client's encoding as every
 * text: what comes in has one parser, whichever way it comes.
 */
PG_FUNCTION_INFO_V1(lexicon_recv);
Datum
lexicon_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			version = pq_getmsgint(buf, 1);
	char	   *text;
	int			nbytes;

	if (version != LEXICON_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported version number %d of lexicon", version),
				 errdetail("The last one is %d.", LEXICON_VERSION)));
	text = pq_getmsgtext(buf, buf->len - buf->cursor, &nbytes);
	if (strlen(text) != (size_t) nbytes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("lexicon cannot have a zero byte")));
	return lexicon_from_text(NULL, text, pg_server_to_any(text, nbytes, PG_UTF8));
}

PG_FUNCTION_INFO_V1(lexicon_send);
Datum
lexicon_send(PG_FUNCTION_ARGS)
{
	char	   *text = lexicon_text(PG_GETARG_DATUM(0));
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint8(&buf, LEXICON_VERSION);
	pq_sendtext(&buf, text, strlen(text));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * Comparison: by the text in the one spelling that is stored.  The order has no
 * meaning; it exists so that keys, DISTINCT and statistics work.
 */
static int
compare_lexicons(FunctionCallInfo fcinfo)
{
	Lexicon    *a = stored_lexicon(PG_GETARG_DATUM(0));
	Lexicon    *b = stored_lexicon(PG_GETARG_DATUM(1));
	Size		a_size = VARSIZE(a);
	Size		b_size = VARSIZE(b);
	int			order = memcmp(a->text, b->text, Min(a_size, b_size) - offsetof(Lexicon, text));

	if (order == 0)
		order = (a_size > b_size) - (a_size < b_size);
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order;
}

PG_FUNCTION_INFO_V1(lexicon_cmp);
Datum
lexicon_cmp(PG_FUNCTION_ARGS)
{
	int			order = compare_lexicons(fcinfo);

	PG_RETURN_INT32((order > 0) - (order < 0));
}

#define LEXICON_COMPARISON(name, test) \
PG_FUNCTION_INFO_V1(lexicon_##name); \
Datum \
lexicon_##name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_BOOL(compare_lexicons(fcinfo) test 0); \
} \
extern Datum lexicon_##name(PG_FUNCTION_ARGS)

LEXICON_COMPARISON(lt, <);
LEXICON_COMPARISON(le, <=);
LEXICON_COMPARISON(eq, ==);
LEXICON_COMPARISON(ne, !=);
LEXICON_COMPARISON(ge, >=);
LEXICON_COMPARISON(gt, >);

PG_FUNCTION_INFO_V1(lexicon_hash);
Datum
lexicon_hash(PG_FUNCTION_ARGS)
{
	Lexicon    *lexicon = stored_lexicon(PG_GETARG_DATUM(0));

	return hash_any(lexicon->digest, LEXICON_DIGEST);
}

PG_FUNCTION_INFO_V1(lexicon_hash_extended);
Datum
lexicon_hash_extended(PG_FUNCTION_ARGS)
{
	Lexicon    *lexicon = stored_lexicon(PG_GETARG_DATUM(0));

	return hash_any_extended(lexicon->digest, LEXICON_DIGEST, PG_GETARG_INT64(1));
}
