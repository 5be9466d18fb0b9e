/*-------------------------------------------------------------------------
 *
 * gamma_functions.h
 *	  The logarithm of the gamma function with its first two derivatives.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_GAMMA_FUNCTIONS_H
#define LOYALCS_GAMMA_FUNCTIONS_H

/* A value, and how it changes with one argument: once and twice derived. */
typedef struct Derived
{
	double		value;
	double		first;
	double		second;
} Derived;

extern Derived log_gamma(double s);
extern Derived log_rising(double s, double n);

#endif							/* LOYALCS_GAMMA_FUNCTIONS_H */
