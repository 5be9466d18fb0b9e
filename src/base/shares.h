/*-------------------------------------------------------------------------
 *
 * shares.h
 *	  How well a share is known.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_SHARES_H
#define LOYALCS_SHARES_H

extern void wilson_interval(double hits, double n, double z, double *low, double *high);
extern void check_hits(const char *name, int64 hits, int64 n);
extern void check_confidence(double confidence);

#endif							/* LOYALCS_SHARES_H */
