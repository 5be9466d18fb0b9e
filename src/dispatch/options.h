/*-------------------------------------------------------------------------
 *
 * options.h
 *	  How loyalcs-dispatch is called, and how it ends
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_DISPATCH_OPTIONS_H
#define LOYALCS_DISPATCH_OPTIONS_H

#include <stdbool.h>

/* How the program ends; the manual in options.c tells what they mean. */
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
 * So many items may be in between: each has a process, two pipes and some
 * memory, and a limit of 1024 open files is usual.
 */
#define MAX_PARALLEL		256

/* Who gets the items. */
typedef enum Handing
{
	TO_STDOUT,
	TO_COMMAND,					/* a process for each */
	TO_PIPE						/* one that stays */
} Handing;

typedef struct Options
{
	const char *conninfo;		/* or NULL: what the environment says */
	const char *shop;
	const char *channel;		/* or NULL: all */
	const char *worker;
	Handing		handing;
	const char *command;		/* or NULL: stdout */
	int			parallel;		/* items at a time */
	const char *at;				/* or NULL: the server's clock */
	const char *limit;			/* a number, checked */
	int			lease;			/* seconds */
	int			time_limit;		/* seconds */
	int			poll;			/* seconds */
	bool		keep_output;
	bool		sla;			/* warnings, not follow-ups */
	bool		escalations;	/* neither */
	bool		once;
	bool		dry_run;
	bool		verbose;
} Options;

extern void read_options(Options *o, int argc, char **argv);

#endif							/* LOYALCS_DISPATCH_OPTIONS_H */
