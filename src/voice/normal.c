/*-------------------------------------------------------------------------
 *
 * normal.c
 *	  A text as it is matched, and where each of its characters came from.
 *
 * NFKC by the server, then letters.c.  So that each character keeps its place,
 * a text is normalised run by run: a character and what joins it, such as an
 * accent or a half-width voiced sound mark.  Most text needs none of that, and
 * what a character does is remembered.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/unicode_norm.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "voice/letters.h"
#include "voice/normal.h"

/*
 * No language stacks as many marks on one letter (Unicode calls a text that
 * keeps to 30 stream-safe); and to put marks in order takes the server the square
 * of their number.
 */
#define MAX_RUN			32

/* Characters between two looks for a cancelled query, less one. */
#define LOOK_EVERY		0x3FFF

/* What is known of characters, by pages of 256; a page is made when it is needed. */
#define PAGE_LETTERS	256
#define UNICODE_PAGES	(0x110000 / PAGE_LETTERS)

typedef enum Joining
{
	JOINING_UNKNOWN,
	JOINING_STARTS,				/* a run begins with it */
	JOINING_JOINS				/* it may change with what stands before it */
} Joining;

static uint8 *joining_pages[UNICODE_PAGES];

/* How many characters this is when it is decomposed; they are in `form`. */
static int
decomposed(const pg_wchar *letters, UnicodeNormalizationForm form, pg_wchar **result)
{
	int			n = 0;

	*result = unicode_normalize(form, letters);
	while ((*result)[n] != 0)
		n++;
	return n;
}

/*
 * Does canonical order put `c` elsewhere, beside a mark whose class is low, or
 * one whose class is high?  Then it has a class itself: it is a mark.
 */
static bool
is_mark(pg_wchar c)
{
	pg_wchar	before[] = {0x0315, c, 0};	/* class 232 */
	pg_wchar	after[] = {c, 0x0334, 0};	/* class 1 */
	pg_wchar   *ordered;
	bool		moves;

	decomposed(before, UNICODE_NFD, &ordered);
	moves = ordered[0] != 0x0315;
	pfree(ordered);
	if (!moves)
	{
		decomposed(after, UNICODE_NFD, &ordered);
		moves = ordered[0] == 0x0334;
		pfree(ordered);
	}
	return moves;
}

static Joining
find_joining(pg_wchar c)
{
	pg_wchar	alone[] = {c, 0};
	pg_wchar   *apart;
	pg_wchar	first[2] = {0, 0};

	decomposed(alone, UNICODE_NFKD, &apart);
	first[0] = apart[0];
	pfree(apart);
	if (unicode_is_normalized_quickcheck(UNICODE_NFC, first) == UNICODE_NORM_QC_MAYBE ||
		is_mark(first[0]))
		return JOINING_JOINS;
	return JOINING_STARTS;
}

static Joining
joining(pg_wchar c)
{
	uint8	   *page;

	if (stands_alone(c))
		return JOINING_STARTS;
	page = joining_pages[c / PAGE_LETTERS];
	if (page == NULL)
		page = joining_pages[c / PAGE_LETTERS] =
			MemoryContextAllocZero(TopMemoryContext, PAGE_LETTERS);
	if (page[c % PAGE_LETTERS] == JOINING_UNKNOWN)
		page[c % PAGE_LETTERS] = find_joining(c);
	return page[c % PAGE_LETTERS];
}

static void
make_room(NormalText *text, int wanted)
{
	if (text->length + wanted <= text->room)
		return;
	text->room = text->room * 2 + wanted;
	text->letters = repalloc_huge(text->letters, text->room * sizeof(pg_wchar));
	text->from = repalloc_huge(text->from, text->room * sizeof(int32));
	text->to = repalloc_huge(text->to, text->room * sizeof(int32));
	text->hiragana = repalloc_huge(text->hiragana, text->room * sizeof(bool));
}

/* Blanks beside each other are one. */
static inline void
add_letter(NormalText *text, pg_wchar c, int from, int to)
{
	pg_wchar	letter = fold_letter(c);

	if (letter == LETTER_IGNORED)
		return;
	if (letter == LETTER_SPACE && text->length > 0 &&
		text->letters[text->length - 1] == LETTER_SPACE)
	{
		text->to[text->length - 1] = to;
		return;
	}
	text->letters[text->length] = letter;
	text->from[text->length] = from;
	text->to[text->length] = to;
	text->hiragana[text->length] = letter != c && is_kana(letter);
	text->length++;
}

static void
add_run(NormalText *text, const pg_wchar *run, int from, int to)
{
	pg_wchar   *normal;
	int			n = decomposed(run, UNICODE_NFKC, &normal);

	make_room(text, n);
	for (int i = 0; i < n; i++)
		add_letter(text, normal[i], from, to);
	pfree(normal);
}

/* The next character, as far as there is one; what is none is U+FFFD. */
static pg_wchar
next_letter(const unsigned char **at, const unsigned char *end)
{
	const unsigned char *from = *at;
	pg_wchar	c;

	if (from >= end)
		return 0;
	if (*from < 0x80)
	{
		*at += 1;
		return *from;
	}
	if (pg_utf_mblen(from) > end - from)
	{
		*at = end;
		return 0xFFFD;
	}
	c = utf8_to_unicode(from);
	*at += pg_utf_mblen(from);
	return c > 0 && c <= 0x10FFFF ? c : 0xFFFD;
}

void
free_normal_text(NormalText *text)
{
	pfree(text->letters);
	pfree(text->from);
	pfree(text->to);
	pfree(text->hiragana);
}

/* The text is UTF-8 without a NUL, of NORMAL_MAX_TEXT bytes at most. */
void
normalize_text(const char *utf8, size_t size, NormalText *text)
{
	const unsigned char *at = (const unsigned char *) utf8;
	const unsigned char *end = at + size;
	pg_wchar	run[MAX_RUN + 1];
	int			begin = 0;
	int			n = 0;

	text->length = 0;
	text->room = size + 1;
	text->letters = palloc_extended(text->room * sizeof(pg_wchar), MCXT_ALLOC_HUGE);
	text->from = palloc_extended(text->room * sizeof(int32), MCXT_ALLOC_HUGE);
	text->to = palloc_extended(text->room * sizeof(int32), MCXT_ALLOC_HUGE);
	text->hiragana = palloc_extended(text->room * sizeof(bool), MCXT_ALLOC_HUGE);
	for (int place = 0;; place++)
	{
		pg_wchar	c = next_letter(&at, end);

		if (n > 0 && (c == 0 || n == MAX_RUN || joining(c) == JOINING_STARTS))
		{
			if (n == 1 && stands_alone(run[0]))
			{
				make_room(text, 1);
				add_letter(text, run[0], begin, place);
			}
			else
			{
				run[n] = 0;
				add_run(text, run, begin, place);
			}
			n = 0;
		}
		if (c == 0)
			return;
		if (n == 0)
			begin = place;
		run[n++] = c;
		if ((place & LOOK_EVERY) == 0)
			CHECK_FOR_INTERRUPTS();
	}
}
