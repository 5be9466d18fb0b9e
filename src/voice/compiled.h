/*-------------------------------------------------------------------------
 *
 * compiled.h
 *	  A lexicon as it is matched, and what it finds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_COMPILED_H
#define LOYALCS_COMPILED_H

#include "fmgr.h"

#include "voice/lexicon.h"
#include "voice/matcher.h"
#include "voice/normal.h"

/* A theme that a word speaks of, and the word as it is written there. */
typedef struct Mention
{
	int32		theme;
	int32		word;			/* in parts.words */
} Mention;

typedef struct CompiledLexicon
{
	LexiconParts parts;
	Matcher    *matcher;
	int		   *first_mention;	/* of each word of the matcher, and an end */
	Mention    *mentions;
} CompiledLexicon;

/* What keeps a text from being a lexicon, found when it is compiled. */
typedef struct LexiconFault
{
	const LexiconName *word;
	const char *detail;			/* a sentence */
} LexiconFault;

/* A word that was found, between two letters of a normalised text. */
typedef struct Hit
{
	int			begin;
	int			end;
	int			word;			/* of the matcher */
} Hit;

extern CompiledLexicon *compile_lexicon(const LexiconParts *parts, LexiconFault *fault);
extern size_t compiled_bytes(const CompiledLexicon *lexicon);
extern Hit *find_hits(const CompiledLexicon *lexicon, const NormalText *text, int *nhits);

#endif							/* LOYALCS_COMPILED_H */
