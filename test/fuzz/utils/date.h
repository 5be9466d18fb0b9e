/*-------------------------------------------------------------------------
 *
 * date.h
 *	  Stands in for the server's, as postgres.h in this folder does: days.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_FUZZ_DATE_H
#define LOYALCS_FUZZ_DATE_H

typedef int32 DateADT;

#endif							/* LOYALCS_FUZZ_DATE_H */
