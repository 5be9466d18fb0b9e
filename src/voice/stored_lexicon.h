/*-------------------------------------------------------------------------
 *
 * stored_lexicon.h
 *	  Lexicons as arguments: checked, and compiled once a session.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_STORED_LEXICON_H
#define LOYALCS_STORED_LEXICON_H

#include "voice/compiled.h"

extern void digest_text(const char *text, size_t length, uint8 *digest);
extern Lexicon *stored_lexicon(Datum value);
extern const CompiledLexicon *compiled_lexicon(Datum value);

#endif							/* LOYALCS_STORED_LEXICON_H */
