/*-------------------------------------------------------------------------
 *
 * letters.h
 *	  Which characters are taken for the same, and where words end.
 *
 * Of characters that NFKC has normalised.  Nothing here depends on a locale:
 * what matches is the same on every server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_LETTERS_H
#define LOYALCS_LETTERS_H

#define LETTER_IGNORED	0		/* is left out */
#define LETTER_SPACE	' '

extern uint32 fold_letter(uint32 c);
extern bool is_word_letter(uint32 c);
extern bool stands_alone(uint32 c);
extern bool is_kana(uint32 c);

#endif							/* LOYALCS_LETTERS_H */
