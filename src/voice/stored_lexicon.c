/*-------------------------------------------------------------------------
 *
 * stored_lexicon.c
 *	  Lexicons as arguments: checked, and compiled once a session.
 *
 * A query asks one lexicon a million times.  So each session keeps those that it
 * used last, found by their digest, which stands at the front of the value: the
 * rest of it is not even fetched.  A digest is believed of a value once its text
 * was seen to have it, when the lexicon is compiled; a damaged value can at worst
 * find the lexicon that it claims to be.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "voice/lexicon_text.h"
#include "voice/stored_lexicon.h"

/*
 * What a backend can spare: three hundred lexicons of four hundred words.  One
 * that alone takes more is kept until another is asked for.
 */
#define MAX_BYTES	((Size) 64 * 1024 * 1024)

/* They are looked through one by one. */
#define MAX_LEXICONS	100

/* What stands before the text, without the length word. */
#define LEXICON_HEADER	(offsetof(Lexicon, text) - VARHDRSZ)

typedef struct KeptLexicon
{
	dlist_node	node;			/* those that were asked last come first */
	MemoryContext context;		/* of this and all that belongs to it */
	uint8		digest[LEXICON_DIGEST];
	Size		bytes;
	const CompiledLexicon *compiled;
} KeptLexicon;

static dlist_head kept = DLIST_STATIC_INIT(kept);
static Size kept_bytes = 0;
static int	kept_lexicons = 0;

void
digest_text(const char *text, size_t length, uint8 *digest)
{
	bytea	   *bytes = palloc(VARHDRSZ + length);
	bytea	   *result;

	SET_VARSIZE(bytes, VARHDRSZ + length);
	memcpy(VARDATA(bytes), text, length);
	result = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea, PointerGetDatum(bytes)));
	Assert(VARSIZE_ANY_EXHDR(result) == LEXICON_DIGEST);
	memcpy(digest, VARDATA_ANY(result), LEXICON_DIGEST);
	pfree(bytes);
	pfree(result);
}

static void
report_damage(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("a stored lexicon is damaged"),
			 errdetail_internal("%s", detail)));
}

static void
check_version(int version)
{
	if (version != LEXICON_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("a stored lexicon has version number %d, which is unknown", version),
				 errdetail("The last one is %d.", LEXICON_VERSION)));
}

/* The whole value, unpacked; its text is UTF-8 and has the digest that it says. */
Lexicon *
stored_lexicon(Datum value)
{
	Lexicon    *lexicon = (Lexicon *) PG_DETOAST_DATUM(value);
	uint8		digest[LEXICON_DIGEST];
	int			length;

	if (VARSIZE(lexicon) < offsetof(Lexicon, text))
		report_damage("It is too short.");
	check_version(lexicon->version);
	length = VARSIZE(lexicon) - offsetof(Lexicon, text);
	digest_text(lexicon->text, length, digest);
	if (memcmp(digest, lexicon->digest, LEXICON_DIGEST) != 0)
		report_damage("Its text has another digest.");
	if (length > LEXICON_MAX_TEXT || !pg_verify_mbstr(PG_UTF8, lexicon->text, length, true))
		report_damage("Its text is none.");
	return lexicon;
}

/* The digest that a value says it has. */
static void
stored_digest(Datum value, uint8 *digest)
{
	struct varlena *packed = (struct varlena *) DatumGetPointer(value);
	struct varlena *front = packed;

	if (VARATT_IS_EXTERNAL(packed) || VARATT_IS_COMPRESSED(packed))
		front = PG_DETOAST_DATUM_SLICE(value, 0, LEXICON_HEADER);
	if (VARSIZE_ANY_EXHDR(front) < LEXICON_HEADER)
		report_damage("It is too short.");
	check_version(*(uint8 *) VARDATA_ANY(front));
	memcpy(digest, VARDATA_ANY(front) + LEXICON_HEADER - LEXICON_DIGEST, LEXICON_DIGEST);
	if (front != packed)
		pfree(front);
}

static void
forget_lexicon(KeptLexicon *lexicon)
{
	dlist_delete(&lexicon->node);
	kept_bytes -= lexicon->bytes;
	kept_lexicons--;
	MemoryContextDelete(lexicon->context);
}

static const CompiledLexicon *
compile_stored(const Lexicon *lexicon)
{
	LexiconParts parts;
	LexiconFault fault;
	Scanner		scanner;
	const CompiledLexicon *compiled = NULL;

	scan_start(&scanner, pnstrdup(lexicon->text, VARSIZE(lexicon) - offsetof(Lexicon, text)));
	if (parse_lexicon(&scanner, &parts))
		compiled = compile_lexicon(&parts, &fault);
	if (compiled == NULL)
		report_damage("Its text is no lexicon.");
	return compiled;
}

static KeptLexicon *
keep_lexicon(Datum value)
{
	Lexicon    *lexicon = stored_lexicon(value);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "loyalcs lexicon",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	KeptLexicon *entry = palloc0(sizeof(KeptLexicon));

	entry->context = context;
	memcpy(entry->digest, lexicon->digest, LEXICON_DIGEST);
	entry->compiled = compile_stored(lexicon);
	entry->bytes = compiled_bytes(entry->compiled) + VARSIZE(lexicon);
	MemoryContextSwitchTo(caller);
	/* nothing fails from here on: it lives as long as it is kept */
	MemoryContextSetParent(context, TopMemoryContext);
	kept_bytes += entry->bytes;
	kept_lexicons++;
	dlist_push_head(&kept, &entry->node);
	while ((kept_bytes > MAX_BYTES || kept_lexicons > MAX_LEXICONS) &&
		   dlist_has_next(&kept, &entry->node))
		forget_lexicon(dlist_tail_element(KeptLexicon, node, &kept));
	return entry;
}

/* It is valid until the next call. */
const CompiledLexicon *
compiled_lexicon(Datum value)
{
	uint8		digest[LEXICON_DIGEST];
	dlist_iter	iter;

	stored_digest(value, digest);
	dlist_foreach(iter, &kept)
	{
		KeptLexicon *entry = dlist_container(KeptLexicon, node, iter.cur);

		if (memcmp(entry->digest, digest, LEXICON_DIGEST) == 0)
		{
			dlist_move_head(&kept, &entry->node);
			return entry->compiled;
		}
	}
	return keep_lexicon(value)->compiled;
}
