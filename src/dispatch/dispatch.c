/*-------------------------------------------------------------------------
 *
 * dispatch.c
 *	  What goes between a shop and whoever receives its follow-ups or warnings
 *
 * Work is claimed for the time of a lease and handed over item by item, to as
 * many hands as there are.  Immediately before, the server is asked whether the
 * item is still wanted.  A hand gets its next item when what became of the last
 * one is recorded: so what somebody may hear of twice is, for each time that
 * this program is killed, no more than one item a hand.  What is claimed and
 * not handed over goes back when the program ends, and by the end of the lease
 * when it is killed.
 *
 * Outcomes are recorded all at once, as many as there are by then; the same
 * turn to the server asks about the items that come next.
 *
 * Every statement may be sent again when the connection breaks under it:
 * claims that nobody knows of run out, an outcome is recorded once for its
 * claim_key, and what is not wanted stays so.
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

#include "client/line.h"
#include "client/report.h"
#include "dispatch/hands.h"
#include "dispatch/server.h"
#include "dispatch/wait.h"
#include "dispatch/work.h"

/*
 * Work may be due and yet not there to be claimed, because another dispatcher
 * is just taking it: the next look is this many seconds later, then twice as
 * many, up to those of --poll.
 */
#define SHORTEST_SLEEP		0.5

/* While there is nothing to wait for but a hand. */
#define UNTIL_A_HAND		3600.0

/* Where jobs and applications may say that there is new work, with the shop's name. */
#define LISTEN				"LISTEN loyalcs_followups"

/* SQLSTATE of an outcome of what does not exist: undefined_object */
#define NO_SUCH_ITEM		"42704"

static const Options *options;
static const Work *work;
static char *schema = NULL;		/* the shop's name, quoted */
static Protocol protocol;
static bool can_ask;			/* whether something is still wanted */

/* What is claimed and not yet handed over: the rows from next on. */
static PGresult *batch = NULL;
static int	next = 0;
static double claimed_at;
static int	ask_at_most = MAX_PARALLEL;

/* Nothing new is begun; what is at hand is waited for. */
static bool ending = false;
static int	ending_code = EXIT_DONE;

static long sent = 0;
static long failed = 0;
static long undeliverable = 0;
static long unwanted = 0;

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

static bool
has_channel(int *code)
{
	char		sql[1000];

	snprintf(sql, sizeof(sql), "SELECT EXISTS (SELECT FROM %s.channels WHERE channel = $1)", schema);
	return holds(sql, options->channel, code);
}

/* A shop of an older version cannot be asked, and its items are handed over as they were claimed. */
static int
check_protocol(void)
{
	const char *values[] = {options->shop, work->wanted};
	PGresult   *result = query("SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
							   " WHERE n.nspname = $1 AND p.proname = $2", 2, values, false);

	if (result == NULL)
		return query_failure();
	can_ask = PQntuples(result) > 0;
	if (!can_ask)
		chat("shop %s cannot be asked whether a %s is still wanted", options->shop, work->noun);
	PQclear(result);
	return EXIT_DONE;
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
	set_up_protocol(&protocol, work, schema);
	if (options->channel == NULL ||
		has_channel(&code))
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
	" WHERE s.name = $1"
	/* (all of it has just been looked at, for its owner) */
	"   AND CASE WHEN s.owner <> current_user::text OR s.version = '0.1.0' THEN s.up_to_date IS FALSE END";
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

	result = query(protocol.look, 2, values, false);
	if (result == NULL)
		return query_failure();
	for (int i = 0; i < PQntuples(result) && code == EXIT_DONE; i++)
	{
		char	   *line = checked_memory(json_line(PQgetvalue(result, i, 0)));

		if (!write_line(line))
			code = EXIT_TROUBLE;
		free(line);
	}
	PQclear(result);
	return code;
}

/* The first trouble is the one that the program ends with. */
static void
end_with(int code)
{
	if (ending_code == EXIT_DONE)
		ending_code = code;
	ending = true;
}

static int
waiting_items(void)
{
	return PQntuples(batch) - next;
}

/* Gives back what is not going to be handed over; if that fails, the lease runs out. */
static void
release(const char **given_ids, const char **given_keys, int count)
{
	char	   *ids = array_of(given_ids, count);
	char	   *keys = array_of(given_keys, count);
	const char *values[] = {ids, keys, options->at};
	PGresult   *result = query_once(protocol.release, 3, values);
	int			released = 0;

	for (int i = 0; i < PQntuples(result); i++)
		released += *PQgetvalue(result, i, 0) == 't';
	chat("gave back %d of %d", released, count);
	PQclear(result);
	free(ids);
	free(keys);
}

static void
release_batch(void)
{
	int			count = waiting_items();
	const char **items = checked_memory(malloc(2 * (size_t) count * sizeof(char *)));

	for (int i = 0; i < count; i++)
	{
		items[i] = PQgetvalue(batch, next + i, 0);
		items[count + i] = PQgetvalue(batch, next + i, 1);
	}
	release(items, items + count, count);
	free(items);
	next += count;
}

/* Whether what is begun now will have ended, or will have been ended, in time. */
static bool
lease_lasts(void)
{
	int			need = options->handing != TO_STDOUT ? options->time_limit + KILL_AFTER : 0;

	/* one at least, or a slow server would see nothing but claims */
	return next == 0 || seconds_now() - claimed_at + need <= options->lease;
}

static void
tell_recorded(const Hand *hand, const char *answer)
{
	const char *name = outcome_names[hand_outcome(hand)];
	const char *detail = hand_detail(hand);

	if (strcmp(answer, "late") == 0)
		say("%s %s: %s, after its lease had run out: somebody else may have handed it over too",
			work->noun, hand_id(hand), name);
	else
		chat("%s %s: %s%s%s, %s", work->noun, hand_id(hand), name, detail[0] ? ", " : "", detail, answer);
	*(hand_outcome(hand) == OUTCOME_SENT ? &sent :
	  hand_outcome(hand) == OUTCOME_FAILED ? &failed : &undeliverable) += 1;
}

/*
 * An item that has been deleted meanwhile hurts nobody; but if outcomes cannot
 * be recorded, then whatever is handed over will be handed over again, and that
 * has to stop.
 */
static void
tell_unrecorded(const Hand *hand, const Statement *statement)
{
	say("%s %s: %s, which could not be recorded", work->noun, hand_id(hand), outcome_names[hand_outcome(hand)]);
	if (strcmp(statement->state, NO_SUCH_ITEM) != 0)
		end_with(statement->failure);
}

/* The hands whose items' outcomes are to be recorded. */
typedef struct Record
{
	int			count;
	Hand	   *hands[MAX_PARALLEL];
	char	   *arrays[4];
	Statement	statement;
} Record;

static void
prepare_record(Record *record, Hand *const *hands, int count)
{
	const char *columns[4][MAX_PARALLEL];

	for (int i = 0; i < count; i++)
	{
		const char *detail = hand_detail(hands[i]);

		record->hands[i] = hands[i];
		columns[0][i] = hand_id(hands[i]);
		columns[1][i] = outcome_names[hand_outcome(hands[i])];
		columns[2][i] = hand_key(hands[i]);
		columns[3][i] = detail[0] ? detail : NULL;
	}
	record->count = count;
	for (int i = 0; i < 4; i++)
		record->arrays[i] = array_of(columns[i], count);
	record->statement = (Statement)
	{
		.sql = protocol.record,.count = 5,
			.values =
		{
			record->arrays[0], record->arrays[1], record->arrays[2], record->arrays[3], options->at
		}
	};
}

static void
forget_record(Record *record)
{
	PQclear(record->statement.result);
	for (int i = 0; i < 4; i++)
		free(record->arrays[i]);
}

/*
 * One outcome that the server refuses is to harm no other: then each is recorded
 * by itself.
 */
static void
finish_record(Record *record)
{
	const Statement *statement = &record->statement;
	PGresult   *result = statement->result;

	for (int i = 0; i < PQntuples(result); i++)
		tell_recorded(record->hands[atoi(PQgetvalue(result, i, 0)) - 1], PQgetvalue(result, i, 1));
	for (int i = 0; result == NULL && i < record->count; i++)
	{
		Record		single;

		if (record->count == 1 || statement->failure != EXIT_TROUBLE)
		{
			tell_unrecorded(record->hands[i], statement);
			continue;
		}
		prepare_record(&single, &record->hands[i], 1);
		run_statements(&single.statement, 1, true);
		finish_record(&single);
	}
	forget_record(record);
}

/* What could not be begun is nobody's; if none of it can be, that is the end. */
static void
take_back(Hand *hand)
{
	const char *id = hand_id(hand);
	const char *key = hand_key(hand);

	if (hand_outcome(hand) == OUTCOME_NONE)
		end_with(EXIT_TROUBLE);
	release(&id, &key, 1);
	empty_hand(hand);
}

/* Sets *hands to those of which there is something to record. */
static int
done_items(Hand **done)
{
	int			count = 0;
	Hand	   *following;

	for (Hand *hand = next_done_hand(NULL); hand != NULL; hand = following)
	{
		following = next_done_hand(hand);
		if (hand_outcome(hand) > OUTCOME_UNDELIVERABLE)
			take_back(hand);
		else
			done[count++] = hand;
	}
	return count;
}

/* Whether the first items of the batch are still wanted. */
typedef struct Question
{
	int			count;
	char	   *ids;
	char	   *keys;
	Statement	statement;
} Question;

static void
prepare_question(Question *question, int count)
{
	const char *ids[MAX_PARALLEL];
	const char *keys[MAX_PARALLEL];

	for (int i = 0; i < count; i++)
	{
		ids[i] = PQgetvalue(batch, next + i, 0);
		keys[i] = PQgetvalue(batch, next + i, 1);
	}
	question->count = count;
	question->ids = array_of(ids, count);
	question->keys = array_of(keys, count);
	question->statement = (Statement)
	{
		.sql = protocol.wanted,.count = 3,.values =
		{
			question->ids, question->keys, options->at
		}
	};
}

/* The first item goes to a hand, or nowhere. */
static void
pass_on(bool wanted)
{
	const char *id = PQgetvalue(batch, next, 0);
	char	   *line;

	if (wanted)
	{
		line = checked_memory(json_line(PQgetvalue(batch, next, 2)));
		hand_over(id, PQgetvalue(batch, next, 1), line);
		free(line);
	}
	else
	{
		chat("%s %s: no longer wanted", work->noun, id);
		unwanted++;
	}
	next++;
}

/*
 * An error that is about the data of the item: then it stops no other.  If all
 * have it, none is handed over.
 */
static bool
is_about_item(const char *sqlstate)
{
	return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "54", 2) == 0 ||
		strncmp(sqlstate, "XX", 2) == 0 || strcmp(sqlstate, "P0001") == 0 || strcmp(sqlstate, NO_SUCH_ITEM) == 0;
}

/* Nobody knows whether it is wanted: so nobody gets it, until its lease is over. */
static void
no_answer(const Question *question)
{
	const Statement *statement = &question->statement;

	if (statement->failure != EXIT_TROUBLE || !is_about_item(statement->state))
		end_with(statement->failure);
	else if (question->count > 1)
		ask_at_most = 1;
	else
	{
		say("%s %s: not handed over, because it could not be looked at", work->noun, PQgetvalue(batch, next, 0));
		next++;
	}
}

static bool
may_pass_on(void)
{
	return !ending && !stopping() && lease_lasts() && free_hands(false) > 0;
}

/* What it says is true now: later it would have to be asked again. */
static void
finish_question(Question *question)
{
	PGresult   *result = question->statement.result;
	bool		wanted[MAX_PARALLEL];

	if (result == NULL && !stopping())
		no_answer(question);
	for (int i = 0; i < PQntuples(result); i++)
		wanted[atoi(PQgetvalue(result, i, 0)) - 1] = *PQgetvalue(result, i, 1) == 't';
	for (int i = 0; i < PQntuples(result) && may_pass_on(); i++)
		pass_on(wanted[i]);
	PQclear(result);
	free(question->ids);
	free(question->keys);
}

static int
least(int a, int b)
{
	return a < b ? a : b;
}

/* A turn to the server: what is done is recorded, what comes next looked at and handed over. */
static void
turn(void)
{
	Hand	   *done[MAX_PARALLEL];
	int			count = done_items(done);
	int			wanted = ending || !lease_lasts() ? 0 : least(least(waiting_items(), free_hands(true)), ask_at_most);
	Statement	statements[2];
	Record		record;
	Question	question;
	int			last = 0;

	if (count > 0)
	{
		prepare_record(&record, done, count);
		statements[last++] = record.statement;
	}
	if (wanted > 0 && can_ask)
	{
		prepare_question(&question, wanted);
		statements[last++] = question.statement;
	}
	if (last > 0)
		run_statements(statements, last, count > 0);
	if (count > 0)
	{
		record.statement = statements[0];
		finish_record(&record);
		for (int i = 0; i < count; i++)
			empty_hand(done[i]);
	}
	for (; wanted > 0 && !can_ask && may_pass_on(); wanted--)
		pass_on(true);
	if (wanted > 0 && can_ask)
	{
		question.statement = statements[last - 1];
		finish_question(&question);
	}
}

static void
claim(void)
{
	char		lease[30];
	const char *values[] = {options->channel, options->limit, options->worker, lease, options->at};

	snprintf(lease, sizeof(lease), "%d seconds", options->lease);
	claimed_at = seconds_now();
	PQclear(batch);
	batch = query(protocol.claim, 5, values, false);
	next = 0;
	ask_at_most = MAX_PARALLEL;
	if (batch == NULL && !stopping())
		end_with(query_failure());
	if (PQntuples(batch) > 0)
		chat("claimed %d", PQntuples(batch));
}

/*
 * For how long there will be nothing to claim, as far as anybody knows: until it
 * becomes due, --poll at most.  Looking takes no more than half of the time: the
 * sleep lasts at least as long as the look that found nothing.
 */
static double
nap(double looked_for)
{
	static double again = SHORTEST_SLEEP;
	const char *values[] = {options->channel};
	PGresult   *result;
	double		wait = options->poll;

	result = query(protocol.next, 1, values, false);
	if (result == NULL)
	{
		if (!stopping())
			end_with(query_failure());
		return 0;
	}
	if (!PQgetisnull(result, 0, 0))
		wait = fmin(atof(PQgetvalue(result, 0, 0)), wait);
	PQclear(result);
	if (wait > 0)
		again = SHORTEST_SLEEP;
	else
	{
		wait = again;
		again = fmin(again * 2, options->poll);
	}
	wait = fmax(fmax(wait, SHORTEST_SLEEP), looked_for);
	chat("nothing is due, sleeping for up to %.1f s", wait);
	return wait;
}

/* Waits for a hand, or until look_at, which becomes earliest if somebody tells of new work. */
static void
wait_to_look(double *look_at, double earliest)
{
	wait_for_server(*look_at - seconds_now());
	if (!connected())
		*look_at = 0;
	else if (heard(options->shop) && *look_at > earliest)
	{
		chat("told of new work");
		*look_at = earliest;
	}
}

static long
handled_items(void)
{
	return sent + failed + undeliverable + unwanted;
}

/* Whether --once is through: there was nothing to claim after all that there was has been handled. */
static bool
is_through(long handled_before)
{
	return options->once && busy_hands() + done_hands() == 0 && handled_items() == handled_before;
}

/*
 * While there is more, several hands do not wait for it to be claimed: that goes
 * on beside what they have at hand.
 */
static bool
may_claim_ahead(void)
{
	return free_hands(false) > 0 || (options->parallel > 1 && busy_hands() > 0);
}

/* Work goes on until somebody asks for the end, or something has gone wrong, or --once is through. */
static void
run(void)
{
	double		look_at = 0;
	double		earliest = 0;
	bool		found = true;	/* whether there was something to claim */
	long		handled = 0;	/* what was handled before */

	for (;;)
	{
		bool		may_claim;

		ending = ending || stopping();
		if (waiting_items() > 0 && done_hands() == 0 && (ending || !lease_lasts()))
		{
			if (!ending)
				chat("the lease does not last for the others");
			release_batch();
		}
		may_claim = !ending && waiting_items() == 0 && (found ? may_claim_ahead() : free_hands(false) > 0) &&
			(found || !options->once || busy_hands() == 0);
		if (done_hands() > 0 || (waiting_items() > 0 && free_hands(false) > 0))
			turn();
		else if ((ending && busy_hands() == 0) || (!found && is_through(handled)))
			break;
		else if (may_claim && look_at <= seconds_now())
		{
			double		began = seconds_now();

			handled = handled_items();
			claim();
			found = waiting_items() > 0;
			if (found || ending || options->once)
				continue;
			earliest = seconds_now() + (seconds_now() - began);
			look_at = heard(options->shop) ? earliest : seconds_now() + nap(seconds_now() - began);
		}
		else if (may_claim)
			wait_to_look(&look_at, earliest);
		else
			wait_for_server(UNTIL_A_HAND);
	}
}

int
dispatch(const Options *given)
{
	Server		server;
	int			code;

	options = given;
	work = given->escalations ? &escalations : given->sla ? &sla_warnings : &followups;
	/* a look is possible on a standby too, where LISTEN is not */
	server.conninfo = given->conninfo;
	server.listen = given->dry_run ? NULL : LISTEN;
	server.impatient = given->once;
	set_server(&server);
	code = check_names();
	if (code == EXIT_DONE)
		code = check_protocol();
	if (code == EXIT_DONE)
		code = check_shop();
	if (code != EXIT_DONE)
		code = stopping() ? EXIT_DONE : code;
	else if (options->dry_run)
		code = look();
	else
	{
		set_up_hands(options);
		run();
		dismiss_hands();
		code = ending_code;
		chat("%ld sent, %ld failed, %ld undeliverable, %ld no longer wanted", sent, failed, undeliverable, unwanted);
	}
	PQclear(batch);
	PQfreemem(schema);
	disconnect();
	return code;
}
