/*-------------------------------------------------------------------------
 *
 * lexicon_text.h
 *	  Reads and prints the text of a lexicon.
 *
 * Pure but for palloc().
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_LEXICON_TEXT_H
#define LOYALCS_LEXICON_TEXT_H

#include "base/scan.h"
#include "voice/lexicon.h"

extern bool parse_lexicon(Scanner *scanner, LexiconParts *parts);
extern char *print_lexicon(const LexiconParts *parts, size_t *length);

#endif							/* LOYALCS_LEXICON_TEXT_H */
