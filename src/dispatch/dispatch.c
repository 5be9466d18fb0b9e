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
#include "dispatch/dispatch.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/command.h"
#include "dispatch/line.h"
#include "dispatch/report.h"
#include "dispatch/server.h"
#include "dispatch/wait.h"
#include "dispatch/work.h"

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

/* SQLSTATE of an outcome of what does not exist: undefined_object */
#define NO_SUCH_ITEM		"42704"

static const Options *options;
static const Work *work;
static char *schema = NULL;		/* the shop's name, quoted */

static long sent = 0;
static long failed = 0;
static long undeliverable = 0;

/* The text of a statement with the shop's name in the place of %s. */
static const char *
of_shop(const char *format)
{
	static char sql[2000];

	snprintf(sql, sizeof(sql), format, schema);
	return sql;
}

/* Whether a query that asks that says so; *code becomes EXIT_... if there is no answer. */
static bool
holds(const char *sql, const char *value, int *code)
{
	PGresult   *result = query(sql, 1, &value, false);
	bool		answer = result != NULL && *PQgetvalue(result, 0, 0) == 't';

	if (result == NULL)
		*code = query_failure();
	PQclear(result);
	return answer;
}

/* The shop is there, and so is the channel. */
static int
check_names(void)
{
	int			code = EXIT_DONE;

	if (!holds("SELECT EXISTS (SELECT FROM loyalcs.shops WHERE name = $1)", options->shop, &code))
	{
		if (code != EXIT_DONE)
			return code;
		say("there is no shop %s in database %s", options->shop, database_name());
		say("HINT: SELECT name FROM loyalcs.shops lists them.");
		return EXIT_TROUBLE;
	}
	schema = quoted_name(options->shop);
	if (schema == NULL)
		return EXIT_TROUBLE;
	if (options->channel == NULL ||
		holds(of_shop("SELECT EXISTS (SELECT FROM %s.channels WHERE channel = $1)"), options->channel, &code))
		return EXIT_DONE;
	if (code != EXIT_DONE)
		return code;
	say("shop %s has no channel %s", options->shop, options->channel);
	say("HINT: Its table channels lists them.");
	return EXIT_TROUBLE;
}

/*
 * Says what is not as it should be in the shop, and goes on: what could be handed
 * out twice or wrongly the server refuses, when it comes to it.  All of it can be
 * seen by the owner alone; to others the version says whether the shop is of today.
 */
static int
check_shop(void)
{
	static const char sql[] =
	"SELECT c.problem, c.remedy"
	"  FROM loyalcs.shops s CROSS JOIN LATERAL loyalcs.check_shop(s.name) c"
	" WHERE s.name = $1 AND s.owner = current_user::text AND s.version <> '0.1.0' "
	"UNION ALL "
	"SELECT 'it is of version ' || s.version || ' of loyalcs, and the extension is not',"
	"       'its owner calls loyalcs.create_shop'"
	"  FROM loyalcs.shops s"
	" WHERE s.name = $1 AND s.up_to_date IS FALSE AND (s.owner <> current_user::text OR s.version = '0.1.0')";
	PGresult   *result = query(sql, 1, &options->shop, false);

	if (result == NULL)
		return query_failure();
	for (int i = 0; i < PQntuples(result); i++)
	{
		say("shop %s: %s", options->shop, PQgetvalue(result, i, 0));
		say("HINT: %s", PQgetvalue(result, i, 1));
	}
	PQclear(result);
	return EXIT_DONE;
}

/* A line of the server's as it leaves; NULL, and said so, if there is no room for it. */
static char *
leaving(const char *line)
{
	char	   *escaped = json_line(line);

	if (escaped == NULL)
		say("out of memory");
	return escaped;
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
		return query_failure();
	for (int i = 0; i < PQntuples(result) && code == EXIT_DONE; i++)
	{
		char	   *line = leaving(PQgetvalue(result, i, 0));

		if (line == NULL || !write_line(line))
			code = EXIT_TROUBLE;
		free(line);
	}
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
hand_over(const char *item, char *detail)
{
	char	   *line = leaving(item);
	Outcome		outcome = OUTCOME_NONE;

	detail[0] = '\0';
	if (line != NULL && options->command)
		outcome = run_command(options->command, line, options->time_limit, detail);
	else if (line != NULL && write_line(line))
		outcome = OUTCOME_SENT;
	free(line);
	return outcome;
}

/*
 * EXIT_DONE if work may go on.  An item that has been deleted meanwhile hurts
 * nobody; but if outcomes cannot be recorded, then whatever is handed over will
 * be handed over again, and that has to stop.
 */
static int
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
		return strcmp(query_failure_state(), NO_SUCH_ITEM) == 0 ? EXIT_DONE : query_failure();
	}
	answer = PQgetvalue(result, 0, 0);
	if (strcmp(answer, "late") == 0)
		say("%s %s: %s, after its lease had run out: somebody else may have handed it over too",
			work->noun, id, names[outcome]);
	else
		chat("%s %s: %s%s%s, %s", work->noun, id, names[outcome], detail[0] ? ", " : "", detail, answer);
	PQclear(result);
	*(outcome == OUTCOME_SENT ? &sent : outcome == OUTCOME_FAILED ? &failed : &undeliverable) += 1;
	return EXIT_DONE;
}

/* Gives back what is not going to be handed over; if that fails, the lease runs out. */
static void
release(PGresult *batch, int from)
{
	int			released = 0;

	for (int i = from; i < PQntuples(batch); i++)
	{
		const char *values[] = {PQgetvalue(batch, i, 0), PQgetvalue(batch, i, 1), options->at};
		PGresult   *result = query_once(of_shop(work->release), 3, values);

		if (result == NULL)
			break;
		PQclear(result);
		released++;
	}
	if (from < PQntuples(batch))
		chat("gave back %d of %d", released, PQntuples(batch) - from);
}

/* EXIT_DONE if work may go on. */
static int
work_off(PGresult *batch, double claimed_at)
{
	int			need = options->command ? options->time_limit + KILL_AFTER : 0;
	int			code = EXIT_DONE;
	int			i;

	chat("claimed %d", PQntuples(batch));
	for (i = 0; i < PQntuples(batch) && code == EXIT_DONE && !stopping(); i++)
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
			code = EXIT_TROUBLE;
			break;
		}
		code = record(id, PQgetvalue(batch, i, 1), outcome, detail);
	}
	release(batch, i);
	return code;
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
	bool		told = heard(options->shop);

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
	while (!stopping() && connected())
	{
		double		slept = seconds_now() - began;

		if (!told && heard(options->shop))
		{
			told = true;
			chat("told of new work");
		}
		if (slept >= (told ? looked_for : fmax(wait, looked_for)))
			break;
		wait_for_server((told ? looked_for : fmax(wait, looked_for)) - slept);
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
		int			code;

		if (batch == NULL)
			return stopping() ? EXIT_DONE : query_failure();
		count = PQntuples(batch);
		code = count > 0 ? work_off(batch, claimed_at) : EXIT_DONE;
		PQclear(batch);
		if (code != EXIT_DONE)
			return code;
		if (count > 0)
			continue;
		if (options->once)
			break;
		if (!sleep_until_due(seconds_now() - claimed_at))
			return stopping() ? EXIT_DONE : query_failure();
	}
	return EXIT_DONE;
}

int
dispatch(const Options *given)
{
	Server		server;
	int			code;

	options = given;
	work = given->sla ? &sla_warnings : &followups;
	/* a look is possible on a standby too, where LISTEN is not */
	server.conninfo = given->conninfo;
	server.listen = given->dry_run ? NULL : work->listen;
	server.impatient = given->once;
	set_server(&server);
	code = check_names();
	if (code == EXIT_DONE)
		code = check_shop();
	if (code != EXIT_DONE)
		code = stopping() ? EXIT_DONE : code;
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
