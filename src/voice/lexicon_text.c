/*-------------------------------------------------------------------------
 *
 * lexicon_text.c
 *	  Reads and prints the text of a lexicon.
 *
 *	  lexicon := [theme {";" theme} [";"]]
 *	  theme   := name [polarity] ":" name {"," name}
 *	  name    := what stands between separators, without the blanks around it,
 *				 or anything in double quotes, of which two stand for one
 *
 * The separators may be written in full width too, as a Japanese keyboard has
 * them.  A name that would be read as something else is printed in quotes, so
 * that what is printed reads back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "voice/lexicon_text.h"

/* Bytes of the separator that stands here, as one of ",;:"; 0 if none does. */
static int
separator(const char *at, char *which)
{
	static const struct
	{
		const char *wide;
		char		which;
	}			wides[] = {
		{"\xEF\xBC\x8C", ','},	/* FULLWIDTH COMMA */
		{"\xE3\x80\x81", ','},	/* IDEOGRAPHIC COMMA */
		{"\xEF\xBC\x9B", ';'},	/* FULLWIDTH SEMICOLON */
		{"\xEF\xBC\x9A", ':'}	/* FULLWIDTH COLON */
	};

	*which = '\0';
	if (*at == ',' || *at == ';' || *at == ':')
	{
		*which = *at;
		return 1;
	}
	for (int i = 0; i < (int) lengthof(wides); i++)
		if (strncmp(at, wides[i].wide, 3) == 0)
		{
			*which = wides[i].which;
			return 3;
		}
	return 0;
}

/* Bytes of the blank that stands here: ASCII's, or a full-width one. */
static int
blank(const char *at)
{
	if (*at == ' ' || (*at >= '\t' && *at <= '\r'))
		return 1;
	return strncmp(at, "\xE3\x80\x80", 3) == 0 ? 3 : 0;
}

static void
skip_blanks(Scanner *scanner)
{
	int			bytes;

	while ((bytes = blank(scanner->at)) > 0)
		scanner->at += bytes;
}

static bool
take_separator(Scanner *scanner, char wanted)
{
	char		which;
	int			bytes;

	skip_blanks(scanner);
	bytes = separator(scanner->at, &which);
	if (which != wanted)
		return false;
	scanner->at += bytes;
	return true;
}

/* Length without the blanks at the end. */
static int
trimmed_length(const char *start, int length)
{
	int			trimmed = 0;

	for (int i = 0; i < length;)
	{
		int			bytes = blank(start + i);

		if (bytes == 0)
			trimmed = i + 1;
		i += Max(bytes, 1);
	}
	return trimmed;
}

/*
 * A number as a polarity is written: a sign or none, one digit before the point
 * and up to three after it.
 */
static bool
read_polarity(const char *at, int length, int *polarity)
{
	const char *end = at + length;
	int			sign = 1;
	int			value;
	int			unit = POLARITY_ONE;

	if (at < end && (*at == '-' || *at == '+'))
		sign = *at++ == '-' ? -1 : 1;
	if (at == end || *at < '0' || *at > '9')
		return false;
	value = (*at++ - '0') * unit;
	if (at < end && *at++ != '.')
		return false;
	if (at == end && at[-1] == '.')
		return false;
	for (; at < end; at++)
	{
		unit /= 10;
		if (*at < '0' || *at > '9' || unit == 0)
			return false;
		value += (*at - '0') * unit;
	}
	*polarity = sign * value;
	return true;
}

/* Does it look like a number, a proper polarity or not? */
static bool
looks_like_number(const char *at, int length)
{
	for (int i = 0; i < length; i++)
		if (!((at[i] >= '0' && at[i] <= '9') || at[i] == '.' ||
			  (i == 0 && length > 1 && (at[i] == '-' || at[i] == '+'))))
			return false;
	return length > 0;
}

/* Where the last word of a name begins, after a blank: 0 if it is the only one. */
static int
last_word(const char *name, int length)
{
	int			start = 0;

	for (int i = 0; i < length;)
	{
		int			bytes = blank(name + i);

		i += Max(bytes, 1);
		if (bytes > 0)
			start = i;
	}
	return start;
}

static bool
scan_quoted(Scanner *scanner, LexiconParts *parts, LexiconName *name)
{
	char	   *to = parts->names + name->start;

	for (scanner->at++; *scanner->at != '"' || scanner->at[1] == '"'; scanner->at++)
	{
		if (*scanner->at == '\0')
			return scan_fail(scanner, "a closing \"");
		if (*scanner->at == '"')
			scanner->at++;
		*to++ = *scanner->at;
	}
	scanner->at++;
	name->length = to - (parts->names + name->start);
	return true;
}

static void
scan_plain(Scanner *scanner, LexiconParts *parts, LexiconName *name)
{
	const char *from = scanner->at;
	char		which;

	while (*scanner->at != '\0' && *scanner->at != '"' && separator(scanner->at, &which) == 0)
		scanner->at++;
	name->length = trimmed_length(from, scanner->at - from);
	memcpy(parts->names + name->start, from, name->length);
}

/*
 * A name: `used` says how much of parts->names is taken.  There is room: a name
 * is never longer than what it is written as.
 */
static bool
scan_name(Scanner *scanner, LexiconParts *parts, int used, LexiconName *name,
		  int limit, const char *expected, const char *shorter)
{
	skip_blanks(scanner);
	name->at = scanner->at - scanner->start;
	name->start = used;
	if (*scanner->at == '"')
	{
		if (!scan_quoted(scanner, parts, name))
			return false;
	}
	else
		scan_plain(scanner, parts, name);
	if (name->length == 0 || name->length > limit)
	{
		scanner->at = scanner->start + name->at;
		return scan_fail(scanner, name->length == 0 ? expected : shorter);
	}
	return true;
}

/* What stands at the end of a plain name, or after a quoted one. */
static bool
scan_polarity(Scanner *scanner, LexiconParts *parts, LexiconTheme *theme)
{
	const char *expected = "a polarity from -1 to 1, with at most three decimals,";
	bool		quoted = scanner->start[theme->name.at] == '"';
	const char *from;
	char		which;
	int			length;

	theme->polarity = POLARITY_NONE;
	if (quoted)
	{
		skip_blanks(scanner);
		from = scanner->at;
		while (*scanner->at != '\0' && *scanner->at != '"' && separator(scanner->at, &which) == 0)
			scanner->at++;
		length = trimmed_length(from, scanner->at - from);
		if (length == 0)
			return true;
	}
	else
	{
		const char *name = parts->names + theme->name.start;
		int			start = last_word(name, theme->name.length);

		length = theme->name.length - start;
		if (start == 0 || !looks_like_number(name + start, length))
			return true;
		from = scanner->start + theme->name.at + start;
		theme->name.length = trimmed_length(name, start);
	}
	if (!read_polarity(from, length, &theme->polarity) ||
		theme->polarity < -POLARITY_ONE || theme->polarity > POLARITY_ONE)
	{
		scanner->at = from;
		return scan_fail(scanner, expected);
	}
	return true;
}

static bool
is_new_theme(const LexiconParts *parts, const LexiconName *name)
{
	for (int i = 0; i < parts->nthemes; i++)
	{
		const LexiconName *other = &parts->themes[i].name;

		if (other->length == name->length &&
			memcmp(parts->names + other->start, parts->names + name->start, name->length) == 0)
			return false;
	}
	return true;
}

static int
end_of(const LexiconName *name)
{
	return name->start + name->length;
}

static bool
scan_theme(Scanner *scanner, LexiconParts *parts, int *used)
{
	LexiconTheme *theme = &parts->themes[parts->nthemes];

	if (!scan_name(scanner, parts, *used, &theme->name, LEXICON_MAX_NAME,
				   "the name of a theme", "a shorter name of a theme"))
		return false;
	if (!scan_polarity(scanner, parts, theme))
		return false;
	if (!take_separator(scanner, ':'))
		return scan_fail(scanner, "\":\"");
	if (!is_new_theme(parts, &theme->name))
	{
		scanner->at = scanner->start + theme->name.at;
		return scan_fail(scanner, "another theme, as this one has its words already,");
	}
	*used = end_of(&theme->name);
	theme->first_word = parts->nwords;
	do
	{
		LexiconName *word = &parts->words[parts->nwords];

		if (!scan_name(scanner, parts, *used, word, LEXICON_MAX_WORD,
					   "a word", "a shorter word"))
			return false;
		*used = end_of(word);
		parts->nwords++;
	} while (take_separator(scanner, ','));
	theme->nwords = parts->nwords - theme->first_word;
	parts->nthemes++;
	return true;
}

/* At least so many of the separators are needed for so many names. */
static void
allocate_parts(LexiconParts *parts, const char *text)
{
	int			words = 1;
	int			themes = 1;
	size_t		length = 0;

	for (const char *at = text; *at != '\0'; at++, length++)
	{
		char		which;

		if (separator(at, &which) > 0)
		{
			words++;
			themes += which == ';';
		}
	}
	parts->themes = palloc(Min(themes, LEXICON_MAX_THEMES) * sizeof(LexiconTheme));
	parts->words = palloc(words * sizeof(LexiconName));
	/* (what looks for three bytes may look behind the end) */
	parts->names = memset(palloc(length + 4), 0, length + 4);
	parts->nthemes = parts->nwords = 0;
}

/* The text is UTF-8, and no longer than LEXICON_MAX_TEXT. */
bool
parse_lexicon(Scanner *scanner, LexiconParts *parts)
{
	int			used = 0;

	allocate_parts(parts, scanner->at);
	for (;;)
	{
		skip_blanks(scanner);
		if (*scanner->at == '\0')
			return true;
		if (parts->nthemes == LEXICON_MAX_THEMES)
			return scan_fail(scanner, "the end, after a thousand themes,");
		if (!scan_theme(scanner, parts, &used))
			return false;
		if (take_separator(scanner, ';'))
			continue;
		skip_blanks(scanner);
		if (*scanner->at != '\0')
			return scan_fail(scanner, "\",\" or \";\"");
	}
}

/*
 * Printing
 */

/* Would it be read as it is? */
static bool
is_plain(const char *name, int length, bool of_theme)
{
	char		which;

	for (int i = 0; i < length; i++)
		if (name[i] == '"' || separator(name + i, &which) > 0)
			return false;
	if (blank(name) > 0 || trimmed_length(name, length) != length)
		return false;
	if (of_theme)
	{
		int			start = last_word(name, length);

		return start == 0 || !looks_like_number(name + start, length - start);
	}
	return true;
}

static char *
print_name(char *to, const LexiconParts *parts, const LexiconName *name, bool of_theme)
{
	char		copy[Max(LEXICON_MAX_NAME, LEXICON_MAX_WORD) + 3 + 1];

	/* (what looks for three bytes finds zeros after the end) */
	memcpy(copy, parts->names + name->start, name->length);
	memset(copy + name->length, 0, 4);
	if (is_plain(copy, name->length, of_theme))
	{
		memcpy(to, copy, name->length);
		return to + name->length;
	}
	*to++ = '"';
	for (int i = 0; i < name->length; i++)
	{
		if (copy[i] == '"')
			*to++ = '"';
		*to++ = copy[i];
	}
	*to++ = '"';
	return to;
}

static char *
print_polarity(char *to, int polarity)
{
	int			size = abs(polarity);
	int			fraction = size % POLARITY_ONE;

	*to++ = ' ';
	if (polarity < 0)
		*to++ = '-';
	*to++ = '0' + size / POLARITY_ONE;
	if (fraction > 0)
		*to++ = '.';
	for (; fraction > 0; fraction = fraction * 10 % POLARITY_ONE)
		*to++ = '0' + fraction * 10 / POLARITY_ONE;
	return to;
}

/* The text, with a NUL; *length is without it. */
char *
print_lexicon(const LexiconParts *parts, size_t *length)
{
	size_t		size = 1;
	char	   *text;
	char	   *to;

	/*
	 * quotes may double a name, and take two; a separator two, a polarity
	 * seven
	 */
	for (int i = 0; i < parts->nthemes; i++)
		size += 2 * parts->themes[i].name.length + 2 + 2 + 7;
	for (int i = 0; i < parts->nwords; i++)
		size += 2 * parts->words[i].length + 2 + 2;
	to = text = palloc(size);
	for (int i = 0; i < parts->nthemes; i++)
	{
		const LexiconTheme *theme = &parts->themes[i];

		if (i > 0)
			to = (char *) memcpy(to, "; ", 2) + 2;
		to = print_name(to, parts, &theme->name, true);
		if (theme->polarity != POLARITY_NONE)
			to = print_polarity(to, theme->polarity);
		*to++ = ':';
		for (int w = 0; w < theme->nwords; w++)
		{
			if (w > 0)
				*to++ = ',';
			*to++ = ' ';
			to = print_name(to, parts, &parts->words[theme->first_word + w], false);
		}
	}
	*to = '\0';
	*length = to - text;
	return text;
}
