/*-------------------------------------------------------------------------
 *
 * server.h
 *	  The connection of loyalcs-dispatch, and statements that survive it
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOYALCS_DISPATCH_SERVER_H
#define LOYALCS_DISPATCH_SERVER_H

#include <stdbool.h>

#include <libpq-fe.h>

typedef struct Server
{
	const char *conninfo;		/* or NULL: what the environment says */
	const char *listen;			/* or NULL: what each new connection runs */
	bool		impatient;		/* somebody waits for the end */
} Server;

extern void set_server(const Server *given);

/* No statement here has more values. */
#define MAX_VALUES			5

typedef struct Statement
{
	const char *sql;
	int			count;
	const char *values[MAX_VALUES];
	PGresult   *result;			/* NULL if there is none */
	int			failure;		/* then: why, one of EXIT_... */
	char		state[6];		/* and the server's code for it */
} Statement;

/*
 * Runs each in a transaction of its own, all of them in one turn to the server,
 * after as many attempts as it takes; in a new attempt, those behind one that
 * failed are run again too.  A statement has no result if attempts are of no
 * use, or take longer than anybody waits for, or if the program is to end and
 * this is not urgent.
 */
extern void run_statements(Statement *statements, int count, bool urgent);

/* The result of one, or NULL. */
extern PGresult *query(const char *sql, int count, const char *const *values, bool urgent);

/* The same of one attempt, and of none if the connection is lost. */
extern PGresult *query_once(const char *sql, int count, const char *const *values);

/* Why the last of these queries gave no result: one of EXIT_... */
extern int	query_failure(void);

/* An array of text as SQL reads it, to be freed; NULL is NULL. */
extern char *array_of(const char *const *values, int count);

extern bool connected(void);
extern void disconnect(void);

/* These take a connection. */
extern const char *database_name(void);

/* A name as SQL writes it, to be freed with PQfreemem(); NULL if it is none. */
extern char *quoted_name(const char *name);

/* Whether a notification has come whose text is this; it forgets all. */
extern bool heard(const char *of);

/* Until the time is over, a signal comes, or the server says something. */
extern void wait_for_server(double seconds);

#endif							/* LOYALCS_DISPATCH_SERVER_H */
