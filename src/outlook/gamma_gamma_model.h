/*-------------------------------------------------------------------------
 *
 * gamma_gamma_model.h
 *	  Gamma-Gamma: how much somebody spends on an order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_GAMMA_GAMMA_MODEL_H
#define LOYALCS_GAMMA_GAMMA_MODEL_H

#include "outlook/cases.h"
#include "outlook/fit_text.h"

/* Places of the parameters. */
enum
{
	GAMMA_GAMMA_P, GAMMA_GAMMA_Q, GAMMA_GAMMA_GAMMA, GAMMA_GAMMA_PARAMETERS
};

extern const Model gamma_gamma_model;

extern void fit_gamma_gamma(const Cases *cases, Fit *fit);
extern double order_value(const double *parameters, double x, double mean);

#endif							/* LOYALCS_GAMMA_GAMMA_MODEL_H */
