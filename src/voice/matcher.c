/*-------------------------------------------------------------------------
 *
 * matcher.c
 *	  Finds many words in a text at once.
 *
 * The automaton of Aho and Corasick ("Efficient string matching", CACM 18, 1975):
 * the words as a tree of letters; from each state a way back to the longest
 * suffix that is in the tree too, so that a text is read once and never from an
 * earlier place again.  A letter costs two steps on average, however many words
 * there are.
 *
 * The steps are kept in one open hash table, since letters are of all of Unicode:
 * a state takes some 40 to 60 bytes with all that belongs to it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "voice/letters.h"
#include "voice/matcher.h"

#define ROOT		0

/* Letters between two looks for a cancelled query. */
#define LOOK_EVERY	4096

/* A step from a state by a letter; into the root none leads, so 0 is no step. */
typedef struct Step
{
	uint32		state;
	uint32		letter;
	int32		next;
} Step;

typedef struct State
{
	int32		back;			/* the longest suffix that is a state */
	int32		word;			/* that ends here, or NO_WORD */
	int32		suffix;			/* the longest suffix at which a word ends, or
								 * ROOT */
} State;

/* What only building needs to know of a state. */
typedef struct StateOrigin
{
	int32		parent;
	uint32		letter;
	int32		depth;
} StateOrigin;

typedef struct Word
{
	int32		length;
	bool		first_is_letter;	/* so another before it is of the same
									 * word */
	bool		last_is_letter;
} Word;

struct Matcher
{
	State	   *states;
	StateOrigin *origins;		/* until it is finished */
	Step	   *steps;
	Word	   *words;
	uint32		mask;			/* number of steps less one: a power of two
								 * less one */
	int			nstates;
	int			max_states;
	int			nwords;
	int			max_words;
	int			max_depth;
};

Matcher *
make_matcher(int max_letters, int max_words)
{
	Matcher    *matcher = palloc(sizeof(Matcher));
	uint32		nsteps = 16;

	while (nsteps < 2 * (uint32) max_letters)
		nsteps *= 2;
	matcher->mask = nsteps - 1;
	matcher->steps = memset(palloc(nsteps * sizeof(Step)), 0, nsteps * sizeof(Step));
	matcher->max_states = max_letters + 1;
	matcher->states = palloc(matcher->max_states * sizeof(State));
	matcher->origins = palloc(matcher->max_states * sizeof(StateOrigin));
	matcher->max_words = max_words;
	matcher->words = palloc((max_words + 1) * sizeof(Word));
	matcher->nwords = 0;
	matcher->max_depth = 0;
	matcher->nstates = 1;
	matcher->states[ROOT] = (State)
	{
		ROOT, NO_WORD, ROOT
	};
	matcher->origins[ROOT] = (StateOrigin)
	{
		ROOT, 0, 0
	};
	return matcher;
}

size_t
matcher_bytes(const Matcher *matcher)
{
	return sizeof(Matcher) + (matcher->mask + 1) * sizeof(Step) +
		matcher->max_states * sizeof(State) + matcher->max_words * sizeof(Word);
}

/* Where the step is, or where it would be put. */
static inline Step *
find_step(const Matcher *matcher, uint32 state, uint32 letter)
{
	uint32		hash = state * 0x9E3779B1U + letter * 0x85EBCA77U;

	hash ^= hash >> 15;
	hash *= 0x2C1B3C6DU;
	hash ^= hash >> 12;
	for (;;)
	{
		Step	   *step = &matcher->steps[hash & matcher->mask];

		if (step->next == ROOT || (step->state == state && step->letter == letter))
			return step;
		hash++;
	}
}

static int32
add_state(Matcher *matcher, int32 parent, uint32 letter)
{
	Step	   *step = find_step(matcher, parent, letter);
	int32		depth = matcher->origins[parent].depth + 1;

	if (step->next != ROOT)
		return step->next;
	Assert(matcher->nstates < matcher->max_states);
	*step = (Step)
	{
		parent, letter, matcher->nstates
	};
	matcher->states[step->next] = (State)
	{
		ROOT, NO_WORD, ROOT
	};
	matcher->origins[step->next] = (StateOrigin)
	{
		parent, letter, depth
	};
	matcher->max_depth = Max(matcher->max_depth, depth);
	return matcher->nstates++;
}

/* The number of the word: the one it has if it was added before. */
int
add_word(Matcher *matcher, const uint32 *letters, int length)
{
	int32		state = ROOT;

	Assert(length > 0);
	for (int i = 0; i < length; i++)
		state = add_state(matcher, state, letters[i]);
	if (matcher->states[state].word == NO_WORD)
	{
		Assert(matcher->nwords < matcher->max_words);
		matcher->words[matcher->nwords] = (Word)
		{
			length, is_word_letter(letters[0]), is_word_letter(letters[length - 1])
		};
		matcher->states[state].word = matcher->nwords++;
	}
	return matcher->states[state].word;
}

int
word_length(const Matcher *matcher, int word)
{
	return matcher->words[word].length;
}

/* From a state by a letter, back as often as needed. */
static inline int32
next_state(const Matcher *matcher, int32 state, uint32 letter)
{
	for (;;)
	{
		int32		next = find_step(matcher, state, letter)->next;

		if (next != ROOT || state == ROOT)
			return next;
		state = matcher->states[state].back;
	}
}

/* The states, those nearer to the root first. */
static int32 *
states_by_depth(const Matcher *matcher)
{
	int32	   *order = palloc(matcher->nstates * sizeof(int32));
	int32	   *places = palloc((matcher->max_depth + 2) * sizeof(int32));

	memset(places, 0, (matcher->max_depth + 2) * sizeof(int32));
	for (int i = 0; i < matcher->nstates; i++)
		places[matcher->origins[i].depth + 1]++;
	for (int d = 0; d <= matcher->max_depth; d++)
		places[d + 1] += places[d];
	for (int i = 0; i < matcher->nstates; i++)
		order[places[matcher->origins[i].depth]++] = i;
	pfree(places);
	return order;
}

/* No word is added after this. */
void
finish_matcher(Matcher *matcher)
{
	int32	   *order = states_by_depth(matcher);

	for (int i = 1; i < matcher->nstates; i++)
	{
		StateOrigin *origin = &matcher->origins[order[i]];
		State	   *state = &matcher->states[order[i]];
		State	   *back;

		state->back = origin->parent == ROOT ? ROOT :
			next_state(matcher, matcher->states[origin->parent].back, origin->letter);
		back = &matcher->states[state->back];
		state->suffix = back->word != NO_WORD ? state->back : back->suffix;
	}
	pfree(order);
	pfree(matcher->origins);
	matcher->origins = NULL;
}

/* Latin words are whole words; Japanese has no blanks between its own. */
static inline bool
is_whole(const Word *word, const uint32 *text, int length, int begin, int end)
{
	return !(word->first_is_letter && begin > 0 && is_word_letter(text[begin - 1])) &&
		!(word->last_is_letter && end < length && is_word_letter(text[end]));
}

/*
 * longest[i] becomes the longest word that begins at letter i, or NO_WORD.  A
 * longer one ends later, so it comes later.
 */
void
find_words(const Matcher *matcher, const uint32 *text, int length, int32 *longest)
{
	int32		state = ROOT;

	for (int i = 0; i < length; i++)
	{
		if (i % LOOK_EVERY == 0)
			CHECK_FOR_INTERRUPTS();
		longest[i] = NO_WORD;
		state = next_state(matcher, state, text[i]);
		for (int32 at = state; at != ROOT; at = matcher->states[at].suffix)
		{
			int32		word = matcher->states[at].word;

			if (word != NO_WORD)
			{
				int			begin = i + 1 - matcher->words[word].length;

				if (is_whole(&matcher->words[word], text, length, begin, i + 1))
					longest[begin] = word;
			}
		}
	}
}
