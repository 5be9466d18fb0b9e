/*-------------------------------------------------------------------------
 *
 * bgnbd_model.h
 *	  BG/NBD: how often somebody buys who may leave after any purchase.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_BGNBD_MODEL_H
#define LOYALCS_BGNBD_MODEL_H

#include "outlook/cases.h"
#include "outlook/fit_text.h"

/* Places of the parameters. */
enum
{
	BGNBD_R, BGNBD_ALPHA, BGNBD_A, BGNBD_B, BGNBD_PARAMETERS
};

/* A customer: repeat orders, time of the last, and age, all from the first order on. */
typedef struct Customer
{
	double		x;
	double		t_x;
	double		t;
} Customer;

extern const Model bgnbd_model;

extern void fit_bgnbd(const Cases *cases, Fit *fit);
extern double log_odds_of_gone(const double *parameters, const Customer *customer);
extern void log_odds_gradient(const double *parameters, const Customer *customer, double *gradient);
extern double purchases_while_alive(double r, double alpha, double a, double b, double horizon);

#endif							/* LOYALCS_BGNBD_MODEL_H */
