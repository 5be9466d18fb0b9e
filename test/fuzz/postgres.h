/*-------------------------------------------------------------------------
 *
 * postgres.h
 *	  Stands in for the server's when a pure source file is compiled without
 *	  a server, to be fuzzed: the few names that such a file may use.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_FUZZ_POSTGRES_H
#define LOYALCS_FUZZ_POSTGRES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t uint8;
typedef uint16_t uint16;
typedef int16_t int16;
typedef int32_t int32;
typedef int64_t int64;
typedef uint32_t uint32;
typedef uint64_t uint64;

#define INT64CONST(x)	(x##L)
#define UINT64CONST(x)	(x##UL)
#define Assert(condition) \
	do { if (!(condition)) { fprintf(stderr, "assertion: %s\n", #condition); abort(); } } while (0)

/* Of those programs that allocate; they forget it all at once. */
extern void *palloc(size_t size);
extern void *repalloc(void *pointer, size_t size);
extern void pfree(void *pointer);

#define FLEXIBLE_ARRAY_MEMBER

#define Min(x, y)		((x) < (y) ? (x) : (y))
#define Max(x, y)		((x) > (y) ? (x) : (y))
#define lengthof(array) (sizeof(array) / sizeof((array)[0]))

#endif							/* LOYALCS_FUZZ_POSTGRES_H */
