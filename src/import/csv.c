/*-------------------------------------------------------------------------
 *
 * csv.c
 *	  Records of a file of comma-separated values
 *
 * As RFC 4180 has them: fields with commas, line breaks or quotation marks in
 * them stand in quotation marks, which are doubled within.  Lines end with CRLF,
 * LF or CR.  All of it is pure: nothing is copied, a field is a part of the file.
 *
 * It is read before its encoding is known, which is no matter: UTF-8 and Shift-JIS
 * use the bytes that mean something here for nothing else (the second byte of a
 * character of Shift-JIS is 0x40 or more, and 0x22, 0x2C, 0x3B, 0x09, 0x0A and 0x0D
 * are less).
 *
 *-------------------------------------------------------------------------
 */
#include "import/csv.h"

#include <string.h>

static bool
ends_line(const char *text, const char *end)
{
	return text == end || *text == '\n' || *text == '\r';
}

/* Behind the end of a line, if there is one here. */
static const char *
skip_line_end(const char *text, const char *end)
{
	if (text < end && *text == '\r')
		text++;
	if (text < end && *text == '\n')
		text++;
	return text;
}

static const char *
skip_line(const char *text, const char *end)
{
	while (!ends_line(text, end))
		text++;
	return skip_line_end(text, end);
}

/* Where a quoted field ends, that mark not included; NULL if it does not. */
static const char *
read_quoted(Field *field, const char *text, const char *end, int *lines)
{
	field->text = text;
	field->has_doubled = false;
	for (; text < end; text++)
	{
		if (*text == '"')
		{
			if (text + 1 == end || text[1] != '"')
			{
				field->length = (size_t) (text - field->text);
				return text;
			}
			field->has_doubled = true;
			text++;
		}
		else if (*text == '\n' || (*text == '\r' && (text + 1 == end || text[1] != '\n')))
			(*lines)++;
	}
	return NULL;
}

static const char *
read_plain(Field *field, const char *text, const char *end, char separator)
{
	field->text = text;
	field->has_doubled = false;
	while (!ends_line(text, end) && *text != separator)
		text++;
	field->length = (size_t) (text - field->text);
	return text;
}

static const char *
refuse(Record *record, RecordState state, const char *begin, const char *end)
{
	record->state = state;
	record->lines = 1;
	record->count = 0;
	return skip_line(begin, end);
}

const char *
read_record(Record *record, const char *text, const char *end, char separator)
{
	const char *begin = text;
	const char *limit = (size_t) (end - begin) > MAX_RECORD ? begin + MAX_RECORD : end;

	record->state = RECORD;
	record->lines = 1;
	record->count = 0;
	if (ends_line(text, end))
	{
		record->state = RECORD_EMPTY;
		return skip_line_end(text, end);
	}
	for (;;)
	{
		Field	   *field = &record->fields[record->count];

		if (record->count == MAX_FIELDS)
			return refuse(record, RECORD_TOO_WIDE, begin, end);
		if (text < limit && *text == '"')
		{
			text = read_quoted(field, text + 1, limit, &record->lines);
			if (text == NULL)
				return refuse(record, RECORD_UNCLOSED, begin, end);
			text++;
			if (!ends_line(text, end) && *text != separator)
				return refuse(record, RECORD_AFTER_QUOTE, begin, end);
		}
		else
			text = read_plain(field, text, end, separator);
		record->count++;
		if (ends_line(text, end))
			return skip_line_end(text, end);
		text++;
	}
}

char
find_separator(const char *text, const char *end)
{
	static const char separators[] = {',', ';', '\t'};
	char		best = ',';
	int			most = 0;

	for (size_t i = 0; i < sizeof(separators); i++)
	{
		static Record record;

		read_record(&record, text, end, separators[i]);
		if (record.state == RECORD && record.count > most)
		{
			most = record.count;
			best = separators[i];
		}
	}
	return best;
}

size_t
field_text(char *text, const Field *field)
{
	size_t		length = 0;

	if (!field->has_doubled)
	{
		memcpy(text, field->text, field->length);
		return field->length;
	}
	for (size_t i = 0; i < field->length; i++)
	{
		text[length++] = field->text[i];
		if (field->text[i] == '"')
			i++;
	}
	return length;
}
