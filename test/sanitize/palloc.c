/*-------------------------------------------------------------------------
 *
 * palloc.c
 *	  Linked into the library when it is built to be run under valgrind, between
 *	  it and PostgreSQL's allocator, so that memcheck sees where each of its
 *	  allocations ends.
 *
 * PostgreSQL takes memory from malloc() in blocks and cuts them up itself, of
 * which memcheck knows nothing: whoever writes past the end of a chunk
 * meets the next chunk.  A chunk of more than 8 kB, however, has a block of its
 * own.  So each allocation is made that large, and what was not asked for may
 * not be touched; freed, by pfree() or with its context, it goes back to free(), and
 * reading it after that is seen too.
 *
 * A short argument is copied into such a chunk, or else what lies behind it
 * would be a part of some tuple.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include <valgrind/memcheck.h>

/* More than any context puts into a shared block (ALLOC_CHUNK_LIMIT). */
#define OWN_BLOCK	8448

/* Beyond so many, a backend has only some made large, or it runs out of memory. */
#define ALL_OF		20000
#define ONE_OF		64

/* Longer arguments are left where they are, or summing up would be quadratic. */
#define COPIED		4096

extern void *__real_palloc(Size size);
extern void *__real_palloc0(Size size);
extern void *__real_palloc_extended(Size size, int flags);
extern void *__real_repalloc(void *chunk, Size size);
extern void *__real_repalloc_huge(void *chunk, Size size);
extern void *__real_MemoryContextAlloc(MemoryContext context, Size size);
extern void *__real_MemoryContextAllocZero(MemoryContext context, Size size);
extern void *__real_MemoryContextAllocExtended(MemoryContext context, Size size, int flags);
extern struct varlena *__real_pg_detoast_datum(struct varlena *datum);
extern struct varlena *__real_pg_detoast_datum_packed(struct varlena *datum);
extern struct varlena *__real_pg_detoast_datum_copy(struct varlena *datum);
extern struct varlena *__real_pg_detoast_datum_slice(struct varlena *datum, int32 first, int32 count);

extern void *__wrap_palloc(Size size);
extern void *__wrap_palloc0(Size size);
extern void *__wrap_palloc_extended(Size size, int flags);
extern void *__wrap_repalloc(void *chunk, Size size);
extern void *__wrap_repalloc_huge(void *chunk, Size size);
extern void *__wrap_MemoryContextAlloc(MemoryContext context, Size size);
extern void *__wrap_MemoryContextAllocZero(MemoryContext context, Size size);
extern void *__wrap_MemoryContextAllocExtended(MemoryContext context, Size size, int flags);
extern char *__wrap_pstrdup(const char *string);
extern char *__wrap_pnstrdup(const char *string, Size length);
extern struct varlena *__wrap_pg_detoast_datum(struct varlena *datum);
extern struct varlena *__wrap_pg_detoast_datum_packed(struct varlena *datum);
extern struct varlena *__wrap_pg_detoast_datum_copy(struct varlena *datum);
extern struct varlena *__wrap_pg_detoast_datum_slice(struct varlena *datum, int32 first, int32 count);

static Size
padded(Size size)
{
	static uint64 calls = 0;

	calls++;
	return calls < ALL_OF || calls % ONE_OF == 0 ? Max(size, OWN_BLOCK) : size;
}

/* Nobody may touch what lies between what was asked for and what was given. */
static void *
guarded(void *chunk, Size size, Size given)
{
	VALGRIND_MAKE_MEM_NOACCESS((char *) chunk + size, given - size);
	return chunk;
}

void *
__wrap_palloc(Size size)
{
	Size		given = padded(size);

	return guarded(__real_palloc(given), size, given);
}

void *
__wrap_palloc0(Size size)
{
	Size		given = padded(size);

	return guarded(__real_palloc0(given), size, given);
}

/* From the start, as far as memory may be touched; asking is no touch. */
static Size
accessible(char *chunk, Size size)
{
	Size		from = 0;

	while (from < size)
	{
		Size		middle = from + (size - from) / 2;
		char		bits;

		if (VALGRIND_GET_VBITS(chunk + middle, &bits, 1) == 1)
			from = middle + 1;
		else
			size = middle;
	}
	return from;
}

/* What was behind the old end, and stays where it is, was nobody's till now. */
static void *
regrown(void *chunk, Size size, Size given)
{
	Size		old = accessible(chunk, size);

	VALGRIND_MAKE_MEM_UNDEFINED((char *) chunk + old, size - old);
	return guarded(chunk, size, given);
}

void *
__wrap_repalloc(void *chunk, Size size)
{
	Size		given = padded(size);

	return regrown(__real_repalloc(chunk, given), size, given);
}

void *
__wrap_repalloc_huge(void *chunk, Size size)
{
	Size		given = padded(size);

	return regrown(__real_repalloc_huge(chunk, given), size, given);
}

void *
__wrap_MemoryContextAlloc(MemoryContext context, Size size)
{
	Size		given = padded(size);

	return guarded(__real_MemoryContextAlloc(context, given), size, given);
}

void *
__wrap_MemoryContextAllocZero(MemoryContext context, Size size)
{
	Size		given = padded(size);

	return guarded(__real_MemoryContextAllocZero(context, given), size, given);
}

/* (With MCXT_ALLOC_NO_OOM there may be none.) */
void *
__wrap_palloc_extended(Size size, int flags)
{
	Size		given = padded(size);
	void	   *chunk = __real_palloc_extended(given, flags);

	return chunk ? guarded(chunk, size, given) : NULL;
}

void *
__wrap_MemoryContextAllocExtended(MemoryContext context, Size size, int flags)
{
	Size		given = padded(size);
	void	   *chunk = __real_MemoryContextAllocExtended(context, given, flags);

	return chunk ? guarded(chunk, size, given) : NULL;
}

char *
__wrap_pstrdup(const char *string)
{
	Size		size = strlen(string) + 1;

	return memcpy(__wrap_palloc(size), string, size);
}

char *
__wrap_pnstrdup(const char *string, Size length)
{
	Size		size = strnlen(string, length);
	char	   *copy = __wrap_palloc(size + 1);

	copy[size] = '\0';
	return memcpy(copy, string, size);
}

static struct varlena *
own_copy(struct varlena *value)
{
	Size		size = VARSIZE_ANY(value);

	return size > COPIED ? value : memcpy(__wrap_palloc(size), value, size);
}

struct varlena *
__wrap_pg_detoast_datum(struct varlena *datum)
{
	return own_copy(__real_pg_detoast_datum(datum));
}

struct varlena *
__wrap_pg_detoast_datum_packed(struct varlena *datum)
{
	return own_copy(__real_pg_detoast_datum_packed(datum));
}

struct varlena *
__wrap_pg_detoast_datum_copy(struct varlena *datum)
{
	return own_copy(__real_pg_detoast_datum_copy(datum));
}

struct varlena *
__wrap_pg_detoast_datum_slice(struct varlena *datum, int32 first, int32 count)
{
	return own_copy(__real_pg_detoast_datum_slice(datum, first, count));
}
