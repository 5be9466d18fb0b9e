/*-------------------------------------------------------------------------
 *
 * miscadmin.h
 *	  Stands in for the server's, as postgres.h in this folder does: nobody cancels.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_FUZZ_MISCADMIN_H
#define LOYALCS_FUZZ_MISCADMIN_H

#define CHECK_FOR_INTERRUPTS()	((void) 0)

#endif							/* LOYALCS_FUZZ_MISCADMIN_H */
