/*-------------------------------------------------------------------------
 *
 * stored_hours.h
 *	  The one way in for business hours that were stored.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_STORED_HOURS_H
#define LOYALCS_STORED_HOURS_H

#include "fmgr.h"

#include "calendar/business_hours.h"

extern void check_stored_hours(const BusinessHours *hours);
extern BusinessHours *stored_hours(Datum value);

#define PG_GETARG_BUSINESS_HOURS_P(n)	stored_hours(PG_GETARG_DATUM(n))

#endif							/* LOYALCS_STORED_HOURS_H */
