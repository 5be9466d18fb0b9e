/*-------------------------------------------------------------------------
 *
 * server.c
 *	  The connection of loyalcs-dispatch, and statements that survive it
 *
 * There is one connection.  When it is lost, the next statement makes it again;
 * a statement may be sent again when the connection breaks under it, so each has
 * to be one that may.
 *
 *-------------------------------------------------------------------------
 */
#include "dispatch/server.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/options.h"
#include "dispatch/report.h"
#include "dispatch/wait.h"

/* How long to wait before the next attempt when something failed. */
#define FIRST_DELAY			0.1
#define LONGEST_DELAY		30.0

/* How long to try when somebody waits for the end. */
#define PATIENCE			30.0

static Server server;
static PGconn *conn = NULL;
static bool once_connected = false;

/* Why the last statement gave no result. */
static int	failure;			/* one of EXIT_... */
static char failure_state[6];	/* the server's code for it */

void
set_server(const Server *given)
{
	server = *given;
}

bool
connected(void)
{
	return conn != NULL;
}

int
query_failure(void)
{
	return failure;
}

const char *
query_failure_state(void)
{
	return failure_state;
}

const char *
database_name(void)
{
	return PQdb(conn);
}

/* The first line of what libpq says, without the blank space around it. */
static const char *
first_line(const char *text)
{
	static char line[1000];

	snprintf(line, sizeof(line), "%.*s", (int) strcspn(text, "\n"), text);
	return line;
}

/*
 * The detail of a broken constraint is the values of the row, which are a
 * customer's and belong into no log.
 */
static void
say_error(const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	say("%s", message ? message : first_line(PQresultErrorMessage(result)));
	if (detail && sqlstate && strncmp(sqlstate, "23", 2) != 0)
		say("DETAIL: %s", detail);
	if (hint)
		say("HINT: %s", hint);
}

/* An error that time may heal: the server is busy, full, or going away. */
static bool
is_passing(const char *sqlstate)
{
	static const char *const classes[] = {"08", "40", "53", "55", "57", "58"};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strncmp(sqlstate, classes[i], 2) == 0)
			return true;
	/* a standby that is about to be promoted */
	return strcmp(sqlstate, "25006") == 0;
}

void
disconnect(void)
{
	PQfinish(conn);
	conn = NULL;
}

static void
ignore_notice(void *arg, const PGresult *result)
{
	(void) arg;
	(void) result;
}

/* One attempt.  Without a result, it says whether another is of any use. */
static PGresult *
attempt(const char *sql, int count, const char *const *values, bool *again)
{
	PGresult   *result = PQexecParams(conn, sql, count, NULL, values, NULL, NULL, 0);
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK)
		return result;
	if (PQstatus(conn) != CONNECTION_OK)
	{
		say("lost the connection: %s", first_line(PQresultErrorMessage(result)));
		disconnect();
		failure = EXIT_UNREACHABLE;
		failure_state[0] = '\0';
		*again = true;
	}
	else
	{
		say_error(result);
		snprintf(failure_state, sizeof(failure_state), "%s", sqlstate ? sqlstate : "");
		failure = EXIT_TROUBLE;
		*again = is_passing(failure_state);
	}
	PQclear(result);
	return NULL;
}

/* A connection that hears of new work, and in which names mean one thing. */
static bool
connect_server(bool *again)
{
	const char *keywords[] = {"connect_timeout", "fallback_application_name", "dbname", "client_encoding", NULL};
	const char *values[] = {"10", "loyalcs-dispatch", server.conninfo, "UTF8", NULL};
	PGresult   *result;

	if (getenv("PGCONNECT_TIMEOUT"))
		values[0] = NULL;
	conn = PQconnectdbParams(keywords, values, 1);
	if (PQstatus(conn) != CONNECTION_OK)
	{
		say("%s", first_line(PQerrorMessage(conn)));
		disconnect();
		failure = EXIT_UNREACHABLE;
		failure_state[0] = '\0';
		*again = true;
		return false;
	}
	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	/* no statement here runs for as long as it takes to compile one */
	result = attempt("SELECT pg_catalog.set_config('search_path', '', false),"
					 "       pg_catalog.set_config('timezone', 'UTC', false),"
					 "       pg_catalog.set_config('jit', 'off', false)",
					 0, NULL, again);
	if (result != NULL && server.listen)
	{
		PQclear(result);
		result = attempt(server.listen, 0, NULL, again);
	}
	if (result == NULL)
	{
		disconnect();
		return false;
	}
	PQclear(result);
	once_connected = true;
	return true;
}

PGresult *
query_once(const char *sql, int count, const char *const *values)
{
	bool		again;

	return conn != NULL ? attempt(sql, count, values, &again) : NULL;
}

PGresult *
query(const char *sql, int count, const char *const *values, bool urgent)
{
	double		delay = FIRST_DELAY;
	double		impatient_since = -1;
	bool		failed_before = false;

	for (;;)
	{
		bool		again;
		double		pause;

		if (conn != NULL || connect_server(&again))
		{
			PGresult   *result = attempt(sql, count, values, &again);

			if (result != NULL)
			{
				if (failed_before)
					say("going on");
				return result;
			}
		}
		if (!again)
			return NULL;
		failed_before = true;
		if (server.impatient || stopping())
		{
			if (impatient_since < 0)
				impatient_since = seconds_now();
			if (!once_connected || (stopping() && !urgent) ||
				seconds_now() - impatient_since > PATIENCE)
				return NULL;
		}

		/* not all dispatchers at the same moment */
		pause = delay * (0.5 + 0.5 * (double) rand() / RAND_MAX);
		chat("trying again in %.1f s", pause);
		wait_for(pause, -1);
		delay = fmin(delay * 2, LONGEST_DELAY);
	}
}

char *
quoted_name(const char *name)
{
	char	   *quoted = PQescapeIdentifier(conn, name, strlen(name));

	if (quoted == NULL)
	{
		say("%s", first_line(PQerrorMessage(conn)));
		failure = EXIT_TROUBLE;
	}
	return quoted;
}

bool
heard(const char *of)
{
	bool		ours = false;
	PGnotify   *notification;

	while ((notification = PQnotifies(conn)) != NULL)
	{
		if (strcmp(notification->extra, of) == 0)
			ours = true;
		PQfreemem(notification);
	}
	return ours;
}

void
wait_for_server(double seconds)
{
	wait_for(seconds, PQsocket(conn));
	if (!PQconsumeInput(conn))
	{
		say("lost the connection: %s", first_line(PQerrorMessage(conn)));
		disconnect();
	}
}
