/*-------------------------------------------------------------------------
 *
 * stats.h
 *	  The two distributions that intervals and significance tests need.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_STATS_H
#define LOYALCS_STATS_H

extern double normal_two_sided(double z);
extern double normal_critical(double confidence);
extern double student_two_sided(double t, double df);
extern double student_critical(double confidence, double df);

#endif							/* LOYALCS_STATS_H */
