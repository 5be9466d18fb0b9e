/*-------------------------------------------------------------------------
 *
 * command.h
 *	  Runs a command for one item and tells by its exit what became of it
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_DISPATCH_COMMAND_H
#define LOYALCS_DISPATCH_COMMAND_H

/*
 * What a command printed is kept up to this many bytes: enough for the answer
 * of a mail server, too little for a core dump to fill a table.
 */
#define DETAIL_BYTES		1000
#define DETAIL_SIZE			(DETAIL_BYTES + 100)	/* and how it ended */

typedef enum Outcome
{
	OUTCOME_SENT,
	OUTCOME_FAILED,
	OUTCOME_UNDELIVERABLE,
	OUTCOME_NONE				/* it is not this item that went wrong */
} Outcome;

extern Outcome run_command(const char *command, const char *line,
						   int time_limit, char *detail);

#endif							/* LOYALCS_DISPATCH_COMMAND_H */
