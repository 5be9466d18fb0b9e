/*-------------------------------------------------------------------------
 *
 * dispatch.h
 *	  loyalcs-dispatch: takes follow-ups or SLA warnings that are due from a
 *	  shop and hands each to a command or to stdout
 *
 * main.c has the options and the manual, dispatch.c what goes between the
 * server and the receiver, command.c the running of a command, and report.c
 * messages, the clock and signals.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_DISPATCH_H
#define LOYALCS_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>

/* How the program ends; the manual in main.c tells what they mean. */
#define EXIT_DONE			0
#define EXIT_TROUBLE		1
#define EXIT_USAGE			2
#define EXIT_UNREACHABLE	3

/*
 * A command that takes too long is asked to end, and this many seconds later
 * made to.  A lease has to last for both.
 */
#define KILL_AFTER			2

/*
 * What a command printed is kept up to this many bytes: enough for the answer
 * of a mail server, too little for a core dump to fill a table.
 */
#define DETAIL_BYTES		1000
#define DETAIL_SIZE			(DETAIL_BYTES + 100)	/* and how it ended */

#ifdef __GNUC__
#define CHECK_FORMAT(string, first) __attribute__((format(printf, string, first)))
#else
#define CHECK_FORMAT(string, first)
#endif

typedef struct Options
{
	const char *conninfo;		/* or NULL: what the environment says */
	const char *shop;
	const char *channel;		/* or NULL: all */
	const char *worker;
	const char *command;		/* or NULL: stdout */
	const char *at;				/* or NULL: the server's clock */
	const char *limit;			/* a number, checked */
	int			lease;			/* seconds */
	int			time_limit;		/* seconds */
	bool		sla;			/* warnings, not follow-ups */
	bool		once;
	bool		dry_run;
	bool		verbose;
} Options;

typedef enum Outcome
{
	OUTCOME_SENT,
	OUTCOME_FAILED,
	OUTCOME_UNDELIVERABLE,
	OUTCOME_NONE				/* it is not this item that went wrong */
} Outcome;

/* dispatch.c */
extern int	dispatch(const Options *given);

/* command.c */
extern Outcome run_command(const char *command, const char *line,
						   int time_limit, char *detail);

/* report.c */
extern void set_verbose(void);
extern void say(const char *format,...) CHECK_FORMAT(1, 2);
extern void chat(const char *format,...) CHECK_FORMAT(1, 2);
extern double seconds_now(void);
extern void catch_signals(void);
extern void default_signals(void);
extern bool stopping(void);
extern void set_command_group(int group);
extern void wait_for(double seconds, int fd);
extern int	wake_fd(void);
extern void drain_wake_fd(void);

#endif							/* LOYALCS_DISPATCH_H */
