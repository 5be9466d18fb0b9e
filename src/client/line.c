/*-------------------------------------------------------------------------
 *
 * line.c
 *	  Text of others, made fit for one line of a terminal, a log or JSON
 *
 * Names, addresses and what a command prints are written by anybody.  A line
 * break in them would begin a line that we have not written, and an escape
 * sequence would be obeyed by the terminal of whoever looks at it.  So control
 * characters do not leave this program: those of ASCII, those of U+0080 to
 * U+009F (one of which is an escape in a byte), and Unicode's own line and
 * paragraph separators.
 *
 *-------------------------------------------------------------------------
 */
#include "client/line.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Length of the UTF-8 character at s, which has this many bytes left; 0 if it is none. */
static size_t
character_length(const unsigned char *s, size_t left)
{
	size_t		length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	if (length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if (length > 2)
	{
		/* overlong, a surrogate, or beyond Unicode */
		if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
			(s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
			return 0;
	}
	return length;
}

/* The code point of a control character of this length, 0 of any other. */
static int
control_character(const unsigned char *s, size_t length)
{
	if (length == 1 && (s[0] < ' ' || s[0] == 0x7f))
		return s[0];
	if (length == 2 && s[0] == 0xc2 && s[1] < 0xa0)
		return s[1];
	if (length == 3 && s[0] == 0xe2 && s[1] == 0x80 && (s[2] == 0xa8 || s[2] == 0xa9))
		return 0x2000 + s[2] - 0x80;
	return 0;
}

/*
 * Control characters that follow one another, and blanks among them, are one
 * blank, and none at either end.  A byte that is no UTF-8 is a question mark.
 */
size_t
one_line(char *line, const char *text, size_t length)
{
	const unsigned char *s = (const unsigned char *) text;
	size_t		left = length;
	size_t		written = 0;
	bool		broken = true;	/* a blank is wanted, unless there is one */

	while (left > 0)
	{
		size_t		n = character_length(s, left);

		if ((n == 1 && *s == '\0') || control_character(s, n) != 0)
			broken = true;
		else if (!(broken && *s == ' '))
		{
			if (broken && written > 0 && line[written - 1] != ' ')
				line[written++] = ' ';
			broken = false;
			memcpy(line + written, n > 0 ? (const char *) s : "?", n > 0 ? n : 1);
			written += n > 0 ? n : 1;
		}
		s += n > 0 ? n : 1;
		left -= n > 0 ? n : 1;
	}
	while (written > 0 && line[written - 1] == ' ')
		written--;
	return written;
}

size_t
whole_characters(const char *text, size_t length)
{
	for (size_t back = 1; back <= 3 && back <= length; back++)
	{
		unsigned char c = (unsigned char) text[length - back];

		if (c < 0x80)
			break;
		if (c >= 0xc0)
			return (c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4) > back ? length - back : length;
	}
	return length;
}

/*
 * In JSON these characters stand within strings only, but for the newline that
 * ends the line.
 */
char *
json_line(const char *line)
{
	const unsigned char *s = (const unsigned char *) line;
	size_t		left = strlen(line);
	char	   *escaped = malloc(left * 6 + 1);
	char	   *to = escaped;

	if (escaped == NULL)
		return NULL;
	while (left > 0)
	{
		size_t		n = character_length(s, left);
		int			control = *s == '\n' ? 0 : control_character(s, n);

		if (control != 0)
			to += sprintf(to, "\\u%04x", control);
		else
		{
			memcpy(to, s, n > 0 ? n : 1);
			to += n > 0 ? n : 1;
		}
		s += n > 0 ? n : 1;
		left -= n > 0 ? n : 1;
	}
	*to = '\0';
	return escaped;
}
