/*-------------------------------------------------------------------------
 *
 * text.c
 *	  The encodings that exports are written in
 *
 * The C library knows them.
 *
 *-------------------------------------------------------------------------
 */
#include "import/text.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/report.h"

const char *const encoding_names[] = {"UTF-8", "CP932"};

bool
find_encoding(Encoding *encoding, const char *name)
{
	static const struct
	{
		const char *name;
		Encoding	encoding;
	}			names[] =
	{
		{"UTF-8", ENCODING_UTF8},
		{"UTF8", ENCODING_UTF8},
		{"CP932", ENCODING_CP932},
		{"Windows-31J", ENCODING_CP932},
		{"Shift_JIS", ENCODING_CP932},
		{"Shift-JIS", ENCODING_CP932},
		{"SJIS", ENCODING_CP932}
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (strcasecmp(name, names[i].name) == 0)
		{
			*encoding = names[i].encoding;
			return true;
		}
	}
	return false;
}

size_t
byte_order_mark(const char *text, size_t length)
{
	return length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/* A converter from an encoding, made when it is first needed. */
static iconv_t
converter(Encoding encoding)
{
	static iconv_t made[2];
	static bool is_made[2];

	if (!is_made[encoding])
	{
		made[encoding] = iconv_open("UTF-8", encoding_names[encoding]);
		if (made[encoding] == (iconv_t) -1)
		{
			say("this system cannot read text in %s", encoding_names[encoding]);
			say("HINT: Write the file as UTF-8 and call it again.");
			exit(1);
		}
		is_made[encoding] = true;
	}
	return made[encoding];
}

long
to_utf8(char *utf8, const char *text, size_t length, Encoding encoding)
{
	char	   *in = (char *) text;
	char	   *out = utf8;
	size_t		left = length;
	size_t		room = length * MAX_GROWTH;

	if (memchr(text, '\0', length) != NULL)
		return -1;
	iconv(converter(encoding), NULL, NULL, NULL, NULL);
	if (iconv(converter(encoding), &in, &left, &out, &room) == (size_t) -1)
		return -1;
	return out - utf8;
}

static bool
is_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char) text[i] > 127)
			return false;
	return true;
}

static bool
is_utf8(const char *text, size_t length)
{
	static char scratch[65536];
	char	   *in = (char *) text;

	iconv(converter(ENCODING_UTF8), NULL, NULL, NULL, NULL);
	while (length > 0)
	{
		char	   *out = scratch;
		size_t		room = sizeof(scratch);

		if (iconv(converter(ENCODING_UTF8), &in, &length, &out, &room) == (size_t) -1 && errno != E2BIG)
			return false;
	}
	return true;
}

Encoding
guess_encoding(const char *text, size_t length)
{
	const char *end = text + length;
	long		utf8 = 0;
	long		other = 0;

	while (text < end)
	{
		const char *newline = memchr(text, '\n', (size_t) (end - text));
		size_t		line = (size_t) ((newline ? newline : end) - text);

		if (!is_ascii(text, line))
		{
			if (is_utf8(text, line))
				utf8++;
			else
				other++;
		}
		text += line + (newline != NULL);
	}
	return other > utf8 ? ENCODING_CP932 : ENCODING_UTF8;
}
