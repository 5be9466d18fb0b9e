/*-------------------------------------------------------------------------
 *
 * shown.h
 *	  What an error shows of a value that somebody gave.
 *
 * Such a value may be as long as memory, and an error goes to a client, to a
 * log, and into whatever reads that.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_SHOWN_H
#define LOYALCS_SHOWN_H

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/compat.h"

/* Enough to recognize it by. */
#define SHOWN_BYTES		200

/* The text itself, or its beginning and dots. */
static inline const char *
shown(const char *text)
{
	int			length = strlen(text);
	int			kept = pg_mbcliplen(text, length, SHOWN_BYTES);

	return kept == length ? text : psprintf("%.*s...", kept, text);
}

static inline const char *
shown_text(const text * value)
{
	int			length = VARSIZE_ANY_EXHDR(value);
	int			kept = pg_mbcliplen(VARDATA_ANY(value), length, SHOWN_BYTES);

	return psprintf("%.*s%s", kept, VARDATA_ANY(value), kept == length ? "" : "...");
}

#endif							/* LOYALCS_SHOWN_H */
