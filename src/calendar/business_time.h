/*-------------------------------------------------------------------------
 *
 * business_time.h
 *	  Open time, for those who count it without SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_BUSINESS_TIME_H
#define LOYALCS_BUSINESS_TIME_H

#include "datatype/timestamp.h"
#include "fmgr.h"

typedef struct Calendar Calendar;

extern Calendar *calendar_argument(FunctionCallInfo fcinfo, int argno);
extern int64 open_between(Calendar *calendar, TimestampTz from, TimestampTz to);
extern TimestampTz open_after(Calendar *calendar, TimestampTz at, int64 amount);

#endif							/* LOYALCS_BUSINESS_TIME_H */
