/*-------------------------------------------------------------------------
 *
 * server.c
 *	  The connection of loyalcs-dispatch, and statements that survive it
 *
 * There is one connection.  When it is lost, the next statement makes it again;
 * a statement may be sent again when the connection breaks under it, so each has
 * to be one that may.  Statements go through libpq's pipeline: several of them
 * take one turn to the server and back, and none blocks the program.
 *
 *-------------------------------------------------------------------------
 */
#include "dispatch/server.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/report.h"
#include "dispatch/options.h"
#include "dispatch/wait.h"

/* How long to wait before the next attempt when something failed. */
#define FIRST_DELAY			0.1
#define LONGEST_DELAY		30.0

/* How long to wait for the server to say something before looking after it again. */
#define STATEMENT_TURN		3600.0

/* How long to try when somebody waits for the end. */
#define PATIENCE			30.0

static Server server;
static PGconn *conn = NULL;
static bool once_connected = false;

/* Why the last query gave no result: one of EXIT_... */
static int	failure;

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

static void
wait_for_conn(double seconds, bool to_write)
{
	wait_for(seconds, PQsocket(conn), (short) (POLLIN | (to_write ? POLLOUT : 0)));
}

/* Sends what waits to be sent, as far as it goes, and reads what there is. */
static bool
move_on(double seconds)
{
	int			unsent = PQflush(conn);

	if (unsent < 0)
		return false;
	wait_for_conn(seconds, unsent > 0);
	return PQconsumeInput(conn) != 0;
}

/*
 * The next result in the pipeline.  Whoever waits for it lets the commands go
 * on: their time limits do not wait for the server.
 */
static PGresult *
next_result(void)
{
	/*
	 * (what has been asked for is sent, and then there is nothing to do but
	 * to wait)
	 */
	while (PQflush(conn) > 0 || PQisBusy(conn))
		if (!move_on(STATEMENT_TURN))
			break;
	return PQgetResult(conn);
}

static bool
is_good(const PGresult *result)
{
	return PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK;
}

/* What comes of a statement, up to the end of its transaction. */
static PGresult *
result_of_statement(void)
{
	PGresult   *result = next_result();
	PGresult   *other;
	bool		in_sync = false;

	/* NULL ends a statement, PGRES_PIPELINE_SYNC its transaction */
	while (!in_sync && PQstatus(conn) == CONNECTION_OK)
	{
		other = next_result();
		in_sync = PQresultStatus(other) == PGRES_PIPELINE_SYNC;
		PQclear(other);
	}
	return result;
}

static void
note_failure(Statement *statement, int why, const char *sqlstate)
{
	statement->failure = why;
	snprintf(statement->state, sizeof(statement->state), "%s", sqlstate ? sqlstate : "");
}

static void
lost_connection(const char *message)
{
	say("lost the connection: %s", first_line(message));
	disconnect();
}

static bool
send_statements(const Statement *statements, int count)
{
	if (!PQenterPipelineMode(conn))
		return false;
	for (int i = 0; i < count; i++)
		if (!PQsendQueryParams(conn, statements[i].sql, statements[i].count, NULL,
							   statements[i].values, NULL, NULL, 0) ||
			!PQpipelineSync(conn))
			return false;
	return true;
}

/*
 * One attempt.  Gives the number of those, from the first, of which there is
 * nothing more to be had.
 */
static int
attempt(Statement *statements, int count)
{
	int			finished = count;

	if (!send_statements(statements, count))
	{
		note_failure(&statements[0], EXIT_UNREACHABLE, NULL);
		lost_connection(PQerrorMessage(conn));
		return 0;
	}
	for (int i = 0; i < count; i++)
	{
		PGresult   *result = result_of_statement();
		const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

		if (is_good(result) && i < finished)
		{
			statements[i].result = result;
			continue;
		}
		if (PQstatus(conn) != CONNECTION_OK)
		{
			note_failure(&statements[i], EXIT_UNREACHABLE, NULL);
			lost_connection(result ? PQresultErrorMessage(result) : PQerrorMessage(conn));
			PQclear(result);
			return i < finished ? i : finished;
		}
		if (i < finished)
		{
			say_error(result);
			note_failure(&statements[i], EXIT_TROUBLE, sqlstate);
			if (is_passing(statements[i].state))
				finished = i;
		}
		PQclear(result);
	}
	PQexitPipelineMode(conn);
	return finished;
}

/* The session in which names mean one thing, and which hears of new work. */
static bool
set_up_session(Statement *why)
{
	Statement	statements[] = {
		/* no statement here runs for as long as it takes to compile one */
		{.sql = "SELECT pg_catalog.set_config('search_path', '', false),"
			"       pg_catalog.set_config('timezone', 'UTC', false),"
		"       pg_catalog.set_config('jit', 'off', false)"},
		{.sql = server.listen}
	};
	int			count = server.listen ? 2 : 1;
	bool		done = attempt(statements, count) == count;

	for (int i = 0; i < count; i++)
	{
		if (statements[i].result == NULL)
		{
			note_failure(why, statements[i].failure, statements[i].state);
			done = false;
		}
		PQclear(statements[i].result);
	}
	return done;
}

/*
 * Time limits do wait for this: libpq alone knows how long to wait for which of
 * several hosts, and does so without us.
 */
static bool
connect_server(Statement *why)
{
	const char *keywords[] = {"connect_timeout", "fallback_application_name", "dbname", "client_encoding", NULL};
	const char *values[] = {"10", "loyalcs-dispatch", server.conninfo, "UTF8", NULL};

	if (getenv("PGCONNECT_TIMEOUT"))
		values[0] = NULL;
	conn = PQconnectdbParams(keywords, values, 1);
	if (PQstatus(conn) != CONNECTION_OK)
	{
		say("%s", first_line(PQerrorMessage(conn)));
		disconnect();
		note_failure(why, EXIT_UNREACHABLE, NULL);
		return false;
	}
	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	PQsetnonblocking(conn, 1);
	if (!set_up_session(why))
	{
		disconnect();
		return false;
	}
	once_connected = true;
	return true;
}

/* Whether another attempt is of any use. */
static bool
may_heal(const Statement *statement)
{
	return statement->failure == EXIT_UNREACHABLE || is_passing(statement->state);
}

void
run_statements(Statement *statements, int count, bool urgent)
{
	double		delay = FIRST_DELAY;
	double		impatient_since = -1;
	bool		failed_before = false;
	int			finished = 0;

	for (int i = 0; i < count; i++)
		statements[i].result = NULL;
	for (;;)
	{
		double		pause;

		if (conn != NULL || connect_server(&statements[finished]))
			finished += attempt(statements + finished, count - finished);
		else if (!may_heal(&statements[finished]))
			break;
		if (finished == count)
		{
			if (failed_before)
				say("going on");
			return;
		}
		failed_before = true;
		if (server.impatient || stopping())
		{
			if (impatient_since < 0)
				impatient_since = seconds_now();
			if (!once_connected || (stopping() && !urgent) ||
				seconds_now() - impatient_since > PATIENCE)
				break;
		}

		/* not all dispatchers at the same moment */
		pause = delay * (0.5 + 0.5 * (double) rand() / RAND_MAX);
		chat("trying again in %.1f s", pause);
		for (double until = seconds_now() + pause; (pause = until - seconds_now()) > 0 && !(stopping() && !urgent);)
			wait_for(pause, -1, 0);
		delay = fmin(delay * 2, LONGEST_DELAY);
	}
	/* those behind it have not been tried, and fail for the same reason */
	for (int i = finished + 1; i < count; i++)
		note_failure(&statements[i], statements[finished].failure, statements[finished].state);
}

static PGresult *
result_of(Statement *statement)
{
	if (statement->result == NULL)
		failure = statement->failure;
	return statement->result;
}

static Statement
statement_of(const char *sql, int count, const char *const *values)
{
	Statement	statement = {.sql = sql,.count = count};

	for (int i = 0; i < count; i++)
		statement.values[i] = values[i];
	return statement;
}

PGresult *
query_once(const char *sql, int count, const char *const *values)
{
	Statement	statement = statement_of(sql, count, values);

	if (conn == NULL)
		return NULL;
	attempt(&statement, 1);
	return result_of(&statement);
}

PGresult *
query(const char *sql, int count, const char *const *values, bool urgent)
{
	Statement	statement = statement_of(sql, count, values);

	run_statements(&statement, 1, urgent);
	return result_of(&statement);
}

char *
array_of(const char *const *values, int count)
{
	size_t		size = 3;
	char	   *array;
	char	   *to;

	for (int i = 0; i < count; i++)
		size += 2 * (values[i] ? strlen(values[i]) : 4) + 3;
	array = to = checked_memory(malloc(size));
	*to++ = '{';
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			*to++ = ',';
		if (values[i] == NULL)
		{
			to += sprintf(to, "NULL");
			continue;
		}
		*to++ = '"';
		for (const char *from = values[i]; *from; from++)
		{
			if (*from == '"' || *from == '\\')
				*to++ = '\\';
			*to++ = *from;
		}
		*to++ = '"';
	}
	strcpy(to, "}");
	return array;
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

	if (conn == NULL)
		return false;

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
	if (conn == NULL)
		wait_for(seconds, -1, 0);
	else if (!move_on(seconds))
		lost_connection(PQerrorMessage(conn));
}
