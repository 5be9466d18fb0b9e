/*-------------------------------------------------------------------------
 *
 * wait.h
 *	  The clock and the signals of loyalcs-dispatch, and waiting for either
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_DISPATCH_WAIT_H
#define LOYALCS_DISPATCH_WAIT_H

#include <poll.h>
#include <stdbool.h>

/* Seconds since some moment in the past; nobody sets this clock. */
extern double seconds_now(void);

extern void catch_signals(void);
extern bool stopping(void);

/* The process group of a command, 0 for none, in one of MAX_PARALLEL places. */
extern void set_command_group(int place, int group);

/*
 * Who has something to do while the program waits: watch fills in up to two
 * descriptors for each of MAX_PARALLEL, makes the time shorter if it has to,
 * and gives their number; attend sees what happened to them.
 */
extern void set_attendant(int (*watch) (struct pollfd *fds, double *seconds),
						  void (*attend) (const struct pollfd *fds));

/*
 * Until the time is over, a signal comes, one of these events happens to fd
 * (unless it is -1), or there was something to attend to.
 */
extern void wait_for(double seconds, int fd, short events);

#endif							/* LOYALCS_DISPATCH_WAIT_H */
