/*-------------------------------------------------------------------------
 *
 * body.c
 *	  A text of a customer as it is read, and what a lexicon finds in it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "base/compat.h"
#include "voice/body.h"

/* As it is matched, whatever encoding the database is in. */
void
normalize_body(text * body, NormalText *normal)
{
	int			size = VARSIZE_ANY_EXHDR(body);
	char	   *utf8 = pg_server_to_any(VARDATA_ANY(body), size, PG_UTF8);

	if (utf8 != VARDATA_ANY(body))
		size = strlen(utf8);
	if (size > NORMAL_MAX_TEXT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("text is too long to look for words in it"),
				 errdetail("It may have %d bytes, and has %d.", NORMAL_MAX_TEXT, size)));
	normalize_text(utf8, size, normal);
}

void
read_body(text * body, const CompiledLexicon *lexicon, Body *read)
{
	read->lexicon = lexicon;
	normalize_body(body, &read->text);
	read->hits = find_hits(lexicon, &read->text, &read->nhits);
}
