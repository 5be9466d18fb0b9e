/*-------------------------------------------------------------------------
 *
 * dispatch.h
 *	  What goes between a shop and whoever receives its follow-ups or warnings
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_DISPATCH_DISPATCH_H
#define LOYALCS_DISPATCH_DISPATCH_H

#include "dispatch/options.h"

/* Does the work, and gives one of EXIT_... */
extern int	dispatch(const Options *given);

#endif							/* LOYALCS_DISPATCH_DISPATCH_H */
