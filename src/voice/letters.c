/*-------------------------------------------------------------------------
 *
 * letters.c
 *	  Which characters are taken for the same, and where words end.
 *
 * Upper and lower case are one, and so are hiragana and katakana; blanks of all
 * kinds are one blank; what shows nothing is left out.  PostgreSQL knows case by
 * locale only (before version 17), so the ranges stand here: of the modern Latin, Greek,
 * Cyrillic and Armenian, which is where case is, by Unicode's simple case folding.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "voice/letters.h"

typedef struct LetterRange
{
	uint32		first;
	uint32		last;
} LetterRange;

/* Capitals that stand `shift` before their small letters. */
typedef struct CaseRange
{
	uint32		first;
	uint32		last;
	int32		shift;
} CaseRange;

/* Pairs stand side by side: every other one is a capital. */
#define SIDE_BY_SIDE	0

static const CaseRange capitals[] = {
	{0x00C0, 0x00D6, 32}, {0x00D8, 0x00DE, 32},
	{0x0100, 0x012F, SIDE_BY_SIDE}, {0x0132, 0x0137, SIDE_BY_SIDE},
	{0x0139, 0x0148, SIDE_BY_SIDE}, {0x014A, 0x0177, SIDE_BY_SIDE},
	{0x0178, 0x0178, 0x00FF - 0x0178}, {0x0179, 0x017E, SIDE_BY_SIDE},
	{0x01A0, 0x01A5, SIDE_BY_SIDE}, {0x01AF, 0x01B0, SIDE_BY_SIDE},
	{0x01B3, 0x01B6, SIDE_BY_SIDE},
	{0x01CD, 0x01DC, SIDE_BY_SIDE}, {0x01DE, 0x01EF, SIDE_BY_SIDE},
	{0x01F8, 0x021F, SIDE_BY_SIDE}, {0x0222, 0x0233, SIDE_BY_SIDE},
	{0x0386, 0x0386, 38}, {0x0388, 0x038A, 37}, {0x038C, 0x038C, 64},
	{0x038E, 0x038F, 63}, {0x0391, 0x03A1, 32}, {0x03A3, 0x03AB, 32},
	{0x0400, 0x040F, 80}, {0x0410, 0x042F, 32}, {0x0460, 0x0481, SIDE_BY_SIDE},
	{0x048A, 0x04BF, SIDE_BY_SIDE}, {0x04C1, 0x04CE, SIDE_BY_SIDE},
	{0x04D0, 0x052F, SIDE_BY_SIDE}, {0x0531, 0x0556, 48},
	{0x1E00, 0x1E95, SIDE_BY_SIDE}, {0x1E9E, 0x1E9E, 0x00DF - 0x1E9E},
	{0x1EA0, 0x1EFF, SIDE_BY_SIDE}
};

/* Scripts that part words with blanks, and the digits. */
static const LetterRange word_letters[] = {
	{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'},
	{0x00C0, 0x00D6}, {0x00D8, 0x00F6}, {0x00F8, 0x02AF}, {0x0300, 0x036F},
	{0x0370, 0x0373}, {0x0376, 0x037D}, {0x037F, 0x0386}, {0x0388, 0x0481},
	{0x0483, 0x0556}, {0x0560, 0x0588}, {0x05D0, 0x05EA}, {0x0620, 0x0669},
	{0x066E, 0x06D3}, {0x06F0, 0x06F9}, {0x1E00, 0x1FBC}, {0x1FC2, 0x1FFC}
};

/* Shows nothing, or says only how the character before it is to look. */
static const LetterRange ignored[] = {
	{0x0000, 0x0008}, {0x000E, 0x001F}, {0x007F, 0x0084}, {0x0086, 0x009F},
	{0x00AD, 0x00AD}, {0x034F, 0x034F}, {0x061C, 0x061C}, {0x180B, 0x180F},
	{0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x206F}, {0xFE00, 0xFE0F},
	{0xFEFF, 0xFEFF}, {0xE0000, 0xE0FFF}
};

static const LetterRange blanks[] = {
	{0x0009, 0x000D}, {0x0020, 0x0020}, {0x0085, 0x0085}, {0x00A0, 0x00A0},
	{0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F},
	{0x205F, 0x205F}, {0x3000, 0x3000}
};

static bool
within(uint32 c, const LetterRange *ranges, int n)
{
	int			low = 0;
	int			high = n;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (c > ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && c >= ranges[low].first;
}

#define WITHIN(c, ranges)	within(c, ranges, lengthof(ranges))

static uint32
small_letter(uint32 c)
{
	for (int i = 0; i < (int) lengthof(capitals) && c >= capitals[i].first; i++)
	{
		if (c > capitals[i].last)
			continue;
		if (capitals[i].shift != SIDE_BY_SIDE)
			return c + capitals[i].shift;
		return (c - capitals[i].first) % 2 == 0 ? c + 1 : c;
	}
	return c == 0x03C2 ? 0x03C3 : c;	/* the sigma that ends a word */
}

/* What stands for it in a match: LETTER_IGNORED if nothing does. */
uint32
fold_letter(uint32 c)
{
	if (c > ' ' && c < 0x7F)
		return c >= 'A' && c <= 'Z' ? c + 32 : c;
	if (c >= 0x3041 && c <= 0x3096)
		return c + 0x60;		/* hiragana */
	if (c == 0x309D || c == 0x309E)
		return c + 0x60;		/* and its iteration marks */
	if (c > 0x3000 && c < 0xFE00)
		return c;
	if (WITHIN(c, ignored))
		return LETTER_IGNORED;
	if (WITHIN(c, blanks))
		return LETTER_SPACE;
	if (c == 0x2018 || c == 0x2019 || c == 0x02BC)
		return '\'';
	return small_letter(c);
}

/* Is it of a word that ends where such letters do? */
bool
is_word_letter(uint32 c)
{
	return c < 0x2000 && WITHIN(c, word_letters);
}

/*
 * Is it what NFKC makes of it, and can nothing before it change that?  True of
 * most of what customers write; of the rest the server is asked.
 */
bool
stands_alone(uint32 c)
{
	return c < 0x80 || (c >= 0x3041 && c <= 0x3096) || (c >= 0x30A1 && c <= 0x30FE) ||
		(c >= 0x3001 && c <= 0x3029) || (c >= 0x4E00 && c <= 0x9FFF);
}

/* Of folded letters: in which Japanese inflects, and says no. */
bool
is_kana(uint32 c)
{
	return c >= 0x30A1 && c <= 0x30FC;
}
