/*-------------------------------------------------------------------------
 *
 * lines.c
 *	  Text that leaves in a format of lines, such as a mail's headers.
 *
 * What customers wrote cannot begin a line there: control characters are those
 * that end a line or that a terminal obeys, U+0001 to U+001F, U+007F to U+009F
 * and the separators U+2028 and U+2029.  Of an encoding other than UTF-8 and
 * Latin, bytes from 0x80 are no control characters, or not known to be; in no
 * server encoding is a byte of ASCII part of another character, so texts are
 * walked over by bytes.
 *
 * Nearly all texts are as they should be: they are walked over once, and
 * nothing is built.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "messages/lines.h"

/* What of the bytes from 0x80 may be a control character. */
typedef enum HighControls
{
	HIGH_CONTROLS_NONE,
	HIGH_CONTROLS_LATIN,		/* 0x80 to 0x9f */
	HIGH_CONTROLS_UTF8
} HighControls;

static HighControls
high_controls(void)
{
	switch (GetDatabaseEncoding())
	{
		case PG_UTF8:
			return HIGH_CONTROLS_UTF8;
		case PG_LATIN1:
		case PG_LATIN2:
		case PG_LATIN3:
		case PG_LATIN4:
		case PG_LATIN5:
		case PG_LATIN6:
		case PG_LATIN7:
		case PG_LATIN8:
		case PG_LATIN9:
		case PG_LATIN10:
		case PG_ISO_8859_5:
		case PG_ISO_8859_6:
		case PG_ISO_8859_7:
		case PG_ISO_8859_8:
			return HIGH_CONTROLS_LATIN;
		default:
			return HIGH_CONTROLS_NONE;
	}
}

/* How many bytes the control character has that stands there; 0 if none does. */
static inline int
control_length(const char *at, const char *end, HighControls high)
{
	unsigned char c = *at;

	if (c < 0x80)
		return c < 0x20 || c == 0x7f;
	if (high == HIGH_CONTROLS_LATIN)
		return c < 0xa0;
	if (high == HIGH_CONTROLS_NONE)
		return 0;
	if (c == 0xc2)
		return end - at > 1 && (unsigned char) at[1] < 0xa0 ? 2 : 0;
	return c == 0xe2 && end - at > 2 && (unsigned char) at[1] == 0x80 &&
		((unsigned char) at[2] | 1) == 0xa9 ? 3 : 0;
}

/* Where the first control character stands, but for those of `allowed`; or the end. */
static const char *
find_control(const char *at, const char *end, HighControls high, const char *allowed)
{
	for (;;)
	{
		while (at < end && *at >= ' ' && *at <= '~')
			at++;
		if (at == end || (control_length(at, end, high) > 0 && strchr(allowed, *at) == NULL))
			return at;
		at++;
	}
}

static void
trim_blanks(StringInfo line)
{
	while (line->len > 0 && line->data[line->len - 1] == ' ')
		line->len--;
}

/*
 * A text as one line: control characters that follow one another, with the
 * blanks around them, are one blank, and none at the ends.  A text without any
 * stays as it is.
 */
text *
text_as_one_line(const char *words, int length)
{
	HighControls high = high_controls();
	const char *end = words + length;
	const char *at = find_control(words, end, high, "");
	StringInfoData line;

	if (at == end)
		return cstring_to_text_with_len(words, length);
	while (words < end && *words == ' ')
		words++;
	initStringInfo(&line);
	while (words < end)
	{
		appendBinaryStringInfo(&line, words, at - words);
		if (at == end)
			break;
		trim_blanks(&line);
		while (at < end)
		{
			int			control = *at == ' ' ? 1 : control_length(at, end, high);

			if (control == 0)
				break;
			at += control;
		}
		if (line.len > 0)
			appendStringInfoChar(&line, ' ');
		words = at;
		at = find_control(words, end, high, "");
	}
	trim_blanks(&line);
	return cstring_to_text_with_len(line.data, line.len);
}

/*
 * A text of lines that end with a newline each: a carriage return ends one too,
 * with or without a newline; other control characters but tabs are a blank.
 */
text *
text_as_plain_lines(const char *words, int length)
{
	HighControls high = high_controls();
	const char *end = words + length;
	const char *at = find_control(words, end, high, "\t\n");
	StringInfoData lines;

	if (at == end)
		return cstring_to_text_with_len(words, length);
	initStringInfo(&lines);
	for (;;)
	{
		appendBinaryStringInfo(&lines, words, at - words);
		if (at == end)
			break;
		appendStringInfoChar(&lines, *at == '\r' ? '\n' : ' ');
		if (*at == '\r' && at + 1 < end && at[1] == '\n')
			at++;
		words = at + control_length(at, end, high);
		at = find_control(words, end, high, "\t\n");
	}
	return cstring_to_text_with_len(lines.data, lines.len);
}

PG_FUNCTION_INFO_V1(one_line);
Datum
one_line(PG_FUNCTION_ARGS)
{
	text	   *words = PG_GETARG_TEXT_PP(0);

	PG_RETURN_TEXT_P(text_as_one_line(VARDATA_ANY(words), VARSIZE_ANY_EXHDR(words)));
}

PG_FUNCTION_INFO_V1(plain_lines);
Datum
plain_lines(PG_FUNCTION_ARGS)
{
	text	   *words = PG_GETARG_TEXT_PP(0);

	PG_RETURN_TEXT_P(text_as_plain_lines(VARDATA_ANY(words), VARSIZE_ANY_EXHDR(words)));
}

/* Letters and digits of ASCII, and what else `others` has. */
static const char *
skip_word(const char *at, const char *end, const char *others)
{
	while (at < end && ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
						(*at >= '0' && *at <= '9') || (*at != '\0' && strchr(others, *at))))
		at++;
	return at;
}

/* The longest address that mail goes to (RFC 5321 has 256 with angle brackets). */
#define LONGEST_ADDRESS	254

/*
 * Whether a text is an e-mail address of the plain kind that nearly all are:
 * of which nothing more need be asked.
 */
PG_FUNCTION_INFO_V1(is_plain_email);
Datum
is_plain_email(PG_FUNCTION_ARGS)
{
	text	   *address = PG_GETARG_TEXT_PP(0);
	const char *start = VARDATA_ANY(address);
	const char *end = start + VARSIZE_ANY_EXHDR(address);
	const char *at = skip_word(start, end, "._+-");

	PG_RETURN_BOOL(end - start <= LONGEST_ADDRESS &&
				   at > start && *start != '-' &&
				   end - at > 1 && *at == '@' &&
				   skip_word(at + 1, end, ".-") == end);
}
