/*-------------------------------------------------------------------------
 *
 * matcher.h
 *	  Finds many words in a text at once.
 *
 * Pure but for palloc().
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_MATCHER_H
#define LOYALCS_MATCHER_H

typedef struct Matcher Matcher;

#define NO_WORD		(-1)

extern Matcher *make_matcher(int max_letters, int max_words);
extern int	add_word(Matcher *matcher, const uint32 *letters, int length);
extern void finish_matcher(Matcher *matcher);
extern int	word_length(const Matcher *matcher, int word);
extern size_t matcher_bytes(const Matcher *matcher);
extern void find_words(const Matcher *matcher, const uint32 *text, int length,
					   int32 *longest);

#endif							/* LOYALCS_MATCHER_H */
