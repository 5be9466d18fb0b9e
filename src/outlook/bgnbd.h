/*-------------------------------------------------------------------------
 *
 * bgnbd.h
 *	  What functions about customers are asked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_BGNBD_H
#define LOYALCS_BGNBD_H

#include "fmgr.h"

#include "outlook/bgnbd_model.h"

extern Customer customer_argument(FunctionCallInfo fcinfo, int first);
extern double horizon_argument(FunctionCallInfo fcinfo, int argno);

#endif							/* LOYALCS_BGNBD_H */
