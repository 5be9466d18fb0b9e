/*-------------------------------------------------------------------------
 *
 * gamma_gamma.h
 *	  What functions about the value of orders are asked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_GAMMA_GAMMA_H
#define LOYALCS_GAMMA_GAMMA_H

#include "fmgr.h"

extern double mean_argument(FunctionCallInfo fcinfo, int argno, int64 x);

#endif							/* LOYALCS_GAMMA_GAMMA_H */
