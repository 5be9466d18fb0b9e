/*-------------------------------------------------------------------------
 *
 * lexicon.h
 *	  The value of the type lexicon: themes and the words that speak of them.
 *
 *	  weight: 重い, もっと軽く, heavy; clasp -1: 外れやすい, 留め具
 *
 * The value is its text, in one spelling, and a digest of it.  What a text is
 * matched with, an automaton, is made of it once a session and found by the
 * digest, so that a call reads the first bytes of the value and no more: the
 * cost of a text grows neither with the number of words nor with the size of
 * the lexicon that a query hands over a million times.
 *
 * Nothing here needs the server, so that the parser can be tested without one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_LEXICON_H
#define LOYALCS_LEXICON_H

#define LEXICON_VERSION		1

/*
 * Limits.  The largest lists of words that people share (polarity dictionaries
 * of some 55,000 entries) take less than a megabyte.  Its automaton has at most
 * a state a byte, 48 MB.  Themes are what people tell apart; nobody reads a
 * thousand.  A word is a phrase at most: what overlaps is decided within so many
 * characters.
 */
#define LEXICON_MAX_TEXT	(1024 * 1024)
#define LEXICON_MAX_THEMES	1000
#define LEXICON_MAX_NAME	200 /* bytes of a theme's name */
#define LEXICON_MAX_WORD	600 /* bytes of a word */

#define LEXICON_DIGEST		32	/* SHA-256 */

/*
 * The value: a varlena of 40 bytes and the text, in UTF-8 whatever the database
 * is in, without a NUL.
 */
typedef struct Lexicon
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	uint8		version;		/* LEXICON_VERSION */
	uint8		reserved[3];	/* always zero */
	uint8		digest[LEXICON_DIGEST]; /* of the text */
	char		text[FLEXIBLE_ARRAY_MEMBER];
} Lexicon;

/* A polarity, from bad to good, is kept in thousandths. */
#define POLARITY_ONE		1000
#define POLARITY_NONE		(-32768)

/* Where something stands in the text that it was read from, and what it is. */
typedef struct LexiconName
{
	int			at;				/* its first byte in the text that was read */
	int			start;			/* in LexiconParts.names */
	int			length;
} LexiconName;

typedef struct LexiconTheme
{
	LexiconName name;
	int			polarity;		/* in thousandths, or POLARITY_NONE */
	int			first_word;		/* of its words, one at least */
	int			nwords;
} LexiconTheme;

/* What a text says.  All of it is allocated together. */
typedef struct LexiconParts
{
	LexiconTheme *themes;
	int			nthemes;
	LexiconName *words;
	int			nwords;
	char	   *names;			/* the names, without what quotes them */
} LexiconParts;

#endif							/* LOYALCS_LEXICON_H */
