/*-------------------------------------------------------------------------
 *
 * load.c
 *	  Brings files into a shop
 *
 * What a row means the shop knows: begin_import() looks at the header, the rows
 * go into a temporary table as they stand in the file, as text, and
 * finish_import() makes customers, orders and so on of them.  All of it is one
 * transaction a file, so whatever happens on the way, the shop has all of a file or
 * nothing of it; a rehearsal is rolled back in the end.
 *
 * Rows are sent in the binary form of COPY, in which nothing has to be escaped.
 *
 *-------------------------------------------------------------------------
 */
#include "import/load.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "client/line.h"
#include "client/report.h"
#include "import/csv.h"
#include "import/file.h"

/* Of what was not taken so many rows are told of; all stand in import_rejects. */
#define SHOWN_REJECTS		"10"

/* What is sent at once. */
#define BUFFER_SIZE			((size_t) 65536)

/*
 * What the server keeps of the rows in memory: about as much as a file of some
 * hundred thousand lines takes, which would else be written out and read again
 * for each thing that is made of it.  It takes no more of it than there is to keep.
 */
#define TEMP_BUFFERS		"128MB"

/* In the place of a length: there is no value. */
#define NO_VALUE			UINT32_MAX

/* OID of text, as every server has it */
#define TEXT_OID			25

#define SIGNATURE			"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"
#define SIGNATURE_LENGTH	19

static const Options *options;
static PGconn *conn = NULL;
static char *schema;			/* the shop's name, quoted */

/* Bytes that grow. */
typedef struct Buffer
{
	char	   *data;
	size_t		length;
	size_t		size;
} Buffer;

static void
reserve(Buffer *buffer, size_t more)
{
	if (buffer->length + more <= buffer->size)
		return;
	buffer->size = 2 * (buffer->length + more);
	buffer->data = checked_memory(realloc(buffer->data, buffer->size));
}

static void
put(Buffer *buffer, const void *data, size_t length)
{
	reserve(buffer, length);
	memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
}

static void
put_number(Buffer *buffer, uint32_t number)
{
	number = htonl(number);
	put(buffer, &number, sizeof(number));
}

static void
put_short(Buffer *buffer, uint16_t number)
{
	number = htons(number);
	put(buffer, &number, sizeof(number));
}

/* Writes a number over one that was put before its value was known. */
static void
set_number(Buffer *buffer, size_t at, uint32_t number)
{
	number = htonl(number);
	memcpy(buffer->data + at, &number, sizeof(number));
}

/* What libpq says, of which the first line says it; the others tell of the statement. */
static void
say_first_line(const char *message)
{
	say("%.*s", (int) strcspn(message, "\n"), message);
}

static void
say_error(const PGresult *result)
{
	static const struct
	{
		int			field;
		const char *label;
	}			parts[] =
	{
		{PG_DIAG_MESSAGE_DETAIL, "DETAIL"}, {PG_DIAG_MESSAGE_HINT, "HINT"}
	};
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (message == NULL)
		say_first_line(PQerrorMessage(conn));
	else
		say("%s", message);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (PQresultErrorField(result, parts[i].field))
			say("%s: %s", parts[i].label, PQresultErrorField(result, parts[i].field));
}

/* The result of a statement, or NULL, and it has said why. */
static PGresult *
run(const char *sql, int count, const char *const *values)
{
	PGresult   *result = PQexecParams(conn, sql, count, NULL, values, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_COPY_IN)
		return result;
	say_error(result);
	PQclear(result);
	return NULL;
}

static bool
did(const char *sql, int count, const char *const *values)
{
	PGresult   *result = run(sql, count, values);

	PQclear(result);
	return result != NULL;
}

static void
ignore_notice(void *arg, const PGresult *result)
{
	(void) arg;
	(void) result;
}

static bool
reach_server(void)
{
	const char *const names[] = {"dbname", "fallback_application_name", "client_encoding", NULL};
	const char *const values[] = {options->conninfo, "loyalcs-import", "UTF8", NULL};

	conn = PQconnectdbParams(names, values, 1);
	if (PQstatus(conn) != CONNECTION_OK)
	{
		say("%s", PQerrorMessage(conn));
		return false;
	}
	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	schema = checked_memory(PQescapeIdentifier(conn, options->shop, strlen(options->shop)));

	/*
	 * (A pooler's session that has had temporary tables refuses, and does
	 * without.)
	 */
	PQclear(PQexec(conn, "SET temp_buffers = '" TEMP_BUFFERS "'"));
	return true;
}

/* A statement in which %s is the shop. */
static char *
about_shop(const char *sql)
{
	static char statement[2000];

	snprintf(statement, sizeof(statement), sql, schema);
	return statement;
}

/* The header as an array that SQL reads, to be freed. */
static char *
header_array(const Record *header, Encoding encoding, bool *is_text)
{
	Buffer		array = {0};

	*is_text = true;
	put(&array, "{", 1);
	for (int i = 0; i < header->count; i++)
	{
		const Field *field = &header->fields[i];
		char	   *plain = checked_memory(malloc(field->length + 1));
		char	   *utf8 = checked_memory(malloc(field->length * MAX_GROWTH + 1));
		long		length = to_utf8(utf8, plain, field_text(plain, field), encoding);

		*is_text &= length >= 0;
		put(&array, i == 0 ? "\"" : ",\"", i == 0 ? 1 : 2);
		for (long j = 0; j < length; j++)
		{
			if (utf8[j] == '"' || utf8[j] == '\\')
				put(&array, "\\", 1);
			put(&array, utf8 + j, 1);
		}
		put(&array, "\"", 1);
		free(plain);
		free(utf8);
	}
	put(&array, "}", 2);
	return array.data;
}

/* A field of a row; false if it is not in the file's encoding. */
static bool
put_field(Buffer *row, const Field *field, Encoding encoding)
{
	static Buffer plain;
	size_t		at = row->length;
	long		length;

	put_number(row, NO_VALUE);
	if (field->length == 0)
		return true;			/* what is empty is not there */
	plain.length = 0;
	reserve(&plain, field->length);
	reserve(row, field->length * MAX_GROWTH);
	length = to_utf8(row->data + row->length, plain.data, field_text(plain.data, field), encoding);
	if (length < 0)
		return false;
	row->length += (size_t) length;
	set_number(row, at, (uint32_t) length);
	return true;
}

/* The fields of a row, an array of text; false if one is not in the file's encoding. */
static bool
put_fields(Buffer *row, const Record *record, Encoding encoding)
{
	size_t		at = row->length;

	put_number(row, 0);			/* how long it is */
	put_number(row, 1);			/* dimensions */
	put_number(row, 1);			/* has NULLs */
	put_number(row, TEXT_OID);
	put_number(row, (uint32_t) record->count);
	put_number(row, 1);			/* lower bound */
	for (int i = 0; i < record->count; i++)
		if (!put_field(row, &record->fields[i], encoding))
			return false;
	set_number(row, at, (uint32_t) (row->length - at - sizeof(uint32_t)));
	return true;
}

static void
put_text(Buffer *row, const char *text)
{
	if (text == NULL)
		put_number(row, NO_VALUE);
	else
	{
		put_number(row, (uint32_t) strlen(text));
		put(row, text, strlen(text));
	}
}

/* What is wrong with a row as such; words for whoever made the file. */
static const char *
problem_of(const Record *record, int columns)
{
	static char problem[100];

	switch (record->state)
	{
		case RECORD_UNCLOSED:
			return "a quotation mark that begins a field has none that ends it";
		case RECORD_AFTER_QUOTE:
			return "a field goes on behind the quotation mark that ends it";
		case RECORD_TOO_WIDE:
			return "it has too many fields";
		default:
			break;
	}
	if (record->count == columns)
		return NULL;
	snprintf(problem, sizeof(problem), "it has %d field%s, and the header %d",
			 record->count, record->count == 1 ? "" : "s", columns);
	return problem;
}

/* A row of import_lines: line, fields, problem. */
static void
put_row(Buffer *rows, long line, const Record *record, int columns, Encoding encoding)
{
	const char *problem = problem_of(record, columns);
	size_t		at;

	put_short(rows, 3);
	put_number(rows, 8);
	put_number(rows, (uint32_t) ((uint64_t) line >> 32));
	put_number(rows, (uint32_t) line);
	at = rows->length;
	if (problem == NULL && !put_fields(rows, record, encoding))
	{
		rows->length = at;
		problem = encoding == ENCODING_UTF8 ? "it is not in UTF-8, as the file is" : "it is not in CP932, as the file is";
	}
	if (problem != NULL)
		put_number(rows, NO_VALUE);
	put_text(rows, problem);
}

/* How far it is, on a terminal, a few times a second. */
static void
show_progress(const File *file, const char *at, long line, bool is_done)
{
	static struct timespec shown;
	struct timespec now;

	if (options->quiet || !isatty(STDERR_FILENO))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!is_done && (now.tv_sec - shown.tv_sec) * 1000 + (now.tv_nsec - shown.tv_nsec) / 1000000 < 200)
		return;
	shown = now;
	fprintf(stderr, "\r%s: %3d %% read, %ld lines%s", file->name, (int) (100.0 * (double) (at - file->text) / (double) file->length),
			line - 1, is_done ? ", now taking them in …" : "");
	fflush(stderr);
}

static void
end_progress(void)
{
	if (!options->quiet && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static bool
send_rows(Buffer *rows)
{
	bool		sent = PQputCopyData(conn, rows->data, (int) rows->length) == 1;

	rows->length = 0;
	if (!sent)
		say("%s", PQerrorMessage(conn));
	return sent;
}

/* All that stands behind the header; gives the number of lines, or -1. */
static long
send_records(const File *file, const char *text, char separator, Encoding encoding, int columns, long line)
{
	static Record record;
	static Buffer rows;
	const char *end = file->text + file->length;
	PGresult   *result = run("COPY pg_temp.import_lines (line, fields, problem) FROM STDIN (FORMAT binary)", 0, NULL);

	if (result == NULL)
		return -1;
	PQclear(result);
	rows.length = 0;
	put(&rows, SIGNATURE, SIGNATURE_LENGTH);
	while (text < end)
	{
		text = read_record(&record, text, end, separator);
		if (record.state != RECORD_EMPTY)
			put_row(&rows, line, &record, columns, encoding);
		line += record.lines;
		if (rows.length >= BUFFER_SIZE && !send_rows(&rows))
			return -1;
		show_progress(file, text, line, false);
	}
	put_short(&rows, UINT16_MAX);
	if (!send_rows(&rows) || PQputCopyEnd(conn, NULL) != 1)
		return -1;
	show_progress(file, text, line, true);
	while ((result = PQgetResult(conn)) != NULL)
	{
		if (PQresultStatus(result) != PGRES_COMMAND_OK)
		{
			say_error(result);
			line = -1;
		}
		PQclear(result);
	}
	return line;
}

static void
show_counts(const PGresult *counts)
{
	for (int i = 0; i < PQntuples(counts); i++)
	{
		const char *separator = "";

		printf("  %-12s ", PQgetvalue(counts, i, 0));
		for (int j = 1; j < PQnfields(counts); j++)
		{
			if (strcmp(PQgetvalue(counts, i, j), "0") == 0)
				continue;
			printf("%s%s %s", separator, PQgetvalue(counts, i, j), PQfname(counts, j));
			separator = ", ";
		}
		putchar('\n');
	}
}

/* Whether there are any. */
static bool
show_rejects(const char *import_id)
{
	PGresult   *rejects = run(about_shop("SELECT r.line, r.column_name, r.value, r.problem, count(*) OVER () FROM %s.import_rejects r"
										 " WHERE r.import_id = $1 ORDER BY r.line, r.column_name LIMIT " SHOWN_REJECTS), 1, &import_id);
	int			shown;

	if (rejects == NULL)
		return false;
	shown = PQntuples(rejects);
	if (shown > 0)
		printf("  not taken, %s:\n", PQgetvalue(rejects, 0, 4));
	for (int i = 0; i < shown; i++)
	{
		char	   *value = PQgetvalue(rejects, i, 2);
		char		line[200];
		size_t		length = whole_characters(value, strlen(value) < 60 ? strlen(value) : 60);

		printf("    line %s", PQgetvalue(rejects, i, 0));
		if (!PQgetisnull(rejects, i, 1))
			printf(", %s", PQgetvalue(rejects, i, 1));
		if (!PQgetisnull(rejects, i, 2))
			printf(": \"%.*s%s\"", (int) one_line(line, value, length), line, value[length] ? "…" : "");
		printf(": %s\n", PQgetvalue(rejects, i, 3));
	}
	if (shown > 0 && strtol(PQgetvalue(rejects, 0, 4), NULL, 10) > shown)
		printf("    and more, which stand in %s.import_rejects\n", options->shop);
	PQclear(rejects);
	return shown > 0;
}

/* Within a transaction: everything of a file. Gives one of EXIT_... */
static int
take_file(const File *file)
{
	static Record header;
	const char *end = file->text + file->length;
	size_t		mark = byte_order_mark(file->text, file->length);
	Encoding	encoding = options->knows_encoding ? options->encoding :
	mark > 0 ? ENCODING_UTF8 : guess_encoding(file->text, file->length);
	const char *text = file->text + mark;
	char		separator = find_separator(text, end);
	bool		is_text;
	char	   *names;
	char	   *import_id;
	const char *begin_values[5];
	const char *finish_values[2];
	long		line = 1;
	PGresult   *result;
	int			code;

	do
	{
		text = read_record(&header, text, end, separator);
		line += header.lines;
	} while (header.state == RECORD_EMPTY && text < end);
	names = header_array(&header, encoding, &is_text);
	if (header.state != RECORD || !is_text)
	{
		say("%s has no header that can be read", file->name);
		say("HINT: The first line names the columns. A spreadsheet saves a sheet as CSV, UTF-8.");
		free(names);
		return EXIT_TROUBLE;
	}
	begin_values[0] = options->format;
	begin_values[1] = file->name;
	begin_values[2] = names;
	begin_values[3] = options->system;
	begin_values[4] = options->zone;
	result = run(about_shop("SELECT %s.begin_import($1, $2, $3, $4, $5)"), 5, begin_values);
	free(names);
	if (result == NULL)
		return EXIT_TROUBLE;
	import_id = checked_memory(strdup(PQgetvalue(result, 0, 0)));
	PQclear(result);
	line = send_records(file, text, separator, encoding, header.count, line);
	if (line < 0)
		return EXIT_TROUBLE;
	finish_values[0] = import_id;
	finish_values[1] = options->earn_points ? "true" : "false";
	result = run(about_shop("SELECT * FROM %s.finish_import($1, $2)"), 2, finish_values);
	end_progress();
	if (result == NULL)
		return EXIT_TROUBLE;
	printf("%s (%s, %s): %ld line%s\n", file->name, options->format, encoding_names[encoding], line - 1, line == 2 ? "" : "s");
	show_counts(result);
	PQclear(result);
	code = show_rejects(import_id) ? EXIT_REJECTS : EXIT_DONE;
	free(import_id);
	return code;
}

static int
import_file(const char *path)
{
	File		file;
	int			code;

	if (!open_file(&file, path))
		return EXIT_TROUBLE;
	if (!did("BEGIN", 0, NULL))
		code = EXIT_TROUBLE;
	else
	{
		code = take_file(&file);
		if (code == EXIT_TROUBLE || options->dry_run)
		{
			if (PQstatus(conn) == CONNECTION_OK)
				did("ROLLBACK", 0, NULL);
			if (options->dry_run && code != EXIT_TROUBLE)
				puts("  nothing of it was kept (--dry-run)");
		}
		else if (!did("COMMIT", 0, NULL))
			code = EXIT_TROUBLE;
	}
	close_file(&file);
	return code == EXIT_TROUBLE && PQstatus(conn) != CONNECTION_OK ? EXIT_UNREACHABLE : code;
}

/* What follows from what came in. */
static int
refresh(void)
{
	if (did(about_shop("SELECT %s.refresh_after_import()"), 0, NULL))
		return EXIT_DONE;
	say("HINT: What came in is there. Tiers and RFM follow with the next nightly jobs.");
	return PQstatus(conn) == CONNECTION_OK ? EXIT_TROUBLE : EXIT_UNREACHABLE;
}

int
import_files(const Options *given)
{
	int			code = EXIT_DONE;
	bool		took_any = false;

	options = given;
	if (!reach_server())
		return EXIT_UNREACHABLE;
	for (int i = 0; i < options->nfiles; i++)
	{
		int			now = import_file(options->files[i]);

		if (now != EXIT_DONE)
			code = now;
		if (now == EXIT_TROUBLE || now == EXIT_UNREACHABLE)
			break;
		took_any = !options->dry_run;
	}
	if (took_any && code != EXIT_UNREACHABLE)
	{
		int			now = refresh();

		if (now != EXIT_DONE)
			code = now;
	}
	PQfreemem(schema);
	PQfinish(conn);
	return code;
}
