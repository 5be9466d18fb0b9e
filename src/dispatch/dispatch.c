/*-------------------------------------------------------------------------
 *
 * dispatch.c
 *	  What goes between a shop and whoever receives its follow-ups or warnings
 *
 * Work is claimed for the time of a lease, handed over item by item, and each
 * item's outcome is recorded before the next one is handed over.  So what
 * somebody may hear of twice is, for each time that this program is killed,
 * the one item that was in between.  What is claimed and not handed over goes
 * back when the program ends, and by the end of the lease when it is killed.
 *
 * Every statement may be sent again when the connection breaks under it:
 * claims that nobody knows of run out, and an outcome is recorded once for its
 * claim_key.
 *
 *-------------------------------------------------------------------------
 */
#include "dispatch.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

/*
 * Notifications tell of new follow-ups, and next_..._at() when old work is due.
 * What neither foresees is found within this many seconds.
 */
#define LONGEST_SLEEP		60.0

/*
 * Work may be due and yet not there to be claimed, because another dispatcher
 * is just taking it: the next look is this many seconds later.
 */
#define SHORTEST_SLEEP		0.5

/* How long to wait before the next attempt when something failed. */
#define FIRST_DELAY			0.1
#define LONGEST_DELAY		30.0

/* How long to try when somebody waits for the end. */
#define PATIENCE			30.0

/* A kind of work: what it is called, and its statements, with %s for the shop's name. */
typedef struct Work
{
	const char *noun;
	const char *listen;			/* or NULL: nothing tells of it */
	const char *look;			/* gives lines */
	const char *claim;			/* gives number, claim key, line */
	const char *record;			/* gives what that means */
	const char *release;
	const char *next;			/* gives seconds from now */
} Work;

static const Work followups = {
	.noun = "follow-up",
	.listen = "LISTEN loyalcs_followups",
	.look = "SELECT row_to_json(d)::text || E'\n'"
	"  FROM (SELECT f.customer_id, f.step, f.subject, f.channel, f.due_at, f.why"
	"          FROM %s.followups_due_at(coalesce($2::timestamptz, now())) f"
	"         WHERE $1::text IS NULL OR f.channel = $1"
	"         ORDER BY f.due_at, f.customer_id, f.step, f.subject) d",
	.claim = "SELECT c.followup_id, c.claim_key,"
	"       (SELECT row_to_json(i)::text || E'\n'"
	"          FROM (SELECT c.followup_id, c.attempt, c.customer_id, c.step, c.subject,"
	"                       c.channel, c.due_at, c.payload) i)"
	"  FROM %s.claim_followups($1, $2::integer, $3, $4::interval,"
	"                          coalesce($5::timestamptz, now())) c",
	.record = "SELECT %s.complete_followup($1::bigint, $2, $3, $4,"
	"                            coalesce($5::timestamptz, now()))",
	.release = "SELECT %s.release_followup($1::bigint, $2, coalesce($3::timestamptz, now()))",
	.next = "SELECT EXTRACT(epoch FROM %s.next_followup_at($1) - clock_timestamp())"
};

static const Work sla_warnings = {
	.noun = "SLA warning",
	.look = "SELECT row_to_json(d)::text || E'\n'"
	"  FROM (SELECT w.customer_id, w.ticket_id, w.metric, w.state, w.channel, w.due_at, w.due_in, w.agent_id"
	"          FROM %s.sla_warnings_due_at(coalesce($2::timestamptz, now())) w"
	"         WHERE $1::text IS NULL OR w.channel = $1"
	"         ORDER BY w.due_at, w.customer_id, w.ticket_id, w.metric, w.cycle) d",
	.claim = "SELECT c.warning_id, c.claim_key,"
	"       (SELECT row_to_json(i)::text || E'\n'"
	"          FROM (SELECT c.warning_id, c.attempt, c.customer_id, c.ticket_id,"
	"                       c.channel, c.due_at, c.payload) i)"
	"  FROM %s.claim_sla_warnings($1, $2::integer, $3, $4::interval,"
	"                             coalesce($5::timestamptz, now())) c",
	.record = "SELECT %s.complete_sla_warning($1::bigint, $2, $3, $4,"
	"                               coalesce($5::timestamptz, now()))",
	.release = "SELECT %s.release_sla_warning($1::bigint, $2, coalesce($3::timestamptz, now()))",
	.next = "SELECT EXTRACT(epoch FROM %s.next_sla_warning_at($1) - clock_timestamp())"
};

static const Options *options;
static const Work *work;
static PGconn *conn = NULL;
static bool once_connected = false;
static char *schema = NULL;		/* the shop's name, quoted */

/* Why query() gave no result. */
static int	failure;			/* one of EXIT_... */
static char failure_state[6];	/* the server's code for it */

static long sent = 0;
static long failed = 0;
static long undeliverable = 0;

/* The first line of what libpq says, without the blank space around it. */
static const char *
first_line(const char *text)
{
	static char line[1000];

	snprintf(line, sizeof(line), "%.*s", (int) strcspn(text, "\n"), text);
	return line;
}

static void
say_error(const PGresult *result)
{
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	say("%s", message ? message : first_line(PQresultErrorMessage(result)));
	if (detail)
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

static void
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
	const char *values[] = {"10", "loyalcs-dispatch", options->conninfo, "UTF8", NULL};
	PGresult   *result;

	if (getenv("PGCONNECT_TIMEOUT"))
		values[0] = NULL;
	conn = PQconnectdbParams(keywords, values, 1);
	if (PQstatus(conn) != CONNECTION_OK)
	{
		say("%s", first_line(PQerrorMessage(conn)));
		disconnect();
		failure = EXIT_UNREACHABLE;
		*again = true;
		return false;
	}
	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	/* no statement here runs for as long as it takes to compile one */
	result = attempt("SELECT pg_catalog.set_config('search_path', '', false),"
					 "       pg_catalog.set_config('timezone', 'UTC', false),"
					 "       pg_catalog.set_config('jit', 'off', false)",
					 0, NULL, again);

	/* a look is possible on a standby too, where LISTEN is not */
	if (result != NULL && work->listen && !options->dry_run)
	{
		PQclear(result);
		result = attempt(work->listen, 0, NULL, again);
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

/*
 * The result of a statement, after as many attempts as it takes; NULL if they
 * are of no use, or take longer than anybody waits for, or if the program is to
 * end and the statement is not urgent.
 */
static PGresult *
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
		if (options->once || stopping())
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

/* The text of a statement with the shop's name in the place of %s. */
static const char *
of_shop(const char *format)
{
	static char sql[2000];

	snprintf(sql, sizeof(sql), format, schema);
	return sql;
}

/* The shop is there, and so is the channel. */
static bool
check_names(void)
{
	const char *values[] = {options->shop, options->channel};
	PGresult   *result;
	bool		found;

	result = query("SELECT EXISTS (SELECT FROM loyalcs.shops WHERE name = $1)", 1, values, false);
	if (result == NULL)
		return false;
	found = *PQgetvalue(result, 0, 0) == 't';
	PQclear(result);
	if (!found)
	{
		say("there is no shop %s in database %s", options->shop, PQdb(conn));
		say("HINT: SELECT name FROM loyalcs.shops lists them.");
		failure = EXIT_TROUBLE;
		return false;
	}
	schema = PQescapeIdentifier(conn, options->shop, strlen(options->shop));
	if (schema == NULL)
	{
		say("%s", first_line(PQerrorMessage(conn)));
		failure = EXIT_TROUBLE;
		return false;
	}
	if (options->channel == NULL)
		return true;
	result = query(of_shop("SELECT EXISTS (SELECT FROM %s.channels WHERE channel = $1)"), 1, values + 1, false);
	if (result == NULL)
		return false;
	found = *PQgetvalue(result, 0, 0) == 't';
	PQclear(result);
	if (!found)
	{
		say("shop %s has no channel %s", options->shop, options->channel);
		say("HINT: Its table channels lists them.");
		failure = EXIT_TROUBLE;
	}
	return found;
}

static bool
write_line(const char *line)
{
	if (fputs(line, stdout) >= 0 && fflush(stdout) == 0)
		return true;
	say("could not write to stdout: %s", strerror(errno));
	return false;
}

/* Prints what is due. */
static int
look(void)
{
	const char *values[] = {options->channel, options->at};
	PGresult   *result;
	int			code = EXIT_DONE;

	result = query(of_shop(work->look), 2, values, false);
	if (result == NULL)
		return failure;
	for (int i = 0; i < PQntuples(result) && code == EXIT_DONE; i++)
		if (!write_line(PQgetvalue(result, i, 0)))
			code = EXIT_TROUBLE;
	PQclear(result);
	return code;
}

static PGresult *
claim(void)
{
	char		lease[30];
	const char *values[] = {options->channel, options->limit, options->worker, lease, options->at};

	snprintf(lease, sizeof(lease), "%d seconds", options->lease);
	return query(of_shop(work->claim), 5, values, false);
}

static Outcome
hand_over(const char *line, char *detail)
{
	detail[0] = '\0';
	if (options->command)
		return run_command(options->command, line, options->time_limit, detail);
	return write_line(line) ? OUTCOME_SENT : OUTCOME_NONE;
}

/*
 * Whether work may go on.  An item that has been deleted meanwhile hurts
 * nobody; but if outcomes cannot be recorded, then whatever is handed over will
 * be handed over again, and that has to stop.
 */
static bool
record(const char *id, const char *key, Outcome outcome, const char *detail)
{
	static const char *const names[] = {"sent", "failed", "undeliverable"};
	const char *values[] = {id, names[outcome], key, detail[0] ? detail : NULL, options->at};
	PGresult   *result;
	const char *answer;

	result = query(of_shop(work->record), 5, values, true);
	if (result == NULL)
	{
		say("%s %s: %s, which could not be recorded", work->noun, id, names[outcome]);
		return failure == EXIT_TROUBLE && strcmp(failure_state, "42704") == 0;
	}
	answer = PQgetvalue(result, 0, 0);
	if (strcmp(answer, "late") == 0)
		say("%s %s: %s, after its lease had run out: somebody else may have handed it over too",
			work->noun, id, names[outcome]);
	else
		chat("%s %s: %s%s%s, %s", work->noun, id, names[outcome], detail[0] ? ", " : "", detail, answer);
	PQclear(result);
	*(outcome == OUTCOME_SENT ? &sent : outcome == OUTCOME_FAILED ? &failed : &undeliverable) += 1;
	return true;
}

/* Gives back what is not going to be handed over; if that fails, the lease runs out. */
static void
release(PGresult *batch, int from)
{
	int			released = 0;

	for (int i = from; i < PQntuples(batch); i++)
	{
		const char *values[] = {PQgetvalue(batch, i, 0), PQgetvalue(batch, i, 1), options->at};
		bool		again;
		PGresult   *result;

		if (conn == NULL)
			break;
		result = attempt(of_shop(work->release), 3, values, &again);
		if (result == NULL)
			break;
		PQclear(result);
		released++;
	}
	if (from < PQntuples(batch))
		chat("gave back %d of %d", released, PQntuples(batch) - from);
}

/* Whether work may go on. */
static bool
work_off(PGresult *batch, double claimed_at)
{
	int			need = options->command ? options->time_limit + KILL_AFTER : 0;
	int			i;
	bool		go_on = true;

	chat("claimed %d", PQntuples(batch));
	for (i = 0; i < PQntuples(batch) && go_on && !stopping(); i++)
	{
		char	   *id = PQgetvalue(batch, i, 0);
		char		detail[DETAIL_SIZE];
		Outcome		outcome;

		/* one at least, or a slow server would see nothing but claims */
		if (i > 0 && seconds_now() - claimed_at + need > options->lease)
		{
			chat("the lease does not last for the others");
			break;
		}
		outcome = hand_over(PQgetvalue(batch, i, 2), detail);
		if (outcome == OUTCOME_NONE)
		{
			failure = EXIT_TROUBLE;
			go_on = false;
			break;
		}
		go_on = record(id, PQgetvalue(batch, i, 1), outcome, detail);
	}
	release(batch, i);
	return go_on;
}

/* Whether somebody has told of new work in this shop. */
static bool
heard(void)
{
	bool		ours = false;
	PGnotify   *notification;

	while ((notification = PQnotifies(conn)) != NULL)
	{
		if (strcmp(notification->extra, options->shop) == 0)
			ours = true;
		PQfreemem(notification);
	}
	return ours;
}

/*
 * Sleeps until there may be work: it becomes due, or somebody tells of some.
 * Where many tell, looking takes no more than half of the time: the sleep lasts
 * at least as long as the look that found nothing.  False if the next moment
 * cannot be asked for.
 */
static bool
sleep_until_due(double looked_for)
{
	const char *values[] = {options->channel};
	PGresult   *result;
	double		wait = LONGEST_SLEEP;
	double		began;
	bool		told = heard();

	if (!told)
	{
		result = query(of_shop(work->next), 1, values, false);
		if (result == NULL)
			return false;
		if (!PQgetisnull(result, 0, 0))
			wait = fmax(fmin(atof(PQgetvalue(result, 0, 0)), LONGEST_SLEEP), SHORTEST_SLEEP);
		PQclear(result);
		chat("nothing is due, sleeping for up to %.1f s", wait);
	}
	began = seconds_now();
	while (!stopping() && conn != NULL)
	{
		double		slept = seconds_now() - began;

		told |= heard();
		if (slept >= (told ? looked_for : fmax(wait, looked_for)))
			break;
		wait_for((told ? looked_for : fmax(wait, looked_for)) - slept, PQsocket(conn));
		if (!PQconsumeInput(conn))
		{
			say("lost the connection: %s", first_line(PQerrorMessage(conn)));
			disconnect();
		}
	}
	return true;
}

static int
run(void)
{
	while (!stopping())
	{
		double		claimed_at = seconds_now();
		PGresult   *batch = claim();
		int			count;
		bool		go_on;

		if (batch == NULL)
			return stopping() ? EXIT_DONE : failure;
		count = PQntuples(batch);
		go_on = count == 0 || work_off(batch, claimed_at);
		PQclear(batch);
		if (!go_on)
			return failure;
		if (count > 0)
			continue;
		if (options->once)
			break;
		if (!sleep_until_due(seconds_now() - claimed_at))
			return stopping() ? EXIT_DONE : failure;
	}
	return EXIT_DONE;
}

int
dispatch(const Options *given)
{
	int			code;

	options = given;
	work = given->sla ? &sla_warnings : &followups;
	if (!check_names())
		code = stopping() ? EXIT_DONE : failure;
	else if (options->dry_run)
		code = look();
	else
	{
		code = run();
		chat("%ld sent, %ld failed, %ld undeliverable", sent, failed, undeliverable);
	}
	PQfreemem(schema);
	disconnect();
	return code;
}
