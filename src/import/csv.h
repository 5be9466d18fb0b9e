/*-------------------------------------------------------------------------
 *
 * csv.h
 *	  Records of a file of comma-separated values
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_IMPORT_CSV_H
#define LOYALCS_IMPORT_CSV_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A record longer than this is none: a quotation mark is missing somewhere, and
 * all of the rest of the file would be its last field.  No cell of a spreadsheet
 * has more than 32,767 characters.
 */
#define MAX_RECORD			((size_t) 1024 * 1024)

/* PostgreSQL's tables have at most 1,600 columns; no export comes near. */
#define MAX_FIELDS			1600

/* A field, as it stands in the file, without the quotation marks around it. */
typedef struct Field
{
	const char *text;
	size_t		length;
	bool		has_doubled;	/* quotation marks that stand for one */
} Field;

typedef enum RecordState
{
	RECORD,
	RECORD_EMPTY,				/* a line with nothing on it */
	RECORD_UNCLOSED,			/* a quotation mark has no other */
	RECORD_AFTER_QUOTE,			/* a field goes on behind its closing mark */
	RECORD_TOO_WIDE
} RecordState;

typedef struct Record
{
	RecordState state;
	int			lines;			/* of the file that it takes */
	int			count;
	Field		fields[MAX_FIELDS];
} Record;

/*
 * Reads the record that begins at text, which ends before end, and gives where
 * the next one begins.  Of a record that is none only the first line is taken, so
 * that those behind it are read.
 */
extern const char *read_record(Record *record, const char *text, const char *end, char separator);

/* The separator of a file, by its first line: a comma, a semicolon or a tab. */
extern char find_separator(const char *text, const char *end);

/* Writes the field with each doubled mark as one; it takes no more room. */
extern size_t field_text(char *text, const Field *field);

#endif							/* LOYALCS_IMPORT_CSV_H */
