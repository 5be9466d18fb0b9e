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
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/compat.h"

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
	for (; at + 1 < end; at++)
	{
		if (at[0] == c && at[1] == c)
			return at;
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

/* next_piece() for a server: mistakes are errors. */
static bool
next_valid_piece(const char **at, const char *start, const char *end, Piece *piece)
{
	PieceResult result = next_piece(at, end, piece);

	if (result == PIECE_UNCLOSED || result == PIECE_BAD_NAME)
	{
		int			position = pg_mbstrlen_with_len(start, *at - start) + 1;
		int			shown = pg_mbcliplen(*at, end - *at, 40);

		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 result == PIECE_UNCLOSED ?
				 errmsg("template has {{ without }} at character %d", position) :
				 errmsg("template has a place without a proper name at character %d", position),
				 errdetail("There it says \"%.*s\".", shown, *at),
				 errhint("Write {{name}}, or {{name|words if there is none}}; a name has letters of ASCII, digits and underscores.")));
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

/* Appends what the values say for a name; false if they say nothing. */
static bool
append_value(StringInfo out, Jsonb *values, const Piece *piece, bool html)
{
	JsonbValue	buffer;
	JsonbValue *value = getKeyJsonValueFromContainer(&values->root, piece->name,
													 piece->name_length, &buffer);

	if (value == NULL)
		return false;
	switch (value->type)
	{
		case jbvNull:
			return false;
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
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("value of \"%.*s\" is neither a string, a number nor a boolean",
							piece->name_length, piece->name)));
	}
	return false;				/* keep compiler quiet */
}

PG_FUNCTION_INFO_V1(template_render);
Datum
template_render(PG_FUNCTION_ARGS)
{
	text	   *template = PG_GETARG_TEXT_PP(0);
	Jsonb	   *values = PG_GETARG_JSONB_P(1);
	bool		html = PG_GETARG_BOOL(2);
	const char *start = VARDATA_ANY(template);
	const char *end = start + VARSIZE_ANY_EXHDR(template);
	const char *at = start;
	StringInfoData out;
	Piece		piece;

	if (!JB_ROOT_IS_OBJECT(values))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("values of a template must be a JSON object"),
				 errdetail("They are %s.",
						   JsonbToCString(NULL, &values->root, VARSIZE(values)))));
	initStringInfo(&out);
	while (next_valid_piece(&at, start, end, &piece))
	{
		if (piece.name == NULL)
			appendBinaryStringInfo(&out, piece.text, piece.length);
		else if (append_value(&out, values, &piece, html))
			continue;
		else if (piece.has_default)
			appendBinaryStringInfo(&out, piece.text, piece.length);
		else
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("template needs a value for \"%.*s\"",
							piece.name_length, piece.name),
					 errdetail("The values are %s.",
							   JsonbToCString(NULL, &values->root, VARSIZE(values))),
					 errhint("Give one, or write {{%.*s|words if there is none}}.",
							 piece.name_length, piece.name)));
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

static bool
is_member(Datum *names, int nnames, const Piece *piece)
{
	for (int i = 0; i < nnames; i++)
	{
		text	   *name = DatumGetTextPP(names[i]);

		if ((int) VARSIZE_ANY_EXHDR(name) == piece->name_length &&
			memcmp(VARDATA_ANY(name), piece->name, piece->name_length) == 0)
			return true;
	}
	return false;
}

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
	int			space = 8;
	int			n = 0;
	Datum	   *names = palloc(space * sizeof(Datum));
	Piece		piece;

	while (next_valid_piece(&at, start, end, &piece))
	{
		CHECK_FOR_INTERRUPTS();
		if (piece.name == NULL || (required_only && piece.has_default) ||
			is_member(names, n, &piece))
			continue;
		if (n == space)
		{
			space *= 2;
			names = repalloc(names, space * sizeof(Datum));
		}
		names[n++] = PointerGetDatum(cstring_to_text_with_len(piece.name, piece.name_length));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array_builtin(names, n, TEXTOID));
}
