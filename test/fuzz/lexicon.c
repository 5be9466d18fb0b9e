/*-------------------------------------------------------------------------
 *
 * lexicon.c
 *	  Fuzzes what reads lexicons, and what finds their words in a text.
 *
 * The first byte says which.  A text that is accepted must print as text that
 * reads back to the same and prints the same again; one that is refused must say
 * what was expected, and where.  Words are searched in a text by the automaton
 * and by looking at every place for every word, which must agree.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "voice/letters.h"
#include "voice/lexicon_text.h"
#include "voice/matcher.h"

#include "must.h"
#include "palloc.h"

#define MAX_WORDS	64
#define MAX_LETTERS	4096

static bool
same_name(const LexiconParts *a, const LexiconName *x, const LexiconParts *b, const LexiconName *y)
{
	return x->length == y->length &&
		memcmp(a->names + x->start, b->names + y->start, x->length) == 0;
}

static void
check_same(const LexiconParts *a, const LexiconParts *b)
{
	MUST(a->nthemes == b->nthemes && a->nwords == b->nwords);
	for (int i = 0; i < a->nthemes; i++)
	{
		MUST(same_name(a, &a->themes[i].name, b, &b->themes[i].name));
		MUST(a->themes[i].polarity == b->themes[i].polarity);
		MUST(a->themes[i].first_word == b->themes[i].first_word);
		MUST(a->themes[i].nwords == b->themes[i].nwords && a->themes[i].nwords > 0);
	}
	for (int i = 0; i < a->nwords; i++)
		MUST(same_name(a, &a->words[i], b, &b->words[i]));
}

static void
fuzz_text(const char *text)
{
	LexiconParts parts;
	LexiconParts again;
	Scanner		scanner;
	char	   *printed;
	size_t		length;
	size_t		length_again;

	scan_start(&scanner, text);
	if (!parse_lexicon(&scanner, &parts))
	{
		MUST(scanner.expected != NULL);
		MUST(scanner.at >= text && scanner.at <= text + strlen(text));
		return;
	}
	printed = print_lexicon(&parts, &length);
	MUST(strlen(printed) == length);
	scan_start(&scanner, printed);
	MUST(parse_lexicon(&scanner, &again));
	check_same(&parts, &again);
	MUST(strcmp(print_lexicon(&again, &length_again), printed) == 0 && length == length_again);
}

/*
 * Bytes as letters: few, so that they repeat; of Latin, between which words end,
 * and of Japanese.
 */
static uint32
letter_of(uint8 byte)
{
	static const uint32 letters[] = {'a', 'b', 'c', ' ', 0x30A2, 0x30A4, 0x91CD, 0xE9};

	return letters[byte % 8];
}

typedef struct FuzzedWord
{
	uint32	   *letters;
	int			length;
} FuzzedWord;

static bool
stands_at(const FuzzedWord *word, const uint32 *text, int length, int at)
{
	int			end = at + word->length;

	if (end > length || memcmp(text + at, word->letters, word->length * sizeof(uint32)) != 0)
		return false;
	if (at > 0 && is_word_letter(word->letters[0]) && is_word_letter(text[at - 1]))
		return false;
	return !(end < length && is_word_letter(text[end - 1]) && is_word_letter(text[end]));
}

/* Words end at a byte that is a multiple of 16; a zero ends them, and the text is the rest. */
static void
fuzz_words(const uint8 *data, size_t size)
{
	uint32	   *letters = palloc((size + 1) * sizeof(uint32));
	int32	   *longest = palloc((size + 1) * sizeof(int32));
	FuzzedWord	words[MAX_WORDS];
	int			numbers[MAX_WORDS];
	int			nwords = 0;
	int			begin = 0;
	int			at;
	int			length;
	uint32	   *text;
	Matcher    *matcher = make_matcher(size + 1, MAX_WORDS);

	for (at = 0; at < (int) size && data[at] != 0 && nwords < MAX_WORDS; at++)
	{
		letters[at] = letter_of(data[at]);
		if (data[at] % 16 == 0 && at > begin)
		{
			words[nwords] = (FuzzedWord)
			{
				letters + begin, at - begin
			};
			numbers[nwords] = add_word(matcher, letters + begin, at - begin);
			nwords++;
			begin = at;
		}
	}
	finish_matcher(matcher);
	text = letters + at;
	length = size - at;
	for (int i = 0; i < length; i++)
		text[i] = letter_of(data[at + i]);
	find_words(matcher, text, length, longest);
	for (int i = 0; i < length; i++)
	{
		int			best = -1;

		for (int w = 0; w < nwords; w++)
			if (stands_at(&words[w], text, length, i) &&
				(best < 0 || words[w].length > words[best].length))
				best = w;
		MUST(longest[i] == (best < 0 ? NO_WORD : numbers[best]));
		MUST(best < 0 || word_length(matcher, longest[i]) == words[best].length);
	}
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	if (size == 0 || size > MAX_LETTERS)
		return 0;
	if (data[0] == '#')
		fuzz_words(data + 1, size - 1);
	else
	{
		char	   *text = malloc(size + 1);

		memcpy(text, data, size);
		text[size] = '\0';
		fuzz_text(text);
		free(text);
	}
	forget_all();
	return 0;
}
