/*-------------------------------------------------------------------------
 *
 * csv.c
 *	  Reads a file as loyalcs-import does, record by record, and holds what it
 *	  makes of it against what is true of every file.
 *
 * Every record ends behind where it begins, its fields lie within it, and written
 * with all marks they are read as the same again.  What is told of an encoding, a
 * field in it, and the room that it takes as UTF-8 hold of any bytes.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/csv.h"
#include "import/text.h"

#include "must.h"

static Record record;
static Record again;

/* The record with each field in marks, in memory of its own. */
static char *
write_marked(const Record *r, char separator, size_t *length)
{
	size_t		room = 1;
	char	   *text;
	char	   *to;

	for (int i = 0; i < r->count; i++)
		room += 2 * r->fields[i].length + 3;
	to = text = malloc(room);
	MUST(text != NULL);
	for (int i = 0; i < r->count; i++)
	{
		char	   *plain = malloc(r->fields[i].length + 1);
		size_t		n;

		MUST(plain != NULL);
		n = field_text(plain, &r->fields[i]);
		MUST(n <= r->fields[i].length);
		if (i > 0)
			*to++ = separator;
		*to++ = '"';
		for (size_t j = 0; j < n; j++)
		{
			if (plain[j] == '"')
				*to++ = '"';
			*to++ = plain[j];
		}
		*to++ = '"';
		free(plain);
	}
	*length = (size_t) (to - text);
	return text;
}

static void
check_same(const Record *a, const Record *b)
{
	MUST(b->state == RECORD && a->count == b->count);
	for (int i = 0; i < a->count; i++)
	{
		char	   *x = malloc(a->fields[i].length + 1);
		char	   *y = malloc(b->fields[i].length + 1);
		size_t		n;

		MUST(x != NULL && y != NULL);
		n = field_text(x, &a->fields[i]);
		MUST(field_text(y, &b->fields[i]) == n);
		MUST(memcmp(x, y, n) == 0);
		free(x);
		free(y);
	}
}

static void
check_encoding(const char *text, size_t length, Encoding encoding)
{
	char	   *utf8 = malloc(length * MAX_GROWTH + 1);
	long		n;

	MUST(utf8 != NULL);
	n = to_utf8(utf8, text, length, encoding);
	MUST(n <= (long) (length * MAX_GROWTH));
	if (n >= 0)
	{
		char	   *same = malloc((size_t) n * MAX_GROWTH + 1);

		MUST(same != NULL);
		MUST(to_utf8(same, utf8, (size_t) n, ENCODING_UTF8) == n);
		MUST(memcmp(same, utf8, (size_t) n) == 0);
		free(same);
	}
	free(utf8);
}

int
LLVMFuzzerTestOneInput(const uint8_t * data, size_t size)
{
	/* of its own, so that a byte too far is noticed */
	char	   *file = malloc(size + (size == 0));
	const char *text = file;
	const char *end = file + size;
	char		separator;

	MUST(file != NULL);
	memcpy(file, data, size);
	separator = find_separator(text, end);
	MUST(separator == ',' || separator == ';' || separator == '\t');
	MUST(byte_order_mark(text, size) <= size);
	guess_encoding(text, size);
	check_encoding(text, size, ENCODING_UTF8);
	check_encoding(text, size, ENCODING_CP932);
	while (text < end)
	{
		const char *next = read_record(&record, text, end, separator);

		MUST(next > text && next <= end);
		MUST(record.lines >= 1);
		MUST(record.count <= MAX_FIELDS);
		MUST(record.state == RECORD ? record.count > 0 : record.state == RECORD_EMPTY || record.count == 0);
		for (int i = 0; i < record.count; i++)
			MUST(record.fields[i].text >= text && record.fields[i].text + record.fields[i].length <= next);
		if (record.state == RECORD)
		{
			size_t		length;
			char	   *marked = write_marked(&record, separator, &length);

			MUST(read_record(&again, marked, marked + length, separator) == marked + length);
			check_same(&record, &again);
			free(marked);
		}
		text = next;
	}
	free(file);
	return 0;
}
