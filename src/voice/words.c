/*-------------------------------------------------------------------------
 *
 * words.c
 *	  The words of a text that no theme catches, and how alike two texts are:
 *	  unmatched_words(), bigram_similarity().
 *
 * Japanese is not parted by blanks, and a tokenizer would need a dictionary.  But
 * its scripts part it: a run of kanji is a noun or the stem of a word, a run of
 * katakana a word from elsewhere; hiragana inflects and joins, and says little
 * alone.  What is left out are runs that are too short to mean anything.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "voice/body.h"
#include "voice/letters.h"
#include "voice/stored_lexicon.h"

/*
 * Two kanji or katakana make a word, one is rarely told apart from others; of
 * Latin and other letters, words of two are the small ones of grammar.  What is
 * longer than the longest names of things is no word.
 */
#define MIN_EAST_ASIAN	2
#define MIN_LETTERS		3
#define MAX_WORD		40

/* Letters between two looks for a cancelled query, less one. */
#define LOOK_EVERY		0x3FFF

typedef enum LetterKind
{
	LETTER_OTHER,
	LETTER_KANJI,
	LETTER_KATAKANA,
	LETTER_WORD					/* of a script that parts words with blanks */
} LetterKind;

typedef struct Word
{
	const pg_wchar *letters;
	int			length;
} Word;

static bool
is_kanji(pg_wchar c)
{
	return (c >= 0x4E00 && c <= 0x9FFF) || c == 0x3005 || (c >= 0x3400 && c <= 0x4DBF) ||
		(c >= 0x20000 && c <= 0x3FFFF);
}

static LetterKind
kind_of_letter(const NormalText *text, int i)
{
	pg_wchar	c = text->letters[i];

	if (is_kanji(c))
		return LETTER_KANJI;
	if (is_kana(c) && !text->hiragana[i])
		return LETTER_KATAKANA;
	if (is_word_letter(c))
		return LETTER_WORD;
	/* don't */
	if (c == '\'' && i > 0 && i + 1 < text->length &&
		is_word_letter(text->letters[i - 1]) && is_word_letter(text->letters[i + 1]))
		return LETTER_WORD;
	return LETTER_OTHER;
}

static bool
is_number(const pg_wchar *letters, int length)
{
	for (int i = 0; i < length; i++)
		if (!((letters[i] >= '0' && letters[i] <= '9') || letters[i] == '_'))
			return false;
	return true;
}

static bool
is_word(LetterKind kind, const pg_wchar *letters, int length)
{
	if (kind == LETTER_OTHER || length > MAX_WORD)
		return false;
	if (kind == LETTER_WORD)
		return length >= MIN_LETTERS && !is_number(letters, length);
	return length >= MIN_EAST_ASIAN;
}

static int
compare_words(const void *left, const void *right)
{
	const Word *a = left;
	const Word *b = right;

	for (int i = 0; i < Min(a->length, b->length); i++)
		if (a->letters[i] != b->letters[i])
			return a->letters[i] < b->letters[i] ? -1 : 1;
	return a->length < b->length ? -1 : a->length > b->length;
}

/* The words between two letters of a text, behind those that there are. */
static void
add_words(const NormalText *text, int begin, int end, Word *words, int *nwords)
{
	int			start = begin;

	for (int i = begin; i < end; i++)
	{
		LetterKind	kind = kind_of_letter(text, i);

		if ((i & LOOK_EVERY) == 0)
			CHECK_FOR_INTERRUPTS();
		if (i + 1 < end && kind_of_letter(text, i + 1) == kind)
			continue;
		if (is_word(kind, text->letters + start, i + 1 - start))
		{
			words[*nwords].letters = text->letters + start;
			words[(*nwords)++].length = i + 1 - start;
		}
		start = i + 1;
	}
}

static Datum
word_datum(const Word *word)
{
	char		utf8[MAX_WORD * 4 + 1];
	int			size = 0;
	char	   *own;

	for (int i = 0; i < word->length; i++)
	{
		unicode_to_utf8(word->letters[i], (unsigned char *) utf8 + size);
		size += pg_utf_mblen((unsigned char *) utf8 + size);
	}
	own = pg_any_to_server(utf8, size, PG_UTF8);
	return PointerGetDatum(cstring_to_text_with_len(own, own == utf8 ? size : (int) strlen(own)));
}

/* Sorted, each once. */
static int
unique_words(Word *words, int nwords)
{
	int			n = 0;

	qsort(words, nwords, sizeof(Word), compare_words);
	for (int i = 0; i < nwords; i++)
		if (n == 0 || compare_words(&words[n - 1], &words[i]) != 0)
			words[n++] = words[i];
	return n;
}

/* unmatched_words(body, lexicon) */
PG_FUNCTION_INFO_V1(unmatched_words);
Datum
unmatched_words(PG_FUNCTION_ARGS)
{
	int			begin = 0;
	int			nwords = 0;
	Word	   *words;
	Datum	   *found;
	Body		body;

	read_body(PG_GETARG_TEXT_PP(0), compiled_lexicon(PG_GETARG_DATUM(1)), &body);
	words = palloc((body.text.length / 2 + 1) * sizeof(Word));
	for (int hit = 0; hit < body.nhits; hit++)
	{
		add_words(&body.text, begin, body.hits[hit].begin, words, &nwords);
		begin = body.hits[hit].end;
	}
	add_words(&body.text, begin, body.text.length, words, &nwords);
	nwords = unique_words(words, nwords);
	found = palloc((nwords + 1) * sizeof(Datum));
	for (int i = 0; i < nwords; i++)
		found[i] = word_datum(&words[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(found, nwords, TEXTOID, -1, false, TYPALIGN_INT));
}

static int
compare_pairs(const void *left, const void *right)
{
	uint64		a = *(const uint64 *) left;
	uint64		b = *(const uint64 *) right;

	return a < b ? -1 : a > b;
}

static bool
is_letter(pg_wchar c)
{
	return is_kanji(c) || is_kana(c) || is_word_letter(c) || (c >= 0xAC00 && c <= 0xD7A3);
}

/* The pairs of letters that stand side by side in a text: sorted, each once. */
static uint64 *
pairs_of_letters(text * body, int *npairs)
{
	NormalText	text;
	uint64	   *pairs;
	int			n = 0;
	int			unique = 0;

	normalize_body(body, &text);
	pairs = palloc((text.length + 1) * sizeof(uint64));
	for (int i = 0; i + 1 < text.length; i++)
		if (is_letter(text.letters[i]) && is_letter(text.letters[i + 1]))
			pairs[n++] = ((uint64) text.letters[i] << 32) | text.letters[i + 1];
	free_normal_text(&text);
	CHECK_FOR_INTERRUPTS();
	qsort(pairs, n, sizeof(uint64), compare_pairs);
	for (int i = 0; i < n; i++)
		if (unique == 0 || pairs[unique - 1] != pairs[i])
			pairs[unique++] = pairs[i];
	*npairs = unique;
	return pairs;
}

/* bigram_similarity(a, b) */
PG_FUNCTION_INFO_V1(bigram_similarity);
Datum
bigram_similarity(PG_FUNCTION_ARGS)
{
	int			na;
	int			nb;
	uint64	   *a = pairs_of_letters(PG_GETARG_TEXT_PP(0), &na);
	uint64	   *b = pairs_of_letters(PG_GETARG_TEXT_PP(1), &nb);
	int			both = 0;

	for (int i = 0, j = 0; i < na && j < nb;)
	{
		if (a[i] == b[j])
			both++;
		if (a[i] <= b[j])
		{
			j += a[i] == b[j];
			i++;
		}
		else
			j++;
	}
	pfree(a);
	pfree(b);
	PG_RETURN_FLOAT8(both == 0 ? 0.0 : both / (float8) (na + nb - both));
}
