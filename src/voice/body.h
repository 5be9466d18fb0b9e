/*-------------------------------------------------------------------------
 *
 * body.h
 *	  A text of a customer as it is read, and what a lexicon finds in it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_BODY_H
#define LOYALCS_BODY_H

#include "voice/compiled.h"

typedef struct Body
{
	const CompiledLexicon *lexicon;
	NormalText	text;
	Hit		   *hits;
	int			nhits;
} Body;

extern void normalize_body(text * body, NormalText *normal);
extern void read_body(text * body, const CompiledLexicon *lexicon, Body *read);

#endif							/* LOYALCS_BODY_H */
