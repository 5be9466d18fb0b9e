/*-------------------------------------------------------------------------
 *
 * wait.h
 *	  The clock and the signals of loyalcs-dispatch, and waiting for either
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_DISPATCH_WAIT_H
#define LOYALCS_DISPATCH_WAIT_H

#include <stdbool.h>

/* Seconds since some moment in the past; nobody sets this clock. */
extern double seconds_now(void);

extern void catch_signals(void);
extern void default_signals(void);
extern bool stopping(void);
extern void set_command_group(int group);
extern void wait_for(double seconds, int fd);
extern int	wake_fd(void);
extern void drain_wake_fd(void);

#endif							/* LOYALCS_DISPATCH_WAIT_H */
