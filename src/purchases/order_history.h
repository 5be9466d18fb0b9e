/*-------------------------------------------------------------------------
 *
 * order_history.h
 *	  What has become of a customer's orders, and which of them count when.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_ORDER_HISTORY_H
#define LOYALCS_ORDER_HISTORY_H

#include "datatype/timestamp.h"
#include "fmgr.h"

/* An order that counts: when it was placed, and for how much (see money.h). */
typedef struct CountedOrder
{
	TimestampTz at;
	int64		amount;
} CountedOrder;

/* The orders that count as of an instant, the earliest first. */
typedef struct CountedOrders
{
	int			count;
	CountedOrder *orders;
} CountedOrders;

extern CountedOrders read_order_history(FunctionCallInfo fcinfo, int argno, TimestampTz as_of);

#endif							/* LOYALCS_ORDER_HISTORY_H */
