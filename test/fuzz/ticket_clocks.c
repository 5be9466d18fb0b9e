/*-------------------------------------------------------------------------
 *
 * ticket_clocks.c
 *	  Runs logs through the machine that makes clocks of them, and holds the
 *	  clocks against what is true of every log.
 *
 * Five bytes are an event: its kind, its instant, its part, its tie, and the part
 * that it is merged into; ties are made different, so that the log is the same in
 * whatever order it comes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "service/ticket_clocks.h"

#include "must.h"
#include "palloc.h"

#define EVENT_BYTES		5
#define MAX_EVENTS		1024

/*
 * What is true of every log
 */

static bool
happens_at(const Event *events, int nevents, TimestampTz at)
{
	for (int i = 0; i < nevents; i++)
	{
		if (events[i].at == at)
			return true;
	}
	return false;
}

static bool
is_paused(const Clock *clock, TimestampTz at)
{
	for (int i = 0; i < clock->pauses.n; i++)
	{
		if (clock->pauses.list[i].from <= at && at < clock->pauses.list[i].until)
			return true;
	}
	return false;
}

static void
check_clock(const Clock *clock, const Event *events, int nevents)
{
	MUST(clock->cycle > 0);
	MUST(happens_at(events, nevents, clock->started));
	MUST(clock->stopped >= clock->started);
	MUST(clock->stopped == DT_NOEND || happens_at(events, nevents, clock->stopped));
	MUST(clock->ended == DT_NOEND || happens_at(events, nevents, clock->ended));
	MUST(clock->stopped == DT_NOEND || clock->ended == DT_NOEND);
	MUST(clock->ended >= clock->started);
	for (int i = 0; i < clock->nmoves; i++)
	{
		MUST(clock->moves[i].from != (i + 1 < clock->nmoves ? clock->moves[i + 1].from : clock->part));
		MUST(clock->moves[i].at >= (i > 0 ? clock->moves[i - 1].at : clock->started));
	}
	MUST(clock->acknowledged == DT_NOEND ||
		 (clock->metric == FIRST_RESPONSE && clock->acknowledged >= clock->started));
	MUST(clock->pauses.n == 0 || clock->metric >= PROPOSAL);
	for (int i = 0; i < clock->pauses.n; i++)
	{
		const Pause *pause = &clock->pauses.list[i];

		MUST(pause->from >= clock->started && pause->from < pause->until);
		MUST(pause->until <= Min(clock->stopped, clock->ended));
		MUST(i == 0 || pause[-1].until < pause->from);
	}
	MUST(clock->solved.n == 0 || clock->metric == RESOLUTION);
	for (int i = 0; i < clock->solved.n; i++)
	{
		const Pause *solved = &clock->solved.list[i];

		MUST(solved->from < solved->until);
		MUST(i == 0 || solved[-1].until <= solved->from);
		MUST(is_paused(clock, solved->from) && is_paused(clock, solved->until - 1));
	}
}

static void
check_clocks(const Clock **clocks, int n, const Event *events, int nevents)
{
	for (int i = 0; i < n; i++)
	{
		const Clock *clock = clocks[i];
		const Clock *last = i > 0 ? clocks[i - 1] : NULL;

		check_clock(clock, events, nevents);
		if (last == NULL || last->part != clock->part)
		{
			MUST(last == NULL || last->part < clock->part);
			continue;
		}
		/* and no two of a kind run in one ticket */
		MUST(last->metric < clock->metric ||
			 (last->metric == clock->metric && last->cycle < clock->cycle));
		if (clock_runs(clock))
		{
			for (int j = i - 1; j >= 0 && clocks[j]->part == clock->part &&
				 clocks[j]->metric == clock->metric; j--)
				MUST(!clock_runs(clocks[j]));
		}
	}
}

static void
check_same_pauses(const Pauses *a, const Pauses *b)
{
	MUST(a->n == b->n);
	for (int i = 0; i < a->n; i++)
		MUST(a->list[i].from == b->list[i].from && a->list[i].until == b->list[i].until);
}

static void
check_same(const Clock *a, const Clock *b)
{
	MUST(a->metric == b->metric && a->cycle == b->cycle && a->started == b->started &&
		 a->stopped == b->stopped && a->acknowledged == b->acknowledged &&
		 a->part == b->part && a->ended == b->ended && a->nmoves == b->nmoves);
	check_same_pauses(&a->pauses, &b->pauses);
	check_same_pauses(&a->solved, &b->solved);
}

static int
read_events(const uint8 *data, size_t size, Event *events)
{
	int			n = 0;

	for (; size >= EVENT_BYTES && n < MAX_EVENTS; data += EVENT_BYTES, size -= EVENT_BYTES)
	{
		events[n].kind = data[0] % EVENT_KINDS;
		events[n].at = data[1];
		/* few tickets, so that they meet; or one each, so that they are many */
		events[n].part = data[2] < 128 ? data[2] % 4 : data[2] + n * INT64CONST(1000);
		events[n].tie = data[3] * MAX_EVENTS + n;
		events[n].target = data[4] % 4;
		events[n].merged = events[n].kind == EVENT_MERGED ? data[4] % MERGE_TARGETS : MERGED_NOWHERE;
		n++;
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	static Event events[MAX_EVENTS];
	static Event turned[MAX_EVENTS];
	const Clock **clocks;
	const Clock **others;
	int			nevents = read_events(data, size, events);
	int			turn = size > 0 ? data[0] : 0;
	int			n;

	for (int i = 0; i < nevents; i++)
		turned[i] = events[(nevents - 1 - i + turn) % nevents];
	n = run_ticket_logs(events, nevents, &clocks);
	check_clocks(clocks, n, events, nevents);
	MUST(run_ticket_logs(turned, nevents, &others) == n);
	for (int i = 0; i < n; i++)
		check_same(clocks[i], others[i]);
	forget_all();
	return 0;
}
