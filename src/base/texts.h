/*-------------------------------------------------------------------------
 *
 * texts.h
 *	  Are two texts the same, byte by byte?
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_TEXTS_H
#define LOYALCS_TEXTS_H

#include "base/compat.h"

static inline bool
same_text(const text * a, const text * b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

#endif							/* LOYALCS_TEXTS_H */
