/*-------------------------------------------------------------------------
 *
 * sla_states.h
 *	  What becomes of a promise.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_SLA_STATES_H
#define LOYALCS_SLA_STATES_H

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

#endif							/* LOYALCS_SLA_STATES_H */
