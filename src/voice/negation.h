/*-------------------------------------------------------------------------
 *
 * negation.h
 *	  Is a word of a text denied?
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_NEGATION_H
#define LOYALCS_NEGATION_H

#include "voice/normal.h"

extern bool is_negated(const NormalText *text, int begin, int end);

#endif							/* LOYALCS_NEGATION_H */
