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

/*
 * Room that grows by doubling.  The million events that a log may have make at
 * most three million clocks, of 56 bytes, which is far from what a palloc gives.
 */
#define FIRST_CLOCKS	8
#define FIRST_THREADS	8
#define FIRST_PAUSES	4

#define NO_CLOCK	(-1)
#define NO_THREAD	(-1)

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
	Clock	   *clocks;
	int			nclocks;
	int			clock_room;
	int			cycles[METRICS];
	Thread	   *threads;		/* the first is the ticket's own */
	int			nthreads;
	int			thread_room;
	int		   *slots;			/* where threads are found by their id */
	int			nslots;			/* a power of two, twice the room */
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

		for (int left = 0; left < n; left += 2 * width)
		{
			int			middle = Min(left + width, n);
			int			right = Min(left + 2 * width, n);
			int			i = left;
			int			j = middle;

			CHECK_FOR_INTERRUPTS();
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
	Clock	   *clock;

	if (machine->nclocks == machine->clock_room)
	{
		machine->clock_room *= 2;
		machine->clocks = repalloc(machine->clocks, machine->clock_room * sizeof(Clock));
	}
	clock = &machine->clocks[machine->nclocks];
	clock->metric = metric;
	/* The ticket's own clocks are numbered; a merged one's are if they move. */
	clock->cycle = thread->id == 0 ? ++machine->cycles[metric] : 0;
	clock->started = at;
	clock->stopped = DT_NOEND;
	clock->acknowledged = DT_NOEND;
	clock->pauses = NULL;
	clock->npauses = clock->pause_room = 0;
	thread->running[metric] = machine->nclocks;
	if (metric == RESOLUTION)
		thread->resolution = machine->nclocks;
	machine->nclocks++;
}

static void
add_pause(Clock *clock, TimestampTz from, TimestampTz until)
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
	{
		clock->pause_room = FIRST_PAUSES;
		clock->pauses = palloc(clock->pause_room * sizeof(Pause));
	}
	else if (clock->npauses == clock->pause_room)
	{
		clock->pause_room *= 2;
		clock->pauses = repalloc(clock->pauses, clock->pause_room * sizeof(Pause));
	}
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
			add_pause(clock, thread->paused, at);
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
		add_pause(clock, thread->paused, at);
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

				add_pause(clock, clock->stopped, at);
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

static void
start_thread(Thread *thread, int64 id)
{
	thread->id = id;
	thread->opened = thread->ended = false;
	thread->paused = DT_NOEND;
	for (int metric = 0; metric < METRICS; metric++)
		thread->running[metric] = NO_CLOCK;
	thread->resolution = NO_CLOCK;
}

/* The slot that a thread has, or would get: no other is on the way there. */
static int *
find_slot(const Machine *machine, int64 id)
{
	uint64		hash = (uint64) id * UINT64CONST(0x9e3779b97f4a7c15);
	int			i = (int) ((hash ^ hash >> 32) & (machine->nslots - 1));

	while (machine->slots[i] != NO_THREAD && machine->threads[machine->slots[i]].id != id)
		i = (i + 1) & (machine->nslots - 1);
	return &machine->slots[i];
}

static void
make_slots(Machine *machine)
{
	machine->nslots = 2 * machine->thread_room;
	machine->slots = palloc(machine->nslots * sizeof(int));
	for (int i = 0; i < machine->nslots; i++)
		machine->slots[i] = NO_THREAD;
	for (int i = 0; i < machine->nthreads; i++)
		*find_slot(machine, machine->threads[i].id) = i;
}

static Thread *
find_thread(Machine *machine, int64 id)
{
	int		   *slot;

	if (id == 0)
		return &machine->threads[0];
	slot = find_slot(machine, id);
	if (*slot != NO_THREAD)
		return &machine->threads[*slot];
	if (machine->nthreads == machine->thread_room)
	{
		machine->thread_room *= 2;
		machine->threads = repalloc(machine->threads, machine->thread_room * sizeof(Thread));
		pfree(machine->slots);
		make_slots(machine);
		slot = find_slot(machine, id);
	}
	*slot = machine->nthreads;
	start_thread(&machine->threads[machine->nthreads], id);
	return &machine->threads[machine->nthreads++];
}

static void
start_machine(Machine *machine)
{
	memset(machine, 0, sizeof(Machine));
	machine->clock_room = FIRST_CLOCKS;
	machine->clocks = palloc(machine->clock_room * sizeof(Clock));
	machine->thread_room = FIRST_THREADS;
	machine->threads = palloc(machine->thread_room * sizeof(Thread));
	start_thread(&machine->threads[machine->nthreads++], 0);
	make_slots(machine);
}

static void
run_log(Machine *machine, Event *events, int nevents)
{
	sort_events(events, nevents);
	start_machine(machine);
	for (int i = 0; i < nevents; i++)
	{
		CHECK_FOR_INTERRUPTS();
		Assert(events[i].kind >= 0 && events[i].kind < EVENT_KINDS);
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

/*
 * The clocks of a ticket by metric and cycle; returns how many there are.  The
 * events are sorted in place.
 *
 * The cycles of a metric are different numbers from 1 on, of which some may be
 * gone, so each clock's place is known.  Cycle 0 is a clock of another ticket,
 * or one that was counted there.
 */
int
run_ticket_log(Event *events, int nevents, const Clock ***clocks)
{
	Machine		machine;
	const Clock **places;
	int			firsts[METRICS];
	int			nplaces = 0;
	int			n = 0;

	run_log(&machine, events, nevents);
	for (int metric = 0; metric < METRICS; metric++)
	{
		firsts[metric] = nplaces;
		nplaces += machine.cycles[metric];
	}
	places = palloc((nplaces + 1) * sizeof(Clock *));
	memset(places, 0, (nplaces + 1) * sizeof(Clock *));
	for (int i = 0; i < machine.nclocks; i++)
	{
		const Clock *clock = &machine.clocks[i];

		if (clock->cycle > 0)
			places[firsts[clock->metric] + clock->cycle - 1] = clock;
	}
	for (int i = 0; i < nplaces; i++)
	{
		if (places[i] != NULL)
			places[n++] = places[i];
	}
	*clocks = places;
	return n;
}
