/*-------------------------------------------------------------------------
 *
 * templates.c
 *	  Texts with places to fill in.
 *
 * A place is {{name}}, or {{name|words}} where the words stand for a value
 * that is not there.  A name is made of ASCII letters, digits and underscores
 * and begins with no digit; blanks around it do not count.  What is filled in
 * is not looked at again, so no value can bring places of its own.  Anything
 * else is text, a single brace too.
 *
 * The parser needs no server: next_piece() walks over a template and says what
 * it finds.  The templates of a database are in its encoding, in which a brace
 * or a bar is never part of another character (all server encodings are such).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "messages/lines.h"

/* A stretch of a template: text, or a place with its name. */
typedef struct Piece
{
	const char *text;			/* as it stands; of a place, the words */
	int			length;
	const char *name;			/* NULL for text */
	int			name_length;
	bool		has_default;
} Piece;

typedef enum PieceResult
{
	PIECE_FOUND,
	PIECE_END,
	PIECE_UNCLOSED,				/* {{ without }} */
	PIECE_BAD_NAME
} PieceResult;

static bool
is_name_byte(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		(!first && c >= '0' && c <= '9');
}

static const char *
find_pair(const char *at, const char *end, char c)
{
	while (at + 1 < end && (at = memchr(at, c, end - 1 - at)) != NULL)
	{
		if (at[1] == c)
			return at;
		at++;
	}
	return NULL;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * The piece that starts at *at, which moves behind it.  After a mistake *at
 * stays where the place starts.
 */
static PieceResult
next_piece(const char **at, const char *end, Piece *piece)
{
	const char *start = *at;
	const char *close;
	const char *name;

	if (start == end)
		return PIECE_END;
	if (end - start < 2 || start[0] != '{' || start[1] != '{')
	{
		const char *open = find_pair(start, end, '{');

		piece->name = NULL;
		piece->text = start;
		*at = open ? open : end;
		piece->length = (int) (*at - start);
		return PIECE_FOUND;
	}

	close = find_pair(start + 2, end, '}');
	if (close == NULL)
		return PIECE_UNCLOSED;
	name = start + 2;
	while (name < close && is_blank(*name))
		name++;
	piece->name = name;
	while (name < close && is_name_byte(*name, name == piece->name))
		name++;
	piece->name_length = (int) (name - piece->name);
	while (name < close && is_blank(*name))
		name++;
	piece->has_default = name < close && *name == '|';
	if (piece->name_length == 0 || (name < close && !piece->has_default))
		return PIECE_BAD_NAME;
	piece->text = piece->has_default ? name + 1 : close;
	piece->length = (int) (close - piece->text);
	*at = close + 2;
	return PIECE_FOUND;
}

/*
 * Why a template cannot be filled in.  It names places and says what kind of
 * value there is, but never the value: that is a customer's, and what errors
 * say ends in logs.
 */
typedef struct Problem
{
	int			code;
	const char *message;
	const char *detail;			/* NULL for none, like the hint */
	const char *hint;
} Problem;

static void
report_problem(const Problem *problem)
{
	ereport(ERROR,
			(errcode(problem->code),
			 errmsg_internal("%s", problem->message),
			 problem->detail ? errdetail_internal("%s", problem->detail) : 0,
			 problem->hint ? errhint("%s", problem->hint) : 0));
}

/* Of a text that may be of any length, what an error shows. */
static int
shown_length(const char *text, int length)
{
	return pg_mbcliplen(text, length, 64);
}

static bool
describe_mistake(PieceResult mistake, const char *start, const char *at, const char *end,
				 Problem *problem)
{
	int			position = pg_mbstrlen_with_len(start, at - start) + 1;

	problem->code = ERRCODE_INVALID_TEXT_REPRESENTATION;
	problem->message = mistake == PIECE_UNCLOSED ?
		psprintf("template has {{ without }} at character %d", position) :
		psprintf("template has a place without a proper name at character %d", position);
	problem->detail = psprintf("There it says \"%.*s\".",
							   pg_mbcliplen(at, end - at, 40), at);
	problem->hint = "Write {{name}}, or {{name|words if there is none}}; a name has letters of ASCII, digits and underscores.";
	return false;
}

static bool
describe_missing(const Piece *piece, Problem *problem)
{
	int			shown = shown_length(piece->name, piece->name_length);

	problem->code = ERRCODE_INVALID_PARAMETER_VALUE;
	problem->message = psprintf("template needs a value for \"%.*s\"", shown, piece->name);
	problem->detail = NULL;
	problem->hint = psprintf("Give one, or write {{%.*s|words if there is none}}.",
							 shown, piece->name);
	return false;
}

static bool
describe_unfit(const Piece *piece, bool is_array, Problem *problem)
{
	problem->code = ERRCODE_INVALID_PARAMETER_VALUE;
	problem->message = psprintf("value of \"%.*s\" is neither a string, a number nor a boolean",
								shown_length(piece->name, piece->name_length), piece->name);
	problem->detail = is_array ? "It is an array." : "It is an object.";
	problem->hint = "Give a template what it is to say, in words or as a number.";
	return false;
}

static bool
describe_no_object(Jsonb *values, Problem *problem)
{
	problem->code = ERRCODE_INVALID_PARAMETER_VALUE;
	problem->message = "values of a template must be a JSON object";
	problem->detail = JB_ROOT_IS_SCALAR(values) ?
		"They are a single value." : "They are an array.";
	problem->hint = "Write a value for each name, such as {\"name\": \"Ann\"}.";
	return false;
}

/* next_piece() for a server: mistakes are errors. */
static bool
next_valid_piece(const char **at, const char *start, const char *end, Piece *piece)
{
	PieceResult result = next_piece(at, end, piece);
	Problem		problem;

	CHECK_FOR_INTERRUPTS();
	if (result == PIECE_UNCLOSED || result == PIECE_BAD_NAME)
	{
		describe_mistake(result, start, *at, end, &problem);
		report_problem(&problem);
	}
	return result == PIECE_FOUND;
}

static void
append_escaped(StringInfo out, const char *text, int length, bool html)
{
	if (!html)
	{
		appendBinaryStringInfo(out, text, length);
		return;
	}
	for (int i = 0; i < length; i++)
	{
		switch (text[i])
		{
			case '&':
				appendStringInfoString(out, "&amp;");
				break;
			case '<':
				appendStringInfoString(out, "&lt;");
				break;
			case '>':
				appendStringInfoString(out, "&gt;");
				break;
			case '"':
				appendStringInfoString(out, "&quot;");
				break;
			case '\'':
				appendStringInfoString(out, "&#39;");
				break;
			default:
				appendStringInfoChar(out, text[i]);
		}
	}
}

/* The values of a template: of an object that is stored, or that is just being built. */
typedef struct Values
{
	JsonbContainer *stored;		/* NULL if they are being built */
	const JsonbValue *built;
} Values;

/* The order in which jsonb keeps the names of an object: by their lengths, and those of one by bytes. */
static int
compare_names(const char *a, int a_length, const char *b, int b_length)
{
	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return memcmp(a, b, a_length);
}

static const JsonbValue *
value_of_built(const JsonbValue *object, const char *name, int length)
{
	int			from = 0;
	int			to = object->val.object.nPairs;

	while (from < to)
	{
		int			middle = from + (to - from) / 2;
		const JsonbPair *pair = &object->val.object.pairs[middle];
		int			difference = compare_names(name, length, pair->key.val.string.val, pair->key.val.string.len);

		if (difference == 0)
			return &pair->value;
		if (difference < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

static const JsonbValue *
value_of(const Values *values, const char *name, int length, JsonbValue *buffer)
{
	if (values->stored)
		return getKeyJsonValueFromContainer(values->stored, name, length, buffer);
	return value_of_built(values->built, name, length);
}

/* (What is stored has a header of its own, which says what it is.) */
static bool
is_array(const JsonbValue *value)
{
	return value->type == jbvArray ||
		(value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data));
}

/*
 * Appends what a place is to say: the value of its name, or its own words if
 * there is none.
 */
static bool
append_place(StringInfo out, const Values *values, const Piece *piece, bool html, Problem *problem)
{
	JsonbValue	buffer;
	const JsonbValue *value = value_of(values, piece->name, piece->name_length, &buffer);

	if (value == NULL || value->type == jbvNull)
	{
		if (!piece->has_default)
			return describe_missing(piece, problem);
		appendBinaryStringInfo(out, piece->text, piece->length);
		return true;
	}
	switch (value->type)
	{
		case jbvString:
			append_escaped(out, value->val.string.val, value->val.string.len, html);
			return true;
		case jbvNumeric:
			appendStringInfoString(out,
								   DatumGetCString(DirectFunctionCall1(numeric_out,
																	   NumericGetDatum(value->val.numeric))));
			return true;
		case jbvBool:
			appendStringInfoString(out, value->val.boolean ? "true" : "false");
			return true;
		default:
			return describe_unfit(piece, is_array(value), problem);
	}
}

/* The one way to fill in a template: false, and the problem, if it cannot be. */
static bool
fill_in(StringInfo out, const text * template, const Values *values, bool html, Problem *problem)
{
	const char *start = VARDATA_ANY(template);
	const char *end = start + VARSIZE_ANY_EXHDR(template);
	const char *at = start;
	PieceResult result;
	Piece		piece;

	while ((result = next_piece(&at, end, &piece)) == PIECE_FOUND)
	{
		CHECK_FOR_INTERRUPTS();
		if (piece.name == NULL)
			appendBinaryStringInfo(out, piece.text, piece.length);
		else if (!append_place(out, values, &piece, html, problem))
			return false;
	}
	return result == PIECE_END || describe_mistake(result, start, at, end, problem);
}

static bool
fill_in_stored(StringInfo out, const text * template, Jsonb *values, bool html, Problem *problem)
{
	Values		stored = {&values->root, NULL};

	if (!JB_ROOT_IS_OBJECT(values))
		return describe_no_object(values, problem);
	return fill_in(out, template, &stored, html, problem);
}

PG_FUNCTION_INFO_V1(template_render);
Datum
template_render(PG_FUNCTION_ARGS)
{
	StringInfoData out;
	Problem		problem;

	initStringInfo(&out);
	if (!fill_in_stored(&out, PG_GETARG_TEXT_PP(0), PG_GETARG_JSONB_P(1), PG_GETARG_BOOL(2), &problem))
		report_problem(&problem);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/* What template_render() would raise, as a text; NULL if it would not. */
PG_FUNCTION_INFO_V1(template_problem);
Datum
template_problem(PG_FUNCTION_ARGS)
{
	StringInfoData out;
	Problem		problem;

	initStringInfo(&out);
	if (fill_in_stored(&out, PG_GETARG_TEXT_PP(0), PG_GETARG_JSONB_P(1), false, &problem))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(problem.message));
}

/*
 * Values
 */

/*
 * An object that is being built.  Most of what comes is in the order in which
 * jsonb keeps names, and need not be sorted, as pushJsonbValue() would.
 */
typedef struct Members
{
	JsonbPair  *pairs;
	int			count;
	int			size;
	bool		in_order;
} Members;

/* As many as the server makes an object of. */
#define MOST_MEMBERS	((int) (MaxAllocSize / sizeof(JsonbPair)))

static void
begin_members(Members *members)
{
	members->size = 32;
	members->pairs = palloc(members->size * sizeof(JsonbPair));
	members->count = 0;
	members->in_order = true;
}

static JsonbPair *
one_more_pair(Members *members)
{
	if (members->count == members->size)
	{
		if (members->size == MOST_MEMBERS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("values of a template have too many names"),
					 errdetail("There are more than %d.", MOST_MEMBERS)));
		members->size = Min(members->size * 2, MOST_MEMBERS);
		members->pairs = repalloc(members->pairs, members->size * sizeof(JsonbPair));
	}
	return &members->pairs[members->count++];
}

static void
set_key(JsonbPair *pair, const char *name, int length)
{
	pair->key.type = jbvString;
	pair->key.val.string.val = unconstify(char *, name);
	pair->key.val.string.len = length;
}

static void
set_string(JsonbValue *value, text * string)
{
	value->type = jbvString;
	value->val.string.val = VARDATA_ANY(string);
	value->val.string.len = VARSIZE_ANY_EXHDR(string);
}

static int
compare_keys(const JsonbPair *a, const JsonbPair *b)
{
	return compare_names(a->key.val.string.val, a->key.val.string.len,
						 b->key.val.string.val, b->key.val.string.len);
}

/* Of the same name, what came later is first. */
static int
compare_pairs(const void *a, const void *b)
{
	const JsonbPair *one = a;
	const JsonbPair *other = b;
	int			difference = compare_keys(one, other);

	return difference != 0 ? difference : one->order > other->order ? -1 : 1;
}

/* One more, whose value its caller sets. */
static JsonbValue *
add_member(Members *members, const char *name, int length)
{
	JsonbPair  *pair = one_more_pair(members);

	set_key(pair, name, length);
	pair->order = members->count;
	if (members->count > 1 && compare_keys(&pair[-1], pair) >= 0)
		members->in_order = false;
	return &pair->value;
}

/* In their order, and of those of one name only the last. */
static void
sort_members(Members *members)
{
	int			kept = 0;

	if (members->in_order)
		return;
	qsort(members->pairs, members->count, sizeof(JsonbPair), compare_pairs);
	for (int i = 1; i < members->count; i++)
	{
		if (compare_keys(&members->pairs[kept], &members->pairs[i]) != 0)
			members->pairs[++kept] = members->pairs[i];
	}
	members->count = kept + 1;
	members->in_order = true;
}

/* The place of a member among those that are in order, in which it is put if it is not there. */
static JsonbValue *
member(Members *members, const char *name)
{
	JsonbPair	added;
	int			at = members->count;

	set_key(&added, name, strlen(name));
	while (at > 0 && compare_keys(&members->pairs[at - 1], &added) >= 0)
		at--;
	if (at == members->count || compare_keys(&members->pairs[at], &added) != 0)
	{
		one_more_pair(members);
		memmove(&members->pairs[at + 1], &members->pairs[at],
				(members->count - 1 - at) * sizeof(JsonbPair));
		members->pairs[at] = added;
	}
	return &members->pairs[at].value;
}

static JsonbValue
object_of(const Members *members)
{
	JsonbValue	object;

	Assert(members->in_order);
	object.type = jbvObject;
	object.val.object.nPairs = members->count;
	object.val.object.pairs = members->pairs;
	return object;
}

/* What is stored as a whole, as the parts of which it can be stored again. */
static JsonbValue
unpacked(JsonbContainer *container)
{
	JsonbIterator *parts = JsonbIteratorInit(container);
	JsonbParseState *state = NULL;
	JsonbValue *result;
	JsonbValue	part;
	JsonbIteratorToken token = JsonbIteratorNext(&parts, &part, false);

	/* There is a first part: the container itself begins. */
	do
	{
		CHECK_FOR_INTERRUPTS();
		result = pushJsonbValue(&state, token, token < WJB_BEGIN_ARRAY ? &part : NULL);
		token = JsonbIteratorNext(&parts, &part, false);
	} while (token != WJB_DONE);
	return *result;
}

static void
add_object(Members *members, Jsonb *object)
{
	JsonbIterator *parts = JsonbIteratorInit(&object->root);
	JsonbValue	part;
	JsonbValue *value = NULL;
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&parts, &part, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_KEY)
			value = add_member(members, part.val.string.val, part.val.string.len);
		else if (token == WJB_VALUE)
			*value = part.type == jbvBinary ? unpacked(part.val.binary.data) : part;
	}
}

/* The texts of an array that has one dimension, or none. */
static int
texts_of(ArrayType *array, Datum **texts, bool **nulls)
{
	int			count;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("names and texts must be arrays of one dimension"),
				 errdetail("There is one of %d dimensions.", ARR_NDIM(array))));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, texts, nulls, &count);
	return count;
}

static void
add_texts(Members *members, ArrayType *names, ArrayType *texts)
{
	Datum	   *name;
	Datum	   *string;
	bool	   *no_name;
	bool	   *no_string;
	int			count = texts_of(names, &name, &no_name);

	if (texts_of(texts, &string, &no_string) != count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("there must be as many names as texts"),
				 errdetail("There are %d and %d.", count, ArrayGetNItems(ARR_NDIM(texts), ARR_DIMS(texts)))));
	for (int i = 0; i < count; i++)
	{
		text	   *key;

		CHECK_FOR_INTERRUPTS();
		if (no_name[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a name must not be null"),
					 errdetail("It is the one in place %d.", i + 1)));
		if (no_string[i])
			continue;
		key = DatumGetTextPP(name[i]);
		set_string(add_member(members, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)),
				   DatumGetTextPP(string[i]));
	}
}

/* An object of values with texts put into it, of which those that are not there are left out. */
static JsonbValue
values_with_texts(Jsonb *object, ArrayType *names, ArrayType *texts)
{
	Members		members;
	Problem		problem;

	if (!JB_ROOT_IS_OBJECT(object))
	{
		describe_no_object(object, &problem);
		report_problem(&problem);
	}
	begin_members(&members);
	add_object(&members, object);
	add_texts(&members, names, texts);
	sort_members(&members);
	return object_of(&members);
}

/*
 * (What SQL has for this asks for the type of each argument again in each row: a
 * message took twice as long to put together as all else about it.)
 */
PG_FUNCTION_INFO_V1(template_put_texts);
Datum
template_put_texts(PG_FUNCTION_ARGS)
{
	JsonbValue	values = values_with_texts(PG_GETARG_JSONB_P(0), PG_GETARG_ARRAYTYPE_P(1),
										   PG_GETARG_ARRAYTYPE_P(2));

	PG_RETURN_POINTER(JsonbValueToJsonb(&values));
}

/*
 * A message at once: its values, both of its templates filled in by them, and
 * what is said about it.  NULL if a template cannot be filled in.
 */
PG_FUNCTION_INFO_V1(template_message);
Datum
template_message(PG_FUNCTION_ARGS)
{
	bool		html = PG_GETARG_BOOL(2);
	JsonbValue	built = values_with_texts(PG_GETARG_JSONB_P(3), PG_GETARG_ARRAYTYPE_P(4),
										  PG_GETARG_ARRAYTYPE_P(5));
	Values		values = {NULL, &built};
	Members		members;
	JsonbValue	message;
	StringInfoData subject;
	StringInfoData body;
	Problem		problem;

	begin_members(&members);
	add_texts(&members, PG_GETARG_ARRAYTYPE_P(6), PG_GETARG_ARRAYTYPE_P(7));
	sort_members(&members);

	initStringInfo(&subject);
	initStringInfo(&body);
	if (!fill_in(&subject, PG_GETARG_TEXT_PP(0), &values, false, &problem) ||
		!fill_in(&body, PG_GETARG_TEXT_PP(1), &values, html, &problem))
		PG_RETURN_NULL();
	*member(&members, "values") = built;
	set_string(member(&members, "subject"), text_as_one_line(subject.data, subject.len));
	set_string(member(&members, "body"), text_as_plain_lines(body.data, body.len));
	message = object_of(&members);
	PG_RETURN_POINTER(JsonbValueToJsonb(&message));
}

/*
 * Names
 */

/* A template may have any number of places, so names are found by their hash. */
typedef struct NameEntry
{
	Piece		place;
	char		status;
} NameEntry;

static inline bool
same_name(const Piece *a, const Piece *b)
{
	return a->name_length == b->name_length &&
		memcmp(a->name, b->name, a->name_length) == 0;
}

#define SH_PREFIX		names
#define SH_ELEMENT_TYPE	NameEntry
#define SH_KEY_TYPE		Piece
#define SH_KEY			place
#define SH_HASH_KEY(table, key)	hash_bytes((const unsigned char *) (key).name, (key).name_length)
#define SH_EQUAL(table, a, b)	same_name(&(a), &(b))
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* The names of a template's places, each once, in the order of the text. */
PG_FUNCTION_INFO_V1(template_placeholders);
Datum
template_placeholders(PG_FUNCTION_ARGS)
{
	text	   *template = PG_GETARG_TEXT_PP(0);
	bool		required_only = PG_GETARG_BOOL(1);
	const char *start = VARDATA_ANY(template);
	const char *end = start + VARSIZE_ANY_EXHDR(template);
	const char *at = start;
	names_hash *seen = names_create(CurrentMemoryContext, 8, NULL);
	ArrayBuildState *names = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	Piece		piece;

	while (next_valid_piece(&at, start, end, &piece))
	{
		bool		found;

		if (piece.name == NULL || (required_only && piece.has_default))
			continue;
		names_insert(seen, piece, &found);
		if (!found)
			accumArrayResult(names,
							 PointerGetDatum(cstring_to_text_with_len(piece.name, piece.name_length)),
							 false, TEXTOID, CurrentMemoryContext);
	}
	PG_RETURN_DATUM(makeArrayResult(names, CurrentMemoryContext));
}
