/*-------------------------------------------------------------------------
 *
 * voice.c
 *	  What a text speaks of, and whether it is pleased: themes(), theme_hits(),
 *	  sentiment(), theme_counts().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "base/aggregate.h"
#include "base/compat.h"
#include "base/shown.h"
#include "voice/body.h"
#include "voice/negation.h"
#include "voice/stored_lexicon.h"

static inline int
mentions_begin(const Body *body, int hit)
{
	return body->lexicon->first_mention[body->hits[hit].word];
}

static inline int
mentions_end(const Body *body, int hit)
{
	return body->lexicon->first_mention[body->hits[hit].word + 1];
}

/* Which themes are mentioned at all; how many. */
static int
mentioned_themes(const Body *body, bool *mentioned)
{
	int			n = 0;

	memset(mentioned, false, body->lexicon->parts.nthemes * sizeof(bool));
	for (int hit = 0; hit < body->nhits; hit++)
		for (int m = mentions_begin(body, hit); m < mentions_end(body, hit); m++)
		{
			bool	   *it = &mentioned[body->lexicon->mentions[m].theme];

			n += !*it;
			*it = true;
		}
	return n;
}

static text *
name_as_text(const LexiconParts *parts, const LexiconName *name)
{
	const char *utf8 = parts->names + name->start;
	char	   *own = pg_any_to_server(utf8, name->length, PG_UTF8);

	return cstring_to_text_with_len(own, own == utf8 ? name->length : (int) strlen(own));
}

/* themes(body, lexicon) */
PG_FUNCTION_INFO_V1(themes);
Datum
themes(PG_FUNCTION_ARGS)
{
	bool		mentioned[LEXICON_MAX_THEMES];
	const LexiconParts *parts;
	Datum	   *names;
	Body		body;
	int			n;
	int			filled = 0;

	read_body(PG_GETARG_TEXT_PP(0), compiled_lexicon(PG_GETARG_DATUM(1)), &body);
	n = mentioned_themes(&body, mentioned);
	if (n == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(TEXTOID));
	parts = &body.lexicon->parts;
	names = palloc(n * sizeof(Datum));
	for (int t = 0; t < parts->nthemes; t++)
		if (mentioned[t])
			names[filled++] = PointerGetDatum(name_as_text(parts, &parts->themes[t].name));
	PG_RETURN_ARRAYTYPE_P(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* theme_hits(body, lexicon) */
PG_FUNCTION_INFO_V1(theme_hits);
Datum
theme_hits(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const LexiconParts *parts;
	Body		body;

	InitMaterializedSRF(fcinfo, 0);
	read_body(PG_GETARG_TEXT_PP(0), compiled_lexicon(PG_GETARG_DATUM(1)), &body);
	parts = &body.lexicon->parts;
	for (int hit = 0; hit < body.nhits; hit++)
	{
		int			from = body.text.from[body.hits[hit].begin];
		int			to = body.text.to[body.hits[hit].end - 1];

		for (int m = mentions_begin(&body, hit); m < mentions_end(&body, hit); m++)
		{
			const Mention *mention = &body.lexicon->mentions[m];
			Datum		values[4];
			bool		nulls[4] = {0};

			values[0] = PointerGetDatum(name_as_text(parts, &parts->themes[mention->theme].name));
			values[1] = PointerGetDatum(name_as_text(parts, &parts->words[mention->word]));
			values[2] = Int32GetDatum(from + 1);
			values[3] = Int32GetDatum(to - from);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}

/* In thousandths, of all themes of a word that have one; false if none has. */
static bool
word_polarity(const Body *body, int hit, float8 *polarity)
{
	float8		sum = 0;
	int			n = 0;

	for (int m = mentions_begin(body, hit); m < mentions_end(body, hit); m++)
	{
		int			of_theme =
		body->lexicon->parts.themes[body->lexicon->mentions[m].theme].polarity;

		if (of_theme != POLARITY_NONE)
		{
			sum += of_theme;
			n++;
		}
	}
	*polarity = n > 0 ? sum / n : 0;
	return n > 0;
}

/* sentiment(body, lexicon) */
PG_FUNCTION_INFO_V1(sentiment);
Datum
sentiment(PG_FUNCTION_ARGS)
{
	float8		sum = 0;
	int			n = 0;
	Body		body;

	read_body(PG_GETARG_TEXT_PP(0), compiled_lexicon(PG_GETARG_DATUM(1)), &body);
	for (int hit = 0; hit < body.nhits; hit++)
	{
		float8		polarity;

		if (word_polarity(&body, hit, &polarity))
		{
			sum += is_negated(&body.text, body.hits[hit].begin, body.hits[hit].end) ?
				-polarity : polarity;
			n++;
		}
	}
	if (n == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sum / (n * (float8) POLARITY_ONE) + 0.0);
}

/*
 * theme_counts(body, lexicon)
 *
 * The state: a counter for each theme and, behind them, the lexicon, so that a
 * state says what it has counted.
 */
typedef struct ThemeCounts
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		nthemes;
	int64		counts[FLEXIBLE_ARRAY_MEMBER];	/* not negative */
} ThemeCounts;

#define COUNTS_SIZE(nthemes)	(offsetof(ThemeCounts, counts) + (nthemes) * sizeof(int64))
#define COUNTS_LEXICON(state)	((char *) (state) + COUNTS_SIZE((state)->nthemes))

static ThemeCounts *
counts_argument(FunctionCallInfo fcinfo, int argno)
{
	ThemeCounts *counts = aligned_state(fcinfo, argno);

	check_state(VARSIZE(counts) >= offsetof(ThemeCounts, counts), "It is too short.");
	check_state(counts->nthemes >= 0 && counts->nthemes <= LEXICON_MAX_THEMES,
				"Its number of themes is none.");
	check_state(VARSIZE(counts) >= COUNTS_SIZE(counts->nthemes) + sizeof(Lexicon),
				"It is too short for its themes.");
	check_state(VARATT_IS_4B_U(COUNTS_LEXICON(counts)) &&
				VARSIZE(COUNTS_LEXICON(counts)) == VARSIZE(counts) - COUNTS_SIZE(counts->nthemes),
				"Its lexicon has another length.");
	return counts;
}

/* The lexicon of a state, which has as many themes as are counted. */
static const CompiledLexicon *
counted_lexicon(ThemeCounts *counts)
{
	const CompiledLexicon *lexicon = compiled_lexicon(PointerGetDatum(COUNTS_LEXICON(counts)));

	check_state(lexicon->parts.nthemes == counts->nthemes, "Its lexicon has other themes.");
	return lexicon;
}

static ThemeCounts *
new_counts(const Lexicon *lexicon, int nthemes)
{
	Size		size = COUNTS_SIZE(nthemes) + VARSIZE(lexicon);
	ThemeCounts *counts = palloc0(size);

	SET_VARSIZE(counts, size);
	counts->nthemes = nthemes;
	memcpy(COUNTS_LEXICON(counts), lexicon, VARSIZE(lexicon));
	return counts;
}

/* Checked where it is read, so that a row costs no look at all of them. */
static int64
counted(const ThemeCounts *counts, int theme)
{
	check_state(counts->counts[theme] >= 0, "It has a negative count.");
	return counts->counts[theme];
}

static void
count_theme(ThemeCounts *counts, int theme, int64 n)
{
	if (pg_add_s64_overflow(counted(counts, theme), n, &counts->counts[theme]))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("theme_counts: too many texts")));
}

static void
report_other_lexicon(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("theme_counts: rows have different lexicons"),
			 errdetail("A count is of the themes of one lexicon."),
			 errhint("GROUP BY what the lexicon depends on.")));
}

PG_FUNCTION_INFO_V1(theme_counts_accum);
Datum
theme_counts_accum(PG_FUNCTION_ARGS)
{
	bool		mentioned[LEXICON_MAX_THEMES];
	const CompiledLexicon *lexicon;
	ThemeCounts *counts;
	Body		body;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return keep_state(fcinfo);
	lexicon = compiled_lexicon(PG_GETARG_DATUM(2));
	if (PG_ARGISNULL(0))
		counts = new_counts(stored_lexicon(PG_GETARG_DATUM(2)), lexicon->parts.nthemes);
	else
	{
		counts = counts_argument(fcinfo, 0);
		if (counted_lexicon(counts) != lexicon)
			report_other_lexicon();
		if (!in_aggregate(fcinfo))
			counts = memcpy(palloc(VARSIZE(counts)), counts, VARSIZE(counts));
	}
	read_body(PG_GETARG_TEXT_PP(1), lexicon, &body);
	mentioned_themes(&body, mentioned);
	for (int t = 0; t < counts->nthemes; t++)
		if (mentioned[t])
			count_theme(counts, t, 1);
	PG_RETURN_BYTEA_P(counts);
}

PG_FUNCTION_INFO_V1(theme_counts_combine);
Datum
theme_counts_combine(PG_FUNCTION_ARGS)
{
	ThemeCounts *a = counts_argument(fcinfo, 0);
	ThemeCounts *b = counts_argument(fcinfo, 1);

	if (a->nthemes != b->nthemes || VARSIZE(a) != VARSIZE(b) ||
		memcmp(COUNTS_LEXICON(a), COUNTS_LEXICON(b), VARSIZE(COUNTS_LEXICON(a))) != 0)
		report_other_lexicon();
	if (!in_aggregate(fcinfo))
		a = memcpy(palloc(VARSIZE(a)), a, VARSIZE(a));
	for (int t = 0; t < a->nthemes; t++)
		count_theme(a, t, counted(b, t));
	PG_RETURN_BYTEA_P(a);
}

PG_FUNCTION_INFO_V1(theme_counts_final);
Datum
theme_counts_final(PG_FUNCTION_ARGS)
{
	ThemeCounts *counts = counts_argument(fcinfo, 0);
	const LexiconParts *parts = &counted_lexicon(counts)->parts;
	JsonbParseState *state = NULL;
	JsonbValue *object;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int t = 0; t < counts->nthemes; t++)
	{
		text	   *name = name_as_text(parts, &parts->themes[t].name);
		JsonbValue	key;
		JsonbValue	count;

		key.type = jbvString;
		key.val.string.val = VARDATA_ANY(name);
		key.val.string.len = VARSIZE_ANY_EXHDR(name);
		count.type = jbvNumeric;
		count.val.numeric = int64_to_numeric(counted(counts, t));
		pushJsonbValue(&state, WJB_KEY, &key);
		pushJsonbValue(&state, WJB_VALUE, &count);
	}
	object = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(object));
}
