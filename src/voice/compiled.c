/*-------------------------------------------------------------------------
 *
 * compiled.c
 *	  A lexicon as it is matched, and what it finds.
 *
 * A word of the matcher is a normalised one, which several themes may have, each
 * in its own spelling.  Of words that overlap in a text the one that begins first
 * is taken, and of those that begin together the longest.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "voice/compiled.h"

/* The words of a lexicon, normalised, one after the other. */
typedef struct NormalWords
{
	pg_wchar   *letters;
	int		   *starts;			/* of each word, and an end */
} NormalWords;

/* Without the blanks around it, which quotes may have kept. */
static void
trim_letters(const NormalText *text, int *begin, int *end)
{
	*begin = 0;
	*end = text->length;
	while (*begin < *end && text->letters[*begin] == ' ')
		(*begin)++;
	while (*begin < *end && text->letters[*end - 1] == ' ')
		(*end)--;
}

/* False if a word says nothing. */
static bool
normalize_words(const LexiconParts *parts, NormalWords *words, LexiconFault *fault)
{
	int			room = 0;
	int			used = 0;

	words->starts = palloc((parts->nwords + 1) * sizeof(int));
	words->letters = NULL;
	for (int i = 0; i < parts->nwords; i++)
	{
		const LexiconName *word = &parts->words[i];
		NormalText	text;
		int			begin;
		int			end;

		normalize_text(parts->names + word->start, word->length, &text);
		trim_letters(&text, &begin, &end);
		if (begin == end)
		{
			*fault = (LexiconFault)
			{
				word, "It has nothing that shows."
			};
			return false;
		}
		if (words->letters == NULL || used + end - begin > room)
		{
			room = room * 2 + end - begin;
			words->letters = words->letters == NULL ? palloc(room * sizeof(pg_wchar)) :
				repalloc_huge(words->letters, room * sizeof(pg_wchar));
		}
		words->starts[i] = used;
		memcpy(words->letters + used, text.letters + begin, (end - begin) * sizeof(pg_wchar));
		used += end - begin;
		free_normal_text(&text);
	}
	words->starts[parts->nwords] = used;
	return true;
}

static int
sign(int polarity)
{
	return polarity == POLARITY_NONE ? 0 : (polarity > 0) - (polarity < 0);
}

/*
 * Adds the words to the matcher; numbers[i] is that of word i, or NO_WORD if its
 * theme has that word already, in another spelling.
 */
static bool
number_words(CompiledLexicon *lexicon, const NormalWords *words, int *numbers,
			 LexiconFault *fault)
{
	const LexiconParts *parts = &lexicon->parts;
	int		   *signs = memset(palloc((parts->nwords + 1) * sizeof(int)), 0,
							   (parts->nwords + 1) * sizeof(int));
	int		   *last_theme = palloc((parts->nwords + 1) * sizeof(int));

	for (int i = 0; i <= parts->nwords; i++)
		last_theme[i] = -1;
	for (int t = 0; t < parts->nthemes; t++)
	{
		const LexiconTheme *theme = &parts->themes[t];
		int			theme_sign = sign(theme->polarity);

		for (int i = theme->first_word; i < theme->first_word + theme->nwords; i++)
		{
			int			number = add_word(lexicon->matcher, words->letters + words->starts[i],
										  words->starts[i + 1] - words->starts[i]);

			if (signs[number] * theme_sign < 0)
			{
				*fault = (LexiconFault)
				{
					&parts->words[i], "It is good in one theme and bad in another."
				};
				return false;
			}
			if (theme_sign != 0)
				signs[number] = theme_sign;
			numbers[i] = last_theme[number] == t ? NO_WORD : number;
			last_theme[number] = t;
		}
	}
	pfree(signs);
	pfree(last_theme);
	return true;
}

/* Mentions by the number of their word. */
static void
collect_mentions(CompiledLexicon *lexicon, const int *numbers)
{
	const LexiconParts *parts = &lexicon->parts;
	int		   *places = memset(palloc((parts->nwords + 2) * sizeof(int)), 0,
								(parts->nwords + 2) * sizeof(int));

	for (int i = 0; i < parts->nwords; i++)
		if (numbers[i] != NO_WORD)
			places[numbers[i] + 2]++;
	for (int n = 0; n < parts->nwords; n++)
		places[n + 2] += places[n + 1];
	lexicon->mentions = palloc((parts->nwords + 1) * sizeof(Mention));
	for (int t = 0; t < parts->nthemes; t++)
	{
		const LexiconTheme *theme = &parts->themes[t];

		for (int i = theme->first_word; i < theme->first_word + theme->nwords; i++)
			if (numbers[i] != NO_WORD)
				lexicon->mentions[places[numbers[i] + 1]++] = (Mention)
			{
				t, i
			};
	}
	/* what began as the place of the word before has moved to this one's */
	lexicon->first_mention = places;
}

/* NULL if it is none: then *fault says why. */
CompiledLexicon *
compile_lexicon(const LexiconParts *parts, LexiconFault *fault)
{
	CompiledLexicon *lexicon = palloc(sizeof(CompiledLexicon));
	int		   *numbers = palloc((parts->nwords + 1) * sizeof(int));
	NormalWords words;

	lexicon->parts = *parts;
	if (!normalize_words(parts, &words, fault))
		return NULL;
	lexicon->matcher = make_matcher(words.starts[parts->nwords], parts->nwords);
	if (!number_words(lexicon, &words, numbers, fault))
		return NULL;
	finish_matcher(lexicon->matcher);
	collect_mentions(lexicon, numbers);
	pfree(numbers);
	pfree(words.starts);
	if (words.letters != NULL)
		pfree(words.letters);
	return lexicon;
}

/* What it takes, without what the allocator adds. */
size_t
compiled_bytes(const CompiledLexicon *lexicon)
{
	const LexiconParts *parts = &lexicon->parts;

	return sizeof(CompiledLexicon) + matcher_bytes(lexicon->matcher) +
		parts->nthemes * sizeof(LexiconTheme) +
		parts->nwords * (sizeof(LexiconName) + sizeof(Mention) + sizeof(int));
}

Hit *
find_hits(const CompiledLexicon *lexicon, const NormalText *text, int *nhits)
{
	int32	   *longest = palloc_extended((text->length + 1) * sizeof(int32), MCXT_ALLOC_HUGE);
	Hit		   *hits = NULL;
	int			room = 0;

	*nhits = 0;
	find_words(lexicon->matcher, text->letters, text->length, longest);
	for (int i = 0; i < text->length;)
	{
		int			word = longest[i];

		if (word == NO_WORD)
		{
			i++;
			continue;
		}
		if (*nhits == room)
		{
			room = room * 2 + 8;
			hits = hits == NULL ? palloc(room * sizeof(Hit)) :
				repalloc_huge(hits, room * sizeof(Hit));
		}
		hits[*nhits] = (Hit)
		{
			i, i + word_length(lexicon->matcher, word), word
		};
		i = hits[(*nhits)++].end;
	}
	pfree(longest);
	return hits;
}
