/*-------------------------------------------------------------------------
 *
 * shop_triggers.h
 *	  What triggers of a shop's tables have in common that are in C.
 *
 * Such a trigger does what is ordinary, or lets it pass, and asks the shop's own
 * function of its name about all else: see ledger.c and customer_changes.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_SHOP_TRIGGERS_H
#define LOYALCS_SHOP_TRIGGERS_H

#include "commands/trigger.h"
#include "fmgr.h"

extern TriggerData *trigger_data(FunctionCallInfo fcinfo);
extern Datum ask_shop(FunctionCallInfo fcinfo, const char *name);

#endif							/* LOYALCS_SHOP_TRIGGERS_H */
