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

/*
 * The result of a statement, after as many attempts as it takes; NULL if they
 * are of no use, or take longer than anybody waits for, or if the program is to
 * end and the statement is not urgent.
 */
extern PGresult *query(const char *sql, int count, const char *const *values, bool urgent);

/* The same of one attempt, and of none if the connection is lost. */
extern PGresult *query_once(const char *sql, int count, const char *const *values);

/* Why the last statement gave no result: one of EXIT_..., and the server's code for it. */
extern int	query_failure(void);
extern const char *query_failure_state(void);

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
