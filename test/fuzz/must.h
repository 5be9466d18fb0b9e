/*-------------------------------------------------------------------------
 *
 * must.h
 *	  What every fuzzer here is, and how it says what must hold of any input.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_FUZZ_MUST_H
#define LOYALCS_FUZZ_MUST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MUST(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "must hold: %s\n", #condition); \
			abort(); \
		} \
	} while (0)

extern int	LLVMFuzzerTestOneInput(const uint8_t * data, size_t size);

#endif							/* LOYALCS_FUZZ_MUST_H */
