/*-------------------------------------------------------------------------
 *
 * hands.c
 *	  Those that receive items, each one at a time
 *
 * A hand is empty, has an item, or is done with it and keeps it until what
 * became of it is recorded.  So what is in between is never more than there
 * are hands.  There are three kinds:
 *
 *   stdout     done with an item as soon as its line is written and flushed;
 *   a command  one process an item: one that crashes, leaks or hangs takes one
 *              item with it, and any program that reads stdin will do;
 *   a pipe     one process for as long as it keeps to the rule, one line of
 *              answer for each line that it gets.  Whatever else it says, and
 *              whenever it says it, ends it: nobody could tell any more which
 *              line answers which.  The next one is started after a pause that
 *              doubles until one answers.
 *
 * Whoever waits (wait.h) lets them go on: lines are written, answers read and
 * time limits kept while a statement is at the server.
 *
 *-------------------------------------------------------------------------
 */
#include "dispatch/hands.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/report.h"
#include "dispatch/process.h"
#include "dispatch/wait.h"

/* How long until a process that ended is followed by another one. */
#define FIRST_PAUSE			0.1
#define LONGEST_PAUSE		30.0

/*
 * Where somebody waits for the end, so many processes in a row may end before
 * they have read anything.
 */
#define UNREAD_AT_MOST		5

/* A process that has been killed and still is there is waited for: what else? */
#define FOREVER				1e9

typedef enum HandState
{
	HAND_EMPTY,
	HAND_BUSY,
	HAND_DONE
} HandState;

/* How far the end of a process is that has been told to end. */
typedef enum Ending
{
	ENDING_NOT,
	ENDING_OUTPUT,				/* it cannot say anything any more */
	ENDING_INPUT,				/* there is nothing more to read for it */
	ENDING_TERM,
	ENDING_KILL
} Ending;

struct Hand
{
	HandState	state;
	char	   *id;
	char	   *key;
	char	   *line;
	size_t		length;
	size_t		written;
	Outcome		outcome;
	char		detail[DETAIL_SIZE];
	Process		process;
	Ending		ending;
	double		deadline;		/* of the item, or of the next step to its end */
	bool		timed_out;
	char		text[ANSWER_BYTES]; /* what it has said and nobody has read
									 * yet */
	size_t		text_length;
	double		start_at;		/* a pipe: not before */
	double		pause;
	int			unread;			/* so many in a row have read nothing */
};

static const Options *options;
static Hand *hands;
static int	hand_count;

static bool
runs(const Hand *hand)
{
	return hand->process.pid != 0;
}

static void
done(Hand *hand, Outcome outcome)
{
	hand->state = HAND_DONE;
	hand->outcome = outcome;
}

/* One step further on the way to its end. */
static void
end_process(Hand *hand, Ending ending)
{
	hand->ending = ending;
	hand->deadline = seconds_now() + (ending == ENDING_KILL ? FOREVER : KILL_AFTER);
	/* (what is still in the pipe tells later whether it was read) */
	if (ending != ENDING_OUTPUT)
		close_fd(&hand->process.input);
	if (ending == ENDING_TERM)
		signal_process(&hand->process, SIGTERM);
	else if (ending == ENDING_KILL)
		signal_process(&hand->process, SIGKILL);
}

/*
 * A command need not read all of its line, or any of it.  One that keeps its
 * stdin open after the line is a pipe.
 */
static void
write_line(Hand *hand)
{
	ssize_t		put = write(hand->process.input, hand->line + hand->written, hand->length - hand->written);

	if (put >= 0)
		hand->written += (size_t) put;
	else if (errno != EAGAIN && errno != EINTR)
		close_fd(&hand->process.input);
	if (hand->written == hand->length && options->handing == TO_COMMAND)
		close_fd(&hand->process.input);
}

/* What it says beyond what there is room for is read and forgotten, lest it block. */
static void
keep_text(Hand *hand, const char *text, size_t length)
{
	size_t		room = sizeof(hand->text) - hand->text_length;
	size_t		kept = length < room ? length : room;

	memcpy(hand->text + hand->text_length, text, kept);
	hand->text_length += kept;
}

/* It may not go on: nobody knows what its next line would mean. */
static void
out_of_step(Hand *hand, const char *said)
{
	say("the process gave %s: it is ended", said);
	if (hand->state == HAND_BUSY)
	{
		snprintf(hand->detail, sizeof(hand->detail), "the process gave %.900s", said);
		if (options->keep_output)
			append_detail(hand->detail, hand->text, hand->text_length);
		done(hand, OUTCOME_FAILED);
	}
	end_process(hand, ENDING_TERM);
}

/* It has said a whole line. */
static void
take_answer(Hand *hand)
{
	Outcome		outcome;
	char		wrong[DETAIL_SIZE];

	if (hand->written < hand->length)
		out_of_step(hand, "an answer before it had the line");
	else if (read_answer(hand->text, hand->text_length, hand->id, &outcome, hand->detail, wrong))
	{
		done(hand, outcome);
		hand->pause = FIRST_PAUSE;
		hand->unread = 0;
	}
	else
		out_of_step(hand, wrong);
	hand->text_length = 0;
}

/* What a pipe says counts until it is out of step; it may be too late for its time limit. */
static void
take_output(Hand *hand, const char *text, size_t length)
{
	while (length > 0)
	{
		const char *newline = memchr(text, '\n', length);
		size_t		part = newline != NULL ? (size_t) (newline - text) : length;

		if (hand->state != HAND_BUSY)
		{
			if (hand->ending == ENDING_NOT)
				out_of_step(hand, "an answer that nobody had asked for");
			break;
		}
		keep_text(hand, text, part);
		if (newline == NULL)
			break;
		take_answer(hand);
		text += part + 1;
		length -= part + 1;
	}
}

static void
read_output(Hand *hand)
{
	char		buffer[4096];
	ssize_t		got;

	/* (what never ends is read as long as it comes, but not for ever) */
	for (int i = 0; i < 16; i++)
	{
		got = read(hand->process.output, buffer, sizeof(buffer));
		if (got <= 0)
		{
			if (got < 0 && (errno == EAGAIN || errno == EINTR))
				return;
			close_fd(&hand->process.output);
			if (options->handing == TO_PIPE && hand->ending == ENDING_NOT)
				end_process(hand, ENDING_OUTPUT);
			return;
		}
		if (options->handing == TO_PIPE)
			take_output(hand, buffer, (size_t) got);
		else
			keep_text(hand, buffer, (size_t) got);
	}
}

/* Whether all of its line is still in the pipe, where nobody will read it any more. */
static bool
has_read_nothing(const Hand *hand)
{
	int			left = 0;

	return hand->written == 0 ||
		(hand->process.input >= 0 && ioctl(hand->process.input, FIONREAD, &left) == 0 &&
		 (size_t) left == hand->written);
}

/*
 * What becomes of an item whose process has ended without an answer: it is not
 * the item's fault if there is no process to read it.
 */
static Outcome
outcome_of_silence(Hand *hand, bool unread, const char *how)
{
	say("the process ended without %s: %s", unread ? "reading its line" : "an answer", how);
	snprintf(hand->detail, sizeof(hand->detail), "no answer: %s", how);
	if (!unread)
		return OUTCOME_FAILED;
	/* somebody waits for the end */
	if (options->once && ++hand->unread >= UNREAD_AT_MOST)
	{
		say("the command cannot be run: %s", options->command);
		return OUTCOME_NONE;
	}
	return OUTCOME_NOT_BEGUN;
}

static const char *
how_it_ended(int status, char *how)
{
	if (outcome_of_end(status, how) == OUTCOME_SENT)
		strcpy(how, "exit code 0");
	return how;
}

/* What became of an item whose process has ended under it. */
static Outcome
outcome_of_last(Hand *hand, int status, bool unread)
{
	char	   *detail = hand->detail;
	Outcome		outcome = outcome_of_end(status, detail);
	char		how[DETAIL_SIZE];

	if (outcome == OUTCOME_NONE)
		say("the command cannot be run: %s", options->command);
	else if (hand->timed_out)
	{
		outcome = OUTCOME_FAILED;
		snprintf(detail, DETAIL_SIZE, "took longer than %d s", options->time_limit);
	}
	else if (options->handing == TO_PIPE)
		outcome = outcome_of_silence(hand, unread, how_it_ended(status, how));
	if (options->keep_output)
		append_detail(detail, hand->text, hand->text_length);
	return outcome;
}

static void
has_ended(Hand *hand)
{
	bool		unread = has_read_nothing(hand);
	char		how[DETAIL_SIZE];
	int			status;

	/* what it left running may hold the other end for as long as it likes */
	if (hand->process.output >= 0)
		read_output(hand);
	/* asked to end, it has left others behind */
	if (hand->ending == ENDING_TERM)
		signal_process(&hand->process, SIGKILL);
	status = reap_process(&hand->process);
	if (hand->state == HAND_BUSY)
		done(hand, outcome_of_last(hand, status, unread));
	else if (options->handing == TO_PIPE && hand->ending <= ENDING_OUTPUT)
		say("the process ended by itself: %s", how_it_ended(status, how));
	if (options->handing == TO_PIPE)
	{
		hand->start_at = seconds_now() + hand->pause;
		hand->pause = fmin(hand->pause * 2, LONGEST_PAUSE);
	}
}

/* What takes too long is asked to end, and later made to. */
static void
mind_the_time(Hand *hand)
{
	if (hand->ending == ENDING_NOT)
	{
		if (options->handing == TO_PIPE)
			say("the process took longer than %d s: it is ended", options->time_limit);
		hand->timed_out = true;
	}
	end_process(hand, hand->ending == ENDING_TERM ? ENDING_KILL : ENDING_TERM);
}

static bool
has_deadline(const Hand *hand)
{
	return runs(hand) && (hand->state == HAND_BUSY || hand->ending != ENDING_NOT);
}

/* What each of them waits for: two descriptors, and a moment. */
static int
watch(struct pollfd *fds, double *seconds)
{
	double		now = seconds_now();

	for (int i = 0; i < hand_count; i++)
	{
		Hand	   *hand = &hands[i];
		bool		unwritten = hand->state == HAND_BUSY && hand->written < hand->length;

		fds[2 * i] = (struct pollfd)
		{
			.fd = runs(hand) && unwritten ? hand->process.input : -1,.events = POLLOUT
		};
		fds[2 * i + 1] = (struct pollfd)
		{
			.fd = runs(hand) ? hand->process.output : -1,.events = POLLIN
		};
		if (has_deadline(hand))
			*seconds = fmin(*seconds, hand->deadline - now);
		else if (hand->state == HAND_EMPTY && !runs(hand) && hand->start_at > now)
			*seconds = fmin(*seconds, hand->start_at - now);
	}
	return 2 * hand_count;
}

static void
attend(const struct pollfd *fds)
{
	for (int i = 0; i < hand_count; i++)
	{
		Hand	   *hand = &hands[i];

		if (!runs(hand))
			continue;
		if (fds[2 * i].revents != 0)
			write_line(hand);
		if (fds[2 * i + 1].revents != 0)
			read_output(hand);
		if (process_ended(&hand->process))
			has_ended(hand);
		else if (has_deadline(hand) && hand->deadline <= seconds_now())
			mind_the_time(hand);
	}
}

void
set_up_hands(const Options *given)
{
	options = given;
	hand_count = given->parallel;
	hands = checked_memory(calloc((size_t) hand_count, sizeof(Hand)));
	for (int i = 0; i < hand_count; i++)
	{
		hands[i].process = (Process)
		{
			.place = i,.input = -1,.output = -1
		};
		hands[i].pause = FIRST_PAUSE;
	}
	set_attendant(watch, attend);
}

/* Whether it could begin, if it had nothing. */
static bool
is_able(const Hand *hand)
{
	return runs(hand) ? hand->ending == ENDING_NOT : options->handing != TO_PIPE || hand->start_at <= seconds_now();
}

static bool
is_free(const Hand *hand)
{
	return hand->state == HAND_EMPTY && is_able(hand);
}

int
free_hands(bool when_empty)
{
	int			count = 0;

	for (int i = 0; i < hand_count; i++)
		count += is_free(&hands[i]) || (when_empty && hands[i].state == HAND_DONE && is_able(&hands[i]));
	return count;
}

static int
hands_that_are(HandState state)
{
	int			count = 0;

	for (int i = 0; i < hand_count; i++)
		count += hands[i].state == state;
	return count;
}

int
busy_hands(void)
{
	return hands_that_are(HAND_BUSY);
}

int
done_hands(void)
{
	return hands_that_are(HAND_DONE);
}

static void
begin(Hand *hand)
{
	if (options->handing == TO_STDOUT)
	{
		if (fputs(hand->line, stdout) >= 0 && fflush(stdout) == 0)
			done(hand, OUTCOME_SENT);
		else
		{
			say("could not write to stdout: %s", strerror(errno));
			done(hand, OUTCOME_NONE);
		}
		return;
	}
	if (!runs(hand))
	{
		hand->ending = ENDING_NOT;
		hand->text_length = 0;
		if (!start_process(&hand->process, options->command))
		{
			done(hand, OUTCOME_NONE);
			return;
		}
	}
	hand->timed_out = false;
	hand->deadline = seconds_now() + options->time_limit;
	write_line(hand);
}

void
hand_over(const char *id, const char *key, const char *line)
{
	Hand	   *hand = hands;

	while (!is_free(hand))
		hand++;
	hand->state = HAND_BUSY;
	hand->id = checked_memory(strdup(id));
	hand->key = checked_memory(strdup(key));
	hand->line = checked_memory(strdup(line));
	hand->length = strlen(line);
	hand->written = 0;
	hand->detail[0] = '\0';
	begin(hand);
}

Hand *
next_done_hand(Hand *after)
{
	for (Hand *hand = after != NULL ? after + 1 : hands; hand < hands + hand_count; hand++)
		if (hand->state == HAND_DONE)
			return hand;
	return NULL;
}

const char *
hand_id(const Hand *hand)
{
	return hand->id;
}

const char *
hand_key(const Hand *hand)
{
	return hand->key;
}

Outcome
hand_outcome(const Hand *hand)
{
	return hand->outcome;
}

const char *
hand_detail(const Hand *hand)
{
	return hand->detail;
}

void
empty_hand(Hand *hand)
{
	free(hand->id);
	free(hand->key);
	free(hand->line);
	hand->id = hand->key = hand->line = NULL;
	hand->state = HAND_EMPTY;
}

/* A process that reads to the end of its input ends by itself. */
void
dismiss_hands(void)
{
	for (int i = 0; i < hand_count; i++)
		if (runs(&hands[i]) && hands[i].ending == ENDING_NOT)
			end_process(&hands[i], ENDING_INPUT);
	for (int i = 0; i < hand_count; i++)
		while (runs(&hands[i]))
			wait_for(LONGEST_PAUSE, -1, 0);
}
