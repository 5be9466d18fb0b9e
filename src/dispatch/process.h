/*-------------------------------------------------------------------------
 *
 * process.h
 *	  A command of somebody else's, with a pipe to it and one back
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_DISPATCH_PROCESS_H
#define LOYALCS_DISPATCH_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct Process
{
	int			place;			/* of its group among those that wait.h knows */
	pid_t		pid;			/* 0: none runs */
	int			input;			/* -1 once it is closed */
	int			output;
} Process;

/* Runs it with sh; false, and said so, if there is no room for it. */
extern bool start_process(Process *process, const char *command);

/* Whether it has ended; until it is reaped its group stays its own. */
extern bool process_ended(const Process *process);

/* To it and all that it has started. */
extern void signal_process(const Process *process, int signal_number);

/* Waits for its end and forgets it; gives its status, as waitpid() does. */
extern int	reap_process(Process *process);

extern void close_fd(int *fd);

#endif							/* LOYALCS_DISPATCH_PROCESS_H */
