/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  Reads the small JSON objects that are the text of our types.
 *
 * See scan.h for the one idea.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/scan.h"

/* JSON's four, not isspace(): the text of a type knows no locale. */
void
scan_blanks(Scanner *scanner)
{
	while (*scanner->at == ' ' || *scanner->at == '\t' ||
		   *scanner->at == '\n' || *scanner->at == '\r')
		scanner->at++;
}

void
scan_start(Scanner *scanner, const char *text)
{
	scanner->start = scanner->at = text;
	scanner->expected = NULL;
}

/* The first failure is the one worth telling. */
bool
scan_fail(Scanner *scanner, const char *expected)
{
	if (scanner->expected == NULL)
		scanner->expected = expected;
	return false;
}

bool
scan_char(Scanner *scanner, char wanted, const char *expected)
{
	if (scanner->expected != NULL)
		return false;
	scan_blanks(scanner);
	if (*scanner->at != wanted)
		return scan_fail(scanner, expected);
	scanner->at++;
	return true;
}

/*
 * Steps to the next member of the object: false at its closing brace or after
 * a failure.  *first starts as true.
 */
bool
scan_member(Scanner *scanner, bool *first)
{
	if (scanner->expected != NULL)
		return false;
	scan_blanks(scanner);
	if (*first && !scan_char(scanner, '{', "\"{\""))
		return false;
	scan_blanks(scanner);
	if (*scanner->at == '}')
	{
		scanner->at++;
		return false;
	}
	if (!*first && !scan_char(scanner, ',', "\",\" or \"}\""))
		return false;
	*first = false;
	scan_blanks(scanner);
	return true;
}

/* Nothing but blanks may follow the object. */
bool
scan_end(Scanner *scanner)
{
	if (scanner->expected != NULL)
		return false;
	scan_blanks(scanner);
	if (*scanner->at != '\0')
		return scan_fail(scanner, "the end of the text");
	return true;
}

/* Exactly `width` digits, without blanks before them. */
bool
scan_digits(Scanner *scanner, int width, int *value)
{
	if (scanner->expected != NULL)
		return false;
	*value = 0;
	for (int i = 0; i < width; i++)
	{
		if (*scanner->at < '0' || *scanner->at > '9')
			return scan_fail(scanner, "a digit");
		*value = *value * 10 + (*scanner->at++ - '0');
	}
	return true;
}

/* A whole number from 0 to max, without leading zeros (JSON has none). */
bool
scan_count(Scanner *scanner, int64 max, int64 *value, const char *expected)
{
	int64		number = 0;
	const char *begin;

	if (scanner->expected != NULL)
		return false;
	scan_blanks(scanner);
	begin = scanner->at;
	for (const char *c = begin;; c++)
	{
		int			digit = *c - '0';

		if (digit < 0 || digit > 9)
		{
			if (c == begin || (*begin == '0' && c > begin + 1))
				return scan_fail(scanner, expected);
			scanner->at = c;
			*value = number;
			return true;
		}
		if (number > (max - digit) / 10)
			return scan_fail(scanner, expected);
		number = number * 10 + digit;
	}
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *
skip_digits(const char *c)
{
	while (is_digit(*c))
		c++;
	return c;
}

/*
 * A number as JSON writes it, and not so great that it would be infinite; -0 is 0.
 * (A server never sets LC_NUMERIC: strtod() reads a point.)
 */
bool
scan_number(Scanner *scanner, double *value, const char *expected)
{
	const char *c;
	double		number;

	if (scanner->expected != NULL)
		return false;
	scan_blanks(scanner);
	c = scanner->at;
	if (*c == '-')
		c++;
	if (!is_digit(*c) || (*c == '0' && is_digit(c[1])))
		return scan_fail(scanner, expected);
	c = skip_digits(c);
	if (*c == '.')
	{
		if (!is_digit(c[1]))
			return scan_fail(scanner, expected);
		c = skip_digits(c + 1);
	}
	if (*c == 'e' || *c == 'E')
	{
		c += c[1] == '+' || c[1] == '-' ? 2 : 1;
		if (!is_digit(*c))
			return scan_fail(scanner, expected);
		c = skip_digits(c);
	}
	number = strtod(scanner->at, NULL);
	if (!isfinite(number))
		return scan_fail(scanner, expected);
	scanner->at = c;
	*value = number + 0.0;
	return true;
}

/* Takes `"key":` when it stands here; is no failure when it does not. */
bool
scan_key(Scanner *scanner, const char *key)
{
	size_t		length = strlen(key);

	if (scanner->expected != NULL)
		return false;
	if (scanner->at[0] != '"' ||
		strncmp(scanner->at + 1, key, length) != 0 ||
		scanner->at[1 + length] != '"')
		return false;
	scanner->at += length + 2;
	return scan_char(scanner, ':', "\":\"");
}
