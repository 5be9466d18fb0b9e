/*-------------------------------------------------------------------------
 *
 * load.h
 *	  Brings files into a shop
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_IMPORT_LOAD_H
#define LOYALCS_IMPORT_LOAD_H

#include "import/options.h"

/* All of them, each in a transaction of its own; gives one of EXIT_... */
extern int	import_files(const Options *given);

#endif							/* LOYALCS_IMPORT_LOAD_H */
