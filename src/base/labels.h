/*-------------------------------------------------------------------------
 *
 * labels.h
 *	  Enums: their labels are known here, their numbers the server gives.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_LABELS_H
#define LOYALCS_LABELS_H

#include "fmgr.h"

extern int	label_index(const char *label, Size length, const char *const *labels,
						int nlabels);
extern void enum_numbers(Oid type, const char *const *labels, int nlabels, Oid *numbers);
extern const Oid *cached_numbers(FunctionCallInfo fcinfo, int argno,
								 const char *const *labels, int nlabels);
extern int	label_argument(FunctionCallInfo fcinfo, int argno,
						   const char *const *labels, int nlabels);

#endif							/* LOYALCS_LABELS_H */
