/*-------------------------------------------------------------------------
 *
 * sla_states.h
 *	  What becomes of a promise.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_SLA_STATES_H
#define LOYALCS_SLA_STATES_H

#include "datatype/timestamp.h"

typedef enum State
{
	STATE_MET,
	STATE_MISSED,
	STATE_RUNNING,
	STATE_AT_RISK,
	STATE_BREACHED,
	STATE_PAUSED
} State;

#define STATES			(STATE_PAUSED + 1)

/* In the order of the enum sla_state. */
static const char *const state_names[STATES] = {
	"met", "missed", "running", "at_risk", "breached", "paused"
};

/*
 * DT_NOEND: no deadline is known, it has not stopped, nobody is to be warned.  What
 * had no deadline when it stopped was in time.
 */
static inline State
promise_state(TimestampTz due, TimestampTz stopped, TimestampTz as_of, TimestampTz warn)
{
	if (stopped != DT_NOEND && stopped <= as_of)
		return stopped <= due ? STATE_MET : STATE_MISSED;
	if (due == DT_NOEND)
		return STATE_PAUSED;
	if (as_of > due)
		return STATE_BREACHED;
	return warn != DT_NOEND && as_of >= warn ? STATE_AT_RISK : STATE_RUNNING;
}

#endif							/* LOYALCS_SLA_STATES_H */
