/*-------------------------------------------------------------------------
 *
 * ticket_clocks.c
 *	  What happened to a ticket becomes clocks: one small state machine, through
 *	  which the events run in order of time.
 *
 * Events of one instant keep the order of their tie where one is given, else
 * that in which they came.  Real logs are dirty, so no order of events is an
 * error.  What makes no sense where it stands is passed over: see run_event().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "service/ticket_clocks.h"

#define NO_CLOCK	(-1)

/* What goes on in one log: in the ticket's own, or in one that was merged in. */
typedef struct Thread
{
	int64		id;
	bool		opened;
	bool		ended;			/* merged into another */
	TimestampTz paused;			/* since when; DT_NOEND if it is not */
	int			running[METRICS];	/* places among the clocks, or NO_CLOCK */
	int			resolution;		/* the last resolution clock, or NO_CLOCK */
} Thread;

typedef struct Machine
{
	int			nevents;
	Clock	   *clocks;
	int			nclocks;
	int			cycles[METRICS];
	Thread	   *threads;		/* the first is the ticket's own */
	int			nthreads;
} Machine;

static inline bool
is_before(const Event *a, const Event *b)
{
	return a->at != b->at ? a->at < b->at : a->tie < b->tie;
}

/*
 * Sorts by instant and tie, keeping the order of equals.  Few events, mostly
 * in order: insertion; many: merging.
 */
static void
sort_events(Event *events, int n)
{
	Event	   *from;
	Event	   *to;

	if (n <= 32)
	{
		for (int i = 1; i < n; i++)
		{
			Event		event = events[i];
			int			j = i;

			for (; j > 0 && is_before(&event, &events[j - 1]); j--)
				events[j] = events[j - 1];
			events[j] = event;
		}
		return;
	}

	from = events;
	to = palloc(n * sizeof(Event));
	for (int width = 1; width < n; width *= 2)
	{
		Event	   *swap = from;

		CHECK_FOR_INTERRUPTS();
		for (int left = 0; left < n; left += 2 * width)
		{
			int			middle = Min(left + width, n);
			int			right = Min(left + 2 * width, n);
			int			i = left;
			int			j = middle;

			for (int k = left; k < right; k++)
			{
				if (i < middle && (j >= right || !is_before(&from[j], &from[i])))
					to[k] = from[i++];
				else
					to[k] = from[j++];
			}
		}
		from = to;
		to = swap;
	}
	if (from != events)
	{
		memcpy(events, from, n * sizeof(Event));
		pfree(from);
	}
	else
		pfree(to);
}

static void
start_clock(Machine *machine, Thread *thread, Metric metric, TimestampTz at)
{
	Clock	   *clock = &machine->clocks[machine->nclocks];

	clock->metric = metric;
	/* The ticket's own clocks are numbered; a merged one's are if they move. */
	clock->cycle = thread->id == 0 ? ++machine->cycles[metric] : 0;
	clock->started = at;
	clock->stopped = DT_NOEND;
	clock->acknowledged = DT_NOEND;
	clock->pauses = NULL;
	clock->npauses = 0;
	thread->running[metric] = machine->nclocks;
	if (metric == RESOLUTION)
		thread->resolution = machine->nclocks;
	machine->nclocks++;
}

static void
add_pause(Machine *machine, Clock *clock, TimestampTz from, TimestampTz until)
{
	from = Max(from, clock->started);
	if (from >= until)
		return;
	/* One that follows directly is the same pause, as ranges see it. */
	if (clock->npauses > 0 && clock->pauses[clock->npauses - 1].until >= from)
	{
		clock->pauses[clock->npauses - 1].until =
			Max(clock->pauses[clock->npauses - 1].until, until);
		return;
	}
	if (clock->pauses == NULL)
		clock->pauses = palloc((machine->nevents + 1) * sizeof(Pause));
	clock->pauses[clock->npauses].from = from;
	clock->pauses[clock->npauses].until = until;
	clock->npauses++;
}

static inline Clock *
running_clock(const Machine *machine, const Thread *thread, Metric metric)
{
	return thread->running[metric] == NO_CLOCK ? NULL :
		&machine->clocks[thread->running[metric]];
}

/* Only the work on a matter is paused, never the duty to answer. */
static void
end_pause(Machine *machine, Thread *thread, TimestampTz at)
{
	if (thread->paused == DT_NOEND)
		return;
	for (int metric = PROPOSAL; metric <= RESOLUTION; metric++)
	{
		Clock	   *clock = running_clock(machine, thread, metric);

		if (clock != NULL)
			add_pause(machine, clock, thread->paused, at);
	}
	thread->paused = DT_NOEND;
}

static void
stop_clock(Machine *machine, Thread *thread, Metric metric, TimestampTz at)
{
	Clock	   *clock = running_clock(machine, thread, metric);

	if (clock == NULL)
		return;
	if (metric >= PROPOSAL && thread->paused != DT_NOEND)
		add_pause(machine, clock, thread->paused, at);
	clock->stopped = at;
	thread->running[metric] = NO_CLOCK;
}

/* A customer has been answered. */
static void
stop_responses(Machine *machine, Thread *thread, TimestampTz at)
{
	stop_clock(machine, thread, FIRST_RESPONSE, at);
	stop_clock(machine, thread, NEXT_RESPONSE, at);
}

static void
open_ticket(Machine *machine, Thread *thread, TimestampTz at)
{
	thread->opened = true;
	start_clock(machine, thread, FIRST_RESPONSE, at);
	start_clock(machine, thread, PROPOSAL, at);
	start_clock(machine, thread, RESOLUTION, at);
}

/*
 * A ticket is merged into another.  The clocks that ran go on there; where
 * both tickets had one running, the one that started first stays.  Clocks that
 * had stopped stay with the ticket that they were of.
 */
static void
merge_thread(Machine *machine, Thread *thread, TimestampTz at)
{
	Thread	   *own = &machine->threads[0];

	end_pause(machine, thread, at);
	thread->ended = true;
	if (thread == own)
		return;
	/* A clock that moves shares the surviving ticket's pauses from here on. */
	if (own->paused != DT_NOEND)
	{
		end_pause(machine, own, at);
		own->paused = at;
	}
	for (int metric = 0; metric < METRICS; metric++)
	{
		Clock	   *moving = running_clock(machine, thread, metric);
		Clock	   *there = running_clock(machine, own, metric);

		if (moving == NULL)
			continue;
		if (there == NULL)
		{
			moving->cycle = ++machine->cycles[metric];
			own->running[metric] = thread->running[metric];
			if (metric == RESOLUTION)
				own->resolution = own->running[metric];
		}
		else if (moving->started < there->started)
		{
			int			cycle = there->cycle;
			TimestampTz acknowledged = Min(there->acknowledged, moving->acknowledged);

			/* what ran there in the meantime is told by the earlier clock */
			*there = *moving;
			there->cycle = cycle;
			there->acknowledged = acknowledged;
			moving->cycle = 0;
		}
		thread->running[metric] = NO_CLOCK;
	}
	own->opened = true;
}

/*
 * What an event does.  Those that make no sense where they stand do nothing:
 * an agent's doings before the ticket was opened, a second opening, pending
 * while pending, resumed without pending, reopened while open, and all that
 * follows a merge.
 */
static void
run_event(Machine *machine, Thread *thread, const Event *event)
{
	TimestampTz at = event->at;

	if (thread->ended)
		return;
	if (!thread->opened)
	{
		/* A log that was cut off begins with whatever shows the ticket open. */
		if (event->kind == EVENT_OPENED || event->kind == EVENT_CUSTOMER_MESSAGE ||
			event->kind == EVENT_REOPENED)
			open_ticket(machine, thread, at);
		else if (event->kind == EVENT_MERGED)
			merge_thread(machine, thread, at);
		return;
	}

	switch ((EventKind) event->kind)
	{
		case EVENT_CUSTOMER_MESSAGE:
			end_pause(machine, thread, at);
			if (thread->running[FIRST_RESPONSE] == NO_CLOCK &&
				thread->running[NEXT_RESPONSE] == NO_CLOCK)
				start_clock(machine, thread, NEXT_RESPONSE, at);
			break;
		case EVENT_AGENT_REPLY:
			stop_responses(machine, thread, at);
			break;
		case EVENT_AUTO_REPLY:
			{
				Clock	   *clock = running_clock(machine, thread, FIRST_RESPONSE);

				if (clock != NULL && clock->acknowledged == DT_NOEND)
					clock->acknowledged = at;
				break;
			}
		case EVENT_PROPOSED:
			stop_responses(machine, thread, at);
			stop_clock(machine, thread, PROPOSAL, at);
			break;
		case EVENT_PENDING:
			if (thread->paused == DT_NOEND && thread->running[RESOLUTION] != NO_CLOCK)
				thread->paused = at;
			break;
		case EVENT_RESUMED:
			end_pause(machine, thread, at);
			break;
		case EVENT_RESOLVED:
			stop_responses(machine, thread, at);
			stop_clock(machine, thread, PROPOSAL, at);
			stop_clock(machine, thread, RESOLUTION, at);
			thread->paused = DT_NOEND;
			break;
		case EVENT_REOPENED:
			if (thread->running[RESOLUTION] == NO_CLOCK && thread->resolution != NO_CLOCK)
			{
				Clock	   *clock = &machine->clocks[thread->resolution];

				add_pause(machine, clock, clock->stopped, at);
				clock->stopped = DT_NOEND;
				thread->running[RESOLUTION] = thread->resolution;
			}
			break;
		case EVENT_MERGED:
			merge_thread(machine, thread, at);
			break;
		case EVENT_OPENED:
		case EVENT_ASSIGNED:
		case EVENT_NOTE:
			break;
	}
}

static Thread *
find_thread(Machine *machine, int64 id)
{
	Thread	   *thread;

	for (int i = 0; i < machine->nthreads; i++)
	{
		if (machine->threads[i].id == id)
			return &machine->threads[i];
	}
	if (machine->nthreads % 8 == 0)
		machine->threads = repalloc(machine->threads,
									(machine->nthreads + 8) * sizeof(Thread));
	thread = &machine->threads[machine->nthreads++];
	thread->id = id;
	thread->opened = thread->ended = false;
	thread->paused = DT_NOEND;
	for (int metric = 0; metric < METRICS; metric++)
		thread->running[metric] = NO_CLOCK;
	thread->resolution = NO_CLOCK;
	return thread;
}

/* At most three clocks for an opening, and one for any other event. */
static void
run_log(Machine *machine, Event *events, int nevents)
{
	sort_events(events, nevents);
	memset(machine, 0, sizeof(Machine));
	machine->nevents = nevents;
	machine->clocks = palloc(((Size) nevents * 3 + 1) * sizeof(Clock));
	machine->threads = palloc(8 * sizeof(Thread));
	machine->nthreads = 0;
	find_thread(machine, 0);
	for (int i = 0; i < nevents; i++)
	{
		if (events[i].kind < 0 || events[i].kind >= EVENT_KINDS)
			elog(ERROR, "ticket event %d is not known", events[i].kind);
		run_event(machine, find_thread(machine, events[i].thread), &events[i]);
	}

	/* A ticket that was merged away: what ran is counted where it went. */
	if (machine->threads[0].ended)
	{
		for (int i = 0; i < machine->nclocks; i++)
		{
			if (machine->clocks[i].stopped == DT_NOEND)
				machine->clocks[i].cycle = 0;
		}
	}
	/* A pause that has not ended. */
	else if (machine->threads[0].paused != DT_NOEND)
		end_pause(machine, &machine->threads[0], DT_NOEND);
}

static int
compare_clocks(const void *a, const void *b)
{
	const Clock *x = a;
	const Clock *y = b;

	if (x->metric != y->metric)
		return x->metric < y->metric ? -1 : 1;
	return (x->cycle > y->cycle) - (x->cycle < y->cycle);
}

/*
 * The clocks of a ticket by metric and cycle; returns how many there are.  The
 * events are sorted in place.
 */
int
run_ticket_log(Event *events, int nevents, Clock **clocks)
{
	Machine		machine;
	int			n = 0;

	run_log(&machine, events, nevents);
	/* Cycle 0 is a clock of another ticket, or one that was counted there. */
	for (int i = 0; i < machine.nclocks; i++)
	{
		if (machine.clocks[i].cycle > 0)
			machine.clocks[n++] = machine.clocks[i];
	}
	if (n > 1)
		qsort(machine.clocks, n, sizeof(Clock), compare_clocks);
	*clocks = machine.clocks;
	return n;
}
