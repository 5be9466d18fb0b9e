/*-------------------------------------------------------------------------
 *
 * negation.c
 *	  Is a word of a text denied?
 *
 * By two simple rules, which are no grammar:
 *
 * Japanese denies behind the word.  It is denied by ない, なかった, なく or ません that
 * begins within six hiragana after it, with nothing but hiragana between
 * (重くない, 好きではありません), and by a second one close to it no more (重くなくはない).
 * Not denied is what only may be (かもしれない) or is not all (だけでなく, ばかりでなく).
 *
 * English denies before the word.  It is denied by not, no, never, without,
 * cannot, nor, or a word that ends in n't, among the three words before it, with
 * nothing between that ends a clause; but not by "not only".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "voice/letters.h"
#include "voice/negation.h"

#define REACH_KANA		6		/* 好き(ではあり)ません, and two more */
#define REACH_SECOND	2		/* なく(は)ない */
#define REACH_WORDS		3		/* not at all (heavy) */
#define MAX_LETTERS		6

/* Folded, as they stand in a normalised text; a zero ends them. */
static const pg_wchar denials[][MAX_LETTERS + 1] = {
	{0x30CA, 0x30A4},			/* ない */
	{0x30CA, 0x30AB, 0x30C3},	/* なかっ(た) */
	{0x30CA, 0x30AF},			/* なく */
	{0x30DE, 0x30BB, 0x30F3}	/* ません */
};

/* Before a denial, what makes it none. */
static const pg_wchar excuses[][MAX_LETTERS + 1] = {
	{0x30AB, 0x30E2, 0x30B7, 0x30EC},	/* かもしれ */
	{0x30C0, 0x30B1, 0x30C7},	/* だけで */
	{0x30D0, 0x30AB, 0x30EA, 0x30C7}	/* ばかりで */
};

static const char *const english[] = {"not", "no", "never", "without", "cannot", "nor"};

static int
letters_of(const pg_wchar *word)
{
	int			n = 0;

	while (n < MAX_LETTERS && word[n] != 0)
		n++;
	return n;
}

static bool
stands_at(const NormalText *text, int at, const pg_wchar *word)
{
	int			n = letters_of(word);

	if (at < 0 || at + n > text->length)
		return false;
	for (int i = 0; i < n; i++)
		if (text->letters[at + i] != word[i] || !text->hiragana[at + i])
			return false;
	return true;
}

/* Letters of the denial that begins here; 0 if none does. */
static int
denial(const NormalText *text, int at)
{
	for (int i = 0; i < (int) lengthof(denials); i++)
		if (stands_at(text, at, denials[i]))
			return letters_of(denials[i]);
	return 0;
}

static bool
is_excused(const NormalText *text, int from, int at)
{
	for (int i = 0; i < (int) lengthof(excuses); i++)
	{
		int			n = letters_of(excuses[i]);

		if (at - n >= from && stands_at(text, at - n, excuses[i]))
			return true;
	}
	return false;
}

static bool
is_denied_behind(const NormalText *text, int end)
{
	bool		denied = false;
	int			reach = end + REACH_KANA;

	for (int at = end; at <= reach && at < text->length && text->hiragana[at]; at++)
	{
		int			n = denial(text, at);

		if (n > 0)
		{
			denied = denied == is_excused(text, end, at);
			at += n - 1;
			reach = at + 1 + REACH_SECOND;
		}
	}
	return denied;
}

/* What belongs to an English word: don't is one. */
static bool
is_of_word(pg_wchar c)
{
	return is_word_letter(c) || c == '\'';
}

static bool
is_english(const NormalText *text, int begin, int end, const char *word)
{
	int			n = strlen(word);

	if (end - begin != n)
		return false;
	for (int i = 0; i < n; i++)
		if (text->letters[begin + i] != (pg_wchar) word[i])
			return false;
	return true;
}

static bool
denies(const NormalText *text, int begin, int end)
{
	for (int i = 0; i < (int) lengthof(english); i++)
		if (is_english(text, begin, end, english[i]))
			return true;
	return end - begin > 3 && is_english(text, end - 3, end, "n't");
}

static bool
is_denied_before(const NormalText *text, int begin)
{
	int			end = begin;
	int			next_begin = begin; /* of the word after */
	int			next_end = begin;

	for (int words = 0; words < REACH_WORDS; words++)
	{
		int			word;

		if (end == 0 || text->letters[end - 1] != LETTER_SPACE)
			return false;
		end--;
		for (word = end; word > 0 && is_of_word(text->letters[word - 1]); word--)
			;
		if (word == end)
			return false;
		if (denies(text, word, end))
			return !is_english(text, next_begin, next_end, "only");
		next_begin = word;
		next_end = end;
		end = word;
	}
	return false;
}

/* Of the word between two letters of the text. */
bool
is_negated(const NormalText *text, int begin, int end)
{
	return is_denied_behind(text, end) != is_denied_before(text, begin);
}
